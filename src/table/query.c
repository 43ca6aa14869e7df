/* Criteria as tests on columns, and the tests run over rows. */
#include "table/find.h"

#include "convention/convention.h"

#include <stdlib.h>
#include <string.h>

#define LONG_LIST 8 /* longer lists are searched by halves instead of by a loop for each value */

/* ------------------------------------------------------------------------- columns */

static const char *const key_names[F24_KEY_NBITS + 1] = {
    "",   "nomvar", "typvar", "etiket", "grtyp", "dateo", "datev", "deet", "npas",  "ni",   "nj",
    "nk", "ip1",    "ip2",    "ip3",    "ig1",   "ig2",   "ig3",   "ig4",  "datyp", "nbits"};

const uint8_t *f24_find_column(const f24_columns *c, f24_key key, uint32_t *width)
{
    *width = 4;
    switch (key) {
    case F24_KEY_NOMVAR:
        return (const uint8_t *)c->nomvar;
    case F24_KEY_TYPVAR:
        *width = 2;
        return (const uint8_t *)c->typvar;
    case F24_KEY_ETIKET:
        *width = 12;
        return (const uint8_t *)c->etiket;
    case F24_KEY_GRTYP:
        *width = 1;
        return (const uint8_t *)c->grtyp;
    case F24_KEY_DATEO:
        return (const uint8_t *)c->dateo;
    case F24_KEY_DATEV:
        return (const uint8_t *)c->datev;
    case F24_KEY_DEET:
        return (const uint8_t *)c->deet;
    case F24_KEY_NPAS:
        return (const uint8_t *)c->npas;
    case F24_KEY_NI:
        return (const uint8_t *)c->ni;
    case F24_KEY_NJ:
        return (const uint8_t *)c->nj;
    case F24_KEY_NK:
        return (const uint8_t *)c->nk;
    case F24_KEY_IP1:
        return (const uint8_t *)c->ip1;
    case F24_KEY_IP2:
        return (const uint8_t *)c->ip2;
    case F24_KEY_IP3:
        return (const uint8_t *)c->ip3;
    case F24_KEY_IG1:
        return (const uint8_t *)c->ig1;
    case F24_KEY_IG2:
        return (const uint8_t *)c->ig2;
    case F24_KEY_IG3:
        return (const uint8_t *)c->ig3;
    case F24_KEY_IG4:
        return (const uint8_t *)c->ig4;
    case F24_KEY_DATYP:
        return (const uint8_t *)c->datyp;
    case F24_KEY_NBITS:
        return (const uint8_t *)c->nbits;
    }
    return NULL;
}

static bool is_text(f24_key key)
{
    return key <= F24_KEY_GRTYP;
}

/* ------------------------------------------------------------------------- making a plan */

/*
 * A text as a column stores it: padded, upper case as the format makes it (docs/format/
 * containers.md, 2.5). False when no record can hold it.
 */
static bool store_text(const char *text, f24_key key, uint32_t width, uint8_t *item)
{
    size_t n = strlen(text);

    while (n > 0 && text[n - 1] == ' ')
        n--;
    if (n > width)
        return false;
    memset(item, ' ', width);
    for (size_t i = 0; i < n; i++) {
        unsigned c = (unsigned char)text[i];
        if (key != F24_KEY_GRTYP) {
            if (c < 32 || c > 126)
                return false;
            c &= ~((c & 64) >> 1);
        }
        item[i] = (uint8_t)c;
    }
    return true;
}

static int compare_numbers(const void *a, const void *b)
{
    int32_t x, y;

    memcpy(&x, a, 4);
    memcpy(&y, b, 4);
    return (x > y) - (x < y);
}

/* Bytes of a criterion's values that the plan keeps: all texts, and lists to be sorted. */
static size_t bytes_kept(const f24_criterion *c, uint32_t width)
{
    if (is_text(c->key))
        return c->n * width;
    return c->match == F24_MATCH_EQUAL && c->n > LONG_LIST ? c->n * 4 : 0;
}

static f24_status check_criterion(const f24_criterion *c, size_t i, f24_error *err)
{
    const char *name;

    if (c->key < F24_KEY_NOMVAR || c->key > F24_KEY_NBITS)
        return f24_fail(err, F24_EINVAL, -1,
                        "criterion %zu: key %d: use F24_KEY_NOMVAR to "
                        "F24_KEY_NBITS",
                        i, (int)c->key);
    name = key_names[c->key];
    if (c->match < F24_MATCH_EQUAL || c->match > F24_MATCH_ENCODING)
        return f24_fail(err, F24_EINVAL, -1,
                        "criterion %zu (%s): match %d: use F24_MATCH_EQUAL, "
                        "F24_MATCH_RANGE or F24_MATCH_ENCODING",
                        i, name, (int)c->match);
    if (is_text(c->key) && c->match != F24_MATCH_EQUAL)
        return f24_fail(err, F24_EINVAL, -1,
                        "criterion %zu (%s): texts match by F24_MATCH_EQUAL only", i, name);
    if (c->match == F24_MATCH_ENCODING && (c->key < F24_KEY_IP1 || c->key > F24_KEY_IP3))
        return f24_fail(err, F24_EINVAL, -1,
                        "criterion %zu (%s): F24_MATCH_ENCODING is for ip1, ip2 and ip3", i, name);
    if (c->n == 0)
        return F24_OK;
    if (is_text(c->key) ? c->texts == NULL || c->numbers != NULL
                        : c->numbers == NULL || c->texts != NULL)
        return f24_fail(err, F24_EINVAL, -1, "criterion %zu (%s): give `%s` and leave `%s` NULL", i,
                        name, is_text(c->key) ? "texts" : "numbers",
                        is_text(c->key) ? "numbers" : "texts");
    if (c->match == F24_MATCH_RANGE && c->n != 2)
        return f24_fail(err, F24_EINVAL, -1,
                        "criterion %zu (%s): a range has 2 values, from and to, not %zu", i, name,
                        c->n);
    for (size_t k = 0; is_text(c->key) && k < c->n; k++) {
        if (c->texts[k] == NULL)
            return f24_fail(err, F24_EINVAL, -1, "criterion %zu (%s): text %zu is NULL", i, name,
                            k);
    }
    return F24_OK;
}

static f24_status make_range(f24_test *test, const f24_criterion *c, f24_error *err)
{
    test->kind = F24_TEST_RANGE;
    test->low = c->numbers[0];
    test->high = c->numbers[1];
    if (c->key != F24_KEY_DATEO && c->key != F24_KEY_DATEV)
        return F24_OK;
    test->kind = F24_TEST_DATES;
    if (f24_date_steps(test->low, &test->low_steps) &&
        f24_date_steps(test->high, &test->high_steps))
        return F24_OK;
    return f24_fail(err, F24_EINVAL, -1,
                    "%s from %d to %d: both ends of a range of dates must be date stamps",
                    key_names[c->key], test->low, test->high);
}

/* Keep the values of a criterion at `kept`, bytes_kept() bytes. Lists may become empty. */
static void keep_values(f24_test *test, const f24_criterion *c, uint8_t *kept)
{
    test->values = kept;
    if (is_text(c->key)) {
        test->n = 0;
        for (size_t k = 0; k < c->n; k++) {
            uint8_t *item = kept + test->n * test->width;
            test->n += store_text(c->texts[k], c->key, test->width, item);
        }
    } else if (bytes_kept(c, 4) > 0) {
        memcpy(kept, c->numbers, c->n * 4);
        qsort(kept, c->n, 4, compare_numbers);
        test->sorted = true;
    } else {
        test->values = (const uint8_t *)c->numbers;
    }
}

/* Lower runs first: fast tests on narrow columns, and those whose values tell records apart. */
static int rank(const f24_test *test)
{
    static const uint8_t ranks[F24_KEY_NBITS + 1] = {0,  1, 10, 15, 11, 5, 4, 13, 6,  12, 12,
                                                     12, 2, 3,  7,  8,  8, 8, 8,  14, 14};
    int r = ranks[test->key];

    if (!test->fast)
        r += 200;
    if (test->kind != F24_TEST_EQUAL)
        r += 100;
    return test->n > 1 ? r + 50 : r;
}

static void put_in_order(f24_find_plan *plan)
{
    for (size_t i = 1; i < plan->n; i++) {
        f24_test test = plan->tests[i];
        size_t k = i;
        for (; k > 0 && rank(&plan->tests[k - 1]) > rank(&test); k--)
            plan->tests[k] = plan->tests[k - 1];
        plan->tests[k] = test;
    }
}

/* Which keys an index may serve: equal values, not too many combinations of them. */
static void note_signature(f24_find_plan *plan)
{
    size_t combinations = 1;

    for (size_t i = 0; i < plan->n && !plan->nothing; i++) {
        const f24_test *test = &plan->tests[i];
        plan->n_fast += test->fast;
        if (test->kind != F24_TEST_EQUAL || (plan->signature >> test->key & 1) != 0 ||
            test->n > F24_FIND_COMBINATIONS / combinations)
            continue;
        combinations *= test->n;
        plan->signature |= 1u << test->key;
        plan->by_key[test->key] = test;
    }
}

/* Room for n tests and n_bytes of values. */
static f24_status make_room(f24_find_plan *plan, size_t n, size_t n_bytes, uint8_t **bytes,
                            f24_error *err)
{
    plan->tests = plan->few_tests;
    *bytes = plan->few_bytes;
    plan->memory = NULL;
    if (n <= F24_PLAN_TESTS && n_bytes <= F24_PLAN_BYTES)
        return F24_OK;
    if (n <= SIZE_MAX / 4 / sizeof(f24_test) && n_bytes <= SIZE_MAX / 4)
        plan->memory = malloc(n * sizeof(f24_test) + n_bytes);
    if (plan->memory == NULL)
        return f24_fail(err, F24_ENOMEM, -1, "no memory for a search by %zu criteria", n);
    plan->tests = plan->memory;
    *bytes = (uint8_t *)plan->memory + n * sizeof(f24_test);
    return F24_OK;
}

static f24_status make_test(f24_find_plan *plan, const f24_criterion *c, uint8_t *kept,
                            size_t *n_memos, f24_error *err)
{
    f24_test *test = &plan->tests[plan->n++];

    memset(test, 0, sizeof *test);
    test->kind = c->match == F24_MATCH_ENCODING ? F24_TEST_ENCODING : F24_TEST_EQUAL;
    test->key = c->key;
    test->n = c->n;
    test->column = f24_find_column(plan->columns, c->key, &test->width);
    if (c->n > 0 && c->match == F24_MATCH_RANGE)
        F24_TRY(make_range(test, c, err));
    else if (c->n > 0)
        keep_values(test, c, kept);
    if (test->n == 0)
        plan->nothing = true;
    test->fast =
        test->kind == F24_TEST_RANGE || (test->kind == F24_TEST_EQUAL && test->n <= LONG_LIST);
    if ((test->kind == F24_TEST_DATES || test->kind == F24_TEST_ENCODING) &&
        *n_memos < F24_PLAN_MEMOS) {
        test->memo = plan->memos[(*n_memos)++];
        memset(test->memo, 0, sizeof plan->memos[0]);
    }
    return F24_OK;
}

f24_status f24_find_plan_make(f24_find_plan *plan, const f24_columns *columns,
                              const f24_criterion *criteria, size_t n_criteria, unsigned flags,
                              f24_error *err)
{
    size_t n_bytes = 0, n_memos = 0;
    uint8_t *kept;

    if ((flags & ~F24_SKIP_DESCRIPTORS) != 0)
        return f24_fail(err, F24_EINVAL, -1, "flags 0x%x: use 0 or F24_SKIP_DESCRIPTORS", flags);
    for (size_t i = 0; i < n_criteria; i++) {
        uint32_t width;
        F24_TRY(check_criterion(&criteria[i], i, err));
        (void)f24_find_column(columns, criteria[i].key, &width);
        if (criteria[i].n > (SIZE_MAX / 4 - n_bytes) / 12)
            return f24_fail(err, F24_ENOMEM, -1, "criterion %zu: no memory for %zu values", i,
                            criteria[i].n);
        n_bytes += bytes_kept(&criteria[i], width);
    }
    F24_TRY(make_room(plan, n_criteria, n_bytes, &kept, err));
    plan->columns = columns;
    plan->n = plan->n_fast = 0;
    plan->nothing = false;
    plan->skip_descriptors = (flags & F24_SKIP_DESCRIPTORS) != 0;
    plan->signature = 0;
    for (size_t i = 0; i < n_criteria; i++) {
        uint32_t width;
        f24_status status = make_test(plan, &criteria[i], kept, &n_memos, err);
        if (status != F24_OK) {
            f24_find_plan_free(plan);
            return status;
        }
        (void)f24_find_column(columns, criteria[i].key, &width);
        kept += bytes_kept(&criteria[i], width);
    }
    put_in_order(plan);
    note_signature(plan);
    return F24_OK;
}

void f24_find_plan_free(f24_find_plan *plan)
{
    free(plan->memory);
}

/* ------------------------------------------------------------------------- one row */

static int32_t number_at(const uint8_t *column, int64_t i)
{
    int32_t x;

    memcpy(&x, column + 4 * i, 4);
    return x;
}

static bool in_sorted(const f24_test *test, int32_t x)
{
    size_t low = 0, n = test->n;

    while (n > 1) { /* values[low] <= x, or low is 0 */
        size_t half = n / 2;
        low = number_at(test->values, (int64_t)(low + half)) <= x ? low + half : low;
        n -= half;
    }
    return number_at(test->values, (int64_t)low) == x;
}

static bool is_equal(const f24_test *test, int64_t row)
{
    const uint8_t *item = test->column + row * test->width;

    if (test->sorted)
        return in_sorted(test, number_at(test->column, row));
    for (size_t k = 0; k < test->n; k++) {
        const uint8_t *value = test->values + k * test->width;
        bool same = false;
        switch (test->width) { /* constant sizes: loads instead of calls */
        case 1:
            same = *item == *value;
            break;
        case 2:
            same = memcmp(item, value, 2) == 0;
            break;
        case 4:
            same = memcmp(item, value, 4) == 0;
            break;
        default:
            same = memcmp(item, value, 12) == 0;
        }
        if (same)
            return true;
    }
    return false;
}

static bool ask_slowly(const f24_test *test, int32_t number)
{
    int64_t steps;

    if (test->kind == F24_TEST_DATES)
        return f24_date_steps(number, &steps) && steps >= test->low_steps &&
               steps <= test->high_steps;
    for (size_t k = 0; k < test->n; k++) {
        if (f24_ip_same(number, number_at(test->values, (int64_t)k)))
            return true;
    }
    return false;
}

static bool is_slowly(const f24_test *test, int64_t row)
{
    int32_t number = number_at(test->column, row);
    f24_memo *memo;
    bool answer;

    if (test->memo == NULL)
        return ask_slowly(test, number);
    /* The top bits of a product depend on all bits of the number. */
    memo = &test->memo[(uint32_t)number * 0x9E3779B1u >> 24 & (F24_MEMO_SIZE - 1)];
    if (memo->answer != 0 && memo->number == number)
        return memo->answer == 2;
    answer = ask_slowly(test, number);
    *memo = (f24_memo){number, answer ? 2 : 1};
    return answer;
}

/* True when the row passes tests [first, plan->n). */
static bool passes_from(const f24_find_plan *plan, size_t first, int64_t row)
{
    for (size_t i = first; i < plan->n; i++) {
        const f24_test *test = &plan->tests[i];
        bool passes = false;
        switch (test->kind) {
        case F24_TEST_EQUAL:
            passes = is_equal(test, row);
            break;
        case F24_TEST_RANGE:
            passes = number_at(test->column, row) >= test->low &&
                     number_at(test->column, row) <= test->high;
            break;
        case F24_TEST_DATES:
        case F24_TEST_ENCODING:
            passes = is_slowly(test, row);
        }
        if (!passes)
            return false;
    }
    return true;
}

bool f24_find_row(const f24_find_plan *plan, int64_t row)
{
    return passes_from(plan, 0, row) &&
           (!plan->skip_descriptors || !f24_is_descriptor(plan->columns->nomvar[row]));
}

bool f24_find_slow(const f24_find_plan *plan, int64_t row)
{
    return passes_from(plan, plan->n_fast, row);
}

/*
 * The reference's list, the name records of !! and old tables of contents (docs/format/metadata.md,
 * 5). P0 and PT are fields.
 */
static const char descriptors[][4] = {
    {'>', '>', ' ', ' '}, {'^', '^', ' ', ' '}, {'^', '>', ' ', ' '}, {'!', '!', ' ', ' '},
    {'!', '!', 'S', 'F'}, {'#', '#', ' ', ' '}, {'#', '>', '>', '#'}, {'#', '^', '^', '#'},
    {'#', '#', '#', '#'}, {'H', 'Y', ' ', ' '}, {'P', 'R', 'O', 'J'}, {'M', 'T', 'R', 'X'},
    {'T', 'O', 'C', ' '},
};
#define N_DESCRIPTORS (sizeof descriptors / sizeof descriptors[0])

bool f24_is_descriptor(const char nomvar[4])
{
    for (size_t i = 0; i < N_DESCRIPTORS; i++) {
        if (memcmp(nomvar, descriptors[i], 4) == 0)
            return true;
    }
    return false;
}

/* ------------------------------------------------------------------------- a block of rows */

/* Loops that compilers turn into vector code: `mask` keeps a 1 where one of the values stands. */
#define EQUAL_LOOP(name, type)                                                                     \
    static void name(const uint8_t *restrict column, size_t n, const uint8_t *restrict value,      \
                     uint8_t *restrict mask)                                                       \
    {                                                                                              \
        type wanted;                                                                               \
        memcpy(&wanted, value, sizeof wanted);                                                     \
        for (size_t i = 0; i < n; i++) {                                                           \
            type x;                                                                                \
            memcpy(&x, column + i * sizeof x, sizeof x);                                           \
            mask[i] = (uint8_t)(mask[i] | (x == wanted));                                          \
        }                                                                                          \
    }

EQUAL_LOOP(equal_1, uint8_t)
EQUAL_LOOP(equal_2, uint16_t)
EQUAL_LOOP(equal_4, uint32_t)

static void equal_12(const uint8_t *restrict column, size_t n, const uint8_t *restrict value,
                     uint8_t *restrict mask)
{
    uint64_t wanted;
    uint32_t wanted_end;

    memcpy(&wanted, value, 8);
    memcpy(&wanted_end, value + 8, 4);
    for (size_t i = 0; i < n; i++) {
        uint64_t x;
        uint32_t end;
        memcpy(&x, column + i * 12, 8);
        memcpy(&end, column + i * 12 + 8, 4);
        mask[i] = (uint8_t)(mask[i] | ((x == wanted) & (end == wanted_end)));
    }
}

static void not_descriptor(const uint8_t *restrict names, size_t n, uint8_t *restrict mask)
{
    uint32_t listed[N_DESCRIPTORS];

    memcpy(listed, descriptors, sizeof listed);
    for (size_t i = 0; i < n; i++) {
        uint32_t x, found = 0;
        memcpy(&x, names + i * 4, 4);
        for (size_t k = 0; k < N_DESCRIPTORS; k++)
            found |= x == listed[k];
        mask[i] = (uint8_t)(found ^ 1);
    }
}

static void in_range(const uint8_t *restrict column, size_t n, int32_t low, int32_t high,
                     uint8_t *restrict mask)
{
    for (size_t i = 0; i < n; i++) {
        int32_t x;
        memcpy(&x, column + i * 4, 4);
        mask[i] = (uint8_t)((x >= low) & (x <= high));
    }
}

static void run_test(const f24_test *test, int64_t first, size_t n, uint8_t *mask)
{
    const uint8_t *column = test->column + first * test->width;

    if (test->kind == F24_TEST_RANGE) {
        in_range(column, n, test->low, test->high, mask);
        return;
    }
    memset(mask, 0, n);
    for (size_t k = 0; k < test->n; k++) {
        const uint8_t *value = test->values + k * test->width;
        if (test->width == 1)
            equal_1(column, n, value, mask);
        else if (test->width == 2)
            equal_2(column, n, value, mask);
        else if (test->width == 12)
            equal_12(column, n, value, mask);
        else
            equal_4(column, n, value, mask);
    }
}

bool f24_find_block(const f24_find_plan *plan, int64_t first, size_t n, uint8_t *mask)
{
    size_t n_loops = plan->n_fast + plan->skip_descriptors;
    uint8_t also[F24_FIND_BLOCK];

    if (n_loops == 0)
        memset(mask, 1, n);
    for (size_t i = 0; i < n_loops; i++) {
        uint8_t *to = i == 0 ? mask : also;
        if (i < plan->n_fast)
            run_test(&plan->tests[i], first, n, to);
        else
            not_descriptor((const uint8_t *)plan->columns->nomvar + 4 * first, n, to);
        for (size_t k = 0; i > 0 && k < n; k++)
            mask[k] &= also[k];
        if (memchr(mask, 1, n) == NULL)
            return false;
    }
    return true;
}
