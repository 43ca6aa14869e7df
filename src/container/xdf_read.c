/* The directory of XDF files. Facts: docs/format/containers.md, 2. */
#include "container/parts.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <stdlib.h>

#define PAGE_UNITS (F24_XDF_PAGE / F24_XDF_UNIT) /* 2308 */

/* ------------------------------------------------------------------------------------- pages ---
 */

uint32_t f24_xdf_checksum(const uint8_t *bytes)
{
    uint32_t sum = 0;

    for (size_t i = 16; i < F24_XDF_PAGE; i += 4)
        sum ^= f24_native32(bytes + i); /* XOR does not mind the byte order */
    return F24_HOST_LITTLE ? __builtin_bswap32(sum) : sum;
}

f24_status f24_xdf_parse_page(const uint8_t *bytes, uint64_t offset, f24_xdf_page *p,
                              f24_error *err)
{
    f24_xdf_head head = f24_xdf_head_at(bytes);

    if (head.idtyp != 0 || head.n_units != PAGE_UNITS || head.address == 0 ||
        f24_xdf_offset(head.address) != offset)
        return f24_fail(err, F24_ECORRUPT, (int64_t)offset,
                        "no directory page where one should be (idtyp %u, length %u, address %u; "
                        "expected 0, %u, %" PRIu64 ")",
                        (unsigned)head.idtyp, (unsigned)head.n_units, (unsigned)head.address,
                        PAGE_UNITS, offset / F24_XDF_UNIT + 1);
    p->offset = offset;
    p->n_entries = be32(bytes + 20);
    p->next = be32(bytes + 16);
    if (p->n_entries > F24_XDF_PAGE_ENTRIES)
        return f24_fail(err, F24_ECORRUPT, (int64_t)offset + 20,
                        "a directory page claims %u entries, but holds 256 at most",
                        (unsigned)p->n_entries);
    return F24_OK;
}

/*
 * The chain of pages, as far as it was followed. It ends or breaks; where it breaks, the records
 * behind are found by a walk (2.10).
 */
typedef struct chain {
    uint64_t offset; /* of the page to read next ... */
    bool more;       /* ... if there is one */
    uint64_t n_read;
    f24_xdf_page last; /* the page that was read last */
    f24_error why;     /* what broke the chain; status F24_OK: nothing did */
    /*
     * The pages that were met, one bit for each 18 464 bytes of the file: two pages that start in
     * the same stretch are the same page or overlap, so a chain that turns back is always noticed.
     */
    uint8_t *visited;
} chain;

static bool visit(chain *ch, uint64_t offset)
{
    uint64_t slot = offset / F24_XDF_PAGE;
    uint8_t bit = (uint8_t)(1u << (slot & 7));
    bool first = (ch->visited[slot >> 3] & bit) == 0;

    ch->visited[slot >> 3] |= bit;
    return first;
}

static f24_status chain_begin(const f24_container *c, chain *ch, f24_error *err)
{
    uint64_t size = c->size < F24_XDF_MAX_BYTES ? c->size : F24_XDF_MAX_BYTES;

    *ch = (chain){.offset = c->xdf.first_page, .more = true};
    ch->visited = calloc((size_t)(size / F24_XDF_PAGE / 8 + 1), 1);
    if (ch->visited == NULL)
        return f24_fail(err, F24_ENOMEM, -1, "cannot get memory to follow the directory");
    (void)visit(ch, ch->offset);
    return F24_OK;
}

/* Read the page that is next; ch->more becomes false when it cannot be right. */
static f24_status chain_read(f24_container *c, chain *ch, const uint8_t **bytes, f24_error *err)
{
    f24_xdf_page p;

    F24_TRY(f24_window_at(&c->window, ch->offset, F24_XDF_PAGE, F24_XDF_PAGE, bytes, NULL, err));
    ch->more = f24_xdf_parse_page(*bytes, ch->offset, &p, &ch->why) == F24_OK;
    if (ch->more) {
        ch->last = p;
        ch->n_read++;
    }
    return F24_OK;
}

/* Go on from the page that was read last. */
static void chain_next(const f24_container *c, chain *ch)
{
    int64_t field = (int64_t)ch->last.offset + 16;
    uint64_t at = f24_xdf_offset(ch->last.next);

    ch->more = false;
    if (ch->last.next == 0)
        return;
    if (c->size < F24_XDF_PAGE || at > c->size - F24_XDF_PAGE) {
        (void)f24_fail(&ch->why, F24_ECORRUPT, field,
                       "the next directory page should be at byte %" PRIu64
                       ", past the end of the file (%" PRIu64 " bytes)",
                       at, c->size);
        return;
    }
    if (!visit(ch, at)) {
        (void)f24_fail(&ch->why, F24_ECORRUPT, field,
                       "the chain of directory pages is a loop: it comes back to byte %" PRIu64,
                       at);
        return;
    }
    ch->offset = at;
    ch->more = true;
}

/* Whether the record of entry i of a page lies behind it and agrees; *end is where it ends. */
static f24_status confirm_entry(f24_container *c, const f24_xdf_page *p, uint32_t i, bool *sure,
                                uint64_t *end, bool *used, f24_error *err)
{
    uint64_t at = p->offset + F24_XDF_PAGE_HEAD + (uint64_t)i * F24_XDF_ENTRY;
    f24_xdf_head entry, record;
    const uint8_t *bytes;
    uint64_t n_bytes;

    *sure = false;
    F24_TRY(f24_window_at(&c->window, at, F24_XDF_ENTRY, F24_WINDOW_NEAR, &bytes, NULL, err));
    entry = f24_xdf_head_at(bytes);
    *used = entry.idtyp != 0;
    n_bytes = (uint64_t)entry.n_units * F24_XDF_UNIT;
    if (entry.address == 0 || n_bytes < F24_XDF_RECORD_HEAD)
        return F24_OK;
    at = f24_xdf_offset(entry.address);
    if (at < p->offset + F24_XDF_PAGE || at > c->size || n_bytes > c->size - at)
        return F24_OK;
    F24_TRY(f24_window_at(&c->window, at, F24_XDF_UNIT, F24_WINDOW_NEAR, &bytes, NULL, err));
    record = f24_xdf_head_at(bytes);
    *sure = record.address == entry.address && record.n_units == entry.n_units;
    if (*sure)
        *end = at + n_bytes;
    return F24_OK;
}

/*
 * Where a walk finds the records that the chain does not know: behind the last entry of its last
 * page that the record confirms. Entries after that one are known already; the walk meets their
 * records first and passes over them.
 */
static f24_status plan_walk(f24_container *c, const chain *ch, f24_error *err)
{
    f24_xdf_parts *xdf = &c->xdf;
    bool sure = false, used = false;

    xdf->walk = true;
    xdf->n_walk = UINT64_MAX;
    xdf->walk_from = ch->n_read > 0 ? ch->last.offset + F24_XDF_PAGE : xdf->first_page;
    if (ch->why.status != F24_OK && ch->offset >= xdf->walk_from)
        xdf->page_at = ch->offset;
    for (uint32_t i = ch->last.n_entries; i > 0 && !sure; i--) {
        F24_TRY(confirm_entry(c, &ch->last, i - 1, &sure, &xdf->walk_from, &used, err));
        xdf->n_known += !sure && used;
    }
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

/* Count what the walk will give. */
static f24_status count_walk(f24_container *c, f24_error *err)
{
    f24_xdf_walk walk = f24_xdf_walk_begin(c);
    uint64_t n = 0;
    f24_xdf_met met;

    do {
        F24_TRY(f24_xdf_step(c, &walk, &met, err));
        n += met == F24_XDF_RECORD || met == F24_XDF_DELETED;
    } while (met == F24_XDF_RECORD || met == F24_XDF_DELETED || met == F24_XDF_PAGE_MET);
    c->xdf.n_walk = n;
    c->max_entries += n;
    return F24_OK;
}

/* Follow the chain of a file that was not closed, and find where the records end that it knows. */
static f24_status survey_pages(f24_container *c, chain *ch, f24_error *err)
{
    const uint8_t *bytes;

    while (ch->more) {
        F24_TRY(chain_read(c, ch, &bytes, err));
        if (ch->more)
            chain_next(c, ch);
    }
    c->xdf.n_pages = ch->n_read;
    c->max_entries =
        ch->n_read * F24_XDF_PAGE_ENTRIES; /* a writer may fill the last one meanwhile */
    if (ch->why.status != F24_OK)
        f24_note_damage(c, &ch->why);
    return plan_walk(c, ch, err);
}

/* A file whose writer died, or is still at work: its directory may lag behind its records. */
static f24_status open_unclosed(f24_container *c, const header *h, f24_error *err)
{
    f24_status status;
    chain ch = {0};

    if (h->n_pages > 0) {
        F24_TRY(chain_begin(c, &ch, err));
        status = survey_pages(c, &ch, err);
        free(ch.visited);
    } else {
        status = plan_walk(c, &ch, err);
    }
    F24_TRY(status);
    if (h->size > c->size && h->n_pages > 0)
        f24_warn(c->warnings, F24_ETRUNCATED, (int64_t)c->size,
                 "the file is cut short: its header says %" PRIu64 " bytes, %" PRIu64
                 " are there; records that the end cuts are marked bad",
                 h->size, c->size);
    else if (h->size != c->size && h->writing == 0 && h->n_pages > 0)
        f24_warn(c->warnings, F24_ECORRUPT, 16,
                 "the file has %" PRIu64 " bytes, but its header says %" PRIu64
                 ": it grew after it was closed, or a writer died (copy it again from its source)",
                 c->size, h->size);
    else {
        c->info.open_for_writing = true; /* a killed creator never wrote its mark (2.8) */
        f24_warn(c->warnings, F24_ECORRUPT, 56,
                 "the file was not closed: a writer has it open, or died; its whole records are "
                 "listed (if nobody writes it, fst24 repair mends it)");
    }
    return count_walk(c, err);
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
        c->xdf.walk = true;
        c->xdf.walk_from = h.n_bytes;
        return count_walk(c, err);
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
        c->xdf.n_pages = c->size / F24_XDF_PAGE; /* room: the scan follows the chain itself */
    c->max_entries = c->xdf.n_pages * F24_XDF_PAGE_ENTRIES;
    return F24_OK;
}

/* ---------------------------------------------------------------------------------- scanning ---
 */

/* The entries of one page. */
static f24_status scan_page(f24_container *c, const uint8_t *bytes, const f24_xdf_page *p,
                            int32_t base, f24_batch *batch, f24_error *err)
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
static f24_status scan_pages(f24_container *c, chain *ch, f24_batch *batch, uint64_t *next_index,
                             f24_error *err)
{
    /* A walk is planned behind so many pages, whatever a writer at work has added since. */
    uint64_t most = c->xdf.walk ? c->xdf.n_pages : UINT64_MAX;

    while (ch->more && ch->n_read < most) {
        uint64_t first = ch->n_read * F24_XDF_PAGE_ENTRIES;
        const uint8_t *bytes;
        F24_TRY(check_file_index(first, err));
        F24_TRY(chain_read(c, ch, &bytes, err));
        if (!ch->more)
            break;
        if (f24_xdf_checksum(bytes) != 0)
            f24_warn(c->warnings, F24_ECORRUPT, (int64_t)ch->last.offset + 24,
                     "the checksum of directory page %" PRIu64
                     " is wrong: its entries are listed as they are",
                     ch->n_read - 1);
        F24_TRY(scan_page(c, bytes, &ch->last, (int32_t)first, batch, err));
        *next_index = first + ch->last.n_entries;
        chain_next(c, ch);
    }
    c->info.n_parts = (int64_t)ch->n_read;
    if (ch->why.status == F24_OK && c->damage.status == F24_OK && ch->n_read != c->xdf.n_declared)
        f24_warn(c->warnings, F24_ECORRUPT, 28,
                 "the header counts %" PRIu64 " directory pages, the chain has %" PRIu64
                 ": the records of these are listed (copy it again from its source)",
                 c->xdf.n_declared, ch->n_read);
    if (ch->why.status == F24_OK || c->xdf.walk) /* whole, or told when the walk was planned */
        return F24_OK;
    f24_note_damage(c, &ch->why);
    return plan_walk(c, ch, err);
}

/* The page that the walk met last: its entries may know more than the records (2.10). */
typedef struct met_page {
    uint64_t ordinal, offset;
    uint32_t n_entries; /* that can be believed */
    uint32_t n_seen;    /* records since */
} met_page;

/*
 * How many entries of a page can be believed: none when its checksum is wrong. An impossible count
 * is wrong itself; what the checksum makes of it is right if nothing else is.
 */
static uint32_t believed_entries(const uint8_t *bytes)
{
    uint32_t sum = f24_xdf_checksum(bytes), n = be32(bytes + 20);

    if (sum == 0)
        return n <= F24_XDF_PAGE_ENTRIES ? n : F24_XDF_PAGE_ENTRIES;
    return n > F24_XDF_PAGE_ENTRIES && (n ^ sum) <= F24_XDF_PAGE_ENTRIES ? n ^ sum : 0;
}

static f24_status meet_page(f24_container *c, const f24_xdf_walk *walk, met_page *m, f24_error *err)
{
    const uint8_t *bytes;

    F24_TRY(f24_window_at(&c->window, walk->at, F24_XDF_PAGE, F24_XDF_PAGE, &bytes, NULL, err));
    m->offset = walk->at;
    m->ordinal = (uint64_t)c->info.n_parts++;
    m->n_seen = 0;
    m->n_entries = believed_entries(bytes);
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
                 ": the records before it are listed (copy it again from its source)",
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
                 "%" PRIu64 " records were found that no directory page %s (if nobody writes it, "
                 "fst24 repair mends it)",
                 n,
                 c->damage.status != F24_OK ? "leads to"
                                            : "knows: their writer died or still has the file");
}

static f24_status scan_walk(f24_container *c, uint64_t next_index, f24_batch *batch, f24_error *err)
{
    f24_xdf_walk walk = f24_xdf_walk_begin(c);
    uint64_t n_known = c->xdf.n_known, n_met = 0, n = 0;
    met_page m = {0};
    f24_xdf_met met;

    for (;;) {
        F24_TRY(f24_xdf_step(c, &walk, &met, err));
        if (met == F24_XDF_PAGE_MET) {
            F24_TRY(meet_page(c, &walk, &m, err));
            next_index = m.ordinal * F24_XDF_PAGE_ENTRIES;
            n_known = 0; /* they are records of the page before */
        } else if (met == F24_XDF_RECORD || met == F24_XDF_DELETED) {
            if (n_met++ == c->xdf.n_walk) { /* a writer at work: the file ends where it did */
                met = F24_XDF_END;
                break;
            }
            if (n_known > 0) {
                n_known--;
                continue;
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
    chain ch;

    if (c->xdf.n_pages > 0) {
        F24_TRY(chain_begin(c, &ch, err));
        status = scan_pages(c, &ch, batch, &next_index, err);
        free(ch.visited);
        F24_TRY(status);
    }
    return c->xdf.walk ? scan_walk(c, next_index, batch, err) : F24_OK;
}
