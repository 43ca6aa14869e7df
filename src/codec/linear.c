/* Type 1: value = token x 2^K x C + minimum. Facts: docs/format/codecs.md, 7. */
#include "codec/forms.h"

#include "base/bytes.h"

#include <math.h>

/* C of 7.3, 0x3FF00000000001C2. */
#define NEARLY_ONE 0x1.00000000001c2p0

/* A step beyond this (reals end at 2^128) can only be damage, and would make infinities. */
#define LARGEST_EXPONENT 1000

static double minimum_of(uint32_t h1, uint32_t h2)
{
    uint32_t m = h1 >> 4 & 0xFFF;
    uint32_t bits;
    float value;

    if (h2 == 0 || m < 849)
        return 0.0;
    bits = (h1 & 1) << 31 | ((m - 849) & 0xFF) << 23 | (h2 >> 8 & 0x7FFFFF);
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

f24_status f24_linear_head(f24_plan *plan, const uint32_t words[4], bool compressed, f24_error *err)
{
    uint32_t marker = words[0] >> 20, expected = compressed ? 0xFFF : 0x7FF;
    int32_t exponent = (int32_t)(words[1] >> 16) - 4096;
    uint32_t width = words[3] >> 8 & 0xFF;
    int64_t at = compressed ? 4 : 0;

    /* 0x7EF and 0xFEF differ in what the all-ones token means, which is not asked here (7.1). */
    if ((marker | 0x010) != expected)
        return f24_fail(err, F24_ECORRUPT, at,
                        "the header of a quantised field starts with 0x%03x, not 0x%03x: the "
                        "payload is damaged",
                        marker, expected);
    if (!compressed && width != plan->width)
        return f24_fail(err, F24_ECORRUPT, at + 12,
                        "the payload has tokens of %u bits where the directory says %u: one of "
                        "them is damaged",
                        width, plan->width);
    if (exponent > LARGEST_EXPONENT)
        return f24_fail(err, F24_ECORRUPT, at + 4,
                        "a quantisation step of 2^%d cannot be: the payload is damaged; run fst24 "
                        "check",
                        exponent);
    plan->minimum = minimum_of(words[1], words[2]);
    /* The product with a power of two is exact, so one factor does the work of two (7.3). */
    plan->scale = ldexp(NEARLY_ONE, exponent);
    return F24_OK;
}

/*
 * Tokens wider than 32 bits (in some files of librmn 19): the first 32 bits count, the rest is
 * skipped; such records give doubles. Rare: one value at a time.
 */
static void wide_tokens(const f24_plan *plan, const f24_tokens *tokens, size_t n, uint8_t *out)
{
    for (size_t i = 0; i < n; i++) {
        uint64_t bit = tokens->bit + (uint64_t)i * plan->width;
        const uint8_t *word = tokens->span + bit / 32 * 4;
        uint64_t pair = (uint64_t)f24_word(word, plan->little) << 32;
        if (bit % 32 != 0)
            pair |= f24_word(word + 4, plan->little);
        uint32_t token = (uint32_t)(pair << bit % 32 >> 32);
        double value = (double)token * plan->scale + plan->minimum;
        memcpy(out + 8 * i, &value, sizeof value);
    }
}

void f24_linear_unpack(const f24_plan *plan, const uint8_t *span, int64_t first, int64_t n,
                       void *out)
{
    f24_tokens tokens = f24_tokens_at(plan, span, first, n);
    const f24_kernels *kernels = tokens.kernels;
    uint16_t short_values[F24_PIECE];
    uint32_t values[F24_PIECE];
    uint8_t *to = out;

    if (plan->width > 32) {
        wide_tokens(plan, &tokens, (size_t)n, to);
        return;
    }
    for (size_t left = (size_t)n, piece; left != 0; left -= piece, to += 4 * piece) {
        piece = left < F24_PIECE ? left : F24_PIECE;
        if (plan->width == 16) {
            f24_tokens_next16(&tokens, piece, short_values);
            kernels->linear16(short_values, piece, plan->scale, plan->minimum, to);
            continue;
        }
        f24_tokens_next(&tokens, piece, values);
        (plan->width < 32 ? kernels->linear31 : kernels->linear32)(values, piece, plan->scale,
                                                                   plan->minimum, to);
    }
}
