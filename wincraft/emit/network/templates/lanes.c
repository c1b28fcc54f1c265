/* Lanes: a vector holds LANES numbers of 32 bits, of as many channels, or HALF doubles. Without vector extensions, or
 * with ${PREFIX}_PLAIN defined, it holds one number. The tables are the same for all of them. */
#if !defined(__GNUC__) || defined(${PREFIX}_PLAIN)
#define LANES 1
#define HALF 1
$widest#else
#define LANES 4
#endif
#define COLUMNS $columns /* output channels of a panel of filters; images have whole numbers of COLUMNS channels */
#if LANES > 1
#define HALF (LANES / 2)
typedef uint32_t vm __attribute__((vector_size(LANES * 4)));
typedef int32_t vv __attribute__((vector_size(LANES * 4)));
typedef int32_t vh __attribute__((vector_size(HALF * 4)));
typedef float vf __attribute__((vector_size(HALF * 4)));
typedef double vd __attribute__((vector_size(HALF * 8)));
typedef int64_t mask __attribute__((vector_size(HALF * 8)));
#define CONVERTED(x, type) __builtin_convertvector(x, type)
#else
typedef uint32_t vm;
typedef int32_t vh;
typedef float vf;
typedef double vd;
#define CONVERTED(x, type) ((type)(x))
#endif
#if defined(__AVX2__) || defined(__SSE2__)
#include <immintrin.h>
#elif defined(__ARM_NEON)
#include <arm_neon.h>
#endif

/* Added and taken away again it rounds half to even what is below 2^51; then the low half of the sum is the integer. */
#define MAGIC 6755399441055744.0

#define LOADED(name, type, number)                                                                                     \
    HELPER type name(const number *p)                                                                           \
    {                                                                                                                  \
        type v;                                                                                                        \
        memcpy(&v, p, sizeof v);                                                                                       \
        return v;                                                                                                      \
    }
#define STORED(name, type, number)                                                                                     \
    HELPER void name(number *p, type v)                                                                         \
    {                                                                                                                  \
        memcpy(p, &v, sizeof v);                                                                                       \
    }
LOADED(load_m, vm, uint32_t)
STORED(store_m, vm, uint32_t)
LOADED(load_doubles, vd, double)
STORED(store_doubles, vd, double)
LOADED(load_floats, vf, float)
STORED(store_floats, vf, float)

HELPER vm zero_m(void)
{
    const vm v = {0};
    return v;
}

HELPER vd same(double x)
{
    const vd zero = {0};
    return x - zero;
}

HELPER vd least(vd a, vd b)
{
#if LANES == 1
    return a < b ? a : b;
#elif HALF == 8
    return (vd)_mm512_min_pd((__m512d)a, (__m512d)b);
#elif HALF == 4
    return (vd)_mm256_min_pd((__m256d)a, (__m256d)b);
#elif defined(__SSE2__)
    return (vd)_mm_min_pd((__m128d)a, (__m128d)b);
#else
    const mask below = a < b;
    return (vd)(((mask)a & below) | ((mask)b & ~below));
#endif
}

HELPER vd most(vd a, vd b)
{
#if LANES == 1
    return a > b ? a : b;
#elif HALF == 8
    return (vd)_mm512_max_pd((__m512d)a, (__m512d)b);
#elif HALF == 4
    return (vd)_mm256_max_pd((__m256d)a, (__m256d)b);
#elif defined(__SSE2__)
    return (vd)_mm_max_pd((__m128d)a, (__m128d)b);
#else
    const mask above = a > b;
    return (vd)(((mask)a & above) | ((mask)b & ~above));
#endif
}

/* Whole vectors of conversions: compilers make two halves of some of them. */
HELPER vd doubles_of_words(vh v)
{
#if HALF == 8
    return (vd)_mm512_cvtepi32_pd((__m256i)v);
#elif HALF == 4
    return (vd)_mm256_cvtepi32_pd((__m128i)v);
#else
    return CONVERTED(v, vd);
#endif
}

HELPER vd doubles_of_floats(vf v)
{
#if HALF == 8
    return (vd)_mm512_cvtps_pd((__m256)v);
#elif HALF == 4
    return (vd)_mm256_cvtps_pd((__m128)v);
#else
    return CONVERTED(v, vd);
#endif
}

HELPER vf floats_of(vd v)
{
#if HALF == 8
    return (vf)_mm512_cvtpd_ps((__m512d)v);
#elif HALF == 4
    return (vf)_mm256_cvtpd_ps((__m256d)v);
#else
    return CONVERTED(v, vf);
#endif
}

/* The nearest integer, of two the even one, of what is below 2^51. */
HELPER vd nearest(vd x)
{
#if HALF == 8
    return (vd)_mm512_roundscale_pd((__m512d)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#elif HALF == 4
    return (vd)_mm256_round_pd((__m256d)x, _MM_FROUND_TO_NEAREST_INT | _MM_FROUND_NO_EXC);
#else
    return x + MAGIC - MAGIC;
#endif
}

/* clip(round_half_even(x * ratio), low, high). Clipped before it is rounded, which is the same as the ends are integers;
 * so no product stands beside an addition, and no compiler fuses the two to one rounding. */
HELPER vd rounded(vd x, vd ratio, vd low, vd high)
{
    return nearest(least(most(x * ratio, low), high));
}

HELPER vd read_words(const uint32_t *p)
{
    vh v;
    memcpy(&v, p, sizeof v);
    return doubles_of_words(v);
}

HELPER vd read_floats(const float *p)
{
    return doubles_of_floats(load_floats(p));
}

/* The same as words: LANES codes of as many numbers, half of them at a time. */
HELPER void write_words(uint32_t *p, vd x)
{
    const vh v = CONVERTED(x, vh);
    memcpy(p, &v, sizeof v);
}

HELPER void write_rounded(uint32_t *p, vd x, vd ratio, vd low, vd high)
{
    const vd y = least(most(x * ratio, low), high);
#if HALF == 8
    _mm256_storeu_si256((__m256i *)(void *)p, _mm512_cvtpd_epi32((__m512d)y));
#elif HALF == 4
    _mm_storeu_si128((__m128i *)(void *)p, _mm256_cvtpd_epi32((__m256d)y));
#else
    write_words(p, nearest(y));
#endif
}

HELPER vf not_negative(vf x)
{
    const vf zero = {0};
#if LANES == 1
    return x < zero ? zero : x;
#else
    typedef int32_t mask32 __attribute__((vector_size(HALF * 4)));
    const mask32 kept = x > zero;
    return (vf)((mask32)x & kept);
#endif
}

/* Codes in words of 16 bits. */
HELPER void narrow16(const uint32_t *codes, int16_t *u)
{
#if LANES == 16
    _mm256_storeu_si256((__m256i *)(void *)u, _mm512_cvtepi32_epi16(_mm512_loadu_si512((const void *)codes)));
#elif LANES == 8
    const __m128i *from = (const __m128i *)(const void *)codes;
    _mm_storeu_si128((__m128i *)(void *)u, _mm_packs_epi32(_mm_loadu_si128(from), _mm_loadu_si128(from + 1)));
#else
    int i;
    for (i = 0; i < LANES; ++i) u[i] = (int16_t)(int32_t)codes[i];
#endif
}
