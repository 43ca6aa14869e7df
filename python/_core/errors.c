/* f24_status to exceptions. The classes are Python's (fst24/_errors.py); failing is not hot. */
#include "core.h"

static PyObject *set_error(PyObject *error, PyObject *cause)
{
    if (error != NULL) {
        if (cause != NULL)
            PyException_SetCause(error, Py_NewRef(cause)); /* steals */
        PyErr_SetObject((PyObject *)Py_TYPE(error), error);
        Py_DECREF(error);
    }
    Py_XDECREF(cause);
    return NULL;
}

PyObject *raise_core(core_state *state, const f24_error *err, PyObject *path, PyObject *cause)
{
    /* A message may quote bytes of the file, and may be cut inside a character. */
    PyObject *message =
        PyUnicode_DecodeUTF8(err->message, (Py_ssize_t)strlen(err->message), "replace");
    PyObject *error;

    if (message == NULL) {
        Py_XDECREF(cause);
        return NULL;
    }
    error = PyObject_CallFunction(state->make_error, "iiLLNOO", (int)err->status, err->sys_errno,
                                  (long long)err->record, (long long)err->offset, message,
                                  path != NULL ? path : Py_None, cause != NULL ? cause : Py_None);
    return set_error(error, cause);
}

static PyObject *raise_at(core_state *state, int what, PyObject *path, int64_t record,
                          const char *message)
{
    PyObject *error = PyObject_CallFunction(state->make_error, "iiLLsO", what, 0, (long long)record,
                                            -1LL, message, path != NULL ? path : Py_None);

    return set_error(error, NULL);
}

PyObject *raise_named(core_state *state, int what, PyObject *path, const char *message)
{
    return raise_at(state, what, path, -1, message);
}

PyObject *raise_memory(core_state *state, mem_result result, uint64_t n_bytes, PyObject *path,
                       int64_t record)
{
    mem_usage usage = mem_get_usage();
    char message[256];

    if (result == MEM_REFUSED) {
        (void)snprintf(message, sizeof message,
                       "the system has no memory for an array of %llu bytes",
                       (unsigned long long)n_bytes);
        return raise_at(state, F24_ENOMEM, path, record, message);
    }
    (void)snprintf(
        message, sizeof message,
        "an array of %llu bytes does not fit: %llu of %llu bytes are in use (raise the limit "
        "with fst24.set_memory_limit, let go of records and arrays with `del` or "
        "rec.forget(), or read fewer at once)",
        (unsigned long long)n_bytes, (unsigned long long)usage.used,
        (unsigned long long)usage.limit);
    return raise_at(state, RAISE_LIMIT, path, record, message);
}
