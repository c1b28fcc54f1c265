/* Sizes: everything that follows from a layer. */

typedef struct shape {
    ptrdiff_t oh, ow;               /* outputs of an image */
    ptrdiff_t c, k;                 /* channels and output channels of a group */
    ptrdiff_t depth;                /* what a row of U holds: channels, or direct S * C data, in whole steps */
    ptrdiff_t panels;               /* blocks of COLUMNS output channels of a group */
    ptrdiff_t across, down;         /* tiles of an image; direct: rows of outputs */
    ptrdiff_t tiles, block, blocks; /* tiles of a group, of a unit of work, and its units of work */
    ptrdiff_t tap;                  /* step of U and, times COLUMNS, of M from tap to tap; direct: of a row of data */
    ptrdiff_t chunk;                /* channels that are summed before M is stored */
    size_t group, prepared, work;   /* bytes: of a group's panels, of the prepared filter, of a thread's workspace */
    ptrdiff_t groups;               /* that are computed one after the other: depthwise channels together are one */
    int winograd, fly, each;        /* by the algorithm, filters on the fly, depthwise */
} shape;

/* What a prepared filter is of; the panels stand 64 bytes behind its beginning. */
typedef struct prepared_head {
    uint32_t content;
    int32_t c, k, r, s, groups, winograd, fly, lanes, zero;
} prepared_head;

$sizes

/* Whether every element has a place of its own: by growing stride, each dimension clears those before it. */
static int strides_fit(const int32_t size[4], const ptrdiff_t stride[4], int apart)
{
    size_t reach = 0;
    int i, j, order[4] = {0, 1, 2, 3};
    for (i = 1; i < 4; ++i)
        for (j = i; j > 0 && stride[order[j]] < stride[order[j - 1]]; --j) {
            int swapped = order[j];
            order[j] = order[j - 1];
            order[j - 1] = swapped;
        }
    for (i = 0; i < 4; ++i) {
        if (size[order[i]] == 1) continue;
        if (stride[order[i]] < 0 || (apart && (size_t)stride[order[i]] <= reach)) return 0;
        reach = sum(reach, product((size_t)(size[order[i]] - 1), (size_t)stride[order[i]]));
    }
    return product(reach, sizeof(m_t)) < PTRDIFF_MAX;
}

/* Where the panels begin, in bytes: behind the head and, of integers, what is added to every channel's sums. */
static size_t panels_at(const wincraft_conv *conv)
{
    return sum(aligned(sizeof(prepared_head)), aligned(product((size_t)conv->k, SUM_BYTES)));
}

static int read_shape(const wincraft_conv *conv, int threads, shape *s)
{
    const int64_t most = INT32_MAX;
    int64_t height, width;
    size_t bytes;
    if (!conv || threads < 1) return WINCRAFT_ARGUMENT;
    if (conv->n < 1 || conv->h < 1 || conv->w < 1 || conv->c < 1 || conv->k < 1 || conv->r < 1 || conv->s < 1 ||
        conv->stride_h < 1 || conv->stride_w < 1 || conv->groups < 1 || conv->pad_top < 0 || conv->pad_left < 0 ||
        conv->pad_bottom < 0 || conv->pad_right < 0 || conv->c % conv->groups || conv->k % conv->groups ||
        (conv->flags & ~(WINCRAFT_FILTER_ON_THE_FLY | WINCRAFT_DIRECT | WINCRAFT_ACCUMULATE)))
        return WINCRAFT_ARGUMENT;
    height = (int64_t)conv->h + conv->pad_top + conv->pad_bottom;
    width = (int64_t)conv->w + conv->pad_left + conv->pad_right;
    if (height < conv->r || width < conv->s || height > most || width > most) return WINCRAFT_ARGUMENT;
    if (conv->c > most - 64 || conv->k > most - 64) return WINCRAFT_ARGUMENT;
    memset(s, 0, sizeof *s);
    s->oh = (ptrdiff_t)((height - conv->r) / conv->stride_h + 1);
    s->ow = (ptrdiff_t)((width - conv->s) / conv->stride_w + 1);
    s->c = conv->c / conv->groups;
    s->k = conv->k / conv->groups;
    {
        const int32_t x_size[4] = {conv->n, conv->h, conv->w, conv->c};
        const int32_t y_size[4] = {conv->n, (int32_t)s->oh, (int32_t)s->ow, conv->k};
        const ptrdiff_t x_stride[4] = {conv->x_n, conv->x_h, conv->x_w, conv->x_c};
        const ptrdiff_t y_stride[4] = {conv->y_n, conv->y_h, conv->y_w, conv->y_c};
        if (!strides_fit(x_size, x_stride, 0) || !strides_fit(y_size, y_stride, 1)) return WINCRAFT_ARGUMENT;
    }
    s->each = s->c == 1 && s->k == 1 && conv->groups > 1; /* no matrix product: lanes are the channels of all groups */
    s->groups = s->each ? 1 : conv->groups;
    s->k = conv->k / s->groups;
    s->winograd = conv->r == R0 && conv->s == R1 && conv->stride_h == 1 && conv->stride_w == 1 &&
                  (s->c >= FEWEST || s->each) && !(conv->flags & WINCRAFT_DIRECT);
    s->fly = s->winograd && !s->each && (conv->flags & WINCRAFT_FILTER_ON_THE_FLY);
    s->panels = over(s->k, COLUMNS);
    if (s->winograd) {
        s->down = over(s->oh, M0);
        s->across = over(s->ow, M1);
        bytes = product(product((size_t)conv->n, (size_t)s->down), (size_t)s->across);
        if (bytes > INT32_MAX) return WINCRAFT_ARGUMENT;
        s->tiles = (ptrdiff_t)bytes;
        s->depth = over(s->c, WIDTH) * WIDTH;
        bytes = product(product(TAPS, (size_t)s->depth + 16), 128 * sizeof(u_t)); /* more than the largest block of U */
        if (bytes > PTRDIFF_MAX) return WINCRAFT_ARGUMENT;
        s->block = at_least(U_BYTES / (ptrdiff_t)sizeof(u_t) / (TAPS * s->depth), s->c >= 256 ? 48 : 24);
        s->block = at_most(s->block, over(s->tiles, threads));
        s->blocks = at_least((s->tiles + s->block / 2) / s->block, 1);
        s->block = over(s->tiles, s->blocks);
        s->blocks = over(s->tiles, s->block);
        s->tap = s->block * s->depth + 64 / (ptrdiff_t)sizeof(u_t);
        s->chunk = over(over(s->c, over(s->c, CHUNK)), PAIR) * PAIR;
        bytes = product(product((size_t)(s->panels * COLUMNS), (size_t)(over(s->c, PAIR) * PAIR)), sizeof(v_t));
        s->group = s->fly ? product(bytes / sizeof(v_t) * sizeof(filter_t), R0 * R1) : product(bytes, TAPS);
        s->work = aligned(product((size_t)(TAPS * s->tap), sizeof(u_t)));
        s->work = sum(s->work, aligned((size_t)(TAPS * (s->block * COLUMNS + 16)) * sizeof(m_t)));
        s->work = sum(s->work, s->fly ? aligned((size_t)(TAPS * (s->chunk + 1) * COLUMNS) * sizeof(v_t)) : 0);
        if (s->each) s->work = 64;
    } else if (s->each) { /* a unit of work is a row of outputs */
        s->blocks = s->oh * conv->n;
        s->group = product(product((size_t)(s->panels * COLUMNS), (size_t)conv->r * (size_t)conv->s), sizeof(v_t));
        s->work = 64;
    } else {
        bytes = product((size_t)conv->s, (size_t)s->c);
        if (bytes > INT32_MAX - PAIR) return WINCRAFT_ARGUMENT;
        s->depth = over((ptrdiff_t)bytes, PAIR) * PAIR;
        bytes = product(product((size_t)((s->ow - 1) * conv->stride_w + conv->s), (size_t)s->c), sizeof(u_t));
        if (product(bytes, (size_t)conv->r) > PTRDIFF_MAX) return WINCRAFT_ARGUMENT;
        s->tap = (ptrdiff_t)(bytes / sizeof(u_t));
        s->block = (U_BYTES / (ptrdiff_t)bytes - conv->r) / conv->stride_h + 1;
        s->block = at_most(at_least(s->block, 1), s->oh);
        s->block = at_most(s->block, at_least(over(s->oh * conv->n, threads), 1));
        s->down = over(s->oh, s->block);
        s->block = over(s->oh, s->down);
        s->blocks = s->down * conv->n;
        s->group = product(product(product((size_t)(s->panels * COLUMNS), (size_t)s->depth), (size_t)conv->r),
                           sizeof(v_t));
        s->work = sum(product(bytes, (size_t)((s->block - 1) * conv->stride_h + conv->r)), 64);
    }
    s->prepared = aligned(sum(product(s->group, (size_t)s->groups), panels_at(conv)));
    s->work = aligned(s->work);
    if (s->prepared > PTRDIFF_MAX || product(s->work, (size_t)threads) > PTRDIFF_MAX) return WINCRAFT_ARGUMENT;
    return WINCRAFT_OK;
}

static prepared_head head_of(const wincraft_conv *conv, const shape *s, int32_t zero_point)
{
    prepared_head head;
    memset(&head, 0, sizeof head);
    head.content = CONTENT;
    head.c = conv->c;
    head.k = conv->k;
    head.r = conv->r;
    head.s = conv->s;
    head.groups = conv->groups;
    head.winograd = s->winograd;
    head.fly = s->fly;
    head.lanes = LANES;
    head.zero = zero_point;
    return head;
}

/* Filters: panels of COLUMNS output channels, [panel][tap][channel][column], of the data of a step side by side. */

/* Taps of channel c of the group, of the output channels of a panel: g[tap][column], 0 beyond the last one. */
static void gather_filters(const shape *s, const filter_t *filter, ptrdiff_t taps, ptrdiff_t k, ptrdiff_t c,
                           filter_t *g)
{
    ptrdiff_t i, j, count = c < s->c ? at_most(COLUMNS, s->k - k) : 0;
    for (i = 0; i < taps; ++i)
        for (j = 0; j < COLUMNS; ++j) g[i * COLUMNS + j] = j < count ? filter[((k + j) * s->c + c) * taps + i] : 0;
}

static void prepare_winograd(const shape *s, const filter_t *filter, void *panels)
{
    const ptrdiff_t channels = over(s->c, PAIR) * PAIR;
    filter_t g[PAIR * R0 * R1 * COLUMNS];
    ptrdiff_t p, c, i;
    for (p = 0; p < s->panels; ++p)
        for (c = 0; c < channels; c += PAIR) {
            for (i = 0; i < PAIR; ++i)
                gather_filters(s, filter, R0 * R1, p * COLUMNS, c + i, g + i * R0 * R1 * COLUMNS);
            if (s->fly)
                memcpy((filter_t *)panels + (p * channels + c) * R0 * R1 * COLUMNS, g, sizeof g);
            else
                filter_tiles(g, (v_t *)panels + (p * TAPS * channels + c) * COLUMNS, channels * COLUMNS);
        }
}

static void prepare_direct(const wincraft_conv *conv, const shape *s, const filter_t *filter, v_t *v)
{
    const ptrdiff_t run = conv->s * s->c, taps = (ptrdiff_t)conv->r * conv->s;
    ptrdiff_t p, r, i, j;
    for (p = 0; p < s->panels; ++p)
        for (r = 0; r < conv->r; ++r)
            for (i = 0; i < s->depth; ++i)
                for (j = 0; j < COLUMNS; ++j) {
                    const ptrdiff_t k = p * COLUMNS + j, c = i % s->c, tap = r * conv->s + i / s->c;
                    v[((p * conv->r + r) * s->depth + i / PAIR * PAIR) * COLUMNS + j * PAIR + i % PAIR] =
                        k < s->k && i < run ? (v_t)filter[(k * s->c + c) * taps + tap] : 0;
                }
}

/* Depthwise, direct: [panel][tap][column]. */
static void prepare_each_direct(const wincraft_conv *conv, const shape *s, const filter_t *filter, v_t *v)
{
    const ptrdiff_t taps = (ptrdiff_t)conv->r * conv->s;
    ptrdiff_t p, i, j;
    for (p = 0; p < s->panels; ++p)
        for (i = 0; i < taps; ++i)
            for (j = 0; j < COLUMNS; ++j) {
                const ptrdiff_t k = p * COLUMNS + j;
                v[(p * taps + i) * COLUMNS + j] = k < s->k ? (v_t)filter[k * taps + i] : 0;
            }
}

/* A tile of data from (top, left) on, for channels c to c + count, as d[pixel][lane]; beyond the image the zero point. */
static void gather_data(const wincraft_conv *conv, const data_t *x, ptrdiff_t top, ptrdiff_t left, ptrdiff_t count,
                        data_t zero_point, data_t *d)
{
    const ptrdiff_t i0 = at_least(-top, 0), i1 = at_most(N0, conv->h - top);
    const ptrdiff_t j0 = at_least(-left, 0), j1 = at_most(N1, conv->w - left);
    ptrdiff_t i, j, lane;
    if (conv->x_c == 1) {
        data_t none[WIDTH];
        for (lane = 0; lane < WIDTH; ++lane) none[lane] = zero_point;
        for (i = 0; i < N0; ++i)
            for (j = 0; j < N1; ++j) {
                const int inside = i >= i0 && i < i1 && j >= j0 && j < j1;
                const data_t *from = inside ? x + (top + i) * conv->x_h + (left + j) * conv->x_w : none;
                data_t *to = d + (i * N1 + j) * WIDTH;
                memcpy(to, count == WIDTH ? from : none, WIDTH * sizeof *to);
                if (count < WIDTH) copy_part(to, from, count, WIDTH);
            }
        return;
    }
    if (i0 > 0 || i1 < N0 || j0 > 0 || j1 < N1 || count < WIDTH)
        for (i = 0; i < N0 * N1 * WIDTH; ++i) d[i] = zero_point;
    if (conv->x_w == 1 && j0 == 0 && j1 == N1) {
        for (lane = 0; lane < count; ++lane)
            for (i = i0; i < i1; ++i)
                for (j = 0; j < N1; ++j)
                    d[(i * N1 + j) * WIDTH + lane] = x[lane * conv->x_c + (top + i) * conv->x_h + left + j];
    } else {
        for (i = i0; i < i1; ++i)
            for (j = j0; j < j1; ++j)
                for (lane = 0; lane < count; ++lane)
                    d[(i * N1 + j) * WIDTH + lane] =
                        x[lane * conv->x_c + (top + i) * conv->x_h + (left + j) * conv->x_w];
    }
}

/* Tiles first to first + count of a group: their data, transformed, to U[tap][tile][channel]. */
static void input_block(const wincraft_conv *conv, const shape *s, const data_t *x, ptrdiff_t first,
                        ptrdiff_t count, data_t zero_point, u_t *u)
{
    data_t d[N0 * N1 * WIDTH];
    ptrdiff_t t, c;
    for (t = 0; t < count; ++t) {
        const ptrdiff_t image = (first + t) / (s->down * s->across), place = (first + t) % (s->down * s->across);
        const ptrdiff_t top = place / s->across * M0 - conv->pad_top, left = place % s->across * M1 - conv->pad_left;
        const int inside = top >= 0 && left >= 0 && top + N0 <= conv->h && left + N1 <= conv->w && conv->x_c == 1;
        const data_t *from = x + image * conv->x_n;
        for (c = 0; c < s->depth; c += WIDTH) {
            if (inside && c + WIDTH <= s->c) {
                input_tile(from + top * conv->x_h + left * conv->x_w + c, conv->x_h, conv->x_w,
                           u + t * s->depth + c, s->tap);
            } else {
                gather_data(conv, from + c * conv->x_c, top, left, at_most(WIDTH, s->c - c), zero_point, d);
                input_tile(d, N1 * WIDTH, WIDTH, u + t * s->depth + c, s->tap);
            }
        }
    }
}

/* M of one panel: for every tap the product of count rows of U and the panel, in even groups of at most ROWS rows. */
static void multiply_block(const shape *s, const u_t *u, const v_t *v, ptrdiff_t v_tap, ptrdiff_t depth, int more,
                           ptrdiff_t count, m_t *m, ptrdiff_t m_tap)
{
    const ptrdiff_t groups = over(count, ROWS);
    ptrdiff_t tap, group, row, at[ROWS];
    for (row = 0; row < ROWS; ++row) at[row] = row * s->depth;
    for (tap = 0; tap < TAPS; ++tap) {
        const v_t *next = tap + 1 < TAPS ? v + v_tap : v;
        for (group = 0, row = 0; group < groups; ++group) {
            const ptrdiff_t rows = (count - row) / (groups - group);
            multiply(rows, u + row * s->depth, at, 0, 1, depth / PAIR, v, m + row * COLUMNS, more,
                     group + 1 < groups ? v : next);
            row += rows;
        }
        u += s->tap;
        v = next;
        m += m_tap;
    }
}

static void run_winograd(const wincraft_conv *conv, const shape *s, const data_t *x, const void *panels,
                         const finish *f, ptrdiff_t k0, char *work, ptrdiff_t block, data_t zero_point)
{
    const ptrdiff_t first = block * s->block, count = at_most(s->block, s->tiles - first);
    const ptrdiff_t m_tap = s->block * COLUMNS + 16, channels = over(s->c, PAIR) * PAIR;
    u_t *u = (u_t *)(void *)work;
    m_t *m = (m_t *)(void *)(work + aligned((size_t)(TAPS * s->tap) * sizeof(u_t)));
    const ptrdiff_t fly_tap = (s->chunk + 1) * COLUMNS;
    v_t *fly = (v_t *)(void *)((char *)m + aligned((size_t)(TAPS * m_tap) * sizeof(m_t)));
    ptrdiff_t p, c, i, t;
    input_block(conv, s, x, first, count, zero_point, u);
    for (p = 0; p < s->panels; ++p) {
        for (c = 0; c < channels; c += s->chunk) {
            const ptrdiff_t depth = at_most(s->chunk, channels - c);
            if (s->fly) {
                const filter_t *g = (const filter_t *)panels + (p * channels + c) * R0 * R1 * COLUMNS;
                for (i = 0; i < depth; i += PAIR)
                    filter_tiles(g + i * R0 * R1 * COLUMNS, fly + i * COLUMNS, fly_tap);
                multiply_block(s, u + c, fly, fly_tap, depth, c > 0, count, m, m_tap);
            } else {
                const v_t *v = (const v_t *)panels + (p * TAPS * channels + c) * COLUMNS;
                multiply_block(s, u + c, v, channels * COLUMNS, depth, c > 0, count, m, m_tap);
            }
        }
        for (t = 0; t < count; ++t) {
            const ptrdiff_t image = (first + t) / (s->down * s->across), place = (first + t) % (s->down * s->across);
            const ptrdiff_t i0 = place / s->across * M0, j0 = place % s->across * M1, k = p * COLUMNS;
            write_tile(m + t * COLUMNS, m_tap, f, k0 + k, at_most(COLUMNS, s->k - k),
                       image * conv->y_n + i0 * conv->y_h + j0 * conv->y_w + (k0 + k) * conv->y_c, conv,
                       at_most(M0, s->oh - i0), at_most(M1, s->ow - j0));
        }
    }
}

/* A row of an image with its borders, channels of a group side by side. */
static void gather_row(const wincraft_conv *conv, const shape *s, const data_t *x, ptrdiff_t h, data_t zero_point,
                       u_t *u)
{
    const ptrdiff_t width = s->tap / s->c, left = conv->pad_left;
    const ptrdiff_t inside = h < 0 || h >= conv->h ? 0 : at_most(conv->w, width - left);
    ptrdiff_t i, c;
    for (i = 0; i < (inside > 0 ? left : width) * s->c; ++i) u[i] = from_storage(zero_point);
    if (inside <= 0) return;
    x += h * conv->x_h;
    u += left * s->c;
    if (conv->x_c == 1 && conv->x_w == s->c)
        for (i = 0; i < inside * s->c; ++i) u[i] = from_storage(x[i]);
    else
        for (i = 0; i < inside; ++i)
            for (c = 0; c < s->c; ++c) u[i * s->c + c] = from_storage(x[i * conv->x_w + c * conv->x_c]);
    for (i = inside * s->c; i < (width - left) * s->c; ++i) u[i] = from_storage(zero_point);
}

/* The direct convolution: rows of data with their borders, then the same micro-kernel on S * C data at a time, for
 * pixels in even groups of at most ROWS. */
static void run_direct(const wincraft_conv *conv, const shape *s, const data_t *x, const void *panels,
                       const finish *f, ptrdiff_t k0, char *work, ptrdiff_t block, data_t zero_point)
{
    const ptrdiff_t image = block / s->down, first = block % s->down * s->block;
    const ptrdiff_t count = at_most(s->block, s->oh - first), rows = (count - 1) * conv->stride_h + conv->r;
    const ptrdiff_t top = first * conv->stride_h - conv->pad_top;
    const ptrdiff_t pixels = count * s->ow, groups = over(pixels, ROWS);
    u_t *u = (u_t *)(void *)work;
    m_t m[ROWS * COLUMNS];
    const ptrdiff_t panel = conv->r * s->depth * COLUMNS; /* few of them lie in the nearest cache with the data */
    const ptrdiff_t few = at_least(16384 / (panel * (ptrdiff_t)sizeof(v_t)), 1);
    ptrdiff_t i, p, q, group, pixel, row, column, at[ROWS], to[ROWS];
    x += image * conv->x_n;
    for (i = 0; i < rows; ++i)
        gather_row(conv, s, x, top + i, zero_point, u + i * s->tap);
    memset(u + rows * s->tap, 0, 64);
    for (p = 0; p < s->panels; p += few)
        for (group = 0, pixel = 0, row = 0, column = 0; group < groups; ++group) {
            const ptrdiff_t together = (pixels - pixel) / (groups - group);
            for (i = 0; i < together; ++i) {
                at[i] = row * conv->stride_h * s->tap + column * conv->stride_w * s->c;
                to[i] = image * conv->y_n + (first + row) * conv->y_h + column * conv->y_w;
                if (++column == s->ow) {
                    column = 0;
                    ++row;
                }
            }
            for (q = p; q < s->panels && q < p + few; ++q) {
                const v_t *v = (const v_t *)panels + q * panel;
                const ptrdiff_t k = q * COLUMNS, kept = at_most(COLUMNS, s->k - k);
                multiply(together, u, at, s->tap, conv->r, s->depth / PAIR, v, m, 0, v);
                for (i = 0; i < together; ++i)
                    write_pixel(m + i * COLUMNS, f, k0 + k, kept, to[i] + (k0 + k) * conv->y_c, conv->y_c);
            }
            pixel += together;
        }
}

/* Depthwise: for every tile and panel of channels the products of U and V alone. */
static void run_each(const wincraft_conv *conv, const shape *s, const data_t *x, const void *panels, const finish *f,
                     ptrdiff_t block, data_t zero_point)
{
    const ptrdiff_t first = block * s->block, count = at_most(s->block, s->tiles - first);
    data_t d[N0 * N1 * WIDTH];
    u_t u[TAPS * COLUMNS];
    m_t m[TAPS * COLUMNS];
    ptrdiff_t t, p, c, i;
    memset(u, 0, sizeof u);
    for (t = 0; t < count; ++t) {
        const ptrdiff_t image = (first + t) / (s->down * s->across), place = (first + t) % (s->down * s->across);
        const ptrdiff_t i0 = place / s->across * M0, j0 = place % s->across * M1;
        const ptrdiff_t top = i0 - conv->pad_top, left = j0 - conv->pad_left;
        const int inside = top >= 0 && left >= 0 && top + N0 <= conv->h && left + N1 <= conv->w && conv->x_c == 1;
        for (p = 0; p < s->panels; ++p) {
            const ptrdiff_t k = p * COLUMNS;
            const v_t *v = (const v_t *)panels + p * TAPS * PAIR * COLUMNS;
            for (c = k; c < at_most(k + COLUMNS, s->k); c += WIDTH) {
                const data_t *from = x + image * conv->x_n + c * conv->x_c;
                if (inside && c + WIDTH <= s->k) {
                    input_tile(from + top * conv->x_h + left * conv->x_w, conv->x_h, conv->x_w, u + c - k, COLUMNS);
                } else {
                    gather_data(conv, from, top, left, at_most(WIDTH, s->k - c), zero_point, d);
                    input_tile(d, N1 * WIDTH, WIDTH, u + c - k, COLUMNS);
                }
            }
            for (i = 0; i < TAPS * COLUMNS; ++i) m[i] = (m_t)u[i] * (m_t)v[i * PAIR];
            write_tile(m, COLUMNS, f, k, at_most(COLUMNS, s->k - k),
                       image * conv->y_n + i0 * conv->y_h + j0 * conv->y_w + k * conv->y_c, conv,
                       at_most(M0, s->oh - i0), at_most(M1, s->ow - j0));
        }
    }
}

/* Depthwise, direct: a row of outputs, for every pixel and panel of channels the sum over the filter. */
static void run_each_direct(const wincraft_conv *conv, const shape *s, const data_t *x, const void *panels,
                            const finish *f, ptrdiff_t block, data_t zero_point)
{
    const ptrdiff_t image = block / s->oh, row = block % s->oh, taps = (ptrdiff_t)conv->r * conv->s;
    const ptrdiff_t top = row * conv->stride_h - conv->pad_top;
    ptrdiff_t column, p, i, j, lane;
    for (column = 0; column < s->ow; ++column) {
        const ptrdiff_t left = column * conv->stride_w - conv->pad_left;
        for (p = 0; p < s->panels; ++p) {
            const ptrdiff_t k = p * COLUMNS, count = at_most(COLUMNS, s->k - k);
            const v_t *v = (const v_t *)panels + p * taps * COLUMNS;
            const data_t *from = x + image * conv->x_n + k * conv->x_c;
            m_t m[COLUMNS] = {0};
            for (i = 0; i < conv->r; ++i)
                for (j = 0; j < conv->s; ++j, v += COLUMNS) {
                    const int inside = top + i >= 0 && top + i < conv->h && left + j >= 0 && left + j < conv->w;
                    const data_t *at = inside ? from + (top + i) * conv->x_h + (left + j) * conv->x_w : from;
                    if (!inside)
                        for (lane = 0; lane < count; ++lane) m[lane] += (m_t)from_storage(zero_point) * (m_t)v[lane];
                    else if (conv->x_c == 1 && count == COLUMNS)
                        for (lane = 0; lane < COLUMNS; ++lane) m[lane] += (m_t)from_storage(at[lane]) * (m_t)v[lane];
                    else
                        for (lane = 0; lane < count; ++lane)
                            m[lane] += (m_t)from_storage(at[lane * conv->x_c]) * (m_t)v[lane];
                }
            write_pixel(m, f, k, count, image * conv->y_n + row * conv->y_h + column * conv->y_w + k * conv->y_c,
                        conv->y_c);
        }
    }
}
