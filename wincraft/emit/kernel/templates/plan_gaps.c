
/* What no piece reaches, in the rows of one thread. */
static void run_gaps(const wincraft_layer *layer, const ptrdiff_t size[3], const finish *f, int thread, int threads)
{
    ptrdiff_t row;
    for (row = thread; row < layer->n * size[0] * size[1]; row += threads) {
        const ptrdiff_t n = row / size[1] / size[0];
        ptrdiff_t at[3];
        at[0] = row / size[1] % size[0];
        at[1] = row % size[1];
        for (at[2] = 0; at[2] < size[2]; ++at[2]) {
            int c, i, found = 0;
            for (c = 0; c < CLASSES && !found; ++c)
                for (i = 0, found = 1; i < 3 && found; ++i) {
                    const axis *a = pieces[pieces_first[c]].along + i;
                    const ptrdiff_t behind = at[i] + crop_of(layer, i) - a->y;
                    found = behind >= 0 && behind % a->y_step == 0;
                }
            if (!found) {
                const ptrdiff_t place = at[0] * layer->y[0] + at[1] * layer->y[1] + at[2] * layer->y[2];
                fill_output(layer, f, f->y + n * layer->y_n + place);
                clamp_output(layer, f, f->y + n * layer->y_n + place);
            }
        }
    }
}
