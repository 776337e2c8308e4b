//! The checks.

use super::{Failure, Properties, Property, REDUCE, Tally, odd};
use crate::modules;
use interp::evaluate::{Verdict, equivalent, is_public};
use ir::dialects::func::functions;
use ir::verify::{VerifyOptions, verify_with};
use ir::{Module, OpId};
use pass::{ManagerOptions, PassCx, Pipeline, Registry, Step};
use std::collections::BTreeSet;

/// What a pass did with a module.
enum Ran {
    /// This.
    Done(Box<Module>),
    /// It refused it.
    Refused(String),
    /// It panicked.
    Panicked(String),
}

struct Check<'p> {
    properties: &'p Properties,
    property: Property,
    registry: Registry,
    /// Another one of the same, to show what depends on addresses or on an order of hashing.
    twin: Registry,
    pipeline: Pipeline,
}

pub fn check(properties: &Properties, property: Property) -> Result<Tally, Box<Failure>> {
    let registry = (properties.registry)();
    let failure = |message: String| {
        Box::new(Failure {
            property,
            pipeline: properties.pass.clone(),
            seed: properties.seed,
            case: None,
            message,
            module: String::new(),
        })
    };
    let pipeline = pipeline(&registry, &properties.pass).map_err(&failure)?;
    if let Err(e) = registry.targets().get(&properties.target) {
        return Err(failure(e.to_string()));
    }
    let check = Check {
        properties,
        property,
        twin: (properties.registry)(),
        pipeline,
        registry,
    };
    if property == Property::Idempotent && !check.is_declared_idempotent() {
        return Ok(Tally::default());
    }
    let unregistered = [Property::Conservative, Property::NeverPanics].contains(&property);
    let options = properties.options.clone().unregistered(unregistered);
    let mut tally = Tally::default();
    let mut refusal = String::new();
    let mut run = |m: &Module, case: Option<usize>| match check.one(m) {
        Ok(Outcome::Kept(compared)) => {
            tally.ran += 1;
            tally.compared += compared;
            Ok(())
        }
        Ok(Outcome::Refused(why)) => {
            tally.refused += 1;
            refusal = why;
            Ok(())
        }
        Err(message) => Err(check.blame(m, case, message)),
    };
    for i in 0..properties.cases {
        let case = modules::case(&options, properties.seed, i);
        run(&case.build(check.registry.dialects()), Some(i))?;
    }
    if property == Property::NeverPanics {
        for m in odd::modules(check.registry.dialects()) {
            run(&m, None)?;
        }
    }
    let compares = [Property::ResultsUnchanged, Property::Conservative].contains(&property);
    if tally.ran == 0 && property != Property::NeverPanics {
        return Err(failure(format!("the pass refuses every module: {refusal}")));
    }
    if compares && tally.compared == 0 {
        return Err(failure("no function could be compared".to_owned()));
    }
    Ok(tally)
}

/// Steps inside of `builtin.module(…)`, passes on other ops nested as they want.
fn pipeline(registry: &Registry, text: &str) -> Result<Pipeline, String> {
    let root = "builtin.module";
    let steps = Pipeline::parse_steps(root, text).map_err(|e| e.to_string())?;
    let nested = |step: Step| match &step {
        Step::Pass { name, .. } => {
            let Some(info) = registry.pass(name).filter(|i| !i.runs_on(root)) else {
                return step;
            };
            Step::Nested(Pipeline {
                anchor: info.anchor.clone(),
                steps: vec![step],
            })
        }
        Step::Nested(_) => step,
    };
    Ok(Pipeline {
        anchor: root.to_owned(),
        steps: steps.into_iter().map(nested).collect(),
    })
}

/// A promise that was kept, with how many runs were compared; or a module that the pass refused.
enum Outcome {
    Kept(usize),
    Refused(String),
}

impl Check<'_> {
    fn is_declared_idempotent(&self) -> bool {
        fn all(registry: &Registry, p: &Pipeline) -> bool {
            p.steps.iter().all(|s| match s {
                Step::Nested(n) => all(registry, n),
                Step::Pass { name, .. } => registry.pass(name).is_some_and(|i| i.idempotent),
            })
        }
        self.properties.idempotent || all(&self.registry, &self.pipeline)
    }

    /// The failure, of a module as small as it gets.
    fn blame(&self, m: &Module, case: Option<usize>, message: String) -> Box<Failure> {
        let small = ir::reduce::reduce(m, &mut |m| self.one(m).is_err(), &REDUCE);
        Box::new(Failure {
            property: self.property,
            pipeline: self.pipeline.to_string(),
            seed: self.properties.seed,
            case,
            message: self.one(&small).err().unwrap_or(message),
            module: ir::text::print_module(&small),
        })
    }

    fn run(&self, registry: &Registry, m: &Module) -> Ran {
        let mut m = Box::new(m.clone());
        let target = match registry.targets().get(&self.properties.target) {
            Ok(target) => target,
            Err(e) => return Ran::Refused(e.to_string()),
        };
        let mut cx = PassCx::new(registry, target);
        let options = ManagerOptions::default();
        let result = pass::run_pipeline(&self.pipeline, &mut m, &mut cx, options, &mut ());
        if result.is_ok() {
            return Ran::Done(m);
        }
        let text = cx.diagnostics.to_string();
        match cx.diagnostics.iter().any(|d| d.code == "P003") {
            true => Ran::Panicked(text),
            false => Ran::Refused(text),
        }
    }

    /// Checks the property of one module; why it does not hold, if it does not.
    fn one(&self, before: &Module) -> Result<Outcome, String> {
        let after = match self.run(&self.registry, before) {
            Ran::Done(after) => after,
            Ran::Refused(why) => return Ok(Outcome::Refused(why)),
            Ran::Panicked(why) => return Err(why),
        };
        match self.property {
            Property::NeverPanics => Ok(Outcome::Kept(0)),
            Property::OutputVerifies => self.verifies(before, &after),
            Property::ResultsUnchanged => self.same_results(before, &after),
            Property::Deterministic => self.same_again(before, &after),
            Property::Idempotent => self.same_twice(&after),
            Property::Conservative => self.leaves_unknown_ops(before, &after),
        }
    }

    fn verifies(&self, before: &Module, after: &Module) -> Result<Outcome, String> {
        let allow_unregistered = verify_with(before, &VerifyOptions::default()).is_err();
        match verify_with(after, &VerifyOptions { allow_unregistered }) {
            Ok(()) => Ok(Outcome::Kept(0)),
            Err(e) => Err(format!("the module does not verify after it\n{e}")),
        }
    }

    fn same_results(&self, before: &Module, after: &Module) -> Result<Outcome, String> {
        let public = |m: &Module| -> BTreeSet<String> {
            let all = functions(m).into_iter();
            let public = all.filter(|&f| is_public(m, f) && m.entry_block(f).is_some());
            public
                .filter_map(|f| m.symbol_name(f).map(str::to_owned))
                .collect()
        };
        if let Some(gone) = public(before).difference(&public(after)).next() {
            return Err(format!("the public function @{gone} is gone"));
        }
        self.compare(before, after, &self.properties.settings())
    }

    fn compare(
        &self,
        before: &Module,
        after: &Module,
        settings: &interp::evaluate::Settings,
    ) -> Result<Outcome, String> {
        match equivalent(before, after, settings) {
            Verdict::Equal(c) | Verdict::NotComparable { coverage: c, .. } => {
                Ok(Outcome::Kept(c.compared))
            }
            Verdict::Differs(d) => Err(format!("{d}\n{}", ir::text::print_module(after))),
        }
    }

    fn same_again(&self, before: &Module, after: &Module) -> Result<Outcome, String> {
        let text = ir::text::print_module(after);
        for registry in [&self.registry, &self.twin] {
            let again = match self.run(registry, before) {
                Ran::Done(m) => ir::text::print_module(&m),
                Ran::Refused(why) | Ran::Panicked(why) => why,
            };
            if again != text {
                return Err(format!("one run gives\n{text}\nanother\n{again}"));
            }
        }
        Ok(Outcome::Kept(0))
    }

    fn same_twice(&self, after: &Module) -> Result<Outcome, String> {
        let text = ir::text::print_module(after);
        match self.run(&self.registry, after) {
            Ran::Done(m) if ir::text::print_module(&m) == text => Ok(Outcome::Kept(0)),
            Ran::Done(m) => {
                let second = ir::text::print_module(&m);
                Err(format!("the first run gives\n{text}\nthe second\n{second}"))
            }
            Ran::Refused(why) | Ran::Panicked(why) => Err(format!("the second run fails: {why}")),
        }
    }

    /// Where functions can be run, by what unknown ops do when they run; in public functions of straight-line code, also on buffers, by
    /// what stands there.
    fn leaves_unknown_ops(&self, before: &Module, after: &Module) -> Result<Outcome, String> {
        let public = functions(before)
            .into_iter()
            .filter(|&f| is_public(before, f));
        for f in public {
            let name = before.symbol_name(f).unwrap_or_default();
            let Some(now) = after.lookup_symbol(name) else {
                continue;
            };
            let (Some(was), Some(is)) = (straight_line(before, f), straight_line(after, now))
            else {
                continue;
            };
            if is != was {
                return Err(format!(
                    "@{name} held {was:?}, and holds {is:?}\n{}",
                    ir::text::print_module(after)
                ));
            }
        }
        self.compare(before, after, &self.properties.settings().make_up_unknown())
    }
}

/// The ops that are not registered in a function, each with its attributes; none if it calls, branches or loops.
fn straight_line(m: &Module, f: OpId) -> Option<Vec<String>> {
    let ops: Vec<OpId> = m.ops(m.entry_block(f)?).collect();
    let straight = |&op: &OpId| m.regions(op).is_empty() && m.op_name(op) != "func.call";
    if !ops.iter().all(straight) {
        return None;
    }
    let unknown = ops.into_iter().filter(|&op| m.op_info(op).is_none());
    let text = |op| {
        let attrs = m.props(op).iter().chain(m.discardables(op));
        let attrs = attrs.map(|&(k, a)| format!(" {}={}", m.text(k), ir::text::attr_text(m, a)));
        format!("{}{}", m.op_name(op), attrs.collect::<String>())
    };
    Some(unknown.map(text).collect())
}
