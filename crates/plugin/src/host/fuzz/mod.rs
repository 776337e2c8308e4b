//! A plug-in that does what bytes say: any function of the host, with handles, indices and lengths that are valid, stale, foreign or
//! made up. Only pointers are always valid, as the interface wants them.

mod draw;

use super::callbacks::{
    Callback, Origin, PluginEffects, PluginFold, PluginInfer, PluginInterpret, PluginPass,
    PluginPattern, PluginSchedule, verifier,
};
use super::registration::{UserPointer, register};
use super::table::HOST;
use crate::abi::{self, *};
use draw::{Draw, Source};
use ir::interfaces::{self, Fold, InferTypes, Interpret};
use ir::rewrite::Pattern;
use ir::{Diagnostic, Module, OpId, WalkOrder};
use pass::{KernelBuilder, Pass, PassCx, Registry, Schedule};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Arc;
use target::Targets;

/// Callbacks in one run.
const MAX_CALLBACKS: usize = 6;
/// Calls of host functions in one callback.
const MAX_CALLS: usize = 200;
/// Callbacks inside of each other.
const MAX_NESTED: usize = 3;

/// Calls host functions as `data` says; yields the names of those that succeeded.
///
/// # Panics
/// If the host does: if a function panics, or leaves a module that cannot be printed, verified, or read back.
pub fn plugin_handles(data: &[u8]) -> BTreeSet<&'static str> {
    let source = RefCell::new(Source::new(data));
    let user: *mut c_void = std::ptr::from_ref(&source).cast_mut().cast();
    let parts = Parts {
        origin: Arc::new(Origin {
            plugin: "fuzz".to_owned(),
            library: None,
        }),
        user,
    };
    let registry = parts.registry();
    let mut m = match ir::text::parse(
        MODULE,
        "fuzz.mlir",
        registry.dialects().clone(),
        &Default::default(),
    ) {
        Ok(m) => m,
        Err(e) => panic!("the module of this test: {e}"),
    };
    for _ in 0..MAX_CALLBACKS {
        if source.borrow().is_empty() {
            break;
        }
        let (role, which) = {
            let mut s = source.borrow_mut();
            (s.byte() % 8, s.byte())
        };
        let done = catch_unwind(AssertUnwindSafe(|| {
            parts.call_back(role, which, &registry, &mut m);
        }));
        if let Err(payload) = done
            && !payload.is::<Diagnostic>()
        {
            resume_unwind(payload);
        }
        check(&mut m, &registry);
    }
    let panicked = source.borrow().panicked;
    assert!(panicked.is_none(), "{panicked:?} panicked");
    std::mem::take(&mut source.borrow_mut().succeeded)
}

/// Whatever was done to a module, it can be printed and verified, and if it verifies, it can be read back.
fn check(m: &mut Module, registry: &Registry) {
    let text = ir::text::print_module(m);
    if ir::verify::verify(m).is_ok() {
        let again = ir::text::parse(
            &text,
            "again.mlir",
            registry.dialects().clone(),
            &Default::default(),
        );
        match again {
            Ok(again) => assert_eq!(ir::text::print_module(&again), text),
            Err(e) => panic!("{e}\n{text}"),
        }
    }
    for op in m.walk(m.root(), WalkOrder::Post) {
        for v in m.operands(op) {
            assert!(m.contains_value(v), "an operand is gone");
        }
    }
}

struct Parts {
    origin: Arc<Origin>,
    user: *mut c_void,
}

impl Parts {
    fn callback<F: Copy>(&self, function: F) -> Callback<F> {
        Callback::new(&self.origin, "callback", "fuzz", function, self.user)
    }

    /// With an op of the plug-in's own, whose verifier and effects call back.
    fn registry(&self) -> Registry {
        let mut r = Registry::builder(Targets::builtin());
        let mut own = ir::OpInfo {
            name: "fuzz.op".into(),
            docs: "".into(),
            operands: Vec::new(),
            results: Vec::new(),
            attrs: Vec::new(),
            regions: 0,
            traits: ir::Traits::default(),
            verify: None,
        };
        own.verify = Some(verifier(self.callback(on_op)));
        let done = ir::dialects::register_all(&mut r.dialects).and_then(|()| {
            r.dialects.op(own)?;
            r.dialects
                .effects("fuzz.op", PluginEffects(self.callback(effects)))?;
            Ok(())
        });
        if let Err(e) = done {
            panic!("the registry of this test: {e}");
        }
        r.freeze()
    }

    /// One callback of a role, on one of the module's ops.
    fn call_back(&self, role: u8, which: u8, registry: &Registry, m: &mut Module) {
        let ops = m.walk(m.root(), WalkOrder::Pre);
        let op = ops[which as usize % ops.len()];
        let Ok(target) = registry.targets().get("cortex-m4") else {
            return;
        };
        match role {
            0 => {
                let mut cx = PassCx::new(registry, target);
                let pass = PluginPass {
                    callback: self.callback(on_op),
                    options: vec![("level".to_owned(), "3".to_owned())],
                };
                let _ = pass.run(m, if which < 64 { m.root() } else { op }, &mut cx);
            }
            1 => {
                let pattern = PluginPattern {
                    name: "fuzz".to_owned(),
                    root: None,
                    equation: String::new(),
                    benefit: 1,
                    callback: self.callback(on_op),
                };
                let _ = pattern.apply(m, op);
            }
            2 => {
                // Mostly an op with a result that is a number.
                let op = ops
                    .into_iter()
                    .rfind(|&o| which < 128 && m.results(o).len() == 1)
                    .unwrap_or(op);
                let operands = m.operands(op);
                let args: Vec<_> = operands.map(|_| interfaces::Datum::Int(7)).collect();
                let _ = PluginInterpret(self.callback(interpret)).interpret(m.op(op), &args);
            }
            3 => {
                let _ = PluginFold(self.callback(on_op)).fold(m, op);
            }
            4 => {
                let operands: Vec<ir::Type> = m.operands(op).map(|v| m.value_type(v)).collect();
                let one = m.i64_attr(1);
                let _ = PluginInfer(self.callback(infer)).infer(m, &operands, &[("value", one)]);
            }
            5 => {
                let mut r = Registry::builder(Targets::builtin());
                let _ = register(
                    &mut r,
                    self.origin.clone(),
                    register_all,
                    UserPointer(self.user),
                );
            }
            _ => self.schedule(role, op, m, target),
        }
    }

    fn schedule(&self, role: u8, op: OpId, m: &mut Module, target: &target::Target) {
        // Mostly an op that there could be a schedule of.
        let ops = m.walk(m.root(), WalkOrder::Pre);
        let tensor_op = ops.into_iter().find(|&o| m.op_name(o) == "nn.add");
        let op = tensor_op.unwrap_or(op);
        let schedule = PluginSchedule {
            name: "fuzz".to_owned(),
            op: "nn.add".to_owned(),
            knobs: vec!["level".into()],
            applies: self.callback(on_op),
            space: Some(self.callback(on_op)),
            cost: self.callback(cost),
            lower: self.callback(on_op),
        };
        let knobs = pass::Knobs::new(&[("level", 3)]);
        if role == 6 {
            let mut k = KernelBuilder::new(m, op);
            match schedule.lower(op, &knobs, target, &mut k) {
                Ok(()) => {
                    k.finish();
                }
                Err(_) => k.abandon(),
            }
        } else {
            let _ = schedule.applies(m.op(op), target);
            let _ = schedule.space(m.op(op), target);
            let _ = schedule.cost(m.op(op), &knobs, target);
        }
    }
}

/// Calls host functions until the bytes say that it is enough.
fn calls(user: *mut c_void, cx: Context, given: &[u64]) -> Status {
    // SAFETY: every callback of this file is registered with the source of `plugin_handles`, which outlives the registry and all calls.
    let source = unsafe { &*user.cast::<RefCell<Source>>() };
    {
        let mut s = source.borrow_mut();
        if s.depth >= MAX_NESTED {
            return Status::OK;
        }
        s.depth += 1;
        s.handles.extend(given);
        s.contexts.push(cx);
        s.handles.extend(explore(cx));
    }
    for _ in 0..MAX_CALLS {
        let (end, cx) = {
            let mut s = source.borrow_mut();
            (s.is_empty() || s.byte() == 255, s.context(cx))
        };
        if end {
            break;
        }
        one_call(source, cx);
    }
    let mut s = source.borrow_mut();
    s.depth -= 1;
    s.status()
}

/// Handles of what is there to begin with, as any plug-in asks for them.
fn explore(cx: Context) -> Vec<u64> {
    let mut found = Vec::new();
    let (mut root, mut list, mut attrs) = (Op(0), Handles::default(), NamedAttrs::default());
    let (mut block, mut ty) = (Block(0), abi::Type(0));
    // SAFETY: every pointer is to a variable; lists are read before the callback returns.
    unsafe {
        let read = |l: Handles| {
            super::incoming::slice(l.data, l.len)
                .unwrap_or_default()
                .to_vec()
        };
        let _ = (HOST.module_root)(cx, &mut root);
        if (HOST.op_walk)(cx, root, abi::walk::PRE, &mut list) != Status::OK {
            return found;
        }
        for op in read(list).into_iter().take(24) {
            found.push(op);
            for get in [HOST.op_operands, HOST.op_results, HOST.op_regions] {
                let _ = get(cx, Op(op), &mut list);
                for value in read(list) {
                    found.push(value);
                    let _ = (HOST.value_type)(cx, abi::Value(value), &mut ty);
                    found.push(ty.0);
                }
            }
            let _ = (HOST.op_block)(cx, Op(op), &mut block);
            found.push(block.0);
            let _ = (HOST.op_props)(cx, Op(op), &mut attrs);
            let attrs = super::incoming::slice(attrs.data, attrs.len).unwrap_or_default();
            found.extend(attrs.iter().map(|a| a.value.0));
        }
    }
    found
}

macro_rules! dispatch {
    ($($(#[doc = $doc:literal])+ fn $name:ident($($arg:ident: $ty:ty),*);)+) => {
        const NAMES: &[&str] = &[$(stringify!($name)),+];

        /// Calls the function that the next byte says.
        fn one_call(source: &RefCell<Source>, cx: Context) {
            let which = source.borrow_mut().byte() as usize % NAMES.len();
            let mut at = 0;
            $(
                if at == which {
                    $(let mut $arg = <$ty as Draw>::slot(&mut source.borrow_mut());)*
                    // SAFETY: every pointer that a slot gives is null or to storage of the slot, which lives until the end of the block.
                    let status = unsafe { (HOST.$name)(cx $(, <$ty as Draw>::given(&mut $arg))*) };
                    if status == Status::PANIC {
                        source.borrow_mut().panicked = Some(stringify!($name));
                    }
                    if status == Status::OK {
                        source.borrow_mut().succeeded.insert(stringify!($name));
                        $(<$ty as Draw>::learn(&$arg, &mut source.borrow_mut());)*
                    }
                    return;
                }
                at += 1;
            )+
            let _ = at;
        }
    };
}

abi::host_functions!(dispatch);

unsafe extern "C" fn on_op(user: *mut c_void, cx: Context, op: Op) -> Status {
    calls(user, cx, &[op.0])
}

unsafe extern "C" fn register_all(user: *mut c_void, cx: Context) -> Status {
    calls(user, cx, &[])
}

unsafe extern "C" fn interpret(
    user: *mut c_void,
    cx: Context,
    op: Op,
    _: *const abi::Datum,
    _: usize,
) -> Status {
    calls(user, cx, &[op.0])
}

unsafe extern "C" fn infer(
    user: *mut c_void,
    cx: Context,
    operand_types: Handles,
    _: NamedAttrs,
) -> Status {
    // SAFETY: the host passes a valid list.
    let types = unsafe { super::incoming::slice(operand_types.data, operand_types.len) };
    calls(user, cx, types.unwrap_or_default())
}

unsafe extern "C" fn effects(user: *mut c_void, cx: Context, op: Op, out: *mut u32) -> Status {
    // SAFETY: the host passes a place for the answer.
    unsafe { out.write(op.0 as u32 % 5) };
    calls(user, cx, &[op.0])
}

unsafe extern "C" fn cost(user: *mut c_void, cx: Context, op: Op, _: *mut abi::Cost) -> Status {
    calls(user, cx, &[op.0])
}

/// Something of everything: tensors, quantised ones, constants, regions in regions, an op of the plug-in's own.
const MODULE: &str = r#"
"func.func"() <{function_type = (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>, sym_name = "main"}> ({
^bb0(%a: tensor<1x4xf32>, %b: tensor<1x4xf32>):
  %c = "nn.constant"() <{value = dense<[[1.0, 2.0, 3.0, 4.0]]> : tensor<1x4xf32>}> : () -> tensor<1x4xf32>
  %0 = "nn.add"(%a, %c) <{activation = "none"}> : (tensor<1x4xf32>, tensor<1x4xf32>) -> tensor<1x4xf32>
  "fuzz.op"() : () -> ()
  "func.return"(%0) : (tensor<1x4xf32>) -> ()
}) : () -> ()
"func.func"() <{function_type = (tensor<4x!quant.uniform<i8:f32, 5.000000e-01:3>>) -> (), sym_name = "quantised", sym_visibility = "private"}> ({
^bb0(%q: tensor<4x!quant.uniform<i8:f32, 5.000000e-01:3>>):
  %r = "nn.relu"(%q) : (tensor<4x!quant.uniform<i8:f32, 5.000000e-01:3>>) -> tensor<4x!quant.uniform<i8:f32, 5.000000e-01:3>>
  "func.return"() : () -> ()
}) : () -> ()
"func.func"() <{function_type = (memref<8xi32>, i32) -> (), sym_name = "loop", sym_visibility = "private"}> ({
^bb0(%m: memref<8xi32>, %k: i32):
  %lo = "arith.constant"() <{value = 0 : index}> : () -> index
  %hi = "arith.constant"() <{value = 8 : index}> : () -> index
  %st = "arith.constant"() <{value = 1 : index}> : () -> index
  %pi = "arith.constant"() <{value = 3.5 : f32}> : () -> f32
  "scf.for"(%lo, %hi, %st) ({
  ^bb0(%i: index):
    %x = "memref.load"(%m, %i) : (memref<8xi32>, index) -> i32
    %y = "arith.addi"(%x, %k) <{overflowFlags = #arith.overflow<none>}> : (i32, i32) -> i32
    "memref.store"(%y, %m, %i) : (i32, memref<8xi32>, index) -> ()
    "scf.yield"() : () -> ()
  }) : (index, index, index) -> ()
  "func.return"() : () -> ()
}) : () -> ()
"#;
