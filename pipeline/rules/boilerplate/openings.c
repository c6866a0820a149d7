/* Which lines of many texts open as phrases do, or hold a word that the others need, in one pass over each text: see
   `openings.py`. A line that is passed over is none; one that is not may be. */

#include "compiled.h"

#include "facts/characters.h"

/* A token as `grammar.TOKEN` finds it in flat text: a word in small letters, or a sign. All numbers are one, besides. */
enum { NONE = 0, NUMBER = 1, ANY = 2 }; /* as in `openings.py` */
enum { SIGMA = 0x3C3, LAST_SIGMA = 0x3C2 };

typedef struct {
    const uint8_t *bits;
    const int32_t *small;
    uint8_t ascii[0x80]; /* the small letter or digit; 0 of what is neither */
} Tables;

typedef struct {
    uint64_t hash; /* NONE where no token is left */
    int is_number;
} Token;

/* One spelling for each sign that counts, as in `grammar.flatten`; a sigma counts as one wherever it stands. */
static inline uint32_t spelled(uint32_t code, const Tables *t) {
    switch (code) {
    case 0x130: return 'i';
    case 0x2019: case 0x2018: return '\'';
    case 0xFF1A: return ':';
    case 0xFF5C: return '|';
    case 0x24D2: return 0xA9;
    }
    uint32_t small = (uint32_t)t->small[code];
    return small == LAST_SIGMA ? SIGMA : small;
}

static Tables tables_of(const Py_buffer *bits, const Py_buffer *small) {
    Tables t = {bits->buf, small->buf, {0}};
    for (int code = 0; code < 0x80; code++)
        if (t.bits[code] & WORD && code != '_') t.ascii[code] = (uint8_t)t.small[code];
    return t;
}

static inline int is_sign(uint32_t code) { return code == ':' || code == '|' || code == '@' || code == 0xA9; }

static inline int is_letter(uint32_t code, const Tables *t) { return code != '_' && t->bits[code] & WORD; }

static inline uint64_t with(uint64_t hash, uint64_t more) {
    hash = (hash ^ more) * 0x9E3779B97F4A7C15u;
    return (hash ^ hash >> 32) | 4; /* none of the names above */
}

static Token next_token(const uint8_t **at, const uint8_t *end, const Tables *t) {
    Token token = {NONE, 1};
    uint64_t hash = NONE;
    while (*at < end) {
        const uint8_t *next = *at;
        if (*next < 0x80 && t->ascii[*next]) {
            token.is_number &= *next <= '9';
            hash = with(hash, t->ascii[*next]);
            *at = next + 1;
            continue;
        }
        uint32_t code = next_character(&next, end), told = spelled(code, t);
        if (is_letter(code, t)) {
            token.is_number &= (t->bits[code] & DIGIT) != 0;
        } else if (told == '\'' && hash && next < end) { /* within a word, where a letter follows */
            const uint8_t *behind = next;
            if (!is_letter(next_character(&behind, end), t)) break;
            token.is_number = 0;
        } else if (hash) {
            break;
        } else {
            *at = next;
            if (!is_sign(told)) continue;
            token.hash = with(hash, told);
            token.is_number = 0;
            return token;
        }
        hash = with(hash, told);
        *at = next;
    }
    token.hash = hash;
    return token;
}

/* --- hashes in slots: each in the first free one from its place on ------------------------------------------------ */

typedef struct {
    uint64_t *slots;
    size_t mask; /* their number, a power of two, less one; one at least is free */
} Slots;

static Slots slots_of(const Py_buffer *view) { return (Slots){view->buf, (size_t)view->len / 8 - 1}; }

static inline int is_in(uint64_t hash, const Slots *of) {
    for (size_t slot = hash >> 7 & of->mask; of->slots[slot]; slot = (slot + 1) & of->mask)
        if (of->slots[slot] == hash) return 1;
    return 0;
}

static void put(uint64_t hash, const Slots *into) {
    size_t slot = hash >> 7 & into->mask;
    while (into->slots[slot] && into->slots[slot] != hash) slot = (slot + 1) & into->mask;
    into->slots[slot] = hash;
}

/* --- lines --------------------------------------------------------------------------------------------------------- */

/* What is known of phrases: the first words of those that nobody has read, the first two words of the others, and words
   of which a line must hold one to be a phrase that opens with any word. */
typedef struct {
    Slots unread, pairs, telling;
} Known;

typedef struct {
    int may_be; /* a phrase */
    uint64_t unread; /* the hash by which phrases are to be read first, to know; 0: none are */
} Opening;

static Opening opening_of(const uint8_t *at, const uint8_t *end, const Tables *t, const Known *known) {
    Opening opening = {0, 0};
    Token first = next_token(&at, end, t);
    if (!first.hash) return opening;
    Token second = next_token(&at, end, t);
    uint64_t firsts[2] = {first.hash, NUMBER}, seconds[3] = {ANY, second.hash, NUMBER};
    for (int i = 0; i < 1 + first.is_number; i++) {
        if (is_in(firsts[i], &known->unread)) opening.unread = firsts[i];
        for (int j = 0; j < 2 + second.is_number; j++) opening.may_be |= is_in(with(firsts[i], seconds[j]), &known->pairs);
    }
    opening.may_be |= is_in(first.hash, &known->telling);
    for (Token token = second; token.hash && !opening.may_be; token = next_token(&at, end, t))
        opening.may_be = is_in(token.hash, &known->telling);
    return opening;
}

/* How many characters a line has, and whether there are any but blanks; notes what may be an arrow, U+BB, U+203A or U+2192
   by its last byte. */
static inline Py_ssize_t characters_of(const uint8_t *at, const uint8_t *end, const Tables *t, int *filled, int *arrow) {
    Py_ssize_t characters = 0;
    int found = 0;
    for (const uint8_t *byte = at; byte < end; byte++) {
        characters += (*byte & 0xC0) != 0x80;
        found |= (*byte == '>') | (*byte == 0xBB) | (*byte == 0xBA) | (*byte == 0x92);
    }
    *arrow |= found;
    while (at < end && !*filled) *filled = !(t->bits[next_character(&at, end)] & SPACE);
    return characters;
}

/* hashes(content, bounds, bits, small, hashes) -> None: of the first token of each text */
static PyObject *hashes(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    Py_buffer v[5];
    if (count != 5) return PyErr_Format(PyExc_TypeError, "hashes takes 5 arguments, not %zd", count);
    if (view_all(args, 5, 1, v) < 0) return NULL;
    const uint8_t *content = v[0].buf;
    const int64_t *bounds = v[1].buf;
    Tables t = tables_of(&v[2], &v[3]);
    uint64_t *out = v[4].buf;
    for (Py_ssize_t i = 0; i < v[1].len / 8 - 1; i++) {
        const uint8_t *at = content + bounds[i];
        out[i] = next_token(&at, content + bounds[i + 1], &t).hash;
    }
    release_all(v, 5);
    Py_RETURN_NONE;
}

/* pairs(firsts, seconds, hashes) -> None: of each first with its second */
static PyObject *pairs(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    Py_buffer v[3];
    if (count != 3) return PyErr_Format(PyExc_TypeError, "pairs takes 3 arguments, not %zd", count);
    if (view_all(args, 3, 1, v) < 0) return NULL;
    const uint64_t *firsts = v[0].buf, *seconds = v[1].buf;
    uint64_t *out = v[2].buf;
    for (Py_ssize_t i = 0; i < v[2].len / 8; i++) out[i] = with(firsts[i], seconds[i]);
    release_all(v, 3);
    Py_RETURN_NONE;
}

/* fill(hashes, slots) -> None: of the slots one stays free at least */
static PyObject *fill(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    Py_buffer v[2];
    if (count != 2) return PyErr_Format(PyExc_TypeError, "fill takes 2 arguments, not %zd", count);
    if (view_all(args, 2, 1, v) < 0) return NULL;
    Slots into = slots_of(&v[1]);
    const uint64_t *given = v[0].buf;
    for (Py_ssize_t i = 0; i < v[0].len / 8; i++) put(given[i], &into);
    release_all(v, 2);
    Py_RETURN_NONE;
}

enum { MANY = 1 << 20, SPANS = 4 }; /* numbers told of a line: its text, where it starts and ends in the content, what is unread */

/* find(longest, stamp, content, bounds, bits, small, unread, pairs, telling | shorts, lines) -> int: how many lines are told
   of. `shorts` gets, for each text, how many of its lines have at most `stamp` characters, and 1 << 30 if it may hold an arrow. */
static PyObject *find(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    Py_buffer v[9];
    if (count != 11) return PyErr_Format(PyExc_TypeError, "find takes 11 arguments, not %zd", count);
    Py_ssize_t longest = PyLong_AsSsize_t(args[0]), stamp = PyLong_AsSsize_t(args[1]), told = 0;
    if (PyErr_Occurred() || view_all(args + 2, 9, 2, v) < 0) return NULL;
    const uint8_t *content = v[0].buf;
    const int64_t *bounds = v[1].buf;
    Tables t = tables_of(&v[2], &v[3]);
    Known known = {slots_of(&v[4]), slots_of(&v[5]), slots_of(&v[6])};
    int32_t *shorts = v[7].buf;
    int64_t *lines = v[8].buf;
    Py_ssize_t texts = v[1].len / 8 - 1, room = v[8].len / 8 / SPANS;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t text = 0; text < texts; text++) {
        const uint8_t *at = content + bounds[text], *end = content + bounds[text + 1];
        int arrow = 0;
        shorts[text] = 0;
        while (at < end) {
            const uint8_t *stop = memchr(at, '\n', (size_t)(end - at));
            if (!stop) stop = end;
            int filled = 0;
            Py_ssize_t size = characters_of(at, stop, &t, &filled, &arrow);
            shorts[text] += filled && size <= stamp && shorts[text] < MANY;
            if (filled && size <= longest && told < room) {
                Opening opening = opening_of(at, stop, &t, &known);
                if (opening.may_be || opening.unread) {
                    int64_t *line = lines + SPANS * told++;
                    line[0] = text, line[1] = at - content, line[2] = stop - content, line[3] = (int64_t)opening.unread;
                }
            }
            at = stop + (stop < end);
        }
        shorts[text] |= arrow << 30;
    }
    Py_END_ALLOW_THREADS
    release_all(v, 9);
    return PyLong_FromSsize_t(told);
}

static PyMethodDef methods[] = {
    {"hashes", (PyCFunction)(void (*)(void))hashes, METH_FASTCALL, "Hashes of words; see openings.py."},
    {"pairs", (PyCFunction)(void (*)(void))pairs, METH_FASTCALL, "Hashes of two words; see openings.py."},
    {"fill", (PyCFunction)(void (*)(void))fill, METH_FASTCALL, "Put hashes into slots; see openings.py."},
    {"find", (PyCFunction)(void (*)(void))find, METH_FASTCALL, "Lines that may be phrases; see openings.py."},
    {NULL, NULL, 0, NULL},
};

MODULE(_openings, "Lines that may be phrases, compiled.", methods)
