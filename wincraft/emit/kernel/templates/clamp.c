/* v, but at least lo and at most hi; NaN stays. */
static inline vf clamp(vf v, vf lo, vf hi)
{
#if LANES == 16 && defined(__AVX512F__)
    const __mmask16 all = 0xFFFF; /* without a mask GCC 12 warns of its own header in C++ */
    return (vf)_mm512_maskz_min_ps(all, (__m512)hi, _mm512_maskz_max_ps(all, (__m512)lo, (__m512)v));
#elif LANES == 8 && defined(__AVX__)
    return (vf)_mm256_min_ps((__m256)hi, _mm256_max_ps((__m256)lo, (__m256)v));
#elif LANES == 4 && defined(__SSE2__)
    return (vf)_mm_min_ps((__m128)hi, _mm_max_ps((__m128)lo, (__m128)v));
#elif LANES > 1
    masks below, above;
    below = v < lo;
    v = (vf)((below & (masks)lo) | (~below & (masks)v));
    above = v > hi;
    return (vf)((above & (masks)hi) | (~above & (masks)v));
#else
    v = v < lo ? lo : v;
    return v > hi ? hi : v;
#endif
}
