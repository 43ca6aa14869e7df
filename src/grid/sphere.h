/* Loops over positions on the sphere, compiled for several levels of the processor from one text. */
#ifndef F24_GRID_SPHERE_H
#define F24_GRID_SPHERE_H

#include <stddef.h>

/* Angles in degrees; longitudes come out in 0 to 360. Inputs and outputs do not overlap. */
typedef struct f24_sphere {
    /* `matrix`: 3 x 3, row by row, from the frame of the input to that of the output. */
    void (*rotate)(const double *matrix, size_t n, const double *lon, const double *lat,
                   double *out_lon, double *out_lat);
    /* North polar stereographic: grid lengths from the pole, `re` of them to the equator. */
    void (*from_polar)(double re, double dgrw, size_t n, const double *x, const double *y,
                       double *lon, double *lat);
    void (*to_polar)(double re, double dgrw, size_t n, const double *lon, const double *lat,
                     double *x, double *y);
    /* Any longitude (below 1e15) to 0 to 360. */
    void (*wrap)(size_t n, const double *lon, double *out_lon);
} f24_sphere;

/* Those for this processor. */
const f24_sphere *f24_sphere_now(void);

#endif
