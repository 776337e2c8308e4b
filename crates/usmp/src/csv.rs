//! minimalloc's interchange format: a CSV file with one buffer a line.
//!
//! The first line names the columns, in any order:
//!
//! | column | meaning |
//! |---|---|
//! | `id` | name of the buffer, unique |
//! | `lower`, `upper` | live at times `lower <= t < upper`; decimal, 32 bits |
//! | `size` | bytes; decimal, 64 bits |
//! | `alignment` | optional: bytes, a power of two |
//! | `offset` | optional: where a plan puts the buffer; may be empty |
//!
//! Fields may be quoted with `"` (a quote inside is doubled), which names with commas need. Blank lines are skipped.

mod read;
mod records;
mod write;

pub use read::{CsvError, CsvErrors, Instance, MAX_ERRORS, read};
pub use write::write;

/// Columns of the format, in the order in which they are written.
const COLUMNS: [&str; 6] = ["id", "lower", "upper", "size", "alignment", "offset"];
