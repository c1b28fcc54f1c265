// AT
// 1 1 1 0
// 0 1 -1 1
// G
// 1 0 0
// 0.5 0.5 0.5
// 0.5 -0.5 0.5
// 0 0 1
// BT
// 1 0 -1 0
// 0 1 1 0
// 0 -1 1 0
// 0 -1 0 1
static void transform(const float *d, float *u) { u[0] = d[0] - d[2]; }
