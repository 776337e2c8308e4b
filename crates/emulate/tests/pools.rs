//! Memories of a board: several arenas, sections at the board's own addresses or in RAM, states from run to run.
#![allow(clippy::unwrap_used, reason = "tests")]

mod model;

use emulate::{
    Arena, BuildOptions, Case, EmulateError, Firmware, HostOptions, HostProgram, RunOptions,
    RunResult, Sanitizers, SectionKind, SourceFile, State, Tool,
};
use model::{present, target};
use std::ops::Range;
use target::{Memory, MemoryKind, Target};

const NEEDED: [Tool; 2] = [Tool::ARM_GCC, Tool::QEMU];

/// What the case's output holds, in words.
const WORDS: usize = 8;

/// A case with arenas in two pools, a constant and an arena of its own in sections of the first, and a counter as its state. Its output:
/// the addresses of all of these, whether the arenas are poisoned, the counter, the constant's sum, and the first byte of its own arena
/// before and after which it writes a 1 there.
fn case(fast: &str, slow: &str, own_memory: bool) -> Case {
    let parameters = "const struct pooled_inputs *in, const struct pooled_outputs *out";
    let (signature, prepare, reset) = match own_memory {
        false => (
            format!(
                "int32_t pooled_run_in(const struct pooled_arenas *arenas, void *state, {parameters})"
            ),
            "int32_t *const counter = (int32_t *)state;\n".to_owned(),
            "int32_t pooled_reset_in(void *state)\n{\n*(int32_t *)state = 40;\nreturn 0;\n}\n",
        ),
        true => (
            format!("int32_t pooled_run({parameters})"),
            format!(
                "static int8_t more[32] __attribute__((section(\".bss.{slow}\"), aligned(16))) ;\n\
                 static int32_t kept = 40;\nint32_t *const counter = &kept;\n\
                 const struct pooled_arenas given = {{own + 16, more}}, *const arenas = &given;\n"
            ),
            "void pooled_reset(void) {}\n",
        ),
    };
    let text = format!(
        r#"#include <stdint.h>
struct pooled_arenas {{ void *fast; void *slow; }};
struct pooled_inputs {{ const int8_t *none; }};
struct pooled_outputs {{ uint32_t *words; }};
static const volatile int32_t table[4] __attribute__((section(".data.{fast}"))) = {{1, 20, 300, 4000}};
static int8_t own[64] __attribute__((section(".bss.{fast}"), aligned(16)));
{reset}
{signature}
{{
{prepare}
    const uint8_t *const fast = (const uint8_t *)arenas->fast, *const slow = (const uint8_t *)arenas->slow;
    (void)in;
    out->words[0] = (uint32_t)(uintptr_t)arenas->fast;
    out->words[1] = (uint32_t)(uintptr_t)arenas->slow;
    out->words[2] = (uint32_t)(uintptr_t)table;
    out->words[3] = (uint32_t)(uintptr_t)own;
    out->words[4] = fast[0] == 0xa5 && fast[31] == 0xa5 && slow[0] == 0xa5 && slow[31] == 0xa5;
    out->words[5] = (uint32_t)++*counter;
    out->words[6] = (uint32_t)(table[0] + table[1] + table[2] + table[3]);
    out->words[7] = (uint8_t)own[0];
    own[0] = 1;
    return 0;
}}
"#
    );
    let arena = |pool: &str| Arena {
        pool: Some(pool.to_owned()),
        ..Arena::new(32)
    };
    Case {
        sources: vec![SourceFile::new("pooled.c", text)],
        outputs: vec![4 * WORDS as u32],
        arenas: vec![arena(fast), arena(slow)],
        state: Some(State { size: 4, align: 4 }),
        own_memory,
        entry: if own_memory {
            "pooled_run"
        } else {
            "pooled_run_in"
        }
        .to_owned(),
        ..Case::new("pooled")
    }
}

/// The declarations that strict C wants are not the point here.
fn lenient() -> BuildOptions {
    BuildOptions {
        strict: false,
        ..BuildOptions::default()
    }
}

/// Three runs in a row, then one from the first state.
fn four_runs() -> RunOptions {
    let mut options = RunOptions::default();
    options
        .add(0, vec![])
        .resume(0, vec![])
        .resume(0, vec![])
        .add(0, vec![]);
    options
}

fn words(result: &RunResult) -> Vec<[u32; WORDS]> {
    let of_run = |run: &emulate::CaseRun| {
        assert!(run.is_clean(), "{run:?}");
        let mut words = [0; WORDS];
        for (w, bytes) in words.iter_mut().zip(run.outputs[0].chunks_exact(4)) {
            *w = u32::from_le_bytes([bytes[0], bytes[1], bytes[2], bytes[3]]);
        }
        words
    };
    result.runs.iter().map(of_run).collect()
}

/// Runs the case, and checks where everything lies; the output of each run.
fn check(target: &Target, case: &Case, fast: Range<u32>, slow: Range<u32>) -> Vec<[u32; WORDS]> {
    let firmware = Firmware::build(target, std::slice::from_ref(case), &lenient()).unwrap();
    let got = words(&firmware.run(&four_runs()).unwrap());
    for w in &got {
        let name = &target.name;
        for (what, at) in [("arena", w[0]), ("table", w[2]), ("own arena", w[3])] {
            assert!(
                fast.contains(&at),
                "{what} at {at:#x} on {name}, not in {fast:#x?}"
            );
        }
        assert!(
            slow.contains(&w[1]),
            "arena at {:#x} on {name}, not in {slow:#x?}",
            w[1]
        );
        assert_eq!(w[6], 4321, "the table's contents on {name}");
    }
    // Start-up code poisons what has no first value; nobody does between runs.
    assert_eq!(
        got.iter().map(|w| w[7]).collect::<Vec<_>>(),
        [0xa5, 1, 1, 1]
    );
    let sizes = firmware.image_sizes().unwrap();
    let pool = case.arenas[0].pool.as_deref().unwrap();
    let data = sizes
        .sections
        .iter()
        .find(|s| s.name == format!(".pool.{pool}.data"));
    assert_eq!(
        data.map(|s| (s.kind, s.size)),
        Some((SectionKind::Data, 16))
    );
    assert_eq!(sizes.pool(pool), 64 + 16, "bytes of RAM in {pool}");
    got
}

#[test]
fn pools_of_a_board() {
    if !present("pools_of_a_board", &NEEDED) {
        return;
    }
    // Both memories are the machine's: the first apart, the second is its RAM.
    let dtcm = 0x3000_0000..0x3008_0000;
    let isram = 0x3100_0000..0x3140_0000;
    let got = check(
        &target("mps3-an547"),
        &case("dtcm", "isram", false),
        dtcm.clone(),
        isram.clone(),
    );
    for (run, counter) in got.iter().zip([41, 42, 43, 41]) {
        assert_eq!((run[4], run[5]), (1, counter));
    }
    // The C's own arenas and its own state, which needs no reset.
    let got = check(
        &target("mps3-an547"),
        &case("dtcm", "isram", true),
        dtcm,
        isram,
    );
    assert_eq!(got[0][4], 1, "poisoned at the start");
    let counters: Vec<u32> = got.iter().map(|w| w[5]).collect();
    assert_eq!(counters, [41, 42, 43, 44], "its reset does nothing");
    let ssram = 0x2000_0000..0x2040_0000;
    let psram = 0x2100_0000..0x2200_0000;
    check(
        &target("mps2-an386"),
        &case("ssram23", "psram", false),
        ssram,
        psram,
    );
}

/// A board of which the machine has no memory: everything lies in the machine's RAM.
#[test]
fn pools_in_the_machines_ram() {
    if !present("pools_in_the_machines_ram", &NEEDED) {
        return;
    }
    let mut board = target("cortex-m7");
    let memory = |name: &str, address: u32| Memory {
        name: name.to_owned(),
        kind: MemoryKind::Ram,
        address,
        size: 0x2_0000,
        alignment: 4,
        read_wait: 0,
        write_wait: 0,
        section: None,
    };
    board.memories = vec![memory("tightly", 0x1000_0000), memory("far", 0xd000_0000)];
    let ram = 0x6000_0000..0x6100_0000;
    check(&board, &case("tightly", "far", false), ram.clone(), ram);
}

#[test]
fn a_pool_that_is_too_small_is_an_error() {
    if !present("a_pool_that_is_too_small_is_an_error", &NEEDED) {
        return;
    }
    let mut large = case("dtcm", "isram", false);
    large.arenas[0].size = 0x8_0000;
    let error = Firmware::build(&target("mps3-an547"), &[large], &lenient()).unwrap_err();
    let EmulateError::DoesNotFit { messages, .. } = &error else {
        panic!("{error}")
    };
    assert!(messages.contains("dtcm overflowed"), "{messages}");
}

/// On the host there are no pools; arenas and states are allocations whose bounds are watched.
#[test]
fn states_and_arenas_on_the_host() {
    if !present("states_and_arenas_on_the_host", &[Tool::CC]) {
        return;
    }
    for sanitizers in [Sanitizers::Off, Sanitizers::AddressAndUndefined] {
        let options = HostOptions {
            sanitizers,
            strict: false,
            ..HostOptions::default()
        };
        let program = HostProgram::build(&[case("fast", "slow", false)], &options).unwrap();
        let got = words(&program.run(&four_runs()).unwrap());
        for (run, counter) in got.iter().zip([41, 42, 43, 41]) {
            assert_eq!((run[4], run[5], run[6]), (1, counter, 4321));
        }
    }
}

#[test]
fn writing_past_a_state_is_noticed() {
    if !present("writing_past_a_state_is_noticed", &NEEDED) {
        return;
    }
    let mut past = case("dtcm", "isram", false);
    past.state = Some(State { size: 2, align: 4 });
    let firmware = Firmware::build(&target("mps3-an547"), &[past], &lenient()).unwrap();
    let result = firmware.run(&four_runs()).unwrap();
    assert_eq!(result.runs[0].overruns, ["state"]);
}
