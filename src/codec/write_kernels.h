/*
 * The hot loops of the encoders, one table of them per CPU level, as kernels.h has them for the
 * decoders: every table gives the same bits, the portable one is the reference.
 *
 * `in` has no alignment where it is void. Facts: docs/format/codecs.md, 5 to 8.
 */
#ifndef F24_CODEC_WRITE_KERNELS_H
#define F24_CODEC_WRITE_KERNELS_H

#include "codec/kernels.h"

#include <stdbool.h>

/* `pack` and `pack16` may write so many bytes past the last one that holds a token. */
#define F24_PACK_SLACK 8

/* What turns a value of type 6 into its token (8.1). */
typedef struct f24_block_steps {
    float up[2];     /* their product is 2^(150 - e): one alone can be beyond float32 */
    int32_t minimum; /* m */
    int32_t round;   /* r */
    int32_t shift;   /* s */
    int32_t largest; /* token */
} f24_block_steps;

typedef struct f24_write_kernels {
    /*
     * Smallest and largest of n floats, taken as integers in the order of the numbers:
     * bits, with all but the sign turned when it is set (f24_key32 ...). NaNs lie outside the
     * infinities. range[0], range[1] go on from what they hold. `mask` is NULL, or not 0 at points to
     * pass over.
     */
    void (*range32)(const void *in, const uint8_t *mask, size_t n, int32_t range[2]);
    void (*range64)(const void *in, const uint8_t *mask, size_t n, int64_t range[2]);
    /* The same for integers; unsigned ones are turned in their top bit. */
    void (*largest32)(const uint32_t *in, const uint8_t *mask, size_t n, uint32_t turn,
                      int32_t *largest);
    /* To float32. True when a finite number became infinite. */
    bool (*to_float)(const void *in, size_t n, float *out);
    /* trunc((x - minimum) x scale) in double */
    void (*quantise16)(const void *in, size_t n, double minimum, double scale, uint16_t *out);
    void (*quantise32)(const void *in, size_t n, double minimum, double scale, uint32_t *out);
    void (*quantise64)(const double *in, size_t n, double minimum, double scale, uint32_t *out);
    void (*block_tokens)(const void *in, size_t n, const f24_block_steps *steps, uint16_t *out);
    /* The top `width` bits of float32 patterns; a NaN stays one. */
    void (*tops)(const void *in, size_t n, unsigned width, uint32_t *out);
    /* Integers to 32 bits, with their sign or not. */
    void (*from_u8)(const void *in, size_t n, uint32_t *out);
    void (*from_i8)(const void *in, size_t n, uint32_t *out);
    void (*from_u16)(const void *in, size_t n, uint32_t *out);
    void (*from_i16)(const void *in, size_t n, uint32_t *out);
    /* (x + bias) & keep in place; gives all (x + checked) or'ed: bits that should not be set show. */
    uint32_t (*bias)(uint32_t *values, size_t n, uint32_t bias, uint32_t checked, uint32_t keep);
    void (*narrow)(const uint32_t *in, size_t n, uint16_t *out);
    /* `plug` where the mask is not 0 */
    void (*plug32)(void *values, const uint8_t *mask, size_t n, uint32_t plug);
    void (*plug64)(void *values, const uint8_t *mask, size_t n, uint64_t plug);
    /* n tokens of `width` (1 to 32) bits, no other bit set, as a big-endian bit string */
    void (*pack)(const uint32_t *in, size_t n, unsigned width, uint8_t *out);
    void (*pack16)(const uint16_t *in, size_t n, uint8_t *out);
    int64_t (*count)(const uint8_t *mask, int64_t n); /* of bytes that are not 0 */
} f24_write_kernels;

/* The table for f24_cpu_level() as it is now. */
const f24_write_kernels *f24_write_kernels_now(void);

/* The integer that orders floats, from their bits and back. */
static inline int32_t f24_key32(int32_t bits)
{
    return bits ^ ((bits >> 31) & INT32_MAX);
}

static inline int64_t f24_key64(int64_t bits)
{
    return bits ^ ((bits >> 63) & INT64_MAX);
}

#endif
