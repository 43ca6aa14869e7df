/* Opening: which container it is, then the functions of that one. */
#include "container/parts.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

static f24_status open_layout(f24_container *c, f24_error *err)
{
    size_t n = c->size < F24_IDENTIFY_BYTES ? (size_t)c->size : F24_IDENTIFY_BYTES;
    f24_layout layout = F24_LAYOUT_XDF;
    const uint8_t *bytes;

    F24_TRY(f24_window_at(&c->window, 0, n, F24_WINDOW_NEAR, &bytes, NULL, err));
    F24_TRY(f24_identify(bytes, n, c->size, &layout, err));
    if (layout == F24_LAYOUT_RSF_LITTLE)
        return f24_rsf_open(c, err);
    return f24_xdf_open(c, layout, err);
}

static f24_status new_container(f24_source *source, f24_warnings *warnings,
                                f24_container **container, f24_error *err)
{
    f24_container *c = calloc(1, sizeof *c);

    if (c == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot open");
    c->source = source;
    c->warnings = warnings;
    c->size = f24_source_size(source);
    c->info.n_bytes = c->size;
    f24_window_init(&c->window, source);
    *container = c;
    return F24_OK;
}

f24_status f24_container_open(f24_source *source, f24_warnings *warnings, f24_container **container,
                              f24_error *err)
{
    f24_container *c = NULL;
    f24_status status;

    F24_TRY(new_container(source, warnings, &c, err));
    status = open_layout(c, err);
    if (status != F24_OK) {
        f24_container_close(c);
        return status;
    }
    *container = c;
    return F24_OK;
}

void f24_container_close(f24_container *container)
{
    if (container == NULL)
        return;
    f24_window_free(&container->window);
    free(container->rsf.segments);
    free(container);
}

uint64_t f24_container_max_entries(const f24_container *container)
{
    return container->max_entries;
}

uint64_t f24_container_second_entries(const f24_container *container)
{
    return container->second_entries;
}

void f24_note_damage(f24_container *c, const f24_error *why)
{
    if (c->damage.status == F24_OK)
        c->damage = *why;
    f24_warn(c->warnings, why->status, why->offset,
             "%s: from there on records are listed as they are found in the file (copy it again "
             "from its source)",
             why->message);
}

static void tell_counts(f24_container *c)
{
    c->info.n_records = c->counts.n_records;
    c->info.n_deleted = c->counts.n_deleted;
    if (c->counts.n_misplaced > 0)
        f24_warn(c->warnings, F24_ECORRUPT, -1,
                 "records that do not fit into the file: %lld (the first has file_index %lld); "
                 "they are listed as bad and cannot be read",
                 (long long)c->counts.n_misplaced, (long long)c->counts.first_misplaced);
}

f24_status f24_container_of_slots(f24_source *source, f24_backend backend, const f24_slot *slots,
                                  size_t n_slots, f24_container **container, f24_error *err)
{
    f24_container *c = NULL;

    F24_TRY(new_container(source, NULL, &c, err));
    c->info.backend = backend;
    c->info.open_for_writing = true;
    memcpy(c->info.version, backend == F24_RSF ? "RSF0" : "XDF0", 5);
    c->of_slots = true;
    c->slots = slots;
    c->n_slots = n_slots;
    c->max_entries = n_slots;
    *container = c;
    return F24_OK;
}

static f24_status scan_slots(f24_container *c, const f24_sink *sink, f24_batch *batch,
                             f24_error *err)
{
    f24_batch_init(batch, sink, F24_HOST_LITTLE);
    for (size_t i = 0; i < c->n_slots; i++) {
        const f24_slot *slot = &c->slots[i];
        const f24_entry entry = {slot->offset, slot->n_bytes, (int32_t)i, slot->meta_words,
                                 slot->flags};
        if (slot->live)
            F24_TRY(f24_batch_copy(batch, (const uint8_t *)slot->keys, &entry, err));
        *(slot->live ? &c->counts.n_records : &c->counts.n_deleted) += 1;
    }
    c->slots = NULL;
    return f24_batch_flush(batch, err);
}

static f24_status scan_file(f24_container *c, const f24_sink sinks[2], f24_batch batches[2],
                            f24_error *err)
{
    bool little = c->info.backend == F24_RSF;

    f24_batch_init(&batches[0], &sinks[0], little);
    f24_batch_init(&batches[1], &sinks[1], little);
    return little ? f24_rsf_scan(c, batches, err) : f24_xdf_scan(c, &batches[0], err);
}

f24_status f24_container_scan(f24_container *container, const f24_sink sinks[2], f24_error *err)
{
    f24_batch *batches = malloc(2 * sizeof *batches); /* 54 KB: too much for a small stack */
    f24_status status;

    if (batches == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot read the directory");
    status = container->of_slots ? scan_slots(container, &sinks[0], batches, err)
                                 : scan_file(container, sinks, batches, err);
    free(batches);
    f24_window_free(&container->window); /* the file may stay open for long */
    if (status != F24_OK)
        return status;
    if (container->damage.status != F24_OK && container->counts.n_records == 0 &&
        container->counts.n_deleted == 0)
        return f24_fail(err, container->damage.status, container->damage.offset,
                        "%s, and no whole record was found: get the file anew",
                        container->damage.message);
    tell_counts(container);
    return F24_OK;
}

void f24_container_info(const f24_container *container, f24_file_info *info)
{
    *info = container->info;
}
