//! The pass manager: order, analyses, fuel, statistics, panics, reproducers, instrumentation.
#![allow(clippy::unwrap_used, reason = "tests")]

use ir::rewrite::Fuel;
use ir::{Builder, Diagnostic, Diagnostics, Loc, Module, OpId, WalkOrder, dialects};
use pass::{
    ANY, Analysis, ExtensionPoint, Failed, Instrumentation, ManagerOptions, Options, PassCx,
    PassInfo, PassRun, Pipeline, Registry, RegistryBuilder, RegistryError, Reproducer,
    run_pipeline,
};
use std::sync::atomic::{AtomicUsize, Ordering};
use target::Targets;

static COMPUTED: AtomicUsize = AtomicUsize::new(0);

/// How many ops there are; counts how often it is computed.
struct OpCount(usize);

impl Analysis for OpCount {
    const NAME: &'static str = "op-count";
    fn compute(m: &Module, op: OpId) -> OpCount {
        COMPUTED.fetch_add(1, Ordering::Relaxed);
        OpCount(m.walk(op, WalkOrder::Pre).len())
    }
}

fn ask(m: &mut Module, op: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
    let n = cx.analysis::<OpCount>(m, op).0;
    cx.count("ops", n as u64);
    Ok(())
}

/// Appends an unused constant to each function, if there is fuel.
fn grow(m: &mut Module, op: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
    if let Some(entry) = m.entry_block(op)
        && cx.fuel.take()
    {
        let first = m.ops(entry).next().unwrap();
        Builder::before(m, first).const_i32(7);
        cx.count("constants", 1);
    }
    Ok(())
}

/// Marks the module, and says that no analysis minds.
fn mark(m: &mut Module, op: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
    let unit = m.unit_attr();
    m.set_discardable(op, "test.mark", unit);
    cx.preserve::<OpCount>();
    Ok(())
}

fn ask_twice(m: &mut Module, op: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
    ask(m, op, cx)?;
    ask(m, op, cx)
}

fn panics(_: &mut Module, _: OpId, _: &mut PassCx<'_>) -> Result<(), Failed> {
    panic!("out of cheese")
}

fn fails(m: &mut Module, op: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
    // What a failing pass leaves behind must not be in the reproducer.
    grow(m, op, cx)?;
    cx.fail(Diagnostic::error("ACME1", "no luck"))
}

/// Leaves a block without its end.
fn breaks(m: &mut Module, op: OpId, _: &mut PassCx<'_>) -> Result<(), Failed> {
    let entry = m.entry_block(op).unwrap();
    let last = m.last_op(entry).unwrap();
    m.erase(last);
    Ok(())
}

fn optional(o: &Options<'_>) -> Result<impl pass::Pass + use<>, pass::OptionError> {
    let times: u32 = o.parse("times", "a number")?;
    let loud = o.flag("loud")?;
    o.choice("how", &["well", "badly"])?;
    Ok(move |_: &mut Module, _: OpId, cx: &mut PassCx<'_>| {
        cx.count(if loud { "loud" } else { "quiet" }, times.into());
        Ok(())
    })
}

fn register(r: &mut RegistryBuilder) -> Result<(), RegistryError> {
    dialects::register_all(&mut r.dialects)?;
    r.pass(PassInfo::new("ask", ANY, "Ask.", ask))?;
    r.pass(PassInfo::new("ask-twice", ANY, "Ask.", ask_twice))?;
    r.pass(PassInfo::new("grow", "func.func", "Grow.", grow))?;
    r.pass(PassInfo::new("mark", "builtin.module", "Mark.", mark))?;
    r.pass(PassInfo::new("panics", ANY, "Panic.", panics))?;
    r.pass(PassInfo::new("fails", "func.func", "Fail.", fails))?;
    r.pass(PassInfo::new("breaks", "func.func", "Break.", breaks))?;
    let options = PassInfo::with_options("optional", ANY, "Count.", optional)
        .option("times", "N", "1", "How often.")
        .option("loud", "true|false", "false", "Whether it is loud.")
        .option("how", "well|badly", "well", "How.");
    r.pass(options)?;
    Ok(())
}

fn registry() -> Registry {
    let mut r = Registry::builder(Targets::builtin());
    register(&mut r).unwrap();
    r.freeze()
}

/// Two functions, @f and @g, that only return.
fn two_functions(registry: &Registry) -> Module {
    let mut m = Module::new(registry.dialects().clone());
    for name in ["f", "g"] {
        let (_, entry) = dialects::func::build_func(&mut m, name, &[], &[], Loc::UNKNOWN);
        Builder::at_end(&mut m, entry).op("func.return", &[], &[]);
    }
    m
}

struct Ran {
    result: Result<(), Failed>,
    text: String,
    codes: Vec<String>,
    diagnostics: Diagnostics,
    statistics: pass::Statistics,
    reproducer: Option<Reproducer>,
}

fn run_with(
    pipeline: &str,
    options: ManagerOptions,
    fuel: Fuel,
    seen: &mut dyn Instrumentation,
) -> Ran {
    let registry = registry();
    let mut m = two_functions(&registry);
    let mut cx = PassCx::new(&registry, registry.targets().get("cortex-m4").unwrap());
    cx.fuel = fuel;
    let pipeline = Pipeline::parse(pipeline).unwrap();
    let result = run_pipeline(&pipeline, &mut m, &mut cx, options, seen);
    Ran {
        result,
        text: ir::text::print_module(&m),
        codes: cx.diagnostics.iter().map(|d| d.code.to_string()).collect(),
        diagnostics: cx.diagnostics,
        statistics: cx.statistics,
        reproducer: cx.reproducer,
    }
}

fn run(pipeline: &str) -> Ran {
    let options = ManagerOptions {
        verify_each: true,
        keep_reproducer: true,
        ..ManagerOptions::default()
    };
    run_with(pipeline, options, Fuel::unlimited(), &mut ())
}

#[test]
fn analyses_live_until_the_module_changes() {
    // One test, since the counter is one of the process.
    for (pipeline, computed, ops) in [
        ("builtin.module(ask-twice,ask)", 1, 15),
        // `mark` changes the module and preserves the analysis.
        ("builtin.module(ask,mark,ask)", 1, 10),
        // `grow` does not say so: it is computed again, and sees what grew.
        ("builtin.module(ask,func.func(grow),ask)", 2, 5 + 7),
        // The analysis of @f says nothing of @g.
        ("builtin.module(func.func(ask,ask))", 2, 8),
    ] {
        COMPUTED.store(0, Ordering::Relaxed);
        let ran = run(pipeline);
        assert!(ran.result.is_ok(), "{pipeline}: {}", ran.diagnostics);
        assert_eq!(COMPUTED.load(Ordering::Relaxed), computed, "{pipeline}");
        let asked = ran.statistics.get("ask", "ops") + ran.statistics.get("ask-twice", "ops");
        assert_eq!(asked, ops, "{pipeline}");
    }
}

#[test]
fn fuel_bounds_optional_changes() {
    for (units, constants) in [(0, 0), (1, 1), (2, 2), (9, 2)] {
        let fuel = Fuel::limited(units);
        let options = ManagerOptions::default();
        let ran = run_with("builtin.module(func.func(grow))", options, fuel, &mut ());
        assert_eq!(ran.statistics.get("grow", "constants"), constants);
        assert_eq!(ran.text.matches("arith.constant").count() as u64, constants);
    }
}

#[test]
fn a_panic_is_a_diagnostic_with_a_reproducer() {
    let ran = run("builtin.module(func.func(grow),func.func(panics))");
    assert_eq!(ran.result, Err(Failed));
    assert_eq!(ran.codes, ["P003"]);
    assert!(ran.diagnostics.to_string().contains("out of cheese"));
    let r = ran.reproducer.unwrap();
    // Only what failed, nested as it was, on the module as it was.
    assert_eq!(r.pipeline, "builtin.module(func.func(panics))");
    assert_eq!(r.target, "cortex-m4");
    assert_eq!(r.module.matches("arith.constant").count(), 2);
    assert!(!pass::panics_are_caught());
    // The file says the same, and is a module for whoever reads no comments.
    let file = r.to_string();
    let read = Reproducer::parse(&file).unwrap();
    assert_eq!((read.pipeline, read.target), (r.pipeline, r.target));
    let registry = registry();
    let options = ir::text::ParseOptions::default();
    assert!(ir::text::parse(&file, "r.mlir", registry.dialects().clone(), &options).is_ok());
    assert_eq!(Reproducer::parse(&r.module), None);
}

#[test]
fn a_failing_pass_leaves_the_module_before_it() {
    let ran = run("builtin.module(mark,func.func(fails))");
    assert_eq!(
        (ran.result, ran.codes.as_slice()),
        (Err(Failed), &["ACME1".to_owned()][..])
    );
    let r = ran.reproducer.unwrap();
    assert!(r.module.contains("test.mark") && !r.module.contains("arith.constant"));
}

#[test]
fn verifying_names_the_pass() {
    let ran = run("builtin.module(func.func(grow,breaks))");
    assert_eq!(ran.codes, ["P002", "V010"]);
    assert!(ran.diagnostics.to_string().contains("after pass `breaks`"));
    assert!(ran.reproducer.is_some());
}

#[test]
fn passes_that_do_not_fit_are_refused_before_any_runs() {
    for (pipeline, parts) in [
        (
            "builtin.module(mark,grow)",
            [
                "runs on `func.func`, not on `builtin.module`",
                "`func.func(grow)`",
            ],
        ),
        (
            "builtin.module(mark,makr)",
            ["no pass `makr`", "did you mean `mark`?"],
        ),
        (
            "builtin.module(mark,optional{time=3})",
            ["no option `time`", "did you mean `times`?"],
        ),
        (
            "builtin.module(mark,optional{times=x})",
            ["`times=x`", "wants a number"],
        ),
        (
            "builtin.module(mark,optional{how=wel})",
            ["wants one of well, badly", "did you mean `well`?"],
        ),
        (
            "func.func(ask)",
            [
                "the pipeline runs on `func.func`",
                "builtin.module(func.func(ask))",
            ],
        ),
    ] {
        let ran = run(pipeline);
        assert_eq!(ran.codes, ["P001"], "{pipeline}");
        let text = ran.diagnostics.to_string();
        for part in parts {
            assert!(text.contains(part), "{pipeline}: {text}");
        }
        assert!(!ran.text.contains("test.mark"), "{pipeline}");
    }
}

#[test]
fn options_and_their_defaults() {
    let ran = run("builtin.module(optional,optional{times=3},optional{loud=true times=\"5\"})");
    assert!(ran.result.is_ok());
    assert_eq!(ran.statistics.get("optional", "quiet"), 4);
    assert_eq!(ran.statistics.get("optional", "loud"), 5);
}

/// Writes down what happens; stops after a pass.
#[derive(Default)]
struct Seen {
    events: Vec<String>,
    stop_after: Option<&'static str>,
}

impl Instrumentation for Seen {
    fn before(&mut self, run: &PassRun<'_>, _: &Module) {
        self.events.push(format!("< {}", run.pipeline()));
    }

    fn after(&mut self, run: &PassRun<'_>, m: &Module) -> Result<(), Diagnostics> {
        let name = m.symbol_name(run.op).unwrap_or("module");
        self.events.push(format!("> {} @{name}", run.pass));
        match self.stop_after {
            Some(pass) if pass == run.pass => Err(Diagnostic::error("STOP", "enough").into()),
            _ => Ok(()),
        }
    }
}

#[test]
fn instrumentation_sees_every_run_in_order() {
    let pipeline = "builtin.module(func.func(grow,ask),any(ask),mark)";
    let (mut first, mut second) = (Seen::default(), Seen::default());
    second.stop_after = Some("mark");
    let mut both: Vec<&mut dyn Instrumentation> = vec![&mut first, &mut second];
    let options = ManagerOptions::default();
    let ran = run_with(pipeline, options, Fuel::unlimited(), &mut both);
    assert_eq!(ran.codes, ["STOP"]);
    assert_eq!(first.events, second.events);
    let expected = [
        "< builtin.module(func.func(grow))",
        "> grow @f",
        "< builtin.module(func.func(ask))",
        "> ask @f",
        "< builtin.module(func.func(grow))",
        "> grow @g",
        "< builtin.module(func.func(ask))",
        "> ask @g",
        "< builtin.module(any(ask))",
        "> ask @f",
        "< builtin.module(any(ask))",
        "> ask @g",
        "< builtin.module(mark)",
        "> mark @module",
    ];
    assert_eq!(first.events, expected);
}

#[test]
fn extensions_keep_their_order() {
    let mut r = Registry::builder(Targets::builtin());
    r.extend(ExtensionPoint::AfterImport, "func.func(a),b{x=1}")
        .unwrap();
    r.extend(ExtensionPoint::AfterImport, "c").unwrap();
    r.extend(ExtensionPoint::BeforePlanning, "d").unwrap();
    let error = r
        .extend(ExtensionPoint::BeforeEmission, "e,(")
        .map(|_| ())
        .unwrap_err();
    assert!(
        error
            .to_string()
            .starts_with("extension at before-emission: pipeline, at character")
    );
    let r = r.freeze();
    let steps: Vec<_> = r.extensions(ExtensionPoint::AfterImport).cloned().collect();
    let text = Pipeline {
        anchor: "x".to_owned(),
        steps,
    }
    .to_string();
    assert_eq!(text, "x(func.func(a),b{x=1},c)");
    assert_eq!(r.extensions(ExtensionPoint::BeforePlanning).count(), 1);
    assert_eq!(r.extensions(ExtensionPoint::BeforeEmission).count(), 0);
    for p in ExtensionPoint::ALL {
        assert_eq!(ExtensionPoint::named(p.name()), Some(p));
    }
}
