/* The entries of RSF files, from directories or by a walk. Facts: docs/format/containers.md, 3. */
#include "container/parts.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <pthread.h>

/* From where on a segment is walked: a record, and the entry that should be its own. */
typedef struct start {
    uint64_t record, entry; /* bytes of the file; entry 0: no directory to ask */
    uint32_t index;         /* of both in the segment */
    uint32_t n_known;       /* so many records from there on are listed already */
} start;

/* A directory being read, or a part of one: entry after entry, of any sizes. */
typedef struct reading {
    const f24_segment *segment;
    f24_window *window;
    f24_batch *batch;
    f24_counts counts;
    int32_t base;         /* file_index of the segment's first entry */
    uint64_t at, end;     /* of the entries in the file */
    const uint8_t *bytes; /* at `at` */
    size_t n_had;
    start sure; /* the last entry that fits into its segment: from there a walk would go on */
} reading;

/* Have `need` bytes of entries at hand. */
static f24_status refill(reading *r, size_t need, f24_error *err)
{
    uint64_t rest = r->end - r->at;

    if (need > rest)
        return f24_fail(err, F24_ECORRUPT, (int64_t)r->at,
                        "an entry leaves the directory at byte %" PRIu64, r->segment->directory);
    F24_TRY(f24_batch_flush(r->batch, err)); /* its keys are in the window */
    F24_TRY(f24_window_at(r->window, r->at, need,
                          rest < F24_WINDOW_FAR ? (size_t)rest : F24_WINDOW_FAR, &r->bytes,
                          &r->n_had, err));
    if (r->n_had > rest)
        r->n_had = (size_t)rest;
    return F24_OK;
}

/* Where the record of an entry lies; false when that cannot be (5). */
static bool place(const f24_segment *segment, const uint8_t *entry, uint16_t meta_words,
                  f24_entry *out)
{
    uint64_t from = f24_word_pair(entry, true), end;
    uint64_t limit = segment->directory - segment->offset;

    out->n_bytes = f24_word_pair(entry + 8, true);
    if (!f24_add(segment->offset, from, &out->offset))
        out->offset = 0;
    return from >= F24_RSF_SOS && f24_add(from, out->n_bytes, &end) && end <= limit &&
           out->n_bytes >= F24_RSF_FRAME + (uint64_t)meta_words * 4 && out->n_bytes % 4 == 0;
}

/* Metadata words 0 and 2 of an ordinary record of today, without JSON (3.2). */
static inline bool is_ordinary(const uint8_t *meta, uint32_t ml)
{
    return ml == 0x00130013u && le32(meta) == 0x00010101u && le32(meta + 8) == 0x01130000u;
}

/*
 * An entry that is not ordinary: *m says what it is. F24_ECORRUPT when its length cannot be
 * believed, and with it the place of the next one.
 */
static f24_status check_entry(const reading *r, const f24_entry *entry, uint16_t n_there,
                              bool placed, f24_rsf_meta *m, f24_error *err)
{
    *m = f24_rsf_meta_at(r->bytes + F24_RSF_ENTRY, n_there, entry->meta_words);
    if (n_there == 0 || n_there > entry->meta_words ||
        (m->kind == F24_RSF_LISTED && n_there < F24_RSF_SEARCH_WORDS))
        return f24_fail(err, F24_ECORRUPT, (int64_t)r->at + 24,
                        "a directory entry has %u words of metadata instead of 19 or more, and its "
                        "record %u",
                        (unsigned)n_there, (unsigned)entry->meta_words);
    if (m->kind == F24_RSF_UNLISTED && !placed)
        return f24_fail(err, F24_ECORRUPT, (int64_t)r->at,
                        "no directory entry where one should be");
    return F24_OK;
}

/* The entry of n_bytes at r->bytes, number `index` of its segment. */
static f24_status take_entry(reading *r, uint32_t ml, size_t n_bytes, uint32_t index,
                             f24_error *err)
{
    const uint8_t *meta = r->bytes + F24_RSF_ENTRY;
    f24_entry entry = {.file_index = r->base + (int32_t)index};
    f24_rsf_meta m = {.kind = F24_RSF_LISTED};
    bool placed;

    entry.meta_words = (uint16_t)(ml & 0xFFFF);
    placed = place(r->segment, r->bytes, entry.meta_words, &entry);
    if (!is_ordinary(meta, ml))
        F24_TRY(check_entry(r, &entry, (uint16_t)((n_bytes - F24_RSF_ENTRY) / 4), placed, &m, err));
    if (placed && m.kind != F24_RSF_DELETED) /* deleted ones may be placed from elsewhere (3.5) */
        r->sure = (start){entry.offset, r->at, index, 1};
    else
        r->sure.n_known++;
    r->counts.n_deleted += m.kind == F24_RSF_DELETED;
    if (m.kind != F24_RSF_LISTED)
        return F24_OK;
    entry.flags = m.flags;
    if (!placed)
        entry.flags |= F24_FLAG_BAD;
    if ((entry.flags & F24_FLAG_BAD) != 0)
        f24_count_misplaced(&r->counts, entry.file_index);
    r->counts.n_records++;
    return f24_batch_add(r->batch, meta + 12, n_bytes, &entry, err);
}

/* The next n entries, the first of which has number `index` in the segment. */
static f24_status take_entries(reading *r, uint32_t n, uint32_t index, f24_error *err)
{
    for (uint32_t i = 0; i < n; i++) {
        uint32_t ml, n_words;
        size_t n_bytes;
        if (r->n_had < F24_RSF_ENTRY)
            F24_TRY(refill(r, F24_RSF_ENTRY, err));
        ml = le32(r->bytes + 24);
        n_words = ml >> 16 != 0 ? ml >> 16 : ml & 0xFFFF;
        n_bytes = F24_RSF_ENTRY + (size_t)n_words * 4;
        if (r->n_had < n_bytes)
            F24_TRY(refill(r, n_bytes, err));
        F24_TRY(take_entry(r, ml, n_bytes, index + i, err));
        r->at += n_bytes;
        r->bytes += n_bytes;
        r->n_had -= n_bytes;
    }
    return f24_batch_flush(r->batch, err);
}

static reading start_reading(f24_container *c, const f24_segment *segment, int32_t base,
                             f24_batch *batch)
{
    uint64_t entries = segment->directory + F24_RSF_DIRECTORY_HEAD;

    return (reading){
        .segment = segment,
        .window = &c->window,
        .batch = batch,
        .base = base,
        .at = entries,
        .end = segment->directory + segment->directory_bytes - F24_RSF_END,
        .sure = {.record = segment->offset + F24_RSF_SOS, .entry = entries},
    };
}

/* What a directory gave counts. */
static void add_counts(f24_container *c, const f24_counts *counts)
{
    if (c->counts.n_misplaced == 0)
        c->counts.first_misplaced = counts->first_misplaced;
    c->counts.n_misplaced += counts->n_misplaced;
    c->counts.n_records += counts->n_records;
    c->counts.n_deleted += counts->n_deleted;
}

/* A directory was read to its end: look at its end mark. */
static f24_status check_end(f24_container *c, const reading *r, f24_error *err)
{
    const uint8_t *bytes;
    f24_rsf_mark mark;

    F24_TRY(f24_window_at(&c->window, r->end, F24_RSF_END, F24_WINDOW_NEAR, &bytes, NULL, err));
    mark = f24_rsf_end_at(bytes);
    if (mark.tag != 0xFF || mark.type != F24_RSF_DIRECTORY ||
        mark.n_bytes != r->segment->directory_bytes)
        f24_warn(c->warnings, F24_ECORRUPT, (int64_t)r->at,
                 "the directory at byte %" PRIu64
                 " does not end where it should: its entries are listed as they are",
                 r->segment->directory);
    return F24_OK;
}

/* -------------------------------------------------------------------------------------- walks */

/*
 * Whether the entry that should be the walk's record's own says that it was deleted; *entry moves
 * on. Its length is that which the record tells, so a damaged entry does not hide the next ones.
 */
static f24_status ask_entry(f24_container *c, const f24_segment *segment, const f24_rsf_walk *walk,
                            uint64_t *entry, bool *gone, f24_error *err)
{
    uint64_t n_bytes = F24_RSF_ENTRY + 4 * (uint64_t)walk->start.dir_words, from;
    const uint8_t *bytes;

    *gone = false;
    if (*entry == 0 || walk->start.dir_words == 0 || n_bytes > segment->entries_end - *entry)
        return F24_OK;
    F24_TRY(
        f24_window_at(&c->window, *entry, F24_RSF_ENTRY + 4, F24_WINDOW_NEAR, &bytes, NULL, err));
    from = f24_word_pair(bytes, true);
    *gone = (from == walk->at - segment->offset || from == walk->at) && /* absolute: 3.5 */
            f24_word_pair(bytes + 8, true) == walk->start.n_bytes &&
            bytes[F24_RSF_ENTRY] == F24_RSF_GONE;
    *entry += n_bytes;
    return F24_OK;
}

/* List the record that a walk has met. */
static f24_status take_record(f24_container *c, const f24_rsf_walk *walk, const uint8_t *keys,
                              const f24_rsf_meta *m, int32_t file_index, f24_batch *batch,
                              f24_error *err)
{
    const f24_entry entry = {.offset = walk->at,
                             .n_bytes = walk->start.n_bytes,
                             .file_index = file_index,
                             .meta_words = walk->start.words,
                             .flags = m->flags};

    if (m->kind == F24_RSF_DELETED)
        c->counts.n_deleted++;
    if (m->kind != F24_RSF_LISTED || walk->n_there < F24_RSF_SEARCH_WORDS)
        return F24_OK;
    c->counts.n_records++;
    return f24_batch_copy(batch, keys, &entry, err);
}

/* Up to n records of a segment, from `from` on. *n_met is how many it has, *at where they end. */
static f24_status scan_walk(f24_container *c, const f24_segment *segment, int32_t base, start from,
                            uint32_t n, f24_batch *batch, uint32_t *n_met, f24_rsf_walk *walk,
                            f24_rsf_met *met, f24_error *err)
{
    uint32_t i = from.index;

    *walk = (f24_rsf_walk){.next = from.record, .end = segment->end};
    while (i < n) {
        uint8_t keys[F24_KEY_WORDS * 4];
        f24_rsf_meta m;
        bool gone;
        F24_TRY(f24_rsf_step(c, walk, met, err));
        if (*met == F24_RSF_CONTROL_MET)
            continue;
        if (*met != F24_RSF_RECORD_MET)
            break; /* where no count was made, or the file changed since */
        m = f24_rsf_meta_at(walk->meta, walk->n_there, walk->start.words);
        if (walk->n_there >= F24_RSF_SEARCH_WORDS)
            memcpy(keys, walk->meta + 12, sizeof keys);
        F24_TRY(ask_entry(c, segment, walk, &from.entry, &gone, err));
        if (gone || walk->start.type == F24_RSF_GONE)
            m.kind = F24_RSF_DELETED;
        if (i - from.index >= from.n_known)
            F24_TRY(take_record(c, walk, keys, &m, base + (int32_t)i, batch, err));
        i++;
    }
    *n_met = i;
    return f24_batch_flush(batch, err);
}

/* A segment without a directory, whose records were counted. */
static f24_status scan_counted(f24_container *c, const f24_segment *segment, int32_t base,
                               f24_batch *batch, f24_error *err)
{
    const start from = {.record = segment->offset + F24_RSF_SOS, .entry = segment->entries};
    f24_rsf_met met = F24_RSF_OVER;
    f24_rsf_walk walk;
    uint32_t n_met;

    return scan_walk(c, segment, base, from, segment->n_entries, batch, &n_met, &walk, &met, err);
}

/* A directory that cannot be read on: the rest of its segment is found by the marks. */
static f24_status walk_the_rest(f24_container *c, const reading *r, const f24_error *why,
                                uint32_t *n_met, f24_error *err)
{
    uint32_t n_most = (uint32_t)(INT32_MAX - r->base), n_taken = r->sure.index + r->sure.n_known;
    f24_segment segment = *r->segment;
    f24_rsf_met met = F24_RSF_OVER;
    f24_rsf_walk walk;

    F24_TRY(f24_batch_flush(r->batch, err)); /* its keys are in the window */
    f24_note_damage(c, why);
    segment.entries = segment.directory + F24_RSF_DIRECTORY_HEAD;
    segment.entries_end = r->end;
    F24_TRY(scan_walk(c, &segment, r->base, r->sure, n_most, r->batch, n_met, &walk, &met, err));
    if (*n_met < n_taken)
        *n_met = n_taken;
    if (met == F24_RSF_TORN && walk.at != segment.directory)
        f24_rsf_tell_torn(c, walk.at);
    return F24_OK;
}

/*
 * Where an entry is damaged the scan goes on by the marks, and *n_indices becomes the number of
 * records that the segment has. That may be more than were counted, for which there is no room
 * between the parts of two threads: then *whole becomes false instead (NULL: there is one thread).
 */
static f24_status scan_directory(f24_container *c, const f24_segment *segment, int32_t base,
                                 f24_batch *batch, uint32_t *n_indices, bool *whole, f24_error *err)
{
    reading r = start_reading(c, segment, base, batch);
    f24_error why = {0};
    f24_status status = take_entries(&r, segment->n_entries, 0, &why);

    if (status == F24_OK && r.at != r.end)
        status = f24_fail(&why, F24_ECORRUPT, (int64_t)r.at,
                          "the %" PRIu32 " entries that the directory at byte %" PRIu64
                          " counts do not fill it",
                          segment->n_entries, segment->directory);
    if (status == F24_ECORRUPT && whole != NULL) {
        *whole = false;
        return F24_OK;
    }
    add_counts(c, &r.counts);
    if (status == F24_OK)
        return check_end(c, &r, err);
    if (status == F24_ECORRUPT)
        return walk_the_rest(c, &r, &why, n_indices, err);
    if (err != NULL)
        *err = why;
    return status;
}

/* ------------------------------------------------------------------------------- two threads */

typedef struct second_half {
    reading r;
    f24_window window;
    uint32_t first, n;
    f24_status status;
    f24_error err;
} second_half;

static void *read_second_half(void *context)
{
    second_half *half = context;

    half->status = take_entries(&half->r, half->n, half->first, &half->err);
    return NULL;
}

/*
 * Read a big directory in two halves. *whole is false when an entry is damaged, or when they are
 * not of one size after all, so that the second half did not start at one: then nothing counts.
 */
static f24_status scan_in_two(f24_container *c, const f24_segment *segment, int32_t base,
                              f24_batch batches[2], bool *whole, f24_error *err)
{
    uint32_t n_first = c->rsf.split_entries;
    reading first = start_reading(c, segment, base, &batches[0]);
    second_half half = {
        .r = start_reading(c, segment, base, &batches[1]),
        .first = n_first,
        .n = segment->n_entries - n_first,
    };
    uint64_t middle = first.at + (uint64_t)n_first * F24_RSF_PLAIN_ENTRY;
    f24_status status;
    pthread_t thread;
    bool apart;

    f24_window_init(&half.window, c->source);
    half.r.window = &half.window;
    half.r.at = middle;
    apart = pthread_create(&thread, NULL, read_second_half, &half) == 0;
    status = take_entries(&first, n_first, 0, err);
    if (apart)
        (void)pthread_join(thread, NULL);
    else
        (void)read_second_half(&half);
    f24_window_free(&half.window);
    if (status == F24_ECORRUPT || (status == F24_OK && first.at != middle)) {
        *whole = false;
        return F24_OK;
    }
    F24_TRY(status);
    *whole = half.status != F24_ECORRUPT && (half.status != F24_OK || half.r.at == half.r.end);
    if (!*whole)
        return F24_OK;
    if (half.status != F24_OK) {
        if (err != NULL)
            *err = half.err;
        return half.status;
    }
    add_counts(c, &first.counts);
    add_counts(c, &half.r.counts);
    return check_end(c, &half.r, err);
}

/* -------------------------------------------------------------------------------------- all */

/* All segments; with `split`, those from the split on go to the second batch if *whole stays true. */
static f24_status scan_segments(f24_container *c, bool split, f24_batch batches[2], bool *whole,
                                f24_error *err)
{
    f24_batch *batch = &batches[0];
    uint64_t base = 0;

    for (size_t i = 0; i < c->rsf.n_segments; i++) {
        const f24_segment *segment = &c->rsf.segments[i];
        uint32_t n = segment->n_entries; /* another number where the directory is damaged */
        if (base + segment->n_entries > INT32_MAX)
            return f24_fail(err, F24_EUNSUPPORTED, (int64_t)segment->offset,
                            "more than 2^31 directory entries");
        if (split && i == c->rsf.split) {
            F24_TRY(scan_in_two(c, segment, (int32_t)base, batches, whole, err));
            batch = &batches[1];
        } else if (segment->directory_bytes != 0) {
            F24_TRY(
                scan_directory(c, segment, (int32_t)base, batch, &n, split ? whole : NULL, err));
        } else {
            F24_TRY(scan_counted(c, segment, (int32_t)base, batch, err));
        }
        if (!*whole)
            return F24_OK;
        base += n;
    }
    return F24_OK;
}

f24_status f24_rsf_scan(f24_container *c, f24_batch batches[2], f24_error *err)
{
    int64_t n_warnings = c->warnings->n;
    bool whole = true;

    F24_TRY(scan_segments(c, c->rsf.split_entries > 0, batches, &whole, err));
    if (whole)
        return F24_OK;
    for (int i = 0; i < 2; i++) { /* once more, in one thread */
        batches[i].run.n = 0;
        batches[i].sink->drop(batches[i].sink->context);
    }
    c->warnings->n = n_warnings;
    c->counts = (f24_counts){0};
    return scan_segments(c, false, batches, &whole, err);
}
