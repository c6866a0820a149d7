/* Which texts may hold what bad translation leaves, in one pass over each: see `screens.py`. A text that is passed over
   holds none of it; one that is not may. */

#include "compiled.h"

#include "characters.h"

typedef struct {
    const uint8_t *content;
    const int64_t *bounds;
    const uint8_t *bits;
    const int32_t *small;
    Py_ssize_t texts, longest;
} Texts;

static Texts texts_of(Py_buffer *v) {
    Texts t = {v[0].buf, v[1].buf, v[2].buf, v[3].buf, v[1].len / 8 - 1, 0};
    for (Py_ssize_t i = 0; i < t.texts; i++)
        if (t.bounds[i + 1] - t.bounds[i] > t.longest) t.longest = t.bounds[i + 1] - t.bounds[i];
    return t;
}

static const uint64_t STEP = 0x9E3779B97F4A7C15u;

/* --- a word or a phrase on end ----------------------------------------------------------------------------------- */

enum { PERIODS = 4, SIGMA = 0x3C3, LAST_SIGMA = 0x3C2, DOTTED_I = 0x130, DOT_ABOVE = 0x307 };

/* What of a character stands in the small letters of any text that holds it; 0 is nothing. Two letters have small ones
   that are not one letter each: how a sigma ends up depends on its place, and an i keeps its dot. */
static inline uint32_t told_of(uint32_t code, const Texts *t) {
    uint32_t small = (uint32_t)t->small[code];
    if (small < 0x80) return small;
    return small == LAST_SIGMA ? SIGMA : small == DOTTED_I ? 'i' : small == DOT_ABOVE ? 0 : small;
}

static inline int is_letter(uint32_t code) { return (code | 32) - 'a' < 26 || code >= 0x80; }

/* The words of a text between blanks: a hash each, its lowest bit whether two letters are in it. */
static Py_ssize_t words_of(const uint8_t *at, const uint8_t *end, const Texts *t, uint64_t *words) {
    Py_ssize_t count = 0;
    while (at < end) {
        uint64_t hash = 0;
        int letters = 0, any = 0;
        while (at < end) {
            uint32_t code = next_character(&at, end);
            if (t->bits[code] & SPACE) break;
            uint32_t told = told_of(code, t);
            if (told) hash = (hash ^ told) * STEP;
            letters += is_letter(code);
            any = 1;
        }
        if (any) words[count++] = (hash ^ hash >> 32) << 1 | (letters > 1);
    }
    return count;
}

static int is_on_end(const uint64_t *words, Py_ssize_t count, long long times) {
    for (Py_ssize_t period = 1; period <= PERIODS; period++) {
        Py_ssize_t same = 0;
        for (Py_ssize_t i = 0; i + period < count; i++) {
            same = words[i] >> 1 == words[i + period] >> 1 ? same + 1 : 0;
            if (same < period * (times - 1)) continue;
            for (Py_ssize_t j = i; j < i + period; j++)
                if (words[j + 1] & 1) return 1;
        }
    }
    return 0;
}

/* --- a sentence that comes back ---------------------------------------------------------------------------------- */

enum { SHORTEST = 20 }; /* letters of such a sentence, without its mark */

/* The size of what ends a sentence or a line at `at`: one of .!? and a line break, or an ellipsis of three bytes. */
static inline int end_at(const uint8_t *at, const uint8_t *end) {
    if (*at == '.' || *at == '!' || *at == '?' || *at == '\n') return 1;
    return *at == 0xE2 && end - at > 2 && at[1] == 0x80 && at[2] == 0xA6 ? 3 : 0;
}

/* `seen` has room for twice as many sentences as the text may hold, a power of two. */
static int has_a_sentence_twice(const uint8_t *at, const uint8_t *end, uint64_t *seen, Py_ssize_t room) {
    memset(seen, 0, (size_t)room * sizeof *seen);
    while (at < end) {
        const uint8_t *start = at;
        uint64_t hash = STEP;
        int mark = 0;
        /* blanks around a sentence are not of it; all that are not ASCII begin with one of three bytes */
        for (; at < end && !(mark = end_at(at, end)); at++)
            if (*at > ' ' && (*at < 0x80 || *at > 0xE3 || (*at > 0xC2 && *at < 0xE1))) hash = (hash ^ *at) * STEP;
        if (mark && *at != '\n' && at - start >= SHORTEST) {
            hash |= 1;
            Py_ssize_t place = (Py_ssize_t)(hash >> 32) & (room - 1);
            for (; seen[place]; place = (place + 1) & (room - 1))
                if (seen[place] == hash) return 1;
            seen[place] = hash;
        }
        at += mark;
    }
    return 0;
}

/* --- a paragraph without its end --------------------------------------------------------------------------------- */

/* Whether a line of so many letters and words ends in a letter or a digit, with half of its words in small letters. */
static int has_no_end(const uint8_t *at, const uint8_t *end, const Texts *t, long long letters, long long words) {
    while (at < end && (end[-1] == ' ' || end[-1] == '\t' || end[-1] == '\r')) end--;
    if (end - at < letters || at == end) return 0;
    const uint8_t *last = end - 1;
    while (last > at && (*last & 0xC0) == 0x80) last--;
    uint32_t code = next_character(&last, end);
    if (!(t->bits[code] & WORD) || code == '_') return 0;
    long long count = 0, small = 0;
    for (int inside = 0; at < end;) {
        int bits = t->bits[next_character(&at, end)];
        if (!inside && !(bits & SPACE)) {
            count++;
            small += (bits & LOWER) != 0;
        }
        inside = !(bits & SPACE);
    }
    return count >= words && 2 * small >= count;
}

static int has_an_unended_line(const uint8_t *at, const uint8_t *end, const Texts *t, long long letters, long long words) {
    while (at < end) {
        const uint8_t *stop = memchr(at, '\n', (size_t)(end - at));
        if (!stop) stop = end;
        if (has_no_end(at, stop, t, letters, words)) return 1;
        at = stop + 1;
    }
    return 0;
}

/* --- as Python calls them ---------------------------------------------------------------------------------------- */

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

/* repeated_words(times, content, bounds, bits, small, mask) -> None */
static PyObject *repeated_words(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    Py_buffer v[5];
    if (count != 6) return PyErr_Format(PyExc_TypeError, "repeated_words takes 6 arguments, not %zd", count);
    long long times = PyLong_AsLongLong(args[0]);
    if (PyErr_Occurred() || view_all(args + 1, 5, 1, v) < 0) return NULL;
    Texts t = texts_of(v);
    uint8_t *mask = v[4].buf;
    uint64_t *words = malloc((size_t)t.longest * 4 + 8); /* a word and a blank take two bytes */
    if (!words) PyErr_NoMemory();
    for (Py_ssize_t i = 0; words && i < t.texts; i++) {
        const uint8_t *text = t.content + t.bounds[i], *end = t.content + t.bounds[i + 1];
        mask[i] = (uint8_t)is_on_end(words, words_of(text, end, &t, words), times);
    }
    free(words);
    release_all(v, 5);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

/* repeated_sentences(content, bounds, bits, small, mask) -> None */
static PyObject *repeated_sentences(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    Py_buffer v[5];
    if (count != 5) return PyErr_Format(PyExc_TypeError, "repeated_sentences takes 5 arguments, not %zd", count);
    if (view_all(args, 5, 1, v) < 0) return NULL;
    Texts t = texts_of(v);
    uint8_t *mask = v[4].buf;
    Py_ssize_t most = 2;
    while (most <= 2 * (t.longest / SHORTEST)) most *= 2;
    uint64_t *seen = malloc((size_t)most * sizeof *seen);
    if (!seen) PyErr_NoMemory();
    for (Py_ssize_t i = 0; seen && i < t.texts; i++) {
        Py_ssize_t room = 2;
        while (room <= 2 * ((t.bounds[i + 1] - t.bounds[i]) / SHORTEST)) room *= 2;
        mask[i] = (uint8_t)has_a_sentence_twice(t.content + t.bounds[i], t.content + t.bounds[i + 1], seen, room);
    }
    free(seen);
    release_all(v, 5);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

/* unended_paragraphs(letters, words, content, bounds, bits, small, mask) -> None */
static PyObject *unended_paragraphs(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    Py_buffer v[5];
    if (count != 7) return PyErr_Format(PyExc_TypeError, "unended_paragraphs takes 7 arguments, not %zd", count);
    long long letters = PyLong_AsLongLong(args[0]), words = PyErr_Occurred() ? 0 : PyLong_AsLongLong(args[1]);
    if (PyErr_Occurred() || view_all(args + 2, 5, 1, v) < 0) return NULL;
    Texts t = texts_of(v);
    uint8_t *mask = v[4].buf;
    for (Py_ssize_t i = 0; i < t.texts; i++) {
        const uint8_t *text = t.content + t.bounds[i], *end = t.content + t.bounds[i + 1];
        mask[i] = (uint8_t)has_an_unended_line(text, end, &t, letters, words);
    }
    release_all(v, 5);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"unknown", (PyCFunction)(void (*)(void))unknown, METH_FASTCALL, "Characters not in the tables."},
    {"repeated_words", (PyCFunction)(void (*)(void))repeated_words, METH_FASTCALL, "A phrase on end; see screens.py."},
    {"repeated_sentences", (PyCFunction)(void (*)(void))repeated_sentences, METH_FASTCALL, "See screens.py."},
    {"unended_paragraphs", (PyCFunction)(void (*)(void))unended_paragraphs, METH_FASTCALL, "See screens.py."},
    {NULL, NULL, 0, NULL},
};

MODULE(_screens, "Which texts may hold what bad translation leaves, compiled.", methods)
