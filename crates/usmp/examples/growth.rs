//! How the time of every algorithm grows with the number of buffers, in a table.
//!
//! `cargo run --release -p thumbwright-usmp --example growth`

#[path = "../tests/growing/mod.rs"]
mod growing;

use std::time::{Duration, Instant};
use usmp::{
    Algorithm, Algorithms, BestFit, Exact, GreedyByConflicts, GreedyBySize, Liveness, Problem,
};

fn timed<T>(run: impl FnOnce() -> T) -> (T, Duration) {
    let start = Instant::now();
    let result = run();
    (result, start.elapsed())
}

/// Nanoseconds a buffer and a doubling of their number: constant where time grows as n log n.
fn per_step(time: Duration, count: u32) -> f64 {
    let count = f64::from(count);
    time.as_nanos() as f64 / (count * count.log2())
}

fn row(kind: &str, count: u32, problem: &Problem) {
    print!("{kind:>6} {count:>7}");
    let heuristics: [&dyn Algorithm; 3] = [&GreedyBySize, &GreedyByConflicts, &BestFit];
    for heuristic in heuristics {
        let (_, time) = timed(|| heuristic.plan(problem));
        print!(
            " {:>9.1} {:>5.1}",
            time.as_secs_f64() * 1e3,
            per_step(time, count)
        );
    }
    let (_, time) = timed(|| Liveness::of(problem).bound());
    print!(" {:>7.1}", time.as_secs_f64() * 1e3);
    let (outcome, time) = timed(|| Exact::default().solve(problem));
    let gap = outcome.gap() as f64 * 100.0 / outcome.plan().height() as f64;
    println!(
        " {:>9.0} {:>7} {gap:>6.1} %",
        time.as_secs_f64() * 1e3,
        outcome.nodes()
    );
}

fn main() {
    let names: Vec<String> = Algorithms::builtin().names().map(str::to_owned).collect();
    println!(
        "milliseconds; of heuristics also nanoseconds / (n log2 n); of {} nodes and gap; as many buffers live at once as the first column says",
        names.last().map_or("", String::as_str)
    );
    println!(
        "{:>6} {:>7} {:>15} {:>15} {:>15} {:>7} {:>9} {:>7} {:>8}",
        "live", "buffers", "by size", "by conflicts", "best fit", "bound", "exact", "nodes", "gap"
    );
    for length in [4, 100, 1_000] {
        for count in [1_000, 10_000, 50_000] {
            let problem = growing::plain(count, length);
            row(&(length / 2).to_string(), count, &problem);
        }
    }
    for count in [100, 1_000, 10_000] {
        row("chain", count, &growing::chain(count));
    }
}
