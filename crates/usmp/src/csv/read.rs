//! CSV in.

use std::fmt;
use std::str::FromStr;

use super::COLUMNS;
use super::records::{Record, Records};
use crate::buffer::{Buffer, BufferKind};
use crate::plan::Plan;
use crate::problem::{Problem, ProblemError};

/// Reading stops after this many errors.
pub const MAX_ERRORS: usize = 100;

/// What a CSV file states: buffers, and offsets where it has them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Instance {
    /// The buffers, all [activations](BufferKind::Activation), in the order of the file; no capacity.
    pub problem: Problem,
    /// The offset of every buffer, by index; none where the file has no such column or an empty field in it.
    pub offsets: Vec<Option<u64>>,
}

impl Instance {
    /// The plan that the file states, unchecked, if it gives every buffer an offset.
    pub fn plan(&self) -> Option<Plan> {
        let offsets: Option<Vec<u64>> = self.offsets.iter().copied().collect();
        Some(Plan::new(&self.problem, offsets?))
    }
}

/// Reads buffers from CSV text; a buffer gets `alignment` where the file has no such column or an empty field in it.
///
/// # Errors
/// Everything that is wrong, up to [`MAX_ERRORS`].
pub fn read(text: &str, alignment: u64) -> Result<Instance, CsvErrors> {
    let mut records = Records::new(text);
    let header = match records.next() {
        None => return Err(CsvErrors(vec![CsvError::Empty])),
        Some(Err(unclosed)) => {
            return Err(CsvErrors(vec![CsvError::UnclosedQuote {
                line: unclosed.line,
            }]));
        }
        Some(Ok(record)) => Header::new(&record)?,
    };
    let mut errors = Vec::new();
    let mut lines = Vec::new();
    let mut buffers = Vec::new();
    let mut offsets = Vec::new();
    for record in records {
        let row = match record {
            Ok(record) => header
                .row(&record, alignment, &mut errors)
                .map(|(buffer, offset)| (record.line, buffer, offset)),
            Err(unclosed) => {
                errors.push(CsvError::UnclosedQuote {
                    line: unclosed.line,
                });
                None
            }
        };
        if let Some((line, buffer, offset)) = row {
            lines.push(line);
            buffers.push(buffer);
            offsets.push(offset);
        }
        if errors.len() >= MAX_ERRORS {
            errors.truncate(MAX_ERRORS);
            return Err(CsvErrors(errors));
        }
    }
    match Problem::new(buffers) {
        Ok(problem) if errors.is_empty() => Ok(Instance { problem, offsets }),
        Ok(_) => Err(CsvErrors(errors)),
        Err(problem_errors) => {
            errors.extend(
                problem_errors
                    .errors()
                    .iter()
                    .map(|error| CsvError::Buffer {
                        line: lines[error.buffer()],
                        source: error.clone(),
                    }),
            );
            errors.sort_by_key(CsvError::line);
            errors.truncate(MAX_ERRORS);
            Err(CsvErrors(errors))
        }
    }
}

/// Which field of a record holds which column.
struct Header {
    fields: usize,
    id: usize,
    lower: usize,
    upper: usize,
    size: usize,
    alignment: Option<usize>,
    offset: Option<usize>,
}

impl Header {
    fn new(record: &Record) -> Result<Header, CsvErrors> {
        let line = record.line;
        let mut errors = Vec::new();
        for (position, name) in record.fields.iter().enumerate() {
            let column = || cut(name);
            if !COLUMNS.contains(&name.as_str()) {
                errors.push(CsvError::UnknownColumn {
                    line,
                    column: column(),
                });
            } else if record.fields[..position].contains(name) {
                errors.push(CsvError::RepeatedColumn {
                    line,
                    column: column(),
                });
            }
            if errors.len() == MAX_ERRORS {
                return Err(CsvErrors(errors));
            }
        }
        let find = |column: &str| record.fields.iter().position(|name| name == column);
        let mut require = |column: &'static str| {
            find(column).unwrap_or_else(|| {
                errors.push(CsvError::MissingColumn { line, column });
                0
            })
        };
        let header = Header {
            fields: record.fields.len(),
            id: require("id"),
            lower: require("lower"),
            upper: require("upper"),
            size: require("size"),
            alignment: find("alignment"),
            offset: find("offset"),
        };
        if errors.is_empty() {
            Ok(header)
        } else {
            Err(CsvErrors(errors))
        }
    }

    /// The buffer of a record and its offset; none after an error.
    fn row(
        &self,
        record: &Record,
        alignment: u64,
        errors: &mut Vec<CsvError>,
    ) -> Option<(Buffer, Option<u64>)> {
        let line = record.line;
        if record.fields.len() != self.fields {
            errors.push(CsvError::FieldCount {
                line,
                found: record.fields.len(),
                expected: self.fields,
            });
            return None;
        }
        let before = errors.len();
        let name = record.fields[self.id].clone();
        if name.is_empty() {
            errors.push(CsvError::NoName { line });
        }
        let optional =
            |field: Option<usize>| field.filter(|&field| !record.fields[field].is_empty());
        let start = number(record, self.lower, "lower", errors);
        let end = number(record, self.upper, "upper", errors);
        let size = number(record, self.size, "size", errors);
        let align = match optional(self.alignment) {
            Some(field) => number(record, field, "alignment", errors),
            None => alignment,
        };
        let offset = optional(self.offset).map(|field| number(record, field, "offset", errors));
        let kind = BufferKind::Activation;
        (errors.len() == before).then_some((
            Buffer {
                name,
                size,
                align,
                start,
                end,
                kind,
            },
            offset,
        ))
    }
}

/// The number in a field, or an error and 0.
fn number<T: FromStr + Default>(
    record: &Record,
    field: usize,
    column: &'static str,
    errors: &mut Vec<CsvError>,
) -> T {
    let value = &record.fields[field];
    let digits = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit());
    value.parse().ok().filter(|_| digits).unwrap_or_else(|| {
        errors.push(CsvError::Number {
            line: record.line,
            column,
            value: cut(value),
            bits: 8 * size_of::<T>(),
        });
        T::default()
    })
}

/// What a message shows of a field: its first 40 characters.
fn cut(field: &str) -> String {
    field.chars().take(40).collect()
}

/// One reason why a text is not a planning problem.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsvError {
    /// The text has no line that names the columns.
    #[error("line 1: there is no line that names the columns")]
    Empty,
    /// A quote opens and never closes.
    #[error("line {line}: a quote is opened and never closed")]
    UnclosedQuote {
        /// Number of the line, from 1.
        line: usize,
    },
    /// A needed column is not there.
    #[error("line {line}: there is no column `{column}`")]
    MissingColumn {
        /// Number of the line, from 1.
        line: usize,
        /// Name of the column.
        column: &'static str,
    },
    /// A column has no known meaning.
    #[error("line {line}: column `{column}` is unknown; known are {}", COLUMNS.join(", "))]
    UnknownColumn {
        /// Number of the line, from 1.
        line: usize,
        /// Name of the column, cut to 40 characters.
        column: String,
    },
    /// A column is named twice.
    #[error("line {line}: column `{column}` is named twice")]
    RepeatedColumn {
        /// Number of the line, from 1.
        line: usize,
        /// Name of the column, cut to 40 characters.
        column: String,
    },
    /// A line has more or fewer fields than there are columns.
    #[error("line {line}: {found} fields for {expected} columns")]
    FieldCount {
        /// Number of the line, from 1.
        line: usize,
        /// Fields on the line.
        found: usize,
        /// Columns that the first line names.
        expected: usize,
    },
    /// A buffer has no name.
    #[error("line {line}, column `id`: the buffer has no name")]
    NoName {
        /// Number of the line, from 1.
        line: usize,
    },
    /// A field is not a number of the column's range.
    #[error(
        "line {line}, column `{column}`: `{value}` is not a decimal number of at most {bits} bits"
    )]
    Number {
        /// Number of the line, from 1.
        line: usize,
        /// Name of the column.
        column: &'static str,
        /// What the field holds, cut to 40 characters.
        value: String,
        /// Width of the column's numbers.
        bits: usize,
    },
    /// A buffer is not valid.
    #[error("line {line}, column `{}`: {source}", column_of(source))]
    Buffer {
        /// Number of the line, from 1.
        line: usize,
        /// What is wrong with it.
        source: ProblemError,
    },
}

impl CsvError {
    /// Number of the line that the error is about, from 1.
    pub fn line(&self) -> usize {
        match *self {
            CsvError::Empty => 1,
            CsvError::UnclosedQuote { line }
            | CsvError::MissingColumn { line, .. }
            | CsvError::UnknownColumn { line, .. }
            | CsvError::RepeatedColumn { line, .. }
            | CsvError::FieldCount { line, .. }
            | CsvError::NoName { line }
            | CsvError::Number { line, .. }
            | CsvError::Buffer { line, .. } => line,
        }
    }
}

/// The column that a buffer's error is about.
fn column_of(error: &ProblemError) -> &'static str {
    match error {
        ProblemError::EmptyLifetime { .. } => "upper",
        ProblemError::Alignment { .. } => "alignment",
        ProblemError::TooLarge { .. } => "size",
        // A name that is used twice; what is stated beside the buffers has no column.
        _ => "id",
    }
}

/// Everything that is wrong with a text, by line; never empty, at most [`MAX_ERRORS`].
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CsvErrors(Vec<CsvError>);

impl CsvErrors {
    /// The errors, by line.
    pub fn errors(&self) -> &[CsvError] {
        &self.0
    }
}

impl fmt::Display for CsvErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, error) in self.0.iter().enumerate() {
            let separator = if position == 0 { "" } else { "\n" };
            write!(f, "{separator}{error}")?;
        }
        Ok(())
    }
}

impl std::error::Error for CsvErrors {}
