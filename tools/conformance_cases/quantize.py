"""QUANTIZE (float32 to int8, int8 to int8) and DEQUANTIZE (int8 to float32)."""
import numpy as np

from .case import (Case, Redraw, chance, float_values, int8_activations, log_uniform, pick, sample_count,
                   tensor_scale, zero_point)
from .fixed_point import quantize_multiplier, requantize, round_half_away, telling, telling_features
from .tflite_file import Quantization, SingleOperatorModel, Tensor


def draw_quantize(rng, dtype):
    """A case; `dtype` is the input's, the output is int8."""
    return _draw_from_float(rng) if dtype == "float32" else _draw_from_int8(rng)


def draw_dequantize(rng, dtype):
    """A DEQUANTIZE case."""
    shape, q = _shape(rng), _quantization(rng)
    samples = [int8_activations(rng, shape, q.zero_points[0]) for _ in range(sample_count(rng))]
    tensors = [Tensor("input", dtype, shape, q), Tensor("output", "float32", shape)]
    predicted = [(float(q.scales[0]) * (x.astype(np.int64) - q.zero_points[0])).astype(np.float32) for x in samples]
    model = SingleOperatorModel("DEQUANTIZE", 2, tensors, [0], _maybe_options(rng, "DequantizeOptions"), chance(rng, 0.5))
    return Case(model, [[x] for x in samples], f"{shape} scale {q.scales[0]:.4g}", predicted=predicted)


def _draw_from_float(rng):
    shape, q = _shape(rng), _quantization(rng)
    scale, zero = q.scales[0], q.zero_points[0]
    if chance(rng, 0.4):
        scale = q.scales[0] = np.float32(2.0 ** int(rng.integers(-10, 3)))
    samples, features = [], set()
    for _ in range(sample_count(rng)):
        style = pick(rng, ("spread", "halves", "far out", "normal"))
        if style == "spread":
            x = scale * rng.uniform(-160, 160, shape)
        elif style == "halves":
            x = scale * (rng.integers(-140, 140, shape) + 0.5)
        elif style == "far out":
            x = scale * rng.uniform(-1e6, 1e6, shape)
        else:
            x = float(scale) * 40 * float_values(rng, shape).astype(np.float64)
        x = x.astype(np.float32)
        if bool((np.abs(np.fmod(x / scale, np.float32(1))) == 0.5).any()):
            features.add("float exactly halfway")
        samples.append(x)
    tensors = [Tensor("input", "float32", shape), Tensor("output", "int8", shape, q)]
    rounded = [round_half_away(x / scale).astype(np.int64) for x in samples]
    predicted = [np.clip(r + zero, -128, 127).astype(np.int8) for r in rounded]
    model = SingleOperatorModel("QUANTIZE", 1, tensors, [0], _maybe_options(rng, "QuantizeOptions"), chance(rng, 0.5))
    return Case(model, [[x] for x in samples], f"{shape} float32 -> int8 scale {scale:.4g}", features=features,
                predicted=predicted)


def _draw_from_int8(rng):
    shape, q_in, q_out = _shape(rng), _quantization(rng), _quantization(rng)
    style = pick(rng, ("near", "near", "equal", "power of two", "far"))
    ratio = {"near": log_uniform(rng, 0.1, 6), "equal": 1.0, "power of two": 2.0 ** int(rng.integers(-6, 4)),
             "far": log_uniform(rng, 1e-5, 1e4)}[style]
    q_in.scales[0] = np.float32(float(q_out.scales[0]) * ratio)
    zero_in, zero_out = q_in.zero_points[0], q_out.zero_points[0]
    samples = [int8_activations(rng, shape, zero_in) for _ in range(sample_count(rng))]
    multiplier, shift = quantize_multiplier(float(q_in.scales[0]) / float(q_out.scales[0]))
    if shift > 22:
        raise Redraw("difference times 2^shift leaves int32")
    differences = [x.astype(np.int64) - zero_in for x in samples]
    predicted = [np.clip(requantize(d, multiplier, shift) + zero_out, -128, 127).astype(np.int8) for d in differences]
    tensors = [Tensor("input", "int8", shape, q_in), Tensor("output", "int8", shape, q_out)]
    model = SingleOperatorModel("QUANTIZE", 1, tensors, [0], _maybe_options(rng, "QuantizeOptions"))
    features = telling_features(telling(d, multiplier, shift, -128 - zero_out, 127 - zero_out) for d in differences)
    features.add(f"rescale {style}")
    if shift > 0:
        features.add("multiplier above one")
    return Case(model, [[x] for x in samples], f"{shape} int8 -> int8 ratio {ratio:.4g}",
                features=features, predicted=predicted)


def _shape(rng):
    if chance(rng, 0.2):
        return (int(rng.integers(1, 120)),)
    return tuple(int(rng.integers(1, 6)) for _ in range(int(rng.integers(1, 5))))


def _quantization(rng):
    return Quantization(np.array([tensor_scale(rng)], np.float32), [zero_point(rng)])


def _maybe_options(rng, table):
    return (table, {}) if chance(rng, 0.5) else None
