//! What `@main` says of the C API: tensors in the model's order, the arena.

use crate::ctype::{self, CType};
use crate::names::{c_identifier, unique};
use ir::dialects::{func, memref};
use ir::{AttrData, Diagnostic, Diagnostics, Module, OpId, QuantType, TypeData};
use rustc_hash::FxHashSet;

/// Alignment in bytes that kernels rely on for a caller's tensor where `mcu.align` states none: that of a placed buffer.
const CALLER_ALIGN: u64 = 4;
/// Alignment of an arena that states none.
const ARENA_ALIGN: u64 = 16;

/// An input or output of the model.
#[derive(Clone, Debug)]
pub(crate) struct Tensor {
    /// Among the inputs, or among the outputs.
    pub index: usize,
    pub is_input: bool,
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
    /// Where it lives in the arena, or the alignment that the caller's memory must have.
    pub place: Place,
}

/// Where a tensor lives.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Place {
    /// At a byte offset in the arena.
    Arena(u64),
    /// In the caller's memory, aligned to so many bytes.
    Caller(u64),
}

/// The byte buffer that holds everything that changes.
#[derive(Clone, Debug)]
pub(crate) struct Arena {
    pub symbol: Option<String>,
    pub size: u64,
    pub align: u64,
    /// The target's memory that the plan meant it for.
    pub pool: Option<String>,
}

/// The C API.
#[derive(Clone, Debug)]
pub(crate) struct Interface {
    pub inputs: Vec<Tensor>,
    pub outputs: Vec<Tensor>,
    pub arena: Arena,
    /// Whether the tensors live in the arena.
    pub io_in_arena: bool,
    /// The model's file.
    pub model: Option<String>,
}

impl Interface {
    pub(crate) fn of(m: &Module, main: OpId) -> Result<Interface, Diagnostics> {
        let arena = arena(m)?;
        let args = m
            .entry_block(main)
            .map(|b| m.block_args(b).to_vec())
            .unwrap_or_default();
        let inputs = m
            .discardable(main, "mcu.inputs")
            .and_then(|a| m.attr_int(a));
        let Some(inputs) = inputs
            .and_then(|n| usize::try_from(n).ok())
            .filter(|&n| n <= args.len())
        else {
            return Err(Diagnostic::error(
                "C002",
                "@main does not say by `mcu.inputs` how many inputs it has",
            )
            .into());
        };
        let (mut all, mut errors) = (Vec::new(), Diagnostics::new());
        let mut fields = [FxHashSet::default(), FxHashSet::default()];
        for i in 0..args.len() {
            let is_input = i < inputs;
            match tensor(
                m,
                main,
                i,
                if is_input {
                    (true, i)
                } else {
                    (false, i - inputs)
                },
                &mut fields[usize::from(is_input)],
            ) {
                Ok(t) => all.push(t),
                Err(e) => errors.push(e),
            }
        }
        if errors.has_errors() {
            return Err(errors);
        }
        let in_arena = all
            .iter()
            .filter(|t| matches!(t.place, Place::Arena(_)))
            .count();
        if in_arena != 0 && in_arena != all.len() {
            return Err(Diagnostic::error(
                "C005",
                "some tensors of @main have `mcu.offset` and some have not",
            )
            .into());
        }
        for t in &all {
            if let Place::Arena(offset) = t.place
                && offset
                    .checked_add(t.bytes)
                    .is_none_or(|end| end > arena.size)
            {
                errors.push(Diagnostic::error(
                    "C005",
                    format!("tensor \"{}\" does not fit into the arena", t.name),
                ));
            }
        }
        if errors.has_errors() {
            return Err(errors);
        }
        let outputs = all.split_off(inputs);
        let model = m
            .discardable(m.root(), "mcu.model")
            .and_then(|a| m.attr_str(a))
            .map(str::to_owned);
        let io_in_arena = in_arena > 0;
        Ok(Interface {
            inputs: all,
            outputs,
            arena,
            io_in_arena,
            model,
        })
    }

    /// Inputs, then outputs.
    pub(crate) fn tensors(&self) -> impl Iterator<Item = &Tensor> {
        self.inputs.iter().chain(&self.outputs)
    }
}

fn tensor(
    m: &Module,
    main: OpId,
    arg: usize,
    (is_input, index): (bool, usize),
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
    let name =
        name.unwrap_or_else(|| format!("{}_{index}", if is_input { "input" } else { "output" }));
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
    let place = match int("mcu.offset") {
        Some(offset) => Place::Arena(offset),
        None => Place::Caller(
            int("mcu.align")
                .unwrap_or(CALLER_ALIGN)
                .max(u64::from(elem.bits()) / 8),
        ),
    };
    Ok(Tensor {
        index,
        is_input,
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

/// The one uninitialised global, or an empty arena.
fn arena(m: &Module) -> Result<Arena, Diagnostic> {
    let mut found: Option<Arena> = None;
    for g in m
        .ops(m.body())
        .filter_map(|op| memref::GlobalOp::cast(m, op))
    {
        let init = m.prop(g.0, "initial_value");
        if !init.is_none_or(|a| matches!(m.attr_data(a), AttrData::Unit)) {
            continue;
        }
        let symbol = m.symbol_name(g.0).unwrap_or_default().to_owned();
        if let Some(first) = &found {
            let first = first.symbol.clone().unwrap_or_default();
            return Err(Diagnostic::error(
                "C006",
                format!("@{first} and @{symbol} are both without a value: C has one arena"),
            ));
        }
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
        let pool = m
            .discardable(g.0, "mcu.pool")
            .and_then(|a| m.attr_symbol(a))
            .map(str::to_owned);
        found = Some(Arena {
            symbol: Some(symbol),
            size,
            align: align.unwrap_or(ARENA_ALIGN),
            pool,
        });
    }
    Ok(found.unwrap_or(Arena {
        symbol: None,
        size: 0,
        align: ARENA_ALIGN,
        pool: None,
    }))
}
