/* What the fuzz targets and the program that replays damaged files share. */
#ifndef F24_TESTS_FUZZ_H
#define F24_TESTS_FUZZ_H

#include <fst24.h>

#include <stddef.h>
#include <stdint.h>

/* The target: libFuzzer calls it with bytes of its own, damage.c with damaged golden files. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* An error is as good as a value: only a crash, a hang or a sanitizer's report is a find. */
static inline void fuzz_ignore(f24_status status)
{
    (void)status;
}

/* Read every byte, so that a sanitizer sees one that is not there. */
static inline void fuzz_touch(const void *bytes, size_t n_bytes)
{
    uint8_t sum = 0;
    volatile uint8_t sink;

    for (size_t i = 0; i < n_bytes; i++)
        sum ^= ((const uint8_t *)bytes)[i];
    sink = sum; /* the sum is used: the reads stay */
    (void)sink;
}

#endif
