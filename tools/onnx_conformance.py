#!/usr/bin/env python3
"""Draws small ONNX models and takes their outputs from onnxruntime, graph optimisations off.

    python3 tools/onnx_conformance.py --seed N --count M --out DIR

writes DIR/cases.json and DIR/cases.bin, in the form of tests/data/conformance/README.md. The same seed, count and library versions
give the same bytes. Needs onnx, onnxruntime and numpy of the versions below; they are installed into a virtual environment under target/
when they are missing.
"""
import argparse
import json
import os

from pip_venv import ROOT, installed_versions, restart_in_venv

VERSIONS = {"onnx": "1.20.0", "onnxruntime": "1.32.0", "numpy": "2.4.6"}
DEFAULT_VENV = os.path.join(ROOT, "target", "onnx-conformance-venv")
if __name__ == "__main__" and installed_versions(VERSIONS) != VERSIONS:
    restart_in_venv(os.environ.get("THUMBWRIGHT_ONNX_VENV", DEFAULT_VENV), VERSIONS)

import numpy as np
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper


class Graph:
    """A graph under construction; what is random comes from `rng`."""

    def __init__(self, rng, opset):
        self.rng, self.opset = rng, opset
        self.nodes, self.constants, self.inputs, self.values = [], [], [], {}
        self.count = 0
        # What a layer on integers may be off: a step of its result.
        self.step = None
        # Element type of the outputs.
        self.kind = TensorProto.FLOAT

    def name(self, what):
        self.count += 1
        return f"{what}_{self.count}"

    def input(self, shape, spread=1.0):
        name = self.name("input")
        self.inputs.append(helper.make_tensor_value_info(name, TensorProto.FLOAT, shape))
        self.values[name] = self.rng.normal(0, spread, shape).astype(np.float32)
        return name

    def constant(self, array, what="constant"):
        name = self.name(what)
        array = np.asarray(array)
        if self.rng.random() < 0.2:
            tensor = numpy_helper.from_array(array, name)
            self.nodes.append(helper.make_node("Constant", [], [name], value=tensor))
        else:
            self.constants.append(numpy_helper.from_array(array, name))
        return name

    def floats(self, shape, spread=1.0):
        return self.constant(self.rng.normal(0, spread, shape).astype(np.float32))

    def halves(self, array, unsigned):
        """A constant of four bits an element."""
        name = self.name("constant")
        kind = TensorProto.UINT4 if unsigned else TensorProto.INT4
        self.constants.append(helper.make_tensor(name, kind, array.shape, array.ravel().tolist()))
        return name

    def integers(self, values):
        return self.constant(np.array(values, np.int64), "numbers")

    def node(self, op, inputs, outputs=1, **attributes):
        names = [self.name(op) for _ in range(outputs)]
        self.nodes.append(helper.make_node(op, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def numbers(self, op, inputs, name, values, **attributes):
        """A node whose numbers are an attribute until opset 12, an input from 13 on."""
        if self.opset < 13:
            return self.node(op, inputs, **{name: values}, **attributes)
        return self.node(op, inputs + [self.integers(values)], **attributes)


def pick(rng, choices):
    return choices[int(rng.integers(len(choices)))]


def some(rng, low, high):
    return int(rng.integers(low, high))


def image(rng):
    return [1 if rng.random() < 0.8 else 2, some(rng, 1, 7), some(rng, 3, 9), some(rng, 3, 9)]


def window(rng, shape, pool=False):
    """Attributes of a window that fits an image."""
    kernel = [some(rng, 1, 4), some(rng, 1, 4)]
    attributes = {"kernel_shape": kernel, "strides": [some(rng, 1, 4), some(rng, 1, 4)]}
    form = pick(rng, ("none", "pads", "pads", "SAME_UPPER", "SAME_LOWER", "VALID"))
    if form == "pads":
        attributes["pads"] = [some(rng, 0, kernel[i % 2]) for i in range(4)]
    elif form != "none":
        attributes["auto_pad"] = form
    if not pool and form in ("none", "pads") and rng.random() < 0.3:
        attributes["dilations"] = [some(rng, 1, 3), some(rng, 1, 3)]
    return attributes


def draw_conv(g, x, shape):
    group = pick(g.rng, (1, 1, shape[1]))
    outputs = shape[1] * some(g.rng, 1, 3) if group > 1 else some(g.rng, 1, 7)
    attributes = window(g.rng, shape)
    weights = g.floats([outputs, shape[1] // group] + attributes["kernel_shape"])
    inputs = [x, weights] + ([g.floats([outputs])] if g.rng.random() < 0.6 else [])
    return g.node("Conv", inputs, group=group, **attributes)


def draw_batch_norm(g, x, channels):
    variance = g.constant(g.rng.uniform(0.2, 2, channels).astype(np.float32))
    parameters = [g.floats([channels]), g.floats([channels]), g.floats([channels]), variance]
    return g.node("BatchNormalization", [x] + parameters, epsilon=pick(g.rng, (1e-5, 1e-3)))


def draw_activation(g, x):
    form = pick(g.rng, ("none", "Relu", "relu6", "relu", "n1"))
    if form == "Relu":
        return g.node("Relu", [x])
    if form == "relu6":
        return g.node("Clip", [x, g.constant(np.float32(0)), g.constant(np.float32(6))])
    if form == "relu":
        return g.node("Clip", [x, g.constant(np.float32(0))])
    if form == "n1":
        return g.node("Clip", [x, g.constant(np.float32(-1)), g.constant(np.float32(1))])
    return x


def convolution(g):
    shape = image(g.rng)
    return [draw_activation(g, draw_conv(g, g.input(shape), shape))]


def convolution_batch_norm(g):
    shape = image(g.rng)
    shape[1] = max(shape[1], 2)
    weights = g.floats([5, shape[1], 3, 3])
    y = g.node("Conv", [g.input(shape), weights], pads=[1, 1, 1, 1])
    y = draw_batch_norm(g, y, 5)
    return [draw_activation(g, y)]


def batch_norm(g):
    shape = image(g.rng)[: some(g.rng, 2, 5)]
    return [draw_batch_norm(g, g.input(shape), shape[1])]


def max_pool(g):
    shape = image(g.rng)
    attributes = window(g.rng, shape, pool=True)
    if g.rng.random() < 0.4:
        attributes["ceil_mode"] = 1
    return [g.node("MaxPool", [g.input(shape)], **attributes)]


def average_pool(g):
    shape = image(g.rng)
    attributes = window(g.rng, shape, pool=True)
    # Where strides leave elements out, onnxruntime's AveragePool takes SAME for padding below 0, unlike its other operators.
    if any(s > k for s, k in zip(attributes["strides"], attributes["kernel_shape"], strict=True)):
        attributes.pop("auto_pad", None)
    if g.rng.random() < 0.4:
        attributes["count_include_pad"] = 1
    elif g.rng.random() < 0.4:
        attributes["ceil_mode"] = 1
    return [g.node("AveragePool", [g.input(shape)], **attributes)]


def global_pool(g):
    op = pick(g.rng, ("GlobalAveragePool", "GlobalMaxPool"))
    y = g.node(op, [g.input(image(g.rng))])
    return [g.node("Flatten", [y]) if g.rng.random() < 0.5 else y]


def reduce_mean(g):
    shape = [some(g.rng, 1, 6) for _ in range(some(g.rng, 1, 5))]
    axes = sorted({some(g.rng, 0, len(shape)) for _ in range(some(g.rng, 1, 4))})
    axes = [a - len(shape) if g.rng.random() < 0.4 else a for a in axes]
    keep = int(g.rng.random() < 0.5)
    x = g.input(shape)
    if g.opset < 18:
        return [g.node("ReduceMean", [x], axes=axes, keepdims=keep)]
    return [g.node("ReduceMean", [x, g.integers(axes)], keepdims=keep)]


def dense(g):
    rows, depth, channels = some(g.rng, 1, 4), some(g.rng, 1, 20), some(g.rng, 1, 9)
    if g.rng.random() < 0.5:
        x = g.input([rows, depth] if g.rng.random() < 0.7 else [2, rows, depth])
        y = g.node("MatMul", [x, g.floats([depth, channels])])
        return [g.node("Add", [y, g.floats([channels])]) if g.rng.random() < 0.6 else y]
    transposed_a, transposed_b = int(g.rng.random() < 0.3), int(g.rng.random() < 0.5)
    x = g.input([depth, rows] if transposed_a else [rows, depth])
    weights = g.floats([channels, depth] if transposed_b else [depth, channels])
    bias = pick(g.rng, ([], [channels], [1, channels], [1], None))
    inputs = [x, weights] + ([] if bias is None else [g.floats(bias)])
    attributes = {"transA": transposed_a, "transB": transposed_b}
    if g.rng.random() < 0.4:
        attributes |= {"alpha": 0.5, "beta": 2.0}
    return [draw_activation(g, g.node("Gemm", inputs, **attributes))]


def flatten_dense(g):
    """What was computed on images is flattened in ONNX's order, then multiplied."""
    shape = image(g.rng)
    shape[0] = 1
    y = g.node("Conv", [g.input(shape), g.floats([3, shape[1], 1, 1])])
    depth = 3 * shape[2] * shape[3]
    form = pick(g.rng, ("Flatten", "Reshape", "shapes"))
    if form == "Flatten":
        y = g.node("Flatten", [y])
    elif form == "Reshape":
        y = g.node("Reshape", [y, g.integers([0, -1])])
    else:
        # As exporters write `x.view(x.size(0), -1)`.
        first = g.node("Gather", [g.node("Shape", [y]), g.constant(np.int64(0))], axis=0)
        first = g.numbers("Unsqueeze", [first], "axes", [0])
        y = g.node("Reshape", [y, g.node("Concat", [first, g.integers([-1])], axis=0)])
    if g.rng.random() < 0.3:
        y = g.node("Relu", [y])
    return [g.node("Gemm", [y, g.floats([4, depth], 0.3), g.floats([4])], transB=1)]


def addition(g):
    shape = [some(g.rng, 1, 6) for _ in range(some(g.rng, 1, 5))]
    left, right = list(shape), list(shape)
    for i in range(len(shape)):
        form = some(g.rng, 0, 4)
        if form == 0:
            left[i] = 1
        elif form == 1:
            right[i] = 1
    right = right[some(g.rng, 0, len(shape)):] if g.rng.random() < 0.4 else right
    other = g.floats(right) if g.rng.random() < 0.4 else g.input(right)
    operands = [g.input(left), other]
    if g.rng.random() < 0.5:
        operands.reverse()
    return [draw_activation(g, g.node("Add", operands))]


def residual(g):
    shape = image(g.rng)
    x = g.input(shape)
    y = g.node("Conv", [x, g.floats([shape[1], shape[1], 1, 1])])
    return [g.node("Relu", [g.node("Add", [y, x] if g.rng.random() < 0.5 else [x, y])])]


def softmax(g):
    shape = [some(g.rng, 1, 6) for _ in range(some(g.rng, 1, 5))]
    attributes = {} if g.rng.random() < 0.3 and len(shape) > 1 else {"axis": some(g.rng, -len(shape), len(shape))}
    return [g.node("Softmax", [g.input(shape, 3.0)], **attributes)]


def layout(g):
    """Transposes, reshapes, squeezes in a row."""
    shape = [some(g.rng, 1, 5) for _ in range(some(g.rng, 2, 5))]
    x = g.input(shape)
    for _ in range(some(g.rng, 1, 5)):
        form = pick(g.rng, ("Transpose", "Transpose", "Reshape", "Unsqueeze", "Squeeze", "Relu"))
        if form == "Transpose":
            order = [int(d) for d in g.rng.permutation(len(shape))]
            x, shape = g.node("Transpose", [x], perm=order), [shape[d] for d in order]
        elif form == "Reshape":
            shape = [int(np.prod(shape[:2]))] + shape[2:]
            x = g.node("Reshape", [x, g.integers(shape)])
        elif form == "Unsqueeze" and len(shape) < 6:
            at = some(g.rng, 0, len(shape) + 1)
            x = g.numbers("Unsqueeze", [x], "axes", [at])
            shape = shape[:at] + [1] + shape[at:]
        elif form == "Squeeze" and 1 in shape and len(shape) > 2:
            at = shape.index(1)
            x = g.numbers("Squeeze", [x], "axes", [at - len(shape)])
            shape = shape[:at] + shape[at + 1:]
        elif form == "Relu":
            x = g.node("Relu", [x])
    return [g.node("Identity", [x])]


def joining(g):
    shape = image(g.rng)
    axis = some(g.rng, 0, 4)
    x = g.input(shape)
    if g.rng.random() < 0.5:
        x = g.node("Conv", [x, g.floats([shape[1], shape[1], 1, 1])])
    other = list(shape)
    other[axis] = some(g.rng, 1, 4)
    y = g.node("Concat", [x, g.input(other)], axis=axis - 4 if g.rng.random() < 0.4 else axis)
    extent = shape[axis] + other[axis]
    if extent < 2:
        return [y]
    first = some(g.rng, 1, extent)
    if g.opset < 13:
        return g.node("Split", [y], outputs=2, axis=axis, split=[first, extent - first])
    return g.node("Split", [y, g.integers([first, extent - first])], outputs=2, axis=axis)


def pad(g):
    shape = image(g.rng)
    pads = [some(g.rng, 0, 3) for _ in range(8)]
    x = g.input(shape)
    if g.rng.random() < 0.5:
        x = g.node("Conv", [x, g.floats([shape[1], shape[1], 1, 1])])
    inputs = [x, g.integers(pads)]
    if g.rng.random() < 0.5:
        inputs.append(g.constant(np.float32(g.rng.normal())))
    return [g.node("Pad", inputs, mode="constant")]


def grouped_convolution(g):
    groups, each = some(g.rng, 2, 4), some(g.rng, 2, 4)
    shape = [1, groups * each, some(g.rng, 3, 7), some(g.rng, 3, 7)]
    attributes = window(g.rng, shape)
    outputs = groups * some(g.rng, 1, 3)
    inputs = [g.input(shape), g.floats([outputs, each] + attributes["kernel_shape"])]
    inputs += [g.floats([outputs])] if g.rng.random() < 0.5 else []
    return [draw_activation(g, g.node("Conv", inputs, group=groups, **attributes))]


def one_dimensional(g):
    shape = [1, some(g.rng, 1, 6), some(g.rng, 5, 14)]
    kernel = some(g.rng, 1, 4)
    attributes = {"kernel_shape": [kernel], "strides": [some(g.rng, 1, 3)]}
    if g.rng.random() < 0.6:
        attributes["pads"] = [some(g.rng, 0, kernel), some(g.rng, 0, kernel)]
    x = g.input(shape)
    form = pick(g.rng, ("Conv", "Conv", "MaxPool", "AveragePool"))
    if form != "Conv":
        return [g.node(form, [x], **attributes)]
    if g.rng.random() < 0.4:
        attributes["dilations"] = [2]
    group = pick(g.rng, (1, shape[1]))
    y = g.node("Conv", [x, g.floats([shape[1] * 2, shape[1] // group, kernel])], group=group, **attributes)
    return [g.node("Relu", [y])]


def transposed_convolution(g):
    group = pick(g.rng, (1, 1, 2))
    shape = [1, group * some(g.rng, 1, 4), some(g.rng, 2, 6), some(g.rng, 2, 6)]
    kernel, strides = [some(g.rng, 1, 5), some(g.rng, 1, 5)], [some(g.rng, 1, 4), some(g.rng, 1, 4)]
    attributes = {"kernel_shape": kernel, "strides": strides, "group": group}
    if g.rng.random() < 0.6:
        attributes["pads"] = [some(g.rng, 0, kernel[i % 2]) for i in range(4)]
    if g.rng.random() < 0.3:
        attributes["output_padding"] = [some(g.rng, 0, s) for s in strides]
    if g.rng.random() < 0.2:
        attributes["dilations"] = [2, 1]
    outputs = some(g.rng, 1, 4)
    inputs = [g.input(shape), g.floats([shape[1], outputs] + kernel)]
    inputs += [g.floats([outputs * group])] if g.rng.random() < 0.5 else []
    return [g.node("ConvTranspose", inputs, **attributes)]


def resize(g):
    shape = image(g.rng)
    x = g.input(shape)
    if g.rng.random() < 0.4:
        x = g.node("Conv", [x, g.floats([shape[1], shape[1], 1, 1])])
    mode = pick(g.rng, ("nearest", "nearest", "linear"))
    coordinates = pick(g.rng, ("half_pixel", "asymmetric", "align_corners", "pytorch_half_pixel"))
    attributes = {"mode": mode, "coordinate_transformation_mode": coordinates}
    if mode == "nearest":
        attributes["nearest_mode"] = pick(g.rng, ("floor", "round_prefer_floor", "round_prefer_ceil", "ceil"))
    if g.rng.random() < 0.5:
        scales = [1, 1, pick(g.rng, (1, 2, 3, 0.5, 1.5)), pick(g.rng, (2, 3, 0.5))]
        return [g.node("Resize", [x, "", g.constant(np.array(scales, np.float32))], **attributes)]
    sizes = shape[:2] + [some(g.rng, 1, 12), some(g.rng, 1, 12)]
    return [g.node("Resize", [x, "", "", g.integers(sizes)], **attributes)]


def depth_and_space(g):
    block = some(g.rng, 1, 4)
    n, c, h, w = 1, some(g.rng, 1, 4), some(g.rng, 1, 4), some(g.rng, 1, 4)
    if g.rng.random() < 0.5:
        return [g.node("SpaceToDepth", [g.input([n, c, h * block, w * block])], blocksize=block)]
    mode = pick(g.rng, ("DCR", "CRD"))
    return [g.node("DepthToSpace", [g.input([n, c * block * block, h, w])], blocksize=block, mode=mode)]


def parts(g):
    """Slice, Gather, Tile of what is computed."""
    shape = image(g.rng)
    x = g.input(shape)
    if g.rng.random() < 0.5:
        x = g.node("Conv", [x, g.floats([shape[1], shape[1], 1, 1])])
    form = pick(g.rng, ("Slice", "Slice", "Gather", "Tile"))
    if form == "Tile":
        return [g.node("Tile", [x, g.integers([some(g.rng, 1, 3) for _ in range(4)])])]
    axis = some(g.rng, 0, 4)
    if form == "Gather":
        count = some(g.rng, 1, 5)
        indices = [some(g.rng, -shape[axis], shape[axis]) for _ in range(count)]
        indices = np.array(indices if g.rng.random() < 0.7 else indices[0], np.int64)
        return [g.node("Gather", [x, g.constant(indices)], axis=axis)]
    start = some(g.rng, 0, shape[axis])
    end, step = some(g.rng, start + 1, shape[axis] + 1), pick(g.rng, (1, 1, 2, -1))
    if step < 0:
        start, end = end - 1, (start - 1 if start > 0 else -100)
    numbers = [g.integers([v]) for v in (start, end, axis, step)]
    return [g.node("Slice", [x] + numbers)]


def expand(g):
    """Expand of what is computed, by a constant or by the shapes of PyTorch's `expand(-1, …)`."""
    shape = [some(g.rng, 1, 5) for _ in range(some(g.rng, 1, 5))]
    small = [1 if g.rng.random() < 0.5 else n for n in shape]
    rank = some(g.rng, 0, len(shape)) if g.rng.random() < 0.3 else 0
    while rank < len(shape) and any(n != 1 for n in small[:rank]):
        rank -= 1
    x = g.input(small[rank:])
    form = pick(g.rng, ("constant", "smaller", "minus one"))
    if form == "minus one":
        # Where the stated extent is -1, the input's stays.
        stated = [-1 if s == n else n for s, n in zip(small, shape)]
        ones = g.node("ConstantOfShape", [g.integers([len(shape)])], value=helper.make_tensor("one", TensorProto.INT64, [1], [1]))
        minus = g.node("Mul", [ones, g.constant(np.int64(-1))])
        same = g.node("Equal", [g.integers(stated), minus])
        return [g.node("Expand", [x, g.node("Where", [same, ones, g.integers(stated)])])]
    if form == "smaller":
        shape = [1 if g.rng.random() < 0.3 else n for n in shape]
    like = g.node("CastLike", [g.constant(np.array(shape, np.int32)), g.integers([1])]) if g.opset >= 15 else g.integers(shape)
    y = g.node("Expand", [x, like])
    return [g.node("Add", [y, g.node("Expand", [g.floats([1]), g.integers([1, 1])])])]


def arg_best(g):
    """ArgMax and ArgMin, also of what has its channels last here, and what moves indices."""
    shape = [some(g.rng, 1, 6) for _ in range(some(g.rng, 1, 5))]
    if g.rng.random() < 0.4:
        shape = image(g.rng)
        x = g.node("Conv", [g.input(shape), g.floats([shape[1], shape[1], 1, 1])])
    else:
        x = g.input(shape)
        # Few different values, so that some are equal.
        g.values[x] = np.round(g.values[x])
    axis, keep = some(g.rng, 0, len(shape)), int(g.rng.random() < 0.5)
    stated = axis - len(shape) if g.rng.random() < 0.4 else axis
    attributes = {} if axis == 0 and g.rng.random() < 0.3 else {"axis": stated}
    y = g.node(pick(g.rng, ("ArgMax", "ArgMax", "ArgMin")), [x], keepdims=keep, **attributes)
    rank = len(shape) if keep else len(shape) - 1
    form = pick(g.rng, ("none", "none", "Transpose", "Cast", "Reshape"))
    if form == "Transpose" and rank > 0:
        y = g.node("Transpose", [y], perm=[int(d) for d in g.rng.permutation(rank)])
    elif form == "Reshape":
        y = g.node("Reshape", [y, g.integers([-1])])
    elif form == "Cast":
        y = g.node("Cast", [y], to=TensorProto.INT64)
    g.kind = TensorProto.INT64
    return [y]


def half_bytes(g):
    """Weights of four bits: of a layer on integers, or with a scale for each block, in float."""
    if g.opset < 21:
        return None
    unsigned = bool(g.rng.random() < 0.5)
    low, high = (0, 16) if unsigned else (-8, 8)
    if g.rng.random() < 0.3:
        block, blocks, channels = pick(g.rng, (2, 3, 16)), some(g.rng, 1, 4), some(g.rng, 1, 6)
        depth = block * blocks - some(g.rng, 0, 2)
        blocks = -(-depth // block)
        stored = g.halves(g.rng.integers(low, high, (depth, channels)), unsigned)
        scale = g.constant(g.rng.uniform(0.05, 0.2, (blocks, channels)).astype(np.float32))
        zero = g.halves(g.rng.integers(low, high, (blocks, channels)), unsigned)
        w = g.node("DequantizeLinear", [stored, scale, zero], axis=0, block_size=block)
        return [g.node("MatMul", [g.input([2, depth]), w])]
    q = Quantiser(g, pick(g.rng, (np.int8, np.uint8)), False)
    shape = [1, some(g.rng, 2, 7), some(g.rng, 3, 8), some(g.rng, 3, 8)]
    group = pick(g.rng, (1, shape[1]))
    outputs, attributes = some(g.rng, 1, 6) if group == 1 else shape[1], window(g.rng, shape)
    x, per_channel = q.tensor(shape), bool(g.rng.random() < 0.6)
    stored = g.halves(g.rng.integers(low, high, [outputs, shape[1] // group] + attributes["kernel_shape"]), unsigned)
    q.filter_scale = g.rng.uniform(0.05, 0.2, outputs if per_channel else ()).astype(np.float32)
    zero = np.full(q.filter_scale.shape, 8 if unsigned else 0)
    if not per_channel:
        zero += g.rng.integers(-2, 3)
    w = q.dequantised([stored, g.constant(q.filter_scale), g.halves(zero, unsigned)])
    b = q.bias(q.scale_of(x), outputs)
    y = g.node("Conv", [q.dequantised(x), w, q.dequantised(b)], group=group, **attributes)
    return q.result(y, None)


def binary(g):
    shape = [some(g.rng, 1, 6) for _ in range(some(g.rng, 1, 5))]
    left, right = list(shape), list(shape)
    for i in range(len(shape)):
        form = some(g.rng, 0, 4)
        if form < 2:
            (left, right)[form][i] = 1
    if g.rng.random() < 0.3:
        right = right[some(g.rng, 0, len(shape)):]
    op = pick(g.rng, ("Sub", "Mul", "Mul", "Max", "Min", "Div"))
    if op == "Div":
        divisor = g.constant((np.sign(g.rng.normal(0, 1, right)) * g.rng.uniform(0.5, 2, right)).astype(np.float32))
        return [g.node("Div", [g.input(left), divisor])]
    operands = [g.input(left), g.floats(right) if g.rng.random() < 0.4 else g.input(right)]
    if g.rng.random() < 0.5:
        operands.reverse()
    return [draw_activation(g, g.node(op, operands))]


def squeeze_and_excite(g):
    """Channels times their gates, as in MobileNetV3."""
    shape = image(g.rng)
    shape[1] = max(shape[1], 2)
    x = g.node("Conv", [g.input(shape), g.floats([shape[1], shape[1], 1, 1])])
    gate = g.node("GlobalAveragePool", [x])
    gate = g.node("Conv", [gate, g.floats([shape[1], shape[1], 1, 1])])
    gate = g.node(pick(g.rng, ("HardSigmoid", "Sigmoid")), [gate])
    return [g.node("Mul", [x, gate] if g.rng.random() < 0.5 else [gate, x])]


def function(g):
    shape = [some(g.rng, 1, 6) for _ in range(some(g.rng, 1, 5))]
    x = g.input(shape, 3.0)
    op = pick(g.rng, ("Sigmoid", "Tanh", "HardSigmoid", "HardSwish", "LeakyRelu", "PRelu", "Clip", "Abs", "Neg", "Pow"))
    if op == "HardSigmoid":
        return [g.node(op, [x], alpha=pick(g.rng, (0.2, 1 / 6)), beta=0.5)]
    if op == "LeakyRelu":
        return [g.node(op, [x], alpha=pick(g.rng, (0.01, 0.1, 0.3)))]
    if op == "PRelu":
        return [g.node(op, [x, g.floats(shape[some(g.rng, 0, len(shape)):], 0.3)])]
    if op == "Clip":
        return [g.node(op, [x, g.constant(np.float32(-1.5)), g.constant(np.float32(2.25))])]
    if op == "Pow":
        return [g.node(op, [x, g.constant(np.float32(2))])]
    return [g.node(op, [x])]


def reduce_max(g):
    shape = [some(g.rng, 1, 6) for _ in range(some(g.rng, 1, 5))]
    axes = sorted({some(g.rng, 0, len(shape)) for _ in range(some(g.rng, 1, 3))})
    x = g.input(shape)
    if g.opset < 18:
        return [g.node("ReduceMax", [x], axes=axes, keepdims=int(g.rng.random() < 0.5))]
    return [g.node("ReduceMax", [x, g.integers(axes)], keepdims=int(g.rng.random() < 0.5))]


class Quantiser:
    """One layer on quantised tensors: as QDQ, or as the operator on integers that onnxruntime's quantiser makes of it."""

    def __init__(self, g, dtype, integer):
        self.g, self.dtype, self.integer = g, dtype, integer

    def parameters(self, values):
        """Names of scale and zero point for the range of some values, and the scale."""
        low, high = min(0.0, float(values.min())), max(0.1, float(values.max()))
        scale = np.float32((high - low) / 255)
        zero = int(np.clip(round(-low / scale), 0, 255)) - (128 if self.dtype == np.int8 else 0)
        return [self.g.constant(scale), self.g.constant(np.array(zero, self.dtype))], scale

    def tensor(self, shape):
        """An input, quantised: names of its bytes, scale, zero point; and its float."""
        name = self.g.input(shape)
        parameters, _ = self.parameters(self.g.values[name])
        quantised = self.g.node("QuantizeLinear", [name] + parameters)
        return [quantised] + parameters

    def filter(self, shape, axis, per_channel):
        values = self.g.rng.normal(0, 0.5, shape)
        others = tuple(i for i in range(len(shape)) if i != axis)
        largest = np.abs(values).max(axis=others if per_channel else None)
        scale = np.maximum(largest / 127, 1e-3).astype(np.float32)
        spread = scale.reshape([-1 if i == axis and per_channel else 1 for i in range(len(shape))])
        stored = np.clip(np.round(values / spread), -127, 127).astype(np.int8)
        zero = np.zeros(scale.shape, np.int8)
        self.filter_scale = scale
        return [self.g.constant(x) for x in (stored, scale, zero)]

    def dequantised(self, names, axis=0):
        return self.g.node("DequantizeLinear", names, axis=axis)

    def bias(self, input_scale, channels):
        """An int32 bias, and the same dequantised."""
        scale = (np.float32(input_scale) * self.filter_scale).astype(np.float32)
        stored = self.g.rng.integers(-4000, 4000, channels).astype(np.int32)
        names = [self.g.constant(stored), self.g.constant(scale)]
        names.append(self.g.constant(np.zeros(scale.shape, np.int32)))
        return names

    def scale_of(self, tensor):
        for constant in self.g.constants:
            if constant.name == tensor[1]:
                return float(numpy_helper.to_array(constant))
        for node in self.g.nodes:
            if node.output[0] == tensor[1]:
                return float(numpy_helper.to_array(node.attribute[0].t))
        return 1.0

    def result(self, float_name, integer_node, fixed=None):
        """The output in float. The range is that of the float layer's values."""
        values = evaluate(self.g, float_name)
        if fixed is not None:
            zero = 0 if self.dtype == np.uint8 else -128
            parameters, scale = [self.g.constant(np.float32(fixed)), self.g.constant(np.array(zero, self.dtype))], fixed
        else:
            parameters, scale = self.parameters(values)
        self.g.step = float(scale)
        if self.integer:
            quantised = integer_node(parameters)
        else:
            quantised = self.g.node("QuantizeLinear", [float_name] + parameters)
        return [self.g.node("DequantizeLinear", [quantised] + parameters)]


def evaluate(g, name):
    """The value of a float in the graph so far."""
    value = helper.make_tensor_value_info(name, TensorProto.FLOAT, None)
    graph = helper.make_graph(g.nodes, "case", g.inputs, [value], g.constants)
    return session(graph, g.opset).run([name], g.values)[0]


def quantised_layer(g):
    q = Quantiser(g, pick(g.rng, (np.int8, np.uint8)), g.rng.random() < 0.5)
    kind = pick(g.rng, ("conv", "conv", "depthwise", "matmul", "gemm", "add", "mul", "average", "global", "max_pool", "concat",
                        "softmax", "leaky", "sigmoid", "relu", "hard_swish"))
    ms = {"domain": "com.microsoft"}
    per_channel = bool(g.rng.random() < 0.5)
    shape = [1, some(g.rng, 2, 7), some(g.rng, 3, 8), some(g.rng, 3, 8)]
    if kind in ("conv", "depthwise"):
        x = q.tensor(shape)
        group = 1 if kind == "conv" else shape[1]
        outputs = some(g.rng, 1, 6) if group == 1 else shape[1]
        attributes = window(g.rng, shape)
        w = q.filter([outputs, shape[1] // group] + attributes["kernel_shape"], 0, per_channel)
        b = q.bias(q.scale_of(x), outputs) if g.rng.random() < 0.7 else []
        inputs = [q.dequantised(x), q.dequantised(w)] + ([q.dequantised(b)] if b else [])
        y = g.node("Conv", inputs, group=group, **attributes)
        if not q.integer and g.rng.random() < 0.5:
            y = g.node("Relu", [y])
        return q.result(y, lambda p: g.node("QLinearConv", x + w + p + b[:1], group=group, **attributes))
    if kind in ("matmul", "gemm"):
        rows, depth, channels = some(g.rng, 1, 4), some(g.rng, 2, 20), some(g.rng, 1, 9)
        x = q.tensor([rows, depth])
        if kind == "matmul":
            w = q.filter([depth, channels], 1, per_channel)
            y = g.node("MatMul", [q.dequantised(x), q.dequantised(w, 1)])
            return q.result(y, lambda p: g.node("QLinearMatMul", x + w + p))
        transposed = int(g.rng.random() < 0.5)
        axis = 0 if transposed else 1
        w = q.filter([channels, depth] if transposed else [depth, channels], axis, per_channel)
        b = q.bias(q.scale_of(x), channels)
        y = g.node("Gemm", [q.dequantised(x), q.dequantised(w, axis), q.dequantised(b)], transB=transposed)
        return q.result(y, lambda p: g.node("QGemm", x + w + b[:1] + p, transB=transposed, **ms))
    x = q.tensor(shape)
    if kind in ("add", "mul"):
        other = list(shape) if g.rng.random() < 0.6 else [1, shape[1], 1, 1]
        z = q.tensor(other)
        y = g.node(kind.capitalize(), [q.dequantised(x), q.dequantised(z)])
        return q.result(y, lambda p: g.node(f"QLinear{kind.capitalize()}", x + z + p, **ms))
    if kind == "average":
        y = g.node("AveragePool", [q.dequantised(x)], kernel_shape=[2, 2], strides=[1, 2])
        return q.result(y, lambda p: g.node("QLinearAveragePool", x + p, kernel_shape=[2, 2], strides=[1, 2], **ms))
    if kind == "global":
        y = g.node("GlobalAveragePool", [q.dequantised(x)])
        return q.result(y, lambda p: g.node("QLinearGlobalAveragePool", x + p, channels_last=0, **ms))
    if kind == "concat":
        z = q.tensor(shape[:1] + [some(g.rng, 1, 5)] + shape[2:])
        y = g.node("Concat", [q.dequantised(x), q.dequantised(z)], axis=1)
        return q.result(y, lambda p: g.node("QLinearConcat", p + x + z, axis=1, **ms))
    if kind == "softmax":
        y = g.node("Softmax", [q.dequantised(x)], axis=-1)
        return q.result(y, lambda p: g.node("QLinearSoftmax", x + p, axis=-1, opset=g.opset, **ms), 1 / 256)
    if kind == "leaky":
        y = g.node("LeakyRelu", [q.dequantised(x)], alpha=0.1)
        return q.result(y, lambda p: g.node("QLinearLeakyRelu", x + p, alpha=0.1, **ms))
    if kind == "sigmoid":
        y = g.node("Sigmoid", [q.dequantised(x)])
        return q.result(y, lambda p: g.node("QLinearSigmoid", x + p, **ms))
    q.integer = False
    if kind == "max_pool":
        return q.result(g.node("MaxPool", [q.dequantised(x)], kernel_shape=[2, 3]), None)
    if kind == "relu":
        return q.result(g.node("Relu", [q.dequantised(x)]), None)
    if g.opset < 14:
        return None
    return q.result(g.node("HardSwish", [q.dequantised(x)]), None)


def quantised(g):
    shape = image(g.rng)
    scale, dtype = np.float32(g.rng.uniform(0.02, 0.1)), pick(g.rng, (np.int8, np.uint8))
    zero = int(g.rng.integers(-60, 60)) + (128 if dtype == np.uint8 else 0)
    parameters = [g.constant(scale), g.constant(np.array(zero, dtype))]
    y = g.node("QuantizeLinear", [g.input(shape)] + parameters)
    if g.rng.random() < 0.5:
        y = g.node("Transpose", [y], perm=[0, 2, 3, 1])
    return [g.node("DequantizeLinear", [y] + parameters)]


# What is drawn, and how often.
DRAWN = ((convolution, 4), (convolution_batch_norm, 2), (batch_norm, 1), (max_pool, 3), (average_pool, 3), (global_pool, 1),
         (reduce_mean, 3), (dense, 4), (flatten_dense, 3), (addition, 3), (residual, 2), (softmax, 2), (layout, 4), (joining, 3),
         (pad, 2), (quantised, 1), (grouped_convolution, 2), (one_dimensional, 3), (transposed_convolution, 3), (resize, 3),
         (depth_and_space, 1), (parts, 3), (binary, 4), (squeeze_and_excite, 2), (function, 4), (reduce_max, 1),
         (expand, 3), (half_bytes, 3), (arg_best, 4), (quantised_layer, 16))


def session(graph, opset):
    domains = [helper.make_opsetid("", opset), helper.make_opsetid("com.microsoft", 1)]
    model = helper.make_model(graph, opset_imports=domains, ir_version=10 if opset > 20 else 7)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    options.intra_op_num_threads = 1
    content = model.SerializeToString()
    made = ort.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    made.content = content
    return made


def prune(g, outputs):
    """Leaves out what no output needs: the float layer behind an operator on integers."""
    needed, kept = set(outputs), []
    for node in reversed(g.nodes):
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.insert(0, node)
    g.nodes = kept
    g.constants = [c for c in g.constants if c.name in needed]
    g.inputs = [i for i in g.inputs if i.name in needed]
    g.values = {i.name: g.values[i.name] for i in g.inputs}


def draw(rng):
    """A model that onnxruntime runs, its inputs and outputs; None if it refuses it."""
    opset = int(rng.integers(11, 23))
    g = Graph(rng, opset)
    chosen = pick(rng, [f for f, weight in DRAWN for _ in range(weight)])
    if chosen == half_bytes:
        g.opset = opset = some(rng, 21, 23)
    if chosen in (quantised, quantised_layer) and opset < 13:
        return None
    try:
        outputs = chosen(g)
        if outputs is None:
            return None
        prune(g, outputs)
        values = [helper.make_tensor_value_info(name, g.kind, None) for name in outputs]
        runner = session(helper.make_graph(g.nodes, "case", g.inputs, values, g.constants), opset)
        results = runner.run(outputs, g.values)
    except Exception:  # onnxruntime's own classes have no common base of their own.
        return None
    if any(r.size == 0 or r.dtype not in (np.float32, np.int64) for r in results):
        return None
    names = [i.name for i in g.inputs]
    return chosen.__name__, opset, runner.content, [g.values[n] for n in names], results, g.step


class Blob:
    def __init__(self):
        self.data = bytearray()

    def add(self, content):
        self.data += b"\0" * (-len(self.data) % 16)
        span = {"offset": len(self.data), "bytes": len(content)}
        self.data += content
        return span


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seed", type=int, required=True)
    parser.add_argument("--count", type=int, required=True)
    parser.add_argument("--out", required=True, metavar="DIR")
    arguments = parser.parse_args()
    blob, cases, redrawn = Blob(), [], 0
    for index in range(arguments.count):
        for attempt in range(100):
            case = draw(np.random.default_rng([arguments.seed, index, attempt]))
            if case is not None:
                break
            redrawn += 1
        name, opset, model, inputs, outputs, step = case
        scale = max(float(np.abs(r).max()) for r in outputs)
        tolerance = 1e-5 * max(scale, 1.0) if step is None else 1.001 * step
        cases.append({
            "name": f"{name}_{index:04}", "opset": opset, "tolerance": tolerance, "model": blob.add(model),
            "inputs": [blob.add(x.tobytes()) for x in inputs],
            "outputs": [blob.add(r.tobytes()) | ({"dtype": "int64"} if r.dtype == np.int64 else {}) for r in outputs],
        })
    os.makedirs(arguments.out, exist_ok=True)
    header = {"format_version": 1, "seed": arguments.seed, "count": arguments.count, "versions": VERSIONS, "redrawn": redrawn}
    with open(os.path.join(arguments.out, "cases.json"), "w", encoding="utf-8") as file:
        text = json.dumps(header)[:-1] + ', "cases": [\n' + ",\n".join(json.dumps(c) for c in cases) + "\n]}\n"
        file.write(text)
    with open(os.path.join(arguments.out, "cases.bin"), "wb") as file:
        file.write(blob.data)
    print(f"{arguments.count} cases, {len(blob.data)} bytes, {redrawn} redrawn, in {arguments.out}")


if __name__ == "__main__":
    main()
