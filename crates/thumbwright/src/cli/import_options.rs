//! Options of the commands that take a model: how its file is taken.

use anyhow::{Context, ensure};
use clap::{Args, ValueEnum};

use crate::{Arithmetic, ImportOptions, InputLayout, OnnxOptions};

/// How the model's file is taken.
#[derive(Args, Debug, Default)]
pub struct ModelOptions {
    /// Of an ONNX model, the shape of an input whose dimensions the file leaves open: `--shape image=1,3,96,96`. More than one: repeat it.
    #[arg(long, value_name = "INPUT=N,…")]
    shape: Vec<String>,
    /// Of an ONNX model, how inputs of four dimensions are given: as in the file, which is NCHW in most, or with the second dimension, the channels, last.
    #[arg(long, value_enum, default_value_t)]
    input_layout: Layout,
    /// Of an ONNX model, what is computed in between DequantizeLinear and QuantizeLinear.
    #[arg(long, value_enum, default_value_t)]
    qdq: Qdq,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Qdq {
    /// Integers, as far as the operators have such forms: small and fast, and at most a step of a layer's result from float.
    #[default]
    Integer,
    /// Float, as onnxruntime computes it.
    Float,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug, Default)]
enum Layout {
    /// As in the file.
    #[default]
    Nchw,
    /// Channels last.
    Nhwc,
}

impl ModelOptions {
    /// As the façade takes them; constants in files beside the model are read.
    pub fn import(&self) -> anyhow::Result<ImportOptions> {
        let shapes = self.shape.iter().map(|text| shape(text));
        Ok(ImportOptions {
            onnx: OnnxOptions {
                shapes: shapes.collect::<anyhow::Result<_>>()?,
                input_layout: match self.input_layout {
                    Layout::Nchw => InputLayout::Nchw,
                    Layout::Nhwc => InputLayout::Nhwc,
                },
            },
            external_data: true,
            qdq: match self.qdq {
                Qdq::Integer => Arithmetic::Integer,
                Qdq::Float => Arithmetic::Float,
            },
        })
    }
}

/// Input and shape of `input=1,3,96,96`; the input's name may have a `=`.
fn shape(text: &str) -> anyhow::Result<(String, Vec<i64>)> {
    let form = || format!("--shape {text}: it is an input and its shape, as in image=1,3,96,96");
    let (name, list) = text.rsplit_once('=').with_context(form)?;
    let extents: Vec<i64> = list
        .split(',')
        .map(|n| n.trim().parse().with_context(form))
        .collect::<anyhow::Result<_>>()?;
    ensure!(!name.is_empty() && extents.iter().all(|&n| n > 0), form());
    Ok((name.to_owned(), extents))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_are_read() {
        assert_eq!(
            shape("a=b:0=1, 3,96").unwrap(),
            ("a=b:0".to_owned(), vec![1, 3, 96])
        );
        for wrong in ["image", "=1", "image=", "image=1,x", "image=0", "image=-1"] {
            let error = shape(wrong).unwrap_err().to_string();
            assert!(error.contains("image=1,3,96,96"), "{error}");
        }
    }
}
