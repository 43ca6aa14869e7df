/* The record table: all columns in one block, filled in one pass over the directory. */
#include "table/keys.h"
#include "table/table.h"

#include "base/bytes.h"
#include "base/scratch.h"

#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>

struct f24_table {
    atomic_int n_references;
    f24_block block;
    f24_columns columns; /* what others see of the block */
    f24_find_cache *cache;
};

/* ------------------------------------------------------------------------------------- layout */

/* Every column: its type and name. The order is that of falling alignment. */
#define COLUMNS(X)                                                                                 \
    X(uint64_t, offset)                                                                            \
    X(uint64_t, n_bytes)                                                                           \
    X(int32_t, dateo)                                                                              \
    X(int32_t, datev)                                                                              \
    X(int32_t, deet)                                                                               \
    X(int32_t, npas)                                                                               \
    X(int32_t, ni)                                                                                 \
    X(int32_t, nj)                                                                                 \
    X(int32_t, nk)                                                                                 \
    X(int32_t, ip1)                                                                                \
    X(int32_t, ip2)                                                                                \
    X(int32_t, ip3)                                                                                \
    X(int32_t, ig1)                                                                                \
    X(int32_t, ig2)                                                                                \
    X(int32_t, ig3)                                                                                \
    X(int32_t, ig4)                                                                                \
    X(int32_t, datyp)                                                                              \
    X(int32_t, nbits)                                                                              \
    X(int32_t, file_index)                                                                         \
    X(text4, nomvar)                                                                               \
    X(text12, etiket)                                                                              \
    X(text2, typvar)                                                                               \
    X(uint16_t, meta_words)                                                                        \
    X(char, grtyp)                                                                                 \
    X(uint8_t, dasiz)                                                                              \
    X(uint8_t, flags)

typedef char text2[2];
typedef char text4[4];
typedef char text12[12];

/* The columns while they are written. */
typedef struct filling {
    f24_block *block;
    uint64_t n, first, capacity; /* rows `first` to n - 1 are there, below capacity */
#define MEMBER(type, name) type *name;
    COLUMNS(MEMBER)
#undef MEMBER
} filling;

/*
 * Columns start on a line of the cache, each one line further on than a multiple of the page would
 * put it: columns at equal distance from page starts would fight for the same sets of the cache.
 */
#define LINE 64u

static bool column_bytes(uint64_t n, uint64_t item_bytes, uint64_t *total)
{
    uint64_t bytes;

    return f24_mul(n, item_bytes, &bytes) && f24_add(bytes, 2 * LINE, &bytes) &&
           f24_add(*total, bytes / LINE * LINE, total);
}

static f24_status lay_out(uint64_t capacity, f24_block *block, filling *fill, f24_error *err)
{
    uint64_t total = 0, at = 0;
    bool fits = true;

#define COUNT(type, name) fits = fits && column_bytes(capacity, sizeof(type), &total);
    COLUMNS(COUNT)
#undef COUNT
    if (!fits || total > SIZE_MAX / 2)
        return f24_fail_errno(err, ENOMEM, -1, "the table of records does not fit into memory");
    F24_TRY(f24_block_new((size_t)total, block, err));
    fill->block = block;
    fill->capacity = capacity;
    fill->n = 0;
#define PLACE(type, name)                                                                          \
    fill->name = (type *)(void *)(block->bytes + at);                                              \
    (void)column_bytes(capacity, sizeof(type), &at);
    COLUMNS(PLACE)
#undef PLACE
    return F24_OK;
}

static void publish(const filling *fill, f24_columns *columns)
{
    columns->n = (int64_t)fill->n;
#define SHOW(type, name) columns->name = (const type *)fill->name;
    COLUMNS(SHOW)
#undef SHOW
}

/* ------------------------------------------------------------------------------------ filling */

static void take_rows(filling *fill, const f24_run *run)
{
    uint32_t stored_date[F24_RUN_MAX];
    const uint64_t at = fill->n;
    const f24_keys out = {
        .dateo = fill->dateo + at,
        .datev = fill->datev + at,
        .deet = fill->deet + at,
        .npas = fill->npas + at,
        .ni = fill->ni + at,
        .nj = fill->nj + at,
        .nk = fill->nk + at,
        .ip1 = fill->ip1 + at,
        .ip2 = fill->ip2 + at,
        .ip3 = fill->ip3 + at,
        .ig1 = fill->ig1 + at,
        .ig2 = fill->ig2 + at,
        .ig3 = fill->ig3 + at,
        .ig4 = fill->ig4 + at,
        .datyp = fill->datyp + at,
        .nbits = fill->nbits + at,
        .nomvar = fill->nomvar + at,
        .typvar = fill->typvar + at,
        .etiket = fill->etiket + at,
        .grtyp = fill->grtyp + at,
        .dasiz = fill->dasiz + at,
        .flags = fill->flags + at,
        .stored_date = stored_date,
    };

    f24_keys_take(run, &out);
    memcpy(fill->offset + at, run->offset, run->n * sizeof fill->offset[0]);
    memcpy(fill->n_bytes + at, run->n_bytes, run->n * sizeof fill->n_bytes[0]);
    memcpy(fill->file_index + at, run->file_index, run->n * sizeof fill->file_index[0]);
    memcpy(fill->meta_words + at, run->meta_words, run->n * sizeof fill->meta_words[0]);
    fill->n += run->n;
}

/*
 * Room for n more rows. A damaged directory knows of fewer records than the file has; by doubling,
 * every row is copied once or twice, however often there is no room.
 */
static f24_status grow(filling *fill, uint64_t n, f24_error *err)
{
    f24_block block = {0};
    filling larger;

    if (fill->first > 0) /* the part of a second thread: a whole directory, and counted */
        return f24_fail(err, F24_ECHANGED, -1,
                        "the directory grew while it was read: open the file again");
    F24_TRY(
        lay_out(fill->capacity + (n > fill->capacity ? n : fill->capacity), &block, &larger, err));
#define COPY(type, name) memcpy(larger.name, fill->name, fill->n * sizeof(type));
    COLUMNS(COPY)
#undef COPY
    larger.block = fill->block;
    larger.n = fill->n;
    larger.first = fill->first;
    f24_block_free(fill->block);
    *larger.block = block;
    *fill = larger;
    return F24_OK;
}

static f24_status take(void *context, const f24_run *run, f24_error *err)
{
    filling *fill = context;

    if (run->n > fill->capacity - fill->n)
        F24_TRY(grow(fill, run->n, err));
    take_rows(fill, run);
    return F24_OK;
}

static void drop(void *context)
{
    filling *fill = context;

    fill->n = fill->first;
}

/* Close the gap between what two threads filled: deleted entries leave one. */
static void join(filling *fill, const filling *second)
{
    uint64_t n = second->n - second->first;

#define MOVE(type, name)                                                                           \
    memmove(fill->name + fill->n, second->name + second->first, n * sizeof(type));
    if (n > 0 && fill->n < second->first) {
        COLUMNS(MOVE)
    }
#undef MOVE
    fill->n += n;
}

static f24_status build(f24_container *container, f24_table *table, f24_error *err)
{
    uint64_t capacity = f24_container_max_entries(container);
    filling fills[2] = {{0}};
    const f24_sink sinks[2] = {{&fills[0], take, drop}, {&fills[1], take, drop}};

    if (capacity > INT32_MAX)
        return f24_fail(err, F24_EUNSUPPORTED, -1, "more than 2^31 directory entries");
    F24_TRY(lay_out(capacity, &table->block, &fills[0], err));
    fills[1] = fills[0];
    fills[1].first = fills[1].n = capacity - f24_container_second_entries(container);
    F24_TRY(f24_container_scan(container, sinks, err));
    join(&fills[0], &fills[1]);
    publish(&fills[0], &table->columns);
    return f24_find_cache_new(&table->cache, err);
}

f24_status f24_table_build(f24_container *container, const f24_table **table, f24_error *err)
{
    f24_table *t = calloc(1, sizeof *t);
    f24_status status;

    if (t == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot build the table of records");
    atomic_init(&t->n_references, 1);
    status = build(container, t, err);
    if (status != F24_OK) {
        f24_table_release(t);
        return status;
    }
    *table = t;
    return F24_OK;
}

/* ------------------------------------------------------------------------------------ joining */

static f24_status join_all(const f24_table *const *tables, size_t n_tables, f24_table *joined,
                           f24_error *err)
{
    uint64_t total = 0;
    filling fill = {0};

    for (size_t t = 0; t < n_tables; t++)
        total += (uint64_t)tables[t]->columns.n; /* cannot wrap: each row is there, in 100 bytes */
    F24_TRY(lay_out(total, &joined->block, &fill, err));
    for (size_t t = 0; t < n_tables; t++) {
        const f24_columns *columns = &tables[t]->columns;
        size_t n = (size_t)columns->n;
        if (n == 0)
            continue;
#define APPEND(type, name) memcpy(fill.name + fill.n, columns->name, n * sizeof(type));
        COLUMNS(APPEND)
#undef APPEND
        fill.n += n;
    }
    publish(&fill, &joined->columns);
    return f24_find_cache_new(&joined->cache, err);
}

f24_status f24_table_join(const f24_table *const *tables, size_t n_tables, const f24_table **joined,
                          f24_error *err)
{
    f24_table *t = calloc(1, sizeof *t);
    f24_status status;

    if (t == NULL)
        return f24_fail_errno(err, ENOMEM, -1, "cannot join tables");
    atomic_init(&t->n_references, 1);
    status = join_all(tables, n_tables, t, err);
    if (status != F24_OK) {
        f24_table_release(t);
        return status;
    }
    *joined = t;
    return F24_OK;
}

/* -------------------------------------------------------------------------------------- using */

/* The count of references is all that changes in a table, and a table is never const when made. */
static f24_table *counted(const f24_table *table)
{
    return (f24_table *)(uintptr_t)table;
}

const f24_table *f24_table_retain(const f24_table *table)
{
    atomic_fetch_add_explicit(&counted(table)->n_references, 1, memory_order_relaxed);
    return table;
}

void f24_table_release(const f24_table *table)
{
    f24_table *t = counted(table);

    if (t == NULL || atomic_fetch_sub_explicit(&t->n_references, 1, memory_order_acq_rel) != 1)
        return;
    if (t->cache != NULL)
        f24_find_cache_free(t->cache);
    f24_block_free(&t->block);
    free(t);
}

const f24_columns *f24_table_columns(const f24_table *table)
{
    return &table->columns;
}

f24_find_cache *f24_table_find_cache(const f24_table *table)
{
    return table->cache;
}

void f24_table_row(const f24_table *table, int64_t index, f24_record *record)
{
    const f24_columns *c = &table->columns;

    *record = (f24_record){
        .dateo = c->dateo[index],
        .datev = c->datev[index],
        .deet = c->deet[index],
        .npas = c->npas[index],
        .ni = c->ni[index],
        .nj = c->nj[index],
        .nk = c->nk[index],
        .ip1 = c->ip1[index],
        .ip2 = c->ip2[index],
        .ip3 = c->ip3[index],
        .ig1 = c->ig1[index],
        .ig2 = c->ig2[index],
        .ig3 = c->ig3[index],
        .ig4 = c->ig4[index],
        .datyp = c->datyp[index],
        .nbits = c->nbits[index],
        .dasiz = c->dasiz[index],
        .grtyp = {c->grtyp[index] == ' ' ? '\0' : c->grtyp[index], '\0'},
        .flags = c->flags[index],
        .file_index = c->file_index[index],
        .index = index,
        .offset = c->offset[index],
        .n_bytes = c->n_bytes[index],
    };
    f24_copy_text(record->nomvar, c->nomvar[index], sizeof c->nomvar[index]);
    f24_copy_text(record->typvar, c->typvar[index], sizeof c->typvar[index]);
    f24_copy_text(record->etiket, c->etiket[index], sizeof c->etiket[index]);
}
