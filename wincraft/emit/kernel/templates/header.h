#ifndef $guard
#define $guard $content

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifndef WINCRAFT_CONV
#define WINCRAFT_CONV 1

/* A convolution layer: y[n][i][j][k] = sum over c, p, q of x[n][i*stride_h + p - pad_top][j*stride_w + q - pad_left][c]
 * g[k][c][p][q], of channels c of k's group; data beyond the image is 0 (integers: the zero point). Strides x_n to y_c
 * are in elements: x_c == 1 is NHWC, x_w == 1 NCHW. flags is 0 or a sum of WINCRAFT_FILTER_ON_THE_FLY, which keeps the
 * filters as small as they are and transforms them in every run, WINCRAFT_DIRECT, and WINCRAFT_ACCUMULATE, which adds to
 * what stands in y, of integers to int32. */
typedef struct wincraft_conv {
    int32_t n, h, w, c, k; /* batch, height, width and channels of x; channels of y */
    int32_t r, s;          /* height and width of the filter */
    int32_t pad_top, pad_left, pad_bottom, pad_right;
    int32_t stride_h, stride_w, groups;
    int32_t flags;
    ptrdiff_t x_n, x_h, x_w, x_c, y_n, y_h, y_w, y_c;
} wincraft_conv;

enum { WINCRAFT_FILTER_ON_THE_FLY = 1, WINCRAFT_DIRECT = 2, WINCRAFT_ACCUMULATE = 4 };

/* Status: done; an argument that cannot be; a layer that this file does not compute; weights whose sums may not fit;
 * a workspace that is too small. */
enum {
    WINCRAFT_OK = 0,
    WINCRAFT_ARGUMENT = -1,
    WINCRAFT_UNSUPPORTED = -2,
    WINCRAFT_OVERFLOW = -3,
    WINCRAFT_SIZE = -4
};
#endif

$declarations

#ifdef __cplusplus
}
#endif

#elif $guard != $content
#error "another $guard, of other points, scaling or lanes, is already included"
#endif
