/* Missing points: found in every element type, replaced, marked. */
#include "harness.h"

#include "codec/codec.h"

#include <math.h>
#include <string.h>

#define N 1000
#define IS_MISSING(i) ((i) % 7 == 3)

static f24_array array_of(f24_kind kind, int32_t item_bytes, int64_t n)
{
    return (f24_array){kind, item_bytes, 3, {n, 1, 1}, n, (uint64_t)(n * item_bytes), true, 1};
}

/* Element i of an array of any type. */
static double element(const f24_array *a, const uint8_t *bytes, size_t i)
{
    const uint8_t *at = bytes + i * (size_t)a->item_bytes;
    float f;
    double d;
    uint64_t u = 0;

    if (a->kind == F24_FLOAT) {
        memcpy(&f, at, 4);
        memcpy(&d, at, (size_t)a->item_bytes == 8 ? 8 : 4);
        return a->item_bytes == 4 ? (double)f : d;
    }
    for (int32_t b = a->item_bytes; b > 0; b--)
        u = u << 8 | at[b - 1];
    if (a->kind == F24_UINT)
        return (double)u;
    int shift = 64 - 8 * a->item_bytes;
    return (double)((int64_t)(u << shift) >> shift);
}

static void put(const f24_array *a, uint8_t *bytes, size_t i, double v)
{
    uint8_t *at = bytes + i * (size_t)a->item_bytes;
    float f = (float)v;
    int64_t whole = (int64_t)v;

    if (a->kind != F24_FLOAT)
        memcpy(at, &whole, (size_t)a->item_bytes); /* little-endian hosts: the low bytes */
    else if (a->item_bytes == 4)
        memcpy(at, &f, 4);
    else
        memcpy(at, &v, 8);
}

static double special(const f24_array *a)
{
    if (a->kind == F24_FLOAT)
        return a->item_bytes == 4 ? (double)-1e38f : -1e38;
    return a->kind == F24_INT ? -ldexp(1, 8 * a->item_bytes - 1) : ldexp(1, 8 * a->item_bytes) - 1;
}

static void the_largest_value_is_what_is_missing(f24_kind kind, int32_t item_bytes)
{
    f24_array a = array_of(kind, item_bytes, N);
    uint8_t stored[8 * N + 1], out[8 * N + 1], mask[N];
    double value[] = {special(&a), special(&a), 42, 100};

    for (size_t i = 0; i < N; i++) /* at odd addresses */
        put(&a, stored + 1, i,
            IS_MISSING(i) ? 100 : (kind == F24_UINT ? 0 : -30) + (double)(i % 97));
    if (kind == F24_FLOAT)
        value[F24_MISSING_NAN] = (double)NAN;
    for (f24_missing m = F24_MISSING_NAN; m <= F24_MISSING_STORED; m++) {
        f24_read_options options = {m, 42.0, 42, mask};
        int n_wrong = 0;
        memcpy(out, stored, sizeof out);
        memset(mask, 9, sizeof mask);
        f24_missing_restore(&a, &options, out + 1);
        for (size_t i = 0; i < N; i++) {
            double expected = IS_MISSING(i) ? value[m] : element(&a, stored + 1, i);
            double got = element(&a, out + 1, i);
            n_wrong += mask[i] != IS_MISSING(i);
            n_wrong += !(got == expected || (isnan(got) && isnan(expected)));
        }
        check(n_wrong == 0);
        options.mask = NULL;
        uint8_t again[8 * N + 1];
        memcpy(again, stored, sizeof again);
        f24_missing_restore(&a, &options, again + 1);
        check(memcmp(again + 1, out + 1, (size_t)a.n_bytes) == 0);
    }
}

static void without_options_missing_reals_are_nans(void)
{
    f24_array a = array_of(F24_FLOAT, 4, 3);
    float v[] = {1, 2, 3};

    f24_missing_restore(&a, NULL, v);
    check(v[0] == 1 && v[1] == 2 && isnan(v[2]));
}

static void nans_of_the_data_are_not_missing(void)
{
    f24_array a = array_of(F24_FLOAT, 4, 40);
    uint8_t mask[40];
    f24_read_options options = {F24_MISSING_REFERENCE, 0, 0, mask};
    float v[40];

    for (int i = 0; i < 40; i++)
        v[i] = i == 0 || i == 33 ? NAN : (float)(i % 10);
    f24_missing_restore(&a, &options, v);
    check(isnan(v[0]) && mask[0] == 0 && isnan(v[33]) && mask[33] == 0);
    check(v[9] == -1e38f && mask[9] == 1 && v[39] == -1e38f && v[8] == 8 && mask[8] == 0);
}

/* 8-bit values up to 254: the stored replacement is the special value 255 itself (11). */
static void only_the_reference_loses_the_largest_values_beside_255(void)
{
    f24_array a = array_of(F24_UINT, 1, 4);
    uint8_t mask[4], v[4] = {3, 254, 255, 254};
    f24_read_options options = {F24_MISSING_NAN, 0, 0, mask};

    f24_missing_restore(&a, &options, v);
    check(memcmp(v, "\3\376\377\376", 4) == 0 && memcmp(mask, "\0\0\1\0", 4) == 0);
    options.missing = F24_MISSING_REFERENCE;
    f24_missing_restore(&a, &options, v);
    check(memcmp(v, "\3\377\377\377", 4) == 0 && memcmp(mask, "\0\1\1\1", 4) == 0);
}

static void a_field_of_nothing_else_is_missing_all_over(void)
{
    f24_array a = array_of(F24_INT, 2, N);
    uint8_t mask[N];
    f24_read_options options = {F24_MISSING_VALUE, 0, -7, mask};
    int16_t v[N];
    int n = 0;

    for (int i = 0; i < N; i++)
        v[i] = 1;
    f24_missing_restore(&a, &options, v);
    for (int i = 0; i < N; i++)
        n += v[i] == -7 && mask[i] == 1;
    check(n == N);
}

static void levels_that_are_not_there_are_left_to_fill(void)
{
    f24_array a = {F24_FLOAT, 4, 3, {2, 2, 3}, 12, 48, true, 1};
    uint8_t mask[12];
    f24_read_options options = {F24_MISSING_VALUE, -5, 0, mask};
    float v[12] = {1, 2, 3, 4, 90, 91};

    memset(mask, 9, sizeof mask);
    f24_missing_restore(&a, &options, v);
    check(v[3] == -5 && v[4] == 90 && mask[4] == 9);
    f24_missing_fill(&a, &options, 4, 8, v);
    check(v[3] == -5 && v[2] == 3 && v[4] == -5 && v[11] == -5 && mask[4] == 1 && mask[11] == 1);
    f24_missing_fill(&a, NULL, 4, 8, v);
    check(isnan(v[4]) && isnan(v[11]) && v[2] == 3);
}

static void integers_are_filled_by_their_own_size(void)
{
    for (int32_t item = 1; item <= 8; item *= 2) {
        f24_array a = array_of(F24_UINT, item, 9);
        f24_read_options options = {F24_MISSING_VALUE, 0, 77, NULL};
        uint8_t v[72] = {0};
        f24_missing_fill(&a, &options, 2, 7, v);
        check(element(&a, v, 1) == 0 && element(&a, v, 2) == 77 && element(&a, v, 8) == 77);
    }
}

int main(void)
{
    the_largest_value_is_what_is_missing(F24_FLOAT, 4);
    the_largest_value_is_what_is_missing(F24_FLOAT, 8);
    for (int32_t item = 1; item <= 8; item *= 2) {
        the_largest_value_is_what_is_missing(F24_INT, item);
        the_largest_value_is_what_is_missing(F24_UINT, item);
    }
    without_options_missing_reals_are_nans();
    nans_of_the_data_are_not_missing();
    only_the_reference_loses_the_largest_values_beside_255();
    a_field_of_nothing_else_is_missing_all_over();
    levels_that_are_not_there_are_left_to_fill();
    integers_are_filled_by_their_own_size();
    return report();
}
