/*
 * A grid is a panel or several (yin-yang has two): two axes in the coordinates of a frame, and the
 * frame's place on the sphere (docs/format/metadata.md, 7). Everything is in double precision.
 */
#ifndef F24_GRID_GRID_H
#define F24_GRID_GRID_H

#include "base/error.h"
#include "grid/blocks.h"

/* ----------------------------------------------------------------------------------- axes --- */

/*
 * Coordinates of the columns or rows of a panel. Those of a table are kept as sign x coordinate, so
 * that they rise; one that goes all around has its first value again at the end, a turn further.
 */
typedef struct f24_axis {
    int32_t n;          /* points */
    int32_t n_cells;    /* intervals that can be searched: n - 1, or n of a table that is closed */
    double start, step; /* without a table */
    double *at;         /* n_cells + 1 values; NULL: start + i x step */
    double sign;        /* 1, or -1 for a table that falls */
    int32_t *cell;      /* bucket -> the cell of its lower end; n_buckets + 1 entries */
    int32_t n_buckets;
    double per_unit; /* buckets */
    bool is_angle;   /* 360 degrees further is the same place */
    double low;      /* of an angle: sign x coordinate is looked for in low to low + 360 */
    double period;   /* in indices, of one that goes all around; else 0 */
} f24_axis;

/* start + i x step; an angle goes all around when the last point is one step short of a turn, or a
 * turn further than the first. */
void f24_axis_regular(f24_axis *axis, int32_t n, double start, double step, bool is_angle);

/*
 * From n values that rise or fall; `what` names them in errors. Angles may pass 360 and begin again.
 * F24_ECORRUPT, F24_ENOMEM. Free with f24_axis_free.
 */
f24_status f24_axis_table(f24_axis *axis, int32_t n, const double *values, bool is_angle,
                          const char *what, f24_error *err);
void f24_axis_free(f24_axis *axis);

/* Coordinates at n indices, which may lie between points or beyond the ends; and back. */
void f24_axis_at(const f24_axis *axis, size_t n, const double *index, double *coordinate);
void f24_axis_find(const f24_axis *axis, size_t n, const double *coordinate, double *index);

/* ---------------------------------------------------------------------------------- frames --- */

typedef struct f24_frame {
    f24_frame_kind kind;
    double parameters[4]; /* as f24_ig_decode gives them */
    double rotation[9];   /* rows: true -> rotated */
    double re;            /* polar: (1 + sin 60) x radius / d60 */
    double dgrw;          /* degrees */
} f24_frame;

/* Grid lengths between pole and equator of a polar stereographic grid. */
double f24_polar_re(double d60);

/*
 * The frame of a grid E, L, N or S with these parameters. A rotation that is none gives a LATLON frame.
 * F24_ECORRUPT: no frame can be made of them.
 */
f24_status f24_frame_make(f24_frame *frame, char grtyp, const double parameters[4], f24_error *err);

/* n <= F24_GRID_BLOCK points: coordinates of the frame to positions in degrees, and back. */
void f24_frame_to_latlon(const f24_frame *frame, size_t n, const double *u, const double *v,
                         double *lat, double *lon);
void f24_frame_from_latlon(const f24_frame *frame, size_t n, const double *lat, const double *lon,
                           double *u, double *v);

/* ----------------------------------------------------------------------------------- grids --- */

typedef struct f24_panel {
    f24_frame frame;
    f24_axis x, y;
    bool has_ends; /* A, B and G: their rows fill a hemisphere or two, */
    double end[2]; /* from this latitude to that one */
} f24_panel;

#define F24_MOST_PANELS 8 /* files have two */

struct f24_points;

struct f24_grid {
    char grtyp;
    int32_t ni, nj; /* of the field: nj counts the rows of all panels */
    int32_t n_panels;
    f24_panel panels[F24_MOST_PANELS];
    struct f24_points *points; /* in place of panels: points.h */
};

/* yinyang.c: the panels of a grid U. */
f24_status f24_make_yinyang(f24_grid *grid, const f24_grid_definition *d, f24_error *err);

/* position.c: for n <= F24_GRID_BLOCK points. Indices of the points from `first` on, in Fortran order. */
void f24_grid_indices(const f24_grid *grid, size_t first, size_t n, double *x, double *y);
void f24_grid_block_at(const f24_grid *grid, size_t n, const double *x, const double *y,
                       double *lat, double *lon);
/* The panel that has row y. */
int32_t f24_grid_panel_of(const f24_grid *grid, double y);

/* Gauss-Legendre latitudes of n rows, south to north, into lat[n]. */
void f24_gauss_latitudes(int32_t n, double *lat);
#define F24_GAUSS_MOST                                                                             \
    20000 /* rows: their work grows with the square, and no model has half of it */

#endif
