/* The mean of a window; zeros beyond the image are counted with it where `counted` says so. */
static void average_image(const float *x, ptrdiff_t kernel_h, ptrdiff_t kernel_w, ptrdiff_t stride_h,
                          ptrdiff_t stride_w, ptrdiff_t top, ptrdiff_t left, int counted, ptrdiff_t h, ptrdiff_t w,
                          ptrdiff_t oh, ptrdiff_t ow, ptrdiff_t yc, float *y)
{
    ptrdiff_t i, j, r, s, c;
    for (i = 0; i < oh; ++i)
        for (j = 0; j < ow; ++j, y += yc) {
            ptrdiff_t count = counted ? kernel_h * kernel_w : 0;
            for (c = 0; c < yc; ++c) y[c] = 0.0F;
            for (r = i * stride_h - top; r < i * stride_h - top + kernel_h; ++r)
                for (s = j * stride_w - left; s < j * stride_w - left + kernel_w; ++s) {
                    const float *from = x + (r * w + s) * yc;
                    if (r < 0 || r >= h || s < 0 || s >= w) continue;
                    count += !counted;
                    for (c = 0; c < yc; ++c) y[c] += from[c];
                }
            for (c = 0; c < yc; ++c) y[c] /= (float)count;
        }
}
