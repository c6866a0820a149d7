/* Sums of trees: `sums` does what `Trees.sums` of `trees.py` does in NumPy, where it is explained. */

#include "compiled.h"

enum { BLOCK = 128 }; /* rows at once, so that they stay in the processor's cache while tree after tree is asked */

typedef struct {
    const int32_t *columns, *left, *roots;
    const float *limits, *values;
    Py_ssize_t trees, depth;
} Trees;

static void add(const Trees *t, const float *rows, Py_ssize_t count, Py_ssize_t width, double *total) {
    for (Py_ssize_t tree = 0; tree < t->trees; tree++)
        for (Py_ssize_t row = 0; row < count; row++) {
            const float *features = rows + row * width;
            int32_t node = t->roots[tree];
            for (Py_ssize_t step = 0; step < t->depth; step++)
                node = t->left[node] + (features[t->columns[node]] > t->limits[node]);
            total[row] += t->values[node];
        }
}

/* sums(depth, columns, limits, left, values, roots, rows | total) -> None; `total` is nought for each row */
static PyObject *sums(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    Py_buffer v[7];
    if (count != 8) return PyErr_Format(PyExc_TypeError, "sums takes 8 arguments, not %zd", count);
    Py_ssize_t depth = PyLong_AsSsize_t(args[0]);
    if (PyErr_Occurred() || view_all(args + 1, 7, 1, v) < 0) return NULL;
    Trees t = {v[0].buf, v[2].buf, v[4].buf, v[1].buf, v[3].buf, v[4].len / 4, depth};
    const float *rows = v[5].buf;
    double *total = v[6].buf;
    Py_ssize_t number = v[6].len / 8, width = number ? v[5].len / 4 / number : 0;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t row = 0; row < number; row += BLOCK)
        add(&t, rows + row * width, number - row < BLOCK ? number - row : BLOCK, width, total + row);
    Py_END_ALLOW_THREADS
    release_all(v, 7);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"sums", (PyCFunction)(void (*)(void))sums, METH_FASTCALL, "Sums of trees; see trees.py."},
    {NULL, NULL, 0, NULL},
};

MODULE(_trees, "Sums of decision trees, compiled.", methods)
