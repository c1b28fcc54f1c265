/* The most leading channels of a group whose sums, whatever the data, lie in what is computed exactly. */
static ptrdiff_t channels_that_fit(const int8_t *filter, ptrdiff_t channels, ptrdiff_t taps, int32_t x_zero, int shift)
{
    const int64_t most = ((int64_t)1 << (31 - shift)) - 1;
    int64_t positive = 0, negative = 0;
    ptrdiff_t c, i;
    for (c = 0; c < channels; ++c) {
        for (i = 0; i < taps; ++i) {
            const int w = filter[c * taps + i];
            *(w > 0 ? &positive : &negative) += w;
        }
        if (positive * DATA_HIGH + negative * DATA_LOW > most || positive * DATA_LOW + negative * DATA_HIGH < -most - 1 ||
            positive * (DATA_HIGH - x_zero) + negative * (DATA_LOW - x_zero) > INT32_MAX ||
            positive * (DATA_LOW - x_zero) + negative * (DATA_HIGH - x_zero) < INT32_MIN)
            return c;
    }
    return channels;
}

int ${prefix}_prepare(const wincraft_conv *conv, const int8_t *filter, int32_t x_zero, void *prepared,
    int32_t *channels)
{
    shape s;
    prepared_head head;
    int32_t k;
    ptrdiff_t group, taps, fitting;
    const int status = read_shape(conv, 1, &s);
    if (status != WINCRAFT_OK) return status;
    if (!filter || !prepared || (uintptr_t)prepared % 64 || x_zero < DATA_LOW || x_zero > DATA_HIGH)
        return WINCRAFT_ARGUMENT;
    taps = (ptrdiff_t)conv->r * conv->s;
    fitting = s.c;
    for (k = 0; k < conv->k; ++k) {
        const int8_t *of_channel = filter + k * s.c * taps;
        uint32_t sums = 0;
        ptrdiff_t i;
        fitting = at_most(fitting, channels_that_fit(of_channel, s.c, taps, x_zero, s.winograd ? SHIFT : 0));
        for (i = 0; i < s.c * taps; ++i) sums -= (uint32_t)x_zero * (uint32_t)of_channel[i];
        memcpy((char *)prepared + aligned(sizeof head) + (size_t)k * sizeof sums, &sums, sizeof sums);
    }
    if (channels) *channels = (int32_t)fitting;
    head = head_of(conv, &s, x_zero);
    if (fitting < s.c) head.content = 0;
    memcpy(prepared, &head, sizeof head);
    if (fitting < s.c) return WINCRAFT_OVERFLOW;
    for (group = 0; group < s.groups; ++group) {
        void *panels = (char *)prepared + panels_at(conv) + (size_t)group * s.group;
        const int8_t *of_group = filter + group * s.k * s.c * taps;
        if (s.winograd)
            prepare_winograd(&s, of_group, panels);
        else if (s.each)
            prepare_each_direct(conv, &s, of_group, (v_t *)panels);
        else
            prepare_direct(conv, &s, of_group, (v_t *)panels);
    }
    return WINCRAFT_OK;
}
