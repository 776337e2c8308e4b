//! The pipeline of a compile, with what third parties added to it.

use crate::egraph::measure::Budgets;
use pass::{ExtensionPoint, PassOptions, Pipeline, Registry, Step};

/// A part of the pipeline: Thumbwright's own steps up to an extension point.
const PARTS: [(&str, Option<ExtensionPoint>); 6] = [
    ("", Some(ExtensionPoint::AfterImport)),
    (
        "func.func(canonicalize,cse,dce)",
        Some(ExtensionPoint::BeforeFusion),
    ),
    (
        "func.func(rewrite-graph,order-operators)",
        Some(ExtensionPoint::BeforeLowering),
    ),
    (
        "lower-nn,share-kernels,propagate-constants",
        Some(ExtensionPoint::BeforePlanning),
    ),
    ("plan-memory", Some(ExtensionPoint::BeforeEmission)),
    ("mark-noalias,check-placement", None),
];

/// Where inputs and outputs live.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Io {
    /// In the arena: planned with everything else; a run may overwrite the input.
    #[default]
    Arena,
    /// In the caller's own memory.
    Caller,
}

/// Where weights and tables live.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum Constants {
    /// In flash.
    #[default]
    Flash,
    /// In memories that are faster than flash, as far as they fit beside the buffers; the start-up code copies them there.
    Fast,
}

/// What a compile asks of the default pipeline.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct PipelineOptions {
    /// Where inputs and outputs live.
    pub io: Io,
    /// The planning algorithm, by its registered name; the default one if none is named.
    pub algorithm: Option<String>,
    /// Whether a result may run into an operand that dies; the goal decides if nothing is said.
    pub in_place: Option<bool>,
    /// What is to be small.
    pub optimize_for: OptimizeFor,
    /// Whether dead memory is overwritten after every layer, for debugging.
    pub poison: bool,
    /// Bytes that the plan may take of the target's memories, by name; 0 leaves one out. What is not named may be taken whole.
    pub pools: Vec<(String, u64)>,
    /// Where weights and tables live.
    pub constants: Constants,
    /// Which rewrite rules are used.
    pub rules: RuleOptions,
    /// Bytes that the network may take. Over a budget there is no result.
    pub budgets: Budgets,
    /// Kernel libraries whose functions are taken wherever they apply, whatever they cost, by name.
    pub prefer: Vec<String>,
    /// Networks that `rewrite-graph` plans and compares at most, if not [`CANDIDATES`](crate::rewrite_graph::CANDIDATES).
    pub candidates: Option<usize>,
}

/// Which rules `rewrite-graph` uses, who may claim what, and what it says of it.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct RuleOptions {
    /// Accelerators that may claim parts of the network, by name.
    pub with: Vec<String>,
    /// Rules to leave out, by name.
    pub disable: Vec<String>,
    /// Whether rules may be used whose sides are equal up to rounding.
    pub fast_math: bool,
    /// Whether a remark says of every new op which rules led to it.
    pub explain: bool,
}

/// What a compile is to make small.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub enum OptimizeFor {
    /// Cycles, and the arena as far as it costs none.
    #[default]
    Balanced,
    /// Cycles.
    Latency,
    /// The arena, then cycles.
    Ram,
    /// Constants and code, then cycles.
    Flash,
}

impl OptimizeFor {
    /// Every goal.
    pub const ALL: [OptimizeFor; 4] = [
        OptimizeFor::Balanced,
        OptimizeFor::Latency,
        OptimizeFor::Ram,
        OptimizeFor::Flash,
    ];

    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            OptimizeFor::Balanced => "balanced",
            OptimizeFor::Latency => "latency",
            OptimizeFor::Ram => "ram",
            OptimizeFor::Flash => "flash",
        }
    }
}

impl From<Io> for PipelineOptions {
    fn from(io: Io) -> PipelineOptions {
        PipelineOptions {
            io,
            ..PipelineOptions::default()
        }
    }
}

impl PipelineOptions {
    /// What `plan-memory` is asked for; nothing for the defaults.
    fn plan_memory(&self) -> PassOptions {
        let mut options = PassOptions::none();
        if let Some(algorithm) = &self.algorithm {
            options = options.with("algorithm", algorithm);
        }
        if self.io == Io::Caller {
            options = options.with("io", "caller");
        }
        if !self.in_place() {
            options = options.with("overlap", false);
        }
        if !self.pools.is_empty() {
            let limits = self
                .pools
                .iter()
                .map(|(name, bytes)| format!("{name}:{bytes}"));
            options = options.with("pools", limits.collect::<Vec<_>>().join(","));
        }
        if self.constants == Constants::Fast || self.optimize_for == OptimizeFor::Latency {
            options = options.with("constants", "fast");
        }
        options
    }

    /// What `lower-nn` is asked for; nothing for the defaults.
    fn lower_nn(&self) -> PassOptions {
        let mut options = PassOptions::none();
        if matches!(self.optimize_for, OptimizeFor::Ram | OptimizeFor::Flash) {
            options = options.with("optimize-for", self.optimize_for.name());
        }
        if !self.prefer.is_empty() {
            options = options.with("prefer", self.prefer.join(","));
        }
        if let Some(bytes) = self.budgets.ram {
            options = options.with("ram-budget", bytes);
        }
        if self.optimize_for != OptimizeFor::Ram && self.budgets.ram.is_none() {
            return options;
        }
        if self.io == Io::Caller {
            options = options.with("io", "caller");
        }
        if !self.in_place() {
            options = options.with("overlap", false);
        }
        options
    }

    /// What `rewrite-graph` is asked for; nothing for the defaults.
    fn rewrite_graph(&self) -> PassOptions {
        let mut options = PassOptions::none();
        if self.optimize_for != OptimizeFor::Balanced {
            options = options.with("optimize-for", self.optimize_for.name());
        }
        if !self.rules.with.is_empty() {
            options = options.with("with", self.rules.with.join(","));
        }
        if !self.prefer.is_empty() {
            options = options.with("prefer", self.prefer.join(","));
        }
        if !self.rules.disable.is_empty() {
            options = options.with("disable", self.rules.disable.join(","));
        }
        if self.rules.fast_math {
            options = options.with("fast-math", true);
        }
        if self.rules.explain {
            options = options.with("explain", true);
        }
        if self.optimize_for == OptimizeFor::Ram || self.budgets.ram.is_some() {
            if self.io == Io::Caller {
                options = options.with("io", "caller");
            }
            if !self.in_place() {
                options = options.with("overlap", false);
            }
        }
        for (name, number) in [
            ("ram-budget", self.budgets.ram),
            ("flash-budget", self.budgets.flash),
            ("candidates", self.candidates.map(|n| n as u64)),
        ] {
            if let Some(number) = number {
                options = options.with(name, number);
            }
        }
        options
    }

    /// Whether a result may run into an operand that dies.
    pub fn in_place(&self) -> bool {
        let cheap = self.optimize_for != OptimizeFor::Latency || self.budgets.ram.is_some();
        self.in_place.unwrap_or(cheap)
    }

    /// What `check-budget` is asked for; `None` without a budget.
    fn check_budget(&self) -> Option<PassOptions> {
        let mut options = PassOptions::none();
        for (name, bytes) in [("ram", self.budgets.ram), ("flash", self.budgets.flash)] {
            if let Some(bytes) = bytes {
                options = options.with(name, bytes);
            }
        }
        (self.budgets != Budgets::default()).then_some(options)
    }

    /// What a pass of the default pipeline is asked for.
    fn of_pass(&self, pass: &str) -> PassOptions {
        match pass {
            "rewrite-graph" => self.rewrite_graph(),
            "lower-nn" => self.lower_nn(),
            "plan-memory" => self.plan_memory(),
            _ => PassOptions::none(),
        }
    }
}

/// From an imported module to a placed one.
pub fn default_pipeline(registry: &Registry, options: &PipelineOptions) -> Pipeline {
    let mut pipeline = Pipeline {
        anchor: "builtin.module".to_owned(),
        steps: Vec::new(),
    };
    for (own, point) in PARTS {
        let own = Pipeline::parse_steps("builtin.module", own)
            .expect("invariant: the default pipeline is a pipeline");
        for mut step in own {
            tune(&mut step, options);
            push(&mut pipeline.steps, step);
        }
        for step in point.into_iter().flat_map(|p| registry.extensions(p)) {
            push(&mut pipeline.steps, step.clone());
        }
    }
    if let Some(options) = options.check_budget() {
        push(
            &mut pipeline.steps,
            Step::Pass {
                name: "check-budget".to_owned(),
                options,
            },
        );
    }
    if options.poison {
        push(
            &mut pipeline.steps,
            Step::Pass {
                name: "poison-dead-memory".to_owned(),
                options: PassOptions::none(),
            },
        );
    }
    pipeline
}

/// Gives the passes of a step what is asked of them.
fn tune(step: &mut Step, options: &PipelineOptions) {
    match step {
        Step::Pass { name, options: of } => *of = options.of_pass(name),
        Step::Nested(inner) => inner.steps.iter_mut().for_each(|s| tune(s, options)),
    }
}

/// Appends a step; one that is nested on the same op as the last one joins it.
fn push(steps: &mut Vec<Step>, step: Step) {
    if let (Some(Step::Nested(last)), Step::Nested(next)) = (steps.last_mut(), &step)
        && last.anchor == next.anchor
    {
        last.steps.extend(next.steps.clone());
        return;
    }
    steps.push(step);
}
