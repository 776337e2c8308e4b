//! What the public functions of any module compute, and whether another module computes the same.
//!
//! [`observe`] runs every public function that has a body on inputs that follow from a seed: functions on values (tensors, vectors,
//! scalars, with `scf` and calls) op by op through [`Interpret`](ir::interfaces::Interpret), functions on buffers by
//! [`Program`]. [`equivalent`] compares two modules, usually one before and one after a pass:
//!
//! * Only public functions count, by name. Private ones may come, go and merge.
//! * Outputs are a function's results, and the contents of its buffers after the call. With `mcu.inputs` (the lowered form of a
//!   network) the first buffers are inputs only, and the others are outputs that hold [`POISON`](crate::loops::POISON) before. So a
//!   network on tensors compares with its lowered and its placed form. States (`mcu.states`) are both.
//! * It is *refinement*: where the first module is undefined (overflow under `nsw`, an access out of bounds), the second may do
//!   anything; where it is defined, the second must be defined and yield the same bits. All NaNs are equal.
//! * What cannot be executed (an op without interpretation, an external function, too many steps) is *not comparable*, with the
//!   reason; never a panic, and never a verdict.
//!
//! Inputs depend on the seed, the function's name, the input's position, its element and its number of elements, and not on how it
//! is typed beyond that.
//!
//! ```
//! use interp::evaluate::{Settings, Verdict, equivalent};
//! use ir::{Builder, DialectRegistry, Loc, Module, dialects::func};
//! use std::sync::Arc;
//!
//! let mut registry = DialectRegistry::builder();
//! ir::dialects::register_all(&mut registry)?;
//! interp::register(&mut registry)?;
//! let registry = Arc::new(registry.freeze());
//! let times = |factor: i64| {
//!     let mut m = Module::new(registry.clone());
//!     let i32 = m.i32();
//!     let (_, entry) = func::build_func(&mut m, "f", &[i32], &[i32], Loc::UNKNOWN);
//!     let x = m.block_args(entry)[0];
//!     let mut b = Builder::at_end(&mut m, entry);
//!     let c = b.const_int(factor, i32);
//!     let y = b.muli(x, c);
//!     b.op("func.return", &[y], &[]);
//!     m
//! };
//! let settings = Settings::new(1, 4);
//! assert!(matches!(equivalent(&times(3), &times(3), &settings), Verdict::Equal(_)));
//! let Verdict::Differs(d) = equivalent(&times(3), &times(5), &settings) else { panic!() };
//! assert_eq!((d.function.as_str(), d.output.as_str()), ("f", "result 0"));
//! # Ok::<(), ir::RegistryError>(())
//! ```

mod buffers;
mod compare;
mod slot;
mod unknown;
mod values;

pub use compare::{Coverage, Difference, Verdict, equivalent};
pub use slot::{Element, Slot};

use crate::loops::{Limits, LoopError, Program};
use ir::dialects::func::{FuncOp, functions};
use ir::verify::{VerifyOptions, verify, verify_with};
use ir::{Diagnostics, Module, OpId, TypeData, Verified, WalkOrder};
use rustc_hash::FxHashSet;

/// What to run, and for how long.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Settings {
    /// The seed of all inputs.
    pub seed: u64,
    /// Runs of each function, each with other inputs: the first with small numbers, then uniform ones, then extreme ones, then a
    /// mixture, and so on.
    pub samples: usize,
    /// Steps of one run, about an instruction each; one that needs more is not executable.
    pub steps: u64,
    /// Bytes of memory of one run, the module's globals included.
    pub bytes: usize,
    /// What becomes of ops without interpretation.
    pub unknown: Unknown,
}

/// What becomes of an op without interpretation, in a function that touches no memory.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Unknown {
    /// The run is not executable.
    Stop,
    /// It stands for any op of its name and attributes: its results are made up from those and from its operands' values, the same on
    /// every run. If it may have effects, it is an output too, with its operands' values, and its results also depend on how many such
    /// ops ran before. So passes that know nothing of such ops must leave them in place and order; one that knows what they compute
    /// shows a difference that is none.
    MakeUp,
}

impl Settings {
    /// Some samples of a seed, a second or so and 256 MiB for each run.
    pub fn new(seed: u64, samples: usize) -> Settings {
        Settings {
            seed,
            samples,
            steps: 1 << 28,
            bytes: 1 << 28,
            unknown: Unknown::Stop,
        }
    }

    /// With made-up results of unknown ops.
    #[must_use]
    pub fn make_up_unknown(mut self) -> Settings {
        self.unknown = Unknown::MakeUp;
        self
    }

    /// With another number of steps.
    #[must_use]
    pub fn steps(mut self, steps: u64) -> Settings {
        self.steps = steps;
        self
    }

    fn limits(&self) -> Limits {
        Limits {
            steps: self.steps,
            bytes: self.bytes,
        }
    }
}

/// What one run of a function did.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Outcome {
    /// It returned; its outputs, in order.
    Defined(Vec<Output>),
    /// It did something that the IR leaves undefined, and what.
    Undefined(String),
    /// It could not be run, or not to the end, and why.
    NotExecutable(String),
}

/// One output of a run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Output {
    /// `result 0`, `argument 2`, `effect 1`.
    pub name: String,
    /// What its elements are.
    pub element: Element,
    /// Its elements, little endian, row-major.
    pub bytes: Vec<u8>,
    /// Whether it is what an [unknown op](Unknown::MakeUp) did.
    pub effect: bool,
}

/// What a function did on every sample.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct FunctionObservation {
    /// The function's symbol.
    pub name: String,
    /// Its inputs, in order; why not, if they cannot be made.
    pub inputs: Result<Vec<Slot>, String>,
    /// One for each sample.
    pub outcomes: Vec<Outcome>,
}

/// What the public functions of a module did, in the module's order.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Observation {
    /// The functions.
    pub functions: Vec<FunctionObservation>,
}

impl Observation {
    /// The observation of a function.
    pub fn function(&self, name: &str) -> Option<&FunctionObservation> {
        self.functions.iter().find(|f| f.name == name)
    }
}

/// Runs every public function that has a body.
///
/// # Errors
/// The verifier's errors; ops that are not registered are no error, functions that reach one are not executable.
pub fn observe(m: &Module, settings: &Settings) -> Result<Observation, Diagnostics> {
    let unregistered = VerifyOptions {
        allow_unregistered: true,
    };
    verify_with(m, &unregistered)?;
    let program = verify(m).ok().and_then(|v| compile(v, settings).ok());
    let public = functions(m).into_iter().filter(|&f| is_public(m, f));
    let functions = public
        .filter(|&f| m.entry_block(f).is_some())
        .map(|f| function(m, f, program.as_ref(), settings))
        .collect();
    Ok(Observation { functions })
}

fn compile<'m>(verified: Verified<'m>, settings: &Settings) -> Result<Program<'m>, LoopError> {
    Ok(Program::compile(verified)?.with_limits(settings.limits()))
}

/// Whether a function is seen from outside of its module.
pub fn is_public(m: &Module, func: OpId) -> bool {
    let visibility = m.prop(func, "sym_visibility").and_then(|a| m.attr_str(a));
    visibility.is_none_or(|v| v == "public")
}

fn function(
    m: &Module,
    func: OpId,
    program: Option<&Program<'_>>,
    settings: &Settings,
) -> FunctionObservation {
    let name = m.symbol_name(func).unwrap_or_default().to_owned();
    let interface = buffers::Interface::of(m, func);
    let reachable = reachable(m, func);
    let run = |interface: &buffers::Interface| {
        if !reachable.iter().any(|&f| touches_memory(m, f)) {
            return values::run(m, func, &name, &interface.inputs, settings);
        }
        if let Some(program) = program {
            return buffers::run(program, &name, interface, settings);
        }
        match alone(m, &reachable) {
            Ok(small) => buffers::run_alone(&small, &name, interface, settings),
            Err(why) => vec![Outcome::NotExecutable(why); settings.samples],
        }
    };
    match interface {
        Ok(interface) => FunctionObservation {
            outcomes: run(&interface),
            name,
            inputs: Ok(interface.inputs),
        },
        Err(why) => FunctionObservation {
            name,
            outcomes: vec![Outcome::NotExecutable(why.clone()); settings.samples],
            inputs: Err(why),
        },
    }
}

/// A function and all that it calls, directly or not.
fn reachable(m: &Module, func: OpId) -> Vec<OpId> {
    let mut all = vec![func];
    let mut seen: FxHashSet<OpId> = FxHashSet::from_iter([func]);
    let mut next = 0;
    while let Some(&f) = all.get(next) {
        next += 1;
        for op in m.walk(f, WalkOrder::Pre) {
            let callee = m.prop(op, "callee").and_then(|a| m.attr_symbol(a));
            let callee = callee.and_then(|name| m.lookup_symbol(name));
            let callee = callee.filter(|&c| m.op_name(c) == FuncOp::NAME);
            all.extend(callee.filter(|&c| seen.insert(c)));
        }
    }
    all
}

fn touches_memory(m: &Module, func: OpId) -> bool {
    let memref = |v: &ir::ValueId| matches!(m.type_data(m.value_type(*v)), TypeData::MemRef { .. });
    let in_op = |op: OpId| {
        let blocks = m.regions(op).iter().flat_map(|&r| m.blocks(r));
        m.results(op).iter().any(memref)
            || blocks
                .into_iter()
                .any(|&b| m.block_args(b).iter().any(memref))
    };
    m.walk(func, WalkOrder::Pre).into_iter().any(in_op)
}

/// The module without the functions that are not needed; an error if it does not verify.
fn alone(m: &Module, needed: &[OpId]) -> Result<Module, String> {
    let mut small = m.clone();
    for f in functions(m) {
        if !needed.contains(&f) {
            small.erase(f);
        }
    }
    let verdict = verify(&small).map(|_| ());
    match verdict {
        Ok(()) => Ok(small),
        Err(errors) => Err(errors
            .iter()
            .next()
            .map_or("it does not verify".to_owned(), |e| e.message.clone())),
    }
}
