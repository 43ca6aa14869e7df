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

/* Contiguous memory of `n` items (any number when n is -1) of item_bytes each. */
static bool take_items(PyObject *object, Py_ssize_t item_bytes, bool writable, Py_ssize_t *n,
                       Py_buffer *buffer)
{
    if (PyObject_GetBuffer(object, buffer, writable ? PyBUF_CONTIG : PyBUF_CONTIG_RO) < 0)
        return false;
    if (buffer->itemsize == item_bytes && (*n < 0 || buffer->len == *n * item_bytes)) {
        *n = buffer->len / item_bytes;
        return true;
    }
    PyErr_Format(PyExc_ValueError, "%zd items of %zd bytes are needed", *n, item_bytes);
    PyBuffer_Release(buffer);
    return false;
}

/* ip_decode_array(codes int32, values float32, kinds int32) */
static PyObject *ip_decode_array(PyObject *module, PyObject *const *args, Py_ssize_t n_args)
{
    Py_buffer codes, values, kinds;
    Py_ssize_t n = -1;

    (void)module;
    if (!has_args("ip_decode_array", n_args, 3, 3) || !take_items(args[0], 4, false, &n, &codes))
        return NULL;
    if (!take_items(args[1], 4, true, &n, &values)) {
        PyBuffer_Release(&codes);
        return NULL;
    }
    if (!take_items(args[2], 4, true, &n, &kinds)) {
        PyBuffer_Release(&codes);
        PyBuffer_Release(&values);
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < n; i++)
        f24_ip_decode(((const int32_t *)codes.buf)[i], &((float *)values.buf)[i],
                      &((int32_t *)kinds.buf)[i]);
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&codes);
    PyBuffer_Release(&values);
    PyBuffer_Release(&kinds);
    Py_RETURN_NONE;
}

/* date_to_unix_array(stamps int32, seconds int64): INT64_MIN, numpy's NaT, where it is no date. */
static PyObject *date_to_unix_array(PyObject *module, PyObject *const *args, Py_ssize_t n_args)
{
    Py_buffer stamps, seconds;
    Py_ssize_t n = -1;

    (void)module;
    if (!has_args("date_to_unix_array", n_args, 2, 2) ||
        !take_items(args[0], 4, false, &n, &stamps))
        return NULL;
    if (!take_items(args[1], 8, true, &n, &seconds)) {
        PyBuffer_Release(&stamps);
        return NULL;
    }
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < n; i++) {
        int64_t *out = &((int64_t *)seconds.buf)[i];
        if (f24_date_to_unix(((const int32_t *)stamps.buf)[i], out, NULL) != F24_OK)
            *out = INT64_MIN;
    }
    Py_END_ALLOW_THREADS
    PyBuffer_Release(&stamps);
    PyBuffer_Release(&seconds);
    Py_RETURN_NONE;
}

PyMethodDef convention_methods[] = {
    {"ip_decode", ip_decode, METH_O, "ip_decode($module, code, /)\n--\n\n(value, kind) of a code."},
    {"ip_encode", ip_encode, METH_VARARGS,
     "ip_encode($module, value, kind, style, /)\n--\n\nThe code of a value; style 2 new, 3 old."},
    {"ip_decode_array", (PyCFunction)(void (*)(void))ip_decode_array, METH_FASTCALL,
     "ip_decode_array($module, codes, values, kinds, /)\n--\n\nDecode int32 codes into float32 "
     "values and int32 kinds."},
    {"date_decode", date_decode, METH_O,
     "date_decode($module, stamp, /)\n--\n\n(year, month, day, hour, minute, second), UTC."},
    {"date_encode", date_encode, METH_VARARGS,
     "date_encode($module, year, month, day, hour, minute, second, /)\n--\n\nThe stamp of a date."},
    {"date_to_unix", date_to_unix, METH_O,
     "date_to_unix($module, stamp, /)\n--\n\nSeconds since 1970-01-01 00 UTC."},
    {"date_to_unix_array", (PyCFunction)(void (*)(void))date_to_unix_array, METH_FASTCALL,
     "date_to_unix_array($module, stamps, seconds, /)\n--\n\nThe same for int32 stamps into int64 "
     "seconds; the smallest int64 where a stamp is no date."},
    {"date_add", date_add, METH_VARARGS,
     "date_add($module, stamp, hours, calendar=0, /)\n--\n\nA stamp moved by hours."},
    {"date_difference", date_difference, METH_VARARGS,
     "date_difference($module, a, b, calendar=0, /)\n--\n\na - b in hours."},
    {"date_origin", date_origin, METH_VARARGS,
     "date_origin($module, datev, deet, npas, /)\n--\n\nThe origin date of a validity date."},
    {NULL, NULL, 0, NULL},
};
