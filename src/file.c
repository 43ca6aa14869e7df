/* Opening and closing, and what is known of a file without decoding. */
#include "file.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ------------------------------------------------------------------------------ open and close */

static f24_status new_file(f24_file **file, f24_error *err)
{
    f24_file *f = calloc(1, sizeof *f);

    if (f == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot open");
    f24_scratch_init(&f->own_scratch, F24_SCRATCH_OF_FILE);
    *file = f;
    return F24_OK;
}

f24_status f24_file_of(f24_source *source, f24_container *container, f24_file **file,
                       f24_error *err)
{
    f24_file *f = NULL;
    f24_status status = new_file(&f, err);

    if (status != F24_OK) {
        f24_container_close(container);
        f24_source_release(source);
        return status;
    }
    f->source = source;
    f->container = container;
    status = f24_table_build(container, &f->table, err);
    if (status != F24_OK) {
        f24_close(f);
        return status;
    }
    *file = f;
    return F24_OK;
}

/* On failure `source` stays with the caller. */
static f24_status open_source(f24_source *source, f24_file **file, f24_error *err)
{
    f24_file *f = NULL;
    f24_status status;

    F24_TRY(new_file(&f, err));
    status = f24_container_open(source, &f->warnings, &f->container, err);
    if (status == F24_OK)
        status = f24_table_build(f->container, &f->table, err);
    if (status != F24_OK) {
        f24_close(f);
        return status;
    }
    f->source = source;
    *file = f;
    return F24_OK;
}

f24_status f24_open(const char *path, const f24_options *options, f24_file **file, f24_error *err)
{
    f24_source *source = NULL;
    f24_status status;

    F24_TRY(f24_source_open_path(path, options, &source, err));
    status = open_source(source, file, err);
    if (status != F24_OK)
        f24_source_release(source);
    else if (options != NULL)
        (*file)->pool = options->pool;
    return status;
}

f24_status f24_open_memory(const void *bytes, size_t n_bytes, f24_file **file, f24_error *err)
{
    f24_source *source = NULL;
    f24_status status;

    F24_TRY(f24_source_open_memory(bytes, n_bytes, &source, err));
    status = open_source(source, file, err);
    if (status != F24_OK)
        f24_source_release(source);
    return status;
}

f24_status f24_open_reader(const f24_reader *reader, f24_file **file, f24_error *err)
{
    f24_source *source = NULL;
    f24_status status;

    F24_TRY(f24_source_open_reader(reader, &source, err));
    status = open_source(source, file, err);
    if (status != F24_OK) {
        f24_source_disown(source); /* `close` stays uncalled on failure */
        f24_source_release(source);
    }
    return status;
}

void f24_close(f24_file *file)
{
    if (file == NULL)
        return;
    f24_table_release(file->table);
    f24_container_close(file->container);
    f24_source_release(file->source);
    f24_warnings_free(&file->warnings);
    f24_scratch_destroy(&file->own_scratch);
    free(file);
}

/* ------------------------------------------------------------------------------------- reports */

void f24_get_file_info(const f24_file *file, f24_file_info *info)
{
    f24_container_info(file->container, info);
    info->mapped = f24_source_is_mapped(file->source);
}

int64_t f24_warning_count(const f24_file *file)
{
    return file->warnings.n;
}

const f24_error *f24_warning_at(const f24_file *file, int64_t i)
{
    return i >= 0 && i < file->warnings.n ? &file->warnings.list[i] : NULL;
}

const f24_table *f24_file_table(const f24_file *file)
{
    return file->table;
}

/* ------------------------------------------------------------------------------------- records */

f24_status f24_file_check_index(const f24_file *file, int64_t index, f24_error *err)
{
    int64_t n = f24_table_columns(file->table)->n;

    if (index >= 0 && index < n)
        return F24_OK;
    return f24_fail_in(err,
                       f24_fail(err, F24_ENOTFOUND, -1,
                                "there is no record %" PRId64 ": the file has %" PRId64
                                ", counted from 0",
                                index, n),
                       index);
}

f24_place f24_file_place(const f24_file *file, int64_t index)
{
    const f24_columns *columns = f24_table_columns(file->table);

    return (f24_place){columns->offset[index], columns->n_bytes[index], columns->meta_words[index]};
}

f24_status f24_get_record(const f24_file *file, int64_t index, f24_record *record, f24_error *err)
{
    F24_TRY(f24_file_check_index(file, index, err));
    f24_table_row(file->table, index, record);
    return F24_OK;
}

f24_status f24_give_json(const uint8_t *bytes, size_t n, uint64_t offset, char *text,
                         size_t capacity, size_t *n_bytes, f24_error *err)
{
    size_t length = 0;

    if (n > 0) {
        const uint8_t *end = memchr(bytes, '\0', n);
        if (end == NULL)
            return f24_fail(err, F24_ECORRUPT, (int64_t)offset,
                            "the extended metadata have no end within their %zu bytes", n);
        length = (size_t)(end - bytes);
    }
    *n_bytes = length;
    if (capacity <= length && length + capacity > 0)
        return f24_fail(err, F24_EINVAL, -1,
                        "the extended metadata need %zu bytes and a NUL; there is room for %zu",
                        length, capacity);
    if (length > 0)
        memcpy(text, bytes, length);
    if (capacity > 0)
        text[length] = '\0';
    return F24_OK;
}

static f24_status read_json(const f24_file *file, const f24_place *place, char *text,
                            size_t capacity, size_t *n_bytes, f24_error *err)
{
    uint8_t *bytes = NULL;
    uint64_t offset, n;
    f24_status status = F24_OK;

    F24_TRY(f24_container_json(file->container, place, &offset, &n, err));
    if (n > 0) {
        bytes = malloc((size_t)n); /* 256 KiB at most: lengths have 16 bits of words */
        if (bytes == NULL)
            return f24_fail_errno(err, ENOMEM, -1, "cannot read the extended metadata");
        status = f24_source_read(file->source, offset, bytes, (size_t)n, err);
    }
    if (status == F24_OK)
        status = f24_give_json(bytes, (size_t)n, offset, text, capacity, n_bytes, err);
    free(bytes);
    return status;
}

f24_status f24_read_json(const f24_file *file, int64_t index, char *text, size_t capacity,
                         size_t *n_bytes, f24_error *err)
{
    f24_status status;
    f24_place place;

    F24_TRY(f24_file_check_index(file, index, err));
    place = f24_file_place(file, index);
    if ((f24_table_columns(file->table)->flags[index] & F24_FLAG_JSON) != 0)
        status = read_json(file, &place, text, capacity, n_bytes, err);
    else
        status = f24_give_json(NULL, 0, place.offset, text, capacity, n_bytes, err);
    return status == F24_OK ? F24_OK : f24_fail_in(err, status, index);
}

f24_status f24_read_stored(const f24_file *file, int64_t index, void *out, size_t n_bytes,
                           f24_error *err)
{
    f24_place place;
    f24_status status;

    F24_TRY(f24_file_check_index(file, index, err));
    place = f24_file_place(file, index);
    if (n_bytes != place.n_bytes)
        return f24_fail_in(err,
                           f24_fail(err, F24_EINVAL, -1,
                                    "the stored record has %" PRIu64
                                    " bytes, but room for %zu was given",
                                    place.n_bytes, n_bytes),
                           index);
    status = f24_source_read(file->source, place.offset, out, n_bytes, err);
    return status == F24_OK ? F24_OK : f24_fail_in(err, status, index);
}
