/*
 * From array to payload: test vectors of docs/format/codecs.md, 17; what is stored for what is asked
 * (3); what the reference stores wrongly (13). Golden records come again in test_reencode.c.
 */
#include "harness.h"

#include "encoded.h"

#include <math.h>

/* ------------------------------------------------------------------------------ vectors --- */

/* Words as the page has them, then zeros up to n_words. */
static void gives(f24_wish wish, const void *values, const uint32_t *words, uint64_t n_words,
                  uint64_t n_stored)
{
    for (f24_backend b = F24_XDF; b <= F24_RSF; b++)
        for (size_t l = 0; l < N_LEVELS; l++) {
            int n_wrong = 0;
            wish.backend = b;
            f24_cpu_limit(levels[l]);
            encoded made = encode(&wish, values, NULL);
            check(made.status == F24_OK && made.is_inside);
            /* The reference gives 129 one more in RSF (1). */
            uint64_t n = n_stored + (b == F24_RSF && made.field.datyp == 129 ? 1 : 0);
            check(made.n_bytes == 4 * n);
            for (uint64_t i = 0; made.n_bytes == 4 * n && i < n; i++)
                n_wrong += word_at(&made, i) != (i < n_words ? words[i] : 0);
            check(n_wrong == 0);
            encoded_free(&made);
        }
}

#define WORDS(...)                                                                                 \
    (const uint32_t[]){__VA_ARGS__}, sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t)

static void plain_vectors_of_the_page_come_out(void)
{
    static const float a[] = {0.5f, 1, 2, -3.25f}, z[] = {1, 2, -1.5f, 0};
    static const double d[] = {1, -2.5};
    static const uint32_t u[] = {1, 2, 3, 31, 0};
    static const int16_t s[] = {-16, -1, 0, 15};

    gives(wish_of(F24_FLOAT, 4, 4, 1, 1, 8), a,
          WORDS(0x7ff00004, 0x0ffb3d11, 0xd0000000, 0x00000878, 0x88a80000), 6);
    gives(wish_of(F24_FLOAT, 4, 4, 1, 1, 20), a,
          WORDS(0x7ff00004, 0x0fef3d11, 0xd0000000, 0x00001478, 0x00088000, 0xa8000000), 8);
    gives(wish_of(F24_FLOAT, 4, 4, 1, 6, 8), a,
          WORDS(0xeff78011, 0xff300000, 4, 0x00780088, 0x00a80000), 6);
    gives(wish_of(F24_FLOAT, 4, 4, 1, 5, 20), a, WORDS(0x3f0003f8, 0x0040000c, 0x05000000), 8);
    gives(wish_of(F24_FLOAT, 4, 4, 1, 5, 32), a,
          WORDS(0x3f000000, 0x3f800000, 0x40000000, 0xc0500000), 8);
    gives(wish_of(F24_FLOAT, 8, 2, 1, 5, 64), d, WORDS(0x3ff00000, 0, 0xc0040000, 0), 8);
    gives(wish_of(F24_UINT, 4, 5, 1, 2, 5), u, WORDS(0x0887f000), 6);
    gives(wish_of(F24_INT, 2, 4, 1, 4, 5), s, WORDS(0x03e1f000), 6);
    gives(wish_of(F24_COMPLEX, 8, 2, 1, 8, 32), z, WORDS(0x3f800000, 0x40000000, 0xbfc00000, 0), 4);
    gives(wish_of(F24_UINT, 1, 5, 1, 3, 8), "ABCDE", WORDS(0x44434241, 0x00000045), 6);
    gives(wish_of(F24_UINT, 1, 5, 1, 7, 8), "ABCDE", WORDS(0x41424344, 0x45000000), 6);
}

static void compressed_vectors_of_the_page_come_out(void)
{
    float ramp[256], wave[256];
    uint32_t fives[36];

    for (int p = 0; p < 36; p++)
        fives[p] = p == 3 + 6 * 2 ? 7 : 5;
    for (int p = 0; p < 256; p++) {
        int i = p % 16, j = p / 16;
        ramp[p] = (float)(i + j);
        wave[p] = (1 + (float)(i + j) / 64) * (j >= 8 ? 2.0f : 1.0f);
    }
    wave[3 + 16 * 2] *= -1;
    f24_wish wish = wish_of(F24_UINT, 4, 6, 6, 130, 4);
    encoded made = encode(&wish, fives, NULL);
    check(made.status == F24_OK && made.field.datyp == 130 && word_at(&made, 0) == 6);
    encoded_free(&made);
    gives(wish_of(F24_FLOAT, 4, 16, 16, 134, 8), ramp,
          WORDS(0x00000014, 0xeff78310, 0, 0x00000100, 0x0000a194, 0x80010203, 0x04050607,
                0x08090a0b, 0x0c0d0e0f, 0x01020304, 0x05060708, 0x090a0b0c, 0x0d0e0f00),
          20);
    gives(wish_of(F24_FLOAT, 4, 16, 16, 129, 16), ramp,
          WORDS(0x0000001a, 0xfff00100, 0x0ff51110, 0, 0x00001000, 0x0000c194, 0x80000100,
                0x02000300, 0x04000500, 0x06000700, 0x08000900, 0x0a000b00, 0x0c000d00, 0x0e000f00,
                0x01000200, 0x03000400, 0x05000600, 0x07000800, 0x09000a00, 0x0b000c00, 0x0d000e00,
                0x0f000000),
          26);
    gives(wish_of(F24_FLOAT, 4, 16, 16, 133, 16), wave,
          WORDS(0x0000001e, 0x00089d95, 0x007f0128, 0x0000000c, 0xa340bebe, 0xbe9c0000, 0,
                0x00000018, 0x8000003f, 0xc0000000, 0, 0, 0, 0, 0x0000000c, 0xa001040c, 0x2050c1c4,
                0x09142c60, 0xd1c3c082, 0x06102860, 0xe2048a16, 0x3068e1e0),
          30);
}

/* ------------------------------------------------------------------------- what is stored --- */

typedef struct asked {
    f24_kind kind;
    int32_t item_bytes, nk, datyp, nbits;
    f24_backend backend;
    int32_t stored, stored_bits; /* 0: refused */
    const char *way_out;
} asked;

static void what_is_asked_decides_what_is_stored(void)
{
    static const asked cases[] = {
        /* 13: D1, D3, D4, D8, D9; 3 */
        {F24_FLOAT, 4, 1, 129, 12, F24_XDF, 1, 12, ""},
        {F24_FLOAT, 4, 1, 129, 16, F24_XDF, 129, 16, ""},
        {F24_FLOAT, 4, 1, 129, 20, F24_XDF, 1, 20, ""},
        {F24_FLOAT, 4, 1, 129, 32, F24_RSF, 133, 32, ""},
        {F24_FLOAT, 4, 2, 129, 32, F24_RSF, 5, 32, ""},
        {F24_FLOAT, 4, 2, 134, 16, F24_XDF, 6, 16, ""},
        {F24_FLOAT, 4, 2, 133, 32, F24_XDF, 5, 32, ""},
        {F24_FLOAT, 4, 1, 134, 20, F24_XDF, 1, 20, ""},
        {F24_FLOAT, 4, 1, 134, 32, F24_XDF, 133, 32, ""},
        {F24_FLOAT, 4, 1, 134, 32, F24_RSF, 5, 32, ""},
        {F24_FLOAT, 4, 1, 6, 17, F24_XDF, 1, 17, ""},
        {F24_FLOAT, 4, 1, 5, 64, F24_XDF, 5, 32, ""},
        {F24_FLOAT, 8, 1, 133, 64, F24_XDF, 5, 64, ""},
        {F24_FLOAT, 8, 1, 134, 16, F24_XDF, 134, 16, ""},
        {F24_UINT, 4, 1, 130, 17, F24_XDF, 2, 17, ""},
        {F24_UINT, 4, 3, 130, 12, F24_XDF, 2, 12, ""},
        {F24_UINT, 1, 1, 130, 8, F24_RSF, 2, 8, ""},
        {F24_UINT, 1, 1, 130, 8, F24_XDF, 130, 8, ""},
        {F24_INT, 2, 1, 132, 12, F24_XDF, 4, 12, ""},
        {F24_UINT, 2, 1, 2, 32, F24_XDF, 2, 16, ""},
        {F24_UINT, 8, 1, 2, 20, F24_RSF, 2, 64, ""},
        {F24_COMPLEX, 8, 1, 136, 24, F24_XDF, 8, 24, ""},
        {F24_COMPLEX, 16, 1, 8, 48, F24_XDF, 8, 64, ""},
        {F24_UINT, 1, 1, 131, 8, F24_XDF, 3, 8, ""},
        {F24_FLOAT, 4, 1, 128, 32, F24_XDF, 0, 32, ""},
        {F24_UINT, 8, 1, 2, 20, F24_XDF, 0, 0, "use RSF"},
        {F24_FLOAT, 4, 1, 1, 1, F24_XDF, 0, 0, "datyp 6"},
        {F24_FLOAT, 4, 1, 5, 15, F24_XDF, 0, 0, "use datyp 1 or 6"},
        {F24_FLOAT, 4, 1, 2, 16, F24_XDF, 0, 0, "use datyp 1, 5 or 6"},
        {F24_INT, 4, 1, 5, 32, F24_XDF, 0, 0, "use datyp 4"},
        {F24_COMPLEX, 8, 1, 5, 32, F24_XDF, 0, 0, "use datyp 8"},
        {F24_UINT, 1, 2, 3, 8, F24_XDF, 0, 0, "use datyp 7"},
        {F24_FLOAT, 4, 1, 0, 16, F24_XDF, 0, 0, "ask for 32 bits"},
        {F24_FLOAT, 4, 1, 9, 16, F24_XDF, 0, 0, "use 1, 5 or 6"},
        {F24_FLOAT, 4, 1, 1, 0, F24_XDF, 0, 0, "1 to 64"},
        {F24_FLOAT, 4, 1, 1, 65, F24_XDF, 0, 0, "1 to 64"},
        {F24_FLOAT, 2, 1, 5, 32, F24_XDF, 0, 0, "none that the format knows"},
        {F24_UINT, 3, 1, 2, 8, F24_XDF, 0, 0, "none that the format knows"},
    };

    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        const asked *a = &cases[c];
        f24_wish wish = wish_of(a->kind, a->item_bytes, 5, 4, a->datyp, a->nbits);
        f24_encoding encoding;
        f24_error err = {F24_OK, 0, 0, 0, ""};
        wish.nk = a->nk;
        wish.backend = a->backend;
        f24_status status = f24_encode_plan(&wish, &encoding, &err);
        check((status == F24_OK) == (a->stored_bits != 0));
        if (status == F24_OK)
            check(encoding.field.datyp == a->stored && encoding.field.nbits == a->stored_bits);
        else
            check(status == err.status && strstr(err.message, a->way_out) != NULL);
    }
}

static void sizes_that_no_file_holds_are_refused(void)
{
    f24_wish wish = wish_of(F24_FLOAT, 4, INT32_MAX, INT32_MAX, 134, 16);
    f24_encoding encoding;

    wish.nk = INT32_MAX;
    check(f24_encode_plan(&wish, &encoding, NULL) == F24_EENCODING);
    wish.nk = 0;
    check(f24_encode_plan(&wish, &encoding, NULL) == F24_EINVAL);
}

/* ------------------------------------------------------------------------- values refused --- */

static void refuses(f24_wish wish, const void *values, const uint8_t *mask, const char *place,
                    const char *way_out)
{
    encoded made = encode(&wish, values, mask);

    check(made.status == F24_EENCODING && made.err.status == F24_EENCODING && made.is_inside);
    check(strstr(made.err.message, place) != NULL && strstr(made.err.message, way_out) != NULL);
    encoded_free(&made);
}

/* 13: D6, D13, D14 */
static void values_that_would_not_come_back_are_named(void)
{
    float f[6] = {1, 2, 3, 4, 5, 6};
    double d[6] = {1, 2, 3, 4, 5, 1e39};
    uint32_t u[6] = {1, 2, 3, 4, 5, 4096};
    int32_t s[6] = {1, 2, 3, -1, 5, 6};
    int64_t long_s[6] = {1, -2};
    static const int32_t quantised[] = {1, 129, 6, 134};

    for (size_t t = 0; t < 4; t++) {
        f24_wish wish = wish_of(F24_FLOAT, 4, 3, 2, quantised[t], 16);
        f[4] = NAN;
        refuses(wish, f, NULL, "the value nan at (2,2,1)", "use datyp 5");
        f[4] = -INFINITY;
        refuses(wish, f, NULL, "the value -inf at (2,2,1)", "use datyp 5");
        f[4] = 5;
        refuses(wish_of(F24_FLOAT, 8, 3, 2, quantised[t], 16), d, NULL,
                "the value 1e+39 at (3,2,1)", "use datyp 5");
    }
    f[0] = 1.5e38f;
    refuses(wish_of(F24_FLOAT, 4, 3, 2, 1, 16), f, NULL, "at (1,1,1)", "use datyp 5");
    refuses(wish_of(F24_FLOAT, 8, 3, 2, 5, 32), d, NULL, "the value 1e+39", "64 bits");
    refuses(wish_of(F24_COMPLEX, 16, 3, 1, 8, 32), d, NULL, "the value 5+1e+39i at (3,1,1)",
            "64 bits");
    refuses(wish_of(F24_UINT, 4, 3, 2, 2, 12), u, NULL, "the value 4096 at (3,2,1)", "more bits");
    refuses(wish_of(F24_UINT, 4, 3, 2, 130, 12), u, NULL, "the value 4096", "more bits");
    refuses(wish_of(F24_INT, 4, 3, 2, 2, 12), s, NULL, "the value -1 at (1,2,1)", "use datyp 4");
    s[3] = 2048;
    refuses(wish_of(F24_INT, 4, 3, 2, 4, 12), s, NULL, "the value 2048", "more bits");
    f24_wish wish = wish_of(F24_INT, 8, 3, 2, 2, 64);
    wish.backend = F24_RSF;
    refuses(wish, long_s, NULL, "the value -2 at (2,1,1)", "use datyp 4");
}

static void one_signed_bit_holds_0_and_minus_1(void)
{
    int8_t s[6] = {0, -1, -1, 0, -1, 0};
    uint8_t u[6] = {0, 0, 0, 0, 0, 1};

    gives(wish_of(F24_INT, 1, 3, 2, 4, 1), s, WORDS(0x94000000), 4);
    refuses(wish_of(F24_UINT, 1, 3, 2, 4, 1), u, NULL, "1 bits, -1 to 0", "more bits");
}

static void unless_all_are_to_be_exact_integers_are_cut(void)
{
    uint32_t u[6] = {1, 2, 3, 4, 5, 4097}, *out;
    f24_wish wish = wish_of(F24_UINT, 4, 3, 2, 2, 12);
    f24_array array;

    wish.exact = false;
    encoded made = encode(&wish, u, NULL);
    check(made.status == F24_OK);
    check(decode(&made.field, made.payload, made.n_bytes, false, NULL, &array, (uint8_t **)&out,
                 NULL) == F24_OK);
    check(out[4] == 5 && out[5] == 1);
    free(out);
    encoded_free(&made);
}

/* -------------------------------------------------------------------------- missing points --- */

#define N 35

static void put(const f24_wish *wish, uint8_t *at, int value)
{
    float f = (float)value;
    double d = value;
    int64_t whole = value;

    if (wish->kind != F24_FLOAT)
        memcpy(at, &whole, (size_t)wish->item_bytes); /* little-endian hosts: the low bytes */
    else if (wish->item_bytes == 4)
        memcpy(at, &f, 4);
    else
        memcpy(at, &d, 8);
}

typedef enum missing_where { NOWHERE, SOMEWHERE, EVERYWHERE } missing_where;

/* What stands at a missing point is nobody's: here nothing that any type could keep. */
static void comes_back_masked(const f24_wish *wish, missing_where where)
{
    const size_t item = (size_t)wish->item_bytes;
    uint8_t values[8 * N], mask[N], found[N], *out = NULL;
    f24_read_options options = {F24_MISSING_STORED, 0, 0, found};
    f24_array array = {.item_bytes = 0};
    int n_wrong = 0;

    for (size_t i = 0; i < N; i++) {
        mask[i] = where == EVERYWHERE || (where == SOMEWHERE && i % 7 == 2) ? (uint8_t)(i + 1) : 0;
        if (mask[i] != 0)
            memset(values + i * item, 0xFF, item);
        else
            put(wish, values + i * item, (int)(i % 11));
    }
    encoded made = encode(wish, values, mask);
    check(made.status == F24_OK && made.is_inside);
    check(((made.field.datyp & F24_MISSING_FLAG) != 0) == (where != NOWHERE));
    memset(found, 0, sizeof found);
    check(decode(&made.field, made.payload, made.n_bytes, wish->backend == F24_RSF, &options,
                 &array, &out, NULL) == F24_OK);
    for (size_t i = 0; out != NULL && i < N; i++) {
        n_wrong += (mask[i] != 0) != (found[i] != 0);
        f24_wish kept = {.kind = array.kind, .item_bytes = array.item_bytes};
        uint8_t expected[8];
        put(&kept, expected, (int)(i % 11));
        n_wrong += mask[i] == 0 && F24_DATYP_BASE(made.field.datyp) != 1 &&
                   memcmp(out + i * (size_t)array.item_bytes, expected, (size_t)array.item_bytes);
    }
    check(n_wrong == 0);
    free(out);
    encoded_free(&made);
}

/* 13: D10, D11 */
static void missing_values_come_back_in_every_type(void)
{
    static const int32_t of_reals[][2] = {{1, 8},    {1, 16},   {1, 24},  {129, 16}, {6, 8},
                                          {6, 16},   {134, 12}, {5, 16},  {5, 24},   {5, 32},
                                          {133, 24}, {133, 32}, {5, 64},  {1, 31},   {6, 20},
                                          {133, 64}, {134, 16}, {129, 12}};
    static const int32_t of_integers[] = {2, 4, 130};

    for (f24_backend b = F24_XDF; b <= F24_RSF; b++)
        for (missing_where w = NOWHERE; w <= EVERYWHERE; w++) {
            for (size_t t = 0; t < sizeof of_reals / sizeof of_reals[0]; t++)
                for (int32_t item = 4; item <= 8; item += 4) {
                    f24_wish wish = wish_of(F24_FLOAT, item, 7, 5, of_reals[t][0], of_reals[t][1]);
                    wish.has_mask = true;
                    wish.backend = b;
                    comes_back_masked(&wish, w);
                }
            for (size_t t = 0; t < 3; t++)
                for (int32_t item = 1; item <= 4; item *= 2)
                    for (int32_t nbits = 6; nbits <= 8 * item; nbits += 5) {
                        f24_wish wish = wish_of(of_integers[t] == 4 ? F24_INT : F24_UINT, item, 7,
                                                5, of_integers[t], nbits);
                        wish.has_mask = true;
                        wish.backend = b;
                        comes_back_masked(&wish, w);
                    }
        }
}

static void missing_values_without_room_above_are_refused(void)
{
    uint8_t bytes[6] = {1, 2, 254, 4, 5, 6}, mask[6] = {1, 0, 0, 0, 0, 0};
    uint64_t longs[6] = {0};
    float f[6] = {1, 2, 3, 4, 5, 1e38f};
    f24_wish wish = wish_of(F24_UINT, 1, 3, 2, 66, 8);

    wish.has_mask = true;
    refuses(wish, bytes, mask, "254", "larger elements");
    wish = wish_of(F24_UINT, 1, 3, 2, 3, 8);
    wish.has_mask = true;
    refuses(wish, bytes, mask, "1 are", "fill them in");
    wish = wish_of(F24_UINT, 8, 3, 2, 2, 64);
    wish.has_mask = true;
    wish.backend = F24_RSF;
    refuses(wish, longs, mask, "64-bit integers", "32 bits");
    wish = wish_of(F24_FLOAT, 4, 3, 2, 65, 16);
    wish.has_mask = true;
    refuses(wish, f, mask, "1e+38", "datyp 5");
}

/* ----------------------------------------------------------------- what the reference spoils --- */

static uint32_t draw(void)
{
    static uint32_t state = 7;

    return (state = state * 1664525 + 1013904223) >> 8;
}

/* 13: D5: tokens of a refused 130 begin at the first word, flag and all. */
static void what_does_not_compress_is_stored_plain(void)
{
    static const int32_t types[] = {130, 134, 129};
    float f[144];
    uint32_t u[144], *out = NULL;
    f24_array array;

    for (int p = 0; p < 144; p++) {
        u[p] = draw() & 0x7FFF;
        f[p] = (float)(draw() & 0xFFFF);
    }
    for (int t = 0; t < 3; t++)
        for (f24_backend b = F24_XDF; b <= F24_RSF; b++) {
            f24_wish wish = types[t] == 130 ? wish_of(F24_UINT, 4, 12, 12, 130, 15)
                                            : wish_of(F24_FLOAT, 4, 12, 12, types[t], 16);
            wish.backend = b;
            encoded made = encode(&wish, types[t] == 130 ? (void *)u : f, NULL);
            check(made.status == F24_OK && made.field.datyp == types[t] - 128);
            check(decode(&made.field, made.payload, made.n_bytes, b == F24_RSF, NULL, &array,
                         (uint8_t **)&out, NULL) == F24_OK);
            if (types[t] == 130)
                check(memcmp(out, u, sizeof u) == 0);
            free(out);
            encoded_free(&made);
        }
}

/* 13: D7: the reference would read these with the sign of bit 15. */
static void sixteen_bit_tokens_in_wider_elements_are_not_compressed_with_the_top_bit(void)
{
    uint32_t u[144] = {0};
    f24_wish wish = wish_of(F24_UINT, 4, 12, 12, 130, 16);

    for (uint32_t top = 0x7FFF; top <= 0x8000; top++) {
        u[77] = top;
        encoded made = encode(&wish, u, NULL);
        check(made.status == F24_OK && made.field.datyp == (top == 0x8000 ? 2 : 130));
        encoded_free(&made);
    }
}

/* 13: D15: below a minimum of 0 there are only denormals, and no tokens. */
static void denormals_leave_their_neighbours_alone(void)
{
    static const float f[] = {4e-38f, -5e-39f, 2e-38f, -1e-45f, 3e-38f, -1e-42f};
    const double step = ldexp(1, 8 + 2 - 150); /* 2^(s + e - 150) */
    f24_wish wish = wish_of(F24_FLOAT, 4, 6, 1, 6, 16);

    for (size_t l = 0; l < N_LEVELS; l++) {
        f24_array array;
        float *out = NULL;
        f24_cpu_limit(levels[l]);
        encoded made = encode(&wish, f, NULL);
        check(made.status == F24_OK);
        check(decode(&made.field, made.payload, made.n_bytes, false, NULL, &array, (uint8_t **)&out,
                     NULL) == F24_OK);
        for (int i = 0; i < 6; i += 2)
            check(fabs((double)out[i] - (double)f[i]) <= step && out[i + 1] == 0);
        free(out);
        encoded_free(&made);
    }
}

static void a_plain_payload_is_the_array_and_zeros(void)
{
    static const f24_kind kinds[] = {F24_FLOAT, F24_INT, F24_UINT, F24_COMPLEX};
    uint8_t bytes[16 * 15];
    int n_plain = 0;

    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(draw() & 0x3F); /* no NaN, no sign */
    for (f24_backend b = F24_XDF; b <= F24_RSF; b++)
        for (size_t k = 0; k < 4; k++)
            for (int32_t item = 1; item <= 16; item *= 2)
                for (int32_t datyp = 0; datyp <= 8; datyp++) {
                    f24_wish wish = wish_of(kinds[k], item, 5, 3, datyp, 64);
                    wish.backend = b;
                    wish.nbits = datyp == 0 ? 8 * item : 64;
                    encoded made = encode(&wish, bytes, NULL);
                    if (made.status == F24_OK && f24_encode_is_plain(&made.encoding)) {
                        size_t n = made.encoding.n_array;
                        n_plain++;
                        check(made.n_bytes == made.encoding.max_payload);
                        check(memcmp(made.payload, bytes, n) == 0);
                        while (n < made.n_bytes && made.payload[n] == 0)
                            n++;
                        check(n == made.n_bytes);
                    }
                    encoded_free(&made);
                }
    check(n_plain > 10);
}

int main(void)
{
    plain_vectors_of_the_page_come_out();
    compressed_vectors_of_the_page_come_out();
    what_is_asked_decides_what_is_stored();
    sizes_that_no_file_holds_are_refused();
    values_that_would_not_come_back_are_named();
    one_signed_bit_holds_0_and_minus_1();
    unless_all_are_to_be_exact_integers_are_cut();
    missing_values_come_back_in_every_type();
    missing_values_without_room_above_are_refused();
    what_does_not_compress_is_stored_plain();
    sixteen_bit_tokens_in_wider_elements_are_not_compressed_with_the_top_bit();
    denormals_leave_their_neighbours_alone();
    a_plain_payload_is_the_array_and_zeros();
    return report();
}
