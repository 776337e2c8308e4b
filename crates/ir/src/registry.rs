//! What exists: dialects, their ops, and the interfaces that ops implement. Built by explicit calls, then frozen.

use crate::OpInfo;
use crate::interfaces::{BufferAccess, Fold, InPlace, InferTypes, Interpret, MemoryEffects};
use indexmap::IndexMap;
use rustc_hash::FxBuildHasher;
use std::sync::Arc;

/// A name was registered twice, or not at all.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RegistryError {
    /// Two ops of one name.
    #[error("op `{0}` is registered twice")]
    DuplicateOp(String),
    /// An interface was attached to an op that has one already.
    #[error("op `{op}` has two implementations of interface {interface}")]
    DuplicateInterface {
        /// The op.
        op: String,
        /// The interface's name.
        interface: &'static str,
    },
    /// An op's name has no dialect prefix.
    #[error("op `{0}` has no dialect prefix (`dialect.op`)")]
    BadName(String),
}

/// Declares the interfaces: a slot in an op's entry, a method that attaches, and one that looks up.
macro_rules! interfaces {
    ($($slot:ident: $Interface:ident, $attach:literal, $get:literal;)*) => {
        #[derive(Clone, Default)]
        struct Entry {
            info: Option<OpInfo>,
            $($slot: Option<Arc<dyn $Interface>>,)*
        }

        impl DialectRegistryBuilder {
            $(
                #[doc = $attach]
                ///
                /// # Errors
                /// If the op has one already.
                pub fn $slot(
                    &mut self,
                    op: &str,
                    implementation: impl $Interface + 'static,
                ) -> Result<&mut Self, RegistryError> {
                    let slot = &mut self.ops.entry(op.to_owned()).or_default().$slot;
                    if slot.is_some() {
                        return Err(RegistryError::DuplicateInterface {
                            op: op.to_owned(),
                            interface: stringify!($Interface),
                        });
                    }
                    *slot = Some(Arc::new(implementation));
                    Ok(self)
                }
            )*
        }

        impl DialectRegistry {
            $(
                #[doc = $get]
                pub fn $slot(&self, op: &str) -> Option<&Arc<dyn $Interface>> {
                    self.ops.get(op)?.$slot.as_ref()
                }
            )*

            /// The names of the interfaces that an op has, in the order of [`interfaces`](crate::interfaces).
            pub fn interfaces_of(&self, op: &str) -> Vec<&'static str> {
                let Some(entry) = self.ops.get(op) else {
                    return Vec::new();
                };
                let mut names = Vec::new();
                $(if entry.$slot.is_some() {
                    names.push(stringify!($Interface));
                })*
                names
            }
        }
    };
}

interfaces! {
    interpret: Interpret,
        "Attaches an interpretation to an op's name, whether or not the op is registered yet.",
        "How to evaluate an op.";
    effects: MemoryEffects,
        "Attaches memory effects to an op's name.",
        "What an op does to memory.";
    access: BufferAccess,
        "Attaches accesses of a buffer to an op's name.",
        "What an op reads or writes of a buffer.";
    fold: Fold,
        "Attaches a simplification to an op's name.",
        "How to simplify an op.";
    infer_types: InferTypes,
        "Attaches the inference of result types to an op's name.",
        "How to infer an op's result types.";
    in_place: InPlace,
        "Attaches write leads to an op's name.",
        "How far an op's writes run ahead of its reads.";
}

/// Collects ops and interfaces; [`freeze`](Self::freeze) ends that.
#[derive(Clone, Default)]
pub struct DialectRegistryBuilder {
    ops: IndexMap<String, Entry, FxBuildHasher>,
}

impl DialectRegistryBuilder {
    /// Registers an op.
    ///
    /// # Errors
    /// If the name is taken or has no dialect prefix.
    pub fn op(&mut self, info: OpInfo) -> Result<&mut Self, RegistryError> {
        if !info.name.contains('.') {
            return Err(RegistryError::BadName(info.name.into_owned()));
        }
        let entry = self.ops.entry(info.name.to_string()).or_default();
        if entry.info.is_some() {
            return Err(RegistryError::DuplicateOp(info.name.into_owned()));
        }
        entry.info = Some(info);
        Ok(self)
    }

    /// The declaration of an op that is registered already.
    pub fn declared(&self, name: &str) -> Option<&OpInfo> {
        self.ops.get(name)?.info.as_ref()
    }

    /// The registry, unchangeable from now on, ops sorted by name.
    pub fn freeze(mut self) -> DialectRegistry {
        self.ops.sort_unstable_keys();
        DialectRegistry { ops: self.ops }
    }
}

/// The frozen registry that modules share.
#[derive(Default)]
pub struct DialectRegistry {
    ops: IndexMap<String, Entry, FxBuildHasher>,
}

impl DialectRegistry {
    /// An empty builder.
    pub fn builder() -> DialectRegistryBuilder {
        DialectRegistryBuilder::default()
    }

    /// The declaration of an op.
    pub fn op(&self, name: &str) -> Option<&OpInfo> {
        self.ops.get(name)?.info.as_ref()
    }

    /// All registered ops, by name.
    pub fn ops(&self) -> impl Iterator<Item = &OpInfo> {
        self.ops.values().filter_map(|e| e.info.as_ref())
    }

    /// The names of the dialects that have a registered op, sorted.
    pub fn dialects(&self) -> Vec<&str> {
        let mut names: Vec<&str> = self
            .ops()
            .filter_map(|o| o.name.split('.').next())
            .collect();
        names.dedup();
        names
    }
}

impl std::fmt::Debug for DialectRegistry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DialectRegistry")
            .field("ops", &self.ops.len())
            .finish()
    }
}
