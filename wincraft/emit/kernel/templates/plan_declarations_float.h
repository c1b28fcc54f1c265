/* Proved where the kernels are: |y - exact| <= ${PREFIX}_ERROR(c) max|x| max|filter| with c channels a group, up to
 * $most_channels, before bias and clamp: the bounds of the pieces of an output, and a rounding of each of their sums. */
#define ${PREFIX}_ERROR(c) ($error)

/* filter$filter_places, contiguous, as run wants it. What is prepared is for one layer: batch, image and strides may
 * change. */
int ${prefix}_prepare(const wincraft_layer *layer, const float *filter, void *prepared);

/* The part of one thread, 0 <= thread < threads, of y = min(max(conv(x, filter) + bias, lo), hi). Threads share nothing
 * but the workspace, each its own part of it. bias may be NULL; -INFINITY and INFINITY are no clamp. */
int ${prefix}_run(const wincraft_layer *layer, const float *x, const void *prepared, const float *bias, float lo,
    float hi, float *y, void *work, size_t work_bytes, int thread, int threads);
