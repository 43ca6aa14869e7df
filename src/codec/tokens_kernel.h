/*
 * Tokens of any width out of a big-endian bit string. Eight tokens span exactly `width` bytes, so
 * what holds for one group of eight holds for all: with AVX2 a byte shuffle puts the bytes around
 * each token into a lane of its own and a shift per lane finishes it. Compilers do not find this:
 * the loop with a window per token stays scalar (docs/format/codecs.md, 16; bench/c/codec.c).
 */

/* One 64-bit window per token: any width up to 32 with any start bit. */
static inline void window_tokens(const uint8_t *in, uint64_t bit, unsigned width, size_t n,
                                 f24_u32 *out)
{
    unsigned down = 64 - width;

    for (size_t i = 0; i < n; i++, bit += width)
        out[i] = (uint32_t)((be64(in + (bit >> 3)) << (bit & 7)) >> down);
}

static void tokens_portable(const uint8_t *in, unsigned bit, unsigned width, size_t n, void *out)
{
    window_tokens(in, bit, width, n, out);
}

#ifdef F24_HAVE_V3

#include <immintrin.h>

/* Two halves of 16 bytes from two places. */
#define LOAD_HALVES(low, high)                                                                     \
    _mm256_inserti128_si256(_mm256_castsi128_si256(_mm_loadu_si128((const __m128i *)(low))),       \
                            _mm_loadu_si128((const __m128i *)(high)), 1)

/* Up to 25 bits: a token lies within 4 bytes, four tokens within 16. */
F24_TARGET_V3 static void narrow_groups(const uint8_t *in, unsigned bit, unsigned width, size_t n,
                                        f24_u32 *out)
{
    unsigned high = (bit + 4 * width) >> 3; /* byte where token 4 starts */
    uint8_t order[32];
    uint32_t down[8];

    for (unsigned k = 0; k < 8; k++) {
        unsigned at = bit + k * width - (k < 4 ? 0 : 8 * high);
        for (unsigned b = 0; b < 4; b++)
            order[4 * k + b] = (uint8_t)((at >> 3) + 3 - b);
        down[k] = 32 - width - (at & 7);
    }
    __m256i shuffle = _mm256_loadu_si256((const __m256i *)order);
    __m256i shift = _mm256_loadu_si256((const __m256i *)down);
    __m256i mask = _mm256_set1_epi32((int)((1u << width) - 1));
    for (size_t i = 0; i < n; i += 8, in += width) {
        __m256i v = _mm256_shuffle_epi8(LOAD_HALVES(in, in + high), shuffle);
        v = _mm256_and_si256(_mm256_srlv_epi32(v, shift), mask);
        _mm256_storeu_si256((__m256i *)(out + i), v);
    }
}

/* 26 to 32 bits: a token lies within 5 bytes, so lanes are 64 bits wide and hold two per half. */
F24_TARGET_V3 static void wide_groups(const uint8_t *in, unsigned bit, unsigned width, size_t n,
                                      f24_u32 *out)
{
    unsigned pair[4]; /* byte where tokens 0, 2, 4 and 6 start */
    uint8_t order[2][32];
    uint64_t up[2][4];

    for (unsigned k = 0; k < 8; k++) {
        unsigned start = bit + k * width;
        if (k % 2 == 0)
            pair[k / 2] = start >> 3;
        unsigned at = start - 8 * pair[k / 2];
        for (unsigned b = 0; b < 8; b++)
            order[k / 4][8 * (k % 4) + b] = (uint8_t)((at >> 3) + 7 - b);
        up[k / 4][k % 4] = at & 7;
    }
    __m256i shuffle0 = _mm256_loadu_si256((const __m256i *)order[0]);
    __m256i shuffle1 = _mm256_loadu_si256((const __m256i *)order[1]);
    __m256i up0 = _mm256_loadu_si256((const __m256i *)up[0]);
    __m256i up1 = _mm256_loadu_si256((const __m256i *)up[1]);
    __m128i down = _mm_cvtsi32_si128((int)(64 - width));
    for (size_t i = 0; i < n; i += 8, in += width) {
        __m256i a = _mm256_shuffle_epi8(LOAD_HALVES(in + pair[0], in + pair[1]), shuffle0);
        __m256i b = _mm256_shuffle_epi8(LOAD_HALVES(in + pair[2], in + pair[3]), shuffle1);
        a = _mm256_srl_epi64(_mm256_sllv_epi64(a, up0), down);
        b = _mm256_srl_epi64(_mm256_sllv_epi64(b, up1), down);
        __m256 low = _mm256_shuffle_ps(_mm256_castsi256_ps(a), _mm256_castsi256_ps(b), 0x88);
        __m256i v = _mm256_permute4x64_epi64(_mm256_castps_si256(low), 0xD8);
        _mm256_storeu_si256((__m256i *)(out + i), v);
    }
}

F24_TARGET_V3 static void tokens_v3(const uint8_t *in, unsigned bit, unsigned width, size_t n,
                                    void *out)
{
    size_t grouped = n & ~(size_t)7;

    if (grouped != 0 && width <= 25)
        narrow_groups(in, bit, width, grouped, out);
    else if (grouped != 0)
        wide_groups(in, bit, width, grouped, out);
    window_tokens(in + grouped / 8 * width, bit, width, n - grouped, (f24_u32 *)out + grouped);
}

#endif
