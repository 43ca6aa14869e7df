/*
 * Many records: threads take them in order, encode side by side, and store each when those before it are
 * stored. A thread holds one encoded record, so memory is that of n_threads records.
 */
#include "writer.h"

#define MAX_THREADS 256

typedef struct work {
    f24_writer *writer;
    f24_write_job *jobs;
    size_t n_jobs;
    pthread_mutex_t mutex; /* guards the rest */
    pthread_cond_t stored;
    size_t next;   /* to encode */
    size_t turn;   /* to store */
    size_t failed; /* the first that failed; n_jobs: none */
} work;

static size_t take(work *w)
{
    size_t i;

    (void)pthread_mutex_lock(&w->mutex);
    i = w->failed < w->n_jobs ? w->n_jobs : w->next;
    if (i < w->n_jobs)
        w->next++;
    (void)pthread_mutex_unlock(&w->mutex);
    return i;
}

/* Wait for the turn of job i; false when one before it failed. */
static bool wait_turn(work *w, size_t i)
{
    bool go_on;

    (void)pthread_mutex_lock(&w->mutex);
    while (w->turn != i)
        (void)pthread_cond_wait(&w->stored, &w->mutex);
    go_on = w->failed == w->n_jobs;
    (void)pthread_mutex_unlock(&w->mutex);
    return go_on;
}

static void end_turn(work *w, size_t i, bool ok)
{
    (void)pthread_mutex_lock(&w->mutex);
    w->turn = i + 1;
    if (!ok && w->failed == w->n_jobs)
        w->failed = i;
    (void)pthread_cond_broadcast(&w->stored);
    (void)pthread_mutex_unlock(&w->mutex);
}

static void do_job(work *w, size_t i)
{
    f24_write_job *job = &w->jobs[i];
    f24_encoded encoded = {0};
    f24_status status = f24_write_encode(w->writer, &job->record, &job->values, &job->options,
                                         &encoded, &job->error);
    bool my_turn = wait_turn(w, i);

    if (status == F24_OK && my_turn)
        status =
            f24_write_add(w->writer, &encoded, job->options.rewrite, &job->stored, &job->error);
    f24_write_drop(w->writer, &encoded);
    if (status == F24_OK && my_turn)
        job->error.status = F24_OK;
    else if (status == F24_OK)
        (void)f24_fail(&job->error, F24_EINVAL, -1, "not written: a record before it failed");
    end_turn(w, i, status == F24_OK || !my_turn);
}

static void *do_jobs(void *argument)
{
    work *w = argument;
    size_t i;

    while ((i = take(w)) < w->n_jobs)
        do_job(w, i);
    return NULL;
}

static void run(work *w, int n_threads)
{
    pthread_t helpers[MAX_THREADS];
    int n_helpers = 0;

    if ((size_t)(n_threads > 0 ? n_threads : 1) > w->n_jobs)
        n_threads = (int)w->n_jobs;
    if (n_threads > MAX_THREADS)
        n_threads = MAX_THREADS;
    /* Fewer threads than asked only cost time. */
    while (n_helpers < n_threads - 1 && pthread_create(&helpers[n_helpers], NULL, do_jobs, w) == 0)
        n_helpers++;
    (void)do_jobs(w);
    for (int t = 0; t < n_helpers; t++)
        (void)pthread_join(helpers[t], NULL);
}

f24_status f24_write_many(f24_writer *writer, f24_write_job *jobs, size_t n_jobs, int n_threads,
                          f24_error *err)
{
    work w = {.writer = writer, .jobs = jobs, .n_jobs = n_jobs, .failed = n_jobs};

    for (size_t i = 0; i < n_jobs; i++)
        (void)f24_fail(&jobs[i].error, F24_EINVAL, -1, "not written: a record before it failed");
    (void)pthread_mutex_init(&w.mutex, NULL);
    (void)pthread_cond_init(&w.stored, NULL);
    run(&w, n_threads);
    (void)pthread_cond_destroy(&w.stored);
    (void)pthread_mutex_destroy(&w.mutex);
    if (w.failed == n_jobs)
        return F24_OK;
    if (err != NULL)
        *err = jobs[w.failed].error;
    return f24_fail_in(err, jobs[w.failed].error.status, (int64_t)w.failed);
}
