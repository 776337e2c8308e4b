"""SOFTMAX."""
import numpy as np

from .case import Case, chance, float_values, int8_activations, log_uniform, pick, sample_count, zero_point
from .tflite_file import Quantization, SingleOperatorModel, Tensor

# Results lie in [0, 1]; two exponentials, n additions and a division of float32 stay far below it.
FLOAT_TOLERANCE = 2.0 ** -19


def draw_softmax(rng, dtype):
    """A case over one to four dimensions; int8 results have scale 1/256 and zero point -128, as TFLite demands."""
    rank = int(rng.integers(1, 5))
    depth = int(pick(rng, (1, 2, 3, 10, 12, 33, int(rng.integers(1, 50)), 250 if dtype == "int8" else 60)))
    leading = [1] + [int(rng.integers(1, 4)) for _ in range(rank - 2)] if rank > 1 else []
    if rank > 1 and chance(rng, 0.2):
        leading[0] = 2
    shape = (*leading, depth)
    beta = float(np.float32(pick(rng, (1.0, 1.0, 0.5, 2.0, log_uniform(rng, 0.05, 20)))))
    q_in = q_out = None
    if dtype == "int8":
        scale = log_uniform(rng, 1e-5, 1e2) if chance(rng, 0.2) else log_uniform(rng, 1e-2, 0.5)
        q_in = Quantization(np.array([scale], np.float32), [zero_point(rng)])
        q_out = Quantization(np.array([1 / 256], np.float32), [-128])
        samples = [int8_activations(rng, shape, q_in.zero_points[0]) for _ in range(sample_count(rng))]
    else:
        samples = [float_values(rng, shape, log_uniform(rng, 0.5, 60)) for _ in range(sample_count(rng))]
    tensors = [Tensor("input", dtype, shape, q_in), Tensor("output", dtype, shape, q_out)]
    version = 2 if dtype == "int8" else 1
    model = SingleOperatorModel("SOFTMAX", version, tensors, [0], ("SoftmaxOptions", {"beta": beta}),
                                dtype == "float32" and chance(rng, 0.5))
    features = {f"softmax {rank}-D"} | ({"softmax beta not 1"} if beta != 1.0 else set())
    scale = float(q_in.scales[0]) if q_in else 1.0
    predicted = [_softmax(x.astype(np.float64) * scale * beta) for x in samples]
    if dtype == "int8":
        # The reference's exponential is fixed-point; a step and a half holds its distance from the real one.
        predicted = [np.clip(p * 256 - 128, -128, 127) for p in predicted]
    return Case(model, [[x] for x in samples], f"{shape} beta {beta:.4g} scale {scale:.4g}",
                0.0 if dtype == "int8" else FLOAT_TOLERANCE, features, predicted,
                1.5 if dtype == "int8" else FLOAT_TOLERANCE)


def _softmax(x):
    e = np.exp(x - x.max(axis=-1, keepdims=True))
    return e / e.sum(axis=-1, keepdims=True)
