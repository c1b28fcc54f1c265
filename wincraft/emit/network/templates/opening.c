#include <float.h>
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "$prefix.h"

#ifdef __FAST_MATH__
#error "the integers of this network follow from roundings as IEEE 754 has them: compile without -ffast-math"
#endif
#if FLT_EVAL_METHOD == 2
#error "double is computed in another format here, as by x87: compile with -mfpmath=sse -msse2"
#endif

#if defined(__GNUC__)
#define HELPER static inline __attribute__((unused))
#else
#define HELPER static inline
#endif
#define ALIGNED(bytes) (((bytes) + 63) / 64 * 64)
