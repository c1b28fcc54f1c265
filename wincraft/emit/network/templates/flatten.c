/* An image as a vector, channel by channel. */
static void flatten_image(const float *x, ptrdiff_t pixels, ptrdiff_t channels, ptrdiff_t xc, ptrdiff_t yc, float *y)
{
    ptrdiff_t i, c;
    for (c = 0; c < channels; ++c)
        for (i = 0; i < pixels; ++i) y[c * pixels + i] = x[i * xc + c];
    for (i = channels * pixels; i < yc; ++i) y[i] = 0.0F;
}
