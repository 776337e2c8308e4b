//! What has no C form is an error that names the op, the kernel and the layer; nothing panics.
#![allow(clippy::unwrap_used, reason = "tests")]

mod harness;
use codegen_c::Options;
use harness::*;
use ir::{DialectRegistry, Module, dialects};
use std::sync::Arc;

ir::define_op! {
    /// `acme.magic`: an op of a third party.
    pub struct MagicOp = "acme.magic" {
        traits: { pure },
        operands: { input: one Any },
        results: { output: one Any },
    }
}

fn errors(m: &Module, name: &str) -> Vec<ir::Diagnostic> {
    let verified = ir::verify::verify(m).unwrap_or_else(|d| panic!("{d}"));
    let options = Options {
        name: name.to_owned(),
        ..Options::default()
    };
    match codegen_c::emit(verified, &host(), &options) {
        Ok(_) => Vec::new(),
        Err(d) => d.into_iter().collect(),
    }
}

fn one(m: &Module, code: &str, parts: &[&str]) {
    let all = errors(m, "net");
    assert_eq!(all.len(), 1, "{all:?}");
    assert_eq!(all[0].code, code, "{}", all[0]);
    assert!(codegen_c::CODES.iter().any(|c| c.0 == code));
    let text = all[0].to_string();
    for p in parts {
        assert!(text.contains(p), "{p:?} is not in: {text}");
    }
}

fn empty_main(m: &mut Module) {
    main(m, Io::Arena, &[], &[], 16, |_, _, _, _| {});
}

#[test]
fn names() {
    let mut m = module();
    empty_main(&mut m);
    assert!(errors(&m, "net").is_empty());
    for bad in ["", "a-b", "1x", "int", "größe", "_x", "class"] {
        let e = errors(&m, bad);
        assert_eq!(e[0].code, "C001");
        assert!(codegen_c::c_identifier(bad).starts_with(|c: char| c.is_ascii_alphabetic()));
        assert!(errors(&m, &codegen_c::c_identifier(bad)).is_empty());
    }
}

#[test]
fn no_main() {
    one(&module(), "C002", &["@main"]);
}

#[test]
fn unknown_ops() {
    let mut r = DialectRegistry::builder();
    dialects::register_all(&mut r).unwrap();
    r.op(MagicOp::info()).unwrap();
    let mut m = Module::new(Arc::new(r.freeze()));
    let i32 = m.i32();
    let ty = m.memref(&[1], i32);
    kernel(&mut m, "odd_kernel", &[ty], |b, a| {
        let z = b.const_index(0);
        let x = b.load(a[0], &[z]);
        let y = b.cast("acme.magic", x, i32);
        b.store(y, a[0], &[z]);
    });
    main(&mut m, Io::Arena, &[], &[ty], 0, |b, _, o, _| {
        b.call("odd_kernel", &[o[0]], &[]);
    });
    one(
        &m,
        "C003",
        &[
            "acme.magic",
            "@odd_kernel",
            "layer of odd_kernel",
            "net.tflite",
        ],
    );
}

#[test]
fn types() {
    let mut m = module();
    let (i8, i32) = (m.i8(), m.i32());
    let ty = m.memref(&[64], i8);
    kernel(&mut m, "wide_vector", &[ty], |b, a| {
        let z = b.const_index(0);
        let v = b.vload(a[0], &[z], 16, None);
        let t = b.m.vector(&[4], i32);
        let w = b.cast("vector.bitcast", v, t);
        let x = b.extract(w, 1);
        let x = b.trunci(x, i8);
        b.store(x, a[0], &[z]);
    });
    let i24 = m.int(24);
    kernel(&mut m, "odd_width", &[ty], |b, a| {
        let z = b.const_index(0);
        let x = b.load(a[0], &[z]);
        let x = b.extsi(x, i24);
        let x = b.trunci(x, i8);
        b.store(x, a[0], &[z]);
    });
    // What nobody calls is not emitted, and no error.
    main(&mut m, Io::Arena, &[], &[ty], 0, |_, _, _, _| {});
    assert!(errors(&m, "net").is_empty());
    let f = m.lookup_symbol("main").unwrap();
    m.erase(f);
    let arena = m.lookup_symbol("arena").unwrap();
    m.erase(arena);
    main(&mut m, Io::Arena, &[], &[ty], 0, |b, _, o, _| {
        b.call("wide_vector", &[o[0]], &[]);
        b.call("odd_width", &[o[0]], &[]);
    });
    let all = errors(&m, "net");
    assert_eq!(
        all.iter().map(|e| &*e.code).collect::<Vec<_>>(),
        ["C004", "C004"],
        "{all:?}"
    );
    assert!(all[0].to_string().contains("@wide_vector") && all[1].to_string().contains("i24"));
}

#[test]
fn unplaced_buffers() {
    let mut m = module();
    let i8 = m.i8();
    let ty = m.memref(&[8], i8);
    main(&mut m, Io::Arena, &[ty], &[ty], 0, |b, i, o, _| {
        let t = b.alloc(ty, "activation");
        b.op("memref.copy", &[i[0], t], &[]);
        b.op("memref.copy", &[t, o[0]], &[]);
    });
    one(&m, "C005", &["memref.alloc", "plan-memory"]);
}

#[test]
fn globals() {
    let mut m = module();
    let i32 = m.i32();
    let ty = m.memref(&[2], i32);
    constant(&mut m, "state", ty, le(&[1, 2], 32));
    let g = m.lookup_symbol("state").unwrap();
    m.remove_prop(g, "constant");
    empty_main(&mut m);
    one(&m, "C006", &["@state"]);
}

#[test]
fn written_constants() {
    let mut m = module();
    let i32 = m.i32();
    let ty = m.memref(&[2], i32);
    constant(&mut m, "op0_table", ty, le(&[1, 2], 32));
    kernel(&mut m, "writes_it", &[ty], |b, a| {
        let (z, v) = (b.const_index(0), b.const_i32(1));
        b.store(v, a[0], &[z]);
    });
    main(&mut m, Io::Arena, &[], &[ty], 0, |b, _, _, _| {
        let t = b.get_global("op0_table", ty);
        b.call("writes_it", &[t], &[]);
    });
    one(&m, "C007", &["op0_table", "func.call"]);
    // An input of the caller.
    let mut m = module();
    let i32 = m.i32();
    let ty = m.memref(&[2], i32);
    main(&mut m, Io::Caller, &[ty], &[ty], 0, |b, i, _, _| {
        let (z, v) = (b.const_index(0), b.const_i32(1));
        b.store(v, i[0], &[z]);
    });
    one(&m, "C007", &["x0"]);
}

#[test]
fn circles() {
    let mut m = module();
    let i32 = m.i32();
    let ty = m.memref(&[2], i32);
    for (name, other) in [("ping_it", "pong_it"), ("pong_it", "ping_it")] {
        kernel(&mut m, name, &[ty], |b, a| {
            b.call(other, &[a[0]], &[]);
        });
    }
    empty_main(&mut m);
    one(&m, "C008", &["calls itself"]);
}

#[test]
fn tensors_that_are_only_partly_placed() {
    let mut m = module();
    let i32 = m.i32();
    let ty = m.memref(&[2], i32);
    main(&mut m, Io::Caller, &[ty], &[ty], 64, |_, _, _, _| {});
    let f = m.lookup_symbol("main").unwrap();
    let at = m.i64_attr(8);
    dialects::func::set_arg_attr(&mut m, f, 0, "mcu.offset", at);
    one(&m, "C005", &["mcu.offset"]);
    let far = m.i64_attr(60);
    dialects::func::set_arg_attr(&mut m, f, 0, "mcu.offset", far);
    dialects::func::set_arg_attr(&mut m, f, 1, "mcu.offset", at);
    one(&m, "C005", &["does not fit", "x0"]);
}

#[test]
fn instructions_of_helium_are_for_cores_that_have_it() {
    let words: (&[i64], u32) = (&[4], 32);
    let m = single(&[words], &[words], |b, from, to| {
        let zero = b.const_index(0);
        let x = b.vldr(from[0], &[zero], 32);
        b.vstr(x, to[0], &[zero]);
    });
    one(&m, "C010", &["arm.mve.vldrw", "host", "Helium"]);
}
