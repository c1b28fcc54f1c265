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

HELPER vv pair(const u_t *p)
{
    const vv none = {0};
    int32_t v;
    memcpy(&v, p, sizeof v);
    return v - none;
}

/* sum + x[2 l] v[2 l] + x[2 l + 1] v[2 l + 1] in every lane l. */
HELPER vm multiply_add(vm sum, vv x, vv v)
{
#if LANES == 16 && defined(__AVX512VNNI__)
    return (vm)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)x, (__m512i)v);
#elif LANES == 16 && defined(__AVX512BW__)
    return sum + (vm)_mm512_madd_epi16((__m512i)x, (__m512i)v);
#elif LANES == 8 && defined(__AVX512VNNI__) && defined(__AVX512VL__)
    return (vm)_mm256_dpwssd_epi32((__m256i)sum, (__m256i)x, (__m256i)v);
#elif LANES == 8
    return sum + (vm)_mm256_madd_epi16((__m256i)x, (__m256i)v);
#elif defined(__SSE2__)
    return sum + (vm)_mm_madd_epi16((__m128i)x, (__m128i)v);
#elif defined(__ARM_NEON) && defined(__aarch64__)
    const int32x4_t low = vmull_s16(vget_low_s16((int16x8_t)x), vget_low_s16((int16x8_t)v));
    return sum + (vm)vpaddq_s32(low, vmull_high_s16((int16x8_t)x, (int16x8_t)v));
#else
    const vv even = (x << 16 >> 16) * (v << 16 >> 16), odd = (x >> 16) * (v >> 16);
    return sum + (vm)even + (vm)odd;
#endif
}
#endif

#define narrow narrow16
