#include "base/source.h"

#include "base/bytes.h"
#include "base/descriptor.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

struct f24_source {
    atomic_int n_references;
    uint64_t size;
    f24_descriptor *descriptor; /* a file of this machine */
    const uint8_t *mapping;     /* of that file, or NULL */
    const uint8_t *memory;      /* bytes of the caller */
    f24_reader reader;          /* callbacks, when reader.read is not NULL */
};

static f24_status new_source(f24_source **source, f24_error *err)
{
    f24_source *s = calloc(1, sizeof *s);

    if (s == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot open");
    atomic_init(&s->n_references, 1);
    *source = s;
    return F24_OK;
}

/* A mapping is only a shortcut for views: where it cannot be had the file is read without it. */
static const uint8_t *map_file(f24_descriptor *descriptor, uint64_t size)
{
    void *at;
    int fd;

    if (size == 0 || size > SIZE_MAX || f24_descriptor_acquire(descriptor, &fd, NULL) != F24_OK)
        return NULL;
    at = mmap(NULL, (size_t)size, PROT_READ, MAP_SHARED, fd, 0);
    f24_descriptor_release(descriptor);
    return at == MAP_FAILED ? NULL : at;
}

f24_status f24_source_open_path(const char *path, const f24_options *options, f24_source **source,
                                f24_error *err)
{
    const f24_options defaults = F24_OPTIONS_INIT;
    struct stat status;
    f24_source *s = NULL;
    f24_status result;

    if (options == NULL)
        options = &defaults;
    F24_TRY(new_source(&s, err));
    result = f24_descriptor_open(path, options->pool, &s->descriptor, &status, err);
    if (result != F24_OK) {
        free(s);
        return result;
    }
    s->size = (uint64_t)status.st_size;
    if (s->size >= options->mmap_from)
        s->mapping = map_file(s->descriptor, s->size);
    *source = s;
    return F24_OK;
}

f24_status f24_source_open_memory(const void *bytes, size_t n_bytes, f24_source **source,
                                  f24_error *err)
{
    static const uint8_t nothing[1];
    f24_source *s = NULL;

    if (bytes == NULL && n_bytes != 0)
        return f24_fail(err, F24_EINVAL, -1, "no memory was given");
    F24_TRY(new_source(&s, err));
    s->memory = bytes != NULL ? bytes : nothing;
    s->size = n_bytes;
    *source = s;
    return F24_OK;
}

f24_status f24_source_open_reader(const f24_reader *reader, f24_source **source, f24_error *err)
{
    f24_source *s = NULL;

    if (reader == NULL || reader->read == NULL)
        return f24_fail(err, F24_EINVAL, -1, "a reader needs its read callback");
    F24_TRY(new_source(&s, err));
    s->reader = *reader;
    s->size = reader->size;
    *source = s;
    return F24_OK;
}

f24_source *f24_source_retain(f24_source *source)
{
    atomic_fetch_add_explicit(&source->n_references, 1, memory_order_relaxed);
    return source;
}

void f24_source_release(f24_source *source)
{
    if (source == NULL ||
        atomic_fetch_sub_explicit(&source->n_references, 1, memory_order_acq_rel) != 1)
        return;
    if (source->mapping != NULL)
        (void)munmap((void *)(uintptr_t)source->mapping, (size_t)source->size);
    f24_descriptor_close(source->descriptor);
    if (source->reader.close != NULL)
        source->reader.close(source->reader.context);
    free(source);
}

void f24_source_disown(f24_source *source)
{
    source->reader.close = NULL;
}

uint64_t f24_source_size(const f24_source *source)
{
    return source->size;
}

bool f24_source_is_mapped(const f24_source *source)
{
    return source->mapping != NULL;
}

static f24_status read_file(f24_source *source, uint64_t offset, uint8_t *buffer, size_t n_bytes,
                            f24_error *err)
{
    f24_status status = F24_OK;
    size_t done = 0;
    int fd;

    F24_TRY(f24_descriptor_acquire(source->descriptor, &fd, err));
    while (done < n_bytes) {
        ssize_t got = pread(fd, buffer + done, n_bytes - done, (off_t)(offset + done));
        if (got > 0) {
            done += (size_t)got; /* Linux gives at most 2 GiB a call */
        } else if (got == 0) {
            status = f24_fail(err, F24_ETRUNCATED, (int64_t)(offset + done),
                              "the file was cut short while it was open: it ends before byte %llu",
                              (unsigned long long)(offset + n_bytes));
            break;
        } else if (errno != EINTR) {
            status = f24_fail_errno(err, errno, (int64_t)(offset + done), "cannot read");
            break;
        }
    }
    f24_descriptor_release(source->descriptor);
    return status;
}

f24_status f24_source_read(f24_source *source, uint64_t offset, void *buffer, size_t n_bytes,
                           f24_error *err)
{
    uint64_t end;
    int failure;

    if (!f24_add(offset, n_bytes, &end) || end > source->size)
        return f24_fail(err, F24_ETRUNCATED, (int64_t)offset,
                        "%llu bytes are needed here, but the file ends at byte %llu",
                        (unsigned long long)n_bytes, (unsigned long long)source->size);
    if (n_bytes == 0)
        return F24_OK;
    if (source->memory != NULL) {
        memcpy(buffer, source->memory + offset, n_bytes);
        return F24_OK;
    }
    if (source->descriptor != NULL)
        return read_file(source, offset, buffer, n_bytes, err);
    failure = source->reader.read(source->reader.context, offset, buffer, n_bytes);
    if (failure != 0)
        return f24_fail_errno(err, failure, (int64_t)offset, "the reader failed");
    return F24_OK;
}

static const uint8_t *part(const uint8_t *bytes, uint64_t size, uint64_t offset, uint64_t n_bytes)
{
    uint64_t end;

    if (bytes == NULL || !f24_add(offset, n_bytes, &end) || end > size)
        return NULL;
    return bytes + offset;
}

const uint8_t *f24_source_borrow(const f24_source *source, uint64_t offset, uint64_t n_bytes)
{
    return part(source->memory, source->size, offset, n_bytes);
}

const uint8_t *f24_source_view(const f24_source *source, uint64_t offset, uint64_t n_bytes)
{
    return part(source->memory != NULL ? source->memory : source->mapping, source->size, offset,
                n_bytes);
}
