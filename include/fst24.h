/*
 * fst24.h - read and write RPN standard files (FST), the format of the weather and climate models of
 * Environment and Climate Change Canada. This is the whole public interface of libfst24.
 *
 * A file is a list of records. A record is a field of ni x nj x nk values with its metadata
 * (nomvar, ip1, datev, ...). Opening a file reads its directory into a table of columns; values are
 * read and decoded record by record, straight into memory of the caller.
 *
 *     f24_file *file = NULL;
 *     f24_error err;
 *     if (f24_open("gem.fst", NULL, &file, &err) != F24_OK)
 *         fprintf(stderr, "gem.fst: %s\n", err.message);
 *
 * Rules that hold everywhere
 *   errors    A function that can fail returns f24_status and fills the caller's f24_error, which
 *             may be NULL. Nothing prints, exits or reads the environment. Outputs change on
 *             success only, unless said otherwise.
 *   threads   There is no global state. A file is immutable after f24_open: any number of threads
 *             may use it at once. f24_close must be the last call on a file.
 *   memory    Handles come from _open and go to _close or _release (NULL is fine). A borrowed
 *             pointer says until when it lives. Arrays are filled in memory that the caller gives.
 *   order     Arrays are in Fortran order: i fastest, then j, then k.
 *   indices   0-based, over the live records, in listing order.
 */
#ifndef FST24_H
#define FST24_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__GNUC__)
#define F24_API __attribute__((visibility("default")))
#define F24_MUST_CHECK __attribute__((warn_unused_result))
#else
#define F24_API
#define F24_MUST_CHECK
#endif

#ifdef __cplusplus
extern "C" {
#endif

#define F24_VERSION "0.1.0"

/* ----------------------------------------------------------------------------------- errors --- */

/* The numbers are part of the interface and never change. */
typedef enum f24_status {
    F24_OK = 0,
    F24_EIO = 1,          /* the system refused; f24_error.sys_errno says why */
    F24_ENOMEM = 2,       /* memory could not be had */
    F24_EINVAL = 3,       /* an argument is wrong: a mistake of the caller */
    F24_ENOTFST = 4,      /* not a standard file; the message says what it is instead */
    F24_ETRUNCATED = 5,   /* the file ends too early */
    F24_ECORRUPT = 6,     /* the bytes contradict the format */
    F24_EUNSUPPORTED = 7, /* of the format, but not read (an unknown datyp, a newer version) */
    F24_ENOTFOUND = 8,    /* no such record */
    F24_ECHANGED = 9,     /* the file on disk is no longer the one that was opened */
    F24_ELOCKED = 10,     /* somebody else writes to the file */
    F24_EENCODING = 11, /* what the format, or this container, cannot keep; the way out is named */
} f24_status;

typedef struct f24_error {
    f24_status status;
    int sys_errno;     /* errno of the system call that failed, else 0 */
    int64_t record;    /* index of the record, -1 when no record is concerned */
    int64_t offset;    /* byte from the start of the file, -1 when unknown */
    char message[240]; /* one sentence, NUL-terminated, without the file's name */
} f24_error;

/* The version of the library that runs, as F24_VERSION. */
F24_API const char *f24_version(void);

/* A short name of a status ("truncated"); never NULL. */
F24_API const char *f24_status_name(f24_status status);

/* ------------------------------------------------------------------------------------ files --- */

typedef struct f24_file f24_file;
typedef struct f24_table f24_table;
typedef struct f24_pool f24_pool;
typedef struct f24_hold f24_hold;

typedef enum f24_backend {
    F24_XDF = 1, /* "STDR": directory pages of 256 entries, big-endian */
    F24_RSF = 2, /* "STDF": segments, each with one directory */
} f24_backend;

/*
 * How to open a file. Start from F24_OPTIONS_INIT.
 *
 * mmap_from  files of this many bytes and more are mapped, so that f24_view can give values without
 *            a copy: 0 maps every file, UINT64_MAX none. Default 1 GiB. The library's own reads
 *            never touch the mapping: a file that shrinks gives F24_ETRUNCATED, not a signal.
 * pool       descriptors are shared through this pool, which must outlive the file; NULL: the file
 *            keeps a descriptor of its own.
 */
typedef struct f24_options {
    uint64_t mmap_from;
    f24_pool *pool;
} f24_options;

#define F24_OPTIONS_INIT {UINT64_C(1) << 30, NULL}

/*
 * Bytes that are not in a file of this machine.
 *
 * read   fill `buffer` with exactly n_bytes from `offset`; never asked beyond `size`. Returns 0 or
 *        an errno value. Called from any thread that reads the file, several at once.
 * close  called once, by f24_close or when the last view goes; may be NULL.
 */
typedef struct f24_reader {
    void *context;
    uint64_t size;
    int (*read)(void *context, uint64_t offset, void *buffer, size_t n_bytes);
    void (*close)(void *context);
} f24_reader;

/*
 * Open a standard file and read its directory.
 *
 * f24_open         a file of this machine. `options` may be NULL.
 * f24_open_memory  n_bytes at `bytes`, which must stay as they are until f24_close and until the
 *                  last view is released.
 * f24_open_reader  bytes behind callbacks; `reader` is copied. On failure `close` is not called.
 *
 * A damaged or unclosed file opens as far as its records can be trusted; see f24_warning_at. A bad
 * record is listed with F24_FLAG_BAD and does not hide the others.
 * F24_EIO, F24_ENOMEM, F24_EINVAL (a directory, a pipe), F24_ENOTFST, F24_ETRUNCATED, F24_ECORRUPT,
 * F24_EUNSUPPORTED.
 */
F24_API F24_MUST_CHECK f24_status f24_open(const char *path, const f24_options *options,
                                           f24_file **file, f24_error *err);
F24_API F24_MUST_CHECK f24_status f24_open_memory(const void *bytes, size_t n_bytes,
                                                  f24_file **file, f24_error *err);
F24_API F24_MUST_CHECK f24_status f24_open_reader(const f24_reader *reader, f24_file **file,
                                                  f24_error *err);

/* Close; NULL is fine. Tables that were retained and views that are held stay valid. */
F24_API void f24_close(f24_file *file);

/* What is known of a file as a whole. */
typedef struct f24_file_info {
    f24_backend backend;
    uint64_t n_bytes;      /* size of the file when it was opened */
    int64_t n_records;     /* live records */
    int64_t n_deleted;     /* deleted entries of the directory */
    int64_t n_parts;       /* XDF: directory pages; RSF: segments */
    bool sequential;       /* XDF without a directory */
    bool open_for_writing; /* a writer has it, or died with it */
    bool mapped;           /* f24_view can give pointers into the mapping */
    char version[8];       /* "XDF0" or "RSF0" */
} f24_file_info;

F24_API void f24_get_file_info(const f24_file *file, f24_file_info *info);

/*
 * What was found wrong while opening and could be lived with (an unclosed file, a wrong checksum,
 * ...). At most 64 are kept. `i` counts from 0; the pointer lives until f24_close; NULL beyond the
 * last.
 */
F24_API int64_t f24_warning_count(const f24_file *file);
F24_API const f24_error *f24_warning_at(const f24_file *file, int64_t i);

/*
 * A pool of file descriptors and of work memory (64 MiB at most are kept between reads): at most
 * `max_open` descriptors are open however many files use it. A file that is
 * opened again is checked to be the same one (device, inode, size, time of change: F24_ECHANGED).
 * Release it after the last file that uses it is closed.
 */
F24_API F24_MUST_CHECK f24_status f24_pool_open(int max_open, f24_pool **pool, f24_error *err);
F24_API void f24_pool_close(f24_pool *pool);
F24_API int f24_pool_open_count(f24_pool *pool);

/*
 * For programs that fork while other threads read: call the first before fork() and the second after it,
 * in the parent and in the child (pthread_atfork is the place). Files stay usable in both.
 */
F24_API void f24_pool_before_fork(f24_pool *pool);
F24_API void f24_pool_after_fork(f24_pool *pool, bool in_child);

/* ------------------------------------------------------------------------------------ table --- */

/* f24_columns.flags */
#define F24_FLAG_BAD                                                                               \
    0x01u /* its place, sizes or type cannot be right; f24_read tells what it cannot give */
#define F24_FLAG_JSON 0x02u  /* has extended metadata (RSF) */
#define F24_FLAG_NEWER 0x04u /* written by a newer version of the format: listed, not decoded */

/*
 * The metadata of all live records, one array a field, n entries each, in listing order.
 * Text is padded with blanks and has no NUL. dateo and datev are CMC date stamps; deet in seconds.
 */
typedef struct f24_columns {
    int64_t n;
    const int32_t *dateo, *datev, *deet, *npas;
    const int32_t *ni, *nj, *nk;
    const int32_t *ip1, *ip2, *ip3;
    const int32_t *ig1, *ig2, *ig3, *ig4;
    const int32_t *datyp; /* as stored: +64 missing values, +128 compressed */
    const int32_t *nbits; /* stored bits a value */
    const char (*nomvar)[4];
    const char (*typvar)[2];
    const char (*etiket)[12];
    const char *grtyp;          /* any byte */
    const uint8_t *dasiz;       /* bits of a value in the writer's memory; 0 in old files */
    const uint8_t *flags;       /* F24_FLAG_... */
    const uint16_t *meta_words; /* RSF: 32-bit words of metadata in the record; XDF: 0 */
    const int32_t *file_index;  /* the reference's number: deleted entries are counted */
    const uint64_t *offset;     /* bytes from the start of the file to the stored record */
    const uint64_t *n_bytes;    /* length of the stored record, header included */
} f24_columns;

/* The table of a file, borrowed until f24_close; retain it to keep it longer. */
F24_API const f24_table *f24_file_table(const f24_file *file);
F24_API const f24_columns *f24_table_columns(const f24_table *table);
F24_API const f24_table *f24_table_retain(const f24_table *table);
F24_API void f24_table_release(const f24_table *table);

/*
 * Several tables as one of its own memory, exactly as large as its rows: those of each table after
 * those of the one before. An index counts through all of them; offsets stay those of each file.
 * No table at all gives one without rows. F24_ENOMEM.
 */
F24_API F24_MUST_CHECK f24_status f24_table_join(const f24_table *const *tables, size_t n_tables,
                                                 const f24_table **joined, f24_error *err);

/*
 * What a file lists, without the file.
 *
 * path      given by the caller: the file.
 * table     with one reference; NULL after a failure.
 * warnings  n_warnings of them, as f24_warning_at.
 * info      as f24_get_file_info.
 * error     status F24_OK, or what f24_open says.
 */
typedef struct f24_listing {
    const char *path;
    const f24_table *table;
    f24_error *warnings;
    int64_t n_warnings;
    f24_file_info info;
    f24_error error;
} f24_listing;

/*
 * Open, list and close `n` files on up to n_threads threads, the calling one included (1 or less:
 * no other). Every file is tried. `options` may be NULL; nothing is mapped. Clear each listing.
 */
F24_API void f24_list_many(f24_listing *listings, size_t n, const f24_options *options,
                           int n_threads);
F24_API void f24_listing_clear(f24_listing *listing);

/* One row of the table. Text is NUL-terminated, without trailing blanks. */
typedef struct f24_record {
    int32_t dateo, datev, deet, npas;
    int32_t ni, nj, nk;
    int32_t ip1, ip2, ip3;
    int32_t ig1, ig2, ig3, ig4;
    int32_t datyp, nbits, dasiz;
    char nomvar[5], typvar[3], etiket[13], grtyp[2];
    uint8_t flags;
    int32_t file_index;
    int64_t index;
    uint64_t offset, n_bytes;
} f24_record;

/* F24_ENOTFOUND when there is no record `index`. */
F24_API F24_MUST_CHECK f24_status f24_get_record(const f24_file *file, int64_t index,
                                                 f24_record *record, f24_error *err);

/*
 * The extended metadata of an RSF record: UTF-8 JSON.
 *
 * text      `capacity` bytes; on success holds the text and a NUL. May be NULL when capacity is 0.
 * n_bytes   length of the text without the NUL; 0 for a record that has none. It is set even when
 *           `capacity` is too small (then F24_EINVAL), so ask once with 0 bytes and once with
 *           enough.
 */
F24_API F24_MUST_CHECK f24_status f24_read_json(const f24_file *file, int64_t index, char *text,
                                                size_t capacity, size_t *n_bytes, f24_error *err);

/* -------------------------------------------------------------------------------------- Arrow ---
 */

/* The structures of the Arrow C data and C stream interfaces (arrow.apache.org, "C data
 * interface"). */
#ifndef ARROW_C_DATA_INTERFACE
#define ARROW_C_DATA_INTERFACE

#define ARROW_FLAG_DICTIONARY_ORDERED 1
#define ARROW_FLAG_NULLABLE 2
#define ARROW_FLAG_MAP_KEYS_SORTED 4

struct ArrowSchema {
    const char *format;
    const char *name;
    const char *metadata;
    int64_t flags;
    int64_t n_children;
    struct ArrowSchema **children;
    struct ArrowSchema *dictionary;
    void (*release)(struct ArrowSchema *);
    void *private_data;
};

struct ArrowArray {
    int64_t length;
    int64_t null_count;
    int64_t offset;
    int64_t n_buffers;
    int64_t n_children;
    const void **buffers;
    struct ArrowArray **children;
    struct ArrowArray *dictionary;
    void (*release)(struct ArrowArray *);
    void *private_data;
};

#endif

#ifndef ARROW_C_STREAM_INTERFACE
#define ARROW_C_STREAM_INTERFACE

struct ArrowArrayStream {
    int (*get_schema)(struct ArrowArrayStream *, struct ArrowSchema *out);
    int (*get_next)(struct ArrowArrayStream *, struct ArrowArray *out);
    const char *(*get_last_error)(struct ArrowArrayStream *);
    void (*release)(struct ArrowArrayStream *);
    void *private_data;
};

#endif

/* The columns of a table as Arrow gives them, in this order; the path last. */
typedef enum f24_column {
    F24_COLUMN_NOMVAR = 0, /* text */
    F24_COLUMN_TYPVAR = 1, /* text */
    F24_COLUMN_ETIKET = 2, /* text */
    F24_COLUMN_DATEV = 3,  /* int32, as all that say nothing else */
    F24_COLUMN_IP1 = 4,
    F24_COLUMN_IP2 = 5,
    F24_COLUMN_IP3 = 6,
    F24_COLUMN_NI = 7,
    F24_COLUMN_NJ = 8,
    F24_COLUMN_NK = 9,
    F24_COLUMN_GRTYP = 10, /* text; a byte outside printable ASCII is written \xNN */
    F24_COLUMN_IG1 = 11,
    F24_COLUMN_IG2 = 12,
    F24_COLUMN_IG3 = 13,
    F24_COLUMN_IG4 = 14,
    F24_COLUMN_DATEO = 15,
    F24_COLUMN_DEET = 16,
    F24_COLUMN_NPAS = 17,
    F24_COLUMN_DATYP = 18,
    F24_COLUMN_NBITS = 19,
    F24_COLUMN_INDEX = 20,  /* int64: place among the live records */
    F24_COLUMN_OFFSET = 21, /* uint64 */
    F24_COLUMN_NBYTES = 22, /* uint64 */
    F24_COLUMN_PATH = 23,   /* text: f24_arrow_options.path in every row; only where it is given */
    F24_N_COLUMNS = 24,
} f24_column;

/* The name of a column ("nomvar"); NULL for a number that is none. */
F24_API const char *f24_column_name(f24_column column);

/* How text is given, trailing blanks dropped. */
typedef enum f24_arrow_text {
    F24_ARROW_VIEW = 0,       /* utf8_view: every string lies inside its 16-byte view, no heap */
    F24_ARROW_UTF8 = 1,       /* utf8 */
    F24_ARROW_LARGE_UTF8 = 2, /* large_utf8 */
} f24_arrow_text;

/*
 * What to export. Start from F24_ARROW_INIT; NULL means the same: all columns, all rows, views.
 *
 * columns  n_columns different columns in the order wanted; NULL: all, in the order of f24_column.
 * rows     n_rows record indices in any order, repeats allowed; NULL: all. (0 rows: any pointer.)
 *          Read during the call only, as is `columns`.
 * first    added to every index: the place of the table's first record among those of linked files.
 * path     the file that the table is of, UTF-8, for tables of several files: gives the column
 *          F24_COLUMN_PATH. NULL: there is no such column. Copied.
 */
typedef struct f24_arrow_options {
    const f24_column *columns;
    size_t n_columns;
    const int64_t *rows;
    size_t n_rows;
    f24_arrow_text text;
    int64_t first;
    const char *path;
} f24_arrow_options;

#define F24_ARROW_INIT {NULL, 0, NULL, 0, F24_ARROW_VIEW, 0, NULL}

/*
 * The form of text that a consumer's requested schema asks for: that of its first text field, views
 * when it has none. Other wishes are the consumer's to fulfil. `requested` may be NULL.
 */
F24_API f24_arrow_text f24_arrow_text_requested(const struct ArrowSchema *requested);

/*
 * The table as Arrow: a struct array with one child a column, without nulls.
 *
 * Numbers are not copied: their buffers are the table's, which the array retains until it and every
 * child that was moved out of it are released, from any thread, the file closed or not. Text, the
 * index, and rows that are not one ascending run are written into one block.
 *
 * f24_arrow_schema  the type alone.
 * f24_arrow_array   the type and one batch; `schema` may be NULL.
 * f24_arrow_stream  the same batch as a stream; it is made when asked for.
 *
 * The structures are the caller's, to be released with their `release`; on failure they are not
 * touched. F24_EINVAL (an unknown or repeated column, a row that is not in the table, more text
 * than utf8 can hold), F24_ENOMEM.
 */
F24_API F24_MUST_CHECK f24_status f24_arrow_schema(const f24_arrow_options *options,
                                                   struct ArrowSchema *schema, f24_error *err);
F24_API F24_MUST_CHECK f24_status f24_arrow_array(const f24_table *table,
                                                  const f24_arrow_options *options,
                                                  struct ArrowSchema *schema,
                                                  struct ArrowArray *array, f24_error *err);
F24_API F24_MUST_CHECK f24_status f24_arrow_stream(const f24_table *table,
                                                   const f24_arrow_options *options,
                                                   struct ArrowArrayStream *stream, f24_error *err);

/* ------------------------------------------------------------------------------------- search ---
 */

typedef enum f24_key {
    F24_KEY_NOMVAR = 1,
    F24_KEY_TYPVAR = 2,
    F24_KEY_ETIKET = 3,
    F24_KEY_GRTYP = 4,
    F24_KEY_DATEO = 5,
    F24_KEY_DATEV = 6,
    F24_KEY_DEET = 7,
    F24_KEY_NPAS = 8,
    F24_KEY_NI = 9,
    F24_KEY_NJ = 10,
    F24_KEY_NK = 11,
    F24_KEY_IP1 = 12,
    F24_KEY_IP2 = 13,
    F24_KEY_IP3 = 14,
    F24_KEY_IG1 = 15,
    F24_KEY_IG2 = 16,
    F24_KEY_IG3 = 17,
    F24_KEY_IG4 = 18,
    F24_KEY_DATYP = 19,
    F24_KEY_NBITS = 20,
} f24_key;

typedef enum f24_match {
    F24_MATCH_EQUAL = 1, /* one of the values */
    F24_MATCH_RANGE = 2, /* from values[0] to values[1], both included; dateo and datev compare as
                            instants, so the two styles of stamp mix */
    F24_MATCH_ENCODING = 3, /* ip1, ip2, ip3: the same kind and value (1e-6) in any encoding */
} f24_match;

/*
 * One condition on one field. Exactly one of `numbers` and `texts` is used: `texts` for nomvar,
 * typvar, etiket and grtyp, where trailing blanks are ignored and lower case stands for upper case
 * (not in grtyp, which may be any byte). n = 0 matches nothing.
 */
typedef struct f24_criterion {
    f24_key key;
    f24_match match;
    size_t n;
    const int32_t *numbers;
    const char *const *texts;
} f24_criterion;

#define F24_SKIP_DESCRIPTORS 0x01u /* pass over >> ^^ ^> ## !! !!SF HY and the like */

/*
 * Find records that meet all `n_criteria` conditions (none: every record), in listing order.
 *
 * f24_find      the first one at or after `start`: its index, or F24_ENOTFOUND.
 * f24_find_all  the indices of all, at most `capacity` of them; *n_found counts all, even beyond.
 *
 * Searches by equal values that are asked again build an index in the table (once, safe among
 * threads) and then take about a microsecond whatever the size.
 * F24_EINVAL, F24_ENOMEM, F24_ENOTFOUND.
 */
F24_API F24_MUST_CHECK f24_status f24_find(const f24_table *table, const f24_criterion *criteria,
                                           size_t n_criteria, unsigned flags, int64_t start,
                                           int64_t *index, f24_error *err);
F24_API F24_MUST_CHECK f24_status f24_find_all(const f24_table *table,
                                               const f24_criterion *criteria, size_t n_criteria,
                                               unsigned flags, int64_t *indices, size_t capacity,
                                               size_t *n_found, f24_error *err);

/* True for the names that describe grids and levels rather than hold a field; `nomvar` of 4 bytes.
 */
F24_API bool f24_is_descriptor(const char nomvar[4]);

/* ----------------------------------------------------------------------------------- values --- */

typedef enum f24_kind {
    F24_FLOAT = 1,   /* 4 or 8 bytes */
    F24_INT = 2,     /* 1, 2, 4 or 8 */
    F24_UINT = 3,    /* 1, 2, 4 or 8; also text (datyp 3 and 7): one byte a character */
    F24_COMPLEX = 4, /* 8 or 16 */
} f24_kind;

/* The array that a record decodes to: native byte order, Fortran order. */
typedef struct f24_array {
    f24_kind kind;
    int32_t item_bytes;
    int32_t n_dims; /* 3 (ni, nj, nk); 1 for binary records (datyp 0) of odd width: packed words */
    int64_t shape[3];  /* ni, nj, nk */
    int64_t n_values;  /* product of the shape */
    uint64_t n_bytes;  /* n_values x item_bytes */
    bool has_missing;  /* +64: some values are missing */
    int64_t nk_stored; /* levels that hold values: below nk in a compressed 3-D record of librmn,
                          which kept the first one only. The others are given as missing. */
} f24_array;

F24_API F24_MUST_CHECK f24_status f24_describe(const f24_file *file, int64_t index,
                                               f24_array *array, f24_error *err);

/* What stands at missing points (records with +64). */
typedef enum f24_missing {
    F24_MISSING_NAN = 0,       /* NaN in floats; the reference's special value in integers */
    F24_MISSING_REFERENCE = 1, /* -1e38 in floats, smallest signed, largest unsigned */
    F24_MISSING_VALUE = 2,  /* the caller's: missing_real in floats, missing_integer in integers */
    F24_MISSING_STORED = 3, /* the replacement that the file holds, as an ordinary value */
} f24_missing;

/* Start from F24_READ_INIT; NULL means the same. */
typedef struct f24_read_options {
    f24_missing missing;
    double missing_real;
    int64_t missing_integer; /* taken modulo 2^bits by unsigned types */
    uint8_t *mask; /* NULL, or n_values bytes: set to 1 where a value is missing, else 0 */
} f24_read_options;

#define F24_READ_INIT {F24_MISSING_NAN, 0.0, 0, NULL}

/*
 * Decode record `index` into `out`.
 *
 * out      caller's memory; no alignment needed.
 * n_bytes  size of `out`: exactly f24_array.n_bytes.
 *
 * On failure `out` and the mask hold anything.
 * F24_EIO, F24_ENOMEM, F24_EINVAL, F24_ETRUNCATED, F24_ECORRUPT, F24_EUNSUPPORTED, F24_ENOTFOUND,
 * F24_ECHANGED.
 */
F24_API F24_MUST_CHECK f24_status f24_read(const f24_file *file, int64_t index,
                                           const f24_read_options *options, void *out,
                                           size_t n_bytes, f24_error *err);

/* A part of a record: `count` points from `start` along i, j and k (0-based). */
typedef struct f24_box {
    int64_t start[3];
    int64_t count[3];
} f24_box;

/*
 * Decode a part of record `index`: count[0] x count[1] x count[2] values. Only the bytes that hold
 * them are read and decoded where the data type allows (all but the compressed ones and those with
 * missing values). Errors as f24_read; F24_EINVAL for a box that leaves the record.
 */
F24_API F24_MUST_CHECK f24_status f24_read_box(const f24_file *file, int64_t index,
                                               const f24_box *box, const f24_read_options *options,
                                               void *out, size_t n_bytes, f24_error *err);

/* One read among many. `error.status` is F24_OK after success. */
typedef struct f24_job {
    const f24_file *file;
    int64_t index;
    void *out;
    size_t n_bytes;
    uint8_t *mask; /* in place of f24_read_options.mask */
    f24_error error;
} f24_job;

/*
 * Do many reads on up to n_threads threads, the calling one included (1 or less: no other). Jobs of
 * several files may be mixed. Every job is tried; the first failed one's status and error are
 * returned.
 */
F24_API F24_MUST_CHECK f24_status f24_read_many(f24_job *jobs, size_t n_jobs,
                                                const f24_read_options *options, int n_threads,
                                                f24_error *err);

/*
 * The values of a record where they lie, without a copy: records stored as plain native values
 * (RSF) in a mapped file or in memory. *data is NULL when this record has to be decoded (not an
 * error). Otherwise the pointer lives until f24_hold_release(*hold), even after f24_close. A mapped
 * file that is cut short by another process ends a process that touches a lost page: a view cannot
 * be protected.
 */
F24_API F24_MUST_CHECK f24_status f24_view(const f24_file *file, int64_t index, const void **data,
                                           f24_hold **hold, f24_error *err);
F24_API void f24_hold_release(f24_hold *hold);

/* The stored bytes of a record, header included: n_bytes is exactly f24_record.n_bytes. */
F24_API F24_MUST_CHECK f24_status f24_read_stored(const f24_file *file, int64_t index, void *out,
                                                  size_t n_bytes, f24_error *err);

/*
 * Decode a stored record on its own, without its file: `stored` is what f24_read_stored gives (or
 * the byte range offset .. offset + n_bytes of a remote file). Offsets in errors count from its
 * start.
 *
 * f24_decode_record  metadata (record->index, offset and file_index are 0) and the array to expect.
 * f24_decode         the values, as f24_read.
 * f24_decode_json    the extended metadata, as f24_read_json.
 */
F24_API F24_MUST_CHECK f24_status f24_decode_record(const void *stored, size_t n_stored,
                                                    f24_record *record, f24_array *array,
                                                    f24_error *err);
F24_API F24_MUST_CHECK f24_status f24_decode(const void *stored, size_t n_stored,
                                             const f24_read_options *options, void *out,
                                             size_t n_bytes, f24_error *err);
F24_API F24_MUST_CHECK f24_status f24_decode_json(const void *stored, size_t n_stored, char *text,
                                                  size_t capacity, size_t *n_bytes, f24_error *err);

/* ---------------------------------------------------------------------------------- writing --- */

/*
 * A file that is open for writing. Any number of threads may use one writer at once: values are
 * encoded side by side, stored one after the other. f24_writer_close must be the last call on it.
 *
 * Records are known by their file_index, deleted ones counted: it is that of f24_record in what
 * f24_writer_view gives, and keeps its meaning while the writer is open.
 */
typedef struct f24_writer f24_writer;

typedef enum f24_write_mode {
    F24_WRITE_REPLACE = 1, /* a new file, made beside `path` and moved there by f24_writer_close:
                              until then a file that was there stays as it is */
    F24_WRITE_NEW = 2, /* the same; F24_EIO with EEXIST when there is one, at opening or closing */
    F24_WRITE_APPEND = 3, /* in place: add to a file, edit it; a new file when there is none */
} f24_write_mode;

/*
 * How to open for writing. Start from F24_WRITER_INIT.
 *
 * backend        container of a new file, 0: XDF; an existing file's own is used in F24_WRITE_APPEND.
 * parallel       RSF with F24_WRITE_APPEND: share the file with other writers, of this and of other
 *                processes, each in segments of its own.
 * segment_bytes  RSF, parallel: room that is reserved at a time; 0: 1000 MiB. Rounded up to MiB, and to
 *                what a record needs.
 * sync           make sure that the bytes are on disk when f24_writer_flush and _close return.
 */
typedef struct f24_writer_options {
    f24_write_mode mode;
    f24_backend backend;
    bool parallel;
    uint64_t segment_bytes;
    bool sync;
} f24_writer_options;

#define F24_WRITER_INIT {F24_WRITE_REPLACE, (f24_backend)0, false, 0, true}

/*
 * Open for writing.
 *
 * One writer has an XDF file, and an RSF file that is not shared: F24_ELOCKED when there is another
 * one (the message names its process where it is known), and when a writer died with the file
 * (repair it first). F24_EIO, F24_ENOMEM, F24_EINVAL; F24_ENOTFST, F24_ETRUNCATED, F24_ECORRUPT,
 * F24_EUNSUPPORTED for a file that cannot be added to: nothing is changed then.
 */
F24_API F24_MUST_CHECK f24_status f24_writer_open(const char *path,
                                                  const f24_writer_options *options,
                                                  f24_writer **writer, f24_error *err);

/*
 * Whether somebody writes to a file of this machine: has its lock, or has it open for writing. F24_ELOCKED
 * says so and names the process where it can be told. Seen are locks, and on Linux what the processes of
 * the same user have open; what the file itself says is not looked at. F24_EIO, F24_EINVAL.
 */
F24_API F24_MUST_CHECK f24_status f24_check_unwritten(const char *path, f24_error *err);

/* What to do when a record is there that agrees in datev, deet, npas, ni, nj, nk, ip1, ip2, ip3, ig1,
 * ig2, ig3, ig4, grtyp, typvar, nomvar and etiket; the first of several counts. */
typedef enum f24_rewrite {
    F24_REWRITE_NO = 0,   /* write another one */
    F24_REWRITE_YES = 1,  /* delete it, then write */
    F24_REWRITE_SKIP = 2, /* write nothing */
} f24_rewrite;

/* How hard to compress (datyp with +128); all give the same values. */
typedef enum f24_effort {
    F24_EFFORT_REFERENCE = 0, /* byte for byte what librmn writes by default */
    F24_EFFORT_FAST = 1,      /* what it writes with TURBOCOMP=FAST */
    F24_EFFORT_SMALLEST = 2,  /* the smallest stream that every reader decodes (codecs.md, 15) */
} f24_effort;

/*
 * How to write. Start from F24_WRITE_INIT; NULL means the same.
 *
 * json    extended metadata, UTF-8 JSON of n_json bytes, stored as given; RSF only (F24_EENCODING in
 *         XDF). NULL: none.
 * exact   refuse what would not come back: integers that nbits cannot hold, values beyond float32 in
 *         a type that holds float32 (they would be cut, or infinite). Reals lose bits in any case.
 */
typedef struct f24_write_options {
    f24_rewrite rewrite;
    f24_effort effort;
    bool exact;
    const char *json;
    size_t n_json;
} f24_write_options;

#define F24_WRITE_INIT {F24_REWRITE_NO, F24_EFFORT_REFERENCE, true, NULL, 0}

/*
 * Write a record.
 *
 * record   metadata. Used: nomvar, typvar, etiket, grtyp, ni, nj, nk, ip1 to ip3, ig1 to ig4, deet,
 *          npas, datyp, nbits, and the date: datev is computed from dateo, deet and npas; dateo -1
 *          says that datev is given. Text in lower case is refused, as is all that the
 *          format has no room for (docs/format/containers.md, 2.5).
 *          datyp and nbits are what is asked (codecs.md, 3): a compression that does not pay is
 *          dropped, more bits than the values have are not stored.
 * values   ni x nj x nk values in Fortran order, of `kind` and `item_bytes`; complex ones count once.
 *          Read during the call only.
 * mask     NULL, or ni x nj x nk bytes: not 0 where a value is missing. Stored with +64, whether
 *          datyp has it or not; without a missing point +64 is dropped.
 * stored   what was stored, file_index included; file_index -1: skipped. May be NULL.
 *
 * F24_EENCODING names what cannot be stored and what can be done; then, and after any other failure,
 * the file holds what it held before. F24_EIO (a full disk ...), F24_ENOMEM, F24_EINVAL.
 */
typedef struct f24_values {
    f24_kind kind;
    int32_t item_bytes;
    const void *values;
    const uint8_t *mask;
} f24_values;

F24_API F24_MUST_CHECK f24_status f24_write(f24_writer *writer, const f24_record *record,
                                            const f24_values *values,
                                            const f24_write_options *options, f24_record *stored,
                                            f24_error *err);

/* One write among many. `error.status` is F24_OK after success. */
typedef struct f24_write_job {
    f24_record record;
    f24_values values;
    f24_write_options options;
    f24_record stored;
    f24_error error;
} f24_write_job;

/*
 * Write many records: encoded on up to n_threads threads (the calling one included), stored in their
 * order. The first that fails ends it: those before it are written, those after it are not and have
 * F24_EINVAL. err->record is the place of the failed one in `jobs`.
 */
F24_API F24_MUST_CHECK f24_status f24_write_many(f24_writer *writer, f24_write_job *jobs,
                                                 size_t n_jobs, int n_threads, f24_error *err);

/*
 * Copy a stored record (what f24_read_stored gives, of either container) without decoding it. Only
 * options->rewrite and json are used: json NULL keeps the record's own, dropped on the way to XDF.
 *
 * changed  NULL, or metadata to store in place of the record's own: all but ni, nj, nk, datyp and
 *          nbits, which stay.
 */
F24_API F24_MUST_CHECK f24_status f24_write_stored(f24_writer *writer, const void *stored,
                                                   size_t n_stored, const f24_record *changed,
                                                   const f24_write_options *options,
                                                   f24_record *result, f24_error *err);

/*
 * Delete a record. The space it took is not used again; copy the file to be rid of it.
 * F24_ENOTFOUND: no such record, or deleted already.
 */
F24_API F24_MUST_CHECK f24_status f24_delete(f24_writer *writer, int32_t file_index,
                                             f24_error *err);

/*
 * Change the metadata of a record in place: all but ni, nj, nk, datyp and nbits, which have to be as
 * they are (F24_EINVAL).
 *
 * json  NULL keeps the extended metadata; otherwise n_json bytes that must not need more room than
 *       those that are there (F24_EENCODING: write the record again).
 */
F24_API F24_MUST_CHECK f24_status f24_edit(f24_writer *writer, int32_t file_index,
                                           const f24_record *record, const char *json,
                                           size_t n_json, f24_error *err);

/*
 * The records as they are now: an immutable file over what was written, to search and read. It stays
 * valid while the writer goes on and when it is closed; close it with f24_close. Costs one pass over
 * the metadata.
 */
F24_API F24_MUST_CHECK f24_status f24_writer_view(f24_writer *writer, f24_file **file,
                                                  f24_error *err);

/* The container that is written. */
F24_API f24_backend f24_writer_backend(const f24_writer *writer);

/* Make everything written so far visible to other readers, and durable when asked for. Nothing to do
 * for a file that is made beside its target. */
F24_API F24_MUST_CHECK f24_status f24_writer_flush(f24_writer *writer, f24_error *err);

/*
 * Finish the file and let go of the writer, whatever happens. On failure a file that is made beside its
 * target is removed and the target is as it was; one that was written in place holds all whole records.
 */
F24_API F24_MUST_CHECK f24_status f24_writer_close(f24_writer *writer, f24_error *err);

/*
 * Let go of the writer without finishing: a file that is made beside its target is removed; in a
 * file that is written in place what was written stays, and the file is left in order. NULL is fine.
 */
F24_API void f24_writer_abandon(f24_writer *writer);

/* ------------------------------------------------------------------------------ conventions --- */

#define F24_IP_INVALID (-1) /* kind of a code that means nothing */

typedef enum f24_ip_style {
    F24_IP_NEW = 2, /* 28 bits: kind, exponent, mantissa */
    F24_IP_OLD = 3, /* 15 bits, kinds 0 to 3 */
} f24_ip_style;

/*
 * The value and kind of an ip1, ip2 or ip3 code (docs/format/metadata.md, 2). Never fails: a code
 * that means nothing has kind F24_IP_INVALID and value NaN.
 */
F24_API void f24_ip_decode(int32_t code, float *value, int32_t *kind);

/* The code of a value. F24_EINVAL: out of the kind's range, an unknown kind, not in this style. */
F24_API F24_MUST_CHECK f24_status f24_ip_encode(float value, int32_t kind, f24_ip_style style,
                                                int32_t *code, f24_error *err);

/* A calendar date, UTC. Years before 1900 and after 2235 have whole hours only. */
typedef struct f24_date {
    int32_t year, month, day, hour, minute, second;
} f24_date;

typedef enum f24_calendar {
    F24_GREGORIAN = 0,
    F24_365_DAY = 1,
    F24_360_DAY = 2,
} f24_calendar;

/* Stamp to calendar date. F24_EINVAL: the stamp is not a date (0 and -1 among them). */
F24_API F24_MUST_CHECK f24_status f24_date_decode(int32_t stamp, f24_date *date, f24_error *err);

/* Calendar date to stamp, as the reference chooses its style. Seconds are cut to a multiple of 5.
 */
F24_API F24_MUST_CHECK f24_status f24_date_encode(const f24_date *date, int32_t *stamp,
                                                  f24_error *err);

/* Seconds since 1970-01-01 00 UTC. F24_EINVAL as f24_date_decode. */
F24_API F24_MUST_CHECK f24_status f24_date_to_unix(int32_t stamp, int64_t *seconds, f24_error *err);

/* The stamp of so many seconds since 1970-01-01 00 UTC, rounded down to a multiple of 5, as
 * f24_date_encode. F24_EINVAL before the year 0 and after 9999. */
F24_API F24_MUST_CHECK f24_status f24_date_from_unix(int64_t seconds, int32_t *stamp,
                                                     f24_error *err);

/* `stamp` moved by `hours`, in the reference's arithmetic; F24_EINVAL when the stamp is not a date.
 */
F24_API F24_MUST_CHECK f24_status f24_date_add(int32_t stamp, double hours, f24_calendar calendar,
                                               int32_t *result, f24_error *err);

/* a - b in hours. */
F24_API F24_MUST_CHECK f24_status f24_date_difference(int32_t a, int32_t b, f24_calendar calendar,
                                                      double *hours, f24_error *err);

/* The origin date that the reference shows for a validity date; 101010101 when there is none. */
F24_API int32_t f24_date_origin(int32_t datev, int32_t deet, int32_t npas);

/* ------------------------------------------------------------------------------------ grids --- */

/*
 * The parameters that ig1 to ig4 stand for (docs/format/metadata.md, 7.2), degrees unless stated:
 *
 *   A B G  hemisphere (0 both, 1 north, 2 south), 1 when j runs from north to south, 0, 0
 *   L      lat0, lon0, dlat, dlon
 *   N S    pi, pj (the pole, in grid indices from 1), d60 (m), dgrw
 *   E      lat1, lon1, lat2, lon2
 *
 * Codes are coarse (0.01 or 0.025 degrees): what is decoded is what a grid is made of. F24_EINVAL:
 * parameters out of range, no finite numbers; F24_EUNSUPPORTED: ig1 to ig4 of this grtyp are no
 * parameters.
 */
F24_API F24_MUST_CHECK f24_status f24_ig_decode(char grtyp, const int32_t ig[4],
                                                double parameters[4], f24_error *err);
F24_API F24_MUST_CHECK f24_status f24_ig_encode(char grtyp, const double parameters[4],
                                                int32_t ig[4], f24_error *err);

/*
 * What a grid is made of. Fields that are not named for a grtyp are 0.
 *
 * grtyp, ni, nj, ig  those of the field.
 * ref_grtyp, ref_ig  Z # Y O X M: grtyp (E, L, N, S) and ig1 to ig4 of the records ">>" and "^^".
 * ax, ay             Z: the values of ">>" (ni) and "^^" (nj); #: those of the full grid. Y O X M:
 *                    ni x nj values each, for each point its own. U: ax is "^>", ay NULL. Read
 *                    during the call only.
 * exact_angles       U: rotations as "^>" has them; by default rounded to 0.025 degrees, as the
 *                    reference does.
 */
typedef struct f24_grid_definition {
    char grtyp;
    int32_t ni, nj;
    int32_t ig[4];
    char ref_grtyp;
    int32_t ref_ig[4];
    const double *ax, *ay;
    size_t n_ax, n_ay;
    bool exact_angles;
} f24_grid_definition;

/* Where the points of a grid are. Immutable: any number of threads may use it at once. */
typedef struct f24_grid f24_grid;

/*
 * Make a grid; close it with f24_grid_close.
 *
 * F24_EINVAL: sizes below 1, axes that are missing; F24_ECORRUPT: axes that contradict the sizes, are
 * not finite or do not rise or fall throughout, parameters that make no grid; F24_EUNSUPPORTED: a
 * grtyp whose points are nowhere told, more than 20,000 Gaussian latitudes; F24_ENOMEM.
 */
F24_API F24_MUST_CHECK f24_status f24_grid_open(const f24_grid_definition *definition,
                                                f24_grid **grid, f24_error *err);
F24_API void f24_grid_close(f24_grid *grid);

/* The coordinates of a grid's axes. */
typedef enum f24_frame_kind {
    F24_FRAME_LATLON = 1,  /* longitude and latitude */
    F24_FRAME_ROTATED = 2, /* the same after a rotation of the sphere */
    F24_FRAME_NORTH = 3,   /* polar stereographic: grid lengths from the north pole */
    F24_FRAME_SOUTH = 4,   /* from the south pole */
    F24_FRAME_MESH = 5,    /* none: ni x nj points of their own, neighbours beside each other */
    F24_FRAME_LIST = 6,    /* none: points in no order */
} f24_frame_kind;

/*
 * The frame of a panel: grids U have several, nj / n_panels rows each, all others one.
 *
 * parameters  as f24_ig_decode gives them: L (0, 0, 1, 1 for A, B and G), E, N or S.
 * rotation    F24_FRAME_ROTATED: 3 x 3, row by row, from a true unit vector to a rotated one.
 * period      columns after which a grid that goes all around begins again; 0 for others.
 */
typedef struct f24_grid_frame {
    f24_frame_kind kind;
    double parameters[4];
    double rotation[9];
    double period;
} f24_grid_frame;

F24_API int32_t f24_grid_panels(const f24_grid *grid);
/* `panel` is below f24_grid_panels(). */
F24_API void f24_grid_get_frame(const f24_grid *grid, int32_t panel, f24_grid_frame *frame);

/* Coordinates of the ni columns and of the rows of a panel. Those of angles rise or fall throughout: they
 * may leave 0 to 360. F24_EUNSUPPORTED: F24_FRAME_MESH and F24_FRAME_LIST have no axes. */
F24_API F24_MUST_CHECK f24_status f24_grid_axes(const f24_grid *grid, int32_t panel, double *x,
                                                double *y, f24_error *err);

/*
 * Latitudes (-90 to 90) and longitudes (0 to 360, 360 excluded) of all ni x nj points, in Fortran
 * order, in degrees, on up to n_threads threads.
 */
F24_API void f24_grid_latlon(const f24_grid *grid, double *lat, double *lon, int n_threads);

/*
 * The same for n places (x, y) in indices that count from 0 and may lie between points, linear along
 * the axes (or, in a mesh, in the cells) in between and beyond their ends. In a list of points: the
 * nearest index, NaN where there is none.
 */
F24_API void f24_grid_latlon_at(const f24_grid *grid, const double *x, const double *y, size_t n,
                                double *lat, double *lon, int n_threads);

/*
 * The inverse: indices from 0 of n positions. Outside of a grid with axes they go on along these (below
 * 0, beyond ni - 1), a grid that goes all around takes any longitude, from 0 up to its first column
 * again; of panels the one whose core has the place is taken, and outside of all there is NaN, as
 * outside of a mesh. In a list the nearest point. NaN for positions that are not finite.
 * F24_ENOMEM: the first search in a mesh or a list makes a tree of its points.
 */
F24_API F24_MUST_CHECK f24_status f24_grid_xy(const f24_grid *grid, const double *lat,
                                              const double *lon, size_t n, double *x, double *y,
                                              int n_threads, f24_error *err);

/*
 * 1 for each of the ni x nj points that stands for its place, 0 for those that another one does: the
 * overlap of panels, columns that repeat the first ones. What is left covers each place once.
 */
F24_API void f24_grid_core(const f24_grid *grid, uint8_t *is_core, int n_threads);

/*
 * The edges of cells, half way between points and as far beyond the outer ones, but not beyond poles
 * (rows of A, B and G fill their hemispheres):
 * ni + 1 of the columns, one more than there are rows of a panel. F24_EUNSUPPORTED: no axes.
 */
F24_API F24_MUST_CHECK f24_status f24_grid_edges(const f24_grid *grid, int32_t panel, double *x,
                                                 double *y, f24_error *err);

/*
 * The four corners of the cell around each point, 4 x ni x nj in Fortran order, from the smaller
 * indices of both on: in frames of angles counter-clockwise where axes rise. F24_EUNSUPPORTED: a
 * list of points; F24_ENOMEM.
 */
F24_API F24_MUST_CHECK f24_status f24_grid_bounds(const f24_grid *grid, double *lat, double *lon,
                                                  int n_threads, f24_error *err);

/* The areas of these cells on a sphere, in units of `radius` squared, ni x nj. As f24_grid_bounds. */
F24_API F24_MUST_CHECK f24_status f24_grid_areas(const f24_grid *grid, double radius, double *area,
                                                 int n_threads, f24_error *err);

/*
 * The angle from true east to a grid's x axis, counter-clockwise, at n indices; x and y NULL: at all
 * ni x nj points. Components (u, v) along the axes of a grid are u cos - v sin to the east,
 * u sin + v cos to the north. Lists of points have theirs to the east.
 */
F24_API void f24_grid_directions(const f24_grid *grid, const double *x, const double *y, size_t n,
                                 double *cosines, double *sines, int n_threads);

typedef enum f24_interp {
    F24_NEAREST = 0,
    F24_LINEAR = 1,
    F24_CUBIC = 2, /* through four points along each axis, where there are as many */
} f24_interp;

/*
 * Values of a field at n indices (f24_grid_xy): NaN outside of the grid, which reaches half a cell
 * beyond its points for F24_NEAREST, else to its outer points; grids that go all around have no
 * sides, and rows that end a step before a pole go on to the mean of the last one there.
 *
 * item_bytes  of the field and of `out`: 4 (float) or 8 (double). A point that is NaN makes NaN all
 *             values that it has a part in.
 *
 * F24_EUNSUPPORTED: F24_LINEAR and F24_CUBIC in a list of points.
 */
F24_API F24_MUST_CHECK f24_status f24_grid_interp(const f24_grid *grid, f24_interp method,
                                                  int item_bytes, const void *field,
                                                  const double *x, const double *y, size_t n,
                                                  void *out, int n_threads, f24_error *err);

#ifdef __cplusplus
}
#endif

#endif
