/*
 * Forms whose stored words hold the values as they are: memory images, characters, IEEE numbers and
 * 64-bit integers. Only the order of bytes and words changes. Facts: docs/format/codecs.md, 1, 4
 * to 6.
 */
#include "codec/forms.h"

#include "base/bytes.h"

/* n words in the byte order of this machine. */
static void native_words(const uint8_t *in, size_t n, bool little, void *out)
{
    if (little == (bool)F24_HOST_LITTLE)
        memcpy(out, in, 4 * n);
    else
        f24_kernels_now()->swap32(in, n, out);
}

/* Bytes [first, first + n) of the words at `in`, whose bytes are taken in reverse when `reverse`.
 */
static void bytes_of_words(const uint8_t *in, size_t first, size_t n, bool reverse, uint8_t *out)
{
    size_t at = first, end = first + n;

    if (!reverse) {
        memcpy(out, in + first, n);
        return;
    }
    while (at < end && at % 4 != 0)
        *out++ = in[at++ ^ 3];
    size_t n_words = (end - at) / 4;
    f24_kernels_now()->swap32(in + at, n_words, out);
    at += 4 * n_words;
    out += 4 * n_words;
    while (at < end)
        *out++ = in[at++ ^ 3];
}

/* Where value `first` starts within its span, whose start is a multiple of 4 bytes
 * (f24_codec_span).
 */
static size_t bytes_into_span(const f24_plan *plan, int64_t first)
{
    return (size_t)((plan->first_bit / 8 + (uint64_t)first * (plan->width / 8)) % 4);
}

void f24_image_unpack(const f24_plan *plan, const uint8_t *span, int64_t first, int64_t n,
                      void *out)
{
    size_t item = (size_t)plan->array.item_bytes;

    /* The image is that of a little-endian machine (4.1). */
    bytes_of_words(span, bytes_into_span(plan, first), (size_t)n * item, !plan->little, out);
}

void f24_bytes_unpack(const f24_plan *plan, const uint8_t *span, int64_t first, int64_t n,
                      void *out)
{
    bytes_of_words(span, bytes_into_span(plan, first), (size_t)n, plan->little, out);
}

void f24_words_unpack(const f24_plan *plan, const uint8_t *span, int64_t first, int64_t n,
                      void *out)
{
    (void)first; /* words start where the span does */
    native_words(span, (size_t)n * (plan->array.kind == F24_COMPLEX ? 2 : 1), plan->little, out);
}

/* 64 bits in two words: floats have the high one first, integers the low one (1). */
void f24_pairs_unpack(const f24_plan *plan, const uint8_t *span, int64_t first, int64_t n,
                      void *out)
{
    bool high_first = plan->unpack == F24_UNPACK_FLOAT64;
    size_t n_pairs = (size_t)n * (plan->array.kind == F24_COMPLEX ? 2 : 1);

    (void)first;
    if (high_first != (bool)F24_HOST_LITTLE)
        native_words(span, 2 * n_pairs, plan->little, out);
    else if (plan->little == (bool)F24_HOST_LITTLE)
        f24_kernels_now()->swap_halves(span, n_pairs, out);
    else
        f24_kernels_now()->swap64(span, n_pairs, out);
}
