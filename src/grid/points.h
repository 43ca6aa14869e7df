/* Grids whose points are told one by one: lists (Y, M) and meshes of ni x nj corners (O, X). */
#ifndef F24_GRID_POINTS_H
#define F24_GRID_POINTS_H

#include "grid/grid.h"
#include "grid/tree.h"

#include <pthread.h>

struct f24_points {
    int32_t ni, nj;
    bool is_mesh; /* neighbours in the arrays are neighbours on the sphere */
    double *lat, *lon;
    pthread_mutex_t mutex; /* of the tree, which the first search makes */
    f24_tree *tree;
};

/* ni x nj points at these coordinates of a frame. F24_ENOMEM. */
f24_status f24_points_make(int32_t ni, int32_t nj, bool is_mesh, const f24_frame *frame,
                           const double *u, const double *v, struct f24_points **points,
                           f24_error *err);
void f24_points_free(struct f24_points *points);

/* Make the tree if it is not there. F24_ENOMEM. */
f24_status f24_points_prepare(struct f24_points *points, f24_error *err);

/* Positions of n places: in a mesh between points, in a list those of the nearest index. */
void f24_points_at(const struct f24_points *points, size_t n, const double *x, const double *y,
                   double *lat, double *lon);

/* Places of n positions, after f24_points_prepare: NaN outside of a mesh; the nearest of a list. */
void f24_points_find(const struct f24_points *points, size_t n, const double *lat,
                     const double *lon, double *x, double *y);

#endif
