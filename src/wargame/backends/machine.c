/* The machine that plays a compiled scenario: it interprets a Program's tables over blocks of runs.

   One file, no dependency, and nothing in it knows any scenario. What an operation means is said
   in docs/machine.md; `wargame.program` numbers the operations and the head of the tables, and a
   test holds the two enumerations below against it. Every index in a Program has been checked
   before it comes here (`wargame.program_check`), and every value fits its type by proof of the
   compiler, so nothing is checked again.

   The file is read twice, for cells of 32 and of 64 bits; a block is up to LANES runs, and a
   register one number of each of them. Luck is Philox4x64-10 (Salmon et al. 2011), counter by name. */

#ifndef BITS

#include <stdint.h>
#ifdef __wasm__
#include "browser/memory.h"
#else
#include <stdlib.h>
#include <string.h>
#endif

#define LANES 512      /* runs of a block, at most */
#define BLOCK (1 << 20) /* bytes of its registers, at most: half of the cache of a usual core */
#if defined(__AVX512F__)
#define BYTES 64
#elif defined(__AVX2__)
#define BYTES 32
#else
#define BYTES 16
#endif
#define ALIGNED __attribute__((aligned(64)))

/* Products of 32-bit numbers that stand in lanes of 64 bits; compilers do not find these. */
#if defined(__AVX512F__)
#include <immintrin.h>
#define PRODUCTS(a, b) ((wide)_mm512_mul_epu32((__m512i)(a), (__m512i)(b)))
#elif defined(__AVX2__)
#include <immintrin.h>
#define PRODUCTS(a, b) ((wide)_mm256_mul_epu32((__m256i)(a), (__m256i)(b)))
#elif defined(__SSE2__)
#include <emmintrin.h>
#define PRODUCTS(a, b) ((wide)_mm_mul_epu32((__m128i)(a), (__m128i)(b)))
#else
#define PRODUCTS(a, b) (((a) & 0xFFFFFFFFu) * (b))
#endif

enum { /* what a step computes, as wargame.program.Code */
  CELL, SIGHT, TURN, CONSTANT, ADD, SUB, MUL, DIV, MOD, MIN, MAX, NEG, ABS, LT, LE, GT, GE, EQ, NE,
  AND, OR, NOT, NUM, KEEP, CHOOSE,
  MOVE, ADDI, RSUBI, MULI, DIVI, MODI, MINI, MAXI, LTI, LEI, GTI, GEI, EQI, NEI, KEEPI, CLAMP,
  SUM, TIMES, OVER, UNLESS, COOL,
  UNKNOWN, AT, HAPPEN, CHANCE, APPLY, SEE, URN, RESOLVE, REMEMBER, CLIMB, REACH, HOLD, END,
  SHIFT, SCALE, CUT, RECENT, AGO, LONG
};

enum { SKIPPED = -2 }; /* an umpire's verdict: the order does not stand; -1 leaves it to luck */

enum { /* the head of the tables, as wargame.program.Head */
  FORMAT, WIDTH, REGISTERS, CELLS, SCRATCH, HORIZON, ACTORS, ORDERS, SLOTS, START, LABELS,
  BEGIN, BEGIN_END, OPEN, OPEN_END, DECIDE, DECIDE_END, CLOSE, CLOSE_END,
  POOL, SUCCESS, WON, LOST, LAST, COUNTED, NUMBERS, PLAYED, UP, DOWN, RELAPSE, KEPT, LIMIT,
  ENDINGS, HASHED, FIRST_FACTORS, SECOND_FACTORS, KEEPS, KEPT_ROWS, HEAD
};

/* ------------------------------------------------------------------------------------- luck */

#define PHILOX_0 0xD2E7470EE14C6C93ULL
#define PHILOX_1 0xCA5A826395121157ULL
#define WEYL_0 0x9E3779B97F4A7C15ULL
#define WEYL_1 0xBB67AE8584CAA73BULL

static inline uint64_t multiply(uint64_t a, uint64_t b, uint64_t *low) {
#ifdef __wasm__ /* has no such product: by halves, hidden from the compiler, which makes it a call */
  const uint64_t x = a >> 32, y = b >> 32, u = (uint32_t)a, v = (uint32_t)b;
  uint64_t middle = x * v + (u * v >> 32);
  __asm__("" : "+r"(middle));
  const uint64_t cross = u * y + (uint32_t)middle;
  *low = a * b;
  return x * y + (middle >> 32) + (cross >> 32);
#else
  unsigned __int128 product = (unsigned __int128)a * b;
  *low = (uint64_t)product;
  return (uint64_t)(product >> 64);
#endif
}

/* Four runs share a step of the generator: a group. Its first round depends on the group alone;
   what can be known of it is kept. A word is kept in two halves, for they are used one by one. */
typedef struct {
  uint64_t key[2];
  int groups;
  int straight;             /* lane l has word l of the groups, so nothing need be picked */
  uint16_t group[LANES];    /* of each lane */
  uint16_t pick[LANES];     /* where the word of each lane stands among the groups' */
  uint16_t live[LANES];     /* the groups in which some run goes on, and how many */
  int lives;
  uint64_t a[LANES], high[LANES], low[LANES];
  uint32_t upper[LANES] ALIGNED, lower[LANES] ALIGNED; /* what was drawn last, by lane */
  uint32_t up[4 * LANES], down[4 * LANES];
} Luck;

static void name_runs(Luck *luck, const int64_t *runs, int n) {
  int64_t last = -1;
  luck->groups = 0;
  luck->straight = 1;
  for (int l = 0; l < n; l++) {
    int64_t block = runs[l] / 4;
    if (block != last) {
      uint64_t low, high = multiply(PHILOX_0, (uint64_t)block + 1, &low);
      int g = luck->groups++;
      luck->a[g] = low;
      luck->high[g] = multiply(PHILOX_1, high ^ luck->key[1], &luck->low[g]);
      last = block;
    }
    luck->group[l] = (uint16_t)(luck->groups - 1);
    luck->pick[l] = (uint16_t)(4 * (luck->groups - 1) + runs[l] % 4);
    luck->straight &= luck->pick[l] == l;
  }
}

enum { UPPER = 1, LOWER = 2 }; /* which halves of words somebody wants */

/* The words of (key, label, turn) for some of the groups. */
static inline __attribute__((always_inline)) void
draw_halves(Luck *luck, uint64_t label, uint64_t turn, const uint16_t *groups, int count, int n,
            const int halves) {
  uint64_t k0 = luck->key[0], k1 = luck->key[1], low_1, high_1 = multiply(PHILOX_1, label, &low_1);
  uint64_t low_0, high_0 = multiply(PHILOX_0, high_1 ^ turn ^ k0, &low_0);
  uint32_t *up = luck->straight ? luck->upper : luck->up;
  uint32_t *down = luck->straight ? luck->lower : luck->down;
  for (int i = 0; i < count; i++) {
    const int g = groups[i];
    uint64_t a = k0 + WEYL_0, b = k1 + WEYL_1;
    uint64_t c0 = luck->high[g] ^ low_1 ^ a, c1 = luck->low[g], c2 = high_0 ^ luck->a[g] ^ b, c3 = low_0;
#pragma GCC unroll 8
    for (int round = 2; round < 10; round++) {
      a += WEYL_0;
      b += WEYL_1;
      uint64_t l0, l1, h0 = multiply(PHILOX_0, c0, &l0), h1 = multiply(PHILOX_1, c2, &l1);
      c0 = h1 ^ c1 ^ a;
      c1 = l1;
      c2 = h0 ^ c3 ^ b;
      c3 = l0;
    }
    const uint64_t words[] = {c0, c1, c2, c3};
#pragma GCC unroll 4
    for (int w = 0; w < 4; w++) {
      if (halves & UPPER) up[4 * g + w] = (uint32_t)(words[w] >> 32);
      if (halves & LOWER) down[4 * g + w] = (uint32_t)words[w];
    }
  }
  if (luck->straight) return;
  if (halves & UPPER) for (int l = 0; l < n; l++) luck->upper[l] = up[luck->pick[l]];
  if (halves & LOWER) for (int l = 0; l < n; l++) luck->lower[l] = down[luck->pick[l]];
}

static __attribute__((noinline)) void draw(Luck *luck, uint64_t label, uint64_t turn,
                                           const uint16_t *groups, int count, int n, int halves) {
  if (halves == UPPER) draw_halves(luck, label, turn, groups, count, n, UPPER);
  else if (halves == LOWER) draw_halves(luck, label, turn, groups, count, n, LOWER);
  else draw_halves(luck, label, turn, groups, count, n, UPPER | LOWER);
}

/* A whole number in 0..total-1 from half a word; 0 where the total is 0. */
static inline int64_t below(uint32_t half, uint64_t total) { return (int64_t)((half * total) >> 32); }

#ifndef SOURCE
#define SOURCE "?"
#endif
const char *source(void) { return SOURCE; }

#define BITS 32
#include "machine.c"
#undef BITS
#define BITS 64
#include "machine.c"

#else /* ------------------------------------------------------------- once for each width */

#if BITS == 32
typedef int32_t cell32;
typedef cell32 vec32 __attribute__((vector_size(BYTES), may_alias));
#define word cell32
#define vec vec32
#define N(name) name##_32
#else
typedef int64_t cell64;
typedef cell64 vec64 __attribute__((vector_size(BYTES), may_alias));
#undef word
#undef vec
#undef N
#define word cell64
#define vec vec64
#define N(name) name##_64
#endif

#define WIDE ((int)(BYTES / sizeof(word))) /* numbers in a vector */

typedef struct {
  const word *p;           /* the tables */
  const uint64_t *labels;  /* the words of luck's names */
  word *r;                 /* registers, so many numbers each */
  word turn;
  int64_t stride;          /* room for lanes in a register: a power of two */
  int n, vectors;          /* lanes in use, and the vectors that cover them */
  Luck *luck;
  word *live;              /* a mask: lanes whose run goes on */
  word *orders;            /* orders x stride: places in the tables of moves */
  int given;               /* whether some orders are: those are not -1 */
  int8_t *ruled, *verdicts; /* orders x stride: room for an umpire's verdicts; these, or NULL */
  word *done;              /* orders x stride, a mask: whether an order succeeded */
  word *slots;             /* orders x stride: what it comes to */
  unsigned *count;         /* lanes in which each slot happens */
  uint16_t *lanes;         /* slots x stride: which ones */
  word *pool;              /* values of slots until they are applied */
  word *ending;            /* of each lane; -1 while it goes on */
  int happened;            /* whether anything has since the last APPLY */
  uint8_t *seen;           /* slots x total, where somebody wants to know what happened, or NULL */
  int64_t total, from;
} N(Machine);

#define MACHINE N(Machine)
#define R(k) (m->r + (size_t)(k) * m->stride)
#define EACH for (int j = 0; j < vectors; j++)
#define LANE for (int l = 0; l < n; l++)
#define PAIR(op, e) case op: EACH { vec x = a[j], y = b[j]; d[j] = (e); } break;
#define WITH(op, e) case op: { vec y = (vec){0} + s[3]; EACH { vec x = a[j]; d[j] = (e); } } break;
#define SINCE(turns) (m->turn - (turns) > 1 ? m->turn - (turns) : 1) /* the turn so long ago */
#define PICK(mask, x, y) (((mask) & (x)) | (~(mask) & (y)))

static inline word N(divide)(word a, word b) {
  if (!b) return 0;
  if (b == -1) return (word)-(BITS == 32 ? (uint32_t)a : (uint64_t)a); /* what a processor cannot */
  word q = a / b;
  return q - ((a % b != 0) & ((a < 0) != (b < 0)));
}

/* x // y for y > 0; with 32 bits by a multiplication, whose factor and shift the program brings */
static inline vec N(quotient)(vec x, word y, word by, word shift) {
#if BITS == 32
  /* Two products at a time, of the numbers that stand at even and at odd places. */
  typedef uint64_t wide __attribute__((vector_size(BYTES), may_alias));
  const wide factor = (wide){0} + (uint32_t)by;
  (void)y;
  const vec sign = x >> 31;
  const wide u = (wide)(x ^ sign);
  const wide even = PRODUCTS(u, factor) >> shift, odd = PRODUCTS(u >> 32, factor) >> shift;
  return (vec)(even | odd << 32) ^ sign;
#else
  vec q;
  (void)by, (void)shift;
  for (int l = 0; l < WIDE; l++) q[l] = N(divide)(x[l], y);
  return q;
#endif
}

/* The groups of luck in which some lane is needed; how many. */
static int N(groups)(const Luck *luck, const word *needed, int n, uint16_t *found) {
  uint8_t wanted[LANES] = {0};
  int count = 0;
  if (luck->straight && n % 4 == 0)
    for (int g = 0; g < n / 4; g++) {
      const word *four = needed + 4 * g;
      wanted[g] = (four[0] | four[1] | four[2] | four[3]) != 0;
    }
  else
    for (int l = 0; l < n; l++) wanted[luck->group[l]] |= needed[l] != 0;
  for (int g = 0; g < luck->groups; g++) {
    found[count] = (uint16_t)g;
    count += wanted[g];
  }
  return count;
}

static void N(draw_all)(MACHINE *m, word label, int halves) {
  draw(m->luck, m->labels[label], (uint64_t)m->turn, m->luck->live, m->luck->lives, m->n, halves);
}

static void N(draw_some)(MACHINE *m, word label, const word *needed, int halves) {
  uint16_t groups[LANES];
  const int count = N(groups)(m->luck, needed, m->n, groups);
  draw(m->luck, m->labels[label], (uint64_t)m->turn, groups, count, m->n, halves);
}

/* A slot that happens twice in one lane, which no compiler writes, stays within its lanes. */
static inline void N(happen)(MACHINE *m, word slot, int lane) {
  m->lanes[(size_t)slot * m->stride + (m->count[slot]++ & (m->stride - 1))] = (uint16_t)lane;
  m->happened = 1;
}

static void N(phase)(MACHINE *m, const word *s);

/* Steps of six words each: operation, register for the result, operands. */
static __attribute__((noinline)) void N(steps)(MACHINE *m, const word *s, const word *end) {
  const int vectors = m->vectors, n = vectors * WIDE;
  for (; s < end; s += 6) {
    vec *d = (vec *)R(s[1]);
    const vec *a = (const vec *)R(s[2]), *b = (const vec *)R(s[3]);
    switch (s[0]) {
      PAIR(ADD, x + y) PAIR(SUB, x - y) PAIR(MUL, x * y)
      PAIR(MIN, PICK(x < y, x, y)) PAIR(MAX, PICK(x > y, x, y))
      PAIR(LT, x < y) PAIR(LE, x <= y) PAIR(GT, x > y) PAIR(GE, x >= y) PAIR(EQ, x == y) PAIR(NE, x != y)
      PAIR(AND, x & y) PAIR(OR, x | y) PAIR(KEEP, x & y) PAIR(UNLESS, x & ~y)
      WITH(ADDI, x + y) WITH(RSUBI, y - x) WITH(MULI, x * y)
      WITH(MINI, PICK(x < y, x, y)) WITH(MAXI, PICK(x > y, x, y))
      WITH(LTI, x < y) WITH(LEI, x <= y) WITH(GTI, x > y) WITH(GEI, x >= y) WITH(EQI, x == y) WITH(NEI, x != y)
      WITH(KEEPI, x & y)
      case MOVE: EACH d[j] = a[j]; break;
      case NEG: case NUM: EACH d[j] = -a[j]; break;
      case NOT: EACH d[j] = ~a[j]; break;
      case ABS: EACH { vec x = a[j], sign = x >> (BITS - 1); d[j] = (x ^ sign) - sign; } break;
      case TURN: EACH d[j] = (vec){0} + m->turn; break;
      case CONSTANT: EACH d[j] = (vec){0} + s[3]; break;
      case CHOOSE: { const vec *c = (const vec *)R(s[4]); EACH { vec p = a[j]; d[j] = PICK(p, b[j], c[j]); } } break;
      case CLAMP: {
        vec low = (vec){0} + s[3], high = (vec){0} + s[4];
        EACH { vec x = a[j]; x = PICK(x > low, x, low); d[j] = PICK(x < high, x, high); }
      } break;
      case DIV: { const word *x = R(s[2]), *y = R(s[3]); word *q = R(s[1]); LANE q[l] = N(divide)(x[l], y[l]); } break;
      case MOD: {
        const word *x = R(s[2]), *y = R(s[3]);
        word *q = R(s[1]);
        LANE q[l] = y[l] ? x[l] - y[l] * N(divide)(x[l], y[l]) : 0;
      } break;
      case DIVI: { const word y = s[3], by = s[4], shift = s[5]; EACH d[j] = N(quotient)(a[j], y, by, shift); } break;
      case MODI: {
        const word y = s[3], by = s[4], shift = s[5];
        EACH { vec x = a[j]; d[j] = x - N(quotient)(x, y, by, shift) * y; }
      } break;
      case OVER: {
        const word y = s[3], by = s[4], shift = s[5];
        vec *w = (vec *)R(s[2]);
        EACH { vec p = d[j], x = w[j]; w[j] = PICK(p, N(quotient)(x, y, by, shift), x); }
      } break;
      case TIMES: { vec y = (vec){0} + s[3]; EACH { vec x = d[j]; d[j] = PICK(a[j], x * y, x); } } break;
      case SUM: { /* max(0, base + what applies), from pairs of register and amount; -1 takes all */
        vec sum[LANES / WIDE];
        vec base = (vec){0} + s[2], zero = {0};
        EACH sum[j] = base;
        const word *t = s + 6;
        for (int k = 0; k < s[3]; k++, t += 2) {
          const vec *x = (const vec *)R(t[0]);
          vec y = (vec){0} + t[1];
          EACH sum[j] += x[j] & y;
        }
        EACH d[j] = PICK(sum[j] > zero, sum[j], zero);
        s += (2 * s[3] + 5) / 6 * 6;
      } break;
      case SHIFT: { const word by = s[3]; EACH d[j] = a[j] >> by; } break;
      case SCALE: {
        const vec factor = (vec){0} + s[3], half = factor >> 1;
        const word by = s[4];
        EACH d[j] = (a[j] * factor + half) >> by;
      } break;
      case CUT: {
        const vec factor = (vec){0} + s[3], half = factor >> 1;
        const word by = s[4];
        vec *w = (vec *)R(s[2]);
        EACH { vec p = d[j], x = w[j]; w[j] = PICK(p, (x * factor + half) >> by, x); }
      } break;
      case RECENT: { const vec t = (vec){0} + SINCE(s[3]); EACH d[j] = a[j] >= t; } break;
      case LONG: { const vec t = (vec){0} + SINCE(s[3]); EACH d[j] = a[j] < t; } break;
      case COOL: { const vec t = (vec){0} + SINCE(s[3]); EACH d[j] &= a[j] < t; } break;
      case AGO: {
        const vec t = (vec){0} + (m->turn > s[3] ? m->turn - s[3] : -1);
        EACH d[j] = a[j] == t;
      } break;
      case AT: if (m->turn != s[2]) s += 6 * s[3]; break;
      default: N(phase)(m, s);
    }
  }
}

/* ----------------------------------------------------------------------------- effects */

/* A book: how many slots; how many rows to clamp, and where; then ten words for each slot:
   constant adds (where, how many), constant sets, code (where, end), its values (where, how many:
   register, row, whether it sets), the rows that it reads (where, how many). */
static void N(apply)(MACHINE *m, const word *book) {
  const word *p = m->p;
  const int slots = (int)book[0], vectors = m->vectors;
  int active = 0, used = 0;
  if (!m->happened) return;
  m->happened = 0;
  int act[slots + 1], at[slots + 1];
  for (int k = 0; k < slots; k++) {
    act[active] = k;
    active += m->count[k] > 0;
    if (m->count[k] > m->stride) m->count[k] = (unsigned)m->stride;
  }
  m->count[slots] = 0;
  if (m->seen)
    for (int i = 0; i < active; i++)
      for (unsigned l = 0; l < m->count[act[i]]; l++)
        m->seen[act[i] * m->total + m->from + m->lanes[(size_t)act[i] * m->stride + l]] = 1;
  word *gathered = R(p[SCRATCH]);
  for (int i = 0; i < active; i++) {
    const word *s = book + 3 + 10 * act[i];
    const int n = m->count[act[i]], full = (n + WIDE - 1) / WIDE * WIDE;
    const uint16_t *lanes = m->lanes + (size_t)act[i] * m->stride;
    at[i] = used;
    if (!s[7]) continue;
    for (int k = 0; k < s[9]; k++) {
      const word *from = R(p[s[8] + k]);
      word *to = gathered + (size_t)k * m->stride;
      LANE to[l] = from[lanes[l]];
      for (int l = n; l < full; l++) to[l] = to[0];
    }
    m->vectors = full / WIDE;
    N(steps)(m, p + s[4], p + s[5]);
    m->vectors = vectors;
    for (int k = 0; k < s[7]; k++, used += full) memcpy(m->pool + used, R(p[s[6] + 3 * k]), (size_t)full * sizeof(word));
  }
  for (int sets = 1; sets >= 0; sets--) /* sets come before adds; the later slot counts */
    for (int i = 0; i < active; i++) {
      const word *s = book + 3 + 10 * act[i], *t = p + s[2 * sets], *live = p + s[6];
      const int n = m->count[act[i]], full = (n + WIDE - 1) / WIDE * WIDE;
      const uint16_t *lanes = m->lanes + (size_t)act[i] * m->stride;
      if (s[2 * sets + 1] && 8 * n >= m->n) { /* many lanes: whole vectors through a mask */
        word mask[LANES] ALIGNED = {0};
        LANE mask[lanes[l]] = -1;
        for (int k = 0; k < s[2 * sets + 1]; k++, t += 2) {
          const vec *here = (const vec *)mask, amount = (vec){0} + t[1];
          vec *c = (vec *)R(t[0]);
          if (sets) EACH c[j] = PICK(here[j], amount, c[j]);
          else EACH c[j] += here[j] & amount;
        }
      } else for (int k = 0; k < s[2 * sets + 1]; k++, t += 2) {
        word *c = R(t[0]), amount = t[1];
        if (sets) LANE c[lanes[l]] = amount;
        else LANE c[lanes[l]] += amount;
      }
      for (int k = 0; k < s[7]; k++, live += 3) {
        if (live[2] != sets) continue;
        word *c = R(live[1]), *v = m->pool + at[i] + (size_t)k * full;
        if (sets) LANE c[lanes[l]] = v[l];
        else LANE c[lanes[l]] += v[l];
      }
    }
  for (int i = 0; i < active; i++) m->count[act[i]] = 0;
  const word *t = p + book[2];
  for (int k = 0; k < book[1]; k++, t += 3) {
    vec *c = (vec *)R(t[0]), low = (vec){0} + t[1], high = (vec){0} + t[2];
    EACH { vec x = c[j]; x = PICK(x > low, x, low); c[j] = PICK(x < high, x, high); }
  }
}

/* ------------------------------------------------------------------------------ phases */

static void N(chance)(MACHINE *m, const word *t) { /* chance, label, first slot, outcomes, weights */
  const int n = m->n, outcomes = (int)t[3];
  const word *chance = R(t[0]), *weights = m->p + t[4], *live = m->live;
  word needed[LANES] ALIGNED, any = 0;
  LANE any |= needed[l] = -(chance[l] > 0) & live[l];
  if (!any) return;
  N(draw_some)(m, t[1], needed, outcomes ? UPPER | LOWER : UPPER);
  const uint32_t *upper = m->luck->upper;
  any = 0;
  LANE any |= needed[l] &= -((word)below(upper[l], 1000) < chance[l]);
  if (any) LANE {
    if (!needed[l]) continue;
    word slot = t[2];
    if (outcomes) {
      uint64_t total = 0, edge = 0;
      int passed = 0;
      for (int k = 0; k < outcomes; k++) {
        word w = weights[2 * k] < 0 ? weights[2 * k + 1] : R(weights[2 * k])[l];
        total += w > 0 ? (uint64_t)w : 0;
      }
      uint64_t drawn = (uint64_t)below(m->luck->lower[l], total);
      for (int k = 0; k < outcomes; k++) {
        word w = weights[2 * k] < 0 ? weights[2 * k + 1] : R(weights[2 * k])[l];
        edge += w > 0 ? (uint64_t)w : 0;
        passed += edge <= drawn;
      }
      if (passed >= outcomes) continue; /* no weight at all */
      slot += passed;
    }
    N(happen)(m, slot, l);
  }
}

static void N(see)(MACHINE *m, const word *t) { /* to, cell, label, width, its register or -1, low, high */
  const int n = m->n;
  word *to = R(t[0]);
  const word *from = R(t[1]), *widths = t[4] < 0 ? NULL : R(t[4]);
  const uint32_t *halves = m->luck->lower;
  N(draw_all)(m, t[2], LOWER);
  if (!widths && t[3] < 32768) { /* the usual case, within 32 bits */
    const word width = t[3], least = t[5], most = t[6];
    LANE {
      int32_t error = (int32_t)(halves[l] & 0xFFFF) - (int32_t)(halves[l] >> 16);
      word x = from[l] + (word)((error * (int32_t)width + 32768) >> 16);
      x = x > least ? x : least;
      to[l] = x < most ? x : most;
    }
    return;
  }
  LANE {
    uint32_t lower = halves[l];
    int64_t width = widths ? (widths[l] > 0 ? widths[l] : 0) : t[3];
    int64_t error = (((int64_t)(lower & 0xFFFF) - (int64_t)(lower >> 16)) * width + 32768) >> 16;
    int64_t x = from[l] + error;
    x = x > t[5] ? x : t[5];
    to[l] = (word)(x < t[6] ? x : t[6]);
  }
}

/* first weight, moves, orders, move that goes back, what each move comes to, first label, first
   order; a move comes to its place in the tables of moves, one that is forbidden to none's */
static void N(urn)(MACHINE *m, const word *t) {
  const int n = m->n, vectors = m->vectors, moves = (int)t[1];
  const word *places = m->p + t[4];
  word total[LANES] ALIGNED, drawn[LANES] ALIGNED = {0};
  for (int k = 0; k < t[2]; k++) {
    word *order = m->orders + (size_t)(t[6] + k) * m->stride;
    const uint32_t *upper = m->luck->upper;
    EACH { /* what was drawn before does not go back */
      const vec out = ((vec *)drawn)[j];
      vec sum = {0};
      for (int q = 0; q < moves; q++) {
        vec *w = (vec *)R(t[0] + q) + j;
        if (k && q != t[3]) *w &= out != (vec){0} + q;
        sum += *w;
      }
      ((vec *)total)[j] = sum;
    }
    N(draw_all)(m, t[5] + k, UPPER);
    LANE drawn[l] = (word)below(upper[l], (uint64_t)total[l]);
    EACH {
      const vec sum = ((vec *)total)[j], here = ((vec *)drawn)[j], zero = {0};
      vec edge = {0}, passed = {0};
      for (int q = 0; q < moves; q++) {
        edge += ((const vec *)R(t[0] + q))[j];
        passed -= edge <= here;
      }
      vec some = sum > zero, none = zero + moves;
      ((vec *)drawn)[j] = PICK(some, passed, none);
    }
    if (m->given) LANE order[l] = order[l] < 0 ? places[drawn[l]] : order[l];
    else LANE order[l] = places[drawn[l]];
  }
}

/* orders (first, how many), first label, live odds (where, how many: move, register), none's place */
static void N(resolve)(MACHINE *m, const word *t) {
  const int n = m->n, vectors = m->vectors;
  const word *p = m->p, *success = p + p[SUCCESS];
  const word none = p[SLOTS], *alive = m->live;
  for (int k = 0; k < t[1]; k++) {
    const size_t row = (size_t)(t[0] + k) * m->stride;
    const int8_t *verdict = m->verdicts ? m->verdicts + row : NULL;
    const word *live = p + t[3];
    word *order = m->orders + row;
    if (verdict) LANE order[l] = verdict[l] == SKIPPED ? t[5] : order[l];
    word odds[LANES] ALIGNED, needed[LANES] ALIGNED, any = 0;
    word *slot = m->slots + row, *done = m->done + row;
    LANE odds[l] = success[order[l]];
    EACH {
      const vec chosen = ((const vec *)order)[j];
      vec here = ((vec *)odds)[j];
      for (int q = 0; q < t[4]; q++) {
        const vec own = chosen == (vec){0} + live[2 * q];
        here = PICK(own, ((const vec *)R(live[2 * q + 1]))[j], here);
      }
      ((vec *)odds)[j] = here;
    }
    LANE any |= needed[l] = -(odds[l] < 1000) & alive[l];
    if (any) N(draw_some)(m, t[2] + k, needed, UPPER);
    const uint32_t *upper = m->luck->upper;
    LANE done[l] = ~needed[l] | -((word)below(upper[l], 1000) < odds[l]);
    if (verdict) LANE done[l] = verdict[l] < 0 ? done[l] : -(word)verdict[l];
    LANE slot[l] = p[(done[l] ? p[WON] : p[LOST]) + order[l]];
    EACH ((vec *)slot)[j] = PICK(((const vec *)alive)[j], ((vec *)slot)[j], (vec){0} + none);
    for (int q = 0; q < k; q++) { /* what an actor does twice happens once */
      const word *before = slot - (size_t)(k - q) * m->stride;
      LANE slot[l] = slot[l] == before[l] ? none : slot[l];
    }
    int acted = 0;
    uint16_t lanes[LANES];
    LANE {
      lanes[acted] = (uint16_t)l;
      acted += slot[l] != none;
    }
    for (int i = 0; i < acted; i++) N(happen)(m, slot[lanes[i]], lanes[i]);
  }
}

static void N(remember)(MACHINE *m, const word *t) { /* orders: first, how many; any counted */
  const int n = m->n;
  const int64_t stride = m->stride;
  const word *p = m->p, *last = p + p[LAST], *counted = p + p[COUNTED];
  for (int k = 0; k < t[1]; k++) {
    const word *order = m->orders + (size_t)(t[0] + k) * m->stride;
    LANE R(last[order[l]])[l] = m->turn;
    if (t[2]) LANE {
      word row = counted[order[l]];
      int first = row >= 0;
      for (int q = 1; first && q <= k; q++) first = order[l - q * stride] != order[l];
      if (first) R(row)[l]++;
    }
  }
}

static void N(climb)(MACHINE *m, const word *t) { /* stage, heat, forced, peak */
  const int n = m->n;
  const word *p = m->p, *up = p + p[UP], *down = p + p[DOWN], limit = p[LIMIT];
  word *stage = R(t[0]), *heat = R(t[1]), *peak = R(t[3]);
  const word *forced = R(t[2]);
  LANE {
    word s = stage[l] < 0 ? 0 : stage[l] > 9 ? 9 : stage[l], h = heat[l] + forced[l] * p[RELAPSE];
    h = h < -limit ? -limit : h > limit ? limit : h;
    word rises = h >= up[s], falls = h <= -down[s], left = (h < 0 ? -h : h) * p[KEPT] / 1000;
    stage[l] = s += rises - falls;
    heat[l] = rises | falls ? 0 : h < 0 ? -left : left;
    peak[l] = s > peak[l] ? s : peak[l];
  }
}

static void N(phase)(MACHINE *m, const word *s) {
  const int n = m->n, vectors = m->vectors;
  const word *p = m->p, *t = p + s[2];
  switch (s[0]) {
    case UNKNOWN: { /* d: the cell; a table of label, values, edges, how many */
      const word *values = p + t[1], *edges = p + t[2];
      word *to = R(s[1]);
      N(draw_all)(m, t[0], UPPER);
      LANE {
        const int64_t drawn = below(m->luck->upper[l], (uint64_t)edges[t[3] - 1]);
        const word *first = edges;
        for (word size = t[3], half; size > 1; size -= half) {
          half = size / 2;
          first += first[half - 1] <= drawn ? half : 0;
        }
        to[l] = values[first - edges];
      }
    } break;
    case HAPPEN: { /* d: the slot; b: the condition, or -1 */
      const word *when = s[3] < 0 ? NULL : R(s[3]);
      LANE if (m->live[l] && (!when || when[l])) N(happen)(m, s[1], l);
    } break;
    case CHANCE: N(chance)(m, t); break;
    case APPLY: N(apply)(m, t); break;
    case SEE: N(see)(m, t); break;
    case URN: N(urn)(m, t); break;
    case RESOLVE: N(resolve)(m, t); break;
    case REMEMBER: N(remember)(m, t); break;
    case CLIMB: N(climb)(m, t); break;
    case REACH: { /* d: the turn it was reached; b: whether it holds */
      vec *turn = (vec *)R(s[1]);
      const vec *holds = (const vec *)R(s[3]), zero = {0};
      EACH { vec x = turn[j], first = (x == zero) & holds[j]; turn[j] = PICK(first, zero + m->turn, x); }
    } break;
    case HOLD: { /* d: for how many turns it has held; b: whether it holds; x: enough of them */
      vec *turns = (vec *)R(s[1]), *holds = (vec *)R(s[3]);
      EACH {
        const vec x = (turns[j] + 1) & holds[j];
        turns[j] = x;
        holds[j] = x >= (vec){0} + s[4];
      }
    } break;
    case END: { /* b: whether it holds, or -1; d: which ending; x: only at the horizon */
      if (s[4] && m->turn < p[HORIZON]) break;
      const vec *holds = s[3] < 0 ? NULL : (const vec *)R(s[3]), zero = {0};
      vec *ending = (vec *)m->ending;
      EACH {
        const vec x = ending[j];
        vec first = x < zero;
        if (holds) first &= holds[j];
        ending[j] = PICK(first, zero + s[1], x);
      }
    } break;
  }
}

/* ------------------------------------------------------------------------------ a block */

static void N(roll)(MACHINE *m, uint64_t *trail) { /* the rolling hash after one more turn */
  const word *p = m->p, *numbers = p + p[NUMBERS];
  const int n = m->n, vectors = m->vectors, hashed = (int)p[HASHED], orders = (int)(p[ACTORS] * p[ORDERS]);
  word one[LANES] ALIGNED, two[LANES] ALIGNED;
  word *number = m->slots; /* nobody needs them any more */
  for (int k = 0; k < orders; k++) {
    const word *x = m->orders + (size_t)k * m->stride;
    LANE number[(size_t)k * m->stride + l] = numbers[x[l]];
  }
  EACH {
    vec a = {0}, b = {0};
    const word *f = p + p[FIRST_FACTORS], *g = p + p[SECOND_FACTORS];
    for (int k = 0; k < hashed; k++) {
      const vec x = ((const vec *)R(k))[j];
      a += x * *f++;
      b += x * *g++;
    }
    for (int k = 0; k < orders; k++) {
      const vec x = ((const vec *)(number + (size_t)k * m->stride))[j];
      a += x * *f++;
      b += x * *g++;
    }
    ((vec *)one)[j] = a;
    ((vec *)two)[j] = b;
  }
  LANE if (m->live[l]) {
    uint64_t mixed = trail[l] * WEYL_0 + ((uint64_t)(uint32_t)one[l] << 32 | (uint32_t)two[l]);
    trail[l] = mixed ^ (mixed >> 29);
  }
}

#define CODE(from) N(steps)(m, m->p + m->p[from], m->p + m->p[from + 1])

static void *N(space)(void **at, size_t bytes) {
  void *here = *at;
  *at = (char *)here + (bytes + 63) / 64 * 64;
  return here;
}

/* For a block of as many runs as there are, or as the cache holds. */
static MACHINE *N(machine)(const word *p, const uint64_t *labels, const uint64_t *key, int64_t n) {
  size_t stride = LANES;
  while (stride > 64 / sizeof(word) && (stride / 2 >= (size_t)n || p[REGISTERS] * stride * sizeof(word) > BLOCK))
    stride /= 2;
  size_t orders = (size_t)(p[ACTORS] * p[ORDERS]) + 1, slots = (size_t)p[SLOTS] + 1;
  size_t bytes = 64 * 32 + sizeof(MACHINE) + sizeof(Luck) +
                 ((size_t)p[REGISTERS] + orders * 3 + (size_t)p[POOL] + 3) * stride * sizeof(word) +
                 slots * (stride * sizeof(uint16_t) + sizeof(unsigned)) + orders * stride;
  char *whole = aligned_alloc(64, (bytes + 63) / 64 * 64);
  if (!whole) return NULL;
  memset(whole, 0, bytes);
  void *at = whole;
  MACHINE *m = N(space)(&at, sizeof(MACHINE));
  m->p = p;
  m->stride = (int64_t)stride;
  m->labels = labels;
  m->luck = N(space)(&at, sizeof(Luck));
  m->luck->key[0] = key[0];
  m->luck->key[1] = key[1];
  m->live = N(space)(&at, stride * sizeof(word));
  m->r = N(space)(&at, (size_t)p[REGISTERS] * stride * sizeof(word));
  m->orders = N(space)(&at, orders * stride * sizeof(word));
  m->slots = N(space)(&at, orders * stride * sizeof(word));
  m->done = N(space)(&at, orders * stride * sizeof(word));
  m->ending = N(space)(&at, stride * sizeof(word));
  m->count = N(space)(&at, slots * sizeof(unsigned));
  m->lanes = N(space)(&at, slots * stride * sizeof(uint16_t));
  m->ruled = N(space)(&at, orders * stride);
  m->pool = at;
  return m;
}

/* Lanes of a block from columns of a table, rows x total; those to spare repeat the first. */
static void N(load)(MACHINE *m, const word *cells, int64_t total, int64_t from) {
  for (word k = 0; k < m->p[CELLS]; k++) {
    word *to = R(k);
    memcpy(to, cells + k * total + from, (size_t)m->n * sizeof(word));
    for (int l = m->n; l < (int)m->stride; l++) to[l] = to[0];
  }
}

static void N(store)(MACHINE *m, word *cells, int64_t total, int64_t from) {
  for (word k = 0; k < m->p[CELLS]; k++)
    memcpy(cells + k * total + from, R(k), (size_t)m->n * sizeof(word));
}

static void N(open_block)(MACHINE *m, const int64_t *runs, int n) {
  m->n = n;
  m->vectors = (n + WIDE - 1) / WIDE;
  for (int l = 0; l < (int)m->stride; l++) m->live[l] = -(l < n);
  name_runs(m->luck, runs, n);
  m->luck->lives = N(groups)(m->luck, m->live, n, m->luck->live);
}

static void N(begin_block)(MACHINE *m) {
  const word *start = m->p + m->p[START];
  for (word k = 0; k < m->p[CELLS]; k++)
    for (int l = 0; l < (int)m->stride; l++) R(k)[l] = start[k];
  m->turn = 0;
  CODE(BEGIN);
}

static void N(judge)(MACHINE *m) {
  for (int l = 0; l < (int)m->stride; l++) m->ending[l] = -1;
  CODE(CLOSE);
}

/* The world before the first turn: cells, rows x n. Returns 0, or -1 without memory. */
int N(begin)(const word *p, const uint64_t *labels, const uint64_t *key, const int64_t *runs,
             int64_t n, word *cells) {
  MACHINE *m = N(machine)(p, labels, key, n);
  if (!m) return -1;
  for (int64_t b = 0; b < n; b += m->stride) {
    N(open_block)(m, runs + b, n - b < m->stride ? (int)(n - b) : (int)m->stride);
    N(begin_block)(m);
    N(store)(m, cells, n, b);
  }
  free(m);
  return 0;
}

/* The news of a turn: cells in and out; happened, slots x n, is set where something happens. */
int N(news)(const word *p, const uint64_t *labels, const uint64_t *key, const int64_t *runs,
            int64_t n, int64_t turn, word *cells, uint8_t *happened) {
  MACHINE *m = N(machine)(p, labels, key, n);
  if (!m) return -1;
  m->seen = happened;
  m->total = n;
  for (int64_t b = 0; b < n; b += m->stride) {
    N(open_block)(m, runs + b, n - b < m->stride ? (int)(n - b) : (int)m->stride);
    N(load)(m, cells, n, b);
    m->turn = (word)turn;
    m->from = b;
    CODE(OPEN);
    N(store)(m, cells, n, b);
  }
  free(m);
  return 0;
}

/* The rest of a turn. orders, orders x n, in and out: places in the tables of moves, -1 for those
   that the rules draw. verdicts: the umpire's, or NULL. */
int N(close)(const word *p, const uint64_t *labels, const uint64_t *key, const int64_t *runs,
             int64_t n, int64_t turn, word *cells, word *orders, const int8_t *verdicts,
             uint8_t *done, int64_t *ending, uint64_t *trail) {
  MACHINE *m = N(machine)(p, labels, key, n);
  if (!m) return -1;
  m->given = 1;
  m->verdicts = verdicts ? m->ruled : NULL;
  for (int64_t b = 0; b < n; b += m->stride) {
    N(open_block)(m, runs + b, n - b < m->stride ? (int)(n - b) : (int)m->stride);
    const size_t size = (size_t)m->n;
    N(load)(m, cells, n, b);
    m->turn = (word)turn;
    for (word k = 0; k < p[ACTORS] * p[ORDERS]; k++) {
      memcpy(m->orders + k * m->stride, orders + k * n + b, size * sizeof(word));
      if (verdicts) memcpy(m->ruled + k * m->stride, verdicts + k * n + b, size);
    }
    CODE(DECIDE);
    N(judge)(m);
    N(roll)(m, trail + b);
    N(store)(m, cells, n, b);
    for (word k = 0; k < p[ACTORS] * p[ORDERS]; k++) {
      memcpy(orders + k * n + b, m->orders + k * m->stride, size * sizeof(word));
      for (size_t l = 0; l < size; l++) done[k * n + b + (int64_t)l] = m->done[k * m->stride + l] != 0;
    }
    for (size_t l = 0; l < size; l++) ending[b + (int64_t)l] = m->ending[l];
  }
  free(m);
  return 0;
}

/* Runs that have ended make room once a vector of lanes is free; luck knows a run by its number. */
static void N(compact)(MACHINE *m, int64_t *runs, int32_t *place, uint64_t *trail) {
  int n = 0;
  uint16_t lanes[LANES];
  for (int l = 0; l < m->n; l++) {
    lanes[n] = (uint16_t)l;
    n += m->live[l] != 0;
  }
  for (word k = 0; k < m->p[CELLS]; k++) {
    word *row = R(k);
    LANE row[l] = row[lanes[l]];
  }
  LANE {
    runs[l] = runs[lanes[l]];
    place[l] = place[lanes[l]];
    trail[l] = trail[lanes[l]];
  }
  N(open_block)(m, runs, n);
}

/* Whole runs to their ends. cells: the worlds after `turn` turns, rows x n, or NULL to begin. Out:
   ending, ended (its turn), trail (also in), kept (n x rows that are kept), played (moves of all
   actors, with one more each for none, x horizon), how often each was played. */
int N(play)(const word *p, const uint64_t *labels, const uint64_t *key, const int64_t *runs,
            int64_t n, int64_t turn, const word *cells, int64_t *ending, int64_t *ended,
            uint64_t *trail, word *kept, int64_t *played) {
  MACHINE *m = N(machine)(p, labels, key, n);
  if (!m) return -1;
  const int orders = (int)(p[ACTORS] * p[ORDERS]);
  const word *keeps = p + p[KEEPS];
  uint32_t *histogram = calloc((size_t)p[PLAYED] + 1, 4 * sizeof *histogram);
  if (!histogram) { free(m); return -1; }
  for (int64_t b = 0; b < n; b += m->stride) {
    int64_t numbers[LANES];
    int32_t place[LANES];
    uint64_t hash[LANES];
    const int size = n - b < m->stride ? (int)(n - b) : (int)m->stride;
    for (int l = 0; l < size; l++) {
      numbers[l] = runs[b + l];
      place[l] = l;
      hash[l] = trail[b + l];
    }
    N(open_block)(m, numbers, size);
    if (cells) N(load)(m, cells, n, b);
    else N(begin_block)(m);
    int alive = size;
    for (m->turn = (word)turn + 1; m->turn <= p[HORIZON] && alive; m->turn++) {
      if (4 * alive <= 3 * m->n && m->vectors > 1) N(compact)(m, numbers, place, hash);
      CODE(OPEN);
      CODE(DECIDE);
      memset(histogram, 0, (size_t)p[PLAYED] * 4 * sizeof *histogram);
      for (int k = 0; k < orders; k++) {
        const word *order = m->orders + (size_t)k * m->stride;
        for (int l = 0; l < m->n; l++) histogram[4 * order[l] + l % 4] -= (uint32_t)m->live[l];
      }
      for (word k = 0; k < p[PLAYED]; k++) {
        const uint32_t *four = histogram + 4 * k; /* four, for one would wait for itself */
        played[k * p[HORIZON] + m->turn - 1] += four[0] + four[1] + four[2] + four[3];
      }
      N(judge)(m);
      N(roll)(m, hash);
      const int before = alive;
      for (int l = 0; l < m->n; l++) {
        if (!m->live[l] || m->ending[l] < 0) continue;
        const int64_t to = b + place[l];
        m->live[l] = 0;
        alive--;
        ending[to] = m->ending[l];
        ended[to] = m->turn;
        trail[to] = hash[l];
        for (word k = 0; k < p[KEPT_ROWS]; k++) kept[to * p[KEPT_ROWS] + k] = R(keeps[k])[l];
      }
      if (alive < before) m->luck->lives = N(groups)(m->luck, m->live, m->n, m->luck->live);
    }
  }
  free(histogram);
  free(m);
  return 0;
}

#endif
