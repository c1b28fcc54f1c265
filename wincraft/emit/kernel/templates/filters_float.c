/* Filters g[tap][column] of one channel to V[tap][column]. */
static void filter_tiles(const filter_t *g, v_t *v, ptrdiff_t tap)
{
    ptrdiff_t lane;
    for (lane = 0; lane < COLUMNS; lane += WIDTH) filter_tile(g + lane, v + lane, tap);
}
