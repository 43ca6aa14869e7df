/* What becomes of a payload that is copied into the other container, undecoded. */
#include "codec/transfer.h"

#include "base/bytes.h"

enum { BINARY = 0, UNSIGNED = 2, CHARACTERS = 3, SIGNED = 4, STRING = 7, COMPLEX = 8 };

/* Whether a base type has its element size in XDF (2): the others have 0 there. */
static bool has_size_in_xdf(int32_t base)
{
    return base != BINARY && base != CHARACTERS && base != STRING;
}

/* The element size that RSF holds always, and that old files left out (2). */
static int32_t element_bits(const f24_field *field)
{
    int32_t base = F24_DATYP_BASE(field->datyp);

    if (field->dasiz != 0)
        return field->dasiz;
    if (base == CHARACTERS || base == STRING)
        return 8;
    return field->nbits > 32 ? 64 : 32;
}

/*
 * The reference finds no record of RSF whose payload is longer than the array by more than 36 bytes (1).
 * What it leaves out is slack: all but unsigned integers, whose length says where their tokens start
 * (13, D5), are cut to what they need.
 */
static uint64_t without_slack(const f24_plan *plan, const f24_field *field, uint64_t n_payload)
{
    uint64_t most = plan->array.n_bytes + 36;

    if (n_payload <= most || plan->needed > most || plan->stream ||
        F24_DATYP_BASE(field->datyp) == UNSIGNED)
        return n_payload;
    return most / 4 * 4;
}

f24_status f24_codec_transfer(f24_field *field, f24_backend from, f24_backend to,
                              uint64_t *n_payload, f24_error *err)
{
    int32_t base = F24_DATYP_BASE(field->datyp);
    f24_plan plan;

    if (from == to)
        return F24_OK;
    if (to == F24_XDF) {
        if ((base == UNSIGNED || base == SIGNED) && field->nbits > 32)
            return f24_fail(err, F24_EENCODING, -1,
                            "XDF cannot hold integers of %d bits: write an RSF file, or read the "
                            "values and write them with 32 bits",
                            field->nbits);
        if (!has_size_in_xdf(base))
            field->dasiz = 0;
        return F24_OK;
    }
    F24_TRY(f24_codec_plan(field, *n_payload, from == F24_RSF, &plan, err));
    *n_payload = without_slack(&plan, field, *n_payload);
    field->dasiz = element_bits(field);
    return F24_OK;
}
