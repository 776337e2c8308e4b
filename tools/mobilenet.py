#!/usr/bin/env python3
"""A network like MobileNetV2 twice: as PyTorch exports it, and as one would write it for a microcontroller.

    python3 tools/mobilenet.py --out DIR [--width 0.35] [--size 96] [--classes 10] [--groups 7]

writes
  DIR/mobilenet.onnx   exported by PyTorch: NCHW, each padding an operator of its own before a convolution that pads nothing
  DIR/mobilenet.mlir   the same network in NHWC, in which the convolutions pad, batch normalisations multiplied into the weights
  DIR/input.bin        one sample, float32, NCHW
  DIR/output.bin       what PyTorch computes for it, float32

Weights are random, the same for the same seed. PyTorch's newer exporter, `dynamo`, folds the padding itself. Needs torch and onnx;
onnxscript for `--exporter dynamo`.
"""
import argparse
import os
import struct

import torch
from torch import nn
from torch.nn import functional

# Expansion, channels, blocks, and stride of the first of them: table 2 of Sandler et al., "MobileNetV2", 2018.
GROUPS = [
    (1, 16, 1, 1),
    (6, 24, 2, 2),
    (6, 32, 3, 2),
    (6, 64, 4, 2),
    (6, 96, 3, 1),
    (6, 160, 3, 2),
    (6, 320, 1, 1),
]


def channels(wanted):
    """The multiple of 8 nearest to `wanted` that is not below 90 % of it."""
    rounded = max(8, int(wanted + 4) // 8 * 8)
    return rounded + 8 if rounded < 0.9 * wanted else rounded


class Convolution(nn.Module):
    """Padding, convolution, batch normalisation, and ReLU6 where `clamp`."""

    def __init__(self, inputs, outputs, window, stride=1, groups=1, clamp=True):
        super().__init__()
        # As TensorFlow's "same": what is odd goes behind.
        total = window - stride if stride > 1 else window - 1
        self.pads = (total // 2, total - total // 2)
        self.convolution = nn.Conv2d(inputs, outputs, window, stride, 0, groups=groups, bias=False)
        self.normalisation = nn.BatchNorm2d(outputs)
        self.clamp = clamp

    def forward(self, x):
        before, behind = self.pads
        if before or behind:
            x = functional.pad(x, (before, behind, before, behind))
        x = self.normalisation(self.convolution(x))
        return functional.relu6(x) if self.clamp else x


class Block(nn.Module):
    """An inverted residual."""

    def __init__(self, inputs, outputs, stride, expansion):
        super().__init__()
        inner = inputs * expansion
        self.residual = stride == 1 and inputs == outputs
        layers = [Convolution(inputs, inner, 1)] if expansion != 1 else []
        layers.append(Convolution(inner, inner, 3, stride, groups=inner))
        layers.append(Convolution(inner, outputs, 1, clamp=False))
        self.layers = nn.Sequential(*layers)

    def forward(self, x):
        return x + self.layers(x) if self.residual else self.layers(x)


class Network(nn.Module):
    def __init__(self, width, classes, groups):
        super().__init__()
        last = channels(32 * width)
        self.first = Convolution(3, last, 3, 2)
        blocks = []
        for expansion, wanted, count, stride in GROUPS[:groups]:
            outputs = channels(wanted * width)
            for i in range(count):
                blocks.append(Block(last, outputs, stride if i == 0 else 1, expansion))
                last = outputs
        self.blocks = nn.Sequential(*blocks)
        features = channels(4 * last)
        self.features = Convolution(last, features, 1)
        self.classifier = nn.Linear(features, classes)

    def forward(self, x):
        x = self.features(self.blocks(self.first(x)))
        x = functional.adaptive_avg_pool2d(x, 1)
        return self.classifier(torch.flatten(x, 1))


def randomize(network):
    """Weights that keep the size of the values, and statistics of normalisations as training leaves them."""
    for module in network.modules():
        if isinstance(module, (nn.Conv2d, nn.Linear)):
            fan_in = module.weight[0].numel()
            nn.init.normal_(module.weight, 0, (2 / fan_in) ** 0.5)
        if isinstance(module, nn.BatchNorm2d):
            nn.init.uniform_(module.weight, 0.8, 1.2)
            nn.init.normal_(module.bias, 0, 0.1)
            nn.init.normal_(module.running_mean, 0, 0.1)
            nn.init.uniform_(module.running_var, 0.5, 1.5)


class Native:
    """The text of the network in NHWC."""

    def __init__(self, image, model):
        self.lines, self.constants, self.count, self.model = [], [], 0, model
        self.shape = image

    def type(self, shape):
        return f"tensor<{'x'.join(map(str, shape))}xf32>"

    def constant(self, tensor):
        name = f"constant_{len(self.constants)}"
        values = tensor.contiguous().flatten().tolist()
        self.constants.append(f'{name}: "0x04000000{struct.pack(f"<{len(values)}f", *values).hex().upper()}"')
        ty = self.type(tensor.shape)
        return self.op("nn.constant", [], [], f"value = dense_resource<{name}> : {ty}", tensor.shape), ty

    def op(self, name, operands, types, attributes, shape):
        value = f"%{self.count}"
        self.count += 1
        attributes = f" <{{{attributes}}}>" if attributes else ""
        self.lines.append(
            f'    {value} = "{name}"({", ".join(operands)}){attributes} : ({", ".join(types)}) -> {self.type(shape)}'
        )
        return value

    def convolution(self, x, layer):
        norm, conv = layer.normalisation, layer.convolution
        scale = norm.weight / torch.sqrt(norm.running_var + norm.eps)
        weight = conv.weight * scale[:, None, None, None]
        depthwise = conv.groups > 1
        weight, weight_type = self.constant(weight.permute((1, 2, 3, 0) if depthwise else (0, 2, 3, 1)))
        bias, bias_type = self.constant(norm.bias - norm.running_mean * scale)
        n, height, width, _ = self.shape
        before, behind = layer.pads
        window, stride = conv.kernel_size[0], conv.stride[0]
        of = lambda edge: (edge + before + behind - window) // stride + 1
        from_type = self.type(self.shape)
        self.shape = [n, of(height), of(width), conv.out_channels]
        activation = "relu6" if layer.clamp else "none"
        attributes = (
            f'activation = "{activation}", dilations = array<i64: 1, 1>, '
            f"pads = array<i64: {before}, {behind}, {before}, {behind}>, strides = array<i64: {stride}, {stride}>"
        )
        name = "nn.depthwise_conv_2d" if depthwise else "nn.conv_2d"
        return self.op(name, [x, weight, bias], [from_type, weight_type, bias_type], attributes, self.shape)

    def network(self, network):
        image = self.shape
        x = self.convolution("%arg0", network.first)
        for block in network.blocks:
            start = x
            for layer in block.layers:
                x = self.convolution(x, layer)
            if block.residual:
                ty = self.type(self.shape)
                x = self.op("nn.add", [start, x], [ty, ty], 'activation = "none"', self.shape)
        x = self.convolution(x, network.features)
        n, height, width, features = self.shape
        attributes = (
            f'activation = "none", kernel = array<i64: {height}, {width}>, '
            "pads = array<i64: 0, 0, 0, 0>, strides = array<i64: 1, 1>"
        )
        x = self.op("nn.average_pool_2d", [x], [self.type(self.shape)], attributes, [n, 1, 1, features])
        x = self.op("nn.reshape", [x], [self.type([n, 1, 1, features])], "", [n, features])
        weight, weight_type = self.constant(network.classifier.weight)
        bias, bias_type = self.constant(network.classifier.bias)
        classes = [n, network.classifier.out_features]
        types = [self.type([n, features]), weight_type, bias_type]
        x = self.op("nn.fully_connected", [x, weight, bias], types, 'activation = "none"', classes)
        constants = ",\n      ".join(self.constants)
        lines = "\n".join(self.lines)
        return f"""\"builtin.module"() ({{
  "func.func"() <{{arg_attrs = [{{mcu.name = "image"}}], function_type = ({self.type(image)}) -> ({self.type(classes)}), res_attrs = [{{mcu.name = "classes"}}], sym_name = "main"}}> ({{
  ^bb0(%arg0: {self.type(image)}):
{lines}
    "func.return"({x}) : ({self.type(classes)}) -> ()
  }}) : () -> ()
}}) {{mcu.model = "{self.model}"}} : () -> ()

{{-#
  dialect_resources: {{
    builtin: {{
      {constants}
    }}
  }}
#-}}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", required=True, help="the folder to write to")
    parser.add_argument("--width", type=float, default=0.35, help="factor of all channels [default: 0.35]")
    parser.add_argument("--size", type=int, default=96, help="edge of the image in pixels [default: 96]")
    parser.add_argument("--classes", type=int, default=10, help="outputs [default: 10]")
    parser.add_argument("--groups", type=int, default=len(GROUPS), help="how many groups of blocks [default: all]")
    parser.add_argument("--seed", type=int, default=1, help="of the weights and the sample [default: 1]")
    parser.add_argument("--exporter", choices=["torchscript", "dynamo"], default="torchscript", help="[default: torchscript]")
    options = parser.parse_args()
    torch.manual_seed(options.seed)
    network = Network(options.width, options.classes, options.groups).eval()
    image = torch.rand(1, 3, options.size, options.size)
    os.makedirs(options.out, exist_ok=True)
    path = lambda name: os.path.join(options.out, name)
    with torch.no_grad():
        randomize(network)
        classes = network(image)
        names = {"input_names": ["image"], "output_names": ["classes"]}
        dynamo = options.exporter == "dynamo"
        more = {"external_data": False} if dynamo else {"do_constant_folding": False}
        torch.onnx.export(network, (image,), path("mobilenet.onnx"), dynamo=dynamo, opset_version=18, **more, **names)
        text = Native([1, options.size, options.size, 3], "mobilenet.mlir").network(network)
    with open(path("mobilenet.mlir"), "w") as file:
        file.write(text)
    image.numpy().tofile(path("input.bin"))
    classes.numpy().tofile(path("output.bin"))


if __name__ == "__main__":
    main()
