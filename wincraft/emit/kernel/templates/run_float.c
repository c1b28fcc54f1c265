int ${prefix}_run(const wincraft_conv *conv, const $data_type *x, const void *prepared, const float *bias, float lo,
    float hi, $data_type *y, void *work, size_t work_bytes, int thread, int threads)
{
    shape s;
    prepared_head head;
    ptrdiff_t unit;
    finish f;
    const int status = read_shape(conv, threads, &s);
    if (status != WINCRAFT_OK) return status;
    if (!x || !prepared || !y || !work || (uintptr_t)prepared % 64 || (uintptr_t)work % 64 || thread < 0 ||
        thread >= threads || !(lo <= hi))
        return WINCRAFT_ARGUMENT;
    if (work_bytes < s.work * (size_t)threads) return WINCRAFT_SIZE;
    head = head_of(conv, &s, 0);
    if (memcmp(&head, prepared, sizeof head)) return WINCRAFT_ARGUMENT;
    f.y = y;
    f.bias = bias;
    f.lo = lo;
    f.hi = hi;
    for (unit = thread; unit < conv->groups * s.blocks; unit += threads) {
        const ptrdiff_t group = unit / s.blocks, block = unit % s.blocks;
        const char *panels = (const char *)prepared + panels_at(conv) + (size_t)group * s.group;
        (s.winograd ? run_winograd : run_direct)(conv, &s, x + group * s.c * conv->x_c, panels, &f, group * s.k,
                                                 (char *)work + (size_t)thread * s.work, block,
                                                 to_storage(0.0F));
    }
    return WINCRAFT_OK;
}
