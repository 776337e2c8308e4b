//! Modules on an emulated core: which of their cases differ from what the interpreter computes. The tests of both back ends use it.
#![allow(dead_code, clippy::unwrap_used, reason = "each test uses a part")]

use emulate::{BuildOptions, Case, Firmware, RunOptions};
use ir::{DialectRegistry, Module, Verified, dialects};
use std::sync::Arc;
use target::{Target, Targets};
use testgen::helium::Helium;
use testgen::instructions::Instructions;

pub fn registry() -> Arc<DialectRegistry> {
    let mut b = DialectRegistry::builder();
    dialects::register_all(&mut b).unwrap();
    interp::register(&mut b).unwrap();
    Arc::new(b.freeze())
}

/// A module, and what it is run with; `@main` has an output for each case.
pub struct Subject<'a> {
    module: &'a Module,
    inputs: Vec<Vec<u8>>,
    cases: &'a [String],
}

impl<'a> From<&'a Instructions> for Subject<'a> {
    fn from(i: &'a Instructions) -> Subject<'a> {
        Subject {
            module: &i.module,
            inputs: vec![i.input.clone()],
            cases: &i.cases,
        }
    }
}

impl<'a> From<&'a Helium> for Subject<'a> {
    fn from(h: &'a Helium) -> Subject<'a> {
        Subject {
            module: &h.module,
            inputs: h.inputs.clone(),
            cases: &h.cases,
        }
    }
}

/// Fails with the cases that differ on that core; `code` makes a module's sources or objects, of that name.
pub fn check<'a>(
    test: &str,
    core: &str,
    subjects: impl IntoIterator<Item = impl Into<Subject<'a>>>,
    flags: &[&str],
    code: impl Fn(Verified<'_>, &Target, &str) -> Case,
) {
    if !prerequisites::programs(test, &["arm-none-eabi-gcc", "qemu-system-arm"]) {
        return;
    }
    let targets = Targets::builtin();
    let target = targets.get(core).unwrap();
    let subjects: Vec<Subject<'_>> = subjects.into_iter().map(Into::into).collect();
    let (mut cases, mut expected) = (Vec::new(), Vec::new());
    let mut run = RunOptions::default();
    for (i, s) in subjects.iter().enumerate() {
        let verified = ir::verify::verify(s.module).unwrap();
        let program = interp::Program::compile(verified).unwrap();
        let inputs: Vec<&[u8]> = s.inputs.iter().map(Vec::as_slice).collect();
        let outputs = program.run(&inputs).unwrap();
        assert_eq!(outputs.len(), s.cases.len());
        let size = |b: &Vec<u8>| b.len() as u32;
        cases.push(Case {
            inputs: s.inputs.iter().map(size).collect(),
            outputs: outputs.iter().map(size).collect(),
            ..code(verified, target, &format!("net{i}"))
        });
        run.add(i, s.inputs.clone());
        expected.push(outputs);
    }
    let build = BuildOptions {
        flags: flags.iter().map(|f| (*f).to_owned()).collect(),
        ..BuildOptions::default()
    };
    let firmware = Firmware::build(target, &cases, &build).unwrap();
    let runs = firmware.run(&run).unwrap().runs;
    assert_eq!(runs.len(), subjects.len());
    let mut wrong = Vec::new();
    for ((s, expected), run) in subjects.iter().zip(&expected).zip(runs) {
        assert!(run.is_clean(), "{run:?}");
        assert_eq!(run.outputs.len(), expected.len());
        let differs = (0..expected.len()).filter(|&i| run.outputs[i] != expected[i]);
        wrong.extend(differs.map(|i| &s.cases[i]));
    }
    assert!(wrong.is_empty(), "{wrong:?} differ on {core} {flags:?}");
}
