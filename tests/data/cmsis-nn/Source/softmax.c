#include "arm_nnfunctions.h"
#include "requantize.h"

/* e^x for x = a / 2^26 <= 0, in units of 2^-31: a polynomial around -1/8 for the part below a quarter, and a factor for each bit above. */
static int32_t exp_of_negative(int32_t a)
{
    static const int32_t factors[] = {1672461947, 1302514674, 790015084, 290630308, 39332535, 720401, 242};
    const int32_t quarter = 1 << 24;
    int32_t below = (int32_t)((uint32_t)a & (uint32_t)(quarter - 1)) - quarter;
    int32_t x = (int32_t)((uint32_t)below << 5) + (1 << 28);
    int32_t x2 = high_multiply(x, x);
    int32_t x3 = high_multiply(x2, x);
    int32_t x4 = high_multiply(x2, x2);
    int32_t tail = divide_by_power(high_multiply(divide_by_power(x4, 2) + x3, 715827883) + x2, 1);
    int32_t result = 1895147668 + high_multiply(1895147668, x + tail);
    int32_t remainder = below - a;
    for (int bit = 0; bit < 7; bit++) {
        if (remainder & (1 << (24 + bit))) {
            result = high_multiply(result, factors[bit]);
        }
    }
    return a == 0 ? INT32_MAX : result;
}

/* 1 / (1 + x) for x in [0, 1], in units of 2^-31, by Newton's steps. */
static int32_t one_over_one_plus(int32_t a)
{
    int64_t both = (int64_t)a + INT32_MAX;
    int32_t half = (int32_t)((both >= 0 ? both + 1 : both - 1) / 2);
    int32_t x = 1515870810 + high_multiply(half, -1010580540);
    for (int step = 0; step < 3; step++) {
        int32_t error = (1 << 29) - high_multiply(half, x);
        x += (int32_t)((uint32_t)high_multiply(x, error) << 2);
    }
    return x > INT32_MAX / 2 ? INT32_MAX : x < INT32_MIN / 2 ? INT32_MIN : x * 2;
}

void arm_softmax_s8(const int8_t *input, const int32_t num_rows, const int32_t row_size, const int32_t mult, const int32_t shift,
                    const int32_t diff_min, int8_t *output)
{
    for (int32_t row = 0; row < num_rows; row++, input += row_size, output += row_size) {
        int32_t greatest = INT8_MIN;
        for (int32_t i = 0; i < row_size; i++) {
            greatest = input[i] > greatest ? input[i] : greatest;
        }
        int32_t sum = 0;
        for (int32_t i = 0; i < row_size; i++) {
            int32_t diff = input[i] - greatest;
            if (diff >= diff_min) {
                sum += divide_by_power(exp_of_negative(high_multiply((int32_t)((uint32_t)diff << shift), mult)), 12);
            }
        }
        int32_t headroom = 0;
        while (headroom < 31 && ((uint32_t)sum << headroom & UINT32_C(0x80000000)) == 0) {
            headroom++;
        }
        int32_t scale = one_over_one_plus((int32_t)(((uint32_t)sum << headroom) - UINT32_C(0x80000000)));
        for (int32_t i = 0; i < row_size; i++) {
            int32_t diff = input[i] - greatest;
            int32_t result = INT8_MIN;
            if (diff >= diff_min) {
                int32_t e = exp_of_negative(high_multiply((int32_t)((uint32_t)diff << shift), mult));
                result += divide_by_power(high_multiply(scale, e), 12 - headroom + 23);
            }
            output[i] = clamp(result, INT8_MIN, INT8_MAX);
        }
    }
}
