/* Operands in words of 8 bits, whose products are summed in fours of channels into 32 bits. x86 multiplies unsigned by
 * signed: there U is kept with 128 added, and the products M have 128 times the sum of V taken away again (`excess`). */
#define PAIR 4
#if defined(__ARM_FEATURE_DOTPROD)
typedef int8_t u_t;
#define EXCESS 0
#else
typedef uint8_t u_t;
#define EXCESS 128
#endif
typedef int8_t v_t;
typedef uint32_t m_t;

#if LANES > 1
HELPER vv load_v(const v_t *p)
{
    vv v;
    memcpy(&v, p, sizeof v);
    return v;
}

$pair

/* sum + the four products x[4 l + i] v[4 l + i] in every lane l. */
HELPER vm multiply_add(vm sum, vv x, vv v)
{
#if LANES == 16 && defined(__AVX512VNNI__)
    return (vm)_mm512_dpbusd_epi32((__m512i)sum, (__m512i)x, (__m512i)v);
#elif LANES == 8 && defined(__AVX512VNNI__) && defined(__AVX512VL__)
    return (vm)_mm256_dpbusd_epi32((__m256i)sum, (__m256i)x, (__m256i)v);
#elif LANES == 8 && defined(__AVXVNNI__)
    return (vm)_mm256_dpbusd_avx_epi32((__m256i)sum, (__m256i)x, (__m256i)v);
#elif LANES == 4 && defined(__ARM_FEATURE_DOTPROD)
    return (vm)vdotq_s32((int32x4_t)sum, (int8x16_t)x, (int8x16_t)v);
#else
    int shift;
    for (shift = 0; shift < 32; shift += 8) {
        const vv left = EXCESS ? (x >> shift) & 255 : x << (24 - shift) >> 24;
        sum += (vm)(left * (v << (24 - shift) >> 24));
    }
    return sum;
#endif
}
#endif

HELPER void narrow(const uint32_t *codes, u_t *u)
{
#if LANES == 16
    const __m512i more = _mm512_add_epi32(_mm512_loadu_si512((const void *)codes), _mm512_set1_epi32(EXCESS));
    _mm_storeu_si128((__m128i *)(void *)u, _mm512_cvtepi32_epi8(more));
#elif LANES == 8
    const __m128i *from = (const __m128i *)(const void *)codes;
    const __m128i both = _mm_packs_epi32(_mm_loadu_si128(from), _mm_loadu_si128(from + 1));
    const __m128i more = _mm_add_epi16(both, _mm_set1_epi16(EXCESS));
    _mm_storel_epi64((__m128i *)(void *)u, _mm_packus_epi16(more, more));
#else
    int i;
    for (i = 0; i < LANES; ++i) u[i] = (u_t)(codes[i] + EXCESS);
#endif
}
