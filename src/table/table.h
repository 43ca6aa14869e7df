/* The record table: columns filled in one pass over the directory, and search over them. */
#ifndef F24_TABLE_TABLE_H
#define F24_TABLE_TABLE_H

#include "base/error.h"
#include "container/container.h"

/* Read the whole directory of `container` into a table with one reference. */
f24_status f24_table_build(f24_container *container, const f24_table **table, f24_error *err);

/* The 16 key words of one record as a row (index, file_index, offset, n_bytes 0): stored records.
 */
void f24_keys_decode(const uint8_t *keys, bool little, f24_record *record);

/* Row `index` of the table; the index has been checked. */
void f24_table_row(const f24_table *table, int64_t index, f24_record *record);

/* Room for the search indexes inside a table; find.c alone knows what is in it. */
typedef struct f24_find_cache f24_find_cache;
f24_status f24_find_cache_new(f24_find_cache **cache, f24_error *err);
void f24_find_cache_free(f24_find_cache *cache);
f24_find_cache *f24_table_find_cache(const f24_table *table);

#endif
