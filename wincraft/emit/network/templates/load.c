/* An image (channels, pixels) as (pixels, channels), the channels that are only in memory 0. */
static void load_image(const float *x, ptrdiff_t pixels, ptrdiff_t channels, ptrdiff_t yc, float *y)
{
    ptrdiff_t i, c;
    for (i = 0; i < pixels; ++i)
        for (c = 0; c < yc; ++c) y[i * yc + c] = c < channels ? x[c * pixels + i] : 0.0F;
}
