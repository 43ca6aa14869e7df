/* MINIMUM streams, written (docs/format/codecs.md, 9.3). Used inside src/codec only. */
#ifndef F24_CODEC_MINIMUM_WRITE_H
#define F24_CODEC_MINIMUM_WRITE_H

#include "codec/bit_writer.h"
#include "codec/plane_write.h"

/* Work memory: extremes of the columns of a strip. 64-byte aligned. */
typedef struct f24_minimum_work {
    uint16_t lowest[F24_STRIP], highest[F24_STRIP];
} f24_minimum_work;

/*
 * The tiles of ni x nj tokens, rows `stride` tokens apart; lowest tokens take `nbits`. False: more
 * than most_bits since `start`, looked at after each strip (at most F24_STRIP_BYTES).
 */
bool f24_minimum_encode(const uint16_t *tokens, size_t stride, int64_t ni, int64_t nj,
                        unsigned step, unsigned nbits, const uint8_t *start, uint64_t most_bits,
                        f24_bit_writer *writer, f24_minimum_work *work);

/* What the tiles of a field take, in parts: each tile that is not raw has a lowest token, too. */
typedef struct f24_minimum_size {
    uint64_t n_tiles, n_raw, token_bits;
    uint32_t lowest; /* all of the lowest tokens, or-ed */
} f24_minimum_size;

f24_minimum_size f24_minimum_measure(const uint16_t *tokens, size_t stride, int64_t ni, int64_t nj,
                                     unsigned step, f24_minimum_work *work);

#endif
