/* The text columns of a table in Arrow's layouts: blanks dropped, any byte of grtyp made printable.
 */
#ifndef F24_TABLE_ARROW_TEXT_H
#define F24_TABLE_ARROW_TEXT_H

#include "fst24.h"

#define F24_VIEW_BYTES 16u /* of one utf8_view: length in 4 bytes, then the string and zeros */

/*
 * One column of text, `n` rows of it.
 *
 * bytes    the column: fields of `width` bytes (1, 2, 4 or 12), padded with blanks.
 * rows     the row of each element; NULL: first, first + 1, ...
 */
typedef struct f24_text_column {
    const char *bytes;
    size_t width;
    const int64_t *rows;
    int64_t first;
    int64_t n;
} f24_text_column;

/* Bytes that the longest string of a field of `width` bytes takes. */
size_t f24_text_max(size_t width);

/* n views of F24_VIEW_BYTES. */
void f24_text_views(const f24_text_column *column, uint8_t *views);

/*
 * n + 1 offsets of 4 bytes (8 when `large`) and the strings: at most n x f24_text_max(width) bytes,
 * which the caller has checked to fit the offsets, and F24_TEXT_SPARE more that may be written to.
 */
#define F24_TEXT_SPARE 12u
void f24_text_plain(const f24_text_column *column, bool large, uint8_t *offsets, uint8_t *strings);

#endif
