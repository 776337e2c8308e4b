//! Import of ONNX files: what becomes of operators, every error code, damaged files.
#![allow(clippy::unwrap_used, reason = "tests")]

mod onnx_writer;

use std::path::Path;
use std::sync::Arc;

use frontends::ImportErrors;
use frontends::Imported;
use frontends::onnx::proto::{ModelProto, StringStringEntryProto, TensorProto};
use frontends::onnx::{ImportOptions, InputLayout, codes, import};
use ir::{DialectRegistry, Module};
use onnx_writer::{
    FLOAT, INT8, bytes, floats, graph, int, ints, model, node, numbers, small, value,
};

fn registry() -> Arc<DialectRegistry> {
    let mut builder = DialectRegistry::builder();
    ir::dialects::register_all(&mut builder).unwrap();
    Arc::new(builder.freeze())
}

fn imported(model: &ModelProto, options: &ImportOptions) -> Result<Imported, ImportErrors> {
    import(&bytes(model), "small.onnx", None, options, registry())
}

fn verified(model: &ModelProto, options: &ImportOptions) -> Module {
    let imported = imported(model, options).unwrap_or_else(|e| panic!("{e}"));
    if let Err(errors) = ir::verify::verify(&imported.module) {
        panic!("{errors}\n{}", ir::text::print_module(&imported.module));
    }
    imported.module
}

/// Names of the nn ops that compute.
fn ops(m: &Module) -> Vec<&str> {
    let main = m.lookup_symbol("main").unwrap();
    let ops = m.ops(m.entry_block(main).unwrap()).map(|op| m.op_name(op));
    ops.filter(|name| name.starts_with("nn.") && *name != "nn.constant")
        .collect()
}

#[test]
fn images_are_turned_once_and_flattened_weights_are_reordered() {
    let m = verified(&small(), &ImportOptions::default());
    assert_eq!(
        ops(&m),
        [
            "nn.transpose",
            "nn.conv_2d",
            "nn.reshape",
            "nn.fully_connected"
        ]
    );
    let text = ir::text::print_module(&m);
    for part in [
        r#"permutation = array<i64: 0, 2, 3, 1>"#,
        r#"activation = "relu""#,
        r#"pads = array<i64: 1, 1, 1, 1>"#,
        r#"tensor<2x3x3x3xf32>"#,
        r#"mcu.name = "image""#,
        r#"mcu.name = "scores""#,
        r#"mcu.model = "small.onnx""#,
    ] {
        assert!(text.contains(part), "{part} is not in\n{text}");
    }
    let channels_last = ImportOptions {
        input_layout: InputLayout::Nhwc,
        ..ImportOptions::default()
    };
    let m = verified(&small(), &channels_last);
    assert_eq!(ops(&m), ["nn.conv_2d", "nn.reshape", "nn.fully_connected"]);
    assert!(ir::text::print_module(&m).contains("tensor<1x4x4x3xf32>"));
}

/// What two operators read is not clamped for one of them.
#[test]
fn activations_are_fused_only_where_nothing_else_reads() {
    let mut model = small();
    graph(&mut model)
        .node
        .insert(2, node("Add", &["conv", "relu"], "sum", vec![]));
    graph(&mut model).node[3].input[0] = "sum".into();
    let m = verified(&model, &ImportOptions::default());
    assert_eq!(ops(&m)[1..4], ["nn.conv_2d", "nn.relu", "nn.add"]);
}

#[test]
fn a_batch_alone_is_one_and_shapes_may_be_given() {
    let mut model = small();
    graph(&mut model).input[0] = value("image", FLOAT, &[-1, 3, 4, 4]);
    let taken = imported(&model, &ImportOptions::default()).unwrap();
    let remarks: Vec<&str> = taken.remarks.iter().map(|r| &*r.code).collect();
    assert_eq!(remarks, ["remark.batch-of-one"]);
    graph(&mut model).input[0] = value("image", FLOAT, &[-1, 3, -1, -1]);
    let options = ImportOptions {
        shapes: vec![("image".into(), vec![1, 3, 4, 4])],
        ..ImportOptions::default()
    };
    verified(&model, &options);
    let errors = imported(&model, &ImportOptions::default()).unwrap_err();
    assert!(
        errors.to_string().contains("--shape image=1,3,1,1"),
        "{errors}"
    );
    for wrong in [vec![1, 3, 4], vec![1, 2, 4, 4], vec![1, 3, 0, 4]] {
        let options = ImportOptions {
            shapes: vec![("image".into(), wrong)],
            ..ImportOptions::default()
        };
        let errors = imported(&model, &options).unwrap_err();
        assert_eq!(errors.as_slice()[0].code, codes::SHAPE_OPTION);
    }
}

/// Constants in a file of the model's folder are read; others are not.
#[test]
fn external_data_stay_in_the_folder() {
    let directory = tempfile::tempdir().unwrap();
    let folder = directory.path().join("model");
    std::fs::create_dir(&folder).unwrap();
    let mut model = small();
    let filter = &mut graph(&mut model).initializer[0];
    let data = std::mem::take(&mut filter.raw_data);
    let entry = |key: &str, value: &str| StringStringEntryProto {
        key: key.into(),
        value: value.into(),
    };
    filter.data_location = 1;
    filter.external_data = vec![entry("location", "weights.bin"), entry("offset", "3")];
    let stored = [&[1, 2, 3], &data[..]].concat();
    std::fs::write(folder.join("weights.bin"), &stored).unwrap();
    std::fs::write(directory.path().join("weights.bin"), &stored).unwrap();
    let read = |model: &ModelProto, folder: Option<&Path>| {
        import(
            &bytes(model),
            "m.onnx",
            folder,
            &ImportOptions::default(),
            registry(),
        )
    };
    let text = |i: Imported| ir::text::print_module(&i.module);
    let inside = import(
        &bytes(&small()),
        "m.onnx",
        None,
        &ImportOptions::default(),
        registry(),
    );
    assert_eq!(
        text(read(&model, Some(&folder)).unwrap()),
        text(inside.unwrap())
    );
    let refused = |model: &ModelProto, folder: Option<&Path>, part: &str| {
        let errors = read(model, folder).unwrap_err();
        assert_eq!(errors.as_slice()[0].code, codes::EXTERNAL, "{errors}");
        assert!(errors.to_string().contains(part), "{part}: {errors}");
    };
    refused(&model, None, "no file beside the model may be read");
    let absolute = folder.join("weights.bin").display().to_string();
    for outside in ["../weights.bin", absolute.as_str(), ""] {
        let mut model = model.clone();
        graph(&mut model).initializer[0].external_data[0].value = outside.into();
        refused(&model, Some(&folder), "is no path inside");
    }
    #[cfg(unix)]
    {
        let link = folder.join("link.bin");
        std::os::unix::fs::symlink(directory.path().join("weights.bin"), link).unwrap();
        let mut model = model.clone();
        graph(&mut model).initializer[0].external_data[0].value = "link.bin".into();
        refused(&model, Some(&folder), "is no file inside");
    }
    for (key, number, part) in [
        ("offset", "99", "has 219 bytes"),
        ("offset", "18446744073709551615", "has 219 bytes"),
        ("offset", "x", "is not a number"),
        ("length", "7", "its shape needs 216"),
    ] {
        let mut model = model.clone();
        graph(&mut model).initializer[0]
            .external_data
            .push(entry(key, number));
        graph(&mut model).initializer[0].external_data.swap(1, 2);
        refused(&model, Some(&folder), part);
    }
}

type Change = fn(&mut ModelProto);

/// A change of the sound model for each code, and what the message says.
const CHANGES: &[(&str, Change, &str)] = &[
    (
        codes::NOT_ONNX,
        |m| m.ir_version = 0,
        "is not an ONNX model",
    ),
    (
        codes::LIMIT,
        |m| graph(m).initializer[0].dims = vec![1; 9],
        "it has 9 dimensions",
    ),
    (
        codes::OPSET,
        |m| m.opset_import[0].version = 10,
        "version 10",
    ),
    (
        codes::GRAPH,
        |m| graph(m).node[1].input[0] = "later".into(),
        "reads \"later\"",
    ),
    (
        codes::CONSTANT,
        |m| graph(m).initializer[0].dims = vec![2, 3, 3, 2],
        "it has 216 bytes of data",
    ),
    (
        codes::EXTERNAL,
        |m| {
            let filter = &mut graph(m).initializer[0];
            filter.raw_data.clear();
            filter.data_location = 1;
        },
        "it names no file",
    ),
    (
        codes::INPUT,
        |m| graph(m).input[0].r#type = None,
        "is not a tensor",
    ),
    (
        codes::DYNAMIC_SHAPE,
        |m| graph(m).input[0] = value("image", FLOAT, &[1, 3, -1, -1]),
        "has the shape 1,3,N,N",
    ),
    (
        codes::UNSUPPORTED_OPERATOR,
        |m| {
            graph(m).node[1].op_type = "Erf".into();
            graph(m).node[2].domain = "acme".into();
        },
        "the operator Erf is not supported; 1 layer: \"relu\"",
    ),
    (
        codes::OPERAND_COUNT,
        |m| graph(m).node[1].input.push("bias".into()),
        "it has 2 inputs",
    ),
    (
        codes::ELEMENT_TYPE,
        |m| {
            let bias = &mut graph(m).initializer[1];
            bias.data_type = INT8;
            bias.raw_data = vec![1, 2];
        },
        "has elements of type INT8",
    ),
    (
        codes::OPERAND_SHAPE,
        |m| graph(m).initializer[2].dims = vec![10, 16],
        "its factors have the shapes",
    ),
    (
        codes::NOT_CONSTANT,
        |m| graph(m).node[0].input[1] = "image".into(),
        "its filter is computed at run time",
    ),
    (
        codes::ATTRIBUTE,
        |m| graph(m).node[0].attribute.push(int("auto_pad", 1)),
        "its attribute `auto_pad` is of another kind",
    ),
    (
        codes::CONSTANT_OUTPUT,
        |m| graph(m).output[0].name = "bias".into(),
        "output \"bias\" is a constant",
    ),
    (
        codes::QUANTIZATION,
        |m| graph(m).input[0] = value("image", INT8, &[1, 3, 4, 4]),
        "no DequantizeLinear says what they mean",
    ),
];

/// The sound model with one change.
fn changed(change: Change) -> ModelProto {
    let mut model = small();
    change(&mut model);
    model
}

#[test]
fn every_code_is_provoked() {
    let mut covered = Vec::new();
    for &(code, change, part) in CHANGES {
        let errors = imported(&changed(change), &ImportOptions::default());
        let errors = errors.expect_err(code);
        let error = errors.as_slice().iter().find(|e| e.code == code);
        let error = error.unwrap_or_else(|| panic!("no {code} in\n{errors}"));
        assert!(error.message.contains(part), "\"{part}\" in: {error}");
        let others = errors.as_slice().iter().filter(|e| e.code != code);
        assert_eq!(others.count(), 0, "one defect, and more errors:\n{errors}");
        assert_eq!(error.file, "small.onnx");
        assert!(!error.help.is_empty());
        covered.push(code);
    }
    covered.push(codes::SHAPE_OPTION);
    covered.sort_unstable();
    let all: Vec<&str> = codes::ALL.iter().map(|c| c.0).collect();
    assert_eq!(covered, all);
}

#[test]
fn all_unsupported_operators_are_reported_at_once() {
    let change = CHANGES
        .iter()
        .find(|c| c.0 == codes::UNSUPPORTED_OPERATOR)
        .unwrap()
        .1;
    let errors = imported(&changed(change), &ImportOptions::default()).unwrap_err();
    let found: Vec<(String, usize, String)> = errors
        .as_slice()
        .iter()
        .map(|e| e.operator.clone().unwrap())
        .map(|o| (o.kind, o.index, o.layer))
        .collect();
    let want = [("Erf", 1, "relu"), ("acme.Flatten", 2, "flat")];
    assert_eq!(found, want.map(|(k, i, l)| (k.to_owned(), i, l.to_owned())));
}

/// A layer on integers, with these inputs of it.
fn quantised(inputs: &[&str]) -> ModelProto {
    let bytes = |name: &str, value: i64| {
        let mut tensor = numbers(name, &[value]);
        tensor.data_type = INT8;
        tensor.dims = vec![];
        tensor.raw_data = vec![value as u8];
        tensor
    };
    let one = |name: &str, value: f32| floats(name, &[], [value].into_iter());
    let mut filter = bytes("filter", 0);
    filter.dims = vec![4, 3, 1, 1];
    filter.raw_data = (0..12).collect();
    let scale = |name: &str| node("QuantizeLinear", &["image", "xs", "xz"], name, vec![]);
    let mut m = model(
        vec![value("image", FLOAT, &[1, 3, 4, 4])],
        &["layer"],
        vec![scale("x"), node("QLinearConv", inputs, "layer", vec![])],
        vec![one("xs", 0.5), bytes("xz", 1), filter, one("ws", 0.25)],
    );
    let zero = bytes("wz", 0);
    graph(&mut m)
        .initializer
        .extend([zero, one("ys", 2.0), bytes("yz", -3)]);
    m
}

#[test]
fn layers_on_integers_are_what_they_are_between_quantisations() {
    let all = ["x", "xs", "xz", "filter", "ws", "wz", "ys", "yz"];
    let imported = imported(&quantised(&all), &ImportOptions::default()).unwrap();
    let text = ir::text::print_module(&imported.module);
    let ops = ["nn.quantize", "nn.dequantize", "nn.conv_2d", "nn.quantize"];
    let mut rest = text.as_str();
    for op in ops {
        let at = rest.find(op).unwrap_or_else(|| panic!("{op} in\n{text}"));
        rest = &rest[at + 1..];
    }
    assert!(
        text.contains("-> tensor<1x4x4x4x!quant.uniform<i8:f32, 2.000000e+00:-3>>"),
        "{text}"
    );
    assert!(text.contains("\"layer\""), "{text}");
    let errors = self::imported(&quantised(&all[..6]), &ImportOptions::default()).unwrap_err();
    let error = &errors.as_slice()[0];
    assert_eq!(error.code, codes::OPERAND_COUNT);
    assert_eq!(error.operator.as_ref().unwrap().kind, "QLinearConv");
}

/// What PyTorch's exporters leave of `x.expand(-1, 3, -1, -1)` and of the types of constants: arithmetic on shapes, which costs nothing.
#[test]
fn shapes_of_expansions_are_folded() {
    let long = |name: &str, list: &[i64]| numbers(name, list);
    let m = model(
        vec![value("image", FLOAT, &[1, 1, 4, 4])],
        &["out"],
        vec![
            node("ConstantOfShape", &["rank"], "zeros", vec![]),
            node("CastLike", &["zeros", "rank"], "whole", vec![]),
            node("Sub", &["whole", "one"], "minus", vec![]),
            node("Equal", &["stated", "minus"], "same", vec![]),
            node("Mul", &["minus", "minus"], "ones", vec![]),
            node("Where", &["same", "ones", "stated"], "shape", vec![]),
            node("Expand", &["image", "shape"], "wide", vec![]),
            node("CastLike", &["half", "wide"], "factor", vec![]),
            node("Expand", &["factor", "shape"], "factors", vec![]),
            node("Mul", &["wide", "factors"], "out", vec![]),
        ],
        vec![
            long("rank", &[4]),
            long("one", &[1]),
            long("stated", &[-1, 3, -1, -1]),
            long("half", &[2]),
        ],
    );
    let m = verified(&m, &ImportOptions::default());
    let text = ir::text::print_module(&m);
    assert!(text.contains("-> tensor<1x3x4x4xf32>"), "{text}");
    let computed = ["nn.reshape", "nn.concatenation", "nn.gather", "nn.mul"];
    assert!(ops(&m).iter().all(|op| computed.contains(op)), "{text}");
    assert_eq!(ops(&m).last(), Some(&"nn.mul"));
    // What is no broadcast.
    let mut wrong = model(
        vec![value("image", FLOAT, &[1, 2, 4, 4])],
        &["out"],
        vec![node("Expand", &["image", "shape"], "out", vec![])],
        vec![long("shape", &[3, 1, 1])],
    );
    let code = |m: &ModelProto| {
        let errors = imported(m, &ImportOptions::default()).unwrap_err();
        errors.as_slice()[0].code
    };
    assert_eq!(code(&wrong), codes::OPERAND_SHAPE);
    graph(&mut wrong).initializer[0] = long("shape", &[i64::MAX, 1, 1, 1, 1]);
    assert_eq!(code(&wrong), codes::OPERAND_SHAPE);
}

/// Two elements share a byte, the first in its low half.
#[test]
fn half_bytes_are_unpacked() {
    let half = |kind: i32, stored: Vec<u8>| {
        let mut model = quantised(&["x", "xs", "xz", "filter", "ws", "wz", "ys", "yz"]);
        for tensor in &mut graph(&mut model).initializer {
            match tensor.name.as_str() {
                "filter" => (tensor.data_type, tensor.raw_data) = (kind, stored.clone()),
                "wz" => (tensor.data_type, tensor.raw_data) = (kind, vec![0]),
                _ => {}
            }
        }
        model
    };
    let stored = vec![0x71, 0x8f, 0, 0, 0, 0x9c];
    let text = |kind: i32| {
        let m = verified(&half(kind, stored.clone()), &ImportOptions::default());
        ir::text::print_module(&m)
    };
    let (int4, uint4) = (text(22), text(21));
    assert!(
        int4.contains("0x100000000107FFF8000000000000FCF9"),
        "{int4}"
    );
    assert!(
        uint4.contains("0x1000000001070F080000000000000C09"),
        "{uint4}"
    );
    // A byte too much.
    let errors = imported(&half(22, vec![0; 7]), &ImportOptions::default()).unwrap_err();
    assert_eq!(errors.as_slice()[0].code, codes::CONSTANT);
    // Of values of the network they are refused.
    let mut values = half(22, stored);
    for tensor in &mut graph(&mut values).initializer {
        if tensor.name == "yz" {
            (tensor.data_type, tensor.raw_data) = (22, vec![0]);
        }
    }
    let errors = imported(&values, &ImportOptions::default()).unwrap_err();
    assert_eq!(errors.as_slice()[0].code, codes::ELEMENT_TYPE);
}

/// Indices keep their place among dimensions, and nothing is computed with them.
#[test]
fn indices_are_moved_only() {
    let argmax = |then: &str, with: &[&str]| {
        model(
            vec![value("image", FLOAT, &[1, 3, 4, 4])],
            &["out"],
            vec![
                node("Conv", &["image", "filter"], "conv", vec![]),
                node(
                    "ArgMax",
                    &["conv"],
                    "best",
                    vec![int("axis", 1), int("keepdims", 0)],
                ),
                node(then, with, "out", vec![]),
            ],
            vec![floats("filter", &[5, 3, 1, 1], (0..15).map(|i| i as f32))],
        )
    };
    let moved = argmax("Identity", &["best"]);
    let result = imported(&moved, &ImportOptions::default()).unwrap();
    assert!(
        result
            .remarks
            .iter()
            .any(|r| r.code == "remark.int32-indices")
    );
    let m = verified(&moved, &ImportOptions::default());
    assert_eq!(ops(&m), ["nn.transpose", "nn.conv_2d", "nn.arg_max"]);
    let text = ir::text::print_module(&m);
    assert!(text.contains("axis = 3 : i64"), "{text}");
    assert!(text.contains("-> tensor<1x4x4xi32>"), "{text}");
    let errors = imported(&argmax("Add", &["best", "best"]), &ImportOptions::default());
    let errors = errors.unwrap_err();
    assert_eq!(errors.as_slice()[0].code, codes::ELEMENT_TYPE);
}

/// `BLESS=1` writes them.
#[test]
fn the_inputs_of_the_file_tests_are_these_models() {
    let inputs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/filetests/import/inputs");
    let codes = CHANGES.iter().map(|&(code, change, _)| (code, change));
    let others: [(&str, Change); 2] = [
        (codes::SHAPE_OPTION, |_| {}),
        ("remark.batch-of-one", |m| {
            graph(m).input[0] = value("image", FLOAT, &[-1, 3, 4, 4]);
        }),
    ];
    for (code, change) in codes.chain(others) {
        let (path, bytes) = (inputs.join(format!("{code}.onnx")), bytes(&changed(change)));
        if std::env::var_os("BLESS").is_some_and(|v| v == "1") {
            std::fs::write(&path, &bytes).unwrap();
        }
        let found = std::fs::read(&path).unwrap_or_default();
        assert!(found == bytes, "{}: BLESS=1 rewrites it", path.display());
    }
}

/// Numbers that are as large as can be, and extents of 0 that hide others.
#[test]
fn hostile_numbers_are_refused() {
    let conv = |attribute| {
        let mut model = small();
        graph(&mut model).node[0].attribute = vec![attribute];
        model
    };
    let constant = |tensor: TensorProto| {
        let mut model = small();
        graph(&mut model).initializer.push(tensor);
        model
    };
    let reshape = |shape: &[i64]| {
        let mut model = small();
        let graph = graph(&mut model);
        graph.node.truncate(1);
        graph
            .node
            .push(node("Reshape", &["conv", "shape"], "scores", vec![]));
        graph.initializer.push(numbers("shape", shape));
        model
    };
    let padded = |pads: &[i64]| {
        let mut model = small();
        let graph = graph(&mut model);
        graph.node.truncate(1);
        graph
            .node
            .push(node("Pad", &["conv", "pads"], "scores", vec![]));
        graph.initializer.push(numbers("pads", pads));
        model
    };
    let mut empty = numbers("empty", &[]);
    empty.dims = vec![0, i64::MAX, i64::MAX];
    let mut negative = numbers("negative", &[]);
    negative.dims = vec![-1];
    let models = [
        conv(ints("pads", &[i64::MAX; 4])),
        conv(ints("pads", &[-1; 4])),
        conv(ints("strides", &[i64::MAX, 1])),
        conv(ints("strides", &[0, 1])),
        conv(ints("dilations", &[i64::MIN, 1])),
        conv(int("group", i64::MAX)),
        conv(int("group", 0)),
        constant(empty),
        constant(negative),
        reshape(&[i64::MAX, i64::MAX, -1]),
        reshape(&[-1, -1]),
        reshape(&[-2]),
        reshape(&[0, 0, 0, 0, 0, 0, 0, 0]),
        padded(&[i64::MAX; 8]),
        padded(&[1 << 20; 8]),
    ];
    for (i, model) in models.iter().enumerate() {
        assert!(
            imported(model, &ImportOptions::default()).is_err(),
            "model {i}"
        );
    }
}

/// Marsaglia's xorshift64.
struct Xorshift(u64);

impl Xorshift {
    fn below(&mut self, bound: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 % bound as u64) as usize
    }
}

/// A damaged file is an error, or a module that verifies.
#[test]
fn damaged_files_are_refused_or_sound() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../models/torch_digits");
    let quantised = std::fs::read(root.join("torch_digits_qdq_u8s8.onnx")).unwrap();
    let mut random = Xorshift(0x6f6e_6e78);
    let (mut sound, mut refused) = (0, 0);
    let mut check = |bytes: &[u8]| match import(
        bytes,
        "damaged.onnx",
        None,
        &ImportOptions::default(),
        registry(),
    ) {
        Ok(imported) => {
            if let Err(errors) = ir::verify::verify(&imported.module) {
                panic!("{errors}\n{}", ir::text::print_module(&imported.module));
            }
            sound += 1;
        }
        Err(errors) => {
            assert!(!errors.is_empty());
            refused += 1;
        }
    };
    let small = bytes(&small());
    for length in 0..small.len() {
        check(&small[..length]);
    }
    for source in [&small, &quantised] {
        for _ in 0..3000 {
            let mut bytes = source.clone();
            for _ in 0..1 + random.below(3) {
                let at = random.below(bytes.len());
                match random.below(3) {
                    0 => bytes[at] = random.below(256) as u8,
                    1 => bytes[at] ^= 1 << random.below(8),
                    _ => {
                        bytes.remove(at);
                    }
                }
            }
            check(&bytes);
        }
    }
    assert!(
        sound > 100 && refused > 1000,
        "{sound} sound, {refused} refused"
    );
}
