static int can_requantise(const wincraft_conv *conv, const wincraft_requantise *how)
{
    int32_t k;
    if (!how || (how->scale && how->multiplier) || !how->multiplier != !how->shift) return 0;
    if (!how->scale && !how->multiplier) return 1;
    if (conv->flags & WINCRAFT_ACCUMULATE) return 0;
    for (k = 0; how->shift && k < conv->k; ++k)
        if (how->shift[k] < -31 || how->shift[k] > 30) return 0;
    return DATA_LOW <= how->lo && how->lo <= how->hi && how->hi <= DATA_HIGH && DATA_LOW <= how->y_zero &&
           how->y_zero <= DATA_HIGH;
}

int ${prefix}_run(const wincraft_conv *conv, const $data_type *x, const void *prepared,
    const wincraft_requantise *how, void *y, void *work, size_t work_bytes, int thread, int threads)
{
    shape s;
    finish f;
    const int status = read_run(conv, x, prepared, how ? how->x_zero : 0, conv && can_requantise(conv, how), y, work,
                                work_bytes, thread, threads, &s);
    if (status != WINCRAFT_OK) return status;
    f.y = y;
    f.how = how;
    f.more = conv->flags & WINCRAFT_ACCUMULATE;
    f.sums = (const int32_t *)(const void *)((const char *)prepared + aligned(sizeof(prepared_head)));
    run_units(conv, &s, x, prepared, &f, work, thread, threads, (data_t)how->x_zero);
    return WINCRAFT_OK;
}
