//! What int8 stands for exactly: constants of INT4, and tensors of UINT8; and int32 for indices of INT64.
//!
//! Two INT4 share a byte, the first in its low half; the reference kernels unpack them to int8 and compute as always. A tensor of
//! UINT8 is one of INT8 whose elements and zero points are 128 less: what they stand for is the same. A filter of UINT8 has a zero
//! point of its own; it becomes 0 if all weights without it fit, so that kernels for symmetric filters take it.

use std::borrow::Cow;
use std::collections::BTreeMap;

use crate::finding::Finding;
use crate::tflite::codes;
use crate::tflite::model::{Operator, Subgraph, Tensor, TensorType};

/// Operators of which UINT8 gives what INT8 gives of the same numbers, or is imported for what it gives, sorted. Others round in another
/// way, or have a table of their own.
const UNSIGNED: [&str; 35] = [
    "ADD",
    "ARG_MAX",
    "ARG_MIN",
    "AVERAGE_POOL_2D",
    "CONCATENATION",
    "CONV_2D",
    "DEPTHWISE_CONV_2D",
    "DEPTH_TO_SPACE",
    "DEQUANTIZE",
    "EXPAND_DIMS",
    "FULLY_CONNECTED",
    "GATHER",
    "MAXIMUM",
    "MAX_POOL_2D",
    "MINIMUM",
    "MIRROR_PAD",
    "MUL",
    "PACK",
    "PAD",
    "PADV2",
    "QUANTIZE",
    "RELU",
    "RELU6",
    "RESHAPE",
    "RESIZE_NEAREST_NEIGHBOR",
    "SLICE",
    "SOFTMAX",
    "SPACE_TO_DEPTH",
    "SPLIT",
    "SPLIT_V",
    "SQUEEZE",
    "STRIDED_SLICE",
    "SUB",
    "TRANSPOSE",
    "UNPACK",
];

/// Operators whose second input is a filter.
const WEIGHTED: [&str; 3] = ["CONV_2D", "DEPTHWISE_CONV_2D", "FULLY_CONNECTED"];

/// What is added to an element or zero point of UINT8.
const SHIFT: i64 = -128;

/// Operators whose results are indices of a dimension, which has less than 2³¹.
const INDICES: [&str; 2] = ["ARG_MAX", "ARG_MIN"];

/// A graph without INT4, quantised UINT8 and indices of INT64, and the elements of the constants that were so.
pub(super) struct EightBits<'a> {
    pub(super) graph: Cow<'a, Subgraph>,
    constants: BTreeMap<usize, Vec<u8>>,
    /// Element types in the file.
    in_file: Vec<TensorType>,
}

impl<'a> EightBits<'a> {
    /// Rewrites a graph of a file's bytes.
    pub(super) fn new(graph: &'a Subgraph, bytes: &[u8]) -> EightBits<'a> {
        let mut constants = BTreeMap::new();
        let mut rewritten = Cow::Borrowed(graph);
        for (index, tensor) in graph.tensors.iter().enumerate() {
            let stored = tensor.data.clone().and_then(|range| bytes.get(range));
            let unsigned = tensor.dtype == TensorType::Uint8 && tensor.quant.is_some();
            let (zero_points, elements) = if unsigned {
                let filter = stored.filter(|_| is_filter(graph, index));
                let symmetric = filter.and_then(|stored| without_zero_point(tensor, stored));
                match symmetric {
                    Some(elements) => (vec![0], Some(elements)),
                    None => (
                        zero_points(tensor).iter().map(|z| z + SHIFT).collect(),
                        stored.map(|stored| stored.iter().map(|b| b ^ 0x80).collect()),
                    ),
                }
            } else if tensor.dtype == TensorType::Int4 {
                let Some(stored) = stored else { continue };
                (zero_points(tensor).to_vec(), Some(unpacked(tensor, stored)))
            } else {
                continue;
            };
            let tensor = &mut rewritten.to_mut().tensors[index];
            tensor.dtype = TensorType::Int8;
            if let Some(quant) = &mut tensor.quant {
                quant.zero_points = zero_points;
            }
            constants.extend(elements.map(|elements| (index, elements)));
        }
        for operator in &graph.operators {
            let indices = operator
                .kind
                .builtin_name()
                .is_some_and(|n| INDICES.contains(&n));
            for &output in operator.outputs.iter().filter(|_| indices) {
                if graph.tensors[output].dtype == TensorType::Int64 {
                    rewritten.to_mut().tensors[output].dtype = TensorType::Int32;
                }
            }
        }
        EightBits {
            graph: rewritten,
            constants,
            in_file: graph.tensors.iter().map(|t| t.dtype).collect(),
        }
    }

    /// The elements of a constant that was rewritten.
    pub(super) fn constant(&self, tensor: usize) -> Option<&[u8]> {
        self.constants.get(&tensor).map(Vec::as_slice)
    }

    /// The element type of a tensor in the file.
    pub(super) fn in_file(&self, tensor: usize) -> TensorType {
        self.in_file[tensor]
    }

    /// Whether a tensor was of UINT8 and is of INT8.
    pub(super) fn is_unsigned(&self, tensor: usize) -> bool {
        self.in_file(tensor) == TensorType::Uint8
            && self.graph.tensors[tensor].dtype == TensorType::Int8
    }

    /// Refuses an operator on UINT8 that computes otherwise on INT8.
    pub(super) fn check(&self, operator: &Operator) -> Result<(), Finding> {
        let name = operator.kind.builtin_name().unwrap_or("");
        let inputs = operator.inputs.iter().flatten();
        let mut tensors = inputs.chain(&operator.outputs);
        if UNSIGNED.contains(&name) || !tensors.any(|&t| self.is_unsigned(t)) {
            return Ok(());
        }
        Err(Finding::new(
            codes::ELEMENT_TYPE,
            "its tensors are UINT8, of which its results are other than of INT8",
            "convert the model with int8 quantisation",
        ))
    }
}

fn zero_points(tensor: &Tensor) -> &[i64] {
    tensor.quant.as_ref().map_or(&[], |q| &q.zero_points)
}

/// Whether all operators that read a tensor take it as their filter, and there is one.
fn is_filter(graph: &Subgraph, tensor: usize) -> bool {
    let readers = graph.operators.iter().flat_map(|operator| {
        let inputs = operator.inputs.iter().enumerate();
        let read = inputs.filter(|(_, input)| **input == Some(tensor));
        read.map(|(position, _)| (operator.kind.builtin_name().unwrap_or(""), position))
    });
    let mut readers = readers.peekable();
    readers.peek().is_some()
        && !graph.outputs.contains(&tensor)
        && readers.all(|(name, position)| position == 1 && WEIGHTED.contains(&name))
}

/// The elements of UINT8 less their one zero point, if all are then of int8.
fn without_zero_point(tensor: &Tensor, stored: &[u8]) -> Option<Vec<u8>> {
    let &[zero_point] = zero_points(tensor) else {
        return None;
    };
    let element = |&b: &u8| i8::try_from(i64::from(b) - zero_point).ok();
    let elements = stored.iter().map(|b| Some(element(b)?.to_le_bytes()[0]));
    elements.collect()
}

/// The elements of INT4, one a byte.
fn unpacked(tensor: &Tensor, stored: &[u8]) -> Vec<u8> {
    let halves = stored.iter().flat_map(|&b| [b << 4, b]);
    // Shifting to the right as a signed byte keeps the sign of the upper half.
    let elements = halves.map(|b| (i8::from_le_bytes([b]) >> 4).to_le_bytes()[0]);
    let count = usize::try_from(tensor.elements()).unwrap_or(usize::MAX);
    elements.take(count).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::tflite::model::Quant;

    fn tensor(dtype: TensorType, elements: i64, zero_point: i64) -> Tensor {
        Tensor {
            name: "t".to_owned(),
            shape: vec![elements],
            dtype,
            quant: Some(Quant {
                scales: vec![0.5],
                zero_points: vec![zero_point],
                axis: 0,
            }),
            data: None,
            is_variable: false,
        }
    }

    #[test]
    fn the_first_of_two_is_the_low_half() {
        let odd = tensor(TensorType::Int4, 5, 0);
        let got = unpacked(&odd, &[0x71, 0x8f, 0x0c]);
        assert_eq!(
            got.iter().map(|&b| b as i8).collect::<Vec<_>>(),
            [1, 7, -1, -8, -4]
        );
    }

    #[test]
    fn a_zero_point_is_taken_off_where_the_rest_fits() {
        let stored = [0u8, 100, 227];
        let fits = without_zero_point(&tensor(TensorType::Uint8, 3, 100), &stored);
        assert_eq!(fits, Some(vec![156, 0, 127]));
        for zero_point in [99, 129] {
            let exceeds = without_zero_point(&tensor(TensorType::Uint8, 3, zero_point), &stored);
            assert_eq!(exceeds, None);
        }
    }

    #[test]
    fn operators_are_sorted() {
        assert!(UNSIGNED.is_sorted());
    }
}
