/*
 * A view holds a string of up to 12 bytes in place, and no name of a record is longer (etiket has
 * 12): a text column is an array of views and nothing else. They are made without a loop over
 * characters, since a table may have a million rows and this is most of the time of an export.
 */
#include "table/arrow_text.h"

#include "base/bytes.h"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#define BLANKS UINT64_C(0x2020202020202020)
#define ONES UINT64_C(0x0101010101010101)
#define HIGH_BITS (ONES << 7)
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

/*
 * A 1 in each byte of `text` (first character lowest) up to the last that is not a blank.
 *
 * Times 255 it is a mask of the string, and the sum of its bytes the length. The lengths of
 * neighbours are as good as random, so neither this nor its callers branch on them; and without a
 * count of leading zeros compilers make vectors of the short fields (a million nomvar with clang
 * 14: 1.3 ms, with the count 4.2).
 */
static inline uint64_t used_bytes(uint64_t text)
{
    uint64_t other = text ^ BLANKS;
    uint64_t used =
        (((other & ~HIGH_BITS) + ~HIGH_BITS) | other) & HIGH_BITS; /* not 0: not blank */

    used |= used >> 8; /* what stands before a used byte is used */
    used |= used >> 16;
    used |= used >> 32;
    return used >> 7;
}

static inline uint64_t sum_of_bytes(uint64_t ones)
{
    return ones * ONES >> 56;
}

/* Fields of up to four characters, blanks above them. */
static inline view short_view(uint32_t text)
{
    uint64_t used = used_bytes(text | (BLANKS << 32));

    return (view){(text & used * 255) << 32 | sum_of_bytes(used), 0};
}

static inline view view_of_2(const char *field)
{
    uint32_t text = (uint32_t)(uint8_t)field[0] | (uint32_t)(uint8_t)field[1] << 8;

    return short_view(text | (uint32_t)(BLANKS << 16));
}

static inline view view_of_4(const char *field)
{
    return short_view(le32(field));
}

static inline view view_of_12(const char *field)
{
    uint64_t head = le32(field);
    uint64_t tail = (uint64_t)le32(field + 8) << 32 | le32(field + 4);
    uint64_t tail_used = used_bytes(tail);
    uint64_t is_long = tail_used & 1;
    uint64_t head_used = used_bytes(head | (BLANKS << 32)) | is_long * (ONES >> 32);

    return (view){(head & head_used * 255) << 32 |
                      (sum_of_bytes(head_used) + sum_of_bytes(tail_used)),
                  tail & tail_used * 255};
}

/* grtyp may be any byte, and Arrow text must be UTF-8: what cannot be printed is written \xNN. */
static view view_of_grtyp(uint8_t grtyp)
{
    static const char digits[] = "0123456789abcdef";
    char escape[4] = {'\\', 'x', digits[grtyp >> 4], digits[grtyp & 15]};

    if (grtyp >= 0x20 && grtyp < 0x7f)
        return short_view(grtyp | (uint32_t)(BLANKS << 8));
    return view_of_4(escape);
}

/*
 * n fields of 12 bytes in a row. etiket is the longest text there is: a million of them take 1.2 ms
 * with 16-byte loads and 7 ms without.
 */
static void views_of_12(const char *field, size_t n, uint8_t *views)
{
#ifdef __SSE2__
    static const uint8_t masks[32] = {255, 255, 255, 255, 255, 255, 255, 255,
                                      255, 255, 255, 255, 255, 255, 255, 255};
    const __m128i blanks = _mm_set1_epi8(' ');

    /* A load takes in the start of the next field, so the last one is left to the loop below. */
    for (; n > 1; n--, field += 12, views += F24_VIEW_BYTES) {
        __m128i text = _mm_loadu_si128((const __m128i *)(const void *)field);
        unsigned blank = (unsigned)_mm_movemask_epi8(_mm_cmpeq_epi8(text, blanks));
        unsigned length = 31 - (unsigned)__builtin_clz((~blank & 0xfff) << 1 | 1);
        __m128i keep = _mm_loadu_si128((const __m128i *)(const void *)(masks + 16 - length));
        __m128i rest = _mm_slli_si128(_mm_and_si128(text, keep), 4);
        _mm_storeu_si128((__m128i *)(void *)views,
                         _mm_or_si128(rest, _mm_cvtsi32_si128((int)length)));
    }
#endif
    for (; n > 0; n--, field += 12, views += F24_VIEW_BYTES)
        put_view(views, view_of_12(field));
}

size_t f24_text_max(size_t width)
{
    return width == 1 ? 4 : width;
}

/* One loop a width and kind of row list, so that neither is asked for row by row. */
#define EACH_ROW(view_of_field, stride)                                                            \
    do {                                                                                           \
        const char *field = bytes + (stride) * (size_t)column->first;                              \
        if (rows == NULL) {                                                                        \
            for (size_t i = 0; i < n; i++)                                                         \
                put_view(views + F24_VIEW_BYTES * i, view_of_field(field + (stride) * i));         \
        } else {                                                                                   \
            for (size_t i = 0; i < n; i++)                                                         \
                put_view(views + F24_VIEW_BYTES * i,                                               \
                         view_of_field(bytes + (stride) * (size_t)rows[i]));                       \
        }                                                                                          \
    } while (0)

void f24_text_views(const f24_text_column *column, uint8_t *views)
{
    /* Copies: a store through a byte pointer could change *column, for all the compiler knows. */
    const char *bytes = column->bytes;
    const int64_t *rows = column->rows;
    size_t n = (size_t)column->n;
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
        if (rows == NULL)
            views_of_12(bytes + 12 * (size_t)column->first, n, views);
        else
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
