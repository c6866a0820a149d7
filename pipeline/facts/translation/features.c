/* What stretches of text show: `read` does in one pass over each text what `tokens.py`, `features.py` and `loops.py` do
   in NumPy, where it is explained. Both give the same bits (tests/test_compiled.py): sums are made in one order. */

#include "compiled.h"

#include <math.h>

#include "tokens.h"

enum { STRETCH = 180, LOGS = 2 * STRETCH, COMMON = 150, START = 7, PAIR_BITS = 19, WIDTH = 80, LANES = 16 };
enum { SURFACE = 20, FREQUENCY = 9, PAIRS = 7, COHERENCE = 16, COLUMNS = 2 * HEADS + SURFACE + 1 + FREQUENCY + PAIRS + COHERENCE };
enum { LONGEST_LOOP = 16, TIMES = 4 };

typedef struct {
    Model model;
    const float *vectors; /* by rank, WIDTH numbers each */
    const uint8_t *pairs; /* in each slot what must stand there, and the count */
    const double *word_steps, *letter_steps, *logs;
} Weights;

/* A stretch: its tokens among those of its text. What a loop looks for is listed beforehand, so that it need not guess. */
typedef struct {
    const Token *lexicon;
    const int32_t *ids; /* of the text */
    Py_ssize_t start, end;
    uint8_t breaks[LOGS + 1];               /* of each token: a sentence begins; so it does behind the last one */
    int32_t telling[LOGS + 1], tellings;    /* the words that are no function words */
    int32_t sentence[LOGS + 1];             /* of each of them */
    int32_t paired[LOGS + 1], pairs;        /* words of the vocabulary behind another */
} Stretch;

static void list(Stretch *s) {
    int32_t sentence = 0, tellings = 0, pairs = 0, before = -1;
    uint8_t sign = STOP;
    for (Py_ssize_t i = s->start; i < s->end; i++) {
        const Token *token = s->lexicon + s->ids[i];
        uint8_t breaks = sign == STOP || sign == LINE_END;
        sign = token->sign;
        s->breaks[i - s->start] = breaks;
        sentence += breaks;
        s->telling[tellings] = (int32_t)i;
        s->sentence[tellings] = sentence;
        tellings += token->rank >= COMMON;
        s->paired[pairs] = (int32_t)i;
        pairs += (token->rank | before) >= 0;
        before = token->rank;
    }
    s->breaks[s->end - s->start] = 1;
    s->tellings = tellings;
    s->pairs = pairs;
}

static inline double share(Py_ssize_t count, Py_ssize_t of) { return (double)count / (double)(of > 1 ? of : 1); }

/* The mean and the spread of `count` values by their sum and that of their squares; both 0 where there is none. */
static inline void mean_and_spread(double sum, double squares, Py_ssize_t count, double *out) {
    double of = (double)(count > 1 ? count : 1), mean = sum / of, variance = squares / of - mean * mean;
    out[0] = mean;
    out[1] = sqrt(variance > 0 ? variance : 0);
}

/* --- heads ------------------------------------------------------------------------------------------------------- */

typedef struct {
    int32_t id, count;
} Type;

/* The distinct tokens of a stretch in the order of their first use; `number` is the stretch's own. */
static Py_ssize_t types_of(const Stretch *s, Token *lexicon, uint32_t number, Type *types) {
    Py_ssize_t count = 0;
    for (Py_ssize_t i = s->start; i < s->end; i++) {
        Token *token = lexicon + s->ids[i];
        if (token->stretch != number) {
            token->stretch = number;
            token->type = (uint16_t)count;
            types[count++] = (Type){s->ids[i], 0};
        }
        types[token->type].count++;
    }
    return count;
}

static void heads(const Stretch *s, const Type *types, Py_ssize_t count, const Weights *w, double *out) {
    double total[2 * HEADS] = {0}, weight = 0;
    for (Py_ssize_t i = 0; i < count; i++) {
        const Token *token = s->lexicon + types[i].id;
        double own = 1 + w->logs[types[i].count];
        for (int head = 0; head < HEADS; head++) {
            total[head] += token->own[head] * own;
            total[HEADS + head] += token->letters[head] * own;
        }
        weight += own;
    }
    int64_t runs[HEADS] = {0};
    for (Py_ssize_t i = s->start; i < s->end; i++) {
        uint64_t own = s->lexicon[s->ids[i]].key;
        uint64_t before = i ? s->lexicon[s->ids[i - 1]].key : START;
        uint64_t further = i > 1 ? s->lexicon[s->ids[i - 2]].key : START, pair = own * MIX[1] ^ before;
        const int8_t *two = w->model.words + HEADS * bucket(pair + 2, WORD_BITS);
        const int8_t *three = w->model.words + HEADS * bucket(pair * MIX[2] ^ further, WORD_BITS);
        for (int head = 0; head < HEADS; head++) runs[head] += two[head] + three[head];
    }
    if (weight < 1) weight = 1;
    for (int head = 0; head < HEADS; head++) {
        double of_types = total[head] / weight, of_runs = share(runs[head], s->end - s->start);
        out[head] = (of_types + of_runs) * w->word_steps[head];
        out[HEADS + head] = total[HEADS + head] / weight * w->letter_steps[head];
    }
}

/* --- surface, frequency, pairs ----------------------------------------------------------------------------------- */

static void surface(const Stretch *s, const Weights *w, double *out) {
    enum { OTHER = SIGNS, NUMBER, CAPITAL, UPPERS, FOREIGNS, SMALL_START, AGAIN, SHARES = AGAIN + 3 };
    Py_ssize_t counts[SHARES + 1] = {0}, sentences = 0, length = 0, shorter = 0, size = s->end - s->start;
    int64_t sum = 0, squares = 0;
    for (Py_ssize_t i = s->start; i < s->end; i++) {
        const Token *token = s->lexicon + s->ids[i];
        int breaks = s->breaks[i - s->start];
        counts[token->sign ? token->sign - 1 : SHARES]++;
        int word = token->is & IS_WORD, capital = (token->is & IS_CAPITAL) != 0;
        counts[OTHER] += !(token->is & (IS_WORD | IS_NUMBER)) && !token->sign;
        counts[NUMBER] += (token->is & IS_NUMBER) != 0;
        counts[CAPITAL] += capital && !breaks;
        counts[UPPERS] += (token->is & IS_UPPER) != 0;
        counts[FOREIGNS] += (token->is & IS_FOREIGN) != 0;
        counts[SMALL_START] += breaks && word && !capital;
        for (int distance = 1; distance <= 3; distance++)
            counts[AGAIN + distance - 1] += word & (s->ids[i] == s->ids[i - (i < distance ? 0 : distance)]) & (i >= distance);
        length++;
        int last = s->breaks[i - s->start + 1];
        sentences += last;
        sum += length & -last;
        squares += (length * length) & -last;
        shorter += last && length < 5;
        length &= last - 1;
    }
    for (int i = 0; i < SHARES; i++) out[i] = share(counts[i], size);
    double both[2];
    mean_and_spread((double)sum, (double)squares, sentences, both);
    out[SHARES] = both[0]; /* Python takes the logarithm, as it does where nothing is compiled */
    out[SHARES + 1] = both[1] / (both[0] + 1);
    out[SHARES + 2] = share(shorter, sentences);
    out[SHARES + 3] = w->logs[size];
}

static void frequency(const Stretch *s, const Weights *w, double *out) {
    Py_ssize_t counts[7] = {0}, size = s->end - s->start;
    double sum = 0, squares = 0;
    for (Py_ssize_t i = s->start; i < s->end; i++) {
        const Token *token = s->lexicon + s->ids[i];
        int small = (token->is & (IS_WORD | IS_CAPITAL)) == IS_WORD, rank = token->rank;
        counts[0] += small & !(token->is & IS_LISTED);
        counts[1] += small & (rank < 0);
        counts[2] += ((token->is & IS_CAPITAL) != 0) & (rank < 0);
        counts[3] += (rank >= 0) & (rank < COMMON);
        counts[4] += (rank >= COMMON) & (rank < 1000);
        counts[5] += (rank >= 1000) & (rank < 4000);
        counts[6] += rank >= 12000;
    }
    for (int32_t i = 0; i < s->tellings; i++) {
        const Token *token = s->lexicon + s->ids[s->telling[i]];
        double value = token->frequency;
        sum += value;
        squares += value * value;
        for (int k = 0; k < WIDTH; k += 16) PREFETCH(w->vectors + (Py_ssize_t)WIDTH * token->rank + k); /* for coherence */
    }
    for (int i = 0; i < 7; i++) out[i] = share(counts[i], size);
    mean_and_spread(sum, squares, s->tellings, out + 7);
}

static void pairs(const Stretch *s, const Weights *w, double *out) {
    static const double limits[] = {-2, -1, 0, 1, 2};
    Py_ssize_t counts[5] = {0};
    double sum = 0, squares = 0;
    uint64_t slots[LOGS];
    for (int32_t i = 0; i < s->pairs; i++) {
        const int32_t *ids = s->ids + s->paired[i];
        uint64_t first = (uint64_t)s->lexicon[ids[-1]].rank, second = (uint64_t)s->lexicon[ids[0]].rank;
        slots[i] = bucket(first << 20 ^ second, PAIR_BITS + 8);
        PREFETCH(w->pairs + 2 * (slots[i] >> 8));
    }
    for (int32_t i = 0; i < s->pairs; i++) {
        const int32_t *ids = s->ids + s->paired[i];
        const uint8_t *pair = w->pairs + 2 * (slots[i] >> 8);
        int together = pair[1] & -(pair[0] == (slots[i] & 255));
        double strength = together / 25.0 - s->lexicon[ids[-1]].frequency - s->lexicon[ids[0]].frequency - 8.0;
        sum += strength;
        squares += strength * strength;
        for (int limit = 0; limit < 5; limit++) counts[limit] += strength < limits[limit];
    }
    mean_and_spread(sum, squares, s->pairs, out);
    for (int limit = 0; limit < 5; limit++) out[2 + limit] = share(counts[limit], s->pairs);
}

/* --- coherence --------------------------------------------------------------------------------------------------- */

/* What coherence is found from: the words of a stretch that tell, and its sentences of such words. */
typedef struct {
    const float **vectors; /* of the words */
    int32_t *sentence;     /* of each word */
    double *by_sentence, *by_stretch, *with_last; /* products of the words */
    float *sums;           /* of the sentences: WIDTH a sentence */
    double *others, *squares; /* of the sentences */
} Words;

static inline double dot(const float *one, const float *other) {
    float lanes[LANES];
    for (int i = 0; i < LANES; i++) lanes[i] = one[i] * other[i];
    for (int k = LANES; k < WIDTH; k += LANES)
        for (int i = 0; i < LANES; i++) lanes[i] += one[k + i] * other[k + i];
    for (int half = LANES / 2; half; half /= 2)
        for (int i = 0; i < half; i++) lanes[i] += lanes[i + half];
    return lanes[0];
}

static inline double length_of(double square) { return sqrt(square > 0.01 ? square : 0.01); }

static inline void add(double *sum, const float *vector) {
    for (int i = 0; i < WIDTH; i++) sum[i] += vector[i];
}

/* The words and sentences of a stretch; how many sentences. In double precision their sums are exact. */
WIDE static Py_ssize_t gather(const Stretch *s, const Weights *w, Words *words, float *whole) {
    Py_ssize_t sentences = 0;
    double sum[WIDTH] = {0}, total[WIDTH] = {0};
    for (int32_t i = 0; i < s->tellings; i++) {
        const float *vector = w->vectors + (Py_ssize_t)WIDTH * s->lexicon[s->ids[s->telling[i]]].rank;
        int opens = !i || s->sentence[i] != s->sentence[i - 1];
        add(sum, vector);
        words->with_last[i] = opens ? 0 : dot(vector, words->vectors[i - 1]);
        words->vectors[i] = vector;
        words->sentence[i] = (int32_t)sentences;
        if (i + 1 == s->tellings || s->sentence[i] != s->sentence[i + 1]) {
            float *of_sentence = words->sums + WIDTH * sentences++;
            for (int k = 0; k < WIDTH; k++) of_sentence[k] = (float)sum[k];
            memset(sum, 0, sizeof sum);
            add(total, of_sentence);
        }
    }
    for (int k = 0; k < WIDTH; k++) whole[k] = (float)total[k];
    return sentences;
}

WIDE static void multiply(Words *words, Py_ssize_t count, const float *whole) {
    for (Py_ssize_t i = 0; i < count; i++) {
        words->by_sentence[i] = dot(words->vectors[i], words->sums + (Py_ssize_t)WIDTH * words->sentence[i]);
        words->by_stretch[i] = dot(words->vectors[i], whole);
    }
}

static void coherence(const Stretch *s, const Weights *w, Words *words, double *out) {
    static const double limits[] = {-0.1, 0.0, 0.1, 0.2};
    Py_ssize_t count = s->tellings, astray = 0, below[8] = {0};
    float whole[WIDTH];
    Py_ssize_t sentences = gather(s, w, words, whole);
    multiply(words, count, whole);
    double square = dot(whole, whole), sum = 0, squares = 0, means[4] = {0};
    for (Py_ssize_t i = 0; i < sentences; i++) {
        const float *of_sentence = words->sums + WIDTH * i;
        double crossed = dot(of_sentence, whole), own = dot(of_sentence, of_sentence);
        words->squares[i] = own;
        words->others[i] = length_of(square - 2 * crossed + own);
        double agree = (crossed - own) / words->others[i] / length_of(own);
        sum += agree;
        squares += agree * agree;
        astray += agree < 0.1;
    }
    for (Py_ssize_t i = 0; i < count; i++) {
        double by_sentence = words->by_sentence[i], by_stretch = words->by_stretch[i];
        double cosines[4] = {
            (by_stretch - by_sentence) / words->others[words->sentence[i]],
            (by_sentence - 1) / length_of(words->squares[words->sentence[i]] - 2 * by_sentence + 1),
            (by_stretch - 1) / length_of(square - 2 * by_stretch + 1),
            words->with_last[i],
        };
        for (int k = 0; k < 4; k++) {
            means[k] += cosines[k];
            below[k] += cosines[0] < limits[k];
            below[4 + k] += cosines[2] < limits[k];
        }
    }
    out[0] = length_of(square) / (double)(count > 1 ? count : 1);
    mean_and_spread(sum, squares, sentences, out + 1);
    out[3] = share(astray, sentences);
    for (int k = 0; k < 4; k++) out[4 + k] = means[k] / (double)(count > 1 ? count : 1);
    for (int k = 0; k < 8; k++) out[8 + k] = share(below[k], count);
}

/* --- loops ------------------------------------------------------------------------------------------------------- */

/* How many words of a text stand in a loop, but for its first turn: see `loops.py`. `looped` has room for the text. */
static void looped_words(const Token *lexicon, const int32_t *ids, Py_ssize_t count, uint8_t *looped, int64_t *out) {
    memset(looped, 0, (size_t)count);
    for (Py_ssize_t period = 1; period <= LONGEST_LOOP && period * TIMES <= count; period++)
        for (Py_ssize_t first = period, last; first < count; first = last + 1) {
            for (last = first; last < count && ids[last] == ids[last - period];) last++;
            if (last - first >= period * (TIMES - 1)) memset(looped + first, 1, (size_t)(last - first));
        }
    for (Py_ssize_t i = 0; i < count; i++) {
        out[0] += looped[i] && (lexicon[ids[i]].is & IS_WORD);
        out[1] += (lexicon[ids[i]].is & IS_WORD) != 0;
    }
}

/* --- texts ------------------------------------------------------------------------------------------------------- */

typedef struct {
    Lexicon lexicon;
    int32_t *ids;
    uint8_t *looped;
    int64_t stretches; /* so far, of all texts */
} Work;

/* The rows of one text's stretches, COLUMNS a row; `told` gets its tokens, stretches, looped words and words. */
static int read_text(const uint8_t *at, const uint8_t *end, const Weights *w, Work *work, int64_t *told, double *rows) {
    Py_ssize_t size = tokens_of(at, end, &work->lexicon, &w->model, work->ids, NULL);
    if (size < 0) return -1;
    Py_ssize_t parts = size ? (size + STRETCH / 2) / STRETCH : 0, few = 0;
    if (size && !parts) parts = 1;
    memset(told, 0, 4 * sizeof *told);
    told[0] = size;
    told[1] = parts;
    Type types[LOGS];
    const float *vectors[LOGS];
    int32_t sentence[LOGS];
    double by_sentence[LOGS], by_stretch[LOGS], with_last[LOGS], others[LOGS], squares[LOGS];
    float sums[LOGS * WIDTH];
    Words words = {vectors, sentence, by_sentence, by_stretch, with_last, sums, others, squares};
    for (Py_ssize_t part = 0; part < parts; part++, rows += COLUMNS) {
        Stretch s;
        s.lexicon = work->lexicon.tokens;
        s.ids = work->ids;
        s.start = part * size / parts;
        s.end = (part + 1) * size / parts;
        list(&s);
        Py_ssize_t distinct = types_of(&s, work->lexicon.tokens, (uint32_t)++work->stretches, types);
        few |= 2 * distinct < s.end - s.start;
        double *out = rows;
        heads(&s, types, distinct, w, out);
        surface(&s, w, out += 2 * HEADS);
        *(out += SURFACE) = share(distinct, s.end - s.start);
        frequency(&s, w, out += 1);
        pairs(&s, w, out += FREQUENCY);
        coherence(&s, w, &words, out += PAIRS);
    }
    if (few) looped_words(work->lexicon.tokens, work->ids, size, work->looped, told + 2);
    return 0;
}

/* read(content, bounds, bits, small, words, letters, vocabulary, ranks, frequency, word_list, vectors, pairs, word_steps,
        letter_steps, logs | told, rows) -> int: how many rows */
static PyObject *read_texts(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    Py_buffer v[17];
    if (count != 17) return PyErr_Format(PyExc_TypeError, "read takes 17 arguments, not %zd", count);
    if (view_all(args, 17, 2, v) < 0) return NULL;
    const uint8_t *content = v[0].buf;
    const int64_t *bounds = v[1].buf;
    Weights w = {
        .model = model_of(v + 2),
        .vectors = v[10].buf, .pairs = v[11].buf, .word_steps = v[12].buf, .letter_steps = v[13].buf, .logs = v[14].buf,
    };
    int64_t *told = v[15].buf;
    double *rows = v[16].buf;
    Py_ssize_t texts = v[1].len / 8 - 1, longest = longest_of(bounds, texts), text = 0;
    Work work = {{0}, malloc((size_t)longest * 4 + 4), malloc((size_t)longest + 1), 0};
    int failed = !work.ids || !work.looped;
    if (!failed) {
        Py_BEGIN_ALLOW_THREADS
        for (; !failed && text < texts; text++, told += 4) {
            double *out = rows + COLUMNS * work.stretches;
            failed = read_text(content + bounds[text], content + bounds[text + 1], &w, &work, told, out) < 0;
        }
        Py_END_ALLOW_THREADS
    }
    free(work.ids), free(work.looped), free(work.lexicon.tokens), free(work.lexicon.slots);
    release_all(v, 17);
    return failed ? PyErr_NoMemory() : PyLong_FromLongLong(work.stretches);
}

static PyMethodDef methods[] = {
    {"read", (PyCFunction)(void (*)(void))read_texts, METH_FASTCALL, "Features of stretches of text; see features.py."},
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_features", "What stretches of text show, compiled.", 0, methods, NULL, NULL, NULL, NULL};

PyMODINIT_FUNC PyInit__features(void) {
    make_crc();
    return PyModule_Create(&definition);
}
