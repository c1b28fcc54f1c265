import numpy as np
AT = np.array([[1, 1, 1, 0], [0, 1, -1, 1]])
G = np.array([[1, 0, 0], [.5, .5, .5], [.5, -.5, .5], [0, 0, 1]], dtype=np.float32)
BT = np.array([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]])
print AT.dot((G.dot(g)) * (BT.dot(d)))
