"""MUL, SUB, MAXIMUM and MINIMUM on the shapes of ADD, and SQUEEZE."""
import numpy as np

from .addition import LEFT_SHIFT, draw_quantization, draw_shapes
from .case import (ACTIVATIONS, Case, Redraw, chance, float_values, int8_activations, log_uniform, pick, sample_count,
                   scale_for_activation, tensor_scale, zero_point)
from .fixed_point import activation_range, clamp_float, quantize_multiplier, requantize
from .tflite_file import ACTIVATIONS as ACTIVATION_CODES
from .tflite_file import Quantization, SingleOperatorModel, Tensor


def draw_mul(rng, dtype):
    """A case of MUL."""
    return _draw(rng, dtype, "MUL")


def draw_sub(rng, dtype):
    """A case of SUB."""
    return _draw(rng, dtype, "SUB")


def draw_maximum(rng, dtype):
    """A case of MAXIMUM; int8 has one quantisation."""
    return _draw(rng, dtype, "MAXIMUM")


def draw_minimum(rng, dtype):
    """A case of MINIMUM; int8 has one quantisation."""
    return _draw(rng, dtype, "MINIMUM")


def _draw(rng, dtype, op):
    form, shapes = draw_shapes(rng, dtype)
    out_shape = tuple(np.broadcast_shapes(*shapes))
    clamps = op in ("MUL", "SUB")
    activation = pick(rng, ACTIVATIONS) if clamps else "NONE"
    constant = pick(rng, (None, None, 0, 1))
    q = None
    if dtype == "int8":
        q = _quantization(rng, op, activation)

    def values(k):
        if q:
            return int8_activations(rng, shapes[k], q[k].zero_points[0])
        return float_values(rng, shapes[k], log_uniform(rng, 0.1, 10))

    tensors = [Tensor(f"input_{k}", dtype, shapes[k], q[k] if q else None) for k in range(2)]
    if constant is not None:
        tensors[constant].data = values(constant)
    samples = [[values(k) for k, t in enumerate(tensors) if t.data is None] for _ in range(sample_count(rng))]
    tensors.append(Tensor("output", dtype, out_shape, q[2] if q else None))
    if clamps:
        options = (f"{op.capitalize()}Options", {"activation": ACTIVATION_CODES[activation]})
    else:
        options = ("MaximumMinimumOptions", {})
    version = 2 if dtype == "int8" else 1
    model = SingleOperatorModel(op, version, tensors, [0, 1], options, dtype == "float32" and chance(rng, 0.5))
    predicted = []
    for sample in samples:
        given = iter(sample)
        a, b = [t.data if t.data is not None else next(given) for t in tensors[:2]]
        predicted.append(_evaluate(op, a, b, q, activation).reshape(out_shape))
    about = f"{shapes[0]}, {shapes[1]} -> {out_shape} {form}, {activation}"
    return Case(model, samples, about, 0.0, {f"shapes {form}"}, predicted)


def _quantization(rng, op, activation):
    if op == "SUB":
        return draw_quantization(rng, activation, False)
    if op != "MUL":
        one = Quantization(np.array([tensor_scale(rng)], np.float32), [zero_point(rng)])
        return [one] * 3
    output = scale_for_activation(rng, activation)
    first = log_uniform(rng, 0.003, 0.3)
    # From accumulators that saturate to such as vanish, mostly in between.
    second = float(output) / first * pick(rng, (log_uniform(rng, 1e-3, 0.1), log_uniform(rng, 1e-3, 0.1), log_uniform(rng, 1e-6, 30)))
    scales = (first, second, output)
    return [Quantization(np.array([s], np.float32), [zero_point(rng)]) for s in scales]


def _evaluate(op, a, b, q, activation):
    if op in ("MAXIMUM", "MINIMUM"):
        return np.maximum(a, b) if op == "MAXIMUM" else np.minimum(a, b)
    if q is None:
        result = (a * b if op == "MUL" else a - b).astype(np.float32)
        return clamp_float(result, activation).astype(np.float32)
    low, high = activation_range(activation, q[2].scales[0], q[2].zero_points[0])
    x, y = (v.astype(np.int64) - p.zero_points[0] for v, p in ((a, q[0]), (b, q[1])))
    sa, sb, so = (float(p.scales[0]) for p in q)
    if op == "MUL":
        total = requantize(x * y, *quantize_multiplier(sa * sb / so))
    else:
        twice_max = 2 * max(sa, sb)
        if twice_max / ((1 << LEFT_SHIFT) * so) >= 1:
            raise Redraw("output multiplier at or above one")
        scaled = [requantize(v << LEFT_SHIFT, *quantize_multiplier(s / twice_max)) for v, s in ((x, sa), (y, sb))]
        total = requantize(scaled[0] - scaled[1], *quantize_multiplier(twice_max / ((1 << LEFT_SHIFT) * so)))
    return np.clip(total + q[2].zero_points[0], low, high).astype(np.int8)


def draw_squeeze(rng, dtype):
    """A case of SQUEEZE of all dimensions of 1."""
    shape = tuple(pick(rng, (1, 2, 3, 4)) for _ in range(int(rng.integers(2, 6))))
    left = tuple(d for d in shape if d != 1)
    if left in (shape, ()):
        raise Redraw("nothing to squeeze")
    q = Quantization(np.array([tensor_scale(rng)]), [zero_point(rng)]) if dtype == "int8" else None
    values = (lambda: int8_activations(rng, shape, q.zero_points[0])) if q else (lambda: float_values(rng, shape))
    samples = [values() for _ in range(sample_count(rng))]
    tensors = [Tensor("input", dtype, shape, q), Tensor("output", dtype, left, q)]
    model = SingleOperatorModel("SQUEEZE", 1, tensors, [0], ("SqueezeOptions", {}))
    return Case(model, [[x] for x in samples], f"{shape} -> {left}", predicted=[x.reshape(left) for x in samples])
