/* The directory of XDF files. Facts: docs/format/containers.md, 2. */
#include "container/parts.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <stdlib.h>

#define PAGE_UNITS (F24_XDF_PAGE / F24_XDF_UNIT) /* 2308 */

/* ------------------------------------------------------------------------------------- pages ---
 */

typedef struct page {
    uint64_t offset;
    uint32_t n_entries;
    uint32_t next; /* address of the next page, 0 on the last */
} page;

/*
 * Which pages of a chain were met, one bit for each 18 464 bytes of the file: two pages that start
 * in the same stretch are the same page or overlap, so a chain that turns back is always noticed.
 */
typedef struct visited {
    uint8_t *bits;
} visited;

static f24_status visited_new(visited *v, uint64_t size, f24_error *err)
{
    if (size > F24_XDF_MAX_BYTES)
        size = F24_XDF_MAX_BYTES;
    v->bits = calloc((size_t)(size / F24_XDF_PAGE / 8 + 1), 1);
    if (v->bits == NULL)
        return f24_fail(err, F24_ENOMEM, -1, "cannot get memory to follow the directory");
    return F24_OK;
}

static bool visit(visited *v, uint64_t offset)
{
    uint64_t slot = offset / F24_XDF_PAGE;
    uint8_t bit = (uint8_t)(1u << (slot & 7));
    bool first = (v->bits[slot >> 3] & bit) == 0;

    v->bits[slot >> 3] |= bit;
    return first;
}

bool f24_xdf_checksum_holds(const uint8_t *bytes)
{
    uint32_t sum = 0;

    for (size_t i = 16; i < F24_XDF_PAGE; i += 4)
        sum ^= f24_native32(bytes + i); /* XOR does not mind the byte order */
    return sum == 0;
}

/* The head of the page at `offset`, which lies inside the file. */
static f24_status parse_page(const uint8_t *bytes, uint64_t offset, page *p, f24_error *err)
{
    f24_xdf_head head = f24_xdf_head_at(bytes);

    if (head.idtyp != 0 || head.n_units != PAGE_UNITS || head.address == 0 ||
        f24_xdf_offset(head.address) != offset)
        return f24_fail(err, F24_ECORRUPT, (int64_t)offset,
                        "no directory page where one should be (idtyp %u, length %u, address %u; "
                        "expected 0, %u, %" PRIu64 "): `fst24 repair` can rebuild the directory",
                        (unsigned)head.idtyp, (unsigned)head.n_units, (unsigned)head.address,
                        PAGE_UNITS, offset / F24_XDF_UNIT + 1);
    p->offset = offset;
    p->n_entries = be32(bytes + 20);
    p->next = be32(bytes + 16);
    if (p->n_entries > F24_XDF_PAGE_ENTRIES)
        return f24_fail(err, F24_ECORRUPT, (int64_t)offset + 20,
                        "a directory page claims %u entries, but holds 256 at most: `fst24 repair` "
                        "can rebuild the directory",
                        (unsigned)p->n_entries);
    return F24_OK;
}

/*
 * Where the chain goes after page `p`. *more is false at its end, or when it leaves the file (then
 * the pages so far are kept). F24_ECORRUPT when it turns back.
 */
static f24_status next_page(f24_container *c, visited *v, const page *p, uint64_t *offset,
                            bool *more, f24_error *err)
{
    uint64_t at;

    *more = false;
    if (p->next == 0)
        return F24_OK;
    at = f24_xdf_offset(p->next);
    if (c->size < F24_XDF_PAGE || at > c->size - F24_XDF_PAGE) {
        f24_warn(c->warnings, F24_ECORRUPT, (int64_t)p->offset + 16,
                 "the next directory page should be at byte %" PRIu64
                 ", past the end of the file (%" PRIu64
                 " bytes): the records of the pages before it are listed",
                 at, c->size);
        return F24_OK;
    }
    if (!visit(v, at))
        return f24_fail(err, F24_ECORRUPT, (int64_t)p->offset + 16,
                        "the chain of directory pages is a loop: it comes back to byte %" PRIu64
                        "; `fst24 repair` can rebuild it",
                        at);
    *offset = at;
    *more = true;
    return F24_OK;
}

/* ----------------------------------------------------------------------------------- opening ---
 */

typedef struct header {
    uint64_t n_bytes; /* of the header: page 0 follows */
    uint64_t n_pages; /* nbd */
    uint64_t size;    /* fsiz, in bytes */
    uint32_t writing; /* rwflg */
} header;

static f24_status read_header(f24_container *c, header *h, f24_error *err)
{
    const uint8_t *bytes;
    f24_xdf_head head;
    uint32_t record_units, aux_units;

    if (c->size < F24_XDF_HEADER)
        return f24_fail(err, F24_ETRUNCATED, (int64_t)c->size,
                        "the file is cut in its header: it has %" PRIu64
                        " bytes of the %u that start every XDF file",
                        c->size, F24_XDF_HEADER);
    F24_TRY(f24_window_at(&c->window, 0, F24_XDF_HEADER, F24_WINDOW_NEAR, &bytes, NULL, err));
    head = f24_xdf_head_at(bytes);
    h->n_bytes = (uint64_t)head.n_units * F24_XDF_UNIT;
    if (head.n_units < 8 || h->n_bytes > c->size)
        return f24_fail(err, F24_ECORRUPT, 0,
                        "the header says it is %" PRIu64 " bytes long; the file has %" PRIu64
                        " bytes and standard files have a header of %u",
                        h->n_bytes, c->size, F24_XDF_HEADER);
    record_units = be32(bytes + 40) & 0xFFFFu;
    aux_units = be32(bytes + 44) & 0xFFFFu;
    if (record_units != 9 || aux_units != 1)
        return f24_fail(err, F24_ECORRUPT, 40,
                        "the keys of a record are %u and %u units long; in a standard file they "
                        "are 9 and 1",
                        (unsigned)record_units, (unsigned)aux_units);
    h->size = (uint64_t)be32(bytes + 16) * F24_XDF_UNIT;
    h->n_pages = be32(bytes + 28);
    h->writing = be32(bytes + 56);
    return F24_OK;
}

/* Count what a walk from byte `from` will give. */
static f24_status prepare_walk(f24_container *c, uint64_t from, f24_error *err)
{
    f24_xdf_walk walk = {.next = from, .sequential = c->info.sequential};
    f24_xdf_met met;

    c->xdf.walk = true;
    c->xdf.walk_from = from;
    do {
        F24_TRY(f24_xdf_step(c, &walk, &met, err));
        c->xdf.n_walk += met == F24_XDF_RECORD || met == F24_XDF_DELETED;
    } while (met == F24_XDF_RECORD || met == F24_XDF_DELETED || met == F24_XDF_PAGE_MET);
    c->max_entries += c->xdf.n_walk;
    return F24_OK;
}

/*
 * Follow the chain of a file that was not closed, and find where the records end that its pages
 * know. A page that cannot be right ends the chain here: what it held is found by the walk.
 */
static f24_status survey_pages(f24_container *c, visited *v, uint64_t *end, f24_error *err)
{
    uint64_t offset = c->xdf.first_page;
    bool more = true;

    c->xdf.n_pages = 0;
    while (more) {
        const uint8_t *bytes;
        f24_xdf_head last;
        page p;
        F24_TRY(f24_window_at(&c->window, offset, F24_XDF_PAGE, F24_XDF_PAGE, &bytes, NULL, err));
        F24_TRY(parse_page(bytes, offset, &p, err));
        c->xdf.n_pages++;
        c->max_entries += F24_XDF_PAGE_ENTRIES; /* a writer at work may fill it meanwhile */
        *end = offset + F24_XDF_PAGE;
        if (p.n_entries > 0) {
            last = f24_xdf_head_at(bytes + F24_XDF_PAGE_HEAD + (p.n_entries - 1) * F24_XDF_ENTRY);
            if (last.address != 0)
                *end = f24_xdf_offset(last.address) + (uint64_t)last.n_units * F24_XDF_UNIT;
        }
        F24_TRY(next_page(c, v, &p, &offset, &more, err));
    }
    return F24_OK;
}

/* A file whose writer died, or is still at work: its directory may lag behind its records. */
static f24_status open_unclosed(f24_container *c, const header *h, f24_error *err)
{
    f24_warnings *warnings = c->warnings;
    uint64_t end = h->n_bytes;
    f24_status status = F24_OK;
    visited v;

    if (h->n_pages > 0) {
        F24_TRY(visited_new(&v, c->size, err));
        (void)visit(&v, c->xdf.first_page);
        c->warnings = NULL; /* the scan follows the same chain, and tells */
        status = survey_pages(c, &v, &end, err);
        c->warnings = warnings;
        free(v.bits);
        F24_TRY(status);
    }
    if (h->size > c->size && h->n_pages > 0)
        f24_warn(c->warnings, F24_ETRUNCATED, (int64_t)c->size,
                 "the file is cut short: its header says %" PRIu64 " bytes, %" PRIu64
                 " are there; records that the end cuts are marked bad",
                 h->size, c->size);
    else if (h->size != c->size && h->writing == 0 && h->n_pages > 0)
        f24_warn(c->warnings, F24_ECORRUPT, 16,
                 "the file has %" PRIu64 " bytes, but its header says %" PRIu64
                 ": it grew after it was closed, or a writer died (`fst24 repair` mends it)",
                 c->size, h->size);
    else
        f24_warn(c->warnings, F24_ECORRUPT, 56,
                 "the file was not closed: a writer has it open, or died; its whole records are "
                 "listed (`fst24 repair` mends a file that nobody writes)");
    return prepare_walk(c, end, err);
}

/* A file that starts with a directory page is random even if its header does not tell yet. */
static f24_status starts_with_page(f24_container *c, const header *h, bool *yes, f24_error *err)
{
    f24_xdf_walk walk = {.next = h->n_bytes};
    f24_xdf_met met;

    F24_TRY(f24_xdf_step(c, &walk, &met, err));
    *yes = met == F24_XDF_PAGE_MET;
    return F24_OK;
}

f24_status f24_xdf_open(f24_container *c, f24_layout layout, f24_error *err)
{
    bool has_page = false;
    header h = {0};

    c->info.backend = F24_XDF;
    memcpy(c->info.version, "XDF0", 5);
    F24_TRY(read_header(c, &h, err));
    c->info.open_for_writing = h.writing != 0;
    if (layout == F24_LAYOUT_XDF_SEQ && h.n_pages == 0)
        F24_TRY(starts_with_page(c, &h, &has_page, err));
    if (layout == F24_LAYOUT_XDF_SEQ && h.n_pages == 0 && !has_page) {
        c->info.sequential = true;
        return prepare_walk(c, h.n_bytes, err);
    }
    if (h.n_pages > 0 && c->size - h.n_bytes < F24_XDF_PAGE)
        return f24_fail(err, F24_ETRUNCATED, (int64_t)c->size,
                        "the file is cut in its directory: it has %" PRIu64
                        " bytes, the first directory page ends at %" PRIu64,
                        c->size, h.n_bytes + F24_XDF_PAGE);
    c->xdf.first_page = h.n_bytes;
    c->xdf.n_declared = h.n_pages;
    if (h.n_pages == 0 || h.writing != 0 || h.size != c->size)
        return open_unclosed(c, &h, err);
    c->xdf.n_pages = h.n_pages;
    if (c->xdf.n_pages > c->size / F24_XDF_PAGE)
        c->xdf.n_pages = c->size / F24_XDF_PAGE; /* the scan tells when the chain is shorter */
    c->max_entries = c->xdf.n_pages * F24_XDF_PAGE_ENTRIES;
    return F24_OK;
}

/* ---------------------------------------------------------------------------------- scanning ---
 */

/* The entries of one page. */
static f24_status scan_page(f24_container *c, const uint8_t *bytes, const page *p, int32_t base,
                            f24_batch *batch, f24_error *err)
{
    const uint8_t *at = bytes + F24_XDF_PAGE_HEAD;

    for (uint32_t i = 0; i < p->n_entries; i++, at += F24_XDF_ENTRY) {
        f24_xdf_head head = f24_xdf_head_at(at);
        f24_entry entry = {.file_index = base + (int32_t)i};
        if (!f24_xdf_is_live(head.idtyp)) {
            c->counts.n_deleted++;
            continue;
        }
        entry.n_bytes = (uint64_t)head.n_units * F24_XDF_UNIT;
        entry.offset = head.address != 0 ? f24_xdf_offset(head.address) : 0;
        if (head.address == 0 || entry.n_bytes < F24_XDF_RECORD_HEAD || entry.offset > c->size ||
            entry.n_bytes > c->size - entry.offset) {
            entry.flags = F24_FLAG_BAD;
            f24_count_misplaced(&c->counts, entry.file_index);
        }
        c->counts.n_records++;
        F24_TRY(f24_batch_add(batch, at + 8, F24_XDF_ENTRY, &entry, err));
    }
    return f24_batch_flush(batch, err); /* the page's bytes go when the next one is read */
}

static f24_status check_file_index(uint64_t n, f24_error *err)
{
    if (n > INT32_MAX - F24_XDF_PAGE_ENTRIES)
        return f24_fail(err, F24_EUNSUPPORTED, -1, "more than 2^31 directory entries");
    return F24_OK;
}

/* The chain of pages. *next_index is the file_index that follows its last entry. */
static f24_status scan_pages(f24_container *c, visited *v, f24_batch *batch, uint64_t *next_index,
                             f24_error *err)
{
    uint64_t offset = c->xdf.first_page, n = 0;
    bool more = true;

    while (more && n < c->xdf.n_pages) {
        const uint8_t *bytes;
        page p;
        F24_TRY(f24_window_at(&c->window, offset, F24_XDF_PAGE, F24_XDF_PAGE, &bytes, NULL, err));
        F24_TRY(parse_page(bytes, offset, &p, err));
        F24_TRY(check_file_index(n * F24_XDF_PAGE_ENTRIES, err));
        if (!f24_xdf_checksum_holds(bytes))
            f24_warn(c->warnings, F24_ECORRUPT, (int64_t)offset + 24,
                     "the checksum of directory page %" PRIu64
                     " is wrong: its entries are listed as they are",
                     n);
        F24_TRY(scan_page(c, bytes, &p, (int32_t)(n * F24_XDF_PAGE_ENTRIES), batch, err));
        *next_index = n * F24_XDF_PAGE_ENTRIES + p.n_entries;
        n++;
        F24_TRY(next_page(c, v, &p, &offset, &more, err));
    }
    c->info.n_parts = (int64_t)n;
    if (more || n != c->xdf.n_declared)
        f24_warn(c->warnings, F24_ECORRUPT, 28,
                 "the header counts %" PRIu64 " directory pages, the chain has %" PRIu64
                 "%s: the records of these are listed (`fst24 repair` mends the header)",
                 c->xdf.n_declared, n, more ? " and more" : "");
    return F24_OK;
}

/* The page that the walk met last: its entries may know more than the records (2.10). */
typedef struct met_page {
    uint64_t ordinal, offset;
    uint32_t n_entries; /* that can be believed */
    uint32_t n_seen;    /* records since */
} met_page;

static f24_status meet_page(f24_container *c, const f24_xdf_walk *walk, met_page *m, f24_error *err)
{
    const uint8_t *bytes;

    F24_TRY(f24_window_at(&c->window, walk->at, F24_XDF_PAGE, F24_XDF_PAGE, &bytes, NULL, err));
    m->offset = walk->at;
    m->ordinal = (uint64_t)c->info.n_parts++;
    m->n_seen = 0;
    m->n_entries = f24_xdf_checksum_holds(bytes) ? be32(bytes + 20) : 0;
    if (m->n_entries > F24_XDF_PAGE_ENTRIES)
        m->n_entries = 0;
    return check_file_index(m->ordinal * F24_XDF_PAGE_ENTRIES, err);
}

/* One record of the walk: as its page knows it, when that page can be believed. */
static f24_status walk_record(f24_container *c, const f24_xdf_walk *walk, const met_page *m,
                              uint64_t file_index, f24_batch *batch, f24_error *err)
{
    f24_entry entry = {.offset = walk->at,
                       .n_bytes = (uint64_t)walk->head.n_units * F24_XDF_UNIT,
                       .file_index = (int32_t)file_index};
    uint8_t keys[F24_KEY_WORDS * 4];
    bool live = f24_xdf_is_live(walk->head.idtyp);

    memcpy(keys, walk->bytes + 8, sizeof keys);
    if (m->n_seen < m->n_entries) {
        uint64_t at = m->offset + F24_XDF_PAGE_HEAD + (uint64_t)m->n_seen * F24_XDF_ENTRY;
        const uint8_t *known;
        F24_TRY(f24_window_at(&c->window, at, F24_XDF_ENTRY, F24_XDF_ENTRY, &known, NULL, err));
        if (be32(known + 4) == walk->head.address) {
            live = live && f24_xdf_is_live(known[0]);
            memcpy(keys, known + 8, sizeof keys);
        }
    }
    if (!live) {
        c->counts.n_deleted++;
        return F24_OK;
    }
    c->counts.n_records++;
    return f24_batch_copy(batch, keys, &entry, err);
}

static void tell_end(f24_container *c, const f24_xdf_walk *walk, f24_xdf_met met, uint64_t n)
{
    if (met == F24_XDF_CUT)
        f24_warn(c->warnings, F24_ETRUNCATED, (int64_t)walk->at,
                 "the file ends inside the structure at byte %" PRIu64
                 ": the records before it are listed (`fst24 repair` cuts the rest off)",
                 walk->at);
    else if (met == F24_XDF_LOST)
        f24_warn(c->warnings, F24_ECORRUPT, (int64_t)walk->at,
                 "no record at byte %" PRIu64
                 ", where the next one should be: what lies between it and the end of the file is "
                 "not listed",
                 walk->at);
    else if (walk->sequential && !walk->end_mark)
        f24_warn(c->warnings, F24_ETRUNCATED, (int64_t)walk->at,
                 "the sequential file has no end mark: it may be cut, or its writer died");
    if (!walk->sequential && n > 0)
        f24_warn(c->warnings, F24_ECORRUPT, (int64_t)c->xdf.walk_from,
                 "%" PRIu64 " records were found that no directory page knows: their writer died "
                 "or still has the file (`fst24 repair` gives them a directory)",
                 n);
}

static f24_status scan_walk(f24_container *c, uint64_t next_index, f24_batch *batch, f24_error *err)
{
    f24_xdf_walk walk = {.next = c->xdf.walk_from, .sequential = c->info.sequential};
    met_page m = {0};
    f24_xdf_met met;
    uint64_t n = 0;

    for (;;) {
        F24_TRY(f24_xdf_step(c, &walk, &met, err));
        if (met == F24_XDF_PAGE_MET) {
            F24_TRY(meet_page(c, &walk, &m, err));
            next_index = m.ordinal * F24_XDF_PAGE_ENTRIES;
        } else if (met == F24_XDF_RECORD || met == F24_XDF_DELETED) {
            if (n == c->xdf.n_walk) { /* a writer at work: the file ends where it did */
                met = F24_XDF_END;
                break;
            }
            F24_TRY(check_file_index(next_index, err));
            F24_TRY(walk_record(c, &walk, &m, next_index, batch, err));
            next_index++;
            m.n_seen++;
            n++;
        } else {
            break;
        }
    }
    tell_end(c, &walk, met, n);
    return f24_batch_flush(batch, err);
}

f24_status f24_xdf_scan(f24_container *c, f24_batch *batch, f24_error *err)
{
    uint64_t next_index = 0;
    f24_status status;
    visited v;

    if (c->xdf.n_pages > 0) {
        F24_TRY(visited_new(&v, c->size, err));
        (void)visit(&v, c->xdf.first_page);
        status = scan_pages(c, &v, batch, &next_index, err);
        free(v.bits);
        F24_TRY(status);
    }
    return c->xdf.walk ? scan_walk(c, next_index, batch, err) : F24_OK;
}
