/* The harness's files and memory on the host. */
#include "harness.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static FILE *input_file, *output_file;

_Noreturn void tw_exit(int code) { exit(code); }

_Noreturn void tw_fail(const char *what) {
  fprintf(stderr, "tw-error %s\n", what);
  exit(TW_EXIT_PROTOCOL);
}

/* The sanitizers report a crash better themselves. */
#ifndef TW_SANITIZED
static void crashed(int number) {
  fprintf(stderr, "tw-stopped case=%s\n", tw_current ? tw_current : "");
  signal(number, SIG_DFL);
  raise(number);
}
#endif

void tw_open_files(void) {
#ifndef TW_SANITIZED
  static const int numbers[] = {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT};
  for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) signal(numbers[i], crashed);
#endif
  input_file = fopen("tw_in.bin", "rb");
  output_file = fopen("tw_out.bin", "wb");
  if (!input_file || !output_file) tw_fail("a file cannot be opened");
}

void tw_close_files(void) {
  fclose(input_file);
  if (fclose(output_file) != 0) tw_fail("the output file cannot be written");
}

void tw_read(void *bytes, uint32_t count) {
  if (fread(bytes, 1, count, input_file) != count) tw_fail("the input file ends too early");
}

void tw_write(const void *bytes, uint32_t count) {
  if (fwrite(bytes, 1, count, output_file) != count) tw_fail("the output file cannot be written");
}

/* One allocation a buffer, so that a sanitizer sees the bounds of each. */
enum { MAX_BLOCKS = 4096 };
static void *blocks[MAX_BLOCKS];
static uint32_t block_count;

void *tw_take(uint32_t heap, uint32_t size, uint32_t align) {
  void *block = NULL;
  (void)heap;
  if (align < sizeof(void *)) align = sizeof(void *);
  if (block_count == MAX_BLOCKS || posix_memalign(&block, align, size ? size : 1) != 0)
    tw_fail("out of memory");
  blocks[block_count++] = block;
  return block;
}

void tw_release(void) {
  while (block_count > 0) free(blocks[--block_count]);
}

void tw_stack_paint(void) {}
uint32_t tw_stack_used(void) { return 0; }
int tw_stack_exhausted(void) { return 0; }
