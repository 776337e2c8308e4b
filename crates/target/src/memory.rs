//! Memories of a board: the pools that buffers, constants and code are placed in.

/// What a memory is made of, which decides what may be placed there.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum MemoryKind {
    /// Holds code and constants; not written at run time.
    Flash,
    /// Read and written at run time.
    Ram,
    /// Tightly coupled: read and written without wait states, not reached by DMA on every part.
    Tcm,
    /// Tightly coupled to instruction fetch. Listed so that a linker script may put code there; nothing is planned into it, although
    /// loads and stores of data reach it on the Cortex-M7 and M55.
    Itcm,
    /// Behind a memory controller (PSRAM, SDRAM, DDR): read and written, but slow; there only once the board has set it up.
    External,
}

impl MemoryKind {
    /// Every kind, in the order of declaration.
    pub const ALL: [MemoryKind; 5] = [
        MemoryKind::Flash,
        MemoryKind::Ram,
        MemoryKind::Tcm,
        MemoryKind::Itcm,
        MemoryKind::External,
    ];

    /// The kind's name in a target file.
    pub fn name(self) -> &'static str {
        match self {
            MemoryKind::Flash => "flash",
            MemoryKind::Ram => "ram",
            MemoryKind::Tcm => "tcm",
            MemoryKind::Itcm => "itcm",
            MemoryKind::External => "external",
        }
    }

    /// The kind of that name, if there is one.
    pub fn from_name(name: &str) -> Option<MemoryKind> {
        MemoryKind::ALL.into_iter().find(|k| k.name() == name)
    }

    /// Whether buffers may be placed there.
    pub fn holds_buffers(self) -> bool {
        matches!(
            self,
            MemoryKind::Ram | MemoryKind::Tcm | MemoryKind::External
        )
    }
}

/// One memory of a board.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Memory {
    /// Its name, unique on the board; a C identifier.
    pub name: String,
    /// What it is made of.
    pub kind: MemoryKind,
    /// Address of its first byte.
    pub address: u32,
    /// Bytes.
    pub size: u32,
    /// Alignment in bytes that buffers in it get at least; a power of two; 1 unless the description asks for more.
    pub alignment: u32,
    /// Wait cycles of a word read beyond the core's own cost.
    pub read_wait: u32,
    /// Wait cycles of a word write beyond the core's own cost.
    pub write_wait: u32,
    /// What the linker sections of the memory are called, where that is not its name: `.dtcm` stands for `.bss.dtcm` and `.data.dtcm`.
    pub section: Option<String>,
}

impl Memory {
    /// Address just past the last byte.
    pub fn end(&self) -> u64 {
        u64::from(self.address) + u64::from(self.size)
    }
}
