/*
 * The compressed streams written and read as docs/format/codecs.md says them (sections 9 and 10),
 * one bit and one point at a time: slow, and plain enough to be checked against the page by eye.
 * The tests hold the library's decoders against these.
 */
#ifndef F24_TESTS_STREAM_PAGES_H
#define F24_TESTS_STREAM_PAGES_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

/* ---------------------------------------------------------------------------------- bit strings */

typedef struct bits {
    uint8_t *bytes;
    uint64_t at, end; /* bits */
    bool over;        /* read past the end */
} bits;

static inline void put(bits *b, uint64_t value, int width)
{
    for (int k = width - 1; k >= 0; k--, b->at++) {
        if (b->at >= b->end)
            abort(); /* the caller gives room enough */
        if (value >> k & 1)
            b->bytes[b->at >> 3] |= (uint8_t)(0x80 >> (b->at & 7));
        else
            b->bytes[b->at >> 3] &= (uint8_t)~(0x80 >> (b->at & 7));
    }
}

static inline uint64_t get(bits *b, unsigned width)
{
    uint64_t value = 0;

    for (unsigned k = 0; k < width; k++, b->at++) {
        if (b->at >= b->end) {
            b->over = true;
            return 0;
        }
        value = value << 1 | (b->bytes[b->at >> 3] >> (7 - (b->at & 7)) & 1);
    }
    return value;
}

static inline int64_t get_signed(bits *b, unsigned width)
{
    uint64_t value = get(b, width);

    return width > 0 && value >> (width - 1) ? (int64_t)value - ((int64_t)1 << width)
                                             : (int64_t)value;
}

static inline void pad_to_word(bits *b)
{
    while (b->at % 32 != 0)
        put(b, 0, 1);
}

static inline int bit_length(uint64_t v)
{
    int n = 0;

    for (; v != 0; v >>= 1)
        n++;
    return n;
}

static inline uint32_t head_word(unsigned predictor, unsigned step, unsigned nbits,
                                 unsigned n_levels)
{
    return predictor | (predictor > 3 ? 1u << 4 : 0) | step << 7 | nbits << 10 | n_levels << 15;
}

/* ------------------------------------------------------------------------------- 9.3 and 9.4 */

#define LEAST(a, b) ((a) < (b) ? (a) : (b))

static inline void write_minimum(bits *b, const uint16_t *f, int ni, int nj, int step, int nbits)
{
    put(b, head_word(3, (unsigned)step, (unsigned)nbits, 1), 32);
    for (int j0 = 0; j0 < nj; j0 += step)
        for (int i0 = 0; i0 < ni; i0 += step) {
            unsigned lo = 65535, hi = 0;
            int width;
            for (int j = j0; j < LEAST(j0 + step, nj); j++)
                for (int i = i0; i < LEAST(i0 + step, ni); i++) {
                    lo = LEAST(lo, f[j * ni + i]);
                    hi = f[j * ni + i] > hi ? f[j * ni + i] : hi;
                }
            width = bit_length(hi - lo);
            width = width == 16 ? 15 : width;
            put(b, (uint64_t)width, 4);
            if (width != 15)
                put(b, lo, nbits);
            for (int j = j0; j < LEAST(j0 + step, nj) && width > 0; j++)
                for (int i = i0; i < LEAST(i0 + step, ni); i++)
                    if (width == 15)
                        put(b, f[j * ni + i], 16);
                    else
                        put(b, f[j * ni + i] - lo, width);
        }
    pad_to_word(b);
}

static inline int64_t difference(const uint32_t *f, int ni, int i, int j)
{
    return (int64_t)f[j * ni + i] - f[j * ni + i - 1] - f[(j - 1) * ni + i] +
           f[(j - 1) * ni + i - 1];
}

/* Header width, border and tiles; `lossless` drops the rule for 15 and 16 (10.2, 10.3). */
static inline void write_plane(bits *b, const uint32_t *f, int ni, int nj, int step, int nbits,
                               int head_bits, bool lossless)
{
    put(b, (uint64_t)head_bits, 3);
    for (int i = 0; i < ni; i++)
        put(b, f[i], nbits);
    for (int j = 1; j < nj; j++)
        put(b, f[j * ni], nbits);
    for (int j0 = 1; j0 < nj; j0 += step)
        for (int i0 = 1; i0 < ni; i0 += step) {
            uint64_t most = 0;
            int width;
            for (int j = j0; j < LEAST(j0 + step, nj); j++)
                for (int i = i0; i < LEAST(i0 + step, ni); i++) {
                    uint64_t size = (uint64_t)llabs(difference(f, ni, i, j));
                    most = size > most ? size : most;
                }
            width = bit_length(most);
            if (!lossless && width == 16)
                width = 15;
            put(b, (uint64_t)width, head_bits);
            for (int j = j0; j < LEAST(j0 + step, nj) && width > 0; j++)
                for (int i = i0; i < LEAST(i0 + step, ni); i++)
                    put(b, (uint64_t)difference(f, ni, i, j),
                        !lossless && width == 15 ? 17 : width + 1);
        }
    pad_to_word(b);
}

/* The narrowest header that can hold every tile of the field. */
static inline int narrowest_head(const uint32_t *f, int ni, int nj, bool lossless)
{
    int most = 0;

    for (int j = 1; j < nj; j++)
        for (int i = 1; i < ni; i++) {
            int width = bit_length((uint64_t)llabs(difference(f, ni, i, j)));
            width = !lossless && width == 16 ? 15 : width;
            most = width > most ? width : most;
        }
    return most == 0 ? 1 : bit_length((uint64_t)most);
}

static inline void write_parallelogram(bits *b, const uint32_t *f, int ni, int nj, int step,
                                       int nbits, int head_bits)
{
    put(b, head_word(4, (unsigned)step, (unsigned)nbits, 1), 32);
    write_plane(b, f, ni, nj, step, nbits, head_bits, false);
}

/* False: the stream is wrong. */
static inline bool read_minimum(bits *b, unsigned nbits, unsigned step, int ni, int nj, uint16_t *f)
{
    for (int j0 = 0; j0 < nj; j0 += (int)step)
        for (int i0 = 0; i0 < ni; i0 += (int)step) {
            unsigned width = (unsigned)get(b, 4);
            unsigned lo = width == 15 ? 0 : (unsigned)get(b, nbits);
            width = width == 15 ? 16 : width;
            for (int j = j0; j < LEAST(j0 + (int)step, nj); j++)
                for (int i = i0; i < LEAST(i0 + (int)step, ni); i++)
                    f[j * ni + i] = (uint16_t)(lo + get(b, width));
            if (b->over)
                return false;
        }
    return true;
}

static inline unsigned width_of(unsigned b, bool lossless)
{
    if (b == 0)
        return 0;
    return !lossless && (b == 15 || b == 16) ? 17 : b + 1;
}

/* Values modulo 2^32. */
static inline bool read_plane(bits *b, unsigned nbits, unsigned step, bool lossless, int ni, int nj,
                              uint32_t *f)
{
    unsigned head_bits = (unsigned)get(b, 3);

    if (head_bits == 0)
        return false;
    for (int i = 0; i < ni; i++)
        f[i] = (uint32_t)get(b, nbits);
    for (int j = 1; j < nj; j++)
        f[j * ni] = (uint32_t)get(b, nbits);
    for (int j0 = 1; j0 < nj && !b->over; j0 += (int)step)
        for (int i0 = 1; i0 < ni && !b->over; i0 += (int)step) {
            unsigned width = width_of((unsigned)get(b, head_bits), lossless);
            if (width > 25)
                return false;
            for (int j = j0; j < LEAST(j0 + (int)step, nj); j++)
                for (int i = i0; i < LEAST(i0 + (int)step, ni); i++)
                    f[j * ni + i] = (uint32_t)get_signed(b, width); /* d for now */
        }
    for (int j = 1; j < nj && !b->over; j++)
        for (int i = 1; i < ni; i++)
            f[j * ni + i] += f[j * ni + i - 1] + f[(j - 1) * ni + i] - f[(j - 1) * ni + i - 1];
    return !b->over;
}

/* ---------------------------------------------------------------------------------- 9.5, SAMPLE */

#define SAMPLE_LEVELS 3

static inline int coarse_count(int n)
{
    return (n + 2) / 3 + ((n - 1) % 3 != 0 ? 1 : 0);
}

static inline int32_t rnd(double v)
{
    return v < 0 ? (int32_t)(v - 0.5001) : (int32_t)(v + 0.5001);
}

static inline double cubic_of(double p, double q, double s, double t, double x)
{
    return q + x *
                   (6 * x * (2 * x * ((t - p) + 3 * (q - s)) + 18 * ((p + s) - 2 * q)) +
                    108 * (6 * s - t - 3 * q - 2 * p)) /
                   1944;
}

/* One line of n points, `gap` elements apart, whose nodes are in place; 1-based as on the page. */
static inline void interpolate_line(int32_t *line, int n, int gap)
{
#define Z(i) line[((i) - 1) * gap]
    int extra = (n - 1) % 3, most = n - 3 - extra, limit = extra == 0 ? most - 3 : most;

    for (int i = 1; i <= most; i += 3) {
        int r = LEAST(limit, i > 4 ? i : 4);
        for (int k = 1; k <= 2; k++)
            Z(i + k) = rnd(cubic_of(Z(r - 3), Z(r), Z(r + 3), Z(LEAST(n, r + 6)), i + k - r));
    }
    if (extra == 2)
        Z(n - 1) = rnd(((double)Z(n) + Z(n - 2)) / 2);
#undef Z
}

/* Copy coarse nodes to their places, or back. */
static inline void move_nodes(int32_t *z, int a, int b, int32_t *coarse, bool up)
{
    int ca = coarse_count(a), cb = coarse_count(b);

    for (int l = 0; l < cb; l++)
        for (int k = 0; k < ca; k++) {
            int32_t *place = z + LEAST(3 * l, b - 1) * a + LEAST(3 * k, a - 1);
            if (up)
                *place = coarse[l * ca + k];
            else
                coarse[l * ca + k] = *place;
        }
}

static inline void interpolate(int32_t *z, int a, int b)
{
    int ay = (b - 1) % 3;

    for (int j = 1; j <= b; j++)
        if (j >= b - ay || j % 3 == 1)
            interpolate_line(z + (j - 1) * a, a, 1);
    for (int i = 0; i < a; i++)
        interpolate_line(z + i, b, a);
}

static inline void write_sample(bits *b, const uint16_t *f, int ni, int nj, int nbits)
{
    int a[SAMPLE_LEVELS + 1] = {ni}, n[SAMPLE_LEVELS + 1] = {nj};
    int32_t *grid[SAMPLE_LEVELS + 1];

    if (ni < 94 || nj < 94)
        abort(); /* smaller fields are not safe (9.5) */
    grid[0] = malloc(sizeof(int32_t) * (size_t)(ni * nj));
    for (int p = 0; p < ni * nj; p++)
        grid[0][p] = f[p];
    for (int l = 1; l <= SAMPLE_LEVELS; l++) {
        a[l] = coarse_count(a[l - 1]);
        n[l] = coarse_count(n[l - 1]);
        grid[l] = calloc((size_t)(a[l] * n[l]), sizeof(int32_t));
        move_nodes(grid[l - 1], a[l - 1], n[l - 1], grid[l], false);
    }
    put(b, head_word(1, 3, (unsigned)nbits, SAMPLE_LEVELS), 32);
    for (int p = 0; p < a[SAMPLE_LEVELS] * n[SAMPLE_LEVELS]; p++)
        put(b, (uint64_t)grid[SAMPLE_LEVELS][p], nbits);
    for (int l = SAMPLE_LEVELS - 1; l >= 0; l--) {
        int32_t *guess = calloc((size_t)(a[l] * n[l]), sizeof(int32_t));
        move_nodes(guess, a[l], n[l], grid[l + 1], true);
        interpolate(guess, a[l], n[l]);
        put(b, 5, 3);
        for (int j0 = 0; j0 < n[l]; j0 += 3)
            for (int i0 = 0; i0 < a[l]; i0 += 3) {
                int width = 0;
                for (int pass = 0; pass < 2; pass++) {
                    for (int j = j0; j < LEAST(j0 + 3, n[l]); j++)
                        for (int i = i0; i < LEAST(i0 + 3, a[l]); i++) {
                            int32_t d = grid[l][j * a[l] + i] - guess[j * a[l] + i];
                            int needed = bit_length((uint64_t)abs(d));
                            if (i == i0 && j == j0)
                                continue;
                            if (pass == 0)
                                width = needed > width ? needed : width;
                            else if (width > 0)
                                put(b, (uint64_t)(int64_t)d, (int)width_of((unsigned)width, false));
                        }
                    if (pass == 0) {
                        width = width == 16 ? 15 : width;
                        put(b, (uint64_t)width, 5);
                    }
                }
            }
        free(guess);
    }
    for (int l = 0; l <= SAMPLE_LEVELS; l++)
        free(grid[l]);
    pad_to_word(b);
}

/* For whole streams only: a damaged one may hold differences that this does not bear. */
static inline bool read_sample(bits *b, unsigned nbits, int ni, int nj, uint16_t *f)
{
    int a[SAMPLE_LEVELS + 1] = {ni}, n[SAMPLE_LEVELS + 1] = {nj};
    int32_t *coarse, *z = NULL;

    for (int l = 1; l <= SAMPLE_LEVELS; l++) {
        a[l] = coarse_count(a[l - 1]);
        n[l] = coarse_count(n[l - 1]);
    }
    coarse = calloc((size_t)(a[SAMPLE_LEVELS] * n[SAMPLE_LEVELS]), sizeof(int32_t));
    for (int p = 0; p < a[SAMPLE_LEVELS] * n[SAMPLE_LEVELS]; p++)
        coarse[p] = (int32_t)get(b, nbits);
    for (int l = SAMPLE_LEVELS - 1; l >= 0; l--) {
        unsigned head_bits = (unsigned)get(b, 3);
        z = calloc((size_t)(a[l] * n[l]), sizeof(int32_t));
        move_nodes(z, a[l], n[l], coarse, true);
        interpolate(z, a[l], n[l]);
        if (l > 0)
            move_nodes(z, a[l], n[l], coarse, true);
        for (int j0 = 0; j0 < n[l]; j0 += 3)
            for (int i0 = 0; i0 < a[l]; i0 += 3) {
                unsigned width = width_of((unsigned)get(b, head_bits), false);
                for (int j = j0; j < LEAST(j0 + 3, n[l]) && width > 0; j++)
                    for (int i = i0; i < LEAST(i0 + 3, a[l]); i++)
                        if (i != i0 || j != j0)
                            z[j * a[l] + i] += (int32_t)get_signed(b, width);
            }
        if (l == 0) {
            for (int p = 0; p < ni * nj; p++)
                z[p] = z[p] < 0 ? 0 : z[p];
            move_nodes(z, ni, nj, coarse, true);
        }
        free(coarse);
        coarse = z;
    }
    for (int p = 0; p < ni * nj; p++)
        f[p] = (uint16_t)z[p];
    free(z);
    return !b->over;
}

/* ------------------------------------------------------------------------------- any tile stream
 */

/* False: the library must refuse it. */
static inline bool read_tiles(uint8_t *bytes, uint64_t n_bytes, int ni, int nj, uint16_t *f)
{
    bits b = {bytes, 0, n_bytes * 8, false};
    uint32_t head = (uint32_t)get(&b, 32);
    unsigned predictor = head & 15, step = head >> 7 & 7, nbits = head >> 10 & 31;
    uint32_t *plane;
    bool fine;

    if (b.over || step == 0 || nbits == 0 || nbits > 16 || ni < 2 || nj < 2)
        return false;
    if (predictor == 1)
        return read_sample(&b, nbits, ni, nj, f);
    if (predictor == 3)
        return read_minimum(&b, nbits, step, ni, nj, f);
    if (predictor != 4)
        return false;
    plane = calloc((size_t)(ni * nj), sizeof(uint32_t));
    fine = read_plane(&b, nbits, step, false, ni, nj, plane);
    for (int p = 0; p < ni * nj; p++)
        f[p] = (uint16_t)plane[p];
    free(plane);
    return fine;
}

/* -------------------------------------------------------------------------------------- 10, 133 */

static inline void write_literals(bits *b, const uint8_t *sign, int64_t *p, int64_t n)
{
    put(b, 0, 1);
    for (int k = 0; k < 7 && *p < n; k++)
        put(b, sign[(*p)++], 1);
}

/* 10.1 */
static inline void write_signs(bits *b, const uint8_t *sign, int64_t n)
{
    for (int64_t p = 0; p < n;) {
        int64_t left = 1;
        bool counted = false;
        while (p + left < n && sign[p + left] == sign[p])
            left++;
        if (left < 8) {
            write_literals(b, sign, &p, n);
            continue;
        }
        while (left > 0) {
            int64_t count = left >= 63 ? 62 : left;
            if (count < 8) {
                write_literals(b, sign, &p, n);
                break;
            }
            if (count == 62 && left > 256 && counted) {
                put(b, 0xff, 8);
                count = 255;
            } else {
                put(b, 1, 1);
                put(b, sign[p], 1);
                put(b, (uint64_t)count, 6);
                counted = counted || count == 62;
            }
            p += count;
            left -= count;
        }
    }
    pad_to_word(b);
}

static inline bool read_signs(bits *b, uint8_t *sign, int64_t n)
{
    int last = -1;

    for (int64_t p = 0; p < n;) {
        if (get(b, 1) == 0) {
            for (int k = 0; k < 7 && p < n; k++)
                sign[p++] = (uint8_t)get(b, 1);
        } else {
            int bit = (int)get(b, 1);
            int64_t count = (int64_t)get(b, 6);
            if (count == 63)
                count = 255;
            else
                last = bit;
            if (last < 0 || count > n - p)
                return false;
            memset(sign + p, last, (size_t)count);
            p += count;
        }
        if (b->over)
            return false;
    }
    return true;
}

/* A length word, to be filled in by end_part. */
static inline uint64_t start_part(bits *b)
{
    put(b, 0, 32);
    return b->at;
}

static inline uint32_t end_part(bits *b, uint64_t from)
{
    uint32_t n_bytes = (uint32_t)((b->at - from) / 8 + 4);
    bits length = {b->bytes, from - 32, from, false};

    put(&length, n_bytes, 32);
    put(b, 0, 32); /* pad word */
    return n_bytes;
}

/* From w[1] on; `float_bits` of ni x nj patterns, nbits 16 to 32 (mb = nbits - 9). */
static inline void write_lossless(bits *b, const uint32_t *float_bits, int ni, int nj, int nbits)
{
    const size_t n = (size_t)ni * (size_t)nj;
    const int mb = nbits - 9;
    uint32_t *exponent = malloc(sizeof(uint32_t) * n);
    uint32_t *mantissa = malloc(sizeof(uint32_t) * n);
    uint8_t *sign = malloc(n);
    uint32_t lowest = 255, highest = 0, sign_length = 0;
    size_t n_negative = 0;
    int eb;
    unsigned sign_code;
    uint64_t from;

    for (size_t p = 0; p < n; p++) {
        sign[p] = (uint8_t)(float_bits[p] >> 31);
        exponent[p] = float_bits[p] >> 23 & 0xff;
        mantissa[p] = (float_bits[p] & 0x7fffff) >> (23 - mb);
        n_negative += sign[p];
        lowest = LEAST(lowest, exponent[p]);
        highest = exponent[p] > highest ? exponent[p] : highest;
    }
    eb = bit_length(highest - lowest);
    sign_code = n_negative == 0 ? 0 : n_negative == n ? 1 : 2;
    put(b, head_word(5, 3, (unsigned)mb, 1) | 2u << 18, 32);
    put(b, lowest << 16 | (uint32_t)eb << 8 | sign_code << 4 | (eb > 0 ? 2u << 2 : 0), 32);
    if (sign_code == 2) {
        from = start_part(b);
        write_signs(b, sign, (int64_t)n);
        sign_length = end_part(b, from);
    }
    if (eb > 0) {
        for (size_t p = 0; p < n; p++)
            exponent[p] -= lowest;
        from = start_part(b);
        write_plane(b, exponent, ni, nj, 3, eb, 4, true);
        (void)end_part(b, from);
    }
    put(b, sign_length, 32);
    write_plane(b, mantissa, ni, nj, 3, mb, 5, true);
    free(exponent);
    free(mantissa);
    free(sign);
}

/* 10.5 for a stream that write_lossless made of this field. */
static inline bool refuses_lossless(const uint32_t *float_bits, int ni, int nj, int nbits,
                                    uint8_t *stream)
{
    const size_t n = (size_t)ni * (size_t)nj;
    const int mb = nbits - 9;
    bits b = {stream, 0, 64, false};
    int64_t word = 2, budget, at;
    uint32_t *mantissa;
    unsigned code;
    bool refused = ni < 16 || nj < 16;

    b.at = 56;
    code = (unsigned)get(&b, 8);
    for (int part = 0; part < 2; part++) {
        bits length = {stream, (uint64_t)word * 32, (uint64_t)word * 32 + 32, false};
        int64_t n_bytes;
        if ((part == 0 && code >> 4 != 2) || (part == 1 && (code >> 2 & 3) != 2))
            continue;
        n_bytes = (int64_t)get(&length, 32) - 4;
        refused = refused || (part == 1 && (uint64_t)n_bytes + 1 > n);
        word += 2 + n_bytes / 4;
    }
    budget = (int64_t)n * nbits / 32 - (word + 1);
    mantissa = malloc(sizeof(uint32_t) * n);
    for (size_t p = 0; p < n; p++)
        mantissa[p] = (float_bits[p] & 0x7fffff) >> (23 - mb);
    at = 3 + (int64_t)(ni + nj - 1) * mb;
    for (int j0 = 1; j0 < nj; j0 += 3)
        for (int i0 = 1; i0 < ni; i0 += 3) {
            uint64_t most = 0;
            int n_points = 0, width;
            for (int j = j0; j < LEAST(j0 + 3, nj); j++)
                for (int i = i0; i < LEAST(i0 + 3, ni); i++, n_points++) {
                    uint64_t size = (uint64_t)llabs(difference(mantissa, ni, i, j));
                    most = size > most ? size : most;
                }
            width = bit_length(most);
            at += 5 + (width > 0 ? n_points * (width + 1) : 0);
            refused = refused || (width > 0 && budget < (at - 1) / 32 + 1 + (width + 9 * mb) / 32);
        }
    free(mantissa);
    return refused;
}

/* The stream of the part at `*word`, which goes on to the next one. */
static inline bool read_part(const bits *b, uint64_t *word, bits *part)
{
    bits length = {b->bytes, *word * 32, b->end, false};
    uint64_t n_words = get(&length, 32) / 4;

    if (length.over || *word + 1 + n_words > b->end / 32)
        return false;
    *part = (bits){b->bytes, (*word + 1) * 32, (*word + 1 + n_words) * 32, false};
    *word += 1 + n_words;
    return true;
}

/* False: the library must refuse it. */
static inline bool read_lossless(uint8_t *bytes, uint64_t n_bytes, int ni, int nj, uint32_t *f)
{
    const size_t n = (size_t)ni * (size_t)nj;
    bits b = {bytes, 0, n_bytes / 4 * 32, false}, part;
    uint32_t head = (uint32_t)get(&b, 32), second = (uint32_t)get(&b, 32);
    unsigned mb = head >> 10 & 31, eb = second >> 8 & 0xff, code = second & 0xff;
    unsigned sign_code = code >> 4;
    uint32_t *exponent = calloc(n, 4), *mantissa = calloc(n, 4);
    uint8_t *sign = calloc(n, 1);
    uint64_t word = 2;
    bool fine = !b.over && (head & 15) == 5 && (head >> 7 & 7) == 3 && mb >= 1 && mb <= 23 &&
                sign_code <= 2 && ((code & 15) == 0 || ((code & 15) == 8 && eb >= 1 && eb <= 8));

    if (fine && sign_code == 2)
        fine = read_part(&b, &word, &part) && read_signs(&part, sign, (int64_t)n);
    if (fine && (code & 15) == 8)
        fine = read_part(&b, &word, &part) && read_plane(&part, eb, 3, true, ni, nj, exponent);
    b.at = (word + 1) * 32;
    fine = fine && b.at <= b.end && read_plane(&b, mb, 3, true, ni, nj, mantissa);
    for (size_t p = 0; fine && p < n; p++)
        f[p] = (uint32_t)(sign_code == 1 ? 1 : sign[p]) << 31 |
               ((exponent[p] + (second >> 16)) & 0xff) << 23 |
               (mantissa[p] << (23 - mb) & 0x7fffff);
    free(exponent);
    free(mantissa);
    free(sign);
    return fine;
}

#endif
