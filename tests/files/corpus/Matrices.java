final class Matrices {
    static final float[][] AT = {{1f, 1f, 1f, 0f}, {0f, 1f, -1f, 1f}};
    static final float[][] G = new float[][] {{1f, 0f, 0f}, {.5f, .5f, .5f}, {.5f, -.5f, .5f}, {0f, 0f, 1f}};
    static final float[][] BT = {{1f, 0f, -1f, 0f}, {0f, 1f, 1f, 0f}, {0f, -1f, 1f, 0f}, {0f, -1f, 0f, 1f}};
}
