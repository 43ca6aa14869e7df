/*
 * The fixed forms, one file each: what codec.c calls. Every `unpack` has the contract of
 * f24_codec_unpack, for 1 or more values that the file holds.
 */
#ifndef F24_CODEC_FORMS_H
#define F24_CODEC_FORMS_H

#include "codec/codec.h"
#include "codec/kernels.h"

/* Tokens are decoded in pieces of so many: their bytes and their values stay in the first cache. */
#define F24_PIECE 1024

/* Where the next token of a span is. */
typedef struct f24_tokens {
    const f24_kernels *kernels;
    const uint8_t *span;
    size_t n_bytes; /* of the span */
    uint64_t bit;   /* of the next token, counted from the span's first bit */
    uint32_t width; /* 1 to 32 */
    bool little;
} f24_tokens;

/* unpack.c: tokens of any width; integers and the top bits of floats (5, 6) */
f24_tokens f24_tokens_at(const f24_plan *plan, const uint8_t *span, int64_t first, int64_t n);
void f24_tokens_next(f24_tokens *tokens, size_t n, void *out);       /* n <= F24_PIECE, to uint32 */
void f24_tokens_next16(f24_tokens *tokens, size_t n, uint16_t *out); /* for width 16 */
void f24_integers_unpack(const f24_plan *plan, const uint8_t *span, int64_t first, int64_t n,
                         void *out);

/* image.c: memory images and whole words (4, 5, 6) */
void f24_image_unpack(const f24_plan *plan, const uint8_t *span, int64_t first, int64_t n,
                      void *out);
void f24_bytes_unpack(const f24_plan *plan, const uint8_t *span, int64_t first, int64_t n,
                      void *out); /* 8-bit tokens to bytes */
void f24_words_unpack(const f24_plan *plan, const uint8_t *span, int64_t first, int64_t n,
                      void *out);
void f24_pairs_unpack(const f24_plan *plan, const uint8_t *span, int64_t first, int64_t n,
                      void *out);

/* linear.c: 7. `words` are the four words of the header, `compressed` tells form B from form A. */
f24_status f24_linear_head(f24_plan *plan, const uint32_t words[4], bool compressed,
                           f24_error *err);
void f24_linear_unpack(const f24_plan *plan, const uint8_t *span, int64_t first, int64_t n,
                       void *out);

/* block.c: 8 */
f24_status f24_block_head(f24_plan *plan, const uint32_t words[3], f24_error *err);
void f24_block_unpack(const f24_plan *plan, const uint8_t *span, int64_t first, int64_t n,
                      void *out);
void f24_block_values(const f24_plan *plan, const f24_kernels *kernels, const uint16_t *tokens,
                      size_t n, void *out);

#endif
