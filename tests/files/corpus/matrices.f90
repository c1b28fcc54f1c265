module winograd
  real(8), parameter :: AT(2, 4) = reshape([1d0, 0d0, 1d0, 1d0, 1d0, -1d0, 0d0, 1d0], [2, 4])
  real(8), parameter :: G(4, 3) = reshape([1d0, 5d-1, 5d-1, 0d0, 0d0, 5d-1, -5d-1, 0d0, 0d0, 5d-1, 5d-1, 1d0], [4, 3])
  real(8), parameter :: BT(4, 4) = reshape([1d0, 0d0, 0d0, 0d0, 0d0, 1d0, -1d0, -1d0, -1d0, 1d0, 1d0, 0d0, 0d0, 0d0, 0d0, 1d0], [4, 4])
end module
