/*
 * What an RSF file holds when a writer comes to it. A writer changes entries where they are, so nothing
 * is believed that the reader would only warn of. Facts: docs/format/containers.md, 3.3 to 3.5 and 5.
 */
#include "container/rsf_parts.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

/* Room for the largest entry, 65535 words of metadata, and for many small ones. */
#define CHUNK_BYTES ((size_t)512 << 10)

/* A directory being read. */
typedef struct listing {
    f24_store *store;
    uint64_t segment;        /* byte of its SOS */
    uint64_t directory;      /* where its records end */
    uint64_t at, end;        /* of the entries in the file */
    uint8_t *chunk;          /* CHUNK_BYTES of work memory ... */
    size_t n_chunk, n_taken; /* ... holding so many bytes, so many of them passed */
} listing;

static f24_status refuse(f24_error *err, uint64_t at, const char *what)
{
    return f24_fail(err, F24_ECORRUPT, (int64_t)at,
                    "cannot add to a damaged file: %s at byte %" PRIu64
                    " (fst24 check tells more, fst24 repair makes a whole file of it)",
                    what, at);
}

/* Have n_bytes of entries at hand. */
static f24_status need(listing *l, size_t n_bytes, const uint8_t **bytes, f24_error *err)
{
    uint64_t rest = l->end - l->at;

    if (n_bytes > rest)
        return refuse(err, l->at, "an entry leaves its directory");
    if (n_bytes > l->n_chunk - l->n_taken) {
        l->n_chunk = rest < CHUNK_BYTES ? (size_t)rest : CHUNK_BYTES;
        l->n_taken = 0;
        F24_TRY(f24_output_read(l->store->output, l->at, l->chunk, l->n_chunk, err));
    }
    *bytes = l->chunk + l->n_taken;
    return F24_OK;
}

/* Where the record of an entry must lie (5). */
static bool is_placed(const listing *l, const f24_slot *slot, uint64_t from)
{
    uint64_t end;

    return from >= F24_RSF_SOS && f24_add(slot->offset, slot->n_bytes, &end) &&
           end <= l->directory && slot->n_bytes % 4 == 0 &&
           slot->n_bytes >= F24_RSF_FRAME + (uint64_t)slot->meta_words * 4;
}

/* Fill the next slot from an entry with n_there words of metadata. */
static f24_status take_entry(listing *l, const uint8_t *entry, uint16_t n_there, f24_error *err)
{
    f24_slot *slot = f24_store_take_slot(l->store);
    const uint8_t *meta = entry + F24_RSF_ENTRY;
    uint64_t from = f24_word_pair(entry, true);
    f24_rsf_meta m;

    slot->entry = l->at;
    slot->n_bytes = f24_word_pair(entry + 8, true);
    slot->meta_words = (uint16_t)le32(entry + 24);
    m = f24_rsf_meta_at(meta, n_there, slot->meta_words);
    slot->flags = m.flags;
    if (n_there >= F24_RSF_SEARCH_WORDS) {
        for (size_t i = 0; i < F24_KEY_WORDS; i++)
            slot->keys[i] = le32(meta + 12 + 4 * i);
    }
    if (m.kind == F24_RSF_DELETED)
        return F24_OK; /* its place may be told in another way (3.5) */
    if (!f24_add(l->segment, from, &slot->offset) || !is_placed(l, slot, from) ||
        n_there > slot->meta_words || (m.flags & F24_FLAG_BAD) != 0)
        return refuse(err, l->at, "the entry of a record that cannot be so");
    slot->live = m.kind == F24_RSF_LISTED;
    return F24_OK;
}

static f24_status take_entries(listing *l, uint32_t n, f24_error *err)
{
    F24_TRY(f24_store_reserve(l->store, n, err));
    for (uint32_t i = 0; i < n; i++) {
        const uint8_t *entry = NULL;
        size_t n_bytes;
        uint32_t words;
        F24_TRY(need(l, F24_RSF_ENTRY, &entry, err));
        words = le32(entry + 24);
        words = words >> 16 != 0 ? words >> 16 : words & 0xFFFF; /* 0: the same (3.3) */
        n_bytes = F24_RSF_ENTRY + (size_t)words * 4;
        F24_TRY(need(l, n_bytes, &entry, err));
        F24_TRY(take_entry(l, entry, (uint16_t)words, err));
        l->at += n_bytes;
        l->n_taken += n_bytes;
    }
    if (l->at != l->end)
        return refuse(err, l->at, "the entries of a directory do not fill it");
    return F24_OK;
}

/* The directory of a segment; its place lies in the file. */
static f24_status list_directory(listing *l, const f24_rsf_head *head, f24_error *err)
{
    uint8_t bytes[F24_RSF_DIRECTORY_HEAD];
    f24_rsf_mark mark;
    uint32_t n;

    l->directory = l->segment + head->vdir;
    F24_TRY(f24_output_read(l->store->output, l->directory, bytes, sizeof bytes, err));
    mark = f24_rsf_start_at(bytes);
    n = le32(bytes + F24_RSF_START);
    if (mark.type != F24_RSF_DIRECTORY || mark.tag != 0xFE || mark.n_bytes != head->vdirs ||
        n > (head->vdirs - F24_RSF_DIRECTORY_MIN) / (F24_RSF_ENTRY + 4))
        return refuse(err, l->directory, "no directory where one should be");
    if (n > INT32_MAX - l->store->n_slots)
        return f24_fail(err, F24_EUNSUPPORTED, (int64_t)l->directory,
                        "more than 2^31 directory entries");
    l->at = l->directory + F24_RSF_DIRECTORY_HEAD;
    l->end = l->directory + head->vdirs - F24_RSF_END;
    l->n_chunk = l->n_taken = 0;
    return take_entries(l, n, err);
}

/* The segment at l->segment; *next is where the one behind it starts. */
static f24_status list_segment(listing *l, uint64_t size, bool others, uint64_t *next,
                               f24_error *err)
{
    uint8_t bytes[F24_RSF_SOS];
    f24_rsf_head head;
    uint64_t end;

    if (size - l->segment < F24_RSF_SOS)
        return refuse(err, l->segment, "bytes of no segment");
    F24_TRY(f24_output_read(l->store->output, l->segment, bytes, sizeof bytes, err));
    head = f24_rsf_head_at(bytes);
    if (!head.is_one || head.damaged || !head.ends || (!head.ours && !head.spare))
        return refuse(err, l->segment, "no start of a segment");
    if (head.seg == 0 && head.ours && (head.sseg == 0 || !others))
        return refuse(err, l->segment, "a segment that its writer did not close");
    if (head.sseg < F24_RSF_SEGMENT_MIN || !f24_add(l->segment, head.sseg, next) || *next > size)
        return refuse(err, l->segment, "a segment that leaves the file");
    if (head.spare || (head.vdirs == 0 && (head.vdir == 0 || head.seg == 0)))
        return F24_OK; /* seg 0: another writer is about to tell its directory */
    if (head.vdir < F24_RSF_SOS || head.vdirs < F24_RSF_DIRECTORY_MIN ||
        !f24_add(head.vdir, head.vdirs, &end) || end > head.sseg)
        return refuse(err, l->segment, "a directory that leaves its segment");
    return list_directory(l, &head, err);
}

f24_status f24_rsf_list(f24_store *store, uint64_t size, bool others, f24_error *err)
{
    listing l = {.store = store, .chunk = malloc(CHUNK_BYTES)};
    f24_status status = F24_OK;

    if (l.chunk == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot read the directory");
    while (status == F24_OK && l.segment < size) {
        uint64_t next = 0;
        status = list_segment(&l, size, others, &next, err);
        l.segment = next;
    }
    free(l.chunk);
    return status;
}
