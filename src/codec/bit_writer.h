/* A big-endian bit string that grows (docs/format/codecs.md, 1). Used inside src/codec only. */
#ifndef F24_CODEC_BIT_WRITER_H
#define F24_CODEC_BIT_WRITER_H

#include "base/bytes.h"

/*
 * The bits of the last byte that is not full wait in `waiting`, from its top; the others are in
 * memory. Every put writes the 8 bytes from `to` on: what is before stands, what comes is zeros.
 */
typedef struct f24_bit_writer {
    uint8_t *to; /* the byte that the next bit belongs to */
    uint64_t waiting;
    unsigned n_waiting; /* 0 to 7 */
} f24_bit_writer;

/* Bits that fit behind 7 waiting ones, with one to spare: a shift by 64 is none. */
#define F24_PUT_AT_MOST 56

/* The low `width` bits of `value`, whose others are zeros; width is 0 to F24_PUT_AT_MOST. */
static inline __attribute__((always_inline)) void f24_put_bits(f24_bit_writer *w, uint64_t value,
                                                               unsigned width)
{
    const unsigned n = w->n_waiting + width;
    const uint64_t bits = w->waiting | value << ((64 - n) & 63); /* n is 0 for no bits only */
    const uint64_t bytes = F24_HOST_LITTLE ? __builtin_bswap64(bits) : bits;

    memcpy(w->to, &bytes, sizeof bytes);
    w->to += n >> 3;
    w->waiting = bits << (n & 56);
    w->n_waiting = n & 7;
}

static inline f24_bit_writer f24_bits_to(uint8_t *to)
{
    return (f24_bit_writer){to, 0, 0};
}

/* Bits from `start` on. */
static inline uint64_t f24_bits_since(const f24_bit_writer *w, const uint8_t *start)
{
    return (uint64_t)(w->to - start) * 8 + w->n_waiting;
}

/* After the last put: zeros up to the end of the last word. */
static inline void f24_bits_end(f24_bit_writer *w)
{
    f24_put_bits(w, 0, 0);
}

/* Words that hold so many bits. */
static inline uint64_t f24_words_of(uint64_t n_bits)
{
    return (n_bits + 31) / 32;
}

#endif
