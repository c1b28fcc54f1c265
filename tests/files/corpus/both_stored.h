// The same tables as they are and transposed.
constexpr float BT_2x2_3x3[] = {
  1, 0, -1, 0,
  0, 1, 1, 0,
  0, -1, 1, 0,
  0, 1, 0, -1
};
constexpr float B_2x2_3x3[] = {
  1, 0, 0, 0,
  0, 1, -1, 1,
  -1, 1, 1, 0,
  0, 0, 0, -1
};
constexpr float G_2x2_3x3[] = {
  1, 0, 0,
  1./2, 1./2, 1./2,
  1./2, -1./2, 1./2,
  0, 0, 1
};
constexpr float AT_2x2_3x3[] = {
  1, 1, 1, 0,
  0, 1, -1, -1
};
constexpr float A_2x2_3x3[] = {
  1, 0,
  1, 1,
  1, -1,
  0, -1
};
