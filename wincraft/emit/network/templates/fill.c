static void fill_image(ptrdiff_t pixels, ptrdiff_t channels, ptrdiff_t yc, float value, float *y)
{
    ptrdiff_t i, c;
    for (i = 0; i < pixels; ++i)
        for (c = 0; c < yc; ++c) y[i * yc + c] = c < channels ? value : 0.0F;
}
