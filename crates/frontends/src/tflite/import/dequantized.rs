//! Integer constants as floats, for hybrid models.

use super::context::{OpCx, Stop};
use crate::tflite::model::{Quant, Tensor};
use ir::ValueId;

/// The float constant `scale · (q − zero_point)` of an int8 constant input.
///
/// Each element is the exact product rounded once, as LiteRT's reference kernel computes it.
pub(super) fn constant(
    cx: &mut OpCx<'_, '_>,
    position: usize,
    tensor: &Tensor,
    stored: &[u8],
) -> Result<ValueId, Stop> {
    let quant = super::context::quantization(tensor)?;
    let bytes = floats(&tensor.shape, quant, stored)
        .flat_map(f32::to_le_bytes)
        .collect();
    let f32 = cx.module().f32();
    cx.derived_constant(position, "float", &tensor.shape, f32, bytes)
}

fn floats<'a>(
    shape: &'a [i64],
    quant: &'a Quant,
    stored: &'a [u8],
) -> impl Iterator<Item = f32> + 'a {
    // Elements from one index of the quantised dimension to the next.
    let inner: i64 = shape.iter().skip(quant.axis + 1).product();
    let inner = usize::try_from(inner).unwrap_or(1).max(1);
    stored.iter().enumerate().map(move |(i, byte)| {
        let slice = (i / inner) % quant.scales.len();
        let q = i64::from(i8::from_le_bytes([*byte]));
        // At most 9 bits: exact in f32.
        let offset = (q - quant.zero_points[slice]) as f32;
        quant.scales[slice] * offset
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_index_of_the_axis_has_its_scale() {
        let quant = Quant {
            scales: vec![0.5, 2.0, 1.0],
            zero_points: vec![0, 1, -1],
            axis: 1,
        };
        let stored: Vec<u8> = [2i8, -4, 3, 1, 0, -1, -128, 127, 5, 6, 7, 8]
            .map(|q| q.to_le_bytes()[0])
            .to_vec();
        let got: Vec<f32> = floats(&[2, 3, 2], &quant, &stored).collect();
        assert_eq!(
            got,
            [
                1.0, -2.0, 4.0, 0.0, 1.0, 0.0, -64.0, 63.5, 8.0, 10.0, 8.0, 9.0
            ]
        );
    }

    #[test]
    fn one_scale_serves_all() {
        let quant = Quant {
            scales: vec![0.25],
            zero_points: vec![-4],
            axis: 0,
        };
        let got: Vec<f32> = floats(&[2, 2], &quant, &[0, 4, 252, 128]).collect();
        assert_eq!(got, [1.0, 2.0, 0.0, -31.0]);
    }
}
