#ifdef _OPENMP
#include <omp.h>

$run
#endif
