//! Files that are no models, or no sound ones: an error and exit code 1 within a second, in less than 200 MB, and nothing written.

use std::fs;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::command::{Ended, digits, names, text, thumbwright};
use crate::flatbuffer::Patch;

const LIMIT: Duration = Duration::from_secs(1);

/// Compiles a file that must be refused; what was said.
#[track_caller]
fn refused(path: &Path, parts: &[&str]) -> Ended {
    let root = tempfile::tempdir().unwrap();
    let out = root.path().join("out");
    let started = Instant::now();
    let ended = limited(&text(path), &text(&out));
    let took = started.elapsed();
    assert!(took < LIMIT, "{}: {took:?}", path.display());
    assert_eq!(names(root.path()), [""], "{} left files", path.display());
    let ended = ended.fails(1, parts);
    assert!(ended.err.starts_with("error["), "{}", ended.err);
    ended
}

/// `compile` with an address space of 200 MB, where a shell can set that.
#[cfg(target_os = "linux")]
fn limited(model: &str, out: &str) -> Ended {
    let script = "ulimit -v 204800; exec \"$0\" compile \"$1\" --target cortex-m4 -o \"$2\"";
    let output = Command::new("sh")
        .args(["-c", script, env!("CARGO_BIN_EXE_thumbwright"), model, out])
        .output();
    Ended::of(output.unwrap())
}

#[cfg(not(target_os = "linux"))]
fn limited(model: &str, out: &str) -> Ended {
    thumbwright(["compile", model, "--target", "cortex-m4", "-o", out])
}

/// Compiles bytes that must be refused.
#[track_caller]
fn refused_bytes(bytes: &[u8], parts: &[&str]) -> Ended {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("bad.tflite");
    fs::write(&path, bytes).unwrap();
    refused(&path, parts)
}

fn model() -> Patch {
    Patch(fs::read(digits()).unwrap())
}

#[test]
fn the_limits_suffice_for_the_sound_file() {
    let root = tempfile::tempdir().unwrap();
    limited(&digits(), &text(&root.path().join("out"))).ok();
}

#[test]
fn a_truncated_file() {
    let whole = model().0;
    let mut count = 0;
    for end in (64..whole.len()).step_by(64) {
        refused_bytes(&whole[..end], &["bad.tflite"]);
        count += 1;
    }
    assert_eq!(count, (whole.len() - 1) / 64);
}

#[test]
fn no_file_at_all() {
    let root = tempfile::tempdir().unwrap();
    refused(
        &root.path().join("none.tflite"),
        &["error[T001]", "none.tflite"],
    );
    refused(root.path(), &["error[T001]: it is a directory"]);
    refused_bytes(&[], &["error[T001]: it is empty"]);
    refused_bytes(b"\x00", &["error["]);
    #[cfg(unix)]
    refused(
        Path::new("/dev/zero"),
        &["error[T001]", "not a regular file"],
    );
}

#[test]
fn a_huge_file() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("huge.tflite");
    // A hole: it takes no space on the disk.
    fs::File::create(&path).unwrap().set_len(1 << 40).unwrap();
    refused(&path, &["error[T001]: it is larger than"]);
}

#[test]
fn a_file_of_another_kind() {
    let mut wrong = model();
    wrong.0[4..8].copy_from_slice(b"TFL9");
    refused_bytes(&wrong.0, &["error[T002]"]);
    refused_bytes(
        b"\x08\x07\x12\x0cbackend-test:\xa2\x02 an ONNX file, for example",
        &["error[T002]"],
    );
}

#[test]
fn an_unknown_operator() {
    // The first operator's code, CONV_2D: field 0 is the byte of old files, field 3 the number.
    let mut unknown = model();
    let code = unknown.operator_code(0);
    let byte = unknown.field(code, 0);
    assert_eq!(unknown.0[byte], 3);
    // Only one of the two fields need be in the file; the larger one counts.
    unknown.0[byte] = 126;
    let parts = [
        "error[T100]",
        "BATCH_MATMUL",
        "bad.tflite",
        "operator 0",
        "3 layers: \"",
    ];
    refused_bytes(&unknown.0, &parts);
    // Two unknown operators: both are named in one run.
    let code = unknown.operator_code(1);
    let byte = unknown.field(code, 0);
    assert_eq!(unknown.0[byte], 4);
    unknown.0[byte] = 125;
    let ended = refused_bytes(&unknown.0, &["error[T100]", "BATCH_MATMUL"]);
    assert_eq!(ended.err.matches("error[T100]").count(), 2, "{}", ended.err);
}

#[test]
fn a_shape_of_4_gb() {
    let mut huge = model();
    let tensor = huge.tensor(input_of(&huge));
    let shape = huge.referred(tensor, 0);
    for dimension in [1, 2] {
        let at = huge.element(shape, dimension);
        huge.set(at, 65536);
    }
    refused_bytes(&huge.0, &["error["]);
    for (dimension, value) in [(1, u32::MAX), (2, i32::MAX as u32), (1, 0)] {
        let mut wrong = model();
        let shape = wrong.referred(wrong.tensor(input_of(&wrong)), 0);
        let at = wrong.element(shape, dimension);
        wrong.set(at, value);
        refused_bytes(&wrong.0, &["error["]);
    }
}

/// The tensor that the graph takes.
fn input_of(model: &Patch) -> usize {
    let inputs = model.referred(model.graph(), 1);
    model.get(model.element(inputs, 0)) as usize
}

#[test]
fn a_dangling_buffer() {
    for index in [9999, u32::MAX] {
        let mut dangling = model();
        // The filter of the first operator.
        let inputs = dangling.referred(dangling.operator(0), 1);
        let filter = dangling.get(dangling.element(inputs, 1)) as usize;
        let at = dangling.field(dangling.tensor(filter), 2);
        dangling.set(at, index);
        refused_bytes(&dangling.0, &["error[T013]", "bad.tflite"]);
    }
}

#[test]
fn a_dangling_tensor() {
    for index in [9999, 0x8000_0000] {
        let mut dangling = model();
        let inputs = dangling.referred(dangling.operator(0), 1);
        let at = dangling.element(inputs, 0);
        dangling.set(at, index);
        refused_bytes(&dangling.0, &["error[T011]", "operator 0"]);
    }
}

#[test]
fn a_graph_in_a_circle() {
    let mut cyclic = model();
    // The second operator's result becomes the input of the first.
    let outputs = cyclic.referred(cyclic.operator(1), 2);
    let later = cyclic.get(cyclic.element(outputs, 0));
    let inputs = cyclic.referred(cyclic.operator(0), 1);
    let at = cyclic.element(inputs, 0);
    cyclic.set(at, later);
    refused_bytes(&cyclic.0, &["error[T04", "operator"]);
}

#[test]
fn the_other_forms_refuse_too() {
    let root = tempfile::tempdir().unwrap();
    let path = root.path().join("bad.tflite");
    fs::write(&path, &model().0[..5000]).unwrap();
    let path = text(&path);
    thumbwright(["run", &path, "--target", "interp"]).fails(1, &["error["]);
    thumbwright(["inspect", &path]).fails(1, &["error["]);
}
