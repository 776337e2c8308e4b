/* e^x within one ULP, in a fixed sequence of single-precision operations. */
static float tw_expf(float x)
{
    float t, k_float, r, p, y;
    int32_t k, half;

    if (x != x) {
        return tw_float_from_bits(UINT32_C(0x7fc00000));
    }
    if (x > tw_float_from_bits(UINT32_C(0x42b17218))) {
        return tw_float_from_bits(UINT32_C(0x7f800000));
    }
    if (x < tw_float_from_bits(UINT32_C(0xc2cff1b5))) {
        return 0.0f;
    }
    t = x * tw_float_from_bits(UINT32_C(0x3fb8aa3b));
    t = (t < 0.0f) ? t - 0.5f : t + 0.5f;
    k = (int32_t)t;
    k_float = (float)k;
    r = x - k_float * tw_float_from_bits(UINT32_C(0x3f317200));
    r = r - k_float * tw_float_from_bits(UINT32_C(0x35bfbe8e));
    p = tw_float_from_bits(UINT32_C(0x3ab511e7));
    p = p * r + tw_float_from_bits(UINT32_C(0x3c091d10));
    p = p * r + tw_float_from_bits(UINT32_C(0x3d2aac79));
    p = p * r + tw_float_from_bits(UINT32_C(0x3e2aaa49));
    p = p * r + tw_float_from_bits(UINT32_C(0x3efffffe));
    y = p * (r * r) + r;
    y = y + 1.0f;
    half = (k - (k < 0)) / 2;
    return y * tw_float_from_bits((uint32_t)(half + 127) << 23)
             * tw_float_from_bits((uint32_t)(k - half + 127) << 23);
}
