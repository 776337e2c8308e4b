#!/usr/bin/env python3
"""Draws small ONNX models and takes their outputs from onnxruntime, graph optimisations off.

    python3 tools/onnx_conformance.py --seed N --count M --out DIR

writes DIR/cases.json and DIR/cases.bin, in the form of tests/data/conformance/README.md. The same seed, count and library versions
give the same bytes. Needs onnx, onnxruntime and numpy.
"""
import argparse
import json
import os

import numpy as np
import onnx
import onnxruntime as ort
from onnx import TensorProto, helper, numpy_helper

VERSIONS = {"onnx": onnx.__version__, "onnxruntime": ort.__version__, "numpy": np.__version__}


class Graph:
    """A graph under construction; what is random comes from `rng`."""

    def __init__(self, rng, opset):
        self.rng, self.opset = rng, opset
        self.nodes, self.constants, self.inputs, self.values = [], [], [], {}
        self.count = 0

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
         (pad, 2), (quantised, 1))


def draw(rng):
    """A model that onnxruntime runs, its inputs and outputs; None if it refuses it."""
    opset = int(rng.integers(11, 23))
    g = Graph(rng, opset)
    chosen = pick(rng, [f for f, weight in DRAWN for _ in range(weight)])
    if chosen is quantised and opset < 13:
        return None
    outputs = chosen(g)
    values = [helper.make_tensor_value_info(name, TensorProto.FLOAT, None) for name in outputs]
    graph = helper.make_graph(g.nodes, "case", g.inputs, values, g.constants)
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", opset)], ir_version=7)
    options = ort.SessionOptions()
    options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_DISABLE_ALL
    options.log_severity_level = 4
    try:
        session = ort.InferenceSession(model.SerializeToString(), options, providers=["CPUExecutionProvider"])
        results = session.run(outputs, g.values)
    except Exception:  # onnxruntime's own classes have no common base of their own.
        return None
    if any(r.size == 0 or r.dtype != np.float32 for r in results):
        return None
    names = [i.name for i in g.inputs]
    return chosen.__name__, opset, model.SerializeToString(), [g.values[n] for n in names], results


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
        name, opset, model, inputs, outputs = case
        scale = max(float(np.abs(r).max()) for r in outputs)
        cases.append({
            "name": f"{name}_{index:04}", "opset": opset, "tolerance": 1e-5 * max(scale, 1.0), "model": blob.add(model),
            "inputs": [blob.add(x.tobytes()) for x in inputs], "outputs": [blob.add(r.tobytes()) for r in outputs],
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
