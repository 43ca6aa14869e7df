/* What is really stored for what was asked (3), and how long it is (1). */
#include "codec/encoder.h"

#include "base/bytes.h"

static bool is_integer(const f24_wish *wish)
{
    return wish->kind == F24_INT || wish->kind == F24_UINT;
}

/* Bits of an element: of one part of a complex one. */
static int32_t bits_of(const f24_wish *wish)
{
    return wish->item_bytes * (wish->kind == F24_COMPLEX ? 4 : 8);
}

static bool is_turbo(const f24_wish *wish)
{
    return (wish->datyp & F24_TURBO_FLAG) != 0 && wish->nk == 1;
}

/* ------------------------------------------------------------------------------ checks --- */

static f24_status check_array(const f24_wish *wish, int64_t *n_values, f24_error *err)
{
    static const uint32_t sizes[] = {[F24_UINT] = 1 | 2 | 4 | 8,
                                     [F24_INT] = 1 | 2 | 4 | 8,
                                     [F24_FLOAT] = 4 | 8,
                                     [F24_COMPLEX] = 8 | 16};
    uint64_t n, n_bits;

    if ((size_t)wish->kind >= sizeof sizes / sizeof sizes[0] || wish->item_bytes < 1 ||
        wish->item_bytes > 16 || (wish->item_bytes & (wish->item_bytes - 1)) != 0 ||
        (sizes[wish->kind] & (uint32_t)wish->item_bytes) == 0)
        return f24_fail(err, F24_EINVAL, -1,
                        "an element of kind %d and %d bytes is none that the format knows",
                        (int)wish->kind, wish->item_bytes);
    if (wish->ni < 1 || wish->nj < 1 || wish->nk < 1)
        return f24_fail(err, F24_EINVAL, -1, "%d x %d x %d values are no field", wish->ni, wish->nj,
                        wish->nk);
    if (wish->backend != F24_XDF && wish->backend != F24_RSF)
        return f24_fail(err, F24_EINVAL, -1, "container %d is none", (int)wish->backend);
    /* The same bound as in f24_codec_array: no later sum can wrap. */
    if (!f24_mul((uint64_t)wish->ni * (uint64_t)wish->nj, (uint64_t)wish->nk, &n) ||
        !f24_mul(n, 128, &n_bits) || n_bits > INT64_MAX - 4096)
        return f24_fail(err, F24_EENCODING, -1, "%d x %d x %d values are more than a file holds",
                        wish->ni, wish->nj, wish->nk);
    *n_values = (int64_t)n;
    return F24_OK;
}

/* The kind of values that a type holds, and what to ask for instead. */
static f24_status check_kind(const f24_wish *wish, int32_t base, f24_error *err)
{
    bool fits;

    switch (base) {
    case 0:
        fits = wish->kind != F24_COMPLEX;
        break;
    case 3:
    case 7:
        fits = is_integer(wish) && wish->item_bytes == 1;
        break;
    case 2:
    case 4:
        fits = is_integer(wish);
        break;
    case 8:
        fits = wish->kind == F24_COMPLEX;
        break;
    default:
        fits = wish->kind == F24_FLOAT;
        break;
    }
    if (fits)
        return F24_OK;
    static const char *const holds[] = {"memory images", "reals",      "integers",
                                        "characters",    "integers",   "reals",
                                        "reals",         "characters", "complex numbers"};
    static const char *const instead[] = {[F24_UINT] = "unsigned integers: use datyp 2",
                                          [F24_INT] = "signed integers: use datyp 4",
                                          [F24_FLOAT] = "reals: use datyp 1, 5 or 6",
                                          [F24_COMPLEX] = "complex numbers: use datyp 8"};
    return f24_fail(err, F24_EENCODING, -1,
                    "datyp %d holds %s, and these values of %d bytes are %s, or convert them",
                    wish->datyp, holds[base], wish->item_bytes, instead[wish->kind]);
}

/* ------------------------------------------------------------------------ what is stored --- */

static f24_status real_field(const f24_wish *wish, int32_t base, f24_field *field, f24_error *err)
{
    int32_t p = field->nbits;
    bool turbo = is_turbo(wish);

    if (bits_of(wish) == 64 && p > 32) {
        field->datyp = 5;
        field->nbits = 64;
        return F24_OK;
    }
    if (base == 5 && p < 16)
        return f24_fail(
            err, F24_EENCODING, -1,
            "datyp %d keeps 16 bits a value or more, not %d: use datyp 1 or 6 for fewer",
            wish->datyp, p);
    if (base == 1 && p == 1)
        return f24_fail(err, F24_EENCODING, -1,
                        "datyp %d with 1 bit a value is misread by the reference: use 2 bits or "
                        "more, or datyp 6",
                        wish->datyp);
    if (base == 6 && p > 24) {
        turbo = turbo && wish->backend == F24_XDF;
        base = 5;
        p = 32;
    } else if (base == 1 && p > 30) {
        base = 5;
        p = 32;
    } else if (base == 6 && p > 16) {
        base = 1;
    }
    /* 129 below 16 bits is misread by the reference (13: D1). */
    if ((base == 1 && p != 16) || (base == 6 && p > 16))
        turbo = false;
    field->datyp = base + (turbo ? F24_TURBO_FLAG : 0);
    field->nbits = p;
    return F24_OK;
}

static f24_status integer_field(const f24_wish *wish, int32_t base, f24_field *field,
                                f24_error *err)
{
    bool turbo = is_turbo(wish) && base == 2 && field->nbits <= 16;

    if (wish->item_bytes == 8) {
        if (wish->backend == F24_XDF)
            return f24_fail(err, F24_EENCODING, -1,
                            "XDF has no room for 64-bit integers: use RSF, or convert them to 32 "
                            "bits");
        field->nbits = 64;
        turbo = false;
    }
    /* The reference reads 8-bit compressed values from RSF into too little memory (13: D8). */
    if (wish->item_bytes == 1 && wish->backend == F24_RSF)
        turbo = false;
    field->datyp = base + (turbo ? F24_TURBO_FLAG : 0);
    return F24_OK;
}

static f24_status image_field(const f24_wish *wish, f24_field *field, f24_error *err)
{
    if (field->nbits != bits_of(wish))
        return f24_fail(err, F24_EENCODING, -1,
                        "datyp 0 keeps memory as it is: ask for %d bits a value, not %d",
                        bits_of(wish), wish->nbits);
    field->datyp = 0;
    return F24_OK;
}

static f24_status text_field(const f24_wish *wish, int32_t base, f24_field *field, f24_error *err)
{
    if (base == 3 && wish->nk > 1)
        return f24_fail(err, F24_EENCODING, -1,
                        "datyp 3 keeps one level of characters, not %d: use datyp 7, or one record "
                        "a level",
                        wish->nk);
    field->datyp = base;
    field->nbits = 8;
    return F24_OK;
}

/* The element size that the directory is to name (2). */
static int32_t dasiz_of(const f24_wish *wish, const f24_field *field)
{
    switch (F24_DATYP_BASE(field->datyp)) {
    case 1:
    case 5:
    case 6:
    case 8:
        return field->nbits > 32 ? 64 : 32;
    case 2:
    case 4:
        return bits_of(wish);
    default:
        return wish->backend == F24_RSF ? bits_of(wish) : 0;
    }
}

static f24_status stored_field(const f24_wish *wish, f24_field *field, f24_error *err)
{
    int32_t base = F24_DATYP_BASE(wish->datyp);

    if (wish->datyp < 0 || wish->datyp > 255 || base > 8)
        return f24_fail(err, F24_EUNSUPPORTED, -1,
                        "datyp %d is none that can be written: use 1, 5 or 6 for reals, 2 or 4 for "
                        "integers, 8 for complex numbers",
                        wish->datyp);
    if (wish->nbits < 1 || wish->nbits > 64)
        return f24_fail(err, F24_EENCODING, -1, "%d bits a value cannot be: ask for 1 to 64",
                        wish->nbits);
    F24_TRY(check_kind(wish, base, err));
    *field = (f24_field){wish->ni, wish->nj, wish->nk, base, wish->nbits, 0};
    if (field->nbits > bits_of(wish))
        field->nbits = bits_of(wish);
    switch (base) {
    case 0:
        F24_TRY(image_field(wish, field, err));
        break;
    case 2:
    case 4:
        F24_TRY(integer_field(wish, base, field, err));
        break;
    case 3:
    case 7:
        F24_TRY(text_field(wish, base, field, err));
        break;
    case 8:
        field->nbits = field->nbits > 32 ? 64 : field->nbits;
        break;
    default:
        F24_TRY(real_field(wish, base, field, err));
        if (wish->has_mask)
            field->datyp |= F24_MISSING_FLAG;
        break;
    }
    if ((base == 2 || base == 4) && wish->has_mask)
        field->datyp |= F24_MISSING_FLAG;
    field->dasiz = dasiz_of(wish, field);
    return F24_OK;
}

/* ------------------------------------------------------------------------------- lengths --- */

uint64_t f24_plain_bytes(const f24_field *field, int64_t n_values, bool refused)
{
    int32_t base = F24_DATYP_BASE(field->datyp);
    uint64_t n = (uint64_t)n_values, nbits = (uint64_t)field->nbits;
    uint64_t slot = nbits > 16 ? nbits : 16; /* of a token before it is compressed */

    switch (base) {
    case 6:
        return 8 * ((8 * (12 + 4 * ((n + 1) / 2)) + (refused ? 95 : 63)) / 64);
    case 8:
        return 16 * ((n * nbits + 63) / 64);
    case 1:
        if (refused)
            return 8 * ((n * slot + 223) / 64);
        return 8 * ((n * nbits + 183) / 64);
    default:
        /* 2 as well: the longer payload of a refused 130 tells readers that its tokens start one
         * word late (13: D5). Ours do not. */
        return 8 * ((n * nbits + 183) / 64);
    }
}

f24_status f24_encode_plan(const f24_wish *wish, f24_encoding *encoding, f24_error *err)
{
    f24_encoding made = {.wish = *wish};
    uint64_t more;

    F24_TRY(check_array(wish, &made.n_values, err));
    F24_TRY(stored_field(wish, &made.field, err));
    made.n_array = (uint64_t)made.n_values * (uint64_t)wish->item_bytes;
    made.max_payload = f24_plain_bytes(&made.field, made.n_values, false);
    if ((made.field.datyp & F24_TURBO_FLAG) != 0) {
        more = f24_plain_bytes(&made.field, made.n_values, true);
        made.max_payload = more > made.max_payload ? more : made.max_payload;
        more = f24_turbo_bound(&made.field);
        made.max_payload = more > made.max_payload ? more : made.max_payload;
        made.n_scratch = f24_turbo_scratch(wish, &made.field);
    }
    *encoding = made;
    return F24_OK;
}

bool f24_encode_is_plain(const f24_encoding *encoding)
{
    const f24_wish *wish = &encoding->wish;
    const f24_field *field = &encoding->field;
    bool native = (wish->backend == F24_RSF) == (bool)F24_HOST_LITTLE;
    bool whole = field->nbits == bits_of(wish);

    if (wish->has_mask)
        return false;
    switch (field->datyp) {
    case 0:
    case 3:
        return wish->backend == F24_RSF && F24_HOST_LITTLE; /* its image (4.1) */
    case 5:
    case 8:
        return whole && field->nbits == 32 && native;
    case 2:
        if (field->nbits == 64)
            return wish->backend == F24_RSF && F24_HOST_LITTLE && /* the low word first */
                   (wish->kind == F24_UINT || !wish->exact);
        if (wish->kind != F24_UINT || !whole)
            return false; /* signed ones are to be looked at */
        return (field->nbits == 32 && native) || (field->nbits == 8 && wish->backend == F24_XDF);
    case 4:
        return field->nbits == 64 && F24_HOST_LITTLE && wish->kind == F24_INT;
    case 7:
        return wish->backend == F24_XDF; /* a string of bytes */
    default:
        return false;
    }
}
