/*
 * list_and_read.c - list a standard file and read its fields: the public header is all it needs.
 *
 *     cc list_and_read.c -o list_and_read $(pkg-config --cflags --libs fst24) -lm
 *     ./list_and_read gem.fst
 *
 * One line a record: its place, name, type, label, level, dates and size, then the smallest, the
 * mean and the largest value. A record that cannot be read is reported on stderr and the next one
 * follows; the exit status is 1 then, and when the list cannot be written.
 */
#include <fst24.h>

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

/* Value `i` of a decoded array, whatever its type; of a complex value the real part. */
static double value_at(const f24_array *array, const void *values, int64_t i)
{
    switch (array->kind) {
    case F24_FLOAT:
        return array->item_bytes == 8 ? ((const double *)values)[i] : ((const float *)values)[i];
    case F24_COMPLEX:
        return array->item_bytes == 16 ? ((const double *)values)[2 * i]
                                       : ((const float *)values)[2 * i];
    case F24_INT:
        switch (array->item_bytes) {
        case 1:
            return ((const int8_t *)values)[i];
        case 2:
            return ((const int16_t *)values)[i];
        case 4:
            return ((const int32_t *)values)[i];
        default:
            return (double)((const int64_t *)values)[i];
        }
    case F24_UINT:
        switch (array->item_bytes) {
        case 1:
            return ((const uint8_t *)values)[i];
        case 2:
            return ((const uint16_t *)values)[i];
        case 4:
            return ((const uint32_t *)values)[i];
        default:
            return (double)((const uint64_t *)values)[i];
        }
    }
    return (double)NAN;
}

/* Missing points are NaN: they are in no comparison and are left out of the mean. */
static void print_statistics(const f24_array *array, const void *values)
{
    double smallest = (double)INFINITY;
    double largest = -(double)INFINITY;
    double sum = 0;
    int64_t n = 0;

    for (int64_t i = 0; i < array->n_values; i++) {
        double value = value_at(array, values, i);

        if (isnan(value))
            continue;
        smallest = value < smallest ? value : smallest;
        largest = value > largest ? value : largest;
        sum += value;
        n++;
    }
    if (n == 0)
        printf("  no value\n");
    else
        printf("  %13.6g %13.6g %13.6g\n", smallest, sum / (double)n, largest);
}

/* Read record `i` and print its statistics; false when it cannot be read. */
static bool read_record(const f24_file *file, int64_t i, f24_error *err)
{
    f24_array array;
    void *values;
    bool done = false;

    if (f24_describe(file, i, &array, err) != F24_OK)
        return false;
    if (array.n_bytes == 0) {
        printf("  no value\n");
        return true;
    }
    values = malloc(array.n_bytes);
    if (values == NULL) {
        (void)snprintf(err->message, sizeof err->message, "no memory for %" PRIu64 " bytes",
                       array.n_bytes);
        return false;
    }
    if (f24_read(file, i, NULL, values, array.n_bytes, err) == F24_OK) {
        print_statistics(&array, values);
        done = true;
    }
    free(values);
    return done;
}

/* The level as people write it. Descriptors (>>, ^^, !!, ...) keep tags in their ips. */
static void print_level(const f24_record *r)
{
    static const char *const units[] = {"m", "sg", "mb", "", "M", "hy", "th", "m-"};
    float value;
    int32_t kind;

    f24_ip_decode(r->ip1, &value, &kind);
    if (kind < 0 || kind > 7 || r->nomvar[0] == '>' || r->nomvar[0] == '^' || r->nomvar[0] == '!')
        printf("%15" PRId32, r->ip1);
    else
        printf("%12g %-2s", (double)value, units[kind]);
}

static void print_record(const f24_record *r)
{
    f24_date date;

    printf("%5" PRId64 " %-4s %-2s %-12s", r->index, r->nomvar, r->typvar, r->etiket);
    print_level(r);
    if (f24_date_decode(r->datev, &date, NULL) == F24_OK)
        printf("  %04d-%02d-%02d %02d:%02d", date.year, date.month, date.day, date.hour,
               date.minute);
    else
        printf("  %16s", "-");
    printf("  %5d x %5d x %3d  %3d/%-2d", r->ni, r->nj, r->nk, r->datyp, r->nbits);
}

int main(int argc, char **argv)
{
    f24_file *file = NULL;
    f24_file_info info;
    f24_error err;
    int64_t n_failed = 0;

    if (argc != 2) {
        (void)fprintf(stderr, "usage: %s FILE\n", argv[0]);
        return 2;
    }
    if (f24_open(argv[1], NULL, &file, &err) != F24_OK) {
        (void)fprintf(stderr, "%s: %s\n", argv[1], err.message);
        return 1;
    }
    for (int64_t i = 0; i < f24_warning_count(file); i++)
        (void)fprintf(stderr, "%s: warning: %s\n", argv[1], f24_warning_at(file, i)->message);

    f24_get_file_info(file, &info);
    for (int64_t i = 0; i < info.n_records; i++) {
        f24_record record;

        if (f24_get_record(file, i, &record, &err) == F24_OK) {
            print_record(&record);
            if (read_record(file, i, &err))
                continue;
            printf("  cannot be read\n");
        }
        (void)fprintf(stderr, "%s: record %" PRId64 ": %s\n", argv[1], i, err.message);
        n_failed++;
    }
    printf("%" PRId64 " record%s, %" PRIu64 " bytes, %s\n", info.n_records,
           info.n_records == 1 ? "" : "s", info.n_bytes, info.backend == F24_XDF ? "XDF" : "RSF");
    f24_close(file);
    if (fflush(stdout) != 0 || ferror(stdout)) { /* a full disk shows here at the latest */
        (void)fprintf(stderr, "%s: standard output cannot be written\n", argv[0]);
        return 1;
    }
    return n_failed != 0;
}
