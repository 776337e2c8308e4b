//! Truncated and randomly damaged files: an error or a model, within time and memory, never a panic.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::PathBuf;
use std::time::{Duration, Instant};

use frontends::tflite::{TfliteModel, read};

fn digits() -> Vec<u8> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..");
    let places = [
        root.join("models/digits_int8.tflite"),
        root.join("../shared/models/digits/digits_int8.tflite"),
    ];
    places
        .iter()
        .find_map(|path| std::fs::read(path).ok())
        .unwrap_or_else(|| panic!("digits_int8.tflite is in none of {places:?}"))
}

/// Marsaglia's xorshift64.
struct Xorshift(u64);

impl Xorshift {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % u64::try_from(bound).unwrap()).unwrap()
    }
}

/// The laws of a model that was accepted, checked anew.
fn assert_sound(model: &TfliteModel, bytes: &[u8]) {
    assert!(!model.subgraphs.is_empty());
    for graph in &model.subgraphs {
        for tensor in &graph.tensors {
            assert!(tensor.shape.iter().all(|&d| d >= 0));
            if let Some(range) = &tensor.data {
                let stored = bytes[range.clone()].len();
                assert_eq!(tensor.byte_size(), u64::try_from(stored).ok());
            }
            if let Some(quant) = &tensor.quant {
                assert_eq!(quant.scales.len(), quant.zero_points.len());
                assert!(quant.scales.iter().all(|s| s.is_finite() && *s > 0.0));
            }
        }
        let mut defined: Vec<bool> = graph
            .tensors
            .iter()
            .map(|t| t.is_variable || t.data.is_some() || t.shape.contains(&0))
            .collect();
        for &input in &graph.inputs {
            defined[input] = true;
        }
        for operator in &graph.operators {
            assert!(operator.inputs.iter().flatten().all(|&i| defined[i]));
            for &output in &operator.outputs {
                defined[output] = true;
            }
        }
        assert!(graph.outputs.iter().all(|&o| defined[o]));
    }
}

/// Peak resident memory of this process in KiB, where the system tells.
fn peak_kib() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}

fn assert_cheap(bytes: &[u8], what: &str) -> bool {
    let start = Instant::now();
    let result = read(bytes, "damaged.tflite");
    assert!(
        start.elapsed() < Duration::from_secs(1),
        "{what} took {:?}",
        start.elapsed()
    );
    match result {
        Ok(model) => {
            assert_sound(&model, bytes);
            true
        }
        Err(errors) => {
            assert!(!errors.is_empty(), "{what}");
            assert!(
                errors.as_slice().iter().all(|e| e.file == "damaged.tflite"),
                "{what}"
            );
            false
        }
    }
}

fn assert_memory() {
    match peak_kib() {
        Some(peak) => assert!(peak < 200 << 10, "peak memory {peak} KiB"),
        None => prerequisites::not_run("assert_memory", "/proc/self/status is not there"),
    }
}

#[test]
fn a_truncated_file_is_an_error() {
    let bytes = digits();
    for end in (0..bytes.len()).step_by(64) {
        assert!(
            !assert_cheap(&bytes[..end], &format!("the first {end} bytes")),
            "{end} bytes were accepted"
        );
    }
    assert_memory();
}

#[test]
fn a_file_with_flipped_bytes_is_an_error_or_sound() {
    let bytes = digits();
    let mut random = Xorshift(0x9e37_79b9_7f4a_7c15);
    let mut accepted = 0;
    for case in 0..2000 {
        let mut damaged = bytes.clone();
        for _ in 0..=random.below(4) {
            let at = random.below(damaged.len());
            damaged[at] ^= u8::try_from(1 + random.below(255)).unwrap();
        }
        accepted += u32::from(assert_cheap(&damaged, &format!("case {case}")));
    }
    // Most of the file is weights, so both outcomes occur.
    assert!((1..2000).contains(&accepted), "{accepted} accepted");
    assert_memory();
}

/// Each aligned word in turn becomes a number that sizes and offsets break on.
#[test]
fn extreme_words_are_an_error_or_sound() {
    let bytes = digits();
    for at in (0..bytes.len() - 4).step_by(4) {
        for word in [u32::MAX, 0x7fff_ffff, 0x8000_0000, 0] {
            let mut damaged = bytes.clone();
            damaged[at..at + 4].copy_from_slice(&word.to_le_bytes());
            assert_cheap(&damaged, &format!("word {word:#x} at {at}"));
        }
    }
    assert_memory();
}
