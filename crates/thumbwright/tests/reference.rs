//! The pages that are written from the registry are up to date; `BLESS=1` writes them.
#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;
use thumbwright::{Compiler, codes, reference};

fn check(name: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../docs")
        .join(name);
    if std::env::var_os("BLESS").is_some_and(|v| v == "1") {
        std::fs::write(&path, text).unwrap();
    }
    let found = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(found == text, "docs/{name} is stale: BLESS=1 rewrites it");
}

#[test]
fn ops() {
    let compiler = Compiler::new().unwrap();
    let text = reference::ops(compiler.registry().dialects());
    for op in compiler.registry().dialects().ops() {
        assert!(text.contains(&format!("\n### {}\n", op.name)));
    }
    check("ops.md", &text);
}

#[test]
fn passes() {
    let compiler = Compiler::new().unwrap();
    check("passes.md", &reference::passes(compiler.registry()));
}

#[test]
fn diagnostics() {
    check(
        "diagnostics.md",
        &reference::diagnostics(&codes::LISTS, codes::example),
    );
}
