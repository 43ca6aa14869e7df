/* Tile streams of 16-bit tokens: MINIMUM (9.3) and PARALLELOGRAM (9.4); SAMPLE is in sample.c. */
#include "codec/tiles.h"

#include "codec/plane.h"
#include "codec/sample.h"
#include "codec/stream.h"

enum { SAMPLE = 1, MINIMUM = 3, PARALLELOGRAM = 4 };

/* A MINIMUM stream that is being decoded. */
typedef struct minimum_stream {
    const uint8_t *bytes;
    uint64_t at, end; /* bits */
    unsigned step, nbits;
} minimum_stream;

#define TARGET
#define NAME(x) x
#include "codec/minimum_kernel.h"
#undef TARGET
#undef NAME

#ifdef F24_HAVE_V3
#define TARGET F24_TARGET_V3
#define NAME(x) F24_JOIN(x, _v3)
#include "codec/minimum_kernel.h"
#undef TARGET
#undef NAME
#endif

typedef bool (*minimum_row_fn)(minimum_stream *m, uint16_t *rows, int64_t ni, unsigned tall);

static minimum_row_fn minimum_choose(void)
{
#ifdef F24_HAVE_V3
    if (f24_cpu_level() >= F24_CPU_V3)
        return minimum_row_v3;
#endif
    return minimum_row;
}

/* Where the tokens of a field go. */
typedef struct target {
    f24_row_fn row_out;
    void *context;
    int64_t ni, nj;
    uint16_t *rows; /* one row of tiles */
    void *more;     /* the rest of the scratch, 64-byte aligned */
} target;

static unsigned rows_left(const target *to, int64_t j, unsigned step)
{
    return to->nj - j < step ? (unsigned)(to->nj - j) : step;
}

static void put_rows(const target *to, int64_t j, unsigned tall)
{
    for (unsigned r = 0; r < tall; r++)
        to->row_out(to->context, j + r, to->rows + r * f24_row_stride(to->ni), to->ni);
}

static f24_status minimum_decode(const uint8_t *bytes, uint64_t n_bytes, f24_tile_head head,
                                 const target *to, f24_error *err)
{
    minimum_stream m = {bytes, 32, n_bytes * 8, head.step, head.nbits};
    minimum_row_fn decode_row = minimum_choose();

    for (int64_t j = 0; j < to->nj; j += head.step) {
        unsigned tall = rows_left(to, j, head.step);
        if (!decode_row(&m, to->rows, to->ni, tall))
            return f24_fail(err, F24_ECORRUPT, (int64_t)(m.at / 8),
                            "the compressed stream ends before row %lld of %lld: it is cut short "
                            "or damaged",
                            (long long)j + 1, (long long)to->nj);
        put_rows(to, j, tall);
    }
    return F24_OK;
}

static f24_status parallelogram_decode(const uint8_t *bytes, uint64_t n_bytes, f24_tile_head head,
                                       const target *to, f24_error *err)
{
    const f24_plane_kernels *kernels = f24_plane_choose();
    const size_t stride = f24_row_stride(to->ni);
    uint32_t *border = to->more;
    uint16_t *slope = (uint16_t *)(border + stride);
    f24_plane plane = {.bytes = bytes, .at = 32, .end = n_bytes * 8};

    plane.step = head.step;
    plane.nbits = head.nbits;
    F24_TRY(f24_plane_border(&plane, to->ni, to->nj, F24_WIDTH_TOKENS, border, err));
    to->rows[0] = (uint16_t)border[0];
    for (int64_t i = 1; i < to->ni; i++) {
        to->rows[i] = (uint16_t)border[i];
        slope[i] = (uint16_t)(border[i] - border[i - 1]);
    }
    put_rows(to, 0, 1);
    for (int64_t j = 1; j < to->nj; j += head.step) {
        unsigned tall = rows_left(to, j, head.step);
        for (unsigned r = 0; r < tall; r++)
            to->rows[r * stride] = (uint16_t)f24_plane_column(&plane, j + r);
        if (!kernels->row16(&plane, slope, to->rows, to->ni, tall))
            return f24_plane_fail(&plane, err);
        put_rows(to, j, tall);
    }
    return F24_OK;
}

/*
 * One row of tiles, then a border row of 32 bits and a slope; or what SAMPLE wants, which is not
 * known before the head is read: its coarse grids have ni x nj / 8 values, half a byte a value.
 */
uint64_t f24_tiles_scratch(int64_t ni, int64_t nj)
{
    const uint64_t stride = f24_row_stride(ni);
    const uint64_t plane = stride * (sizeof(uint32_t) + sizeof(uint16_t));
    const uint64_t sample = f24_sample_scratch(ni, nj);

    return F24_LARGEST_STEP * stride * sizeof(uint16_t) + (plane > sample ? plane : sample);
}

f24_status f24_tiles_decode(const uint8_t *bytes, uint64_t n_bytes, int64_t ni, int64_t nj,
                            f24_row_fn row_out, void *context, void *scratch, f24_error *err)
{
    target to = {row_out, context, ni, nj, scratch, NULL};
    f24_tile_head head;

    if (ni < 2 || nj < 2)
        return f24_fail(err, F24_ECORRUPT, 0,
                        "a field of %lld x %lld points cannot be stored compressed", (long long)ni,
                        (long long)nj);
    if (n_bytes < 4)
        return f24_fail(err, F24_ECORRUPT, 0, "the compressed stream has no head word");
    head = f24_tile_head_of(be32(bytes));
    if (head.step == 0 || head.nbits == 0 || head.nbits > 16)
        return f24_fail(err, F24_ECORRUPT, 0,
                        "the head of the compressed stream names tiles of %u points and tokens of "
                        "%u bits: 1 to 7 and 1 to 16 exist",
                        head.step, head.nbits);
    to.more = to.rows + F24_LARGEST_STEP * f24_row_stride(ni);
    switch (head.predictor) {
    case MINIMUM:
        return minimum_decode(bytes, n_bytes, head, &to, err);
    case PARALLELOGRAM:
        return parallelogram_decode(bytes, n_bytes, head, &to, err);
    case SAMPLE:
        return f24_sample_decode(bytes, n_bytes, head, ni, nj, row_out, context, to.rows, to.more,
                                 err);
    default:
        return f24_fail(err, F24_EUNSUPPORTED, 0,
                        "the compressed stream has predictor %u: 1 (SAMPLE), 3 (MINIMUM) and 4 "
                        "(PARALLELOGRAM) are known",
                        head.predictor);
    }
}
