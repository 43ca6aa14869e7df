/*
 * The plain loops of the encoders, compiled once per CPU level: write_kernels.c defines TARGET and
 * NAME(x), includes this and takes both away. The compilers vectorise all but the packing; no level
 * may differ by a bit.
 */

TARGET static void NAME(range32)(const void *in, const uint8_t *mask, size_t n, int32_t range[2])
{
    const f24_i32 *from = in;
    int32_t low = range[0], high = range[1];

    if (mask == NULL)
        for (size_t i = 0; i < n; i++) {
            int32_t key = f24_key32(from[i]);
            low = key < low ? key : low;
            high = key > high ? key : high;
        }
    else
        for (size_t i = 0; i < n; i++) {
            int32_t key = f24_key32(from[i]), out = -(int32_t)(mask[i] != 0);
            int32_t at_least = (key & ~out) | (out & INT32_MAX);
            int32_t at_most = (key & ~out) | (out & INT32_MIN);
            low = at_least < low ? at_least : low;
            high = at_most > high ? at_most : high;
        }
    range[0] = low;
    range[1] = high;
}

TARGET static void NAME(range64)(const void *in, const uint8_t *mask, size_t n, int64_t range[2])
{
    const f24_i64 *from = in;
    int64_t low = range[0], high = range[1];

    for (size_t i = 0; i < n; i++) {
        int64_t key = f24_key64(from[i]);
        bool passed_over = mask != NULL && mask[i] != 0;
        int64_t at_least = passed_over ? INT64_MAX : key;
        int64_t at_most = passed_over ? INT64_MIN : key;
        low = at_least < low ? at_least : low;
        high = at_most > high ? at_most : high;
    }
    range[0] = low;
    range[1] = high;
}

TARGET static void NAME(largest32)(const uint32_t *in, const uint8_t *mask, size_t n, uint32_t turn,
                                   int32_t *largest)
{
    int32_t most = *largest;

    for (size_t i = 0; i < n; i++) {
        int32_t out = -(int32_t)(mask[i] != 0);
        int32_t v = ((int32_t)(in[i] ^ turn) & ~out) | (out & INT32_MIN);
        most = v > most ? v : most;
    }
    *largest = most;
}

TARGET static bool NAME(to_float)(const void *in, size_t n, float *restrict out)
{
    const f24_f64 *from = in;
    const f24_i64 *bits = in;
    /* From 2^128 less half a step on, a double is rounded to infinity; beyond DBL_MAX it is one. */
    const int64_t first = 0x47EFFFFFF0000000, last = 0x7FEFFFFFFFFFFFFF;
    int64_t overflown = 0;

    for (size_t i = 0; i < n; i++)
        out[i] = (float)from[i];
    for (size_t i = 0; i < n; i++) {
        int64_t size = bits[i] & INT64_MAX;
        overflown |= (int64_t)(size >= first) & (int64_t)(size <= last);
    }
    return overflown != 0;
}

TARGET static void NAME(quantise16)(const void *in, size_t n, double minimum, double scale,
                                    uint16_t *restrict out)
{
    const f24_f32 *from = in;

    for (size_t i = 0; i < n; i++)
        out[i] = (uint16_t)(int32_t)(((double)from[i] - minimum) * scale);
}

TARGET static void NAME(quantise32)(const void *in, size_t n, double minimum, double scale,
                                    uint32_t *restrict out)
{
    const f24_f32 *from = in;

    for (size_t i = 0; i < n; i++)
        out[i] = (uint32_t)(int32_t)(((double)from[i] - minimum) * scale);
}

TARGET static void NAME(quantise64)(const double *in, size_t n, double minimum, double scale,
                                    uint32_t *restrict out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint32_t)(int32_t)((in[i] - minimum) * scale);
}

/*
 * The aligned mantissa of x is x x 2^(150 - e) cut towards zero: the product is exact, or below 1
 * (8.1 shifts the mantissa instead). Denormals have no leading bit, and need none here.
 */
TARGET static void NAME(block_tokens)(const void *in, size_t n, const f24_block_steps *steps,
                                      uint16_t *restrict out)
{
    const f24_f32 *from = in;
    const float up0 = steps->up[0], up1 = steps->up[1];
    const int32_t offset = steps->round - steps->minimum, shift = steps->shift;
    const int32_t largest = steps->largest;

    for (size_t i = 0; i < n; i++) {
        int32_t t = ((int32_t)(from[i] * up0 * up1) + offset) >> shift;
        t = t > largest ? largest : t;
        t = t < 0 ? 0 : t; /* only denormals below a minimum of 0 (13: D15) */
        out[i] = (uint16_t)t;
    }
}

TARGET static void NAME(tops)(const void *in, size_t n, unsigned width, uint32_t *restrict out)
{
    const f24_u32 *from = in;
    const unsigned down = 32 - width;
    const uint32_t quiet = UINT32_C(0x400000) >> down;
    const uint32_t exponent = UINT32_C(0x7F800000) >> down, all = UINT32_C(0x7FFFFFFF) >> down;

    for (size_t i = 0; i < n; i++) {
        uint32_t top = from[i] >> down;
        /* All the bits that tell a NaN from an infinity may be among those that go. */
        bool is_nan = (from[i] & 0x7FFFFFFF) > 0x7F800000;
        out[i] = is_nan && (top & all) == exponent ? top | quiet : top;
    }
}

#define FROM(name, type)                                                                           \
    TARGET static void NAME(name)(const void *in, size_t n, uint32_t *restrict out)                \
    {                                                                                              \
        const type *from = in;                                                                     \
        for (size_t i = 0; i < n; i++)                                                             \
            out[i] = (uint32_t)from[i];                                                            \
    }
FROM(from_u8, uint8_t)
FROM(from_i8, int8_t)
FROM(from_u16, f24_u16)
FROM(from_i16, f24_i16)
#undef FROM

TARGET static uint32_t NAME(bias)(uint32_t *values, size_t n, uint32_t bias, uint32_t checked,
                                  uint32_t keep)
{
    uint32_t any = 0;

    for (size_t i = 0; i < n; i++) {
        any |= values[i] + checked;
        values[i] = (values[i] + bias) & keep;
    }
    return any;
}

TARGET static void NAME(narrow)(const uint32_t *restrict in, size_t n, uint16_t *restrict out)
{
    for (size_t i = 0; i < n; i++)
        out[i] = (uint16_t)in[i];
}

TARGET static void NAME(plug32)(void *restrict values, const uint8_t *restrict mask, size_t n,
                                uint32_t plug)
{
    f24_u32 *at = values;

    for (size_t i = 0; i < n; i++)
        at[i] = mask[i] != 0 ? plug : at[i];
}

TARGET static void NAME(plug64)(void *restrict values, const uint8_t *restrict mask, size_t n,
                                uint64_t plug)
{
    f24_u64 *at = values;

    for (size_t i = 0; i < n; i++)
        at[i] = mask[i] != 0 ? plug : at[i];
}

TARGET static inline __attribute__((always_inline)) void NAME(store_be64)(uint8_t *out, uint64_t v)
{
    *(f24_u64 *)out = F24_HOST_LITTLE ? __builtin_bswap64(v) : v;
}

/* Tokens joined `together` at a time, so that most of the work is done on 64 bits at once. */
TARGET static inline __attribute__((always_inline)) void
NAME(pack_groups)(const uint32_t *restrict in, size_t n, unsigned width, unsigned together,
                  uint8_t *restrict out)
{
    const unsigned wide = together * width;
    uint64_t held = 0;   /* bits that wait, at the top */
    unsigned n_held = 0; /* 0 to 63 */
    size_t i = 0;

    for (; i < n; i += together) {
        uint64_t group = in[i];
        unsigned bits = wide;
        if (n - i >= together) {
            for (unsigned t = 1; t < together; t++)
                group = group << width | in[i + t];
        } else {
            bits = (unsigned)(n - i) * width;
            for (unsigned t = 1; t < n - i; t++)
                group = group << width | in[i + t];
        }
        group <<= 64 - bits;
        held |= group >> n_held;
        n_held += bits;
        if (n_held >= 64) {
            NAME(store_be64)(out, held);
            out += 8;
            n_held -= 64;
            held = group << (bits - n_held - 1) << 1; /* bits - n_held may be 64 */
        }
    }
    NAME(store_be64)(out, held);
}

TARGET static void NAME(pack)(const uint32_t *restrict in, size_t n, unsigned width,
                              uint8_t *restrict out)
{
    if (width <= 16)
        NAME(pack_groups)(in, n, width, 4, out);
    else
        NAME(pack_groups)(in, n, width, 2, out);
}

TARGET static void NAME(pack16)(const uint16_t *restrict in, size_t n, uint8_t *restrict out)
{
    f24_u16 *restrict to = (f24_u16 *)out;

    for (size_t i = 0; i < n; i++)
        to[i] = F24_HOST_LITTLE ? __builtin_bswap16(in[i]) : in[i];
}

TARGET static int64_t NAME(count)(const uint8_t *mask, int64_t n)
{
    int64_t count = 0;

    /* Short sums in pieces: compilers then add bytes, not 64-bit numbers. */
    while (n > 0) {
        uint8_t piece = 0;
        int64_t n_piece = n < 255 ? n : 255;
        for (int64_t i = 0; i < n_piece; i++)
            piece = (uint8_t)(piece + (mask[i] != 0));
        count += piece;
        mask += n_piece;
        n -= n_piece;
    }
    return count;
}
