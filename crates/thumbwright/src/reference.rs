//! Reference pages in Markdown, written from what is registered: ops, passes, diagnostics.
//!
//! Thumbwright's own are `docs/ops.md`, `docs/passes.md` and `docs/diagnostics.md`. A vendor writes pages of its dialect and passes in the
//! same way, and checks in a test that they are up to date:
//!
//! ```
//! use thumbwright::{Compiler, reference};
//!
//! ir::define_op! {
//!     /// `acme.scale`: multiplies by a constant.
//!     pub struct ScaleOp = "acme.scale" {
//!         traits: { pure },
//!         operands: { input: one Tensor },
//!         results: { output: one Tensor },
//!         attrs: { factor: req Float },
//!     }
//! }
//!
//! let compiler = Compiler::builder()?
//!     .register(|r| {
//!         r.dialects.op(ScaleOp::info())?;
//!         Ok(())
//!     })?
//!     .build();
//! let page = reference::dialect(compiler.registry().dialects(), "acme");
//! assert!(page.starts_with("## acme\n\n### acme.scale\n\nMultiplies by a constant.\n"));
//! # Ok::<(), pass::RegistryError>(())
//! ```

mod diagnostics;
mod ops;
mod passes;

pub use diagnostics::diagnostics;
pub use ops::{dialect, ops};
pub use passes::passes;

/// What a page of Thumbwright's own says about itself.
const GENERATED: &str =
    "<!-- Written by `BLESS=1 cargo test -p thumbwright --test reference`. -->\n";

/// A table in Markdown; `|` in cells is escaped.
fn table(head: &[&str], rows: &[Vec<String>]) -> String {
    let line = |cells: Vec<String>| format!("| {} |\n", cells.join(" | "));
    let mut text = line(head.iter().map(|h| (*h).to_owned()).collect());
    text += &line(vec!["---".to_owned(); head.len()]);
    for row in rows {
        text += &line(row.iter().map(|c| c.replace('|', "\\|")).collect());
    }
    text
}

/// With a capital.
fn title(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some(first) => first.to_uppercase().chain(chars).collect(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn cells_do_not_break_tables() {
        let text = super::table(&["a", "b"], &[vec!["x|y".to_owned(), String::new()]]);
        assert_eq!(text, "| a | b |\n| --- | --- |\n| x\\|y |  |\n");
    }
}
