! transforms of F(2,3), arrays in the order of columns
real, parameter :: BT(4,4) = reshape((/ 1.0, 0.0, 0.0, 0.0, &
    0.0, 1.0, -1.0, -1.0, -1.0, 1.0, 1.0, 0.0, 0.0, 0.0, 0.0, 1.0 /), (/ 4, 4 /))
real, parameter :: AT(2,4) = reshape((/ 1.0, 0.0, 1.0, 1.0, 1.0, -1.0, 0.0, 1.0 /), (/ 2, 4 /))
real, parameter :: G(3,4) = reshape([ 1.0, 0.0, 0.0, 0.5, 0.5, 0.5, 0.5, -0.5, 0.5, 0.0, 0.0, 1.0 ], [3, 4])
