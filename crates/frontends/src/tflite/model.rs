//! A TFLite model as owned, validated data; constants stay in the file's bytes and are given as ranges.

use std::fmt;
use std::ops::Range;

use super::builtin;
use super::options::Options;
use crate::error::OperatorRef;

/// A validated model.
#[derive(Debug, Clone, PartialEq)]
pub struct TfliteModel {
    /// Schema version, always 3.
    pub version: u32,
    /// Free text by the converter.
    pub description: String,
    /// The graphs; the first is the model, others are called by control-flow operators.
    pub subgraphs: Vec<Subgraph>,
    /// Named blobs.
    pub metadata: Vec<Metadata>,
    /// Named interfaces of subgraphs.
    pub signatures: Vec<Signature>,
}

/// One graph.
///
/// Invariant: every tensor index here and in [`Operator`] is below `tensors.len()`; each tensor is written at most
/// once, and only after that read.
#[derive(Debug, Clone, PartialEq)]
pub struct Subgraph {
    /// Name, often empty.
    pub name: String,
    /// All tensors of the graph.
    pub tensors: Vec<Tensor>,
    /// Tensors that the caller fills, distinct.
    pub inputs: Vec<usize>,
    /// Tensors that the caller reads.
    pub outputs: Vec<usize>,
    /// Operators in execution order.
    pub operators: Vec<Operator>,
}

impl Subgraph {
    /// Names an operator for a message; `subgraph` is this graph's position in the file.
    pub fn operator_ref(&self, subgraph: usize, index: usize) -> OperatorRef {
        let operator = &self.operators[index];
        let layer = operator
            .outputs
            .first()
            .map(|&tensor| self.tensors[tensor].name.clone())
            .unwrap_or_default();
        OperatorRef {
            kind: operator.kind.to_string(),
            index,
            layer,
            subgraph,
        }
    }
}

/// One tensor.
#[derive(Debug, Clone, PartialEq)]
pub struct Tensor {
    /// Name, which need not be unique.
    pub name: String,
    /// Static dimensions, each ≥ 0; empty for a scalar.
    pub shape: Vec<i64>,
    /// Element type.
    pub dtype: TensorType,
    /// Quantisation, of integer tensors that have one.
    pub quant: Option<Quant>,
    /// Where a constant's bytes (little endian, last dimension innermost) lie in the file; as long as
    /// [`Tensor::byte_size`].
    pub data: Option<Range<usize>>,
    /// True for state that survives a run.
    pub is_variable: bool,
}

impl Tensor {
    /// Number of elements; validated not to overflow.
    pub fn elements(&self) -> u64 {
        self.shape.iter().map(|&d| d.unsigned_abs()).product()
    }

    /// Bytes of the dense tensor, or `None` for types without a fixed element size; at most
    /// [`super::limits::MAX_TENSOR_BYTES`].
    pub fn byte_size(&self) -> Option<u64> {
        self.dtype
            .bits()
            .map(|bits| (self.elements() * u64::from(bits)).div_ceil(8))
    }
}

/// Affine quantisation, `real = scale · (q − zero_point)`.
#[derive(Debug, Clone, PartialEq)]
pub struct Quant {
    /// One scale, or one for each index of dimension [`Quant::axis`]; finite and positive.
    pub scales: Vec<f32>,
    /// As many as scales, each a value of the tensor's type.
    pub zero_points: Vec<i64>,
    /// Dimension that several scales run along.
    pub axis: usize,
}

impl Quant {
    /// True if there is a scale for each index of [`Quant::axis`], which may have length 1.
    pub fn is_per_axis(&self) -> bool {
        self.scales.len() > 1
    }
}

/// Element types, with their numbers in the schema.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(missing_docs)]
pub enum TensorType {
    Float32 = 0,
    Float16 = 1,
    Int32 = 2,
    Uint8 = 3,
    Int64 = 4,
    String = 5,
    Bool = 6,
    Int16 = 7,
    Complex64 = 8,
    Int8 = 9,
    Float64 = 10,
    Complex128 = 11,
    Uint64 = 12,
    Resource = 13,
    Variant = 14,
    Uint32 = 15,
    Uint16 = 16,
    Int4 = 17,
    Bfloat16 = 18,
}

impl TensorType {
    const ALL: [Self; 19] = [
        Self::Float32,
        Self::Float16,
        Self::Int32,
        Self::Uint8,
        Self::Int64,
        Self::String,
        Self::Bool,
        Self::Int16,
        Self::Complex64,
        Self::Int8,
        Self::Float64,
        Self::Complex128,
        Self::Uint64,
        Self::Resource,
        Self::Variant,
        Self::Uint32,
        Self::Uint16,
        Self::Int4,
        Self::Bfloat16,
    ];

    /// The type with this number in the schema.
    pub fn from_number(number: i8) -> Option<Self> {
        usize::try_from(number)
            .ok()
            .and_then(|n| Self::ALL.get(n))
            .copied()
    }

    /// Bits of an element in memory (two `INT4` share a byte), or `None` for strings, resources and variants.
    pub fn bits(self) -> Option<u32> {
        Some(match self {
            Self::Int4 => 4,
            Self::Uint8 | Self::Int8 | Self::Bool => 8,
            Self::Float16 | Self::Bfloat16 | Self::Int16 | Self::Uint16 => 16,
            Self::Float32 | Self::Int32 | Self::Uint32 => 32,
            Self::Float64 | Self::Int64 | Self::Uint64 | Self::Complex64 => 64,
            Self::Complex128 => 128,
            Self::String | Self::Resource | Self::Variant => return None,
        })
    }

    /// Least and greatest value of an integer type, or `None`.
    pub fn integer_range(self) -> Option<(i64, i64)> {
        Some(match self {
            Self::Int4 => (-8, 7),
            Self::Int8 => (i8::MIN.into(), i8::MAX.into()),
            Self::Uint8 => (0, u8::MAX.into()),
            Self::Int16 => (i16::MIN.into(), i16::MAX.into()),
            Self::Uint16 => (0, u16::MAX.into()),
            Self::Int32 => (i32::MIN.into(), i32::MAX.into()),
            Self::Uint32 => (0, u32::MAX.into()),
            Self::Int64 => (i64::MIN, i64::MAX),
            Self::Uint64 => (0, i64::MAX),
            _ => return None,
        })
    }

    /// The schema's name, such as `FLOAT32`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Float32 => "FLOAT32",
            Self::Float16 => "FLOAT16",
            Self::Int32 => "INT32",
            Self::Uint8 => "UINT8",
            Self::Int64 => "INT64",
            Self::String => "STRING",
            Self::Bool => "BOOL",
            Self::Int16 => "INT16",
            Self::Complex64 => "COMPLEX64",
            Self::Int8 => "INT8",
            Self::Float64 => "FLOAT64",
            Self::Complex128 => "COMPLEX128",
            Self::Uint64 => "UINT64",
            Self::Resource => "RESOURCE",
            Self::Variant => "VARIANT",
            Self::Uint32 => "UINT32",
            Self::Uint16 => "UINT16",
            Self::Int4 => "INT4",
            Self::Bfloat16 => "BFLOAT16",
        }
    }
}

impl fmt::Display for TensorType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.name())
    }
}

/// One operator.
#[derive(Debug, Clone, PartialEq)]
pub struct Operator {
    /// Position in [`Subgraph::operators`].
    pub index: usize,
    /// What it computes.
    pub kind: OperatorKind,
    /// Version of the operator's definition, ≥ 1 in files that converters write.
    pub version: i32,
    /// Tensors that it reads; `None` stands for an optional input that is left out.
    pub inputs: Vec<Option<usize>>,
    /// Tensors that it writes, at least one unless the operator is `CALL_ONCE` or `ASSIGN_VARIABLE`.
    pub outputs: Vec<usize>,
    /// Tensors internal to the operator.
    pub intermediates: Vec<usize>,
    /// Its parameters.
    pub options: Options,
}

/// Which operator.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum OperatorKind {
    /// A builtin, by its code; codes newer than [`builtin::NAMES`] are kept.
    Builtin(u32),
    /// A custom operator, by its name.
    Custom(String),
}

impl OperatorKind {
    /// The builtin's name, or `None` for a custom operator or an unknown code.
    pub fn builtin_name(&self) -> Option<&'static str> {
        match self {
            Self::Builtin(code) => usize::try_from(*code)
                .ok()
                .and_then(|code| builtin::NAMES.get(code))
                .copied(),
            Self::Custom(_) => None,
        }
    }
}

impl fmt::Display for OperatorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self, self.builtin_name()) {
            (_, Some(name)) => f.write_str(name),
            (Self::Builtin(code), None) => write!(f, "BUILTIN_{code}"),
            (Self::Custom(name), None) => write!(f, "CUSTOM({name})"),
        }
    }
}

/// A named blob.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metadata {
    /// Name, such as `min_runtime_version`.
    pub name: String,
    /// Where its bytes lie in the file.
    pub data: Range<usize>,
}

/// A named interface of a subgraph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signature {
    /// Name, such as `serving_default`.
    pub key: String,
    /// Position in [`TfliteModel::subgraphs`].
    pub subgraph: usize,
    /// Alias and tensor of each input.
    pub inputs: Vec<(String, usize)>,
    /// Alias and tensor of each output.
    pub outputs: Vec<(String, usize)>,
}
