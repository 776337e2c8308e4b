//! Diagnostics that a text says it provokes: `// expected-error@+1 {{part of the message}}`.
//!
//! | annotation | the diagnostic is |
//! |---|---|
//! | `expected-error {{…}}`, `-warning`, `-remark` | on this line |
//! | `…@+N`, `…@-N` | N lines below or above |
//! | `…@above`, `…@below` | on the nearest line above or below that is no annotation |
//! | `…@unknown` | nowhere in this text |
//!
//! A diagnostic that no annotation expects is a mismatch, and so is an annotation that no diagnostic meets; but remarks count only where
//! the text has an `expected-remark`. The text in braces is part of the diagnostic's code, message, notes or help.

use ir::{Diagnostic, Severity};

/// One thing that is not as the text says.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Mismatch {
    /// The line, from 1, if it is one of the text.
    pub line: Option<usize>,
    /// What is wrong.
    pub message: String,
}

struct Expected {
    severity: Severity,
    /// The annotation's own line.
    at: usize,
    /// Where the diagnostic is to be; `None` for nowhere in the text.
    line: Option<usize>,
    text: String,
    met: bool,
}

/// Compares diagnostics with the annotations of a text; `file` is the text's name in their locations. No mismatch, no complaint.
pub fn check_expectations<'d>(
    source: &str,
    file: &str,
    diagnostics: impl IntoIterator<Item = &'d Diagnostic>,
) -> Vec<Mismatch> {
    let (mut expected, mut mismatches) = read(source);
    let remarks = expected.iter().any(|e| e.severity == Severity::Remark);
    for d in diagnostics {
        if d.severity == Severity::Remark && !remarks {
            continue;
        }
        let line = line_of(d, file);
        let met = expected.iter_mut().find(|e| {
            !e.met && e.severity == d.severity && e.line == line && d.to_string().contains(&e.text)
        });
        match met {
            Some(e) => e.met = true,
            None => mismatches.push(Mismatch {
                line,
                message: format!("unexpected {}[{}]: {}", word(d.severity), d.code, d.message),
            }),
        }
    }
    for e in expected.iter().filter(|e| !e.met) {
        let place = match e.line {
            Some(line) => format!("on line {line}"),
            None => "outside of the text".to_owned(),
        };
        mismatches.push(Mismatch {
            line: Some(e.at),
            message: format!(
                "expected {} \"{}\" {place} was not produced",
                word(e.severity),
                e.text
            ),
        });
    }
    mismatches.sort_by_key(|m| m.line);
    mismatches
}

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Remark => "remark",
    }
}

/// The line of a location `file:line:column`.
fn line_of(d: &Diagnostic, file: &str) -> Option<usize> {
    let place = d.location.as_ref()?.strip_prefix(file)?.strip_prefix(':')?;
    place.split(':').next()?.parse().ok()
}

fn is_annotation(line: &str) -> bool {
    line.trim_start().starts_with("//") && line.contains("expected-")
}

fn read(source: &str) -> (Vec<Expected>, Vec<Mismatch>) {
    let lines: Vec<&str> = source.lines().collect();
    let (mut expected, mut wrong) = (Vec::new(), Vec::new());
    for (i, line) in lines.iter().enumerate() {
        let Some((_, comment)) = line.split_once("//") else {
            continue;
        };
        let mut rest = comment;
        while let Some(at) = rest.find("expected-") {
            rest = &rest[at + "expected-".len()..];
            match annotation(&mut rest, &lines, i) {
                Ok(e) => expected.push(e),
                Err(message) => wrong.push(Mismatch {
                    line: Some(i + 1),
                    message,
                }),
            }
        }
    }
    (expected, wrong)
}

/// Reads what follows `expected-` on line `i` (from 0), and moves `rest` behind it.
fn annotation(rest: &mut &str, lines: &[&str], i: usize) -> Result<Expected, String> {
    let severities = [
        ("error", Severity::Error),
        ("warning", Severity::Warning),
        ("remark", Severity::Remark),
    ];
    let known = severities
        .iter()
        .find_map(|(w, s)| rest.strip_prefix(w).map(|r| (*s, r)));
    let Some((severity, after)) = known else {
        return Err("`expected-` wants `error`, `warning` or `remark`".to_owned());
    };
    let Some((place, after)) = after.split_once("{{") else {
        return Err("the annotation has no `{{text}}`".to_owned());
    };
    let Some((text, after)) = after.split_once("}}") else {
        return Err("`{{` of the annotation is not closed".to_owned());
    };
    *rest = after;
    let place = place.trim();
    let line = match place.strip_prefix('@') {
        None if place.is_empty() => Some(i + 1),
        Some("unknown") => None,
        Some("above") => lines[..i]
            .iter()
            .rposition(|l| !is_annotation(l))
            .map(|n| n + 1),
        Some("below") => (i + 1..lines.len())
            .find(|&n| !is_annotation(lines[n]))
            .map(|n| n + 1),
        Some(offset) => {
            let n: Option<i64> = offset.parse().ok();
            let line = n.and_then(|n| usize::try_from(i as i64 + 1 + n).ok());
            Some(line.ok_or_else(|| format!("`@{offset}` is no place of a line"))?)
        }
        None => return Err(format!("`{place}` stands before `{{{{`")),
    };
    Ok(Expected {
        severity,
        at: i + 1,
        line,
        text: text.to_owned(),
        met: false,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(source: &str, diagnostics: &[(Severity, &str, &str)]) -> Vec<String> {
        let all: Vec<Diagnostic> = diagnostics
            .iter()
            .map(|&(s, at, message)| Diagnostic::new(s, "V001", message).at(at))
            .collect();
        let mismatches = check_expectations(source, "a.mlir", &all);
        mismatches
            .into_iter()
            .map(|m| format!("{}: {}", m.line.unwrap_or(0), m.message))
            .collect()
    }

    #[test]
    fn every_form_of_place() {
        let source = "op // expected-error {{one}}\n// expected-error@+1 {{two}}\nop\nop\n// expected-warning@-1 {{three}}\n\
                      // expected-error@above {{four}}\n// expected-error@below {{five}} expected-error@unknown {{six}}\n// expected-error@+1 {{more}}\nop\n";
        let all = [
            (Severity::Error, "a.mlir:1:1", "one"),
            (Severity::Error, "a.mlir:3:7", "a two b"),
            (Severity::Warning, "a.mlir:4:1", "three"),
            (Severity::Error, "a.mlir:4:1", "four"),
            (Severity::Error, "a.mlir:9:1", "five"),
            (Severity::Error, "layer \"x\"", "six"),
            (Severity::Error, "a.mlir:9:1", "more"),
            (Severity::Remark, "a.mlir:9:1", "nobody asked"),
        ];
        assert_eq!(check(source, &all), [""; 0]);
        // Each of the errors and the warning is needed.
        for i in 0..7 {
            let mut less = all.to_vec();
            less.remove(i);
            assert_eq!(check(source, &less).len(), 1, "{i}");
        }
    }

    #[test]
    fn what_is_not_expected_is_a_mismatch() {
        assert_eq!(
            check("op\nop", &[(Severity::Error, "a.mlir:2:1", "x")]),
            ["2: unexpected error[V001]: x"]
        );
        assert_eq!(
            check("// expected-error@+1 {{x}}\nop", &[]),
            ["1: expected error \"x\" on line 2 was not produced"]
        );
        // Two diagnostics need two annotations, and the severity counts.
        let twice = [(Severity::Error, "a.mlir:1:1", "x"); 2];
        assert_eq!(check("op // expected-error {{x}}", &twice).len(), 1);
        let warning = [(Severity::Warning, "a.mlir:1:1", "x")];
        assert_eq!(check("op // expected-error {{x}}", &warning).len(), 2);
        // Remarks count once one is expected.
        let remarks = [
            (Severity::Remark, "a.mlir:1:1", "x"),
            (Severity::Remark, "a.mlir:1:1", "y"),
        ];
        assert_eq!(check("op", &remarks).len(), 0);
        assert_eq!(check("op // expected-remark {{x}}", &remarks).len(), 1);
    }

    #[test]
    fn malformed_annotations_are_mismatches() {
        for source in [
            "// expected-eror {{x}}",
            "// expected-error x",
            "// expected-error {{x",
            "// expected-error@-5 {{x}}",
            "// expected-error@here {{x}}",
            "// expected-error oops {{x}}",
        ] {
            assert_eq!(check(source, &[]).len(), 1, "{source}");
        }
    }
}
