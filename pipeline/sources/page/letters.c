/* What stands in the text of each block, letter by letter and word by word: `count` does what letters.py does in NumPy,
   `words` what words.py does with sets, where it is explained; `mentioned` is the loop of automaton.py. What there is in
   Python and in C gives the same numbers (tests/test_compiled.py). */

#include "compiled.h"

enum { LINE_BREAK = '\n' };

/* Kinds of characters, as letters.py has them. */
enum {
    WORD = 1 << 0, SINGLE = 1 << 1, UPPER = 1 << 2, DIGIT = 1 << 3, COMMA = 1 << 4, STOP = 1 << 5, FULL_STOP = 1 << 6,
    END = 1 << 7, CLOSING = 1 << 8, CODE = 1 << 9, BAR = 1 << 10, COLON = 1 << 11, ALNUM = 1 << 12, DECIMAL = 1 << 13
};
/* Columns, as `Counts` of letters.py has them. */
enum { WORDS, COMMAS, STOPS, DIGITS, UPPERS, CODES, BARS, ENDS_WELL, COLON_AT_END, UPPER_START, DECIMALS, COUNTS };

/* count(kinds, text, counts): the text ends with a line break after each block; counts are blocks x
   COUNTS, zeros. */
static PyObject *count(PyObject *self, PyObject *const *args, Py_ssize_t given) {
    (void)self;
    Py_buffer v[3];
    if (given != 3) return PyErr_Format(PyExc_TypeError, "3 buffers");
    if (view_all(args, 3, 1, v) < 0) return NULL;
    const uint16_t *kinds = v[0].buf;
    const uint32_t *text = v[1].buf;
    Py_ssize_t size = v[1].len / 4, room = v[2].len / 8 / COUNTS, block = 0;
    int64_t *row = v[2].buf;
    int first = 1, last = 0, in_word = 0; /* the first of its block; the kind before; in a word of several letters */
    for (Py_ssize_t i = 0; i < size && block < room; i++) {
        if (text[i] == LINE_BREAK) {
            row[ENDS_WELL] = (last & END) != 0;
            row[COLON_AT_END] = (last & COLON) != 0;
            row += COUNTS;
            block++;
            first = 1;
            last = in_word = 0;
            continue;
        }
        int kind = kinds[text[i]];
        if (first) row[UPPER_START] = (kind & UPPER) != 0;
        first = 0;
        row[WORDS] += (kind & WORD) && ((kind & SINGLE) || !in_word);
        in_word = (kind & WORD) && !(kind & SINGLE);
        row[COMMAS] += (kind & COMMA) != 0;
        row[STOPS] += (kind & FULL_STOP) || ((kind & STOP) && i + 1 < size && (kinds[text[i + 1]] & CLOSING));
        row[DIGITS] += (kind & DIGIT) != 0;
        row[UPPERS] += (kind & UPPER) != 0;
        row[CODES] += (kind & CODE) != 0;
        row[BARS] += (kind & BAR) != 0;
        row[DECIMALS] += (kind & DECIMAL) != 0;
        last = kind;
    }
    release_all(v, 3);
    Py_RETURN_NONE;
}

/* --- words: each different one has a number ------------------------------------------------------------------------ */

enum { IN_TITLE = 1, IN_DESCRIPTION = 2, MAX_CUES = 256 };
/* Columns, as `Words` of words.py has them. */
enum { ALL, SINGLES, DIFFERENT, OF_TITLE, OF_DESCRIPTION, OF_BODY, CUES, COLUMNS };

typedef struct {
    const uint32_t *text; /* NULL where nothing stands */
    uint32_t size, hash;
    int32_t cues;
    uint32_t said;   /* IN_TITLE, IN_DESCRIPTION */
    Py_ssize_t seen; /* in which block last, from 1 on */
} Entry;

typedef struct {
    Entry *entries;
    size_t mask;
} Dictionary;

typedef struct {
    const uint16_t *kinds;
    const uint32_t *letters; /* of all cues */
    const int64_t *bounds;   /* of each cue in them, and one more */
    const int64_t *bits;     /* of each cue: what it is one of */
    Py_ssize_t exact, count; /* the first `exact` ones are whole words, the others begin one */
    int16_t heads[64], after[MAX_CUES]; /* by first letter: the number of a cue plus one, and of the one after each */
} Tables;

static void index_cues(Tables *t) {
    for (Py_ssize_t i = 0; i < t->count; i++) {
        int16_t *head = &t->heads[t->letters[t->bounds[i]] & 63];
        t->after[i] = *head;
        *head = (int16_t)(i + 1);
    }
}

/* The next word of a text from `*at` on: its size, 0 at the end; `*at` is where it begins. */
static Py_ssize_t next(const Tables *t, const uint32_t *text, Py_ssize_t size, Py_ssize_t *at) {
    Py_ssize_t i = *at;
    while (i < size && text[i] != LINE_BREAK && !(t->kinds[text[i]] & (ALNUM | SINGLE))) i++;
    *at = i;
    if (i == size || text[i] == LINE_BREAK) return 0;
    if (t->kinds[text[i]] & SINGLE) return 1;
    while (i < size && (t->kinds[text[i]] & (ALNUM | SINGLE)) == ALNUM) i++;
    return i - *at;
}

static int32_t cues_of(const Tables *t, const uint32_t *word, Py_ssize_t size) {
    int32_t found = 0;
    for (Py_ssize_t i = t->heads[*word & 63] - 1; i >= 0; i = t->after[i] - 1) {
        const uint32_t *cue = t->letters + t->bounds[i];
        Py_ssize_t length = t->bounds[i + 1] - t->bounds[i];
        if ((i < t->exact ? length == size : length <= size) && !memcmp(cue, word, (size_t)length * 4))
            found |= (int32_t)t->bits[i];
    }
    return found;
}

static Entry *entry_of(Dictionary *d, const Tables *t, const uint32_t *word, Py_ssize_t size) {
    uint32_t hash = 2166136261u;
    for (Py_ssize_t i = 0; i < size; i++) hash = (hash ^ word[i]) * 16777619u;
    hash ^= hash >> 15;
    for (size_t place = hash & d->mask;; place = (place + 1) & d->mask) {
        Entry *entry = &d->entries[place];
        if (!entry->text) {
            Entry made = {word, (uint32_t)size, hash, cues_of(t, word, size), 0, 0};
            *entry = made;
            return entry;
        }
        if (entry->hash == hash && entry->size == (uint32_t)size && !memcmp(entry->text, word, (size_t)size * 4)) return entry;
    }
}

/* Threes of words that follow each other, as the places of their entries plus one; of 0 there is none. */
typedef struct {
    uint32_t words[3];
} Three;

typedef struct {
    Three *threes;
    size_t mask;
} Threes;

static Three *three_of(const Threes *s, const uint32_t *words) {
    uint64_t hash = ((uint64_t)words[0] * 0x9E3779B97F4A7C15u + words[1]) * 0x9E3779B97F4A7C15u + words[2];
    hash *= 0x9E3779B97F4A7C15u;
    for (size_t place = (size_t)(hash >> 32) & s->mask;; place = (place + 1) & s->mask) {
        Three *three = &s->threes[place];
        if (!three->words[0] || !memcmp(three->words, words, sizeof three->words)) return three;
    }
}

static Py_ssize_t words_in(const Tables *t, const Py_buffer *view) {
    const uint32_t *text = view->buf;
    Py_ssize_t size = view->len / 4, found = 0, length;
    for (Py_ssize_t at = 0; at < size; at += length ? length : 1) found += (length = next(t, text, size, &at)) > 0;
    return found;
}

static size_t room_for(Py_ssize_t count) {
    size_t room = 16;
    while (room < 2 * (size_t)count) room *= 2;
    return room;
}

/* Mark the words of what the page says of itself; how many different ones it has. */
static int64_t mark(Dictionary *d, const Tables *t, const Py_buffer *view, uint32_t as) {
    const uint32_t *text = view->buf;
    Py_ssize_t size = view->len / 4, length;
    int64_t found = 0;
    for (Py_ssize_t at = 0; at < size; at += length ? length : 1) {
        if (!(length = next(t, text, size, &at))) continue;
        Entry *entry = entry_of(d, t, text + at, length);
        found += !(entry->said & as);
        entry->said |= as;
    }
    return found;
}

/* Put the threes of the body into the set. */
static int64_t learn(Dictionary *d, Threes *s, const Tables *t, const Py_buffer *view) {
    const uint32_t *text = view->buf;
    Py_ssize_t size = view->len / 4, length;
    uint32_t last[3] = {0, 0, 0};
    int64_t found = 0;
    for (Py_ssize_t at = 0; at < size; at += length ? length : 1) {
        if (!(length = next(t, text, size, &at))) continue;
        last[0] = last[1], last[1] = last[2];
        last[2] = (uint32_t)(entry_of(d, t, text + at, length) - d->entries) + 1;
        if (!last[0]) continue;
        memcpy(three_of(s, last)->words, last, sizeof last);
        found++;
    }
    return found;
}

static void look_at(Dictionary *d, const Threes *s, const Tables *t, const Py_buffer *view, Py_ssize_t first_words,
                    Py_ssize_t blocks, int64_t *row) {
    const uint32_t *text = view->buf;
    Py_ssize_t size = view->len / 4, at = 0, length;
    for (Py_ssize_t block = 0; block < blocks; block++, row += COLUMNS, at++) {
        uint32_t last[3] = {0, 0, 0};
        memset(row, 0, COLUMNS * sizeof *row);
        for (; (length = next(t, text, size, &at)); at += length) {
            Entry *entry = entry_of(d, t, text + at, length);
            row[SINGLES] += length == 1;
            if (row[ALL]++ < first_words) row[CUES] |= entry->cues;
            if (entry->seen <= block) {
                entry->seen = block + 1;
                row[DIFFERENT]++;
                row[OF_TITLE] += (entry->said & IN_TITLE) != 0;
                row[OF_DESCRIPTION] += (entry->said & IN_DESCRIPTION) != 0;
            }
            last[0] = last[1], last[1] = last[2], last[2] = (uint32_t)(entry - d->entries) + 1;
            row[OF_BODY] += last[0] && s->threes && three_of(s, last)->words[0];
        }
    }
}

/* words(exact, first_words, kinds, letters, bounds, bits, title, description, body, text, said, rows): the texts are in
   lower case; said are the different words of the title and of the description, and the threes of the body. */
static PyObject *words(PyObject *self, PyObject *const *args, Py_ssize_t given) {
    (void)self;
    Py_buffer v[10];
    if (given != 12) return PyErr_Format(PyExc_TypeError, "2 numbers and 10 buffers");
    Py_ssize_t exact = PyLong_AsSsize_t(args[0]), first_words = PyLong_AsSsize_t(args[1]);
    if (PyErr_Occurred() || view_all(args + 2, 10, 2, v) < 0) return NULL;
    Tables t = {v[0].buf, v[1].buf, v[2].buf, v[3].buf, exact, v[3].len / 8, {0}, {0}};
    if (t.count > MAX_CUES) t.count = MAX_CUES;
    index_cues(&t);
    Py_ssize_t of_body = words_in(&t, &v[6]), all = of_body;
    all += words_in(&t, &v[4]) + words_in(&t, &v[5]) + words_in(&t, &v[7]);
    Dictionary d = {NULL, room_for(all) - 1};
    Threes s = {NULL, room_for(of_body) - 1};
    d.entries = calloc(d.mask + 1, sizeof *d.entries);
    if (of_body) s.threes = calloc(s.mask + 1, sizeof *s.threes);
    if (!d.entries || (of_body && !s.threes))
        PyErr_NoMemory();
    else {
        int64_t *said = v[8].buf;
        said[0] = mark(&d, &t, &v[4], IN_TITLE);
        said[1] = mark(&d, &t, &v[5], IN_DESCRIPTION);
        said[2] = learn(&d, &s, &t, &v[6]);
        look_at(&d, &s, &t, &v[7], first_words, v[9].len / 8 / COLUMNS, v[9].buf);
    }
    free(d.entries), free(s.threes);
    release_all(v, 10);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

/* mentioned(between, classes, following, means, texts, masks): the bits of the words in each text, which has a space before
   and after it, and the byte `between` after that. See automaton.py. */
static PyObject *mentioned(PyObject *self, PyObject *const *args, Py_ssize_t given) {
    (void)self;
    Py_buffer v[5];
    if (given != 6) return PyErr_Format(PyExc_TypeError, "a number and 5 buffers");
    long between = PyLong_AsLong(args[0]);
    if (PyErr_Occurred() || view_all(args + 1, 5, 1, v) < 0) return NULL;
    const uint8_t *classes = v[0].buf, *text = v[3].buf, *end = text + v[3].len;
    const uint16_t *following = v[1].buf;
    const int32_t *means = v[2].buf;
    Py_ssize_t states = v[2].len / 4, width = states ? v[1].len / 2 / states : 0;
    int32_t *found = v[4].buf, *last = found + v[4].len / 4;
    for (; text < end && found < last; found++, text++) {
        size_t state = following[classes[' ']];
        int32_t bits = means[state];
        for (; text < end && *text != between; text++) {
            state = following[state * (size_t)width + classes[*text]];
            bits |= means[state];
        }
        *found = bits | means[following[state * (size_t)width + classes[' ']]];
    }
    release_all(v, 5);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"mentioned", (PyCFunction)(void (*)(void))mentioned, METH_FASTCALL, "Words in texts; see automaton.py."},
    {"count", (PyCFunction)(void (*)(void))count, METH_FASTCALL, "Letters of blocks; see letters.py."},
    {"words", (PyCFunction)(void (*)(void))words, METH_FASTCALL, "Words of blocks; see words.py."},
    {NULL, NULL, 0, NULL},
};

MODULE(_letters, "Letters and words of blocks, compiled.", methods)
