/* Grid: where points are; and the codes ig1 to ig4. Arrays come as buffers of doubles. */
#include "core.h"

typedef struct GridObject {
    PyObject_HEAD
    f24_grid *grid;
    Py_ssize_t ni, nj;
} GridObject;

/* ------------------------------------------------------------------------------------ buffers --- */

#define MAX_BUFFERS 4

/* The arrays of a call; let go of with buffers_done(). */
typedef struct buffers {
    Py_buffer views[MAX_BUFFERS];
    int n;
} buffers;

static void buffers_done(buffers *b)
{
    for (int i = 0; i < b->n; i++)
        PyBuffer_Release(&b->views[i]);
}

/* One more array of doubles, n of them; n < 0: any number. */
static double *buffers_add(buffers *b, PyObject *object, Py_ssize_t n, bool is_output)
{
    Py_buffer *view = &b->views[b->n];

    if (PyObject_GetBuffer(object, view, PyBUF_ANY_CONTIGUOUS | (is_output ? PyBUF_WRITABLE : 0)) <
        0)
        return NULL;
    b->n++;
    if (view->itemsize == sizeof(double) && (n < 0 || view->len == n * (Py_ssize_t)sizeof(double)))
        return view->buf;
    PyErr_Format(PyExc_ValueError, "%zd numbers of 64 bits are needed", n < 0 ? 0 : n);
    return NULL;
}

static Py_ssize_t buffers_count(const buffers *b, int i)
{
    return b->views[i].len / (Py_ssize_t)sizeof(double);
}

static bool as_threads(PyObject *number, int *n_threads)
{
    int64_t wide;

    if (!as_index(number, &wide))
        return false;
    *n_threads = wide > 0 && wide < 1024 ? (int)wide : 1;
    return true;
}

/* --------------------------------------------------------------------------------------- Grid --- */

static PyObject *Grid_make(PyObject *type, PyObject *args)
{
    core_state *state = state_of_type((PyTypeObject *)type);
    f24_grid_definition d = {0};
    int grtyp, ref_grtyp, exact_angles;
    PyObject *axes[2];
    buffers b = {0};
    f24_status status;
    GridObject *self;
    f24_error err;

    if (!PyArg_ParseTuple(args, "i(ii)(iiii)i(iiii)OOp:make", &grtyp, &d.ni, &d.nj, &d.ig[0],
                          &d.ig[1], &d.ig[2], &d.ig[3], &ref_grtyp, &d.ref_ig[0], &d.ref_ig[1],
                          &d.ref_ig[2], &d.ref_ig[3], &axes[0], &axes[1], &exact_angles))
        return NULL;
    d.grtyp = (char)grtyp;
    d.ref_grtyp = (char)ref_grtyp;
    d.exact_angles = exact_angles != 0;
    self = (GridObject *)PyType_GenericAlloc((PyTypeObject *)type, 0);
    if (self == NULL)
        return NULL;
    self->ni = d.ni;
    self->nj = d.nj;
    for (int k = 0; k < 2; k++) {
        const double *values = NULL;
        if (axes[k] == Py_None)
            continue;
        values = buffers_add(&b, axes[k], -1, false);
        if (values == NULL) {
            buffers_done(&b);
            Py_DECREF(self);
            return NULL;
        }
        *(k == 0 ? &d.ax : &d.ay) = values;
        *(k == 0 ? &d.n_ax : &d.n_ay) = (size_t)buffers_count(&b, b.n - 1);
    }
    Py_BEGIN_ALLOW_THREADS
    status = f24_grid_open(&d, &self->grid, &err);
    Py_END_ALLOW_THREADS
    buffers_done(&b);
    if (status == F24_OK)
        return (PyObject *)self;
    Py_DECREF(self);
    return raise_core(state, &err, NULL, NULL);
}

static void Grid_dealloc(PyObject *object)
{
    PyTypeObject *type = Py_TYPE(object);

    f24_grid_close(((GridObject *)object)->grid);
    type->tp_free(object);
    Py_DECREF(type);
}

static PyObject *Grid_frames(PyObject *object, PyObject *ignored)
{
    const f24_grid *grid = ((GridObject *)object)->grid;
    Py_ssize_t n = f24_grid_panels(grid);
    PyObject *frames = PyTuple_New(n);

    (void)ignored;
    for (Py_ssize_t k = 0; frames != NULL && k < n; k++) {
        f24_grid_frame f;
        const double *p = f.parameters, *r = f.rotation;
        PyObject *frame;
        f24_grid_get_frame(grid, (int32_t)k, &f);
        frame = Py_BuildValue("(i(dddd)(ddddddddd)d)", (int)f.kind, p[0], p[1], p[2], p[3], r[0],
                              r[1], r[2], r[3], r[4], r[5], r[6], r[7], r[8], f.period);
        if (frame == NULL)
            Py_CLEAR(frames);
        else
            PyTuple_SET_ITEM(frames, k, frame);
    }
    return frames;
}

/* None, or the exception of a call that failed. */
static PyObject *outcome(PyObject *object, f24_status status, const f24_error *err)
{
    if (status == F24_OK)
        Py_RETURN_NONE;
    return raise_core(state_of_type(Py_TYPE(object)), err, NULL, NULL);
}

static PyObject *Grid_axes(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    GridObject *self = (GridObject *)object;
    f24_status status = F24_OK;
    PyObject *done = NULL;
    buffers b = {0};
    f24_error err;
    double *x, *y;

    if (!has_args("axes", n_args, 2, 2))
        return NULL;
    x = buffers_add(&b, args[0], self->ni, true);
    y = x != NULL ? buffers_add(&b, args[1], self->nj / f24_grid_panels(self->grid), true) : NULL;
    if (y != NULL) {
        status = f24_grid_axes(self->grid, 0, x, y, &err);
        done = outcome(object, status, &err);
    }
    buffers_done(&b);
    return done;
}

static PyObject *Grid_core(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    GridObject *self = (GridObject *)object;
    Py_buffer out;
    int n_threads;
    bool fits;

    if (!has_args("core", n_args, 2, 2) || !as_threads(args[1], &n_threads) ||
        PyObject_GetBuffer(args[0], &out, PyBUF_ANY_CONTIGUOUS | PyBUF_WRITABLE) < 0)
        return NULL;
    fits = out.len == self->ni * self->nj;
    if (fits) {
        Py_BEGIN_ALLOW_THREADS
        f24_grid_core(self->grid, out.buf, n_threads);
        Py_END_ALLOW_THREADS
    } else {
        PyErr_SetString(PyExc_ValueError, "a byte for each point is needed");
    }
    PyBuffer_Release(&out);
    return fits ? Py_NewRef(Py_None) : NULL;
}

static PyObject *Grid_latlon(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    GridObject *self = (GridObject *)object;
    Py_ssize_t n = self->ni * self->nj;
    double *lat, *lon;
    buffers b = {0};
    int n_threads;

    if (!has_args("latlon", n_args, 3, 3) || !as_threads(args[2], &n_threads))
        return NULL;
    lat = buffers_add(&b, args[0], n, true);
    lon = lat != NULL ? buffers_add(&b, args[1], n, true) : NULL;
    if (lon != NULL) {
        Py_BEGIN_ALLOW_THREADS
        f24_grid_latlon(self->grid, lat, lon, n_threads);
        Py_END_ALLOW_THREADS
    }
    buffers_done(&b);
    return lon != NULL ? Py_NewRef(Py_None) : NULL;
}

typedef f24_status (*two_to_two)(const f24_grid *grid, const double *a, const double *b, size_t n,
                                 double *c, double *d, int n_threads, f24_error *err);

static PyObject *map_points(PyObject *object, PyObject *const *args, Py_ssize_t n_args,
                            const char *name, two_to_two work)
{
    double *arrays[4] = {NULL, NULL, NULL, NULL};
    f24_status status = F24_OK;
    PyObject *done = NULL;
    buffers b = {0};
    Py_ssize_t n = -1;
    f24_error err;
    int n_threads;

    if (!has_args(name, n_args, 5, 5) || !as_threads(args[4], &n_threads))
        return NULL;
    for (int i = 0; i < 4; i++) {
        arrays[i] = buffers_add(&b, args[i], n, i >= 2);
        if (arrays[i] == NULL)
            break;
        n = buffers_count(&b, 0);
    }
    if (arrays[3] != NULL) {
        Py_BEGIN_ALLOW_THREADS
        status = work(((GridObject *)object)->grid, arrays[0], arrays[1], (size_t)n, arrays[2],
                      arrays[3], n_threads, &err);
        Py_END_ALLOW_THREADS
        done = outcome(object, status, &err);
    }
    buffers_done(&b);
    return done;
}

static f24_status latlon_at(const f24_grid *grid, const double *x, const double *y, size_t n,
                            double *lat, double *lon, int n_threads, f24_error *err)
{
    (void)err;
    f24_grid_latlon_at(grid, x, y, n, lat, lon, n_threads);
    return F24_OK;
}

static PyObject *Grid_latlon_at(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    return map_points(object, args, n_args, "latlon_at", latlon_at);
}

static PyObject *Grid_xy(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    return map_points(object, args, n_args, "xy", f24_grid_xy);
}

/* edges(x, y): those of the first panel */
static PyObject *Grid_edges(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    GridObject *self = (GridObject *)object;
    Py_ssize_t rows = self->nj / f24_grid_panels(self->grid);
    PyObject *done = NULL;
    buffers b = {0};
    f24_error err;
    double *x, *y;

    if (!has_args("edges", n_args, 2, 2))
        return NULL;
    x = buffers_add(&b, args[0], self->ni + 1, true);
    y = x != NULL ? buffers_add(&b, args[1], rows + 1, true) : NULL;
    if (y != NULL)
        done = outcome(object, f24_grid_edges(self->grid, 0, x, y, &err), &err);
    buffers_done(&b);
    return done;
}

static PyObject *Grid_bounds(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    GridObject *self = (GridObject *)object;
    Py_ssize_t n = 4 * self->ni * self->nj;
    f24_status status = F24_OK;
    PyObject *done = NULL;
    double *lat, *lon;
    buffers b = {0};
    f24_error err;
    int n_threads;

    if (!has_args("bounds", n_args, 3, 3) || !as_threads(args[2], &n_threads))
        return NULL;
    lat = buffers_add(&b, args[0], n, true);
    lon = lat != NULL ? buffers_add(&b, args[1], n, true) : NULL;
    if (lon != NULL) {
        Py_BEGIN_ALLOW_THREADS
        status = f24_grid_bounds(self->grid, lat, lon, n_threads, &err);
        Py_END_ALLOW_THREADS
        done = outcome(object, status, &err);
    }
    buffers_done(&b);
    return done;
}

static PyObject *Grid_areas(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    GridObject *self = (GridObject *)object;
    f24_status status = F24_OK;
    PyObject *done = NULL;
    double radius, *area;
    buffers b = {0};
    f24_error err;
    int n_threads;

    if (!has_args("areas", n_args, 3, 3) || !as_threads(args[2], &n_threads))
        return NULL;
    radius = PyFloat_AsDouble(args[1]);
    if (radius == -1 && PyErr_Occurred())
        return NULL;
    area = buffers_add(&b, args[0], self->ni * self->nj, true);
    if (area != NULL) {
        Py_BEGIN_ALLOW_THREADS
        status = f24_grid_areas(self->grid, radius, area, n_threads, &err);
        Py_END_ALLOW_THREADS
        done = outcome(object, status, &err);
    }
    buffers_done(&b);
    return done;
}

static f24_status directions(const f24_grid *grid, const double *x, const double *y, size_t n,
                             double *cosines, double *sines, int n_threads, f24_error *err)
{
    (void)err;
    f24_grid_directions(grid, x, y, n, cosines, sines, n_threads);
    return F24_OK;
}

static PyObject *Grid_directions(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    return map_points(object, args, n_args, "directions", directions);
}

/* interp(field, x, y, out, method, threads): field and out float32 or float64 */
static PyObject *Grid_interp(PyObject *object, PyObject *const *args, Py_ssize_t n_args)
{
    GridObject *self = (GridObject *)object;
    f24_status status = F24_OK;
    PyObject *done = NULL;
    Py_buffer field, out;
    buffers b = {0};
    f24_error err;
    double *x, *y;
    int64_t method;
    int n_threads;
    Py_ssize_t n;

    if (!has_args("interp", n_args, 6, 6) || !as_index(args[4], &method) ||
        !as_threads(args[5], &n_threads) ||
        PyObject_GetBuffer(args[0], &field, PyBUF_F_CONTIGUOUS) < 0)
        return NULL;
    if (PyObject_GetBuffer(args[3], &out, PyBUF_ANY_CONTIGUOUS | PyBUF_WRITABLE) < 0) {
        PyBuffer_Release(&field);
        return NULL;
    }
    x = buffers_add(&b, args[1], -1, false);
    n = x != NULL ? buffers_count(&b, 0) : 0;
    y = x != NULL ? buffers_add(&b, args[2], n, false) : NULL;
    if (y != NULL && (field.len != self->ni * self->nj * field.itemsize ||
                      out.itemsize != field.itemsize || out.len != n * out.itemsize)) {
        PyErr_SetString(PyExc_ValueError, "arrays of one type are needed: a value for each point");
    } else if (y != NULL) {
        Py_BEGIN_ALLOW_THREADS
        status = f24_grid_interp(self->grid, (f24_interp)method, (int)field.itemsize, field.buf, x,
                                 y, (size_t)n, out.buf, n_threads, &err);
        Py_END_ALLOW_THREADS
        done = outcome(object, status, &err);
    }
    buffers_done(&b);
    PyBuffer_Release(&out);
    PyBuffer_Release(&field);
    return done;
}

#define FAST_METHOD(name, doc) {#name, (PyCFunction)(void (*)(void))Grid_##name, METH_FASTCALL, doc}

static PyMethodDef grid_type_methods[] = {
    {"make", Grid_make, METH_VARARGS | METH_CLASS,
     "make($type, grtyp, size, ig, ref_grtyp, ref_ig, ax, ay, exact_angles, /)\n--\n\nA grid; "
     "grtyp as the "
     "number "
     "of its character, ax and ay float64 or None."},
    {"frames", Grid_frames, METH_NOARGS,
     "frames($self, /)\n--\n\n(kind, parameters, rotation, period) of each panel."},
    FAST_METHOD(axes, "axes($self, x, y, /)\n--\n\nCoordinates of columns and of the rows of the "
                      "first panel."),
    FAST_METHOD(core, "core($self, out, threads, /)\n--\n\nWhich points stand for their places."),
    FAST_METHOD(latlon, "latlon($self, lat, lon, threads, /)\n--\n\nPositions of all points."),
    FAST_METHOD(latlon_at, "latlon_at($self, x, y, lat, lon, threads, /)\n--\n\nPositions of "
                           "indices from 0."),
    FAST_METHOD(xy, "xy($self, lat, lon, x, y, threads, /)\n--\n\nIndices of positions."),
    FAST_METHOD(edges, "edges($self, x, y, /)\n--\n\nEdges of the columns and of the rows of the "
                       "first panel."),
    FAST_METHOD(bounds, "bounds($self, lat, lon, threads, /)\n--\n\nFour corners a point, the "
                        "corner fastest."),
    FAST_METHOD(areas, "areas($self, area, radius, threads, /)\n--\n\nAreas of cells."),
    FAST_METHOD(directions, "directions($self, x, y, cosines, sines, threads, /)\n--\n\nThe angle "
                            "from east to the x axis at indices."),
    FAST_METHOD(interp, "interp($self, field, x, y, out, method, threads, /)\n--\n\nValues at "
                        "indices; method 0 nearest, 1 linear, 2 cubic."),
    {NULL, NULL, 0, NULL},
};

static PyType_Slot grid_slots[] = {
    {Py_tp_doc, "Where the points of a grid are: made by Grid.make()."},
    {Py_tp_dealloc, Grid_dealloc},
    {Py_tp_methods, grid_type_methods},
    {0, NULL},
};

PyType_Spec grid_spec = {
    .name = "fst24._core.Grid",
    .basicsize = sizeof(GridObject),
    .flags = Py_TPFLAGS_DEFAULT | Py_TPFLAGS_IMMUTABLETYPE | Py_TPFLAGS_DISALLOW_INSTANTIATION,
    .slots = grid_slots,
};

/* ---------------------------------------------------------------------------------- ig1 to ig4 --- */

static PyObject *ig_decode(PyObject *module, PyObject *args)
{
    f24_error err;
    double p[4];
    int32_t ig[4];
    int grtyp;

    if (!PyArg_ParseTuple(args, "i(iiii):ig_decode", &grtyp, &ig[0], &ig[1], &ig[2], &ig[3]))
        return NULL;
    if (f24_ig_decode((char)grtyp, ig, p, &err) != F24_OK)
        return raise_core(state_of_module(module), &err, NULL, NULL);
    return Py_BuildValue("(dddd)", p[0], p[1], p[2], p[3]);
}

static PyObject *ig_encode(PyObject *module, PyObject *args)
{
    f24_error err;
    double p[4];
    int32_t ig[4];
    int grtyp;

    if (!PyArg_ParseTuple(args, "i(dddd):ig_encode", &grtyp, &p[0], &p[1], &p[2], &p[3]))
        return NULL;
    if (f24_ig_encode((char)grtyp, p, ig, &err) != F24_OK)
        return raise_core(state_of_module(module), &err, NULL, NULL);
    return Py_BuildValue("(iiii)", ig[0], ig[1], ig[2], ig[3]);
}

PyMethodDef grid_methods[] = {
    {"ig_decode", ig_decode, METH_VARARGS,
     "ig_decode($module, grtyp, ig, /)\n--\n\nThe four parameters that ig1 to ig4 stand for."},
    {"ig_encode", ig_encode, METH_VARARGS,
     "ig_encode($module, grtyp, parameters, /)\n--\n\nThe codes of four parameters."},
    {NULL, NULL, 0, NULL},
};
