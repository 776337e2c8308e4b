//! `run`: files in and out, text, profile.

use std::fs;
use std::path::Path;

use crate::command::{digits, names, repository, text, thumbwright};

/// Bytes of the digits model's input and output.
const INPUT: usize = 64;
const OUTPUT: usize = 10;
const SAMPLES: usize = 42;

fn golden(name: &str) -> std::path::PathBuf {
    repository("models/digits/golden").join(name)
}

fn run_golden(target: &str, dir: &Path) {
    let out = dir.join(format!("{target}.bin"));
    let (model, input) = (digits(), text(&golden("digits_int8.in0.bin")));
    thumbwright([
        "run",
        &model,
        "--target",
        target,
        "--input",
        &input,
        "--output",
        &text(&out),
    ])
    .ok();
    let expected = fs::read(golden("digits_int8.out0.bin")).unwrap();
    assert_eq!(expected.len(), SAMPLES * OUTPUT);
    assert!(fs::read(out).unwrap() == expected, "{target} differs");
}

#[test]
fn the_interpreters_give_the_golden_bytes() {
    let root = tempfile::tempdir().unwrap();
    run_golden("interp", root.path());
    run_golden("interp-loops", root.path());
    assert_eq!(names(root.path()), ["interp-loops.bin", "interp.bin"]);
}

#[test]
fn the_host_gives_the_golden_bytes() {
    if prerequisites::programs("the_host_gives_the_golden_bytes", &["cc"]) {
        run_golden("host", tempfile::tempdir().unwrap().path());
    }
}

const EMULATOR: [&str; 2] = ["arm-none-eabi-gcc", "qemu-system-arm"];

#[test]
fn an_emulated_core_and_a_board_give_the_golden_bytes() {
    if prerequisites::programs(
        "an_emulated_core_and_a_board_give_the_golden_bytes",
        &EMULATOR,
    ) {
        let root = tempfile::tempdir().unwrap();
        run_golden("cortex-m4", root.path());
        run_golden("microbit", root.path());
    }
}

#[test]
fn text_ranks_the_scores() {
    let (model, input) = (digits(), text(&golden("digits_int8.in0.bin")));
    let out = thumbwright(["run", &model, "--target", "interp", "--input", &input])
        .ok()
        .out;
    let scores = fs::read(golden("digits_int8.out0.bin")).unwrap();
    let expected: Vec<usize> = scores
        .chunks(OUTPUT)
        .map(|s| (0..OUTPUT).rev().max_by_key(|&i| s[i] as i8).unwrap())
        .collect();
    let ranked: Vec<usize> = out
        .lines()
        .map(|l| {
            let rest = l.split_once("argmax ").unwrap().1;
            rest.split(' ').next().unwrap().parse().unwrap()
        })
        .collect();
    assert_eq!(ranked, expected);
    // Without an input: one sample of zeros, every value listed.
    let ended = thumbwright(["run", "--target", "interp"]).ok();
    assert!(ended.err.contains("one sample of zeros"));
    assert_eq!(ended.out.lines().count(), 1);
}

/// A version 1.0 `.npy` file.
fn npy(descr: &str, shape: &str, data: &[u8]) -> Vec<u8> {
    let header = format!("{{'descr': '{descr}', 'fortran_order': False, 'shape': {shape}, }}\n");
    let mut file = b"\x93NUMPY\x01\x00".to_vec();
    file.extend((header.len() as u16).to_le_bytes());
    file.extend(header.as_bytes());
    file.extend(data);
    file
}

#[test]
fn numpy_files_in_and_out() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| text(&root.path().join(name));
    let data = fs::read(golden("digits_int8.in0.bin")).unwrap();
    fs::write(path("in.npy"), npy("|i1", "(42, 8, 8, 1)", &data)).unwrap();
    let arguments = [
        "run",
        &digits(),
        "--target",
        "interp",
        "--input",
        &path("in.npy"),
        "--output",
        &path("out.npy"),
    ];
    thumbwright(arguments).ok();
    let out = fs::read(path("out.npy")).unwrap();
    let expected = fs::read(golden("digits_int8.out0.bin")).unwrap();
    assert!(out.ends_with(&expected));
    let header = String::from_utf8_lossy(&out[..out.len() - expected.len()]).into_owned();
    assert!(
        header.contains("'|i1'") && header.contains("(42, 10)"),
        "{header}"
    );
    assert_eq!((out.len() - expected.len()) % 64, 0);
    for (descr, shape, bytes, why) in [
        ("<f4", "(16,)", &data[..64], "`<f4`, not `|i1`"),
        (
            "|i1",
            "(8, 42, 8, 1)",
            &data[..],
            "its shape is [8, 42, 8, 1]",
        ),
        ("|i1", "(63,)", &data[..63], "no multiple of the input"),
    ] {
        fs::write(path("bad.npy"), npy(descr, shape, bytes)).unwrap();
        thumbwright([
            "run",
            &digits(),
            "--target",
            "interp",
            "--input",
            &path("bad.npy"),
        ])
        .fails(1, &["bad.npy", why, "int8 [1, 8, 8, 1], 64 bytes"]);
    }
}

#[test]
fn inputs_that_do_not_fit() {
    let root = tempfile::tempdir().unwrap();
    let path = |name: &str| text(&root.path().join(name));
    let model = digits();
    let run = |more: &[&str]| {
        let mut arguments = vec!["run", model.as_str(), "--target", "interp"];
        arguments.extend(more);
        thumbwright(arguments)
    };
    for bytes in [0, 1, INPUT - 1, INPUT + 1] {
        fs::write(path("short"), vec![0; bytes]).unwrap();
        run(&["--input", &path("short"), "--output", &path("o")])
            .fails(1, &["short", "int8 [1, 8, 8, 1], 64 bytes"]);
    }
    fs::write(path("in"), [0; INPUT]).unwrap();
    run(&["--input", &path("in"), "--input", &path("in")])
        .fails(1, &["2 --input files are given, the model has 1 inputs"]);
    run(&[
        "--input",
        &path("in"),
        "--output",
        &path("o"),
        "--output",
        &path("p"),
    ])
    .fails(1, &["2 --output files are given, the model has 1 outputs"]);
    run(&["--input", &text(root.path())]).fails(1, &["is a directory"]);
    run(&["--input", &path("none")]).fails(1, &["cannot read", "none"]);
    run(&["--input", &path("in"), "--output", &path("none/o")]).fails(1, &["cannot write"]);
    run(&["--input", &path("in"), "--output", &text(root.path())]).fails(1, &["is a directory"]);
    assert_eq!(names(root.path()), ["in", "short"]);
}

#[cfg(unix)]
#[test]
fn devices_are_written_not_replaced() {
    use std::os::unix::fs::FileTypeExt;
    thumbwright([
        "run",
        &digits(),
        "--target",
        "interp",
        "--output",
        "/dev/null",
    ])
    .ok();
    assert!(
        fs::metadata("/dev/null")
            .unwrap()
            .file_type()
            .is_char_device()
    );
}

#[test]
fn only_cores_and_boards_have_a_profile() {
    for target in ["interp", "interp-loops", "host"] {
        thumbwright(["run", "--target", target, "--profile"]).fails(1, &["core or a board"]);
    }
}

#[test]
fn a_profile_adds_up() {
    let tools = [&EMULATOR[..], &["cc", "arm-none-eabi-objdump"]].concat();
    if !prerequisites::programs("a_profile_adds_up", &tools) {
        return;
    }
    let input = text(&golden("digits_int8.in0.bin"));
    let (model, target) = (digits(), "cortex-m4");
    let base = [
        "run",
        &model,
        "--target",
        target,
        "--input",
        &input,
        "--profile",
    ];
    let json = thumbwright(base.iter().copied().chain(["--json"])).ok().out;
    let profile: serde_json::Value = serde_json::from_str(&json).unwrap();
    for figure in ["cycles", "instructions"] {
        let of = |v: &serde_json::Value| v[figure].as_u64().unwrap();
        let sum = |list: &str| {
            profile[list]
                .as_array()
                .unwrap()
                .iter()
                .map(of)
                .sum::<u64>()
        };
        let inside = of(&profile) - of(&profile["outside"]);
        assert_eq!(
            (sum("layers"), sum("kernels")),
            (inside, inside),
            "{figure}"
        );
    }
    let macs = |list: &str| {
        let list = profile[list].as_array().unwrap();
        list.iter()
            .map(|l| l["macs"].as_u64().unwrap())
            .sum::<u64>()
    };
    assert_eq!((macs("layers"), macs("kernels")), (54_528, 54_528));
    assert!(profile["stack_bytes"].as_u64().unwrap() > 0);
    let table = thumbwright(base).ok().out;
    let total = table
        .lines()
        .find(|l| l.trim_start().starts_with("total"))
        .unwrap();
    let cycles = total.split_whitespace().nth(3).unwrap().replace(',', "");
    assert_eq!(cycles, profile["cycles"].to_string());
}

/// Of these, the last two are computed as one to save RAM: the sum lies where `x` was.
const RESIDUAL: &str = r#"
!q = !quant.uniform<i8:f32, 0.5:3>
!w = !quant.uniform<i8:f32, 0.25>
!b = !quant.uniform<i32:f32, 0.125>
"func.func"() <{function_type = (tensor<1x8x8x4x!q>) -> tensor<1x8x8x4x!q>, sym_name = "main", arg_attrs = [{mcu.name = "x"}], res_attrs = [{mcu.name = "y"}]}> ({
^bb0(%x: tensor<1x8x8x4x!q>):
  %w = "nn.constant"() <{value = dense<3> : tensor<4x1x1x4xi8>}> : () -> tensor<4x1x1x4x!w>
  %c = "nn.conv_2d"(%x, %w) <{strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 0, 0, 0, 0>, activation = "none"}> : (tensor<1x8x8x4x!q>, tensor<4x1x1x4x!w>) -> tensor<1x8x8x4x!q> loc("conv"("net.tflite":0:0))
  %k = "nn.constant"() <{value = dense<1> : tensor<4x3x3x4xi8>}> : () -> tensor<4x3x3x4x!w>
  %d = "nn.conv_2d"(%c, %k) <{strides = array<i64: 1, 1>, dilations = array<i64: 1, 1>, pads = array<i64: 1, 1, 1, 1>, activation = "none"}> : (tensor<1x8x8x4x!q>, tensor<4x3x3x4x!w>) -> tensor<1x8x8x4x!q> loc("second"("net.tflite":1:0))
  %s = "nn.add"(%d, %x) <{activation = "none"}> : (tensor<1x8x8x4x!q>, tensor<1x8x8x4x!q>) -> tensor<1x8x8x4x!q> loc("sum"("net.tflite":2:0))
  "func.return"(%s) : (tensor<1x8x8x4x!q>) -> ()
}) : () -> ()
"#;

#[test]
fn a_profile_has_the_products_of_layers_that_are_computed_as_one() {
    const TEST: &str = "a_profile_has_the_products_of_layers_that_are_computed_as_one";
    let tools = [&EMULATOR[..], &["cc", "arm-none-eabi-objdump"]].concat();
    if !prerequisites::programs(TEST, &tools) {
        return;
    }
    let root = tempfile::tempdir().unwrap();
    let model = root.path().join("net.mlir");
    fs::write(&model, RESIDUAL).unwrap();
    let model = text(&model);
    let run = [
        "run",
        &model,
        "--target",
        "cortex-m4",
        "--profile",
        "--json",
    ];
    let json = thumbwright(run.iter().copied().chain(["--optimize-for", "ram"]));
    let profile: serde_json::Value = serde_json::from_str(&json.ok().out).unwrap();
    let layers = profile["layers"].as_array().unwrap();
    let last = layers.last().unwrap();
    assert_eq!(layers.len(), 2, "{profile}");
    assert_eq!(last["layer"], "second + sum");
    assert_eq!(last["op"], "nn.conv_2d + nn.add");
    assert_eq!(last["index"], 1);
    assert_eq!(last["macs"], 8 * 8 * 4 * (3 * 3 * 4));
}
