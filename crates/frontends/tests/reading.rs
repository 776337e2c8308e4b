//! What a sound file is read as.
#![allow(clippy::unwrap_used, reason = "tests")]

mod tflite_writer;

use frontends::tflite::options::{
    Activation, Arithmetic, Concatenation, Conv2D, DepthwiseConv2D, FullyConnected, Padding,
    Pool2D, Reshape, Softmax, Split,
};
use frontends::tflite::{Operator, OperatorKind, Options, Quant, TensorType, TfliteModel, read};
use tflite_writer::{Buffer, Code, Field, Model, Tensor, activation, small};

fn sound(model: &Model) -> TfliteModel {
    read(&model.bytes(), "sound.tflite").unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn a_small_model_is_read_whole() {
    let bytes = small().bytes();
    let model = read(&bytes, "small.tflite").unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        (model.version, model.description.as_str()),
        (3, "made by a test")
    );
    let graph = &model.subgraphs[0];
    assert_eq!(
        (graph.name.as_str(), &graph.inputs[..], &graph.outputs[..]),
        ("main", &[0][..], &[5][..])
    );
    let names: Vec<&str> = graph.tensors.iter().map(|t| t.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "image",
            "conv_weights",
            "conv_bias",
            "conv",
            "sum",
            "flat",
            "new_shape"
        ]
    );

    let weights = &graph.tensors[1];
    assert_eq!(
        (&weights.shape[..], weights.dtype),
        (&[2, 3, 3, 1][..], TensorType::Int8)
    );
    assert_eq!(
        weights.quant,
        Some(Quant {
            scales: vec![0.25, 0.125],
            zero_points: vec![0, 0],
            axis: 0
        })
    );
    let data = weights.data.clone().unwrap();
    assert_eq!(bytes[data], (0..18).collect::<Vec<u8>>());
    assert_eq!(graph.tensors[3].data, None);
    assert_eq!(graph.tensors[3].byte_size(), Some(32));

    let kinds: Vec<String> = graph.operators.iter().map(|o| o.kind.to_string()).collect();
    assert_eq!(kinds, ["CONV_2D", "ADD", "RESHAPE"]);
    assert_eq!(
        graph.operators[0],
        Operator {
            index: 0,
            kind: OperatorKind::Builtin(3),
            version: 1,
            inputs: vec![Some(0), Some(1), Some(2)],
            outputs: vec![3],
            intermediates: vec![],
            options: Options::Conv2D(Conv2D {
                padding: Padding::Same,
                stride: [1, 1],
                dilation: [1, 1],
                activation: Activation::Relu,
            }),
        }
    );
    assert_eq!(
        bytes[model.metadata[0].data.clone()],
        [1, 0, 0, 0, 32, 0, 0, 0]
    );
    let signature = &model.signatures[0];
    assert_eq!(signature.key, "serving_default");
    assert_eq!(signature.inputs, [("x".to_owned(), 0)]);
    assert_eq!(signature.outputs, [("y".to_owned(), 5)]);
}

/// The options of the first operator when it is builtin `code` with these fields.
fn options_of(code: i32, union: u8, fields: Vec<Field>) -> Options {
    let mut model = small();
    model.codes[0] = Code::builtin(code);
    model.graphs[0].operators[0].options = (union, fields);
    sound(&model).subgraphs[0].operators[0].options.clone()
}

#[test]
fn options_are_read_from_the_schemas_fields() {
    use Field::{F32, I8, I32, I32s, U8};
    assert_eq!(
        options_of(
            3,
            1,
            vec![
                I8(0, 1),
                I32(1, 2),
                I32(2, 3),
                I8(3, 3),
                I32(4, 4),
                I32(5, 5)
            ]
        ),
        Options::Conv2D(Conv2D {
            padding: Padding::Valid,
            stride: [3, 2],
            dilation: [5, 4],
            activation: Activation::Relu6,
        })
    );
    assert_eq!(
        options_of(
            4,
            2,
            vec![
                I8(0, 0),
                I32(1, 2),
                I32(2, 3),
                I32(3, 8),
                I8(4, 2),
                I32(5, 4),
                I32(6, 5)
            ]
        ),
        Options::DepthwiseConv2D(DepthwiseConv2D {
            conv: Conv2D {
                padding: Padding::Same,
                stride: [3, 2],
                dilation: [5, 4],
                activation: Activation::ReluN1To1,
            },
            depth_multiplier: 8,
        })
    );
    for code in [1, 17] {
        assert_eq!(
            options_of(
                code,
                5,
                vec![
                    I8(0, 1),
                    I32(1, 2),
                    I32(2, 3),
                    I32(3, 4),
                    I32(4, 5),
                    I8(5, 1)
                ]
            ),
            Options::Pool2D(Pool2D {
                padding: Padding::Valid,
                stride: [3, 2],
                filter: [5, 4],
                activation: Activation::Relu,
            })
        );
    }
    assert_eq!(
        options_of(9, 8, vec![I8(0, 1), I8(1, 1), U8(2, 1), U8(3, 1)]),
        Options::FullyConnected(FullyConnected {
            activation: Activation::Relu,
            shuffled_weights: true,
            keep_num_dims: true,
            asymmetric_quantize_inputs: true,
        })
    );
    assert_eq!(
        options_of(25, 9, vec![F32(0, 0.75)]),
        Options::Softmax(Softmax { beta: 0.75 })
    );
    assert_eq!(
        options_of(0, 11, vec![I8(0, 3), U8(1, 0)]),
        Options::Arithmetic(Arithmetic {
            activation: Activation::Relu6,
            pot_scale_int16: false
        })
    );
    assert_eq!(
        options_of(0, 11, vec![]),
        Options::Arithmetic(Arithmetic {
            activation: Activation::None,
            pot_scale_int16: true
        })
    );
    assert_eq!(
        options_of(22, 17, vec![I32s(0, vec![1, -1])]),
        Options::Reshape(Reshape {
            new_shape: vec![1, -1]
        })
    );
    assert_eq!(options_of(9, 0, vec![]), Options::None);
    assert_eq!(
        options_of(2, 10, vec![I32(0, -3), I8(1, 1)]),
        Options::Concatenation(Concatenation {
            axis: -3,
            activation: Activation::Relu
        })
    );
    for (operator, union) in [(49, 35), (102, 79)] {
        assert_eq!(
            options_of(operator, union, vec![I32(0, 4)]),
            Options::Split(Split { num_splits: 4 })
        );
    }
    for (operator, union) in [(18, 21), (41, 28)] {
        assert_eq!(
            options_of(operator, union, vec![I8(0, 1)]),
            Options::Arithmetic(Arithmetic {
                activation: Activation::Relu,
                pot_scale_int16: true
            })
        );
    }
    // DIV
    assert_eq!(options_of(42, 29, vec![I8(0, 1)]), Options::Unread(29));
}

#[test]
fn codes_above_127_and_unknown_ones_are_kept() {
    let kind_of = |code: Code| {
        let mut model = small();
        model.codes[0] = code;
        model.graphs[0].operators[0].options.0 = 0;
        sound(&model).subgraphs[0].operators[0].kind.clone()
    };
    assert_eq!(kind_of(Code::builtin(150)).to_string(), "GELU");
    assert_eq!(kind_of(Code::builtin(4000)).to_string(), "BUILTIN_4000");
    // Written before the wide field existed.
    let old = Code {
        wide: 0,
        ..Code::builtin(22)
    };
    assert_eq!(kind_of(old).to_string(), "RESHAPE");
    let custom = Code {
        custom: Some("MyOp".into()),
        ..Code::builtin(32)
    };
    assert_eq!(kind_of(custom), OperatorKind::Custom("MyOp".into()));
}

#[test]
fn a_custom_operators_options_are_its_bytes() {
    let mut model = small();
    model.codes[0] = Code {
        custom: Some("MyOp".into()),
        ..Code::builtin(32)
    };
    model.graphs[0].operators[0].options.0 = 0;
    model.graphs[0].operators[0].custom_options = Some(vec![9, 8, 7]);
    let bytes = model.bytes();
    let read = read(&bytes, "custom.tflite").unwrap();
    let Options::Custom(range) = read.subgraphs[0].operators[0].options.clone() else {
        panic!("not custom: {read:?}");
    };
    assert_eq!(bytes[range], [9, 8, 7]);
}

#[test]
fn buffers_behind_the_flatbuffer_are_found() {
    let data: Vec<u8> = (100..118).collect();
    let bytes = small().bytes_with_appended(1, &data);
    let model = read(&bytes, "large.tflite").unwrap_or_else(|e| panic!("{e}"));
    let range = model.subgraphs[0].tensors[1].data.clone().unwrap();
    assert_eq!(range.end, bytes.len());
    assert_eq!(bytes[range], data);
}

#[test]
fn an_optional_input_is_none() {
    let mut model = small();
    model.graphs[0].operators[0].inputs[2] = -1;
    let inputs = &sound(&model).subgraphs[0].operators[0].inputs;
    assert_eq!(inputs, &[Some(0), Some(1), None]);
}

#[test]
fn an_unknown_batch_that_the_file_fixes_to_one_is_static() {
    let mut model = small();
    model.graphs[0].tensors[0].signature = vec![-1, 4, 4, 1];
    assert_eq!(sound(&model).subgraphs[0].tensors[0].shape, [1, 4, 4, 1]);
}

#[test]
fn ranges_left_from_training_are_no_quantisation() {
    let mut model = small();
    model.graphs[0].tensors[3].quant = Some(tflite_writer::Quant::default());
    assert_eq!(sound(&model).subgraphs[0].tensors[3].quant, None);
}

#[test]
fn variables_and_empty_constants_need_no_writer() {
    let mut model = small();
    let graph = &mut model.graphs[0];
    graph.tensors.push(Tensor {
        is_variable: true,
        ..activation("state", &[1, 4, 4, 2])
    });
    graph.tensors.push(Tensor {
        name: "scalar".into(),
        dtype: tflite_writer::INT32,
        shape: vec![0],
        ..Tensor::default()
    });
    graph.operators[1].inputs = vec![3, 7, 8];
    let read = sound(&model);
    assert!(read.subgraphs[0].tensors[7].is_variable);
}

#[test]
fn two_int4_share_a_byte() {
    let mut model = small();
    let weights = &mut model.graphs[0].tensors[1];
    weights.dtype = 17;
    weights.shape = vec![2, 3, 3, 1];
    model.buffers[1] = Buffer::Inside(vec![0x21; 9]);
    let tensor = &sound(&model).subgraphs[0].tensors[1];
    assert_eq!(
        (tensor.dtype, tensor.byte_size()),
        (TensorType::Int4, Some(9))
    );
    assert_eq!(tensor.data.clone().unwrap().len(), 9);
}
