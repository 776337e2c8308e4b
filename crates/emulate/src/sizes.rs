//! What an object or a linked program puts into which section, by symbol.

use object::{Object, ObjectSection, ObjectSymbol, SectionFlags, SymbolKind};

use crate::error::EmulateError;
use crate::pools::Pool;

/// Which memory a section takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum SectionKind {
    /// Code: flash.
    Text,
    /// Constants: flash.
    Rodata,
    /// Initialised variables: RAM, and flash for their initial values.
    Data,
    /// Variables that start as zero, or as nothing: RAM.
    Bss,
}

/// One section that takes memory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SectionSize {
    /// Its name.
    pub name: String,
    /// Which memory it takes.
    pub kind: SectionKind,
    /// Bytes.
    pub size: u64,
}

/// One function or variable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SymbolSize {
    /// Its name.
    pub name: String,
    /// The name of its section.
    pub section: String,
    /// Which memory it takes.
    pub kind: SectionKind,
    /// Bytes.
    pub size: u64,
}

/// The sections and symbols of an object or program.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Sizes {
    /// Sections that take memory and are not empty, in the file's order.
    pub sections: Vec<SectionSize>,
    /// Functions and variables, largest first.
    pub symbols: Vec<SymbolSize>,
}

impl Sizes {
    /// Reads the ELF object or program `bytes`; `file` names it in errors.
    ///
    /// # Errors
    /// The bytes are no object file.
    pub fn of(file: &str, bytes: &[u8]) -> Result<Sizes, EmulateError> {
        let object = object::File::parse(bytes).map_err(|e| EmulateError::Format {
            file: file.to_owned(),
            what: e.to_string(),
        })?;
        let mut sizes = Sizes::default();
        for section in object.sections() {
            if let Some(kind) = kind(section.flags(), section.kind()).filter(|_| section.size() > 0)
            {
                let name = section.name().unwrap_or_default().to_owned();
                sizes.sections.push(SectionSize {
                    name,
                    kind,
                    size: section.size(),
                });
            }
        }
        for symbol in object.symbols() {
            let section = symbol
                .section_index()
                .and_then(|i| object.section_by_index(i).ok());
            let Some(section) = section else { continue };
            let named =
                matches!(symbol.kind(), SymbolKind::Text | SymbolKind::Data) && symbol.size() > 0;
            if let Some(kind) = kind(section.flags(), section.kind()).filter(|_| named) {
                sizes.symbols.push(SymbolSize {
                    name: symbol.name().unwrap_or_default().to_owned(),
                    section: section.name().unwrap_or_default().to_owned(),
                    kind,
                    size: symbol.size(),
                });
            }
        }
        sizes
            .symbols
            .sort_by(|a, b| b.size.cmp(&a.size).then_with(|| a.name.cmp(&b.name)));
        Ok(sizes)
    }

    /// Bytes of all sections of a kind.
    pub fn total(&self, kind: SectionKind) -> u64 {
        self.sections
            .iter()
            .filter(|s| s.kind == kind)
            .map(|s| s.size)
            .sum()
    }

    /// Bytes of RAM that the memory `pool` of the board holds in a linked image of [`Firmware`](crate::Firmware).
    pub fn pool(&self, pool: &str) -> u64 {
        let sections = [Pool::arena_output(pool), Pool::data_output(pool)];
        let of_pool = self.sections.iter().filter(|s| sections.contains(&s.name));
        of_pool.map(|s| s.size).sum()
    }

    /// Bytes of flash: code, constants, initial values.
    pub fn flash(&self) -> u64 {
        self.total(SectionKind::Text)
            + self.total(SectionKind::Rodata)
            + self.total(SectionKind::Data)
    }

    /// Bytes of RAM: variables.
    pub fn ram(&self) -> u64 {
        self.total(SectionKind::Data) + self.total(SectionKind::Bss)
    }
}

/// The memory of a section with these ELF flags; `None` when it is not loaded.
fn kind(flags: SectionFlags, contents: object::SectionKind) -> Option<SectionKind> {
    let SectionFlags::Elf { sh_flags, .. } = flags else {
        return None;
    };
    let has = |flag: object::elf::SectionFlags| sh_flags.0 & flag.0 != 0;
    if !has(object::elf::SHF_ALLOC) {
        return None;
    }
    Some(if has(object::elf::SHF_EXECINSTR) {
        SectionKind::Text
    } else if !has(object::elf::SHF_WRITE) {
        SectionKind::Rodata
    } else if contents == object::SectionKind::UninitializedData {
        SectionKind::Bss
    } else {
        SectionKind::Data
    })
}
