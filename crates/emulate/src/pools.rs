//! The memories of a board in a program for an emulated machine: linker script, start-up table, heaps.
//!
//! Where the machine has the same memory, the sections of the board's lie at its own address; otherwise in the machine's RAM. In both
//! cases start-up code copies what is initialised and poisons the rest, and the linked image has them as sections of their own,
//! [`Pool::arena_output`] and [`Pool::data_output`].

use std::fmt::Write;

use target::Target;

use crate::case::Case;
use crate::glue;
use crate::machine::Machine;

/// A memory of the target that a program may write.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Pool {
    /// Its name on the board.
    pub name: String,
    origin: u32,
    length: u32,
    /// The section that generated C puts arenas into.
    arenas: String,
    /// The section that generated C puts constants into.
    data: String,
}

impl Pool {
    /// The memories of a target, in its order.
    pub(crate) fn of(target: &Target) -> Vec<Pool> {
        let pools = target.memories.iter().filter(|m| m.kind.holds_buffers());
        pools
            .map(|m| Pool {
                name: m.name.clone(),
                origin: m.address,
                length: m.size,
                arenas: target.arena_section(&m.name),
                data: target.data_section(&m.name),
            })
            .collect()
    }

    /// The section of the linked image that holds a pool's arenas.
    pub(crate) fn arena_output(pool: &str) -> String {
        format!(".pool.{pool}")
    }

    /// The section of the linked image that holds a pool's constants.
    pub(crate) fn data_output(pool: &str) -> String {
        format!(".pool.{pool}.data")
    }
}

/// The C file that tells start-up code and heaps of the pools.
pub(crate) fn table(pools: &[Pool]) -> String {
    let mut c = String::from("#include \"harness.h\"\n\n");
    let mut rows = String::new();
    for i in 0..pools.len() {
        let name = |suffix: &str| format!("tw_pool_{i}_{suffix}");
        let words = ["load", "data_start", "data_end", "start", "end"].map(name);
        let bytes = ["heap_start", "heap_end"].map(name);
        let declared = |names: &[String]| {
            let all: Vec<String> = names.iter().map(|n| format!("{n}[]")).collect();
            all.join(", ")
        };
        push(
            &mut c,
            format_args!(
                "extern uint32_t {};\nextern uint8_t {};\n",
                declared(&words),
                declared(&bytes)
            ),
        );
        push(
            &mut rows,
            format_args!("  {{{}, {}}},\n", words.join(", "), bytes.join(", ")),
        );
    }
    if pools.is_empty() {
        rows.push_str("  {0}\n");
    }
    push(
        &mut c,
        format_args!(
            "\nconst struct tw_pool tw_pools[] = {{\n{rows}}};\nconst uint32_t tw_pool_count = {}u;\n",
            pools.len()
        ),
    );
    c
}

/// The linker script of a program for a machine.
pub(crate) fn linker_script(
    machine: &Machine,
    stack_size: u32,
    pools: &[Pool],
    cases: &[Case],
) -> String {
    let apart = |p: &&Pool| machine.has(p.origin, p.length);
    let is_apart = |pool: Option<&str>| pools.iter().filter(apart).any(|p| Some(&*p.name) == pool);
    let heap = glue::heap_needed(cases, |pool| !is_apart(pool));
    let (mut regions, mut sections, mut heaps) = (String::new(), String::new(), String::new());
    for (i, pool) in pools.iter().enumerate() {
        let own = machine.has(pool.origin, pool.length);
        let region = if own {
            format!("POOL_{i}")
        } else {
            "RAM".to_owned()
        };
        if own {
            push(
                &mut regions,
                format_args!(
                    "  {region} (rwx) : ORIGIN = {:#x}, LENGTH = {:#x}\n",
                    pool.origin, pool.length
                ),
            );
        }
        sections.push_str(&output(i, pool, &region));
        heaps.push_str(&match own {
            true => {
                let needed = glue::pool_needed(cases, |name| name == Some(&*pool.name));
                format!(
                    "  tw_pool_{i}_heap_start = ALIGN(tw_pool_{i}_data_end, 64);\n  \
                     tw_pool_{i}_heap_end = ORIGIN({region}) + LENGTH({region});\n  \
                     ASSERT(tw_pool_{i}_heap_end - tw_pool_{i}_heap_start >= {needed:#x}, \
                     \"{} overflowed: the arena does not fit\")\n",
                    pool.name
                )
            }
            false => format!("  tw_pool_{i}_heap_start = 0;\n  tw_pool_{i}_heap_end = 0;\n"),
        });
    }
    let mut script = include_str!("../assets/link.ld").to_owned();
    let values = [
        ("@VECTORS_ORIGIN@", u64::from(machine.vectors.0)),
        ("@VECTORS_LENGTH@", u64::from(machine.vectors.1)),
        ("@FLASH_ORIGIN@", u64::from(machine.flash.0)),
        ("@FLASH_LENGTH@", u64::from(machine.flash.1)),
        ("@RAM_ORIGIN@", u64::from(machine.ram.0)),
        ("@RAM_LENGTH@", u64::from(machine.ram.1)),
        ("@STACK_SIZE@", u64::from(stack_size)),
        ("@HEAP_NEEDED@", heap),
    ];
    for (name, value) in values {
        script = script.replace(name, &format!("{value:#x}"));
    }
    for (name, text) in [
        ("@POOL_REGIONS@\n", regions),
        ("@POOL_SECTIONS@\n", sections),
        ("@POOL_HEAPS@\n", heaps),
    ] {
        script = script.replace(name, &text);
    }
    script
}

/// The sections of a pool.
fn output(i: usize, pool: &Pool, region: &str) -> String {
    let (arenas, data) = (
        Pool::arena_output(&pool.name),
        Pool::data_output(&pool.name),
    );
    format!(
        "  {arenas} (NOLOAD) : ALIGN(16) {{\n    tw_pool_{i}_start = .;\n    *({} {}.*)\n    . = ALIGN(4);\n    tw_pool_{i}_end = .;\n  }} > {region}\n  \
         {data} : ALIGN(16) {{\n    tw_pool_{i}_data_start = .;\n    *({})\n    . = ALIGN(4);\n    tw_pool_{i}_data_end = .;\n  }} > {region} AT > FLASH\n  \
         tw_pool_{i}_load = LOADADDR({data});\n",
        pool.arenas, pool.arenas, pool.data
    )
}

fn push(to: &mut String, text: std::fmt::Arguments<'_>) {
    to.write_fmt(text)
        .expect("invariant: writing to a String succeeds");
}
