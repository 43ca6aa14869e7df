/* Tokens to payload words. */
#include "codec/encoder.h"

#include "base/bytes.h"

void f24_put_words(uint8_t *payload, const uint32_t *words, size_t n, bool little)
{
    for (size_t i = 0; i < n; i++) {
        uint32_t v = little == (bool)F24_HOST_LITTLE ? words[i] : __builtin_bswap32(words[i]);
        memcpy(payload + 4 * i, &v, 4);
    }
}

/* The words up to `end`, a multiple of 4, are complete: big-endian so far. */
static void words_done(f24_packer *p, uint64_t end)
{
    if (p->little)
        f24_kernels_now()->swap32_in_place(p->payload + p->n_done, (end - p->n_done) / 4);
    p->n_done = end;
}

f24_packer f24_packer_at(const f24_encoder *e, const uint32_t *head, size_t n_head,
                         uint64_t first_bit, unsigned width)
{
    f24_put_words(e->payload, head, n_head, false);
    return (f24_packer){e->kernels, e->payload, first_bit / 8, 0, width, e->little};
}

void f24_packer_put(f24_packer *p, const uint32_t *tokens, size_t n)
{
    p->kernels->pack(tokens, n, p->width, p->payload + p->at);
    p->at += ((uint64_t)n * p->width + 7) / 8;
    words_done(p, p->at & ~UINT64_C(3));
}

void f24_packer_put16(f24_packer *p, const uint16_t *tokens, size_t n)
{
    p->kernels->pack16(tokens, n, p->payload + p->at);
    p->at += 2 * n;
    words_done(p, p->at & ~UINT64_C(3));
}

void f24_packer_end(f24_packer *p, uint64_t n_bytes)
{
    memset(p->payload + p->at, 0, n_bytes - p->at);
    words_done(p, (p->at + 3) & ~UINT64_C(3));
}
