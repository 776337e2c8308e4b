//! Images of another size.

use super::{activation_elements, result_shape, same_quantisation, value_shape};
use crate::verify::VerifyCx;
use crate::{DialectRegistryBuilder, OpRef, RegistryError, define_op};

define_op! {
    /// `nn.resize_bilinear`: an image NHWC of other rows and columns, each element the mean of four by its distances to them.
    ///
    /// Row `y` of the result is at `y · rows / result rows` of the input; with `half_pixel_centers` at `(y + ½) · rows / result rows − ½`;
    /// with `align_corners`, if there are several, at `y · (rows − 1) / (result rows − 1)`. So are columns. Int8 has positions of ten fractional
    /// bits, and rounds half away from zero. Input and output have one quantisation.
    pub struct ResizeBilinearOp = "nn.resize_bilinear" {
        traits: { pure },
        operands: { input: one Tensor },
        results: { output: one Tensor },
        attrs: { align_corners: req Bool, half_pixel_centers: req Bool },
        verify: verify_resize,
    }
}

fn verify_resize(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    activation_elements(op, cx);
    same_quantisation(op, cx);
    let (input, output) = (value_shape(op, 0), result_shape(op));
    let fits = match (input.as_slice(), output.as_slice()) {
        (&[n, h, w, c], &[on, oh, ow, oc]) => {
            n == on && c == oc && [h, w, oh, ow].iter().all(|&x| (1..1 << 20).contains(&x))
        }
        _ => false,
    };
    cx.check(fits, op, "V023", || {
        format!("{output:?} is no other size of {input:?} (NHWC)")
    });
    let r = ResizeBilinearOp(op.id);
    let both = r.align_corners(op.module) && r.half_pixel_centers(op.module);
    cx.check(!both, op, "V025", || {
        "`align_corners` and `half_pixel_centers` exclude each other".to_owned()
    });
}

/// Registers the op.
pub(super) fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(ResizeBilinearOp::info())?;
    Ok(())
}
