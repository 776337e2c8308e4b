"""ARG_MAX and ARG_MIN, whose results are indices."""
import numpy as np

from .case import Case, chance, float_values, int8_activations, log_uniform, pick, sample_count, tensor_scale, zero_point
from .tflite_file import Quantization, SingleOperatorModel, Tensor


def draw_arg_max(rng, dtype, output="int32"):
    """An ARG_MAX case; of equal elements the first is meant. LiteRT alone has indices of int64."""
    return _draw(rng, dtype, "ARG_MAX", output)


def draw_arg_min(rng, dtype, output="int32"):
    """An ARG_MIN case."""
    return _draw(rng, dtype, "ARG_MIN", output)


def _draw(rng, dtype, op, output):
    shape = tuple(int(rng.integers(1, 9)) for _ in range(int(rng.integers(1, 5))))
    axis = int(rng.integers(len(shape)))
    zero, few = zero_point(rng), chance(rng, 0.5)

    def values():
        x = int8_activations(rng, shape, zero) if dtype == "int8" else float_values(rng, shape, log_uniform(rng, 0.1, 10))
        # Few different values, so that some are equal.
        return (x // 16 * 16 if dtype == "int8" else np.round(x)).astype(x.dtype) if few else x

    samples = [[values()] for _ in range(sample_count(rng))]
    q = Quantization(np.array([tensor_scale(rng)]), [zero]) if dtype == "int8" else None
    stated = axis - len(shape) if chance(rng, 0.4) else axis
    tensors = [
        Tensor("input", dtype, shape, q),
        Tensor("axis", "int32", pick(rng, ((), (1,))), data=np.full((), stated, np.int32)),
        Tensor("output", output, shape[:axis] + shape[axis + 1:]),
    ]
    table, code = ("ArgMaxOptions", "output_type") if op == "ARG_MAX" else ("ArgMinOptions", "output_type")
    options = (table, {code: {"int32": 2, "int64": 4}[output]})
    index = np.argmax if op == "ARG_MAX" else np.argmin
    predicted = [np.asarray(index(x, axis=axis)).astype(output) for x, in samples]
    features = {"axis from behind"} if stated < 0 else set()
    if axis < len(shape) - 1:
        features.add("not the last dimension")
    if few:
        features.add("equal elements")
    model = SingleOperatorModel(op, 2 if dtype == "int8" else 1, tensors, [0, 1], options)
    return Case(model, samples, f"{shape} along {stated} -> {output}", features=features, predicted=predicted)
