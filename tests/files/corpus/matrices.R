AT <- matrix(c(1, 1, 1, 0, 0, 1, -1, 1), nrow = 2, byrow = TRUE)
G <- matrix(c(1, .5, .5, 0, 0, .5, -.5, 0, 0, .5, .5, 1), nrow = 4)
BT <- matrix(c(1, 0, -1, 0, 0, 1, 1, 0, 0, -1, 1, 0, 0, -1, 0, 1), nrow = 4, byrow = TRUE)
