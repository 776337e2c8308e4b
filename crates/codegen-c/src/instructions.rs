//! `arm.block` as assembly: its lines, and which register holds what, for both back ends.
//!
//! Registers are numbered: first the results, then the temporaries, then what comes from outside (words, then addresses). A sum that is
//! continued in the block stays in one register, which holds the word from outside first; temporaries are handed out in the order of the
//! ops, each to the next that needs one as soon as nobody reads it any more.

use crate::Subscript;
use ir::dialects::{arith, arm, arm_mve};
use ir::{Diagnostic, Module, OpId, ValueId};
use rustc_hash::FxHashMap;

/// General registers that a block may have.
pub const REGISTERS: usize = 14;
/// Bytes that a load may reach behind its address.
const REACH: i64 = 4092;

/// Part of a line.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Part {
    /// Assembly as it is.
    Text(String),
    /// The register of that number.
    Register(usize),
}

/// An address from outside: the element of a buffer at `Σ factor · value + constant`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct AddressOf {
    /// The buffer.
    pub buffer: ValueId,
    /// Factors of indices.
    pub terms: Vec<(ValueId, i64)>,
    /// Elements beyond.
    pub constant: i64,
}

/// A block of instructions.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct InstructionBlock {
    /// The instructions in order.
    pub lines: Vec<Vec<Part>>,
    /// For each result, the word from outside that its register holds first, if there is one.
    pub results: Vec<Option<ValueId>>,
    /// Temporary registers.
    pub temporaries: usize,
    /// Words from outside.
    pub words: Vec<ValueId>,
    /// Addresses.
    pub addresses: Vec<AddressOf>,
}

/// Where an op of the DSP extension has its accumulator.
pub fn accumulator(name: &str) -> Option<usize> {
    match name {
        "arm.smlad" | "arm.smladx" | "arm.smlabb" | "arm.smlabt" | "arm.smlatb" | "arm.smlatt"
        | "arm.smlald" | "arm.smlaldx" => Some(2),
        _ => None,
    }
}

/// The operand in whose register an instruction leaves its result: the accumulator, or the sum that is scaled.
fn in_place(name: &str) -> Option<usize> {
    match name {
        arm::SmmlaOp::NAME => Some(0),
        _ => accumulator(name),
    }
}

/// An instruction's name and what follows its registers, for the ops whose result is a word.
pub fn mnemonic(name: &str, by: i64) -> Option<(&'static str, String)> {
    let mnemonic = name.strip_prefix("arm.")?;
    let row = arm::dsp(name).filter(|row| row.2 == 32)?;
    let suffix = match (mnemonic, by) {
        ("sxtb16" | "uxtb16" | "sxtab16", 0) | ("pkhbt", 0) => String::new(),
        ("sxtb16" | "uxtb16" | "sxtab16", by) => format!(", ror #{by}"),
        ("pkhbt", by) => format!(", lsl #{by}"),
        ("pkhtb", by) => format!(", asr #{by}"),
        _ => String::new(),
    };
    Some((row.0.strip_prefix("arm.")?, suffix))
}

/// Whether an instruction may have a constant as its last operand: a byte, or one that is repeated in every half or every second byte.
fn is_immediate(c: u32) -> bool {
    let byte = c & 0xff;
    let high = c >> 8 & 0xff;
    c < 256 || [byte * 0x0001_0001, high * 0x0100_0100, byte * 0x0101_0101].contains(&c)
}

/// Whether the attribute comes between the result and the operand.
pub fn saturates(mnemonic: &str) -> bool {
    matches!(mnemonic, "ssat" | "usat" | "ssat16" | "usat16")
}

struct Allocation<'m> {
    m: &'m Module,
    block: OpId,
    registers: FxHashMap<ValueId, Register>,
    /// The number of the last op that reads a value.
    last: FxHashMap<ValueId, usize>,
    /// The temporaries that nobody needs.
    free: Vec<usize>,
    out: InstructionBlock,
}

/// A register before all of them are counted.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Register {
    Result(usize),
    Temporary(usize),
    Word(usize),
    Address(usize),
}

/// A line before registers have numbers.
enum Piece {
    Text(String),
    Register(Register),
}

impl InstructionBlock {
    /// Of an `arm.block`.
    ///
    /// # Errors
    /// Why there is no assembly, in words: what stands in the block, or registers.
    pub fn of(m: &Module, block: OpId) -> Result<InstructionBlock, String> {
        let body = m.entry_block(block).ok_or("its region is empty")?;
        let ops: Vec<OpId> = m.ops(body).collect();
        let mut a = Allocation {
            m,
            block,
            registers: FxHashMap::default(),
            last: FxHashMap::default(),
            free: Vec::new(),
            out: InstructionBlock {
                lines: Vec::new(),
                results: vec![None; m.results(block).len()],
                temporaries: 0,
                words: Vec::new(),
                addresses: Vec::new(),
            },
        };
        for (i, &op) in ops.iter().enumerate() {
            for v in m.operands(op) {
                a.last.insert(v, i);
            }
        }
        let yielded: Vec<ValueId> = match ops.last() {
            Some(&y) => m.operands(y).collect(),
            None => Vec::new(),
        };
        let mut copies = Vec::new();
        for (i, &v) in yielded.iter().enumerate() {
            if a.is_inside(v) && a.registers.contains_key(&v) {
                copies.push((i, v));
            } else {
                a.chain(i, v);
                if !a.is_inside(v) && a.out.results[i].is_none() {
                    copies.push((i, v));
                }
            }
        }
        let mut lines = Vec::new();
        for (i, &op) in ops.iter().enumerate() {
            lines.extend(a.line(i, op)?);
        }
        for (i, v) in copies {
            lines.push(vec![
                Piece::Text("mov ".to_owned()),
                Piece::Register(Register::Result(i)),
                Piece::Text(", ".to_owned()),
                Piece::Register(a.register(v)),
            ]);
        }
        let mut out = a.out;
        let (results, words) = (out.results.len(), out.words.len());
        let total = results + out.temporaries + words + out.addresses.len();
        if total > REGISTERS {
            return Err(format!(
                "needs {total} registers at once; there are {REGISTERS}"
            ));
        }
        let number = |r: Register| match r {
            Register::Result(i) => i,
            Register::Temporary(i) => results + i,
            Register::Word(i) => results + out.temporaries + i,
            Register::Address(i) => results + out.temporaries + words + i,
        };
        out.lines = lines
            .into_iter()
            .map(|line| {
                let parts = line.into_iter().map(|p| match p {
                    Piece::Text(t) => Part::Text(t),
                    Piece::Register(r) => Part::Register(number(r)),
                });
                parts.collect()
            })
            .collect();
        Ok(out)
    }
}

impl Allocation<'_> {
    fn is_inside(&self, v: ValueId) -> bool {
        let def = self.m.defining_op(v);
        def.is_some_and(|op| self.m.parent_op(op) == Some(self.block))
    }

    /// How often a value is read in the block.
    fn reads(&self, v: ValueId) -> usize {
        let uses = self.m.uses(v).iter();
        uses.filter(|u| self.m.parent_op(u.0) == Some(self.block))
            .count()
    }

    /// Gives a result's register to the sum that ends in it, as far back as nobody else reads the parts.
    fn chain(&mut self, result: usize, last: ValueId) {
        let m = self.m;
        let mut v = last;
        loop {
            if !self.is_inside(v) {
                if self.reads(v) == 1 && !self.registers.contains_key(&v) {
                    self.registers.insert(v, Register::Result(result));
                    self.out.results[result] = Some(v);
                }
                return;
            }
            self.registers.insert(v, Register::Result(result));
            let op = m.defining_op(v);
            let before = op.and_then(|op| Some(m.operand(op, in_place(m.op_name(op))?)));
            match before {
                Some(b) if self.reads(b) == 1 && !self.registers.contains_key(&b) => v = b,
                _ => return,
            }
        }
    }

    /// The register of an operand; a word from outside gets one.
    fn register(&mut self, v: ValueId) -> Register {
        if let Some(&r) = self.registers.get(&v) {
            return r;
        }
        self.out.words.push(v);
        let r = Register::Word(self.out.words.len() - 1);
        self.registers.insert(v, r);
        r
    }

    fn address(&mut self, op: OpId) -> Result<(usize, i64), String> {
        let m = self.m;
        let operands: Vec<ValueId> = m.operands(op).collect();
        let [buffer, index] = operands[..] else {
            return Err("loads from buffers of one dimension only".to_owned());
        };
        let Subscript {
            mut terms,
            constant,
        } = Subscript::within(m, self.block, index).ok_or("an index is no sum of products")?;
        terms.retain(|t| t.1 != 0);
        terms.sort();
        let known = self.out.addresses.iter().position(|a| {
            let near = constant
                .checked_sub(a.constant)
                .and_then(|d| d.checked_mul(4))
                .is_some_and(|d| (0..=REACH).contains(&d));
            a.buffer == buffer && a.terms == terms && near
        });
        let i = known.unwrap_or_else(|| {
            self.out.addresses.push(AddressOf {
                buffer,
                terms,
                constant,
            });
            self.out.addresses.len() - 1
        });
        Ok((i, (constant - self.out.addresses[i].constant) * 4))
    }

    fn line(&mut self, at: usize, op: OpId) -> Result<Option<Vec<Piece>>, String> {
        let m = self.m;
        let name = m.op_name(op);
        let text = |t: &str| Piece::Text(t.to_owned());
        let mut pieces = Vec::new();
        let mut sources = Vec::new();
        let mut tail = Vec::new();
        match name {
            "arith.constant" | "arith.addi" | "arith.muli" | arm::YieldOp::NAME => return Ok(None),
            "memref.load" => {
                let (i, offset) = self.address(op)?;
                pieces.push(text("ldr "));
                tail.push(text(", ["));
                tail.push(Piece::Register(Register::Address(i)));
                tail.push(Piece::Text(match offset {
                    0 => "]".to_owned(),
                    offset => format!(", #{offset}]"),
                }));
            }
            "arith.xori" => {
                let operands: Vec<ValueId> = m.operands(op).collect();
                let constant = operands.iter().find_map(|&v| arith::const_int_of(m, v));
                let immediate = constant.filter(|&c| is_immediate(c as u32));
                pieces.push(text("eor "));
                for v in operands {
                    tail.push(text(", "));
                    match (arith::const_int_of(m, v), immediate) {
                        (Some(_), Some(c)) => tail.push(Piece::Text(format!("#{}", c as u32))),
                        _ => {
                            let r = self.register(v);
                            sources.push((v, r));
                            tail.push(Piece::Register(r));
                        }
                    }
                }
            }
            _ => {
                let by = arm::immediate(m.op(op));
                let (mnemonic, suffix) =
                    mnemonic(name, by).ok_or_else(|| format!("`{name}` has no assembly"))?;
                pieces.push(Piece::Text(format!("{mnemonic} ")));
                if saturates(mnemonic) {
                    tail.push(Piece::Text(format!(", #{by}")));
                }
                for v in m.operands(op) {
                    let r = self.register(v);
                    sources.push((v, r));
                    tail.push(text(", "));
                    tail.push(Piece::Register(r));
                }
                tail.push(Piece::Text(suffix));
            }
        }
        // An instruction reads before it writes, so that the result may be where an operand was.
        for (v, r) in sources {
            if let Register::Temporary(i) = r
                && self.last.get(&v) == Some(&at)
                && !self.free.contains(&i)
            {
                self.free.push(i);
            }
        }
        let result = m.result(op, 0);
        let to = match self.registers.get(&result) {
            Some(&r) => r,
            None => {
                let i = self.free.pop().unwrap_or_else(|| {
                    self.out.temporaries += 1;
                    self.out.temporaries - 1
                });
                let r = Register::Temporary(i);
                self.registers.insert(result, r);
                if !self.last.contains_key(&result) {
                    self.free.push(i);
                }
                r
            }
        };
        pieces.push(Piece::Register(to));
        pieces.extend(tail);
        Ok(Some(pieces))
    }
}

/// Checks that a target has the instructions of all ops of a module.
///
/// # Errors
/// The first op whose instruction it has not, as an error of the given code, with the layer's name.
pub fn check_target(
    m: &Module,
    target: &target::Target,
    code: &'static str,
) -> Result<(), Diagnostic> {
    let lacks = |op: OpId| {
        let (feature, what) = match () {
            () if arm::needs_dsp(m, op) => (target::Feature::Dsp, "DSP extension"),
            () if arm_mve::is_helium(m, op) => (target::Feature::Mve, "Helium"),
            () => return None,
        };
        (!target.has(feature)).then_some((op, what))
    };
    let mut ops = m.walk(m.root(), ir::WalkOrder::Pre).into_iter();
    let Some((op, what)) = ops.find_map(lacks) else {
        return Ok(());
    };
    let (name, target) = (m.op_name(op), &target.name);
    let d = Diagnostic::error(code, format!("`{name}`: target {target} has no {what}"));
    Err(match m.describe_loc(m.op_loc(op)) {
        Some(l) => d.at(l),
        None => d,
    })
}
