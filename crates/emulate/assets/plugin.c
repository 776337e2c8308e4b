/* QEMU TCG plug-in (plug-in API version 1) that counts executed instructions and modelled cycles of an
 * Arm M-profile core between two addresses, by instruction address and by top-level call.
 *
 * Options: start=ADDR and stop=ADDR (a run lasts from the execution of the first to that of the
 * second), classes=FILE, entries=FILE, out=FILE, model=m0|m4|m55.
 *
 * `classes` has a line "ADDR CLASS CYCLES" for each instruction:
 *   a other, l load, s store, m several registers, b table branch,
 *   v vector arithmetic, w vector load, x vector store, e loop end.
 * `entries` has a line "ADDR" for each function whose calls are told apart (call 1, 2, … in the order
 * in which they happen; what is executed outside of them is call 0). What such a function calls
 * belongs to its call.
 * `out` gets, for each run: "run INSTRUCTIONS CYCLES", "pc ADDR INSTRUCTIONS CYCLES" for each address
 * that was executed, "call NUMBER ADDR INSTRUCTIONS CYCLES" for each call.
 *
 * The cycle model, without caches and wait states: an instruction costs its CYCLES. A branch that is
 * taken, which shows by the next address not being the following one, costs 2 more.
 *   m0, m4: a load right after a load or store costs one less than its CYCLES, at least one.
 *   m55: the vector arithmetic unit and the vector memory unit each stay busy for 2 cycles from an
 *   issue; an instruction waits for its unit. A loop end costs nothing for its jump.
 *
 * Instructions are counted by translation block. Inside a block nothing jumps, so its cost depends on
 * little of what came before: whether the last instruction was a load or store (m0, m4), or how
 * long the two units stay busy (m55). A block is costed once for each of these states and the
 * executions are counted by state. */
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* The part of the plug-in API that is used here; Debian packages no header. */
typedef uint64_t qemu_plugin_id_t;
typedef struct qemu_info_t qemu_info_t;
struct qemu_plugin_tb;
struct qemu_plugin_insn;
enum qemu_plugin_cb_flags { QEMU_PLUGIN_CB_NO_REGS };
typedef void (*tb_callback)(qemu_plugin_id_t, struct qemu_plugin_tb *);
typedef void (*exec_callback)(unsigned vcpu, void *user);
void qemu_plugin_register_vcpu_tb_trans_cb(qemu_plugin_id_t, tb_callback);
void qemu_plugin_register_vcpu_tb_exec_cb(struct qemu_plugin_tb *, exec_callback,
                                          enum qemu_plugin_cb_flags, void *);
void qemu_plugin_register_vcpu_insn_exec_cb(struct qemu_plugin_insn *, exec_callback,
                                            enum qemu_plugin_cb_flags, void *);
size_t qemu_plugin_tb_n_insns(const struct qemu_plugin_tb *);
struct qemu_plugin_insn *qemu_plugin_tb_get_insn(const struct qemu_plugin_tb *, size_t);
uint64_t qemu_plugin_insn_vaddr(const struct qemu_plugin_insn *);
const void *qemu_plugin_insn_data(const struct qemu_plugin_insn *);
#define EXPORT __attribute__((visibility("default")))
EXPORT int qemu_plugin_version = 1;
EXPORT int qemu_plugin_install(qemu_plugin_id_t, const qemu_info_t *, int, char **);

enum { STATES = 9, UNIT_BUSY = 2, BRANCH_CYCLES = 2, NO_ADDRESS = 1 };

/* An instruction address with its class and, within a run, its counts. */
struct insn {
  uint64_t address, executed, cycles;
  uint32_t cost;
  char class;
};

/* A stretch of instructions that is always executed whole. */
struct block {
  struct block *next_block;
  struct insn **insns;
  uint64_t start, end; /* first address; address that follows the last instruction */
  uint32_t n;
  bool entry;
  uint64_t executed[STATES], jumps; /* jumps: executions that a taken branch ended */
  uint32_t cycles[STATES];
  uint8_t next_state[STATES];
};

struct call {
  uint64_t entry, instructions, cycles;
};

static enum { M0_M4, M55 } model;
static uint64_t start_address = NO_ADDRESS, stop_address = NO_ADDRESS;
static FILE *out;
static struct block *blocks;

/* The run so far. */
static bool counting;
static struct block *last;
static unsigned state;
static struct call *calls;
static size_t call_count, call_room, call_now, call_of_last;
static uint64_t call_returns_to;

static void *checked(void *memory) {
  if (!memory) {
    fputs("tw-plugin: out of memory\n", stderr);
    abort();
  }
  return memory;
}

/* --- instructions by address: open addressing, grown at half full --- */

static struct insn **table;
static size_t table_size, table_used;

static struct insn **place(struct insn **in, size_t size, uint64_t address) {
  size_t i = (size_t)(address * 0x9E3779B97F4A7C15u >> 20) & (size - 1);
  while (in[i] && in[i]->address != address) i = (i + 1) & (size - 1);
  return &in[i];
}

static struct insn *insn_at(uint64_t address) {
  if (2 * (table_used + 1) > table_size) {
    size_t size = table_size ? 2 * table_size : 1 << 14;
    struct insn **grown = checked(calloc(size, sizeof *grown));
    for (size_t i = 0; i < table_size; i++)
      if (table[i]) *place(grown, size, table[i]->address) = table[i];
    free(table);
    table = grown;
    table_size = size;
  }
  struct insn **found = place(table, table_size, address);
  if (!*found) {
    *found = checked(calloc(1, sizeof **found));
    (*found)->address = address;
    (*found)->class = 'a';
    (*found)->cost = 1;
    table_used++;
  }
  return *found;
}

static uint64_t *entries;
static size_t entry_count;

static bool is_entry(uint64_t address) {
  for (size_t i = 0; i < entry_count; i++)
    if (entries[i] == address) return true;
  return false;
}

/* --- the cycle model --- */

static unsigned less(unsigned busy, unsigned cycles) { return busy > cycles ? busy - cycles : 0; }

/* Cycles of `insn` in `*s`, which becomes the state after it. A state of m55 holds for how many more
 * cycles the arithmetic unit and the memory unit are busy: 3 × the first + the second. */
static uint32_t step(const struct insn *insn, unsigned *s) {
  uint32_t cycles = insn->cost;
  if (model != M55) {
    if (*s && insn->class == 'l' && cycles > 1) cycles--;
    *s = insn->class == 'l' || insn->class == 's';
    return cycles;
  }
  unsigned arithmetic = *s / 3, memory = *s % 3;
  bool computes = insn->class == 'v', moves = insn->class == 'w' || insn->class == 'x';
  if (computes && arithmetic > cycles) cycles = arithmetic;
  if (moves && memory > cycles) cycles = memory;
  arithmetic = computes ? UNIT_BUSY : less(arithmetic, cycles);
  memory = moves ? UNIT_BUSY : less(memory, cycles);
  *s = 3 * arithmetic + memory;
  return cycles;
}

static bool jump_is_free(const struct block *b) {
  return model == M55 && b->insns[b->n - 1]->class == 'e';
}

/* The state after a taken branch: time passes, what was executed last stays the same. */
static unsigned after_jump(unsigned s) {
  if (model != M55) return s;
  return 3 * less(s / 3, BRANCH_CYCLES) + less(s % 3, BRANCH_CYCLES);
}

/* --- a run --- */

static void open_call(uint64_t entry) {
  if (call_count == call_room) {
    call_room = call_room ? 2 * call_room : 64;
    calls = checked(realloc(calls, call_room * sizeof *calls));
  }
  calls[call_count] = (struct call){.entry = entry};
  call_now = call_count++;
}

static void begin_run(void) {
  counting = true;
  last = NULL;
  state = 0;
  call_count = 0;
  open_call(0);
  call_of_last = 0;
}

/* Spreads the counts of the blocks over their instructions. */
static void settle_blocks(void) {
  for (struct block *b = blocks; b; b = b->next_block) {
    for (unsigned s = 0; s < STATES; s++) {
      unsigned now = s;
      uint64_t executed = b->executed[s];
      for (uint32_t i = 0; executed && i < b->n; i++) {
        b->insns[i]->cycles += executed * step(b->insns[i], &now);
        b->insns[i]->executed += executed;
      }
      b->executed[s] = 0;
    }
    b->insns[b->n - 1]->cycles += BRANCH_CYCLES * b->jumps;
    b->jumps = 0;
  }
}

static void end_run(void) {
  counting = false;
  settle_blocks();
  unsigned long long instructions = 0, cycles = 0;
  for (size_t i = 0; i < call_count; i++) {
    instructions += calls[i].instructions;
    cycles += calls[i].cycles;
  }
  fprintf(out, "run %llu %llu\n", instructions, cycles);
  for (size_t i = 0; i < table_size; i++) {
    struct insn *insn = table[i];
    if (!insn || !insn->executed) continue;
    fprintf(out, "pc %llx %llu %llu\n", (unsigned long long)insn->address,
            (unsigned long long)insn->executed, (unsigned long long)insn->cycles);
    insn->executed = insn->cycles = 0;
  }
  for (size_t i = 0; i < call_count; i++)
    fprintf(out, "call %zu %llx %llu %llu\n", i, (unsigned long long)calls[i].entry,
            (unsigned long long)calls[i].instructions, (unsigned long long)calls[i].cycles);
  fflush(out);
}

static void execute(unsigned vcpu, void *user) {
  (void)vcpu;
  struct block *b = user;
  if (b->start == start_address && !counting) begin_run();
  if (b->start == stop_address && counting) end_run();
  if (!counting) return;

  if (last && last->end != b->start && !jump_is_free(last)) {
    last->jumps++;
    calls[call_of_last].cycles += BRANCH_CYCLES;
    state = after_jump(state);
  }
  if (call_now != 0 && b->start == call_returns_to) call_now = 0;
  if (call_now == 0 && b->entry && last) {
    open_call(b->start);
    call_returns_to = last->end;
  }
  b->executed[state]++;
  calls[call_now].instructions += b->n;
  calls[call_now].cycles += b->cycles[state];
  state = b->next_state[state];
  last = b;
  call_of_last = call_now;
}

/* Bytes of a Thumb instruction, by its first halfword (Armv7-M ARM, A5.1). QEMU's own figure is 4 for a
 * short instruction before the last halfword of a page, where its translator looks ahead. */
static uint64_t insn_size(const struct qemu_plugin_insn *insn) {
  const uint8_t *bytes = qemu_plugin_insn_data(insn);
  return bytes[1] >= 0xE8 ? 4 : 2;
}

static struct block *new_block(const struct qemu_plugin_tb *tb, size_t from, size_t n) {
  struct block *b = checked(calloc(1, sizeof *b));
  b->insns = checked(calloc(n, sizeof *b->insns));
  b->n = (uint32_t)n;
  for (size_t i = 0; i < n; i++) {
    const struct qemu_plugin_insn *insn = qemu_plugin_tb_get_insn(tb, from + i);
    uint64_t address = qemu_plugin_insn_vaddr(insn);
    b->insns[i] = insn_at(address);
    if (i == 0) b->start = address;
    b->end = address + insn_size(insn);
  }
  b->entry = is_entry(b->start);
  for (unsigned s = 0; s < STATES; s++) {
    unsigned now = s;
    for (size_t i = 0; i < n; i++) b->cycles[s] += step(b->insns[i], &now);
    b->next_state[s] = (uint8_t)now;
  }
  b->next_block = blocks;
  blocks = b;
  return b;
}

/* Whether something must happen at an instruction that is not the first. */
static bool must_split(const struct qemu_plugin_tb *tb, size_t n) {
  for (size_t i = 1; i < n; i++) {
    uint64_t address = qemu_plugin_insn_vaddr(qemu_plugin_tb_get_insn(tb, i));
    if (address == start_address || address == stop_address || is_entry(address)) return true;
  }
  return false;
}

static void translate(qemu_plugin_id_t id, struct qemu_plugin_tb *tb) {
  (void)id;
  size_t n = qemu_plugin_tb_n_insns(tb);
  if (n == 0) return;
  if (!must_split(tb, n)) {
    qemu_plugin_register_vcpu_tb_exec_cb(tb, execute, QEMU_PLUGIN_CB_NO_REGS, new_block(tb, 0, n));
    return;
  }
  for (size_t i = 0; i < n; i++)
    qemu_plugin_register_vcpu_insn_exec_cb(qemu_plugin_tb_get_insn(tb, i), execute,
                                           QEMU_PLUGIN_CB_NO_REGS, new_block(tb, i, 1));
}

/* --- start --- */

static void read_classes(const char *path) {
  FILE *file = fopen(path, "r");
  unsigned long long address;
  unsigned cost;
  char class;
  while (file && fscanf(file, "%llx %c %u", &address, &class, &cost) == 3) {
    struct insn *insn = insn_at(address);
    insn->class = class;
    insn->cost = cost;
  }
  if (file) fclose(file);
}

static void read_entries(const char *path) {
  FILE *file = fopen(path, "r");
  unsigned long long address;
  while (file && fscanf(file, "%llx", &address) == 1) {
    entries = checked(realloc(entries, (entry_count + 1) * sizeof *entries));
    entries[entry_count++] = address;
  }
  if (file) fclose(file);
}

int qemu_plugin_install(qemu_plugin_id_t id, const qemu_info_t *info, int argc, char **argv) {
  (void)info;
  for (int i = 0; i < argc; i++) {
    const char *value = strchr(argv[i], '=');
    if (!value) return -1;
    size_t length = (size_t)(value++ - argv[i]);
#define OPTION(name) (length == sizeof name - 1 && memcmp(argv[i], name, length) == 0)
    if (OPTION("start")) start_address = strtoull(value, NULL, 16);
    else if (OPTION("stop")) stop_address = strtoull(value, NULL, 16);
    else if (OPTION("classes")) read_classes(value);
    else if (OPTION("entries")) read_entries(value);
    else if (OPTION("out")) out = fopen(value, "w");
    else if (OPTION("model")) model = strcmp(value, "m55") == 0 ? M55 : M0_M4;
    else return -1;
  }
  if (!out) return -1;
  qemu_plugin_register_vcpu_tb_trans_cb(id, translate);
  return 0;
}
