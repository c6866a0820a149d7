/* Characters of UTF-8 and what Python says of each, by the tables of `characters.py`. */

#ifndef COPYDESK_CHARACTERS_H
#define COPYDESK_CHARACTERS_H

#include <stdint.h>
#include <string.h>

/* Whether the first byte of a text is the lowest of a number that is read from it, so that eight can be looked at once. */
#if defined(__GNUC__) && defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define EIGHT_AT_ONCE 1
#else
#define EIGHT_AT_ONCE 0
#endif

/* as in `characters.py` */
enum { KNOWN = 1, WORD = 2, SPACE = 4, ALPHA = 8, UPPER = 16, LOWER = 32, DIGIT = 64, TITLE = 128 };

/* The character at `*at`, which is set behind it. What Arrow calls a string is valid UTF-8; reading never passes `end`. */
static inline uint32_t next_character(const uint8_t **at, const uint8_t *end) {
    const uint8_t *text = *at;
    uint32_t first = text[0];
    if (first < 0x80) {
        *at = text + 1;
        return first;
    }
    int size = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
    if (size > end - text) {
        *at = end;
        return 0xFFFD;
    }
    *at = text + size;
    if (size == 2) return (first & 0x1F) << 6 | (text[1] & 0x3Fu);
    if (size == 3) return (first & 0x0F) << 12 | (text[1] & 0x3Fu) << 6 | (text[2] & 0x3Fu);
    return ((first & 0x07) << 18 | (text[1] & 0x3Fu) << 12 | (text[2] & 0x3Fu) << 6 | (text[3] & 0x3Fu));
}

#endif
