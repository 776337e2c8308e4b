//! Algorithms on up to 50,000 buffers, of which hundreds live at once: what they promise holds whatever the size.
//!
//! How long they take is printed by `cargo run --release -p thumbwright-usmp --example growth`.

mod growing;

use usmp::{Algorithm, BestFit, Exact, GreedyByConflicts, GreedyBySize, Liveness, Problem, check};

/// The obvious checker compares every two buffers.
const MAX_CHECKED: usize = 10_000;

fn assert_sound(problem: &Problem, algorithm: &dyn Algorithm) {
    let plan = algorithm.plan(problem);
    assert!(plan.height() >= Liveness::of(problem).bound());
    if problem.buffers().len() <= MAX_CHECKED {
        assert_eq!(check(problem, &plan), [], "{}", algorithm.name());
    }
}

#[test]
fn heuristics_plan_whatever_the_size() {
    for count in [1_000, 10_000, 50_000] {
        for length in [4, 100, 1_000] {
            assert_sound(&growing::plain(count, length), &GreedyBySize);
        }
        let problem = growing::plain(count, 100);
        assert_sound(&problem, &GreedyByConflicts);
        assert_sound(&problem, &BestFit);
    }
}

/// The search of `exact` ends by its count of nodes, whatever the size, and states how far it got.
fn assert_ends(problem: &Problem) {
    let exact = Exact { node_budget: 2_000 };
    let outcome = exact.solve(problem);
    assert!(outcome.nodes() <= exact.node_budget);
    assert!(outcome.plan().height() <= GreedyBySize.plan(problem).height());
    assert!(outcome.lower_bound() >= Liveness::of(problem).bound());
    assert_eq!(
        outcome.lower_bound() + outcome.gap(),
        outcome.plan().height()
    );
    if problem.buffers().len() <= MAX_CHECKED {
        assert_eq!(check(problem, outcome.plan()), []);
    }
}

#[test]
fn exact_ends_within_its_nodes() {
    for count in [1_000, 10_000, 50_000] {
        for length in [4, 100] {
            assert_ends(&growing::plain(count, length));
        }
    }
}

#[test]
fn exact_ends_within_its_nodes_on_chains() {
    for count in [900, 10_000] {
        assert_ends(&growing::chain(count));
    }
}
