//! Which buffer arguments of a function are written, also by the functions that it calls.

use ir::dialects::{func, mcu, memref};
use ir::{Diagnostic, Module, OpId, ValueDef, ValueId};
use rustc_hash::FxHashMap;

/// For each function: which of its arguments are written.
#[derive(Default, Debug)]
pub struct Written {
    functions: FxHashMap<OpId, Vec<bool>>,
    order: Vec<OpId>,
}

impl Written {
    /// Of all functions of a module.
    ///
    /// # Errors
    /// `C008` where functions call each other in a circle.
    pub fn of(m: &Module) -> Result<Written, Diagnostic> {
        let mut w = Written::default();
        let mut open = Vec::new();
        for f in func::functions(m) {
            w.visit(m, f, &mut open)?;
        }
        Ok(w)
    }

    /// Callees before callers.
    pub fn order(&self) -> &[OpId] {
        &self.order
    }

    /// Whether the function writes into its argument; `true` of one that is not known.
    pub fn is_written(&self, func: OpId, arg: usize) -> bool {
        self.functions
            .get(&func)
            .and_then(|a| a.get(arg))
            .copied()
            .unwrap_or(true)
    }

    fn visit(&mut self, m: &Module, f: OpId, open: &mut Vec<OpId>) -> Result<(), Diagnostic> {
        if self.functions.contains_key(&f) {
            return Ok(());
        }
        let name = m.symbol_name(f).unwrap_or_default();
        if open.contains(&f) {
            return Err(Diagnostic::error("C008", format!("@{name} calls itself")));
        }
        open.push(f);
        let entry = m.entry_block(f);
        let mut written = vec![false; entry.map_or(0, |b| m.block_args(b).len())];
        let mut mark = |v: ValueId| {
            if let Some(i) = root_argument(m, v)
                .filter(|&(b, _)| Some(b) == entry)
                .map(|(_, i)| i)
            {
                written[i] = true;
            }
        };
        for op in m.walk(f, ir::WalkOrder::Pre) {
            if let Some(a) = m.access(op).filter(|a| a.writes) {
                mark(m.operand(op, a.buffer));
            }
            match m.op_name(op) {
                memref::CopyOp::NAME => mark(m.operand(op, 1)),
                mcu::CallExternOp::NAME => mcu::CallExternOp(op)
                    .operand_roles(m)
                    .into_iter()
                    .filter(|o| o.1.is_written())
                    .for_each(|o| mark(o.0)),
                func::CallOp::NAME => {
                    let callee = func::CallOp(op).callee(m);
                    let Some(callee) = m.lookup_symbol(&callee) else {
                        continue;
                    };
                    self.visit(m, callee, open)?;
                    for (i, v) in m.operands(op).enumerate() {
                        if self.is_written(callee, i) {
                            mark(v);
                        }
                    }
                }
                _ => {}
            }
        }
        open.pop();
        self.functions.insert(f, written);
        self.order.push(f);
        Ok(())
    }
}

/// The op at which the address of a buffer starts: behind casts and views.
pub fn root(m: &Module, mut v: ValueId) -> ValueId {
    while let Some(op) = m.defining_op(v) {
        match m.op_name(op) {
            memref::ReinterpretCastOp::NAME | memref::ViewOp::NAME => v = m.operand(op, 0),
            _ => break,
        }
    }
    v
}

fn root_argument(m: &Module, v: ValueId) -> Option<(ir::BlockId, usize)> {
    match m.value_def(root(m, v)) {
        ValueDef::Argument(block, i) => Some((block, i)),
        ValueDef::Result(..) => None,
    }
}
