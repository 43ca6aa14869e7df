/*
 * Reading one record: container finds the payload, codec turns it into values, missing points are
 * marked. A fixed form is read in blocks that stay in cache, a stream form whole.
 */
#include "base/bytes.h"
#include "base/scratch.h"
#include "codec/codec.h"
#include "container/container.h"
#include "file.h"
#include "table/table.h"

#include <stdlib.h>

/* A block of payload stays in the second-level cache between the read and the decoding. */
#define BLOCK_BYTES ((size_t)256 << 10)
/* Rows of a box closer than this are read in one go: a seek costs more. */
#define READ_THROUGH ((uint64_t)64 << 10)

/* A payload: in memory that is ours to read, or behind a source. */
typedef struct payload {
    f24_source *source;
    uint64_t offset; /* in the source */
    const uint8_t *bytes;
} payload;

/* Payload bytes that have been read: [from, from + n_bytes) stand in `block`. */
typedef struct window {
    f24_block block;
    uint64_t from;
    uint64_t n_bytes;
} window;

struct f24_hold {
    f24_source *source;
};

static const f24_read_options default_options = F24_READ_INIT;

/* ------------------------------------------------------------------------------ preparation --- */

static f24_field field_of(const f24_record *record)
{
    return (f24_field){
        .ni = record->ni,
        .nj = record->nj,
        .nk = record->nk,
        .datyp = record->datyp,
        .nbits = record->nbits,
        .dasiz = record->dasiz,
    };
}

static f24_status find_row(const f24_file *file, int64_t index, f24_record *record,
                           f24_place *place, f24_error *err)
{
    F24_TRY(f24_get_record(file, index, record, err));
    *place = f24_file_place(file, index);
    if ((record->flags & F24_FLAG_NEWER) != 0)
        return f24_fail(err, F24_EUNSUPPORTED, (int64_t)place->offset,
                        "the record was written by a newer version of the format: update fst24");
    return F24_OK;
}

/*
 * The sizes and the type stand in the record, too, and no edit changes them there or in the directory
 * (docs/format/containers.md, 3.5): where they differ, one of the two is damaged.
 */
static f24_status check_agreement(const f24_record *directory, const f24_payload_place *where,
                                  f24_error *err)
{
    f24_record own;

    f24_keys_decode(where->keys, where->little, &own);
    if (own.ni == directory->ni && own.nj == directory->nj && own.nk == directory->nk &&
        own.datyp == directory->datyp && own.nbits == directory->nbits)
        return F24_OK;
    return f24_fail(err, F24_ECORRUPT, (int64_t)directory->offset,
                    "the record says %d x %d x %d values of datyp %d, %d bits; the directory says "
                    "%d x %d x %d of datyp %d, %d bits: one of the two is damaged",
                    own.ni, own.nj, own.nk, own.datyp, own.nbits, directory->ni, directory->nj,
                    directory->nk, directory->datyp, directory->nbits);
}

/* Everything up to the first payload byte: `plan` is ready for f24_codec_head or f24_codec_stream.
 */
static f24_status prepare(const f24_file *file, int64_t index, f24_plan *plan, payload *p,
                          f24_error *err)
{
    f24_payload_place where;
    f24_record record;
    f24_place place;
    f24_field field;

    F24_TRY(find_row(file, index, &record, &place, err));
    field = field_of(&record);
    F24_TRY(f24_container_locate(file->container, &place, &where, err));
    F24_TRY(check_agreement(&record, &where, err));
    F24_TRY(f24_codec_plan(&field, where.n_bytes, where.little, plan, err));
    p->source = file->source;
    p->offset = where.offset;
    p->bytes = f24_source_borrow(file->source, where.offset, where.n_bytes);
    return F24_OK;
}

/* Offsets of codec errors count from the payload. */
static f24_status place_error(f24_error *err, f24_status status, const payload *p)
{
    if (err != NULL && status != F24_OK)
        err->offset = (int64_t)p->offset + (err->offset > 0 ? err->offset : 0);
    return status;
}

static f24_status read_payload(const payload *p, uint64_t from, void *buffer, size_t n_bytes,
                               f24_error *err)
{
    if (p->bytes != NULL) {
        memcpy(buffer, p->bytes + from, n_bytes);
        return F24_OK;
    }
    return f24_source_read(p->source, p->offset + from, buffer, n_bytes, err);
}

static f24_status read_head(f24_plan *plan, const payload *p, f24_error *err)
{
    uint8_t head[16];

    if (plan->head_bytes == 0)
        return F24_OK;
    F24_TRY(read_payload(p, 0, head, plan->head_bytes, err));
    return place_error(err, f24_codec_head(plan, head, err), p);
}

/* ------------------------------------------------------------------------------- fixed forms ---
 */

/*
 * Make payload bytes [from, from + n_bytes) stand in memory. Bytes up to `end` will be wanted next:
 * they are read along as far as the block goes.
 */
static f24_status want(const payload *p, window *w, uint64_t from, size_t n_bytes, uint64_t end,
                       const uint8_t **bytes, f24_error *err)
{
    if (p->bytes != NULL) {
        *bytes = p->bytes + from;
        return F24_OK;
    }
    if (from < w->from || from + n_bytes > w->from + w->n_bytes) {
        uint64_t ahead = end > from ? end - from : 0;
        uint64_t n = ahead < BLOCK_BYTES ? ahead : BLOCK_BYTES; /* the block itself may be larger */
        if (n < n_bytes)
            n = n_bytes;
        w->n_bytes = 0;
        F24_TRY(f24_source_read(p->source, p->offset + from, w->block.bytes, (size_t)n, err));
        w->from = from;
        w->n_bytes = n;
    }
    *bytes = w->block.bytes + (from - w->from);
    return F24_OK;
}

/* How many values have some BLOCK_BYTES of payload. */
static int64_t values_of_a_block(const f24_plan *plan)
{
    uint64_t bits = plan->width;

    if (plan->n_tokens > plan->array.n_values)
        bits *= 2; /* complex */
    return (int64_t)(BLOCK_BYTES * 8 / bits);
}

/*
 * Values [first, first + n) in pieces whose payload fits a block. Payload bytes up to `end` will be
 * wanted after them.
 */
static f24_status unpack_run(const f24_plan *plan, const payload *p, window *w, int64_t first,
                             int64_t n, uint64_t end, uint8_t *out, f24_error *err)
{
    const int64_t piece = p->bytes != NULL ? n : values_of_a_block(plan);

    while (n > 0) {
        int64_t m = n < piece ? n : piece;
        const uint8_t *bytes;
        uint64_t from;
        size_t n_bytes;
        f24_codec_span(plan, first, m, &from, &n_bytes);
        F24_TRY(want(p, w, from, n_bytes, end, &bytes, err));
        f24_codec_unpack(plan, bytes, first, m, out);
        out += (uint64_t)m * (uint64_t)plan->array.item_bytes;
        first += m;
        n -= m;
    }
    return F24_OK;
}

static uint64_t end_of_span(const f24_plan *plan, int64_t first, int64_t n)
{
    uint64_t from;
    size_t n_bytes;

    f24_codec_span(plan, first, n, &from, &n_bytes);
    return from + n_bytes;
}

/*
 * Words of the other byte order are read to their place and turned round there, block by block
 * while they are in cache: one copy less than through a block (bench/run.py --only decode).
 */
static f24_status read_swapped(const f24_plan *plan, const payload *p, uint8_t *out, f24_error *err)
{
    uint64_t n_bytes = plan->array.n_bytes;

    for (uint64_t at = 0; at < n_bytes; at += BLOCK_BYTES) {
        size_t n = n_bytes - at < BLOCK_BYTES ? (size_t)(n_bytes - at) : BLOCK_BYTES;
        F24_TRY(f24_source_read(p->source, p->offset + at, out + at, n, err));
        f24_codec_swap(out + at, n);
    }
    return F24_OK;
}

static f24_status read_fixed(const f24_plan *plan, const payload *p, f24_scratch *scratch,
                             void *out, f24_error *err)
{
    window w = {{NULL, 0}, 0, 0};
    f24_status status;

    if (p->bytes == NULL && f24_codec_is_plain(plan))
        return f24_source_read(p->source, p->offset, out, (size_t)plan->array.n_bytes, err);
    if (p->bytes == NULL && f24_codec_is_swapped(plan))
        return read_swapped(plan, p, out, err);
    if (p->bytes == NULL)
        F24_TRY(f24_scratch_take(scratch, 2 * BLOCK_BYTES, &w.block, err));
    status = unpack_run(plan, p, &w, 0, plan->array.n_values,
                        end_of_span(plan, 0, plan->array.n_values), out, err);
    f24_scratch_give(scratch, &w.block);
    return status;
}

/* ------------------------------------------------------------------------------ stream forms ---
 */

static f24_status read_stream(const f24_plan *plan, const payload *p, f24_scratch *scratch,
                              void *out, f24_error *err)
{
    f24_block bytes = {NULL, 0}, work = {NULL, 0};
    uint64_t n_work = f24_codec_scratch(plan);
    f24_status status;

    if (n_work > SIZE_MAX || plan->there > SIZE_MAX)
        return f24_fail(err, F24_ENOMEM, (int64_t)p->offset,
                        "the record is too large for this machine");
    status = f24_scratch_take(scratch, (size_t)plan->there, &bytes, err);
    if (status == F24_OK)
        status = f24_scratch_take(scratch, (size_t)n_work, &work, err);
    if (status == F24_OK)
        status = read_payload(p, 0, bytes.bytes, (size_t)plan->there, err);
    if (status == F24_OK) {
        memset(bytes.bytes + plan->there, 0, F24_SCRATCH_PAD);
        status = place_error(err, f24_codec_stream(plan, bytes.bytes, out, work.bytes, err), p);
    }
    f24_scratch_give(scratch, &work);
    f24_scratch_give(scratch, &bytes);
    return status;
}

/* --------------------------------------------------------------------------------- the whole ---
 */

static void mark_missing(const f24_plan *plan, const f24_read_options *options, void *out)
{
    const f24_array *array = &plan->array;

    if (options->mask != NULL)
        memset(options->mask, 0, (size_t)array->n_values);
    if (!array->has_missing)
        return;
    if (array->nk_stored < array->shape[2]) {
        int64_t n_stored = array->n_values / array->shape[2] * array->nk_stored;
        f24_missing_fill(array, options, n_stored, array->n_values - n_stored, out);
    }
    if ((plan->field.datyp & F24_MISSING_FLAG) != 0)
        f24_missing_restore(array, options, out);
}

static f24_status check_size(const f24_array *array, size_t n_bytes, f24_error *err)
{
    if (n_bytes != array->n_bytes)
        return f24_fail(err, F24_EINVAL, -1, "the values take %llu bytes, room was given for %llu",
                        (unsigned long long)array->n_bytes, (unsigned long long)n_bytes);
    return F24_OK;
}

static f24_status decode(f24_plan *plan, const payload *p, f24_scratch *scratch,
                         const f24_read_options *options, void *out, f24_error *err)
{
    if (options == NULL)
        options = &default_options;
    if (plan->stream) {
        F24_TRY(read_stream(plan, p, scratch, out, err));
    } else {
        F24_TRY(read_head(plan, p, err));
        F24_TRY(read_fixed(plan, p, scratch, out, err));
    }
    mark_missing(plan, options, out);
    return F24_OK;
}

f24_status f24_describe(const f24_file *file, int64_t index, f24_array *array, f24_error *err)
{
    f24_record record;
    f24_place place;
    f24_field field;
    f24_plan plan;
    uint64_t n_payload = 0;
    f24_status status = find_row(file, index, &record, &place, err);

    if (status == F24_OK)
        status = f24_container_payload_bytes(file->container, &place, &n_payload, err);
    if (status == F24_OK) {
        field = field_of(&record);
        status = f24_codec_plan(&field, n_payload, false, &plan, err);
        if (status != F24_OK && err != NULL)
            err->offset = (int64_t)place.offset;
    }
    if (status != F24_OK)
        return f24_fail_in(err, status, index);
    *array = plan.array;
    return F24_OK;
}

f24_status f24_read(const f24_file *file, int64_t index, const f24_read_options *options, void *out,
                    size_t n_bytes, f24_error *err)
{
    f24_plan plan;
    payload p;
    f24_status status = prepare(file, index, &plan, &p, err);

    if (status == F24_OK)
        status = check_size(&plan.array, n_bytes, err);
    if (status == F24_OK)
        status = decode(&plan, &p, f24_file_scratch(file), options, out, err);
    return status == F24_OK ? F24_OK : f24_fail_in(err, status, index);
}

/* --------------------------------------------------------------------------------- one part --- */

static f24_status check_box(const f24_array *array, const f24_box *box, uint64_t *n_bytes,
                            f24_error *err)
{
    uint64_t n = (uint64_t)array->item_bytes;

    for (int d = 0; d < 3; d++) {
        if (box->start[d] < 0 || box->count[d] < 1 || box->start[d] >= array->shape[d] ||
            box->count[d] > array->shape[d] - box->start[d])
            return f24_fail(
                err, F24_EINVAL, -1,
                "the box leaves the record: %lld points from %lld along %c, which has %lld",
                (long long)box->count[d], (long long)box->start[d], "ijk"[d],
                (long long)array->shape[d]);
        n *= (uint64_t)box->count[d]; /* no more than the array's own size, which fits */
    }
    *n_bytes = n;
    return F24_OK;
}

static int64_t index_of(const f24_array *array, const f24_box *box, int64_t j, int64_t k)
{
    return box->start[0] +
           array->shape[0] * (box->start[1] + j + array->shape[1] * (box->start[2] + k));
}

/* Rows of the box one after the other, reading through short gaps between them. */
static f24_status read_box_fixed(const f24_plan *plan, const payload *p, f24_scratch *scratch,
                                 const f24_box *box, uint8_t *out, f24_error *err)
{
    const f24_array *array = &plan->array;
    const uint64_t row_bytes = (uint64_t)box->count[0] * (uint64_t)array->item_bytes;
    const int64_t last = index_of(array, box, box->count[1] - 1, box->count[2] - 1);
    const uint64_t end = end_of_span(plan, last, box->count[0]);
    const bool read_through =
        (uint64_t)(array->shape[0] - box->count[0]) * plan->width / 8 < READ_THROUGH;
    window w = {{NULL, 0}, 0, 0};
    f24_status status = F24_OK;

    if (p->bytes == NULL)
        F24_TRY(f24_scratch_take(scratch, 2 * BLOCK_BYTES, &w.block, err));
    for (int64_t k = 0; k < box->count[2] && status == F24_OK; k++) {
        for (int64_t j = 0; j < box->count[1] && status == F24_OK; j++) {
            int64_t first = index_of(array, box, j, k);
            uint64_t until = read_through ? end : end_of_span(plan, first, box->count[0]);
            status = unpack_run(plan, p, &w, first, box->count[0], until, out, err);
            out += row_bytes;
        }
    }
    f24_scratch_give(scratch, &w.block);
    return status;
}

static void copy_box(const f24_array *array, const f24_box *box, size_t item, const uint8_t *from,
                     uint8_t *to)
{
    const size_t row_bytes = (size_t)box->count[0] * item;

    for (int64_t k = 0; k < box->count[2]; k++) {
        for (int64_t j = 0; j < box->count[1]; j++) {
            memcpy(to, from + (size_t)index_of(array, box, j, k) * item, row_bytes);
            to += row_bytes;
        }
    }
}

/* Compressed records and those with missing values: all of it, then the part. */
static f24_status read_box_whole(f24_plan *plan, const payload *p, f24_scratch *scratch,
                                 const f24_box *box, const f24_read_options *options, uint8_t *out,
                                 f24_error *err)
{
    f24_read_options whole = options != NULL ? *options : default_options;
    uint8_t *const mask = whole.mask;
    const size_t n_values = (size_t)plan->array.n_values;
    f24_block values = {NULL, 0};
    f24_status status;

    if (plan->array.n_bytes > SIZE_MAX - n_values)
        return f24_fail(err, F24_ENOMEM, -1, "the record is too large for this machine");
    F24_TRY(f24_scratch_take(scratch, (size_t)plan->array.n_bytes + n_values, &values, err));
    if (mask != NULL)
        whole.mask = values.bytes + plan->array.n_bytes;
    status = decode(plan, p, scratch, &whole, values.bytes, err);
    if (status == F24_OK) {
        copy_box(&plan->array, box, (size_t)plan->array.item_bytes, values.bytes, out);
        if (mask != NULL)
            copy_box(&plan->array, box, 1, whole.mask, mask);
    }
    f24_scratch_give(scratch, &values);
    return status;
}

static f24_status read_box(const f24_file *file, int64_t index, const f24_box *box,
                           const f24_read_options *options, void *out, size_t n_bytes,
                           f24_error *err)
{
    f24_plan plan;
    payload p;
    uint64_t wanted = 0;

    F24_TRY(prepare(file, index, &plan, &p, err));
    F24_TRY(check_box(&plan.array, box, &wanted, err));
    if (n_bytes != wanted)
        return f24_fail(err, F24_EINVAL, -1, "the box takes %llu bytes, room was given for %llu",
                        (unsigned long long)wanted, (unsigned long long)n_bytes);
    if (plan.stream || plan.array.has_missing)
        return read_box_whole(&plan, &p, f24_file_scratch(file), box, options, out, err);
    if (options != NULL && options->mask != NULL)
        memset(options->mask, 0, (size_t)(wanted / (uint64_t)plan.array.item_bytes));
    F24_TRY(read_head(&plan, &p, err));
    return read_box_fixed(&plan, &p, f24_file_scratch(file), box, out, err);
}

f24_status f24_read_box(const f24_file *file, int64_t index, const f24_box *box,
                        const f24_read_options *options, void *out, size_t n_bytes, f24_error *err)
{
    f24_status status = read_box(file, index, box, options, out, n_bytes, err);

    return status == F24_OK ? F24_OK : f24_fail_in(err, status, index);
}

/* --------------------------------------------------------------------------------- in place --- */

static f24_status view(const f24_file *file, int64_t index, const void **data, f24_hold **hold,
                       f24_error *err)
{
    f24_plan plan;
    payload p;
    const uint8_t *bytes;
    size_t alignment;

    F24_TRY(prepare(file, index, &plan, &p, err));
    *data = NULL;
    *hold = NULL;
    bytes = f24_source_view(file->source, p.offset, plan.array.n_bytes);
    if (bytes == NULL || plan.stream || plan.array.has_missing || !f24_codec_is_plain(&plan))
        return F24_OK;
    alignment = (size_t)plan.array.item_bytes / (plan.array.kind == F24_COMPLEX ? 2 : 1);
    if ((uintptr_t)bytes % alignment != 0)
        return F24_OK;
    *hold = malloc(sizeof **hold);
    if (*hold == NULL)
        return f24_fail(err, F24_ENOMEM, -1, "no memory for a view");
    (*hold)->source = f24_source_retain(file->source);
    *data = bytes;
    return F24_OK;
}

f24_status f24_view(const f24_file *file, int64_t index, const void **data, f24_hold **hold,
                    f24_error *err)
{
    f24_status status = view(file, index, data, hold, err);

    return status == F24_OK ? F24_OK : f24_fail_in(err, status, index);
}

void f24_hold_release(f24_hold *hold)
{
    if (hold == NULL)
        return;
    f24_source_release(hold->source);
    free(hold);
}

/* ------------------------------------------------------------------------- a record on its own ---
 */

static f24_status stored_plan(const void *bytes, size_t n_bytes, f24_record *record, f24_plan *plan,
                              payload *p, f24_error *err)
{
    const uint8_t *start = bytes;
    f24_stored stored;
    f24_field field;

    F24_TRY(f24_stored_parse(start, n_bytes, &stored, err));
    f24_keys_decode(start + stored.keys, stored.little, record);
    record->n_bytes = n_bytes;
    record->flags = (uint8_t)(record->flags | stored.flags);
    if ((record->flags & F24_FLAG_NEWER) != 0)
        return f24_fail(err, F24_EUNSUPPORTED, 0,
                        "the record was written by a newer version of the format: update fst24");
    field = field_of(record);
    F24_TRY(f24_codec_plan(&field, stored.n_bytes, stored.little, plan, err));
    *p = (payload){NULL, stored.payload, start + stored.payload};
    return F24_OK;
}

f24_status f24_decode_record(const void *stored, size_t n_stored, f24_record *record,
                             f24_array *array, f24_error *err)
{
    f24_record found;
    f24_plan plan;
    payload p;

    F24_TRY(stored_plan(stored, n_stored, &found, &plan, &p, err));
    *record = found;
    *array = plan.array;
    return F24_OK;
}

f24_status f24_decode(const void *stored, size_t n_stored, const f24_read_options *options,
                      void *out, size_t n_bytes, f24_error *err)
{
    f24_scratch scratch;
    f24_record record;
    f24_plan plan;
    payload p;
    f24_status status;

    F24_TRY(stored_plan(stored, n_stored, &record, &plan, &p, err));
    F24_TRY(check_size(&plan.array, n_bytes, err));
    f24_scratch_init(&scratch, 0);
    status = decode(&plan, &p, &scratch, options, out, err);
    f24_scratch_destroy(&scratch);
    return status;
}

f24_status f24_decode_json(const void *stored, size_t n_stored, char *text, size_t capacity,
                           size_t *n_bytes, f24_error *err)
{
    f24_stored parsed;

    F24_TRY(f24_stored_parse(stored, n_stored, &parsed, err));
    if ((parsed.flags & F24_FLAG_JSON) == 0)
        return f24_give_json(NULL, 0, 0, text, capacity, n_bytes, err);
    return f24_give_json((const uint8_t *)stored + parsed.json, parsed.n_json_bytes, parsed.json,
                         text, capacity, n_bytes, err);
}
