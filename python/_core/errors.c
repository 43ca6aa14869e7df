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
    error = PyObject_CallFunction(state->make_error, "iiLLNO", (int)err->status, err->sys_errno,
                                  (long long)err->record, (long long)err->offset, message,
                                  path != NULL ? path : Py_None);
    return set_error(error, cause);
}

PyObject *raise_named(core_state *state, int what, PyObject *path, const char *message)
{
    PyObject *error = PyObject_CallFunction(state->make_error, "iiLLsO", what, 0, -1LL, -1LL,
                                            message, path != NULL ? path : Py_None);

    return set_error(error, NULL);
}

PyObject *raise_memory(core_state *state, mem_result result, uint64_t n_bytes)
{
    mem_usage usage = mem_get_usage();
    char message[200];

    if (result == MEM_REFUSED) {
        (void)snprintf(message, sizeof message,
                       "the system has no memory for an array of %llu bytes",
                       (unsigned long long)n_bytes);
        return raise_named(state, F24_ENOMEM, NULL, message);
    }
    (void)snprintf(message, sizeof message,
                   "an array of %llu bytes does not fit: %llu of %llu bytes are in use (let go of "
                   "arrays, or raise fst24.set_memory_limit)",
                   (unsigned long long)n_bytes, (unsigned long long)usage.used,
                   (unsigned long long)usage.limit);
    return raise_named(state, RAISE_LIMIT, NULL, message);
}
