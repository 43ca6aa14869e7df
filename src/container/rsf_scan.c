/* The entries of RSF files, from directories or by a walk. Facts: docs/format/containers.md, 3. */
#include "container/parts.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <pthread.h>

/* A directory being read, or a part of one: entry after entry, of any sizes. */
typedef struct reading {
    const f24_segment *segment;
    f24_window *window;
    f24_batch *batch;
    f24_counts counts;
    uint64_t at, end;     /* of the entries in the file */
    const uint8_t *bytes; /* at `at` */
    size_t n_had;
} reading;

/* Have `need` bytes of entries at hand. */
static f24_status refill(reading *r, size_t need, f24_error *err)
{
    uint64_t rest = r->end - r->at;

    if (need > rest)
        return f24_fail(err, F24_ECORRUPT, (int64_t)r->at,
                        "an entry leaves the directory at byte %" PRIu64
                        ": `fst24 repair` can rebuild it",
                        r->segment->directory);
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

/* The entry of n_bytes at r->bytes. */
static f24_status take_entry(reading *r, uint32_t ml, size_t n_bytes, int32_t file_index,
                             f24_error *err)
{
    const uint8_t *meta = r->bytes + F24_RSF_ENTRY;
    f24_entry entry = {.file_index = file_index, .meta_words = (uint16_t)ml};

    if (!is_ordinary(meta, ml)) {
        uint16_t n_there = (uint16_t)((n_bytes - F24_RSF_ENTRY) / 4);
        f24_rsf_meta m = f24_rsf_meta_at(meta, n_there, entry.meta_words);
        r->counts.n_deleted += m.kind == F24_RSF_DELETED;
        if (n_there == 0 || (m.kind == F24_RSF_LISTED && n_there < F24_RSF_SEARCH_WORDS))
            return f24_fail(err, F24_ECORRUPT, (int64_t)r->at + 24,
                            "a directory entry has %u words of metadata instead of 19 or more: "
                            "`fst24 repair` can rebuild the directory",
                            (unsigned)n_there);
        if (m.kind != F24_RSF_LISTED)
            return F24_OK;
        entry.flags = m.flags;
    }
    if (!place(r->segment, r->bytes, entry.meta_words, &entry))
        entry.flags |= F24_FLAG_BAD;
    if ((entry.flags & F24_FLAG_BAD) != 0)
        f24_count_misplaced(&r->counts, file_index);
    r->counts.n_records++;
    return f24_batch_add(r->batch, meta + 12, n_bytes, &entry, err);
}

/* The next n entries, the first of which has number file_index. */
static f24_status take_entries(reading *r, uint32_t n, int32_t file_index, f24_error *err)
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
        F24_TRY(take_entry(r, ml, n_bytes, file_index + (int32_t)i, err));
        r->at += n_bytes;
        r->bytes += n_bytes;
        r->n_had -= n_bytes;
    }
    return f24_batch_flush(r->batch, err);
}

static reading start_reading(f24_container *c, const f24_segment *segment, f24_batch *batch)
{
    return (reading){
        .segment = segment,
        .window = &c->window,
        .batch = batch,
        .at = segment->directory + F24_RSF_DIRECTORY_HEAD,
        .end = segment->directory + segment->directory_bytes - F24_RSF_END,
    };
}

/* A directory was read to its end: count what it gave, and look at its end mark. */
static f24_status finish(f24_container *c, const reading *r, f24_error *err)
{
    const uint8_t *bytes;
    f24_rsf_mark mark;

    if (c->counts.n_misplaced == 0)
        c->counts.first_misplaced = r->counts.first_misplaced;
    c->counts.n_misplaced += r->counts.n_misplaced;
    c->counts.n_records += r->counts.n_records;
    c->counts.n_deleted += r->counts.n_deleted;
    F24_TRY(f24_window_at(&c->window, r->end, F24_RSF_END, F24_WINDOW_NEAR, &bytes, NULL, err));
    mark = f24_rsf_end_at(bytes);
    if (r->at != r->end || mark.tag != 0xFF || mark.type != F24_RSF_DIRECTORY ||
        mark.n_bytes != r->segment->directory_bytes)
        f24_warn(c->warnings, F24_ECORRUPT, (int64_t)r->at,
                 "the directory at byte %" PRIu64
                 " does not end where it should: its entries are listed as they are",
                 r->segment->directory);
    return F24_OK;
}

static f24_status scan_directory(f24_container *c, const f24_segment *segment, int32_t base,
                                 f24_batch *batch, f24_error *err)
{
    reading r = start_reading(c, segment, batch);

    F24_TRY(take_entries(&r, segment->n_entries, base, err));
    return finish(c, &r, err);
}

/* ------------------------------------------------------------------------------- two threads */

typedef struct second_half {
    reading r;
    f24_window window;
    uint32_t n;
    int32_t base;
    f24_status status;
    f24_error err;
} second_half;

static void *read_second_half(void *context)
{
    second_half *half = context;

    half->status = take_entries(&half->r, half->n, half->base, &half->err);
    return NULL;
}

/*
 * Read a big directory in two halves. *uniform is false when its entries are not of one size after
 * all, so that the second half did not start at an entry: then nothing counts.
 */
static f24_status scan_in_two(f24_container *c, const f24_segment *segment, int32_t base,
                              f24_batch batches[2], bool *uniform, f24_error *err)
{
    uint32_t n_first = c->rsf.split_entries;
    reading first = start_reading(c, segment, &batches[0]);
    second_half half = {
        .r = start_reading(c, segment, &batches[1]),
        .n = segment->n_entries - n_first,
        .base = base + (int32_t)n_first,
    };
    uint64_t middle = first.at + (uint64_t)n_first * F24_RSF_PLAIN_ENTRY;
    f24_status status;
    pthread_t thread;
    bool apart;

    f24_window_init(&half.window, c->source);
    half.r.window = &half.window;
    half.r.at = middle;
    apart = pthread_create(&thread, NULL, read_second_half, &half) == 0;
    status = take_entries(&first, n_first, base, err);
    if (apart)
        (void)pthread_join(thread, NULL);
    else
        (void)read_second_half(&half);
    f24_window_free(&half.window);
    *uniform = first.at == middle;
    if (status != F24_OK || !*uniform)
        return status;
    if (half.status != F24_OK) {
        if (err != NULL)
            *err = half.err;
        return half.status;
    }
    half.r.counts.n_records += first.counts.n_records;
    half.r.counts.n_deleted += first.counts.n_deleted;
    if (first.counts.n_misplaced > 0)
        half.r.counts.first_misplaced = first.counts.first_misplaced;
    half.r.counts.n_misplaced += first.counts.n_misplaced;
    return finish(c, &half.r, err);
}

/* -------------------------------------------------------------------------------------- all */

static f24_status scan_walk(f24_container *c, const f24_segment *segment, int32_t base,
                            f24_batch *batch, f24_error *err)
{
    f24_rsf_walk walk = {.next = segment->offset + F24_RSF_SOS, .end = segment->end};

    for (uint32_t i = 0; i < segment->n_entries;) {
        f24_entry entry = {.file_index = base + (int32_t)i};
        f24_rsf_met met = F24_RSF_OVER;
        f24_rsf_meta m;
        F24_TRY(f24_rsf_step(c, &walk, &met, err));
        if (met == F24_RSF_CONTROL_MET)
            continue;
        if (met != F24_RSF_RECORD_MET)
            break; /* the file changed since it was counted */
        i++;
        m = f24_rsf_meta_at(walk.meta, walk.n_there, walk.start.words);
        if (walk.start.type == F24_RSF_GONE || m.kind == F24_RSF_DELETED)
            c->counts.n_deleted++;
        if (walk.start.type == F24_RSF_GONE || m.kind != F24_RSF_LISTED ||
            walk.n_there < F24_RSF_SEARCH_WORDS)
            continue;
        entry.offset = walk.at;
        entry.n_bytes = walk.start.n_bytes;
        entry.meta_words = walk.start.words;
        entry.flags = m.flags;
        c->counts.n_records++;
        F24_TRY(f24_batch_copy(batch, walk.meta + 12, &entry, err));
    }
    return f24_batch_flush(batch, err);
}

/* All segments; with `split`, those from the split on go to the second batch. */
static f24_status scan_segments(f24_container *c, bool split, f24_batch batches[2], bool *uniform,
                                f24_error *err)
{
    f24_batch *batch = &batches[0];
    uint64_t base = 0;

    for (size_t i = 0; i < c->rsf.n_segments; i++) {
        const f24_segment *segment = &c->rsf.segments[i];
        if (base + segment->n_entries > INT32_MAX)
            return f24_fail(err, F24_EUNSUPPORTED, (int64_t)segment->offset,
                            "more than 2^31 directory entries");
        if (split && i == c->rsf.split) {
            F24_TRY(scan_in_two(c, segment, (int32_t)base, batches, uniform, err));
            if (!*uniform)
                return F24_OK;
            batch = &batches[1];
        } else if (segment->directory_bytes != 0) {
            F24_TRY(scan_directory(c, segment, (int32_t)base, batch, err));
        } else {
            F24_TRY(scan_walk(c, segment, (int32_t)base, batch, err));
        }
        base += segment->n_entries;
    }
    return F24_OK;
}

f24_status f24_rsf_scan(f24_container *c, f24_batch batches[2], f24_error *err)
{
    int64_t n_warnings = c->warnings->n;
    bool uniform = true;

    F24_TRY(scan_segments(c, c->rsf.split_entries > 0, batches, &uniform, err));
    if (uniform)
        return F24_OK;
    for (int i = 0; i < 2; i++) { /* once more, in one thread */
        batches[i].run.n = 0;
        batches[i].sink->drop(batches[i].sink->context);
    }
    c->warnings->n = n_warnings;
    c->counts = (f24_counts){0};
    return scan_segments(c, false, batches, &uniform, err);
}
