/*
 * Speed of the encoders, array to payload in warm memory, one thread: GB/s of the array (a type of
 * integers gets the field's own: 80 x (value - 250)), best of the rounds. Beside it what
 * docs/format/codecs.md, 16.2, has for the reference, container and copy to the page cache included.
 *
 *     encode [ni nj [rounds]]
 */
#include "field.h"

#include "base/cpu.h"
#include "base/scratch.h"
#include "codec/encode.h"

#include <stdio.h>

typedef enum element { REAL4, REAL8, UINT1, UINT2, UINT4, INT4 } element;

static const struct {
    f24_kind kind;
    int32_t item_bytes;
    const char *name;
} elements[] = {[REAL4] = {F24_FLOAT, 4, "float32"}, [REAL8] = {F24_FLOAT, 8, "float64"},
                [UINT1] = {F24_UINT, 1, "uint8"},    [UINT2] = {F24_UINT, 2, "uint16"},
                [UINT4] = {F24_UINT, 4, "uint32"},   [INT4] = {F24_INT, 4, "int32"}};

typedef struct row {
    int32_t datyp, nbits;
    element of;
    double reference; /* GB/s of 1000 x 1000 to XDF; 0: not measured */
} row;

static const row rows[] = {
    {5, 32, REAL4, 2.75},   {5, 64, REAL8, 1.26},   {5, 20, REAL4, 2.21},   {1, 12, REAL4, 2.33},
    {1, 16, REAL4, 2.08},   {1, 24, REAL4, 1.62},   {6, 16, REAL4, 0.81},   {129, 16, REAL4, 0.82},
    {134, 12, REAL4, 0.54}, {134, 16, REAL4, 0.51}, {133, 24, REAL4, 0.74}, {133, 32, REAL4, 0.64},
    {2, 16, UINT4, 2.89},   {4, 16, INT4, 2.53},    {130, 12, UINT4, 1.31}, {2, 16, UINT2, 0},
    {2, 8, UINT1, 0},       {130, 12, UINT2, 0},    {1, 16, REAL8, 0},      {134, 16, REAL8, 0},
    {65, 16, REAL4, 0},     {70, 16, REAL4, 0},     {69, 32, REAL4, 0},     {198, 16, REAL4, 0},
    {66, 16, UINT4, 0},
};

static void *array_of(const float *f, size_t n, element of)
{
    const size_t item = (size_t)elements[of].item_bytes;
    uint8_t *array = memory(n * item);

    for (size_t i = 0; i < n; i++) {
        double d = (double)f[i];
        uint32_t whole = (uint32_t)((d - 250) * 80) >> (of == UINT1 ? 4 : 0);
        if (of == REAL8)
            memcpy(array + 8 * i, &d, 8);
        else if (of == REAL4)
            memcpy(array + 4 * i, &f[i], 4);
        else
            memcpy(array + item * i, &whole, item); /* little-endian hosts: the low bytes */
    }
    return array;
}

/* Best seconds. */
static double measure(const f24_wish *wish, const void *values, const uint8_t *mask, int rounds,
                      uint64_t *n_bytes)
{
    f24_encoding encoding;
    f24_field stored;
    f24_error err;
    double best = 1e9;

    if (f24_encode_plan(wish, &encoding, &err) != F24_OK)
        abort();
    void *payload = memory(encoding.max_payload + F24_SCRATCH_PAD);
    void *scratch = memory(encoding.n_scratch + F24_SCRATCH_PAD);
    for (int r = 0; r < rounds; r++) {
        double t0 = now(), seconds;
        if (f24_encode(&encoding, values, mask, payload, scratch, &stored, n_bytes, &err) != F24_OK)
            abort();
        seconds = now() - t0;
        best = seconds < best ? seconds : best;
    }
    free(payload);
    free(scratch);
    return best;
}

static void show(const row *r, const float *f, const uint8_t *mask, int32_t ni, int32_t nj,
                 int rounds)
{
    static const struct {
        f24_cpu cpu;
        f24_backend backend;
    } columns[] = {{F24_CPU_PORTABLE, F24_XDF},
                   {F24_CPU_V3, F24_XDF},
                   {F24_CPU_V4, F24_XDF},
                   {F24_CPU_V4, F24_RSF}};
    const size_t n = (size_t)ni * (size_t)nj;
    const double gigabytes = 1e-9 * (double)n * elements[r->of].item_bytes;
    void *values = array_of(f, n, r->of);
    f24_wish wish = {.kind = elements[r->of].kind,
                     .item_bytes = elements[r->of].item_bytes,
                     .ni = ni,
                     .nj = nj,
                     .nk = 1,
                     .datyp = r->datyp,
                     .nbits = r->nbits,
                     .has_mask = (r->datyp & F24_MISSING_FLAG) != 0,
                     .exact = true};
    uint64_t n_bytes = 0;
    double best = 0;

    printf("%3d/%-2d %-8s", r->datyp, r->nbits, elements[r->of].name);
    for (size_t c = 0; c < sizeof columns / sizeof columns[0]; c++) {
        f24_cpu_limit(columns[c].cpu);
        wish.backend = columns[c].backend;
        best = gigabytes / measure(&wish, values, wish.has_mask ? mask : NULL, rounds, &n_bytes);
        printf("%9.2f", best);
    }
    printf("%9.1f", 8 * (double)n_bytes / (double)n);
    if (r->reference > 0)
        printf("%9.2f (%.1f x)", r->reference, best / r->reference);
    printf("\n");
    free(values);
}

int main(int argc, char **argv)
{
    const int32_t ni = argc > 2 ? (int32_t)atoi(argv[1]) : 1000;
    const int32_t nj = argc > 2 ? (int32_t)atoi(argv[2]) : 1000;
    const int rounds = argc > 3 ? atoi(argv[3]) : 20;
    const size_t n = (size_t)ni * (size_t)nj;
    float *f = field(ni, nj);
    uint8_t *mask = memory(n);

    for (size_t i = 0; i < n; i++)
        mask[i] = uniform() < 0.2;
    printf("%d x %d, GB/s of the array, one thread; a fifth of +64 is missing\n", ni, nj);
    printf("%-15s%9s%9s%9s%9s%9s%9s\n", "datyp/nbits", "portable", "v3", "v4", "RSF v4", "bits",
           "librmn");
    for (size_t r = 0; r < sizeof rows / sizeof rows[0]; r++)
        show(&rows[r], f, mask, ni, nj, rounds);
    free(mask);
    free(f);
    return 0;
}
