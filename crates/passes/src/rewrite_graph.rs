//! `rewrite-graph`: takes the cheapest network that the rules of [`egraph`](crate::egraph) find equal to the given one.
//!
//! The best networks are extracted for several weights of cycles, flash and intermediate results. Each is ordered, its memory is planned, and
//! it is measured as a whole, where RAM goes first after lowering it; the best by `optimize-for`, within the budgets if any is, is taken if it is better than what was there. Else
//! nothing changes. What none of the networks beats in everything is kept as a [`Front`], for reports.

use crate::egraph::claim::{Refusal, claim};
use crate::egraph::cost::Costs;
use crate::egraph::decode::{NewOp, decode};
use crate::egraph::encode::{Encoded, encode};
use crate::egraph::extract::{Extraction, Weights};
use crate::egraph::graph::Graph;
use crate::egraph::measure::{Budgets, Goal, Measure, measure};
use crate::egraph::merge::merge;
use crate::egraph::registered::{self, Tried};
use crate::egraph::rule::{Rule, Soundness};
use crate::egraph::rules;
use crate::egraph::saturate::{Conditions, ITERATION_LIMIT, Stop, saturate};
use crate::front::{Front, Point};
use crate::preference::{self, Preference};
use ir::rewrite::Fuel;
use ir::{Diagnostic, Module, OpId};
use pass::{
    Accelerator, Failed, OptionError, Options, Pass, PassCx, PassInfo, Pipeline, Registry,
    RewriteRule,
};

/// The pass.
pub fn info() -> PassInfo {
    PassInfo::with_options(
        "rewrite-graph",
        "func.func",
        "Take the cheapest of the networks that rewrite rules find equal.",
        RewriteGraph::new,
    )
    .option(
        "optimize-for",
        "balanced|latency|ram|flash",
        "balanced",
        "What is to be small: the product of cycles, flash and RAM, if neither cycles nor RAM grow; or one of them first.",
    )
    .option(
        "candidates",
        "NUMBER",
        CANDIDATES,
        "Networks that are extracted, planned and compared at most.",
    )
    .option(
        "ram-budget",
        "BYTES",
        "",
        "RAM that the network may take; what is nearest to the budgets goes before what is better.",
    )
    .option(
        "flash-budget",
        "BYTES",
        "",
        "Flash that constants and code may take, likewise.",
    )
    .option(
        "io",
        "arena|caller",
        "arena",
        "For `ram` and budgets of RAM, where networks are lowered and planned: where inputs and outputs live, as for plan-memory.",
    )
    .option(
        "overlap",
        "true|false",
        "true",
        "Likewise: whether results may run into operands, as for plan-memory.",
    )
    .option(
        "with",
        "NAME,…",
        "",
        "Accelerators that may claim parts of the network, by name.",
    )
    .option("prefer", "NAME,…", "", preference::HELP)
    .option("disable", "NAME,…", "", "Rules to leave out, by name.")
    .option(
        "fast-math",
        "true|false",
        "false",
        "Whether rules may be used whose sides are equal up to rounding.",
    )
    .option(
        "explain",
        "true|false",
        "false",
        "Whether a remark says of every new op which rules led to it.",
    )
}

/// Networks that are extracted, planned and compared at most, if nothing else is asked for.
pub const CANDIDATES: &str = "8";

struct RewriteGraph {
    goal: Goal,
    with: Vec<String>,
    prefer: Preference,
    candidates: usize,
    budgets: Budgets,
    /// How networks are planned, where RAM goes first.
    plans: Option<Pipeline>,
    disable: Vec<String>,
    fast_math: bool,
    explain: bool,
}

impl RewriteGraph {
    fn new(o: &Options<'_>) -> Result<RewriteGraph, OptionError> {
        let goals = ["balanced", "latency", "ram", "flash"];
        let goal = match o.choice("optimize-for", &goals)? {
            "latency" => Goal::Latency,
            "ram" => Goal::Ram,
            "flash" => Goal::Flash,
            _ => Goal::Balanced,
        };
        let budget = bytes(o, "ram-budget")?;
        o.choice("io", &["arena", "caller"])?;
        o.flag("overlap")?;
        Ok(RewriteGraph {
            goal,
            plans: (goal == Goal::Ram || budget.is_some()).then(|| plans(o)),
            with: o.list("with").map(str::to_owned).collect(),
            prefer: Preference::of(o),
            candidates: o.parse("candidates", "wants a number")?,
            budgets: Budgets {
                ram: budget,
                flash: bytes(o, "flash-budget")?,
            },
            disable: o.list("disable").map(str::to_owned).collect(),
            fast_math: o.flag("fast-math")?,
            explain: o.flag("explain")?,
        })
    }

    /// The rules to use.
    fn rules(&self, cx: &mut PassCx<'_>) -> Result<Vec<Rule>, Failed> {
        let mut rules = rules::all();
        for name in &self.disable {
            let registered = cx.registry.rewrite_rules().iter().map(RewriteRule::name);
            if rules
                .iter()
                .map(|r| r.name)
                .chain(registered)
                .any(|r| r == name)
            {
                continue;
            }
            let message = format!("`rewrite-graph` cannot disable `{name}`: no such rule");
            let error = Diagnostic::error("P001", message);
            let registered = cx.registry.rewrite_rules().iter().map(RewriteRule::name);
            let names = rules.iter().map(|r| r.name).chain(registered);
            return cx.fail(match target::nearest(name, names) {
                Some(n) => error.help(format!("did you mean `{n}`?")),
                None => error,
            });
        }
        rules.retain(|r| {
            let allowed = self.fast_math || r.soundness == Soundness::Exact;
            allowed && !self.disable.iter().any(|d| d == r.name)
        });
        Ok(rules)
    }

    /// The registered rules to use.
    fn registered<'r>(&self, registry: &'r Registry) -> Vec<&'r RewriteRule> {
        let allowed = |r: &&RewriteRule| {
            (self.fast_math || !r.is_fast()) && !self.disable.iter().any(|d| d == r.name())
        };
        registry.rewrite_rules().iter().filter(allowed).collect()
    }
}

/// Applies the rules of `rewrite-graph` itself and the registered ones in turn, until neither has anything new to say.
fn saturate_all(
    g: &mut Graph,
    own: &[Rule],
    registered: &[&RewriteRule],
    fuel: &mut Fuel,
) -> (Stop, u64) {
    let (mut stop, mut found) = saturate(g, own, Conditions::Hold, fuel);
    let mut tried = Tried::default();
    for _ in 0..ITERATION_LIMIT {
        if stop != Stop::Saturated {
            break;
        }
        let new = registered::apply(g, registered, Conditions::Hold, &mut tried, fuel);
        if new == 0 {
            break;
        }
        let (then, more) = saturate(g, own, Conditions::Hold, fuel);
        stop = then;
        found += new + more;
    }
    (stop, found)
}

/// Accelerators by name.
fn accelerators<'r>(
    names: &[String],
    registry: &'r Registry,
) -> Result<Vec<&'r Accelerator>, Diagnostic> {
    let all = registry.accelerators();
    let find = |name: &String| {
        all.iter().find(|a| a.name() == name).ok_or_else(|| {
            let message = format!("`rewrite-graph` knows no accelerator `{name}`");
            let error = Diagnostic::error("P001", message);
            match target::nearest(name, all.iter().map(Accelerator::name)) {
                Some(n) => error.help(format!("did you mean `{n}`?")),
                None => error.help("register it, or load the plug-in that brings it"),
            }
        })
    };
    names.iter().map(find).collect()
}

/// A number of bytes, if one is given.
pub(crate) fn bytes(o: &Options<'_>, name: &str) -> Result<Option<u64>, OptionError> {
    match o.text(name) {
        "" => Ok(None),
        _ => o.parse(name, "wants a number of bytes").map(Some),
    }
}

/// The passes that plan a network, asked for what this pass is asked for.
fn plans(o: &Options<'_>) -> Pipeline {
    let (io, overlap) = (o.text("io"), o.text("overlap"));
    let mut lower = format!("optimize-for={}", o.text("optimize-for"));
    if !o.text("ram-budget").is_empty() {
        lower += &format!(" ram-budget={}", o.text("ram-budget"));
    }
    if !o.text("prefer").is_empty() {
        lower += &format!(" prefer={}", o.text("prefer"));
    }
    let terms = format!("io={io} overlap={overlap}");
    // A heuristic, since there are many plans to make.
    let plan = format!("algorithm=greedy-by-conflicts {terms}");
    let text = format!(
        "builtin.module(func.func(order-operators),lower-nn{{{lower} {terms}}},plan-memory{{{plan}}})"
    );
    Pipeline::parse(&text).expect("invariant: words and numbers are options")
}

/// A network that was extracted.
struct Candidate {
    module: Module,
    new: Vec<NewOp>,
    measure: Measure,
}

/// What the networks that were extracted are.
struct Found {
    best: Option<Candidate>,
    front: Front,
}

impl Pass for RewriteGraph {
    fn run(&self, m: &mut Module, f: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
        let rules = self.rules(cx)?;
        let accelerators = match accelerators(&self.with, cx.registry) {
            Ok(found) => found,
            Err(e) => return cx.fail(e),
        };
        if let Err(e) = self.prefer.check("rewrite-graph", cx.registry) {
            return cx.fail(e);
        }
        let region = m.regions(f).first().copied();
        let Some(&[block]) = region.map(|r| m.blocks(r)) else {
            return Ok(());
        };
        let empty = Module::new(m.registry().clone());
        let mut graph = Graph::new(std::mem::replace(m, empty));
        let encoded = encode(&mut graph, block);
        let registered = self.registered(cx.registry);
        let (stop, found) = saturate_all(&mut graph, &rules, &registered, &mut cx.fuel);
        cx.count("equalities", found);
        let (claims, refused) = claim(&mut graph, &accelerators, cx.target, &mut cx.fuel);
        cx.count("claims", claims);
        refused
            .iter()
            .for_each(|r| not_claimed(graph.module(), r, cx));
        if found + claims == 0 {
            *m = graph.into_module();
            return Ok(());
        }
        let is_main = graph.module().lookup_symbol("main") == Some(f);
        let plans = self.plans.clone().filter(|_| is_main);
        let mut costs = Costs::new(cx.registry, cx.target, self.goal)
            .preferring(self.prefer.clone())
            .with_plans(plans);
        let before = measure(graph.module(), f, &mut costs);
        let Found { best, front } = self.search(&mut graph, &encoded, f, before, &mut costs, cx);
        let (what, new) = match best {
            Some(best) => {
                m.exchange(best.module);
                let what = format!("rewritten: {before} before; {} after; {stop}", best.measure);
                (what, best.new)
            }
            None => {
                *m = graph.into_module();
                if front.points.len() < 2 && stop == Stop::Saturated {
                    return Ok(());
                }
                (format!("nothing better than {before}; {stop}"), Vec::new())
            }
        };
        let mut remark = Diagnostic::remark("remark.rewrite-graph", what);
        remark.location = m.describe_loc(m.op_loc(f));
        if front.points.len() > 1 {
            front.write(m, f);
            remark.notes = front.describe();
        }
        cx.diagnostics.push(remark);
        if self.explain {
            for new in &new {
                explain(m, new, cx);
            }
        }
        Ok(())
    }
}

impl RewriteGraph {
    /// The best network that is better than the given one, and what no other network beats in everything.
    fn search(
        &self,
        g: &mut Graph,
        encoded: &Encoded,
        f: OpId,
        before: Measure,
        costs: &mut Costs<'_>,
        cx: &PassCx<'_>,
    ) -> Found {
        let extraction = Extraction::of(g, costs, &encoded.roots);
        let mut best: Option<Candidate> = None;
        let mut measures = vec![before];
        for choices in extraction.best(&weights(before), self.candidates) {
            let Some((mut module, mut new)) = decode(g, encoded, &choices) else {
                continue;
            };
            merge(&mut module, encoded.block, &mut new, cx.registry, cx.target);
            let measure = measure(&module, f, costs);
            measures.push(measure);
            let key = |m| self.budgets.key(self.goal, m);
            let is_least = best.as_ref().is_none_or(|b| key(measure) < key(b.measure));
            if is_least && self.budgets.is_better(self.goal, measure, before) {
                best = Some(Candidate {
                    module,
                    new,
                    measure,
                });
            }
        }
        let taken = best.as_ref().map_or(before, |b| b.measure);
        let point = |m: &Measure| Point {
            measure: *m,
            given: *m == before,
            taken: *m == taken,
        };
        Found {
            front: Front::of(measures.iter().map(point)),
            best,
        }
    }
}

/// What networks are extracted for: each of the three first, and all of them by their share in the given network.
fn weights(of: Measure) -> [Weights; 4] {
    const MUCH: u64 = 1 << 20;
    let share = |x: u64| (1 << 40) / x.max(1);
    let one = Weights {
        cycles: 1,
        flash: 1,
        results: 1,
    };
    [
        Weights {
            cycles: share(of.cycles),
            flash: share(of.flash),
            results: share(of.ram),
        },
        Weights {
            cycles: MUCH,
            ..one
        },
        Weights {
            results: MUCH,
            ..one
        },
        Weights { flash: MUCH, ..one },
    ]
}

fn explain(m: &Module, new: &NewOp, cx: &mut PassCx<'_>) {
    let rules = new.origin.rules.join(", then ");
    let message = format!("`{}` is here by {rules}", m.op_name(new.op));
    let mut remark = Diagnostic::remark("remark.rewritten", message);
    remark.location = m.describe_loc(m.op_loc(new.op));
    cx.diagnostics.push(remark);
}

fn not_claimed(m: &Module, refused: &Refusal, cx: &mut PassCx<'_>) {
    let Refusal {
        accelerator,
        op,
        why,
        ..
    } = refused;
    let message = format!("{accelerator} does not take `{op}`: {why}");
    let mut remark = Diagnostic::remark("remark.not-claimed", message);
    remark.location = refused.loc.and_then(|l| m.describe_loc(l));
    cx.diagnostics.push(remark);
}
