//! What `@main` says of the C API: tensors in the model's order, and where they live.

use crate::ctype::{self, CType};
use crate::memory::{InitialState, Memories, Memory};
use crate::names::{c_identifier, unique};
use ir::dialects::{func, mcu};
use ir::{Diagnostic, Diagnostics, Module, OpId, QuantType};
use rustc_hash::FxHashSet;
use std::ops::Range;

/// Alignment in bytes that kernels rely on for a caller's tensor where `mcu.align` states none: that of a placed buffer.
const CALLER_ALIGN: u64 = 4;

/// What an argument of `@main` is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Role {
    Input,
    Output,
    State,
}

impl Role {
    /// As in names.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Role::Input => "input",
            Role::Output => "output",
            Role::State => "state",
        }
    }
}

/// An input, output or state of the model.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    /// Among those of its role.
    pub index: usize,
    pub role: Role,
    /// The name in the model.
    pub name: String,
    /// The member of the inputs or outputs structure.
    pub field: String,
    pub shape: Vec<i64>,
    pub elements: u64,
    pub elem: CType,
    pub bytes: u64,
    /// Per-tensor scale and zero point, with the storage's limits.
    pub quantisation: Option<(f32, i64, i64, i64)>,
    pub place: Place,
}

/// Where a tensor lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// In an arena, at a byte offset.
    Arena(usize, u64),
    /// In the memory that is kept between runs, at a byte offset.
    State(u64),
    /// In the caller's memory, aligned to so many bytes.
    Caller(u64),
}

/// The C API.
#[derive(Clone, Debug)]
pub(crate) struct Interface {
    pub inputs: Vec<Tensor>,
    pub outputs: Vec<Tensor>,
    pub states: Vec<Tensor>,
    pub memories: Memories,
    /// What the states hold before the first run.
    pub initial_state: InitialState,
    /// Whether inputs and outputs live in the arenas.
    pub io_in_arena: bool,
    /// The model's file.
    pub model: Option<String>,
}

impl Interface {
    pub(crate) fn of(m: &Module, main: OpId) -> Result<Interface, Diagnostics> {
        let memories = Memories::of(m)?;
        let Some(arguments) = mcu::Arguments::of(m, main) else {
            return Err(Diagnostic::error(
                "C002",
                "@main does not say by `mcu.inputs` how many inputs it has",
            )
            .into());
        };
        let mut errors = Diagnostics::new();
        let mut of_role = |role: Role, range: Range<usize>| {
            let mut fields = FxHashSet::default();
            let mut list = Vec::new();
            for (index, arg) in range.enumerate() {
                match tensor(m, main, arg, (role, index), &memories, &mut fields) {
                    Ok(t) => list.push(t),
                    Err(e) => errors.push(e),
                }
            }
            list
        };
        let inputs = of_role(Role::Input, 0..arguments.inputs);
        let outputs = of_role(Role::Output, arguments.output_range());
        let states = of_role(Role::State, arguments.state_range());
        if errors.has_errors() {
            return Err(errors);
        }
        let in_arena = |t: &&Tensor| matches!(t.place, Place::Arena(..));
        let placed = inputs.iter().chain(&outputs).filter(in_arena).count();
        if placed != 0 && placed != inputs.len() + outputs.len() {
            return Err(Diagnostic::error(
                "C005",
                "some tensors of @main have `mcu.offset` and some have not",
            )
            .into());
        }
        let places: Vec<(usize, u64)> = arguments
            .state_range()
            .zip(&states)
            .filter_map(|(arg, t)| match t.place {
                Place::State(offset) => Some((arg, offset)),
                _ => None,
            })
            .collect();
        let state_size = memories.state.as_ref().map_or(0, |s| s.need.size);
        let model = m
            .discardable(m.root(), "mcu.model")
            .and_then(|a| m.attr_str(a))
            .map(str::to_owned);
        Ok(Interface {
            initial_state: InitialState::of(m, main, state_size, &places),
            inputs,
            outputs,
            states,
            memories,
            io_in_arena: placed > 0,
            model,
        })
    }

    /// Inputs, then outputs.
    pub(crate) fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.inputs.iter().chain(&self.outputs)
    }

    /// The arguments of `@main`: inputs, outputs, states.
    pub(crate) fn arguments(&self) -> impl Iterator<Item = &Tensor> {
        self.tensors().chain(&self.states)
    }
}

fn tensor(
    m: &Module,
    main: OpId,
    arg: usize,
    (role, index): (Role, usize),
    memories: &Memories,
    fields: &mut FxHashSet<String>,
) -> Result<Tensor, Diagnostic> {
    let value = m.entry_block(main).map(|b| m.block_args(b)[arg]);
    let ty = value.map(|v| m.value_type(v));
    let text = |key: &str| func::arg_attr(m, main, arg, key);
    let int = |key: &str| {
        text(key)
            .and_then(|a| m.attr_int(a))
            .and_then(|v| u64::try_from(v).ok())
    };
    let name = text("mcu.name")
        .and_then(|a| m.attr_str(a))
        .map(str::to_owned);
    let name = name.unwrap_or_else(|| format!("{}_{index}", role.name()));
    let described = text("mcu.type").and_then(|a| m.attr_type(a));
    let elem = ty.and_then(|t| ctype::of_memref(m, t));
    let (Some(ty), Some(elem)) = (ty, elem) else {
        return Err(Diagnostic::error(
            "C004",
            format!("argument {arg} of @main (\"{name}\") is not a buffer that C has"),
        ));
    };
    let (Some(bytes), Some(elements)) = (m.size_bytes(ty), m.num_elements(ty)) else {
        return Err(Diagnostic::error(
            "C004",
            format!("argument {arg} of @main (\"{name}\") has no static size"),
        ));
    };
    let shape = described
        .and_then(|t| m.type_data(t).shape())
        .or(m.type_data(ty).shape());
    let arena = text("mcu.arena").and_then(|a| m.attr_symbol(a));
    let place = match (int("mcu.offset"), role) {
        (Some(offset), _) => placed(&name, arena, offset, bytes, role, memories)?,
        (None, Role::State) => {
            return Err(Diagnostic::error(
                "C005",
                format!("state \"{name}\" has no `mcu.offset`"),
            ));
        }
        (None, _) => Place::Caller(
            int("mcu.align")
                .unwrap_or(CALLER_ALIGN)
                .max(u64::from(elem.bits()) / 8),
        ),
    };
    Ok(Tensor {
        index,
        role,
        field: unique(&c_identifier(&name), fields),
        name,
        shape: shape.unwrap_or(&[]).to_vec(),
        elements,
        elem,
        bytes,
        quantisation: described.and_then(|t| m.quant_of(t)).and_then(per_tensor),
        place,
    })
}

fn per_tensor(q: &QuantType) -> Option<(f32, i64, i64, i64)> {
    q.axis.is_none().then(|| {
        (
            q.scale(0) as f32,
            q.zero_point(0),
            q.storage_min,
            q.storage_max,
        )
    })
}

/// The place that attributes say, if it is there.
fn placed(
    name: &str,
    arena: Option<&str>,
    offset: u64,
    bytes: u64,
    role: Role,
    memories: &Memories,
) -> Result<Place, Diagnostic> {
    let symbol = arena.unwrap_or("arena");
    let found = match role {
        Role::State => {
            let named = |s: &&Memory| s.symbol.as_deref() == Some(symbol);
            let state = memories.state.as_ref().filter(named);
            state.map(|s| (Place::State(offset), s.need.size))
        }
        Role::Input | Role::Output => {
            let position = memories.arena(symbol);
            position.map(|i| (Place::Arena(i, offset), memories.arenas[i].need.size))
        }
    };
    let Some((place, size)) = found else {
        let what = match role {
            Role::State => "memory that is kept between runs",
            _ => "arena",
        };
        return Err(Diagnostic::error(
            "C005",
            format!(
                "{} \"{name}\" lies in @{symbol}, which is no {what}",
                role.name()
            ),
        ));
    };
    if offset.checked_add(bytes).is_none_or(|end| end > size) {
        let message = match role {
            Role::State => format!("state \"{name}\" does not fit into @{symbol}"),
            _ => format!("tensor \"{name}\" does not fit into the arena"),
        };
        return Err(Diagnostic::error("C005", message));
    }
    Ok(place)
}
