/*
 * A search in pieces: query.c turns criteria into tests on columns and runs them over rows,
 * find_index.c finds candidates by hash, find.c chooses between the two.
 */
#ifndef F24_TABLE_FIND_H
#define F24_TABLE_FIND_H

#include "table/table.h"

#define F24_FIND_COMBINATIONS                                                                      \
    64 /* an index is asked for at most so many combinations of values                             \
        */

typedef enum f24_test_kind {
    F24_TEST_EQUAL,
    F24_TEST_RANGE,
    F24_TEST_DATES,    /* a range of instants */
    F24_TEST_ENCODING, /* the same level in any encoding */
} f24_test_kind;

/* What a slow test said of a number, 0: not asked yet. Levels and dates repeat. */
typedef struct f24_memo {
    int32_t number;
    int8_t answer; /* 1 no, 2 yes */
} f24_memo;
#define F24_MEMO_SIZE 256 /* 2^8: the memo's place is the top 8 bits of a hash */

/* One criterion, ready to run. Values are items of `width` bytes, as the column's. */
typedef struct f24_test {
    f24_test_kind kind;
    f24_key key;
    uint32_t width; /* 1, 2, 4 or 12 */
    bool sorted;    /* a long list of numbers, in ascending order */
    bool fast;      /* has a loop over a block of rows */
    const uint8_t *column;
    const uint8_t *values;
    size_t n;
    int32_t low, high;             /* RANGE */
    int64_t low_steps, high_steps; /* DATES */
    f24_memo *memo;                /* DATES, ENCODING; may be NULL */
} f24_test;

/* All criteria of a search. The first n_fast tests have loops over blocks. */
#define F24_PLAN_TESTS 16
#define F24_PLAN_BYTES 256
#define F24_PLAN_MEMOS 5
typedef struct f24_find_plan {
    const f24_columns *columns;
    f24_test *tests;
    size_t n, n_fast;
    bool nothing; /* no record can match */
    bool skip_descriptors;
    uint32_t signature;                        /* keys (1 << key) that an index may serve */
    const f24_test *by_key[F24_KEY_NBITS + 1]; /* their tests */
    void *memory;                              /* what the arrays below are too small for */
    f24_test few_tests[F24_PLAN_TESTS];
    uint8_t few_bytes[F24_PLAN_BYTES];
    f24_memo memos[F24_PLAN_MEMOS][F24_MEMO_SIZE];
} f24_find_plan;

/* F24_EINVAL, F24_ENOMEM. Free the plan after success. The criteria must stay as they are. */
f24_status f24_find_plan_make(f24_find_plan *plan, const f24_columns *columns,
                              const f24_criterion *criteria, size_t n_criteria, unsigned flags,
                              f24_error *err);
void f24_find_plan_free(f24_find_plan *plan);

/* The column of a key: its width, and its values (NULL: no such key). */
const uint8_t *f24_find_column(const f24_columns *columns, f24_key key, uint32_t *width);

/* True when a row passes all tests, and the slow ones (those that f24_find_block leaves out). */
bool f24_find_row(const f24_find_plan *plan, int64_t row);
bool f24_find_slow(const f24_find_plan *plan, int64_t row);

#define F24_FIND_BLOCK 4096 /* rows of a block, at most */

/*
 * mask[i] = 1 where row first + i passes the fast tests and is no descriptor to be passed over,
 * else 0; false when all are 0.
 */
bool f24_find_block(const f24_find_plan *plan, int64_t first, size_t n, uint8_t *mask);

/* ------------------------------------------------------------------------- indexes */

/* Rows that may match, in ascending order, none below a start. */
typedef struct f24_candidates {
    size_t n_lists;
    int64_t n; /* in all lists together */
    struct {
        const int32_t *at, *end;
    } lists[F24_FIND_COMBINATIONS];
} f24_candidates;

/* The candidates of the best index that serves the plan; false when there is none. */
bool f24_find_candidates(f24_find_cache *cache, const f24_find_plan *plan, int64_t start,
                         f24_candidates *candidates);

/* The next candidate, -1 after the last. */
int64_t f24_find_next_candidate(f24_candidates *candidates);

/*
 * Note that a search looked at n_rows rows that an index would have spared. When such searches have
 * cost more than an index does, it is built.
 */
void f24_find_charge(f24_find_cache *cache, const f24_find_plan *plan, int64_t n_rows);

#endif
