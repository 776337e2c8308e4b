//! From a checked model to the `nn` dialect.
//!
//! ONNX's images are N, C, H, W, the dialect's N, H, W, C. Which dimension of a value is where is kept track of
//! ([`value::Computed`]), so that an operator asks for the order that it needs, weights are put into it here, and elements are moved
//! only where an operator meets what was computed in another order: where nothing but the order of dimensions changes, no op is made.
//!
//! [`OPERATORS`] has one entry an operator. A model with an operator that it lacks is refused with all of them listed; else each
//! operator is checked, and all defects are reported.

mod arg_max;
mod binary;
mod context;
mod conv;
mod dense;
mod elementwise;
mod expand;
mod fold;
mod fuse;
mod importer;
mod inputs;
mod layout;
mod normalize;
mod pool;
mod quantize;
mod take;
mod value;

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;

use ir::DialectRegistry;

use self::context::{OpCx, Stop, reference};
use self::importer::Importer;
use super::codes;
use super::model::Model;
use crate::Imported;
use crate::error::{ImportErrors, OperatorRef};
use crate::finding::{CONVERT_AGAIN, Finding, Findings};
use crate::unsupported;

/// What an import is asked for.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImportOptions {
    /// Shapes of inputs whose dimensions the file leaves open, by name.
    pub shapes: Vec<(String, Vec<i64>)>,
    /// How inputs of four dimensions are given.
    pub input_layout: InputLayout,
}

/// How inputs of four dimensions are given.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum InputLayout {
    /// As the file has them.
    #[default]
    Nchw,
    /// The file's second dimension, its channels, comes last.
    Nhwc,
}

/// How one operator is brought into the `nn` dialect.
#[derive(Debug, Clone, Copy)]
pub struct OperatorImport {
    /// The operator's name.
    pub name: &'static str,
    import: fn(&mut OpCx<'_, '_>) -> Result<(), Stop>,
}

macro_rules! operators {
    ($($name:literal: $import:path,)*) => {
        /// The supported operators, sorted by name.
        pub const OPERATORS: &[OperatorImport] = &[$(OperatorImport { name: $name, import: $import }),*];
    };
}

operators! {
    "Abs": binary::abs,
    "Add": binary::add,
    "ArgMax": arg_max::arg_max,
    "ArgMin": arg_max::arg_min,
    "AveragePool": pool::average_pool,
    "BatchNormalization": normalize::batch_normalization,
    "Cast": fold::cast,
    "CastLike": fold::cast_like,
    "Clip": elementwise::clip,
    "Concat": layout::concat,
    "Constant": fold::constant,
    "ConstantOfShape": fold::constant_of_shape,
    "Conv": conv::conv,
    "ConvTranspose": conv::conv_transpose,
    "DepthToSpace": layout::depth_to_space,
    "DequantizeLinear": quantize::dequantize,
    "Div": binary::div,
    "Dropout": elementwise::identity,
    "Equal": fold::equal,
    "Expand": take::expand,
    "Flatten": layout::flatten,
    "Gather": take::gather,
    "Gemm": dense::gemm,
    "GlobalAveragePool": pool::global_average_pool,
    "GlobalMaxPool": pool::global_max_pool,
    "HardSigmoid": elementwise::hard_sigmoid,
    "HardSwish": elementwise::hard_swish,
    "Identity": elementwise::identity,
    "LeakyRelu": elementwise::leaky_relu,
    "MatMul": dense::mat_mul,
    "Max": binary::max,
    "MaxPool": pool::max_pool,
    "Min": binary::min,
    "Mul": binary::mul,
    "Neg": binary::neg,
    "PRelu": elementwise::p_relu,
    "Pad": layout::pad,
    "Pow": binary::pow,
    "QuantizeLinear": quantize::quantize,
    "ReduceMax": pool::reduce_max,
    "ReduceMean": pool::reduce_mean,
    "Relu": elementwise::relu,
    "Reshape": layout::reshape,
    "Resize": take::resize,
    "Shape": fold::shape,
    "Sigmoid": elementwise::sigmoid,
    "Slice": take::slice,
    "Softmax": elementwise::softmax,
    "SpaceToDepth": layout::space_to_depth,
    "Split": layout::split,
    "Squeeze": layout::squeeze,
    "Sub": binary::sub,
    "Sum": binary::sum,
    "Tanh": elementwise::tanh,
    "Tile": take::tile,
    "Transpose": layout::transpose,
    "Unsqueeze": layout::unsqueeze,
    "Where": fold::choose,
}

fn operator_import(name: &str) -> Option<&'static OperatorImport> {
    let found = OPERATORS.binary_search_by(|entry| entry.name.cmp(name));
    found.ok().map(|i| &OPERATORS[i])
}

/// Reads, checks and imports a file's bytes; `file` is the name that errors and locations give it. Constants in other files are read from
/// `folder`, and from nowhere without one.
///
/// # Errors
/// Every defect found, with the codes of [`super::codes`].
pub fn import(
    bytes: &[u8],
    file: &str,
    folder: Option<&Path>,
    options: &ImportOptions,
    registry: Arc<DialectRegistry>,
) -> Result<Imported, ImportErrors> {
    let model = super::read(bytes, file, folder)?;
    import_model(&model, file, options, registry)
}

/// Imports a model that [`super::read`] made.
///
/// # Errors
/// Every operator that is unsupported, or every one that is refused.
pub fn import_model(
    model: &Model,
    file: &str,
    options: &ImportOptions,
    registry: Arc<DialectRegistry>,
) -> Result<Imported, ImportErrors> {
    let model = &*expand::expanded(model);
    let mut kinds: BTreeMap<String, Vec<OperatorRef>> = BTreeMap::new();
    let mut findings = Findings::new(file);
    for node in &model.nodes {
        if expand::is_expanded(&node.kind) {
            let message = "it lacks an input, or its scales are not constants that fit";
            let finding = Finding::new(codes::OPERAND_COUNT, message, CONVERT_AGAIN);
            findings.add(Some(reference(node)), finding);
        } else if operator_import(&node.kind).is_none() {
            kinds
                .entry(node.kind.clone())
                .or_default()
                .push(reference(node));
        }
    }
    let names = OPERATORS.iter().map(|entry| entry.name);
    let names: Vec<&str> = names.chain(expand::names()).collect();
    unsupported::report(&mut findings, codes::UNSUPPORTED_OPERATOR, kinds, &names);
    findings.into_errors().into_result(())?;
    Importer::new(model, file, registry).run(options)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(OPERATORS.windows(2).all(|pair| pair[0].name < pair[1].name));
        for entry in OPERATORS {
            assert_eq!(
                operator_import(entry.name).map(|e| e.name),
                Some(entry.name)
            );
        }
    }
}
