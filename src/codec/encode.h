/*
 * From array to payload: the way back of codec.h. Facts: docs/format/codecs.md; what the reference
 * stores wrongly (13) is stored rightly or refused. Codecs allocate nothing.
 */
#ifndef F24_CODEC_ENCODE_H
#define F24_CODEC_ENCODE_H

#include "codec/codec.h"

/* What is asked for, and what it is made from. */
typedef struct f24_wish {
    f24_kind kind; /* of the array */
    int32_t item_bytes;
    int32_t ni, nj, nk;
    int32_t datyp, nbits; /* as asked, flags included (3) */
    bool has_mask;        /* some values may be missing: +64 */
    bool exact;           /* f24_write_options.exact */
    f24_effort effort;
    f24_backend backend; /* rules and padding differ (1, 2, 3) */
} f24_wish;

/* How a wish will be stored. */
typedef struct f24_encoding {
    f24_wish wish;
    f24_field
        field; /* as stored, unless a compression turns out not to pay, or nothing to be missing */
    int64_t n_values;
    uint64_t n_array;     /* bytes of the array */
    uint64_t max_payload; /* bytes that f24_encode may write */
    uint64_t n_scratch;   /* bytes of scratch that it wants */
} f24_encoding;

/*
 * Decide how to store (3). Every check that needs no value: F24_EINVAL (an array that is none: sizes, kind),
 * F24_EENCODING (a type that cannot hold such values, bits, or sizes; the message names one that can),
 * F24_EUNSUPPORTED (an unknown datyp).
 */
f24_status f24_encode_plan(const f24_wish *wish, f24_encoding *encoding, f24_error *err);

/*
 * True when the payload is the array itself: encoding->n_array bytes and zeros up to max_payload.
 * (5/32 and integers of RSF, say.) f24_encode does it right, too; this saves the copy.
 */
bool f24_encode_is_plain(const f24_encoding *encoding);

/*
 * Encode.
 *
 * values   encoding->n_array bytes; no alignment needed.
 * mask     n_values bytes, or NULL when wish.has_mask is false.
 * payload  max_payload bytes and F24_SCRATCH_PAD more; 64-byte aligned. Words of XDF are big-endian, of RSF
 *          little-endian.
 * scratch  n_scratch bytes, 64-byte aligned.
 * field    what is stored: encoding->field, without +128 where compression did not pay, without +64
 *          where no value is missing.
 * n_bytes  of the payload, as section 1 says; slack bytes are zeros.
 *
 * F24_EENCODING: a value that the type cannot keep (NaN, an infinity, beyond 1e38, too large an integer,
 * a missing value with no room beside the others); the message gives its place (i,j,k from 1), the value,
 * and the way out.
 */
f24_status f24_encode(const f24_encoding *encoding, const void *values, const uint8_t *mask,
                      void *payload, void *scratch, f24_field *field, uint64_t *n_bytes,
                      f24_error *err);

#endif
