memref.global "private" constant @winograd_B : memref<4x4xf32> = dense<[[1.0, 0.0, 0.0, 0.0], [0.0, 1.0, -1.0, -1.0], [-1.0, 1.0, 1.0, 0.0], [0.0, 0.0, 0.0, 1.0]]>
memref.global "private" constant @winograd_G : memref<4x3xf32> = dense<[[1.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, -0.5, 0.5], [0.0, 0.0, 1.0]]>
memref.global "private" constant @winograd_A : memref<4x2xf32> = dense<[[1.0, 0.0], [1.0, 1.0], [1.0, -1.0], [0.0, 1.0]]>
