#include <opencv2/core.hpp>
static const cv::Mat AT = (cv::Mat_<float>(4, 6) <<
    1.0f, 1.0f, 1.0f, 1.0f, 1.0f, 0.0f,
    0.0f, 1.0f, -1.0f, 2.0f, -2.0f, 0.0f,
    0.0f, 1.0f, 1.0f, 4.0f, 4.0f, 0.0f,
    0.0f, 1.0f, -1.0f, 8.0f, -8.0f, 1.0f);
static const cv::Mat G = (cv::Mat_<float>(6, 3) <<
    0.25f, 0.0f, 0.0f,
    -1.0f / 6.0f, -1.0f / 6.0f, -1.0f / 6.0f,
    -1.0f / 6.0f, 1.0f / 6.0f, -1.0f / 6.0f,
    1.0f / 24.0f, 1.0f / 12.0f, 1.0f / 6.0f,
    1.0f / 24.0f, -1.0f / 12.0f, 1.0f / 6.0f,
    0.0f, 0.0f, 1.0f);
static const cv::Mat BT = (cv::Mat_<float>(6, 6) <<
    4.0f, 0.0f, -5.0f, 0.0f, 1.0f, 0.0f,
    0.0f, -4.0f, -4.0f, 1.0f, 1.0f, 0.0f,
    0.0f, 4.0f, -4.0f, -1.0f, 1.0f, 0.0f,
    0.0f, -2.0f, -1.0f, 2.0f, 1.0f, 0.0f,
    0.0f, 2.0f, -1.0f, -2.0f, 1.0f, 0.0f,
    0.0f, 4.0f, 0.0f, -5.0f, 0.0f, 1.0f);
