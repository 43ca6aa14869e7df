#include "grid/sphere.h"

#include "base/cpu.h"

#include <math.h>

#define DEGREE 0.017453292519943295 /* radians */
#define TAN_22_5 0.41421356237309503

/* 1/k!, with their signs */
#define S3 (-1.0 / 6.0)
#define S5 (1.0 / 120.0)
#define S7 (-1.0 / 5040.0)
#define S9 (1.0 / 362880.0)
#define S11 (-1.0 / 39916800.0)
#define S13 (1.0 / 6227020800.0)
#define S15 (-1.0 / 1307674368000.0)
#define C2 (-1.0 / 2.0)
#define C4 (1.0 / 24.0)
#define C6 (-1.0 / 720.0)
#define C8 (1.0 / 40320.0)
#define C10 (-1.0 / 3628800.0)
#define C12 (1.0 / 479001600.0)
#define C14 (-1.0 / 87178291200.0)
#define C16 (1.0 / 20922789888000.0)

/*
 * atan(t) / t = 1 + z (A1 + z (A2 ...)), z = t x t up to tan(22.5 degrees)^2: the polynomial through
 * the eleven Chebyshev points of that interval, computed with 50 digits; off by 5e-18 at most.
 */
#define A1 (-0.3333333333333333)
#define A2 0.1999999999999552
#define A3 (-0.14285714284666542)
#define A4 0.11111111015256361
#define A5 (-0.09090904578123903)
#define A6 0.07692183190826087
#define A7 (-0.06664511447381948)
#define A8 0.0585814891280221
#define A9 (-0.0508544973794026)
#define A10 0.03923165829558719
#define A11 (-0.01917688711906226)

#define TARGET
#define NAME(x) x##_portable
#include "grid/sphere_kernel.h"
#undef TARGET
#undef NAME

static const f24_sphere portable = {rotate_portable, from_polar_portable, to_polar_portable,
                                    wrap_portable};

#ifdef F24_HAVE_V3
#define TARGET F24_TARGET_V3
#define NAME(x) x##_v3
#include "grid/sphere_kernel.h"
#undef TARGET
#undef NAME

static const f24_sphere v3 = {rotate_v3, from_polar_v3, to_polar_v3, wrap_v3};
#endif

const f24_sphere *f24_sphere_now(void)
{
#ifdef F24_HAVE_V3
    if (f24_cpu_level() >= F24_CPU_V3)
        return &v3;
#endif
    return &portable;
}
