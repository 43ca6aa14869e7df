/*
 * Any bytes as an array of any type, encoded as anything, and back. The array's type and shape and
 * what is asked for are the last bytes, so that an input that is cut is another array.
 */
#include "fuzz.h"

#include "../c/encoded.h"

#include <float.h>
#include <math.h>

#define N_PARAMETERS 12
#define LONGEST 40 /* ni, nj */

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* One array and what is asked for it. */
typedef struct query {
    f24_wish wish;
    size_t n_values;
    uint8_t *values, *mask;
    f24_cpu level;
} query;

/* -------------------------------------------------------------------------------- the array --- */

/* A number that most types can keep, of the array's kind. */
static void put_tame(const f24_wish *wish, int16_t value, uint8_t *at)
{
    const size_t n_parts = wish->kind == F24_COMPLEX ? 2 : 1;
    const size_t part = (size_t)wish->item_bytes / n_parts;
    int64_t whole = wish->kind == F24_UINT ? (uint16_t)value : value;
    double d = 0.01 * value;
    float f = (float)d;

    if (wish->kind == F24_INT || wish->kind == F24_UINT) {
        whole >>= wish->nbits < 16 ? 16 - wish->nbits : 0;
        for (size_t b = 0; b < part && b < 8; b++)
            at[b] = (uint8_t)((uint64_t)whole >> 8 * b);
        return;
    }
    for (size_t p = 0; p < n_parts && (part == 4 || part == 8); p++)
        memcpy(at + p * part, part == 8 ? (const void *)&d : &f, part);
}

static void fill(query *q, const uint8_t *data, size_t size, bool is_tame)
{
    const size_t item = (size_t)q->wish.item_bytes;

    q->values = exact_block(q->n_values * item, 0);
    q->mask = exact_block(q->n_values, 0);
    for (size_t i = 0; i < q->n_values * item; i++)
        q->values[i] = size == 0 ? 0 : data[i % size];
    for (size_t i = 0; is_tame && i < q->n_values; i++)
        put_tame(&q->wish,
                 (int16_t)(size == 0 ? 0 : data[2 * i % size] | data[(2 * i + 1) % size] << 8),
                 q->values + i * item);
    for (size_t i = 0; i < q->n_values; i++)
        q->mask[i] = size != 0 && data[(i + size / 2) % size] % 5 == 1;
}

/* The last bytes of the input; false: no array that could be. */
static bool take(const uint8_t *data, size_t size, query *q)
{
    static const int32_t sizes[] = {1, 2, 4, 8, 16};
    const uint8_t *asked;

    if (size < N_PARAMETERS)
        return false;
    asked = data + size - N_PARAMETERS;
    q->wish = (f24_wish){.kind = (f24_kind)(asked[0] % 4 + 1),
                         .item_bytes = sizes[asked[1] % 5],
                         .ni = 1 + asked[2] % LONGEST,
                         .nj = 1 + asked[3] % LONGEST,
                         .nk = asked[4] % 4 == 0 ? 2 : 1,
                         .datyp = asked[5],
                         .nbits = asked[6] % 66,
                         .has_mask = asked[7] % 2 != 0,
                         .exact = asked[8] % 4 != 0,
                         .effort = (f24_effort)(asked[9] % 3),
                         .backend = asked[10] % 2 != 0 ? F24_RSF : F24_XDF};
    q->level = levels[asked[11] % N_LEVELS];
    q->n_values = (size_t)q->wish.ni * (size_t)q->wish.nj * (size_t)q->wish.nk;
    fill(q, data, size - N_PARAMETERS, asked[11] % 8 != 0);
    return true;
}

static bool is_missing(const query *q, size_t i)
{
    return q->wish.has_mask && q->mask[i] != 0;
}

static double real_of(const uint8_t *at, int32_t item_bytes)
{
    double d;
    float f;

    memcpy(&f, at, 4);
    if (item_bytes == 4)
        return (double)f;
    memcpy(&d, at, 8);
    return d;
}

/* ----------------------------------------------------------------------------- what came back --- */

/* Largest distance of a value that is kept with loss: steps of the range, and roundings. */
static double allowed(const query *q, const f24_field *field)
{
    double least = HUGE_VAL, most = -HUGE_VAL, size;

    for (size_t i = 0; i < q->n_values; i++) {
        double v = real_of(q->values + i * (size_t)q->wish.item_bytes, q->wish.item_bytes);
        least = is_missing(q, i) || v > least ? least : v;
        most = is_missing(q, i) || v < most ? most : v;
    }
    size = fmax(fabs(least), fabs(most));
    /* A plug lies above the values, up to as far away as they are wide and 2^5 times (11). */
    double spread = (most - least) * ((field->datyp & F24_MISSING_FLAG) != 0 ? 64 : 1);
    if ((field->datyp & F24_MISSING_FLAG) != 0)
        spread += 64 * size;
    return ldexp(spread, 2 - field->nbits) + ldexp(size, -21) + (double)FLT_MIN;
}

static void reals_must_be_near(const query *q, const f24_field *field, const f24_array *array,
                               const uint8_t *out)
{
    const double most = allowed(q, field);

    must(array->kind == F24_FLOAT);
    for (size_t i = 0; i < q->n_values; i++) {
        double given = real_of(q->values + i * (size_t)q->wish.item_bytes, q->wish.item_bytes);
        double got = real_of(out + i * (size_t)array->item_bytes, array->item_bytes);
        must(is_missing(q, i) || fabs(given - got) <= most);
    }
}

/* All of the array, or the bits that there is room for. */
static void bits_must_be_equal(const query *q, const f24_array *array, const uint8_t *out)
{
    const size_t item = (size_t)q->wish.item_bytes;

    if (array->item_bytes != q->wish.item_bytes)
        return;
    for (size_t i = 0; i < q->n_values; i++)
        must(is_missing(q, i) || memcmp(out + i * item, q->values + i * item, item) == 0);
}

static void must_come_back(const query *q, const encoded *made)
{
    const f24_field *field = &made->field;
    const int32_t base = F24_DATYP_BASE(field->datyp);
    uint8_t *found = exact_block(q->n_values, 0), *out = NULL;
    f24_read_options options = {F24_MISSING_STORED, 0, 0, found};
    f24_array array;

    memset(found, 0, q->n_values);
    must(decode(field, made->payload, made->n_bytes, q->wish.backend == F24_RSF, &options, &array,
                &out, NULL) == F24_OK);
    must((size_t)array.n_values == q->n_values && array.nk_stored == q->wish.nk);
    /* Values that are cut could be any. */
    if (q->wish.exact || base == 1 || base == 6)
        for (size_t i = 0; i < q->n_values; i++)
            must((found[i] != 0) == is_missing(q, i));
    if (base == 1 || base == 6)
        reals_must_be_near(q, field, &array, out);
    else if ((q->wish.exact && (base == 2 || base == 4)) || base == 0 || base == 3 || base == 7 ||
             field->nbits == 8 * q->wish.item_bytes / (base == 8 ? 2 : 1))
        bits_must_be_equal(q, &array, out);
    free(out);
    free(found);
}

/* The array, and zeros. */
static void must_be_plain(const query *q, const encoded *made)
{
    size_t n = made->encoding.n_array;

    must(made->n_bytes == made->encoding.max_payload);
    must(memcmp(made->payload, q->values, n) == 0);
    for (; n < made->n_bytes; n++)
        must(made->payload[n] == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    query q;

    if (!take(data, size, &q))
        return 0;
    f24_cpu_limit(F24_CPU_PORTABLE);
    encoded made = encode(&q.wish, q.values, q.wish.has_mask ? q.mask : NULL);
    f24_cpu_limit(q.level);
    encoded other = encode(&q.wish, q.values, q.wish.has_mask ? q.mask : NULL);

    must(made.is_inside && other.is_inside && made.status == other.status);
    must((made.status == F24_OK) == (made.err.message[0] == '\0'));
    if (made.status == F24_OK) {
        must(made.n_bytes == other.n_bytes && made.n_bytes % 4 == 0);
        must(memcmp(made.payload, other.payload, made.n_bytes) == 0);
        must_come_back(&q, &other);
        if (f24_encode_is_plain(&made.encoding))
            must_be_plain(&q, &made);
    }
    encoded_free(&made);
    encoded_free(&other);
    free(q.values);
    free(q.mask);
    return 0;
}
