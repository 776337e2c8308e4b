//! `--list-passes`, `--list-dialects`, `--list-patterns`, `--list-rules`, `--explain`, `--statistics`.

use crate::cli::table::{Table, number};
use crate::{Compiler, PipelineOptions, codes};
use anyhow::bail;
use pass::{ExtensionPoint, Statistics};

/// The passes with their options, and the default pipeline.
pub fn passes(compiler: &Compiler) -> String {
    let mut text = String::new();
    for p in compiler.registry().passes() {
        text += &format!("{} (on {})\n    {}\n", p.name, p.anchor, p.summary);
        for o in &p.options {
            let default = match o.default.as_str() {
                "" => String::new(),
                d => format!(" [default: {d}]"),
            };
            text += &format!("    {}={}: {}{default}\n", o.name, o.values, o.summary);
        }
    }
    let points: Vec<&str> = ExtensionPoint::ALL.iter().map(|p| p.name()).collect();
    text += &format!(
        "\nThe default pipeline:\n    {}\nIts extension points: {}\n",
        compiler.default_pipeline(&PipelineOptions::default()),
        points.join(", ")
    );
    text
}

/// The dialects, their ops, and what is known of each.
pub fn dialects(compiler: &Compiler) -> String {
    let registry = compiler.registry().dialects();
    let mut text = String::new();
    for dialect in registry.dialects() {
        text += &format!("{dialect}\n");
        let prefix = format!("{dialect}.");
        for op in registry.ops().filter(|o| o.name.starts_with(&prefix)) {
            let interfaces = registry.interfaces_of(&op.name);
            text += &match interfaces.is_empty() {
                true => format!("    {}\n", op.name),
                false => format!("    {} ({})\n", op.name, interfaces.join(", ")),
            };
        }
    }
    text
}

/// The rewrite patterns.
pub fn patterns(compiler: &Compiler) -> String {
    let mut table = Table::new(&["pattern", "on", "equation"]);
    for p in compiler.registry().patterns() {
        table.row(vec![
            p.name().to_owned(),
            p.root().unwrap_or("any op").to_owned(),
            p.equation().to_owned(),
        ]);
    }
    table.text()
}

/// The rewrite rules of networks.
pub fn rules(compiler: &Compiler) -> String {
    let mut table = Table::new(&["rule", "family", "soundness", "equation", "if"]);
    for r in passes::egraph::rules::all() {
        table.row(vec![
            r.name.to_owned(),
            r.family.to_owned(),
            r.soundness.name().to_owned(),
            r.equation.to_owned(),
            r.condition.to_owned(),
        ]);
    }
    for r in compiler.registry().rewrite_rules() {
        table.row(vec![
            r.name().to_owned(),
            "registered".to_owned(),
            if r.is_fast() { "fast" } else { "exact" }.to_owned(),
            r.equation().to_owned(),
            r.condition().to_owned(),
        ]);
    }
    table.text()
}

/// What a code means, and a text that provokes it.
pub fn explain(code: &str) -> anyhow::Result<String> {
    if let Some((part, meaning)) = codes::explain(code) {
        let mut text = format!("{code} ({part}): {meaning}\n");
        if let Some(example) = codes::example(code) {
            text += &format!("\nFor example, {}:\n\n", example.path);
            for line in example.text.lines() {
                text += format!("    {line}").trim_end();
                text.push('\n');
            }
        }
        return Ok(text);
    }
    let known = codes::LISTS.iter().flat_map(|l| l.codes).map(|(c, _)| *c);
    match target::nearest(code, known) {
        Some(near) => bail!("there is no code `{code}`; did you mean `{near}`?"),
        None => bail!("there is no code `{code}`; docs/diagnostics.md lists them"),
    }
}

/// What passes counted.
pub fn statistics(statistics: &Statistics, fuel: u64) -> String {
    let mut table = Table::new(&["pass", ">count", "of"]);
    for (pass, what, n) in statistics.iter() {
        table.row(vec![pass.to_owned(), number(n), what.to_owned()]);
    }
    table.text() + &format!("optional changes (fuel): {}", number(fuel))
}
