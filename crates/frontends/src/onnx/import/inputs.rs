//! The graph's inputs: static shapes, the order of their dimensions at the boundary, element types.

use std::collections::BTreeSet;

use ir::{Module, QuantType, Type};

use super::{ImportOptions, InputLayout};
use crate::finding::Finding;
use crate::onnx::codes;
use crate::onnx::limits::MAX_ELEMENTS;
use crate::onnx::model::{DataType, Dimension, Input, Model, Node, Tensor};

/// An input with its shape.
#[derive(Debug)]
pub(super) struct Resolved<'a> {
    pub(super) input: &'a Input,
    pub(super) shape: Vec<i64>,
    /// The order of the dimensions at the boundary.
    pub(super) order: Vec<usize>,
}

/// All inputs, and what to tell of how they were taken.
#[derive(Debug)]
pub(super) struct Inputs<'a> {
    pub(super) inputs: Vec<Resolved<'a>>,
    pub(super) remark: Option<String>,
}

/// Makes every input's shape static: what the options say, then 1 for a first dimension that alone is open.
pub(super) fn resolve<'a>(
    model: &'a Model,
    options: &ImportOptions,
) -> Result<Inputs<'a>, Vec<Finding>> {
    let (mut inputs, mut findings, mut batches) = (Vec::new(), Vec::new(), Vec::new());
    for (name, _) in &options.shapes {
        if !model.inputs.iter().any(|i| i.name == *name) {
            let names: Vec<&str> = model.inputs.iter().map(|i| i.name.as_str()).collect();
            findings.push(Finding::new(
                codes::SHAPE_OPTION,
                format!("the model has no input \"{name}\" whose shape could be set"),
                format!("its inputs are {}", names.join(", ")),
            ));
        }
    }
    for input in &model.inputs {
        let asked = options.shapes.iter().find(|(name, _)| *name == input.name);
        match shape(input, asked.map(|(_, shape)| shape.as_slice())) {
            Ok((shape, defaulted)) => {
                let nhwc = options.input_layout == InputLayout::Nhwc && shape.len() == 4;
                let order = if nhwc {
                    vec![0, 2, 3, 1]
                } else {
                    (0..shape.len()).collect()
                };
                batches.extend(defaulted.then(|| format!("\"{}\"", input.name)));
                inputs.push(Resolved {
                    input,
                    shape,
                    order,
                });
            }
            Err(finding) => findings.push(finding),
        }
    }
    let remark = (!batches.is_empty()).then(|| {
        format!(
            "the first dimension of {} is open in the file, and was taken as a batch of 1",
            batches.join(", ")
        )
    });
    if findings.is_empty() {
        Ok(Inputs { inputs, remark })
    } else {
        Err(findings)
    }
}

/// The shape of an input, and whether its batch was taken as 1.
fn shape(input: &Input, asked: Option<&[i64]>) -> Result<(Vec<i64>, bool), Finding> {
    let shown: Vec<String> = input
        .shape
        .iter()
        .map(|d| match d {
            Dimension::Static(n) => n.to_string(),
            Dimension::Dynamic(name) if name.is_empty() => "?".to_owned(),
            Dimension::Dynamic(name) => name.clone(),
        })
        .collect();
    let shown = shown.join(",");
    let fits = |shape: &[i64]| {
        let agree =
            |(d, &n): (&Dimension, &i64)| n > 0 && !matches!(d, Dimension::Static(s) if *s != n);
        shape.len() == input.shape.len() && input.shape.iter().zip(shape).all(agree)
    };
    let (shape, defaulted) = match asked {
        Some(shape) if fits(shape) => (shape.to_vec(), false),
        Some(shape) => {
            return Err(Finding::new(
                codes::SHAPE_OPTION,
                format!(
                    "the shape {shape:?} does not fit input \"{}\", which has {shown}",
                    input.name
                ),
                "give a number from 1 on for each dimension; those that the file states stay",
            ));
        }
        None => {
            let open = |d: &Dimension| matches!(d, Dimension::Dynamic(_));
            let defaulted = input.shape.first().is_some_and(open);
            let extents = input.shape.iter().enumerate().map(|(i, d)| match d {
                Dimension::Static(n) => Some(*n),
                Dimension::Dynamic(_) => (i == 0).then_some(1),
            });
            let Some(shape) = extents.collect::<Option<Vec<i64>>>() else {
                let example: Vec<&str> = shown
                    .split(',')
                    .map(|d| if d.parse::<i64>().is_ok() { d } else { "1" })
                    .collect();
                return Err(Finding::new(
                    codes::DYNAMIC_SHAPE,
                    format!(
                        "input \"{}\" has the shape {shown}, which is not static",
                        input.name
                    ),
                    format!(
                        "say which it is, as in `--shape {}={}`",
                        input.name,
                        example.join(",")
                    ),
                ));
            };
            (shape, defaulted)
        }
    };
    let elements = shape.iter().try_fold(1i64, |n, &d| n.checked_mul(d));
    if elements.is_none_or(|n| n > MAX_ELEMENTS) {
        return Err(Finding::new(
            codes::LIMIT,
            format!(
                "input \"{}\" of shape {shape:?} has too many elements",
                input.name
            ),
            "a network for a microcontroller takes less at once",
        ));
    }
    Ok((shape, defaulted))
}

/// The element type of an input; an int8 or uint8 one is quantised as the DequantizeLinear says that reads it.
pub(super) fn element(
    m: &mut Module,
    model: &Model,
    input: &Resolved<'_>,
) -> Result<Type, Finding> {
    match input.input.dtype {
        DataType::FLOAT => Ok(m.f32()),
        DataType::INT8 | DataType::UINT8 => {
            let shift = i64::from(input.input.dtype == DataType::UINT8) * 128;
            let found = quantisation(model, &input.input.name)
                .map(|(scale, zero_point)| (scale, zero_point - shift))
                .filter(|(_, zero_point)| (-128..=127).contains(zero_point));
            let (scale, zero_point) = found.ok_or_else(|| {
                Finding::new(
                    codes::QUANTIZATION,
                    format!(
                        "input \"{}\" has elements of type {}, and no DequantizeLinear says what they mean",
                        input.input.name, input.input.dtype
                    ),
                    "export the model with float inputs, or quantised with QuantizeLinear and DequantizeLinear",
                )
            })?;
            Ok(m.quant(QuantType::per_tensor(8, scale.into(), zero_point)))
        }
        other => Err(Finding::new(
            codes::INPUT,
            format!(
                "input \"{}\" has elements of type {other}",
                input.input.name
            ),
            "export the model with float32 or int8 inputs",
        )),
    }
}

/// Operators that move elements and keep them.
const MOVERS: [&str; 6] = [
    "Flatten",
    "Identity",
    "Reshape",
    "Squeeze",
    "Transpose",
    "Unsqueeze",
];

/// Scale and zero point of the first DequantizeLinear that reads a name, or what was moved from it.
fn quantisation(model: &Model, name: &str) -> Option<(f32, i64)> {
    let mut names = BTreeSet::from([name]);
    for node in &model.nodes {
        let Some(read) = node.inputs.first().and_then(|n| n.as_deref()) else {
            continue;
        };
        if !names.contains(read) {
            continue;
        }
        if node.kind == "DequantizeLinear" {
            return scale_and_zero_point(model, node);
        }
        if MOVERS.contains(&node.kind.as_str()) {
            names.extend(node.outputs.first().and_then(|n| n.as_deref()));
        }
    }
    None
}

fn scale_and_zero_point(model: &Model, node: &Node) -> Option<(f32, i64)> {
    let constant = |i: usize| -> Option<&Tensor> {
        let name = node.inputs.get(i)?.as_ref()?;
        model
            .constants
            .iter()
            .find(|(n, _)| n == name)
            .map(|(_, t)| t)
    };
    let scale = constant(1)?.floats()?;
    let zero_point = match constant(2) {
        Some(tensor) => tensor.integers()?,
        None => vec![0],
    };
    match (scale.as_slice(), zero_point.as_slice()) {
        (&[scale], &[zero_point]) if super::quantize::is_scale(scale) => Some((scale, zero_point)),
        _ => None,
    }
}
