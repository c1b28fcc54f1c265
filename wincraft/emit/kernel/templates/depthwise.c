/* What is prepared: for every block of LANES channels TAPS rows of V, then R1 of the filter itself. */
enum { BLOCK = (TAPS + R1) * LANES };

static ptrdiff_t outputs_of(const wincraft_depthwise *conv)
{
    return (ptrdiff_t)conv->length + conv->pad_left + conv->pad_right - R1 + 1;
}

/* Whether offsets of all elements are numbers of the machine, and elements of y have places of their own. */
static int strides_fit(ptrdiff_t n, ptrdiff_t t, ptrdiff_t c, ptrdiff_t s_n, ptrdiff_t s_t, ptrdiff_t s_c, int apart)
{
    const ptrdiff_t size[3] = {n, t, c}, stride[3] = {s_n, s_t, s_c};
    const double most = (double)PTRDIFF_MAX / 2 / (double)sizeof(float);
    double reach = 0;
    int i, j;
    for (i = 0; i < 3; ++i) {
        if (stride[i] < 0) return 0;
        reach += (double)(size[i] - 1) * (double)stride[i];
    }
    if (reach > most) return 0;
    for (i = 0; i < 3 && apart; ++i) { /* each stride clears what smaller ones reach */
        ptrdiff_t below = 0;
        for (j = 0; j < 3; ++j)
            if (stride[j] < stride[i] || (stride[j] == stride[i] && j < i)) below += (size[j] - 1) * stride[j];
        if (size[i] > 1 && stride[i] <= below) return 0;
    }
    return 1;
}

int ${prefix}_check(const wincraft_depthwise *conv)
{
    if (!conv || conv->n < 1 || conv->length < 1 || conv->c < 1 || conv->pad_left < 0 || conv->pad_right < 0 ||
        (conv->flags & ~WINCRAFT_DEPTHWISE_DIRECT) ||
        (int64_t)conv->length + conv->pad_left + conv->pad_right > INT32_MAX || outputs_of(conv) < 1)
        return -1;
    if (!strides_fit(conv->n, conv->length, conv->c, conv->x_n, conv->x_t, conv->x_c, 0) ||
        !strides_fit(conv->n, outputs_of(conv), conv->c, conv->y_n, conv->y_t, conv->y_c, 1))
        return -1;
    return 0;
}

size_t ${prefix}_filter_size(const wincraft_depthwise *conv)
{
    if (${prefix}_check(conv) || (size_t)conv->c > SIZE_MAX / sizeof(float) / BLOCK - 1) return 0;
    return ((size_t)conv->c + LANES - 1) / LANES * BLOCK * sizeof(float);
}

int ${prefix}_prepare(const wincraft_depthwise *conv, const float *filter, void *prepared)
{
    float *v = (float *)prepared;
    ptrdiff_t c, q, lane;
    if (${prefix}_check(conv) || !filter || !prepared || (uintptr_t)prepared % 64) return -1;
    for (c = 0; c < conv->c; c += LANES, v += BLOCK) {
        float g[R1 * COLUMNS] = {0};
        for (q = 0; q < R1; ++q)
            for (lane = 0; lane < LANES; ++lane) {
                const float w = c + lane < conv->c ? filter[(c + lane) * R1 + q] : 0.0F;
                g[q * COLUMNS + lane] = w;
                v[(TAPS + q) * LANES + lane] = w;
            }
        filter_tile(g, v, LANES);
    }
    return 0;
}

/* M1 outputs of LANES channels from N1 data at steps of the time, of vectors of data. */
static inline void compute_tile(const data_t *d, ptrdiff_t step, const float *v, int direct, vf bias, vf lo, vf hi,
                                data_t *y, ptrdiff_t y_step)
{
    float u[TAPS * LANES], m[TAPS * LANES];
    ptrdiff_t i, q;
    if (direct) {
        for (i = 0; i < M1; ++i) {
            vf sum = bias;
            for (q = 0; q < R1; ++q) sum += load_data(d + (i + q) * step) * load(v + (TAPS + q) * LANES);
            store_data(y + i * y_step, clamp(sum, lo, hi));
        }
        return;
    }
    input_tile(d, 0, step, u, LANES);
    for (i = 0; i < TAPS; ++i) store(m + i * LANES, load(u + i * LANES) * load(v + i * LANES));
    output_tile(m, LANES, bias, lo, hi, y, 0, y_step);
}

int ${prefix}_run(const wincraft_depthwise *conv, const $data_type *x, const void *prepared, const float *bias, float lo,
    float hi, $data_type *y, int thread, int threads)
{
    const vf low = broadcast(lo), high = broadcast(hi);
    ptrdiff_t blocks, unit, length, t, i, lane;
    if (${prefix}_check(conv) || !x || !prepared || !y || (uintptr_t)prepared % 64 || thread < 0 || thread >= threads ||
        !(lo <= hi))
        return -1;
    blocks = ((ptrdiff_t)conv->c + LANES - 1) / LANES;
    length = outputs_of(conv);
    for (unit = thread; unit < conv->n * blocks; unit += threads) {
        const ptrdiff_t c = unit % blocks * LANES, n = unit / blocks, count = conv->c - c < LANES ? conv->c - c : LANES;
        const float *v = (const float *)prepared + unit % blocks * BLOCK;
        const data_t *from = x + n * conv->x_n + c * conv->x_c;
        data_t *to = y + n * conv->y_n + c * conv->y_c;
        const int direct = conv->flags & WINCRAFT_DEPTHWISE_DIRECT;
        float add[LANES] = {0};
        for (lane = 0; lane < count && bias; ++lane) add[lane] = bias[c + lane];
        for (t = 0; t < length; t += M1) {
            const ptrdiff_t start = t - conv->pad_left, rows = length - t < M1 ? length - t : (ptrdiff_t)M1;
            data_t d[N1 * LANES], z[M1 * LANES];
            const int inside = start >= 0 && start + N1 <= conv->length && conv->x_c == 1 && count == LANES;
            const int whole = rows == M1 && conv->y_c == 1 && count == LANES;
            for (i = 0; i < N1 && !inside; ++i)
                for (lane = 0; lane < LANES; ++lane)
                    d[i * LANES + lane] = start + i >= 0 && start + i < conv->length && lane < count
                                              ? from[(start + i) * conv->x_t + lane * conv->x_c]
                                              : to_storage(0.0F);
            compute_tile(inside ? from + start * conv->x_t : d, inside ? conv->x_t : LANES, v, direct, load(add), low,
                         high, whole ? to + t * conv->y_t : z, whole ? conv->y_t : LANES);
            for (i = 0; i < rows && !whole; ++i)
                for (lane = 0; lane < count; ++lane) to[(t + i) * conv->y_t + lane * conv->y_c] = z[i * LANES + lane];
        }
    }
    return 0;
}

#ifdef ${PREFIX}_MAIN
/* A program: without arguments a self-test, exit code 0 or 1; with bench N LENGTH C the least processor time of a run,
 * in ms, through the algorithm and direct, causal, channels last. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

static float random_number(void)
{
    static uint32_t state = 1;
    state = state * 1664525U + 1013904223U;
    return (float)(state >> 8) / 8388608.0F - 1.0F;
}

$memory

static wincraft_depthwise layer(int32_t n, int32_t length, int32_t c, int32_t right, int channels_last)
{
    wincraft_depthwise conv;
    memset(&conv, 0, sizeof conv);
    conv.n = n;
    conv.length = length;
    conv.c = c;
    conv.pad_left = R1 - 1;
    conv.pad_right = right;
    conv.x_n = (ptrdiff_t)length * c;
    conv.x_t = channels_last ? c : 1;
    conv.x_c = channels_last ? 1 : length;
    conv.y_n = outputs_of(&conv) * c;
    conv.y_t = channels_last ? c : 1;
    conv.y_c = channels_last ? 1 : outputs_of(&conv);
    return conv;
}

/* The largest error of one layer in parts of its bound; with least, the least milliseconds of some runs instead. */
static double measured(const wincraft_depthwise *conv, double *least)
{
    const size_t count = (size_t)(conv->n * conv->x_n), outputs = (size_t)(conv->n * conv->y_n);
    data_t *x = (data_t *)allocated(count * sizeof *x), *y = (data_t *)allocated(outputs * sizeof *y);
    float *g = (float *)allocated((size_t)conv->c * R1 * sizeof *g);
    void *prepared = allocated(${prefix}_filter_size(conv));
    double worst = 0.0;
    ptrdiff_t n, t, c, q;
    size_t l;
    int status, again;
    for (l = 0; l < count; ++l) x[l] = to_storage(random_number());
    for (l = 0; l < (size_t)conv->c * R1; ++l) g[l] = random_number();
    status = ${prefix}_prepare(conv, g, prepared);
    for (again = 0; again < (least ? 200 : 1); ++again) {
        const clock_t begin = clock();
        double spent;
        status += ${prefix}_run(conv, x, prepared, NULL, -INFINITY, INFINITY, y, 0, 2);
        status += ${prefix}_run(conv, x, prepared, NULL, -INFINITY, INFINITY, y, 1, 2);
        spent = (double)(clock() - begin) * 1000.0 / CLOCKS_PER_SEC;
        if (least && spent < *least) *least = spent;
    }
    for (n = 0; n < conv->n && !least; ++n)
        for (t = 0; t < outputs_of(conv); ++t)
            for (c = 0; c < conv->c; ++c) {
                const double found = from_storage(y[n * conv->y_n + t * conv->y_t + c * conv->y_c]);
                double exact = 0.0, wrong;
                for (q = 0; q < R1; ++q) {
                    const ptrdiff_t at = t + q - conv->pad_left;
                    if (at >= 0 && at < conv->length)
                        exact += (double)from_storage(x[n * conv->x_n + at * conv->x_t + c * conv->x_c]) * g[c * R1 + q];
                }
                wrong = fabs(found - exact) / ($error_of_one + STORAGE_EPSILON * (fabs(exact) + 1e-3));
                worst = wrong > worst ? wrong : worst;
            }
    release();
    return status ? 1e300 : worst;
}

int main(int argc, char **argv)
{
    static const int32_t sizes[][4] = {{1, 64, 32, 0}, {2, 37, 21, 3}, {1, 1, 5, 1}, {3, 18, 64, 0}};
    int failed = 0, variant;
    size_t i;
    if (argc == 5 && !strcmp(argv[1], "bench")) {
        double least[2] = {1e300, 1e300};
        wincraft_depthwise conv = layer(atoi(argv[2]), atoi(argv[3]), atoi(argv[4]), 0, 1);
        measured(&conv, least);
        conv.flags = WINCRAFT_DEPTHWISE_DIRECT;
        measured(&conv, least + 1);
        printf("%.4f %.4f\n", least[0], least[1]);
        return 0;
    }
    if (argc != 1) {
        fprintf(stderr, "usage: %s [bench N LENGTH C]\n", argv[0]);
        return 2;
    }
    for (i = 0; i < sizeof sizes / sizeof *sizes; ++i)
        for (variant = 0; variant < 4; ++variant) {
            wincraft_depthwise conv = layer(sizes[i][0], sizes[i][1], sizes[i][2], sizes[i][3], variant & 1);
            double worst;
            conv.flags = variant & 2 ? WINCRAFT_DEPTHWISE_DIRECT : 0;
            worst = measured(&conv, NULL);
            if (worst <= 1.0) continue;
            printf("n %d length %d c %d variant %d: error %.3g of its bound\n", (int)conv.n, (int)conv.length,
                   (int)conv.c, variant, worst);
            ++failed;
        }
    if (!failed) printf("all layers are right\n");
    return failed > 0;
}
#endif
