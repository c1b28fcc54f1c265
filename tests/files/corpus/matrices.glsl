#version 450
const float BT[4][4] = float[4][4](
    float[4](1.0, 0.0, -1.0, 0.0), float[4](0.0, 1.0, 1.0, 0.0),
    float[4](0.0, -1.0, 1.0, 0.0), float[4](0.0, -1.0, 0.0, 1.0));
const float G[4][3] = float[4][3](
    float[3](1.0, 0.0, 0.0), float[3](0.5, 0.5, 0.5), float[3](0.5, -0.5, 0.5), float[3](0.0, 0.0, 1.0));
const float AT[2][4] = float[2][4](float[4](1.0, 1.0, 1.0, 0.0), float[4](0.0, 1.0, -1.0, 1.0));
void main() { }
