/* Many points, a block at a time, by several threads. */
#ifndef F24_GRID_BLOCKS_H
#define F24_GRID_BLOCKS_H

#include <stddef.h>

/* Points that kernels take at once: their work arrays stay in the first cache. */
#define F24_GRID_BLOCK 256

/* Call block(context, first, n) for all of `n_points`, n <= F24_GRID_BLOCK. */
void f24_blocks(size_t n_points, int n_threads,
                void (*block)(void *context, size_t first, size_t n), void *context);

#endif
