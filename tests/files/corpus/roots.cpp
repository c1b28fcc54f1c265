// points 0, +-sqrt(2)/2, inf
constexpr float SQ2 = 1.41421356237f;
constexpr float At[2][4] = {{1.f, 1.f, 1.f, 0.f}, {0.f, SQ2 / 2.f, -SQ2 / 2.f, 1.f}};
constexpr float G[4][3] = {{-2.f, 0.f, 0.f}, {1.f, SQ2 / 2.f, .5f}, {1.f, -SQ2 / 2.f, .5f}, {0.f, 0.f, 1.f}};
constexpr float Bt[4][4] = {{-.5f, 0.f, 1.f, 0.f}, {0.f, SQ2 / 2.f, 1.f, 0.f}, {0.f, -SQ2 / 2.f, 1.f, 0.f},
                            {0.f, -.5f, 0.f, 1.f}};
