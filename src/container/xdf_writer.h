/*
 * An XDF file that is being written: what xdf_begin.c and xdf_write.c share. Facts:
 * docs/format/containers.md, 2.
 */
#ifndef F24_CONTAINER_XDF_WRITER_H
#define F24_CONTAINER_XDF_WRITER_H

#include "container/xdf_page.h"

#define F24_XDF_READ_WRITE 3u /* rwflg of a file that a writer has (2.2) */

/* Numbers of the header that change (2.2). */
typedef struct f24_xdf_counts {
    uint32_t n_rewrites, n_extensions, n_pages, longest, n_erasures, n_live;
} f24_xdf_counts;

typedef struct f24_xdf {
    bool in_place;
    bool locked;
    bool torn;     /* a failed change could not be undone on disk */
    uint64_t end;  /* of the last structure: where the next one goes */
    uint64_t size; /* of a file in place, and what its header says */
    uint64_t step; /* bytes that a file in place grows ahead of its records next time */
    f24_xdf_counts counts;
    f24_xdf_image *last;  /* the page that takes entries, as on disk when in place */
    f24_xdf_image *other; /* any other: one being made, or an earlier one being changed */
    uint8_t header[F24_XDF_HEADER];
} f24_xdf;

/* Take the lock of a file in place; begin an empty one, read the directory of any other. */
f24_status f24_xdf_begin(f24_store *store, f24_error *err);

/* Bring the header on disk up to date; `writing` is its rwflg. */
f24_status f24_xdf_write_header(f24_store *store, uint32_t writing, f24_error *err);

/* A file in place has the size that we gave it: nobody else wrote to it. */
f24_status f24_xdf_check_alone(f24_store *store, f24_error *err);

/*
 * Size and header have to agree for librmn. Between the two calls they do not; then the file is the
 * longer one, and our reader knows what that means.
 */
f24_status f24_xdf_resize(f24_store *store, uint64_t size, f24_error *err);

#endif
