//! `nn`: network operators on NHWC tensors, value semantics; the numerics are those of TensorFlow Lite Micro's reference kernels.
//!
//! Every op is pure. Element types are `f32`, or `!quant.uniform<i8:f32, …>` for activations, per-tensor or per-axis `i8` for
//! weights, and `i32` for biases (plain or quantised) and indices (plain). Padding is explicit: `pads = array<i64: top, bottom, left, right>`; `strides` and
//! `dilations` are `array<i64: vertical, horizontal>`. `activation` is one of [`ACTIVATIONS`], fused after the op.

mod arg_max;
mod elementwise;
mod fused;
mod gather;
mod joining;
mod layout;
mod lookup_table;
mod offload;
mod reduce;
mod region;
mod resize;
mod unary;

pub use arg_max::{ArgMaxOp, ArgMinOp, without_axis};
pub use elementwise::{MaximumOp, MinimumOp, MulOp, PreluOp, SubOp};
pub use fused::FusedOp;
pub use gather::{GatherOp, Picks};
pub use joining::{ConcatenationOp, SplitOp, around, joined, joint};
pub use layout::{PadOp, TransposeOp, pad_element, padded, permuted};
pub use lookup_table::{LookupTableOp, TABLE_LENGTH};
pub use offload::OffloadOp;
pub use reduce::{MeanOp, reduced};
pub use region::YieldOp;
pub use resize::ResizeBilinearOp;
pub use unary::{HardSwishOp, LeakyReluOp, LogisticOp, TanhOp};

use crate::verify::{VerifyCx, elements};
use crate::{DialectRegistryBuilder, Module, OpRef, RegistryError, Type, TypeData, define_op};

/// The fused activations: none, max(0, x), clamp to [0, 6], clamp to [−1, 1].
pub const ACTIVATIONS: [&str; 4] = ["none", "relu", "relu6", "relu_n1_to_1"];

/// How means of int8 are rounded that stand for unsigned bytes: 2.5 to 3, −2.5 to −2.
pub const HALF_UP: &str = "half_up";

/// Every op that computes, by name.
pub const OPERATORS: [&str; 31] = [
    Conv2dOp::NAME,
    DepthwiseConv2dOp::NAME,
    FullyConnectedOp::NAME,
    AveragePool2dOp::NAME,
    MaxPool2dOp::NAME,
    AddOp::NAME,
    ReshapeOp::NAME,
    SoftmaxOp::NAME,
    QuantizeOp::NAME,
    DequantizeOp::NAME,
    ReluOp::NAME,
    Relu6Op::NAME,
    ConcatenationOp::NAME,
    SplitOp::NAME,
    TransposeOp::NAME,
    PadOp::NAME,
    LookupTableOp::NAME,
    SubOp::NAME,
    MulOp::NAME,
    MaximumOp::NAME,
    MinimumOp::NAME,
    LogisticOp::NAME,
    TanhOp::NAME,
    HardSwishOp::NAME,
    LeakyReluOp::NAME,
    PreluOp::NAME,
    MeanOp::NAME,
    ResizeBilinearOp::NAME,
    GatherOp::NAME,
    ArgMaxOp::NAME,
    ArgMinOp::NAME,
];

define_op! {
    /// `nn.constant`: weights. `value` has the storage type of the result's elements.
    pub struct ConstantOp = "nn.constant" {
        traits: { pure, constant },
        results: { output: one Tensor },
        attrs: { value: req Elements },
        verify: verify_constant,
    }
}

define_op! {
    /// `nn.conv_2d`: input NHWC, filter OHWI, bias O; output N·OH·OW·O.
    ///
    /// `out[n,y,x,o] = Σ in[n, y·sy + ky·dy − top, x·sx + kx·dx − left, i] · filter[o,ky,kx,i] + bias[o]`, taps outside of the input
    /// contribute nothing; int8 is requantised per output channel.
    pub struct Conv2dOp = "nn.conv_2d" {
        traits: { pure },
        operands: { input: one Tensor, filter: one Tensor, bias: opt Tensor },
        results: { output: one Tensor },
        attrs: { strides: req I64Array, dilations: req I64Array, pads: req I64Array, activation: req Str },
        verify: verify_conv_2d,
    }
}

define_op! {
    /// `nn.depthwise_conv_2d`: input NHWC, filter 1·KH·KW·O, bias O; output channel `c·multiplier + k` reads input channel `c`, where
    /// the depth multiplier is O / C.
    pub struct DepthwiseConv2dOp = "nn.depthwise_conv_2d" {
        traits: { pure },
        operands: { input: one Tensor, filter: one Tensor, bias: opt Tensor },
        results: { output: one Tensor },
        attrs: { strides: req I64Array, dilations: req I64Array, pads: req I64Array, activation: req Str },
        verify: verify_depthwise_conv_2d,
    }
}

define_op! {
    /// `nn.fully_connected`: filter O·I, bias O. The input is taken as rows of I elements; the output has as many rows of O.
    pub struct FullyConnectedOp = "nn.fully_connected" {
        traits: { pure },
        operands: { input: one Tensor, filter: one Tensor, bias: opt Tensor },
        results: { output: one Tensor },
        attrs: { activation: req Str },
        verify: verify_fully_connected,
    }
}

define_op! {
    /// `nn.average_pool_2d`: mean over the window's taps inside of the input, `kernel = array<i64: height, width>`; int8 rounds half away
    /// from zero, or up with `rounding = "half_up"`, as the mean of unsigned bytes does. Input and output have one quantisation.
    pub struct AveragePool2dOp = "nn.average_pool_2d" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { output: one Tensor },
        attrs: { kernel: req I64Array, strides: req I64Array, pads: req I64Array, activation: req Str, rounding: opt Str },
        verify: verify_average_pool,
    }
}

define_op! {
    /// `nn.max_pool_2d`: maximum over the window's taps inside of the input. Input and output have one quantisation.
    pub struct MaxPool2dOp = "nn.max_pool_2d" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { output: one Tensor },
        attrs: { kernel: req I64Array, strides: req I64Array, pads: req I64Array, activation: req Str },
        verify: verify_pool,
    }
}

define_op! {
    /// `nn.add`: sum, shapes broadcast from the right.
    pub struct AddOp = "nn.add" {
        traits: { pure },
        operands: { lhs: one Tensor, rhs: one Tensor },
        results: { output: one Tensor },
        attrs: { activation: req Str },
        verify: verify_add,
    }
}

define_op! {
    /// `nn.reshape`: the same elements under another shape.
    pub struct ReshapeOp = "nn.reshape" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { output: one Tensor },
        verify: verify_reshape,
    }
}

define_op! {
    /// `nn.softmax`: over the last dimension, of `beta · x`.
    pub struct SoftmaxOp = "nn.softmax" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { output: one Tensor },
        attrs: { beta: req Float },
        verify: verify_same_shape,
    }
}

define_op! {
    /// `nn.quantize`: float to int8, of one scale or one an index of a dimension, or int8 to int8 of another scale and zero point.
    pub struct QuantizeOp = "nn.quantize" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { output: one Tensor },
        verify: verify_quantize,
    }
}

define_op! {
    /// `nn.dequantize`: int8 or quantised i32 to float, of one scale or one an index of a dimension.
    pub struct DequantizeOp = "nn.dequantize" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { output: one Tensor },
        verify: verify_dequantize,
    }
}

define_op! {
    /// `nn.relu`: max(0, x).
    pub struct ReluOp = "nn.relu" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { output: one Tensor },
        verify: verify_same_shape,
    }
}

define_op! {
    /// `nn.relu6`: clamp to [0, 6].
    pub struct Relu6Op = "nn.relu6" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { output: one Tensor },
        verify: verify_same_shape,
    }
}

/// What a tensor's elements are to the kernels.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Element {
    /// `f32`
    F32,
    /// `!quant.uniform<i8:f32, …>`, per tensor or per axis.
    QuantI8,
    /// `i32`, plain or quantised: biases, and indices.
    I32,
    /// Anything else.
    Other,
}

/// What a tensor type's elements are.
pub fn element(m: &Module, ty: Type) -> Element {
    let Some(elem) = m.type_data(ty).elem() else {
        return Element::Other;
    };
    match m.type_data(elem) {
        TypeData::Float(crate::FloatKind::F32) => Element::F32,
        TypeData::Quant(q) if q.storage_width == 8 && q.signed => Element::QuantI8,
        TypeData::Quant(q) if q.storage_width == 32 && q.signed => Element::I32,
        TypeData::Integer(32) => Element::I32,
        _ => Element::Other,
    }
}

/// Shape of a value of tensor type.
pub fn shape(m: &Module, v: crate::ValueId) -> &[i64] {
    m.type_data(m.value_type(v)).shape().unwrap_or(&[])
}

/// Output size of a windowed op along one dimension; `None` if the window does not fit.
pub fn window_output(
    input: i64,
    kernel: i64,
    stride: i64,
    dilation: i64,
    before: i64,
    after: i64,
) -> Option<i64> {
    let reach = kernel
        .checked_sub(1)?
        .checked_mul(dilation)?
        .checked_add(1)?;
    let span = input
        .checked_add(before)?
        .checked_add(after)?
        .checked_sub(reach)?;
    (span >= 0 && stride > 0).then(|| span / stride + 1)
}

fn value_shape(op: OpRef<'_>, i: usize) -> Vec<i64> {
    op.operand(i)
        .map(|v| shape(op.module, v).to_vec())
        .unwrap_or_default()
}

fn result_shape(op: OpRef<'_>) -> Vec<i64> {
    shape(op.module, op.results()[0]).to_vec()
}

fn operand_element(op: OpRef<'_>, i: usize) -> Option<Element> {
    op.operand_type(i).map(|t| element(op.module, t))
}

fn result_element(op: OpRef<'_>) -> Element {
    op.result_type(0)
        .map_or(Element::Other, |t| element(op.module, t))
}

fn verify_constant(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let value = ConstantOp(op.id).value(m);
    elements(cx, op, value);
    let Some((ty, _)) = m.attr_elements(value) else {
        return;
    };
    let want = op.result_type(0).and_then(|t| m.type_data(t).elem());
    let storage = want.map(|e| match m.type_data(e) {
        TypeData::Quant(q) => TypeData::Integer(q.storage_width),
        other => other.clone(),
    });
    let same = m.type_data(ty).elem().map(|e| m.type_data(e).clone()) == storage
        && m.type_data(ty).shape() == op.result_type(0).and_then(|t| m.type_data(t).shape());
    cx.check(same, op, "V018", || {
        "the value's shape or storage type differs from the result's".to_owned()
    });
}

fn activation(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    if let Some(a) = op.prop("activation").and_then(|a| m.attr_str(a)) {
        cx.check(ACTIVATIONS.contains(&a), op, "V025", || {
            format!(
                "activation \"{a}\" is not one of {}",
                ACTIVATIONS.join(", ")
            )
        });
    }
}

/// Float throughout, or int8 activations with int8 weights and an i32 bias.
fn weighted_elements(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let all = (
        operand_element(op, 0),
        operand_element(op, 1),
        operand_element(op, 2),
        result_element(op),
    );
    let ok = match all {
        (Some(Element::F32), Some(Element::F32), bias, Element::F32) => {
            matches!(bias, None | Some(Element::F32))
        }
        (Some(Element::QuantI8), Some(Element::QuantI8), bias, Element::QuantI8) => {
            matches!(bias, None | Some(Element::I32))
                && per_tensor(op, op.operand_type(0))
                && per_tensor(op, op.result_type(0))
        }
        _ => false,
    };
    cx.check(ok, op, "V024", || {
        "wants f32 throughout, or int8 (per-tensor activations, int8 filter, i32 bias) throughout"
            .to_owned()
    });
}

fn per_tensor(op: OpRef<'_>, ty: Option<Type>) -> bool {
    ty.and_then(|t| op.module.quant_of(t))
        .is_none_or(|q| q.axis.is_none())
}

/// Activations only: f32 or per-tensor int8.
fn activation_elements(op: OpRef<'_>, cx: &mut VerifyCx<'_>) -> bool {
    let first = operand_element(op, 0);
    let uniform = (0..op.operand_count())
        .all(|i| operand_element(op, i) == first && per_tensor(op, op.operand_type(i)))
        && first == Some(result_element(op))
        && per_tensor(op, op.result_type(0));
    cx.check(
        uniform && matches!(first, Some(Element::F32 | Element::QuantI8)),
        op,
        "V024",
        || "wants f32 throughout or per-tensor int8 throughout".to_owned(),
    )
}

/// Checks strides, dilations, pads and kernel; yields `(strides, dilations, pads)` if they are sane.
fn window(op: OpRef<'_>, cx: &mut VerifyCx<'_>) -> Option<([i64; 2], [i64; 2], [i64; 4])> {
    const LIMIT: i64 = 1 << 20;
    let m = op.module;
    let list = |name: &str| op.prop(name).and_then(|a| m.attr_i64s(a)).unwrap_or(&[]);
    let dilations = if op.prop("dilations").is_some() {
        list("dilations")
    } else {
        &[1, 1]
    };
    let parts = (
        <[i64; 2]>::try_from(list("strides")).ok(),
        <[i64; 2]>::try_from(dilations).ok(),
        <[i64; 4]>::try_from(list("pads")).ok(),
    );
    let (Some(s), Some(d), Some(p)) = parts else {
        cx.error(
            op,
            "V025",
            "strides and dilations take two numbers, pads four",
        );
        return None;
    };
    let sane = s.iter().chain(&d).all(|&x| (1..=LIMIT).contains(&x))
        && p.iter().all(|&x| (0..=LIMIT).contains(&x));
    cx.check(sane, op, "V025", || {
        "strides and dilations must be at least 1, pads at least 0".to_owned()
    })
    .then_some((s, d, p))
}

fn spatial(op: OpRef<'_>, cx: &mut VerifyCx<'_>, kernel: [i64; 2], channels: i64) {
    let Some((s, d, p)) = window(op, cx) else {
        return;
    };
    let (input, output) = (value_shape(op, 0), result_shape(op));
    let ([n, h, w, _], [on, oh, ow, oc]) = (input.as_slice(), output.as_slice()) else {
        cx.error(op, "V023", "input and output must have rank 4 (NHWC)");
        return;
    };
    let want_h = window_output(*h, kernel[0], s[0], d[0], p[0], p[1]);
    let want_w = window_output(*w, kernel[1], s[1], d[1], p[2], p[3]);
    let ok = n == on
        && want_h == Some(*oh)
        && want_w == Some(*ow)
        && *oc == channels
        && kernel.iter().all(|&k| k > 0);
    cx.check(ok, op, "V023", || {
        let show = |x: Option<i64>| x.map_or("none".to_owned(), |x| x.to_string());
        format!(
            "output {output:?} should be [{n}, {}, {}, {channels}]",
            show(want_h),
            show(want_w)
        )
    });
}

fn bias_length(op: OpRef<'_>, cx: &mut VerifyCx<'_>, channels: i64) {
    if op.operand_count() > 2 {
        let b = value_shape(op, 2);
        cx.check(b == [channels], op, "V023", || {
            format!("bias has shape {b:?}, wants [{channels}]")
        });
    }
}

fn filter_axis(op: OpRef<'_>, cx: &mut VerifyCx<'_>, axis: u32) {
    let q = op.operand_type(1).and_then(|t| op.module.quant_of(t));
    cx.check(
        q.and_then(|q| q.axis).is_none_or(|a| a == axis),
        op,
        "V025",
        || format!("a per-axis filter must be quantised along dimension {axis}"),
    );
}

fn verify_conv_2d(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    activation(op, cx);
    weighted_elements(op, cx);
    filter_axis(op, cx, 0);
    let (input, filter) = (value_shape(op, 0), value_shape(op, 1));
    let ([.., c], [o, kh, kw, i]) = (input.as_slice(), filter.as_slice()) else {
        cx.error(op, "V023", "input and filter must have rank 4");
        return;
    };
    cx.check(c == i, op, "V023", || {
        format!("the filter takes {i} channels, the input has {c}")
    });
    bias_length(op, cx, *o);
    spatial(op, cx, [*kh, *kw], *o);
}

fn verify_depthwise_conv_2d(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    activation(op, cx);
    weighted_elements(op, cx);
    filter_axis(op, cx, 3);
    let (input, filter) = (value_shape(op, 0), value_shape(op, 1));
    let ([.., c], [1, kh, kw, o]) = (input.as_slice(), filter.as_slice()) else {
        cx.error(
            op,
            "V023",
            "input must have rank 4, the filter shape [1, height, width, channels]",
        );
        return;
    };
    cx.check(*c > 0 && o % c.max(&1) == 0, op, "V023", || {
        format!("{o} output channels are no multiple of {c}")
    });
    bias_length(op, cx, *o);
    spatial(op, cx, [*kh, *kw], *o);
}

fn verify_fully_connected(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    activation(op, cx);
    weighted_elements(op, cx);
    filter_axis(op, cx, 0);
    let m = op.module;
    let filter = value_shape(op, 1);
    let [o, i] = filter.as_slice() else {
        cx.error(op, "V023", "the filter must have rank 2");
        return;
    };
    bias_length(op, cx, *o);
    let inputs = op
        .operand_type(0)
        .and_then(|t| m.num_elements(t))
        .unwrap_or(0);
    let outputs = op
        .result_type(0)
        .and_then(|t| m.num_elements(t))
        .unwrap_or(0);
    let (i, o) = (*i as u64, *o as u64);
    let ok = i > 0 && o > 0 && inputs % i == 0 && outputs % o == 0 && inputs / i == outputs / o;
    cx.check(ok, op, "V023", || {
        format!("{inputs} inputs and {outputs} outputs do not fit a filter of {o} × {i}")
    });
}

fn verify_pool(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    activation(op, cx);
    activation_elements(op, cx);
    same_quantisation(op, cx);
    let m = op.module;
    let kernel = op
        .prop("kernel")
        .and_then(|a| m.attr_i64s(a))
        .and_then(|k| <[i64; 2]>::try_from(k).ok());
    let Some(kernel) = kernel.filter(|k| k.iter().all(|&x| (1..1 << 20).contains(&x))) else {
        cx.error(op, "V025", "`kernel` takes two positive numbers");
        return;
    };
    let channels = value_shape(op, 0).last().copied().unwrap_or(0);
    spatial(op, cx, kernel, channels);
    let Some((_, _, p)) = window(op, cx) else {
        return;
    };
    cx.check(
        p[0] < kernel[0] && p[1] < kernel[0] && p[2] < kernel[1] && p[3] < kernel[1],
        op,
        "V025",
        || "a pool's padding must be smaller than its kernel".to_owned(),
    );
}

fn verify_average_pool(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    verify_pool(op, cx);
    if let Some(rounding) = op.prop("rounding") {
        let known = op.module.attr_str(rounding) == Some(HALF_UP);
        let int8 = operand_element(op, 0) == Some(Element::QuantI8);
        cx.check(known && int8, op, "V025", || {
            format!("`rounding` can be \"{HALF_UP}\", of int8")
        });
    }
}

fn same_quantisation(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let elem = |t: Option<Type>| t.and_then(|t| op.module.type_data(t).elem());
    cx.check(
        elem(op.operand_type(0)) == elem(op.result_type(0)),
        op,
        "V024",
        || {
            "input and output must have one element type (for int8: one scale and zero point)"
                .to_owned()
        },
    );
}

/// The shape that two shapes broadcast to, aligned from the right; `None` if they do not.
pub fn broadcast(a: &[i64], b: &[i64]) -> Option<Vec<i64>> {
    let rank = a.len().max(b.len());
    let at = |s: &[i64], i: usize| {
        if i + s.len() >= rank {
            s[i + s.len() - rank]
        } else {
            1
        }
    };
    (0..rank)
        .map(|i| match (at(a, i), at(b, i)) {
            (x, y) if x == y => Some(x),
            (1, y) => Some(y),
            (x, 1) => Some(x),
            _ => None,
        })
        .collect()
}

fn verify_add(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    activation(op, cx);
    activation_elements(op, cx);
    let (a, b, c) = (value_shape(op, 0), value_shape(op, 1), result_shape(op));
    cx.check(broadcast(&a, &b).as_ref() == Some(&c), op, "V023", || {
        format!("{a:?} and {b:?} do not broadcast to {c:?}")
    });
}

fn verify_reshape(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    same_quantisation(op, cx);
    let n = |t: Option<Type>| t.and_then(|t| m.num_elements(t));
    cx.check(
        n(op.operand_type(0)) == n(op.result_type(0)),
        op,
        "V023",
        || "the number of elements changes".to_owned(),
    );
}

fn verify_same_shape(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    activation_elements(op, cx);
    let (a, b) = (value_shape(op, 0), result_shape(op));
    cx.check(a == b, op, "V023", || {
        format!("the shape changes from {a:?} to {b:?}")
    });
}

fn verify_quantize(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let from_int8 = per_tensor(op, op.operand_type(0)) && per_tensor(op, op.result_type(0));
    let ok = match operand_element(op, 0) {
        Some(Element::F32) => true,
        Some(Element::QuantI8) => from_int8,
        _ => false,
    };
    let ok = ok && result_element(op) == Element::QuantI8;
    cx.check(ok, op, "V024", || {
        "wants f32 in and int8 out, or per-tensor int8 in and out".to_owned()
    });
    cx.check(value_shape(op, 0) == result_shape(op), op, "V023", || {
        "the shape changes".to_owned()
    });
}

fn verify_dequantize(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let quantised = op.operand_type(0).and_then(|t| op.module.quant_of(t));
    let ok = quantised.is_some()
        && matches!(
            operand_element(op, 0),
            Some(Element::QuantI8 | Element::I32)
        )
        && result_element(op) == Element::F32;
    cx.check(ok, op, "V024", || {
        "wants int8 or quantised i32 in, f32 out".to_owned()
    });
    cx.check(value_shape(op, 0) == result_shape(op), op, "V023", || {
        "the shape changes".to_owned()
    });
}

/// Registers the dialect.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(ConstantOp::info())?
        .op(Conv2dOp::info())?
        .op(DepthwiseConv2dOp::info())?
        .op(FullyConnectedOp::info())?;
    r.op(AveragePool2dOp::info())?
        .op(MaxPool2dOp::info())?
        .op(AddOp::info())?
        .op(ReshapeOp::info())?;
    r.op(SoftmaxOp::info())?
        .op(QuantizeOp::info())?
        .op(DequantizeOp::info())?;
    r.op(ReluOp::info())?.op(Relu6Op::info())?;
    arg_max::register(r)?;
    elementwise::register(r)?;
    unary::register(r)?;
    reduce::register(r)?;
    resize::register(r)?;
    joining::register(r)?;
    lookup_table::register(r)?;
    region::register(r)?;
    fused::register(r)?;
    offload::register(r)?;
    gather::register(r)?;
    layout::register(r)
}

/// Multiply–accumulates of one evaluation of an op: taps that padding cuts off are counted, as is usual; 0 for ops without weights.
pub fn macs(m: &Module, op: crate::OpId) -> u64 {
    let product = |s: &[i64]| s.iter().map(|&d| d.max(0) as u64).product::<u64>();
    let Some(&output) = m.results(op).first() else {
        return 0;
    };
    let outputs = product(shape(m, output));
    let filter = |i: usize| {
        m.operands(op)
            .nth(i)
            .map(|v| shape(m, v).to_vec())
            .unwrap_or_default()
    };
    match (m.op_name(op), filter(1).as_slice()) {
        (Conv2dOp::NAME, [_, rest @ ..]) => outputs * product(rest),
        (DepthwiseConv2dOp::NAME, [_, h, w, _]) => outputs * product(&[*h, *w]),
        (FullyConnectedOp::NAME, [_, i]) => outputs * product(&[*i]),
        _ => 0,
    }
}
