//! Passes leave ops that they do not know alone: the ops, what they use, their order, and what is inside them.

use crate::{parse, registry, run};
use ir::{Module, WalkOrder, text};

const SOURCE: &str = r#"
"func.func"() <{function_type = (i32) -> i32, sym_name = "f"}> ({
^bb0(%x: i32):
  %c = "arith.constant"() <{value = 1 : i32}> : () -> i32
  %l = "arith.constant"() <{value = 0 : index}> : () -> index
  %u = "arith.constant"() <{value = 4 : index}> : () -> index
  %s = "arith.constant"() <{value = 1 : index}> : () -> index
  %a = "acme.next"(%c) : (i32) -> i32
  %b = "acme.next"(%c) : (i32) -> i32
  %unused = "acme.next"(%x) : (i32) -> i32
  "scf.for"(%l, %u, %s) ({
  ^bb0(%i: index):
    %n = "acme.next"(%c) : (i32) -> i32
    "scf.yield"() : () -> ()
  }) : (index, index, index) -> ()
  "acme.isolated"() ({
    %d = "arith.constant"() <{value = 1 : i32}> : () -> i32
    "acme.use"(%d) : (i32) -> ()
  }) {callee = [@g, {inner = @h}]} : () -> ()
  "acme.use"(%x) {text = #acme.ref<@k>} : (i32) -> ()
  %r = "arith.subi"(%a, %b) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
  "func.return"(%r) : (i32) -> ()
}) : () -> ()
"func.func"() <{function_type = () -> (), sym_name = "g", sym_visibility = "private"}> ({
  "func.return"() : () -> ()
}) : () -> ()
"func.func"() <{function_type = () -> (), sym_name = "h", sym_visibility = "private"}> ({
  "func.return"() : () -> ()
}) : () -> ()
"func.func"() <{function_type = () -> (), sym_name = "k", sym_visibility = "private"}> ({
  "func.return"() : () -> ()
}) : () -> ()
"acme.symbol"() <{sym_name = "s", sym_visibility = "private"}> : () -> ()
"#;

/// The unknown ops in order, each with what its operands are, and how deep it is.
fn unknown(m: &Module) -> Vec<String> {
    let all = m.walk(m.root(), WalkOrder::Pre);
    let of_acme = all
        .into_iter()
        .filter(|&op| m.op_name(op).starts_with("acme."));
    let describe = |op| {
        let operands: Vec<String> = m
            .operands(op)
            .map(|v| match m.constant_value(v) {
                Some(c) => text::attr_text(m, c),
                None => format!("{:?}", m.value_def(v)).chars().take(8).collect(),
            })
            .collect();
        let parent = m.op_name(m.parent_op(op).unwrap()).to_owned();
        format!("{} {operands:?} in {parent}", m.op_name(op))
    };
    of_acme.map(describe).collect()
}

#[test]
fn unknown_ops_stay() {
    let registry = registry();
    let before = parse(&registry, SOURCE);
    let expected = unknown(&before);
    assert_eq!(expected.len(), 8);
    for info in registry.passes() {
        let ours = [
            "canonicalize",
            "fold-constants",
            "cse",
            "dce",
            "symbol-dce",
            "inline",
            "loop-invariant-code-motion",
            "simplify-affine-index",
        ];
        if !ours.contains(&info.name.as_str()) {
            continue;
        }
        let mut m = before.clone();
        run(&registry, &mut m, &format!("builtin.module({})", info.name));
        assert_eq!(unknown(&m), expected, "{}", info.name);
        // Their symbols too, however deep they are in attributes.
        let symbols = ["f", "g", "h", "k", "s"];
        assert!(
            symbols.iter().all(|s| m.lookup_symbol(s).is_some()),
            "{}",
            info.name
        );
        // An unknown op may be isolated.
        let inside = m
            .walk(m.root(), WalkOrder::Pre)
            .into_iter()
            .find(|&op| m.op_name(op) == "acme.isolated")
            .unwrap();
        assert_eq!(m.walk(inside, WalkOrder::Pre).len(), 3, "{}", info.name);
    }
}
