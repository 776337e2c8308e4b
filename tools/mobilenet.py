#!/usr/bin/env python3
"""Writes a network like MobileNetV2 twice: as PyTorch exports it, and as Thumbwright would have it.

    python3 tools/mobilenet.py --width 0.35 --size 96 --out DIR

writes DIR/mobilenet.onnx, NCHW with a Pad before each convolution that needs one, and DIR/mobilenet.mlir, the same network on NHWC with
the padding in the convolutions. Batch norms are folded, weights are random and follow from the seed. Needs onnx and numpy of the versions
below; they are installed into a virtual environment under target/ when they are missing. `--blocks` takes fewer blocks, for tests.
"""
import argparse
import os

from pip_venv import ROOT, installed_versions, restart_in_venv

VERSIONS = {"onnx": "1.20.0", "numpy": "2.4.6"}
DEFAULT_VENV = os.path.join(ROOT, "target", "onnx-conformance-venv")
if __name__ == "__main__" and installed_versions(VERSIONS) != VERSIONS:
    restart_in_venv(DEFAULT_VENV, VERSIONS)

import numpy as np
from onnx import TensorProto, helper, numpy_helper

# Expansion, channels, repetitions, stride of the first: table 2 of "MobileNetV2: Inverted Residuals and Linear Bottlenecks", 2018.
BLOCKS = ((1, 16, 1, 1), (6, 24, 2, 2), (6, 32, 3, 2), (6, 64, 4, 2), (6, 96, 3, 1), (6, 160, 3, 2), (6, 320, 1, 1))


def divisible(channels):
    """To the nearest multiple of 8, not below 90 % of what is asked."""
    rounded = max(8, int(channels + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * channels else rounded


class Torch:
    """Nodes as torch.onnx writes them."""

    def __init__(self, size):
        self.nodes, self.constants, self.count = [], [], 0
        self.input = helper.make_tensor_value_info("image", TensorProto.FLOAT, [1, 3, size, size])

    def constant(self, array, what):
        self.count += 1
        name = f"{what}_{self.count}"
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def node(self, op, inputs, **attributes):
        self.count += 1
        name = f"/{op}_{self.count}_output_0"
        self.nodes.append(helper.make_node(op, inputs, [name], **attributes))
        return name

    def conv(self, x, shape, weights, bias, stride, groups, pads, clamp):
        if any(pads):
            top, bottom, left, right = pads
            numbers = self.constant(np.array([0, 0, top, left, 0, 0, bottom, right], np.int64), "pads")
            x = self.node("Pad", [x, numbers], mode="constant")
        kernel = list(weights.shape[2:])
        attributes = {"dilations": [1, 1], "group": groups, "kernel_shape": kernel, "pads": [0] * 4, "strides": [stride] * 2}
        y = self.node("Conv", [x, self.constant(weights, "weight"), self.constant(bias, "bias")], **attributes)
        if clamp:
            bounds = [self.constant(np.array(b, np.float32), "bound") for b in (0, 6)]
            y = self.node("Clip", [y] + bounds)
        return y

    def add(self, x, y, shape):
        return self.node("Add", [x, y])

    def head(self, x, shape, weights, bias):
        pooled = self.node("GlobalAveragePool", [x])
        flat = self.node("Flatten", [pooled], axis=1)
        operands = [flat, self.constant(weights, "weight"), self.constant(bias, "bias")]
        self.result = self.node("Gemm", operands, alpha=1.0, beta=1.0, transB=1)

    def write(self, path):
        output = helper.make_tensor_value_info(self.result, TensorProto.FLOAT, None)
        graph = helper.make_graph(self.nodes, "main_graph", [self.input], [output], self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8, producer_name="pytorch")
        with open(path, "wb") as file:
            file.write(model.SerializeToString())


class Native:
    """Ops of the `nn` dialect."""

    def __init__(self, size):
        self.lines, self.count, self.size = [], 0, size

    @staticmethod
    def type(shape):
        return f"tensor<{'x'.join(map(str, shape))}xf32>"

    def op(self, name, operands, types, result, properties):
        self.count += 1
        listed = ", ".join(f"{k} = {v}" for k, v in properties.items())
        properties = f" <{{{listed}}}>" if listed else ""
        self.lines.append(f'  %{self.count} = "{name}"({", ".join(operands)}){properties} : ({", ".join(types)}) -> {result}')
        return f"%{self.count}"

    def constant(self, array):
        shape = self.type(array.shape)
        data = array.astype("<f4").tobytes().hex().upper()
        return self.op("nn.constant", [], [], shape, {"value": f'dense<"0x{data}"> : {shape}'})

    def conv(self, x, shape, weights, bias, stride, groups, pads, clamp):
        depthwise = groups > 1
        weights = weights.transpose(1, 2, 3, 0) if depthwise else weights.transpose(0, 2, 3, 1)
        n, h, w, _ = shape
        rows = (h + pads[0] + pads[1] - weights.shape[1]) // stride + 1
        columns = (w + pads[2] + pads[3] - weights.shape[2]) // stride + 1
        result = (n, rows, columns, len(bias))
        operands = [x, self.constant(weights), self.constant(bias)]
        types = [self.type(s) for s in (shape, weights.shape, bias.shape)]
        properties = {
            "activation": '"relu6"' if clamp else '"none"', "dilations": "array<i64: 1, 1>",
            "pads": "array<i64: " + ", ".join(map(str, pads)) + ">", "strides": f"array<i64: {stride}, {stride}>",
        }
        name = "nn.depthwise_conv_2d" if depthwise else "nn.conv_2d"
        return self.op(name, operands, types, self.type(result), properties)

    def add(self, x, y, shape):
        return self.op("nn.add", [x, y], [self.type(shape)] * 2, self.type(shape), {"activation": '"none"'})

    def head(self, x, shape, weights, bias):
        n, h, w, c = shape
        properties = {
            "activation": '"none"', "kernel": f"array<i64: {h}, {w}>", "pads": "array<i64: 0, 0, 0, 0>",
            "strides": f"array<i64: {h}, {w}>",
        }
        pooled = self.op("nn.average_pool_2d", [x], [self.type(shape)], self.type((n, 1, 1, c)), properties)
        flat = self.op("nn.reshape", [pooled], [self.type((n, 1, 1, c))], self.type((n, c)), {})
        operands = [flat, self.constant(weights), self.constant(bias)]
        types = [self.type((n, c)), self.type(weights.shape), self.type(bias.shape)]
        self.result = self.type((n, len(bias)))
        last = self.op("nn.fully_connected", operands, types, self.result, {"activation": '"none"'})
        self.lines.append(f'  "func.return"({last}) : ({self.result}) -> ()')

    def write(self, path):
        image = self.type((1, self.size, self.size, 3))
        with open(path, "w", encoding="utf-8") as file:
            file.write(f'"func.func"() <{{function_type = ({image}) -> {self.result}, sym_name = "main"}}> ({{\n')
            file.write(f"^bb0(%0: {image}):\n" + "\n".join(self.lines) + "\n}) : () -> ()\n")


def build(forms, width, size, blocks, classes, seed):
    rng = np.random.default_rng(seed)
    values = [("image", "%0")[isinstance(f, Native)] for f in forms]
    shape = (1, size, size, 3)

    def conv(values, shape, outputs, kernel, stride, groups, clamp):
        taken = shape[3] // groups
        weights = rng.normal(0, (2 / (taken * kernel * kernel)) ** 0.5, (outputs, taken, kernel, kernel)).astype(np.float32)
        bias = rng.normal(0, 0.1, outputs).astype(np.float32)
        # Half of the kernel around, less one row before where the stride is 2, as TensorFlow pads even images.
        before = kernel // 2 - (1 if stride == 2 and shape[1] % 2 == 0 else 0)
        pads = (before, kernel // 2, before, kernel // 2) if kernel > 1 else (0, 0, 0, 0)
        rows = (shape[1] + pads[0] + pads[1] - kernel) // stride + 1
        made = [f.conv(v, shape, weights, bias, stride, groups, pads, clamp) for f, v in zip(forms, values, strict=True)]
        return made, (1, rows, rows, outputs)

    values, shape = conv(values, shape, divisible(32 * width), 3, 2, 1, True)
    for expansion, channels, repetitions, first in BLOCKS[:blocks]:
        for i in range(repetitions):
            stride = first if i == 0 else 1
            start, started = values, shape
            if expansion > 1:
                values, shape = conv(values, shape, shape[3] * expansion, 1, 1, 1, True)
            values, shape = conv(values, shape, shape[3], 3, stride, shape[3], True)
            values, shape = conv(values, shape, divisible(channels * width), 1, 1, 1, False)
            if shape == started:
                values = [f.add(a, b, shape) for f, a, b in zip(forms, start, values, strict=True)]
    if blocks == len(BLOCKS):
        values, shape = conv(values, shape, 1280, 1, 1, 1, True)
    weights = rng.normal(0, 0.05, (classes, shape[3])).astype(np.float32)
    bias = rng.normal(0, 0.1, classes).astype(np.float32)
    for form, value in zip(forms, values, strict=True):
        form.head(value, shape, weights, bias)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--width", type=float, default=0.35, help="factor of all channels")
    parser.add_argument("--size", type=int, default=96, help="rows and columns of the image")
    parser.add_argument("--blocks", type=int, default=len(BLOCKS), help="groups of blocks to take")
    parser.add_argument("--classes", type=int, default=10)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", required=True, metavar="DIR")
    arguments = parser.parse_args()
    forms = [Torch(arguments.size), Native(arguments.size)]
    build(forms, arguments.width, arguments.size, arguments.blocks, arguments.classes, arguments.seed)
    os.makedirs(arguments.out, exist_ok=True)
    forms[0].write(os.path.join(arguments.out, "mobilenet.onnx"))
    forms[1].write(os.path.join(arguments.out, "mobilenet.mlir"))


if __name__ == "__main__":
    main()
