/* Count data of at most whole, side by side: two copies of a fixed size where half of them are there. */
static inline void copy_part(data_t *to, const data_t *from, ptrdiff_t count, ptrdiff_t whole)
{
    const ptrdiff_t half = whole / 2;
    ptrdiff_t i;
    if (count >= half) {
        memcpy(to, from, (size_t)half * sizeof *to);
        memcpy(to + count - half, from + count - half, (size_t)half * sizeof *to);
    } else {
        for (i = 0; i < count; ++i) to[i] = from[i];
    }
}
