//! Access counts of kernels whose loops can be counted by hand, and of the built-in model's.
#![allow(clippy::unwrap_used, reason = "tests")]

mod registry;

use ir::Module;
use ir::text::ParseOptions;
use passes::access_counts::AccessCounts;
use passes::memory_map::MemoryMap;
use registry::registry;
use usmp::pools::Access;

fn parse(text: &str) -> Module {
    let dialects = registry().dialects().clone();
    ir::text::parse(text, "test.mlir", dialects, &ParseOptions::default()).unwrap()
}

/// Reads and writes of the arguments of `@main`, which calls one kernel.
fn of_arguments(body: &str) -> Vec<(u64, u64)> {
    let types = "memref<64xi8>, memref<64xi32>";
    let m = parse(&format!(
        r#"
"func.func"() <{{function_type = ({types}) -> (), sym_name = "k", sym_visibility = "private"}}> ({{
^bb0(%a: memref<64xi8>, %b: memref<64xi32>):
  %c0 = "arith.constant"() <{{value = 0 : index}}> : () -> index
  %c1 = "arith.constant"() <{{value = 1 : index}}> : () -> index
  %c4 = "arith.constant"() <{{value = 4 : index}}> : () -> index
  %c7 = "arith.constant"() <{{value = 7 : index}}> : () -> index
  {body}
  "func.return"() : () -> ()
}}) : () -> ()
"func.func"() <{{function_type = ({types}) -> (), sym_name = "main"}}> ({{
^bb0(%a: memref<64xi8>, %b: memref<64xi32>):
  "func.call"(%a, %b) <{{callee = @k}}> : ({types}) -> ()
  "func.call"(%a, %b) <{{callee = @k}}> : ({types}) -> ()
  "func.return"() : () -> ()
}}) {{mcu.inputs = 1 : i64}} : () -> ()
"#
    ));
    let counts = AccessCounts::of(&m);
    let map = MemoryMap::of(&m).unwrap();
    let of = |v| counts.buffer(&m, v);
    let all = map.buffers.iter().map(|b| of(b.value));
    all.map(|Access { reads, writes }| (reads, writes))
        .collect()
}

const READ: &str = r#"%x = "memref.load"(%a, %i) : (memref<64xi8>, index) -> i8"#;

fn nest(lower: &str, upper: &str, step: &str, counter: &str, body: &str) -> String {
    format!(
        r#""scf.for"({lower}, {upper}, {step}) ({{
^bb0({counter}: index):
  {body}
  "scf.yield"() : () -> ()
}}) : (index, index, index) -> ()"#
    )
}

#[test]
fn loops_multiply() {
    // 7 iterations, each with 2 (0 and 4 of 7), at two calls.
    let inner = nest("%c0", "%c7", "%c4", "%i", READ);
    let body = nest("%c0", "%c7", "%c1", "%o", &inner);
    assert_eq!(of_arguments(&body), [(2 * 7 * 2, 0), (0, 0)]);
}

#[test]
fn a_triangle_counts_as_its_average() {
    // 0 + 1 + … + 6 reads.
    let inner = nest("%c0", "%o", "%c1", "%i", READ);
    let body = nest("%c0", "%c7", "%c1", "%o", &inner);
    assert_eq!(of_arguments(&body), [(2 * 21, 0), (0, 0)]);
}

#[test]
fn a_loop_that_does_not_run_counts_nothing() {
    assert_eq!(
        of_arguments(&nest("%c7", "%c4", "%c1", "%i", READ)),
        [(0, 0), (0, 0)]
    );
}

#[test]
fn wide_accesses_are_as_many_words_as_they_have() {
    let body = r#"
  %v = "vector.load"(%a, %c0) : (memref<64xi8>, index) -> vector<16xi8>
  %h = "vector.load"(%a, %c0) : (memref<64xi8>, index) -> vector<2xi8>
  %w = "memref.load"(%b, %c0) : (memref<64xi32>, index) -> i32
  "memref.store"(%w, %b, %c1) : (i32, memref<64xi32>, index) -> ()
  "vector.store"(%v, %a, %c0) : (vector<16xi8>, memref<64xi8>, index) -> ()"#;
    assert_eq!(of_arguments(body), [(2 * (4 + 1), 2 * 4), (2, 2)]);
}

#[test]
fn of_two_branches_each_counts_half() {
    let body = r#"
  %w = "memref.load"(%b, %c0) : (memref<64xi32>, index) -> i32
  %t = "arith.constant"() <{value = true}> : () -> i1
  "scf.if"(%t) ({
    "memref.store"(%w, %b, %c0) : (i32, memref<64xi32>, index) -> ()
    "memref.store"(%w, %b, %c1) : (i32, memref<64xi32>, index) -> ()
    "scf.yield"() : () -> ()
  }, {
    "memref.store"(%w, %b, %c0) : (i32, memref<64xi32>, index) -> ()
    "memref.store"(%w, %b, %c1) : (i32, memref<64xi32>, index) -> ()
    "scf.yield"() : () -> ()
  }) : (i1) -> ()
  "scf.if"(%t) ({
    "memref.store"(%w, %b, %c0) : (i32, memref<64xi32>, index) -> ()
    "scf.yield"() : () -> ()
  }, {
  }) : (i1) -> ()"#;
    assert_eq!(of_arguments(body), [(0, 0), (2, 2 * 3)]);
}
