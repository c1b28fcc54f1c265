int ${prefix}_run(const wincraft_conv *conv, const $data_type *x, const void *prepared, const float *bias, float lo,
    float hi, $data_type *y, void *work, size_t work_bytes, int thread, int threads)
{
    shape s;
    finish f;
    const int status = read_run(conv, x, prepared, 0, lo <= hi, y, work, work_bytes, thread, threads, &s);
    if (status != WINCRAFT_OK) return status;
    f.y = y;
    f.bias = bias;
    f.lo = lo;
    f.hi = hi;
    f.more = conv->flags & WINCRAFT_ACCUMULATE;
    run_units(conv, &s, x, prepared, &f, work, thread, threads, to_storage(0.0F));
    return WINCRAFT_OK;
}
