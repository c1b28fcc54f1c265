static readonly float[,] AT = new float[,] { { 1f, 1f, 1f, 0f }, { 0f, 1f, -1f, 1f } };
static readonly float[,] G = new float[4, 3] { { 1f, 0f, 0f }, { .5f, .5f, .5f }, { .5f, -.5f, .5f }, { 0f, 0f, 1f } };
static readonly float[,] BT = { { 1f, 0f, -1f, 0f }, { 0f, 1f, 1f, 0f }, { 0f, -1f, 1f, 0f }, { 0f, -1f, 0f, 1f } };
