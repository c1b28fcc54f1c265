#ifndef $guard
#define $guard $content

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef WINCRAFT_DEPTHWISE
#define WINCRAFT_DEPTHWISE 1

/* A filter for each channel along time: y[n][t][c] = sum over q of x[n][t + q - pad_left][c] g[c][q]; data beyond the
 * sequence is 0. pad_left = taps - 1 and pad_right = 0 is causal: as many outputs as data, none sees what comes after.
 * Strides are in elements: x_c == 1 is channels last. flags is 0 or WINCRAFT_DEPTHWISE_DIRECT. */
typedef struct wincraft_depthwise {
    int32_t n, length, c;
    int32_t pad_left, pad_right;
    int32_t flags;
    ptrdiff_t x_n, x_t, x_c, y_n, y_t, y_c;
} wincraft_depthwise;

enum { WINCRAFT_DEPTHWISE_DIRECT = 1 };
#endif
$storage_type
/* 0, or -1 where this is no layer. */
int ${prefix}_check(const wincraft_depthwise *conv);

/* Bytes of the prepared filter, to be aligned to 64 bytes; 0 where check fails. */
size_t ${prefix}_filter_size(const wincraft_depthwise *conv);

/* filter[c][q], contiguous, as run wants it. */
int ${prefix}_prepare(const wincraft_depthwise *conv, const float *filter, void *prepared);

/* The part of one thread, 0 <= thread < threads, of y = min(max(conv(x, filter) + bias, lo), hi); no workspace. bias may
 * be NULL; -INFINITY and INFINITY are no clamp. Proved: |y - exact| <= $error_of_one max|x| max|filter| before bias,
 * clamp and what a narrower format of y rounds. */
int ${prefix}_run(const wincraft_depthwise *conv, const $data_type *x, const void *prepared, const float *bias, float lo,
    float hi, $data_type *y, int thread, int threads);

#ifdef __cplusplus
}
#endif

#elif $guard != $content
#error "another $guard, of other points, scaling or lanes, is already included"
#endif
