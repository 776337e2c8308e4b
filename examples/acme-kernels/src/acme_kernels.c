#include "acme_kernels.h"

#include <stddef.h>

/* acc * multiplier / 2^31 * 2^shift, rounded twice: to the nearest after the product, then after the shift to the right. */
static int32_t scaled(int32_t acc, int32_t multiplier, int32_t shift)
{
    const int32_t left = shift > 0 ? shift : 0;
    const int32_t right = shift < 0 ? -shift : 0;
    const int64_t product = (int64_t)(int32_t)((uint32_t)acc << left) * multiplier;
    const int64_t half = product >= 0 ? INT64_C(1) << 30 : 1 - (INT64_C(1) << 30);
    const int32_t high = (int32_t)((product + half) / (INT64_C(1) << 31));
    const int32_t mask = (int32_t)(((uint32_t)1 << right) - 1);
    const int32_t rest = high & mask;
    const int32_t threshold = (mask >> 1) + (high < 0);
    return (high >> right) + (rest > threshold);
}

/* The sum modulo 2^32, as the reference has it where a value is far out of range. */
static int32_t plus(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static int8_t clamped(int32_t x, int32_t low, int32_t high)
{
    return (int8_t)(x < low ? low : x > high ? high : x);
}

/* At most 32768 products, so that the sum fits. */
static int32_t dot(const int8_t *x, int32_t x_offset, const int8_t *w, int32_t w_offset, int32_t n)
{
    int32_t sum = 0;
    for (int32_t i = 0; i < n; i++) {
        sum += (x[i] + x_offset) * (w[i] + w_offset);
    }
    return sum;
}

/* Copies what one output pixel sees, with the zero point where that is outside of the image. */
static void gather(int8_t *to, const int8_t *image, const struct acme_dims *in, const struct acme_dims *filter,
                   int32_t top, int32_t left, int8_t zero)
{
    for (int32_t ky = 0; ky < filter->h; ky++) {
        for (int32_t kx = 0; kx < filter->w; kx++) {
            const int32_t y = top + ky, x = left + kx;
            const int inside = y >= 0 && y < in->h && x >= 0 && x < in->w;
            for (int32_t c = 0; c < in->c; c++) {
                *to++ = inside ? image[(y * in->w + x) * in->c + c] : zero;
            }
        }
    }
}

int acme_conv2d_s8(const int8_t *input, const struct acme_dims *input_dims,
                   const int8_t *filter, const struct acme_dims *filter_dims,
                   const int32_t *bias, const struct acme_factors *factors, const struct acme_conv *conv,
                   int8_t *output, const struct acme_dims *output_dims, int8_t *buffer)
{
    const int32_t taps = filter_dims->h * filter_dims->w * filter_dims->c;
    if (filter_dims->c != input_dims->c || filter_dims->n != output_dims->c || buffer == NULL) {
        return ACME_ERROR_SHAPE;
    }
    for (int32_t n = 0; n < output_dims->n; n++) {
        const int8_t *image = input + n * input_dims->h * input_dims->w * input_dims->c;
        for (int32_t y = 0; y < output_dims->h; y++) {
            for (int32_t x = 0; x < output_dims->w; x++) {
                gather(buffer, image, input_dims, filter_dims, y * conv->stride.h - conv->pad.h,
                       x * conv->stride.w - conv->pad.w, (int8_t)-conv->input_offset);
                for (int32_t c = 0; c < output_dims->c; c++) {
                    int32_t acc = dot(buffer, conv->input_offset, filter + c * taps, 0, taps);
                    acc = plus(acc, bias != NULL ? bias[c] : 0);
                    acc = plus(scaled(acc, factors->multiplier[c], factors->shift[c]), conv->output_offset);
                    *output++ = clamped(acc, conv->output_range[0], conv->output_range[1]);
                }
            }
        }
    }
    return ACME_OK;
}

void acme_fully_connected_s8(const int8_t *input, const int8_t *filter, const int32_t *bias,
                             const int32_t *multiplier, const int32_t *shift, int8_t *output,
                             int32_t rows, int32_t depth, int32_t channels,
                             int32_t input_offset, int32_t filter_offset, int32_t output_offset,
                             int32_t output_min, int32_t output_max)
{
    for (int32_t r = 0; r < rows; r++) {
        for (int32_t c = 0; c < channels; c++) {
            int32_t acc = dot(input + r * depth, input_offset, filter + c * depth, filter_offset, depth);
            acc = plus(acc, bias != NULL ? bias[c] : 0);
            acc = plus(scaled(acc, multiplier[c], shift[c]), output_offset);
            *output++ = clamped(acc, output_min, output_max);
        }
    }
}
