"""Writes a .tflite file that holds one operator.

Slot numbers, enumerators and defaults are those of TensorFlow Lite's schema, version 3 (`schema.fbs`).
"""
from dataclasses import dataclass, field

import flatbuffers
import numpy as np

TENSOR_TYPES = {"float32": 0, "int32": 2, "uint8": 3, "int64": 4, "int8": 9, "int4": 17}
PADDINGS = {"SAME": 0, "VALID": 1}
ACTIVATIONS = {"NONE": 0, "RELU": 1, "RELU_N1_TO_1": 2, "RELU6": 3}
BUILTIN_OPERATORS = {
    "ADD": 0,
    "AVERAGE_POOL_2D": 1,
    "CONCATENATION": 2,
    "CONV_2D": 3,
    "DEPTHWISE_CONV_2D": 4,
    "DEPTH_TO_SPACE": 5,
    "DEQUANTIZE": 6,
    "FULLY_CONNECTED": 9,
    "LOGISTIC": 14,
    "MAX_POOL_2D": 17,
    "MUL": 18,
    "RELU": 19,
    "RELU6": 21,
    "RESHAPE": 22,
    "RESIZE_BILINEAR": 23,
    "SOFTMAX": 25,
    "SPACE_TO_DEPTH": 26,
    "TANH": 28,
    "PAD": 34,
    "GATHER": 36,
    "BATCH_TO_SPACE_ND": 37,
    "SPACE_TO_BATCH_ND": 38,
    "TRANSPOSE": 39,
    "MEAN": 40,
    "SUB": 41,
    "SQUEEZE": 43,
    "STRIDED_SLICE": 45,
    "SPLIT": 49,
    "PRELU": 54,
    "MAXIMUM": 55,
    "ARG_MAX": 56,
    "MINIMUM": 57,
    "PADV2": 60,
    "SLICE": 65,
    "TRANSPOSE_CONV": 67,
    "ARG_MIN": 79,
    "PACK": 83,
    "UNPACK": 88,
    "RESIZE_NEAREST_NEIGHBOR": 97,
    "LEAKY_RELU": 98,
    "MIRROR_PAD": 100,
    "SPLIT_V": 102,
    "QUANTIZE": 114,
    "HARD_SWISH": 117,
}
SCHEMA_VERSION = 3
# `deprecated_builtin_code` is a signed byte; codes above it are marked by this placeholder.
DEPRECATED_CODE_LIMIT = 127
BUFFER_ALIGNMENT = 16

# Union type and fields of each options table: name -> (slot, kind, schema default).
OPTIONS = {
    "Conv2DOptions": (1, {
        "padding": (0, "Int8", 0), "stride_w": (1, "Int32", 0), "stride_h": (2, "Int32", 0),
        "activation": (3, "Int8", 0), "dilation_w": (4, "Int32", 1), "dilation_h": (5, "Int32", 1)}),
    "DepthwiseConv2DOptions": (2, {
        "padding": (0, "Int8", 0), "stride_w": (1, "Int32", 0), "stride_h": (2, "Int32", 0),
        "depth_multiplier": (3, "Int32", 0), "activation": (4, "Int8", 0),
        "dilation_w": (5, "Int32", 1), "dilation_h": (6, "Int32", 1)}),
    "Pool2DOptions": (5, {
        "padding": (0, "Int8", 0), "stride_w": (1, "Int32", 0), "stride_h": (2, "Int32", 0),
        "filter_w": (3, "Int32", 0), "filter_h": (4, "Int32", 0), "activation": (5, "Int8", 0)}),
    "FullyConnectedOptions": (8, {"activation": (0, "Int8", 0), "keep_num_dims": (2, "Bool", False)}),
    "SoftmaxOptions": (9, {"beta": (0, "Float32", 0.0)}),
    "ConcatenationOptions": (10, {"axis": (0, "Int32", 0), "activation": (1, "Int8", 0)}),
    "AddOptions": (11, {"activation": (0, "Int8", 0)}),
    "ResizeBilinearOptions": (15, {"align_corners": (2, "Bool", False), "half_pixel_centers": (3, "Bool", False)}),
    "ReshapeOptions": (17, {"new_shape": (0, "Int32Vector", None)}),
    "SpaceToDepthOptions": (19, {"block_size": (0, "Int32", 0)}),
    "MulOptions": (21, {"activation": (0, "Int8", 0)}),
    "PadOptions": (22, {}),
    "GatherOptions": (23, {"axis": (0, "Int32", 0)}),
    "BatchToSpaceNDOptions": (24, {}),
    "SpaceToBatchNDOptions": (25, {}),
    "TransposeOptions": (26, {}),
    "ReducerOptions": (27, {"keep_dims": (0, "Bool", False)}),
    "SubOptions": (28, {"activation": (0, "Int8", 0)}),
    "SqueezeOptions": (30, {}),
    "StridedSliceOptions": (32, {
        "begin_mask": (0, "Int32", 0), "end_mask": (1, "Int32", 0), "ellipsis_mask": (2, "Int32", 0),
        "new_axis_mask": (3, "Int32", 0), "shrink_axis_mask": (4, "Int32", 0)}),
    "SplitOptions": (35, {"num_splits": (0, "Int32", 0)}),
    "DequantizeOptions": (38, {}),
    "MaximumMinimumOptions": (39, {}),
    "ArgMaxOptions": (40, {"output_type": (0, "Int8", 0)}),
    "PadV2Options": (43, {}),
    "SliceOptions": (48, {}),
    "TransposeConvOptions": (49, {
        "padding": (0, "Int8", 0), "stride_w": (1, "Int32", 0), "stride_h": (2, "Int32", 0), "activation": (3, "Int8", 0)}),
    "ArgMinOptions": (57, {"output_type": (0, "Int8", 0)}),
    "PackOptions": (59, {"values_count": (0, "Int32", 0), "axis": (1, "Int32", 0)}),
    "UnpackOptions": (64, {"num": (0, "Int32", 0), "axis": (1, "Int32", 0)}),
    "ResizeNearestNeighborOptions": (74, {"align_corners": (0, "Bool", False), "half_pixel_centers": (1, "Bool", False)}),
    "LeakyReluOptions": (75, {"alpha": (0, "Float32", 0.0)}),
    "MirrorPadOptions": (77, {"mode": (0, "Int8", 0)}),
    "SplitVOptions": (79, {"num_splits": (0, "Int32", 0)}),
    "QuantizeOptions": (89, {}),
    "HardSwishOptions": (91, {}),
    "DepthToSpaceOptions": (94, {"block_size": (0, "Int32", 0)}),
}


@dataclass
class Quantization:
    """`real = scales[c] * (stored - zero_points[c])`, c counted along `axis`; one entry: per tensor."""

    scales: np.ndarray
    zero_points: list
    axis: int = 0


@dataclass
class Tensor:
    """`data` is None for what is computed or given at run time."""

    name: str
    dtype: str
    shape: tuple
    quantization: Quantization = None
    data: np.ndarray = None


@dataclass
class SingleOperatorModel:
    """`inputs` are indices into `tensors`, -1 for an absent optional one; the last `outputs` tensors are the outputs."""

    op: str
    version: int
    tensors: list
    inputs: list
    options: tuple = None
    # Converters write an empty quantisation table for float tensors, or none: both occur.
    empty_quantization_tables: bool = False
    outputs: int = 1
    graph_inputs: list = field(init=False)

    def __post_init__(self):
        used = dict.fromkeys(i for i in self.inputs if i >= 0)
        self.graph_inputs = [i for i in used if self.tensors[i].data is None]

    def to_bytes(self):
        """The file, identifier and 16-byte aligned buffers included."""
        return _FileBuilder(self).build()


class _FileBuilder:
    def __init__(self, model):
        self.model = model
        self.b = flatbuffers.Builder(1024)

    def build(self):
        b, model = self.b, self.model
        # Buffer 0 is the empty sentinel that every tensor without data refers to.
        contents = [b""] + [_stored(t) for t in model.tensors if t.data is not None]
        buffers = self._offsets([self._buffer(c) for c in contents])
        with_data = [i for i, t in enumerate(model.tensors) if t.data is not None]
        buffer_of = {t: k + 1 for k, t in enumerate(with_data)}
        tensors = self._offsets([self._tensor(t, buffer_of.get(i, 0)) for i, t in enumerate(model.tensors)])
        outputs = range(len(model.tensors))[-model.outputs:]
        operators = self._offsets([self._operator(outputs)])
        graph_inputs, graph_outputs = self._ints(model.graph_inputs), self._ints(outputs)
        name = b.CreateString("main")
        b.StartObject(5)
        for slot, offset in enumerate((tensors, graph_inputs, graph_outputs, operators, name)):
            b.PrependUOffsetTRelativeSlot(slot, offset, 0)
        subgraphs = self._offsets([b.EndObject()])
        codes = self._offsets([self._operator_code()])
        description = b.CreateString("thumbwright conformance")
        b.StartObject(5)
        b.PrependUint32Slot(0, SCHEMA_VERSION, 0)
        for slot, offset in enumerate((codes, subgraphs, description, buffers)):
            b.PrependUOffsetTRelativeSlot(slot + 1, offset, 0)
        b.Finish(b.EndObject(), file_identifier=b"TFL3")
        return bytes(b.Output())

    def _offsets(self, offsets):
        b = self.b
        b.StartVector(4, len(offsets), 4)
        for offset in reversed(offsets):
            b.PrependUOffsetTRelative(offset)
        return b.EndVector()

    def _raw(self, data, item_bytes, alignment):
        b = self.b
        b.StartVector(item_bytes, len(data) // item_bytes, alignment)
        b.head = b.head - len(data)
        b.Bytes[b.head:b.head + len(data)] = data
        return b.EndVector()

    def _ints(self, values):
        return self._raw(np.asarray(list(values), "<i4").tobytes(), 4, 4)

    def _buffer(self, content):
        data = self._raw(content, 1, BUFFER_ALIGNMENT) if content else 0
        self.b.StartObject(1)
        self.b.PrependUOffsetTRelativeSlot(0, data, 0)
        return self.b.EndObject()

    def _quantization(self, q):
        b = self.b
        if q is None:
            if not self.model.empty_quantization_tables:
                return 0
            b.StartObject(7)
            return b.EndObject()
        scales = self._raw(np.asarray(q.scales, "<f4").tobytes(), 4, 4)
        zero_points = self._raw(np.asarray(q.zero_points, "<i8").tobytes(), 8, 8)
        b.StartObject(7)
        b.PrependUOffsetTRelativeSlot(2, scales, 0)
        b.PrependUOffsetTRelativeSlot(3, zero_points, 0)
        b.PrependInt32Slot(6, q.axis, 0)
        return b.EndObject()

    def _tensor(self, t, buffer):
        b = self.b
        name, shape, quantization = b.CreateString(t.name), self._ints(t.shape), self._quantization(t.quantization)
        b.StartObject(8)
        b.PrependUOffsetTRelativeSlot(0, shape, 0)
        b.PrependInt8Slot(1, TENSOR_TYPES[t.dtype], 0)
        b.PrependUint32Slot(2, buffer, 0)
        b.PrependUOffsetTRelativeSlot(3, name, 0)
        b.PrependUOffsetTRelativeSlot(4, quantization, 0)
        return b.EndObject()

    def _options(self):
        b = self.b
        if self.model.options is None:
            return 0, 0
        table, values = self.model.options
        union_type, fields = OPTIONS[table]
        vectors = {n: self._ints(v) for n, v in values.items() if fields[n][1] == "Int32Vector"}
        b.StartObject(len(fields) + 2)
        for name, value in values.items():
            slot, kind, default = fields[name]
            if kind == "Int32Vector":
                b.PrependUOffsetTRelativeSlot(slot, vectors[name], 0)
            else:
                getattr(b, f"Prepend{kind}Slot")(slot, value, default)
        return union_type, b.EndObject()

    def _operator(self, produced):
        b = self.b
        union_type, options = self._options()
        inputs, outputs = self._ints(self.model.inputs), self._ints(produced)
        b.StartObject(5)
        b.PrependUint32Slot(0, 0, 0)
        b.PrependUOffsetTRelativeSlot(1, inputs, 0)
        b.PrependUOffsetTRelativeSlot(2, outputs, 0)
        b.PrependUint8Slot(3, union_type, 0)
        b.PrependUOffsetTRelativeSlot(4, options, 0)
        return b.EndObject()

    def _operator_code(self):
        b, code = self.b, BUILTIN_OPERATORS[self.model.op]
        b.StartObject(4)
        b.PrependInt8Slot(0, min(code, DEPRECATED_CODE_LIMIT), 0)
        b.PrependInt32Slot(2, self.model.version, 1)
        b.PrependInt32Slot(3, code, 0)
        return b.EndObject()


def _stored(tensor):
    """The bytes of a constant; two INT4 share one, the first in the low half."""
    if tensor.dtype != "int4":
        return tensor.data.tobytes()
    halves = np.append(tensor.data.ravel(), np.zeros(tensor.data.size % 2, np.int8)).astype(np.uint8) & 15
    return (halves[0::2] | halves[1::2] << 4).astype(np.uint8).tobytes()
