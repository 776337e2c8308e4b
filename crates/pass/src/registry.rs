//! What is registered: dialects, passes, rewrite patterns, schedules, accelerators, planning algorithms, targets, extensions of the default pipeline. Filled once by explicit calls, then frozen and shared.

use crate::term::SyntaxError;
use crate::{
    ALGORITHM, Accelerator, ExtensionPoint, PassInfo, Pipeline, PipelineError, RewriteRule,
    Schedule, Step,
};
use ir::rewrite::{Pattern, PatternSet};
use ir::{DialectRegistry, DialectRegistryBuilder};
use std::sync::Arc;
use target::{TargetError, Targets};
use usmp::{Algorithm, Algorithms, DuplicateAlgorithm};

/// A name is taken, or a dialect could not be registered.
#[derive(Clone, PartialEq, Eq, Debug, thiserror::Error)]
pub enum RegistryError {
    /// Two passes of one name.
    #[error("pass `{0}` is registered twice")]
    DuplicatePass(String),
    /// Two schedules of one name.
    #[error("schedule `{0}` is registered twice")]
    DuplicateSchedule(String),
    /// Two rewrite patterns of one name.
    #[error("pattern `{0}` is registered twice")]
    DuplicatePattern(String),
    /// Two rewrite rules of one name.
    #[error("rewrite rule `{0}` is registered twice")]
    DuplicateRule(String),
    /// A rewrite rule that cannot be.
    #[error("{file}:{error}")]
    Rule {
        /// The file of rules, or the rule's name.
        file: String,
        /// Where and what.
        error: SyntaxError,
    },
    /// An extension of the default pipeline that is no pipeline.
    #[error("extension at {point}: {error}")]
    Extension {
        /// Where.
        point: ExtensionPoint,
        /// What is wrong.
        error: PipelineError,
    },
    /// Two planning algorithms of one name.
    #[error(transparent)]
    DuplicateAlgorithm(#[from] DuplicateAlgorithm),
    /// A target that cannot be.
    #[error(transparent)]
    Target(#[from] TargetError),
    /// Whatever else a third party's registration found wrong.
    #[error("{0}")]
    Other(String),
    /// From the dialects.
    #[error(transparent)]
    Dialect(#[from] ir::RegistryError),
}

/// Collects what there is; [`freeze`](Self::freeze) ends that.
#[derive(Clone)]
pub struct RegistryBuilder {
    /// Dialects, ops and interfaces.
    pub dialects: DialectRegistryBuilder,
    passes: Vec<PassInfo>,
    patterns: Vec<Arc<dyn Pattern>>,
    schedules: Vec<Arc<dyn Schedule>>,
    accelerators: Vec<Accelerator>,
    reserved_rules: Vec<String>,
    rules: Vec<RewriteRule>,
    extensions: Vec<(ExtensionPoint, Vec<Step>)>,
    algorithms: Algorithms,
    targets: Targets,
}

impl RegistryBuilder {
    /// With targets and the planning algorithms that come with Thumbwright, and nothing else.
    pub fn new(targets: Targets) -> RegistryBuilder {
        RegistryBuilder {
            dialects: DialectRegistry::builder(),
            passes: Vec::new(),
            patterns: Vec::new(),
            schedules: Vec::new(),
            accelerators: Vec::new(),
            reserved_rules: Vec::new(),
            rules: Vec::new(),
            extensions: Vec::new(),
            algorithms: Algorithms::builtin(),
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

    /// Registers a rewrite pattern, for `canonicalize`.
    ///
    /// # Errors
    /// If the name is taken.
    pub fn pattern(&mut self, p: impl Pattern + 'static) -> Result<&mut Self, RegistryError> {
        if self.patterns.iter().any(|x| x.name() == p.name()) {
            return Err(RegistryError::DuplicatePattern(p.name().to_owned()));
        }
        self.patterns.push(Arc::new(p));
        Ok(self)
    }

    /// Adds passes to the default pipeline: `steps` as inside of `builtin.module(…)`, behind what was added at the same point before.
    ///
    /// # Errors
    /// If the text is no pipeline. Whether the passes exist is seen when the pipeline runs.
    pub fn extend(
        &mut self,
        point: ExtensionPoint,
        steps: &str,
    ) -> Result<&mut Self, RegistryError> {
        let steps = Pipeline::parse_steps("builtin.module", steps)
            .map_err(|error| RegistryError::Extension { point, error })?;
        self.extensions.push((point, steps));
        Ok(self)
    }

    /// Registers a target that `text` describes in TOML; `file` names it in errors. Yields the target's name.
    ///
    /// # Errors
    /// If the text is no target description, or its name is taken.
    pub fn target(&mut self, file: &str, text: &str) -> Result<String, RegistryError> {
        Ok(self.targets.add_toml(file, text)?.name.clone())
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

    /// Registers an accelerator, which users then ask for by its name.
    ///
    /// # Errors
    /// If the name is taken, by a schedule as well.
    pub fn accelerator(&mut self, a: Accelerator) -> Result<&mut Self, RegistryError> {
        self.schedule(a.for_its_own())?;
        self.accelerators.push(a);
        Ok(self)
    }

    /// Registers a rewrite rule of networks; the ops that it is about must be registered before.
    ///
    /// # Errors
    /// If the name is taken, by one of a pass as well, or an op of the rule is not what the registry says.
    pub fn rewrite_rule(&mut self, rule: RewriteRule) -> Result<&mut Self, RegistryError> {
        self.free_rule_name(rule.name())?;
        rule.check(&self.dialects)
            .map_err(|error| RegistryError::Rule {
                file: rule.name().to_owned(),
                error,
            })?;
        self.rules.push(rule);
        Ok(self)
    }

    /// Keeps a name for a rule that a pass brings itself, so that what takes a rule's name means one rule.
    ///
    /// # Errors
    /// If the name is taken.
    pub fn reserve_rule(&mut self, name: &str) -> Result<&mut Self, RegistryError> {
        self.free_rule_name(name)?;
        self.reserved_rules.push(name.to_owned());
        Ok(self)
    }

    fn free_rule_name(&self, name: &str) -> Result<(), RegistryError> {
        let registered = self.rules.iter().map(RewriteRule::name);
        let mut taken = registered.chain(self.reserved_rules.iter().map(String::as_str));
        match taken.any(|t| t == name) {
            true => Err(RegistryError::DuplicateRule(name.to_owned())),
            false => Ok(()),
        }
    }

    /// Registers the rewrite rules of a text; `file` names it in errors.
    ///
    /// # Errors
    /// If the text is no file of rules, or as for [`rewrite_rule`](Self::rewrite_rule).
    pub fn rules(&mut self, file: &str, text: &str) -> Result<&mut Self, RegistryError> {
        let wrong = |error| RegistryError::Rule {
            file: file.to_owned(),
            error,
        };
        for rule in RewriteRule::parse(text).map_err(wrong)? {
            rule.check(&self.dialects).map_err(wrong)?;
            self.rewrite_rule(rule)?;
        }
        Ok(self)
    }

    /// The accelerators so far.
    pub fn accelerators(&self) -> &[Accelerator] {
        &self.accelerators
    }

    /// Registers a planning algorithm, which users then choose by its name.
    ///
    /// # Errors
    /// If the name is taken, by one that comes with Thumbwright as well.
    pub fn algorithm(&mut self, a: impl Algorithm + 'static) -> Result<&mut Self, RegistryError> {
        self.algorithms.register(Box::new(a))?;
        Ok(self)
    }

    /// The registry, unchangeable from now on.
    ///
    /// The values of options that take a [planning algorithm](crate::ALGORITHM) become the names that are registered.
    pub fn freeze(mut self) -> Registry {
        self.passes.sort_by(|a, b| a.name.cmp(&b.name));
        let names: Vec<&str> = self.algorithms.names().collect();
        let names = names.join("|");
        let options = self.passes.iter_mut().flat_map(|p| &mut p.options);
        for option in options.filter(|o| o.values == ALGORITHM) {
            option.values.clone_from(&names);
        }
        Registry {
            dialects: Arc::new(self.dialects.freeze()),
            passes: self.passes,
            patterns: self.patterns,
            schedules: self.schedules,
            accelerators: self.accelerators,
            rules: self.rules,
            extensions: self.extensions,
            algorithms: self.algorithms,
            targets: self.targets,
        }
    }
}

/// The frozen registry.
pub struct Registry {
    dialects: Arc<DialectRegistry>,
    passes: Vec<PassInfo>,
    patterns: Vec<Arc<dyn Pattern>>,
    schedules: Vec<Arc<dyn Schedule>>,
    accelerators: Vec<Accelerator>,
    rules: Vec<RewriteRule>,
    extensions: Vec<(ExtensionPoint, Vec<Step>)>,
    algorithms: Algorithms,
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

    /// All rewrite patterns, in order of registration.
    pub fn patterns(&self) -> &[Arc<dyn Pattern>] {
        &self.patterns
    }

    /// The patterns but for those of these names.
    pub fn patterns_without(&self, disabled: &[String]) -> PatternSet {
        let enabled = self
            .patterns
            .iter()
            .filter(|p| !disabled.iter().any(|d| d == p.name()));
        PatternSet::new(enabled.cloned())
    }

    /// What third parties added to the default pipeline at a point, in order.
    pub fn extensions(&self, point: ExtensionPoint) -> impl Iterator<Item = &Step> {
        let at = self.extensions.iter().filter(move |(p, _)| *p == point);
        at.flat_map(|(_, steps)| steps)
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

    /// The rewrite rules that were registered, in order; those of `rewrite-graph` itself are not among them.
    pub fn rewrite_rules(&self) -> &[RewriteRule] {
        &self.rules
    }

    /// The accelerators, in order of registration.
    pub fn accelerators(&self) -> &[Accelerator] {
        &self.accelerators
    }

    /// The planning algorithms, in order of registration.
    pub fn algorithms(&self) -> &Algorithms {
        &self.algorithms
    }

    /// The targets.
    pub fn targets(&self) -> &Targets {
        &self.targets
    }
}
