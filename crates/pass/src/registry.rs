//! What is registered: dialects, passes, schedules, targets. Filled once by explicit calls, then frozen and shared.

use crate::{PassInfo, Schedule};
use ir::{DialectRegistry, DialectRegistryBuilder};
use std::sync::Arc;
use target::Targets;

/// A name is taken, or a dialect could not be registered.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RegistryError {
    /// Two passes of one name.
    #[error("pass `{0}` is registered twice")]
    DuplicatePass(String),
    /// Two schedules of one name.
    #[error("schedule `{0}` is registered twice")]
    DuplicateSchedule(String),
    /// From the dialects.
    #[error(transparent)]
    Dialect(#[from] ir::RegistryError),
}

/// Collects what there is; [`freeze`](Self::freeze) ends that.
pub struct RegistryBuilder {
    /// Dialects, ops and interfaces.
    pub dialects: DialectRegistryBuilder,
    passes: Vec<PassInfo>,
    schedules: Vec<Arc<dyn Schedule>>,
    targets: Targets,
}

impl RegistryBuilder {
    /// With targets, and nothing else.
    pub fn new(targets: Targets) -> RegistryBuilder {
        RegistryBuilder {
            dialects: DialectRegistry::builder(),
            passes: Vec::new(),
            schedules: Vec::new(),
            targets,
        }
    }

    /// Registers a pass.
    ///
    /// # Errors
    /// If the name is taken.
    pub fn pass(&mut self, info: PassInfo) -> Result<&mut Self, RegistryError> {
        if self.passes.iter().any(|p| p.name == info.name) {
            return Err(RegistryError::DuplicatePass(info.name));
        }
        self.passes.push(info);
        Ok(self)
    }

    /// Registers a schedule.
    ///
    /// # Errors
    /// If the name is taken.
    pub fn schedule(&mut self, s: impl Schedule + 'static) -> Result<&mut Self, RegistryError> {
        if self.schedules.iter().any(|x| x.name() == s.name()) {
            return Err(RegistryError::DuplicateSchedule(s.name().to_owned()));
        }
        self.schedules.push(Arc::new(s));
        Ok(self)
    }

    /// The registry, unchangeable from now on.
    pub fn freeze(mut self) -> Registry {
        self.passes.sort_by(|a, b| a.name.cmp(&b.name));
        Registry {
            dialects: Arc::new(self.dialects.freeze()),
            passes: self.passes,
            schedules: self.schedules,
            targets: self.targets,
        }
    }
}

/// The frozen registry.
pub struct Registry {
    dialects: Arc<DialectRegistry>,
    passes: Vec<PassInfo>,
    schedules: Vec<Arc<dyn Schedule>>,
    targets: Targets,
}

impl Registry {
    /// An empty builder with targets.
    pub fn builder(targets: Targets) -> RegistryBuilder {
        RegistryBuilder::new(targets)
    }

    /// The dialects.
    pub fn dialects(&self) -> &Arc<DialectRegistry> {
        &self.dialects
    }

    /// A pass by name.
    pub fn pass(&self, name: &str) -> Option<&PassInfo> {
        self.passes.iter().find(|p| p.name == name)
    }

    /// All passes, by name.
    pub fn passes(&self) -> &[PassInfo] {
        &self.passes
    }

    /// The schedules that lower an op, in order of registration.
    pub fn schedules_of<'a>(&'a self, op: &'a str) -> impl Iterator<Item = &'a dyn Schedule> {
        self.schedules
            .iter()
            .map(AsRef::as_ref)
            .filter(move |s| s.op() == op)
    }

    /// All schedules, in order of registration.
    pub fn schedules(&self) -> impl Iterator<Item = &dyn Schedule> {
        self.schedules.iter().map(AsRef::as_ref)
    }

    /// The targets.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }
}
