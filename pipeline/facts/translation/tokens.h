/* The distinct tokens of many texts and what each is by itself, as `tokens.py` and `features.py` have it. */

#ifndef COPYDESK_TOKENS_H
#define COPYDESK_TOKENS_H

#include "compiled.h"

#include "facts/characters.h"

#ifdef __GNUC__
#define PREFETCH(at) __builtin_prefetch(at)
#else
#define PREFETCH(at) (void)0
#endif

enum { WORD_BITS = 17, LETTER_BITS = 16, HEADS = 2, LONGEST_TOKEN = 32, LONGEST_GRAM = 5 };
enum { STOP = 1, LINE_END = 2, SIGNS = 7 };

static const uint64_t MIX[] = {0x9E3779B97F4A7C15u, 0xC2B2AE3D27D4EB4Fu, 0x165667B19E3779F9u};

/* What the model knows: see `weights.py`. */
typedef struct {
    const uint8_t *bits;  /* of characters */
    const int32_t *small;
    const int8_t *words, *letters; /* HEADS a bucket */
    const uint64_t *vocabulary;    /* ascending */
    const int16_t *ranks;
    Py_ssize_t known; /* words of the vocabulary */
    const float *frequency; /* by rank */
    const uint8_t *word_list;
    int list_bits; /* its size as a power of two */
} Model;

/* From views of: bits, small, words, letters, vocabulary, ranks, frequency, word_list. */
static inline Model model_of(const Py_buffer *v) {
    Model m = {v[0].buf, v[1].buf, v[2].buf, v[3].buf, v[4].buf, v[5].buf, v[4].len / 8, v[6].buf, v[7].buf, 3};
    while ((Py_ssize_t)1 << m.list_bits < v[7].len * 8) m.list_bits++;
    return m;
}

static inline Py_ssize_t longest_of(const int64_t *bounds, Py_ssize_t texts) {
    Py_ssize_t longest = 0;
    for (Py_ssize_t i = 0; i < texts; i++)
        if (bounds[i + 1] - bounds[i] > longest) longest = bounds[i + 1] - bounds[i];
    return longest;
}

/* A token fills a line of the processor's cache. Most are told from others by what is in it. */
typedef struct {
    uint64_t begins[2]; /* its first bytes, and noughts */
    const uint8_t *text;
    uint32_t size, hash, key;
    int32_t letters[HEADS];
    int8_t own[HEADS];
    int16_t rank;
    uint8_t is, sign;
    uint16_t type;    /* its number among the types of the last stretch that holds it */
    uint32_t stretch; /* and that stretch, counted from 1 */
    float frequency;  /* of a word of the vocabulary */
} Token;

enum { IS_WORD = 1, IS_CAPITAL = 2, IS_UPPER = 4, IS_NUMBER = 8, IS_FOREIGN = 16, IS_LISTED = 32 };

/* All distinct tokens, found again by `slots`: the number of a token and one, 0 where there is none. */
typedef struct {
    Token *tokens;
    uint32_t *slots;
    Py_ssize_t count, room, mask;
} Lexicon;

static inline uint64_t bucket(uint64_t hash, int bits) { return (hash * MIX[0]) >> (64 - bits); }

static uint32_t CRC[256];

static void make_crc(void) {
    for (uint32_t byte = 0; byte < 256; byte++) {
        uint32_t crc = byte;
        for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ 0xEDB88320u : crc >> 1;
        CRC[byte] = crc;
    }
}

static inline uint32_t crc_of(uint32_t crc, uint32_t byte) { return CRC[(crc ^ byte) & 255] ^ crc >> 8; }

/* `key` of tokens.py */
static uint64_t key_of(const uint8_t *at, Py_ssize_t size, const Model *m) {
    const uint8_t *end = at + size, *first = at;
    if (m->bits[next_character(&first, end)] & DIGIT) return 1;
    uint32_t crc = 0xFFFFFFFFu;
    for (int letters = 0; at < end && letters < LONGEST_TOKEN; letters++) {
        uint32_t code = (uint32_t)m->small[next_character(&at, end)];
        if (code == 0x2019) code = '\'';
        if (code < 0x80) {
            crc = crc_of(crc, code);
        } else {
            if (code < 0x800) {
                crc = crc_of(crc, 0xC0 | code >> 6);
            } else {
                if (code < 0x10000) {
                    crc = crc_of(crc, 0xE0 | code >> 12);
                } else {
                    crc = crc_of(crc, 0xF0 | code >> 18);
                    crc = crc_of(crc, 0x80 | (code >> 12 & 63));
                }
                crc = crc_of(crc, 0x80 | (code >> 6 & 63));
            }
            crc = crc_of(crc, 0x80 | (code & 63));
        }
    }
    return crc ^ 0xFFFFFFFFu;
}

/* The size of a word without the 's of its owner. */
static Py_ssize_t stem_of(const uint8_t *text, Py_ssize_t size) {
    if (size < 2 || text[size - 1] != 's') return size;
    if (text[size - 2] == '\'') return size - 2;
    return size > 3 && text[size - 4] == 0xE2 && text[size - 3] == 0x80 && text[size - 2] == 0x99 ? size - 4 : size;
}

/* `is_listed` of features.py */
static int is_listed(uint64_t key, const Model *m) {
    static const uint64_t probes[] = {0x9E3779B97F4A7C15u, 0xD6E8FEB86659FD93u, 0xA0761D6478BD642Fu};
    for (int i = 0; i < 3; i++) {
        uint64_t bit = bucket(key * probes[i], m->list_bits);
        if (!(m->word_list[bit >> 3] >> (bit & 7) & 1)) return 0;
    }
    return 1;
}

static int16_t rank_of(uint64_t key, const Model *m) {
    const uint64_t *at = m->vocabulary;
    for (Py_ssize_t left = m->known; left > 1; left -= left / 2) at += at[left / 2 - 1] < key ? left / 2 : 0;
    return m->known && *at == key ? m->ranks[at - m->vocabulary] : -1;
}

static uint8_t sign_of(uint32_t code) {
    switch (code) {
    case '.': case '!': case '?': return STOP;
    case '\n': return LINE_END;
    case ',': return 3;
    case '"': case 0x201C: case 0x201D: return 4;
    case '\'': case 0x2018: case 0x2019: return 5;
    case '(': case ')': return 6;
    case '-': return 7;
    default: return 0;
    }
}

/* `letter_grams` of tokens.py, each weighed by both heads */
static void weigh_letters(Token *token, const Model *m) {
    uint8_t padded[4 * LONGEST_TOKEN + 2];
    const uint8_t *at = token->text, *end = at + token->size;
    for (int letters = 0; at < end && letters < LONGEST_TOKEN; letters++) next_character(&at, end);
    Py_ssize_t size = at - token->text;
    padded[0] = ' ';
    memcpy(padded + 1, token->text, (size_t)size);
    padded[++size] = ' ';
    size++;
    for (Py_ssize_t start = 0; start + 1 < size; start++) {
        uint64_t hash = padded[start] + 1u;
        for (Py_ssize_t length = 2; length <= LONGEST_GRAM && start + length <= size; length++) {
            hash = hash * MIX[2] + padded[start + length - 1] + 1;
            const int8_t *weights = m->letters + HEADS * bucket(hash + (uint64_t)length, LETTER_BITS);
            for (int head = 0; head < HEADS; head++) token->letters[head] += weights[head];
        }
    }
}

/* What is known of a token by itself. */
static void describe(Token *token, const Model *m) {
    const uint8_t *at = token->text, *end = at + token->size;
    uint32_t first = next_character(&at, end);
    int bits = m->bits[first], alone = at == end, cased = (bits & UPPER) != 0, small = bits & (LOWER | TITLE), ascii = first < 0x80;
    while (at < end) {
        uint32_t code = next_character(&at, end);
        cased |= (m->bits[code] & UPPER) != 0;
        small |= m->bits[code] & (LOWER | TITLE);
        ascii &= code < 0x80;
    }
    token->key = (uint32_t)key_of(token->text, token->size, m);
    Py_ssize_t stem = stem_of(token->text, token->size);
    uint64_t listed = stem < token->size ? key_of(token->text, stem, m) : token->key;
    int word = (bits & ALPHA) != 0;
    token->is = (uint8_t)(IS_WORD * word | IS_CAPITAL * !!(bits & UPPER) | IS_NUMBER * !!(bits & DIGIT)
                          | IS_UPPER * (!alone && cased && !small) | IS_FOREIGN * (word && !ascii)
                          | IS_LISTED * is_listed(listed, m));
    token->rank = word ? rank_of(listed, m) : -1;
    if (token->rank >= 0) token->frequency = m->frequency[token->rank];
    token->sign = alone ? sign_of(first) : 0;
    memcpy(token->own, m->words + HEADS * bucket((uint64_t)token->key + 1, WORD_BITS), HEADS);
    weigh_letters(token, m);
}

/* The first bytes of a text, at most eight, and noughts. */
static inline uint64_t eight_of(const uint8_t *text, Py_ssize_t size, const uint8_t *end) {
    uint64_t eight = 0;
    if (size <= 0) return 0;
    if (EIGHT_AT_ONCE && end - text >= 8) {
        memcpy(&eight, text, 8);
        return size < 8 ? eight & (((uint64_t)1 << 8 * size) - 1) : eight;
    }
    memcpy(&eight, text, size < 8 ? (size_t)size : 8);
    return eight;
}

static inline uint64_t mixed(uint64_t hash, uint64_t eight) {
    hash = (hash ^ eight) * MIX[0];
    return hash ^ hash >> 32;
}

static int grow(Lexicon *l) {
    Py_ssize_t room = l->room ? 2 * l->room : 1 << 12;
    Token *tokens = realloc(l->tokens, (size_t)room * sizeof *tokens);
    if (!tokens) return -1;
    l->tokens = tokens;
    uint32_t *slots = calloc((size_t)room * 2, sizeof *slots);
    if (!slots) return -1;
    free(l->slots);
    l->slots = slots;
    l->room = room;
    l->mask = 2 * room - 1;
    for (Py_ssize_t i = 0; i < l->count; i++) {
        Py_ssize_t place = (Py_ssize_t)tokens[i].hash & l->mask;
        while (slots[place]) place = (place + 1) & l->mask;
        slots[place] = (uint32_t)i + 1;
    }
    return 0;
}

/* A token as it stands in a text. */
typedef struct {
    const uint8_t *text;
    Py_ssize_t size;
    uint64_t begins[2];
    uint32_t hash;
} Span;

static inline Span span_of(const uint8_t *text, Py_ssize_t size, const uint8_t *end) {
    Span span = {text, size, {eight_of(text, size, end), eight_of(text + 8, size - 8, end)}, 0};
    uint64_t hash = mixed(mixed((uint64_t)size * MIX[1], span.begins[0]), span.begins[1]);
    for (Py_ssize_t i = 16; i < size; i += 8) hash = mixed(hash, eight_of(text + i, size - i, end));
    span.hash = (uint32_t)hash;
    return span;
}

/* The number of the token that is written so; -1 where there is no memory. */
static inline int32_t number_of(const Span *span, Lexicon *l, const Model *m) {
    if (l->count == l->room && grow(l) < 0) return -1;
    Py_ssize_t place = (Py_ssize_t)span->hash & l->mask;
    for (; l->slots[place]; place = (place + 1) & l->mask) {
        const Token *known = l->tokens + l->slots[place] - 1;
        if (known->begins[0] == span->begins[0] && known->begins[1] == span->begins[1] && known->size == span->size
            && (span->size <= 16 || !memcmp(known->text + 16, span->text + 16, (size_t)span->size - 16)))
            return (int32_t)l->slots[place] - 1;
    }
    Token *token = l->tokens + l->count;
    memset(token, 0, sizeof *token);
    memcpy(token->begins, span->begins, sizeof token->begins);
    token->text = span->text;
    token->size = (uint32_t)span->size;
    token->hash = span->hash;
    describe(token, m);
    l->slots[place] = (uint32_t)++l->count;
    return (int32_t)l->count - 1;
}

/* Whether a line that ends behind this character ends in a sentence mark: the line break is no token then. */
static inline int ends_a_line(uint32_t code) {
    switch (code) {
    case '.': case '!': case '?': case ':': case ';': case '"': case '\'': case ')': case '\n':
    case 0x2019: case 0x201D:
        return 1;
    default:
        return 0;
    }
}

/* Behind the word that begins at `at`: letters, and letters after an apostrophe. */
static inline const uint8_t *behind_word(const uint8_t *at, const uint8_t *end, const Model *m, uint32_t *last) {
    while (at < end) {
        const uint8_t *next = at;
        uint32_t code = next_character(&next, end);
        if (code == '\'' || code == 0x2019) {
            if (next == end) return at;
            code = next_character(&next, end);
        }
        if (!(m->bits[code] & WORD)) return at;
        *last = code;
        at = next;
    }
    return at;
}

enum { AT_ONCE = 128 };

/* `TOKEN` of tokens.py: the next tokens of a text, `AT_ONCE` at most, and how many; `before` is the character before. */
static Py_ssize_t next_spans(const uint8_t **text, const uint8_t *end, const Model *m, uint32_t *before, Span *spans) {
    const uint8_t *at = *text;
    Py_ssize_t count = 0;
    while (at < end && count < AT_ONCE) {
        const uint8_t *start = at;
        uint32_t code = next_character(&at, end);
        int bits = m->bits[code], is_token = !(bits & SPACE) || (code == '\n' && !ends_a_line(*before));
        *before = code;
        if (!is_token) continue;
        if (bits & WORD) at = behind_word(at, end, m, before);
        spans[count++] = span_of(start, at - start, end);
    }
    *text = at;
    return count;
}

/* The numbers of a text's tokens into `ids`, where each begins into `places`, if wanted, and how many there are; -1 where
   there is no memory. What is looked up is asked of the memory some time before it is needed. */
static Py_ssize_t tokens_of(const uint8_t *at, const uint8_t *end, Lexicon *l, const Model *m, int32_t *ids,
                            int32_t *places) {
    const uint8_t *text = at;
    Py_ssize_t count = 0;
    uint32_t before = 0;
    if (!l->room && grow(l) < 0) return -1;
    while (at < end) {
        Span spans[AT_ONCE];
        Py_ssize_t found = next_spans(&at, end, m, &before, spans);
        for (Py_ssize_t i = 0; i < found; i++) PREFETCH(l->slots + ((Py_ssize_t)spans[i].hash & l->mask));
        for (Py_ssize_t i = 0; i < found; i++) {
            uint32_t slot = l->slots[(Py_ssize_t)spans[i].hash & l->mask];
            if (slot) PREFETCH(l->tokens + slot - 1);
        }
        for (Py_ssize_t i = 0; i < found; i++, count++) {
            if (places) places[count] = (int32_t)(spans[i].text - text);
            if ((ids[count] = number_of(spans + i, l, m)) < 0) return -1;
        }
    }
    return count;
}

#endif
