!> Winograd minimal filtering
module winograd
  use, intrinsic :: iso_fortran_env, only: dp => real64
  implicit none
  real(dp), parameter :: AT(4,6) = reshape([ &
    1.0_dp, 1.0_dp, 1.0_dp, 1.0_dp, 1.0_dp, 0.0_dp, &
    0.0_dp, 1.0_dp, -1.0_dp, 2.0_dp, -2.0_dp, 0.0_dp, &
    0.0_dp, 1.0_dp, 1.0_dp, 4.0_dp, 4.0_dp, 0.0_dp, &
    0.0_dp, 1.0_dp, -1.0_dp, 8.0_dp, -8.0_dp, -1.0_dp ], &
    [4, 6], order=[2,1])
  real(dp), parameter :: G(6,3) = reshape([ &
    0.25_dp, 0.0_dp, 0.0_dp, &
    -1.0_dp/6.0_dp, -1.0_dp/6.0_dp, -1.0_dp/6.0_dp, &
    -1.0_dp/6.0_dp, 1.0_dp/6.0_dp, -1.0_dp/6.0_dp, &
    1.0_dp/24.0_dp, 1.0_dp/12.0_dp, 1.0_dp/6.0_dp, &
    1.0_dp/24.0_dp, -1.0_dp/12.0_dp, 1.0_dp/6.0_dp, &
    0.0_dp, 0.0_dp, 1.0_dp ], &
    [6, 3], order=[2,1])
  real(dp), parameter :: BT(6,6) = reshape([ &
    4.0_dp, 0.0_dp, -5.0_dp, 0.0_dp, 1.0_dp, 0.0_dp, &
    0.0_dp, -4.0_dp, -4.0_dp, 1.0_dp, 1.0_dp, 0.0_dp, &
    0.0_dp, 4.0_dp, -4.0_dp, -1.0_dp, 1.0_dp, 0.0_dp, &
    0.0_dp, -2.0_dp, -1.0_dp, 2.0_dp, 1.0_dp, 0.0_dp, &
    0.0_dp, 2.0_dp, -1.0_dp, -2.0_dp, 1.0_dp, 0.0_dp, &
    0.0_dp, -4.0_dp, 0.0_dp, 5.0_dp, 0.0_dp, -1.0_dp ], &
    [6, 6], order=[2,1])
contains
  subroutine conv(d, g, y)
    real(dp), intent(in) :: d(:), g(:)
    real(dp), intent(out) :: y(:)
    y = matmul(AT, matmul(G, g) * matmul(BT, d))
  end subroutine
end module
