#include <armadillo>
int main() {
arma::mat AT = "1 1 1 0; 0 1 -1 -1";
arma::mat G = { { 1.0f, 0.0f, 0.0f },
  { 0.5f, 0.5f, 0.5f },
  { 0.5f, -0.5f, 0.5f },
  { 0.0f, 0.0f, 1.0f } };
arma::mat BT = "1 0 -1 0; 0 1 1 0; 0 -1 1 0; 0 1 0 -1";
}
