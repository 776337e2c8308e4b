//! MEAN.

use ir::OpState;
use ir::dialects::nn;

use super::context::{OpCx, Stop, affine, float_or_int8, shapes};
use super::layout::constant_numbers;
use super::rescale;
use crate::tflite::model::TensorType;
use crate::tflite::options::Options;

pub(super) fn mean(cx: &mut OpCx<'_, '_>) -> Result<(), Stop> {
    cx.operands(2..=2, 1)?;
    let (input, output) = (cx.input(0)?, cx.output()?);
    if float_or_int8(&[input, output])? == TensorType::Int8 {
        rescale::factor(f64::from(affine(input)?.0) / f64::from(affine(output)?.0))?;
    }
    let keeps = matches!(&cx.operator.options, Options::Reducer(options) if options.keep_dims);
    let rank = i64::try_from(input.shape.len()).unwrap_or(i64::MAX);
    let mut axes = constant_numbers(cx, 1)?;
    for axis in &mut axes {
        *axis = if *axis < 0 {
            axis.saturating_add(rank)
        } else {
            *axis
        };
    }
    axes.sort_unstable();
    axes.dedup();
    let kept = nn::reduced(&input.shape, &axes);
    let stays = |(d, _): &(i64, &i64)| keeps || !axes.contains(d);
    let expected = kept.as_ref().map(|kept| {
        let all = (0..).zip(kept);
        all.filter(stays).map(|(_, &n)| n).collect::<Vec<i64>>()
    });
    shapes(expected.as_ref() == Some(&output.shape), || {
        format!(
            "the mean of its input {:?} over {axes:?} is not its output {:?}",
            input.shape, output.shape
        )
    })?;
    let value = cx.value(0)?;
    let axes = cx.module().i64s_attr(&axes);
    let state = OpState::new("nn.mean")
        .operands(&[value])
        .prop("axes", axes);
    if keeps {
        return cx.emit(state);
    }
    let mean = cx.intermediate(state, &kept.unwrap_or_default())?;
    cx.emit(OpState::new("nn.reshape").operands(&[mean]))
}
