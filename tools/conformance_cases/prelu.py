"""PRELU: a slope that broadcasts to the input, constant as converters write it."""
import numpy as np

from .case import Case, channel_count, chance, float_values, int8_activations, log_uniform, pick, sample_count, zero_point
from .fixed_point import quantize_multiplier, requantize
from .tflite_file import Quantization, SingleOperatorModel, Tensor


def draw_prelu(rng, dtype):
    """A case of PRELU; the slope is one a channel, one for all, or one an element."""
    shape = (1, int(rng.integers(1, 6)), int(rng.integers(1, 6)), channel_count(rng, 17))
    form, slopes = pick(rng, (("channel", (1, 1, shape[3])), ("channel", (shape[3],)), ("scalar", (1,)), ("4-D", shape[1:])))
    if dtype == "float32":
        slope = float_values(rng, slopes, 0.5)
        samples = [float_values(rng, shape, log_uniform(rng, 0.5, 8)) for _ in range(sample_count(rng))]
        tensors = [Tensor("input", dtype, shape), Tensor("slope", dtype, slopes, data=slope), Tensor("output", dtype, shape)]
        predicted = [np.where(x >= 0, x, x * slope).astype(np.float32) for x in samples]
        return Case(SingleOperatorModel("PRELU", 1, tensors, [0, 1]), [[x] for x in samples], f"{shape}, {slopes}",
                    features={f"slope {form}"}, predicted=predicted)
    extreme = chance(rng, 0.1)
    scale = log_uniform(rng, 1e-5, 1e3) if extreme else log_uniform(rng, 5e-3, 0.3)
    by = log_uniform(rng, 1e-4, 10) if extreme else log_uniform(rng, 5e-4, 0.05)
    to = scale * (log_uniform(rng, 1e-3, 1e3) if extreme else log_uniform(rng, 0.3, 3))
    q, p, r = (Quantization(np.array([np.float32(s)]), [zero_point(rng)]) for s in (scale, by, to))
    slope = int8_activations(rng, slopes, p.zero_points[0])
    samples = [int8_activations(rng, shape, q.zero_points[0]) for _ in range(sample_count(rng))]
    tensors = [Tensor("input", dtype, shape, q), Tensor("slope", dtype, slopes, p, slope), Tensor("output", dtype, shape, r)]
    scale, by, to = (float(t.scales[0]) for t in (q, p, r))
    predicted = []
    for x in samples:
        x = x.astype(np.int64) - q.zero_points[0]
        same = requantize(np.maximum(x, 0), *quantize_multiplier(scale / to))
        scaled = requantize(x * (slope.astype(np.int64) - p.zero_points[0]), *quantize_multiplier(scale * by / to))
        predicted.append(np.clip(np.where(x >= 0, same, scaled) + r.zero_points[0], -128, 127).astype(np.int8))
    features = {f"slope {form}"} | ({"extreme scales"} if extreme else set())
    return Case(SingleOperatorModel("PRELU", 1, tensors, [0, 1]), [[x] for x in samples],
                f"{shape}, {slopes} scales {scale:.4g}, {by:.4g}, {to:.4g}", features=features, predicted=predicted)
