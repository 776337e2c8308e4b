#include "arm_nnfunctions.h"
#include "requantize.h"

arm_cmsis_nn_status arm_elementwise_add_s8(const int8_t *a, const int8_t *b, const int32_t a_offset, const int32_t a_mult,
                                           const int32_t a_shift, const int32_t b_offset, const int32_t b_mult,
                                           const int32_t b_shift, const int32_t left_shift, int8_t *output,
                                           const int32_t out_offset, const int32_t out_mult, const int32_t out_shift,
                                           const int32_t low, const int32_t high, const int32_t size)
{
    for (int32_t i = 0; i < size; i++) {
        int32_t x = requantize((a[i] + a_offset) * (1 << left_shift), a_mult, a_shift);
        int32_t y = requantize((b[i] + b_offset) * (1 << left_shift), b_mult, b_shift);
        output[i] = clamp(add(requantize(add(x, y), out_mult, out_shift), out_offset), low, high);
    }
    return ARM_CMSIS_NN_SUCCESS;
}

arm_cmsis_nn_status arm_elementwise_mul_s8(const int8_t *a, const int8_t *b, const int32_t a_offset, const int32_t b_offset,
                                           int8_t *output, const int32_t out_offset, const int32_t out_mult,
                                           const int32_t out_shift, const int32_t low, const int32_t high, const int32_t size)
{
    for (int32_t i = 0; i < size; i++) {
        int32_t product = (a[i] + a_offset) * (b[i] + b_offset);
        output[i] = clamp(add(requantize(product, out_mult, out_shift), out_offset), low, high);
    }
    return ARM_CMSIS_NN_SUCCESS;
}
