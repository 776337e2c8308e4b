//! Kernel libraries as data: a TOML table that says which C function computes which network op, and under which conditions.
//!
//! A [`KernelLibrary`] is read from its file and registered; each of its entries is then a schedule like any other: it says whether it
//! applies, what it costs, and lowers the op to an `mcu.call_extern` that keeps the op as the call's semantics. No Rust is needed for
//! that; `docs/plugin-data.md` is the tutorial and `examples/acme-kernels` a complete library.
//!
//! ```
//! use kernel_library::KernelLibrary;
//!
//! let text = r#"
//! name = "acme"
//! header = "acme.h"
//! [[kernel]]
//! op = "nn.max_pool_2d"
//! element = "int8"
//! function = "acme_max_pool_s8"
//! when = ["kernel.h == 2 and kernel.w == 2", "stride.h == 2 and stride.w == 2", "pad.top + pad.left == 0"]
//! args = ["input", "output", "input.height", "input.width", "input.channels", "activation.min", "activation.max"]
//! cycles = "output.elements * 6"
//! "#;
//! let library = KernelLibrary::from_text("acme.toml", text, ".".as_ref())?;
//! let mut r = pass::Registry::builder(target::Targets::builtin());
//! ir::dialects::register_all(&mut r.dialects).expect("nothing is registered yet");
//! library.register(&mut r)?;
//! assert_eq!(r.freeze().schedules().next().map(|s| s.op().to_owned()).as_deref(), Some("nn.max_pool_2d"));
//! # Ok::<(), kernel_library::LibraryError>(())
//! ```

mod argument;
mod document;
mod error;
mod expression;
mod kernel;
mod layout;
mod library;
mod quantities;
mod schedule;

pub use error::{LibraryError, Problem};
pub use library::{KernelLibrary, TargetFile};
