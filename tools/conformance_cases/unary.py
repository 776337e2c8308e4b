"""LOGISTIC, TANH, HARD_SWISH and LEAKY_RELU: functions of one element, of which int8 has an arithmetic of its own."""
import numpy as np

from .case import Case, Redraw, chance, float_values, log_uniform, pick, sample_count, zero_point
from .tflite_file import Quantization, SingleOperatorModel, Tensor

# Some units in the last place of a number of at most 1.
SIGMOID_TOLERANCE = 2.0 ** -21
# Scales and zero points that int8 results have, whatever the input's.
SIGMOID_OUTPUTS = {"LOGISTIC": (1 / 256, -128), "TANH": (1 / 128, 0)}


def draw_logistic(rng, dtype):
    """A case of LOGISTIC."""
    return _draw(rng, dtype, "LOGISTIC", 2, None, lambda x: 1 / (1 + np.exp(np.minimum(-x, 700.0))))


def draw_tanh(rng, dtype):
    """A case of TANH."""
    return _draw(rng, dtype, "TANH", 2, None, np.tanh)


def draw_hard_swish(rng, dtype):
    """A case of HARD_SWISH."""
    return _draw(rng, dtype, "HARD_SWISH", 1, ("HardSwishOptions", {}), lambda x: x * np.clip(x + 3, 0, 6) / 6)


def draw_leaky_relu(rng, dtype):
    """A case of LEAKY_RELU, also of slopes above 1 and below 0."""
    alpha = float(np.float32(pick(rng, (0.01, 0.1, 0.2, 0.3, 0.0, 1.0, 1.5, -0.5, log_uniform(rng, 1e-4, 4)))))
    case = _draw(rng, dtype, "LEAKY_RELU", 2, ("LeakyReluOptions", {"alpha": alpha}), lambda x: np.where(x > 0, x, alpha * x))
    if alpha < 0:
        case.features.add("negative slope")
    return case


def _draw(rng, dtype, op, version, options, function):
    if dtype == "float32":
        return _draw_float(rng, op, options, function)
    # All int8 numbers at once: with a shape of 256 elements no sample leaves one out.
    shape = pick(rng, ((256,), (1, 256), (2, 8, 16), (1, 4, 8, 8)))
    samples = [rng.permutation(np.arange(-128, 128)).astype(np.int8).reshape(shape) for _ in range(sample_count(rng))]
    extreme = chance(rng, 0.15)
    scale = np.float32(log_uniform(rng, 1e-6, 1e3) if extreme else log_uniform(rng, 5e-3, 0.3))
    if chance(rng, 0.1):
        scale = np.float32(2.0 ** np.rint(np.log2(scale)))
    zero = zero_point(rng)
    to, to_zero = SIGMOID_OUTPUTS.get(op, (float(scale) * log_uniform(rng, 0.01 if extreme else 0.2, 20 if extreme else 3), zero_point(rng)))
    to = np.float32(to)
    if op == "HARD_SWISH" and scale / 128 >= to:
        raise Redraw("an output finer than the kernel takes")
    tensors = [Tensor("input", dtype, shape, Quantization(np.array([scale]), [zero])),
               Tensor("output", dtype, shape, Quantization(np.array([to]), [to_zero]))]
    real = [function((x.astype(np.float64) - zero) * float(scale)) for x in samples]
    predicted = [np.clip(y / float(to) + to_zero, -128, 127) for y in real]
    # The reference's arithmetic is fixed-point; at extreme scales it leaves the function far behind.
    tolerance = np.inf if extreme else (4.5 if op == "HARD_SWISH" else 1.5)
    features = {"extreme scales"} if extreme else set()
    return Case(SingleOperatorModel(op, version, tensors, [0], options), [[x] for x in samples],
                f"{shape} scales {scale:.4g}, {to:.4g}", features=features, predicted=predicted, predicted_tolerance=tolerance)


def _draw_float(rng, op, options, function):
    shape = tuple(int(rng.integers(1, 6)) for _ in range(int(rng.integers(1, 5))))
    samples = [float_values(rng, shape, log_uniform(rng, 0.5, 12)) for _ in range(sample_count(rng))]
    tensors = [Tensor("input", "float32", shape), Tensor("output", "float32", shape)]
    predicted = [function(x.astype(np.float64)).astype(np.float32) for x in samples]
    largest = max(float(np.abs(p).max()) for p in predicted)
    tolerance = SIGMOID_TOLERANCE if op in SIGMOID_OUTPUTS else 0.0
    return Case(SingleOperatorModel(op, 1, tensors, [0], options), [[x] for x in samples], f"{shape}", tolerance,
                predicted=predicted, predicted_tolerance=max(tolerance, 2.0 ** -21 * largest))
