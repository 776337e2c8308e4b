//! `report.json` and its documentation say the same.

use crate::toy;
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use thumbwright::CompileOptions;
use thumbwright::report::{Measurements, OverlapReport, Report, SCHEMA, SCHEMA_VERSION};

/// The documented types by field.
fn documented() -> BTreeMap<String, String> {
    let text = std::fs::read_to_string("../../docs/report-schema.md").unwrap();
    let rows = text.lines().filter_map(|line| {
        let mut cells = line.trim_matches('|').split(" | ").map(str::trim);
        let field = cells.next()?.strip_prefix('`')?.strip_suffix('`')?;
        Some((field.to_owned(), cells.next()?.to_owned()))
    });
    rows.collect()
}

/// Checks `value` against the documented `kind`, and the fields of objects in it against the rows below `path`.
fn check(
    path: &str,
    kind: &str,
    value: &Value,
    doc: &BTreeMap<String, String>,
    seen: &mut BTreeSet<String>,
) {
    let (kind, nullable) = match kind.strip_suffix(" or null") {
        Some(kind) => (kind, true),
        None => (kind, false),
    };
    if value.is_null() {
        assert!(nullable, "{path} is null, documented as {kind}");
        return;
    }
    if let Some(element) = kind.strip_prefix("list of ") {
        let element = element.trim_end_matches('s');
        for v in value
            .as_array()
            .unwrap_or_else(|| panic!("{path} is no list"))
        {
            check(&format!("{path}[]"), element, v, doc, seen);
        }
        return;
    }
    let fits = match kind {
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_u64() || (value.is_i64() && path.ends_with("zero_points[]")),
        "number" => value.is_number(),
        "object" | "tensor" | "buffer" => value.is_object(),
        _ => panic!("{path}: the documentation has the unknown type {kind}"),
    };
    assert!(fits, "{path}: {value} is no {kind}");
    for (name, v) in value.as_object().into_iter().flatten() {
        let own = if path.is_empty() {
            name.clone()
        } else {
            format!("{path}.{name}")
        };
        let shared = format!("{kind}.{name}");
        let row = [own.clone(), shared]
            .into_iter()
            .find(|r| doc.contains_key(r));
        let row = row.unwrap_or_else(|| panic!("{own} is not documented"));
        check(&own, &doc[&row], v, doc, seen);
        seen.insert(row);
    }
}

fn parsed(report: &Report) -> Value {
    serde_json::from_str(&report.json()).unwrap()
}

#[test]
fn every_field_is_documented_and_every_documented_field_is_there() {
    let doc = documented();
    assert!(doc.len() > 80, "the tables are read: {}", doc.len());
    let compiled = toy::compile("digits_int8.tflite", &toy::digits());
    let mut full = Report::of(&compiled, &toy::measurements(&compiled));
    full.memory.overlaps.push(OverlapReport {
        result: "b".to_owned(),
        operand: "a".to_owned(),
        step: 1,
        arena: "arena".to_owned(),
        offset: 0,
        bytes: 4,
    });
    let mut seen = BTreeSet::new();
    check("", "object", &parsed(&full), &doc, &mut seen);
    // The elements of `remarks[].notes` and the like need no rows of their own; every row is a field.
    let missing: Vec<&String> = doc.keys().filter(|field| !seen.contains(*field)).collect();
    assert!(
        missing.is_empty(),
        "documented, but not in report.json: {missing:?}"
    );

    check(
        "",
        "object",
        &parsed(&Report::of(&compiled, &Measurements::default())),
        &doc,
        &mut seen,
    );
    let mut options = CompileOptions::for_target("cortex-m4");
    options.tuning.io = thumbwright::Io::Caller;
    let compiled = toy::compile_with("digits_int8.tflite", &toy::digits(), &options);
    check(
        "",
        "object",
        &parsed(&Report::of(&compiled, &Measurements::default())),
        &doc,
        &mut seen,
    );
}

#[test]
fn fields_come_in_the_documented_order_of_the_top_level() {
    let text = std::fs::read_to_string("../../docs/report-schema.md").unwrap();
    let fields: Vec<&str> = text
        .lines()
        .filter_map(|l| l.strip_prefix("| `")?.split('`').next())
        .filter(|f| !f.contains('.'))
        .collect();
    let compiled = toy::compile("digits_int8.tflite", &toy::digits());
    let json = Report::of(&compiled, &Measurements::default()).json();
    let at: Vec<usize> = fields
        .iter()
        .map(|f| json.find(&format!("\n  \"{f}\":")).unwrap())
        .collect();
    assert!(at.is_sorted(), "{fields:?}");
    assert!(json.starts_with("{\n") && json.ends_with("}\n"));
}

#[test]
fn the_version_is_the_documents() {
    let text = std::fs::read_to_string("../../docs/report-schema.md").unwrap();
    assert!(text.starts_with(&format!("# `report.json`, version {SCHEMA_VERSION}\n")));
    assert!(text.contains(&format!("| `schema` | string | `{SCHEMA}` |")));
}
