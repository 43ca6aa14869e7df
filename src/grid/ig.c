/*
 * What ig1 to ig4 say of a grid (docs/format/metadata.md, 7.2). Encoding rounds in single precision,
 * as the reference does.
 */
#include "grid/grid.h"

#include <math.h>
#include <stdlib.h>

#define GENERAL                                                                                    \
    32768 /* ig4 and, for long grid lengths, ig3 of the general polar form from here on */
#define FULL_TURN_TENTHS 3600
#define LAT_STEPS 16383.0 /* of 180 degrees */
#define LON_STEPS 32767.0 /* of 360 degrees */

static int32_t nearest(double value)
{
    return (int32_t)lroundf((float)value);
}

static int32_t scaled(double value, float factor)
{
    return (int32_t)lroundf((float)value * factor);
}

static f24_status no_parameters(char grtyp, f24_error *err)
{
    if (grtyp < ' ' || grtyp > '~')
        return f24_fail(err, F24_EUNSUPPORTED, -1, "ig1 to ig4 of grtyp \\x%02x are no parameters",
                        (unsigned)(unsigned char)grtyp);
    return f24_fail(err, F24_EUNSUPPORTED, -1,
                    "ig1 to ig4 of grtyp %c are no parameters: those of A, B, G, L, N, S and E are",
                    grtyp);
}

/* ------------------------------------------------------------------------------- decoding --- */

static void decode_latlon(const int32_t *ig, double *p)
{
    p[0] = ig[2] * 0.01 - 90.0;
    p[1] = ig[3] * 0.01;
    p[2] = ig[0] * 0.01;
    p[3] = ig[1] * 0.01;
}

/* The polar coordinates of a position, in grid lengths from the pole. */
static void polar_place(char grtyp, double lat, double lon, double d60, double dgrw, double *x,
                        double *y)
{
    const double degree = 0.017453292519943295;
    double sign = grtyp == 'N' ? 1 : -1;
    double s = sin(lat * degree) * sign, angle = (sign * lon + dgrw) * degree;
    double r = f24_polar_re(d60) * sqrt((1 - s) / (1 + s));

    *x = r * cos(angle);
    *y = r * sin(angle);
}

static void decode_general_polar(char grtyp, const int32_t *ig, double *p)
{
    int32_t j3 = ig[2] >= GENERAL ? ig[2] - GENERAL : ig[2], j4 = ig[3] - GENERAL;
    double lat, lon, x, y;

    p[2] = 100.0 * ig[0] * (ig[2] >= GENERAL ? 10 : 1);
    p[3] = 0.1 * ig[1];
    if (j4 > LAT_STEPS) {
        p[3] = 360.0 - p[3];
        j4 -= 16384;
    }
    lat = 90.0 - j4 * 180.0 / LAT_STEPS;
    lon = j3 * 360.0 / LON_STEPS;
    polar_place(grtyp, lat, lon, p[2], p[3], &x, &y);
    p[0] = 1 - x;
    p[1] = 1 - y;
}

static void decode_polar(char grtyp, const int32_t *ig, double *p)
{
    if (ig[3] >= GENERAL) {
        decode_general_polar(grtyp, ig, p);
        return;
    }
    p[0] = ig[1] * 0.1;
    p[1] = ig[0] * 0.1;
    p[2] = ig[3] * 100.0;
    p[3] = ig[2] * 0.01;
}

static void decode_rotation(const int32_t *ig, double *p)
{
    int32_t n1 = (ig[0] << 2) | (ig[2] & 3), n3 = ig[2] >> 2;
    int32_t n2 = (ig[1] << 2) | (ig[3] & 3), n4 = ig[3] >> 2;

    if (n2 > 3600)
        n2 -= 7201;
    if (n3 < 3559)
        n3 += 16384;
    p[0] = (n1 - 3600) / 40.0;
    p[1] = (n3 - 3600) / 40.0;
    p[2] = n2 / 40.0;
    p[3] = n4 / 40.0;
}

f24_status f24_ig_decode(char grtyp, const int32_t ig[4], double parameters[4], f24_error *err)
{
    for (int i = 0; i < 4; i++) {
        if (ig[i] < 0 || ig[i] >= 1 << 24)
            return f24_fail(err, F24_EINVAL, -1, "ig%d is %d: it has 24 bits", i + 1, (int)ig[i]);
    }
    switch (grtyp) {
    case 'A':
    case 'B':
    case 'G':
        for (int i = 0; i < 4; i++)
            parameters[i] = ig[i];
        return F24_OK;
    case 'L':
        decode_latlon(ig, parameters);
        return F24_OK;
    case 'N':
    case 'S':
        decode_polar(grtyp, ig, parameters);
        return F24_OK;
    case 'E':
        decode_rotation(ig, parameters);
        return F24_OK;
    default:
        return no_parameters(grtyp, err);
    }
}

/* ------------------------------------------------------------------------------- encoding --- */

static void encode_latlon(const double *p, int32_t *ig)
{
    ig[0] = scaled(p[2], 100);
    ig[1] = scaled(p[3], 100);
    ig[2] = scaled(p[0] + 90, 100);
    ig[3] = scaled(p[1], 100);
    while (ig[3] < 0)
        ig[3] += 36000;
}

static void encode_general_polar(char grtyp, const double *p, int32_t *ig)
{
    double re = f24_polar_re(p[2]), x = 1 - p[0], y = 1 - p[1];
    double lat = 90 - 2 * atan2(hypot(x, y), re) * (180 / 3.14159265358979323846);
    double lon = atan2(y, x) * (180 / 3.14159265358979323846) - p[3];
    int32_t g = nearest(10 * p[3]);

    if (grtyp == 'S') {
        lat = -lat;
        lon = -lon;
    }
    lon -= 360 * floor(lon / 360);
    ig[3] = GENERAL;
    ig[2] = p[2] > 204700 ? GENERAL : 0;
    ig[0] = nearest(p[2] > 204700 ? p[2] / 1000 : p[2] / 100);
    if (g < 0) {
        g = -g;
        ig[3] += 16384;
    }
    if (g > FULL_TURN_TENTHS / 2) {
        g = abs(g - FULL_TURN_TENTHS);
        ig[3] += 16384;
    }
    ig[1] = g;
    ig[2] += nearest(lon * LON_STEPS / 360);
    ig[3] += nearest((90 - lat) * LAT_STEPS / 180);
}

static void encode_polar(char grtyp, const double *p, int32_t *ig)
{
    ig[0] = scaled(p[1], 10);
    ig[1] = scaled(p[0], 10);
    ig[2] = scaled(p[3], 100);
    ig[3] = scaled(p[2], 0.01f);
    while (ig[2] < 0)
        ig[2] += 36000;
    if (ig[0] < 0 || ig[1] < 0 || ig[0] > 2047 || ig[1] > 2047 || ig[3] > 32000)
        encode_general_polar(grtyp, p, ig);
}

static double not_negative(double lon)
{
    return lon < 0 ? lon + 360 * ceil(-lon / 360) : lon;
}

static void encode_rotation(const double *p, int32_t *ig)
{
    int32_t n1 = scaled(p[0] + 90, 40), n2 = scaled(p[2], 40);
    int32_t n3 = scaled(not_negative(p[1]) + 90, 40), n4 = scaled(not_negative(p[3]), 40);

    if (n3 >= 16384)
        n3 -= 16384;
    if (n2 < 0)
        n2 += 7201;
    ig[0] = n1 >> 2;
    ig[1] = n2 >> 2;
    ig[2] = (n3 << 2) | (n1 & 3);
    ig[3] = (n4 << 2) | (n2 & 3);
}

/* What the codes have room for; beyond it they would mean another grid. */
static bool is_in_range(char grtyp, const double *p)
{
    for (int i = 0; i < 4; i++) {
        if (!isfinite(p[i]))
            return false;
    }
    switch (grtyp) {
    case 'L':
        return p[2] >= 0 && p[2] <= 180 && p[3] >= 0 && p[3] <= 360 && fabs(p[0]) <= 90 &&
               fabs(p[1]) <= 360;
    case 'E':
        return fabs(p[0]) <= 90 && fabs(p[2]) <= 90 && fabs(p[1]) <= 360 && fabs(p[3]) <= 360;
    case 'N':
    case 'S':
        return p[2] >= 50 && p[2] <= 1e7 && fabs(p[3]) <= 360 && fabs(p[0]) <= 1e7 &&
               fabs(p[1]) <= 1e7;
    default:
        return p[0] >= 0 && p[0] <= 2 && p[1] >= 0 && p[1] <= 1;
    }
}

f24_status f24_ig_encode(char grtyp, const double parameters[4], int32_t ig[4], f24_error *err)
{
    const double *p = parameters;

    if (grtyp != 'A' && grtyp != 'B' && grtyp != 'G' && grtyp != 'L' && grtyp != 'N' &&
        grtyp != 'S' && grtyp != 'E')
        return no_parameters(grtyp, err);
    if (!is_in_range(grtyp, p))
        return f24_fail(err, F24_EINVAL, -1,
                        "ig1 to ig4 of grtyp %c have no room for (%g, %g, %g, %g)", grtyp, p[0],
                        p[1], p[2], p[3]);
    if (grtyp == 'L') {
        encode_latlon(p, ig);
    } else if (grtyp == 'N' || grtyp == 'S') {
        encode_polar(grtyp, p, ig);
    } else if (grtyp == 'E') {
        encode_rotation(p, ig);
    } else {
        ig[0] = nearest(p[0]);
        ig[1] = nearest(p[1]);
        ig[2] = ig[3] = 0;
    }
    return F24_OK;
}
