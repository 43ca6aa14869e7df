/* Files that a store writes and the reader reads back, for tests of writing. */
#ifndef F24_TESTS_STORES_H
#define F24_TESTS_STORES_H

#include "container/store.h"
#include "harness.h"
#include "images.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static char directory[64], path[128];

static inline void begin_files(void)
{
    (void)snprintf(directory, sizeof directory, "%s", "fst24-store-XXXXXX");
    check(mkdtemp(directory) != NULL);
    (void)snprintf(path, sizeof path, "%s/file.fst", directory);
}

static inline void end_files(void)
{
    (void)unlink(path);
    check(rmdir(directory) == 0);
}

/* A store and the file it writes. */
typedef struct writing {
    f24_output *output;
    f24_store *store;
    f24_status status;
    f24_error err;
} writing;

static inline writing begin_store(f24_output *output, f24_backend backend, bool parallel,
                                  uint64_t segment_bytes)
{
    const f24_store_options options = {
        .backend = backend, .parallel = parallel, .segment_bytes = segment_bytes};
    writing w = {.output = output};

    w.status = f24_store_open(output, &options, &w.store, &w.err);
    if (w.status != F24_OK) {
        f24_output_release(output);
        w.output = NULL;
    }
    return w;
}

static inline writing write_new(f24_backend backend)
{
    f24_output *output = NULL;

    check(f24_output_create(path, false, &output, NULL) == F24_OK);
    return begin_store(output, backend, false, 0);
}

static inline writing write_in_place(f24_backend backend, bool parallel, uint64_t segment_bytes)
{
    f24_output *output = NULL;

    check(f24_output_open(path, &output, NULL) == F24_OK);
    return begin_store(output, backend, parallel, segment_bytes);
}

static inline f24_status end_writing(writing *w)
{
    f24_status status = f24_store_close(w->store, &w->err);

    if (status == F24_OK && !f24_output_in_place(w->output))
        status = f24_output_publish(w->output, false, &w->err);
    f24_output_release(w->output);
    w->output = NULL;
    w->store = NULL;
    return status;
}

#define MOST_VALUES (1u << 20)
static uint32_t values[MOST_VALUES];

/* Record i of n float32: ip1 is i, the values i, i + 1, ... */
static inline f24_addition addition(uint32_t i, uint32_t n, bool little)
{
    f24_addition a = {.payload = values, .n_payload = (uint64_t)n * 4};

    make_keys(i, a.keys);
    a.keys[1] = n << 8 | 'Z';
    a.keys[2] = 1u << 8 | 5;
    a.keys[3] = 1u << 12;
    for (uint32_t k = 0; k < n; k++) {
        float value = (float)(i + k);
        uint8_t bytes[4];
        uint32_t word;
        memcpy(&word, &value, sizeof word);
        for (uint32_t b = 0; b < 4; b++)
            bytes[b] = (uint8_t)(word >> (little ? 8 * b : 24 - 8 * b));
        memcpy(&values[k], bytes, 4);
    }
    return a;
}

static inline f24_status put_json(writing *w, uint32_t i, uint32_t n, const char *json)
{
    f24_addition a = addition(i, n, f24_store_little(w->store));
    size_t slot = 0;

    a.json = json;
    a.n_json = json == NULL ? 0 : strlen(json);
    return f24_store_add(w->store, &a, &slot, &w->err);
}

static inline f24_status put(writing *w, uint32_t i, uint32_t n)
{
    return put_json(w, i, n, NULL);
}

/* What the reader finds. */
typedef struct found {
    f24_status status;
    f24_file *file;
    f24_error err;
    int64_t n, n_warnings;
} found;

static inline found find_all(void)
{
    found f = {.n = -1};

    f.status = f24_open(path, NULL, &f.file, &f.err);
    if (f.status != F24_OK)
        return f;
    f.n = f24_table_columns(f24_file_table(f.file))->n;
    f.n_warnings = f24_warning_count(f.file);
    return f;
}

/* Whether the values of a record are those that addition() gave it. */
static inline bool is_right(const found *f, int64_t index)
{
    static float got[MOST_VALUES];
    f24_record r;

    if (f24_get_record(f->file, index, &r, NULL) != F24_OK ||
        f24_read(f->file, index, NULL, got, (size_t)r.ni * 4, NULL) != F24_OK)
        return false;
    for (int32_t k = 0; k < r.ni; k++) {
        if (got[k] != (float)(r.ip1 + k))
            return false;
    }
    return true;
}

static inline int64_t n_right(const found *f)
{
    int64_t n = 0;

    for (int64_t i = 0; i < f->n; i++)
        n += is_right(f, i);
    return n;
}

/* The file is in order and holds n records, all of them right. */
static inline bool holds_all(int64_t n)
{
    found f = find_all();
    bool right = f.n == n && f.n_warnings == 0 && n_right(&f) == n;

    if (!right)
        (void)fprintf(stderr, "  %lld records, %lld warnings: %s\n", (long long)f.n,
                      (long long)f.n_warnings,
                      f.n_warnings > 0 ? f24_warning_at(f.file, 0)->message : f.err.message);
    f24_close(f.file);
    return right;
}

static inline int64_t file_bytes(void)
{
    struct stat status;

    return stat(path, &status) == 0 ? (int64_t)status.st_size : -1;
}

#endif
