//! Networks on tensors, built by hand.

use interp::{Network, NetworkError, run_nn};
use ir::dialects::func;
use ir::{DialectRegistry, Loc, Module, OpState, QuantType};
use std::sync::Arc;

fn module() -> Module {
    let mut registry = DialectRegistry::builder();
    ir::dialects::register_all(&mut registry).expect("unique names");
    interp::register(&mut registry).expect("unique names");
    Module::new(Arc::new(registry.freeze()))
}

/// `quantize(x + constant)` with a constant that broadcasts; two results, the second the input itself.
fn add_and_quantize() -> Module {
    let mut m = module();
    let f32 = m.f32();
    let tensor = m.tensor(&[2, 3], f32);
    let row = m.tensor(&[3], f32);
    let quantised = m.quant(QuantType::per_tensor(8, 0.5, 3));
    let output = m.tensor(&[2, 3], quantised);
    let (_, block) = func::build_func(&mut m, "main", &[tensor], &[output, tensor], Loc::UNKNOWN);
    let x = m.block_args(block)[0];
    let bytes: Vec<u8> = [10.0f32, 20.0, -1e9]
        .iter()
        .flat_map(|x| x.to_le_bytes())
        .collect();
    let value = m.resource_attr("row", row, 16, bytes);
    let constant = OpState::new("nn.constant")
        .prop("value", value)
        .results(&[row]);
    let constant = m.create(constant);
    m.append(block, constant);
    let activation = m.str_attr("relu6");
    let constant = m.result(constant, 0);
    let add = OpState::new("nn.add")
        .operands(&[x, constant])
        .results(&[tensor]);
    let add = m.create(add.prop("activation", activation));
    m.append(block, add);
    let sum = m.result(add, 0);
    let quantize = m.create(
        OpState::new("nn.quantize")
            .operands(&[sum])
            .results(&[output]),
    );
    m.append(block, quantize);
    let q = m.result(quantize, 0);
    let ret = m.create(OpState::new("func.return").operands(&[q, x]));
    m.append(block, ret);
    m
}

#[test]
fn evaluates_and_observes() {
    let m = add_and_quantize();
    if let Err(errors) = ir::verify::verify(&m) {
        panic!("{errors:?}");
    }
    let values = [-9.0f32, -16.0, 0.0, -7.75, 1.0, 5.0];
    let input: Vec<u8> = values.iter().flat_map(|x| x.to_le_bytes()).collect();
    let mut seen = Vec::new();
    let network = Network::new(&m, "main").unwrap();
    let outputs = network
        .run_with(std::slice::from_ref(&input), |op, _| {
            seen.push(m.op_name(op).to_owned())
        })
        .unwrap();
    // Sums 1, 4, −1e9, 2.25, 21, −1e9; clamped to [0, 6]; two steps a unit, zero point 3.
    assert_eq!(outputs[0], [5u8, 11, 3, 8, 15, 3]);
    assert_eq!(outputs[1], input);
    assert_eq!(seen, ["nn.add", "nn.quantize"]);
    assert_eq!(run_nn(&m, &[input]).unwrap(), outputs);
}

#[test]
fn wrong_inputs_are_errors() {
    let m = add_and_quantize();
    let network = Network::new(&m, "main").unwrap();
    assert_eq!(
        network.run(&[]),
        Err(NetworkError::InputCount {
            expected: 1,
            found: 0
        })
    );
    assert_eq!(
        network.run(&[vec![0; 23]]),
        Err(NetworkError::InputSize {
            index: 0,
            expected: 24,
            found: 23
        })
    );
    assert!(Network::new(&m, "other").is_err());
}

#[test]
fn an_op_without_an_interpretation_is_named() {
    let mut registry = DialectRegistry::builder();
    ir::dialects::register_all(&mut registry).expect("unique names");
    let mut m = Module::new(Arc::new(registry.freeze()));
    let f32 = m.f32();
    let t = m.tensor(&[1], f32);
    let (_, block) = func::build_func(&mut m, "main", &[t], &[t], Loc::UNKNOWN);
    let x = m.block_args(block)[0];
    let loc = m.layer_loc("act", "m.tflite", 7, 0);
    let relu = m.create(
        OpState::new("nn.relu")
            .operands(&[x])
            .results(&[t])
            .loc(loc),
    );
    m.append(block, relu);
    let y = m.result(relu, 0);
    let ret = m.create(OpState::new("func.return").operands(&[y]));
    m.append(block, ret);
    let error = run_nn(&m, &[vec![0; 4]]).unwrap_err().to_string();
    assert!(
        error.contains("nn.relu") && error.contains("act"),
        "{error}"
    );
}
