/* The signs of a lossless field: a run length stream, taken row by row (format/codecs.md, 10.1). */
#ifndef F24_CODEC_SIGN_H
#define F24_CODEC_SIGN_H

#include "codec/tiles.h"

typedef struct f24_signs {
    const uint8_t *from, *end; /* the stream: every token is one byte */
    uint64_t left;             /* signs of the field that are not decoded yet */
    uint8_t *ready;            /* decoded signs, 0 or 1: f24_signs_room(ni) bytes */
    size_t n_ready, n_taken;
    int run_sign; /* of the last counted run; -1 before the first */
} f24_signs;

uint64_t f24_signs_room(int64_t ni);

/* Start with the stream from bit `from` to bit `to` (whole words); `ready` is set by the caller. */
void f24_signs_start(f24_signs *signs, const uint8_t *bytes, uint64_t from, uint64_t to,
                     uint64_t n_values);

/* The next `n` signs, the same number in each call; they stay until the next call. F24_ECORRUPT. */
f24_status f24_signs_take(f24_signs *signs, int64_t n, const uint8_t **taken, f24_error *err);

#endif
