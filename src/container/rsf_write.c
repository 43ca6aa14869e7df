/*
 * Writing RSF files: who writes, and adding records. Facts: docs/format/containers.md, 3.
 *
 * A file that nobody else sees gets one compact segment. In place a writer works in segments that are
 * reserved first (rsf_segment.c), alone or beside others.
 */
#include "container/rsf_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_ALONE ((uint64_t)64 << 20)    /* to begin with; doubled for each further segment */
#define ROOM_SHARED ((uint64_t)1000 << 20) /* as the reference */
#define MOST_WRITERS 0xFFFEu
#define MOST_RECORD_BYTES (UINT64_C(1) << 48) /* (3.9) */
#define MOST_META_WORDS 65535u

/* ----------------------------------------------------------------------------------- who writes */

static f24_status refuse_exclusive(f24_store *store, f24_error *err)
{
    long process = f24_output_other_writer(store->output);

    if (process > 0)
        return f24_fail(
            err, F24_ELOCKED, 0,
            "process %ld has the file open for writing, for itself alone: wait until it "
            "is done, or write another file",
            process);
    return f24_fail(err, F24_ELOCKED, 0,
                    "a writer has the file for itself alone, or died with it; none is seen from "
                    "here: if it died, fst24 repair recovers its records and clears the mark");
}

static f24_status refuse_shared(f24_store *store, unsigned n, f24_error *err)
{
    long process = f24_output_other_writer(store->output);

    if (process > 0)
        return f24_fail(err, F24_ELOCKED, 0,
                        "%u parallel writer%s at work on the file (process %ld): wait, or write in "
                        "parallel, too",
                        n, n == 1 ? " is" : "s are", process);
    return f24_fail(err, F24_ELOCKED, 0,
                    "%u parallel writer%s counted in the file, and none is seen from here: wait, "
                    "write in parallel, too, or, if they died, fst24 repair clears the count",
                    n, n == 1 ? " is" : "s are");
}

static f24_status refuse_writers(f24_store *store, unsigned writers, f24_error *err)
{
    if (writers == F24_RSF_EXCLUSIVE)
        return refuse_exclusive(store, err);
    if (writers > 0 && !f24_rsf_writer_of(store)->shared)
        return refuse_shared(store, writers, err);
    if (writers == MOST_WRITERS)
        return f24_fail(err, F24_ELOCKED, 0,
                        "%u parallel writers are counted in the file: no more "
                        "can be; if they died, fst24 repair clears the count",
                        writers);
    return F24_OK;
}

/* The first mark of the file, whose middle bytes tell who writes (3.1). */
static f24_status write_writers(f24_store *store, unsigned writers, f24_error *err)
{
    uint8_t bytes[4];

    put_le32(bytes, 0xFEu << 24 | writers << 8 | F24_RSF_SEGMENT_START);
    return f24_output_write(store->output, 0, bytes, sizeof bytes, err);
}

static f24_status read_writers(f24_store *store, unsigned *writers, f24_error *err)
{
    uint8_t bytes[F24_RSF_SOS];
    f24_rsf_head head;

    F24_TRY(f24_output_read(store->output, 0, bytes, sizeof bytes, err));
    head = f24_rsf_head_at(bytes);
    if (!head.is_one || head.damaged)
        return f24_fail(err, F24_ECORRUPT, 0,
                        "the file has no start of an RSF file (another program made or changed it "
                        "just now)");
    *writers = head.writers;
    return F24_OK;
}

/* What is said of us in segment 0 when `others` write, too. */
static unsigned with_us(const f24_store *store, unsigned others)
{
    if (!f24_output_in_place(store->output))
        return others;
    return f24_rsf_writer_of(store)->shared ? others + 1 : F24_RSF_EXCLUSIVE;
}

/* The file is locked, when others may see it. */
static f24_status join_locked(f24_store *store, f24_error *err)
{
    uint8_t first[F24_RSF_SEGMENT_MIN];
    unsigned others = 0;
    uint64_t size = 0;
    f24_status status;

    F24_TRY(f24_output_size(store->output, &size, err));
    if (size == 0) {
        f24_rsf_put_first_segment(first, (uint16_t)with_us(store, 0));
        return f24_output_write(store->output, 0, first, sizeof first, err);
    }
    F24_TRY(read_writers(store, &others, err));
    F24_TRY(refuse_writers(store, others, err));
    if (others > 0)
        F24_TRY(f24_rsf_drop_begun(store, &size, err));
    else /* beside others the reader would warn of segments that are being written */
        F24_TRY(f24_store_check_whole(store, NULL, err));
    F24_TRY(f24_rsf_list(store, size, others > 0, err));
    status = write_writers(store, with_us(store, others), err);
    if (status != F24_OK)
        (void)write_writers(store, others, NULL);
    return status;
}

/*
 * The file is locked. A mark that is no longer what we made of it (somebody cleared it by force) is not
 * ours to change.
 */
static f24_status leave_locked(f24_store *store, f24_error *err)
{
    unsigned writers = 0;

    F24_TRY(read_writers(store, &writers, err));
    if (!f24_rsf_writer_of(store)->shared && writers == F24_RSF_EXCLUSIVE)
        return write_writers(store, 0, err);
    if (f24_rsf_writer_of(store)->shared && writers > 0 && writers != F24_RSF_EXCLUSIVE)
        return write_writers(store, writers - 1, err);
    return F24_OK;
}

static f24_status join(f24_store *store, f24_error *err)
{
    f24_status status;

    if (!f24_output_in_place(store->output))
        return join_locked(store, err);
    F24_TRY(f24_output_lock(store->output, err));
    status = join_locked(store, err);
    f24_output_unlock(store->output);
    return status;
}

static f24_status leave(f24_store *store, f24_error *err)
{
    f24_status status;

    F24_TRY(f24_output_lock(store->output, err));
    status = leave_locked(store, err);
    f24_output_unlock(store->output);
    return status;
}

static f24_status begin(f24_store *store, f24_error *err)
{
    const f24_store_options *options = &store->options;
    f24_rsf_writer *w = calloc(1, sizeof *w);

    if (w == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot begin to write");
    store->own = w;
    w->shared = options->parallel && f24_output_in_place(store->output);
    w->room = options->parallel ? ROOM_SHARED : ROOM_ALONE;
    if (options->segment_bytes > 0)
        w->room = options->segment_bytes;
    if (!f24_output_in_place(store->output))
        w->top = UINT64_MAX;
    f24_rsf_no_entries(w);
    return join(store, err);
}

/*
 * A segment that could not be closed keeps its mark in segment 0: nobody writes to the file before it is
 * repaired.
 */
static f24_status finish(f24_store *store, f24_error *err)
{
    F24_TRY(f24_rsf_close_segment(store, F24_RSF_REST_FREE, err));
    if (!f24_output_in_place(store->output))
        return F24_OK;
    F24_TRY(leave(store, err));
    return store->options.sync ? f24_output_sync(store->output, err) : F24_OK;
}

static void release(f24_store *store)
{
    f24_rsf_writer *w = store->own;

    if (w == NULL)
        return;
    free(w->directory);
    free(w->places);
    free(w);
}

static f24_status flush(f24_store *store, f24_error *err)
{
    if (!f24_output_in_place(store->output))
        return F24_OK;
    F24_TRY(f24_rsf_close_segment(store, F24_RSF_REST_OPEN, err));
    return store->options.sync ? f24_output_sync(store->output, err) : F24_OK;
}

/* ---------------------------------------------------------------------------------------- add */

f24_status f24_rsf_check(const f24_store *store, const f24_addition *record, f24_error *err)
{
    (void)store;
    if (record->n_json > 4 * (MOST_META_WORDS - F24_RSF_SEARCH_WORDS) - 1)
        return f24_fail(err, F24_EENCODING, -1,
                        "extended metadata of %zu bytes: RSF keeps %u at most", record->n_json,
                        4 * (MOST_META_WORDS - F24_RSF_SEARCH_WORDS) - 1);
    if (record->n_json > 0 && memchr(record->json, '\0', record->n_json) != NULL)
        return f24_fail(err, F24_EENCODING, -1,
                        "extended metadata end at a NUL byte: write it as \\u0000 in JSON");
    if ((record->n_payload + record->n_zeros) % 4 != 0)
        return f24_fail(err, F24_EINVAL, -1, "a payload has a multiple of 4 bytes, not %" PRIu64,
                        record->n_payload + record->n_zeros);
    if (record->n_payload >= MOST_RECORD_BYTES - F24_RSF_FRAME - 4 * MOST_META_WORDS)
        return f24_fail(err, F24_EENCODING, -1,
                        "a record of %" PRIu64 " bytes: RSF keeps less than 2^48",
                        record->n_payload);
    return F24_OK;
}

/* Memory for one more entry of n_entry bytes, and for all that follows the entries on disk. */
static f24_status reserve_entry(f24_store *store, size_t n_entry, f24_error *err)
{
    f24_rsf_writer *w = f24_rsf_writer_of(store);
    size_t need = w->n_bytes + n_entry + F24_RSF_TAIL, n = store->n_slots - w->first;

    if (need > w->capacity) {
        size_t capacity = need + need / 2 + 4096;
        uint8_t *directory = realloc(w->directory, capacity);
        if (directory == NULL)
            return f24_fail_errno(err, ENOMEM, -1, "cannot note one more record");
        w->directory = directory;
        w->capacity = capacity;
    }
    if (n >= w->n_places) {
        size_t n_places = n + n / 2 + 64;
        size_t *places = realloc(w->places, n_places * sizeof *places);
        if (places == NULL)
            return f24_fail_errno(err, ENOMEM, -1, "cannot note one more record");
        w->places = places;
        w->n_places = n_places;
    }
    return F24_OK;
}

/* The entry of a record that goes to w->end, in room that was made for it behind the others (3.3). */
static void put_entry(f24_rsf_writer *w, const f24_addition *record, uint64_t n_record,
                      uint16_t n_words)
{
    uint8_t *entry = w->directory + w->n_bytes, *meta = entry + F24_RSF_ENTRY;
    size_t n_json_words = f24_rsf_json_words(record->n_json);

    memset(entry, 0, F24_RSF_ENTRY);
    put_word_pair(entry, w->end - w->segment);
    put_word_pair(entry + 8, n_record);
    put_le32(entry + 24, (uint32_t)n_words << 16 | n_words);
    put_le32(meta, 1u << 16 | 1u << 8 | F24_RSF_DATA); /* RSF version, class, type */
    put_le32(meta + 4, 0);
    put_le32(meta + 8, 1u << 24 | F24_RSF_SEARCH_WORDS << 16 | (uint32_t)n_json_words);
    for (size_t i = 0; i < F24_KEY_WORDS; i++)
        put_le32(meta + F24_RSF_KEYS + 4 * i, record->keys[i]);
    if (n_json_words > 0) {
        uint8_t *text = meta + F24_RSF_KEYS + F24_RSF_KEY_BYTES;
        put_le32(text + 4 * (n_json_words - 1), 0); /* the NUL and what fills the last word */
        memcpy(text, record->json, record->n_json);
    }
}

static f24_status write_record(f24_store *store, const f24_addition *record, f24_rsf_mark mark,
                               f24_error *err)
{
    f24_rsf_writer *w = f24_rsf_writer_of(store);
    static const uint8_t zeros[F24_MOST_ZEROS];
    uint8_t start[F24_RSF_START], end[F24_RSF_END];
    struct iovec pieces[F24_OUTPUT_PIECES] = {
        {start, sizeof start},
        {w->directory + w->n_bytes + F24_RSF_ENTRY, (size_t)mark.words * 4},
        {(void *)(uintptr_t)record->payload, (size_t)record->n_payload},
        {(void *)(uintptr_t)zeros, record->n_zeros},
        {end, sizeof end},
    };

    f24_rsf_put_start(start, mark, 4);
    f24_rsf_put_end(end, mark);
    return f24_output_write_pieces(store->output, w->end, pieces, F24_OUTPUT_PIECES, err);
}

static void note_record(f24_store *store, const f24_addition *record, f24_rsf_mark mark)
{
    f24_rsf_writer *w = f24_rsf_writer_of(store);
    f24_slot *slot;

    w->places[store->n_slots - w->first] = w->n_bytes;
    slot = f24_store_take_slot(store);
    slot->offset = w->end;
    slot->n_bytes = mark.n_bytes;
    memcpy(slot->keys, record->keys, sizeof slot->keys);
    slot->meta_words = mark.words;
    slot->flags = record->n_json > 0 ? F24_FLAG_JSON : 0;
    slot->live = true;
    w->n_bytes += F24_RSF_ENTRY + (size_t)mark.words * 4;
    w->end += mark.n_bytes;
}

static f24_status add(f24_store *store, const f24_addition *record, f24_error *err)
{
    uint16_t n_words = (uint16_t)(F24_RSF_SEARCH_WORDS + f24_rsf_json_words(record->n_json));
    size_t n_entry = F24_RSF_ENTRY + (size_t)n_words * 4;
    const f24_rsf_mark mark = {
        .type = F24_RSF_DATA,
        .words = n_words,
        .n_bytes = F24_RSF_FRAME + (uint64_t)n_words * 4 + record->n_payload + record->n_zeros,
        .dir_words = n_words,
    };
    f24_status status;

    if (store->n_slots >= INT32_MAX)
        return f24_fail(err, F24_EENCODING, -1,
                        "the file has 2^31 entries: write to another one, or copy it without its "
                        "deleted records (fst24 cp)");
    F24_TRY(f24_rsf_make_room(store, mark.n_bytes, n_entry, err));
    F24_TRY(reserve_entry(store, n_entry, err));
    put_entry(f24_rsf_writer_of(store), record, mark.n_bytes, n_words);
    status = write_record(store, record, mark, err);
    if (status != F24_OK) {
        f24_rsf_undo_record(store);
        return status;
    }
    note_record(store, record, mark);
    return F24_OK;
}

const f24_store_ops f24_rsf_store = {begin,        f24_rsf_check, add,    f24_rsf_remove,
                                     f24_rsf_edit, flush,         finish, release};
