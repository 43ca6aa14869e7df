/* The segments of RSF files. Facts: docs/format/containers.md, 3. */
#include "container/parts.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <stdlib.h>

/* ---------------------------------------------------------------------------------- segments ---
 */

/*
 * The SOS at byte `at` (3.1). head->is_one is false when none starts there; a damaged one is
 * F24_ECORRUPT.
 */
static f24_status read_segment_head(f24_container *c, uint64_t at, f24_rsf_head *head,
                                    f24_error *err)
{
    const uint8_t *bytes;

    F24_TRY(f24_window_at(&c->window, at, F24_RSF_SOS, F24_WINDOW_NEAR, &bytes, NULL, err));
    *head = f24_rsf_head_at(bytes);
    if (!head->is_one)
        return F24_OK;
    if (head->damaged)
        return f24_fail(err, F24_ECORRUPT, (int64_t)at,
                        "the segment at byte %" PRIu64 " has a damaged start: copy it again "
                        "from its source",
                        at);
    if (!head->ends)
        f24_warn(c->warnings, F24_ECORRUPT, (int64_t)at + 60,
                 "the start of the segment at byte %" PRIu64 " has a damaged end mark", at);
    return F24_OK;
}

static f24_status add_segment(f24_container *c, const f24_segment *segment, f24_error *err)
{
    f24_rsf_parts *rsf = &c->rsf;

    if (rsf->n_segments == rsf->capacity) {
        size_t capacity = rsf->capacity == 0 ? 8 : 2 * rsf->capacity;
        f24_segment *larger = realloc(rsf->segments, capacity * sizeof *larger);
        if (larger == NULL)
            return f24_fail(err, F24_ENOMEM, -1, "cannot get memory for the list of segments");
        rsf->segments = larger;
        rsf->capacity = capacity;
    }
    rsf->segments[rsf->n_segments++] = *segment;
    c->max_entries += segment->n_entries;
    return F24_OK;
}

/*
 * Look at the head of the directory that `head` names. segment->directory_bytes stays 0, with a
 * warning, when there is none in that place, or one that contradicts itself.
 */
static f24_status find_directory(f24_container *c, const f24_rsf_head *head, bool cut,
                                 f24_segment *segment, f24_error *err)
{
    uint64_t room = segment->end - segment->offset, end;
    uint64_t at = segment->offset + head->vdir;
    const uint8_t *bytes;
    f24_rsf_mark mark;
    f24_error why;
    uint32_t n;

    if (head->vdirs < F24_RSF_DIRECTORY_MIN) {
        (void)f24_fail(&why, F24_ECORRUPT, (int64_t)segment->offset + 52,
                       "the directory of the segment at byte %" PRIu64 " is %" PRIu64
                       " bytes long, less than the %u of an empty one",
                       segment->offset, head->vdirs, F24_RSF_DIRECTORY_MIN);
        f24_note_damage(c, &why);
        return F24_OK;
    }
    if (head->vdir < F24_RSF_SOS || !f24_add(head->vdir, head->vdirs, &end) || end > room) {
        if (!cut) /* told already */
            f24_warn(c->warnings, F24_ETRUNCATED, (int64_t)segment->offset + 44,
                     "the directory of the segment at byte %" PRIu64 " lies outside it (%" PRIu64
                     " bytes from %" PRIu64 " on): its records are listed "
                     "by their marks (copy it again from its source)",
                     segment->offset, head->vdirs, head->vdir);
        return F24_OK;
    }
    F24_TRY(
        f24_window_at(&c->window, at, F24_RSF_DIRECTORY_HEAD, F24_WINDOW_NEAR, &bytes, NULL, err));
    mark = f24_rsf_start_at(bytes);
    if (mark.type != F24_RSF_DIRECTORY || mark.tag != 0xFE || mark.n_bytes != head->vdirs) {
        f24_warn(c->warnings, F24_ECORRUPT, (int64_t)at,
                 "no directory at byte %" PRIu64 ", where the segment at byte %" PRIu64
                 " should have it: its records are listed by their marks (copy it again from its "
                 "source)",
                 at, segment->offset);
        return F24_OK;
    }
    n = le32(bytes + F24_RSF_START);
    if ((uint64_t)n * (F24_RSF_ENTRY + 4) > head->vdirs - F24_RSF_DIRECTORY_MIN) {
        (void)f24_fail(&why, F24_ECORRUPT, (int64_t)at + F24_RSF_START,
                       "a directory of %" PRIu64 " bytes claims %" PRIu32 " entries", head->vdirs,
                       n);
        f24_note_damage(c, &why);
        segment->entries = at + F24_RSF_DIRECTORY_HEAD;
        segment->entries_end = at + head->vdirs - F24_RSF_END;
        return F24_OK;
    }
    segment->directory = at;
    segment->directory_bytes = head->vdirs;
    segment->n_entries = n;
    return F24_OK;
}

/* Count the records of a segment without a directory; *end is where they end. */
static f24_status count_walk(f24_container *c, f24_segment *segment, uint64_t *end,
                             f24_rsf_met *met, f24_error *err)
{
    f24_rsf_walk walk = {.next = segment->offset + F24_RSF_SOS, .end = segment->end};
    uint64_t n = 0;

    do {
        F24_TRY(f24_rsf_step(c, &walk, met, err));
        n += *met == F24_RSF_RECORD_MET;
    } while (*met == F24_RSF_RECORD_MET || *met == F24_RSF_CONTROL_MET);
    if (n > UINT32_MAX)
        return f24_fail(err, F24_EUNSUPPORTED, (int64_t)segment->offset,
                        "more than 2^32 records in one segment");
    segment->n_entries = (uint32_t)n;
    *end = walk.at;
    return F24_OK;
}

/* What follows the end of segment that should be at byte `from`. */
static f24_status skip_end(f24_container *c, uint64_t from, uint64_t *end, f24_rsf_met *met,
                           f24_error *err)
{
    f24_rsf_walk walk = {.next = from, .end = c->size};

    F24_TRY(f24_rsf_step(c, &walk, met, err));
    if (*met == F24_RSF_CONTROL_MET)
        F24_TRY(f24_rsf_step(c, &walk, met, err));
    *end = walk.at;
    return F24_OK;
}

static void tell_open(f24_container *c, const f24_segment *segment)
{
    f24_warn(c->warnings, F24_ECORRUPT, (int64_t)segment->offset,
             "the segment at byte %" PRIu64
             " was not closed: a writer has it, or died; its %" PRIu32
             " whole records are listed (if nobody writes it, fst24 repair mends it)",
             segment->offset, segment->n_entries);
}

/*
 * A segment with sseg 0: the last one, unless other files were joined behind it. *next is where
 * another segment starts, or the end of the file.
 */
static f24_status open_compact(f24_container *c, uint64_t at, uint64_t *next, f24_error *err)
{
    f24_segment segment = {.offset = at, .end = c->size};
    f24_rsf_met met = F24_RSF_OVER;
    uint64_t end = 0;

    F24_TRY(count_walk(c, &segment, &end, &met, err));
    tell_open(c, &segment);
    if (met == F24_RSF_TORN)
        f24_rsf_tell_torn(c, end);
    *next = met == F24_RSF_NEXT ? end : c->size;
    return add_segment(c, &segment, err);
}

/*
 * A segment that says where it ends: its directory, or what a walk gives. *at moves to the next
 * one. A segment that is `cut` says an end beyond the file's: the file was cut, or the number is
 * wrong and another segment follows the records.
 */
static f24_status open_segment(f24_container *c, uint64_t end, bool cut, const f24_rsf_head *head,
                               uint64_t *at, f24_error *err)
{
    f24_segment segment = {.offset = *at, .end = end};
    uint64_t walk_end = *at + F24_RSF_SOS;
    f24_rsf_met met = F24_RSF_OVER;

    *at = end;
    if (head->vdir != 0 && head->vdirs != 0)
        F24_TRY(find_directory(c, head, cut, &segment, err));
    else if (head->seg != 0 && !cut)
        return F24_OK; /* empty, as the first one of every file */
    if (segment.directory_bytes == 0) {
        F24_TRY(count_walk(c, &segment, &walk_end, &met, err));
        if (head->vdirs == 0 && head->seg == 0)
            tell_open(c, &segment);
        /* A damaged directory stops a walk, too; there are no records behind it. */
        if (met == F24_RSF_TORN && !cut && walk_end != segment.offset + head->vdir)
            f24_rsf_tell_torn(c, walk_end);
    }
    if (cut) {
        if (segment.directory_bytes != 0)
            F24_TRY(skip_end(c, segment.directory + segment.directory_bytes, &walk_end, &met, err));
        if (met == F24_RSF_NEXT)
            *at = walk_end;
    }
    return add_segment(c, &segment, err);
}

/* One step along the chain of segments. */
static f24_status next_segment(f24_container *c, uint64_t *at, bool *more, f24_error *err)
{
    f24_rsf_head head = {0};
    bool wrong, cut;
    uint64_t end;

    F24_TRY(read_segment_head(c, *at, &head, err));
    *more = head.is_one;
    if (!*more) {
        f24_warn(c->warnings, F24_ECORRUPT, (int64_t)*at,
                 "no segment at byte %" PRIu64
                 ", where the next one should start: the last %" PRIu64
                 " bytes of the file are not listed",
                 *at, c->size - *at);
        return F24_OK;
    }
    c->info.n_parts++;
    if (*at == 0)
        c->info.open_for_writing = head.writers != 0;
    if (head.sseg == 0 && head.ours)
        return open_compact(c, *at, at, err);
    wrong = head.sseg < F24_RSF_SEGMENT_MIN || !f24_add(*at, head.sseg, &end);
    cut = wrong || end > c->size;
    if (wrong)
        f24_warn(c->warnings, F24_ECORRUPT, (int64_t)*at + 36,
                 "the segment at byte %" PRIu64 " says it is %" PRIu64
                 " bytes long, which cannot be: what follows it is looked for behind its records "
                 "(copy it again from its source)",
                 *at, head.sseg);
    else if (cut)
        f24_warn(c->warnings, F24_ETRUNCATED, (int64_t)*at + 36,
                 "the file is cut short: the segment at byte %" PRIu64
                 " should end at byte %" PRIu64 ", the file ends at %" PRIu64
                 "; the records that are whole are listed",
                 *at, end, c->size);
    if (cut)
        end = c->size;
    if (head.ours)
        return open_segment(c, end, cut, &head, at, err);
    if (!head.spare)
        f24_warn(c->warnings, F24_EUNSUPPORTED, (int64_t)*at + 20,
                 "the segment at byte %" PRIu64 " is of another application: not listed", *at);
    *at = end;
    return F24_OK;
}

/*
 * Choose where a second thread starts: in the middle of the largest directory whose entries seem to
 * be of one size, when it is large enough that a thread pays.
 */
static void choose_split(f24_container *c)
{
    f24_rsf_parts *rsf = &c->rsf;
    uint64_t after = 0;

    for (size_t i = rsf->n_segments; i-- > 0;) {
        const f24_segment *s = &rsf->segments[i];
        if (s->n_entries >= F24_RSF_SPLIT_FROM && s->n_entries > 2 * rsf->split_entries &&
            s->directory_bytes ==
                F24_RSF_DIRECTORY_MIN + (uint64_t)s->n_entries * F24_RSF_PLAIN_ENTRY) {
            rsf->split = i;
            rsf->split_entries = s->n_entries / 2;
            c->second_entries = after + s->n_entries - rsf->split_entries;
        }
        after += s->n_entries;
    }
}

f24_status f24_rsf_open(f24_container *c, f24_error *err)
{
    uint64_t at = 0;
    bool more = true;

    c->info.backend = F24_RSF;
    memcpy(c->info.version, "RSF0", 5);
    if (c->size < F24_RSF_SEGMENT_MIN)
        return f24_fail(err, F24_ETRUNCATED, (int64_t)c->size,
                        "the file is cut in its first segment: it has %" PRIu64
                        " bytes of the %u that start every RSF file",
                        c->size, F24_RSF_SEGMENT_MIN);
    while (more && c->size - at >= F24_RSF_SOS)
        F24_TRY(next_segment(c, &at, &more, err));
    if (more && at < c->size)
        f24_warn(c->warnings, F24_ETRUNCATED, (int64_t)at,
                 "%" PRIu64 " bytes at the end of the file belong to no segment", c->size - at);
    if (c->info.open_for_writing && c->warnings->n == 0)
        f24_warn(c->warnings, F24_ECORRUPT, 0,
                 "the file is marked as being written: a writer has it, or died (then `fst24 "
                 "repair` clears the mark); every record is listed");
    choose_split(c);
    return F24_OK;
}
