typedef wincraft_float16 data_t;
#define STORAGE_EPSILON 4.9e-4
#define to_storage(v) ((data_t)(v))
#define from_storage(v) ((float)(v))

#if LANES > 1
typedef data_t stored __attribute__((vector_size(LANES * 2)));

static inline vf load_data(const data_t *p)
{
    stored v;
    memcpy(&v, p, sizeof v);
    return __builtin_convertvector(v, vf);
}

static inline void store_data(data_t *p, vf v)
{
    const stored rounded = __builtin_convertvector(v, stored);
    memcpy(p, &rounded, sizeof rounded);
}
#else
#define load_data(p) from_storage(*(p))
#define store_data(p, v) ((void)(*(p) = to_storage(v)))
#endif
