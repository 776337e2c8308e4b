//! A target as one resolved description.

use crate::core::Core;
use crate::cost::CostTable;
use crate::feature::Feature;
use crate::memory::{Memory, MemoryKind};

/// What a target is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum TargetKind {
    /// A processor core: no memories, so nothing is too large for it.
    Core,
    /// A part or board: a core with memories of given sizes.
    Board,
    /// The machine that the compiler runs on.
    Host,
}

impl TargetKind {
    pub(crate) const ALL: [TargetKind; 3] = [TargetKind::Core, TargetKind::Board, TargetKind::Host];

    /// The kind's name in a target file.
    pub fn name(self) -> &'static str {
        match self {
            TargetKind::Core => "core",
            TargetKind::Board => "board",
            TargetKind::Host => "host",
        }
    }
}

/// Which cycle model a profile of this core uses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProfileModel {
    /// Cortex-M0 and M0+: no pipelining of memory accesses.
    M0,
    /// Cortex-M3, M4, M7 and M33: a load after a memory access is pipelined.
    M4,
    /// Cortex-M55: vector loads and vector arithmetic overlap.
    M55,
}

impl ProfileModel {
    pub(crate) const ALL: [ProfileModel; 3] =
        [ProfileModel::M0, ProfileModel::M4, ProfileModel::M55];

    /// The model's name in a target file.
    pub fn name(self) -> &'static str {
        match self {
            ProfileModel::M0 => "m0",
            ProfileModel::M4 => "m4",
            ProfileModel::M55 => "m55",
        }
    }
}

/// How the emulator runs code for a target.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Emulation {
    /// QEMU machines that execute the core's instructions, preferred first; the next one is taken when a
    /// program does not fit.
    pub machines: Vec<String>,
    /// The cycle model of a profile.
    pub profile_model: ProfileModel,
}

/// A core or board that code is compiled for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Target {
    /// Its name.
    pub name: String,
    /// Whether it is a core, a board or the host.
    pub kind: TargetKind,
    /// What it is, in one sentence.
    pub description: String,
    /// Where the figures are from.
    pub source: String,
    /// The name of the target that it is based on, if any (a board's core).
    pub base: Option<String>,
    /// The processor core.
    pub core: Core,
    /// The memories, in the file's order (a planner prefers earlier ones); empty for a core and the host.
    pub memories: Vec<Memory>,
    /// How the emulator runs it; `None` when it cannot.
    pub emulation: Option<Emulation>,
    /// What simple operations cost.
    pub cost: CostTable,
}

impl Target {
    /// Whether the core has `feature`.
    pub fn has(&self, feature: Feature) -> bool {
        self.core.has(feature)
    }

    /// The flags of gcc (and of clang with `--target=arm-none-eabi`) that choose this core; none for the host.
    pub fn gcc_flags(&self) -> Vec<String> {
        self.core.gcc_flags()
    }

    /// The memory of that name, if there is one.
    pub fn memory(&self, name: &str) -> Option<&Memory> {
        self.memories.iter().find(|m| m.name == name)
    }

    /// Bytes of all memories that buffers may be placed in, or `None` when the target names no memories.
    pub fn ram_size(&self) -> Option<u64> {
        self.total(MemoryKind::holds_buffers)
    }

    /// Bytes of all flash memories, or `None` when the target names no memories.
    pub fn flash_size(&self) -> Option<u64> {
        self.total(|kind| kind == MemoryKind::Flash)
    }

    fn total(&self, wanted: impl Fn(MemoryKind) -> bool) -> Option<u64> {
        if self.memories.is_empty() {
            return None;
        }
        Some(
            self.memories
                .iter()
                .filter(|m| wanted(m.kind))
                .map(|m| u64::from(m.size))
                .sum(),
        )
    }
}
