/* A direct convolution: the image is stored, then output row by output row summed over its windows. */
static void run_direct(const layer *p, const float *x, target to, char *work)
{
    u_t *q = (u_t *)(void *)work;
    m_t m[ROWS * COLUMNS];
    ptrdiff_t i, j, c, k, lane, h, part, row, at[ROWS];
    for (i = 0; i < ROWS; ++i) at[i] = i * p->stride_w * p->qc;
    memset(q, EXCESS, (size_t)(p->qh * p->qw * p->qc) * sizeof *q);
    for (i = 0; i < p->h; ++i)
        for (j = 0; j < p->w; ++j)
            for (c = 0; c < p->xc; c += LANES) {
                uint32_t codes[LANES];
                u_t narrowed[LANES];
                store_pixel(p, x + (i * p->w + j) * p->xc, codes, i * p->w + j, c);
                narrow(codes, narrowed);
                for (lane = 0; lane < LANES && c + lane < p->qc; ++lane)
                    q[((p->top + i) * p->qw + p->left + j) * p->qc + c + lane] = narrowed[lane];
            }
    for (k = 0; k < p->kc; k += COLUMNS) {
        const v_t *v = p->v + k * p->rows * p->segments * p->steps * PAIR;
        for (i = 0; i < p->oh; ++i)
            for (j = 0; j < p->ow; j += row) {
                const u_t *from = q + (i * p->stride_h * p->qw + j * p->stride_w) * p->qc;
                const v_t *part_v = v;
                row = at_most(ROWS, p->ow - j);
                for (part = 0; part < p->rows; ++part, part_v += p->segments * p->steps * PAIR * COLUMNS)
                    multiply_panel(row, from + part * p->row, at, p->segment, p->segments, p->steps, part_v, m, part > 0,
                                   part_v);
                for (c = 0; c < row; ++c)
                    for (h = 0; h < COLUMNS; h += HALF) {
                        const vd z = rounded(read_sums(m + c * COLUMNS + h, p->excess + k + h),
                                             load_doubles(p->output.ratio + k + h),
                                             load_doubles(p->output.low + k + h), load_doubles(p->output.high + k + h));
                        seen(p->number, 1, 0, i * p->ow + j + c, k + h, z);
                        write_outputs(z, load_doubles(p->unit + k + h), load_floats(p->bias + k + h),
                                      (i * p->ow + j + c) * p->kc + k + h, &to);
                    }
            }
    }
}
