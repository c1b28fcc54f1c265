/* Operands in words of 16 bits, whose products are summed in pairs of channels into 32 bits. */
#define PAIR 2
#define EXCESS 0
typedef int16_t u_t;
typedef $weight v_t;
typedef uint32_t m_t;

#if LANES > 1
HELPER vv load_v(const v_t *p)
{
#if $narrow && LANES == 16 && defined(__AVX512BW__)
    return (vv)_mm512_cvtepi8_epi16(_mm256_loadu_si256((const __m256i *)(const void *)p));
#elif $narrow && LANES == 8
    return (vv)_mm256_cvtepi8_epi16(_mm_loadu_si128((const __m128i *)(const void *)p));
#else
    typedef v_t stored __attribute__((vector_size(LANES * 2 * sizeof(v_t))));
    typedef int16_t wide __attribute__((vector_size(LANES * 4)));
    stored v;
    memcpy(&v, p, sizeof v);
    return (vv)CONVERTED(v, wide);
#endif
}

$pair

$multiply_add
#endif

#define narrow narrow16
