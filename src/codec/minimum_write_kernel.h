/*
 * A strip of MINIMUM tiles, in plain C (docs/format/codecs.md, 9.3). Included once per processor
 * level, with
 *   TARGET    target attribute of the level, or nothing
 *   NAME(x)   name of function x in this copy
 */

/* The extremes of n columns of `tall` rows. */
TARGET static void NAME(extremes)(const uint16_t *tokens, size_t stride, size_t n, unsigned tall,
                                  uint16_t *restrict lowest, uint16_t *restrict highest)
{
    memcpy(lowest, tokens, n * sizeof *lowest);
    memcpy(highest, tokens, n * sizeof *highest);
    for (unsigned r = 1; r < tall; r++) {
        tokens += stride;
        for (size_t i = 0; i < n; i++) {
            lowest[i] = lowest[i] < tokens[i] ? lowest[i] : tokens[i];
            highest[i] = highest[i] > tokens[i] ? highest[i] : tokens[i];
        }
    }
}

/* One tile, of which the columns' extremes are known. Three tokens have 48 bits at most. */
TARGET static inline __attribute__((always_inline)) void
NAME(put_tile)(const uint16_t *tokens, size_t stride, unsigned wide, unsigned tall, unsigned nbits,
               const f24_minimum_work *work, size_t i, f24_bit_writer *w)
{
    const minimum_tile tile = minimum_tile_of(work, i, wide);
    const unsigned width = tile.width;
    const uint32_t lowest = tile.is_raw ? 0 : tile.lowest;
    const unsigned low_bits = tile.is_raw ? 0 : nbits;

    f24_put_bits(w, (uint64_t)tile.head << low_bits | lowest, 4 + low_bits);
    if (width == 0)
        return;
    for (unsigned r = 0; r < tall; r++, tokens += stride) {
        unsigned k = 0;
        for (; k + 3 <= wide; k += 3)
            f24_put_bits(w,
                         (uint64_t)(tokens[i + k] - lowest) << 2 * width |
                             (uint64_t)(tokens[i + k + 1] - lowest) << width |
                             (tokens[i + k + 2] - lowest),
                         3 * width);
        if (wide - k == 2)
            f24_put_bits(w,
                         (uint64_t)(tokens[i + k] - lowest) << width | (tokens[i + k + 1] - lowest),
                         2 * width);
        else if (wide - k == 1)
            f24_put_bits(w, tokens[i + k] - lowest, width);
    }
}

/* n columns of `tall` rows: the tiles of a strip, the last one cut at the right edge. */
TARGET static void NAME(minimum_strip)(const uint16_t *tokens, size_t stride, size_t n,
                                       unsigned step, unsigned tall, unsigned nbits,
                                       f24_minimum_work *work, f24_bit_writer *writer)
{
    f24_bit_writer w = *writer;
    size_t i = 0;

    NAME(extremes)(tokens, stride, n, tall, work->lowest, work->highest);
    if (step == 5 && tall == 5) /* the usual tile: counts that the compiler knows */
        for (; i + 5 <= n; i += 5)
            NAME(put_tile)(tokens, stride, 5, 5, nbits, work, i, &w);
    for (; i < n; i += step)
        NAME(put_tile)(tokens, stride, n - i < step ? (unsigned)(n - i) : step, tall, nbits, work,
                       i, &w);
    *writer = w;
}
