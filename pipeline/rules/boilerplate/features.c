/* What the line model looks at: `columns` does for the lines of a text what `features.py` and `blocks.py` do in NumPy, where
   it is explained. Both give the same bits (tests/test_compiled_lines.py): sums are made in one order. */

#include "compiled.h"

#include <math.h>

#include "facts/characters.h"

enum { UPPERS, LOWERS, DIGITS, SPACES, MARKS, DENSE, CLASSES };
enum { OWN = 32, PLACES = 15, ENDS = 16, CERTAIN = 7, NEIGHBOURS = 64, BLOCKS = 32 };
enum { COLUMNS = OWN + PLACES + ENDS + CERTAIN + NEIGHBOURS + BLOCKS };
/* columns of what each line shows by itself */
enum { RULED, DOUBTFUL, TITLED, LEXICON, SIZE = 20, SENTENCE, PROSE, SHARES = 24, SHARED = 6 };
enum { MAX_WORDS = 40, MAX_LETTERS = 300, LONG_WORD = 5, LOOKED_AT = 200, LONG = 80 };
enum { WINDOW = 5, FEW = 5, SOME = 12, FAR = 50, NEVER = 99 };
enum { MIN_HEADLINE = 25, MAX_TITLE = 140, NEAR = 10, FAR_FROM_KIND = 60, AROUND = 3, KINDS = 4 };
/* what Python tells of a line: where it starts and ends, its flags, on how many pages it is, of how many */
enum { START, END, FLAGS, PAGES, OF, TOLD };
enum { F_RULE = 1, F_KEPT = 2, F_DOUBTFUL = 4, F_TITLE = 8, F_SENTENCE = 16, KIND = 5 };

typedef struct {
    const uint32_t *text, *flat;
    const int32_t *lines;
    Py_ssize_t count;
    const uint8_t *bits, *classes;
    const uint64_t *words; /* of the lexicon, in order */
    const int32_t *odds;   /* of each of them, in hundredths */
    Py_ssize_t known;
    float *out; /* COLUMNS x count */
} Text;

/* What is kept of each line besides its columns. */
typedef struct {
    double size;
    uint64_t hash;
    Py_ssize_t first; /* of its long words */
    int longs, prose;
} Line;

static inline float *column(const Text *t, int number) { return t->out + (Py_ssize_t)number * t->count; }

static inline uint64_t with(uint64_t hash, uint64_t more) {
    hash = (hash ^ more) * 0x9E3779B97F4A7C15u;
    return hash ^ hash >> 32;
}

static uint64_t hash_of(const uint32_t *at, const uint32_t *end) {
    uint64_t hash = (uint64_t)(end - at);
    while (at < end) hash = with(hash, *at++);
    return hash | 1; /* none is 0 */
}

/* --- sets of hashes: each in the first free slot from its place on -------------------------------------------------- */

typedef struct {
    uint64_t *hashes;
    int32_t *times;
    size_t mask;
} Set;

static int make_set(Set *set, size_t most) {
    size_t size = 8;
    while (size < 2 * most) size *= 2;
    set->mask = size - 1;
    set->hashes = calloc(size, sizeof *set->hashes);
    set->times = calloc(size, sizeof *set->times);
    return set->hashes && set->times;
}

static void drop_set(Set *set) { free(set->hashes), free(set->times); }

static inline size_t slot_of(const Set *set, uint64_t hash) {
    size_t slot = hash >> 7 & set->mask;
    while (set->hashes[slot] && set->hashes[slot] != hash) slot = (slot + 1) & set->mask;
    return slot;
}

static inline void count_in(Set *set, uint64_t hash) {
    size_t slot = slot_of(set, hash);
    set->hashes[slot] = hash;
    set->times[slot]++;
}

/* --- what a line shows by itself ----------------------------------------------------------------------------------- */

static inline int has(const Text *t, uint32_t code, int bit) { return (t->bits[code] & bit) != 0; }

static inline int is_one_of(uint32_t code, const uint32_t *codes, int count) {
    for (int i = 0; i < count; i++)
        if (codes[i] == code) return 1;
    return 0;
}

static const uint32_t MARK_SIGNS[] = {'|', 0x2022, 0xB7, 0xBB, 0x203A, 0x2190, 0x2192, 0x25B2, 0x25BC, 0xA9, '/'};
static const uint32_t OPENING[] = {'"', '\'', 0x201C, 0x2018, 0xAB, 0x201E, 0x300C, 0x300E, 0x2014, 0x2013};

/* A sign that parts entries of a menu, or a dash between blanks. */
static int has_mark(const Text *t, const uint32_t *at, const uint32_t *end) {
    for (const uint32_t *here = at; here < end; here++) {
        if (is_one_of(*here, MARK_SIGNS, 11)) return 1;
        if ((*here == '-' || *here == 0x2013) && here > at && here + 1 < end && has(t, here[-1], SPACE) && has(t, here[1], SPACE))
            return 1;
    }
    return 0;
}

static int begins_with(const uint32_t *at, const uint32_t *end, const char *word) {
    for (; *word; word++, at++)
        if (at == end || *at != (uint32_t)*word) return 0;
    return 1;
}

/* @\w, https?:, www\. or \.com\b */
static int has_address(const Text *t, const uint32_t *at, const uint32_t *end) {
    for (; at < end; at++) {
        if (*at == '@' && at + 1 < end && has(t, at[1], WORD)) return 1;
        if (*at == 'h' && (begins_with(at, end, "http:") || begins_with(at, end, "https:"))) return 1;
        if (*at == 'w' && begins_with(at, end, "www.")) return 1;
        if (*at == '.' && begins_with(at, end, ".com") && (at + 4 == end || !has(t, at[4], WORD))) return 1;
    }
    return 0;
}

/* The log odds of a word in hundredths; 0 of one that the lexicon does not have. */
static int32_t odds_of(const Text *t, uint64_t word) {
    Py_ssize_t low = 0, high = t->known;
    while (low < high) {
        Py_ssize_t middle = low + (high - low) / 2;
        if (t->words[middle] < word) low = middle + 1;
        else high = middle;
    }
    return low < t->known && t->words[low] == word ? t->odds[low] : 0;
}

typedef struct {
    int32_t sum, most, least, first, last, count;
} Odds;

/* The words of a line: their odds, and the hashes of the long ones. */
static Odds read_words(const Text *t, const uint32_t *at, const uint32_t *end, uint64_t *longs, int *long_ones) {
    Odds odds = {0};
    if (end - at > MAX_LETTERS) end = at + MAX_LETTERS;
    while (at < end && odds.count < MAX_WORDS) {
        const uint32_t *start = at;
        while (at < end && *at != '_' && has(t, *at, WORD)) at++;
        if (at == start) {
            at++;
            continue;
        }
        uint64_t hash = hash_of(start, at);
        int32_t its = odds_of(t, hash);
        if (at - start >= LONG_WORD) longs[(*long_ones)++] = hash;
        odds.sum += its;
        odds.most = odds.count && odds.most > its ? odds.most : its;
        odds.least = odds.count && odds.least < its ? odds.least : its;
        if (!odds.count++) odds.first = its;
        odds.last = its;
    }
    return odds;
}

/* What the words and signs of a line say. */
static void show(const Text *t, const int32_t *told, const Odds *odds, Py_ssize_t i) {
    const uint32_t *at = t->text + told[START], *end = t->text + told[END], *flat = t->flat + told[START];
    const uint32_t *stop = end - at > LOOKED_AT ? at + LOOKED_AT : end;
    const uint32_t *first = at, *last = end;
    while (first < last && has(t, *first, SPACE)) first++;
    while (first < last && has(t, last[-1], SPACE)) last--;
    uint32_t opens = first < last ? *first : 0, closes = first < last ? last[-1] : 0;
    int commas = 0, is_empty = first == last;
    for (const uint32_t *here = at; here < end && commas < 6; here++) commas += *here == ',';
    int dots = closes == 0x2026 || (last - first >= 3 && closes == '.' && last[-2] == '.' && last[-3] == '.');
    const double shown[SIZE] = {
        (told[FLAGS] & F_RULE) != 0, (told[FLAGS] & F_DOUBTFUL) != 0, (told[FLAGS] & F_TITLE) != 0,
        odds->sum / 100.0 / (odds->count + 1), odds->most / 100.0, odds->least / 100.0, odds->first / 100.0, odds->last / 100.0,
        closes == ':', dots, closes == '?',
        !is_empty && has(t, opens, UPPER), !is_empty && has(t, opens, LOWER), !is_empty && has(t, opens, DIGIT),
        is_one_of(opens, OPENING, 10), has_mark(t, at, stop), has_address(t, flat, flat + (stop - at)),
        commas / 4.0, odds->count && !odds->first, (told[FLAGS] & F_KEPT) != 0,
    };
    for (int number = 0; number < SIZE; number++) column(t, number)[i] = (float)shown[number];
}

static Line read_line(const Text *t, Py_ssize_t i, uint64_t *longs, Py_ssize_t *long_ones) {
    const int32_t *told = t->lines + i * TOLD;
    const uint32_t *at = t->text + told[START], *end = t->text + told[END];
    double of_class[CLASSES] = {0}, begun = 0, capitals = 0, length = end - at > 1 ? (double)(end - at) : 1;
    int letter = told[START] > 0 && t->classes[at[-1] < 0xFFFF ? at[-1] : 0xFFFF] <= LOWERS;
    for (const uint32_t *here = at; here < end; here++) {
        int class = t->classes[*here < 0xFFFF ? *here : 0xFFFF], begins = class <= LOWERS && !letter;
        of_class[class]++;
        begun += begins;
        capitals += begins && class == UPPERS;
        letter = class <= LOWERS;
    }
    Line line = {length + 2 * of_class[DENSE], hash_of(at, end), *long_ones, 0, 0};
    Odds odds = read_words(t, t->flat + told[START], t->flat + told[END], longs + *long_ones, &line.longs);
    *long_ones += line.longs;
    show(t, told, &odds, i);
    int sentence = (told[FLAGS] & F_SENTENCE) != 0;
    double words = begun + of_class[DENSE] / 2, least = words > 1 ? words : 1;
    line.prose = sentence && line.size >= LONG;
    const double columns[] = {
        log1p(line.size), sentence, line.prose, log1p(words), of_class[UPPERS] / length, capitals / least,
        of_class[DIGITS] / length, of_class[MARKS] / length, of_class[DENSE] / length,
        (of_class[UPPERS] + of_class[LOWERS]) / least / 8,
    };
    for (int number = 0; number < 10; number++) column(t, SIZE + number)[i] = (float)columns[number];
    return line;
}

/* The share of the long words of each line that stand in the text's prose, too, and how often the line comes back. */
static int compare_lines(const Text *t, const Line *lines, const uint64_t *longs, Py_ssize_t long_ones) {
    Set body = {0}, whole = {0};
    int made = make_set(&body, (size_t)long_ones) & make_set(&whole, (size_t)t->count);
    for (Py_ssize_t i = 0; made && i < t->count; i++) {
        count_in(&whole, lines[i].hash);
        for (int word = 0; lines[i].prose && word < lines[i].longs; word++) count_in(&body, longs[lines[i].first + word]);
    }
    for (Py_ssize_t i = 0; made && i < t->count; i++) {
        int there = 0;
        for (int word = 0; word < lines[i].longs; word++)
            there += body.times[slot_of(&body, longs[lines[i].first + word])] > 0;
        column(t, OWN - 2)[i] = lines[i].longs ? (float)((double)there / lines[i].longs) : -1;
        column(t, OWN - 1)[i] = (float)log1p(whole.times[slot_of(&whole, lines[i].hash)] - 1);
    }
    drop_set(&body), drop_set(&whole);
    return made;
}

/* --- where it stands ----------------------------------------------------------------------------------------------- */

static void fill(float *column, Py_ssize_t count, double value) {
    for (Py_ssize_t i = 0; i < count; i++) column[i] = (float)value;
}

static void places(const Text *t, const Line *lines, int at) {
    Py_ssize_t n = t->count, paragraphs = 0, last = -1, shorts = 0;
    double size = 0, of_prose = 0, lexicon = 0, before = 0;
    const float *odds = column(t, LEXICON), *ruled = column(t, RULED);
    Py_ssize_t rules = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        size += lines[i].size;
        of_prose += lines[i].prose ? lines[i].size : 0;
        paragraphs += lines[i].prose;
        if (!lines[i].prose) lexicon += (double)odds[i], shorts++;
        rules += ruled[i] != 0;
    }
    double whole = size > 1 ? size : 1;
    Py_ssize_t passed = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        if (lines[i].prose) last = i, passed++;
        column(t, at)[i] = (float)((double)i / (double)n);
        column(t, at + 1)[i] = (float)(before / whole);
        column(t, at + 2)[i] = (float)log1p((double)i);
        column(t, at + 3)[i] = (float)log1p((double)(n - 1 - i));
        column(t, at + 4)[i] = (float)(last < 0 ? NEVER : i - last); /* the logarithm follows */
        column(t, at + 6)[i] = (float)log1p((double)passed);
        column(t, at + 7)[i] = (float)log1p((double)(paragraphs - passed));
        before += lines[i].size;
    }
    last = -1;
    for (Py_ssize_t i = n - 1; i >= 0; i--) {
        if (lines[i].prose) last = i;
        double since = column(t, at + 4)[i], until = last < 0 ? NEVER : (double)(last - i);
        column(t, at + 4)[i] = (float)log1p(since);
        column(t, at + 5)[i] = (float)log1p(until);
        column(t, at + 8)[i] = (float)log1p(since + until);
    }
    fill(column(t, at + 9), n, log1p(of_prose));
    fill(column(t, at + 10), n, (double)paragraphs / (double)n);
    fill(column(t, at + 11), n, of_prose / whole);
    fill(column(t, at + 12), n, log1p((double)n));
    fill(column(t, at + 13), n, shorts ? lexicon / (double)shorts : 0);
    fill(column(t, at + 14), n, (double)rules / (double)n);
}

/* The sum of a column from `first` on, line after line, by the number of lines. */
static float mean(const float *column, Py_ssize_t first, Py_ssize_t count) {
    float sum = column[first];
    for (Py_ssize_t i = 1; i < count; i++) sum += column[first + i];
    return sum / (float)count;
}

static void certain(const Text *t, const Line *lines, int at) {
    static const int telling[] = {LEXICON, SIZE, SENTENCE, RULED};
    Py_ssize_t n = t->count, few = n < FEW ? n : FEW, some = n < SOME ? n : SOME;
    const Py_ssize_t parts[][2] = {{0, few}, {0, some}, {n - few, few}, {n - some, some}};
    for (int part = 0; part < 4; part++)
        for (int i = 0; i < 4; i++)
            fill(column(t, at + 4 * part + i), n, mean(column(t, telling[i]), parts[part][0], parts[part][1]));
    at += ENDS;
    const float *ruled = column(t, RULED);
    Py_ssize_t all = 0, passed = 0, last = -1, paragraphs = 0, there = 0; /* before this line, before the last certain one */
    for (Py_ssize_t i = 0; i < n; i++) all += ruled[i] > 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        int is_certain = ruled[i] > 0;
        if (is_certain) last = i, there = paragraphs;
        column(t, at)[i] = (float)(last < 0 || i - last > FAR ? FAR : i - last);
        column(t, at + 2)[i] = (float)passed;
        passed += is_certain;
        column(t, at + 3)[i] = (float)(all - passed);
        column(t, at + 4)[i] = (float)(paragraphs - there);
        paragraphs += lines[i].prose;
    }
    Py_ssize_t next = n, between = 0; /* paragraphs behind this line and before the next certain one */
    for (Py_ssize_t i = n - 1; i >= 0; i--) {
        if (ruled[i] > 0) next = i, between = 0;
        column(t, at + 1)[i] = (float)(next == n || next - i > FAR ? FAR : next - i);
        column(t, at + 5)[i] = (float)between;
        between += next != i && lines[i].prose;
    }
    fill(column(t, at + 6), n, (double)all);
}

/* The lines before and after, one by one and as a whole. */
static int neighbours(const Text *t, int at) {
    static const int telling[] = {RULED, DOUBTFUL, TITLED, LEXICON, SIZE, SENTENCE, PROSE};
    static const int steps[] = {-3, -2, -1, 1, 2, 3};
    enum { WIDTH = 8 };
    Py_ssize_t n = t->count;
    float *total = malloc((size_t)(n + 2 * WINDOW + 1) * sizeof *total);
    if (!total) return 0;
    for (int which = 0; which < WIDTH; which++) {
        const float *own = which < WIDTH - 1 ? column(t, telling[which]) : NULL; /* the last: there is a line */
        float sum = 0;
        for (int step = 0; step < 6; step++)
            for (Py_ssize_t i = 0; i < n; i++) {
                Py_ssize_t other = i + steps[step];
                column(t, at + step * WIDTH + which)[i] = other < 0 || other >= n ? 0 : own ? own[other] : 1;
            }
        total[0] = 0;
        for (Py_ssize_t i = 0; i < n + 2 * WINDOW; i++) {
            Py_ssize_t line = i - WINDOW;
            sum += line < 0 || line >= n ? 0 : own ? own[line] : 1;
            total[i + 1] = sum;
        }
        for (Py_ssize_t i = 0; i < n; i++) {
            column(t, at + 6 * WIDTH + which)[i] = (total[i + WINDOW] - total[i]) / WINDOW;
            column(t, at + 7 * WIDTH + which)[i] = (total[i + 2 * WINDOW + 1] - total[i + WINDOW + 1]) / WINDOW;
        }
    }
    free(total);
    return 1;
}

/* --- the block that it stands in ----------------------------------------------------------------------------------- */

/* How many lines of the kind stand before and after each without a gap; 0 both for lines of another kind. */
static void runs(const uint8_t *flags, Py_ssize_t n, float *before, float *after) {
    Py_ssize_t run = 0;
    for (Py_ssize_t i = 0; i < n; i++) before[i] = (float)log1p((double)(run = flags[i] ? run + 1 : 0));
    run = 0;
    for (Py_ssize_t i = n - 1; i >= 0; i--) after[i] = (float)log1p((double)(run = flags[i] ? run + 1 : 0));
}

/* Lines since the last one of the kind, and how many of them are near, before and after; and all before. */
static void near(const Text *t, int kind, int at) {
    Py_ssize_t n = t->count, last = -FAR_FROM_KIND, passed = 0;
    for (Py_ssize_t i = 0; i < n; i++) {
        Py_ssize_t before = 0, after = 0;
        for (Py_ssize_t j = i > NEAR ? i - NEAR : 0; j < i; j++) before += t->lines[j * TOLD + FLAGS] >> KIND == kind;
        for (Py_ssize_t j = i + 1; j < n && j <= i + NEAR; j++) after += t->lines[j * TOLD + FLAGS] >> KIND == kind;
        int there = t->lines[i * TOLD + FLAGS] >> KIND == kind;
        if (there) last = i;
        column(t, at)[i] = (float)(i - last < FAR_FROM_KIND ? i - last : FAR_FROM_KIND);
        column(t, at + 1)[i] = (float)before;
        column(t, at + 2)[i] = (float)after;
        column(t, at + 3)[i] = (float)passed;
        passed += there;
    }
}

static int blocks(const Text *t, const Line *lines, int at) {
    Py_ssize_t n = t->count;
    uint8_t *flags = malloc((size_t)n * 3);
    double *total = malloc((size_t)(n + 1) * sizeof *total);
    if (!flags || !total) {
        free(flags), free(total);
        return 0;
    }
    for (Py_ssize_t i = 0; i < n; i++) {
        const int32_t *told = t->lines + i * TOLD;
        int32_t length = told[END] - told[START];
        int sentence = (told[FLAGS] & F_SENTENCE) != 0;
        flags[i] = !lines[i].prose;
        flags[n + i] = !sentence && length >= MIN_HEADLINE && length <= MAX_TITLE;
        flags[2 * n + i] = (uint8_t)sentence;
    }
    for (int kind = 0; kind < 3; kind++, at += 2) runs(flags + kind * n, n, column(t, at), column(t, at + 1));
    for (int kind = 1; kind <= KINDS; kind++, at += 4) near(t, kind, at);
    const float *sizes = column(t, SIZE);
    for (int which = 0; which < 2 + SHARED; which++) { /* sizes, their squares, shares */
        total[0] = 0;
        for (Py_ssize_t i = 0; i < n; i++) {
            float square = sizes[i] * sizes[i];
            total[i + 1] = total[i] + (double)(which == 0 ? sizes[i] : which == 1 ? square : column(t, SHARES + which - 2)[i]);
        }
        float *into = column(t, at + which);
        for (Py_ssize_t i = 0; i < n; i++) {
            Py_ssize_t first = i > AROUND ? i - AROUND : 0, last = i + AROUND + 1 < n ? i + AROUND + 1 : n;
            into[i] = (float)((total[last] - total[first]) / (double)(last - first));
        }
    }
    for (Py_ssize_t i = 0; i < n; i++) { /* the spread */
        float size = column(t, at)[i], spread = column(t, at + 1)[i] - size * size;
        column(t, at + 1)[i] = spread > 0 ? spread : 0;
        column(t, at + 2 + SHARED)[i] = (float)t->lines[i * TOLD + PAGES];
        column(t, at + 3 + SHARED)[i] = (float)t->lines[i * TOLD + OF];
    }
    free(flags), free(total);
    return 1;
}

/* --- as Python calls it --------------------------------------------------------------------------------------------- */

static int read_text(const Text *t) {
    Line *lines = malloc((size_t)t->count * sizeof *lines);
    uint64_t *longs = malloc((size_t)t->count * MAX_WORDS * sizeof *longs);
    Py_ssize_t long_ones = 0;
    int done = lines && longs;
    for (Py_ssize_t i = 0; done && i < t->count; i++) lines[i] = read_line(t, i, longs, &long_ones);
    done = done && compare_lines(t, lines, longs, long_ones);
    if (done) {
        places(t, lines, OWN);
        certain(t, lines, OWN + PLACES);
        done = neighbours(t, OWN + PLACES + ENDS + CERTAIN) && blocks(t, lines, OWN + PLACES + ENDS + CERTAIN + NEIGHBOURS);
    }
    free(lines), free(longs);
    return done;
}

/* columns(text, flat, lines, bits, classes, words, odds | columns) -> None: text and flat are UTF-32, one line at least */
static PyObject *columns(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    Py_buffer v[8];
    if (count != 8) return PyErr_Format(PyExc_TypeError, "columns takes 8 arguments, not %zd", count);
    if (view_all(args, 8, 1, v) < 0) return NULL;
    Text t = {v[0].buf, v[1].buf, v[2].buf, v[2].len / 4 / TOLD, v[3].buf, v[4].buf, v[5].buf, v[6].buf, v[5].len / 8, v[7].buf};
    int done = 0, fits = t.count > 0 && v[7].len == (Py_ssize_t)sizeof(float) * COLUMNS * t.count;
    if (fits) {
        Py_BEGIN_ALLOW_THREADS
        done = read_text(&t);
        Py_END_ALLOW_THREADS
    }
    release_all(v, 8);
    if (!fits) return PyErr_Format(PyExc_ValueError, "columns for %zd lines are %zd floats", t.count, COLUMNS * t.count);
    if (!done) return PyErr_NoMemory();
    Py_RETURN_NONE;
}

/* hashes(words, bounds, hashes) -> None: of each word, in UTF-32 */
static PyObject *hashes(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    Py_buffer v[3];
    if (count != 3) return PyErr_Format(PyExc_TypeError, "hashes takes 3 arguments, not %zd", count);
    if (view_all(args, 3, 1, v) < 0) return NULL;
    const uint32_t *words = v[0].buf;
    const int64_t *bounds = v[1].buf;
    uint64_t *out = v[2].buf;
    for (Py_ssize_t i = 0; i < v[2].len / 8; i++) out[i] = hash_of(words + bounds[i], words + bounds[i + 1]);
    release_all(v, 3);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"columns", (PyCFunction)(void (*)(void))columns, METH_FASTCALL, "What the line model looks at; see features.py."},
    {"hashes", (PyCFunction)(void (*)(void))hashes, METH_FASTCALL, "Hashes of words; see features.py."},
    {NULL, NULL, 0, NULL},
};

MODULE(_features, "What the line model looks at, compiled.", methods)
