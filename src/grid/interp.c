/* Values of a field between its points. */
#include "grid/blocks.h"
#include "grid/grid.h"
#include "grid/points.h"

#include <math.h>

#define MOST 4        /* points of a stencil along an axis */
#define OUTSIDE 1e-6  /* of the grid, in cells: rounding of positions */
#define ON_POINT 1e-9 /* cells from a point: rounding of positions; neighbours have no part there */
#define POLE 90.0
#define TURN 360.0

typedef struct job {
    const f24_grid *grid;
    f24_interp method;
    int item_bytes;
    const void *field;
    const double *x, *y;
    void *out;
    /* Rows of a grid that goes all around end a step or less before the poles: beyond them values go
     * to the mean of the last row. */
    bool has_cap[2];
    double cap[2];
} job;

static double value_of(const job *t, int32_t i, int32_t j)
{
    size_t p = (size_t)j * (size_t)t->grid->ni + (size_t)i;

    return t->item_bytes == 4 ? (double)((const float *)t->field)[p]
                              : ((const double *)t->field)[p];
}

static void put(const job *t, size_t p, double value)
{
    if (t->item_bytes == 4)
        ((float *)t->out)[p] = (float)value;
    else
        ((double *)t->out)[p] = value;
}

/* ----------------------------------------------------------------------------------- stencils --- */

typedef struct stencil {
    int n;
    int32_t at[MOST];
    double weight[MOST];
} stencil;

/* Where point k of an axis is; beyond the ends of one that goes all around, turns further. */
static double node_of(const f24_axis *axis, int32_t k)
{
    int32_t period = (int32_t)axis->period, turns = 0;

    if (axis->at == NULL)
        return k;
    if (period > 0) {
        turns = k >= 0 ? k / period : -((period - 1 - k) / period);
        k -= turns * period;
    }
    return axis->at[k] + TURN * turns;
}

/* The same for an index, along a table; others are regular in their indices. */
static double place_of(const f24_axis *axis, double index)
{
    double at = index;

    if (axis->at == NULL)
        return index;
    f24_axis_at(axis, 1, &index, &at);
    return at * axis->sign;
}

/* Lagrange's weights of `wanted` points around an index: two are linear, four cubic. */
static void make_stencil(stencil *s, const f24_axis *axis, int32_t n, double index, int wanted)
{
    int32_t period = (int32_t)axis->period, points = period > 0 ? period : n;
    int32_t first = (int32_t)floor(index) - (wanted - 1) / 2;
    double node[MOST], place = place_of(axis, index);

    s->n = points < wanted ? (int)points : wanted;
    if (period == 0) {
        first = first > n - s->n ? n - s->n : first;
        first = first < 0 ? 0 : first;
    }
    for (int a = 0; a < s->n; a++) {
        int32_t k = first + a;
        node[a] = node_of(axis, k);
        s->at[a] = period > 0 ? (k % period + period) % period : k;
    }
    for (int a = 0; a < s->n; a++) {
        s->weight[a] = 1;
        for (int b = 0; b < s->n; b++) {
            if (b != a)
                s->weight[a] *= (place - node[b]) / (node[a] - node[b]);
        }
    }
}

/* A weight of 0 asks nothing of its point: it may be missing. */
static double sum_of(const job *t, const stencil *x, const stencil *y, int32_t first_row)
{
    double sum = 0;

    for (int b = 0; b < y->n; b++) {
        for (int a = 0; a < x->n; a++) {
            double weight = x->weight[a] * y->weight[b];
            if (weight != 0)
                sum += weight * value_of(t, x->at[a], first_row + y->at[b]);
        }
    }
    return sum;
}

/* ------------------------------------------------------------------------------------- points --- */

static double on_point(double index)
{
    double whole = nearbyint(index);

    return fabs(index - whole) < ON_POINT ? whole : index;
}

static double whole_turns_less(double x, double period)
{
    return period > 0 ? x - period * floor(x / period) : x;
}

static bool is_inside(double index, int32_t n, double margin)
{
    return index >= -margin && index <= n - 1 + margin;
}

static double clamped(double index, int32_t n)
{
    return index > 0 ? (index < n - 1 ? index : n - 1) : 0;
}

/* How far a row beyond the last one is on the way to the pole, 0 to 1; below 0 on no way to it. */
static double toward_pole(const job *t, const f24_panel *panel, double y)
{
    int end = y < 0 ? 0 : 1;
    double last = y < 0 ? 0 : panel->y.n - 1, at[2];
    const double index[2] = {y, last};

    if (!t->has_cap[end])
        return -1;
    f24_axis_at(&panel->y, 2, index, at);
    at[0] = (fabs(at[0]) - fabs(at[1])) / (POLE - fabs(at[1]));
    return at[0] <= 1 + OUTSIDE ? at[0] : -1;
}

static double sample(const job *t, double x, double y)
{
    const f24_grid *grid = t->grid;
    int32_t k, rows = grid->nj / grid->n_panels, wanted = t->method == F24_CUBIC ? 4 : 2;
    double margin = t->method == F24_NEAREST ? 0.5 : OUTSIDE, way = -1, value;
    const f24_panel *panel;
    stencil across, along;

    if (!isfinite(x) || !isfinite(y))
        return NAN;
    k = f24_grid_panel_of(grid, y);
    panel = &grid->panels[k];
    y = on_point(y - (double)k * rows);
    x = whole_turns_less(on_point(x), panel->x.period);
    if (panel->x.period == 0 && !is_inside(x, grid->ni, margin))
        return NAN;
    if (!is_inside(y, rows, margin)) {
        way = toward_pole(t, panel, y);
        if (way < 0)
            return NAN;
    }
    y = clamped(y, rows);
    if (t->method == F24_NEAREST) {
        double i = panel->x.period > 0 ? whole_turns_less(nearbyint(x), panel->x.period)
                                       : clamped(nearbyint(x), grid->ni);
        return value_of(t, (int32_t)i, k * rows + (int32_t)nearbyint(y));
    }
    if (panel->x.period == 0)
        x = clamped(x, grid->ni);
    make_stencil(&across, &panel->x, grid->ni, x, wanted);
    make_stencil(&along, &panel->y, rows, y, wanted);
    value = sum_of(t, &across, &along, k * rows);
    return way > 0 ? (1 - way) * value + way * t->cap[y > 0] : value;
}

static void interp_block(void *context, size_t first, size_t n)
{
    const job *t = context;

    for (size_t p = first; p < first + n; p++)
        put(t, p, sample(t, t->x[p], t->y[p]));
}

/* ----------------------------------------------------------------------------------------- caps --- */

static void make_cap(job *t, int end)
{
    const f24_panel *panel = &t->grid->panels[0];
    int32_t nj = panel->y.n, row = end == 0 ? 0 : nj - 1, period = (int32_t)panel->x.period;
    const double index[2] = {row, row == 0 ? 1 : row - 1};
    double at[2], sum = 0;

    f24_axis_at(&panel->y, 2, index, at);
    if (POLE - fabs(at[0]) < 1e-9 || POLE - fabs(at[0]) > 1.01 * fabs(at[0] - at[1]))
        return;
    for (int32_t i = 0; i < period; i++)
        sum += value_of(t, i, row);
    t->has_cap[end] = true;
    t->cap[end] = sum / period;
}

f24_status f24_grid_interp(const f24_grid *grid, f24_interp method, int item_bytes,
                           const void *field, const double *x, const double *y, size_t n, void *out,
                           int n_threads, f24_error *err)
{
    job t = {grid, method, item_bytes, field, x, y, out, {false, false}, {0, 0}};
    const f24_panel *panel = &grid->panels[0];
    bool is_list = grid->points != NULL && !grid->points->is_mesh;

    if (item_bytes != 4 && item_bytes != 8)
        return f24_fail(err, F24_EINVAL, -1, "values of %d bytes: 4 or 8", item_bytes);
    if (method != F24_NEAREST && method != F24_LINEAR && method != F24_CUBIC)
        return f24_fail(err, F24_EINVAL, -1, "there is no method %d", (int)method);
    if (is_list && method != F24_NEAREST)
        return f24_fail(err, F24_EUNSUPPORTED, -1,
                        "the points of this grid %c are in no order: only the nearest is known",
                        grid->grtyp);
    if (grid->points == NULL && grid->n_panels == 1 && panel->x.period > 0 && panel->y.n > 1 &&
        panel->frame.kind != F24_FRAME_NORTH && panel->frame.kind != F24_FRAME_SOUTH) {
        make_cap(&t, 0);
        make_cap(&t, 1);
    }
    f24_blocks(n, n_threads, interp_block, &t);
    return F24_OK;
}
