/* Many reads on several threads: each takes the next job until none is left. */
#include "base/error.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define MAX_THREADS 256

typedef struct work {
    f24_job *jobs;
    size_t n_jobs;
    const f24_read_options *options;
    atomic_size_t next;
} work;

static void do_job(f24_job *job, const f24_read_options *options)
{
    f24_read_options mine = F24_READ_INIT;

    if (options != NULL)
        mine = *options;
    mine.mask = job->mask;
    if (f24_read(job->file, job->index, &mine, job->out, job->n_bytes, &job->error) == F24_OK)
        job->error.status = F24_OK;
}

static void *do_jobs(void *argument)
{
    work *w = argument;

    for (;;) {
        size_t i = atomic_fetch_add_explicit(&w->next, 1, memory_order_relaxed);
        if (i >= w->n_jobs)
            return NULL;
        do_job(&w->jobs[i], w->options);
    }
}

f24_status f24_read_many(f24_job *jobs, size_t n_jobs, const f24_read_options *options,
                         int n_threads, f24_error *err)
{
    pthread_t helpers[MAX_THREADS];
    work w = {.jobs = jobs, .n_jobs = n_jobs, .options = options};
    int n_helpers = 0;

    if ((size_t)(n_threads > 0 ? n_threads : 1) > n_jobs)
        n_threads = (int)n_jobs;
    if (n_threads > MAX_THREADS)
        n_threads = MAX_THREADS;
    atomic_init(&w.next, 0);
    /* Fewer threads than asked only cost time. */
    while (n_helpers < n_threads - 1 && pthread_create(&helpers[n_helpers], NULL, do_jobs, &w) == 0)
        n_helpers++;
    (void)do_jobs(&w);
    for (int t = 0; t < n_helpers; t++)
        (void)pthread_join(helpers[t], NULL);
    for (size_t i = 0; i < n_jobs; i++) {
        if (jobs[i].error.status != F24_OK) {
            if (err != NULL)
                *err = jobs[i].error;
            return jobs[i].error.status;
        }
    }
    return F24_OK;
}
