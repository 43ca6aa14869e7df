/*
 * The ordinary run of a fuzz target: golden files cut at every length and with single bytes
 * changed, or bytes by chance.
 *
 *     damage_open files N_CHANGES FILE...       the bytes of each file
 *     damage_decode records N_CHANGES FILE...   the stored bytes of each record of each file
 *     damage_write drawn N_INPUTS               bytes by chance, for a target that takes any
 *
 * Every input lies in a block of exactly its size. Changes are drawn from a fixed seed, so a find
 * comes again. The program says what it does on stderr when it dies: run it under a debugger.
 */
#include "fuzz.h"

#include <fst24.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Cuts of longer inputs are drawn, not exhausted. */
#define CUT_AT_EVERY_BYTE_BELOW 32768
#define N_CUTS_OF_LONGER 2000
#define LONGEST_DRAWN 300

static uint64_t state = 20240517;

/* xorshift64: the same numbers on every machine. */
static uint64_t draw(uint64_t below)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return state % below;
}

/* The target sees a copy of exactly n bytes. */
static void try_bytes(const uint8_t *bytes, size_t n)
{
    uint8_t *copy = malloc(n != 0 ? n : 1);

    if (copy == NULL)
        abort();
    memcpy(copy, bytes, n);
    (void)LLVMFuzzerTestOneInput(copy, n);
    free(copy);
}

static void damage(uint8_t *bytes, size_t n, long n_changes)
{
    try_bytes(bytes, n);
    for (size_t i = 0; n < CUT_AT_EVERY_BYTE_BELOW && i < n; i++)
        try_bytes(bytes, i);
    for (int i = 0; n >= CUT_AT_EVERY_BYTE_BELOW && i < N_CUTS_OF_LONGER; i++)
        try_bytes(bytes, (size_t)draw(n));
    for (long i = 0; n != 0 && i < n_changes; i++) {
        size_t at = (size_t)draw(n);
        uint8_t kept = bytes[at];

        bytes[at] = (uint8_t)(kept ^ (1 + draw(255)));
        try_bytes(bytes, n);
        bytes[at] = kept;
    }
}

static uint8_t *load(const char *path, size_t *n_bytes)
{
    FILE *f = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long size = -1;

    if (f != NULL && fseek(f, 0, SEEK_END) == 0)
        size = ftell(f);
    if (size > 0 && fseek(f, 0, SEEK_SET) == 0)
        bytes = malloc((size_t)size);
    if (bytes == NULL || fread(bytes, 1, (size_t)size, f) != (size_t)size) {
        (void)fprintf(stderr, "damage: cannot read %s\n", path);
        exit(2);
    }
    (void)fclose(f);
    *n_bytes = (size_t)size;
    return bytes;
}

static void damage_records(const char *path, long n_changes)
{
    f24_file *file = NULL;
    f24_file_info info;
    f24_error err;

    if (f24_open(path, NULL, &file, &err) != F24_OK) {
        (void)fprintf(stderr, "damage: %s: %s\n", path, err.message);
        exit(2);
    }
    f24_get_file_info(file, &info);
    for (int64_t i = 0; i < info.n_records; i++) {
        f24_record record;
        uint8_t *stored = NULL;

        if (f24_get_record(file, i, &record, &err) == F24_OK)
            stored = malloc(record.n_bytes);
        if (stored == NULL || f24_read_stored(file, i, stored, record.n_bytes, &err) != F24_OK) {
            (void)fprintf(stderr, "damage: %s: record %ld is not there\n", path, (long)i);
            exit(2);
        }
        damage(stored, record.n_bytes, n_changes);
        free(stored);
    }
    f24_close(file);
}

static void try_drawn(long n_inputs)
{
    uint8_t bytes[LONGEST_DRAWN];

    for (long i = 0; i < n_inputs; i++) {
        size_t n = 1 + (size_t)draw(sizeof bytes);

        for (size_t k = 0; k < n; k++)
            bytes[k] = (uint8_t)draw(256);
        try_bytes(bytes, n);
    }
}

int main(int argc, char **argv)
{
    long n_changes;

    if (argc < 3 || (argc < 4) != (strcmp(argv[1], "drawn") == 0))
        return 2;
    n_changes = strtol(argv[2], NULL, 10);
    if (argc == 3)
        try_drawn(n_changes);
    for (int i = 3; i < argc; i++) {
        if (strcmp(argv[1], "records") == 0) {
            damage_records(argv[i], n_changes);
        } else {
            size_t n_bytes;
            uint8_t *bytes = load(argv[i], &n_bytes);

            damage(bytes, n_bytes, n_changes);
            free(bytes);
        }
    }
    return 0;
}
