/*
 * The fixed forms: test vectors of docs/format/codecs.md, 17, and random streams against a reader
 * that takes one bit at a time, at every CPU level, in both byte orders, whole and in parts.
 */
#include "harness.h"

#include "base/bytes.h"
#include "base/cpu.h"
#include "codec/codec.h"

#include <math.h>
#include <stdlib.h>

#define MOST_WORDS 2200
#define GUARD 0x5A

static const f24_cpu levels[] = {F24_CPU_PORTABLE, F24_CPU_V3, F24_CPU_V4};

/* ------------------------------------------------------------------------------ helpers --- */

static uint64_t state = 88172645463325252u;

static uint32_t random32(void)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 32);
}

static int64_t random_below(int64_t n)
{
    return (int64_t)(random32() % (uint64_t)n);
}

static void put_words(const uint32_t *words, size_t n, bool little, uint8_t *bytes)
{
    for (size_t i = 0; i < n; i++)
        for (size_t b = 0; b < 4; b++)
            bytes[4 * i + b] = (uint8_t)(words[i] >> 8 * (little ? b : 3 - b));
}

/*
 * Values [first, first + n) of a payload. The span is a heap block of its own size, so that a
 * sanitizer sees any read outside it; a byte before and after `out` must survive.
 */
static f24_status decode_part(const f24_field *field, const uint32_t *words, size_t n_words,
                              bool little, int64_t first, int64_t n, uint8_t *out, f24_error *err)
{
    uint8_t bytes[4 * MOST_WORDS];
    f24_plan plan;
    uint64_t from;
    size_t n_bytes;

    put_words(words, n_words, little, bytes);
    F24_TRY(f24_codec_plan(field, 4 * n_words, little, &plan, err));
    F24_TRY(f24_codec_head(&plan, bytes, err));
    f24_codec_span(&plan, first, n, &from, &n_bytes);
    check(from % 4 == 0 && from + n_bytes <= plan.needed && plan.needed <= 4 * n_words);
    size_t out_bytes = (size_t)(n * plan.array.item_bytes);
    uint8_t *span = malloc(n_bytes + 1), *room = malloc(out_bytes + 3);
    check(span != NULL && room != NULL);
    memcpy(span, bytes + from, n_bytes);
    uint8_t *exact = realloc(span, n_bytes == 0 ? 1 : n_bytes);
    uint8_t *at = room + 1 + n % 2; /* even and odd addresses */
    memset(room, GUARD, out_bytes + 3);
    f24_codec_unpack(&plan, exact, first, n, at);
    check(at[-1] == GUARD && at[out_bytes] == GUARD);
    memcpy(out, at, out_bytes);
    free(exact);
    free(room);
    return F24_OK;
}

static f24_status refusal(const f24_field *field, const uint32_t *words, size_t n_words)
{
    uint8_t bytes[4 * MOST_WORDS];
    f24_error err = {F24_OK, 0, 0, 0, ""};
    f24_plan plan;

    put_words(words, n_words, false, bytes);
    f24_status status = f24_codec_plan(field, 4 * n_words, false, &plan, &err);
    if (status == F24_OK)
        status = f24_codec_head(&plan, bytes, &err);
    check(status == err.status);
    check(status == F24_OK || err.message[0] != '\0');
    return status;
}

/* ------------------------------------------------------------------------------ vectors --- */

typedef struct vector {
    f24_field field;
    uint32_t words[9];
    size_t n_words;
    union {
        float f[4];
        double d[2];
        uint32_t u[5];
        int16_t s[4];
        uint8_t b[40];
    } values;
} vector;

static const vector vectors[] = {
    {{4, 1, 1, 1, 8, 32},
     {0x7ff00004, 0x0ffb3d11, 0xd0000000, 0x00000878, 0x88a80000},
     5,
     {.f = {0.5f, 1, 2, -3.25f}}},
    {{4, 1, 1, 1, 20, 32},
     {0x7ff00004, 0x0fef3d11, 0xd0000000, 0x00001478, 0x00088000, 0xa8000000, 0},
     7,
     {.f = {0.5f, 1, 2, -3.25f}}},
    {{4, 1, 1, 6, 8, 32},
     {0xeff78011, 0xff300000, 4, 0x00780088, 0x00a80000},
     5,
     {.f = {0.5f, 1, 2, -3.25f}}},
    {{4, 1, 1, 5, 20, 32}, {0x3f0003f8, 0x0040000c, 0x05000000}, 3, {.f = {0.5f, 1, 2, -3.25f}}},
    {{4, 1, 1, 5, 32, 32},
     {0x3f000000, 0x3f800000, 0x40000000, 0xc0500000},
     4,
     {.f = {0.5f, 1, 2, -3.25f}}},
    {{2, 1, 1, 5, 64, 64}, {0x3ff00000, 0, 0xc0040000, 0}, 4, {.d = {1, -2.5}}},
    {{5, 1, 1, 2, 5, 32}, {0x0887f000}, 1, {.u = {1, 2, 3, 31, 0}}},
    {{4, 1, 1, 4, 5, 16}, {0x03e1f000}, 1, {.s = {-16, -1, 0, 15}}},
    {{2, 1, 1, 8, 32, 32}, {0x3f800000, 0x40000000, 0xbfc00000, 0}, 4, {.f = {1, 2, -1.5f, 0}}},
    {{5, 1, 1, 3, 8, 0}, {0x44434241, 0x00000045}, 2, {.b = "ABCDE"}},
    {{5, 1, 1, 7, 8, 0}, {0x41424344, 0x45000000}, 2, {.b = "ABCDE"}},
    /* the low word first in integers (1) */
    {{2, 1, 1, 2, 64, 64}, {0x55667788, 0x11223344, 2, 0}, 4, {.u = {0x55667788, 0x11223344, 2}}},
};

static void the_vectors_of_the_format_page_decode(bool little)
{
    for (size_t i = 0; i < sizeof vectors / sizeof vectors[0]; i++) {
        const vector *v = &vectors[i];
        uint8_t out[64];
        f24_array array;
        f24_error err;
        check(f24_codec_array(&v->field, &array, &err) == F24_OK);
        check(decode_part(&v->field, v->words, v->n_words, little, 0, array.n_values, out, &err) ==
              F24_OK);
        check(memcmp(out, &v->values, array.n_bytes) == 0);
    }
}

/* ------------------------------------------------------------------------- random streams --- */

/* Bits of a payload's words, one at a time. */
static uint64_t bits_of(const uint32_t *words, uint64_t bit, uint32_t n)
{
    uint64_t v = 0;

    for (uint32_t b = 0; b < n; b++, bit++)
        v = v << 1 | (words[bit / 32] >> (31 - bit % 32) & 1);
    return v;
}

static void put_integer(uint64_t v, size_t n_bytes, uint8_t *out)
{
    uint8_t one = (uint8_t)v;
    uint16_t two = (uint16_t)v;
    uint32_t four = (uint32_t)v;

    memcpy(out,
           n_bytes == 1   ? (void *)&one
           : n_bytes == 2 ? (void *)&two
           : n_bytes == 4 ? (void *)&four
                          : (void *)&v,
           n_bytes);
}

/* 7.3 as it is written: two products, then the sum. */
static void put_linear(const uint32_t *words, uint32_t token, bool as_double, uint8_t *out)
{
    double step = ldexp(1.0, (int)(words[1] >> 16) - 4096), minimum = 0, v;
    uint32_t m = words[1] >> 4 & 0xFFF;
    float f;

    if (words[2] != 0 && m >= 849) {
        uint32_t bits =
            (words[1] & 1) << 31 | ((m - 849) & 0xFF) << 23 | (words[2] >> 8 & 0x7FFFFF);
        memcpy(&f, &bits, 4);
        minimum = (double)f;
    }
    v = token == 0 ? minimum : ((double)token * step) * 1.0000000000001 + minimum;
    f = (float)v;
    memcpy(out, as_double ? (void *)&v : (void *)&f, as_double ? 8 : 4);
}

/* 8.2 in wide arithmetic. */
static void put_block(const uint32_t *words, uint32_t token, uint8_t *out)
{
    int32_t e = (int32_t)(words[0] >> 8 & 0xFF);
    int64_t t = ((int64_t)token << (words[0] & 0xFF)) + (int32_t)words[1];
    float v;

    t = t > 0xFFFFFF ? 0xFFFFFF : t < -0xFFFFFF ? -0xFFFFFF : t;
    v = e == 0 ? 0.0f : (float)ldexp((double)t, e - 150);
    memcpy(out, &v, 4);
}

/* Value i of the record, by the text of the page. */
static void slow_value(const f24_field *f, const uint32_t *words, int64_t i, size_t item,
                       uint8_t *out)
{
    uint32_t w = (uint32_t)f->nbits;
    uint64_t at = (uint64_t)i * w;

    switch (f->datyp) {
    case 0:
        for (size_t b = 0; b < item; b++) {
            size_t a = (size_t)i * item + b;
            out[b] = (uint8_t)(words[a / 4] >> 8 * (a % 4));
        }
        break;
    case 1:
        put_linear(words, (uint32_t)bits_of(words, 120 + at, w > 32 ? 32 : w), w > 32, out);
        break;
    case 2:
        put_integer(w == 64 ? words[2 * i] | (uint64_t)words[2 * i + 1] << 32
                            : bits_of(words, at, w),
                    item, out);
        break;
    case 4:
        put_integer(w == 64 ? words[2 * i] | (uint64_t)words[2 * i + 1] << 32
                            : bits_of(words, at, w) - (UINT64_C(1) << (w - 1)),
                    item, out);
        break;
    case 6:
        put_block(words, (uint32_t)bits_of(words, 96 + 16 * (uint64_t)i, 16), out);
        break;
    case 7:
        out[0] = (uint8_t)bits_of(words, 8 * (uint64_t)i, 8);
        break;
    default: { /* 5, 8 */
        size_t parts = f->datyp == 8 ? 2 : 1;
        for (size_t p = 0; p < parts; p++) {
            uint64_t k = (uint64_t)i * parts + p;
            put_integer(w == 64 ? bits_of(words, 64 * k, 64) : bits_of(words, k * w, w) << (32 - w),
                        item / parts, out + p * (item / parts));
        }
    }
    }
}

/* A header that is right, in front of random tokens. */
static void put_head(const f24_field *f, uint32_t *words)
{
    if (f->datyp == 1) {
        words[0] = 0x7ff00000;
        words[1] = (uint32_t)(4096 - 60 + random_below(120)) << 16 |
                   (uint32_t)(random_below(8) == 0 ? 0x111 : 976 - 100 + random_below(200)) << 4 |
                   (random32() & 1);
        words[2] = random_below(8) == 0 ? 0 : 0x80000000 | (random32() & 0x7FFFFF00);
        words[3] = (uint32_t)f->nbits << 8 | (words[3] & 0xFF);
    } else if (f->datyp == 6) {
        words[0] = 0xEFF00000 | (uint32_t)random_below(255) << 8 | (uint32_t)random_below(10);
        words[1] = (uint32_t)(random_below(0x2000000) - 0x1000000);
        words[2] = (uint32_t)(f->ni * f->nj * f->nk);
    }
}

static void a_random_stream_is_what_its_bits_say(f24_field field, bool little)
{
    uint32_t words[MOST_WORDS];
    static uint8_t out[16 * MOST_WORDS];
    uint8_t value[16];
    f24_array array;
    f24_plan plan;
    f24_error err;
    int64_t n_wrong = 0;

    for (size_t i = 0; i < MOST_WORDS; i++)
        words[i] = random32();
    put_head(&field, words);
    check(f24_codec_plan(&field, sizeof words, little, &plan, NULL) == F24_OK);
    check(f24_codec_array(&field, &array, NULL) == F24_OK);
    size_t item = (size_t)array.item_bytes;
    for (int part = 0; part < 4; part++) {
        int64_t first = part == 0 ? 0 : random_below(array.n_values);
        int64_t n = part == 0 ? array.n_values : 1 + random_below(array.n_values - first);
        check(decode_part(&field, words, plan.needed / 4, little, first, n, out, &err) == F24_OK);
        for (int64_t i = 0; i < n; i++) {
            slow_value(&field, words, first + i, item, value);
            n_wrong += memcmp(value, out + (size_t)i * item, item) != 0;
        }
    }
    check(n_wrong == 0);
    if (n_wrong != 0)
        (void)fprintf(stderr, "  datyp %d nbits %d dasiz %d n %d level %d little %d\n", field.datyp,
                      field.nbits, field.dasiz, field.ni, (int)f24_cpu_level(), little);
}

static void random_streams_of_every_type_and_width(bool little)
{
    static const int32_t sizes[] = {8, 16, 32, 64};
    static const int32_t whole[] = {8, 16, 32, 64};

    for (int32_t w = 1; w <= 32; w++) {
        int32_t n = (int32_t)(1 + random_below(w % 4 == 0 ? 2000 : 300));
        for (size_t s = 0; s < 4; s++) {
            a_random_stream_is_what_its_bits_say((f24_field){n, 1, 1, 2, w, sizes[s]}, little);
            a_random_stream_is_what_its_bits_say((f24_field){n, 1, 1, 4, w, sizes[s]}, little);
        }
        a_random_stream_is_what_its_bits_say((f24_field){n, 1, 1, 1, w, 32}, little);
        a_random_stream_is_what_its_bits_say((f24_field){n, 1, 1, 5, w, 32}, little);
        a_random_stream_is_what_its_bits_say((f24_field){(n + 1) / 2, 1, 1, 8, w, 32}, little);
        a_random_stream_is_what_its_bits_say((f24_field){n, 1, 1, 6, w < 17 ? w : 16, 32}, little);
        a_random_stream_is_what_its_bits_say((f24_field){n, 1, 1, 7, 8, 8}, little);
        a_random_stream_is_what_its_bits_say((f24_field){n / 2 + 1, 1, 1, 1, 32 + w, 0}, little);
    }
    for (size_t s = 0; s < 4; s++)
        a_random_stream_is_what_its_bits_say((f24_field){333, 3, 1, 0, whole[s], 0}, little);
    a_random_stream_is_what_its_bits_say((f24_field){777, 1, 1, 2, 64, 64}, little);
    a_random_stream_is_what_its_bits_say((f24_field){777, 1, 1, 4, 64, 64}, little);
    a_random_stream_is_what_its_bits_say((f24_field){777, 1, 1, 5, 64, 64}, little);
    a_random_stream_is_what_its_bits_say((f24_field){377, 1, 1, 8, 64, 64}, little);
}

/* ------------------------------------------------------------------------------ oddities --- */

static void the_array_has_the_type_and_shape_of_the_record(void)
{
    static const struct {
        f24_field field;
        f24_kind kind;
        int32_t item_bytes, n_dims;
        int64_t n_values;
    } rows[] = {
        {{7, 5, 3, 0, 8, 0}, F24_UINT, 1, 3, 105},
        {{7, 5, 3, 0, 64, 0}, F24_UINT, 8, 3, 105},
        {{360, 180, 1, 0, 1, 1}, F24_UINT, 4, 1, 2025},
        {{7, 5, 1, 0, 24, 0}, F24_UINT, 4, 1, 27},
        {{7, 5, 1, 1, 12, 0}, F24_FLOAT, 4, 3, 35},
        {{7, 5, 1, 1, 64, 0}, F24_FLOAT, 8, 3, 35},
        {{7, 5, 1, 2, 12, 16}, F24_UINT, 2, 3, 35},
        {{7, 5, 1, 2, 12, 0}, F24_UINT, 4, 3, 35},
        {{7, 5, 1, 2, 12, 8}, F24_UINT, 2, 3, 35}, /* never written: no bit is lost */
        {{7, 5, 1, 4, 64, 64}, F24_INT, 8, 3, 35},
        {{7, 5, 2, 3, 8, 0}, F24_UINT, 1, 3, 70},
        {{7, 5, 1, 5, 64, 0}, F24_FLOAT, 8, 3, 35},
        {{7, 5, 1, 6, 12, 32}, F24_FLOAT, 4, 3, 35},
        {{7, 5, 2, 7, 8, 8}, F24_UINT, 1, 3, 70},
        {{7, 5, 1, 8, 32, 32}, F24_COMPLEX, 8, 3, 35},
        {{7, 5, 1, 8, 64, 64}, F24_COMPLEX, 16, 3, 35},
    };

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        f24_array a;
        check(f24_codec_array(&rows[i].field, &a, NULL) == F24_OK);
        check(a.kind == rows[i].kind && a.item_bytes == rows[i].item_bytes);
        check(a.n_dims == rows[i].n_dims && a.n_values == rows[i].n_values && !a.has_missing);
        check(a.n_bytes == (uint64_t)(a.n_values * a.item_bytes));
    }
}

static void missing_values_are_of_reals_and_integers_only(void)
{
    for (int32_t base = 0; base <= 8; base++) {
        f24_array a;
        f24_field field = {4, 4, 1, base + F24_MISSING_FLAG, 8, 8};
        check(f24_codec_array(&field, &a, NULL) == F24_OK);
        check(a.has_missing == (base == 1 || base == 2 || (base >= 4 && base <= 6)));
    }
}

static void a_compressed_field_of_levels_has_the_first_one(void)
{
    f24_field field = {30, 20, 4, 134, 16, 32};
    f24_array a;

    check(f24_codec_array(&field, &a, NULL) == F24_OK);
    check(a.nk_stored == 1 && a.has_missing && a.n_values == 2400);
}

static void characters_of_upper_levels_are_zero(void)
{
    const f24_field field = {3, 1, 3, 3, 8, 0};
    const uint32_t words[] = {0xFF434241, 0xFFFFFFFF};
    uint8_t out[9];

    check(decode_part(&field, words, 2, false, 0, 9, out, NULL) == F24_OK);
    check(memcmp(out, "ABC\0\0\0\0\0", 9) == 0);
    check(decode_part(&field, words, 2, true, 2, 3, out, NULL) == F24_OK);
    check(memcmp(out, "C\0", 3) == 0);
    check(decode_part(&field, words, 2, true, 5, 3, out, NULL) == F24_OK && out[0] == 0);
}

static void an_unsigned_field_stored_a_word_late_is_recovered(void)
{
    const f24_field field = {10, 10, 1, 2, 4, 32};
    uint32_t words[54] = {0};
    uint32_t out[100];

    for (size_t i = 0; i < 54; i++)
        words[i] = i == 0 ? 0xDEADBEEF : 0x12345678;
    check(decode_part(&field, words, 52, false, 0, 100, (uint8_t *)out, NULL) == F24_OK);
    check(out[0] == 1 && out[7] == 8 && out[99] == 4);
    check(decode_part(&field, words, 54, false, 0, 100, (uint8_t *)out, NULL) == F24_OK);
    check(out[0] == 0xD && out[8] == 1); /* any other length is an ordinary record */
}

static void a_block_with_the_exponent_of_infinity_gives_infinities_and_nans(void)
{
    const f24_field field = {4, 1, 1, 6, 16, 32};
    const uint32_t words[] = {0xEFFFFF08, 0, 4, 0x80000000, 0x8001FFFF, 0};
    uint32_t out[4];

    check(decode_part(&field, words, 6, false, 0, 4, (uint8_t *)out, NULL) == F24_OK);
    check(out[0] == 0x7F800000 && out[1] == 0xFFC00000 && out[2] == 0x7F800100);
    check(out[3] == 0x7FFFFF00);
}

static void only_payloads_that_are_the_array_are_plain(void)
{
    static const struct {
        f24_field field;
        bool little, plain;
    } rows[] = {
        {{8, 2, 1, 5, 32, 32}, true, true},   {{8, 2, 1, 5, 32, 32}, false, false},
        {{8, 2, 1, 69, 32, 32}, true, false}, {{8, 2, 1, 5, 64, 64}, true, false},
        {{8, 2, 1, 2, 32, 32}, true, true},   {{8, 2, 1, 4, 32, 32}, true, false},
        {{8, 2, 1, 4, 64, 64}, true, true},   {{8, 2, 1, 0, 16, 16}, true, true},
        {{8, 2, 1, 0, 1, 1}, true, true},     {{8, 2, 1, 7, 8, 8}, true, false},
        {{8, 2, 1, 7, 8, 8}, false, true},    {{8, 2, 2, 3, 8, 8}, true, false},
        {{8, 2, 1, 1, 16, 32}, true, false},  {{8, 2, 1, 8, 32, 32}, true, true},
    };

    for (size_t i = 0; F24_HOST_LITTLE && i < sizeof rows / sizeof rows[0]; i++) {
        f24_plan plan;
        check(f24_codec_plan(&rows[i].field, 4096, rows[i].little, &plan, NULL) == F24_OK);
        check(f24_codec_is_plain(&plan) == rows[i].plain);
    }
}

static void only_whole_words_of_the_other_order_are_swapped(void)
{
    static const struct {
        f24_field field;
        bool little, swapped;
    } rows[] = {
        {{8, 2, 1, 5, 32, 32}, false, true},    {{8, 2, 1, 5, 32, 32}, true, false},
        {{8, 2, 1, 69, 32, 32}, false, true},   {{8, 2, 1, 8, 32, 32}, false, true},
        {{8, 2, 1, 2, 32, 32}, false, true},    {{8, 2, 1, 2, 32, 64}, false, false},
        {{8, 2, 1, 2, 16, 32}, false, false},   {{8, 2, 1, 4, 32, 32}, false, false},
        {{8, 2, 1, 5, 31, 32}, false, false},   {{8, 2, 1, 5, 64, 64}, false, false},
        {{8, 2, 1, 1, 32, 32}, false, false},   {{8, 2, 1, 0, 32, 32}, false, false},
        {{8, 2, 1, 133, 32, 32}, false, false},
    };
    uint8_t bytes[14] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};
    const uint8_t turned[14] = {0, 4, 3, 2, 1, 8, 7, 6, 5, 12, 11, 10, 9, 13};

    for (size_t i = 0; F24_HOST_LITTLE && i < sizeof rows / sizeof rows[0]; i++) {
        f24_plan plan;
        check(f24_codec_plan(&rows[i].field, 4096, rows[i].little, &plan, NULL) == F24_OK);
        check(f24_codec_is_swapped(&plan) == rows[i].swapped);
    }
    f24_codec_swap(bytes + 1, 12);
    check(memcmp(bytes, turned, sizeof bytes) == 0);
}

/* ------------------------------------------------------------------------------ bad input --- */

static void types_and_sizes_that_cannot_be_are_refused(void)
{
    static const struct {
        f24_field field;
        f24_status status;
    } rows[] = {
        {{4, 4, 1, 9, 16, 32}, F24_EUNSUPPORTED},
        {{4, 4, 1, 63, 16, 32}, F24_EUNSUPPORTED},
        {{4, 4, 1, 256 + 1, 16, 32}, F24_EUNSUPPORTED},
        {{4, 4, 1, -1, 16, 32}, F24_EUNSUPPORTED},
        {{4, 4, 1, 128, 16, 32}, F24_EUNSUPPORTED},
        {{4, 4, 1, 136, 32, 32}, F24_EUNSUPPORTED},
        {{4, 4, 1, 1, 0, 32}, F24_ECORRUPT},
        {{4, 4, 1, 2, 33, 64}, F24_ECORRUPT},
        {{4, 4, 1, 5, 63, 64}, F24_ECORRUPT},
        {{4, 4, 1, 5, 255, 64}, F24_ECORRUPT},
        {{4, 4, 1, 133, 64, 64}, F24_ECORRUPT},
        {{4, 4, 1, 129, 64, 64}, F24_ECORRUPT},
        {{0, 4, 1, 5, 32, 32}, F24_ECORRUPT},
        {{4, -4, 1, 5, 32, 32}, F24_ECORRUPT},
        {{4, 4, 0, 5, 32, 32}, F24_ECORRUPT},
        {{INT32_MAX, INT32_MAX, INT32_MAX, 5, 32, 32}, F24_ECORRUPT},
        {{INT32_MAX, INT32_MAX, 4, 8, 64, 64}, F24_ECORRUPT},
        {{INT32_MAX, INT32_MAX, 1, 5, 32, 32}, F24_ETRUNCATED},
        {{INT32_MAX, INT32_MAX, 1, 134, 16, 32}, F24_ECORRUPT}, /* 2^62 values of 128 bits */
        {{1 << 20, 1 << 20, 1, 134, 16, 32}, F24_ETRUNCATED},
        {{1, 40, 1, 130, 16, 32}, F24_ECORRUPT},
        {{40, 1, 1, 133, 32, 32}, F24_ECORRUPT},
    };
    uint32_t words[64] = {0};

    for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
        f24_status status = refusal(&rows[i].field, words, 64);
        bool huge = rows[i].field.ni == INT32_MAX && rows[i].field.nk == 1;
        check(status == rows[i].status || (huge && status != F24_OK));
    }
}

static void a_payload_one_word_short_is_refused(void)
{
    static const int32_t widths[][2] = {{0, 16}, {1, 12}, {2, 7}, {3, 8},  {4, 31}, {5, 32},
                                        {5, 64}, {6, 16}, {7, 8}, {8, 64}, {8, 20}};

    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        f24_field field = {33, 3, 1, widths[i][0], widths[i][1], 0};
        f24_plan plan;
        check(f24_codec_plan(&field, 1 << 20, false, &plan, NULL) == F24_OK);
        check(plan.needed % 4 == 0);
        check(f24_codec_plan(&field, plan.needed, false, &plan, NULL) == F24_OK);
        check(f24_codec_plan(&field, plan.needed - 4, false, &plan, NULL) == F24_ETRUNCATED);
    }
}

static void damaged_headers_are_refused(void)
{
    const f24_field linear = {4, 1, 1, 1, 8, 32}, block = {4, 1, 1, 6, 8, 32};
    uint32_t words[8];

#define WITH(v, i, word) (memcpy(words, vectors[v].words, 20), words[i] = (word), words)
    check(refusal(&linear, WITH(0, 0, 0x7ff00004), 5) == F24_OK);
    check(refusal(&linear, WITH(0, 0, 0x7ef00004), 5) == F24_OK);
    check(refusal(&linear, WITH(0, 0, 0x7ff00009), 5) == F24_OK); /* the count is not looked at */
    check(refusal(&linear, WITH(0, 0, 0xfff00004), 5) == F24_ECORRUPT);
    check(refusal(&linear, WITH(0, 3, 0x00000978), 5) == F24_ECORRUPT);
    check(refusal(&linear, WITH(0, 1, 0xfffb3d11), 5) == F24_ECORRUPT);
    check(refusal(&block, WITH(2, 0, 0xeff78011), 5) == F24_OK);
    check(refusal(&block, WITH(2, 0, 0xefe78011), 5) == F24_ECORRUPT);
    check(refusal(&block, WITH(2, 0, 0xeff78020), 5) == F24_ECORRUPT);
    check(refusal(&block, WITH(2, 2, 5), 5) == F24_ECORRUPT);
#undef WITH
}

/* 20 kB of a file must not make believe that gigabytes are there (13: D3, and 4.2). */
static void levels_that_are_not_stored_take_no_memory_without_limit(void)
{
    f24_field field = {.ni = 200, .nj = 200, .nk = 3, .datyp = 134, .nbits = 16, .dasiz = 32};
    f24_plan plan;
    f24_error err;

    check(f24_codec_plan(&field, 20000, false, &plan, &err) == F24_OK && plan.array.nk_stored == 1);
    field.nk = 1000000;
    check(f24_codec_plan(&field, 20000, false, &plan, &err) == F24_ECORRUPT);
    field = (f24_field){.ni = 200, .nj = 200, .nk = 10000, .datyp = 3, .nbits = 8, .dasiz = 8};
    check(f24_codec_plan(&field, 40000, false, &plan, &err) == F24_ECORRUPT);
}

int main(void)
{
    for (size_t l = 0; l < sizeof levels / sizeof levels[0]; l++) {
        f24_cpu_limit(levels[l]);
        for (int little = 0; little < 2; little++) {
            the_vectors_of_the_format_page_decode(little);
            random_streams_of_every_type_and_width(little);
        }
        an_unsigned_field_stored_a_word_late_is_recovered();
        a_block_with_the_exponent_of_infinity_gives_infinities_and_nans();
        characters_of_upper_levels_are_zero();
    }
    the_array_has_the_type_and_shape_of_the_record();
    missing_values_are_of_reals_and_integers_only();
    a_compressed_field_of_levels_has_the_first_one();
    only_payloads_that_are_the_array_are_plain();
    only_whole_words_of_the_other_order_are_swapped();
    types_and_sizes_that_cannot_be_are_refused();
    a_payload_one_word_short_is_refused();
    damaged_headers_are_refused();
    levels_that_are_not_stored_take_no_memory_without_limit();
    return report();
}
