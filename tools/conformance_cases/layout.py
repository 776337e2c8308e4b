"""TRANSPOSE, PAD and PADV2."""
import numpy as np

from .case import Case, chance, float_values, int8_activations, pick, sample_count, tensor_scale, zero_point
from .tflite_file import Quantization, SingleOperatorModel, Tensor


def draw_transpose(rng, dtype):
    """A case: up to four dimensions in any order."""
    shape = tuple(int(rng.integers(1, 7)) for _ in range(int(pick(rng, (1, 2, 3, 4, 4, 4)))))
    order = [int(d) for d in rng.permutation(len(shape))]
    if len(shape) == 4 and chance(rng, 0.6):
        order = list(pick(rng, ((0, 2, 3, 1), (0, 3, 1, 2))))
    quantization = _quantization(rng, dtype)
    whole = Tensor("input", dtype, shape, quantization)
    written = Tensor("order", "int32", (len(shape),), data=np.array(order, np.int32))
    output = Tensor("output", dtype, tuple(shape[d] for d in order), quantization)
    samples = [[_values(rng, whole)] for _ in range(sample_count(rng))]
    model = SingleOperatorModel("TRANSPOSE", 2 if dtype == "int8" else 1, [whole, written, output], [0, 1],
                                ("TransposeOptions", {}) if chance(rng, 0.5) else None,
                                dtype == "float32" and chance(rng, 0.5))
    moved = [d for d in order if shape[d] > 1]
    features = {name for name, present in {
        "dimensions stay": moved == sorted(moved), "channels to the end": order == [0, 2, 3, 1],
        "channels to the front": order == [0, 3, 1, 2], "dimension of one": 1 in shape, "4-D": len(shape) == 4,
    }.items() if present}
    return Case(model, samples, f"{shape} in the order {order}", features=features,
                predicted=[np.ascontiguousarray(x.transpose(order)) for (x,) in samples])


def draw_pad(rng, dtype):
    """A case: zeros around rows and columns, or around anything."""
    return _pad(rng, dtype, "PAD")


def draw_pad_v2(rng, dtype):
    """A case: a number that the model states."""
    return _pad(rng, dtype, "PADV2")


def _pad(rng, dtype, op):
    rank = int(rng.integers(1, 5))
    shape = tuple(int(rng.integers(1, 7)) for _ in range(rank))
    image = rank == 4 and chance(rng, 0.6)
    around = [(int(rng.integers(0, 4)), int(rng.integers(0, 4))) if not image or d in (1, 2) else (0, 0) for d in range(rank)]
    quantization = _quantization(rng, dtype)
    whole = Tensor("input", dtype, shape, quantization)
    padding = Tensor("padding", "int32", (rank, 2), data=np.array(around, np.int32))
    output = Tensor("output", dtype, tuple(n + b + a for n, (b, a) in zip(shape, around, strict=True)), quantization)
    tensors, inputs, fill = [whole, padding], [0, 1], 0
    if dtype == "int8":
        fill = quantization.zero_points[0]
    if op == "PADV2":
        fill = int(rng.integers(-128, 128)) if dtype == "int8" else float(np.float32(rng.normal(0, 3)))
        tensors.append(Tensor("fill", dtype, (1,), quantization, np.array([fill], dtype)))
        inputs.append(2)
    samples = [[_values(rng, whole)] for _ in range(sample_count(rng))]
    model = SingleOperatorModel(op, 2 if dtype == "int8" else 1, tensors + [output], inputs,
                                (f"{'PadV2' if op == 'PADV2' else 'Pad'}Options", {}) if chance(rng, 0.5) else None,
                                dtype == "float32" and chance(rng, 0.5))
    features = {name for name, present in {
        "rows and columns": image, "unequal": any(b != a for b, a in around), "nothing": not any(map(any, around)),
        "last dimension": any(around[-1]), "zero point not 0": dtype == "int8" and quantization.zero_points[0] != 0,
    }.items() if present}
    return Case(model, samples, f"{shape} with {around} of {fill}", features=features,
                predicted=[np.pad(x, around, constant_values=fill).astype(x.dtype) for (x,) in samples])


def _quantization(rng, dtype):
    if dtype != "int8":
        return None
    return Quantization(np.array([tensor_scale(rng)]), [zero_point(rng)])


def _values(rng, tensor):
    if tensor.dtype == "int8":
        return int8_activations(rng, tensor.shape, tensor.quantization.zero_points[0])
    return float_values(rng, tensor.shape)
