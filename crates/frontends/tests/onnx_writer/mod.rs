//! ONNX files made in tests.
#![allow(dead_code, clippy::unwrap_used)]

use frontends::onnx::proto::{
    AttributeProto, DimensionProto, GraphProto, ModelProto, NodeProto, OperatorSetIdProto,
    TensorProto, TensorShapeProto, TensorTypeProto, TypeProto, ValueInfoProto,
};
use prost::Message;

pub const FLOAT: i32 = 1;
pub const INT8: i32 = 3;
pub const INT64: i32 = 7;

pub fn bytes(model: &ModelProto) -> Vec<u8> {
    model.encode_to_vec()
}

pub fn ints(name: &str, values: &[i64]) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: 7,
        ints: values.into(),
        ..AttributeProto::default()
    }
}

pub fn int(name: &str, value: i64) -> AttributeProto {
    AttributeProto {
        name: name.into(),
        r#type: 2,
        i: value,
        ..AttributeProto::default()
    }
}

pub fn node(op: &str, inputs: &[&str], output: &str, attribute: Vec<AttributeProto>) -> NodeProto {
    NodeProto {
        input: inputs.iter().map(|&s| s.into()).collect(),
        output: vec![output.into()],
        op_type: op.into(),
        attribute,
        ..NodeProto::default()
    }
}

pub fn floats(name: &str, dims: &[i64], values: impl Iterator<Item = f32>) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: dims.into(),
        data_type: FLOAT,
        raw_data: values.flat_map(f32::to_le_bytes).collect(),
        ..TensorProto::default()
    }
}

pub fn numbers(name: &str, values: &[i64]) -> TensorProto {
    TensorProto {
        name: name.into(),
        dims: vec![values.len() as i64],
        data_type: INT64,
        int64_data: values.into(),
        ..TensorProto::default()
    }
}

/// An input or output; −1 for an open dimension, called `N`.
pub fn value(name: &str, elem_type: i32, shape: &[i64]) -> ValueInfoProto {
    let dim = shape.iter().map(|&n| DimensionProto {
        dim_value: (n >= 0).then_some(n),
        dim_param: (n < 0).then(|| "N".into()),
    });
    let shape = TensorShapeProto { dim: dim.collect() };
    ValueInfoProto {
        name: name.into(),
        r#type: Some(TypeProto {
            tensor_type: Some(TensorTypeProto {
                elem_type,
                shape: Some(shape),
            }),
        }),
    }
}

/// A model of opset 13.
pub fn model(
    inputs: Vec<ValueInfoProto>,
    outputs: &[&str],
    node: Vec<NodeProto>,
    initializer: Vec<TensorProto>,
) -> ModelProto {
    ModelProto {
        ir_version: 7,
        opset_import: vec![OperatorSetIdProto {
            domain: String::new(),
            version: 13,
        }],
        graph: Some(GraphProto {
            node,
            initializer,
            input: inputs,
            output: outputs.iter().map(|name| value(name, FLOAT, &[])).collect(),
            sparse_initializer: vec![],
        }),
    }
}

/// A sound model: `image` (1×3×4×4) → Conv `conv` → Relu `relu` → Flatten `flat` → Gemm `scores`.
pub fn small() -> ModelProto {
    let numbers = |n: usize| (0..n).map(|i| i as f32 / 8.0 - 1.0);
    model(
        vec![value("image", FLOAT, &[1, 3, 4, 4])],
        &["scores"],
        vec![
            node(
                "Conv",
                &["image", "filter", "bias"],
                "conv",
                vec![ints("pads", &[1, 1, 1, 1])],
            ),
            node("Relu", &["conv"], "relu", vec![]),
            node("Flatten", &["relu"], "flat", vec![]),
            node(
                "Gemm",
                &["flat", "weights"],
                "scores",
                vec![int("transB", 1)],
            ),
        ],
        vec![
            floats("filter", &[2, 3, 3, 3], numbers(54)),
            floats("bias", &[2], numbers(2)),
            floats("weights", &[5, 32], numbers(160)),
        ],
    )
}

pub fn graph(model: &mut ModelProto) -> &mut GraphProto {
    model.graph.as_mut().unwrap()
}
