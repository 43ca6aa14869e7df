/*
 * SAMPLE: a field is kept as a coarse grid of every third point, three times over, and at each
 * level the differences to what interpolation gives. Facts: docs/format/codecs.md, 9.5.
 *
 * Along a direction of n points the nodes are points 0, 3, 6, ... and the last one. Point y between
 * nodes is a cubic through four nodes that follow each other, so a row of a level needs four rows
 * of nodes; a level is built row by row, and level 0 is never in memory as a whole.
 */
#include "codec/sample.h"

#include "codec/plane.h"

#include <limits.h>

#define N_LEVELS 3
#define STEP 3

static int64_t coarser(int64_t n)
{
    return (n + STEP - 1) / STEP + ((n - 1) % STEP != 0);
}

/* The node that is point 3 k, or the last point. */
static int64_t node_place(int64_t k, int64_t n, int64_t n_nodes)
{
    return k == n_nodes - 1 ? n - 1 : k * STEP;
}

typedef enum point_kind { NODE, MIDDLE, CUBIC } point_kind;

/* How a point follows from nodes: equal to node k, between k and k + 1, or a cubic of k to k + 3.
 */
typedef struct point {
    point_kind kind;
    int64_t k;
    double x; /* CUBIC: its distance from node k + 1, in points */
} point;

static int64_t least(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

/* Point y of n, both as the page counts: from 1. */
static point point_of(int64_t y, int64_t n)
{
    const int64_t extra = (n - 1) % STEP;
    const int64_t limit = extra == 0 ? n - 6 : n - 3 - extra;
    const int64_t base = y - (y - 1) % STEP;
    int64_t r;

    if (y == n)
        return (point){NODE, coarser(n) - 1, 0};
    if (base == y)
        return (point){NODE, (y - 1) / STEP, 0};
    if (extra == 2 && y == n - 1)
        return (point){MIDDLE, coarser(n) - 2, 0};
    r = least(limit, base < 4 ? 4 : base);
    return (point){CUBIC, (r - 4) / STEP, (double)(y - r)};
}

/* Damaged differences can grow without end: they are held, and come out wrong. */
static int32_t hold(double v)
{
    if (v >= (double)INT32_MAX)
        return INT32_MAX;
    return v <= (double)INT32_MIN ? INT32_MIN : (int32_t)v;
}

static int32_t nearest(double v)
{
    return hold(v < 0 ? v - 0.5001 : v + 0.5001);
}

static int32_t cubic(double p, double q, double s, double t, double x)
{
    return nearest(q + x *
                           (6 * x * (2 * x * ((t - p) + 3 * (q - s)) + 18 * ((p + s) - 2 * q)) +
                            108 * (6 * s - t - 3 * q - 2 * p)) /
                           1944);
}

static int32_t add(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

/* One level, from the one below it (coarse: ca x cb nodes). */
typedef struct level {
    int64_t a, b, ca, cb;
    const int32_t *coarse;
    int32_t *ring;        /* rows of nodes k, interpolated along i, at k mod 4 */
    int64_t n_ring;       /* rows that were put there so far: the last four are at hand */
    int32_t *differences; /* of the present row of tiles */
    size_t stride;        /* elements between the rows of both */
} level;

/* Row k of the nodes at all columns. */
static const int32_t *node_row(level *l, int64_t k)
{
    for (; l->n_ring <= k; l->n_ring++) {
        const int32_t *z = l->coarse + l->n_ring * l->ca;
        int32_t *row = l->ring + (size_t)(l->n_ring & 3) * l->stride;
        for (int64_t i = 0; i < l->a; i++) {
            point p = point_of(i + 1, l->a);
            const int32_t *at = z + p.k;
            if (p.kind == NODE)
                row[i] = at[0];
            else if (p.kind == MIDDLE)
                row[i] = nearest(((double)at[0] + at[1]) / 2);
            else
                row[i] = cubic(at[0], at[1], at[2], at[3], p.x);
        }
    }
    return l->ring + (size_t)(k & 3) * l->stride;
}

static void interpolate_row(level *l, int64_t j, int32_t *z)
{
    const point p = point_of(j + 1, l->b);
    const int32_t *row[4];
    int64_t n_rows = p.kind == NODE ? 1 : p.kind == MIDDLE ? 2 : 4;

    (void)node_row(l, p.k + n_rows - 1); /* brings the rows before it too */
    for (int64_t r = 0; r < n_rows; r++)
        row[r] = l->ring + (size_t)((p.k + r) & 3) * l->stride;
    for (int64_t i = 0; i < l->a; i++) {
        if (p.kind == NODE)
            z[i] = row[0][i];
        else if (p.kind == MIDDLE)
            z[i] = nearest(((double)row[0][i] + row[1][i]) / 2);
        else
            z[i] = cubic(row[0][i], row[1][i], row[2][i], row[3][i], p.x);
    }
}

/* The differences of a row of tiles; the first point of a tile is a node and has none. */
static f24_status read_differences(level *l, f24_plane *plane, int64_t j, f24_error *err)
{
    const int64_t tall = least(STEP, l->b - j);

    for (int64_t i = 0; i < l->a; i += STEP) {
        const int64_t wide = least(STEP, l->a - i);
        unsigned width, drop;
        if (plane->end - plane->at < plane->head_bits)
            return f24_plane_fail(plane, err);
        width = plane->width[f24_bits_at(plane->bytes, plane->at, plane->head_bits)];
        if (width == F24_WIDTH_WRONG ||
            plane->head_bits + (uint64_t)(wide * tall - 1) * width > plane->end - plane->at)
            return f24_plane_fail(plane, err);
        plane->at += plane->head_bits;
        drop = (64 - width) & 63;
        for (int64_t n = 0; n < wide * tall; n++) {
            int32_t *to = l->differences + (size_t)(n / wide) * l->stride + i + n % wide;
            *to = 0;
            if (n > 0 && width > 0) {
                *to = (int32_t)((int64_t)f24_bits_from(plane->bytes, plane->at) >> drop);
                plane->at += width;
            }
        }
    }
    return F24_OK;
}

/* Row j of a level into `z`. Level 0 differs in what comes last: its nodes are final (9.5). */
static f24_status build_row(level *l, f24_plane *plane, int64_t j, bool last, int32_t *z,
                            f24_error *err)
{
    const int32_t *d = l->differences + (size_t)(j % STEP) * l->stride;
    const point row = point_of(j + 1, l->b);

    if (j % STEP == 0)
        F24_TRY(read_differences(l, plane, j, err));
    interpolate_row(l, j, z);
    for (int64_t i = 0; i < l->a; i++) {
        z[i] = add(z[i], d[i]);
        if (last && z[i] < 0)
            z[i] = 0;
    }
    if (last && row.kind == NODE)
        for (int64_t k = 0; k < l->ca; k++)
            z[node_place(k, l->a, l->ca)] = l->coarse[row.k * l->ca + k];
    return F24_OK;
}

/* Values of the grids below level 0. */
static uint64_t coarse_values(int64_t ni, int64_t nj)
{
    uint64_t n = 0;

    for (int l = 0; l < N_LEVELS; l++) {
        ni = coarser(ni);
        nj = coarser(nj);
        n += (uint64_t)ni * (uint64_t)nj;
    }
    return n;
}

/* Rows: 4 of nodes, 3 of differences, 1 of level 0. */
uint64_t f24_sample_scratch(int64_t ni, int64_t nj)
{
    return (coarse_values(ni, nj) + 8 * (uint64_t)f24_row_stride(ni)) * sizeof(int32_t);
}

/* Grids of 4 to 7 points would be interpolated from outside themselves (9.5). */
static f24_status check_sizes(const int64_t *a, const int64_t *b, f24_error *err)
{
    for (int l = 0; l < N_LEVELS; l++)
        if ((a[l] >= 4 && a[l] <= 7) || (b[l] >= 4 && b[l] <= 7))
            return f24_fail(err, F24_ECORRUPT, 0,
                            "a field of %lld x %lld points is too small for predictor 1 (SAMPLE)",
                            (long long)a[0], (long long)b[0]);
    return F24_OK;
}

static f24_status read_coarsest(f24_plane *plane, int64_t n, int32_t *to, f24_error *err)
{
    if ((uint64_t)n > (plane->end - plane->at) / plane->nbits)
        return f24_fail(err, F24_ECORRUPT, (int64_t)(plane->end / 8),
                        "the compressed stream ends inside its coarsest grid");
    for (int64_t i = 0; i < n; i++, plane->at += plane->nbits)
        to[i] = (int32_t)f24_bits_at(plane->bytes, plane->at, plane->nbits);
    return F24_OK;
}

f24_status f24_sample_decode(const uint8_t *bytes, uint64_t n_bytes, f24_tile_head head, int64_t ni,
                             int64_t nj, f24_row_fn row_out, void *context, uint16_t *row,
                             void *scratch, f24_error *err)
{
    const size_t stride = f24_row_stride(ni);
    int64_t a[N_LEVELS + 1] = {ni}, b[N_LEVELS + 1] = {nj};
    int32_t *ring = scratch, *z = ring + 7 * stride, *grid[N_LEVELS + 1] = {NULL};
    f24_plane plane = {.bytes = bytes, .at = 32, .end = n_bytes * 8, .nbits = head.nbits};

    if (head.step != STEP || head.levels != N_LEVELS)
        return f24_fail(err, F24_EUNSUPPORTED, 0,
                        "the compressed stream (SAMPLE) has step %u and %u levels: only 3 and 3 "
                        "were ever written",
                        head.step, head.levels);
    for (int l = 1; l <= N_LEVELS; l++) {
        a[l] = coarser(a[l - 1]);
        b[l] = coarser(b[l - 1]);
        grid[l] = l == 1 ? z + stride : grid[l - 1] + a[l - 1] * b[l - 1];
    }
    F24_TRY(check_sizes(a, b, err));
    F24_TRY(read_coarsest(&plane, a[N_LEVELS] * b[N_LEVELS], grid[N_LEVELS], err));
    for (int l = N_LEVELS - 1; l >= 0; l--) {
        level now = {a[l], b[l], a[l + 1],          b[l + 1], grid[l + 1],
                     ring, 0,    ring + 4 * stride, stride};
        F24_TRY(f24_plane_widths(&plane, F24_WIDTH_TOKENS, err));
        for (int64_t j = 0; j < b[l]; j++) {
            F24_TRY(build_row(&now, &plane, j, l == 0, l == 0 ? z : grid[l] + j * a[l], err));
            if (l == 0) {
                for (int64_t i = 0; i < ni; i++)
                    row[i] = (uint16_t)z[i];
                row_out(context, j, row, ni);
            }
        }
    }
    return F24_OK;
}
