/* What each token of texts is by itself, and what it adds to a score: `weigh` does what `worth.py` does in NumPy. */

#include "compiled.h"

#include "tokens.h"

enum { START = 7 };

/* Arrays with a number for each token of all texts: its first letter and the one behind its last, counted in its text. */
typedef struct {
    int32_t *starts, *stops;
    uint8_t *is, *sign;
    int16_t *rank;
    double *worth;
} Columns;

static inline Py_ssize_t letters_in(const uint8_t *at, const uint8_t *end) {
    Py_ssize_t count = 0;
    for (; at < end; at++) count += (*at & 0xC0) != 0x80;
    return count;
}

/* The tokens of one text into the columns from row `row`; `factors` weigh the runs and the letters of both heads. */
static void weigh_text(const uint8_t *text, const int32_t *ids, const int32_t *places, Py_ssize_t count, const Lexicon *l,
                       const Model *m, const double *steps, const double *factors, Columns *c, Py_ssize_t row) {
    Py_ssize_t at = 0, letters = 0;
    uint64_t before = START, further = START;
    for (Py_ssize_t i = 0; i < count; i++, row++) {
        const Token *token = l->tokens + ids[i];
        letters += letters_in(text + at, text + places[i]);
        c->starts[row] = (int32_t)letters;
        at = places[i] + (Py_ssize_t)token->size;
        letters += letters_in(text + places[i], text + at);
        c->stops[row] = (int32_t)letters;
        c->is[row] = token->is;
        c->sign[row] = token->sign;
        c->rank[row] = token->rank;
        uint64_t pair = (uint64_t)token->key * MIX[1] ^ before;
        const int8_t *two = m->words + HEADS * bucket(pair + 2, WORD_BITS);
        const int8_t *three = m->words + HEADS * bucket(pair * MIX[2] ^ further, WORD_BITS);
        double worth = 0;
        for (int head = 0; head < HEADS; head++)
            worth += (two[head] + three[head] + token->own[head]) * steps[head] * factors[head];
        for (int head = 0; head < HEADS; head++)
            worth += token->letters[head] * steps[HEADS + head] * factors[HEADS + head];
        c->worth[row] = worth;
        further = before;
        before = token->key;
    }
}

/* weigh(content, bounds, bits, small, words, letters, vocabulary, ranks, frequency, word_list, steps,
         factors | ends, starts, stops, is, sign, rank, worth) -> None */
static PyObject *weigh(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    Py_buffer v[19];
    if (count != 19) return PyErr_Format(PyExc_TypeError, "weigh takes 19 arguments, not %zd", count);
    if (view_all(args, 19, 7, v) < 0) return NULL;
    const uint8_t *content = v[0].buf;
    const int64_t *bounds = v[1].buf;
    Model m = model_of(v + 2);
    int64_t *ends = v[12].buf;
    Columns c = {v[13].buf, v[14].buf, v[15].buf, v[16].buf, v[17].buf, v[18].buf};
    Py_ssize_t texts = v[1].len / 8 - 1, longest = longest_of(bounds, texts), row = 0;
    Lexicon l = {0};
    int32_t *ids = malloc((size_t)longest * 4 + 4), *places = malloc((size_t)longest * 4 + 4);
    int failed = !ids || !places;
    for (Py_ssize_t text = 0; !failed && text < texts; text++) {
        const uint8_t *at = content + bounds[text];
        Py_ssize_t size = tokens_of(at, content + bounds[text + 1], &l, &m, ids, places);
        failed = size < 0;
        if (failed) break;
        weigh_text(at, ids, places, size, &l, &m, v[10].buf, v[11].buf, &c, row);
        ends[text] = row += size;
    }
    free(ids), free(places), free(l.tokens), free(l.slots);
    release_all(v, 19);
    if (failed) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"weigh", (PyCFunction)(void (*)(void))weigh, METH_FASTCALL, "What tokens are and add to a score; see worth.py."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_worth", "What tokens add to a score, compiled.", 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__worth(void) {
    make_crc();
    return PyModule_Create(&definition);
}
