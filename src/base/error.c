/* The XSI form of strerror_r, which returns a number: the GNU form may leave its buffer alone. */
#undef _GNU_SOURCE
#define _POSIX_C_SOURCE 200809L
#define F24_DEFINES_FAILURES
#include "base/error.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

f24_status f24_fail(f24_error *err, f24_status status, int64_t offset, const char *format, ...)
{
    va_list args;

    if (err == NULL)
        return status;
    err->status = status;
    err->sys_errno = 0;
    err->record = -1;
    err->offset = offset;
    va_start(args, format);
    (void)vsnprintf(err->message, sizeof err->message, format, args);
    va_end(args);
    return status;
}

f24_status f24_fail_errno(f24_error *err, int sys_errno, int64_t offset, const char *what)
{
    char text[128];
    f24_status status = sys_errno == ENOMEM ? F24_ENOMEM : F24_EIO;

    /* strerror is not thread-safe; the XSI form of strerror_r is. */
    if (strerror_r(sys_errno, text, sizeof text) != 0)
        (void)snprintf(text, sizeof text, "system error %d", sys_errno);
    (void)f24_fail(err, status, offset, "%s: %s", what, text);
    if (err != NULL)
        err->sys_errno = sys_errno;
    return status;
}

f24_status f24_fail_in(f24_error *err, f24_status status, int64_t record)
{
    if (err != NULL)
        err->record = record;
    return status;
}

const char *f24_version(void)
{
    return F24_VERSION;
}

const char *f24_status_name(f24_status status)
{
    switch (status) {
    case F24_OK:
        return "ok";
    case F24_EIO:
        return "input/output error";
    case F24_ENOMEM:
        return "out of memory";
    case F24_EINVAL:
        return "invalid argument";
    case F24_ENOTFST:
        return "not a standard file";
    case F24_ETRUNCATED:
        return "truncated";
    case F24_ECORRUPT:
        return "corrupt";
    case F24_EUNSUPPORTED:
        return "unsupported";
    case F24_ENOTFOUND:
        return "not found";
    case F24_ECHANGED:
        return "changed";
    case F24_ELOCKED:
        return "locked";
    case F24_EENCODING:
        return "cannot be stored";
    }
    return "unknown status";
}
