/* The model that works as early as it can; tests link it in place of the other one. */
#define ACME_NPU_EAGER
#include "acme_npu_model.c"
