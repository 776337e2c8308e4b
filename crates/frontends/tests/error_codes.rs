//! Every error code of the TFLite reader, provoked by one change to a sound model.
#![allow(clippy::unwrap_used, reason = "tests")]

mod tflite_writer;

use std::path::Path;
use std::sync::Arc;

use frontends::tflite::offline_plan::{arena_tensors, with_offsets};
use frontends::tflite::{codes, import, limits, read, read_file};
use frontends::{ImportError, ImportErrors};
use ir::DialectRegistry;
use tflite_writer::{
    Buffer, Code, FLOAT32, Field, Model, Quant, Signature, Tensor, activation, small,
};

/// What an error must say: the operator's kind, index and layer (if it is one's), and parts of the message.
type Expected = (
    Option<(&'static str, usize, &'static str)>,
    &'static [&'static str],
);

/// Breaks a model.
type Change = fn(&mut Model);

fn check(code: &str, errors: &ImportErrors, (operator, parts): Expected) {
    let found: Vec<&ImportError> = errors
        .as_slice()
        .iter()
        .filter(|e| e.code == code)
        .collect();
    assert_eq!(found.len(), 1, "one {code} in:\n{errors}");
    let error = found[0];
    let got = error
        .operator
        .as_ref()
        .map(|o| (o.kind.as_str(), o.index, o.layer.as_str()));
    assert_eq!(got, operator, "{error}");
    assert!(!error.help.is_empty(), "{error}");
    for part in parts {
        assert!(error.message.contains(part), "\"{part}\" in: {error}");
    }
    let text = error.to_string();
    assert!(
        text.contains(&error.file) && text.contains(code) && text.contains(&error.help),
        "{text}"
    );
}

fn registry() -> Arc<DialectRegistry> {
    let mut builder = DialectRegistry::builder();
    ir::dialects::register_all(&mut builder).unwrap();
    Arc::new(builder.freeze())
}

/// Imports the sound model after `change`.
fn changed(change: Change) -> ImportErrors {
    let mut model = small();
    change(&mut model);
    import(&model.bytes(), "broken.tflite", registry()).expect_err("the model is broken")
}

const CONV: Option<(&str, usize, &str)> = Some(("CONV_2D", 0, "conv"));
const ADD: Option<(&str, usize, &str)> = Some(("ADD", 1, "sum"));
const RESHAPE: Option<(&str, usize, &str)> = Some(("RESHAPE", 2, "flat"));

fn tensor(model: &mut Model, index: usize) -> &mut Tensor {
    &mut model.graphs[0].tensors[index]
}

/// A change of the sound model for each code that one provokes.
const CHANGES: &[(&str, Change, Expected)] = &[
    (
        codes::NOT_TFLITE,
        |m| m.identifier = "ONNX",
        (None, &["TFL3"]),
    ),
    (
        codes::SCHEMA_VERSION,
        |m| m.version = 4,
        (None, &["version is 4"]),
    ),
    (codes::NO_SUBGRAPH, |m| m.graphs.clear(), (None, &["graph"])),
    (
        codes::LIMIT,
        |m| m.graphs[0].operators[1].inputs = vec![3; limits::MAX_OPERANDS + 1],
        (ADD, &["4097 inputs"]),
    ),
    (
        codes::OPERATOR_CODE,
        |m| m.graphs[0].operators[1].code = 9,
        (
            Some(("PLACEHOLDER_FOR_GREATER_OP_CODES", 1, "sum")),
            &["number 9"],
        ),
    ),
    (
        codes::OPERATOR_TENSOR,
        |m| m.graphs[0].operators[1].inputs[1] = 7,
        (ADD, &["input 1", "tensor 7", "7 tensors"]),
    ),
    (
        codes::GRAPH_TENSOR,
        |m| m.graphs[0].outputs[0] = -1,
        (None, &["output", "tensor -1"]),
    ),
    (
        codes::BUFFER_INDEX,
        |m| tensor(m, 1).buffer = 4,
        (CONV, &["conv_weights", "buffer 4"]),
    ),
    (
        codes::BUFFER_DATA,
        |m| {
            m.buffers[3] = Buffer::At {
                offset: 64,
                size: u64::MAX,
            }
        },
        (None, &["buffer 3", "from byte 64"]),
    ),
    (
        codes::SUBGRAPH_INDEX,
        |m| m.signatures[0].graph = 1,
        (None, &["serving_default", "graph 1"]),
    ),
    (
        codes::TENSOR_TYPE,
        |m| tensor(m, 4).dtype = 99,
        (ADD, &["sum", "99"]),
    ),
    (
        codes::SHAPE,
        |m| tensor(m, 4).shape[1] = -7,
        (ADD, &["sum", "-7"]),
    ),
    (
        codes::TENSOR_SIZE,
        |m| tensor(m, 4).shape = vec![1, 65536, 65536, 1],
        (ADD, &["sum", "65536"]),
    ),
    (
        codes::CONSTANT_SIZE,
        |m| m.buffers[1] = Buffer::Inside(vec![0; 17]),
        (CONV, &["conv_weights", "17 bytes", "18"]),
    ),
    (
        codes::DYNAMIC_SHAPE,
        |m| tensor(m, 3).signature = vec![-1, -1, 4, 2],
        (CONV, &["[-1, -1, 4, 2]"]),
    ),
    (
        codes::SPARSE,
        |m| tensor(m, 1).sparse = true,
        (CONV, &["conv_weights"]),
    ),
    (
        codes::CUSTOM_QUANTIZATION,
        |m| {
            tensor(m, 1).quant = Some(Quant {
                details_type: 1,
                ..Quant::default()
            })
        },
        (CONV, &["conv_weights"]),
    ),
    (
        codes::QUANT_COUNT,
        |m| tensor(m, 1).quant.as_mut().unwrap().axis = 1,
        (CONV, &["conv_weights", "2 scales", "dimension 1"]),
    ),
    (
        codes::QUANT_SCALE,
        |m| tensor(m, 1).quant.as_mut().unwrap().scales[1] = f32::NAN,
        (CONV, &["conv_weights", "NaN", "index 1"]),
    ),
    (
        codes::QUANT_ZERO_POINT,
        |m| tensor(m, 3).quant.as_mut().unwrap().zero_points[0] = 128,
        (CONV, &["conv", "128", "INT8"]),
    ),
    (
        codes::CYCLE,
        |m| m.graphs[0].operators[0].inputs[0] = 4,
        (CONV, &["CONV_2D (operator 0), ADD (operator 1)"]),
    ),
    (
        codes::READ_BEFORE_WRITE,
        |m| m.graphs[0].operators.swap(1, 2),
        (
            Some(("RESHAPE", 1, "flat")),
            &["\"sum\"", "operator 2 writes only later"],
        ),
    ),
    (
        codes::NEVER_WRITTEN,
        |m| {
            m.graphs[0].tensors.push(activation("lost", &[1, 4, 4, 2]));
            m.graphs[0].operators[1].inputs[0] = 7;
        },
        (ADD, &["\"lost\""]),
    ),
    (
        codes::WRITTEN_TWICE,
        |m| m.graphs[0].operators[1].outputs[0] = 3,
        (
            Some(("ADD", 1, "conv")),
            &["\"conv\"", "operator 0 writes already"],
        ),
    ),
    (
        codes::GRAPH_INPUT,
        |m| m.graphs[0].inputs.push(0),
        (None, &["\"image\" is listed twice"]),
    ),
    (
        codes::GRAPH_OUTPUT,
        |m| m.graphs[0].operators.truncate(2),
        (None, &["\"flat\""]),
    ),
    (
        codes::OPTIONS_MISSING,
        |m| m.graphs[0].operators[0].options.0 = 0,
        (CONV, &["missing"]),
    ),
    (
        codes::OPTIONS_KIND,
        |m| m.graphs[0].operators[2].options.0 = 11,
        (RESHAPE, &["kind 11"]),
    ),
    (
        codes::OPTIONS_VALUE,
        |m| m.graphs[0].operators[0].options.1[1] = Field::I32(1, 0),
        (CONV, &["stride_w cannot be 0"]),
    ),
    (
        codes::NO_OUTPUT,
        |m| m.graphs[0].operators[1].outputs.clear(),
        (Some(("ADD", 1, "")), &["writes no tensor"]),
    ),
    (
        codes::CUSTOM_NAME,
        |m| {
            m.codes.push(Code {
                custom: Some(String::new()),
                ..Code::builtin(32)
            })
        },
        (None, &["operator code 3"]),
    ),
    (
        codes::UNSUPPORTED_OPERATOR,
        |m| m.codes[1] = Code::builtin(47),
        (Some(("EXP", 1, "sum")), &["EXP", "1 layer: \"sum\""]),
    ),
    (
        codes::OPERAND_COUNT,
        |m| m.graphs[0].operators[1].inputs.truncate(1),
        (ADD, &["1 inputs"]),
    ),
    (
        codes::ELEMENT_TYPE,
        |m| tensor(m, 4).dtype = 7,
        (ADD, &["INT16 \"sum\"", "INT8 \"conv\""]),
    ),
    (
        codes::OPERAND_SHAPE,
        |m| tensor(m, 4).shape[3] = 3,
        (ADD, &["[1, 4, 4, 2]", "[1, 4, 4, 3]"]),
    ),
    (
        codes::QUANTIZATION,
        |m| tensor(m, 5).quant.as_mut().unwrap().zero_points[0] = 4,
        (RESHAPE, &["\"sum\"", "\"flat\"", "differ"]),
    ),
    (
        codes::NOT_CONSTANT,
        |m| {
            m.graphs[0].tensors.push(activation("late", &[2, 3, 3, 1]));
            m.graphs[0].inputs.push(7);
            m.graphs[0].operators[0].inputs[1] = 7;
        },
        (CONV, &["filter"]),
    ),
    (
        codes::PARAMETER,
        |m| m.graphs[0].operators[0].options.1[3] = Field::I8(3, 4),
        (CONV, &["Tanh"]),
    ),
    (
        codes::VARIABLE,
        |m| {
            let state = activation("state", &[1, 4, 4, 2]);
            m.graphs[0].tensors.push(Tensor {
                is_variable: true,
                ..state
            });
            m.graphs[0].operators[1].inputs[1] = 7;
        },
        (ADD, &["\"state\""]),
    ),
    (
        codes::CONSTANT_OUTPUT,
        |m| m.graphs[0].outputs.push(1),
        (None, &["\"conv_weights\""]),
    ),
];

#[test]
fn each_code_is_reported_with_its_place() {
    for &(code, change, expected) in CHANGES {
        check(code, &changed(change), expected);
    }
}

/// Further files that must not slip through, each with the code that refuses it.
#[test]
fn what_the_reference_kernels_refuse_is_refused() {
    let cases: &[(&str, &str, Change)] = &[
        (
            "int8 input without quantisation",
            codes::QUANTIZATION,
            |m| tensor(m, 0).quant = None,
        ),
        ("int8 sum without quantisation", codes::QUANTIZATION, |m| {
            tensor(m, 4).quant = None
        }),
        ("asymmetric filter", codes::QUANTIZATION, |m| {
            tensor(m, 1).quant.as_mut().unwrap().zero_points[1] = 1;
        }),
        (
            "filter quantised along its height",
            codes::QUANTIZATION,
            |m| {
                let quant = tensor(m, 1).quant.as_mut().unwrap();
                *quant = Quant {
                    scales: vec![1.0; 3],
                    zero_points: vec![0; 3],
                    axis: 1,
                    details_type: 0,
                };
            },
        ),
        ("bias with a zero point", codes::QUANTIZATION, |m| {
            tensor(m, 2).quant.as_mut().unwrap().zero_points[0] = 1;
        }),
        ("activation with two scales", codes::QUANTIZATION, |m| {
            tensor(m, 3).quant = Some(Quant {
                scales: vec![1.0; 2],
                zero_points: vec![0; 2],
                axis: 3,
                details_type: 0,
            });
        }),
        ("uint8 input", codes::ELEMENT_TYPE, |m| {
            let image = tensor(m, 0);
            (image.dtype, image.quant) = (3, None);
        }),
        (
            "operator that is another of uint8",
            codes::ELEMENT_TYPE,
            |m| {
                unsigned(m);
                // LOGISTIC.
                m.codes[1] = tflite_writer::Code::builtin(14);
                m.graphs[0].operators[1].inputs = vec![3];
                m.graphs[0].operators[1].options = (0, vec![]);
            },
        ),
        ("bias as long as no dimension", codes::OPERAND_SHAPE, |m| {
            let bias = tensor(m, 2);
            (bias.shape, bias.quant) = (vec![1], None);
            m.buffers[2] = Buffer::Inside(vec![0; 4]);
        }),
        ("output of another height", codes::OPERAND_SHAPE, |m| {
            tensor(m, 3).shape[1] = 3
        }),
        ("input of three dimensions", codes::OPERAND_SHAPE, |m| {
            tensor(m, 0).shape = vec![4, 4, 1]
        }),
        ("grouped convolution", codes::PARAMETER, |m| {
            tensor(m, 0).shape[3] = 2
        }),
        ("stride beyond any tensor", codes::PARAMETER, |m| {
            m.graphs[0].operators[0].options.1[1] = Field::I32(1, 1 << 30);
        }),
        ("empty tensors", codes::OPERAND_SHAPE, |m| {
            for i in [0, 3, 4] {
                tensor(m, i).shape[0] = 0;
            }
        }),
        (
            "filter scale beyond fixed point",
            codes::QUANTIZATION,
            |m| {
                tensor(m, 1).quant.as_mut().unwrap().scales[1] = 4.0e9;
            },
        ),
        (
            "output scale too small for the sum",
            codes::QUANTIZATION,
            |m| {
                for i in [4, 5] {
                    tensor(m, i).quant.as_mut().unwrap().scales[0] = 1.0e-7;
                }
            },
        ),
        (
            "activation bound beyond 32 bits",
            codes::QUANTIZATION,
            |m| {
                m.graphs[0].operators[1].options.1 = vec![Field::I8(0, 3)];
                for i in [3, 4, 5] {
                    tensor(m, i).quant.as_mut().unwrap().scales[0] = 1.0e-10;
                }
            },
        ),
        ("left-out input", codes::OPERAND_COUNT, |m| {
            m.graphs[0].operators[1].inputs[0] = -1
        }),
    ];
    for &(what, code, change) in cases {
        let errors = changed(change);
        assert!(
            errors.as_slice().iter().any(|e| e.code == code),
            "{what}: no {code} in\n{errors}"
        );
    }
}

/// The same for splits and concatenations.
#[test]
fn parts_that_do_not_make_a_whole_are_refused() {
    let cases: &[(&str, &str, Change)] = &[
        ("parts of another scale", codes::QUANTIZATION, |m| {
            tensor(m, 6).quant.as_mut().unwrap().scales[0] = 0.25
        }),
        ("a whole of another zero point", codes::QUANTIZATION, |m| {
            tensor(m, 7).quant.as_mut().unwrap().zero_points[0] = 0
        }),
        ("parts that are too long", codes::OPERAND_SHAPE, |m| {
            tensor(m, 7).shape[1] = 7
        }),
        ("parts of another width", codes::OPERAND_SHAPE, |m| {
            tensor(m, 5).shape[2] = 2
        }),
        ("a dimension past the last", codes::OPERAND_SHAPE, |m| {
            m.graphs[0].operators[2].options.1[0] = Field::I32(0, 3)
        }),
        ("a dimension before the first", codes::OPERAND_SHAPE, |m| {
            m.buffers[1] = Buffer::Inside(vec![0xf0, 0xff, 0xff, 0xff])
        }),
        ("two dimensions", codes::PARAMETER, |m| {
            m.graphs[0].operators[0].inputs[0] = 4
        }),
        ("a dimension that is computed", codes::PARAMETER, |m| {
            m.graphs[0].operators[0].inputs = vec![0, 0]
        }),
        ("a fused activation", codes::PARAMETER, |m| {
            m.graphs[0].operators[2].options.1.push(Field::I8(1, 1))
        }),
        ("no parameters", codes::OPTIONS_MISSING, |m| {
            m.graphs[0].operators[2].options = (0, vec![])
        }),
        ("a split without its dimension", codes::OPERAND_COUNT, |m| {
            m.graphs[0].operators[0].inputs = vec![0]
        }),
        ("no parts at all", codes::OPERAND_COUNT, |m| {
            m.graphs[0].operators[2].inputs.clear()
        }),
        ("other elements", codes::ELEMENT_TYPE, |m| {
            let part = tensor(m, 5);
            (part.dtype, part.quant) = (tflite_writer::FLOAT32, None);
        }),
    ];
    for &(what, code, change) in cases {
        let mut model = tflite_writer::joints();
        change(&mut model);
        let errors = import(&model.bytes(), "joints.tflite", registry()).unwrap_err();
        assert!(
            errors.as_slice().iter().any(|e| e.code == code),
            "{what}: no {code} in\n{errors}"
        );
    }
}

#[test]
fn transposes_and_pads_that_do_not_fit_are_refused() {
    let cases: &[(&str, &str, Change)] = &[
        ("a dimension twice", codes::OPERAND_SHAPE, |m| {
            m.buffers[1] =
                Buffer::Inside([2i32, 2, 1].iter().flat_map(|n| n.to_le_bytes()).collect());
        }),
        (
            "another shape than the order gives",
            codes::OPERAND_SHAPE,
            |m| {
                m.graphs[0].tensors[2].shape = vec![5, 3, 2];
            },
        ),
        ("an order that is computed", codes::PARAMETER, |m| {
            m.graphs[0].operators[0].inputs = vec![0, 0];
        }),
        ("a transpose without its order", codes::OPERAND_COUNT, |m| {
            m.graphs[0].operators[0].inputs = vec![0];
        }),
        ("padding below 0", codes::OPERAND_SHAPE, |m| {
            let padding = [0i32, 0, -1, 2, 2, 1];
            m.buffers[2] = Buffer::Inside(padding.iter().flat_map(|n| n.to_le_bytes()).collect());
        }),
        ("padding of another rank", codes::OPERAND_SHAPE, |m| {
            m.graphs[0].tensors[3].shape = vec![2, 3];
        }),
        ("an output that does not fit", codes::OPERAND_SHAPE, |m| {
            m.graphs[0].tensors[4].shape = vec![5, 6, 3];
        }),
        ("another scale behind it", codes::QUANTIZATION, |m| {
            m.graphs[0].tensors[4].quant.as_mut().unwrap().scales = vec![0.25];
        }),
        ("a number of another zero point", codes::QUANTIZATION, |m| {
            m.graphs[0].tensors[6].quant.as_mut().unwrap().zero_points = vec![4];
        }),
        ("several numbers", codes::PARAMETER, |m| {
            m.graphs[0].tensors[6].shape = vec![2];
            m.buffers[4] = Buffer::Inside(vec![1, 2]);
        }),
        ("a float number", codes::ELEMENT_TYPE, |m| {
            let number = &mut m.graphs[0].tensors[6];
            (number.dtype, number.quant) = (tflite_writer::FLOAT32, None);
            m.buffers[4] = Buffer::Inside(vec![0; 4]);
        }),
    ];
    for &(what, code, change) in cases {
        let mut model = tflite_writer::layouts();
        change(&mut model);
        let errors = import(&model.bytes(), "layouts.tflite", registry()).unwrap_err();
        assert!(
            errors.as_slice().iter().any(|e| e.code == code),
            "{what}: no {code} in\n{errors}"
        );
    }
}

#[test]
fn unreadable_files_say_why() {
    let directory = tempfile::tempdir().unwrap();
    let empty = directory.path().join("empty.tflite");
    std::fs::write(&empty, []).unwrap();
    let large = directory.path().join("large.tflite");
    std::fs::File::create(&large)
        .and_then(|file| file.set_len(limits::MAX_FILE_BYTES + 1))
        .unwrap();
    let missing = directory.path().join("missing.tflite");
    let cases: [(&Path, &[&str]); 4] = [
        (directory.path(), &["directory"]),
        (&empty, &["empty"]),
        (&large, &["larger than 64 MiB"]),
        (&missing, &["cannot be read"]),
    ];
    for (path, parts) in cases {
        let errors = read_file(path).expect_err("unreadable");
        assert_eq!(errors.as_slice()[0].file, path.display().to_string());
        check(codes::UNREADABLE, &errors, (None, parts));
    }
    check(
        codes::UNREADABLE,
        &read(&[], "x").expect_err("empty"),
        (None, &["empty"]),
    );
}

#[test]
fn damage_inside_an_operator_names_it() {
    let mut model = small();
    // A vector that no other part of the file equals, so that its length can be found.
    model.graphs[0].operators[1].inputs = vec![3, 3, 3, 3, 3, 3, 3];
    let mut bytes = model.bytes();
    let vector: Vec<u8> = [7u32, 3, 3, 3, 3, 3, 3, 3]
        .iter()
        .flat_map(|v| v.to_le_bytes())
        .collect();
    let at = bytes
        .windows(vector.len())
        .position(|w| w == vector)
        .unwrap();
    bytes[at..at + 4].copy_from_slice(&0x00ff_ffffu32.to_le_bytes());
    let errors = read(&bytes, "broken.tflite").expect_err("damaged");
    check(
        codes::DAMAGED,
        &errors,
        (ADD, &["subgraphs[0].operators[1].inputs"]),
    );
}

/// A change of the sound model for each code of a plan for TensorFlow Lite Micro.
const OFFLINE: &[(&str, Change, Expected)] = &[
    (
        codes::OFFLINE_GRAPHS,
        |m| m.graphs.push(m.graphs[0].clone()),
        (None, &["2 graphs"]),
    ),
    (
        codes::OFFLINE_FORM,
        |m| {
            m.buffers.push(Buffer::At {
                offset: 64,
                size: 8,
            });
        },
        (None, &["behind the flatbuffer"]),
    ),
    (
        codes::OFFLINE_OFFSET,
        huge,
        (None, &["tensor \"", "to start at byte 2147483648"]),
    ),
];

/// Three tensors of a gibibyte are live at the sum of the image and its convolution.
fn huge(m: &mut Model) {
    const SIDE: i32 = 1 << 15;
    for i in [0, 3, 4] {
        tensor(m, i).shape = vec![1, SIDE, SIDE, 1];
    }
    tensor(m, 5).shape = vec![1, SIDE * SIDE];
    tensor(m, 1).shape = vec![1, 3, 3, 1];
    tensor(m, 2).shape = vec![1];
    for i in [1, 2] {
        let quant = tensor(m, i).quant.as_mut().unwrap();
        quant.scales.truncate(1);
        quant.zero_points.truncate(1);
    }
    m.buffers[1] = Buffer::Inside((0..9).collect());
    m.buffers[2] = Buffer::Inside(vec![1; 4]);
    m.buffers[3] = Buffer::Inside(
        [1, SIDE * SIDE]
            .iter()
            .flat_map(|n| n.to_le_bytes())
            .collect(),
    );
    m.graphs[0].operators[1].inputs = vec![0, 3];
    m.graphs[0].operators[2].options.1 = vec![Field::I32s(0, vec![1, SIDE * SIDE])];
}

#[test]
fn what_no_offline_plan_can_be_given_to() {
    for &(code, change, expected) in OFFLINE {
        let mut model = small();
        change(&mut model);
        let bytes = model.bytes();
        let file = read(&bytes, "m.tflite").unwrap_or_else(|e| panic!("{e}"));
        // Every tensor above all others.
        let places = arena_tensors(&file, "m.tflite").map(|tensors| {
            let mut top = 0;
            let above = tensors.iter().map(|t| {
                top += t.bytes;
                (t.tensor, top - t.bytes)
            });
            above.collect::<Vec<_>>()
        });
        let errors = places
            .and_then(|places| with_offsets(&bytes, "m.tflite", &places))
            .expect_err(code);
        check(code, &errors, expected);
    }
}

#[test]
fn every_code_has_a_case() {
    let mut covered: Vec<&str> = CHANGES.iter().map(|case| case.0).collect();
    covered.extend([codes::UNREADABLE, codes::DAMAGED]);
    covered.extend(OFFLINE.iter().map(|case| case.0));
    covered.sort_unstable();
    let all: Vec<&str> = codes::ALL.iter().map(|code| code.0).collect();
    assert_eq!(covered, all);
}

/// Codes whose file tests have an input by another hand, or none: `tests/filetests/import/inputs/README.md`.
const OTHER_INPUTS: [&str; 6] = [
    codes::NOT_TFLITE,
    codes::BUFFER_INDEX,
    codes::TENSOR_SIZE,
    codes::DYNAMIC_SHAPE,
    codes::CYCLE,
    codes::UNSUPPORTED_OPERATOR,
];

/// Float activations and bias, int8 weights.
fn hybrid(m: &mut Model) {
    for i in [0, 2, 3, 4, 5] {
        let t = tensor(m, i);
        (t.dtype, t.quant) = (FLOAT32, None);
    }
    m.buffers[2] = Buffer::Inside(vec![0; 8]);
}

/// All of UINT8, the filter of one scale and a zero point that leaves its weights no int8.
fn unsigned(m: &mut Model) {
    for i in [0, 1, 3, 4, 5] {
        let t = tensor(m, i);
        t.dtype = tflite_writer::UINT8;
        t.quant = Some(Quant {
            scales: vec![0.5],
            zero_points: vec![if i == 1 { 130 } else { 125 }],
            ..Quant::default()
        });
    }
    tensor(m, 2).quant = None;
}

/// ARG_MAX of the sum's channels, of INT64.
fn indices(m: &mut Model) {
    let flat = tensor(m, 5);
    (flat.dtype, flat.quant, flat.shape) = (4, None, vec![1, 4, 4]);
    tensor(m, 6).shape = vec![];
    m.buffers[2] = Buffer::Inside(vec![0; 8]);
    m.buffers[3] = Buffer::Inside(3i32.to_le_bytes().to_vec());
    m.codes[2] = Code::builtin(56);
    m.graphs[0].operators[2].options = (40, vec![Field::I8(0, 4)]);
}

/// `BLESS=1` writes them.
#[test]
fn the_inputs_of_the_file_tests_are_these_models() {
    let inputs = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/filetests/import/inputs");
    let errors = CHANGES.iter().filter(|c| !OTHER_INPUTS.contains(&c.0));
    let remarks: [(&str, Change); 4] = [
        ("remark.unused-graph", |m| {
            m.graphs.push(m.graphs[0].clone())
        }),
        ("remark.dequantized-weights", hybrid),
        ("remark.unsigned-bytes", unsigned),
        ("remark.int32-indices", indices),
    ];
    let errors = errors.chain(OFFLINE).map(|c| (c.0, c.1));
    for (code, change) in errors.chain(remarks) {
        let mut model = small();
        change(&mut model);
        let (path, bytes) = (inputs.join(format!("{code}.tflite")), model.bytes());
        if std::env::var_os("BLESS").is_some_and(|v| v == "1") {
            std::fs::write(&path, &bytes).unwrap();
        }
        let found = std::fs::read(&path).unwrap_or_default();
        assert!(found == bytes, "{}: BLESS=1 rewrites it", path.display());
    }
}

#[test]
fn all_defects_of_a_file_are_reported_at_once() {
    let errors = changed(|m| {
        m.version = 1;
        tensor(m, 1).buffer = 40;
        tensor(m, 4).dtype = 99;
        m.graphs[0].operators[0].options.1[1] = Field::I32(1, -1);
        m.signatures.push(Signature {
            key: "second".into(),
            graph: 3,
            inputs: vec![],
            outputs: vec![],
        });
    });
    let found: Vec<&str> = errors.as_slice().iter().map(|e| e.code).collect();
    assert_eq!(
        found,
        [
            codes::SCHEMA_VERSION,
            codes::BUFFER_INDEX,
            codes::TENSOR_TYPE,
            codes::OPTIONS_VALUE,
            codes::SUBGRAPH_INDEX
        ]
    );
}

#[test]
fn files_that_expand_are_refused() {
    let mut many = small();
    many.repeated_buffer = limits::MAX_TABLES;
    let mut large = small();
    large.buffers.push(Buffer::Inside(vec![0; 1 << 20]));
    large.repeated_buffer = 100;
    let mut long = small();
    long.graphs[0].tensors[0].name = "n".repeat(limits::MAX_NAME_BYTES + 1);
    let mut deep = small();
    deep.graphs[0].tensors[0].shape = vec![1; limits::MAX_RANK + 1];
    let cases: [(Model, Expected); 4] = [
        (many, (None, &["more than 131072 tables"])),
        (large, (None, &["expand"])),
        (long, (None, &["name of tensor 0", "4097 bytes"])),
        (deep, (CONV, &["9 dimensions"])),
    ];
    for (model, expected) in cases {
        let errors = read(&model.bytes(), "large.tflite").expect_err("beyond a limit");
        check(codes::LIMIT, &errors, expected);
    }
}
