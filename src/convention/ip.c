/*
 * IP codes: a value and its kind in one integer, in two styles (docs/format/metadata.md, 2). Float
 * and double are mixed as the reference does: the codes of files depend on the last bit.
 */
#include "convention/convention.h"

#include <math.h>

#define OLD_LAST 32767 /* old-style codes fit in 15 bits */
#define MANTISSA_LAST 0xFFFFF
#define NEGATIVE 1000000     /* added to the mantissa of a negative value */
#define INTEGER_KIND 15      /* a plain integer instead of exponent and mantissa */
#define INTEGER_LAST 2000000 /* its largest value */

/* What a kind of value may be; all in single precision. */
typedef struct ip_kind {
    int32_t kind;
    const char *unit;
    float first, last;   /* legal values */
    double factor;       /* the code holds value x factor */
    double least;        /* smaller values are written as this one */
    float snap, snapped; /* decoded values below `snap` mean `snapped` */
} ip_kind;

static const ip_kind kinds[] = {
    {0, "m above sea", -20000.0f, 100000.0f, 1, 0, 0.0f, 0.0f},
    {1, "sigma", 0.0f, 1.0f, 1, 0, 0.0f, 0.0f},
    {2, "hPa", 0.0f, 1100.0f, 1, 0, 0.0f, 0.0f},
    {3, "arbitrary", -4.8e8f, 1e10f, 1, 0, 0.0f, 0.0f},
    {4, "m above ground", -20000.0f, 100000.0f, 1, 0, 0.0f, 0.0f},
    {5, "hybrid", 0.0f, 1.0f, 1, 0, 0.0f, 0.0f},
    {6, "K", 1.0f, 200000.0f, 1, 1, 1.001f, 1.0f},
    {7, "m below sea", 0.0f, 20000.0f, 1, 0, 0.0f, 0.0f},
    {10, "h", 0.0f, 1e10f, 1, 0, 0.0f, 0.0f},
    {INTEGER_KIND, "integer", 0.0f, 2000000.0f, 1, 0, 0.0f, 0.0f},
    {17, "matrix index", 1.0f, 1e10f, -1, 1, 1.001f, 1.0f},
    {21, "m of hybrid height", 0.0f, 1e6f, 1e4, 1.001e-4, 1.002001e-4f, 0.0f},
};

static const ip_kind *find_kind(int32_t kind)
{
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        if (kinds[i].kind == kind)
            return &kinds[i];
    }
    return NULL;
}

/* ------------------------------------------------------------------------------- decoding */

/* 2.3: at most 15 bits, or negative. */
static void decode_old(int32_t code, float *value, int32_t *kind)
{
    float c = (float)code;

    *kind = 2;
    if (code < 0 || code > 32000) {
        *kind = 3;
        *value = c;
    } else if (code > 12000) {
        *kind = 0;
        *value = 5.0f * (c - 12001.0f);
    } else if (code >= 2000) {
        *kind = 1;
        *value = (c - 2000.0f) / 10000.0f;
    } else if (code >= 1800) {
        *value = (c - 1800.0f) / 20.0f;
    } else if (code >= 1600) {
        *value = (c - 1600.0f) / 200.0f;
    } else if (code >= 1400) {
        *value = (c - 1400.0f) / 2000.0f;
    } else if (code > 1200) {
        *value = (c - 1200.0f) / 20000.0f;
    } else if (code >= 1100) {
        *kind = 3;
        *value = 1200.0f - c;
    } else {
        *value = c;
    }
}

/* 2.2: exponent and mantissa of a code, times the factor of its kind. */
static float scaled_value(int32_t code)
{
    /* The last one is 1e11 in single precision: a quirk that the values of codes depend on. */
    static const double divisors[16] = {1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2,  1e3,
                                        1e4,  1e5,  1e6,  1e7,  1e8, 1e9, 1e10, 99999997952.0};
    int32_t mantissa = code & MANTISSA_LAST;

    if (mantissa > NEGATIVE)
        mantissa = NEGATIVE - mantissa;
    return (float)(mantissa / divisors[code >> 20 & 15]);
}

/* True when `scaled` is a legal value of the kind; it becomes *value. */
static bool accept(int32_t kind, float scaled, float *value)
{
    const ip_kind *k = find_kind(kind);

    if (k == NULL)
        return false;
    scaled = scaled / (float)k->factor;
    if (!(scaled >= k->first && scaled <= k->last))
        return false;
    *value = fabsf(scaled) < k->snap ? k->snapped : scaled;
    return true;
}

void f24_ip_decode(int32_t code, float *value, int32_t *kind)
{
    int32_t nibble = code >> 24 & 15;
    float scaled;

    if (code <= OLD_LAST) {
        decode_old(code, value, kind);
        return;
    }
    *value = NAN;
    *kind = F24_IP_INVALID;
    if (nibble == INTEGER_KIND) {
        /* Bits 28 and up are ignored in the other kinds; records have no room for them. */
        if (code >> 24 != INTEGER_KIND || (code & 0xFFFFFF) > INTEGER_LAST)
            return;
        *value = (float)(code & 0xFFFFFF);
        *kind = INTEGER_KIND;
        return;
    }
    /* 17 and 21 share the nibbles of 1 and 5, which have no values above 1. */
    scaled = scaled_value(code);
    if (accept(nibble, scaled, value))
        *kind = nibble;
    else if (accept(nibble + 16, scaled, value))
        *kind = nibble + 16;
}

/* ------------------------------------------------------------------------------- encoding */

static int32_t encode_new(const ip_kind *k, float value)
{
    double t = value, low = 100000, high = 1000000;
    int32_t offset = 0, e = 4;

    if (k->kind == 2 && value == 0)
        return 0;
    if (k->kind == INTEGER_KIND)
        return INTEGER_KIND << 24 | (int32_t)value;
    if (fabs(t) < k->least)
        t = k->least;
    t *= k->factor;
    if (t < 0) { /* less room: 4 to 5 digits */
        t = -t;
        low = 4800;
        high = 48000;
        offset = NEGATIVE;
    }
    while (e > 0 && e < 15) {
        if (t >= high) {
            t /= 10;
            e--;
        } else if (t < low) {
            t *= 10;
            e++;
        } else {
            break;
        }
    }
    if (t > high)
        return -1;
    return (offset + (int32_t)lround(t)) | e << 20 | (k->kind & 15) << 24;
}

/* 2.3; -1 when the value has no old code. */
static int32_t encode_old(int32_t kind, float p)
{
    switch (kind) {
    case 0:
        return (int32_t)fminf(fmaxf(roundf(p / 5.0f + 12001.0f), 12001.0f), 32000.0f);
    case 1:
        return 2000 + (int32_t)lroundf(10000.0f * p);
    case 2:
        if (p >= 1100.0f)
            return -1;
        if (p >= 9.99999f)
            return (int32_t)lroundf(p);
        if (p >= 0.999999f)
            return 1800 + (int32_t)lroundf(20.0f * p);
        if (p >= 0.0999999f)
            return 1600 + (int32_t)lroundf(200.0f * p);
        if (p >= 0.00999999f)
            return 1400 + (int32_t)lroundf(2000.0f * p);
        if (p >= 0.000999999f)
            return 1200 + (int32_t)lroundf(20000.0f * p);
        return 0;
    default:
        return p <= -0.5f || p >= 100.5f ? -1 : 1200 - (int32_t)lroundf(p);
    }
}

f24_status f24_ip_encode(float value, int32_t kind, f24_ip_style style, int32_t *code,
                         f24_error *err)
{
    const ip_kind *k = find_kind(kind);
    int32_t result;

    if (style != F24_IP_NEW && style != F24_IP_OLD)
        return f24_fail(err, F24_EINVAL, -1, "style %d of an IP code: use F24_IP_NEW or F24_IP_OLD",
                        (int)style);
    if (k == NULL)
        return f24_fail(err, F24_EINVAL, -1,
                        "kind %d has no codes: use one of 0 to 7, 10, 15, 17 and 21", kind);
    if (style == F24_IP_OLD && kind > 3)
        return f24_fail(err, F24_EINVAL, -1,
                        "kind %d (%s) has no old-style codes (kinds 0 to 3 do): use F24_IP_NEW",
                        kind, k->unit);
    if (kind == INTEGER_KIND)
        value = roundf(value);
    if (!(value >= k->first && value <= k->last))
        return f24_fail(err, F24_EINVAL, -1, "%.9g is out of range for kind %d (%s): %g to %g",
                        (double)value, kind, k->unit, (double)k->first, (double)k->last);
    result = style == F24_IP_NEW ? encode_new(k, value) : encode_old(kind, value);
    if (result < 0)
        return f24_fail(err, F24_EINVAL, -1, "%.9g of kind %d (%s) has no %s-style code",
                        (double)value, kind, k->unit, style == F24_IP_NEW ? "new" : "old");
    *code = result;
    return F24_OK;
}

bool f24_ip_same(int32_t a, int32_t b)
{
    float va, vb;
    int32_t ka, kb;

    if (a == b)
        return true;
    f24_ip_decode(a, &va, &ka);
    f24_ip_decode(b, &vb, &kb);
    if (ka != kb || ka == F24_IP_INVALID)
        return false;
    return fabs((double)va - (double)vb) <= 1e-6 * fmax(fabs((double)va), fabs((double)vb));
}
