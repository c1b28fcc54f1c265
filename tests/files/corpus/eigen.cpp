Eigen::Matrix<float, 2, 4> AT; AT << 1, 1, 1, 0,
                                     0, 1, -1, 1;
Eigen::Matrix<float, 4, 3> G;  G << 1, 0, 0,
                                    0.5, 0.5, 0.5,
                                    0.5, -0.5, 0.5,
                                    0, 0, 1;
Eigen::Matrix4f BT;            BT << 1, 0, -1, 0,
                                     0, 1, 1, 0,
                                     0, -1, 1, 0,
                                     0, -1, 0, 1;
