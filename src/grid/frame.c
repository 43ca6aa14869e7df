/* Frames: where the coordinates of axes are on the sphere (docs/format/metadata.md, 7.4 and 7.5). */
#include "grid/grid.h"
#include "grid/sphere.h"

#include <math.h>
#include <string.h>

#define DEGREE 0.017453292519943295 /* radians */
#define RADIUS 6371000.0            /* m; of the reference */
/* 1 + sin 60 as the reference rounds it. */
#define ONE_PLUS_SIN_60 1.866025
/* A rotation whose matrix is this near the unit matrix turns no point by more than 1e-10 degrees. */
#define NO_ROTATION 1e-12
/* Points 1 and 2 of a rotation that are nearer to one line, in radians, define no plane. */
#define ON_A_LINE 1e-9

double f24_polar_re(double d60)
{
    return ONE_PLUS_SIN_60 * RADIUS / d60;
}

static void unit_vector(double lat, double lon, double *v)
{
    v[0] = cos(lat * DEGREE) * cos(lon * DEGREE);
    v[1] = cos(lat * DEGREE) * sin(lon * DEGREE);
    v[2] = sin(lat * DEGREE);
}

static void cross(const double *a, const double *b, double *c)
{
    c[0] = a[1] * b[2] - a[2] * b[1];
    c[1] = a[2] * b[0] - a[0] * b[2];
    c[2] = a[0] * b[1] - a[1] * b[0];
}

/* 7.5: point 1 comes to latitude 0, longitude 180, point 2 to the equator. */
static f24_status make_rotation(f24_frame *frame, f24_error *err)
{
    static const double unit[9] = {1, 0, 0, 0, 1, 0, 0, 0, 1};
    const double *p = frame->parameters;
    double one[3], two[3], *m = frame->rotation, length, off = 0;

    unit_vector(p[0], p[1], one);
    unit_vector(p[2], p[3], two);
    cross(one, two, m + 6);
    length = sqrt(m[6] * m[6] + m[7] * m[7] + m[8] * m[8]);
    if (!(length > ON_A_LINE))
        return f24_fail(
            err, F24_ECORRUPT, -1,
            "the rotation has no pole: its points (%g, %g) and (%g, %g) are the same or "
            "opposite",
            p[0], p[1], p[2], p[3]);
    for (int i = 0; i < 3; i++) {
        m[i] = -one[i];
        m[6 + i] /= length;
    }
    cross(m + 6, m, m + 3);
    for (int i = 0; i < 9; i++)
        off = fmax(off, fabs(m[i] - unit[i]));
    frame->kind = off < NO_ROTATION ? F24_FRAME_LATLON : F24_FRAME_ROTATED;
    return F24_OK;
}

f24_status f24_frame_make(f24_frame *frame, char grtyp, const double parameters[4], f24_error *err)
{
    memset(frame, 0, sizeof *frame);
    memcpy(frame->parameters, parameters, sizeof frame->parameters);
    if (grtyp == 'E')
        return make_rotation(frame, err);
    if (grtyp == 'L') {
        frame->kind = F24_FRAME_LATLON;
        return F24_OK;
    }
    if (!(parameters[2] > 0))
        return f24_fail(err, F24_ECORRUPT, -1, "a polar grid with a grid length of %g m",
                        parameters[2]);
    frame->kind = grtyp == 'N' ? F24_FRAME_NORTH : F24_FRAME_SOUTH;
    frame->re = f24_polar_re(parameters[2]);
    frame->dgrw = parameters[3];
    return F24_OK;
}

static void negate(size_t n, double *values)
{
    for (size_t i = 0; i < n; i++)
        values[i] = -values[i];
}

void f24_frame_to_latlon(const f24_frame *frame, size_t n, const double *u, const double *v,
                         double *lat, double *lon)
{
    const f24_sphere *sphere = f24_sphere_now();
    const double *m = frame->rotation;
    const double back[9] = {m[0], m[3], m[6], m[1], m[4], m[7], m[2], m[5], m[8]};
    double south[F24_GRID_BLOCK];

    switch (frame->kind) {
    case F24_FRAME_LATLON:
        sphere->wrap(n, u, lon);
        memcpy(lat, v, n * sizeof *lat);
        break;
    case F24_FRAME_ROTATED:
        sphere->rotate(back, n, u, v, lon, lat);
        break;
    case F24_FRAME_NORTH:
        sphere->from_polar(frame->re, frame->dgrw, n, u, v, lon, lat);
        break;
    case F24_FRAME_SOUTH:
        sphere->from_polar(frame->re, frame->dgrw, n, u, v, south, lat);
        negate(n, south);
        negate(n, lat);
        sphere->wrap(n, south, lon);
        break;
    default: /* points have no frame */
        break;
    }
}

void f24_frame_from_latlon(const f24_frame *frame, size_t n, const double *lat, const double *lon,
                           double *u, double *v)
{
    const f24_sphere *sphere = f24_sphere_now();
    double south[2][F24_GRID_BLOCK];

    switch (frame->kind) {
    case F24_FRAME_LATLON:
        memcpy(u, lon, n * sizeof *u);
        memcpy(v, lat, n * sizeof *v);
        break;
    case F24_FRAME_ROTATED:
        sphere->rotate(frame->rotation, n, lon, lat, u, v);
        break;
    case F24_FRAME_NORTH:
        sphere->to_polar(frame->re, frame->dgrw, n, lon, lat, u, v);
        break;
    case F24_FRAME_SOUTH:
        memcpy(south[0], lon, n * sizeof *lon);
        memcpy(south[1], lat, n * sizeof *lat);
        negate(n, south[0]);
        negate(n, south[1]);
        sphere->to_polar(frame->re, frame->dgrw, n, south[0], south[1], u, v);
        break;
    default:
        break;
    }
}
