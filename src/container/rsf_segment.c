/*
 * The segments that a writer makes: reserved as holes, so that the file ends with a whole end of segment
 * at any moment, and cut to size when they are closed. Facts: docs/format/containers.md, 3.7 and 3.10.
 */
#include "container/rsf_parts.h"

#include <inttypes.h>
#include <string.h>

#define MIB ((uint64_t)1 << 20)
#define MOST_ROOM (1000 * MIB)   /* what the reference reserves at a time */
#define MOST_ASKED (MIB << 40)   /* 2^60: sums with it stay below 2^63, the largest file */
#define ALLOCATE_AHEAD (4 * MIB) /* blocks that are asked for at a time */
#define BEGUN (F24_RSF_SOS + F24_RSF_EOS_LOW)
#define VDIR_AT 44                 /* byte of vdir in a start of segment */
#define AROUND ((uint64_t)8 << 10) /* marks and ends of a segment, twice, rounded up generously */

static bool is_bounded(const f24_rsf_writer *w)
{
    return w->top != UINT64_MAX;
}

/* ------------------------------------------------------------------------------------- reserve */

/* The file must end with the end of a segment (3.6): else another one behind it would not be found. */
static f24_status check_file_end(f24_store *store, uint64_t size, f24_error *err)
{
    uint8_t bytes[F24_RSF_EOS_HIGH] = {0};

    if (size >= sizeof bytes)
        F24_TRY(f24_output_read(store->output, size - sizeof bytes, bytes, sizeof bytes, err));
    if (!f24_rsf_is_eos_high(bytes))
        return f24_fail(err, F24_ECORRUPT, (int64_t)size,
                        "the file does not end with the end of a segment: a writer died while it "
                        "began one (fst24 repair makes a whole file of it)");
    return F24_OK;
}

/* Whether bytes are what write_reserved writes first, of a segment that has nothing else. */
static bool is_begun(const uint8_t *bytes)
{
    f24_rsf_head head = f24_rsf_head_at(bytes);
    f24_rsf_mark end = f24_rsf_start_at(bytes + F24_RSF_SOS);

    return head.is_one && !head.damaged && head.ends && head.ours && head.seg == 0 &&
           head.sseg > F24_RSF_SEGMENT_MIN && end.type == F24_RSF_SEGMENT_END && end.tag == 0xFE &&
           end.n_bytes == head.sseg - F24_RSF_SOS;
}

f24_status f24_rsf_drop_begun(f24_store *store, uint64_t *size, f24_error *err)
{
    uint8_t bytes[F24_RSF_EOS_HIGH + BEGUN];

    if (*size < F24_RSF_SEGMENT_MIN + BEGUN)
        return F24_OK;
    F24_TRY(f24_output_read(store->output, *size - sizeof bytes, bytes, sizeof bytes, err));
    if (!f24_rsf_is_eos_high(bytes) || !is_begun(bytes + F24_RSF_EOS_HIGH))
        return F24_OK;
    F24_TRY(f24_output_resize(store->output, *size - BEGUN, err));
    *size -= BEGUN;
    return F24_OK;
}

/*
 * The start goes first: between the two writes readers meet a last segment that is longer than the file,
 * which they pass over; the other way round they would meet nothing where a segment should be.
 */
static f24_status write_reserved(f24_store *store, uint64_t start, uint64_t top, f24_error *err)
{
    const f24_rsf_sizes sizes = {.sseg = top - start};
    uint64_t n_end = top - start - F24_RSF_SOS;
    uint8_t head[BEGUN], tail[F24_RSF_EOS_HIGH];

    f24_rsf_put_sos(head, F24_RSF_SEARCH_WORDS, false, &sizes);
    f24_rsf_put_eos_low(head + F24_RSF_SOS, n_end, 0);
    f24_rsf_put_eos_high(tail, n_end, 0, &sizes);
    F24_TRY(f24_output_write(store->output, start, head, sizeof head, err));
    return f24_output_write(store->output, top - sizeof tail, tail, sizeof tail, err);
}

/* Ends are 1 MiB aligned. */
static uint64_t top_of(uint64_t start, uint64_t room)
{
    return ((start + room - 1) | (MIB - 1)) + 1;
}

/* Reserve up to *top, or less where the system does not let files grow so large; n_bytes at least. */
static f24_status reserve_from(f24_store *store, uint64_t start, uint64_t n_bytes, uint64_t *top,
                               f24_error *err)
{
    uint64_t least = top_of(start, n_bytes);
    f24_status status = write_reserved(store, start, *top, err);

    if (status != F24_OK && least < *top) {
        *top = least;
        F24_TRY(f24_output_resize(store->output, start, err));
        status = write_reserved(store, start, *top, err);
    }
    if (status != F24_OK)
        (void)f24_output_resize(store->output, start, NULL);
    return status;
}

/* A segment at the end of the file with room for n_bytes; the file is locked. */
static f24_status reserve_locked(f24_store *store, uint64_t n_bytes, f24_error *err)
{
    f24_rsf_writer *w = f24_rsf_writer_of(store);
    uint64_t room = w->room < MOST_ASKED ? w->room : MOST_ASKED;
    uint64_t start = 0, top;

    if (room < n_bytes)
        room = n_bytes;
    F24_TRY(f24_output_size(store->output, &start, err));
    F24_TRY(f24_rsf_drop_begun(store, &start, err));
    F24_TRY(check_file_end(store, start, err));
    top = top_of(start, room);
    F24_TRY(reserve_from(store, start, n_bytes, &top, err));
    w->segment = start;
    w->top = top;
    w->allocated = start + F24_RSF_SOS + F24_RSF_EOS_LOW;
    return F24_OK;
}

static f24_status reserve(f24_store *store, uint64_t n_bytes, f24_error *err)
{
    f24_rsf_writer *w = f24_rsf_writer_of(store);
    f24_status status;

    if (!is_bounded(w)) {
        F24_TRY(f24_output_size(store->output, &w->segment, err));
    } else {
        F24_TRY(f24_output_lock(store->output, err));
        status = reserve_locked(store, n_bytes, err);
        f24_output_unlock(store->output);
        F24_TRY(status);
    }
    w->end = w->segment + F24_RSF_SOS;
    w->first = store->n_slots;
    f24_rsf_no_entries(w);
    /* A writer alone begins small and doubles: few segments for a long file, no great hole for a short
     * one. */
    if (store->options.segment_bytes == 0 && w->room < MOST_ROOM)
        w->room = 2 * w->room < MOST_ROOM ? 2 * w->room : MOST_ROOM;
    return F24_OK;
}

/* Blocks for the bytes up to `until`: a full disk is met here, while the segment can still be closed. */
static f24_status allocate(f24_store *store, uint64_t until, f24_error *err)
{
    f24_rsf_writer *w = f24_rsf_writer_of(store);
    uint64_t from = w->allocated > w->end ? w->allocated : w->end;
    uint64_t ahead = until + ALLOCATE_AHEAD < w->top ? until + ALLOCATE_AHEAD : w->top;

    if (until <= w->allocated)
        return F24_OK;
    if (f24_output_allocate(store->output, from, ahead - from, NULL) == F24_OK) {
        w->allocated = ahead;
        return F24_OK;
    }
    F24_TRY(f24_output_allocate(store->output, from, until - from, err));
    w->allocated = until;
    return F24_OK;
}

f24_status f24_rsf_make_room(f24_store *store, uint64_t n_record, uint64_t n_entry, f24_error *err)
{
    f24_rsf_writer *w = f24_rsf_writer_of(store);
    uint64_t n_after = n_record + w->n_bytes + n_entry + F24_RSF_TAIL + F24_RSF_EOS_HIGH;

    if (w->segment != 0 && is_bounded(w) && n_after > w->top - w->end)
        F24_TRY(f24_rsf_close_segment(store, F24_RSF_REST_FREE, err));
    if (w->segment == 0) {
        F24_TRY(reserve(store, n_record + n_entry + AROUND, err));
        n_after = n_record + w->n_bytes + n_entry + F24_RSF_TAIL + F24_RSF_EOS_HIGH;
    }
    return allocate(store, w->end + n_after, err);
}

void f24_rsf_undo_record(f24_store *store)
{
    f24_rsf_writer *w = f24_rsf_writer_of(store);
    uint8_t bytes[F24_RSF_EOS_LOW] = {0}; /* zeros: reserved, not written */
    uint64_t n_end = w->top - w->segment - F24_RSF_SOS;

    if (!is_bounded(w))
        return;
    if (w->end == w->segment + F24_RSF_SOS)
        f24_rsf_put_eos_low(bytes, n_end, 0);
    (void)f24_output_write(store->output, w->end, bytes, sizeof bytes, NULL);
}

/* --------------------------------------------------------------------------------------- close */

/* Give back the end of the file from `from` on, when it is ours up to the end. */
static f24_status cut_rest(f24_store *store, uint64_t from, uint64_t top, f24_error *err)
{
    f24_status status;
    uint64_t size = 0;

    F24_TRY(f24_output_lock(store->output, err));
    status = f24_output_size(store->output, &size, err);
    if (status == F24_OK && size == top)
        status = f24_output_resize(store->output, from, err);
    f24_output_unlock(store->output);
    return status;
}

/* What stands in front of the rest of a segment from `start` to `top`: SOS and the first part of EOS. */
static void put_rest(uint8_t *at, uint64_t start, uint64_t top, f24_rsf_rest rest)
{
    const f24_rsf_sizes sizes = {.sseg = top - start};
    bool spare = rest == F24_RSF_REST_FREE;

    f24_rsf_put_sos(at, spare ? 0 : F24_RSF_SEARCH_WORDS, spare, &sizes);
    f24_rsf_put_eos_low(at + F24_RSF_SOS, top - start - F24_RSF_SOS, 0);
}

/* The second part of EOS at `top` for the rest that starts at `start`. */
static f24_status write_rest_end(f24_store *store, uint64_t start, uint64_t top, f24_error *err)
{
    const f24_rsf_sizes sizes = {.sseg = top - start};
    uint8_t tail[F24_RSF_EOS_HIGH];

    f24_rsf_put_eos_high(tail, top - start - F24_RSF_SOS, 0, &sizes);
    return f24_output_write(store->output, top - sizeof tail, tail, sizeof tail, err);
}

/* A segment without a record becomes free space. */
static f24_status free_segment(f24_store *store, f24_error *err)
{
    f24_rsf_writer *w = f24_rsf_writer_of(store);
    uint8_t head[F24_RSF_SOS + F24_RSF_EOS_LOW];
    uint64_t start = w->segment;

    put_rest(head, start, w->top, F24_RSF_REST_FREE);
    F24_TRY(f24_output_write(store->output, start, head, sizeof head, err));
    w->segment = 0;
    return cut_rest(store, start, w->top, err);
}

/* Complete the directory in memory with its head and its end mark. */
static void finish_directory(f24_store *store)
{
    f24_rsf_writer *w = f24_rsf_writer_of(store);
    const f24_rsf_mark mark = {
        .type = F24_RSF_DIRECTORY,
        .words = 1,
        .n_bytes = w->n_bytes + F24_RSF_END,
    };

    f24_rsf_put_start(w->directory, mark, 0);
    put_le32(w->directory + F24_RSF_START, (uint32_t)(store->n_slots - w->first));
    f24_rsf_put_end(w->directory + w->n_bytes, mark);
}

/*
 * The sizes in the start of the segment make readers see its directory. A write can be cut where a page of
 * memory ends, which may be within a start: the place of the directory goes first, so that whoever
 * believes the rest finds it. Until then a segment without `seg` is an open one.
 */
static f24_status write_sizes(f24_store *store, const f24_rsf_sizes *sizes, f24_error *err)
{
    const f24_rsf_writer *w = f24_rsf_writer_of(store);
    uint8_t head[F24_RSF_SOS];

    f24_rsf_put_sos(head, 0, false, sizes);
    F24_TRY(f24_output_write(store->output, w->segment + VDIR_AT, head + VDIR_AT,
                             sizeof head - VDIR_AT, err));
    return f24_output_write(store->output, w->segment, head, VDIR_AT, err);
}

/* All that follows the records, then the sizes. */
static f24_status write_end(f24_store *store, const f24_rsf_sizes *sizes, f24_rsf_rest rest,
                            f24_error *err)
{
    f24_rsf_writer *w = f24_rsf_writer_of(store);
    size_t n_bytes = w->n_bytes + F24_RSF_END + F24_RSF_EOS;
    uint64_t start = w->segment + sizes->sseg;
    bool sync = store->options.sync && is_bounded(w);

    finish_directory(store);
    f24_rsf_put_eos(w->directory + w->n_bytes + F24_RSF_END, F24_RSF_SEARCH_WORDS, sizes);
    if (is_bounded(w)) {
        put_rest(w->directory + n_bytes, start, w->top, rest);
        n_bytes += F24_RSF_SOS + F24_RSF_EOS_LOW;
    }
    F24_TRY(f24_output_write(store->output, w->end, w->directory, n_bytes, err));
    if (is_bounded(w))
        F24_TRY(write_rest_end(store, start, w->top, err));
    else /* a failed record may lie behind, and blocks that were set aside */
        F24_TRY(f24_output_resize(store->output, start, err));
    if (sync)
        F24_TRY(f24_output_sync(store->output, err));
    return write_sizes(store, sizes, err);
}

/* The records of the segment are in a directory now. */
static void note_entries(f24_store *store)
{
    f24_rsf_writer *w = f24_rsf_writer_of(store);

    for (size_t i = w->first; i < store->n_slots; i++)
        store->slots[i].entry = w->end + w->places[i - w->first];
}

f24_status f24_rsf_close_segment(f24_store *store, f24_rsf_rest rest, f24_error *err)
{
    f24_rsf_writer *w = f24_rsf_writer_of(store);
    f24_rsf_sizes sizes;
    uint64_t start;

    if (w->segment == 0)
        return F24_OK;
    if (store->n_slots == w->first && is_bounded(w))
        return rest == F24_RSF_REST_OPEN ? F24_OK : free_segment(store, err);
    sizes.vdir = w->end - w->segment;
    sizes.vdirs = w->n_bytes + F24_RSF_END;
    sizes.seg = sizes.vdir + sizes.vdirs;
    sizes.sseg = sizes.seg + F24_RSF_EOS;
    start = w->segment + sizes.sseg;
    F24_TRY(write_end(store, &sizes, rest, err));
    note_entries(store);
    f24_rsf_no_entries(w);
    w->first = store->n_slots;
    w->segment = rest == F24_RSF_REST_OPEN ? start : 0;
    w->end = start + F24_RSF_SOS;
    if (rest == F24_RSF_REST_FREE && is_bounded(w))
        return cut_rest(store, start, w->top, err);
    return F24_OK;
}
