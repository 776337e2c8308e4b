#include "arm_nnfunctions.h"
#include "requantize.h"
#include <stddef.h>

/*
 * Rows of `depth` by a matrix of `channels` rows. With Helium a sum starts with what the context has for its channel, which is the bias with the
 * input's offset in it, and inputs are taken as they are; else with the bias.
 */
static arm_cmsis_nn_status multiply(const cmsis_nn_context *ctx, const cmsis_nn_fc_params *p, const int32_t *multipliers,
                                    const int32_t *shifts, int32_t step, const cmsis_nn_dims *input_dims,
                                    const int8_t *input, const cmsis_nn_dims *filter_dims, const int8_t *filter,
                                    const int32_t *bias, const cmsis_nn_dims *output_dims, int8_t *output)
{
    int32_t depth = filter_dims->n;
    int32_t channels = output_dims->c;
    const int32_t *starts = (const int32_t *)ctx->buf;
    if (p->filter_offset != 0 || filter_dims->c != channels || output_dims->n != input_dims->n ||
        input_dims->h * input_dims->w * input_dims->c != depth) {
        return ARM_CMSIS_NN_ARG_ERROR;
    }
    if (HELIUM && (starts == NULL || ctx->size < 4 * channels)) {
        return ARM_CMSIS_NN_ARG_ERROR;
    }
    for (int32_t n = 0; n < input_dims->n; n++) {
        for (int32_t o = 0; o < channels; o++) {
            int32_t offset = HELIUM ? 0 : p->input_offset;
            int32_t sum = HELIUM ? starts[o] : bias ? bias[o] : 0;
            for (int32_t i = 0; i < depth; i++) {
                sum = add(sum, (input[n * depth + i] + offset) * filter[o * depth + i]);
            }
            sum = add(requantize(sum, multipliers[step * o], shifts[step * o]), p->output_offset);
            *output++ = clamp(sum, p->activation.min, p->activation.max);
        }
    }
    return ARM_CMSIS_NN_SUCCESS;
}

arm_cmsis_nn_status arm_fully_connected_s8(const cmsis_nn_context *ctx, const cmsis_nn_fc_params *p,
                                           const cmsis_nn_per_tensor_quant_params *quant,
                                           const cmsis_nn_dims *input_dims, const int8_t *input,
                                           const cmsis_nn_dims *filter_dims, const int8_t *filter,
                                           const cmsis_nn_dims *bias_dims, const int32_t *bias,
                                           const cmsis_nn_dims *output_dims, int8_t *output)
{
    (void)bias_dims;
    return multiply(ctx, p, &quant->multiplier, &quant->shift, 0, input_dims, input, filter_dims, filter, bias, output_dims, output);
}

arm_cmsis_nn_status arm_fully_connected_per_channel_s8(const cmsis_nn_context *ctx, const cmsis_nn_fc_params *p,
                                                       const cmsis_nn_per_channel_quant_params *quant,
                                                       const cmsis_nn_dims *input_dims, const int8_t *input,
                                                       const cmsis_nn_dims *filter_dims, const int8_t *filter,
                                                       const cmsis_nn_dims *bias_dims, const int32_t *bias,
                                                       const cmsis_nn_dims *output_dims, int8_t *output)
{
    (void)bias_dims;
    return multiply(ctx, p, quant->multiplier, quant->shift, 1, input_dims, input, filter_dims, filter, bias, output_dims, output);
}
