#ifndef ACME_NPU_REGISTERS_H
#define ACME_NPU_REGISTERS_H

#include <stdint.h>

/* Registers, by number. */
enum acme_npu_register {
    ACME_NPU_CONTROL,    /* write 1: start; reads as 0 */
    ACME_NPU_STATUS,     /* read only: ACME_NPU_BUSY, ACME_NPU_FAILED */
    ACME_NPU_LAYERS,     /* layers of the program */
    ACME_NPU_PROGRAM,    /* address: ACME_NPU_WORDS words a layer */
    ACME_NPU_WEIGHTS,    /* address: for 8 output channels at a time, tap by tap (row, column, input channel), 8 bytes */
    ACME_NPU_PARAMETERS, /* address: bias, multiplier, shift of every output channel */
    ACME_NPU_TENSOR0,    /* eight addresses of tensors */
    ACME_NPU_REGISTERS = ACME_NPU_TENSOR0 + 8
};

#define ACME_NPU_BUSY 1u
#define ACME_NPU_FAILED 2u

/* Words of a layer. */
enum acme_npu_word {
    ACME_NPU_KIND,   /* 0: convolution, 1: max pool, 2: average pool */
    ACME_NPU_SOURCE, /* from 0: byte of the NPU's memory; below: tensor -1 - n */
    ACME_NPU_TARGET, /* likewise */
    ACME_NPU_IN_H,
    ACME_NPU_IN_W,
    ACME_NPU_IN_C,
    ACME_NPU_OUT_H,
    ACME_NPU_OUT_W,
    ACME_NPU_OUT_C,
    ACME_NPU_KERNEL_H,
    ACME_NPU_KERNEL_W,
    ACME_NPU_STRIDE_H,
    ACME_NPU_STRIDE_W,
    ACME_NPU_DILATION_H,
    ACME_NPU_DILATION_W,
    ACME_NPU_PAD_TOP,
    ACME_NPU_PAD_LEFT,
    ACME_NPU_IN_ZERO_POINT, /* what a convolution reads outside of its input */
    ACME_NPU_OUT_ZERO_POINT,
    ACME_NPU_CLAMP_MIN,
    ACME_NPU_CLAMP_MAX,
    ACME_NPU_FIRST_WEIGHT,    /* byte of the weights */
    ACME_NPU_FIRST_PARAMETER, /* word of the parameters */
    ACME_NPU_RESERVED,
    ACME_NPU_WORDS
};

/* A register holds an address: 32 bits on a part, whatever a pointer takes in the model. */
typedef uintptr_t acme_npu_value;

#ifdef ACME_NPU_BASE
/* On a part the registers are memory, from ACME_NPU_BASE on. */
static inline void acme_npu_write(enum acme_npu_register r, acme_npu_value value)
{
    ((volatile acme_npu_value *)ACME_NPU_BASE)[r] = value;
}

static inline acme_npu_value acme_npu_read(enum acme_npu_register r)
{
    return ((volatile acme_npu_value *)ACME_NPU_BASE)[r];
}
#else
/* Without a part they are the model's. */
void acme_npu_write(enum acme_npu_register r, acme_npu_value value);
acme_npu_value acme_npu_read(enum acme_npu_register r);
#endif

#endif
