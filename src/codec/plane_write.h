/*
 * A plane of second differences (PARALLELOGRAM), written: plane.h the other way round. Facts:
 * docs/format/codecs.md, 9.4, 10.2, 10.3.
 */
#ifndef F24_CODEC_PLANE_WRITE_H
#define F24_CODEC_PLANE_WRITE_H

#include "codec/bit_writer.h"
#include "codec/plane.h"

/*
 * A row of tiles is written in strips of so many columns at most: what stands between the field and
 * the stream stays in the first cache. Strips hold whole tiles of any step.
 */
#define F24_STRIP 384

/*
 * Bytes that a strip takes at most: no value needs more than 25 bits and its share of a tile header
 * of 7. A stream is given up after the strip in which it became too long.
 */
#define F24_STRIP_BYTES (4 * F24_LARGEST_STEP * F24_STRIP)

/* What is coded: ni x nj values of 23 bits at most, not aligned. */
typedef struct f24_plane_field {
    const uint8_t *values;
    size_t row_bytes;
    int64_t ni, nj;
    bool is_16;     /* values are uint16_t; else they are bits of 32-bit patterns: */
    unsigned shift; /* (pattern >> shift & mask) - lowest */
    uint32_t mask;
    uint32_t lowest;
} f24_plane_field;

/* How it is coded. */
typedef struct f24_plane_form {
    unsigned step;
    unsigned nbits;     /* of a border value */
    unsigned head_bits; /* of a tile header: enough for the largest b, unless tokens are 16-bit */
    f24_width_rule rule;
} f24_plane_form;

/*
 * When to give up.
 *
 * most_bits  more bits than these since `start` refuse, looked at after each strip.
 * budget     of 10.5, in words; above most_bits each tile is looked at on its own. -1: none.
 */
typedef struct f24_plane_limit {
    const uint8_t *start;
    uint64_t most_bits;
    int64_t budget;
} f24_plane_limit;

typedef enum f24_plane_end {
    F24_PLANE_WRITTEN,
    F24_PLANE_REFUSED,
    F24_PLANE_NARROW, /* a tile needs a wider header than `head_bits` */
} f24_plane_end;

/* Work memory: differences of a strip and their sizes. 64-byte aligned. */
typedef struct f24_plane_work {
    uint32_t
        differences[F24_LARGEST_STEP * F24_STRIP]; /* rows, F24_STRIP apart; two's complement */
    uint32_t sizes[F24_STRIP]; /* the magnitudes of a column, or-ed: bl(x | y) = bl(max(x, y)) */
} f24_plane_work;

/*
 * Header width, border and tiles of a field of 2 x 2 values or more. The border is written before a
 * limit is looked at; then F24_STRIP_BYTES may follow before the next look.
 */
f24_plane_end f24_plane_encode(const f24_plane_field *field, const f24_plane_form *form,
                               const f24_plane_limit *limit, f24_bit_writer *writer,
                               f24_plane_work *work);

/* What the tiles of a plane take, in parts: headers have any width that holds `widest`. */
typedef struct f24_plane_size {
    uint64_t n_tiles, token_bits;
    unsigned widest; /* the largest header */
} f24_plane_size;

/* The size of the tiles of a plane in steps 1 to 7: sizes[step - 1]. */
void f24_plane_measure(const f24_plane_field *field, f24_width_rule rule,
                       f24_plane_size sizes[F24_LARGEST_STEP], f24_plane_work *work);

#endif
