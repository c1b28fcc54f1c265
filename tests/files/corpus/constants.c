#define N 6
#define M 4
#define SIXTH (1.0f / 6)
static const double twelfth = 1.0 / 12;

static const float AT[M][N] = { { 1, 1, 1, 1, 1, 0 }, { 0, 1, -1, 2, -2, 0 }, { 0, 1, 1, 4, 4, 0 }, { 0, 1, -1, 8, -8, 1 } };
static const float G[N][3] = { { 0.25f, 0, 0 }, { -SIXTH, -SIXTH, -SIXTH }, { -SIXTH, SIXTH, -SIXTH },
    { (float)twelfth / 2, (float)twelfth, SIXTH }, { (float)twelfth / 2, -(float)twelfth, SIXTH }, { 0, 0, 1 } };
static const float BT[N][N] = { { 4, 0, -5, 0, 1, 0 }, { 0, -4, -4, 1, 1, 0 }, { 0, 4, -4, -1, 1, 0 },
    { 0, -2, -1, 2, 1, 0 }, { 0, 2, -1, -2, 1, 0 }, { 0, 4, 0, -5, 0, 1 } };
