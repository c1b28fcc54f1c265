int ${prefix}_prepare(const wincraft_conv *conv, const float *filter, void *prepared)
{
    shape s;
    prepared_head head;
    ptrdiff_t group;
    const int status = read_shape(conv, 1, &s);
    if (status != WINCRAFT_OK) return status;
    if (!filter || !prepared || (uintptr_t)prepared % 64) return WINCRAFT_ARGUMENT;
    head = head_of(conv, &s, 0);
    memcpy(prepared, &head, sizeof head);
    for (group = 0; group < s.groups; ++group) {
        void *panels = (char *)prepared + panels_at(conv) + (size_t)group * s.group;
        const float *of_group = filter + group * s.k * s.c * conv->r * conv->s;
        if (s.winograd)
            prepare_winograd(&s, of_group, panels);
        else if (s.each)
            prepare_each_direct(conv, &s, of_group, (v_t *)panels);
        else
            prepare_direct(conv, &s, of_group, (v_t *)panels);
    }
    return WINCRAFT_OK;
}
