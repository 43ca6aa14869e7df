/*
 * What the compressed forms share: reading a bit string, and the shape of work memory. Facts:
 * docs/format/codecs.md, 9 and 10. Used inside src/codec only.
 *
 * Nothing here reads further than F24_SCRATCH_PAD (64) bytes after a stream: `at` never passes
 * `end`, and the widest load from `at` is 64 bytes.
 */
#ifndef F24_CODEC_TILES_H
#define F24_CODEC_TILES_H

#include "base/bytes.h"
#include "base/cpu.h"
#include "base/error.h"

/*
 * A second difference of 23-bit numbers needs 25 bits, of 16-bit numbers 18 (9.4): a tile that asks
 * for more was not made by an encoder. 25 bits from any bit of a byte fit in 32.
 */
#define F24_WIDEST_TOKEN 25
#define F24_LARGEST_STEP 7
/* Kernels are compiled several times under names joined of two parts. */
#define F24_JOIN_(a, b) a##b
#define F24_JOIN(a, b) F24_JOIN_(a, b)

#define F24_TILE_HEADERS 128 /* values of a tile header: it has 7 bits at most */

/* Elements after the end of a row that kernels may write. */
#define F24_ROW_PAD 16

/* Elements from one row to the next: the rows of work memory start at multiples of 64 bytes. */
static inline size_t f24_row_stride(int64_t ni)
{
    return ((size_t)ni + F24_ROW_PAD + 31) / 32 * 32;
}

/* The bits from `at` on, 57 of them or more, at the top; 8 bytes are read. */
static inline uint64_t f24_bits_from(const uint8_t *bytes, uint64_t at)
{
    return be64(bytes + (at >> 3)) << (at & 7);
}

/* One number of `width` bits, 1 to 57. */
static inline uint64_t f24_bits_at(const uint8_t *bytes, uint64_t at, unsigned width)
{
    return f24_bits_from(bytes, at) >> (64 - width);
}

/* The head word of a tile stream (9.1). */
typedef struct f24_tile_head {
    unsigned predictor, step, nbits, levels;
} f24_tile_head;

static inline f24_tile_head f24_tile_head_of(uint32_t word)
{
    return (f24_tile_head){word & 15, word >> 7 & 7, word >> 10 & 31, word >> 15 & 7};
}

#endif
