#include "grid/points.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#define DEGREE 0.017453292519943295 /* radians */
#define CANDIDATES                                                                                 \
    9 /* points whose cells are tried: around a fold of a mesh the nearest may be several */
#define STEPS 12     /* of Newton's method in a cell */
#define OUTSIDE 1e-9 /* of a cell, in cells: rounding */

/* A list so long that an index would not fit in 31 bits is refused by the caller's sizes. */
f24_status f24_points_make(int32_t ni, int32_t nj, bool is_mesh, const f24_frame *frame,
                           const double *u, const double *v, struct f24_points **points,
                           f24_error *err)
{
    size_t n = (size_t)ni * (size_t)nj;
    struct f24_points *made;

    if (n == 0)
        return f24_fail(err, F24_EINVAL, -1, "a grid without points");
    for (size_t p = 0; p < n; p++) {
        if (!isfinite(u[p]) || !isfinite(v[p]) || fabs(u[p]) > 1e12 || fabs(v[p]) > 1e12)
            return f24_fail(err, F24_ECORRUPT, -1, "point %zu is at (%g, %g): no position", p, u[p],
                            v[p]);
    }
    made = calloc(1, sizeof *made);
    if (made == NULL)
        return f24_fail(err, F24_ENOMEM, -1, "no memory for a grid");
    (void)pthread_mutex_init(&made->mutex, NULL);
    made->ni = ni;
    made->nj = nj;
    made->is_mesh = is_mesh && ni > 1 && nj > 1;
    made->lat = malloc(n * sizeof *made->lat);
    made->lon = malloc(n * sizeof *made->lon);
    if (made->lat == NULL || made->lon == NULL) {
        f24_points_free(made);
        return f24_fail(err, F24_ENOMEM, -1, "no memory for %zu points", n);
    }
    for (size_t first = 0; first < n; first += F24_GRID_BLOCK) {
        size_t count = n - first < F24_GRID_BLOCK ? n - first : F24_GRID_BLOCK;
        f24_frame_to_latlon(frame, count, u + first, v + first, made->lat + first,
                            made->lon + first);
    }
    *points = made;
    return F24_OK;
}

void f24_points_free(struct f24_points *points)
{
    if (points == NULL)
        return;
    f24_tree_free(points->tree);
    (void)pthread_mutex_destroy(&points->mutex);
    free(points->lat);
    free(points->lon);
    free(points);
}

f24_status f24_points_prepare(struct f24_points *points, f24_error *err)
{
    f24_status status = F24_OK;

    (void)pthread_mutex_lock(&points->mutex);
    if (points->tree == NULL)
        status = f24_tree_make((size_t)points->ni * (size_t)points->nj, points->lat, points->lon,
                               &points->tree, err);
    (void)pthread_mutex_unlock(&points->mutex);
    return status;
}

/* -------------------------------------------------------------------------- index to position --- */

static void unit_vector(double lat, double lon, double v[3])
{
    v[0] = cos(lat * DEGREE) * cos(lon * DEGREE);
    v[1] = cos(lat * DEGREE) * sin(lon * DEGREE);
    v[2] = sin(lat * DEGREE);
}

static void vector_of_point(const struct f24_points *points, int32_t i, int32_t j, double v[3])
{
    size_t p = (size_t)j * (size_t)points->ni + (size_t)i;

    unit_vector(points->lat[p], points->lon[p], v);
}

/* The whole part of an index, kept inside 0 to most; NaN gives 0. */
static int32_t whole(double index, int32_t most)
{
    return index > 0 ? (index < most ? (int32_t)index : most) : 0;
}

static void position_in_list(const struct f24_points *points, double x, double y, double *lat,
                             double *lon)
{
    double i = nearbyint(x), j = nearbyint(y);
    bool is_there = i >= 0 && i < points->ni && j >= 0 && j < points->nj;
    size_t p = is_there ? (size_t)j * (size_t)points->ni + (size_t)i : 0;

    *lat = is_there ? points->lat[p] : NAN;
    *lon = is_there ? points->lon[p] : NAN;
}

static void position_in_mesh(const struct f24_points *points, double x, double y, double *lat,
                             double *lon)
{
    int32_t i = whole(x, points->ni - 2), j = whole(y, points->nj - 2);
    double s = x - i, t = y - j, v[4][3], sum[3], east;
    const double weights[4] = {(1 - s) * (1 - t), s * (1 - t), (1 - s) * t, s * t};

    for (int c = 0; c < 4; c++)
        vector_of_point(points, i + (c & 1), j + (c >> 1), v[c]);
    for (int k = 0; k < 3; k++)
        sum[k] = weights[0] * v[0][k] + weights[1] * v[1][k] + weights[2] * v[2][k] +
                 weights[3] * v[3][k];
    east = atan2(sum[1], sum[0]) / DEGREE;
    *lat = atan2(sum[2], hypot(sum[0], sum[1])) / DEGREE;
    *lon = east < 0 ? (east + 360 < 360 ? east + 360 : 0) : east;
}

void f24_points_at(const struct f24_points *points, size_t n, const double *x, const double *y,
                   double *lat, double *lon)
{
    for (size_t p = 0; p < n; p++) {
        if (points->is_mesh)
            position_in_mesh(points, x[p], y[p], &lat[p], &lon[p]);
        else
            position_in_list(points, x[p], y[p], &lat[p], &lon[p]);
    }
}

/* -------------------------------------------------------------------------- position to index --- */

/*
 * Where in a cell a direction is: the weights of its corners add up to a vector along it, so that both
 * components across it vanish. Newton's method for the two unknowns.
 */
static bool place_in_cell(const struct f24_points *points, int32_t i, int32_t j,
                          double across[2][3], double *s, double *t)
{
    double corner[4][2], v[3], ds = 1, dt = 1;

    for (int c = 0; c < 4; c++) {
        vector_of_point(points, i + (c & 1), j + (c >> 1), v);
        for (int k = 0; k < 2; k++)
            corner[c][k] = across[k][0] * v[0] + across[k][1] * v[1] + across[k][2] * v[2];
    }
    *s = *t = 0.5;
    for (int step = 0; step < STEPS && fabs(ds) + fabs(dt) > 1e-13; step++) {
        double f[2], by_s[2], by_t[2], determinant;
        for (int k = 0; k < 2; k++) {
            double a = corner[0][k], b = corner[1][k] - a, c = corner[2][k] - a;
            double d = corner[3][k] - corner[2][k] - b;
            f[k] = a + b * *s + c * *t + d * *s * *t;
            by_s[k] = b + d * *t;
            by_t[k] = c + d * *s;
        }
        determinant = by_s[0] * by_t[1] - by_s[1] * by_t[0];
        if (determinant == 0)
            return false;
        ds = (f[0] * by_t[1] - f[1] * by_t[0]) / determinant;
        dt = (by_s[0] * f[1] - by_s[1] * f[0]) / determinant;
        *s -= ds;
        *t -= dt;
    }
    return *s >= -OUTSIDE && *s <= 1 + OUTSIDE && *t >= -OUTSIDE && *t <= 1 + OUTSIDE;
}

/* Two directions at right angles to `at` and to each other. */
static void directions_across(const double at[3], double across[2][3])
{
    int least = fabs(at[0]) < fabs(at[1]) ? (fabs(at[0]) < fabs(at[2]) ? 0 : 2)
                                          : (fabs(at[1]) < fabs(at[2]) ? 1 : 2);
    double length, axis[3] = {0, 0, 0};

    axis[least] = 1;
    across[0][0] = at[1] * axis[2] - at[2] * axis[1];
    across[0][1] = at[2] * axis[0] - at[0] * axis[2];
    across[0][2] = at[0] * axis[1] - at[1] * axis[0];
    length = sqrt(across[0][0] * across[0][0] + across[0][1] * across[0][1] +
                  across[0][2] * across[0][2]);
    for (int k = 0; k < 3; k++)
        across[0][k] /= length;
    across[1][0] = at[1] * across[0][2] - at[2] * across[0][1];
    across[1][1] = at[2] * across[0][0] - at[0] * across[0][2];
    across[1][2] = at[0] * across[0][1] - at[1] * across[0][0];
}

/* In the cells that meet at a point. */
static bool place_around(const struct f24_points *points, int32_t point, double across[2][3],
                         double *x, double *y)
{
    int32_t i = point % points->ni, j = point / points->ni;

    for (int c = 0; c < 4; c++) {
        int32_t left = i - (c & 1), lower = j - (c >> 1);
        double s, t;
        if (left < 0 || lower < 0 || left > points->ni - 2 || lower > points->nj - 2)
            continue;
        if (place_in_cell(points, left, lower, across, &s, &t)) {
            *x = left + s;
            *y = lower + t;
            return true;
        }
    }
    return false;
}

static void find_one(const struct f24_points *points, double lat, double lon, double *x, double *y)
{
    double at[3], across[2][3];
    int32_t found[CANDIDATES];
    int n;

    *x = *y = NAN;
    if (!isfinite(lat) || !isfinite(lon))
        return;
    unit_vector(lat, lon, at);
    n = f24_tree_nearest(points->tree, at, points->is_mesh ? CANDIDATES : 1, found);
    if (!points->is_mesh) {
        if (n > 0) {
            int32_t j = found[0] / points->ni;
            *x = found[0] % points->ni;
            *y = j;
        }
        return;
    }
    directions_across(at, across);
    for (int c = 0; c < n; c++) {
        if (place_around(points, found[c], across, x, y))
            return;
    }
}

void f24_points_find(const struct f24_points *points, size_t n, const double *lat,
                     const double *lon, double *x, double *y)
{
    for (size_t p = 0; p < n; p++)
        find_one(points, lat[p], lon[p], &x[p], &y[p]);
}
