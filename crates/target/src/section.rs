//! Linker sections of memories: where generated C puts what is planned into them, and what linker scripts place there.
//!
//! A memory of which the board names no section has two that a linker script need not know: a prefix that it takes for ordinary
//! variables. Without a rule of their own they then land in the memory of those.

use crate::description::Target;

impl Target {
    /// The section of variables without an initial value in the memory `pool`: the board's own, else `.bss.<pool>`.
    pub fn arena_section(&self, pool: &str) -> String {
        match self.section(pool) {
            Some(section) => section.to_owned(),
            None => format!(".bss.{pool}"),
        }
    }

    /// The section of constants that start-up code copies into the memory `pool`: `.data` behind the board's own, else `.data.<pool>`.
    pub fn data_section(&self, pool: &str) -> String {
        match self.section(pool) {
            Some(section) => format!("{section}.data"),
            None => format!(".data.{pool}"),
        }
    }

    fn section(&self, pool: &str) -> Option<&str> {
        self.memory(pool)?.section.as_deref()
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
        assert_eq!(target.arena_section("dtcm"), ".dtcmram");
        assert_eq!(target.data_section("dtcm"), ".dtcmram.data");
        assert_eq!(target.arena_section("sram"), ".bss.sram");
        assert_eq!(target.data_section("sram"), ".data.sram");
        assert_eq!(target.arena_section("unknown"), ".bss.unknown");
    }
}
