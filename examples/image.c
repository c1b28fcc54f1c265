/* SPDX-License-Identifier: Apache-2.0
 *
 * Convolve a whole image with a 3x3 filter by Winograd's F(4x4,3x3), in float, double and integers, and compare with
 * direct convolution. Neither side of the image is a multiple of the 4x4 tile; zero padding keeps its size.
 *
 * image.sh generates f4x4.h, compiles and runs this file:  wincraft generate 4x4,3x3 --format c -o f4x4.h
 */

#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>

#include "f4x4.h"

enum { HEIGHT = 61, WIDTH = 47, PADDING = 1 };
enum { M = WINCRAFT_F4X4_3X3_M0, R = WINCRAFT_F4X4_3X3_R0, N = WINCRAFT_F4X4_3X3_N0 };
enum { RANK = WINCRAFT_F4X4_3X3_RANK, LINE_RANK = WINCRAFT_F4X4_3X3_RANK0 };

/* Whole tiles cover the output; the last row and column of tiles may reach beyond it. */
enum { OUT_HEIGHT = HEIGHT + 2 * PADDING - R + 1, OUT_WIDTH = WIDTH + 2 * PADDING - R + 1 };
enum { TILE_ROWS = (OUT_HEIGHT + M - 1) / M, TILE_COLUMNS = (OUT_WIDTH + M - 1) / M };
enum { PADDED_HEIGHT = TILE_ROWS * M + R - 1, PADDED_WIDTH = TILE_COLUMNS * M + R - 1 };
enum { TILED_WIDTH = TILE_COLUMNS * M };

static int8_t image[HEIGHT][WIDTH];
static int8_t filter[R][R];
static int64_t direct[OUT_HEIGHT][OUT_WIDTH];

/* convolve_SUFFIX(): pads the image, transforms the filter once, then every tile; y is TILE_ROWS * M rows of
 * TILED_WIDTH values, of which the first OUT_HEIGHT x OUT_WIDTH are the output. With several channels, M would be
 * summed over all of them before the output transform. */
#define DEFINE_CONVOLVE(SUFFIX, DATA, TAP, SUM)                                                       \
    static void convolve_##SUFFIX(SUM *y)                                                             \
    {                                                                                                 \
        static DATA padded[PADDED_HEIGHT][PADDED_WIDTH]; /* zeros */                                  \
        DATA g[R * R];                                                                                \
        TAP v[RANK], u[RANK];                                                                         \
        SUM m[RANK];                                                                                  \
        for (int i = 0; i < HEIGHT; ++i) {                                                            \
            for (int j = 0; j < WIDTH; ++j) {                                                         \
                padded[i + PADDING][j + PADDING] = (DATA)image[i][j];                                 \
            }                                                                                         \
        }                                                                                             \
        for (int k = 0; k < R * R; ++k) {                                                             \
            g[k] = (DATA)filter[k / R][k % R];                                                        \
        }                                                                                             \
        wincraft_f4x4_3x3_filter_##SUFFIX(g, v);                                                      \
        for (int row = 0; row < TILE_ROWS * M; row += M) {                                            \
            for (int column = 0; column < TILE_COLUMNS * M; column += M) {                            \
                wincraft_f4x4_3x3_input_##SUFFIX(&padded[row][column], PADDED_WIDTH, u);              \
                for (int k = 0; k < RANK; ++k) {                                                      \
                    m[k] = (SUM)u[k] * (SUM)v[k];                                                     \
                }                                                                                     \
                wincraft_f4x4_3x3_output_##SUFFIX(m, y + row * TILED_WIDTH + column, TILED_WIDTH);    \
            }                                                                                         \
        }                                                                                             \
    }

DEFINE_CONVOLVE(f32, float, float, float)
DEFINE_CONVOLVE(f64, double, double, double)
DEFINE_CONVOLVE(int, int8_t, int32_t, int64_t)

static float y_f32[TILE_ROWS * M * TILED_WIDTH];
static double y_f64[TILE_ROWS * M * TILED_WIDTH];
static int64_t y_int[TILE_ROWS * M * TILED_WIDTH];

static uint32_t state = 1;

/* The next number, in [-128, 127], of a small linear congruential generator. */
static int8_t next_int8(void)
{
    state = 1664525u * state + 1013904223u;
    return (int8_t)((int)(state >> 24) - 128);
}

static void convolve_directly(void)
{
    for (int i = 0; i < OUT_HEIGHT; ++i) {
        for (int j = 0; j < OUT_WIDTH; ++j) {
            for (int p = 0; p < R; ++p) {
                for (int q = 0; q < R; ++q) {
                    const int row = i + p - PADDING, column = j + q - PADDING;
                    if (row >= 0 && row < HEIGHT && column >= 0 && column < WIDTH) {
                        direct[i][j] += (int64_t)image[row][column] * filter[p][q];
                    }
                }
            }
        }
    }
}

/* The largest factor by which the three matrices of one axis can amplify |d| |g|: max_i sum_k |A_ik| |G_k|_1 |B_k|_1. */
static double amplification(void)
{
    double largest = 0.0;
    for (int i = 0; i < M; ++i) {
        double sum = 0.0;
        for (int k = 0; k < LINE_RANK; ++k) {
            double g = 0.0, b = 0.0;
            for (int j = 0; j < R; ++j) {
                g += fabs(wincraft_f4x4_3x3_G_f64[k][j]);
            }
            for (int l = 0; l < N; ++l) {
                b += fabs(wincraft_f4x4_3x3_BT_f64[k][l]);
            }
            sum += fabs(wincraft_f4x4_3x3_AT_f64[i][k]) * g * b;
        }
        largest = fmax(largest, sum);
    }
    return largest;
}

/* A proved bound on the rounding error for |d|, |g| <= 128. A term meets, per axis, at most R + 1 roundings in the
 * filter transform (its coefficient, its product, R - 1 sums), N + 1 in the input and LINE_RANK + 1 in the output
 * transform, and one product; 4 more cover a scale other than 1 and the rounding of this bound. k roundings with
 * unit u change a term by at most k u / (1 - k u) of its magnitude. */
static double error_bound(double unit)
{
    const double roundings = 2.0 * ((R + 1) + (N + 1) + (LINE_RANK + 1)) + 1.0 + 4.0;
    const double axis = amplification();
    return roundings * unit / (1.0 - roundings * unit) * axis * axis * 128.0 * 128.0;
}

int main(void)
{
    for (int k = 0; k < HEIGHT * WIDTH; ++k) {
        image[k / WIDTH][k % WIDTH] = next_int8();
    }
    for (int k = 0; k < R * R; ++k) {
        filter[k / R][k % R] = next_int8();
    }
    convolve_directly();
    convolve_f32(y_f32);
    convolve_f64(y_f64);
    convolve_int(y_int);

    double error_f32 = 0.0, error_f64 = 0.0;
    int wrong = 0;
    for (int i = 0; i < OUT_HEIGHT; ++i) {
        for (int j = 0; j < OUT_WIDTH; ++j) {
            const double expected = (double)direct[i][j]; /* below 2^53: exact */
            error_f32 = fmax(error_f32, fabs((double)y_f32[i * TILED_WIDTH + j] - expected));
            error_f64 = fmax(error_f64, fabs(y_f64[i * TILED_WIDTH + j] - expected));
            wrong += y_int[i * TILED_WIDTH + j] != direct[i][j];
        }
    }
    const double bound_f32 = error_bound(FLT_EPSILON / 2.0), bound_f64 = error_bound(DBL_EPSILON / 2.0);
    printf("%dx%d image, %dx%d filter, %d tiles of %dx%d\n", HEIGHT, WIDTH, R, R, TILE_ROWS * TILE_COLUMNS, M, M);
    printf("float    max error %.3g, bound %.3g\n", error_f32, bound_f32);
    printf("double   max error %.3g, bound %.3g\n", error_f64, bound_f64);
    printf("integer  %d of %d outputs differ\n", wrong, OUT_HEIGHT * OUT_WIDTH);
    return wrong == 0 && error_f32 <= bound_f32 && error_f64 <= bound_f64 ? 0 : 1;
}
