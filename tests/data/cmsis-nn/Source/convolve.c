#include "arm_nnfunctions.h"
#include "requantize.h"
#include "scratch.h"

/* A window's part of the input for a row or column of the output: where it starts. */
static int32_t start(int32_t at, int32_t stride, int32_t pad)
{
    return at * stride - pad;
}

/* What arm_convolve_wrapper_s8_get_buffer_size says of release 7.0.0 built by gcc; with Helium and one row, of releases up to 2026. */
static int32_t convolve_scratch(const cmsis_nn_conv_params *p, const cmsis_nn_dims *input, const cmsis_nn_dims *filter)
{
    int32_t columns = input->c * filter->w * filter->h;
    int pointwise = p->padding.w == 0 && p->padding.h == 0 && filter->w == 1 && filter->h == 1 && p->dilation.w == 1 && p->dilation.h == 1;
    if (pointwise) {
        return 0;
    }
    if (HELIUM) {
        return 4 * ((columns + 15) / 16) * 16;
    }
    return 2 * ((columns + 3) / 4 * 4) * 2;
}

arm_cmsis_nn_status arm_convolve_wrapper_s8(const cmsis_nn_context *ctx, const cmsis_nn_conv_params *p,
                                            const cmsis_nn_per_channel_quant_params *quant,
                                            const cmsis_nn_dims *input_dims, const int8_t *input,
                                            const cmsis_nn_dims *filter_dims, const int8_t *filter,
                                            const cmsis_nn_dims *bias_dims, const int32_t *bias,
                                            const cmsis_nn_dims *output_dims, int8_t *output)
{
    if (!has_scratch(ctx, convolve_scratch(p, input_dims, filter_dims)) || filter_dims->n != output_dims->c ||
        filter_dims->c != input_dims->c || input_dims->n != output_dims->n || bias_dims->c != output_dims->c ||
        p->input_offset < -127 || p->input_offset > 128 || p->output_offset < -128 || p->output_offset > 127) {
        return ARM_CMSIS_NN_ARG_ERROR;
    }
    int pointwise = p->padding.w == 0 && p->padding.h == 0 && filter_dims->w == 1 && filter_dims->h == 1;
    if (pointwise && p->stride.w == 1 && p->stride.h == 1 && (output_dims->h != input_dims->h || output_dims->w != input_dims->w)) {
        return ARM_CMSIS_NN_ARG_ERROR;
    }
    for (int32_t n = 0; n < output_dims->n; n++) {
        for (int32_t y = 0; y < output_dims->h; y++) {
            for (int32_t x = 0; x < output_dims->w; x++) {
                for (int32_t o = 0; o < output_dims->c; o++) {
                    int32_t sum = bias ? bias[o] : 0;
                    for (int32_t ky = 0; ky < filter_dims->h; ky++) {
                        int32_t iy = start(y, p->stride.h, p->padding.h) + ky * p->dilation.h;
                        for (int32_t kx = 0; kx < filter_dims->w; kx++) {
                            int32_t ix = start(x, p->stride.w, p->padding.w) + kx * p->dilation.w;
                            if (iy < 0 || iy >= input_dims->h || ix < 0 || ix >= input_dims->w) {
                                continue;
                            }
                            const int8_t *in = input + ((n * input_dims->h + iy) * input_dims->w + ix) * input_dims->c;
                            const int8_t *w = filter + ((o * filter_dims->h + ky) * filter_dims->w + kx) * filter_dims->c;
                            for (int32_t c = 0; c < filter_dims->c; c++) {
                                sum = add(sum, (in[c] + p->input_offset) * w[c]);
                            }
                        }
                    }
                    sum = add(requantize(sum, quant->multiplier[o], quant->shift[o]), p->output_offset);
                    *output++ = clamp(sum, p->activation.min, p->activation.max);
                }
            }
        }
    }
    return ARM_CMSIS_NN_SUCCESS;
}

/* What arm_depthwise_conv_wrapper_s8_get_buffer_size says. */
static int32_t depthwise_scratch(const cmsis_nn_dw_conv_params *p, const cmsis_nn_dims *input, const cmsis_nn_dims *filter,
                                 const cmsis_nn_dims *output)
{
    if (input->c != output->c || input->n != 1 || p->dilation.w != 1 || p->dilation.h != 1) {
        return 0;
    }
    if (HELIUM) {
        return 4 * 124 * filter->w * filter->h;
    }
    int small = filter->w == 3 && filter->h == 3 && p->padding.h <= 1 && p->padding.w <= 1;
    return DSP && !small ? input->c * filter->w * filter->h * 2 : 0;
}

arm_cmsis_nn_status arm_depthwise_conv_wrapper_s8(const cmsis_nn_context *ctx, const cmsis_nn_dw_conv_params *p,
                                                  const cmsis_nn_per_channel_quant_params *quant,
                                                  const cmsis_nn_dims *input_dims, const int8_t *input,
                                                  const cmsis_nn_dims *filter_dims, const int8_t *filter,
                                                  const cmsis_nn_dims *bias_dims, const int32_t *bias,
                                                  const cmsis_nn_dims *output_dims, int8_t *output)
{
    if (!has_scratch(ctx, depthwise_scratch(p, input_dims, filter_dims, output_dims)) || input_dims->n != 1 ||
        output_dims->n != 1 || p->ch_mult * input_dims->c != output_dims->c || filter_dims->c != output_dims->c ||
        filter_dims->n != 1 || bias_dims->c != output_dims->c) {
        return ARM_CMSIS_NN_ARG_ERROR;
    }
    /* What the library does not guard against: it would read beyond the arrays, and take the place of the bias for its sum. */
    if (HELIUM && (output_dims->c % 4 != 0 || bias == NULL || input_dims->c == 1)) {
        return ARM_CMSIS_NN_ARG_ERROR;
    }
    for (int32_t y = 0; y < output_dims->h; y++) {
        for (int32_t x = 0; x < output_dims->w; x++) {
            for (int32_t o = 0; o < output_dims->c; o++) {
                int32_t sum = bias ? bias[o] : 0;
                for (int32_t ky = 0; ky < filter_dims->h; ky++) {
                    int32_t iy = start(y, p->stride.h, p->padding.h) + ky * p->dilation.h;
                    for (int32_t kx = 0; kx < filter_dims->w; kx++) {
                        int32_t ix = start(x, p->stride.w, p->padding.w) + kx * p->dilation.w;
                        if (iy < 0 || iy >= input_dims->h || ix < 0 || ix >= input_dims->w) {
                            continue;
                        }
                        int32_t in = input[(iy * input_dims->w + ix) * input_dims->c + o / p->ch_mult];
                        sum = add(sum, (in + p->input_offset) * filter[(ky * filter_dims->w + kx) * filter_dims->c + o]);
                    }
                }
                sum = add(requantize(sum, quant->multiplier[o], quant->shift[o]), p->output_offset);
                *output++ = clamp(sum, p->activation.min, p->activation.max);
            }
        }
    }
    return ARM_CMSIS_NN_SUCCESS;
}
