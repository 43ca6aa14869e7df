/* The field of docs/format/codecs.md, 16.2: 273 + 20 sin x cos y and Gaussian noise of 0.05. */
#ifndef F24_BENCH_FIELD_H
#define F24_BENCH_FIELD_H

#include "timing.h"

#include <math.h>
#include <stdint.h>

#define NOISE 0.05

static inline double uniform(void)
{
    static uint64_t state = 88172645463325252u;

    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return ((double)(state >> 11) + 0.5) / 9007199254740992.0;
}

static inline double gaussian(void)
{
    return sqrt(-2 * log(uniform())) * cos(6.283185307179586 * uniform());
}

static inline float *field(int64_t ni, int64_t nj)
{
    float *f = memory(sizeof(float) * (size_t)(ni * nj));

    for (int64_t j = 0; j < nj; j++)
        for (int64_t i = 0; i < ni; i++)
            f[j * ni + i] = (float)(273 +
                                    20 * sin(6.28 * (double)i / (double)ni) *
                                        cos(6.28 * (double)j / (double)nj) +
                                    NOISE * gaussian());
    return f;
}

#endif
