//! ONNX models: whole networks and drawn operators against onnxruntime, and the compiled code against the interpreter.
//!
//! Float: within 1e-4 of the largest output. Quantised ones are computed in integers, and in float between quantisations as onnxruntime
//! does; rounding may differ by a step a layer, so the class must be the golden's on every sample that is not a tie.
#![allow(clippy::unwrap_used, reason = "tests")]

mod drawn;
mod models;
mod suite;

use ir::{Module, WalkOrder};
use models::Model;
use std::collections::BTreeMap;
use thumbwright::runtime::interpret;
use thumbwright::{Arithmetic, Compiler, ImportOptions, InputLayout, Io, OnnxOptions};

fn floats(bytes: &[u8]) -> Vec<f32> {
    bytes
        .chunks_exact(4)
        .map(|c| f32::from_le_bytes([c[0], c[1], c[2], c[3]]))
        .collect()
}

fn is_quantised(model: &Model) -> bool {
    ["int8", "qdq", "qop"]
        .iter()
        .any(|k| model.name.contains(k))
}

/// The outputs of the interpreter for all samples of a model, and the golden's, as numbers.
fn outputs(compiler: &Compiler, model: &Model) -> (Vec<f32>, Vec<f32>) {
    let n = model.golden.n_samples;
    let (network, _) = compiler.import(&model.file(), &model.bytes()).unwrap();
    let got = interpret(&network, model.inputs(n)).unwrap().outputs;
    let read = |bytes: &[u8]| match model.golden.outputs[0].dtype.as_str() {
        "float32" => floats(bytes),
        _ => bytes.iter().map(|&b| f32::from(b as i8)).collect(),
    };
    (read(&got[0]), read(&model.outputs(n)[0]))
}

#[test]
fn float_models_give_the_golden() {
    let compiler = Compiler::new().unwrap();
    for model in models::all_onnx("float_models_give_the_golden") {
        if is_quantised(&model) {
            continue;
        }
        let (got, want) = outputs(&compiler, &model);
        assert_eq!(got.len(), want.len(), "{}", model.name);
        let largest = want.iter().fold(0.0f32, |m, x| m.max(x.abs()));
        let worst = got
            .iter()
            .zip(&want)
            .fold(0.0f32, |m, (a, b)| m.max((a - b).abs()));
        println!("{}: {worst:e} off, largest output {largest}", model.name);
        assert!(worst <= 1e-4 * largest, "{}: {worst:e}", model.name);
    }
}

/// Compilers that take quantised models in integers and in float.
fn both() -> [Compiler; 2] {
    [Arithmetic::Integer, Arithmetic::Float].map(|qdq| {
        Compiler::new().unwrap().with_import(ImportOptions {
            qdq,
            ..ImportOptions::default()
        })
    })
}

/// The class, if one output is the largest.
fn class(outputs: &[f32]) -> Option<usize> {
    let largest = outputs.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    let mut at = (0..outputs.len()).filter(|&i| outputs[i] == largest);
    at.next().filter(|_| at.next().is_none())
}

#[test]
fn quantised_models_give_the_class_of_the_golden() {
    for (model, compiler) in models::all_onnx("quantised_models_give_the_class_of_the_golden")
        .iter()
        .flat_map(|model| both().map(|compiler| (model, compiler)))
    {
        // An autoencoder has no class.
        if !is_quantised(model) || model.name == "ad_int8.onnx" {
            continue;
        }
        let (got, want) = outputs(&compiler, model);
        let classes = want.len() / model.golden.n_samples;
        let samples = got.chunks(classes).zip(want.chunks(classes)).enumerate();
        let mut compared = 0;
        for (i, (got, want)) in samples {
            let Some(wanted) = class(want) else { continue };
            compared += 1;
            let largest = got.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            assert!(
                got[wanted] == largest,
                "{}, sample {i}: {got:?}, {want:?}",
                model.name
            );
        }
        println!(
            "{}: {compared} of {} samples",
            model.name, model.golden.n_samples
        );
        assert!(compared * 2 > model.golden.n_samples, "{}", model.name);
    }
}

/// A quantised network is the one that its .tflite file has: the same ops in integers, and the same bytes of all samples.
#[test]
fn integer_networks_are_those_of_tflite() {
    let compiler = Compiler::new().unwrap();
    let tflite = models::all("integer_networks_are_those_of_tflite");
    let mut compared = 0;
    for model in models::all_onnx("integer_networks_are_those_of_tflite") {
        let same = tflite
            .iter()
            .find(|t| is_quantised(&model) && format!("{}.onnx", t.name) == model.name);
        let Some(other) = same else { continue };
        let n = model.golden.n_samples;
        let import = |m: &Model| compiler.import(&m.file(), &m.bytes()).unwrap().0;
        let (onnx, tflite) = (import(&model), import(other));
        assert_eq!(operators(&onnx), operators(&tflite), "{}", model.name);
        let inputs = model.inputs(n);
        let run = |m| interpret(m, inputs.clone()).unwrap().outputs;
        assert!(run(&onnx) == run(&tflite), "{}", model.name);
        println!("{}: {n} samples", model.name);
        compared += 1;
    }
    assert!(compared > 0);
}

/// The ops that compute, each as often as it is there; what only changes a shape does not.
fn operators(m: &Module) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for op in m.walk(m.root(), WalkOrder::Pre) {
        let name = m.op_name(op);
        if name.starts_with("nn.") && name != "nn.reshape" {
            let element = m.value_type(m.result(op, 0));
            let kind = ir::dialects::nn::element(m, element);
            *counts.entry(format!("{name} {kind:?}")).or_insert(0) += 1;
        }
    }
    counts
}

/// NCHW in the file, NHWC in the kernels: nothing is moved at run time.
#[test]
fn no_transpose_is_left() {
    let compiler = Compiler::new().unwrap();
    for model in models::all_onnx("no_transpose_is_left") {
        let (network, _) = compiler.import(&model.file(), &model.bytes()).unwrap();
        let text = ir::text::print_module(&network);
        assert!(!text.contains("nn.transpose"), "{}:\n{text}", model.name);
    }
}

/// The compiled code gives the bits of the interpreter.
fn compiled(runtime: &str, samples: usize) {
    if !suite::available("onnx", runtime) {
        return;
    }
    let compiler = Compiler::new().unwrap();
    let cases: Vec<suite::Case> = models::own_onnx()
        .iter()
        .map(|model| {
            let (network, _) = compiler.import(&model.file(), &model.bytes()).unwrap();
            let inputs = model.inputs(samples);
            let expected = interpret(&network, inputs.clone()).unwrap().outputs;
            suite::Case {
                name: model.name.replace(".onnx", ""),
                network,
                inputs,
                expected,
                tolerance: 0.0,
            }
        })
        .collect();
    let failures = suite::failures(runtime, &cases, Io::Arena, &Default::default());
    suite::assert_none(&failures, cases.len());
}

#[test]
fn on_interp_loops() {
    compiled("interp-loops", 8);
}

#[test]
fn on_host() {
    compiled("host", 8);
}

#[test]
fn on_cortex_m4() {
    compiled("cortex-m4", 2);
}

/// Drawn models with the outputs of onnxruntime: those of `tests/data/onnx-conformance`, or of the folder
/// `THUMBWRIGHT_ONNX_CONFORMANCE`. Layers on integers may be a step of their result off.
fn drawn_on(runtime: &str) {
    if !suite::available("drawn ONNX models", runtime) {
        return;
    }
    let compiler = Compiler::new().unwrap();
    let drawn = drawn::cases("THUMBWRIGHT_ONNX_CONFORMANCE", "onnx-conformance");
    assert!(drawn.len() >= 100);
    let (mut cases, mut refused) = (Vec::new(), Vec::new());
    for c in &drawn {
        match compiler.import(&format!("{}.onnx", c.name), &c.model) {
            Ok((network, _)) => cases.push(suite::Case {
                name: c.name.clone(),
                network,
                inputs: c.inputs.clone(),
                expected: c.outputs.clone(),
                tolerance: c.tolerance,
            }),
            Err(e) => refused.push(format!("{}: {e}", c.name)),
        }
    }
    // What is refused is refused for what the documentation names.
    let known = ["larger than its window", "is not smaller than its window"];
    let unknown: Vec<&String> = refused
        .iter()
        .filter(|e| !known.iter().any(|k| e.contains(k)))
        .collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
    assert!(refused.len() * 20 < drawn.len(), "{refused:#?}");
    let failures = suite::failures(runtime, &cases, Io::Arena, &Default::default());
    suite::assert_none(&failures, cases.len());
}

#[test]
fn drawn_models_on_interp() {
    drawn_on("interp");
}

#[test]
fn drawn_models_on_interp_loops() {
    drawn_on("interp-loops");
}

#[test]
fn drawn_models_on_host() {
    drawn_on("host");
}

#[test]
fn drawn_models_on_cortex_m4() {
    drawn_on("cortex-m4");
}

#[test]
fn drawn_models_on_cortex_m55() {
    drawn_on("cortex-m55");
}

/// What is quantised in a drawn layer has no float left between its ends.
#[test]
fn drawn_layers_are_integers() {
    let compiler = Compiler::new().unwrap();
    let drawn = drawn::cases("THUMBWRIGHT_ONNX_CONFORMANCE", "onnx-conformance");
    let (mut integers, mut float) = (0, Vec::new());
    for c in drawn
        .iter()
        .filter(|c| c.name.starts_with("quantised_layer"))
    {
        let file = format!("{}.onnx", c.name);
        let Ok((network, remarks)) = compiler.import(&file, &c.model) else {
            continue;
        };
        integers += 1;
        if let Some(r) = remarks.iter().find(|r| r.code == "remark.float-layer") {
            let text = ir::text::print_module(&network);
            float.push(format!("{}: {}\n{text}", c.name, r.message));
        }
    }
    assert!(float.is_empty(), "{}", float.join("\n"));
    assert!(integers >= 30, "{integers}");
}

/// A picture given with its channels last is what is computed on anyway.
#[test]
fn inputs_may_be_given_channels_last() {
    let options = ImportOptions {
        onnx: OnnxOptions {
            input_layout: InputLayout::Nhwc,
            ..OnnxOptions::default()
        },
        ..ImportOptions::default()
    };
    let compiler = Compiler::new().unwrap().with_import(options);
    let model = &models::own_onnx()[1];
    let (network, _) = compiler.import(&model.file(), &model.bytes()).unwrap();
    let text = ir::text::print_module(&network);
    assert!(
        text.contains("tensor<1x8x8x1xf32>) -> tensor<1x10xf32>"),
        "{text}"
    );
    let n = model.golden.n_samples;
    let got = interpret(&network, model.inputs(n)).unwrap().outputs;
    let (got, want) = (floats(&got[0]), floats(&model.outputs(n)[0]));
    assert!(got.iter().zip(&want).all(|(a, b)| (a - b).abs() < 1e-4));
}
