static int prepare_piece(const kernel *by, const wincraft_conv *conv, const float *filter, int32_t zero_point,
                         void *prepared)
{
    (void)zero_point;
    return by->prepare(conv, filter, prepared);
}

/* The first piece of an output adds the bias, the last one clamps. */
static int run_piece(const kernel *by, const wincraft_conv *conv, const float *x, const void *prepared, const finish *f,
                     int first, int last, float *y, void *work, size_t bytes)
{
    const float *bias = first ? f->bias : NULL;
    return by->run(conv, x, prepared, bias, last ? f->lo : -INFINITY, last ? f->hi : INFINITY, y, work, bytes, 0, 1);
}

static void fill_output(const wincraft_layer *layer, const finish *f, float *y)
{
    ptrdiff_t k;
    for (k = 0; k < layer->k; ++k) y[k * layer->y_c] = f->bias ? f->bias[k] : 0.0F;
}

static void clamp_output(const wincraft_layer *layer, const finish *f, float *y)
{
    ptrdiff_t k;
    for (k = 0; k < layer->k; ++k) {
        const float v = y[k * layer->y_c] < f->lo ? f->lo : y[k * layer->y_c];
        y[k * layer->y_c] = v > f->hi ? f->hi : v;
    }
}
