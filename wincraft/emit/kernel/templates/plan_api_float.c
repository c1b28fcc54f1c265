int ${prefix}_prepare(const wincraft_layer *layer, const float *filter, void *prepared)
{
    return prepare_pieces(layer, filter, 0, prepared);
}

int ${prefix}_run(const wincraft_layer *layer, const float *x, const void *prepared, const float *bias, float lo,
    float hi, float *y, void *work, size_t work_bytes, int thread, int threads)
{
    finish f;
    f.y = y;
    f.bias = bias;
    f.lo = lo;
    f.hi = hi;
    if (!(lo <= hi)) return WINCRAFT_ARGUMENT;
    return run_pieces(layer, x, prepared, 0, &f, work, work_bytes, thread, threads);
}
