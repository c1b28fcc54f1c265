#include <string.h>
float AT[2][4], G[4][3], BT[4][4];
void init(void)
{
    memset(AT, 0, sizeof(AT));
    AT[0][0] = 1.0f;
    AT[0][1] = 1.0f;
    AT[0][2] = 1.0f;
    AT[1][1] = 1.0f;
    AT[1][2] = -1.0f;
    AT[1][3] = -1.0f;
    memset(G, 0, sizeof(G));
    G[0][0] = 1.0f;
    G[1][0] = 0.5f;
    G[1][1] = 0.5f;
    G[1][2] = 0.5f;
    G[2][0] = 0.5f;
    G[2][1] = -0.5f;
    G[2][2] = 0.5f;
    G[3][2] = 1.0f;
    memset(BT, 0, sizeof(BT));
    BT[0][0] = 1.0f;
    BT[0][2] = -1.0f;
    BT[1][1] = 1.0f;
    BT[1][2] = 1.0f;
    BT[2][1] = -1.0f;
    BT[2][2] = 1.0f;
    BT[3][1] = 1.0f;
    BT[3][3] = -1.0f;
}
