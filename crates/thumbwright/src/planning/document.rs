//! A problem, with or without its plan, as JSON; `docs/memory-planning.md` documents the fields.

mod entries;

use std::collections::HashMap;

use serde::de::DeserializeOwned;
use usmp::{BufferKind, Liveness, Outcome, Overlap, Plan, Problem, ProblemError, ProblemErrors};

use entries::{BufferEntry, Document, OverlapEntry, PlanEntry, PoolEntry};

/// The value of `schema`.
pub const SCHEMA: &str = "thumbwright.plan";
/// The value of `version`. It changes when a field goes or changes its meaning.
pub const SCHEMA_VERSION: u32 = 1;

/// The name of the only memory, where nobody gives it one.
const POOL: &str = "arena";
/// Reading stops after this many errors.
const MAX_ERRORS: usize = 100;

/// What a document states.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Planned {
    /// The problem.
    pub problem: Problem,
    /// The plan, unchecked, if every buffer has an offset.
    pub plan: Option<Plan>,
}

/// One reason why a text is not a planning problem.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum DocumentError {
    /// It is no JSON, or JSON of another shape.
    #[error("line {line}, column {column}: {message}")]
    Json {
        /// Number of the line, from 1.
        line: usize,
        /// Number of the byte in the line, from 1.
        column: usize,
        /// What is wrong.
        message: String,
    },
    /// A value is not possible.
    #[error("{path}: {message}")]
    Value {
        /// Where the value is, such as `buffers[3].align`.
        path: String,
        /// What is wrong.
        message: String,
    },
}

/// The document of a problem and what an algorithm made of it: indented, in the order of the fields, deterministic.
pub fn write(problem: &Problem, algorithm: &str, outcome: &Outcome) -> String {
    let buffers = problem.buffers();
    let name = |index: usize| buffers[index].name.clone();
    let offsets = outcome.plan().offsets();
    let document = Document {
        schema: SCHEMA.to_owned(),
        version: SCHEMA_VERSION,
        pools: vec![PoolEntry {
            name: POOL.to_owned(),
            size: problem.capacity(),
        }],
        buffers: buffers
            .iter()
            .enumerate()
            .map(|(index, b)| BufferEntry {
                name: b.name.clone(),
                size: b.size,
                align: b.align,
                start: b.start,
                end: b.end,
                kind: b.kind.name().to_owned(),
                pool: Some(POOL.to_owned()),
                fixed: problem.fixed_offset(index),
                offset: offsets.get(index).copied(),
            })
            .collect(),
        overlaps: problem
            .overlaps()
            .map(|o| OverlapEntry {
                result: name(o.result),
                operand: name(o.operand),
                lead: o.lead,
            })
            .collect(),
        conflicts: problem
            .stated_conflicts()
            .map(|(a, b)| [name(a), name(b)])
            .collect(),
        plan: Some(PlanEntry {
            algorithm: algorithm.to_owned(),
            height: outcome.plan().height(),
            liveness_bound: Liveness::of(problem).bound(),
            lower_bound: outcome.lower_bound(),
            gap: outcome.gap(),
            optimal: outcome.is_optimal(),
            nodes: outcome.nodes(),
        }),
    };
    let text = serde_json::to_string_pretty(&document);
    text.expect("invariant: strings and numbers are JSON") + "\n"
}

/// Reads a document.
///
/// Needed are `buffers`, each with `name`, `size`, `start` and `end`. What the field `plan` says is read over: it follows from
/// the offsets.
///
/// # Errors
/// That it is no JSON of this shape, or every value that is not possible, up to 100.
pub fn read(text: &str) -> Result<Planned, Vec<DocumentError>> {
    let document: Document = parse(text).map_err(|e| vec![e])?;
    let mut errors = Vec::new();
    let mut add = |path: String, message: String| {
        if errors.len() < MAX_ERRORS {
            errors.push(DocumentError::Value { path, message });
        }
    };
    if document.schema != SCHEMA {
        add("schema".to_owned(), format!("it is not \"{SCHEMA}\""));
    }
    if document.version != SCHEMA_VERSION {
        add("version".to_owned(), format!("it is not {SCHEMA_VERSION}"));
    }
    let pool = match &document.pools[..] {
        [] => None,
        [pool] => Some(pool),
        _ => {
            let message = "several memories; a plan read from a file has one".to_owned();
            add("pools".to_owned(), message);
            None
        }
    };
    let pool_name = pool.map_or(POOL, |p| &p.name);
    for (i, b) in document.buffers.iter().enumerate() {
        if kind(&b.kind).is_none() {
            add(format!("buffers[{i}].kind"), kinds());
        }
        let named = b.pool.as_deref().unwrap_or(pool_name);
        if document.pools.len() < 2 && named != pool_name {
            let message = format!("there is no memory \"{named}\"; there is \"{pool_name}\"");
            add(format!("buffers[{i}].pool"), message);
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let problem = problem(&document).map_err(|mut errors| {
        errors.truncate(MAX_ERRORS);
        errors
    })?;
    let problem = match pool.and_then(|p| p.size) {
        Some(size) => problem.with_capacity(size),
        None => problem,
    };
    let offsets: Option<Vec<u64>> = document.buffers.iter().map(|b| b.offset).collect();
    let plan = offsets.map(|offsets| Plan::new(&problem, offsets));
    Ok(Planned { problem, plan })
}

fn parse<T: DeserializeOwned>(text: &str) -> Result<T, DocumentError> {
    serde_json::from_str(text).map_err(|e| {
        let message = e.to_string();
        // What serde_json appends is in the error's own fields.
        let end = message.rfind(" at line ").unwrap_or(message.len());
        DocumentError::Json {
            line: e.line(),
            column: e.column(),
            message: message[..end].to_owned(),
        }
    })
}

const KINDS: [BufferKind; 6] = [
    BufferKind::Activation,
    BufferKind::Scratch,
    BufferKind::Input,
    BufferKind::Output,
    BufferKind::Constant,
    BufferKind::State,
];

fn kind(name: &str) -> Option<BufferKind> {
    KINDS.into_iter().find(|kind| kind.name() == name)
}

fn kinds() -> String {
    let names: Vec<&str> = KINDS.iter().map(|kind| kind.name()).collect();
    format!("it is none of {}", names.join(", "))
}

fn problem(document: &Document) -> Result<Problem, Vec<DocumentError>> {
    let buffer = |b: &BufferEntry| usmp::Buffer {
        name: b.name.clone(),
        size: b.size,
        align: b.align,
        start: b.start,
        end: b.end,
        kind: kind(&b.kind).unwrap_or(BufferKind::Activation),
    };
    let mut problem = Problem::new(document.buffers.iter().map(buffer).collect())
        .map_err(|errors| values(&errors, buffer_path))?;
    let index: HashMap<&str, usize> = document
        .buffers
        .iter()
        .enumerate()
        .map(|(i, b)| (b.name.as_str(), i))
        .collect();
    let mut errors = Vec::new();
    let mut find = |name: &str, path: String| {
        let found = index.get(name).copied();
        if found.is_none() {
            let message = "there is no buffer of this name".to_owned();
            errors.push(DocumentError::Value { path, message });
        }
        found
    };
    let overlaps: Vec<Option<Overlap>> = document
        .overlaps
        .iter()
        .enumerate()
        .map(|(i, o)| {
            let result = find(&o.result, format!("overlaps[{i}].result"));
            let operand = find(&o.operand, format!("overlaps[{i}].operand"));
            let (result, operand, lead) = (result?, operand?, o.lead);
            Some(Overlap {
                result,
                operand,
                lead,
            })
        })
        .collect();
    let conflicts: Vec<Option<(usize, usize)>> = document
        .conflicts
        .iter()
        .enumerate()
        .map(|(i, [a, b])| {
            let a = find(a, format!("conflicts[{i}][0]"));
            let b = find(b, format!("conflicts[{i}][1]"));
            Some((a?, b?))
        })
        .collect();
    if !errors.is_empty() {
        return Err(errors);
    }
    // Allowances first: they may let buffers of fixed offsets overlap.
    for (i, overlap) in overlaps.into_iter().flatten().enumerate() {
        problem = problem
            .with_overlap(overlap)
            .map_err(|e| values(&e, |_| format!("overlaps[{i}]")))?;
    }
    for (i, b) in document.buffers.iter().enumerate() {
        if let Some(offset) = b.fixed {
            problem = problem
                .with_offset(i, offset)
                .map_err(|e| values(&e, |_| format!("buffers[{i}].fixed")))?;
        }
    }
    for (i, (a, b)) in conflicts.into_iter().flatten().enumerate() {
        problem = problem
            .with_conflict(a, b)
            .map_err(|e| values(&e, |_| format!("conflicts[{i}]")))?;
    }
    Ok(problem)
}

fn values(errors: &ProblemErrors, path: impl Fn(&ProblemError) -> String) -> Vec<DocumentError> {
    let value = |error: &ProblemError| DocumentError::Value {
        path: path(error),
        message: error.to_string(),
    };
    errors.errors().iter().map(value).collect()
}

/// The field that an error of the list of buffers is about.
fn buffer_path(error: &ProblemError) -> String {
    let field = match error {
        ProblemError::EmptyLifetime { .. } => "end",
        ProblemError::Alignment { .. } => "align",
        ProblemError::DuplicateName { .. } => "name",
        _ => "size",
    };
    format!("buffers[{}].{field}", error.buffer())
}

#[cfg(test)]
mod tests {
    use super::*;
    use usmp::{Algorithm, Exact};

    const SMALL: &str = r#"{
        "pools": [{"name": "arena", "size": 200}],
        "buffers": [
            {"name": "a", "size": 100, "start": 0, "end": 2, "kind": "input", "align": 4},
            {"name": "b", "size": 60, "start": 1, "end": 3, "fixed": 8},
            {"name": "c", "size": 60, "start": 2, "end": 4}
        ],
        "overlaps": [{"result": "c", "operand": "b", "lead": 8}],
        "conflicts": [["a", "c"]]
    }"#;

    #[test]
    fn what_is_written_is_read() {
        let planned = read(SMALL).unwrap();
        let problem = &planned.problem;
        assert_eq!(problem.capacity(), Some(200));
        assert_eq!(problem.buffers()[0].kind, BufferKind::Input);
        assert_eq!(problem.fixed_offset(1), Some(8));
        assert_eq!(
            problem.overlaps().collect::<Vec<_>>(),
            [&Overlap {
                result: 2,
                operand: 1,
                lead: 8
            }]
        );
        assert_eq!(problem.stated_conflicts().collect::<Vec<_>>(), [(0, 2)]);
        assert_eq!(planned.plan, None);

        let outcome = Exact::default().solve(problem);
        let text = write(problem, "exact", &outcome);
        let again = read(&text).unwrap();
        assert_eq!(again.problem, *problem);
        assert_eq!(again.plan.as_ref(), Some(outcome.plan()));
        assert_eq!(write(&again.problem, "exact", &outcome), text);
    }

    fn errors(text: &str) -> Vec<String> {
        let errors = read(text).unwrap_err();
        errors.iter().map(DocumentError::to_string).collect()
    }

    #[test]
    fn every_wrong_value_is_named() {
        let with = |from: &str, to: &str| {
            assert!(SMALL.contains(from), "{from}");
            SMALL.replace(from, to)
        };
        let cases = [
            ("\"align\": 4", "\"align\": 3", "buffers[0].align: "),
            (
                "\"start\": 1, \"end\": 3",
                "\"start\": 3, \"end\": 3",
                "buffers[1].end: ",
            ),
            ("\"name\": \"b\"", "\"name\": \"a\"", "buffers[1].name: "),
            (
                "\"size\": 100",
                "\"size\": 9223372036854775808",
                "buffers[0].size: ",
            ),
            (
                "\"kind\": \"input\"",
                "\"kind\": \"tensor\"",
                "buffers[0].kind: it is none of activation, scratch",
            ),
            (
                "\"fixed\": 8",
                "\"fixed\": 18446744073709551615",
                "buffers[1].fixed: ",
            ),
            (
                "\"operand\": \"b\"",
                "\"operand\": \"x\"",
                "overlaps[0].operand: there is no buffer",
            ),
            ("\"operand\": \"b\"", "\"operand\": \"c\"", "overlaps[0]: "),
            ("[\"a\", \"c\"]", "[\"a\", \"a\"]", "conflicts[0]: "),
            (
                "[\"a\", \"c\"]",
                "[\"x\", \"c\"]",
                "conflicts[0][0]: there is no buffer",
            ),
            (
                "\"pools\": [",
                "\"pools\": [{\"name\": \"x\"}, ",
                "pools: several memories",
            ),
            (
                "\"align\": 4",
                "\"pool\": \"dtcm\"",
                "buffers[0].pool: there is no memory \"dtcm\"; there is \"arena\"",
            ),
            (
                "\"pools\"",
                "\"version\": 2, \"pools\"",
                "version: it is not 1",
            ),
            (
                "\"pools\"",
                "\"schema\": \"x\", \"pools\"",
                "schema: it is not \"thumbwright.plan\"",
            ),
        ];
        for (from, to, expected) in cases {
            let found = errors(&with(from, to));
            assert!(found[0].starts_with(expected), "{from} -> {to}: {found:?}");
        }
    }

    #[test]
    fn errors_of_the_shape_have_their_place() {
        assert_eq!(
            errors("{\n \"buffers\": [\n  {\"name\": \"a\", \"size\": -1}]}"),
            ["line 3, column 26: invalid value: integer `-1`, expected u64"]
        );
        assert_eq!(
            errors("{\"buffers\": [], \"bufers\": []}"),
            [
                "line 1, column 24: unknown field `bufers`, expected one of `schema`, `version`, `pools`, `buffers`, \
                 `overlaps`, `conflicts`, `plan`"
            ]
        );
        assert_eq!(errors(""), ["line 1, column 0: EOF while parsing a value"]);
        assert_eq!(errors("{}"), ["line 1, column 2: missing field `buffers`"]);
    }

    #[test]
    fn the_list_of_errors_is_cut() {
        let buffer = r#"{"name": "a", "size": 1, "start": 0, "end": 1, "kind": "x"}"#;
        let text = format!("{{\"buffers\": [{}]}}", [buffer; 300].join(","));
        assert_eq!(errors(&text).len(), MAX_ERRORS);
    }
}
