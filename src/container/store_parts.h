/* What the files of src/container that write share. Facts: docs/format/containers.md. */
#ifndef F24_CONTAINER_STORE_PARTS_H
#define F24_CONTAINER_STORE_PARTS_H

#include "container/parts.h"
#include "container/store.h"

/*
 * What a container does for a store; the contract of each is in store.h.
 *
 * begin    fill `slots` and `own`. The output may be empty, or not: it may have changed since
 *          f24_store_open looked at it, before the container took its lock. On failure `release` is
 *          called, too.
 * add      slots have room for one more (f24_store_take_slot cannot fail).
 * remove   the slot is live. It marks the slot itself, when it is done.
 * edit     the slot is live, and the words of sizes and type are unchanged.
 * finish   bring the file in order and give the lock back; `release` follows, whatever it says.
 * release  free `own`, as far as begin came; touch no file.
 */
typedef struct f24_store_ops {
    f24_status (*begin)(f24_store *store, f24_error *err);
    f24_status (*check)(const f24_store *store, const f24_addition *record, f24_error *err);
    f24_status (*add)(f24_store *store, const f24_addition *record, f24_error *err);
    f24_status (*remove)(f24_store *store, size_t slot, f24_error *err);
    f24_status (*edit)(f24_store *store, size_t slot, const uint32_t keys[F24_KEY_WORDS],
                       const char *json, size_t n_json, f24_error *err);
    f24_status (*flush)(f24_store *store, f24_error *err);
    f24_status (*finish)(f24_store *store, f24_error *err);
    void (*release)(f24_store *store);
} f24_store_ops;

extern const f24_store_ops f24_xdf_store;
extern const f24_store_ops f24_rsf_store;

struct f24_store {
    const f24_store_ops *ops;
    f24_output *output; /* borrowed */
    f24_store_options options;
    f24_backend backend;
    f24_slot *slots;
    size_t n_slots, capacity;
    void *own; /* of the container */
};

/* Make room for n_more slots. F24_ENOMEM. */
f24_status f24_store_reserve(f24_store *store, size_t n_more, f24_error *err);

/* The next slot, zeroed, in room that was made. */
f24_slot *f24_store_take_slot(f24_store *store);

/*
 * Check a whole file with the reader: F24_ECORRUPT and so on, also for what the reader lives with and
 * warns of. *info may be NULL.
 */
f24_status f24_store_check_whole(f24_store *store, f24_file_info *info, f24_error *err);

#endif
