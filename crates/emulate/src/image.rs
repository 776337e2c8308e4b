//! The functions of a linked program by address.

use object::read::elf::ElfFile32;
use object::{Endianness, Object, ObjectSection, ObjectSymbol, SectionKind as ObjectSectionKind};

use crate::error::EmulateError;

/// A function of the program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Function {
    /// Its symbol.
    pub name: String,
    /// Address of its first instruction.
    pub address: u32,
    /// Its bytes as the symbol says; 0 when it does not.
    pub size: u32,
    /// Index of the case whose object it comes from; `None` for the harness and the libraries.
    pub case: Option<usize>,
}

impl Function {
    /// The name in the source: without the suffix of a clone that the compiler made (`.constprop.0`, `.isra.0`).
    pub fn source_name(&self) -> &str {
        let cut = [".constprop.", ".isra."]
            .iter()
            .filter_map(|suffix| self.name.find(suffix))
            .min();
        &self.name[..cut.unwrap_or(self.name.len())]
    }
}

/// The functions of a linked program.
#[derive(Clone, Debug, Default)]
pub struct Image {
    /// By address; of several symbols at an address the alphabetically last.
    functions: Vec<Function>,
    /// Every symbol, for look-up by name.
    aliases: Vec<Function>,
}

impl Image {
    /// Reads the symbols of the ELF file `bytes`, whose objects the linker's `map` lists; `file` names it in errors.
    ///
    /// # Errors
    /// The bytes are no 32-bit ELF file.
    pub(crate) fn read(file: &str, bytes: &[u8], map: &str) -> Result<Image, EmulateError> {
        let elf = ElfFile32::<Endianness>::parse(bytes).map_err(|e| EmulateError::Format {
            file: file.to_owned(),
            what: e.to_string(),
        })?;
        let ranges = case_ranges(map);
        let mut aliases = Vec::new();
        for symbol in elf.symbols() {
            let name = symbol.name().unwrap_or_default();
            let in_code = symbol
                .section_index()
                .and_then(|i| elf.section_by_index(i).ok())
                .is_some_and(|s| s.kind() == ObjectSectionKind::Text);
            if in_code && !name.is_empty() && !name.starts_with('$') {
                let address = symbol.address() as u32 & !1;
                let after = ranges.partition_point(|r| r.start <= address);
                let range = after
                    .checked_sub(1)
                    .map(|i| &ranges[i])
                    .filter(|r| address < r.end);
                aliases.push(Function {
                    name: name.to_owned(),
                    address,
                    size: symbol.size() as u32,
                    case: range.map(|r| r.case),
                });
            }
        }
        aliases.sort_by(|a, b| (a.address, &a.name).cmp(&(b.address, &b.name)));
        let mut functions: Vec<Function> = Vec::new();
        for function in &aliases {
            match functions.last_mut() {
                Some(last) if last.address == function.address => *last = function.clone(),
                _ => functions.push(function.clone()),
            }
        }
        Ok(Image { functions, aliases })
    }

    /// The functions by address.
    pub fn functions(&self) -> &[Function] {
        &self.functions
    }

    /// The last function that starts at or before `address`.
    pub fn function_at(&self, address: u32) -> Option<&Function> {
        let after = self.functions.partition_point(|f| f.address <= address);
        after.checked_sub(1).map(|i| &self.functions[i])
    }

    /// The address of the function `name` of the harness.
    pub(crate) fn of_harness(&self, name: &str) -> Option<u32> {
        let found = self
            .aliases
            .iter()
            .find(|f| f.name == name && f.case.is_none());
        found.map(|f| f.address)
    }

    /// The addresses of the function `name` of a case, clones that the compiler made of it included; of a function
    /// outside of all cases when the case has none.
    pub fn of_case(&self, name: &str, case: usize) -> Vec<u32> {
        let of = |owner: Option<usize>| -> Vec<u32> {
            let named = self
                .aliases
                .iter()
                .filter(|f| f.case == owner && f.source_name() == name);
            named.map(|f| f.address).collect()
        };
        let own = of(Some(case));
        if own.is_empty() { of(None) } else { own }
    }
}

/// The code addresses of one object of a case.
struct CaseRange {
    start: u32,
    end: u32,
    case: usize,
}

/// The code of the cases' objects in the linker's map, by address.
///
/// An input section is listed as " NAME ADDRESS SIZE OBJECT", with a line break after a long name.
fn case_ranges(map: &str) -> Vec<CaseRange> {
    let placed = map
        .split_once("Linker script and memory map")
        .map_or("", |(_, rest)| rest);
    let hex = |word: &str| u32::from_str_radix(word.strip_prefix("0x")?, 16).ok();
    let mut ranges = Vec::new();
    let mut in_code = false;
    for line in placed.lines() {
        if let Some(named) = line.strip_prefix(' ').filter(|rest| !rest.starts_with(' ')) {
            in_code = named.starts_with(".text");
        }
        let words: Vec<&str> = line.split_whitespace().collect();
        let [.., address, size, object] = words[..] else {
            continue;
        };
        let case = crate::toolchain::case_of_path(object);
        if let (true, Some(start), Some(size), Some(case)) =
            (in_code, hex(address), hex(size), case)
        {
            ranges.push(CaseRange {
                start,
                end: start.saturating_add(size),
                case,
            });
        }
    }
    ranges.retain(|r| r.start < r.end);
    ranges.sort_by_key(|r| r.start);
    ranges
}
