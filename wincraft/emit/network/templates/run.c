/* An image (pixels, channels in memory) as (channels, pixels). */
static void give_image(const float *x, ptrdiff_t pixels, ptrdiff_t channels, ptrdiff_t xc, float *y)
{
    ptrdiff_t i, c;
    for (i = 0; i < pixels; ++i)
        for (c = 0; c < channels; ++c) y[c * pixels + i] = x[i * xc + c];
}

size_t ${prefix}_work_size(int threads)
{
    return threads > 0 ? (size_t)threads * WORK : 0;
}

int ${prefix}_run(const float *images, int n, float *outputs, void *work, size_t work_bytes, int thread, int threads)
{
    ptrdiff_t number;
    float *arena;
    char *rest;
    if (!images || !outputs || !work || n < 0 || (uintptr_t)work % 64 || threads < 1 || thread < 0 || thread >= threads)
        return ${PREFIX}_ARGUMENT;
    if (work_bytes / WORK < (size_t)threads) return ${PREFIX}_SIZE;
    rest = (char *)work + (size_t)thread * WORK;
    arena = (float *)(void *)rest;
    rest += ARENA;
    for (number = thread; number < n; number += threads) {
        const float *image = images + number * SOURCE;
        float *output = outputs + number * RESULT;
$steps
        (void)rest;
    }
    return ${PREFIX}_OK;
}
