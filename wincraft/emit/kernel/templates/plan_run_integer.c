static int prepare_piece(const kernel *by, const wincraft_conv *conv, const int8_t *filter, int32_t zero_point,
                         void *prepared)
{
    return by->prepare(conv, filter, zero_point, prepared, NULL);
}

/* The first piece of an output adds the bias. Sums of pieces may wrap on the way: the whole fits. */
static int run_piece(const kernel *by, const wincraft_conv *conv, const sample_t *x, const void *prepared,
                     const finish *f, int first, int last, int32_t *y, void *work, size_t bytes)
{
    wincraft_requantise how;
    (void)last;
    memset(&how, 0, sizeof how);
    how.bias = first ? f->bias : NULL;
    how.x_zero = f->zero;
    return by->run(conv, x, prepared, &how, y, work, bytes, 0, 1);
}

static void fill_output(const wincraft_layer *layer, const finish *f, int32_t *y)
{
    ptrdiff_t k;
    for (k = 0; k < layer->k; ++k) y[k * layer->y_c] = f->bias ? f->bias[k] : 0;
}

static void clamp_output(const wincraft_layer *layer, const finish *f, int32_t *y)
{
    (void)layer;
    (void)f;
    (void)y;
}
