/* The frame around the payload of one record, checked when the record is read. */
#include "container/parts.h"

#include "base/bytes.h"

#include <inttypes.h>
#include <string.h>

#define XDF_KEYS 8u                    /* the key words follow the header of a record (2.4) */
#define RSF_KEYS (F24_RSF_START + 12u) /* and three words of metadata in RSF (3.2) */

/* The range of a record, before anything of it is read. */
static f24_status check_place(const f24_container *c, const f24_place *place, uint64_t frame,
                              f24_error *err)
{
    if (place->n_bytes < frame)
        return f24_fail(err, F24_ECORRUPT, (int64_t)place->offset,
                        "the directory gives the record %" PRIu64
                        " bytes; its marks and metadata alone take %" PRIu64,
                        place->n_bytes, frame);
    if (place->offset > c->size || place->n_bytes > c->size - place->offset)
        return f24_fail(err, F24_ETRUNCATED, (int64_t)place->offset,
                        "the directory places the record at bytes %" PRIu64 " to %" PRIu64
                        ", but the file ends at %" PRIu64,
                        place->offset, place->offset + place->n_bytes, c->size);
    return F24_OK;
}

static f24_status locate_xdf(const f24_container *c, const f24_place *place,
                             f24_payload_place *payload, f24_error *err)
{
    uint8_t bytes[XDF_KEYS + F24_KEY_WORDS * 4];
    f24_xdf_head head;

    F24_TRY(check_place(c, place, F24_XDF_RECORD_HEAD, err));
    F24_TRY(f24_source_read(c->source, place->offset, bytes, sizeof bytes, err));
    head = f24_xdf_head_at(bytes);
    if (head.address == 0 || f24_xdf_offset(head.address) != place->offset)
        return f24_fail(err, F24_ECORRUPT, (int64_t)place->offset,
                        "no record where the directory places it: its header holds the address "
                        "%" PRIu32 " instead of %" PRIu64,
                        head.address, place->offset / F24_XDF_UNIT + 1);
    if ((uint64_t)head.n_units * F24_XDF_UNIT != place->n_bytes)
        return f24_fail(err, F24_ECORRUPT, (int64_t)place->offset,
                        "the record's header says %" PRIu64 " bytes, the directory says %" PRIu64,
                        (uint64_t)head.n_units * F24_XDF_UNIT, place->n_bytes);
    payload->offset = place->offset + F24_XDF_RECORD_HEAD;
    payload->n_bytes = place->n_bytes - F24_XDF_RECORD_HEAD;
    payload->little = false;
    memcpy(payload->keys, bytes + XDF_KEYS, sizeof payload->keys);
    return F24_OK;
}

/*
 * Marks of an RSF record of n_bytes with meta_words words of metadata. A start mark may say
 * "deleted" while the directory does not: the directory decides (3.5).
 */
static f24_status check_marks(const f24_rsf_mark *start, const f24_rsf_mark *end, uint64_t offset,
                              uint64_t n_bytes, uint16_t meta_words, f24_error *err)
{
    if (start->tag != 0xFE)
        return f24_fail(err, F24_ECORRUPT, (int64_t)offset,
                        "no record starts here: the mark is %02x instead of fe",
                        (unsigned)start->tag);
    if (start->n_bytes != n_bytes)
        return f24_fail(err, F24_ECORRUPT, (int64_t)offset + 4,
                        "the record says it has %" PRIu64 " bytes, the directory says %" PRIu64,
                        start->n_bytes, n_bytes);
    if (start->words != meta_words || start->dir_words > start->words ||
        start->dir_words < F24_RSF_SEARCH_WORDS)
        return f24_fail(err, F24_ECORRUPT, (int64_t)offset,
                        "the record says it has %u words of metadata, %u of them in the "
                        "directory; the directory says %u",
                        (unsigned)start->words, (unsigned)start->dir_words, (unsigned)meta_words);
    if (end->tag != 0xFF || end->n_bytes != n_bytes || end->words != meta_words)
        return f24_fail(err, F24_ECORRUPT, (int64_t)(offset + n_bytes - F24_RSF_END),
                        "the record's end mark disagrees with its start (%02x, %" PRIu64
                        " bytes, %u words of metadata): it was overwritten or not written whole",
                        (unsigned)end->tag, end->n_bytes, (unsigned)end->words);
    return F24_OK;
}

static f24_status locate_rsf(const f24_container *c, const f24_place *place,
                             f24_payload_place *payload, f24_error *err)
{
    uint64_t meta_bytes = (uint64_t)place->meta_words * 4;
    uint8_t start_bytes[RSF_KEYS + F24_KEY_WORDS * 4], end_bytes[F24_RSF_END];
    f24_rsf_mark start, end;

    F24_TRY(check_place(c, place, F24_RSF_FRAME + meta_bytes, err));
    F24_TRY(f24_source_read(c->source, place->offset, start_bytes, sizeof start_bytes, err));
    F24_TRY(f24_source_read(c->source, place->offset + place->n_bytes - F24_RSF_END, end_bytes,
                            sizeof end_bytes, err));
    start = f24_rsf_start_at(start_bytes);
    end = f24_rsf_end_at(end_bytes);
    F24_TRY(check_marks(&start, &end, place->offset, place->n_bytes, place->meta_words, err));
    payload->offset = place->offset + F24_RSF_START + meta_bytes;
    payload->n_bytes = place->n_bytes - F24_RSF_FRAME - meta_bytes;
    payload->little = true;
    memcpy(payload->keys, start_bytes + RSF_KEYS, sizeof payload->keys);
    return F24_OK;
}

f24_status f24_container_locate(const f24_container *container, const f24_place *place,
                                f24_payload_place *payload, f24_error *err)
{
    if (container->info.backend == F24_XDF)
        return locate_xdf(container, place, payload, err);
    return locate_rsf(container, place, payload, err);
}

f24_status f24_container_payload_bytes(const f24_container *container, const f24_place *place,
                                       uint64_t *n_bytes, f24_error *err)
{
    uint64_t frame = container->info.backend == F24_XDF
                         ? F24_XDF_RECORD_HEAD
                         : F24_RSF_FRAME + (uint64_t)place->meta_words * 4;

    F24_TRY(check_place(container, place, frame, err));
    *n_bytes = place->n_bytes - frame;
    return F24_OK;
}

f24_status f24_container_json(const f24_container *container, const f24_place *place,
                              uint64_t *offset, uint64_t *n_bytes, f24_error *err)
{
    uint8_t words[F24_RSF_SEARCH_WORDS * 4];
    f24_payload_place payload;
    f24_rsf_meta meta;

    *offset = *n_bytes = 0;
    if (container->info.backend == F24_XDF)
        return F24_OK;
    F24_TRY(f24_container_locate(container, place, &payload, err));
    F24_TRY(f24_source_read(container->source, place->offset + F24_RSF_START, words, sizeof words,
                            err));
    meta = f24_rsf_meta_at(words, F24_RSF_SEARCH_WORDS, place->meta_words);
    if ((meta.flags & F24_FLAG_BAD) != 0)
        return f24_fail(err, F24_ECORRUPT, (int64_t)place->offset + F24_RSF_START + 8,
                        "the extended metadata leave the %u words of metadata of the record",
                        (unsigned)place->meta_words);
    *offset = place->offset + F24_RSF_START + (uint64_t)meta.json_word * 4;
    *n_bytes = (uint64_t)meta.json_words * 4;
    return F24_OK;
}

/* ---------------------------------------------------------------------------- lone records --- */

static f24_status parse_rsf(const uint8_t *record, size_t n_bytes, f24_stored *stored,
                            f24_error *err)
{
    f24_rsf_mark start = f24_rsf_start_at(record), end;
    f24_rsf_meta meta;

    if (start.n_bytes > n_bytes)
        return f24_fail(err, F24_ETRUNCATED, (int64_t)n_bytes,
                        "the stored record has %zu bytes of the %" PRIu64 " that it says", n_bytes,
                        start.n_bytes);
    if (start.n_bytes < F24_RSF_FRAME + (uint64_t)start.words * 4 ||
        start.words < F24_RSF_SEARCH_WORDS)
        return f24_fail(err, F24_ECORRUPT, 4,
                        "the stored record says it has %" PRIu64
                        " bytes and %u words of metadata: that is no record of a standard file",
                        start.n_bytes, (unsigned)start.words);
    end = f24_rsf_end_at(record + n_bytes - F24_RSF_END);
    F24_TRY(check_marks(&start, &end, 0, n_bytes, start.words, err));
    meta = f24_rsf_meta_at(record + F24_RSF_START, start.words, start.words);
    if (meta.kind == F24_RSF_UNLISTED)
        return f24_fail(err, F24_EUNSUPPORTED, F24_RSF_START,
                        "the stored record holds no field (an embedded file?)");
    *stored = (f24_stored){
        .backend = F24_RSF,
        .little = true,
        .keys = RSF_KEYS,
        .payload = F24_RSF_START + (size_t)start.words * 4,
        .n_bytes = n_bytes - F24_RSF_FRAME - (size_t)start.words * 4,
        .json = F24_RSF_START + (size_t)meta.json_word * 4,
        .n_json_bytes = (size_t)meta.json_words * 4,
        .meta_words = start.words,
        .flags = meta.flags,
    };
    return F24_OK;
}

static f24_status parse_xdf(const uint8_t *record, size_t n_bytes, f24_stored *stored,
                            f24_error *err)
{
    f24_xdf_head head = f24_xdf_head_at(record);
    uint64_t said = (uint64_t)head.n_units * F24_XDF_UNIT;

    if (head.idtyp == 0 || head.address == 0 || said < F24_XDF_RECORD_HEAD)
        return f24_fail(err, F24_ENOTFST, 0,
                        "not a stored record: it begins with neither the header of XDF nor the "
                        "mark of RSF");
    if (said != n_bytes)
        return f24_fail(err, said > n_bytes ? F24_ETRUNCATED : F24_ECORRUPT, (int64_t)n_bytes,
                        "the stored record has %zu bytes, but says %" PRIu64, n_bytes, said);
    *stored = (f24_stored){
        .backend = F24_XDF,
        .keys = XDF_KEYS,
        .payload = F24_XDF_RECORD_HEAD,
        .n_bytes = n_bytes - F24_XDF_RECORD_HEAD,
    };
    return F24_OK;
}

/*
 * Byte 3 is FE in RSF; in XDF it is the low byte of a length, but then bytes 4 to 7 are an address
 * and never 0, as the high word of an RSF length below 4 GiB is.
 */
f24_status f24_stored_parse(const uint8_t *record, size_t n_bytes, f24_stored *stored,
                            f24_error *err)
{
    if (n_bytes < F24_XDF_RECORD_HEAD)
        return f24_fail(err, F24_ETRUNCATED, (int64_t)n_bytes,
                        "a stored record has %u bytes or more, here are %zu", F24_XDF_RECORD_HEAD,
                        n_bytes);
    if (record[3] == 0xFE && le32(record + 4) <= UINT16_MAX && le32(record + 4) == n_bytes >> 32)
        return parse_rsf(record, n_bytes, stored, err);
    return parse_xdf(record, n_bytes, stored, err);
}
