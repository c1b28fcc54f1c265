typedef float sum_t;
#define TEST_ZERO 0

static float random_sample(int kind, size_t l)
{
    return kind == 1 ? 1.0F : kind == 2 ? (l % 2 ? 1.0F : -1.0F) : (float)next_random() / 8388608.0F - 1.0F;
}

static float random_tap(int kind, size_t l)
{
    return kind == 2 && l % 3 == 0 ? -1.0F : (float)next_random() / 8388608.0F - 1.0F;
}

static float random_bias(void)
{
    return (float)next_random() / 8388608.0F - 1.0F;
}

static int test_prepare(const wincraft_layer *layer, const float *g, void *prepared)
{
    return ${prefix}_prepare(layer, g, prepared);
}

static int test_run(const wincraft_layer *layer, const float *x, const void *prepared, const float *bias, float *y,
                    void *work, size_t bytes, int thread, int threads)
{
    const float lo = bias ? -2.0F : -INFINITY, hi = bias ? 3.0F : INFINITY;
    return ${prefix}_run(layer, x, prepared, bias, lo, hi, y, work, bytes, thread, threads);
}

/* The error in parts of its bound. */
static double wrong_by(const wincraft_layer *layer, float y, double all, float bias)
{
    const double sum_of_all = all + (double)bias;
    const double exact = sum_of_all < -2.0 ? -2.0 : sum_of_all > 3.0 ? 3.0 : sum_of_all;
    return fabs((double)y - exact) / (${PREFIX}_ERROR(layer->c / layer->groups) + 6e-8 * (fabs(sum_of_all) + 1.0));
}
