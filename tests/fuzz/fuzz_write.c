/*
 * Any bytes as a sequence of operations on a file that is written: at the end, and whenever it is closed
 * on the way, it opens without a warning and holds what an array in memory says.
 *
 * The first byte chooses the container and how it is opened, then a byte chooses an operation and those
 * behind it its arguments; zeros where they end.
 */
#include "fuzz.h"

#include <fst24.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define MOST_ENTRIES 4096
#define MOST_VALUES (20 * 18 * 2)
#define MOST_STORED ((size_t)1 << 14)

/* What a record has to be. `number` is the first value, the others follow from it. */
typedef struct entry {
    int32_t ip1, ip2, ni, nj, nk;
    int32_t number;
    bool has_json;
} entry;

typedef struct run {
    const uint8_t *data;
    size_t size;
    char path[256];
    f24_backend backend;
    f24_writer *writer;
    bool in_place;
    size_t n;        /* of the model */
    size_t n_before; /* a new file is made: entries of the old one, which stay until it is closed */
    bool has_before;
    entry model[MOST_ENTRIES], before[MOST_ENTRIES];
    int32_t n_written;
} run;

/* A broken promise is a find: die where a debugger sees it. */
static void need(bool holds, const char *what)
{
    if (holds)
        return;
    (void)fprintf(stderr, "fuzz_write: %s\n", what);
    abort();
}

static uint8_t next(run *r)
{
    if (r->size == 0)
        return 0;
    r->size--;
    return *r->data++;
}

/* ----------------------------------------------------------------------------------- the values */

static float value_of(const entry *e, int64_t i)
{
    return (float)(e->number % 1000 + (int32_t)(i % 7));
}

static void check_values(const f24_file *file, int64_t index, const entry *e)
{
    static float values[MOST_VALUES];
    f24_array array;
    f24_error err;

    need(f24_describe(file, index, &array, &err) == F24_OK, "a record cannot be described");
    need(array.n_values == (int64_t)e->ni * e->nj * e->nk, "a record has another size");
    need(array.kind == F24_FLOAT && array.n_bytes <= sizeof values, "a record has another type");
    need(f24_read(file, index, NULL, values, array.n_bytes, &err) == F24_OK,
         "a record cannot be read");
    for (int64_t i = 0; i < array.n_values; i++)
        need(values[i] == value_of(e, i), "a value is another one");
}

static void check_file(const f24_file *file, const entry *model, size_t n, bool values)
{
    const f24_columns *columns = f24_table_columns(f24_file_table(file));

    need(columns->n == (int64_t)n, "another number of records");
    for (size_t i = 0; i < n; i++) {
        need(columns->ip1[i] == model[i].ip1 && columns->ip2[i] == model[i].ip2,
             "a record of other metadata");
        need(((columns->flags[i] & F24_FLAG_JSON) != 0) == model[i].has_json,
             "extended metadata come or go");
        if (values)
            check_values(file, (int64_t)i, &model[i]);
    }
}

static void check_closed(const run *r, const entry *model, size_t n)
{
    f24_file *file = NULL;
    f24_error err;

    need(f24_open(r->path, NULL, &file, &err) == F24_OK, "the file does not open");
    need(f24_warning_count(file) == 0, "the file opens with a warning");
    check_file(file, model, n, true);
    f24_close(file);
}

/* The place that the writer gives to the record `index` of the live ones. */
static int32_t file_index_of(run *r, size_t index)
{
    f24_file *file = NULL;
    f24_error err;
    int32_t found;

    need(f24_writer_view(r->writer, &file, &err) == F24_OK, "no view of what was written");
    check_file(file, r->model, r->n, false);
    found = f24_table_columns(f24_file_table(file))->file_index[index];
    f24_close(file);
    return found;
}

/* ---------------------------------------------------------------------------------- the records */

static f24_record record_of(const entry *e)
{
    f24_record record = {
        .nomvar = "TT",
        .typvar = "P",
        .etiket = "FUZZ",
        .grtyp = "X",
        .dateo = 473303600,
        .ni = e->ni,
        .nj = e->nj,
        .nk = e->nk,
        .ip1 = e->ip1,
        .ip2 = e->ip2,
        .datyp = 5,
        .nbits = 32,
    };

    return record;
}

static entry draw_entry(run *r)
{
    static const int32_t shapes[][3] = {{1, 1, 1}, {3, 2, 1}, {5, 4, 2}, {20, 18, 1}};
    uint8_t b = next(r);
    const int32_t *shape = shapes[b >> 6];

    return (entry){b & 3, 0, shape[0], shape[1], shape[2], r->n_written++, false};
}

static bool same(const entry *a, const entry *b)
{
    return a->ip1 == b->ip1 && a->ip2 == b->ip2 && a->ni == b->ni && a->nj == b->nj &&
           a->nk == b->nk;
}

static void forget(run *r, size_t i)
{
    r->n--;
    memmove(&r->model[i], &r->model[i + 1], (r->n - i) * sizeof r->model[0]);
}

/* Whether it was added. */
static bool add(run *r, const entry *e, f24_rewrite rewrite)
{
    size_t i = 0;

    while (i < r->n && !same(&r->model[i], e))
        i++;
    if (i < r->n && rewrite == F24_REWRITE_SKIP)
        return false;
    if (i < r->n && rewrite == F24_REWRITE_YES)
        forget(r, i);
    r->model[r->n++] = *e;
    return true;
}

/* Plain, compressed or quantised: steps of a power of two below 1 lose nothing of small whole numbers. */
static void fill(run *r, const entry *e, f24_record *record, float *values)
{
    static const int32_t types[][2] = {{5, 32}, {133, 32}, {134, 16}, {1, 24}};
    const int32_t *type = types[next(r) % 4];

    *record = record_of(e);
    record->datyp = type[0];
    record->nbits = type[1];
    for (int64_t i = 0; i < (int64_t)e->ni * e->nj * e->nk; i++)
        values[i] = value_of(e, i);
}

/* -------------------------------------------------------------------------------- the operations */

static void op_write(run *r)
{
    static float values[MOST_VALUES];
    static const char json[] = "{\"a\":1}";
    const f24_values given = {F24_FLOAT, 4, values, NULL};
    f24_write_options options = F24_WRITE_INIT;
    entry e = draw_entry(r);
    uint8_t how = next(r);
    f24_record record, stored;
    f24_error err;

    options.rewrite = (f24_rewrite)(how % 3);
    if ((how & 0x80) != 0 && r->backend == F24_RSF) {
        options.json = json;
        options.n_json = sizeof json - 1;
        e.has_json = true;
    }
    fill(r, &e, &record, values);
    need(f24_write(r->writer, &record, &given, &options, &stored, &err) == F24_OK,
         "a record is not written");
    need((stored.file_index >= 0) == add(r, &e, options.rewrite), "the rule of rewriting");
}

static void op_write_many(run *r)
{
    static float values[8][MOST_VALUES];
    f24_write_job jobs[8];
    size_t n = 1 + next(r) % 8;
    f24_error err;

    for (size_t i = 0; i < n; i++) {
        entry e = draw_entry(r);
        jobs[i] =
            (f24_write_job){.values = {F24_FLOAT, 4, values[i], NULL}, .options = F24_WRITE_INIT};
        jobs[i].options.rewrite = (f24_rewrite)(next(r) % 3);
        fill(r, &e, &jobs[i].record, values[i]);
        (void)add(r, &e, jobs[i].options.rewrite);
    }
    need(f24_write_many(r->writer, jobs, n, 2, &err) == F24_OK, "records are not written");
}

/* More records than a page of an XDF directory has. */
static void op_crowd(run *r)
{
    int32_t n = next(r) * 2;

    for (int32_t i = 0; i < n; i++) {
        entry e = {9, i, 1, 1, 1, r->n_written++, false};
        float value = value_of(&e, 0);
        const f24_values given = {F24_FLOAT, 4, &value, NULL};
        f24_record record = record_of(&e);

        if (r->n >= MOST_ENTRIES - 16)
            return;
        need(f24_write(r->writer, &record, &given, NULL, NULL, NULL) == F24_OK,
             "a record of a crowd is not written");
        (void)add(r, &e, F24_REWRITE_NO);
    }
}

static void op_delete(run *r)
{
    size_t i = next(r);
    int32_t at;
    f24_error err;

    if (r->n == 0) {
        need(f24_delete(r->writer, 1 << 30, &err) == F24_ENOTFOUND, "nothing is deleted");
        return;
    }
    i = (i << 8 | next(r)) % r->n;
    at = file_index_of(r, i);
    need(f24_delete(r->writer, at, &err) == F24_OK, "a record is not deleted");
    need(f24_delete(r->writer, at, &err) == F24_ENOTFOUND, "a record is deleted twice");
    forget(r, i);
}

static void op_edit(run *r)
{
    size_t i = next(r);
    f24_record record;
    f24_file *file = NULL;
    f24_error err;

    if (r->n == 0)
        return;
    i %= r->n;
    need(f24_writer_view(r->writer, &file, &err) == F24_OK, "no view of what was written");
    need(f24_get_record(file, (int64_t)i, &record, &err) == F24_OK, "a record is not there");
    f24_close(file);
    record.ip2 = next(r);
    need(f24_edit(r->writer, record.file_index, &record, NULL, 0, &err) == F24_OK,
         "a record is not edited");
    r->model[i].ip2 = record.ip2;
}

/* A copy as it is stored. */
static void op_copy(run *r)
{
    static uint8_t stored[MOST_STORED];
    size_t i = next(r);
    f24_record record;
    f24_file *file = NULL;
    f24_error err;

    if (r->n == 0)
        return;
    i %= r->n;
    need(f24_writer_view(r->writer, &file, &err) == F24_OK, "no view of what was written");
    need(f24_get_record(file, (int64_t)i, &record, &err) == F24_OK, "a record is not there");
    need(record.n_bytes <= sizeof stored, "a record is longer than its values");
    need(f24_read_stored(file, (int64_t)i, stored, (size_t)record.n_bytes, &err) == F24_OK,
         "the stored bytes of a record");
    f24_close(file);
    need(f24_write_stored(r->writer, stored, (size_t)record.n_bytes, NULL, NULL, NULL, &err) ==
             F24_OK,
         "a record is not copied");
    r->model[r->n] = r->model[i];
    r->n++;
}

/* What cannot be stored leaves everything as it is. */
static void op_refused(run *r)
{
    static const float values[2] = {1, 2};
    const f24_values given = {F24_FLOAT, 4, values, NULL};
    entry e = {1, 1, 2, 1, 1, 0, false};
    f24_record record = record_of(&e);
    f24_error err;

    record.ip1 = -1 - next(r);
    need(f24_write(r->writer, &record, &given, NULL, NULL, &err) == F24_EENCODING,
         "an ip1 below 0 is refused");
}

static void op_flush(run *r)
{
    f24_file *file = NULL;
    f24_error err;

    need(f24_writer_flush(r->writer, &err) == F24_OK, "it is not flushed");
    if (!r->in_place)
        return;
    need(f24_open(r->path, NULL, &file, &err) == F24_OK, "a flushed file does not open");
    check_file(file, r->model, r->n, true);
    f24_close(file);
}

static void open_writer(run *r, f24_write_mode mode, bool parallel)
{
    f24_writer_options options = F24_WRITER_INIT;
    f24_error err;

    options.mode = mode;
    options.backend = r->backend;
    options.parallel = parallel && r->backend == F24_RSF && mode == F24_WRITE_APPEND;
    options.segment_bytes = options.parallel ? 1 << 20 : 0;
    options.sync = false;
    r->in_place = mode == F24_WRITE_APPEND;
    need(f24_writer_open(r->path, &options, &r->writer, &err) == F24_OK,
         "the file cannot be opened for writing");
}

static void close_writer(run *r)
{
    f24_error err;

    need(f24_writer_close(r->writer, &err) == F24_OK, "the file is not closed");
    check_closed(r, r->model, r->n);
    r->has_before = false;
}

static void op_reopen(run *r)
{
    close_writer(r);
    open_writer(r, F24_WRITE_APPEND, (next(r) & 1) != 0);
}

static void op_replace(run *r)
{
    close_writer(r);
    memcpy(r->before, r->model, r->n * sizeof r->model[0]);
    r->n_before = r->n;
    r->has_before = true;
    r->n = 0;
    open_writer(r, F24_WRITE_REPLACE, false);
}

static void op_abandon(run *r)
{
    f24_writer_abandon(r->writer);
    if (!r->in_place && r->has_before) {
        memcpy(r->model, r->before, r->n_before * sizeof r->model[0]);
        r->n = r->n_before;
    } else if (!r->in_place) {
        need(access(r->path, F_OK) != 0, "an abandoned file leaves a trace");
        r->n = 0;
    }
    if (r->in_place || r->has_before)
        check_closed(r, r->model, r->n);
    r->has_before = false;
    open_writer(r, F24_WRITE_APPEND, (next(r) & 1) != 0);
}

static void op_look(run *r)
{
    f24_file *file = NULL;
    f24_error err;

    need(f24_writer_view(r->writer, &file, &err) == F24_OK, "no view of what was written");
    check_file(file, r->model, r->n, true);
    f24_close(file);
    if (r->has_before)
        check_closed(r, r->before, r->n_before);
}

typedef void (*operation)(run *r);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    /* What adds comes more often than what ends. */
    static const operation operations[] = {
        op_write,   op_write, op_write, op_write_many, op_crowd, op_delete,  op_delete, op_edit,
        op_refused, op_copy,  op_flush, op_reopen,     op_look,  op_replace, op_abandon};
    const char *directory = getenv("TMPDIR"); /* NOLINT(concurrency-mt-unsafe) */
    run *r = calloc(1, sizeof *r);
    uint8_t how;

    if (r == NULL)
        return 0;
    r->data = data;
    r->size = size;
    how = next(r);
    r->backend = (how & 1) != 0 ? F24_RSF : F24_XDF;
    (void)snprintf(r->path, sizeof r->path, "%s/fst24-fuzz-write-%ld.fst",
                   directory != NULL ? directory : "/tmp", (long)getpid());
    (void)unlink(r->path);
    open_writer(r, (how & 2) != 0 ? F24_WRITE_APPEND : F24_WRITE_REPLACE, (how & 4) != 0);
    while (r->size > 0 && r->n < MOST_ENTRIES - 16)
        operations[next(r) % (sizeof operations / sizeof operations[0])](r);
    close_writer(r);
    (void)unlink(r->path);
    free(r);
    return 0;
}
