/*
 * The compressed forms, written: what stands around their streams, which are stream_write.h's.
 * Facts: docs/format/codecs.md, 9 and 10.
 */
#include "codec/encoder.h"

#include "base/bytes.h"
#include "base/scratch.h"
#include "codec/stream_write.h"

#define ALIGNED(n) (((n) + 63) / 64 * 64)

/* Words before the tile stream, w[0] included, and the bytes that w[0] counts for them (9). */
static uint64_t head_words(int32_t base)
{
    return base == 1 ? 5 : base == 6 ? 4 : 1;
}

static uint64_t head_count(int32_t base)
{
    return base == 1 ? 16 : base == 6 ? 28 : 4;
}

/* w[0] for a stream of k words (9); of z words in 133 (10). */
static uint64_t length_word(int32_t base, uint64_t k)
{
    uint64_t n_bytes = base == 5 ? 16 + 4 * (k + 1) : head_count(base) + 1 + 4 * k;

    return 2 * ((8 * n_bytes + 63) / 64);
}

/* Words of the payload. The reference gives 129 one more in RSF (1). */
static uint64_t payload_words(int32_t base, uint64_t k, f24_backend backend)
{
    return length_word(base, k) + (base == 1 && backend == F24_RSF ? 1 : 0);
}

uint64_t f24_turbo_bound(const f24_field *field)
{
    int32_t base = F24_DATYP_BASE(field->datyp);
    uint64_t n_bytes = base == 5 ? f24_lossless_bound(field->ni, field->nj)
                                 : f24_tiles_bound(field->ni, field->nj);

    return 4 * payload_words(base, (n_bytes + 3) / 4, F24_RSF);
}

/* Tokens, or the floats that are not the array's own, in front of what the stream's encoder needs. */
static uint64_t work_bytes(const f24_wish *wish, const f24_field *field)
{
    uint64_t n = (uint64_t)field->ni * (uint64_t)field->nj;

    if (F24_DATYP_BASE(field->datyp) != 5)
        return ALIGNED(2 * n + F24_SCRATCH_PAD);
    return wish->item_bytes == 8 || wish->has_mask || field->nbits < 32
               ? ALIGNED(4 * n + F24_SCRATCH_PAD)
               : 0;
}

uint64_t f24_turbo_scratch(const f24_wish *wish, const f24_field *field)
{
    return work_bytes(wish, field) + (F24_DATYP_BASE(field->datyp) == 5
                                          ? f24_lossless_write_scratch(field->ni, field->nj)
                                          : f24_tiles_write_scratch(field->ni, field->nj));
}

/* ------------------------------------------------------------------------------ sources --- */

static f24_status integer_field(f24_encoder *e, uint16_t *tokens, bool *misread)
{
    uint32_t piece[F24_PIECE];
    f24_integers integers;
    uint32_t any = 0;

    F24_TRY(f24_integers_plan(e, &integers));
    for (int64_t first = 0; first < f24_n_numbers(e); first += F24_PIECE) {
        size_t n = f24_piece_at(e, first);
        F24_TRY(f24_integer_tokens(e, &integers, first, n, piece));
        any |= e->kernels->bias(piece, n, 0, 0, UINT32_MAX);
        e->kernels->narrow(piece, n, tokens + first);
    }
    /*
     * The reference gives the 16th bit to all that are above (13: D7). Where all are missing that
     * makes its special value of the plug.
     */
    *misread = (any & 0x8000) != 0 && e->encoding->wish.item_bytes > 2 && !e->all_missing;
    return F24_OK;
}

/* The floats to compress: the array's own where they can be. */
static f24_status float_field(f24_encoder *e, float *room, const void **values)
{
    uint32_t tops[F24_PIECE];
    bool overflown = false;

    if (e->mask != NULL)
        F24_TRY(f24_plug_tops(e));
    *values = e->values;
    if (e->encoding->wish.item_bytes == 4 && e->mask == NULL && e->field.nbits == 32)
        return F24_OK;
    for (int64_t first = 0; first < f24_n_numbers(e); first += F24_PIECE) {
        size_t n = f24_piece_at(e, first);
        const void *piece = f24_floats(e, first, n, room + first, &overflown);
        e->kernels->tops(piece, n, (unsigned)e->field.nbits, tops);
        for (size_t i = 0; i < n; i++)
            tops[i] <<= 32 - e->field.nbits;
        memcpy(room + first, tops, 4 * n);
    }
    *values = room;
    return f24_check_overflow(e, overflown);
}

/* ------------------------------------------------------------------------------ payloads --- */

/* Head and slack around a stream of k words, which is in its place. */
static void finish(f24_encoder *e, const uint32_t *words, uint64_t k)
{
    int32_t base = F24_DATYP_BASE(e->field.datyp);
    uint64_t n_words = payload_words(base, k, e->encoding->wish.backend);
    uint64_t n_head = base == 5 ? 1 : head_words(base), used = n_head + k;
    uint32_t length = (uint32_t)length_word(base, k);

    f24_put_words(e->payload, &length, 1, e->little);
    f24_put_words(e->payload + 4, words, n_head - 1, e->little);
    e->n_bytes = 4 * n_words;
    memset(e->payload + 4 * used, 0, e->n_bytes - 4 * used);
}

static f24_status tiles_encode(f24_encoder *e, bool *compressed)
{
    int32_t base = F24_DATYP_BASE(e->field.datyp), ni = e->field.ni, nj = e->field.nj;
    uint16_t *tokens = (void *)e->scratch;
    uint8_t *scratch = e->scratch + work_bytes(&e->encoding->wish, &e->field);
    uint32_t words[4] = {0};
    f24_linear linear;
    f24_blocks blocks;
    bool misread = false;

    if (base == 1) {
        F24_TRY(f24_linear_plan(e, true, &linear));
        f24_linear_tokens(e, &linear, tokens);
        memcpy(words, linear.words, sizeof linear.words);
    } else if (base == 6) {
        F24_TRY(f24_block_plan(e, &blocks));
        f24_block_tokens(e, &blocks, tokens);
        memcpy(words, blocks.words, sizeof blocks.words);
    } else {
        F24_TRY(integer_field(e, tokens, &misread));
    }
    uint64_t k = misread ? 0
                         : f24_tiles_encode(tokens, (size_t)ni, ni, nj, (unsigned)e->field.nbits,
                                            e->encoding->wish.effort, e->little,
                                            e->payload + 4 * head_words(base), scratch);
    *compressed = k != 0;
    if (k != 0)
        finish(e, words, k);
    return F24_OK;
}

static f24_status lossless_encode(f24_encoder *e, bool *compressed)
{
    uint8_t *scratch = e->scratch + work_bytes(&e->encoding->wish, &e->field);
    const void *values;

    F24_TRY(float_field(e, (void *)e->scratch, &values));
    uint64_t z = f24_lossless_encode(values, e->field.ni, e->field.nj, (unsigned)e->field.nbits,
                                     e->encoding->wish.effort, e->little, e->payload + 4, scratch);
    *compressed = z != 0;
    if (z != 0)
        finish(e, NULL, z);
    return F24_OK;
}

f24_status f24_turbo_encode(f24_encoder *e, bool *compressed)
{
    f24_status status = F24_DATYP_BASE(e->field.datyp) == 5 ? lossless_encode(e, compressed)
                                                            : tiles_encode(e, compressed);

    if (status == F24_OK && !*compressed)
        e->field.datyp &= ~F24_TURBO_FLAG;
    return status;
}
