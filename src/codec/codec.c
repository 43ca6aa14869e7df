/* The one table from datyp to codec, and what all fixed forms share. */
#include "codec/codec.h"

#include "base/bytes.h"
#include "codec/forms.h"

#define HAS_64 0x1u      /* 64 bits a value exist beside 1 .. max_bits */
#define HAS_MISSING 0x2u /* flag 64 means something */
#define HAS_STREAM 0x4u  /* there is a compressed form (flag 128) */

/* By base type; facts in docs/format/codecs.md, 2. */
static const struct codec {
    f24_kind kind;
    int32_t min_bits, max_bits; /* nbits of the fixed form */
    uint32_t has;
    f24_unpack_kind unpack;
    size_t head_bytes;
    uint64_t first_bit;
    uint64_t stream_head; /* bytes before the tile stream's own words */
} codecs[] = {
    [0] = {F24_UINT, 1, 64, 0, F24_UNPACK_IMAGE, 0, 0, 0},
    /* Form A's header of four words ends with 8 bits that are tokens already (7.1). */
    [1] = {F24_FLOAT, 1, 64, HAS_MISSING | HAS_STREAM, F24_UNPACK_LINEAR, 16, 120, 20},
    [2] = {F24_UINT, 1, 32, HAS_64 | HAS_MISSING | HAS_STREAM, F24_UNPACK_UNSIGNED, 0, 0, 4},
    [3] = {F24_UINT, 0, 255, 0, F24_UNPACK_IMAGE, 0, 0, 0},
    [4] = {F24_INT, 1, 32, HAS_64 | HAS_MISSING, F24_UNPACK_SIGNED, 0, 0, 0},
    /* Below 16 bits: librmn 19 wrote some. */
    [5] = {F24_FLOAT, 1, 32, HAS_64 | HAS_MISSING | HAS_STREAM, F24_UNPACK_FLOAT_TOP, 0, 0, 4},
    [6] = {F24_FLOAT, 1, 32, HAS_MISSING | HAS_STREAM, F24_UNPACK_BLOCK, 12, 96, 16},
    [7] = {F24_UINT, 0, 255, 0, F24_UNPACK_UNSIGNED, 0, 0, 0},
    [8] = {F24_COMPLEX, 1, 32, HAS_64, F24_UNPACK_FLOAT_TOP, 0, 0, 0},
};

#define N_CODECS ((int32_t)(sizeof codecs / sizeof codecs[0]))

/* ------------------------------------------------------------------------------ the array --- */

static int32_t integer_bytes(const f24_field *field)
{
    int32_t bits = field->dasiz;

    if (bits != 8 && bits != 16 && bits != 32 && bits != 64)
        bits = 32; /* files of older libraries do not say (2) */
    while (bits < field->nbits)
        bits *= 2; /* never written; wide enough for what is stored */
    return bits / 8;
}

/* Widths that no element has: the record is its words (4.1). */
static bool is_packed_binary(const f24_field *field)
{
    return F24_DATYP_BASE(field->datyp) == 0 && field->nbits != 8 && field->nbits != 16 &&
           field->nbits != 32 && field->nbits != 64;
}

static int32_t item_bytes_of(const f24_field *field)
{
    switch (F24_DATYP_BASE(field->datyp)) {
    case 0:
        return is_packed_binary(field) ? 4 : field->nbits / 8;
    case 2:
    case 4:
        return integer_bytes(field);
    case 3:
    case 7:
        return 1;
    case 8:
        return field->nbits > 32 ? 16 : 8;
    default:
        return field->nbits > 32 ? 8 : 4;
    }
}

static f24_status check_type(const f24_field *field, f24_error *err)
{
    int32_t base = F24_DATYP_BASE(field->datyp), nbits = field->nbits;

    if (field->datyp < 0 || field->datyp > 255 || base >= N_CODECS)
        return f24_fail(err, F24_EUNSUPPORTED, -1,
                        "datyp %d is none that this version can decode; its stored bytes can be "
                        "copied as they are",
                        field->datyp);
    const struct codec *codec = &codecs[base];
    if ((field->datyp & F24_TURBO_FLAG) != 0 && (codec->has & HAS_STREAM) == 0)
        return f24_fail(err, F24_EUNSUPPORTED, -1,
                        "datyp %d is a compressed form that does not exist; its stored bytes can "
                        "be copied as they are",
                        field->datyp);
    if ((nbits < codec->min_bits || nbits > codec->max_bits) &&
        !((codec->has & HAS_64) != 0 && nbits == 64))
        return f24_fail(err, F24_ECORRUPT, -1,
                        "datyp %d cannot have %d bits a value: the directory entry is "
                        "damaged",
                        field->datyp, nbits);
    if ((field->datyp & F24_TURBO_FLAG) != 0 && nbits > 32)
        return f24_fail(err, F24_ECORRUPT, -1,
                        "compressed datyp %d cannot have %d bits a value: the directory entry is "
                        "damaged",
                        field->datyp, nbits);
    return F24_OK;
}

f24_status f24_codec_array(const f24_field *field, f24_array *array, f24_error *err)
{
    uint64_t level, n, n_bytes, n_bits;

    F24_TRY(check_type(field, err));
    const struct codec *codec = &codecs[F24_DATYP_BASE(field->datyp)];
    int32_t item_bytes = item_bytes_of(field);
    if (field->ni < 1 || field->nj < 1 || field->nk < 1)
        return f24_fail(err, F24_ECORRUPT, -1,
                        "%d x %d x %d values cannot be: the directory entry is damaged", field->ni,
                        field->nj, field->nk);
    level = (uint64_t)field->ni * (uint64_t)field->nj;
    /* 128 bits a value at most, of memory and of payload: below 2^63, no later sum can wrap. */
    if (!f24_mul(level, (uint64_t)field->nk, &n) || !f24_mul(n, 128, &n_bits) ||
        n_bits > INT64_MAX - 4096)
        return f24_fail(err, F24_ECORRUPT, -1,
                        "%d x %d x %d values are more than any file holds: the directory entry is "
                        "damaged",
                        field->ni, field->nj, field->nk);
    if (is_packed_binary(field))
        n = (n * (uint64_t)field->nbits + 31) / 32;
    n_bytes = n * (uint64_t)item_bytes;
    *array = (f24_array){.kind = codec->kind,
                         .item_bytes = item_bytes,
                         .n_dims = 3,
                         .shape = {field->ni, field->nj, field->nk},
                         .n_values = (int64_t)n,
                         .n_bytes = n_bytes,
                         .nk_stored = field->nk};
    array->has_missing = (field->datyp & F24_MISSING_FLAG) != 0 && (codec->has & HAS_MISSING) != 0;
    if (is_packed_binary(field)) {
        array->n_dims = 1;
        array->shape[0] = (int64_t)n;
        array->shape[1] = array->shape[2] = array->nk_stored = 1;
    }
    /* librmn compressed the first level of such a field and lost the others (13: D3, D4). */
    if ((field->datyp & F24_TURBO_FLAG) != 0 && field->nk > 1) {
        array->nk_stored = 1;
        array->has_missing = true;
    }
    return F24_OK;
}

/* ------------------------------------------------------------------------------ the plan --- */

/*
 * librmn stored an unsigned field that it could not compress one word too late. Such a record shows
 * by its length, which is not that of an ordinary one (13: D5).
 */
static bool starts_a_word_late(const f24_field *field, uint64_t n, uint64_t n_bytes)
{
    uint64_t nbits = (uint64_t)field->nbits;
    uint64_t plain = 2 * ((n * nbits + 183) / 64);
    uint64_t refused = 2 * ((n * (nbits > 16 ? nbits : 16) + 95) / 64);

    return field->datyp == 2 && nbits <= 16 && (field->dasiz == 32 || field->dasiz == 0) &&
           n_bytes == 4 * refused && plain != refused;
}

static void plan_fixed(f24_plan *plan)
{
    const f24_field *field = &plan->field;
    int32_t base = F24_DATYP_BASE(field->datyp);
    const struct codec *codec = &codecs[base];

    plan->unpack = codec->unpack;
    plan->head_bytes = codec->head_bytes;
    plan->first_bit = codec->first_bit;
    plan->n_tokens = plan->array.n_values * (base == 8 ? 2 : 1);
    plan->width = (uint32_t)field->nbits;
    switch (base) {
    case 0:
        plan->width = 8 * (uint32_t)plan->array.item_bytes; /* odd widths are whole words (4.1) */
        break;
    case 3: /* nk is ignored (4.2); values beyond the first level come out as 0 */
        plan->n_tokens = (int64_t)field->ni * field->nj;
        plan->width = 8;
        break;
    case 7:
        plan->width = 8;
        break;
    case 6:
        plan->width = 16;
        break;
    case 5:
    case 8:
        if (field->nbits == 32 || field->nbits == 64)
            plan->unpack = field->nbits == 32 ? F24_UNPACK_FLOAT32 : F24_UNPACK_FLOAT64;
        break;
    case 2:
    case 4:
        if (field->nbits == 64)
            plan->unpack = F24_UNPACK_INT64;
        if (starts_a_word_late(field, (uint64_t)plan->n_tokens, plan->there))
            plan->first_bit = 32;
        break;
    default:
        break;
    }
    uint64_t n_bits = plan->first_bit + (uint64_t)plan->n_tokens * plan->width;
    plan->needed = (n_bits + 31) / 32 * 4;
}

static f24_status plan_stream(f24_plan *plan, f24_error *err)
{
    const f24_field *field = &plan->field;
    int32_t base = F24_DATYP_BASE(field->datyp);

    /* A tile is 7 x 7 at most and takes a bit at least: a field has to be worth its memory. */
    uint64_t n_tiles = (((uint64_t)field->ni + 6) / 7) * (((uint64_t)field->nj + 6) / 7);

    if (field->ni == 1 || field->nj == 1)
        return f24_fail(err, F24_ECORRUPT, -1,
                        "a field of %d x %d values cannot be compressed (datyp %d): the directory "
                        "entry is damaged",
                        field->ni, field->nj, field->datyp);
    if (n_tiles / 8 > plan->there)
        return f24_fail(err, F24_ETRUNCATED, -1,
                        "a payload of %llu bytes cannot hold %d x %d values of datyp %d",
                        (unsigned long long)plan->there, field->ni, field->nj, field->datyp);
    plan->stream = true;
    plan->unpack = codecs[base].unpack;
    plan->n_tokens = (int64_t)field->ni * field->nj;
    /* The head word of the stream and, in 133, the word of the exponents (9.1, 10). */
    plan->needed = codecs[base].stream_head + (base == 5 ? 8 : 4);
    return F24_OK;
}

/*
 * Levels that the file does not hold (4.2, 13: D3) take memory all the same. Nothing in the file
 * vouches for their number, so it is held against the payload of the one level that is there.
 */
static bool is_worth_its_memory(const f24_plan *plan)
{
    const f24_array *array = &plan->array;
    bool all_stored = array->nk_stored == array->shape[2] && F24_DATYP_BASE(plan->field.datyp) != 3;

    return all_stored || array->n_bytes <= (UINT64_C(64) << 20) || /* few bytes are no danger */
           array->n_bytes / 4096 <= plan->there;
}

f24_status f24_codec_plan(const f24_field *field, uint64_t n_bytes, bool little, f24_plan *plan,
                          f24_error *err)
{
    f24_plan made = {.field = *field, .little = little, .there = n_bytes};

    F24_TRY(f24_codec_array(field, &made.array, err));
    if ((field->datyp & F24_TURBO_FLAG) != 0)
        F24_TRY(plan_stream(&made, err));
    else
        plan_fixed(&made);
    if (made.needed > n_bytes)
        return f24_fail(err, F24_ETRUNCATED, -1,
                        "the payload has %llu bytes where %d x %d x %d values of datyp %d need "
                        "%llu",
                        (unsigned long long)n_bytes, field->ni, field->nj, field->nk, field->datyp,
                        (unsigned long long)made.needed);
    if (!is_worth_its_memory(&made))
        return f24_fail(
            err, F24_ECORRUPT, -1,
            "%d levels of which the file holds one: more than its %llu bytes of payload "
            "make believe",
            field->nk, (unsigned long long)n_bytes);
    *plan = made;
    return F24_OK;
}

f24_status f24_codec_head(f24_plan *plan, const uint8_t *head, f24_error *err)
{
    uint32_t words[4] = {0};

    for (size_t i = 0; i < plan->head_bytes / 4; i++)
        words[i] = f24_word(head + 4 * i, plan->little);
    if (plan->unpack == F24_UNPACK_LINEAR)
        return f24_linear_head(plan, words, false, err);
    if (plan->unpack == F24_UNPACK_BLOCK)
        return f24_block_head(plan, words, err);
    return F24_OK;
}

/* ------------------------------------------------------------------------------ the values --- */

/* How many of n values from `first` the file holds: all but the upper levels of type 3. */
static int64_t stored_values(const f24_plan *plan, int64_t first, int64_t n)
{
    int64_t stored = plan->array.kind == F24_COMPLEX ? plan->n_tokens / 2 : plan->n_tokens;

    if (first >= stored)
        return 0;
    return n < stored - first ? n : stored - first;
}

void f24_codec_span(const f24_plan *plan, int64_t first, int64_t n, uint64_t *from, size_t *n_bytes)
{
    uint64_t bits = (uint64_t)plan->width * (plan->array.kind == F24_COMPLEX ? 2 : 1);
    uint64_t stored = (uint64_t)stored_values(plan, first, n);

    *from = 0;
    *n_bytes = 0;
    if (stored == 0)
        return;
    uint64_t start = plan->first_bit + (uint64_t)first * bits;
    uint64_t end = start + stored * bits;
    *from = start / 32 * 4;
    *n_bytes = (size_t)((end + 31) / 32 * 4 - *from);
}

void f24_codec_unpack(const f24_plan *plan, const uint8_t *span, int64_t first, int64_t n,
                      void *out)
{
    int64_t stored = stored_values(plan, first, n);

    if (stored < n)
        memset((uint8_t *)out + stored * plan->array.item_bytes, 0,
               (size_t)((n - stored) * plan->array.item_bytes));
    if (stored == 0)
        return;
    switch (plan->unpack) {
    case F24_UNPACK_IMAGE:
        f24_image_unpack(plan, span, first, stored, out);
        break;
    case F24_UNPACK_UNSIGNED:
        if (plan->width == 8 && plan->array.item_bytes == 1)
            f24_bytes_unpack(plan, span, first, stored, out);
        else if (plan->width == 32 && plan->array.item_bytes == 4)
            f24_words_unpack(plan, span, first, stored, out);
        else
            f24_integers_unpack(plan, span, first, stored, out);
        break;
    case F24_UNPACK_SIGNED:
    case F24_UNPACK_FLOAT_TOP:
        f24_integers_unpack(plan, span, first, stored, out);
        break;
    case F24_UNPACK_FLOAT32:
        f24_words_unpack(plan, span, first, stored, out);
        break;
    case F24_UNPACK_FLOAT64:
    case F24_UNPACK_INT64:
        f24_pairs_unpack(plan, span, first, stored, out);
        break;
    case F24_UNPACK_LINEAR:
        f24_linear_unpack(plan, span, first, stored, out);
        break;
    case F24_UNPACK_BLOCK:
        f24_block_unpack(plan, span, first, stored, out);
        break;
    }
}

bool f24_codec_is_plain(const f24_plan *plan)
{
    bool native = plan->little == (bool)F24_HOST_LITTLE;
    int32_t item_bytes = plan->array.item_bytes;

    if (plan->stream || plan->array.has_missing || plan->first_bit != 0 ||
        stored_values(plan, 0, plan->array.n_values) != plan->array.n_values)
        return false;
    switch (plan->unpack) {
    case F24_UNPACK_IMAGE:
        return plan->little;
    case F24_UNPACK_FLOAT32:
        return native;
    case F24_UNPACK_INT64:
        return native && plan->little; /* the low word first, in either byte order */
    case F24_UNPACK_FLOAT64:
        return native && !plan->little; /* the high word first */
    case F24_UNPACK_UNSIGNED:
        return (plan->width == 32 && item_bytes == 4 && native) ||
               (plan->width == 8 && item_bytes == 1 && !plan->little); /* a string of bytes */
    default:
        return false;
    }
}

bool f24_codec_is_swapped(const f24_plan *plan)
{
    bool word = plan->unpack == F24_UNPACK_FLOAT32 ||
                (plan->unpack == F24_UNPACK_UNSIGNED && plan->array.item_bytes == 4);

    return !plan->stream && word && plan->width == 32 && plan->first_bit == 0 &&
           plan->little != (bool)F24_HOST_LITTLE;
}

void f24_codec_swap(void *words, size_t n_bytes)
{
    f24_kernels_now()->swap32_in_place(words, n_bytes / 4);
}
