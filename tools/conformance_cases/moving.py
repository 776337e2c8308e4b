"""Operators that take elements by their indices, or move blocks of them; slices, stacks, resizes to the nearest element."""
import numpy as np

from .case import Case, chance, float_values, int8_activations, pick, sample_count, tensor_scale, zero_point
from .tflite_file import Quantization, SingleOperatorModel, Tensor


def draw_slice(rng, dtype):
    """A case: a box of up to four dimensions, some of them to the end by -1."""
    shape = _shape(rng)
    begin = [int(rng.integers(n)) for n in shape]
    size = [int(rng.integers(1, n - b + 1)) for n, b in zip(shape, begin, strict=True)]
    if chance(rng, 0.4):
        # One dimension alone, as converters cut channels off.
        kept = int(rng.integers(len(shape)))
        begin = [b if d == kept else 0 for d, b in enumerate(begin)]
        size = [s if d == kept else n for d, (s, n) in enumerate(zip(size, shape, strict=True))]
    written = [-1 if b + s == n and chance(rng, 0.4) else s for b, s, n in zip(begin, size, shape, strict=True)]
    integer = pick(rng, ("int32", "int64"))
    operands = [_numbers("begin", begin, integer), _numbers("size", written, integer)]
    box = tuple(slice(b, b + s) for b, s in zip(begin, size, strict=True))
    picked = [d for d, (s, n) in enumerate(zip(size, shape, strict=True)) if s < n]
    features = {name for name, present in {
        "to the end": -1 in written, "all of it": not picked, "int64": integer == "int64",
        "contiguous": len(picked) == 1 and all(n == 1 for n in shape[:picked[0]]),
        "one dimension": len(picked) == 1, "several dimensions": len(picked) > 1,
    }.items() if present}
    return _case(rng, "SLICE", dtype, shape, operands, ("SliceOptions", {}), lambda x: x[box], features,
                 f"{shape} from {begin} of {written}")


def draw_strided_slice(rng, dtype):
    """A case: any first index, end and step of each dimension, in and out of range, with masks; at least an element each."""
    shape = _shape(rng)
    masks = {"begin_mask": 0, "end_mask": 0, "shrink_axis_mask": 0}
    begin, end, strides, index = [], [], [], []
    for d, n in enumerate(shape):
        while True:
            step = int(pick(rng, (1, 1, 1, 2, 2, 3, -1, -1, -2, -3)))
            first, behind = int(rng.integers(-n - 1, n + 2)), int(rng.integers(-n - 2, n + 3))
            no_first, no_behind = chance(rng, 0.25), chance(rng, 0.25)
            shrunk = chance(rng, 0.15) and len(shape) > 1 and -n <= first < n and not no_first
            if shrunk:
                step, taken = 1, first % n
                break
            taken = slice(None if no_first else first, None if no_behind else behind, step)
            if range(*taken.indices(n)):
                break
        begin.append(first)
        end.append(behind)
        strides.append(step)
        index.append(taken)
        masks["begin_mask"] |= no_first << d
        masks["end_mask"] |= no_behind << d
        masks["shrink_axis_mask"] |= shrunk << d
    if all(isinstance(i, int) for i in index):
        index[0], masks["shrink_axis_mask"] = slice(begin[0] % shape[0], begin[0] % shape[0] + 1), masks["shrink_axis_mask"] & ~1
        begin[0], end[0], masks["end_mask"] = index[0].start, index[0].stop, masks["end_mask"] & ~1
    operands = [_numbers(name, list_) for name, list_ in (("begin", begin), ("end", end), ("strides", strides))]
    features = {name for name, present in {
        "step back": any(s < 0 for s in strides), "steps above one": any(abs(s) > 1 for s in strides),
        "begin mask": masks["begin_mask"], "end mask": masks["end_mask"], "shrunk": masks["shrink_axis_mask"],
        "begin from behind": any(b < 0 for b in begin), "end from behind": any(e < 0 for e in end),
        "end out of range": any(e > n for e, n in zip(end, shape, strict=True)),
    }.items() if present}
    return _case(rng, "STRIDED_SLICE", dtype, shape, operands, ("StridedSliceOptions", masks),
                 lambda x: x[tuple(index)], features, f"{shape} from {begin} to {end} by {strides}, {masks}")


def draw_gather(rng, dtype):
    """A case: constant indices along a dimension, under any shape."""
    shape = _shape(rng, 3)
    axis = int(rng.integers(len(shape)))
    under = pick(rng, ((), (1,), (3,), (5,), (2, 2)))
    indices = rng.integers(shape[axis], size=under).astype(np.int32)
    written = axis - len(shape) if chance(rng, 0.3) else axis
    operands = [Tensor("indices", "int32", indices.shape, data=indices)]
    features = {f"indices {indices.ndim}-D"} | ({"axis from behind"} if written < 0 else set())
    return _case(rng, "GATHER", dtype, shape, operands, ("GatherOptions", {"axis": written}),
                 lambda x: np.take(x, indices, axis), features, f"{shape} at {indices.tolist()} along {written}")


def draw_mirror_pad(rng, dtype):
    """A case: a border that mirrors what it surrounds, with or without the outermost element."""
    shape = tuple(int(rng.integers(2, 6)) for _ in range(int(rng.integers(1, 5))))
    mode = int(pick(rng, (0, 1)))
    around = [(int(rng.integers(0, min(n - 1 + mode, 3) + 1)), int(rng.integers(0, min(n - 1 + mode, 3) + 1))) for n in shape]
    padding = Tensor("padding", "int32", (len(shape), 2), data=np.array(around, np.int32))
    return _case(rng, "MIRROR_PAD", dtype, shape, [padding], ("MirrorPadOptions", {"mode": mode}),
                 lambda x: np.pad(x, around, mode=("reflect", "symmetric")[mode]),
                 {("reflect", "symmetric")[mode]}, f"{shape} with {around}, mode {mode}")


def draw_pack(rng, dtype):
    """A case: one to six tensors along a dimension of their own, some constant, some twice."""
    shape = _shape(rng, 3)
    axis = int(rng.integers(len(shape) + 1))
    written = axis - len(shape) - 1 if chance(rng, 0.3) else axis
    quantization = _quantization(rng, dtype)
    tensors, inputs = [], []
    for k in range(int(pick(rng, (1, 2, 2, 3, 4, 6)))):
        if tensors and chance(rng, 0.15):
            inputs.append(int(rng.integers(len(tensors))))
            continue
        tensor = Tensor(f"input_{k}", dtype, shape, quantization)
        if tensors and chance(rng, 0.15):
            tensor.data = _values(rng, tensor)
        inputs.append(len(tensors))
        tensors.append(tensor)
    samples = [[_values(rng, t) for t in tensors if t.data is None] for _ in range(sample_count(rng))]
    predicted = []
    for sample in samples:
        values = iter(sample)
        all_ = [t.data if t.data is not None else next(values) for t in tensors]
        predicted.append(np.stack([all_[i] for i in inputs], axis))
    tensors.append(Tensor("output", dtype, predicted[0].shape, quantization))
    model = SingleOperatorModel("PACK", 2 if dtype == "int8" else 1, tensors, inputs,
                                ("PackOptions", {"values_count": len(inputs), "axis": written}),
                                dtype == "float32" and chance(rng, 0.5))
    features = {name for name, present in {
        "axis from behind": written < 0, "last dimension": axis == len(shape), "one operand": len(inputs) == 1,
    }.items() if present}
    return Case(model, samples, f"{len(inputs)} of {shape} along {written}", features=features, predicted=predicted)


def draw_unpack(rng, dtype):
    """A case: a tensor cut into as many as a dimension has."""
    shape = _shape(rng)
    while len(shape) < 2:
        shape = _shape(rng)
    axis = int(rng.integers(len(shape)))
    written = axis - len(shape) if chance(rng, 0.3) else axis
    count, quantization = shape[axis], _quantization(rng, dtype)
    whole = Tensor("input", dtype, shape, quantization)
    part = shape[:axis] + shape[axis + 1:]
    parts = [Tensor(f"output_{k}", dtype, part, quantization) for k in range(count)]
    samples = [[_values(rng, whole)] for _ in range(sample_count(rng))]
    predicted = [[np.ascontiguousarray(x.take(k, axis)) for k in range(count)] for (x,) in samples]
    model = SingleOperatorModel("UNPACK", 2 if dtype == "int8" else 1, [whole, *parts], [0],
                                ("UnpackOptions", {"num": count, "axis": written}),
                                dtype == "float32" and chance(rng, 0.5), outputs=count)
    features = {name for name, present in {
        "axis from behind": written < 0, "last dimension": axis == len(shape) - 1, "one part": count == 1,
    }.items() if present}
    return Case(model, samples, f"{shape} along {written}", features=features, predicted=predicted)


def draw_space_to_depth(rng, dtype):
    """A case: blocks of rows and columns become channels."""
    n, h, w, c, block = _blocks(rng)

    def evaluate(x):
        return x.reshape(n, h, block, w, block, c).transpose(0, 1, 3, 2, 4, 5).reshape(n, h, w, block * block * c)
    shape = (n, h * block, w * block, c)
    return _case(rng, "SPACE_TO_DEPTH", dtype, shape, [], ("SpaceToDepthOptions", {"block_size": block}), evaluate,
                 {f"block {block}"}, f"{shape} in blocks of {block}")


def draw_depth_to_space(rng, dtype):
    """A case: channels become blocks of rows and columns."""
    n, h, w, c, block = _blocks(rng)

    def evaluate(x):
        return x.reshape(n, h, w, block, block, c).transpose(0, 1, 3, 2, 4, 5).reshape(n, h * block, w * block, c)
    shape = (n, h, w, block * block * c)
    return _case(rng, "DEPTH_TO_SPACE", dtype, shape, [], ("DepthToSpaceOptions", {"block_size": block}), evaluate,
                 {f"block {block}"}, f"{shape} in blocks of {block}")


def draw_space_to_batch_nd(rng, dtype):
    """A case: rows and columns in blocks, whose places become batches; without padding, for which tflite-micro has no number."""
    n, rows, columns, c, _ = _blocks(rng)
    block = [int(rng.integers(1, 4)), int(rng.integers(1, 4))]
    shape = (n, rows * block[0], columns * block[1], c)

    def evaluate(x):
        x = x.reshape(n, rows, block[0], columns, block[1], c).transpose(2, 4, 0, 1, 3, 5)
        return x.reshape(-1, rows, columns, c)
    operands = [_numbers("block", block), Tensor("padding", "int32", (2, 2), data=np.zeros((2, 2), np.int32))]
    return _case(rng, "SPACE_TO_BATCH_ND", dtype, shape, operands, ("SpaceToBatchNDOptions", {}), evaluate,
                 {f"block {block[0]}x{block[1]}"}, f"{shape} in {block}")


def draw_batch_to_space_nd(rng, dtype):
    """A case: batches become the places of blocks, which are cropped."""
    n, h, w, c, _ = _blocks(rng)
    block = [int(rng.integers(1, 4)), int(rng.integers(1, 4))]
    crops = []
    for extent, b in zip((h, w), block, strict=True):
        before = int(rng.integers(0, min(3, extent * b)))
        crops.append((before, int(rng.integers(0, min(3, extent * b - before)))))
    (top, bottom), (left, right) = crops

    def evaluate(x):
        x = x.reshape(*block, n, h, w, c).transpose(2, 3, 0, 4, 1, 5).reshape(n, h * block[0], w * block[1], c)
        return x[:, top:h * block[0] - bottom, left:w * block[1] - right]
    shape = (n * block[0] * block[1], h, w, c)
    operands = [_numbers("block", block), Tensor("crops", "int32", (2, 2), data=np.array(crops, np.int32))]
    return _case(rng, "BATCH_TO_SPACE_ND", dtype, shape, operands, ("BatchToSpaceNDOptions", {}), evaluate,
                 {"cropped"} if any(map(any, crops)) else {"not cropped"}, f"{shape} in {block} without {crops}")


def draw_resize_nearest_neighbor(rng, dtype):
    """A case: by a whole number, or to any size, with each of the options."""
    n, h, w, c = int(pick(rng, (1, 1, 2))), int(rng.integers(1, 9)), int(rng.integers(1, 9)), int(pick(rng, (1, 2, 3, 4, 8)))
    whole = chance(rng, 0.4)
    size = [k * int(rng.integers(1, 4)) if whole else int(rng.integers(1, 21)) for k in (h, w)]
    align, half = bool(rng.integers(2)), bool(rng.integers(2))
    if align and half:
        half = False
    lists = [_nearest(a, b, align, half) for a, b in zip((h, w), size, strict=True)]
    features = {name for name, present in {
        "by a whole number": whole, "corners aligned": align, "centers": half, "smaller": size[0] < h or size[1] < w,
        "larger": size[0] > h or size[1] > w,
    }.items() if present}
    options = {"align_corners": align, "half_pixel_centers": half}
    return _case(rng, "RESIZE_NEAREST_NEIGHBOR", dtype, (n, h, w, c), [_numbers("size", size)],
                 ("ResizeNearestNeighborOptions", options), lambda x: x[:, lists[0]][:, :, lists[1]], features,
                 f"{(n, h, w, c)} to {size}, {options}")


def _nearest(before, after, align, half):
    """Which of `before` elements each of `after` takes, in float32 as the reference computes it."""
    one = np.float32(1)
    scale = one * (before - 1) / np.float32(after - 1) if align and after > 1 else one * before / np.float32(after)
    at = (np.arange(after, dtype=np.float32) + np.float32(0.5 if half else 0)) * np.float32(scale)
    # C's round goes away from zero; numpy's goes to even.
    at = np.floor(at + np.float32(0.5)) if align else np.floor(at)
    return np.clip(at.astype(int), 0, before - 1)


def _case(rng, op, dtype, shape, operands, options, evaluate, features, about):
    quantization = _quantization(rng, dtype)
    whole = Tensor("input", dtype, shape, quantization)
    samples = [[_values(rng, whole)] for _ in range(sample_count(rng))]
    predicted = [np.array(evaluate(x), x.dtype, order="C") for (x,) in samples]
    tensors = [whole, *operands, Tensor("output", dtype, predicted[0].shape, quantization)]
    model = SingleOperatorModel(op, 2 if dtype == "int8" else 1, tensors, list(range(len(tensors) - 1)), options,
                                dtype == "float32" and chance(rng, 0.5))
    return Case(model, samples, about, features=features, predicted=predicted)


def _shape(rng, most=4):
    """Extents of up to so many dimensions; often with nothing but ones before one of them."""
    shape = tuple(int(rng.integers(1, 7)) for _ in range(int(rng.integers(1, most + 1))))
    if chance(rng, 0.3):
        axis = int(rng.integers(len(shape)))
        shape = (1,) * axis + shape[axis:]
    return shape


def _blocks(rng):
    """Batches, rows, columns, channels, and the edge of a block."""
    return (int(pick(rng, (1, 1, 2))), int(rng.integers(1, 5)), int(rng.integers(1, 5)), int(rng.integers(1, 5)),
            int(pick(rng, (1, 2, 2, 2, 3))))


def _numbers(name, values, dtype="int32"):
    return Tensor(name, dtype, (len(values),), data=np.array(values, dtype))


def _quantization(rng, dtype):
    if dtype != "int8":
        return None
    return Quantization(np.array([tensor_scale(rng)]), [zero_point(rng)])


def _values(rng, tensor):
    if tensor.dtype == "int8":
        return int8_activations(rng, tensor.shape, tensor.quantization.zero_points[0])
    return float_values(rng, tensor.shape)
