typedef $data_type sample_t;
typedef int8_t filter_t;
typedef int prepare_function(const wincraft_conv *conv, const int8_t *filter, int32_t x_zero, void *prepared,
                             int32_t *channels);
typedef int run_function(const wincraft_conv *conv, const $data_type *x, const void *prepared,
                         const wincraft_requantise *how, void *y, void *work, size_t work_bytes, int thread,
                         int threads);

typedef struct finish {
    int32_t *y;
    const int32_t *bias;
    int32_t zero;
} finish;
