static const float g_winograd_weight_transform[4][3] = {{1,0,0},{.5f,.5f,.5f},{.5f,-.5f,.5f},{0,0,1}};
static const float g_winograd_input_transform[4][4] = {{1,0,-1,0},{0,1,1,0},{0,-1,1,0},{0,-1,0,1}};
static const float g_winograd_output_transform[2][4] = {{1,1,1,0},{0,1,-1,1}};
