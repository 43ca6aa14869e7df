/*
 * Search: by an index when there is one and it spares work, else by a scan, block after block, at
 * about the speed of memory.
 */
#include "table/find.h"

#include <string.h>

#define FIRST_BLOCK 256  /* rows; a find that hits early looks at few */
#define CANDIDATE_COST 8 /* rows that a scan passes while one candidate is fetched and checked */

/* A search under way. */
typedef struct search {
    f24_find_plan plan;
    f24_find_cache *cache;
    int64_t first; /* row where the scan started */
    int64_t n_hits;
    bool by_index;
    f24_candidates candidates;
    int64_t block;  /* first row of the block */
    size_t n_block; /* its rows, 0 before the first */
    size_t at;      /* next place to look at in it */
    uint8_t mask[F24_FIND_BLOCK];
} search;

static f24_status search_begin(search *s, const f24_table *table, const f24_criterion *criteria,
                               size_t n_criteria, unsigned flags, int64_t start, f24_error *err)
{
    const f24_columns *columns = f24_table_columns(table);

    F24_TRY(f24_find_plan_make(&s->plan, columns, criteria, n_criteria, flags, err));
    s->cache = f24_table_find_cache(table);
    s->first = start < columns->n ? start : columns->n;
    s->block = s->plan.nothing ? columns->n : s->first;
    s->first = s->block;
    s->n_block = s->at = 0;
    s->n_hits = 0;
    s->by_index = !s->plan.nothing &&
                  f24_find_candidates(s->cache, &s->plan, s->first, &s->candidates) &&
                  s->candidates.n < (columns->n - s->first) / CANDIDATE_COST + 1;
    return F24_OK;
}

static int64_t next_by_index(search *s)
{
    int64_t row;

    do
        row = f24_find_next_candidate(&s->candidates);
    while (row >= 0 && !f24_find_row(&s->plan, row));
    return row;
}

/* The next place from s->at on that the mask keeps, n_block when there is none. */
static size_t next_place(const search *s)
{
    const uint8_t *found;

    if (s->mask[s->at] != 0) /* spares the call where hits are dense */
        return s->at;
    found = memchr(s->mask + s->at, 1, s->n_block - s->at);
    return found == NULL ? s->n_block : (size_t)(found - s->mask);
}

static int64_t next_by_scan(search *s)
{
    bool slow = s->plan.n_fast < s->plan.n;
    int64_t n = s->plan.columns->n;

    for (;;) {
        while (s->at < s->n_block) {
            size_t place = next_place(s);
            s->at = place + 1;
            if (place < s->n_block && (!slow || f24_find_slow(&s->plan, s->block + (int64_t)place)))
                return s->block + (int64_t)place;
        }
        s->block += (int64_t)s->n_block;
        if (s->block >= n)
            return -1;
        s->n_block = s->n_block == 0 ? FIRST_BLOCK : F24_FIND_BLOCK;
        if ((int64_t)s->n_block > n - s->block)
            s->n_block = (size_t)(n - s->block);
        s->at = f24_find_block(&s->plan, s->block, s->n_block, s->mask) ? 0 : s->n_block;
    }
}

/* The next row that matches, -1 after the last. */
static int64_t search_next(search *s)
{
    int64_t row = s->by_index ? next_by_index(s) : next_by_scan(s);

    s->n_hits += row >= 0;
    return row;
}

static void search_end(search *s)
{
    int64_t cost;

    if (s->by_index)
        cost = s->candidates.n * CANDIDATE_COST;
    else
        cost = s->block + (int64_t)s->n_block - s->first;
    /* An index would still have to fetch the hits. */
    f24_find_charge(s->cache, &s->plan, cost - s->n_hits * CANDIDATE_COST);
    f24_find_plan_free(&s->plan);
}

f24_status f24_find(const f24_table *table, const f24_criterion *criteria, size_t n_criteria,
                    unsigned flags, int64_t start, int64_t *index, f24_error *err)
{
    int64_t row;
    search s;

    if (start < 0)
        return f24_fail(err, F24_EINVAL, -1, "start %lld: indices count from 0", (long long)start);
    F24_TRY(search_begin(&s, table, criteria, n_criteria, flags, start, err));
    row = search_next(&s);
    search_end(&s);
    if (row < 0)
        return f24_fail(err, F24_ENOTFOUND, -1,
                        "no record at or after %lld meets the %zu conditions", (long long)start,
                        n_criteria);
    *index = row;
    return F24_OK;
}

f24_status f24_find_all(const f24_table *table, const f24_criterion *criteria, size_t n_criteria,
                        unsigned flags, int64_t *indices, size_t capacity, size_t *n_found,
                        f24_error *err)
{
    size_t n = 0;
    search s;

    F24_TRY(search_begin(&s, table, criteria, n_criteria, flags, 0, err));
    for (int64_t row = search_next(&s); row >= 0; row = search_next(&s)) {
        if (n < capacity)
            indices[n] = row;
        n++;
    }
    search_end(&s);
    *n_found = n;
    return F24_OK;
}
