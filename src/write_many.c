/*
 * Many records: threads take them in order, encode side by side, and store each when those before it are
 * stored. A thread holds one encoded record, so memory is that of n_threads records.
 */
#include "base/parallel.h"
#include "writer.h"

typedef struct work {
    f24_writer *writer;
    f24_write_job *jobs;
    size_t n_jobs;
    pthread_mutex_t mutex; /* guards the rest */
    pthread_cond_t stored;
    size_t turn;   /* to store */
    size_t failed; /* the first that failed; n_jobs: none */
} work;

static bool has_failed(work *w)
{
    bool failed;

    (void)pthread_mutex_lock(&w->mutex);
    failed = w->failed < w->n_jobs;
    (void)pthread_mutex_unlock(&w->mutex);
    return failed;
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

static void do_job(void *context, size_t i)
{
    work *w = context;
    f24_write_job *job = &w->jobs[i];
    f24_encoded encoded = {0};
    f24_status status = F24_OK;
    bool my_turn;

    if (!has_failed(w))
        status = f24_write_encode(w->writer, &job->record, &job->values, &job->options, &encoded,
                                  &job->error);
    my_turn = wait_turn(w, i);
    if (status == F24_OK && my_turn)
        status =
            f24_write_add(w->writer, &encoded, job->options.rewrite, &job->stored, &job->error);
    f24_write_drop(w->writer, &encoded);
    if (status == F24_OK && my_turn)
        job->error.status = F24_OK;
    else if (!my_turn)
        (void)f24_fail(&job->error, F24_EINVAL, -1, "not written: a record before it failed");
    end_turn(w, i, status == F24_OK || !my_turn);
}

f24_status f24_write_many(f24_writer *writer, f24_write_job *jobs, size_t n_jobs, int n_threads,
                          f24_error *err)
{
    work w = {.writer = writer, .jobs = jobs, .n_jobs = n_jobs, .failed = n_jobs};

    (void)pthread_mutex_init(&w.mutex, NULL);
    (void)pthread_cond_init(&w.stored, NULL);
    f24_parallel(n_jobs, n_threads, do_job, &w);
    (void)pthread_cond_destroy(&w.stored);
    (void)pthread_mutex_destroy(&w.mutex);
    if (w.failed == n_jobs)
        return F24_OK;
    if (err != NULL)
        *err = jobs[w.failed].error;
    return f24_fail_in(err, jobs[w.failed].error.status, (int64_t)w.failed);
}
