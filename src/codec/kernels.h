/*
 * The hot loops of the fixed forms, one table of them per CPU level. Every table gives the same
 * bits; the portable one is the reference.
 *
 * `out` of a kernel has no alignment. Tokens are native integers in the codecs' own buffers.
 */
#ifndef F24_CODEC_KERNELS_H
#define F24_CODEC_KERNELS_H

#include <stddef.h>
#include <stdint.h>

/* Values in memory of the caller: any address, any declared type. */
typedef uint16_t f24_u16 __attribute__((aligned(1), may_alias));
typedef uint32_t f24_u32 __attribute__((aligned(1), may_alias));
typedef uint64_t f24_u64 __attribute__((aligned(1), may_alias));
typedef float f24_f32 __attribute__((aligned(1), may_alias));
typedef double f24_f64 __attribute__((aligned(1), may_alias));

/* `tokens` may read so many bytes past the last byte that holds a token. */
#define F24_TOKEN_SLACK 32

/* What turns a token of type 6 into a value (docs/format/codecs.md, 8.2). */
typedef struct f24_block_scale {
    uint32_t shift;
    uint32_t minimum; /* modulo 2^32: a hostile header may overflow, and then only wraps */
    float scale;      /* 2^(e - 150) */
} f24_block_scale;

typedef struct f24_kernels {
    /* n words of 32 or 64 bits: bytes reversed; 64 bits: halves exchanged, bytes as they are */
    void (*swap32)(const uint8_t *in, size_t n, void *out);
    void (*swap32_in_place)(uint8_t *words, size_t n);
    void (*swap64)(const uint8_t *in, size_t n, void *out);
    void (*swap_halves)(const uint8_t *in, size_t n, void *out);
    /* n tokens of `width` (1 to 32) bits of a big-endian bit string, the first at bit 0..7 of in */
    void (*tokens)(const uint8_t *in, unsigned bit, unsigned width, size_t n, void *out);
    /* n tokens of 16 bits */
    void (*tokens16)(const uint8_t *in, size_t n, uint16_t *out);
    /* (float)(token x scale + minimum) in double; linear31: tokens below 2^31 */
    void (*linear16)(const uint16_t *in, size_t n, double scale, double minimum, void *out);
    void (*linear31)(const uint32_t *in, size_t n, double scale, double minimum, void *out);
    void (*linear32)(const uint32_t *in, size_t n, double scale, double minimum, void *out);
    void (*block16)(const uint16_t *in, size_t n, const f24_block_scale *scale, void *out);
    /* tokens less `bias` to integers of 8, 16, 32 and 64 bits, the last with their sign */
    void (*store8)(const uint32_t *in, size_t n, uint32_t bias, void *out);
    void (*store16)(const uint32_t *in, size_t n, uint32_t bias, void *out);
    void (*store64)(const uint32_t *in, size_t n, uint32_t bias, void *out);
    void (*subtract)(void *values, size_t n, uint32_t bias); /* 32 bits, in place */
    void (*shift_left)(void *values, size_t n, unsigned shift);
    /* 16-bit tokens to unsigned integers of 8 and 32 bits */
    void (*narrow16)(const uint16_t *in, size_t n, void *out);
    void (*widen16)(const uint16_t *in, size_t n, void *out);
} f24_kernels;

/* The table for f24_cpu_level() as it is now. */
const f24_kernels *f24_kernels_now(void);

#endif
