#ifndef WINCRAFT_REQUANTISE
#define WINCRAFT_REQUANTISE 1

/* From the exact sums of a channel to 8 bits: sums + bias[k], times scale[k] and rounded to nearest even, or times
 * multiplier[k] 2^(shift[k] - 31) as TensorFlow Lite and CMSIS-NN round; plus y_zero; within [lo, hi]. With neither the
 * output is int32, sums and bias alone. All arrays have an entry for each output channel; bias may be NULL. */
typedef struct wincraft_requantise {
    const int32_t *bias;
    int32_t x_zero, y_zero; /* zero points: real = scale * (q - zero) */
    const int32_t *multiplier, *shift;
    const float *scale;
    int32_t lo, hi;
} wincraft_requantise;
#endif

/* WINCRAFT_OK or why this layer cannot be computed. */
int ${prefix}_check(const wincraft_conv *conv);

/* 1, or 0 where the direct convolution computes the layer: another filter or stride, fewer than $fewest channels a group. */
int ${prefix}_uses_winograd(const wincraft_conv *conv);

/* Bytes of the prepared filter, and of the workspace of a number of threads; 0 where check fails. Both are to be
 * aligned to 64 bytes. */
size_t ${prefix}_filter_size(const wincraft_conv *conv);
size_t ${prefix}_work_size(const wincraft_conv *conv, int threads);

/* filter[k][c][p][q], contiguous, c within a group, as run wants it, for data of a zero point. Proves that every output
 * is computed exactly whatever the data: WINCRAFT_OVERFLOW where these weights could leave [-2^$bits, 2^$bits - 1] (with
 * WINCRAFT_DIRECT 32 bits). *channels, unless NULL, becomes how many of the first channels fit. */
int ${prefix}_prepare(const wincraft_conv *conv, const int8_t *filter, int32_t x_zero, void *prepared,
    int32_t *channels);

/* The part of one thread, 0 <= thread < threads. y is $data_type, or int32_t where nothing requantises. Threads share
 * nothing but the workspace, each its own part of it. */
int ${prefix}_run(const wincraft_conv *conv, const $data_type *x, const void *prepared,
    const wincraft_requantise *how, void *y, void *work, size_t work_bytes, int thread, int threads);

#ifdef _OPENMP
/* The same by all threads of OpenMP; the workspace is that of omp_get_max_threads(). */
int ${prefix}_run_openmp(const wincraft_conv *conv, const $data_type *x, const void *prepared,
    const wincraft_requantise *how, void *y, void *work, size_t work_bytes);
#endif
