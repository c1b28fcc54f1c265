/* Every step_h-th row and step_w-th pixel of x from (top, left, from) on, to y from (down, across, to) on. */
static void copy_image(const float *x, ptrdiff_t top, ptrdiff_t left, ptrdiff_t from, ptrdiff_t step_h, ptrdiff_t step_w,
                       ptrdiff_t down, ptrdiff_t across, ptrdiff_t to, ptrdiff_t rows, ptrdiff_t columns,
                       ptrdiff_t channels, ptrdiff_t w, ptrdiff_t xc, ptrdiff_t ow, ptrdiff_t yc, float *y)
{
    ptrdiff_t i, j, c;
    for (i = 0; i < rows; ++i)
        for (j = 0; j < columns; ++j)
            for (c = 0; c < channels; ++c)
                y[((down + i) * ow + across + j) * yc + to + c] =
                    x[((top + i * step_h) * w + left + j * step_w) * xc + from + c];
}
