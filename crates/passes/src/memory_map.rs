//! What lives where and when in a lowered `@main`: the planner's problem before placement, the picture after it.
//!
//! Time is the index of an event: a `func.call` or `memref.copy` of `@main`, in order, but for calls of `mcu.kind = "poison"`. A buffer is
//! an allocation, a view of an arena, or an argument; reshapes of it and views of parts of it are the same buffer.

use ir::dialects::mcu::Arguments;
use ir::dialects::{arith, func, memref};
use ir::{Attr, AttrData, Module, OpId, ValueDef, ValueId};
use rustc_hash::FxHashMap;

/// What a buffer is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// An argument of `@main` that is an input.
    Input,
    /// An argument of `@main` that is an output.
    Output,
    /// An argument of `@main` that keeps its contents from one run to the next.
    State,
    /// A tensor between layers.
    Activation,
    /// Working memory of one kernel.
    Scratch,
}

impl Role {
    /// In one word.
    pub fn name(self) -> &'static str {
        match self {
            Role::Input => "input",
            Role::Output => "output",
            Role::State => "state",
            Role::Activation => "activation",
            Role::Scratch => "scratch",
        }
    }
}

/// A buffer of `@main`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MappedBuffer {
    /// The value: a result of `memref.alloc` or `memref.view`, or an argument.
    pub value: ValueId,
    /// The layer that makes it, or the tensor's name.
    pub layer: String,
    /// What it is for.
    pub role: Role,
    /// Bytes.
    pub size: u64,
    /// Bytes of one element: the alignment that it needs at least.
    pub elem_bytes: u64,
    /// First event at which it is live.
    pub start: usize,
    /// First event at which it no longer is.
    pub end: usize,
    /// The symbol of the arena that it is in, if it is placed.
    pub arena: Option<String>,
    /// Bytes from the start of that arena.
    pub offset: Option<u64>,
}

/// A block of memory that buffers are placed in: a global without a value.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MappedArena {
    /// Its symbol.
    pub symbol: String,
    /// The target's memory that it lies in, if the module says so.
    pub pool: Option<String>,
    /// Bytes.
    pub size: u64,
    /// Whether its contents survive from one run to the next.
    pub persistent: bool,
    /// The algorithm that planned it, if the module says so.
    pub algorithm: Option<String>,
    /// Bytes that every plan of what is in it takes at least, if the module says what was proved.
    pub lower_bound: Option<u64>,
}

/// A result that was placed into an operand: both live at one event, and share bytes.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct MappedOverlap {
    /// The event that reads the operand for the last time and writes the result for the first.
    pub event: usize,
    /// The buffer that is written.
    pub result: usize,
    /// The buffer that is read.
    pub operand: usize,
    /// Bytes from the start of the result to that of the operand.
    pub distance: u64,
    /// Bytes that both have.
    pub shared: u64,
}

/// The events and buffers of `@main`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemoryMap {
    /// Calls and copies, in order.
    pub events: Vec<OpId>,
    /// Arguments first, then in order of definition.
    pub buffers: Vec<MappedBuffer>,
    /// The arenas, in the module's order; none before placement.
    pub arenas: Vec<MappedArena>,
    /// Bytes of all arenas whose contents do not survive a run; 0 before placement.
    pub arena_size: u64,
}

/// The buffer behind reshapes and views of parts of it.
pub fn root(m: &Module, v: ValueId) -> ValueId {
    within(m, v).0
}

/// The buffer that a value lies in, and the byte of it at which the value starts; `None` if a view's offset is no constant.
pub fn within(m: &Module, mut v: ValueId) -> (ValueId, Option<u64>) {
    let mut from = Some(0u64);
    while let Some(op) = m.defining_op(v) {
        match m.op_name(op) {
            "memref.reinterpret_cast" => {}
            "memref.view" if !is_view_of_global(m, op) => {
                let shift = view_offset(m, op);
                from = from.zip(shift).and_then(|(a, b)| a.checked_add(b));
            }
            _ => break,
        }
        v = m.operand(op, 0);
    }
    (v, from)
}

/// Whether a `memref.view` is a buffer of an arena, not a part of another buffer.
fn is_view_of_global(m: &Module, view: OpId) -> bool {
    m.defining_op(m.operand(view, 0))
        .is_some_and(|op| m.op_name(op) == "memref.get_global")
}

fn view_offset(m: &Module, view: OpId) -> Option<u64> {
    arith::const_int_of(m, m.operand(view, 1)).and_then(|o| u64::try_from(o).ok())
}

impl MemoryMap {
    /// Of a lowered or placed module; `None` if it has no such `@main`.
    pub fn of(m: &Module) -> Option<MemoryMap> {
        let main = m.lookup_symbol("main")?;
        let entry = m.entry_block(main)?;
        let inputs = m
            .discardable(main, "mcu.inputs")
            .and_then(|a| m.attr_int(a))
            .and_then(|n| usize::try_from(n).ok())?;
        let arguments = Arguments::of(m, main).unwrap_or(Arguments {
            inputs,
            outputs: 0,
            states: 0,
        });
        let events: Vec<OpId> = m
            .ops(entry)
            .filter(|&op| matches!(m.op_name(op), "func.call" | "memref.copy"))
            .filter(|&op| !is_poison(m, op))
            .collect();
        let mut buffers = Vec::new();
        for (i, &value) in m.block_args(entry).iter().enumerate() {
            let name = func::arg_attr(m, main, i, "mcu.name").and_then(|a| m.attr_str(a));
            let role = match i {
                _ if arguments.output_range().contains(&i) => Role::Output,
                _ if arguments.state_range().contains(&i) => Role::State,
                _ => Role::Input,
            };
            let layer = name.map_or_else(|| format!("{} {i}", role.name()), str::to_owned);
            buffers.push(buffer(m, value, layer, role, argument_place(m, main, i)));
        }
        for op in m.ops(entry) {
            let role = match m.discardable(op, "mcu.kind").and_then(|a| m.attr_str(a)) {
                Some("scratch") => Role::Scratch,
                _ => Role::Activation,
            };
            let place = match m.op_name(op) {
                "memref.alloc" => None,
                "memref.view" if is_view_of_global(m, op) => Some(view_place(m, op)?),
                _ => continue,
            };
            let layer = m.layer_name(m.op_loc(op)).unwrap_or_default();
            buffers.push(buffer(m, m.result(op, 0), layer, role, place));
        }
        let index: FxHashMap<ValueId, usize> = buffers
            .iter()
            .enumerate()
            .map(|(i, b)| (b.value, i))
            .collect();
        let mut spans: Vec<Option<(usize, usize)>> = vec![None; buffers.len()];
        for (t, &event) in events.iter().enumerate() {
            for v in m.operands(event) {
                if let Some(&i) = index.get(&root(m, v)) {
                    let first = spans[i].map_or(t, |s| s.0);
                    spans[i] = Some((first, t + 1));
                }
            }
        }
        let last = events.len().max(1);
        for (b, span) in buffers.iter_mut().zip(spans) {
            (b.start, b.end) = span.unwrap_or((0, 1));
            match b.role {
                Role::Input => b.start = 0,
                Role::Output => b.end = last,
                Role::State => (b.start, b.end) = (0, last),
                Role::Activation | Role::Scratch => {}
            }
        }
        let arenas = arenas(m);
        let of_run = arenas.iter().filter(|a| !a.persistent).map(|a| a.size);
        let arena_size = of_run.fold(0, u64::saturating_add);
        Some(MemoryMap {
            events,
            buffers,
            arenas,
            arena_size,
        })
    }

    /// Bytes of what is kept between runs; 0 before placement.
    pub fn state_size(&self) -> u64 {
        let kept = self.arenas.iter().filter(|a| a.persistent);
        kept.map(|a| a.size).fold(0, u64::saturating_add)
    }

    /// The arena of that symbol.
    pub fn arena(&self, symbol: &str) -> Option<&MappedArena> {
        self.arenas.iter().find(|a| a.symbol == symbol)
    }

    /// The results that run into operands, in the order of events; none before placement.
    pub fn overlaps(&self) -> Vec<MappedOverlap> {
        let mut all = Vec::new();
        for (result, y) in self.buffers.iter().enumerate() {
            for (operand, x) in self.buffers.iter().enumerate() {
                let (Some(from), Some(above)) = (y.offset, x.offset) else {
                    continue;
                };
                let end = (from.saturating_add(y.size)).min(above.saturating_add(x.size));
                let meet = result != operand && x.arena == y.arena && x.end == y.start + 1;
                if meet && from <= above && above < end {
                    all.push(MappedOverlap {
                        event: y.start,
                        result,
                        operand,
                        distance: above - from,
                        shared: end - above,
                    });
                }
            }
        }
        all.sort_by_key(|o| (o.event, o.result, o.operand));
        all
    }

    /// The name of the layer that an event computes.
    pub fn event_layer(&self, m: &Module, t: usize) -> String {
        self.events
            .get(t)
            .and_then(|&op| m.layer_name(m.op_loc(op)))
            .unwrap_or_default()
    }
}

/// Whether an op overwrites dead memory for debugging, which is no event.
fn is_poison(m: &Module, op: OpId) -> bool {
    m.discardable(op, "mcu.kind").and_then(|a| m.attr_str(a)) == Some("poison")
}

/// Symbol of the arena that an argument lies in when it names none.
pub const ARENA: &str = "arena";
/// Attribute of an arena: the name of the algorithm that planned it.
pub(crate) const ALGORITHM: &str = "mcu.algorithm";
/// Attribute of an arena: bytes that every plan of what is in it is proved to take at least.
pub(crate) const LOWER_BOUND: &str = "mcu.lower_bound";

fn arenas(m: &Module) -> Vec<MappedArena> {
    let arena = |g: memref::GlobalOp| {
        let pool = m.discardable(g.0, "mcu.pool");
        MappedArena {
            symbol: g.sym_name(m),
            pool: pool.and_then(|a| m.attr_symbol(a)).map(str::to_owned),
            size: m.size_bytes(g.memref_type(m)).unwrap_or(0),
            persistent: m.discardable(g.0, "mcu.persistent").is_some(),
            algorithm: m
                .discardable(g.0, ALGORITHM)
                .and_then(|a| m.attr_str(a))
                .map(str::to_owned),
            lower_bound: m
                .discardable(g.0, LOWER_BOUND)
                .and_then(|a| m.attr_int(a))
                .and_then(|n| u64::try_from(n).ok()),
        }
    };
    m.ops(m.body())
        .filter_map(|op| memref::GlobalOp::cast(m, op))
        .filter(|g| is_arena(m, *g))
        .map(arena)
        .collect()
}

fn is_arena(m: &Module, g: memref::GlobalOp) -> bool {
    let unset = |a: Attr| *m.attr_data(a) == AttrData::Unit;
    !g.constant(m) && g.initial_value(m).is_none_or(unset)
}

/// Arena and offset that the attributes of an argument of `@main` say.
fn argument_place(m: &Module, main: OpId, i: usize) -> Option<(String, u64)> {
    let offset = func::arg_attr(m, main, i, "mcu.offset").and_then(|a| m.attr_int(a))?;
    let arena = func::arg_attr(m, main, i, "mcu.arena").and_then(|a| m.attr_symbol(a));
    Some((
        arena.unwrap_or(ARENA).to_owned(),
        u64::try_from(offset).ok()?,
    ))
}

/// Arena and offset of a `memref.view`; `None` if they are not constant.
fn view_place(m: &Module, view: OpId) -> Option<(String, u64)> {
    let base = m.defining_op(m.operand(view, 0))?;
    let arena = memref::GetGlobalOp::cast(m, base)?.name(m);
    let offset = arith::const_int_of(m, m.operand(view, 1))?;
    Some((arena, u64::try_from(offset).ok()?))
}

fn buffer(
    m: &Module,
    value: ValueId,
    layer: String,
    role: Role,
    place: Option<(String, u64)>,
) -> MappedBuffer {
    let ty = m.value_type(value);
    let elem_bytes = m
        .type_data(ty)
        .elem()
        .and_then(|e| m.elem_bytes(e))
        .unwrap_or(1);
    let size = m.size_bytes(ty).unwrap_or(0);
    let (arena, offset) = place.unzip();
    MappedBuffer {
        value,
        layer,
        role,
        size,
        elem_bytes,
        start: 0,
        end: 1,
        arena,
        offset,
    }
}

/// Whether a value is an argument of a block.
pub(crate) fn is_argument(m: &Module, v: ValueId) -> bool {
    matches!(m.value_def(v), ValueDef::Argument(..))
}
