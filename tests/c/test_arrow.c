/*
 * The table as Arrow: what a consumer sees, who owns it, and how long. The table here is a small
 * one of our own: it counts its references and holds what files seldom do.
 */
#include "fst24.h"

#include "harness.h"

#include <stdlib.h>
#include <string.h>

#define N 5

struct f24_table {
    f24_columns columns;
    int n_references;
};

static const char nomvar[N][4] = {"TT  ", "UU  ", "P0LS", "    ", "!!SF"};
static const char typvar[N][2] = {"P ", "P@", "  ", " X", "A "};
static const char etiket[N][12] = {"R1_V710_N   ", "            ", "E1_612_N003X", "ABCD        ",
                                   "A B C       "};
static const char grtyp[N] = {'Z', ' ', '\0', (char)0xe9, '\\'};
static const int32_t numbers[16][N] = {{1, -2, 3, -4, 5}, {10, 20, 30, 40, 50}};
static const uint64_t places[2][N] = {{8, 800, UINT64_C(1) << 40, 9, 10}, {88, 87, 86, 85, 84}};

static f24_table fresh_table(void)
{
    f24_table table = {
        .columns =
            {
                .n = N,
                .dateo = numbers[2],
                .datev = numbers[0],
                .deet = numbers[2],
                .npas = numbers[2],
                .ni = numbers[3],
                .nj = numbers[4],
                .nk = numbers[5],
                .ip1 = numbers[1],
                .ip2 = numbers[6],
                .ip3 = numbers[7],
                .ig1 = numbers[8],
                .ig2 = numbers[9],
                .ig3 = numbers[10],
                .ig4 = numbers[11],
                .datyp = numbers[12],
                .nbits = numbers[13],
                .nomvar = nomvar,
                .typvar = typvar,
                .etiket = etiket,
                .grtyp = grtyp,
                .offset = places[0],
                .n_bytes = places[1],
            },
        .n_references = 1,
    };

    return table;
}

/* In place of columns.c. */
const f24_columns *f24_table_columns(const f24_table *table)
{
    return &table->columns;
}

const f24_table *f24_table_retain(const f24_table *table)
{
    ((f24_table *)(uintptr_t)table)->n_references++;
    return table;
}

void f24_table_release(const f24_table *table)
{
    ((f24_table *)(uintptr_t)table)->n_references--;
}

/* Element `i` of a text child of any layout is `expected`. */
static bool text_is(const struct ArrowArray *child, const char *format, int64_t i,
                    const char *expected)
{
    size_t length = strlen(expected);

    if (strcmp(format, "vu") == 0) {
        char view[16] = {0}; /* the bytes behind the string have to be zeros */
        uint32_t n = (uint32_t)length;
        memcpy(view, &n, sizeof n);
        memcpy(view + 4, expected, length);
        return child->n_buffers == 3 &&
               memcmp((const char *)child->buffers[1] + 16 * i, view, sizeof view) == 0;
    }
    int64_t from, to;
    if (strcmp(format, "u") == 0) {
        const int32_t *offsets = child->buffers[1];
        from = offsets[i];
        to = offsets[i + 1];
    } else {
        const int64_t *offsets = child->buffers[1];
        from = offsets[i];
        to = offsets[i + 1];
    }
    return to - from == (int64_t)length &&
           memcmp((const char *)child->buffers[2] + from, expected, length) == 0;
}

static void all_columns_come_in_the_promised_order(void)
{
    static const char *const names[] = {"nomvar", "typvar", "etiket", "datev",  "ip1",   "ip2",
                                        "ip3",    "ni",     "nj",     "nk",     "grtyp", "ig1",
                                        "ig2",    "ig3",    "ig4",    "dateo",  "deet",  "npas",
                                        "datyp",  "nbits",  "index",  "offset", "nbytes"};
    f24_table table = fresh_table();
    struct ArrowSchema schema;
    struct ArrowArray array;
    f24_error err;

    check(f24_arrow_array(&table, NULL, &schema, &array, &err) == F24_OK);
    check(strcmp(schema.format, "+s") == 0 && schema.n_children == F24_COLUMN_PATH);
    check(array.length == N && array.n_children == F24_COLUMN_PATH && array.null_count == 0);
    for (int i = 0; i < F24_COLUMN_PATH; i++) {
        const char *format = schema.children[i]->format;
        bool is_text = i < 3 || i == F24_COLUMN_GRTYP;
        check(strcmp(schema.children[i]->name, names[i]) == 0);
        check(strcmp(f24_column_name((f24_column)i), names[i]) == 0);
        check(strcmp(format, is_text ? "vu" : i < 20 ? "i" : i == 20 ? "l" : "L") == 0);
        check(array.children[i]->length == N && array.children[i]->n_children == 0);
    }
    check(f24_column_name((f24_column)-1) == NULL && f24_column_name(F24_N_COLUMNS) == NULL);
    schema.release(&schema);
    array.release(&array);
}

static void numbers_are_borrowed_from_the_table(void)
{
    f24_table table = fresh_table();
    struct ArrowArray array;

    check(f24_arrow_array(&table, NULL, NULL, &array, NULL) == F24_OK);
    check(array.children[F24_COLUMN_DATEV]->buffers[1] == numbers[0]);
    check(array.children[F24_COLUMN_IP1]->buffers[1] == numbers[1]);
    check(array.children[F24_COLUMN_OFFSET]->buffers[1] == places[0]);
    check(array.children[F24_COLUMN_NBYTES]->buffers[1] == places[1]);
    array.release(&array);
}

static void text_loses_its_trailing_blanks_only(void)
{
    static const f24_column columns[] = {F24_COLUMN_NOMVAR, F24_COLUMN_TYPVAR, F24_COLUMN_ETIKET,
                                         F24_COLUMN_GRTYP};
    static const char *const expected[4][N] = {
        {"TT", "UU", "P0LS", "", "!!SF"},
        {"P", "P@", "", " X", "A"},
        {"R1_V710_N", "", "E1_612_N003X", "ABCD", "A B C"},
        {"Z", "", "\\x00", "\\xe9", "\\"},
    };
    f24_table table = fresh_table();

    for (f24_arrow_text text = F24_ARROW_VIEW; text <= F24_ARROW_LARGE_UTF8; text++) {
        f24_arrow_options options = {columns, 4, NULL, 0, text, 0, NULL};
        struct ArrowSchema schema;
        struct ArrowArray array;
        check(f24_arrow_array(&table, &options, &schema, &array, NULL) == F24_OK);
        for (int c = 0; c < 4; c++) {
            for (int i = 0; i < N; i++)
                check(text_is(array.children[c], schema.children[c]->format, i, expected[c][i]));
        }
        check(f24_arrow_text_requested(&schema) == text);
        schema.release(&schema);
        array.release(&array);
    }
    check(f24_arrow_text_requested(NULL) == F24_ARROW_VIEW);
}

/* Long columns take the road of several chunks, where offsets add up. */
static void plain_text_of_many_rows_is_that_of_each_row(void)
{
    enum { MANY = 1000 };
    static int64_t rows[MANY];
    f24_column column = F24_COLUMN_ETIKET;
    f24_table table = fresh_table();
    f24_arrow_options options = {&column, 1, rows, MANY, F24_ARROW_UTF8, 0, NULL};
    struct ArrowArray array;

    for (int i = 0; i < MANY; i++)
        rows[i] = i * 7 % N;
    check(f24_arrow_array(&table, &options, NULL, &array, NULL) == F24_OK);
    for (int i = 0; i < MANY; i++) {
        char expected[13] = {0};
        memcpy(expected, etiket[rows[i]], 12);
        for (int end = 11; end >= 0 && expected[end] == ' '; end--)
            expected[end] = '\0';
        check(text_is(array.children[0], "u", i, expected));
    }
    array.release(&array);
}

static void rows_are_gathered_in_the_order_asked_for(void)
{
    static const int64_t rows[] = {4, 0, 2, 2};
    static const f24_column columns[] = {F24_COLUMN_INDEX, F24_COLUMN_DATEV, F24_COLUMN_NOMVAR,
                                         F24_COLUMN_OFFSET};
    f24_table table = fresh_table();
    f24_arrow_options options = {columns, 4, rows, 4, F24_ARROW_VIEW, 0, NULL};
    struct ArrowArray array;

    check(f24_arrow_array(&table, &options, NULL, &array, NULL) == F24_OK);
    check(array.length == 4 && array.n_children == 4);
    const int64_t *index = array.children[0]->buffers[1];
    const int32_t *datev = array.children[1]->buffers[1];
    const uint64_t *offset = array.children[3]->buffers[1];
    for (int i = 0; i < 4; i++) {
        check(index[i] == rows[i]);
        check(datev[i] == numbers[0][rows[i]]);
        check(offset[i] == places[0][rows[i]]);
    }
    check(text_is(array.children[2], "vu", 0, "!!SF"));
    check(text_is(array.children[2], "vu", 3, "P0LS"));
    array.release(&array);
}

/* A run of rows and a list of rows take different roads to the same views. */
static void text_is_the_same_in_a_run_and_in_a_list(void)
{
    enum { MANY = 5000 };
    static char names[MANY][12];
    static int64_t rows[MANY];
    f24_column column = F24_COLUMN_ETIKET;
    f24_table table = fresh_table();
    f24_arrow_options run = {&column, 1, NULL, 0, F24_ARROW_VIEW, 0, NULL};
    f24_arrow_options list = {&column, 1, rows, MANY, F24_ARROW_VIEW, 0, NULL};
    struct ArrowArray forward, backward;
    uint32_t random = 1;

    for (int i = 0; i < MANY; i++) {
        rows[i] = MANY - 1 - i;
        for (int c = 0; c < 12; c++) {
            random = random * 1664525u + 1013904223u;
            names[i][c] = (char)(random >> 31 ? ' ' : ' ' + (int)(random >> 25 & 63));
        }
        memset(names[i] + i % 13, ' ', 12 - (size_t)(i % 13));
    }
    table.columns.etiket = (const char (*)[12])names;
    table.columns.n = MANY;
    check(f24_arrow_array(&table, &run, NULL, &forward, NULL) == F24_OK);
    check(f24_arrow_array(&table, &list, NULL, &backward, NULL) == F24_OK);
    for (int i = 0; i < MANY; i++) {
        char expected[13] = {0};
        memcpy(expected, names[i], 12);
        for (int end = 11; end >= 0 && expected[end] == ' '; end--)
            expected[end] = '\0';
        check(text_is(forward.children[0], "vu", i, expected));
        check(text_is(backward.children[0], "vu", MANY - 1 - i, expected));
    }
    forward.release(&forward);
    backward.release(&backward);
}

static void rows_in_a_run_are_not_copied(void)
{
    static const int64_t rows[] = {1, 2, 3};
    f24_table table = fresh_table();
    f24_arrow_options options = {NULL, 0, rows, 3, F24_ARROW_VIEW, 0, NULL};
    struct ArrowArray array;

    check(f24_arrow_array(&table, &options, NULL, &array, NULL) == F24_OK);
    check(array.children[F24_COLUMN_DATEV]->buffers[1] == numbers[0] + 1);
    check(array.children[F24_COLUMN_NBYTES]->buffers[1] == places[1] + 1);
    check(*(const int64_t *)array.children[F24_COLUMN_INDEX]->buffers[1] == 1);
    check(text_is(array.children[0], "vu", 0, "UU"));
    array.release(&array);
}

static void an_empty_selection_is_an_empty_batch(void)
{
    f24_table table = fresh_table();
    f24_table empty = {.n_references = 1};
    int64_t none = 0;
    f24_arrow_options no_rows = {NULL, 0, &none, 0, F24_ARROW_VIEW, 0, NULL};
    f24_column unused = F24_COLUMN_IP1;
    f24_arrow_options no_columns = {&unused, 0, NULL, 0, F24_ARROW_VIEW, 0, NULL};
    f24_arrow_options plain = {NULL, 0, NULL, 0, F24_ARROW_UTF8, 0, NULL};
    struct ArrowArray array;

    check(f24_arrow_array(&table, &no_rows, NULL, &array, NULL) == F24_OK);
    check(array.length == 0 && array.n_children == F24_COLUMN_PATH);
    array.release(&array);
    check(f24_arrow_array(&table, &no_columns, NULL, &array, NULL) == F24_OK);
    check(array.length == N && array.n_children == 0);
    array.release(&array);
    check(f24_arrow_array(&empty, &plain, NULL, &array, NULL) == F24_OK);
    check(array.length == 0 && *(const int32_t *)array.children[0]->buffers[1] == 0);
    array.release(&array);
    check(table.n_references == 1 && empty.n_references == 1);
}

static void what_is_not_in_the_table_is_refused_and_nothing_is_kept(void)
{
    static const f24_column unknown[] = {F24_COLUMN_IP1, F24_N_COLUMNS};
    static const f24_column twice[] = {F24_COLUMN_IP1, F24_COLUMN_IP2, F24_COLUMN_IP1};
    static const int64_t beyond[] = {0, N};
    static const int64_t before[] = {-1};
    const f24_arrow_options wrong[] = {
        {unknown, 2, NULL, 0, F24_ARROW_VIEW, 0, NULL},
        {twice, 3, NULL, 0, F24_ARROW_VIEW, 0, NULL},
        {NULL, 0, beyond, 2, F24_ARROW_VIEW, 0, NULL},
        {NULL, 0, before, 1, F24_ARROW_VIEW, 0, NULL},
        {NULL, 0, NULL, 0, (f24_arrow_text)3, 0, NULL},
    };
    f24_table table = fresh_table();
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray array;
    f24_error err;

    for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
        check(f24_arrow_array(&table, &wrong[i], &schema, &array, &err) == F24_EINVAL);
        check(err.status == F24_EINVAL && err.message[0] != '\0');
        check(f24_arrow_stream(&table, &wrong[i], &stream, NULL) == F24_EINVAL);
    }
    check(table.n_references == 1);
}

/* Counts only: nothing is read, so there need be no such table. */
static void more_than_memory_holds_is_refused(void)
{
    f24_table table = fresh_table();
    f24_arrow_options views = F24_ARROW_INIT, utf8 = F24_ARROW_INIT, large = F24_ARROW_INIT;
    struct ArrowArray array;

    utf8.text = F24_ARROW_UTF8;
    large.text = F24_ARROW_LARGE_UTF8;
    table.columns.n = INT64_MAX;
    check(f24_arrow_array(&table, &views, NULL, &array, NULL) == F24_ENOMEM);
    check(f24_arrow_array(&table, &large, NULL, &array, NULL) == F24_ENOMEM);
    check(f24_arrow_array(&table, &utf8, NULL, &array, NULL) == F24_EINVAL);
    table.columns.n = INT32_MAX / 4; /* nomvar and typvar fit, etiket may not */
    check(f24_arrow_array(&table, &utf8, NULL, &array, NULL) == F24_EINVAL);
    check(table.n_references == 1);
}

static void a_child_moved_out_outlives_its_parent_and_the_table_with_it(void)
{
    f24_table table = fresh_table();
    struct ArrowArray array, moved;
    struct ArrowSchema schema, moved_schema;

    check(f24_arrow_array(&table, NULL, &schema, &array, NULL) == F24_OK);
    check(table.n_references == 2);
    moved = *array.children[F24_COLUMN_ETIKET];
    array.children[F24_COLUMN_ETIKET]->release = NULL;
    moved_schema = *schema.children[F24_COLUMN_ETIKET];
    schema.children[F24_COLUMN_ETIKET]->release = NULL;
    array.release(&array);
    schema.release(&schema);
    check(array.release == NULL && schema.release == NULL);
    check(table.n_references == 2);
    check(text_is(&moved, "vu", 2, "E1_612_N003X"));
    check(strcmp(moved_schema.name, "etiket") == 0);
    moved.release(&moved);
    moved_schema.release(&moved_schema);
    check(moved.release == NULL && moved_schema.release == NULL);
    check(table.n_references == 1);
}

static void a_stream_gives_one_batch_and_then_its_end(void)
{
    f24_table table = fresh_table();
    int64_t *rows = calloc(2, sizeof *rows); /* freed below: the stream has to have its own */
    f24_arrow_options options = F24_ARROW_INIT;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray array, end;

    if (rows == NULL)
        return;
    rows[0] = 3;
    options.rows = rows;
    options.n_rows = 2;
    check(f24_arrow_stream(&table, &options, &stream, NULL) == F24_OK);
    free(rows);
    for (int i = 0; i < 2; i++) { /* the type may be asked for again */
        check(stream.get_schema(&stream, &schema) == 0 && schema.n_children == F24_COLUMN_PATH);
        schema.release(&schema);
    }
    check(stream.get_next(&stream, &array) == 0 && array.release != NULL);
    check(stream.get_next(&stream, &end) == 0 && end.release == NULL);
    check(stream.get_last_error(&stream) == NULL);
    stream.release(&stream);
    check(stream.release == NULL);
    check(array.length == 2 && text_is(array.children[0], "vu", 1, "TT"));
    array.release(&array);
    check(table.n_references == 1);
}

static void a_stream_that_cannot_have_memory_says_so(void)
{
    f24_table table = fresh_table();
    struct ArrowArrayStream stream;
    struct ArrowArray array;

    table.columns.n = INT64_MAX;
    check(f24_arrow_stream(&table, NULL, &stream, NULL) == F24_OK);
    check(stream.get_next(&stream, &array) != 0);
    check(stream.get_last_error(&stream) != NULL);
    stream.release(&stream);
    check(table.n_references == 1);
}

/* Of a table that is one of several: indices count on, and each row names the file. */
static void a_table_of_several_has_its_path_in_every_row(void)
{
    static const int64_t rows[] = {3, 1};
    static const char *const paths[] = {"", "twelve.bytes", "longer.than.a.view.fst"};
    f24_table table = fresh_table();
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray array;

    for (unsigned p = 0; p < 3; p++) {
        for (f24_arrow_text text = F24_ARROW_VIEW; text <= F24_ARROW_LARGE_UTF8; text++) {
            char own[32];
            f24_arrow_options options = {NULL, 0, rows, 2, text, 1000, own};
            memcpy(own, paths[p], strlen(paths[p]) + 1);
            check(f24_arrow_stream(&table, &options, &stream, NULL) == F24_OK);
            memset(own, 'x', sizeof own); /* the stream has a copy */
            check(stream.get_schema(&stream, &schema) == 0 && schema.n_children == F24_N_COLUMNS);
            check(stream.get_next(&stream, &array) == 0 && array.n_children == F24_N_COLUMNS);
            const int64_t *index = array.children[F24_COLUMN_INDEX]->buffers[1];
            check(index[0] == 1003 && index[1] == 1001);
            const struct ArrowArray *path = array.children[F24_COLUMN_PATH];
            size_t length = strlen(paths[p]);
            check(strcmp(schema.children[F24_COLUMN_PATH]->name, "path") == 0);
            if (text == F24_ARROW_VIEW) {
                const uint8_t *view = (const uint8_t *)path->buffers[1] + 16;
                uint32_t n, place[2];
                memcpy(&n, view, sizeof n);
                memcpy(place, view + 8, sizeof place);
                check(n == length && memcmp(view + 4, paths[p], length < 4 ? length : 4) == 0);
                check(path->n_buffers == 4 && *(const int64_t *)path->buffers[3] == n);
                check(memcmp(path->buffers[2], paths[p], length) == 0);
                check(length <= 12 ? memcmp(view + 4, paths[p], length) == 0
                                   : place[0] == 0 && place[1] == 0);
            } else {
                check(text_is(path, schema.children[F24_COLUMN_PATH]->format, 0, paths[p]));
                check(text_is(path, schema.children[F24_COLUMN_PATH]->format, 1, paths[p]));
            }
            schema.release(&schema);
            array.release(&array);
            stream.release(&stream);
        }
    }
    check(table.n_references == 1);
}

static void a_path_that_is_not_given_is_no_column(void)
{
    static const f24_column column = F24_COLUMN_PATH;
    f24_arrow_options options = {&column, 1, NULL, 0, F24_ARROW_VIEW, 0, NULL};
    struct ArrowSchema schema;
    f24_error err;

    check(f24_arrow_schema(&options, &schema, &err) == F24_EINVAL);
}

int main(void)
{
    all_columns_come_in_the_promised_order();
    numbers_are_borrowed_from_the_table();
    text_loses_its_trailing_blanks_only();
    plain_text_of_many_rows_is_that_of_each_row();
    rows_are_gathered_in_the_order_asked_for();
    text_is_the_same_in_a_run_and_in_a_list();
    rows_in_a_run_are_not_copied();
    an_empty_selection_is_an_empty_batch();
    what_is_not_in_the_table_is_refused_and_nothing_is_kept();
    more_than_memory_holds_is_refused();
    a_child_moved_out_outlives_its_parent_and_the_table_with_it();
    a_stream_gives_one_batch_and_then_its_end();
    a_stream_that_cannot_have_memory_says_so();
    a_table_of_several_has_its_path_in_every_row();
    a_path_that_is_not_given_is_no_column();
    return report();
}
