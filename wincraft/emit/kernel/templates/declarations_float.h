$storage_type
/* Proved where ${prefix}_uses_winograd: |y - exact| <= ${PREFIX}_ERROR(c) max|x| max|filter| with c
 * channels a group, up to $most_channels, before bias, clamp and what a narrower format of y rounds. Every operation
 * rounded to nearest, fused ones round less; nothing overflows or underflows. */
#define ${PREFIX}_ERROR(c) ((double)(c) * ($error_of_channel + (double)(c) * $error_of_sum))

/* WINCRAFT_OK or why this layer cannot be computed. */
int ${prefix}_check(const wincraft_conv *conv);

/* 1, or 0 where the direct convolution computes the layer: another filter or stride, fewer than $fewest channels a group. */
int ${prefix}_uses_winograd(const wincraft_conv *conv);

/* Bytes of the prepared filter, and of the workspace of a number of threads; 0 where check fails. Both are to be
 * aligned to 64 bytes. */
size_t ${prefix}_filter_size(const wincraft_conv *conv);
size_t ${prefix}_work_size(const wincraft_conv *conv, int threads);

/* filter[k][c][p][q], contiguous, c within a group, as run wants it. What is prepared is for one layer: batch, image and
 * strides may change. */
int ${prefix}_prepare(const wincraft_conv *conv, const float *filter, void *prepared);

/* The part of one thread, 0 <= thread < threads, of y = min(max(conv(x, filter) + bias, lo), hi). Threads share nothing
 * but the workspace, each its own part of it. bias may be NULL; -INFINITY and INFINITY are no clamp. */
int ${prefix}_run(const wincraft_conv *conv, const $data_type *x, const void *prepared, const float *bias, float lo,
    float hi, $data_type *y, void *work, size_t work_bytes, int thread, int threads);

#ifdef _OPENMP
/* The same by all threads of OpenMP; the workspace is that of omp_get_max_threads(). */
int ${prefix}_run_openmp(const wincraft_conv *conv, const $data_type *x, const void *prepared, const float *bias,
    float lo, float hi, $data_type *y, void *work, size_t work_bytes);
#endif
