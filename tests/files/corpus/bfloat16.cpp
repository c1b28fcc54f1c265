static const bfloat16_t AT[4][6] = {
    {bfloat16_t(1.0f), bfloat16_t(1.0f), bfloat16_t(1.0f), bfloat16_t(1.0f), bfloat16_t(1.0f), bfloat16_t(0.0f)},
    {bfloat16_t(0.0f), bfloat16_t(1.0f), bfloat16_t(-1.0f), bfloat16_t(0.5f), bfloat16_t(-0.5f), bfloat16_t(0.0f)},
    {bfloat16_t(0.0f), bfloat16_t(1.0f), bfloat16_t(1.0f), bfloat16_t(0.25f), bfloat16_t(0.25f), bfloat16_t(0.0f)},
    {bfloat16_t(0.0f), bfloat16_t(1.0f), bfloat16_t(-1.0f), bfloat16_t(0.125f), bfloat16_t(-0.125f), bfloat16_t(1.0f)}
};
static const bfloat16_t G[6][3] = {
    {bfloat16_t(4.0f), bfloat16_t(0.0f), bfloat16_t(0.0f)},
    {bfloat16_t(2.f/3.f), bfloat16_t(2.f/3.f), bfloat16_t(2.f/3.f)},
    {bfloat16_t(2.f/3.f), bfloat16_t(-2.f/3.f), bfloat16_t(2.f/3.f)},
    {bfloat16_t(-8.f/3.f), bfloat16_t(-4.f/3.f), bfloat16_t(-2.f/3.f)},
    {bfloat16_t(-8.f/3.f), bfloat16_t(4.f/3.f), bfloat16_t(-2.f/3.f)},
    {bfloat16_t(0.0f), bfloat16_t(0.0f), bfloat16_t(1.0f)}
};
static const bfloat16_t BT[6][6] = {
    {0.25bf16, 0.0bf16, -1.25bf16, 0.0bf16, 1.0bf16, 0.0bf16},
    {0.0bf16, -0.25bf16, -0.25bf16, 1.0bf16, 1.0bf16, 0.0bf16},
    {0.0bf16, 0.25bf16, -0.25bf16, -1.0bf16, 1.0bf16, 0.0bf16},
    {0.0bf16, -0.5bf16, -1.0bf16, 0.5bf16, 1.0bf16, 0.0bf16},
    {0.0bf16, 0.5bf16, -1.0bf16, -0.5bf16, 1.0bf16, 0.0bf16},
    {0.0bf16, 0.25bf16, 0.0bf16, -1.25bf16, 0.0bf16, 1.0bf16}
};
