//! Biases and filters of integer layers.

use super::sources::{constant, dequantized, floats, symmetric, with_elem};
use ir::dialects::nn::{Element, element};
use ir::interfaces::Datum;
use ir::rewrite::fold;
use ir::{Module, OpId, ValueId};

/// Of a bias in steps of its accumulator: more could overflow the sum.
const LARGEST_BIAS: f64 = (1u32 << 30) as f64;

/// How far a bias' own scale may be from the accumulator's, relatively, to be taken for it: both are products of two floats.
const SAME_SCALE: f64 = 1e-6;

/// A filter with zero points of 0 where its elements allow it, as an int8 value; else with its one zero point.
pub(super) fn filter(m: &mut Module, v: ValueId, before: OpId) -> Option<ValueId> {
    let source = dequantized(m, v)?;
    let ty = m.value_type(source);
    let q = m.quant_of(ty)?.clone();
    let value = m.constant_value(source)?;
    if element(m, ty) != Element::QuantI8 {
        return None;
    }
    if q.zero_points.iter().all(|&z| z == 0) {
        return Some(source);
    }
    let Some(Datum::Bytes(bytes)) = fold::datum(m, value) else {
        return None;
    };
    let shape = m.type_data(ty).shape()?.to_vec();
    let behind = q.axis.map_or(0, |a| a as usize + 1);
    let inner: i64 = shape.get(behind..)?.iter().product();
    let inner = usize::try_from(inner).ok()?.max(1);
    let stored = |(i, &b): (usize, &u8)| {
        let z = q.zero_points[(i / inner) % q.zero_points.len()];
        let x = i8::try_from(i64::from(b as i8) - z).ok()?;
        Some(x as u8)
    };
    let shifted: Option<Vec<u8>> = bytes.iter().enumerate().map(stored).collect();
    let Some(bytes) = shifted else {
        return q.axis.is_none().then_some(source);
    };
    let elem = symmetric(m, 8, q.scales().collect(), q.axis.unwrap_or(0));
    let ty = with_elem(m, ty, elem);
    constant(m, ty, bytes, before)
}

/// A bias in steps of `scales`, as an int32 value: the file's own if that has these steps already, else rounded to them.
pub(super) fn bias(m: &mut Module, v: ValueId, scales: &[f64], before: OpId) -> Option<ValueId> {
    if let Some(source) = dequantized(m, v) {
        let q = m.quant_of(m.value_type(source))?;
        let one_each = scales.len() == q.scales().len() || q.scales().len() == 1;
        let of = |i: usize| q.scale(i.min(q.scales().len() - 1));
        let close = |(i, s): (usize, &f64)| (of(i) - s).abs() <= s * SAME_SCALE;
        let same = one_each
            && element(m, m.value_type(source)) == Element::I32
            && q.zero_points.iter().all(|&z| z == 0)
            && scales.iter().enumerate().all(close);
        if same {
            return Some(source);
        }
    }
    let values = floats(m, v)?;
    let steps = |(i, &x): (usize, &f32)| {
        let steps = (f64::from(x) / scales[i % scales.len()]).round();
        (steps.abs() < LARGEST_BIAS).then_some(steps as i32)
    };
    let steps: Vec<i32> = values
        .iter()
        .enumerate()
        .map(steps)
        .collect::<Option<_>>()?;
    let elem = symmetric(m, 32, scales.to_vec(), 0);
    let ty = m.value_type(v);
    let ty = with_elem(m, ty, elem);
    let bytes = steps.into_iter().flat_map(i32::to_le_bytes).collect();
    constant(m, ty, bytes, before)
}
