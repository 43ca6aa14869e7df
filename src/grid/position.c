/* Positions of points and indices of positions, block by block. */
#include "base/parallel.h"
#include "grid/grid.h"

#include <math.h>

#define CHUNK ((size_t)32 * F24_GRID_BLOCK) /* points that a thread takes at once */

typedef struct task {
    const f24_grid *grid;
    size_t n;
    const double *in[2]; /* x and y, or lat and lon */
    double *out[2];      /* lat and lon, or x and y */
    void (*block)(const struct task *task, size_t first, size_t n);
} task;

static void do_chunk(void *context, size_t chunk)
{
    const task *t = context;
    size_t first = chunk * CHUNK, end = t->n - first < CHUNK ? t->n : first + CHUNK;

    for (; first < end; first += F24_GRID_BLOCK)
        t->block(t, first, end - first < F24_GRID_BLOCK ? end - first : F24_GRID_BLOCK);
}

static void run(task *t, int n_threads)
{
    f24_parallel((t->n + CHUNK - 1) / CHUNK, n_threads, do_chunk, t);
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

static void points_of_block(const task *t, size_t first, size_t n)
{
    const f24_grid *grid = t->grid;
    size_t ni = (size_t)grid->ni, i = first % ni, j = first / ni;
    double x[F24_GRID_BLOCK], y[F24_GRID_BLOCK];

    for (size_t p = 0; p < n; p++) {
        x[p] = (double)i;
        y[p] = (double)j;
        if (++i == ni) {
            i = 0;
            j++;
        }
    }
    latlon_of_panel(grid->panels, n, x, y, t->out[0] + first, t->out[1] + first);
}

static void places_of_block(const task *t, size_t first, size_t n)
{
    latlon_of_panel(t->grid->panels, n, t->in[0] + first, t->in[1] + first, t->out[0] + first,
                    t->out[1] + first);
}

void f24_grid_latlon(const f24_grid *grid, double *lat, double *lon, int n_threads)
{
    task t = {grid, (size_t)grid->ni * (size_t)grid->nj, {NULL, NULL}, {lat, lon}, points_of_block};

    run(&t, n_threads);
}

void f24_grid_latlon_at(const f24_grid *grid, const double *x, const double *y, size_t n,
                        double *lat, double *lon, int n_threads)
{
    task t = {grid, n, {x, y}, {lat, lon}, places_of_block};

    run(&t, n_threads);
}

/* ------------------------------------------------------------------------- position to index --- */

static void indices_of_block(const task *t, size_t first, size_t n)
{
    const f24_panel *panel = t->grid->panels;
    double u[F24_GRID_BLOCK], v[F24_GRID_BLOCK];

    f24_frame_from_latlon(&panel->frame, n, t->in[0] + first, t->in[1] + first, u, v);
    f24_axis_find(&panel->x, n, u, t->out[0] + first);
    f24_axis_find(&panel->y, n, v, t->out[1] + first);
}

void f24_grid_xy(const f24_grid *grid, const double *lat, const double *lon, size_t n, double *x,
                 double *y, int n_threads)
{
    task t = {grid, n, {lat, lon}, {x, y}, indices_of_block};

    run(&t, n_threads);
}
