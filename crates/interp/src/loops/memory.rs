//! The flat memory: constants first, then arenas and other globals, then buffers as they are made.

use super::POISON;
use super::error::{Fault, LoopError};
use ir::dialects::memref::GlobalOp;
use ir::{AttrData, Module};
use rustc_hash::FxHashMap;

/// Bytes of memory at most.
pub const LIMIT: usize = 1 << 30;

/// Alignment of every buffer, at least.
pub const ALIGN: usize = 16;

/// Where a global lies.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Extent {
    /// First address.
    pub start: usize,
    /// Address behind the last byte.
    pub end: usize,
}

/// The globals of a module, laid out.
#[derive(Clone, Debug, Default)]
pub struct Layout {
    /// The initial bytes of all globals.
    pub image: Vec<u8>,
    /// Constants end here.
    pub constants_end: usize,
    /// Globals by symbol.
    pub globals: FxHashMap<String, Extent>,
    /// The uninitialised globals, in order.
    pub arenas: Vec<(String, Extent)>,
}

impl Layout {
    /// Lays out the globals of a verified module.
    pub fn new(m: &Module) -> Result<Self, LoopError> {
        let mut layout = Layout::default();
        let globals: Vec<GlobalOp> = m
            .ops(m.body())
            .filter_map(|op| GlobalOp::cast(m, op))
            .collect();
        for constant in [true, false] {
            for &g in globals.iter().filter(|g| g.constant(m) == constant) {
                layout.place(m, g)?;
            }
            if constant {
                layout.align(ALIGN)?;
                layout.constants_end = layout.image.len();
            }
        }
        Ok(layout)
    }

    fn align(&mut self, align: usize) -> Result<(), LoopError> {
        let at = self.image.len().next_multiple_of(align);
        if at > LIMIT {
            return Err(LoopError::GlobalsTooLarge(LIMIT));
        }
        self.image.resize(at, POISON);
        Ok(())
    }

    fn place(&mut self, m: &Module, g: GlobalOp) -> Result<(), LoopError> {
        let align = g.alignment(m).and_then(|a| usize::try_from(a).ok());
        let align = align.filter(|a| a.is_power_of_two() && *a <= 4096);
        self.align(align.unwrap_or(ALIGN).max(ALIGN))?;
        let size = m.size_bytes(g.memref_type(m)).unwrap_or(u64::MAX);
        let start = self.image.len();
        let end = usize::try_from(size)
            .ok()
            .and_then(|s| start.checked_add(s))
            .filter(|&e| e <= LIMIT)
            .ok_or(LoopError::GlobalsTooLarge(LIMIT))?;
        let extent = Extent { start, end };
        let name = g.sym_name(m);
        let value = g.initial_value(m);
        match value.and_then(|v| m.attr_elements(v)) {
            Some((_, bytes)) => {
                self.image.extend_from_slice(bytes);
                self.image.resize(end, 0);
            }
            None => self.image.resize(end, POISON),
        }
        let uninitialised = value.is_none_or(|v| *m.attr_data(v) == AttrData::Unit);
        if uninitialised {
            self.arenas.push((name.clone(), extent));
        }
        self.globals.insert(name, extent);
        Ok(())
    }
}

/// Memory at run time.
pub struct Memory {
    pub bytes: Vec<u8>,
    pub constants_end: usize,
    /// Bytes at most.
    pub limit: usize,
    /// Bytes that allocations and copies may still touch.
    pub budget: u64,
}

impl Memory {
    /// Takes `size` bytes from the budget.
    pub fn spend(&mut self, size: usize) -> Result<(), Fault> {
        let left = self.budget.checked_sub(size as u64);
        self.budget = left.ok_or(Fault::TooMuchTraffic)?;
        Ok(())
    }

    /// A new buffer filled with [`POISON`], after all others.
    pub fn alloc(&mut self, size: usize) -> Result<Extent, Fault> {
        let start = self.bytes.len().next_multiple_of(ALIGN);
        let end = start
            .checked_add(size)
            .filter(|&e| e <= self.limit)
            .ok_or(Fault::OutOfMemory(self.limit))?;
        self.spend(size)?;
        self.bytes.resize(end, POISON);
        Ok(Extent { start, end })
    }
}
