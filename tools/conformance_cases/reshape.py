"""RESHAPE."""
import numpy as np

from .case import Case, chance, float_values, int8_activations, pick, sample_count, tensor_scale, zero_point
from .tflite_file import Quantization, SingleOperatorModel, Tensor

FORMS = ("shape tensor", "shape tensor with -1", "options only", "options with -1", "shape tensor and options")


def draw_reshape(rng, dtype):
    """A case: the new shape comes in a constant tensor, in the options, or in both, with or without a -1."""
    shape = tuple(int(rng.integers(1, 6)) for _ in range(int(rng.integers(1, 5))))
    new_shape = _split(rng, int(np.prod(shape)))
    form = pick(rng, FORMS)
    written = list(new_shape)
    if form.endswith("-1"):
        written[int(rng.integers(len(written)))] = -1
    quantization = None
    if dtype == "int8":
        quantization = Quantization(np.array([tensor_scale(rng)]), [zero_point(rng)])
        samples = [int8_activations(rng, shape, quantization.zero_points[0]) for _ in range(sample_count(rng))]
    else:
        samples = [float_values(rng, shape) for _ in range(sample_count(rng))]
    tensors, inputs, options = [Tensor("input", dtype, shape, quantization)], [0], None
    if form.startswith("shape tensor"):
        tensors.append(Tensor("shape", "int32", (len(written),), data=np.array(written, np.int32)))
        inputs.append(1)
    if "options" in form:
        options = ("ReshapeOptions", {"new_shape": written})
    elif chance(rng, 0.5):
        options = ("ReshapeOptions", {})
    tensors.append(Tensor("output", dtype, new_shape, quantization))
    model = SingleOperatorModel("RESHAPE", 1, tensors, inputs, options, dtype == "float32" and chance(rng, 0.5))
    return Case(model, [[x] for x in samples], f"{shape} -> {written} {form}", features={f"reshape {form}"},
                predicted=[x.reshape(new_shape) for x in samples])


def _split(rng, elements):
    """A shape of one to five dimensions with this many elements."""
    shape = [elements]
    for _ in range(int(rng.integers(0, 5))):
        k = int(rng.integers(len(shape)))
        divisors = [d for d in range(1, shape[k] + 1) if shape[k] % d == 0]
        d = int(pick(rng, divisors))
        shape[k:k + 1] = [d, shape[k] // d]
    return tuple(shape)
