/* Lanes: a vector holds LANES numbers of as many channels, a micro-kernel sums COLUMNS output channels of up to ROWS
 * tiles. Without vector extensions, with ${PREFIX}_PLAIN defined, or where the compiler computes float in double, as x87
 * does, a vector is one number. */

$choose_lanes
#if LANES > 1
typedef float vf __attribute__((vector_size(LANES * 4)));
typedef int32_t masks __attribute__((vector_size(LANES * 4)));
#define COLUMNS (2 * LANES)
#else
typedef float vf;
#define COLUMNS 16
#endif
#define WIDTH LANES /* channels of a step of the input transform, output channels of one of the filter transform */
#define PAIR 1      /* channels of a step of a micro-kernel */

typedef float filter_t;
typedef float u_t;
typedef float v_t;
typedef float m_t;
typedef vf vv;
typedef vf vm;
#define zero_m zero
#define load_m load
#define store_m store
#define load_v load

$storage

typedef struct finish {
    data_t *y;
    const float *bias;
    float lo, hi;
    int more; /* whether it is added to what stands in y */
} finish;

static inline vf load(const float *p)
{
    vf v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void store(float *p, vf v)
{
    memcpy(p, &v, sizeof v);
}

static inline vf zero(void)
{
    vf v = {0};
    return v;
}

static inline vf broadcast(float v)
{
    return v - zero();
}

$clamp
