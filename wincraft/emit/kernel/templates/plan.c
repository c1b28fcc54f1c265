#include "${prefix}.h"

#include <math.h>
#include <string.h>

$definitions

/* Along an axis outputs y + y_step i read data x + x_step (stride i + j) with the taps w + w_step j, j < taps; tiles have
 * so many outputs. */
typedef struct axis {
    ptrdiff_t y, y_step, x, x_step, stride, w, w_step, taps, tile;
} axis;

/* Which kernel computes a piece, with which flags, and its axes: depth, height, width. A tap of the depth is a piece. */
typedef struct piece {
    int kernel, flags;
    axis along[3];
} piece;

/* Pieces that add up to the same outputs stand together, from first on. */
typedef struct layout {
    const piece *pieces;
    const int *first;
    int classes;
} layout;

$tables

typedef struct kernel {
    size_t (*filter_size)(const wincraft_conv *conv);
    size_t (*work_size)(const wincraft_conv *conv, int threads);
    prepare_function *prepare;
    run_function *run;
} kernel;

static const kernel kernels[] = {
$kernels
};

/* What a prepared filter is of; the pieces' filters stand 64 bytes behind its beginning, each at a multiple of 64. */
typedef struct prepared_head {
    uint32_t content;
    int32_t c, k, groups, direct, zero;
} prepared_head;

/* Outputs first to first + count of a class along each axis, of images image to image + images. */
typedef struct part {
    ptrdiff_t first[3], count[3], image, images;
} part;

$per_piece

$sizes

/* The pieces of the plan, or where it is direct and the kernels have it the convolution itself. */
static layout layout_of(const wincraft_layer *layer)
{
    const int few = layer->c / layer->groups < FEWEST && (layer->c > layer->groups || layer->k > layer->groups);
    layout l;
    if (WHOLE && (few || (layer->flags & WINCRAFT_DIRECT))) {
        l.pieces = whole;
        l.first = whole_first;
        l.classes = 1;
    } else {
        l.pieces = pieces;
        l.first = pieces_first;
        l.classes = CLASSES;
    }
    return l;
}

static int read_layer(const wincraft_layer *layer, ptrdiff_t size[3])
{
    int i;
    if (!layer || layer->n < 1 || layer->c < 1 || layer->k < 1 || layer->groups < 1 || layer->c % layer->groups ||
        layer->k % layer->groups || (layer->flags & ~WINCRAFT_DIRECT))
        return WINCRAFT_ARGUMENT;
    for (i = 0; i < 3; ++i) {
        const int64_t reach = (int64_t)DILATION[i] * (KERNEL[i] - 1) + 1, s = STRIDE[i];
        const int64_t behind = TRANSPOSED ? at_least(STRIDE[i], DILATION[i]) - 1 : 0;
        const int64_t around = (int64_t)layer->before[i] + layer->after[i];
        int64_t y;
        if (layer->size[i] < 1 || layer->before[i] < 0 || layer->after[i] < -behind) return WINCRAFT_ARGUMENT;
        if (!TRANSPOSED && layer->size[i] + around < reach) return WINCRAFT_ARGUMENT;
        y = TRANSPOSED ? (layer->size[i] - 1) * s + reach - around : (layer->size[i] + around - reach) / s + 1;
        if (y < 1 || y > INT32_MAX || layer->size[i] + around > INT32_MAX) return WINCRAFT_ARGUMENT;
        size[i] = (ptrdiff_t)y;
    }
    return WINCRAFT_OK;
}

/* Where the outputs of a class begin along an axis, and how many of them there are in y. */
static ptrdiff_t outputs_of(const axis *a, ptrdiff_t crop, ptrdiff_t size, ptrdiff_t *start)
{
    *start = a->y < crop ? over(crop - a->y, a->y_step) : 0;
    return a->y + *start * a->y_step - crop < size ? (size + crop - a->y - *start * a->y_step - 1) / a->y_step + 1 : 0;
}

static ptrdiff_t crop_of(const wincraft_layer *layer, int i)
{
    return TRANSPOSED ? layer->before[i] : 0;
}

/* The convolution of a piece for a part, and where it begins in x and y; 0 where it reads nothing but zeros. Images of
 * the kernel are those of the batch, or slices of the depth. */
static int view_of(const wincraft_layer *layer, const piece *p, const part *t, wincraft_conv *conv, ptrdiff_t *x_at,
                   ptrdiff_t *y_at, int *covers)
{
    ptrdiff_t before[3], inside[3], after[3];
    int i;
    *x_at = t->image * layer->x_n;
    *y_at = t->image * layer->y_n;
    for (i = 0; i < 3; ++i) {
        const axis *a = p->along + i;
        const ptrdiff_t positions = a->stride * (t->count[i] - 1) + a->taps;
        const ptrdiff_t start = a->x + a->x_step * a->stride * t->first[i] - (TRANSPOSED ? 0 : layer->before[i]);
        before[i] = start < 0 ? over(-start, a->x_step) : 0;
        inside[i] = start + before[i] * a->x_step < layer->size[i]
                        ? (layer->size[i] - start - before[i] * a->x_step - 1) / a->x_step + 1
                        : 0;
        inside[i] = at_most(inside[i], positions - before[i]);
        if (inside[i] < 1) return 0;
        after[i] = positions - before[i] - inside[i];
        *x_at += (start + before[i] * a->x_step) * layer->x[i];
        *y_at += (a->y + a->y_step * (t->first[i] + (i ? 0 : before[0])) - crop_of(layer, i)) * layer->y[i];
    }
    *covers = before[0] == 0 && after[0] == 0;
    memset(conv, 0, sizeof *conv);
    conv->n = (int32_t)(t->count[0] > 1 ? inside[0] : t->images);
    conv->x_n = t->count[0] > 1 ? p->along[0].x_step * layer->x[0] : layer->x_n;
    conv->y_n = t->count[0] > 1 ? p->along[0].y_step * layer->y[0] : layer->y_n;
    conv->h = (int32_t)inside[1];
    conv->w = (int32_t)inside[2];
    conv->c = layer->c;
    conv->k = layer->k;
    conv->r = (int32_t)p->along[1].taps;
    conv->s = (int32_t)p->along[2].taps;
    conv->pad_top = (int32_t)before[1];
    conv->pad_left = (int32_t)before[2];
    conv->pad_bottom = (int32_t)after[1];
    conv->pad_right = (int32_t)after[2];
    conv->stride_h = (int32_t)p->along[1].stride;
    conv->stride_w = (int32_t)p->along[2].stride;
    conv->groups = layer->groups;
    conv->flags = p->flags | layer->flags;
    conv->x_h = p->along[1].x_step * layer->x[1];
    conv->x_w = p->along[2].x_step * layer->x[2];
    conv->x_c = layer->x_c;
    conv->y_h = p->along[1].y_step * layer->y[1];
    conv->y_w = p->along[2].y_step * layer->y[2];
    conv->y_c = layer->y_c;
    return 1;
}

/* A layer of one output of a piece: its prepared filter is that of all. */
static wincraft_conv least_of(const wincraft_layer *layer, const piece *p)
{
    wincraft_conv conv;
    memset(&conv, 0, sizeof conv);
    conv.n = 1;
    conv.h = conv.r = (int32_t)p->along[1].taps;
    conv.w = conv.s = (int32_t)p->along[2].taps;
    conv.c = layer->c;
    conv.k = layer->k;
    conv.stride_h = (int32_t)p->along[1].stride;
    conv.stride_w = (int32_t)p->along[2].stride;
    conv.groups = layer->groups;
    conv.flags = p->flags | layer->flags;
    conv.x_c = conv.y_c = 1;
    conv.x_w = conv.c;
    conv.x_h = (ptrdiff_t)conv.c * conv.w;
    conv.x_n = conv.x_h * conv.h;
    conv.y_n = conv.y_h = conv.y_w = conv.k;
    return conv;
}

/* Bytes of the filter of a piece before it is prepared. */
static size_t taps_size(const wincraft_layer *layer, const piece *p)
{
    const size_t taps = (size_t)(p->along[1].taps * p->along[2].taps);
    return product(product(product((size_t)layer->k, (size_t)(layer->c / layer->groups)), taps), sizeof(filter_t));
}

/* Bytes of the prepared filter; where the taps of a piece are gathered stands last. 0 where a kernel refuses. */
static size_t prepared_size(const wincraft_layer *layer, const layout *l, size_t *scratch)
{
    size_t all = 64, most = 0;
    int i;
    for (i = 0; i < l->first[l->classes]; ++i) {
        const wincraft_conv conv = least_of(layer, l->pieces + i);
        const size_t found = kernels[l->pieces[i].kernel].filter_size(&conv), taps = taps_size(layer, l->pieces + i);
        if (!found) return 0;
        all = sum(all, aligned(found));
        most = taps > most ? taps : most;
    }
    *scratch = all;
    all = aligned(sum(all, most));
    return all > PTRDIFF_MAX ? 0 : all;
}

/* The parts of a class: as many tiles as a block of the kernels has, of several images or some rows of tiles of one. */
typedef struct parts {
    ptrdiff_t start[3], count[3];      /* the outputs of the class */
    ptrdiff_t images, rows;            /* of a part */
    ptrdiff_t outer, batches, heights; /* parts in the depth's images, in the batch or depth, and in the height */
} parts;

static parts parts_of(const wincraft_layer *layer, const piece *first, const ptrdiff_t size[3], int threads)
{
    parts found;
    ptrdiff_t tiles, across, down, batch, want;
    int i;
    memset(&found, 0, sizeof found);
    for (i = 0; i < 3; ++i) found.count[i] = outputs_of(first->along + i, crop_of(layer, i), size[i], found.start + i);
    if (found.count[0] < 1 || found.count[1] < 1 || found.count[2] < 1) return found;
    found.outer = found.count[0] > 1 ? layer->n : 1;
    batch = found.count[0] > 1 ? found.count[0] : layer->n;
    across = over(found.count[2], first->along[2].tile);
    down = over(found.count[1], first->along[1].tile);
    tiles = across * down;
    want = at_least(PART_TILES / at_least(layer->c / layer->groups, 1), 48);
    want = at_most(want, over(tiles * batch * found.outer, threads));
    if (tiles <= want) {
        found.images = at_most(want / tiles, batch);
        found.rows = found.count[1];
    } else {
        const ptrdiff_t heights = over(down, at_least(want / across, 1));
        found.images = 1;
        found.rows = over(down, heights) * first->along[1].tile;
    }
    found.batches = over(batch, found.images);
    found.heights = over(found.count[1], found.rows);
    return found;
}

static part part_at(const wincraft_layer *layer, const parts *p, ptrdiff_t unit)
{
    const ptrdiff_t height = unit % p->heights, batch = unit / p->heights % p->batches;
    const int deep = p->count[0] > 1;
    part t;
    t.first[0] = p->start[0] + (deep ? batch * p->images : 0);
    t.count[0] = deep ? at_most(p->images, p->count[0] - batch * p->images) : 1;
    t.first[1] = p->start[1] + height * p->rows;
    t.count[1] = at_most(p->rows, p->count[1] - height * p->rows);
    t.first[2] = p->start[2];
    t.count[2] = p->count[2];
    t.image = deep ? unit / p->heights / p->batches : batch * p->images;
    t.images = deep ? 1 : at_most(p->images, layer->n - t.image);
    return t;
}

/* Bytes of the workspace of one thread: the most that a kernel asks for, for parts of any size that there are. */
static size_t work_of(const wincraft_layer *layer, const layout *l, const ptrdiff_t size[3], int threads)
{
    size_t most = 64;
    int c, i;
    for (c = 0; c < l->classes; ++c) {
        const parts found = parts_of(layer, l->pieces + l->first[c], size, threads);
        const int deep = found.count[0] > 1;
        const ptrdiff_t batch = deep ? found.count[0] : layer->n;
        ptrdiff_t rows, images;
        if (!found.batches) continue;
        for (i = l->first[c]; i < l->first[c + 1]; ++i)
            for (rows = 0; rows < 2; ++rows)
                for (images = 1; images <= found.images; ++images) {
                    wincraft_conv conv = least_of(layer, l->pieces + i);
                    const ptrdiff_t last = found.count[1] - (found.heights - 1) * found.rows;
                    size_t bytes;
                    if (!deep && images < found.images && images != batch % found.images) continue;
                    conv.n = (int32_t)images;
                    conv.h += (int32_t)(((rows ? last : found.rows) - 1) * conv.stride_h);
                    conv.w += (int32_t)((found.count[2] - 1) * conv.stride_w);
                    conv.x_h = (ptrdiff_t)conv.c * conv.w;
                    conv.x_n = conv.x_h * conv.h;
                    conv.y_h = conv.k * found.count[2];
                    conv.y_n = conv.y_h * found.rows;
                    bytes = kernels[l->pieces[i].kernel].work_size(&conv, 1);
                    if (!bytes) return 0;
                    most = bytes > most ? bytes : most;
                }
    }
    return product(aligned(most), (size_t)threads) > PTRDIFF_MAX ? 0 : aligned(most);
}

/* Whether every element has a place of its own in ptrdiff_t: by growing stride, each dimension clears those before it. */
static int strides_fit(const wincraft_layer *layer, const ptrdiff_t size[3])
{
    const size_t sizes[2][5] = {
        {(size_t)layer->n, (size_t)layer->c, (size_t)layer->size[0], (size_t)layer->size[1], (size_t)layer->size[2]},
        {(size_t)layer->n, (size_t)layer->k, (size_t)size[0], (size_t)size[1], (size_t)size[2]}};
    const ptrdiff_t strides[2][5] = {{layer->x_n, layer->x_c, layer->x[0], layer->x[1], layer->x[2]},
                                     {layer->y_n, layer->y_c, layer->y[0], layer->y[1], layer->y[2]}};
    int side, i, j;
    for (side = 0; side < 2; ++side) {
        size_t reach = 0;
        int order[5] = {0, 1, 2, 3, 4};
        for (i = 1; i < 5; ++i)
            for (j = i; j > 0 && strides[side][order[j]] < strides[side][order[j - 1]]; --j) {
                const int swapped = order[j];
                order[j] = order[j - 1];
                order[j - 1] = swapped;
            }
        for (i = 0; i < 5; ++i) {
            const size_t count = sizes[side][order[i]];
            const ptrdiff_t stride = strides[side][order[i]];
            if (count == 1) continue;
            if (stride < 0 || (side && (size_t)stride <= reach)) return 0;
            reach = sum(reach, product(count - 1, (size_t)stride));
        }
        if (product(reach, sizeof(uint32_t)) > PTRDIFF_MAX) return 0;
    }
    return 1;
}

int ${prefix}_check(const wincraft_layer *layer, int32_t outputs[3])
{
    ptrdiff_t size[3];
    size_t scratch;
    layout l;
    int i;
    if (read_layer(layer, size) != WINCRAFT_OK) return WINCRAFT_ARGUMENT;
    l = layout_of(layer);
    if (!strides_fit(layer, size) || !prepared_size(layer, &l, &scratch) || !work_of(layer, &l, size, 1))
        return WINCRAFT_ARGUMENT;
    for (i = 0; i < 3 && outputs; ++i) outputs[i] = (int32_t)size[i];
    return WINCRAFT_OK;
}

size_t ${prefix}_filter_size(const wincraft_layer *layer)
{
    size_t scratch;
    layout l;
    if (${prefix}_check(layer, NULL) != WINCRAFT_OK) return 0;
    l = layout_of(layer);
    return prepared_size(layer, &l, &scratch);
}

size_t ${prefix}_work_size(const wincraft_layer *layer, int threads)
{
    ptrdiff_t size[3];
    layout l;
    if (threads < 1 || ${prefix}_check(layer, NULL) != WINCRAFT_OK) return 0;
    read_layer(layer, size);
    l = layout_of(layer);
    return work_of(layer, &l, size, threads) * (size_t)threads;
}

static prepared_head head_of(const wincraft_layer *layer, int32_t zero_point)
{
    prepared_head head;
    memset(&head, 0, sizeof head);
    head.content = CONTENT;
    head.c = layer->c;
    head.k = layer->k;
    head.groups = layer->groups;
    head.direct = layer->flags;
    head.zero = zero_point;
    return head;
}

/* The taps of a piece as g[k][c][p][q], c within k's group. */
static void gather_taps(const wincraft_layer *layer, const piece *p, const filter_t *filter, filter_t *g)
{
    const axis *a = p->along;
    const ptrdiff_t taps = (ptrdiff_t)KERNEL[0] * KERNEL[1] * KERNEL[2];
    const ptrdiff_t c_of_group = layer->c / layer->groups, k_of_group = layer->k / layer->groups;
    ptrdiff_t k, c, i, j;
    for (k = 0; k < layer->k; ++k)
        for (c = 0; c < c_of_group; ++c) {
            const ptrdiff_t into = (k / k_of_group * c_of_group + c) * k_of_group + k % k_of_group;
            const filter_t *from = filter + (TRANSPOSED ? into : k * c_of_group + c) * taps;
            for (i = 0; i < a[1].taps; ++i)
                for (j = 0; j < a[2].taps; ++j)
                    *g++ = from[(a[0].w * KERNEL[1] + a[1].w + i * a[1].w_step) * KERNEL[2] + a[2].w + j * a[2].w_step];
        }
}

static int prepare_pieces(const wincraft_layer *layer, const filter_t *filter, int32_t zero_point, void *prepared)
{
    prepared_head head;
    size_t at = 64, scratch;
    layout l;
    int i, status = ${prefix}_check(layer, NULL);
    if (status != WINCRAFT_OK) return status;
    if (!filter || !prepared || (uintptr_t)prepared % 64) return WINCRAFT_ARGUMENT;
    head = head_of(layer, zero_point);
    memset(prepared, 0, sizeof head);
    l = layout_of(layer);
    prepared_size(layer, &l, &scratch);
    for (i = 0; i < l.first[l.classes]; ++i) {
        const piece *p = l.pieces + i;
        const wincraft_conv conv = least_of(layer, p);
        filter_t *g = (filter_t *)(void *)((char *)prepared + scratch);
        gather_taps(layer, p, filter, g);
        status = prepare_piece(kernels + p->kernel, &conv, g, zero_point, (char *)prepared + at);
        if (status != WINCRAFT_OK) return status;
        at += aligned(kernels[p->kernel].filter_size(&conv));
    }
    memcpy(prepared, &head, sizeof head);
    return WINCRAFT_OK;
}

/* What is done to every output of a part outside of the pieces: the bias first, where the first piece does not reach
 * all, or at last the clamp. */
static void each_output(const wincraft_layer *layer, const piece *p, const part *t, const finish *f, int first)
{
    ptrdiff_t n, i, j, l;
    for (n = t->image; n < t->image + t->images; ++n)
        for (i = t->first[0]; i < t->first[0] + t->count[0]; ++i)
            for (j = t->first[1]; j < t->first[1] + t->count[1]; ++j)
                for (l = t->first[2]; l < t->first[2] + t->count[2]; ++l) {
                    const axis *a = p->along;
                    const ptrdiff_t at = (a[0].y + a[0].y_step * i - crop_of(layer, 0)) * layer->y[0] +
                                         (a[1].y + a[1].y_step * j - crop_of(layer, 1)) * layer->y[1] +
                                         (a[2].y + a[2].y_step * l - crop_of(layer, 2)) * layer->y[2];
                    (first ? fill_output : clamp_output)(layer, f, f->y + n * layer->y_n + at);
                }
}

/* All pieces of a part, one after the other: what they add to stays in a cache. */
static int run_part(const wincraft_layer *layer, const layout *l, int class_of, const part *t, const sample_t *x,
                    const char *prepared, const finish *f, void *work, size_t bytes)
{
    int i, began = 0, covers = 0, status = WINCRAFT_OK;
    const piece *first = l->pieces + l->first[class_of];
    for (i = 0; i < l->first[class_of]; ++i) {
        const wincraft_conv conv = least_of(layer, l->pieces + i);
        prepared += aligned(kernels[l->pieces[i].kernel].filter_size(&conv));
    }
    for (i = l->first[class_of]; i < l->first[class_of + 1]; ++i) {
        const piece *p = l->pieces + i;
        const wincraft_conv least = least_of(layer, p);
        const char *filter = prepared;
        wincraft_conv conv;
        ptrdiff_t x_at, y_at;
        int reaches;
        prepared += aligned(kernels[p->kernel].filter_size(&least));
        covers = 0;
        if (!view_of(layer, p, t, &conv, &x_at, &y_at, &reaches)) continue;
        if (!began && !reaches) {
            each_output(layer, first, t, f, 1);
            began = 1;
        }
        covers = reaches && i + 1 == l->first[class_of + 1];
        if (began) conv.flags |= WINCRAFT_ACCUMULATE;
        status = run_piece(kernels + p->kernel, &conv, x + x_at, filter, f, !began, covers, f->y + y_at, work, bytes);
        if (status != WINCRAFT_OK) return status;
        began = 1;
    }
    if (!began) each_output(layer, first, t, f, 1);
    if (!covers) each_output(layer, first, t, f, 0);
    return WINCRAFT_OK;
}
$gaps
static int run_pieces(const wincraft_layer *layer, const sample_t *x, const void *prepared, int32_t zero_point,
                      const finish *f, void *work, size_t work_bytes, int thread, int threads)
{
    prepared_head head;
    ptrdiff_t size[3], unit, before = 0;
    layout l;
    size_t bytes;
    int c, status = read_layer(layer, size);
    if (status != WINCRAFT_OK) return status;
    if (!strides_fit(layer, size) || !x || !prepared || !f->y || !work || (uintptr_t)prepared % 64 ||
        (uintptr_t)work % 64 || threads < 1 || thread < 0 || thread >= threads)
        return WINCRAFT_ARGUMENT;
    head = head_of(layer, zero_point);
    if (memcmp(&head, prepared, sizeof head)) return WINCRAFT_ARGUMENT;
    l = layout_of(layer);
    bytes = work_of(layer, &l, size, threads);
    if (!bytes) return WINCRAFT_ARGUMENT;
    if (work_bytes / bytes < (size_t)threads) return WINCRAFT_SIZE;
    for (c = 0; c < l.classes; ++c) {
        const parts found = parts_of(layer, l.pieces + l.first[c], size, threads);
        const ptrdiff_t units = found.outer * found.batches * found.heights;
        for (unit = (thread - before % threads + threads) % threads; unit < units; unit += threads) {
            const part t = part_at(layer, &found, unit);
            status = run_part(layer, &l, c, &t, x, (const char *)prepared + 64, f,
                              (char *)work + (size_t)thread * bytes, bytes);
            if (status != WINCRAFT_OK) return status;
        }
        before += units;
    }
$run_gaps    return WINCRAFT_OK;
}
