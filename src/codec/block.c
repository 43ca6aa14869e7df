/* Type 6: integers on a common exponent. Facts: docs/format/codecs.md, 8. */
#include "codec/forms.h"

#include "base/bytes.h"

#include <math.h>

f24_status f24_block_head(f24_plan *plan, const uint32_t words[3], f24_error *err)
{
    int64_t at = plan->stream ? 4 : 0;
    uint64_t level = (uint64_t)plan->field.ni * (uint64_t)plan->field.nj;
    uint32_t n = (uint32_t)((uint64_t)plan->field.nk * level); /* modulo 2^32, as stored */

    if (words[0] >> 20 != 0xEFF)
        return f24_fail(err, F24_ECORRUPT, at,
                        "the header of a block-quantised field starts with 0x%03x, not 0xeff: the "
                        "payload is damaged",
                        words[0] >> 20);
    if (words[2] != n && !(plan->stream && words[2] == (uint32_t)level))
        return f24_fail(err, F24_ECORRUPT, at + 8,
                        "the payload counts %u values where the directory has %u: one of them is "
                        "damaged",
                        words[2], n);
    if ((words[0] & 0xFF) > 31)
        return f24_fail(err, F24_ECORRUPT, at,
                        "a shift by %u bits cannot be: the payload is damaged", words[0] & 0xFF);
    plan->block_exponent = (int32_t)(words[0] >> 8 & 0xFF);
    plan->block_shift = (int32_t)(words[0] & 0xFF);
    memcpy(&plan->block_minimum, &words[1], sizeof plan->block_minimum);
    return F24_OK;
}

/*
 * Exponent 255: the field held an infinity or a NaN, and the float is put together from its parts,
 * less an infinity where the leading bit is not set (8.2). The bits are those of that subtraction.
 */
static void values_beyond_floats(const f24_plan *plan, const uint16_t *tokens, size_t n,
                                 uint8_t *out)
{
    for (size_t i = 0; i < n; i++) {
        int32_t t =
            (int32_t)(((uint32_t)tokens[i] << plan->block_shift) + (uint32_t)plan->block_minimum);
        uint32_t sign = t < 0 ? UINT32_C(1) << 31 : 0;
        uint32_t size = t < 0 ? 0u - (uint32_t)t : (uint32_t)t;
        size = size > 0xFFFFFF ? 0xFFFFFF : size;
        uint32_t bits = sign | 0x7F800000u | (size & 0x7FFFFF);
        if (size == 0)
            bits = 0xFFC00000u; /* infinity less itself */
        else if ((size & 0x800000) == 0)
            bits |= 0x400000; /* a NaN stays one, made quiet */
        memcpy(out + 4 * i, &bits, sizeof bits);
    }
}

void f24_block_values(const f24_plan *plan, const f24_kernels *kernels, const uint16_t *tokens,
                      size_t n, void *out)
{
    const f24_block_scale block = {(uint32_t)plan->block_shift, (uint32_t)plan->block_minimum,
                                   ldexpf(1.0f, plan->block_exponent - 150)};

    if (plan->block_exponent == 0)
        memset(out, 0, 4 * n); /* +0, whatever the tokens are (8.2) */
    else if (plan->block_exponent == 255)
        values_beyond_floats(plan, tokens, n, out);
    else
        kernels->block16(tokens, n, &block, out);
}

void f24_block_unpack(const f24_plan *plan, const uint8_t *span, int64_t first, int64_t n,
                      void *out)
{
    f24_tokens tokens = f24_tokens_at(plan, span, first, n);
    uint16_t values[F24_PIECE];
    uint8_t *to = out;

    for (size_t left = (size_t)n, piece; left != 0; left -= piece, to += 4 * piece) {
        piece = left < F24_PIECE ? left : F24_PIECE;
        f24_tokens_next16(&tokens, piece, values);
        f24_block_values(plan, tokens.kernels, values, piece, to);
    }
}
