/*
 * A row of whole MINIMUM tiles, in plain C (docs/format/codecs.md, 9.3). Included once per
 * processor level, with
 *   TARGET    target attribute of the level, or nothing
 *   NAME(x)   name of function x in this copy
 */

/* Tokens of one row of a tile, 16 bits at most: 57 bits of the stream hold three of them. */
TARGET static inline __attribute__((always_inline)) void
NAME(minimum_run)(const uint8_t *bytes, uint64_t at, unsigned width, unsigned wide, unsigned lowest,
                  uint16_t *to)
{
    const unsigned drop = 64 - width;

    for (; wide >= 3; wide -= 3, to += 3, at += 3 * width) {
        uint64_t window = f24_bits_from(bytes, at);
        to[0] = (uint16_t)(lowest + (window >> drop));
        to[1] = (uint16_t)(lowest + (window << width >> drop));
        to[2] = (uint16_t)(lowest + (window << 2 * width >> drop));
    }
    for (; wide > 0; wide--, to++, at += width)
        *to = (uint16_t)(lowest + (f24_bits_from(bytes, at) >> drop));
}

TARGET static inline __attribute__((always_inline)) bool
NAME(minimum_tile)(minimum_stream *m, unsigned wide, unsigned tall, uint16_t *rows, size_t stride)
{
    const unsigned b = (unsigned)f24_bits_at(m->bytes, m->at, 4);
    const unsigned width = b == 15 ? 16 : b;
    const unsigned low_bits = b == 15 ? 0 : m->nbits;
    const uint64_t next = m->at + 4 + low_bits + (uint64_t)(wide * tall) * width;
    uint64_t at = m->at + 4;
    unsigned lowest;

    if (next > m->end)
        return false;
    lowest = b == 15 ? 0 : (unsigned)f24_bits_at(m->bytes, at, m->nbits);
    at += low_bits;
    if (width == 0) {
        for (unsigned r = 0; r < tall; r++, rows += stride)
            for (unsigned i = 0; i < wide; i++)
                rows[i] = (uint16_t)lowest;
    } else {
        for (unsigned r = 0; r < tall; r++, rows += stride, at += wide * width)
            NAME(minimum_run)(m->bytes, at, width, wide, lowest, rows);
    }
    m->at = next;
    return true;
}

/* One row of tiles, the last one cut at the right edge. False: the tile at m->at is cut short. */
TARGET static bool NAME(minimum_row)(minimum_stream *m, uint16_t *rows, int64_t ni, unsigned tall)
{
    const size_t stride = f24_row_stride(ni);
    minimum_stream local = *m;
    bool fine = true;
    int64_t i = 0;

    if (m->step == 5 && tall == 5) /* the usual tile: counts that the compiler knows */
        for (; fine && i + 5 <= ni; i += fine ? 5 : 0)
            fine = NAME(minimum_tile)(&local, 5, 5, rows + i, stride);
    for (; fine && i < ni; i += local.step) {
        unsigned wide = ni - i < local.step ? (unsigned)(ni - i) : local.step;
        fine = NAME(minimum_tile)(&local, wide, tall, rows + i, stride);
    }
    m->at = local.at;
    return fine;
}
