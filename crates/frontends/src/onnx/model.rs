//! A checked model, as plain data.

use std::fmt;
use std::sync::Arc;

/// A model whose graph is sorted and whose constants are as long as their shapes say.
#[derive(Debug, Clone, PartialEq)]
pub struct Model {
    /// Version of ONNX's own operator set.
    pub opset: i64,
    /// Inputs without those that are constants.
    pub inputs: Vec<Input>,
    /// Names of the outputs.
    pub outputs: Vec<String>,
    /// Constants by name.
    pub constants: Vec<(String, Tensor)>,
    /// Operators; each reads what a constant, an input or an earlier one writes.
    pub nodes: Vec<Node>,
}

/// An input of the graph.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Input {
    /// Name.
    pub name: String,
    /// Element type.
    pub dtype: DataType,
    /// Dimensions.
    pub shape: Vec<Dimension>,
}

/// A dimension of an input.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Dimension {
    /// At least 1.
    Static(i64),
    /// Whatever comes, by its name, which may be empty.
    Dynamic(String),
}

/// An operator.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// Position in the graph.
    pub index: usize,
    /// The operator, `com.microsoft.QGemm` if it is not one of ONNX's own.
    pub kind: String,
    /// What it reads; `None` for what is left out.
    pub inputs: Vec<Option<String>>,
    /// What it writes; `None` for what nobody reads.
    pub outputs: Vec<Option<String>>,
    /// Parameters by name.
    pub attributes: Vec<(String, Attribute)>,
    /// The file's operator that it is a part of, if that is written as several.
    pub origin: Option<Origin>,
}

/// An operator of the file that is written as several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Origin {
    /// Its name.
    pub kind: String,
    /// Its layer.
    pub layer: String,
}

impl Node {
    /// The name of its first output, which is the layer that people know.
    pub fn layer(&self) -> &str {
        match &self.origin {
            Some(origin) => &origin.layer,
            None => self.outputs.iter().flatten().next().map_or("", |s| s),
        }
    }
}

/// A parameter.
#[derive(Debug, Clone, PartialEq)]
pub enum Attribute {
    /// A number.
    Float(f32),
    /// A number.
    Int(i64),
    /// Text.
    Text(String),
    /// A constant.
    Tensor(Tensor),
    /// Numbers.
    Floats(Vec<f32>),
    /// Numbers.
    Ints(Vec<i64>),
    /// Of a kind that no supported operator has.
    Other,
}

/// A constant: elements row by row, little endian.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tensor {
    /// Element type.
    pub dtype: DataType,
    /// Extents.
    pub shape: Vec<i64>,
    /// Elements.
    pub data: Arc<[u8]>,
}

impl Tensor {
    /// Number of elements.
    pub fn elements(&self) -> usize {
        self.data.len() / self.dtype.bytes().unwrap_or(1)
    }

    /// The elements of an integer tensor.
    pub fn integers(&self) -> Option<Vec<i64>> {
        let words = |n: usize| self.data.chunks_exact(n);
        Some(match self.dtype {
            DataType::INT8 | DataType::INT4 => words(1)
                .map(|b| i64::from(i8::from_le_bytes([b[0]])))
                .collect(),
            DataType::UINT8 | DataType::UINT4 | DataType::BOOL => {
                words(1).map(|b| i64::from(b[0])).collect()
            }
            DataType::INT32 => words(4)
                .map(|b| i32::from_le_bytes([b[0], b[1], b[2], b[3]]).into())
                .collect(),
            DataType::INT64 => words(8)
                .map(|b| i64::from_le_bytes([b[0], b[1], b[2], b[3], b[4], b[5], b[6], b[7]]))
                .collect(),
            _ => return None,
        })
    }

    /// The elements of a float tensor.
    pub fn floats(&self) -> Option<Vec<f32>> {
        let words = self.data.chunks_exact(4);
        let float = |b: &[u8]| f32::from_le_bytes([b[0], b[1], b[2], b[3]]);
        (self.dtype == DataType::FLOAT).then(|| words.map(float).collect())
    }

    /// A float tensor.
    pub fn of_floats(shape: &[i64], values: impl IntoIterator<Item = f32>) -> Tensor {
        Tensor {
            dtype: DataType::FLOAT,
            shape: shape.to_vec(),
            data: values.into_iter().flat_map(f32::to_le_bytes).collect(),
        }
    }

    /// An int64 tensor.
    pub fn of_integers(shape: &[i64], values: impl IntoIterator<Item = i64>) -> Tensor {
        Tensor {
            dtype: DataType::INT64,
            shape: shape.to_vec(),
            data: values.into_iter().flat_map(i64::to_le_bytes).collect(),
        }
    }
}

/// An element type, by its number in the format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DataType(pub i32);

impl DataType {
    /// 32-bit float.
    pub const FLOAT: DataType = DataType(1);
    /// Unsigned byte.
    pub const UINT8: DataType = DataType(2);
    /// Signed byte.
    pub const INT8: DataType = DataType(3);
    /// 32-bit integer.
    pub const INT32: DataType = DataType(6);
    /// 64-bit integer.
    pub const INT64: DataType = DataType(7);
    /// A byte, 0 or 1.
    pub const BOOL: DataType = DataType(9);
    /// Half a byte in a file, from 0 to 15.
    pub const UINT4: DataType = DataType(21);
    /// Half a byte in a file, from −8 to 7.
    pub const INT4: DataType = DataType(22);

    /// Bytes of an element in a [`Tensor`], of the types that are read.
    pub fn bytes(self) -> Option<usize> {
        Some(match self {
            DataType::UINT8 | DataType::INT8 | DataType::BOOL => 1,
            // Read, they have a byte each.
            DataType::UINT4 | DataType::INT4 => 1,
            DataType::FLOAT | DataType::INT32 => 4,
            DataType::INT64 => 8,
            _ => return None,
        })
    }
}

impl fmt::Display for DataType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const NAMES: [&str; 23] = [
            "UNDEFINED",
            "FLOAT",
            "UINT8",
            "INT8",
            "UINT16",
            "INT16",
            "INT32",
            "INT64",
            "STRING",
            "BOOL",
            "FLOAT16",
            "DOUBLE",
            "UINT32",
            "UINT64",
            "COMPLEX64",
            "COMPLEX128",
            "BFLOAT16",
            "FLOAT8E4M3FN",
            "FLOAT8E4M3FNUZ",
            "FLOAT8E5M2",
            "FLOAT8E5M2FNUZ",
            "UINT4",
            "INT4",
        ];
        match usize::try_from(self.0).ok().and_then(|i| NAMES.get(i)) {
            Some(name) => f.write_str(name),
            None => write!(f, "type {}", self.0),
        }
    }
}
