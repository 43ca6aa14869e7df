/* The compressed stored forms, written: encoders of one stream each. Facts: docs/format/codecs.md. */
#ifndef F24_CODEC_STREAM_WRITE_H
#define F24_CODEC_STREAM_WRITE_H

#include "base/error.h"

/*
 * 9: ni x nj unsigned 16-bit tokens as a tile stream, its head word first (9.1 to 9.4, 15).
 *
 * tokens    rows of ni tokens, row j at tokens + j x stride, below 2^nbits.
 * little    write words in little-endian order, else big-endian.
 * out       4-byte aligned; f24_tiles_bound(ni, nj) bytes and F24_SCRATCH_PAD more may be written.
 * scratch   f24_tiles_write_scratch(ni, nj) bytes, 64-byte aligned.
 * Returns the words of the stream (`k` of section 9); 0: compression is refused (9.2).
 * The bits after the last token, in its word, are zeros.
 */
uint64_t f24_tiles_bound(int64_t ni, int64_t nj);
uint64_t f24_tiles_write_scratch(int64_t ni, int64_t nj);
uint64_t f24_tiles_encode(const uint16_t *tokens, size_t stride, int64_t ni, int64_t nj,
                          unsigned nbits, f24_effort effort, bool little, void *out, void *scratch);

/*
 * 10: ni x nj float32 bit patterns in the lossless form (133), w[1] first.
 *
 * bits      ni x nj patterns, no alignment needed.
 * nbits     16 to 32.
 * out       as above, f24_lossless_bound(ni, nj) bytes.
 * Returns `z` of section 10, the words from w[1] on; 0: refused (10.5).
 */
uint64_t f24_lossless_bound(int64_t ni, int64_t nj);
uint64_t f24_lossless_write_scratch(int64_t ni, int64_t nj);
uint64_t f24_lossless_encode(const void *bits, int64_t ni, int64_t nj, unsigned nbits,
                             f24_effort effort, bool little, void *out, void *scratch);

#endif
