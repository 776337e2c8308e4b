#ifndef ACME_NPU_H
#define ACME_NPU_H

#include <stdint.h>

/* What the NPU is to do: a program, its constants, and the tensors that it reads and writes. The NPU has addresses of it all until it is
   waited for; the struct itself may go before. */
struct acme_npu_job {
    int32_t layers;
    const int32_t *program;
    const int8_t *weights;
    const int32_t *parameters;
    const int8_t *tensor0, *tensor1, *tensor2, *tensor3, *tensor4, *tensor5, *tensor6, *tensor7;
};

/* Starts the NPU, which must be idle, and returns at once. */
void acme_npu_start(const struct acme_npu_job *job);

/* Returns when the NPU is idle: 0, or 1 if it could not do its job. */
int acme_npu_wait(void);

#endif
