namespace reference {
namespace {
// Winograd input transform matrices
static const std::array<float, 16> imatrix2x2_3x3 = {{
    1.0f, 0.0f, -1.0f, 0.0f,
    0.0f, 1.0f, 1.0f, 0.0f,
    0.0f, -1.0f, 1.0f, 0.0f,
    0.0f, 1.0f, 0.0f, -1.0f,
}};
static const std::array<float, 36> imatrix4x4_3x3 = {{
    4.0f, 0.0f, -5.0f, 0.0f, 1.0f, 0.0f,
    0.0f, -4.0f, -4.0f, 1.0f, 1.0f, 0.0f,
    0.0f, 4.0f, -4.0f, -1.0f, 1.0f, 0.0f,
    0.0f, -2.0f, -1.0f, 2.0f, 1.0f, 0.0f,
    0.0f, 2.0f, -1.0f, -2.0f, 1.0f, 0.0f,
    0.0f, 4.0f, 0.0f, -5.0f, 0.0f, 1.0f,
}};
// Winograd filter transform matrices
static const std::array<float, 12> fmatrix2x2_3x3 = {{
    1.0f, 0.0f, 0.0f,
    0.5f, 0.5f, 0.5f,
    0.5f, -0.5f, 0.5f,
    0.0f, 0.0f, 1.0f,
}};
static const std::array<float, 18> fmatrix4x4_3x3 = {{
    0.25f, 0.0f, 0.0f,
    -1.0f / 6.0f, -1.0f / 6.0f, -1.0f / 6.0f,
    -1.0f / 6.0f, 1.0f / 6.0f, -1.0f / 6.0f,
    1.0f / 24.0f, 1.0f / 12.0f, 1.0f / 6.0f,
    1.0f / 24.0f, -1.0f / 12.0f, 1.0f / 6.0f,
    0.0f, 0.0f, 1.0f,
}};
// Winograd output transform matrices
static const std::array<float, 8> omatrix2x2_3x3 = {{
    1.0f, 1.0f, 1.0f, 0.0f,
    0.0f, 1.0f, -1.0f, -1.0f,
}};
static const std::array<float, 24> omatrix4x4_3x3 = {{
    1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 0.0f,
    0.0f, 1.0f, -1.0f, 2.0f, -2.0f, 0.0f,
    0.0f, 1.0f, 1.0f, 4.0f, 4.0f, 0.0f,
    0.0f, 1.0f, -1.0f, 8.0f, -8.0f, 1.0f,
}};
} // namespace
} // namespace reference
