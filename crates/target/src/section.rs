//! Linker sections of memories: where generated C puts what is planned into them, and what linker scripts place there.
//!
//! Their names begin as those of ordinary variables do, so that a compiler knows which of them have contents, and a linker script without
//! a rule of its own for them still places them, in the memory of ordinary variables.

use crate::description::Target;

impl Target {
    /// The section of variables without an initial value in the memory `pool`: `.bss.dtcm`.
    pub fn arena_section(&self, pool: &str) -> String {
        format!(".bss{}", self.section(pool))
    }

    /// The section of constants that start-up code copies into the memory `pool`: `.data.dtcm`.
    pub fn data_section(&self, pool: &str) -> String {
        format!(".data{}", self.section(pool))
    }

    /// The board's own name, else that of the memory; with a dot in front.
    fn section(&self, pool: &str) -> String {
        let own = self.memory(pool).and_then(|m| m.section.as_deref());
        format!(".{}", own.unwrap_or(pool).trim_start_matches('.'))
    }
}

#[cfg(test)]
mod tests {
    use crate::{Memory, MemoryKind, Targets};

    #[test]
    fn a_board_may_name_sections() {
        let mut target = Targets::builtin().get("cortex-m7").unwrap().clone();
        let memory = |name: &str, section: Option<&str>| Memory {
            name: name.to_owned(),
            kind: MemoryKind::Ram,
            address: 0x2000_0000,
            size: 1024,
            alignment: 4,
            read_wait: 0,
            write_wait: 0,
            section: section.map(str::to_owned),
        };
        target.memories = vec![memory("dtcm", Some(".dtcmram")), memory("sram", None)];
        assert_eq!(target.arena_section("dtcm"), ".bss.dtcmram");
        assert_eq!(target.data_section("dtcm"), ".data.dtcmram");
        assert_eq!(target.arena_section("sram"), ".bss.sram");
        assert_eq!(target.data_section("sram"), ".data.sram");
        assert_eq!(target.arena_section("unknown"), ".bss.unknown");
    }
}
