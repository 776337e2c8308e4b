//! The text of the IR: MLIR's generic form, in the normal form that
//! `mlir-opt --mlir-print-op-generic --mlir-print-debuginfo` prints.
//!
//! ```
//! # let mut registry = ir::DialectRegistry::builder();
//! # ir::dialects::register_all(&mut registry)?;
//! # let registry = std::sync::Arc::new(registry.freeze());
//! let text = r#"%0 = "arith.constant"() <{value = 300 : i8}> : () -> i8"#;
//! let errors = ir::text::parse(text, "net.mlir", registry, &ir::text::ParseOptions::default()).unwrap_err();
//! assert_eq!(
//!     errors.to_string(),
//!     r#"error[S004]: `300` does not fit 8 bits
//!   --> net.mlir:1:35
//!   1 | %0 = "arith.constant"() <{value = 300 : i8}> : () -> i8
//!     |                                   ^
//!   help: i8 takes -128 to 255"#
//! );
//! # Ok::<(), ir::RegistryError>(())
//! ```

mod float;
mod packed;
pub mod parse;
mod print;

pub use parse::{ParseOptions, parse};
pub use print::{Listing, attr_text, list_module, print_module, type_text};
