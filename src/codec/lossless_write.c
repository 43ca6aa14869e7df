/*
 * 133: float32 bit patterns without loss, written. Signs, exponents and mantissas follow each other,
 * each from the field anew: a pass over it costs less than planes in memory. Facts:
 * docs/format/codecs.md, 10.
 */
#include "codec/plane_write.h"
#include "codec/sign_write.h"
#include "codec/stream_write.h"

#include "codec/kernels.h"

#define SMALLEST 16 /* points in each direction (10.5) */
#define LOSSLESS 5  /* predictor */
#define STEP 3
#define VERSION 2
#define FRACTION_BITS 23
#define EXPONENT_HEAD_BITS 4
#define MANTISSA_HEAD_BITS 5

enum { ALL_POSITIVE = 0, ALL_NEGATIVE = 1, SIGN_PLANE = 2, EXPONENT_PLANE = 2 };

/* What a field has of signs and exponents. */
typedef struct summary {
    uint32_t any, all;        /* patterns or-ed and and-ed */
    uint32_t lowest, highest; /* exponent fields */
} summary;

#define TARGET
#define NAME(x) x
#include "codec/lossless_write_kernel.h"
#undef TARGET
#undef NAME

#ifdef F24_HAVE_V3
#define TARGET F24_TARGET_V3
#define NAME(x) F24_JOIN(x, _v3)
#include "codec/lossless_write_kernel.h"
#undef TARGET
#undef NAME
#endif

static summary look(const void *bits, uint64_t n)
{
#ifdef F24_HAVE_V3
    if (f24_cpu_level() >= F24_CPU_V3)
        return summarise_v3(bits, n);
#endif
    return summarise(bits, n);
}

static uint64_t map_room(int64_t ni, int64_t nj)
{
    return (f24_signs_map_bytes((uint64_t)ni * (uint64_t)nj) + 63) / 64 * 64;
}

uint64_t f24_lossless_write_scratch(int64_t ni, int64_t nj)
{
    return sizeof(f24_plane_work) + map_room(ni, nj);
}

/*
 * Signs have a byte for 7 values, exponents one for a value and what they overrun by, mantissas what
 * nbits / 8 bytes for a value leave of both (10.5), their overrun, and 5 bits for each tile of zeros
 * after the last look at the budget. Mantissas may begin late by what their border takes: less than 3
 * bytes for (ni + nj - 1) values, of 256 or more. All of it is below:
 */
uint64_t f24_lossless_bound(int64_t ni, int64_t nj)
{
    return 5 * (uint64_t)ni * (uint64_t)nj + 128 + 2 * F24_STRIP_BYTES;
}

/* What one encoding needs. `word` is the next one of the stream. */
typedef struct lossless {
    const uint8_t *bits;
    int64_t ni, nj;
    uint8_t *out;
    uint64_t word;
    f24_plane_work *work;
    uint8_t *map;
} lossless;

static void put_word(const lossless *l, uint64_t word, uint32_t value)
{
    const uint32_t bytes = F24_HOST_LITTLE ? __builtin_bswap32(value) : value;

    memcpy(l->out + 4 * word, &bytes, sizeof bytes);
}

/* Length word, n words that are there, pad word (10). Returns the length as it is written. */
static uint32_t close_part(lossless *l, uint64_t n_words)
{
    const uint32_t length = (uint32_t)(4 * n_words + 4);

    put_word(l, l->word, length);
    put_word(l, l->word + 1 + n_words, 0);
    l->word += 2 + n_words;
    return length;
}

static uint32_t put_signs(lossless *l)
{
    const uint64_t n = (uint64_t)l->ni * (uint64_t)l->nj;
    uint8_t *stream = l->out + 4 * (l->word + 1);
    uint64_t n_bytes;

    f24_signs_gather(l->bits, n, l->map);
    n_bytes = f24_signs_encode(l->map, n, stream);
    memset(stream + n_bytes, 0, 4);
    return close_part(l, (n_bytes + 3) / 4);
}

/* The plane of some bits of the patterns, from the next word on; 0: refused. Returns its words. */
static uint64_t put_plane(lossless *l, uint64_t word, const f24_plane_field *field,
                          const f24_plane_form *form, uint64_t most_bits, int64_t budget)
{
    uint8_t *start = l->out + 4 * word;
    const f24_plane_limit limit = {start, most_bits, budget};
    f24_bit_writer writer = f24_bits_to(start);

    if (f24_plane_encode(field, form, &limit, &writer, l->work) != F24_PLANE_WRITTEN)
        return 0;
    return f24_words_of(f24_bits_since(&writer, start));
}

static f24_plane_field plane_of(const lossless *l, unsigned shift, uint32_t mask, uint32_t lowest)
{
    return (f24_plane_field){.values = l->bits,
                             .row_bytes = (size_t)l->ni * 4,
                             .ni = l->ni,
                             .nj = l->nj,
                             .shift = shift,
                             .mask = mask,
                             .lowest = lowest};
}

/* False: refused, because its bytes are not fewer than the values (10.5). */
static bool put_exponents(lossless *l, const summary *s, unsigned nbits)
{
    const uint64_t n = (uint64_t)l->ni * (uint64_t)l->nj;
    const f24_plane_field field = plane_of(l, FRACTION_BITS, 0xff, s->lowest);
    const f24_plane_form form = {STEP, nbits, EXPONENT_HEAD_BITS, F24_WIDTH_LOSSLESS};
    const uint64_t n_words = put_plane(l, l->word + 1, &field, &form, (n - 1) / 4 * 32, -1);

    if (n_words == 0 || 4 * n_words + 1 > n)
        return false;
    (void)close_part(l, n_words);
    return true;
}

/*
 * A tile of b bits keeps the budget of B words (10.5) when the F words before its last one are at
 * most B - 1 - (b + 9 nbits) / 32, and b is at most 24: below these bits no tile is looked at.
 */
static uint64_t surely_in_budget(int64_t budget, unsigned nbits)
{
    const int64_t n_words = budget - (int64_t)((FRACTION_BITS + 1 + 9 * nbits) / 32);

    return n_words > 0 ? (uint64_t)n_words * 32 : 0;
}

/* False: refused. */
static bool put_mantissas(lossless *l, unsigned nbits)
{
    const unsigned n_kept = nbits - 9; /* without sign and exponent */
    const f24_plane_field field =
        plane_of(l, FRACTION_BITS - n_kept, ((uint32_t)1 << n_kept) - 1, 0);
    const f24_plane_form form = {STEP, n_kept, MANTISSA_HEAD_BITS, F24_WIDTH_LOSSLESS};
    const int64_t budget =
        (int64_t)((uint64_t)l->ni * (uint64_t)l->nj * nbits / 32) - (int64_t)l->word;
    const uint64_t n_words =
        put_plane(l, l->word, &field, &form, surely_in_budget(budget, n_kept), budget);

    l->word += n_words;
    return n_words != 0;
}

uint64_t f24_lossless_encode(const void *bits, int64_t ni, int64_t nj, unsigned nbits,
                             f24_effort effort, bool little, void *out, void *scratch)
{
    lossless l = {bits, ni, nj, out, 2, scratch, (uint8_t *)scratch + sizeof(f24_plane_work)};
    const uint64_t n = (uint64_t)ni * (uint64_t)nj;
    unsigned exponent_bits, sign_code;
    uint32_t sign_length = 0;
    summary s;

    (void)effort; /* readers know one form of it only (15) */
    if (ni < SMALLEST || nj < SMALLEST)
        return 0;
    s = look(bits, n);
    exponent_bits = s.highest == s.lowest ? 0 : 32 - (unsigned)__builtin_clz(s.highest - s.lowest);
    sign_code = s.any >> 31 == 0 ? ALL_POSITIVE : s.all >> 31 != 0 ? ALL_NEGATIVE : SIGN_PLANE;
    put_word(&l, 0, LOSSLESS | 1U << 4 | STEP << 7 | (nbits - 9) << 10 | 1U << 15 | VERSION << 18);
    put_word(&l, 1,
             s.lowest << 16 | exponent_bits << 8 | sign_code << 4 |
                 (exponent_bits != 0 ? EXPONENT_PLANE << 2 : 0));
    if (sign_code == SIGN_PLANE)
        sign_length = put_signs(&l);
    if (exponent_bits != 0 && !put_exponents(&l, &s, exponent_bits))
        return 0;
    put_word(&l, l.word++, sign_length); /* the mantissas' own length in no file: D17 */
    if (!put_mantissas(&l, nbits))
        return 0;
    if (little)
        f24_kernels_now()->swap32_in_place(out, (size_t)l.word);
    return l.word;
}
