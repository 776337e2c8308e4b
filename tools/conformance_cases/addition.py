"""ADD."""
import numpy as np

from .case import (ACTIVATIONS, Case, Redraw, chance, float_values, int8_activations, log_uniform, pick,
                   sample_count, scale_for_activation, zero_point)
from .fixed_point import activation_range, clamp_float, quantize_multiplier, requantize, telling, telling_features
from .tflite_file import ACTIVATIONS as ACTIVATION_CODES
from .tflite_file import Quantization, SingleOperatorModel, Tensor

MAX_OUTPUT_ELEMENTS = {"int8": 500, "float32": 160}
# The reference shifts int8 inputs left by this much before it rescales them.
LEFT_SHIFT = 20


def draw_add(rng, dtype):
    """A case: equal shapes or broadcasts, two tensors, a tensor and a constant, or a tensor with itself."""
    form, shapes = draw_shapes(rng, dtype)
    out_shape = tuple(np.broadcast_shapes(*shapes))
    activation = pick(rng, ACTIVATIONS)
    operands = "tensors"
    if form == "equal" and chance(rng, 0.15):
        operands = "itself"
    elif chance(rng, 0.35):
        operands = pick(rng, ("constant first", "constant second"))
    count = sample_count(rng)
    q = draw_quantization(rng, activation, operands == "itself") if dtype == "int8" else None

    def values(k):
        if dtype == "int8":
            return int8_activations(rng, shapes[k], q[k].zero_points[0])
        return float_values(rng, shapes[k], log_uniform(rng, 0.1, 10))

    constant = {"constant first": 0, "constant second": 1}.get(operands)
    tensors = [Tensor(n, dtype, shapes[k], q[k] if q else None) for k, n in enumerate(("input_0", "input_1"))]
    inputs = [0, 1]
    if operands == "itself":
        tensors, inputs = tensors[:1], [0, 0]
    if constant is not None:
        tensors[constant].data = values(constant)
    samples = [[values(k) for k, t in enumerate(tensors) if t.data is None] for _ in range(count)]
    tensors.append(Tensor("output", dtype, out_shape, q[2] if q else None))
    version = 2 if dtype == "int8" else 1
    options = ("AddOptions", {"activation": ACTIVATION_CODES[activation]})
    model = SingleOperatorModel("ADD", version, tensors, inputs, options, dtype == "float32" and chance(rng, 0.5))
    features = {f"shapes {form}", f"operands {operands}"}
    predicted = []
    for sample in samples:
        given = iter(sample)
        a, *rest = [t.data if t.data is not None else next(given) for t in tensors[:-1]]
        b = rest[0] if rest else a
        if dtype == "int8":
            out, found = _evaluate_int8(a, b, q, activation)
            features |= found
        else:
            out = clamp_float((a + b).astype(np.float32), activation).astype(np.float32)
        predicted.append(out.reshape(out_shape))
    about = f"{shapes[0]} + {shapes[1]} -> {out_shape} {form}, {operands} {activation}"
    return Case(model, samples, about, 0.0, features, predicted)


def draw_shapes(rng, dtype):
    """Two shapes that broadcast, and how."""
    for _ in range(10000):
        form = pick(rng, ("equal", "equal", "equal", "scalar", "channel", "4-D", "4-D", "lower rank"))
        rank = 4 if form == "4-D" else int(rng.integers(1, 5))
        full = tuple(int(rng.integers(1, 10)) for _ in range(rank))
        if rank == 4 and chance(rng, 0.8):
            full = (1,) + full[1:]
        other = full
        if form == "scalar":
            other = pick(rng, ((), (1,), (1,) * rank))
        elif form == "channel":
            other = pick(rng, (full[-1:], (1,) * (rank - 1) + full[-1:]))
        elif form == "lower rank":
            other = full[int(rng.integers(rank)):]
        elif form == "4-D":
            kept = rng.random(4) < 0.5
            other = tuple(d if k else 1 for d, k in zip(full, kept))
            if chance(rng, 0.5):
                mixed = rng.random(4) < 0.5
                full = tuple(1 if k and m else d for d, k, m in zip(full, kept, mixed))
        if np.prod(np.broadcast_shapes(full, other)) <= MAX_OUTPUT_ELEMENTS[dtype]:
            return form, (full, other) if chance(rng, 0.6) else (other, full)
    raise Redraw("no shapes within the size limits")


def draw_quantization(rng, activation, same):
    """Quantisation of both inputs and the output."""
    output = scale_for_activation(rng, activation)
    ratios = [pick(rng, (log_uniform(rng, 0.2, 2), log_uniform(rng, 0.2, 2), log_uniform(rng, 1e-4, 1e3))) for _ in "ab"]
    style = pick(rng, ("any", "any", "power of two", "power of two", "equal"))
    if style == "power of two":
        ratios = [2.0 ** int(rng.integers(-6, 1)) for _ in "ab"]
    if style == "equal":
        ratios[1] = ratios[0]
    scales = [np.float32(float(output) * r) for r in ratios]
    zeros = [zero_point(rng) for _ in "abo"]
    if same:
        scales[1], zeros[1] = scales[0], zeros[0]
    return [Quantization(np.array([s], np.float32), [z]) for s, z in zip(scales + [output], zeros)]


def _evaluate_int8(a, b, q, activation):
    sa, sb, so = (float(x.scales[0]) for x in q)
    twice_max = 2 * max(sa, sb)
    if twice_max / ((1 << LEFT_SHIFT) * so) >= 1:
        raise Redraw("output multiplier of ADD at or above one")
    total = 0
    for x, p, s in ((a, q[0], sa), (b, q[1], sb)):
        multiplier, shift = quantize_multiplier(s / twice_max)
        total = total + requantize((x.astype(np.int64) - p.zero_points[0]) << LEFT_SHIFT, multiplier, shift)
    multiplier, shift = quantize_multiplier(twice_max / ((1 << LEFT_SHIFT) * so))
    low, high = activation_range(activation, q[2].scales[0], q[2].zero_points[0])
    zero = q[2].zero_points[0]
    out = requantize(total, multiplier, shift) + zero
    flags = {
        "lower clamp above -128": low > -128,
        "upper clamp below 127": high < 127,
        "input scales differ a thousandfold": max(sa, sb) > 1000 * min(sa, sb),
    }
    found = telling_features([telling(total, multiplier, shift, low - zero, high - zero)])
    return np.clip(out, low, high).astype(np.int8), found | {n for n, present in flags.items() if present}
