/* Memory for machine.c where there is no C library: in a page.

   A call takes what it needs, one piece after another, and nothing is given back but all at once:
   whoever calls keeps what lies there already, and drops the rest when the call is over. */

#include <stddef.h>
#include <stdint.h>

#define PAGE 65536

void *memset(void *, int, size_t);
void *memcpy(void *, const void *, size_t);

extern unsigned char __heap_base;
static size_t kept = (size_t)&__heap_base, top = (size_t)&__heap_base;

void keep(void) { kept = top; }
void drop(void) { top = kept; }

/* NULL where the page grants no more. What was there before may still stand in it. */
void *aligned_alloc(size_t alignment, size_t size) {
  const size_t at = (top + alignment - 1) / alignment * alignment;
  const size_t has = __builtin_wasm_memory_size(0), needs = (at + size + PAGE - 1) / PAGE;
  if (at + size < at || (needs > has && __builtin_wasm_memory_grow(0, needs - has) == (size_t)-1)) return NULL;
  top = at + size;
  return (void *)at;
}

static void *calloc(size_t count, size_t size) {
  void *all = aligned_alloc(16, count * size);
  return all ? memset(all, 0, count * size) : NULL;
}

static void free(void *at) { (void)at; }
