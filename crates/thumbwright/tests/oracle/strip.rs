//! A placed module as MLIR's own passes want it.

use ir::{AttrData, Module, OpId, OpState, WalkOrder};

/// The C function that computes `math.exp`.
pub const EXP: &str = "our_expf";

/// Takes `mcu.*` out, puts `prefix` before every symbol, makes the arena visible, and calls [`EXP`] for `math.exp`.
pub fn strip(m: &mut Module, prefix: &str) {
    let mut calls_exp = false;
    for op in m.walk(m.root(), WalkOrder::Post) {
        match m.op_name(op).to_owned().as_str() {
            name if name.starts_with("mcu.") => {
                m.erase(op);
                continue;
            }
            "math.exp" => {
                exp(m, op);
                calls_exp = true;
                continue;
            }
            "memref.global" if m.symbol_name(op) == Some("arena") => {
                m.remove_prop(op, "sym_visibility")
            }
            "func.func" => arguments(m, op),
            _ => {}
        }
        let own: Vec<String> = m
            .discardables(op)
            .iter()
            .map(|(k, _)| m.text(*k).to_owned())
            .collect();
        for key in own.iter().filter(|k| k.starts_with("mcu.")) {
            m.remove_discardable(op, key);
        }
        rename(m, op, prefix);
    }
    if calls_exp {
        declare_exp(m);
    }
}

fn rename(m: &mut Module, op: OpId, prefix: &str) {
    if let Some(name) = m.symbol_name(op) {
        let name = m.str_attr(&format!("{prefix}{name}"));
        m.set_prop(op, "sym_name", name);
    }
    let props: Vec<_> = m.props(op).to_vec();
    for (key, value) in props {
        if let Some(name) = m.attr_symbol(value) {
            let (key, name) = (
                m.text(key).to_owned(),
                m.symbol_attr(&format!("{prefix}{name}")),
            );
            m.set_prop(op, &key, name);
        }
    }
}

/// Attributes of a function's arguments: those of LLVM stay.
fn arguments(m: &mut Module, f: OpId) {
    let Some(AttrData::Array(dicts)) = m.prop(f, "arg_attrs").map(|a| m.attr_data(a).clone())
    else {
        return;
    };
    let kept = dicts.into_iter().map(|d| {
        let AttrData::Dict(mut entries) = m.attr_data(d).clone() else {
            panic!("a dictionary");
        };
        entries.retain(|(k, _)| !m.text(*k).starts_with("mcu."));
        m.attr(AttrData::Dict(entries))
    });
    let kept = kept.collect();
    let all = m.attr(AttrData::Array(kept));
    m.set_prop(f, "arg_attrs", all);
}

fn exp(m: &mut Module, op: OpId) {
    let (x, ty) = (m.operand(op, 0), m.value_type(m.result(op, 0)));
    let callee = m.symbol_attr(EXP);
    let call = OpState::new("func.call")
        .operands(&[x])
        .results(&[ty])
        .prop("callee", callee);
    let call = m.create(call);
    m.insert_before(op, call);
    let result = m.result(call, 0);
    m.replace_op(op, &[result]);
}

fn declare_exp(m: &mut Module) {
    let f32 = m.f32();
    let ty = m.function(&[f32], &[f32]);
    let (name, ty, private) = (m.str_attr(EXP), m.type_attr(ty), m.str_attr("private"));
    let state = OpState::new("func.func")
        .prop("sym_name", name)
        .prop("function_type", ty)
        .prop("sym_visibility", private)
        .regions(1);
    let f = m.create(state);
    let body = m.body();
    m.append(body, f);
}
