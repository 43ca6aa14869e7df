/* Latitudes of Gaussian grids: the nodes of Gauss-Legendre quadrature. */
#include "grid/grid.h"

#include <math.h>

#define PI 3.14159265358979323846
#define LANES 8      /* roots that are refined together */
#define MOST_STEPS 8 /* three are enough from Tricomi's guess */

/* P(n) and its derivative at x, for several x. */
static void legendre(int32_t n, const double *x, double *p, double *slope)
{
    double before[LANES], now[LANES];

    for (int l = 0; l < LANES; l++) {
        before[l] = 1.0;
        now[l] = x[l];
    }
    for (int32_t k = 1; k < n; k++) {
        double a = (2.0 * k + 1.0) / (k + 1.0), b = k / (k + 1.0);
        for (int l = 0; l < LANES; l++) {
            double next = a * x[l] * now[l] - b * before[l];
            before[l] = now[l];
            now[l] = next;
        }
    }
    for (int l = 0; l < LANES; l++) {
        p[l] = now[l];
        slope[l] = n * (x[l] * now[l] - before[l]) / (x[l] * x[l] - 1.0);
    }
}

/* Newton's steps for the roots first, first + 1, ... counted from the north. */
static void refine(int32_t n, double *x)
{
    for (int step = 0; step < MOST_STEPS; step++) {
        double p[LANES], slope[LANES], largest = 0;
        legendre(n, x, p, slope);
        for (int l = 0; l < LANES; l++) {
            double move = p[l] / slope[l];
            x[l] -= move;
            largest = fmax(largest, fabs(move));
        }
        if (largest < 1e-15)
            return;
    }
}

void f24_gauss_latitudes(int32_t n, double *lat)
{
    int32_t n_north = n / 2;

    if (n % 2 == 1)
        lat[n_north] = 0.0;
    for (int32_t first = 0; first < n_north; first += LANES) {
        double x[LANES];
        for (int l = 0; l < LANES; l++) {
            int32_t k = first + l < n_north ? first + l : n_north - 1;
            double theta = PI * (k + 0.75) / (n + 0.5);
            x[l] = (1.0 - (n - 1.0) / (8.0 * n * n * n)) * cos(theta);
        }
        refine(n, x);
        for (int l = 0; l < LANES && first + l < n_north; l++) {
            double degrees = asin(x[l]) * (180.0 / PI);
            lat[n - 1 - first - l] = degrees;
            lat[first + l] = -degrees;
        }
    }
}
