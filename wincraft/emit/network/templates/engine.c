/* How a stage is stored: codes = clip(round_half_even(x * ratio), low, high). */
typedef struct storing {
    const double *ratio, *low, *high;
} storing;

/* Where a convolution writes: y = x + bias, and an image is added and what is negative set to 0 where that is wanted. */
typedef struct target {
    float *y;
    const float *add;
    int relu;
} target;

/* One convolution: its sizes, its filters and how its stages are stored. Channels in memory are whole COLUMNS. */
typedef struct layer layer;
struct layer {
    int number;
    ptrdiff_t h, w, xc;              /* of the input: height, width, channels in memory */
    ptrdiff_t oh, ow, kc;            /* of the output: height, width, channels in memory */
    ptrdiff_t top, left;             /* zeros before the image */
    ptrdiff_t qh, qw, qc;            /* of the stored image and its zeros: height, width, channels in memory */
    ptrdiff_t taps, down, across, block; /* products of a tile; tiles of an image, and of a step; direct: taps is 0 */
    ptrdiff_t stride_h, stride_w;
    ptrdiff_t rows, row;             /* direct: parts of a window, and what lies between their beginnings */
    ptrdiff_t segments, segment;     /* of a part: contiguous segments, and what lies between their beginnings */
    ptrdiff_t steps;                 /* of a segment: steps of PAIR channels */
    const v_t *v;                    /* [panel][tap][channels / PAIR][COLUMNS][PAIR] */
    const uint32_t *excess;          /* [panel][tap][COLUMNS]: what is too much in M */
    storing input, output;
    const storing *stages;           /* what is stored between them */
    const double *const *before;     /* factors of positions, where their scales differ */
    const double *unit;              /* what a code of the output is worth, for every channel */
    const float *bias;
    void (*transform)(const layer *p, const int16_t *q, u_t *u, ptrdiff_t tap, ptrdiff_t tile, ptrdiff_t c);
    void (*finish)(const layer *p, const uint32_t *m, ptrdiff_t tap, ptrdiff_t tile, ptrdiff_t k, const target *to);
};

HELPER target target_of(float *y, const float *add, int relu)
{
    target to;
    to.y = y;
    to.add = add;
    to.relu = relu;
    return to;
}

HELPER ptrdiff_t at_most(ptrdiff_t a, ptrdiff_t b)
{
    return a < b ? a : b;
}

#ifdef ${PREFIX}_WATCH
/* With ${PREFIX}_WATCH defined, whoever calls the network has this function, which is shown the integers of every stored
 * stage: of the layer and the stage by number, in the order of the comments, at a position of a tile, in the vector (a
 * pixel or a tile by number), `count` channels from `channel` on. */
void ${prefix}_watch(int layer, int stage, ptrdiff_t position, ptrdiff_t vector, ptrdiff_t channel,
                     const uint32_t *codes, ptrdiff_t count);
#define SEEN ${prefix}_watch
static void seen(int layer, int stage, ptrdiff_t position, ptrdiff_t vector, ptrdiff_t channel, vd codes)
{
    uint32_t words[HALF];
    write_words(words, codes);
    SEEN(layer, stage, position, vector, channel, words, HALF);
}
#else
#define SEEN(layer, stage, position, vector, channel, codes, count) ((void)0)
#define seen(layer, stage, position, vector, channel, codes) ((void)0)
#endif

/* LANES channels of a pixel as codes. */
HELPER void store_pixel(const layer *p, const float *x, uint32_t *codes, ptrdiff_t pixel, ptrdiff_t c)
{
    ptrdiff_t h;
    for (h = 0; h < LANES; h += HALF)
        write_rounded(codes + h, read_floats(x + c + h), same(*p->input.ratio), same(*p->input.low),
                      same(*p->input.high));
    SEEN(p->number, 0, 0, pixel, c, codes, LANES);
    (void)pixel;
}

/* The codes z of a pixel's outputs as numbers, HALF channels from `at` on. */
HELPER void write_outputs(vd z, vd unit, vf bias, ptrdiff_t at, const target *to)
{
    vf y = floats_of(z * unit) + bias; /* the product is exact in double, so rounded once */
    if (to->add) y = y + load_floats(to->add + at);
    store_floats(to->y + at, to->relu ? not_negative(y) : y);
}
