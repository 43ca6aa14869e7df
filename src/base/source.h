/*
 * A file is bytes behind this small interface: a file of this machine (pread, and a mapping for
 * views), memory of the caller, or callbacks. Reads are positional and safe among threads.
 */
#ifndef F24_BASE_SOURCE_H
#define F24_BASE_SOURCE_H

#include "base/error.h"

typedef struct f24_source f24_source;

/* Each gives a source with one reference. */
f24_status f24_source_open_path(const char *path, const f24_options *options, f24_source **source,
                                f24_error *err);
f24_status f24_source_open_memory(const void *bytes, size_t n_bytes, f24_source **source,
                                  f24_error *err);
f24_status f24_source_open_reader(const f24_reader *reader, f24_source **source, f24_error *err);

/* The last release closes. */
f24_source *f24_source_retain(f24_source *source);
void f24_source_release(f24_source *source);

/* From now on the last release does not call the reader's `close`. */
void f24_source_disown(f24_source *source);

/* Size when it was opened. */
uint64_t f24_source_size(const f24_source *source);
bool f24_source_is_mapped(const f24_source *source);

/*
 * Fill `buffer` with exactly n_bytes from `offset`. F24_ETRUNCATED when the range leaves the file
 * as it was opened, or as it is now. F24_EIO, F24_ECHANGED.
 */
f24_status f24_source_read(f24_source *source, uint64_t offset, void *buffer, size_t n_bytes,
                           f24_error *err);

/*
 * Bytes in place, or NULL.
 *
 * f24_source_borrow  only memory that no other process can take away: safe for the library to read.
 * f24_source_view    that, or a mapping: to hand out, never to read here (a mapped file that is cut
 *                    short ends a process that touches it).
 * Both give NULL when the range leaves the source.
 */
const uint8_t *f24_source_borrow(const f24_source *source, uint64_t offset, uint64_t n_bytes);
const uint8_t *f24_source_view(const f24_source *source, uint64_t offset, uint64_t n_bytes);

#endif
