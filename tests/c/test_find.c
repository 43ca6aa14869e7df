/*
 * Search over a table made by hand. `test_find bench` measures it on a million records instead.
 */
#include "harness.h"

#include "convention/convention.h"
#include "table/table.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* ------------------------------------------------------------------------------- a table */

struct f24_table {
    f24_columns columns;
    f24_find_cache *cache;
    int32_t *numbers; /* 16 columns, one after the other */
    char (*nomvar)[4], (*typvar)[2], (*etiket)[12];
    char *grtyp;
};

const f24_columns *f24_table_columns(const f24_table *table)
{
    return &table->columns;
}

f24_find_cache *f24_table_find_cache(const f24_table *table)
{
    return table->cache;
}

enum { N_NUMBERS = 16, N_LEVELS = 80, N_TIMES = 125, N_NAMES = 25, N_MEMBERS = 4 };

static const char names[N_NAMES][5] = {"TT  ", "UU  ", "VV  ", "GZ  ", "HU  ", "WW  ", "P0  ",
                                       "PR  ", ">>  ", "^^  ", "!!  ", "HY  ", "TOC ", "^>  ",
                                       "PT  ", "NT  ", "LA  ", "LO  ", "!!SF", "ME  ", "SD  ",
                                       "FN  ", "QC  ", "ES  ", "T6  "};

static void *get(size_t n_bytes)
{
    void *p = calloc(1, n_bytes);

    if (p == NULL)
        abort();
    return p;
}

/* The level of row i: hybrid, or a pressure in the old style and then in the new one. */
static int32_t level_of(int64_t i)
{
    int32_t k = (int32_t)(i % N_LEVELS);

    if (k % 4 == 1)
        return 1000 - k;
    return k % 4 == 2 ? 39945888 - 100 * (k - 1) : 95366840 + k;
}

/* n records like a model's: all names at all levels of a time, time after time. */
static f24_table *make_table(int64_t n)
{
    f24_table *t = get(sizeof *t);
    f24_columns *c = &t->columns;
    size_t rows = (size_t)(n > 0 ? n : 1);
    const int32_t **columns[N_NUMBERS] = {
        &c->dateo, &c->datev, &c->deet, &c->npas, &c->ni,  &c->nj,  &c->nk,    &c->ip1,
        &c->ip2,   &c->ip3,   &c->ig1,  &c->ig2,  &c->ig3, &c->ig4, &c->datyp, &c->nbits};
    int32_t *column[N_NUMBERS];

    t->numbers = get(rows * N_NUMBERS * 4);
    for (size_t k = 0; k < N_NUMBERS; k++)
        *columns[k] = column[k] = t->numbers + k * rows;
    c->n = n;
    t->nomvar = get(rows * 4);
    c->nomvar = (const char (*)[4])t->nomvar;
    t->typvar = get(rows * 2);
    c->typvar = (const char (*)[2])t->typvar;
    t->etiket = get(rows * 12);
    c->etiket = (const char (*)[12])t->etiket;
    c->grtyp = t->grtyp = get(rows);
    for (int64_t i = 0; i < n; i++) {
        int64_t name = i / N_LEVELS % N_NAMES, time = i / (N_LEVELS * N_NAMES);
        int64_t member = time / N_TIMES;
        time %= N_TIMES;
        memcpy(t->nomvar[i], names[name], 4);
        memcpy(t->typvar[i], i % 5 == 0 ? "A " : "P@", 2);
        memcpy(t->etiket[i], i % 3 == 0 ? "G100_V8_N001" : "R1          ", 12);
        t->etiket[i][2] = (char)('0' + member % 10);
        t->grtyp[i] = i % 7 == 0 ? '\xE9' : 'Z';
        for (size_t k = 0; k < N_NUMBERS; k++)
            column[k][i] = (int32_t)((i + (int64_t)k) % (3 + (int64_t)k));
        column[0][i] = 471618800;
        column[1][i] = time == 1 ? 0 : 471618800 + (int32_t)time * 900;
        column[7][i] = level_of(i);
        column[8][i] = (int32_t)time;
        column[9][i] = (int32_t)member;
    }
    if (f24_find_cache_new(&t->cache, NULL) != F24_OK)
        abort();
    return t;
}

static void free_table(f24_table *t)
{
    f24_find_cache_free(t->cache);
    free(t->numbers);
    free(t->nomvar);
    free(t->typvar);
    free(t->etiket);
    free(t->grtyp);
    free(t);
}

static f24_criterion number_is(f24_key key, const int32_t *numbers, size_t n)
{
    return (f24_criterion){key, F24_MATCH_EQUAL, n, numbers, NULL};
}

static f24_criterion text_is(f24_key key, const char *const *texts, size_t n)
{
    return (f24_criterion){key, F24_MATCH_EQUAL, n, NULL, texts};
}

static size_t count(const f24_table *t, const f24_criterion *criteria, size_t n, unsigned flags)
{
    size_t n_found = SIZE_MAX;

    check(f24_find_all(t, criteria, n, flags, NULL, 0, &n_found, NULL) == F24_OK);
    return n_found;
}

static size_t count_text(const f24_table *t, f24_key key, const char *text)
{
    f24_criterion c = text_is(key, &text, 1);

    return count(t, &c, 1, 0);
}

/* --------------------------------------------------------------------- the plainest search */

static const int32_t *numbers_of(const f24_columns *c, f24_key key)
{
    const int32_t *columns[] = {c->dateo, c->datev, c->deet,  c->npas, c->ni,  c->nj,
                                c->nk,    c->ip1,   c->ip2,   c->ip3,  c->ig1, c->ig2,
                                c->ig3,   c->ig4,   c->datyp, c->nbits};

    return columns[key - F24_KEY_DATEO];
}

static bool matches_plainly(const f24_columns *c, const f24_criterion *q, int64_t row)
{
    if (q->key < F24_KEY_DATEO) {
        char item[13] = {0};
        if (q->key == F24_KEY_NOMVAR)
            memcpy(item, c->nomvar[row], 4);
        else if (q->key == F24_KEY_TYPVAR)
            memcpy(item, c->typvar[row], 2);
        else if (q->key == F24_KEY_ETIKET)
            memcpy(item, c->etiket[row], 12);
        else
            item[0] = c->grtyp[row];
        for (size_t n = strlen(item); n > 0 && item[n - 1] == ' '; n--)
            item[n - 1] = '\0';
        for (size_t k = 0; k < q->n; k++) {
            if (strcmp(item, q->texts[k]) == 0) /* the tests below give stored forms */
                return true;
        }
        return false;
    }
    for (size_t k = 0; k < q->n; k++) {
        int32_t x = numbers_of(c, q->key)[row];
        if (q->match == F24_MATCH_RANGE)
            return x >= q->numbers[0] && x <= q->numbers[1];
        if (q->match == F24_MATCH_ENCODING ? f24_ip_same(x, q->numbers[k]) : x == q->numbers[k])
            return true;
    }
    return false;
}

/* All hits of f24_find_all, and those of f24_find one after the other, are the plain search's. */
static bool finds_what_it_should(const f24_table *t, const f24_criterion *criteria, size_t n,
                                 unsigned flags)
{
    const f24_columns *c = &t->columns;
    int64_t *rows = get((size_t)c->n * sizeof *rows), next = 0;
    size_t n_found = 0, at = 0;
    bool right = f24_find_all(t, criteria, n, flags, rows, (size_t)c->n, &n_found, NULL) == F24_OK;

    for (int64_t i = 0; i < c->n; i++) {
        bool matches = (flags & F24_SKIP_DESCRIPTORS) == 0 || !f24_is_descriptor(c->nomvar[i]);
        for (size_t k = 0; k < n; k++)
            matches = matches && matches_plainly(c, &criteria[k], i);
        if (matches && (at >= n_found || rows[at++] != i))
            right = false;
    }
    for (size_t k = 0; k <= at && k < 40; k++) {
        int64_t row = -1;
        f24_status status = f24_find(t, criteria, n, flags, next, &row, NULL);
        if (k == at ? status != F24_ENOTFOUND : status != F24_OK || row != rows[k])
            right = false;
        next = row + 1;
    }
    right = right && at == n_found;
    free(rows);
    return right;
}

/* ------------------------------------------------------------------------------- tests */

static void no_criteria_give_every_record(void)
{
    f24_table *t = make_table(10000), *none = make_table(0);
    int64_t row = -1;

    check(count(t, NULL, 0, 0) == 10000);
    check(f24_find(t, NULL, 0, 0, 9999, &row, NULL) == F24_OK && row == 9999);
    check(f24_find(t, NULL, 0, 0, 10000, &row, NULL) == F24_ENOTFOUND);
    check(f24_find(t, NULL, 0, 0, INT64_MAX, &row, NULL) == F24_ENOTFOUND);
    check(count(none, NULL, 0, F24_SKIP_DESCRIPTORS) == 0);
    check(f24_find(none, NULL, 0, 0, 0, &row, NULL) == F24_ENOTFOUND);
    check(row == 9999);
    free_table(t);
    free_table(none);
}

static void texts_match_without_case_and_trailing_blanks(void)
{
    f24_table *t = make_table(2000); /* each name at each level once */

    check(count_text(t, F24_KEY_NOMVAR, "TT") == N_LEVELS);
    check(count_text(t, F24_KEY_NOMVAR, "tt") == N_LEVELS);
    check(count_text(t, F24_KEY_NOMVAR, "Tt        ") == N_LEVELS);
    check(count_text(t, F24_KEY_NOMVAR, "!!sf") == N_LEVELS);
    check(count_text(t, F24_KEY_NOMVAR, "~>") == N_LEVELS); /* stored as ^> */
    check(count_text(t, F24_KEY_NOMVAR, " TT") == 0);
    check(count_text(t, F24_KEY_NOMVAR, "TT  X") == 0);
    check(count_text(t, F24_KEY_NOMVAR, "") == 0);
    check(count_text(t, F24_KEY_NOMVAR, "T\xC3\x89") == 0);
    check(count_text(t, F24_KEY_NOMVAR, "TT\t") == 0);
    check(count_text(t, F24_KEY_TYPVAR, "p@") == 1600);
    check(count_text(t, F24_KEY_TYPVAR, "a") == 400);
    check(count_text(t, F24_KEY_TYPVAR, "P") == 0);
    check(count_text(t, F24_KEY_ETIKET, "g100_v8_n001") == 667);
    check(count_text(t, F24_KEY_ETIKET, "R10") == 1333);
    check(count_text(t, F24_KEY_ETIKET, "g100_v8_n001x") == 0);
    check(count_text(t, F24_KEY_GRTYP, "\xE9") == 286);
    check(count_text(t, F24_KEY_GRTYP, "Z") == 1714);
    check(count_text(t, F24_KEY_GRTYP, "z") == 0);
    free_table(t);
}

static void descriptors_are_passed_over_on_request(void)
{
    f24_table *t = make_table(2000);
    const char *const two[] = {"TT", ">>"};
    f24_criterion c = text_is(F24_KEY_NOMVAR, two, 2);

    check(count(t, NULL, 0, F24_SKIP_DESCRIPTORS) == (N_NAMES - 7) * N_LEVELS);
    check(count(t, &c, 1, 0) == 2 * N_LEVELS);
    check(count(t, &c, 1, F24_SKIP_DESCRIPTORS) == N_LEVELS);
    check(f24_is_descriptor(">>  ") && f24_is_descriptor("!!SF") && f24_is_descriptor("####"));
    check(f24_is_descriptor("PROJ") && f24_is_descriptor("HY  ") && f24_is_descriptor("MTRX"));
    check(!f24_is_descriptor("TT  ") && !f24_is_descriptor("P0  ") && !f24_is_descriptor("HYX "));
    free_table(t);
}

static void an_empty_list_matches_nothing(void)
{
    f24_table *t = make_table(100);
    int32_t none = 0;
    f24_criterion c = number_is(F24_KEY_IP2, &none, 0);

    check(count(t, &c, 1, 0) == 0);
    c.numbers = NULL;
    check(count(t, &c, 1, 0) == 0);
    c = text_is(F24_KEY_NOMVAR, NULL, 0);
    check(count(t, &c, 1, 0) == 0);
    free_table(t);
}

static void a_level_is_found_in_any_encoding(void)
{
    f24_table *t = make_table(4);
    int32_t asked = 850;
    f24_criterion c = {F24_KEY_IP1, F24_MATCH_ENCODING, 1, &asked, NULL};
    int32_t *ip1 = t->numbers + 7 * 4;

    ip1[0] = 41744464;                      /* 850 hPa */
    ip1[1] = 850;                           /* old style */
    ip1[2] = 41744464 - (1 << 20) - 765000; /* 85000 with one exponent less */
    ip1[3] = 41394464;                      /* 500 hPa */
    check(count(t, &c, 1, 0) == 3);
    c.match = F24_MATCH_EQUAL;
    check(count(t, &c, 1, 0) == 1);
    free_table(t);
}

static void dates_are_compared_as_instants(void)
{
    f24_table *t = make_table(6);
    /* 1980-01-01 00 in three styles, 00:01, 1979-12-31 23, no date */
    const int32_t stamps[6] = {10180000, 123200000, -1273271896, 123200014, 123179230, 0};
    int32_t range[2] = {10180000, 10180000};
    f24_criterion c = {F24_KEY_DATEV, F24_MATCH_RANGE, 2, range, NULL};
    f24_error err;
    size_t n;

    memcpy(t->numbers + 6, stamps, sizeof stamps);
    check(count(t, &c, 1, 0) == 3);
    range[1] = 123200014;
    check(count(t, &c, 1, 0) == 4);
    range[0] = -1294967296; /* the year 0 */
    range[1] = -1185394549; /* the end of 9999 */
    check(count(t, &c, 1, 0) == 5);
    range[1] = 0;
    check(f24_find_all(t, &c, 1, 0, NULL, 0, &n, &err) == F24_EINVAL &&
          strstr(err.message, "date stamps") != NULL);
    c.match = F24_MATCH_EQUAL; /* of codes */
    range[0] = 123200000;
    c.n = 1;
    check(count(t, &c, 1, 0) == 1);
    free_table(t);
}

static void wrong_combinations_are_refused(void)
{
    static const int32_t numbers[3] = {1, 2, 3};
    static const char *const texts[2] = {"TT", NULL};
    const f24_criterion wrong[] = {
        {(f24_key)0, F24_MATCH_EQUAL, 1, numbers, NULL},
        {(f24_key)21, F24_MATCH_EQUAL, 1, numbers, NULL},
        {(f24_key)-1, F24_MATCH_EQUAL, 1, numbers, NULL},
        {F24_KEY_IP1, (f24_match)0, 1, numbers, NULL},
        {F24_KEY_IP1, (f24_match)4, 1, numbers, NULL},
        {F24_KEY_IP1, F24_MATCH_EQUAL, 1, NULL, texts},
        {F24_KEY_IP1, F24_MATCH_EQUAL, 1, numbers, texts},
        {F24_KEY_IP1, F24_MATCH_EQUAL, 1, NULL, NULL},
        {F24_KEY_IP1, F24_MATCH_RANGE, 1, numbers, NULL},
        {F24_KEY_IP1, F24_MATCH_RANGE, 3, numbers, NULL},
        {F24_KEY_NI, F24_MATCH_ENCODING, 1, numbers, NULL},
        {F24_KEY_NOMVAR, F24_MATCH_EQUAL, 1, numbers, NULL},
        {F24_KEY_NOMVAR, F24_MATCH_EQUAL, 1, numbers, texts},
        {F24_KEY_NOMVAR, F24_MATCH_EQUAL, 2, NULL, texts},
        {F24_KEY_NOMVAR, F24_MATCH_RANGE, 2, NULL, texts},
        {F24_KEY_GRTYP, F24_MATCH_ENCODING, 1, NULL, texts},
        {F24_KEY_DATEV, F24_MATCH_RANGE, 2, numbers, NULL},
    };
    f24_table *t = make_table(10);
    int64_t row = -5;
    f24_error err;
    size_t n = 77;

    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        check(f24_find(t, &wrong[i], 1, 0, 0, &row, &err) == F24_EINVAL && err.message[0] != '\0');
        check(f24_find_all(t, &wrong[i], 1, 0, NULL, 0, &n, NULL) == F24_EINVAL);
    }
    check(f24_find(t, NULL, 0, 2, 0, &row, &err) == F24_EINVAL);
    check(f24_find(t, NULL, 0, 0, -1, &row, &err) == F24_EINVAL);
    check(row == -5 && n == 77);
    free_table(t);
}

static void a_list_of_impossible_length_is_out_of_memory(void)
{
    f24_table *t = make_table(10);
    int32_t one = 1;
    f24_criterion c = number_is(F24_KEY_IP1, &one, SIZE_MAX);
    size_t n;

    check(f24_find_all(t, &c, 1, 0, NULL, 0, &n, NULL) == F24_ENOMEM);
    c.n = SIZE_MAX / 2;
    check(f24_find_all(t, &c, 1, 0, NULL, 0, &n, NULL) == F24_ENOMEM);
    free_table(t);
}

static void only_as_many_indices_as_fit_are_written(void)
{
    f24_table *t = make_table(100);
    int64_t rows[4] = {-1, -1, -1, -1};
    size_t n = 0;

    check(f24_find_all(t, NULL, 0, 0, rows, 3, &n, NULL) == F24_OK && n == 100);
    check(rows[0] == 0 && rows[2] == 2 && rows[3] == -1);
    free_table(t);
}

static unsigned draw(unsigned *seed, unsigned n)
{
    return (unsigned)rand_r(seed) % n;
}

/* A random query of up to 6 criteria, its values in `numbers` and `texts`. */
static size_t draw_query(unsigned *seed, f24_criterion *q, int32_t (*numbers)[100],
                         const char *(*texts)[12])
{
    static const char *const etikets[] = {"G100_V8_N001", "R10", "NONE"};
    static const char *const typvars[] = {"A", "P@", "X"};
    static const char *const grtyps[] = {"Z", "\xE9"};
    size_t n = draw(seed, 7);

    for (size_t i = 0; i < n; i++) {
        size_t n_values = draw(seed, 10) == 0 ? draw(seed, 100) : 1 + draw(seed, 3);
        f24_key key = (f24_key)(1 + draw(seed, F24_KEY_NBITS));
        if (draw(seed, 3) == 0)
            key = draw(seed, 2) == 0 ? F24_KEY_NOMVAR : F24_KEY_IP1;
        for (size_t k = 0; k < n_values; k++) {
            numbers[i][k] = key == F24_KEY_IP1     ? level_of(draw(seed, N_LEVELS))
                            : key == F24_KEY_DATEV ? 471618800 + (int32_t)draw(seed, 4) * 900
                            : key == F24_KEY_DATEO ? 471618800 + (int32_t)draw(seed, 2)
                                                   : (int32_t)draw(seed, 9);
        }
        if (key <= F24_KEY_GRTYP) {
            n_values = n_values > 12 ? 12 : n_values;
            for (size_t k = 0; k < n_values; k++) {
                texts[i][k] = key == F24_KEY_NOMVAR
                                  ? (const char *[]){"TT", "!!SF", ">>", "ZZ", "T6"}[draw(seed, 5)]
                              : key == F24_KEY_TYPVAR ? typvars[draw(seed, 3)]
                              : key == F24_KEY_ETIKET ? etikets[draw(seed, 3)]
                                                      : grtyps[draw(seed, 2)];
            }
            q[i] = text_is(key, texts[i], n_values);
            continue;
        }
        q[i] = number_is(key, numbers[i], n_values);
        if (n_values == 2 && key > F24_KEY_DATEV)
            q[i].match = F24_MATCH_RANGE;
        else if (key == F24_KEY_IP1 && draw(seed, 4) == 0)
            q[i].match = F24_MATCH_ENCODING;
    }
    return n;
}

static void any_query_finds_what_a_plain_search_finds(void)
{
    f24_table *t = make_table(9000);
    unsigned seed = 5;
    int n_wrong = 0;

    for (int i = 0; i < 400; i++) {
        f24_criterion q[6];
        int32_t numbers[6][100];
        const char *texts[6][12];
        size_t n = draw_query(&seed, q, numbers, texts);
        unsigned flags = draw(&seed, 4) == 0 ? F24_SKIP_DESCRIPTORS : 0;
        n_wrong += !finds_what_it_should(t, q, n, flags);
    }
    check(n_wrong == 0);
    free_table(t);
}

static void a_query_that_is_repeated_finds_the_same_by_its_index(void)
{
    static const char *const two_names[] = {"TT", "T6", "TT", "tt"};
    f24_table *t = make_table(9000);
    int32_t levels[40], hours[3] = {0, 2, 2}, members[2] = {0, 9};
    f24_criterion q[4];
    int n_wrong = 0;

    for (int k = 0; k < 40; k++)
        levels[k] = level_of(2 * k);
    q[0] = text_is(F24_KEY_NOMVAR, two_names, 3);
    q[1] = number_is(F24_KEY_IP2, hours, 3);
    q[2] = number_is(F24_KEY_IP1, levels, 1);
    q[3] = (f24_criterion){F24_KEY_IP3, F24_MATCH_RANGE, 2, members, NULL};
    for (int i = 0; i < 60; i++) {
        /* One level, seven (63 combinations), or 40 (too many: left out of the index). */
        q[2].n = i % 3 == 0 ? 1 : i % 3 == 1 ? 7 : 40;
        n_wrong += !finds_what_it_should(t, q, 1 + (size_t)i % 4, 0);
    }
    check(n_wrong == 0);
    free_table(t);
}

static void more_query_shapes_than_indexes_are_kept_find_the_same(void)
{
    f24_table *t = make_table(3000);
    int32_t zero[1] = {0};
    int n_wrong = 0;

    for (int i = 0; i < 60; i++) {
        f24_key first = (f24_key)(F24_KEY_NI + i / 20 % 3), second = (f24_key)(F24_KEY_IG1 + i % 4);
        for (int k = 0; k < 3; k++) {
            f24_criterion q[2] = {number_is(first, zero, 1), number_is(second, zero, 1)};
            n_wrong += !finds_what_it_should(t, q, 2, 0);
        }
    }
    check(n_wrong == 0);
    free_table(t);
}

typedef struct job {
    const f24_table *table;
    unsigned seed;
    int n_wrong;
} job;

static void *find_at_random(void *argument)
{
    job *j = argument;

    for (int i = 0; i < 3000; i++) {
        int64_t wanted = rand_r(&j->seed) % j->table->columns.n, row = -1;
        const f24_columns *c = &j->table->columns;
        char name[5] = {0};
        const char *text = name;
        f24_criterion q[4] = {
            text_is(F24_KEY_NOMVAR, &text, 1), number_is(F24_KEY_IP1, &c->ip1[wanted], 1),
            number_is(F24_KEY_IP2, &c->ip2[wanted], 1), number_is(F24_KEY_IP3, &c->ip3[wanted], 1)};
        size_t first = draw(&j->seed, 2), n = 3 + draw(&j->seed, 2) - first;
        memcpy(name, c->nomvar[wanted], 4);
        /* Every second thread's start makes the record the first that can match. */
        if (f24_find(j->table, q + first, n, 0, wanted, &row, NULL) != F24_OK || row != wanted)
            j->n_wrong++;
    }
    return NULL;
}

static void threads_may_search_while_one_builds_an_index(void)
{
    f24_table *t = make_table(20000);
    pthread_t threads[8];
    job jobs[8];

    for (unsigned i = 0; i < 8; i++) {
        jobs[i] = (job){t, i, 0};
        check(pthread_create(&threads[i], NULL, find_at_random, &jobs[i]) == 0);
    }
    for (int i = 0; i < 8; i++)
        check(pthread_join(threads[i], NULL) == 0 && jobs[i].n_wrong == 0);
    free_table(t);
}

/* ------------------------------------------------------------------------------- bench */

static double now(void)
{
    struct timespec t;

    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Microseconds of one f24_find_all, the best of 7, on a table that has no index. */
static double scan_time(f24_table *t, const f24_criterion *q, size_t n, unsigned flags,
                        size_t *n_found)
{
    f24_find_cache *cache = t->cache;
    double best = 1e9;

    t->cache = NULL;
    for (int i = 0; i < 7; i++) {
        double start = now();
        if (f24_find_all(t, q, n, flags, NULL, 0, n_found, NULL) != F24_OK)
            abort();
        best = now() - start < best ? now() - start : best;
    }
    t->cache = cache;
    return best * 1e6;
}

static void bench(void)
{
    f24_table *t = make_table(1000000);
    const char *name = "T6", *label = "R10", *typvar = "P@";
    int32_t many[100], range[2] = {471618800, 471618800 + 900 * 40}, level = level_of(1),
                       hour = 124;
    double start, longest = 0, total;
    unsigned seed = 1;
    size_t n;
    f24_criterion q[4] = {text_is(F24_KEY_NOMVAR, &name, 1), number_is(F24_KEY_IP1, &level, 1),
                          number_is(F24_KEY_IP2, &hour, 1), text_is(F24_KEY_ETIKET, &label, 1)};
    f24_criterion dates = {F24_KEY_DATEV, F24_MATCH_RANGE, 2, range, NULL};
    f24_criterion encoding = {F24_KEY_IP1, F24_MATCH_ENCODING, 1, &level, NULL};
    f24_criterion list = number_is(F24_KEY_IP2, many, 100),
                  type = text_is(F24_KEY_TYPVAR, &typvar, 1);

    for (int k = 0; k < 100; k++)
        many[k] = k;
    (void)printf("scan of 1,000,000 records, microseconds (hits)\n");
#define SCAN(what, query, n_query, flags)                                                          \
    do {                                                                                           \
        double us = scan_time(t, query, n_query, flags, &n);                                       \
        (void)printf("  %-28s %8.0f (%zu)\n", what, us, n);                                        \
    } while (0)
    SCAN("nomvar", q, 1, 0);
    SCAN("nomvar ip1 ip2", q, 3, 0);
    SCAN("nomvar ip1 ip2 etiket", q, 4, 0);
    SCAN("etiket", q + 3, 1, 0);
    SCAN("typvar", &type, 1, 0);
    SCAN("ip2 in 100 values", &list, 1, 0);
    SCAN("datev in a range", &dates, 1, 0);
    SCAN("ip1 in any encoding", &encoding, 1, 0);
    SCAN("no descriptors", NULL, 0, F24_SKIP_DESCRIPTORS);
    for (int i = 0; i < 100; i++) {
        int64_t row;
        start = now();
        if (f24_find(t, q, 3, 0, 0, &row, NULL) != F24_OK)
            abort();
        longest = now() - start > longest ? now() - start : longest;
    }
    (void)printf("the find that built the index: %.1f ms\n", longest * 1e3);
    start = now();
    for (int i = 0; i < 1000000; i++) {
        int64_t row, wanted = rand_r(&seed) % 250000;
        char text[5] = {0};
        const f24_columns *c = &t->columns;
        memcpy(text, c->nomvar[wanted], 4);
        name = text;
        level = c->ip1[wanted];
        hour = c->ip2[wanted];
        if (f24_find(t, q, 3, 0, 0, &row, NULL) != F24_OK || row != wanted)
            abort();
    }
    total = now() - start;
    (void)printf("a random record by nomvar ip1 ip2, by its index: %.3f microseconds\n", total);
    free_table(t);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "bench") == 0) {
        bench();
        return 0;
    }
    no_criteria_give_every_record();
    texts_match_without_case_and_trailing_blanks();
    descriptors_are_passed_over_on_request();
    an_empty_list_matches_nothing();
    a_level_is_found_in_any_encoding();
    dates_are_compared_as_instants();
    wrong_combinations_are_refused();
    a_list_of_impossible_length_is_out_of_memory();
    only_as_many_indices_as_fit_are_written();
    any_query_finds_what_a_plain_search_finds();
    a_query_that_is_repeated_finds_the_same_by_its_index();
    more_query_shapes_than_indexes_are_kept_find_the_same();
    threads_may_search_while_one_builds_an_index();
    return report();
}
