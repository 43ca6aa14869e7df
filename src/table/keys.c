#include "table/keys.h"

#include "base/bytes.h"
#include "base/cpu.h"
#include "convention/convention.h"
#include "table/table.h"

/* ------------------------------------------------------------------------------------ kernels */

/* Four 6-bit characters, the first one highest, as a word whose bytes are the text (2.5). */
static inline uint32_t text4(uint32_t v)
{
    uint32_t pairs = (v & 0xFFFu) << 16 | v >> 12; /* characters 3 4 | 1 2 */
    uint32_t text = ((pairs & 0x3F003Fu) << 8 | (pairs >> 6 & 0x3F003Fu)) + 0x20202020u;

    return F24_HOST_LITTLE ? text : __builtin_bswap32(text);
}

static inline uint16_t first_two(uint32_t text)
{
    return (uint16_t)(F24_HOST_LITTLE ? text : text >> 16);
}

/* One column: no other pointer leads to it, which compilers cannot know of bytes. */
#define FIELD(type, name, value)                                                                   \
    do {                                                                                           \
        type *restrict column = out->name;                                                         \
        for (size_t i = 0; i < n; i++)                                                             \
            column[i] = (type)(value);                                                             \
    } while (0)

typedef uint32_t words[F24_KEY_WORDS][F24_RUN_MAX];

static inline void transpose_from(const f24_run *run, size_t first, words w)
{
    for (size_t i = first; i < run->n; i++)
        for (size_t k = 0; k < F24_KEY_WORDS; k++)
            w[k][i] = f24_word(run->keys + i * run->stride + 4 * k, run->little);
}

static void transpose_portable(const f24_run *run, words w)
{
    transpose_from(run, 0, w);
}

#define NAME take_portable
#define TARGET
#define TRANSPOSE transpose_portable
#include "table/keys_kernel.h"
#undef NAME
#undef TARGET
#undef TRANSPOSE

#ifdef F24_HAVE_V3
#include <immintrin.h>

/* Words k .. k + 7 of eight records. Word by word this takes longer than all the rest. */
F24_TARGET_V3 static inline void transpose_8x8(const uint8_t *keys, size_t stride, __m256i order,
                                               uint32_t *w)
{
    __m256i a[8], b[8];

    for (size_t i = 0; i < 8; i++)
        a[i] = _mm256_shuffle_epi8(
            _mm256_loadu_si256((const __m256i *)(const void *)(keys + i * stride)), order);
    for (size_t i = 0; i < 8; i += 2) {
        b[i] = _mm256_unpacklo_epi32(a[i], a[i + 1]);
        b[i + 1] = _mm256_unpackhi_epi32(a[i], a[i + 1]);
    }
    for (size_t i = 0; i < 8; i += 4) {
        a[i] = _mm256_unpacklo_epi64(b[i], b[i + 2]);
        a[i + 1] = _mm256_unpackhi_epi64(b[i], b[i + 2]);
        a[i + 2] = _mm256_unpacklo_epi64(b[i + 1], b[i + 3]);
        a[i + 3] = _mm256_unpackhi_epi64(b[i + 1], b[i + 3]);
    }
    for (size_t i = 0; i < 4; i++) {
        _mm256_storeu_si256((__m256i *)(void *)(w + i * F24_RUN_MAX),
                            _mm256_permute2x128_si256(a[i], a[i + 4], 0x20));
        _mm256_storeu_si256((__m256i *)(void *)(w + (i + 4) * F24_RUN_MAX),
                            _mm256_permute2x128_si256(a[i], a[i + 4], 0x31));
    }
}

F24_TARGET_V3 static void transpose_v3(const f24_run *run, words w)
{
    const __m256i as_is = _mm256_setr_epi8(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 0,
                                           1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    const __m256i swapped = _mm256_setr_epi8(3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12,
                                             3, 2, 1, 0, 7, 6, 5, 4, 11, 10, 9, 8, 15, 14, 13, 12);
    const __m256i order = run->little ? as_is : swapped;
    size_t i = 0;

    for (; i + 8 <= run->n; i += 8) {
        const uint8_t *keys = run->keys + i * run->stride;
        transpose_8x8(keys, run->stride, order, &w[0][i]);
        transpose_8x8(keys + 32, run->stride, order, &w[8][i]);
    }
    transpose_from(run, i, w);
}

#define NAME take_v3
#define TARGET F24_TARGET_V3
#define TRANSPOSE transpose_v3
#include "table/keys_kernel.h"
#undef NAME
#undef TARGET
#undef TRANSPOSE
#endif

/* -------------------------------------------------------------------------------------- dates */

#define STORED_NEW_STYLE 98560000u /* 123 200 000, the first stamp of the new style, as stored */
#define STEPS_2000 126230400u      /* 2000-01-01 in steps of 5 s since 1980: new style from here */
#define STEPS_LAST 1615714548u     /* 2235-12-31: the last date that is not an extended stamp */

/*
 * The origin date (2.6). From 2000 on it is a subtraction of steps; the rest, and dates that are
 * none, go the long way. nint(deet x npas / 5) needs no rounding rule: fifths are never halves.
 */
static int32_t origin(uint32_t stored, int32_t datev, int32_t deet, int32_t npas)
{
    uint64_t seconds = (uint64_t)(uint32_t)deet * (uint32_t)npas;
    uint64_t steps = (seconds + 2) / 5;

    if (seconds == 0)
        return datev;
    if (stored >= STORED_NEW_STYLE + STEPS_2000 && stored - STORED_NEW_STYLE <= STEPS_LAST &&
        steps <= stored - STORED_NEW_STYLE - STEPS_2000)
        return f24_date_from_stored(stored - (uint32_t)steps);
    return f24_date_origin(datev, deet, npas);
}

static void take_origins(size_t n, const f24_keys *out)
{
    uint32_t stored = 0;
    int32_t deet = 0, npas = 0, dateo = 0;

    for (size_t i = 0; i < n; i++) {
        /* Neighbours mostly share their date: few distinct ones occur in a file (7). */
        if (out->stored_date[i] != stored || out->deet[i] != deet || out->npas[i] != npas ||
            i == 0) {
            stored = out->stored_date[i];
            deet = out->deet[i];
            npas = out->npas[i];
            dateo = origin(stored, out->datev[i], deet, npas);
        }
        out->dateo[i] = dateo;
    }
}

/* -------------------------------------------------------------------------------------- flags */

#define DATYP_BASE 63u /* without the flags for missing values and compression (2.5) */
#define DATYP_COMPRESSED 128u
#define DATYP_TEXT 3u    /* only the first level is stored (docs/format/codecs.md, 4.2) */
#define DATYP_BLOCK 6u   /* tokens take 16 bits (8) */
#define DATYP_STRING 7u  /* bytes, as those of type 3 (4.3) */
#define DATYP_COMPLEX 8u /* the last base type; two numbers a value */
#define RSF_FRAME 28.0   /* start and end mark of a record (3.2) */

/*
 * Fields that cannot be right, whatever the payload holds (5): sizes, bits, an unknown type, and
 * more values than the record has room for. In doubles nothing overflows, and their error does not
 * matter: this marks what is far off, reading checks to the byte.
 */
static void take_flags(const f24_run *run, const f24_keys *out)
{
    for (size_t i = 0; i < run->n; i++) {
        uint32_t datyp = (uint32_t)out->datyp[i], nbits = (uint32_t)out->nbits[i];
        uint32_t base = datyp & DATYP_BASE;
        double frame = run->meta_words[i] == 0 ? (double)F24_XDF_RECORD_HEAD
                                               : RSF_FRAME + 4.0 * run->meta_words[i];
        double n = (double)out->ni[i] * (double)out->nj[i] * (double)out->nk[i];
        bool is_bytes = (base == DATYP_TEXT) | (base == DATYP_STRING); /* whatever nbits says */
        double width = is_bytes ? 8.0 : base == DATYP_BLOCK ? 16.0 : nbits;
        double n_stored = base == DATYP_TEXT ? (double)out->ni[i] * (double)out->nj[i] : n;
        double n_bits = n_stored * width * (base == DATYP_COMPLEX ? 2.0 : 1.0);
        double room = 8.0 * ((double)run->n_bytes[i] - frame);
        bool bad = (out->ni[i] < 1) | (out->nj[i] < 1) | (out->nk[i] < 1) |
                   (!is_bytes & (nbits - 1 > 63)) | (base > DATYP_COMPLEX) | (n > 1e18) |
                   (((datyp & DATYP_COMPRESSED) == 0) & (n_bits > room));
        out->flags[i] = (uint8_t)(run->flags[i] | (bad ? F24_FLAG_BAD : 0u));
    }
}

/* --------------------------------------------------------------------------------------- both */

void f24_keys_take(const f24_run *run, const f24_keys *out)
{
#ifdef F24_HAVE_V3
    if (f24_cpu_level() >= F24_CPU_V3)
        take_v3(run, out);
    else
#endif
        take_portable(run, out);
    take_origins(run->n, out);
    take_flags(run, out);
}

void f24_copy_text(char *to, const char *from, size_t n)
{
    while (n > 0 && from[n - 1] == ' ')
        n--;
    memcpy(to, from, n);
    to[n] = '\0';
}

void f24_keys_decode(const uint8_t *keys, bool little, f24_record *record)
{
    const uint64_t offset = 0, n_bytes = UINT64_C(1) << 60; /* the caller knows its record whole */
    const uint16_t meta_words = 0;
    const uint8_t no_flags = 0;
    const int32_t file_index = 0;
    char nomvar[1][4], typvar[1][2], etiket[1][12], grtyp;
    uint32_t stored_date;
    uint8_t dasiz, flags;
    const f24_run run = {1,        keys,        F24_KEY_WORDS * 4, little,     &offset,
                         &n_bytes, &meta_words, &no_flags,         &file_index};
    f24_record r = {0};
    const f24_keys out = {
        &r.dateo, &r.datev, &r.deet, &r.npas, &r.ni,  &r.nj,  &r.nk,        &r.ip1,
        &r.ip2,   &r.ip3,   &r.ig1,  &r.ig2,  &r.ig3, &r.ig4, &r.datyp,     &r.nbits,
        nomvar,   typvar,   etiket,  &grtyp,  &dasiz, &flags, &stored_date,
    };

    f24_keys_take(&run, &out);
    f24_copy_text(r.nomvar, nomvar[0], sizeof nomvar[0]);
    f24_copy_text(r.typvar, typvar[0], sizeof typvar[0]);
    f24_copy_text(r.etiket, etiket[0], sizeof etiket[0]);
    r.grtyp[0] = grtyp == ' ' ? '\0' : grtyp;
    r.dasiz = dasiz;
    r.flags = flags;
    *record = r;
}
