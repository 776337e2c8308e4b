//! Any text is parsed or refused: damaged, deep, huge; in linear time.
#![allow(clippy::unwrap_used, reason = "tests")]

mod modules;

use ir::text::parse::{MAX_DEPTH, MAX_SPLAT_BYTES};
use ir::text::{ParseOptions, parse, print_module};
use ir::{Diagnostics, Module, VerifyOptions};
use modules::{loops, network, registry};
use proptest::prelude::*;
use std::sync::Arc;
use std::time::{Duration, Instant};

fn read(text: &str) -> Result<Module, Diagnostics> {
    let options = ParseOptions {
        allow_unregistered: true,
    };
    parse(text, "t.mlir", registry(), &options)
}

/// Parses; what is accepted must print, parse again and print the same.
fn check(text: &str) {
    if let Ok(m) = read(text) {
        let printed = print_module(&m);
        let again = read(&printed).unwrap_or_else(|e| panic!("{e}\n{printed}"));
        assert_eq!(print_module(&again), printed, "of\n{text}");
        let _ = ir::verify::verify(&m);
    }
}

#[test]
fn truncated_texts_are_refused_or_read() {
    for m in [network(), loops()] {
        let text = print_module(&m);
        for end in 0..text.len() {
            check(&text[..end]);
        }
    }
}

/// Each byte replaced by each of the characters that mean something.
#[test]
fn texts_with_one_wrong_byte_are_refused_or_read() {
    for m in [network(), loops()] {
        let text = print_module(&m).into_bytes();
        for at in 0..text.len() {
            for &c in b"\"(){}[]<>#%!^@:,=-0x \n" {
                // A seventh of the pairs, spread evenly.
                if (at * 31 + usize::from(c)) % 7 != 0 {
                    continue;
                }
                let mut bad = text.clone();
                bad[at] = c;
                check(&String::from_utf8(bad).unwrap());
            }
        }
    }
}

/// Pieces of the grammar in any order.
fn soup() -> impl Strategy<Value = String> {
    let pieces = [
        "\"builtin.module\"()",
        "\"a.b\"(",
        "\"a.b\"()",
        "\"arith.constant\"()",
        "%0",
        "%1:2",
        "#1",
        "%0 =",
        "<{",
        "}>",
        "({",
        "})",
        "{",
        "}",
        "(",
        ")",
        "[",
        "]",
        "<",
        ">",
        "^bb0",
        "[^bb0]",
        "^bb1:",
        "[^bb1]",
        ":",
        "->",
        ",",
        "=",
        "-",
        "1",
        "0x1F",
        "1.5",
        "i8",
        "i1",
        "f32",
        "index",
        "tensor<",
        "4x",
        "?x",
        "vector<2xi8>",
        "memref<",
        "!quant.uniform<i8:f32, 1.0>",
        "!a.b<",
        "#a.b<",
        "!t",
        "#x",
        "#x =",
        "!t =",
        "loc(",
        "unknown",
        "fused[",
        "callsite(",
        "at",
        "\"s\"",
        "\"",
        "@s",
        "@",
        "dense<",
        "dense_resource<",
        "array<i64:",
        "true",
        "unit",
        "x",
        "{-#",
        "#-}",
        "dialect_resources: {builtin: {",
        "\"0x01000000FF\"",
        "// c\n",
        "\n",
        " ",
        " : () -> ()",
        "é",
        "\u{0}",
    ];
    prop::collection::vec(prop::sample::select(pieces.to_vec()), 0..60).prop_map(|v| v.join(" "))
}

/// A text of the grammar, some of whose pieces are cut out, doubled or exchanged.
fn spliced() -> impl Strategy<Value = String> {
    let texts = [network(), loops()].map(|m| print_module(&m));
    let edits = prop::collection::vec((any::<u16>(), 0..40usize, any::<u16>(), 0..3u8), 1..6);
    (prop::sample::select(texts.to_vec()), edits).prop_map(|(mut text, edits)| {
        for (from, length, to, kind) in edits {
            let from = usize::from(from) % text.len();
            let piece = text[from..(from + length).min(text.len())].to_owned();
            if kind == 0 {
                text.replace_range(from..from + piece.len(), "");
            } else {
                let to = usize::from(to) % text.len();
                let end = if kind == 1 {
                    to
                } else {
                    (to + length).min(text.len())
                };
                text.replace_range(to..end, &piece);
            }
        }
        text
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_is_refused_or_read(text in any::<String>()) {
        check(&text);
    }

    #[test]
    fn spliced_texts_are_refused_or_read(text in spliced()) {
        check(&text);
    }

    #[test]
    fn any_order_of_tokens_is_refused_or_read(text in soup()) {
        check(&text);
    }
}

/// Runs with a stack that a parser without a limit of its depth would overflow.
fn with_small_stack(run: impl FnOnce() + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(1 << 20).spawn(run);
    thread.unwrap().join().unwrap();
}

#[test]
fn depth_is_bounded() {
    with_small_stack(|| {
        let many = 100_000;
        for (open, close) in [
            ("\"a.b\"() ({\n", "}) : () -> ()\n"),
            ("\"a.b\"() {a = ", "} : () -> ()"),
            ("[", "]"),
            ("{a = ", "}"),
            ("(", ")"),
            ("vector<2x", ">"),
            ("!a.b<", ">"),
            ("fused[", "]"),
            ("callsite(", " at unknown)"),
            ("\"n\"(", ")"),
            ("dense<[", "]>"),
            ("{-# a: [", "] #-}"),
        ] {
            for prefix in [
                "",
                "\"a.b\"() {a = ",
                "\"a.b\"() : () -> ",
                "#l = loc(",
                "{-# x: ",
            ] {
                check(&format!("{prefix}{}", open.repeat(many)));
                check(&format!(
                    "{prefix}{}{}",
                    open.repeat(many),
                    close.repeat(many)
                ));
            }
        }
    });
}

/// A text that nests to the limit is read, printed and verified.
#[test]
fn the_greatest_depth_is_read() {
    with_small_stack(|| {
        let n = MAX_DEPTH;
        // The module is a level, too.
        let regions = format!(
            "{}{}",
            "\"a.b\"() ({\n".repeat(n - 1),
            "}) : () -> ()\n".repeat(n - 1)
        );
        assert!(read(&regions).is_ok());
        check(&regions);
        let lists = format!(
            "\"a.b\"() {{x = {}{}}} : () -> ()",
            "[".repeat(n - 1),
            "]".repeat(n - 1)
        );
        assert!(read(&lists).is_ok());
        check(&lists);
        let locs = |n: usize| {
            let chain = (1..n).map(|i| format!("#l{i} = loc(\"n\"(#l{}))\n", i - 1));
            format!(
                "#l0 = loc(\"n\")\n{}\"a.b\"() : () -> () loc(#l{})",
                chain.collect::<String>(),
                n - 1
            )
        };
        assert!(read(&locs(n - 1)).is_ok());
        check(&locs(n - 1));
        let errors = read(&locs(n)).unwrap_err();
        let codes: Vec<&str> = errors.iter().map(|d| &*d.code).collect();
        assert_eq!(codes, ["S005"]);
    });
}

#[test]
fn a_splat_is_as_large_as_the_limit_says_and_no_larger() {
    let constants = |sizes: &[u64]| {
        let one = |n: &u64| format!("\"a.b\"() {{x = dense<1> : tensor<{n}xi8>}} : () -> ()\n");
        sizes.iter().map(one).collect::<String>()
    };
    assert!(read(&constants(&[MAX_SPLAT_BYTES])).is_ok());
    for too_large in [
        &[MAX_SPLAT_BYTES + 1][..],
        &[MAX_SPLAT_BYTES / 2, MAX_SPLAT_BYTES / 2, 1],
        &[1 << 62],
    ] {
        let errors = read(&constants(too_large)).unwrap_err();
        let codes: Vec<&str> = errors.iter().map(|d| &*d.code).collect();
        assert_eq!(codes, ["S006"]);
    }
}

// ---- time ----

/// Time that this thread has computed, so that other work on the machine does not count; wall clock where the system does not say.
fn now(start: Instant) -> Duration {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|s| s.split(' ').next()?.parse().ok())
        .map_or_else(|| start.elapsed(), Duration::from_nanos)
}

/// Time of so many parses, with verifying.
fn time(text: &str, times: u32) -> Duration {
    let zero = Instant::now();
    let start = now(zero);
    for _ in 0..times {
        if let Ok(m) = read(text) {
            let options = VerifyOptions {
                allow_unregistered: true,
            };
            drop(ir::verify::verify_with(&m, &options));
        }
    }
    now(zero) - start
}

/// A text ten times as long takes ten times as long, within a factor of four; a quadratic parser takes a hundred times.
fn assert_linear(what: &str, text: impl Fn(usize) -> String) {
    let (small, large) = (text(1), text(10));
    // The system counts a thread's time in ticks of milliseconds.
    let mut times = 1;
    while time(&large, times) < Duration::from_millis(50) {
        times *= 2;
    }
    let (t1, t10) = (time(&small, 10 * times), time(&large, times));
    println!(
        "{what}: {} bytes {:?}, {} bytes {:?}",
        small.len(),
        t1 / (10 * times),
        large.len(),
        t10 / times
    );
    assert!(
        t10 < t1 * 4,
        "{what}: {times} times {} bytes {t10:?}, {} times {} bytes {t1:?}",
        large.len(),
        10 * times,
        small.len()
    );
}

#[test]
fn time_is_linear() {
    assert_linear("resource", |n| {
        let blob = "1F".repeat(100_000 * n / 2);
        format!(
            "\"a.b\"() {{x = dense_resource<w> : tensor<{}xi8>}} : () -> ()\n{{-# dialect_resources: {{builtin: {{w: \"0x10000000{blob}\"}}}} #-}}",
            blob.len() / 2
        )
    });
    assert_linear("ops in a chain", |n| {
        let ops = (1..1000 * n)
            .map(|i| format!("%{i} = \"arith.addi\"(%{0}, %{0}) <{{overflowFlags = #arith.overflow<none>}}> : (i32, i32) -> i32 loc(#loc{i})\n", i - 1));
        let locs = (1..1000 * n).map(|i| format!("#loc{i} = loc(\"f\":{i}:1)\n"));
        format!(
            "%0 = \"arith.constant\"() <{{value = 1 : i32}}> : () -> i32\n{}{}",
            ops.collect::<String>(),
            locs.collect::<String>()
        )
    });
    assert_linear("uses before definitions", |n| {
        let uses = (0..1000 * n).map(|i| format!("\"a.u\"(%{i}) : (i8) -> ()\n"));
        let defs = (0..1000 * n).map(|i| format!("%{i} = \"a.d\"() : () -> i8\n"));
        format!("{}{}", uses.collect::<String>(), defs.collect::<String>())
    });
    assert_linear("functions and calls", |n| {
        let f = |i| {
            format!(
                "\"func.func\"() <{{function_type = () -> (), sym_name = \"f{i}\"}}> ({{\n\"func.call\"() <{{callee = @f{}}}> : () -> ()\n\"func.return\"() : () -> ()\n}}) : () -> ()\n",
                (i * 7) % (500 * n)
            )
        };
        (0..500 * n).map(f).collect()
    });
    assert_linear("blocks in a chain, from the last to the first", |n| {
        let block = |i| {
            format!(
                "^b{i}:\n\"a.u\"(%0) : (i8) -> ()\n\"a.b\"()[^b{}, ^end] : () -> ()\n",
                i - 1
            )
        };
        let blocks: String = (1..500 * n).map(block).collect();
        format!(
            "\"a.r\"() ({{\n%0 = \"a.b\"()[^b{}] : () -> i8\n^b0:\n\"a.b\"()[^end] : () -> ()\n{blocks}^end:\n\"a.b\"() : () -> ()\n}}) : () -> ()\n",
            500 * n - 1
        )
    });
    assert_linear("ops on one line", |n| {
        "\"a.b\"() : () -> () ".repeat(1000 * n)
    });
    assert_linear("elements", |n| {
        let list = vec!["7"; 10_000 * n].join(", ");
        format!(
            "\"a.b\"() {{x = dense<[{list}]> : tensor<{}xi8>}} : () -> ()",
            10_000 * n
        )
    });
    assert_linear("one dictionary", |n| {
        let entries: Vec<String> = (0..1000 * n).map(|i| format!("k{i} = {i}")).collect();
        format!("\"a.b\"() {{{}}} : () -> ()", entries.join(", "))
    });
    assert_linear("unterminated bodies", |n| "!a.b<\n".repeat(5000 * n));
    assert_linear("errors", |n| {
        "\"a.b\"() {x = } : () -> ()\n".repeat(1000 * n)
    });
}

/// The registry is shared, not copied.
#[test]
fn the_module_has_the_registry_that_was_given() {
    let r = registry();
    let m = parse("", "t.mlir", r.clone(), &ParseOptions::default()).unwrap();
    assert!(Arc::ptr_eq(m.registry(), &r));
}
