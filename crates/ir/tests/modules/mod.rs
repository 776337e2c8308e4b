//! Modules that several tests of the text use.

#![allow(dead_code, reason = "each test uses its part")]

use ir::{Builder, DialectRegistry, LocData, Module, OpState, QuantType, dialects};
use std::sync::Arc;

/// All dialects.
pub fn registry() -> Arc<DialectRegistry> {
    let mut b = DialectRegistry::builder();
    dialects::register_all(&mut b).unwrap();
    Arc::new(b.freeze())
}

/// A quantised network with fused locations and a resource.
pub fn network() -> Module {
    let mut m = Module::new(registry());
    let q = m.quant(QuantType::per_tensor(8, f64::from(0.003_921_569_f32), -128));
    let wq = m.quant(QuantType::per_axis(8, 0, vec![1e-9, 0.5], vec![0, 3]));
    let (t, wt, i8) = (
        m.tensor(&[1, 8, 8, 1], q),
        m.tensor(&[2, 3, 3, 1], wq),
        m.i8(),
    );
    let out = m.tensor(&[1, 8, 8, 2], q);
    let ws = m.tensor(&[2, 3, 3, 1], i8);
    let loc = m.layer_loc("conv2d;a/\"b\"", "m.tflite", 3, 0);
    let (_, entry) = dialects::func::build_func(&mut m, "main", &[t], &[out], loc);
    let w = m.resource_attr("conv/w", ws, 16, vec![1u8; 18]);
    let pads = m.i64s_attr(&[1, 1, 1, 1]);
    let ones = m.i64s_attr(&[1, 1]);
    let act = m.str_attr("relu");
    let x = m.block_args(entry)[0];
    let fused = {
        let tag = m.str_attr("group");
        let other = m.layer_loc("relu_1", "m.tflite", 4, 0);
        m.loc(LocData::Fused {
            tag: Some(tag),
            parts: vec![loc, other],
        })
    };
    let mut b = Builder::at_end(&mut m, entry);
    b.set_loc(loc);
    let c = b.insert(OpState::new("nn.constant").prop("value", w).results(&[wt]));
    let c = b.m.result(c, 0);
    b.set_loc(fused);
    let state = OpState::new("nn.conv_2d")
        .operands(&[x, c])
        .results(&[out])
        .prop("strides", ones);
    let y = b.insert(
        state
            .prop("dilations", ones)
            .prop("pads", pads)
            .prop("activation", act),
    );
    let y = b.m.result(y, 0);
    b.op("func.return", &[y], &[]);
    m
}

/// Loops and conditionals on buffers, and a global.
pub fn loops() -> Module {
    let mut m = Module::new(registry());
    let i8 = m.i8();
    let buf = m.memref(&[4, 8], i8);
    let loc = m.layer_loc("k", "m.tflite", 1, 0);
    let (_, entry) = dialects::func::build_func(&mut m, "kernel", &[buf, buf], &[], loc);
    let args = m.block_args(entry).to_vec();
    let unit = m.unit_attr();
    let func = dialects::func::functions(&m)[0];
    dialects::func::set_arg_attr(&mut m, func, 1, "llvm.noalias", unit);
    let i32 = m.i32();
    let mut b = Builder::at_end(&mut m, entry);
    b.set_loc(loc);
    let zero = b.const_i32(0);
    b.for_range(0, 4, 1, &[], |b, i, _| {
        let sum = b.for_range(0, 8, 2, &[zero, zero], |b, j, acc| {
            let x = b.load(args[0], &[i, j]);
            let x = b.extsi(x, i32);
            let s = b.addi_nsw(acc[0], x);
            let p = b.muli(acc[1], x);
            vec![s, p]
        });
        let c = b.cmpi("slt", sum[0], sum[1]);
        let r = b.if_else(c, &[i32], |_| vec![sum[0]], |b| vec![b.const_i32(-7)]);
        b.if_then(c, |b| {
            let v = b.vload(args[0], &[i, i], 4, Some(4));
            let t = b.m.vector(&[1], i32);
            let w = b.cast("vector.bitcast", v, t);
            b.extract(w, 0);
        });
        let t = b.trunci(r[0], i8);
        let z = b.const_index(0);
        b.store(t, args[1], &[i, z]);
        vec![]
    });
    b.op("func.return", &[], &[]);
    let ty = m.i32();
    let ty = m.memref(&[3], ty);
    let tt = m.i32();
    let tt = m.tensor(&[3], tt);
    let (name, vis, tya) = (m.str_attr("w0"), m.str_attr("private"), m.type_attr(ty));
    let bytes: Vec<u8> = [1i32, -2, 3].iter().flat_map(|v| v.to_le_bytes()).collect();
    let value = m.dense_attr(tt, bytes);
    let align = m.i64_attr(4);
    let state = OpState::new("memref.global")
        .prop("sym_name", name)
        .prop("sym_visibility", vis)
        .prop("type", tya);
    let state = state
        .prop("initial_value", value)
        .prop("constant", unit)
        .prop("alignment", align);
    let section = m.str_attr(".rodata");
    let g = m.create(state.attr("mcu.section", section));
    let body = m.body();
    m.append(body, g);
    m
}
