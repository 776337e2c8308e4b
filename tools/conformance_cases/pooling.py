"""AVERAGE_POOL_2D and MAX_POOL_2D."""
import numpy as np

from .case import (ACTIVATIONS, FLOAT32_UNIT, Case, Redraw, batch_size, channel_count, chance, float_values,
                   int8_activations, log_uniform, pick, sample_count, scale_for_activation, zero_point)
from .fixed_point import activation_range, clamp_float
from .tflite_file import ACTIVATIONS as ACTIVATION_CODES
from .tflite_file import PADDINGS, Quantization, SingleOperatorModel, Tensor
from .window import draw_window

MAX_INPUT_ELEMENTS = {"int8": 900, "float32": 250}


def draw_average_pool_2d(rng, dtype, half_up=False):
    """An AVERAGE_POOL_2D case; elements in the padding do not count. What stands for UINT8 rounds halves up."""
    return _draw(rng, dtype, "AVERAGE_POOL_2D", half_up)


def draw_max_pool_2d(rng, dtype):
    """A MAX_POOL_2D case."""
    return _draw(rng, dtype, "MAX_POOL_2D")


def _draw(rng, dtype, op, half_up=False):
    window, shape, out_shape = _draw_geometry(rng, dtype)
    activation = pick(rng, ACTIVATIONS)
    quantization, zero, scale, empty_tables = None, 0, None, False
    if dtype == "int8":
        zero, scale = zero_point(rng), scale_for_activation(rng, activation)
        quantization = Quantization(np.array([scale]), [zero])
        samples = [int8_activations(rng, shape, zero) for _ in range(sample_count(rng))]
    else:
        empty_tables = chance(rng, 0.5)
        samples = [float_values(rng, shape, log_uniform(rng, 0.1, 10)) for _ in range(sample_count(rng))]
    tensors = [Tensor("input", dtype, shape, quantization), Tensor("output", dtype, out_shape, quantization)]
    options = {"padding": PADDINGS[window.padding], "stride_w": window.stride_w, "stride_h": window.stride_h,
               "filter_w": window.width, "filter_h": window.height, "activation": ACTIVATION_CODES[activation]}
    model = SingleOperatorModel(op, 2 if dtype == "int8" else 1, tensors, [0], ("Pool2DOptions", options), empty_tables)
    tolerance = 0.0
    if dtype == "float32" and op == "AVERAGE_POOL_2D":
        terms = window.height * window.width
        tolerance = 2 * (terms + 2) * FLOAT32_UNIT * max(float(np.abs(x).max()) for x in samples)
    pool = _average if op == "AVERAGE_POOL_2D" else _max
    predicted = []
    for x in samples:
        out = pool(window, x, out_shape, half_up)
        if dtype == "int8":
            low, high = activation_range(activation, scale, zero)
            predicted.append(np.clip(out, low, high).astype(np.int8))
        else:
            predicted.append(clamp_float(out, activation).astype(np.float32))
    features = window.features(shape)
    if dtype == "int8":
        low, high = activation_range(activation, scale, zero)
        features |= {n for n, p in (("lower clamp above -128", low > -128), ("upper clamp below 127", high < 127)) if p}
    if shape[0] > 1:
        features.add("batch above 1")
    about = f"{shape} -> {out_shape} {window} {activation}"
    return Case(model, [[x] for x in samples], about, tolerance, features, predicted, tolerance)


def _draw_geometry(rng, dtype):
    for _ in range(10000):
        window = draw_window(rng, dilate=False)
        height, width = int(rng.integers(1, 13)), int(rng.integers(1, 13))
        if chance(rng, 0.15):
            window.height, window.width, window.padding = height, width, "VALID"
        shape = (batch_size(rng), height, width, channel_count(rng))
        out = window.output_size(height, width)
        if min(out) >= 1 and np.prod(shape) <= MAX_INPUT_ELEMENTS[dtype]:
            return window, shape, (shape[0], *out, shape[3])
    raise Redraw("no geometry within the size limits")


def _average(window, x, out_shape, half_up):
    wide = x.astype(np.int64 if x.dtype == np.int8 else np.float64)
    taps = [(ky, kx) for ky in range(window.height) for kx in range(window.width)]
    total = sum(window.tap(wide, ky, kx, out_shape) for ky, kx in taps)
    count = sum(window.tap(np.ones_like(wide), ky, kx, out_shape) for ky, kx in taps)
    if x.dtype != np.int8:
        return total / count
    if half_up:
        return (total + count // 2) // count
    # Halves away from zero.
    return np.sign(total) * ((np.abs(total) + count // 2) // count)


def _max(window, x, out_shape, _half_up):
    wide = x.astype(np.int64 if x.dtype == np.int8 else np.float64)
    lowest = -128 if x.dtype == np.int8 else -np.inf
    taps = [(ky, kx) for ky in range(window.height) for kx in range(window.width)]
    return np.max([window.tap(wide, ky, kx, out_shape, fill=lowest) for ky, kx in taps], axis=0)
