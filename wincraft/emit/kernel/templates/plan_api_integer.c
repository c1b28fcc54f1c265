/* Whether the sums of every output channel fit 32 bits whatever the data: an output has these taps or some of them. */
static int sums_fit(const wincraft_layer *layer, const int8_t *filter, int32_t x_zero)
{
    const ptrdiff_t taps = (ptrdiff_t)KERNEL[0] * KERNEL[1] * KERNEL[2];
    const ptrdiff_t c_of_group = layer->c / layer->groups, k_of_group = layer->k / layer->groups;
    ptrdiff_t k, c, i;
    for (k = 0; k < layer->k; ++k) {
        int64_t positive = 0, negative = 0;
        for (c = 0; c < c_of_group; ++c) {
            const ptrdiff_t into = (k / k_of_group * c_of_group + c) * k_of_group + k % k_of_group;
            const int8_t *from = filter + (TRANSPOSED ? into : k * c_of_group + c) * taps;
            for (i = 0; i < taps; ++i) *(from[i] > 0 ? &positive : &negative) += from[i];
        }
        if (positive * (DATA_HIGH - x_zero) + negative * (DATA_LOW - x_zero) > INT32_MAX ||
            positive * (DATA_LOW - x_zero) + negative * (DATA_HIGH - x_zero) < INT32_MIN)
            return 0;
    }
    return 1;
}

int ${prefix}_prepare(const wincraft_layer *layer, const int8_t *filter, int32_t x_zero, void *prepared)
{
    if (${prefix}_check(layer, NULL) != WINCRAFT_OK || !filter || !prepared || x_zero < DATA_LOW || x_zero > DATA_HIGH)
        return WINCRAFT_ARGUMENT;
    if (!sums_fit(layer, filter, x_zero)) {
        memset(prepared, 0, sizeof(prepared_head));
        return WINCRAFT_OVERFLOW;
    }
    return prepare_pieces(layer, filter, x_zero, prepared);
}

int ${prefix}_run(const wincraft_layer *layer, const $data_type *x, const void *prepared, int32_t x_zero,
    const int32_t *bias, int32_t *y, void *work, size_t work_bytes, int thread, int threads)
{
    finish f;
    f.y = y;
    f.bias = bias;
    f.zero = x_zero;
    return run_pieces(layer, x, prepared, x_zero, &f, work, work_bytes, thread, threads);
}
