//! Numbers of the public TFLite schema (`schema.fbs`, version 3): table fields and enum values.
//!
//! A table field is given by its byte position in the vtable, `4 + 2·id`, as the flatbuffers format defines it;
//! a union takes two ids, its type first.

use flatbuffers::VOffsetT;

/// The four bytes at offset 4 of every TFLite file.
pub(super) const IDENTIFIER: [u8; 4] = *b"TFL3";

/// The only schema version that current files carry.
pub(super) const VERSION: u32 = 3;

const fn slot(id: VOffsetT) -> VOffsetT {
    4 + 2 * id
}

/// Fields of `Model`.
pub(super) mod model {
    use super::{VOffsetT, slot};
    pub const VERSION: VOffsetT = slot(0);
    pub const OPERATOR_CODES: VOffsetT = slot(1);
    pub const SUBGRAPHS: VOffsetT = slot(2);
    pub const DESCRIPTION: VOffsetT = slot(3);
    pub const BUFFERS: VOffsetT = slot(4);
    /// Indices of metadata buffers; of older files, and not read.
    pub const METADATA_BUFFER: VOffsetT = slot(5);
    pub const METADATA: VOffsetT = slot(6);
    pub const SIGNATURE_DEFS: VOffsetT = slot(7);
    /// Where a field newer than this schema would be.
    pub const NEWER: VOffsetT = slot(8);
}

/// Fields of `OperatorCode`.
pub(super) mod operator_code {
    use super::{VOffsetT, slot};
    pub const DEPRECATED_BUILTIN_CODE: VOffsetT = slot(0);
    pub const CUSTOM_CODE: VOffsetT = slot(1);
    pub const VERSION: VOffsetT = slot(2);
    pub const BUILTIN_CODE: VOffsetT = slot(3);
}

/// Fields of `SubGraph`.
pub(super) mod subgraph {
    use super::{VOffsetT, slot};
    pub const TENSORS: VOffsetT = slot(0);
    pub const INPUTS: VOffsetT = slot(1);
    pub const OUTPUTS: VOffsetT = slot(2);
    pub const OPERATORS: VOffsetT = slot(3);
    pub const NAME: VOffsetT = slot(4);
}

/// Fields of `Tensor`.
pub(super) mod tensor {
    use super::{VOffsetT, slot};
    pub const SHAPE: VOffsetT = slot(0);
    pub const TYPE: VOffsetT = slot(1);
    pub const BUFFER: VOffsetT = slot(2);
    pub const NAME: VOffsetT = slot(3);
    pub const QUANTIZATION: VOffsetT = slot(4);
    pub const IS_VARIABLE: VOffsetT = slot(5);
    pub const SPARSITY: VOffsetT = slot(6);
    pub const SHAPE_SIGNATURE: VOffsetT = slot(7);
}

/// Fields of `QuantizationParameters`.
pub(super) mod quantization {
    use super::{VOffsetT, slot};
    pub const SCALE: VOffsetT = slot(2);
    pub const ZERO_POINT: VOffsetT = slot(3);
    pub const DETAILS_TYPE: VOffsetT = slot(4);
    pub const QUANTIZED_DIMENSION: VOffsetT = slot(6);
}

/// Fields of `Operator`.
pub(super) mod operator {
    use super::{VOffsetT, slot};
    pub const OPCODE_INDEX: VOffsetT = slot(0);
    pub const INPUTS: VOffsetT = slot(1);
    pub const OUTPUTS: VOffsetT = slot(2);
    pub const BUILTIN_OPTIONS_TYPE: VOffsetT = slot(3);
    pub const BUILTIN_OPTIONS: VOffsetT = slot(4);
    pub const CUSTOM_OPTIONS: VOffsetT = slot(5);
    pub const INTERMEDIATES: VOffsetT = slot(8);
}

/// Fields of `Buffer`.
pub(super) mod buffer {
    use super::{VOffsetT, slot};
    pub const DATA: VOffsetT = slot(0);
    pub const OFFSET: VOffsetT = slot(1);
    pub const SIZE: VOffsetT = slot(2);
}

/// Fields of `Metadata`.
pub(super) mod metadata {
    use super::{VOffsetT, slot};
    pub const NAME: VOffsetT = slot(0);
    pub const BUFFER: VOffsetT = slot(1);
}

/// Fields of `SignatureDef`.
pub(super) mod signature {
    use super::{VOffsetT, slot};
    pub const INPUTS: VOffsetT = slot(0);
    pub const OUTPUTS: VOffsetT = slot(1);
    pub const KEY: VOffsetT = slot(2);
    pub const SUBGRAPH_INDEX: VOffsetT = slot(4);
}

/// Fields of `TensorMap`.
pub(super) mod tensor_map {
    use super::{VOffsetT, slot};
    pub const NAME: VOffsetT = slot(0);
    pub const TENSOR_INDEX: VOffsetT = slot(1);
}

/// Types of the `BuiltinOptions` union that are read.
pub(super) mod options {
    pub const NONE: u8 = 0;
    pub const CONV_2D: u8 = 1;
    pub const DEPTHWISE_CONV_2D: u8 = 2;
    pub const POOL_2D: u8 = 5;
    pub const FULLY_CONNECTED: u8 = 8;
    pub const SOFTMAX: u8 = 9;
    pub const CONCATENATION: u8 = 10;
    pub const ADD: u8 = 11;
    pub const RESIZE_BILINEAR: u8 = 15;
    pub const RESHAPE: u8 = 17;
    pub const SPACE_TO_DEPTH: u8 = 19;
    pub const MUL: u8 = 21;
    pub const GATHER: u8 = 23;
    pub const REDUCER: u8 = 27;
    pub const SUB: u8 = 28;
    pub const STRIDED_SLICE: u8 = 32;
    pub const SPLIT: u8 = 35;
    pub const TRANSPOSE_CONV: u8 = 49;
    pub const PACK: u8 = 59;
    pub const UNPACK: u8 = 64;
    pub const RESIZE_NEAREST_NEIGHBOR: u8 = 74;
    pub const LEAKY_RELU: u8 = 75;
    pub const MIRROR_PAD: u8 = 77;
    pub const SPLIT_V: u8 = 79;
    pub const DEPTH_TO_SPACE: u8 = 94;
}

/// Fields of `Conv2DOptions`.
pub(super) mod conv_2d {
    use super::{VOffsetT, slot};
    pub const PADDING: VOffsetT = slot(0);
    pub const STRIDE_W: VOffsetT = slot(1);
    pub const STRIDE_H: VOffsetT = slot(2);
    pub const ACTIVATION: VOffsetT = slot(3);
    pub const DILATION_W: VOffsetT = slot(4);
    pub const DILATION_H: VOffsetT = slot(5);
}

/// Fields of `DepthwiseConv2DOptions`.
pub(super) mod depthwise_conv_2d {
    use super::{VOffsetT, slot};
    pub const PADDING: VOffsetT = slot(0);
    pub const STRIDE_W: VOffsetT = slot(1);
    pub const STRIDE_H: VOffsetT = slot(2);
    pub const DEPTH_MULTIPLIER: VOffsetT = slot(3);
    pub const ACTIVATION: VOffsetT = slot(4);
    pub const DILATION_W: VOffsetT = slot(5);
    pub const DILATION_H: VOffsetT = slot(6);
}

/// Fields of `Pool2DOptions`.
pub(super) mod pool_2d {
    use super::{VOffsetT, slot};
    pub const PADDING: VOffsetT = slot(0);
    pub const STRIDE_W: VOffsetT = slot(1);
    pub const STRIDE_H: VOffsetT = slot(2);
    pub const FILTER_W: VOffsetT = slot(3);
    pub const FILTER_H: VOffsetT = slot(4);
    pub const ACTIVATION: VOffsetT = slot(5);
}

/// Fields of `FullyConnectedOptions`.
pub(super) mod fully_connected {
    use super::{VOffsetT, slot};
    pub const ACTIVATION: VOffsetT = slot(0);
    pub const WEIGHTS_FORMAT: VOffsetT = slot(1);
    pub const KEEP_NUM_DIMS: VOffsetT = slot(2);
    pub const ASYMMETRIC_QUANTIZE_INPUTS: VOffsetT = slot(3);
}

/// Fields of `SoftmaxOptions`.
pub(super) mod softmax {
    use super::{VOffsetT, slot};
    pub const BETA: VOffsetT = slot(0);
}

/// Fields of `LeakyReluOptions`.
pub(super) mod leaky_relu {
    use super::{VOffsetT, slot};
    pub const ALPHA: VOffsetT = slot(0);
}

/// Fields of `ResizeBilinearOptions`; the first two, a size, are of older files, and not read.
pub(super) mod resize_bilinear {
    use super::{VOffsetT, slot};
    pub const ALIGN_CORNERS: VOffsetT = slot(2);
    pub const HALF_PIXEL_CENTERS: VOffsetT = slot(3);
}

/// Fields of `TransposeConvOptions`.
pub(super) mod transpose_conv {
    use super::{VOffsetT, slot};
    pub const PADDING: VOffsetT = slot(0);
    pub const STRIDE_W: VOffsetT = slot(1);
    pub const STRIDE_H: VOffsetT = slot(2);
    pub const ACTIVATION: VOffsetT = slot(3);
}

/// Fields of `ReducerOptions`.
pub(super) mod reducer {
    use super::{VOffsetT, slot};
    pub const KEEP_DIMS: VOffsetT = slot(0);
}

/// Fields of `ConcatenationOptions`.
pub(super) mod concatenation {
    use super::{VOffsetT, slot};
    pub const AXIS: VOffsetT = slot(0);
    pub const ACTIVATION: VOffsetT = slot(1);
}

/// Fields of `SplitOptions` and of `SplitVOptions`.
pub(super) mod split {
    use super::{VOffsetT, slot};
    pub const NUM_SPLITS: VOffsetT = slot(0);
}

/// Fields of `AddOptions` and of `SubOptions`; `MulOptions` has the first.
pub(super) mod arithmetic {
    use super::{VOffsetT, slot};
    pub const ACTIVATION: VOffsetT = slot(0);
    pub const POT_SCALE_INT16: VOffsetT = slot(1);
}

/// Fields of `ReshapeOptions`.
pub(super) mod reshape {
    use super::{VOffsetT, slot};
    pub const NEW_SHAPE: VOffsetT = slot(0);
}

/// Fields of `StridedSliceOptions`.
pub(super) mod strided_slice {
    use super::{VOffsetT, slot};
    pub const BEGIN_MASK: VOffsetT = slot(0);
    pub const END_MASK: VOffsetT = slot(1);
    pub const ELLIPSIS_MASK: VOffsetT = slot(2);
    pub const NEW_AXIS_MASK: VOffsetT = slot(3);
    pub const SHRINK_AXIS_MASK: VOffsetT = slot(4);
    pub const OFFSET: VOffsetT = slot(5);
}

/// Fields of `GatherOptions`.
pub(super) mod gather {
    use super::{VOffsetT, slot};
    pub const AXIS: VOffsetT = slot(0);
    pub const BATCH_DIMS: VOffsetT = slot(1);
}

/// Fields of `PackOptions` and of `UnpackOptions` behind the number of parts.
pub(super) mod pack {
    use super::{VOffsetT, slot};
    pub const AXIS: VOffsetT = slot(1);
}

/// Fields of `SpaceToDepthOptions` and of `DepthToSpaceOptions`.
pub(super) mod block {
    use super::{VOffsetT, slot};
    pub const SIZE: VOffsetT = slot(0);
}

/// Fields of `ResizeNearestNeighborOptions`.
pub(super) mod resize_nearest_neighbor {
    use super::{VOffsetT, slot};
    pub const ALIGN_CORNERS: VOffsetT = slot(0);
    pub const HALF_PIXEL_CENTERS: VOffsetT = slot(1);
}

/// Fields of `MirrorPadOptions`.
pub(super) mod mirror_pad {
    use super::{VOffsetT, slot};
    pub const MODE: VOffsetT = slot(0);
}
