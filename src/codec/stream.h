/* The compressed stored forms ("turbo"): decoders of one stream each. Facts: docs/format/codecs.md.
 */
#ifndef F24_CODEC_STREAM_H
#define F24_CODEC_STREAM_H

#include "base/error.h"

/*
 * 9: ni x nj unsigned 16-bit tokens from a tile stream (MINIMUM, PARALLELOGRAM, SAMPLE).
 *
 * bytes    the stream as a big-endian bit string, its head word first; n_bytes long and followed by
 *          F24_SCRATCH_PAD readable bytes.
 * row_out  called once for each row j = 0 .. nj - 1, in order, with its ni tokens, while they are
 * in cache: the caller scales and stores them. (SAMPLE calls it when the whole field is there.)
 * scratch  f24_tiles_scratch(ni, nj) bytes, 64-byte aligned.
 * F24_ECORRUPT, F24_EUNSUPPORTED (unknown predictor). err->offset counts from `bytes`.
 */
typedef void (*f24_row_fn)(void *context, int64_t j, const uint16_t *tokens, int64_t ni);
uint64_t f24_tiles_scratch(int64_t ni, int64_t nj);
f24_status f24_tiles_decode(const uint8_t *bytes, uint64_t n_bytes, int64_t ni, int64_t nj,
                            f24_row_fn row_out, void *context, void *scratch, f24_error *err);

/*
 * 10: ni x nj float32 bit patterns from the lossless form (133). `bytes` starts at w[1], the head
 * word; `out` has no alignment. Otherwise as above.
 */
uint64_t f24_lossless_scratch(int64_t ni, int64_t nj);
f24_status f24_lossless_decode(const uint8_t *bytes, uint64_t n_bytes, int64_t ni, int64_t nj,
                               void *out, void *scratch, f24_error *err);

#endif
