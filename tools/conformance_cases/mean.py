"""MEAN."""
import numpy as np

from .case import FLOAT32_UNIT, Case, batch_size, channel_count, chance, float_values, int8_activations, log_uniform, pick, sample_count, zero_point
from .tflite_file import Quantization, SingleOperatorModel, Tensor


def draw_mean(rng, dtype):
    """A case of MEAN; tflite-micro has room for two axes."""
    if chance(rng, 0.5):
        shape = (batch_size(rng), int(rng.integers(1, 9)), int(rng.integers(1, 9)), channel_count(rng))
        axes = pick(rng, ((1, 2), (1, 2), (2, 1)))
    else:
        shape = tuple(int(rng.integers(1, 9)) for _ in range(int(rng.integers(1, 5))))
        axes = tuple(int(a) for a in rng.permutation(len(shape))[:int(rng.integers(1, 3))])
    sorted_axes = tuple(sorted(axes))
    stated = tuple(a - len(shape) if chance(rng, 0.3) else a for a in axes)
    keep = chance(rng, 0.5)
    out_shape = tuple(1 if d in axes else n for d, n in enumerate(shape) if keep or d not in axes)
    count = int(np.prod([shape[a] for a in axes]))
    index = Tensor("axes", "int32", () if len(stated) == 1 and chance(rng, 0.3) else (len(stated),), data=np.array(stated, np.int32))
    features = {"rows and columns" if len(shape) == 4 and sorted_axes == (1, 2) else "other axes", "keeps" if keep else "drops"}
    if any(a < 0 for a in stated):
        features.add("axis from behind")
    options = ("ReducerOptions", {"keep_dims": keep})
    about = f"{shape} over {stated} -> {out_shape}"
    if dtype == "float32":
        samples = [float_values(rng, shape, log_uniform(rng, 0.5, 8)) for _ in range(sample_count(rng))]
        tensors = [Tensor("input", dtype, shape), index, Tensor("output", dtype, out_shape)]
        predicted = [x.astype(np.float64).mean(axis=sorted_axes).reshape(out_shape).astype(np.float32) for x in samples]
        tolerance = 2 * (count + 2) * FLOAT32_UNIT * max(float(np.abs(x).max()) for x in samples)
        return Case(SingleOperatorModel("MEAN", 1, tensors, [0, 1], options), [[x] for x in samples], about, tolerance, features,
                    predicted, tolerance)
    scale, zero = np.float32(log_uniform(rng, 1e-3, 1)), zero_point(rng)
    to, to_zero = scale, zero
    if chance(rng, 0.6):
        to = np.float32(float(scale) * (log_uniform(rng, 1e-3, 1e4) if chance(rng, 0.15) else log_uniform(rng, 0.2, 3)))
        to_zero = zero_point(rng)
        features.add("rescale")
    else:
        features.add("one quantisation")
    samples = [int8_activations(rng, shape, zero) for _ in range(sample_count(rng))]
    tensors = [Tensor("input", dtype, shape, Quantization(np.array([scale]), [zero])), index,
               Tensor("output", dtype, out_shape, Quantization(np.array([to]), [to_zero]))]
    predicted = []
    for x in samples:
        mean = x.astype(np.float64).mean(axis=sorted_axes).reshape(out_shape)
        predicted.append(np.clip((mean - zero) * (float(scale) / float(to)) + to_zero, -128, 127))
    # Two roundings, half a step and half of that.
    return Case(SingleOperatorModel("MEAN", 2, tensors, [0, 1], options), [[x] for x in samples], about, features=features,
                predicted=predicted, predicted_tolerance=0.76)
