//! `inline`: puts the bodies of private functions in the place of their calls.
//!
//! A function is inlined where it is called once, or everywhere if it has at most `max-ops` ops. It must have one block and not call itself,
//! also not by way of others; a body that allocates is not put into a loop or condition, and tensors and memrefs are not mixed. Ops of the
//! body are located at `callsite(body at call)`, so that they keep the names of layers. What nobody calls any more is left to `symbol-dce`.
//!
//! Kernels are not inlined by default: a profile tells layers apart by them, and the C of a shared one is in flash once.

use crate::symbol_uses::SymbolUses;
use ir::dialects::func::{self, CallOp, FuncOp};
use ir::{Loc, LocData, Module, OpId, TypeData, ValueId, WalkOrder};
use pass::{Failed, Pass, PassCx, PassInfo};
use rustc_hash::{FxHashMap, FxHashSet};

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::with_options(
        "inline",
        "builtin.module",
        "Put the bodies of small private functions in the place of their calls.",
        |o| {
            Ok(Inline {
                max_ops: o.parse("max-ops", "a number of ops")?,
                once: o.flag("once")?,
            })
        },
    )
    .option(
        "max-ops",
        "N",
        "4",
        "The size of functions that are inlined at every call.",
    )
    .option(
        "once",
        "true|false",
        "true",
        "Whether a function of any size is inlined at its only call.",
    )
}

struct Inline {
    max_ops: usize,
    once: bool,
}

/// What a function's body is, and whom it calls.
#[derive(Clone)]
struct Callee {
    op: OpId,
    ops: usize,
    allocates: bool,
    tensors: bool,
    memrefs: bool,
    calls: Vec<String>,
}

impl Pass for Inline {
    fn run(&self, m: &mut Module, root: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        let uses = cx.analysis::<SymbolUses>(m, root);
        let mut callees: FxHashMap<String, Callee> = FxHashMap::default();
        let mut order = Vec::new();
        for f in func::functions(m) {
            let name = m.symbol_name(f).unwrap_or_default().to_owned();
            if m.entry_block(f).is_some() {
                order.push(name.clone());
                callees.insert(name, describe(m, f));
            }
        }
        // Callees first: what is inlined has been inlined into.
        for name in bottom_up(&order, &callees) {
            let Some(callee) = callees.get(&name) else {
                continue;
            };
            let users = uses.of(&name);
            let small = callee.ops <= self.max_ops;
            let wanted = is_private(m, callee.op) && (small || (self.once && users.len() == 1));
            if !wanted || is_recursive(&name, &callees) {
                continue;
            }
            let sites: Vec<OpId> = uses.calls(m, &name).map(|c| c.0).collect();
            for call in sites {
                let caller = function_around(m, call).and_then(|f| m.symbol_name(f));
                let Some(caller) = caller.map(str::to_owned) else {
                    continue;
                };
                if !callees
                    .get(&caller)
                    .is_some_and(|c| fits(m, &callees[&name], call, c))
                {
                    continue;
                }
                if !cx.fuel.take() {
                    return Ok(());
                }
                let _ = put_in_place(m, callees[&name].op, call);
                cx.count("inlined", 1);
                let inlined = callees[&name].clone();
                if let Some(grown) = callees.get_mut(&caller) {
                    grown.add(inlined);
                }
            }
        }
        Ok(())
    }
}

fn is_private(m: &Module, f: OpId) -> bool {
    m.prop(f, "sym_visibility").and_then(|a| m.attr_str(a)) == Some("private")
}

fn describe(m: &Module, f: OpId) -> Callee {
    let mut callee = Callee {
        op: f,
        ops: 0,
        allocates: false,
        tensors: false,
        memrefs: false,
        calls: Vec::new(),
    };
    for op in m.walk(f, WalkOrder::Pre) {
        let info = m.op_info(op);
        if op != f && info.is_none_or(|i| !i.traits.terminator && !i.traits.constant) {
            callee.ops += 1;
        }
        callee.allocates |= m.op_name(op) == "memref.alloc";
        for v in m.operands(op).chain(m.results(op).iter().copied()) {
            match m.type_data(m.value_type(v)) {
                TypeData::Tensor { .. } => callee.tensors = true,
                TypeData::MemRef { .. } => callee.memrefs = true,
                _ => {}
            }
        }
        if let Some(call) = CallOp::cast(m, op) {
            callee.calls.push(call.callee(m));
        }
    }
    callee
}

/// Function names, each behind those that it calls.
fn bottom_up(names: &[String], callees: &FxHashMap<String, Callee>) -> Vec<String> {
    let mut done: FxHashSet<&str> = FxHashSet::default();
    let mut order = Vec::new();
    let mut next: Vec<(&str, bool)> = names.iter().rev().map(|n| (n.as_str(), false)).collect();
    while let Some((name, callees_done)) = next.pop() {
        if callees_done {
            order.push(name.to_owned());
        } else if done.insert(name) {
            next.push((name, true));
            let calls = callees.get(name).map_or(&[][..], |c| &c.calls);
            next.extend(calls.iter().rev().map(|c| (c.as_str(), false)));
        }
    }
    order
}

fn is_recursive(name: &str, callees: &FxHashMap<String, Callee>) -> bool {
    let mut seen: FxHashSet<&str> = FxHashSet::default();
    let mut next = vec![name];
    while let Some(caller) = next.pop() {
        for callee in callees.get(caller).into_iter().flat_map(|c| &c.calls) {
            if callee == name {
                return true;
            }
            if seen.insert(callee) {
                next.push(callee);
            }
        }
    }
    false
}

fn function_around(m: &Module, op: OpId) -> Option<OpId> {
    let mut op = m.parent_op(op)?;
    while m.op_name(op) != FuncOp::NAME {
        // Whatever is isolated is not ours to put values into.
        m.op_info(op).filter(|i| !i.traits.isolated)?;
        op = m.parent_op(op)?;
    }
    Some(op)
}

/// Whether a body may stand where a call does.
fn fits(m: &Module, callee: &Callee, call: OpId, caller: &Callee) -> bool {
    let one_block = m
        .regions(callee.op)
        .first()
        .is_some_and(|&r| m.blocks(r).len() == 1);
    let mixed = (callee.tensors || caller.tensors) && (callee.memrefs || caller.memrefs);
    one_block && !mixed && (!callee.allocates || m.parent_op(call) == Some(caller.op))
}

impl Callee {
    /// With another function's body inside.
    fn add(&mut self, inlined: Callee) {
        self.ops += inlined.ops;
        self.allocates |= inlined.allocates;
        self.tensors |= inlined.tensors;
        self.memrefs |= inlined.memrefs;
        self.calls.extend(inlined.calls);
    }
}

fn put_in_place(m: &mut Module, callee: OpId, call: OpId) -> Option<()> {
    let body = m.entry_block(callee)?;
    let operands: Vec<ValueId> = m.operands(call).collect();
    let mut map: FxHashMap<ValueId, ValueId> =
        m.block_args(body).iter().copied().zip(operands).collect();
    let caller = m.op_loc(call);
    let ops: Vec<OpId> = m.ops(body).collect();
    let (last, ops) = ops.split_last()?;
    for &op in ops {
        let copy = m.copy_op(op, &mut map, |m, callee| at_call(m, callee, caller));
        m.insert_before(call, copy);
    }
    let values: Vec<ValueId> = m
        .operands(*last)
        .map(|v| *map.get(&v).unwrap_or(&v))
        .collect();
    m.replace_op(call, &values);
    Some(())
}

fn at_call(m: &mut Module, callee: Loc, caller: Loc) -> Loc {
    match (callee == Loc::UNKNOWN, caller == Loc::UNKNOWN) {
        (true, _) => caller,
        (_, true) => callee,
        _ => m.loc(LocData::CallSite { callee, caller }),
    }
}
