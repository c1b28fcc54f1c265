/* A convolution in floating point: weights [group][row][column][channel][output], the outputs of all groups padded. */
static void convolve_image(const float *x, const float *weight, const float *bias, ptrdiff_t kernel_h,
                           ptrdiff_t kernel_w, ptrdiff_t stride_h, ptrdiff_t stride_w, ptrdiff_t top, ptrdiff_t left,
                           ptrdiff_t dilation_h, ptrdiff_t dilation_w, ptrdiff_t groups, ptrdiff_t group_in,
                           ptrdiff_t group_out, ptrdiff_t h, ptrdiff_t w, ptrdiff_t xc, ptrdiff_t oh, ptrdiff_t ow,
                           ptrdiff_t yc, float *y)
{
    ptrdiff_t i, j, g, r, s, c, k;
    for (i = 0; i < oh; ++i)
        for (j = 0; j < ow; ++j, y += yc) {
            for (k = 0; k < yc; ++k) y[k] = bias[k];
            for (g = 0; g < groups; ++g)
                for (r = 0; r < kernel_h; ++r)
                    for (s = 0; s < kernel_w; ++s) {
                        const ptrdiff_t m = i * stride_h - top + r * dilation_h, n = j * stride_w - left + s * dilation_w;
                        const float *from = x + (m * w + n) * xc + g * group_in;
                        const float *f = weight + ((g * kernel_h + r) * kernel_w + s) * group_in * group_out;
                        if (m < 0 || m >= h || n < 0 || n >= w) continue;
                        for (c = 0; c < group_in; ++c, f += group_out)
                            for (k = 0; k < group_out; ++k) y[g * group_out + k] += from[c] * f[k];
                    }
        }
}
