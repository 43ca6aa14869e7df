/* Conventions used inside the library beyond the public f24_ip_ and f24_date_ functions. */
#ifndef F24_CONVENTION_CONVENTION_H
#define F24_CONVENTION_CONVENTION_H

#include "base/error.h"

/*
 * Dates as stored (docs/format/containers.md, 2.6): word 15 of a record's keys.
 * f24_date_from_stored undoes the "octal" coding; f24_date_origin (public) goes on to dateo.
 */
static inline int32_t f24_date_from_stored(uint32_t stored)
{
    return (int32_t)(10u * (stored >> 3) + (stored & 7u));
}

/*
 * The instant of a stamp of any style in 5-second steps since 1980-01-01 00 UTC (extended stamps
 * too, so that all compare). False: the stamp is not a date.
 */
bool f24_date_steps(int32_t stamp, int64_t *steps);

/* True when two codes mean the same kind and value, to 1e-6 relative
 * (docs/format/metadata.md, 2.7). */
bool f24_ip_same(int32_t a, int32_t b);

#endif
