"""Which operator a case number draws, and the drawing of one case."""
from collections import Counter
from functools import partial

import numpy as np

from .addition import draw_add
from .arg_max import draw_arg_max, draw_arg_min
from .arithmetic import draw_maximum, draw_minimum, draw_mul, draw_squeeze, draw_sub
from .case import Redraw
from .convolution import draw_conv_2d, draw_depthwise_conv_2d
from .fully_connected import draw_fully_connected
from .joining import draw_concatenation, draw_split, draw_split_v
from .layout import draw_pad, draw_pad_v2, draw_transpose
from .mean import draw_mean
from .moving import (
    draw_batch_to_space_nd,
    draw_depth_to_space,
    draw_gather,
    draw_mirror_pad,
    draw_pack,
    draw_resize_nearest_neighbor,
    draw_slice,
    draw_space_to_batch_nd,
    draw_space_to_depth,
    draw_strided_slice,
    draw_unpack,
)
from .oracle import Refused
from .pooling import draw_average_pool_2d, draw_max_pool_2d
from .prelu import draw_prelu
from .quantize import draw_dequantize, draw_quantize
from .rectifier import draw_relu, draw_relu6
from .reshape import draw_reshape
from .resize import draw_resize_bilinear
from .softmax import draw_softmax
from .transpose_convolution import draw_transpose_conv
from .unary import draw_hard_swish, draw_leaky_relu, draw_logistic, draw_tanh
from .unsigned import plus_128, unsigned

# Operator, input type, how it is drawn, relative frequency.
OPERATORS = (
    ("CONV_2D", "int8", draw_conv_2d, 64),
    ("DEPTHWISE_CONV_2D", "int8", draw_depthwise_conv_2d, 56),
    ("FULLY_CONNECTED", "int8", draw_fully_connected, 44),
    ("ADD", "int8", draw_add, 34),
    ("CONV_2D", "float32", draw_conv_2d, 20),
    ("SOFTMAX", "int8", draw_softmax, 20),
    ("DEPTHWISE_CONV_2D", "float32", draw_depthwise_conv_2d, 18),
    ("FULLY_CONNECTED", "float32", draw_fully_connected, 16),
    ("AVERAGE_POOL_2D", "int8", draw_average_pool_2d, 18),
    ("MAX_POOL_2D", "int8", draw_max_pool_2d, 14),
    ("ADD", "float32", draw_add, 12),
    ("QUANTIZE", "int8", draw_quantize, 12),
    ("QUANTIZE", "float32", draw_quantize, 10),
    ("DEQUANTIZE", "int8", draw_dequantize, 8),
    ("AVERAGE_POOL_2D", "float32", draw_average_pool_2d, 8),
    ("MAX_POOL_2D", "float32", draw_max_pool_2d, 8),
    ("RESHAPE", "int8", draw_reshape, 8),
    ("SOFTMAX", "float32", draw_softmax, 8),
    ("RELU", "int8", draw_relu, 6),
    ("RESHAPE", "float32", draw_reshape, 4),
    ("RELU6", "int8", draw_relu6, 4),
    ("RELU", "float32", draw_relu, 4),
    ("RELU6", "float32", draw_relu6, 4),
    ("CONCATENATION", "int8", draw_concatenation, 6),
    ("SPLIT", "int8", draw_split, 4),
    ("SPLIT_V", "int8", draw_split_v, 3),
    ("CONCATENATION", "float32", draw_concatenation, 3),
    ("SPLIT", "float32", draw_split, 2),
    ("SPLIT_V", "float32", draw_split_v, 2),
    ("PAD", "int8", draw_pad, 6),
    ("TRANSPOSE", "int8", draw_transpose, 6),
    ("PADV2", "int8", draw_pad_v2, 3),
    ("PAD", "float32", draw_pad, 3),
    ("TRANSPOSE", "float32", draw_transpose, 3),
    ("PADV2", "float32", draw_pad_v2, 2),
    ("MUL", "int8", draw_mul, 14),
    ("SUB", "int8", draw_sub, 10),
    ("MUL", "float32", draw_mul, 5),
    ("SUB", "float32", draw_sub, 5),
    ("MAXIMUM", "int8", draw_maximum, 3),
    ("MINIMUM", "int8", draw_minimum, 3),
    ("MAXIMUM", "float32", draw_maximum, 3),
    ("MINIMUM", "float32", draw_minimum, 3),
    ("LOGISTIC", "float32", draw_logistic, 4),
    ("LOGISTIC", "int8", draw_logistic, 6),
    ("TANH", "int8", draw_tanh, 6),
    ("HARD_SWISH", "int8", draw_hard_swish, 8),
    ("LEAKY_RELU", "int8", draw_leaky_relu, 6),
    ("TANH", "float32", draw_tanh, 3),
    ("HARD_SWISH", "float32", draw_hard_swish, 3),
    ("LEAKY_RELU", "float32", draw_leaky_relu, 3),
    ("PRELU", "int8", draw_prelu, 6),
    ("MEAN", "int8", draw_mean, 12),
    ("TRANSPOSE_CONV", "int8", draw_transpose_conv, 16),
    ("RESIZE_BILINEAR", "int8", draw_resize_bilinear, 8),
    ("PRELU", "float32", draw_prelu, 3),
    ("MEAN", "float32", draw_mean, 6),
    ("TRANSPOSE_CONV", "float32", draw_transpose_conv, 8),
    ("RESIZE_BILINEAR", "float32", draw_resize_bilinear, 6),
    ("SQUEEZE", "int8", draw_squeeze, 2),
    ("SQUEEZE", "float32", draw_squeeze, 2),
    ("ARG_MAX", "int8", draw_arg_max, 4),
    ("ARG_MAX", "float32", draw_arg_max, 4),
    ("ARG_MIN", "int8", draw_arg_min, 2),
    ("ARG_MIN", "float32", draw_arg_min, 2),
    ("ARG_MAX", "uint8", unsigned(partial(draw_arg_max, output="int64")), 2),
    ("CONV_2D", "int8", partial(draw_conv_2d, weights="int4"), 4),
    ("DEPTHWISE_CONV_2D", "int8", partial(draw_depthwise_conv_2d, weights="int4"), 4),
    ("FULLY_CONNECTED", "int8", partial(draw_fully_connected, weights="int4"), 3),
    ("CONV_2D", "uint8", unsigned(partial(draw_conv_2d, weights="asymmetric")), 10),
    ("DEPTHWISE_CONV_2D", "uint8", unsigned(partial(draw_depthwise_conv_2d, weights="asymmetric")), 10),
    ("FULLY_CONNECTED", "uint8", unsigned(partial(draw_fully_connected, weights="asymmetric"), by_twin=True), 8),
    ("ADD", "uint8", unsigned(draw_add), 4),
    ("SUB", "uint8", unsigned(draw_sub), 3),
    ("MUL", "uint8", unsigned(draw_mul), 3),
    ("MAXIMUM", "uint8", unsigned(draw_maximum), 1),
    ("MINIMUM", "uint8", unsigned(draw_minimum), 1),
    ("AVERAGE_POOL_2D", "uint8", unsigned(partial(draw_average_pool_2d, half_up=True)), 4),
    ("MAX_POOL_2D", "uint8", unsigned(draw_max_pool_2d), 2),
    ("SOFTMAX", "uint8", unsigned(draw_softmax), 4),
    ("QUANTIZE", "uint8", unsigned(draw_quantize), 3),
    ("DEQUANTIZE", "uint8", unsigned(draw_dequantize), 1),
    ("RELU", "uint8", unsigned(draw_relu), 1),
    ("RELU6", "uint8", unsigned(draw_relu6), 1),
    ("RESHAPE", "uint8", unsigned(draw_reshape), 1),
    ("CONCATENATION", "uint8", unsigned(draw_concatenation), 1),
    ("SPLIT", "uint8", unsigned(draw_split), 1),
    ("PAD", "uint8", unsigned(draw_pad), 1),
    ("PADV2", "uint8", unsigned(draw_pad_v2), 1),
    ("TRANSPOSE", "uint8", unsigned(draw_transpose), 1),
    ("SLICE", "int8", draw_slice, 5),
    ("STRIDED_SLICE", "int8", draw_strided_slice, 8),
    ("RESIZE_NEAREST_NEIGHBOR", "int8", draw_resize_nearest_neighbor, 6),
    ("PACK", "int8", draw_pack, 3),
    ("UNPACK", "int8", draw_unpack, 3),
    ("SPACE_TO_DEPTH", "int8", draw_space_to_depth, 2),
    ("DEPTH_TO_SPACE", "int8", draw_depth_to_space, 2),
    ("GATHER", "int8", draw_gather, 2),
    ("MIRROR_PAD", "int8", draw_mirror_pad, 2),
    ("SPACE_TO_BATCH_ND", "int8", draw_space_to_batch_nd, 2),
    ("BATCH_TO_SPACE_ND", "int8", draw_batch_to_space_nd, 2),
    ("SLICE", "float32", draw_slice, 3),
    ("STRIDED_SLICE", "float32", draw_strided_slice, 4),
    ("RESIZE_NEAREST_NEIGHBOR", "float32", draw_resize_nearest_neighbor, 3),
    ("PACK", "float32", draw_pack, 2),
    ("UNPACK", "float32", draw_unpack, 2),
    ("SPACE_TO_DEPTH", "float32", draw_space_to_depth, 1),
    ("DEPTH_TO_SPACE", "float32", draw_depth_to_space, 1),
    ("GATHER", "float32", draw_gather, 1),
    ("MIRROR_PAD", "float32", draw_mirror_pad, 1),
    ("SPACE_TO_BATCH_ND", "float32", draw_space_to_batch_nd, 1),
    ("BATCH_TO_SPACE_ND", "float32", draw_batch_to_space_nd, 1),
)
MAX_ATTEMPTS = 200
# What every set of at least one round has to exercise in each of these operators.
ACCUMULATING = ("CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED")
REQUIRED_OF_ACCUMULATING = (
    "rounding once tells", "rounding halves up tells", "precision of the scales' product tells",
    "accumulator above 2^30", "multiplier above one", "multiplier zero", "no bias", "per-tensor weights",
    "per-channel weights", "channels with different shifts", "input zero point at an extreme",
    "output zero point at an extreme", "lower clamp above -128", "upper clamp below 127",
)
WINDOWED = ("CONV_2D", "DEPTHWISE_CONV_2D", "AVERAGE_POOL_2D", "MAX_POOL_2D")
REQUIRED_OF_WINDOWED = (
    "asymmetric padding", "kernel larger than input", "stride above kernel", "unequal strides", "kernel 1x1",
    "kernel 1xN or Nx1", "batch above 1", "padding SAME", "padding VALID",
)
REQUIRED_ELSE = (
    "CONV_2D: dilation with padding", "CONV_2D: dilation without padding", "DEPTHWISE_CONV_2D: dilation with padding",
    "DEPTHWISE_CONV_2D: dilation without padding", "DEPTHWISE_CONV_2D: depth multiplier above 1",
    "FULLY_CONNECTED: keep_num_dims", "FULLY_CONNECTED: input above 2-D", "FULLY_CONNECTED: several rows",
    "ADD: shapes 4-D", "ADD: shapes scalar", "ADD: shapes channel", "ADD: shapes lower rank", "ADD: operands itself",
    "ADD: operands constant first", "ADD: operands constant second", "ADD: rounding halves up tells",
    "SOFTMAX: softmax 1-D", "SOFTMAX: softmax 4-D", "SOFTMAX: softmax beta not 1", "QUANTIZE: float exactly halfway",
    "QUANTIZE: rounding once tells", "QUANTIZE: multiplier above one", "CONCATENATION: contiguous parts",
    "CONCATENATION: interleaved parts", "CONCATENATION: axis from behind", "CONCATENATION: constant operand",
    "SPLIT: contiguous parts", "SPLIT: interleaved parts", "SPLIT_V: several parts",
    "TRANSPOSE: channels to the end", "TRANSPOSE: channels to the front", "TRANSPOSE: 4-D", "PAD: rows and columns",
    "PAD: unequal", "PAD: last dimension", "PAD: zero point not 0", "PADV2: unequal", "SLICE: contiguous", "SLICE: several dimensions",
    "STRIDED_SLICE: step back", "STRIDED_SLICE: shrunk", "STRIDED_SLICE: begin mask", "STRIDED_SLICE: end mask",
    "RESIZE_NEAREST_NEIGHBOR: corners aligned", "RESIZE_NEAREST_NEIGHBOR: centers",
    "MEAN: rows and columns", "MEAN: other axes", "MEAN: keeps", "MEAN: drops", "MEAN: rescale", "PRELU: slope channel",
    "TRANSPOSE_CONV: padding SAME", "TRANSPOSE_CONV: padding VALID", "TRANSPOSE_CONV: kernel no multiple of stride",
    "RESIZE_BILINEAR: asymmetric", "RESIZE_BILINEAR: align_corners", "RESIZE_BILINEAR: half_pixel_centers",
    "ARG_MAX: axis from behind", "ARG_MAX: not the last dimension", "ARG_MAX: equal elements",
    *(f"{op}: {f}" for op in ACCUMULATING for f in (
        "int4 weights", "weights that fit int8 without their zero point", "weights that keep their zero point")),
)


class Misunderstood(Exception):
    """Our evaluation of a case differs from the reference's: the file does not say what the case meant."""


def slots():
    """One round of operators as indices into OPERATORS, spread so that any prefix has about the same mix."""
    keys = [((k + 0.5) / weight, i) for i, (*_, weight) in enumerate(OPERATORS) for k in range(weight)]
    return [i for _, i in sorted(keys)]


def not_exercised(features):
    """Of what a set has to exercise, what is not among its `features`."""
    required = [f"{op}: {f}" for op in ACCUMULATING for f in REQUIRED_OF_ACCUMULATING]
    required += [f"{op}: {f}" for op in WINDOWED for f in REQUIRED_OF_WINDOWED]
    required += REQUIRED_ELSE
    return [f for f in required if f not in features]


def draw_answered(seed, index, slot, oracles, refusals):
    """Case number `index`, its operator's entry, and the reference's outputs.

    Depends on seed, index and the library versions only. Draws that fall outside what the reference defines, or that it
    refuses, are drawn anew and counted in `refusals` by operator, type and reason.
    """
    op, dtype, draw, _ = OPERATORS[slot]
    for attempt in range(MAX_ATTEMPTS):
        rng = np.random.default_rng([seed, index, attempt])
        try:
            case = draw(rng, dtype)
            outputs = _answers(case, dtype, oracles)
        except Redraw as reason:
            refusals[f"{op} {dtype}: not drawn: {reason}"] += 1
            continue
        except Refused as reason:
            refusals[f"{op} {dtype}: {reason}"] += 1
            continue
        _check(f"case {index}, {op} {dtype}, {case.about}", case, outputs)
        return case, outputs
    raise Misunderstood(f"{op} {dtype}: {MAX_ATTEMPTS} draws refused: {Counter(refusals).most_common(3)}")


def _answers(case, dtype, oracles):
    if case.twin is not None:
        return plus_128(_answers(case.twin, "int8", oracles))
    return oracles.of(dtype).run(case.model.to_bytes(), case.samples, case.model.outputs)


def _check(name, case, outputs):
    tensors = case.model.tensors[-case.model.outputs:]
    for sample, predicted in zip(outputs, case.predicted, strict=True):
        wanted = predicted if isinstance(predicted, list) else [predicted]
        for output, got, want in zip(tensors, sample, wanted, strict=True):
            if got.shape != tuple(output.shape) or str(got.dtype) != output.dtype:
                raise Misunderstood(f"{name}: the reference gives {got.dtype} {got.shape}")
            worst = np.abs(got.astype(np.float64) - want.astype(np.float64)).max()
            if not worst <= case.predicted_tolerance:
                raise Misunderstood(f"{name}: outputs are up to {worst} away, {case.predicted_tolerance} allowed")
