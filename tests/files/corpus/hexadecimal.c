static const float AT[2][4] = {{0x1p+0f, 0x1p+0f, 0x1p+0f, 0x0p+0f}, {0x0p+0f, 0x1p+0f, -0x1p+0f, 0x1p+0f}};
static const float G[4][3] = {{0x1p+0f, 0, 0}, {0x1p-1f, 0x1.0p-1f, 0x1p-1f}, {0x1p-1f, -0x1p-1f, 0x1p-1f}, {0, 0, 1}};
static const float BT[4][4] = {{1, 0, -1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, -1, 0, 1}};
