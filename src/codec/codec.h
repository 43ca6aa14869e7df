/*
 * From payload to array, and back: one table from datyp to codec. Facts: docs/format/codecs.md.
 *
 * Two forms of storage. In a *fixed* form the place of a value follows from its number, so any part
 * can be decoded on its own (types 0 to 8 without compression). A *stream* form (129, 130, 133,
 * 134) is decoded from its start.
 *
 * Codecs allocate nothing: scratch is passed in. Nothing here knows a file: err->offset counts from
 * the payload's first byte (-1 when no byte is to blame).
 */
#ifndef F24_CODEC_CODEC_H
#define F24_CODEC_CODEC_H

#include "base/error.h"

#define F24_MISSING_FLAG 64
#define F24_TURBO_FLAG 128
#define F24_DATYP_BASE(datyp) ((datyp) & 63)

/* What of a record the codecs need, as the directory gives it. */
typedef struct f24_field {
    int32_t ni, nj, nk;
    int32_t datyp, nbits, dasiz;
} f24_field;

/* A fixed form: how the bits of value i become value i. Filled by f24_codec_plan and
 * f24_codec_head. */
typedef enum f24_unpack_kind {
    F24_UNPACK_IMAGE = 1, /* memory image of words (0, 3) */
    F24_UNPACK_UNSIGNED,  /* tokens -> unsigned integers (2, 7) */
    F24_UNPACK_SIGNED,    /* tokens - 2^(width-1) -> signed integers (4) */
    F24_UNPACK_FLOAT_TOP, /* tokens are the top bits of float32 (5, 8 below 32 bits) */
    F24_UNPACK_FLOAT32,   /* 32-bit words (5, 8) */
    F24_UNPACK_FLOAT64,   /* pairs of words, the high one first (5, 8) */
    F24_UNPACK_INT64,     /* pairs of words, the low one first (2, 4) */
    F24_UNPACK_LINEAR,    /* token x scale + minimum (1) */
    F24_UNPACK_BLOCK,     /* common exponent (6) */
} f24_unpack_kind;

typedef struct f24_plan {
    f24_field field;
    f24_array array; /* what comes out */
    bool stream;     /* a stream form */
    bool little;     /* words of the payload are little-endian */
    uint64_t needed; /* payload bytes that must be there (a stream: its fixed header) */
    uint64_t there;  /* payload bytes that are there */
    /* fixed forms */
    size_t head_bytes; /* payload bytes that f24_codec_head wants: 0, 12 or 16 */
    f24_unpack_kind unpack;
    int64_t n_tokens;      /* values, counting complex ones twice */
    uint32_t width;        /* bits a token */
    uint64_t first_bit;    /* where token 0 starts, counted from the payload's first bit */
    double scale, minimum; /* LINEAR (7.3) */
    int32_t block_shift, block_minimum, block_exponent; /* BLOCK (8.2) */
} f24_plan;

/* The array that a field decodes to (2). F24_EUNSUPPORTED: unknown datyp; F24_ECORRUPT: impossible
 * sizes. */
f24_status f24_codec_array(const f24_field *field, f24_array *array, f24_error *err);

/*
 * Prepare decoding a payload of n_bytes: every check that needs no payload byte (14).
 * F24_ECORRUPT, F24_EUNSUPPORTED, F24_ETRUNCATED (the payload is too short for the field).
 */
f24_status f24_codec_plan(const f24_field *field, uint64_t n_bytes, bool little, f24_plan *plan,
                          f24_error *err);

/* Fixed forms: read the codec's own header, plan->head_bytes at `head`. F24_ECORRUPT. */
f24_status f24_codec_head(f24_plan *plan, const uint8_t *head, f24_error *err);

/*
 * Fixed forms: the payload bytes *from .. *from + *n_bytes hold array values [first, first + n).
 * `from` is a multiple of 4; the range stays inside plan->needed.
 */
void f24_codec_span(const f24_plan *plan, int64_t first, int64_t n, uint64_t *from,
                    size_t *n_bytes);

/*
 * Fixed forms: array values [first, first + n) from the bytes that f24_codec_span names, into `out`
 * (no alignment needed). Reads nothing outside the span, writes n x item_bytes.
 */
void f24_codec_unpack(const f24_plan *plan, const uint8_t *span, int64_t first, int64_t n,
                      void *out);

/* True when the payload of this plan is the array itself, ready to be used in place (RSF). */
bool f24_codec_is_plain(const f24_plan *plan);

/*
 * True when the payload of this plan is the array but for the byte order of its 32-bit words (5/32
 * of XDF); f24_codec_swap turns the words of n_bytes round in place.
 */
bool f24_codec_is_swapped(const f24_plan *plan);
void f24_codec_swap(void *words, size_t n_bytes);

/* Stream forms: bytes of scratch that f24_codec_stream wants. Bounded by the array and the payload.
 */
uint64_t f24_codec_scratch(const f24_plan *plan);

/*
 * Stream forms: decode the whole array into `out` (no alignment needed).
 *
 * payload  plan->there bytes, followed by F24_SCRATCH_PAD readable bytes; 4-byte aligned; may be
 *          overwritten (words are brought to big-endian order in place).
 * scratch  f24_codec_scratch(plan) bytes, 64-byte aligned.
 * Levels beyond array.nk_stored are left for the caller to fill. F24_ECORRUPT, F24_EUNSUPPORTED.
 */
f24_status f24_codec_stream(const f24_plan *plan, uint8_t *payload, void *out, void *scratch,
                            f24_error *err);

/*
 * Missing points of a decoded array: those equal to its largest value (11). Puts what `options` ask
 * for in their place and fills options->mask when it is given. Call it for records with
 * F24_MISSING_FLAG only (has_missing is also set when nk_stored < nk); touches the stored levels
 * only.
 */
void f24_missing_restore(const f24_array *array, const f24_read_options *options, void *out);

/* The same for values [first, first + n) that the file does not hold (nk_stored < nk). */
void f24_missing_fill(const f24_array *array, const f24_read_options *options, int64_t first,
                      int64_t n, void *out);

#endif
