/*
 * What a container can do: list the places and key words of its records, and find the payload of
 * one. Nothing outside src/container knows what a file offset means.
 */
#ifndef F24_CONTAINER_CONTAINER_H
#define F24_CONTAINER_CONTAINER_H

#include "base/error.h"
#include "base/source.h"

#define F24_KEY_WORDS 16        /* the key words of a record (docs/format/containers.md, 2.5) */
#define F24_XDF_RECORD_HEAD 80u /* header, keys, auxiliary keys before an XDF payload */
#define F24_MAX_WARNINGS 64

/* What opening met and could live with. Zero-initialised; freed with the file that owns it. */
typedef struct f24_warnings {
    f24_error *list;
    int64_t n;
} f24_warnings;

/* Note a warning (dropped beyond F24_MAX_WARNINGS, or when memory is short). */
__attribute__((format(printf, 4, 5))) void f24_warn(f24_warnings *warnings, f24_status status,
                                                    int64_t offset, const char *format, ...);
void f24_warnings_free(f24_warnings *warnings);

/*
 * Live directory entries of equal stride, in listing order: what a container hands to the table.
 * Arrays have n entries; key words of entry i are at keys + i x stride.
 */
#define F24_RUN_MAX 256
typedef struct f24_run {
    size_t n; /* 1 .. F24_RUN_MAX */
    const uint8_t *keys;
    size_t stride;
    bool little; /* byte order of the key words */
    const uint64_t *offset;
    const uint64_t *n_bytes;
    const uint16_t *meta_words;
    const uint8_t
        *flags; /* F24_FLAG_... known from the place alone; the table adds those of the keys */
    const int32_t *file_index;
} f24_run;

/*
 * Where runs go. `err` is filled on failure, which ends the scan.
 *
 * take  one run.
 * drop  forget every run that was taken: they come again.
 */
typedef struct f24_sink {
    void *context;
    f24_status (*take)(void *context, const f24_run *run, f24_error *err);
    void (*drop)(void *context);
} f24_sink;

/* Facts about the file, filled by opening (n_records by scanning). */
typedef struct f24_container f24_container;

/*
 * Recognise the container from its first bytes and check its frame.
 * F24_ENOTFST names what the file is instead; F24_ETRUNCATED, F24_ECORRUPT, F24_EUNSUPPORTED,
 * F24_EIO. The container borrows `source`, which must outlive it.
 */
f24_status f24_container_open(f24_source *source, f24_warnings *warnings, f24_container **container,
                              f24_error *err);
void f24_container_close(f24_container *container);

/*
 * So many entries will come from f24_container_scan at most, unless the directory is damaged: then
 * sinks[0] may get more. Bounded by the file's size either way.
 */
uint64_t f24_container_max_entries(const f24_container *container);

/* So many of them may go to the second sink of a scan; 0 when it is not used. */
uint64_t f24_container_second_entries(const f24_container *container);

/*
 * Give every live entry to a sink, once, in listing order: first those of sinks[0], then those of
 * sinks[1]. The two may be called at the same time, from two threads. Call it once.
 */
f24_status f24_container_scan(f24_container *container, const f24_sink sinks[2], f24_error *err);

void f24_container_info(const f24_container *container, f24_file_info *info);

/* What the directory says of one record. */
typedef struct f24_place {
    uint64_t offset;
    uint64_t n_bytes;
    uint16_t meta_words;
} f24_place;

/* Where the payload of a record lies. */
typedef struct f24_payload_place {
    uint64_t offset;                 /* from the start of the file */
    uint64_t n_bytes;                /* a multiple of 4 in practice; bounded by the record */
    bool little;                     /* words are little-endian */
    uint8_t keys[F24_KEY_WORDS * 4]; /* the record's own key words, in the same byte order */
} f24_payload_place;

/*
 * Length of the payload as the directory tells it. F24_ECORRUPT, F24_ETRUNCATED: no record can lie in
 * this place. Reads nothing.
 */
f24_status f24_container_payload_bytes(const f24_container *container, const f24_place *place,
                                       uint64_t *n_bytes, f24_error *err);

/*
 * Read and check the frame of a record against its place in the directory (marks, addresses,
 * lengths), and tell where the payload lies. F24_ECORRUPT, F24_ETRUNCATED, F24_EIO.
 */
f24_status f24_container_locate(const f24_container *container, const f24_place *place,
                                f24_payload_place *payload, f24_error *err);

/*
 * Extended metadata of a record, as bytes in the file: *n_bytes is 0 when there is none. The text
 * ends at its NUL, within n_bytes.
 */
f24_status f24_container_json(const f24_container *container, const f24_place *place,
                              uint64_t *offset, uint64_t *n_bytes, f24_error *err);

/* A stored record on its own, header included: which container it is from, where things lie in it.
 */
typedef struct f24_stored {
    f24_backend backend;
    bool little;
    size_t keys;    /* byte offset of the 16 key words */
    size_t payload; /* byte offset of the payload */
    size_t n_bytes; /* of the payload */
    size_t json;    /* byte offset of the extended metadata (F24_FLAG_JSON) */
    size_t n_json_bytes;
    uint16_t meta_words;
    uint8_t flags;
} f24_stored;
f24_status f24_stored_parse(const uint8_t *record, size_t n_bytes, f24_stored *stored,
                            f24_error *err);

#endif
