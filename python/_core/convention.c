/* IP codes and date stamps: single values, and whole buffers for numpy arrays. */
#include "core.h"

#include <math.h>

static bool as_int32(PyObject *number, int32_t *value)
{
    int64_t wide;

    if (!as_index(number, &wide))
        return false;
    if (wide < INT32_MIN || wide > INT32_MAX) {
        PyErr_SetString(PyExc_OverflowError, "a code or stamp is a 32-bit number");
        return false;
    }
    *value = (int32_t)wide;
    return true;
}

static PyObject *ip_decode(PyObject *module, PyObject *argument)
{
    int32_t code, kind;
    float value;

    (void)module;
    if (!as_int32(argument, &code))
        return NULL;
    f24_ip_decode(code, &value, &kind);
    return Py_BuildValue("(fi)", value, kind);
}

static PyObject *ip_encode(PyObject *module, PyObject *args)
{
    int kind, style;
    f24_error err;
    int32_t code;
    float value;

    if (!PyArg_ParseTuple(args, "fii:ip_encode", &value, &kind, &style))
        return NULL;
    if (f24_ip_encode(value, kind, (f24_ip_style)style, &code, &err) != F24_OK)
        return raise_core(state_of_module(module), &err, NULL, NULL);
    return PyLong_FromLong(code);
}

static PyObject *date_decode(PyObject *module, PyObject *argument)
{
    f24_error err;
    f24_date date;
    int32_t stamp;

    if (!as_int32(argument, &stamp))
        return NULL;
    if (f24_date_decode(stamp, &date, &err) != F24_OK)
        return raise_core(state_of_module(module), &err, NULL, NULL);
    return Py_BuildValue("(iiiiii)", date.year, date.month, date.day, date.hour, date.minute,
                         date.second);
}

static PyObject *date_encode(PyObject *module, PyObject *args)
{
    int year, month, day, hour, minute, second;
    f24_error err;
    f24_date date;
    int32_t stamp;

    if (!PyArg_ParseTuple(args, "iiiiii:date_encode", &year, &month, &day, &hour, &minute, &second))
        return NULL;
    date = (f24_date){year, month, day, hour, minute, second};
    if (f24_date_encode(&date, &stamp, &err) != F24_OK)
        return raise_core(state_of_module(module), &err, NULL, NULL);
    return PyLong_FromLong(stamp);
}

static PyObject *date_to_unix(PyObject *module, PyObject *argument)
{
    int64_t seconds;
    f24_error err;
    int32_t stamp;

    if (!as_int32(argument, &stamp))
        return NULL;
    if (f24_date_to_unix(stamp, &seconds, &err) != F24_OK)
        return raise_core(state_of_module(module), &err, NULL, NULL);
    return PyLong_FromLongLong(seconds);
}

static PyObject *date_add(PyObject *module, PyObject *args)
{
    int stamp, calendar = F24_GREGORIAN;
    f24_error err;
    double hours;
    int32_t result;

    if (!PyArg_ParseTuple(args, "id|i:date_add", &stamp, &hours, &calendar))
        return NULL;
    if (f24_date_add(stamp, hours, (f24_calendar)calendar, &result, &err) != F24_OK)
        return raise_core(state_of_module(module), &err, NULL, NULL);
    return PyLong_FromLong(result);
}

static PyObject *date_difference(PyObject *module, PyObject *args)
{
    int a, b, calendar = F24_GREGORIAN;
    f24_error err;
    double hours;

    if (!PyArg_ParseTuple(args, "ii|i:date_difference", &a, &b, &calendar))
        return NULL;
    if (f24_date_difference(a, b, (f24_calendar)calendar, &hours, &err) != F24_OK)
        return raise_core(state_of_module(module), &err, NULL, NULL);
    return PyFloat_FromDouble(hours);
}

static PyObject *date_origin(PyObject *module, PyObject *args)
{
    int datev, deet, npas;

    (void)module;
    if (!PyArg_ParseTuple(args, "iii:date_origin", &datev, &deet, &npas))
        return NULL;
    return PyLong_FromLong(f24_date_origin(datev, deet, npas));
}

/* --------------------------------------------------------------------------------- whole buffers */

#define MAX_BUFFERS 4

/* Contiguous memory of n items each: the arguments of a loop. */
typedef struct loop_args {
    Py_buffer buffers[MAX_BUFFERS];
    int n_buffers;
    Py_ssize_t n;
} loop_args;

static void loop_done(loop_args *loop)
{
    for (int b = 0; b < loop->n_buffers; b++)
        PyBuffer_Release(&loop->buffers[b]);
}

/* `sizes`: bytes of an item of each argument, as digits; the last n_out are written to. */
static bool loop_begin(loop_args *loop, PyObject *const *args, const char *sizes, int n_out)
{
    int n_buffers = (int)strlen(sizes);

    loop->n = -1;
    loop->n_buffers = 0;
    for (int b = 0; b < n_buffers && b < MAX_BUFFERS; b++) {
        Py_buffer *buffer = &loop->buffers[b];
        Py_ssize_t item_bytes = sizes[b] - '0';
        int flags = b < n_buffers - n_out ? PyBUF_CONTIG_RO : PyBUF_CONTIG;
        if (PyObject_GetBuffer(args[b], buffer, flags) < 0) {
            loop_done(loop);
            return false;
        }
        loop->n_buffers = b + 1;
        if (b == 0)
            loop->n = buffer->len / item_bytes;
        if (buffer->itemsize != item_bytes || buffer->len != loop->n * item_bytes) {
            PyErr_Format(PyExc_ValueError, "%zd items of %zd bytes are needed", loop->n,
                         item_bytes);
            loop_done(loop);
            return false;
        }
    }
    return true;
}

/* Element i of argument `a`. */
#define ITEM(type, a) (((type *)loop.buffers[a].buf)[i])

/* ip_decode_array(codes int32, values float32, kinds int32) */
static PyObject *ip_decode_array(PyObject *module, PyObject *const *args, Py_ssize_t n_args)
{
    loop_args loop;

    (void)module;
    if (!has_args("ip_decode_array", n_args, 3, 3) || !loop_begin(&loop, args, "444", 2))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < loop.n; i++)
        f24_ip_decode(ITEM(const int32_t, 0), &ITEM(float, 1), &ITEM(int32_t, 2));
    Py_END_ALLOW_THREADS
    loop_done(&loop);
    Py_RETURN_NONE;
}

/* ip_encode_array(values float32, kinds int32, codes int32, style): where it stopped. */
static PyObject *ip_encode_array(PyObject *module, PyObject *const *args, Py_ssize_t n_args)
{
    Py_ssize_t failed = -1;
    loop_args loop;
    int64_t style;

    (void)module;
    if (!has_args("ip_encode_array", n_args, 4, 4) || !as_index(args[3], &style) ||
        !loop_begin(&loop, args, "444", 1))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < loop.n && failed < 0; i++) {
        if (f24_ip_encode(ITEM(const float, 0), ITEM(const int32_t, 1), (f24_ip_style)style,
                          &ITEM(int32_t, 2), NULL) != F24_OK)
            failed = i;
    }
    Py_END_ALLOW_THREADS
    loop_done(&loop);
    return PyLong_FromSsize_t(failed);
}

/* date_to_unix_array(stamps int32, seconds int64): INT64_MIN, numpy's NaT, where it is no date. */
static PyObject *date_to_unix_array(PyObject *module, PyObject *const *args, Py_ssize_t n_args)
{
    loop_args loop;

    (void)module;
    if (!has_args("date_to_unix_array", n_args, 2, 2) || !loop_begin(&loop, args, "48", 1))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < loop.n; i++) {
        if (f24_date_to_unix(ITEM(const int32_t, 0), &ITEM(int64_t, 1), NULL) != F24_OK)
            ITEM(int64_t, 1) = INT64_MIN;
    }
    Py_END_ALLOW_THREADS
    loop_done(&loop);
    Py_RETURN_NONE;
}

/* date_from_unix_array(seconds int64, stamps int32): where it stopped. */
static PyObject *date_from_unix_array(PyObject *module, PyObject *const *args, Py_ssize_t n_args)
{
    Py_ssize_t failed = -1;
    loop_args loop;

    (void)module;
    if (!has_args("date_from_unix_array", n_args, 2, 2) || !loop_begin(&loop, args, "84", 1))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < loop.n && failed < 0; i++) {
        if (f24_date_from_unix(ITEM(const int64_t, 0), &ITEM(int32_t, 1), NULL) != F24_OK)
            failed = i;
    }
    Py_END_ALLOW_THREADS
    loop_done(&loop);
    return PyLong_FromSsize_t(failed);
}

/* What the reference's arithmetic gives when it fails (docs/format/metadata.md, 3.3). */
#define NO_STAMP 101010101

/* date_add_array(stamps int32, hours float64, results int32, calendar) */
static PyObject *date_add_array(PyObject *module, PyObject *const *args, Py_ssize_t n_args)
{
    loop_args loop;
    int64_t calendar;

    (void)module;
    if (!has_args("date_add_array", n_args, 4, 4) || !as_index(args[3], &calendar) ||
        !loop_begin(&loop, args, "484", 1))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < loop.n; i++) {
        if (f24_date_add(ITEM(const int32_t, 0), ITEM(const double, 1), (f24_calendar)calendar,
                         &ITEM(int32_t, 2), NULL) != F24_OK)
            ITEM(int32_t, 2) = NO_STAMP;
    }
    Py_END_ALLOW_THREADS
    loop_done(&loop);
    Py_RETURN_NONE;
}

/* date_difference_array(a int32, b int32, hours float64, calendar) */
static PyObject *date_difference_array(PyObject *module, PyObject *const *args, Py_ssize_t n_args)
{
    loop_args loop;
    int64_t calendar;

    (void)module;
    if (!has_args("date_difference_array", n_args, 4, 4) || !as_index(args[3], &calendar) ||
        !loop_begin(&loop, args, "448", 1))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < loop.n; i++) {
        if (f24_date_difference(ITEM(const int32_t, 0), ITEM(const int32_t, 1),
                                (f24_calendar)calendar, &ITEM(double, 2), NULL) != F24_OK)
            ITEM(double, 2) = NAN;
    }
    Py_END_ALLOW_THREADS
    loop_done(&loop);
    Py_RETURN_NONE;
}

/* date_origin_array(datev int32, deet int32, npas int32, dateo int32) */
static PyObject *date_origin_array(PyObject *module, PyObject *const *args, Py_ssize_t n_args)
{
    loop_args loop;

    (void)module;
    if (!has_args("date_origin_array", n_args, 4, 4) || !loop_begin(&loop, args, "4444", 1))
        return NULL;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < loop.n; i++)
        ITEM(int32_t, 3) =
            f24_date_origin(ITEM(const int32_t, 0), ITEM(const int32_t, 1), ITEM(const int32_t, 2));
    Py_END_ALLOW_THREADS
    loop_done(&loop);
    Py_RETURN_NONE;
}

#define ARRAY_METHOD(name, doc) {#name, (PyCFunction)(void (*)(void))(name), METH_FASTCALL, doc}

PyMethodDef convention_methods[] = {
    {"ip_decode", ip_decode, METH_O, "ip_decode($module, code, /)\n--\n\n(value, kind) of a code."},
    {"ip_encode", ip_encode, METH_VARARGS,
     "ip_encode($module, value, kind, style, /)\n--\n\nThe code of a value; style 2 new, 3 old."},
    ARRAY_METHOD(ip_decode_array, "ip_decode_array($module, codes, values, kinds, /)\n--\n\nDecode "
                                  "int32 codes into float32 values and int32 kinds."),
    ARRAY_METHOD(ip_encode_array,
                 "ip_encode_array($module, values, kinds, codes, style, /)\n--\n\nEncode float32 "
                 "values of int32 kinds; where it cannot, the index, else -1."),
    {"date_decode", date_decode, METH_O,
     "date_decode($module, stamp, /)\n--\n\n(year, month, day, hour, minute, second), UTC."},
    {"date_encode", date_encode, METH_VARARGS,
     "date_encode($module, year, month, day, hour, minute, second, /)\n--\n\nThe stamp of a date."},
    {"date_to_unix", date_to_unix, METH_O,
     "date_to_unix($module, stamp, /)\n--\n\nSeconds since 1970-01-01 00 UTC."},
    ARRAY_METHOD(date_to_unix_array,
                 "date_to_unix_array($module, stamps, seconds, /)\n--\n\nThe same for int32 stamps "
                 "into int64 seconds; the smallest int64 where a stamp is no date."),
    ARRAY_METHOD(date_from_unix_array,
                 "date_from_unix_array($module, seconds, stamps, /)\n--\n\nThe inverse; where it "
                 "cannot, the index, else -1."),
    ARRAY_METHOD(date_add_array,
                 "date_add_array($module, stamps, hours, results, calendar, /)\n--\n\nint32 stamps "
                 "moved by float64 hours; 101010101 where there is no such date."),
    ARRAY_METHOD(date_difference_array,
                 "date_difference_array($module, a, b, hours, calendar, /)\n--\n\na - b in float64 "
                 "hours; NaN where one is no date."),
    ARRAY_METHOD(date_origin_array,
                 "date_origin_array($module, datev, deet, npas, dateo, /)\n--\n\nThe origin dates "
                 "of int32 validity dates; 101010101 where there is none."),
    {"date_add", date_add, METH_VARARGS,
     "date_add($module, stamp, hours, calendar=0, /)\n--\n\nA stamp moved by hours."},
    {"date_difference", date_difference, METH_VARARGS,
     "date_difference($module, a, b, calendar=0, /)\n--\n\na - b in hours."},
    {"date_origin", date_origin, METH_VARARGS,
     "date_origin($module, datev, deet, npas, /)\n--\n\nThe origin date of a validity date."},
    {NULL, NULL, 0, NULL},
};
