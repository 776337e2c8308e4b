//! Thumbwright's intermediate representation.
//!
//! The IR is MLIR's: a [`Module`] holds operations with operands, results, attributes and regions; its text
//! (see [`text`]) is MLIR's generic form in the normal form that `mlir-opt` prints.
//!
//! * [`Module`] owns every entity and is the only way to change one; entities are generational keys.
//! * [`Type`], [`Attr`], [`Loc`] and [`Str`] are `Copy` handles, interned in the module that made them.
//! * [`DialectRegistry`] says which ops exist and what they mean ([`interfaces`]); it is built by explicit calls
//!   and frozen in an `Arc`, so that modules on several threads share one.
//! * [`verify`] checks every invariant and hands out the [`Verified`] token that back ends ask for.
//!
//! ```
//! use ir::{Builder, DialectRegistry, Module, dialects};
//! use std::sync::Arc;
//!
//! let mut registry = DialectRegistry::builder();
//! dialects::register_all(&mut registry)?;
//! let mut m = Module::new(Arc::new(registry.freeze()));
//! let i32 = m.i32();
//! let (_func, entry) = dialects::func::build_func(&mut m, "add_one", &[i32], &[i32], ir::Loc::UNKNOWN);
//! let x = m.block_args(entry)[0];
//! let mut b = Builder::at_end(&mut m, entry);
//! let one = b.const_int(1, i32);
//! let y = b.addi(x, one);
//! b.op("func.return", &[y], &[]);
//! assert!(ir::verify::verify(&m).is_ok());
//! # Ok::<(), ir::RegistryError>(())
//! ```

mod attributes;
mod builder;
pub mod diagnostics;
pub mod dialects;
mod elements;
mod entities;
pub mod interfaces;
mod intern;
mod locations;
mod module;
mod op_info;
pub mod reduce;
mod registry;
pub mod rewrite;
pub mod text;
mod types;
pub mod verify;

pub use attributes::{Attr, AttrData};
pub use builder::Builder;
pub use diagnostics::{Diagnostic, Diagnostics, Severity};
pub use elements::Elements;
pub use entities::{BlockId, OpId, RegionId, ValueId};
pub use intern::Str;
pub use locations::{Loc, LocData};
pub use module::{Change, Module, OpRef, OpState, Resource, ValueDef, WalkOrder};
#[doc(hidden)]
pub use op_info::position;
pub use op_info::{Arity, AttrKind, AttrSpec, OpInfo, Traits, ValueKind, ValueSpec, VerifyFn};
pub use registry::{DialectRegistry, DialectRegistryBuilder, RegistryError};
pub use types::{FloatKind, QuantType, Type, TypeData};
pub use verify::{Verified, VerifyOptions};
