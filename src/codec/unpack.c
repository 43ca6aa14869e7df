/* Tokens of 1 to 32 bits, and the integers and cut floats that they stand for. */
#include "codec/forms.h"

#include "base/bytes.h"

f24_tokens f24_tokens_at(const f24_plan *plan, const uint8_t *span, int64_t first, int64_t n)
{
    f24_tokens tokens = {
        .kernels = f24_kernels_now(), .span = span, .width = plan->width, .little = plan->little};
    uint64_t from;

    f24_codec_span(plan, first, n, &from, &tokens.n_bytes);
    uint64_t per_value = (uint64_t)(plan->array.kind == F24_COMPLEX ? 2 : 1);
    tokens.bit = plan->first_bit + (uint64_t)first * per_value * plan->width - 8 * from;
    return tokens;
}

/*
 * The bytes of the next n_bits as a big-endian string with F24_TOKEN_SLACK bytes after it: in place
 * when the span allows it, else in `buffer`. *bit receives the bit of the first byte to start at.
 */
static const uint8_t *string_of(const f24_tokens *tokens, uint64_t n_bits, uint8_t *buffer,
                                unsigned *bit)
{
    size_t start = (size_t)(tokens->bit >> 3);
    size_t end = (size_t)((tokens->bit + n_bits + 7) >> 3);

    *bit = (unsigned)(tokens->bit & 7);
    if (tokens->little) {
        size_t first_word = start / 4, n_words = (end + 3) / 4 - first_word;
        tokens->kernels->swap32(tokens->span + 4 * first_word, n_words, buffer);
        memset(buffer + 4 * n_words, 0, F24_TOKEN_SLACK);
        return buffer + start % 4;
    }
    if (tokens->n_bytes - start >= end - start + F24_TOKEN_SLACK)
        return tokens->span + start;
    memcpy(buffer, tokens->span + start, end - start);
    memset(buffer + (end - start), 0, F24_TOKEN_SLACK);
    return buffer;
}

#define STRING_BYTES (4 * F24_PIECE + 8 + F24_TOKEN_SLACK)

void f24_tokens_next(f24_tokens *tokens, size_t n, void *out)
{
    uint8_t buffer[STRING_BYTES];
    unsigned bit;
    const uint8_t *string = string_of(tokens, (uint64_t)n * tokens->width, buffer, &bit);

    tokens->kernels->tokens(string, bit, tokens->width, n, out);
    tokens->bit += (uint64_t)n * tokens->width;
}

void f24_tokens_next16(f24_tokens *tokens, size_t n, uint16_t *out)
{
    uint8_t buffer[STRING_BYTES];
    unsigned bit; /* 0: 16-bit tokens start at bits 0, 32, 96 and 120 of a payload */
    const uint8_t *string = string_of(tokens, (uint64_t)n * 16, buffer, &bit);

    tokens->kernels->tokens16(string, n, out);
    tokens->bit += (uint64_t)n * 16;
}

/* 32-bit elements: tokens go straight to their place and are corrected there. */
static void words_from_tokens(const f24_plan *plan, f24_tokens *tokens, size_t n, uint8_t *out)
{
    const f24_kernels *kernels = tokens->kernels;

    f24_tokens_next(tokens, n, out);
    if (plan->unpack == F24_UNPACK_SIGNED)
        kernels->subtract(out, n, UINT32_C(1) << (plan->width - 1));
    else if (plan->unpack == F24_UNPACK_FLOAT_TOP && plan->width < 32)
        kernels->shift_left(out, n, 32 - plan->width);
}

static void elements_from_tokens(const f24_plan *plan, f24_tokens *tokens, size_t n, uint8_t *out)
{
    const f24_kernels *kernels = tokens->kernels;
    bool is_signed = plan->unpack == F24_UNPACK_SIGNED;
    uint32_t bias = is_signed ? UINT32_C(1) << (plan->width - 1) : 0;
    uint32_t values[F24_PIECE];

    f24_tokens_next(tokens, n, values);
    switch (plan->array.item_bytes) {
    case 1:
        kernels->store8(values, n, bias, out);
        break;
    case 2:
        kernels->store16(values, n, bias, out);
        break;
    default:
        kernels->store64(values, n, bias, out);
        break;
    }
}

void f24_integers_unpack(const f24_plan *plan, const uint8_t *span, int64_t first, int64_t n,
                         void *out)
{
    f24_tokens tokens = f24_tokens_at(plan, span, first, n);
    bool of_words = plan->array.kind == F24_FLOAT || plan->array.kind == F24_COMPLEX ||
                    plan->array.item_bytes == 4;
    size_t element = of_words ? 4 : (size_t)plan->array.item_bytes;
    size_t left = (size_t)n * (plan->array.kind == F24_COMPLEX ? 2 : 1);
    uint8_t *to = out;

    while (left != 0) {
        size_t piece = left < F24_PIECE ? left : F24_PIECE;
        if (of_words)
            words_from_tokens(plan, &tokens, piece, to);
        else
            elements_from_tokens(plan, &tokens, piece, to);
        to += piece * element;
        left -= piece;
    }
}
