/*
 * The header of an XDF file that is being written, and how writing begins. Facts:
 * docs/format/containers.md, 2.2, 2.8 and 2.14.
 */
#include "container/xdf_writer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>

#define FIRST_STEP (UINT64_C(1) << 20)

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

static void fill_header(f24_xdf *x, uint32_t writing)
{
    const f24_xdf_counts *c = &x->counts;

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

f24_status f24_xdf_write_header(f24_store *store, uint32_t writing, f24_error *err)
{
    f24_xdf *x = store->own;

    fill_header(x, writing);
    return f24_output_write(store->output, 0, x->header, sizeof x->header, err);
}

/* ----------------------------------------------------------------------- the size of the file --- */

/* A program with librmn neither tells that it writes nor minds that we do (2.8). */
f24_status f24_xdf_check_alone(f24_store *store, f24_error *err)
{
    const f24_xdf *x = store->own;
    uint64_t size = 0;

    F24_TRY(f24_output_size(store->output, &size, err));
    if (size != x->size)
        return f24_fail(err, F24_ECHANGED, (int64_t)x->size,
                        "another program changed the file while it was written (%" PRIu64
                        " bytes instead of %" PRIu64 "): look at it with fst24 check",
                        size, x->size);
    return F24_OK;
}

f24_status f24_xdf_resize(f24_store *store, uint64_t size, f24_error *err)
{
    f24_xdf *x = store->own;
    uint64_t before = x->size;
    f24_status status = F24_OK;

    if (size > before)
        status = f24_output_resize(store->output, size, err);
    if (status == F24_OK) {
        x->size = size;
        status = f24_xdf_write_header(store, F24_XDF_READ_WRITE, err);
        if (status == F24_OK && size < before)
            status = f24_output_resize(store->output, size, err);
    }
    if (status != F24_OK) {
        x->size = before;
        if (f24_output_resize(store->output, before, NULL) !=
            F24_OK) /* the disk tells what it is */
            (void)f24_output_size(store->output, &x->size, NULL);
        if (f24_xdf_write_header(store, F24_XDF_READ_WRITE, NULL) != F24_OK)
            x->torn = true;
    }
    return status;
}

/* --------------------------------------------------------------------------------- beginning --- */

static f24_status begin_new(f24_store *store, f24_error *err)
{
    f24_xdf *x = store->own;
    struct iovec pieces[2] = {{x->header, sizeof x->header}, {x->last->bytes, F24_XDF_PAGE}};
    f24_status status;

    make_header(x->header);
    f24_xdf_image_clear(x->last, F24_XDF_HEADER);
    x->counts.n_pages = 1;
    x->end = x->size = F24_XDF_HEADER + F24_XDF_PAGE;
    fill_header(x, F24_XDF_READ_WRITE);
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
    f24_xdf *x = store->own;

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
    const f24_xdf *x = store->own;
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
    f24_xdf *x = store->own;

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
    f24_xdf *x = store->own;
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
    f24_xdf *x = store->own;

    x->end = x->size;
    F24_TRY(check_header(store, err));
    F24_TRY(check_kind(store, err));
    x->counts = (f24_xdf_counts){
        .n_rewrites = be32(x->header + 20),
        .n_extensions = be32(x->header + 24),
        .n_pages = be32(x->header + 28),
        .longest = be32(x->header + 36),
        .n_erasures = be32(x->header + 48),
    };
    F24_TRY(read_pages(store, err));
    for (size_t i = 0; i < store->n_slots; i++)
        x->counts.n_live += store->slots[i].live;
    return f24_xdf_write_header(store, F24_XDF_READ_WRITE, err); /* keeps librmn's writers out */
}

f24_status f24_xdf_begin(f24_store *store, f24_error *err)
{
    f24_xdf *x = calloc(1, sizeof *x);

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
