/* SPDX-License-Identifier: Apache-2.0
 *
 * Only the matrix products of a layer, as the emitted file's run() orders them: block by block, panel by panel. KERNEL
 * is that file, PREFIX the prefix of its functions. The workspace holds what the last run left in it.
 */
#include KERNEL

#define JOIN(a, b) a##b
#define NAME(prefix) JOIN(prefix, _products)

/* Gives the multiplications and additions of them. */
double NAME(PREFIX)(const wincraft_conv *conv, const void *prepared, void *work)
{
    shape s;
    double operations = 0;
    if (read_shape(conv, 1, &s) != WINCRAFT_OK || !s.winograd) return 0;
    {
        const ptrdiff_t m_tap = s.block * COLUMNS + 16, channels = over(s.c, PAIR) * PAIR;
        const char *panels = (const char *)prepared + panels_at(conv);
        const u_t *u = (const u_t *)work;
        m_t *m = (m_t *)(void *)((char *)work + aligned((size_t)(TAPS * s.tap) * sizeof(u_t)));
        ptrdiff_t block, p, c;
        for (block = 0; block < s.blocks; ++block) {
            const ptrdiff_t count = at_most(s.block, s.tiles - block * s.block);
            for (p = 0; p < s.panels; ++p)
                for (c = 0; c < channels; c += s.chunk) {
                    const v_t *v = (const v_t *)(const void *)panels + (p * TAPS * channels + c) * COLUMNS;
                    multiply_block(&s, u + c, v, channels * COLUMNS, at_most(s.chunk, channels - c), c > 0, count, m,
                                   m_tap);
                }
            operations += 2.0 * TAPS * (double)count * (double)channels * (double)(s.panels * COLUMNS);
        }
    }
    return operations;
}
