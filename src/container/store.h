/*
 * A container that is being written: add, delete and edit records, so that a kill at any moment loses
 * at most the record being written (docs/format/containers.md, 2.7, 2.8, 3.5 to 3.8, 3.10). Nothing
 * outside src/container knows what a file offset means. Callers see to it that one thread at a time
 * uses a store.
 */
#ifndef F24_CONTAINER_STORE_H
#define F24_CONTAINER_STORE_H

#include "base/output.h"
#include "container/container.h"

typedef struct f24_store f24_store;

typedef struct f24_store_options {
    f24_backend backend;    /* of a new file */
    bool parallel;          /* RSF, in place: share the file with other writers */
    uint64_t segment_bytes; /* RSF: room to reserve at a time; 0: the container's choice */
    bool sync;
} f24_store_options;

/* A record that the store knows, in the order of the directory. Its number is its file_index. */
typedef struct f24_slot {
    uint64_t offset, n_bytes;     /* of the stored record */
    uint64_t entry;               /* byte of its entry in the directory on disk; 0: none yet */
    uint32_t keys[F24_KEY_WORDS]; /* as the directory has them */
    uint16_t meta_words;          /* RSF */
    uint8_t flags;                /* F24_FLAG_... */
    bool live;
} f24_slot;

/* A record to add. */
typedef struct f24_addition {
    uint32_t keys[F24_KEY_WORDS];
    const char *json; /* RSF: n_json bytes without NUL; 0: none */
    size_t n_json;
    const void *payload; /* words in the container's order (f24_store_little) */
    uint64_t n_payload;  /* bytes */
    uint32_t n_zeros;    /* bytes that follow, F24_MOST_ZEROS at most: together a multiple of 4 */
} f24_addition;

#define F24_MOST_ZEROS 64u

/*
 * Begin to write. An empty output becomes a new file of options->backend; any other is read and checked
 * to be whole, and its own container is used.
 *
 * F24_ELOCKED: another writer has it, or died with it. F24_ENOTFST, F24_ETRUNCATED, F24_ECORRUPT,
 * F24_EUNSUPPORTED: it cannot be added to; F24_EIO, F24_ENOMEM. Nothing is changed on failure. The store
 * borrows `output`, which must outlive it.
 */
f24_status f24_store_open(f24_output *output, const f24_store_options *options, f24_store **store,
                          f24_error *err);

f24_backend f24_store_backend(const f24_store *store);

/* True when words of the payload are little-endian (RSF). */
bool f24_store_little(const f24_store *store);

/* The records so far, deleted ones included, until the next call that changes the store. */
const f24_slot *f24_store_slots(const f24_store *store, size_t *n_slots);

/*
 * The records of a file that is being written as a container to read: the live ones of n_slots slots, which
 * are borrowed until it was scanned. `source` reads what was written.
 */
f24_status f24_container_of_slots(f24_source *source, f24_backend backend, const f24_slot *slots,
                                  size_t n_slots, f24_container **container, f24_error *err);

/*
 * What the container cannot keep, told before anything is written (2.13, 3.9): F24_EENCODING. Needs no
 * lock: facts about the container, not about the file. f24_store_add asks what depends on the
 * file's state.
 */
f24_status f24_store_check(const f24_store *store, const f24_addition *record, f24_error *err);

/*
 * f24_store_add     a record at the end; *slot is its number.
 * f24_store_delete  slot `slot`, which is live.
 * f24_store_edit    other key words for a live slot, the words of sizes and type unchanged. json
 *                   NULL keeps the extended metadata; otherwise they must not need more words than are
 *                   there (F24_EENCODING).
 * On failure the store and what a reader sees are as before.
 */
f24_status f24_store_add(f24_store *store, const f24_addition *record, size_t *slot,
                         f24_error *err);
f24_status f24_store_delete(f24_store *store, size_t slot, f24_error *err);
f24_status f24_store_edit(f24_store *store, size_t slot, const uint32_t keys[F24_KEY_WORDS],
                          const char *json, size_t n_json, f24_error *err);

/* Make what was added visible to every reader; on disk, when options->sync. */
f24_status f24_store_flush(f24_store *store, f24_error *err);

/*
 * Finish the file and free the store, whatever happens. On failure a file in place holds all whole
 * records, in a form that readers of damaged files list.
 */
f24_status f24_store_close(f24_store *store, f24_error *err);

/* Free the store and leave the output as it is (a file beside its target, about to be removed). */
void f24_store_discard(f24_store *store);

#endif
