/* Bias and clamp of the sums z of one pixel, for channels k to k + count, then their storage. */
static void write_pixel(const float *z, const finish *f, ptrdiff_t k, ptrdiff_t count, ptrdiff_t at, ptrdiff_t y_c)
{
    ptrdiff_t i;
    if (count == COLUMNS && y_c == 1) {
        const vf lo = broadcast(f->lo), hi = broadcast(f->hi);
        for (i = 0; i < COLUMNS; i += LANES) {
            vf v = load(z + i) + (f->bias ? load(f->bias + k + i) : zero());
            if (f->more) v += load_data(f->y + at + i);
            store_data(f->y + at + i, clamp(v, lo, hi));
        }
        return;
    }
    for (i = 0; i < count; ++i) {
        float v = z[i] + (f->bias ? f->bias[k + i] : 0.0F) + (f->more ? from_storage(f->y[at + i * y_c]) : 0.0F);
        v = v < f->lo ? f->lo : v;
        f->y[at + i * y_c] = to_storage(v > f->hi ? f->hi : v);
    }
}

/* The same of one tile, added to what stands in the image. */
static void add_tile(const float *m, ptrdiff_t tap, const finish *f, ptrdiff_t k, ptrdiff_t count, ptrdiff_t at,
                     const wincraft_conv *conv, ptrdiff_t rows, ptrdiff_t columns)
{
    data_t z[M0 * M1 * COLUMNS];
    float sums[COLUMNS];
    const vf all = broadcast(INFINITY);
    ptrdiff_t i, j, lane;
    for (lane = 0; lane < COLUMNS; lane += LANES)
        output_tile(m + lane, tap, zero(), -all, all, z + lane, M1 * COLUMNS, COLUMNS);
    for (i = 0; i < rows; ++i)
        for (j = 0; j < columns; ++j) {
            for (lane = 0; lane < COLUMNS; ++lane) sums[lane] = from_storage(z[(i * M1 + j) * COLUMNS + lane]);
            write_pixel(sums, f, k, count, at + i * conv->y_h + j * conv->y_w, conv->y_c);
        }
}

/* The output transform of one tile and COLUMNS channels: straight into the image where all of it lies inside. */
static void write_tile(const float *m, ptrdiff_t tap, const finish *f, ptrdiff_t k, ptrdiff_t count, ptrdiff_t at,
                       const wincraft_conv *conv, ptrdiff_t rows, ptrdiff_t columns)
{
    static const float none[COLUMNS] = {0};
    data_t z[M0 * M1 * COLUMNS];
    float part[COLUMNS];
    const float *bias = f->bias ? f->bias + k : none;
    const int whole = conv->y_c == 1 && count == COLUMNS && rows == M0 && columns == M1;
    const vf lo = broadcast(f->lo), hi = broadcast(f->hi);
    ptrdiff_t i, j, lane;
    if (f->more) {
        add_tile(m, tap, f, k, count, at, conv, rows, columns);
        return;
    }
    if (count < COLUMNS) {
        for (lane = 0; lane < COLUMNS; ++lane) part[lane] = lane < count ? bias[lane] : 0.0F;
        bias = part;
    }
    for (lane = 0; lane < COLUMNS; lane += LANES)
        output_tile(m + lane, tap, load(bias + lane), lo, hi, whole ? f->y + at + lane : z + lane,
                    whole ? conv->y_h : M1 * COLUMNS, whole ? conv->y_w : COLUMNS);
    if (whole) return;
    if (conv->y_c == 1) {
        for (i = 0; i < rows; ++i)
            for (j = 0; j < columns; ++j)
                copy_part(f->y + at + i * conv->y_h + j * conv->y_w, z + (i * M1 + j) * COLUMNS, count, COLUMNS);
    } else if (conv->y_w == 1 && columns == M1) {
        for (lane = 0; lane < count; ++lane)
            for (i = 0; i < rows; ++i)
                for (j = 0; j < M1; ++j)
                    f->y[at + lane * conv->y_c + i * conv->y_h + j] = z[(i * M1 + j) * COLUMNS + lane];
    } else {
        for (i = 0; i < rows; ++i)
            for (j = 0; j < columns; ++j)
                for (lane = 0; lane < count; ++lane)
                    f->y[at + lane * conv->y_c + i * conv->y_h + j * conv->y_w] = z[(i * M1 + j) * COLUMNS + lane];
    }
}
