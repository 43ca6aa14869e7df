/*
 * A Python file object as a source of bytes.
 *
 * The library calls from any thread, its own decoding threads too, without the GIL. A file object
 * has one position, so a mutex makes seek and read one step. It is taken before the GIL and never
 * waited for with the GIL held: the thread inside may need the GIL to go on. It is recursive, as a
 * file object may itself be read through this file.
 */
#include "core.h"

#include <errno.h>

#if PY_VERSION_HEX < 0x030C0000
static PyObject *take_exception(void)
{
    PyObject *type, *value, *traceback;

    PyErr_Fetch(&type, &value, &traceback);
    PyErr_NormalizeException(&type, &value, &traceback);
    if (traceback != NULL)
        (void)PyException_SetTraceback(value, traceback);
    Py_XDECREF(type);
    Py_XDECREF(traceback);
    return value;
}
#else
#define take_exception PyErr_GetRaisedException
#endif

/* Up to n_bytes from the stream's position to `out`; the number, 0 at the end, or -1. */
static Py_ssize_t read_some(PyObject *stream, char *out, size_t n_bytes)
{
    PyObject *bytes = PyObject_CallMethod(stream, "read", "n", (Py_ssize_t)n_bytes);
    Py_ssize_t n;
    Py_buffer view;

    if (bytes == NULL)
        return -1;
    if (PyObject_GetBuffer(bytes, &view, PyBUF_SIMPLE) < 0) {
        if (bytes == Py_None)
            PyErr_SetString(PyExc_BlockingIOError, "the file object has no bytes ready: make it "
                                                   "blocking");
        else if (PyUnicode_Check(bytes))
            PyErr_SetString(PyExc_TypeError, "the file object gives text: open it in binary mode");
        Py_DECREF(bytes);
        return -1;
    }
    n = view.len;
    if ((size_t)n > n_bytes) {
        PyErr_Format(PyExc_ValueError, "the file object gave %zd bytes when %zu were asked for", n,
                     n_bytes);
        n = -1;
    } else {
        memcpy(out, view.buf, (size_t)n);
    }
    PyBuffer_Release(&view);
    Py_DECREF(bytes);
    return n;
}

/* With the GIL: 0 or -1 with an exception. */
static int read_exactly(PyObject *stream, uint64_t offset, char *out, size_t n_bytes)
{
    PyObject *at = PyObject_CallMethod(stream, "seek", "K", (unsigned long long)offset);

    if (at == NULL)
        return -1;
    Py_DECREF(at);
    while (n_bytes > 0) {
        Py_ssize_t n = read_some(stream, out, n_bytes);
        if (n < 0)
            return -1;
        if (n == 0) {
            PyErr_Format(PyExc_EOFError, "the file object ends %zu bytes too early", n_bytes);
            return -1;
        }
        out += n;
        n_bytes -= (size_t)n;
    }
    return 0;
}

static int read_stream(void *context, uint64_t offset, void *buffer, size_t n_bytes)
{
    FileObject *self = context;
    int result = 0;
    PyGILState_STATE gil;

    (void)pthread_mutex_lock(&self->stream_mutex);
    gil = PyGILState_Ensure();
    if (read_exactly(self->stream, offset, buffer, n_bytes) < 0) {
        PyObject *old = atomic_exchange(&self->stream_error, take_exception());
        Py_XDECREF(old);
        result = EIO;
    }
    PyGILState_Release(gil);
    (void)pthread_mutex_unlock(&self->stream_mutex);
    return result;
}

bool stream_reader(FileObject *self, f24_reader *reader)
{
    PyObject *size;
    unsigned long long n_bytes;

    /* PyGILState knows the main interpreter only. */
    if (PyInterpreterState_Get() != PyInterpreterState_Main()) {
        PyErr_SetString(PyExc_NotImplementedError,
                        "file objects cannot be read in a sub-interpreter: give the bytes");
        return false;
    }
    size = PyObject_CallMethod(self->stream, "seek", "ii", 0, 2);
    /* Some seek() give None. */
    if (size != NULL && !PyLong_Check(size)) {
        Py_DECREF(size);
        size = PyObject_CallMethod(self->stream, "tell", NULL);
    }
    if (size == NULL)
        return false;
    n_bytes = PyLong_AsUnsignedLongLong(size);
    Py_DECREF(size);
    if (PyErr_Occurred())
        return false;
    *reader = (f24_reader){.context = self, .size = n_bytes, .read = read_stream, .close = NULL};
    return true;
}
