/* The driver: what a project links, on a part as with the model. */
#include "acme_npu.h"

#include "acme_npu_registers.h"

static void address(int r, const void *pointer)
{
    acme_npu_write((enum acme_npu_register)r, (acme_npu_value)pointer);
}

void acme_npu_start(const struct acme_npu_job *job)
{
    const int8_t *const tensors[8] = {job->tensor0, job->tensor1, job->tensor2, job->tensor3,
                                      job->tensor4, job->tensor5, job->tensor6, job->tensor7};
    for (int i = 0; i < 8; i++) {
        address(ACME_NPU_TENSOR0 + i, tensors[i]);
    }
    address(ACME_NPU_PROGRAM, job->program);
    address(ACME_NPU_WEIGHTS, job->weights);
    address(ACME_NPU_PARAMETERS, job->parameters);
    acme_npu_write(ACME_NPU_LAYERS, (acme_npu_value)job->layers);
    acme_npu_write(ACME_NPU_CONTROL, 1);
}

int acme_npu_wait(void)
{
    acme_npu_value status;
    do {
        status = acme_npu_read(ACME_NPU_STATUS);
    } while (status & ACME_NPU_BUSY);
    return (status & ACME_NPU_FAILED) != 0;
}
