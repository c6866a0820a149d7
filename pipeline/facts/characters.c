/* Which characters of texts the tables of `characters.py` do not know yet. */

#include "compiled.h"

#include "characters.h"

/* unknown(content, bits, codes) -> int: so many characters of which nothing is known yet, some of them again. */
static PyObject *unknown(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    Py_buffer v[3];
    if (count != 3) return PyErr_Format(PyExc_TypeError, "unknown takes 3 arguments, not %zd", count);
    if (view_all(args, 3, 1, v) < 0) return NULL;
    const uint8_t *at = v[0].buf, *end = at + v[0].len, *bits = v[1].buf;
    int32_t *codes = v[2].buf;
    Py_ssize_t found = 0, room = v[2].len / 4;
    while (at < end && found < room) {
        uint64_t eight;
        for (; end - at >= 8; at += 8) {
            memcpy(&eight, at, 8);
            if (eight & 0x8080808080808080u) break;
        }
        if (at == end) break;
        uint32_t code = next_character(&at, end);
        if (code >= 0x80 && !bits[code]) codes[found++] = (int32_t)code;
    }
    release_all(v, 3);
    return PyLong_FromSsize_t(found);
}

static PyMethodDef methods[] = {
    {"unknown", (PyCFunction)(void (*)(void))unknown, METH_FASTCALL, "Characters not in the tables; see characters.py."},
    {NULL, NULL, 0, NULL},
};

MODULE(_characters, "Characters not in the tables, compiled.", methods)
