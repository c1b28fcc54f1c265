/* Filters g[channel][tap][column] of two channels to V[tap][column][channel]. */
static void filter_tiles(const filter_t *g, v_t *v, ptrdiff_t tap)
{
    int16_t t[PAIR][TAPS * COLUMNS];
    ptrdiff_t i, lane;
    for (i = 0; i < PAIR; ++i)
        for (lane = 0; lane < COLUMNS; lane += WIDTH)
            filter_tile(g + i * R0 * R1 * COLUMNS + lane, t[i] + lane, COLUMNS);
    for (i = 0; i < TAPS; ++i)
        for (lane = 0; lane < COLUMNS; ++lane) {
            v[i * tap + PAIR * lane] = t[0][i * COLUMNS + lane];
            v[i * tap + PAIR * lane + 1] = t[1][i * COLUMNS + lane];
        }
}
