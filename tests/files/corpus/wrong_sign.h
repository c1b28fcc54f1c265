static const float AT[2][4] = {{1, 1, 1, 0}, {0, 1, -1, 1}};
static const float G[4][3] = {{1, 0, 0}, {.5f, .5f, .5f}, {.5f, -.5f, .5f}, {0, 0, 1}};
static const float BT[4][4] = {{1, 0, 1, 0}, {0, 1, 1, 0}, {0, -1, 1, 0}, {0, -1, 0, 1}};
