/* Writing: which container it is, then the functions of that one. */
#include "container/store_parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------------- slots --- */

f24_status f24_store_reserve(f24_store *store, size_t n_more, f24_error *err)
{
    size_t capacity = store->capacity;
    f24_slot *slots;

    if (n_more <= capacity - store->n_slots)
        return F24_OK;
    while (n_more > capacity - store->n_slots)
        capacity = capacity < 64 ? 64 : capacity + capacity / 2;
    slots = realloc(store->slots, capacity * sizeof *slots);
    if (slots == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot note one more record");
    store->slots = slots;
    store->capacity = capacity;
    return F24_OK;
}

f24_slot *f24_store_take_slot(f24_store *store)
{
    f24_slot *slot = &store->slots[store->n_slots++];

    memset(slot, 0, sizeof *slot);
    return slot;
}

static f24_status find_live(const f24_store *store, size_t slot, f24_error *err)
{
    if (slot >= store->n_slots || !store->slots[slot].live)
        return f24_fail(err, F24_ENOTFOUND, -1,
                        "there is no record %zu in the directory, or it was deleted", slot);
    return F24_OK;
}

/* ------------------------------------------------------------------------------ open and close */

/* The container of what is there, or the one that a new file shall have. */
static f24_status choose(f24_store *store, f24_error *err)
{
    uint8_t bytes[F24_IDENTIFY_BYTES];
    f24_layout layout = F24_LAYOUT_XDF;
    uint64_t size = 0;
    size_t n;

    store->backend = store->options.backend;
    F24_TRY(f24_output_size(store->output, &size, err));
    if (size > 0) {
        n = size < sizeof bytes ? (size_t)size : sizeof bytes;
        F24_TRY(f24_output_read(store->output, 0, bytes, n, err));
        F24_TRY(f24_identify(bytes, n, size, &layout, err));
        store->backend = layout == F24_LAYOUT_RSF_LITTLE ? F24_RSF : F24_XDF;
    }
    store->ops = store->backend == F24_RSF ? &f24_rsf_store : &f24_xdf_store;
    return F24_OK;
}

f24_status f24_store_open(f24_output *output, const f24_store_options *options, f24_store **store,
                          f24_error *err)
{
    f24_store *s = calloc(1, sizeof *s);
    f24_status status;

    if (s == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot begin to write");
    s->output = output;
    s->options = *options;
    status = choose(s, err);
    if (status == F24_OK)
        status = s->ops->begin(s, err);
    if (status != F24_OK) {
        f24_store_discard(s);
        return status;
    }
    *store = s;
    return F24_OK;
}

void f24_store_discard(f24_store *store)
{
    if (store == NULL)
        return;
    if (store->ops != NULL)
        store->ops->release(store);
    free(store->slots);
    free(store);
}

f24_status f24_store_close(f24_store *store, f24_error *err)
{
    f24_status status = store->ops->finish(store, err);

    f24_store_discard(store);
    return status;
}

static f24_status ignore_run(void *context, const f24_run *run, f24_error *err)
{
    (void)context;
    (void)run;
    (void)err;
    return F24_OK;
}

static void ignore_drop(void *context)
{
    (void)context;
}

static f24_status scan_all(f24_source *source, f24_warnings *warnings, f24_file_info *info,
                           f24_error *err)
{
    const f24_sink sink = {NULL, ignore_run, ignore_drop};
    const f24_sink sinks[2] = {sink, sink};
    f24_container *container = NULL;
    f24_status status;

    F24_TRY(f24_container_open(source, warnings, &container, err));
    status = f24_container_scan(container, sinks, err);
    if (status == F24_OK && info != NULL)
        f24_container_info(container, info);
    f24_container_close(container);
    return status;
}

f24_status f24_store_check_whole(f24_store *store, f24_file_info *info, f24_error *err)
{
    f24_warnings warnings = {0};
    f24_source *source = NULL;
    f24_status status;

    F24_TRY(f24_output_source(store->output, &source, err));
    status = scan_all(source, &warnings, info, err);
    if (status == F24_OK && warnings.n > 0)
        status = f24_fail(err, warnings.list[0].status, warnings.list[0].offset,
                          "cannot add to a damaged file (see fst24 check, fst24 repair): %.150s",
                          warnings.list[0].message);
    f24_warnings_free(&warnings);
    f24_source_release(source);
    return status;
}

/* ----------------------------------------------------------------------------------- records --- */

f24_backend f24_store_backend(const f24_store *store)
{
    return store->backend;
}

bool f24_store_little(const f24_store *store)
{
    return store->backend == F24_RSF;
}

const f24_slot *f24_store_slots(const f24_store *store, size_t *n_slots)
{
    *n_slots = store->n_slots;
    return store->slots;
}

f24_status f24_store_check(const f24_store *store, const f24_addition *record, f24_error *err)
{
    return store->ops->check(store, record, err);
}

f24_status f24_store_add(f24_store *store, const f24_addition *record, size_t *slot, f24_error *err)
{
    F24_TRY(f24_store_check(store, record, err));
    F24_TRY(f24_store_reserve(store, 1, err));
    F24_TRY(store->ops->add(store, record, err));
    *slot = store->n_slots - 1;
    return F24_OK;
}

f24_status f24_store_delete(f24_store *store, size_t slot, f24_error *err)
{
    F24_TRY(find_live(store, slot, err));
    return store->ops->remove(store, slot, err);
}

/* Bits of the key words that say how long the payload is and how to decode it (2.5). */
static const uint32_t size_bits[F24_KEY_WORDS] = {
    [0] = 0xFFu,  /* nbits */
    [1] = ~0xFFu, /* ni */
    [2] = ~0u,    /* nj, datyp */
    [3] = ~0u,    /* nk */
    [10] = 0xFFu, /* ni, high */
    [11] = 0xFFu, /* dasiz */
    [13] = 0xFu,  /* nj, high */
    [14] = 0xFu,
};

f24_status f24_store_edit(f24_store *store, size_t slot, const uint32_t keys[F24_KEY_WORDS],
                          const char *json, size_t n_json, f24_error *err)
{
    F24_TRY(find_live(store, slot, err));
    for (size_t i = 0; i < F24_KEY_WORDS; i++) {
        if (((keys[i] ^ store->slots[slot].keys[i]) & size_bits[i]) != 0)
            return f24_fail(err, F24_EINVAL, -1,
                            "an edit changes metadata, not sizes and type of the values: write the "
                            "record anew");
    }
    return store->ops->edit(store, slot, keys, json, n_json, err);
}

f24_status f24_store_flush(f24_store *store, f24_error *err)
{
    return store->ops->flush(store, err);
}
