//! Time per op of `canonicalize`, `cse` and `dce` on modules of 1,000 to 100,000 ops: `cargo run --release --example growth`.
//!
//! The best of five rounds counts. Two kinds of modules: one long function of arithmetic, and loops around loops. Some of the ops fold, some are equal, some are unused.

use ir::dialects::func;
use ir::{Builder, Loc, Module, ValueId, WalkOrder};
use pass::{ManagerOptions, PassCx, Pipeline, Registry};
use std::error::Error;
use std::time::{Duration, Instant};
use target::Targets;

const SIZES: [usize; 3] = [1_000, 10_000, 100_000];
/// Ops in a round.
const TOTAL: usize = 310_000;
const PASSES: [&str; 4] = ["canonicalize", "cse", "dce", "canonicalize,cse,dce"];

/// Seven ops: two that fold, one that another one equals, one that nobody uses.
fn block(b: &mut Builder<'_>, x: ValueId, y: ValueId, i: usize) -> ValueId {
    let c = b.const_i32(i as i64 % 50 + 1);
    let zero = b.const_i32(0);
    let same = b.addi(x, zero);
    let scaled = b.muli(c, same);
    let _unused = b.muli(x, c);
    let sum = b.addi(scaled, y);
    b.xori(sum, x)
}

fn straight(registry: &Registry, ops: usize) -> Module {
    let mut m = Module::new(registry.dialects().clone());
    let i32 = m.i32();
    let (_, entry) = func::build_func(&mut m, "f", &[i32, i32], &[i32], Loc::UNKNOWN);
    let args = m.block_args(entry).to_vec();
    let mut b = Builder::at_end(&mut m, entry);
    let mut x = args[0];
    for i in 0..ops / 7 {
        x = block(&mut b, x, args[1], i);
    }
    b.op("func.return", &[x], &[]);
    m
}

fn loops(registry: &Registry, ops: usize) -> Module {
    let mut m = Module::new(registry.dialects().clone());
    let i32 = m.i32();
    let (_, entry) = func::build_func(&mut m, "f", &[i32, i32], &[i32], Loc::UNKNOWN);
    let args = m.block_args(entry).to_vec();
    let mut b = Builder::at_end(&mut m, entry);
    let mut x = args[0];
    for i in 0..ops / 24 {
        x = b.for_range(0, 9, 1, &[x], |b, _, outer| {
            let x = block(b, outer[0], args[1], i);
            b.for_range(0, 7, 2, &[x], |b, _, inner| {
                vec![block(b, inner[0], args[1], i)]
            })
        })[0];
    }
    b.op("func.return", &[x], &[]);
    m
}

/// Time that this thread ran, where the system tells (Linux); elsewhere the time of day.
struct Clock(Instant);

impl Clock {
    fn new() -> Clock {
        Clock(Instant::now())
    }

    fn now(&self) -> Duration {
        let text = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
        match text.split(' ').next().and_then(|ns| ns.parse().ok()) {
            Some(ns) => Duration::from_nanos(ns),
            None => self.0.elapsed(),
        }
    }
}

fn time(registry: &Registry, m: &Module, passes: &str) -> Result<Duration, Box<dyn Error>> {
    let pipeline = Pipeline::parse(&format!("builtin.module({passes})"))?;
    let target = registry.targets().get("host")?;
    let clock = Clock::new();
    let runs = TOTAL / m.walk(m.root(), WalkOrder::Pre).len();
    let mut best = Duration::MAX;
    for _ in 0..5 {
        // As many ops altogether whatever the size, so that the caches are as little help to small modules as to large ones.
        let mut modules = vec![m.clone(); runs];
        let start = clock.now();
        for m in &mut modules {
            let mut cx = PassCx::new(registry, target);
            let options = ManagerOptions::default();
            if pass::run_pipeline(&pipeline, m, &mut cx, options, &mut ()).is_err() {
                return Err(cx.diagnostics.to_string().into());
            }
        }
        best = best.min((clock.now() - start) / runs as u32);
    }
    Ok(best)
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut r = Registry::builder(Targets::builtin());
    ir::dialects::register_all(&mut r.dialects)?;
    interp::register(&mut r.dialects)?;
    passes::register(&mut r)?;
    let registry = r.freeze();
    println!("| module | passes | ops | ms | ns per op |");
    println!("| --- | --- | ---: | ---: | ---: |");
    type Make = fn(&Registry, usize) -> Module;
    for (name, make) in [("straight", straight as Make), ("loops", loops)] {
        for passes in PASSES {
            for size in SIZES {
                let m = make(&registry, size);
                let ops = m.walk(m.root(), WalkOrder::Pre).len();
                let t = time(&registry, &m, passes)?;
                let per_op = t.as_nanos() / ops as u128;
                println!(
                    "| {name} | {passes} | {ops} | {:.2} | {per_op} |",
                    t.as_secs_f64() * 1e3
                );
            }
        }
    }
    Ok(())
}
