//! What models become in the `nn` dialect, and that the IR's verifier accepts all that the importer lets through.
#![allow(clippy::unwrap_used, reason = "tests")]

mod tflite_writer;

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use frontends::ImportErrors;
use frontends::Imported;
use frontends::tflite::{import, read};
use ir::{DialectRegistry, Module, OpId, dialects};
use serde_json::Value;

fn registry() -> Arc<DialectRegistry> {
    let mut builder = DialectRegistry::builder();
    dialects::register_all(&mut builder).unwrap();
    Arc::new(builder.freeze())
}

fn workspace() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn nn_ops(m: &Module) -> Vec<OpId> {
    let main = m.lookup_symbol("main").unwrap();
    m.ops(m.entry_block(main).unwrap())
        .filter(|&op| m.op_name(op).starts_with("nn.") && m.op_name(op) != "nn.constant")
        .collect()
}

fn verified(bytes: &[u8], name: &str) -> Imported {
    let imported = import(bytes, name, registry()).unwrap_or_else(|e| panic!("{e}"));
    if let Err(diagnostics) = ir::verify::verify(&imported.module) {
        panic!(
            "{name}:\n{diagnostics}\n{}",
            ir::text::print_module(&imported.module)
        );
    }
    imported
}

/// What operators that move elements are made of, by what they move.
const MOVES: [&str; 6] = [
    "nn.concatenation",
    "nn.gather",
    "nn.pad",
    "nn.reshape",
    "nn.split",
    "nn.transpose",
];

/// Operators of the schema that move elements, and have no op of their own.
const MOVING: [&str; 12] = [
    "BATCH_TO_SPACE_ND",
    "DEPTH_TO_SPACE",
    "GATHER",
    "MIRROR_PAD",
    "PACK",
    "RESIZE_NEAREST_NEIGHBOR",
    "SLICE",
    "SPACE_TO_BATCH_ND",
    "SPACE_TO_DEPTH",
    "STRIDED_SLICE",
    "TILE",
    "UNPACK",
];

/// The nn op that stands for an operator of the schema.
fn nn_name(operator: &str) -> String {
    match operator {
        "SPLIT_V" => "nn.split".to_owned(),
        "PADV2" => "nn.pad".to_owned(),
        "SQUEEZE" => "nn.reshape".to_owned(),
        _ => format!("nn.{}", operator.to_lowercase()),
    }
}

#[test]
fn the_small_model_prints_as_nn() {
    let imported = verified(&tflite_writer::small().bytes(), "small.tflite");
    assert!(imported.remarks.is_empty());
    let text = ir::text::print_module(&imported.module);
    for part in [
        r#""nn.conv_2d"("#,
        r#"<{activation = "relu", dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, strides = array<i64: 1, 1>}>"#,
        r#"tensor<2x3x3x1x!quant.uniform<i8:f32:0, {2.500000e-01,1.250000e-01}>>"#,
        r#"tensor<2x!quant.uniform<i32:f32:0, {1.250000e-01,6.250000e-02}>>"#,
        r#"tensor<1x32x!quant.uniform<i8:f32, 5.000000e-01:-3>>"#,
        r#"dense_resource<conv_weights> : tensor<2x3x3x1xi8>"#,
        r#"mcu.model = "small.tflite""#,
        r#"arg_attrs = [{mcu.name = "image"}]"#,
        r#"res_attrs = [{mcu.name = "flat"}]"#,
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let m = &imported.module;
    let places: Vec<String> = nn_ops(m)
        .into_iter()
        .map(|op| m.describe_loc(m.op_loc(op)).unwrap())
        .collect();
    assert_eq!(
        places,
        [
            "layer \"conv\" (small.tflite, operator 0)",
            "layer \"sum\" (small.tflite, operator 1)",
            "layer \"flat\" (small.tflite, operator 2)",
        ]
    );
}

#[test]
fn splits_and_concatenations_have_their_dimension_from_the_front() {
    let imported = verified(&tflite_writer::joints().bytes(), "joints.tflite");
    assert!(imported.remarks.is_empty());
    let m = &imported.module;
    let shown: Vec<(&str, i64, Vec<String>)> = nn_ops(m)
        .into_iter()
        .map(|op| {
            let axis = m.attr_int(m.prop(op, "axis").unwrap()).unwrap();
            let types = m.results(op).iter().map(|&v| m.value_type(v));
            let shapes = types.map(|t| format!("{:?}", m.type_data(t).shape().unwrap()));
            (m.op_name(op), axis, shapes.collect())
        })
        .collect();
    let shapes = |list: &[&str]| list.iter().map(|&s| s.to_owned()).collect::<Vec<_>>();
    assert_eq!(
        shown,
        [
            ("nn.split", 1, shapes(&["[2, 4, 3]", "[2, 4, 3]"])),
            ("nn.split", 1, shapes(&["[2, 1, 3]", "[2, 3, 3]"])),
            ("nn.concatenation", 1, shapes(&["[2, 8, 3]"])),
        ]
    );
}

#[test]
fn transposes_and_pads_have_their_numbers() {
    let imported = verified(&tflite_writer::layouts().bytes(), "layouts.tflite");
    assert!(imported.remarks.is_empty());
    let text = ir::text::print_module(&imported.module);
    for part in [
        r#"<{permutation = array<i64: 2, 0, 1>}>"#,
        r#"<{padding = array<i64: 0, 0, 0, 1, 2, 1>}>"#,
        r#"<{padding = array<i64: 1, 0, 0, 0, 0, 0>, value = -5 : i8}>"#,
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
}

#[test]
fn equal_names_get_keys_of_their_own() {
    let mut model = tflite_writer::small();
    model.graphs[0].tensors[2].name = "conv_weights".into();
    let text = ir::text::print_module(&verified(&model.bytes(), "twice.tflite").module);
    assert!(text.contains("dense_resource<conv_weights>"), "{text}");
    assert!(text.contains("dense_resource<conv_weights_2>"), "{text}");
}

#[test]
fn every_unsupported_operator_is_listed_with_its_layers() {
    let mut model = tflite_writer::small();
    model.codes[1] = tflite_writer::Code::builtin(44);
    model.codes[2] = tflite_writer::Code {
        custom: Some("Acme".into()),
        ..tflite_writer::Code::builtin(32)
    };
    let graph = &mut model.graphs[0];
    graph
        .tensors
        .push(tflite_writer::activation("second", &[1, 4, 4, 2]));
    let mut again = graph.operators[1].clone();
    again.outputs = vec![7];
    graph.operators.push(again);
    let errors = import(&model.bytes(), "new.tflite", registry()).unwrap_err();
    let shown: Vec<String> = errors
        .as_slice()
        .iter()
        .map(|e| format!("{} {}", e.code, e.message))
        .collect();
    assert_eq!(
        shown,
        [
            "T100 the operator CUSTOM(Acme) is not supported; 1 layer: \"flat\"",
            "T100 the operator UNIDIRECTIONAL_SEQUENCE_LSTM is not supported; 2 layers: \"sum\", \"second\"",
        ]
    );
    let first = errors.as_slice()[1].operator.as_ref().unwrap();
    assert_eq!((first.index, first.layer.as_str()), (1, "sum"));
}

/// The quantised type of the constant of a name.
fn filter_type(text: &str) -> &str {
    let line = text
        .lines()
        .find(|l| l.contains("dense_resource<conv_weights"));
    line.unwrap().rsplit("-> ").next().unwrap()
}

#[test]
fn unsigned_bytes_become_signed_ones() {
    let unsigned = |zero_point: i64, weights: &[u8]| {
        let mut model = tflite_writer::small();
        let tensors = &mut model.graphs[0].tensors;
        for i in [0, 1, 3, 4, 5] {
            tensors[i].dtype = tflite_writer::UINT8;
            let quant = tensors[i].quant.as_mut().unwrap();
            quant.scales.truncate(1);
            quant.zero_points = vec![if i == 1 { zero_point } else { 125 }];
        }
        tensors[2].quant = None;
        let weights: Vec<u8> = weights.iter().copied().cycle().take(18).collect();
        model.buffers[1] = tflite_writer::Buffer::Inside(weights);
        let imported = verified(&model.bytes(), "unsigned.tflite");
        let codes: Vec<&str> = imported.remarks.iter().map(|d| &*d.code).collect();
        assert_eq!(codes, ["remark.unsigned-bytes"]);
        ir::text::print_module(&imported.module)
    };
    // Weights that fit without their zero point, and a product of scales that single precision keeps.
    let text = unsigned(100, &[0, 100, 227]);
    assert!(
        text.contains("tensor<1x4x4x1x!quant.uniform<i8:f32, 5.000000e-01:-3>>"),
        "{text}"
    );
    assert!(
        filter_type(&text).contains("!quant.uniform<i8:f32, 2.500000e-01>>"),
        "{text}"
    );
    // 0 less 100, 0, 127.
    assert!(text.contains("0x100000009C007F9C007F"), "{text}");
    // Others keep the zero point, 128 less.
    let text = unsigned(100, &[0, 100, 228]);
    assert!(
        filter_type(&text).contains("!quant.uniform<i8:f32, 2.500000e-01:-28>>"),
        "{text}"
    );
    assert!(text.contains("0x1000000080E46480E464"), "{text}");
}

#[test]
fn weights_of_four_bits_are_unpacked() {
    let mut model = tflite_writer::small();
    model.graphs[0].tensors[1].dtype = tflite_writer::INT4;
    model.buffers[1] = tflite_writer::Buffer::Inside(vec![0x71, 0x8f, 0, 0, 0, 0, 0, 0, 0x9c]);
    let imported = verified(&model.bytes(), "int4.tflite");
    let text = ir::text::print_module(&imported.module);
    assert!(
        text.contains("tensor<2x3x3x1x!quant.uniform<i8:f32:0, {2.500000e-01,1.250000e-01}>>"),
        "{text}"
    );
    assert!(
        text.contains("0x100000000107FFF8000000000000000000000000FCF9"),
        "{text}"
    );
}

#[test]
fn a_failed_operator_is_reported_once_and_not_by_those_that_follow() {
    let mut model = tflite_writer::small();
    model.graphs[0].operators[0]
        .options
        .1
        .push(tflite_writer::Field::I8(3, 4));
    let errors: ImportErrors = import(&model.bytes(), "tanh.tflite", registry()).unwrap_err();
    let codes: Vec<&str> = errors.as_slice().iter().map(|e| e.code).collect();
    assert_eq!(codes, ["T106"], "{errors}");
}

#[test]
fn the_built_in_example_imports() {
    for name in ["digits_int8.tflite", "digits_float.tflite"] {
        let bytes = std::fs::read(workspace().join("models").join(name)).unwrap();
        let imported = verified(&bytes, name);
        assert_eq!(nn_ops(&imported.module).len(), 9, "{name}");
        assert!(imported.remarks.is_empty());
    }
}

/// One nn op for each operator of the file, under its name and in its place.
#[test]
fn shared_models_become_one_nn_op_an_operator() {
    const TEST: &str = "shared_models_become_one_nn_op_an_operator";
    let Some(root) = prerequisites::shared(TEST, "models") else {
        return;
    };
    let text = std::fs::read_to_string(root.join("manifest.json")).unwrap();
    let manifest: Value = serde_json::from_str(&text).unwrap();
    let mut seen = 0;
    for (name, expected) in manifest.as_object().unwrap() {
        if !name.ends_with(".tflite") {
            continue;
        }
        seen += 1;
        let bytes = std::fs::read(root.join(name)).unwrap();
        let imported = verified(&bytes, name);
        let m = &imported.module;
        let mut found: BTreeMap<String, u64> = BTreeMap::new();
        for op in nn_ops(m) {
            *found.entry(m.op_name(op).to_owned()).or_default() += 1;
        }
        let mut wanted: BTreeMap<String, u64> = BTreeMap::new();
        for (operator, count) in expected["ops"].as_object().unwrap() {
            let kind = operator.split(' ').next().unwrap();
            *wanted.entry(nn_name(kind)).or_default() += count.as_u64().unwrap();
        }
        assert_eq!(found, wanted, "{name}");

        let hybrid = expected["signatures"]
            .as_array()
            .unwrap()
            .iter()
            .any(|s| s.as_str().unwrap().contains(":float32,int8>"));
        let remarked = imported
            .remarks
            .iter()
            .any(|d| d.code == "remark.dequantized-weights");
        assert_eq!(remarked, hybrid, "{name}");
    }
    assert!(seen > 0);
}

/// All cases of the per-operator conformance set, which another program wrote.
#[test]
fn conformance_models_import() {
    let folder = workspace().join("tests/data/conformance");
    let index: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("cases.json")).unwrap()).unwrap();
    let blob = std::fs::read(folder.join("cases.bin")).unwrap();
    let cases = index["cases"].as_array().unwrap();
    assert!(!cases.is_empty());
    for case in cases {
        let name = case["name"].as_str().unwrap();
        let bytes = blob_of(&blob, &case["model"]);
        let imported = verified(bytes, name);
        let names: Vec<&str> = nn_ops(&imported.module)
            .into_iter()
            .map(|op| imported.module.op_name(op))
            .collect();
        let operator = case["op"].as_str().unwrap();
        let moves = |n: &&str| MOVES.contains(n);
        let expected = match operator {
            // Convolutions, by phase, whose results are interleaved.
            "TRANSPOSE_CONV" => {
                let others = names.iter().filter(|n| **n != "nn.conv_2d");
                names.contains(&"nn.conv_2d") && others.into_iter().all(moves)
            }
            _ if MOVING.contains(&operator) => names.iter().all(moves),
            // A dimension of which nothing is left may be dropped.
            "MEAN" => names[0] == nn_name(operator) && names[1..].iter().all(moves),
            _ => names == [nn_name(operator)],
        };
        assert!(expected, "{name}: {}: {names:?}", case["about"]);
    }
}

fn blob_of<'a>(blob: &'a [u8], place: &Value) -> &'a [u8] {
    let at = |key: &str| usize::try_from(place[key].as_u64().unwrap()).unwrap();
    &blob[at("offset")..at("offset") + at("bytes")]
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

/// What the importer accepts of damaged files, the verifier accepts too.
#[test]
fn damaged_models_are_refused_or_verified() {
    let folder = workspace().join("tests/data/conformance");
    let index: Value =
        serde_json::from_str(&std::fs::read_to_string(folder.join("cases.json")).unwrap()).unwrap();
    let blob = std::fs::read(folder.join("cases.bin")).unwrap();
    let digits = std::fs::read(workspace().join("models/digits_int8.tflite")).unwrap();
    let mut files: Vec<&[u8]> = vec![&digits; 2500];
    for case in index["cases"].as_array().unwrap() {
        files.push(blob_of(&blob, &case["model"]));
    }
    let mut random = Xorshift(0x5eed_0001_dead_beef);
    let (mut refused, mut taken) = (0, 0);
    for case in 0..4 {
        for (file, bytes) in files.iter().enumerate() {
            let mut damaged = bytes.to_vec();
            // The tables are at the end that the builders write last: damage them more often than weights.
            let span = if case % 2 == 0 {
                damaged.len()
            } else {
                damaged.len().min(1024)
            };
            for _ in 0..=random.below(3) {
                let at = random.below(span);
                damaged[at] = match random.below(3) {
                    0 => damaged[at].wrapping_add(1),
                    1 => damaged[at] ^ u8::try_from(1 << random.below(8)).unwrap(),
                    _ => u8::try_from(random.below(256)).unwrap(),
                };
            }
            if read(&damaged, "damaged").is_err() {
                refused += 1;
                continue;
            }
            match import(&damaged, "damaged", registry()) {
                Err(errors) => {
                    assert!(!errors.is_empty());
                    refused += 1;
                }
                Ok(imported) => {
                    taken += 1;
                    if let Err(diagnostics) = ir::verify::verify(&imported.module) {
                        panic!("case {case}, file {file}:\n{diagnostics}");
                    }
                }
            }
        }
    }
    assert!(
        refused > 100 && taken > 100,
        "{refused} refused, {taken} taken"
    );
}
