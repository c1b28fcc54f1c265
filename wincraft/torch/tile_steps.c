/* SPDX-License-Identifier: Apache-2.0
 *
 * A step of Winograd-aware training over images, in float32, a few tiles and LANES channels at a time; see native.py.
 *
 * Transforms are steps Y = ratio * (P (gain * X) Q^T) of tiles X of b x d values to Y of a x c. Values of a tile t lie at
 * data[base[t] + offset[place] + channel]. Rounded values are kept as 16-bit integers (places, tiles, channels) before
 * they are clipped.
 */

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#ifndef LANES
#define LANES 16
#endif

enum { SIDE = 12, TILE = SIDE * SIDE, BLOCK = 32, STEPS = 8 };

typedef float vec __attribute__((vector_size(4 * LANES)));
typedef int32_t ints __attribute__((vector_size(4 * LANES)));
typedef int16_t shorts __attribute__((vector_size(2 * LANES)));

/* Rounded values, and what they are clipped to; nothing is rounded where there is no data. */
struct kept {
    int16_t *data;
    float low, high;
};

/* A step, what is kept behind it, and the gradients of its factors, which are added to; NULL where none is wanted. */
struct step {
    int32_t a, b, c, d;
    const float *P, *Q, *ratio, *gain;
    struct kept kept;
    float *of_P, *of_Q, *of_ratio, *of_gain;
};

/* Images (N, H, W, channels) in tiles, rows and columns of them, at steps of m. */
struct images {
    float *data;
    int64_t H, W, channels, rows, columns, m[2];
};

/* Some of the tiles of a batch: `count` of them, of `all`, from `first`. */
struct span {
    int64_t first, count, all;
};

struct values {
    float *data;
    int64_t channels, base[BLOCK], offset[TILE];
};

/* Sums over lanes to come. */
struct sums {
    vec P[TILE], Q[TILE], ratio[TILE], gain[TILE];
};

static inline vec load(const float *at, int64_t n)
{
    vec x = {0};
    if (n >= LANES)
        memcpy(&x, at, sizeof x);
    else
        memcpy(&x, at, n * sizeof *at);
    return x;
}

static inline void store(float *at, vec x, int64_t n)
{
    if (n >= LANES)
        memcpy(at, &x, sizeof x);
    else
        memcpy(at, &x, n * sizeof *at);
}

static inline vec load_kept(const int16_t *at, int64_t n)
{
    shorts x = {0};
    if (n >= LANES)
        memcpy(&x, at, sizeof x);
    else
        memcpy(&x, at, n * sizeof *at);
    return __builtin_convertvector(x, vec);
}

static inline void store_kept(int16_t *at, vec x, int64_t n)
{
    shorts k = __builtin_convertvector(__builtin_convertvector(x, ints), shorts);
    if (n >= LANES)
        memcpy(at, &k, sizeof k);
    else
        memcpy(at, &k, n * sizeof *at);
}

static inline vec where(ints mask, vec x, vec y) { return (vec)(((ints)x & mask) | ((ints)y & ~mask)); }

/* NaN stays NaN. */
static inline vec clip(vec x, float low, float high)
{
    const vec bottom = (vec){0} + low, top = (vec){0} + high;
    x = where(x > top, top, x);
    return where(x < bottom, bottom, x);
}

/* To the nearest integer, half to even; what a 16-bit integer does not hold is its largest. */
static inline vec nearest(vec x)
{
    const float unit = 12582912.0f; /* 1.5 * 2^23: sums with it have no fraction */
    return (clip(x, -32767.0f, 32767.0f) + unit) - unit;
}

static inline vec inside(vec x, vec rounded, struct kept ends)
{
    const vec zero = {0};
    return where((rounded < zero + ends.low) | (rounded > zero + ends.high), zero, x);
}

static void in_images(struct values *v, const struct images *x, struct span span, int sides[2])
{
    v->data = x->data;
    v->channels = x->channels;
    for (int64_t at = 0; at < span.count; at++) {
        const int64_t tile = span.first + at, column = tile % x->columns, row = tile / x->columns % x->rows;
        const int64_t image = tile / (x->columns * x->rows);
        v->base[at] = ((image * x->H + row * x->m[0]) * x->W + column * x->m[1]) * x->channels;
    }
    for (int i = 0; i < sides[0]; i++)
        for (int j = 0; j < sides[1]; j++)
            v->offset[i * sides[1] + j] = (i * x->W + j) * x->channels;
}

static void in_rows(struct values *v, float *data, int places, struct span span, int64_t channels)
{
    v->data = data;
    v->channels = channels;
    for (int64_t at = 0; at < span.count; at++)
        v->base[at] = at * channels;
    for (int64_t place = 0; place < places; place++)
        v->offset[place] = place * span.count * channels;
}

/* Where the values of a place and tile are kept. */
static inline int16_t *at_kept(struct kept kept, struct span span, int64_t place, int64_t tile, int64_t channels)
{
    return kept.data + (place * span.all + span.first + tile) * channels;
}

static inline __attribute__((always_inline)) void
forward(int a, int b, int c, int d, const struct step *s, struct span span, const struct values *in,
        const struct values *out)
{
    const int64_t channels = in->channels;
    const struct kept kept = s->kept;
    for (int64_t tile = 0; tile < span.count; tile++)
        for (int64_t channel = 0; channel < channels; channel += LANES) {
            const int64_t n = channels - channel;
            const float *from = in->data + in->base[tile] + channel;
            float *to = out->data + out->base[tile] + channel;
            vec Z[TILE];
            for (int l = 0; l < d; l++) {
                vec x[SIDE];
                for (int k = 0; k < b; k++)
                    x[k] = load(from + in->offset[k * d + l], n) * s->gain[k * d + l];
                for (int i = 0; i < a; i++) {
                    vec z = s->P[i * b] * x[0];
                    for (int k = 1; k < b; k++)
                        z += s->P[i * b + k] * x[k];
                    Z[i * d + l] = z;
                }
            }
            for (int i = 0; i < a; i++)
                for (int j = 0; j < c; j++) {
                    vec y = s->Q[j * d] * Z[i * d];
                    for (int l = 1; l < d; l++)
                        y += s->Q[j * d + l] * Z[i * d + l];
                    y *= s->ratio[i * c + j];
                    if (kept.data) {
                        y = nearest(y);
                        store_kept(at_kept(kept, span, i * c + j, tile, channels) + channel, y, n);
                        y = clip(y, kept.low, kept.high);
                    }
                    store(to + out->offset[i * c + j], y, n);
                }
        }
}

/* Of the gradient of what a step gives, that of what it takes, added to it or in its place, and of its factors, added.
 * What it took are values, or what was kept of them. The gradient of what was clipped, behind it too, is 0. */
static inline __attribute__((always_inline)) void
backward(int a, int b, int c, int d, const struct step *s, struct span span, const struct values *of_out,
         struct kept after, const struct values *in, struct kept before, const struct values *of_in, int adds,
         struct sums *sums)
{
    const int64_t channels = of_out->channels;
    for (int64_t tile = 0; tile < span.count; tile++)
        for (int64_t channel = 0; channel < channels; channel += LANES) {
            const int64_t n = channels - channel;
            vec G[TILE], X[TILE], Z[TILE], of_Z[TILE];
            const float *from = of_out->data + of_out->base[tile] + channel;
            for (int t = 0; t < a * c; t++) {
                G[t] = load(from + of_out->offset[t], n);
                if (after.data)
                    G[t] = inside(G[t], load_kept(at_kept(after, span, t, tile, channels) + channel, n), after);
            }
            if (sums) {
                for (int t = 0; t < b * d; t++) {
                    if (before.data)
                        X[t] = clip(load_kept(at_kept(before, span, t, tile, channels) + channel, n), before.low,
                                    before.high);
                    else
                        X[t] = load(in->data + in->base[tile] + in->offset[t] + channel, n);
                    X[t] *= s->gain[t];
                }
                for (int l = 0; l < d; l++)
                    for (int i = 0; i < a; i++) {
                        vec z = s->P[i * b] * X[l];
                        for (int k = 1; k < b; k++)
                            z += s->P[i * b + k] * X[k * d + l];
                        Z[i * d + l] = z;
                    }
                if (s->of_ratio)
                    for (int i = 0; i < a; i++)
                        for (int j = 0; j < c; j++) {
                            vec y = s->Q[j * d] * Z[i * d];
                            for (int l = 1; l < d; l++)
                                y += s->Q[j * d + l] * Z[i * d + l];
                            sums->ratio[i * c + j] += y * G[i * c + j];
                        }
            }
            for (int t = 0; t < a * c; t++)
                G[t] *= s->ratio[t];
            for (int i = 0; i < a; i++)
                for (int l = 0; l < d; l++) {
                    vec z = s->Q[l] * G[i * c];
                    for (int j = 1; j < c; j++)
                        z += s->Q[j * d + l] * G[i * c + j];
                    of_Z[i * d + l] = z;
                }
            if (sums && (s->of_P || s->of_Q)) {
                for (int j = 0; j < c; j++)
                    for (int l = 0; l < d; l++) {
                        vec q = G[j] * Z[l];
                        for (int i = 1; i < a; i++)
                            q += G[i * c + j] * Z[i * d + l];
                        sums->Q[j * d + l] += q;
                    }
                for (int i = 0; i < a; i++)
                    for (int k = 0; k < b; k++) {
                        vec p = of_Z[i * d] * X[k * d];
                        for (int l = 1; l < d; l++)
                            p += of_Z[i * d + l] * X[k * d + l];
                        sums->P[i * b + k] += p;
                    }
            }
            for (int l = 0; l < d; l++)
                for (int k = 0; k < b; k++) {
                    const int t = k * d + l;
                    vec x = s->P[k] * of_Z[l];
                    for (int i = 1; i < a; i++)
                        x += s->P[i * b + k] * of_Z[i * d + l];
                    if (sums && s->of_gain)
                        sums->gain[t] += x * X[t];
                    if (!of_in->data)
                        continue;
                    x *= s->gain[t];
                    if (before.data)
                        x = inside(x, load_kept(at_kept(before, span, t, tile, channels) + channel, n), before);
                    float *to = of_in->data + of_in->base[tile] + of_in->offset[t] + channel;
                    store(to, adds ? load(to, n) + x : x, n);
                }
        }
}

/* The sizes of F(2,3), F(4,3), F(6,3), and of F(4,3) of rank 7, have loops of their own. */
#define OF_SIZE(run, ...)                                                                                             \
    do {                                                                                                              \
        const int size = s->a == s->c && s->b == s->d ? 16 * s->a + s->b : 0;                                         \
        switch (size) {                                                                                               \
        case 0x24: run(2, 4, 2, 4, __VA_ARGS__); break;                                                               \
        case 0x44: run(4, 4, 4, 4, __VA_ARGS__); break;                                                               \
        case 0x46: run(4, 6, 4, 6, __VA_ARGS__); break;                                                               \
        case 0x66: run(6, 6, 6, 6, __VA_ARGS__); break;                                                               \
        case 0x47: run(4, 7, 4, 7, __VA_ARGS__); break;                                                               \
        case 0x76: run(7, 6, 7, 6, __VA_ARGS__); break;                                                               \
        case 0x68: run(6, 8, 6, 8, __VA_ARGS__); break;                                                               \
        case 0x88: run(8, 8, 8, 8, __VA_ARGS__); break;                                                               \
        default: run(s->a, s->b, s->c, s->d, __VA_ARGS__);                                                            \
        }                                                                                                             \
    } while (0)

static void step_forward(const struct step *s, struct span span, const struct values *in, const struct values *out)
{
    OF_SIZE(forward, s, span, in, out);
}

static void step_backward(const struct step *s, struct span span, const struct values *of_out, struct kept after,
                          const struct values *in, struct kept before, const struct values *of_in, int adds,
                          struct sums *sums)
{
    OF_SIZE(backward, s, span, of_out, after, in, before, of_in, adds, sums);
}

/* C = A B, or C + A B, of (rows, inner) and (inner, columns); B and C have rows side by side, A strides. */
static void multiply(int64_t rows, int64_t inner, int64_t columns, const float *A, int64_t down, int64_t along,
                     const float *B, float *C, int adds)
{
    enum { HIGH = 8, WIDE = 2 };
    for (int64_t column = 0; column < columns; column += WIDE * LANES)
        for (int64_t row = 0; row < rows; row += HIGH) {
            const int64_t n = columns - column;
            const int wide = n > LANES ? 2 : 1, high = rows - row < HIGH ? (int)(rows - row) : HIGH;
            const float *from = A + row * down;
            vec sum[HIGH][WIDE] = {{{0}}};
            if (high == HIGH && n >= WIDE * LANES)
                for (int64_t k = 0; k < inner; k++) {
                    const vec first = load(B + k * columns + column, LANES);
                    const vec second = load(B + k * columns + column + LANES, LANES);
                    for (int i = 0; i < HIGH; i++) {
                        sum[i][0] += from[i * down + k * along] * first;
                        sum[i][1] += from[i * down + k * along] * second;
                    }
                }
            else if (high == HIGH && n == LANES)
                for (int64_t k = 0; k < inner; k++) {
                    const vec first = load(B + k * columns + column, LANES);
                    for (int i = 0; i < HIGH; i++)
                        sum[i][0] += from[i * down + k * along] * first;
                }
            else
                for (int64_t k = 0; k < inner; k++)
                    for (int w = 0; w < wide; w++) {
                        const vec first = load(B + k * columns + column + w * LANES, n - w * LANES);
                        for (int i = 0; i < high; i++)
                            sum[i][w] += from[i * down + k * along] * first;
                    }
            for (int i = 0; i < high; i++)
                for (int w = 0; w < wide; w++) {
                    float *to = C + (row + i) * columns + column + w * LANES;
                    store(to, adds ? load(to, n - w * LANES) + sum[i][w] : sum[i][w], n - w * LANES);
                }
        }
}

struct work {
    struct images x, y;
    struct step *steps;
    int32_t of_input, of_output;
    const float *V; /* (taps, C, K), or (taps, K, C) for the gradient of x */
    struct kept products;
    float *of_V;
    int64_t tiles;
    int32_t n[2];
};

static int learns(const struct step *s) { return s->of_P || s->of_Q || s->of_ratio || s->of_gain; }

static int64_t largest(const struct work *w)
{
    int64_t found = 0, channels = w->x.channels > w->y.channels ? w->x.channels : w->y.channels;
    for (int k = 0; k < w->of_input + w->of_output; k++) {
        const struct step *s = w->steps + k;
        const int64_t given = s->a * s->c, taken = s->b * s->d;
        found = given > found ? given : found;
        found = taken > found ? taken : found;
    }
    return found * channels * BLOCK;
}

/* Tiles from one to another; 0, or 1 where there is no memory. */
int wincraft_forward(const struct work *w, int64_t begin, int64_t end)
{
    const int64_t size = largest(w), C = w->x.channels, K = w->y.channels;
    const int count = w->of_input + w->of_output, taps = w->steps[w->of_input].b * w->steps[w->of_input].d;
    float *scratch = malloc(2 * size * sizeof *scratch);
    if (!scratch)
        return 1;
    struct values in, out;
    for (int64_t first = begin; first < end; first += BLOCK) {
        const struct span span = {first, end - first < BLOCK ? end - first : BLOCK, w->tiles};
        float *from = scratch, *to = scratch + size, *swap;
        in_images(&in, &w->x, span, (int[]){w->n[0], w->n[1]});
        for (int k = 0; k < count; k++) {
            const struct step *s = w->steps + k;
            if (k == w->of_input) {
                for (int64_t t = 0; t < taps; t++) {
                    float *M = to + t * span.count * K;
                    multiply(span.count, C, K, from + t * span.count * C, C, 1, w->V + t * C * K, M, 0);
                    int16_t *kept = at_kept(w->products, span, t, 0, K);
                    for (int64_t at = 0; at < span.count * K; at += LANES) {
                        const vec m = nearest(load(M + at, span.count * K - at));
                        store_kept(kept + at, m, span.count * K - at);
                        store(M + at, clip(m, w->products.low, w->products.high), span.count * K - at);
                    }
                }
                swap = from, from = to, to = swap;
                in_rows(&in, from, taps, span, K);
            }
            if (k == count - 1)
                in_images(&out, &w->y, span, (int[]){s->a, s->c});
            else
                in_rows(&out, to, s->a * s->c, span, in.channels);
            step_forward(s, span, &in, &out);
            swap = from, from = to, to = swap;
            in_rows(&in, from, s->a * s->c, span, in.channels);
        }
    }
    free(scratch);
    return 0;
}

static float total(vec x)
{
    float sum = 0;
    for (int lane = 0; lane < LANES; lane++)
        sum += x[lane];
    return sum;
}

static void add(float *to, const vec *sums, int count)
{
    for (int t = 0; to && t < count; t++)
        to[t] += total(sums[t]);
}

/* As forward; y holds the gradient of y, and that of x is added to of_x unless it is NULL. */
int wincraft_backward(const struct work *w, float *of_x, int64_t begin, int64_t end)
{
    const int64_t size = largest(w), C = w->x.channels, K = w->y.channels;
    const int count = w->of_input + w->of_output, taps = w->steps[w->of_input].b * w->steps[w->of_input].d;
    const struct kept none = {0};
    int learned = 0;
    for (int k = 0; k < w->of_input; k++)
        learned |= learns(w->steps + k);
    float *scratch = malloc(3 * size * sizeof *scratch);
    struct sums *sums = aligned_alloc(sizeof(vec), count * sizeof *sums);
    if (!scratch || !sums) {
        free(scratch);
        free(sums);
        return 1;
    }
    memset(sums, 0, count * sizeof *sums);
    struct values of_out, in, of_in;
    for (int64_t first = begin; first < end; first += BLOCK) {
        const struct span span = {first, end - first < BLOCK ? end - first : BLOCK, w->tiles};
        float *from = scratch, *to = scratch + size, *U = scratch + 2 * size, *swap;
        for (int k = count - 1; k >= 0; k--) {
            const struct step *s = w->steps + k;
            struct kept after = none, before = k == w->of_input ? w->products : k ? s[-1].kept : none;
            if (k == count - 1) {
                in_images(&of_out, &w->y, span, (int[]){s->a, s->c});
                after = s->kept;
            } else if (k == w->of_input - 1) {
                after = s->kept;
                for (int64_t t = 0; t < taps; t++) {
                    const int16_t *kept = at_kept(after, span, t, 0, C);
                    float *u = U + t * span.count * C, *of_M = from + t * span.count * K;
                    for (int64_t at = 0; w->of_V && at < span.count * C; at += LANES)
                        store(u + at, clip(load_kept(kept + at, span.count * C - at), after.low, after.high),
                              span.count * C - at);
                    if (w->of_V)
                        multiply(C, span.count, K, u, 1, C, of_M, w->of_V + t * C * K, 1);
                    if (of_x || learned)
                        multiply(span.count, K, C, of_M, K, 1, w->V + t * C * K, to + t * span.count * C, 0);
                }
                if (!of_x && !learned)
                    break;
                swap = from, from = to, to = swap;
                in_rows(&of_out, from, s->a * s->c, span, C);
            } else
                in_rows(&of_out, from, s->a * s->c, span, of_out.channels);
            in_rows(&of_in, to, s->b * s->d, span, of_out.channels);
            if (!k) {
                in_images(&in, &w->x, span, (int[]){w->n[0], w->n[1]});
                of_in = in;
                of_in.data = of_x;
            }
            step_backward(s, span, &of_out, after, &in, before, &of_in, !k, learns(s) ? sums + k : 0);
            swap = from, from = to, to = swap;
        }
    }
    for (int k = 0; k < count; k++) {
        const struct step *s = w->steps + k;
        add(s->of_P, sums[k].P, s->a * s->b);
        add(s->of_Q, sums[k].Q, s->c * s->d);
        add(s->of_ratio, sums[k].ratio, s->a * s->c);
        for (int t = 0; s->of_gain && t < s->b * s->d; t++)
            s->of_gain[t] += total(sums[k].gain[t]) / s->gain[t]; /* of values times their gains */
    }
    free(scratch);
    free(sums);
    return 0;
}
