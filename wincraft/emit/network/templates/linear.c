static void linear_image(const float *x, const float *weight, const float *bias, ptrdiff_t channels, ptrdiff_t yc,
                         float *y)
{
    ptrdiff_t c, k;
    for (k = 0; k < yc; ++k) y[k] = bias[k];
    for (c = 0; c < channels; ++c)
        for (k = 0; k < yc; ++k) y[k] += x[c] * weight[c * yc + k];
}
