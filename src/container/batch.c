#include "container/parts.h"

#include <string.h>

void f24_batch_init(f24_batch *batch, const f24_sink *sink, bool little)
{
    batch->sink = sink;
    batch->run = (f24_run){
        .little = little,
        .offset = batch->offset,
        .n_bytes = batch->n_bytes,
        .meta_words = batch->meta_words,
        .flags = batch->flags,
        .file_index = batch->file_index,
    };
}

f24_status f24_batch_flush(f24_batch *batch, f24_error *err)
{
    size_t n = batch->run.n;

    if (n == 0)
        return F24_OK;
    F24_TRY(batch->sink->take(batch->sink->context, &batch->run, err));
    batch->run.n = 0;
    return F24_OK;
}

f24_status f24_batch_copy(f24_batch *batch, const uint8_t *keys, const f24_entry *entry,
                          f24_error *err)
{
    uint8_t *copy;

    if (batch->run.n == F24_RUN_MAX || (batch->run.n > 0 && batch->run.keys != batch->keys[0]))
        F24_TRY(f24_batch_flush(batch, err)); /* a run of copies starts at the first slot */
    copy = batch->keys[batch->run.n];
    memcpy(copy, keys, sizeof batch->keys[0]);
    return f24_batch_add(batch, copy, sizeof batch->keys[0], entry, err);
}
