#include "base/scratch.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/mman.h>

#define N_KEPT (sizeof((f24_scratch *)0)->kept / sizeof(f24_block))
#define KEEP_AT_MOST ((size_t)256 << 20) /* larger blocks go back to the system after use */
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

void f24_scratch_init(f24_scratch *scratch)
{
    memset(scratch->kept, 0, sizeof scratch->kept);
    (void)pthread_mutex_init(&scratch->mutex, NULL);
}

void f24_scratch_destroy(f24_scratch *scratch)
{
    for (size_t i = 0; i < N_KEPT; i++)
        f24_block_free(&scratch->kept[i]);
    (void)pthread_mutex_destroy(&scratch->mutex);
}

f24_status f24_scratch_take(f24_scratch *scratch, size_t n_bytes, f24_block *block, f24_error *err)
{
    f24_block taken = {NULL, 0};

    (void)pthread_mutex_lock(&scratch->mutex);
    for (size_t i = 0; i < N_KEPT; i++) {
        if (scratch->kept[i].bytes != NULL && scratch->kept[i].n_bytes >= n_bytes) {
            taken = scratch->kept[i];
            scratch->kept[i] = (f24_block){NULL, 0};
            break;
        }
    }
    (void)pthread_mutex_unlock(&scratch->mutex);
    if (taken.bytes == NULL)
        F24_TRY(f24_block_new(n_bytes, &taken, err));
    *block = taken;
    return F24_OK;
}

void f24_scratch_give(f24_scratch *scratch, f24_block *block)
{
    f24_block rest = *block;

    *block = (f24_block){NULL, 0};
    if (rest.bytes == NULL)
        return;
    if (rest.n_bytes <= KEEP_AT_MOST) {
        (void)pthread_mutex_lock(&scratch->mutex);
        for (size_t i = 0; i < N_KEPT && rest.bytes != NULL; i++) {
            /* keep the larger one: a slot then serves every later record */
            if (scratch->kept[i].n_bytes < rest.n_bytes) {
                f24_block smaller = scratch->kept[i];
                scratch->kept[i] = rest;
                rest = smaller;
            }
        }
        (void)pthread_mutex_unlock(&scratch->mutex);
    }
    f24_block_free(&rest);
}
