const std::vector<std::vector<double>> AT{{1,1,1,0},{0,1,-1,1}};
std::vector<std::vector<double>> G = {{1,0,0},{0.5,0.5,0.5},{0.5,-0.5,0.5},{0,0,1}};
constexpr std::array<std::array<float,4>,4> BT = {{ {{1,0,-1,0}}, {{0,1,1,0}}, {{0,-1,1,0}}, {{0,-1,0,1}} }};
