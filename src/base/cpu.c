#include "base/cpu.h"

#include <stdatomic.h>

#define UNKNOWN (-1)

/* Every thread would store the same value, so relaxed order is enough. */
static _Atomic int detected = UNKNOWN;
static _Atomic int highest_allowed = F24_CPU_V4;

static int detect(void)
{
#ifdef F24_HAVE_V3
    __builtin_cpu_init();
    if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
        __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
        __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("bmi2"))
        return F24_CPU_V4;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
        __builtin_cpu_supports("bmi2"))
        return F24_CPU_V3;
#endif
    return F24_CPU_PORTABLE;
}

f24_cpu f24_cpu_level(void)
{
    int level = atomic_load_explicit(&detected, memory_order_relaxed);
    int limit = atomic_load_explicit(&highest_allowed, memory_order_relaxed);

    if (level == UNKNOWN) {
        level = detect();
        atomic_store_explicit(&detected, level, memory_order_relaxed);
    }
    return (f24_cpu)(level < limit ? level : limit);
}

void f24_cpu_limit(f24_cpu limit)
{
    atomic_store_explicit(&highest_allowed, (int)limit, memory_order_relaxed);
}
