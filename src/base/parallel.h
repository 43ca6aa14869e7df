/* The same work on many things by several threads. */
#ifndef F24_BASE_PARALLEL_H
#define F24_BASE_PARALLEL_H

#include <stddef.h>

/*
 * Call work(context, i) once for each i below n, on up to n_threads threads, the calling one
 * included (1 or less: no other); returns when all is done. They are begun in order, so that one may wait
 * for those before it.
 */
void f24_parallel(size_t n, int n_threads, void (*work)(void *context, size_t i), void *context);

#endif
