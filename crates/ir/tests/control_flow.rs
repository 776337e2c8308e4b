//! Blocks and successors: storage, text, and what the verifier makes of them.
#![allow(clippy::unwrap_used, reason = "tests")]

mod modules;

use ir::text::{ParseOptions, parse, print_module};
use ir::verify::{verify, verify_with};
use ir::{BlockId, Module, OpId, OpState, VerifyOptions};
use modules::registry;
use proptest::prelude::*;
use std::collections::{BTreeMap, BTreeSet};

const LENIENT: VerifyOptions = VerifyOptions {
    allow_unregistered: true,
};

fn read(text: &str) -> Module {
    let options = ParseOptions {
        allow_unregistered: true,
    };
    parse(text, "t.mlir", registry(), &options).unwrap_or_else(|e| panic!("{e}\n{text}"))
}

/// The codes of what a verifier reports.
fn codes(text: &str, options: Option<&VerifyOptions>) -> BTreeSet<String> {
    let m = read(text);
    let errors = match options {
        Some(options) => verify_with(&m, options).err(),
        None => verify(&m).err(),
    };
    let all = errors.into_iter().flatten();
    all.map(|d| d.code.to_string()).collect()
}

fn set(all: &[&str]) -> BTreeSet<String> {
    all.iter().map(|c| (*c).to_owned()).collect()
}

/// As `mlir-opt-19` printed it.
const BRANCHES: &str = r##"#loc = loc(unknown)
#loc1 = loc("x")
#loc3 = loc("d"(#loc1))
"builtin.module"() ({
  "func.func"() <{function_type = (i1, i32) -> (), sym_name = "f"}> ({
  ^bb0(%arg0: i1 loc(unknown), %arg1: i32 loc("x")):
    "cf.cond_br"(%arg0, %arg1, %arg1)[^bb1, ^bb3] <{operandSegmentSizes = array<i32: 1, 1, 1>}> : (i1, i32, i32) -> () loc(#loc2)
  ^bb1(%0: i32 loc("d"(#loc1))):  // 2 preds: ^bb0, ^bb2
    "cf.br"(%0)[^bb3] : (i32) -> () loc(#loc2)
  ^bb2:  // no predecessors
    "cf.br"(%1)[^bb1] : (i32) -> () loc(#loc2)
  ^bb3(%1: i32 loc(unknown)):  // 2 preds: ^bb0, ^bb1
    "func.return"() : () -> () loc(#loc2)
  }) : () -> () loc(#loc)
}) : () -> () loc(#loc)
#loc2 = loc("op")

"##;

#[test]
fn blocks_print_with_labels_predecessors_and_argument_locations() {
    let m = read(BRANCHES);
    let f = m.lookup_symbol("f").unwrap();
    let blocks = m.blocks(m.regions(f)[0]);
    let preds: Vec<usize> = blocks.iter().map(|&b| m.predecessors(b).count()).collect();
    assert_eq!(preds, [0, 2, 0, 2]);
    assert_eq!(print_module(&m), BRANCHES);
}

#[test]
fn functions_have_one_block_unless_unregistered_ops_are_allowed() {
    assert_eq!(codes(BRANCHES, None), set(&["V001", "V009"]));
    assert_eq!(codes(BRANCHES, Some(&LENIENT)), set(&[]));
}

/// A region of `a.r`, which nobody knows.
fn region(body: &str) -> String {
    format!("\"a.r\"() ({{\n{body}\n}}) : () -> ()")
}

#[test]
fn dominance_is_about_every_path() {
    let diamond = |operand: &str| {
        region(&format!(
            "%e = \"a.d\"() : () -> i8\n\"a.b\"()[^l, ^r] : () -> ()\n\
             ^l:\n%l = \"a.b\"()[^j] : () -> i8\n^r:\n%r = \"a.b\"()[^j] : () -> i8\n\
             ^dead:\n%d = \"a.u\"(%l) : (i8) -> i8\n\"a.b\"()[^j] : () -> ()\n\
             ^j:\n\"a.u\"({operand}) : (i8) -> ()\n\"a.end\"() : () -> ()"
        ))
    };
    for (operand, expected) in [
        ("%e", set(&[])),
        ("%l", set(&["V012"])),
        ("%r", set(&["V012"])),
        ("%d", set(&["V012"])),
    ] {
        assert_eq!(
            codes(&diamond(operand), Some(&LENIENT)),
            expected,
            "{operand}"
        );
    }
    let looped = region(
        "\"a.b\"()[^head] : () -> ()\n^head:\n%h = \"a.b\"()[^body, ^exit] : () -> i8\n\
         ^body:\n%b = \"a.u\"(%h) : (i8) -> i8\n\"a.b\"()[^head] : () -> ()\n^exit:\n\"a.u\"(%h) ({\n\"a.u\"(%h) : (i8) -> ()\n}) : (i8) -> ()",
    );
    assert_eq!(codes(&looped, Some(&LENIENT)), set(&[]));
}

#[test]
fn successors_have_rules() {
    let back = region("^e:\n\"a.b\"()[^e] : () -> ()");
    assert_eq!(codes(&back, Some(&LENIENT)), set(&["V032"]));
    let middle =
        region("\"a.b\"()[^x] : () -> ()\n\"a.c\"() : () -> ()\n^x:\n\"a.c\"() : () -> ()");
    assert_eq!(codes(&middle, Some(&LENIENT)), set(&["V011"]));
    let empty = region("\"a.b\"()[^x] : () -> ()\n^x:");
    assert_eq!(codes(&empty, Some(&LENIENT)), set(&["V010"]));
}

#[test]
fn unknown_ops_may_use_each_other_in_any_order_in_one_block() {
    let text = region("\"a.u\"(%x) : (i8) -> ()\n%x = \"a.u\"(%x) : (i8) -> i8");
    assert_eq!(codes(&text, Some(&LENIENT)), set(&[]));
    assert_eq!(codes(&text, None), set(&["V001", "V012"]));
}

#[test]
fn a_symbol_is_looked_up_in_the_nearest_module() {
    let f = |name: &str, callee: &str| {
        format!(
            "\"func.func\"() <{{function_type = () -> (), sym_name = \"{name}\"}}> ({{\n\
             \"func.call\"() <{{callee = @{callee}}}> : () -> ()\n\"func.return\"() : () -> ()\n}}) : () -> ()\n"
        )
    };
    let nested = |inner: &str, outer: &str| {
        format!(
            "{outer}\"a.r\"() ({{\n\"builtin.module\"() ({{\n{inner}}}) : () -> ()\n}}) : () -> ()\n"
        )
    };
    let ok = nested(&f("g", "g"), &f("f", "f"));
    assert_eq!(codes(&ok, Some(&LENIENT)), set(&[]));
    let same_name = nested(&f("f", "f"), &f("f", "f"));
    assert_eq!(codes(&same_name, Some(&LENIENT)), set(&[]));
    let outside = nested(&f("g", "f"), &f("f", "f"));
    assert_eq!(codes(&outside, Some(&LENIENT)), set(&["V014"]));
    let inside = nested(&f("g", "g"), &f("f", "g"));
    assert_eq!(codes(&inside, Some(&LENIENT)), set(&["V014"]));
    let twice = nested(&(f("g", "g") + &f("g", "g")), &f("f", "f"));
    assert_eq!(codes(&twice, Some(&LENIENT)), set(&["V015"]));
}

#[derive(Clone, Debug)]
enum Edit {
    AddBlock,
    Branch(usize, Vec<usize>),
    EraseOp(usize),
    EraseBlock(usize),
}

fn edit() -> impl Strategy<Value = Edit> {
    let n = 0usize..1000;
    prop_oneof![
        2 => Just(Edit::AddBlock),
        6 => (n.clone(), prop::collection::vec(n.clone(), 0..4)).prop_map(|(a, l)| Edit::Branch(a, l)),
        2 => n.clone().prop_map(Edit::EraseOp),
        1 => n.prop_map(Edit::EraseBlock),
    ]
}

proptest! {
    /// After any edits, the uses of each block are the successors that name it.
    #[test]
    fn uses_of_blocks_agree_with_successors(edits in prop::collection::vec(edit(), 1..60)) {
        let mut m = Module::new(registry());
        let holder = m.create(OpState::new("a.r").regions(1));
        let body = m.body();
        m.append(body, holder);
        let region = m.regions(holder)[0];
        let mut blocks: Vec<BlockId> = vec![m.add_block(region, &[])];
        let mut ops: Vec<(OpId, Vec<BlockId>)> = Vec::new();
        for e in edits {
            match e {
                Edit::AddBlock => blocks.push(m.add_block(region, &[])),
                Edit::Branch(at, to) => {
                    let to: Vec<BlockId> = to.iter().map(|&i| blocks[i % blocks.len()]).collect();
                    match ops.get_mut(at) {
                        Some((op, successors)) => {
                            m.set_successors(*op, &to);
                            *successors = to;
                        }
                        None => {
                            let op = m.create(OpState::new("a.b").successors(&to));
                            m.append(blocks[at % blocks.len()], op);
                            ops.push((op, to));
                        }
                    }
                }
                Edit::EraseOp(at) if !ops.is_empty() => {
                    let (op, _) = ops.swap_remove(at % ops.len());
                    m.erase(op);
                }
                Edit::EraseBlock(at) if blocks.len() > 1 => {
                    let block = blocks[at % blocks.len()];
                    let inside = |m: &Module, op: OpId| m.op_block(op) == Some(block);
                    if ops.iter().any(|(op, to)| !inside(&m, *op) && to.contains(&block)) {
                        continue;
                    }
                    ops.retain(|(op, _)| !inside(&m, *op));
                    blocks.retain(|b| *b != block);
                    m.erase_block(block);
                }
                _ => {}
            }
            let mut uses: BTreeMap<BlockId, BTreeSet<(OpId, u32)>> = BTreeMap::new();
            for (op, to) in &ops {
                prop_assert_eq!(&m.successors(*op).collect::<Vec<_>>(), to);
                for (i, b) in to.iter().enumerate() {
                    uses.entry(*b).or_default().insert((*op, i as u32));
                }
            }
            prop_assert_eq!(m.blocks(region), &blocks);
            for b in &blocks {
                let of: BTreeSet<(OpId, u32)> = m.block_uses(*b).iter().copied().collect();
                prop_assert_eq!(m.block_uses(*b).len(), of.len());
                prop_assert_eq!(of, uses.remove(b).unwrap_or_default());
            }
        }
        m.erase(holder);
        prop_assert!(m.ops(body).next().is_none());
    }
}
