static int can_requantise(const wincraft_conv *conv, const wincraft_requantise *how)
{
    int32_t k;
    if (!how || (how->scale && how->multiplier) || !how->multiplier != !how->shift) return 0;
    if (!how->scale && !how->multiplier) return 1;
    for (k = 0; how->shift && k < conv->k; ++k)
        if (how->shift[k] < -31 || how->shift[k] > 30) return 0;
    return DATA_LOW <= how->lo && how->lo <= how->hi && how->hi <= DATA_HIGH && DATA_LOW <= how->y_zero &&
           how->y_zero <= DATA_HIGH;
}

int ${prefix}_run(const wincraft_conv *conv, const $data_type *x, const void *prepared,
    const wincraft_requantise *how, void *y, void *work, size_t work_bytes, int thread, int threads)
{
    shape s;
    prepared_head head;
    ptrdiff_t unit;
    finish f;
    const int status = read_shape(conv, threads, &s);
    if (status != WINCRAFT_OK) return status;
    if (!x || !prepared || !y || !work || (uintptr_t)prepared % 64 || (uintptr_t)work % 64 || thread < 0 ||
        thread >= threads || !can_requantise(conv, how))
        return WINCRAFT_ARGUMENT;
    if (work_bytes < s.work * (size_t)threads) return WINCRAFT_SIZE;
    head = head_of(conv, &s, how->x_zero);
    if (memcmp(&head, prepared, sizeof head)) return WINCRAFT_ARGUMENT;
    f.y = y;
    f.how = how;
    f.sums = (const int32_t *)(const void *)((const char *)prepared + aligned(sizeof head));
    for (unit = thread; unit < conv->groups * s.blocks; unit += threads) {
        const ptrdiff_t group = unit / s.blocks, block = unit % s.blocks;
        const char *panels = (const char *)prepared + panels_at(conv) + (size_t)group * s.group;
        (s.winograd ? run_winograd : run_direct)(conv, &s, x + group * s.c * conv->x_c, panels, &f, group * s.k,
                                                 (char *)work + (size_t)thread * s.work, block,
                                                 (data_t)how->x_zero);
    }
    return WINCRAFT_OK;
}
