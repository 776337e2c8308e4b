//! Each pass on a text, before and after.

use crate::{parse, registry, run};
use ir::{LocData, Module, WalkOrder, text};

/// A module's text without locations.
fn plain(m: &Module) -> String {
    let mut out = String::new();
    for line in text::print_module(m)
        .lines()
        .filter(|l| !l.starts_with("#loc"))
    {
        let mut rest = line;
        while let Some(at) = rest.find(" loc(") {
            out.push_str(&rest[..at]);
            let mut depth = 0;
            let end = rest[at + 4..].find(|c| {
                depth += i32::from(c == '(') - i32::from(c == ')');
                depth == 0
            });
            rest = &rest[at + 4 + end.unwrap() + 1..];
        }
        out.push_str(rest);
        out.push('\n');
    }
    out
}

/// That a pipeline makes of the functions of a text those of another.
#[track_caller]
fn becomes(pipeline: &str, before: &str, after: &str) {
    let registry = registry();
    let mut m = parse(&registry, before);
    run(&registry, &mut m, &format!("builtin.module({pipeline})"));
    let expected = parse(&registry, after);
    let (got, want) = (plain(&m), plain(&expected));
    assert_eq!(got, want, "\n{got}\n{want}");
}

/// A function of two numbers, a condition and a buffer.
fn function(body: &str) -> String {
    format!(
        r#""func.func"() <{{function_type = (i32, i32, i1, memref<8xi32>) -> i32, sym_name = "f"}}> ({{
^bb0(%x: i32, %y: i32, %p: i1, %m: memref<8xi32>):
{body}
}}) : () -> ()"#
    )
}

#[track_caller]
fn body_becomes(pipeline: &str, before: &str, after: &str) {
    becomes(pipeline, &function(before), &function(after));
}

#[test]
fn canonicalize_folds_and_joins() {
    body_becomes(
        "canonicalize",
        r#"
  %c3 = "arith.constant"() <{value = 3 : i32}> : () -> i32
  %c4 = "arith.constant"() <{value = 4 : i32}> : () -> i32
  %c7 = "arith.addi"(%c3, %c4) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
  %a = "arith.addi"(%c7, %x) <{overflowFlags = #arith.overflow<nsw>}> : (i32, i32) -> i32
  %b = "arith.addi"(%a, %c3) <{overflowFlags = #arith.overflow<nsw>}> : (i32, i32) -> i32
  "func.return"(%b) : (i32) -> ()"#,
        r#"
  %c = "arith.constant"() <{value = 10 : i32}> : () -> i32
  %b = "arith.addi"(%x, %c) <{overflowFlags = #arith.overflow<nsw>}> : (i32, i32) -> i32
  "func.return"(%b) : (i32) -> ()"#,
    );
}

#[test]
fn canonicalize_drops_what_a_loop_carries_for_nothing() {
    body_becomes(
        "canonicalize",
        r#"
  %l = "arith.constant"() <{value = 0 : index}> : () -> index
  %u = "arith.constant"() <{value = 4 : index}> : () -> index
  %s = "arith.constant"() <{value = 1 : index}> : () -> index
  %r:3 = "scf.for"(%l, %u, %s, %x, %y, %x) ({
  ^bb0(%i: index, %a: i32, %b: i32, %c: i32):
    %n = "arith.xori"(%b, %c) : (i32, i32) -> i32
    %d = "arith.addi"(%a, %n) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
    "scf.yield"(%d, %n, %c) : (i32, i32, i32) -> ()
  }) : (index, index, index, i32, i32, i32) -> (i32, i32, i32)
  "func.return"(%r#1) : (i32) -> ()"#,
        r#"
  %l = "arith.constant"() <{value = 0 : index}> : () -> index
  %u = "arith.constant"() <{value = 4 : index}> : () -> index
  %s = "arith.constant"() <{value = 1 : index}> : () -> index
  %r = "scf.for"(%l, %u, %s, %y) ({
  ^bb0(%i: index, %b: i32):
    %n = "arith.xori"(%b, %x) : (i32, i32) -> i32
    "scf.yield"(%n) : (i32) -> ()
  }) : (index, index, index, i32) -> i32
  "func.return"(%r) : (i32) -> ()"#,
    );
}

#[test]
fn cse_merges_across_scopes_and_operand_orders() {
    body_becomes(
        "cse",
        r#"
  %a = "arith.muli"(%x, %y) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
  %b = "arith.muli"(%y, %x) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
  %n = "arith.muli"(%x, %y) <{overflowFlags = #arith.overflow<nsw>}> : (i32, i32) -> i32
  %s = "arith.subi"(%a, %b) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
  %r = "scf.if"(%p) ({
    %c = "arith.muli"(%x, %y) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
    %only = "arith.xori"(%x, %n) : (i32, i32) -> i32
    %z = "arith.andi"(%c, %only) : (i32, i32) -> i32
    "scf.yield"(%z) : (i32) -> ()
  }, {
    %only = "arith.xori"(%x, %n) : (i32, i32) -> i32
    "scf.yield"(%only) : (i32) -> ()
  }) : (i1) -> i32
  %after = "arith.xori"(%x, %n) : (i32, i32) -> i32
  %t = "arith.ori"(%after, %s) : (i32, i32) -> i32
  %q = "arith.ori"(%t, %r) : (i32, i32) -> i32
  "func.return"(%q) : (i32) -> ()"#,
        r#"
  %a = "arith.muli"(%x, %y) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
  %n = "arith.muli"(%x, %y) <{overflowFlags = #arith.overflow<nsw>}> : (i32, i32) -> i32
  %s = "arith.subi"(%a, %a) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
  %r = "scf.if"(%p) ({
    %only = "arith.xori"(%x, %n) : (i32, i32) -> i32
    %z = "arith.andi"(%a, %only) : (i32, i32) -> i32
    "scf.yield"(%z) : (i32) -> ()
  }, {
    %only = "arith.xori"(%x, %n) : (i32, i32) -> i32
    "scf.yield"(%only) : (i32) -> ()
  }) : (i1) -> i32
  %after = "arith.xori"(%x, %n) : (i32, i32) -> i32
  %t = "arith.ori"(%after, %s) : (i32, i32) -> i32
  %q = "arith.ori"(%t, %r) : (i32, i32) -> i32
  "func.return"(%q) : (i32) -> ()"#,
    );
}

#[test]
fn cse_leaves_reads_and_names_all_places() {
    let registry = registry();
    let source = function(
        r#"
  %i = "arith.constant"() <{value = 0 : index}> : () -> index
  %a = "memref.load"(%m, %i) : (memref<8xi32>, index) -> i32
  "memref.store"(%x, %m, %i) : (i32, memref<8xi32>, index) -> ()
  %b = "memref.load"(%m, %i) : (memref<8xi32>, index) -> i32
  %c = "arith.subi"(%a, %b) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32 loc("one")
  %d = "arith.subi"(%a, %b) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32 loc("two")
  %e = "arith.subi"(%a, %b) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32 loc("one")
  %f = "arith.ori"(%c, %d) : (i32, i32) -> i32
  %g = "arith.ori"(%e, %f) : (i32, i32) -> i32
  "func.return"(%g) : (i32) -> ()"#,
    );
    let mut m = parse(&registry, &source);
    let statistics = run(&registry, &mut m, "builtin.module(cse)");
    assert_eq!(statistics.get("cse", "merged"), 2);
    let all = m.walk(m.root(), WalkOrder::Pre);
    let left = |name: &str| {
        all.iter()
            .copied()
            .filter(|&op| m.op_name(op) == name)
            .collect::<Vec<_>>()
    };
    assert_eq!(left("memref.load").len(), 2);
    let kept = left("arith.subi")[0];
    assert_eq!(m.layer_name(m.op_loc(kept)).as_deref(), Some("one + two"));
    assert!(matches!(m.loc_data(m.op_loc(kept)), LocData::Fused { parts, .. } if parts.len() == 2));
}

#[test]
fn dce_removes_loops_that_do_nothing() {
    body_becomes(
        "dce",
        r#"
  %l = "arith.constant"() <{value = 0 : index}> : () -> index
  %u = "arith.constant"() <{value = 4 : index}> : () -> index
  %s = "arith.constant"() <{value = 1 : index}> : () -> index
  %r = "scf.for"(%l, %u, %s, %x) ({
  ^bb0(%i: index, %a: i32):
    %b = "memref.load"(%m, %i) : (memref<8xi32>, index) -> i32
    %c = "arith.addi"(%a, %y) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
    "scf.yield"(%c) : (i32) -> ()
  }) : (index, index, index, i32) -> i32
  %q = "scf.for"(%l, %u, %s, %x) ({
  ^bb0(%i: index, %a: i32):
    %c = "arith.addi"(%a, %y) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
    "scf.if"(%p) ({
      %d = "arith.addi"(%c, %y) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
      "scf.yield"() : () -> ()
    }, {
    }) : (i1) -> ()
    "scf.yield"(%c) : (i32) -> ()
  }) : (index, index, index, i32) -> i32
  "func.return"(%x) : (i32) -> ()"#,
        r#"
  %l = "arith.constant"() <{value = 0 : index}> : () -> index
  %u = "arith.constant"() <{value = 4 : index}> : () -> index
  %s = "arith.constant"() <{value = 1 : index}> : () -> index
  %r = "scf.for"(%l, %u, %s, %x) ({
  ^bb0(%i: index, %a: i32):
    %b = "memref.load"(%m, %i) : (memref<8xi32>, index) -> i32
    %c = "arith.addi"(%a, %y) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
    "scf.yield"(%c) : (i32) -> ()
  }) : (index, index, index, i32) -> i32
  "func.return"(%x) : (i32) -> ()"#,
    );
}

#[test]
fn loop_invariant_code_motion_moves_only_what_may_be_computed_in_vain() {
    let loop_of = |inside: &str, before: &str| {
        format!(
            r#"
  %l = "arith.constant"() <{{value = 0 : index}}> : () -> index
  %s = "arith.constant"() <{{value = 1 : index}}> : () -> index
  %u = "arith.index_cast"(%y) : (i32) -> index
{before}
  %r = "scf.for"(%l, %u, %s, %x) ({{
  ^bb0(%i: index, %a: i32):
{inside}
    %c = "arith.addi"(%w, %z) <{{overflowFlags = #arith.overflow<none>}}> : (i32, i32) -> i32
    %d = "arith.addi"(%c, %a) <{{overflowFlags = #arith.overflow<none>}}> : (i32, i32) -> i32
    "scf.yield"(%d) : (i32) -> ()
  }}) : (index, index, index, i32) -> i32
  "func.return"(%r) : (i32) -> ()"#
        )
    };
    let total = r#"    %w = "arith.muli"(%x, %y) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32"#;
    let partial = r#"    %z = "arith.muli"(%x, %y) <{overflowFlags = #arith.overflow<nsw>}> : (i32, i32) -> i32"#;
    let division = r#"    %q = "arith.divsi"(%x, %y) : (i32, i32) -> i32"#;
    let inside = format!("{total}\n{partial}\n{division}");
    let (before, after) = (
        loop_of(&inside, ""),
        loop_of(&format!("{partial}\n{division}"), total),
    );
    body_becomes("loop-invariant-code-motion", &before, &after);
    // A loop that runs: everything moves.
    let runs = |text: String| {
        let bound = r#"  %u = "arith.constant"() <{value = 4 : index}> : () -> index"#;
        text.replace(r#"  %u = "arith.index_cast"(%y) : (i32) -> index"#, bound)
    };
    let after = loop_of("", &inside);
    let sum = r#"    %c = "arith.addi"(%w, %z) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32"#;
    let after = after.replace(sum, "");
    let after = after.replace("  %r = \"scf.for\"", &format!("{sum}\n  %r = \"scf.for\""));
    body_becomes("loop-invariant-code-motion", &runs(before), &runs(after));
}

#[test]
fn simplify_affine_index_decides_by_ranges() {
    let index = |inside: &str| {
        format!(
            r#"
  %l = "arith.constant"() <{{value = 0 : index}}> : () -> index
  %u = "arith.constant"() <{{value = 8 : index}}> : () -> index
  %s = "arith.constant"() <{{value = 1 : index}}> : () -> index
  "scf.for"(%l, %u, %s) ({{
  ^bb0(%i: index):
{inside}
    "scf.yield"() : () -> ()
  }}) : (index, index, index) -> ()
  "func.return"(%x) : (i32) -> ()"#
        )
    };
    body_becomes(
        "simplify-affine-index",
        &index(
            r#"
    %a = "arith.remsi"(%i, %u) : (index, index) -> index
    %b = "arith.divsi"(%i, %u) : (index, index) -> index
    %c = "arith.maxsi"(%a, %b) : (index, index) -> index
    "memref.store"(%x, %m, %c) : (i32, memref<8xi32>, index) -> ()
    %d = "arith.cmpi"(%i, %u) <{predicate = 2 : i64}> : (index, index) -> i1
    %e = "arith.select"(%d, %x, %y) : (i1, i32, i32) -> i32
    "memref.store"(%e, %m, %i) : (i32, memref<8xi32>, index) -> ()"#,
        ),
        &index(
            r#"
    %b = "arith.constant"() <{value = 0 : index}> : () -> index
    "memref.store"(%x, %m, %i) : (i32, memref<8xi32>, index) -> ()
    %d = "arith.constant"() <{value = true}> : () -> i1
    %e = "arith.select"(%d, %x, %y) : (i1, i32, i32) -> i32
    "memref.store"(%e, %m, %i) : (i32, memref<8xi32>, index) -> ()"#,
        ),
    );
}

#[test]
fn simplify_affine_index_gathers_offsets() {
    let index = |inside: &str, bound: &str| {
        format!(
            r#"
  %l = "arith.constant"() <{{value = 1 : index}}> : () -> index
  %u = "arith.constant"() <{{value = {bound} : index}}> : () -> index
  %s = "arith.constant"() <{{value = 1 : index}}> : () -> index
  "scf.for"(%l, %u, %s) ({{
  ^bb0(%i: index):
{inside}
    "memref.store"(%x, %m, %d) : (i32, memref<8xi32>, index) -> ()
    "scf.yield"() : () -> ()
  }}) : (index, index, index) -> ()
  "func.return"(%x) : (i32) -> ()"#
        )
    };
    let before = r#"
    %m1 = "arith.constant"() <{value = -1 : index}> : () -> index
    %c4 = "arith.constant"() <{value = 4 : index}> : () -> index
    %a = "arith.addi"(%i, %m1) <{overflowFlags = #arith.overflow<none>}> : (index, index) -> index
    %b = "arith.muli"(%a, %c4) <{overflowFlags = #arith.overflow<none>}> : (index, index) -> index
    %d = "arith.addi"(%b, %c4) <{overflowFlags = #arith.overflow<none>}> : (index, index) -> index"#;
    let after = r#"
    %m1 = "arith.constant"() <{value = -1 : index}> : () -> index
    %c4 = "arith.constant"() <{value = 4 : index}> : () -> index
    %f = "arith.constant"() <{value = 4 : index}> : () -> index
    %b = "arith.muli"(%i, %f) <{overflowFlags = #arith.overflow<none>}> : (index, index) -> index
    %o = "arith.constant"() <{value = 0 : index}> : () -> index
    %d = "arith.addi"(%b, %o) <{overflowFlags = #arith.overflow<none>}> : (index, index) -> index"#;
    body_becomes(
        "simplify-affine-index",
        &index(before, "8"),
        &index(after, "8"),
    );
    // The last i times 4 would wrap, (i - 1) * 4 does not.
    let most = "536870913";
    body_becomes(
        "simplify-affine-index",
        &index(before, most),
        &index(before, most),
    );
}

#[test]
fn fold_constants_minds_the_flash() {
    let tensor = |inside: &str| {
        format!(
            r#""func.func"() <{{function_type = (tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main"}}> ({{
^bb0(%x: tensor<1x4xf32>):
{inside}
}}) : () -> ()"#
        )
    };
    let constant = r#"  %c = "nn.constant"() <{value = dense<[[1.0, -2.0, 3.0, -4.0]]> : tensor<1x4xf32>}> : () -> tensor<1x4xf32>"#;
    becomes(
        "fold-constants",
        &tensor(&format!(
            r#"{constant}
  %r = "nn.relu"(%c) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %s = "nn.add"(%r, %x) <{{activation = "none"}}> : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  "func.return"(%s) : (tensor<1x4xf32>) -> ()"#
        )),
        &tensor(
            r#"  %r = "nn.constant"() <{value = dense<[[1.0, 0.0, 3.0, 0.0]]> : tensor<1x4xf32>}> : () -> tensor<1x4xf32>
  %s = "nn.add"(%r, %x) <{activation = "none"}> : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  "func.return"(%s) : (tensor<1x4xf32>) -> ()"#,
        ),
    );
    // Used twice, the constant stays: another one would be in flash besides it.
    let twice = tensor(&format!(
        r#"{constant}
  %r = "nn.relu"(%c) : (tensor<1x4xf32>) -> tensor<1x4xf32>
  %s = "nn.add"(%r, %c) <{{activation = "none"}}> : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  "func.return"(%s) : (tensor<1x4xf32>) -> ()"#
    ));
    becomes("fold-constants", &twice, &twice);
    becomes(
        "fold-constants{allow-growth=true max-bytes=15}",
        &twice,
        &twice,
    );
    becomes(
        "fold-constants{allow-growth=true}",
        &twice,
        &tensor(
            r#"  %s = "nn.constant"() <{value = dense<[[2.0, -2.0, 6.0, -4.0]]> : tensor<1x4xf32>}> : () -> tensor<1x4xf32>
  "func.return"(%s) : (tensor<1x4xf32>) -> ()"#,
        ),
    );
}

const CALLS: &str = r#"
"func.func"() <{function_type = (i32) -> i32, sym_name = "main"}> ({
^bb0(%x: i32):
  %a = "func.call"(%x) <{callee = @small}> : (i32) -> i32 loc("first")
  %b = "func.call"(%a) <{callee = @small}> : (i32) -> i32 loc("second")
  %c = "func.call"(%b) <{callee = @circle}> : (i32) -> i32
  "func.return"(%c) : (i32) -> ()
}) : () -> ()
"func.func"() <{function_type = (i32) -> i32, sym_name = "small", sym_visibility = "private"}> ({
^bb0(%x: i32):
  %y = "arith.xori"(%x, %x) : (i32, i32) -> i32 loc("layer")
  "func.return"(%y) : (i32) -> ()
}) : () -> ()
"func.func"() <{function_type = (i32) -> i32, sym_name = "circle", sym_visibility = "private"}> ({
^bb0(%x: i32):
  %y = "func.call"(%x) <{callee = @circle}> : (i32) -> i32
  "func.return"(%y) : (i32) -> ()
}) : () -> ()
"func.func"() <{function_type = (i32) -> i32, sym_name = "lost", sym_visibility = "private"}> ({
^bb0(%x: i32):
  %y = "func.call"(%x) <{callee = @lost_too}> : (i32) -> i32
  "func.return"(%y) : (i32) -> ()
}) : () -> ()
"func.func"() <{function_type = (i32) -> i32, sym_name = "lost_too", sym_visibility = "private"}> ({
^bb0(%x: i32):
  %y = "func.call"(%x) <{callee = @lost}> : (i32) -> i32
  "func.return"(%y) : (i32) -> ()
}) : () -> ()
"memref.global"() <{sym_name = "data", sym_visibility = "private", type = memref<1xi8>, initial_value}> : () -> ()
"#;

#[test]
fn inline_keeps_the_layers() {
    let registry = registry();
    let mut m = parse(&registry, CALLS);
    let statistics = run(&registry, &mut m, "builtin.module(inline,symbol-dce)");
    assert_eq!(statistics.get("inline", "inlined"), 2);
    assert_eq!(statistics.get("symbol-dce", "erased"), 4);
    let main = m.lookup_symbol("main").unwrap();
    let ops: Vec<_> = m.ops(m.entry_block(main).unwrap()).collect();
    let names: Vec<&str> = ops.iter().map(|&op| m.op_name(op)).collect();
    assert_eq!(
        names,
        ["arith.xori", "arith.xori", "func.call", "func.return"]
    );
    let LocData::CallSite { callee, caller } = *m.loc_data(m.op_loc(ops[1])) else {
        panic!("no call site");
    };
    assert_eq!(m.layer_name(callee).as_deref(), Some("layer"));
    assert_eq!(m.layer_name(caller).as_deref(), Some("second"));
}

#[test]
fn inline_heeds_its_options() {
    let registry = registry();
    let mut m = parse(&registry, CALLS);
    // Two calls of one op.
    let statistics = run(&registry, &mut m, "builtin.module(inline{max-ops=0})");
    assert_eq!(statistics.iter().count(), 0);
}

#[test]
fn symbol_dce_removes_circles_and_globals() {
    let registry = registry();
    let mut m = parse(&registry, CALLS);
    let statistics = run(&registry, &mut m, "builtin.module(symbol-dce)");
    assert_eq!(statistics.get("symbol-dce", "erased"), 3);
    let left = ["main", "small", "circle"];
    assert!(left.iter().all(|s| m.lookup_symbol(s).is_some()));
    assert!(
        ["lost", "lost_too", "data"]
            .iter()
            .all(|s| m.lookup_symbol(s).is_none())
    );
}
