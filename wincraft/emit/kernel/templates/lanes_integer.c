/* Lanes: a vector holds LANES sums of 32 bits, of as many output channels, or twice as many integers of 16 bits; a
 * micro-kernel sums COLUMNS output channels of up to ROWS tiles, and channels in pairs. All arithmetic is modulo 2^16 or
 * 2^32. Without vector extensions, with ${PREFIX}_PLAIN defined, or where the compiler computes float in double, as x87
 * does, a vector is one number. */

$choose_lanes
#if LANES > 1
typedef int8_t bytes __attribute__((vector_size(LANES * 2)));
typedef uint8_t unsigned_bytes __attribute__((vector_size(LANES * 2)));
typedef int16_t halves __attribute__((vector_size(LANES * 4)));
typedef uint16_t vu __attribute__((vector_size(LANES * 4)));
typedef int32_t vv __attribute__((vector_size(LANES * 4)));
typedef vv masks;
typedef uint32_t vm __attribute__((vector_size(LANES * 4)));
typedef float vf __attribute__((vector_size(LANES * 4)));
#define COLUMNS (2 * LANES)
#define WIDTH (2 * LANES)
#else
typedef uint32_t vu;
typedef uint32_t vm;
#define COLUMNS 16
#define WIDTH 1
#endif
#define PAIR 2

typedef $data_type data_t;
typedef int8_t filter_t;
typedef int16_t u_t;
typedef int16_t v_t;
typedef uint32_t m_t;
#define from_storage(v) (v)

typedef struct finish {
    void *y;
    const int32_t *sums; /* what the zero point of the data adds to every output */
    const wincraft_requantise *how;
    int more; /* whether it is added to what stands in y */
} finish;

#if LANES > 1
static inline vu load_data(const data_t *p)
{
    $data_vector v;
    memcpy(&v, p, sizeof v);
    return __builtin_convertvector(v, vu);
}

static inline vu load_filter(const int8_t *p)
{
    bytes v;
    memcpy(&v, p, sizeof v);
    return (vu)__builtin_convertvector(v, halves);
}

__attribute__((unused)) static inline vu load_u(const int16_t *p) /* what lies between passes; of one axis nothing */
{
    vu v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void store_u(int16_t *p, vu v)
{
    memcpy(p, &v, sizeof v);
}

static inline vv load_v(const int16_t *p)
{
    vv v;
    memcpy(&v, p, sizeof v);
    return v;
}

$pair

static inline vf zero_f(void)
{
    vf v = {0};
    return v;
}

$clamp

/* Two vectors of sums that fit 8 bits, to memory. */
static inline void store_data(data_t *p, vv left, vv right)
{
#if LANES == 16 && defined(__AVX512F__)
    const __mmask16 all = 0xFFFF;
    _mm_storeu_si128((__m128i *)(void *)p, _mm512_maskz_cvtepi32_epi8(all, (__m512i)left));
    _mm_storeu_si128((__m128i *)(void *)(p + LANES), _mm512_maskz_cvtepi32_epi8(all, (__m512i)right));
#elif LANES == 8 && defined(__AVX2__)
    const __m256i pairs = _mm256_permute4x64_epi64(_mm256_packs_epi32((__m256i)left, (__m256i)right), 0xD8);
    const __m128i low = _mm256_castsi256_si128(pairs), high = _mm256_extracti128_si256(pairs, 1);
    _mm_storeu_si128((__m128i *)(void *)p, _mm_${packs}_epi16(low, high));
#elif LANES == 4 && defined(__SSE2__)
    const __m128i pairs = _mm_packs_epi32((__m128i)left, (__m128i)right);
    _mm_storel_epi64((__m128i *)(void *)p, _mm_${packs}_epi16(pairs, pairs));
#else
    ptrdiff_t lane;
    for (lane = 0; lane < LANES; ++lane) {
        p[lane] = (data_t)left[lane];
        p[lane + LANES] = (data_t)right[lane];
    }
#endif
}

static inline vm zero_m(void)
{
    vm v = {0};
    return v;
}

$multiply_add
#else
#define load_data(p) ((uint32_t)*(p))
#define load_filter(p) ((uint32_t)*(p))
#define load_u(p) ((uint32_t)*(p))
#define store_u(p, v) ((void)(*(p) = (int16_t)(uint16_t)(v)))
#endif

static inline vm load_m(const uint32_t *p)
{
    vm v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void store_m(uint32_t *p, vm v)
{
    memcpy(p, &v, sizeof v);
}

/* sums / scale, scale = 2^$shift * $odd: exact for outputs in [-2^$bits, 2^$bits - 1], whatever the sums wrapped. */
static inline vm divided(vm sums)
{
#if LANES > 1
    return (vm)((vv)(sums * ${inverse}U) >> (int)SHIFT);
#else
    return (uint32_t)((int32_t)(sums * ${inverse}U) >> SHIFT);
#endif
}
