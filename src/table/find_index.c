/*
 * Indexes over a table: for a set of keys (a signature) the rows sorted by a hash of their values
 * in these keys, and in ascending order within one hash.
 *
 * Renting before buying: the rows that scans look at are charged to their signature; once they
 * exceed what an index costs, one thread builds it while the others go on scanning. What is
 * published is never changed or freed before the table, so look-ups take no lock.
 */
#include "table/find.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#define MAX_INDEXES 8     /* each takes 8 bytes a row or a little more */
#define MAX_DEBTS 16      /* signatures that are watched */
#define SCANS_PER_INDEX 8 /* full scans before an index is built */
#define MIN_ROWS 1024     /* a scan of fewer takes less than a microsecond */
#define HASH_BLOCK 1024

typedef struct find_index {
    uint32_t signature;
    uint32_t shift;  /* the top 32 - shift bits of the hash are the bucket */
    int32_t *starts; /* rows of bucket b: starts[b] .. starts[b + 1] */
    int32_t *rows;
} find_index;

typedef struct debt {
    uint32_t signature;
    int64_t n_rows;
} debt;

struct f24_find_cache {
    pthread_mutex_t mutex; /* over debts */
    debt debts[MAX_DEBTS];
    pthread_mutex_t building;
    _Atomic size_t n_indexes; /* stored after the index that it counts */
    find_index *indexes[MAX_INDEXES];
};

f24_status f24_find_cache_new(f24_find_cache **cache, f24_error *err)
{
    f24_find_cache *c = calloc(1, sizeof *c);

    if (c == NULL)
        return f24_fail(err, F24_ENOMEM, -1, "no memory for the search of a table");
    (void)pthread_mutex_init(&c->mutex, NULL); /* cannot fail without attributes on Linux */
    (void)pthread_mutex_init(&c->building, NULL);
    atomic_init(&c->n_indexes, 0);
    *cache = c;
    return F24_OK;
}

static void index_free(find_index *index)
{
    if (index == NULL)
        return;
    free(index->starts);
    free(index->rows);
    free(index);
}

void f24_find_cache_free(f24_find_cache *cache)
{
    if (cache == NULL)
        return;
    for (size_t i = 0; i < MAX_INDEXES; i++)
        index_free(cache->indexes[i]);
    (void)pthread_mutex_destroy(&cache->mutex);
    (void)pthread_mutex_destroy(&cache->building);
    free(cache);
}

/* ------------------------------------------------------------------------- hash */

static uint32_t mix(uint32_t h, uint32_t x)
{
    h = (h ^ x) * 0x9E3779B1u; /* 2^32 / golden ratio */
    return h ^ h >> 15;
}

static uint32_t finish(uint32_t h)
{
    h *= 0x85EBCA6Bu;
    return (h ^ h >> 13) * 0xC2B2AE35u;
}

/* Mix n items of `width` bytes into n hashes. */
static void hash_items(const uint8_t *restrict items, uint32_t width, size_t n,
                       uint32_t *restrict hashes)
{
    for (size_t i = 0; i < n; i++) {
        uint16_t half;
        uint32_t word[3];
        switch (width) {
        case 1:
            hashes[i] = mix(hashes[i], items[i]);
            break;
        case 2:
            memcpy(&half, items + 2 * i, 2);
            hashes[i] = mix(hashes[i], half);
            break;
        case 4:
            memcpy(word, items + 4 * i, 4);
            hashes[i] = mix(hashes[i], word[0]);
            break;
        default:
            memcpy(word, items + 12 * i, 12);
            hashes[i] = mix(mix(mix(hashes[i], word[0]), word[1]), word[2]);
        }
    }
}

/* ------------------------------------------------------------------------- building */

static void buckets_of_rows(const f24_columns *columns, const find_index *index, uint32_t *buckets)
{
    for (int64_t first = 0; first < columns->n; first += HASH_BLOCK) {
        size_t n = columns->n - first < HASH_BLOCK ? (size_t)(columns->n - first) : HASH_BLOCK;
        uint32_t *h = buckets + first;
        memset(h, 0, n * sizeof *h);
        for (int key = F24_KEY_NOMVAR; key <= F24_KEY_NBITS; key++) {
            uint32_t width;
            const uint8_t *column = f24_find_column(columns, (f24_key)key, &width);
            if ((index->signature >> key & 1) != 0)
                hash_items(column + first * width, width, n, h);
        }
        for (size_t i = 0; i < n; i++)
            h[i] = finish(h[i]) >> index->shift;
    }
}

/* Sort the rows by bucket; counting keeps them in ascending order. */
static void sort_rows(find_index *index, const uint32_t *buckets, int32_t n)
{
    size_t n_buckets = (size_t)1 << (32 - index->shift);
    int32_t sum = 0;

    for (int32_t i = 0; i < n; i++)
        index->starts[buckets[i]]++;
    for (size_t b = 0; b <= n_buckets; b++) {
        int32_t count = index->starts[b];
        index->starts[b] = sum;
        sum += count;
    }
    for (int32_t i = 0; i < n; i++)
        index->rows[index->starts[buckets[i]]++] = i;
    /* Each start has moved to the end of its bucket, which is the start of the next. */
    memmove(index->starts + 1, index->starts, n_buckets * sizeof *index->starts);
    index->starts[0] = 0;
}

/* NULL when memory is short. */
static find_index *index_build(const f24_columns *columns, uint32_t signature)
{
    size_t n = (size_t)columns->n, n_buckets = MIN_ROWS;
    find_index *index = calloc(1, sizeof *index);
    uint32_t *buckets = malloc(n * sizeof *buckets);

    if (index == NULL)
        goto fail;
    index->signature = signature;
    index->shift = 22;
    for (; n_buckets < n; n_buckets *= 2)
        index->shift--;
    index->starts = calloc(n_buckets + 1, sizeof *index->starts);
    index->rows = malloc(n * sizeof *index->rows);
    if (buckets == NULL || index->starts == NULL || index->rows == NULL)
        goto fail;
    buckets_of_rows(columns, index, buckets);
    sort_rows(index, buckets, (int32_t)n);
    free(buckets);
    return index;
fail:
    free(buckets);
    index_free(index);
    return NULL;
}

/* True when the signature has paid for an index. */
static bool add_debt(f24_find_cache *cache, uint32_t signature, int64_t n_rows, int64_t price)
{
    debt *d = &cache->debts[0];
    bool paid;

    /* Never waits: a charge may be lost, and a child forked while another thread held it goes on. */
    if (pthread_mutex_trylock(&cache->mutex) != 0)
        return false;
    for (size_t i = 0; i < MAX_DEBTS; i++) {
        if (cache->debts[i].signature == signature) {
            d = &cache->debts[i];
            break;
        }
        if (cache->debts[i].n_rows < d->n_rows)
            d = &cache->debts[i];
    }
    if (d->signature != signature) /* the smallest debt is forgotten */
        *d = (debt){signature, 0};
    d->n_rows += n_rows;
    paid = d->n_rows > price;
    if (paid) /* pay again before the next try, should this one fail */
        *d = (debt){0, 0};
    (void)pthread_mutex_unlock(&cache->mutex);
    return paid;
}

static bool has_index(const f24_find_cache *cache, uint32_t signature, size_t n_indexes)
{
    for (size_t i = 0; i < n_indexes; i++) {
        if (cache->indexes[i]->signature == signature)
            return true;
    }
    return false;
}

void f24_find_charge(f24_find_cache *cache, const f24_find_plan *plan, int64_t n_rows)
{
    const f24_columns *columns = plan->columns;
    size_t n_indexes;

    if (cache == NULL || plan->signature == 0 || n_rows <= 0 || columns->n < MIN_ROWS ||
        columns->n > INT32_MAX)
        return;
    n_indexes = atomic_load_explicit(&cache->n_indexes, memory_order_acquire);
    if (n_indexes == MAX_INDEXES || has_index(cache, plan->signature, n_indexes) ||
        !add_debt(cache, plan->signature, n_rows, SCANS_PER_INDEX * columns->n))
        return;
    if (pthread_mutex_trylock(&cache->building) != 0) /* another thread builds: go on scanning */
        return;
    n_indexes = atomic_load_explicit(&cache->n_indexes, memory_order_relaxed);
    if (n_indexes < MAX_INDEXES && !has_index(cache, plan->signature, n_indexes)) {
        find_index *index = index_build(columns, plan->signature);
        if (index != NULL) {
            cache->indexes[n_indexes] = index;
            atomic_store_explicit(&cache->n_indexes, n_indexes + 1, memory_order_release);
        }
    }
    (void)pthread_mutex_unlock(&cache->building);
}

/* ------------------------------------------------------------------------- looking up */

/* The index with most of the plan's keys and no other, or NULL. */
static const find_index *best_index(f24_find_cache *cache, uint32_t signature)
{
    size_t n = atomic_load_explicit(&cache->n_indexes, memory_order_acquire);
    const find_index *best = NULL;

    for (size_t i = 0; i < n; i++) {
        const find_index *index = cache->indexes[i];
        if ((index->signature & ~signature) != 0)
            continue;
        if (best == NULL ||
            __builtin_popcount(index->signature) > __builtin_popcount(best->signature))
            best = index;
    }
    return best;
}

/* Combination number c of the listed values, as a hash. */
static uint32_t hash_combination(const f24_find_plan *plan, uint32_t signature, size_t c)
{
    uint32_t h = 0;

    for (int key = F24_KEY_NOMVAR; key <= F24_KEY_NBITS; key++) {
        const f24_test *test;
        if ((signature >> key & 1) == 0)
            continue;
        test = plan->by_key[key];
        hash_items(test->values + c % test->n * test->width, test->width, 1, &h);
        c /= test->n;
    }
    return finish(h);
}

/* The first of the ascending rows that is not below `start`. */
static const int32_t *from_row(const int32_t *at, const int32_t *end, int64_t start)
{
    while (at < end) {
        const int32_t *middle = at + (end - at) / 2;
        if (*middle < start)
            at = middle + 1;
        else
            end = middle;
    }
    return at;
}

bool f24_find_candidates(f24_find_cache *cache, const f24_find_plan *plan, int64_t start,
                         f24_candidates *candidates)
{
    const find_index *index;

    if (cache == NULL || plan->signature == 0)
        return false;
    index = best_index(cache, plan->signature);
    if (index == NULL)
        return false;
    candidates->n_lists = 1;
    candidates->n = 0;
    for (int key = F24_KEY_NOMVAR; key <= F24_KEY_NBITS; key++) {
        if ((index->signature >> key & 1) != 0)
            candidates->n_lists *= plan->by_key[key]->n; /* never above F24_FIND_COMBINATIONS */
    }
    for (size_t c = 0; c < candidates->n_lists; c++) {
        uint32_t bucket = hash_combination(plan, index->signature, c) >> index->shift;
        const int32_t *end = index->rows + index->starts[bucket + 1];
        const int32_t *at = index->rows + index->starts[bucket];
        candidates->lists[c].at = start > 0 ? from_row(at, end, start) : at;
        candidates->lists[c].end = end;
        candidates->n += end - candidates->lists[c].at;
    }
    return true;
}

int64_t f24_find_next_candidate(f24_candidates *candidates)
{
    int64_t row = INT64_MAX;

    for (size_t c = 0; c < candidates->n_lists; c++) {
        if (candidates->lists[c].at < candidates->lists[c].end && *candidates->lists[c].at < row)
            row = *candidates->lists[c].at;
    }
    if (row == INT64_MAX)
        return -1;
    /* Equal hashes, or a value that is listed twice, put a row in several lists. */
    for (size_t c = 0; c < candidates->n_lists; c++) {
        if (candidates->lists[c].at < candidates->lists[c].end && *candidates->lists[c].at == row)
            candidates->lists[c].at++;
    }
    return row;
}
