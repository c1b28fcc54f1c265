/* Whether one layer equals the integers of the definition, for random and extreme numbers, by threads in turn. */
static int test_layer(const wincraft_conv *conv, ptrdiff_t oh, ptrdiff_t ow, int threads)
{
    const size_t x_count = (size_t)(conv->n * conv->h * conv->w * conv->c), y_count = (size_t)(conv->n * oh * ow * conv->k);
    const size_t g_count = (size_t)(conv->k * (conv->c / conv->groups) * conv->r * conv->s);
    data_t *x = (data_t *)allocated(x_count);
    int32_t *y = (int32_t *)allocated(y_count * sizeof *y), *bias = (int32_t *)allocated((size_t)conv->k * sizeof *bias);
    float *scale = (float *)allocated((size_t)conv->k * sizeof *scale);
    data_t *small = (data_t *)allocated(y_count);
    int8_t *g = (int8_t *)allocated(g_count);
    const size_t bytes = ${prefix}_work_size(conv, threads);
    void *prepared = allocated(${prefix}_filter_size(conv)), *work = allocated(bytes);
    const int32_t zero_point = DATA_LOW + 100;
    wincraft_requantise raw, how;
    ptrdiff_t n, i, j, k, wrong = 0;
    size_t l;
    int thread, status = WINCRAFT_OK, kind;
    memset(&raw, 0, sizeof raw);
    for (k = 0; k < conv->k; ++k) {
        bias[k] = (int32_t)(next_random() % 2001) - 1000;
        scale[k] = (float)(1 + next_random() % 1000) / 16777216.0F;
    }
    raw.bias = bias;
    raw.x_zero = zero_point;
    how = raw;
    how.scale = scale;
    how.y_zero = DATA_LOW + 90;
    how.lo = DATA_LOW + 3;
    how.hi = DATA_HIGH;
    for (kind = 0; kind < 4 && status == WINCRAFT_OK && !wrong; ++kind) {
        for (l = 0; l < x_count; ++l)
            x[l] = (data_t)(kind == 1 ? DATA_HIGH : kind == 2 ? DATA_LOW
                                                              : kind == 3 ? (l % 2 ? DATA_LOW : DATA_HIGH)
                                                                          : DATA_LOW + (int)(next_random() % 256));
        for (l = 0; l < g_count; ++l)
            g[l] = (int8_t)(kind == 1 ? 127 : kind == 2 ? -128 : kind == 3 ? (l % 2 ? -128 : 127)
                                                                            : (int)(next_random() % 256) - 128);
        status = ${prefix}_prepare(conv, g, zero_point, prepared, NULL);
        if (status == WINCRAFT_OVERFLOW) { /* extreme weights may not fit, and then are refused */
            status = WINCRAFT_OK;
            continue;
        }
        for (thread = 0; thread < threads && status == WINCRAFT_OK; ++thread)
            status = ${prefix}_run(conv, x, prepared, &raw, y, work, bytes, thread, threads);
        for (thread = 0; thread < threads && status == WINCRAFT_OK; ++thread)
            status = ${prefix}_run(conv, x, prepared, &how, small, work, bytes, thread, threads);
        for (n = 0; n < conv->n; ++n)
            for (i = 0; i < oh; ++i)
                for (j = 0; j < ow; ++j)
                    for (k = 0; k < conv->k; ++k) {
                        const int64_t exact = direct_sum(conv, x, g, zero_point, n, i, j, k) + bias[k];
                        const ptrdiff_t at = n * conv->y_n + i * conv->y_h + j * conv->y_w + k * conv->y_c;
                        double wanted = rint((double)((float)exact * scale[k])) + how.y_zero;
                        wanted = wanted < how.lo ? how.lo : wanted > how.hi ? how.hi : wanted;
                        wrong += y[at] != exact;
                        wrong += (double)small[at] != wanted;
                    }
    }
    if (status == WINCRAFT_OK && !wrong) return 0;
    printf("n %d h %d w %d c %d k %d groups %d stride %d flags %d: status %d, %ld outputs are wrong\n", (int)conv->n,
           (int)conv->h, (int)conv->w, (int)conv->c, (int)conv->k, (int)conv->groups, (int)conv->stride_h,
           (int)conv->flags, status, (long)wrong);
    return 1;
}

/* Milliseconds of processor time of one run to 8 bits; the layer is made at the first call. */
static double time_layer(const wincraft_conv *conv, ptrdiff_t oh, ptrdiff_t ow, int which)
{
    static void *prepared[2], *work[2];
    static data_t *x, *y;
    static float *scale;
    wincraft_requantise how;
    size_t bytes, l;
    clock_t begin;
    if (!prepared[which]) {
        const size_t count = (size_t)(conv->n * conv->x_n), taps = (size_t)(conv->k * conv->c * conv->r * conv->s);
        int8_t *g = (int8_t *)allocated(taps);
        x = (data_t *)allocated(count);
        y = (data_t *)allocated((size_t)(conv->n * oh * ow * conv->k));
        scale = (float *)allocated((size_t)conv->k * sizeof *scale);
        work[which] = allocated(${prefix}_work_size(conv, 1));
        prepared[which] = allocated(${prefix}_filter_size(conv));
        for (l = 0; l < count; ++l) x[l] = (data_t)(DATA_LOW + (int)(next_random() % 256));
        for (l = 0; l < taps; ++l) g[l] = (int8_t)((int)(next_random() % 256) - 128);
        for (l = 0; l < (size_t)conv->k; ++l) scale[l] = 1e-4F;
        ${prefix}_prepare(conv, g, 0, prepared[which], NULL);
    }
    memset(&how, 0, sizeof how);
    how.scale = scale;
    how.lo = DATA_LOW;
    how.hi = DATA_HIGH;
    bytes = ${prefix}_work_size(conv, 1);
    begin = clock();
    ${prefix}_run(conv, x, prepared[which], &how, y, work[which], bytes, 0, 1);
    return (double)(clock() - begin) * 1000.0 / CLOCKS_PER_SEC;
}
