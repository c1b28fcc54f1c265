static void add_image(const float *a, const float *b, ptrdiff_t count, float *y)
{
    ptrdiff_t i;
    for (i = 0; i < count; ++i) y[i] = a[i] + b[i];
}
