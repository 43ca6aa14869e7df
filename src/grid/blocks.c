#include "grid/blocks.h"

#include "base/parallel.h"

#define CHUNK ((size_t)32 * F24_GRID_BLOCK) /* points that a thread takes at once */

typedef struct work {
    size_t n;
    void (*block)(void *context, size_t first, size_t n);
    void *context;
} work;

static void do_chunk(void *context, size_t chunk)
{
    const work *w = context;
    size_t first = chunk * CHUNK, end = w->n - first < CHUNK ? w->n : first + CHUNK;

    for (; first < end; first += F24_GRID_BLOCK)
        w->block(w->context, first, end - first < F24_GRID_BLOCK ? end - first : F24_GRID_BLOCK);
}

void f24_blocks(size_t n_points, int n_threads,
                void (*block)(void *context, size_t first, size_t n), void *context)
{
    work w = {n_points, block, context};

    f24_parallel((n_points + CHUNK - 1) / CHUNK, n_threads, do_chunk, &w);
}
