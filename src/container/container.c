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

f24_status f24_container_open(f24_source *source, f24_warnings *warnings, f24_container **container,
                              f24_error *err)
{
    f24_container *c = calloc(1, sizeof *c);
    f24_status status;

    if (c == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot open");
    c->source = source;
    c->warnings = warnings;
    c->size = f24_source_size(source);
    c->info.n_bytes = c->size;
    f24_window_init(&c->window, source);
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

f24_status f24_container_scan(f24_container *container, const f24_sink sinks[2], f24_error *err)
{
    f24_batch *batches = malloc(2 * sizeof *batches); /* 54 KB: too much for a small stack */
    bool little = container->info.backend == F24_RSF;
    f24_status status;

    if (batches == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot read the directory");
    f24_batch_init(&batches[0], &sinks[0], little);
    f24_batch_init(&batches[1], &sinks[1], little);
    status = container->info.backend == F24_RSF ? f24_rsf_scan(container, batches, err)
                                                : f24_xdf_scan(container, &batches[0], err);
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
