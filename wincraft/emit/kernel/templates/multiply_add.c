/* sum + x[2 l] v[2 l] + x[2 l + 1] v[2 l + 1] in every lane l. */
$inline vm multiply_add(vm sum, vv x, vv v)
{
#if LANES == 16 && defined(__AVX512VNNI__)
    return (vm)_mm512_dpwssd_epi32((__m512i)sum, (__m512i)x, (__m512i)v);
#elif LANES == 16 && defined(__AVX512BW__)
    return sum + (vm)_mm512_madd_epi16((__m512i)x, (__m512i)v);
#elif LANES == 8 && defined(__AVX512VNNI__) && defined(__AVX512VL__)
    return (vm)_mm256_dpwssd_epi32((__m256i)sum, (__m256i)x, (__m256i)v);
#elif LANES == 8 && defined(__AVX2__)
    return sum + (vm)_mm256_madd_epi16((__m256i)x, (__m256i)v);
#elif LANES == 4 && defined(__SSE2__)
    return sum + (vm)_mm_madd_epi16((__m128i)x, (__m128i)v);
#elif LANES == 4 && defined(__aarch64__) && defined(__ARM_NEON)
    const int16x8_t a = (int16x8_t)x, b = (int16x8_t)v;
    return sum + (vm)vpaddq_s32(vmull_s16(vget_low_s16(a), vget_low_s16(b)), vmull_high_s16(a, b));
#else
    const vm low = (vm)((vv)((vm)x << 16) >> 16) * (vm)((vv)((vm)v << 16) >> 16);
    return sum + low + (vm)(x >> 16) * (vm)(v >> 16);
#endif
}
