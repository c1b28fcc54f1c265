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
