//! TRANSPOSE_CONV: a convolution for each phase of the strides, whose results are interleaved.
//!
//! Phases of one form are channels of one convolution; else their results lie one after the other. Either way elements are moved once, in
//! runs of the output's channels.

use ir::{Module, OpState, QuantType, Type, TypeData, ValueId};

use super::activation;
use super::context::{OpCx, Stop, affine, element_types, quantization, shapes};
use super::layout::constant_numbers;
use super::rescale;
use super::weighted::{Arithmetic, Positions, Weighted};
use crate::finding::{CONVERT_AGAIN, Finding};
use crate::tflite::codes;
use crate::tflite::options::{Options, Padding, TransposeConv};
use crate::transposed::{Phase, are_alike, filter, phases};

/// Largest extent of a kernel, and number of phases.
const MAX_KERNEL: i64 = 1 << 16;
const MAX_PHASES: i64 = 64;

/// Where the operator has its operands: the output's shape comes first.
const POSITIONS: Positions = Positions {
    filter: 1,
    input: 2,
    bias: 3,
};

pub(super) fn transpose_conv(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(3..=4, 1)?;
    let operands = Weighted::at(cx, POSITIONS, 0)?;
    let Options::TransposeConv(options) = cx.operator.options else {
        return Err(Finding::new(
            codes::OPTIONS_MISSING,
            "its parameters are missing",
            CONVERT_AGAIN,
        )
        .into());
    };
    let layer = Layer::new(cx, &operands, options)?;
    if operands.arithmetic == Arithmetic::Hybrid {
        return Err(element_types(&[operands.input, operands.filter, operands.output]).into());
    }
    if operands.arithmetic == Arithmetic::Int8 {
        if quantization(operands.filter)?
            .zero_points
            .iter()
            .any(|&z| z != 0)
        {
            return Err(Finding::new(
                codes::QUANTIZATION,
                "its int8 filter has a zero point other than 0",
                "convolution filters are symmetric; convert the model again",
            )
            .into());
        }
        operands.rescale()?;
        rescale::activation_bounds(options.activation, affine(operands.output)?.0)?;
    }
    layer.build(cx, &operands)
}

/// Extents and phases.
struct Layer {
    batches: i64,
    /// Rows and columns of the output.
    output: [i64; 2],
    /// Of a phase's output.
    results: [i64; 2],
    /// O, H, W, I.
    filter: [i64; 4],
    strides: [i64; 2],
    rows: Vec<Phase>,
    columns: Vec<Phase>,
    options: TransposeConv,
}

impl Layer {
    fn new(
        cx: &OpCx<'_, '_>,
        operands: &Weighted<'_>,
        options: TransposeConv,
    ) -> Result<Layer, Finding> {
        let (input, kernel, output) = (
            operands.input.shape.as_slice(),
            operands.filter.shape.as_slice(),
            operands.output.shape.as_slice(),
        );
        let (&[n, h, w, c], &[o, kh, kw, taken], &[on, oh, ow, oc]) = (input, kernel, output)
        else {
            let message = format!(
                "its input {input:?}, filter {kernel:?} or output {output:?} is not of four dimensions"
            );
            return Err(Finding::new(codes::OPERAND_SHAPE, message, CONVERT_AGAIN));
        };
        let stated = match cx.constant_bytes(0) {
            Some(_) => constant_numbers(cx, 0)? == output,
            None => true,
        };
        let strides = options.stride;
        let sizes = [(h, kh, oh, strides[0]), (w, kw, ow, strides[1])];
        // The sizes that a convolution with these parameters makes of the output.
        let convolved = |(_, kernel, output, stride): (i64, i64, i64, i64)| match options.padding {
            Padding::Same => (output - 1) / stride + 1,
            Padding::Valid if kernel > output => 0,
            Padding::Valid => (output - kernel) / stride + 1,
        };
        let fits = sizes
            .iter()
            .all(|&s| s.0 == convolved(s) && s.1 > 0 && s.2 > 0);
        shapes(fits && stated && n == on && c == taken && o == oc, || {
            format!(
                "its input {input:?} and its filter {kernel:?} do not give its output {output:?}"
            )
        })?;
        let few = strides[0]
            .checked_mul(strides[1])
            .is_some_and(|n| n <= MAX_PHASES);
        if !few || kh.max(kw) > MAX_KERNEL {
            return Err(Finding::new(
                codes::PARAMETER,
                format!("its kernel of {kh} x {kw} has the strides {strides:?}"),
                "use strides of at most 8",
            ));
        }
        let along = |(input, kernel, output, stride): (i64, i64, i64, i64)| {
            let cut = match options.padding {
                Padding::Same => ((input - 1) * stride + kernel - output).max(0) / 2,
                Padding::Valid => 0,
            };
            phases(input, output, kernel, stride, cut)
        };
        Ok(Layer {
            batches: n,
            output: [oh, ow],
            results: [(oh - 1) / strides[0] + 1, (ow - 1) / strides[1] + 1],
            filter: [o, kh, kw, c],
            strides,
            rows: along(sizes[0]),
            columns: along(sizes[1]),
            options,
        })
    }

    /// Every phase, rows before columns.
    fn each(&self) -> impl Iterator<Item = (&Phase, &Phase)> {
        let columns = &self.columns;
        self.rows
            .iter()
            .flat_map(move |r| columns.iter().map(move |c| (r, c)))
    }

    fn build(&self, cx: &mut OpCx<'_, '_>, operands: &Weighted<'_>) -> Result<(), Stop> {
        let [sh, sw] = self.strides;
        let ([h, w], outputs) = (self.results, self.filter[0]);
        let value = cx.value(POSITIONS.input)?;
        if sh * sw == 1 {
            let only = [(&self.rows[0], &self.columns[0])];
            let state = self.convolution(cx, operands, value, 0, &only)?;
            return cx.emit(state);
        }
        let phases: Vec<(&Phase, &Phase)> = self.each().collect();
        let n = self.batches;
        let interleaved = if are_alike(&self.rows) && are_alike(&self.columns) {
            let state = self.convolution(cx, operands, value, 0, &phases)?;
            let all = cx.intermediate(state, &[n, h, w, sh * sw * outputs])?;
            let parts = reshaped(cx, all, &[n, h, w, sh, sw, outputs])?;
            moved(cx, parts, &[0, 1, 3, 2, 4, 5], &[n, h, sh, w, sw, outputs])?
        } else {
            let mut results = Vec::with_capacity(phases.len());
            for (i, &phase) in phases.iter().enumerate() {
                let state = self.convolution(cx, operands, value, i, &[phase])?;
                results.push(cx.intermediate(state, &[n, h, w, outputs])?);
            }
            let axis = cx.module().i64_attr(0);
            let state = OpState::new("nn.concatenation").operands(&results);
            let all = cx.intermediate(state.prop("axis", axis), &[sh * sw * n, h, w, outputs])?;
            let parts = reshaped(cx, all, &[sh, sw, n, h, w, outputs])?;
            moved(cx, parts, &[2, 3, 0, 4, 1, 5], &[n, h, sh, w, sw, outputs])?
        };
        let [oh, ow] = self.output;
        let (rows, columns) = (h * sh, w * sw);
        let whole = reshaped(cx, interleaved, &[n, rows, columns, outputs])?;
        let whole = first(cx, whole, 1, [oh, rows])?;
        let whole = first(cx, whole, 2, [ow, columns])?;
        cx.set_output(whole);
        Ok(())
    }

    /// A convolution whose channels are those of these phases, which are of one form, from number `index` on.
    fn convolution(
        &self,
        cx: &mut OpCx<'_, '_>,
        operands: &Weighted<'_>,
        value: ValueId,
        index: usize,
        phases: &[(&Phase, &Phase)],
    ) -> Result<OpState, Stop> {
        let (down, right) = phases[0];
        let times = phases.len();
        let stored = cx.constant_bytes(POSITIONS.filter).unwrap_or(&[]);
        let size =
            usize::try_from(operands.filter.elements()).map_or(1, |n| stored.len() / n.max(1));
        let extents = self.filter.map(|n| usize::try_from(n).unwrap_or(0));
        let bytes = phases
            .iter()
            .flat_map(|&of| filter(stored, extents, size, of))
            .collect();
        let shape = [
            times as i64 * self.filter[0],
            down.taps.len() as i64,
            right.taps.len() as i64,
            self.filter[3],
        ];
        let elem = repeated(cx.module(), operands.filter, times)?;
        let weights = cx.derived_constant(
            POSITIONS.filter,
            &format!("phase_{index}"),
            &shape,
            elem,
            bytes,
        )?;
        let mut values = vec![value, weights];
        match operands.bias {
            Some(bias) if times > 1 => {
                let elem = repeated(cx.module(), bias, times)?;
                let stored = cx.constant_bytes(POSITIONS.bias).unwrap_or(&[]);
                let bytes = stored.repeat(times);
                values.push(cx.derived_constant(
                    POSITIONS.bias,
                    "phases",
                    &shape[..1],
                    elem,
                    bytes,
                )?);
            }
            Some(_) => values.push(cx.value(POSITIONS.bias)?),
            None => {}
        }
        let m = cx.module();
        let fused = activation::attribute(m, self.options.activation)?;
        let pads = m.i64s_attr(&[down.pads[0], down.pads[1], right.pads[0], right.pads[1]]);
        let unit = m.i64s_attr(&[1, 1]);
        Ok(OpState::new("nn.conv_2d")
            .operands(&values)
            .prop("strides", unit)
            .prop("dilations", unit)
            .prop("pads", pads)
            .prop("activation", fused))
    }
}

/// The elements of a constant whose first dimension is there several times.
fn repeated(
    m: &mut Module,
    tensor: &crate::tflite::model::Tensor,
    times: usize,
) -> Result<Type, Finding> {
    let ty = super::types::tensor_type(m, tensor)?;
    let elem = m.type_data(ty).elem().expect("invariant: a tensor type");
    let TypeData::Quant(q) = m.type_data(elem) else {
        return Ok(elem);
    };
    let Some(axis) = q.axis else {
        return Ok(elem);
    };
    let scales = q.scales().collect::<Vec<f64>>().repeat(times);
    let (width, zero_points) = (q.storage_width, q.zero_points.repeat(times));
    Ok(m.quant(QuantType::per_axis(width, axis, scales, zero_points)))
}

fn reshaped(cx: &mut OpCx<'_, '_>, value: ValueId, shape: &[i64]) -> Result<ValueId, Stop> {
    cx.intermediate(OpState::new("nn.reshape").operands(&[value]), shape)
}

fn moved(
    cx: &mut OpCx<'_, '_>,
    value: ValueId,
    permutation: &[i64],
    shape: &[i64],
) -> Result<ValueId, Stop> {
    let permutation = cx.module().i64s_attr(permutation);
    let state = OpState::new("nn.transpose").operands(&[value]);
    cx.intermediate(state.prop("permutation", permutation), shape)
}

/// The first `count` of a dimension of `extent`.
fn first(
    cx: &mut OpCx<'_, '_>,
    value: ValueId,
    dimension: usize,
    [count, extent]: [i64; 2],
) -> Result<ValueId, Stop> {
    if count == extent {
        return Ok(value);
    }
    let parts = cx.split(value, dimension, [count, extent - count].into_iter());
    Ok(parts[0])
}
