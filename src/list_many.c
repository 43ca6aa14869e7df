/* The tables of many files: opened, listed and closed on several threads. */
#include "base/parallel.h"
#include "file.h"

#include <stdlib.h>

typedef struct work {
    f24_listing *listings;
    const f24_options *options;
} work;

static void list_one(void *context, size_t i)
{
    const work *w = context;
    f24_listing *listing = &w->listings[i];
    f24_file *file = NULL;

    *listing = (f24_listing){.path = listing->path};
    if (f24_open(listing->path, w->options, &file, &listing->error) != F24_OK)
        return;
    listing->error.status = F24_OK;
    listing->table = f24_table_retain(f24_file_table(file));
    f24_get_file_info(file, &listing->info);
    listing->warnings = file->warnings.list; /* handed over */
    listing->n_warnings = file->warnings.n;
    file->warnings = (f24_warnings){NULL, 0};
    f24_close(file);
}

void f24_list_many(f24_listing *listings, size_t n, const f24_options *options, int n_threads)
{
    f24_options mine = F24_OPTIONS_INIT;
    work w = {listings, &mine};

    if (options != NULL)
        mine = *options;
    mine.mmap_from = UINT64_MAX; /* nobody will look at values */
    f24_parallel(n, n_threads, list_one, &w);
}

void f24_listing_clear(f24_listing *listing)
{
    f24_table_release(listing->table);
    free(listing->warnings);
    *listing = (f24_listing){.path = listing->path};
}
