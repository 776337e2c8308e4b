/* The NPU in C, at its registers. It works as late as it can: a layer each time that somebody asks whether it is busy. With
   ACME_NPU_EAGER it works as early as it can: everything when it is started. A program that is right with both has no tensor that is
   touched while the NPU may use it. */
#include "acme_npu_registers.h"

#define MEMORY (32 * 1024)
#define LANES 8

static acme_npu_value registers[ACME_NPU_REGISTERS];
static int8_t memory[MEMORY];
static int32_t next_layer;
static int is_busy, has_failed;

static int8_t *place(int32_t word)
{
    return word < 0 ? (int8_t *)registers[ACME_NPU_TENSOR0 - 1 - word] : &memory[word];
}

static int is_place(int32_t word, int32_t bytes)
{
    return word < 0 ? word >= -8 && registers[ACME_NPU_TENSOR0 - 1 - word] != 0 : word <= MEMORY - bytes;
}

static int8_t clamped(const int32_t *layer, int32_t value)
{
    const int32_t low = layer[ACME_NPU_CLAMP_MIN], high = layer[ACME_NPU_CLAMP_MAX];
    return (int8_t)(value < low ? low : value > high ? high : value);
}

/* sum * multiplier / 2^31 * 2^shift, rounded at both divisions. */
static int32_t requantized(uint32_t sum, int32_t multiplier, int32_t shift)
{
    const int32_t shifted = (int32_t)(sum << (shift > 0 ? shift : 0));
    const int right = shift < 0 ? -shift : 0;
    const int64_t product = (int64_t)shifted * multiplier + (1 << 30);
    const int32_t high = (int32_t)(product >> 31);
    const int32_t mask = (int32_t)(((int64_t)1 << right) - 1);
    return (high >> right) + ((high & mask) > (mask >> 1) + (high < 0));
}

/* One row of the array: the sums of 8 output channels at one pixel. */
static void convolve(const int32_t *layer, int32_t y, int32_t x, int32_t first, int8_t *out)
{
    const int32_t channels = layer[ACME_NPU_IN_C], height = layer[ACME_NPU_IN_H], width = layer[ACME_NPU_IN_W];
    const int32_t taps = layer[ACME_NPU_KERNEL_H] * layer[ACME_NPU_KERNEL_W] * channels;
    const int8_t *in = place(layer[ACME_NPU_SOURCE]);
    const int8_t *weight = (const int8_t *)registers[ACME_NPU_WEIGHTS] + layer[ACME_NPU_FIRST_WEIGHT] + first * taps;
    const int32_t *parameter =
        (const int32_t *)registers[ACME_NPU_PARAMETERS] + layer[ACME_NPU_FIRST_PARAMETER] + 3 * first;
    uint32_t sums[LANES] = {0};
    for (int32_t ky = 0; ky < layer[ACME_NPU_KERNEL_H]; ky++) {
        for (int32_t kx = 0; kx < layer[ACME_NPU_KERNEL_W]; kx++) {
            const int32_t row = y * layer[ACME_NPU_STRIDE_H] + ky * layer[ACME_NPU_DILATION_H] - layer[ACME_NPU_PAD_TOP];
            const int32_t column =
                x * layer[ACME_NPU_STRIDE_W] + kx * layer[ACME_NPU_DILATION_W] - layer[ACME_NPU_PAD_LEFT];
            const int inside = row >= 0 && row < height && column >= 0 && column < width;
            for (int32_t c = 0; c < channels; c++) {
                const int32_t value =
                    inside ? in[(row * width + column) * channels + c] : layer[ACME_NPU_IN_ZERO_POINT];
                for (int lane = 0; lane < LANES; lane++) {
                    sums[lane] += (uint32_t)(value * *weight++);
                }
            }
        }
    }
    for (int lane = 0; lane < LANES && first + lane < layer[ACME_NPU_OUT_C]; lane++, parameter += 3) {
        const uint32_t sum = sums[lane] + (uint32_t)parameter[0];
        out[lane] = clamped(layer, requantized(sum, parameter[1], parameter[2]) + layer[ACME_NPU_OUT_ZERO_POINT]);
    }
}

static int8_t pool(const int32_t *layer, int32_t y, int32_t x, int32_t channel)
{
    const int32_t channels = layer[ACME_NPU_IN_C], height = layer[ACME_NPU_IN_H], width = layer[ACME_NPU_IN_W];
    const int8_t *in = place(layer[ACME_NPU_SOURCE]);
    int32_t most = -128, sum = 0, count = 0;
    for (int32_t ky = 0; ky < layer[ACME_NPU_KERNEL_H]; ky++) {
        for (int32_t kx = 0; kx < layer[ACME_NPU_KERNEL_W]; kx++) {
            const int32_t row = y * layer[ACME_NPU_STRIDE_H] + ky - layer[ACME_NPU_PAD_TOP];
            const int32_t column = x * layer[ACME_NPU_STRIDE_W] + kx - layer[ACME_NPU_PAD_LEFT];
            if (row >= 0 && row < height && column >= 0 && column < width) {
                const int32_t value = in[(row * width + column) * channels + channel];
                most = value > most ? value : most;
                sum += value;
                count++;
            }
        }
    }
    if (layer[ACME_NPU_KIND] == 1 || count == 0) {
        return clamped(layer, most);
    }
    return clamped(layer, (sum + (sum > 0 ? count / 2 : -(count / 2))) / count);
}

/* Whether the layer could be computed. */
static int compute(const int32_t *layer)
{
    const int32_t channels = layer[ACME_NPU_OUT_C];
    const int32_t pixels = layer[ACME_NPU_OUT_H] * layer[ACME_NPU_OUT_W];
    const int32_t read = layer[ACME_NPU_IN_H] * layer[ACME_NPU_IN_W] * layer[ACME_NPU_IN_C];
    if (!is_place(layer[ACME_NPU_SOURCE], read) || !is_place(layer[ACME_NPU_TARGET], pixels * channels)) {
        return 0;
    }
    int8_t *out = place(layer[ACME_NPU_TARGET]);
    for (int32_t pixel = 0; pixel < pixels; pixel++) {
        const int32_t y = pixel / layer[ACME_NPU_OUT_W], x = pixel % layer[ACME_NPU_OUT_W];
        if (layer[ACME_NPU_KIND] == 0) {
            for (int32_t first = 0; first < channels; first += LANES) {
                convolve(layer, y, x, first, out + pixel * channels + first);
            }
        } else {
            for (int32_t c = 0; c < channels; c++) {
                out[pixel * channels + c] = pool(layer, y, x, c);
            }
        }
    }
    return 1;
}

/* Computes the next layer. */
static void step(void)
{
    const int32_t *program = (const int32_t *)registers[ACME_NPU_PROGRAM];
    if (next_layer < (int32_t)registers[ACME_NPU_LAYERS]) {
        has_failed = !compute(program + ACME_NPU_WORDS * next_layer);
        next_layer++;
    }
    is_busy = !has_failed && next_layer < (int32_t)registers[ACME_NPU_LAYERS];
}

void acme_npu_write(enum acme_npu_register r, acme_npu_value value)
{
    registers[r] = value;
    if (r == ACME_NPU_CONTROL && value == 1) {
        /* A job on top of another is a mistake of the program. */
        has_failed = is_busy;
        is_busy = !has_failed;
        next_layer = 0;
#ifdef ACME_NPU_EAGER
        while (is_busy) {
            step();
        }
#endif
    }
}

acme_npu_value acme_npu_read(enum acme_npu_register r)
{
    if (r != ACME_NPU_STATUS) {
        return r == ACME_NPU_CONTROL ? 0 : registers[r];
    }
    if (is_busy) {
        step();
    }
    return (is_busy ? ACME_NPU_BUSY : 0) | (has_failed ? ACME_NPU_FAILED : 0);
}
