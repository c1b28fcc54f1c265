/* x * multiplier * 2^(shift - 31), rounded as TensorFlow Lite and CMSIS-NN do: to nearest twice, last half away from 0.
 * Without branches, for compilers to make vectors of it. */
static inline int32_t scaled(int32_t x, int32_t multiplier, int32_t shift)
{
    const int32_t up = shift > 0 ? shift : 0, down = shift < 0 ? -shift : 0;
    const int32_t left = (int32_t)((uint32_t)x << up), mask = (int32_t)((1U << down) - 1U);
    const uint64_t product_and_half = (uint64_t)((int64_t)left * multiplier + ((int64_t)1 << 30));
    const int32_t nearest = (int32_t)(uint32_t)(product_and_half >> 31);
    const int32_t high = left == INT32_MIN && multiplier == INT32_MIN ? INT32_MAX : nearest;
    return (high >> down) + ((high & mask) > (mask >> 1) + (high < 0));
}

#if LANES > 1
/* How float scales requantise COLUMNS channels from k on, of which count are there. */
typedef struct panel {
    vm add[2];
    vf scale[2], lo, hi;
    int32_t zero_point;
} panel;

static inline panel panel_of(const finish *f, ptrdiff_t k, ptrdiff_t count)
{
    const wincraft_requantise *how = f->how;
    const int32_t *sums = f->sums + k, *bias = how->bias ? how->bias + k : NULL;
    const float *scale = how->scale + k;
    int32_t part[2][COLUMNS];
    float factors[COLUMNS];
    panel p;
    ptrdiff_t side;
    if (count < COLUMNS) {
        const size_t bytes = (size_t)count * sizeof *sums;
        memset(part, 0, sizeof part);
        memset(factors, 0, sizeof factors);
        sums = (const int32_t *)memcpy(part[0], sums, bytes);
        bias = bias ? (const int32_t *)memcpy(part[1], bias, bytes) : NULL;
        scale = (const float *)memcpy(factors, scale, bytes);
    }
    p.lo = (float)(how->lo - how->y_zero) - zero_f();
    p.hi = (float)(how->hi - how->y_zero) - zero_f();
    p.zero_point = how->y_zero - 0x4B400000;
    for (side = 0; side < 2; ++side) {
        p.add[side] = load_m((const uint32_t *)(const void *)(sums + side * LANES));
        if (bias) p.add[side] += load_m((const uint32_t *)(const void *)(bias + side * LANES));
        memcpy(p.scale + side, scale + side * LANES, sizeof *p.scale);
    }
    return p;
}

/* Adding 1.5 * 2^23 rounds to nearest even and leaves the integer in the last bits. */
static inline void write_panel(const uint32_t *z, const panel *p, data_t *y, ptrdiff_t count)
{
    data_t part[COLUMNS];
    const vf left = __builtin_convertvector((vv)(load_m(z) + p->add[0]), vf) * p->scale[0];
    const vf right = __builtin_convertvector((vv)(load_m(z + LANES) + p->add[1]), vf) * p->scale[1];
    store_data(count == COLUMNS ? y : part, (vv)(clamp(left, p->lo, p->hi) + 12582912.0F) + p->zero_point,
               (vv)(clamp(right, p->lo, p->hi) + 12582912.0F) + p->zero_point);
    if (count < COLUMNS) copy_part(y, part, count, COLUMNS);
}
#endif

/* From the exact sums z of one pixel, for channels k to k + count, to what is stored. */
static void write_pixel(const uint32_t *z, const finish *f, ptrdiff_t k, ptrdiff_t count, ptrdiff_t at, ptrdiff_t y_c)
{
    const wincraft_requantise *how = f->how;
    int32_t y[COLUMNS];
    ptrdiff_t i;
#if LANES > 1
    if (how->scale && y_c == 1 && count == COLUMNS) {
        const panel p = panel_of(f, k, COLUMNS);
        write_panel(z, &p, (data_t *)f->y + at, COLUMNS);
        return;
    }
#endif
    for (i = 0; i < count; ++i) y[i] = (int32_t)(z[i] + (uint32_t)f->sums[k + i]);
    if (how->bias)
        for (i = 0; i < count; ++i) y[i] = (int32_t)((uint32_t)y[i] + (uint32_t)how->bias[k + i]);
    if (!how->scale && !how->multiplier) {
        int32_t *to = (int32_t *)f->y + at;
        for (i = 0; i < count && f->more; ++i) y[i] = (int32_t)((uint32_t)y[i] + (uint32_t)to[i * y_c]);
        if (y_c == 1)
            memcpy(to, y, (size_t)count * sizeof *y);
        else
            for (i = 0; i < count; ++i) to[i * y_c] = y[i];
        return;
    }
    if (how->scale) {
        const float lo = (float)(how->lo - how->y_zero), hi = (float)(how->hi - how->y_zero);
        for (i = 0; i < count; ++i) { /* adding 1.5 * 2^23 rounds to nearest even */
            float v = (float)y[i] * how->scale[k + i];
            v = v < lo ? lo : v;
            v = (v > hi ? hi : v) + 12582912.0F;
            memcpy(y + i, &v, sizeof v);
            y[i] += how->y_zero - 0x4B400000;
        }
    } else {
        const int32_t lo = how->lo - how->y_zero, hi = how->hi - how->y_zero;
        if (count == COLUMNS)
            for (i = 0; i < COLUMNS; ++i) y[i] = scaled(y[i], how->multiplier[k + i], how->shift[k + i]);
        else
            for (i = 0; i < count; ++i) y[i] = scaled(y[i], how->multiplier[k + i], how->shift[k + i]);
        for (i = 0; i < count; ++i) y[i] = (y[i] < lo ? lo : y[i] > hi ? hi : y[i]) + how->y_zero;
    }
    if (y_c == 1)
        for (i = 0; i < count; ++i) (($data_type *)f->y)[at + i] = ($data_type)y[i];
    else
        for (i = 0; i < count; ++i) (($data_type *)f->y)[at + i * y_c] = ($data_type)y[i];
}


/* The output transform of one tile and COLUMNS channels. */
static void write_tile(const uint32_t *m, ptrdiff_t tap, const finish *f, ptrdiff_t k, ptrdiff_t count, ptrdiff_t at,
                       const wincraft_conv *conv, ptrdiff_t rows, ptrdiff_t columns)
{
    uint32_t z[M0 * M1 * COLUMNS];
    ptrdiff_t i, j, lane;
    for (lane = 0; lane < COLUMNS; lane += LANES) output_tile(m + lane, tap, z + lane, M1 * COLUMNS, COLUMNS);
#if LANES > 1
    if (f->how->scale && conv->y_c == 1) {
        const panel p = panel_of(f, k, count);
        for (i = 0; i < rows; ++i)
            for (j = 0; j < columns; ++j)
                write_panel(z + (i * M1 + j) * COLUMNS, &p, (data_t *)f->y + at + i * conv->y_h + j * conv->y_w,
                            count);
        return;
    }
#endif
    for (i = 0; i < rows; ++i)
        for (j = 0; j < columns; ++j)
            write_pixel(z + (i * M1 + j) * COLUMNS, f, k, count, at + i * conv->y_h + j * conv->y_w, conv->y_c);
}
