/* What the files that write RSF share. Facts: docs/format/containers.md, 3. */
#ifndef F24_CONTAINER_RSF_PARTS_H
#define F24_CONTAINER_RSF_PARTS_H

#include "container/store_parts.h"

enum {
    F24_RSF_KEYS = 12, /* byte of the key words in the metadata: three words are in front (3.2) */
    F24_RSF_KEY_BYTES = F24_KEY_WORDS * 4,
};

/* Words that a text takes in the metadata, its NUL included. */
static inline size_t f24_rsf_json_words(size_t n_json)
{
    return n_json == 0 ? 0 : n_json / 4 + 1;
}

/* ------------------------------------------------------------------------------- rsf_marks.c --- */

/* What SOS and EOS say of a segment, in bytes (3.1). */
typedef struct f24_rsf_sizes {
    uint64_t seg, sseg, vdir, vdirs;
} f24_rsf_sizes;

void f24_rsf_put_start(uint8_t *at, f24_rsf_mark mark, uint8_t element_bytes);
void f24_rsf_put_end(uint8_t *at, f24_rsf_mark mark);

/* F24_RSF_SOS bytes. words: rlm. spare: free space, "<-->". */
void f24_rsf_put_sos(uint8_t *at, uint16_t words, bool spare, const f24_rsf_sizes *sizes);

/* The two parts of an EOS of n_bytes, the hole between them counted, and both, without a hole. */
void f24_rsf_put_eos_low(uint8_t *at, uint64_t n_bytes, uint16_t words);
void f24_rsf_put_eos_high(uint8_t *at, uint64_t n_bytes, uint16_t words,
                          const f24_rsf_sizes *sizes);
void f24_rsf_put_eos(uint8_t *at, uint16_t words, const f24_rsf_sizes *sizes);

/* F24_RSF_SEGMENT_MIN bytes: the empty segment that every file begins with. */
void f24_rsf_put_first_segment(uint8_t *at, uint16_t writers);

/* Whether F24_RSF_EOS_HIGH bytes are the end of a segment. */
bool f24_rsf_is_eos_high(const uint8_t *bytes);

/* -------------------------------------------------------------------------------- rsf_list.c --- */

/*
 * Put the entries of all directories into slots. Segments without a directory that others have open
 * are passed over when there are `others`. Stricter than the reader: what cannot be believed is an error.
 */
f24_status f24_rsf_list(f24_store *store, uint64_t size, bool others, f24_error *err);

/* ----------------------------------------------------------------------------- rsf_segment.c --- */

/* A writer of RSF. */
typedef struct f24_rsf_writer {
    bool shared;        /* others may write, too */
    uint64_t segment;   /* byte of the SOS of the open segment; 0: none */
    uint64_t end;       /* where its next record goes */
    uint64_t top;       /* where its room ends; UINT64_MAX: nowhere, nobody else sees the file */
    uint64_t allocated; /* blocks are there up to this byte */
    uint64_t room;      /* to reserve next */
    size_t first;       /* slot of the segment's first record */

    /* Its directory as it will be on disk, and where the entries of its records are in there. */
    uint8_t *directory;
    size_t n_bytes, capacity;
    size_t *places;
    size_t n_places;
} f24_rsf_writer;

static inline f24_rsf_writer *f24_rsf_writer_of(const f24_store *store)
{
    return store->own;
}

/* What one write puts behind the entries: the end of the directory, and what begins the rest. */
enum { F24_RSF_TAIL = F24_RSF_END + F24_RSF_EOS + F24_RSF_SOS + F24_RSF_EOS_LOW };

/* The first bytes of `directory` are for its head. */
static inline void f24_rsf_no_entries(f24_rsf_writer *w)
{
    w->n_bytes = F24_RSF_DIRECTORY_HEAD;
}

/* Have a segment in which a record of n_record bytes finds room, and its entry of n_entry bytes. */
f24_status f24_rsf_make_room(f24_store *store, uint64_t n_record, uint64_t n_entry, f24_error *err);

/*
 * Cut the bare start of a segment off the end of a file of *size bytes, which is locked: its writer died
 * between the two writes that reserve it.
 */
f24_status f24_rsf_drop_begun(f24_store *store, uint64_t *size, f24_error *err);

/* After a record was not written whole: let the records end before it. */
void f24_rsf_undo_record(f24_store *store);

typedef enum f24_rsf_rest {
    F24_RSF_REST_OPEN, /* a segment to go on with */
    F24_RSF_REST_FREE, /* free space, given back where the file ends with it */
} f24_rsf_rest;

/* Write the directory and the end of the open segment, if there is one. */
f24_status f24_rsf_close_segment(f24_store *store, f24_rsf_rest rest, f24_error *err);

/* ------------------------------------------------------------------- rsf_write.c, rsf_change.c --- */

f24_status f24_rsf_check(const f24_store *store, const f24_addition *record, f24_error *err);
f24_status f24_rsf_remove(f24_store *store, size_t slot, f24_error *err);
f24_status f24_rsf_edit(f24_store *store, size_t slot, const uint32_t keys[F24_KEY_WORDS],
                        const char *json, size_t n_json, f24_error *err);

#endif
