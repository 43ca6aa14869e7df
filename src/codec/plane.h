/*
 * A plane of second differences (PARALLELOGRAM): d(i,j) = f(i,j) - f(i-1,j) - f(i,j-1) + f(i-1,j-1)
 * in tiles of tokens, behind a border of plain values. Facts: docs/format/codecs.md, 9.4 and 10.2.
 */
#ifndef F24_CODEC_PLANE_H
#define F24_CODEC_PLANE_H

#include "codec/tiles.h"

/* How wide the tokens of a tile are whose header is b > 0. */
typedef enum f24_width_rule {
    F24_WIDTH_TOKENS,   /* 9.4, 9.5: 15 and 16 stand for 17 bits, any other b for b + 1 */
    F24_WIDTH_LOSSLESS, /* 10.2, 10.3: b + 1 */
} f24_width_rule;

#define F24_NO_TILE ((uint64_t)1 << 62) /* ends beyond any stream */
#define F24_WIDTH_WRONG ((uint8_t)0xff)

typedef struct f24_plane {
    const uint8_t *bytes;
    uint64_t at, end;   /* bits: the next one to read, the first one after the stream */
    uint64_t column_at; /* bits: the first column, from row 1 on */
    unsigned step;      /* points of a tile in each direction */
    unsigned nbits;     /* bits of a border value */
    unsigned head_bits; /* bits of a tile header */
    bool wrong;         /* the tile at `at` cannot be read */
    uint8_t width[F24_TILE_HEADERS]; /* header value -> bits of a token, or F24_WIDTH_WRONG */
    uint64_t
        tile_bits[F24_TILE_HEADERS]; /* -> bits of a 3 x 3 tile and its header, or F24_NO_TILE */
} f24_plane;

/* Read the width of the tile headers, 3 bits at plane->at, and prepare for tiles. F24_ECORRUPT. */
f24_status f24_plane_widths(f24_plane *plane, f24_width_rule rule, f24_error *err);

/*
 * Read what stands before the tiles of a plane of ni x nj values: the header width, then the first
 * row into `row` (ni values); the first column is passed over. F24_ECORRUPT.
 */
f24_status f24_plane_border(f24_plane *plane, int64_t ni, int64_t nj, f24_width_rule rule,
                            uint32_t *row, f24_error *err);

/* Value j >= 1 of the first column. */
static inline uint32_t f24_plane_column(const f24_plane *plane, int64_t j)
{
    return (uint32_t)f24_bits_at(plane->bytes, plane->column_at + (uint64_t)(j - 1) * plane->nbits,
                                 plane->nbits);
}

/* Describe why the tile at plane->at could not be read: F24_ECORRUPT. */
f24_status f24_plane_fail(const f24_plane *plane, f24_error *err);

/*
 * Decode one row of tiles, in 16-bit arithmetic (f24_tile_row16) or for one or two planes of step 3
 * in 32-bit arithmetic (f24_tile_row32). Two at once, because a processor can follow both chains of
 * tile headers in the time of one.
 *
 * rows   `tall` rows of f24_row_stride(ni) elements. Element 0 of each is given (the first column);
 *        elements 1 to ni - 1 are filled in.
 * slope  slope[i] = f(i,j) - f(i-1,j) in the row before the first, ni elements; brought up to the
 *        last row. Rows and slope are aligned to 64 bytes and have F24_ROW_PAD elements to spare.
 * False: a plane is `wrong`.
 */
typedef struct f24_plane32 {
    f24_plane plane;
    uint32_t *slope, *rows;
} f24_plane32;
typedef bool (*f24_tile_row16_fn)(f24_plane *plane, uint16_t *slope, uint16_t *rows, int64_t ni,
                                  unsigned tall);
typedef bool (*f24_tile_row32_fn)(f24_plane32 *planes, int64_t ni, unsigned tall);

/* The best copy of these kernels for this processor; ask once a field. */
typedef struct f24_plane_kernels {
    f24_tile_row16_fn row16;
    f24_tile_row32_fn row32, rows32; /* one plane, two planes */
} f24_plane_kernels;
const f24_plane_kernels *f24_plane_choose(void);

#endif
