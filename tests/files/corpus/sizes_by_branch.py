import numpy as np


def winograd_transform_matrices(tile_size):
    if tile_size == 2:
        A_data = np.array([[1, 0], [1, 1], [1, -1], [0, 1]], dtype="float32")
        B_data = np.array([[1, 0, 0, 0], [0, 1, -1, -1], [-1, 1, 1, 0], [0, 0, 0, 1]], dtype="float32")
        G_data = np.array([[1, 0, 0], [1.0 / 2, 1.0 / 2, 1.0 / 2], [1.0 / 2, -1.0 / 2, 1.0 / 2], [0, 0, 1]])
    elif tile_size == 4:
        A_data = np.array(
            [[1, 0, 0, 0], [1, 1, 1, 1], [1, -1, 1, -1], [1, 2, 4, 8], [1, -2, 4, -8], [0, 0, 0, 1]],
            dtype="float32")
        B_data = np.array(
            [[4, 0, 0, 0, 0, 0], [0, -4, 4, -2, 2, 4], [-5, -4, -4, -1, -1, 0],
             [0, 1, -1, 2, -2, -5], [1, 1, 1, 1, 1, 0], [0, 0, 0, 0, 0, 1]], dtype="float32")
        G_data = np.array(
            [[1 / 4.0, 0, 0], [-1 / 6.0, -1 / 6.0, -1 / 6.0], [-1 / 6.0, 1 / 6.0, -1 / 6.0],
             [1 / 24.0, 1 / 12.0, 1 / 6.0], [1 / 24.0, -1 / 12.0, 1 / 6.0], [0, 0, 1]], dtype="float32")
    else:
        raise ValueError(tile_size)
    return A_data, B_data, G_data
