//! Parameters of the builtin operators.

use std::ops::Range;

use super::builtin;
use super::limits;
use super::model::OperatorKind;
use super::schema;
use super::table::{OutOfFile, Table};

/// How an operator is parametrised.
#[derive(Debug, Clone, PartialEq)]
pub enum Options {
    /// The operator has no parameters, or the file leaves them out and each has a default.
    None,
    /// Of `CONV_2D`.
    Conv2D(Conv2D),
    /// Of `DEPTHWISE_CONV_2D`.
    DepthwiseConv2D(DepthwiseConv2D),
    /// Of `AVERAGE_POOL_2D` and `MAX_POOL_2D`.
    Pool2D(Pool2D),
    /// Of `FULLY_CONNECTED`.
    FullyConnected(FullyConnected),
    /// Of `SOFTMAX`.
    Softmax(Softmax),
    /// Of `LEAKY_RELU`.
    LeakyRelu(LeakyRelu),
    /// Of `TRANSPOSE_CONV`.
    TransposeConv(TransposeConv),
    /// Of `RESIZE_BILINEAR`.
    ResizeBilinear(ResizeBilinear),
    /// Of `MEAN`.
    Reducer(Reducer),
    /// Of `ADD`, `SUB` and `MUL`.
    Arithmetic(Arithmetic),
    /// Of `CONCATENATION`.
    Concatenation(Concatenation),
    /// Of `SPLIT` and `SPLIT_V`.
    Split(Split),
    /// Of `RESHAPE`; the shape operand goes before these.
    Reshape(Reshape),
    /// Of `STRIDED_SLICE`.
    StridedSlice(StridedSlice),
    /// Of `GATHER`.
    Gather(Gather),
    /// Of `PACK` and `UNPACK`.
    Pack(Pack),
    /// Of `SPACE_TO_DEPTH` and `DEPTH_TO_SPACE`.
    Block(Block),
    /// Of `RESIZE_NEAREST_NEIGHBOR`.
    ResizeNearestNeighbor(ResizeNearestNeighbor),
    /// Of `MIRROR_PAD`.
    MirrorPad(MirrorPad),
    /// A custom operator's own bytes, by their place in the file.
    Custom(Range<usize>),
    /// Parameters that are not read, by their number in the schema's `BuiltinOptions` union.
    Unread(u8),
}

/// How a window is placed at the border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Padding {
    /// The output has `ceil(input / stride)` positions, the border is padded.
    Same,
    /// The window stays inside the input.
    Valid,
}

/// The function that follows an operator in the same kernel.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Activation {
    /// Identity.
    None,
    /// `max(0, x)`.
    Relu,
    /// `min(max(−1, x), 1)`.
    ReluN1To1,
    /// `min(max(0, x), 6)`.
    Relu6,
    /// Hyperbolic tangent.
    Tanh,
    /// The sign bit.
    SignBit,
}

/// Parameters of a convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Conv2D {
    /// Placement at the border.
    pub padding: Padding,
    /// Steps of the window, height then width, each ≥ 1.
    pub stride: [i64; 2],
    /// Distance between taps, height then width, each ≥ 1.
    pub dilation: [i64; 2],
    /// Fused activation.
    pub activation: Activation,
}

/// Parameters of a depthwise convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DepthwiseConv2D {
    /// Window and activation.
    pub conv: Conv2D,
    /// Output channels for each input channel as the file says; the shapes decide.
    pub depth_multiplier: i64,
}

/// Parameters of a pooling operator.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pool2D {
    /// Placement at the border.
    pub padding: Padding,
    /// Steps of the window, height then width, each ≥ 1.
    pub stride: [i64; 2],
    /// Extent of the window, height then width, each ≥ 1.
    pub filter: [i64; 2],
    /// Fused activation.
    pub activation: Activation,
}

/// Parameters of a fully connected layer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FullyConnected {
    /// Fused activation.
    pub activation: Activation,
    /// True if the weights are in the shuffled 4×16 order of some float kernels.
    pub shuffled_weights: bool,
    /// True if all but the last dimension of the input are kept.
    pub keep_num_dims: bool,
    /// True if a hybrid kernel quantises its input with a zero point.
    pub asymmetric_quantize_inputs: bool,
}

/// Parameters of a softmax.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Softmax {
    /// Factor before the exponential, finite.
    pub beta: f32,
}

/// Parameters of a leaky ReLU.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LeakyRelu {
    /// Slope of what is negative, finite.
    pub alpha: f32,
}

/// Parameters of a transposed convolution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct TransposeConv {
    /// Placement of the convolution that it transposes, at the border of the output.
    pub padding: Padding,
    /// Steps from an element's window to the next one's, height then width, each ≥ 1.
    pub stride: [i64; 2],
    /// Fused activation.
    pub activation: Activation,
}

/// How the images of a resize lie on each other.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResizeBilinear {
    /// Corners on corners.
    pub align_corners: bool,
    /// By the middles of elements.
    pub half_pixel_centers: bool,
}

/// Parameters of a reduction.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Reducer {
    /// True if reduced dimensions stay, with the extent 1.
    pub keep_dims: bool,
}

/// Parameters of an addition, a subtraction or a multiplication.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Arithmetic {
    /// Fused activation.
    pub activation: Activation,
    /// True if an int16 addition uses scales that are powers of two; a multiplication does not say.
    pub pot_scale_int16: bool,
}

/// Parameters of a concatenation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Concatenation {
    /// The dimension; a negative one counts from behind.
    pub axis: i64,
    /// Fused activation.
    pub activation: Activation,
}

/// Parameters of a split.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Split {
    /// Parts as the file says; its outputs decide.
    pub num_splits: i64,
}

/// Parameters of a reshape.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Reshape {
    /// The new shape, at most one −1; empty if the file gives it as an operand only.
    pub new_shape: Vec<i64>,
}

/// Parameters of a strided slice: bit `i` of a mask is for entry `i` of its lists.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct StridedSlice {
    /// It begins at the end that the step goes away from.
    pub begin_mask: i64,
    /// It goes to the end.
    pub end_mask: i64,
    /// The entry stands for all dimensions that no other one stands for.
    pub ellipsis_mask: i64,
    /// The entry adds a dimension of extent 1.
    pub new_axis_mask: i64,
    /// The entry takes one index, whose dimension goes.
    pub shrink_axis_mask: i64,
    /// True if ends count from where it begins.
    pub offset: bool,
}

/// Parameters of a gather.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gather {
    /// The dimension; a negative one counts from behind.
    pub axis: i64,
    /// Dimensions within which there are indices of their own.
    pub batch_dims: i64,
}

/// Parameters of a pack or an unpack.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pack {
    /// The dimension that is made or that goes; a negative one counts from behind.
    pub axis: i64,
}

/// Parameters of what moves blocks between space and depth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Block {
    /// Rows and columns of a block, ≥ 1.
    pub size: i64,
}

/// Parameters of a resize to the nearest element.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ResizeNearestNeighbor {
    /// True if the corners stay where they are.
    pub align_corners: bool,
    /// True if pixels are where their centers are.
    pub half_pixel_centers: bool,
}

/// Parameters of a mirrored border.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MirrorPad {
    /// True if the outermost element is mirrored, too.
    pub symmetric: bool,
}

/// Why an operator's parameters were refused.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum OptionsError {
    /// The file is damaged.
    OutOfFile(OutOfFile),
    /// Parameters without default are left out.
    Missing,
    /// The parameters are another operator's, by their union number.
    WrongKind(u8),
    /// This parameter has a value that it cannot have.
    Value(&'static str, String),
}

impl From<OutOfFile> for OptionsError {
    fn from(error: OutOfFile) -> Self {
        Self::OutOfFile(error)
    }
}

type Parsed<T> = Result<T, OptionsError>;

/// Reads the parameters of an operator's table.
pub(super) fn read(operator: &Table<'_>, kind: &OperatorKind) -> Parsed<Options> {
    use schema::operator as f;
    let OperatorKind::Builtin(_) = kind else {
        return Ok(Options::Custom(
            operator.byte_range(f::CUSTOM_OPTIONS)?.unwrap_or(0..0),
        ));
    };
    let found = operator.u8(f::BUILTIN_OPTIONS_TYPE, schema::options::NONE)?;
    let Some(reader) = kind.builtin_name().and_then(reader_of) else {
        return Ok(if found == schema::options::NONE {
            Options::None
        } else {
            Options::Unread(found)
        });
    };
    match operator.table(f::BUILTIN_OPTIONS)? {
        Some(table) if found == reader.union => (reader.read)(&table),
        Some(_) if found != schema::options::NONE => Err(OptionsError::WrongKind(found)),
        _ if reader.optional => Ok(Options::None),
        _ => Err(OptionsError::Missing),
    }
}

type Read = fn(&Table<'_>) -> Parsed<Options>;

/// How one operator's parameters are read.
struct Reader {
    union: u8,
    /// True if the operator means something without parameters.
    optional: bool,
    read: Read,
}

fn reader_of(name: &str) -> Option<Reader> {
    use schema::options as u;
    let (union, optional, read): (u8, bool, Read) = match name {
        "CONV_2D" => (u::CONV_2D, false, conv_2d),
        "DEPTHWISE_CONV_2D" => (u::DEPTHWISE_CONV_2D, false, depthwise_conv_2d),
        "AVERAGE_POOL_2D" | "MAX_POOL_2D" => (u::POOL_2D, false, pool_2d),
        "FULLY_CONNECTED" => (u::FULLY_CONNECTED, true, fully_connected),
        "SOFTMAX" => (u::SOFTMAX, false, softmax),
        "LEAKY_RELU" => (u::LEAKY_RELU, false, leaky_relu),
        "TRANSPOSE_CONV" => (u::TRANSPOSE_CONV, false, transpose_conv),
        "RESIZE_BILINEAR" => (u::RESIZE_BILINEAR, true, resize_bilinear),
        "MEAN" => (u::REDUCER, true, reducer),
        "ADD" => (u::ADD, true, arithmetic),
        "SUB" => (u::SUB, true, arithmetic),
        "MUL" => (u::MUL, true, arithmetic),
        "CONCATENATION" => (u::CONCATENATION, false, concatenation),
        "SPLIT" => (u::SPLIT, true, split),
        "SPLIT_V" => (u::SPLIT_V, true, split),
        "RESHAPE" => (u::RESHAPE, true, reshape),
        "STRIDED_SLICE" => (u::STRIDED_SLICE, true, strided_slice),
        "GATHER" => (u::GATHER, true, gather),
        "PACK" => (u::PACK, true, pack),
        "UNPACK" => (u::UNPACK, true, pack),
        "SPACE_TO_DEPTH" => (u::SPACE_TO_DEPTH, false, block),
        "DEPTH_TO_SPACE" => (u::DEPTH_TO_SPACE, false, block),
        "RESIZE_NEAREST_NEIGHBOR" => (u::RESIZE_NEAREST_NEIGHBOR, true, resize_nearest_neighbor),
        "MIRROR_PAD" => (u::MIRROR_PAD, true, mirror_pad),
        _ => return None,
    };
    debug_assert!(builtin::code(name).is_some());
    Some(Reader {
        union,
        optional,
        read,
    })
}

fn conv_2d(t: &Table<'_>) -> Parsed<Options> {
    use schema::conv_2d as f;
    Ok(Options::Conv2D(Conv2D {
        padding: padding(t.i8(f::PADDING, 0)?)?,
        stride: [
            positive("stride_h", t.i32(f::STRIDE_H, 0)?)?,
            positive("stride_w", t.i32(f::STRIDE_W, 0)?)?,
        ],
        dilation: [
            positive("dilation_h_factor", t.i32(f::DILATION_H, 1)?)?,
            positive("dilation_w_factor", t.i32(f::DILATION_W, 1)?)?,
        ],
        activation: activation(t.i8(f::ACTIVATION, 0)?)?,
    }))
}

fn depthwise_conv_2d(t: &Table<'_>) -> Parsed<Options> {
    use schema::depthwise_conv_2d as f;
    Ok(Options::DepthwiseConv2D(DepthwiseConv2D {
        conv: Conv2D {
            padding: padding(t.i8(f::PADDING, 0)?)?,
            stride: [
                positive("stride_h", t.i32(f::STRIDE_H, 0)?)?,
                positive("stride_w", t.i32(f::STRIDE_W, 0)?)?,
            ],
            dilation: [
                positive("dilation_h_factor", t.i32(f::DILATION_H, 1)?)?,
                positive("dilation_w_factor", t.i32(f::DILATION_W, 1)?)?,
            ],
            activation: activation(t.i8(f::ACTIVATION, 0)?)?,
        },
        depth_multiplier: t.i32(f::DEPTH_MULTIPLIER, 0)?.into(),
    }))
}

fn pool_2d(t: &Table<'_>) -> Parsed<Options> {
    use schema::pool_2d as f;
    Ok(Options::Pool2D(Pool2D {
        padding: padding(t.i8(f::PADDING, 0)?)?,
        stride: [
            positive("stride_h", t.i32(f::STRIDE_H, 0)?)?,
            positive("stride_w", t.i32(f::STRIDE_W, 0)?)?,
        ],
        filter: [
            positive("filter_height", t.i32(f::FILTER_H, 0)?)?,
            positive("filter_width", t.i32(f::FILTER_W, 0)?)?,
        ],
        activation: activation(t.i8(f::ACTIVATION, 0)?)?,
    }))
}

fn fully_connected(t: &Table<'_>) -> Parsed<Options> {
    use schema::fully_connected as f;
    let format = t.i8(f::WEIGHTS_FORMAT, 0)?;
    if !matches!(format, 0 | 1) {
        return Err(OptionsError::Value("weights_format", format.to_string()));
    }
    Ok(Options::FullyConnected(FullyConnected {
        activation: activation(t.i8(f::ACTIVATION, 0)?)?,
        shuffled_weights: format == 1,
        keep_num_dims: t.bool(f::KEEP_NUM_DIMS, false)?,
        asymmetric_quantize_inputs: t.bool(f::ASYMMETRIC_QUANTIZE_INPUTS, false)?,
    }))
}

fn softmax(t: &Table<'_>) -> Parsed<Options> {
    let beta = t.f32(schema::softmax::BETA, 0.0)?;
    if !beta.is_finite() {
        return Err(OptionsError::Value("beta", beta.to_string()));
    }
    Ok(Options::Softmax(Softmax { beta }))
}

fn leaky_relu(t: &Table<'_>) -> Parsed<Options> {
    let alpha = t.f32(schema::leaky_relu::ALPHA, 0.0)?;
    if !alpha.is_finite() {
        return Err(OptionsError::Value("alpha", alpha.to_string()));
    }
    Ok(Options::LeakyRelu(LeakyRelu { alpha }))
}

fn transpose_conv(t: &Table<'_>) -> Parsed<Options> {
    use schema::transpose_conv as f;
    Ok(Options::TransposeConv(TransposeConv {
        padding: padding(t.i8(f::PADDING, 0)?)?,
        stride: [
            positive("stride_h", t.i32(f::STRIDE_H, 0)?)?,
            positive("stride_w", t.i32(f::STRIDE_W, 0)?)?,
        ],
        activation: activation(t.i8(f::ACTIVATION, 0)?)?,
    }))
}

fn resize_bilinear(t: &Table<'_>) -> Parsed<Options> {
    use schema::resize_bilinear as f;
    Ok(Options::ResizeBilinear(ResizeBilinear {
        align_corners: t.bool(f::ALIGN_CORNERS, false)?,
        half_pixel_centers: t.bool(f::HALF_PIXEL_CENTERS, false)?,
    }))
}

fn reducer(t: &Table<'_>) -> Parsed<Options> {
    Ok(Options::Reducer(Reducer {
        keep_dims: t.bool(schema::reducer::KEEP_DIMS, false)?,
    }))
}

fn arithmetic(t: &Table<'_>) -> Parsed<Options> {
    use schema::arithmetic as f;
    Ok(Options::Arithmetic(Arithmetic {
        activation: activation(t.i8(f::ACTIVATION, 0)?)?,
        pot_scale_int16: t.bool(f::POT_SCALE_INT16, true)?,
    }))
}

fn concatenation(t: &Table<'_>) -> Parsed<Options> {
    use schema::concatenation as f;
    Ok(Options::Concatenation(Concatenation {
        axis: t.i32(f::AXIS, 0)?.into(),
        activation: activation(t.i8(f::ACTIVATION, 0)?)?,
    }))
}

fn split(t: &Table<'_>) -> Parsed<Options> {
    Ok(Options::Split(Split {
        num_splits: t.i32(schema::split::NUM_SPLITS, 0)?.into(),
    }))
}

fn reshape(t: &Table<'_>) -> Parsed<Options> {
    let dims = t.i32s(schema::reshape::NEW_SHAPE)?;
    if dims.len() > limits::MAX_RANK {
        return Err(OptionsError::Value(
            "new_shape",
            format!("{} dimensions", dims.len()),
        ));
    }
    let new_shape: Vec<i64> = dims.map(i64::from).collect();
    if new_shape.iter().any(|&d| d < -1) || new_shape.iter().filter(|&&d| d == -1).count() > 1 {
        return Err(OptionsError::Value("new_shape", format!("{new_shape:?}")));
    }
    Ok(Options::Reshape(Reshape { new_shape }))
}

fn strided_slice(t: &Table<'_>) -> Parsed<Options> {
    use schema::strided_slice as f;
    Ok(Options::StridedSlice(StridedSlice {
        begin_mask: t.i32(f::BEGIN_MASK, 0)?.into(),
        end_mask: t.i32(f::END_MASK, 0)?.into(),
        ellipsis_mask: t.i32(f::ELLIPSIS_MASK, 0)?.into(),
        new_axis_mask: t.i32(f::NEW_AXIS_MASK, 0)?.into(),
        shrink_axis_mask: t.i32(f::SHRINK_AXIS_MASK, 0)?.into(),
        offset: t.bool(f::OFFSET, false)?,
    }))
}

fn gather(t: &Table<'_>) -> Parsed<Options> {
    use schema::gather as f;
    Ok(Options::Gather(Gather {
        axis: t.i32(f::AXIS, 0)?.into(),
        batch_dims: t.i32(f::BATCH_DIMS, 0)?.into(),
    }))
}

fn pack(t: &Table<'_>) -> Parsed<Options> {
    Ok(Options::Pack(Pack {
        axis: t.i32(schema::pack::AXIS, 0)?.into(),
    }))
}

fn block(t: &Table<'_>) -> Parsed<Options> {
    Ok(Options::Block(Block {
        size: positive("block_size", t.i32(schema::block::SIZE, 0)?)?,
    }))
}

fn resize_nearest_neighbor(t: &Table<'_>) -> Parsed<Options> {
    use schema::resize_nearest_neighbor as f;
    Ok(Options::ResizeNearestNeighbor(ResizeNearestNeighbor {
        align_corners: t.bool(f::ALIGN_CORNERS, false)?,
        half_pixel_centers: t.bool(f::HALF_PIXEL_CENTERS, false)?,
    }))
}

fn mirror_pad(t: &Table<'_>) -> Parsed<Options> {
    match t.i8(schema::mirror_pad::MODE, 0)? {
        mode @ (0 | 1) => Ok(Options::MirrorPad(MirrorPad {
            symmetric: mode == 1,
        })),
        other => Err(OptionsError::Value("mode", other.to_string())),
    }
}

fn padding(number: i8) -> Parsed<Padding> {
    match number {
        0 => Ok(Padding::Same),
        1 => Ok(Padding::Valid),
        _ => Err(OptionsError::Value("padding", number.to_string())),
    }
}

fn activation(number: i8) -> Parsed<Activation> {
    Ok(match number {
        0 => Activation::None,
        1 => Activation::Relu,
        2 => Activation::ReluN1To1,
        3 => Activation::Relu6,
        4 => Activation::Tanh,
        5 => Activation::SignBit,
        _ => {
            return Err(OptionsError::Value(
                "fused_activation_function",
                number.to_string(),
            ));
        }
    })
}

fn positive(name: &'static str, value: i32) -> Parsed<i64> {
    if value >= 1 {
        Ok(value.into())
    } else {
        Err(OptionsError::Value(name, value.to_string()))
    }
}
