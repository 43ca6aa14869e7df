#include "base/parallel.h"

#include <pthread.h>
#include <stdatomic.h>

#define MAX_THREADS 256

typedef struct queue {
    void (*work)(void *context, size_t i);
    void *context;
    size_t n;
    atomic_size_t next;
} queue;

static void *take_turns(void *argument)
{
    queue *q = argument;

    for (;;) {
        size_t i = atomic_fetch_add_explicit(&q->next, 1, memory_order_relaxed);
        if (i >= q->n)
            return NULL;
        q->work(q->context, i);
    }
}

void f24_parallel(size_t n, int n_threads, void (*work)(void *context, size_t i), void *context)
{
    pthread_t helpers[MAX_THREADS];
    queue q = {.work = work, .context = context, .n = n};
    int n_helpers = 0;

    if ((size_t)(n_threads > 0 ? n_threads : 1) > n)
        n_threads = (int)n;
    if (n_threads > MAX_THREADS)
        n_threads = MAX_THREADS;
    atomic_init(&q.next, 0);
    /* Fewer threads than asked only cost time. */
    while (n_helpers < n_threads - 1 &&
           pthread_create(&helpers[n_helpers], NULL, take_turns, &q) == 0)
        n_helpers++;
    (void)take_turns(&q);
    for (int t = 0; t < n_helpers; t++)
        (void)pthread_join(helpers[t], NULL);
}
