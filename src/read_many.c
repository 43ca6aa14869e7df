/* Many reads on several threads. */
#include "base/error.h"
#include "base/parallel.h"

typedef struct work {
    f24_job *jobs;
    const f24_read_options *options;
} work;

static void do_job(void *context, size_t i)
{
    const work *w = context;
    f24_job *job = &w->jobs[i];
    f24_read_options mine = F24_READ_INIT;

    if (w->options != NULL)
        mine = *w->options;
    mine.mask = job->mask;
    if (f24_read(job->file, job->index, &mine, job->out, job->n_bytes, &job->error) == F24_OK)
        job->error.status = F24_OK;
}

f24_status f24_read_many(f24_job *jobs, size_t n_jobs, const f24_read_options *options,
                         int n_threads, f24_error *err)
{
    work w = {jobs, options};

    f24_parallel(n_jobs, n_threads, do_job, &w);
    for (size_t i = 0; i < n_jobs; i++) {
        if (jobs[i].error.status != F24_OK) {
            if (err != NULL)
                *err = jobs[i].error;
            return jobs[i].error.status;
        }
    }
    return F24_OK;
}
