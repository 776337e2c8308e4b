//! Calls of external functions.

use super::Printer;
use super::text::wrapped;
use crate::expr::UNARY;
use crate::literal;
use ir::dialects::mcu::{CallExternOp, ExternValue, Returned};
use ir::{Diagnostic, OpId, ValueId};

impl Printer<'_> {
    /// The call, its constant arguments in front of it; a status other than 0 ends the function.
    pub(super) fn call_extern(&mut self, op: OpId) -> Result<(), Diagnostic> {
        let m = self.m();
        let call = CallExternOp(op);
        for (v, role) in call.operand_roles(m) {
            if role.is_written() {
                self.check_writable(op, v)?;
            }
        }
        let buffers: Vec<ValueId> = m.operands(op).collect();
        let values = call.values(m).map_err(|why| self.error("C003", op, &why))?;
        self.flush_loads()?;
        if m.symbol_name(self.func) == Some("main") {
            let layer = m.describe_loc(m.op_loc(op)).unwrap_or_default();
            self.remark(&layer);
        }
        let mut arguments = Vec::new();
        for value in &values {
            arguments.push(self.argument(op, &buffers, value)?);
        }
        let callee = call.callee(m);
        match call.returned(m) {
            Some(Returned::Status) => self.fallible_call(&callee, &arguments),
            _ => {
                let head = format!("{}{callee}(", "    ".repeat(self.indent));
                let list = wrapped(&head, &arguments);
                self.line(&format!("{callee}({list});"));
            }
        }
        Ok(())
    }

    /// A call whose result is 0 or ends this function too.
    pub(super) fn fallible_call(&mut self, callee: &str, arguments: &[String]) {
        let head = format!("{}if ({callee}(", "    ".repeat(self.indent));
        let list = wrapped(&head, arguments);
        self.line(&format!("if ({callee}({list}) != 0) {{"));
        self.line(&format!("    return {}_ERROR_KERNEL;", self.cx.upper));
        self.line("}");
    }

    fn argument(
        &mut self,
        op: OpId,
        buffers: &[ValueId],
        value: &ExternValue,
    ) -> Result<String, Diagnostic> {
        let (name, declared, members) = match value {
            ExternValue::Struct { ty, .. } => {
                let name = self.scopes.numbered(last_word(ty));
                let members = self.members(op, buffers, value)?;
                (name.clone(), format!("{ty} {name}"), members)
            }
            ExternValue::Array { ty, .. } => {
                let name = self.scopes.numbered("values");
                let members = self.members(op, buffers, value)?;
                (name.clone(), format!("{ty} {name}[]"), members)
            }
            _ => return self.initializer(op, buffers, value),
        };
        // An address in the arena is no constant expression.
        let storage = if has_buffer(value) { "" } else { "static " };
        let head = format!("{storage}const {declared} = {{");
        let indented = format!("{}{head}", "    ".repeat(self.indent));
        let list = wrapped(&indented, &members);
        self.line(&format!("{head}{list}}};"));
        Ok(match value {
            ExternValue::Struct { .. } => format!("&{name}"),
            _ => name,
        })
    }

    /// What stands in the braces of an array or struct.
    fn members(
        &self,
        op: OpId,
        buffers: &[ValueId],
        value: &ExternValue,
    ) -> Result<Vec<String>, Diagnostic> {
        match value {
            ExternValue::Array { values, .. } => {
                Ok(values.iter().map(|&v| literal::int(v).text).collect())
            }
            ExternValue::Struct { fields, .. } => fields
                .iter()
                .map(|(name, value)| {
                    Ok(format!(
                        ".{name} = {}",
                        self.initializer(op, buffers, value)?
                    ))
                })
                .collect(),
            _ => Ok(vec![self.initializer(op, buffers, value)?]),
        }
    }

    fn initializer(
        &self,
        op: OpId,
        buffers: &[ValueId],
        value: &ExternValue,
    ) -> Result<String, Diagnostic> {
        Ok(match value {
            ExternValue::Null => "NULL".to_owned(),
            ExternValue::Scalar { value, .. } => literal::int(*value).text,
            ExternValue::Buffer { operand, cast } => {
                let &v = buffers
                    .get(*operand)
                    .ok_or_else(|| self.error("C003", op, "an argument names no operand"))?;
                let pointer = self.pointer(op, v)?;
                match cast {
                    None => pointer.text,
                    Some(ty) if pointer.prec >= UNARY => format!("({ty}){}", pointer.text),
                    Some(ty) => format!("({ty})({})", pointer.text),
                }
            }
            ExternValue::Array { .. } | ExternValue::Struct { .. } => {
                format!("{{{}}}", self.members(op, buffers, value)?.join(", "))
            }
        })
    }
}

/// `dims` of `struct acme_dims`: what a variable of the type may be called. Never empty.
fn last_word(ty: &str) -> &str {
    let words = ty.trim_end_matches("_t").rsplit(['_', ' ']);
    let mut named = words.filter(|w| w.starts_with(|c: char| c.is_ascii_lowercase()));
    named.next().unwrap_or("values")
}

fn has_buffer(value: &ExternValue) -> bool {
    match value {
        ExternValue::Buffer { .. } => true,
        ExternValue::Struct { fields, .. } => fields.iter().any(|f| has_buffer(&f.1)),
        _ => false,
    }
}
