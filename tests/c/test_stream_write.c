/*
 * The encoders of compressed streams: word for word what the page says (stream_pages.h), on every
 * processor level, and back through the decoders.
 */
#include "harness.h"
#include "stream_fields.h"
#include "stream_pages.h"

#include "base/bytes.h"
#include "base/scratch.h"
#include "codec/stream.h"
#include "codec/stream_write.h"

#define PAD F24_SCRATCH_PAD

/* --------------------------------------------------------------------------- what should come out
 */

/* A stream of the page; 0 words when compression is refused. */
typedef struct expected {
    uint8_t *bytes;
    uint64_t n_words;
} expected;

static expected of_bits(const bits *b, bool is_refused)
{
    return (expected){b->bytes, is_refused ? 0 : b->at / 32};
}

static bits page_start(size_t n_values)
{
    size_t room = n_values * 12 + 4096;

    return (bits){calloc(room, 1), 0, room * 8, false};
}

/* 9.2 */
static expected expected_tiles(const field *f, int nbits, bool fast)
{
    const int ni = f->ni, nj = f->nj;
    bits b = page_start((size_t)ni * (size_t)nj);
    int64_t largest = 0;

    if (fast || ni < 16 || nj < 16 || nbits <= 4) {
        write_minimum(&b, f->tokens, ni, nj, 5, nbits);
    } else {
        for (int j = 1; j < nj; j++)
            for (int i = 1; i < ni; i++) {
                int64_t size = llabs(difference(f->wide, ni, i, j));
                largest = size > largest ? size : largest;
            }
        write_parallelogram(&b, f->wide, ni, nj, 3, nbits, nbits >= 15 && largest > 65535 ? 5 : 4);
    }
    return of_bits(&b, ni < 2 || nj < 2 || b.at / 8 >= 2 * (uint64_t)ni * (uint64_t)nj);
}

static expected expected_lossless(const uint32_t *patterns, int ni, int nj, int nbits)
{
    bits b = page_start((size_t)ni * (size_t)nj);

    write_lossless(&b, patterns, ni, nj, nbits);
    return of_bits(&b, refuses_lossless(patterns, ni, nj, nbits, b.bytes));
}

/* --------------------------------------------------------------------------------- what comes out
 */

/* Output that ends where the contract says, filled with what must not stay in the words. */
typedef struct output {
    uint8_t *bytes, *scratch;
    uint64_t n_words;
} output;

static output output_new(uint64_t bound, uint64_t n_scratch)
{
    output o = {scratch_new(bound + PAD), scratch_new(n_scratch), 0};

    memset(o.bytes, 0xa5, (size_t)(bound + PAD));
    return o;
}

static void output_free(output *o)
{
    free(o->bytes);
    free(o->scratch);
}

static void to_big_endian(output *o, bool little)
{
    for (uint64_t k = 0; little && k < o->n_words; k++) {
        uint32_t word = le32(o->bytes + 4 * k);
        for (int b = 0; b < 4; b++)
            o->bytes[4 * k + (uint64_t)b] = (uint8_t)(word >> (24 - 8 * b));
    }
}

/* The tokens lie in rows that are `more` elements longer than the field. */
static output encode_tiles(const field *f, int nbits, f24_effort effort, bool little, int more)
{
    const size_t stride = (size_t)(f->ni + more);
    uint16_t *rows = malloc(sizeof(uint16_t) * stride * (size_t)f->nj);
    output o = output_new(f24_tiles_bound(f->ni, f->nj), f24_tiles_write_scratch(f->ni, f->nj));

    for (int j = 0; j < f->nj; j++)
        for (size_t i = 0; i < stride; i++)
            rows[(size_t)j * stride + i] =
                i < (size_t)f->ni ? f->tokens[(size_t)j * (size_t)f->ni + i] : 0xbeef;
    o.n_words = f24_tiles_encode(rows, stride, f->ni, f->nj, (unsigned)nbits, effort, little,
                                 o.bytes, o.scratch);
    free(rows);
    to_big_endian(&o, little);
    return o;
}

static output encode_lossless(const uint32_t *patterns, int ni, int nj, int nbits,
                              f24_effort effort, bool little)
{
    const size_t n_bytes = sizeof(uint32_t) * (size_t)ni * (size_t)nj;
    uint8_t *unaligned = malloc(n_bytes + 1);
    output o = output_new(f24_lossless_bound(ni, nj), f24_lossless_write_scratch(ni, nj));

    memcpy(unaligned + 1, patterns, n_bytes);
    o.n_words = f24_lossless_encode(unaligned + 1, ni, nj, (unsigned)nbits, effort, little, o.bytes,
                                    o.scratch);
    free(unaligned);
    to_big_endian(&o, little);
    return o;
}

static bool equals(const output *o, const expected *e)
{
    return o->n_words == e->n_words && memcmp(o->bytes, e->bytes, (size_t)(4 * e->n_words)) == 0;
}

static bool tiles_are(const field *f, int nbits, bool fast, const expected *e)
{
    bool fine = true;

    for (size_t k = 0; k < N_LEVELS; k++) {
        output o;
        f24_cpu_limit(levels[k]);
        o = encode_tiles(f, nbits, fast ? F24_EFFORT_FAST : F24_EFFORT_REFERENCE, k == 1,
                         (int)k * 5);
        fine = fine && equals(&o, e);
        output_free(&o);
    }
    return fine;
}

static bool lossless_is(const uint32_t *patterns, int ni, int nj, int nbits, const expected *e)
{
    bool fine = true;

    for (size_t k = 0; k < N_LEVELS; k++) {
        output o;
        f24_cpu_limit(levels[k]);
        o = encode_lossless(patterns, ni, nj, nbits, F24_EFFORT_REFERENCE, k == 1);
        fine = fine && equals(&o, e);
        output_free(&o);
    }
    return fine;
}

/* ----------------------------------------------------------------------------------------- decoding
 */

static void take_row(void *context, int64_t j, const uint16_t *tokens, int64_t ni)
{
    memcpy((uint16_t *)context + j * ni, tokens, sizeof(uint16_t) * (size_t)ni);
}

/* What the decoders make of it; the bytes after the stream are the pad that they may read. */
static bool tiles_come_back(const output *o, const field *f)
{
    const size_t n_bytes = sizeof(uint16_t) * (size_t)f->ni * (size_t)f->nj;
    uint16_t *got = malloc(n_bytes);
    void *scratch = scratch_new(f24_tiles_scratch(f->ni, f->nj));
    bool fine = f24_tiles_decode(o->bytes, o->n_words * 4, f->ni, f->nj, take_row, got, scratch,
                                 NULL) == F24_OK &&
                memcmp(got, f->tokens, n_bytes) == 0;

    free(got);
    free(scratch);
    return fine;
}

static bool lossless_comes_back(const output *o, const uint32_t *patterns, int ni, int nj,
                                int nbits)
{
    const size_t n = (size_t)ni * (size_t)nj;
    uint32_t *got = malloc(sizeof(uint32_t) * n);
    void *scratch = scratch_new(f24_lossless_scratch(ni, nj));
    bool fine = f24_lossless_decode(o->bytes, o->n_words * 4, ni, nj, got, scratch, NULL) == F24_OK;

    for (size_t p = 0; p < n; p++)
        fine = fine && got[p] == (patterns[p] & ~(uint32_t)0 << (32 - nbits));
    free(got);
    free(scratch);
    return fine;
}

/* ---------------------------------------------------------------------------------------- the tests
 */

static void the_vectors_of_the_page_come_out(void)
{
    static const uint32_t few[] = {0x00009283, 0x25000000, 0x00020001, 0x41414000};
    static const uint32_t slope8[] = {0x0000a194, 0x80010203, 0x04050607, 0x08090a0b,
                                      0x0c0d0e0f, 0x01020304, 0x05060708, 0x090a0b0c,
                                      0x0d0e0f00, 0,          0,          0};
    static const uint32_t slope16[] = {0x0000c194, 0x80000100, 0x02000300, 0x04000500, 0x06000700,
                                       0x08000900, 0x0a000b00, 0x0c000d00, 0x0e000f00, 0x01000200,
                                       0x03000400, 0x05000600, 0x07000800, 0x09000a00, 0x0b000c00,
                                       0x0d000e00, 0x0f000000, 0,          0,          0};
    static const uint32_t lossless[] = {0x00089d95, 0x007f0128, 0x0000000c, 0xa340bebe, 0xbe9c0000,
                                        0,          0x00000018, 0x8000003f, 0xc0000000, 0,
                                        0,          0,          0,          0x0000000c, 0xa001040c,
                                        0x2050c1c4, 0x09142c60, 0xd1c3c082, 0x06102860, 0xe2048a16,
                                        0x3068e1e0, 0,          0,          0,          0};
    static const struct {
        const uint32_t *words;
        int n_words, ni, nj, nbits, up;
    } cases[] = {{few, 4, 6, 6, 4, 0}, {slope8, 12, 16, 16, 8, 3}, {slope16, 20, 16, 16, 16, 11}};
    uint8_t bytes[4 * 25];
    uint32_t patterns[256];
    expected e = {bytes, 25};

    for (int c = 0; c < 3; c++) {
        field f = field_new(cases[c].ni, cases[c].nj);
        for (int p = 0; p < f.ni * f.nj; p++)
            f.tokens[p] =
                (uint16_t)(c == 0 ? (p == 3 * 6 + 4 ? 7 : 5) : (p % 16 + p / 16) << cases[c].up);
        for (int k = 0; k < 4 * cases[c].n_words; k++)
            bytes[k] = (uint8_t)(cases[c].words[k / 4] >> (24 - k % 4 * 8));
        e.n_words = (uint64_t)cases[c].n_words;
        check(tiles_are(&f, cases[c].nbits, false, &e));
        field_free(&f);
    }
    for (int p = 0; p < 256; p++) {
        const int i = p % 16, j = p / 16;
        float v = (1 + (float)(i + j) / 64) * (j >= 8 ? 2.0f : 1.0f);
        v = i == 3 && j == 2 ? -v : v;
        memcpy(&patterns[p], &v, 4);
    }
    for (int k = 0; k < 100; k++)
        bytes[k] = (uint8_t)(lossless[k / 4] >> (24 - k % 4 * 8));
    e.n_words = 25;
    check(lossless_is(patterns, 16, 16, 16, &e));
}

static void tile_streams_are_the_page_s(void)
{
    int n_refused = 0, n_kept = 0;

    for (int k = 0; k < N_SHAPES; k++) {
        field f = field_new(shapes[k][0], shapes[k][1]);
        for (int nbits = 1; nbits <= 16; nbits++)
            for (int what = 0; what < N_CONTENTS; what++) {
                if (f.ni * f.nj > 20000 && nbits % 5 != 1)
                    continue;
                fill_field(&f, nbits, (content)what);
                for (int fast = 0; fast < 2; fast++) {
                    expected e = expected_tiles(&f, nbits, fast != 0);
                    output o = encode_tiles(
                        &f, nbits, fast ? F24_EFFORT_FAST : F24_EFFORT_REFERENCE, false, 0);
                    check(tiles_are(&f, nbits, fast != 0, &e));
                    check(o.n_words == 0 || tiles_come_back(&o, &f));
                    n_refused += e.n_words == 0;
                    n_kept += e.n_words != 0;
                    output_free(&o);
                    free(e.bytes);
                }
            }
        field_free(&f);
    }
    check(n_refused > 100 && n_kept > 100);
}

static void lossless_streams_are_the_page_s(void)
{
    int n_refused = 0, n_kept = 0;

    for (int k = 0; k < N_SHAPES; k++) {
        const int ni = shapes[k][0], nj = shapes[k][1];
        field f = field_new(ni, nj);
        for (int what = 0; what < N_CONTENTS; what++) {
            fill_float(f.wide, ni, nj, (content)what);
            for (int nbits = 32; nbits >= 16; nbits -= ni * nj > 20000 ? 8 : 1) {
                expected e = expected_lossless(f.wide, ni, nj, nbits);
                output o = encode_lossless(f.wide, ni, nj, nbits, F24_EFFORT_REFERENCE, false);
                check(lossless_is(f.wide, ni, nj, nbits, &e));
                check(o.n_words == 0 || lossless_comes_back(&o, f.wide, ni, nj, nbits));
                n_refused += e.n_words == 0;
                n_kept += e.n_words != 0;
                output_free(&o);
                free(e.bytes);
            }
        }
        field_free(&f);
    }
    check(n_refused > 100 && n_kept > 100);
}

/* 15: no page says which stream, so the decoders do, on every level. */
static void the_smallest_tiles_come_back_and_are_never_longer(void)
{
    int n_smaller = 0;

    for (int k = 0; k < N_SHAPES; k++) {
        field f = field_new(shapes[k][0], shapes[k][1]);
        for (int nbits = 1; nbits <= 16; nbits += f.ni * f.nj > 20000 ? 5 : 1)
            for (int what = 0; what < N_CONTENTS; what++) {
                fill_field(&f, nbits, (content)what);
                output reference = encode_tiles(&f, nbits, F24_EFFORT_REFERENCE, false, 0);
                for (size_t l = 0; l < N_LEVELS; l++) {
                    f24_cpu_limit(levels[l]);
                    output o = encode_tiles(&f, nbits, F24_EFFORT_SMALLEST, l == 1, (int)l * 5);
                    check(reference.n_words == 0 ||
                          (o.n_words != 0 && o.n_words <= reference.n_words));
                    check(o.n_words == 0 || tiles_come_back(&o, &f));
                    n_smaller += o.n_words != 0 && o.n_words < reference.n_words;
                    output_free(&o);
                }
                output_free(&reference);
            }
        field_free(&f);
    }
    check(n_smaller > 100);
}

static void the_smallest_lossless_is_the_only_one(void)
{
    for (int k = 0; k < N_SHAPES; k++) {
        const int ni = shapes[k][0], nj = shapes[k][1];
        field f = field_new(ni, nj);
        for (int what = 0; what < N_CONTENTS; what++) {
            fill_float(f.wide, ni, nj, (content)what);
            output reference = encode_lossless(f.wide, ni, nj, 32, F24_EFFORT_REFERENCE, false);
            output smallest = encode_lossless(f.wide, ni, nj, 32, F24_EFFORT_SMALLEST, false);
            check(equals(&smallest, &(expected){reference.bytes, reference.n_words}));
            output_free(&smallest);
            output_free(&reference);
        }
        field_free(&f);
    }
}

int main(void)
{
    the_vectors_of_the_page_come_out();
    tile_streams_are_the_page_s();
    lossless_streams_are_the_page_s();
    the_smallest_tiles_come_back_and_are_never_longer();
    the_smallest_lossless_is_the_only_one();
    return report();
}
