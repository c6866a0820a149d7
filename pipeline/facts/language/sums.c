/* What blocks of letters say of each language: `blocks` does what `sums.py` and `profiles.rows_at` do in NumPy, where it is
   explained. The numbers add up exactly in whatever order (`Profiles.table`): the same bits (tests/test_compiled.py). */

#include "compiled.h"

#ifdef __GNUC__
#define PREFETCH(at) __builtin_prefetch(at)
#else
#define PREFETCH(at) (void)(at)
#endif

enum { BLOCK = 32, SPACE = 0, UPPER = 1 << 15, ABSENT = 4095, SLOT_BITS = 20, CODES = 0x20000 };

typedef struct {
    const uint32_t *points;
    const uint8_t *last;
    int64_t count; /* of points */
    const uint16_t *codes;
    const int32_t *slots;
    const uint64_t *keys;
    const float *table;
    Py_ssize_t width;
} Run;

static inline uint32_t point_at(const Run *run, int64_t place) { return run->points[place < 0 ? place + run->count : place]; }

static inline uint16_t code_at(const Run *run, int64_t place) {
    uint32_t point = point_at(run, place);
    return run->codes[point < CODES ? point : CODES - 1];
}

/* The row of an n-gram of two or three letters; 0 where no profile holds it. */
static inline int32_t find(const Run *run, uint64_t key) {
    uint64_t slot = key * 0x9E3779B97F4A7C15u >> (64 - SLOT_BITS);
    int32_t row;
    while ((row = run->slots[slot]) && run->keys[row] != key) slot = (slot + 1) & ((1 << SLOT_BITS) - 1);
    return row;
}

/* The row of the longest known n-gram that ends at the place; 0 where there is none. */
static inline int32_t row_at(const Run *run, int64_t place, uint16_t first, uint16_t second, uint16_t third) {
    if ((third & second & UPPER) || run->last[place]) return 0;
    first &= UPPER - 1, second &= UPPER - 1, third &= UPPER - 1;
    if (second == SPACE) first = ABSENT;
    uint64_t two = (uint64_t)second << 12 | third;
    int32_t row = find(run, (uint64_t)first << 24 | two);
    if (!row && first != ABSENT) row = find(run, (uint64_t)ABSENT << 24 | two);
    return row ? row : third;
}

/* Adds up rows; each is asked for long before its turn, since they lie all over 30 MB. */
WIDE static void add_up(const Run *run, const int32_t *rows, int count, float *sum) {
    for (int i = 0; i < count; i++) {
        const float *row = run->table + (size_t)rows[i] * (size_t)run->width;
        for (Py_ssize_t column = 0; column < run->width; column++) sum[column] += row[column];
    }
}

static void sum_of(const Run *run, int64_t start, int64_t stop, float *sum) {
    int64_t end = start + BLOCK < stop + 1 ? start + BLOCK : stop + 1;
    uint32_t points[2] = {point_at(run, start - 2), point_at(run, start - 1)};
    uint16_t codes[2] = {code_at(run, start - 2), code_at(run, start - 1)};
    int32_t rows[BLOCK];
    int count = 0;
    for (int64_t place = start; place < end; place++) {
        uint32_t point = run->points[place];
        uint16_t code = code_at(run, place);
        int32_t row = point == points[1] && point == points[0] ? 0 : row_at(run, place, codes[0], codes[1], code);
        if (row) { /* the first row is of zeros */
            const char *at = (const char *)(run->table + (size_t)row * (size_t)run->width);
            for (Py_ssize_t line = 0; line < run->width * 4; line += 64) PREFETCH(at + line);
            rows[count++] = row;
        }
        points[0] = points[1], points[1] = point;
        codes[0] = codes[1], codes[1] = code;
    }
    memset(sum, 0, (size_t)run->width * sizeof *sum);
    add_up(run, rows, count, sum);
}

/* blocks(points, last, codes, slots, keys, table, starts, stops | sums) -> None: a block begins at each start, and goes no
   further than its stop */
static PyObject *blocks(PyObject *self, PyObject *const *args, Py_ssize_t count) {
    (void)self;
    Py_buffer v[9];
    if (count != 9) return PyErr_Format(PyExc_TypeError, "blocks takes 9 arguments, not %zd", count);
    if (view_all(args, 9, 1, v) < 0) return NULL;
    Py_ssize_t number = v[6].len / 8;
    Run run = {v[0].buf, v[1].buf, v[0].len / 4, v[2].buf, v[3].buf, v[4].buf, v[5].buf, number ? v[8].len / 4 / number : 0};
    const int64_t *starts = v[6].buf, *stops = v[7].buf;
    float *sums = v[8].buf;
    Py_BEGIN_ALLOW_THREADS
    for (Py_ssize_t i = 0; i < number; i++) sum_of(&run, starts[i], stops[i], sums + i * run.width);
    Py_END_ALLOW_THREADS
    release_all(v, 9);
    Py_RETURN_NONE;
}

static PyMethodDef methods[] = {
    {"blocks", (PyCFunction)(void (*)(void))blocks, METH_FASTCALL, "Sums over blocks of letters; see sums.py."},
    {NULL, NULL, 0, NULL},
};

MODULE(_sums, "Sums over blocks of letters, compiled.", methods)
