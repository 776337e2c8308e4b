//! Counts against the independent profiler beside the workspace, and by call.
#![allow(
    clippy::unwrap_used,
    reason = "a test may panic outside of its #[test] function too"
)]

mod model;

use std::path::{Path, PathBuf};
use std::process::Command;

use emulate::{BuildOptions, Case, Firmware, Profile, RunOptions, Tool};
use model::{CORES, case, inputs, present, target};

const NEEDED: [Tool; 4] = [Tool::ARM_GCC, Tool::QEMU, Tool::CC, Tool::ARM_OBJDUMP];

fn yardstick() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/tools/armprof.py")
}

/// Instructions, cycles and the instructions of `function`, as the other profiler counts them.
fn other_profiler(
    firmware: &Firmware,
    cpu: &str,
    machine: &str,
    functions: &[&str],
) -> (u64, u64, Vec<(u64, u64)>) {
    let directory = tempfile::tempdir().unwrap();
    // The profiler starts QEMU in its own working directory, which the harness's files are in.
    let (elf, json) = (
        firmware.elf().canonicalize().unwrap(),
        directory.path().join("out.json"),
    );
    let input = directory.path().join("tw_in.bin");
    std::fs::write(&input, encoded(&inputs(3))).unwrap();
    let mut path = std::env::var_os("PATH").unwrap_or_default();
    if cpu == "m55" {
        // The profiler asks its disassembler for no architecture, and then gets many of Helium's instructions as those of a coprocessor.
        let objdump = directory.path().join("arm-none-eabi-objdump");
        let found = Tool::ARM_OBJDUMP.find().unwrap();
        let script = format!(
            "#!/bin/sh\nexec '{}' -marmv8.1-m.main \"$@\"\n",
            found.display()
        );
        std::fs::write(&objdump, script).unwrap();
        let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&objdump, executable).unwrap();
        let mut first = directory.path().as_os_str().to_owned();
        first.push(":");
        first.push(path);
        path = first;
    }
    let status = Command::new("python3")
        .env("PATH", path)
        .current_dir(directory.path())
        .arg(yardstick().canonicalize().unwrap())
        .args(["--quiet", "--cpu", cpu, "--machine", machine, "--json"])
        .args([&json, &elf])
        .stdout(std::process::Stdio::null())
        .status()
        .unwrap();
    assert!(status.success());
    let text = std::fs::read_to_string(&json).unwrap();
    // The fields are read by hand: this crate has no other use for a JSON parser.
    let number = |text: &str, key: &str| -> u64 {
        let at = text.find(&format!("\"{key}\":")).unwrap() + key.len() + 3;
        text[at..]
            .trim_start()
            .chars()
            .take_while(char::is_ascii_digit)
            .collect::<String>()
            .parse()
            .unwrap()
    };
    let of = |function: &&str| {
        let part = &text[text.find(&format!("\"{function}")).unwrap()..];
        (number(part, "instructions"), number(part, "cycles"))
    };
    (
        number(&text, "instructions"),
        number(&text, "cycles"),
        functions.iter().map(of).collect(),
    )
}

/// The harness's input file for one run of case 0, from its first state.
fn encoded(inputs: &[Vec<u8>]) -> Vec<u8> {
    let header = [u32::from_le_bytes(*b"TWI1"), 1, 0, 0, 0];
    header
        .iter()
        .flat_map(|w| w.to_le_bytes())
        .chain(inputs.iter().flatten().copied())
        .collect()
}

fn profile(firmware: &Firmware, seed: u32) -> Profile {
    let mut options = RunOptions {
        profile: true,
        ..RunOptions::default()
    };
    options.add(0, inputs(seed));
    firmware.run(&options).unwrap().profiles.remove(0)
}

/// Whether the other profiler can run; says so for the test `name` if not.
fn comparable(name: &str) -> bool {
    present(name, &NEEDED)
        && prerequisites::shared(name, "tools/armprof.py").is_some()
        && prerequisites::programs(name, &["python3"])
}

/// QEMU tells the other profiler a wrong size for a short instruction before the last halfword of a page
/// (1 KiB on these cores), so that it charges a branch there; a function that has such an address may differ.
fn spans_a_page_end(firmware: &Firmware, address: u32) -> bool {
    let function = firmware.image().function_at(address).unwrap();
    let size = if function.size == 0 {
        1024
    } else {
        function.size
    };
    (function.address..function.address + size).any(|a| a % 1024 == 1020)
}

/// Runs `case` on `core` under both profilers and compares the totals and the counts of its kernels.
fn compare(core: &str, cpu: &str, case: Case) {
    let kernels = case.kernels.clone();
    let firmware = Firmware::build(&target(core), &[case], &BuildOptions::default()).unwrap();
    let ours = profile(&firmware, 3);
    let names: Vec<&str> = kernels.iter().map(String::as_str).collect();
    let (instructions, cycles, counts) =
        other_profiler(&firmware, cpu, firmware.machine().name, &names);
    assert!(instructions > 1000);
    assert_eq!(ours.instructions, instructions, "{core}");
    let slack: u64 = ours
        .functions
        .iter()
        .filter(|f| spans_a_page_end(&firmware, f.address))
        .map(|f| 2 * f.instructions)
        .sum();
    let range = ours.cycles..=ours.cycles + slack;
    assert!(range.contains(&cycles), "{core}: {range:?} {cycles}");
    for (kernel, count) in names.iter().zip(counts) {
        let own = ours
            .functions
            .iter()
            .find(|f| f.function == *kernel)
            .unwrap();
        assert_eq!(own.instructions, count.0, "{core} {kernel}");
        if !spans_a_page_end(&firmware, own.address) {
            assert_eq!(own.cycles, count.1, "{core} {kernel}");
        }
        assert_eq!(own.case, Some(0));
    }
}

#[test]
fn counts_agree_with_the_other_profiler() {
    if !comparable("counts_agree_with_the_other_profiler") {
        return;
    }
    for (core, cpu) in [
        ("cortex-m0", "m0"),
        ("cortex-m3", "m4"),
        ("cortex-m4", "m4"),
        ("cortex-m7", "m7"),
        ("cortex-m33", "m4"),
        ("cortex-m55", "m55"),
    ] {
        compare(core, cpu, case("model", 321_000));
    }
}

#[test]
fn helium_counts_agree_with_the_other_profiler() {
    if !comparable("helium_counts_agree_with_the_other_profiler") {
        return;
    }
    let mut case = case("model", 321_000);
    let kernel = "#include <arm_mve.h>\n\
        KERNEL int32_t k_helium(const int8_t *a, const int8_t *b, int8_t *y) {\n\
        int32_t sum = 0;\nfloat32x4_t f = vdupq_n_f32(1.5f);\n\
        for (uint32_t r = 0; r < 50; r++)\n\
        for (uint32_t i = 0; i < 64; i += 16) {\n\
        int8x16_t u = vldrbq_s8(a + i), v = vldrbq_s8(b + i);\n\
        sum = vmladavaq_s8(sum, u, v);\nu = vqaddq_s8(u, v);\nf = vaddq_f32(f, f);\n\
        vstrbq_s8(y + i, u);\n}\nreturn sum + (int32_t)vgetq_lane_f32(f, 1);\n}\nint32_t model_run_in(";
    let text = &mut case.sources[0].text;
    *text = text.replacen("int32_t model_run_in(", kernel, 1);
    let call = "k_scale(sums, k_helium(in->a, in->b, out->narrow)); k_scale";
    *text = text.replacen("  k_scale", call, 1);
    case.kernels.push("k_helium".to_owned());
    compare("cortex-m55", "m55", case);
}

/// By the model's rules, without another profiler: each unit takes an instruction every two cycles, both at once.
#[test]
fn helium_loads_and_products_occupy_their_units() {
    const TEST: &str = "helium_loads_and_products_occupy_their_units";
    if !present(TEST, &NEEDED) {
        return;
    }
    let mut case = case("model", 321_000);
    let (load, product) = ("vldrb.8 q0, [%1]\\n", "vmladava.s8 %0, q1, q2\\n");
    let both = [load, product].concat();
    let bodies = [
        ("k_loads_4", load.repeat(4)),
        ("k_loads_12", load.repeat(12)),
        ("k_products_4", product.repeat(4)),
        ("k_products_12", product.repeat(12)),
        ("k_both_4", both.repeat(4)),
        ("k_both_12", both.repeat(12)),
    ];
    let mut kernels = String::new();
    let mut calls = String::new();
    for (name, body) in &bodies {
        kernels += &format!(
            "KERNEL int32_t {name}(const int8_t *a) {{\nint32_t sum = 0;\n\
             __asm__ volatile(\"{body}\" : \"+Te\"(sum) : \"r\"(a) : \"memory\");\nreturn sum;\n}}\n"
        );
        calls += &format!("(void){name}(in->a);\n");
        case.kernels.push((*name).to_owned());
    }
    let text = &mut case.sources[0].text;
    *text = text.replacen(
        "int32_t model_run_in(",
        &format!("{kernels}int32_t model_run_in("),
        1,
    );
    *text = text.replacen("  k_scale", &format!("{calls}  k_scale"), 1);
    let firmware =
        Firmware::build(&target("cortex-m55"), &[case], &BuildOptions::default()).unwrap();
    let profile = profile(&firmware, 3);
    let cycles = |name: &str| {
        let call = profile.calls.iter().find(|c| c.function == name);
        call.unwrap().cycles
    };
    for kind in ["loads", "products", "both"] {
        let [few, many] = [4, 12].map(|n| cycles(&format!("k_{kind}_{n}")));
        assert_eq!(many - few, 8 * 2, "{kind}");
    }
}

#[test]
fn calls_are_counted_in_order() {
    if !present("calls_are_counted_in_order", &NEEDED) {
        return;
    }
    for core in CORES {
        let firmware = Firmware::build(
            &target(core),
            &[case("model", 321_000)],
            &BuildOptions::default(),
        )
        .unwrap();
        let profile = profile(&firmware, 3);
        let names: Vec<&str> = profile.calls.iter().map(|c| c.function.as_str()).collect();
        assert_eq!(
            names,
            ["k_correlate", "k_scale", "k_clamp", "k_clamp"],
            "{core}"
        );
        let [_, scale, first, second] = &profile.calls[..] else {
            panic!()
        };
        assert_eq!(first.instructions, second.instructions, "{core}");
        let sum =
            |part: fn(&Profile) -> u64, calls: u64| assert_eq!(part(&profile), calls, "{core}");
        sum(
            |p| p.instructions,
            profile.outside.0 + profile.calls.iter().map(|c| c.instructions).sum::<u64>(),
        );
        sum(
            |p| p.cycles,
            profile.outside.1 + profile.calls.iter().map(|c| c.cycles).sum::<u64>(),
        );
        sum(
            |p| p.instructions,
            profile.functions.iter().map(|f| f.instructions).sum(),
        );
        sum(
            |p| p.cycles,
            profile.functions.iter().map(|f| f.cycles).sum(),
        );
        // What a kernel calls belongs to its call: the M0 multiplies 64 bits by a library function.
        let own = profile
            .functions
            .iter()
            .find(|f| f.function == "k_scale")
            .unwrap()
            .instructions;
        if core == "cortex-m0" {
            assert!(
                scale.instructions > own + 64,
                "{} {own}",
                scale.instructions
            );
        } else {
            assert_eq!(scale.instructions, own, "{core}");
        }
    }
}

#[test]
fn each_run_has_its_own_profile() {
    if !present("each_run_has_its_own_profile", &NEEDED) {
        return;
    }
    let cases = [case("small", 1), case("other", 2)];
    let firmware =
        Firmware::build(&target("cortex-m55"), &cases, &BuildOptions::default()).unwrap();
    let mut options = RunOptions {
        profile: true,
        ..RunOptions::default()
    };
    options
        .add(0, inputs(1))
        .add(1, inputs(1))
        .add(0, inputs(1));
    let profiles = firmware.run(&options).unwrap().profiles;
    assert_eq!(profiles.len(), 3);
    assert_eq!(profiles[0], profiles[2]);
    let case_of = |p: &Profile| {
        p.functions
            .iter()
            .find(|f| f.function == "k_correlate")
            .unwrap()
            .case
    };
    assert_eq!(
        (case_of(&profiles[0]), case_of(&profiles[1])),
        (Some(0), Some(1))
    );
}

#[test]
fn a_kernel_that_is_not_there_is_an_error() {
    if !present("a_kernel_that_is_not_there_is_an_error", &NEEDED) {
        return;
    }
    let mut case = case("model", 1);
    case.kernels.push("k_missing".to_owned());
    let firmware =
        Firmware::build(&target("cortex-m4"), &[case], &BuildOptions::default()).unwrap();
    let mut options = RunOptions {
        profile: true,
        ..RunOptions::default()
    };
    options.add(0, inputs(1));
    let error = firmware.run(&options).unwrap_err().to_string();
    assert!(
        error.contains("k_missing") && error.contains("model"),
        "{error}"
    );
}
