//! Every compiler at hand takes the C without a warning; no target fuses products and sums; pure C++ may include the header.
#![allow(clippy::unwrap_used, reason = "tests")]

mod harness;
use harness::*;
use ir::{Module, QuantType};
use std::process::Command;

/// Something of everything: int8 with 64-bit requantisation, floats with the exponential, words, conditionals.
fn network(io: Io) -> Module {
    let mut m = module();
    let (i8, i16, i32, i64, f32) = (m.i8(), m.i16(), m.i32(), m.i64(), m.f32());
    let bytes = m.memref(&[4, 16], i8);
    let halves = m.memref(&[64], i16);
    let (weights, bias) = (m.memref(&[16, 16], i8), m.memref(&[16], i64));
    let floats = m.memref(&[64], f32);
    let table = m.memref(&[8], f32);
    constant(
        &mut m,
        "op3_weights",
        weights,
        (0..=255u8).map(|b| b.wrapping_mul(37)).collect(),
    );
    constant(
        &mut m,
        "op3_bias",
        bias,
        le(
            &(0..16i64).map(|k| k << (2 * k + 20)).collect::<Vec<_>>(),
            64,
        ),
    );
    let values = [
        0.1f32,
        -0.0,
        f32::MAX,
        f32::MIN_POSITIVE,
        f32::from_bits(3),
        1e-10,
        f32::INFINITY,
        f32::NEG_INFINITY,
    ];
    constant(&mut m, "op4_table", table, le_f32(&values));
    kernel(
        &mut m,
        "fully_connected",
        &[bytes, weights, bias, bytes, halves],
        |b, a| {
            b.for_range(0, 4, 1, &[], |b, y, _| {
                b.for_range(0, 16, 1, &[], |b, o, _| {
                    let zero = b.const_i32(0);
                    let acc = b.for_range(0, 16, 1, &[zero], |b, k, acc| {
                        let (x, w) = (b.load(a[0], &[y, k]), b.load(a[1], &[o, k]));
                        let (x, w) = (b.extsi(x, i32), b.extsi(w, i32));
                        let z = b.const_i32(17);
                        let x = b.addi_nsw(x, z);
                        let p = b.muli_nsw(x, w);
                        vec![b.addi_nsw(acc[0], p)]
                    })[0];
                    let wide = b.extsi(acc, i64);
                    let (k, c) = (b.const_i64(1_518_500_250), b.load(a[2], &[o]));
                    let p = b.muli_nsw(wide, k);
                    let s = b.addi(c, p);
                    let n = b.const_i64(34);
                    let s = b.shrsi(s, n);
                    let s = b.trunci(s, i32);
                    let (lo, hi) = (b.const_i32(-128), b.const_i32(127));
                    let s = b.maxsi(s, lo);
                    let s = b.minsi(s, hi);
                    let s8 = b.trunci(s, i8);
                    b.store(s8, a[3], &[y, o]);
                    let sixteen = b.const_index(16);
                    let at = b.muli(y, sixteen);
                    let at = b.addi(at, o);
                    let h = b.trunci(acc, i16);
                    let h = b.muli(h, h);
                    let seven = b.const_int(7, i16);
                    let h = b.shli(h, seven);
                    b.store(h, a[4], &[at]);
                    vec![]
                });
                vec![]
            });
        },
    );
    kernel(&mut m, "soft", &[halves, table, floats], |b, a| {
        b.for_range(0, 64, 1, &[], |b, i, _| {
            let x = b.load(a[0], &[i]);
            let x = b.cast("arith.sitofp", x, f32);
            let k = b.const_f32(1.0 / 3000.0);
            let x = b.mulf(x, k);
            let e = b.exp(x);
            let eight = b.const_index(8);
            let at = b.remsi(i, eight);
            let t = b.load(a[1], &[at]);
            let p = b.mulf(e, x);
            let s = b.addf(p, t);
            let s2 = b.mulf(x, t);
            let d = b.subf(s2, s);
            let big = b.cmpf("ugt", d, e);
            let r = b.select(big, s, d);
            b.store(r, a[2], &[i]);
            vec![]
        });
    });
    kernel(&mut m, "words", &[bytes, bytes], |b, a| {
        b.for_range(0, 16, 4, &[], |b, i, _| {
            let (z, one) = (b.const_index(0), b.const_index(1));
            let v = b.vload(a[0], &[z, i], 4, Some(4));
            b.vstore(v, a[1], &[one, i], None);
            let v = b.vload(a[0], &[one, i], 4, None);
            let t = b.m.vector(&[2], i16);
            let h = b.cast("vector.bitcast", v, t);
            let h = b.extract(h, 1);
            let h = b.trunci(h, i8);
            let negative = b.const_int(0, i8);
            let c = b.cmpi("slt", h, negative);
            b.if_else(
                c,
                &[],
                |b| {
                    b.store(h, a[1], &[z, i]);
                    vec![]
                },
                |_| vec![],
            );
            vec![]
        });
    });
    main(
        &mut m,
        io,
        &[bytes],
        &[bytes, floats],
        128,
        |b, i, o, scratch| {
            let l =
                b.m.layer_loc("dense/*1*/ \u{e9} ??/", "dir\\net.tflite", 3, 0);
            b.set_loc(l);
            let (w, c) = (
                b.get_global("op3_weights", weights),
                b.get_global("op3_bias", bias),
            );
            let base = b.m.defining_op(scratch.unwrap()).unwrap();
            let (arena, shift) = (b.m.operand(base, 0), b.m.operand(base, 1));
            let view = b.insert(
                ir::OpState::new("memref.view")
                    .operands(&[arena, shift])
                    .results(&[halves]),
            );
            let view = b.m.result(view, 0);
            b.call("fully_connected", &[i[0], w, c, o[0], view], &[]);
            let t = b.get_global("op4_table", table);
            b.call("soft", &[view, t, o[1]], &[]);
            b.call("words", &[i[0], o[0]], &[]);
        },
    );
    let f = m.lookup_symbol("main").unwrap();
    let q = m.quant(QuantType::per_tensor(8, f64::from(0.1f32), -3));
    let q = m.tensor(&[1, 4, 16], q);
    let q = m.type_attr(q);
    ir::dialects::func::set_arg_attr(&mut m, f, 0, "mcu.type", q);
    ir::dialects::func::set_arg_attr(&mut m, f, 1, "mcu.type", q);
    m
}

#[test]
fn no_compiler_warns() {
    for io in [Io::Arena, Io::Caller] {
        let dir = tempfile::tempdir().unwrap();
        write(&emit(&network(io), "net"), dir.path());
        compile_with_all(
            "no_compiler_warns",
            dir.path(),
            &["src/net.c", "src/net_data.c"],
        );
        if has("gcc", "the example") {
            let mut all: Vec<&str> = STRICT.to_vec();
            all.extend([
                "-Iinclude",
                "examples/main.c",
                "src/net.c",
                "src/net_data.c",
                "-o",
                "example",
            ]);
            compile("gcc", &all, dir.path());
            let out = Command::new(dir.path().join("example")).output().unwrap();
            assert!(out.status.success());
            assert_eq!(String::from_utf8(out.stdout).unwrap().lines().count(), 128);
        }
        if has("g++", "the header in C++") {
            std::fs::write(dir.path().join("use.cc"), "#include \"net.h\"\nint main() { return net_input_0_quantize(0.3f) == 0 ? 0 : NET_OK; }\n").unwrap();
            compile(
                "g++",
                &[
                    "-std=c++98",
                    "-Wall",
                    "-Wextra",
                    "-Werror",
                    "-Iinclude",
                    "-c",
                    "use.cc",
                ],
                dir.path(),
            );
            compile(
                "g++",
                &[
                    "-std=c++20",
                    "-Wall",
                    "-Wextra",
                    "-Werror",
                    "-pedantic",
                    "-Iinclude",
                    "-c",
                    "use.cc",
                ],
                dir.path(),
            );
        }
        if has("cmake", "the CMake project") {
            for args in [
                &["-S", ".", "-B", "build", "-DNET_EXAMPLE=ON"][..],
                &["--build", "build"],
            ] {
                compile("cmake", args, dir.path());
            }
        }
    }
}

/// No fused multiply-add where the target has one, with extensions of GNU on and every optimisation.
#[test]
fn products_and_sums_are_not_fused() {
    let dir = tempfile::tempdir().unwrap();
    write(&emit(&network(Io::Arena), "net"), dir.path());
    let compilers: &[(&str, &[&str], &[&str])] = &[
        (
            "gcc",
            &["-O3", "-mavx2", "-mfma"],
            &["fmadd", "fmsub", "fnma"],
        ),
        (
            "clang-19",
            &["-O3", "-mavx2", "-mfma"],
            &["fmadd", "fmsub", "fnma"],
        ),
        (
            "arm-none-eabi-gcc",
            &[
                "-O3",
                "-mcpu=cortex-m4",
                "-mthumb",
                "-mfpu=fpv4-sp-d16",
                "-mfloat-abi=hard",
            ],
            &["vfm", "vfn", "vmla", "vmls"],
        ),
        (
            "arm-none-eabi-gcc",
            &["-O3", "-mcpu=cortex-m33", "-mthumb", "-mfloat-abi=hard"],
            &["vfm", "vfn", "vmla", "vmls"],
        ),
        (
            "arm-none-eabi-gcc",
            &["-O3", "-mcpu=cortex-m55", "-mthumb", "-mfloat-abi=hard"],
            &["vfma.f", "vfms.f", "vfn", "vmla.f", "vmls.f"],
        ),
    ];
    for (compiler, flags, fused) in compilers {
        if !has(
            compiler,
            &format!("products_and_sums_are_not_fused with {compiler}"),
        ) {
            continue;
        }
        let mut all = vec!["-std=gnu11", "-Iinclude", "-S", "src/net.c", "-o", "net.s"];
        all.extend(*flags);
        compile(compiler, &all, dir.path());
        let text = std::fs::read_to_string(dir.path().join("net.s")).unwrap();
        let code: Vec<&str> = text
            .lines()
            .map(str::trim)
            .filter(|l| !l.starts_with(['.', '@', '#']))
            .collect();
        assert!(
            code.iter().any(|l| l.contains("mul")),
            "{compiler}: no multiplication at all"
        );
        for f in *fused {
            assert!(
                !code
                    .iter()
                    .any(|l| l.starts_with(f) || l.starts_with(&format!("v{f}"))),
                "{compiler} {flags:?} emits {f}"
            );
        }
        // The same without the pragmas does fuse, or the test could not fail.
        let source = std::fs::read_to_string(dir.path().join("src/net.c")).unwrap();
        let without = source
            .replace("\"fp-contract=off\"", "\"fp-contract=fast\"")
            .replace("FP_CONTRACT OFF", "FP_CONTRACT ON");
        std::fs::write(dir.path().join("src/fast.c"), without).unwrap();
        let all: Vec<&str> = all
            .iter()
            .map(|&a| if a == "src/net.c" { "src/fast.c" } else { a })
            .collect();
        compile(compiler, &all, dir.path());
        let text = std::fs::read_to_string(dir.path().join("net.s")).unwrap();
        let fuses = text.lines().map(str::trim).any(|l| {
            fused
                .iter()
                .any(|f| l.starts_with(f) || l.starts_with(&format!("v{f}")))
        });
        assert!(fuses, "{compiler} {flags:?} does not fuse even when it may");
        std::fs::remove_file(dir.path().join("src/fast.c")).unwrap();
    }
}

/// Tensors in the arena or in the caller's memory: the same results.
#[test]
fn both_ways_of_tensors_give_the_same_bytes() {
    if !has("cc", "both_ways_of_tensors_give_the_same_bytes") {
        return;
    }
    let input: Vec<u8> = (0..64u32).map(|i| (i * 91 + 5) as u8).collect();
    let arena = run(
        &network(Io::Arena),
        &[vec![input.clone()], vec![input.clone()]],
    );
    let caller = run(&network(Io::Caller), &[vec![input]]);
    assert_eq!(arena[0], arena[1]);
    assert_eq!(arena[0], caller[0]);
}
