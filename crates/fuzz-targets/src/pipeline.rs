//! Pipelines as text, and passes in any order: a pipeline prints back as it was read, and on any module it gives a module that
//! verifies or errors.

use crate::Outcome;
use crate::session::{compiler, target};
use ir::Module;
use pass::{ManagerOptions, PassCx, Pipeline, run_pipeline};
use std::sync::OnceLock;
use testgen::{Choices, loops, network, nn};

/// Steps that are worth running; parsing takes any number.
const MAX_STEPS: usize = 40;

/// The first byte picks target and module, the others are the pipeline's text.
///
/// # Panics
/// If a pipeline does not print back, an error stands outside of the text, or a pass panics or makes a module
/// that does not verify.
pub fn pipeline(data: &[u8]) -> Outcome {
    let Some((&choice, text)) = data.split_first() else {
        return Outcome::refused_because("empty");
    };
    let Ok(text) = std::str::from_utf8(text) else {
        return Outcome::refused_because("no UTF-8");
    };
    let pipeline = match Pipeline::parse(text) {
        Ok(pipeline) => pipeline,
        Err(e) => {
            assert!(e.at <= text.chars().count(), "outside of the text: {e}");
            assert!(!e.to_string().is_empty());
            return Outcome::refused_because(&e.message);
        }
    };
    let printed = pipeline.to_string();
    let again = match Pipeline::parse(&printed) {
        Ok(again) => again,
        Err(e) => panic!("what was printed is not read: {e}"),
    };
    assert_eq!(again.to_string(), printed, "of {text:?}");
    if printed.matches([',', '(']).count() > MAX_STEPS {
        return Outcome::accepted("long");
    }

    let modules = modules();
    let mut m = modules[usize::from(choice >> 4) % modules.len()].clone();
    let registry = compiler().registry();
    let target = registry
        .targets()
        .get(target(choice & 15))
        .expect("invariant: the name is a target's");
    let mut cx = PassCx::new(registry, target);
    let options = ManagerOptions {
        verify_each: true,
        ..ManagerOptions::default()
    };
    let result = run_pipeline(&pipeline, &mut m, &mut cx, options, &mut ());
    let bug = cx
        .diagnostics
        .iter()
        .find(|d| matches!(&*d.code, "P002" | "P003"));
    assert!(bug.is_none(), "{printed}\n{}", cx.diagnostics);
    match result {
        Ok(()) => {
            if let Err(errors) = ir::verify::verify(&m) {
                panic!("{printed} leaves a module that does not verify:\n{errors}");
            }
            let remarks = cx.diagnostics.iter().count();
            Outcome::accepted((crate::text::names(&m), remarks.min(3)))
        }
        Err(pass::Failed) => {
            assert!(
                cx.diagnostics.has_errors(),
                "{printed} failed without an error"
            );
            assert!(!cx.diagnostics.to_string().is_empty());
            Outcome::refused(&cx.diagnostics)
        }
    }
}

/// An empty module, networks, and a module of loops.
fn modules() -> &'static [Module] {
    static MODULES: OnceLock<Vec<Module>> = OnceLock::new();
    MODULES.get_or_init(|| {
        let dialects = compiler().registry().dialects();
        let mut all = vec![Module::new(dialects.clone())];
        all.extend(network::networks(11, 3).iter().map(|n| n.build(dialects)));
        all.extend(nn::cases(5, 2).iter().map(|c| c.build(dialects)));
        let case = loops::Case::new(Choices::for_case(3, 1), loops::Features::ALL);
        all.push(case.build(dialects));
        all
    })
}
