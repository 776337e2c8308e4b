//! A network as PyTorch exports it, NCHW and with padding apart from the convolutions, needs the memory of the same network written
//! for a microcontroller, and computes what PyTorch does.
//!
//! The committed network is a small one; `THUMBWRIGHT_MOBILENET=DIR` takes what `tools/mobilenet.py --out DIR` wrote instead.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::{Path, PathBuf};
use thumbwright::runtime::interpret;
use thumbwright::{CompileOptions, Compiled, Compiler};

fn file(name: &str) -> (String, Vec<u8>) {
    let own = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data/mobilenet");
    let folder = std::env::var_os("THUMBWRIGHT_MOBILENET").map_or(own, PathBuf::from);
    let path = folder.join(name);
    let bytes = std::fs::read(&path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    (name.to_owned(), bytes)
}

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes
        .chunks_exact(4)
        .map(|c| f32::from_le_bytes(c.try_into().unwrap()))
        .collect()
}

/// An image with its channels last.
fn channels_last(image: &[u8], channels: usize) -> Vec<u8> {
    let pixels = image.len() / 4 / channels;
    let value = |pixel: usize, channel: usize| {
        let at = (channel * pixels + pixel) * 4;
        &image[at..at + 4]
    };
    (0..pixels)
        .flat_map(|p| (0..channels).flat_map(move |c| value(p, c).to_vec()))
        .collect()
}

fn compiled(compiler: &Compiler, name: &str) -> Compiled {
    let (name, bytes) = file(name);
    let options = CompileOptions::for_target("cortex-m4");
    compiler
        .compile(&name, &bytes, &options)
        .unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn padding_and_layout_cost_no_memory() {
    let compiler = Compiler::new().unwrap();
    let exported = compiled(&compiler, "mobilenet.onnx").memory().arena_size;
    let native = compiled(&compiler, "mobilenet.mlir").memory().arena_size;
    println!("arena: {exported} bytes as exported, {native} bytes as written");
    assert!(exported * 100 <= native * 101, "{exported}, {native}");
}

#[test]
fn both_compute_what_pytorch_does() {
    let compiler = Compiler::new().unwrap();
    let (_, image) = file("input.bin");
    let want = floats(&file("output.bin").1);
    let largest = want.iter().fold(0.0f32, |m, x| m.max(x.abs()));
    for (name, image) in [
        ("mobilenet.onnx", image.clone()),
        ("mobilenet.mlir", channels_last(&image, 3)),
    ] {
        let (name, bytes) = file(name);
        let (network, _) = compiler.import(&name, &bytes).unwrap();
        let got = floats(&interpret(&network, vec![image]).unwrap().outputs[0]);
        assert_eq!(got.len(), want.len());
        let off = |(a, b): (&f32, &f32)| (a - b).abs();
        let worst = got.iter().zip(&want).map(off).fold(0.0, f32::max);
        println!("{name}: {worst:e} off, largest output {largest}");
        assert!(worst <= 1e-4 * largest, "{name}: {got:?}, {want:?}");
    }
}
