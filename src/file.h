/* What an open file is made of: for file.c and record.c. */
#ifndef F24_FILE_H
#define F24_FILE_H

#include "base/descriptor.h"
#include "base/scratch.h"
#include "base/source.h"
#include "container/container.h"
#include "table/table.h"

/* Immutable after opening, but for the store of work memory, which has its own lock. */
struct f24_file {
    f24_source *source;
    f24_container *container;
    const f24_table *table;
    f24_warnings warnings;
    f24_pool *pool; /* whose work memory is used, or NULL: the file's own */
    f24_scratch own_scratch;
};

/* The store guards itself: taking from it does not change what readers see of the file. */
static inline f24_scratch *f24_file_scratch(const f24_file *file)
{
    return file->pool != NULL ? f24_pool_scratch(file->pool)
                              : &((f24_file *)(uintptr_t)file)->own_scratch;
}

/* A file of a container that is open and not yet scanned. Takes over both, also on failure. */
f24_status f24_file_of(f24_source *source, f24_container *container, f24_file **file,
                       f24_error *err);

/* F24_ENOTFOUND when there is no record `index`; err->record is set. */
f24_status f24_file_check_index(const f24_file *file, int64_t index, f24_error *err);

/* What the directory says of record `index`, which has been checked. */
f24_place f24_file_place(const f24_file *file, int64_t index);

/*
 * Extended metadata for the caller, as f24_read_json gives them: the text before the NUL among `n`
 * bytes (0: none). `offset` is where they lie, for errors.
 */
f24_status f24_give_json(const uint8_t *bytes, size_t n, uint64_t offset, char *text,
                         size_t capacity, size_t *n_bytes, f24_error *err);

#endif
