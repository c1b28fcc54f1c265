#ifdef ${PREFIX}_MAIN
/* A program: without arguments a self-test, exit code 0 or 1; with bench N H W C K the least processor time of a run, in
 * ms, through the algorithm and direct, "same" padding, NHWC, then 10^9 operations of the direct convolution a second. */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

$random

$memory

static void outputs_of(const wincraft_conv *conv, ptrdiff_t *oh, ptrdiff_t *ow)
{
    *oh = ((ptrdiff_t)conv->h + conv->pad_top + conv->pad_bottom - conv->r) / conv->stride_h + 1;
    *ow = ((ptrdiff_t)conv->w + conv->pad_left + conv->pad_right - conv->s) / conv->stride_w + 1;
}

static wincraft_conv layer(const int32_t size[5], int32_t pad_h, int32_t pad_w, int32_t stride, int channels_first)
{
    wincraft_conv conv;
    ptrdiff_t oh, ow;
    memset(&conv, 0, sizeof conv);
    conv.n = size[0];
    conv.h = size[1];
    conv.w = size[2];
    conv.c = size[3];
    conv.k = size[4];
    conv.r = R0;
    conv.s = R1;
    conv.pad_top = conv.pad_bottom = pad_h;
    conv.pad_left = conv.pad_right = pad_w;
    conv.stride_h = R0 > 1 ? stride : 1;
    conv.stride_w = stride;
    conv.groups = 1;
    outputs_of(&conv, &oh, &ow);
    conv.x_n = (ptrdiff_t)conv.h * conv.w * conv.c;
    conv.y_n = oh * ow * conv.k;
    conv.x_c = channels_first ? (ptrdiff_t)conv.h * conv.w : 1;
    conv.x_h = channels_first ? conv.w : (ptrdiff_t)conv.w * conv.c;
    conv.x_w = channels_first ? 1 : conv.c;
    conv.y_c = channels_first ? oh * ow : 1;
    conv.y_h = channels_first ? ow : ow * conv.k;
    conv.y_w = channels_first ? 1 : conv.k;
    return conv;
}

/* One output, from the definition: the sum of d * g and of its magnitude. */
static $reference_type direct_sum(const wincraft_conv *conv, const data_t *x, const filter_t *g, int32_t zero_point,
                                  ptrdiff_t n, ptrdiff_t i, ptrdiff_t j, ptrdiff_t k)
{
    const ptrdiff_t channels = conv->c / conv->groups, first = k / (conv->k / conv->groups) * channels;
    $reference_type sum_of_all = 0;
    ptrdiff_t c, p, q;
    for (c = 0; c < channels; ++c)
        for (p = 0; p < conv->r; ++p)
            for (q = 0; q < conv->s; ++q) {
                const ptrdiff_t h = i * conv->stride_h + p - conv->pad_top, w = j * conv->stride_w + q - conv->pad_left;
                if (h >= 0 && h < conv->h && w >= 0 && w < conv->w)
                    sum_of_all += (from_storage(x[n * conv->x_n + h * conv->x_h + w * conv->x_w + (first + c) * conv->x_c]) -
                                   ($reference_type)zero_point) *
                                  ($reference_type)g[((k * channels + c) * conv->r + p) * conv->s + q];
            }
    return sum_of_all;
}

$test

static int self_test(void)
{
    /* n, h, w, c, k and the padding: whole and broken tiles, blocks and panels */
    static const int32_t sizes[][6] = {{1, 12, 12, 16, 32, 1}, {2, 9, 7, 24, 20, 1}, {1, 5, 17, 8, 3, 2},
                                       {1, 20, 13, 33, 40, 0}, {3, 6, 6, 70, 17, 1}};
    int failed = 0, variant;
    size_t i;
    for (i = 0; i < sizeof sizes / sizeof *sizes; ++i)
        for (variant = 0; variant < 10; ++variant) {
            const int32_t *given = sizes[i], pad = given[5];
            const int32_t size[5] = {given[0], given[1] + R0, given[2] + R1, given[3], given[4]};
            wincraft_conv conv = layer(size, R0 > 1 ? pad : 0, pad, variant < 8 ? 1 : 2, variant & 1);
            ptrdiff_t oh, ow;
            conv.flags = variant < 2 || variant > 5 ? 0 : variant < 4 ? WINCRAFT_FILTER_ON_THE_FLY : WINCRAFT_DIRECT;
            if (variant >= 6 && size[3] % 2 == 0 && size[4] % 2 == 0) conv.groups = 2;
            outputs_of(&conv, &oh, &ow);
            failed += test_layer(&conv, oh, ow, 1 + variant % 3);
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
    const int32_t size[5] = {atoi(words[0]), atoi(words[1]), atoi(words[2]), atoi(words[3]), atoi(words[4])};
    wincraft_conv conv = layer(size, (R0 - 1) / 2, (R1 - 1) / 2, 1, 0);
    double least[2] = {1e300, 1e300};
    const double operations = 2.0 * size[0] * size[3] * size[4] * (double)(R0 * R1);
    const clock_t begin = clock();
    ptrdiff_t oh, ow;
    int which, again, calls = 0;
    if (${prefix}_check(&conv) != WINCRAFT_OK) {
        fprintf(stderr, "no such layer\n");
        return 2;
    }
    outputs_of(&conv, &oh, &ow);
    do
        for (which = 0; which < 2; ++which) {
            conv.flags = which ? WINCRAFT_DIRECT : 0;
            for (again = 0; again < 3; ++again) {
                const double spent = time_layer(&conv, oh, ow, which);
                least[which] = spent < least[which] ? spent : least[which];
            }
        }
    while (++calls < 10 || clock() - begin < 2 * CLOCKS_PER_SEC);
    release();
    printf("%.4f %.4f %.1f\n", least[0], least[1], operations * (double)(oh * ow) / least[0] / 1e6);
    return 0;
}

$command
#endif
