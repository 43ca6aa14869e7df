/*
 * Tile streams of 16-bit tokens, written: which predictor, which tiles, and whether at all (9.2,
 * 15). What the streams are made of is in plane_write.c and minimum_write.c.
 */
#include "codec/minimum_write.h"
#include "codec/plane_write.h"
#include "codec/stream_write.h"

#include "codec/kernels.h"

enum { MINIMUM = 3, PARALLELOGRAM = 4 };

#define SMALLEST_PARALLELOGRAM 16 /* points in each direction (9.2) */
#define MINIMUM_STEP 5
#define PARALLELOGRAM_STEP 3
#define HEAD_BITS 4 /* of a PARALLELOGRAM tile; the reference takes 5 when a tile asks for it */
#define WIDE_HEAD_BITS 5

typedef struct tokens_field {
    const uint16_t *tokens;
    size_t stride;
    int64_t ni, nj;
} tokens_field;

typedef struct tiles_form {
    unsigned predictor, step, nbits;
    unsigned head_bits; /* PARALLELOGRAM */
} tiles_form;

typedef union tiles_work {
    f24_plane_work plane;
    f24_minimum_work minimum;
} tiles_work;

uint64_t f24_tiles_write_scratch(int64_t ni, int64_t nj)
{
    (void)ni;
    (void)nj;
    return sizeof(tiles_work);
}

/*
 * Head word, header width and border come first: 9 + (ni + nj - 1) x 2 bytes, and ni + nj - 1 is at
 * most ni x nj. Then after each strip the stream has 2 x ni x nj bytes at most, or ends.
 */
uint64_t f24_tiles_bound(int64_t ni, int64_t nj)
{
    return 2 * (uint64_t)ni * (uint64_t)nj + 16 + F24_STRIP_BYTES;
}

/* Words of a stream that is kept: 4 k < 2 ni nj (9.2). */
static uint64_t most_words(const tokens_field *f)
{
    return ((uint64_t)f->ni * (uint64_t)f->nj - 1) / 2;
}

static f24_plane_field plane_of(const tokens_field *f)
{
    return (f24_plane_field){.values = (const uint8_t *)f->tokens,
                             .row_bytes = f->stride * sizeof(uint16_t),
                             .ni = f->ni,
                             .nj = f->nj,
                             .is_16 = true};
}

static f24_plane_end write_form(const tokens_field *f, const tiles_form *form,
                                f24_bit_writer *writer, uint8_t *out, tiles_work *work)
{
    const uint64_t most_bits = most_words(f) * 32;
    const bool is_plane = form->predictor == PARALLELOGRAM;

    *writer = f24_bits_to(out);
    /* degree 1 goes with PARALLELOGRAM, one level with both (9.1) */
    f24_put_bits(writer,
                 form->predictor | (is_plane ? 1U << 4 : 0) | form->step << 7 | form->nbits << 10 |
                     1U << 15,
                 32);
    if (is_plane) {
        const f24_plane_field field = plane_of(f);
        const f24_plane_form plane = {form->step, form->nbits, form->head_bits, F24_WIDTH_TOKENS};
        const f24_plane_limit limit = {out, most_bits, -1};
        return f24_plane_encode(&field, &plane, &limit, writer, &work->plane);
    }
    return f24_minimum_encode(f->tokens, f->stride, f->ni, f->nj, form->step, form->nbits, out,
                              most_bits, writer, &work->minimum)
               ? F24_PLANE_WRITTEN
               : F24_PLANE_REFUSED;
}

/* What the reference writes (9.2). */
static tiles_form reference_form(const tokens_field *f, unsigned nbits, bool fast)
{
    if (fast || f->ni < SMALLEST_PARALLELOGRAM || f->nj < SMALLEST_PARALLELOGRAM || nbits <= 4)
        return (tiles_form){MINIMUM, MINIMUM_STEP, nbits, 0};
    return (tiles_form){PARALLELOGRAM, PARALLELOGRAM_STEP, nbits, HEAD_BITS};
}

static unsigned bit_length(uint32_t v)
{
    return v == 0 ? 0 : 32 - (unsigned)__builtin_clz(v);
}

static unsigned at_least_one(unsigned n)
{
    return n > 1 ? n : 1;
}

/* The border of a plane, or-ed. */
static uint32_t border_of(const tokens_field *f)
{
    uint32_t all = 0;

    for (int64_t i = 0; i < f->ni; i++)
        all |= f->tokens[i];
    for (int64_t j = 1; j < f->nj; j++)
        all |= f->tokens[(size_t)j * f->stride];
    return all;
}

/* The form of fewest words; what the reference would write when that has as few (15). */
static tiles_form smallest_form(const tokens_field *f, unsigned nbits, tiles_work *work)
{
    const f24_plane_field field = plane_of(f);
    const tiles_form usual = reference_form(f, nbits, false);
    const unsigned border = at_least_one(bit_length(border_of(f)));
    f24_plane_size planes[F24_LARGEST_STEP];
    tiles_form best = usual;
    uint64_t fewest = UINT64_MAX, usual_words = 0;

    f24_plane_measure(&field, F24_WIDTH_TOKENS, planes, &work->plane);
    for (unsigned step = 1; step <= F24_LARGEST_STEP; step++) {
        const f24_plane_size *p = &planes[step - 1];
        const f24_minimum_size m =
            f24_minimum_measure(f->tokens, f->stride, f->ni, f->nj, step, &work->minimum);
        const uint64_t n_border = (uint64_t)f->ni + (uint64_t)f->nj - 1,
                       n_low = m.n_tiles - m.n_raw;
        const tiles_form forms[] = {
            {PARALLELOGRAM, step, border, at_least_one(bit_length(p->widest))},
            {MINIMUM, step, at_least_one(bit_length(m.lowest)), 0},
        };
        const uint64_t n_bits[] = {
            3 + n_border * border + p->n_tiles * forms[0].head_bits + p->token_bits,
            4 * m.n_tiles + n_low * forms[1].nbits + m.token_bits,
        };
        for (int k = 0; k < 2; k++)
            if (f24_words_of(n_bits[k]) < fewest) {
                fewest = f24_words_of(n_bits[k]);
                best = forms[k];
            }
        if (usual.predictor == PARALLELOGRAM && step == usual.step)
            usual_words = f24_words_of(
                n_bits[0] + n_border * (nbits - border) +
                p->n_tiles * ((p->widest > 15 ? WIDE_HEAD_BITS : HEAD_BITS) - forms[0].head_bits));
        else if (usual.predictor == MINIMUM && step == usual.step)
            usual_words = f24_words_of(n_bits[1] + n_low * (nbits - forms[1].nbits));
    }
    return fewest < usual_words ? best : usual;
}

uint64_t f24_tiles_encode(const uint16_t *tokens, size_t stride, int64_t ni, int64_t nj,
                          unsigned nbits, f24_effort effort, bool little, void *out, void *scratch)
{
    const tokens_field field = {tokens, stride, ni, nj};
    tiles_work *work = scratch;
    f24_bit_writer writer;
    f24_plane_end end;
    tiles_form form;
    uint64_t n_words;

    if (ni < 2 || nj < 2)
        return 0;
    form = effort == F24_EFFORT_SMALLEST ? smallest_form(&field, nbits, work)
                                         : reference_form(&field, nbits, effort == F24_EFFORT_FAST);
    end = write_form(&field, &form, &writer, out, work);
    if (end == F24_PLANE_NARROW) { /* rare: not worth a look at every field beforehand */
        form.head_bits = WIDE_HEAD_BITS;
        end = write_form(&field, &form, &writer, out, work);
    }
    if (end != F24_PLANE_WRITTEN)
        return 0;
    n_words = f24_words_of(f24_bits_since(&writer, out));
    if (little)
        f24_kernels_now()->swap32_in_place(out, (size_t)n_words);
    return n_words;
}
