//! Rules that third parties registered: text, or a term and a function.
//!
//! Where a rule's left side fits, what fits is made as ops of a block of its own; the rule is applied there as to any module, and what it
//! leaves is added to the e-graph. So a rule means the same here and in a test of its own.

use super::body::state;
use super::claim::origin;
use super::graph::{Graph, Origin};
use super::matching::{Matched, Operand, places};
use super::saturate::{Conditions, NODE_LIMIT};
use super::term::{Operator, Term};
use egg::Id;
use ir::dialects::nn::{ConstantOp, OffloadOp, YieldOp};
use ir::rewrite::Fuel;
use ir::{BlockId, Module, OpId, OpState, Type, ValueDef, ValueId};
use pass::{RewriteRule, When};
use rustc_hash::{FxHashMap, FxHashSet};
use smallvec::SmallVec;

/// Places at which rules were tried.
pub type Tried = FxHashSet<(usize, Vec<Term>)>;

/// Tries each rule at every place where it was not tried, and says how many equalities were found. Each takes a unit of fuel.
pub fn apply(
    g: &mut Graph,
    rules: &[&RewriteRule],
    conditions: Conditions,
    tried: &mut Tried,
    fuel: &mut Fuel,
) -> u64 {
    let mut found = 0;
    for class in g.classes() {
        for root in g.nodes(class) {
            for (i, rule) in rules.iter().enumerate() {
                let Some(term) = rule.left().root() else {
                    continue;
                };
                for (matched, _) in places(g, term, &root) {
                    if !fuel.is_left() || g.len() > NODE_LIMIT {
                        g.rebuild();
                        return found;
                    }
                    let terms = matched.nodes().iter().map(|n| n.term()).collect();
                    if tried.insert((i, terms)) && at(g, rule, &matched, conditions) {
                        fuel.take();
                        found += 1;
                    }
                }
            }
        }
    }
    g.rebuild();
    found
}

/// Applies a rule at a place; whether that was new.
fn at(g: &mut Graph, rule: &RewriteRule, matched: &Matched, conditions: Conditions) -> bool {
    let mut cut = Cut::of(g, matched);
    let when = match conditions {
        Conditions::Hold => When::Holds,
        Conditions::Ignored => When::Ignored,
    };
    let m = g.module_mut();
    let applied = rule.apply(m, cut.root, when).is_some();
    let sound = applied && is_sound(m, cut.block);
    let result = sound.then(|| {
        g.adding = origin(g, rule.name(), matched);
        let result = cut.add(g);
        g.adding = Origin::default();
        result
    });
    g.module_mut().erase(cut.holder);
    result.flatten().is_some_and(|class| {
        g.ty(class) == g.ty(matched.node.class) && g.egraph.union(matched.node.class, class)
    })
}

/// Whether a block holds pure ops of one result that verify, and nothing else.
fn is_sound(m: &Module, block: BlockId) -> bool {
    let Some(end) = m.last_op(block) else {
        return false;
    };
    let body = m.ops(block).take_while(|&op| op != end);
    let is_term = |op: OpId| {
        m.op_info(op).is_some_and(|i| i.traits.pure)
            && m.regions(op).is_empty()
            && m.results(op).len() == 1
            && ir::verify::verify_op(m, op).is_ok()
    };
    m.op_name(end) == YieldOp::NAME && m.operands(end).len() == 1 && body.into_iter().all(is_term)
}

/// What fits, as ops of a block.
struct Cut {
    /// The op that owns the block; it is in no block itself.
    holder: OpId,
    block: BlockId,
    /// The op at the top.
    root: OpId,
    /// The classes of the block's arguments, constants and ops.
    classes: FxHashMap<ValueId, Id>,
}

impl Cut {
    fn of(g: &mut Graph, matched: &Matched) -> Cut {
        let m = g.module_mut();
        let holder = m.create(OpState::new(OffloadOp::NAME).regions(1));
        let block = m.add_block(m.regions(holder)[0], &[]);
        let mut cut = Cut {
            holder,
            block,
            root: holder,
            classes: FxHashMap::default(),
        };
        let mut leaves = FxHashMap::default();
        let result = cut.make(g, matched, &mut leaves);
        let m = g.module_mut();
        if let ValueDef::Result(root, _) = m.value_def(result) {
            cut.root = root;
        }
        let end = m.create(OpState::new(YieldOp::NAME).operands(&[result]));
        m.append(block, end);
        cut
    }

    fn make(
        &mut self,
        g: &mut Graph,
        matched: &Matched,
        leaves: &mut FxHashMap<Id, ValueId>,
    ) -> ValueId {
        let mut operands = Vec::new();
        for operand in &matched.operands {
            operands.push(match operand {
                Operand::Inner(inner) => self.make(g, inner, leaves),
                Operand::Leaf(class) => self.leaf(g, *class, leaves),
            });
        }
        let tables = &g.egraph.analysis;
        let state = state(&tables.module, tables.operator(matched.node.operator));
        let block = self.block;
        let m = g.module_mut();
        let op = m.create(state.operands(&operands));
        m.append(block, op);
        m.result(op, 0)
    }

    fn leaf(&mut self, g: &mut Graph, class: Id, leaves: &mut FxHashMap<Id, ValueId>) -> ValueId {
        let class = g.egraph.find(class);
        if let Some(&known) = leaves.get(&class) {
            return known;
        }
        let (ty, value) = (g.ty(class), g.value(class));
        let block = self.block;
        let m = g.module_mut();
        let v = match value {
            Some(value) => {
                let state = OpState::new(ConstantOp::NAME).prop("value", value);
                let op = m.create(state.results(&[ty]));
                m.append(block, op);
                m.result(op, 0)
            }
            None => m.add_block_arg(block, ty),
        };
        leaves.insert(class, v);
        self.classes.insert(v, class);
        v
    }

    /// The class of what the block yields.
    fn add(&mut self, g: &mut Graph) -> Option<Id> {
        let end = g.module().last_op(self.block)?;
        let result = g.module().operand(end, 0);
        let ops: Vec<OpId> = g
            .module()
            .ops(self.block)
            .take_while(|&op| op != end)
            .collect();
        for op in ops {
            let m = g.module();
            let result = m.result(op, 0);
            if self.classes.contains_key(&result) {
                continue;
            }
            let results: SmallVec<[Type; 1]> = SmallVec::from_elem(m.value_type(result), 1);
            let class = match m.constant_value(result) {
                Some(value) => g.add_constant(results[0], value),
                None => {
                    let operands: Vec<ValueId> = m.operands(op).collect();
                    let operands = operands.iter().map(|v| self.classes.get(v).copied());
                    let operands: Vec<Id> = operands.collect::<Option<_>>()?;
                    let (name, props) = (m.op_name(op).to_owned(), m.props(op).to_vec());
                    let name = g.module_mut().str(&name);
                    let operator = Operator {
                        name,
                        props,
                        results,
                    };
                    g.add_op(operator, &operands)
                }
            };
            self.classes.insert(result, class);
        }
        self.classes.get(&result).copied()
    }
}
