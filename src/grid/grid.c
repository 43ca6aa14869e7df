/* From a definition to a grid: one maker for each family of grtyp (docs/format/metadata.md, 7.3 to 7.6). */
#include "grid/grid.h"
#include "grid/points.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

static const double no_frame[4] = {0, 0, 1, 1};

/* ------------------------------------------------------------------- closed forms (7.3 to 7.5) --- */

static f24_status gauss_axis(f24_axis *axis, int32_t nj, int32_t hemisphere, bool is_flipped,
                             f24_error *err)
{
    int32_t n = hemisphere == 0 ? nj : 2 * nj, first = hemisphere == 1 ? nj : 0;
    f24_status status;
    double *lat;

    if (n > F24_GAUSS_MOST)
        return f24_fail(err, F24_EUNSUPPORTED, -1, "%d Gaussian latitudes; %d at most are computed",
                        (int)n, F24_GAUSS_MOST);
    lat = malloc((size_t)n * sizeof *lat);
    if (lat == NULL)
        return f24_fail(err, F24_ENOMEM, -1, "no memory for %d latitudes", (int)n);
    f24_gauss_latitudes(n, lat);
    if (is_flipped) {
        for (int32_t j = 0; j < nj / 2; j++) {
            double kept = lat[first + j];
            lat[first + j] = lat[first + nj - 1 - j];
            lat[first + nj - 1 - j] = kept;
        }
    }
    status = f24_axis_table(axis, nj, lat + first, false, "the list of latitudes", err);
    free(lat);
    return status;
}

/* A, B and G: the whole sphere or half of it. */
static f24_status make_global(f24_grid *grid, const f24_grid_definition *d, f24_error *err)
{
    int32_t hemisphere = d->ig[0], ni = d->ni, nj = d->nj;
    double range = hemisphere == 0 ? 180 : 90, south = hemisphere == 1 ? 0 : -90;
    bool has_poles = d->grtyp == 'B', is_flipped = d->ig[1] == 1;
    double lat_step = has_poles ? range / (nj - 1) : range / nj;
    double first = has_poles ? south : south + lat_step / 2;
    f24_panel *panel = grid->panels;

    if (hemisphere < 0 || hemisphere > 2 || d->ig[1] < 0 || d->ig[1] > 1)
        return f24_fail(
            err, F24_ECORRUPT, -1,
            "ig1 and ig2 of grtyp %c are %d and %d: 0 to 2 is the hemisphere, 0 or 1 the "
            "direction of j",
            d->grtyp, (int)hemisphere, (int)d->ig[1]);
    if (has_poles && (ni < 2 || nj < 2))
        return f24_fail(err, F24_ECORRUPT, -1, "a grid B of %d x %d points has no two ends",
                        (int)ni, (int)nj);
    panel->has_ends = true;
    panel->end[is_flipped] = south;
    panel->end[!is_flipped] = south + range;
    F24_TRY(f24_frame_make(&panel->frame, 'L', no_frame, err));
    f24_axis_regular(&panel->x, ni, 0, has_poles ? 360.0 / (ni - 1) : 360.0 / ni, true);
    if (d->grtyp == 'G')
        return gauss_axis(&panel->y, nj, hemisphere, is_flipped, err);
    if (is_flipped)
        f24_axis_regular(&panel->y, nj, first + (nj - 1) * lat_step, -lat_step, false);
    else
        f24_axis_regular(&panel->y, nj, first, lat_step, false);
    return F24_OK;
}

static f24_status make_latlon(f24_grid *grid, const f24_grid_definition *d, f24_error *err)
{
    f24_panel *panel = grid->panels;
    double p[4];

    F24_TRY(f24_ig_decode('L', d->ig, p, err));
    if (!(p[2] > 0) || !(p[3] > 0))
        return f24_fail(err, F24_ECORRUPT, -1, "a grid L with steps of %g and %g degrees", p[2],
                        p[3]);
    F24_TRY(f24_frame_make(&panel->frame, 'L', p, err));
    f24_axis_regular(&panel->x, d->ni, p[1], p[3], true);
    f24_axis_regular(&panel->y, d->nj, p[0], p[2], false);
    return F24_OK;
}

static f24_status make_polar(f24_grid *grid, const f24_grid_definition *d, f24_error *err)
{
    f24_panel *panel = grid->panels;
    double p[4];

    F24_TRY(f24_ig_decode(d->grtyp, d->ig, p, err));
    F24_TRY(f24_frame_make(&panel->frame, d->grtyp, p, err));
    f24_axis_regular(&panel->x, d->ni, 1 - p[0], 1, false);
    f24_axis_regular(&panel->y, d->nj, 1 - p[1], 1, false);
    return F24_OK;
}

static f24_status make_rotated(f24_grid *grid, const f24_grid_definition *d, f24_error *err)
{
    f24_panel *panel = grid->panels;
    double p[4], step = 180.0 / d->nj;

    F24_TRY(f24_ig_decode('E', d->ig, p, err));
    F24_TRY(f24_frame_make(&panel->frame, 'E', p, err));
    if (d->ni < 2)
        return f24_fail(err, F24_ECORRUPT, -1, "a grid E with one column has no two ends");
    f24_axis_regular(&panel->x, d->ni, 0, 360.0 / (d->ni - 1), true);
    f24_axis_regular(&panel->y, d->nj, step / 2 - 90, step, false);
    return F24_OK;
}

/* ---------------------------------------------------------------------- axes of their own (7.6) --- */

/* `n` values of the axis from `first` on, in the coordinates of the frame. */
static f24_status own_axis(f24_axis *axis, const double *values, int32_t n, double origin,
                           double scale, bool is_angle, const char *what, f24_error *err)
{
    double *scaled = malloc((size_t)n * sizeof *scaled);
    f24_status status;

    if (scaled == NULL)
        return f24_fail(err, F24_ENOMEM, -1, "no memory for an axis of %d points", (int)n);
    for (int32_t i = 0; i < n; i++)
        scaled[i] = origin + values[i] * scale;
    status = f24_axis_table(axis, n, scaled, is_angle, what, err);
    free(scaled);
    return status;
}

/* Where in the axes a field begins, 0-based: tiles say it in ig3 and ig4. */
static f24_status part_of_axes(const f24_grid_definition *d, size_t first[2], f24_error *err)
{
    bool is_tile = d->grtyp == '#';
    bool fits;

    if (d->ax == NULL || d->ay == NULL)
        return f24_fail(err, F24_EINVAL, -1, "a grid %c is made of axes: >> and ^^ are missing",
                        d->grtyp);
    if (is_tile) {
        if (d->ig[2] < 1 || d->ig[3] < 1)
            return f24_fail(err, F24_ECORRUPT, -1,
                            "a tile begins at point (%d, %d), ig3 and ig4: they count from 1",
                            (int)d->ig[2], (int)d->ig[3]);
        first[0] = (size_t)d->ig[2] - 1;
        first[1] = (size_t)d->ig[3] - 1;
    }
    fits = is_tile ? first[0] + (size_t)d->ni <= d->n_ax && first[1] + (size_t)d->nj <= d->n_ay
                   : (size_t)d->ni == d->n_ax && (size_t)d->nj == d->n_ay;
    if (!fits)
        return f24_fail(err, F24_ECORRUPT, -1,
                        "%d x %d points from (%zu, %zu) on do not fit axes of %zu and %zu values",
                        (int)d->ni, (int)d->nj, first[0], first[1], d->n_ax, d->n_ay);
    return F24_OK;
}

/* The frame that axes or points are in, and how their values become its coordinates: origin and scale. */
static f24_status reference_frame(const f24_grid_definition *d, f24_frame *frame, double x[2],
                                  double y[2], f24_error *err)
{
    double p[4];

    if (d->ref_grtyp != 'E' && d->ref_grtyp != 'L' && d->ref_grtyp != 'N' && d->ref_grtyp != 'S')
        return f24_fail(err, F24_EUNSUPPORTED, -1,
                        "axes on a grid of type '%c': E, L, N and S are known",
                        d->ref_grtyp >= ' ' && d->ref_grtyp <= '~' ? d->ref_grtyp : '?');
    F24_TRY(f24_ig_decode(d->ref_grtyp, d->ref_ig, p, err));
    F24_TRY(f24_frame_make(frame, d->ref_grtyp, p, err));
    x[0] = y[0] = 0;
    x[1] = y[1] = 1;
    if (d->ref_grtyp == 'L') {
        x[0] = p[1];
        x[1] = p[3];
        y[0] = p[0];
        y[1] = p[2];
    } else if (d->ref_grtyp != 'E') {
        x[0] = -p[0];
        y[0] = -p[1];
    }
    return F24_OK;
}

static f24_status make_on_axes(f24_grid *grid, const f24_grid_definition *d, f24_error *err)
{
    f24_panel *panel = grid->panels;
    size_t first[2] = {0, 0};
    double x[2], y[2];
    bool is_angle;

    F24_TRY(part_of_axes(d, first, err));
    F24_TRY(reference_frame(d, &panel->frame, x, y, err));
    is_angle = panel->frame.kind == F24_FRAME_LATLON || panel->frame.kind == F24_FRAME_ROTATED;
    F24_TRY(own_axis(&panel->x, d->ax + first[0], d->ni, x[0], x[1], is_angle, ">>", err));
    return own_axis(&panel->y, d->ay + first[1], d->nj, y[0], y[1], false, "^^", err);
}

/* ------------------------------------------------------------------ points of their own (7.8) --- */

/* The reference takes a Z whose ">>" and "^^" have the same dimensions for a list of points. */
static bool has_points(const f24_grid_definition *d)
{
    size_t n = (size_t)d->ni * (size_t)d->nj;

    return d->n_ax == n && d->n_ay == n && (d->n_ax != (size_t)d->ni || d->n_ay != (size_t)d->nj);
}

static f24_status make_points(f24_grid *grid, const f24_grid_definition *d, f24_error *err)
{
    size_t n = (size_t)d->ni * (size_t)d->nj;
    bool is_mesh = d->grtyp == 'O' || d->grtyp == 'X';
    f24_frame *frame = &grid->panels[0].frame;
    double x[2], y[2], *u, *v;
    f24_status status;

    if (d->ax == NULL || d->ay == NULL)
        return f24_fail(err, F24_EINVAL, -1, "a grid %c is made of points: >> and ^^ are missing",
                        d->grtyp);
    if (d->n_ax != n || d->n_ay != n || n > INT32_MAX)
        return f24_fail(err, F24_ECORRUPT, -1, "%zu and %zu values do not place %d x %d points",
                        d->n_ax, d->n_ay, (int)d->ni, (int)d->nj);
    F24_TRY(reference_frame(d, frame, x, y, err));
    u = malloc(n * sizeof *u);
    v = malloc(n * sizeof *v);
    status = u != NULL && v != NULL ? F24_OK
                                    : f24_fail(err, F24_ENOMEM, -1, "no memory for %zu points", n);
    for (size_t p = 0; status == F24_OK && p < n; p++) {
        u[p] = x[0] + d->ax[p] * x[1];
        v[p] = y[0] + d->ay[p] * y[1];
    }
    if (status == F24_OK)
        status = f24_points_make(d->ni, d->nj, is_mesh, frame, u, v, &grid->points, err);
    free(u);
    free(v);
    return status;
}

/* ------------------------------------------------------------------------------------- all --- */

static f24_status make(f24_grid *grid, const f24_grid_definition *d, f24_error *err)
{
    switch (d->grtyp) {
    case 'A':
    case 'B':
    case 'G':
        return make_global(grid, d, err);
    case 'L':
        return make_latlon(grid, d, err);
    case 'N':
    case 'S':
        return make_polar(grid, d, err);
    case 'E':
        return make_rotated(grid, d, err);
    case 'Z':
        return has_points(d) ? make_points(grid, d, err) : make_on_axes(grid, d, err);
    case '#':
        return make_on_axes(grid, d, err);
    case 'O':
    case 'X':
    case 'Y':
    case 'M':
        return make_points(grid, d, err);
    case 'U':
        return f24_make_yinyang(grid, d, err);
    default:
        return f24_fail(err, F24_EUNSUPPORTED, -1,
                        "nothing is known of where the points of grtyp '%c' are",
                        d->grtyp >= ' ' && d->grtyp <= '~' ? d->grtyp : '?');
    }
}

f24_status f24_grid_open(const f24_grid_definition *definition, f24_grid **grid, f24_error *err)
{
    const f24_grid_definition *d = definition;
    f24_status status;
    f24_grid *made;

    if (d->ni < 1 || d->nj < 1)
        return f24_fail(err, F24_EINVAL, -1, "a grid of %d x %d points", (int)d->ni, (int)d->nj);
    made = calloc(1, sizeof *made);
    if (made == NULL)
        return f24_fail(err, F24_ENOMEM, -1, "no memory for a grid");
    made->grtyp = d->grtyp;
    made->ni = d->ni;
    made->nj = d->nj;
    made->n_panels = 1;
    status = make(made, d, err);
    if (status != F24_OK) {
        f24_grid_close(made);
        return status;
    }
    *grid = made;
    return F24_OK;
}

void f24_grid_close(f24_grid *grid)
{
    if (grid == NULL)
        return;
    f24_points_free(grid->points);
    for (int k = 0; k < F24_MOST_PANELS; k++) {
        f24_axis_free(&grid->panels[k].x);
        f24_axis_free(&grid->panels[k].y);
    }
    free(grid);
}

/* ----------------------------------------------------------------------------------- facts --- */

int32_t f24_grid_panels(const f24_grid *grid)
{
    return grid->n_panels;
}

void f24_grid_get_frame(const f24_grid *grid, int32_t panel, f24_grid_frame *frame)
{
    const f24_frame *own = &grid->panels[panel].frame;

    frame->kind = own->kind;
    memcpy(frame->parameters, own->parameters, sizeof frame->parameters);
    memcpy(frame->rotation, own->rotation, sizeof frame->rotation);
    frame->period = grid->panels[panel].x.period;
    if (grid->points != NULL)
        frame->kind = grid->points->is_mesh ? F24_FRAME_MESH : F24_FRAME_LIST;
}

static void coordinates_of(const f24_axis *axis, double *out)
{
    for (int32_t i = 0; i < axis->n; i++) {
        double index = i;
        f24_axis_at(axis, 1, &index, out + i);
    }
}

f24_status f24_grid_axes(const f24_grid *grid, int32_t panel, double *x, double *y, f24_error *err)
{
    if (grid->points != NULL)
        return f24_fail(err, F24_EUNSUPPORTED, -1,
                        "the points of this grid %c are told one by one: it has no axes",
                        grid->grtyp);
    coordinates_of(&grid->panels[panel].x, x);
    coordinates_of(&grid->panels[panel].y, y);
    return F24_OK;
}
