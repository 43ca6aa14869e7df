#include "container/parts.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdlib.h>

void f24_window_init(f24_window *window, f24_source *source)
{
    *window = (f24_window){.source = source, .size = f24_source_size(source)};
}

void f24_window_free(f24_window *window)
{
    free(window->bytes);
    window->bytes = NULL;
    window->capacity = window->n_bytes = 0;
}

static f24_status grow(f24_window *window, size_t n_bytes, f24_error *err)
{
    uint8_t *bytes;

    if (n_bytes <= window->capacity)
        return F24_OK;
    bytes = malloc(n_bytes);
    if (bytes == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot get memory to read the directory");
    f24_window_free(window);
    window->bytes = bytes;
    window->capacity = n_bytes;
    return F24_OK;
}

f24_status f24_window_at(f24_window *window, uint64_t offset, size_t need, size_t want,
                         const uint8_t **bytes, size_t *n_had, f24_error *err)
{
    uint64_t rest = offset <= window->size ? window->size - offset : 0;
    const uint8_t *borrowed;
    size_t n;

    if (need > rest)
        return f24_fail(err, F24_ETRUNCATED, (int64_t)offset,
                        "%zu bytes are needed here, but the file ends at byte %llu", need,
                        (unsigned long long)window->size);
    if (window->n_bytes != 0 && offset >= window->offset &&
        offset - window->offset <= window->n_bytes &&
        window->n_bytes - (size_t)(offset - window->offset) >= need) {
        size_t skip = (size_t)(offset - window->offset);
        *bytes = window->bytes + skip;
        if (n_had != NULL)
            *n_had = window->n_bytes - skip;
        return F24_OK;
    }
    n = want > need ? want : need;
    if (n > rest)
        n = (size_t)rest;
    borrowed = f24_source_borrow(window->source, offset, n);
    if (borrowed == NULL) {
        F24_TRY(grow(window, n, err));
        window->n_bytes = 0; /* nothing, should the read fail half-way */
        F24_TRY(f24_source_read(window->source, offset, window->bytes, n, err));
        window->offset = offset;
        window->n_bytes = n;
        borrowed = window->bytes;
    }
    *bytes = borrowed;
    if (n_had != NULL)
        *n_had = n;
    return F24_OK;
}
