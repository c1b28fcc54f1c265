/* Codes of 16 bits as words, and half as many as numbers. */
HELPER vm widen_codes(const int16_t *p)
{
#if LANES > 1
    typedef int16_t stored __attribute__((vector_size(LANES * 2)));
    stored v;
    memcpy(&v, p, sizeof v);
    return (vm)CONVERTED(v, vv);
#else
    return (uint32_t)(int32_t)*p;
#endif
}

HELPER vd read_codes(const int16_t *p)
{
#if LANES > 1
    typedef int16_t stored __attribute__((vector_size(HALF * 2)));
    stored v;
    memcpy(&v, p, sizeof v);
    return doubles_of_words(CONVERTED(v, vh));
#else
    return *p;
#endif
}

/* Products less what is too much in them, and half as many as numbers. */
HELPER vm less_excess(const uint32_t *m, const uint32_t *excess)
{
#if EXCESS
    return load_m(m) - load_m(excess);
#else
    (void)excess;
    return load_m(m);
#endif
}

HELPER vd read_sums(const uint32_t *m, const uint32_t *excess)
{
#if EXCESS && LANES > 1
    typedef uint32_t words __attribute__((vector_size(HALF * 4)));
    words v, more;
    memcpy(&v, m, sizeof v);
    memcpy(&more, excess, sizeof more);
    v = v - more;
    return read_words((const uint32_t *)&v);
#elif EXCESS
    const uint32_t v = *m - *excess;
    return read_words(&v);
#else
    (void)excess;
    return read_words(m);
#endif
}

/* The product of rows of U, at those places, and one panel of filters: as many columns at a time as a micro-kernel has. */
HELPER void multiply_panel(ptrdiff_t rows, const u_t *u, const ptrdiff_t *at, ptrdiff_t segment,
                                  ptrdiff_t segments, ptrdiff_t steps, const v_t *v, m_t *m, int more, const v_t *next)
{
#if LANES > 1
    ptrdiff_t j;
    for (j = 0; j < COLUMNS; j += 2 * LANES)
        multiply(rows, u, at, segment, segments, steps, v + j * PAIR, m + j, more, next + j * PAIR);
#else
    multiply(rows, u, at, segment, segments, steps, v, m, more, next);
#endif
}
