/*
 * Golden records, decoded and encoded again: the reference's words come out, but for slack and where
 * what it stored is no longer known. (tests/golden/test_reencode.py has the arrays that it was given.)
 *
 *     test_reencode FILE...
 */
#include "harness.h"

#include "encoded.h"

#include "container/container.h"

/* A golden record: what it holds, and what makes it again. */
typedef struct golden {
    f24_field field;
    f24_stored parts;
    f24_array array;
    f24_wish wish;
    const uint8_t *payload;
    uint8_t *values, *mask;
} golden;

typedef struct tally {
    int64_t n, n_linear, n_alike, n_restored;
} tally;

/* Slack holds anything in theirs, zeros in ours (1): words and bits after the last that is not 0. */
static bool is_alike(const encoded *made, const golden *g)
{
    encoded theirs = *made;
    uint64_t n = (made->n_bytes < g->parts.n_bytes ? made->n_bytes : g->parts.n_bytes) / 4;

    if (made->field.datyp != g->field.datyp || made->field.nbits != g->field.nbits)
        return false;
    theirs.payload = (uint8_t *)(uintptr_t)g->payload;
    while (n > 0 && word_at(made, n - 1) == 0)
        n--;
    for (uint64_t i = 0; i + 1 < n; i++)
        if (word_at(made, i) != word_at(&theirs, i))
            return false;
    if (n == 0)
        return true;
    uint32_t last = word_at(made, n - 1), differ = last ^ word_at(&theirs, n - 1);
    return differ < (last & (0 - last));
}

/*
 * Type 1 cuts again what it cut and rounded; where reals lost bits, the plug of missing values was
 * chosen beside others; and 8-bit values are no longer compressed where that spoils them (13: D6, D8).
 */
static bool has_to_be_alike(const golden *g)
{
    int32_t base = F24_DATYP_BASE(g->field.datyp);
    bool whole = g->field.nbits >= 32 || base == 2 || base == 4;

    if (base == 1 || (g->array.has_missing && !whole))
        return false;
    return (g->field.datyp & F24_TURBO_FLAG) == 0 || g->array.item_bytes > 1;
}

static bool is_restored(const encoded *made, const golden *g)
{
    uint8_t *found = exact_block((uint64_t)g->array.n_values, 0), *again = NULL;
    f24_read_options options = {F24_MISSING_STORED, 0, 0, found};
    const size_t item = (size_t)g->array.item_bytes;
    f24_array array;

    memset(found, 0, (size_t)g->array.n_values);
    bool same = decode(&made->field, made->payload, made->n_bytes, g->parts.little, &options,
                       &array, &again, NULL) == F24_OK &&
                array.kind == g->array.kind && array.n_bytes == g->array.n_bytes;
    for (size_t i = 0; same && i < (size_t)g->array.n_values; i++) {
        bool is_missing = g->mask != NULL && g->mask[i] != 0;
        same = (found[i] != 0) == is_missing &&
               (is_missing || memcmp(again + i * item, g->values + i * item, item) == 0);
    }
    free(again);
    free(found);
    return same;
}

static void golden_comes_out_again(const golden *g, tally *all)
{
    bool is_linear = F24_DATYP_BASE(g->field.datyp) == 1;

    f24_cpu_limit(levels[0]);
    encoded made = encode(&g->wish, g->values, g->mask);
    /* The one that the reference misreads (13: D2), and its characters in two levels. */
    if (made.status != F24_OK) {
        check(g->field.nbits == 1 || (g->field.datyp == 3 && g->field.nk == 2));
        return;
    }
    check(made.is_inside);
    check(!has_to_be_alike(g) || is_alike(&made, g));
    check(is_linear || is_restored(&made, g));
    all->n++;
    all->n_linear += is_linear;
    all->n_alike += is_alike(&made, g);
    all->n_restored += is_restored(&made, g);
    for (size_t l = 1; l < N_LEVELS; l++) {
        f24_cpu_limit(levels[l]);
        encoded same = encode(&g->wish, g->values, g->mask);
        check(same.status == F24_OK && same.n_bytes == made.n_bytes);
        check(memcmp(same.payload, made.payload, made.n_bytes) == 0);
        encoded_free(&same);
    }
    encoded_free(&made);
}

static void record_comes_out_again(const f24_record *r, const uint8_t *stored, tally *all)
{
    golden g = {.field = {r->ni, r->nj, r->nk, r->datyp, r->nbits, r->dasiz}};
    f24_error err;

    check(f24_stored_parse(stored, r->n_bytes, &g.parts, &err) == F24_OK);
    /* Packed words of odd width are no field, nor are levels that are not there (13: D3). */
    if (f24_codec_array(&g.field, &g.array, &err) != F24_OK || g.array.n_dims != 3 ||
        g.array.nk_stored != g.array.shape[2])
        return;
    if (g.array.has_missing)
        g.mask = exact_block((uint64_t)g.array.n_values, 0);
    f24_read_options options = {F24_MISSING_STORED, 0, 0, g.mask};
    g.payload = stored + g.parts.payload;
    if (decode(&g.field, g.payload, g.parts.n_bytes, g.parts.little, &options, &g.array, &g.values,
               &err) == F24_OK) {
        g.wish = wish_of(g.array.kind, g.array.item_bytes, r->ni, r->nj, r->datyp, r->nbits);
        g.wish.nk = r->nk;
        g.wish.has_mask = g.array.has_missing;
        g.wish.backend = g.parts.backend;
        golden_comes_out_again(&g, all);
    }
    free(g.values);
    free(g.mask);
}

static void golden_records_come_out_again(int n_files, char **paths)
{
    tally all = {0, 0, 0, 0};

    check(n_files > 0);
    for (int k = 0; k < n_files; k++) {
        f24_file *file = NULL;
        f24_file_info info = {.n_records = 0};
        f24_error err;
        check(f24_open(paths[k], NULL, &file, &err) == F24_OK);
        if (file == NULL)
            continue;
        f24_get_file_info(file, &info);
        for (int64_t i = 0; i < info.n_records; i++) {
            f24_record record;
            check(f24_get_record(file, i, &record, &err) == F24_OK);
            uint8_t *stored = exact_block(record.n_bytes, 0);
            check(f24_read_stored(file, i, stored, record.n_bytes, &err) == F24_OK);
            record_comes_out_again(&record, stored, &all);
            free(stored);
        }
        f24_close(file);
    }
    (void)printf("golden: %lld records, %lld alike, %lld restored\n", (long long)all.n,
                 (long long)all.n_alike, (long long)all.n_restored);
    check(all.n > 7000 && all.n_linear < all.n / 5);
    check(all.n_alike * 10 > all.n * 9 && all.n_restored * 100 > all.n * 97);
}

int main(int argc, char **argv)
{
    golden_records_come_out_again(argc - 1, argv + 1);
    return report();
}
