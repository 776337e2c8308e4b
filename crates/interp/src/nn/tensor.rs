//! Tensors between the IR and the kernels: bytes, shapes, quantisation.

use ir::dialects::nn::Element;
use ir::interfaces::{Datum, EvalError};
use ir::{OpRef, Type};
use std::sync::Arc;

/// The bytes of an operand.
pub struct Input<'a>(&'a [u8]);

/// The bytes of an operand.
pub fn input<'a>(op: OpRef<'_>, args: &'a [Datum], i: usize) -> Result<Input<'a>, EvalError> {
    match args.get(i) {
        Some(Datum::Bytes(bytes)) => Ok(Input(bytes)),
        _ => Err(unsupported(op, "an operand is not a tensor")),
    }
}

impl Input<'_> {
    /// As int8.
    pub fn i8(self) -> Vec<i8> {
        self.0.iter().map(|&b| b as i8).collect()
    }

    /// As int32, little endian.
    pub fn i32(self) -> Vec<i32> {
        self.words().map(i32::from_le_bytes).collect()
    }

    /// As float32, little endian.
    pub fn f32(self) -> Vec<f32> {
        self.words().map(f32::from_le_bytes).collect()
    }

    fn words(&self) -> impl Iterator<Item = [u8; 4]> + '_ {
        self.0.chunks_exact(4).map(|c| [c[0], c[1], c[2], c[3]])
    }
}

/// The bytes of int8 elements.
pub fn bytes_of_i8(values: &[i8]) -> Arc<[u8]> {
    values.iter().map(|&x| x as u8).collect()
}

/// The little-endian bytes of float32 elements.
pub fn bytes_of_f32(values: &[f32]) -> Arc<[u8]> {
    values.iter().flat_map(|x| x.to_le_bytes()).collect()
}

/// The op cannot be interpreted, and why.
pub fn unsupported(op: OpRef<'_>, why: &str) -> EvalError {
    EvalError::Unsupported(format!("`{}`: {why}", op.name()))
}

/// Every operand is a tensor of the size that its type says.
pub fn check_sizes(op: OpRef<'_>, args: &[Datum]) -> Result<(), EvalError> {
    if args.len() != op.operand_count() {
        return Err(unsupported(op, "the number of operands differs"));
    }
    for (i, arg) in args.iter().enumerate() {
        let want = op.operand_type(i).and_then(|t| op.module.size_bytes(t));
        let fits = match arg {
            Datum::Bytes(bytes) => want == Some(bytes.len() as u64),
            _ => false,
        };
        if !fits {
            return Err(unsupported(op, &format!("operand {i} has the wrong size")));
        }
    }
    Ok(())
}

/// What a tensor's elements are.
pub fn element(op: OpRef<'_>, ty: Option<Type>) -> Element {
    ty.map_or(Element::Other, |t| ir::dialects::nn::element(op.module, t))
}

/// The shape of a tensor.
pub fn dims(op: OpRef<'_>, ty: Option<Type>) -> Result<Vec<usize>, EvalError> {
    let shape = ty.and_then(|t| op.module.type_data(t).shape());
    shape
        .and_then(|s| s.iter().map(|&d| usize::try_from(d).ok()).collect())
        .ok_or_else(|| unsupported(op, "a shape is not static"))
}

/// Elements of the first result.
pub fn output_len(op: OpRef<'_>) -> Result<usize, EvalError> {
    /// No tensor that a microcontroller holds is larger; keeps a hostile shape from allocating.
    const LIMIT: u64 = 1 << 28;
    let n = op.result_type(0).and_then(|t| op.module.num_elements(t));
    n.filter(|&n| n <= LIMIT)
        .map(|n| n as usize)
        .ok_or_else(|| unsupported(op, "the result is too large"))
}

/// Scale and zero point of a per-tensor quantised type; the scale is the file's own float32.
pub fn quantisation(op: OpRef<'_>, ty: Option<Type>) -> Result<(f32, i32), EvalError> {
    let q = ty
        .and_then(|t| op.module.quant_of(t))
        .filter(|q| q.axis.is_none());
    let q = q.ok_or_else(|| unsupported(op, "a tensor is not quantised per tensor"))?;
    let zero_point = i32::try_from(q.zero_point(0))
        .map_err(|_| unsupported(op, "a zero point exceeds 32 bits"))?;
    Ok((q.scale(0) as f32, zero_point))
}

/// The scales of a quantised type, one or one a channel, and the zero point if there is one scale. A file's scales are of single
/// precision, but an import may need others.
pub fn filter_quantisation(op: OpRef<'_>, ty: Option<Type>) -> Result<(Vec<f64>, i32), EvalError> {
    let q = ty.and_then(|t| op.module.quant_of(t));
    let q = q.ok_or_else(|| unsupported(op, "the filter is not quantised"))?;
    let scales: Vec<f64> = q.scales().collect();
    let zero_point = match q.zero_points[..] {
        [z] => i32::try_from(z).map_err(|_| unsupported(op, "a zero point exceeds 32 bits"))?,
        _ => 0,
    };
    Ok((scales, zero_point))
}

/// Scales and zero points of a quantised type, and from how many elements on the next ones hold.
pub struct Slices {
    /// Scale and zero point of each index of the quantised dimension; one if there is none.
    pub parameters: Vec<(f32, i32)>,
    /// Elements in a row of one index.
    pub inner: usize,
}

/// The slices of a quantised tensor.
pub fn slices(op: OpRef<'_>, ty: Option<Type>) -> Result<Slices, EvalError> {
    let shape = dims(op, ty)?;
    let q = ty.and_then(|t| op.module.quant_of(t));
    let q = q.ok_or_else(|| unsupported(op, "a tensor is not quantised"))?;
    let zero_points = q.zero_points.iter().map(|&z| i32::try_from(z));
    let parameters = q.scales().zip(zero_points);
    let parameters: Option<Vec<(f32, i32)>> =
        parameters.map(|(s, z)| Some((s as f32, z.ok()?))).collect();
    let parameters = parameters.ok_or_else(|| unsupported(op, "a zero point exceeds 32 bits"))?;
    let behind = q.axis.map_or(0, |a| a as usize + 1);
    let inner = shape.get(behind..).unwrap_or(&[]).iter().product();
    Ok(Slices { parameters, inner })
}

impl Slices {
    /// Calls `each` with scale, zero point and the elements' range, slice by slice of `n` elements.
    pub fn each<E>(
        &self,
        n: usize,
        mut each: impl FnMut(f32, i32, std::ops::Range<usize>) -> Result<(), E>,
    ) -> Result<(), E> {
        let inner = self.inner.max(1);
        for (i, start) in (0..n).step_by(inner).enumerate() {
            let (scale, zero_point) = self.parameters[i % self.parameters.len()];
            each(scale, zero_point, start..(start + inner).min(n))?;
        }
        Ok(())
    }
}
