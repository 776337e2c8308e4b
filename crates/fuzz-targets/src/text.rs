//! The text parser: any text is a module or errors that stand inside of it; a module's text is stable.

use crate::Outcome;
use crate::session::compiler;
use ir::text::{ParseOptions, parse, print_module};
use ir::{Diagnostics, Module, OpId, WalkOrder};
use std::collections::BTreeSet;

/// The name of the text in locations and errors.
const FILE: &str = "fuzz.mlir";

/// Parses, prints, parses and prints again.
///
/// # Panics
/// If an error stands outside of the text, if what was printed is not read or is printed otherwise, or if the verifier judges the two
/// modules differently.
pub fn text(data: &[u8]) -> Outcome {
    let Ok(text) = std::str::from_utf8(data) else {
        return Outcome::refused_because("no UTF-8");
    };
    let strict = read(text, false);
    let m = match read(text, true) {
        Ok(m) => m,
        Err(errors) => {
            assert!(
                strict.is_err(),
                "what is unregistered is allowed, and that makes an error:\n{errors}"
            );
            check_places(text, &errors);
            return Outcome::refused(&errors);
        }
    };
    if let Err(errors) = &strict {
        check_places(text, errors);
    }
    let printed = print_module(&m);
    let again = match read(&printed, true) {
        Ok(again) => again,
        Err(errors) => panic!("what was printed is not read:\n{errors}\n{printed}"),
    };
    let second = print_module(&again);
    assert!(
        second == printed,
        "the text is not stable:\n{printed}\nthen:\n{second}"
    );
    let sound = ir::verify::verify(&m).is_ok();
    let sound_again = ir::verify::verify(&again).is_ok();
    assert_eq!(
        sound, sound_again,
        "the verifier judges the copy differently:\n{printed}"
    );
    Outcome::accepted((sound, strict.is_ok(), names(&m)))
}

/// The module of a text.
pub(crate) fn read(text: &str, allow_unregistered: bool) -> Result<Module, Diagnostics> {
    let options = ParseOptions { allow_unregistered };
    let dialects = compiler().registry().dialects().clone();
    parse(text, FILE, dialects, &options)
}

/// The names of a module's ops.
pub(crate) fn names(m: &Module) -> BTreeSet<String> {
    let ops: Vec<OpId> = m.walk(m.root(), WalkOrder::Pre);
    ops.into_iter().map(|op| m.op_name(op).to_owned()).collect()
}

/// Every error says a place of the text and shows its line.
fn check_places(text: &str, errors: &Diagnostics) {
    assert!(errors.has_errors(), "refused without an error");
    let lines: Vec<&str> = text.split('\n').collect();
    for d in errors.iter() {
        let place = d.location.as_deref().unwrap_or_default();
        let numbers = place
            .strip_prefix("fuzz.mlir:")
            .and_then(|p| p.split_once(':'));
        let numbers =
            numbers.and_then(|(l, c)| Some((l.parse::<usize>().ok()?, c.parse::<usize>().ok()?)));
        let Some((line, column)) = numbers else {
            panic!("no place in the text: {d}");
        };
        let inside =
            (1..=lines.len()).contains(&line) && (1..=lines[line - 1].len() + 1).contains(&column);
        assert!(inside, "outside of the text: {d}");
        assert!(d.excerpt.is_some(), "without the line: {d}");
        assert!(!d.to_string().is_empty());
    }
}
