//! TensorFlow Lite Micro's offline memory plan: what its arena holds of a model, and a copy of the file that says where.
//!
//! TensorFlow Lite Micro plans its arena when it starts, on the device. A file can bring the plan along: its metadata entry
//! `OfflineMemoryAllocation` is a buffer of little-endian `int32`, a version, a number of subgraphs, a number of tensors, then
//! an offset for each tensor, −1 for what is left to the device (`docs/memory_management.md` of tflite-micro). What a kernel
//! asks for as scratch is always planned on the device, around the given offsets.
//!
//! [`arena_tensors`] states the problem, as `micro_allocation_info.cc` does, and [`with_offsets`] writes its solution.

mod front;
mod lifetimes;

pub use lifetimes::{ALIGNMENT, ArenaTensor, arena_tensors};

use std::ops::Range;

use super::model::{Subgraph, TfliteModel};
use super::{codes, read};
use crate::error::ImportErrors;
use crate::finding::{Finding, Findings};

/// Name of the metadata entry.
pub const METADATA_NAME: &str = "OfflineMemoryAllocation";

/// The offset of a tensor that is left to the device.
pub const ON_DEVICE: i32 = -1;

/// What the plan's buffer begins with: the version, and the number of subgraphs.
const HEAD: [i32; 2] = [1, 1];

/// A copy of a TFLite file with these places, in bytes from the start of the arena's head, for the tensors of its graph.
///
/// `places` are pairs of a tensor's index and its offset; all other tensors are left to the device. The old bytes follow the
/// new ones unchanged, so that constants keep their alignment; a plan that the file had is replaced. `file` is the name that
/// errors give it. The copy is read back, and is the model that `bytes` are.
///
/// # Errors
/// What [`read`] reports of `bytes`; [`codes::OFFLINE_GRAPHS`] if the model has several graphs,
/// [`codes::OFFLINE_FORM`] if data lie behind the flatbuffer or the file is of a newer schema, [`codes::OFFLINE_OFFSET`] if an
/// offset has more than 31 bits, [`codes::LIMIT`] if the copy is too large to be read.
pub fn with_offsets(
    bytes: &[u8],
    file: &str,
    places: &[(usize, u64)],
) -> Result<Vec<u8>, ImportErrors> {
    let model = read(bytes, file)?;
    let mut copy = one_graph(&model)
        .and_then(|graph| plan(graph, places))
        .and_then(|plan| front::in_front(bytes, &plan))
        .map_err(|finding| refused(file, finding))?;
    let front = copy.len();
    copy.extend_from_slice(bytes);
    let reread = read(&copy, file)?;
    assert!(
        is_copy(&reread, &model, front),
        "invariant: a flatbuffer means the same behind other bytes"
    );
    Ok(copy)
}

/// The plan that a file has, tensor by tensor; none if it has none, or one that is not whole.
pub fn offsets(model: &TfliteModel, bytes: &[u8]) -> Option<Vec<i32>> {
    let entry = model.metadata.iter().find(|m| m.name == METADATA_NAME)?;
    let words: Vec<i32> = bytes
        .get(entry.data.clone())?
        .chunks_exact(4)
        .map(|word| i32::from_le_bytes([word[0], word[1], word[2], word[3]]))
        .collect();
    let (count, offsets) = (*words.get(2)?, words.get(3..)?);
    (usize::try_from(count) == Ok(offsets.len())).then(|| offsets.to_vec())
}

fn refused(file: &str, finding: Finding) -> ImportErrors {
    let mut findings = Findings::new(file);
    findings.add(None, finding);
    findings.into_errors()
}

/// The only graph of a model.
fn one_graph(model: &TfliteModel) -> Result<&Subgraph, Finding> {
    match &model.subgraphs[..] {
        [graph] => Ok(graph),
        graphs => Err(Finding::new(
            codes::OFFLINE_GRAPHS,
            format!(
                "the model has {} graphs; an offline memory plan is for models of one",
                graphs.len()
            ),
            "versions of TensorFlow Lite Micro differ in whose offsets they take for further graphs; convert without control flow",
        )),
    }
}

/// The contents of the metadata buffer.
fn plan(graph: &Subgraph, places: &[(usize, u64)]) -> Result<Vec<i32>, Finding> {
    let mut offsets = vec![ON_DEVICE; graph.tensors.len()];
    for &(tensor, place) in places {
        let Ok(offset) = i32::try_from(place) else {
            return Err(Finding::new(
                codes::OFFLINE_OFFSET,
                format!(
                    "tensor \"{}\" is to start at byte {place}, more than the plan's 31 bits hold",
                    graph.tensors[tensor].name
                ),
                "the model is too large for TensorFlow Lite Micro",
            ));
        };
        offsets[tensor] = offset;
    }
    let count = i32::try_from(offsets.len()).expect("invariant: tensors are counted by limits");
    Ok([&HEAD[..], &[count], &offsets].concat())
}

/// Whether a model that was read behind `front` further bytes is this one, but for the offline plan.
fn is_copy(copy: &TfliteModel, model: &TfliteModel, front: usize) -> bool {
    // A buffer without a vector of data has none of the file's bytes.
    let moved = |range: &Range<usize>| match range.end {
        0 => range.clone(),
        _ => range.start + front..range.end + front,
    };
    let mut expected = model.clone();
    for graph in &mut expected.subgraphs {
        for data in graph.tensors.iter_mut().filter_map(|t| t.data.as_mut()) {
            *data = moved(data);
        }
    }
    expected
        .metadata
        .retain(|entry| entry.name != METADATA_NAME);
    for entry in &mut expected.metadata {
        entry.data = moved(&entry.data);
    }
    expected.metadata.extend(
        copy.metadata
            .last()
            .cloned()
            .filter(|entry| entry.name == METADATA_NAME),
    );
    *copy == expected
}
