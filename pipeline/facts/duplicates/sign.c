/* Signatures of documents: `sign` does in one pass over each text what `signs.py` and `words.py` do in NumPy, where
   what is counted and hashed is explained, `fold` what `compare.py` does to compare all words of two of them, and
   `shared` counts what two have in common. Both ways give the same bits (tests/test_compiled.py). */

#include "compiled.h"

enum { SEPARATOR, LETTER, SPACELESS };
enum { SHINGLE = 3, SHINGLE_SPACELESS = 5, ANCHOR = 7, ANCHOR_SPACELESS = 16, REACH = 5, BANDS = 16, ROWS = 4 };

static const uint64_t STEP = 0x9E3779B97F4A7C15u;

static inline uint64_t mix(uint64_t h) {
    h ^= h >> 33;
    h *= 0xFF51AFD7ED558CCDu;
    h ^= h >> 33;
    h *= 0xC4CEB9FE1A85EC53u;
    return h ^ (h >> 33);
}

typedef struct {
    const uint8_t *classes, *exceptions; /* 256; 16 x 64 */
    const uint16_t *pairs, *simplified;  /* 0x800; 0x10000 */
    const uint64_t *values, *powers;     /* 256; 64 */
    const uint32_t *multipliers, *addends; /* 64 each */
    const uint64_t *salts;               /* 16 */
} Tables;

/* The character of `size` bytes at `text`, not one of ASCII, folded in place into `out`; its kind. */
static inline int fold(const uint8_t *text, int size, uint8_t *out, const Tables *t) {
    memcpy(out, text, (size_t)size);
    if (size == 2) {
        if (text[0] < 0xCD) return SEPARATOR;
        uint16_t code = t->pairs[(text[0] & 0x1F) << 6 | (text[1] & 0x3F)];
        out[0] = (uint8_t)(0xC0 | code >> 6);
        out[1] = (uint8_t)(0x80 | (code & 0x3F));
        return t->classes[out[0]];
    }
    if (size == 3) {
        int kind = t->exceptions[(text[0] & 0x0F) << 6 | (text[1] & 0x3F)];
        if (kind == SPACELESS) {
            uint16_t code = t->simplified[(text[0] & 0x0F) << 12 | (text[1] & 0x3F) << 6 | (text[2] & 0x3F)];
            out[0] = (uint8_t)(0xE0 | code >> 12);
            out[1] = (uint8_t)(0x80 | (code >> 6 & 0x3F));
            out[2] = (uint8_t)(0x80 | (code & 0x3F));
        }
        return kind;
    }
    return SEPARATOR;
}

static inline int size_of(uint8_t first) { return first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4; }

typedef struct {
    uint64_t *hashes;  /* of the words */
    uint8_t *spaceless;
    uint64_t *runs;
    int64_t *starts, *ends; /* of the words in what is folded; NULL where nobody asks */
    Py_ssize_t words;
} Scratch;

/* Room for a text of so many bytes; 0 where there is none. */
static int make_room(Scratch *s, Py_ssize_t bytes) {
    size_t size = (size_t)bytes + 1;
    *s = (Scratch){malloc(size * 8), malloc(size), malloc(size * 8), NULL, NULL, 0};
    return s->hashes && s->spaceless && s->runs;
}

static void let_go(Scratch *s) { free(s->hashes), free(s->spaceless), free(s->runs); }

static Py_ssize_t longest_of(const int64_t *bounds, Py_ssize_t documents) {
    Py_ssize_t longest = 0;
    for (Py_ssize_t d = 0; d < documents; d++)
        if (bounds[d + 1] - bounds[d] > longest) longest = bounds[d + 1] - bounds[d];
    return longest;
}

static inline int width_of(const Scratch *s, Py_ssize_t word, int spaced, int spaceless) {
    return s->spaceless[word] ? spaceless : spaced;
}

/* Hashes of the runs of `spaced` words, or of `spaceless` characters, that begin at each word and end in the text. */
static Py_ssize_t runs_of(Scratch *s, int spaced, int spaceless) {
    Py_ssize_t count = 0;
    for (Py_ssize_t i = 0; i < s->words; i++) {
        int width = width_of(s, i, spaced, spaceless);
        if (i + width > s->words) continue;
        uint64_t run = s->hashes[i];
        for (int place = 1; place < width; place++) run = run * STEP + s->hashes[i + place];
        s->runs[count++] = mix(run);
    }
    return count;
}

WIDE static uint32_t least_of(const uint32_t *values, Py_ssize_t count, uint32_t multiplier, uint32_t addend) {
    uint32_t least = UINT32_MAX;
    for (Py_ssize_t i = 0; i < count; i++) {
        uint32_t value = values[i] * multiplier + addend;
        least = value < least ? value : least;
    }
    return least;
}

static void bands_of(const uint64_t *runs, Py_ssize_t count, uint32_t *high, uint64_t *bands, const Tables *t) {
    for (Py_ssize_t i = 0; i < count; i++) high[i] = (uint32_t)(runs[i] >> 32);
    for (int band = 0; band < BANDS; band++) {
        uint64_t key = t->salts[band];
        for (int row = band * ROWS; row < (band + 1) * ROWS; row++)
            key = mix(key * t->multipliers[0] + least_of(high, count, t->multipliers[row], t->addends[row]));
        bands[band] = key;
    }
}

static int ascending(const void *one, const void *other) {
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)other;
    return (a > b) - (a < b);
}

/* The runs that are the least within REACH either side, the first of equal ones; ascending, each once. */
static Py_ssize_t anchors_of(const uint64_t *runs, Py_ssize_t count, uint64_t *anchors) {
    Py_ssize_t found = 0, distinct = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        int least = 1;
        for (Py_ssize_t j = i - REACH < 0 ? 0 : i - REACH; least && j < i; j++) least = runs[j] > runs[i];
        for (Py_ssize_t j = i + 1; least && j <= i + REACH && j < count; j++) least = runs[i] <= runs[j];
        if (least) anchors[found++] = runs[i];
    }
    qsort(anchors, (size_t)found, sizeof *anchors, ascending);
    for (Py_ssize_t i = 0; i < found; i++)
        if (!i || anchors[i] != anchors[i - 1]) anchors[distinct++] = anchors[i];
    return distinct;
}

/* One document's words into the scratch, its folded words into `folded`, its letters into `exact`. */
typedef struct {
    Py_ssize_t folded, exact, letters;
} Sizes;

static inline void begin_word(Scratch *s, int kind, Py_ssize_t at) {
    if (s->starts) s->starts[s->words] = at;
    s->spaceless[s->words++] = kind == SPACELESS;
}

static inline void end_word(Scratch *s, uint64_t hash, Py_ssize_t at) {
    if (!s->words) return;
    if (s->ends) s->ends[s->words - 1] = at;
    s->hashes[s->words - 1] = mix(hash);
}

static Sizes words_of(const uint8_t *text, Py_ssize_t size, const Tables *t, const uint8_t *kept, Scratch *s,
                      uint8_t *folded, uint8_t *exact) {
    Sizes n = {0, 0, 0};
    int last = SEPARATOR;
    uint64_t hash = 0;
    Py_ssize_t place = 0, end = 0;
    s->words = 0;
    for (Py_ssize_t i = 0; i < size;) {
        uint8_t out[4];
        int length = 1, kind;
        if (text[i] < 0x80) { /* most of most texts: no call, no copy */
            out[0] = text[i] >= 'A' && text[i] <= 'Z' ? text[i] + 32 : text[i];
            kind = t->classes[out[0]];
        } else {
            length = size_of(text[i]);
            if (length > size - i) length = (int)(size - i); /* never in what Arrow calls a string */
            kind = fold(text + i, length, out, t);
        }
        for (int k = 0; k < length; k++) {
            exact[n.exact] = kept[text[i + k]];
            n.exact += kept[text[i + k]] != 0;
        }
        if (kind == SEPARATOR) {
            if (last != SEPARATOR) folded[n.folded++] = ' ';
        } else {
            if (kind != last || kind == SPACELESS) {
                end_word(s, hash, end);
                begin_word(s, kind, n.folded);
                hash = 0;
                place = 0;
            }
            for (int k = 0; k < length; k++) {
                hash += t->values[out[k]] * t->powers[place++ & 63];
                folded[n.folded++] = out[k];
            }
            end = n.folded;
            n.letters += length;
        }
        last = kind;
        i += length;
    }
    end_word(s, hash, end);
    return n;
}

/* sign(text, bounds, tables..., kept, min_words | sizes, bands, anchors, folded, exact) -> None

   `sizes` is a row of six a document: letters, shingles, bands, anchors, and how many bytes `folded` and `exact` have. */
static PyObject *sign(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    if (count != 18) return PyErr_Format(PyExc_TypeError, "sign takes 18 arguments, not %zd", count);
    Py_buffer v[17];
    long long min_words = PyLong_AsLongLong(args[0]);
    if (PyErr_Occurred() || view_all(args + 1, 17, 5, v) < 0) return NULL;
    const uint8_t *text = v[0].buf, *kept = v[11].buf;
    const int64_t *bounds = v[1].buf;
    Tables t = {v[2].buf, v[3].buf, v[4].buf, v[5].buf, v[6].buf, v[7].buf, v[8].buf, v[9].buf, v[10].buf};
    int64_t *sizes = v[12].buf;
    uint64_t *bands = v[13].buf, *anchors = v[14].buf;
    uint8_t *folded = v[15].buf, *exact = v[16].buf;
    Py_ssize_t documents = v[1].len / 8 - 1, longest = longest_of(bounds, documents);
    Scratch s;
    uint32_t *high = malloc((size_t)longest * 4 + 4);
    if (!make_room(&s, longest) || !high) {
        PyErr_NoMemory();
    } else {
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t d = 0; d < documents; d++, sizes += 6) {
            Sizes n = words_of(text + bounds[d], bounds[d + 1] - bounds[d], &t, kept, &s, folded, exact);
            int enough = s.words >= min_words;
            Py_ssize_t shingles = runs_of(&s, SHINGLE, SHINGLE_SPACELESS), signed_ = enough && shingles, found = 0;
            if (signed_) bands_of(s.runs, shingles, high, bands, &t);
            if (enough) found = anchors_of(s.runs, runs_of(&s, ANCHOR, ANCHOR_SPACELESS), anchors);
            int64_t row[6] = {n.letters, shingles, signed_ ? BANDS : 0, found, n.folded, n.exact};
            memcpy(sizes, row, sizeof row);
            bands += row[2];
            anchors += found;
            folded += n.folded;
            exact += n.exact;
        }
        Py_END_ALLOW_THREADS
    }
    let_go(&s), free(high);
    release_all(v, 17);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

/* fold(text, bounds, tables..., kept | sizes, folded, starts, ends, runs, at, width) -> None

   `sizes` is a row of three a document: words, shingles, and how many bytes `folded` has. `starts` and `ends` of its
   words are places in all that is folded; `at` and `width` of its shingles are words of the document. */
static PyObject *fold_all(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    if (count != 19) return PyErr_Format(PyExc_TypeError, "fold takes 19 arguments, not %zd", count);
    Py_buffer v[19];
    if (view_all(args, 19, 7, v) < 0) return NULL;
    const uint8_t *text = v[0].buf, *kept = v[11].buf;
    const int64_t *bounds = v[1].buf;
    Tables t = {v[2].buf, v[3].buf, v[4].buf, v[5].buf, v[6].buf, v[7].buf, v[8].buf, v[9].buf, v[10].buf};
    int64_t *sizes = v[12].buf, *starts = v[14].buf, *ends = v[15].buf, *at = v[17].buf, *width = v[18].buf;
    uint8_t *folded = v[13].buf;
    uint64_t *runs = v[16].buf;
    Py_ssize_t documents = v[1].len / 8 - 1, longest = longest_of(bounds, documents), before = 0;
    Scratch s;
    uint8_t *exact = malloc((size_t)longest + 1);
    if (!make_room(&s, longest) || !exact) {
        PyErr_NoMemory();
    } else {
        Py_BEGIN_ALLOW_THREADS
        for (Py_ssize_t d = 0; d < documents; d++, sizes += 3) {
            s.starts = starts, s.ends = ends;
            Sizes n = words_of(text + bounds[d], bounds[d + 1] - bounds[d], &t, kept, &s, folded + before, exact);
            Py_ssize_t shingles = 0;
            for (Py_ssize_t i = 0; i < s.words; i++) {
                starts[i] += before, ends[i] += before;
                int words = width_of(&s, i, SHINGLE, SHINGLE_SPACELESS);
                if (i + words <= s.words) at[shingles] = i, width[shingles++] = words;
            }
            memcpy(runs, s.runs, (size_t)runs_of(&s, SHINGLE, SHINGLE_SPACELESS) * sizeof *runs);
            int64_t row[3] = {s.words, shingles, n.folded};
            memcpy(sizes, row, sizeof row);
            starts += s.words, ends += s.words, before += n.folded;
            runs += shingles, at += shingles, width += shingles;
        }
        Py_END_ALLOW_THREADS
    }
    let_go(&s), free(exact);
    release_all(v, 19);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

/* shared(one, other) -> how many numbers two ascending lists, each without repetition, have in common */
static PyObject *shared(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    if (count != 2) return PyErr_Format(PyExc_TypeError, "shared takes 2 arguments, not %zd", count);
    Py_buffer v[2];
    if (view_all(args, 2, 0, v) < 0) return NULL;
    const uint64_t *one = v[0].buf, *other = v[1].buf;
    Py_ssize_t i = 0, j = 0, ends[2] = {v[0].len / 8, v[1].len / 8}, found = 0;
    while (i < ends[0] && j < ends[1]) {
        uint64_t a = one[i], b = other[j];
        found += a == b;
        i += a <= b;
        j += b <= a;
    }
    release_all(v, 2);
    return PyLong_FromSsize_t(found);
}

static PyMethodDef methods[] = {
    {"sign", (PyCFunction)(void (*)(void))sign, METH_FASTCALL, "Sign documents; see signs.py."},
    {"fold", (PyCFunction)(void (*)(void))fold_all, METH_FASTCALL, "Fold documents to be compared; see compare.py."},
    {"shared", (PyCFunction)(void (*)(void))shared, METH_FASTCALL, "What two lists have in common; see compare.py."},
    {NULL, NULL, 0, NULL},
};

MODULE(_sign, "Signatures of documents, compiled.", methods)
