/* Tags and comments of a page: `look` goes over the markup as the pattern in bounds.py does, where it is explained. Both
   refuse the same (tests/test_compiled.py). */

#include "compiled.h"

typedef struct {
    const uint8_t *at, *end;
} Markup;

static int is_space(uint8_t c) { return c == ' ' || (c >= 9 && c <= 13); }

static int ends_name(uint8_t c) { return is_space(c) || c == '/' || c == '>'; }

/* Go behind the next such byte, or to the end. */
static void behind(Markup *m, uint8_t what) {
    const uint8_t *found = memchr(m->at, what, (size_t)(m->end - m->at));
    m->at = found ? found + 1 : m->end;
}

static void attribute(Markup *m) {
    m->at++;
    while (m->at < m->end && !ends_name(*m->at) && *m->at != '=') m->at++;
    const uint8_t *p = m->at;
    while (p < m->end && is_space(*p)) p++;
    if (p == m->end || *p != '=') return;
    p++;
    while (p < m->end && is_space(*p)) p++;
    m->at = p;
    if (p < m->end && (*p == '"' || *p == '\'')) {
        m->at++;
        behind(m, *p);
    } else
        while (m->at < m->end && !is_space(*m->at) && *m->at != '>') m->at++;
}

/* The rest of a tag after its name; how many attributes it has. */
static int64_t rest_of_tag(Markup *m) {
    int64_t attributes = 0;
    while (m->at < m->end && *m->at != '>') {
        if (ends_name(*m->at))
            m->at++;
        else {
            attribute(m);
            attributes++;
        }
    }
    if (m->at < m->end) m->at++;
    return attributes;
}

static void comment(Markup *m) {
    for (m->at += 4; m->at < m->end; m->at++) {
        m->at = memchr(m->at, '-', (size_t)(m->end - m->at));
        if (!m->at) break;
        Py_ssize_t left = m->end - m->at;
        int size = left >= 3 && !memcmp(m->at, "-->", 3) ? 3 : left >= 4 && !memcmp(m->at, "--!>", 4) ? 4 : 0;
        if (size) {
            m->at += size;
            return;
        }
    }
    m->at = m->end;
}

static int same_name(const uint8_t *p, const uint8_t *end, const char *name) {
    for (; *name; name++, p++)
        if (p == end || (*p | 32) != *name) return 0;
    return p < end && ends_name(*p);
}

/* What an element holds in which tags are none, up to its end. */
static void raw(Markup *m, const char *name) {
    for (;; m->at++) {
        const uint8_t *found = m->at < m->end ? memchr(m->at, '<', (size_t)(m->end - m->at)) : NULL;
        m->at = found ? found : m->end;
        if (!found) return;
        if (m->end - found > 1 && found[1] == '/' && same_name(found + 2, m->end, name)) {
            m->at = found + 2 + strlen(name);
            return;
        }
    }
}

static const char *const RAW[] = {"script", "style", "textarea", "title", "xmp", "iframe", "noembed", "noframes", NULL};

/* look(markup, elements, attributes): 0 where it holds no more than so many, -1 where there are more elements, else how
   many attributes the first tag with too many has. */
static PyObject *look(PyObject *self, PyObject *const *args, Py_ssize_t given) {
    (void)self;
    Py_buffer v[1];
    if (given != 3) return PyErr_Format(PyExc_TypeError, "a buffer and 2 numbers");
    Py_ssize_t elements = PyLong_AsSsize_t(args[1]);
    int64_t most = PyLong_AsLongLong(args[2]), found = 0;
    if (PyErr_Occurred() || view_all(args, 1, 0, v) < 0) return NULL;
    Markup m = {v[0].buf, (const uint8_t *)v[0].buf + v[0].len};
    Py_ssize_t number = 0;
    while (m.at < m.end && !found) {
        const uint8_t *at = memchr(m.at, '<', (size_t)(m.end - m.at));
        if (!at || m.end - at < 2) break;
        m.at = at + 1;
        uint8_t next = *m.at, lower = next | 32;
        int is_tag = lower >= 'a' && lower <= 'z';
        if (!is_tag && next != '!' && next != '?') continue;
        int64_t attributes = 0;
        if (is_tag) {
            const char *const *name = RAW;
            while (*name && !same_name(m.at, m.end, *name)) name++;
            while (m.at < m.end && !ends_name(*m.at)) m.at++;
            attributes = rest_of_tag(&m);
            if (*name) raw(&m, *name);
        } else if (m.end - at >= 4 && !memcmp(at, "<!--", 4)) {
            m.at = at;
            comment(&m);
        } else
            behind(&m, '>');
        found = ++number > elements ? -1 : attributes > most ? attributes : 0;
    }
    release_all(v, 1);
    return PyLong_FromLongLong(found);
}

static PyMethodDef methods[] = {
    {"look", (PyCFunction)(void (*)(void))look, METH_FASTCALL, "Bounds of a page; see bounds.py."},
    {NULL, NULL, 0, NULL},
};

MODULE(_bounds, "Bounds of a page, compiled.", methods)
