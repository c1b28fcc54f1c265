/* Whether one layer agrees with double within the proved bound, computed by a number of threads in turn. */
static int test_layer(const wincraft_conv *conv, ptrdiff_t oh, ptrdiff_t ow, int threads)
{
    const size_t x_count = (size_t)(conv->n * conv->h * conv->w * conv->c), y_count = (size_t)(conv->n * oh * ow * conv->k);
    const ptrdiff_t channels = conv->c / conv->groups;
    const size_t g_count = (size_t)(conv->k * channels * conv->r * conv->s);
    data_t *x = (data_t *)allocated(x_count * sizeof *x), *y = (data_t *)allocated(y_count * sizeof *y);
    float *g = (float *)allocated(g_count * sizeof *g), *bias = (float *)allocated((size_t)conv->k * sizeof *bias);
    const size_t bytes = ${prefix}_work_size(conv, threads);
    void *prepared = allocated(${prefix}_filter_size(conv)), *work = allocated(bytes);
    double worst = 0.0;
    ptrdiff_t n, i, j, k;
    size_t l;
    int thread, status;
    for (l = 0; l < x_count; ++l) x[l] = to_storage((float)next_random() / 8388608.0F - 1.0F);
    for (l = 0; l < g_count; ++l) g[l] = (float)next_random() / 8388608.0F - 1.0F;
    for (k = 0; k < conv->k; ++k) bias[k] = (float)next_random() / 8388608.0F - 1.0F;
    for (l = 0; l < y_count; ++l) y[l] = to_storage(-1000.0F);
    status = ${prefix}_prepare(conv, g, prepared);
    for (thread = 0; thread < threads && status == WINCRAFT_OK; ++thread)
        status = ${prefix}_run(conv, x, prepared, bias, -2.0F, 3.0F, y, work, bytes, thread, threads);
    for (n = 0; n < conv->n; ++n)
        for (i = 0; i < oh; ++i)
            for (j = 0; j < ow; ++j)
                for (k = 0; k < conv->k; ++k) {
                    const double all = direct_sum(conv, x, g, 0, n, i, j, k) + (double)bias[k];
                    const double exact = all < -2.0 ? -2.0 : all > 3.0 ? 3.0 : all;
                    const double bound = ${PREFIX}_ERROR(channels) + STORAGE_EPSILON * (fabs(all) + 1.0);
                    const double found = from_storage(y[n * conv->y_n + i * conv->y_h + j * conv->y_w + k * conv->y_c]);
                    const double wrong = fabs(found - exact) / bound;
                    worst = wrong > worst ? wrong : worst;
                }
    if (status == WINCRAFT_OK && worst <= 1.0) return 0;
    printf("n %d h %d w %d c %d k %d groups %d stride %d flags %d: status %d, error %.3g of its bound\n", (int)conv->n,
           (int)conv->h, (int)conv->w, (int)conv->c, (int)conv->k, (int)conv->groups, (int)conv->stride_h,
           (int)conv->flags, status, worst);
    return 1;
}

/* Milliseconds of processor time of one run; the layer is made at the first call. */
static double time_layer(const wincraft_conv *conv, ptrdiff_t oh, ptrdiff_t ow, int which)
{
    static void *prepared[2], *work[2];
    static data_t *x, *y;
    static size_t bytes;
    clock_t begin;
    if (!prepared[which]) {
        const size_t count = (size_t)(conv->n * conv->x_n), taps = (size_t)(conv->k * conv->c * conv->r * conv->s);
        float *g = (float *)allocated(taps * sizeof *g);
        size_t l;
        x = (data_t *)allocated(count * sizeof *x);
        y = (data_t *)allocated((size_t)(conv->n * oh * ow * conv->k) * sizeof *y);
        bytes = ${prefix}_work_size(conv, 1);
        work[which] = allocated(bytes);
        prepared[which] = allocated(${prefix}_filter_size(conv));
        for (l = 0; l < count; ++l) x[l] = to_storage((float)next_random() / 8388608.0F - 1.0F);
        for (l = 0; l < taps; ++l) g[l] = (float)next_random() / 8388608.0F - 1.0F;
        ${prefix}_prepare(conv, g, prepared[which]);
    }
    bytes = ${prefix}_work_size(conv, 1);
    begin = clock();
    ${prefix}_run(conv, x, prepared[which], NULL, -INFINITY, INFINITY, y, work[which], bytes, 0, 1);
    return (double)(clock() - begin) * 1000.0 / CLOCKS_PER_SEC;
}
