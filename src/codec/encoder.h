/*
 * What the files of the encoders share: the one that is at work, and the parts that encode.c calls.
 * Used inside src/codec only. Facts: docs/format/codecs.md.
 */
#ifndef F24_CODEC_ENCODER_H
#define F24_CODEC_ENCODER_H

#include "codec/encode.h"
#include "codec/forms.h"
#include "codec/write_kernels.h"

/* Values beyond this have no place in type 1 (7.2). */
#define F24_LINEAR_LIMIT 1e38

/* A value of the array, as the encoder works with it. */
typedef union f24_plug {
    float real;
    double long_real;
    uint32_t token; /* of an integer */
} f24_plug;

typedef struct f24_encoder {
    const f24_encoding *encoding;
    const f24_write_kernels *kernels;
    const uint8_t *values;
    const uint8_t *mask; /* NULL: no value is missing */
    bool all_missing;
    f24_plug plug; /* stands where values are missing, once it is chosen (11) */
    uint8_t *payload;
    uint8_t *scratch;
    f24_field field; /* as it is stored, so far */
    uint64_t n_bytes;
    bool little;
    f24_error *err;
} f24_encoder;

/* Numbers to work on: complex ones count as two. */
static inline int64_t f24_n_numbers(const f24_encoder *e)
{
    return e->encoding->n_values * (e->encoding->wish.kind == F24_COMPLEX ? 2 : 1);
}

/* How many numbers from `first` are done at once. */
static inline size_t f24_piece_at(const f24_encoder *e, int64_t first)
{
    int64_t left = f24_n_numbers(e) - first;

    return left < F24_PIECE ? (size_t)left : F24_PIECE;
}

/* Of reals: are they doubles, and is value i of the array missing? */
static inline bool f24_has_doubles(const f24_encoder *e)
{
    return e->encoding->wish.item_bytes == (e->encoding->wish.kind == F24_COMPLEX ? 16 : 8);
}

static inline bool f24_is_missing(const f24_encoder *e, int64_t i)
{
    return e->mask != NULL && e->mask[i] != 0;
}

/* What a field of reals lies between, missing points not counted. */
typedef struct f24_real_range {
    double least, most; /* finite, or infinite where the type keeps infinities */
} f24_real_range;

/* ------------------------------------------------------------------------------ wish.c --- */

/* Bytes of a payload of `field` that is not compressed; `refused`: because that did not pay (1). */
uint64_t f24_plain_bytes(const f24_field *field, int64_t n_values, bool refused);

/* ------------------------------------------------------------------------------ encode.c --- */

/*
 * F24_EENCODING with the value's place in front: "the value 1e+39 at (3,1,1) <format>". `n` is the
 * value's number.
 */
__attribute__((format(printf, 3, 4))) f24_status f24_refuse_value(const f24_encoder *e, int64_t n,
                                                                  const char *format, ...);

/* ------------------------------------------------------------------------------ reals.c --- */

/* All but 64-bit types work on float32; type 1 with missing doubles on doubles (11). */
bool f24_works_on_doubles(const f24_encoder *e);

/*
 * Values [first, first + n), n <= F24_PIECE, plugs in their places: in place, or made in `buffer`.
 * *overflown, unless NULL, is set when a double became infinite.
 */
const void *f24_floats(const f24_encoder *e, int64_t first, size_t n, float *buffer,
                       bool *overflown);
const double *f24_doubles(const f24_encoder *e, int64_t first, size_t n, double *buffer);

/*
 * The range of the values that are not missing, NaNs passed over (0 to 0 when there is none).
 * limit  F24_EENCODING for a NaN, an infinity or a value beyond it; infinity allows everything.
 */
f24_status f24_range_of(const f24_encoder *e, double limit, f24_real_range *range);

/*
 * Choose e->plug: a value above `range` that is still above it when both are stored, as `is_above`
 * finds with the rest of the field in view. The reference's own choice when that does (11).
 * F24_EENCODING: there is none up to `limit`.
 */
typedef bool (*f24_is_above)(const f24_encoder *e, f24_real_range range, double plug);
f24_status f24_choose_plug(f24_encoder *e, f24_real_range range, double limit,
                           f24_is_above is_above);

/* -------------------------------------------------------------------------- ieee_write.c --- */

/* Types 5 and 8, no stream: whole floats, whole doubles, and the top bits of floats. */
f24_status f24_floats_encode(f24_encoder *e);
f24_status f24_long_floats_encode(f24_encoder *e);
f24_status f24_tops_encode(f24_encoder *e);

/* F24_EENCODING when the wish is exact and a double became infinite. */
f24_status f24_check_overflow(const f24_encoder *e, bool overflown);

/* The plug of type 5 up to 32 bits, when values are missing. */
f24_status f24_plug_tops(f24_encoder *e);

/* --------------------------------------------------------- linear_write.c, block_write.c --- */

/* The header of type 1 and what makes tokens (7). */
typedef struct f24_linear {
    double minimum, scale;
    uint32_t words[4];
} f24_linear;

/* Plan the field, missing points and all; form B when `compressed`. */
f24_status f24_linear_plan(f24_encoder *e, bool compressed, f24_linear *linear);
void f24_linear_tokens(const f24_encoder *e, const f24_linear *linear, uint16_t *tokens);
f24_status f24_linear_encode(f24_encoder *e);

/* The header of type 6 and what makes tokens (8). */
typedef struct f24_blocks {
    f24_block_steps steps;
    uint32_t words[3];
} f24_blocks;

f24_status f24_block_plan(f24_encoder *e, f24_blocks *blocks);
void f24_block_tokens(const f24_encoder *e, const f24_blocks *blocks, uint16_t *tokens);
f24_status f24_block_encode(f24_encoder *e);

/* ---------------------------------------------------------------- integers_write.c --- */

/* Look at all values: do they fit, what is the plug, is the top bit of 16-bit tokens used? */
typedef struct f24_integers {
    uint32_t bias; /* token = (value + bias) & keep */
    uint32_t keep;
} f24_integers;

f24_status f24_integers_plan(f24_encoder *e, f24_integers *integers);
/* Tokens [first, first + n), n <= F24_PIECE. */
f24_status f24_integer_tokens(const f24_encoder *e, const f24_integers *integers, int64_t first,
                              size_t n, uint32_t *tokens);
f24_status f24_integers_encode(f24_encoder *e);

/* -------------------------------------------------------------------------- turbo_write.c --- */

/*
 * Try the compressed form of e->field. False: it does not pay; e->field is now without
 * F24_TURBO_FLAG and the payload is to be made anew.
 */
f24_status f24_turbo_encode(f24_encoder *e, bool *compressed);
uint64_t f24_turbo_bound(const f24_field *field); /* bytes of payload */
uint64_t f24_turbo_scratch(const f24_wish *wish, const f24_field *field);

/* --------------------------------------------------------------------------------- pack.c --- */

/*
 * Tokens going to a payload, as a bit string whose words are in the order of the file. Every part
 * but the last has a multiple of 32 tokens.
 */
typedef struct f24_packer {
    const f24_write_kernels *kernels;
    uint8_t *payload;
    uint64_t at;     /* bytes */
    uint64_t n_done; /* bytes whose words are in the order of the file */
    unsigned width;
    bool little;
} f24_packer;

f24_packer f24_packer_at(const f24_encoder *e, const uint32_t *head, size_t n_head,
                         uint64_t first_bit, unsigned width);
void f24_packer_put(f24_packer *p, const uint32_t *tokens, size_t n);
void f24_packer_put16(f24_packer *p, const uint16_t *tokens, size_t n); /* width 16 */
void f24_packer_end(f24_packer *p, uint64_t n_bytes);

/* Words of a payload, in the order of the file. */
void f24_put_words(uint8_t *payload, const uint32_t *words, size_t n, bool little);

#endif
