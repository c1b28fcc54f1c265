/* SPDX-License-Identifier: Apache-2.0
 *
 * The convolution as everyone writes it first: the windows of each image as columns, and one matrix product by a BLAS.
 * NCHW, 3x3, stride 1, border 1. `sgemm` is cblas_sgemm of the BLAS that was found; `wide` where its integers have 64 bits.
 */
#include <stddef.h>
#include <stdint.h>
#include <string.h>

typedef void (*sgemm32)(int, int, int, int32_t, int32_t, int32_t, float, const float *, int32_t, const float *, int32_t,
                        float, float *, int32_t);
typedef void (*sgemm64)(int, int, int, int64_t, int64_t, int64_t, float, const float *, int64_t, const float *, int64_t,
                        float, float *, int64_t);

static void columns_of(const float *image, int c, int h, int w, float *columns)
{
    for (int channel = 0; channel < c; ++channel, image += (ptrdiff_t)h * w)
        for (int p = -1; p <= 1; ++p)
            for (int q = -1; q <= 1; ++q, columns += (ptrdiff_t)h * w)
                for (int i = 0; i < h; ++i) {
                    float *row = columns + (ptrdiff_t)i * w;
                    if (i + p < 0 || i + p >= h) {
                        memset(row, 0, sizeof(float) * (size_t)w);
                        continue;
                    }
                    const float *from = image + (ptrdiff_t)(i + p) * w;
                    if (q < 0) {
                        row[0] = 0;
                        memcpy(row + 1, from, sizeof(float) * (size_t)(w - 1));
                    } else if (q > 0) {
                        memcpy(row, from + 1, sizeof(float) * (size_t)(w - 1));
                        row[w - 1] = 0;
                    } else {
                        memcpy(row, from, sizeof(float) * (size_t)w);
                    }
                }
}

void convolve(void *sgemm, int wide, int n, int c, int k, int h, int w, const float *x, const float *filters,
              float *columns, float *y)
{
    const int row_major = 101, plain = 111, depth = 9 * c, width = h * w;
    for (int image = 0; image < n; ++image, x += (ptrdiff_t)c * width, y += (ptrdiff_t)k * width) {
        columns_of(x, c, h, w, columns);
        if (wide)
            ((sgemm64)sgemm)(row_major, plain, plain, k, width, depth, 1.0F, filters, depth, columns, width, 0.0F, y, width);
        else
            ((sgemm32)sgemm)(row_major, plain, plain, k, width, depth, 1.0F, filters, depth, columns, width, 0.0F, y, width);
    }
}
