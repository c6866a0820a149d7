/* What the compiled modules share: buffers in and out of Python, through its stable interface (3.11 and later).

   A function takes C-contiguous buffers (NumPy arrays, Arrow buffers, bytes), and writes into those that it was given to
   write into. Sizes are the caller's promise; what a document holds is checked here. */

#ifndef COPYDESK_COMPILED_H
#define COPYDESK_COMPILED_H

#define PY_SSIZE_T_CLEAN
#include <Python.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__) && defined(__gnu_linux__)
/* one copy for processors with AVX2 and one for all: whole numbers come out the same */
#define WIDE __attribute__((target_clones("avx2", "default")))
#else
#define WIDE
#endif

static inline void release_all(Py_buffer *views, int count) {
    for (int i = 0; i < count; i++) PyBuffer_Release(&views[i]);
}

/* A view of each of `args`, the last `writable` of them to be written into; -1 with an exception when one has none. */
static inline int view_all(PyObject *const *args, int count, int writable, Py_buffer *views) {
    for (int i = 0; i < count; i++) {
        int flags = i < count - writable ? PyBUF_C_CONTIGUOUS : PyBUF_C_CONTIGUOUS | PyBUF_WRITABLE;
        if (PyObject_GetBuffer(args[i], &views[i], flags) < 0) {
            release_all(views, i);
            return -1;
        }
    }
    return 0;
}

/* The module itself: `methods` ends with an empty entry. */
#define MODULE(name, about, methods)                                                                                   \
    static struct PyModuleDef definition = {PyModuleDef_HEAD_INIT, #name, about, 0, methods, NULL, NULL, NULL, NULL};  \
    PyMODINIT_FUNC PyInit_##name(void) { return PyModule_Create(&definition); }

#endif
