/*
 * Speed of the fixed forms into warm memory, one thread: GB/s of decoded values, and the ratio to
 * memcpy of the same array in the same rounds (best of each; the machine is rarely quiet).
 *
 *     codec [ni nj [rounds]]
 */
#include "timing.h"

#include "base/cpu.h"
#include "codec/codec.h"

#include <stdio.h>

static void put_word(uint8_t *payload, size_t i, uint32_t word, bool little)
{
    for (size_t b = 0; b < 4; b++)
        payload[4 * i + b] = (uint8_t)(word >> 8 * (little ? b : 3 - b));
}

/* Headers that are right, in front of random tokens. */
static void fill(const f24_plan *plan, uint8_t *payload)
{
    uint32_t state = 1;

    for (size_t i = 0; i < plan->needed / 4; i++)
        put_word(payload, i, state = state * 1664525 + 1013904223, plan->little);
    if (plan->unpack == F24_UNPACK_LINEAR) {
        put_word(payload, 0, 0x7ff00000, plan->little);
        put_word(payload, 1, 0x0ff53d10, plan->little);
        put_word(payload, 2, 0xd0000000, plan->little);
        put_word(payload, 3, plan->width << 8, plan->little);
    } else if (plan->unpack == F24_UNPACK_BLOCK) {
        put_word(payload, 0, 0xeff78704, plan->little);
        put_word(payload, 1, 0xff300000, plan->little);
        put_word(payload, 2, (uint32_t)plan->n_tokens, plan->little);
    }
}

typedef struct timing {
    double decode, copy, restore; /* best seconds */
} timing;

static timing measure(const f24_field *field, bool little, int rounds)
{
    timing best = {1e9, 1e9, 1e9};
    f24_plan plan;

    if (f24_codec_plan(field, UINT64_C(1) << 40, little, &plan, NULL) != F24_OK)
        abort();
    uint8_t *payload = memory(plan.needed), *out = memory(plan.array.n_bytes),
            *from = memory(plan.array.n_bytes);
    fill(&plan, payload);
    if (f24_codec_head(&plan, payload, NULL) != F24_OK)
        abort();
    for (int r = 0; r < rounds; r++) {
        uint64_t at;
        size_t n_bytes;
        double t0 = now();
        f24_codec_span(&plan, 0, plan.array.n_values, &at, &n_bytes);
        f24_codec_unpack(&plan, payload + at, 0, plan.array.n_values, out);
        double t1 = now();
        memcpy(out, from, plan.array.n_bytes);
        double t2 = now();
        best.decode = t1 - t0 < best.decode ? t1 - t0 : best.decode;
        best.copy = t2 - t1 < best.copy ? t2 - t1 : best.copy;
        if (!plan.array.has_missing)
            continue;
        f24_missing_restore(&plan.array, NULL, out);
        double t3 = now();
        best.restore = t3 - t2 < best.restore ? t3 - t2 : best.restore;
    }
    free(payload);
    free(out);
    free(from);
    return best;
}

int main(int argc, char **argv)
{
    static const int32_t cases[][3] = {
        {1, 16, 32}, {6, 16, 32}, {5, 32, 32}, {5, 64, 64}, {1, 8, 32},  {1, 12, 32}, {1, 20, 32},
        {1, 24, 32}, {1, 28, 32}, {1, 32, 32}, {2, 12, 32}, {2, 16, 32}, {2, 16, 16}, {2, 8, 8},
        {4, 16, 32}, {4, 31, 32}, {5, 16, 32}, {5, 24, 32}, {0, 8, 8},   {2, 64, 64}, {69, 32, 32},
    };
    int32_t ni = argc > 2 ? (int32_t)atoi(argv[1]) : 1000,
            nj = argc > 2 ? (int32_t)atoi(argv[2]) : 1000;
    int rounds = argc > 3 ? atoi(argv[3]) : 40;

    printf("%d x %d, GB/s of values written (ratio to memcpy)\n", ni, nj);
    printf("%-12s %-15s %-15s %-15s %-15s\n", "type/bits", "XDF portable", "XDF v3", "XDF v4",
           "RSF v4");
    for (size_t c = 0; c < sizeof cases / sizeof cases[0]; c++) {
        f24_field field = {ni, nj, 1, cases[c][0], cases[c][1], cases[c][2]};
        static const f24_cpu levels[] = {F24_CPU_PORTABLE, F24_CPU_V3, F24_CPU_V4, F24_CPU_V4};
        double gigabytes = 0;
        timing t = {0, 0, 1e9};
        printf("%3d/%-2d (%-2d)  ", cases[c][0], cases[c][1], cases[c][2]);
        for (int l = 0; l < 4; l++) {
            f24_array array;
            f24_cpu_limit(levels[l]);
            if (f24_codec_array(&field, &array, NULL) != F24_OK)
                return 1;
            gigabytes = 1e-9 * (double)array.n_bytes;
            t = measure(&field, l == 3, rounds);
            printf("%5.1f (%4.2f)    ", gigabytes / t.decode, t.copy / t.decode);
        }
        if (t.restore < 1e9)
            printf("restoring missing points: %.1f", gigabytes / t.restore);
        printf("\n");
    }
    return 0;
}
