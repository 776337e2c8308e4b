//! What exists: dialects, their ops, and the interfaces that ops implement. Built by explicit calls, then frozen.

use crate::OpInfo;
use crate::interfaces::{Interpret, MemoryEffects};
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

#[derive(Default)]
struct Entry {
    info: Option<OpInfo>,
    interpret: Option<Arc<dyn Interpret>>,
    effects: Option<Arc<dyn MemoryEffects>>,
}

/// Collects ops and interfaces; [`freeze`](Self::freeze) ends that.
#[derive(Default)]
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

    /// Attaches an interpretation to an op's name, whether or not the op is registered yet.
    ///
    /// # Errors
    /// If the op has one already.
    pub fn interpret(
        &mut self,
        op: &str,
        i: impl Interpret + 'static,
    ) -> Result<&mut Self, RegistryError> {
        let slot = &mut self.ops.entry(op.to_owned()).or_default().interpret;
        if slot.is_some() {
            return Err(RegistryError::DuplicateInterface {
                op: op.to_owned(),
                interface: "Interpret",
            });
        }
        *slot = Some(Arc::new(i));
        Ok(self)
    }

    /// Attaches memory effects to an op's name.
    ///
    /// # Errors
    /// If the op has them already.
    pub fn effects(
        &mut self,
        op: &str,
        e: impl MemoryEffects + 'static,
    ) -> Result<&mut Self, RegistryError> {
        let slot = &mut self.ops.entry(op.to_owned()).or_default().effects;
        if slot.is_some() {
            return Err(RegistryError::DuplicateInterface {
                op: op.to_owned(),
                interface: "MemoryEffects",
            });
        }
        *slot = Some(Arc::new(e));
        Ok(self)
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

    /// How to evaluate an op.
    pub fn interpret(&self, name: &str) -> Option<&Arc<dyn Interpret>> {
        self.ops.get(name)?.interpret.as_ref()
    }

    /// What an op does to memory.
    pub fn effects(&self, name: &str) -> Option<&Arc<dyn MemoryEffects>> {
        self.ops.get(name)?.effects.as_ref()
    }
}

impl std::fmt::Debug for DialectRegistry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("DialectRegistry")
            .field("ops", &self.ops.len())
            .finish()
    }
}
