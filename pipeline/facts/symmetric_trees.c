/* Sums of symmetric trees: `sums` does what `SymmetricTrees` in trees.py does in NumPy, where trees are explained. Leaves
   are added in single precision, tree after tree, on both sides: the same bits (tests/test_compiled.py). */

#include "compiled.h"

enum { ROWS = 32 }; /* at once: a question is put to all of them in one instruction or two */

/* The sums of ROWS rows; `features` are those of the first column, the next ones follow after so many numbers. */
WIDE static void sums_of(const float *features, Py_ssize_t column, const int64_t *columns, const float *limits, Py_ssize_t asked,
                         const int64_t *questions, Py_ssize_t levels, const float *leaves, Py_ssize_t trees,
                         uint8_t *answers, float *total) {
    for (Py_ssize_t i = 0; i < asked; i++) {
        const float *feature = features + columns[i] * column;
        for (int row = 0; row < ROWS; row++) answers[i * ROWS + row] = feature[row] > limits[i];
    }
    for (int row = 0; row < ROWS; row++) total[row] = -0.0f; /* what changes nothing that is added to it */
    for (Py_ssize_t tree = 0; tree < trees; tree++) {
        uint8_t leaf[ROWS] = {0};
        for (Py_ssize_t level = 0; level < levels; level++) {
            const uint8_t *answer = answers + questions[level * trees + tree] * ROWS;
            for (int row = 0; row < ROWS; row++) leaf[row] |= (uint8_t)(answer[row] << level);
        }
        const float *values = leaves + ((size_t)tree << levels);
        for (int row = 0; row < ROWS; row++) total[row] += values[leaf[row]];
    }
}

/* sums(levels, features, columns, limits, questions, leaves, total): features are width x count, questions levels x
   trees. */
static PyObject *sums(PyObject *self, PyObject *const *args, Py_ssize_t given) {
    (void)self;
    Py_buffer v[6];
    if (given != 7) return PyErr_Format(PyExc_TypeError, "levels, and 6 buffers");
    Py_ssize_t levels = PyLong_AsSsize_t(args[0]);
    if (PyErr_Occurred() || view_all(args + 1, 6, 1, v) < 0) return NULL;
    Py_ssize_t count = v[5].len / 4, width = count ? v[0].len / 4 / count : 0, asked = v[2].len / 4;
    Py_ssize_t trees = (v[4].len / 4) >> levels;
    float *last = calloc((size_t)(width ? width : 1) * ROWS, sizeof *last); /* features of rows that are fewer */
    uint8_t *answers = malloc((size_t)(asked ? asked : 1) * ROWS);
    if (!last || !answers)
        PyErr_NoMemory();
    else {
        const float *features = v[0].buf;
        float *out = v[5].buf, total[ROWS];
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t start = 0; start < count; start += ROWS) {
            Py_ssize_t some = count - start < ROWS ? count - start : ROWS;
            for (Py_ssize_t i = 0; i < width && some < ROWS; i++)
                memcpy(last + i * ROWS, features + i * count + start, (size_t)some * sizeof *last);
            sums_of(some < ROWS ? last : features + start, some < ROWS ? ROWS : count, v[1].buf, v[2].buf, asked, v[3].buf,
                    levels, v[4].buf, trees, answers, total);
            memcpy(out + start, total, (size_t)some * sizeof *out);
        }
        Py_END_ALLOW_THREADS
    }
    free(last), free(answers);
    release_all(v, 6);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"sums", (PyCFunction)(void (*)(void))sums, METH_FASTCALL, "Sums of symmetric trees; see trees.py."},
    {NULL, NULL, 0, NULL},
};

MODULE(_symmetric_trees, "Sums of symmetric trees, compiled.", methods)
