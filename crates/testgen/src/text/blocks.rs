//! Ops, regions and blocks.

use super::{MAX_DEPTH, TYPES, Writer};

/// A value that may be named.
#[derive(Clone, Debug)]
pub(super) struct Value {
    /// As an operand, `%x#1`.
    name: String,
    ty: &'static str,
}

/// A block whose names are known before it is written.
struct Block {
    label: String,
    args: Vec<Value>,
    /// The results of each of its ops.
    ops: Vec<Vec<Value>>,
    successors: Vec<usize>,
}

impl Writer<'_> {
    /// Names and types of an op's results.
    pub(super) fn planned_results(&mut self) -> Vec<Value> {
        let count = self.c.of(&[1, 0, 1, 2, 3]);
        let name = self.name();
        let value = |i: usize, ty| Value {
            name: if count > 1 && i > 0 {
                format!("{name}#{i}")
            } else {
                name.clone()
            },
            ty,
        };
        (0..count).map(|i| value(i, self.c.of(TYPES))).collect()
    }

    /// `%x:2 =`
    fn result_names(&mut self, results: &[Value]) {
        let Some(first) = results.first() else { return };
        self.out.push_str(&first.name);
        if results.len() > 1 {
            self.out += &format!(":{}", results.len());
        }
        self.out.push_str(" = ");
    }

    fn operands(&mut self, seen: &[Value], at_most: u32) -> Vec<Value> {
        if seen.is_empty() {
            return Vec::new();
        }
        (0..self.c.below(at_most + 1))
            .map(|_| self.c.of(seen))
            .collect()
    }

    /// `: (types) -> types loc(…)`
    fn signature(&mut self, operands: &[Value], results: &[Value]) {
        let inputs = self.spell_all(operands.iter().map(|v| v.ty));
        let outputs = self.spell_all(results.iter().map(|v| v.ty));
        let bare = results.len() == 1 && !results[0].ty.starts_with('(') && self.c.once_in(2);
        self.out += &if bare {
            format!(" : ({inputs}) -> {outputs}")
        } else {
            format!(" : ({inputs}) -> ({outputs})")
        };
        self.trailing_location();
        self.newline();
    }

    /// An op with these results; `seen` is what it and its regions may use, `labels` what may come behind it.
    pub(super) fn op(&mut self, results: &[Value], seen: &[Value], labels: &[String]) {
        let of_type = |ty: &str| {
            seen.iter()
                .filter(|v| v.ty == ty)
                .cloned()
                .collect::<Vec<_>>()
        };
        if let ([one], []) = (results, labels) {
            let same = of_type(one.ty);
            let integer = matches!(one.ty, "i1" | "i8" | "i32" | "i64" | "index" | "i33");
            if integer && self.c.once_in(2) {
                self.arithmetic(one, &same);
                return;
            }
        }
        self.result_names(results);
        let operands = self.operands(seen, 3);
        let names: Vec<&str> = operands.iter().map(|v| v.name.as_str()).collect();
        let op = self
            .c
            .of(&["acme.op", "acme.a.b", "other.use", "acme.OP_2"]);
        self.out += &format!("\"{op}\"({})", names.join(", "));
        if !labels.is_empty() {
            self.out += &format!("[{}]", labels.join(", "));
        }
        if self.c.once_in(3) {
            let entries = self.entries(0, "");
            if !entries.is_empty() {
                self.out += &format!(" <{{{entries}}}>");
            }
        }
        if self.depth < MAX_DEPTH && self.c.once_in(3) {
            self.depth += 1;
            self.out.push_str(" (");
            for i in 0..1 + self.c.below(3) {
                self.out.push_str(if i > 0 { ", {" } else { "{" });
                self.region(seen);
                self.out.push('}');
            }
            self.out.push(')');
            self.depth -= 1;
        }
        self.discardables();
        self.signature(&operands, results);
    }

    fn arithmetic(&mut self, result: &Value, same: &[Value]) {
        self.result_names(std::slice::from_ref(result));
        let ty = result.ty;
        if same.is_empty() || self.c.once_in(2) {
            let value = self.c.between(0, 1);
            let (open, close) = self.c.of(&[("<{", "}>"), ("{", "}")]);
            self.out += &format!("\"arith.constant\"() {open}value = {value} : {ty}{close}");
            self.signature(&[], std::slice::from_ref(result));
        } else {
            let operands = [self.c.of(same), self.c.of(same)];
            let flags = self.c.of(&["none", "nsw", "nsw, nuw"]);
            let (a, b) = (&operands[0].name, &operands[1].name);
            self.out +=
                &format!("\"arith.addi\"({a}, {b}) <{{overflowFlags = #arith.overflow<{flags}>}}>");
            self.signature(&operands, std::slice::from_ref(result));
        }
    }

    /// What stands in a region's braces.
    fn region(&mut self, seen: &[Value]) {
        match self.c.below(6) {
            0 => {}
            1 => self.out.push_str("^empty:\n"),
            2..4 => self.graph(seen),
            _ => {
                self.out.push('\n');
                let blocks = self.planned_blocks(None);
                self.blocks(&blocks, seen, false);
            }
        }
    }

    /// One block of an op that is not registered: uses may come before definitions.
    fn graph(&mut self, seen: &[Value]) {
        self.out.push('\n');
        let mut seen = seen.to_vec();
        if self.c.once_in(2) {
            let args = self.arguments();
            self.label("^one", &args);
            seen.extend(args);
        }
        let plan: Vec<Vec<Value>> = (0..1 + self.c.below(3))
            .map(|_| self.planned_results())
            .collect();
        let forward = self.c.once_in(3);
        for i in 0..plan.len() {
            let mut visible = seen.clone();
            let up_to = if forward { plan.len() } else { i };
            visible.extend(plan[..up_to].iter().flatten().cloned());
            self.op(&plan[i], &visible, &[]);
        }
    }

    /// Whether to do something wrong now, once in `n` times.
    fn mistake(&mut self, n: u32) -> bool {
        self.mistakes && self.c.once_in(n)
    }

    fn arguments(&mut self) -> Vec<Value> {
        let argument = |w: &mut Self| Value {
            name: w.name(),
            ty: w.c.of(TYPES),
        };
        (0..self.c.below(3)).map(|_| argument(self)).collect()
    }

    fn label(&mut self, label: &str, args: &[Value]) {
        self.out.push_str(label);
        if !args.is_empty() || self.c.once_in(4) {
            self.out.push('(');
            for (i, a) in args.iter().enumerate() {
                let ty = self.spell(a.ty);
                let comma = if i > 0 { ", " } else { "" };
                self.out += &format!("{comma}{}: {ty}", a.name);
                self.trailing_location();
            }
            self.out.push(')');
        }
        self.out.push(':');
        self.newline();
    }

    /// Two to five blocks, the first of which nobody goes to; `entry` are the first one's arguments, if they are given.
    fn planned_blocks(&mut self, entry: Option<Vec<Value>>) -> Vec<Block> {
        let count = 2 + self.c.below(4) as usize;
        let prefix = self.c.of(&["bb", "b-", "exit.", "_"]);
        let mut blocks: Vec<Block> = (0..count)
            .map(|i| Block {
                // Labels are any; those that the printer would choose in another order, too.
                label: format!("^{prefix}{}", (i * 7 + 3) % 11),
                args: self.arguments(),
                ops: (0..self.c.below(3))
                    .map(|_| self.planned_results())
                    .collect(),
                successors: (0..self.c.below(4))
                    .map(|_| 1 + self.c.below(count as u32 - 1) as usize)
                    .collect(),
            })
            .collect();
        if let Some(args) = entry {
            blocks[0].args = args;
        }
        if self.mistake(12) {
            let from = self.c.below(count as u32) as usize;
            blocks[from].successors.push(0);
        }
        blocks
    }

    /// Blocks whose ops use what dominates them. In functions, `cf` hands arguments over; elsewhere, nobody knows the terminators.
    fn blocks(&mut self, blocks: &[Block], seen: &[Value], in_function: bool) {
        for (i, block) in blocks.iter().enumerate() {
            if i > 0 || !block.args.is_empty() || self.c.once_in(3) {
                self.label(&block.label, &block.args);
            }
            let mut visible = seen.to_vec();
            for (j, other) in blocks.iter().enumerate() {
                if j != i && (dominates(blocks, j, i) || self.mistake(6)) {
                    visible.extend(other.args.iter().cloned());
                    visible.extend(other.ops.iter().flatten().cloned());
                }
            }
            visible.extend(block.args.iter().cloned());
            for results in &block.ops {
                if self.mistake(12) {
                    visible.extend(results.iter().cloned());
                }
                self.op(results, &visible, &[]);
                visible.extend(results.iter().cloned());
            }
            if in_function {
                self.branch(blocks, block, &visible);
            } else {
                let labels: Vec<String> = block
                    .successors
                    .iter()
                    .map(|&s| blocks[s].label.clone())
                    .collect();
                self.op(&[], &visible, &labels);
            }
        }
    }

    /// `cf.br`, `cf.cond_br`, or what `cf` does not have.
    fn branch(&mut self, blocks: &[Block], block: &Block, visible: &[Value]) {
        let mut operands: Vec<Value> = Vec::new();
        let mut segments = Vec::new();
        for &s in &block.successors {
            let before = operands.len();
            for a in &blocks[s].args {
                let fitting: Vec<Value> =
                    visible.iter().filter(|v| v.ty == a.ty).cloned().collect();
                if fitting.is_empty() {
                    break;
                }
                operands.push(self.c.of(&fitting));
            }
            segments.push(operands.len() - before);
        }
        let complete = block
            .successors
            .iter()
            .zip(&segments)
            .all(|(&s, &n)| n == blocks[s].args.len());
        let labels: Vec<&str> = block
            .successors
            .iter()
            .map(|&s| blocks[s].label.as_str())
            .collect();
        let condition = visible.iter().find(|v| v.ty == "i1").cloned();
        let names = |all: &[Value]| {
            all.iter()
                .map(|v| v.name.clone())
                .collect::<Vec<_>>()
                .join(", ")
        };
        match (segments.as_slice(), condition) {
            ([_], _) if complete => {
                self.out += &format!("\"cf.br\"({})[{}]", names(&operands), labels[0]);
                self.signature(&operands, &[]);
            }
            ([a, b], Some(condition)) if complete => {
                operands.insert(0, condition);
                let sizes = format!("operandSegmentSizes = array<i32: 1, {a}, {b}>");
                self.out += &format!(
                    "\"cf.cond_br\"({})[{}] <{{{sizes}}}>",
                    names(&operands),
                    labels.join(", ")
                );
                self.signature(&operands, &[]);
            }
            _ => {
                let labels: Vec<String> = labels.iter().map(|&l| l.to_owned()).collect();
                self.op(&[], visible, &labels);
            }
        }
    }

    /// A function without results, of one block or several.
    pub(super) fn function(&mut self) {
        self.symbols += 1;
        let symbol = self.symbols;
        let args = self.arguments();
        let types = self.spell_all(args.iter().map(|a| a.ty));
        let visibility = self.c.of(&["", ", sym_visibility = \"private\""]);
        self.out += &format!(
            "\"func.func\"() <{{function_type = ({types}) -> (), sym_name = \"f{symbol}\"{visibility}}}> ({{\n"
        );
        self.depth += 1;
        let mut blocks = self.planned_blocks(Some(args));
        if self.c.once_in(2) {
            blocks.truncate(1);
            blocks[0].successors.clear();
        }
        self.blocks(&blocks, &[], true);
        self.depth -= 1;
        self.out.push_str("})");
        self.discardables();
        self.out.push_str(" : () -> ()");
        self.trailing_location();
        self.newline();
    }
}

/// Whether every path from the first block to `b` goes through `a`: without `a`, none leads there.
fn dominates(blocks: &[Block], a: usize, b: usize) -> bool {
    let mut reached = vec![false; blocks.len()];
    let mut stack = if a == 0 { vec![] } else { vec![0] };
    while let Some(i) = stack.pop() {
        if i != a && !std::mem::replace(&mut reached[i], true) {
            stack.extend(&blocks[i].successors);
        }
    }
    !reached[b]
}
