static void winograd_BtXB(const float* inptr)
{
    /*const float Bt[] = {
        1.f, 0.f, -1.f, 0.f,
        0.f, 1.f, 1.f, 0.f,
        0.f, -1.f, 1.f, 0.f,
        0.f, -1.f, 0.f, 1.f};*/
    float x[4]; run(x, 4);
}
static void winograd_AtXA(const float* inptr)
{
    /*const float At[] = {
        1.f, 1.f, 1.f, 0.f,
        0.f, 1.f, -1.f, 1.f};*/
}
void init() {
    static const float ktm[4][3] = {
        {1.0f, 0.0f, 0.0f}, {0.5f, 0.5f, 0.5f}, {0.5f, -0.5f, 0.5f}, {0.0f, 0.0f, 1.0f} };
}
