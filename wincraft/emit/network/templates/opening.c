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
#if defined(__clang__)
#define ROLLED _Pragma("clang loop unroll(disable)") /* unrolled, the accumulators no longer fit the registers */
#elif defined(__GNUC__)
#define ROLLED _Pragma("GCC unroll 1")
#else
#define ROLLED
#endif
#if defined(__GNUC__)
#define PREFETCH(p) __builtin_prefetch(p, 0, 3)
#else
#define PREFETCH(p) ((void)(p))
#endif
