/* Writing XDF files. Facts: docs/format/containers.md. */
#include "container/store_parts.h"

static f24_status refuse(f24_error *err)
{
    return f24_fail(err, F24_EUNSUPPORTED, -1, "XDF files cannot be written yet");
}

static f24_status begin(f24_store *store, f24_error *err)
{
    (void)store;
    return refuse(err);
}

static f24_status check(const f24_store *store, const f24_addition *record, f24_error *err)
{
    (void)store;
    (void)record;
    return refuse(err);
}

static f24_status add(f24_store *store, const f24_addition *record, f24_error *err)
{
    (void)store;
    (void)record;
    return refuse(err);
}

static f24_status remove_slot(f24_store *store, size_t slot, f24_error *err)
{
    (void)store;
    (void)slot;
    return refuse(err);
}

static f24_status edit(f24_store *store, size_t slot, const uint32_t keys[F24_KEY_WORDS],
                       const char *json, size_t n_json, f24_error *err)
{
    (void)store;
    (void)slot;
    (void)keys;
    (void)json;
    (void)n_json;
    return refuse(err);
}

static f24_status flush(f24_store *store, f24_error *err)
{
    (void)store;
    return refuse(err);
}

static void release(f24_store *store)
{
    (void)store;
}

const f24_store_ops f24_xdf_store = {begin, check, add, remove_slot, edit, flush, flush, release};
