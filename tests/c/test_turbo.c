/*
 * What stands around the compressed streams: word order, headers, scaling of rows. The decoders of
 * stream.h are replaced here by ones that say what they were given (their own test is another
 * program).
 */
#include "harness.h"

#include "base/bytes.h"
#include "base/cpu.h"
#include "codec/codec.h"
#include "codec/stream.h"

#include <string.h>

enum { NI = 300, NJ = 7, N_WORDS = 200 };

static uint32_t first_word;
static uint64_t stream_bytes;
static f24_status answer;

static uint16_t token_at(int64_t i, int64_t j)
{
    return (uint16_t)(i * 211 + j * 1009);
}

uint64_t f24_tiles_scratch(int64_t ni, int64_t nj)
{
    return (uint64_t)(ni + nj);
}

uint64_t f24_lossless_scratch(int64_t ni, int64_t nj)
{
    return (uint64_t)(ni * nj);
}

f24_status f24_tiles_decode(const uint8_t *bytes, uint64_t n_bytes, int64_t ni, int64_t nj,
                            f24_row_fn row_out, void *context, void *scratch, f24_error *err)
{
    uint16_t row[NI];

    (void)scratch;
    first_word = be32(bytes);
    stream_bytes = n_bytes;
    for (int64_t j = 0; j < nj; j++) {
        for (int64_t i = 0; i < ni; i++)
            row[i] = token_at(i, j);
        row_out(context, j, row, ni);
    }
    return answer == F24_OK ? F24_OK : f24_fail(err, answer, 8, "asked for");
}

f24_status f24_lossless_decode(const uint8_t *bytes, uint64_t n_bytes, int64_t ni, int64_t nj,
                               void *out, void *scratch, f24_error *err)
{
    (void)scratch;
    (void)err;
    first_word = be32(bytes);
    stream_bytes = n_bytes;
    memset(out, 7, (size_t)(4 * ni * nj));
    return F24_OK;
}

/* Decode a payload that starts with `words`; the word after them is the stream's first. */
static f24_status decode(const f24_field *field, const uint32_t *words, size_t n, bool little,
                         uint8_t *out, f24_error *err)
{
    static _Alignas(64) uint8_t payload[4 * N_WORDS + 64];
    f24_plan plan;

    memset(payload, 0, sizeof payload);
    for (size_t i = 0; i <= n; i++) {
        uint32_t word = i == 0 ? N_WORDS : i < n ? words[i] : 0x00C0FFEE;
        for (size_t b = 0; b < 4; b++)
            payload[4 * i + b] = (uint8_t)(word >> 8 * (little ? b : 3 - b));
    }
    F24_TRY(f24_codec_plan(field, 4 * N_WORDS, little, &plan, err));
    check(plan.stream && plan.needed >= 4 * (n + 1));
    return f24_codec_stream(&plan, payload, out, NULL, err);
}

static uint8_t out[4 * NI * NJ * 2 + 1];

static const uint32_t linear_head[] = {0, 0xfff00000 | NI * NJ, 0x0ff51110, 0, 0x00000C00};
static const uint32_t block_head[] = {0, 0xeff78302, 0xfffffff0, NI * NJ};

static float real_at(int64_t i, int64_t j)
{
    float v;

    memcpy(&v, out + 1 + 4 * (j * NI + i), 4);
    return v;
}

static void quantised_tokens_have_16_bits_whatever_the_header_says(bool little)
{
    const f24_field field = {NI, NJ, 1, 129, 12, 32};
    int n_wrong = 0;

    check(decode(&field, linear_head, 5, little, out + 1, NULL) == F24_OK);
    check(first_word == 0x00C0FFEE && stream_bytes == 4 * (N_WORDS - 5));
    for (int64_t j = 0; j < NJ; j++)
        for (int64_t i = 0; i < NI; i++)
            n_wrong += real_at(i, j) != (float)((double)token_at(i, j) * 0x1p-11 * 1.0000000000001);
    check(n_wrong == 0);
}

static void block_tokens_get_the_common_exponent(bool little)
{
    const f24_field field = {NI, NJ, 1, 134, 12, 32};
    int n_wrong = 0;

    check(decode(&field, block_head, 4, little, out + 1, NULL) == F24_OK);
    check(first_word == 0x00C0FFEE && stream_bytes == 4 * (N_WORDS - 4));
    for (int64_t j = 0; j < NJ; j++)
        for (int64_t i = 0; i < NI; i++)
            n_wrong += real_at(i, j) != ((float)token_at(i, j) * 4 - 16) * 0x1p-19f;
    check(n_wrong == 0);
}

static void unsigned_tokens_fill_their_element(int32_t dasiz, bool little)
{
    const f24_field field = {NI, NJ, 1, 130, 8, dasiz};
    size_t item = (size_t)(dasiz == 0 ? 4 : dasiz / 8);
    int n_wrong = 0;

    check(decode(&field, NULL, 1, little, out + 1, NULL) == F24_OK);
    check(first_word == 0x00C0FFEE && stream_bytes == 4 * (N_WORDS - 1));
    for (int64_t p = 0; p < NI * NJ; p++) {
        uint64_t v = 0, expected = token_at(p % NI, p / NI);
        for (size_t b = 0; b < item; b++)
            v |= (uint64_t)out[1 + (size_t)p * item + b] << 8 * b;
        n_wrong += v != (item == 1 ? expected & 0xFF : expected);
    }
    check(n_wrong == 0);
}

static void lossless_streams_start_at_word_1(bool little)
{
    const f24_field field = {NI, NJ, 1, 133, 32, 32};

    check(decode(&field, NULL, 1, little, out + 1, NULL) == F24_OK);
    check(first_word == 0x00C0FFEE && stream_bytes == 4 * (N_WORDS - 1) && out[1] == 7);
}

static void of_several_levels_the_first_is_decoded(void)
{
    const f24_field field = {NI, NJ, 3, 134, 12, 32};
    uint32_t head[] = {0, 0xeff78302, 0xfffffff0, NI * NJ};

    memset(out, 9, sizeof out);
    check(decode(&field, head, 4, false, out + 1, NULL) == F24_OK);
    check(out[1 + 4 * NI * NJ] == 9);
    head[3] *= 3; /* the header may count all levels */
    check(decode(&field, head, 4, false, out + 1, NULL) == F24_OK);
}

static void failures_tell_the_place_in_the_payload(void)
{
    const f24_field quantised = {NI, NJ, 1, 129, 16, 32}, block = {NI, NJ, 1, 134, 16, 32};
    uint32_t bad[] = {0, 0x7ff00000, 0, 0, 0};
    f24_error err;

    check(decode(&quantised, bad, 5, true, out, &err) == F24_ECORRUPT && err.offset == 4);
    check(decode(&block, bad, 4, true, out, &err) == F24_ECORRUPT && err.offset == 4);
    bad[1] = 0xeff78302;
    check(decode(&block, bad, 4, true, out, &err) == F24_ECORRUPT && err.offset == 12);
    answer = F24_ECORRUPT;
    check(decode(&block, block_head, 4, true, out, &err) == F24_ECORRUPT && err.offset == 24);
    check(decode(&block, block_head, 4, true, out, NULL) == F24_ECORRUPT);
    answer = F24_OK;
}

static void scratch_is_what_the_decoders_ask_for(void)
{
    const f24_field fields[] = {
        {30, 20, 1, 134, 16, 32}, {30, 20, 1, 133, 32, 32}, {30, 20, 1, 5, 32, 32}};
    const uint64_t expected[] = {50, 600, 0};

    for (int i = 0; i < 3; i++) {
        f24_plan plan;
        check(f24_codec_plan(&fields[i], 4096, false, &plan, NULL) == F24_OK);
        check(f24_codec_scratch(&plan) == expected[i]);
    }
}

int main(void)
{
    static const f24_cpu levels[] = {F24_CPU_PORTABLE, F24_CPU_V3, F24_CPU_V4};

    for (int l = 0; l < 3; l++) {
        f24_cpu_limit(levels[l]);
        for (int little = 0; little < 2; little++) {
            quantised_tokens_have_16_bits_whatever_the_header_says(little);
            block_tokens_get_the_common_exponent(little);
            unsigned_tokens_fill_their_element(8, little);
            unsigned_tokens_fill_their_element(16, little);
            unsigned_tokens_fill_their_element(0, little);
            lossless_streams_start_at_word_1(little);
        }
    }
    of_several_levels_the_first_is_decoded();
    failures_tell_the_place_in_the_payload();
    scratch_is_what_the_decoders_ask_for();
    return report();
}
