//! The networks beside the project against what TensorFlow Lite Micro computes of them: every int8 sample bit for
//! bit, the first one operator by operator; float within its tolerance.
#![allow(clippy::unwrap_used, reason = "tests")]

use interp::Network;
use ir::interfaces::Datum;
use ir::{DialectRegistry, LocData, Module, OpId};
use serde_json::Value;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The int8 networks. `hello_world_int8` comes without a golden of its operators.
const INT8: [&str; 8] = [
    "digits/digits_int8",
    "extra/hello_world_int8",
    "extra/micro_speech",
    "extra/person_detect",
    "mlperf_tiny/ad_int8",
    "mlperf_tiny/kws_int8",
    "mlperf_tiny/resnet_int8",
    "mlperf_tiny/vww_int8",
];

/// The float networks, and how far an output may be: 1e-5 of the largest output, absolute for `ad_float`, whose
/// outputs are large.
const FLOAT: [(&str, Option<f32>); 6] = [
    ("digits/digits_float", None),
    ("extra/hello_world_float", None),
    ("mlperf_tiny/ad_float", Some(2e-4)),
    ("mlperf_tiny/kws_float", None),
    ("mlperf_tiny/resnet_float", None),
    ("mlperf_tiny/vww_float", None),
];

struct Model {
    golden: PathBuf,
    name: String,
    module: Module,
}

fn model(test: &str, path: &str) -> Option<Model> {
    let file = prerequisites::shared(test, &format!("models/{path}.tflite"))?;
    let bytes = std::fs::read(&file).unwrap();
    let mut registry = DialectRegistry::builder();
    ir::dialects::register_all(&mut registry).unwrap();
    interp::register(&mut registry).unwrap();
    let imported = frontends::tflite::import(&bytes, path, Arc::new(registry.freeze()));
    let module = imported.unwrap_or_else(|e| panic!("{path}: {e}")).module;
    if let Err(errors) = ir::verify::verify(&module) {
        panic!("{path}: {errors:?}");
    }
    let golden = file.parent().unwrap().join("golden");
    let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
    Some(Model {
        golden,
        name,
        module,
    })
}

fn index(dir: &Path, file: &str) -> Value {
    serde_json::from_str(&std::fs::read_to_string(dir.join(file)).unwrap()).unwrap()
}

/// The samples of each tensor that a list of the golden index names.
fn samples(golden: &Path, tensors: &Value) -> Vec<Vec<Vec<u8>>> {
    let tensor = |t: &Value| {
        let bytes = std::fs::read(golden.join(t["file"].as_str().unwrap())).unwrap();
        let size = t["bytes_per_sample"].as_u64().unwrap() as usize;
        bytes.chunks_exact(size).map(<[u8]>::to_vec).collect()
    };
    tensors.as_array().unwrap().iter().map(tensor).collect()
}

/// Runs all samples; calls `check` with the sample's number, and the output's bytes and golden bytes.
fn run_all(model: &Model, mut check: impl FnMut(usize, &[u8], &[u8])) {
    let json = index(&model.golden, &format!("{}.json", model.name));
    let count = json["n_samples"].as_u64().unwrap() as usize;
    let inputs = samples(&model.golden, &json["inputs"]);
    let outputs = samples(&model.golden, &json["outputs"]);
    let network = Network::new(&model.module, "main").unwrap();
    assert!(count > 0 && inputs.iter().chain(&outputs).all(|t| t.len() == count));
    for s in 0..count {
        let input: Vec<Vec<u8>> = inputs.iter().map(|t| t[s].clone()).collect();
        let result = network.run(&input).unwrap();
        assert_eq!(result.len(), outputs.len());
        for (got, want) in result.iter().zip(&outputs) {
            check(s, got, &want[s]);
        }
    }
}

fn operator_index(m: &Module, op: OpId) -> Option<u64> {
    match m.loc_data(m.op_loc(op)) {
        LocData::Name { child, .. } => match m.loc_data(*child) {
            LocData::File { line, .. } => Some(u64::from(*line)),
            _ => None,
        },
        _ => None,
    }
}

#[test]
fn int8_networks_are_bit_exact() {
    for path in INT8 {
        let Some(model) = model("int8_networks_are_bit_exact", path) else {
            continue;
        };
        run_all(&model, |sample, got, want| {
            assert_eq!(got, want, "{path}, sample {sample}");
        });
    }
}

#[test]
fn int8_operators_are_bit_exact() {
    for path in INT8.iter().filter(|p| !p.contains("hello_world")) {
        let Some(model) = model("int8_operators_are_bit_exact", path) else {
            continue;
        };
        let m = &model.module;
        let json = index(&model.golden, &format!("{}.json", model.name));
        let inputs = samples(&model.golden, &json["inputs"]);
        let first: Vec<Vec<u8>> = inputs.iter().map(|t| t[0].clone()).collect();
        let mut results: Vec<(u64, Arc<[u8]>)> = Vec::new();
        let network = Network::new(m, "main").unwrap();
        let observe = |op: OpId, values: &[Datum]| {
            if let (Some(at), Datum::Bytes(bytes)) = (operator_index(m, op), &values[0]) {
                results.push((at, bytes.clone()));
            }
        };
        network.run_with(&first, observe).unwrap();
        let layers = index(&model.golden, &format!("{}.layers.json", model.name));
        let all = std::fs::read(model.golden.join(layers["file"].as_str().unwrap())).unwrap();
        let layers = layers["tensors"].as_array().unwrap();
        assert!(!layers.is_empty());
        for layer in layers {
            let number = |key: &str| layer[key].as_u64().unwrap();
            let at = number("offset") as usize;
            let want = &all[at..at + number("bytes") as usize];
            let op = number("op_index");
            let got = results.iter().rev().find(|(i, _)| *i == op);
            let got = got.unwrap_or_else(|| panic!("{path}: operator {op} was not evaluated"));
            assert_eq!(&*got.1, want, "{path}, operator {op} ({})", layer["op"]);
        }
    }
}

#[test]
fn float_networks_are_near() {
    for (path, absolute) in FLOAT {
        let Some(model) = model("float_networks_are_near", path) else {
            continue;
        };
        let floats = |bytes: &[u8]| -> Vec<f32> {
            let word = |c: &[u8]| f32::from_le_bytes(c.try_into().unwrap());
            bytes.chunks_exact(4).map(word).collect()
        };
        let (mut elements, mut differing) = (0, 0);
        run_all(&model, |sample, got, want| {
            let (got, want) = (floats(got), floats(want));
            assert_eq!(got.len(), want.len());
            let largest = want.iter().fold(0f32, |m, x| m.max(x.abs()));
            let tolerance = absolute.unwrap_or(1e-5 * largest);
            for (g, w) in got.iter().zip(&want) {
                assert!(
                    (g - w).abs() <= tolerance,
                    "{path}, sample {sample}: {g} {w}"
                );
                elements += 1;
                differing += u32::from(g.to_bits() != w.to_bits());
            }
        });
        println!("{path}: {differing} of {elements} outputs differ in some bit");
        // Only the softmax's exponential is another one than the reference's.
        let softmax = model
            .module
            .walk(model.module.root(), ir::WalkOrder::Pre)
            .iter()
            .any(|&op| model.module.op_name(op) == "nn.softmax");
        assert!(
            softmax || differing == 0,
            "{path}: {differing} of {elements}"
        );
    }
}

/// A network of float activations and int8 weights is evaluated with its weights made float. LiteRT, whose outputs the golden
/// holds, quantises the activations on the fly: it differs by up to 0.08, but recognises the same word.
#[test]
fn a_hybrid_network_recognises_the_same_words() {
    let test = "a_hybrid_network_recognises_the_same_words";
    let Some(model) = model(test, "mlperf_tiny/kws_dynrange") else {
        return;
    };
    let json = index(&model.golden, "kws_dynrange.json");
    let kinds = json["samples"].as_array().unwrap();
    let mut real = 0;
    run_all(&model, |sample, got, want| {
        let floats = |bytes: &[u8]| -> Vec<f32> {
            let word = |c: &[u8]| f32::from_le_bytes(c.try_into().unwrap());
            bytes.chunks_exact(4).map(word).collect()
        };
        let (got, want) = (floats(got), floats(want));
        for (g, w) in got.iter().zip(&want) {
            assert!((g - w).abs() <= 0.08, "sample {sample}: {g} {w}");
        }
        if kinds[sample]["kind"] == "real" {
            let top = |x: &[f32]| (0..x.len()).max_by(|&i, &j| x[i].total_cmp(&x[j]));
            assert_eq!(top(&got), top(&want), "sample {sample}");
            real += 1;
        }
    });
    assert!(real >= 5);
}
