"""Scales, biases and output zero points for operators that accumulate products in int32."""
from dataclasses import dataclass

import numpy as np

from . import fixed_point
from .case import Redraw, chance, log_uniform, pick, scale_for_activation, tensor_scale, zero_point

# How the real multiplier input_scale * weight_scale / output_scale is chosen.
MODES = (
    ("typical", 0.38),            # outputs spread over the int8 range
    ("fine", 0.10),               # outputs within a few steps: nearly everything rounds
    ("saturating", 0.08),         # most outputs clamp
    ("above_one", 0.12),          # positive shifts
    ("power_of_two", 0.12),       # exact ties
    ("near_power_of_two", 0.05),  # the 31-bit mantissa rounds up to 2^31
    ("vanishing", 0.05),          # below 2^-32: the multiplier becomes 0
    ("large_bias", 0.10),         # accumulators above 2^30
)
# How far from its first value a bias may move to put accumulators on telling roundings.
BIAS_SEARCH = 96


@dataclass
class Requantization:
    """`bias` is None where the operator has none; `multipliers` are `(q, shift)`, one a channel."""

    input_scale: np.float32
    weight_scales: np.ndarray
    output_scale: np.float32
    output_zero_point: int
    bias: np.ndarray
    multipliers: list
    # What the multipliers would be if the product of the scales were rounded to float32 on the way.
    single_precision_multipliers: list
    mode: str


def draw_mode(rng):
    """One of MODES by weight; "above_one" wants small weights and activations."""
    return str(rng.choice([m for m, _ in MODES], p=[w for _, w in MODES]))


def draw_requantization(rng, mode, accumulators, per_channel, activation, with_bias):
    """Parameters for int64 `accumulators` [..., channels] without bias."""
    channels = accumulators.shape[-1]
    flat = accumulators.reshape(-1, channels)
    if mode == "large_bias" and not with_bias:
        mode = "typical"
    bias = _draw_bias(rng, mode, flat) if with_bias else None
    spread = _spread(flat, bias, per_channel, mode)
    target = {"fine": 2.0, "saturating": 300.0, "large_bias": 90.0}.get(mode, log_uniform(rng, 10, 80))
    real = target / spread
    if per_channel and mode != "large_bias":
        real = real * np.exp(rng.uniform(np.log(0.25), np.log(4.0), channels))
    if mode == "above_one":
        real = np.exp(rng.uniform(0, np.log(pick(rng, (2.0, 8.0, 64.0))), spread.shape))
    if mode == "vanishing":
        real = np.full(spread.shape, log_uniform(rng, 1e-12, 1e-10))
    input_scale, weight_scales, output_scale = _scales(rng, mode, real, activation)
    products = float(input_scale) * weight_scales.astype(np.float64)
    multipliers = _multipliers(products, output_scale, channels)
    single = _multipliers((input_scale * weight_scales).astype(np.float64), output_scale, channels)
    zero = zero_point(rng)
    low, high = (bound - zero for bound in fixed_point.activation_range(activation, output_scale, zero))
    if mode == "large_bias":
        bias = _move_bias_to_telling_products(rng, flat, bias, multipliers, single, low, high)
    elif bias is not None and chance(rng, 0.6):
        bias = _move_bias_to_telling_roundings(flat, bias, multipliers, low, high)
    _check_int32(flat, bias, multipliers)
    return Requantization(input_scale, weight_scales, output_scale, zero, bias, multipliers, single, mode)


def _draw_bias(rng, mode, flat):
    channels = flat.shape[1]
    if mode == "large_bias":
        room = fixed_point.INT32_MAX - int(np.abs(flat).max()) - 1
        magnitude = np.array([int(log_uniform(rng, 2.0 ** 27, room)) for _ in range(channels)])
        magnitude[int(rng.integers(channels))] = int(rng.integers(1 << 30, room))
        return magnitude * np.where(rng.random(channels) < 0.5, -1, 1)
    spread = max(2.0, float(flat.std()))
    return np.rint(rng.normal(0, pick(rng, (0.3, 1.0, 2.0)) * spread, channels)).astype(np.int64)


def _spread(flat, bias, per_channel, mode):
    """A magnitude of the accumulators, one for the tensor or one a channel."""
    total = flat if bias is None else flat + bias
    if mode == "large_bias":
        magnitude = np.abs(total).max(axis=0).astype(float)
        return magnitude if per_channel else magnitude.max(keepdims=True)
    spread = max(2.0, float(total.std()))
    return np.full(flat.shape[1] if per_channel else 1, spread)


def _scales(rng, mode, real, activation):
    output_scale = scale_for_activation(rng, activation)
    input_scale = tensor_scale(rng)
    if mode in ("power_of_two", "near_power_of_two"):
        output_scale, input_scale = _power_of_two(output_scale), _power_of_two(input_scale)
        real = _power_of_two(real)
    weight_scales = (real * float(output_scale) / float(input_scale)).astype(np.float32)
    if mode == "near_power_of_two":
        # (1 + 2^-23)(1 - 2^-23) = 1 - 2^-46, nearer to 1 than a 31-bit mantissa can tell.
        input_scale = np.float32(float(input_scale) * (1 + 2.0 ** -23))
        weight_scales = (weight_scales.astype(np.float64) * (1 - 2.0 ** -23)).astype(np.float32)
    if not np.all((weight_scales > 1e-30) & (weight_scales < 1e30)):
        raise Redraw("weight scale leaves the normal float32 range")
    return input_scale, weight_scales, output_scale


def _power_of_two(x):
    return np.exp2(np.rint(np.log2(np.asarray(x, np.float64)))).astype(np.float32)[()]


def _multipliers(products, output_scale, channels):
    pairs = [fixed_point.quantize_multiplier(float(p) / float(output_scale)) for p in products]
    return pairs * channels if len(pairs) == 1 else pairs


def _move_bias_to_telling_roundings(flat, bias, multipliers, low, high):
    """Moves each channel's bias by at most BIAS_SEARCH to where most outputs show a wrong rounding."""
    steps = np.arange(-BIAS_SEARCH, BIAS_SEARCH + 1)
    steps = steps[np.argsort(np.abs(steps), kind="stable")]
    moved = bias.copy()
    for c, (q, shift) in enumerate(multipliers):
        candidates = flat[:, c][None, :] + bias[c] + steps[:, None]
        shown = sum(t.sum(axis=1) for t in fixed_point.telling(candidates, q, shift, low, high).values())
        moved[c] += steps[int(shown.argmax())]
    return moved


def _move_bias_to_telling_products(rng, flat, bias, multipliers, single_precision, low, high):
    """Puts one accumulator of some channels between the thresholds of a double and a float32 product of the scales.

    The two multipliers differ by some 2^-24, so only accumulators near 2^24 and above can tell them apart.
    """
    moved = bias.copy()
    steps = np.arange(-100, 100)
    for c, ((q, shift), other) in enumerate(zip(multipliers, single_precision)):
        if q == 0 or (q, shift) == other or shift > 0 or chance(rng, 0.4):
            continue
        halfway = np.array([((2 * int(k) + 1) << (30 - shift)) // q for k in steps])
        halfway_other = np.array([((2 * int(k) + 1) << (30 - other[1])) // other[0] for k in steps])
        candidates = (halfway + halfway_other) // 2
        element = int(pick(rng, flat[:, c]))
        tells = _product_tells(candidates, (q, shift), other, low, high)
        usable = candidates[tells & (np.abs(candidates) < 1 << 30)]
        if usable.size:
            moved[c] = int(pick(rng, usable)) - element
    return moved


def _product_tells(acc, multiplier, other, low, high):
    """Where two multipliers give different outputs after clamping to [low, high]."""
    outputs = (np.clip(fixed_point.requantize(acc, *m), low, high) for m in (multiplier, other))
    return np.not_equal(*outputs)


def _check_int32(flat, bias, multipliers):
    total = flat if bias is None else flat + bias
    for c, (_, shift) in enumerate(multipliers):
        if shift > 30 or int(np.abs(total[:, c]).max()) << max(shift, 0) > fixed_point.INT32_MAX:
            raise Redraw("accumulator times 2^shift leaves int32")


def requantized_output(accumulators, r, activation, single_precision=False):
    """The int8 output for accumulators without bias; LiteRT multiplies the scales of UINT8 convolutions in single precision."""
    multipliers = r.single_precision_multipliers if single_precision else r.multipliers
    total = accumulators if r.bias is None else accumulators + r.bias
    out = np.stack([fixed_point.requantize(total[..., c], q, s) for c, (q, s) in enumerate(multipliers)], axis=-1)
    low, high = fixed_point.activation_range(activation, r.output_scale, r.output_zero_point)
    return np.clip(out + r.output_zero_point, low, high).astype(np.int8)


def requantization_features(accumulators, r, activation):
    """What of the requantisation a case exercises."""
    total = accumulators if r.bias is None else accumulators + r.bias
    shifts = {s for _, s in r.multipliers}
    low, high = fixed_point.activation_range(activation, r.output_scale, r.output_zero_point)
    bounds = low - r.output_zero_point, high - r.output_zero_point
    telling = [fixed_point.telling(total[..., c], *m, *bounds) for c, m in enumerate(r.multipliers)]
    pairs = zip(r.multipliers, r.single_precision_multipliers)
    products = [_product_tells(total[..., c], m, single, *bounds).any() for c, (m, single) in enumerate(pairs)]
    flags = {
        "multiplier above one": max(shifts) > 0,
        "multiplier zero": any(q == 0 for q, _ in r.multipliers),
        "precision of the scales' product tells": any(products),
        "accumulator above 2^30": int(np.abs(total).max()) > 1 << 30,
        "channels with different shifts": len(shifts) > 1,
        "no bias": r.bias is None,
        "lower clamp above -128": low > -128,
        "upper clamp below 127": high < 127,
        "output zero point at an extreme": r.output_zero_point in (-128, 127),
    }
    found = {name for name, present in flags.items() if present}
    return found | fixed_point.telling_features(telling) | {f"multiplier {r.mode.replace('_', ' ')}"}
