/*
 * Differences and whole tiles of 3 x 3, in plain C. Included once per processor level, with
 *   TARGET    target attribute of the level, or nothing
 *   NAME(x)   name of function x in this copy
 */

/*
 * Second differences of n values at `row`, the row at `below` being the one before; both have a
 * value to their left. Magnitudes are or-ed to `sizes`.
 */
TARGET static void NAME(differences16)(const f24_plane_field *field, const uint8_t *below,
                                       const uint8_t *row, size_t n, uint32_t *restrict differences,
                                       uint32_t *restrict sizes)
{
    const f24_u16 *f = (const f24_u16 *)row, *f_left = f - 1;
    const f24_u16 *g = (const f24_u16 *)below, *g_left = g - 1;

    (void)field;
    for (size_t i = 0; i < n; i++) {
        int32_t d = (f[i] - f_left[i]) - (g[i] - g_left[i]);
        differences[i] = (uint32_t)d;
        sizes[i] |= (uint32_t)abs(d);
    }
}

TARGET static void NAME(differences32)(const f24_plane_field *field, const uint8_t *below,
                                       const uint8_t *row, size_t n, uint32_t *restrict differences,
                                       uint32_t *restrict sizes)
{
    const f24_u32 *f = (const f24_u32 *)row, *f_left = f - 1;
    const f24_u32 *g = (const f24_u32 *)below, *g_left = g - 1;
    const unsigned shift = field->shift;
    const uint32_t mask = field->mask;

    for (size_t i = 0; i < n; i++) {
        uint32_t d = ((f[i] >> shift & mask) - (f_left[i] >> shift & mask)) -
                     ((g[i] >> shift & mask) - (g_left[i] >> shift & mask));
        differences[i] = d;
        sizes[i] |= (uint32_t)abs((int32_t)d);
    }
}

/* Three tokens side by side. */
TARGET static inline __attribute__((always_inline)) uint64_t NAME(three)(const uint32_t *tokens,
                                                                         unsigned width)
{
    const uint32_t mask = (uint32_t)((UINT64_C(1) << width) - 1);

    return (uint64_t)(tokens[0] & mask) << 2 * width | (uint64_t)(tokens[1] & mask) << width |
           (tokens[2] & mask);
}

/*
 * n tiles of 3 x 3. Up to 17 bits a row of three follows the tile header in one put (5 + 51 bits);
 * a tile of zeros, of width 0, is no exception: its branch would be mispredicted.
 */
TARGET static uint32_t NAME(tiles3)(const f24_tile_codes *codes, const f24_plane_work *work,
                                    size_t n, f24_bit_writer *writer)
{
    const uint32_t *rows = work->differences, *sizes = work->sizes;
    const unsigned head_bits = codes->head_bits;
    f24_bit_writer w = *writer;
    uint32_t all = 0;

    for (size_t t = 0; t < n; t++, rows += 3, sizes += 3) {
        const uint32_t size = sizes[0] | sizes[1] | sizes[2];
        const f24_tile_code code = codes->of[F24_BIT_LENGTH(size)];
        const unsigned width = code.width;
        all |= size;
        if (width <= 17) {
            f24_put_bits(&w, (uint64_t)code.head << 3 * width | NAME(three)(rows, width),
                         head_bits + 3 * width);
            f24_put_bits(&w, NAME(three)(rows + F24_STRIP, width), 3 * width);
            f24_put_bits(&w, NAME(three)(rows + 2 * (size_t)F24_STRIP, width), 3 * width);
        } else {
            const uint32_t mask = ((uint32_t)1 << width) - 1;
            const uint32_t *p = rows, *q = rows + F24_STRIP, *r = rows + 2 * (size_t)F24_STRIP;
            f24_put_bits(&w, (uint64_t)code.head << width | (p[0] & mask), head_bits + width);
            f24_put_bits(&w, (uint64_t)(p[1] & mask) << width | (p[2] & mask), 2 * width);
            f24_put_bits(&w, (uint64_t)(q[0] & mask) << width | (q[1] & mask), 2 * width);
            f24_put_bits(&w, (uint64_t)(q[2] & mask) << width | (r[0] & mask), 2 * width);
            f24_put_bits(&w, (uint64_t)(r[1] & mask) << width | (r[2] & mask), 2 * width);
        }
    }
    *writer = w;
    return all;
}
