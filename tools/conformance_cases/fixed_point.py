"""The fixed-point arithmetic of the reference kernels, on numpy arrays.

It serves three purposes: to keep drawn cases inside what the reference defines (int32 without overflow), to find
accumulators at which roundings differ, and to check that a written file means what its case says. The expected
bytes never come from here.
"""
import math

import numpy as np

INT32_MIN, INT32_MAX = -(1 << 31), (1 << 31) - 1


def quantize_multiplier(real):
    """`(q, shift)` with `real = q * 2^(shift - 31)` and q in [2^30, 2^31), as TFLite's QuantizeMultiplier."""
    if real == 0.0:
        return 0, 0
    fraction, shift = math.frexp(real)
    q = math.floor(fraction * (1 << 31) + 0.5)
    if q == 1 << 31:
        q, shift = q >> 1, shift + 1
    return (0, 0) if shift < -31 else (q, shift)


def doubling_high_mul(a, q):
    """gemmlowp's SaturatingRoundingDoublingHighMul; q is not negative, so that saturation cannot happen."""
    product = a * q
    nudged = product + np.where(product >= 0, 1 << 30, 1 - (1 << 30))
    return np.where(nudged >= 0, nudged >> 31, -((-nudged) >> 31))


def rounding_divide_by_pot(x, exponent):
    """`x / 2^exponent`, halves away from zero."""
    mask = (1 << exponent) - 1
    threshold = (mask >> 1) + (x < 0)
    return (x >> exponent) + ((x & mask) > threshold)


def requantize(acc, q, shift):
    """Two roundings, as tflite-micro: doubling high multiply, then a rounding shift. `acc` is int64."""
    return rounding_divide_by_pot(doubling_high_mul(acc << max(shift, 0), q), max(-shift, 0))


def _requantize_rounding_once(acc, q, shift):
    total = 31 - shift
    if not 1 <= total <= 62:
        return requantize(acc, q, shift)
    return (acc * q + (1 << (total - 1))) >> total


def _requantize_halves_up(acc, q, shift):
    exponent = max(-shift, 0)
    return (doubling_high_mul(acc << max(shift, 0), q) + ((1 << exponent) >> 1)) >> exponent


# Roundings that a kernel may take by mistake: half up of the exact product; two roundings, the second half up.
WRONG_ROUNDINGS = {"rounding once": _requantize_rounding_once, "rounding halves up": _requantize_halves_up}


def telling(acc, q, shift, low, high):
    """By name of a wrong rounding: where it shows in the result after clamping to [low, high]."""
    right = np.clip(requantize(acc, q, shift), low, high)
    return {name: np.clip(wrong(acc, q, shift), low, high) != right for name, wrong in WRONG_ROUNDINGS.items()}


def telling_features(tables):
    """Features for a sequence of what `telling` returned."""
    tables = list(tables)
    return {f"{name} tells" for name in WRONG_ROUNDINGS if any(bool(t[name].any()) for t in tables)}


def round_half_away(x):
    """C's `round`, in the precision of `x`."""
    return np.sign(x) * np.floor(np.abs(x) + x.dtype.type(0.5))


def activation_range(activation, scale, zero_point):
    """The int8 bounds of a fused activation."""
    def stored(real):
        return zero_point + int(round_half_away(np.float32(real) / np.float32(scale)))

    low, high = -128, 127
    if activation in ("RELU", "RELU6"):
        low = max(low, stored(0.0))
    if activation == "RELU6":
        high = min(high, stored(6.0))
    if activation == "RELU_N1_TO_1":
        low, high = max(low, stored(-1.0)), min(high, stored(1.0))
    return low, high


def clamp_float(x, activation):
    """A fused activation on real numbers."""
    bounds = {"NONE": (-np.inf, np.inf), "RELU": (0.0, np.inf), "RELU6": (0.0, 6.0), "RELU_N1_TO_1": (-1.0, 1.0)}
    return np.clip(x, *bounds[activation])
