/* What boxes hand to each other: `up`, `down`, `outwards` and `score` do what boxes.py does in Python, where it is explained.
   Both add in one order and give the same bits (tests/test_compiled.py). Parents come before their children. */

#include "compiled.h"

/* up(parent, sums): each box adds what it holds to the one around it; sums are any number of rows of boxes. */
static PyObject *up(PyObject *self, PyObject *const *args, Py_ssize_t given) {
    (void)self;
    Py_buffer v[2];
    if (given != 2) return PyErr_Format(PyExc_TypeError, "2 buffers");
    if (view_all(args, 2, 1, v) < 0) return NULL;
    const int64_t *parent = v[0].buf;
    Py_ssize_t boxes = v[0].len / 8, rows = boxes ? v[1].len / 8 / boxes : 0;
    double *sums = v[1].buf;
    for (Py_ssize_t row = 0; row < rows; row++, sums += boxes)
        for (Py_ssize_t box = boxes - 1; box > 0; box--) sums[parent[box]] += sums[box];
    release_all(v, 2);
    Py_RETURN_NONE;
}

/* down(parent, least, bits): each box has the bits of the one around it, if that is the box `least` or a later one. */
static PyObject *down(PyObject *self, PyObject *const *args, Py_ssize_t given) {
    (void)self;
    Py_buffer v[2];
    if (given != 3) return PyErr_Format(PyExc_TypeError, "a number and 2 buffers");
    Py_ssize_t least = PyLong_AsSsize_t(args[0]);
    if (PyErr_Occurred() || view_all(args + 1, 2, 1, v) < 0) return NULL;
    const int64_t *parent = v[0].buf;
    int64_t *bits = v[1].buf;
    for (Py_ssize_t box = 0; box < v[0].len / 8; box++)
        if (parent[box] >= least) bits[box] |= bits[parent[box]];
    release_all(v, 2);
    Py_RETURN_NONE;
}

/* outwards(parent, held, outer): the next box outwards of each that holds more. */
static PyObject *outwards(PyObject *self, PyObject *const *args, Py_ssize_t given) {
    (void)self;
    Py_buffer v[3];
    if (given != 3) return PyErr_Format(PyExc_TypeError, "3 buffers");
    if (view_all(args, 3, 1, v) < 0) return NULL;
    const int64_t *parent = v[0].buf;
    const double *held = v[1].buf;
    int64_t *outer = v[2].buf;
    for (Py_ssize_t box = 1; box < v[0].len / 8; box++) {
        int64_t around = parent[box];
        outer[box] = !around || held[around] > held[box] ? around : outer[around];
    }
    release_all(v, 3);
    Py_RETURN_NONE;
}

/* score(parent, worth, held, scores): what each box holds counts for it and, ever less, for those around it. */
static PyObject *score(PyObject *self, PyObject *const *args, Py_ssize_t given) {
    (void)self;
    Py_buffer v[4];
    if (given != 4) return PyErr_Format(PyExc_TypeError, "4 buffers");
    if (view_all(args, 4, 1, v) < 0) return NULL;
    const int64_t *parent = v[0].buf;
    const double *worth = v[1].buf, *held = v[2].buf;
    double *scores = v[3].buf;
    for (Py_ssize_t box = 0; box < v[0].len / 8; box++) {
        int64_t around = held[box] != 0 ? box : -1;
        for (Py_ssize_t level = 0; level < v[1].len / 8 && around >= 0; level++, around = parent[around])
            scores[around] += held[box] * worth[level];
    }
    release_all(v, 4);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"up", (PyCFunction)(void (*)(void))up, METH_FASTCALL, "Sums of boxes; see boxes.py."},
    {"down", (PyCFunction)(void (*)(void))down, METH_FASTCALL, "Bits of boxes; see boxes.py."},
    {"outwards", (PyCFunction)(void (*)(void))outwards, METH_FASTCALL, "Boxes that hold more; see boxes.py."},
    {"score", (PyCFunction)(void (*)(void))score, METH_FASTCALL, "Scores of boxes; see boxes.py."},
    {NULL, NULL, 0, NULL},
};

MODULE(_boxes, "What boxes hand to each other, compiled.", methods)
