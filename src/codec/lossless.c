/*
 * 133: float32 bit patterns without loss. Sign, exponent and mantissa are coded apart, as a run
 * length stream and two planes of second differences. Facts: docs/format/codecs.md, 10.
 *
 * The three are decoded side by side, a row of tiles at a time, and meet in `out`: nothing but a
 * few rows is kept.
 */
#include "codec/plane.h"
#include "codec/sign.h"
#include "codec/stream.h"

#define STEP 3

enum { ALL_POSITIVE = 0, ALL_NEGATIVE = 1, SIGN_PLANE = 2 };
enum { ONE_EXPONENT = 0, EXPONENT_PLANE = 2 };

/* What joins the parts of a row: constants of the field. */
typedef struct joint {
    uint32_t lowest;   /* exponent */
    uint32_t negative; /* sign bit of every value, or 0 */
    unsigned up;       /* lowest bit of the mantissa */
} joint;

/* `exponent` and `sign` are NULL where the field has no such plane. */
typedef void (*join_fn)(joint with, const uint32_t *mantissa, const uint32_t *exponent,
                        const uint8_t *sign, int64_t n, uint8_t *out);

/* What one decoding needs. */
typedef struct lossless {
    int64_t ni, nj;
    uint32_t lowest_exponent, exponent_bits;
    unsigned sign_code, exponent_code, mantissa_bits;
    f24_plane32 planes[2]; /* mantissa, then exponent */
    int n_planes;
    f24_signs signs;
    join_fn join;
    uint8_t *out;
} lossless;

/* The place of a part behind its length word at `word`; `*word` goes on to the next part. */
static f24_status find_part(const uint8_t *bytes, uint64_t n_words, uint64_t *word, uint64_t *from,
                            uint64_t *to, const char *what, f24_error *err)
{
    uint64_t n_part;

    if (*word >= n_words)
        return f24_fail(err, F24_ECORRUPT, (int64_t)(*word * 4),
                        "the compressed stream ends before its %s", what);
    n_part = be32(bytes + *word * 4) / 4;
    if (n_part > n_words - *word - 1)
        return f24_fail(err, F24_ECORRUPT, (int64_t)(*word * 4),
                        "the %s of the compressed stream take %llu words, of which %llu are there",
                        what, (unsigned long long)n_part,
                        (unsigned long long)(n_words - *word - 1));
    *from = (*word + 1) * 32;
    *to = *from + n_part * 32;
    *word += 1 + n_part;
    return F24_OK;
}

/* The two words of the head (10): which parts there are. */
static f24_status read_head(lossless *l, const uint8_t *bytes, uint64_t n_bytes, f24_error *err)
{
    f24_tile_head head;
    uint32_t word;

    if (n_bytes < 8)
        return f24_fail(err, F24_ECORRUPT, 0, "the compressed stream has no head words");
    head = f24_tile_head_of(be32(bytes));
    word = be32(bytes + 4);
    if (head.predictor != 5 || head.step != STEP)
        return f24_fail(err, F24_EUNSUPPORTED, 0,
                        "the lossless stream has predictor %u and step %u: 5 and 3 are known",
                        head.predictor, head.step);
    if (head.nbits == 0 || head.nbits > 23)
        return f24_fail(err, F24_ECORRUPT, 0,
                        "the lossless stream names mantissas of %u bits: 1 to 23 exist",
                        head.nbits);
    l->mantissa_bits = head.nbits;
    l->lowest_exponent = word >> 16;
    l->exponent_bits = word >> 8 & 0xff;
    l->sign_code = word >> 4 & 3;
    l->exponent_code = word >> 2 & 3;
    if (l->sign_code > SIGN_PLANE || (l->exponent_code & 1) != 0 || (word & 0xc3) != 0)
        return f24_fail(err, F24_EUNSUPPORTED, 4,
                        "the lossless stream has code 0x%02x, which is not known",
                        (unsigned)(word & 0xff));
    if (l->exponent_code == EXPONENT_PLANE && (l->exponent_bits == 0 || l->exponent_bits > 8))
        return f24_fail(err, F24_ECORRUPT, 4,
                        "the lossless stream names exponents of %u bits: 1 to 8 exist",
                        (unsigned)l->exponent_bits);
    return F24_OK;
}

/* The parts follow each other: signs, exponents, mantissas, each behind its length in bytes. */
static f24_status find_parts(lossless *l, const uint8_t *bytes, uint64_t n_bytes, f24_error *err)
{
    const uint64_t n_words = n_bytes / 4;
    f24_plane *mantissa = &l->planes[0].plane, *exponent = &l->planes[1].plane;
    uint64_t word = 2, from = 0, to = 0;

    l->n_planes = 1;
    if (l->sign_code == SIGN_PLANE) {
        F24_TRY(find_part(bytes, n_words, &word, &from, &to, "signs", err));
        f24_signs_start(&l->signs, bytes, from, to, (uint64_t)l->ni * (uint64_t)l->nj);
    }
    if (l->exponent_code == EXPONENT_PLANE) {
        F24_TRY(find_part(bytes, n_words, &word, &from, &to, "exponents", err));
        exponent->bytes = bytes;
        exponent->at = from;
        exponent->end = to;
        exponent->nbits = l->exponent_bits;
        exponent->step = STEP;
        l->n_planes = 2;
    }
    if (word >= n_words)
        return f24_fail(err, F24_ECORRUPT, (int64_t)n_bytes,
                        "the compressed stream ends before its mantissas");
    /* The length of the mantissas is that of the signs by mistake of the reference (10): unused. */
    mantissa->bytes = bytes;
    mantissa->at = (word + 1) * 32;
    mantissa->end = n_words * 32;
    mantissa->nbits = l->mantissa_bits;
    mantissa->step = STEP;
    return F24_OK;
}

#define TARGET
#define NAME(x) x
#include "codec/lossless_kernel.h"
#undef TARGET
#undef NAME

#ifdef F24_HAVE_V3
#define TARGET F24_TARGET_V3
#define NAME(x) x##_v3
#include "codec/lossless_kernel.h"
#undef TARGET
#undef NAME
#endif

static join_fn join_choose(void)
{
#ifdef F24_HAVE_V3
    if (f24_cpu_level() >= F24_CPU_V3)
        return join_row_v3;
#endif
    return join_row;
}

/* Row j of the field, of which the planes' rows `at` elements on are the parts. */
static f24_status put_row(lossless *l, int64_t j, size_t at, f24_error *err)
{
    const joint with = {l->lowest_exponent, l->sign_code == ALL_NEGATIVE ? 1u << 31 : 0,
                        23 - l->mantissa_bits};
    const uint8_t *signs = NULL;

    if (l->sign_code == SIGN_PLANE)
        F24_TRY(f24_signs_take(&l->signs, l->ni, &signs, err));
    l->join(with, l->planes[0].rows + at, l->n_planes == 2 ? l->planes[1].rows + at : NULL, signs,
            l->ni, l->out + (uint64_t)j * (uint64_t)l->ni * 4);
    return F24_OK;
}

static f24_status first_row(lossless *l, f24_error *err)
{
    for (int k = 0; k < l->n_planes; k++) {
        uint32_t *row = l->planes[k].rows, *slope = l->planes[k].slope;
        F24_TRY(f24_plane_border(&l->planes[k].plane, l->ni, l->nj, F24_WIDTH_LOSSLESS, row, err));
        for (int64_t i = 1; i < l->ni; i++)
            slope[i] = row[i] - row[i - 1];
    }
    return put_row(l, 0, 0, err);
}

static f24_status decode(lossless *l, f24_error *err)
{
    const f24_plane_kernels *kernels = f24_plane_choose();
    const f24_tile_row32_fn decode_row = l->n_planes == 1 ? kernels->row32 : kernels->rows32;
    const size_t stride = f24_row_stride(l->ni);

    F24_TRY(first_row(l, err));
    for (int64_t j = 1; j < l->nj; j += STEP) {
        unsigned tall = l->nj - j < STEP ? (unsigned)(l->nj - j) : STEP;
        for (int k = 0; k < l->n_planes; k++)
            for (unsigned r = 0; r < tall; r++)
                l->planes[k].rows[r * stride] = f24_plane_column(&l->planes[k].plane, j + r);
        if (!decode_row(l->planes, l->ni, tall))
            return f24_plane_fail(&l->planes[l->planes[0].plane.wrong ? 0 : 1].plane, err);
        for (unsigned r = 0; r < tall; r++)
            F24_TRY(put_row(l, j + r, r * stride, err));
    }
    return F24_OK;
}

/* For each plane a slope and a row of tiles; then the signs. */
uint64_t f24_lossless_scratch(int64_t ni, int64_t nj)
{
    (void)nj;
    return 2 * (1 + STEP) * f24_row_stride(ni) * sizeof(uint32_t) + f24_signs_room(ni);
}

f24_status f24_lossless_decode(const uint8_t *bytes, uint64_t n_bytes, int64_t ni, int64_t nj,
                               void *out, void *scratch, f24_error *err)
{
    const size_t stride = f24_row_stride(ni);
    lossless l = {.ni = ni, .nj = nj, .join = join_choose(), .out = out};
    uint32_t *work = scratch;

    if (ni < 2 || nj < 2)
        return f24_fail(err, F24_ECORRUPT, 0,
                        "a field of %lld x %lld points cannot be stored compressed", (long long)ni,
                        (long long)nj);
    for (int k = 0; k < 2; k++, work += (1 + STEP) * stride) {
        l.planes[k].slope = work;
        l.planes[k].rows = work + stride;
    }
    l.signs.ready = (uint8_t *)work;
    F24_TRY(read_head(&l, bytes, n_bytes, err));
    F24_TRY(find_parts(&l, bytes, n_bytes, err));
    return decode(&l, err);
}
