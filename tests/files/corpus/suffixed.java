class Transforms {
    private static final double[][] G = {
        {1.0d / 4.0d, 0.0d, 0.0d}, {-1.0d / 6.0d, -1.0d / 6.0d, -1.0d / 6.0d}, {-1.0d / 6.0d, 1.0d / 6.0d, -1.0d / 6.0d},
        {1.0d / 24.0d, 1.0d / 12.0d, 1.0d / 6.0d}, {1.0d / 24.0d, -1.0d / 12.0d, 1.0d / 6.0d}, {0.0d, 0.0d, 1.0d}};
    private static final double[][] BT = new double[][] {
        {4d, 0d, -5d, 0d, 1d, 0d}, {0d, -4d, -4d, 1d, 1d, 0d}, {0d, 4d, -4d, -1d, 1d, 0d},
        {0d, -2d, -1d, 2d, 1d, 0d}, {0d, 2d, -1d, -2d, 1d, 0d}, {0d, 4d, 0d, -5d, 0d, 1d}};
    private static final double[][] AT = {
        {1, 1, 1, 1, 1, 0}, {0, 1, -1, 2, -2, 0}, {0, 1, 1, 4, 4, 0}, {0, 1, -1, 8, -8, 1}};
}
