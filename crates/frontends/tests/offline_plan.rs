//! Offline memory plans for TensorFlow Lite Micro: what is to be planned, and the copy of a file.
#![allow(clippy::unwrap_used, reason = "tests")]

mod tflite_writer;

use frontends::tflite::offline_plan::{
    ALIGNMENT, ArenaTensor, METADATA_NAME, arena_tensors, offsets, with_offsets,
};
use frontends::tflite::{TfliteModel, read};
use tflite_writer::{Buffer, Model, Tensor, activation, small};

fn sound(bytes: &[u8]) -> TfliteModel {
    read(bytes, "m.tflite").unwrap_or_else(|e| panic!("{e}"))
}

fn planned(model: &Model) -> Vec<ArenaTensor> {
    arena_tensors(&sound(&model.bytes()), "m.tflite").unwrap()
}

fn arena(tensor: usize, bytes: u64, start: u32, end: u32) -> ArenaTensor {
    ArenaTensor {
        tensor,
        bytes,
        start,
        end,
    }
}

/// By hand from the rules: inputs from time 0, operator `i` at time `i + 1`, outputs to the end, constants not at all.
#[test]
fn lifetimes_of_a_small_model() {
    assert_eq!(
        planned(&small()),
        [
            arena(0, 16, 0, 2),
            arena(3, 32, 1, 3),
            arena(4, 32, 2, 4),
            arena(5, 32, 3, 4),
        ]
    );
}

#[test]
fn what_is_left_to_the_device_and_what_lives_longer() {
    let mut model = small();
    let graph = &mut model.graphs[0];
    // 7: nobody touches it. 8: a variable. 9: an input that nobody reads, of 17 bytes. 10: no elements.
    graph.tensors.push(activation("unused", &[1, 40]));
    graph.tensors.push(Tensor {
        is_variable: true,
        ..activation("state", &[1, 40])
    });
    graph.tensors.push(activation("spare", &[1, 17]));
    graph.tensors.push(activation("empty", &[1, 0]));
    graph.inputs.extend([9, 10]);
    // The convolution's result is an output too.
    graph.outputs.push(3);
    assert_eq!(
        planned(&model),
        [
            arena(0, 16, 0, 2),
            arena(3, 32, 1, 4),
            arena(4, 32, 2, 4),
            arena(5, 32, 3, 4),
            arena(9, 32, 0, 1),
        ]
    );
}

const PLACES: [(usize, u64); 4] = [(0, 32), (3, 0), (4, 32), (5, 0)];
const OFFSETS: [i32; 7] = [32, -1, -1, 0, 32, 0, -1];

#[test]
fn the_copy_is_the_model_and_the_plan() {
    let old = small().bytes();
    let new = with_offsets(&old, "m.tflite", &PLACES).unwrap();
    // The old bytes are the end of the new ones, at the same alignment.
    let front = new.len() - old.len();
    assert_eq!(new[front..], old);
    assert_eq!(front % 16, 0);
    assert_eq!(&new[4..8], b"TFL3");

    let (before, after) = (sound(&old), sound(&new));
    let names: Vec<&str> = after.metadata.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["min_runtime_version", METADATA_NAME]);
    assert_eq!(
        new[after.metadata[0].data.clone()],
        old[before.metadata[0].data.clone()]
    );
    // The format: version, subgraphs, number of tensors, an offset each; int32, little endian, aligned as buffers are.
    let plan = after.metadata[1].data.clone();
    assert_eq!(plan.start % 16, 0);
    let expected: Vec<u8> = [1, 1, 7]
        .iter()
        .chain(&OFFSETS)
        .flat_map(|word: &i32| word.to_le_bytes())
        .collect();
    assert_eq!(new[plan], expected);
    assert_eq!(offsets(&after, &new).unwrap(), OFFSETS);
    assert_eq!(offsets(&before, &old), None);

    assert_eq!(
        (after.version, &after.description, &after.signatures),
        (before.version, &before.description, &before.signatures)
    );
    let (after, before) = (&after.subgraphs[0], &before.subgraphs[0]);
    assert_eq!(after.operators, before.operators);
    assert_eq!(
        (&after.inputs, &after.outputs),
        (&before.inputs, &before.outputs)
    );
    for (a, b) in after.tensors.iter().zip(&before.tensors) {
        assert_eq!((&a.name, &a.shape, &a.quant), (&b.name, &b.shape, &b.quant));
        let bytes = |bytes: &[u8], t: &frontends::tflite::Tensor| {
            t.data.clone().map(|range| bytes[range].to_vec())
        };
        assert_eq!(bytes(&new, a), bytes(&old, b), "{}", a.name);
    }
}

#[test]
fn a_plan_is_replaced() {
    let old = small().bytes();
    let once = with_offsets(&old, "m.tflite", &PLACES).unwrap();
    let twice = with_offsets(&once, "m.tflite", &[(5, 4096)]).unwrap();
    let model = sound(&twice);
    let names: Vec<&str> = model.metadata.iter().map(|m| m.name.as_str()).collect();
    assert_eq!(names, ["min_runtime_version", METADATA_NAME]);
    assert_eq!(
        offsets(&model, &twice).unwrap(),
        [-1, -1, -1, -1, -1, 4096, -1]
    );
}

#[test]
fn a_file_without_metadata_gets_some() {
    let mut model = small();
    (model.metadata, model.signatures) = (vec![], vec![]);
    let new = with_offsets(&model.bytes(), "m.tflite", &PLACES).unwrap();
    assert_eq!(offsets(&sound(&new), &new).unwrap(), OFFSETS);
}

/// A plan that states another number of tensors than it has offsets for is none.
#[test]
fn a_plan_that_is_cut_off_is_none() {
    let mut model = small();
    let words = [1i32, 1, 7, 0, 0];
    let bytes = words.iter().flat_map(|w| w.to_le_bytes()).collect();
    model.buffers.push(Buffer::Inside(bytes));
    model.metadata.push((METADATA_NAME.into(), 4));
    let bytes = model.bytes();
    assert_eq!(offsets(&sound(&bytes), &bytes), None);
}

#[test]
fn offsets_reach_to_31_bits() {
    let old = small().bytes();
    let top = u64::from(i32::MAX.unsigned_abs()) / ALIGNMENT * ALIGNMENT;
    assert!(with_offsets(&old, "m.tflite", &[(0, top)]).is_ok());
    assert!(with_offsets(&old, "m.tflite", &[(0, 1 << 31)]).is_err());
}

#[test]
fn files_that_a_front_cannot_stand_for() {
    let mut newer = small();
    newer.newer_field = true;
    let mut bare = small();
    bare.buffers.clear();
    bare.metadata.clear();
    bare.signatures.clear();
    let graph = &mut bare.graphs[0];
    (graph.tensors, graph.operators) = (vec![], vec![]);
    (graph.inputs, graph.outputs) = (vec![], vec![]);
    for (model, why) in [
        (newer, "fields of a newer schema"),
        (bare, "no list of buffers"),
    ] {
        let bytes = model.bytes();
        sound(&bytes);
        let errors = with_offsets(&bytes, "m.tflite", &[]).unwrap_err();
        let error = &errors.as_slice()[0];
        assert_eq!(error.code, "T201");
        assert!(error.message.contains(why), "{error}");
    }
}

/// Whatever is read is copied or refused; [`with_offsets`] reads the copy back and compares it.
#[test]
fn damaged_files_are_copied_or_refused() {
    let bytes = small().bytes();
    let mut copied = 0;
    for at in 0..bytes.len() {
        for flip in [1u8, 0x80, 0xff] {
            let mut damaged = bytes.clone();
            damaged[at] ^= flip;
            let Ok(model) = read(&damaged, "m.tflite") else {
                continue;
            };
            let places: Vec<(usize, u64)> = arena_tensors(&model, "m.tflite")
                .map(|tensors| tensors.iter().map(|t| (t.tensor, 0)).collect())
                .unwrap_or_default();
            copied += usize::from(with_offsets(&damaged, "m.tflite", &places).is_ok());
        }
    }
    assert!(copied > 500, "{copied}");
}
