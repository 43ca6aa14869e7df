/* What the measurements of kernels share. */
#ifndef F24_BENCH_TIMING_H
#define F24_BENCH_TIMING_H

#include <stdlib.h>
#include <string.h>
#include <time.h>

static inline double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

static inline void *memory(size_t n_bytes)
{
    void *at = aligned_alloc(64, (n_bytes + 127) / 64 * 64);

    if (at == NULL)
        abort();
    memset(at, 0x35, n_bytes);
    return at;
}

#endif
