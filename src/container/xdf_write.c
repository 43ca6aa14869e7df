/*
 * Writing XDF files. Facts: docs/format/containers.md, 2; what is written when, and what a kill
 * leaves: 2.14.
 *
 * A file beside its target is seen by nobody: its pages go to disk when they begin, so that a full disk
 * cannot deny them their room later, and when they are full; its header at both ends. A file in place
 * holds every record that was added, at any moment: whatever is written goes to disk at once, and what
 * makes it count goes last.
 */
#include "container/xdf_page.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define MAX_ENTRIES 262144u /* 1024 pages, deleted entries included: what librmn reads (2.13) */
#define MAX_FILE ((UINT64_C(8) << 30) - 8u) /* its word counts are signed 32-bit numbers */
#define MAX_PAYLOAD UINT64_C(134217600)     /* its lengths, too: 33 554 400 words */
#define MAX_NI 0xFFFFFFu                    /* of ni and of nj: the older 24 bits */

#define READ_WRITE 3u /* rwflg of a file that a writer has (2.2) */

/* A file in place grows ahead of its records by steps, doubled up to the last one. */
#define FIRST_STEP (UINT64_C(1) << 20)
#define LAST_STEP (UINT64_C(64) << 20)

/* Numbers of the header that change (2.2). */
typedef struct counts {
    uint32_t n_rewrites, n_extensions, n_pages, longest, n_erasures, n_live;
} counts;

typedef struct xdf {
    bool in_place;
    bool locked;
    bool torn;     /* a failed change could not be undone on disk */
    uint64_t end;  /* of the last structure: where the next one goes */
    uint64_t size; /* of a file in place, and what its header says */
    uint64_t step;
    counts counts;
    f24_xdf_image *last;  /* the page that takes entries, as on disk when in place */
    f24_xdf_image *other; /* any other: one being made, or an earlier one being changed */
    uint8_t header[F24_XDF_HEADER];
} xdf;

/* ------------------------------------------------------------------------------------ header --- */

/* The descriptors of the keys: the same in every standard file (2.2). */
static void describe_keys(uint8_t *header)
{
    const uint32_t type = 31u << 14; /* 32 bits, type 0 */

    for (uint32_t i = 0; i < 18; i++) {
        uint8_t *at = header + 64 + 8u * i;
        uint32_t k = i < 16 ? i + 1 : i - 15;
        put_be32(at, i < 16 ? 0x53463030u : 0x41584930u); /* "SF00", "AXI0" */
        if (i < 16)
            at[2] = (uint8_t)('0' + k / 10);
        at[3] = (uint8_t)('0' + k % 10);
        put_be32(at + 4, (32u * k - 1) << 19 | type);
    }
}

static void make_header(uint8_t *header)
{
    memset(header, 0, F24_XDF_HEADER);
    put_be32(header, F24_XDF_HEADER / F24_XDF_UNIT);
    put_be32(header + 8, 0x58444630u);  /* "XDF0" */
    put_be32(header + 12, 0x53544452u); /* "STDR" */
    put_be32(header + 40, 16u << 16 | 9);
    put_be32(header + 44, 2u << 16 | 1);
    describe_keys(header);
}

static void fill_header(xdf *x, uint32_t writing)
{
    const counts *c = &x->counts;

    put_be32(x->header + 16, (uint32_t)((x->in_place ? x->size : x->end) / F24_XDF_UNIT));
    put_be32(x->header + 20, c->n_rewrites);
    put_be32(x->header + 24, c->n_extensions);
    put_be32(x->header + 28, c->n_pages);
    put_be32(x->header + 32, f24_xdf_address(x->last->offset));
    put_be32(x->header + 36, c->longest);
    put_be32(x->header + 48, c->n_erasures);
    put_be32(x->header + 52, c->n_live);
    put_be32(x->header + 56, writing);
}

static f24_status write_header(f24_store *store, uint32_t writing, f24_error *err)
{
    xdf *x = store->own;

    fill_header(x, writing);
    return f24_output_write(store->output, 0, x->header, sizeof x->header, err);
}

/* ----------------------------------------------------------------------- the size of the file --- */

/* A program with librmn neither tells that it writes nor minds that we do (2.8). */
static f24_status check_alone(f24_store *store, f24_error *err)
{
    const xdf *x = store->own;
    uint64_t size = 0;

    F24_TRY(f24_output_size(store->output, &size, err));
    if (size != x->size)
        return f24_fail(err, F24_ECHANGED, (int64_t)x->size,
                        "another program changed the file while it was written (%" PRIu64
                        " bytes instead of %" PRIu64 "): look at it with fst24 check",
                        size, x->size);
    return F24_OK;
}

/*
 * Size and header have to agree for librmn. Between the two calls they do not; then the file is the
 * longer one, and our reader knows what that means.
 */
static f24_status resize(f24_store *store, uint64_t size, f24_error *err)
{
    xdf *x = store->own;
    uint64_t before = x->size;
    f24_status status = F24_OK;

    if (size > before)
        status = f24_output_resize(store->output, size, err);
    if (status == F24_OK) {
        x->size = size;
        status = write_header(store, READ_WRITE, err);
        if (status == F24_OK && size < before)
            status = f24_output_resize(store->output, size, err);
    }
    if (status != F24_OK) {
        x->size = before;
        if (f24_output_resize(store->output, before, NULL) !=
            F24_OK) /* the disk tells what it is */
            (void)f24_output_size(store->output, &x->size, NULL);
        (void)write_header(store, READ_WRITE, NULL);
    }
    return status;
}

/*
 * Room for n_bytes behind the last structure. A step costs two calls however long it is (it stays a
 * hole), and the close cuts what is left of it.
 */
static f24_status make_room(f24_store *store, uint64_t n_bytes, f24_error *err)
{
    xdf *x = store->own;
    uint64_t need = x->end + n_bytes;

    if (need > MAX_FILE)
        return f24_fail(err, F24_EENCODING, -1,
                        "an XDF file has %" PRIu64 " bytes (8 GiB) at most and this record would "
                        "end at %" PRIu64 ": write an RSF file",
                        MAX_FILE, need);
    if (!x->in_place || need <= x->size)
        return F24_OK;
    F24_TRY(check_alone(store, err));
    if (need < MAX_FILE - x->step && resize(store, need + x->step, NULL) == F24_OK) {
        x->step = x->step < LAST_STEP ? 2 * x->step : LAST_STEP;
        return F24_OK;
    }
    return resize(store, need, err); /* near a limit, of XDF or of the system */
}

/* --------------------------------------------------------------------------------- beginning --- */

static f24_status begin_new(f24_store *store, f24_error *err)
{
    xdf *x = store->own;
    struct iovec pieces[2] = {{x->header, sizeof x->header}, {x->last->bytes, F24_XDF_PAGE}};
    f24_status status;

    make_header(x->header);
    f24_xdf_image_clear(x->last, F24_XDF_HEADER);
    x->counts.n_pages = 1;
    x->end = x->size = F24_XDF_HEADER + F24_XDF_PAGE;
    fill_header(x, READ_WRITE);
    status = f24_output_write_pieces(store->output, 0, pieces, 2, err);
    if (status != F24_OK)
        (void)f24_output_resize(store->output, 0, NULL);
    return status;
}

/* fst24 itself would have the lock. */
static f24_status refuse_marked(f24_store *store, f24_error *err)
{
    long process = f24_output_other_writer(store->output);

    if (process > 0)
        return f24_fail(err, F24_ELOCKED, 56,
                        "the file is marked as being written, and process %ld has it open for "
                        "writing: wait until it is done, or write another file",
                        process);
    return f24_fail(err, F24_ELOCKED, 56,
                    "the file is marked as being written, but fst24 does not have it: a writer "
                    "died, or a program with librmn writes it. If nobody does, mend it with "
                    "fst24 repair");
}

static f24_status check_header(f24_store *store, f24_error *err)
{
    xdf *x = store->own;

    if (x->size < sizeof x->header)
        return f24_fail(err, F24_ETRUNCATED, (int64_t)x->size, "the file is cut in its header");
    F24_TRY(f24_output_read(store->output, 0, x->header, sizeof x->header, err));
    if (be32(x->header + 56) != 0)
        return refuse_marked(store, err);
    return F24_OK;
}

/* What the reader reads and a writer cannot go on with. */
static f24_status check_kind(f24_store *store, f24_error *err)
{
    const xdf *x = store->own;
    f24_file_info info = {0};

    F24_TRY(f24_store_check_whole(store, &info, err));
    if (info.backend != F24_XDF)
        return f24_fail(err, F24_ELOCKED, -1,
                        "another program has just made it an RSF file: open it again");
    if (info.sequential)
        return f24_fail(err, F24_EUNSUPPORTED, 12,
                        "a sequential file without directory cannot be added to: copy it with "
                        "fst24 cp first");
    if (be32(x->header) != F24_XDF_HEADER / F24_XDF_UNIT || be32(x->header + 40) >> 16 != 16 ||
        be32(x->header + 44) >> 16 != 2)
        return f24_fail(err, F24_EUNSUPPORTED, 0,
                        "the header is not that of a standard file (26 units, 16 and 2 keys): copy "
                        "it with fst24 cp first");
    return F24_OK;
}

static void note_entry(f24_store *store, uint64_t at, const uint8_t *entry)
{
    f24_xdf_head head = f24_xdf_head_at(entry);
    f24_slot *slot = f24_store_take_slot(store);

    slot->entry = at;
    slot->live = f24_xdf_is_live(head.idtyp);
    slot->n_bytes = (uint64_t)head.n_units * F24_XDF_UNIT;
    slot->offset = head.address != 0 ? f24_xdf_offset(head.address) : 0;
    for (size_t k = 0; k < F24_KEY_WORDS; k++)
        slot->keys[k] = be32(entry + 8 + 4 * k);
}

/* Slots of the last page; every page but the last has 256 of them, whether it uses them or not. */
static f24_status note_page(f24_store *store, uint64_t n_before, const f24_xdf_page *page,
                            f24_error *err)
{
    xdf *x = store->own;

    F24_TRY(f24_store_reserve(store, n_before - store->n_slots + page->n_entries, err));
    while (store->n_slots < n_before)
        (void)f24_store_take_slot(store);
    for (uint32_t i = 0; i < page->n_entries; i++)
        note_entry(store, x->last->offset + f24_xdf_entry_at(i),
                   x->last->bytes + f24_xdf_entry_at(i));
    return F24_OK;
}

static f24_status read_pages(f24_store *store, f24_error *err)
{
    xdf *x = store->own;
    f24_xdf_page page = {.next = f24_xdf_address(F24_XDF_HEADER)};
    uint64_t n = 0;

    for (; page.next != 0; n++) {
        x->last->offset = f24_xdf_offset(page.next);
        F24_TRY(f24_output_read(store->output, x->last->offset, x->last->bytes, F24_XDF_PAGE, err));
        F24_TRY(f24_xdf_parse_page(x->last->bytes, x->last->offset, &page, err));
        if (n == x->counts.n_pages) /* no other than the file that was checked whole */
            return f24_fail(err, F24_ECHANGED, 28, "another program changes the file right now");
        F24_TRY(note_page(store, n * F24_XDF_PAGE_ENTRIES, &page, err));
    }
    return F24_OK;
}

static f24_status begin_old(f24_store *store, f24_error *err)
{
    xdf *x = store->own;

    x->end = x->size;
    F24_TRY(check_header(store, err));
    F24_TRY(check_kind(store, err));
    x->counts = (counts){
        .n_rewrites = be32(x->header + 20),
        .n_extensions = be32(x->header + 24),
        .n_pages = be32(x->header + 28),
        .longest = be32(x->header + 36),
        .n_erasures = be32(x->header + 48),
    };
    F24_TRY(read_pages(store, err));
    for (size_t i = 0; i < store->n_slots; i++)
        x->counts.n_live += store->slots[i].live;
    return write_header(store, READ_WRITE, err); /* keeps librmn's writers out */
}

static f24_status begin(f24_store *store, f24_error *err)
{
    xdf *x = calloc(1, sizeof *x);

    store->own = x;
    if (x != NULL) {
        x->last = calloc(1, sizeof *x->last);
        x->other = calloc(1, sizeof *x->other);
    }
    if (x == NULL || x->last == NULL || x->other == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot begin to write");
    x->in_place = f24_output_in_place(store->output);
    x->step = FIRST_STEP;
    if (x->in_place) {
        if (store->options.parallel)
            return f24_fail(err, F24_EUNSUPPORTED, -1,
                            "an XDF file has one writer at a time: write an RSF file");
        F24_TRY(f24_output_try_lock(store->output, err));
        x->locked = true;
    }
    F24_TRY(f24_output_size(store->output, &x->size, err));
    return x->size == 0 ? begin_new(store, err) : begin_old(store, err);
}

/* -------------------------------------------------------------------------------------- limits - */

static uint32_t ni_of(const uint32_t *keys)
{
    return (keys[10] & 0xFFu) << 24 | keys[1] >> 8;
}

static uint32_t nj_of(const uint32_t *keys)
{
    return (keys[14] & 0xFu) << 28 | (keys[13] & 0xFu) << 24 | keys[2] >> 8;
}

static f24_status check(const f24_store *store, const f24_addition *record, f24_error *err)
{
    const uint32_t *keys = record->keys;
    uint32_t type = keys[2] & 0x3Fu, n_bits = keys[0] & 0xFFu;

    (void)store;
    if (record->json != NULL && record->n_json > 0)
        return f24_fail(
            err, F24_EENCODING, -1,
            "XDF keeps no extended metadata (JSON): leave them out, or write an RSF file");
    if (ni_of(keys) > MAX_NI || nj_of(keys) > MAX_NI)
        return f24_fail(err, F24_EENCODING, -1,
                        "ni and nj are 16777215 at most in XDF, not %u x %u: write an RSF file",
                        (unsigned)ni_of(keys), (unsigned)nj_of(keys));
    if (record->n_payload + record->n_zeros > MAX_PAYLOAD)
        return f24_fail(err, F24_EENCODING, -1,
                        "a record of XDF has %" PRIu64 " bytes of data at most, not %" PRIu64
                        ": write an RSF file, or store fewer bits",
                        MAX_PAYLOAD, record->n_payload + record->n_zeros);
    if ((type == 2 || type == 4) && n_bits > 32)
        return f24_fail(err, F24_EENCODING, -1,
                        "XDF keeps no integers of %u bits (librmn would lose them): write an RSF "
                        "file, or store 32 bits",
                        (unsigned)n_bits);
    return F24_OK;
}

/* ------------------------------------------------------------------------------------ adding --- */

typedef struct placed {
    uint64_t at, n_bytes;         /* of the record */
    uint8_t entry[F24_XDF_ENTRY]; /* its entry; the record begins with the same bytes (2.4) */
} placed;

static placed place_record(const f24_addition *record, uint64_t at)
{
    placed p = {.at = at};

    p.n_bytes = F24_XDF_RECORD_HEAD + (record->n_payload + record->n_zeros + 7u) / 8u * 8u;
    put_be32(p.entry, 1u << 24 | (uint32_t)(p.n_bytes / F24_XDF_UNIT));
    put_be32(p.entry + 4, f24_xdf_address(at));
    for (size_t k = 0; k < F24_KEY_WORDS; k++)
        put_be32(p.entry + 8 + 4 * k, record->keys[k]);
    return p;
}

/*
 * The bytes of a record. In place its first unit goes last: without it a walk does not take what a kill
 * leaves for a whole record (2.10), and a write of 8 aligned bytes is never cut.
 */
static f24_status write_record(f24_store *store, const f24_addition *record, const placed *p,
                               f24_error *err)
{
    static const uint8_t zeros[F24_MOST_ZEROS + 8];
    const xdf *x = store->own;
    uint8_t head[F24_XDF_RECORD_HEAD] = {0};
    size_t n_payload = (size_t)record->n_payload, first = x->in_place ? F24_XDF_UNIT : 0;
    struct iovec pieces[3] = {
        {head + first, sizeof head - first},
        {(void *)(uintptr_t)record->payload, n_payload},
        {(void *)(uintptr_t)zeros, (size_t)(p->n_bytes - sizeof head) - n_payload},
    };

    memcpy(head, p->entry, sizeof p->entry);
    F24_TRY(f24_output_write_pieces(store->output, p->at + first, pieces, 3, err));
    return x->in_place ? f24_output_write(store->output, p->at, head, F24_XDF_UNIT, err) : F24_OK;
}

/* Count the new record. In place the header follows at once. */
static f24_status count_record(f24_store *store, const placed *p, f24_error *err)
{
    xdf *x = store->own;
    uint32_t n_units = (uint32_t)(p->n_bytes / F24_XDF_UNIT);

    x->counts.n_extensions++;
    x->counts.n_live++;
    if (x->counts.longest < n_units)
        x->counts.longest = n_units;
    return x->in_place ? write_header(store, READ_WRITE, err) : F24_OK;
}

/* Enter a record into the last page: the entry, then what counts it, then the header. */
static f24_status enter(f24_store *store, const placed *p, f24_error *err)
{
    xdf *x = store->own;
    uint32_t n = f24_xdf_image_entries(x->last);
    f24_status status = F24_OK;

    f24_xdf_image_put(x->last, n, p->entry);
    f24_xdf_image_set(x->last, F24_XDF_PAGE_COUNT, n + 1);
    if (x->in_place)
        status = f24_xdf_image_write_entry(x->last, n, store->output, err);
    if (status == F24_OK)
        status = count_record(store, p, err);
    if (status != F24_OK) {
        static const uint8_t none[F24_XDF_ENTRY];
        f24_xdf_image_put(x->last, n, none);
        f24_xdf_image_set(x->last, F24_XDF_PAGE_COUNT, n);
    }
    return status;
}

/*
 * The same with a new page, at the end that the full one had: the page, then the link that leads
 * there, then the header.
 */
static f24_status enter_with_page(f24_store *store, const placed *p, f24_error *err)
{
    xdf *x = store->own;
    f24_xdf_image *full = x->last, *fresh = x->other;
    f24_status status;

    f24_xdf_image_clear(fresh, x->end);
    f24_xdf_image_put(fresh, 0, p->entry);
    f24_xdf_image_set(fresh, F24_XDF_PAGE_COUNT, 1);
    f24_xdf_image_set(full, F24_XDF_PAGE_NEXT, f24_xdf_address(fresh->offset));
    status = f24_xdf_image_write(fresh, store->output, err);
    if (status == F24_OK)
        status = x->in_place ? f24_xdf_image_write_head(full, store->output, err)
                             : f24_xdf_image_write(full, store->output, err);
    if (status == F24_OK) {
        x->last = fresh;
        x->other = full;
        x->counts.n_pages++;
        status = count_record(store, p, err);
    }
    if (status != F24_OK) {
        x->last = full;
        x->other = fresh;
        f24_xdf_image_set(full, F24_XDF_PAGE_NEXT, 0);
    }
    return status;
}

/* Bring a file in place back to what the store knows: the page, and nothing behind the end. */
static void retract(f24_store *store)
{
    xdf *x = store->own;

    if (!x->in_place)
        return;
    if (f24_xdf_image_write(x->last, store->output, NULL) != F24_OK ||
        resize(store, x->end, NULL) != F24_OK)
        x->torn = true;
}

static f24_status add(f24_store *store, const f24_addition *record, f24_error *err)
{
    xdf *x = store->own;
    bool full = f24_xdf_image_entries(x->last) == F24_XDF_PAGE_ENTRIES;
    placed p = place_record(record, x->end + (full ? F24_XDF_PAGE : 0));
    counts before = x->counts;
    f24_status status;
    f24_slot *slot;

    if (full && x->counts.n_pages >= MAX_ENTRIES / F24_XDF_PAGE_ENTRIES)
        return f24_fail(err, F24_EENCODING, -1,
                        "an XDF file has %u records at most, deleted ones included: write an RSF "
                        "file, or copy the file without the deleted ones (fst24 cp)",
                        MAX_ENTRIES);
    F24_TRY(make_room(store, p.at + p.n_bytes - x->end, err));
    status = write_record(store, record, &p, err);
    if (status == F24_OK)
        status = full ? enter_with_page(store, &p, err) : enter(store, &p, err);
    if (status != F24_OK) {
        x->counts = before;
        retract(store);
        return status;
    }
    x->end = p.at + p.n_bytes;
    slot = f24_store_take_slot(store);
    slot->offset = p.at;
    slot->n_bytes = p.n_bytes;
    slot->entry = x->last->offset + f24_xdf_entry_at(f24_xdf_image_entries(x->last) - 1);
    memcpy(slot->keys, record->keys, sizeof slot->keys);
    slot->live = true;
    return F24_OK;
}

/* ----------------------------------------------------------------------- deleting and editing --- */

/* A damaged entry must not make us write into something else. */
static f24_status confirm_record(f24_store *store, const f24_slot *slot, f24_error *err)
{
    uint8_t bytes[F24_XDF_UNIT];
    f24_xdf_head head;

    F24_TRY(f24_output_read(store->output, slot->offset, bytes, sizeof bytes, err));
    head = f24_xdf_head_at(bytes);
    if (head.address != f24_xdf_address(slot->offset) ||
        (uint64_t)head.n_units * F24_XDF_UNIT != slot->n_bytes)
        return f24_fail(err, F24_ECORRUPT, (int64_t)slot->offset,
                        "the record is not where the directory places it: the file is damaged (see "
                        "fst24 check)");
    return F24_OK;
}

/* The page that holds the entry of a slot. */
static f24_status load_page(f24_store *store, size_t slot, f24_xdf_image **page, f24_error *err)
{
    xdf *x = store->own;
    uint64_t offset = store->slots[slot].entry - f24_xdf_entry_at(slot % F24_XDF_PAGE_ENTRIES);

    *page = offset == x->last->offset ? x->last : x->other;
    if (*page == x->last)
        return F24_OK;
    x->other->offset = offset;
    return f24_output_read(store->output, offset, x->other->bytes, F24_XDF_PAGE, err);
}

/* The entry and the head of the record itself; what is not on disk yet has its page go there later. */
static f24_status write_change(f24_store *store, const f24_slot *slot, const f24_xdf_image *page,
                               uint32_t n, size_t n_bytes, f24_error *err)
{
    const xdf *x = store->own;

    if (x->in_place || page != x->last)
        F24_TRY(f24_xdf_image_write_entry(page, n, store->output, err));
    F24_TRY(f24_output_write(store->output, slot->offset, page->bytes + f24_xdf_entry_at(n),
                             n_bytes, err));
    return x->in_place ? write_header(store, READ_WRITE, err) : F24_OK;
}

/*
 * Put another entry into the directory, and its first n_bytes into the record. The directory goes
 * first, because it decides (2.7).
 */
static f24_status change(f24_store *store, size_t slot, const uint8_t *entry, size_t n_bytes,
                         const counts *after, f24_error *err)
{
    xdf *x = store->own;
    const f24_slot *changed = &store->slots[slot];
    uint32_t n = (uint32_t)(slot % F24_XDF_PAGE_ENTRIES);
    uint8_t old_entry[F24_XDF_ENTRY];
    counts before = x->counts;
    f24_xdf_image *page = NULL;
    f24_status status;

    F24_TRY(confirm_record(store, changed, err));
    F24_TRY(load_page(store, slot, &page, err));
    memcpy(old_entry, page->bytes + f24_xdf_entry_at(n), sizeof old_entry);
    f24_xdf_image_put(page, n, entry);
    x->counts = *after;
    status = write_change(store, changed, page, n, n_bytes, err);
    if (status != F24_OK) {
        f24_xdf_image_put(page, n, old_entry);
        x->counts = before;
        if (write_change(store, changed, page, n, n_bytes, NULL) != F24_OK)
            x->torn = true;
    }
    return status;
}

static void make_entry(const f24_slot *slot, uint32_t idtyp, const uint32_t *keys, uint8_t *entry)
{
    put_be32(entry, idtyp << 24 | (uint32_t)(slot->n_bytes / F24_XDF_UNIT));
    put_be32(entry + 4, f24_xdf_address(slot->offset));
    for (size_t k = 0; k < F24_KEY_WORDS; k++)
        put_be32(entry + 8 + 4 * k, keys[k]);
}

static f24_status remove_slot(f24_store *store, size_t slot, f24_error *err)
{
    const xdf *x = store->own;
    uint8_t entry[F24_XDF_ENTRY];
    counts after = x->counts;

    make_entry(&store->slots[slot], 255, store->slots[slot].keys, entry);
    after.n_erasures++;
    after.n_live--;
    F24_TRY(change(store, slot, entry, F24_XDF_UNIT, &after, err));
    store->slots[slot].live = false;
    return F24_OK;
}

static f24_status edit(f24_store *store, size_t slot, const uint32_t keys[F24_KEY_WORDS],
                       const char *json, size_t n_json, f24_error *err)
{
    const xdf *x = store->own;
    uint8_t entry[F24_XDF_ENTRY];

    if (json != NULL && n_json > 0)
        return f24_fail(
            err, F24_EENCODING, -1,
            "XDF keeps no extended metadata (JSON): leave them out, or write an RSF file");
    make_entry(&store->slots[slot], 1, keys, entry);
    F24_TRY(change(store, slot, entry, sizeof entry, &x->counts, err));
    memcpy(store->slots[slot].keys, keys, sizeof store->slots[slot].keys);
    return F24_OK;
}

/* -------------------------------------------------------------------------------------- ending - */

/* In place everything is where readers see it already. */
static f24_status flush(f24_store *store, f24_error *err)
{
    const xdf *x = store->own;

    if (!x->in_place)
        return F24_OK;
    F24_TRY(check_alone(store, err));
    return store->options.sync ? f24_output_sync(store->output, err) : F24_OK;
}

/* A change that failed, and was not undone either, as when a disk is broken. */
static f24_status check_sound(const xdf *x, f24_error *err)
{
    if (x->torn)
        return f24_fail(err, F24_EIO, -1, "a change failed and could not be undone: %s",
                        x->in_place ? "mend the file with fst24 repair" : "write the file again");
    return F24_OK;
}

static f24_status finish_beside(f24_store *store, f24_error *err)
{
    const xdf *x = store->own;

    F24_TRY(check_sound(x, err));
    F24_TRY(f24_xdf_image_write(x->last, store->output, err));
    F24_TRY(write_header(store, 0, err));
    return f24_output_resize(store->output, x->end, err); /* behind it a failed record may lie */
}

static f24_status finish_in_place(f24_store *store, f24_error *err)
{
    const xdf *x = store->own;

    F24_TRY(check_alone(store, err));
    F24_TRY(check_sound(x, err));
    if (x->size != x->end)
        F24_TRY(resize(store, x->end, err));
    if (store->options.sync)
        F24_TRY(f24_output_sync(store->output, err));
    F24_TRY(write_header(store, 0, err));
    return store->options.sync ? f24_output_sync(store->output, err) : F24_OK;
}

static f24_status finish(f24_store *store, f24_error *err)
{
    const xdf *x = store->own;

    return x->in_place ? finish_in_place(store, err) : finish_beside(store, err);
}

static void release(f24_store *store)
{
    xdf *x = store->own;

    if (x == NULL)
        return;
    if (x->locked)
        f24_output_unlock(store->output);
    free(x->last);
    free(x->other);
    free(x);
}

const f24_store_ops f24_xdf_store = {begin, check, add, remove_slot, edit, flush, finish, release};
