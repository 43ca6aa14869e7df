/* The signs of a lossless field, written as a run length stream (docs/format/codecs.md, 10.1). */
#ifndef F24_CODEC_SIGN_WRITE_H
#define F24_CODEC_SIGN_WRITE_H

#include "base/bytes.h"

#include <stddef.h>

/* Bytes that f24_signs_gather writes: a bit a sign, and what is read beyond. */
uint64_t f24_signs_map_bytes(uint64_t n_values);

/* The sign bits of n 32-bit patterns (no alignment): sign p is bit p % 8 of byte p / 8. */
void f24_signs_gather(const void *patterns, uint64_t n, uint8_t *map);

/*
 * The stream of n >= 1 signs: every token is a byte, the last one filled up with zeros. At most one
 * byte for 7 signs, rounded up. Returns the bytes.
 */
uint64_t f24_signs_encode(const uint8_t *map, uint64_t n, uint8_t *out);

#endif
