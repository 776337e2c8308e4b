//! The ops, dialect by dialect.

use super::{GENERATED, table, title};
use ir::{Arity, AttrSpec, DialectRegistry, OpInfo, Traits, ValueSpec};

/// The page of all registered ops.
pub fn ops(registry: &DialectRegistry) -> String {
    let dialects = registry.dialects();
    let links: Vec<String> = dialects.iter().map(|d| format!("[{d}](#{d})")).collect();
    let mut text = format!(
        "{GENERATED}\n# Ops\n\nDialects: {}.\n\n\
         *Operands* and *results* come in this order; `optional` may be missing, `any number` ends its list. *Attributes* are inherent: they \
         stand in `<{{…}}>`, and no others may. Any op may have further ones of a dialect's own, in `{{…}}`.\n\n",
        links.join(", ")
    );
    for d in dialects {
        text += &dialect(registry, d);
    }
    text
}

/// The section of one dialect, a heading of the second level.
pub fn dialect(registry: &DialectRegistry, name: &str) -> String {
    let mut text = format!("## {name}\n\n");
    let prefix = format!("{name}.");
    for info in registry.ops().filter(|o| o.name.starts_with(&prefix)) {
        text += &op(info, &registry.interfaces_of(&info.name));
    }
    text
}

fn op(info: &OpInfo, interfaces: &[&str]) -> String {
    let mut text = format!("### {}\n\n{}\n\n", info.name, docs(info));
    let mut rows = Vec::new();
    rows.extend(info.operands.iter().map(|v| value("operand", v)));
    rows.extend(info.results.iter().map(|v| value("result", v)));
    rows.extend(info.attrs.iter().map(attribute));
    if !rows.is_empty() {
        text += &table(&["", "name", "what"], &rows);
        text.push('\n');
    }
    let mut facts = traits(info.traits);
    match info.regions {
        0 => {}
        1 => facts.push("one region".to_owned()),
        n => facts.push(format!("{n} regions")),
    }
    if !interfaces.is_empty() {
        facts.push(format!("interfaces: {}", interfaces.join(", ")));
    }
    if !facts.is_empty() {
        text += &format!("*{}*\n\n", facts.join("; "));
    }
    text
}

/// The documentation, without the space that each line of a doc comment begins with and the op's name, which is the heading.
fn docs(info: &OpInfo) -> String {
    let lines: Vec<&str> = info
        .docs
        .lines()
        .map(|l| l.strip_prefix(' ').unwrap_or(l))
        .collect();
    let text = lines.join("\n");
    let text = text.trim();
    match text.strip_prefix(&format!("`{}`: ", info.name)) {
        Some(rest) => title(rest),
        None => text.to_owned(),
    }
}

fn value(role: &str, spec: &ValueSpec) -> Vec<String> {
    let what = spec.kind.describe();
    let what = match spec.arity {
        Arity::One => what.to_owned(),
        Arity::Opt => format!("{what}; optional"),
        Arity::Many => format!("{what}; any number"),
    };
    vec![role.to_owned(), format!("`{}`", spec.name), what]
}

fn attribute(spec: &AttrSpec) -> Vec<String> {
    let what = spec.kind.describe().replace('<', "\\<");
    let what = match spec.required {
        true => what,
        false => format!("{what}; optional"),
    };
    vec!["attribute".to_owned(), format!("`{}`", spec.name), what]
}

fn traits(t: Traits) -> Vec<String> {
    let all = [
        (t.pure, "pure"),
        (t.terminator, "ends a block"),
        (t.symbol, "defines a symbol"),
        (t.isolated, "its regions see no values from outside"),
        (t.same_type, "operands and results have one type"),
        (t.commutative, "the operands may change places"),
        (t.constant, "a constant"),
    ];
    let holding = all.iter().filter(|(holds, _)| *holds);
    holding.map(|(_, words)| (*words).to_owned()).collect()
}
