/* A convolution by tiles: the image is stored, then tile block by tile block U and, panel by panel, M are computed. */
static void run_tiles(const layer *p, const float *x, target to, char *work)
{
    int16_t *q = (int16_t *)(void *)work;
    u_t *u = (u_t *)(void *)(work + ALIGNED((size_t)(p->qh * p->qw * p->qc) * sizeof *q));
    const ptrdiff_t tiles = p->down * p->across, tap = p->block * p->xc, m_tap = p->block * COLUMNS;
    const ptrdiff_t panel = p->steps * PAIR * COLUMNS;
    m_t *m = (m_t *)(void *)((char *)u + ALIGNED((size_t)(p->taps * tap) * sizeof *u));
    ptrdiff_t i, j, c, k, t, first, lane, row, group, at[ROWS];
    for (i = 0; i < ROWS; ++i) at[i] = i * p->xc;
    memset(q, 0, (size_t)(p->qh * p->qw * p->qc) * sizeof *q);
    for (i = 0; i < p->h; ++i)
        for (j = 0; j < p->w; ++j)
            for (c = 0; c < p->xc; c += LANES) {
                uint32_t codes[LANES];
                int16_t *to_q = q + ((p->top + i) * p->qw + p->left + j) * p->qc + c;
                store_pixel(p, x + (i * p->w + j) * p->xc, codes, i * p->w + j, c);
                narrow16(codes, to_q);
            }
    for (first = 0; first < tiles; first += p->block) {
        const ptrdiff_t count = at_most(p->block, tiles - first), groups = (count + ROWS - 1) / ROWS;
        const v_t *v = p->v;
        for (t = 0; t < count; ++t) {
            const int16_t *from = q + ((first + t) / p->across * p->stride_h * p->qw
                                       + (first + t) % p->across * p->stride_w) * p->qc;
            for (c = 0; c < p->xc; c += LANES) p->transform(p, from + c, u + t * p->xc + c, tap, first + t, c);
        }
        for (k = 0; k < p->kc; k += COLUMNS) {
            for (i = 0; i < p->taps; ++i, v += panel)
                for (group = 0, row = 0; group < groups; ++group) {
                    const ptrdiff_t rows = (count - row) / (groups - group);
                    multiply_panel(rows, u + i * tap + row * p->xc, at, 0, 1, p->steps, v,
                                   m + i * m_tap + row * COLUMNS, 0, v + panel);
                    row += rows;
                }
            for (t = 0; t < count; ++t)
                for (lane = 0; lane < COLUMNS; lane += LANES)
                    p->finish(p, m + t * COLUMNS + lane, m_tap, first + t, k + lane, &to);
        }
    }
}
