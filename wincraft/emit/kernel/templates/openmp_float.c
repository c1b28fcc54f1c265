int ${prefix}_run_openmp(const wincraft_conv *conv, const $data_type *x, const void *prepared, const float *bias,
    float lo, float hi, $data_type *y, void *work, size_t work_bytes)
{
    const int threads = omp_get_max_threads();
    int status = WINCRAFT_OK;
    int thread;
#pragma omp parallel for schedule(static) reduction(min : status)
    for (thread = 0; thread < threads; ++thread) {
        const int found = ${prefix}_run(conv, x, prepared, bias, lo, hi, y, work, work_bytes, thread, threads);
        status = found < status ? found : status;
    }
    return status;
}
