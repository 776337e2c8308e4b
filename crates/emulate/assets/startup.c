/* Vector table, reset and fault handlers for every Cortex-M of the emulator. */
#include "harness.h"

extern uint32_t tw_data_load[], tw_data_start[], tw_data_end[], tw_bss_start[], tw_bss_end[];
extern uint32_t tw_stack_top[];
int main(void);
void tw_print(const char *text);
void tw_reset(void);
void tw_fault(void);
void tw_report(const uint32_t *frame);

#define REGISTER(address) (*(volatile uint32_t *)(address))
#define CCR REGISTER(0xE000ED14)
#define CFSR REGISTER(0xE000ED28)
#define HFSR REGISTER(0xE000ED2C)
#define BFAR REGISTER(0xE000ED38)
#define CPACR REGISTER(0xE000ED88)
enum {
  CCR_UNALIGN_TRP = 1 << 3,
  CCR_LOB = 1 << 19,            /* Armv8.1-M: low-overhead-branch cache */
  CPACR_CP10_CP11 = 0xF << 20   /* floating point and Helium */
};

__attribute__((naked)) void tw_reset(void) {
  __asm__ volatile(
      "ldr r0, =tw_stack_top\n"
      "mov sp, r0\n"
      "bl tw_start\n"
      ".ltorg\n");
}

__attribute__((used, noinline)) void tw_start(void);
void tw_start(void) {
#if __ARM_ARCH_6M__
  /* The emulator may run this code on a larger core, which would let unaligned accesses pass. */
  CCR |= CCR_UNALIGN_TRP;
#endif
#if defined(__ARM_FP) || defined(__ARM_FEATURE_MVE)
  CPACR |= CPACR_CP10_CP11;
  __asm__ volatile("dsb\n isb\n" ::: "memory");
#endif
#if __ARM_ARCH >= 8 && defined(__ARM_FEATURE_MVE)
  CCR |= CCR_LOB;
#endif
  const uint32_t *from = tw_data_load;
  for (uint32_t *to = tw_data_start; to < tw_data_end;) *to++ = *from++;
  for (uint32_t *to = tw_bss_start; to < tw_bss_end;) *to++ = 0;
  for (uint32_t i = 0; i < tw_pool_count; i++) {
    const struct tw_pool *pool = &tw_pools[i];
    from = pool->load;
    for (uint32_t *to = pool->data_start; to < pool->data_end;) *to++ = *from++;
    for (uint32_t *to = pool->start; to < pool->end;) *to++ = 0xA5A5A5A5;
  }
  main();
  for (;;) {
  }
}

static void print_hex(const char *label, uint32_t value) {
  char text[12];
  for (int i = 0; i < 8; i++) {
    uint32_t digit = value >> (28 - 4 * i) & 15;
    text[i] = (char)(digit < 10 ? '0' + digit : 'a' + digit - 10);
  }
  text[8] = '\0';
  tw_print(label);
  tw_print(text);
}

/* `frame` is what the core pushed on the exception: r0-r3, r12, lr, pc, xPSR. */
__attribute__((used)) void tw_report(const uint32_t *frame) {
  print_hex("tw-fault pc=", frame[6]);
  print_hex(" lr=", frame[5]);
  /* An Armv6-M core reads zeros here; its code often runs on a core that has them. */
  print_hex(" cfsr=", CFSR);
  print_hex(" hfsr=", HFSR);
  print_hex(" bfar=", BFAR);
  const char *name = tw_current;
  tw_print(" case=");
  tw_print(name ? name : "");
  tw_print("\n");
  tw_exit(TW_EXIT_FAULT);
}

__attribute__((naked)) void tw_fault(void) {
  __asm__ volatile(
      "mov r0, sp\n"
      "ldr r1, =tw_report\n"
      "bx r1\n"
      ".ltorg\n");
}

typedef void (*handler)(void);
__attribute__((section(".tw_vectors"), used)) static const handler vectors[16] = {
    (handler)tw_stack_top, tw_reset, tw_fault, tw_fault, tw_fault, tw_fault, tw_fault, tw_fault,
    tw_fault, tw_fault, tw_fault, tw_fault, tw_fault, tw_fault, tw_fault, tw_fault,
};
