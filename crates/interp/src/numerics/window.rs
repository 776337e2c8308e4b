//! The sliding window that convolutions and pools share.

use super::error::NumericsError;
use std::ops::Range;

/// Strides, dilations and explicit pads of a sliding window, in elements of the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Window {
    /// Vertical stride, at least 1.
    pub stride_h: usize,
    /// Horizontal stride, at least 1.
    pub stride_w: usize,
    /// Vertical distance of two taps, at least 1.
    pub dilation_h: usize,
    /// Horizontal distance of two taps, at least 1.
    pub dilation_w: usize,
    /// Rows added above.
    pub pad_top: usize,
    /// Columns added at the left.
    pub pad_left: usize,
    /// Rows added below.
    pub pad_bottom: usize,
    /// Columns added at the right.
    pub pad_right: usize,
}

impl Window {
    /// Stride and dilation 1, no padding.
    pub const UNIT: Self = Self {
        stride_h: 1,
        stride_w: 1,
        dilation_h: 1,
        dilation_w: 1,
        pad_top: 0,
        pad_left: 0,
        pad_bottom: 0,
        pad_right: 0,
    };

    /// Output height and width over an input of `in_h` × `in_w` with a kernel of `kernel_h` × `kernel_w`.
    ///
    /// # Errors
    /// [`NumericsError::Shape`] when an extent, stride or dilation is zero, the padded input is smaller
    /// than the dilated kernel, or a size overflows 31 bits.
    pub fn output_size(
        &self,
        (in_h, in_w): (usize, usize),
        (kernel_h, kernel_w): (usize, usize),
    ) -> Result<(usize, usize), NumericsError> {
        let axis = |input: usize, kernel, stride, dilation, before: usize, after| {
            const LIMIT: usize = i32::MAX as usize;
            let all = [input, kernel, stride, dilation, before, after];
            if all.iter().any(|&x| x > LIMIT) {
                return Err(NumericsError::Shape("a window extent exceeds 31 bits"));
            }
            if [input, kernel, stride, dilation].contains(&0) {
                return Err(NumericsError::Shape(
                    "a window extent, stride or dilation is zero",
                ));
            }
            let padded = input as u64 + before as u64 + after as u64;
            let reach = (kernel as u64 - 1) * dilation as u64 + 1;
            if padded > LIMIT as u64 || reach > padded {
                return Err(NumericsError::Shape(
                    "the dilated kernel exceeds the padded input",
                ));
            }
            Ok(((padded - reach) / stride as u64 + 1) as usize)
        };
        Ok((
            axis(
                in_h,
                kernel_h,
                self.stride_h,
                self.dilation_h,
                self.pad_top,
                self.pad_bottom,
            )?,
            axis(
                in_w,
                kernel_w,
                self.stride_w,
                self.dilation_w,
                self.pad_left,
                self.pad_right,
            )?,
        ))
    }

    /// First input row of output row `y`, before padding is cut; may be negative.
    #[inline]
    pub(crate) fn origin_y(&self, y: usize) -> i64 {
        (y * self.stride_h) as i64 - self.pad_top as i64
    }

    /// First input column of output column `x`, before padding is cut; may be negative.
    #[inline]
    pub(crate) fn origin_x(&self, x: usize) -> i64 {
        (x * self.stride_w) as i64 - self.pad_left as i64
    }
}

/// Taps `k` in `0..kernel` with `0 ≤ origin + k·dilation < extent`: the window without its padding.
#[inline]
pub(crate) fn inside(origin: i64, kernel: usize, dilation: usize, extent: usize) -> Range<usize> {
    let dilation = dilation as i64;
    let first = if origin < 0 {
        (-origin + dilation - 1) / dilation
    } else {
        0
    };
    let room = extent as i64 - origin;
    let end = if room <= 0 {
        0
    } else {
        ((room + dilation - 1) / dilation).min(kernel as i64)
    };
    first as usize..(end.max(first)) as usize
}

/// Extents of an NHWC operation with a sliding window.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WindowShape {
    /// Images.
    pub batches: usize,
    /// Input rows.
    pub in_h: usize,
    /// Input columns.
    pub in_w: usize,
    /// Input channels.
    pub in_c: usize,
    /// Kernel rows.
    pub kernel_h: usize,
    /// Kernel columns.
    pub kernel_w: usize,
    /// Output channels.
    pub out_c: usize,
    /// The window.
    pub window: Window,
}

impl WindowShape {
    /// Output height and width.
    ///
    /// # Errors
    /// As [`Window::output_size`].
    pub fn output_size(&self) -> Result<(usize, usize), NumericsError> {
        self.window
            .output_size((self.in_h, self.in_w), (self.kernel_h, self.kernel_w))
    }

    /// Elements of the input.
    ///
    /// # Errors
    /// [`NumericsError::Shape`] on overflow.
    pub fn input_len(&self) -> Result<usize, NumericsError> {
        product(&[self.batches, self.in_h, self.in_w, self.in_c])
    }

    /// Elements of the output.
    ///
    /// # Errors
    /// [`NumericsError::Shape`] on overflow or as [`Window::output_size`].
    pub fn output_len(&self) -> Result<usize, NumericsError> {
        let (h, w) = self.output_size()?;
        product(&[self.batches, h, w, self.out_c])
    }
}

/// The product of extents, or an error on overflow.
pub(crate) fn product(extents: &[usize]) -> Result<usize, NumericsError> {
    extents
        .iter()
        .try_fold(1usize, |total, &x| total.checked_mul(x))
        .ok_or(NumericsError::Shape("the number of elements overflows"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn inside_is_the_filter(origin in -20i64..20, kernel in 1usize..8, dilation in 1usize..4, extent in 1usize..12) {
            let expected: Vec<usize> = (0..kernel)
                .filter(|&k| (0..extent as i64).contains(&(origin + (k * dilation) as i64)))
                .collect();
            prop_assert_eq!(inside(origin, kernel, dilation, extent).collect::<Vec<_>>(), expected);
        }
    }

    #[test]
    fn output_sizes() {
        // 10×4 kernel over 49×10 with strides 2 and SAME padding: 25×5 (the first layer of KWS).
        let window = Window {
            stride_h: 2,
            stride_w: 2,
            pad_top: 4,
            pad_bottom: 5,
            pad_left: 1,
            pad_right: 1,
            ..Window::UNIT
        };
        assert_eq!(window.output_size((49, 10), (10, 4)), Ok((25, 5)));
        assert!(Window::UNIT.output_size((2, 2), (3, 1)).is_err());
        assert!(Window::UNIT.output_size((2, 0), (1, 1)).is_err());
        assert!(Window::UNIT.output_size((usize::MAX, 1), (1, 1)).is_err());
    }
}
