/* Stored records on their own: a byte range offset .. offset + nbytes, decoded without its file. */
#include "core.h"

/* describe_stored(bytes) -> (fields, type string, shape, has_missing, levels stored) */
PyObject *describe_stored(PyObject *module, PyObject *argument)
{
    core_state *state = state_of_module(module);
    f24_record record;
    f24_array array;
    f24_status status;
    f24_error err;
    Py_buffer stored;

    if (PyObject_GetBuffer(argument, &stored, PyBUF_SIMPLE) < 0)
        return NULL;
    status = f24_decode_record(stored.buf, (size_t)stored.len, &record, &array, &err);
    PyBuffer_Release(&stored);
    if (status != F24_OK)
        return raise_core(state, &err, NULL, NULL);
    return Py_BuildValue(
        "({s:s,s:s,s:s,s:y#,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i,s:i"
        ",s:i,s:K,s:K}ONNL)",
        "nomvar", record.nomvar, "typvar", record.typvar, "etiket", record.etiket, "grtyp",
        record.grtyp, (Py_ssize_t)1, "dateo", record.dateo, "datev", record.datev, "deet",
        record.deet, "npas", record.npas, "ni", record.ni, "nj", record.nj, "nk", record.nk, "ip1",
        record.ip1, "ip2", record.ip2, "ip3", record.ip3, "ig1", record.ig1, "ig2", record.ig2,
        "ig3", record.ig3, "ig4", record.ig4, "datyp", record.datyp, "nbits", record.nbits, "dasiz",
        record.dasiz, "flags", (int)record.flags, "file_index", record.file_index, "offset",
        (unsigned long long)record.offset, "n_bytes", (unsigned long long)record.n_bytes,
        array_type(state, &array), array_shape(&array), PyBool_FromLong(array.has_missing),
        (long long)array.nk_stored);
}

/* decode_stored(bytes, missing, want_mask=False) -> (values, mask or None, type string, shape) */
PyObject *decode_stored(PyObject *module, PyObject *const *args, Py_ssize_t n_args)
{
    core_state *state = state_of_module(module);
    BlockObject *block = NULL, *mask = NULL;
    FileObject wishes = {0}; /* parse_missing fills its missing_ members only */
    PyObject *result = NULL;
    f24_read_options options;
    f24_record record;
    f24_array array;
    f24_status status;
    f24_error err;
    Py_buffer stored;
    int want_mask = 0;

    if (!has_args("decode_stored", n_args, 2, 3) || parse_missing(args[1], &wishes) < 0)
        return NULL;
    if (n_args > 2 && (want_mask = PyObject_IsTrue(args[2])) < 0)
        return NULL;
    if (PyObject_GetBuffer(args[0], &stored, PyBUF_SIMPLE) < 0)
        return NULL;
    status = f24_decode_record(stored.buf, (size_t)stored.len, &record, &array, &err);
    if (status != F24_OK)
        goto done;
    block = block_new(state, array.n_bytes, NULL, -1);
    if (block != NULL && want_mask && array.has_missing)
        mask = block_new(state, (uint64_t)array.n_values, NULL, -1);
    if (block == NULL || PyErr_Occurred())
        goto done;
    options = file_options(&wishes, &array);
    options.mask = mask != NULL ? mask->memory.bytes : NULL;
    Py_BEGIN_ALLOW_THREADS
    status = f24_decode(stored.buf, (size_t)stored.len, &options, block->memory.bytes,
                        (size_t)array.n_bytes, &err);
    Py_END_ALLOW_THREADS
    if (status == F24_OK)
        result = Py_BuildValue("(OOON)", block, mask != NULL ? (PyObject *)mask : Py_None,
                               array_type(state, &array), array_shape(&array));
done:
    if (status != F24_OK)
        raise_core(state, &err, NULL, NULL);
    Py_XDECREF(block);
    Py_XDECREF(mask);
    PyBuffer_Release(&stored);
    return result;
}

/* json_stored(bytes) -> the extended metadata, "" when there are none */
PyObject *json_stored(PyObject *module, PyObject *argument)
{
    PyObject *result = NULL;
    char *text = NULL;
    size_t n_bytes = 0;
    f24_status status;
    f24_error err;
    Py_buffer stored;

    if (PyObject_GetBuffer(argument, &stored, PyBUF_SIMPLE) < 0)
        return NULL;
    /* The text is in memory: asking for its length costs no reading. */
    status = f24_decode_json(stored.buf, (size_t)stored.len, NULL, 0, &n_bytes, &err);
    if (status == F24_EINVAL && n_bytes > 0) {
        text = PyMem_Malloc(n_bytes + 1);
        if (text == NULL) {
            PyBuffer_Release(&stored);
            return PyErr_NoMemory();
        }
        status = f24_decode_json(stored.buf, (size_t)stored.len, text, n_bytes + 1, &n_bytes, &err);
    }
    if (status != F24_OK)
        raise_core(state_of_module(module), &err, NULL, NULL);
    else
        result = PyUnicode_DecodeUTF8(text != NULL ? text : "", (Py_ssize_t)n_bytes, "replace");
    PyMem_Free(text);
    PyBuffer_Release(&stored);
    return result;
}
