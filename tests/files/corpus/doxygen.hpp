#pragma once
/**
 * @brief Winograd transform
 *
 * \f[
 *   A^T = \begin{bmatrix}
 *   1 & 1 & 1 & 1 & 1 & 0 \\
 *   0 & 1 & -1 & 2 & -2 & 0 \\
 *   0 & 1 & 1 & 4 & 4 & 0 \\
 *   0 & 1 & -1 & 8 & -8 & 1 \\
 *   \end{bmatrix}
 * \f]
 * \f[
 *   G = \begin{bmatrix}
 *   \frac{1}{4} & 0 & 0 \\
 *   -\frac{1}{6} & -\frac{1}{6} & -\frac{1}{6} \\
 *   -\frac{1}{6} & \frac{1}{6} & -\frac{1}{6} \\
 *   \frac{1}{24} & \frac{1}{12} & \frac{1}{6} \\
 *   \frac{1}{24} & -\frac{1}{12} & \frac{1}{6} \\
 *   0 & 0 & 1 \\
 *   \end{bmatrix}
 * \f]
 * \f[
 *   B^T = \begin{bmatrix}
 *   4 & 0 & -5 & 0 & 1 & 0 \\
 *   0 & -4 & -4 & 1 & 1 & 0 \\
 *   0 & 4 & -4 & -1 & 1 & 0 \\
 *   0 & -2 & -1 & 2 & 1 & 0 \\
 *   0 & 2 & -1 & -2 & 1 & 0 \\
 *   0 & 4 & 0 & -5 & 0 & 1 \\
 *   \end{bmatrix}
 * \f]
 */
void transform(const float* in, float* out, int n);
