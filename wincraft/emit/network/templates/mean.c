static void mean_image(const float *x, ptrdiff_t pixels, ptrdiff_t yc, float *y)
{
    ptrdiff_t i, c;
    for (c = 0; c < yc; ++c) y[c] = 0.0F;
    for (i = 0; i < pixels; ++i)
        for (c = 0; c < yc; ++c) y[c] += x[i * yc + c];
    for (c = 0; c < yc; ++c) y[c] /= (float)pixels;
}
