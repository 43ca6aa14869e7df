#include "memory.h"

#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#define HUGE_PAGE ((size_t)2 << 20)
#define SLOT_UNIT ((size_t)64 << 10) /* slab blocks are multiples of it */
#define SLAB_BYTES ((size_t)32 << 20)
#define MAX_SLOTS 128 /* SLAB_BYTES / MEM_SLAB_FROM */
#define N_RECENT 8

/*
 * A slab is one mapping cut into slots of equal size: fields of one file mostly have one size. A
 * slot of its own mapping would waste up to 2 MiB of huge page, or have its tail in small pages (a
 * field of 1000 x 800 fills 1.5 huge pages).
 */
struct mem_slab {
    uint8_t *base;
    size_t n_mapped;
    size_t slot_bytes;
    unsigned n_slots;
    unsigned n_used;
    bool used[MAX_SLOTS];
    bool warm[MAX_SLOTS]; /* has pages: was used before */
    mem_slab *newer, *older;
    bool listed;
};

/* Process-wide, as memory is: every interpreter counts here. */
static struct {
    pthread_mutex_t mutex;
    mem_usage usage;
    mem_slab *newest, *oldest; /* slabs with a free slot, by last return */
    struct {
        size_t slot_bytes;
        unsigned n_slots;
    } recent[N_RECENT]; /* the last slab made of a size: the next one is twice as long */
    unsigned next_recent;
} pool = {.mutex = PTHREAD_MUTEX_INITIALIZER, .usage = {0, 0, MEM_NO_LIMIT}};

/* A child must not inherit the lock from a thread that it does not have. */
static void lock_pool(void)
{
    (void)pthread_mutex_lock(&pool.mutex);
}

static void unlock_pool(void)
{
    (void)pthread_mutex_unlock(&pool.mutex);
}

static void watch_forks(void)
{
    (void)pthread_atfork(lock_pool, unlock_pool, unlock_pool);
}

static void list_slab(mem_slab *slab)
{
    slab->older = pool.newest;
    slab->newer = NULL;
    *(pool.newest != NULL ? &pool.newest->newer : &pool.oldest) = slab;
    pool.newest = slab;
    slab->listed = true;
}

static void unlist_slab(mem_slab *slab)
{
    *(slab->newer != NULL ? &slab->newer->older : &pool.newest) = slab->older;
    *(slab->older != NULL ? &slab->older->newer : &pool.oldest) = slab->newer;
    slab->listed = false;
}

/* n_bytes of address space from a multiple of 2 MiB, in huge pages where the system has them. */
static uint8_t *map_aligned(size_t n_bytes)
{
    size_t n_all = n_bytes + HUGE_PAGE;
    size_t before;
    uint8_t *all;

    if (n_all < n_bytes)
        return NULL;
    all = mmap(NULL, n_all, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (all == MAP_FAILED)
        return NULL;
    before = (HUGE_PAGE - (uintptr_t)all % HUGE_PAGE) % HUGE_PAGE;
    if (before > 0)
        (void)munmap(all, before);
    if (HUGE_PAGE - before > 0)
        (void)munmap(all + before + n_bytes, HUGE_PAGE - before);
#ifdef MADV_HUGEPAGE
    (void)madvise(all + before, n_bytes, MADV_HUGEPAGE);
#endif
    return all + before;
}

static unsigned slots_for(size_t slot_bytes)
{
    unsigned most = slot_bytes < SLAB_BYTES ? (unsigned)(SLAB_BYTES / slot_bytes) : 1;

    for (unsigned r = 0; r < N_RECENT; r++) {
        if (pool.recent[r].slot_bytes == slot_bytes) {
            unsigned twice = 2 * pool.recent[r].n_slots;
            return pool.recent[r].n_slots = twice < most ? twice : most;
        }
    }
    pool.recent[pool.next_recent].slot_bytes = slot_bytes;
    pool.recent[pool.next_recent].n_slots = 1;
    pool.next_recent = (pool.next_recent + 1) % N_RECENT;
    return 1;
}

static mem_slab *new_slab(size_t slot_bytes)
{
    mem_slab *slab = calloc(1, sizeof *slab);

    if (slab == NULL)
        return NULL;
    slab->slot_bytes = slot_bytes;
    slab->n_slots = slots_for(slot_bytes);
    slab->n_mapped = slab->n_slots * slot_bytes;
    slab->base = map_aligned(slab->n_mapped);
    if (slab->base == NULL) {
        free(slab);
        return NULL;
    }
    list_slab(slab);
    return slab;
}

/* Give back the pages of a slab's free slots; the slab itself when all its slots are free. */
static void empty_slab(mem_slab *slab)
{
    for (unsigned s = 0; s < slab->n_slots; s++) {
        if (!slab->warm[s] || slab->used[s])
            continue;
        pool.usage.pooled -= slab->slot_bytes;
        slab->warm[s] = false;
        if (slab->n_used > 0)
            (void)madvise(slab->base + s * slab->slot_bytes, slab->slot_bytes, MADV_DONTNEED);
    }
    if (slab->n_used == 0) {
        unlist_slab(slab);
        (void)munmap(slab->base, slab->n_mapped);
        free(slab);
    }
}

/* Forget the longest unused blocks until at most `target` bytes are kept. */
static void shrink_pool(uint64_t target)
{
    for (mem_slab *slab = pool.oldest; slab != NULL && pool.usage.pooled > target;) {
        mem_slab *next = slab->newer;
        empty_slab(slab);
        slab = next;
    }
}

static unsigned choose_slot(const mem_slab *slab)
{
    unsigned cold = slab->n_slots;

    for (unsigned s = 0; s < slab->n_slots; s++) {
        if (slab->used[s])
            continue;
        if (slab->warm[s])
            return s;
        if (cold == slab->n_slots)
            cold = s;
    }
    return cold;
}

/* The lock is held and the limit allows slot_bytes more. */
static mem_result take_slot(size_t slot_bytes, mem_block *block)
{
    mem_slab *slab = pool.newest;
    unsigned s;

    while (slab != NULL && slab->slot_bytes != slot_bytes)
        slab = slab->older;
    if (slab == NULL)
        slab = new_slab(slot_bytes);
    if (slab == NULL)
        return MEM_REFUSED;
    s = choose_slot(slab);
    if (slab->warm[s])
        pool.usage.pooled -= slot_bytes;
    slab->used[s] = slab->warm[s] = true;
    if (++slab->n_used == slab->n_slots)
        unlist_slab(slab);
    *block = (mem_block){slab->base + s * slot_bytes, slot_bytes, slab, s};
    return MEM_OK;
}

/* Room for n_bytes more, the pool given up as far as needed. */
static bool make_room(uint64_t n_bytes)
{
    uint64_t left;

    if (pool.usage.limit == MEM_NO_LIMIT)
        return true;
    if (pool.usage.used > pool.usage.limit || n_bytes > pool.usage.limit - pool.usage.used)
        return false;
    left = pool.usage.limit - pool.usage.used - n_bytes;
    if (pool.usage.pooled > left)
        shrink_pool(left);
    return true;
}

mem_result mem_take(size_t n_bytes, mem_block *block)
{
    static pthread_once_t watching = PTHREAD_ONCE_INIT;
    mem_result result = MEM_OK;
    bool small = n_bytes < MEM_SLAB_FROM;
    size_t counted = n_bytes > 0 ? n_bytes : 1;

    (void)pthread_once(&watching, watch_forks);
    if (!small) {
        if (n_bytes > SIZE_MAX - SLOT_UNIT - 2 * HUGE_PAGE)
            return MEM_REFUSED;
        counted = (n_bytes + SLOT_UNIT - 1) / SLOT_UNIT * SLOT_UNIT;
    }
    lock_pool();
    if (!make_room(counted))
        result = MEM_OVER_LIMIT;
    else if (!small)
        result = take_slot(counted, block);
    if (result == MEM_OK)
        pool.usage.used += counted;
    unlock_pool();
    if (result == MEM_OK && small) {
        void *bytes = NULL;
        if (posix_memalign(&bytes, 64, counted) != 0) {
            lock_pool();
            pool.usage.used -= counted;
            unlock_pool();
            return MEM_REFUSED;
        }
        *block = (mem_block){bytes, counted, NULL, 0};
    }
    return result;
}

void mem_give(mem_block *block)
{
    mem_slab *slab = block->slab;

    if (block->bytes == NULL)
        return;
    lock_pool();
    pool.usage.used -= block->n_bytes;
    if (slab != NULL) {
        pool.usage.pooled += block->n_bytes;
        slab->used[block->slot] = false;
        slab->n_used--;
        if (slab->listed)
            unlist_slab(slab);
        list_slab(slab);
        shrink_pool(MEM_POOL_BYTES);
        (void)make_room(0);
    }
    unlock_pool();
    if (slab == NULL)
        free(block->bytes);
    block->bytes = NULL;
}

bool mem_fits(uint64_t n_bytes)
{
    bool fits;

    lock_pool();
    fits = make_room(n_bytes);
    unlock_pool();
    return fits;
}

mem_usage mem_get_usage(void)
{
    mem_usage usage;

    lock_pool();
    usage = pool.usage;
    unlock_pool();
    return usage;
}

void mem_set_limit(uint64_t limit)
{
    lock_pool();
    pool.usage.limit = limit;
    if (!make_room(0))
        shrink_pool(0);
    unlock_pool();
}
