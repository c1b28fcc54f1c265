/* SPDX-License-Identifier: Apache-2.0
 * Layers that nobody means, for a sanitizer to watch: sizes from -2^31 to 2^31 - 1 and any strides are asked about, and
 * small layers run in memory of exactly the bytes they need. KERNEL is the header, P(name) a function of it, DATA the
 * type of data; EXACT tells integers. Prints how many layers were right, wrong, unsupported and run. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include KERNEL

static uint32_t state = 1;

static uint32_t drawn(uint32_t below)
{
    state = state * 1664525U + 1013904223U;
    return (state >> 8) % below;
}

static int32_t any_size(void)
{
    static const int32_t some[] = {1, 1, 2, 3, 3, 7, 8, 16, 31, 100, 4096, 32768, 65536, 1 << 20, 1 << 30, INT32_MAX - 1,
                                   INT32_MAX, 0, -1, INT32_MIN};
    return some[drawn(drawn(4) ? 17 : 20)];
}

static ptrdiff_t any_step(void)
{
    switch (drawn(8)) {
    case 0: return 0;
    case 1: return -1;
    case 2: return PTRDIFF_MAX;
    case 3: return (ptrdiff_t)((size_t)1 << drawn(sizeof(ptrdiff_t) * 8));
    case 4: return drawn(64) ? (ptrdiff_t)drawn(1U << 24) : PTRDIFF_MIN;
    default: return (ptrdiff_t)1 << drawn(24);
    }
}

static wincraft_conv any_layer(void)
{
    wincraft_conv conv;
    int32_t *sizes[] = {&conv.n, &conv.h, &conv.w, &conv.c, &conv.k, &conv.r, &conv.s, &conv.pad_top, &conv.pad_left,
                        &conv.pad_bottom, &conv.pad_right, &conv.stride_h, &conv.stride_w, &conv.groups};
    ptrdiff_t *steps[] = {&conv.x_n, &conv.x_h, &conv.x_w, &conv.x_c, &conv.y_n, &conv.y_h, &conv.y_w, &conv.y_c};
    size_t i;
    memset(&conv, 0, sizeof conv);
    for (i = 0; i < 14; ++i) *sizes[i] = i > 6 && drawn(2) ? i > 10 : any_size();
    for (i = 0; i < 8; ++i) *steps[i] = any_step();
    if (drawn(3)) conv.r = conv.s = 3;
    if (drawn(3)) conv.groups = 1;
    conv.flags = (int32_t)drawn(4);
    if (drawn(2)) { /* as large as can be */
        conv.x_n = conv.x_h = conv.x_w = conv.x_c = drawn(2);
        conv.y_c = 1;
        conv.y_w = conv.k;
        conv.y_h = (ptrdiff_t)((size_t)conv.y_w * 65536U & PTRDIFF_MAX);
        conv.y_n = (ptrdiff_t)((size_t)conv.y_h * 65536U & PTRDIFF_MAX);
    }
    return conv;
}

/* Steps of an order of four axes, of which those of size 1 have any step; the elements to the last one. */
static size_t laid_out(const int32_t size[4], ptrdiff_t *const step[4])
{
    size_t reach = 1;
    uint32_t i, order[4] = {0, 1, 2, 3};
    for (i = 0; i < 4; ++i) {
        const uint32_t j = drawn(4), swapped = order[i];
        order[i] = order[j];
        order[j] = swapped;
    }
    for (i = 0; i < 4; ++i) {
        if (size[order[i]] == 1) {
            *step[order[i]] = drawn(4) ? PTRDIFF_MAX : any_step();
        } else {
            *step[order[i]] = (ptrdiff_t)(reach + drawn(3));
            reach += (size_t)(size[order[i]] - 1) * (size_t)*step[order[i]];
        }
    }
    return reach;
}

static void *bytes_of(size_t count)
{
    char *p = (char *)malloc(count);
    size_t i;
    if (!p) exit(2);
    for (i = 0; i < count; ++i) p[i] = (char)(drawn(4) << 4);
    return p;
}

/* A small layer from beginning to end; 0 where it is right. */
static int run_one(void)
{
    wincraft_conv conv;
    const uint32_t threads = 1 + drawn(3);
    uint32_t thread;
    int status;
    memset(&conv, 0, sizeof conv);
    conv.n = 1 + (int32_t)drawn(2);
    conv.h = 1 + (int32_t)drawn(9);
    conv.w = 1 + (int32_t)drawn(9);
    conv.groups = drawn(4) ? 1 : 2;
    conv.c = conv.groups * (1 + (int32_t)drawn(34));
    conv.k = conv.groups * (1 + (int32_t)drawn(40));
    conv.r = drawn(4) ? 3 : 1 + (int32_t)drawn(4);
    conv.s = drawn(4) ? 3 : 1 + (int32_t)drawn(4);
    conv.pad_top = (int32_t)drawn(6);
    conv.pad_left = (int32_t)drawn(6);
    conv.pad_bottom = 3 + (int32_t)drawn(3);
    conv.pad_right = 3 + (int32_t)drawn(3);
    conv.stride_h = drawn(4) ? 1 : 2;
    conv.stride_w = drawn(4) ? 1 : 2;
    conv.flags = (int32_t)drawn(8);
    {
        const int32_t oh = (conv.h + conv.pad_top + conv.pad_bottom - conv.r) / conv.stride_h + 1;
        const int32_t ow = (conv.w + conv.pad_left + conv.pad_right - conv.s) / conv.stride_w + 1;
        const int32_t x_size[] = {conv.n, conv.h, conv.w, conv.c}, y_size[] = {conv.n, oh, ow, conv.k};
        ptrdiff_t *const x_step[] = {&conv.x_n, &conv.x_h, &conv.x_w, &conv.x_c};
        ptrdiff_t *const y_step[] = {&conv.y_n, &conv.y_h, &conv.y_w, &conv.y_c};
        const size_t x_count = laid_out(x_size, x_step), y_count = laid_out(y_size, y_step);
        const size_t taps = (size_t)(conv.k * (conv.c / conv.groups) * conv.r * conv.s);
        const size_t work_bytes = P(work_size)(&conv, (int)threads), filter_bytes = P(filter_size)(&conv);
        if (P(check)(&conv)) return 1;
        if (work_bytes % 64 || filter_bytes % 64) return 1;
        {
            DATA *x = (DATA *)bytes_of(x_count * sizeof *x);
            void *prepared = aligned_alloc(64, filter_bytes), *work = aligned_alloc(64, work_bytes);
#ifdef EXACT
            int8_t *filter = (int8_t *)bytes_of(taps);
            int32_t *y = (int32_t *)bytes_of(y_count * sizeof *y);
            wincraft_requantise how;
            memset(&how, 0, sizeof how);
            status = P(prepare)(&conv, filter, 0, prepared, NULL);
            for (thread = 0; thread < threads && !status; ++thread)
                status = P(run)(&conv, x, prepared, &how, y, work, work_bytes, (int)thread, (int)threads);
#else
            float *filter = (float *)bytes_of(taps * sizeof *filter);
            DATA *y = (DATA *)bytes_of(y_count * sizeof *y);
            status = P(prepare)(&conv, filter, prepared);
            for (thread = 0; thread < threads && !status; ++thread)
                status = P(run)(&conv, x, prepared, NULL, -1.0F, 1.0F, y, work, work_bytes, (int)thread, (int)threads);
#endif
            free(x);
            free(y);
            free(filter);
            free(prepared);
            free(work);
        }
    }
    return status;
}

int main(int argc, char **argv)
{
    long times = argc > 1 ? atol(argv[1]) : 1000, i, found[3] = {0, 0, 0};
    for (i = 0; i < times; ++i) {
        const wincraft_conv conv = any_layer();
        const int threads = drawn(4) ? 1 : (int)any_size(), status = P(check)(&conv);
        const size_t filter = P(filter_size)(&conv), work = P(work_size)(&conv, threads);
        const int known = status == WINCRAFT_OK || status == WINCRAFT_ARGUMENT || status == WINCRAFT_UNSUPPORTED;
        if (!known || (status == WINCRAFT_OK) != (filter > 0) || (status && (work || P(uses_winograd)(&conv))) ||
            filter > PTRDIFF_MAX || work > PTRDIFF_MAX ||
            (!status && (double)filter < (double)conv.k * (conv.c / conv.groups) * conv.r * conv.s)) {
            printf("layer %ld: status %d, filter %lu, work %lu\n", i, status, (unsigned long)filter, (unsigned long)work);
            return 1;
        }
        ++found[-status];
    }
    for (i = 0; i < times / 1000; ++i)
        if (run_one()) {
            printf("small layer %ld is refused\n", i);
            return 1;
        }
    printf("%ld %ld %ld %ld\n", found[0], found[1], found[2], times / 1000);
    return 0;
}
