"""RESIZE_BILINEAR."""
import numpy as np

from .case import FLOAT32_UNIT, Case, Redraw, batch_size, channel_count, float_values, int8_activations, log_uniform, pick, sample_count, tensor_scale, zero_point
from .tflite_file import Quantization, SingleOperatorModel, Tensor

MAX_ELEMENTS = 900


def draw_resize_bilinear(rng, dtype):
    """A case of RESIZE_BILINEAR, larger or smaller, by each of the three ways to place elements."""
    shape = (batch_size(rng), int(rng.integers(1, 9)), int(rng.integers(1, 9)), channel_count(rng, 9))
    size = [n * 2 if rng.random() < 0.4 else int(rng.integers(1, 17)) for n in shape[1:3]]
    out_shape = (shape[0], *size, shape[3])
    if np.prod(out_shape) > MAX_ELEMENTS:
        raise Redraw("no geometry within the size limits")
    way = pick(rng, ("asymmetric", "align_corners", "half_pixel_centers"))
    options = ("ResizeBilinearOptions", {way: True} if way != "asymmetric" else {})
    q = Quantization(np.array([tensor_scale(rng)]), [zero_point(rng)]) if dtype == "int8" else None
    if q:
        samples = [int8_activations(rng, shape, q.zero_points[0]) for _ in range(sample_count(rng))]
    else:
        samples = [float_values(rng, shape, log_uniform(rng, 0.5, 8)) for _ in range(sample_count(rng))]
    sizes = Tensor("size", "int32", (2,), data=np.array(size, np.int32))
    tensors = [Tensor("input", dtype, shape, q), sizes, Tensor("output", dtype, out_shape, q)]
    rows, columns = (_weights(n, m, way) for n, m in zip(shape[1:3], size))
    predicted = [np.einsum("yh,nhwc,xw->nyxc", rows, x.astype(np.float64), columns) for x in samples]
    largest = max(float(np.abs(x).max()) for x in samples)
    tolerance = 16 * FLOAT32_UNIT * largest if dtype == "float32" else 0.0
    # Positions have 10 fractional bits in the integer kernel.
    near = 0.5 + 256 * 2 * 16 / 1024 if dtype == "int8" else 64 * FLOAT32_UNIT * max(largest, 1.0)
    return Case(SingleOperatorModel("RESIZE_BILINEAR", 1, tensors, [0, 1], options), [[x] for x in samples],
                f"{shape} -> {out_shape} {way}", tolerance, {way}, predicted, near)


def _weights(n, m, way):
    """What each of m new elements takes of each of n old ones."""
    at = np.arange(m, dtype=np.float64)
    if way == "half_pixel_centers":
        at = (at + 0.5) * n / m - 0.5
    elif way == "align_corners" and m > 1:
        at = at * (n - 1) / (m - 1)
    else:
        at = at * n / m
    at = np.clip(at, 0, n - 1)
    first = np.floor(at).astype(int)
    weights = np.zeros((m, n))
    np.add.at(weights, (np.arange(m), first), 1 - (at - first))
    np.add.at(weights, (np.arange(m), np.minimum(first + 1, n - 1)), at - first)
    return weights
