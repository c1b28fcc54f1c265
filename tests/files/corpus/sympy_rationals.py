from sympy import Matrix, Rational, S, sqrt

AT = Matrix(2, 4, [1, 1, 1, 0, 0, 1, -1, 1])
G = Matrix([[1, 0, 0], [Rational(1, 2), S(1) / 2, S.Half], [S.Half, -S.Half, Rational("1/2")], [0, 0, 1]])
BT = Matrix([[1, 0, -1, 0], [0, 1, 1, 0], [0, -1, 1, 0], [0, -1, 0, 1]])
