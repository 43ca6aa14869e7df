/* A test is a function; check() counts and prints what failed, main() returns how many did. */
#ifndef F24_TESTS_HARNESS_H
#define F24_TESTS_HARNESS_H

#include <stdio.h>

static int n_checks, n_failed;

#define check(condition)                                                                           \
    do {                                                                                           \
        n_checks++;                                                                                \
        if (!(condition)) {                                                                        \
            n_failed++;                                                                            \
            (void)fprintf(stderr, "%s:%d: %s: not so: %s\n", __FILE__, __LINE__, __func__,         \
                          #condition);                                                             \
        }                                                                                          \
    } while (0)

static inline int report(void)
{
    (void)printf("%d passed, %d failed\n", n_checks - n_failed, n_failed);
    return n_failed != 0;
}

#endif
