/* The harness's files, memory and stack on the target: semihosting (Arm "Semihosting for AArch32 and
 * AArch64", operations called by BKPT 0xAB) and the regions of the linker script. */
#include "harness.h"

#include <string.h>

enum {
  SYS_OPEN = 0x01,
  SYS_CLOSE = 0x02,
  SYS_WRITE0 = 0x04,
  SYS_WRITE = 0x05,
  SYS_READ = 0x06,
  SYS_EXIT_EXTENDED = 0x20,
  OPEN_RB = 1,
  OPEN_WB = 5,
  APPLICATION_EXIT = 0x20026
};

/* From the linker script. */
extern uint8_t tw_heap_start[], tw_heap_end[];
extern uint32_t tw_stack_bottom[], tw_stack_top[];

static uint32_t semihost(uint32_t operation, const void *parameters) {
  register uint32_t r0 __asm__("r0") = operation;
  register const void *r1 __asm__("r1") = parameters;
  __asm__ volatile("bkpt 0xab" : "+r"(r0) : "r"(r1) : "memory");
  return r0;
}

void tw_print(const char *text);
void tw_print(const char *text) { semihost(SYS_WRITE0, text); }

_Noreturn void tw_exit(int code) {
  uint32_t parameters[2] = {APPLICATION_EXIT, (uint32_t)code};
  semihost(SYS_EXIT_EXTENDED, parameters);
  for (;;) {
  }
}

_Noreturn void tw_fail(const char *what) {
  tw_print("tw-error ");
  tw_print(what);
  tw_print("\n");
  tw_exit(TW_EXIT_PROTOCOL);
}

static uint32_t input_file, output_file;

static uint32_t open_file(const char *name, uint32_t mode) {
  uint32_t parameters[3] = {(uint32_t)name, mode, strlen(name)};
  uint32_t handle = semihost(SYS_OPEN, parameters);
  if (handle == UINT32_MAX) tw_fail("a file cannot be opened");
  return handle;
}

void tw_open_files(void) {
  input_file = open_file("tw_in.bin", OPEN_RB);
  output_file = open_file("tw_out.bin", OPEN_WB);
}

void tw_close_files(void) {
  semihost(SYS_CLOSE, &input_file);
  semihost(SYS_CLOSE, &output_file);
}

/* SYS_READ and SYS_WRITE return the bytes that were left over. */
static void transfer(uint32_t operation, uint32_t handle, const void *bytes, uint32_t count) {
  if (count == 0) return;
  uint32_t parameters[3] = {handle, (uint32_t)bytes, count};
  if (semihost(operation, parameters) != 0)
    tw_fail(operation == SYS_READ ? "the input file ends too early" : "the output file cannot be written");
}

void tw_read(void *bytes, uint32_t count) { transfer(SYS_READ, input_file, bytes, count); }
void tw_write(const void *bytes, uint32_t count) { transfer(SYS_WRITE, output_file, bytes, count); }

enum { MAX_HEAPS = 16 };
static uint32_t taken[MAX_HEAPS]; /* bytes of each heap that are in use */

void *tw_take(uint32_t heap, uint32_t size, uint32_t align) {
  uint32_t start = (uint32_t)tw_heap_start, end = (uint32_t)tw_heap_end;
  if (heap > tw_pool_count || heap >= MAX_HEAPS) heap = 0;
  if (heap > 0) {
    const struct tw_pool *pool = &tw_pools[heap - 1];
    if (pool->heap_start == pool->heap_end) {
      heap = 0;
    } else {
      start = (uint32_t)pool->heap_start;
      end = (uint32_t)pool->heap_end;
    }
  }
  uint32_t address = (start + taken[heap] + align - 1) & ~(align - 1);
  if (address > end || size > end - address) tw_fail("the arena and the tensors do not fit this machine");
  taken[heap] = address + size - start;
  return (void *)address;
}

void tw_release(void) { memset(taken, 0, sizeof taken); }

enum { STACK_PAINT = 0x5AC3A53C, STACK_RED_ZONE = 64 };

static uint32_t stack_pointer(void) {
  uint32_t sp;
  __asm__ volatile("mov %0, sp" : "=r"(sp));
  return sp;
}

static uint32_t *painted_top;

__attribute__((noinline)) void tw_stack_paint(void) {
  uint32_t *top = (uint32_t *)(stack_pointer() - STACK_RED_ZONE);
  painted_top = top;
  for (uint32_t *word = tw_stack_bottom; word < top; word++) *word = STACK_PAINT;
}

/* The unpainted red zone below the caller counts as used only when something below it is. */
__attribute__((noinline)) uint32_t tw_stack_used(void) {
  uint32_t *word = tw_stack_bottom;
  while (word < painted_top && *word == STACK_PAINT) word++;
  return (uint32_t)painted_top + STACK_RED_ZONE - (uint32_t)word;
}

int tw_stack_exhausted(void) { return *tw_stack_bottom != STACK_PAINT; }
