/* filter$filter_places, contiguous, as run wants it, for data of a zero point. Proves that every output, and what every
 * piece gives of it, is computed exactly whatever the data: WINCRAFT_OVERFLOW where these weights could leave what is.
 */
int ${prefix}_prepare(const wincraft_layer *layer, const int8_t *filter, int32_t x_zero, void *prepared);

/* The part of one thread, 0 <= thread < threads, of y = conv(x - x_zero, filter) + bias, which may be NULL. Threads
 * share nothing but the workspace, each its own part of it. */
int ${prefix}_run(const wincraft_layer *layer, const $data_type *x, const void *prepared, int32_t x_zero,
    const int32_t *bias, int32_t *y, void *work, size_t work_bytes, int thread, int threads);
