/*
 * write.c - write a standard file, add to it, edit it and read it back: fst24.h is all it needs.
 *
 *     cc write.c -o write $(pkg-config --cflags --libs fst24) -lm
 *     ./write new.fst [RSF]
 *
 * The exit status is 1 when something could not be done.
 */
#include <fst24.h>

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { NI = 60, NJ = 40 };

static int complain(const char *path, const f24_error *err)
{
    (void)fprintf(stderr, "%s: %s\n", path, err->message);
    return 1;
}

/* Metadata of a field: what is not named is 0 or blank. datyp 134 is 6, compressed. */
static f24_record describe(const char *nomvar, float level, f24_error *err)
{
    const f24_date origin = {2024, 5, 17, 12, 0, 0};
    f24_record record = {
        .typvar = "P",
        .etiket = "EXAMPLE",
        .grtyp = "X",
        .ni = NI,
        .nj = NJ,
        .nk = 1,
        .deet = 3600,
        .npas = 6,
        .ip2 = 6,
        .datyp = 134,
        .nbits = 16,
    };

    (void)snprintf(record.nomvar, sizeof record.nomvar, "%s", nomvar);
    err->status = f24_date_encode(&origin, &record.dateo, err);
    if (err->status == F24_OK)
        err->status = f24_ip_encode(level, 2, F24_IP_NEW, &record.ip1, err);
    return record;
}

/* A temperature in degrees Celsius that falls with height. */
static void fill(float *values, float level)
{
    for (int j = 0; j < NJ; j++)
        for (int i = 0; i < NI; i++)
            values[i + NI * j] =
                30.0f * sinf(0.1f * (float)i) * cosf(0.1f * (float)j) + level / 20.0f - 40.0f;
}

static f24_status write_levels(f24_writer *writer, f24_error *err)
{
    static const float levels[] = {1000, 850, 500, 250};
    static float field[NI * NJ];
    const f24_values values = {F24_FLOAT, sizeof field[0], field, NULL};

    for (size_t i = 0; i < sizeof levels / sizeof levels[0]; i++) {
        f24_record record = describe("TT", levels[i], err);
        fill(field, levels[i]);
        if (err->status != F24_OK || f24_write(writer, &record, &values, NULL, NULL, err) != F24_OK)
            return err->status;
    }
    return F24_OK;
}

/* A new file: nobody sees it before it is whole. */
static f24_status create(const char *path, f24_backend backend, f24_error *err)
{
    f24_writer_options options = F24_WRITER_INIT;
    f24_writer *writer = NULL;
    f24_status status;

    options.backend = backend;
    if (f24_writer_open(path, &options, &writer, err) != F24_OK)
        return err->status;
    status = write_levels(writer, err);
    if (status != F24_OK) {
        f24_writer_abandon(writer); /* and there is no file */
        return status;
    }
    return f24_writer_close(writer, err);
}

/* In place: another label for the first record, and the last one goes. */
static f24_status change(const char *path, f24_error *err)
{
    f24_writer_options options = F24_WRITER_INIT;
    f24_writer *writer = NULL;
    f24_file *file = NULL;
    f24_record first;
    f24_status status;

    options.mode = F24_WRITE_APPEND;
    if (f24_writer_open(path, &options, &writer, err) != F24_OK)
        return err->status;
    status = f24_writer_view(writer, &file, err);
    if (status == F24_OK)
        status = f24_get_record(file, 0, &first, err);
    if (status == F24_OK) {
        (void)snprintf(first.etiket, sizeof first.etiket, "CHANGED");
        status = f24_edit(writer, first.file_index, &first, NULL, 0, err);
    }
    if (status == F24_OK)
        status = f24_delete(writer, 3, err);
    f24_close(file);
    if (status != F24_OK) {
        f24_writer_abandon(writer);
        return status;
    }
    return f24_writer_close(writer, err);
}

static f24_status show(const char *path, f24_error *err)
{
    static float field[NI * NJ];
    f24_file *file = NULL;
    f24_status status = f24_open(path, NULL, &file, err);
    int64_t n = status == F24_OK ? f24_table_columns(f24_file_table(file))->n : 0;

    for (int64_t i = 0; i < n && status == F24_OK; i++) {
        f24_record record;
        status = f24_get_record(file, i, &record, err);
        if (status == F24_OK)
            status = f24_read(file, i, NULL, field, sizeof field, err);
        if (status == F24_OK)
            (void)printf("%s %s ip1 %d: %d x %d, datyp %d, %llu bytes, first value %.2f\n",
                         record.nomvar, record.etiket, record.ip1, record.ni, record.nj,
                         record.datyp, (unsigned long long)record.n_bytes, (double)field[0]);
    }
    f24_close(file);
    return status;
}

int main(int argc, char **argv)
{
    f24_backend backend = argc > 2 && strcmp(argv[2], "RSF") == 0 ? F24_RSF : F24_XDF;
    f24_error err;

    if (argc < 2) {
        (void)fprintf(stderr, "usage: %s FILE [RSF]\n", argv[0]);
        return 1;
    }
    if (create(argv[1], backend, &err) != F24_OK || change(argv[1], &err) != F24_OK ||
        show(argv[1], &err) != F24_OK)
        return complain(argv[1], &err);
    return 0;
}
