//! What the order of execution does to the memory of branchy networks, as a table: `cargo run --release -p thumbwright-passes --example
//! cells`.
//!
//! Three stacked cells of each family, on images of 16 × 16 and 16 channels. `as built` is the order in which the cells are written down,
//! op by op; `by levels` runs each op as early as its operands allow. Peaks are live bytes; the last two columns are what the planner
//! makes of the order as built and of the order found.

use pass::{ManagerOptions, PassCx, Pipeline, Registry};
use passes::memory_map::MemoryMap;
use passes::order_operators::Ordered;
use std::error::Error;
use std::time::Instant;
use target::Targets;
use testgen::cells::{Family, by_levels, stacked};
use testgen::network::Network;
use usmp::order::{Search, check_order};

const CELLS: usize = 3;
const EDGE: i64 = 16;
const CHANNELS: i64 = 16;

/// The module after the passes that run before `order-operators`, then `steps`.
fn run(registry: &Registry, n: &Network, steps: &str) -> Result<ir::Module, Box<dyn Error>> {
    let mut m = n.build(registry.dialects());
    let host = registry.targets().get("host")?;
    let mut cx = PassCx::new(registry, host);
    let text = format!("builtin.module(func.func(canonicalize,cse,dce){steps})");
    pass::run_pipeline(
        &Pipeline::parse(&text)?,
        &mut m,
        &mut cx,
        ManagerOptions::default(),
        &mut (),
    )
    .map_err(|_| cx.diagnostics.to_string())?;
    Ok(m)
}

fn arena(registry: &Registry, n: &Network, order: &str) -> Result<u64, Box<dyn Error>> {
    let m = run(registry, n, &format!("{order},lower-nn,plan-memory"))?;
    Ok(MemoryMap::of(&m).ok_or("no plan")?.arena_size)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut r = Registry::builder(Targets::builtin());
    ir::dialects::register_all(&mut r.dialects)?;
    interp::register(&mut r.dialects)?;
    passes::register(&mut r)?;
    let registry = r.freeze();
    println!(
        "{:15} seed  ops | as built  by levels     least  proved | built/least  levels/least |    nodes      ms | arena: built    found",
        "family"
    );
    for family in Family::ALL {
        let random = matches!(
            family,
            Family::WattsStrogatz | Family::ErdosRenyi | Family::Aggregation
        );
        for seed in 1..=if random { 3 } else { 1 } {
            let built = stacked(family, CELLS, EDGE, CHANNELS, seed);
            let graph = |n: &Network| -> Result<_, Box<dyn Error>> {
                let m = run(&registry, n, "")?;
                let main = m.lookup_symbol("main").ok_or("no @main")?;
                Ok(Ordered::of(&m, main).ok_or("no network")?.graph)
            };
            let (g, levels) = (graph(&built)?, graph(&by_levels(&built))?);
            let given = |g: &usmp::order::OperatorGraph| {
                check_order(g, &(0..g.operators().len()).collect::<Vec<_>>())
            };
            let (as_built, by_levels) = (given(&g)?, given(&levels)?);
            let start = Instant::now();
            let found = Search::default().solve(&g);
            let time = start.elapsed().as_secs_f64() * 1e3;
            println!(
                "{:15} {seed:4} {:4} | {as_built:8}  {by_levels:9}  {:8}  {:6} | {:11.2}  {:12.2} | {:8} {time:7.1} | {:12} {:8}",
                family.name(),
                g.operators().len(),
                found.peak(),
                if found.is_optimal() { "yes" } else { "no" },
                as_built as f64 / found.peak() as f64,
                by_levels as f64 / found.peak() as f64,
                found.nodes(),
                arena(&registry, &built, "")?,
                arena(&registry, &built, ",func.func(order-operators)")?,
            );
        }
    }
    Ok(())
}
