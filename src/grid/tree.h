/* Points on the sphere in a tree that finds the nearest ones. */
#ifndef F24_GRID_TREE_H
#define F24_GRID_TREE_H

#include "base/error.h"

typedef struct f24_tree f24_tree;

/* Of n positions in degrees, n below 2^31; those that are not finite are left out. F24_ENOMEM. */
f24_status f24_tree_make(size_t n, const double *lat, const double *lon, f24_tree **tree,
                         f24_error *err);
void f24_tree_free(f24_tree *tree);

/*
 * The points nearest to a unit vector, the nearest first: up to n_wanted (16 at most) of them into
 * `found`. Returns how many.
 */
int f24_tree_nearest(const f24_tree *tree, const double at[3], int n_wanted, int32_t *found);

#endif
