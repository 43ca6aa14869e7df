/*
 * A table as one Arrow struct array (Arrow C data interface; a stream of that single batch).
 *
 * A consumer may move a child out of the array and release it later than its parent, in another
 * thread. So the array, its children and what they point to are one `export` that each of them
 * holds a reference to; the last one frees it. The same goes for the type.
 */
#include "base/bytes.h"
#include "base/error.h"
#include "base/scratch.h"
#include "table/arrow_text.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

#define ALIGNMENT 64u /* of each buffer, as Arrow recommends */

typedef struct column_type {
    const char *name;
    const char *format; /* "i" int32, "l" int64, "L" uint64; NULL: text */
    size_t width;       /* bytes of an element in the table */
} column_type;

static const column_type types[F24_N_COLUMNS] = {
    [F24_COLUMN_NOMVAR] = {"nomvar", NULL, 4},  [F24_COLUMN_TYPVAR] = {"typvar", NULL, 2},
    [F24_COLUMN_ETIKET] = {"etiket", NULL, 12}, [F24_COLUMN_DATEV] = {"datev", "i", 4},
    [F24_COLUMN_IP1] = {"ip1", "i", 4},         [F24_COLUMN_IP2] = {"ip2", "i", 4},
    [F24_COLUMN_IP3] = {"ip3", "i", 4},         [F24_COLUMN_NI] = {"ni", "i", 4},
    [F24_COLUMN_NJ] = {"nj", "i", 4},           [F24_COLUMN_NK] = {"nk", "i", 4},
    [F24_COLUMN_GRTYP] = {"grtyp", NULL, 1},    [F24_COLUMN_IG1] = {"ig1", "i", 4},
    [F24_COLUMN_IG2] = {"ig2", "i", 4},         [F24_COLUMN_IG3] = {"ig3", "i", 4},
    [F24_COLUMN_IG4] = {"ig4", "i", 4},         [F24_COLUMN_DATEO] = {"dateo", "i", 4},
    [F24_COLUMN_DEET] = {"deet", "i", 4},       [F24_COLUMN_NPAS] = {"npas", "i", 4},
    [F24_COLUMN_DATYP] = {"datyp", "i", 4},     [F24_COLUMN_NBITS] = {"nbits", "i", 4},
    [F24_COLUMN_INDEX] = {"index", "l", 8},     [F24_COLUMN_OFFSET] = {"offset", "L", 8},
    [F24_COLUMN_NBYTES] = {"nbytes", "L", 8},   [F24_COLUMN_PATH] = {"path", NULL, 0},
};

static const char *const text_formats[] = {
    [F24_ARROW_VIEW] = "vu", [F24_ARROW_UTF8] = "u", [F24_ARROW_LARGE_UTF8] = "U"};

/* The columns wanted, checked, whether asked for by list or by default, and what is in them. */
typedef struct selection {
    f24_column columns[F24_N_COLUMNS];
    int n_columns;
    f24_arrow_text text;
    int64_t first_index;
    const char *path;
    size_t path_bytes;
} selection;

/* The rows wanted: `list`, or (NULL) the run of n from `first`, which needs no copy of numbers. */
typedef struct row_set {
    const int64_t *list;
    int64_t first;
    int64_t n;
} row_set;

typedef struct schema_export {
    atomic_int n_references;
    struct ArrowSchema children[F24_N_COLUMNS];
    struct ArrowSchema *pointers[F24_N_COLUMNS];
} schema_export;

typedef struct array_export {
    atomic_int n_references;
    const f24_table *table;
    f24_block block; /* what is not borrowed from the table */
    const void *no_validity[1];
    const void *buffers[F24_N_COLUMNS][4];
    int64_t heap[1]; /* the list of heap sizes that ends the buffers of views; empty but for path */
    struct ArrowArray children[F24_N_COLUMNS];
    struct ArrowArray *pointers[F24_N_COLUMNS];
} array_export;

typedef struct stream_export {
    const f24_table *table;
    selection what;
    row_set rows;
    int64_t *own_rows; /* what rows.list points to */
    char *own_path;    /* what what.path points to */
    bool given;        /* the batch has been handed over */
    f24_error error;   /* of the last call */
} stream_export;

const char *f24_column_name(f24_column column)
{
    return (unsigned)column < F24_N_COLUMNS ? types[column].name : NULL;
}

f24_arrow_text f24_arrow_text_requested(const struct ArrowSchema *requested)
{
    for (int64_t i = 0; requested != NULL && i < requested->n_children; i++) {
        const char *format = requested->children[i]->format;
        for (unsigned text = F24_ARROW_VIEW; text <= F24_ARROW_LARGE_UTF8; text++) {
            if (format != NULL && strcmp(format, text_formats[text]) == 0)
                return (f24_arrow_text)text;
        }
    }
    return F24_ARROW_VIEW;
}

/* --------------------------------------------------------------------------- what is asked for */

static f24_status select_columns(const f24_arrow_options *options, selection *what, f24_error *err)
{
    bool seen[F24_N_COLUMNS] = {false};
    size_t n_known = options->path != NULL ? F24_N_COLUMNS : F24_COLUMN_PATH;
    size_t n = options->columns == NULL ? n_known : options->n_columns;

    if ((unsigned)options->text > F24_ARROW_LARGE_UTF8)
        return f24_fail(err, F24_EINVAL, -1, "there is no form of text %d", (int)options->text);
    for (size_t i = 0; i < n; i++) {
        f24_column column = options->columns == NULL ? (f24_column)i : options->columns[i];
        if ((unsigned)column >= F24_N_COLUMNS)
            return f24_fail(err, F24_EINVAL, -1, "there is no column %d: they are 0 to %d",
                            (int)column, F24_N_COLUMNS - 1);
        if (seen[column]) /* this also keeps i below F24_N_COLUMNS */
            return f24_fail(err, F24_EINVAL, -1, "column %s is asked for twice",
                            types[column].name);
        if (column == F24_COLUMN_PATH && options->path == NULL)
            return f24_fail(err, F24_EINVAL, -1, "column path is asked for, but no path is given");
        seen[column] = true;
        what->columns[i] = column;
    }
    what->n_columns = (int)n;
    what->text = options->text;
    what->first_index = options->first;
    what->path = options->path;
    what->path_bytes = options->path != NULL ? strlen(options->path) : 0;
    if (what->path_bytes > INT32_MAX) /* more than a view can say */
        return f24_fail(err, F24_EINVAL, -1, "a path of %zu bytes is too long", what->path_bytes);
    return F24_OK;
}

/* Rows that follow each other become a run: then no number has to be copied. */
static f24_status select_rows(const f24_arrow_options *options, int64_t n_records, row_set *rows,
                              f24_error *err)
{
    bool is_run = true;

    if (options->rows == NULL) {
        *rows = (row_set){NULL, 0, n_records};
        return F24_OK;
    }
    for (size_t i = 0; i < options->n_rows; i++) {
        int64_t row = options->rows[i];
        if (row < 0 || row >= n_records)
            return f24_fail(err, F24_EINVAL, -1,
                            "there is no row %lld: the table has %lld, counted from 0",
                            (long long)row, (long long)n_records);
        is_run = is_run && (i == 0 || row == options->rows[i - 1] + 1);
    }
    rows->list = is_run ? NULL : options->rows;
    rows->first = options->n_rows == 0 ? 0 : options->rows[0];
    rows->n = (int64_t)options->n_rows;
    return F24_OK;
}

/* ------------------------------------------------------------------------------------ the type */

static void release_schema_reference(struct ArrowSchema *schema)
{
    schema_export *export = schema->private_data;

    schema->release = NULL;
    if (atomic_fetch_sub_explicit(&export->n_references, 1, memory_order_acq_rel) == 1)
        free(export);
}

static void release_schema(struct ArrowSchema *schema)
{
    for (int64_t i = 0; i < schema->n_children; i++) {
        if (schema->children[i]->release != NULL) /* else it was moved out, or released */
            schema->children[i]->release(schema->children[i]);
    }
    release_schema_reference(schema);
}

static f24_status make_schema(const selection *what, struct ArrowSchema *schema, f24_error *err)
{
    schema_export *export = calloc(1, sizeof *export);

    if (export == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot describe the table");
    atomic_init(&export->n_references, what->n_columns + 1);
    for (int i = 0; i < what->n_columns; i++) {
        const column_type *type = &types[what->columns[i]];
        export->children[i] = (struct ArrowSchema){
            .format = type->format != NULL ? type->format : text_formats[what->text],
            .name = type->name,
            .flags = ARROW_FLAG_NULLABLE, /* as others mark theirs, so that tables can be joined */
            .release = release_schema_reference,
            .private_data = export,
        };
        export->pointers[i] = &export->children[i];
    }
    *schema = (struct ArrowSchema){
        .format = "+s",
        .name = "",
        .n_children = what->n_columns,
        .children = export->pointers,
        .release = release_schema,
        .private_data = export,
    };
    return F24_OK;
}

f24_status f24_arrow_schema(const f24_arrow_options *options, struct ArrowSchema *schema,
                            f24_error *err)
{
    static const f24_arrow_options all = F24_ARROW_INIT;
    selection what;

    F24_TRY(select_columns(options != NULL ? options : &all, &what, err));
    return make_schema(&what, schema, err);
}

/* ------------------------------------------------------------------------------------ the data */

static void release_array_reference(struct ArrowArray *array)
{
    array_export *export = array->private_data;

    array->release = NULL;
    if (atomic_fetch_sub_explicit(&export->n_references, 1, memory_order_acq_rel) == 1) {
        f24_table_release(export->table);
        f24_block_free(&export->block);
        free(export);
    }
}

static void release_array(struct ArrowArray *array)
{
    for (int64_t i = 0; i < array->n_children; i++) {
        if (array->children[i]->release != NULL)
            array->children[i]->release(array->children[i]);
    }
    release_array_reference(array);
}

/* The table's own bytes of a column; NULL for the index and the path, which it does not have. */
static const void *column_bytes(const f24_columns *columns, f24_column column)
{
    const void *const bytes[F24_N_COLUMNS] = {
        columns->nomvar, columns->typvar,  columns->etiket,
        columns->datev,  columns->ip1,     columns->ip2,
        columns->ip3,    columns->ni,      columns->nj,
        columns->nk,     columns->grtyp,   columns->ig1,
        columns->ig2,    columns->ig3,     columns->ig4,
        columns->dateo,  columns->deet,    columns->npas,
        columns->datyp,  columns->nbits,   NULL,
        columns->offset, columns->n_bytes, NULL,
    };

    return bytes[column];
}

/* Bytes that the longest string of a column of text takes. */
static size_t longest_text(f24_column column, const selection *what)
{
    return column == F24_COLUMN_PATH ? what->path_bytes : f24_text_max(types[column].width);
}

/*
 * How much of the block a column takes: `head` for views, offsets or gathered numbers, `tail` for
 * the strings of plain text. false: more than a size can say.
 */
static bool column_room(f24_column column, const selection *what, const row_set *rows, size_t *head,
                        size_t *tail)
{
    uint64_t n = (uint64_t)rows->n;
    uint64_t wanted = 0, strings = 0;
    size_t width = types[column].width;
    f24_arrow_text text = what->text;

    if (types[column].format != NULL) {
        if ((rows->list != NULL || column == F24_COLUMN_INDEX) && !f24_mul(n, width, &wanted))
            return false;
    } else if (text == F24_ARROW_VIEW) {
        if (!f24_mul(n, F24_VIEW_BYTES, &wanted))
            return false;
        strings = column == F24_COLUMN_PATH ? what->path_bytes : 0;
    } else {
        if (!f24_mul(n + 1, text == F24_ARROW_UTF8 ? 4 : 8, &wanted) ||
            !f24_mul(n, longest_text(column, what), &strings))
            return false;
        strings += F24_TEXT_SPARE; /* cannot wrap: n is below 2^63, and wanted did not */
    }
    if (wanted > SIZE_MAX / 4 || strings > SIZE_MAX / 4) /* so that rounding up cannot wrap */
        return false;
    *head = ((size_t)wanted + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    *tail = ((size_t)strings + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    return true;
}

/* A block that holds everything of `what` that is not borrowed, on aligned places. */
static f24_status make_block(const selection *what, const row_set *rows, f24_block *block,
                             f24_error *err)
{
    uint64_t total = 0;

    for (int i = 0; i < what->n_columns; i++) {
        size_t head, tail, longest = longest_text(what->columns[i], what);
        if (types[what->columns[i]].format == NULL && what->text == F24_ARROW_UTF8 && longest > 0 &&
            (uint64_t)rows->n > INT32_MAX / longest)
            return f24_fail(err, F24_EINVAL, -1,
                            "%lld rows of %s can be more than utf8 holds: ask for large_utf8",
                            (long long)rows->n, types[what->columns[i]].name);
        if (!column_room(what->columns[i], what, rows, &head, &tail) ||
            !f24_add(total, head, &total) || !f24_add(total, tail, &total) || total > SIZE_MAX)
            return f24_fail_errno(err, ENOMEM, -1, "cannot copy that many rows");
    }
    return total == 0 ? F24_OK : f24_block_new((size_t)total, block, err);
}

static void gather_32(const uint8_t *in, const row_set *rows, uint8_t *out)
{
    for (int64_t i = 0; i < rows->n; i++)
        memcpy(out + 4 * (size_t)i, in + 4 * (size_t)rows->list[i], 4);
}

static void gather_64(const uint8_t *in, const row_set *rows, uint8_t *out)
{
    for (int64_t i = 0; i < rows->n; i++)
        memcpy(out + 8 * (size_t)i, in + 8 * (size_t)rows->list[i], 8);
}

static void write_index(const row_set *rows, int64_t first_index, uint8_t *out)
{
    for (int64_t i = 0; i < rows->n; i++) {
        int64_t row = first_index + (rows->list != NULL ? rows->list[i] : rows->first + i);
        memcpy(out + 8 * (size_t)i, &row, sizeof row);
    }
}

/* The buffers of a column of numbers: the table's, or `room` filled. */
static const void *number_buffer(const uint8_t *in, f24_column column, const selection *what,
                                 const row_set *rows, uint8_t *room)
{
    size_t width = types[column].width;

    if (column == F24_COLUMN_INDEX) {
        write_index(rows, what->first_index, room);
        return room;
    }
    if (rows->list == NULL)
        return in == NULL ? NULL : in + width * (size_t)rows->first; /* NULL: an empty table */
    if (width == 4)
        gather_32(in, rows, room);
    else
        gather_64(in, rows, room);
    return room;
}

/*
 * The buffers of the path after the validity: n equal views into one heap, which has the path even
 * where it would fit the view (the heap is then not looked at), or plain strings. Their number.
 */
static int64_t path_buffers(const selection *what, int64_t n, uint8_t *room, size_t n_head,
                            array_export *export, const void **buffers)
{
    size_t size = what->path_bytes;
    uint8_t *heap = room + n_head, one[F24_VIEW_BYTES] = {0};
    uint32_t length = (uint32_t)size;

    buffers[1] = room;
    buffers[2] = heap;
    if (what->text == F24_ARROW_VIEW) {
        memcpy(one, &length, sizeof length);
        memcpy(one + 4, what->path, size <= 12 ? size : 4);
        for (int64_t i = 0; i < n; i++)
            memcpy(room + F24_VIEW_BYTES * (size_t)i, one, sizeof one);
        memcpy(heap, what->path, size);
        export->heap[0] = (int64_t)size;
        buffers[3] = export->heap;
        return 4;
    }
    for (int64_t i = 0; i < n; i++)
        memcpy(heap + size * (size_t)i, what->path, size);
    for (int64_t i = 0; i <= n; i++) {
        uint64_t at = (uint64_t)i * size;
        uint32_t narrow = (uint32_t)at;
        if (what->text == F24_ARROW_LARGE_UTF8)
            memcpy(room + 8 * (size_t)i, &at, sizeof at);
        else
            memcpy(room + 4 * (size_t)i, &narrow, sizeof narrow);
    }
    return 3;
}

/* Fill child `i` of the export from `room`, which has what column_room said. */
static void make_column(array_export *export, int i, const selection *what, const row_set *rows,
                        uint8_t *room, size_t n_head)
{
    f24_column column = what->columns[i];
    f24_arrow_text text = what->text;
    const void *in = column_bytes(f24_table_columns(export->table), column);
    const void **buffers = export->buffers[i];
    int64_t n_buffers = 2;

    buffers[0] = NULL; /* no validity bits: nothing is null */
    if (types[column].format != NULL) {
        buffers[1] = number_buffer(in, column, what, rows, room);
    } else if (column == F24_COLUMN_PATH) {
        buffers[2] = export->heap; /* of no rows and an empty path there is nothing else */
        n_buffers = room == NULL ? 3 : path_buffers(what, rows->n, room, n_head, export, buffers);
    } else {
        f24_text_column field = {in, types[column].width, rows->list, rows->first, rows->n};
        n_buffers = 3;
        buffers[1] = room;
        if (text == F24_ARROW_VIEW) {
            buffers[2] = export->heap;
            f24_text_views(&field, room);
        } else {
            buffers[2] = room + n_head;
            f24_text_plain(&field, text == F24_ARROW_LARGE_UTF8, room, room + n_head);
        }
    }
    export->children[i] = (struct ArrowArray){
        .length = rows->n,
        .n_buffers = n_buffers,
        .buffers = buffers,
        .release = release_array_reference,
        .private_data = export,
    };
    export->pointers[i] = &export->children[i];
}

static f24_status make_array(const f24_table *table, const selection *what, const row_set *rows,
                             struct ArrowArray *array, f24_error *err)
{
    array_export *export = calloc(1, sizeof *export);
    uint8_t *room;

    if (export == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot export the table");
    f24_status status = make_block(what, rows, &export->block, err);
    if (status != F24_OK) {
        free(export);
        return status;
    }
    export->table = f24_table_retain(table);
    atomic_init(&export->n_references, what->n_columns + 1);
    room = export->block.bytes;
    for (int i = 0; i < what->n_columns; i++) {
        size_t head = 0, tail = 0;
        (void)column_room(what->columns[i], what, rows, &head, &tail); /* did fit before */
        make_column(export, i, what, rows, room, head);
        if (head + tail > 0) /* NULL plus 0 is not allowed to C */
            room += head + tail;
    }
    *array = (struct ArrowArray){
        .length = rows->n,
        .n_buffers = 1,
        .n_children = what->n_columns,
        .buffers = export->no_validity,
        .children = export->pointers,
        .release = release_array,
        .private_data = export,
    };
    return F24_OK;
}

f24_status f24_arrow_array(const f24_table *table, const f24_arrow_options *options,
                           struct ArrowSchema *schema, struct ArrowArray *array, f24_error *err)
{
    static const f24_arrow_options all = F24_ARROW_INIT;
    struct ArrowSchema type;
    selection what;
    row_set rows;

    options = options != NULL ? options : &all;
    F24_TRY(select_columns(options, &what, err));
    F24_TRY(select_rows(options, f24_table_columns(table)->n, &rows, err));
    if (schema == NULL)
        return make_array(table, &what, &rows, array, err);
    F24_TRY(make_schema(&what, &type, err));
    f24_status status = make_array(table, &what, &rows, array, err);
    if (status != F24_OK)
        type.release(&type);
    else
        *schema = type;
    return status;
}

/* ---------------------------------------------------------------------------------- the stream */

/* Arrow speaks in errno values. */
static int answer(stream_export *export, f24_status status)
{
    if (status == F24_OK) {
        export->error = (f24_error){.status = F24_OK};
        return 0;
    }
    return status == F24_ENOMEM ? ENOMEM : EINVAL;
}

static int stream_schema(struct ArrowArrayStream *stream, struct ArrowSchema *out)
{
    stream_export *export = stream->private_data;

    return answer(export, make_schema(&export->what, out, &export->error));
}

static int stream_next(struct ArrowArrayStream *stream, struct ArrowArray *out)
{
    stream_export *export = stream->private_data;
    f24_status status;

    if (export->given) {
        *out = (struct ArrowArray){.release = NULL}; /* the end */
        return answer(export, F24_OK);
    }
    status = make_array(export->table, &export->what, &export->rows, out, &export->error);
    export->given = status == F24_OK;
    return answer(export, status);
}

static const char *stream_last_error(struct ArrowArrayStream *stream)
{
    const stream_export *export = stream->private_data;

    return export->error.status == F24_OK ? NULL : export->error.message;
}

static void release_stream(struct ArrowArrayStream *stream)
{
    stream_export *export = stream->private_data;

    stream->release = NULL;
    f24_table_release(export->table);
    free(export->own_rows);
    free(export->own_path);
    free(export);
}

/* Copy what the caller lent: it is gone when the batch is made. */
static bool keep_options(stream_export *made)
{
    const int64_t *list = made->rows.list;

    if (list != NULL) {
        made->own_rows = calloc((size_t)made->rows.n, sizeof *made->own_rows);
        if (made->own_rows == NULL)
            return false;
        memcpy(made->own_rows, list, (size_t)made->rows.n * sizeof *made->own_rows);
        made->rows.list = made->own_rows;
    }
    if (made->what.path != NULL) {
        made->own_path = malloc(made->what.path_bytes + 1);
        if (made->own_path == NULL) {
            free(made->own_rows);
            return false;
        }
        memcpy(made->own_path, made->what.path, made->what.path_bytes + 1);
        made->what.path = made->own_path;
    }
    return true;
}

f24_status f24_arrow_stream(const f24_table *table, const f24_arrow_options *options,
                            struct ArrowArrayStream *stream, f24_error *err)
{
    static const f24_arrow_options all = F24_ARROW_INIT;
    stream_export made = {.table = NULL};

    options = options != NULL ? options : &all;
    F24_TRY(select_columns(options, &made.what, err));
    F24_TRY(select_rows(options, f24_table_columns(table)->n, &made.rows, err));
    stream_export *export = malloc(sizeof *export);
    if (export == NULL || !keep_options(&made)) {
        free(export);
        return f24_fail_errno(err, ENOMEM, -1, "cannot make a stream of the table");
    }
    *export = made;
    export->table = f24_table_retain(table);
    *stream = (struct ArrowArrayStream){
        .get_schema = stream_schema,
        .get_next = stream_next,
        .get_last_error = stream_last_error,
        .release = release_stream,
        .private_data = export,
    };
    return F24_OK;
}
