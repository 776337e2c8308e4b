//! The DSP extension: intrinsics of `<arm_acle.h>`, and `arm.block` as one statement of assembly.

use super::{Printer, Slot};
use crate::affine::Affine;
use crate::ctype::CType;
use crate::expr::{Expr, MUL, PRIMARY, UNARY};
use crate::instructions::{AddressOf, InstructionBlock, Part};
use crate::range::Range;
use crate::support::Support;
use ir::dialects::arm;
use ir::{Diagnostic, OpId, ValueId};

impl Printer<'_> {
    /// An op of the DSP extension as an expression.
    pub(super) fn dsp(&mut self, op: OpId) -> Result<Expr, Diagnostic> {
        let m = self.m();
        let Some(&(name, _, width, immediate)) = arm::dsp(m.op_name(op)) else {
            return Err(self.unknown(op));
        };
        let by = immediate.map(|_| arm::immediate(m.op(op)));
        let mut arguments = Vec::new();
        for v in m.operands(op) {
            arguments.push(self.take_exact(op, v)?);
        }
        let parts: Vec<&Expr> = arguments.iter().collect();
        let c = CType::signed(width);
        if name == arm::SmmulOp::NAME {
            let (a, b) = (
                arguments[0].cast(CType::I64).at(MUL),
                arguments[1].at(MUL + 1),
            );
            let text = format!("(int32_t)(({a} * {b}) >> 32)");
            return Ok(Expr::of(&parts, text, UNARY, c));
        }
        let mnemonic = name.trim_start_matches("arm.");
        let unsigned = matches!(mnemonic, "uxtb16" | "usat" | "usat16");
        let has_intrinsic = match mnemonic {
            "smmulr" | "smmla" | "pkhbt" | "pkhtb" | "smulbb" | "smulbt" | "smultb" | "smultt" => {
                false
            }
            "sxtb16" | "uxtb16" | "sxtab16" => by == Some(0),
            _ => true,
        };
        let mut list: Vec<String> = arguments.iter().map(|a| a.text.clone()).collect();
        let function = if has_intrinsic {
            self.support.need_intrinsics();
            list.extend(
                by.filter(|_| mnemonic.contains("sat"))
                    .map(|b| b.to_string()),
            );
            format!("__{mnemonic}")
        } else {
            let by = by.unwrap_or(0) as u8;
            self.support.need(Support::Instruction(name, by))
        };
        let text = format!("{function}({})", list.join(", "));
        let ty = match unsigned && has_intrinsic {
            true => CType::unsigned(width),
            false => c,
        };
        let mut e = Expr::of(&parts, text, PRIMARY, ty);
        e.range = match (mnemonic, by) {
            ("ssat", Some(bits)) => Range::full((bits as u32).max(2)),
            ("usat", Some(bits)) => Range {
                lo: 0,
                hi: (1i128 << bits) - 1,
            },
            _ => Range::full(width),
        };
        Ok(e)
    }

    /// `&weights[i + 4]`
    fn block_address(&mut self, op: OpId, a: &AddressOf) -> Result<String, Diagnostic> {
        let mut sum = Affine::constant(a.constant);
        for &(v, factor) in &a.terms {
            let term = self.affine(op, v)?;
            sum = sum
                .plus(&term, factor)
                .ok_or_else(|| self.error("C004", op, "the subscript exceeds 32 bits"))?;
        }
        let pointer = self.pointer(op, a.buffer)?;
        let base = match pointer.prec >= PRIMARY {
            true => pointer.text,
            false => format!("({})", pointer.text),
        };
        Ok(match sum.as_constant() {
            Some(0) => base,
            _ => format!("&{base}[{}]", sum.expr().text),
        })
    }

    /// A word from outside of a block.
    fn block_word(&mut self, op: OpId, v: ValueId) -> Result<Expr, Diagnostic> {
        match self.constant(v) {
            Some(c) => Ok(crate::literal::int(c)),
            None => self.take_exact(op, v),
        }
    }

    pub(super) fn arm_block(&mut self, op: OpId) -> Result<(), Diagnostic> {
        let m = self.m();
        let block = InstructionBlock::of(m, op).map_err(|why| self.error("C011", op, &why))?;
        self.support.need_registers();
        let mut inputs = Vec::new();
        for &v in &block.words {
            inputs.push(self.block_word(op, v)?.to(CType::I32).text);
        }
        for a in &block.addresses {
            inputs.push(self.block_address(op, a)?);
        }
        let mut outputs = Vec::new();
        let mut slots: Vec<(ValueId, Slot)> = Vec::new();
        for (&result, held) in m.results(op).iter().zip(&block.results) {
            let (constraint, leaf, id) = match *held {
                None => {
                    let (leaf, id) = self.word("acc", result, None);
                    ("=&r", leaf, id)
                }
                Some(v) => match (self.reusable(op, v), self.slots.get(&v)) {
                    (Some(_), Some(Slot::Variable(leaf, id))) => ("+&r", leaf.clone(), *id),
                    _ => {
                        let e = self.block_word(op, v)?;
                        let (leaf, id) = self.word("acc", result, Some(&e));
                        ("+&r", leaf, id)
                    }
                },
            };
            outputs.push(format!("\"{constraint}\"({})", leaf.text));
            slots.push((result, Slot::Variable(leaf, id)));
        }
        for _ in 0..block.temporaries {
            let name = self.scopes.numbered("t");
            self.line(&format!("int32_t {name};"));
            outputs.push(format!("\"=&r\"({name})"));
        }
        let inputs: Vec<String> = inputs.iter().map(|i| format!("\"r\"({i})")).collect();
        // What reads memory stays where it is between stores: a memory clobber alone does not keep a compiler from
        // moving it out of a loop in which its operands do not change.
        let loads = !block.addresses.is_empty();
        let qualifier = if loads { " volatile" } else { "" };
        self.line(&format!("__asm__{qualifier}("));
        self.indent += 1;
        for (i, line) in block.lines.iter().enumerate() {
            let text: String = line
                .iter()
                .map(|p| match p {
                    Part::Text(t) => t.clone(),
                    Part::Register(r) => format!("%{r}"),
                })
                .collect();
            let end = if i + 1 < block.lines.len() {
                "\\n\\t"
            } else {
                ""
            };
            self.line(&format!("\"{text}{end}\""));
        }
        if block.lines.is_empty() {
            self.line("\"\"");
        }
        let list = |items: &[String], head: &str| super::text::wrapped(head, items);
        let head = format!("{}: ", "    ".repeat(self.indent));
        let (outputs, inputs) = (list(&outputs, &head), list(&inputs, &head));
        self.line(&format!(": {outputs}"));
        if loads {
            self.line(&format!(": {inputs}"));
            self.line(": \"memory\");");
        } else {
            self.line(&format!(": {inputs});"));
        }
        self.indent -= 1;
        self.slots.extend(slots);
        Ok(())
    }

    /// Declares a variable for a word.
    fn word(&mut self, base: &str, v: ValueId, value: Option<&Expr>) -> (Expr, u32) {
        let ty = self.m().value_type(v);
        let (leaf, id) = self.new_variable(base, true, ty, CType::I32);
        match value {
            Some(e) => {
                let text = e.to(CType::I32).text;
                self.line(&format!("int32_t {} = {text};", leaf.text));
            }
            None => self.line(&format!("int32_t {};", leaf.text)),
        }
        (leaf, id)
    }
}
