/* Marks and metadata of RSF records, and a walk along them where a segment has no directory.
 * Facts: docs/format/containers.md, 3.1, 3.2, 3.4 and 3.10. */
#include "container/parts.h"

#include "base/bytes.h"

#include <inttypes.h>

f24_rsf_mark f24_rsf_start_at(const uint8_t *bytes)
{
    uint32_t word = le32(bytes);

    return (f24_rsf_mark){
        .type = (uint8_t)word,
        .tag = (uint8_t)(word >> 24),
        .words = (uint16_t)(word >> 8),
        .n_bytes = f24_word_pair(bytes + 4, true),
        .dir_words = (uint16_t)le32(bytes + 12),
    };
}

f24_rsf_mark f24_rsf_end_at(const uint8_t *bytes)
{
    uint32_t word = le32(bytes + 8);

    return (f24_rsf_mark){
        .type = (uint8_t)word,
        .tag = (uint8_t)(word >> 24),
        .words = (uint16_t)(word >> 8),
        .n_bytes = f24_word_pair(bytes, true),
    };
}

f24_rsf_head f24_rsf_head_at(const uint8_t *bytes)
{
    f24_rsf_mark start = f24_rsf_start_at(bytes), end = f24_rsf_end_at(bytes + 60);

    return (f24_rsf_head){
        .is_one = memcmp(bytes + 16, "RSF0", 4) == 0,
        .damaged = start.type != F24_RSF_SEGMENT_START || start.tag != 0xFE ||
                   start.n_bytes != F24_RSF_SOS || le32(bytes + 24) != 0xDEADBEEFu,
        .ends = end.type == F24_RSF_SEGMENT_START && end.tag == 0xFF && end.n_bytes == F24_RSF_SOS,
        .ours = memcmp(bytes + 20, "STDF", 4) == 0,
        .spare = memcmp(bytes + 20, "<-->", 4) == 0,
        .writers = start.words,
        .seg = f24_word_pair(bytes + 28, true),
        .sseg = f24_word_pair(bytes + 36, true),
        .vdir = f24_word_pair(bytes + 44, true),
        .vdirs = f24_word_pair(bytes + 52, true),
    };
}

/* Version 1: word 2 tells where the text is. Version 0 knows only its end (3.2). */
static void find_json(const uint8_t *meta, uint32_t version, uint16_t n_words, f24_rsf_meta *m)
{
    uint32_t word = le32(meta + 8);
    uint32_t first = word >> 16 & 0xFF, n = word & 0xFFFF;

    if (version == 0) {
        first = F24_RSF_SEARCH_WORDS;
        n = n_words > F24_RSF_SEARCH_WORDS ? n_words - first : 0;
    }
    if (first < F24_RSF_SEARCH_WORDS || first + n > n_words) {
        m->flags |= F24_FLAG_BAD;
        return;
    }
    if (n > 0)
        m->flags |= F24_FLAG_JSON;
    m->json_word = (uint16_t)first;
    m->json_words = (uint16_t)n;
}

f24_rsf_meta f24_rsf_meta_at(const uint8_t *meta, uint16_t n_there, uint16_t n_words)
{
    f24_rsf_meta m = {.kind = F24_RSF_UNLISTED};
    uint32_t word = n_there > 0 ? le32(meta) : 0;
    uint32_t type = word & 0xFF, class = word >> 8 & 0xFF, version = word >> 16 & 0xFF;

    if (type == F24_RSF_GONE) {
        m.kind = F24_RSF_DELETED;
        return m;
    }
    if (n_there == 0 || type == F24_RSF_EMBEDDED || class == 0 || class == 0x80)
        return m; /* an embedded file, or nothing of fst24's (3.11) */
    m.kind = F24_RSF_LISTED;
    if (n_there < F24_RSF_SEARCH_WORDS || n_words < n_there)
        m.flags = F24_FLAG_BAD;
    else if (version > 1 || le32(meta + (version == 0 ? 4 : 8)) >> 24 > 1)
        m.flags = F24_FLAG_NEWER;
    else
        find_json(meta, version, n_words, &m);
    return m;
}

/* A record of the user whose start mark is at hand: is it whole? */
static f24_status check_whole(f24_container *c, f24_rsf_walk *walk, bool *whole, f24_error *err)
{
    uint64_t meta_bytes = (uint64_t)walk->start.words * 4;
    uint64_t rest = walk->end - walk->at;
    const uint8_t *bytes;
    f24_rsf_mark end;

    *whole = false;
    if (walk->start.n_bytes % 4 != 0 || walk->start.n_bytes < F24_RSF_FRAME + meta_bytes ||
        walk->start.n_bytes > rest)
        return F24_OK;
    F24_TRY(f24_window_at(&c->window, walk->at + walk->start.n_bytes - F24_RSF_END, F24_RSF_END,
                          F24_WINDOW_NEAR, &bytes, NULL, err));
    end = f24_rsf_end_at(bytes);
    *whole =
        end.tag == 0xFF && end.n_bytes == walk->start.n_bytes && end.words == walk->start.words;
    return F24_OK;
}

/* The metadata of a whole record, to where the key words end. */
static f24_status read_meta(f24_container *c, f24_rsf_walk *walk, f24_error *err)
{
    uint16_t n = walk->start.words;

    if (n > F24_RSF_SEARCH_WORDS)
        n = F24_RSF_SEARCH_WORDS;
    walk->n_there = n;
    return f24_window_at(&c->window, walk->at + F24_RSF_START, (size_t)n * 4, F24_WINDOW_NEAR,
                         &walk->meta, NULL, err);
}

void f24_rsf_tell_torn(f24_container *c, uint64_t at)
{
    f24_warn(c->warnings, F24_ETRUNCATED, (int64_t)at,
             "the record at byte %" PRIu64
             " was not written whole: it is not listed, nor is what follows in its segment",
             at);
}

f24_status f24_rsf_step(f24_container *c, f24_rsf_walk *walk, f24_rsf_met *met, f24_error *err)
{
    uint64_t rest = walk->next < walk->end ? walk->end - walk->next : 0;
    const uint8_t *bytes;
    bool whole;

    walk->at = walk->next;
    *met = rest == 0 ? F24_RSF_OVER : F24_RSF_TORN;
    if (rest < F24_RSF_FRAME)
        return F24_OK;
    F24_TRY(f24_window_at(&c->window, walk->at, F24_RSF_START, F24_WINDOW_NEAR, &bytes, NULL, err));
    walk->start = f24_rsf_start_at(bytes);
    if (walk->start.tag != 0xFE) {
        if (be64(bytes) == 0 && be64(bytes + 8) == 0)
            *met = F24_RSF_OVER; /* reserved, not written */
        return F24_OK;
    }
    if (walk->start.type == F24_RSF_SEGMENT_START) {
        *met = F24_RSF_NEXT;
        return F24_OK;
    }
    if (walk->start.type == F24_RSF_SEGMENT_END) {
        /* A compact one may have the next segment behind it; one with a hole ends the segment. */
        *met = walk->start.n_bytes == F24_RSF_EOS ? F24_RSF_CONTROL_MET : F24_RSF_OVER;
        walk->next = walk->at + F24_RSF_EOS;
        return F24_OK;
    }
    F24_TRY(check_whole(c, walk, &whole, err));
    if (!whole)
        return F24_OK;
    walk->next = walk->at + walk->start.n_bytes;
    *met = F24_RSF_CONTROL_MET;
    if (walk->start.type == F24_RSF_DIRECTORY || walk->start.type == F24_RSF_HOLE)
        return F24_OK;
    *met = F24_RSF_RECORD_MET;
    return read_meta(c, walk, err);
}
