//! A function of one int8 in float, back to int8, is a table of 256 values: bit for bit what float gives.

use super::sources::{
    activation, constant, elem_of, erase_dead, floats, insert, is_float, like, only_quantized,
    replace_quantized, scale_and_zero_point, unary, with_elem,
};
use interp::nn::{relu_params, relu6_clamp};
use ir::dialects::nn;
use ir::interfaces::Datum;
use ir::{Module, OpId, OpState, Type, ValueId};
use std::collections::BTreeMap;

/// Ops whose result elements depend on one element of each operand.
const POINTWISE: [&str; 11] = [
    nn::ReluOp::NAME,
    nn::Relu6Op::NAME,
    nn::AddOp::NAME,
    nn::SubOp::NAME,
    nn::MulOp::NAME,
    nn::MaximumOp::NAME,
    nn::MinimumOp::NAME,
    nn::LogisticOp::NAME,
    nn::TanhOp::NAME,
    nn::HardSwishOp::NAME,
    nn::LeakyReluOp::NAME,
];

/// Most ops of a function.
const MAX_OPS: usize = 64;

/// A function of one tensor, as the ops that compute it, in their order.
struct Function {
    input: ValueId,
    ops: Vec<OpId>,
}

/// Makes a table of what is between an `nn.quantize` and the `nn.dequantize` of one int8; whether it did.
pub(super) fn table(m: &mut Module, quantize: OpId) -> bool {
    let float = m.operand(quantize, 0);
    let result = m.value_type(m.result(quantize, 0));
    if scale_and_zero_point(m, result).is_none() || !only_quantized(m, float) {
        return false;
    }
    let Some(op) = m
        .defining_op(float)
        .filter(|&op| POINTWISE.contains(&m.op_name(op)))
    else {
        return false;
    };
    let value = match function(m, op) {
        Some(f) => relu(m, &f, result, quantize).or_else(|| lookup(m, &f, result, quantize)),
        None => clamp(m, op, result, quantize),
    };
    let Some(value) = value else { return false };
    replace_quantized(m, float, value);
    true
}

/// The function that ends in an op.
fn function(m: &Module, root: OpId) -> Option<Function> {
    let shape = nn::shape(m, m.result(root, 0));
    let (mut ops, mut open, mut input) = (vec![root], vec![root], None);
    while let Some(op) = open.pop() {
        for v in m.operands(op) {
            if scalar(m, v).is_some() {
                continue;
            }
            if nn::shape(m, v) != shape || !is_float(m, v) {
                return None;
            }
            if let Some(x) = activation(m, v) {
                if *input.get_or_insert(x) != x {
                    return None;
                }
                continue;
            }
            let behind = m.defining_op(v)?;
            if !POINTWISE.contains(&m.op_name(behind)) || ops.len() == MAX_OPS {
                return None;
            }
            if !ops.contains(&behind) {
                ops.push(behind);
                open.push(behind);
            }
        }
    }
    // In the block's order: what an op reads comes before it.
    let block = m.op_block(root)?;
    let order: Vec<OpId> = m.ops(block).filter(|op| ops.contains(op)).collect();
    Some(Function {
        input: input?,
        ops: order,
    })
    .filter(|f| f.ops.len() == ops.len())
}

/// The one element of a float constant.
fn scalar(m: &Module, v: ValueId) -> Option<f32> {
    let one = m.num_elements(m.value_type(v)) == Some(1);
    let list = if one { floats(m, v)? } else { return None };
    list.first().copied()
}

/// A ReLU alone has a form of its own, which kernels before it may take over.
fn relu(m: &mut Module, f: &Function, result: Type, before: OpId) -> Option<ValueId> {
    let &[op] = f.ops.as_slice() else { return None };
    let name = m.op_name(op).to_owned();
    let is_relu = name == nn::ReluOp::NAME;
    if !is_relu && (name != nn::Relu6Op::NAME || m.value_type(f.input) != result) {
        return None;
    }
    let loc = m.op_loc(op);
    let v = unary(m, &name, f.input, result, (before, loc));
    let new = m.defining_op(v)?;
    let sound = if is_relu {
        relu_params(m.op(new)).is_ok()
    } else {
        relu6_clamp(m.op(new)).is_ok()
    };
    if !sound {
        erase_dead(m, v);
    }
    sound.then_some(v)
}

/// quantize(clamp(x)) = clamp(quantize(x)): rounding is monotone, and leaves what is rounded already.
fn clamp(m: &mut Module, op: OpId, result: Type, before: OpId) -> Option<ValueId> {
    let (name, loc) = (m.op_name(op).to_owned(), m.op_loc(op));
    let operands: Vec<ValueId> = m.operands(op).collect();
    let is_extremum = name == nn::MaximumOp::NAME || name == nn::MinimumOp::NAME;
    if name == nn::ReluOp::NAME || name == nn::Relu6Op::NAME {
        let x = unary(m, nn::QuantizeOp::NAME, operands[0], result, (before, loc));
        return Some(unary(m, &name, x, result, (before, loc)));
    }
    if !is_extremum || operands.iter().all(|&v| scalar(m, v).is_none()) {
        return None;
    }
    let elem = m.type_data(result).elem()?;
    let mut quantized = Vec::with_capacity(2);
    for v in operands {
        let ty = m.value_type(v);
        let ty = with_elem(m, ty, elem);
        let q = unary(m, nn::QuantizeOp::NAME, v, ty, (before, loc));
        quantized.push(q);
    }
    let state = OpState::new(name).operands(&quantized).results(&[result]);
    let new = insert(m, state.loc(loc), before);
    Some(m.result(new, 0))
}

/// The function as a table.
fn lookup(m: &mut Module, f: &Function, result: Type, quantize: OpId) -> Option<ValueId> {
    let bytes = values(m, f, quantize)?;
    let elem = m.type_data(result).elem()?;
    let ty = m.tensor(&[nn::TABLE_LENGTH], elem);
    let table = constant(m, ty, bytes, quantize)?;
    let loc = f.ops.last().map(|&op| m.op_loc(op))?;
    let state = OpState::new(nn::LookupTableOp::NAME)
        .operands(&[f.input, table])
        .results(&[result]);
    let op = insert(m, state.loc(loc), quantize);
    Some(m.result(op, 0))
}

/// What the function makes of every int8, in the order of a table: the interpreter computes it op by op on 256 elements.
fn values(m: &mut Module, f: &Function, quantize: OpId) -> Option<Vec<u8>> {
    let dequantize = m
        .operands(f.ops[0])
        .chain(
            f.ops
                .iter()
                .flat_map(|&op| m.operands(op))
                .collect::<Vec<_>>(),
        )
        .find(|&v| activation(m, v) == Some(f.input))
        .and_then(|v| m.defining_op(v))?;
    let mut known: BTreeMap<ValueId, Vec<u8>> = BTreeMap::new();
    known.insert(f.input, (0..=255).collect());
    let mut last = Vec::new();
    let ops = [dequantize].into_iter().chain(f.ops.iter().copied());
    for op in ops.chain([quantize]).collect::<Vec<_>>() {
        last = on_256_elements(m, op, &known, quantize)?;
        known.insert(m.result(op, 0), last.clone());
        if op == dequantize {
            // Other ops may dequantise the same.
            for &op in &f.ops {
                for v in m.operands(op).collect::<Vec<_>>() {
                    if activation(m, v) == Some(f.input) {
                        known.insert(v, last.clone());
                    }
                }
            }
        }
    }
    Some(last)
}

/// What one op makes of 256 elements.
fn on_256_elements(
    m: &mut Module,
    op: OpId,
    known: &BTreeMap<ValueId, Vec<u8>>,
    before: OpId,
) -> Option<Vec<u8>> {
    let (mut operands, mut args) = (Vec::new(), Vec::new());
    for v in m.operands(op).collect::<Vec<_>>() {
        let (length, bytes) = match known.get(&v) {
            Some(bytes) => (nn::TABLE_LENGTH, bytes.clone()),
            None => (1, scalar(m, v)?.to_le_bytes().to_vec()),
        };
        let elem = elem_of(m, v)?;
        let ty = m.tensor(&[length], elem);
        operands.push(constant(m, ty, bytes.clone(), before)?);
        args.push(Datum::Bytes(bytes.into()));
    }
    let elem = elem_of(m, m.result(op, 0))?;
    let ty = m.tensor(&[nn::TABLE_LENGTH], elem);
    let name = m.op_name(op).to_owned();
    let copy = like(m, &name, op, before, &operands, &[ty]);
    let interpret = m.registry().interpret(&name);
    let results = interpret.and_then(|i| i.interpret(m.op(copy), &args).ok());
    erase_dead(m, m.result(copy, 0));
    match results?.into_iter().next()? {
        Datum::Bytes(bytes) => Some(bytes.to_vec()),
        _ => None,
    }
}
