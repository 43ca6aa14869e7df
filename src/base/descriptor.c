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
    int fd;          /* -1: closed. With a pool, guarded by its mutex */
    int n_users;     /* threads between acquire and release */
    bool is_opening; /* a thread opens it, outside the mutex */
    dev_t device;
    ino_t inode;
    off_t size;
    struct timespec changed;
    f24_descriptor *older, *newer;  /* in the pool's list of open and idle ones */
    f24_descriptor *before, *after; /* in the pool's list of all */
};

struct f24_pool {
    pthread_mutex_t mutex;
    pthread_cond_t changed; /* something was freed, opened or given up: look again */
    int max_open;
    int n_open;                      /* open ones and those that are being opened */
    f24_descriptor *oldest, *newest; /* open, n_users 0, by time of last use */
    f24_descriptor *all;
    f24_scratch scratch;
};

char *f24_absolute_path(const char *path)
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

/* Without O_NONBLOCK opening a pipe would wait for its writer; it means nothing to a regular file. */
static f24_status open_regular(const char *path, int *fd, struct stat *status, f24_error *err)
{
    f24_status result = F24_OK;
    int opened;

    do
        opened = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    while (opened < 0 && errno == EINTR);
    if (opened < 0)
        return f24_fail_errno(err, errno, -1, "cannot open");
    if (fstat(opened, status) != 0)
        result = f24_fail_errno(err, errno, -1, "cannot tell the size");
    else if (S_ISDIR(status->st_mode))
        result = f24_fail_errno(err, EISDIR, -1, "cannot open");
    else if (!S_ISREG(status->st_mode))
        result =
            f24_fail(err, F24_EINVAL, -1, "not a regular file (a pipe or a device): copy it first");
    if (result != F24_OK)
        (void)close(opened);
    else
        *fd = opened;
    return result;
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

static void join_locked(f24_pool *pool, f24_descriptor *d)
{
    d->pool = pool;
    d->after = pool->all;
    if (pool->all != NULL)
        pool->all->before = d;
    pool->all = d;
}

static void leave_locked(f24_descriptor *d)
{
    *(d->before != NULL ? &d->before->after : &d->pool->all) = d->after;
    if (d->after != NULL)
        d->after->before = d->before;
}

/* Take the place of one more open descriptor; waits while all are in use. */
static void reserve_locked(f24_pool *pool)
{
    while (pool->n_open >= pool->max_open) {
        f24_descriptor *idle = pool->oldest;
        if (idle == NULL) {
            (void)pthread_cond_wait(&pool->changed, &pool->mutex);
            continue;
        }
        list_remove(pool, idle);
        (void)close(idle->fd);
        idle->fd = -1;
        pool->n_open--;
    }
    pool->n_open++;
}

static void give_up_locked(f24_pool *pool)
{
    pool->n_open--;
    (void)pthread_cond_broadcast(&pool->changed);
}

static bool is_same_file(const f24_descriptor *d, const struct stat *now)
{
    return d->device == now->st_dev && d->inode == now->st_ino && d->size == now->st_size &&
           d->changed.tv_sec == now->st_mtim.tv_sec && d->changed.tv_nsec == now->st_mtim.tv_nsec;
}

static f24_status open_again(const f24_descriptor *d, int *fd, f24_error *err)
{
    struct stat now;
    int opened = -1;

    F24_TRY(open_regular(d->path, &opened, &now, err));
    if (!is_same_file(d, &now)) {
        (void)close(opened);
        return f24_fail(err, F24_ECHANGED, -1,
                        "the file was replaced or changed since it was opened: open it again");
    }
    *fd = opened;
    return F24_OK;
}

/*
 * Open a descriptor that was closed. Called with the mutex, which it lets go of meanwhile: a slow
 * file system holds up those alone who want this file.
 */
static f24_status reopen_locked(f24_descriptor *d, f24_error *err)
{
    f24_pool *pool = d->pool;
    f24_status status;
    int fd = -1;

    d->is_opening = true;
    reserve_locked(pool);
    (void)pthread_mutex_unlock(&pool->mutex);
    status = open_again(d, &fd, err);
    (void)pthread_mutex_lock(&pool->mutex);
    d->is_opening = false;
    if (status == F24_OK) {
        d->fd = fd;
        list_append(pool, d);
        (void)pthread_cond_broadcast(&pool->changed);
    } else {
        give_up_locked(pool);
    }
    return status;
}

f24_status f24_descriptor_acquire(f24_descriptor *d, int *fd, f24_error *err)
{
    f24_pool *pool = d->pool;
    f24_status status = F24_OK;

    if (pool == NULL) {
        *fd = d->fd;
        return F24_OK;
    }
    (void)pthread_mutex_lock(&pool->mutex);
    while (d->fd < 0 && d->is_opening)
        (void)pthread_cond_wait(&pool->changed, &pool->mutex);
    if (d->fd < 0)
        status = reopen_locked(d, err);
    if (status == F24_OK) {
        if (d->n_users++ == 0)
            list_remove(pool, d);
        *fd = d->fd;
    }
    (void)pthread_mutex_unlock(&pool->mutex);
    return status;
}

void f24_descriptor_release(f24_descriptor *d)
{
    if (d->pool == NULL)
        return;
    (void)pthread_mutex_lock(&d->pool->mutex);
    if (--d->n_users == 0) {
        list_append(d->pool, d);
        (void)pthread_cond_broadcast(&d->pool->changed);
    }
    (void)pthread_mutex_unlock(&d->pool->mutex);
}

/* The first opening, in a pool: the place is reserved before the system is asked. */
static f24_status open_in_pool(f24_pool *pool, f24_descriptor *d, struct stat *status,
                               f24_error *err)
{
    f24_status result;

    (void)pthread_mutex_lock(&pool->mutex);
    reserve_locked(pool);
    (void)pthread_mutex_unlock(&pool->mutex);
    result = open_regular(d->path, &d->fd, status, err);
    (void)pthread_mutex_lock(&pool->mutex);
    if (result == F24_OK) {
        join_locked(pool, d);
        list_append(pool, d);
        (void)pthread_cond_broadcast(&pool->changed);
    } else {
        give_up_locked(pool);
    }
    (void)pthread_mutex_unlock(&pool->mutex);
    return result;
}

f24_status f24_descriptor_open(const char *path, f24_pool *pool, f24_descriptor **descriptor,
                               struct stat *status, f24_error *err)
{
    f24_status result;
    f24_descriptor *d = calloc(1, sizeof *d);

    if (d == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot open");
    d->fd = -1;
    d->path = f24_absolute_path(path);
    if (d->path == NULL)
        result = f24_fail_errno(err, errno, -1, "cannot open");
    else if (pool != NULL)
        result = open_in_pool(pool, d, status, err);
    else
        result = open_regular(d->path, &d->fd, status, err);
    if (result != F24_OK) {
        free(d->path);
        free(d);
        return result;
    }
    d->device = status->st_dev;
    d->inode = status->st_ino;
    d->size = status->st_size;
    d->changed = status->st_mtim;
    *descriptor = d;
    return F24_OK;
}

void f24_descriptor_close(f24_descriptor *d)
{
    if (d == NULL)
        return;
    if (d->pool != NULL) {
        (void)pthread_mutex_lock(&d->pool->mutex);
        leave_locked(d);
        if (d->fd >= 0) {
            list_remove(d->pool, d);
            (void)close(d->fd);
            give_up_locked(d->pool);
        }
        (void)pthread_mutex_unlock(&d->pool->mutex);
    } else {
        (void)close(d->fd);
    }
    free(d->path);
    free(d);
}

/* -------------------------------------------------------------------------------------- pool */

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
    (void)pthread_cond_init(&p->changed, NULL);
    f24_scratch_init(&p->scratch, F24_SCRATCH_OF_POOL);
    p->max_open = max_open;
    *pool = p;
    return F24_OK;
}

void f24_pool_close(f24_pool *pool)
{
    if (pool == NULL)
        return;
    f24_scratch_destroy(&pool->scratch);
    (void)pthread_cond_destroy(&pool->changed);
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

f24_scratch *f24_pool_scratch(f24_pool *pool)
{
    return &pool->scratch;
}

void f24_pool_before_fork(f24_pool *pool)
{
    (void)pthread_mutex_lock(&pool->mutex);
    (void)pthread_mutex_lock(&pool->scratch.mutex);
}

void f24_pool_after_fork(f24_pool *pool, bool in_child)
{
    (void)pthread_mutex_unlock(&pool->scratch.mutex);
    if (in_child) {
        /* The threads that used or opened descriptors, or waited, are not here. */
        (void)pthread_cond_init(&pool->changed, NULL);
        pool->n_open = 0;
        for (f24_descriptor *d = pool->all; d != NULL; d = d->after) {
            d->is_opening = false;
            pool->n_open += d->fd >= 0;
            if (d->n_users > 0)
                list_append(pool, d);
            d->n_users = 0;
        }
    }
    (void)pthread_mutex_unlock(&pool->mutex);
}
