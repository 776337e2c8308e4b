//! The C API of a module, for a back end that defines its functions otherwise than in C: names, places, and the public header.

use crate::interface::{Place, Tensor};
use crate::memory::{InitialState, Memory, MemoryNames};
use crate::program::Outline;
use crate::{File, KernelName, MemoryNeed, Options, render};
use ir::Module;
use std::collections::BTreeSet;

/// What the public header declares, and what the definitions behind it need to know.
///
/// The functions are those of the C: `<name>_run_in` takes the arenas (a pointer to the one, or to `struct <name>_arenas`, a pointer each),
/// the state if there is one, and pointers to structs of a data pointer for each input and each output.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Api {
    /// `include/<name>.h`
    pub header: File,
    /// Prefix of the public names.
    pub name: String,
    /// The arenas, in the order of the members of `struct <name>_arenas`; one, which may be of no bytes, is passed by itself.
    pub arenas: Vec<ApiMemory>,
    /// The memory that is kept between runs.
    pub state: Option<ApiMemory>,
    /// The states' memory before the first run; empty without states.
    pub initial_state: Vec<u8>,
    /// The inputs in the model's order: the first arguments of `@main`.
    pub inputs: Vec<ApiTensor>,
    /// The outputs in the model's order: the next arguments.
    pub outputs: Vec<ApiTensor>,
    /// The states: the last arguments.
    pub states: Vec<ApiTensor>,
    /// Whether inputs and outputs live in the arenas, and are copied from and to where the caller has them.
    pub io_in_arena: bool,
    /// The functions that `@main` reaches, without it, callees before callers.
    pub kernels: Vec<KernelName>,
    /// The symbols of the functions, kernels and `@main`, that return a status, as an external function that they call may fail.
    pub fallible: BTreeSet<String>,
    /// Whether the arenas are those of an app, which defines them under the names that [`ApiMemory::variable`] has.
    pub shares_arenas: bool,
    /// The names of the constants, by symbol, in the module's order.
    pub constants: Vec<(String, String)>,
}

/// A block of memory that a run works in.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiMemory {
    /// The global of the module; `None` where the module has none and the block is empty.
    pub symbol: Option<String>,
    /// The variable that is the module's own.
    pub variable: String,
    /// Size, alignment, pool.
    pub need: MemoryNeed,
}

/// An argument of `@main`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ApiTensor {
    /// The name in the model.
    pub name: String,
    /// What its functions start with, and, of a tensor in an arena, the one that returns its address.
    pub function: String,
    /// Bytes.
    pub bytes: u64,
    /// Where it lives.
    pub place: Place,
}

impl Api {
    pub(crate) fn of(
        m: &Module,
        outline: Outline,
        target: &target::Target,
        options: &Options,
    ) -> Api {
        let memory = |memory: &Memory, variable: String| ApiMemory {
            symbol: memory.symbol.clone(),
            variable,
            need: memory.need.clone(),
        };
        let names = &outline.names;
        let tensors = |list: &[Tensor]| {
            let tensor = |t: &Tensor| ApiTensor {
                name: t.name.clone(),
                function: names.tensor(t.role, t.index),
                bytes: t.bytes,
                place: t.place,
            };
            list.iter().map(tensor).collect()
        };
        let i = &outline.interface;
        let state_size = i.memories.state.as_ref().map_or(0, |s| s.need.size);
        let initial_state = match &i.initial_state {
            InitialState::Fill(byte) => vec![*byte; usize::try_from(state_size).unwrap_or(0)],
            InitialState::Bytes(bytes) => bytes.clone(),
        };
        let kernel = |&f: &ir::OpId| KernelName {
            symbol: m.symbol_name(f).unwrap_or_default().to_owned(),
            function: outline.functions.get(&f).cloned().unwrap_or_default(),
        };
        Api {
            name: names.prefix.clone(),
            arenas: (i.memories.arenas.iter())
                .map(|a| {
                    let own = || MemoryNames::of(a, names).variable;
                    let shared = options.shared.as_ref();
                    let shared = shared.map(|s| s.variable(a.need.pool.as_deref()));
                    memory(a, shared.unwrap_or_else(own))
                })
                .collect(),
            state: (i.memories.state.as_ref())
                .map(|s| memory(s, format!("{}_state", names.prefix))),
            initial_state,
            inputs: tensors(&i.inputs),
            outputs: tensors(&i.outputs),
            states: tensors(&i.states),
            io_in_arena: i.io_in_arena,
            kernels: outline.kernels.iter().map(kernel).collect(),
            constants: outline.constants.names(),
            fallible: outline.externs.fallible(m),
            shares_arenas: options.shared.is_some(),
            header: render::header(&outline.without_code(), target, options),
        }
    }
}
