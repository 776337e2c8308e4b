//! What a user may ask of the memory plan: the same options wherever a model is compiled.

use crate::{Budgets, Constants, Io, OptimizeFor, PipelineOptions, RuleOptions};
use clap::{Args, ValueEnum};

/// Options of the memory plan.
///
/// A form that also takes passes of one's own makes them conflict with the group `PlanningOptions`, since they tune the default passes.
#[derive(Args, Clone, Debug)]
#[group(multiple = true)]
pub struct PlanningOptions {
    /// Where inputs and outputs live: planned inside the arena, or in the caller's memory.
    #[arg(long, value_enum, default_value_t = IoPlace::Arena)]
    io: IoPlace,
    /// The planning algorithm; of `plan`, also `all`, to compare them [default: exact].
    #[arg(long, value_name = "NAME")]
    algorithm: Option<String>,
    /// Whether a layer's result may run into an operand that it reads for the last time, in the same bytes [default: on, but for `--optimize-for latency`].
    #[arg(long, value_name = "on|off", value_parser = on_or_off)]
    in_place: Option<bool>,
    /// What is to be small: the cycles, the memory, the flash, or the cycles and what memory costs none.
    #[arg(long, value_enum, value_name = "GOAL", default_value_t = Goal::Balanced)]
    optimize_for: Goal,
    /// RAM that the network may take, arenas and states together; what takes more is refused.
    #[arg(long, value_name = "BYTES")]
    ram_budget: Option<u64>,
    /// Flash that constants and, as estimated, code may take; what takes more is refused.
    #[arg(long, value_name = "BYTES")]
    flash_budget: Option<u64>,
    /// How many of the networks that rewrite rules find equal are planned and compared [default: 8].
    #[arg(long, value_name = "NUMBER")]
    candidates: Option<usize>,
    /// How much of one of the board's memories the plan may take; 0 leaves it out. Stack and application need some too. May be repeated.
    #[arg(long = "pool", value_name = "NAME=BYTES", value_parser = limit)]
    pools: Vec<(String, u64)>,
    /// Where weights and tables live: in flash, or as far as they fit in memories that are faster.
    #[arg(long, value_enum, default_value_t = ConstantsPlace::Flash)]
    constants: ConstantsPlace,
    /// Leave out a rewrite rule of networks; `opt --list-rules` lists them. May be repeated.
    #[arg(long = "disable-rule", value_name = "NAME")]
    disabled_rules: Vec<String>,
    /// Use rewrite rules whose sides are equal up to rounding, too.
    #[arg(long)]
    allow_fast_math: bool,
    /// Take the functions of this kernel library, one of `--with`, wherever they apply, whatever they cost. May be repeated.
    #[arg(long, value_name = "NAME")]
    prefer: Vec<String>,
    /// Say of every op that is new in the network which rewrite rules led to it.
    #[arg(long)]
    explain_rewrites: bool,
}

/// A memory and a number of bytes.
fn limit(text: &str) -> Result<(String, u64), String> {
    let parts = text.split_once('=').and_then(|(name, bytes)| {
        let word = !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_');
        Some((name.to_owned(), bytes.parse().ok()?)).filter(|_| word)
    });
    parts.ok_or_else(|| "write the memory's name and a number of bytes, as ram=65536".to_owned())
}

fn on_or_off(text: &str) -> Result<bool, String> {
    match text {
        "on" => Ok(true),
        "off" => Ok(false),
        _ => Err("it is `on` or `off`".to_owned()),
    }
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum Goal {
    Latency,
    Ram,
    Flash,
    Balanced,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum IoPlace {
    Arena,
    Caller,
}

#[derive(ValueEnum, Clone, Copy, PartialEq, Eq, Debug)]
enum ConstantsPlace {
    Flash,
    Fast,
}

impl PlanningOptions {
    /// The algorithm that is asked for.
    pub fn algorithm(&self) -> Option<&str> {
        self.algorithm.as_deref()
    }

    /// Whether something is said of the board's memories.
    pub fn concern_memories(&self) -> bool {
        !self.pools.is_empty() || self.constants != ConstantsPlace::Flash
    }

    /// What the default pipeline is asked for.
    pub fn tuning(&self) -> PipelineOptions {
        PipelineOptions {
            io: match self.io {
                IoPlace::Arena => Io::Arena,
                IoPlace::Caller => Io::Caller,
            },
            algorithm: self.algorithm.clone(),
            pools: self.pools.clone(),
            constants: match self.constants {
                ConstantsPlace::Flash => Constants::Flash,
                ConstantsPlace::Fast => Constants::Fast,
            },
            rules: RuleOptions {
                with: Vec::new(),
                disable: self.disabled_rules.clone(),
                fast_math: self.allow_fast_math,
                explain: self.explain_rewrites,
            },
            budgets: Budgets {
                ram: self.ram_budget,
                flash: self.flash_budget,
            },
            candidates: self.candidates,
            prefer: self.prefer.clone(),
            in_place: self.in_place,
            optimize_for: match self.optimize_for {
                Goal::Latency => OptimizeFor::Latency,
                Goal::Ram => OptimizeFor::Ram,
                Goal::Flash => OptimizeFor::Flash,
                Goal::Balanced => OptimizeFor::Balanced,
            },
            ..PipelineOptions::default()
        }
    }
}
