//! Every code of the verifier has a module that provokes it, and only it.
#![allow(clippy::unwrap_used, reason = "tests")]

use ir::{
    Attr, AttrData, Builder, DialectRegistry, Loc, Module, OpId, OpState, QuantType, Type,
    TypeData, ValueId, dialects,
};
use std::collections::BTreeSet;
use std::sync::Arc;

fn module() -> Module {
    let mut b = DialectRegistry::builder();
    dialects::register_all(&mut b).unwrap();
    Module::new(Arc::new(b.freeze()))
}

/// A function `@f` of these arguments, and its body.
fn func(m: &mut Module, inputs: &[Type]) -> (OpId, ir::BlockId) {
    dialects::func::build_func(m, "f", inputs, &[], Loc::UNKNOWN)
}

fn end(m: &mut Module, block: ir::BlockId) {
    Builder::at_end(m, block).op("func.return", &[], &[]);
}

/// `@f` with arguments, whose body `build` fills.
fn body<R>(m: &mut Module, inputs: &[Type], build: impl FnOnce(&mut Builder<'_>, &[ValueId]) -> R) {
    let (_, block) = func(m, inputs);
    let args = m.block_args(block).to_vec();
    build(&mut Builder::at_end(m, block), &args);
    end(m, block);
}

fn act(m: &mut Module, shape: &[i64]) -> Type {
    let q = m.quant(QuantType::per_tensor(8, 0.5, 0));
    m.tensor(shape, q)
}

/// `nn.max_pool_2d` of a 4 × 4 input with some attributes replaced.
fn pool(m: &mut Module, out: &[i64], change: Option<(&str, Attr)>) {
    let (input, output) = (act(m, &[1, 4, 4, 2]), act(m, out));
    let (two, pads, none) = (
        m.i64s_attr(&[2, 2]),
        m.i64s_attr(&[0; 4]),
        m.str_attr("none"),
    );
    body(m, &[input], |b, args| {
        let state = OpState::new("nn.max_pool_2d")
            .operands(args)
            .results(&[output]);
        let op = b.insert(
            state
                .prop("kernel", two)
                .prop("strides", two)
                .prop("pads", pads)
                .prop("activation", none),
        );
        if let Some((name, value)) = change {
            b.m.set_prop(op, name, value);
        }
    });
}

type Case = (&'static str, fn(&mut Module));

const CASES: &[Case] = &[
    ("V001", |m| {
        body(m, &[], |b, _| b.op("acme.unknown", &[], &[]))
    }),
    ("V002", |m| {
        let i32 = m.i32();
        body(m, &[i32], |b, a| b.op("arith.minsi", a, &[i32]));
    }),
    ("V003", |m| {
        let (f32, i32) = (m.f32(), m.i32());
        body(m, &[f32], |b, a| b.op("arith.extsi", a, &[i32]));
    }),
    ("V004", |m| {
        let i32 = m.i32();
        body(m, &[i32, i32], |b, a| b.op("arith.minsi", a, &[]));
    }),
    ("V005", |m| {
        let (i8, f32) = (m.i8(), m.f32());
        body(m, &[i8], |b, a| b.op("arith.extsi", a, &[f32]));
    }),
    ("V006", |m| {
        let i32 = m.i32();
        body(m, &[i32, i32], |b, a| b.op("arith.addi", a, &[i32]));
    }),
    ("V007", |m| {
        let word = m.str_attr("two");
        pool(m, &[1, 2, 2, 2], Some(("kernel", word)));
    }),
    ("V008", |m| {
        let word = m.str_attr("two");
        pool(m, &[1, 2, 2, 2], Some(("color", word)));
    }),
    ("V008", |m| {
        let (f, block) = func(m, &[]);
        end(m, block);
        let name = m.str_attr("private");
        m.set_discardable(f, "sym_visibility", name);
    }),
    ("V009", |m| {
        let i1 = m.i1();
        body(m, &[i1], |b, a| {
            b.insert(OpState::new("scf.if").operands(a).regions(2))
        });
    }),
    ("V010", |m| {
        func(m, &[]);
    }),
    ("V011", |m| {
        let (_, block) = func(m, &[]);
        end(m, block);
        end(m, block);
    }),
    ("V012", |m| {
        let i32 = m.i32();
        body(m, &[i32], |b, a| {
            let x = b.minsi(a[0], a[0]);
            let y = b.minsi(a[0], a[0]);
            let first = b.m.defining_op(x).unwrap();
            b.m.set_operand(first, 0, y);
        });
    }),
    ("V013", |m| {
        let i32 = m.i32();
        let outside = m.int_attr(1, i32);
        let c = m.create(
            OpState::new("arith.constant")
                .prop("value", outside)
                .results(&[i32]),
        );
        let top = m.body();
        m.append(top, c);
        let v = m.result(c, 0);
        body(m, &[], |b, _| b.minsi(v, v));
    }),
    ("V014", |m| body(m, &[], |b, _| b.call("nobody", &[], &[]))),
    ("V015", |m| {
        body(m, &[], |_, _| ());
        body(m, &[], |_, _| ());
    }),
    ("V016", |m| {
        let i32 = m.i32();
        let (_, g) = dialects::func::build_func(m, "g", &[i32], &[], Loc::UNKNOWN);
        end(m, g);
        body(m, &[], |b, _| b.call("g", &[], &[]));
    }),
    ("V017", |m| {
        let (i8, i32) = (m.i8(), m.i32());
        body(m, &[i8, i32], |b, a| b.op("arith.minsi", a, &[i32]));
    }),
    ("V018", |m| {
        let i8 = m.i8();
        body(m, &[], |b, _| b.const_int(1000, i8));
    }),
    ("V019", |m| {
        let i8 = m.i8();
        let (t, ty) = (m.tensor(&[4], i8), m.memref(&[4], i8));
        global(m, "w", ty, |m| m.dense_attr(t, vec![1u8, 2, 3]));
    }),
    ("V020", |m| {
        let (f, block) = func(m, &[]);
        end(m, block);
        let (i32, none) = (m.i32(), m.f32());
        let ty = m.function(&[i32, none], &[]);
        let ty = m.type_attr(ty);
        m.set_prop(f, "function_type", ty);
    }),
    ("V020", |m| {
        let (i32, body) = (m.i32(), m.body());
        m.add_block_arg(body, i32);
    }),
    ("V021", |m| {
        let i32 = m.i32();
        let (_, block) = func(m, &[i32]);
        let args = m.block_args(block).to_vec();
        Builder::at_end(m, block).op("func.return", &args, &[]);
    }),
    ("V022", |m| {
        let q = m.quant(QuantType::per_tensor(8, 0.5, 300));
        let t = m.tensor(&[1], q);
        body(m, &[t], |_, _| ());
    }),
    ("V023", |m| pool(m, &[1, 3, 2, 2], None)),
    ("V024", |m| {
        let (a, f32) = (act(m, &[4]), m.f32());
        let t = m.tensor(&[4], f32);
        body(m, &[t], |b, args| b.op("nn.relu", args, &[a]));
    }),
    ("V025", |m| {
        let word = m.str_attr("gelu");
        pool(m, &[1, 2, 2, 2], Some(("activation", word)));
    }),
    ("V026", |m| {
        let i8 = m.i8();
        let ty = m.memref(&[4, 4], i8);
        body(m, &[ty], |b, a| {
            let zero = b.const_index(0);
            b.load(a[0], &[zero]);
        });
    }),
    ("V027", |m| {
        let i8 = m.i8();
        let (from, to) = (m.memref(&[16], i8), m.memref(&[8], i8));
        body(m, &[from], |b, a| {
            let nine = b.const_index(9);
            b.op("memref.view", &[a[0], nine], &[to]);
        });
    }),
    ("V028", |m| {
        let (i8, i32) = (m.i8(), m.i32());
        body(m, &[i32], |b, a| b.cast("arith.extsi", a[0], i8));
    }),
    ("V028", |m| {
        let (index, f32) = (m.index(), m.f32());
        body(m, &[index], |b, a| b.cast("arith.bitcast", a[0], f32));
    }),
    ("V029", |m| {
        let i8 = m.i8();
        let (t, ty) = (m.tensor(&[4], i8), m.memref(&[4], i8));
        body(m, &[t, ty], |b, a| b.op("memref.copy", &[a[1], a[1]], &[]));
        let f = dialects::func::functions(m)[0];
        let block = m.entry_block(f).unwrap();
        let first = m.ops(block).next().unwrap();
        let x = m.block_args(block)[0];
        Builder::before(m, first).op("nn.reshape", &[x], &[t]);
    }),
    ("V030", |m| {
        let i32 = m.i32();
        let (f, block) = func(m, &[i32]);
        end(m, block);
        let empty = m.attr(AttrData::Array(vec![]));
        m.set_prop(f, "arg_attrs", empty);
    }),
    ("V031", |m| {
        let (callee, header, void) = (
            m.str_attr("no name"),
            m.str_attr("acme.h"),
            m.str_attr("void"),
        );
        let empty = m.attr(AttrData::Array(vec![]));
        body(m, &[], |b, _| {
            let state = OpState::new("mcu.call_extern")
                .prop("callee", callee)
                .prop("header", header);
            let state = state.prop("roles", empty).prop("arguments", empty);
            let call = b.insert(state.prop("returns", void).regions(1));
            let region = b.m.regions(call)[0];
            let block = b.m.add_block(region, &[]);
            Builder::at_end(b.m, block).op("mcu.yield", &[], &[]);
        });
    }),
    ("V032", |m| {
        let (_, block) = func(m, &[]);
        end(m, block);
        let ret = m.last_op(block).unwrap();
        m.set_successors(ret, &[block]);
    }),
    // A state that is no result.
    ("V033", |m| {
        let f32 = m.f32();
        let t = m.tensor(&[4], f32);
        let (f, block) = func(m, &[t]);
        end(m, block);
        let unit = m.unit_attr();
        dialects::func::set_arg_attr(m, f, 0, "mcu.state", unit);
    }),
];

fn global(m: &mut Module, name: &str, ty: Type, value: impl FnOnce(&mut Module) -> Attr) {
    let value = value(m);
    let (name, ty) = (m.str_attr(name), m.type_attr(ty));
    let op = m.create(
        OpState::new("memref.global")
            .prop("sym_name", name)
            .prop("type", ty)
            .prop("initial_value", value),
    );
    let top = m.body();
    m.append(top, op);
}

#[test]
fn every_code_is_provoked_alone() {
    for (code, build) in CASES {
        let mut m = module();
        build(&mut m);
        let errors = ir::verify::verify(&m).map(|_| ()).unwrap_err();
        let codes: BTreeSet<&str> = errors.iter().map(|d| &*d.code).collect();
        assert_eq!(codes, BTreeSet::from([*code]), "{errors}");
    }
}

#[test]
fn every_code_has_a_case() {
    let mut tested: Vec<&str> = CASES.iter().map(|c| c.0).collect();
    tested.dedup();
    let listed: Vec<&str> = ir::verify::CODES.iter().map(|c| c.0).collect();
    assert_eq!(tested, listed);
}

#[test]
fn errors_accumulate_and_name_the_layer() {
    let mut m = module();
    let loc = m.layer_loc("conv2d_3", "net.tflite", 12, 0);
    body(&mut m, &[], |b, _| {
        b.set_loc(loc);
        b.op("acme.one", &[], &[]);
        b.op("acme.two", &[], &[]);
    });
    let errors = ir::verify::verify(&m).map(|_| ()).unwrap_err();
    assert_eq!(errors.len(), 2);
    assert!(
        errors
            .iter()
            .all(|d| d.location.as_deref() == Some("layer \"conv2d_3\" (net.tflite, operator 12)"))
    );
}

#[test]
fn dynamic_dimensions_are_for_memrefs_only() {
    let mut m = module();
    let i8 = m.i8();
    let open = m.memref(&[TypeData::DYNAMIC], i8);
    body(&mut m, &[open], |_, _| ());
    assert!(ir::verify::verify(&m).is_ok());
    let mut m = module();
    let i8 = m.i8();
    let open = m.tensor(&[TypeData::DYNAMIC], i8);
    body(&mut m, &[open], |_, _| ());
    assert!(ir::verify::verify(&m).is_err());
}

/// Makes an attribute.
type Make<'a> = &'a dyn Fn(&mut Module) -> Attr;

/// The codes of an op on a 2 × 3 tensor of int8.
fn moved(name: &str, out: &[i64], props: &[(&str, Make<'_>)]) -> Vec<String> {
    let mut m = module();
    let (input, output) = (act(&mut m, &[2, 3]), act(&mut m, out));
    let props: Vec<(&str, Attr)> = props.iter().map(|(n, make)| (*n, make(&mut m))).collect();
    body(&mut m, &[input], |b, args| {
        let state = OpState::new(name).operands(args).results(&[output]);
        b.insert(props.iter().fold(state, |s, (n, a)| s.prop(*n, *a)))
    });
    match ir::verify::verify(&m) {
        Ok(_) => vec![],
        Err(errors) => errors.iter().map(|e| e.code.to_string()).collect(),
    }
}

#[test]
fn transposes_and_pads_are_checked() {
    fn ints(list: &'static [i64]) -> impl Fn(&mut Module) -> Attr {
        move |m| m.i64s_attr(list)
    }
    let order = |out: &[i64], list| moved("nn.transpose", out, &[("permutation", &ints(list))]);
    assert_eq!(order(&[3, 2], &[1, 0]), [""; 0]);
    assert_eq!(order(&[2, 3], &[1, 0]), ["V023"]);
    for list in [&[0, 0][..], &[0], &[0, 2], &[-1, 0]] {
        assert_eq!(order(&[2, 3], list), ["V025"], "{list:?}");
    }
    let pad = |out: &[i64], list| moved("nn.pad", out, &[("padding", &ints(list))]);
    assert_eq!(pad(&[3, 7], &[0, 1, 2, 2]), [""; 0]);
    assert_eq!(pad(&[3, 6], &[0, 1, 2, 2]), ["V023"]);
    for list in [
        &[0, 1][..],
        &[0, 1, 2, -1],
        &[0, 1, 2, 2, 0],
        &[0, 1, 2, 1 << 21],
    ] {
        assert_eq!(pad(&[3, 7], list), ["V025"], "{list:?}");
    }
    let none = ints(&[0; 4]);
    let value = |value: Make<'_>| moved("nn.pad", &[2, 3], &[("padding", &none), ("value", value)]);
    assert_eq!(value(&|m| m.i64_attr(-128)), [""; 0]);
    assert_eq!(value(&|m| m.i64_attr(128)), ["V025"]);
    assert_eq!(value(&|m| m.f32_attr(1.0)), ["V025"]);
}

#[test]
fn gathers_are_checked() {
    let gather = |out: &[i64], axes: &[i64], lists: &[&[i64]]| {
        let axes = |m: &mut Module| m.i64s_attr(axes);
        let lists = |m: &mut Module| {
            let lists = lists.iter().map(|l| m.i64s_attr(l)).collect();
            m.attr(ir::AttrData::Array(lists))
        };
        moved("nn.gather", out, &[("axes", &axes), ("indices", &lists)])
    };
    assert_eq!(gather(&[2, 4], &[1], &[&[2, 0, 0, 1]]), [""; 0]);
    assert_eq!(gather(&[1, 1], &[0, 1], &[&[1], &[2]]), [""; 0]);
    assert_eq!(gather(&[2, 3], &[], &[]), [""; 0]);
    assert_eq!(gather(&[2, 3], &[1], &[&[0, 0]]), ["V023"]);
    let malformed: [(&[i64], &[&[i64]]); 8] = [
        (&[2], &[&[0]]),
        (&[-1], &[&[0]]),
        (&[1, 0], &[&[0], &[0]]),
        (&[1, 1], &[&[0], &[0]]),
        (&[0, 1], &[&[0]]),
        (&[1], &[&[]]),
        (&[1], &[&[3]]),
        (&[1], &[&[-1]]),
    ];
    for (axes, lists) in malformed {
        assert_eq!(gather(&[2, 1], axes, lists), ["V025"], "{axes:?} {lists:?}");
    }
    // A list that is no list of lists.
    let none = |m: &mut Module| m.i64s_attr(&[]);
    let codes = moved("nn.gather", &[2, 3], &[("axes", &none), ("indices", &none)]);
    assert!(!codes.is_empty());
}

/// The codes of an instruction of Helium on these operands, arguments of `@f`.
fn helium(name: &str, operands: &[&str], result: &str, shift: Option<i64>) -> Vec<String> {
    let mut m = module();
    let ty = |m: &mut Module, text: &str| -> Type {
        let width = text.trim_matches(|c: char| !c.is_ascii_digit());
        let width: u32 = width.parse().unwrap_or(0);
        match text.chars().next() {
            Some('v') => dialects::arm_mve::vector_type(m, width),
            Some('m') => {
                let elem = m.int(width);
                m.memref(&[64], elem)
            }
            Some('i') if width > 0 => m.int(width),
            _ => m.index(),
        }
    };
    let types: Vec<Type> = operands.iter().map(|t| ty(&mut m, t)).collect();
    let results: Vec<Type> = match result {
        "" => Vec::new(),
        text => vec![ty(&mut m, text)],
    };
    body(&mut m, &types, |b, args| {
        let mut state = OpState::new(format!("arm.mve.{name}"));
        if let Some(by) = shift {
            state = state.prop("shift", b.m.i64_attr(by));
        }
        b.insert(state.operands(args).results(&results));
    });
    match ir::verify::verify(&m) {
        Ok(_) => Vec::new(),
        Err(d) => d.into_iter().map(|d| d.code.to_string()).collect(),
    }
}

#[test]
fn instructions_of_helium_on_their_types() {
    let none: Vec<&str> = Vec::new();
    assert_eq!(helium("vadd", &["v8", "v8"], "v8", None), none);
    assert_eq!(helium("vadd", &["v8", "i32"], "v8", None), none);
    assert_eq!(helium("vadd", &["v8", "v16"], "v8", None), ["V017"]);
    assert_eq!(helium("vadd", &["v8", "i8"], "v8", None), ["V017"]);
    assert_eq!(helium("vmax", &["v8", "i32"], "v8", None), ["V003"]);
    assert_eq!(helium("vdup", &["i32"], "v16", None), none);
    assert_eq!(helium("vdup", &["i16"], "v16", None), ["V017"]);
    assert_eq!(helium("vmladava", &["i32", "v8", "v8"], "i32", None), none);
    assert_eq!(
        helium("vmladava", &["i32", "v8", "v8"], "i64", None),
        ["V017"]
    );
    assert_eq!(helium("vmovlb", &["v8"], "v16", None), none);
    assert_eq!(helium("vmovlb", &["v16"], "v16", None), ["V017"]);
    assert_eq!(helium("vmovnb", &["v16", "v32"], "v16", None), none);
    assert_eq!(helium("vmovnb", &["v32", "v32"], "v16", None), ["V024"]);
    assert_eq!(helium("vmullb", &["v16", "v16"], "v32", None), none);
    assert_eq!(helium("vmullb", &["v32", "v32"], "v32", None), ["V024"]);
    assert_eq!(helium("vpsel", &["v8", "v8", "i16"], "v8", None), none);
    assert_eq!(helium("vpsel", &["v8", "v8", "i32"], "v8", None), ["V017"]);
    assert_eq!(helium("vctp8", &["i32"], "i16", None), none);
    for (by, width, fits) in [
        (7, "v8", true),
        (8, "v8", false),
        (-1, "v8", false),
        (31, "v32", true),
    ] {
        let want = if fits { none.clone() } else { vec!["V025"] };
        assert_eq!(helium("vshl_n", &[width], width, Some(by)), want);
    }
    for (by, fits) in [(0, false), (1, true), (16, true), (17, false)] {
        let want = if fits { none.clone() } else { vec!["V025"] };
        assert_eq!(helium("vrshr_n", &["v16"], "v16", Some(by)), want);
    }
    assert_eq!(helium("vshr_n", &["v16"], "v16", None), ["V006"]);
}

#[test]
fn loads_and_stores_of_helium_on_their_buffers() {
    let none: Vec<&str> = Vec::new();
    assert_eq!(helium("vldrb", &["m8", "x"], "v32", None), none);
    assert_eq!(helium("vldrb", &["m16", "x"], "v16", None), ["V024"]);
    assert_eq!(helium("vldrh", &["m16", "x"], "v8", None), ["V024"]);
    assert_eq!(helium("vldrb", &["m8"], "v8", None), ["V026"]);
    assert_eq!(helium("vldrb_z", &["i16", "m8", "x"], "v8", None), none);
    assert_eq!(helium("vldrb_z", &["i32", "m8", "x"], "v8", None), ["V017"]);
    assert_eq!(
        helium("vldrb_gather", &["v16", "m8", "x"], "v16", None),
        none
    );
    assert_eq!(
        helium("vldrb_gather", &["v8", "m8", "x"], "v16", None),
        ["V017"]
    );
    assert_eq!(helium("vstrh", &["v32", "m16", "x"], "", None), none);
    assert_eq!(helium("vstrw", &["v16", "m32", "x"], "", None), ["V024"]);
    assert_eq!(helium("vstrb_p", &["i16", "v8", "m8", "x"], "", None), none);
    assert_eq!(
        helium("vstrb_p", &["i16", "v8", "m8", "x", "x"], "", None),
        ["V026"]
    );
}

/// What a load or store touches: as many elements as the vector has lanes, or as a predicate with a constant count leaves active.
#[test]
fn accesses_of_buffers() {
    let mut m = module();
    let (bytes, index) = (m.int(8), m.index());
    let (memref, vector) = (
        m.memref(&[64], bytes),
        dialects::arm_mve::vector_type(&mut m, 16),
    );
    let (_, block) = func(&mut m, &[memref, index, vector]);
    let args = m.block_args(block).to_vec();
    let mut b = Builder::at_end(&mut m, block);
    let loaded = b.vldr(args[0], &[args[1]], 16);
    b.vldr_gather(loaded, args[0], &[args[1]]);
    b.vstr(args[2], args[0], &[args[1]]);
    for (predicate, count) in [("vctp16", 3), ("vctp8", 5), ("vctp8", 99)] {
        let count = b.const_i32(count);
        let predicate = b.mve(predicate, &[count]);
        b.vldr_z(predicate, args[0], &[args[1]], 16);
    }
    let byte = b.load(args[0], &[args[1]]);
    b.store(byte, args[0], &[args[1]]);
    end(&mut m, block);
    let accesses: Vec<(usize, Option<u64>, bool)> = m
        .ops(block)
        .filter_map(|op| m.access(op))
        .map(|a| (a.buffer, a.bytes, a.writes))
        .collect();
    let expected = [
        (0, Some(8), false),
        (1, None, false),
        (1, Some(8), true),
        (1, Some(3), false),
        (1, Some(3), false),
        (1, Some(8), false),
        (0, Some(1), false),
        (1, Some(1), true),
    ];
    assert_eq!(accesses, expected);
}
