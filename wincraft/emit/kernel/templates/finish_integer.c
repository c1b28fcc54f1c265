/* x * multiplier * 2^(shift - 31), rounded as TensorFlow Lite and CMSIS-NN do: to nearest twice, last half away from 0. */
static int32_t scaled(int32_t x, int32_t multiplier, int32_t shift)
{
    const int right = shift < 0 ? -shift : 0;
    const int32_t left = (int32_t)((uint32_t)x << (shift > 0 ? shift : 0));
    const int32_t rest_mask = (int32_t)(((int64_t)1 << right) - 1);
    int32_t high, rest;
    if (left == INT32_MIN && multiplier == INT32_MIN) return INT32_MAX >> right;
    high = (int32_t)(((int64_t)left * multiplier + ((int64_t)1 << 30)) >> 31);
    rest = high & rest_mask;
    return (high >> right) + (rest > (rest_mask >> 1) + (high < 0));
}

/* From the exact sums z of one pixel, for channels k to k + count, to what is stored. */
static inline void write_sums(const uint32_t *z, const finish *f, ptrdiff_t k, ptrdiff_t count, ptrdiff_t at,
                              ptrdiff_t y_c)
{
    const wincraft_requantise *how = f->how;
    int32_t y[COLUMNS];
    ptrdiff_t i;
    for (i = 0; i < count; ++i) y[i] = (int32_t)(z[i] + (uint32_t)f->sums[k + i]);
    if (how->bias)
        for (i = 0; i < count; ++i) y[i] = (int32_t)((uint32_t)y[i] + (uint32_t)how->bias[k + i]);
    if (!how->scale && !how->multiplier) {
        for (i = 0; i < count; ++i) ((int32_t *)f->y)[at + i * y_c] = y[i];
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
        for (i = 0; i < count; ++i) {
            const int64_t v = (int64_t)scaled(y[i], how->multiplier[k + i], how->shift[k + i]) + how->y_zero;
            y[i] = (int32_t)(v < how->lo ? how->lo : v > how->hi ? how->hi : v);
        }
    }
    if (y_c == 1)
        for (i = 0; i < count; ++i) (($data_type *)f->y)[at + i] = ($data_type)y[i];
    else
        for (i = 0; i < count; ++i) (($data_type *)f->y)[at + i * y_c] = ($data_type)y[i];
}

static void write_pixel(const uint32_t *z, const finish *f, ptrdiff_t k, ptrdiff_t count, ptrdiff_t at, ptrdiff_t y_c)
{
#if LANES > 1
    const wincraft_requantise *how = f->how;
    if (count == COLUMNS && y_c == 1 && how->scale) { /* the same in vectors */
        const vf lo = (float)(how->lo - how->y_zero) - zero_f(), hi = (float)(how->hi - how->y_zero) - zero_f();
        int32_t y[COLUMNS];
        ptrdiff_t lane;
        for (lane = 0; lane < COLUMNS; lane += LANES) {
            vm sums = load_m(z + lane) + load_m((const uint32_t *)(const void *)(f->sums + k + lane));
            vf v;
            if (how->bias) sums += load_m((const uint32_t *)(const void *)(how->bias + k + lane));
            memcpy(&v, how->scale + k + lane, sizeof v);
            v *= __builtin_convertvector((vv)sums, vf);
            v = chosen(v < lo, lo, v);
            v = chosen(v > hi, hi, v) + 12582912.0F;
            store_m((uint32_t *)(void *)(y + lane), (vm)((vv)v + (how->y_zero - 0x4B400000)));
        }
        for (lane = 0; lane < COLUMNS; ++lane) (($data_type *)f->y)[at + lane] = ($data_type)y[lane];
        return;
    }
#endif
    write_sums(z, f, k, count, at, y_c);
}

/* The output transform of one tile and COLUMNS channels. */
static void write_tile(const uint32_t *m, ptrdiff_t tap, const finish *f, ptrdiff_t k, ptrdiff_t count, ptrdiff_t at,
                       const wincraft_conv *conv, ptrdiff_t rows, ptrdiff_t columns)
{
    uint32_t z[M0 * M1 * COLUMNS];
    ptrdiff_t i, j, lane;
    for (lane = 0; lane < COLUMNS; lane += LANES) output_tile(m + lane, tap, z + lane, M1 * COLUMNS, COLUMNS);
    for (i = 0; i < rows; ++i)
        for (j = 0; j < columns; ++j)
            write_pixel(z + (i * M1 + j) * COLUMNS, f, k, count, at + i * conv->y_h + j * conv->y_w, conv->y_c);
}
