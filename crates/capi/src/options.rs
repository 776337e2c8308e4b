//! Options by name and value.

use crate::boundary::{Failure, Outcome};
use crate::status::Status;
use thumbwright::{Backend, Budgets, CompileOptions, Constants, Io, OptimizeFor, PipelineOptions};

/// What the options of a session are set to; none is at its default.
#[derive(Clone, Default)]
pub(crate) struct Options {
    target: Option<String>,
    name: Option<String>,
    io: Option<Io>,
    in_place: Option<bool>,
    optimize_for: Option<OptimizeFor>,
    algorithm: Option<String>,
    pools: Option<Vec<(String, u64)>>,
    constants: Option<Constants>,
    ram_budget: Option<u64>,
    flash_budget: Option<u64>,
    candidates: Option<u64>,
    prefer: Option<String>,
    verify_each: Option<bool>,
    keep_stages: Option<bool>,
    allow_external: Option<bool>,
    backend: Option<Backend>,
}

/// An option that can be set.
struct Known {
    name: &'static str,
    summary: &'static str,
    set: fn(&mut Options, Option<&str>) -> Result<(), String>,
}

const KNOWN: &[Known] = &[
    Known {
        name: "target",
        summary: "the core or board to compile for; there is no default",
        set: |o, value| {
            o.target = value.map(str::to_owned);
            Ok(())
        },
    },
    Known {
        name: "name",
        summary: "the prefix of the public C names; by default made from the model's file name",
        set: |o, value| {
            o.name = value.map(str::to_owned);
            Ok(())
        },
    },
    Known {
        name: "backend",
        summary: "what makes the code: `c` (default), or `llvm`, a library with the header of the C, where this library was built with LLVM",
        set: |o, value| {
            o.backend = choice(value, &[("c", Backend::C), ("llvm", Backend::Llvm)])?;
            Ok(())
        },
    },
    Known {
        name: "io",
        summary: "where inputs and outputs live: `arena` (default), planned with everything else, or `caller`, in the caller's memory; \
                  of no effect beside a pipeline of one's own, whose plan-memory has the option",
        set: |o, value| {
            o.io = choice(value, &[("arena", Io::Arena), ("caller", Io::Caller)])?;
            Ok(())
        },
    },
    Known {
        name: "in-place",
        summary: "whether a layer's result may run into an operand that it reads for the last time, in the same bytes: `true` (default \
                  for `optimize-for` `ram`) or `false` (default otherwise); of no effect beside a pipeline of one's own",
        set: |o, value| {
            o.in_place = choice(value, BOOL)?;
            Ok(())
        },
    },
    Known {
        name: "algorithm",
        summary: "the planning algorithm, by name; of no effect beside a pipeline of one's own",
        set: |o, value| {
            o.algorithm = value.map(str::to_owned);
            Ok(())
        },
    },
    Known {
        name: "optimize-for",
        summary: "what is to be small: `balanced` (default), the cycles and what memory costs none; `latency`, the cycles; `ram`, the \
                  memory, then the cycles; or `flash`, constants and code, then the cycles; of no effect beside a pipeline of one's own",
        set: |o, value| {
            o.optimize_for = choice(value, &OptimizeFor::ALL.map(|g| (g.name(), g)))?;
            Ok(())
        },
    },
    Known {
        name: "pools",
        summary: "how many bytes of the board's memories the plan may take, `NAME=BYTES,…`; 0 leaves one out, and what is not named may be \
                  taken whole; of no effect beside a pipeline of one's own",
        set: |o, value| {
            o.pools = value.map(limits).transpose()?;
            Ok(())
        },
    },
    Known {
        name: "constants",
        summary: "where weights and tables live: `flash` (default), or `fast`, as far as they fit in memories that are faster than flash; \
                  of no effect beside a pipeline of one's own",
        set: |o, value| {
            let choices = [("flash", Constants::Flash), ("fast", Constants::Fast)];
            o.constants = choice(value, &choices)?;
            Ok(())
        },
    },
    Known {
        name: "ram-budget",
        summary: "bytes of RAM that the network may take, arenas and states together; what takes more is an error; of no effect beside a \
                  pipeline of one's own",
        set: |o, value| {
            o.ram_budget = number(value)?;
            Ok(())
        },
    },
    Known {
        name: "flash-budget",
        summary: "bytes of flash that constants and, as estimated, code may take; what takes more is an error; of no effect beside a \
                  pipeline of one's own",
        set: |o, value| {
            o.flash_budget = number(value)?;
            Ok(())
        },
    },
    Known {
        name: "candidates",
        summary: "how many of the networks that rewrite rules find equal are planned and compared, 8 by default; of no effect beside a \
                  pipeline of one's own",
        set: |o, value| {
            o.candidates = number(value)?;
            Ok(())
        },
    },
    Known {
        name: "prefer",
        summary: "kernel libraries of the session whose functions are taken wherever they apply, whatever they cost, NAME,…; of no effect beside a \
                  pipeline of one's own",
        set: |o, value| {
            o.prefer = value.map(str::to_owned);
            Ok(())
        },
    },
    Known {
        name: "verify-each",
        summary: "whether to verify the module after every pass: `true` or `false` (default, but for debug builds of the library)",
        set: |o, value| {
            o.verify_each = choice(value, BOOL)?;
            Ok(())
        },
    },
    Known {
        name: "keep-stages",
        summary: "whether the module's text after every stage is among the files, as mlir/NN-STAGE.mlir: `true` or `false` (default)",
        set: |o, value| {
            o.keep_stages = choice(value, BOOL)?;
            Ok(())
        },
    },
    Known {
        name: "allow-external",
        summary: "whether the pass `external` may run the program that the pipeline names: `true` or `false` (default)",
        set: |o, value| {
            o.allow_external = choice(value, BOOL)?;
            Ok(())
        },
    },
];

const BOOL: &[(&str, bool)] = &[("true", true), ("false", false)];

/// Names, separated by commas.
fn names(text: &str) -> impl Iterator<Item = String> {
    let names = text.split(',').filter(|n| !n.is_empty());
    names.map(str::to_owned)
}

/// Memories with bytes, separated by commas.
fn limits(text: &str) -> Result<Vec<(String, u64)>, String> {
    let limit = |element: &str| {
        let (name, bytes) = element.split_once('=')?;
        Some((name.to_owned(), bytes.parse().ok()?))
    };
    let elements = text.split(',').filter(|e| !e.is_empty());
    let limits = elements.map(|e| limit(e).ok_or_else(|| format!("is NAME=BYTES,…, not `{text}`")));
    limits.collect()
}

fn number(value: Option<&str>) -> Result<Option<u64>, String> {
    let parse = |text: &str| {
        text.parse()
            .map_err(|_| format!("is a number, not `{text}`"))
    };
    value.map(parse).transpose()
}

fn choice<T: Copy>(value: Option<&str>, choices: &[(&str, T)]) -> Result<Option<T>, String> {
    let Some(value) = value else {
        return Ok(None);
    };
    match choices.iter().find(|(name, _)| *name == value) {
        Some((_, choice)) => Ok(Some(*choice)),
        None => {
            let names: Vec<String> = choices
                .iter()
                .map(|(name, _)| format!("`{name}`"))
                .collect();
            Err(format!("is {}, not `{value}`", names.join(" or ")))
        }
    }
}

/// Names and summaries of all options.
pub(crate) fn known() -> impl Iterator<Item = (&'static str, &'static str)> {
    KNOWN.iter().map(|o| (o.name, o.summary))
}

impl Options {
    /// Sets an option; no value means the default.
    pub(crate) fn set(&mut self, name: &str, value: Option<&str>) -> Outcome<()> {
        let Some(option) = KNOWN.iter().find(|o| o.name == name) else {
            let names: Vec<&str> = KNOWN.iter().map(|o| o.name).collect();
            let text = format!(
                "there is no option `{name}`; there are {}",
                names.join(", ")
            );
            return Err(Failure::new(Status::UnknownOption, text));
        };
        (option.set)(self, value)
            .map_err(|why| Failure::new(Status::InvalidValue, format!("option `{name}` {why}")))
    }

    /// What the default pipeline is asked for.
    pub(crate) fn tuning(&self) -> PipelineOptions {
        PipelineOptions {
            io: self.io.unwrap_or_default(),
            algorithm: self.algorithm.clone(),
            pools: self.pools.clone().unwrap_or_default(),
            constants: self.constants.unwrap_or_default(),
            in_place: self.in_place,
            optimize_for: self.optimize_for.unwrap_or_default(),
            budgets: Budgets {
                ram: self.ram_budget,
                flash: self.flash_budget,
            },
            candidates: self.candidates.and_then(|n| usize::try_from(n).ok()),
            prefer: self.prefer.iter().flat_map(|p| names(p)).collect(),
            ..PipelineOptions::default()
        }
    }

    /// What makes the code.
    pub(crate) fn backend(&self) -> Backend {
        self.backend.unwrap_or_default()
    }

    /// For a compile with this pipeline, or the default one.
    ///
    /// # Errors
    /// There is no target.
    pub(crate) fn for_compile(&self, pipeline: Option<String>) -> Outcome<CompileOptions> {
        let Some(target) = &self.target else {
            let text = "the session has no target: set the option `target`";
            return Err(Failure::new(Status::Incomplete, text));
        };
        let defaults = CompileOptions::for_target(target);
        Ok(CompileOptions {
            name: self.name.clone(),
            tuning: self.tuning(),
            pipeline,
            verify_each: self.verify_each.unwrap_or(defaults.verify_each),
            keep_stages: self.keep_stages.unwrap_or(defaults.keep_stages),
            allow_external: self.allow_external.unwrap_or(defaults.allow_external),
            ..defaults
        })
    }
}
