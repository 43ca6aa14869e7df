/*
 * A file descriptor that a pool may close while nobody reads, and open again.
 * Without a pool it stays open.
 */
#ifndef F24_BASE_DESCRIPTOR_H
#define F24_BASE_DESCRIPTOR_H

#include "base/error.h"
#include "base/scratch.h"

#include <sys/stat.h>

typedef struct f24_descriptor f24_descriptor;

/* Open a regular file; `status` receives its fstat. F24_EIO, F24_EINVAL (not a regular file). */
f24_status f24_descriptor_open(const char *path, f24_pool *pool, f24_descriptor **descriptor,
                               struct stat *status, f24_error *err);
void f24_descriptor_close(f24_descriptor *descriptor);

/*
 * Between the two the descriptor stays open. Waits when every descriptor of the pool is in use, so
 * a thread holds one at a time. F24_EIO; F24_ECHANGED when the path now names another file.
 */
f24_status f24_descriptor_acquire(f24_descriptor *descriptor, int *fd, f24_error *err);
void f24_descriptor_release(f24_descriptor *descriptor);

/* The work memory that files of a pool share; lives as long as the pool. */
f24_scratch *f24_pool_scratch(f24_pool *pool);

/* The path from the root, whatever the working directory becomes; free it. NULL: no memory. */
char *f24_absolute_path(const char *path);

#endif
