"""CONCATENATION, SPLIT and SPLIT_V."""
import numpy as np

from .case import Case, chance, float_values, int8_activations, pick, sample_count, tensor_scale, zero_point
from .tflite_file import Quantization, SingleOperatorModel, Tensor

# The reference takes no more operands.
MAX_PARTS = 10


def draw_concatenation(rng, dtype):
    """A case: one to ten operands along any dimension, counted from the front or from behind; some constant, some twice."""
    shape, axis = _draw_shape(rng)
    quantization = _quantization(rng, dtype)
    tensors, inputs, constants = [], [], 0
    for k in range(int(pick(rng, (1, 2, 2, 3, 3, 4, 5, MAX_PARTS)))):
        if tensors and chance(rng, 0.15):
            inputs.append(int(rng.integers(len(tensors))))
            continue
        part = shape[:axis] + (int(rng.integers(1, 6)),) + shape[axis + 1:]
        tensor = Tensor(f"input_{k}", dtype, part, quantization)
        if tensors and chance(rng, 0.15):
            tensor.data, constants = _values(rng, tensor), constants + 1
        inputs.append(len(tensors))
        tensors.append(tensor)
    given = [t for t in tensors if t.data is None]
    samples = [[_values(rng, t) for t in given] for _ in range(sample_count(rng))]
    predicted = []
    for sample in samples:
        values = iter(sample)
        whole = [t.data if t.data is not None else next(values) for t in tensors]
        predicted.append(np.concatenate([whole[i] for i in inputs], axis))
    tensors.append(Tensor("output", dtype, predicted[0].shape, quantization))
    written = axis - len(shape) if chance(rng, 0.4) else axis
    model = SingleOperatorModel("CONCATENATION", 2 if dtype == "int8" else 1, tensors, inputs,
                                ("ConcatenationOptions", {"axis": written, "activation": 0}),
                                dtype == "float32" and chance(rng, 0.5))
    features = {_contiguous(shape, axis)}
    features |= {name for name, present in {
        "axis from behind": written < 0, "one operand": len(inputs) == 1, "constant operand": constants > 0,
        "operand twice": len(set(inputs)) < len(inputs), "most operands": len(inputs) == MAX_PARTS,
    }.items() if present}
    shapes = [tensors[i].shape for i in inputs]
    return Case(model, samples, f"{shapes} along {written}", features=features, predicted=predicted)


def draw_split(rng, dtype):
    """A case: equal parts."""
    shape, axis = _draw_shape(rng)
    extents = [int(rng.integers(1, 4))] * int(rng.integers(1, 6))
    return _split(rng, dtype, shape, axis, extents, "SPLIT")


def draw_split_v(rng, dtype):
    """A case: parts of any extents, which a tensor states."""
    shape, axis = _draw_shape(rng)
    extents = [int(rng.integers(1, 6)) for _ in range(int(rng.integers(1, 6)))]
    return _split(rng, dtype, shape, axis, extents, "SPLIT_V")


def _split(rng, dtype, shape, axis, extents, op):
    quantization = _quantization(rng, dtype)
    around = shape[:axis], shape[axis + 1:]
    written = axis - len(shape) if chance(rng, 0.4) else axis
    whole = Tensor("input", dtype, around[0] + (sum(extents),) + around[1], quantization)
    dimension = Tensor("axis", "int32", pick(rng, ((), (1,))), data=np.array(written, np.int32))
    if op == "SPLIT":
        tensors, inputs, options = [dimension, whole], [0, 1], "SplitOptions"
    else:
        sizes = Tensor("sizes", "int32", (len(extents),), data=np.array(extents, np.int32))
        tensors, inputs, options = [whole, sizes, dimension], [0, 1, 2], "SplitVOptions"
    parts = [Tensor(f"output_{k}", dtype, around[0] + (n,) + around[1], quantization) for k, n in enumerate(extents)]
    samples = [[_values(rng, whole)] for _ in range(sample_count(rng))]
    cuts = np.cumsum(extents)[:-1]
    predicted = [[np.ascontiguousarray(p) for p in np.split(x, cuts, axis)] for (x,) in samples]
    model = SingleOperatorModel(op, 1, tensors + parts, inputs, (options, {"num_splits": len(extents)}),
                                dtype == "float32" and chance(rng, 0.5), outputs=len(parts))
    features = {_contiguous(shape, axis)}
    features |= {name for name, present in {
        "axis from behind": written < 0, "one part": len(extents) == 1, "several parts": len(extents) > 2,
    }.items() if present}
    return Case(model, samples, f"{whole.shape} into {extents} along {written}", features=features, predicted=predicted)


def _draw_shape(rng):
    """Extents of up to four dimensions, and one of the dimensions; often with nothing but ones before it."""
    shape = tuple(int(rng.integers(1, 5)) for _ in range(int(rng.integers(1, 5))))
    axis = int(rng.integers(len(shape)))
    if chance(rng, 0.4):
        shape = (1,) * axis + shape[axis:]
    return shape, axis


def _contiguous(shape, axis):
    return "contiguous parts" if all(d == 1 for d in shape[:axis]) else "interleaved parts"


def _quantization(rng, dtype):
    if dtype != "int8":
        return None
    return Quantization(np.array([tensor_scale(rng)]), [zero_point(rng)])


def _values(rng, tensor):
    if tensor.dtype == "int8":
        return int8_activations(rng, tensor.shape, tensor.quantization.zero_points[0])
    return float_values(rng, tensor.shape)
