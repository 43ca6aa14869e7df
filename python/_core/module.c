/* The module fst24._core: its state, its types, its functions. */
#include "core.h"

core_state *state_of_type(PyTypeObject *type)
{
    PyObject *module = PyType_GetModuleByDef(type, &core_module);

    return module != NULL ? state_of_module(module) : NULL;
}

/* ----------------------------------------------------------------------------------- functions --- */

static PyObject *set_memory_limit(PyObject *module, PyObject *argument)
{
    unsigned long long limit = MEM_NO_LIMIT;

    (void)module;
    if (argument != Py_None) {
        PyObject *whole = PyNumber_Index(argument);
        if (whole == NULL)
            return NULL;
        limit = PyLong_AsUnsignedLongLong(whole);
        Py_DECREF(whole);
        if (PyErr_Occurred())
            return NULL;
    }
    mem_set_limit(limit);
    Py_RETURN_NONE;
}

static PyObject *memory_usage(PyObject *module, PyObject *ignored)
{
    mem_usage usage = mem_get_usage();
    PyObject *limit;

    (void)module;
    (void)ignored;
    limit =
        usage.limit == MEM_NO_LIMIT ? Py_NewRef(Py_None) : PyLong_FromUnsignedLongLong(usage.limit);
    return Py_BuildValue("(KKN)", (unsigned long long)usage.used, (unsigned long long)usage.pooled,
                         limit);
}

static PyObject *open_descriptors(PyObject *module, PyObject *ignored)
{
    f24_pool *pool = descriptor_pool();

    (void)module;
    (void)ignored;
    return PyLong_FromLong(pool != NULL ? f24_pool_open_count(pool) : 0);
}

static PyObject *is_descriptor(PyObject *module, PyObject *argument)
{
    char name[5] = "    ";
    const char *text = PyUnicode_AsUTF8(argument);

    (void)module;
    if (text == NULL)
        return NULL;
    for (int i = 0; i < 4 && text[i] != '\0'; i++)
        name[i] = text[i];
    return PyBool_FromLong(f24_is_descriptor(name));
}

static PyMethodDef module_methods[] = {
    {"set_memory_limit", set_memory_limit, METH_O,
     "set_memory_limit($module, limit, /)\n--\n\nBytes that arrays may take; None: no limit."},
    {"memory_usage", memory_usage, METH_NOARGS,
     "memory_usage($module, /)\n--\n\n(used, pooled, limit or None) in bytes."},
    {"open_descriptors", open_descriptors, METH_NOARGS,
     "open_descriptors($module, /)\n--\n\nDescriptors that the pool has open."},
    {"is_descriptor", is_descriptor, METH_O,
     "is_descriptor($module, nomvar, /)\n--\n\nWhether a name is of a record that describes a grid "
     "or levels."},
    {"make_records", (PyCFunction)(void (*)(void))make_records, METH_FASTCALL,
     "make_records($module, type, file, source, table, rows, first_index, /)\n--\n\nA list of "
     "records; rows is a range, or native int64 in bytes."},
    {"read_many", (PyCFunction)(void (*)(void))read_many, METH_FASTCALL,
     "read_many($module, records, outs, threads, /)\n--\n\n[(block or None, type string, shape), "
     "...] of records, read on several threads."},
    {"list_many", (PyCFunction)(void (*)(void))list_many, METH_FASTCALL,
     "list_many($module, names, threads, /)\n--\n\n(table, [(rows, has a writer, warnings, error "
     "or None), ...]): the records of many files in one table."},
    {"describe_stored", describe_stored, METH_O,
     "describe_stored($module, stored, /)\n--\n\n(columns by name, type string, shape, "
     "has_missing, levels stored) of a stored record."},
    {"decode_stored", (PyCFunction)(void (*)(void))decode_stored, METH_FASTCALL,
     "decode_stored($module, stored, missing, want_mask=False, /)\n--\n\n(values, mask or None, "
     "type string, shape) of a stored record."},
    {"json_stored", json_stored, METH_O,
     "json_stored($module, stored, /)\n--\n\nExtended metadata of a stored record, \"\" when it "
     "has "
     "none."},
    {"check_unwritten", check_unwritten, METH_VARARGS,
     "check_unwritten($module, name, path, /)\n--\n\nRaise when somebody writes to a file."},
    {"arrow_stream", (PyCFunction)(void (*)(void))arrow_stream, METH_FASTCALL,
     "arrow_stream($module, parts, columns, requested_schema, /)\n--\n\nAn Arrow stream capsule of "
     "(table, rows or None, first index, path or None), ...; columns by name."},
    {"arrow_schema", (PyCFunction)(void (*)(void))arrow_schema, METH_FASTCALL,
     "arrow_schema($module, columns, requested_schema, /)\n--\n\nThe type of that stream, as an "
     "Arrow schema capsule."},
    {"distinct_rows", distinct_rows, METH_O,
     "distinct_rows($module, columns, /)\n--\n\n(codes, rows): int32 number of the value of each "
     "row, int64 first row of each value."},
    {"distinct_texts", (PyCFunction)(void (*)(void))distinct_texts, METH_FASTCALL,
     "distinct_texts($module, stream, n, /)\n--\n\nThe same for an Arrow stream of n short "
     "strings; "
     "None when it is not one of views."},
    {NULL, NULL, 0, NULL},
};

/* -------------------------------------------------------------------------------------- module --- */

/* In the order of array_code(): kind by kind, 1 to 16 bytes an item; "" where there is none. */
static PyObject *make_type_codes(void)
{
    return Py_BuildValue("(ssssssssssssssssssss)", "", "", "f4", "f8", "", "i1", "i2", "i4", "i8",
                         "", "u1", "u2", "u4", "u8", "", "", "", "", "c8", "c16");
}

static int add_type(PyObject *module, PyType_Spec *spec, PyTypeObject **type)
{
    *type = (PyTypeObject *)PyType_FromModuleAndSpec(module, spec, NULL);
    return *type == NULL ? -1 : PyModule_AddType(module, *type);
}

static int core_exec(PyObject *module)
{
    core_state *state = state_of_module(module);
    PyObject *errors = PyImport_ImportModule("fst24._errors");

    if (errors == NULL)
        return -1;
    state->make_error = PyObject_GetAttrString(errors, "from_core");
    Py_DECREF(errors);
    state->str_load = PyUnicode_InternFromString("_load");
    state->type_codes = make_type_codes();
    if (state->make_error == NULL || state->str_load == NULL || state->type_codes == NULL)
        return -1;
    if (add_type(module, &block_spec, &state->block_type) < 0 ||
        add_type(module, &view_spec, &state->view_type) < 0 ||
        add_type(module, &column_spec, &state->column_type) < 0 ||
        add_type(module, &table_spec, &state->table_type) < 0 ||
        add_type(module, &file_spec, &state->file_type) < 0 ||
        add_type(module, &record_spec, &state->record_type) < 0 ||
        add_type(module, &writer_spec, &state->writer_type) < 0 ||
        add_type(module, &grid_spec, &state->grid_type) < 0)
        return -1;
    if (PyModule_AddFunctions(module, convention_methods) < 0 ||
        PyModule_AddFunctions(module, grid_methods) < 0)
        return -1;
    return PyModule_AddStringConstant(module, "library_version", f24_version());
}

static int core_traverse(PyObject *module, visitproc visit, void *arg)
{
    core_state *state = state_of_module(module);

    Py_VISIT(state->block_type);
    Py_VISIT(state->view_type);
    Py_VISIT(state->column_type);
    Py_VISIT(state->table_type);
    Py_VISIT(state->file_type);
    Py_VISIT(state->record_type);
    Py_VISIT(state->writer_type);
    Py_VISIT(state->grid_type);
    Py_VISIT(state->make_error);
    return 0;
}

static int core_clear(PyObject *module)
{
    core_state *state = state_of_module(module);

    Py_CLEAR(state->block_type);
    Py_CLEAR(state->view_type);
    Py_CLEAR(state->column_type);
    Py_CLEAR(state->table_type);
    Py_CLEAR(state->file_type);
    Py_CLEAR(state->record_type);
    Py_CLEAR(state->writer_type);
    Py_CLEAR(state->grid_type);
    Py_CLEAR(state->make_error);
    Py_CLEAR(state->str_load);
    Py_CLEAR(state->type_codes);
    return 0;
}

static void core_free(void *module)
{
    (void)core_clear(module);
}

static PyModuleDef_Slot core_slots[] = {
    {Py_mod_exec, core_exec},
#ifdef Py_mod_multiple_interpreters
    {Py_mod_multiple_interpreters, Py_MOD_PER_INTERPRETER_GIL_SUPPORTED},
#endif
#ifdef Py_mod_gil
    {Py_mod_gil, Py_MOD_GIL_NOT_USED},
#endif
    {0, NULL},
};

struct PyModuleDef core_module = {
    PyModuleDef_HEAD_INIT,
    .m_name = "fst24._core",
    .m_doc = "libfst24 for Python: what fst24 is made of. Import fst24 instead.",
    .m_size = sizeof(core_state),
    .m_methods = module_methods,
    .m_slots = core_slots,
    .m_traverse = core_traverse,
    .m_clear = core_clear,
    .m_free = core_free,
};

PyMODINIT_FUNC PyInit__core(void)
{
    return PyModuleDef_Init(&core_module);
}
