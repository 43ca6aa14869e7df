/*
 * Dates: CMC stamps, calendar dates, and arithmetic between them (docs/format/metadata.md, 3, and
 * containers.md, 2.6). Stamps count 5-second steps since 1980 or hours since the year 0; all sums
 * here are 64-bit, except the one that the reference lets wrap.
 */
#include "convention/convention.h"

#include <math.h>

#define HOUR_STEPS 720
#define DAY_STEPS 17280
#define STEPS_1900 INT64_C(-504904320)
#define STEPS_2000 INT64_C(126230400)
#define STEPS_2236 INT64_C(1615714560)
#define STEPS_LAST_MINUTE INT64_C(1615714548) /* 2235-12-31 23:59, the last in steps */
#define HOURS_1980 INT64_C(17356320)          /* from the start of the year 0 */
#define HOURS_1901 (HOURS_1980 + STEPS_1900 / HOUR_STEPS + 365 * 24)
#define HOURS_END INT64_C(87658200) /* the year 10000 */
#define NEW_FIRST 123200000         /* the first new-style stamp */
#define EXTENDED_FIRST UINT32_C(3000000000)
#define EXTENDED_LAST UINT32_C(109572750)
#define UNIX_1980 INT64_C(315532800)
#define ERROR_STAMP 101010101 /* what the reference's arithmetic gives when it fails */
#define DUMMY_STAMP 10101011  /* some programs write it for "no date" (metadata.md, 3.3) */
#define MAX_HOURS 1e8         /* no two dates are further apart than 88 million hours */

static const int16_t days_before[13] = {-31, 0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334};

/* What a stamp counts. A negative count of steps is a whole hour. */
typedef struct moment {
    bool extended; /* hours since the year 0, else steps since 1980 */
    int64_t count;
    int32_t run; /* last digit of old-style stamps */
} moment;

/* ------------------------------------------------------------------------- proleptic Gregorian */

static bool is_leap(int32_t year)
{
    return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

static int32_t days_in_month(int32_t year, int32_t month)
{
    static const int8_t days[13] = {0, 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};

    return days[month] + (month == 2 && is_leap(year));
}

/* Days from 0000-01-01; year >= 0, month 0 (31 days before January) to 12, any day. */
static int64_t days_of(int32_t year, int32_t month, int32_t day)
{
    int64_t leap_days = (year + 3) / 4 - (year + 99) / 100 + (year + 399) / 400;

    return 365 * (int64_t)year + leap_days + days_before[month] + (month > 2 && is_leap(year)) +
           day - 1;
}

/* The inverse of days_of, for days >= 0; sets year, month and day. */
static void date_of_days(int64_t days, f24_date *date)
{
    int32_t year = (int32_t)(days * 400 / 146097); /* 400 years; never too late by more than one */
    int32_t month = 1;

    while (days_of(year + 1, 1, 1) <= days)
        year++;
    while (days_of(year, 1, 1) > days)
        year--;
    days -= days_of(year, 1, 1);
    while (days >= days_in_month(year, month))
        days -= days_in_month(year, month++);
    date->year = year;
    date->month = month;
    date->day = (int32_t)days + 1;
}

/* A count of `per_day` a day since the year 0 as date and time of day; count >= 0. */
static void date_of_count(int64_t count, int32_t per_day, f24_date *date)
{
    int32_t seconds = (int32_t)(count % per_day) * (86400 / per_day);

    date_of_days(count / per_day, date);
    date->hour = seconds / 3600;
    date->minute = seconds / 60 % 60;
    date->second = seconds % 60;
}

static bool is_date(const f24_date *d)
{
    return d->year >= 0 && d->year <= 9999 && d->month >= 1 && d->month <= 12 && d->day >= 1 &&
           d->day <= days_in_month(d->year, d->month) && d->hour >= 0 && d->hour <= 23 &&
           d->minute >= 0 && d->minute <= 59 && d->second >= 0 && d->second <= 59;
}

/* ------------------------------------------------------------------------- stamps and moments */

/* The digits MMDDYYHHR of an old-style stamp; not checked to be a date. */
static f24_date old_digits(int32_t stamp)
{
    return (f24_date){.year = 1900 + stamp / 1000 % 100,
                      .month = stamp / 10000000,
                      .day = stamp / 100000 % 100,
                      .hour = stamp / 10 % 100};
}

/* As the reference's arithmetic reads a stamp: the digits of an old one need not be a date. */
static bool moment_read(int32_t stamp, moment *m)
{
    m->extended = stamp < 0;
    m->run = 0;
    if (stamp < 0) {
        uint32_t x = (uint32_t)stamp - EXTENDED_FIRST;
        if (x > EXTENDED_LAST) /* those below EXTENDED_FIRST wrap and are large too */
            return false;
        m->count = x / 10 * 8 + x % 10;
    } else if (stamp >= NEW_FIRST) {
        int32_t x = stamp - NEW_FIRST;
        m->count = (int64_t)x / 10 * 8 + x % 10;
    } else {
        f24_date d = old_digits(stamp);
        m->count = days_of(d.year, d.month, d.day) * DAY_STEPS + (int64_t)d.hour * HOUR_STEPS -
                   HOURS_1980 * HOUR_STEPS;
        m->run = stamp % 10;
        return m->count >= STEPS_1900;
    }
    return true;
}

/* True when the stamp shows as a date. */
static bool shows_a_date(int32_t stamp, const moment *m)
{
    f24_date d;

    if (m->extended)
        return m->count < HOURS_END;
    if (stamp >= NEW_FIRST)
        return m->count < STEPS_2236;
    d = old_digits(stamp);
    return is_date(&d);
}

/* The same without the stamps that stand for "no date" (metadata.md, 3.3). */
static bool moment_of_date(int32_t stamp, moment *m)
{
    return stamp != DUMMY_STAMP && stamp != ERROR_STAMP && moment_read(stamp, m) &&
           shows_a_date(stamp, m);
}

/* Hours since the year 0, cut to the whole hour. */
static int64_t whole_hours(const moment *m)
{
    if (m->extended)
        return m->count;
    return (m->count + HOURS_1980 * HOUR_STEPS) / HOUR_STEPS;
}

static int32_t new_stamp(int64_t steps)
{
    return (int32_t)(NEW_FIRST + steps / 8 * 10 + steps % 8);
}

/* Steps from 1900 to 2235 as a stamp: old style for the whole hours of the last century. */
static int32_t stamp_of_steps(int64_t steps, int32_t run)
{
    f24_date d;

    if (steps >= STEPS_2000 || steps % HOUR_STEPS != 0)
        return new_stamp(steps);
    date_of_count(steps + HOURS_1980 * HOUR_STEPS, DAY_STEPS, &d);
    return (((d.month * 100 + d.day) * 100 + d.year - 1900) * 100 + d.hour) * 10 + run;
}

/* Hours as a stamp; those of 1900 to 2235 as steps, but for the date of DUMMY_STAMP. */
static int32_t stamp_of_hours(int32_t hours)
{
    int64_t steps = (hours - HOURS_1980) * HOUR_STEPS;

    if (steps >= STEPS_1900 && steps < STEPS_2236 && hours != HOURS_1901 + 1)
        return stamp_of_steps(steps, 0);
    return (int32_t)(EXTENDED_FIRST + (uint32_t)(hours / INT64_C(8) * 10 + hours % 8));
}

static int32_t stamp_of_moment(const moment *m)
{
    return m->extended ? stamp_of_hours((int32_t)m->count) : stamp_of_steps(m->count, m->run);
}

/* ------------------------------------------------------------------------------- calendars */

/*
 * The number of a day in a calendar without leap days (metadata.md, 3.6); false for a day that it
 * does not have. The 360-day one has months of 30 days, but its January shows 31 and its February
 * 28.
 */
static bool model_days(int64_t days, f24_calendar calendar, int64_t *model)
{
    f24_date d;

    date_of_days(days, &d);
    if (d.month == 2 && d.day == 29)
        return false;
    if (calendar == F24_365_DAY) {
        *model = 365 * (int64_t)d.year + days_before[d.month] + d.day - 1;
        return true;
    }
    if (d.month > 3 && d.day == 31)
        return false;
    *model = 360 * (int64_t)d.year;
    *model += d.month <= 3 ? days_before[d.month] + d.day - 1 : 30 * (d.month - 1) + d.day - 1;
    return true;
}

/* The inverse, for model >= 0. */
static int64_t days_of_model(int64_t model, f24_calendar calendar)
{
    int32_t year_days = calendar == F24_365_DAY ? 365 : 360;
    int32_t year = (int32_t)(model / year_days), day = (int32_t)(model % year_days), month = 12;

    if (calendar == F24_360_DAY && day >= 90)
        return days_of(year, day / 30 + 1, day % 30 + 1);
    while (days_before[month] > day)
        month--;
    return days_of(year, month, day - days_before[month] + 1);
}

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

/*
 * count + delta in a calendar, counts of `per_day` a day since the year 0. False: the start is no
 * day of the calendar, or the sum lies before the year 0.
 */
static bool calendar_add(int64_t count, int64_t delta, int32_t per_day, f24_calendar calendar,
                         int64_t *sum)
{
    int64_t days = count / per_day, time = count % per_day, model;

    if (calendar == F24_GREGORIAN) {
        *sum = count + delta;
        return true;
    }
    if (!model_days(days, calendar, &model))
        return false;
    time += delta;
    model += floor_div(time, per_day);
    if (model < 0)
        return false;
    *sum = days_of_model(model, calendar) * per_day + time - floor_div(time, per_day) * per_day;
    return true;
}

/* ------------------------------------------------------------------------------- arithmetic */

/* Halves away from zero; only the low 32 bits count in the reference. |x| < 2^63. */
static int32_t nint_32(double x)
{
    return (int32_t)(uint32_t)(uint64_t)llround(x);
}

/*
 * Move `from` by hours, as the reference does (containers.md, 2.6): in steps as long as both ends
 * lie in 1900 to 2235, else in whole hours since the year 0. False where the reference gives its
 * error stamp. |hours| < 2^52.
 */
static bool moment_add(int32_t stamp, const moment *from, double hours, f24_calendar calendar,
                       moment *to)
{
    int64_t start = from->count + HOURS_1980 * HOUR_STEPS, steps, delta;

    if (!from->extended) {
        delta = from->count >= 0 ? llround(720 * hours) : HOUR_STEPS * llround(hours);
        if (!calendar_add(start, delta, DAY_STEPS, calendar, &steps))
            return false;
        steps -= HOURS_1980 * HOUR_STEPS;
        if (steps >= STEPS_1900 && steps <= STEPS_LAST_MINUTE) {
            *to = (moment){false, steps, from->run};
            return steps >= 0 || steps % HOUR_STEPS == 0; /* no minutes before 1980 */
        }
        if (!shows_a_date(stamp, from))
            return false;
    }
    *to = (moment){true, 0, 0};
    if (calendar == F24_GREGORIAN) { /* a 32-bit sum that may wrap */
        to->count = (int32_t)((uint32_t)whole_hours(from) + (uint32_t)nint_32(hours));
        return true;
    }
    return calendar_add(whole_hours(from), nint_32(hours), 24, calendar, &to->count);
}

/* ------------------------------------------------------------------------------- interface */

static f24_status no_date(int32_t stamp, f24_error *err)
{
    if (stamp == 0 || stamp == -1 || stamp == DUMMY_STAMP || stamp == ERROR_STAMP)
        return f24_fail(err, F24_EINVAL, -1,
                        "stamp %d stands for \"no date\"; test for it before converting", stamp);
    return f24_fail(err, F24_EINVAL, -1,
                    "stamp %d is not a date: neither MMDDYYHHR digits of 1900 to 1999, nor a count "
                    "of 5-second steps up to 2235, nor one of hours up to 9999",
                    stamp);
}

bool f24_date_steps(int32_t stamp, int64_t *steps)
{
    moment m;

    if (!moment_of_date(stamp, &m))
        return false;
    *steps = m.extended ? (m.count - HOURS_1980) * HOUR_STEPS : m.count;
    return true;
}

f24_status f24_date_decode(int32_t stamp, f24_date *date, f24_error *err)
{
    int64_t steps;

    if (!f24_date_steps(stamp, &steps))
        return no_date(stamp, err);
    date_of_count(steps + HOURS_1980 * HOUR_STEPS, DAY_STEPS, date);
    return F24_OK;
}

f24_status f24_date_encode(const f24_date *date, int32_t *stamp, f24_error *err)
{
    int64_t hours, steps;

    if (!is_date(date))
        return f24_fail(err, F24_EINVAL, -1,
                        "%d-%02d-%02d %02d:%02d:%02d is not a date between the years 0 and 9999",
                        date->year, date->month, date->day, date->hour, date->minute, date->second);
    hours = days_of(date->year, date->month, date->day) * 24 + date->hour;
    steps = (hours - HOURS_1980) * HOUR_STEPS;
    /* One second is cut away too, but not before it has chosen the style. */
    if (steps >= 0 && steps < STEPS_2236 && (date->minute != 0 || date->second != 0))
        *stamp = new_stamp(steps + (date->minute * 60 + date->second) / 5);
    else
        *stamp = stamp_of_hours((int32_t)hours);
    return F24_OK;
}

f24_status f24_date_to_unix(int32_t stamp, int64_t *seconds, f24_error *err)
{
    int64_t steps;

    if (!f24_date_steps(stamp, &steps))
        return no_date(stamp, err);
    *seconds = steps * 5 + UNIX_1980;
    return F24_OK;
}

f24_status f24_date_from_unix(int64_t seconds, int32_t *stamp, f24_error *err)
{
    const int64_t first = (HOURS_1980 * HOUR_STEPS * 5 - UNIX_1980); /* from the year 0 to 1970 */
    f24_date date;

    if (seconds < -first || seconds >= HOURS_END * 3600 - first)
        return f24_fail(err, F24_EINVAL, -1,
                        "%lld s since 1970 is not a date between the years 0 and 9999",
                        (long long)seconds);
    seconds += first;
    date_of_days(seconds / 86400, &date);
    date.hour = (int32_t)(seconds % 86400 / 3600);
    date.minute = (int32_t)(seconds % 3600 / 60);
    date.second = (int32_t)(seconds % 60);
    return f24_date_encode(&date, stamp, err);
}

static f24_status check_calendar(f24_calendar calendar, f24_error *err)
{
    if (calendar != F24_GREGORIAN && calendar != F24_365_DAY && calendar != F24_360_DAY)
        return f24_fail(err, F24_EINVAL, -1,
                        "calendar %d: use F24_GREGORIAN, F24_365_DAY or "
                        "F24_360_DAY",
                        (int)calendar);
    return F24_OK;
}

f24_status f24_date_add(int32_t stamp, double hours, f24_calendar calendar, int32_t *result,
                        f24_error *err)
{
    moment from, to;

    F24_TRY(check_calendar(calendar, err));
    if (!moment_of_date(stamp, &from))
        return no_date(stamp, err);
    if (!(fabs(hours) <= MAX_HOURS) || !moment_add(stamp, &from, hours, calendar, &to) ||
        (to.extended && (to.count < 0 || to.count >= HOURS_END)))
        return f24_fail(err, F24_EINVAL, -1,
                        "stamp %d moved by %g hours has no stamp: dates end with the years 0 and "
                        "9999, have whole hours before 1980, and are days of the calendar",
                        stamp, hours);
    *result = stamp_of_moment(&to);
    return F24_OK;
}

/* Days that the calendar counts less than the Gregorian one, from the year 0 to a moment. */
static bool lost_days(const moment *m, f24_calendar calendar, int64_t *lost)
{
    int64_t days = whole_hours(m) / 24, model = days;

    if (calendar != F24_GREGORIAN && !model_days(days, calendar, &model))
        return false;
    *lost = days - model;
    return true;
}

f24_status f24_date_difference(int32_t a, int32_t b, f24_calendar calendar, double *hours,
                               f24_error *err)
{
    int64_t lost_a, lost_b;
    moment ma, mb;

    F24_TRY(check_calendar(calendar, err));
    if (!moment_of_date(a, &ma))
        return no_date(a, err);
    if (!moment_of_date(b, &mb))
        return no_date(b, err);
    if (!lost_days(&ma, calendar, &lost_a) || !lost_days(&mb, calendar, &lost_b))
        return f24_fail(err, F24_EINVAL, -1,
                        "stamps %d and %d: a calendar of %s days has no February 29%s", a, b,
                        calendar == F24_365_DAY ? "365" : "360",
                        calendar == F24_365_DAY ? "" : " and no 31st after March");
    /* In this order: the last bit of the reference's double depends on it. */
    if (ma.extended || mb.extended)
        *hours = (double)(whole_hours(&ma) - whole_hours(&mb));
    else
        *hours = (double)(ma.count - mb.count) / HOUR_STEPS;
    *hours -= 24.0 * (double)(lost_a - lost_b);
    return F24_OK;
}

int32_t f24_date_origin(int32_t datev, int32_t deet, int32_t npas)
{
    int64_t seconds = (int64_t)deet * npas;
    moment from, to;

    if (seconds == 0)
        return datev;
    if (!moment_read(datev, &from) ||
        !moment_add(datev, &from, -(double)seconds / 3600, F24_GREGORIAN, &to))
        return ERROR_STAMP;
    return stamp_of_moment(&to);
}
