//! Local rewrites: patterns by name, and the greedy driver that applies them until none applies.
//!
//! A [`Pattern`] looks at one op and changes the module around it by the module's own methods; the module records what changed, so a
//! pattern reports nothing and can forget nothing. [`apply_patterns`] keeps a worklist, erases dead ops, folds ([`fold`]), and
//! applies patterns by benefit. It ends: [`MAX_REWRITES_PER_OP`] bounds it, and [`Fuel`] can bound it further.
//!
//! ```
//! use ir::rewrite::{Fuel, PatternSet, apply_patterns, pattern};
//! use ir::{Builder, DialectRegistry, Loc, Module, dialects};
//! use std::sync::Arc;
//!
//! let mut registry = DialectRegistry::builder();
//! dialects::register_all(&mut registry)?;
//! let mut m = Module::new(Arc::new(registry.freeze()));
//! let i32 = m.i32();
//! let (f, entry) = dialects::func::build_func(&mut m, "twice", &[i32], &[i32], Loc::UNKNOWN);
//! let x = m.block_args(entry)[0];
//! let mut b = Builder::at_end(&mut m, entry);
//! let two = b.const_int(2, i32);
//! let y = b.muli(x, two);
//! b.op("func.return", &[y], &[]);
//!
//! let double = pattern("example.double", "arith.muli", "x * 2 is x + x", |m, op| {
//!     let (x, factor) = (m.operand(op, 0), m.operand(op, 1));
//!     (m.attr_int(m.constant_value(factor)?)? == 2).then_some(())?;
//!     let sum = Builder::before(m, op).addi(x, x);
//!     m.replace_op(op, &[sum]);
//!     Some(())
//! });
//! let rewrites = apply_patterns(&mut m, f, &PatternSet::new([Arc::new(double) as _]), &mut Fuel::unlimited());
//! assert_eq!(rewrites.applied.get("example.double"), Some(&1));
//! assert!(!ir::text::print_module(&m).contains("arith.muli"));
//! # Ok::<(), ir::RegistryError>(())
//! ```

pub mod fold;
mod fuel;
mod greedy;
mod pattern;

pub use fuel::Fuel;
pub use greedy::{MAX_REWRITES_PER_OP, Rewrites, apply_patterns};
pub use pattern::{FnPattern, Pattern, PatternSet, pattern};
