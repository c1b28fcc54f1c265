#include <stdint.h>
const float at_0[] = {1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 0.0f};
const float at_1[] = {0.0f, 1.0f, -1.0f, 2.0f, -2.0f, 0.0f};
const float at_2[] = {0.0f, 1.0f, 1.0f, 4.0f, 4.0f, 0.0f};
const float at_3[] = {0.0f, 1.0f, -1.0f, 8.0f, -8.0f, 1.0f};
const float g_0[] = {0.25f, 0.0f, 0.0f};
const float g_1[] = {-1.0f / 6.0f, -1.0f / 6.0f, -1.0f / 6.0f};
const float g_2[] = {-1.0f / 6.0f, 1.0f / 6.0f, -1.0f / 6.0f};
const float g_3[] = {1.0f / 24.0f, 1.0f / 12.0f, 1.0f / 6.0f};
const float g_4[] = {1.0f / 24.0f, -1.0f / 12.0f, 1.0f / 6.0f};
const float g_5[] = {0.0f, 0.0f, 1.0f};
const float bt_0[] = {4.0f, 0.0f, -5.0f, 0.0f, 1.0f, 0.0f};
const float bt_1[] = {0.0f, -4.0f, -4.0f, 1.0f, 1.0f, 0.0f};
const float bt_2[] = {0.0f, 4.0f, -4.0f, -1.0f, 1.0f, 0.0f};
const float bt_3[] = {0.0f, -2.0f, -1.0f, 2.0f, 1.0f, 0.0f};
const float bt_4[] = {0.0f, 2.0f, -1.0f, -2.0f, 1.0f, 0.0f};
const float bt_5[] = {0.0f, 4.0f, 0.0f, -5.0f, 0.0f, 1.0f};
