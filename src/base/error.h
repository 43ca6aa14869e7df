/* How a failure is described, once, by the function that meets it first. */
#ifndef F24_BASE_ERROR_H
#define F24_BASE_ERROR_H

#include "fst24.h"

/*
 * Fill `err` (NULL is fine) and return `status`, so that `return f24_fail(...)` is one line.
 * offset: byte from the start of the file, -1 when unknown. The message is one sentence in printf
 * form.
 */
__attribute__((format(printf, 4, 5))) f24_status f24_fail(f24_error *err, f24_status status,
                                                          int64_t offset, const char *format, ...);

/* The same for a system call that failed with `sys_errno`: F24_ENOMEM for ENOMEM, else F24_EIO. */
f24_status f24_fail_errno(f24_error *err, int sys_errno, int64_t offset, const char *what);

/* Note which record a failure concerns; returns `status`. */
f24_status f24_fail_in(f24_error *err, f24_status status, int64_t record);

/* clang-tidy sees one file at a time: here it learns that a failure is never F24_OK. */
#if defined(__clang_analyzer__) && !defined(F24_DEFINES_FAILURES)
#define f24_fail(err, status, ...) ((void)f24_fail(err, status, __VA_ARGS__), (status))
#define f24_fail_errno(...) ((void)f24_fail_errno(__VA_ARGS__), F24_EIO)
#define f24_fail_in(err, status, record) ((void)f24_fail_in(err, status, record), (status))
#endif

/* Pass a failure on untouched. */
#define F24_TRY(call)                                                                              \
    do {                                                                                           \
        f24_status try_status_ = (call);                                                           \
        if (try_status_ != F24_OK)                                                                 \
            return try_status_;                                                                    \
    } while (0)

#endif
