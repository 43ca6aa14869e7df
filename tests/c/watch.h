/*
 * What a program writes, watched and disturbed: the linker leads the calls of src/base/output.c here
 * (-Wl,--wrap). `look` runs after each of them, and in the middle of those that a kill can cut.
 */
#ifndef F24_TESTS_WATCH_H
#define F24_TESTS_WATCH_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>
#include <sys/uio.h>

static struct {
    void (*look)(void);
    int n_calls;
    int fail_at;        /* the call that finds the disk full, counted from 1 */
    bool fail_for_long; /* and all after it */
} watch;

static inline bool must_fail(void)
{
    watch.n_calls++;
    if (watch.fail_at == 0 || watch.n_calls < watch.fail_at ||
        (watch.n_calls > watch.fail_at && !watch.fail_for_long))
        return false;
    errno = ENOSPC;
    return true;
}

#ifdef F24_WATCH

static inline bool watch_works(void)
{
    return true;
}

/* Not declared by any header: the linker makes them. */
ssize_t F24_REAL_WRITE(int fd, const struct iovec *pieces, int n_pieces, off_t offset);
ssize_t F24_WRAP_WRITE(int fd, const struct iovec *pieces, int n_pieces, off_t offset);
int F24_REAL_RESIZE(int fd, off_t size);
int F24_WRAP_RESIZE(int fd, off_t size);

/* The system looks for signals where a page of memory ends. */
static void write_in_parts(int fd, const struct iovec *pieces, int n_pieces, off_t offset)
{
    for (int i = 0; i < n_pieces; i++) {
        size_t done = 0;
        while (done < pieces[i].iov_len) {
            size_t part = 4096 - (size_t)(offset % 4096);
            struct iovec piece = {(char *)pieces[i].iov_base + done, 0};
            if (part > pieces[i].iov_len - done)
                part = pieces[i].iov_len - done;
            piece.iov_len = part;
            if (F24_REAL_WRITE(fd, &piece, 1, offset) != (ssize_t)part)
                return;
            done += part;
            offset += (off_t)part;
            if (offset % 4096 == 0)
                watch.look();
        }
    }
}

/* A full disk takes the first half. */
static ssize_t write_half(int fd, const struct iovec *pieces, off_t offset)
{
    struct iovec half = {pieces[0].iov_base, pieces[0].iov_len / 2};

    if (half.iov_len > 0)
        (void)F24_REAL_WRITE(fd, &half, 1, offset);
    errno = ENOSPC;
    return -1;
}

ssize_t F24_WRAP_WRITE(int fd, const struct iovec *pieces, int n_pieces, off_t offset)
{
    ssize_t n;

    if (must_fail())
        return write_half(fd, pieces, offset);
    if (watch.look != NULL)
        write_in_parts(fd, pieces, n_pieces, offset);
    n = F24_REAL_WRITE(fd, pieces, n_pieces, offset);
    if (watch.look != NULL)
        watch.look();
    return n;
}

int F24_WRAP_RESIZE(int fd, off_t size)
{
    int result = must_fail() ? -1 : F24_REAL_RESIZE(fd, size);

    if (watch.look != NULL)
        watch.look();
    return result;
}

#else

static inline bool watch_works(void)
{
    return false;
}

#endif

#endif
