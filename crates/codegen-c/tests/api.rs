//! The public C interface: pointers, copies, error codes, placement macros, quantisation.
#![allow(clippy::unwrap_used, reason = "tests")]

mod harness;
use harness::*;
use ir::{Module, QuantType, ValueId};
use std::path::Path;
use std::process::Command;

/// y[i] = x[i] + 2 * k[i], on int32; two inputs, two outputs; the second output is the first input times three.
fn network(io: Io) -> Module {
    let mut m = module();
    let i32 = m.i32();
    let ty = m.memref(&[4], i32);
    kernel(&mut m, "mix_two", &[ty, ty, ty, ty], |b, a| {
        b.for_range(0, 4, 1, &[], |b, i, _| {
            let (x, k) = (b.load(a[0], &[i]), b.load(a[1], &[i]));
            let s = b.addi(k, k);
            let s = b.addi(x, s);
            b.store(s, a[2], &[i]);
            let three = b.const_i32(3);
            let t = b.muli(x, three);
            b.store(t, a[3], &[i]);
            vec![]
        });
    });
    main(&mut m, io, &[ty, ty], &[ty, ty], 32, |b, i, o, _| {
        let args: Vec<ValueId> = i.iter().chain(o).copied().collect();
        b.call("mix_two", &args, &[]);
    });
    m
}

const PRELUDE: &str = r#"
#include "net.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#define CHECK(c) do { if (!(c)) { printf("line %d: %s\n", __LINE__, #c); return 1; } } while (0)
static const int32_t X[4] = {1, -2, 3, -4}, K[4] = {10, 20, 30, 40};
static int good(const int32_t *y, const int32_t *z)
{
    for (int i = 0; i < 4; i++)
        if (y[i] != X[i] + 2 * K[i] || z[i] != 3 * X[i]) return 0;
    return 1;
}
"#;

fn run_program(m: &Module, body: &str, flags: &[&str]) {
    let dir = tempfile::tempdir().unwrap();
    write(&emit(m, "net"), dir.path());
    std::fs::write(dir.path().join("test.c"), format!("{PRELUDE}{body}")).unwrap();
    let mut all = vec![
        "-std=c99",
        "-Wall",
        "-Wextra",
        "-g",
        "-fsanitize=address,undefined",
        "-fno-sanitize-recover=all",
        "-Iinclude",
    ];
    all.extend(flags);
    all.extend(["test.c", "src/net.c", "src/net_data.c", "-o", "test"]);
    compile("cc", &all, dir.path());
    let out = Command::new(dir.path().join("test")).output().unwrap();
    assert!(
        out.status.success(),
        "{}{}",
        String::from_utf8_lossy(&out.stdout),
        String::from_utf8_lossy(&out.stderr)
    );
}

#[test]
fn tensors_in_the_arena() {
    if !has("cc", "tensors_in_the_arena") {
        return;
    }
    let body = r#"
int main(void)
{
    char *block = malloc(NET_ARENA_SIZE + 2 * NET_ARENA_ALIGN);
    char *arena = block + (NET_ARENA_ALIGN - (uintptr_t)block % NET_ARENA_ALIGN) % NET_ARENA_ALIGN;
    struct net_inputs in = {X, K};
    int32_t y[4], z[4];
    struct net_outputs out = {y, z};
    CHECK(net_run_in(NULL, &in, &out) == NET_ERROR_NULL_ARENA);
    CHECK(net_run_in(arena + 1, &in, &out) == NET_ERROR_ARENA_ALIGNMENT);
    CHECK(net_run_in(arena + 8, &in, &out) == NET_ERROR_ARENA_ALIGNMENT);
    memset(arena, 0xa5, NET_ARENA_SIZE);
    CHECK(net_run_in(arena, &in, &out) == NET_OK && good(y, z));
    /* The module's own arena; nothing is copied where NULL stands. */
    memcpy(net_input_0(), X, sizeof X);
    memcpy(net_input_1(), K, sizeof K);
    CHECK(net_run(NULL, NULL) == 0 && good(net_output_0(), net_output_1()));
    struct net_inputs some = {NULL, K};
    struct net_outputs one = {NULL, z};
    memcpy(net_input_0(), X, sizeof X);
    memset(net_input_1(), 0, sizeof K);
    memset(z, 0, sizeof z);
    CHECK(net_run(&some, &one) == 0 && good(net_output_0(), z));
    /* The tensors' own places. */
    struct net_inputs own = {net_input_0(), net_input_1()};
    struct net_outputs there = {net_output_0(), net_output_1()};
    memcpy(net_input_0(), X, sizeof X);
    memcpy(net_input_1(), K, sizeof K);
    CHECK(net_run(&own, &there) == 0 && good(net_output_0(), net_output_1()));
    /* Any alignment. */
    char odd[4 * sizeof X + 4];
    memcpy(odd + 1, X, sizeof X);
    memcpy(odd + 1 + sizeof X, K, sizeof K);
    struct net_inputs odd_in;
    struct net_outputs odd_out;
    void *p = odd + 1;
    memcpy(&odd_in.x0, &p, sizeof p);
    p = odd + 1 + sizeof X;
    memcpy(&odd_in.x1, &p, sizeof p);
    p = odd + 2 + 2 * sizeof X;
    memcpy(&odd_out.y_0, &p, sizeof p);
    p = odd + 3 + 3 * sizeof X;
    memcpy(&odd_out.y_1, &p, sizeof p);
    CHECK(net_run(&odd_in, &odd_out) == 0);
    memcpy(y, odd + 2 + 2 * sizeof X, sizeof y);
    memcpy(z, odd + 3 + 3 * sizeof X, sizeof z);
    CHECK(good(y, z));
    /* Outputs over the inputs' own memory: all inputs are read before. */
    int32_t a[4], b[4];
    memcpy(a, X, sizeof X);
    memcpy(b, K, sizeof K);
    struct net_inputs ab = {a, b};
    struct net_outputs ba = {b, a};
    CHECK(net_run(&ab, &ba) == 0 && good(b, a));
    /* An output's place in the arena as an input: fed back. */
    memcpy(net_output_0(), X, sizeof X);
    struct net_inputs back = {net_output_0(), K};
    CHECK(net_run(&back, NULL) == 0 && good(net_output_0(), net_output_1()));
    free(block);
    return 0;
}
"#;
    run_program(&network(Io::Arena), body, &["-Werror"]);
}

#[test]
fn tensors_of_the_caller() {
    if !has("cc", "tensors_of_the_caller") {
        return;
    }
    let body = r#"
int main(void)
{
    int32_t y[5], z[4];
    struct net_inputs in = {X, K}, none = {X, NULL};
    struct net_outputs out = {y, z}, missing = {NULL, z}, odd = {y, z};
    CHECK(net_run(NULL, &out) == NET_ERROR_NULL_TENSOR);
    CHECK(net_run(&in, NULL) == NET_ERROR_NULL_TENSOR);
    CHECK(net_run(&none, &out) == NET_ERROR_NULL_TENSOR);
    CHECK(net_run(&in, &missing) == NET_ERROR_NULL_TENSOR);
    CHECK(net_run_in(NULL, &in, &out) == NET_ERROR_NULL_ARENA);
    void *p = (char *)y + 2;
    memcpy(&odd.y_0, &p, sizeof p);
    CHECK(net_run(&in, &odd) == NET_ERROR_TENSOR_ALIGNMENT);
    CHECK(NET_INPUT_0_ALIGN == 4);
    CHECK(net_run(&in, &out) == NET_OK && good(y, z));
    CHECK(X[0] == 1 && K[3] == 40);
    return 0;
}
"#;
    run_program(&network(Io::Caller), body, &["-Werror"]);
}

/// The macros that place the arena and the tables, or leave the arena out.
#[test]
fn placement_macros() {
    if !has("gcc", "placement_macros")
        || !has("nm", "placement_macros")
        || !has("objdump", "placement_macros")
    {
        return;
    }
    let mut m = network(Io::Arena);
    let i32 = m.i32();
    let ty = m.memref(&[3], i32);
    constant(&mut m, "op0_table", ty, le(&[1, 2, 3], 32));
    let dir = tempfile::tempdir().unwrap();
    write(&emit(&m, "net"), dir.path());
    let symbols = |flags: &[&str], source: &str| {
        let mut all = vec!["-std=c99", "-Iinclude", "-c", source, "-o", "x.o"];
        all.extend(flags);
        compile("gcc", &all, dir.path());
        let dump = Command::new("objdump")
            .args(["-t", "x.o"])
            .current_dir(dir.path())
            .output()
            .unwrap();
        String::from_utf8(dump.stdout).unwrap()
    };
    let plain = symbols(&[], "src/net.c");
    assert!(
        plain.contains("net_arena") && plain.contains("net_run\n"),
        "{plain}"
    );
    let none = symbols(&["-DNET_NO_ARENA"], "src/net.c");
    assert!(
        !none.contains("net_arena") && !none.contains("net_run\n") && none.contains("net_run_in"),
        "{none}"
    );
    let placed = symbols(
        &["-DNET_ARENA_ATTR=__attribute__((section(\".dtcm\")))"],
        "src/net.c",
    );
    assert!(
        placed
            .lines()
            .any(|l| l.contains("net_arena") && l.contains(".dtcm")),
        "{placed}"
    );
    let tables = symbols(
        &["-DNET_DATA_ATTR=__attribute__((section(\".qspi\")))"],
        "src/net_data.c",
    );
    assert!(
        tables
            .lines()
            .any(|l| l.contains("net_op0_table") && l.contains(".qspi")),
        "{tables}"
    );
    // No state besides the arena: nothing else in .data or .bss.
    let state: Vec<&str> = plain
        .lines()
        .filter(|l| (l.contains(" .data\t") || l.contains(" .bss\t")) && !l.contains(" d  "))
        .collect();
    assert!(state.iter().all(|l| l.contains("net_arena")), "{state:?}");
}

fn c_array(values: &[f32]) -> String {
    values
        .iter()
        .map(|v| format!("{v:e}f"))
        .collect::<Vec<_>>()
        .join(", ")
}

/// Quantisation rounds halves away from zero and saturates, as TFLite's QUANTIZE kernel does: round(x / scale) + zero point.
#[test]
fn quantisation() {
    if !has("cc", "quantisation") {
        return;
    }
    let (scale, zero_point) = (0.125f32, -3i64);
    let mut m = network(Io::Arena);
    let f = m.lookup_symbol("main").unwrap();
    for (arg, bits) in [(0, 8), (1, 16)] {
        let q = m.quant(QuantType::per_tensor(bits, f64::from(scale), zero_point));
        let elem = m.int(bits);
        let t = m.tensor(&[4], q);
        let t = m.type_attr(t);
        ir::dialects::func::set_arg_attr(&mut m, f, arg, "mcu.type", t);
        // The storage must agree for the header's types.
        let _ = elem;
    }
    // The buffers are i32, so that the function's types are; the limits are those of the quantised type.
    let mut x: Vec<f32> = (-400..400).map(|i| i as f32 * 0.0625).collect();
    x.extend([
        1e30,
        -1e30,
        0.062_499_996,
        -0.062_499_996,
        15.99,
        16.3,
        f32::MAX,
        4_000.3,
        5_000.0,
        -5_000.0,
        0.0,
        -0.0,
    ]);
    let want = |v: f32, min: i64, max: i64| {
        ((v / scale).round() as i64)
            .saturating_add(zero_point)
            .clamp(min, max)
    };
    let list = |min, max| {
        x.iter()
            .map(|&v| want(v, min, max).to_string())
            .collect::<Vec<_>>()
            .join(", ")
    };
    let body = format!(
        "static const float x[] = {{ {} }};\nstatic const int32_t w8[] = {{ {} }}, w16[] = {{ {} }};\n\
         int main(void)\n{{\n    for (unsigned i = 0; i < sizeof x / sizeof *x; i++) {{\n        \
         CHECK(net_input_0_quantize(x[i]) == w8[i]);\n        CHECK(net_input_1_quantize(x[i]) == w16[i]);\n    }}\n    \
         CHECK(net_input_0_quantize(0.0f / 0.0f) == -128);\n    \
         for (int32_t q = -128; q < 128; q++) {{\n        CHECK(net_input_0_dequantize(q) == 0.125f * (float)(q + 3));\n        \
         CHECK(net_input_0_quantize(net_input_0_dequantize(q)) == q);\n    }}\n    (void)good;\n    return 0;\n}}\n",
        c_array(&x),
        list(-128, 127),
        list(-32768, 32767)
    );
    run_program(&m, &body, &[]);
}

/// Two models' C in one program.
#[test]
fn two_models_in_one_program() {
    if !has("cc", "two_models_in_one_program") {
        return;
    }
    let dir = tempfile::tempdir().unwrap();
    let m = network(Io::Arena);
    write(&emit(&m, "net"), dir.path());
    write(&emit(&m, "other"), dir.path());
    let text = r#"
#include "net.h"
#include "other.h"
int main(void) { return (int)(net_run(NULL, NULL) + other_run(NULL, NULL)) + (NET_ARENA_SIZE != OTHER_ARENA_SIZE); }
"#;
    std::fs::write(dir.path().join("both.c"), text).unwrap();
    let args = [
        "-std=c99",
        "-Wall",
        "-Wextra",
        "-Werror",
        "-Iinclude",
        "both.c",
        "src/net.c",
        "src/net_data.c",
        "src/other.c",
        "src/other_data.c",
        "-o",
        "both",
    ];
    compile("cc", &args, dir.path());
    assert!(
        Command::new(dir.path().join("both"))
            .status()
            .unwrap()
            .success()
    );
}

/// The text of a small network, as a person reads it. `BLESS=1` rewrites the expected files.
#[test]
fn golden_text() {
    let mut m = module();
    let (i8, i32, i64) = (m.i8(), m.i32(), m.i64());
    let (image, weights) = (m.memref(&[6, 6, 4], i8), m.memref(&[8, 3, 4], i8));
    let (table, out) = (m.memref(&[8], i64), m.memref(&[4, 8], i8));
    constant(
        &mut m,
        "op2_weights",
        weights,
        (0..96u8).map(|k| k.wrapping_mul(29)).collect(),
    );
    constant(
        &mut m,
        "op2_constants",
        table,
        le(&[1, -1, 1 << 40, -(1 << 50), 7, 8, 9, i64::MIN], 64),
    );
    kernel(&mut m, "conv_1x3", &[image, weights, table, out], |b, a| {
        b.for_range(0, 4, 1, &[], |b, x, _| {
            b.for_range(0, 8, 1, &[], |b, oc, _| {
                let zero = b.const_i32(0);
                let sum = b.for_range(0, 3, 1, &[zero], |b, kx, acc| {
                    b.for_range(0, 4, 1, &[acc[0]], |b, c, acc| {
                        let column = b.addi_nsw(x, kx);
                        let two = b.const_index(2);
                        let v = b.load(a[0], &[two, column, c]);
                        let w = b.load(a[1], &[oc, kx, c]);
                        let (v, w) = (b.extsi(v, i32), b.extsi(w, i32));
                        let p = b.muli_nsw(v, w);
                        vec![b.addi_nsw(acc[0], p)]
                    })
                });
                let wide = b.extsi(sum[0], i64);
                let factor = b.const_i64(1_234_567_890);
                let p = b.muli_nsw(wide, factor);
                let c = b.load(a[2], &[oc]);
                let s = b.addi_nsw(c, p);
                let n = b.const_i64(32);
                let s = b.shrsi(s, n);
                let s = b.trunci(s, i32);
                let two = b.const_i32(2);
                let s = b.shrsi(s, two);
                let (lo, hi, off) = (b.const_i32(0), b.const_i32(255), b.const_i32(128));
                let s = b.maxsi(s, lo);
                let s = b.minsi(s, hi);
                let s = b.subi_nsw(s, off);
                let s = b.trunci(s, i8);
                b.store(s, a[3], &[x, oc]);
                vec![]
            });
            vec![]
        });
    });
    main(&mut m, Io::Arena, &[image], &[out], 0, |b, i, o, _| {
        let l = b.m.layer_loc("conv/relu", "small.tflite", 2, 0);
        b.set_loc(l);
        let (w, t) = (
            b.get_global("op2_weights", weights),
            b.get_global("op2_constants", table),
        );
        b.call("conv_1x3", &[i[0], w, t, o[0]], &[]);
    });
    let model = m.str_attr("small.tflite");
    let root = m.root();
    m.set_discardable(root, "mcu.model", model);
    let files = emit(&m, "small");
    assert_eq!(files, emit(&m, "small"), "the same twice");
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for (file, name) in [
        (&files.header, "small.h"),
        (&files.source, "small.c"),
        (&files.data, "small_data.c"),
    ] {
        let path = golden.join(name);
        if std::env::var_os("BLESS").is_some() {
            std::fs::write(&path, &file.text).unwrap();
        }
        let want = std::fs::read_to_string(&path).unwrap();
        assert_eq!(file.text, want, "{name} differs: BLESS=1 rewrites it");
    }
}

/// A megabyte of weights is written quickly, and says what it says.
#[test]
fn large_tables() {
    let n = 1 << 20;
    let mut m = network(Io::Arena);
    let i8 = m.i8();
    let ty = m.memref(&[n], i8);
    let bytes: Vec<u8> = (0..n as u32)
        .map(|i| (i.wrapping_mul(2_654_435_769) >> 24) as u8)
        .collect();
    constant(&mut m, "op1_weights", ty, bytes.clone());
    let start = std::time::Instant::now();
    let files = emit(&m, "net");
    let seconds = start.elapsed().as_secs_f64();
    println!(
        "1 MiB of int8: {seconds:.3} s, {} bytes of C",
        files.data.text.len()
    );
    assert!(seconds < 3.0, "{seconds} s");
    let body = files
        .data
        .text
        .split("= {")
        .nth(1)
        .unwrap()
        .split('}')
        .next()
        .unwrap();
    let values: Vec<u8> = body
        .split(',')
        .map(str::trim)
        .filter(|t| !t.is_empty())
        .map(|t| t.parse::<i8>().unwrap() as u8)
        .collect();
    assert_eq!(values, bytes);
}
