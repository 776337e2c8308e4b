/* Fixed-point arithmetic as gemmlowp defines it. */
#ifndef REQUANTIZE_H
#define REQUANTIZE_H

#include <stdint.h>

/* The high word of twice a product, rounded to the nearest, halves away from zero. */
static inline int32_t high_multiply(int32_t a, int32_t b)
{
    if (a == INT32_MIN && b == INT32_MIN) {
        return INT32_MAX;
    }
    int64_t product = (int64_t)a * b;
    int64_t nudge = product >= 0 ? INT64_C(1) << 30 : 1 - (INT64_C(1) << 30);
    return (int32_t)((product + nudge) / (INT64_C(1) << 31));
}

/* Division by a power of two, rounded to the nearest, halves away from zero. */
static inline int32_t divide_by_power(int32_t x, int32_t exponent)
{
    int64_t half = exponent > 0 ? INT64_C(1) << (exponent - 1) : 0;
    int64_t wide = x;
    return (int32_t)(wide >= 0 ? (wide + half) >> exponent : -((-wide + half) >> exponent));
}

/* A sum that wraps, as the cores' registers do. */
static inline int32_t add(int32_t a, int32_t b)
{
    return (int32_t)((uint32_t)a + (uint32_t)b);
}

static inline int32_t requantize(int32_t x, int32_t multiplier, int32_t shift)
{
    int32_t left = shift > 0 ? shift : 0;
    int32_t right = shift > 0 ? 0 : -shift;
    return divide_by_power(high_multiply((int32_t)((uint32_t)x << left), multiplier), right);
}

static inline int8_t clamp(int32_t x, int32_t low, int32_t high)
{
    return (int8_t)(x < low ? low : x > high ? high : x);
}

/* What the library is built for, as its own headers find it out. */
#if defined(__ARM_FEATURE_MVE) && (__ARM_FEATURE_MVE & 1)
#define HELIUM 1
#else
#define HELIUM 0
#endif
#if defined(__ARM_FEATURE_DSP) && __ARM_FEATURE_DSP
#define DSP 1
#else
#define DSP 0
#endif

#endif
