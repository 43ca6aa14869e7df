/*
 * Many threads on one file: every value right, every search right, nothing for TSan to say.
 *
 *     readers FILE...
 *
 * Each file is decoded once by one thread; then N_THREADS threads decode all of it again at the
 * same time, each from another place, look for records (the first searches build the index that all
 * share) and open files of their own through one descriptor pool.
 */
#include "../c/harness.h"

#include <fst24.h>

#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#define N_THREADS 16

struct work {
    const char *path;
    const f24_file *file;
    f24_pool *pool;
    int64_t n_records;
    uint64_t *n_bytes; /* of each decoded record */
    void **expected;   /* what one thread decoded */
};

struct reader {
    pthread_t thread;
    const struct work *work;
    int64_t first;
    int64_t n_wrong;
};

static bool is_as_expected(const struct work *w, const f24_file *file, int64_t i)
{
    void *out = malloc(w->n_bytes[i] != 0 ? w->n_bytes[i] : 1);
    bool same = out != NULL && f24_read(file, i, NULL, out, w->n_bytes[i], NULL) == F24_OK &&
                memcmp(out, w->expected[i], w->n_bytes[i]) == 0;

    free(out);
    return same;
}

/* The first record with the same name and level as record `i` is that one or stands before it. */
static bool is_found(const struct work *w, int64_t i)
{
    f24_record record;
    const char *name = record.nomvar;
    const f24_criterion criteria[] = {
        {.key = F24_KEY_NOMVAR, .match = F24_MATCH_EQUAL, .n = 1, .texts = &name},
        {.key = F24_KEY_IP1, .match = F24_MATCH_EQUAL, .n = 1, .numbers = &record.ip1},
    };
    int64_t found = -1;

    return f24_get_record(w->file, i, &record, NULL) == F24_OK &&
           f24_find(f24_file_table(w->file), criteria, 2, 0, 0, &found, NULL) == F24_OK &&
           found >= 0 && found <= i;
}

static void *read_everything(void *argument)
{
    struct reader *reader = argument;
    const struct work *w = reader->work;
    const f24_options options = {UINT64_MAX, w->pool};
    f24_file *own = NULL;

    if (f24_open(w->path, &options, &own, NULL) != F24_OK)
        reader->n_wrong++;
    for (int64_t n = 0; n < w->n_records; n++) {
        int64_t i = (reader->first + n) % w->n_records;

        reader->n_wrong += !is_as_expected(w, w->file, i) + !is_found(w, i);
        if (own != NULL && n % 8 == 0)
            reader->n_wrong += !is_as_expected(w, own, i);
    }
    f24_close(own);
    return NULL;
}

static void threads_read_what_one_thread_reads(const struct work *w)
{
    struct reader readers[N_THREADS];

    for (int t = 0; t < N_THREADS; t++) {
        readers[t] = (struct reader){.work = w, .first = t * w->n_records / N_THREADS};
        check(pthread_create(&readers[t].thread, NULL, read_everything, &readers[t]) == 0);
    }
    for (int t = 0; t < N_THREADS; t++) {
        check(pthread_join(readers[t].thread, NULL) == 0);
        check(readers[t].n_wrong == 0);
    }
}

static void a_batch_on_several_threads_is_the_same(const struct work *w)
{
    f24_job *jobs = calloc((size_t)w->n_records, sizeof *jobs);

    check(jobs != NULL);
    for (int64_t i = 0; jobs != NULL && i < w->n_records; i++) {
        void *out = malloc(w->n_bytes[i] != 0 ? w->n_bytes[i] : 1);

        jobs[i] = (f24_job){.file = w->file, .index = i, .out = out, .n_bytes = w->n_bytes[i]};
    }
    check(f24_read_many(jobs, (size_t)w->n_records, NULL, 8, NULL) == F24_OK);
    for (int64_t i = 0; jobs != NULL && i < w->n_records; i++) {
        check(memcmp(jobs[i].out, w->expected[i], w->n_bytes[i]) == 0);
        free(jobs[i].out);
    }
    free(jobs);
}

static void check_file(const char *path)
{
    struct work w = {.path = path};
    f24_file *file = NULL;
    f24_file_info info;

    check(f24_open(path, NULL, &file, NULL) == F24_OK);
    check(f24_pool_open(4, &w.pool, NULL) == F24_OK);
    if (file == NULL || w.pool == NULL)
        return;
    f24_get_file_info(file, &info);
    w.file = file;
    w.n_records = info.n_records;
    w.n_bytes = calloc((size_t)w.n_records, sizeof *w.n_bytes);
    w.expected = calloc((size_t)w.n_records, sizeof *w.expected);
    for (int64_t i = 0; i < w.n_records; i++) {
        f24_array array;

        check(f24_describe(file, i, &array, NULL) == F24_OK);
        w.n_bytes[i] = array.n_bytes;
        w.expected[i] = malloc(array.n_bytes != 0 ? array.n_bytes : 1);
        check(f24_read(file, i, NULL, w.expected[i], array.n_bytes, NULL) == F24_OK);
    }
    threads_read_what_one_thread_reads(&w);
    a_batch_on_several_threads_is_the_same(&w);
    check(f24_pool_open_count(w.pool) <= 4);
    for (int64_t i = 0; i < w.n_records; i++)
        free(w.expected[i]);
    free(w.expected);
    free(w.n_bytes);
    f24_pool_close(w.pool);
    f24_close(file);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        check_file(argv[i]);
    return report();
}
