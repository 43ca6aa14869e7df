/* What the tests of the compressed streams have in common: processor levels and made-up fields. */
#ifndef F24_TESTS_STREAM_FIELDS_H
#define F24_TESTS_STREAM_FIELDS_H

#include "base/cpu.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

static const f24_cpu levels[] = {F24_CPU_PORTABLE, F24_CPU_V3, F24_CPU_V4};
#define N_LEVELS (sizeof levels / sizeof levels[0])

static uint64_t random_state = 88172645463325252u;

static inline uint32_t random32(void)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return (uint32_t)(random_state >> 16);
}

/* ---------------------------------------------------------------------------------------- fields
 */

typedef enum content { CONSTANT, SMOOTH, ROUGH, NOISE, EXTREME, SPARSE, N_CONTENTS } content;

/* A field of values below 2^nbits. */
static inline void fill(uint32_t *f, int ni, int nj, int nbits, content what)
{
    const uint32_t top = (uint32_t)((UINT64_C(1) << nbits) - 1);

    for (int j = 0; j < nj; j++)
        for (int i = 0; i < ni; i++) {
            double x = i % 97, y = j % 53;
            double wave = 0.5 + 0.4 * x * (96 - x) / 2304 * y * (52 - y) / 676;
            uint32_t *v = &f[j * ni + i];
            switch (what) {
            case CONSTANT:
                *v = top / 3;
                break;
            case SMOOTH:
                *v = (uint32_t)(wave * top);
                break;
            case ROUGH:
                *v = (uint32_t)(wave * top * 0.9) + (top >= 64 ? random32() % (top / 32) : 0);
                break;
            case NOISE:
                *v = random32() & top;
                break;
            case EXTREME:
                *v = (i + j) % 2 == 0 ? top : 0;
                break;
            default:
                *v = random32() % 37 == 0 ? random32() & top : 0;
                break;
            }
        }
}

/* Float patterns: a field of the kind, of magnitudes and signs that come and go. */
static inline void fill_float(uint32_t *f, int ni, int nj, content what)
{
    for (int p = 0; p < ni * nj; p++) {
        float v = 0;
        const int j = p / ni;
        double x = p % ni, y = j;
        switch (what) {
        case CONSTANT:
            v = -273.15f;
            break;
        case SMOOTH:
            v = (float)(273.15 + 0.01 * x * y - 0.1 * x);
            break;
        case ROUGH:
            v = (float)((x - ni / 2.5) * 0.37 * (y - 3.1)) + (float)(random32() % 1000) * 0.01f;
            break;
        case SPARSE:
            v = random32() % 19 == 0 ? (float)random32() : random32() % 7 == 0 ? -0.0f : 0.0f;
            break;
        case EXTREME:
            v = p % 2 == 0 ? 3e38f : -1e-40f;
            break;
        default:
            break;
        }
        memcpy(&f[p], &v, 4);
        if (what == NOISE)
            f[p] = random32(); /* NaN and infinities among them */
    }
}

static const int shapes[][2] = {{2, 2},   {2, 9},   {9, 2},   {3, 5},   {4, 4},   {7, 5},
                                {8, 8},   {16, 16}, {17, 19}, {33, 21}, {64, 50}, {101, 97},
                                {50, 10}, {10, 50}, {19, 17}, {18, 18}, {131, 7}, {1000, 800}};
#define N_SHAPES ((int)(sizeof shapes / sizeof shapes[0]))

typedef struct field {
    int ni, nj;
    uint32_t *wide;
    uint16_t *tokens;
} field;

static inline field field_new(int ni, int nj)
{
    size_t n = (size_t)ni * (size_t)nj;

    return (field){ni, nj, malloc(4 * n), malloc(2 * n)};
}

static inline void field_free(field *f)
{
    free(f->wide);
    free(f->tokens);
}

static inline void fill_field(field *f, int nbits, content what)
{
    fill(f->wide, f->ni, f->nj, nbits, what);
    for (int p = 0; p < f->ni * f->nj; p++)
        f->tokens[p] = (uint16_t)f->wide[p];
}

static inline void *scratch_new(uint64_t n_bytes)
{
    void *p = NULL;

    if (posix_memalign(&p, 64, (size_t)n_bytes) != 0)
        abort();
    memset(p, 0x5a, (size_t)n_bytes);
    return p;
}

#endif
