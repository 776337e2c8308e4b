//! Loops, conditionals and calls.

use super::text::wrapped;
use super::{Printer, Slot};
use crate::ctype::CType;
use crate::expr::{Expr, PRIMARY};
use crate::liveness::writes;
use crate::range::Range;
use ir::dialects::{func, scf};
use ir::{Diagnostic, OpId, TypeData, ValueDef, ValueId};

/// Names of induction variables by depth.
const COUNTERS: [&str; 6] = ["i", "j", "k", "l", "m", "n"];

/// So many sums in a row get a variable.
const CHAIN: usize = 4;

/// The operand that a sum continues, if an op is one.
fn continued(op: &str) -> Option<usize> {
    match op {
        "arith.addi" | "arith.subi" | "arith.addf" | "arith.subf" => Some(0),
        "arm.mve.vmladava" | "arm.mve.vmladava_p" | "arm.mve.vaddva" | "arm.mve.vaddva_p"
        | "arm.mve.vmla" => Some(0),
        _ => crate::instructions::accumulator(op),
    }
}

/// A value on its way into a variable.
struct Assignment {
    variable: u32,
    target: Expr,
    value: Expr,
}

impl Printer<'_> {
    pub(super) fn for_loop(&mut self, op: OpId) -> Result<(), Diagnostic> {
        let m = self.m();
        let f = scf::ForOp(op);
        let Some(body) = m.entry_block(op) else {
            return Ok(());
        };
        let args = m.block_args(body).to_vec();
        let Some((&iv, carried)) = args.split_first() else {
            return Ok(());
        };
        let width = self.width(op, m.value_type(iv))?;
        if width < 32 {
            return Err(self.error("C004", op, "a loop counts in i32, i64 or index"));
        }
        let counter = CType::signed(width);

        let lower = self.bound(op, f.lower(m))?;
        let upper = self.bound(op, f.upper(m))?;
        let step = self.bound(op, f.step(m))?;
        let mut inits = Vec::new();
        for (i, &v) in f.inits(m).iter().enumerate() {
            if self.live.is_position_live(m, op, i) {
                inits.push((i, v, self.reusable(op, v)));
            }
        }
        let several = inits.iter().filter(|i| i.2.is_none()).count() > 1;
        let mut values = Vec::new();
        for &(_, v, reused) in &inits {
            values.push(match reused {
                Some(_) => None,
                None => Some(self.take_exact(op, v)?),
            });
        }
        if writes(m, body) {
            self.flush_loads()?;
        }
        if self.copy_loop(op, body, (&lower, &upper))? {
            return Ok(());
        }
        for (&(i, v, reused), value) in inits.iter().zip(values) {
            let slot = match (reused, value) {
                (None, Some(value)) => {
                    let ty = m.value_type(v);
                    let c = self.value_ctype(op, ty)?;
                    let base = match m.type_data(ty) {
                        TypeData::Index => "p",
                        TypeData::Vector { .. } => "v",
                        _ => "acc",
                    };
                    let (leaf, id) = self.new_variable(base, several, ty, c);
                    self.line(&format!(
                        "{} {} = {};",
                        c.name(),
                        leaf.text,
                        value.to(c).text
                    ));
                    Slot::Variable(leaf, id)
                }
                _ => self
                    .slots
                    .get(&v)
                    .cloned()
                    .ok_or_else(|| self.error("C003", op, "an operand has no C form here"))?,
            };
            self.slots.insert(carried[i], slot.clone());
            self.slots.insert(m.result(op, i), slot);
        }

        self.scopes.open();
        let base = COUNTERS.get(self.depth).copied().unwrap_or("i");
        let name = self.scopes.variable(base);
        let range = Range {
            lo: lower.range.lo,
            hi: upper.range.hi - 1,
        }
        .clip(Range::full(width));
        self.slots.insert(
            iv,
            Slot::Local(Expr::name(name.clone(), counter).with_range(range)),
        );
        let step = match step.literal {
            Some(1) => format!("{name}++"),
            _ => format!("{name} += {}", step.text),
        };
        let (lower, upper) = (lower.to(counter), upper.at(crate::expr::ADD));
        self.line(&format!(
            "for ({} {name} = {}; {name} < {upper}; {step}) {{",
            counter.name(),
            lower.text
        ));
        self.indent += 1;
        self.depth += 1;
        self.block(body)?;
        let next = m
            .last_op(body)
            .map(|y| m.operands(y).collect::<Vec<_>>())
            .unwrap_or_default();
        let targets: Vec<(ValueId, ValueId)> = inits
            .iter()
            .filter_map(|&(i, ..)| Some((carried[i], *next.get(i)?)))
            .collect();
        self.assign(op, &targets)?;
        self.depth -= 1;
        self.indent -= 1;
        self.scopes.close();
        self.line("}");
        Ok(())
    }

    /// A bound of a loop, which is evaluated again and again: without loads.
    fn bound(&mut self, op: OpId, v: ValueId) -> Result<Expr, Diagnostic> {
        if let Some(Slot::Pending(e)) = self.slots.get(&v)
            && (e.loads || e.size > 2)
        {
            self.materialize(v)?;
        }
        self.take_exact(op, v)
    }

    /// A sum that continues in the variable of the operand that it adds to, which nobody else reads, or that is the first of several in a
    /// row: one statement each, in the order of the module, so that the schedule decides when what is multiplied.
    pub(super) fn accumulate(
        &mut self,
        op: OpId,
        result: ValueId,
        e: &Expr,
    ) -> Result<bool, Diagnostic> {
        let m = self.m();
        let ty = m.value_type(result);
        let Some(left) = continued(m.op_name(op)).map(|i| m.operand(op, i)) else {
            return Ok(false);
        };
        if *m.type_data(ty) == TypeData::Index || e.literal.is_some() {
            return Ok(false);
        }
        let c = self.value_ctype(op, ty)?;
        if let (Some(_), Some(Slot::Variable(leaf, id))) =
            (self.reusable(op, left), self.slots.get(&left).cloned())
        {
            let (target, value) = (leaf.clone(), e.clone());
            if value.text != target.text {
                self.assignment(&Assignment {
                    variable: id,
                    target,
                    value,
                });
            }
            self.slots.insert(result, Slot::Variable(leaf, id));
            return Ok(true);
        }
        if !self.starts_chain(op, result) {
            return Ok(false);
        }
        let (leaf, id) = self.new_variable("acc", true, ty, c);
        self.line(&format!("{} {} = {};", c.name(), leaf.text, e.to(c).text));
        self.slots.insert(result, Slot::Variable(leaf, id));
        Ok(true)
    }

    /// Whether a sum is the first of at least [`CHAIN`] in its block.
    fn starts_chain(&self, op: OpId, result: ValueId) -> bool {
        let m = self.m();
        let mut v = result;
        for _ in 1..CHAIN {
            match self.live.uses(m, v)[..] {
                [(user, i)]
                    if continued(m.op_name(user)) == Some(i)
                        && m.op_block(user) == m.op_block(op) =>
                {
                    v = m.result(user, 0)
                }
                _ => return false,
            }
        }
        true
    }

    /// The variable that an initial value is in, if nobody but this loop reads it from here on.
    pub(super) fn reusable(&self, op: OpId, v: ValueId) -> Option<u32> {
        let m = self.m();
        let Some(Slot::Variable(_, id)) = self.slots.get(&v) else {
            return None;
        };
        let home = match m.value_def(v) {
            ValueDef::Argument(block, _) => Some(block),
            ValueDef::Result(def, _) => m.op_block(def),
        };
        (home == m.op_block(op) && self.live.uses(m, v).len() == 1).then_some(*id)
    }

    pub(super) fn new_variable(
        &mut self,
        base: &str,
        several: bool,
        ty: ir::Type,
        c: CType,
    ) -> (Expr, u32) {
        let name = if several {
            self.scopes.numbered(base)
        } else {
            self.scopes.variable(base)
        };
        self.names.insert(name.clone());
        let id = self.variables;
        self.variables += 1;
        self.floats |= c.is_float();
        let mut leaf = Expr::name(name, c).with_range(self.full_range(ty));
        leaf.reads = vec![id];
        (leaf, id)
    }

    /// Gives variables their next values, all at once: each is assigned when no other assignment still reads it.
    fn assign(&mut self, op: OpId, targets: &[(ValueId, ValueId)]) -> Result<(), Diagnostic> {
        let mut open = Vec::new();
        for &(target, value) in targets {
            let Some(Slot::Variable(leaf, id)) = self.slots.get(&target).cloned() else {
                continue;
            };
            let value = self.take_exact(op, value)?;
            if value.text != leaf.text {
                open.push(Assignment {
                    variable: id,
                    target: leaf,
                    value,
                });
            }
        }
        while !open.is_empty() {
            let free = (0..open.len()).find(|&i| {
                let id = open[i].variable;
                open.iter()
                    .enumerate()
                    .all(|(j, a)| j == i || !a.value.reads.contains(&id))
            });
            match free {
                Some(i) => {
                    let a = open.remove(i);
                    self.assignment(&a);
                }
                None => {
                    // In a circle somebody reads; a value that is kept in a local reads nothing any more.
                    let reader = open
                        .iter()
                        .position(|a| !a.value.reads.is_empty())
                        .unwrap_or(0);
                    let a = &mut open[reader];
                    let counter = self.counters.entry("next".to_owned()).or_default();
                    let name = self.scopes.value("next", counter);
                    let (c, text) = (a.target.ty, a.value.to(a.target.ty).text);
                    a.value = Expr::new(name.clone(), PRIMARY, c).with_range(a.value.range);
                    self.line(&format!("const {} {name} = {text};", c.name()));
                }
            }
        }
        Ok(())
    }

    fn assignment(&mut self, a: &Assignment) {
        let name = &a.target.text;
        match &a.value.compound {
            Some(c) if c.variable == a.variable && a.value.ty == a.target.ty => {
                self.line(&format!("{name} {}= {};", c.op, c.rest));
            }
            _ => {
                let value = a.value.to(a.target.ty);
                self.line(&format!("{name} = {};", value.text));
            }
        }
    }

    pub(super) fn conditional(&mut self, op: OpId) -> Result<(), Diagnostic> {
        let m = self.m();
        let condition = self.take_exact(op, m.operand(op, 0))?;
        if m.effects(op) != ir::interfaces::Effects::None
            && m.effects(op) != ir::interfaces::Effects::Read
        {
            self.flush_loads()?;
        }
        let mut live = Vec::new();
        for (i, &r) in m.results(op).iter().enumerate() {
            if self.live.is_live(r) {
                let ty = m.value_type(r);
                let c = self.value_ctype(op, ty)?;
                let (leaf, id) = self.new_variable("r", true, ty, c);
                self.line(&format!("{} {};", c.name(), leaf.text));
                self.slots.insert(r, Slot::Variable(leaf, id));
                live.push((i, r));
            }
        }
        let mut branches = Vec::new();
        for &region in m.regions(op) {
            let outer = std::mem::take(&mut self.body);
            if let Some(&block) = m.blocks(region).first() {
                self.scopes.open();
                self.indent += 1;
                self.block(block)?;
                let next = m
                    .last_op(block)
                    .map(|y| m.operands(y).collect::<Vec<_>>())
                    .unwrap_or_default();
                let targets: Vec<(ValueId, ValueId)> = live
                    .iter()
                    .filter_map(|&(i, r)| Some((r, *next.get(i)?)))
                    .collect();
                self.assign(op, &targets)?;
                self.indent -= 1;
                self.scopes.close();
            }
            branches.push(std::mem::replace(&mut self.body, outer));
        }
        let (then, otherwise) = (
            branches.first().cloned().unwrap_or_default(),
            branches.get(1).cloned().unwrap_or_default(),
        );
        if then.is_empty() && !otherwise.is_empty() {
            self.line(&format!("if (!{}) {{", condition.at(crate::expr::UNARY)));
            self.body.push_str(&otherwise);
        } else {
            self.line(&format!("if ({}) {{", condition.text));
            self.body.push_str(&then);
            if !otherwise.is_empty() {
                self.line("} else {");
                self.body.push_str(&otherwise);
            }
        }
        self.line("}");
        Ok(())
    }

    pub(super) fn call(&mut self, op: OpId) -> Result<(), Diagnostic> {
        let m = self.m();
        let callee = func::CallOp(op).callee(m);
        let target = m.lookup_symbol(&callee);
        let Some((target, name)) =
            target.and_then(|t| Some((t, self.cx.functions.get(&t)?.clone())))
        else {
            return Err(self.error("C003", op, &format!("@{callee} has no C form")));
        };
        if !m.results(op).is_empty() {
            return Err(self.error("C003", op, "a kernel returns nothing"));
        }
        let mut arguments = Vec::new();
        for (i, v) in m.operands(op).enumerate() {
            let ty = m.value_type(v);
            arguments.push(if let TypeData::MemRef { .. } = m.type_data(ty) {
                if self.cx.written.is_written(target, i) {
                    self.check_writable(op, v)?;
                }
                self.pointer(op, v)?.text
            } else {
                let c = self.value_ctype(op, ty)?;
                self.take_exact(op, v)?.to(c).text
            });
        }
        self.flush_loads()?;
        if m.symbol_name(self.func) == Some("main") {
            let layer = m.describe_loc(m.op_loc(op)).unwrap_or_default();
            self.remark(&layer);
        }
        if self.cx.externs.is_fallible(target) {
            self.fallible_call(&name, &arguments);
            return Ok(());
        }
        let head = format!("{}{name}(", "    ".repeat(self.indent));
        let list = wrapped(&head, &arguments);
        self.line(&format!("{name}({list});"));
        Ok(())
    }
}
