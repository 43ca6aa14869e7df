/* Tables of many files: joined, and listed on several threads. */
#include "harness.h"
#include "images.h"
#include "opened.h"

#include "base/parallel.h"

#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

static char directory[] = "fst24-list-XXXXXX";
static image xdf, rsf, unclosed;

/* The path of file `name` in the directory of this test, in one of two rooms. */
static const char *path_of(int room, const char *name)
{
    static char rooms[8][128];

    (void)snprintf(rooms[room], sizeof rooms[room], "%s/%s", directory, name);
    return rooms[room];
}

static void write_file(const char *path, const void *bytes, size_t n)
{
    FILE *file = fopen(path, "wb");

    check(file != NULL);
    if (file == NULL)
        return;
    check(fwrite(bytes, 1, n, file) == n);
    check(fclose(file) == 0);
}

static void a_joined_table_has_the_rows_of_each_in_turn(void)
{
    opened a = open_image(xdf.bytes, xdf.n), b = open_image(rsf.bytes, rsf.n);
    const f24_table *both[] = {f24_file_table(a.file), f24_file_table(b.file),
                               f24_file_table(a.file)};
    const f24_table *joined = NULL;
    const f24_columns *columns;
    f24_record of_joined, of_file;

    check(f24_table_join(both, 3, &joined, NULL) == F24_OK);
    columns = f24_table_columns(joined);
    check(columns->n == a.n + b.n + a.n);
    for (int64_t i = 0; i < columns->n; i++) {
        f24_file *file = i >= a.n && i < a.n + b.n ? b.file : a.file;
        int64_t index = i < a.n ? i : i < a.n + b.n ? i - a.n : i - a.n - b.n;
        f24_table_row(joined, i, &of_joined);
        check(f24_get_record(file, index, &of_file, NULL) == F24_OK);
        check(of_joined.index == i && of_file.index == index);
        of_joined.index = index;
        check(of_joined.offset == of_file.offset && of_joined.ip1 == of_file.ip1);
        check(strcmp(of_joined.etiket, of_file.etiket) == 0);
        check(of_joined.file_index == of_file.file_index);
    }
    f24_close(a.file); /* the joined table has memory of its own */
    f24_close(b.file);
    check(columns->ip1[0] == columns->ip1[columns->n - a.n]);
    f24_table_release(joined);
}

static void no_tables_join_to_an_empty_one(void)
{
    const f24_table *joined = NULL;
    int64_t index;

    check(f24_table_join(NULL, 0, &joined, NULL) == F24_OK);
    check(f24_table_columns(joined)->n == 0);
    check(f24_find(joined, NULL, 0, 0, 0, &index, NULL) == F24_ENOTFOUND);
    f24_table_release(joined);
}

static void every_file_is_tried_and_none_stays_open(void)
{
    f24_listing listings[8] = {{.path = NULL}};
    f24_options options = F24_OPTIONS_INIT;
    const char *names[] = {"xdf", "nothing", "text", "rsf", "unclosed", "xdf", "", "rsf"};

    check(f24_pool_open(3, &options.pool, NULL) == F24_OK);
    for (int n_threads = 0; n_threads < 5; n_threads++) {
        for (int i = 0; i < 8; i++)
            listings[i].path = path_of(i, names[i]);
        f24_list_many(listings, 8, &options, n_threads);
        check(f24_pool_open_count(options.pool) == 0);
        check(listings[0].table != NULL && listings[0].error.status == F24_OK);
        check(f24_table_columns(listings[0].table)->n == 6 && listings[0].info.n_records == 6);
        check(listings[1].table == NULL && listings[1].error.status == F24_EIO);
        check(listings[2].table == NULL && listings[2].error.status == F24_ENOTFST);
        check(listings[3].info.backend == F24_RSF && listings[3].n_warnings == 0);
        check(listings[4].table != NULL && listings[4].n_warnings > 0);
        check(listings[4].warnings[0].message[0] != '\0');
        check(listings[6].table == NULL && listings[6].error.status == F24_EIO); /* a directory */
        for (int i = 0; i < 8; i++) {
            f24_listing_clear(&listings[i]);
            check(listings[i].table == NULL && listings[i].path != NULL);
        }
    }
    f24_list_many(listings, 0, NULL, 4);
    f24_pool_close(options.pool);
}

static void count_up(void *context, size_t i)
{
    atomic_int *counts = context;

    atomic_fetch_add(&counts[i], 1);
}

static void each_piece_of_work_is_done_once(void)
{
    enum { N = 1000 };
    static atomic_int counts[N];

    for (int n_threads = -1; n_threads < 9; n_threads++)
        f24_parallel(N, n_threads, count_up, counts);
    f24_parallel(N, 10000, count_up, counts); /* bounded */
    for (int i = 0; i < N; i++)
        check(atomic_load(&counts[i]) == 11);
}

int main(void)
{
    xdf_two_pages(&xdf);
    rsf_two_sessions(&rsf);
    rsf_begin(&unclosed);
    rsf_add(&unclosed, 0, NULL);
    check(mkdtemp(directory) != NULL);
    write_file(path_of(0, "xdf"), xdf.bytes, xdf.n);
    write_file(path_of(0, "rsf"), rsf.bytes, rsf.n);
    write_file(path_of(0, "unclosed"), unclosed.bytes, unclosed.n);
    write_file(path_of(0, "text"), "a note to the reader\n", 21);
    a_joined_table_has_the_rows_of_each_in_turn();
    no_tables_join_to_an_empty_one();
    every_file_is_tried_and_none_stays_open();
    each_piece_of_work_is_done_once();
    (void)remove(path_of(0, "xdf"));
    (void)remove(path_of(0, "rsf"));
    (void)remove(path_of(0, "unclosed"));
    (void)remove(path_of(0, "text"));
    (void)rmdir(directory);
    return report();
}
