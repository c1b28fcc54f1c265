#ifdef ${PREFIX}_MAIN
/* A program: without arguments a self-test, exit code 0 or 1; with bench N H W C K the least processor time of a run, in
 * ms, by pieces and direct, NHWC; of three axes the depth is H, and K = 0 is depthwise. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

$random

$memory

$test

/* One output, from the definition. */
static $reference_type direct_sum(const wincraft_layer *layer, const sample_t *x, const filter_t *g, int32_t zero_point,
                                  ptrdiff_t n, const ptrdiff_t to[3], ptrdiff_t k)
{
    const ptrdiff_t channels = layer->c / layer->groups, filters = layer->k / layer->groups, group = k / filters;
    const ptrdiff_t taps = (ptrdiff_t)KERNEL[0] * KERNEL[1] * KERNEL[2];
    $reference_type all = 0;
    ptrdiff_t c, tap;
    for (tap = 0; tap < taps; ++tap) {
        const ptrdiff_t j[3] = {tap / KERNEL[2] / KERNEL[1], tap / KERNEL[2] % KERNEL[1], tap % KERNEL[2]};
        ptrdiff_t at = n * layer->x_n;
        int i, inside = 1;
        for (i = 0; i < 3; ++i) {
            const ptrdiff_t reached = to[i] + layer->before[i] - DILATION[i] * j[i];
            const ptrdiff_t place =
                TRANSPOSED ? reached / STRIDE[i] : to[i] * STRIDE[i] + DILATION[i] * j[i] - layer->before[i];
            if (place < 0 || place >= layer->size[i] || (TRANSPOSED && (reached < 0 || reached % STRIDE[i]))) inside = 0;
            at += place * layer->x[i];
        }
        for (c = 0; c < channels && inside; ++c) {
            const ptrdiff_t of = TRANSPOSED ? (group * channels + c) * filters + k % filters : k * channels + c;
            all += (($reference_type)x[at + (group * channels + c) * layer->x_c] - ($reference_type)zero_point) *
                   ($reference_type)g[of * taps + tap];
        }
    }
    return all;
}

static int make_layer(wincraft_layer *layer, const int32_t given[8], int channels_first)
{
    int32_t size[3];
    int i;
    memset(layer, 0, sizeof *layer);
    layer->n = given[0];
    layer->c = given[4];
    layer->k = given[5] ? given[5] : given[4];
    layer->groups = given[5] ? given[6] : given[4];
    for (i = 0; i < 3; ++i) {
        layer->size[i] = i < 3 - AXES ? 1 : given[1 + i];
        layer->before[i] = i < 3 - AXES || KERNEL[i] == 1 ? 0 : given[7] < 0 ? DILATION[i] * (KERNEL[i] - 1) / 2 : given[7];
        layer->after[i] = layer->before[i];
        layer->x[i] = layer->y[i] = 1;
    }
    layer->x_c = channels_first ? (ptrdiff_t)layer->size[0] * layer->size[1] * layer->size[2] : 1;
    layer->x[2] = channels_first ? 1 : layer->c;
    layer->x[1] = layer->x[2] * layer->size[2];
    layer->x[0] = layer->x[1] * layer->size[1];
    layer->x_n = layer->c * (ptrdiff_t)layer->size[0] * layer->size[1] * layer->size[2];
    {
        ptrdiff_t outputs[3];
        if (read_layer(layer, outputs) != WINCRAFT_OK) return 0;
        layer->y_c = channels_first ? outputs[0] * outputs[1] * outputs[2] : 1;
        layer->y[2] = channels_first ? 1 : layer->k;
        layer->y[1] = layer->y[2] * outputs[2];
        layer->y[0] = layer->y[1] * outputs[1];
        layer->y_n = layer->k * outputs[0] * outputs[1] * outputs[2];
    }
    return ${prefix}_check(layer, size) == WINCRAFT_OK;
}

/* Whether one layer agrees with the definition, computed by a number of threads in turn. */
static int test_layer(const wincraft_layer *layer, int threads, int kind)
{
    const size_t x_count = (size_t)(layer->n * layer->x_n), y_count = (size_t)(layer->n * layer->y_n);
    const size_t g_count = (size_t)layer->k * (size_t)(layer->c / layer->groups) *
                           (size_t)((ptrdiff_t)KERNEL[0] * KERNEL[1] * KERNEL[2]);
    sample_t *x = (sample_t *)allocated(x_count * sizeof *x);
    filter_t *g = (filter_t *)allocated(g_count * sizeof *g);
    sum_t *y = (sum_t *)allocated(y_count * sizeof *y), *bias = (sum_t *)allocated((size_t)layer->k * sizeof *bias);
    const size_t bytes = ${prefix}_work_size(layer, threads);
    void *prepared = allocated(${prefix}_filter_size(layer)), *work = allocated(bytes);
    ptrdiff_t size[3], to[3], n, k;
    double worst = 0.0;
    size_t l;
    int thread, status;
    for (l = 0; l < x_count; ++l) x[l] = random_sample(kind, l);
    for (l = 0; l < g_count; ++l) g[l] = random_tap(kind, l);
    for (k = 0; k < layer->k; ++k) bias[k] = random_bias();
    for (l = 0; l < y_count; ++l) y[l] = 77;
    status = test_prepare(layer, g, prepared);
    if (status == WINCRAFT_OVERFLOW && kind) return 0; /* extreme weights may not fit, and then are refused */
    for (thread = 0; thread < threads && status == WINCRAFT_OK; ++thread)
        status = test_run(layer, x, prepared, bias, y, work, bytes, thread, threads);
    read_layer(layer, size);
    for (n = 0; n < layer->n && status == WINCRAFT_OK; ++n)
        for (to[0] = 0; to[0] < size[0]; ++to[0])
            for (to[1] = 0; to[1] < size[1]; ++to[1])
                for (to[2] = 0; to[2] < size[2]; ++to[2])
                    for (k = 0; k < layer->k; ++k) {
                        const ptrdiff_t at = n * layer->y_n + to[0] * layer->y[0] + to[1] * layer->y[1] +
                                             to[2] * layer->y[2] + k * layer->y_c;
                        const double wrong = wrong_by(layer, y[at], direct_sum(layer, x, g, TEST_ZERO, n, to, k), bias[k]);
                        worst = wrong > worst ? wrong : worst;
                    }
    if (status == WINCRAFT_OK && worst <= 1.0) return 0;
    printf("n %d size %dx%dx%d c %d k %d groups %d flags %d: status %d, error %.3g of its bound\n", (int)layer->n,
           (int)layer->size[0], (int)layer->size[1], (int)layer->size[2], (int)layer->c, (int)layer->k,
           (int)layer->groups, (int)layer->flags, status, worst);
    return 1;
}

static int self_test(void)
{
    /* n, depth, height and width beyond the kernel's reach, c, k, groups and the padding; k 0 is depthwise */
    static const int32_t sizes[][8] = {{1, 2, 12, 13, 16, 32, 1, -1}, {2, 1, 9, 6, 24, 20, 2, 1}, {3, 3, 4, 5, 3, 5, 1, 0},
                                       {1, 2, 7, 8, 35, 0, 0, -1}, {1, 1, 17, 1, 10, 3, 1, 2}, {5, 1, 1, 1, 8, 17, 1, -1}};
    int failed = 0, variant, i;
    size_t number;
    for (number = 0; number < sizeof sizes / sizeof *sizes; ++number)
        for (variant = 0; variant < 6; ++variant) {
            wincraft_layer layer;
            int32_t given[8];
            memcpy(given, sizes[number], sizeof given);
            for (i = 0; i < 3; ++i) given[1 + i] += TRANSPOSED ? KERNEL[i] : DILATION[i] * (KERNEL[i] - 1);
            if (!make_layer(&layer, given, variant & 1)) {
                printf("layer %d is refused\n", (int)number);
                ++failed;
                continue;
            }
            layer.flags = variant == 3 ? WINCRAFT_DIRECT : 0;
            failed += test_layer(&layer, 1 + variant % 3, variant < 3 ? 0 : variant - 2);
            release();
        }
    if (failed)
        printf("%d layers are wrong\n", failed);
    else
        printf("all layers are right\n");
    return failed > 0;
}

static int bench(char **words)
{
    const int32_t given[8] = {atoi(words[0]), atoi(words[1]), atoi(words[1]), atoi(words[2]),
                              atoi(words[3]), atoi(words[4]), 1, -1};
    wincraft_layer layer;
    double least[2] = {1e300, 1e300};
    void *prepared[2], *work[2];
    size_t bytes[2], l, count;
    sample_t *x;
    filter_t *g;
    sum_t *y;
    int which, again, calls = 0;
    clock_t begin;
    if (!make_layer(&layer, given, 0)) {
        fprintf(stderr, "no such layer\n");
        return 2;
    }
    x = (sample_t *)allocated((size_t)(layer.n * layer.x_n) * sizeof *x);
    y = (sum_t *)allocated((size_t)(layer.n * layer.y_n) * sizeof *y);
    count = (size_t)layer.k * (size_t)(layer.c / layer.groups) * (size_t)((ptrdiff_t)KERNEL[0] * KERNEL[1] * KERNEL[2]);
    g = (filter_t *)allocated(count * sizeof *g);
    for (l = 0; l < (size_t)(layer.n * layer.x_n); ++l) x[l] = random_sample(0, l);
    for (l = 0; l < count; ++l) g[l] = random_tap(0, l);
    for (which = 0; which < 2; ++which) {
        layer.flags = which ? WINCRAFT_DIRECT : 0;
        bytes[which] = ${prefix}_work_size(&layer, 1);
        work[which] = allocated(bytes[which]);
        prepared[which] = allocated(${prefix}_filter_size(&layer));
        if (test_prepare(&layer, g, prepared[which]) != WINCRAFT_OK) return 1;
    }
    begin = clock();
    do
        for (which = 0; which < 2; ++which)
            for (again = 0; again < 3; ++again) {
                const clock_t start = clock();
                double spent;
                layer.flags = which ? WINCRAFT_DIRECT : 0;
                if (test_run(&layer, x, prepared[which], NULL, y, work[which], bytes[which], 0, 1) != WINCRAFT_OK) return 1;
                spent = (double)(clock() - start) * 1000.0 / CLOCKS_PER_SEC;
                least[which] = spent < least[which] ? spent : least[which];
            }
    while (++calls < 10 || clock() - begin < 2 * CLOCKS_PER_SEC);
    release();
    printf("%.4f %.4f\n", least[0], least[1]);
    return 0;
}

$command
#endif
