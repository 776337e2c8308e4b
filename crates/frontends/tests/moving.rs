//! Operators of TFLite files that move elements: what they become, and what of them is refused.
#![allow(clippy::unwrap_used, reason = "tests")]

mod tflite_writer;

use std::sync::Arc;

use frontends::tflite::{codes, import};
use ir::DialectRegistry;
use tflite_writer::{Buffer, Field, Model, Tensor};

/// Breaks a model.
type Change = fn(&mut Model);

fn registry() -> Arc<DialectRegistry> {
    let mut builder = DialectRegistry::builder();
    ir::dialects::register_all(&mut builder).unwrap();
    Arc::new(builder.freeze())
}

fn tensor(model: &mut Model, index: usize) -> &mut Tensor {
    &mut model.graphs[0].tensors[index]
}

#[test]
fn what_moves_elements_takes_them_by_their_indices() {
    let bytes = tflite_writer::moves().bytes();
    let imported = import(&bytes, "moves.tflite", registry()).unwrap();
    assert!(imported.remarks.is_empty());
    ir::verify::verify(&imported.module).unwrap();
    let m = &imported.module;
    let main = m.lookup_symbol("main").unwrap();
    let shown: Vec<String> = m
        .ops(m.entry_block(main).unwrap())
        .filter(|&op| m.op_name(op).starts_with("nn."))
        .map(|op| {
            let show = |name: &str| {
                let Some(attribute) = m.prop(op, name) else {
                    return String::new();
                };
                if let ir::AttrData::Array(lists) = m.attr_data(attribute) {
                    let lists = lists.iter().map(|&l| m.attr_i64s(l).unwrap());
                    return format!(" {:?}", lists.collect::<Vec<_>>());
                }
                match m.attr_i64s(attribute) {
                    Some(list) => format!(" {list:?}"),
                    None => format!(" {}", m.attr_int(attribute).unwrap()),
                }
            };
            let all = ["axis", "axes", "indices", "permutation", "padding", "value"];
            let type_ = m.value_type(m.result(op, m.results(op).len() - 1));
            let shape = m.type_data(type_).shape().unwrap();
            let name = m.op_name(op).trim_start_matches("nn.");
            format!("{name}{} {shape:?}", all.map(show).concat())
        })
        .collect();
    assert_eq!(
        shown,
        [
            "split 1 [1, 3, 6, 2]",
            "gather [1, 2] [[0, 2], [5, 3, 1]] [1, 2, 3, 2]",
            "gather [1, 2] [[0, 0, 1, 1], [0, 0, 1, 1, 2, 2]] [1, 4, 6, 2]",
            "reshape [1, 2, 2, 3, 2, 2]",
            "transpose [0, 1, 3, 2, 4, 5] [1, 2, 3, 2, 2, 2]",
            "reshape [1, 2, 3, 8]",
            "reshape [1, 2, 3, 2, 2, 2]",
            "transpose [0, 1, 3, 2, 4, 5] [1, 2, 2, 3, 2, 2]",
            "reshape [1, 4, 6, 2]",
            "gather [3] [[1, 0]] [1, 4, 6, 2]",
            "gather [1, 2] [[0, 0, 1, 2, 3], [0, 1, 2, 3, 4, 5, 5, 4]] [1, 5, 8, 2]",
            "split 3 [1, 5, 8, 1]",
            "reshape [1, 5, 8]",
            "reshape [1, 5, 8]",
            "reshape [1, 1, 5, 8]",
            "reshape [1, 1, 5, 8]",
            "concatenation 1 [1, 2, 5, 8]",
            "gather [2] [[0, 1, 2, 3, 4, 0, 1, 2, 3, 4]] [1, 2, 10, 8]",
            "pad [0, 0, 0, 0, 1, 1, 0, 0] [1, 2, 12, 8]",
            "reshape [1, 1, 2, 6, 2, 8]",
            "transpose [2, 4, 0, 1, 3, 5] [2, 2, 1, 1, 6, 8]",
            "reshape [4, 1, 6, 8]",
            "reshape [2, 2, 1, 1, 6, 8]",
            "transpose [2, 3, 0, 4, 1, 5] [1, 1, 2, 6, 2, 8]",
            "reshape [1, 2, 12, 8]",
            "gather [2] [[1, 2, 3, 4, 5, 6, 7, 8, 9, 10]] [1, 2, 10, 8]",
        ]
    );
}

/// Has a constant list of the model have other numbers.
fn numbers(m: &mut Model, tensor: usize, values: &[i32]) {
    let buffer = m.graphs[0].tensors[tensor].buffer as usize;
    m.buffers[buffer] = Buffer::Inside(values.iter().flat_map(|n| n.to_le_bytes()).collect());
}

#[test]
fn what_moves_elements_and_does_not_fit_is_refused() {
    let cases: &[(&str, &str, Change)] = &[
        ("a slice from a computed place", codes::PARAMETER, |m| {
            m.graphs[0].operators[0].inputs[1] = 0
        }),
        ("a slice of a computed size", codes::PARAMETER, |m| {
            m.graphs[0].operators[0].inputs[2] = 0
        }),
        ("a slice from before the first", codes::OPERAND_SHAPE, |m| {
            numbers(m, 1, &[0, -1, 0, 0])
        }),
        ("a slice beyond the last", codes::OPERAND_SHAPE, |m| {
            numbers(m, 2, &[1, 4, 6, 2])
        }),
        ("a slice of no rows", codes::OPERAND_SHAPE, |m| {
            numbers(m, 2, &[1, 0, 6, 2])
        }),
        ("a slice of another size", codes::OPERAND_SHAPE, |m| {
            numbers(m, 2, &[1, 2, 6, 2])
        }),
        ("a slice of another rank", codes::OPERAND_SHAPE, |m| {
            tensor(m, 1).shape = vec![3];
            numbers(m, 1, &[0, 1, 0])
        }),
        ("a slice of another scale", codes::QUANTIZATION, |m| {
            tensor(m, 3).quant.as_mut().unwrap().scales = vec![0.25]
        }),
        ("a step of none", codes::OPERAND_SHAPE, |m| {
            numbers(m, 6, &[1, 0, -2, 1])
        }),
        ("steps of another number", codes::OPERAND_SHAPE, |m| {
            numbers(m, 6, &[1, 3, -2, 1])
        }),
        ("steps that are computed", codes::PARAMETER, |m| {
            m.graphs[0].operators[1].inputs[3] = 0
        }),
        ("three columns and a size", codes::OPERAND_SHAPE, |m| {
            tensor(m, 8).shape = vec![3];
            numbers(m, 8, &[4, 6, 1])
        }),
        ("another size than the output", codes::OPERAND_SHAPE, |m| {
            numbers(m, 8, &[4, 5])
        }),
        ("a size that is computed", codes::PARAMETER, |m| {
            m.graphs[0].operators[2].inputs[1] = 0
        }),
        ("no block", codes::OPTIONS_MISSING, |m| {
            m.graphs[0].operators[3].options = (0, vec![])
        }),
        ("a block of none", codes::OPTIONS_VALUE, |m| {
            m.graphs[0].operators[3].options.1 = vec![Field::I32(0, 0)]
        }),
        ("a block that does not divide", codes::OPERAND_SHAPE, |m| {
            m.graphs[0].operators[3].options.1 = vec![Field::I32(0, 3)]
        }),
        ("too few channels for blocks", codes::OPERAND_SHAPE, |m| {
            m.graphs[0].operators[4].options.1 = vec![Field::I32(0, 3)]
        }),
        ("an index that is not there", codes::OPERAND_SHAPE, |m| {
            numbers(m, 12, &[2, 0])
        }),
        ("an index from behind", codes::OPERAND_SHAPE, |m| {
            numbers(m, 12, &[-1, 0])
        }),
        ("indices that are computed", codes::PARAMETER, |m| {
            m.graphs[0].operators[5].inputs[1] = 0
        }),
        ("indices within batches", codes::PARAMETER, |m| {
            m.graphs[0].operators[5].options.1.push(Field::I32(1, 1))
        }),
        ("a fifth dimension", codes::PARAMETER, |m| {
            m.graphs[0].operators[5].options.1 = vec![Field::I32(0, 4)]
        }),
        ("more than there is to mirror", codes::OPERAND_SHAPE, |m| {
            tensor(m, 15).shape[1] = 9;
            numbers(m, 14, &[0, 0, 5, 0, 0, 2, 0, 0])
        }),
        ("a mirror of another kind", codes::OPTIONS_VALUE, |m| {
            m.graphs[0].operators[6].options.1 = vec![Field::I8(0, 2)]
        }),
        ("parts of another number", codes::OPERAND_SHAPE, |m| {
            m.graphs[0].operators[7].options.1[1] = Field::I32(1, 1)
        }),
        ("parts of another scale", codes::QUANTIZATION, |m| {
            tensor(m, 17).quant.as_mut().unwrap().scales = vec![0.25]
        }),
        ("a stack of what differs", codes::OPERAND_SHAPE, |m| {
            m.graphs[0].operators[8].inputs[1] = 0
        }),
        ("a stack along no dimension", codes::PARAMETER, |m| {
            m.graphs[0].operators[8].options.1[1] = Field::I32(1, -5)
        }),
        ("tiles of another number", codes::OPERAND_SHAPE, |m| {
            numbers(m, 19, &[1, 1, 3, 1])
        }),
        ("batches of another block", codes::OPERAND_SHAPE, |m| {
            numbers(m, 21, &[2, 3])
        }),
        ("a block with no rows", codes::OPERAND_SHAPE, |m| {
            numbers(m, 21, &[0, 2])
        }),
        ("crops of everything", codes::OPERAND_SHAPE, |m| {
            numbers(m, 24, &[1, 1, 1, 1])
        }),
    ];
    for &(what, code, change) in cases {
        let mut model = tflite_writer::moves();
        change(&mut model);
        let errors = import(&model.bytes(), "moves.tflite", registry()).unwrap_err();
        assert!(
            errors.as_slice().iter().any(|e| e.code == code),
            "{what}: no {code} in\n{errors}"
        );
    }
}
