//! Regions in the e-graph: what an op with a region computes, as a number of a table, so that terms compare by it.

use super::graph::{Graph, Tables};
use super::matching::{Matched, Operand};
use super::term::Operator;
use egg::Id;
use ir::dialects::nn::{ConstantOp, FusedOp, OffloadOp, YieldOp};
use ir::{Attr, Module, OpId, OpState, Type, ValueId};
use smallvec::SmallVec;

/// The name under which an operator of the e-graph has its region.
pub(super) const BODY: &str = "body";

/// The ops of a region; the last one's result is the region's.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
pub struct Body(Vec<BodyOp>);

/// An op of a region.
#[derive(Clone, PartialEq, Eq, Hash, Debug)]
struct BodyOp {
    operator: u32,
    operands: SmallVec<[BodyValue; 3]>,
}

#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum BodyValue {
    /// Argument of the region.
    Input(u32),
    /// Result of an op of the region.
    Op(u32),
    /// A constant.
    Constant(Type, Attr),
}

/// A body with what it takes from outside.
pub struct Cut {
    /// The body.
    pub body: Body,
    /// The classes that it takes, in the order of its arguments.
    pub inputs: Vec<Id>,
}

impl Cut {
    /// What fits a term, cut out: what is constant becomes a part of it.
    pub fn of(g: &mut Graph, matched: &Matched) -> Cut {
        let mut cut = Cut {
            body: Body(Vec::new()),
            inputs: Vec::new(),
        };
        cut.add(g, matched);
        cut
    }

    fn add(&mut self, g: &mut Graph, matched: &Matched) -> BodyValue {
        let operands = matched.operands.iter().map(|operand| match operand {
            Operand::Inner(inner) => self.add(g, inner),
            Operand::Leaf(class) => self.leaf(g, *class),
        });
        let op = BodyOp {
            operands: operands.collect(),
            operator: matched.node.operator,
        };
        let known = self.body.0.iter().position(|o| *o == op);
        BodyValue::Op(known.unwrap_or_else(|| {
            self.body.0.push(op);
            self.body.0.len() - 1
        }) as u32)
    }

    fn leaf(&mut self, g: &mut Graph, class: Id) -> BodyValue {
        let class = g.egraph.find(class);
        if let Some(value) = g.value(class) {
            return BodyValue::Constant(g.ty(class), value);
        }
        let known = self.inputs.iter().position(|&c| c == class);
        BodyValue::Input(known.unwrap_or_else(|| {
            self.inputs.push(class);
            self.inputs.len() - 1
        }) as u32)
    }
}

/// The operator of a claim: its region is a number of the table.
pub fn offload(g: &mut Graph, accelerator: &str, body: Body, result: Type) -> Operator {
    let number = g.egraph.analysis.add_body(body);
    let m = g.module_mut();
    let (name, who, key) = (m.str(OffloadOp::NAME), m.str("accelerator"), m.str(BODY));
    let props = vec![(who, m.str_attr(accelerator)), (key, m.i64_attr(number))];
    Operator {
        name,
        props,
        results: SmallVec::from_elem(result, 1),
    }
}

/// The operator of an `nn.fused`: its region is a number of the table.
pub fn fused(g: &mut Graph, body: Body, result: Type) -> Operator {
    let number = g.egraph.analysis.add_body(body);
    let m = g.module_mut();
    let (name, key) = (m.str(FusedOp::NAME), m.str(BODY));
    Operator {
        name,
        props: vec![(key, m.i64_attr(number))],
        results: SmallVec::from_elem(result, 1),
    }
}

/// Whether an op has a region that the e-graph knows.
fn has_region(name: &str) -> bool {
    [OffloadOp::NAME, FusedOp::NAME].contains(&name)
}

/// What a region is made of: ops with their operands.
pub(super) struct Plan {
    ops: Vec<(OpState, SmallVec<[BodyValue; 3]>)>,
}

impl Plan {
    /// Of the region of an operator, if it has one.
    pub fn of(tables: &Tables, operator: &Operator) -> Option<Plan> {
        let m = &tables.module;
        if !has_region(m.text(operator.name)) {
            return None;
        }
        let number = operator.props.iter().find(|p| m.text(p.0) == BODY)?.1;
        let body = tables.body(m.attr_int(number)?);
        let ops = body.0.iter().map(|op| {
            let state = state(m, tables.operator(op.operator));
            (state, op.operands.clone())
        });
        Some(Plan { ops: ops.collect() })
    }

    /// Fills the region of an op that has none yet.
    pub fn fill(self, m: &mut Module, op: OpId) {
        let types: Vec<Type> = m.operands(op).map(|v| m.value_type(v)).collect();
        let block = m.add_block(m.regions(op)[0], &types);
        let inputs = m.block_args(block).to_vec();
        let loc = m.op_loc(op);
        let mut made: Vec<ValueId> = Vec::new();
        for (state, operands) in self.ops {
            let mut values = Vec::new();
            for operand in operands {
                values.push(match operand {
                    BodyValue::Input(i) => inputs[i as usize],
                    BodyValue::Op(i) => made[i as usize],
                    BodyValue::Constant(ty, value) => {
                        let state = OpState::new(ConstantOp::NAME).prop("value", value);
                        let constant = m.create(state.results(&[ty]).loc(loc));
                        m.append(block, constant);
                        m.result(constant, 0)
                    }
                });
            }
            let op = m.create(state.operands(&values).loc(loc));
            m.append(block, op);
            made.push(m.result(op, 0));
        }
        let result = made.last().map_or(&[][..], std::slice::from_ref);
        let end = OpState::new(YieldOp::NAME).operands(result);
        let end = m.create(end.loc(loc));
        m.append(block, end);
    }
}

/// What an op of an operator is made from, operands left out.
pub(super) fn state(m: &Module, operator: &Operator) -> OpState {
    let mut state = OpState::new(m.text(operator.name)).results(&operator.results);
    let region = has_region(m.text(operator.name));
    for &(k, v) in &operator.props {
        if m.text(k) != BODY || !region {
            state = state.prop(m.text(k), v);
        }
    }
    match region {
        true => state.regions(1),
        false => state,
    }
}
