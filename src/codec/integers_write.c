/* Types 2 and 4, written, of any element size. Facts: docs/format/codecs.md, 5. */
#include "codec/encoder.h"

#include "base/bytes.h"

#include <inttypes.h>

static bool is_signed_array(const f24_encoder *e)
{
    return e->encoding->wish.kind == F24_INT;
}

static bool is_signed_type(const f24_encoder *e)
{
    return F24_DATYP_BASE(e->field.datyp) == 4;
}

/* Elements of 8 to 32 bits, as 32-bit numbers with their sign. */
static void load(const f24_encoder *e, int64_t first, size_t n, uint32_t *out)
{
    int32_t item_bytes = e->encoding->wish.item_bytes;
    const uint8_t *from = e->values + first * item_bytes;

    if (item_bytes == 4)
        memcpy(out, from, 4 * n);
    else if (item_bytes == 2)
        (is_signed_array(e) ? e->kernels->from_i16 : e->kernels->from_u16)(from, n, out);
    else
        (is_signed_array(e) ? e->kernels->from_i8 : e->kernels->from_u8)(from, n, out);
}

/* ------------------------------------------------------------------------- do they fit? --- */

/* The largest and the smallest value that is kept. */
static int64_t most_kept(const f24_encoder *e)
{
    int32_t bits = e->field.nbits - (is_signed_type(e) ? 1 : 0); /* 0 to 32 */

    return (INT64_C(1) << bits) - 1;
}

static int64_t least_kept(const f24_encoder *e)
{
    return is_signed_type(e) ? -most_kept(e) - 1 : 0;
}

/*
 * What is added to a value so that bits which no value may have show when it is out of range, and
 * those bits. Signs that differ between array and type make it the range that both have.
 */
static uint32_t checked_of(const f24_encoder *e)
{
    return is_signed_array(e) && is_signed_type(e) ? UINT32_C(1) << (e->field.nbits - 1) : 0;
}

static uint32_t excess_of(const f24_encoder *e)
{
    bool both = is_signed_array(e) && is_signed_type(e);
    uint64_t most = both ? (UINT64_C(1) << e->field.nbits) - 1 : (uint64_t)most_kept(e);
    uint32_t excess = ~(uint32_t)most;

    return is_signed_array(e) && !is_signed_type(e) ? excess | UINT32_C(0x80000000) : excess;
}

/* As a 32-bit number of the array's kind. */
static int64_t number(const f24_encoder *e, uint32_t value)
{
    return is_signed_array(e) ? (int64_t)(int32_t)value : (int64_t)value;
}

static f24_status refuse_integer(const f24_encoder *e, int64_t i, int64_t value)
{
    return f24_refuse_value(
        e, i, "does not fit into datyp %d with %d bits, %" PRId64 " to %" PRId64 ": use %s",
        F24_DATYP_BASE(e->field.datyp), e->field.nbits, least_kept(e), most_kept(e),
        value < 0 && !is_signed_type(e) ? "datyp 4" : "more bits");
}

static f24_status refuse_one_of(const f24_encoder *e, int64_t first, const uint32_t *values,
                                size_t n)
{
    for (size_t i = 0; i < n; i++) {
        int64_t v = number(e, values[i]);
        if ((v > most_kept(e) || v < least_kept(e)) && !f24_is_missing(e, first + (int64_t)i))
            return refuse_integer(e, first + (int64_t)i, v);
    }
    return F24_OK;
}

/* ----------------------------------------------------------------------- missing points --- */

/*
 * One above the largest value (11). Where that is the largest number there is, of unsigned ones, the
 * reference takes it for its own special value, and then the largest value for missing (13: D19).
 */
static f24_status choose_plug(f24_encoder *e, int32_t largest)
{
    int64_t top = most_kept(e), most = largest;
    bool own = !is_signed_type(e) && e->field.nbits == 8 * e->encoding->wish.item_bytes;

    if (!is_signed_array(e))
        most = (int64_t)((uint32_t)largest ^ UINT32_C(0x80000000));
    if (most >= top - (own ? 1 : 0))
        return f24_fail(e->err, F24_EENCODING, -1,
                        "missing values are stored as one above the largest value, %" PRId64
                        ", and datyp %d with %d bits has no room there: use more bits%s",
                        most, F24_DATYP_BASE(e->field.datyp), e->field.nbits,
                        e->field.nbits == 32 ? " (datyp 5 with doubles)" : " or larger elements");
    e->plug.token = (uint32_t)(most + 1);
    return F24_OK;
}

static f24_status find_plug(f24_encoder *e)
{
    uint32_t turn = is_signed_array(e) ? 0 : UINT32_C(0x80000000);
    uint32_t values[F24_PIECE];
    int32_t largest = INT32_MIN;

    if (e->all_missing) {
        /* As the reference: all bits; or one above its special value, cut to the bits there are. */
        e->plug.token = is_signed_type(e)
                            ? (0 - (UINT32_C(1) << (8 * e->encoding->wish.item_bytes - 1))) + 1
                            : UINT32_MAX;
        return F24_OK;
    }
    for (int64_t first = 0; first < f24_n_numbers(e); first += F24_PIECE) {
        size_t n = f24_piece_at(e, first);
        load(e, first, n, values);
        e->kernels->largest32(values, e->mask + first, n, turn, &largest);
    }
    return choose_plug(e, largest);
}

/* ------------------------------------------------------------------------------- tokens --- */

f24_status f24_integers_plan(f24_encoder *e, f24_integers *integers)
{
    integers->bias = is_signed_type(e) ? UINT32_C(1) << (e->field.nbits - 1) : 0;
    integers->keep = UINT32_MAX >> (32 - e->field.nbits);
    return e->mask != NULL ? find_plug(e) : F24_OK;
}

f24_status f24_integer_tokens(const f24_encoder *e, const f24_integers *integers, int64_t first,
                              size_t n, uint32_t *tokens)
{
    uint32_t any, excess = excess_of(e);

    load(e, first, n, tokens);
    if (e->mask != NULL)
        e->kernels->plug32(tokens, e->mask + first, n, e->plug.token);
    any = e->kernels->bias(tokens, n, integers->bias, checked_of(e), integers->keep);
    /* A value that is cut could be taken for a missing one: with a mask all have to fit. */
    if ((any & excess) != 0 && (e->encoding->wish.exact || e->mask != NULL) && !e->all_missing) {
        load(e, first, n, tokens);
        return refuse_one_of(e, first, tokens, n);
    }
    return F24_OK;
}

/* ----------------------------------------------------------------------------- payloads --- */

static f24_status check_long(const f24_encoder *e)
{
    const f24_u64 *values = (const void *)e->values;

    /* A number with its top bit set is another one to the other kind. */
    if (is_signed_array(e) == is_signed_type(e) || !e->encoding->wish.exact)
        return F24_OK;
    for (int64_t i = 0; i < e->encoding->n_values; i++)
        if (values[i] >> 63 != 0)
            return f24_refuse_value(e, i, "does not fit into datyp %d: use datyp %d",
                                    F24_DATYP_BASE(e->field.datyp), is_signed_type(e) ? 2 : 4);
    return F24_OK;
}

static f24_status long_integers_encode(f24_encoder *e)
{
    size_t n = (size_t)e->encoding->n_values;

    if (e->mask != NULL)
        return f24_fail(e->err, F24_EENCODING, -1,
                        "the reference cannot find missing values among 64-bit integers: convert "
                        "them to 32 bits, or to doubles (datyp 5)");
    F24_TRY(check_long(e));
    if (F24_HOST_LITTLE)
        memcpy(e->payload, e->values, 8 * n); /* RSF only; the low word first (1) */
    else
        f24_kernels_now()->swap64(e->values, n, e->payload);
    memset(e->payload + 8 * n, 0, e->n_bytes - 8 * n);
    return F24_OK;
}

f24_status f24_integers_encode(f24_encoder *e)
{
    uint32_t tokens[F24_PIECE];
    f24_integers integers;

    if (e->field.nbits == 64)
        return long_integers_encode(e);
    F24_TRY(f24_integers_plan(e, &integers));
    f24_packer packer = f24_packer_at(e, NULL, 0, 0, (unsigned)e->field.nbits);
    for (int64_t first = 0; first < f24_n_numbers(e); first += F24_PIECE) {
        size_t n = f24_piece_at(e, first);
        F24_TRY(f24_integer_tokens(e, &integers, first, n, tokens));
        f24_packer_put(&packer, tokens, n);
    }
    f24_packer_end(&packer, e->n_bytes);
    return F24_OK;
}
