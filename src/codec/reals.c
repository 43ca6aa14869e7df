/* Reals on their way to a payload: pieces of them, their range, and the types that keep their bits. */
#include "codec/encoder.h"

#include "base/bytes.h"

#include <float.h>
#include <math.h>

bool f24_works_on_doubles(const f24_encoder *e)
{
    return e->field.nbits == 64 ||
           (f24_has_doubles(e) && e->mask != NULL && F24_DATYP_BASE(e->field.datyp) == 1);
}

/* ------------------------------------------------------------------------------- pieces --- */

const void *f24_floats(const f24_encoder *e, int64_t first, size_t n, float *buffer,
                       bool *overflown)
{
    const uint8_t *from = e->values + first * (f24_has_doubles(e) ? 8 : 4);
    uint32_t plug;

    if (!f24_has_doubles(e) && e->mask == NULL)
        return from;
    if (f24_has_doubles(e)) {
        const void *wide = from;
        double kept[F24_PIECE];
        if (e->mask != NULL) {
            /* What stands at a missing point is nobody's: it must not overflow. */
            memcpy(kept, from, n * 8);
            e->kernels->plug64(kept, e->mask + first, n, 0);
            wide = kept;
        }
        if (e->kernels->to_float(wide, n, buffer) && overflown != NULL)
            *overflown = true;
    } else {
        memcpy(buffer, from, n * 4);
    }
    if (e->mask != NULL) {
        memcpy(&plug, &e->plug.real, 4);
        e->kernels->plug32(buffer, e->mask + first, n, plug);
    }
    return buffer;
}

const double *f24_doubles(const f24_encoder *e, int64_t first, size_t n, double *buffer)
{
    uint64_t plug;

    memcpy(buffer, e->values + 8 * first, 8 * n);
    if (e->mask != NULL) {
        memcpy(&plug, &e->plug.long_real, 8);
        e->kernels->plug64(buffer, e->mask + first, n, plug);
    }
    return buffer;
}

/* ------------------------------------------------------------------------------- range --- */

static double float_of_key(int32_t key)
{
    int32_t bits = f24_key32(key);
    float f;

    memcpy(&f, &bits, 4);
    return (double)f;
}

static double double_of_key(int64_t key)
{
    int64_t bits = f24_key64(key);
    double d;

    memcpy(&d, &bits, 8);
    return d;
}

static f24_real_range float_range(const f24_encoder *e)
{
    int32_t range[2] = {INT32_MAX, INT32_MIN};
    float buffer[F24_PIECE];

    for (int64_t first = 0; first < f24_n_numbers(e); first += F24_PIECE) {
        size_t n = f24_piece_at(e, first);
        const void *values = e->values + 4 * first;
        if (f24_has_doubles(e))
            values = f24_floats(e, first, n, buffer, NULL);
        e->kernels->range32(values, e->mask == NULL ? NULL : e->mask + first, n, range);
    }
    return (f24_real_range){float_of_key(range[0]), float_of_key(range[1])};
}

static f24_real_range double_range(const f24_encoder *e)
{
    int64_t range[2] = {INT64_MAX, INT64_MIN};

    e->kernels->range64(e->values, e->mask, (size_t)e->encoding->n_values, range);
    return (f24_real_range){double_of_key(range[0]), double_of_key(range[1])};
}

/* As the encoder sees it: rounded to float32 where it works on those. */
static double value_of(const f24_encoder *e, int64_t i, bool as_doubles)
{
    float f;
    double d;

    if (!f24_has_doubles(e)) {
        memcpy(&f, e->values + 4 * i, 4);
        return (double)f;
    }
    memcpy(&d, e->values + 8 * i, 8);
    return as_doubles ? d : (double)(float)d;
}

/* NaNs hide the range: look for it without them. Rare, so one value at a time. */
static f24_real_range range_without_nans(const f24_encoder *e, bool as_doubles)
{
    f24_real_range range = {HUGE_VAL, -HUGE_VAL};

    for (int64_t i = 0; i < e->encoding->n_values; i++) {
        double v = value_of(e, i, as_doubles);
        if (f24_is_missing(e, i))
            continue;
        range.least = v < range.least ? v : range.least;
        range.most = v > range.most ? v : range.most;
    }
    return range.most < range.least ? (f24_real_range){0, 0} : range;
}

static f24_status refuse_beyond(const f24_encoder *e, double limit, bool as_doubles)
{
    int64_t i = 0;

    /* One is there: the range says so. But others may have changed the array since. */
    while (i < e->encoding->n_values - 1 &&
           (f24_is_missing(e, i) || fabs(value_of(e, i, as_doubles)) <= limit))
        i++;
    return f24_refuse_value(
        e, i,
        "cannot be kept by datyp %d, whose values lie within %g: use datyp 5 or "
        "133, or a mask where it stands for a missing value",
        F24_DATYP_BASE(e->field.datyp), limit);
}

f24_status f24_range_of(const f24_encoder *e, double limit, f24_real_range *range)
{
    bool as_doubles = f24_works_on_doubles(e);

    *range = as_doubles ? double_range(e) : float_range(e);
    if (range->least >= -limit && range->most <= limit)
        return F24_OK;
    if (!isinf(limit))
        return refuse_beyond(e, limit, as_doubles);
    *range = range_without_nans(e, as_doubles);
    return F24_OK;
}

/* ----------------------------------------------------------------------- missing points --- */

/* What the reference puts there (11). */
static double usual_plug(f24_real_range range, int32_t nbits, bool as_doubles)
{
    static const float parts[] = {2.0f, 1.1f, 0.55f, 0.28f, 0.14f, 0.07f, 0.035f, 0.017f, 0.01f};
    float most = (float)range.most, spread = (float)range.most - (float)range.least;
    double plug;

    if (as_doubles)
        plug = range.most + (range.most - range.least) * (nbits > 8 ? 0.01 : (double)parts[nbits]);
    else if (nbits > 8)
        plug = (double)(float)((double)most + (double)spread * 0.01);
    else
        plug = (double)(most + spread * parts[nbits]);
    if (plug == range.most)
        plug = plug == 0 ? 1.0 : 2 * plug;
    return as_doubles ? plug : (double)(float)plug;
}

/* Others, further and further away, for when that one cannot be told from a value. */
static double further_plug(f24_real_range range, int step)
{
    double spread = range.most - range.least;

    if (range.most + spread == range.most)
        spread = range.most == 0 ? 1 : fabs(range.most);
    return range.most + ldexp(spread, step);
}

#define MOST_STEPS 6

f24_status f24_choose_plug(f24_encoder *e, f24_real_range range, double limit,
                           f24_is_above is_above)
{
    bool as_doubles = f24_works_on_doubles(e);

    for (int step = -1; step <= MOST_STEPS; step++) {
        double plug = step < 0            ? usual_plug(range, e->field.nbits, as_doubles)
                      : step < MOST_STEPS ? further_plug(range, step)
                                          : 1.0; /* above denormals that no token tells apart */
        if (!as_doubles)
            plug = (double)(float)plug;
        if (!(plug > range.most) || !(plug <= limit) || !is_above(e, range, plug))
            continue;
        e->plug.real = (float)plug;
        if (as_doubles)
            e->plug.long_real = plug;
        return F24_OK;
    }
    return f24_fail(e->err, F24_EENCODING, -1,
                    "missing values are stored as a value above all others, and datyp %d with %d "
                    "bits has none above %g: use more bits, or datyp 5",
                    F24_DATYP_BASE(e->field.datyp), e->field.nbits, range.most);
}
