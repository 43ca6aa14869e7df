/*
 * Memory of the arrays that are handed out, counted against one limit for the process.
 *
 * Fresh pages cost more than most decoding: 2.7 GB/s with pages of 4 KiB, 11 with huge pages, 17 to
 * 20 in memory that was used before. So blocks of MEM_SLAB_FROM bytes and more are cut from slabs
 * that start at 2 MiB and ask for huge pages, and freed blocks are kept for the next one. The pool
 * of kept blocks is bounded and counts against the limit; it is given up before a request fails.
 *
 * Everything here may be called from any thread, with or without the GIL.
 */
#ifndef FST24_PY_MEMORY_H
#define FST24_PY_MEMORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define MEM_SLAB_FROM ((size_t)256 << 10)    /* smaller blocks come from malloc */
#define MEM_POOL_BYTES ((uint64_t)256 << 20) /* at most this much is kept when nobody uses it */
#define MEM_NO_LIMIT UINT64_MAX

typedef struct mem_slab mem_slab;

/* A block of memory; `bytes` is aligned to 64, to 64 KiB when it is from a slab. */
typedef struct mem_block {
    uint8_t *bytes;
    size_t n_bytes; /* what is counted: the request, rounded up */
    mem_slab *slab; /* NULL: from malloc */
    unsigned slot;
} mem_block;

typedef enum mem_result {
    MEM_OK = 0,
    MEM_OVER_LIMIT, /* nothing was allocated */
    MEM_REFUSED,    /* the system has no memory */
} mem_result;

/* A block of n_bytes or more with undefined contents. */
mem_result mem_take(size_t n_bytes, mem_block *block);

/* Give it back; a block whose `bytes` are NULL is fine. */
void mem_give(mem_block *block);

/* Whether blocks of n_bytes altogether stay within the limit, as things stand. */
bool mem_fits(uint64_t n_bytes);

typedef struct mem_usage {
    uint64_t used;   /* bytes of blocks in use */
    uint64_t pooled; /* bytes kept for reuse */
    uint64_t limit;  /* MEM_NO_LIMIT: none */
} mem_usage;

mem_usage mem_get_usage(void);

/* Blocks in use stay, even beyond a new limit; the pool shrinks. */
void mem_set_limit(uint64_t limit);

#endif
