import numpy

BT = numpy.array([
    [1., 0., -1., 0.],
    [0., 1., 1., 0.],
    [0., -1., 1., 0.],
    [0., -1., 0., 1.]
    ], dtype=numpy.float32)

G = numpy.array([
    [1., 0., 0.],
    [1./2., 1./2., 1./2.],
    [1./2., -1./2., 1./2.],
    [0., 0., 1.]
    ], dtype=numpy.float32)

AT = numpy.array([
    [1., 1., 1., 0.],
    [0., 1., -1., 1.]
    ]).astype(numpy.float32)
