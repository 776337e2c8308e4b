"""FULLY_CONNECTED."""
import numpy as np

from .case import (ACTIVATIONS, FLOAT32_UNIT, Case, batch_size, chance, channel_count, draw_filter, filter_features,
                   float_values, int8_activations, log_uniform, pick, sample_count, zero_point)
from .fixed_point import clamp_float
from .requantization import draw_mode, draw_requantization, requantization_features, requantized_output
from .tflite_file import ACTIVATIONS as ACTIVATION_CODES
from .tflite_file import Quantization, SingleOperatorModel, Tensor

MAX_WEIGHTS = {"int8": 1536, "float32": 448}


def draw_fully_connected(rng, dtype, weights="int8"):
    """A case; the input has two to four dimensions and is read as rows of the weights' depth. `weights` is a kind of filter of int8
    activations, as `draw_filter` has it."""
    form = pick(rng, ("rows", "rows", "flatten", "keep", "keep", "rows of 3-D"))
    x_shape, depth = _draw_input(rng, form, dtype)
    units = min(channel_count(rng), MAX_WEIGHTS[dtype] // depth)
    rows = int(np.prod(x_shape)) // depth
    out_shape = x_shape[:-1] + (units,) if form == "keep" else (rows, units)
    activation = pick(rng, ACTIVATIONS)
    bias_form = pick(rng, ("given", "given", "given", "two inputs", "index -1"))
    form_of = (rng, x_shape, (units, depth), out_shape, activation, bias_form == "given")
    tensors, case = _draw_int8(*form_of, weights) if dtype == "int8" else _draw_float(*form_of)
    inputs = {"given": [0, 1, 2], "two inputs": [0, 1], "index -1": [0, 1, -1]}[bias_form]
    version = 6 if len(inputs) == 2 else 5 if form == "keep" else 4 if dtype == "int8" else 1
    options = {"activation": ACTIVATION_CODES[activation], "keep_num_dims": form == "keep"}
    case.model = SingleOperatorModel("FULLY_CONNECTED", version, tensors, inputs, ("FullyConnectedOptions", options),
                                     empty_quantization_tables=chance(rng, 0.5))
    case.about = f"{x_shape} * {(units, depth)} -> {out_shape} {form} {activation} {case.about}"
    if form == "keep":
        case.features.add("keep_num_dims")
    if len(x_shape) > 2:
        case.features.add("input above 2-D")
    if rows > 1:
        case.features.add("several rows")
    return case


def _draw_input(rng, form, dtype):
    limit = 160 if dtype == "int8" else 64
    if form == "flatten":
        shape = (batch_size(rng), int(rng.integers(1, 5)), int(rng.integers(1, 5)), int(rng.integers(1, 5)))
        return shape, int(np.prod(shape[1:]))
    depth = int(pick(rng, (1, 3, 7, 16, 33, int(rng.integers(1, limit)), int(rng.integers(1, limit)))))
    if form == "rows":
        return (int(pick(rng, (1, 1, 1, 2, 3))), depth), depth
    if form == "rows of 3-D" or chance(rng, 0.5):
        return (1, int(rng.integers(1, 6)), depth), depth
    return (batch_size(rng), int(rng.integers(1, 4)), int(rng.integers(1, 4)), depth), depth


def _draw_int8(rng, x_shape, w_shape, out_shape, activation, with_bias, kind):
    mode = draw_mode(rng)
    small = mode == "above_one"
    zero = zero_point(rng)
    samples = [int8_activations(rng, x_shape, zero, small) for _ in range(sample_count(rng))]
    weights, weight_zero = draw_filter(rng, w_shape, kind, small)
    accs = [_rows(x.astype(np.int64) - zero, weights.astype(np.int64) - weight_zero) for x in samples]
    per_channel = kind != "asymmetric" and chance(rng, 0.3)
    stacked = np.stack(accs)
    r = draw_requantization(rng, mode, stacked, per_channel, activation, with_bias)
    zeros = [0] * len(r.weight_scales)
    tensors = [
        Tensor("input", "int8", x_shape, Quantization(np.array([r.input_scale]), [zero])),
        Tensor("weights", "int4" if kind == "int4" else "int8", w_shape,
               Quantization(r.weight_scales, [weight_zero] * len(zeros)), weights),
    ]
    if with_bias:
        bias_scales = (r.input_scale * r.weight_scales).astype(np.float32)
        tensors.append(Tensor("bias", "int32", w_shape[:1], Quantization(bias_scales, zeros), r.bias.astype(np.int32)))
    tensors.append(Tensor("output", "int8", out_shape, Quantization(np.array([r.output_scale]), [r.output_zero_point])))
    features = requantization_features(stacked, r, activation) | filter_features(kind, weights, weight_zero)
    features.add("per-channel weights" if per_channel else "per-tensor weights")
    if zero in (-128, 127):
        features.add("input zero point at an extreme")
    predicted = [requantized_output(a, r, activation).reshape(out_shape) for a in accs]
    return tensors, Case(None, [[x] for x in samples], r.mode, features=features, predicted=predicted)


def _draw_float(rng, x_shape, w_shape, out_shape, activation, with_bias):
    samples = [float_values(rng, x_shape, log_uniform(rng, 0.1, 10)) for _ in range(sample_count(rng))]
    weights = float_values(rng, w_shape, log_uniform(rng, 0.3, 3) / np.sqrt(w_shape[1]))
    bias = float_values(rng, w_shape[:1]) if with_bias else np.zeros(w_shape[:1], np.float32)
    exact, magnitude = [], 0.0
    for x in samples:
        acc = _rows(x.astype(np.float64), weights.astype(np.float64)) + bias
        size = _rows(np.abs(x).astype(np.float64), np.abs(weights).astype(np.float64)) + np.abs(bias)
        exact.append(clamp_float(acc, activation).astype(np.float32).reshape(out_shape))
        magnitude = max(magnitude, float(size.max()))
    tensors = [Tensor("input", "float32", x_shape), Tensor("weights", "float32", w_shape, data=weights)]
    if with_bias:
        tensors.append(Tensor("bias", "float32", w_shape[:1], data=bias))
    tensors.append(Tensor("output", "float32", out_shape))
    tolerance = 2 * (w_shape[1] + 2) * FLOAT32_UNIT * magnitude
    features = set() if with_bias else {"no bias"}
    return tensors, Case(None, [[x] for x in samples], "float", tolerance, features, exact, tolerance)


def _rows(x, weights):
    return x.reshape(-1, weights.shape[1]) @ weights.T
