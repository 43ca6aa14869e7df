/* The decoders of compressed streams: equal to the page (stream_pages.h) on every processor level.
 */
#include "harness.h"
#include "stream_fields.h"
#include "stream_pages.h"

#include "base/bytes.h"
#include "base/scratch.h"
#include "codec/stream.h"

#define PAD F24_SCRATCH_PAD

/* --------------------------------------------------------------------------------------- streams
 */

/* Bytes of a stream at the very end of what may be read, so that a sanitizer sees one more. */
typedef struct stream {
    uint8_t *room;
    uint64_t n_bytes;
} stream;

static bits stream_start(stream *s, size_t n_values)
{
    size_t room = n_values * 12 + 4096;

    s->room = calloc(room, 1);
    return (bits){s->room, 0, room * 8, false};
}

static void stream_end(stream *s, const bits *b)
{
    uint8_t *room;

    s->n_bytes = b->at / 8;
    room = malloc((size_t)s->n_bytes + PAD);
    memcpy(room, s->room, (size_t)s->n_bytes);
    memset(room + s->n_bytes, 0xa5, PAD);
    free(s->room);
    s->room = room;
}

typedef struct rows {
    uint16_t *tokens;
    int64_t ni, next;
    bool in_order;
} rows;

static void take_row(void *context, int64_t j, const uint16_t *tokens, int64_t ni)
{
    rows *r = context;

    r->in_order = r->in_order && j == r->next++ && ni == r->ni;
    memcpy(r->tokens + j * ni, tokens, sizeof(uint16_t) * (size_t)ni);
}

static f24_status decode_tiles(const stream *s, int ni, int nj, uint16_t *tokens, f24_error *err)
{
    rows r = {tokens, ni, 0, true};
    void *scratch = scratch_new(f24_tiles_scratch(ni, nj));
    f24_status status = f24_tiles_decode(s->room, s->n_bytes, ni, nj, take_row, &r, scratch, err);

    free(scratch);
    check(r.in_order && (status != F24_OK || r.next == nj));
    return status;
}

static f24_status decode_lossless(const stream *s, int ni, int nj, uint32_t *values, f24_error *err)
{
    size_t n_bytes = sizeof(uint32_t) * (size_t)ni * (size_t)nj;
    void *scratch = scratch_new(f24_lossless_scratch(ni, nj));
    uint8_t *out = malloc(n_bytes + 1);
    f24_status status = f24_lossless_decode(s->room, s->n_bytes, ni, nj, out + 1, scratch, err);

    memcpy(values, out + 1, n_bytes); /* the output is not aligned */
    free(out);
    free(scratch);
    return status;
}

/* Every level decodes the stream to `tokens`; so does the page. */
static bool tiles_give(stream *s, int ni, int nj, const uint16_t *tokens)
{
    size_t n_bytes = sizeof(uint16_t) * (size_t)ni * (size_t)nj;
    uint16_t *got = malloc(n_bytes);
    bool fine = read_tiles(s->room, s->n_bytes, ni, nj, got) && memcmp(got, tokens, n_bytes) == 0;

    for (size_t k = 0; k < N_LEVELS; k++) {
        f24_cpu_limit(levels[k]);
        memset(got, 0xee, n_bytes);
        fine = fine && decode_tiles(s, ni, nj, got, NULL) == F24_OK &&
               memcmp(got, tokens, n_bytes) == 0;
    }
    free(got);
    return fine;
}

static bool lossless_gives(stream *s, int ni, int nj, const uint32_t *values)
{
    size_t n_bytes = sizeof(uint32_t) * (size_t)ni * (size_t)nj;
    uint32_t *got = malloc(n_bytes);
    bool fine =
        read_lossless(s->room, s->n_bytes, ni, nj, got) && memcmp(got, values, n_bytes) == 0;

    for (size_t k = 0; k < N_LEVELS; k++) {
        f24_cpu_limit(levels[k]);
        memset(got, 0xee, n_bytes);
        fine = fine && decode_lossless(s, ni, nj, got, NULL) == F24_OK &&
               memcmp(got, values, n_bytes) == 0;
    }
    free(got);
    return fine;
}

/* ----------------------------------------------------------------------------------- round trips
 */

/* The big shape takes only the widths that models use. */
static bool is_too_long(const field *f, int nbits, int step)
{
    return f->ni * f->nj > 20000 && (nbits != 16 || (step != 3 && step != 5));
}

static void minimum_round_trips(const field *f, int nbits, int step)
{
    stream s;
    bits b = stream_start(&s, (size_t)f->ni * (size_t)f->nj);

    write_minimum(&b, f->tokens, f->ni, f->nj, step, nbits);
    stream_end(&s, &b);
    check(tiles_give(&s, f->ni, f->nj, f->tokens));
    free(s.room);
}

static void parallelogram_round_trips(const field *f, int nbits, int step, int head_bits)
{
    stream s;
    bits b = stream_start(&s, (size_t)f->ni * (size_t)f->nj);

    write_parallelogram(&b, f->wide, f->ni, f->nj, step, nbits, head_bits);
    stream_end(&s, &b);
    check(tiles_give(&s, f->ni, f->nj, f->tokens));
    free(s.room);
}

static void tile_streams_give_their_tokens_back(void)
{
    for (int k = 0; k < N_SHAPES; k++) {
        field f = field_new(shapes[k][0], shapes[k][1]);
        for (int nbits = 1; nbits <= 16; nbits += nbits < 13 ? 3 : 1)
            for (int what = 0; what < N_CONTENTS; what++) {
                fill_field(&f, nbits, (content)what);
                for (int step = 1; step <= 7; step++) {
                    if (is_too_long(&f, nbits, step))
                        continue;
                    int narrow = narrowest_head(f.wide, f.ni, f.nj, false);
                    minimum_round_trips(&f, nbits, step);
                    parallelogram_round_trips(&f, nbits, step, narrow);
                    if (narrow < 5)
                        parallelogram_round_trips(&f, nbits, step, 4);
                    parallelogram_round_trips(&f, nbits, step, 5 + step % 3);
                }
            }
        field_free(&f);
    }
}

static void old_sample_streams_give_their_tokens_back(void)
{
    static const int sizes[][2] = {{94, 95}, {96, 97}, {100, 120}, {222, 333}, {333, 222}};

    for (int k = 0; k < 5; k++) {
        field f = field_new(sizes[k][0], sizes[k][1]);
        for (int what = 0; what < N_CONTENTS; what++) {
            stream s;
            bits b = stream_start(&s, (size_t)f.ni * (size_t)f.nj);
            fill_field(&f, 16, (content)what);
            write_sample(&b, f.tokens, f.ni, f.nj, 16);
            stream_end(&s, &b);
            check(tiles_give(&s, f.ni, f.nj, f.tokens));
            free(s.room);
        }
        field_free(&f);
    }
}

static void lossless_streams_give_their_bits_back(void)
{
    for (int k = 0; k < N_SHAPES; k++) {
        const int ni = shapes[k][0], nj = shapes[k][1];
        field f = field_new(ni, nj);
        for (int what = 0; what < N_CONTENTS; what++) {
            fill_float(f.wide, ni, nj, (content)what);
            for (int nbits = 32; nbits >= 16; nbits -= ni * nj > 20000 ? 8 : 1) {
                stream s;
                bits b = stream_start(&s, (size_t)ni * (size_t)nj);
                for (int p = 0; p < ni * nj; p++)
                    f.wide[p] &= ~(uint32_t)0 << (32 - nbits);
                write_lossless(&b, f.wide, ni, nj, nbits);
                stream_end(&s, &b);
                check(lossless_gives(&s, ni, nj, f.wide));
                free(s.room);
            }
        }
        field_free(&f);
    }
}

/* Runs of every length around the limits of the run length code: 7, 8, 62, 63, 256, 257. */
static void sign_runs_of_any_length_come_back(void)
{
    field f = field_new(251, 43);

    for (uint32_t longest = 1; longest < 6000; longest = longest * 3 / 2 + 1) {
        stream s;
        bits b = stream_start(&s, 251 * 43);
        uint32_t sign = 0, left = 0;
        for (int p = 0; p < 251 * 43; p++) {
            if (left == 0) {
                sign = ~sign & 0x80000000u;
                left = 1 + random32() % longest;
            }
            left--;
            f.wide[p] = 0x3f800000u | sign;
        }
        write_lossless(&b, f.wide, f.ni, f.nj, 32);
        stream_end(&s, &b);
        check(lossless_gives(&s, f.ni, f.nj, f.wide));
        free(s.room);
    }
    field_free(&f);
}

/* -------------------------------------------------------------------------------------- vectors */

static stream stream_of_words(const uint32_t *words, size_t n_words)
{
    stream s;
    bits b = stream_start(&s, n_words);

    for (size_t k = 0; k < n_words; k++)
        put(&b, words[k], 32);
    stream_end(&s, &b);
    return s;
}

#define STREAM_OF(...)                                                                             \
    stream_of_words((const uint32_t[]){__VA_ARGS__},                                               \
                    sizeof((const uint32_t[]){__VA_ARGS__}) / sizeof(uint32_t))

/* codecs.md, 17: written by the reference. */
static void the_vectors_of_the_page_decode(void)
{
    stream few = STREAM_OF(0x00009283, 0x25000000, 0x00020001, 0x41414000);
    stream slope8 = STREAM_OF(0x0000a194, 0x80010203, 0x04050607, 0x08090a0b, 0x0c0d0e0f,
                              0x01020304, 0x05060708, 0x090a0b0c, 0x0d0e0f00, 0, 0, 0);
    stream slope16 =
        STREAM_OF(0x0000c194, 0x80000100, 0x02000300, 0x04000500, 0x06000700, 0x08000900,
                  0x0a000b00, 0x0c000d00, 0x0e000f00, 0x01000200, 0x03000400, 0x05000600,
                  0x07000800, 0x09000a00, 0x0b000c00, 0x0d000e00, 0x0f000000, 0, 0, 0);
    stream lossless =
        STREAM_OF(0x00089d95, 0x007f0128, 0x0000000c, 0xa340bebe, 0xbe9c0000, 0, 0x00000018,
                  0x8000003f, 0xc0000000, 0, 0, 0, 0, 0x0000000c, 0xa001040c, 0x2050c1c4,
                  0x09142c60, 0xd1c3c082, 0x06102860, 0xe2048a16, 0x3068e1e0, 0, 0, 0, 0);
    uint16_t tokens[256];
    uint32_t patterns[256];

    for (int p = 0; p < 36; p++)
        tokens[p] = p == 3 * 6 + 4 ? 7 : 5;
    check(tiles_give(&few, 6, 6, tokens));
    for (int p = 0; p < 256; p++)
        tokens[p] = (uint16_t)(8 * (p % 16 + p / 16)); /* quantised on 8 bits */
    check(tiles_give(&slope8, 16, 16, tokens));
    for (int p = 0; p < 256; p++)
        tokens[p] = (uint16_t)(256 * tokens[p]);
    check(tiles_give(&slope16, 16, 16, tokens));
    for (int p = 0; p < 256; p++) {
        int i = p % 16, j = p / 16;
        float v = (1 + (float)(i + j) / 64) * (j >= 8 ? 2.0f : 1.0f);
        v = i == 3 && j == 2 ? -v : v;
        memcpy(&patterns[p], &v, 4);
    }
    check(lossless_gives(&lossless, 16, 16, patterns));
    free(few.room);
    free(slope8.room);
    free(slope16.room);
    free(lossless.room);
}

/* --------------------------------------------------------------------------------------- damage */

static bool tiles_fail(const stream *s, int ni, int nj, f24_status expected)
{
    uint16_t *tokens = malloc(sizeof(uint16_t) * (size_t)(ni * nj + 1));
    bool fine = true;

    for (size_t k = 0; k < N_LEVELS; k++) {
        f24_error err = {F24_OK, 0, 0, 0, ""};
        f24_cpu_limit(levels[k]);
        fine = fine && decode_tiles(s, ni, nj, tokens, &err) == expected &&
               err.status == expected && err.message[0] != '\0' && err.offset >= 0 &&
               err.offset <= (int64_t)s->n_bytes;
    }
    free(tokens);
    return fine;
}

static void heads_that_cannot_be_are_refused(void)
{
    static const struct {
        uint32_t head, first;
        int ni, nj;
        f24_status expected;
    } cases[] = {
        {0x00008283 & ~0x380u, 0, 6, 6, F24_ECORRUPT},           /* step 0 */
        {0x00008283, 0, 6, 6, F24_ECORRUPT},                     /* tokens of 0 bits */
        {0x00008283 | 17u << 10, 0, 6, 6, F24_ECORRUPT},         /* tokens of 17 bits */
        {0x00009282, 0, 6, 6, F24_EUNSUPPORTED},                 /* predictor 2 */
        {0x00009283, 0, 1, 6, F24_ECORRUPT},                     /* a line of points */
        {0x00009194, 0, 6, 6, F24_ECORRUPT},                     /* tile headers of 0 bits */
        {0x00018281 | 16u << 10, 0, 100, 100, F24_EUNSUPPORTED}, /* SAMPLE of step 5 */
        {0x00018181 | 16u << 10, 0, 30, 40, F24_ECORRUPT},       /* SAMPLE of a small field */
    };

    for (size_t k = 0; k < sizeof cases / sizeof cases[0]; k++) {
        stream s = STREAM_OF(cases[k].head, cases[k].first, 0, 0, 0, 0, 0, 0, 0);
        check(tiles_fail(&s, cases[k].ni, cases[k].nj, cases[k].expected));
        free(s.room);
    }
}

static void differences_wider_than_any_field_needs_are_refused(void)
{
    stream s;
    bits b = stream_start(&s, 4096);

    put(&b, head_word(4, 3, 8, 1), 32);
    put(&b, 5, 3);
    for (int k = 0; k < 16 + 15; k++)
        put(&b, 0, 8);
    put(&b, 25, 5); /* 26 bits */
    b.at += 4096;
    stream_end(&s, &b);
    check(tiles_fail(&s, 16, 16, F24_ECORRUPT));
    free(s.room);
}

/* Cut after each word in turn: never values, but for the words that only fill up. */
static void no_cut_goes_unnoticed(void)
{
    field f = field_new(40, 31);
    stream s, cut;
    bits b = stream_start(&s, 40 * 31);
    uint32_t *patterns = malloc(4 * 40 * 31);

    fill_field(&f, 12, NOISE);
    write_parallelogram(&b, f.wide, f.ni, f.nj, 3, 12, 4);
    stream_end(&s, &b);
    for (uint64_t n = 0; n < s.n_bytes; n += 4) {
        cut = s;
        cut.room = malloc(n + PAD);
        cut.n_bytes = n;
        memcpy(cut.room, s.room, n);
        memset(cut.room + n, 0, PAD);
        check(tiles_fail(&cut, 40, 31, F24_ECORRUPT));
        free(cut.room);
    }
    free(s.room);
    b = stream_start(&s, 40 * 31);
    fill_float(f.wide, 40, 31, NOISE);
    write_lossless(&b, f.wide, 40, 31, 32);
    stream_end(&s, &b);
    for (uint64_t n = 0; n < s.n_bytes; n += 4) {
        f24_error err;
        cut = s;
        cut.room = malloc(n + PAD);
        cut.n_bytes = n;
        memcpy(cut.room, s.room, n);
        memset(cut.room + n, 0, PAD);
        check(decode_lossless(&cut, 40, 31, patterns, &err) == F24_ECORRUPT);
        free(cut.room);
    }
    free(s.room);
    free(patterns);
    field_free(&f);
}

/* Flip a few bits, write random bytes over a part, or cut the end. */
static void damage(stream *s, uint64_t spare)
{
    uint32_t how = random32() % 4;
    uint64_t n = s->n_bytes - spare;

    if (how == 0)
        for (uint32_t k = random32() % 4 + 1; k > 0; k--)
            s->room[spare + random32() % n] ^= (uint8_t)(1 << random32() % 8);
    else if (how == 1)
        s->room[spare + random32() % n] = (uint8_t)random32();
    else if (how == 2)
        for (uint64_t p = spare + random32() % n; p < s->n_bytes; p++)
            s->room[p] = (uint8_t)random32();
    else { /* the bytes after it belong to the pad from now on: a fresh block, cut to size */
        stream cut = {NULL, random32() % (s->n_bytes / 4) * 4 + 4};
        cut.room = malloc((size_t)cut.n_bytes + PAD);
        memcpy(cut.room, s->room, (size_t)cut.n_bytes);
        memset(cut.room + cut.n_bytes, (int)(random32() & 0xff), PAD);
        free(s->room);
        *s = cut;
    }
}

/* A damaged stream is refused, or decodes as the page decodes it; at each level alike. */
static void damaged_tile_streams_are_refused_or_decode_as_the_page_says(int n_cases)
{
    for (int k = 0; k < n_cases; k++) {
        field f = field_new(2 + (int)(random32() % 24), 2 + (int)(random32() % 24));
        const size_t n = (size_t)f.ni * (size_t)f.nj;
        const int nbits = 1 + (int)(random32() % 16), step = 1 + (int)(random32() % 7);
        uint16_t *expected = calloc(n, 2), *got = malloc(2 * n);
        stream s;
        bits b = stream_start(&s, n);
        bool fine;
        fill_field(&f, nbits, (content)(random32() % N_CONTENTS));
        if (random32() % 2 == 0)
            write_minimum(&b, f.tokens, f.ni, f.nj, random32() % 2 ? 5 : step, nbits);
        else
            write_parallelogram(&b, f.wide, f.ni, f.nj, random32() % 2 ? 3 : step, nbits, 5);
        stream_end(&s, &b);
        damage(&s, random32() % 8 == 0 ? 0 : s.n_bytes > 8 ? 4 : 0);
        if ((be32(s.room) & 15) != 1) { /* SAMPLE has a test of its own */
            fine = read_tiles(s.room, s.n_bytes, f.ni, f.nj, expected);
            f24_cpu_limit(levels[(size_t)k % N_LEVELS]);
            check((decode_tiles(&s, f.ni, f.nj, got, NULL) == F24_OK) == fine);
            check(!fine || memcmp(got, expected, 2 * n) == 0);
        }
        free(s.room);
        free(expected);
        free(got);
        field_free(&f);
    }
}

static void damaged_lossless_streams_are_refused_or_decode_as_the_page_says(int n_cases)
{
    for (int k = 0; k < n_cases; k++) {
        field f = field_new(2 + (int)(random32() % 20), 2 + (int)(random32() % 20));
        const size_t n = (size_t)f.ni * (size_t)f.nj;
        uint32_t *expected = calloc(n, 4), *got = malloc(4 * n);
        stream s;
        bits b = stream_start(&s, n);
        bool fine;
        fill_float(f.wide, f.ni, f.nj, (content)(random32() % N_CONTENTS));
        write_lossless(&b, f.wide, f.ni, f.nj, 16 + (int)(random32() % 17));
        stream_end(&s, &b);
        damage(&s, random32() % 2 == 0 ? 8 : random32() % 8 == 0 ? 0 : 4);
        fine = read_lossless(s.room, s.n_bytes, f.ni, f.nj, expected);
        f24_cpu_limit(levels[(size_t)k % N_LEVELS]);
        check((decode_lossless(&s, f.ni, f.nj, got, NULL) == F24_OK) == fine);
        check(!fine || memcmp(got, expected, 4 * n) == 0);
        free(s.room);
        free(expected);
        free(got);
        field_free(&f);
    }
}

/* Only that they end: a damaged difference has no value that the page would give. */
static void damaged_sample_streams_end_in_an_error_or_in_values(int n_cases)
{
    for (int k = 0; k < n_cases; k++) {
        static const int sizes[] = {2, 3, 8, 9, 22, 30, 67, 68, 94, 101};
        const int ni = sizes[random32() % 10], nj = sizes[random32() % 10];
        uint16_t *got = malloc(sizeof(uint16_t) * (size_t)(ni * nj));
        stream s = {NULL, 4 * (1 + random32() % 800)};
        f24_status status;
        s.room = malloc(s.n_bytes + PAD);
        for (uint64_t p = 0; p < s.n_bytes + PAD; p++)
            s.room[p] = random32() % 3 ? 0 : (uint8_t)random32();
        memcpy(s.room, &(const uint8_t[]){0x00, 0x01, 0xc1, 0x81}, 4);
        if (k % 2 == 0)
            s.room[4] |= 0xa0;
        status = decode_tiles(&s, ni, nj, got, NULL);
        check(status == F24_OK || status == F24_ECORRUPT);
        free(s.room);
        free(got);
    }
}

int main(void)
{
    the_vectors_of_the_page_decode();
    tile_streams_give_their_tokens_back();
    old_sample_streams_give_their_tokens_back();
    lossless_streams_give_their_bits_back();
    sign_runs_of_any_length_come_back();
    heads_that_cannot_be_are_refused();
    differences_wider_than_any_field_needs_are_refused();
    no_cut_goes_unnoticed();
    damaged_tile_streams_are_refused_or_decode_as_the_page_says(60000);
    damaged_lossless_streams_are_refused_or_decode_as_the_page_says(40000);
    damaged_sample_streams_end_in_an_error_or_in_values(3000);
    return report();
}
