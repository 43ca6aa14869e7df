#include "base/output.h"

#include "base/descriptor.h"
#include "base/lock_owner.h"

#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

struct f24_output {
    atomic_int n_references;
    int fd;
    char *path;   /* absolute: the working directory may change before the end */
    char *beside; /* where it is made; NULL in place, and once it was moved */
    bool in_place;
    bool is_new; /* nothing may be at `path` when it is moved there */
};

/* What a write longer than this asks of the system is asked in parts: Linux moves less than 2 GiB at a
 * time. */
#define MOST_BYTES ((size_t)1 << 30)

/* ------------------------------------------------------------------------------ open and close */

static f24_status new_output(const char *path, f24_output **output, f24_error *err)
{
    f24_output *o = calloc(1, sizeof *o);

    if (o == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot open for writing");
    atomic_init(&o->n_references, 1);
    o->fd = -1;
    o->path = f24_absolute_path(path);
    if (o->path == NULL) {
        free(o);
        return f24_fail_errno(err, ENOMEM, -1, "cannot open for writing");
    }
    *output = o;
    return F24_OK;
}

f24_output *f24_output_retain(f24_output *output)
{
    atomic_fetch_add_explicit(&output->n_references, 1, memory_order_relaxed);
    return output;
}

void f24_output_release(f24_output *output)
{
    if (output == NULL ||
        atomic_fetch_sub_explicit(&output->n_references, 1, memory_order_acq_rel) != 1)
        return;
    f24_output_drop(output);
    if (output->fd >= 0)
        (void)close(output->fd);
    free(output->path);
    free(output);
}

void f24_output_drop(f24_output *output)
{
    if (output->beside != NULL)
        (void)unlink(output->beside);
    free(output->beside);
    output->beside = NULL;
}

f24_status f24_output_check_name(const f24_output *output, f24_error *err)
{
    struct stat ours, named;

    if (!output->in_place || fstat(output->fd, &ours) != 0)
        return F24_OK;
    if (stat(output->path, &named) == 0 && named.st_dev == ours.st_dev &&
        named.st_ino == ours.st_ino)
        return F24_OK;
    return f24_fail(err, F24_ECHANGED, -1,
                    "another file was put in the place of this one while it was written: what was "
                    "added is lost");
}

/*
 * A symbolic link is written through, not replaced: what it leads to is the file that people mean.
 */
static void follow_links(f24_output *output)
{
    char *real = realpath(output->path, NULL);

    if (real != NULL) {
        free(output->path);
        output->path = real;
    }
}

/* Somebody has a lock on the file behind `fd`. */
static f24_status fail_locked(int fd, f24_error *err)
{
    long holder = f24_lock_owner(fd);

    if (holder > 0)
        return f24_fail(err, F24_ELOCKED, -1,
                        "process %ld%s writes to the file: wait until it is done, or write another "
                        "file",
                        holder, holder == (long)getpid() ? " (this one)" : "");
    return f24_fail(err, F24_ELOCKED, -1,
                    "another process writes to the file: wait until it is done, or write another "
                    "file");
}

/* A name that nobody has: process and attempt; chance where two file systems share process numbers. */
static void name_beside(const f24_output *output, size_t n_bytes, unsigned attempt)
{
    const char *name = strrchr(output->path, '/') + 1;
    struct timespec now = {0, 0};

    (void)clock_gettime(CLOCK_REALTIME, &now);
    /* Names have 255 bytes at most; a cut one is still recognised. */
    (void)snprintf(output->beside, n_bytes, "%.*s.%.200s.fst24-%ld-%lx-%u",
                   (int)(name - output->path), output->path, name, (long)getpid(),
                   (unsigned long)now.tv_nsec, attempt);
}

/* The same directory is on the same file system: the name can be moved. */
static f24_status make_beside(f24_output *output, f24_error *err)
{
    const size_t n = strlen(output->path) + 80;
    struct stat replaced;

    output->beside = malloc(n);
    if (output->beside == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot open for writing");
    for (unsigned attempt = 0; output->fd < 0 && attempt < 100; attempt++) {
        name_beside(output, n, attempt);
        output->fd = open(output->beside, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
        if (output->fd < 0 && errno != EEXIST && errno != EINTR)
            break;
    }
    if (output->fd < 0) {
        f24_status status = f24_fail_errno(err, errno, -1, "cannot make a file beside it");
        free(output->beside);
        output->beside = NULL;
        return status;
    }
    if (stat(output->path, &replaced) == 0)
        (void)fchmod(output->fd, replaced.st_mode & 07777);
    return F24_OK;
}

static f24_status refuse_existing(const f24_output *output, f24_error *err)
{
    struct stat status;

    if (!output->is_new || lstat(output->path, &status) != 0)
        return F24_OK;
    return f24_fail_errno(err, EEXIST, -1, "cannot make a new file");
}

/* A directory or a device cannot be replaced by a file, nor a link that leads nowhere be followed. */
static f24_status refuse_irregular(const char *path, f24_error *err)
{
    struct stat status;

    if (stat(path, &status) != 0)
        return lstat(path, &status) != 0
                   ? F24_OK
                   : f24_fail_errno(err, ENOENT, -1, "cannot write where this link leads");
    if (S_ISREG(status.st_mode))
        return F24_OK;
    if (S_ISDIR(status.st_mode))
        return f24_fail_errno(err, EISDIR, -1, "cannot write");
    return f24_fail(err, F24_EINVAL, -1,
                    "not a regular file (a pipe or a device): write a file and copy it there");
}

/* A file that nobody may write to, or that somebody writes to, is not replaced. */
static f24_status refuse_held(const char *path, f24_error *err)
{
    f24_status status = F24_OK;
    int fd;

    if (faccessat(AT_FDCWD, path, W_OK, AT_EACCESS) != 0)
        return errno == ENOENT ? F24_OK : f24_fail_errno(err, errno, -1, "cannot replace");
    fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0 && f24_is_locked(fd))
        status = fail_locked(fd, err);
    if (fd >= 0)
        (void)close(fd);
    return status;
}

f24_status f24_output_create(const char *path, bool is_new, f24_output **output, f24_error *err)
{
    f24_output *o = NULL;
    f24_status status;

    F24_TRY(new_output(path, &o, err));
    o->is_new = is_new;
    status = refuse_existing(o, err);
    if (status == F24_OK) {
        follow_links(o);
        status = refuse_irregular(o->path, err);
    }
    if (status == F24_OK)
        status = refuse_held(o->path, err);
    if (status == F24_OK)
        status = make_beside(o, err);
    if (status != F24_OK) {
        f24_output_release(o);
        return status;
    }
    *output = o;
    return F24_OK;
}

f24_status f24_output_open(const char *path, f24_output **output, f24_error *err)
{
    f24_output *o = NULL;
    f24_status status;

    F24_TRY(new_output(path, &o, err));
    o->in_place = true;
    status = refuse_irregular(o->path, err);
    if (status == F24_OK) {
        do
            o->fd = open(o->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK, 0666);
        while (o->fd < 0 && errno == EINTR);
        if (o->fd < 0)
            status = f24_fail_errno(err, errno, -1, "cannot open for writing");
    }
    if (status != F24_OK) {
        f24_output_release(o);
        return status;
    }
    *output = o;
    return F24_OK;
}

bool f24_output_in_place(const f24_output *output)
{
    return output->in_place;
}

/* ---------------------------------------------------------------------------------- the bytes */

f24_status f24_output_size(f24_output *output, uint64_t *n_bytes, f24_error *err)
{
    struct stat status;

    if (fstat(output->fd, &status) != 0)
        return f24_fail_errno(err, errno, -1, "cannot tell the size");
    *n_bytes = (uint64_t)status.st_size;
    return F24_OK;
}

f24_status f24_output_read(f24_output *output, uint64_t offset, void *buffer, size_t n_bytes,
                           f24_error *err)
{
    uint8_t *at = buffer;

    while (n_bytes > 0) {
        size_t most = n_bytes < MOST_BYTES ? n_bytes : MOST_BYTES;
        ssize_t n = pread(output->fd, at, most, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return f24_fail_errno(err, errno, (int64_t)offset, "cannot read");
        if (n == 0)
            return f24_fail(err, F24_ETRUNCATED, (int64_t)offset,
                            "the file ends %zu bytes too early", n_bytes);
        at += n;
        offset += (uint64_t)n;
        n_bytes -= (size_t)n;
    }
    return F24_OK;
}

static int read_back(void *context, uint64_t offset, void *buffer, size_t n_bytes)
{
    f24_error err = {0};

    if (f24_output_read(context, offset, buffer, n_bytes, &err) == F24_OK)
        return 0;
    return err.sys_errno != 0 ? err.sys_errno : EIO;
}

static void let_go(void *context)
{
    f24_output_release(context);
}

f24_status f24_output_source(f24_output *output, f24_source **source, f24_error *err)
{
    f24_reader reader = {.context = output, .read = read_back, .close = let_go};

    F24_TRY(f24_output_size(output, &reader.size, err));
    F24_TRY(f24_source_open_reader(&reader, source, err));
    (void)f24_output_retain(output);
    return F24_OK;
}

f24_status f24_output_write(f24_output *output, uint64_t offset, const void *bytes, size_t n_bytes,
                            f24_error *err)
{
    struct iovec piece = {(void *)(uintptr_t)bytes, n_bytes};

    return f24_output_write_pieces(output, offset, &piece, 1, err);
}

/* So much of the pieces as one call takes, without touching them. */
static int part_of(const struct iovec *pieces, int n_pieces, struct iovec *part)
{
    size_t room = MOST_BYTES;
    int n = 0;

    for (int i = 0; i < n_pieces && room > 0; i++) {
        part[n] = pieces[i];
        if (part[n].iov_len > room)
            part[n].iov_len = room;
        room -= part[n].iov_len;
        n++;
    }
    return n;
}

/* Pass over what was written. */
static void advance(struct iovec **pieces, int *n_pieces, size_t n_bytes)
{
    while (*n_pieces > 0 && n_bytes >= (*pieces)->iov_len) {
        n_bytes -= (*pieces)->iov_len;
        ++*pieces;
        --*n_pieces;
    }
    if (*n_pieces > 0) {
        (*pieces)->iov_base = (uint8_t *)(*pieces)->iov_base + n_bytes;
        (*pieces)->iov_len -= n_bytes;
    }
}

f24_status f24_output_write_pieces(f24_output *output, uint64_t offset, struct iovec *pieces,
                                   int n_pieces, f24_error *err)
{
    advance(&pieces, &n_pieces, 0); /* empty ones */
    while (n_pieces > 0) {
        struct iovec part[F24_OUTPUT_PIECES];
        int n_part = part_of(pieces, n_pieces, part);
        ssize_t n = pwritev(output->fd, part, n_part, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return f24_fail_errno(err, errno, (int64_t)offset, "cannot write");
        offset += (uint64_t)n;
        advance(&pieces, &n_pieces, (size_t)n);
    }
    return F24_OK;
}

f24_status f24_output_resize(f24_output *output, uint64_t n_bytes, f24_error *err)
{
    int result;

    do
        result = ftruncate(output->fd, (off_t)n_bytes);
    while (result != 0 && errno == EINTR);
    if (result != 0)
        return f24_fail_errno(err, errno, (int64_t)n_bytes, "cannot set the size");
    return F24_OK;
}

#ifdef __linux__
f24_status f24_output_allocate(f24_output *output, uint64_t offset, uint64_t n_bytes,
                               f24_error *err)
{
    struct rlimit limit;
    int result;

    /* Blocks behind the end of a file are not counted against this limit, what is written there is. */
    if (getrlimit(RLIMIT_FSIZE, &limit) == 0 && limit.rlim_cur != RLIM_INFINITY &&
        offset + n_bytes > limit.rlim_cur)
        return f24_fail_errno(err, EFBIG, (int64_t)offset, "cannot write");
    do
        result = fallocate(output->fd, FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)n_bytes);
    while (result != 0 && errno == EINTR);
    if (result != 0 && (errno == ENOSPC || errno == EDQUOT || errno == EFBIG || errno == EIO))
        return f24_fail_errno(err, errno, (int64_t)offset, "cannot write");
    return F24_OK;
}
#else
f24_status f24_output_allocate(f24_output *output, uint64_t offset, uint64_t n_bytes,
                               f24_error *err)
{
    (void)output;
    (void)offset;
    (void)n_bytes;
    (void)err;
    return F24_OK;
}
#endif

f24_status f24_output_sync(f24_output *output, f24_error *err)
{
    int result;

    do
        result = fsync(output->fd);
    while (result != 0 && errno == EINTR);
    if (result != 0)
        return f24_fail_errno(err, errno, -1, "cannot write to disk");
    return F24_OK;
}

/* -------------------------------------------------------------------------------------- locks */

#ifdef F_OFD_SETLK
enum { SET = F_OFD_SETLK };
#else
enum { SET = F_SETLK };
#endif

#define LOCK_PAUSE 500000L         /* ns between two attempts */
#define LOCK_PATIENCE 10000000000L /* ns in all */

/* F24_ELOCKED: somebody else has it. Any other failure leaves errno. */
static f24_status set_lock(f24_output *output, short type)
{
    struct flock lock = {.l_type = type, .l_whence = SEEK_SET};
    int result;

    do
        result = fcntl(output->fd, SET, &lock);
    while (result != 0 && errno == EINTR);
    if (result == 0)
        return F24_OK;
    return errno == EAGAIN || errno == EACCES ? F24_ELOCKED : F24_EIO;
}

static f24_status lock_result(const f24_output *output, f24_status status, f24_error *err)
{
    if (status == F24_ELOCKED)
        return fail_locked(output->fd, err);
    return status == F24_OK ? F24_OK : f24_fail_errno(err, errno, -1, "cannot lock");
}

/* Those who share a file have the lock for moments: who does not get it in this time never will. */
f24_status f24_output_lock(f24_output *output, f24_error *err)
{
    const struct timespec pause = {0, LOCK_PAUSE};
    f24_status status = F24_ELOCKED;

    for (long waited = 0; status == F24_ELOCKED && waited < LOCK_PATIENCE; waited += LOCK_PAUSE) {
        if (waited > 0)
            (void)nanosleep(&pause, NULL);
        status = set_lock(output, F_WRLCK);
    }
    return lock_result(output, status, err);
}

f24_status f24_output_try_lock(f24_output *output, f24_error *err)
{
    return lock_result(output, set_lock(output, F_WRLCK), err);
}

void f24_output_unlock(f24_output *output)
{
    (void)set_lock(output, F_UNLCK);
}

long f24_output_other_writer(f24_output *output)
{
    return f24_other_writer(output->fd);
}

static f24_status refuse_writer(int fd, f24_error *err)
{
    long process = f24_other_writer(fd);

    if (process == 0)
        process = f24_lock_owner(fd);
    if (process > 0)
        return f24_fail(err, F24_ELOCKED, -1,
                        "process %ld%s has the file open for writing: wait until it is done",
                        process, process == (long)getpid() ? " (this one)" : "");
    if (f24_is_locked(fd))
        return f24_fail(err, F24_ELOCKED, -1,
                        "another process writes to the file: wait until it is done");
    return F24_OK;
}

f24_status f24_check_unwritten(const char *path, f24_error *err)
{
    f24_status status;
    int fd;

    do
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    while (fd < 0 && errno == EINTR);
    if (fd < 0)
        return f24_fail_errno(err, errno, -1, "cannot open");
    status = refuse_writer(fd, err);
    (void)close(fd);
    return status;
}

/* --------------------------------------------------------------------------------- the target */

/* A name is durable when its directory is. Some file systems cannot sync one; that is no failure. */
static void sync_directory(const char *path)
{
    const char *name = strrchr(path, '/');
    char *directory = strndup(path, name == path ? 1 : (size_t)(name - path));
    int fd = directory == NULL ? -1 : open(directory, O_RDONLY | O_CLOEXEC | O_DIRECTORY);

    if (fd >= 0) {
        (void)fsync(fd);
        (void)close(fd);
    }
    free(directory);
}

/* Move the name; a file that was made at `path` meanwhile is not replaced by a new one. */
static int move(const f24_output *output)
{
    if (!output->is_new)
        return rename(output->beside, output->path);
    if (link(output->beside, output->path) == 0)
        return unlink(output->beside);
    if (errno == EPERM || errno == EOPNOTSUPP || errno == ENOSYS) { /* no hard links there */
        struct stat status;
        if (lstat(output->path, &status) == 0) {
            errno = EEXIST;
            return -1;
        }
        return rename(output->beside, output->path);
    }
    return -1;
}

f24_status f24_output_publish(f24_output *output, bool sync, f24_error *err)
{
    if (sync)
        F24_TRY(f24_output_sync(output, err));
    if (move(output) != 0)
        return f24_fail_errno(err, errno, -1, "cannot move the finished file to its name");
    free(output->beside);
    output->beside = NULL;
    if (sync)
        sync_directory(output->path);
    return F24_OK;
}
