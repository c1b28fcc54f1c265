/* SPDX-License-Identifier: Apache-2.0
 *
 * What the processor can do at most in vectors of BYTES: multiply-adds of floats, and sums of pairs of int16 products.
 * 12 accumulators that wait for nothing but themselves; nothing is read or written.
 */
#include <stdint.h>
#if defined(__AVX2__)
#include <immintrin.h>
#endif

typedef float vector __attribute__((vector_size(BYTES)));

#define EACH(DO) DO(0) DO(1) DO(2) DO(3) DO(4) DO(5) DO(6) DO(7) DO(8) DO(9) DO(10) DO(11)

/* Runs `rounds` rounds and gives the floating-point operations of one. */
int float_operations(int64_t rounds, float *result)
{
    vector x, y, sum;
#define BEGIN(i) vector a##i;
    EACH(BEGIN)
    for (int lane = 0; lane < (int)(BYTES / sizeof(float)); ++lane) {
        x[lane] = result[0];
        y[lane] = result[1];
    }
#define SET(i) a##i = x * (float)i;
    EACH(SET)
    for (; rounds > 0; --rounds) {
#define STEP(i) a##i = a##i * x + y;
        EACH(STEP)
    }
    sum = y;
#define ADD(i) sum += a##i;
    EACH(ADD)
    result[2] = sum[0];
    return 12 * 2 * (int)(BYTES / sizeof(float));
}

/* The same of integers, where there is an instruction for it; 0 where not. */
int pair_operations(int64_t rounds, float *result)
{
#if BYTES == 32 && defined(__AVX2__)
    typedef __m256i integers;
#define PAIRS _mm256_madd_epi16
    const integers x = _mm256_set1_epi16((short)result[0]);
#define READ _mm256_extract_epi16
#elif BYTES == 64 && defined(__AVX512BW__)
    typedef __m512i integers;
#define PAIRS _mm512_madd_epi16
    const integers x = _mm512_set1_epi16((short)result[0]);
#define READ(value, lane) _mm256_extract_epi16(_mm512_castsi512_si256(value), lane)
#endif
#if defined(PAIRS)
#define BEGIN_PAIR(i) integers b##i = x;
    EACH(BEGIN_PAIR)
    for (; rounds > 0; --rounds) {
#define STEP_PAIR(i) b##i = PAIRS(b##i, x);
        EACH(STEP_PAIR)
    }
    result[2] = 0;
#define ADD_PAIR(i) result[2] += (float)READ(b##i, 0);
    EACH(ADD_PAIR)
    return 12 * 2 * (int)(BYTES / sizeof(int16_t));
#else
    (void)rounds;
    (void)result;
    return 0;
#endif
}
