"""TRANSPOSE_CONV."""
import numpy as np

from .case import (ACTIVATIONS, FLOAT32_UNIT, Case, Redraw, batch_size, channel_count, chance, float_values, int8_activations,
                   int8_weights, log_uniform, pick, sample_count, zero_point)
from .fixed_point import clamp_float
from .requantization import draw_mode, draw_requantization, requantization_features, requantized_output
from .tflite_file import ACTIVATIONS as ACTIVATION_CODES
from .tflite_file import PADDINGS, Quantization, SingleOperatorModel, Tensor

MAX_WEIGHTS = {"int8": 1200, "float32": 400}
MAX_MACS = {"int8": 30000, "float32": 12000}
MAX_OUTPUT_ELEMENTS = {"int8": 900, "float32": 300}


def draw_transpose_conv(rng, dtype):
    """A TRANSPOSE_CONV case: strides 1 to 3, kernels also smaller than the stride."""
    g = _Geometry(rng, dtype)
    activation = pick(rng, ACTIVATIONS) if chance(rng, 0.3) else "NONE"
    with_bias = chance(rng, 0.7)
    case = (_draw_int8 if dtype == "int8" else _draw_float)(rng, g, activation, with_bias)
    case.features |= g.features()
    return case


class _Geometry:
    """Extents, NHWC and OHWI."""

    def __init__(self, rng, dtype):
        for _ in range(10000):
            self.kernel = [int(pick(rng, (1, 2, 2, 3, 3, 4, 5))) for _ in range(2)]
            self.strides = [int(pick(rng, (1, 2, 2, 2, 3))) for _ in range(2)]
            if chance(rng, 0.6):
                self.kernel[1], self.strides[1] = self.kernel[0], self.strides[0]
            self.padding = pick(rng, ("SAME", "VALID"))
            size = [int(rng.integers(1, 8)) for _ in range(2)]
            out = []
            for n, k, s in zip(size, self.kernel, self.strides):
                # Any size from which a convolution gives the input's.
                if self.padding == "SAME":
                    out.append((n - 1) * s + 1 + int(rng.integers(0, s)) if chance(rng, 0.3) else n * s)
                else:
                    out.append((n - 1) * s + k + (int(rng.integers(0, s)) if chance(rng, 0.3) else 0))
            channels, outputs = channel_count(rng), channel_count(rng)
            self.input = (batch_size(rng), *size, channels)
            self.weights = (outputs, *self.kernel, channels)
            self.output = (self.input[0], *out, outputs)
            macs = int(np.prod(self.weights)) * size[0] * size[1] * self.input[0]
            if (np.prod(self.weights) <= MAX_WEIGHTS[dtype] and macs <= MAX_MACS[dtype]
                    and np.prod(self.output) <= MAX_OUTPUT_ELEMENTS[dtype] and outputs <= 48):
                return
        raise Redraw("no geometry within the size limits")

    def pads(self):
        """Rows and columns that are cut off at the top and at the left."""
        if self.padding == "VALID":
            return [0, 0]
        totals = [(-(-o // s) - 1) * s + k - o for o, s, k in zip(self.output[1:3], self.strides, self.kernel)]
        return [max(t, 0) // 2 for t in totals]

    def accumulate(self, x, weights):
        """Sums of products [n, h, w, outputs] in the type of `x`."""
        n, h, w, _ = self.input
        out = np.zeros(self.output, x.dtype)
        top, left = self.pads()
        for y in range(h):
            for i in range(w):
                for ky in range(self.kernel[0]):
                    for kx in range(self.kernel[1]):
                        oy, ox = y * self.strides[0] - top + ky, i * self.strides[1] - left + kx
                        if 0 <= oy < self.output[1] and 0 <= ox < self.output[2]:
                            out[:, oy, ox, :] += x[:, y, i, :] @ weights[:, ky, kx, :].T
        return out

    def features(self):
        """What of the geometry a case exercises."""
        flags = {
            f"padding {self.padding}": True,
            "kernel below stride": any(k < s for k, s in zip(self.kernel, self.strides)),
            "kernel no multiple of stride": any(k % s for k, s in zip(self.kernel, self.strides)),
            "unequal strides": self.strides[0] != self.strides[1],
            "cut off": any(self.pads()),
            "batch above 1": self.input[0] > 1,
        }
        return {name for name, present in flags.items() if present}


def _model(g, tensors, activation, version):
    options = {"padding": PADDINGS[g.padding], "stride_w": g.strides[1], "stride_h": g.strides[0],
               "activation": ACTIVATION_CODES[activation]}
    sizes = Tensor("output_shape", "int32", (4,), data=np.array(g.output, np.int32))
    tensors = [sizes, tensors[1], tensors[0], *tensors[2:]]
    return SingleOperatorModel("TRANSPOSE_CONV", version, tensors, list(range(len(tensors) - 1)), ("TransposeConvOptions", options))


def _about(g, activation, mode):
    return f"{g.input} * {g.weights} -> {g.output} s{g.strides[0]}x{g.strides[1]} {g.padding} {activation} {mode}"


def _draw_int8(rng, g, activation, with_bias):
    mode = draw_mode(rng)
    small = mode == "above_one"
    zero = zero_point(rng)
    samples = [int8_activations(rng, g.input, zero, small) for _ in range(sample_count(rng))]
    weights = int8_weights(rng, g.weights, small)
    accs = [g.accumulate(x.astype(np.int64) - zero, weights.astype(np.int64)) for x in samples]
    per_channel = chance(rng, 0.8)
    stacked = np.stack(accs)
    r = draw_requantization(rng, mode, stacked, per_channel, activation, with_bias)
    zeros = [0] * len(r.weight_scales)
    tensors = [
        Tensor("input", "int8", g.input, Quantization(np.array([r.input_scale]), [zero])),
        Tensor("weights", "int8", g.weights, Quantization(r.weight_scales, zeros, 0), weights),
    ]
    if r.bias is not None:
        bias_scales = (r.input_scale * r.weight_scales).astype(np.float32)
        tensors.append(Tensor("bias", "int32", (g.output[3],), Quantization(bias_scales, zeros), r.bias.astype(np.int32)))
    tensors.append(Tensor("output", "int8", g.output, Quantization(np.array([r.output_scale]), [r.output_zero_point])))
    features = requantization_features(stacked, r, activation)
    features.add("per-channel weights" if per_channel else "per-tensor weights")
    return Case(_model(g, tensors, activation, 3), [[x] for x in samples], _about(g, activation, r.mode), features=features,
                predicted=[requantized_output(a, r, activation) for a in accs])


def _draw_float(rng, g, activation, with_bias):
    samples = [float_values(rng, g.input, log_uniform(rng, 0.1, 10)) for _ in range(sample_count(rng))]
    terms = g.kernel[0] * g.kernel[1] * g.input[3]
    weights = float_values(rng, g.weights, log_uniform(rng, 0.3, 3) / np.sqrt(terms))
    bias = float_values(rng, (g.output[3],)) if with_bias else None
    exact, magnitude = [], 0.0
    for x in samples:
        acc = g.accumulate(x.astype(np.float64), weights.astype(np.float64))
        size = g.accumulate(np.abs(x).astype(np.float64), np.abs(weights).astype(np.float64))
        if bias is not None:
            acc, size = acc + bias, size + np.abs(bias)
        exact.append(clamp_float(acc, activation).astype(np.float32))
        magnitude = max(magnitude, float(size.max()))
    tensors = [Tensor("input", "float32", g.input), Tensor("weights", "float32", g.weights, data=weights)]
    if bias is not None:
        tensors.append(Tensor("bias", "float32", (g.output[3],), data=bias))
    tensors.append(Tensor("output", "float32", g.output))
    tolerance = 2 * (terms + 2) * FLOAT32_UNIT * max(magnitude, 1e-30)
    features = {"no bias"} if bias is None else set()
    return Case(_model(g, tensors, activation, 3 if with_bias else 1), [[x] for x in samples], _about(g, activation, "float"), tolerance,
                features, exact, predicted_tolerance=tolerance)
