__constant__ half c_BT[4][4] = {
  { (half)1, (half)0, (half)-1, (half)0 }, { (half)0, (half)1, (half)1, (half)0 },
  { (half)0, (half)-1, (half)1, (half)0 }, { (half)0, (half)-1, (half)0, (half)1 } };
__constant__ half c_G[4][3] = {
  { __float2half(1.f), __float2half(0.f), __float2half(0.f) },
  { __float2half(.5f), __float2half(.5f), __float2half(.5f) },
  { __float2half(.5f), __float2half(-.5f), __float2half(.5f) },
  { __float2half(0.f), __float2half(0.f), __float2half(1.f) } };
__constant__ half c_AT[2][4] = {
  { half(1.0), half(1.0), half(1.0), half(0.0) }, { half(0.0), half(1.0), half(-1.0), half(1.0) } };
