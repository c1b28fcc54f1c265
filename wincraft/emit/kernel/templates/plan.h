#ifndef $guard
#define $guard $content

$includes

#ifdef __cplusplus
extern "C" {
#endif

#ifndef WINCRAFT_LAYER
#define WINCRAFT_LAYER 1

/* A layer of a plan: batch, channels of x and of y, their groups; then for depth, height and width the size of x, and
 * the zeros around it or, transposed, what is cropped of y. Axes that there are not have size 1 and 0. Transposed, after
 * is less than 0 for outputs behind the last that anything reaches, below stride or dilation of them. Strides are in
 * elements: x_c == 1 is channels last. flags is 0 or WINCRAFT_DIRECT. */
typedef struct wincraft_layer {
    int32_t n, c, k, groups;
    int32_t size[3], before[3], after[3];
    int32_t flags;
    ptrdiff_t x_n, x_c, x[3], y_n, y_c, y[3];
} wincraft_layer;
#endif

$declarations

/* WINCRAFT_OK or why this layer cannot be computed; the sizes of y in depth, height and width, unless NULL. */
int ${prefix}_check(const wincraft_layer *layer, int32_t outputs[3]);

/* Bytes of the prepared filter, and of the workspace of a number of threads; 0 where check fails. Both are to be
 * aligned to 64 bytes. */
size_t ${prefix}_filter_size(const wincraft_layer *layer);
size_t ${prefix}_work_size(const wincraft_layer *layer, int threads);

#ifdef __cplusplus
}
#endif

#elif $guard != $content
#error "another $guard, of other pieces or algorithms, is already included"
#endif
