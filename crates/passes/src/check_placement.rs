//! `check-placement`: checks a placed module, and shares no code with the planner or with `mark-noalias`.
//!
//! A byte of an arena belongs to the buffer that was written last; a view of a part of a buffer is that part. Walking the calls of
//! `@main` in order, it fails if a call reads a byte that is not its operand's any more, if a buffer leaves the arena, or if a
//! `llvm.noalias` argument shares a byte with another argument of the same call.
//!
//! Arguments of one call may share bytes if the kernel only reads the one and only writes the other, and if a run of the kernel at
//! those places shows that it reads nothing that it has overwritten before ([`shadow`]).

mod shadow;

use ir::dialects::func::{self, CallOp};
use ir::dialects::mcu;
use ir::{AttrData, Diagnostic, Module, OpId, ValueDef, ValueId};
use pass::{Failed, Pass, PassCx, PassInfo};
use std::collections::{BTreeMap, BTreeSet};

/// Ops that a call of a kernel may execute at most, where its arguments share bytes: it is run to see whether it may.
pub const LARGEST_RUN: u64 = 1 << 26;

/// Steps of the executor for an op, at most: address sums are steps of their own.
const STEPS_PER_OP: u64 = 4;

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::new(
        "check-placement",
        "builtin.module",
        "Check that no buffer overwrites another that is still needed.",
        CheckPlacement,
    )
    .idempotent()
}

#[derive(Clone)]
struct CheckPlacement;

/// The arenas, one above the other in one range of addresses, so that bytes of different arenas never meet.
struct Arenas(Vec<(String, u64, u64)>);

impl Arenas {
    fn of(m: &Module) -> Arenas {
        let mut arenas = Vec::new();
        let mut base = 0u64;
        for op in m.ops(m.body()) {
            let unset = m
                .prop(op, "initial_value")
                .is_none_or(|a| *m.attr_data(a) == AttrData::Unit);
            if m.op_name(op) == "memref.global" && unset && m.prop(op, "constant").is_none() {
                let ty = m.prop(op, "type").and_then(|a| m.attr_type(a));
                let size = ty.and_then(|t| m.size_bytes(t)).unwrap_or(0);
                let end = base.saturating_add(size);
                arenas.push((m.symbol_name(op).unwrap_or_default().to_owned(), base, end));
                // An offset past the end of one arena is not in the next one.
                base = end.saturating_add(1 << 40);
            }
        }
        Arenas(arenas)
    }

    /// The bytes of the arena of that symbol; none if there is no such arena.
    fn get(&self, symbol: &str) -> (u64, u64) {
        let found = self.0.iter().find(|a| a.0 == symbol);
        found.map_or((0, 0), |a| (a.1, a.2))
    }
}

/// A buffer or a part of one: which buffer it is, its bytes, and where its arena starts and ends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Span {
    value: ValueId,
    from: u64,
    to: u64,
    base: u64,
    end: u64,
}

fn span(m: &Module, arenas: &Arenas, main: OpId, value: ValueId) -> Option<Span> {
    let size = m.size_bytes(m.value_type(value)).unwrap_or(0);
    let bytes = |a: i64| u64::try_from(a).ok();
    // Behind casts and views of parts, whose offsets add up.
    let (mut v, mut part) = (value, 0u64);
    loop {
        let (arena, offset) = match m.value_def(v) {
            ValueDef::Argument(_, i) => {
                let named = func::arg_attr(m, main, i, "mcu.arena").and_then(|a| m.attr_symbol(a));
                let offset = m.attr_int(func::arg_attr(m, main, i, "mcu.offset")?)?;
                (named.unwrap_or("arena"), bytes(offset)?)
            }
            ValueDef::Result(op, _) => match m.op_name(op) {
                "memref.reinterpret_cast" => {
                    v = m.operand(op, 0);
                    continue;
                }
                "memref.view" => {
                    let ValueDef::Result(c, _) = m.value_def(m.operand(op, 1)) else {
                        return None;
                    };
                    let shift = bytes(m.attr_int(m.prop(c, "value")?)?)?;
                    let source = m.operand(op, 0);
                    let global = m
                        .defining_op(source)
                        .filter(|&g| m.op_name(g) == "memref.get_global");
                    match global {
                        Some(g) => (m.attr_symbol(m.prop(g, "name")?)?, shift),
                        None => {
                            part = part.checked_add(shift)?;
                            v = source;
                            continue;
                        }
                    }
                }
                _ => return None,
            },
        };
        let (base, end) = arenas.get(arena);
        let from = base.saturating_add(offset).saturating_add(part);
        return Some(Span {
            value: v,
            from,
            to: from.saturating_add(size),
            base,
            end,
        });
    }
}

/// Which buffer owns each byte, as disjoint intervals `from → (to, owner)`, and what buffers have lost to others.
#[derive(Default)]
struct Owners {
    bytes: BTreeMap<u64, (u64, ValueId)>,
    /// Bytes that a buffer owned before another was written there.
    lost: BTreeMap<ValueId, Vec<(u64, u64)>>,
}

impl Owners {
    fn write(&mut self, s: Span) {
        let over: Vec<(u64, (u64, ValueId))> = self
            .bytes
            .iter()
            .filter(|(f, (t, _))| **f < s.to && *t > s.from)
            .map(|(f, x)| (*f, *x))
            .collect();
        for (f, (t, owner)) in over {
            self.bytes.remove(&f);
            if f < s.from {
                self.bytes.insert(f, (s.from, owner));
            }
            if t > s.to {
                self.bytes.insert(s.to, (t, owner));
            }
            if owner != s.value {
                let lost = (f.max(s.from), t.min(s.to));
                self.lost.entry(owner).or_default().push(lost);
            }
        }
        if s.from < s.to {
            self.bytes.insert(s.from, (s.to, s.value));
        }
        if let Some(lost) = self.lost.get_mut(&s.value) {
            let sides = |&(f, t): &(u64, u64)| [(f, t.min(s.from)), (f.max(s.to), t)];
            *lost = lost.iter().flat_map(sides).filter(|i| i.0 < i.1).collect();
        }
    }

    /// Whether bytes that were written no longer are the buffer's.
    fn lost(&self, s: Span) -> bool {
        let lost = self.lost.get(&s.value);
        lost.is_some_and(|l| l.iter().any(|&(f, t)| f < s.to && s.from < t))
    }

    /// Whether every byte is the buffer's.
    fn holds(&self, s: Span) -> bool {
        let own = self.bytes.iter().filter(|(_, x)| x.1 == s.value);
        let part = |(f, x): (&u64, &(u64, ValueId))| x.0.min(s.to).saturating_sub((*f).max(s.from));
        own.map(part).sum::<u64>() == s.to - s.from
    }
}

impl Pass for CheckPlacement {
    fn run(&self, m: &mut Module, _: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        let Some(main) = m.lookup_symbol("main") else {
            return Ok(());
        };
        let Some(entry) = m.entry_block(main) else {
            return Ok(());
        };
        let arenas = Arenas::of(m);
        let mut errors = Vec::new();
        let mut owners = Owners::default();
        let mut sharing = Sharing::default();
        let args = m.block_args(entry).to_vec();
        // A state is there before the run, as an input is, and after it, as an output is.
        let roles = mcu::Arguments::of(m, main);
        let (inputs, states) = roles.map_or((0, args.len()), |r| (r.inputs, r.state_range().start));
        for &a in args[..inputs].iter().chain(&args[states..]) {
            if let Some(s) = span(m, &arenas, main, a) {
                owners.write(s);
            }
        }
        for op in m
            .ops(entry)
            .filter(|&op| matches!(m.op_name(op), "func.call" | "memref.copy"))
            .filter(|&op| !overwrites_dead_memory(m, op))
        {
            let mut error = |text: String| {
                let mut d =
                    Diagnostic::error("M010", text).help("this is a bug of the memory planner");
                d.location = m.describe_loc(m.op_loc(op));
                errors.push(d);
            };
            let spans: Vec<Option<Span>> =
                m.operands(op).map(|v| span(m, &arenas, main, v)).collect();
            for s in spans.iter().flatten() {
                let (from, to) = (s.from - s.base, s.to - s.base);
                if s.to > s.end {
                    error(format!(
                        "bytes {from}..{to} leave the arena of {} bytes",
                        s.end - s.base
                    ));
                }
                if owners.lost(*s) {
                    error(format!(
                        "bytes {from}..{to} were overwritten before this layer reads them"
                    ));
                }
            }
            let writes = touched_operands(m, op, Touch::Write);
            let reads = touched_operands(m, op, Touch::Read);
            for (i, s) in spans.iter().enumerate() {
                if let Some(s) = s.filter(|_| writes[i]) {
                    owners.write(s);
                }
            }
            // A call that wrote over its own operand: only allowed if that operand is not read after.
            let callee = CallOp::cast(m, op).and_then(|c| m.lookup_symbol(&c.callee(m)));
            for (i, a) in spans.iter().enumerate() {
                for (j, b) in spans.iter().enumerate() {
                    let (Some(a), Some(b), Some(f)) = (a, b, callee) else {
                        continue;
                    };
                    let noalias = func::arg_attr(m, f, i, "llvm.noalias").is_some();
                    let shared = a.from < b.to && b.from < a.to;
                    if i == j || !shared {
                        continue;
                    }
                    let meet = writes[i] && a != b;
                    let apart = reads[i] || writes[j] || a.value == b.value;
                    if noalias || (meet && apart) {
                        error(format!("arguments {i} and {j} share bytes of the arena"));
                    } else if meet {
                        let both = (0..spans.len()).filter(|&k| reads[k] && writes[k]);
                        sharing.add(op, f, &spans, both.collect());
                    }
                }
            }
        }
        for &a in &args[inputs..] {
            if let Some(s) = span(m, &arenas, main, a)
                && !owners.holds(s)
            {
                errors.push(
                    Diagnostic::error("M010", "an output or a state is overwritten before the end")
                        .help("this is a bug of the memory planner"),
                );
            }
        }
        if errors.is_empty() {
            errors = sharing.run(m);
        }
        if errors.is_empty() {
            return Ok(());
        }
        for e in errors {
            cx.diagnostics.push(e);
        }
        Err(Failed)
    }
}

/// Calls whose arguments share bytes, each kernel once for each way in which its arguments lie to each other.
#[derive(Default)]
struct Sharing {
    seen: BTreeSet<(OpId, Vec<Option<u64>>)>,
    calls: shadow::Calls,
}

impl Sharing {
    /// Adds a call; `both` are the arguments that its kernel reads and writes.
    fn add(&mut self, call: OpId, kernel: OpId, spans: &[Option<Span>], both: Vec<usize>) {
        let first = spans.iter().flatten().map(|s| s.from).min().unwrap_or(0);
        let places = spans.iter().map(|s| s.map(|s| s.from - first)).collect();
        if self.calls.contains_key(&call) || self.seen.insert((kernel, places)) {
            self.calls.insert(call, both);
        }
    }

    /// Runs the calls; what is wrong with them.
    fn run(&self, m: &Module) -> Vec<Diagnostic> {
        if self.calls.is_empty() {
            return Vec::new();
        }
        let steps = (self.calls.len() as u64).saturating_mul(LARGEST_RUN * STEPS_PER_OP);
        let destroyed = match shadow::run(m, &self.calls, steps) {
            Ok(destroyed) => destroyed,
            Err(why) => {
                let text = format!("arguments share bytes of the arena, and a run fails: {why}");
                return vec![Diagnostic::error("M010", text)];
            }
        };
        destroyed
            .into_iter()
            .map(|d| {
                let (from, to) = (d.bytes.start, d.bytes.end);
                let text = format!(
                    "bytes {from}..{to} of argument {} are read after the layer has overwritten them",
                    d.argument
                );
                let mut e =
                    Diagnostic::error("M010", text).help("this is a bug of the memory planner");
                e.location = m.describe_loc(m.op_loc(d.call));
                e
            })
            .collect()
    }
}

/// Whether an op only helps to find errors, by overwriting what nobody reads.
fn overwrites_dead_memory(m: &Module, op: OpId) -> bool {
    let kind = m.discardable(op, "mcu.kind");
    kind.and_then(|a| m.attr_str(a)) == Some("poison")
}

/// What a kernel may do to a buffer.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Touch {
    Read,
    Write,
}

/// Which operands of a call or copy may be read, or written: those that the kernel loads from or stores to, by any path.
fn touched_operands(m: &Module, op: OpId, touch: Touch) -> Vec<bool> {
    let count = m.operands(op).len();
    if m.op_name(op) == "memref.copy" {
        return vec![touch == Touch::Read, touch == Touch::Write];
    }
    let callee = CallOp::cast(m, op)
        .and_then(|c| m.lookup_symbol(&c.callee(m)))
        .and_then(|f| m.entry_block(f));
    let Some(entry) = callee else {
        return vec![true; count];
    };
    m.block_args(entry)
        .iter()
        .map(|&a| is_touched(m, a, touch))
        .collect()
}

fn is_touched(m: &Module, v: ValueId, touch: Touch) -> bool {
    let loads_or_stores = |op: OpId, i: u32| {
        let a = m.access(op).filter(|a| a.buffer == i as usize)?;
        Some((touch == Touch::Write) == a.writes)
    };
    m.uses(v).iter().any(|&(user, i)| match m.op_name(user) {
        _ if loads_or_stores(user, i).is_some() => loads_or_stores(user, i) == Some(true),
        "memref.copy" => (touch == Touch::Write) == (i == 1),
        "memref.reinterpret_cast" | "memref.view" => is_touched(m, m.result(user, 0), touch),
        "mcu.call_extern" => {
            let roles = mcu::CallExternOp(user).operand_roles(m);
            roles.get(i as usize).is_none_or(|o| match touch {
                Touch::Write => o.1.is_written(),
                Touch::Read => o.1 != mcu::BufferRole::Output,
            })
        }
        "func.call" => {
            let callee = CallOp::cast(m, user)
                .and_then(|c| m.lookup_symbol(&c.callee(m)))
                .and_then(|f| m.entry_block(f));
            callee.is_none_or(|b| is_touched(m, m.block_args(b)[i as usize], touch))
        }
        _ => true,
    })
}
