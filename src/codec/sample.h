/* The tile stream of old files: nested coarse grids, interpolated (docs/format/codecs.md, 9.5). */
#ifndef F24_CODEC_SAMPLE_H
#define F24_CODEC_SAMPLE_H

#include "codec/stream.h"
#include "codec/tiles.h"

/*
 * As f24_tiles_decode, for predictor SAMPLE. `rows` holds a row of tokens; `scratch` is of
 * f24_sample_scratch(ni, nj) bytes: the coarse grids (an eighth of ni x nj x 4 bytes
 * for large fields) and a few rows.
 */
uint64_t f24_sample_scratch(int64_t ni, int64_t nj);
f24_status f24_sample_decode(const uint8_t *bytes, uint64_t n_bytes, f24_tile_head head, int64_t ni,
                             int64_t nj, f24_row_fn row_out, void *context, uint16_t *row,
                             void *scratch, f24_error *err);

#endif
