//! The text of the IR: MLIR's generic form, in the normal form that
//! `mlir-opt --mlir-print-op-generic --mlir-print-debuginfo` prints.

mod float;
pub mod parse;
mod print;

pub use parse::{ParseOptions, parse};
pub use print::{attr_text, print_module, type_text};
