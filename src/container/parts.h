/* What the files of src/container share. Facts: docs/format/containers.md. */
#ifndef F24_CONTAINER_PARTS_H
#define F24_CONTAINER_PARTS_H

#include "base/bytes.h"
#include "container/container.h"
#include "container/store.h"

/* ------------------------------------------------------------------------------- identify.c --- */

typedef enum f24_layout {
    F24_LAYOUT_XDF = 1,    /* "STDR" */
    F24_LAYOUT_XDF_SEQ,    /* "STDS": pages or not, its header tells */
    F24_LAYOUT_RSF_LITTLE, /* "STDF" */
} f24_layout;

/* Bytes at the start of a file that are enough to tell what it is. */
#define F24_IDENTIFY_BYTES 512u

/*
 * Tell the layout from the first n_bytes (1) of a file of `size` bytes: all of it, or
 * F24_IDENTIFY_BYTES. F24_ENOTFST (says what it is), F24_ETRUNCATED, F24_EUNSUPPORTED.
 */
f24_status f24_identify(const uint8_t *bytes, size_t n_bytes, uint64_t size, f24_layout *layout,
                        f24_error *err);

/* --------------------------------------------------------------------------------- window.c --- */

/*
 * One buffer through which the directory is read, reused all along: fresh memory and many small
 * reads cost more than decoding (7). Memory of the caller is used in place.
 */
typedef struct f24_window {
    f24_source *source;
    uint64_t size; /* of the source */
    uint8_t *bytes;
    size_t capacity;
    uint64_t offset; /* of bytes[0] in the file */
    size_t n_bytes;  /* that are there */
} f24_window;

/* Refills read this much by default: a few records ahead, or a run of entries. */
#define F24_WINDOW_NEAR ((size_t)4 << 10)
#define F24_WINDOW_FAR ((size_t)256 << 10)

void f24_window_init(f24_window *window, f24_source *source);
void f24_window_free(f24_window *window);

/*
 * Bytes of the file from `offset`: `need` of them at least, and as many more as are at hand. A
 * refill reads `want` bytes (bounded by the file). They stay until the next call.
 *
 * need   at most 1 MiB, checked by the caller against the file or the format's own fields.
 * n_had  how many there are; may be NULL.
 * F24_ETRUNCATED when the file ends before offset + need, F24_EIO, F24_ECHANGED, F24_ENOMEM.
 */
f24_status f24_window_at(f24_window *window, uint64_t offset, size_t need, size_t want,
                         const uint8_t **bytes, size_t *n_had, f24_error *err);

/* ---------------------------------------------------------------------------------- batch.c --- */

/* A run in the making. */
typedef struct f24_batch {
    const f24_sink *sink;
    f24_run run;
    uint64_t offset[F24_RUN_MAX];
    uint64_t n_bytes[F24_RUN_MAX];
    int32_t file_index[F24_RUN_MAX];
    uint16_t meta_words[F24_RUN_MAX];
    uint8_t flags[F24_RUN_MAX];
    uint8_t keys[F24_RUN_MAX][F24_KEY_WORDS * 4]; /* copies, for keys that do not stay in place */
} f24_batch;

typedef struct f24_entry {
    uint64_t offset, n_bytes;
    int32_t file_index;
    uint16_t meta_words;
    uint8_t flags;
} f24_entry;

void f24_batch_init(f24_batch *batch, const f24_sink *sink, bool little);
f24_status f24_batch_flush(f24_batch *batch, f24_error *err);

/* Add an entry whose 16 key words are copied. */
f24_status f24_batch_copy(f24_batch *batch, const uint8_t *keys, const f24_entry *entry,
                          f24_error *err);

/*
 * Add an entry whose key words stay at `keys` until the next flush. Entries that follow one another
 * at equal distance share a run.
 */
static inline f24_status f24_batch_add(f24_batch *batch, const uint8_t *keys, size_t stride,
                                       const f24_entry *entry, f24_error *err)
{
    f24_run *run = &batch->run;

    if (run->n == F24_RUN_MAX ||
        (run->n > 0 && (stride != run->stride || keys != run->keys + run->n * stride)))
        F24_TRY(f24_batch_flush(batch, err));
    if (run->n == 0) {
        run->keys = keys;
        run->stride = stride;
    }
    batch->offset[run->n] = entry->offset;
    batch->n_bytes[run->n] = entry->n_bytes;
    batch->file_index[run->n] = entry->file_index;
    batch->meta_words[run->n] = entry->meta_words;
    batch->flags[run->n] = entry->flags;
    run->n++;
    return F24_OK;
}

/* ----------------------------------------------------------------------- the two containers --- */

/* What scanning an XDF file has to do. */
typedef struct f24_xdf_parts {
    uint64_t first_page; /* byte offset */
    uint64_t n_declared; /* nbd: the pages that the header counts */
    uint64_t n_pages;    /* make room for so many; before a walk, read no more; 0: no directory */
    bool walk;           /* go on through the records themselves ... */
    uint64_t walk_from;  /* ... from this byte ... */
    uint64_t n_walk;     /* ... meeting at most so many, ... */
    uint64_t n_known;    /* ... of which the first ones, up to the next page, are listed already */
    uint64_t page_at;    /* where the chain has a page that cannot be read; 0: nowhere */
} f24_xdf_parts;

/* A segment of an RSF file whose records are listed. */
typedef struct f24_segment {
    uint64_t offset;                     /* of its SOS: places in the directory count from here */
    uint64_t end;                        /* of what may belong to it */
    uint64_t directory, directory_bytes; /* 0: none, walk through the records */
    uint64_t entries, entries_end;       /* 0, or what a walk asks which records were deleted */
    uint32_t n_entries;
} f24_segment;

typedef struct f24_rsf_parts {
    f24_segment *segments;
    size_t n_segments, capacity;
    size_t split;           /* the segment whose directory two threads read ... */
    uint32_t split_entries; /* ... the first so many entries: 0: one thread */
} f24_rsf_parts;

/* What a scan counts. */
typedef struct f24_counts {
    int64_t n_records, n_deleted;
    int64_t n_misplaced;     /* listed with F24_FLAG_BAD ... */
    int64_t first_misplaced; /* ... and the file_index of the first one */
} f24_counts;

struct f24_container {
    f24_source *source;
    f24_warnings *warnings;
    uint64_t size; /* of the file */
    f24_window window;
    f24_file_info info;
    uint64_t max_entries, second_entries;
    f24_counts counts;
    f24_error damage; /* of the directory, the first that was noted; status F24_OK: none */
    f24_xdf_parts xdf;
    f24_rsf_parts rsf;
    bool of_slots;         /* a file that is being written: these replace both ... */
    const f24_slot *slots; /* ... until the scan */
    size_t n_slots;
};

/* Note an entry that is listed as bad; told in one warning after the scan. */
static inline void f24_count_misplaced(f24_counts *counts, int32_t file_index)
{
    if (counts->n_misplaced++ == 0)
        counts->first_misplaced = file_index;
}

/*
 * Damage of the directory behind which records are looked for in the file itself. A warning tells;
 * it is the error of the scan when no record is found at all. why->message needs no next step.
 */
void f24_note_damage(f24_container *container, const f24_error *why);

f24_status f24_xdf_open(f24_container *container, f24_layout layout, f24_error *err);
f24_status f24_xdf_scan(f24_container *container, f24_batch *batch, f24_error *err);
f24_status f24_rsf_open(f24_container *container, f24_error *err);
f24_status f24_rsf_scan(f24_container *container, f24_batch batches[2], f24_error *err);

/* -------------------------------------------------------------------------------------- XDF --- */

#define F24_XDF_UNIT 8u                       /* addresses and lengths count 64-bit units (2.1) */
#define F24_XDF_MAX_BYTES (UINT64_C(1) << 35) /* what 32-bit addresses reach (2.13) */
#define F24_XDF_HEADER 208u                   /* bytes of a standard file's header (2.2) */
#define F24_XDF_PAGE_HEAD 32u                 /* (2.3) */
#define F24_XDF_ENTRY 72u                     /* bytes of a directory entry */
#define F24_XDF_PAGE_ENTRIES 256u
#define F24_XDF_PAGE (F24_XDF_PAGE_HEAD + F24_XDF_PAGE_ENTRIES * F24_XDF_ENTRY)

/* The header of every structure (2.1). */
typedef struct f24_xdf_head {
    uint32_t idtyp;
    uint32_t n_units; /* lng */
    uint32_t address; /* units, counted from 1 */
} f24_xdf_head;

static inline f24_xdf_head f24_xdf_head_at(const uint8_t *bytes)
{
    uint32_t word = be32(bytes);

    return (f24_xdf_head){word >> 24, word & 0xFFFFFFu, be32(bytes + 4)};
}

/* Byte offset of an address; address 0 has none. */
static inline uint64_t f24_xdf_offset(uint32_t address)
{
    return (uint64_t)(address - 1u) * F24_XDF_UNIT;
}

/* A directory page (2.3). */
typedef struct f24_xdf_page {
    uint64_t offset;
    uint32_t n_entries;
    uint32_t next; /* address of the next page, 0 on the last */
} f24_xdf_page;

/* The head of the page at `offset`, all of which is at `bytes`. F24_ECORRUPT. */
f24_status f24_xdf_parse_page(const uint8_t *bytes, uint64_t offset, f24_xdf_page *page,
                              f24_error *err);

/* What the checksum of a page is wrong by; 0: it is right. */
uint32_t f24_xdf_checksum(const uint8_t *bytes);

/* Live are exactly 1 to 125 (2.1); other values are passed over. */
static inline bool f24_xdf_is_live(uint32_t idtyp)
{
    return idtyp >= 1 && idtyp <= 125;
}

typedef enum f24_xdf_met {
    F24_XDF_RECORD = 1,
    F24_XDF_DELETED,
    F24_XDF_PAGE_MET,
    F24_XDF_END,  /* the end of the bytes, or an end mark */
    F24_XDF_CUT,  /* a record that the end of the file cuts */
    F24_XDF_LOST, /* bytes that are no structure */
} f24_xdf_met;

/* A walk through the structures themselves: sequential files (2.9), files never closed (2.10). */
typedef struct f24_xdf_walk {
    uint64_t next;    /* where the next structure should be */
    uint64_t page_at; /* where the page before leads to, or 0 */
    bool sequential;
    bool end_mark; /* an end mark was met */
    uint64_t at;   /* the structure that was met, its header and first bytes */
    f24_xdf_head head;
    const uint8_t *bytes; /* of a record: F24_XDF_RECORD_HEAD bytes, until the next step */
} f24_xdf_walk;

f24_xdf_walk f24_xdf_walk_begin(const f24_container *container);
f24_status f24_xdf_step(f24_container *container, f24_xdf_walk *walk, f24_xdf_met *met,
                        f24_error *err);

/* -------------------------------------------------------------------------------------- RSF --- */

#define F24_RSF_START 16u          /* bytes of a start mark (3.1) */
#define F24_RSF_END 12u            /* of an end mark */
#define F24_RSF_FRAME 28u          /* both */
#define F24_RSF_SOS 72u            /* of a start of segment */
#define F24_RSF_EOS 68u            /* of a compact end of segment */
#define F24_RSF_EOS_LOW 20u        /* of its first part */
#define F24_RSF_EOS_HIGH 48u       /* of its second part */
#define F24_RSF_SEGMENT_MIN 140u   /* of an empty segment: SOS and EOS */
#define F24_RSF_DIRECTORY_MIN 32u  /* of a directory without entries: the head and the end mark */
#define F24_RSF_EXCLUSIVE 0xFFFFu  /* rlm of segment 0: one writer has the file for itself (3.1) */
#define F24_RSF_SEARCH_WORDS 19    /* metadata words that every listed record has (3.2) */
#define F24_RSF_ENTRY 32u          /* bytes of a directory entry before its metadata (3.3) */
#define F24_RSF_PLAIN_ENTRY 108u   /* of an entry without JSON */
#define F24_RSF_DIRECTORY_HEAD 20u /* of a directory before its entries: mark and count */
#define F24_RSF_SPLIT_FROM 100000u /* entries; two threads save 1 ms there, and 20 at a million */

enum { /* record types (3.1) */
       F24_RSF_HOLE = 0,
       F24_RSF_DATA = 1,
       F24_RSF_SEGMENT_START = 3,
       F24_RSF_SEGMENT_END = 4,
       F24_RSF_DIRECTORY = 6,
       F24_RSF_EMBEDDED = 7,
       F24_RSF_GONE = 0x80,
};

typedef struct f24_rsf_mark {
    uint8_t type;       /* rt */
    uint8_t tag;        /* zr: 0xFE at the start of a record, 0xFF at its end */
    uint16_t words;     /* rlm */
    uint64_t n_bytes;   /* rl */
    uint16_t dir_words; /* rlmd, of a start mark */
} f24_rsf_mark;

f24_rsf_mark f24_rsf_start_at(const uint8_t *bytes);
f24_rsf_mark f24_rsf_end_at(const uint8_t *bytes);

/* What the start of a segment says (3.1). */
typedef struct f24_rsf_head {
    bool is_one;  /* "RSF0" */
    bool damaged; /* its start mark or its signature */
    bool ends;    /* its end mark is right */
    bool ours;    /* "STDF" */
    bool spare;   /* free space that a parallel writer left */
    uint16_t writers;
    uint64_t seg, sseg;   /* bytes without and with its end; 0: open */
    uint64_t vdir, vdirs; /* its directory, from the segment's start */
} f24_rsf_head;

/* From F24_RSF_SOS bytes. */
f24_rsf_head f24_rsf_head_at(const uint8_t *bytes);

/* What the first metadata words of a record or of its directory entry say (3.2). */
typedef struct f24_rsf_meta {
    enum { F24_RSF_LISTED = 1, F24_RSF_DELETED, F24_RSF_UNLISTED } kind;
    uint8_t flags;       /* F24_FLAG_... */
    uint16_t json_word;  /* first metadata word of the JSON text */
    uint16_t json_words; /* 0: none */
} f24_rsf_meta;

/* meta: n_there words of metadata that are at hand; n_words: how many the record has. */
f24_rsf_meta f24_rsf_meta_at(const uint8_t *meta, uint16_t n_there, uint16_t n_words);

typedef enum f24_rsf_met {
    F24_RSF_RECORD_MET = 1,
    F24_RSF_CONTROL_MET, /* a directory or the like: no record of the user */
    F24_RSF_OVER,        /* nothing more: an end of segment, zeros, or the end of the bytes */
    F24_RSF_NEXT,        /* the next segment starts here */
    F24_RSF_TORN,        /* a record that was not written whole, or rubbish */
} f24_rsf_met;

/* A walk through the records of a segment that has no directory (3.4). */
typedef struct f24_rsf_walk {
    uint64_t next, end;
    uint64_t at;
    f24_rsf_mark start;
    uint16_t n_there;    /* metadata words at `meta` */
    const uint8_t *meta; /* until the next step */
} f24_rsf_walk;

/* Warn of a record, found torn at byte `at`, that ended the walk through its segment. */
void f24_rsf_tell_torn(f24_container *container, uint64_t at);

f24_status f24_rsf_step(f24_container *container, f24_rsf_walk *walk, f24_rsf_met *met,
                        f24_error *err);

#endif
