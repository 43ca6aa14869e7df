/*
 * The loops of sphere.h; the including file defines TARGET (attributes) and NAME(x) (their names).
 *
 * Sine, cosine and arc tangent are written here because those of libm are calls, one point at a time.
 * Errors are below 3 units of the last place: 1e-13 degrees.
 */

/* The nearest whole number of |x| < 2^51: adding 1.5 x 2^52 leaves no bits for a fraction. */
#define ROUND(x) (((x) + 6755399441055744.0) - 6755399441055744.0)

/* Sine and cosine of degrees: less a multiple of 90, which is exact, then Taylor's series, whose
 * first term left out is 5e-17 at 45 degrees. */
TARGET static inline void NAME(sincos)(double degrees, double *sine, double *cosine)
{
    double quarter = ROUND(degrees * (1.0 / 90.0));
    double r = (degrees - quarter * 90.0) * DEGREE, z = r * r;
    double s = r + r * z * (S3 + z * (S5 + z * (S7 + z * (S9 + z * (S11 + z * (S13 + z * S15))))));
    double c =
        1.0 +
        z * (C2 + z * (C4 + z * (C6 + z * (C8 + z * (C10 + z * (C12 + z * (C14 + z * C16)))))));
    double turn = quarter - 4.0 * ROUND(quarter * 0.25); /* -2, -1, 0, 1 or 2 */
    double odd = turn * turn == 1.0 ? 1.0 : 0.0;
    double s_or_c = odd != 0.0 ? c : s, c_or_s = odd != 0.0 ? s : c;

    *sine = turn * turn == 4.0 || turn == -1.0 ? -s_or_c : s_or_c;
    *cosine = turn * turn == 4.0 || turn == 1.0 ? -c_or_s : c_or_s;
}

/* The angle of (x, y) in degrees, -180 to 180; 0 for (0, 0). */
TARGET static inline double NAME(angle)(double y, double x)
{
    double ax = fabs(x), ay = fabs(y);
    double least = ax < ay ? ax : ay, most = ax < ay ? ay : ax;
    /* Beyond 22.5 degrees: the angle from 45 degrees instead. */
    double beyond = least > TAN_22_5 * most ? 1.0 : 0.0;
    double above = least - beyond * most, below = most + beyond * least;
    double t = above / (below == 0.0 ? 1.0 : below), z = t * t;
    double p = A9 + z * (A10 + z * A11);
    double a;

    p = A3 + z * (A4 + z * (A5 + z * (A6 + z * (A7 + z * (A8 + z * p)))));
    a = (t + t * z * (A1 + z * (A2 + z * p))) * (1.0 / DEGREE) + beyond * 45.0;
    a = ax < ay ? 90.0 - a : a;
    a = x < 0.0 ? 180.0 - a : a;
    return y < 0.0 ? -a : a;
}

/* -360 to 360 into 0 to 360, 360 excluded. */
TARGET static inline double NAME(positive)(double degrees)
{
    double a = degrees < 0.0 ? degrees + 360.0 : degrees;

    return a >= 360.0 ? 0.0 : a;
}

TARGET static inline double NAME(wrapped)(double degrees)
{
    return NAME(positive)(degrees - 360.0 * ROUND(degrees * (1.0 / 360.0)));
}

TARGET static void NAME(wrap)(size_t n, const double *lon, double *restrict out_lon)
{
    for (size_t i = 0; i < n; i++)
        out_lon[i] = NAME(wrapped)(lon[i]);
}

TARGET static void NAME(rotate)(const double *m, size_t n, const double *lon, const double *lat,
                                double *restrict out_lon, double *restrict out_lat)
{
    double m0 = m[0], m1 = m[1], m2 = m[2], m3 = m[3], m4 = m[4], m5 = m[5], m6 = m[6], m7 = m[7],
           m8 = m[8];

    for (size_t i = 0; i < n; i++) {
        double sin_lon, cos_lon, sin_lat, cos_lat, x, y, a, b, c;
        NAME(sincos)(lon[i], &sin_lon, &cos_lon);
        NAME(sincos)(lat[i], &sin_lat, &cos_lat);
        x = cos_lat * cos_lon;
        y = cos_lat * sin_lon;
        a = m0 * x + m1 * y + m2 * sin_lat;
        b = m3 * x + m4 * y + m5 * sin_lat;
        c = m6 * x + m7 * y + m8 * sin_lat;
        out_lon[i] = NAME(positive)(NAME(angle)(b, a));
        out_lat[i] = NAME(angle)(c, sqrt(a * a + b * b)); /* asin(c) is lost near the poles */
    }
}

TARGET static void NAME(from_polar)(double re, double dgrw, size_t n, const double *x,
                                    const double *y, double *restrict lon, double *restrict lat)
{
    for (size_t i = 0; i < n; i++) {
        double r = sqrt(x[i] * x[i] + y[i] * y[i]);
        lat[i] = 90.0 - 2.0 * NAME(angle)(r, re);
        lon[i] = NAME(wrapped)(NAME(angle)(y[i], x[i]) - dgrw);
    }
}

TARGET static void NAME(to_polar)(double re, double dgrw, size_t n, const double *lon,
                                  const double *lat, double *restrict x, double *restrict y)
{
    for (size_t i = 0; i < n; i++) {
        double sine, cosine, sin_lon, cos_lon, r;
        /* The tangent of half the distance from the pole; far beyond any grid at the other one. */
        NAME(sincos)(0.5 * (90.0 - lat[i]), &sine, &cosine);
        NAME(sincos)(lon[i] + dgrw, &sin_lon, &cos_lon);
        r = re * sine / cosine;
        x[i] = r * cos_lon;
        y[i] = r * sin_lon;
    }
}
