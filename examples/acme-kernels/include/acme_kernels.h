/* Acme kernels: int8 convolution and fully connected layers with the arithmetic of TensorFlow Lite Micro. */
#ifndef ACME_KERNELS_H
#define ACME_KERNELS_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a function returns. */
#define ACME_OK 0
#define ACME_ERROR_SHAPE (-1)

/* Extents of a tensor: images, rows, columns, channels. Of a filter: filters, rows, columns, channels. */
struct acme_dims {
    int32_t n;
    int32_t h;
    int32_t w;
    int32_t c;
};

/* Two numbers, the vertical one first. */
struct acme_pair {
    int32_t h;
    int32_t w;
};

/* One fixed-point factor for each output channel: value * multiplier / 2^31 * 2^shift. */
struct acme_factors {
    const int32_t *multiplier;
    const int32_t *shift;
};

/* How the window moves, and what is added and clamped. */
struct acme_conv {
    struct acme_pair stride;
    struct acme_pair pad;      /* rows above and columns to the left */
    int32_t input_offset;      /* the negated zero point of the input, added to each of its values */
    int32_t output_offset;     /* the zero point of the output */
    int32_t output_range[2];   /* least and greatest output */
};

/* Convolution. bias may be NULL. buffer holds filter->h * filter->w * filter->c bytes. */
int acme_conv2d_s8(const int8_t *input, const struct acme_dims *input_dims,
                   const int8_t *filter, const struct acme_dims *filter_dims,
                   const int32_t *bias, const struct acme_factors *factors, const struct acme_conv *conv,
                   int8_t *output, const struct acme_dims *output_dims, int8_t *buffer);

/* Fully connected layer: rows of depth values by channels filters of depth values. bias may be NULL. */
void acme_fully_connected_s8(const int8_t *input, const int8_t *filter, const int32_t *bias,
                             const int32_t *multiplier, const int32_t *shift, int8_t *output,
                             int32_t rows, int32_t depth, int32_t channels,
                             int32_t input_offset, int32_t filter_offset, int32_t output_offset,
                             int32_t output_min, int32_t output_max);

#ifdef __cplusplus
}
#endif

#endif
