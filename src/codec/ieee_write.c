/* Types 5 and 8, written: bits as they are, or the top ones. Facts: docs/format/codecs.md, 6. */
#include "codec/encoder.h"

#include "base/bytes.h"

#include <math.h>

static uint32_t top_of(double value, int32_t nbits)
{
    float f = (float)value;
    uint32_t bits;

    memcpy(&bits, &f, 4);
    return bits & UINT32_MAX << (32 - nbits);
}

static double of_top(uint32_t bits)
{
    float f;

    memcpy(&f, &bits, 4);
    return (double)f;
}

static bool is_above_in_tops(const f24_encoder *e, f24_real_range range, double plug)
{
    return of_top(top_of(plug, e->field.nbits)) > of_top(top_of(range.most, e->field.nbits));
}

static bool is_above_in_full(const f24_encoder *e, f24_real_range range, double plug)
{
    (void)e;
    return plug > range.most;
}

f24_status f24_plug_tops(f24_encoder *e)
{
    f24_real_range range;

    if (e->all_missing) {
        e->plug.real = -2e38f; /* as the reference: twice its special value */
        return F24_OK;
    }
    F24_TRY(f24_range_of(e, HUGE_VAL, &range));
    return f24_choose_plug(e, range, HUGE_VAL,
                           e->field.nbits < 32 ? is_above_in_tops : is_above_in_full);
}

static f24_status refuse_overflow(const f24_encoder *e)
{
    bool complex = e->encoding->wish.kind == F24_COMPLEX;

    for (int64_t i = 0; i < f24_n_numbers(e); i++) {
        double d;
        memcpy(&d, e->values + 8 * i, 8);
        if (!f24_is_missing(e, i) && isfinite(d) && isinf((float)d))
            return f24_refuse_value(e, complex ? i / 2 : i,
                                    "would be infinite in %d bits: use datyp %d with 64 bits",
                                    e->field.nbits, complex ? 8 : 5);
    }
    return F24_OK;
}

f24_status f24_check_overflow(const f24_encoder *e, bool overflown)
{
    return overflown && e->encoding->wish.exact ? refuse_overflow(e) : F24_OK;
}

f24_status f24_floats_encode(f24_encoder *e)
{
    const f24_kernels *kernels = f24_kernels_now();
    bool native = e->little == (bool)F24_HOST_LITTLE, overflown = false;
    float buffer[F24_PIECE];
    uint8_t *to = e->payload;

    for (int64_t first = 0; first < f24_n_numbers(e); first += F24_PIECE) {
        size_t n = f24_piece_at(e, first);
        const void *values = f24_floats(e, first, n, buffer, &overflown);
        if (native)
            memcpy(to, values, 4 * n);
        else
            kernels->swap32(values, n, to);
        to += 4 * n;
    }
    memset(to, 0, e->n_bytes - (uint64_t)(to - e->payload));
    return f24_check_overflow(e, overflown);
}

f24_status f24_tops_encode(f24_encoder *e)
{
    f24_packer packer = f24_packer_at(e, NULL, 0, 0, (unsigned)e->field.nbits);
    bool overflown = false;
    float buffer[F24_PIECE];
    uint32_t tokens[F24_PIECE];

    for (int64_t first = 0; first < f24_n_numbers(e); first += F24_PIECE) {
        size_t n = f24_piece_at(e, first);
        const void *values = f24_floats(e, first, n, buffer, &overflown);
        e->kernels->tops(values, n, packer.width, tokens);
        f24_packer_put(&packer, tokens, n);
    }
    f24_packer_end(&packer, e->n_bytes);
    return f24_check_overflow(e, overflown);
}

f24_status f24_long_floats_encode(f24_encoder *e)
{
    const f24_kernels *kernels = f24_kernels_now();
    f24_real_range range;
    double buffer[F24_PIECE];
    uint8_t *to = e->payload;

    if (e->all_missing) {
        e->plug.long_real = -2e38;
    } else if (e->mask != NULL) {
        F24_TRY(f24_range_of(e, HUGE_VAL, &range));
        F24_TRY(f24_choose_plug(e, range, HUGE_VAL, is_above_in_full));
    }
    for (int64_t first = 0; first < f24_n_numbers(e); first += F24_PIECE) {
        size_t n = f24_piece_at(e, first);
        const uint8_t *values = e->values + 8 * first;
        if (e->mask != NULL)
            values = (const void *)f24_doubles(e, first, n, buffer);
        /* The high word comes first; in a native order or not (1). */
        if (e->little == (bool)F24_HOST_LITTLE && !F24_HOST_LITTLE)
            memcpy(to, values, 8 * n);
        else if (e->little == (bool)F24_HOST_LITTLE)
            kernels->swap_halves(values, n, to);
        else if (F24_HOST_LITTLE)
            kernels->swap64(values, n, to);
        else
            kernels->swap32(values, 2 * n, to);
        to += 8 * n;
    }
    memset(to, 0, e->n_bytes - (uint64_t)(to - e->payload));
    return F24_OK;
}
