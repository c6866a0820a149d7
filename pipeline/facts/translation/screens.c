/* Which texts may hold what bad translation leaves, in one pass over each: see `screens.py`. A text that is passed over
   holds none of it; one that is not may. */

#include "compiled.h"

#include "facts/characters.h"

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

/* --- a word or a phrase on end ----------------------------------------------------------------------------------- */

enum { PERIODS = 4, SIGMA = 0x3C3, LAST_SIGMA = 0x3C2, DOTTED_I = 0x130, DOT_ABOVE = 0x307 };

/* What of a character stands in the small letters of any text that holds it; 0 is nothing. Two letters have small ones
   that are not one letter each: how a sigma ends up depends on its place, and an i keeps its dot. */
static inline uint32_t told_of(uint32_t code, const Texts *t) {
    uint32_t small = (uint32_t)t->small[code];
    if (small < 0x80) return small;
    return small == LAST_SIGMA ? SIGMA : small == DOTTED_I ? 'i' : small == DOT_ABOVE ? 0 : small;
}

/* A word's hash is made of eight bytes of its small letters at a time. */
typedef struct {
    uint64_t hash, bytes;
    int filled, letters;
} Word;

enum { CAPITAL = 0x20, LETTER = 0x40 }; /* the bits of ASCII by which a small letter is one, and any letter is */

#define EIGHT(byte) ((uint64_t)(byte) * 0x0101010101010101u)

static inline void take_eight(Word *word, uint64_t bytes) {
    word->hash = (word->hash ^ bytes) * 0x9E3779B97F4A7C15u;
    word->hash ^= word->hash >> 32;
}

static inline void take(Word *word, uint32_t byte) {
    word->bytes |= (uint64_t)(byte | CAPITAL) << 8 * word->filled;
    word->letters += (byte & LETTER) != 0;
    if (++word->filled < 8) return;
    take_eight(word, word->bytes);
    word->bytes = 0;
    word->filled = 0;
}

/* Letter by letter to behind the word that goes on at `at`. */
static const uint8_t *take_letters(Word *word, const uint8_t *at, const uint8_t *end, const Texts *t) {
    while (at < end) {
        const uint8_t *next = at;
        uint32_t code = next_character(&next, end);
        if (t->bits[code] & SPACE) break;
        uint32_t told = told_of(code, t);
        if (told < 0x80) {
            if (told) take(word, told);
        } else {
            take(word, (told & 0xFF) | LETTER);
            take(word, (told >> 8 & 0xFF) | LETTER);
            take(word, (told >> 16) | LETTER);
        }
        at = next;
    }
    return at;
}

/* Behind the word that begins at `at`: eight bytes at once, where they are ASCII and none but a space parts words. */
static const uint8_t *take_word(Word *word, const uint8_t *at, const uint8_t *end, const Texts *t) {
#if EIGHT_AT_ONCE
    for (; end - at >= 8; at += 8) {
        uint64_t eight, blanks;
        memcpy(&eight, at, 8);
        blanks = eight ^ EIGHT(' ');
        blanks = (blanks - EIGHT(1)) & ~blanks & EIGHT(0x80);
        int size = blanks ? __builtin_ctzll(blanks) / 8 : 8;
        uint64_t whole = size == 8 ? ~(uint64_t)0 : ((uint64_t)1 << 8 * size) - 1;
        if ((eight | (eight - EIGHT(' '))) & EIGHT(0x80) & whole) break; /* not ASCII, or a control character */
        uint64_t letters = eight & EIGHT(LETTER) & whole;
        word->letters += letters & (letters - 1) ? 2 : letters != 0;
        if (size < 8) {
            word->bytes = (eight | EIGHT(CAPITAL)) & whole;
            return at + size;
        }
        take_eight(word, eight | EIGHT(CAPITAL));
    }
#endif
    return take_letters(word, at, end, t);
}

/* The words of a text between blanks: a hash each, its lowest bit whether two letters are in it. */
static Py_ssize_t words_of(const uint8_t *at, const uint8_t *end, const Texts *t, uint64_t *words) {
    Py_ssize_t count = 0;
    while (at < end) {
        const uint8_t *start = at;
        Word word = {0};
        at = take_word(&word, at, end, t);
        if (at == start) {
            next_character(&at, end); /* a blank */
            continue;
        }
        take_eight(&word, word.bytes);
        words[count++] = word.hash << 1 | (word.letters > 1);
        if (at < end) next_character(&at, end);
    }
    return count;
}

/* Whether as many words on end as are wanted are those of a period further on, one of them of more than a letter. So many
   cannot stand between two places as far apart: only such places are looked at, and around those that fit. */
static int has_a_run(const uint64_t *words, Py_ssize_t count, Py_ssize_t period, Py_ssize_t wanted) {
    for (Py_ssize_t at = wanted - 1; at + period < count; at += wanted) {
        Py_ssize_t first = at, last = at;
        int letters = 0;
        if (words[at] != words[at + period]) continue;
        while (first > at - wanted + 1 && words[first - 1] == words[first - 1 + period]) first--;
        while (last - first + 1 < wanted && last + 1 + period < count && words[last + 1] == words[last + 1 + period]) last++;
        for (Py_ssize_t i = first; i < first + period; i++) letters |= words[i] & 1;
        if (letters && last - first + 1 >= wanted) return 1;
    }
    return 0;
}

static int is_on_end(const uint64_t *words, Py_ssize_t count, long long times) {
    if (times > count) return 0;
    for (Py_ssize_t period = 1; period <= PERIODS; period++)
        if (has_a_run(words, count, period, period * (Py_ssize_t)(times - 1))) return 1;
    return 0;
}

/* --- a sentence that comes back ---------------------------------------------------------------------------------- */

enum { SHORTEST = 20 }; /* letters of such a sentence, without its mark */

/* The size of what ends a sentence or a line at `at`: one of .!? and a line break, or an ellipsis of three bytes. */
static inline int end_at(const uint8_t *at, const uint8_t *end) {
    if (*at == '.' || *at == '!' || *at == '?' || *at == '\n') return 1;
    return *at == 0xE2 && end - at > 2 && at[1] == 0x80 && at[2] == 0xA6 ? 3 : 0;
}
/* Each byte of a sentence counts but for the blanks before its first letter: those add nothing to a hash of nothing, and
   neither do the bytes of other characters that blanks beyond ASCII are made of. */
static inline uint64_t told_of_byte(uint8_t byte) {
    return byte <= ' ' || (byte >= 0x80 && byte <= 0xC2) || (byte >= 0xE1 && byte <= 0xE3) ? 0 : byte;
}

/* A hash needs to tell sentences apart and no more: what is taken for equal is looked at again. */
static inline uint64_t mixed(uint64_t hash, uint64_t byte) { return (hash << 7 | hash >> 57) ^ byte; }

/* `seen` has room for twice as many sentences as the text may hold, a power of two. */
static int has_a_sentence_twice(const uint8_t *at, const uint8_t *end, const uint8_t *told, const uint8_t *ends,
                                uint64_t *seen, Py_ssize_t room) {
    memset(seen, 0, (size_t)room * sizeof *seen);
    while (at < end) {
        const uint8_t *start = at;
        uint64_t hash = 0;
        int size = 0;
        for (; at < end; at++) {
            if (ends[*at] && (size = end_at(at, end))) break;
            hash = mixed(hash, told[*at]);
        }
        if (size && *at != '\n' && at - start >= SHORTEST) {
            hash |= 1;
            Py_ssize_t place = (Py_ssize_t)(hash * 0x9E3779B97F4A7C15u >> 32) & (room - 1);
            for (; seen[place]; place = (place + 1) & (room - 1))
                if (seen[place] == hash) return 1;
            seen[place] = hash;
        }
        at += size;
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
    uint8_t told[256], ends[256] = {['.'] = 1, ['!'] = 1, ['?'] = 1, ['\n'] = 1, [0xE2] = 1};
    for (int byte = 0; byte < 256; byte++) told[byte] = (uint8_t)told_of_byte((uint8_t)byte);
    for (Py_ssize_t i = 0; seen && i < t.texts; i++) {
        Py_ssize_t room = 2;
        while (room <= 2 * ((t.bounds[i + 1] - t.bounds[i]) / SHORTEST)) room *= 2;
        const uint8_t *text = t.content + t.bounds[i], *end = t.content + t.bounds[i + 1];
        mask[i] = (uint8_t)has_a_sentence_twice(text, end, told, ends, seen, room);
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
    {"repeated_words", (PyCFunction)(void (*)(void))repeated_words, METH_FASTCALL, "A phrase on end; see screens.py."},
    {"repeated_sentences", (PyCFunction)(void (*)(void))repeated_sentences, METH_FASTCALL, "See screens.py."},
    {"unended_paragraphs", (PyCFunction)(void (*)(void))unended_paragraphs, METH_FASTCALL, "See screens.py."},
    {NULL, NULL, 0, NULL},
};

MODULE(_screens, "Which texts may hold what bad translation leaves, compiled.", methods)
