/* Positions of points and indices of positions, block by block. */
#include "grid/blocks.h"
#include "grid/grid.h"
#include "grid/points.h"

#include <math.h>
#include <string.h>

typedef struct task {
    const f24_grid *grid;
    const double *in[2]; /* x and y, or lat and lon */
    double *out[2];      /* lat and lon, or x and y */
    uint8_t *is_core;
} task;

static int32_t rows_of_panel(const f24_grid *grid)
{
    return grid->nj / grid->n_panels;
}

/* ------------------------------------------------------------------------- index to position --- */

static void latlon_of_panel(const f24_panel *panel, size_t n, const double *x, const double *y,
                            double *lat, double *lon)
{
    double u[F24_GRID_BLOCK], v[F24_GRID_BLOCK];

    f24_axis_at(&panel->x, n, x, u);
    f24_axis_at(&panel->y, n, y, v);
    f24_frame_to_latlon(&panel->frame, n, u, v, lat, lon);
}

void f24_grid_indices(const f24_grid *grid, size_t first, size_t n, double *x, double *y)
{
    size_t ni = (size_t)grid->ni, i = first % ni, j = first / ni;

    for (size_t p = 0; p < n; p++) {
        x[p] = (double)i;
        y[p] = (double)j;
        if (++i == ni) {
            i = 0;
            j++;
        }
    }
}

/* Rows of panel k are k x rows and more: half a row before them is theirs, too. */
int32_t f24_grid_panel_of(const f24_grid *grid, double y)
{
    double k = floor((y + 0.5) / rows_of_panel(grid));

    return k > 0 ? (k < grid->n_panels ? (int32_t)k : grid->n_panels - 1) : 0;
}

void f24_grid_block_at(const f24_grid *grid, size_t n, const double *x, const double *y,
                       double *lat, double *lon)
{
    double own_y[F24_GRID_BLOCK], own_lat[F24_GRID_BLOCK], own_lon[F24_GRID_BLOCK];

    if (grid->points != NULL) {
        f24_points_at(grid->points, n, x, y, lat, lon);
        return;
    }
    if (grid->n_panels == 1) {
        latlon_of_panel(grid->panels, n, x, y, lat, lon);
        return;
    }
    for (int32_t k = 0; k < grid->n_panels; k++) {
        for (size_t p = 0; p < n; p++)
            own_y[p] = y[p] - (double)k * rows_of_panel(grid);
        latlon_of_panel(&grid->panels[k], n, x, own_y, own_lat, own_lon);
        for (size_t p = 0; p < n; p++) {
            if (f24_grid_panel_of(grid, y[p]) == k) {
                lat[p] = own_lat[p];
                lon[p] = own_lon[p];
            }
        }
    }
}

static void points_of_block(void *context, size_t first, size_t n)
{
    const task *t = context;
    double x[F24_GRID_BLOCK], y[F24_GRID_BLOCK];

    f24_grid_indices(t->grid, first, n, x, y);
    f24_grid_block_at(t->grid, n, x, y, t->out[0] + first, t->out[1] + first);
}

static void places_of_block(void *context, size_t first, size_t n)
{
    const task *t = context;

    f24_grid_block_at(t->grid, n, t->in[0] + first, t->in[1] + first, t->out[0] + first,
                      t->out[1] + first);
}

static size_t n_points(const f24_grid *grid)
{
    return (size_t)grid->ni * (size_t)grid->nj;
}

void f24_grid_latlon(const f24_grid *grid, double *lat, double *lon, int n_threads)
{
    task t = {.grid = grid, .out = {lat, lon}};

    if (grid->points == NULL) {
        f24_blocks(n_points(grid), n_threads, points_of_block, &t);
        return;
    }
    memcpy(lat, grid->points->lat, n_points(grid) * sizeof *lat);
    memcpy(lon, grid->points->lon, n_points(grid) * sizeof *lon);
}

void f24_grid_latlon_at(const f24_grid *grid, const double *x, const double *y, size_t n,
                        double *lat, double *lon, int n_threads)
{
    task t = {.grid = grid, .in = {x, y}, .out = {lat, lon}};

    f24_blocks(n, n_threads, places_of_block, &t);
}

/* ------------------------------------------------------------------------- position to index --- */

/* How well a panel serves a place: 2 in its core (7.7), 1 inside of it, 0 outside. */
static int fitness(const f24_panel *panel, double u, double v, double x, double y)
{
    bool is_inside = x >= 0 && x <= panel->x.n - 1 && y >= 0 && y <= panel->y.n - 1;

    if (!is_inside)
        return 0;
    return fabs(v) <= 45 && fabs(u - 180) <= 135 ? 2 : 1;
}

/* Of several panels the first whose core has the place; else the first that has it at all. */
static void find_in_panels(const f24_grid *grid, size_t n, const double *lat, const double *lon,
                           double *x, double *y)
{
    double u[F24_GRID_BLOCK], v[F24_GRID_BLOCK], own_x[F24_GRID_BLOCK], own_y[F24_GRID_BLOCK];
    int best[F24_GRID_BLOCK] = {0};

    for (int32_t k = 0; k < grid->n_panels; k++) {
        const f24_panel *panel = &grid->panels[k];
        f24_frame_from_latlon(&panel->frame, n, lat, lon, u, v);
        f24_axis_find(&panel->x, n, u, own_x);
        f24_axis_find(&panel->y, n, v, own_y);
        for (size_t p = 0; p < n; p++) {
            int fit = fitness(panel, u[p], v[p], own_x[p], own_y[p]);
            if (k == 0 || fit > best[p]) {
                best[p] = fit;
                x[p] = own_x[p];
                y[p] = own_y[p] + (double)k * rows_of_panel(grid);
            }
        }
    }
    /* A row beyond a panel is one of the next: outside of all there is no index. */
    for (size_t p = 0; p < n; p++) {
        if (best[p] == 0)
            x[p] = y[p] = NAN;
    }
}

static void find_block(const f24_grid *grid, size_t n, const double *lat, const double *lon,
                       double *x, double *y)
{
    const f24_panel *panel = grid->panels;
    double u[F24_GRID_BLOCK], v[F24_GRID_BLOCK];

    if (grid->points != NULL) {
        f24_points_find(grid->points, n, lat, lon, x, y);
    } else if (grid->n_panels > 1) {
        find_in_panels(grid, n, lat, lon, x, y);
    } else {
        f24_frame_from_latlon(&panel->frame, n, lat, lon, u, v);
        f24_axis_find(&panel->x, n, u, x);
        f24_axis_find(&panel->y, n, v, y);
    }
}

static void indices_of_block(void *context, size_t first, size_t n)
{
    const task *t = context;

    find_block(t->grid, n, t->in[0] + first, t->in[1] + first, t->out[0] + first,
               t->out[1] + first);
}

f24_status f24_grid_xy(const f24_grid *grid, const double *lat, const double *lon, size_t n,
                       double *x, double *y, int n_threads, f24_error *err)
{
    task t = {.grid = grid, .in = {lat, lon}, .out = {x, y}};

    if (grid->points != NULL)
        F24_TRY(f24_points_prepare(grid->points, err));
    f24_blocks(n, n_threads, indices_of_block, &t);
    return F24_OK;
}

/* ------------------------------------------------------------------------------- each place once --- */

static void core_of_block(void *context, size_t first, size_t n)
{
    const task *t = context;
    const f24_grid *grid = t->grid;
    double x[F24_GRID_BLOCK] = {0}, y[F24_GRID_BLOCK] = {0}, lat[F24_GRID_BLOCK],
           lon[F24_GRID_BLOCK], best_x[F24_GRID_BLOCK], best_y[F24_GRID_BLOCK];
    double period = grid->panels[0].x.period;

    f24_grid_indices(grid, first, n, x, y);
    if (grid->points != NULL || grid->n_panels == 1) {
        for (size_t p = 0; p < n; p++)
            t->is_core[first + p] = period == 0 || x[p] < period;
        return;
    }
    f24_grid_block_at(grid, n, x, y, lat, lon);
    find_in_panels(grid, n, lat, lon, best_x, best_y);
    for (size_t p = 0; p < n; p++)
        t->is_core[first + p] = !isfinite(best_y[p]) ||
                                f24_grid_panel_of(grid, best_y[p]) == f24_grid_panel_of(grid, y[p]);
}

void f24_grid_core(const f24_grid *grid, uint8_t *is_core, int n_threads)
{
    task t = {.grid = grid, .is_core = is_core};

    f24_blocks(n_points(grid), n_threads, core_of_block, &t);
}
