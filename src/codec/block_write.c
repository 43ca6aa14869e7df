/* Type 6, written: mantissas on a common exponent. Facts: docs/format/codecs.md, 8.1. */
#include "codec/encoder.h"

#include "base/bytes.h"

#include <float.h>
#include <math.h>

/* The exponent field of a float32. */
static int32_t exponent_of(float value)
{
    uint32_t bits;

    memcpy(&bits, &value, 4);
    return (int32_t)(bits >> 23 & 0xFF);
}

static int32_t aligned(float value, const float up[2])
{
    return exponent_of(value) == 0 ? 0 : (int32_t)(value * up[0] * up[1]);
}

static void put_head(const f24_encoder *e, float least, float most, f24_blocks *blocks)
{
    int32_t e0 = exponent_of(least), e1 = exponent_of(most);
    int32_t exponent = e0 > e1 ? e0 : e1, power = 150 - exponent;
    f24_block_steps *steps = &blocks->steps;

    steps->up[0] = ldexpf(1.0f, power > 127 ? 127 : power);
    steps->up[1] = ldexpf(1.0f, power > 127 ? power - 127 : 0);
    steps->largest = (int32_t)((UINT32_C(1) << e->field.nbits) - 1);
    steps->minimum = aligned(least, steps->up);
    int32_t spread = aligned(most, steps->up) - steps->minimum;
    steps->shift = 0;
    while (spread >> steps->shift > steps->largest)
        steps->shift++;
    steps->round = (INT32_C(1) << steps->shift) / 2;
    blocks->words[0] = UINT32_C(0xEFF) << 20 | (uint32_t)(e->field.nbits - 1) << 16 |
                       (uint32_t)exponent << 8 | (uint32_t)steps->shift;
    blocks->words[1] = (uint32_t)steps->minimum;
    blocks->words[2] = (uint32_t)e->encoding->n_values;
}

/* Tokens that differ come back as values that differ, unless all come back as 0. */
static bool is_above(const f24_encoder *e, f24_real_range range, double plug)
{
    float pair[2] = {(float)range.most, (float)plug};
    uint16_t tokens[2];
    f24_blocks blocks;

    put_head(e, (float)range.least, pair[1], &blocks);
    e->kernels->block_tokens(pair, 2, &blocks.steps, tokens);
    return (blocks.words[0] >> 8 & 0xFF) != 0 && tokens[1] > tokens[0];
}

f24_status f24_block_plan(f24_encoder *e, f24_blocks *blocks)
{
    f24_real_range range;

    if (e->all_missing) {
        e->plug.real = -2e38f; /* as the reference: twice its special value */
        range = (f24_real_range){(double)e->plug.real, (double)e->plug.real};
    } else {
        F24_TRY(f24_range_of(e, (double)FLT_MAX, &range));
        if (e->mask != NULL) {
            F24_TRY(f24_choose_plug(e, range, (double)FLT_MAX, is_above));
            range.most = (double)e->plug.real;
        }
    }
    put_head(e, (float)range.least, (float)range.most, blocks);
    return F24_OK;
}

static void tokens_of(const f24_encoder *e, const f24_blocks *blocks, int64_t first, size_t n,
                      uint16_t *tokens)
{
    float buffer[F24_PIECE];

    e->kernels->block_tokens(f24_floats(e, first, n, buffer, NULL), n, &blocks->steps, tokens);
}

void f24_block_tokens(const f24_encoder *e, const f24_blocks *blocks, uint16_t *tokens)
{
    for (int64_t first = 0; first < f24_n_numbers(e); first += F24_PIECE)
        tokens_of(e, blocks, first, f24_piece_at(e, first), tokens + first);
}

f24_status f24_block_encode(f24_encoder *e)
{
    uint16_t tokens[F24_PIECE];
    f24_blocks blocks;

    F24_TRY(f24_block_plan(e, &blocks));
    f24_packer packer = f24_packer_at(e, blocks.words, 3, 96, 16);
    for (int64_t first = 0; first < f24_n_numbers(e); first += F24_PIECE) {
        size_t n = f24_piece_at(e, first);
        tokens_of(e, &blocks, first, n, tokens);
        f24_packer_put16(&packer, tokens, n);
    }
    f24_packer_end(&packer, e->n_bytes);
    return F24_OK;
}
