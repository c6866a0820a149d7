/* The walk over a page: `walk` does over its markup, as lxml writes a tree down, what blocks.py does over the tree, where
   it is explained. Both find the same (tests/test_compiled.py). */

#include "compiled.h"

enum { SKIPPED = 1, INLINE = 2, LINK = 4, BOLD = 8, CELL = 16, BREAK = 32 }; /* kinds of tags, as blocks.py has them */
enum { BOX_TAG, BOX_PARENT, BOX_NAMES, BOX_DEPTH, OF_BOX };
enum { BOX, LINKED, IN_BOLD, NAMES, BROKEN, IS_CELL, ELEMENTS, OF_BLOCK };

/* --- strings, each with a number ------------------------------------------------------------------------------------ */

typedef struct {
    char *bytes; /* all of them, a NUL after each; the caller has made room */
    size_t size;
    int32_t count;
    uint32_t *starts, *hashes; /* of each */
    int32_t *places;           /* by hash: the number of a string plus one */
    size_t mask;
} Strings;

/* The number of a string, which is a new one if it has not been there. */
static int32_t number_of(Strings *s, const char *text, size_t size) {
    uint64_t mixed = size * 0x9E3779B97F4A7C15u, word;
    for (size_t i = 0; i < size; i += 8) {
        word = 0;
        memcpy(&word, text + i, size - i < 8 ? size - i : 8);
        mixed = (mixed ^ word) * 0xFF51AFD7ED558CCDu;
        mixed ^= mixed >> 32;
    }
    uint32_t hash = (uint32_t)mixed;
    for (size_t place = hash & s->mask;; place = (place + 1) & s->mask) {
        int32_t number = s->places[place] - 1;
        if (number < 0) {
            s->places[place] = ++s->count;
            s->starts[s->count - 1] = (uint32_t)s->size;
            s->hashes[s->count - 1] = hash;
            memcpy(s->bytes + s->size, text, size);
            s->size += size;
            s->bytes[s->size++] = '\0';
            return s->count - 1;
        }
        const char *known = s->bytes + s->starts[number];
        if (s->hashes[number] == hash && !memcmp(known, text, size) && !known[size]) return number;
    }
}

/* --- the walk ------------------------------------------------------------------------------------------------------- */

typedef struct {
    int32_t box, links, bolds; /* before the element */
    int kind;
    int children; /* seen so far, comments among them */
} Frame;

typedef struct {
    Strings strings;
    const char *naming;     /* attributes that name an element, a NUL after each */
    const uint8_t *kinds;   /* of the tags that are known */
    int32_t known, most;    /* how many those are; blocks at most */
    Py_ssize_t most_names;  /* characters */
    const uint8_t *at, *end;
    Frame *stack;
    Py_ssize_t depth;
    int32_t box, links, bolds, elements;
    int32_t *boxes, *blocks;
    int32_t boxes_found, blocks_found;
    uint8_t *text;      /* of all blocks, a line break after each */
    size_t size, start; /* of the text; where the block in it begins */
    int spaced;         /* white space has been seen since */
    int collected;      /* anything has been, since the last boundary */
    int32_t linked, bold;
    int broken, cell;
    int32_t length, stripped; /* characters of the piece from its first that is no space on; up to its last such */
    int in_piece;
    char *names, *of_block; /* those of the element, and of the inline elements in the block */
    size_t names_size, of_block_size;
    int is_lost;        /* a character, see `entity` */
    int names_of_piece; /* whether the former name the piece that follows */
} Walk;

static int is_space(uint32_t c) { /* Python's str.isspace */
    return c == ' ' || (c >= 9 && c <= 13) || (c >= 0x1c && c <= 0x1f) || c == 0x85 || c == 0xa0 || c == 0x1680 ||
           (c >= 0x2000 && c <= 0x200a) || c == 0x2028 || c == 0x2029 || c == 0x202f || c == 0x205f || c == 0x3000;
}

static int size_of(uint8_t first) { return first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4; }

/* The character at `*p`, which stands for itself; 0 at a byte that begins none. */
static uint32_t character(const uint8_t **p, const uint8_t *end) {
    int size = size_of(**p);
    if (size > end - *p) size = (int)(end - *p);
    uint32_t c = size == 1 ? **p : **p & (0xFF >> (size + 1));
    for (int i = 1; i < size; i++) c = c << 6 | ((*p)[i] & 0x3F);
    *p += size;
    return c;
}

/* The character that an entity at `*p` stands for, as XML writes it; "&" where it is none. libxml2 writes U+FFFD so for a
   control character, and for no other: then that is lost. */
static uint32_t entity(const uint8_t **p, const uint8_t *end, int *is_lost) {
    static const struct {
        const char *name;
        int size;
        char means;
    } named[] = {{"&amp;", 5, '&'}, {"&lt;", 4, '<'}, {"&gt;", 4, '>'}, {"&quot;", 6, '"'}};
    for (size_t i = 0; i < sizeof named / sizeof *named; i++)
        if (end - *p >= named[i].size && !memcmp(*p, named[i].name, (size_t)named[i].size)) {
            *p += named[i].size;
            return (uint32_t)named[i].means;
        }
    const uint8_t *q = *p + 1;
    uint32_t c = 0;
    if (q < end && *q == '#') {
        int base = q + 1 < end && q[1] == 'x' ? 16 : 10;
        for (q += base == 16 ? 2 : 1; q < end && c < 0x110000; q++) {
            int digit = *q >= '0' && *q <= '9' ? *q - '0' : (*q | 32) >= 'a' && (*q | 32) <= 'f' ? (*q | 32) - 'a' + 10 : 99;
            if (digit >= base) break;
            c = c * (uint32_t)base + (uint32_t)digit;
        }
        if (q < end && *q == ';' && c < 0x110000) {
            if (c == 0xFFFD) *is_lost = 1;
            *p = q + 1;
            return c;
        }
    }
    (*p)++;
    return '&';
}

static size_t put(uint8_t *out, uint32_t c) {
    if (c < 0x80) return out[0] = (uint8_t)c, 1;
    if (c < 0x800) return out[0] = (uint8_t)(0xC0 | c >> 6), out[1] = (uint8_t)(0x80 | (c & 0x3F)), 2;
    size_t size = c < 0x10000 ? 3 : 4;
    for (size_t i = size - 1; i; i--, c >>= 6) out[i] = (uint8_t)(0x80 | (c & 0x3F));
    out[0] = (uint8_t)((size == 3 ? 0xE0 : 0xF0) | c);
    return size;
}

static void collect(Walk *w, const uint8_t *p, const uint8_t *end, int has_entities) {
    if (p < end) w->collected = w->in_piece = 1;
    while (p < end) {
        const uint8_t *from = p;
        uint32_t c = *p == '&' && has_entities ? entity(&p, end, &w->is_lost) : character(&p, end);
        if (is_space(c)) {
            w->length += w->length > 0;
            if (c == ' ' || (c >= 9 && c <= 13) || c == 0xa0) { /* the spaces that become one */
                w->spaced = 1;
                continue;
            }
        } else
            w->stripped = ++w->length;
        if (w->spaced && w->size > w->start) w->text[w->size++] = ' ';
        w->spaced = 0;
        if (*from != '&') {
            memcpy(w->text + w->size, from, (size_t)(p - from));
            w->size += (size_t)(p - from);
        } else
            w->size += put(w->text + w->size, c);
    }
}

/* `size` bytes of names, cut to as many characters as are kept. */
static size_t cut(const Walk *w, const char *names, size_t size) {
    Py_ssize_t left = w->most_names;
    if (size <= (size_t)left) return size;
    for (size_t i = 0; i < size; i++)
        if ((names[i] & 0xC0) != 0x80 && !left--) return i;
    return size;
}

static void end_piece(Walk *w) {
    if (w->in_piece) {
        if (w->links) w->linked += w->stripped;
        if (w->bolds) w->bold += w->stripped;
        if (w->names_of_piece && w->names_size && w->stripped) {
            w->of_block[w->of_block_size++] = ' ';
            memcpy(w->of_block + w->of_block_size, w->names, w->names_size);
            w->of_block_size = cut(w, w->of_block, w->of_block_size + w->names_size);
        }
        w->length = w->stripped = w->in_piece = 0;
    }
    w->names_of_piece = 0;
}

static void end_block(Walk *w, int broken) {
    if (w->collected) {
        if (w->size > w->start) {
            int32_t names = number_of(&w->strings, w->of_block, w->of_block_size);
            int32_t row[OF_BLOCK] = {w->box, w->linked, w->bold, names, w->broken, w->cell, w->elements};
            memcpy(w->blocks + (size_t)w->blocks_found++ * OF_BLOCK, row, sizeof row);
            w->text[w->size++] = '\n';
            w->start = w->size;
            w->cell = 0;
        }
        w->collected = w->spaced = 0;
        w->linked = w->bold = 0;
        w->of_block_size = 0;
    }
    w->broken = broken && w->blocks_found;
}

static const uint8_t *after(const Walk *w, const char *what) {
    size_t size = strlen(what);
    for (const uint8_t *p = w->at; (p = memchr(p, what[0], (size_t)(w->end - p))); p++)
        if ((size_t)(w->end - p) >= size && !memcmp(p, what, size)) return p + size;
    return w->end;
}

static int begins(const Walk *w, const char *what) {
    size_t size = strlen(what);
    return (size_t)(w->end - w->at) >= size && !memcmp(w->at, what, size);
}

typedef struct {
    const uint8_t *name;
    size_t size;
    int is_closed; /* it is empty */
} Tag;

static int is_hidden(const char *style, size_t size) { /* display\s*:\s*none */
    const char *end = style + size;
    for (const char *p = style; (p = memchr(p, 'd', (size_t)(end - p))); p++) {
        if (end - p < 12 || memcmp(p, "display", 7)) continue;
        const char *q = p + 7;
        while (q < end && (*q == ' ' || (*q >= 9 && *q <= 13))) q++;
        if (q == end || *q++ != ':') continue;
        while (q < end && (*q == ' ' || (*q >= 9 && *q <= 13))) q++;
        if (end - q >= 4 && !memcmp(q, "none", 4)) return 1;
    }
    return 0;
}

/* Put the value of an attribute to the names of its element, if it is one that names; `parts` are those before it. */
static void name_by(Walk *w, const uint8_t *name, size_t size, const uint8_t *value, const uint8_t *end, int *parts) {
    int names = 0;
    for (const char *naming = w->naming; *naming && !names; naming += strlen(naming) + 1)
        names = strlen(naming) == size && !memcmp(naming, name, size);
    int is_style = size == 5 && !memcmp(name, "style", 5), hides = size == 6 && !memcmp(name, "hidden", 6);
    if (!names && !is_style && !hides) return;
    size_t before = w->names_size;
    if (*parts) w->names[w->names_size++] = ' ';
    char *out = w->names + w->names_size;
    size_t length = 0;
    for (const uint8_t *p = value; p < end && !hides;) {
        if (*p == '&')
            length += put((uint8_t *)out + length, entity(&p, end, &w->is_lost));
        else
            out[length++] = (char)*p++;
    }
    if (!names) {
        if (!hides && !is_hidden(out, length)) {
            w->names_size = before;
            return;
        }
        length = 8;
        memcpy(out, "x-hidden", length);
    }
    w->names_size += length;
    (*parts)++;
}

/* The tag that begins at "<": what it is called, and the names of the element; the walk goes on behind it. */
static Tag tag_at(Walk *w, int wants_names) {
    const uint8_t *p = w->at + 1, *end = w->end;
    Tag tag = {p, 0, 0};
    while (p < end && *p != ' ' && *p != '/' && *p != '>') p++;
    tag.size = (size_t)(p - tag.name);
    int parts = 0;
    w->names_size = 0;
    if (wants_names && memchr(tag.name, '-', tag.size)) {
        memcpy(w->names, tag.name, tag.size);
        w->names_size = tag.size;
        parts = 1;
    }
    while (p < end && *p != '>') {
        if (*p == ' ') {
            p++;
        } else if (*p == '/') {
            tag.is_closed = 1;
            p++;
        } else {
            const uint8_t *name = p++;
            while (p < end && *p != '=') p++;
            size_t size = (size_t)(p - name);
            const uint8_t *value = p + 2 < end ? p + 2 : end; /* ="... */
            p = memchr(value, '"', (size_t)(end - value));
            if (!p) p = end;
            if (wants_names) name_by(w, name, size, value, p, &parts);
            if (p < end) p++;
        }
    }
    w->names_size = cut(w, w->names, w->names_size);
    w->at = p < end ? p + 1 : end;
    return tag;
}

/* Go behind the element that has just begun, and all that is in it. */
static void skip(Walk *w) {
    Py_ssize_t depth = 1;
    while (w->at < w->end && depth) {
        w->at = memchr(w->at, '<', (size_t)(w->end - w->at));
        if (!w->at) w->at = w->end;
        if (begins(w, "</")) {
            depth--;
            w->at = after(w, ">");
        } else if (begins(w, "<![CDATA["))
            w->at = after(w, "]]>");
        else if (begins(w, "<!--"))
            w->at = after(w, "-->");
        else if (begins(w, "<?"))
            w->at = after(w, "?>");
        else if (w->at < w->end)
            depth += !tag_at(w, 0).is_closed;
    }
}

static int32_t tag_number(Walk *w, Tag tag) { return number_of(&w->strings, (const char *)tag.name, tag.size); }

static void add_box(Walk *w, int32_t tag, int32_t parent, int32_t depth) {
    int32_t row[OF_BOX] = {tag, parent, number_of(&w->strings, w->names, w->names_size), depth};
    memcpy(w->boxes + (size_t)w->boxes_found * OF_BOX, row, sizeof row);
    w->box = w->boxes_found++;
}

static void leave(Walk *w) {
    Frame before = w->stack[--w->depth];
    if (!(before.kind & INLINE)) end_block(w, 0);
    w->box = before.box, w->links = before.links, w->bolds = before.bolds;
}

/* An element: 0 where there are as many blocks as are read. */
static int enter(Walk *w) {
    Frame *outer = &w->stack[w->depth - 1];
    int is_first = !outer->children++;
    Tag tag = tag_at(w, 1);
    int32_t number = tag_number(w, tag);
    int kind = number < w->known ? w->kinds[number] : 0;
    if (kind & SKIPPED) {
        if (!tag.is_closed) skip(w);
        return 1;
    }
    w->elements++;
    if (w->blocks_found >= w->most) return 0;
    if (kind & BREAK) {
        if (!tag.is_closed) skip(w);
        end_block(w, 1);
        return 1;
    }
    Frame frame = {w->box, w->links, w->bolds, kind, 0};
    w->stack[w->depth++] = frame;
    if (kind & INLINE) {
        w->links += (kind & LINK) != 0;
        w->bolds += (kind & BOLD) != 0;
        w->names_of_piece = !tag.is_closed; /* what follows an empty one is not in it */
    } else {
        end_block(w, 0);
        add_box(w, number, w->box, w->boxes[(size_t)w->box * OF_BOX + BOX_DEPTH] + 1);
        w->cell = (kind & CELL) && !is_first;
    }
    if (tag.is_closed) leave(w);
    return 1;
}

static void over(Walk *w, int32_t body) {
    Tag tag = tag_at(w, 1);
    Frame frame = {0, 0, 0, 0, 0};
    w->stack[w->depth++] = frame;
    add_box(w, body, -1, 0);
    while (!tag.is_closed && w->at < w->end) {
        if (*w->at != '<') {
            const uint8_t *next = memchr(w->at, '<', (size_t)(w->end - w->at));
            if (!next) next = w->end;
            collect(w, w->at, next, 1);
            w->at = next;
        } else if (begins(w, "<![CDATA[")) {
            const uint8_t *from = w->at + 9;
            w->at = after(w, "]]>");
            collect(w, from, w->at - 3 > from ? w->at - 3 : from, 0);
        } else {
            end_piece(w);
            if (begins(w, "</")) {
                w->at = after(w, ">");
                if (w->depth == 1) break;
                leave(w);
            } else if (begins(w, "<!--")) {
                w->at = after(w, "-->");
                w->stack[w->depth - 1].children++;
            } else if (begins(w, "<?")) {
                w->at = after(w, "?>");
                w->stack[w->depth - 1].children++;
            } else if (!enter(w))
                break;
        }
    }
    end_piece(w);
    end_block(w, 0);
}

/* walk(most, most_names, body, markup, tags, kinds, naming, boxes, blocks, text, strings, found): `tags` are known ones, a
   NUL after each, and begin the strings; `body` is the number of that one; `found` is how many boxes, blocks, bytes of
   text and bytes of strings there are; no boxes where a character of the page is lost. The caller has made room for as many as the markup can hold. */
static PyObject *walk(PyObject *self, PyObject *const *args, Py_ssize_t given) {
    (void)self;
    Py_buffer v[9];
    if (given != 12) return PyErr_Format(PyExc_TypeError, "3 numbers and 9 buffers");
    Walk w;
    memset(&w, 0, sizeof w);
    w.most = (int32_t)PyLong_AsLong(args[0]);
    w.most_names = PyLong_AsSsize_t(args[1]);
    int32_t body = (int32_t)PyLong_AsLong(args[2]);
    if (PyErr_Occurred() || view_all(args + 3, 9, 5, v) < 0) return NULL;
    size_t size = (size_t)v[0].len, room = (size_t)v[4].len / 4 / OF_BOX, strings = 3 * room + 256, places = 1024;
    while (places < 2 * strings) places *= 2;
    w.at = v[0].buf, w.end = w.at + size;
    w.kinds = v[2].buf, w.known = (int32_t)v[2].len, w.naming = v[3].buf;
    w.boxes = v[4].buf, w.blocks = v[5].buf, w.text = v[6].buf, w.strings.bytes = v[7].buf;
    w.strings.mask = places - 1;
    w.strings.starts = malloc(strings * sizeof *w.strings.starts);
    w.strings.hashes = malloc(strings * sizeof *w.strings.hashes);
    w.strings.places = calloc(places, sizeof *w.strings.places);
    w.stack = malloc((room + 1) * sizeof *w.stack);
    w.names = malloc(size + 64), w.of_block = malloc(size + 64);
    if (!w.strings.starts || !w.strings.hashes || !w.strings.places || !w.stack || !w.names || !w.of_block)
        PyErr_NoMemory();
    else {
        const char *tags = v[1].buf, *last = tags + v[1].len;
        for (; tags < last; tags += strlen(tags) + 1) number_of(&w.strings, tags, strlen(tags));
        if (size) over(&w, body);
        int64_t found[4] = {w.is_lost ? 0 : w.boxes_found, w.blocks_found, (int64_t)w.size, (int64_t)w.strings.size};
        memcpy(v[8].buf, found, sizeof found);
    }
    free(w.strings.starts), free(w.strings.hashes), free(w.strings.places);
    free(w.stack), free(w.names), free(w.of_block);
    release_all(v, 9);
    if (PyErr_Occurred()) return NULL;
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"walk", (PyCFunction)(void (*)(void))walk, METH_FASTCALL, "Blocks of a page; see blocks.py."},
    {NULL, NULL, 0, NULL},
};

MODULE(_blocks, "Blocks of a page, compiled.", methods)
