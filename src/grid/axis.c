/* Axes: index to coordinate and back, for any spacing. */
#include "grid/grid.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define TURN 360.0
/* A coordinate of the first point that comes back this much too small still is the first point, not
 * a whole turn further. */
#define ROUNDING 1e-9
/* The last point is the first one again when it is this near, in steps: stored singles are off by
 * 3e-5 degrees at 360. */
#define SAME_POINT 1e-2
/* A gap wider than this many steps is the outside of a limited area. */
#define WIDEST_GAP 1.5
#define BUCKETS_PER_CELL 2

/* Where an angle is looked for, and whether it goes all around; `first` and `last` rise. */
static void go_around(f24_axis *axis, double first, double last, double step)
{
    double gap = TURN - (last - first);

    axis->period = 0;
    axis->low = first - ROUNDING;
    if (fabs(gap) <= SAME_POINT * step)
        axis->period = axis->n - 1;
    else if (gap > 0 && gap <= WIDEST_GAP * step)
        axis->period = axis->n;
    else if (gap > 0)
        axis->low = (first + last - TURN) / 2; /* as far to the left as to the right */
}

void f24_axis_regular(f24_axis *axis, int32_t n, double start, double step, bool is_angle)
{
    double last = start + (n - 1) * step;

    *axis = (f24_axis){.n = n,
                       .n_cells = n - 1,
                       .start = start,
                       .step = step,
                       .sign = step < 0 ? -1 : 1,
                       .is_angle = is_angle};
    if (is_angle)
        go_around(axis, axis->sign * start, axis->sign * last, fabs(step));
}

/* -------------------------------------------------------------------------------- tables --- */

static f24_status check_values(int32_t n, const double *values, const char *what, f24_error *err)
{
    for (int32_t i = 0; i < n; i++) {
        if (!isfinite(values[i]) || fabs(values[i]) > 1e12)
            return f24_fail(err, F24_ECORRUPT, -1, "value %d of %s is %g: no coordinate", (int)i,
                            what, values[i]);
    }
    return F24_OK;
}

static bool is_in_order(int32_t n, const double *values)
{
    double sign = values[n - 1] < values[0] ? -1 : 1;

    for (int32_t i = 1; i < n; i++) {
        if (!(sign * values[i] > sign * values[i - 1]))
            return false;
    }
    return true;
}

/* Angles that begin again at 0, say 358, 359, 0, 1, go on at 360. */
static void unwrap(int32_t n, double *values)
{
    double turn = 0;

    for (int32_t i = 1; i < n; i++) {
        double step = values[i] + turn - values[i - 1];
        if (fabs(step) > TURN / 2)
            turn -= TURN * round(step / TURN);
        values[i] += turn;
    }
}

static f24_status check_order(const f24_axis *axis, const char *what, f24_error *err)
{
    for (int32_t i = 1; i < axis->n; i++) {
        if (!(axis->at[i] > axis->at[i - 1]))
            return f24_fail(err, F24_ECORRUPT, -1,
                            "%s does not rise or fall throughout: value %d (%g) after %g", what,
                            (int)i, axis->sign * axis->at[i], axis->sign * axis->at[i - 1]);
    }
    return F24_OK;
}

/* So that a search begins where it nearly ends: cell[b] holds the lower end of bucket b. */
static f24_status make_buckets(f24_axis *axis, f24_error *err)
{
    const double *at = axis->at;
    int32_t cell = 0;

    axis->n_buckets = BUCKETS_PER_CELL * axis->n_cells;
    axis->per_unit = axis->n_buckets / (at[axis->n_cells] - at[0]);
    axis->cell = malloc(((size_t)axis->n_buckets + 1) * sizeof *axis->cell);
    if (axis->cell == NULL)
        return f24_fail(err, F24_ENOMEM, -1, "no memory for an axis of %d points", (int)axis->n);
    for (int32_t b = 0; b <= axis->n_buckets; b++) {
        double lower = at[0] + b / axis->per_unit;
        while (cell < axis->n_cells - 1 && at[cell + 1] <= lower)
            cell++;
        axis->cell[b] = cell;
    }
    return F24_OK;
}

f24_status f24_axis_table(f24_axis *axis, int32_t n, const double *values, bool is_angle,
                          const char *what, f24_error *err)
{
    f24_status status;

    if (n < 1)
        return f24_fail(err, F24_ECORRUPT, -1, "%s has no values", what);
    F24_TRY(check_values(n, values, what, err));
    if (n == 1) { /* there is no spacing: one unit is as good as any */
        f24_axis_regular(axis, 1, values[0], 1, is_angle);
        return F24_OK;
    }
    *axis = (f24_axis){.n = n, .n_cells = n - 1, .is_angle = is_angle};
    axis->at = malloc(((size_t)n + 1) * sizeof *axis->at);
    if (axis->at == NULL)
        return f24_fail(err, F24_ENOMEM, -1, "no memory for an axis of %d points", (int)n);
    memcpy(axis->at, values, (size_t)n * sizeof *values);
    if (is_angle && !is_in_order(n, values))
        unwrap(n, axis->at);
    axis->sign = axis->at[n - 1] < axis->at[0] ? -1 : 1;
    for (int32_t i = 0; i < n; i++)
        axis->at[i] *= axis->sign;
    status = check_order(axis, what, err);
    if (status == F24_OK && is_angle)
        go_around(axis, axis->at[0], axis->at[n - 1], (axis->at[n - 1] - axis->at[0]) / (n - 1));
    if (status == F24_OK && axis->period == n) {
        axis->at[n] = axis->at[0] + TURN;
        axis->n_cells = n;
    }
    if (status == F24_OK)
        status = make_buckets(axis, err);
    if (status != F24_OK)
        f24_axis_free(axis);
    return status;
}

void f24_axis_free(f24_axis *axis)
{
    free(axis->at);
    free(axis->cell);
    axis->at = NULL;
    axis->cell = NULL;
}

/* ------------------------------------------------------------------------------ evaluation --- */

void f24_axis_at(const f24_axis *axis, size_t n, const double *index, double *coordinate)
{
    int32_t last = axis->n_cells - 1;

    if (axis->at == NULL) {
        for (size_t i = 0; i < n; i++)
            coordinate[i] = axis->start + index[i] * axis->step;
        return;
    }
    for (size_t i = 0; i < n; i++) {
        int32_t k = index[i] > 0 ? (index[i] < last ? (int32_t)index[i] : last) : 0; /* NaN: 0 */
        double low = axis->at[k];
        coordinate[i] = axis->sign * (low + (index[i] - k) * (axis->at[k + 1] - low));
    }
}

/* An angle in low to low + 360. */
static double into_turn(double angle, double low)
{
    double beyond = angle - low;

    if (beyond >= 0 && beyond < TURN)
        return angle;
    return angle - TURN * floor(beyond / TURN);
}

/* The cell that holds t, the first or last one for what is outside. */
static int32_t find_cell(const f24_axis *axis, double t)
{
    const double *at = axis->at;
    double place = (t - at[0]) * axis->per_unit;
    int32_t b = place > 0 ? (place < axis->n_buckets ? (int32_t)place : axis->n_buckets - 1) : 0;
    int32_t low = axis->cell[b], high = axis->cell[b + 1];

    /* at[low] <= t, but for rounding at the edge of a bucket. Two cells, or one, are decided without a
     * branch that nobody could predict. */
    if (high - low <= 1) {
        low += (high - low) * (at[high] <= t);
        high = low;
    }
    while (low < high) {
        int32_t middle = low + (high - low + 1) / 2;
        if (at[middle] <= t)
            low = middle;
        else
            high = middle - 1;
    }
    while (low > 0 && t < at[low])
        low--;
    while (low < axis->n_cells - 1 && t >= at[low + 1])
        low++;
    return low;
}

void f24_axis_find(const f24_axis *axis, size_t n, const double *coordinate, double *index)
{
    if (axis->at == NULL) {
        for (size_t i = 0; i < n; i++) {
            double t = axis->sign * coordinate[i];
            if (axis->is_angle)
                t = into_turn(t, axis->low);
            index[i] = (axis->sign * t - axis->start) / axis->step;
        }
        return;
    }
    for (size_t i = 0; i < n; i++) {
        double t = axis->sign * coordinate[i];
        if (axis->is_angle)
            t = into_turn(t, axis->low);
        int32_t k = find_cell(axis, t);
        index[i] = k + (t - axis->at[k]) / (axis->at[k + 1] - axis->at[k]);
    }
}
