/* What becomes of a payload that is copied into the other container, undecoded (codecs.md, 1 and 2). */
#ifndef F24_CODEC_TRANSFER_H
#define F24_CODEC_TRANSFER_H

#include "codec/codec.h"

/*
 * The field as the other container has it (its dasiz), and the bytes of the payload to copy: slack that
 * the reference would trip over in RSF is left out. The words are the same, in the byte order of the
 * container. F24_EENCODING: `to` cannot hold it; F24_ECORRUPT, F24_EUNSUPPORTED, F24_ETRUNCATED: a
 * payload that cannot be right.
 */
f24_status f24_codec_transfer(f24_field *field, f24_backend from, f24_backend to,
                              uint64_t *n_payload, f24_error *err);

#endif
