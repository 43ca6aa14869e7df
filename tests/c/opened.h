/* What opening an image gives, for tests of the containers. */
#ifndef F24_TESTS_OPENED_H
#define F24_TESTS_OPENED_H

#include "file.h"

#include <string.h>

/* What opening a file gives; the file itself in `file`. */
typedef struct opened {
    f24_status status;
    f24_error err;
    f24_file *file;
    const f24_columns *columns;
    int64_t n, n_bad, n_warnings;
} opened;

static inline opened open_image(const void *bytes, size_t n)
{
    opened o = {.n = -1};

    o.status = f24_open_memory(bytes, n, &o.file, &o.err);
    if (o.status != F24_OK)
        return o;
    o.columns = f24_table_columns(f24_file_table(o.file));
    o.n = o.columns->n;
    o.n_warnings = f24_warning_count(o.file);
    for (int64_t i = 0; i < o.n; i++)
        o.n_bad += (o.columns->flags[i] & F24_FLAG_BAD) != 0;
    return o;
}

static inline bool warns_of(const opened *o, const char *text)
{
    for (int64_t i = 0; i < o->n_warnings; i++) {
        if (strstr(f24_warning_at(o->file, i)->message, text) != NULL)
            return true;
    }
    return false;
}

static inline f24_status locate(const opened *o, int64_t index, f24_error *err)
{
    f24_place place = f24_file_place(o->file, index);
    f24_payload_place payload;

    return f24_container_locate(o->file->container, &place, &payload, err);
}

static inline int n_readable(const opened *o)
{
    int n = 0;

    for (int64_t i = 0; i < o->n; i++)
        n += locate(o, i, NULL) == F24_OK;
    return n;
}

/* The records have the ip1 that their makers gave them: `first` and the n - 1 after it. */
static inline bool holds(const opened *o, int64_t n, int32_t first)
{
    for (int64_t i = 0; i < n && i < o->n; i++) {
        if (o->columns->ip1[i] != first + (int32_t)i)
            return false;
    }
    return o->n == n;
}

#endif
