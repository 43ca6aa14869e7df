/*
 * Missing points of one element type: missing.c defines T (an unaligned type), NAME(x) and LOWEST,
 * includes this and takes them away.
 */

/*
 * The largest value that is not `passed_over`, LOWEST when there is none. NaNs are never the
 * largest.
 *
 * Compilers keep the order of float comparisons, which makes one running maximum a serial chain;
 * LANES of them side by side are vectors.
 */
static T NAME(largest)(const T *values, size_t n, bool pass_over, T passed_over)
{
    T lane[LANES];
    size_t i = 0;

    for (size_t l = 0; l < LANES; l++)
        lane[l] = LOWEST;
    if (!pass_over) {
        for (; i + LANES <= n; i += LANES)
            for (size_t l = 0; l < LANES; l++)
                lane[l] = values[i + l] > lane[l] ? values[i + l] : lane[l];
    }
    for (; i < n; i++)
        if (values[i] > lane[0] && !(pass_over && values[i] == passed_over))
            lane[0] = values[i];
    for (size_t l = 1; l < LANES; l++)
        lane[0] = lane[l] > lane[0] ? lane[l] : lane[0];
    return lane[0];
}

static void NAME(put)(T *values, size_t n, T in_place_of, T value)
{
    for (size_t i = 0; i < n; i++)
        values[i] = values[i] == in_place_of ? value : values[i];
}

static void NAME(mark)(const T *values, size_t n, T missing, uint8_t *mask)
{
    for (size_t i = 0; i < n; i++)
        mask[i] = values[i] == missing;
}

static void NAME(restore)(T *values, size_t n, const f24_read_options *options, T value, T special)
{
    bool as_reference = options->missing == F24_MISSING_REFERENCE;
    T largest = NAME(largest)(values, n, false, special);

    /* The reference passes over its special value: when that is the largest, the next one goes too
     * (11). */
    if (as_reference && largest == special)
        largest = NAME(largest)(values, n, true, special);
    for (size_t i = 0; i < n; i += PIECE) {
        size_t piece = n - i < PIECE ? n - i : PIECE;
        if (options->mask != NULL && !as_reference)
            NAME(mark)(values + i, piece, largest, options->mask + i);
        if (options->missing != F24_MISSING_STORED)
            NAME(put)(values + i, piece, largest, value);
        if (options->mask != NULL && as_reference)
            NAME(mark)(values + i, piece, special, options->mask + i);
    }
}
