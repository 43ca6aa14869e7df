#include "base/scratch.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define N_KEPT (sizeof((f24_scratch *)0)->kept / sizeof(f24_block))
#define HUGE_PAGE ((size_t)2 << 20)

f24_status f24_block_new(size_t n_bytes, f24_block *block, f24_error *err)
{
    size_t alignment = n_bytes >= HUGE_PAGE ? HUGE_PAGE : 64;
    void *bytes = NULL;

    if (n_bytes > SIZE_MAX - F24_SCRATCH_PAD - HUGE_PAGE ||
        posix_memalign(&bytes, alignment, n_bytes + F24_SCRATCH_PAD) != 0)
        return f24_fail_errno(err, ENOMEM, -1, "cannot get work memory");
#ifdef MADV_HUGEPAGE
    if (alignment == HUGE_PAGE)
        (void)madvise(bytes, n_bytes, MADV_HUGEPAGE); /* a wish: nothing is lost when refused */
#endif
    block->bytes = bytes;
    block->n_bytes = n_bytes;
    return F24_OK;
}

void f24_block_free(f24_block *block)
{
    free(block->bytes);
    block->bytes = NULL;
    block->n_bytes = 0;
}

void f24_scratch_init(f24_scratch *scratch, size_t keep_at_most)
{
    memset(scratch->kept, 0, sizeof scratch->kept);
    scratch->keep_at_most = keep_at_most;
    scratch->n_kept_bytes = 0;
    (void)pthread_mutex_init(&scratch->mutex, NULL);
}

void f24_scratch_destroy(f24_scratch *scratch)
{
    for (size_t i = 0; i < N_KEPT; i++)
        f24_block_free(&scratch->kept[i]);
    (void)pthread_mutex_destroy(&scratch->mutex);
}

/* The smallest kept block of n_bytes or more: the larger ones are for others. */
static f24_block take_locked(f24_scratch *scratch, size_t n_bytes)
{
    f24_block *best = NULL, taken = {NULL, 0};

    for (size_t i = 0; i < N_KEPT; i++) {
        f24_block *kept = &scratch->kept[i];
        if (kept->bytes != NULL && kept->n_bytes >= n_bytes &&
            (best == NULL || kept->n_bytes < best->n_bytes))
            best = kept;
    }
    if (best != NULL) {
        taken = *best;
        *best = (f24_block){NULL, 0};
        scratch->n_kept_bytes -= taken.n_bytes;
    }
    return taken;
}

f24_status f24_scratch_take(f24_scratch *scratch, size_t n_bytes, f24_block *block, f24_error *err)
{
    f24_block taken;

    (void)pthread_mutex_lock(&scratch->mutex);
    taken = take_locked(scratch, n_bytes);
    (void)pthread_mutex_unlock(&scratch->mutex);
    if (taken.bytes == NULL)
        F24_TRY(f24_block_new(n_bytes, &taken, err));
    *block = taken;
    return F24_OK;
}

/* Keep `block` in place of the smallest one that is kept; gives back what is to be freed. */
static f24_block keep_locked(f24_scratch *scratch, f24_block block)
{
    f24_block *smallest = &scratch->kept[0];
    f24_block rest;

    for (size_t i = 1; i < N_KEPT; i++) {
        if (scratch->kept[i].n_bytes < smallest->n_bytes)
            smallest = &scratch->kept[i];
    }
    if (smallest->n_bytes >= block.n_bytes ||
        scratch->n_kept_bytes - smallest->n_bytes + block.n_bytes > scratch->keep_at_most)
        return block;
    rest = *smallest;
    *smallest = block;
    scratch->n_kept_bytes += block.n_bytes - rest.n_bytes;
    return rest;
}

void f24_scratch_give(f24_scratch *scratch, f24_block *block)
{
    f24_block rest = *block;

    *block = (f24_block){NULL, 0};
    if (rest.bytes == NULL)
        return;
    (void)pthread_mutex_lock(&scratch->mutex);
    rest = keep_locked(scratch, rest);
    (void)pthread_mutex_unlock(&scratch->mutex);
    f24_block_free(&rest);
}
