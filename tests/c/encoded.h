/* A payload as the encoder makes it from blocks of exactly the contract's sizes, and its way back. */
#ifndef F24_TESTS_ENCODED_H
#define F24_TESTS_ENCODED_H

#include "base/cpu.h"
#include "base/scratch.h"
#include "codec/encode.h"

#include <stdlib.h>
#include <string.h>

#define GUARD 0xA5

static const f24_cpu levels[] = {F24_CPU_PORTABLE, F24_CPU_V3, F24_CPU_V4};
#define N_LEVELS (sizeof levels / sizeof levels[0])

typedef struct encoded {
    f24_status status;
    f24_error err;
    f24_encoding encoding;
    f24_field field;
    uint8_t *payload; /* n_bytes, and what the encoder may write behind */
    uint64_t n_bytes;
    bool is_inside; /* nothing was written where nothing may be */
} encoded;

static inline void *exact_block(uint64_t n_bytes, uint64_t pad)
{
    void *p = NULL;

    if (posix_memalign(&p, 64, (size_t)(n_bytes + pad)) != 0)
        abort();
    memset(p, GUARD, (size_t)(n_bytes + pad));
    return p;
}

/* At an odd address, with nothing behind: a sanitizer sees what is read there. */
static inline uint8_t *odd_copy(const void *bytes, uint64_t n_bytes)
{
    uint8_t *block = malloc((size_t)n_bytes + 1);

    if (block == NULL)
        abort();
    memcpy(block + 1, bytes, (size_t)n_bytes);
    return block;
}

/* `mask` may be NULL. Free it with encoded_free, refused or not. */
static inline encoded encode(const f24_wish *wish, const void *values, const uint8_t *mask)
{
    encoded made = {.err = {F24_OK, 0, 0, 0, ""}, .is_inside = true};
    const f24_encoding *plan = &made.encoding;

    made.status = f24_encode_plan(wish, &made.encoding, &made.err);
    if (made.status != F24_OK)
        return made;
    uint64_t room = plan->max_payload + F24_SCRATCH_PAD;
    uint8_t *own_values = odd_copy(values, plan->n_array);
    uint8_t *own_mask = mask == NULL ? NULL : odd_copy(mask, (uint64_t)plan->n_values);
    void *scratch = exact_block(plan->n_scratch, 0);
    made.payload = exact_block(room, 1);
    made.status = f24_encode(plan, own_values + 1, own_mask == NULL ? NULL : own_mask + 1,
                             made.payload, scratch, &made.field, &made.n_bytes, &made.err);
    made.is_inside =
        made.payload[room] == GUARD && (made.status != F24_OK || made.n_bytes <= plan->max_payload);
    free(scratch);
    free(own_mask);
    free(own_values);
    return made;
}

static inline void encoded_free(encoded *made)
{
    free(made->payload);
    made->payload = NULL;
}

/* Word i of the payload, in the byte order of its container. */
static inline uint32_t word_at(const encoded *made, uint64_t i)
{
    const uint8_t *at = made->payload + 4 * i;

    if (made->encoding.wish.backend == F24_RSF)
        return (uint32_t)(at[0] | at[1] << 8 | at[2] << 16) | (uint32_t)at[3] << 24;
    return (uint32_t)at[0] << 24 | (uint32_t)(at[1] << 16 | at[2] << 8 | at[3]);
}

/* One level for XDF, exact. */
static inline f24_wish wish_of(f24_kind kind, int32_t item_bytes, int32_t ni, int32_t nj,
                               int32_t datyp, int32_t nbits)
{
    return (f24_wish){.kind = kind,
                      .item_bytes = item_bytes,
                      .ni = ni,
                      .nj = nj,
                      .nk = 1,
                      .datyp = datyp,
                      .nbits = nbits,
                      .exact = true,
                      .backend = F24_XDF};
}

/* What a payload of `n_bytes` decodes to; *out is to be freed. `payload` is left as it is. */
static inline f24_status decode(const f24_field *field, const uint8_t *payload, uint64_t n_bytes,
                                bool little, const f24_read_options *options, f24_array *array,
                                uint8_t **out, f24_error *err)
{
    f24_plan plan;
    f24_status status;

    *out = NULL;
    F24_TRY(f24_codec_plan(field, n_bytes, little, &plan, err));
    *array = plan.array;
    if (!plan.stream)
        F24_TRY(f24_codec_head(&plan, payload, err));
    *out = exact_block(plan.array.n_bytes, 0);
    if (plan.stream) {
        uint8_t *own = exact_block(n_bytes, F24_SCRATCH_PAD);
        void *scratch = exact_block(f24_codec_scratch(&plan), F24_SCRATCH_PAD);
        memcpy(own, payload, (size_t)n_bytes);
        status = f24_codec_stream(&plan, own, *out, scratch, err);
        free(scratch);
        free(own);
    } else {
        uint64_t from;
        size_t n_span;
        f24_codec_span(&plan, 0, plan.array.n_values, &from, &n_span);
        f24_codec_unpack(&plan, payload + from, 0, plan.array.n_values, *out);
        status = F24_OK;
    }
    if (options != NULL && (field->datyp & F24_MISSING_FLAG) != 0)
        f24_missing_restore(array, options, *out);
    return status;
}

#endif
