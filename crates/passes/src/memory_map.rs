//! What lives where and when in a lowered `@main`: the planner's problem before placement, the picture after it.
//!
//! Time is the index of an event: a `func.call` or `memref.copy` of `@main`, in order. A buffer is an allocation, a view of the arena,
//! or an argument; reshapes of it and views of parts of it are the same buffer.

use ir::dialects::{arith, func};
use ir::{Module, OpId, ValueDef, ValueId};
use rustc_hash::FxHashMap;

/// What a buffer is for.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Role {
    /// An argument of `@main` that is an input.
    Input,
    /// An argument of `@main` that is an output.
    Output,
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
    /// Where it is in the arena, if it is there.
    pub offset: Option<u64>,
}

/// The events and buffers of `@main`.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct MemoryMap {
    /// Calls and copies, in order.
    pub events: Vec<OpId>,
    /// Arguments first, then in order of definition.
    pub buffers: Vec<MappedBuffer>,
    /// Bytes of the arena; 0 before placement.
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
        let events: Vec<OpId> = m
            .ops(entry)
            .filter(|&op| matches!(m.op_name(op), "func.call" | "memref.copy"))
            .collect();
        let mut buffers = Vec::new();
        for (i, &value) in m.block_args(entry).iter().enumerate() {
            let name = func::arg_attr(m, main, i, "mcu.name").and_then(|a| m.attr_str(a));
            let role = if i < inputs {
                Role::Input
            } else {
                Role::Output
            };
            let layer = name.map_or_else(|| format!("{} {i}", role.name()), str::to_owned);
            let offset = func::arg_attr(m, main, i, "mcu.offset").and_then(|a| m.attr_int(a));
            buffers.push(buffer(
                m,
                value,
                layer,
                role,
                offset.and_then(|o| u64::try_from(o).ok()),
            ));
        }
        for op in m.ops(entry) {
            let role = match m.discardable(op, "mcu.kind").and_then(|a| m.attr_str(a)) {
                Some("scratch") => Role::Scratch,
                _ => Role::Activation,
            };
            let offset = match m.op_name(op) {
                "memref.alloc" => None,
                "memref.view" if is_view_of_global(m, op) => Some(view_offset(m, op)?),
                _ => continue,
            };
            let layer = m.layer_name(m.op_loc(op)).unwrap_or_default();
            buffers.push(buffer(m, m.result(op, 0), layer, role, offset));
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
                Role::Activation | Role::Scratch => {}
            }
        }
        let arena = m
            .lookup_symbol("arena")
            .and_then(|g| m.prop(g, "type"))
            .and_then(|a| m.attr_type(a));
        let arena_size = arena.and_then(|t| m.size_bytes(t)).unwrap_or(0);
        Some(MemoryMap {
            events,
            buffers,
            arena_size,
        })
    }

    /// The name of the layer that an event computes.
    pub fn event_layer(&self, m: &Module, t: usize) -> String {
        self.events
            .get(t)
            .and_then(|&op| m.layer_name(m.op_loc(op)))
            .unwrap_or_default()
    }
}

fn buffer(
    m: &Module,
    value: ValueId,
    layer: String,
    role: Role,
    offset: Option<u64>,
) -> MappedBuffer {
    let ty = m.value_type(value);
    let elem_bytes = m
        .type_data(ty)
        .elem()
        .and_then(|e| m.elem_bytes(e))
        .unwrap_or(1);
    let size = m.size_bytes(ty).unwrap_or(0);
    MappedBuffer {
        value,
        layer,
        role,
        size,
        elem_bytes,
        start: 0,
        end: 1,
        offset,
    }
}

/// Whether a value is an argument of a block.
pub(crate) fn is_argument(m: &Module, v: ValueId) -> bool {
    matches!(m.value_def(v), ValueDef::Argument(..))
}
