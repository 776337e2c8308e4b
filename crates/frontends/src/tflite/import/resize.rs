//! RESIZE_BILINEAR.

use ir::OpState;

use super::context::{OpCx, Stop, float_or_int8, same_quantization, shapes};
use super::layout::constant_numbers;
use crate::finding::Finding;
use crate::tflite::codes;
use crate::tflite::options::{Options, ResizeBilinear};

/// Largest number of rows or columns.
const MAX_EXTENT: i64 = 1 << 16;

pub(super) fn resize_bilinear(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2, 1)?;
    let (input, output) = (cx.input(0)?, cx.output()?);
    float_or_int8(&[input, output])?;
    same_quantization(input, output)?;
    let size = constant_numbers(cx, 1)?;
    let fits = match (input.shape.as_slice(), output.shape.as_slice()) {
        (&[n, h, w, c], &[on, oh, ow, oc]) => {
            let extents = [h, w, oh, ow];
            n == on
                && c == oc
                && size == [oh, ow]
                && extents.iter().all(|&x| (1..=MAX_EXTENT).contains(&x))
        }
        _ => false,
    };
    shapes(fits, || {
        format!(
            "its input {:?} of the size {size:?} is not its output {:?}",
            input.shape, output.shape
        )
    })?;
    let ResizeBilinear {
        align_corners,
        half_pixel_centers,
    } = match cx.operator.options {
        Options::ResizeBilinear(options) => options,
        _ => ResizeBilinear {
            align_corners: false,
            half_pixel_centers: false,
        },
    };
    if align_corners && half_pixel_centers {
        return Err(Finding::new(
            codes::PARAMETER,
            "it aligns corners and centers of pixels",
            "state one of the two",
        )
        .into());
    }
    let value = cx.value(0)?;
    let m = cx.module();
    let (align, centers) = (m.bool_attr(align_corners), m.bool_attr(half_pixel_centers));
    cx.emit(
        OpState::new("nn.resize_bilinear")
            .operands(&[value])
            .prop("align_corners", align)
            .prop("half_pixel_centers", centers),
    )
}
