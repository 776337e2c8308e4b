//! Networks that remember from one run to the next, against their equations, on every kind of runtime.
#![allow(clippy::unwrap_used, reason = "tests")]

use emulate::{HostOptions, Sanitizers};
use prerequisites::programs;
use thumbwright::runtime::{Batch, BuildSettings, Job, Runtime, Samples};
use thumbwright::{CompileOptions, Compiled, Compiler, Io, Role};

const STREAMING: (&str, &str) = ("streaming.mlir", include_str!("networks/streaming.mlir"));
const EXCHANGE: (&str, &str) = ("exchange.mlir", include_str!("networks/exchange.mlir"));

/// Runs in a row.
const STEPS: usize = 10;

fn compile(network: (&str, &str), target: &str, io: Io) -> Compiled {
    let options = CompileOptions {
        tuning: io.into(),
        verify_each: true,
        ..CompileOptions::for_target(target)
    };
    let compiled = Compiler::new()
        .unwrap()
        .compile(network.0, network.1.as_bytes(), &options);
    compiled.unwrap_or_else(|e| panic!("{e}"))
}

/// Inputs of the int8 network, one after the other.
fn bytes() -> Vec<u8> {
    let value = |k: usize| ((k * 37 + 11) % 61) as i32 - 20;
    (0..6 * STEPS).map(|k| value(k) as i8 as u8).collect()
}

/// What the int8 network computes, by its equations.
fn streaming(x: &[u8]) -> Vec<Vec<u8>> {
    let clamp = |v: i32| v.clamp(-128, 127);
    let mut sum = [10; 6];
    let (mut x1, mut x2) = ([0; 6], [1, 2, 3, 4, 5, 6]);
    let (mut totals, mut filtered) = (Vec::new(), Vec::new());
    for step in x.chunks_exact(6) {
        for (i, &byte) in step.iter().enumerate() {
            let x = i32::from(byte as i8);
            sum[i] = clamp(sum[i] + x);
            totals.push(sum[i] as i8 as u8);
            filtered.push(clamp(clamp(x + x1[i]) + x2[i]) as i8 as u8);
            (x2[i], x1[i]) = (x1[i], x);
        }
    }
    vec![totals, filtered]
}

fn floats(values: impl IntoIterator<Item = f32>) -> Vec<u8> {
    values.into_iter().flat_map(f32::to_le_bytes).collect()
}

/// Inputs of the float network: every sum is exact.
fn quarters() -> Vec<f32> {
    (0..2 * STEPS).map(|k| (k as f32 - 7.0) * 0.25).collect()
}

/// What the float network computes, by its equations.
fn exchange(x: &[f32]) -> Vec<Vec<u8>> {
    let (mut a, mut b, mut c) = ([1.0f32, 2.0], [30.0f32, 40.0], [0.0f32; 2]);
    let (mut y, mut z, mut w) = (Vec::new(), Vec::new(), Vec::new());
    for step in x.chunks_exact(2) {
        for (i, &x) in step.iter().enumerate() {
            y.push(a[i] + x);
            z.push(c[i] + x);
            w.push(0.25 + x);
            std::mem::swap(&mut a[i], &mut b[i]);
            c[i] = x.max(0.0);
        }
    }
    [y, z, w].map(floats).to_vec()
}

/// Runs both networks, in two jobs each, so that the second one shows that states begin anew; the second network is also compiled with
/// its tensors in the caller's memory.
fn check(runtime: &str, io: Io, settings: &BuildSettings) {
    let targets = target::Targets::builtin();
    let runtime = Runtime::parse(runtime, &targets).unwrap();
    let models = [
        compile(STREAMING, runtime.target(), io),
        compile(EXCHANGE, runtime.target(), io),
    ];
    let inputs = [vec![bytes()], vec![floats(quarters())]];
    let wanted = [streaming(&bytes()), exchange(&quarters())];
    let batch: Batch<'_> = models.iter().collect();
    let executable = batch
        .build(&runtime, settings)
        .unwrap_or_else(|e| panic!("{e}"));
    let order = [0, 1, 0, 1];
    let jobs = order.map(|model| Job {
        model,
        samples: Samples::new(&models[model].inputs(), inputs[model].clone()).unwrap(),
    });
    let outcomes = executable
        .run(&jobs, false)
        .unwrap_or_else(|e| panic!("{e}"));
    for (outcome, model) in outcomes.into_iter().zip(order) {
        let outcome = outcome.unwrap_or_else(|e| panic!("{e}"));
        assert_eq!(outcome.samples, STEPS);
        assert_eq!(
            outcome.outputs,
            wanted[model],
            "model {model} on {}",
            runtime.name()
        );
    }
}

#[test]
fn interpreted() {
    for io in [Io::Arena, Io::Caller] {
        check("interp", io, &BuildSettings::default());
        check("interp-loops", io, &BuildSettings::default());
    }
}

#[test]
fn on_the_host() {
    if !programs("on_the_host", &["cc"]) {
        return;
    }
    let sanitized = BuildSettings {
        host: HostOptions {
            sanitizers: Sanitizers::AddressAndUndefined,
            ..HostOptions::default()
        },
        ..BuildSettings::default()
    };
    for io in [Io::Arena, Io::Caller] {
        check("host", io, &BuildSettings::default());
        check("host", io, &sanitized);
    }
}

#[test]
fn on_emulated_cores() {
    if !programs(
        "on_emulated_cores",
        &["arm-none-eabi-gcc", "qemu-system-arm"],
    ) {
        return;
    }
    for core in ["cortex-m0", "cortex-m4", "mps3-an547"] {
        check(core, Io::Arena, &BuildSettings::default());
    }
    check("cortex-m4", Io::Caller, &BuildSettings::default());
}

/// The same, built by LLVM.
#[cfg(feature = "llvm")]
#[test]
fn by_llvm() {
    let settings = BuildSettings {
        backend: thumbwright::Backend::Llvm,
        ..BuildSettings::default()
    };
    if programs("by_llvm on the host", &["cc"]) {
        for io in [Io::Arena, Io::Caller] {
            check("host", io, &settings);
        }
    }
    if programs(
        "by_llvm on cores",
        &["arm-none-eabi-gcc", "qemu-system-arm"],
    ) {
        for core in ["cortex-m0", "cortex-m4", "mps3-an547"] {
            check(core, Io::Arena, &settings);
        }
        check("cortex-m4", Io::Caller, &settings);
    }
}

/// Where states live, and what is copied: a new state that nothing of the old one needs is computed in its place.
#[test]
fn placement() {
    let compiled = compile(EXCHANGE, "cortex-m4", Io::Arena);
    let m = compiled.module();
    let states: Vec<(&str, Option<u64>)> = compiled
        .memory()
        .buffers
        .iter()
        .filter(|b| b.role == Role::State)
        .map(|b| (b.layer.as_str(), b.offset))
        .collect();
    assert_eq!(
        states,
        [
            ("a", Some(0)),
            ("b", Some(8)),
            ("c", Some(16)),
            ("d", Some(24))
        ]
    );
    let copies = compiled
        .memory()
        .events
        .iter()
        .filter(|&&op| m.op_name(op) == "memref.copy");
    assert_eq!(
        copies.count(),
        3,
        "a and b by a third place, nothing for c and d"
    );
    let names: Vec<String> = compiled.states().into_iter().map(|t| t.name).collect();
    assert_eq!(names, ["a", "b", "c", "d"]);
    assert_eq!((compiled.inputs().len(), compiled.outputs().len()), (1, 3));
    let report = thumbwright::report::Report::of(&compiled, &Default::default());
    assert_eq!(report.memory.state_bytes, 32);
    assert_eq!(report.memory.states.len(), 4);
    assert!(report.memory.buffers.iter().all(|b| b.role != "state"));
    let header = compiled.c().unwrap().header.text;
    assert!(
        header.contains("#define EXCHANGE_STATE_SIZE 32\n"),
        "{header}"
    );
    // States and plan are lowered alike at every stage.
    let settings = interp::evaluate::Settings::new(5, 8);
    let verdict = interp::evaluate::equivalent(compiled.network(), m, &settings);
    assert!(
        matches!(verdict, interp::evaluate::Verdict::Equal(_)),
        "{verdict:?}"
    );
}

/// Every way in which three states hand on what they hold, are renewed, or both, in two orders of the ops: lowered and placed, one run
/// does what it does on tensors.
#[test]
fn states_in_every_combination() {
    const VALUES: [&str; 7] = ["%s0", "%s1", "%s2", "%x", "%r", "%n", "%z"];
    const T: &str = "tensor<2xf32>";
    let compiler = Compiler::new().unwrap();
    let options = CompileOptions {
        pipeline: Some(
            "builtin.module(lower-nn,plan-memory,mark-noalias,check-placement)".to_owned(),
        ),
        ..CompileOptions::for_target("cortex-m4")
    };
    let settings = interp::evaluate::Settings::new(3, 2);
    let renew = format!("%n = \"nn.relu\"(%x) : ({T}) -> {T}\n");
    let read =
        format!("%z = \"nn.add\"(%s1, %s2) <{{activation = \"none\"}}> : ({T}, {T}) -> {T}\n");
    let reshaped = format!(
        "%v = \"nn.reshape\"(%s0) : ({T}) -> tensor<1x2xf32>\n%w = \"nn.relu\"(%v) : (tensor<1x2xf32>) -> tensor<1x2xf32>\n\
         %r = \"nn.reshape\"(%w) : (tensor<1x2xf32>) -> {T}\n"
    );
    for i in 0..2 * VALUES.len().pow(3) {
        let (order, i) = (i % 2, i / 2);
        let pick = |k: u32| VALUES[i / VALUES.len().pow(k) % VALUES.len()];
        let (a, b, c) = (pick(0), pick(1), pick(2));
        let body = match order {
            0 => format!("{renew}{reshaped}{read}"),
            _ => format!("{read}{renew}{reshaped}"),
        };
        let text = format!(
            "\"func.func\"() <{{arg_attrs = [{{}}, {{mcu.state}}, {{mcu.state}}, {{mcu.state}}], function_type = ({T}, {T}, {T}, {T}) -> ({T}, {T}, {T}, {T}), \
             res_attrs = [{{}}, {{mcu.state}}, {{mcu.state}}, {{mcu.state}}], sym_name = \"main\"}}> ({{\n\
             ^bb0(%x: {T}, %s0: {T}, %s1: {T}, %s2: {T}):\n{body}\
             \"func.return\"(%z, {a}, {b}, {c}) : ({T}, {T}, {T}, {T}) -> ()\n}}) : () -> ()\n"
        );
        let compiled = compiler
            .compile("combination.mlir", text.as_bytes(), &options)
            .unwrap_or_else(|e| panic!("{e}\n{text}"));
        let verdict =
            interp::evaluate::equivalent(compiled.network(), compiled.module(), &settings);
        assert!(
            matches!(verdict, interp::evaluate::Verdict::Equal(_)),
            "{verdict:?}\n{text}"
        );
    }
}
