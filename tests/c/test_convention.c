/* IP codes and date stamps: the vectors of docs/format/metadata.md (2.4, 3.2) and hostile input. */
#include "harness.h"

#include "convention/convention.h"

#include <math.h>
#include <string.h>

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

/* ------------------------------------------------------------------------------------ IP codes */

typedef struct ip_vector {
    float value;
    int32_t kind, code;
} ip_vector;

static const ip_vector new_codes[] = {
    {1000, 2, 39945888},   {850, 2, 41744464},    {500, 2, 41394464},
    {0.1f, 2, 44140192},   {1.5f, 4, 76696048},   {2, 4, 76746048},
    {10, 4, 75597472},     {0, 4, 82837504},      {0, 0, 15728640},
    {1000, 0, 6391456},    {-999.5f, 0, 6252875}, {0, 10, 183500800},
    {0.5f, 10, 178757920}, {6, 10, 177809344},    {12.5f, 10, 176285768},
    {1000, 15, 251659240}, {0, 5, 99614720},      {1, 5, 93423264},
    {0.05f, 5, 95920416},  {1, 1, 26314400},      {0, 1, 32505856},
    {300, 6, 108303328},   {0.5f, 7, 128426272},  {0.494025f, 7, 128420297},
    {1, 3, 59868832},      {5, 3, 60268832},      {0, 3, 66060288},
    {-5, 3, 58676680},     {0, 21, 93423364},     {1000, 21, 86083232},
    {25000, 21, 85184656}, {3, 17, 26195824},     {2000000, 15, 253658240},
};

static void new_codes_have_the_values_of_the_format(void)
{
    for (size_t i = 0; i < COUNT(new_codes); i++) {
        int32_t code = 0, kind = 0;
        float value = 0;
        check(f24_ip_encode(new_codes[i].value, new_codes[i].kind, F24_IP_NEW, &code, NULL) ==
                  F24_OK &&
              code == new_codes[i].code);
        f24_ip_decode(new_codes[i].code, &value, &kind);
        check(kind == new_codes[i].kind && value == new_codes[i].value);
    }
}

static void old_codes_have_the_values_of_the_format(void)
{
    static const ip_vector old_codes[] = {
        {850, 2, 850},    {0, 2, 0},         {1099, 2, 1099},    {0.5f, 2, 1700}, {5, 2, 1900},
        {0.01f, 2, 1420}, {0.001f, 2, 1220}, {0.995f, 1, 11950}, {1, 1, 12000},   {0, 1, 2000},
        {0, 0, 12001},    {8850, 0, 13771},  {99995, 0, 32000},  {100, 3, 1100},  {1, 3, 1199},
    };

    for (size_t i = 0; i < COUNT(old_codes); i++) {
        int32_t code = 0, kind = 0;
        float value = 0;
        check(f24_ip_encode(old_codes[i].value, old_codes[i].kind, F24_IP_OLD, &code, NULL) ==
                  F24_OK &&
              code == old_codes[i].code);
        f24_ip_decode(old_codes[i].code, &value, &kind);
        check(kind == old_codes[i].kind && value == old_codes[i].value);
    }
}

static void a_zero_pressure_is_the_code_zero_in_both_styles(void)
{
    int32_t code = 1;

    check(f24_ip_encode(0, 2, F24_IP_NEW, &code, NULL) == F24_OK && code == 0);
    code = 1;
    check(f24_ip_encode(0, 2, F24_IP_OLD, &code, NULL) == F24_OK && code == 0);
}

static void codes_that_mean_nothing_are_invalid(void)
{
    static const int32_t codes[] = {32768,     65535,     268435455, 39421771,
                                    150743647, 234802604, INT32_MAX};

    for (size_t i = 0; i < COUNT(codes); i++) {
        int32_t kind = 0;
        float value = 0;
        f24_ip_decode(codes[i], &value, &kind);
        check(kind == F24_IP_INVALID && isnan(value));
    }
}

static void values_that_a_kind_cannot_have_are_refused_with_its_range(void)
{
    static const ip_vector refused[] = {
        {1.1f, 5, 0}, {-1, 2, 0},        {1101, 2, 0}, {0.5f, 6, 0},     {30000, 7, 0},
        {-1, 10, 0},  {2e6f + 1, 15, 0}, {NAN, 2, 0},  {INFINITY, 3, 0}, {-INFINITY, 0, 0},
    };
    int32_t code = 77;
    f24_error err;

    for (size_t i = 0; i < COUNT(refused); i++) {
        check(f24_ip_encode(refused[i].value, refused[i].kind, F24_IP_NEW, &code, &err) ==
                  F24_EINVAL &&
              strstr(err.message, "out of range") != NULL);
    }
    check(f24_ip_encode(1100, 2, F24_IP_OLD, &code, &err) == F24_EINVAL);
    check(f24_ip_encode(101, 3, F24_IP_OLD, &code, &err) == F24_EINVAL);
    check(f24_ip_encode(2, 4, F24_IP_OLD, &code, &err) == F24_EINVAL &&
          strstr(err.message, "F24_IP_NEW") != NULL);
    check(f24_ip_encode(2, 8, F24_IP_NEW, &code, &err) == F24_EINVAL); /* librmn cannot read it */
    check(f24_ip_encode(2, 31, F24_IP_NEW, &code, &err) == F24_EINVAL);
    check(f24_ip_encode(2, INT32_MIN, F24_IP_NEW, &code, &err) == F24_EINVAL);
    check(f24_ip_encode(2, 2, (f24_ip_style)1, &code, &err) == F24_EINVAL);
    check(code == 77);
}

static void a_mantissa_with_another_exponent_is_the_same_level(void)
{
    int32_t milli = 41744464 - (1 << 20) - 850000 + 85000; /* 85000 with one exponent less */

    check(f24_ip_same(41744464, 850));
    check(f24_ip_same(41744464, milli) && f24_ip_same(milli, 850));
    check(!f24_ip_same(41744464, 41744465)); /* 850.001 hPa */
    check(!f24_ip_same(0, 66060288));        /* 0 hPa is not the arbitrary code 0 */
    check(!f24_ip_same(39421771, 39693571)); /* two codes that mean nothing ... */
    check(f24_ip_same(39421771, 39421771));  /* ... unless they are one */
}

static void any_code_decodes_and_legal_values_come_back(void)
{
    for (int64_t c = INT32_MIN; c <= INT32_MAX; c += 40009) {
        int32_t kind = 0, code = 0, again = 0;
        float value = 0, second = 0;
        f24_ip_decode((int32_t)c, &value, &kind);
        if (kind == F24_IP_INVALID || (kind == 3 && c < 0))
            continue;
        check(f24_ip_encode(value, kind, F24_IP_NEW, &code, NULL) == F24_OK);
        f24_ip_decode(code, &second, &again);
        /* Negative values keep 4 to 5 digits; zero height is written as 1.001e-4 of a 10 km. */
        check(again == kind && fabsf(second - value) <= 2e-4f * fabsf(value));
    }
}

/* ------------------------------------------------------------------------------------ dates */

typedef struct date_vector {
    f24_date date;
    int32_t stamp;
    int64_t steps;
} date_vector;

static const date_vector dates[] = {
    {{1980, 1, 1, 0, 0, 0}, 10180000, 0},
    {{1980, 1, 1, 0, 1, 0}, 123200014, 12},
    {{1999, 12, 31, 23, 0, 0}, 123199230, 126229680},
    {{2000, 1, 1, 0, 0, 0}, 280988000, 126230400},
    {{2024, 2, 29, 12, 0, 0}, 471618800, 278735040},
    {{2024, 2, 29, 12, 34, 55}, 471619323, 278735459},
    {{1979, 7, 1, 18, 0, 0}, 70179180, -3166560},
    {{1900, 1, 1, 0, 0, 0}, 10100000, -504904320},
    {{2235, 12, 31, 23, 59, 55}, 2142843197, 1615714559},
    {{1899, 12, 31, 23, 0, 0}, -1274148469, (INT64_C(16655063) - 17356320) * 720},
    {{2236, 1, 1, 0, 0, 0}, -1270466836, (INT64_C(19600368) - 17356320) * 720},
    {{9999, 12, 31, 23, 0, 0}, -1185394549, (INT64_C(87658199) - 17356320) * 720},
    {{0, 1, 1, 0, 0, 0}, -1294967296, INT64_C(-17356320) * 720},
};

static void stamps_of_all_styles_are_dates(void)
{
    for (size_t i = 0; i < COUNT(dates); i++) {
        const date_vector *v = &dates[i];
        f24_date d = {0};
        int32_t stamp = 0;
        int64_t steps = 0, seconds = 0;
        check(f24_date_encode(&v->date, &stamp, NULL) == F24_OK && stamp == v->stamp);
        check(f24_date_decode(v->stamp, &d, NULL) == F24_OK && memcmp(&d, &v->date, sizeof d) == 0);
        check(f24_date_steps(v->stamp, &steps) && steps == v->steps);
        check(f24_date_to_unix(v->stamp, &seconds, NULL) == F24_OK &&
              seconds == 315532800 + 5 * v->steps);
        check(f24_date_from_unix(seconds, &stamp, NULL) == F24_OK && stamp == v->stamp);
    }
}

static void the_same_instant_in_two_styles_is_the_same_instant(void)
{
    int64_t old_style = 1, new_style = 2, extended = 3;

    check(f24_date_steps(10180003, &old_style)); /* run 3 */
    check(f24_date_steps(123200000, &new_style));
    check(f24_date_steps(-1273271896, &extended));
    check(old_style == 0 && new_style == 0 && extended == 0);
}

static void seconds_are_cut_and_minutes_before_1980_too(void)
{
    f24_date d = {2024, 2, 29, 12, 34, 59};
    int32_t stamp = 0;

    check(f24_date_encode(&d, &stamp, NULL) == F24_OK && stamp == 471619323);
    d = (f24_date){1997, 11, 11, 12, 0, 3};
    check(f24_date_encode(&d, &stamp, NULL) == F24_OK && stamp == 264129200);
    d = (f24_date){1976, 2, 29, 12, 34, 59};
    check(f24_date_encode(&d, &stamp, NULL) == F24_OK && stamp == 22976120);
    /* The stamp that programs use as a dummy is not given to a real date. */
    d = (f24_date){1901, 1, 1, 1, 0, 0};
    check(f24_date_encode(&d, &stamp, NULL) == F24_OK && stamp < 0);
}

static void what_is_no_date_is_refused(void)
{
    static const int32_t stamps[] = {0,           1,          -1,         -2,        100,
                                     101001,      10101011,   101010101,  22900000,  123199999,
                                     43110000,    2142843198, 2147483647, INT32_MIN, -1294967297,
                                     -1185394548, -1185394546};
    static const f24_date wrong[] = {
        {2023, 2, 29, 0, 0, 0},
        {2024, 13, 1, 0, 0, 0},
        {2024, 0, 1, 0, 0, 0},
        {2024, 1, 32, 0, 0, 0},
        {2024, 1, 0, 0, 0, 0},
        {2024, 1, 1, 24, 0, 0},
        {2024, 1, 1, 0, 60, 0},
        {2024, 1, 1, 0, 0, 60},
        {-1, 1, 1, 0, 0, 0},
        {10000, 1, 1, 0, 0, 0},
        {2024, 1, 1, -1, 0, 0},
        {1900, 2, 29, 0, 0, 0},
        {INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX, INT32_MAX},
        {INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN, INT32_MIN},
    };
    f24_date d;
    int64_t n;
    int32_t stamp;
    double hours;

    for (size_t i = 0; i < COUNT(stamps); i++) {
        f24_error err;
        check(!f24_date_steps(stamps[i], &n));
        check(f24_date_decode(stamps[i], &d, &err) == F24_EINVAL);
        check(f24_date_to_unix(stamps[i], &n, NULL) == F24_EINVAL);
        check(f24_date_add(stamps[i], 1, F24_GREGORIAN, &stamp, NULL) == F24_EINVAL);
        check(f24_date_difference(stamps[i], 10180000, F24_GREGORIAN, &hours, NULL) == F24_EINVAL);
        check(f24_date_difference(10180000, stamps[i], F24_GREGORIAN, &hours, NULL) == F24_EINVAL);
    }
    check(f24_date_from_unix(INT64_MIN, &stamp, NULL) == F24_EINVAL);
    check(f24_date_from_unix(INT64_C(-62167219201), &stamp, NULL) == F24_EINVAL);
    check(f24_date_from_unix(INT64_C(-62167219200), &stamp, NULL) == F24_OK);
    check(f24_date_from_unix(INT64_C(253402300799), &stamp, NULL) == F24_OK);
    check(f24_date_from_unix(INT64_C(253402300800), &stamp, NULL) == F24_EINVAL);
    for (size_t i = 0; i < COUNT(wrong); i++)
        check(f24_date_encode(&wrong[i], &stamp, NULL) == F24_EINVAL);
}

static void hours_move_a_date_across_the_styles(void)
{
    static const struct {
        int32_t stamp;
        double hours;
        int32_t result;
    } moves[] = {
        {471618800, 12, 471629600},  {280988000, -1, 123199230},    {280988000, -0.25, 280987774},
        {123199235, -1, 123199225},  {10100000, -1, -1274148469},   {-1274148469, 1, 10100000},
        {2142843197, 0, 2142842300}, {2142842300, 1, -1270466836},  {70179180, 1.4, 70179190},
        {70179180, 0.5, 70179190},   {70179180, -0.5, 70179170},    {471618800, 0.0007, 471618801},
        {10101000, 1, 10101010},     {-1274137519, 2, -1274137515}, {-1270466836, -1, 2142842300},
    };

    for (size_t i = 0; i < COUNT(moves); i++) {
        int32_t result = 0;
        check(f24_date_add(moves[i].stamp, moves[i].hours, F24_GREGORIAN, &result, NULL) == F24_OK);
        check(result == moves[i].result);
    }
}

static void a_move_that_has_no_stamp_is_refused(void)
{
    static const double far[] = {1e8, -1e8, 1e300, -1e300, INFINITY, NAN, 7e7, -2e7};
    int32_t result = 5;

    for (size_t i = 0; i < COUNT(far); i++) {
        for (int calendar = F24_GREGORIAN; calendar <= F24_360_DAY; calendar++)
            check(f24_date_add(471610000, far[i], (f24_calendar)calendar, &result, NULL) ==
                  F24_EINVAL);
    }
    check(f24_date_add(123200014, -1, F24_GREGORIAN, &result, NULL) == F24_EINVAL); /* 1979-12-31
                                                                                       23:01 */
    check(f24_date_add(471618800, 1, (f24_calendar)3, &result, NULL) == F24_EINVAL);
    check(result == 5);
}

static void a_calendar_without_leap_days_passes_over_them(void)
{
    static const struct {
        f24_calendar calendar;
        int32_t from, to;
        double hours;
    } spans[] = {
        {F24_GREGORIAN, 313812800, 313841600, 32}, /* 2004-02-28 16:00 to 03-01 */
        {F24_365_DAY, 313798400, 313841600, 24},   /* 2004-02-28 to 03-01 */
        {F24_365_DAY, 312545600, 320451200, 8760}, /* 2004 */
        {F24_360_DAY, 312545600, 320451200, 8640},   {F24_360_DAY, 313798400, 313841600, 24},
        {F24_360_DAY, 320408000, 320451200, 24},     /* 12-30 to 01-01 */
        {F24_365_DAY, -1275242446, -1275242416, 24}, /* 1800-02-28 to 03-01, in hours */
    };

    for (size_t i = 0; i < COUNT(spans); i++) {
        int32_t to = 0, from = 0;
        double hours = 0;
        check(f24_date_add(spans[i].from, spans[i].hours, spans[i].calendar, &to, NULL) == F24_OK);
        check(to == spans[i].to);
        check(f24_date_add(to, -spans[i].hours, spans[i].calendar, &from, NULL) == F24_OK);
        check(from == spans[i].from);
        check(f24_date_difference(to, from, spans[i].calendar, &hours, NULL) == F24_OK);
        check(hours == spans[i].hours);
    }
}

static void days_that_a_calendar_does_not_have_are_refused(void)
{
    int32_t result;
    double hours;

    check(f24_date_add(313820000, 1, F24_365_DAY, &result, NULL) == F24_EINVAL); /* February 29 */
    check(f24_date_add(313820000, 1, F24_360_DAY, &result, NULL) == F24_EINVAL);
    check(f24_date_add(315807200, 1, F24_360_DAY, &result, NULL) == F24_EINVAL); /* May 31 */
    check(f24_date_difference(315807200, 10180000, F24_360_DAY, &hours, NULL) == F24_EINVAL);
    check(f24_date_difference(10180000, 315807200, F24_360_DAY, &hours, NULL) == F24_EINVAL);
}

static void differences_are_in_hours(void)
{
    double hours = 0;

    check(f24_date_difference(63050060, 123200001, F24_GREGORIAN, &hours, NULL) == F24_OK &&
          hours == -258642.0013888889);
    check(f24_date_difference(-1274148469, 123200014, F24_GREGORIAN, &hours, NULL) == F24_OK &&
          hours == -701257.0); /* whole hours when one is extended */
}

static void the_origin_is_the_one_the_reference_shows(void)
{
    static const struct {
        int32_t datev, deet, npas, dateo;
    } origins[] = {
        {123204321, 60, 288, 123200001},
        {471618800, 0, 12, 471618800},
        {0, 0, 0, 0},
        {-1, 3600, 0, -1},
        {0, 3600, 1, 101010101},
        {101010101, 86400, 1, 100910101}, /* the error stamp is a date to the reference */
        {101010101, 3600, 1, 101010091},
        {101001, 3600, 1, 113000231}, /* month 0 */
        {471618800, -3600, 1, 471619700},
        {471618800, 16777215, 16777215, 1924588214}, /* a 32-bit sum of hours that wraps */
        {471618800, INT32_MAX, INT32_MAX, 780743257},
        {-1294967296, 3600, 1, -1294967297}, /* before the year 0: divisions cut towards 0 */
        {-1185394546, 7294034, 7188863, 1008821243},
        {2147483647, 3600, 1, 101010101},
        {2142843198, 3600, 1, 2142842300},
        {123200014, 3600, 1, 101010101}, /* no minutes before 1980 */
        {INT32_MIN, 3600, 1, 101010101},
    };

    for (size_t i = 0; i < COUNT(origins); i++) {
        check(f24_date_origin(origins[i].datev, origins[i].deet, origins[i].npas) ==
              origins[i].dateo);
    }
}

static void stored_dates_come_back_but_for_runs_8_and_9(void)
{
    check(f24_date_from_stored(377295040) == 471618800);
    check(f24_date_from_stored(8u * (101010108u / 10) + 8) == 101010110);
    check(f24_date_from_stored(8u * (3020826827u / 10) + 7) == -1274140469);
    (void)f24_date_from_stored(UINT32_MAX);
}

static void every_stamp_that_is_a_date_comes_back(void)
{
    int64_t n_dates = 0;

    for (int64_t s = INT32_MIN; s <= INT32_MAX; s += 3989) {
        f24_date d = {0};
        int32_t stamp = 0;
        int64_t before = 0, after = 0;
        (void)f24_date_origin((int32_t)s, (int32_t)~s, 7 * (int32_t)(s >> 8)); /* no overflow */
        if (f24_date_decode((int32_t)s, &d, NULL) != F24_OK)
            continue;
        n_dates++;
        check(f24_date_encode(&d, &stamp, NULL) == F24_OK);
        check(f24_date_steps((int32_t)s, &before) && f24_date_steps(stamp, &after) &&
              before == after);
    }
    check(n_dates > 500000);
}

int main(void)
{
    new_codes_have_the_values_of_the_format();
    old_codes_have_the_values_of_the_format();
    a_zero_pressure_is_the_code_zero_in_both_styles();
    codes_that_mean_nothing_are_invalid();
    values_that_a_kind_cannot_have_are_refused_with_its_range();
    a_mantissa_with_another_exponent_is_the_same_level();
    any_code_decodes_and_legal_values_come_back();
    stamps_of_all_styles_are_dates();
    the_same_instant_in_two_styles_is_the_same_instant();
    seconds_are_cut_and_minutes_before_1980_too();
    what_is_no_date_is_refused();
    hours_move_a_date_across_the_styles();
    a_move_that_has_no_stamp_is_refused();
    a_calendar_without_leap_days_passes_over_them();
    days_that_a_calendar_does_not_have_are_refused();
    differences_are_in_hours();
    the_origin_is_the_one_the_reference_shows();
    stored_dates_come_back_but_for_runs_8_and_9();
    every_stamp_that_is_a_date_comes_back();
    return report();
}
