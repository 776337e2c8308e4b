//! A module as the parts of a C program: names, constants, kernels, the function that calls them.

use crate::Options;
use crate::constants::Constants;
use crate::externs::Externs;
use crate::function::{self, Context};
use crate::interface::Interface;
use crate::names::{PublicNames, kernel_name};
use crate::support::{self, SupportSet};
use crate::written::{Written, root};
use ir::dialects::{arm_mve, func, memref};
use ir::{Diagnostic, Diagnostics, Module, OpId, ValueId};
use rustc_hash::{FxHashMap, FxHashSet};

/// A printed kernel.
pub(crate) struct Kernel {
    pub symbol: String,
    pub name: String,
    /// The layers that it computes.
    pub layers: Vec<String>,
    pub text: String,
}

/// The parts.
pub(crate) struct Program {
    pub names: PublicNames,
    pub interface: Interface,
    pub externs: Externs,
    /// Whether a run may end with an error of an external function.
    pub fallible: bool,
    pub constants: Constants,
    pub support: SupportSet,
    pub kernels: Vec<Kernel>,
    /// The function that runs the network.
    pub graph: String,
    /// Whether the code computes with floats.
    pub floats: bool,
    /// Whether there are instructions of Helium.
    pub helium: bool,
}

/// A module's names and places, before any code is printed.
pub(crate) struct Outline {
    pub names: PublicNames,
    pub interface: Interface,
    pub externs: Externs,
    pub constants: Constants,
    /// The functions that `@main` reaches, callees before callers.
    pub kernels: Vec<OpId>,
    /// The C name of each of them.
    pub functions: FxHashMap<OpId, String>,
    main: OpId,
    written: Written,
    /// Names at file scope.
    taken: FxHashSet<String>,
}

impl Outline {
    pub(crate) fn of(m: &Module, options: &Options) -> Result<Outline, Diagnostics> {
        let Some(main) = m
            .lookup_symbol("main")
            .filter(|&f| m.op_name(f) == func::FuncOp::NAME)
        else {
            return Err(Diagnostic::error("C002", "the module has no function @main").into());
        };
        let names = PublicNames::new(&options.name);
        let written = Written::of(m)?;
        let interface = Interface::of(m, main)?;
        let mut taken: FxHashSet<String> = names
            .fixed()
            .into_iter()
            .chain(support::reserved())
            .collect();
        for t in interface.tensors() {
            let base = names.tensor(t.role, t.index);
            taken.extend([
                format!("{base}_quantize"),
                format!("{base}_dequantize"),
                base,
            ]);
        }
        let memories = &interface.memories;
        taken.extend(memories.arenas.iter().map(|a| names.arena(&a.field)));
        if memories.state.is_some() {
            taken.extend(names.of_states());
        }
        let called = reachable(m, main);
        let order = written.order().iter().copied();
        let emitted: Vec<OpId> = order.filter(|f| *f == main || called.contains(f)).collect();
        let externs = Externs::of(m, &emitted);
        for callee in &externs.callees {
            if !taken.insert(callee.clone()) {
                let d = Diagnostic::error(
                    "C009",
                    format!(
                        "the external function `{callee}` has a name that the C defines itself"
                    ),
                );
                return Err(d.help("give the model another `--name`").into());
            }
        }
        let constants = Constants::of(m, &names, &mut taken)?;
        let kernels: Vec<OpId> = emitted.into_iter().filter(|&f| f != main).collect();
        let mut functions = FxHashMap::default();
        for &f in &kernels {
            functions.insert(
                f,
                kernel_name(m.symbol_name(f).unwrap_or_default(), &mut taken),
            );
        }
        Ok(Outline {
            names,
            interface,
            externs,
            constants,
            kernels,
            functions,
            main,
            written,
            taken,
        })
    }

    /// The program without its functions: all that the header shows.
    pub(crate) fn without_code(self) -> Program {
        Program {
            names: self.names,
            interface: self.interface,
            fallible: self.externs.is_fallible(self.main),
            externs: self.externs,
            constants: self.constants,
            support: SupportSet::default(),
            kernels: Vec::new(),
            graph: String::new(),
            floats: false,
            helium: false,
        }
    }
}

impl Program {
    pub(crate) fn build(m: &Module, options: &Options) -> Result<Program, Diagnostics> {
        let outline = Outline::of(m, options)?;
        let sites = CallSites::of(m);
        let mut ops = m.walk(m.root(), ir::WalkOrder::Pre).into_iter();
        let helium = ops.any(|op| arm_mve::is_helium(m, op));
        let cx = Context {
            m,
            written: &outline.written,
            constants: &outline.constants,
            interface: &outline.interface,
            externs: &outline.externs,
            file_names: &outline.taken,
            functions: &outline.functions,
            argument_hints: &sites.hints,
            upper: &outline.names.upper,
            helium,
        };
        let (mut support, mut errors) = (SupportSet::default(), Diagnostics::new());
        let (mut printed, mut floats) = (Vec::new(), false);
        for &f in &outline.kernels {
            match function::kernel(&cx, &mut support, f) {
                Ok(t) => {
                    floats |= t.floats;
                    printed.push(Kernel {
                        symbol: m.symbol_name(f).unwrap_or_default().to_owned(),
                        name: outline.functions.get(&f).cloned().unwrap_or_default(),
                        layers: sites.layers(m, f),
                        text: t.text,
                    });
                }
                Err(e) => errors.push(e),
            }
        }
        let name = format!("{}_graph", outline.names.prefix);
        let graph = match function::graph(&cx, &mut support, outline.main, &name) {
            Ok(t) => {
                floats |= t.floats;
                t.text
            }
            Err(e) => {
                errors.push(e);
                String::new()
            }
        };
        if errors.has_errors() {
            return Err(errors);
        }
        let texts = printed
            .iter()
            .map(|k| k.text.as_str())
            .chain([graph.as_str()]);
        support.keep_used(texts);
        Ok(Program {
            support,
            kernels: printed,
            graph,
            floats,
            helium,
            ..outline.without_code()
        })
    }
}

/// The functions that a function calls, and those that they call; the others are not emitted.
fn reachable(m: &Module, from: OpId) -> FxHashSet<OpId> {
    let mut found = FxHashSet::default();
    let mut work = vec![from];
    while let Some(f) = work.pop() {
        for op in m.walk(f, ir::WalkOrder::Pre) {
            let callee = func::CallOp::cast(m, op).and_then(|c| m.lookup_symbol(&c.callee(m)));
            work.extend(callee.filter(|&c| found.insert(c)));
        }
    }
    found
}

/// Who calls a function, with what.
struct CallSites {
    hints: FxHashMap<OpId, Vec<Option<String>>>,
    calls: FxHashMap<OpId, Vec<OpId>>,
}

impl CallSites {
    fn of(m: &Module) -> CallSites {
        let mut sites = CallSites {
            hints: FxHashMap::default(),
            calls: FxHashMap::default(),
        };
        let by_name: FxHashMap<&str, OpId> = func::functions(m)
            .into_iter()
            .filter_map(|f| Some((m.symbol_name(f)?, f)))
            .collect();
        for op in m.walk(m.root(), ir::WalkOrder::Pre) {
            let callee = func::CallOp::cast(m, op).map(|c| c.callee(m));
            let Some(&callee) = callee.and_then(|c| by_name.get(c.as_str())) else {
                continue;
            };
            let here: Vec<Option<String>> = m.operands(op).map(|v| hint(m, v)).collect();
            match sites.hints.get_mut(&callee) {
                None => {
                    sites.hints.insert(callee, here);
                }
                Some(all) => {
                    for (a, b) in all.iter_mut().zip(here) {
                        if *a != b {
                            *a = None;
                        }
                    }
                }
            }
            sites.calls.entry(callee).or_default().push(op);
        }
        sites
    }

    /// The layers that a kernel computes: where it is called for, else where it stands.
    fn layers(&self, m: &Module, f: OpId) -> Vec<String> {
        let calls = self.calls.get(&f).map(Vec::as_slice).unwrap_or_default();
        let mut all: Vec<String> = Vec::new();
        for l in calls.iter().filter_map(|&c| m.describe_loc(m.op_loc(c))) {
            if !all.contains(&l) {
                all.push(l);
            }
        }
        if all.is_empty() {
            all.extend(m.describe_loc(m.op_loc(f)));
        }
        all
    }
}

/// What a buffer that is passed to a kernel is, in one word.
fn hint(m: &Module, v: ValueId) -> Option<String> {
    let op = m.defining_op(root(m, v))?;
    if m.op_name(op) != memref::GetGlobalOp::NAME {
        return None;
    }
    let symbol = memref::GetGlobalOp(op).name(m);
    let global = m.lookup_symbol(&symbol)?;
    if m.prop(global, "constant").is_some() {
        return Some(function::role(&symbol));
    }
    let view = m.defining_op(v).and_then(|mut op| {
        while m.op_name(op) == memref::ReinterpretCastOp::NAME {
            op = m.defining_op(m.operand(op, 0))?;
        }
        Some(op)
    })?;
    let kind = m
        .discardable(view, "mcu.kind")
        .and_then(|a| m.attr_str(a))?;
    (kind == "scratch").then(|| kind.to_owned())
}
