/*
 * Work memory that is kept between calls: a fresh block costs a page fault every 4 KiB, which is
 * more than most decoding costs. A file has one store; each call takes a block and gives it back.
 */
#ifndef F24_BASE_SCRATCH_H
#define F24_BASE_SCRATCH_H

#include "base/error.h"

#include <pthread.h>

#define F24_SCRATCH_PAD 64 /* bytes past the end of each block that may be read (and are ours) */

typedef struct f24_block {
    uint8_t *bytes; /* 64-byte aligned */
    size_t n_bytes; /* not counting the pad */
} f24_block;

#define F24_SCRATCH_OF_FILE ((size_t)16 << 20) /* bytes kept at most */
#define F24_SCRATCH_OF_POOL ((size_t)64 << 20)

typedef struct f24_scratch {
    pthread_mutex_t mutex;
    size_t keep_at_most;
    size_t n_kept_bytes;
    f24_block kept[16];
} f24_scratch;

void f24_scratch_init(f24_scratch *scratch, size_t keep_at_most);
void f24_scratch_destroy(f24_scratch *scratch);

/* A block of n_bytes or more, contents undefined; the caller bounds n_bytes. F24_ENOMEM. */
f24_status f24_scratch_take(f24_scratch *scratch, size_t n_bytes, f24_block *block, f24_error *err);
void f24_scratch_give(f24_scratch *scratch, f24_block *block);

/* One big block outside any store, advised to use huge pages. Free with f24_block_free. */
f24_status f24_block_new(size_t n_bytes, f24_block *block, f24_error *err);
void f24_block_free(f24_block *block);

#endif
