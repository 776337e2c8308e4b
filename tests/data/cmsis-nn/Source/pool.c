#include "arm_nnfunctions.h"
#include "requantize.h"
#include "scratch.h"

/* The mean, halves away from zero, or the greatest of the pixels of each window that are inside. */
static arm_cmsis_nn_status pool(int mean, const cmsis_nn_pool_params *p, const cmsis_nn_dims *input_dims, const int8_t *input,
                                const cmsis_nn_dims *filter_dims, const cmsis_nn_dims *output_dims, int8_t *output)
{
    if (output_dims->c != input_dims->c) {
        return ARM_CMSIS_NN_ARG_ERROR;
    }
    for (int32_t y = 0; y < output_dims->h; y++) {
        for (int32_t x = 0; x < output_dims->w; x++) {
            for (int32_t c = 0; c < output_dims->c; c++) {
                int32_t sum = 0;
                int32_t greatest = INT8_MIN;
                int32_t count = 0;
                for (int32_t iy = y * p->stride.h - p->padding.h; iy < y * p->stride.h - p->padding.h + filter_dims->h; iy++) {
                    for (int32_t ix = x * p->stride.w - p->padding.w; ix < x * p->stride.w - p->padding.w + filter_dims->w; ix++) {
                        if (iy < 0 || iy >= input_dims->h || ix < 0 || ix >= input_dims->w) {
                            continue;
                        }
                        int32_t in = input[(iy * input_dims->w + ix) * input_dims->c + c];
                        sum += in;
                        greatest = in > greatest ? in : greatest;
                        count++;
                    }
                }
                if (count == 0) {
                    return ARM_CMSIS_NN_ARG_ERROR;
                }
                int32_t rounded = (sum > 0 ? sum + count / 2 : sum - count / 2) / count;
                *output++ = clamp(mean ? rounded : greatest, p->activation.min, p->activation.max);
            }
        }
    }
    return ARM_CMSIS_NN_SUCCESS;
}

arm_cmsis_nn_status arm_avgpool_s8(const cmsis_nn_context *ctx, const cmsis_nn_pool_params *p, const cmsis_nn_dims *input_dims,
                                   const int8_t *input, const cmsis_nn_dims *filter_dims, const cmsis_nn_dims *output_dims,
                                   int8_t *output)
{
    if (!has_scratch(ctx, DSP && !HELIUM ? 4 * input_dims->c : 0)) {
        return ARM_CMSIS_NN_ARG_ERROR;
    }
    return pool(1, p, input_dims, input, filter_dims, output_dims, output);
}

arm_cmsis_nn_status arm_max_pool_s8(const cmsis_nn_context *ctx, const cmsis_nn_pool_params *p, const cmsis_nn_dims *input_dims,
                                    const int8_t *input, const cmsis_nn_dims *filter_dims, const cmsis_nn_dims *output_dims,
                                    int8_t *output)
{
    (void)ctx;
    return pool(0, p, input_dims, input, filter_dims, output_dims, output);
}
