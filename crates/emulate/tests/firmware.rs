//! Programs on the emulated cores: outputs, faults, overruns, limits.

mod model;

use std::time::Duration;

use emulate::{
    Arena, BuildOptions, Case, EmulateError, Firmware, RunOptions, SectionKind, SourceFile, Tool,
};
use model::{CORES, N, case, expected, inputs, present, target};

const NEEDED: [Tool; 2] = [Tool::ARM_GCC, Tool::QEMU];

/// A case without tensors whose entry has this body.
fn small(name: &str, body: &str) -> Case {
    let text = format!(
        "#include <stdint.h>\nstruct {name}_inputs;\nstruct {name}_outputs;\n\
         int32_t {name}_run_in(void *arena, const struct {name}_inputs *in, const struct {name}_outputs *out);\n\
         int32_t {name}_run_in(void *arena, const struct {name}_inputs *in, const struct {name}_outputs *out) {{\n\
         (void)in; (void)out;\n{body}\n}}\n"
    );
    Case {
        sources: vec![SourceFile::new("k.c", text)],
        arenas: vec![Arena::new(64)],
        ..Case::new(name)
    }
}

fn run(core: &str, case: Case) -> Result<emulate::RunResult, EmulateError> {
    let firmware = Firmware::build(&target(core), &[case], &BuildOptions::default())?;
    let mut options = RunOptions {
        timeout: Duration::from_secs(20),
        ..RunOptions::default()
    };
    options.add(0, Vec::new());
    firmware.run(&options)
}

#[test]
fn outputs_are_exact_on_every_core() {
    if !present("outputs_are_exact_on_every_core", &NEEDED) {
        return;
    }
    for core in CORES.into_iter().chain(["cortex-m0plus", "microbit"]) {
        let firmware = Firmware::build(
            &target(core),
            &[case("model", 77_777)],
            &BuildOptions::default(),
        )
        .unwrap();
        let mut options = RunOptions::default();
        for seed in 0..3 {
            options.add(0, inputs(seed));
        }
        let result = firmware.run(&options).unwrap();
        assert_eq!(result.runs.len(), 3, "{core}");
        for (seed, run) in result.runs.iter().enumerate() {
            assert!(run.is_clean(), "{core}: {run:?}");
            assert_eq!(
                run.outputs,
                expected(&inputs(seed as u32), 77_777),
                "{core} sample {seed}"
            );
        }
        assert!(
            (16..2048).contains(&result.stack_high_water),
            "{core}: {}",
            result.stack_high_water
        );
    }
}

#[test]
fn a_hundred_cases_in_one_image() {
    if !present("a_hundred_cases_in_one_image", &NEEDED) {
        return;
    }
    let cases: Vec<Case> = (0..100)
        .map(|i| case(&format!("model{i}"), 1000 * i))
        .collect();
    let firmware = Firmware::build(&target("cortex-m4"), &cases, &BuildOptions::default()).unwrap();
    let mut options = RunOptions::default();
    for i in (0..100).rev() {
        options.add(i, inputs(i as u32));
    }
    let result = firmware.run(&options).unwrap();
    for (run, i) in result.runs.iter().zip((0..100).rev()) {
        assert_eq!(run.case, i);
        assert_eq!(
            run.outputs,
            expected(&inputs(i as u32), 1000 * i as i32),
            "case {i}"
        );
    }
}

#[test]
fn samples_of_a_file_run_one_after_the_other() {
    if !present("samples_of_a_file_run_one_after_the_other", &NEEDED) {
        return;
    }
    let firmware = Firmware::build(
        &target("cortex-m3"),
        &[case("model", 500)],
        &BuildOptions::default(),
    )
    .unwrap();
    let files: Vec<Vec<u8>> = (0..2)
        .map(|t| (0..4).flat_map(|s| inputs(s)[t].clone()).collect())
        .collect();
    let mut options = RunOptions {
        tensor_offset: 4,
        ..RunOptions::default()
    };
    options.add_samples(firmware.cases(), 0, &files).unwrap();
    let result = firmware.run(&options).unwrap();
    let got: Vec<_> = result.runs.into_iter().map(|r| r.outputs).collect();
    assert_eq!(
        got,
        (0..4)
            .map(|s| expected(&inputs(s), 500))
            .collect::<Vec<_>>()
    );

    let error = options
        .add_samples(firmware.cases(), 0, &[vec![0; N + 1], vec![0; N]])
        .unwrap_err()
        .to_string();
    assert!(
        error.contains("model") && error.contains("65 bytes") && error.contains("64"),
        "{error}"
    );
}

#[test]
fn a_misaligned_word_access_faults_in_m0_code() {
    if !present("a_misaligned_word_access_faults_in_m0_code", &NEEDED) {
        return;
    }
    let misaligned = || {
        let body = "volatile uint32_t *p = (volatile uint32_t *)((uintptr_t)arena + 2);\nreturn (int32_t)*p;";
        small("misaligned", body)
    };
    let error = run("cortex-m0", misaligned()).unwrap_err();
    let EmulateError::Fault(fault) = &error else {
        panic!("{error}")
    };
    assert_eq!(
        (fault.case.as_str(), fault.function.as_deref()),
        ("misaligned", Some("misaligned_run_in"))
    );
    let message = error.to_string();
    assert!(
        message.contains("unaligned access") && message.contains("case misaligned"),
        "{message}"
    );
    // The same instruction is allowed on the M4: the arena's poison comes back.
    let result = run("cortex-m4", misaligned()).unwrap();
    assert_eq!(result.runs[0].status, 0xA5A5_A5A5_u32 as i32);
}

#[test]
fn a_real_armv6m_core_faults_too() {
    if !present("a_real_armv6m_core_faults_too", &NEEDED) {
        return;
    }
    let body =
        "volatile uint32_t *p = (volatile uint32_t *)((uintptr_t)arena + 2);\nreturn (int32_t)*p;";
    let error = run("microbit", small("misaligned", body)).unwrap_err();
    assert!(
        matches!(&error, EmulateError::Fault(f) if f.case == "misaligned"),
        "{error}"
    );
}

#[test]
fn faults_are_named_on_every_core() {
    if !present("faults_are_named_on_every_core", &NEEDED) {
        return;
    }
    for core in CORES {
        let error = run(
            core,
            small(
                "undefined",
                "(void)arena; __asm__ volatile(\"udf #0\"); return 0;",
            ),
        )
        .unwrap_err();
        let EmulateError::Fault(fault) = &error else {
            panic!("{core}: {error}")
        };
        assert_eq!(
            fault.function.as_deref(),
            Some("undefined_run_in"),
            "{core}: {error}"
        );
        assert!(
            fault.causes().contains(&"undefined instruction"),
            "{core}: {error}"
        );
    }
}

#[test]
fn a_stack_overflow_is_seen() {
    if !present("a_stack_overflow_is_seen", &NEEDED) {
        return;
    }
    let deep = "volatile uint8_t big[200000];\nfor (uint32_t i = 200000; i > 0; i--) big[i - 1] = 1;\n(void)arena; return big[7];";
    for core in CORES {
        let seen = match run(core, small("deep", deep)) {
            Ok(result) => result.runs[0].overruns == ["stack"],
            Err(error) => matches!(error, EmulateError::Fault(_) | EmulateError::Stopped { .. }),
        };
        assert!(seen, "{core}");
    }
}

#[test]
fn the_stack_is_measured() {
    if !present("the_stack_is_measured", &NEEDED) {
        return;
    }
    let body = "volatile uint8_t big[5000];\nfor (uint32_t i = 0; i < 5000; i++) big[i] = 1;\n(void)arena; return big[7] - 1;";
    for core in CORES {
        let firmware = Firmware::build(
            &target(core),
            &[small("deep", body)],
            &BuildOptions::default(),
        )
        .unwrap();
        let mut options = RunOptions::default();
        options.add(0, Vec::new());
        let stack = firmware.run(&options).unwrap().stack_high_water;
        assert!((5000..5200).contains(&stack), "{core}: {stack}");
        let frames = firmware.stack_frames(0).unwrap();
        assert!(
            frames
                .iter()
                .any(|f| f.function == "deep_run_in" && f.bytes >= 5000 && f.fixed),
            "{frames:?}"
        );
    }
}

#[test]
fn writes_behind_a_buffer_are_seen() {
    if !present("writes_behind_a_buffer_are_seen", &NEEDED) {
        return;
    }
    let result = run(
        "cortex-m0",
        small("past", "((uint8_t *)arena)[64] = 1; return 0;"),
    )
    .unwrap();
    assert_eq!(result.runs[0].overruns, ["arena"]);
    let mut case = case("model", 1);
    case.outputs[1] -= 1;
    let firmware =
        Firmware::build(&target("cortex-m4"), &[case], &BuildOptions::default()).unwrap();
    let mut options = RunOptions::default();
    options.add(0, inputs(1));
    assert_eq!(firmware.run(&options).unwrap().runs[0].overruns, ["output"]);
}

#[test]
fn the_arena_is_poisoned_before_each_run() {
    if !present("the_arena_is_poisoned_before_each_run", &NEEDED) {
        return;
    }
    let body = "uint8_t *a = (uint8_t *)arena;\nint32_t was = a[63];\nfor (uint32_t i = 0; i < 64; i++) a[i] = 1;\nreturn was;";
    let firmware = Firmware::build(
        &target("cortex-m3"),
        &[small("poison", body)],
        &BuildOptions::default(),
    )
    .unwrap();
    let mut options = RunOptions::default();
    options.add(0, Vec::new()).add(0, Vec::new());
    let statuses: Vec<i32> = firmware
        .run(&options)
        .unwrap()
        .runs
        .iter()
        .map(|r| r.status)
        .collect();
    assert_eq!(statuses, [0xA5, 0xA5]);
}

#[test]
fn an_endless_program_is_stopped() {
    if !present("an_endless_program_is_stopped", &NEEDED) {
        return;
    }
    let body = "volatile int32_t forever = 1;\n(void)arena;\nwhile (forever) {}\nreturn 0;";
    let firmware = Firmware::build(
        &target("cortex-m4"),
        &[small("endless", body)],
        &BuildOptions::default(),
    )
    .unwrap();
    let mut options = RunOptions {
        timeout: Duration::from_secs(1),
        ..RunOptions::default()
    };
    options.add(0, Vec::new());
    let error = firmware.run(&options).unwrap_err();
    assert!(matches!(error, EmulateError::Timeout { .. }), "{error}");
}

#[test]
fn big_arenas_and_weights_run_on_every_core() {
    if !present("big_arenas_and_weights_run_on_every_core", &NEEDED) {
        return;
    }
    let text = "#include \"big.h\"\n#include <string.h>\n\
        static const uint8_t weights[900000] = {[0] = 3, [899999] = 4};\n\
        int32_t big_run_in(void *arena, const struct big_inputs *in, const struct big_outputs *out) {\n\
        uint8_t *a = arena;\nfor (uint32_t i = 0; i < 900000; i++) a[i + 100000] = weights[i];\n\
        memcpy(out->y, a + 999984, 16); out->y[0] = (uint8_t)(a[100000] + in->x[110591]);\nreturn 0;\n}\n";
    let header = "#include <stdint.h>\nstruct big_inputs { const uint8_t *x; };\nstruct big_outputs { uint8_t *y; };\n\
        int32_t big_run_in(void *arena, const struct big_inputs *in, const struct big_outputs *out);\n";
    let case = Case {
        sources: vec![SourceFile::new("big.c", text)],
        headers: vec![SourceFile::new("big.h", header)],
        inputs: vec![110_592],
        outputs: vec![16],
        arenas: vec![Arena::new(1_000_000)],
        ..Case::new("big")
    };
    for core in CORES {
        let firmware = Firmware::build(
            &target(core),
            std::slice::from_ref(&case),
            &BuildOptions::default(),
        )
        .unwrap();
        let mut options = RunOptions::default();
        options.add(0, vec![vec![7; 110_592]]);
        let result = firmware.run(&options).unwrap();
        assert_eq!(
            result.runs[0].outputs[0],
            [10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 4],
            "{core}"
        );
        let sizes = firmware.sizes(0, "big.c").unwrap();
        assert_eq!(sizes.total(SectionKind::Rodata), 900_000, "{core}");
        assert_eq!(
            (sizes.symbols[0].name.as_str(), sizes.symbols[0].size),
            ("weights", 900_000)
        );
    }
    // The micro:bit has 256 kB of flash, so its code runs on the larger machine.
    let firmware = Firmware::build(
        &target("microbit"),
        std::slice::from_ref(&case),
        &BuildOptions::default(),
    )
    .unwrap();
    assert_eq!(firmware.machine().name, "mps2-an385");
    let only = BuildOptions {
        machine: Some("microbit".to_owned()),
        ..BuildOptions::default()
    };
    let error = Firmware::build(&target("microbit"), &[case], &only).unwrap_err();
    assert!(matches!(error, EmulateError::DoesNotFit { .. }), "{error}");
}

#[test]
fn wrong_cases_are_refused() {
    if !present("wrong_cases_are_refused", &NEEDED) {
        return;
    }
    let build = |cases: &[Case]| {
        Firmware::build(&target("cortex-m4"), cases, &BuildOptions::default())
            .unwrap_err()
            .to_string()
    };
    assert!(build(&[case("twin", 1), case("twin", 2)]).contains("twin: two cases have this name"));
    assert!(build(&[Case::new("not an identifier")]).contains("is not a C identifier"));
    let outside = Case {
        sources: vec![SourceFile::new("../x.c", "")],
        ..Case::new("outside")
    };
    assert!(build(&[outside]).contains("relative path"));
    let warning = small("warning", "(void)arena; int unused; return 0;");
    assert!(build(&[warning]).contains("unused"));
    let host = Firmware::build(&target("host"), &[], &BuildOptions::default()).unwrap_err();
    assert!(host.to_string().contains("cannot be emulated"));
}
