//! First-gap greedy stays practical up to 50,000 buffers, of which hundreds live at once.
//!
//! `cargo test -p thumbwright-usmp --test growth -- --nocapture` prints the times.

use std::time::{Duration, Instant};

use usmp::{Algorithm, Buffer, BufferKind, Exact, GreedyBySize, Liveness, Problem, check};

/// Knuth's 64-bit linear congruential generator, upper half.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 32) * u64::from(limit)) >> 32) as u32
    }
}

/// `count` buffers with lifetimes of 1 to `length` times that start at any of `count` times.
fn problem(count: u32, length: u32) -> Problem {
    let mut random = Random(u64::from(count) << 32 | u64::from(length));
    let buffers = (0..count).map(|index| {
        let start = random.below(count);
        Buffer {
            name: format!("b{index}"),
            size: 1 + u64::from(random.below(1 << (4 + index % 14))),
            align: 1u64 << random.below(5),
            start,
            end: start + 1 + random.below(length),
            kind: BufferKind::Activation,
        }
    });
    Problem::new(buffers.collect()).expect("the buffers are valid")
}

#[test]
fn greedy_grows_gently() {
    println!(
        "{:>8} {:>8} {:>12} {:>12}",
        "buffers", "length", "plan", "bound"
    );
    for count in [1_000, 10_000, 50_000] {
        // About half of `length` buffers live at once.
        for length in [4, 100, 1_000] {
            let problem = problem(count, length);
            let start = Instant::now();
            let plan = GreedyBySize.plan(&problem);
            let planned = start.elapsed();
            let start = Instant::now();
            let bound = Liveness::of(&problem).bound();
            println!(
                "{count:>8} {length:>8} {planned:>12.2?} {:>12.2?}",
                start.elapsed()
            );
            assert!(
                planned < Duration::from_secs(60),
                "{count} buffers took {planned:?}"
            );
            assert!(plan.height() >= bound);
            if count <= 10_000 {
                assert_eq!(check(&problem, &plan), []);
            }
        }
    }
}

/// The search of `exact` ends by its count of nodes, whatever the size, and states how far it got.
#[test]
fn exact_ends_within_its_nodes() {
    println!(
        "{:>8} {:>8} {:>12} {:>8} {:>10}",
        "buffers", "length", "time", "nodes", "gap"
    );
    for count in [1_000, 10_000, 50_000] {
        for length in [4, 100] {
            let problem = problem(count, length);
            let exact = Exact { node_budget: 2_000 };
            let start = Instant::now();
            let outcome = exact.solve(&problem);
            let (time, gap) = (start.elapsed(), outcome.gap());
            println!(
                "{count:>8} {length:>8} {time:>12.2?} {:>8} {gap:>10}",
                outcome.nodes()
            );
            assert!(outcome.nodes() <= exact.node_budget);
            assert!(outcome.plan().height() <= GreedyBySize.plan(&problem).height());
            assert!(outcome.lower_bound() >= Liveness::of(&problem).bound());
            if count <= 10_000 {
                assert_eq!(check(&problem, outcome.plan()), []);
            }
        }
    }
}
