//! Add.

use ir::OpState;
use ir::dialects::nn;

use super::context::{OpCx, Stop, element_type, shapes};
use super::fold;
use super::fuse;
use super::value::{Computed, Named, Value};
use crate::onnx::model::DataType;

pub(super) fn add(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2)?;
    match (cx.input(0)?, cx.input(1)?) {
        (Value::Constant(_), Value::Constant(_)) => fold::add(cx),
        (Value::Computed(a), Value::Computed(b)) => sum(cx, a, b),
        (Value::Computed(a), Value::Constant(b)) => with_constant(cx, a, b, false),
        (Value::Constant(a), Value::Computed(b)) => with_constant(cx, b, a, true),
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

fn sum(cx: &mut OpCx<'_, '_>, a: Computed, b: Computed) -> Result<(), Stop> {
    let shape = fitting(&a.shape, &b.shape)?;
    if a.shape == b.shape && a.base == b.base && a.order == b.order {
        let (stored, state) = (a.stored(), state(cx, [a.value, b.value]));
        let elem = float(cx, a.value)?;
        let value = cx.emit(state, &stored, elem);
        cx.set_computed(a.with(value));
        return Ok(());
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
    let state = state(cx, values);
    let value = cx.emit(state, &stored, elem);
    cx.set_computed(Computed::ordered(value, &shape, &order));
    Ok(())
}

fn with_constant(
    cx: &mut OpCx<'_, '_>,
    c: Computed,
    constant: Named,
    first: bool,
) -> Result<(), Stop> {
    let shape = fitting(&c.shape, &constant.tensor.shape)?;
    if constant.tensor.dtype != DataType::FLOAT {
        return Err(element_type("constant", constant.tensor.dtype).into());
    }
    let elem = float(cx, c.value)?;
    let c = raised(cx, c, shape.len())?;
    let mut extents = vec![1; shape.len() - constant.tensor.shape.len()];
    extents.extend(&constant.tensor.shape);
    let stored: Vec<i64> = c.order.iter().map(|&d| shape[d]).collect();
    let addend = constant.reshaped(&extents).permuted(&c.order);
    let dims = addend.tensor.shape.as_slice();
    let ones = dims.iter().take_while(|&&n| n == 1).count();
    let dims = dims[ones.min(dims.len().saturating_sub(1))..].to_vec();
    let addend = addend.reshaped(&dims);
    if let Some(value) = fuse::bias(cx, c.value, &addend)? {
        cx.set_computed(c.with(value));
        return Ok(());
    }
    let addend = cx.constant(&addend)?;
    let operands = if first {
        [addend, c.value]
    } else {
        [c.value, addend]
    };
    let state = state(cx, operands);
    let value = cx.emit(state, &stored, elem);
    cx.set_computed(Computed::ordered(value, &shape, &c.order));
    Ok(())
}

fn float(cx: &mut OpCx<'_, '_>, value: ir::ValueId) -> Result<ir::Type, Stop> {
    let (elem, f32) = (cx.elem(value), cx.module().f32());
    if elem == f32 {
        Ok(elem)
    } else {
        Err(element_type("sum", DataType::INT8).into())
    }
}

fn state(cx: &mut OpCx<'_, '_>, operands: [ir::ValueId; 2]) -> OpState {
    let activation = cx.module().str_attr("none");
    OpState::new("nn.add")
        .operands(&operands)
        .prop("activation", activation)
}
