"""RELU and RELU6 as operators of their own."""
import numpy as np

from .case import (Case, chance, float_values, int8_activations, log_uniform, sample_count, scale_for_activation,
                   zero_point)
from .fixed_point import activation_range, clamp_float, quantize_multiplier, requantize
from .tflite_file import Quantization, SingleOperatorModel, Tensor


def draw_relu(rng, dtype):
    """A RELU case; an int8 one may rescale."""
    return _draw(rng, dtype, "RELU")


def draw_relu6(rng, dtype):
    """A RELU6 case; input and output share their quantisation."""
    return _draw(rng, dtype, "RELU6")


def _draw(rng, dtype, op):
    shape = (1,) + tuple(int(rng.integers(1, 7)) for _ in range(int(rng.integers(1, 4))))
    if dtype == "float32":
        samples = [float_values(rng, shape, log_uniform(rng, 0.5, 8)) for _ in range(sample_count(rng))]
        tensors = [Tensor("input", dtype, shape), Tensor("output", dtype, shape)]
        predicted = [clamp_float(x, op).astype(np.float32) for x in samples]
        return Case(SingleOperatorModel(op, 1, tensors, [0], None, chance(rng, 0.5)), [[x] for x in samples],
                    f"{shape}", predicted=predicted)
    q_in = Quantization(np.array([scale_for_activation(rng, op)], np.float32), [zero_point(rng)])
    q_out = q_in
    if op == "RELU" and chance(rng, 0.6):
        scale = np.float32(float(q_in.scales[0]) * log_uniform(rng, 0.3, 3))
        q_out = Quantization(np.array([scale], np.float32), [zero_point(rng)])
    samples = [int8_activations(rng, shape, q_in.zero_points[0]) for _ in range(sample_count(rng))]
    multiplier, shift = quantize_multiplier(float(q_in.scales[0]) / float(q_out.scales[0]))
    low, high = activation_range(op, q_out.scales[0], q_out.zero_points[0])
    predicted = []
    for x in samples:
        out = requantize(x.astype(np.int64) - q_in.zero_points[0], multiplier, shift) + q_out.zero_points[0]
        predicted.append(np.clip(out, low, high).astype(np.int8))
    tensors = [Tensor("input", dtype, shape, q_in), Tensor("output", dtype, shape, q_out)]
    about = f"{shape} scales {q_in.scales[0]:.4g}, {q_out.scales[0]:.4g}"
    features = {"rescale"} if q_out is not q_in else set()
    return Case(SingleOperatorModel(op, 2, tensors, [0]), [[x] for x in samples], about, features=features,
                predicted=predicted)
