static void clamp_image(const float *x, ptrdiff_t count, float low, float high, float *y)
{
    ptrdiff_t i;
    for (i = 0; i < count; ++i) {
        const float v = x[i] < low ? low : x[i];
        y[i] = v > high ? high : v;
    }
}
