typedef uint16_t data_t; /* the upper half of a float */
#define STORAGE_EPSILON 3.91e-3

#if defined(__GNUC__)
__attribute__((unused)) /* where all loads are of vectors */
#endif
static inline float from_storage(data_t v)
{
    const uint32_t bits = (uint32_t)v << 16;
    float x;
    memcpy(&x, &bits, sizeof x);
    return x;
}

/* Rounded to nearest even. */
static inline data_t to_storage(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return (data_t)(x != x ? 0x7FC0U : (bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16);
}

#if LANES > 1
typedef data_t stored __attribute__((vector_size(LANES * 2)));
typedef uint32_t words __attribute__((vector_size(LANES * 4)));

static inline vf load_data(const data_t *p)
{
    stored v;
    memcpy(&v, p, sizeof v);
    return (vf)(__builtin_convertvector(v, words) << 16);
}

static inline void store_data(data_t *p, vf v)
{
    const words bits = (words)v, none = (words)(v != v), rounded = (bits + 0x7FFFU + (bits >> 16 & 1U)) >> 16;
    const stored kept = __builtin_convertvector((none & 0x7FC0U) | (~none & rounded), stored);
    memcpy(p, &kept, sizeof kept);
}
#else
#define load_data(p) from_storage(*(p))
#define store_data(p, v) ((void)(*(p) = to_storage(v)))
#endif
