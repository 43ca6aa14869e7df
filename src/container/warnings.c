#include "container/container.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

void f24_warn(f24_warnings *warnings, f24_status status, int64_t offset, const char *format, ...)
{
    f24_error *warning;
    va_list args;

    if (warnings == NULL || warnings->n == F24_MAX_WARNINGS)
        return;
    if (warnings->list == NULL) /* rare: files without a warning pay nothing */
        warnings->list = calloc(F24_MAX_WARNINGS, sizeof *warnings->list);
    if (warnings->list == NULL)
        return;
    warning = &warnings->list[warnings->n++];
    warning->status = status;
    warning->record = -1;
    warning->offset = offset;
    va_start(args, format);
    (void)vsnprintf(warning->message, sizeof warning->message, format, args);
    va_end(args);
}

void f24_warnings_free(f24_warnings *warnings)
{
    free(warnings->list);
    warnings->list = NULL;
    warnings->n = 0;
}
