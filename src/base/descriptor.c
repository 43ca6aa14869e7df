#include "base/descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct f24_descriptor {
    char *path; /* absolute: the working directory may change before it is opened again */
    f24_pool *pool;
    int fd;      /* -1: closed. With a pool, guarded by its mutex */
    int n_users; /* threads between acquire and release */
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
    f24_descriptor *older, *newer; /* in the pool's list of open and idle ones */
};

struct f24_pool {
    pthread_mutex_t mutex;
    pthread_cond_t freed;
    int max_open;
    int n_open;
    f24_descriptor *oldest, *newest; /* open, n_users 0, by time of last use */
};

static char *absolute_path(const char *path)
{
    char *directory;
    char *joined = NULL;
    size_t n;

    if (path[0] == '/')
        return strdup(path);
    directory = getcwd(NULL, 0);
    if (directory == NULL)
        return NULL;
    n = strlen(directory) + strlen(path) + 2;
    joined = malloc(n);
    if (joined != NULL)
        (void)snprintf(joined, n, "%s/%s", directory, path);
    free(directory);
    return joined;
}

/* Opening a pipe would wait for its writer and a directory opens without complaint: ask first. */
static f24_status open_regular(const char *path, int *fd, struct stat *status, f24_error *err)
{
    if (stat(path, status) != 0)
        return f24_fail_errno(err, errno, -1, "cannot open");
    if (S_ISDIR(status->st_mode))
        return f24_fail_errno(err, EISDIR, -1, "cannot open");
    if (!S_ISREG(status->st_mode))
        return f24_fail(err, F24_EINVAL, -1,
                        "not a regular file (a pipe or a device): copy it first");
    do
        *fd = open(path, O_RDONLY | O_CLOEXEC);
    while (*fd < 0 && errno == EINTR);
    if (*fd < 0)
        return f24_fail_errno(err, errno, -1, "cannot open");
    if (fstat(*fd, status) != 0) {
        int why = errno;
        (void)close(*fd);
        return f24_fail_errno(err, why, -1, "cannot tell the size");
    }
    return F24_OK;
}

static void list_remove(f24_pool *pool, f24_descriptor *d)
{
    *(d->older != NULL ? &d->older->newer : &pool->oldest) = d->newer;
    *(d->newer != NULL ? &d->newer->older : &pool->newest) = d->older;
    d->older = d->newer = NULL;
}

static void list_append(f24_pool *pool, f24_descriptor *d)
{
    d->older = pool->newest;
    d->newer = NULL;
    *(pool->newest != NULL ? &pool->newest->newer : &pool->oldest) = d;
    pool->newest = d;
}

/* Make room for one more open descriptor; waits while all are in use. */
static void make_room_locked(f24_pool *pool)
{
    while (pool->n_open >= pool->max_open) {
        f24_descriptor *idle = pool->oldest;
        if (idle == NULL) {
            (void)pthread_cond_wait(&pool->freed, &pool->mutex);
            continue;
        }
        list_remove(pool, idle);
        (void)close(idle->fd);
        idle->fd = -1;
        pool->n_open--;
    }
}

static bool is_same_file(const f24_descriptor *d, const struct stat *now)
{
    return d->device == now->st_dev && d->inode == now->st_ino && d->size == now->st_size &&
           d->changed.tv_sec == now->st_mtim.tv_sec && d->changed.tv_nsec == now->st_mtim.tv_nsec;
}

static f24_status reopen_locked(f24_descriptor *d, f24_error *err)
{
    struct stat now;
    int fd;

    make_room_locked(d->pool);
    /* Waiting may have let another thread open it. */
    if (d->fd >= 0)
        return F24_OK;
    F24_TRY(open_regular(d->path, &fd, &now, err));
    if (!is_same_file(d, &now)) {
        (void)close(fd);
        return f24_fail(err, F24_ECHANGED, -1,
                        "the file was replaced or changed since it was opened: open it again");
    }
    d->fd = fd;
    d->pool->n_open++;
    return F24_OK;
}

f24_status f24_descriptor_acquire(f24_descriptor *d, int *fd, f24_error *err)
{
    f24_status status = F24_OK;

    if (d->pool == NULL) {
        *fd = d->fd;
        return F24_OK;
    }
    (void)pthread_mutex_lock(&d->pool->mutex);
    if (d->fd >= 0 && d->n_users == 0)
        list_remove(d->pool, d);
    else if (d->fd < 0)
        status = reopen_locked(d, err);
    if (status == F24_OK) {
        if (d->n_users == 0 && (d->older != NULL || d->newer != NULL || d->pool->oldest == d))
            list_remove(d->pool, d); /* another thread opened it and let it go while we waited */
        d->n_users++;
        *fd = d->fd;
    }
    (void)pthread_mutex_unlock(&d->pool->mutex);
    return status;
}

void f24_descriptor_release(f24_descriptor *d)
{
    if (d->pool == NULL)
        return;
    (void)pthread_mutex_lock(&d->pool->mutex);
    if (--d->n_users == 0) {
        list_append(d->pool, d);
        (void)pthread_cond_signal(&d->pool->freed);
    }
    (void)pthread_mutex_unlock(&d->pool->mutex);
}

f24_status f24_descriptor_open(const char *path, f24_pool *pool, f24_descriptor **descriptor,
                               struct stat *status, f24_error *err)
{
    f24_status result;
    f24_descriptor *d = calloc(1, sizeof *d);

    if (d == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot open");
    d->fd = -1;
    d->path = absolute_path(path);
    if (d->path == NULL) {
        result = f24_fail_errno(err, errno, -1, "cannot open");
        goto fail;
    }
    if (pool != NULL) {
        (void)pthread_mutex_lock(&pool->mutex);
        make_room_locked(pool);
        result = open_regular(d->path, &d->fd, status, err);
        if (result == F24_OK) {
            d->pool = pool;
            pool->n_open++;
            list_append(pool, d);
        }
        (void)pthread_mutex_unlock(&pool->mutex);
    } else {
        result = open_regular(d->path, &d->fd, status, err);
    }
    if (result != F24_OK)
        goto fail;
    d->device = status->st_dev;
    d->inode = status->st_ino;
    d->size = status->st_size;
    d->changed = status->st_mtim;
    *descriptor = d;
    return F24_OK;
fail:
    free(d->path);
    free(d);
    return result;
}

void f24_descriptor_close(f24_descriptor *d)
{
    if (d == NULL)
        return;
    if (d->pool != NULL) {
        (void)pthread_mutex_lock(&d->pool->mutex);
        if (d->fd >= 0) {
            list_remove(d->pool, d);
            (void)close(d->fd);
            d->pool->n_open--;
            (void)pthread_cond_signal(&d->pool->freed);
        }
        (void)pthread_mutex_unlock(&d->pool->mutex);
    } else {
        (void)close(d->fd);
    }
    free(d->path);
    free(d);
}

f24_status f24_pool_open(int max_open, f24_pool **pool, f24_error *err)
{
    f24_pool *p;

    if (max_open < 1)
        return f24_fail(err, F24_EINVAL, -1, "a pool needs room for 1 descriptor or more, not %d",
                        max_open);
    p = calloc(1, sizeof *p);
    if (p == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot make a descriptor pool");
    (void)pthread_mutex_init(&p->mutex, NULL);
    (void)pthread_cond_init(&p->freed, NULL);
    p->max_open = max_open;
    *pool = p;
    return F24_OK;
}

void f24_pool_close(f24_pool *pool)
{
    if (pool == NULL)
        return;
    (void)pthread_cond_destroy(&pool->freed);
    (void)pthread_mutex_destroy(&pool->mutex);
    free(pool);
}

int f24_pool_open_count(f24_pool *pool)
{
    int n;

    (void)pthread_mutex_lock(&pool->mutex);
    n = pool->n_open;
    (void)pthread_mutex_unlock(&pool->mutex);
    return n;
}
