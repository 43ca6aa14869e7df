/* Writing through the public functions: what comes back, what is refused, threads, and looking at it. */
#include "fst24.h"
#include "harness.h"

#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char path[256];

static void remove_file(void)
{
    (void)unlink(path);
}

static f24_writer *open_writer(f24_write_mode mode, f24_backend backend)
{
    f24_writer_options options = F24_WRITER_INIT;
    f24_writer *writer = NULL;
    f24_error err;

    options.mode = mode;
    options.backend = backend;
    options.sync = false;
    if (f24_writer_open(path, &options, &writer, &err) != F24_OK)
        (void)fprintf(stderr, "%s\n", err.message);
    return writer;
}

static f24_record record_of(int32_t ip1)
{
    f24_record record = {
        .nomvar = "TT",
        .typvar = "P",
        .etiket = "A LABEL",
        .grtyp = "Z",
        .dateo = 473303600,
        .deet = 300,
        .npas = 12,
        .ni = 5,
        .nj = 4,
        .nk = 3,
        .ip1 = ip1,
        .ip2 = 6,
        .ip3 = 7,
        .ig1 = 0xABCDEF,
        .ig2 = 0x123456,
        .ig3 = 3,
        .ig4 = 4,
        .datyp = 5,
        .nbits = 32,
    };

    return record;
}

enum { N = 5 * 4 * 3 };
static float field[N];
static const f24_values values = {F24_FLOAT, 4, field, NULL};

static f24_status write_one(f24_writer *writer, int32_t ip1, f24_rewrite rewrite,
                            f24_record *stored)
{
    f24_write_options options = F24_WRITE_INIT;
    f24_record record = record_of(ip1);
    f24_error err;

    options.rewrite = rewrite;
    field[0] = (float)ip1;
    return f24_write(writer, &record, &values, &options, stored, &err);
}

static f24_file *reopen(void)
{
    f24_file *file = NULL;
    f24_error err;

    check(f24_open(path, NULL, &file, &err) == F24_OK);
    check(file != NULL && f24_warning_count(file) == 0);
    return file;
}

static int64_t n_records(const f24_file *file)
{
    return f24_table_columns(f24_file_table(file))->n;
}

/* --------------------------------------------------------------------------------------- tests */

static void every_field_comes_back(f24_backend backend)
{
    f24_writer *writer = open_writer(F24_WRITE_REPLACE, backend);
    f24_record there, wanted = record_of(77), stored;
    float read[N];
    f24_file *file;

    for (int i = 0; i < N; i++)
        field[i] = (float)i / 3;
    check(write_one(writer, 77, F24_REWRITE_NO, &stored) == F24_OK);
    check(stored.file_index == 0);
    check(f24_writer_close(writer, NULL) == F24_OK);
    file = reopen();
    check(f24_get_record(file, 0, &there, NULL) == F24_OK);
    check(strcmp(there.nomvar, wanted.nomvar) == 0 && strcmp(there.typvar, wanted.typvar) == 0);
    check(strcmp(there.etiket, wanted.etiket) == 0 && strcmp(there.grtyp, wanted.grtyp) == 0);
    check(there.dateo == wanted.dateo && there.datev != wanted.dateo);
    check(there.datev == stored.datev);
    check(there.deet == 300 && there.npas == 12 && there.ip1 == 77 && there.ip2 == 6);
    check(there.ig1 == 0xABCDEF && there.ig2 == 0x123456 && there.ig3 == 3 && there.ig4 == 4);
    check(there.ni == 5 && there.nj == 4 && there.nk == 3 && there.datyp == 5);
    check(there.offset == stored.offset && there.n_bytes == stored.n_bytes);
    check(f24_read(file, 0, NULL, read, sizeof read, NULL) == F24_OK);
    check(memcmp(read, field, sizeof read) == 0);
    f24_close(file);
    remove_file();
}

static void an_abandoned_file_leaves_no_trace(f24_backend backend)
{
    f24_writer *writer = open_writer(F24_WRITE_REPLACE, backend);

    check(write_one(writer, 1, F24_REWRITE_NO, NULL) == F24_OK);
    f24_writer_abandon(writer);
    check(access(path, F_OK) != 0);
}

static void the_same_record_is_replaced_kept_or_written_again(f24_backend backend)
{
    f24_writer *writer = open_writer(F24_WRITE_REPLACE, backend);
    f24_record stored;
    f24_file *file = NULL;

    for (int32_t ip1 = 0; ip1 < 600; ip1++)
        check(write_one(writer, ip1, F24_REWRITE_NO, NULL) == F24_OK);
    check(write_one(writer, 300, F24_REWRITE_SKIP, &stored) == F24_OK && stored.file_index == -1);
    check(write_one(writer, 300, F24_REWRITE_YES, &stored) == F24_OK && stored.file_index == 600);
    check(write_one(writer, 300, F24_REWRITE_YES, &stored) == F24_OK && stored.file_index == 601);
    check(write_one(writer, 299, F24_REWRITE_NO, &stored) == F24_OK && stored.file_index == 602);
    check(f24_writer_view(writer, &file, NULL) == F24_OK);
    check(n_records(file) == 601);
    f24_close(file);
    check(f24_writer_close(writer, NULL) == F24_OK);
    file = reopen();
    check(n_records(file) == 601);
    f24_close(file);
    remove_file();
}

static void a_view_stays_while_the_writer_goes_on(f24_backend backend)
{
    f24_writer *writer = open_writer(F24_WRITE_REPLACE, backend);
    f24_file *before = NULL, *after = NULL;
    float read[N];

    check(write_one(writer, 1, F24_REWRITE_NO, NULL) == F24_OK);
    check(f24_writer_view(writer, &before, NULL) == F24_OK);
    check(write_one(writer, 2, F24_REWRITE_NO, NULL) == F24_OK);
    check(f24_delete(writer, 0, NULL) == F24_OK);
    check(f24_delete(writer, 0, NULL) == F24_ENOTFOUND);
    check(f24_writer_view(writer, &after, NULL) == F24_OK);
    check(n_records(before) == 1 && n_records(after) == 1);
    check(f24_read(after, 0, NULL, read, sizeof read, NULL) == F24_OK && read[0] == 2.0f);
    check(f24_writer_close(writer, NULL) == F24_OK);
    check(f24_read(after, 0, NULL, read, sizeof read, NULL) == F24_OK && read[0] == 2.0f);
    f24_close(before);
    f24_close(after);
    remove_file();
}

static void metadata_are_edited_but_not_sizes(f24_backend backend)
{
    f24_writer *writer = open_writer(F24_WRITE_APPEND, backend);
    f24_record record = record_of(1), there;
    f24_file *file;

    check(write_one(writer, 1, F24_REWRITE_NO, NULL) == F24_OK);
    (void)strcpy(record.etiket, "ANOTHER"); /* NOLINT: it fits */
    record.ip1 = 5;
    check(f24_edit(writer, 0, &record, NULL, 0, NULL) == F24_OK);
    record.ni = 4;
    check(f24_edit(writer, 0, &record, NULL, 0, NULL) == F24_EINVAL);
    check(f24_edit(writer, 1, &record, NULL, 0, NULL) == F24_ENOTFOUND);
    check(write_one(writer, 5, F24_REWRITE_NO, NULL) == F24_OK);
    check(f24_writer_close(writer, NULL) == F24_OK);
    file = reopen();
    check(n_records(file) == 2);
    check(f24_get_record(file, 0, &there, NULL) == F24_OK);
    check(strcmp(there.etiket, "ANOTHER") == 0 && there.ip1 == 5 && there.ni == 5);
    f24_close(file);
    remove_file();
}

static void refuses(f24_writer *writer, f24_record record, const char *named)
{
    f24_error err = {0};

    check(f24_write(writer, &record, &values, NULL, NULL, &err) == F24_EENCODING);
    check(strstr(err.message, named) != NULL);
}

static void what_the_fields_cannot_hold_is_refused_by_name(f24_backend backend)
{
    f24_writer *writer = open_writer(F24_WRITE_REPLACE, backend);
    f24_record record;

    record = record_of(1 << 28);
    refuses(writer, record, "ip1");
    record = record_of(-1);
    refuses(writer, record, "ip1");
    record = record_of(1);
    record.ig2 = 1 << 24;
    refuses(writer, record, "ig2");
    record = record_of(1);
    record.nomvar[1] = 't';
    refuses(writer, record, "'TT' would fit");
    record = record_of(1);
    record.dateo = 0;
    refuses(writer, record, "no validity date");
    record = record_of(1);
    record.dateo = -1;
    record.datev = 101010108; /* an old stamp whose run is 8 */
    refuses(writer, record, "newer style");
    f24_writer_abandon(writer);
}

typedef struct share {
    f24_writer *writer;
    int32_t first;
    int n_written;
} share;

static void *write_many(void *argument)
{
    share *s = argument;
    float mine[N] = {0};
    const f24_values my_values = {F24_FLOAT, 4, mine, NULL};

    for (int32_t i = 0; i < 300; i++) {
        f24_record record = record_of(s->first + i);
        mine[0] = (float)record.ip1;
        s->n_written += f24_write(s->writer, &record, &my_values, NULL, NULL, NULL) == F24_OK;
    }
    return NULL;
}

static void threads_share_a_writer(f24_backend backend)
{
    f24_writer *writer = open_writer(F24_WRITE_APPEND, backend);
    pthread_t threads[4];
    share shares[4];
    f24_file *file;
    float read[N];

    for (int t = 0; t < 4; t++) {
        shares[t] = (share){writer, 1000 * t, 0};
        check(pthread_create(&threads[t], NULL, write_many, &shares[t]) == 0);
    }
    for (int t = 0; t < 4; t++) {
        check(pthread_join(threads[t], NULL) == 0);
        check(shares[t].n_written == 300);
    }
    check(f24_writer_close(writer, NULL) == F24_OK);
    file = reopen();
    check(n_records(file) == 1200);
    for (int64_t i = 0; i < n_records(file); i++) {
        check(f24_read(file, i, NULL, read, sizeof read, NULL) == F24_OK);
        check(read[0] == (float)f24_table_columns(f24_file_table(file))->ip1[i]);
    }
    f24_close(file);
    remove_file();
}

static void many_are_stored_in_order_up_to_the_first_that_fails(f24_backend backend)
{
    f24_writer *writer = open_writer(F24_WRITE_REPLACE, backend);
    f24_write_job *jobs = calloc(100, sizeof *jobs);
    f24_file *file = NULL;
    f24_error err;

    if (jobs == NULL)
        return;
    for (int32_t i = 0; i < 100; i++) {
        jobs[i].record = record_of(i);
        jobs[i].values = values;
        jobs[i].options = (f24_write_options)F24_WRITE_INIT;
    }
    check(f24_write_many(writer, jobs, 100, 3, &err) == F24_OK);
    check(jobs[99].stored.file_index == 99);
    jobs[42].record.ip1 = -1;
    check(f24_write_many(writer, jobs, 100, 3, &err) == F24_EENCODING);
    check(err.record == 42);
    check(jobs[41].error.status == F24_OK && jobs[43].error.status == F24_EINVAL);
    check(f24_writer_view(writer, &file, NULL) == F24_OK);
    check(n_records(file) == 142);
    for (int64_t i = 0; i < 142; i++)
        check(f24_table_columns(f24_file_table(file))->ip1[i] == (int32_t)(i % 100));
    f24_close(file);
    f24_writer_abandon(writer);
    free(jobs);
}

static void stored_records_are_copied_into_either_container(f24_backend from, f24_backend to)
{
    f24_writer *writer = open_writer(F24_WRITE_REPLACE, from);
    f24_record there, changed;
    uint8_t stored[4096];
    f24_file *file;
    float read[N];

    check(write_one(writer, 9, F24_REWRITE_NO, NULL) == F24_OK);
    check(f24_writer_close(writer, NULL) == F24_OK);
    file = reopen();
    check(f24_get_record(file, 0, &there, NULL) == F24_OK && there.n_bytes <= sizeof stored);
    check(f24_read_stored(file, 0, stored, (size_t)there.n_bytes, NULL) == F24_OK);
    f24_close(file);
    writer = open_writer(F24_WRITE_REPLACE, to);
    changed = there;
    changed.ip2 = 99;
    check(f24_write_stored(writer, stored, (size_t)there.n_bytes, NULL, NULL, NULL, NULL) ==
          F24_OK);
    check(f24_write_stored(writer, stored, (size_t)there.n_bytes, &changed, NULL, NULL, NULL) ==
          F24_OK);
    check(f24_write_stored(writer, stored, (size_t)there.n_bytes - 8, NULL, NULL, NULL, NULL) !=
          F24_OK);
    check(f24_writer_close(writer, NULL) == F24_OK);
    file = reopen();
    check(n_records(file) == 2);
    for (int64_t i = 0; i < n_records(file); i++) {
        check(f24_read(file, i, NULL, read, sizeof read, NULL) == F24_OK);
        check(memcmp(read, field, sizeof read) == 0);
        check(f24_table_columns(f24_file_table(file))->ip2[i] == (i == 0 ? 6 : 99));
    }
    f24_close(file);
    remove_file();
}

static void a_new_file_is_refused_where_there_is_one(void)
{
    f24_writer_options options = F24_WRITER_INIT;
    f24_writer *writer = open_writer(F24_WRITE_REPLACE, F24_XDF), *second = NULL;
    f24_error err;

    check(write_one(writer, 9, F24_REWRITE_NO, NULL) == F24_OK);
    check(f24_writer_close(writer, NULL) == F24_OK);
    options.mode = F24_WRITE_NEW;
    check(f24_writer_open(path, &options, &second, &err) == F24_EIO);
    check(err.sys_errno != 0);
    remove_file();
    check(f24_writer_open(path, &options, &writer, &err) == F24_OK);
    check(f24_writer_open(path, &options, &second, &err) == F24_OK);
    check(f24_writer_close(writer, &err) == F24_OK);
    check(f24_writer_close(second, &err) == F24_EIO); /* the first was faster */
    remove_file();
}

static void one_writer_at_a_time(f24_backend backend)
{
    f24_writer_options options = F24_WRITER_INIT;
    f24_writer *writer = open_writer(F24_WRITE_APPEND, backend), *second = NULL;
    f24_error err;

    options.mode = F24_WRITE_APPEND;
    check(write_one(writer, 9, F24_REWRITE_NO, NULL) == F24_OK);
    check(f24_writer_open(path, &options, &second, &err) == F24_ELOCKED);
    check(f24_writer_close(writer, &err) == F24_OK);
    check(f24_writer_open(path, &options, &second, &err) == F24_OK);
    check(f24_writer_close(second, &err) == F24_OK);
    remove_file();
}

static void who_writes_is_told(f24_backend backend)
{
    f24_writer *writer = open_writer(F24_WRITE_APPEND, backend);
    f24_error err;

    check(write_one(writer, 9, F24_REWRITE_NO, NULL) == F24_OK);
    check(f24_check_unwritten(path, &err) == F24_ELOCKED);
    check(strstr(err.message, "(this one)") != NULL);
    check(f24_writer_close(writer, &err) == F24_OK);
    check(f24_check_unwritten(path, &err) == F24_OK);
    remove_file();
    check(f24_check_unwritten(path, &err) == F24_EIO);
}

int main(void)
{
    const f24_backend backends[] = {F24_XDF, F24_RSF};
    const char *directory = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe) */

    (void)snprintf(path, sizeof path, "%s/fst24-test-writer-%ld.fst",
                   directory != NULL ? directory : "/tmp", (long)getpid());
    for (size_t i = 0; i < 2; i++) {
        every_field_comes_back(backends[i]);
        an_abandoned_file_leaves_no_trace(backends[i]);
        the_same_record_is_replaced_kept_or_written_again(backends[i]);
        a_view_stays_while_the_writer_goes_on(backends[i]);
        metadata_are_edited_but_not_sizes(backends[i]);
        what_the_fields_cannot_hold_is_refused_by_name(backends[i]);
        threads_share_a_writer(backends[i]);
        many_are_stored_in_order_up_to_the_first_that_fails(backends[i]);
        one_writer_at_a_time(backends[i]);
        who_writes_is_told(backends[i]);
        for (size_t k = 0; k < 2; k++)
            stored_records_are_copied_into_either_container(backends[i], backends[k]);
    }
    a_new_file_is_refused_where_there_is_one();
    return report();
}
