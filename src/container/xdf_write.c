/*
 * Writing XDF files. Facts: docs/format/containers.md, 2; what is written when, and what a kill
 * leaves: 2.14.
 *
 * A file beside its target is seen by nobody: its pages go to disk when they begin, so that a full disk
 * cannot deny them their room later, and when they are full; its header at both ends. A file in place
 * holds every record that was added, at any moment: whatever is written goes to disk at once, and what
 * makes it count goes last.
 */
#include "container/xdf_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define MAX_ENTRIES 262144u /* 1024 pages, deleted entries included: what librmn reads (2.13) */
#define MAX_FILE ((UINT64_C(8) << 30) - 8u) /* its word counts are signed 32-bit numbers */
#define MAX_PAYLOAD UINT64_C(134217600)     /* its lengths, too: 33 554 400 words */
#define MAX_NI 0xFFFFFFu                    /* of ni and of nj: the older 24 bits */

/* A file in place grows ahead of its records by steps, doubled up to this one. */
#define LAST_STEP (UINT64_C(64) << 20)

/* -------------------------------------------------------------------------------------- room --- */

/*
 * Room for n_bytes behind the last structure. A step costs two calls however long it is (it stays a
 * hole), and the close cuts what is left of it.
 */
static f24_status make_room(f24_store *store, uint64_t n_bytes, f24_error *err)
{
    f24_xdf *x = store->own;
    uint64_t need = x->end + n_bytes;

    if (need > MAX_FILE)
        return f24_fail(err, F24_EENCODING, -1,
                        "an XDF file has %" PRIu64 " bytes (8 GiB) at most and this record would "
                        "end at %" PRIu64 ": write an RSF file",
                        MAX_FILE, need);
    if (!x->in_place || need <= x->size)
        return F24_OK;
    F24_TRY(f24_xdf_check_alone(store, err));
    if (need < MAX_FILE - x->step && f24_xdf_resize(store, need + x->step, NULL) == F24_OK) {
        x->step = x->step < LAST_STEP ? 2 * x->step : LAST_STEP;
        return F24_OK;
    }
    return f24_xdf_resize(store, need, err); /* near a limit, of XDF or of the system */
}

/* ------------------------------------------------------------------------------------ limits --- */

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
    const f24_xdf *x = store->own;
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
    f24_xdf *x = store->own;
    uint32_t n_units = (uint32_t)(p->n_bytes / F24_XDF_UNIT);

    x->counts.n_extensions++;
    x->counts.n_live++;
    if (x->counts.longest < n_units)
        x->counts.longest = n_units;
    return x->in_place ? f24_xdf_write_header(store, F24_XDF_READ_WRITE, err) : F24_OK;
}

/* Enter a record into the last page: the entry, then what counts it, then the header. */
static f24_status enter(f24_store *store, const placed *p, f24_error *err)
{
    f24_xdf *x = store->own;
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
    f24_xdf *x = store->own;
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
    f24_xdf *x = store->own;

    if (!x->in_place)
        return;
    if (f24_xdf_image_write(x->last, store->output, NULL) != F24_OK ||
        f24_xdf_resize(store, x->end, NULL) != F24_OK)
        x->torn = true;
}

static f24_status add(f24_store *store, const f24_addition *record, f24_error *err)
{
    f24_xdf *x = store->own;
    bool full = f24_xdf_image_entries(x->last) == F24_XDF_PAGE_ENTRIES;
    placed p = place_record(record, x->end + (full ? F24_XDF_PAGE : 0));
    f24_xdf_counts before = x->counts;
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
    f24_xdf *x = store->own;
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
    const f24_xdf *x = store->own;

    if (x->in_place || page != x->last)
        F24_TRY(f24_xdf_image_write_entry(page, n, store->output, err));
    F24_TRY(f24_output_write(store->output, slot->offset, page->bytes + f24_xdf_entry_at(n),
                             n_bytes, err));
    return x->in_place ? f24_xdf_write_header(store, F24_XDF_READ_WRITE, err) : F24_OK;
}

/*
 * Put another entry into the directory, and its first n_bytes into the record. The directory goes
 * first, because it decides (2.7).
 */
static f24_status change(f24_store *store, size_t slot, const uint8_t *entry, size_t n_bytes,
                         const f24_xdf_counts *after, f24_error *err)
{
    f24_xdf *x = store->own;
    const f24_slot *changed = &store->slots[slot];
    uint32_t n = (uint32_t)(slot % F24_XDF_PAGE_ENTRIES);
    uint8_t old_entry[F24_XDF_ENTRY];
    f24_xdf_counts before = x->counts;
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
    const f24_xdf *x = store->own;
    uint8_t entry[F24_XDF_ENTRY];
    f24_xdf_counts after = x->counts;

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
    const f24_xdf *x = store->own;
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
    const f24_xdf *x = store->own;

    if (!x->in_place)
        return F24_OK;
    F24_TRY(f24_xdf_check_alone(store, err));
    return store->options.sync ? f24_output_sync(store->output, err) : F24_OK;
}

/* A change that failed, and was not undone either, as when a disk is broken. */
static f24_status check_sound(const f24_xdf *x, f24_error *err)
{
    if (x->torn)
        return f24_fail(err, F24_EIO, -1, "a change failed and could not be undone: %s",
                        x->in_place ? "mend the file with fst24 repair" : "write the file again");
    return F24_OK;
}

static f24_status finish_beside(f24_store *store, f24_error *err)
{
    const f24_xdf *x = store->own;

    F24_TRY(check_sound(x, err));
    F24_TRY(f24_xdf_image_write(x->last, store->output, err));
    F24_TRY(f24_xdf_write_header(store, 0, err));
    return f24_output_resize(store->output, x->end, err); /* behind it a failed record may lie */
}

static f24_status finish_in_place(f24_store *store, f24_error *err)
{
    const f24_xdf *x = store->own;

    F24_TRY(f24_xdf_check_alone(store, err));
    F24_TRY(check_sound(x, err));
    if (x->size != x->end)
        F24_TRY(f24_xdf_resize(store, x->end, err));
    if (store->options.sync)
        F24_TRY(f24_output_sync(store->output, err));
    F24_TRY(f24_xdf_write_header(store, 0, err));
    return store->options.sync ? f24_output_sync(store->output, err) : F24_OK;
}

static f24_status finish(f24_store *store, f24_error *err)
{
    const f24_xdf *x = store->own;

    return x->in_place ? finish_in_place(store, err) : finish_beside(store, err);
}

static void release(f24_store *store)
{
    f24_xdf *x = store->own;

    if (x == NULL)
        return;
    if (x->locked)
        f24_output_unlock(store->output);
    free(x->last);
    free(x->other);
    free(x);
}

const f24_store_ops f24_xdf_store = {f24_xdf_begin, check, add,    remove_slot,
                                     edit,          flush, finish, release};
