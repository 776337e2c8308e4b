//! The built-in descriptions against facts of the architectures, and what a wrong description is told.

use target::{Arch, Feature, MemoryKind, TargetError, TargetKind, Targets};

const OWN: &str = r#"
name = "my-board"
kind = "board"
description = "A board"
source = "its data sheet"
base = "cortex-m7"

[core]
fpu = "fpv5-d16"
features = ["unaligned", "divide", "long-multiply", "saturate", "count-leading-zeros", "dsp", "fpu", "fpu-double"]

[[memory]]
name = "dtcm"
kind = "tcm"
address = 0x20000000
size = 0x20000

[[memory]]
name = "axi"
kind = "ram"
address = 0x24000000
size = 0x80000
read_wait = 2
section = ".axi_ram"
"#;

#[test]
fn every_core_and_board_is_there() {
    let targets = Targets::builtin();
    let names: Vec<_> = targets.names().collect();
    for name in [
        "cortex-m0",
        "cortex-m0plus",
        "cortex-m3",
        "cortex-m4",
        "cortex-m7",
        "cortex-m33",
        "cortex-m55",
        "host",
        "microbit",
        "mps2-an385",
        "mps2-an386",
        "mps2-an500",
        "mps2-an505",
        "mps3-an547",
        "arduino-nano-33-ble",
        "mps3-corstone300",
        "nrf5340dk",
        "nucleo-f746zg",
        "nucleo-l4r5zi",
        "rp2040",
        "stm32h743",
    ] {
        assert!(names.contains(&name), "{name}");
    }
    for target in targets.iter() {
        assert_eq!(
            target.memories.is_empty(),
            target.kind != TargetKind::Board,
            "{}",
            target.name
        );
        assert_eq!(
            target.emulation.is_some(),
            target.kind != TargetKind::Host,
            "{}",
            target.name
        );
    }
}

/// Sums as the data sheets state them on their first pages.
#[test]
fn boards_have_what_their_data_sheets_say() {
    let targets = Targets::builtin();
    let kib = 1024;
    for (name, ram, flash) in [
        ("arduino-nano-33-ble", 256, 1024),
        ("microbit", 16, 256),
        ("nrf5340dk", 512, 1024),
        // 320 KB of "SRAM" with the DTCM; the ITCM is counted apart.
        ("nucleo-f746zg", 320, 1024),
        ("nucleo-l4r5zi", 640, 2048),
        ("rp2040", 264, 2048),
        // 1 MB of RAM: 192 KB of TCM, of which 64 KB are the ITCM, and up to 864 KB of SRAM.
        ("stm32h743", 128 + 864, 2048),
    ] {
        let board = targets.get(name).unwrap();
        assert_eq!(board.ram_size(), Some(ram * kib), "{name}");
        assert_eq!(board.flash_size(), Some(flash * kib), "{name}");
    }
    let itcm = |name: &str| {
        let memory = targets.get(name).unwrap().memory("itcm").unwrap();
        (memory.kind, memory.size)
    };
    assert_eq!(itcm("stm32h743"), (MemoryKind::Itcm, 64 << 10));
    assert_eq!(itcm("nucleo-f746zg"), (MemoryKind::Itcm, 16 << 10));
}

#[test]
fn boards_are_whole() {
    for board in Targets::builtin().iter() {
        let name = &board.name;
        if board.kind != TargetKind::Board {
            continue;
        }
        let base = board.base.as_deref().expect("a board names its core");
        assert!(base.starts_with("cortex-m"), "{name}");
        let of_kind = |wanted: fn(MemoryKind) -> bool| {
            let kinds = board.memories.iter().map(|m| m.kind);
            kinds.filter(|&kind| wanted(kind)).count()
        };
        assert!(of_kind(MemoryKind::holds_buffers) > 0, "{name}");
        assert!(of_kind(|kind| kind == MemoryKind::Flash) == 1, "{name}");
        for m in &board.memories {
            // Tightly coupled memories are those without wait states.
            let tightly = matches!(m.kind, MemoryKind::Tcm | MemoryKind::Itcm);
            assert!(
                !tightly || m.read_wait + m.write_wait == 0,
                "{name}.{}",
                m.name
            );
        }
        // A planner prefers earlier memories, so they are the faster ones.
        let waits = board.memories.iter().filter(|m| m.kind.holds_buffers());
        let waits: Vec<u32> = waits.map(|m| m.read_wait).collect();
        assert!(waits.is_sorted(), "{name}: {waits:?}");
    }
}

#[test]
fn flags_choose_the_core() {
    let targets = Targets::builtin();
    let flags = |name: &str| targets.get(name).unwrap().gcc_flags().join(" ");
    assert_eq!(
        flags("cortex-m0"),
        "-mcpu=cortex-m0 -mthumb -mfloat-abi=soft"
    );
    assert_eq!(
        flags("cortex-m4"),
        "-mcpu=cortex-m4 -mthumb -mfpu=fpv4-sp-d16 -mfloat-abi=hard"
    );
    assert_eq!(
        flags("mps2-an505"),
        "-mcpu=cortex-m33 -mthumb -mfpu=fpv5-sp-d16 -mfloat-abi=hard"
    );
    assert_eq!(
        flags("cortex-m55"),
        "-mcpu=cortex-m55 -mthumb -mfloat-abi=hard"
    );
    assert_eq!(flags("host"), "");
}

#[test]
fn features_follow_the_architecture() {
    let targets = Targets::builtin();
    let has = |name: &str, f| targets.get(name).unwrap().has(f);
    assert!(!has("cortex-m0", Feature::Unaligned) && has("cortex-m3", Feature::Unaligned));
    assert!(
        !has("cortex-m3", Feature::Dsp)
            && has("cortex-m4", Feature::Dsp)
            && has("cortex-m33", Feature::Dsp)
    );
    assert!(!has("cortex-m33", Feature::Mve) && has("cortex-m55", Feature::Mve));
    assert_eq!(targets.get("microbit").unwrap().core.arch, Arch::V6m);
}

#[test]
fn own_board_overrides_and_inherits() {
    let targets = Targets::builtin().with_toml("my.toml", OWN).unwrap();
    let board = targets.get("my-board").unwrap();
    assert_eq!(
        board.gcc_flags().join(" "),
        "-mcpu=cortex-m7 -mthumb -mfpu=fpv5-d16 -mfloat-abi=hard"
    );
    assert_eq!(board.cost, targets.get("cortex-m7").unwrap().cost);
    assert_eq!(board.ram_size(), Some(0x20000 + 0x80000));
    assert_eq!(board.flash_size(), Some(0));
    let axi = board.memory("axi").unwrap();
    assert_eq!(
        (axi.read_wait, axi.write_wait, axi.section.as_deref()),
        (2, 0, Some(".axi_ram"))
    );
}

#[test]
fn unknown_target_names_the_nearest_and_all() {
    let error = Targets::builtin()
        .get("cortex-m44")
        .expect_err("the text is wrong")
        .to_string();
    assert!(
        error.contains("did you mean \"cortex-m4\"?") && error.contains("mps3-an547"),
        "{error}"
    );
}

/// `OWN` with `from` replaced by `to` is refused with a message that has every one of `parts`.
#[track_caller]
fn refused(from: &str, to: &str, parts: &[&str]) {
    assert!(OWN.contains(from));
    let text = OWN.replacen(from, to, 1);
    let error = Targets::builtin()
        .with_toml("my.toml", &text)
        .expect_err("the text is wrong")
        .to_string();
    for part in parts.iter().chain(&["my.toml"]) {
        assert!(error.contains(part), "{part:?} not in {error:?}");
    }
}

#[test]
fn wrong_descriptions_say_key_value_and_what_to_do() {
    refused(
        "base = \"cortex-m7\"",
        "base = \"cortex-m77\"",
        &["base", "\"cortex-m77\"", "did you mean \"cortex-m7\"?"],
    );
    refused(
        "\"dsp\"",
        "\"dps\"",
        &["core.features", "\"dps\"", "did you mean \"dsp\"?"],
    );
    refused(
        "\"dsp\"",
        "\"dsp\", \"mve\"",
        &["core.features", "\"mve\"", "v7em"],
    );
    refused(
        "\"fpu\", ",
        "",
        &["core.features", "\"fpu-double\"", "needs \"fpu\""],
    );
    refused(
        "kind = \"tcm\"",
        "kind = \"tmc\"",
        &[
            "memory.dtcm.kind",
            "\"tmc\"",
            "flash, ram, tcm, itcm, external",
        ],
    );
    refused("size = 0x20000", "size = 0", &["memory.dtcm.size", "= 0"]);
    refused("size = 0x20000", "size = -4", &["memory.dtcm.size", "-4"]);
    refused(
        "size = 0x80000",
        "size = 0xf0000000",
        &["memory.axi.size", "0xf0000000", "smaller"],
    );
    refused(
        "0x24000000",
        "0x20010000",
        &[
            "memory.axi.address",
            "0x20010000",
            "overlaps memory \"dtcm\"",
        ],
    );
    refused(
        "name = \"axi\"",
        "name = \"dtcm\"",
        &["memory.name", "\"dtcm\"", "rename"],
    );
    refused(
        "name = \"axi\"",
        "name = \"a b\"",
        &["memory.name", "\"a b\"", "letters"],
    );
    refused(
        "read_wait = 2",
        "read_weight = 2",
        &["read_weight", "read_wait"],
    );
    refused("source = \"its data sheet\"", "source = \"\"", &["source"]);
    refused(
        "name = \"my-board\"",
        "name = \"host\"",
        &["\"host\"", "choose another name"],
    );
    refused("kind = \"board\"", "kind = \"core\"", &["kind", "board"]);
    refused("base = \"cortex-m7\"", "base = \"cortex-m7", &["line 6"]);
    refused(
        "fpu = \"fpv5-d16\"",
        "fpu = \"x -o /etc/passwd\"",
        &["core.fpu"],
    );
    refused("[core]", "[cost]\nalu = 0\n[core]", &["cost.alu", "= 0"]);
    refused("base = \"cortex-m7\"", "", &["cpu"]);
}

#[test]
fn a_refused_description_adds_nothing() {
    let mut targets = Targets::builtin();
    let before: Vec<String> = targets.names().map(str::to_owned).collect();
    assert!(matches!(
        targets.add_toml("x", "kind = 1"),
        Err(TargetError::Parse { .. })
    ));
    assert_eq!(targets.names().collect::<Vec<_>>(), before);
}
