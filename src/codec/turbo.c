/*
 * The compressed forms: what stands around their streams. The streams themselves are stream.h's.
 * Facts: docs/format/codecs.md, 9 and 10.
 */
#include "codec/codec.h"

#include "base/bytes.h"
#include "codec/forms.h"
#include "codec/stream.h"

/* Where rows of tokens go. */
typedef struct rows {
    const f24_plan *plan;
    const f24_kernels *kernels;
    uint8_t *out;
    size_t row_bytes;
} rows;

static void linear_row(void *context, int64_t j, const uint16_t *tokens, int64_t ni)
{
    const rows *r = context;

    r->kernels->linear16(tokens, (size_t)ni, r->plan->scale, r->plan->minimum,
                         r->out + (size_t)j * r->row_bytes);
}

static void block_row(void *context, int64_t j, const uint16_t *tokens, int64_t ni)
{
    const rows *r = context;

    f24_block_values(r->plan, r->kernels, tokens, (size_t)ni, r->out + (size_t)j * r->row_bytes);
}

static void unsigned_row(void *context, int64_t j, const uint16_t *tokens, int64_t ni)
{
    const rows *r = context;
    uint8_t *to = r->out + (size_t)j * r->row_bytes;

    switch (r->plan->array.item_bytes) {
    case 1:
        r->kernels->narrow16(tokens, (size_t)ni, to);
        break;
    case 2:
        memcpy(to, tokens, (size_t)ni * 2);
        break;
    case 4:
        r->kernels->widen16(tokens, (size_t)ni, to);
        break;
    default:
        for (int64_t i = 0; i < ni; i++)
            ((f24_u64 *)to)[i] = tokens[i];
        break;
    }
}

uint64_t f24_codec_scratch(const f24_plan *plan)
{
    if (!plan->stream)
        return 0;
    return plan->unpack == F24_UNPACK_FLOAT_TOP
               ? f24_lossless_scratch(plan->field.ni, plan->field.nj)
               : f24_tiles_scratch(plan->field.ni, plan->field.nj);
}

/* Decoders count offsets from their stream, which starts n bytes into the payload. */
static f24_status from_payload(f24_status status, int64_t n, f24_error *err)
{
    if (status != F24_OK && err != NULL && err->offset >= 0)
        err->offset += n;
    return status;
}

/* The codec's header lies between w[0] and the stream. */
static void read_head(const uint8_t *payload, size_t n, uint32_t *words)
{
    for (size_t i = 0; i < n; i++)
        words[i] = be32(payload + 4 + 4 * i);
}

f24_status f24_codec_stream(const f24_plan *plan, uint8_t *payload, void *out, void *scratch,
                            f24_error *err)
{
    f24_plan scaled = *plan;
    int64_t ni = plan->field.ni, nj = plan->field.nj;
    rows to = {&scaled, f24_kernels_now(), out, (size_t)ni * (size_t)plan->array.item_bytes};
    /* w[0] holds the length, but is too large in some records: the payload's own counts (1). */
    uint64_t n_bytes = plan->there & ~UINT64_C(3);
    f24_row_fn row_out = unsigned_row;
    uint64_t start = 4;
    uint32_t head[4];

    if (plan->little)
        to.kernels->swap32_in_place(payload, (size_t)(n_bytes / 4));
    if (plan->unpack == F24_UNPACK_FLOAT_TOP)
        return from_payload(
            f24_lossless_decode(payload + 4, n_bytes - 4, ni, nj, out, scratch, err), 4, err);
    if (plan->unpack == F24_UNPACK_LINEAR) {
        read_head(payload, 4, head);
        F24_TRY(f24_linear_head(&scaled, head, true, err));
        row_out = linear_row;
        start = 20;
    } else if (plan->unpack == F24_UNPACK_BLOCK) {
        read_head(payload, 3, head);
        F24_TRY(f24_block_head(&scaled, head, err));
        row_out = block_row;
        start = 16;
    }
    return from_payload(
        f24_tiles_decode(payload + start, n_bytes - start, ni, nj, row_out, &to, scratch, err),
        (int64_t)start, err);
}
