def get_AT():
    return [[1, 1, 1, 0], [0, 1, -1, 1]]

def get_G():
    half = 1 / 2
    return [[1, 0, 0], [half, half, half], [half, -half, half], [0, 0, 1]]

def get_BT():
    return [[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]]
