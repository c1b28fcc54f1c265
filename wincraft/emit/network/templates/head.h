$opening

#ifndef ${PREFIX}_H
#define ${PREFIX}_H

#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

enum {
    ${PREFIX}_OK = 0,
    ${PREFIX}_ARGUMENT = -1, /* a null pointer, a negative number of images, work that is not aligned, a thread beyond */
    ${PREFIX}_SIZE = -4      /* too little work */
};

/* Bytes of memory that ${prefix}_run works in, for so many threads; aligned to 64 bytes. */
size_t ${prefix}_work_size(int threads);

/* The outputs of n images, one after the other.
 *
 * An image: $source.
 * Its output: $result.
 *
 * Every thread from 0 to threads - 1 calls it once with the same arguments; a program of one thread passes 0, 1.
 * Returns a status. */
int ${prefix}_run(const float *images, int n, float *outputs, void *work, size_t work_bytes, int thread, int threads);

#ifdef __cplusplus
}
#endif

#endif
