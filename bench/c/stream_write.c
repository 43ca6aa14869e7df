/*
 * Speed of the encoders of compressed streams, warm, one thread: GB/s of float32 values (4 bytes for
 * each), best of the rounds, as docs/format/codecs.md, 16.2, has it for the reference, and on the
 * same field.
 *
 *     stream_write [ni nj [rounds]]
 */
#include "field.h"

#include "base/cpu.h"
#include "codec/stream_write.h"

#include <stdio.h>

/* Tokens of type 1 (7.2). */
static uint16_t *quantise(const float *f, int64_t n, int nbits)
{
    uint16_t *tokens = memory(sizeof(uint16_t) * (size_t)n);
    float lowest = f[0], highest = f[0];
    int exponent;

    for (int64_t p = 0; p < n; p++) {
        lowest = f[p] < lowest ? f[p] : lowest;
        highest = f[p] > highest ? f[p] : highest;
    }
    (void)frexp(2 * (double)(highest - lowest), &exponent);
    for (int64_t p = 0; p < n; p++)
        tokens[p] = (uint16_t)ldexp((double)f[p] - lowest, nbits - exponent + 1);
    return tokens;
}

typedef struct work {
    const float *f;
    const uint16_t *tokens; /* NULL: lossless */
    int64_t ni, nj;
    int nbits;
    f24_effort effort;
    void *out, *scratch;
} work;

static uint64_t encode(const work *w)
{
    if (w->tokens == NULL)
        return f24_lossless_encode(w->f, w->ni, w->nj, (unsigned)w->nbits, w->effort, false, w->out,
                                   w->scratch);
    return f24_tiles_encode(w->tokens, (size_t)w->ni, w->ni, w->nj, (unsigned)w->nbits, w->effort,
                            false, w->out, w->scratch);
}

static double best_of(const work *w, int rounds, uint64_t *n_words)
{
    double best = 1e9;

    for (int r = 0; r < rounds; r++) {
        double t0 = now(), seconds;
        *n_words = encode(w);
        seconds = now() - t0;
        best = seconds < best ? seconds : best;
    }
    return best;
}

static void measure(const char *name, work *w, int rounds)
{
    static const f24_cpu levels[] = {F24_CPU_PORTABLE, F24_CPU_V3, F24_CPU_V4};
    const double n = (double)(w->ni * w->nj);
    uint64_t n_words = 0;

    printf("%-34s", name);
    for (int l = 0; l < 3; l++) {
        f24_cpu_limit(levels[l]);
        printf("%8.2f", 4e-9 * n / best_of(w, rounds, &n_words));
    }
    printf("   %5.2f\n", 32 * (double)n_words / n);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *name;
        int nbits;
        bool is_lossless;
        f24_effort effort;
    } cases[] = {
        {"tiles, PARALLELOGRAM, 12 bits", 12, false, F24_EFFORT_REFERENCE},
        {"tiles, PARALLELOGRAM, 16 bits", 16, false, F24_EFFORT_REFERENCE},
        {"tiles, MINIMUM, 12 bits", 12, false, F24_EFFORT_FAST},
        {"tiles, MINIMUM, 16 bits", 16, false, F24_EFFORT_FAST},
        {"tiles, smallest, 16 bits", 16, false, F24_EFFORT_SMALLEST},
        {"lossless, 32 bits", 32, true, F24_EFFORT_REFERENCE},
        {"lossless, 24 bits", 24, true, F24_EFFORT_REFERENCE},
        {"lossless, smallest, 32 bits", 32, true, F24_EFFORT_SMALLEST},
    };
    const int64_t ni = argc > 2 ? atol(argv[1]) : 1000, nj = argc > 2 ? atol(argv[2]) : 1000;
    const int rounds = argc > 3 ? atoi(argv[3]) : 20;
    float *f = field(ni, nj);

    printf("%lld x %lld, GB/s of float32, one thread\n", (long long)ni, (long long)nj);
    printf("%-34s%8s%8s%8s   %s\n", "", "portable", "v3", "v4", "bits per value");
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        uint16_t *tokens = cases[c].is_lossless ? NULL : quantise(f, ni * nj, cases[c].nbits);
        work w = {f, tokens, ni, nj, cases[c].nbits, cases[c].effort, NULL, NULL};
        w.out =
            memory(tokens == NULL ? f24_lossless_bound(ni, nj) + 64 : f24_tiles_bound(ni, nj) + 64);
        w.scratch = memory(tokens == NULL ? f24_lossless_write_scratch(ni, nj)
                                          : f24_tiles_write_scratch(ni, nj));
        measure(cases[c].name, &w, rounds);
        free(tokens);
        free(w.out);
        free(w.scratch);
    }
    free(f);
    return 0;
}
