static const float wino_AT[8] = { 1, 1, 1, 0,
                                  0, 1, -1, 1 };
static const float wino_G[12] = { 1, 0, 0, 0.5f, 0.5f, 0.5f, 0.5f, -0.5f, 0.5f, 0, 0, 1 };
static const float wino_BT[16] = { 1, 0, -1, 0, 0, 1, 1, 0, 0, -1, 1, 0, 0, -1, 0, 1 };
