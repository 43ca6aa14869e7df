/*
 * A file that is being written: in place, or beside its target and moved there when it is finished.
 * Writes are positional. One writer at a time (the callers see to it); what reads it back may be any
 * thread.
 */
#ifndef F24_BASE_OUTPUT_H
#define F24_BASE_OUTPUT_H

#include "base/error.h"
#include "base/source.h"

#include <sys/uio.h>

typedef struct f24_output f24_output;

/*
 * f24_output_create  an empty file beside `path`, with the access rights of the file it replaces, or
 *                    those of any new file. With `is_new` a file at `path` is refused (EEXIST), now
 *                    and when it is moved there.
 * f24_output_open    the file at `path`, made when there is none, to be changed in place. F24_EINVAL: not
 *                    a regular file.
 * Each gives one reference.
 */
f24_status f24_output_create(const char *path, bool is_new, f24_output **output, f24_error *err);
f24_status f24_output_open(const char *path, f24_output **output, f24_error *err);
f24_output *f24_output_retain(f24_output *output);

/* The last release closes; a file that was made beside its target and never moved is removed. */
void f24_output_release(f24_output *output);

/* Remove it now, though others may still read it. */
void f24_output_drop(f24_output *output);

/* F24_ECHANGED: the name of a file in place has another file now, or none. */
f24_status f24_output_check_name(const f24_output *output, f24_error *err);

/* True for f24_output_open: others may see the file while it is written. */
bool f24_output_in_place(const f24_output *output);

/* The size as it is now. */
f24_status f24_output_size(f24_output *output, uint64_t *n_bytes, f24_error *err);

/* Exactly n_bytes; F24_ETRUNCATED when the file ends before. */
f24_status f24_output_read(f24_output *output, uint64_t offset, void *buffer, size_t n_bytes,
                           f24_error *err);

/* The bytes that are there now, to read while the writing goes on; keeps a reference to the output. */
f24_status f24_output_source(f24_output *output, f24_source **source, f24_error *err);

/*
 * All bytes, or an error; F24_EIO names a full disk. The vectors are used up. At most
 * F24_OUTPUT_PIECES of them.
 */
#define F24_OUTPUT_PIECES 5
f24_status f24_output_write(f24_output *output, uint64_t offset, const void *bytes, size_t n_bytes,
                            f24_error *err);
f24_status f24_output_write_pieces(f24_output *output, uint64_t offset, struct iovec *pieces,
                                   int n_pieces, f24_error *err);

/* Make the file n_bytes long: cut it, or let it grow by a hole that reads as zeros. */
f24_status f24_output_resize(f24_output *output, uint64_t n_bytes, f24_error *err);

/*
 * Have the disk set blocks aside for n_bytes from `offset`, so that writing them later cannot meet a full
 * disk. The size stays. F24_OK, too, where the file system cannot do that.
 */
f24_status f24_output_allocate(f24_output *output, uint64_t offset, uint64_t n_bytes,
                               f24_error *err);

/* Wait until everything is on disk. */
f24_status f24_output_sync(f24_output *output, f24_error *err);

/*
 * An advisory lock of the whole file (docs/format/containers.md, 3.8), of the kind that belongs to the
 * open file where the system has it (F_OFD_SETLK), so that two writers of one process exclude each
 * other, too.
 *
 * f24_output_lock      waits for it.
 * f24_output_try_lock  F24_ELOCKED at once when somebody has it; names the process where it can be told.
 */
f24_status f24_output_lock(f24_output *output, f24_error *err);
f24_status f24_output_try_lock(f24_output *output, f24_error *err);
void f24_output_unlock(f24_output *output);

/* A process that has the file open for writing through another descriptor; 0: none is seen. */
long f24_output_other_writer(f24_output *output);

/* Move a file that was made beside its target there, durably when `sync`. Once, at the end. */
f24_status f24_output_publish(f24_output *output, bool sync, f24_error *err);

#endif
