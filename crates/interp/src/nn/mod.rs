//! The `nn` dialect on [`Datum::Bytes`]: reads shapes, quantisation and attributes from the op, and calls
//! [`numerics`](crate::numerics).

mod params;
mod region;
mod tensor;

pub use params::{
    ConvParams, FullyConnectedParams, PoolParams, UnaryI8, activation_of, add_params, alpha,
    conv_2d_params, depthwise_conv_2d_params, fully_connected_params, mean_params, mul_params,
    pool_params, prelu_params, relu_params, relu6_clamp, requantize_params, resize_bilinear_params,
    softmax_params, unary_i8_params,
};

use crate::numerics::activation::{activation_f32, clamp_i8, relu_i8};
use crate::numerics::add::{add_f32, add_i8};
use crate::numerics::arg_max;
use crate::numerics::concatenation;
use crate::numerics::conv2d::{conv2d_f32, conv2d_i8};
use crate::numerics::depthwise_conv2d::{depthwise_conv2d_f32, depthwise_conv2d_i8};
use crate::numerics::dequantize::{dequantize_i8_f32, dequantize_i32_f32};
use crate::numerics::elementwise::{Operands, difference_i8, extremum, mul_f32, sub_f32};
use crate::numerics::fully_connected::{fully_connected_f32, fully_connected_i8};
use crate::numerics::hard_swish::hard_swish_f32;
use crate::numerics::layout;
use crate::numerics::leaky_relu::leaky_relu_f32;
use crate::numerics::mean::{mean_f32, mean_i8};
use crate::numerics::pool::{
    average_pool_f32, average_pool_i8, average_pool_i8_half_up, max_pool_f32, max_pool_i8,
};
use crate::numerics::prelu::prelu_f32;
use crate::numerics::quantize::{quantize_f32_i8, requantize_i8};
use crate::numerics::resize_bilinear::{resize_bilinear_f32, resize_bilinear_i8};
use crate::numerics::sigmoid::{logistic_f32, tanh_f32};
use crate::numerics::softmax::{softmax_f32, softmax_i8};
use crate::numerics::{Activation, ClampF32, NumericsError};
use ir::dialects::nn::{Element, Picks};
use ir::interfaces::{Datum, EvalError, Results};
use ir::{DialectRegistryBuilder, OpRef, RegistryError};
use smallvec::smallvec;
use tensor::{
    Input, bytes_of_f32, bytes_of_i8, check_sizes, dims, element, input, output_len, slices,
    unsupported,
};

impl From<NumericsError> for EvalError {
    fn from(e: NumericsError) -> Self {
        EvalError::Unsupported(e.to_string())
    }
}

/// What a kernel gets: the op, and its operands by position.
struct Cx<'a> {
    op: OpRef<'a>,
    args: &'a [Datum],
}

impl Cx<'_> {
    fn i8(&self, i: usize) -> Result<Vec<i8>, EvalError> {
        input(self.op, self.args, i).map(Input::i8)
    }

    fn f32(&self, i: usize) -> Result<Vec<f32>, EvalError> {
        input(self.op, self.args, i).map(Input::f32)
    }

    fn bias_i32(&self) -> Result<Option<Vec<i32>>, EvalError> {
        let has = self.args.len() > 2;
        has.then(|| input(self.op, self.args, 2).map(Input::i32))
            .transpose()
    }

    fn bias_f32(&self) -> Result<Option<Vec<f32>>, EvalError> {
        (self.args.len() > 2).then(|| self.f32(2)).transpose()
    }

    fn is_f32(&self) -> bool {
        element(self.op, self.op.operand_type(0)) == Element::F32
    }

    /// Runs an int8 kernel on a fresh output.
    fn to_i8(
        &self,
        kernel: impl FnOnce(&mut [i8]) -> Result<(), NumericsError>,
    ) -> Result<Results, EvalError> {
        let mut out = vec![0i8; output_len(self.op)?];
        kernel(&mut out)?;
        Ok(smallvec![Datum::Bytes(bytes_of_i8(&out))])
    }

    /// Runs a float kernel on a fresh output.
    fn to_f32(
        &self,
        kernel: impl FnOnce(&mut [f32]) -> Result<(), NumericsError>,
    ) -> Result<Results, EvalError> {
        let mut out = vec![0f32; output_len(self.op)?];
        kernel(&mut out)?;
        Ok(smallvec![Datum::Bytes(bytes_of_f32(&out))])
    }
}

fn constant(cx: &Cx<'_>) -> Result<Results, EvalError> {
    let m = cx.op.module;
    let value = cx.op.prop("value").and_then(|a| m.attr_elements(a));
    match value {
        Some((_, bytes)) => Ok(smallvec![Datum::Bytes(bytes.clone())]),
        None => Err(EvalError::Unsupported(
            "a constant without elements".to_owned(),
        )),
    }
}

fn conv_2d(cx: &Cx<'_>) -> Result<Results, EvalError> {
    match conv_2d_params(cx.op)? {
        ConvParams::F32 { shape, clamp } => {
            let (x, w, b) = (cx.f32(0)?, cx.f32(1)?, cx.bias_f32()?);
            cx.to_f32(|out| conv2d_f32(&shape, clamp, &x, &w, b.as_deref(), out))
        }
        ConvParams::I8 { shape, params } | ConvParams::I8Asymmetric { shape, params } => {
            let (x, w, b) = (cx.i8(0)?, cx.i8(1)?, cx.bias_i32()?);
            cx.to_i8(|out| conv2d_i8(&shape, &params, &x, &w, b.as_deref(), out))
        }
    }
}

fn depthwise_conv_2d(cx: &Cx<'_>) -> Result<Results, EvalError> {
    match depthwise_conv_2d_params(cx.op)? {
        ConvParams::F32 { shape, clamp } => {
            let (x, w, b) = (cx.f32(0)?, cx.f32(1)?, cx.bias_f32()?);
            cx.to_f32(|out| depthwise_conv2d_f32(&shape, clamp, &x, &w, b.as_deref(), out))
        }
        ConvParams::I8 { shape, params } | ConvParams::I8Asymmetric { shape, params } => {
            let (x, w, b) = (cx.i8(0)?, cx.i8(1)?, cx.bias_i32()?);
            cx.to_i8(|out| depthwise_conv2d_i8(&shape, &params, &x, &w, b.as_deref(), out))
        }
    }
}

fn fully_connected(cx: &Cx<'_>) -> Result<Results, EvalError> {
    match fully_connected_params(cx.op)? {
        FullyConnectedParams::F32 { shape, clamp } => {
            let (x, w, b) = (cx.f32(0)?, cx.f32(1)?, cx.bias_f32()?);
            cx.to_f32(|out| fully_connected_f32(&shape, clamp, &x, &w, b.as_deref(), out))
        }
        FullyConnectedParams::I8 { shape, params } => {
            let (x, w, b) = (cx.i8(0)?, cx.i8(1)?, cx.bias_i32()?);
            cx.to_i8(|out| fully_connected_i8(&shape, &params, &x, &w, b.as_deref(), out))
        }
    }
}

fn average_pool_2d(cx: &Cx<'_>) -> Result<Results, EvalError> {
    match pool_params(cx.op)? {
        PoolParams::F32 { shape, clamp } => {
            let x = cx.f32(0)?;
            cx.to_f32(|out| average_pool_f32(&shape, clamp, &x, out))
        }
        PoolParams::I8 { shape, clamp } => {
            let x = cx.i8(0)?;
            cx.to_i8(|out| average_pool_i8(&shape, clamp, &x, out))
        }
        PoolParams::I8HalfUp { shape, clamp } => {
            let x = cx.i8(0)?;
            cx.to_i8(|out| average_pool_i8_half_up(&shape, clamp, &x, out))
        }
    }
}

fn max_pool_2d(cx: &Cx<'_>) -> Result<Results, EvalError> {
    match pool_params(cx.op)? {
        PoolParams::F32 { shape, clamp } => {
            let x = cx.f32(0)?;
            cx.to_f32(|out| max_pool_f32(&shape, clamp, &x, out))
        }
        PoolParams::I8 { shape, clamp } | PoolParams::I8HalfUp { shape, clamp } => {
            let x = cx.i8(0)?;
            cx.to_i8(|out| max_pool_i8(&shape, clamp, &x, out))
        }
    }
}

fn add(cx: &Cx<'_>) -> Result<Results, EvalError> {
    let (a, b) = (
        dims(cx.op, cx.op.operand_type(0))?,
        dims(cx.op, cx.op.operand_type(1))?,
    );
    if cx.is_f32() {
        let clamp = ClampF32::new(activation_of(cx.op)?);
        let (x, y) = (cx.f32(0)?, cx.f32(1)?);
        cx.to_f32(|out| add_f32(clamp, &a, &b, &x, &y, out))
    } else {
        let p = add_params(cx.op)?;
        let (x, y) = (cx.i8(0)?, cx.i8(1)?);
        cx.to_i8(|out| add_i8(&p, &a, &b, &x, &y, out))
    }
}

/// Runs a kernel on two operands that broadcast, of floats or of int8.
fn binary(
    cx: &Cx<'_>,
    of_floats: impl FnOnce(&Operands<'_, f32>, &mut [f32]) -> Result<(), NumericsError>,
    of_bytes: impl FnOnce(&Operands<'_, i8>, &mut [i8]) -> Result<(), NumericsError>,
) -> Result<Results, EvalError> {
    let lhs_shape = &dims(cx.op, cx.op.operand_type(0))?;
    let rhs_shape = &dims(cx.op, cx.op.operand_type(1))?;
    if cx.is_f32() {
        let (lhs, rhs) = (&cx.f32(0)?, &cx.f32(1)?);
        let of = Operands {
            lhs_shape,
            rhs_shape,
            lhs,
            rhs,
        };
        return cx.to_f32(|out| of_floats(&of, out));
    }
    let (lhs, rhs) = (&cx.i8(0)?, &cx.i8(1)?);
    let of = Operands {
        lhs_shape,
        rhs_shape,
        lhs,
        rhs,
    };
    cx.to_i8(|out| of_bytes(&of, out))
}

fn sub(cx: &Cx<'_>) -> Result<Results, EvalError> {
    let clamp = ClampF32::new(activation_of(cx.op)?);
    let p = if cx.is_f32() {
        None
    } else {
        Some(add_params(cx.op)?)
    };
    binary(
        cx,
        |of, out| sub_f32(clamp, of, out),
        |of, out| p.map_or(Ok(()), |p| of.each(out, |x, y| difference_i8(&p, x, y))),
    )
}

fn mul(cx: &Cx<'_>) -> Result<Results, EvalError> {
    let clamp = ClampF32::new(activation_of(cx.op)?);
    let p = if cx.is_f32() {
        None
    } else {
        Some(mul_params(cx.op)?)
    };
    binary(
        cx,
        |of, out| mul_f32(clamp, of, out),
        |of, out| p.map_or(Ok(()), |p| of.each(out, |x, y| p.apply(x, y))),
    )
}

fn prelu(cx: &Cx<'_>) -> Result<Results, EvalError> {
    let p = if cx.is_f32() {
        None
    } else {
        Some(prelu_params(cx.op)?)
    };
    binary(
        cx,
        |of, out| of.each(out, prelu_f32),
        |of, out| p.map_or(Ok(()), |p| of.each(out, |x, slope| p.apply(x, slope))),
    )
}

fn mean(cx: &Cx<'_>) -> Result<Results, EvalError> {
    let shape = dims(cx.op, cx.op.operand_type(0))?;
    let axes = params::mean_axes(cx.op)?;
    if cx.is_f32() {
        let x = cx.f32(0)?;
        return cx.to_f32(|out| mean_f32(&shape, &axes, &x, out));
    }
    let (p, x) = (mean_params(cx.op)?, cx.i8(0)?);
    cx.to_i8(|out| mean_i8(&p, &shape, &axes, &x, out))
}

fn resize_bilinear(cx: &Cx<'_>) -> Result<Results, EvalError> {
    let s = resize_bilinear_params(cx.op)?;
    if cx.is_f32() {
        let x = cx.f32(0)?;
        return cx.to_f32(|out| resize_bilinear_f32(&s, &x, out));
    }
    let x = cx.i8(0)?;
    cx.to_i8(|out| resize_bilinear_i8(&s, &x, out))
}

fn maximum(cx: &Cx<'_>) -> Result<Results, EvalError> {
    binary(
        cx,
        |of, out| extremum(true, of, out),
        |of, out| extremum(true, of, out),
    )
}

fn minimum(cx: &Cx<'_>) -> Result<Results, EvalError> {
    binary(
        cx,
        |of, out| extremum(false, of, out),
        |of, out| extremum(false, of, out),
    )
}

/// A function of one element, of floats or of int8.
fn unary(
    cx: &Cx<'_>,
    of_floats: impl FnOnce(&[f32], &mut [f32]) -> Result<(), NumericsError>,
) -> Result<Results, EvalError> {
    if cx.is_f32() {
        let x = cx.f32(0)?;
        return cx.to_f32(|out| of_floats(&x, out));
    }
    let (p, x) = (unary_i8_params(cx.op)?, cx.i8(0)?);
    cx.to_i8(|out| {
        for (y, &x) in out.iter_mut().zip(&x) {
            *y = p.apply(x);
        }
        Ok(())
    })
}

fn logistic(cx: &Cx<'_>) -> Result<Results, EvalError> {
    unary(cx, logistic_f32)
}

fn tanh(cx: &Cx<'_>) -> Result<Results, EvalError> {
    unary(cx, tanh_f32)
}

fn hard_swish(cx: &Cx<'_>) -> Result<Results, EvalError> {
    unary(cx, hard_swish_f32)
}

fn leaky_relu(cx: &Cx<'_>) -> Result<Results, EvalError> {
    let alpha = alpha(cx.op)?;
    unary(cx, |x, out| leaky_relu_f32(alpha, x, out))
}

fn reshape(cx: &Cx<'_>) -> Result<Results, EvalError> {
    Ok(smallvec![cx.args[0].clone()])
}

/// How often the runs of an `nn.concatenation` or `nn.split` are repeated.
fn repeats(cx: &Cx<'_>) -> Result<usize, EvalError> {
    let (axis, whole) = ir::dialects::nn::joint(cx.op)
        .filter(|(axis, whole)| *axis < whole.len())
        .ok_or_else(|| unsupported(cx.op, "attribute `axis` is malformed"))?;
    Ok(ir::dialects::nn::around(&whole, axis).0.max(0) as usize)
}

/// The bytes of a tensor.
fn bytes(arg: &Datum) -> &[u8] {
    match arg {
        Datum::Bytes(bytes) => bytes,
        _ => &[],
    }
}

fn concatenation(cx: &Cx<'_>) -> Result<Results, EvalError> {
    let parts: Vec<&[u8]> = cx.args.iter().map(bytes).collect();
    let mut out = vec![0u8; parts.iter().map(|p| p.len()).sum()];
    concatenation::concatenation(repeats(cx)?, &parts, &mut out)?;
    Ok(smallvec![Datum::Bytes(out.into())])
}

fn split(cx: &Cx<'_>) -> Result<Results, EvalError> {
    let whole = cx.args.first().map_or(&[][..], bytes);
    let types = (0..cx.op.results().len()).map(|i| cx.op.result_type(i));
    let sizes: Option<Vec<u64>> = types
        .map(|t| t.and_then(|t| cx.op.module.size_bytes(t)))
        .collect();
    let sizes = sizes.filter(|s| s.iter().all(|&n| n <= whole.len() as u64));
    let sizes = sizes.ok_or_else(|| unsupported(cx.op, "a result is larger than the input"))?;
    let mut parts: Vec<Vec<u8>> = sizes.iter().map(|&n| vec![0; n as usize]).collect();
    concatenation::split(repeats(cx)?, whole, &mut parts)?;
    Ok(parts.into_iter().map(|p| Datum::Bytes(p.into())).collect())
}

/// A list of numbers, none negative.
fn numbers(cx: &Cx<'_>, name: &str) -> Result<Vec<usize>, EvalError> {
    let list = cx.op.prop(name).and_then(|a| cx.op.module.attr_i64s(a));
    list.and_then(|l| l.iter().map(|&n| usize::try_from(n).ok()).collect())
        .ok_or_else(|| unsupported(cx.op, &format!("attribute `{name}` is malformed")))
}

/// Runs a kernel that moves elements: it gets the input's and the output's, as bytes, and the bytes of one.
fn moved(
    cx: &Cx<'_>,
    kernel: impl FnOnce(&[u8], &mut [u8], usize) -> Result<(), NumericsError>,
) -> Result<Results, EvalError> {
    let m = cx.op.module;
    let elem = cx.op.result_type(0).and_then(|t| m.type_data(t).elem());
    let bytes_each = elem.and_then(|e| m.elem_bytes(e)).unwrap_or(1) as usize;
    let mut out = vec![0u8; output_len(cx.op)? * bytes_each];
    let input = cx.args.first().map_or(&[][..], bytes);
    kernel(input, &mut out, bytes_each)?;
    Ok(smallvec![Datum::Bytes(out.into())])
}

fn transpose(cx: &Cx<'_>) -> Result<Results, EvalError> {
    let (shape, permutation) = (
        dims(cx.op, cx.op.operand_type(0))?,
        numbers(cx, "permutation")?,
    );
    moved(cx, |x, out, size| {
        layout::transpose(&shape, &permutation, size, x, out)
    })
}

fn pad(cx: &Cx<'_>) -> Result<Results, EvalError> {
    let (shape, padding) = (dims(cx.op, cx.op.operand_type(0))?, numbers(cx, "padding")?);
    let value = ir::dialects::nn::pad_element(cx.op)
        .ok_or_else(|| unsupported(cx.op, "attribute `value` is malformed"))?;
    moved(cx, |x, out, _| {
        layout::pad(&shape, &padding, &value, x, out)
    })
}

fn gather(cx: &Cx<'_>) -> Result<Results, EvalError> {
    let shape = dims(cx.op, cx.op.operand_type(0))?;
    let malformed = || unsupported(cx.op, "attributes `axes` and `indices` are malformed");
    let picks = Picks::of(cx.op).ok_or_else(malformed)?;
    let numbers = |list: Vec<i64>| {
        let each = list.into_iter().map(|i| usize::try_from(i).ok());
        each.collect::<Option<Vec<usize>>>().ok_or_else(malformed)
    };
    let picks = picks.along.into_iter().map(|l| l.map(numbers).transpose());
    let picks: Vec<Option<Vec<usize>>> = picks.collect::<Result<_, _>>()?;
    moved(cx, |x, out, size| {
        layout::gather(&shape, &picks, size, x, out)
    })
}

fn softmax(cx: &Cx<'_>) -> Result<Results, EvalError> {
    let depth = dims(cx.op, cx.op.operand_type(0))?
        .last()
        .copied()
        .unwrap_or(1);
    if cx.is_f32() {
        let beta = params::beta(cx.op)?;
        let x = cx.f32(0)?;
        cx.to_f32(|out| softmax_f32(beta, depth, &x, out))
    } else {
        let p = softmax_params(cx.op)?;
        let x = cx.i8(0)?;
        cx.to_i8(|out| softmax_i8(&p, depth, &x, out))
    }
}

fn quantize(cx: &Cx<'_>) -> Result<Results, EvalError> {
    if cx.is_f32() {
        let slices = slices(cx.op, cx.op.result_type(0))?;
        let x = cx.f32(0)?;
        cx.to_i8(|out| {
            slices.each(x.len(), |scale, zero_point, at| {
                quantize_f32_i8(scale, zero_point, &x[at.clone()], &mut out[at])
            })
        })
    } else {
        let p = requantize_params(cx.op)?;
        let x = cx.i8(0)?;
        cx.to_i8(|out| requantize_i8(&p, &x, out))
    }
}

fn dequantize(cx: &Cx<'_>) -> Result<Results, EvalError> {
    let slices = slices(cx.op, cx.op.operand_type(0))?;
    if element(cx.op, cx.op.operand_type(0)) == Element::I32 {
        let x = input(cx.op, cx.args, 0)?.i32();
        return cx.to_f32(|out| {
            slices.each(x.len(), |scale, zero_point, at| {
                dequantize_i32_f32(scale, zero_point, &x[at.clone()], &mut out[at])
            })
        });
    }
    let x = cx.i8(0)?;
    cx.to_f32(|out| {
        slices.each(x.len(), |scale, zero_point, at| {
            dequantize_i8_f32(scale, zero_point, &x[at.clone()], &mut out[at])
        })
    })
}

fn relu(cx: &Cx<'_>) -> Result<Results, EvalError> {
    if cx.is_f32() {
        let x = cx.f32(0)?;
        cx.to_f32(|out| activation_f32(Activation::Relu, &x, out))
    } else {
        let p = relu_params(cx.op)?;
        let x = cx.i8(0)?;
        cx.to_i8(|out| relu_i8(&p, &x, out))
    }
}

fn lookup_table(cx: &Cx<'_>) -> Result<Results, EvalError> {
    let (x, table) = (cx.i8(0)?, cx.i8(1)?);
    if table.len() != 256 {
        return Err(unsupported(cx.op, "the table has not 256 elements"));
    }
    cx.to_i8(|out| {
        for (y, &x) in out.iter_mut().zip(&x) {
            *y = table[usize::from(x as u8)];
        }
        Ok(())
    })
}

fn relu6(cx: &Cx<'_>) -> Result<Results, EvalError> {
    if cx.is_f32() {
        let x = cx.f32(0)?;
        cx.to_f32(|out| activation_f32(Activation::Relu6, &x, out))
    } else {
        let clamp = relu6_clamp(cx.op)?;
        let x = cx.i8(0)?;
        cx.to_i8(|out| clamp_i8(clamp, &x, out))
    }
}

fn arg_best(
    cx: &Cx<'_>,
    floats: fn(f32, f32) -> bool,
    integers: fn(i8, i8) -> bool,
) -> Result<Results, EvalError> {
    let shape = dims(cx.op, cx.op.operand_type(0))?;
    let axis = cx.op.prop("axis").and_then(|a| cx.op.module.attr_int(a));
    let axis = axis.and_then(|a| usize::try_from(a).ok());
    let axis = axis.filter(|&a| a < shape.len());
    let axis = axis.ok_or_else(|| unsupported(cx.op, "attribute `axis` is no dimension"))?;
    let product = |s: &[usize]| s.iter().product::<usize>();
    let extents = [
        product(&shape[..axis]),
        shape[axis],
        product(&shape[axis + 1..]),
    ];
    let mut out = vec![0; output_len(cx.op)?];
    if cx.is_f32() {
        arg_max::arg_best(extents, floats, &cx.f32(0)?, &mut out)?;
    } else {
        arg_max::arg_best(extents, integers, &cx.i8(0)?, &mut out)?;
    }
    let bytes = out.iter().flat_map(|x| x.to_le_bytes()).collect();
    Ok(smallvec![Datum::Bytes(bytes)])
}

type Kernel = fn(&Cx<'_>) -> Result<Results, EvalError>;

const KERNELS: [(&str, Kernel); 34] = [
    ("nn.constant", constant),
    ("nn.conv_2d", conv_2d),
    ("nn.depthwise_conv_2d", depthwise_conv_2d),
    ("nn.fully_connected", fully_connected),
    ("nn.average_pool_2d", average_pool_2d),
    ("nn.max_pool_2d", max_pool_2d),
    ("nn.add", add),
    ("nn.reshape", reshape),
    ("nn.softmax", softmax),
    ("nn.quantize", quantize),
    ("nn.dequantize", dequantize),
    ("nn.relu", relu),
    ("nn.relu6", relu6),
    ("nn.concatenation", concatenation),
    ("nn.split", split),
    ("nn.transpose", transpose),
    ("nn.pad", pad),
    ("nn.lookup_table", lookup_table),
    ("nn.fused", region::region),
    ("nn.offload", region::region),
    ("nn.sub", sub),
    ("nn.mul", mul),
    ("nn.maximum", maximum),
    ("nn.minimum", minimum),
    ("nn.logistic", logistic),
    ("nn.tanh", tanh),
    ("nn.hard_swish", hard_swish),
    ("nn.leaky_relu", leaky_relu),
    ("nn.prelu", prelu),
    ("nn.mean", mean),
    ("nn.resize_bilinear", resize_bilinear),
    ("nn.gather", gather),
    ("nn.arg_max", |cx| arg_best(cx, |a, b| a > b, |a, b| a > b)),
    ("nn.arg_min", |cx| arg_best(cx, |a, b| a < b, |a, b| a < b)),
];

/// Attaches the interpretations of `nn`.
///
/// # Errors
/// If an op has one already.
pub fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    for (name, kernel) in KERNELS {
        r.interpret(name, move |op: OpRef<'_>, args: &[Datum]| {
            check_sizes(op, args)?;
            kernel(&Cx { op, args })
        })?;
    }
    Ok(())
}
