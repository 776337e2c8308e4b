//! From a validated model to the `nn` dialect.
//!
//! The module has one function, `@main`, whose arguments and results are the graph's inputs and outputs in the
//! file's order; each op carries the location `loc("layer"("file":operator:subgraph))`. Padding is explicit, shapes
//! are static, constants are `dense_resource` blobs named after their tensor.
//!
//! [`OPERATORS`] has one entry an operator. A model with an operator that it lacks is refused with all of them
//! listed; else each operator is checked against what the reference kernels take, and all defects are reported.

mod activation;
mod arg_max;
mod binary;
mod blocks;
mod context;
mod conv;
mod dequantized;
mod eight_bits;
mod fully_connected;
mod gather;
mod joining;
mod layout;
mod pool;
mod quantize;
mod reduce;
mod rescale;
mod reshape;
mod resize;
mod softmax;
mod transpose_conv;
mod types;
mod unary;
mod unsupported;
mod weighted;
mod window;

use std::sync::Arc;

use ir::DialectRegistry;

use self::context::{Importer, OpCx, Stop};
use self::eight_bits::EightBits;
use super::model::TfliteModel;
use crate::Imported;
use crate::error::ImportErrors;

/// How one operator is brought into the `nn` dialect.
#[derive(Debug, Clone, Copy)]
pub struct OperatorImport {
    /// The schema's name.
    pub name: &'static str,
    import: fn(&mut OpCx<'_, '_>) -> Result<(), Stop>,
}

/// The supported operators, sorted by name.
pub const OPERATORS: &[OperatorImport] = &[
    OperatorImport {
        name: "ADD",
        import: binary::add,
    },
    OperatorImport {
        name: "ARG_MAX",
        import: arg_max::arg_max,
    },
    OperatorImport {
        name: "ARG_MIN",
        import: arg_max::arg_min,
    },
    OperatorImport {
        name: "AVERAGE_POOL_2D",
        import: pool::average_pool_2d,
    },
    OperatorImport {
        name: "BATCH_TO_SPACE_ND",
        import: blocks::batch_to_space_nd,
    },
    OperatorImport {
        name: "CONCATENATION",
        import: joining::concatenation,
    },
    OperatorImport {
        name: "CONV_2D",
        import: conv::conv_2d,
    },
    OperatorImport {
        name: "DEPTHWISE_CONV_2D",
        import: conv::depthwise_conv_2d,
    },
    OperatorImport {
        name: "DEPTH_TO_SPACE",
        import: blocks::depth_to_space,
    },
    OperatorImport {
        name: "DEQUANTIZE",
        import: quantize::dequantize,
    },
    OperatorImport {
        name: "EXPAND_DIMS",
        import: reshape::reshape,
    },
    OperatorImport {
        name: "FULLY_CONNECTED",
        import: fully_connected::fully_connected,
    },
    OperatorImport {
        name: "GATHER",
        import: gather::gather,
    },
    OperatorImport {
        name: "HARD_SWISH",
        import: unary::hard_swish,
    },
    OperatorImport {
        name: "LEAKY_RELU",
        import: unary::leaky_relu,
    },
    OperatorImport {
        name: "LOGISTIC",
        import: unary::logistic,
    },
    OperatorImport {
        name: "MAXIMUM",
        import: binary::maximum,
    },
    OperatorImport {
        name: "MAX_POOL_2D",
        import: pool::max_pool_2d,
    },
    OperatorImport {
        name: "MEAN",
        import: reduce::mean,
    },
    OperatorImport {
        name: "MINIMUM",
        import: binary::minimum,
    },
    OperatorImport {
        name: "MIRROR_PAD",
        import: gather::mirror_pad,
    },
    OperatorImport {
        name: "MUL",
        import: binary::mul,
    },
    OperatorImport {
        name: "PACK",
        import: joining::pack,
    },
    OperatorImport {
        name: "PAD",
        import: layout::pad,
    },
    OperatorImport {
        name: "PADV2",
        import: layout::pad_v2,
    },
    OperatorImport {
        name: "PRELU",
        import: binary::prelu,
    },
    OperatorImport {
        name: "QUANTIZE",
        import: quantize::quantize,
    },
    OperatorImport {
        name: "RELU",
        import: unary::relu,
    },
    OperatorImport {
        name: "RELU6",
        import: unary::relu6,
    },
    OperatorImport {
        name: "RESHAPE",
        import: reshape::reshape,
    },
    OperatorImport {
        name: "RESIZE_BILINEAR",
        import: resize::resize_bilinear,
    },
    OperatorImport {
        name: "RESIZE_NEAREST_NEIGHBOR",
        import: gather::resize_nearest_neighbor,
    },
    OperatorImport {
        name: "SLICE",
        import: gather::slice,
    },
    OperatorImport {
        name: "SOFTMAX",
        import: softmax::softmax,
    },
    OperatorImport {
        name: "SPACE_TO_BATCH_ND",
        import: blocks::space_to_batch_nd,
    },
    OperatorImport {
        name: "SPACE_TO_DEPTH",
        import: blocks::space_to_depth,
    },
    OperatorImport {
        name: "SPLIT",
        import: joining::split,
    },
    OperatorImport {
        name: "SPLIT_V",
        import: joining::split_v,
    },
    OperatorImport {
        name: "SQUEEZE",
        import: reshape::reshape,
    },
    OperatorImport {
        name: "STRIDED_SLICE",
        import: gather::strided_slice,
    },
    OperatorImport {
        name: "SUB",
        import: binary::sub,
    },
    OperatorImport {
        name: "TANH",
        import: unary::tanh,
    },
    OperatorImport {
        name: "TILE",
        import: gather::tile,
    },
    OperatorImport {
        name: "TRANSPOSE",
        import: layout::transpose,
    },
    OperatorImport {
        name: "TRANSPOSE_CONV",
        import: transpose_conv::transpose_conv,
    },
    OperatorImport {
        name: "UNPACK",
        import: joining::unpack,
    },
];

fn operator_import(name: &str) -> Option<&'static OperatorImport> {
    OPERATORS
        .binary_search_by(|entry| entry.name.cmp(name))
        .ok()
        .map(|i| &OPERATORS[i])
}

/// Reads, validates and imports a file's bytes; `file` is the name that errors and locations give it.
///
/// # Errors
/// Every defect found, with the codes of [`super::codes`].
pub fn import(
    bytes: &[u8],
    file: &str,
    registry: Arc<DialectRegistry>,
) -> Result<Imported, ImportErrors> {
    let model = super::read(bytes, file)?;
    import_model(&model, bytes, file, registry)
}

/// Imports a model that [`super::read`] made of the same `bytes`.
///
/// # Errors
/// Every operator that is unsupported, or every one that the reference kernels refuse.
pub fn import_model(
    model: &TfliteModel,
    bytes: &[u8],
    file: &str,
    registry: Arc<DialectRegistry>,
) -> Result<Imported, ImportErrors> {
    unsupported::check(model, file)?;
    let graph = EightBits::new(&model.subgraphs[0], bytes);
    Importer::new(model, &graph, bytes, file, registry).run()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted_and_names_the_schemas_operators() {
        assert!(OPERATORS.windows(2).all(|pair| pair[0].name < pair[1].name));
        for entry in OPERATORS {
            assert!(
                super::super::builtin::code(entry.name).is_some(),
                "{}",
                entry.name
            );
            assert_eq!(
                operator_import(entry.name).map(|e| e.name),
                Some(entry.name)
            );
        }
    }
}
