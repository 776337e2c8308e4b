//! Weights and constant tables: from globals to C arrays.

use crate::comment::comment;
use crate::ctype::{self, CType};
use crate::literal;
use crate::names::{PublicNames, unique};
use ir::dialects::memref;
use ir::{AttrData, Diagnostic, Diagnostics, Module, OpId};
use rustc_hash::{FxHashMap, FxHashSet};
use std::fmt::Write;
use std::sync::Arc;

/// A constant array.
pub(crate) struct Constant {
    pub name: String,
    pub elem: CType,
    pub elements: u64,
    /// Alignment in bytes, where it is more than the element's.
    pub align: Option<u64>,
    /// A linker section other than that of constants.
    pub section: Option<String>,
    /// The target's memory that start-up code copies it into.
    pub pool: Option<String>,
    /// What it is, for a comment.
    pub what: String,
    bytes: Arc<[u8]>,
}

/// The constants of a module, in order, and their names by symbol.
pub(crate) struct Constants {
    pub all: Vec<Constant>,
    by_symbol: FxHashMap<String, usize>,
}

impl Constants {
    pub(crate) fn of(
        m: &Module,
        names: &PublicNames,
        taken: &mut FxHashSet<String>,
    ) -> Result<Constants, Diagnostics> {
        let mut constants = Constants {
            all: Vec::new(),
            by_symbol: FxHashMap::default(),
        };
        let mut errors = Diagnostics::new();
        for g in m
            .ops(m.body())
            .filter_map(|op| memref::GlobalOp::cast(m, op))
        {
            match constant(m, g.0, names, taken) {
                Ok(Some(c)) => {
                    let symbol = m.symbol_name(g.0).unwrap_or_default().to_owned();
                    constants.by_symbol.insert(symbol, constants.all.len());
                    constants.all.push(c);
                }
                Ok(None) => {}
                Err(e) => errors.push(e),
            }
        }
        if errors.has_errors() {
            Err(errors)
        } else {
            Ok(constants)
        }
    }

    /// The constant of a symbol.
    pub(crate) fn get(&self, symbol: &str) -> Option<&Constant> {
        self.by_symbol.get(symbol).map(|&i| &self.all[i])
    }
}

fn constant(
    m: &Module,
    op: OpId,
    names: &PublicNames,
    taken: &mut FxHashSet<String>,
) -> Result<Option<Constant>, Diagnostic> {
    let g = memref::GlobalOp(op);
    let symbol = m.symbol_name(op).unwrap_or_default();
    let at = |d: Diagnostic| match m.describe_loc(m.op_loc(op)) {
        Some(l) => d.at(l),
        None => d,
    };
    let Some(init) = m
        .prop(op, "initial_value")
        .filter(|&a| !matches!(m.attr_data(a), AttrData::Unit))
    else {
        return Ok(None);
    };
    if !g.constant(m) {
        return Err(at(Diagnostic::error(
            "C006",
            format!("@{symbol} has a value but is not constant"),
        )));
    }
    let ty = g.memref_type(m);
    let (Some(elem), Some((_, bytes)), Some(elements)) = (
        ctype::of_memref(m, ty),
        m.attr_elements(init),
        m.num_elements(ty),
    ) else {
        return Err(at(Diagnostic::error(
            "C004",
            format!("@{symbol} has elements that C has not"),
        )));
    };
    let natural = u64::from(elem.bits() / 8);
    let align = g
        .alignment(m)
        .and_then(|a| u64::try_from(a).ok())
        .filter(|&a| a > natural && a.is_power_of_two());
    let section = m
        .discardable(op, "mcu.section")
        .and_then(|a| m.attr_str(a))
        .filter(|&s| s != ".rodata");
    let shape = m
        .type_data(ty)
        .shape()
        .unwrap_or(&[])
        .iter()
        .map(i64::to_string)
        .collect::<Vec<_>>()
        .join("x");
    let layer = m
        .describe_loc(m.op_loc(op))
        .map(|l| format!(" of {l}"))
        .unwrap_or_default();
    Ok(Some(Constant {
        name: unique(&names.constant(symbol), taken),
        elem,
        elements,
        align,
        section: section.map(str::to_owned),
        pool: m
            .discardable(op, "mcu.pool")
            .and_then(|a| m.attr_symbol(a))
            .map(str::to_owned),
        what: comment(&format!("{symbol}{layer}: {shape} {}", elem.name())),
        bytes: bytes.clone(),
    }))
}

/// `const int8_t kws_w3[64]`
fn declarator(c: &Constant) -> String {
    format!("const {} {}[{}]", c.elem.name(), c.name, c.elements.max(1))
}

/// The declaration in the private header.
pub(crate) fn declaration(c: &Constant) -> String {
    format!("extern {};", declarator(c))
}

/// Appends the definition to the data file.
pub(crate) fn define(c: &Constant, names: &PublicNames, out: &mut String) {
    let upper = &names.upper;
    let mut attributes = String::new();
    if let Some(a) = c.align {
        attributes.push_str(&format!("{upper}_ALIGN({a}) "));
    }
    match (&c.pool, &c.section) {
        (Some(pool), _) => attributes.push_str(&format!("{} ", names.data_section(pool))),
        (None, Some(s)) => {
            attributes.push_str(&format!("{upper}_SECTION({}) ", crate::comment::string(s)));
        }
        (None, None) => attributes.push_str(&format!("{upper}_DATA_ATTR ")),
    }
    out.push_str(&format!(
        "\n/* {} */\n{attributes}{} = {{\n",
        c.what,
        declarator(c)
    ));
    rows(c.elem, &c.bytes, out);
    out.push_str("};\n");
}

/// Appends elements as the rows of an initialiser.
pub(crate) fn rows(elem: CType, bytes: &[u8], out: &mut String) {
    let size = (elem.bits() / 8) as usize;
    let (columns, width) = match elem {
        CType::I8 => (16, 4),
        CType::I16 => (12, 6),
        CType::I32 => (8, 11),
        CType::I64 => (3, 30),
        _ => (6, 18),
    };
    out.reserve(bytes.len() / size * (width + 2) + 16);
    if bytes.is_empty() {
        out.push_str("    0\n");
    }
    let mut text = String::with_capacity(32);
    for row in bytes.chunks(columns * size) {
        out.push_str("   ");
        for element in row.chunks_exact(size) {
            text.clear();
            value(elem, element, &mut text);
            for _ in text.len()..width + 1 {
                out.push(' ');
            }
            out.push_str(&text);
            out.push(',');
        }
        out.push('\n');
    }
}

/// One element, little endian.
fn value(elem: CType, bytes: &[u8], text: &mut String) {
    let word = bytes.iter().rev().fold(0u64, |w, &b| w << 8 | u64::from(b));
    let written = match elem {
        CType::I8 => write!(text, "{}", word as i8),
        CType::I16 => write!(text, "{}", word as i16),
        CType::I32 if word as u32 == 1 << 31 => write!(text, "INT32_MIN"),
        CType::I32 => write!(text, "{}", word as i32),
        CType::I64 if word == 1 << 63 => write!(text, "INT64_MIN"),
        CType::I64 if (word as i64) < 0 => {
            write!(text, "-INT64_C({})", (word as i64).unsigned_abs())
        }
        CType::I64 => write!(text, "INT64_C({word})"),
        CType::F64 => write!(text, "{}", literal::f64_text(f64::from_bits(word))),
        _ => write!(text, "{}", literal::f32_text(f32::from_bits(word as u32))),
    };
    written.expect("invariant: writing to a String succeeds");
}
