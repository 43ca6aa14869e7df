/* Opening for writing and finishing; deleting and editing what is there; looking at it. */
#include "writer.h"

#include "base/bytes.h"
#include "file.h"
#include "table/keys.h"

#include <errno.h>
#include <stdlib.h>

static const f24_writer_options default_options = F24_WRITER_INIT;

/* ------------------------------------------------------------------------------------- opening */

static f24_status check_options(const f24_writer_options *options, f24_error *err)
{
    if (options->mode < F24_WRITE_REPLACE || options->mode > F24_WRITE_APPEND)
        return f24_fail(err, F24_EINVAL, -1, "an unknown mode of writing (%d)", (int)options->mode);
    if (options->backend != 0 && options->backend != F24_XDF && options->backend != F24_RSF)
        return f24_fail(err, F24_EINVAL, -1, "an unknown container (%d)", (int)options->backend);
    if (options->parallel && options->mode != F24_WRITE_APPEND)
        return f24_fail(err, F24_EINVAL, -1,
                        "writers share a file that they append to, not one that is replaced");
    return F24_OK;
}

static f24_status open_output(const char *path, const f24_writer_options *options,
                              f24_output **output, f24_error *err)
{
    if (options->mode == F24_WRITE_APPEND)
        return f24_output_open(path, output, err);
    return f24_output_create(path, options->mode == F24_WRITE_NEW, output, err);
}

static f24_status open_store(f24_writer *writer, const f24_writer_options *options, f24_error *err)
{
    const f24_store_options wanted = {
        .backend = options->backend != 0 ? options->backend
                   : options->parallel   ? F24_RSF
                                         : F24_XDF,
        .parallel = options->parallel,
        .segment_bytes = options->segment_bytes,
        .sync = options->sync,
    };

    F24_TRY(f24_store_open(writer->output, &wanted, &writer->store, err));
    writer->backend = f24_store_backend(writer->store);
    return F24_OK;
}

static void free_writer(f24_writer *writer)
{
    if (writer->output != NULL)
        f24_output_drop(writer->output); /* views may still have it */
    f24_output_release(writer->output);
    f24_same_free(&writer->same);
    f24_scratch_destroy(&writer->scratch);
    (void)pthread_mutex_destroy(&writer->mutex);
    free(writer);
}

f24_status f24_writer_open(const char *path, const f24_writer_options *options, f24_writer **writer,
                           f24_error *err)
{
    f24_writer *w;
    f24_status status;

    if (options == NULL)
        options = &default_options;
    F24_TRY(check_options(options, err));
    w = calloc(1, sizeof *w);
    if (w == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot open for writing");
    (void)pthread_mutex_init(&w->mutex, NULL);
    f24_scratch_init(&w->scratch, F24_SCRATCH_OF_POOL);
    w->sync = options->sync;
    status = open_output(path, options, &w->output, err);
    if (status == F24_OK)
        status = open_store(w, options, err);
    if (status != F24_OK) {
        free_writer(w);
        return status;
    }
    *writer = w;
    return F24_OK;
}

f24_backend f24_writer_backend(const f24_writer *writer)
{
    return writer->backend;
}

/* ----------------------------------------------------------------------------------- finishing */

f24_status f24_writer_flush(f24_writer *writer, f24_error *err)
{
    f24_status status = F24_OK;

    if (!f24_output_in_place(writer->output))
        return F24_OK;
    (void)pthread_mutex_lock(&writer->mutex);
    status = f24_store_flush(writer->store, err);
    (void)pthread_mutex_unlock(&writer->mutex);
    return status == F24_OK ? f24_output_check_name(writer->output, err) : status;
}

f24_status f24_writer_close(f24_writer *writer, f24_error *err)
{
    f24_status status = f24_store_close(writer->store, err);

    if (status == F24_OK)
        status = f24_output_in_place(writer->output)
                     ? f24_output_check_name(writer->output, err)
                     : f24_output_publish(writer->output, writer->sync, err);
    free_writer(writer);
    return status;
}

void f24_writer_abandon(f24_writer *writer)
{
    if (writer == NULL)
        return;
    if (f24_output_in_place(writer->output))
        (void)f24_store_close(writer->store, NULL);
    else
        f24_store_discard(writer->store);
    free_writer(writer);
}

/* ------------------------------------------------------------------------------------ changing */

static f24_status find_slot(const f24_writer *writer, int32_t file_index, const f24_slot **slot,
                            f24_error *err)
{
    size_t n_slots;
    const f24_slot *slots = f24_store_slots(writer->store, &n_slots);

    if (file_index < 0 || (size_t)file_index >= n_slots)
        return f24_fail(err, F24_ENOTFOUND, -1,
                        "there is no record with file_index %d: the file has %zu, deleted ones "
                        "counted",
                        file_index, n_slots);
    if (!slots[file_index].live)
        return f24_fail(err, F24_ENOTFOUND, (int64_t)slots[file_index].offset,
                        "the record with file_index %d was deleted", file_index);
    *slot = &slots[file_index];
    return F24_OK;
}

f24_status f24_delete(f24_writer *writer, int32_t file_index, f24_error *err)
{
    const f24_slot *slot = NULL;
    f24_status status;

    (void)pthread_mutex_lock(&writer->mutex);
    status = find_slot(writer, file_index, &slot, err);
    if (status == F24_OK)
        status = f24_store_delete(writer->store, (size_t)file_index, err);
    (void)pthread_mutex_unlock(&writer->mutex);
    return status;
}

/* The key words of an edited record: its sizes and type are those of the values that are stored. */
static f24_status edited_keys(const f24_slot *slot, const f24_record *record,
                              uint32_t keys[F24_KEY_WORDS], f24_error *err)
{
    f24_record there;

    f24_keys_decode((const uint8_t *)slot->keys, F24_HOST_LITTLE, &there);
    if (record->ni != there.ni || record->nj != there.nj || record->nk != there.nk ||
        record->datyp != there.datyp || record->nbits != there.nbits)
        return f24_fail(
            err, F24_EINVAL, (int64_t)slot->offset,
            "the sizes and the type of a record cannot be edited (%d x %d x %d of datyp "
            "%d, %d bits): write the record again",
            there.ni, there.nj, there.nk, there.datyp, there.nbits);
    F24_TRY(f24_keys_encode(record, keys, err));
    f24_keys_set_type(keys, there.datyp, there.nbits, there.dasiz);
    return F24_OK;
}

static f24_status edit_locked(f24_writer *writer, int32_t file_index, const f24_record *record,
                              const char *json, size_t n_json, f24_error *err)
{
    uint32_t keys[F24_KEY_WORDS];
    const f24_slot *slot = NULL;
    size_t n_slots;

    F24_TRY(find_slot(writer, file_index, &slot, err));
    F24_TRY(edited_keys(slot, record, keys, err));
    F24_TRY(f24_store_edit(writer->store, (size_t)file_index, keys, json, n_json, err));
    f24_same_changed(&writer->same, f24_store_slots(writer->store, &n_slots), (size_t)file_index);
    return F24_OK;
}

f24_status f24_edit(f24_writer *writer, int32_t file_index, const f24_record *record,
                    const char *json, size_t n_json, f24_error *err)
{
    f24_status status;

    (void)pthread_mutex_lock(&writer->mutex);
    status = edit_locked(writer, file_index, record, json, n_json, err);
    (void)pthread_mutex_unlock(&writer->mutex);
    return status;
}

/* --------------------------------------------------------------------------------- looking at it */

f24_status f24_writer_view(f24_writer *writer, f24_file **file, f24_error *err)
{
    f24_source *source = NULL;
    f24_container *container = NULL;
    const f24_slot *slots;
    f24_status status;
    size_t n_slots;

    (void)pthread_mutex_lock(&writer->mutex);
    status = f24_output_source(writer->output, &source, err);
    if (status == F24_OK) {
        slots = f24_store_slots(writer->store, &n_slots);
        status = f24_container_of_slots(source, writer->backend, slots, n_slots, &container, err);
    }
    if (status == F24_OK)
        status = f24_file_of(source, container, file, err);
    else
        f24_source_release(source);
    (void)pthread_mutex_unlock(&writer->mutex);
    return status;
}
