//! What rewriting costs on networks of more than 200 ops: `cargo run --release -p thumbwright-passes --example rewriting`, and with the path of
//! a network as MLIR text (`thumbwright compile MODEL --emit mlir` writes `mlir/00-import.mlir`) that one instead.
//!
//! Stacked cells of each family. The times are those of saturation alone and of the whole pass, with extraction, planning and the choice;
//! the last column is the most memory that the process has had so far, where the system says so.

use ir::Module;
use ir::rewrite::Fuel;
use pass::{ManagerOptions, PassCx, Pipeline, Registry};
use passes::egraph::encode::encode;
use passes::egraph::graph::Graph;
use passes::egraph::rule::Soundness;
use passes::egraph::rules;
use passes::egraph::saturate::{Conditions, saturate};
use std::error::Error;
use std::time::Instant;
use target::Targets;
use testgen::cells::{Family, stacked};

/// Ops of a network at least.
const OPS: usize = 200;

fn main() -> Result<(), Box<dyn Error>> {
    let mut r = Registry::builder(Targets::builtin());
    ir::dialects::register_all(&mut r.dialects)?;
    interp::register(&mut r.dialects)?;
    passes::register(&mut r)?;
    let registry = r.freeze();
    println!(
        "network          ops | equalities   terms  saturation ms | pass ms | peak memory MiB | why it ended"
    );
    if let Some(path) = std::env::args().nth(1) {
        let text = std::fs::read_to_string(&path)?;
        let options = ir::text::ParseOptions::default();
        let m = ir::text::parse(&text, &path, registry.dialects().clone(), &options)
            .map_err(|e| e.to_string())?;
        return line(&registry, &path, m);
    }
    for family in Family::ALL {
        let cells = (1..).find(|&n| stacked(family, n, 16, 16, 1).nodes.len() >= OPS);
        let network = stacked(family, cells.unwrap_or(1), 16, 16, 1);
        line(&registry, family.name(), network.build(registry.dialects()))?;
    }
    Ok(())
}

fn line(registry: &Registry, name: &str, m: Module) -> Result<(), Box<dyn Error>> {
    let main = m.lookup_symbol("main").ok_or("no @main")?;
    let block = m.entry_block(main).ok_or("no body")?;
    let ops = m.ops(block).count();
    let mut graph = Graph::new(m.clone());
    encode(&mut graph, block);
    let mut rules = rules::all();
    rules.retain(|r| r.soundness == Soundness::Exact);
    let start = Instant::now();
    let (stop, found) = saturate(&mut graph, &rules, Conditions::Hold, &mut Fuel::unlimited());
    let saturation = start.elapsed();
    let mut rewritten = m;
    let mut cx = PassCx::new(registry, registry.targets().get("cortex-m4")?);
    let pipeline = Pipeline::parse("builtin.module(func.func(rewrite-graph))")?;
    let start = Instant::now();
    pass::run_pipeline(
        &pipeline,
        &mut rewritten,
        &mut cx,
        ManagerOptions::default(),
        &mut (),
    )
    .map_err(|_| cx.diagnostics.to_string())?;
    let whole = start.elapsed();
    println!(
        "{name:15} {ops:4} | {found:10} {:7} {:14.1} | {:7.1} | {:15} | {stop}",
        graph.len(),
        saturation.as_secs_f64() * 1e3,
        whole.as_secs_f64() * 1e3,
        peak_memory().map_or("unknown".to_owned(), |kib| (kib / 1024).to_string()),
    );
    Ok(())
}

/// KiB of memory at the peak, as Linux says.
fn peak_memory() -> Option<u64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find(|l| l.starts_with("VmHWM:"))?;
    line.split_whitespace().nth(1)?.parse().ok()
}
