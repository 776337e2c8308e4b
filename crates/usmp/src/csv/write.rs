//! CSV out.

use std::borrow::Cow;
use std::fmt::Write;

use super::COLUMNS;
use crate::buffer::Buffer;
use crate::plan::Plan;
use crate::problem::Problem;

/// The buffers of `problem` as CSV text, with the offsets of `plan` if there is one.
///
/// The `alignment` column is written where an alignment differs from 1. A buffer for which the plan has no offset gets
/// an empty field.
pub fn write(problem: &Problem, plan: Option<&Plan>) -> String {
    let aligned = problem.buffers().iter().any(|buffer| buffer.align != 1);
    let written = |column: &&str| match *column {
        "alignment" => aligned,
        "offset" => plan.is_some(),
        _ => true,
    };
    let columns: Vec<&str> = COLUMNS.into_iter().filter(written).collect();
    let mut text = columns.join(",") + "\n";
    for (index, buffer) in problem.buffers().iter().enumerate() {
        let offset = plan.map(|plan| plan.offsets().get(index).copied());
        text.push_str(&line(buffer, aligned, offset));
    }
    text
}

fn line(buffer: &Buffer, aligned: bool, offset: Option<Option<u64>>) -> String {
    let mut line = format!(
        "{},{},{},{}",
        quoted(&buffer.name),
        buffer.start,
        buffer.end,
        buffer.size
    );
    if aligned {
        write!(line, ",{}", buffer.align).expect("invariant: writing to a string succeeds");
    }
    if let Some(offset) = offset {
        line.push(',');
        line.push_str(&offset.map(|offset| offset.to_string()).unwrap_or_default());
    }
    line.push('\n');
    line
}

/// The name as a field: quoted where a reader would take it for something else.
fn quoted(name: &str) -> Cow<'_, str> {
    let special = name.contains([',', '"', '\n', '\r'])
        || name.trim() != name
        || name.starts_with('\u{feff}');
    if special {
        Cow::Owned(format!("\"{}\"", name.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(name)
    }
}
