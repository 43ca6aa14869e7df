/* Writing one record: its values are encoded, or its stored bytes taken over, then it is added. */
#include "writer.h"

#include "base/bytes.h"
#include "codec/transfer.h"
#include "table/keys.h"
#include "table/table.h"

static const f24_write_options default_options = F24_WRITE_INIT;

/* ---------------------------------------------------------------------------------- the values */

static f24_wish wish_of(const f24_writer *writer, const f24_record *record,
                        const f24_values *values, const f24_write_options *options)
{
    return (f24_wish){
        .kind = values->kind,
        .item_bytes = values->item_bytes,
        .ni = record->ni,
        .nj = record->nj,
        .nk = record->nk,
        .datyp = record->datyp,
        .nbits = record->nbits,
        .has_mask = values->mask != NULL,
        .exact = options->exact,
        .effort = options->effort,
        .backend = writer->backend,
    };
}

/* The array itself is the payload, but for the zeros behind it. */
static void take_as_is(const f24_encoding *encoding, const f24_values *values, f24_field *field,
                       f24_encoded *encoded)
{
    *field = encoding->field;
    encoded->addition.payload = values->values;
}

static f24_status encode_values(f24_writer *writer, const f24_encoding *encoding,
                                const f24_values *values, f24_field *field, f24_encoded *encoded,
                                f24_error *err)
{
    f24_block work = {NULL, 0};
    f24_status status;

    if (encoding->max_payload > SIZE_MAX / 2 || encoding->n_scratch > SIZE_MAX / 2)
        return f24_fail(err, F24_ENOMEM, -1, "the record is too large for this machine");
    F24_TRY(
        f24_scratch_take(&writer->scratch, (size_t)encoding->max_payload, &encoded->payload, err));
    status = f24_scratch_take(&writer->scratch, (size_t)encoding->n_scratch, &work, err);
    if (status == F24_OK)
        status = f24_encode(encoding, values->values, values->mask, encoded->payload.bytes,
                            work.bytes, field, &encoded->addition.n_payload, err);
    f24_scratch_give(&writer->scratch, &work);
    encoded->addition.payload = encoded->payload.bytes;
    return status;
}

/* Nothing to encode where the record will not be stored. Told again when it is stored. */
static f24_status look_for_same(f24_writer *writer, f24_rewrite rewrite, f24_encoded *encoded,
                                f24_error *err)
{
    const f24_slot *slots;
    f24_status status;
    size_t n_slots, slot;

    if (rewrite != F24_REWRITE_SKIP)
        return F24_OK;
    (void)pthread_mutex_lock(&writer->mutex);
    slots = f24_store_slots(writer->store, &n_slots);
    status = f24_same_find(&writer->same, slots, n_slots, encoded->addition.keys, &encoded->skip,
                           &slot, err);
    (void)pthread_mutex_unlock(&writer->mutex);
    return status;
}

f24_status f24_write_encode(f24_writer *writer, const f24_record *record, const f24_values *values,
                            const f24_write_options *options, f24_encoded *encoded, f24_error *err)
{
    f24_addition *addition = &encoded->addition;
    f24_encoding encoding;
    f24_field field;
    f24_wish wish;
    bool is_plain;

    if (options == NULL)
        options = &default_options;
    if (values->values == NULL)
        return f24_fail(err, F24_EINVAL, -1, "no values were given");
    F24_TRY(f24_keys_encode(record, addition->keys, err));
    addition->json = options->json;
    addition->n_json = options->json != NULL ? options->n_json : 0;
    F24_TRY(look_for_same(writer, options->rewrite, encoded, err));
    if (encoded->skip)
        return F24_OK;
    wish = wish_of(writer, record, values, options);
    F24_TRY(f24_encode_plan(&wish, &encoding, err));
    is_plain =
        f24_encode_is_plain(&encoding) && encoding.max_payload - encoding.n_array <= F24_MOST_ZEROS;
    addition->n_payload = is_plain ? encoding.n_array : 0;
    addition->n_zeros = is_plain ? (uint32_t)(encoding.max_payload - encoding.n_array) : 0;
    F24_TRY(f24_store_check(writer->store, addition, err)); /* before the work */
    if (is_plain)
        take_as_is(&encoding, values, &field, encoded);
    else
        F24_TRY(encode_values(writer, &encoding, values, &field, encoded, err));
    f24_keys_set_type(addition->keys, field.datyp, field.nbits, field.dasiz);
    return F24_OK;
}

/* ---------------------------------------------------------------------------------- the record */

static void tell(const f24_slot *slot, size_t number, f24_record *stored)
{
    f24_keys_decode((const uint8_t *)slot->keys, F24_HOST_LITTLE, stored);
    stored->flags = slot->flags;
    stored->file_index = (int32_t)number;
    stored->index = -1; /* among the live ones: a view tells */
    stored->offset = slot->offset;
    stored->n_bytes = slot->n_bytes;
}

/* The old record goes; it may have gone already in a file that others write, too. */
static f24_status drop_old(f24_writer *writer, size_t old, size_t new, f24_error *err)
{
    f24_status status = f24_store_delete(writer->store, old, err);

    if (status == F24_ENOTFOUND)
        return F24_OK;
    if (status != F24_OK)
        (void)f24_store_delete(writer->store, new, NULL);
    return status;
}

/*
 * The new record is there before the old one goes: a kill in between leaves both, and loses none. (To other
 * programs a new record of RSF shows when its segment is closed, or was repaired.)
 */
static f24_status add_locked(f24_writer *writer, const f24_encoded *encoded, f24_rewrite rewrite,
                             f24_record *stored, f24_error *err)
{
    size_t n_slots, old = 0, new = 0;
    const f24_slot *slots = f24_store_slots(writer->store, &n_slots);
    bool found = false;

    if (rewrite != F24_REWRITE_NO)
        F24_TRY(f24_same_find(&writer->same, slots, n_slots, encoded->addition.keys, &found, &old,
                              err));
    if (stored != NULL)
        stored->file_index = -1;
    if (found && rewrite == F24_REWRITE_SKIP)
        return F24_OK;
    F24_TRY(f24_store_add(writer->store, &encoded->addition, &new, err));
    if (found)
        F24_TRY(drop_old(writer, old, new, err));
    slots = f24_store_slots(writer->store, &n_slots);
    if (stored != NULL)
        tell(&slots[new], new, stored);
    return F24_OK;
}

f24_status f24_write_add(f24_writer *writer, const f24_encoded *encoded, f24_rewrite rewrite,
                         f24_record *stored, f24_error *err)
{
    f24_status status;

    if (encoded->skip) {
        if (stored != NULL)
            stored->file_index = -1;
        return F24_OK;
    }
    (void)pthread_mutex_lock(&writer->mutex);
    status = add_locked(writer, encoded, rewrite, stored, err);
    (void)pthread_mutex_unlock(&writer->mutex);
    return status;
}

void f24_write_drop(f24_writer *writer, f24_encoded *encoded)
{
    f24_scratch_give(&writer->scratch, &encoded->payload);
}

f24_status f24_write(f24_writer *writer, const f24_record *record, const f24_values *values,
                     const f24_write_options *options, f24_record *stored, f24_error *err)
{
    f24_encoded encoded = {0};
    f24_rewrite rewrite = options != NULL ? options->rewrite : default_options.rewrite;
    f24_status status = f24_write_encode(writer, record, values, options, &encoded, err);

    if (status == F24_OK)
        status = f24_write_add(writer, &encoded, rewrite, stored, err);
    f24_write_drop(writer, &encoded);
    return status;
}

/* ------------------------------------------------------------------------------ a stored record */

static void own_keys(const uint8_t *words, bool little, uint32_t keys[F24_KEY_WORDS])
{
    for (size_t k = 0; k < F24_KEY_WORDS; k++)
        keys[k] = f24_word(words + 4 * k, little);
}

/* The words of the payload in the order of the container that is written. */
static f24_status take_payload(f24_writer *writer, const uint8_t *words, uint64_t n_bytes,
                               bool little, f24_encoded *encoded, f24_error *err)
{
    encoded->addition.payload = words;
    encoded->addition.n_payload = n_bytes;
    if (little == f24_store_little(writer->store))
        return F24_OK;
    F24_TRY(f24_scratch_take(&writer->scratch, (size_t)n_bytes, &encoded->payload, err));
    memcpy(encoded->payload.bytes, words, (size_t)n_bytes);
    f24_codec_swap(encoded->payload.bytes, (size_t)n_bytes);
    encoded->addition.payload = encoded->payload.bytes;
    return F24_OK;
}

/* Extended metadata as the caller wants them, else the record's own where the container has any. */
static f24_status take_json(const f24_writer *writer, const uint8_t *record,
                            const f24_stored *stored, const f24_write_options *options,
                            f24_addition *addition, f24_error *err)
{
    const char *own = (const char *)record + stored->json;

    if (options->json != NULL) {
        addition->json = options->json;
        addition->n_json = options->n_json;
    } else if ((stored->flags & F24_FLAG_JSON) != 0) {
        if (writer->backend != F24_RSF)
            return f24_fail(err, F24_EENCODING, -1,
                            "XDF keeps no extended metadata (JSON), and the record has some: write "
                            "an RSF file, or leave them out (metadata={}, --drop-metadata)");
        addition->json = own;
        addition->n_json = strnlen(own, stored->n_json_bytes);
        if (addition->n_json == stored->n_json_bytes)
            return f24_fail(err, F24_ECORRUPT, (int64_t)stored->json,
                            "the extended metadata have no end within their %zu bytes",
                            stored->n_json_bytes);
    }
    return F24_OK;
}

/* The key words of the copy: those of `changed`, but for sizes and type. */
static f24_status copied_keys(const f24_writer *writer, const uint8_t *record,
                              const f24_stored *stored, const f24_record *changed,
                              f24_addition *addition, uint64_t *n_payload, f24_error *err)
{
    f24_record own;
    f24_field field;

    f24_keys_decode(record + stored->keys, stored->little, &own);
    if (changed == NULL) {
        own_keys(record + stored->keys, stored->little, addition->keys);
    } else {
        f24_record new = *changed;
        new.ni = own.ni;
        new.nj = own.nj;
        new.nk = own.nk;
        new.datyp = own.datyp;
        new.nbits = own.nbits;
        F24_TRY(f24_keys_encode(&new, addition->keys, err));
    }
    field = (f24_field){own.ni, own.nj, own.nk, own.datyp, own.nbits, own.dasiz};
    *n_payload = stored->n_bytes / 4 * 4;
    F24_TRY(f24_codec_transfer(&field, stored->backend, writer->backend, n_payload, err));
    f24_keys_set_type(addition->keys, field.datyp, field.nbits, field.dasiz);
    return F24_OK;
}

static f24_status encode_stored(f24_writer *writer, const uint8_t *record, size_t n_bytes,
                                const f24_record *changed, const f24_write_options *options,
                                f24_encoded *encoded, f24_error *err)
{
    uint64_t n_payload;
    f24_stored stored;

    F24_TRY(f24_stored_parse(record, n_bytes, &stored, err));
    if ((stored.flags & (F24_FLAG_BAD | F24_FLAG_NEWER)) != 0)
        return f24_fail(err, F24_EUNSUPPORTED, 0,
                        "the stored record is damaged, or of a newer version of the format");
    F24_TRY(copied_keys(writer, record, &stored, changed, &encoded->addition, &n_payload, err));
    F24_TRY(take_json(writer, record, &stored, options, &encoded->addition, err));
    F24_TRY(take_payload(writer, record + stored.payload, n_payload, stored.little, encoded, err));
    return f24_store_check(writer->store, &encoded->addition, err);
}

f24_status f24_write_stored(f24_writer *writer, const void *stored, size_t n_stored,
                            const f24_record *changed, const f24_write_options *options,
                            f24_record *result, f24_error *err)
{
    f24_encoded encoded = {0};
    f24_status status;

    if (options == NULL)
        options = &default_options;
    status = encode_stored(writer, stored, n_stored, changed, options, &encoded, err);
    if (status == F24_OK)
        status = f24_write_add(writer, &encoded, options->rewrite, result, err);
    f24_write_drop(writer, &encoded);
    return status;
}
