/* The functions of the header. */

int ${prefix}_check(const wincraft_conv *conv)
{
    shape s;
    return read_shape(conv, 1, &s);
}

int ${prefix}_uses_winograd(const wincraft_conv *conv)
{
    shape s;
    return read_shape(conv, 1, &s) == WINCRAFT_OK && s.winograd;
}

size_t ${prefix}_filter_size(const wincraft_conv *conv)
{
    shape s;
    return read_shape(conv, 1, &s) == WINCRAFT_OK ? s.prepared : 0;
}

size_t ${prefix}_work_size(const wincraft_conv *conv, int threads)
{
    shape s;
    return read_shape(conv, threads, &s) == WINCRAFT_OK ? s.work * (size_t)threads : 0;
}


/* Whether a thread can run: what it is given is there, aligned, large enough and prepared for this layer. */
static int read_run(const wincraft_conv *conv, const void *x, const void *prepared, int32_t zero_point, int valid,
                    const void *y, const void *work, size_t work_bytes, int thread, int threads, shape *s)
{
    prepared_head head;
    const int status = read_shape(conv, threads, s);
    if (status != WINCRAFT_OK) return status;
    if (!x || !prepared || !y || !work || (uintptr_t)prepared % 64 || (uintptr_t)work % 64 || thread < 0 ||
        thread >= threads || !valid)
        return WINCRAFT_ARGUMENT;
    if (work_bytes < s->work * (size_t)threads) return WINCRAFT_SIZE;
    head = head_of(conv, s, zero_point);
    return memcmp(&head, prepared, sizeof head) ? WINCRAFT_ARGUMENT : WINCRAFT_OK;
}

/* Every threads-th unit of work from that of the thread on. */
static void run_units(const wincraft_conv *conv, const shape *s, const data_t *x, const void *prepared,
                      const finish *f, void *work, int thread, int threads, data_t zero_point)
{
    ptrdiff_t unit;
    for (unit = thread; unit < s->groups * s->blocks; unit += threads) {
        const ptrdiff_t group = unit / s->blocks, block = unit % s->blocks;
        const char *panels = (const char *)prepared + panels_at(conv) + (size_t)group * s->group;
        if (s->each)
            (s->winograd ? run_each : run_each_direct)(conv, s, x, panels, f, block, zero_point);
        else
            (s->winograd ? run_winograd : run_direct)(conv, s, x + group * s->c * conv->x_c, panels, f, group * s->k,
                                                      (char *)work + (size_t)thread * s->work, block, zero_point);
    }
}
