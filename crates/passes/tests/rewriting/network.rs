//! Folds and patterns of `nn`, on every int8 and on floats.

use crate::registry;
use ir::dialects::func;
use ir::rewrite::{Fuel, PatternSet, apply_patterns};
use ir::{Builder, Loc, Module, OpState, QuantType, Type, ValueId};
use testgen::Choices;

/// A pattern's name or `fold OP`, and a random left side of one tensor of 256 elements.
pub struct NetworkLaw {
    pub name: &'static str,
    left: fn(&mut Builder<'_>, &mut Choices, ValueId) -> ValueId,
}

fn op(b: &mut Builder<'_>, name: &str, x: ValueId, to: Type) -> ValueId {
    let op = b.insert(OpState::new(name).operands(&[x]).results(&[to]));
    b.m.result(op, 0)
}

/// The type of `x`, mostly; otherwise one of another scale.
fn ty(b: &mut Builder<'_>, c: &mut Choices, x: ValueId) -> Type {
    let same = b.m.value_type(x);
    if c.once_in(3) && b.m.quant_of(same).is_some() {
        quantised(b.m, c)
    } else {
        same
    }
}

fn quantised(m: &mut Module, c: &mut Choices) -> Type {
    let scale = c.between(1, 1 << 20) as f32 / c.of(&[16.0f32, 65536.0, 1e9]);
    let q = m.quant(QuantType::per_tensor(8, scale.into(), c.between(-128, 127)));
    m.tensor(&[1, 256], q)
}

/// `x` under another shape.
fn reshaped(b: &mut Builder<'_>, x: ValueId, shape: &[i64]) -> ValueId {
    let elem = b.m.type_data(b.m.value_type(x)).elem().unwrap();
    let to = b.m.tensor(shape, elem);
    op(b, "nn.reshape", x, to)
}

pub const LAWS: &[NetworkLaw] = &[
    NetworkLaw {
        name: "fold nn.reshape",
        left: |b, c, x| match c.once_in(2) {
            true => reshaped(b, x, &[1, 256]),
            false => {
                let square = reshaped(b, x, &[16, 16]);
                reshaped(b, square, &[1, 256])
            }
        },
    },
    NetworkLaw {
        name: "nn.reshape-of-reshape",
        left: |b, _, x| {
            let square = reshaped(b, x, &[16, 16]);
            reshaped(b, square, &[256])
        },
    },
    NetworkLaw {
        name: "fold nn.relu",
        left: |b, c, x| {
            let inner = ty(b, c, x);
            let name = c.of(&["nn.relu", "nn.relu6"]);
            let y = op(b, name, x, inner);
            let outer = ty(b, c, y);
            op(b, "nn.relu", y, outer)
        },
    },
    NetworkLaw {
        name: "fold nn.relu6",
        left: |b, c, x| {
            let inner = ty(b, c, x);
            let y = op(b, "nn.relu6", x, inner);
            let outer = ty(b, c, y);
            op(b, "nn.relu6", y, outer)
        },
    },
    NetworkLaw {
        name: "nn.relu6-of-relu",
        left: |b, c, x| {
            let inner = ty(b, c, x);
            let y = op(b, "nn.relu", x, inner);
            let outer = ty(b, c, y);
            op(b, "nn.relu6", y, outer)
        },
    },
    NetworkLaw {
        name: "fold nn.quantize",
        left: |b, c, x| {
            let from = b.m.value_type(x);
            if b.m.quant_of(from).is_none() {
                let to = quantised(b.m, c);
                return op(b, "nn.quantize", x, to);
            }
            let to = ty(b, c, x);
            if c.once_in(2) {
                return op(b, "nn.quantize", x, to);
            }
            let f32 = b.m.f32();
            let float = b.m.tensor(&[1, 256], f32);
            let y = op(b, "nn.dequantize", x, float);
            op(b, "nn.quantize", y, to)
        },
    },
    NetworkLaw {
        name: "fold nn.concatenation",
        left: |b, c, x| {
            let parts = vec![x; c.between(1, 2) as usize];
            joining(b, "nn.concatenation", &parts, &[256 * parts.len() as i64])
        },
    },
    NetworkLaw {
        name: "fold nn.split",
        left: |b, c, x| {
            let parts = [&[256][..], &[100, 156]];
            joining(b, "nn.split", &[x], c.of(&parts))
        },
    },
];

/// An op along dimension 1 whose results have these extents; the last of them.
fn joining(b: &mut Builder<'_>, name: &str, parts: &[ValueId], results: &[i64]) -> ValueId {
    let elem = b.m.type_data(b.m.value_type(parts[0])).elem().unwrap();
    let results: Vec<Type> = results.iter().map(|&n| b.m.tensor(&[1, n], elem)).collect();
    let axis = b.m.i64_attr(1);
    let state = OpState::new(name).operands(parts).results(&results);
    let op = b.insert(state.prop("axis", axis));
    *b.m.results(op).last().unwrap()
}

fn instance(registry: &pass::Registry, law: &NetworkLaw, seed: u64) -> (Module, bool) {
    let mut m = Module::new(registry.dialects().clone());
    let mut c = Choices::from_seed(seed);
    let float = c.once_in(4);
    let input = match float {
        true => {
            let f32 = m.f32();
            m.tensor(&[1, 256], f32)
        }
        false => quantised(&mut m, &mut c),
    };
    let (f, entry) = func::build_func(&mut m, "main", &[input], &[], Loc::UNKNOWN);
    let x = m.block_args(entry)[0];
    let mut b = Builder::at_end(&mut m, entry);
    let y = (law.left)(&mut b, &mut c, x);
    b.op("func.return", &[y], &[]);
    let output = m.value_type(y);
    let ty = m.function(&[input], &[output]);
    let ty = m.type_attr(ty);
    m.set_prop(f, "function_type", ty);
    (m, float)
}

#[test]
fn laws() {
    let registry = registry();
    let mut c = Choices::from_seed(1);
    let floats: Vec<u8> = (0..256i32)
        .flat_map(|i| match i {
            0 => (-0.0f32).to_le_bytes(),
            1 => f32::NAN.to_le_bytes(),
            2 => f32::INFINITY.to_le_bytes(),
            3 => f32::NEG_INFINITY.to_le_bytes(),
            _ => (c.between(-9000, 9000) as f32 / 1000.0).to_le_bytes(),
        })
        .collect();
    for law in LAWS {
        let found = registry.patterns().iter().filter(|p| p.name() == law.name);
        let patterns = PatternSet::new(found.cloned());
        let counter = if law.name.starts_with("fold ") {
            "fold"
        } else {
            law.name
        };
        let (mut applied, mut refused) = (0, 0);
        for seed in 0..200 {
            let (before, float) = instance(&registry, law, seed);
            let text = ir::text::print_module(&before);
            assert!(ir::verify::verify(&before).is_ok(), "{text}");
            let input = if float {
                floats.clone()
            } else {
                (0..=255u8).collect()
            };
            // A scale may be out of what the operator takes.
            let Ok(expected) = interp::run_nn(&before, std::slice::from_ref(&input)) else {
                continue;
            };
            let mut after = before.clone();
            let f = after.lookup_symbol("main").unwrap();
            let rewrites = apply_patterns(&mut after, f, &patterns, &mut Fuel::unlimited());
            let n = rewrites.applied.get(counter).copied().unwrap_or(0);
            applied += n;
            refused += u64::from(n == 0);
            assert!(ir::verify::verify(&after).is_ok(), "{text}");
            let now = interp::run_nn(&after, &[input]);
            assert_eq!(now, Ok(expected), "{}\n{text}", law.name);
        }
        assert!(applied > 20, "{} was applied {applied} times", law.name);
        assert!(refused > 0 || law.name.contains("reshape"), "{}", law.name);
    }
}
