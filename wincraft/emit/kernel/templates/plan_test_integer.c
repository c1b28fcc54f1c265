typedef int32_t sum_t;
#define TEST_ZERO (DATA_LOW + 100)

static sample_t random_sample(int kind, size_t l)
{
    return (sample_t)(kind == 1 ? DATA_HIGH
                      : kind == 2 ? DATA_LOW
                      : kind == 3 ? (l % 2 ? DATA_LOW : DATA_HIGH)
                                  : DATA_LOW + (int)(next_random() % 256));
}

static int8_t random_tap(int kind, size_t l)
{
    return (int8_t)(kind == 1 ? 127 : kind == 2 ? -128 : kind == 3 ? (l % 2 ? -128 : 127) : (int)(next_random() % 256) - 128);
}

static int32_t random_bias(void)
{
    return (int32_t)(next_random() % 2001) - 1000;
}

static int test_prepare(const wincraft_layer *layer, const int8_t *g, void *prepared)
{
    return ${prefix}_prepare(layer, g, TEST_ZERO, prepared);
}

static int test_run(const wincraft_layer *layer, const sample_t *x, const void *prepared, const int32_t *bias, int32_t *y,
                    void *work, size_t bytes, int thread, int threads)
{
    return ${prefix}_run(layer, x, prepared, TEST_ZERO, bias, y, work, bytes, thread, threads);
}

static double wrong_by(const wincraft_layer *layer, int32_t y, int64_t all, int32_t bias)
{
    (void)layer;
    return y == all + bias ? 0.0 : 2.0;
}
