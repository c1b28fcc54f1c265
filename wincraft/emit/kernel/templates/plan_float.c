typedef float sample_t;
typedef float filter_t;
typedef int prepare_function(const wincraft_conv *conv, const float *filter, void *prepared);
typedef int run_function(const wincraft_conv *conv, const float *x, const void *prepared, const float *bias, float lo,
                         float hi, float *y, void *work, size_t work_bytes, int thread, int threads);

typedef struct finish {
    float *y;
    const float *bias;
    float lo, hi;
} finish;
