import numpy as np


class F23:
    B_m = np.array([[1, 0, 0, 0],
                    [0, 1, -1, 1],
                    [-1, 1, 1, 0],
                    [0, 0, 0, -1]])
    G_m = np.array([[1, 0, 0], [.5, .5, .5], [.5, -.5, .5], [0, 0, 1]])
    A_m = np.array([[1, 0], [1, 1], [1, -1], [0, -1]])

    B_t = B_m.T
    A_t = np.transpose(A_m)
