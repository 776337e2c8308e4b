//! How the time of every algorithm grows with the number of buffers, in a table.
//!
//! `cargo run --release -p thumbwright-usmp --example growth`, with `heuristics` behind `--` without `exact`.

#[path = "../tests/growing/mod.rs"]
mod growing;

use std::time::{Duration, Instant};
use usmp::{Algorithm, BestFit, Exact, GreedyByConflicts, GreedyBySize, Liveness, Problem};

/// Runs of a heuristic, of which the fastest counts.
const RUNS: usize = 3;

fn timed<T>(run: impl Fn() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = run();
    (result, start.elapsed())
}

fn fastest<T>(run: impl Fn() -> T) -> Duration {
    let times = (0..RUNS).map(|_| timed(&run).1);
    times.min().unwrap_or_default()
}

/// Nanoseconds a buffer and a doubling of their number: constant where time grows as n log n.
fn per_step(time: Duration, count: u32) -> f64 {
    let count = f64::from(count);
    time.as_nanos() as f64 / (count * count.log2())
}

fn row(kind: &str, count: u32, problem: &Problem, with_exact: bool) {
    print!("{kind:>6} {count:>7}");
    let heuristics: [&dyn Algorithm; 3] = [&GreedyBySize, &GreedyByConflicts, &BestFit];
    for heuristic in heuristics {
        let time = fastest(|| heuristic.plan(problem));
        let milliseconds = time.as_secs_f64() * 1e3;
        print!(" {milliseconds:>8.1} {:>6.0}", per_step(time, count));
    }
    let time = fastest(|| Liveness::of(problem).bound());
    print!(" {:>7.1}", time.as_secs_f64() * 1e3);
    if with_exact {
        let (outcome, time) = timed(|| Exact::default().solve(problem));
        let gap = outcome.gap() as f64 * 100.0 / outcome.plan().height() as f64;
        let milliseconds = time.as_secs_f64() * 1e3;
        print!(" {milliseconds:>8.0} {:>7} {gap:>5.1} %", outcome.nodes());
    }
    println!();
}

fn main() {
    let with_exact = std::env::args().nth(1).as_deref() != Some("heuristics");
    println!("milliseconds; of heuristics also ns / (n log2 n); of exact nodes and gap");
    println!(
        "live: how many of the buffers live at once; chain: operators that may run into their operands"
    );
    println!(
        "{:>6} {:>7} {:>15} {:>15} {:>15} {:>7} {:>8} {:>7} {:>7}",
        "live", "buffers", "by size", "by conflicts", "best fit", "bound", "exact", "nodes", "gap"
    );
    for length in [4, 100, 1_000] {
        for count in [1_000, 10_000, 50_000] {
            let problem = growing::plain(count, length);
            row(&(length / 2).to_string(), count, &problem, with_exact);
        }
    }
    for count in [100, 1_000, 10_000] {
        row("chain", count, &growing::chain(count), with_exact);
    }
}
