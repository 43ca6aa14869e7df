/* The cell around each point: its corners, its area, the direction of its sides. */
#include "grid/blocks.h"
#include "grid/grid.h"
#include "grid/points.h"

#include <math.h>
#include <stdlib.h>

#define DEGREE 0.017453292519943295 /* radians */
#define TURN 360.0
#define POLE 90.0

static bool has_angles(const f24_panel *panel)
{
    return panel->frame.kind == F24_FRAME_LATLON || panel->frame.kind == F24_FRAME_ROTATED;
}

static f24_status no_cells(const f24_grid *grid, f24_error *err)
{
    return f24_fail(err, F24_EUNSUPPORTED, -1,
                    "the points of this grid %c are in no order: there are no cells around them",
                    grid->grtyp);
}

static bool is_list(const f24_grid *grid)
{
    return grid->points != NULL && !grid->points->is_mesh;
}

/* ------------------------------------------------------------------------------------- edges --- */

static double coordinate(const f24_axis *axis, double index)
{
    double at;

    f24_axis_at(axis, 1, &index, &at);
    return at;
}

/* Half way between points; as far beyond the ends, or half way to the first point again. */
static void edges_of(const f24_axis *axis, double *edges)
{
    size_t n = (size_t)axis->n;

    for (size_t e = 0; e <= n; e++)
        edges[e] = coordinate(axis, (double)e - 0.5);
    if (axis->at != NULL && axis->period == axis->n)
        edges[0] = edges[n] - axis->sign * TURN;
}

/* Rows end at a pole; those of a grid that goes all around reach it when they come within a step. */
static double kept_on_sphere(bool goes_around, double edge, double step)
{
    double beyond = fabs(edge) + (goes_around ? fabs(step) : 0);

    return beyond >= POLE - 1e-9 ? copysign(POLE, edge) : edge;
}

static void panel_edges(const f24_panel *panel, double *x, double *y)
{
    int32_t nj = panel->y.n;

    edges_of(&panel->x, x);
    edges_of(&panel->y, y);
    if (panel->has_ends) {
        y[0] = panel->end[0];
        y[nj] = panel->end[1];
        return;
    }
    if (!has_angles(panel))
        return;
    y[0] = kept_on_sphere(panel->x.period > 0, y[0], (y[1] - y[0]) / 2);
    y[nj] = kept_on_sphere(panel->x.period > 0, y[nj], (y[nj] - y[nj - 1]) / 2);
}

f24_status f24_grid_edges(const f24_grid *grid, int32_t panel, double *x, double *y, f24_error *err)
{
    if (grid->points != NULL)
        return no_cells(grid, err);
    panel_edges(&grid->panels[panel], x, y);
    return F24_OK;
}

/* ------------------------------------------------------------------------------------ corners --- */

typedef struct cells {
    const f24_grid *grid;
    const f24_panel *panel;
    size_t first_point; /* of the panel */
    double *edges[2];   /* of columns and rows */
    double *lat, *lon;  /* 4 a point */
    double *area;
    double radius;
} cells;

/* Counter-clockwise, from the smaller indices of both. */
static const int corner_x[4] = {0, 1, 1, 0}, corner_y[4] = {0, 0, 1, 1};

static void spread(double *out, size_t first, size_t n, int corner, const double *values)
{
    for (size_t p = 0; p < n; p++)
        out[4 * (first + p) + (size_t)corner] = values[p];
}

static void corners_of_block(void *context, size_t first, size_t n)
{
    const cells *c = context;
    size_t ni = (size_t)c->grid->ni;
    double u[F24_GRID_BLOCK], v[F24_GRID_BLOCK], lat[F24_GRID_BLOCK], lon[F24_GRID_BLOCK];

    for (int corner = 0; corner < 4; corner++) {
        for (size_t p = 0; p < n; p++) {
            size_t i = (first + p) % ni, j = (first + p) / ni;
            u[p] = c->edges[0] != NULL ? c->edges[0][i + (size_t)corner_x[corner]]
                                       : (double)i - 0.5 + corner_x[corner];
            v[p] = c->edges[1] != NULL ? c->edges[1][j + (size_t)corner_y[corner]]
                                       : (double)j - 0.5 + corner_y[corner];
        }
        if (c->panel != NULL)
            f24_frame_to_latlon(&c->panel->frame, n, u, v, lat, lon);
        else
            f24_points_at(c->grid->points, n, u, v, lat, lon);
        spread(c->lat, c->first_point + first, n, corner, lat);
        spread(c->lon, c->first_point + first, n, corner, lon);
    }
}

/* Call `block` for the points of each panel, with its edges. */
static f24_status for_panels(cells *c, int n_threads,
                             void (*block)(void *context, size_t first, size_t n), f24_error *err)
{
    const f24_grid *grid = c->grid;
    size_t ni = (size_t)grid->ni, nj = (size_t)(grid->nj / grid->n_panels);
    double *edges = malloc((ni + nj + 2) * sizeof *edges);

    if (edges == NULL)
        return f24_fail(err, F24_ENOMEM, -1, "no memory for the edges of %zu x %zu cells", ni, nj);
    c->edges[0] = edges;
    c->edges[1] = edges + ni + 1;
    for (int32_t k = 0; k < grid->n_panels; k++) {
        c->panel = &grid->panels[k];
        c->first_point = (size_t)k * ni * nj;
        panel_edges(c->panel, c->edges[0], c->edges[1]);
        f24_blocks(ni * nj, n_threads, block, c);
    }
    free(edges);
    return F24_OK;
}

f24_status f24_grid_bounds(const f24_grid *grid, double *lat, double *lon, int n_threads,
                           f24_error *err)
{
    cells c = {.grid = grid, .lat = lat, .lon = lon};

    if (is_list(grid))
        return no_cells(grid, err);
    if (grid->points == NULL)
        return for_panels(&c, n_threads, corners_of_block, err);
    f24_blocks((size_t)grid->ni * (size_t)grid->nj, n_threads, corners_of_block, &c);
    return F24_OK;
}

/* -------------------------------------------------------------------------------------- areas --- */

/* The integral of the square of the scale over a cell of a stereographic plane, with 3 x 3 points of
 * Gauss: the scale is smooth, and cells are small beside the distance to the pole that is not shown. */
static double polar_area(double re, double x0, double x1, double y0, double y1)
{
    static const double at[3] = {-0.7745966692414834, 0, 0.7745966692414834},
                        weight[3] = {5.0 / 18, 8.0 / 18, 5.0 / 18};
    double sum = 0;

    for (int a = 0; a < 3; a++) {
        for (int b = 0; b < 3; b++) {
            double x = ((x0 + x1) + at[a] * (x1 - x0)) / (2 * re);
            double y = ((y0 + y1) + at[b] * (y1 - y0)) / (2 * re);
            double d = 1 + x * x + y * y;
            sum += weight[a] * weight[b] * 4 / (d * d);
        }
    }
    return fabs(sum * (x1 - x0) * (y1 - y0)) / (re * re);
}

static void areas_of_block(void *context, size_t first, size_t n)
{
    const cells *c = context;
    size_t ni = (size_t)c->grid->ni;
    double square = c->radius * c->radius;

    for (size_t p = first; p < first + n; p++) {
        const double *x = c->edges[0] + p % ni, *y = c->edges[1] + p / ni;
        double unit = has_angles(c->panel)
                          ? fabs((x[1] - x[0]) * DEGREE * (sin(y[1] * DEGREE) - sin(y[0] * DEGREE)))
                          : polar_area(c->panel->frame.re, x[0], x[1], y[0], y[1]);
        c->area[c->first_point + p] = unit * square;
    }
}

static double triangle(double a[3], double b[3], double c[3])
{
    double triple = a[0] * (b[1] * c[2] - b[2] * c[1]) + a[1] * (b[2] * c[0] - b[0] * c[2]) +
                    a[2] * (b[0] * c[1] - b[1] * c[0]);
    double ab = a[0] * b[0] + a[1] * b[1] + a[2] * b[2],
           bc = b[0] * c[0] + b[1] * c[1] + b[2] * c[2],
           ca = c[0] * a[0] + c[1] * a[1] + c[2] * a[2];

    return 2 * atan2(triple, 1 + ab + bc + ca); /* of a unit sphere, with a sign */
}

/* Of a mesh: the quadrangle of great circles through the corners. */
static void mesh_areas_of_block(void *context, size_t first, size_t n)
{
    const cells *c = context;
    size_t ni = (size_t)c->grid->ni;

    for (size_t p = first; p < first + n; p++) {
        size_t i = p % ni, j = p / ni;
        double v[4][3];
        for (int corner = 0; corner < 4; corner++) {
            double x = (double)i - 0.5 + corner_x[corner], lat, lon;
            double y = (double)j - 0.5 + corner_y[corner];
            f24_points_at(c->grid->points, 1, &x, &y, &lat, &lon);
            v[corner][0] = cos(lat * DEGREE) * cos(lon * DEGREE);
            v[corner][1] = cos(lat * DEGREE) * sin(lon * DEGREE);
            v[corner][2] = sin(lat * DEGREE);
        }
        c->area[p] =
            fabs(triangle(v[0], v[1], v[2]) + triangle(v[0], v[2], v[3])) * c->radius * c->radius;
    }
}

f24_status f24_grid_areas(const f24_grid *grid, double radius, double *area, int n_threads,
                          f24_error *err)
{
    cells c = {.grid = grid, .area = area, .radius = radius};

    if (is_list(grid))
        return no_cells(grid, err);
    if (grid->points == NULL)
        return for_panels(&c, n_threads, areas_of_block, err);
    f24_blocks((size_t)grid->ni * (size_t)grid->nj, n_threads, mesh_areas_of_block, &c);
    return F24_OK;
}

/* --------------------------------------------------------------------------------- directions --- */

typedef struct directions {
    const f24_grid *grid;
    const double *x, *y; /* NULL: of all points */
    double *cosines, *sines;
} directions;

/* Eastward and northward parts of a vector at a position, as one angle. */
static void set_direction(const directions *d, size_t p, double east, double north)
{
    double length = hypot(east, north);

    d->cosines[p] = length > 0 ? east / length : 1;
    d->sines[p] = length > 0 ? north / length : 0;
}

/* 7.9: the pole of the frame is to the left of its x axis, at a right angle. */
static void rotated_direction(const directions *d, size_t p, const double *rotation, double lat,
                              double lon)
{
    const double *pole = rotation + 6;
    double sin_lat = sin(lat * DEGREE), cos_lat = cos(lat * DEGREE);
    double sin_lon = sin(lon * DEGREE), cos_lon = cos(lon * DEGREE);
    double east = -sin_lon * pole[0] + cos_lon * pole[1];
    double north = -sin_lat * cos_lon * pole[0] - sin_lat * sin_lon * pole[1] + cos_lat * pole[2];

    set_direction(d, p, north, -east);
}

static void mesh_direction(const directions *d, size_t p, double x, double y, double lat,
                           double lon)
{
    const double xs[2] = {x - 0.5, x + 0.5}, ys[2] = {y, y};
    double lats[2], lons[2], v[3];
    double sin_lat = sin(lat * DEGREE), cos_lat = cos(lat * DEGREE);
    double sin_lon = sin(lon * DEGREE), cos_lon = cos(lon * DEGREE);

    f24_points_at(d->grid->points, 2, xs, ys, lats, lons);
    v[0] = cos(lats[1] * DEGREE) * cos(lons[1] * DEGREE) -
           cos(lats[0] * DEGREE) * cos(lons[0] * DEGREE);
    v[1] = cos(lats[1] * DEGREE) * sin(lons[1] * DEGREE) -
           cos(lats[0] * DEGREE) * sin(lons[0] * DEGREE);
    v[2] = sin(lats[1] * DEGREE) - sin(lats[0] * DEGREE);
    set_direction(d, p, -sin_lon * v[0] + cos_lon * v[1],
                  -sin_lat * (cos_lon * v[0] + sin_lon * v[1]) + cos_lat * v[2]);
}

static void directions_of_block(void *context, size_t first, size_t n)
{
    const directions *d = context;
    const f24_grid *grid = d->grid;
    double x[F24_GRID_BLOCK], y[F24_GRID_BLOCK], lat[F24_GRID_BLOCK], lon[F24_GRID_BLOCK];

    f24_grid_indices(grid, first, n, x, y);
    for (size_t p = 0; d->x != NULL && p < n; p++) {
        x[p] = d->x[first + p];
        y[p] = d->y[first + p];
    }
    f24_grid_block_at(grid, n, x, y, lat, lon);
    for (size_t p = 0; p < n; p++) {
        const f24_frame *frame = &grid->panels[f24_grid_panel_of(grid, y[p])].frame;
        double turned =
            frame->kind == F24_FRAME_NORTH ? 270 - lon[p] - frame->dgrw : 90 + lon[p] - frame->dgrw;
        if (grid->points != NULL && grid->points->is_mesh)
            mesh_direction(d, first + p, x[p], y[p], lat[p], lon[p]);
        else if (grid->points != NULL || frame->kind == F24_FRAME_LATLON)
            set_direction(d, first + p, 1, 0);
        else if (frame->kind == F24_FRAME_ROTATED)
            rotated_direction(d, first + p, frame->rotation, lat[p], lon[p]);
        else
            set_direction(d, first + p, cos(turned * DEGREE), sin(turned * DEGREE));
    }
}

void f24_grid_directions(const f24_grid *grid, const double *x, const double *y, size_t n,
                         double *cosines, double *sines, int n_threads)
{
    directions d = {grid, x, y, cosines, sines};

    f24_blocks(x != NULL ? n : (size_t)grid->ni * (size_t)grid->nj, n_threads, directions_of_block,
               &d);
}
