/* Bias and clamp of the sums z of one pixel, for channels k to k + count, then their storage. */
static void write_pixel(const float *z, const finish *f, ptrdiff_t k, ptrdiff_t count, ptrdiff_t at, ptrdiff_t y_c)
{
    ptrdiff_t i;
    for (i = 0; i < count; ++i) {
        float v = z[i] + (f->bias ? f->bias[k + i] : 0.0F);
        v = v < f->lo ? f->lo : v;
        f->y[at + i * y_c] = to_storage(v > f->hi ? f->hi : v);
    }
}

/* The output transform of one tile and COLUMNS channels: straight into the image where all of it lies inside. */
static void write_tile(const float *m, ptrdiff_t tap, const finish *f, ptrdiff_t k, ptrdiff_t count, ptrdiff_t at,
                       const wincraft_conv *conv, ptrdiff_t rows, ptrdiff_t columns)
{
    float z[M0 * M1 * COLUMNS];
    ptrdiff_t i, j, lane;
    if (conv->y_c == 1 && count == COLUMNS && rows == M0 && columns == M1) {
        for (lane = 0; lane < COLUMNS; lane += LANES)
            output_tile(m + lane, tap, f->bias ? load(f->bias + k + lane) : zero(), f->lo, f->hi,
                        f->y + at + lane, conv->y_h, conv->y_w);
        return;
    }
    for (lane = 0; lane < COLUMNS; lane += LANES)
        output_tile(m + lane, tap, zero(), -INFINITY, INFINITY, z + lane, M1 * COLUMNS, COLUMNS);
    for (i = 0; i < rows; ++i)
        for (j = 0; j < columns; ++j)
            write_pixel(z + (i * M1 + j) * COLUMNS, f, k, count, at + i * conv->y_h + j * conv->y_w, conv->y_c);
}
