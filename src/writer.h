/* What a file that is open for writing is made of: for writer.c, write.c and write_many.c. */
#ifndef F24_WRITER_H
#define F24_WRITER_H

#include "base/output.h"
#include "base/scratch.h"
#include "codec/encode.h"
#include "container/store.h"
#include "table/same.h"

#include <pthread.h>

/* Everything but `scratch`, which has its own lock, and the store's container is guarded by `mutex`. */
struct f24_writer {
    f24_output *output;
    f24_store *store;
    f24_backend backend;
    bool sync;
    f24_same same;
    pthread_mutex_t mutex;
    f24_scratch scratch;
};

/* A record that was encoded and waits to be stored. Zero-initialise it. */
typedef struct f24_encoded {
    f24_addition addition;
    bool skip; /* a record that is the same is there (F24_REWRITE_SKIP) */
    f24_block payload;
} f24_encoded;

/* The part of f24_write that any thread may do at any time ... */
f24_status f24_write_encode(f24_writer *writer, const f24_record *record, const f24_values *values,
                            const f24_write_options *options, f24_encoded *encoded, f24_error *err);
/* ... and the part that is done one after the other. `stored` may be NULL. */
f24_status f24_write_add(f24_writer *writer, const f24_encoded *encoded, f24_rewrite rewrite,
                         f24_record *stored, f24_error *err);
void f24_write_drop(f24_writer *writer, f24_encoded *encoded);

#endif
