//! Operators on two tensors, element by element: Add, Sub, Mul, Div, Max, Min, Sum, Pow; and Neg and Abs, which are made of them.

use ir::dialects::nn;
use ir::{OpState, ValueId};

use super::context::{OpCx, Stop, attribute, element_type, shapes};
use super::fold;
use super::fuse;
use super::value::{Computed, Named, Value};
use crate::onnx::model::{DataType, Tensor};

pub(super) fn add(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2)?;
    of_inputs(cx, "nn.add", fold::add)
}

pub(super) fn sub(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2)?;
    of_inputs(cx, "nn.sub", fold::sub)
}

pub(super) fn mul(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2)?;
    of_inputs(cx, "nn.mul", fold::mul)
}

/// Div; by a constant it is a product.
pub(super) fn div(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2)?;
    let (a, b) = (cx.input(0)?, cx.input(1)?);
    if let (Value::Constant(_), Value::Constant(_)) = (&a, &b) {
        return fold::div(cx);
    }
    let divisor = cx.constant_input(1, "divisor")?;
    let values = divisor.tensor.floats();
    let values = values.ok_or_else(|| element_type("divisor", divisor.tensor.dtype))?;
    let inverse = Tensor::of_floats(&divisor.tensor.shape, values.iter().map(|x| 1.0 / x));
    let inverse = Value::Constant(Named::plain(divisor.name, inverse));
    let product = two(cx, "nn.mul", a, inverse)?;
    cx.set_computed(product);
    Ok(())
}

pub(super) fn max(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    variadic(cx, "nn.maximum")
}

pub(super) fn min(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    variadic(cx, "nn.minimum")
}

pub(super) fn sum(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    variadic(cx, "nn.add")
}

/// Pow by 1 or 2.
pub(super) fn pow(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2)?;
    let base = Value::Computed(cx.computed(0)?);
    let exponent = cx.constant_input(1, "exponent")?.tensor;
    let exponent = match (exponent.floats(), exponent.integers()) {
        (Some(list), _) if list.len() == 1 => list[0],
        (_, Some(list)) if list.len() == 1 => list[0] as f32,
        _ => 0.0,
    };
    if exponent == 1.0 {
        cx.set(0, base);
        return Ok(());
    }
    if exponent != 2.0 {
        return Err(attribute("its exponent is neither 1 nor 2", "use products").into());
    }
    let square = two(cx, "nn.mul", base.clone(), base)?;
    cx.set_computed(square);
    Ok(())
}

pub(super) fn neg(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=1)?;
    let x = Value::Computed(cx.computed(0)?);
    let negative = with_number(cx, "nn.mul", x, -1.0)?;
    cx.set_computed(negative);
    Ok(())
}

/// The larger of a number and its negative.
pub(super) fn abs(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(1..=1)?;
    let x = Value::Computed(cx.computed(0)?);
    let negative = with_number(cx, "nn.mul", x.clone(), -1.0)?;
    let larger = two(cx, "nn.maximum", x, Value::Computed(negative))?;
    cx.set_computed(larger);
    Ok(())
}

fn of_inputs(
    cx: &mut OpCx<'_, '_>,
    name: &str,
    of_constants: fn(&mut OpCx<'_, '_>) -> Result<(), Stop>,
) -> Result<(), Stop> {
    let (a, b) = (cx.input(0)?, cx.input(1)?);
    if let (Value::Constant(_), Value::Constant(_)) = (&a, &b) {
        return of_constants(cx);
    }
    let result = two(cx, name, a, b)?;
    cx.set_computed(result);
    Ok(())
}

/// An operator of any number of tensors, from left to right.
fn variadic(cx: &mut OpCx<'_, '_>, name: &str) -> Result<(), Stop> {
    let count = cx.node.inputs.len();
    cx.operands(1..=count.max(1))?;
    let mut all = Value::Computed(cx.computed(0)?);
    for i in 1..count {
        let next = cx.input(i)?;
        all = Value::Computed(two(cx, name, all, next)?);
    }
    cx.set(0, all);
    Ok(())
}

/// An op on a tensor and a number.
pub(super) fn with_number(
    cx: &mut OpCx<'_, '_>,
    name: &str,
    x: Value,
    number: f32,
) -> Result<Computed, Stop> {
    let layer = cx.node.layer().to_owned();
    let number = Named::plain(format!("{layer}_number"), Tensor::of_floats(&[], [number]));
    two(cx, name, x, Value::Constant(number))
}

/// An op on two tensors that broadcast, one of which the network computes.
pub(super) fn two(cx: &mut OpCx<'_, '_>, name: &str, a: Value, b: Value) -> Result<Computed, Stop> {
    match (a, b) {
        (Value::Computed(a), Value::Computed(b)) => of_computed(cx, name, a, b),
        (Value::Computed(a), Value::Constant(b)) => with_constant(cx, name, a, b, false),
        (Value::Constant(a), Value::Computed(b)) => with_constant(cx, name, b, a, true),
        _ => Err(Stop::Upstream),
    }
}

fn fitting(a: &[i64], b: &[i64]) -> Result<Vec<i64>, Stop> {
    let shape = nn::broadcast(a, b);
    shapes(shape.is_some(), || {
        format!("shapes {a:?} and {b:?} do not broadcast")
    })?;
    shape.ok_or(Stop::Upstream)
}

/// A value under a shape with dimensions of one before it.
fn raised(cx: &mut OpCx<'_, '_>, c: Computed, rank: usize) -> Result<Computed, Stop> {
    let c = cx.whole(&c);
    let more = rank - c.shape.len();
    if more == 0 {
        return Ok(c);
    }
    let mut shape = vec![1; more];
    shape.extend(&c.shape);
    let mut order: Vec<usize> = (0..more).collect();
    order.extend(c.order.iter().map(|d| d + more));
    let stored: Vec<i64> = order.iter().map(|&d| shape[d]).collect();
    let value = cx.reshape(c.value, &stored);
    Ok(Computed::ordered(value, &shape, &order))
}

fn of_computed(
    cx: &mut OpCx<'_, '_>,
    name: &str,
    a: Computed,
    b: Computed,
) -> Result<Computed, Stop> {
    let shape = fitting(&a.shape, &b.shape)?;
    if a.shape == b.shape && a.base == b.base && a.order == b.order {
        let (stored, state) = (a.stored(), state(cx, name, [a.value, b.value]));
        let elem = float(cx, a.value)?;
        let value = cx.emit(state, &stored, elem);
        return Ok(a.with(value));
    }
    let (a, b) = (raised(cx, a, shape.len())?, raised(cx, b, shape.len())?);
    // What is in another order than its shape mostly goes on to operators that want it so.
    let order = if b.is_plain() {
        a.order.clone()
    } else {
        b.order.clone()
    };
    let values = [cx.in_order(&a, &order), cx.in_order(&b, &order)];
    let stored: Vec<i64> = order.iter().map(|&d| shape[d]).collect();
    let elem = float(cx, values[0])?;
    let state = state(cx, name, values);
    let value = cx.emit(state, &stored, elem);
    Ok(Computed::ordered(value, &shape, &order))
}

fn with_constant(
    cx: &mut OpCx<'_, '_>,
    name: &str,
    c: Computed,
    constant: Named,
    first: bool,
) -> Result<Computed, Stop> {
    let shape = fitting(&c.shape, &constant.tensor.shape)?;
    if constant.tensor.dtype != DataType::FLOAT {
        return Err(element_type("constant", constant.tensor.dtype).into());
    }
    let elem = float(cx, c.value)?;
    // One number is the same in any order.
    let c = match constant.tensor.elements() {
        1 if shape == c.shape => c,
        _ => raised(cx, c, shape.len())?,
    };
    let constant = if constant.tensor.elements() == 1 {
        constant.reshaped(&[1])
    } else {
        let mut extents = vec![1; shape.len() - constant.tensor.shape.len()];
        extents.extend(&constant.tensor.shape);
        let constant = constant.reshaped(&extents).permuted(&c.order);
        let dims = constant.tensor.shape.clone();
        let ones = dims.iter().take_while(|&&n| n == 1).count();
        constant.reshaped(&dims[ones..])
    };
    let addend = match name {
        "nn.add" => Some(constant.clone()),
        "nn.sub" if !first => Some(negative(&constant)),
        _ => None,
    };
    if let Some(addend) = addend {
        if let Some(value) = fuse::bias(cx, c.value, &addend)? {
            return Ok(c.with(value));
        }
    }
    let constant = cx.constant(&constant)?;
    let operands = if first {
        [constant, c.value]
    } else {
        [c.value, constant]
    };
    let stored: Vec<i64> = if shape == c.shape {
        c.stored()
    } else {
        c.order.iter().map(|&d| shape[d]).collect()
    };
    let state = state(cx, name, operands);
    let value = cx.emit(state, &stored, elem);
    Ok(if shape == c.shape {
        c.with(value)
    } else {
        Computed::ordered(value, &shape, &c.order)
    })
}

fn negative(constant: &Named) -> Named {
    let values = constant.tensor.floats().unwrap_or_default();
    let values = values.iter().map(|x| -x);
    let tensor = Tensor::of_floats(&constant.tensor.shape, values);
    Named::plain(constant.name.clone(), tensor)
}

fn float(cx: &mut OpCx<'_, '_>, value: ValueId) -> Result<ir::Type, Stop> {
    let (elem, f32) = (cx.elem(value), cx.module().f32());
    if elem == f32 {
        Ok(elem)
    } else {
        Err(element_type("operand", DataType::INT8).into())
    }
}

fn state(cx: &mut OpCx<'_, '_>, name: &str, operands: [ValueId; 2]) -> OpState {
    let state = OpState::new(name).operands(&operands);
    match name {
        "nn.maximum" | "nn.minimum" => state,
        _ => state.prop("activation", cx.module().str_attr("none")),
    }
}
