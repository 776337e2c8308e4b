"""CONV_2D and DEPTHWISE_CONV_2D."""
from dataclasses import dataclass

import numpy as np

from .case import (ACTIVATIONS, FLOAT32_UNIT, Case, Redraw, batch_size, chance, channel_count, draw_filter, filter_features,
                   float_values, int8_activations, log_uniform, pick, sample_count, zero_point)
from .fixed_point import clamp_float
from .requantization import draw_mode, draw_requantization, requantization_features, requantized_output
from .tflite_file import ACTIVATIONS as ACTIVATION_CODES
from .tflite_file import PADDINGS, Quantization, SingleOperatorModel, Tensor
from .window import Window, draw_window

MAX_WEIGHTS = {"int8": 1536, "float32": 448}
MAX_MACS = {"int8": 30000, "float32": 12000}
MAX_OUTPUT_ELEMENTS = {"int8": 900, "float32": 300}


@dataclass
class _Geometry:
    """`weights` is OHWI, or 1HWO for a depthwise convolution, O being input channels times depth multiplier."""

    depthwise: bool
    input: tuple
    weights: tuple
    output: tuple
    depth_multiplier: int
    window: Window


def draw_conv_2d(rng, dtype, weights="int8"):
    """A CONV_2D case; `weights` is a kind of filter of int8 activations, as `draw_filter` has it."""
    return _draw(rng, dtype, weights, depthwise=False)


def draw_depthwise_conv_2d(rng, dtype, weights="int8"):
    """A DEPTHWISE_CONV_2D case, depth multiplier 1 to 8; `weights` as for CONV_2D."""
    return _draw(rng, dtype, weights, depthwise=True)


def _draw(rng, dtype, weights, depthwise):
    g = _draw_geometry(rng, dtype, depthwise)
    activation = pick(rng, ACTIVATIONS)
    bias_form = pick(rng, ("given", "given", "given", "given", "two inputs", "index -1"))
    if dtype == "int8":
        case = _draw_int8(rng, g, activation, bias_form, weights)
    else:
        case = _draw_float(rng, g, activation, bias_form)
    case.features |= g.window.features(g.input)
    if g.input[0] > 1:
        case.features.add("batch above 1")
    if g.depth_multiplier > 1:
        case.features.add("depth multiplier above 1")
    return case


def _draw_geometry(rng, dtype, depthwise):
    for _ in range(10000):
        window = draw_window(rng, dilate=True)
        height, width = int(rng.integers(1, 12)), int(rng.integers(1, 12))
        in_channels = channel_count(rng)
        out_height, out_width = window.output_size(height, width)
        multiplier = 1
        if depthwise:
            multiplier = int(pick(rng, (1, 1, 1, 2, 3, 4, 5, 6, 7, 8)))
            out_channels = in_channels * multiplier
            weights = (1, window.height, window.width, out_channels)
            macs = window.height * window.width * out_channels
        else:
            out_channels = channel_count(rng)
            weights = (out_channels, window.height, window.width, in_channels)
            macs = int(np.prod(weights))
        batch = batch_size(rng)
        output = (batch, out_height, out_width, out_channels)
        if (min(out_height, out_width) >= 1 and np.prod(weights) <= MAX_WEIGHTS[dtype]
                and macs * batch * out_height * out_width <= MAX_MACS[dtype]
                and np.prod(output) <= MAX_OUTPUT_ELEMENTS[dtype] and out_channels <= 48):
            return _Geometry(depthwise, (batch, height, width, in_channels), weights, output, multiplier, window)
    raise Redraw("no geometry within the size limits")


def _accumulate(g, x, weights):
    """Sums of products [n, h, w, channels] for `x` relative to its zero point, in the type of `x`."""
    out = np.zeros(g.output, x.dtype)
    for ky in range(g.window.height):
        for kx in range(g.window.width):
            taps = g.window.tap(x, ky, kx, g.output)
            if g.depthwise:
                out += np.repeat(taps, g.depth_multiplier, axis=3) * weights[0, ky, kx, :]
            else:
                out += np.einsum("nhwi,oi->nhwo", taps, weights[:, ky, kx, :])
    return out


def _draw_int8(rng, g, activation, bias_form, kind):
    mode = draw_mode(rng)
    small = mode == "above_one"
    zero = zero_point(rng)
    samples = [int8_activations(rng, g.input, zero, small) for _ in range(sample_count(rng))]
    weights, weight_zero = draw_filter(rng, g.weights, kind, small)
    accs = [_accumulate(g, x.astype(np.int64) - zero, weights.astype(np.int64) - weight_zero) for x in samples]
    per_channel = kind != "asymmetric" and chance(rng, 0.8)
    stacked = np.stack(accs)
    r = draw_requantization(rng, mode, stacked, per_channel, activation, bias_form == "given")
    axis = 3 if g.depthwise else 0
    zeros = [0] * len(r.weight_scales)
    tensors = [
        Tensor("input", "int8", g.input, Quantization(np.array([r.input_scale]), [zero])),
        Tensor("weights", "int4" if kind == "int4" else "int8", g.weights,
               Quantization(r.weight_scales, [weight_zero] * len(zeros), axis if per_channel else 0), weights),
    ]
    if r.bias is not None:
        bias_scales = (r.input_scale * r.weight_scales).astype(np.float32)
        tensors.append(Tensor("bias", "int32", (g.output[3],), Quantization(bias_scales, zeros), r.bias.astype(np.int32)))
    tensors.append(Tensor("output", "int8", g.output, Quantization(np.array([r.output_scale]), [r.output_zero_point])))
    model = _model(g, tensors, activation, bias_form, False, version=3)
    features = requantization_features(stacked, r, activation) | filter_features(kind, weights, weight_zero)
    features.add("per-channel weights" if per_channel else "per-tensor weights")
    if zero in (-128, 127):
        features.add("input zero point at an extreme")
    return Case(model, [[x] for x in samples], _about(g, activation, r.mode), features=features,
                predicted=[requantized_output(a, r, activation, kind == "asymmetric") for a in accs])


def _draw_float(rng, g, activation, bias_form):
    samples = [float_values(rng, g.input, log_uniform(rng, 0.1, 10)) for _ in range(sample_count(rng))]
    terms = g.window.height * g.window.width * (1 if g.depthwise else g.input[3])
    weights = float_values(rng, g.weights, log_uniform(rng, 0.3, 3) / np.sqrt(terms))
    bias = float_values(rng, (g.output[3],)) if bias_form == "given" else None
    exact, magnitude = [], 0.0
    for x in samples:
        acc = _accumulate(g, x.astype(np.float64), weights.astype(np.float64))
        size = _accumulate(g, np.abs(x).astype(np.float64), np.abs(weights).astype(np.float64))
        if bias is not None:
            acc, size = acc + bias, size + np.abs(bias)
        exact.append(clamp_float(acc, activation).astype(np.float32))
        magnitude = max(magnitude, float(size.max()))
    tensors = [Tensor("input", "float32", g.input), Tensor("weights", "float32", g.weights, data=weights)]
    if bias is not None:
        tensors.append(Tensor("bias", "float32", (g.output[3],), data=bias))
    tensors.append(Tensor("output", "float32", g.output))
    dilated = (g.window.dilation_h, g.window.dilation_w) != (1, 1)
    model = _model(g, tensors, activation, bias_form, chance(rng, 0.5), version=2 if g.depthwise and dilated else 1)
    tolerance = 2 * (terms + 2) * FLOAT32_UNIT * magnitude
    features = {"no bias"} if bias is None else set()
    return Case(model, [[x] for x in samples], _about(g, activation, "float"), tolerance, features,
                exact, predicted_tolerance=tolerance)


def _model(g, tensors, activation, bias_form, empty_tables, version):
    w = g.window
    options = {
        "padding": PADDINGS[w.padding], "stride_w": w.stride_w, "stride_h": w.stride_h,
        "activation": ACTIVATION_CODES[activation], "dilation_w": w.dilation_w, "dilation_h": w.dilation_h,
    }
    if g.depthwise:
        options["depth_multiplier"] = g.depth_multiplier
    inputs = {"given": [0, 1, 2], "two inputs": [0, 1], "index -1": [0, 1, -1]}[bias_form]
    op, table = (("DEPTHWISE_CONV_2D", "DepthwiseConv2DOptions") if g.depthwise else ("CONV_2D", "Conv2DOptions"))
    return SingleOperatorModel(op, version, tensors, inputs, (table, options), empty_tables)


def _about(g, activation, mode):
    return f"{_shape(g.input)} * {_shape(g.weights)} -> {_shape(g.output)} {g.window} {activation} {mode}"


def _shape(shape):
    return "x".join(map(str, shape))
