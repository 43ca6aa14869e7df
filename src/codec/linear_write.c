/* Type 1, written: tokens above a minimum. Facts: docs/format/codecs.md, 7. */
#include "codec/encoder.h"

#include "base/bytes.h"

#include <math.h>

/* The minimum in the header: sign, M and fraction (7.1). */
static void put_minimum(double minimum, uint32_t *h1, uint32_t *h2)
{
    int exponent;
    uint64_t bits;

    if (minimum == 0) {
        *h1 |= 0x111 << 4;
        return;
    }
    (void)frexp(minimum, &exponent); /* minimum = 0.1f x 2^exponent in binary */
    int32_t m = exponent - 1 + 976;
    double normal = ldexp(fabs(minimum), -exponent);
    memcpy(&bits, &normal, 8);
    *h1 |= (uint32_t)(m < 0 ? 0 : m) << 4 | (minimum < 0 ? 1u : 0u);
    *h2 = UINT32_C(0x80000000) | (uint32_t)(bits >> 29 & 0x7FFFFF) << 8;
}

static void put_head(const f24_encoder *e, f24_real_range range, bool compressed,
                     f24_linear *linear)
{
    double spread = 2 * (range.most - range.least);
    int32_t nbits = e->field.nbits, exponent = 0;
    uint32_t n = (uint32_t)e->encoding->n_values;

    if (spread != 0) {
        (void)frexp(spread, &exponent);
        exponent -= 1;
    }
    memset(linear->words, 0, sizeof linear->words);
    linear->minimum = range.least;
    linear->scale = ldexp(1.0, nbits - exponent);
    linear->words[0] = (uint32_t)(compressed ? 0xFFF : 0x7FF) << 20 | (n & 0xFFFFF);
    linear->words[1] = (uint32_t)(exponent - nbits + 4096) << 16;
    put_minimum(range.least, &linear->words[1], &linear->words[2]);
    linear->words[3] = (uint32_t)nbits << 8 | (compressed ? n >> 20 & 0xFF : 0);
}

/*
 * The smallest doubles: their scale, 2^(nbits - E), is beyond doubles, and a value goes there in two
 * steps.
 */
static uint32_t tiny_token(const f24_linear *linear, double value)
{
    return (uint32_t)ldexp(value - linear->minimum, 4096 - (int32_t)(linear->words[1] >> 16));
}

/* What a value comes back as. */
static float kept(const f24_encoder *e, const f24_linear *linear, double value)
{
    f24_plan plan = {.width = (uint32_t)e->field.nbits};
    uint32_t token = isinf(linear->scale) ? tiny_token(linear, value)
                                          : (uint32_t)((value - linear->minimum) * linear->scale);

    (void)f24_linear_head(&plan, linear->words, false, NULL);
    return (float)((double)token * plan.scale + plan.minimum);
}

static bool is_above(const f24_encoder *e, f24_real_range range, double plug)
{
    f24_linear linear;

    put_head(e, (f24_real_range){range.least, plug}, false, &linear);
    return kept(e, &linear, plug) > kept(e, &linear, range.most);
}

f24_status f24_linear_plan(f24_encoder *e, bool compressed, f24_linear *linear)
{
    f24_real_range range = {0, 0};

    if (e->all_missing) {
        memset(&e->plug, 0, sizeof e->plug);
    } else {
        F24_TRY(f24_range_of(e, F24_LINEAR_LIMIT, &range));
        if (e->mask != NULL) {
            F24_TRY(f24_choose_plug(e, range, F24_LINEAR_LIMIT, is_above));
            range.most = f24_works_on_doubles(e) ? e->plug.long_real : (double)e->plug.real;
        }
    }
    put_head(e, range, compressed, linear);
    return F24_OK;
}

static void tokens_of_doubles(const f24_encoder *e, const f24_linear *linear, int64_t first,
                              size_t n, uint32_t *tokens)
{
    double buffer[F24_PIECE];
    const double *values = f24_doubles(e, first, n, buffer);

    if (!isinf(linear->scale)) {
        e->kernels->quantise64(values, n, linear->minimum, linear->scale, tokens);
        return;
    }
    for (size_t i = 0; i < n; i++)
        tokens[i] = tiny_token(linear, values[i]);
}

static void tokens_of(const f24_encoder *e, const f24_linear *linear, int64_t first, size_t n,
                      uint32_t *tokens)
{
    float buffer[F24_PIECE];

    if (f24_works_on_doubles(e))
        tokens_of_doubles(e, linear, first, n, tokens);
    else
        e->kernels->quantise32(f24_floats(e, first, n, buffer, NULL), n, linear->minimum,
                               linear->scale, tokens);
}

static void tokens16_of(const f24_encoder *e, const f24_linear *linear, int64_t first, size_t n,
                        uint16_t *tokens)
{
    uint32_t wide[F24_PIECE];
    float buffer[F24_PIECE];

    if (f24_works_on_doubles(e)) {
        tokens_of_doubles(e, linear, first, n, wide);
        e->kernels->narrow(wide, n, tokens);
    } else {
        e->kernels->quantise16(f24_floats(e, first, n, buffer, NULL), n, linear->minimum,
                               linear->scale, tokens);
    }
}

void f24_linear_tokens(const f24_encoder *e, const f24_linear *linear, uint16_t *tokens)
{
    for (int64_t first = 0; first < f24_n_numbers(e); first += F24_PIECE)
        tokens16_of(e, linear, first, f24_piece_at(e, first), tokens + first);
}

f24_status f24_linear_encode(f24_encoder *e)
{
    unsigned width = (unsigned)e->field.nbits;
    uint16_t tokens16[F24_PIECE];
    uint32_t tokens[F24_PIECE];
    f24_linear linear;

    F24_TRY(f24_linear_plan(e, false, &linear));
    f24_packer packer = f24_packer_at(e, linear.words, 4, 120, width);
    for (int64_t first = 0; first < f24_n_numbers(e); first += F24_PIECE) {
        size_t n = f24_piece_at(e, first);
        if (width == 16) {
            tokens16_of(e, &linear, first, n, tokens16);
            f24_packer_put16(&packer, tokens16, n);
        } else {
            tokens_of(e, &linear, first, n, tokens);
            f24_packer_put(&packer, tokens, n);
        }
    }
    f24_packer_end(&packer, e->n_bytes);
    return F24_OK;
}
