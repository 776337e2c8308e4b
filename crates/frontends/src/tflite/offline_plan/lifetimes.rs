//! What the arena's head holds of a model, and how long, by the rules of TensorFlow Lite Micro's `AllocationInfoBuilder`.

use super::super::model::{Subgraph, Tensor, TensorType, TfliteModel};
use super::{one_graph, refused};
use crate::error::ImportErrors;

/// Alignment of every tensor in the arena, in bytes, and what its size is rounded up to.
pub const ALIGNMENT: u64 = 16;

/// A tensor that lives in the arena's head.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ArenaTensor {
    /// Index in [`Subgraph::tensors`].
    pub tensor: usize,
    /// Bytes that are set aside: a multiple of [`ALIGNMENT`], not 0.
    pub bytes: u64,
    /// First time at which it is live: 0 before the first operator, `i + 1` at operator `i`.
    pub start: u32,
    /// First time at which it no longer is.
    pub end: u32,
}

/// The tensors that TensorFlow Lite Micro places in the head of its arena, by ascending index.
///
/// Operators run in the file's order. An input lives from time 0 on, whether or not it is read, a graph's output until behind
/// the last operator, and any other tensor from the operator that writes it to the last that reads it. Constants stay in the
/// file; variables have memory of their own; tensors that no operator touches, and those without a size of their own (strings,
/// resources), are left to the device. `file` is the name that errors give the model.
///
/// # Errors
/// [`codes::OFFLINE_GRAPHS`](super::super::codes::OFFLINE_GRAPHS) if the model has several graphs.
pub fn arena_tensors(model: &TfliteModel, file: &str) -> Result<Vec<ArenaTensor>, ImportErrors> {
    let graph = one_graph(model).map_err(|finding| refused(file, finding))?;
    let spans = spans(graph);
    let tensors = graph.tensors.iter().zip(spans).enumerate();
    Ok(tensors
        .filter_map(|(tensor, (t, span))| {
            let (first, last) = span?;
            let bytes = head_bytes(t).filter(|&bytes| bytes > 0)?;
            Some(ArenaTensor {
                tensor,
                bytes: bytes.next_multiple_of(ALIGNMENT),
                start: first,
                end: last + 1,
            })
        })
        .collect())
}

/// First and last time at which each tensor is live.
fn spans(graph: &Subgraph) -> Vec<Option<(u32, u32)>> {
    let mut spans: Vec<Option<(u32, u32)>> = vec![None; graph.tensors.len()];
    for &tensor in graph.inputs.iter().chain(&graph.outputs) {
        spans[tensor] = Some((0, 0));
    }
    let mut time = 0;
    for operator in &graph.operators {
        time += 1;
        for &tensor in &operator.outputs {
            spans[tensor] = Some((time, time));
        }
        for &tensor in operator.inputs.iter().flatten() {
            if let Some((_, last)) = &mut spans[tensor] {
                *last = time;
            }
        }
    }
    for &tensor in &graph.outputs {
        if let Some((_, last)) = &mut spans[tensor] {
            *last = time;
        }
    }
    spans
}

/// Bytes of a tensor in the head; none if it is not there.
fn head_bytes(t: &Tensor) -> Option<u64> {
    if t.data.is_some() || t.is_variable {
        return None;
    }
    match t.dtype {
        // Versions differ in whether two elements share a byte.
        TensorType::Int4 => Some(t.elements()),
        _ => t.byte_size(),
    }
}
