//! The memory that the C works in: arenas, and the states' own; what each is called.

use crate::names::{PublicNames, c_identifier, unique};
use ir::dialects::{mcu, memref};
use ir::{AttrData, Diagnostic, Diagnostics, Module, OpId, TypeData};
use rustc_hash::FxHashSet;

/// Alignment of an arena that states none.
const ARENA_ALIGN: u64 = 16;
/// A memory's symbol without this is the name of its pool, unless `mcu.pool` says it.
const ARENA_PREFIX: &str = "arena_";

/// A block of memory that the C needs.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemoryNeed {
    /// The target's memory that the plan meant it for.
    pub pool: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Alignment of its start in bytes, a power of two.
    pub align: u64,
}

/// A block of memory, as the module has it and as the C calls it.
#[derive(Clone, Debug)]
pub(crate) struct Memory {
    /// The global of the module; `None` where the module has none and the block is empty.
    pub symbol: Option<String>,
    pub need: MemoryNeed,
    /// What tells it apart from the other arenas, a C identifier; empty if it is the only one.
    pub field: String,
    /// Its parameter of the function that runs the layers.
    pub parameter: String,
}

/// All blocks of memory of a module.
#[derive(Clone, Debug)]
pub(crate) struct Memories {
    /// One at least; the only one may be empty. Otherwise none is.
    pub arenas: Vec<Memory>,
    /// Of what is kept from one run to the next.
    pub state: Option<Memory>,
}

impl Memories {
    /// The globals without a value.
    pub(crate) fn of(m: &Module) -> Result<Memories, Diagnostics> {
        let (mut arenas, mut state) = (Vec::new(), None);
        for g in m
            .ops(m.body())
            .filter_map(|op| memref::GlobalOp::cast(m, op))
            .filter(|g| is_unset(m, g.0))
        {
            let memory = memory(m, g)?;
            if m.discardable(g.0, "mcu.persistent").is_none() {
                arenas.push(memory);
            } else if state.is_none() {
                state = Some(Memory {
                    field: String::new(),
                    parameter: "state".to_owned(),
                    ..memory
                });
            } else {
                let symbol = memory.symbol.unwrap_or_default();
                let text = format!("@{symbol} is another global that is kept between runs");
                return Err(Diagnostic::error("C006", text).into());
            }
        }
        if arenas.is_empty() {
            arenas.push(Memory {
                symbol: None,
                need: MemoryNeed {
                    pool: None,
                    size: 0,
                    align: ARENA_ALIGN,
                },
                field: String::new(),
                parameter: "arena".to_owned(),
            });
        }
        if let [one] = &mut arenas[..] {
            one.field = String::new();
            one.parameter = "arena".to_owned();
        } else {
            let mut taken = FxHashSet::default();
            for a in &mut arenas {
                let field = unique(&a.field, &mut taken);
                a.parameter = format!("arena_{field}");
                a.field = field;
            }
        }
        Ok(Memories { arenas, state })
    }

    /// The arena, or the states' memory, of a symbol.
    pub(crate) fn get(&self, symbol: &str) -> Option<&Memory> {
        let all = self.arenas.iter().chain(&self.state);
        all.into_iter()
            .find(|a| a.symbol.as_deref() == Some(symbol))
    }

    /// Position of the arena that a symbol names; that of the only one for the symbol that stands for it.
    pub(crate) fn arena(&self, symbol: &str) -> Option<usize> {
        let of = |s: &str| {
            let found = |a: &Memory| a.symbol.as_deref() == Some(s);
            self.arenas.iter().position(found)
        };
        of(symbol).or_else(|| (self.arenas.len() == 1 && symbol == "arena").then_some(0))
    }
}

/// Whether a global is memory, not a constant.
fn is_unset(m: &Module, global: OpId) -> bool {
    let init = m.prop(global, "initial_value");
    init.is_none_or(|a| matches!(m.attr_data(a), AttrData::Unit))
}

fn memory(m: &Module, g: memref::GlobalOp) -> Result<Memory, Diagnostic> {
    let symbol = g.sym_name(m);
    let ty = g.memref_type(m);
    let bytes = matches!(m.type_data(ty), TypeData::MemRef { elem, .. } if *m.type_data(*elem) == TypeData::Integer(8));
    let Some(size) = m.size_bytes(ty).filter(|_| bytes) else {
        return Err(Diagnostic::error(
            "C006",
            format!("@{symbol} has no value and is no buffer of bytes"),
        ));
    };
    let align = g
        .alignment(m)
        .and_then(|a| u64::try_from(a).ok())
        .filter(|a| a.is_power_of_two());
    let pool = m.discardable(g.0, "mcu.pool");
    let pool = pool.and_then(|a| m.attr_symbol(a)).map(str::to_owned);
    let named = pool
        .as_deref()
        .unwrap_or(symbol.strip_prefix(ARENA_PREFIX).unwrap_or(&symbol));
    Ok(Memory {
        // Macros are in capitals: names that differ by that alone would meet.
        field: c_identifier(&named.to_ascii_lowercase()),
        parameter: String::new(),
        need: MemoryNeed {
            pool,
            size,
            align: align.unwrap_or(ARENA_ALIGN),
        },
        symbol: Some(symbol),
    })
}

/// What the states hold before the first run.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(crate) enum InitialState {
    /// The same byte everywhere.
    Fill(u8),
    /// These bytes.
    Bytes(Vec<u8>),
}

impl InitialState {
    /// Of the states' memory, from what `@main`'s arguments say; the arguments' places are checked.
    pub(crate) fn of(m: &Module, main: OpId, size: u64, states: &[(usize, u64)]) -> InitialState {
        let mut bytes: Vec<Option<u8>> = vec![None; usize::try_from(size).unwrap_or(0)];
        for &(arg, offset) in states {
            let first = mcu::initial_state(m, main, arg).unwrap_or_default();
            let at = usize::try_from(offset).unwrap_or(usize::MAX);
            for (place, byte) in bytes.iter_mut().skip(at).zip(first) {
                *place = Some(byte);
            }
        }
        // Bytes between states are nobody's.
        let mut set = bytes.iter().flatten();
        let first = set.next().copied().unwrap_or(0);
        match set.all(|&b| b == first) {
            true => InitialState::Fill(first),
            false => InitialState::Bytes(bytes.iter().map(|b| b.unwrap_or(0)).collect()),
        }
    }
}

/// The names of one block of memory in the C of a module.
#[derive(Clone, Debug)]
pub(crate) struct MemoryNames {
    /// What its macros start with, `KWS_ARENA_DTCM`.
    pub macros: String,
    /// The variable, `kws_arena_dtcm`.
    pub variable: String,
    /// The local that points to it in the function that runs the network.
    pub local: String,
}

impl MemoryNames {
    pub(crate) fn of(memory: &Memory, names: &PublicNames) -> MemoryNames {
        let variable = names.arena(&memory.field);
        let local = match memory.field.as_str() {
            "" => "base".to_owned(),
            field => format!("base_{field}"),
        };
        MemoryNames {
            macros: variable.to_ascii_uppercase(),
            variable,
            local,
        }
    }
}
