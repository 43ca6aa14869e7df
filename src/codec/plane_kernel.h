/*
 * Rows of tiles, in plain C. Included once per element type and processor level, with
 *   TARGET    target attribute of the level, or nothing
 *   NAME(x)   name of function x in this copy
 *   T         the element type, uint16_t or uint32_t
 *   LANES     elements of a 16-byte vector: 8 or 4
 */

typedef T NAME(vector) __attribute__((vector_size(16)));

/*
 * Nine tokens of 3 x 3 points, at most 25 bits each, sign-extended. A 57-bit window holds a row of
 * three up to 19 bits. Width 0 (a tile of zeros) needs no branch: its window is cleared.
 */
TARGET static inline __attribute__((always_inline)) void
NAME(tile)(const uint8_t *bytes, uint64_t at, unsigned width, T *rows, size_t stride)
{
    const uint64_t keep = (uint64_t)0 - (width != 0);
    const unsigned drop = (64 - width) & 63;

    if (width <= 19) {
        for (unsigned r = 0; r < 3; r++, at += 3 * width, rows += stride) {
            uint64_t window = f24_bits_from(bytes, at) & keep;
            rows[0] = (T)((int64_t)window >> drop);
            rows[1] = (T)((int64_t)(window << width) >> drop);
            rows[2] = (T)((int64_t)(window << 2 * width) >> drop);
        }
        return;
    }
    for (unsigned r = 0; r < 3; r++, rows += stride)
        for (unsigned k = 0; k < 3; k++, at += width)
            rows[k] = (T)((int64_t)f24_bits_from(bytes, at) >> drop);
}

/* One tile of any size, as at the right and upper edges. */
TARGET static bool NAME(edge)(f24_plane *plane, unsigned wide, unsigned tall, T *rows,
                              size_t stride)
{
    const uint8_t *bytes = plane->bytes;
    uint64_t at = plane->at, next, keep;
    unsigned width, drop;

    plane->wrong = true;
    if (plane->end - at < plane->head_bits)
        return false;
    width = plane->width[f24_bits_at(bytes, at, plane->head_bits)];
    next = at + plane->head_bits + (uint64_t)(wide * tall) * width;
    if (width > F24_WIDEST_TOKEN || next > plane->end)
        return false;
    at += plane->head_bits;
    drop = (64 - width) & 63;
    keep = (uint64_t)0 - (width != 0);
    for (unsigned r = 0; r < tall; r++, rows += stride)
        for (unsigned k = 0; k < wide; k++, at += width)
            rows[k] = (T)((int64_t)(f24_bits_from(bytes, at) & keep) >> drop);
    plane->at = next;
    plane->wrong = false;
    return true;
}

/* The tiles of a row from column `i` on, one by one; `rows` are at column 0. */
TARGET static bool NAME(edges)(f24_plane *plane, T *rows, int64_t i, int64_t ni, unsigned tall)
{
    const size_t stride = f24_row_stride(ni);
    const unsigned step = plane->step;

    for (; i < ni; i += step) {
        unsigned wide = ni - i < step ? (unsigned)(ni - i) : step;
        if (!NAME(edge)(plane, wide, tall, rows + i, stride))
            return false;
    }
    return true;
}

/* Differences become values, in place, from column `i` on: a sum up the column, then along the row.
 */
TARGET static void NAME(sum_plain)(T *slope, T *row, int64_t i, int64_t ni)
{
    T value = row[i - 1];

    for (; i < ni; i++) {
        slope[i] = (T)(slope[i] + row[i]);
        value = (T)(value + slope[i]);
        row[i] = value;
    }
}

/*
 * The same from column 1, LANES values at a time: the sum along the row is taken inside a vector by
 * doubling steps, so only one addition and one broadcast a vector wait for the one before.
 */
TARGET static void NAME(sum)(T *slope, T *row, int64_t ni)
{
    typedef NAME(vector) vector;
    const vector zero = {0};
    vector before = zero + row[0];
    int64_t i = 1;

    for (; i + LANES <= ni; i += LANES) {
        vector s, d;
        memcpy(&s, slope + i, sizeof s);
        memcpy(&d, row + i, sizeof d);
        s += d;
        memcpy(slope + i, &s, sizeof s);
#if LANES == 8
        s += F24_PICK(vector, zero, s, 0, 8, 9, 10, 11, 12, 13, 14);
        s += F24_PICK(vector, zero, s, 0, 1, 8, 9, 10, 11, 12, 13);
        s += F24_PICK(vector, zero, s, 0, 1, 2, 3, 8, 9, 10, 11);
        s += before;
        before = F24_PICK(vector, s, s, 7, 7, 7, 7, 7, 7, 7, 7);
#else
        s += F24_PICK(vector, zero, s, 0, 4, 5, 6);
        s += F24_PICK(vector, zero, s, 0, 1, 4, 5);
        s += before;
        before = F24_PICK(vector, s, s, 3, 3, 3, 3);
#endif
        memcpy(row + i, &s, sizeof s);
    }
    if (i < ni)
        NAME(sum_plain)(slope, row, i, ni);
}

#if LANES == 8
TARGET static bool NAME(row16)(f24_plane *plane, T *slope, T *rows, int64_t ni, unsigned tall)
{
    const size_t stride = f24_row_stride(ni);
    const int64_t n_full = plane->step == 3 && tall == 3 ? (ni - 1) / 3 : 0;
    const uint8_t *bytes = plane->bytes;
    const uint64_t end = plane->end;
    const unsigned head_bits = plane->head_bits;
    uint64_t at = plane->at;
    T *to = rows + 1;

    for (int64_t t = 0; t < n_full; t++, to += 3) {
        size_t b = (size_t)f24_bits_at(bytes, at, head_bits);
        uint64_t next = at + plane->tile_bits[b];
        if (next > end) {
            plane->at = at;
            plane->wrong = true;
            return false;
        }
        NAME(tile)(bytes, at + head_bits, plane->width[b], to, stride);
        at = next;
    }
    plane->at = at;
    if (!NAME(edges)(plane, rows, 1 + 3 * n_full, ni, tall))
        return false;
    for (unsigned r = 0; r < tall; r++)
        NAME(sum)(slope, rows + r * stride, ni);
    return true;
}
#else
TARGET static inline
    __attribute__((always_inline)) bool NAME(rows32_of)(f24_plane32 *planes, int n_planes,
                                                        int64_t ni, unsigned tall)
{
    const size_t stride = f24_row_stride(ni);
    const int64_t n_full = tall == 3 ? (ni - 1) / 3 : 0;
    uint64_t at[2] = {planes[0].plane.at, planes[n_planes - 1].plane.at};

    for (int64_t t = 0; t < n_full; t++) {
        for (int k = 0; k < n_planes; k++) {
            const f24_plane *plane = &planes[k].plane;
            size_t b = (size_t)f24_bits_at(plane->bytes, at[k], plane->head_bits);
            uint64_t next = at[k] + plane->tile_bits[b];
            if (next > plane->end) {
                planes[k].plane.at = at[k];
                planes[k].plane.wrong = true;
                return false;
            }
            NAME(tile)(plane->bytes, at[k] + plane->head_bits, plane->width[b],
                       planes[k].rows + 1 + 3 * t, stride);
            at[k] = next;
        }
    }
    for (int k = 0; k < n_planes; k++) {
        planes[k].plane.at = at[k];
        if (!NAME(edges)(&planes[k].plane, planes[k].rows, 1 + 3 * n_full, ni, tall))
            return false;
        for (unsigned r = 0; r < tall; r++)
            NAME(sum)(planes[k].slope, planes[k].rows + r * stride, ni);
    }
    return true;
}

TARGET static bool NAME(row32)(f24_plane32 *planes, int64_t ni, unsigned tall)
{
    return NAME(rows32_of)(planes, 1, ni, tall);
}

TARGET static bool NAME(rows32)(f24_plane32 *planes, int64_t ni, unsigned tall)
{
    return NAME(rows32_of)(planes, 2, ni, tall);
}
#endif
