/*
 * A view holds a string of up to 12 bytes in place, and no name of a record is longer (etiket has
 * 12): a text column is an array of views and nothing else. They are made without a loop over
 * characters, since a table may have a million rows and this is most of the time of an export.
 */
#include "table/arrow_text.h"

#include "base/bytes.h"

#define BLANKS UINT64_C(0x2020202020202020)
#define CHUNK 256 /* rows that plain text is made of at a time: their views stay in cache */

/* A view as two numbers whose least significant byte comes first in memory. */
typedef struct view {
    uint64_t low;  /* length, then characters 0 to 3 */
    uint64_t high; /* characters 4 to 11 */
} view;

static inline void put_view(uint8_t *out, view v)
{
    uint32_t length = (uint32_t)v.low; /* Arrow counts in the host's order; text has its own */
    uint64_t low = F24_HOST_LITTLE ? v.low : __builtin_bswap64(v.low);
    uint64_t high = F24_HOST_LITTLE ? v.high : __builtin_bswap64(v.high);

    memcpy(out, &low, sizeof low);
    memcpy(out + 8, &high, sizeof high);
    if (!F24_HOST_LITTLE)
        memcpy(out, &length, sizeof length);
}

/* Bytes of `text` (first character lowest) up to the last that is not a blank. */
static inline uint32_t used_bytes(uint64_t text)
{
    uint64_t other = text ^ BLANKS;

    return other == 0 ? 0 : 8 - (uint32_t)__builtin_clzll(other) / 8;
}

static inline uint64_t keep_bytes(uint64_t text, uint32_t n)
{
    return n == 0 ? 0 : text & UINT64_MAX >> (64 - 8 * n);
}

/* Fields of up to four characters, blanks above them in `text`. */
static inline view short_view(uint64_t text)
{
    uint32_t length = used_bytes(text);

    return (view){keep_bytes(text, length) << 32 | length, 0};
}

static inline view view_of_2(const char *field)
{
    uint64_t text = (uint64_t)(uint8_t)field[0] | (uint64_t)(uint8_t)field[1] << 8;

    return short_view(text | (BLANKS << 16));
}

static inline view view_of_4(const char *field)
{
    return short_view(le32(field) | (BLANKS << 32));
}

static inline view view_of_12(const char *field)
{
    uint64_t tail = (uint64_t)le32(field + 8) << 32 | le32(field + 4);
    uint32_t length = used_bytes(tail);

    if (length == 0)
        return view_of_4(field);
    return (view){(uint64_t)le32(field) << 32 | (length + 4), keep_bytes(tail, length)};
}

/* grtyp may be any byte, and Arrow text must be UTF-8: what cannot be printed is written \xNN. */
static view view_of_grtyp(uint8_t grtyp)
{
    static const char digits[] = "0123456789abcdef";
    char escape[4] = {'\\', 'x', digits[grtyp >> 4], digits[grtyp & 15]};

    if (grtyp >= 0x20 && grtyp < 0x7f)
        return short_view(grtyp | (BLANKS << 8));
    return view_of_4(escape);
}

size_t f24_text_max(size_t width)
{
    return width == 1 ? 4 : width;
}

/* One loop a width and kind of row list, so that neither is asked for row by row. */
#define EACH_ROW(view_of_field, stride)                                                            \
    do {                                                                                           \
        if (column->rows == NULL) {                                                                \
            const char *field = column->bytes + (stride) * (size_t)column->first;                  \
            for (int64_t i = 0; i < column->n; i++, field += (stride))                             \
                put_view(views + F24_VIEW_BYTES * (size_t)i, view_of_field(field));                \
        } else {                                                                                   \
            for (int64_t i = 0; i < column->n; i++)                                                \
                put_view(views + F24_VIEW_BYTES * (size_t)i,                                       \
                         view_of_field(column->bytes + (stride) * (size_t)column->rows[i]));       \
        }                                                                                          \
    } while (0)

void f24_text_views(const f24_text_column *column, uint8_t *views)
{
    view grtyps[256];

    switch (column->width) {
    case 1:
        for (unsigned byte = 0; byte < 256; byte++)
            grtyps[byte] = view_of_grtyp((uint8_t)byte);
#define VIEW_OF_1(field) grtyps[(uint8_t)*(field)]
        EACH_ROW(VIEW_OF_1, 1u);
        break;
    case 2:
        EACH_ROW(view_of_2, 2u);
        break;
    case 4:
        EACH_ROW(view_of_4, 4u);
        break;
    default:
        EACH_ROW(view_of_12, 12u);
        break;
    }
}

static void put_offset(uint8_t *offsets, int64_t i, bool large, uint64_t offset)
{
    uint32_t narrow = (uint32_t)offset;

    if (large)
        memcpy(offsets + 8 * (size_t)i, &offset, sizeof offset);
    else
        memcpy(offsets + 4 * (size_t)i, &narrow, sizeof narrow);
}

void f24_text_plain(const f24_text_column *column, bool large, uint8_t *offsets, uint8_t *strings)
{
    uint8_t views[CHUNK * F24_VIEW_BYTES];
    uint64_t at = 0;

    put_offset(offsets, 0, large, 0);
    for (int64_t done = 0; done < column->n; done += CHUNK) {
        f24_text_column part = *column;
        part.n = column->n - done < CHUNK ? column->n - done : CHUNK;
        part.first += done;
        if (part.rows != NULL)
            part.rows += done;
        f24_text_views(&part, views);
        for (int64_t i = 0; i < part.n; i++) {
            const uint8_t *v = views + F24_VIEW_BYTES * (size_t)i;
            uint32_t length = f24_native32(v);
            memcpy(strings + at, v + 4, F24_VIEW_BYTES - 4); /* all 12: the next one covers them */
            at += length;
            put_offset(offsets, done + i + 1, large, at);
        }
    }
}
