/*
 * Any bytes as a field: each encoder of compressed streams, and back. The field's shape and what is
 * asked for are the last bytes, so that an input that is cut is another field.
 */
#include "fuzz.h"

#include "base/bytes.h"
#include "base/cpu.h"
#include "base/scratch.h"
#include "codec/stream.h"
#include "codec/stream_write.h"

#include <stdlib.h>
#include <string.h>

#define N_PARAMETERS 6
#define VALUES_AT_MOST 4096

typedef struct shape {
    int64_t ni, nj;
    unsigned nbits;
    bool little;
} shape;

/* As the contract says: so many bytes from a multiple of 64 on, and the pad. */
static void *block(uint64_t n_bytes)
{
    void *p = NULL;

    if (posix_memalign(&p, 64, (size_t)n_bytes + F24_SCRATCH_PAD) != 0)
        abort();
    memset(p, 0x5a, (size_t)n_bytes + F24_SCRATCH_PAD);
    return p;
}

static void must(bool holds)
{
    if (!holds)
        abort();
}

/* The input again and again, until n bytes are full. */
static uint8_t *filled(const uint8_t *data, size_t size, size_t n)
{
    uint8_t *bytes = block(n);

    for (size_t i = 0; i < n; i++)
        bytes[i] = size == 0 ? 0 : data[i % size];
    return bytes;
}

static void to_big_endian(uint8_t *bytes, uint64_t n_words, bool little)
{
    for (uint64_t k = 0; little && k < n_words; k++) {
        uint32_t word = le32(bytes + 4 * k);
        for (int b = 0; b < 4; b++)
            bytes[4 * k + (uint64_t)b] = (uint8_t)(word >> (24 - 8 * b));
    }
}

static void take_row(void *context, int64_t j, const uint16_t *tokens, int64_t ni)
{
    memcpy((uint16_t *)context + j * ni, tokens, sizeof(uint16_t) * (size_t)ni);
}

/* Words of the stream; 0: refused. */
static uint64_t tiles_and_back(const uint16_t *tokens, const shape *s, f24_effort effort)
{
    const size_t n = (size_t)(s->ni * s->nj);
    uint8_t *out = block(f24_tiles_bound(s->ni, s->nj));
    void *scratch = block(f24_tiles_write_scratch(s->ni, s->nj));
    uint64_t n_words = f24_tiles_encode(tokens, (size_t)s->ni, s->ni, s->nj, s->nbits, effort,
                                        s->little, out, scratch);

    free(scratch);
    must(4 * n_words <= f24_tiles_bound(s->ni, s->nj));
    if (n_words != 0) {
        uint16_t *got = block(sizeof(uint16_t) * n);
        scratch = block(f24_tiles_scratch(s->ni, s->nj));
        to_big_endian(out, n_words, s->little);
        must(f24_tiles_decode(out, 4 * n_words, s->ni, s->nj, take_row, got, scratch, NULL) ==
             F24_OK);
        must(memcmp(got, tokens, sizeof(uint16_t) * n) == 0);
        free(scratch);
        free(got);
    }
    free(out);
    return n_words;
}

static uint64_t lossless_and_back(const uint8_t *bits, const shape *s, f24_effort effort)
{
    const size_t n = (size_t)(s->ni * s->nj);
    uint8_t *out = block(f24_lossless_bound(s->ni, s->nj));
    void *scratch = block(f24_lossless_write_scratch(s->ni, s->nj));
    uint64_t n_words =
        f24_lossless_encode(bits, s->ni, s->nj, s->nbits, effort, s->little, out, scratch);

    free(scratch);
    must(4 * n_words <= f24_lossless_bound(s->ni, s->nj));
    if (n_words != 0) {
        uint8_t *got = block(4 * n);
        scratch = block(f24_lossless_scratch(s->ni, s->nj));
        to_big_endian(out, n_words, s->little);
        must(f24_lossless_decode(out, 4 * n_words, s->ni, s->nj, got, scratch, NULL) == F24_OK);
        for (size_t p = 0; p < n; p++) {
            uint32_t given, found;
            memcpy(&given, bits + 4 * p, 4);
            memcpy(&found, got + 4 * p, 4);
            must(found == (given & ~(uint32_t)0 << (32 - s->nbits)));
        }
        free(scratch);
        free(got);
    }
    free(out);
    return n_words;
}

/* The smallest is never longer than what the reference writes, nor refused where that is not. */
static void must_be_smaller(uint64_t smallest, uint64_t reference)
{
    must(reference == 0 || (smallest != 0 && smallest <= reference));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static const f24_cpu levels[] = {F24_CPU_PORTABLE, F24_CPU_V3, F24_CPU_V4};
    const uint8_t *asked;
    shape s;
    uint16_t *tokens;
    uint8_t *bytes;
    size_t n;

    if (size < N_PARAMETERS)
        return 0;
    size -= N_PARAMETERS;
    asked = data + size;
    s.ni = 1 + (asked[0] | (int64_t)(asked[1] & 3) << 8);
    s.nj = 1 + asked[2] % (VALUES_AT_MOST / s.ni);
    s.little = (asked[3] & 1) != 0;
    f24_cpu_limit(levels[asked[4] % 3]);
    n = (size_t)(s.ni * s.nj);
    bytes = filled(data, size, 4 * n);

    s.nbits = 16 + asked[5] % 17;
    must_be_smaller(lossless_and_back(bytes, &s, F24_EFFORT_SMALLEST),
                    lossless_and_back(bytes, &s, F24_EFFORT_REFERENCE));
    s.nbits = 1 + asked[5] % 16;
    tokens = block(sizeof(uint16_t) * n);
    for (size_t p = 0; p < n; p++)
        tokens[p] = (uint16_t)((bytes[2 * p] | bytes[2 * p + 1] << 8) & ((1 << s.nbits) - 1));
    must_be_smaller(tiles_and_back(tokens, &s, F24_EFFORT_SMALLEST),
                    tiles_and_back(tokens, &s, F24_EFFORT_REFERENCE));
    (void)tiles_and_back(tokens, &s, F24_EFFORT_FAST);
    free(tokens);
    free(bytes);
    return 0;
}
