//! What operators with a filter and a bias have in common: element types, quantisation, and hybrid filters.

use ir::{QuantType, ValueId};

use super::context::{OpCx, Stop, affine, element_types, quantization, shapes};
use super::{dequantized, rescale};
use crate::finding::{CONVERT_AGAIN, Finding};
use crate::tflite::codes;
use crate::tflite::model::{Tensor, TensorType};

/// The arithmetic of an operator with a filter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Arithmetic {
    /// Float throughout.
    Float,
    /// Int8 activations and filter, int32 bias.
    Int8,
    /// Float activations, int8 filter: the filter is dequantised.
    Hybrid,
}

/// Where an operator has its operands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Positions {
    pub(super) input: usize,
    pub(super) filter: usize,
    pub(super) bias: usize,
}

/// Input, filter and bias of an operator, checked.
pub(super) struct Weighted<'a> {
    pub(super) input: &'a Tensor,
    pub(super) filter: &'a Tensor,
    pub(super) bias: Option<&'a Tensor>,
    pub(super) output: &'a Tensor,
    pub(super) arithmetic: Arithmetic,
}

impl<'a> Weighted<'a> {
    /// The operands of `cx`'s operator; a per-axis filter runs along `channel_axis`, the filter's output channels.
    pub(super) fn new(cx: &OpCx<'a, '_>, channel_axis: usize) -> Result<Self, Finding> {
        cx.operands(2..=3, 1)?;
        let positions = Positions {
            input: 0,
            filter: 1,
            bias: 2,
        };
        Self::at(cx, positions, channel_axis)
    }

    /// The operands at these positions.
    pub(super) fn at(
        cx: &OpCx<'a, '_>,
        positions: Positions,
        channel_axis: usize,
    ) -> Result<Self, Finding> {
        let (input, filter, bias, output) = (
            cx.input(positions.input)?,
            cx.input(positions.filter)?,
            cx.optional_input(positions.bias),
            cx.output()?,
        );
        let arithmetic = arithmetic(input, filter, bias, output)?;
        let this = Self {
            input,
            filter,
            bias,
            output,
            arithmetic,
        };
        for (position, tensor) in [(positions.filter, Some(filter)), (positions.bias, bias)] {
            if tensor.is_some() && cx.constant_bytes(position).is_none() {
                return Err(Finding::new(
                    codes::NOT_CONSTANT,
                    format!(
                        "its {} is computed at run time",
                        if position == positions.filter {
                            "filter"
                        } else {
                            "bias"
                        }
                    ),
                    "filters and biases must be constants of the file; freeze the network before converting",
                ));
            }
        }
        if let Some(bias) = bias {
            let channels = filter.shape.get(channel_axis).copied();
            shapes(
                bias.shape.len() == 1 && bias.shape.first().copied() == channels,
                || {
                    format!(
                        "its bias has the shape {:?}, its filter {:?}",
                        bias.shape, filter.shape
                    )
                },
            )?;
        }
        if arithmetic == Arithmetic::Int8 {
            this.check_int8(channel_axis)?;
        }
        Ok(this)
    }

    fn check_int8(&self, channel_axis: usize) -> Result<(), Finding> {
        affine(self.input)?;
        affine(self.output)?;
        let filter = quantization(self.filter)?;
        if filter.is_per_axis() && filter.axis != channel_axis {
            return Err(Finding::new(
                codes::QUANTIZATION,
                format!(
                    "its filter is quantised along dimension {}, not {channel_axis}",
                    filter.axis
                ),
                CONVERT_AGAIN,
            ));
        }
        if filter.is_per_axis() && filter.zero_points.iter().any(|&z| z != 0) {
            return Err(Finding::new(
                codes::QUANTIZATION,
                "its filter has several scales and a zero point other than 0",
                "per-channel filters are symmetric; convert the model again",
            ));
        }
        if let Some(quant) = self.bias.and_then(|bias| bias.quant.as_ref()) {
            let count = quant.scales.len();
            if quant.zero_points.iter().any(|&z| z != 0)
                || (count > 1 && count != filter.scales.len())
            {
                return Err(Finding::new(
                    codes::QUANTIZATION,
                    "its bias has a zero point other than 0, or scales that are not its filter's",
                    CONVERT_AGAIN,
                ));
            }
        }
        Ok(())
    }

    /// Refuses factors from accumulator to output that fixed point cannot represent.
    pub(super) fn rescale(&self) -> Result<(), Finding> {
        let (input, _) = affine(self.input)?;
        let (output, _) = affine(self.output)?;
        quantization(self.filter)?
            .scales
            .iter()
            .try_for_each(|&filter| {
                rescale::factor(f64::from(input) * f64::from(filter) / f64::from(output))
            })
    }

    /// The values of a convolution's input, filter and bias.
    ///
    /// The reference kernels of UINT8 multiply the scales of input and filter in single precision, those of INT8 in double. So a filter
    /// that was UINT8 gets the scale whose product in double is theirs.
    pub(super) fn convolution_values(&self, cx: &mut OpCx<'_, '_>) -> Result<Vec<ValueId>, Stop> {
        let mut values = self.values(cx)?;
        if self.arithmetic == Arithmetic::Int8 && cx.is_unsigned(1) {
            let ((input, _), (filter, zero_point)) = (affine(self.input)?, affine(self.filter)?);
            let scale = f64::from(input * filter) / f64::from(input);
            let stored = cx.constant_bytes(1).unwrap_or(&[]).to_vec();
            let elem = cx
                .module()
                .quant(QuantType::per_tensor(8, scale, zero_point));
            values[1] = cx.derived_constant(1, "signed", &self.filter.shape, elem, stored)?;
        }
        Ok(values)
    }

    /// The values of input, filter and bias; a hybrid filter is dequantised, with a remark.
    pub(super) fn values(&self, cx: &mut OpCx<'_, '_>) -> Result<Vec<ValueId>, Stop> {
        let mut values = vec![cx.value(0)?];
        match (self.arithmetic, cx.constant_bytes(1)) {
            (Arithmetic::Hybrid, Some(stored)) => {
                values.push(dequantized::constant(cx, 1, self.filter, stored)?);
                cx.remark(
                    "remark.dequantized-weights",
                    format!(
                        "the int8 weights \"{}\" were dequantised to float, as the activations are",
                        self.filter.name
                    ),
                );
            }
            _ => values.push(cx.value(1)?),
        }
        if self.bias.is_some() {
            values.push(cx.value(2)?);
        }
        Ok(values)
    }
}

fn arithmetic(
    input: &Tensor,
    filter: &Tensor,
    bias: Option<&Tensor>,
    output: &Tensor,
) -> Result<Arithmetic, Finding> {
    use TensorType::{Float32, Int8, Int32};
    let bias_type = bias.map(|b| b.dtype);
    match (input.dtype, filter.dtype, bias_type, output.dtype) {
        (Float32, Float32, None | Some(Float32), Float32) => Ok(Arithmetic::Float),
        (Float32, Int8, None | Some(Float32), Float32) => Ok(Arithmetic::Hybrid),
        (Int8, Int8, None | Some(Int32), Int8) => Ok(Arithmetic::Int8),
        _ => {
            let tensors: Vec<&Tensor> = [Some(input), Some(filter), bias, Some(output)]
                .into_iter()
                .flatten()
                .collect();
            Err(element_types(&tensors))
        }
    }
}
