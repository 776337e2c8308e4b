//! The walk of the flatbuffers verifier over every table that is read: offsets, lengths and alignments are inside
//! the file, nesting and size within [`super::limits`].
//!
//! The walk visits exactly the fields that [`super::read`] reads. Strings are visited as bytes: a name need not be
//! UTF-8 for the model to run.

use flatbuffers::{
    ErrorTraceDetail, ForwardsUOffset, InvalidFlatbuffer, Vector, Verifiable, Verifier,
    VerifierOptions,
};

use super::{limits, schema};

type Checked = Result<(), InvalidFlatbuffer>;
type Bytes = ForwardsUOffset<Vector<'static, u8>>;
type Scalars<T> = ForwardsUOffset<Vector<'static, T>>;
type Tables<T> = ForwardsUOffset<Vector<'static, ForwardsUOffset<T>>>;

/// Checks the whole file from its root.
pub(super) fn verify(bytes: &[u8]) -> Checked {
    let options = VerifierOptions {
        max_depth: limits::MAX_TABLE_DEPTH,
        max_tables: limits::MAX_TABLES,
        max_apparent_size: limits::apparent_size(bytes.len()),
        ignore_missing_null_terminator: true,
    };
    ForwardsUOffset::<Model>::run_verifier(&mut Verifier::new(&options, bytes), 0)
}

/// A verifier error in words, with the path of the fields that lead to it.
pub(super) struct Defect {
    /// What is wrong.
    pub(super) message: String,
    /// Path from the root, such as `subgraphs[0].operators[3].inputs`; empty if the root itself is at fault.
    pub(super) path: String,
    /// Subgraph and operator on the path.
    pub(super) operator: Option<(usize, usize)>,
    /// True if a limit was exceeded, false if the file is damaged.
    pub(super) limit: bool,
}

/// Words for a verifier error.
pub(super) fn describe(error: &InvalidFlatbuffer) -> Defect {
    use InvalidFlatbuffer as E;
    let (message, trace, limit) = match error {
        E::MissingRequiredField {
            required,
            error_trace,
        } => (
            format!("the field `{required}` is missing"),
            Some(error_trace),
            false,
        ),
        E::InconsistentUnion {
            field, error_trace, ..
        } => (
            format!("the type and the value of `{field}` disagree"),
            Some(error_trace),
            false,
        ),
        E::Utf8Error { error_trace, .. } => {
            ("a name is not UTF-8".into(), Some(error_trace), false)
        }
        E::MissingNullTerminator { error_trace, .. } => (
            "a string has no terminator".into(),
            Some(error_trace),
            false,
        ),
        E::Unaligned {
            position,
            error_trace,
            ..
        } => (
            format!("the value at byte {position} is not aligned"),
            Some(error_trace),
            false,
        ),
        E::RangeOutOfBounds { range, error_trace } => (
            format!(
                "bytes {} to {} are referred to, but the file ends before",
                range.start, range.end
            ),
            Some(error_trace),
            false,
        ),
        E::SignedOffsetOutOfBounds {
            position,
            error_trace,
            ..
        } => (
            format!("the table at byte {position} has its field list outside the file"),
            Some(error_trace),
            false,
        ),
        E::TooManyTables => (
            format!("it holds more than {} tables", limits::MAX_TABLES),
            None,
            true,
        ),
        E::ApparentSizeTooLarge => (
            "its parts refer to each other so that they expand beyond the limit".into(),
            None,
            true,
        ),
        E::DepthLimitReached => (
            format!("its tables nest deeper than {}", limits::MAX_TABLE_DEPTH),
            None,
            true,
        ),
    };
    let (path, operator) = trace.map_or_else(Default::default, |t| path_of(t.as_ref()));
    Defect {
        message,
        path,
        operator,
        limit,
    }
}

/// The trace runs from the innermost element outwards.
fn path_of(trace: &[ErrorTraceDetail]) -> (String, Option<(usize, usize)>) {
    let mut path = String::new();
    let (mut field, mut subgraph, mut operator) = (String::new(), None, None);
    for detail in trace.iter().rev() {
        match detail {
            ErrorTraceDetail::TableField { field_name, .. } => {
                if !path.is_empty() {
                    path.push('.');
                }
                path.push_str(field_name);
                field = field_name.to_string();
            }
            ErrorTraceDetail::VectorElement { index, .. } => {
                path.push_str(&format!("[{index}]"));
                match field.as_str() {
                    "subgraphs" => subgraph = Some(*index),
                    "operators" => operator = Some(*index),
                    _ => {}
                }
            }
            ErrorTraceDetail::UnionVariant { .. } => {}
        }
    }
    (path, subgraph.zip(operator))
}

/// Declares a marker type and the fields that the verifier visits in its table.
macro_rules! verified_table {
    ($name:ident, $module:ident, { $($label:literal: $field:ident as $ty:ty),* $(,)? }) => {
        struct $name;
        impl Verifiable for $name {
            fn run_verifier(v: &mut Verifier, pos: usize) -> Checked {
                v.visit_table(pos)?
                    $(.visit_field::<$ty>($label, schema::$module::$field, false)?)*
                    .finish();
                Ok(())
            }
        }
    };
}

verified_table!(Model, model, {
    "version": VERSION as u32,
    "operator_codes": OPERATOR_CODES as Tables<OperatorCode>,
    "subgraphs": SUBGRAPHS as Tables<SubGraph>,
    "description": DESCRIPTION as Bytes,
    "buffers": BUFFERS as Tables<Buffer>,
    "metadata": METADATA as Tables<Metadata>,
    "signature_defs": SIGNATURE_DEFS as Tables<Signature>,
});

verified_table!(OperatorCode, operator_code, {
    "deprecated_builtin_code": DEPRECATED_BUILTIN_CODE as i8,
    "custom_code": CUSTOM_CODE as Bytes,
    "version": VERSION as i32,
    "builtin_code": BUILTIN_CODE as i32,
});

verified_table!(SubGraph, subgraph, {
    "tensors": TENSORS as Tables<Tensor>,
    "inputs": INPUTS as Scalars<i32>,
    "outputs": OUTPUTS as Scalars<i32>,
    "operators": OPERATORS as Tables<Operator>,
    "name": NAME as Bytes,
});

verified_table!(Tensor, tensor, {
    "shape": SHAPE as Scalars<i32>,
    "type": TYPE as i8,
    "buffer": BUFFER as u32,
    "name": NAME as Bytes,
    "quantization": QUANTIZATION as ForwardsUOffset<Quantization>,
    "is_variable": IS_VARIABLE as u8,
    "sparsity": SPARSITY as ForwardsUOffset<Opaque>,
    "shape_signature": SHAPE_SIGNATURE as Scalars<i32>,
});

verified_table!(Quantization, quantization, {
    "scale": SCALE as Scalars<f32>,
    "zero_point": ZERO_POINT as Scalars<i64>,
    "details_type": DETAILS_TYPE as u8,
    "quantized_dimension": QUANTIZED_DIMENSION as i32,
});

verified_table!(Buffer, buffer, {
    "data": DATA as Bytes,
    "offset": OFFSET as u64,
    "size": SIZE as u64,
});

verified_table!(Metadata, metadata, {
    "name": NAME as Bytes,
    "buffer": BUFFER as u32,
});

verified_table!(Signature, signature, {
    "inputs": INPUTS as Tables<TensorMap>,
    "outputs": OUTPUTS as Tables<TensorMap>,
    "signature_key": KEY as Bytes,
    "subgraph_index": SUBGRAPH_INDEX as u32,
});

verified_table!(TensorMap, tensor_map, {
    "name": NAME as Bytes,
    "tensor_index": TENSOR_INDEX as u32,
});

verified_table!(Conv2D, conv_2d, {
    "padding": PADDING as i8,
    "stride_w": STRIDE_W as i32,
    "stride_h": STRIDE_H as i32,
    "fused_activation_function": ACTIVATION as i8,
    "dilation_w_factor": DILATION_W as i32,
    "dilation_h_factor": DILATION_H as i32,
});

verified_table!(DepthwiseConv2D, depthwise_conv_2d, {
    "padding": PADDING as i8,
    "stride_w": STRIDE_W as i32,
    "stride_h": STRIDE_H as i32,
    "depth_multiplier": DEPTH_MULTIPLIER as i32,
    "fused_activation_function": ACTIVATION as i8,
    "dilation_w_factor": DILATION_W as i32,
    "dilation_h_factor": DILATION_H as i32,
});

verified_table!(Pool2D, pool_2d, {
    "padding": PADDING as i8,
    "stride_w": STRIDE_W as i32,
    "stride_h": STRIDE_H as i32,
    "filter_width": FILTER_W as i32,
    "filter_height": FILTER_H as i32,
    "fused_activation_function": ACTIVATION as i8,
});

verified_table!(FullyConnected, fully_connected, {
    "fused_activation_function": ACTIVATION as i8,
    "weights_format": WEIGHTS_FORMAT as i8,
    "keep_num_dims": KEEP_NUM_DIMS as u8,
    "asymmetric_quantize_inputs": ASYMMETRIC_QUANTIZE_INPUTS as u8,
});

verified_table!(Softmax, softmax, {
    "beta": BETA as f32,
});

verified_table!(Arithmetic, arithmetic, {
    "fused_activation_function": ACTIVATION as i8,
    "pot_scale_int16": POT_SCALE_INT16 as u8,
});

verified_table!(Concatenation, concatenation, {
    "axis": AXIS as i32,
    "fused_activation_function": ACTIVATION as i8,
});

verified_table!(Split, split, {
    "num_splits": NUM_SPLITS as i32,
});

verified_table!(Reshape, reshape, {
    "new_shape": NEW_SHAPE as Scalars<i32>,
});

/// A table whose fields are not read.
struct Opaque;

impl Verifiable for Opaque {
    fn run_verifier(v: &mut Verifier, pos: usize) -> Checked {
        v.visit_table(pos)?.finish();
        Ok(())
    }
}

struct Operator;

impl Verifiable for Operator {
    fn run_verifier(v: &mut Verifier, pos: usize) -> Checked {
        use schema::operator as f;
        let mut table = v
            .visit_table(pos)?
            .visit_field::<u32>("opcode_index", f::OPCODE_INDEX, false)?
            .visit_field::<Scalars<i32>>("inputs", f::INPUTS, false)?
            .visit_field::<Scalars<i32>>("outputs", f::OUTPUTS, false)?
            .visit_field::<u8>("builtin_options_type", f::BUILTIN_OPTIONS_TYPE, false)?
            .visit_field::<Bytes>("custom_options", f::CUSTOM_OPTIONS, false)?
            .visit_field::<Scalars<i32>>("intermediates", f::INTERMEDIATES, false)?;
        let kind = match table.deref(f::BUILTIN_OPTIONS_TYPE)? {
            Some(at) => table.verifier().get_u8(at)?,
            None => schema::options::NONE,
        };
        let (label, slot) = ("builtin_options", f::BUILTIN_OPTIONS);
        let table = match kind {
            schema::options::NONE => table,
            schema::options::CONV_2D => {
                table.visit_field::<ForwardsUOffset<Conv2D>>(label, slot, false)?
            }
            schema::options::DEPTHWISE_CONV_2D => {
                table.visit_field::<ForwardsUOffset<DepthwiseConv2D>>(label, slot, false)?
            }
            schema::options::POOL_2D => {
                table.visit_field::<ForwardsUOffset<Pool2D>>(label, slot, false)?
            }
            schema::options::FULLY_CONNECTED => {
                table.visit_field::<ForwardsUOffset<FullyConnected>>(label, slot, false)?
            }
            schema::options::SOFTMAX => {
                table.visit_field::<ForwardsUOffset<Softmax>>(label, slot, false)?
            }
            schema::options::ADD | schema::options::SUB | schema::options::MUL => {
                table.visit_field::<ForwardsUOffset<Arithmetic>>(label, slot, false)?
            }
            schema::options::CONCATENATION => {
                table.visit_field::<ForwardsUOffset<Concatenation>>(label, slot, false)?
            }
            schema::options::SPLIT | schema::options::SPLIT_V => {
                table.visit_field::<ForwardsUOffset<Split>>(label, slot, false)?
            }
            schema::options::RESHAPE => {
                table.visit_field::<ForwardsUOffset<Reshape>>(label, slot, false)?
            }
            _ => table.visit_field::<ForwardsUOffset<Opaque>>(label, slot, false)?,
        };
        table.finish();
        Ok(())
    }
}
