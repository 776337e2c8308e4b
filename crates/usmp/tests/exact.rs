//! `exact` against brute force, against itself on problems that must have the same optimum, and on public instances.

mod problems;

use std::fs;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use usmp::exact::FitAnswer;
use usmp::{
    Algorithm, Algorithms, Buffer, BufferKind, Exact, GreedyByConflicts, HillClimb, Liveness,
    Overlap, Problem, check, csv,
};

/// Enough for most random problems, and soon over for the others.
const MODEST: Exact = Exact { node_budget: 2_000 };

/// So that no drawn problem ends without its proof; a rare one wants more than the default.
const AMPLE: Exact = Exact {
    node_budget: 50_000_000,
};

/// That many cases; failures are kept in `exact.regressions`.
fn cases(count: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::with_cases(count)
    }
}

/// Buffers of up to `size` bytes, some of none.
fn buffers(
    count: usize,
    size: u64,
    log_align: u32,
    time: u32,
) -> impl Strategy<Value = Vec<Buffer>> {
    problems::buffers(count, 0..=size, log_align, time)
}

/// Whether there is a plan of less than `limit` bytes, by trying every multiple of the alignment for every buffer: first
/// for the buffers that are live at one time, whatever the others do, then for all.
///
/// Knows nothing of floors, heads, sections, bounds or canonical plans.
fn fits_below(problem: &Problem, limit: u64) -> bool {
    let buffers = || problem.buffers().iter().enumerate();
    let places = |(index, buffer): (usize, &Buffer)| {
        let all = (0..limit).step_by(buffer.align as usize);
        let ends_below = all.filter(|offset| offset + buffer.size < limit);
        let places: Vec<u64> = match problem.fixed_offset(index) {
            Some(fixed) => ends_below.filter(|&offset| offset == fixed).collect(),
            // A buffer of no bytes is in nobody's way.
            None if buffer.size == 0 => ends_below.take(1).collect(),
            None => ends_below.collect(),
        };
        (index, places)
    };
    let at_once = |time: u32| {
        let live = || buffers().filter(move |(_, b)| (b.start..b.end).contains(&time));
        let bytes: u64 = live().map(|(_, buffer)| buffer.size).sum();
        let may_overlap = problem.overlaps().next().is_some();
        (may_overlap || bytes < limit) && place_all(problem, live().map(places).collect())
    };
    let mut times: Vec<u32> = buffers().map(|(_, buffer)| buffer.start).collect();
    times.dedup();
    limit > 0
        && times.into_iter().all(at_once)
        && place_all(problem, buffers().map(places).collect())
}

/// Whether all buffers can be placed, each at one of its places; goes on with the one that has the fewest.
fn place_all(problem: &Problem, left: Vec<(usize, Vec<u64>)>) -> bool {
    let Some((index, places)) = left.iter().min_by_key(|(_, places)| places.len()) else {
        return true;
    };
    places.iter().any(|&offset| {
        let others = left.iter().filter(|(other, _)| other != index);
        let rest = others.map(|(other, places)| {
            let free = |&at: &u64| may_lie(problem, (*index, offset), (*other, at));
            (*other, places.iter().copied().filter(free).collect())
        });
        place_all(problem, rest.collect())
    })
}

/// Whether two buffers, each with its offset, may lie where they do.
fn may_lie(problem: &Problem, a: (usize, u64), b: (usize, u64)) -> bool {
    let buffer = |(index, _): (usize, u64)| &problem.buffers()[index];
    let end = |of: (usize, u64)| of.1 + buffer(of).size;
    if buffer(a).size == 0 || buffer(b).size == 0 || end(a) <= b.1 || end(b) <= a.1 {
        return true;
    }
    let is_pair = |x: usize, y: usize| [(a.0, b.0), (b.0, a.0)].contains(&(x, y));
    if problem.stated_conflicts().any(|(x, y)| is_pair(x, y)) {
        return false;
    }
    let offset = |index: usize| if index == a.0 { a.1 } else { b.1 };
    let overlap = problem.overlaps().find(|o| is_pair(o.result, o.operand));
    buffer(a).end <= buffer(b).start
        || buffer(b).end <= buffer(a).start
        || overlap.is_some_and(|o| offset(o.result) + o.lead <= offset(o.operand))
}

/// The problem with its buffers in another order, all later by `shift`.
fn arranged(problem: &Problem, order: &[usize], shift: u32) -> Problem {
    let buffers = order.iter().map(|&index| {
        let buffer = problem.buffers()[index].clone();
        let (start, end) = (buffer.start + shift, buffer.end + shift);
        Buffer {
            start,
            end,
            ..buffer
        }
    });
    let place = |of: usize| order.iter().position(|&index| index == of);
    let place = |of: usize| place(of).expect("the order holds every buffer");
    let mut arranged = Problem::new(buffers.collect()).expect("the same buffers");
    for o in problem.overlaps() {
        let (result, operand) = (place(o.result), place(o.operand));
        let overlap = Overlap {
            result,
            operand,
            lead: o.lead,
        };
        arranged = arranged.with_overlap(overlap).expect("the same statements");
    }
    for (a, b) in problem.stated_conflicts() {
        arranged = arranged
            .with_conflict(place(a), place(b))
            .expect("the same statements");
    }
    for (buffer, offset) in problem.fixed_offsets() {
        arranged = arranged
            .with_offset(place(buffer), offset)
            .expect("the same statements");
    }
    arranged
}

fn assert_optimal(problem: &Problem) {
    let outcome = AMPLE.solve(problem);
    assert_eq!(check(problem, outcome.plan()), []);
    assert!(outcome.is_optimal(), "{outcome:?}");
    let height = outcome.plan().height();
    let fit = |capacity| AMPLE.fit(problem, capacity).answer;
    assert!(matches!(fit(height), FitAnswer::Fits(plan) if plan.height() == height));
    if height > 0 {
        let lower_bound = height;
        assert_eq!(fit(height - 1), FitAnswer::Refuted { lower_bound });
    }
    assert!(height >= Liveness::of(problem).bound());
    assert!(!fits_below(problem, height), "{problem:?}");
}

proptest! {
    #![proptest_config(cases(6_000))]

    #[test]
    fn equals_brute_force_at_one_alignment(buffers in buffers(10, 5, 0, 8)) {
        assert_optimal(&Problem::new(buffers).unwrap());
    }
}

proptest! {
    #![proptest_config(cases(4_000))]

    #[test]
    fn equals_brute_force_at_many_alignments(buffers in buffers(6, 9, 3, 8)) {
        assert_optimal(&Problem::new(buffers).unwrap());
    }
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn equals_brute_force_whatever_is_stated(problem in problems::stated(problems::plain(buffers(10, 4, 1, 8)), 3, 8)) {
        assert_optimal(&problem);
    }

    /// Chains of operators, each of which may run into what it reads.
    #[test]
    fn equals_brute_force_on_chains(
        layers in prop::collection::vec((1u64..=5, 0u64..=3, 1usize..=3), 1..=10),
    ) {
        let buffers = layers.iter().enumerate().map(|(index, &(size, _, reads))| Buffer {
            name: format!("b{index}"),
            size,
            align: 1,
            start: index as u32,
            end: (index + reads + 1) as u32,
            kind: BufferKind::Activation,
        });
        let mut problem = Problem::new(buffers.collect()).unwrap();
        for (result, &(_, lead, _)) in layers.iter().enumerate().skip(1) {
            // The operand that dies there, if there is one.
            let dies = |&operand: &usize| operand + layers[operand].2 == result;
            if let Some(operand) = (0..result).find(dies) {
                problem = problem.with_overlap(Overlap { result, operand, lead }).unwrap();
            }
        }
        assert_optimal(&problem);
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn the_optimum_does_not_depend_on_names_order_or_time(
        (buffers, permuted) in buffers(24, 30, 2, 12)
            .prop_flat_map(|b| (Just(b.clone()), Just(b).prop_shuffle())),
        shift in 0u32..1_000_000,
    ) {
        let solve = |buffers: Vec<Buffer>| {
            let problem = Problem::new(buffers).unwrap();
            let outcome = MODEST.solve(&problem);
            assert_eq!(check(&problem, outcome.plan()), []);
            outcome
        };
        let original = solve(buffers.clone());
        let permuted = solve(permuted);
        let end = 2_000_000;
        let shifted = buffers.iter().map(|b| Buffer { start: b.start + shift, end: b.end + shift, ..b.clone() });
        let reversed = buffers.iter().map(|b| Buffer { start: end - b.end, end: end - b.start, ..b.clone() });
        let (shifted, reversed) = (solve(shifted.collect()), solve(reversed.collect()));
        prop_assert_eq!(shifted.plan(), original.plan());
        for other in [&permuted, &reversed] {
            if original.is_optimal() && other.is_optimal() {
                prop_assert_eq!(other.plan().height(), original.plan().height());
            }
            prop_assert!(other.lower_bound() <= original.plan().height());
            prop_assert!(original.lower_bound() <= other.plan().height());
        }
    }

    #[test]
    fn the_optimum_of_what_is_stated_does_not_depend_on_order_or_time(
        problem in problems::stated(problems::plain(buffers(16, 20, 2, 8)), 12, 10),
        order in Just((0..16).collect::<Vec<usize>>()).prop_shuffle(),
        shift in 0u32..1_000_000,
    ) {
        let outcome = MODEST.solve(&problem);
        prop_assert_eq!(check(&problem, outcome.plan()), []);
        let count = problem.buffers().len();
        let in_place: Vec<usize> = (0..count).collect();
        let shuffled: Vec<usize> = order.into_iter().filter(|&index| index < count).collect();
        let later = MODEST.solve(&arranged(&problem, &in_place, shift));
        prop_assert_eq!(later.plan(), outcome.plan());
        let permuted = MODEST.solve(&arranged(&problem, &shuffled, 0));
        if outcome.is_optimal() && permuted.is_optimal() {
            prop_assert_eq!(permuted.plan().height(), outcome.plan().height());
        }
        prop_assert!(permuted.lower_bound() <= outcome.plan().height());
        prop_assert!(outcome.lower_bound() <= permuted.plan().height());
    }

    #[test]
    fn never_worse_with_more_allowances(
        problem in problems::stated(problems::plain(buffers(16, 20, 2, 8)), 12, 6),
        pair in any::<[prop::sample::Index; 2]>(),
        lead in 0u64..12,
    ) {
        let count = problem.buffers().len().max(1);
        let [result, operand] = pair.map(|index| index.index(count));
        let Ok(more) = problem.clone().with_overlap(Overlap { result, operand, lead }) else {
            return Ok(());
        };
        let (outcome, better) = (MODEST.solve(&problem), MODEST.solve(&more));
        prop_assert!(better.lower_bound() <= outcome.plan().height());
        if better.is_optimal() {
            prop_assert!(better.plan().height() <= outcome.plan().height());
        }
    }

    #[test]
    fn never_worse_with_more_capacity_or_more_nodes(buffers in buffers(24, 30, 2, 12), budget in 0u64..300) {
        let problem = Problem::new(buffers).unwrap();
        let outcome = MODEST.solve(&problem);
        let small = Exact { node_budget: budget };
        let limited = small.solve(&problem);
        prop_assert_eq!(check(&problem, limited.plan()), []);
        prop_assert!(limited.nodes() <= budget);
        prop_assert!(limited.lower_bound() <= outcome.plan().height());
        prop_assert!(limited.plan().height() >= outcome.lower_bound());
        let height = outcome.plan().height();
        for capacity in [height, height + 1, 2 * height + 3] {
            match MODEST.fit(&problem, capacity).answer {
                FitAnswer::Fits(plan) => {
                    prop_assert!(plan.height() <= capacity);
                    prop_assert_eq!(check(&problem, &plan), []);
                }
                FitAnswer::Refuted { lower_bound } => panic!("a plan of {height}, but {lower_bound}"),
                FitAnswer::Unknown => prop_assert!(capacity < 2 * height),
            }
        }
        if outcome.is_optimal() && height > 0 {
            let answer = MODEST.fit(&problem, height - 1).answer;
            prop_assert!(match answer { FitAnswer::Refuted { lower_bound } => lower_bound <= height, FitAnswer::Unknown => true, FitAnswer::Fits(_) => false }, "{answer:?}");
        }
    }

    #[test]
    fn every_algorithm_plans_soundly_and_repeatably(buffers in buffers(30, 50, 4, 12)) {
        let problem = Problem::new(buffers).unwrap();
        let algorithms = Algorithms::builtin();
        for name in algorithms.names() {
            let algorithm = match name {
                "exact" => &MODEST,
                _ => algorithms.get(name).unwrap(),
            };
            let outcome = algorithm.solve(&problem);
            prop_assert_eq!(check(&problem, outcome.plan()), [], "{}", name);
            prop_assert!(outcome.lower_bound() <= outcome.plan().height());
            prop_assert!(outcome.lower_bound() >= Liveness::of(&problem).bound());
            prop_assert_eq!(&algorithm.solve(&problem), &outcome);
            prop_assert_eq!(&algorithm.plan(&problem), outcome.plan());
        }
    }
}

/// The smallest gap is taken, though a lower one fits.
#[test]
fn best_fit_takes_the_smallest_gap() {
    let buffer = |name: &str, size, start, end| Buffer {
        name: name.to_owned(),
        size,
        align: 1,
        start,
        end,
        kind: BufferKind::Activation,
    };
    // From below at time 1: a gap of 30 bytes under `b`, one of 10 between `b` and `d`.
    let problem = Problem::new(vec![
        buffer("a", 30, 0, 1),
        buffer("b", 25, 0, 2),
        buffer("c", 10, 0, 1),
        buffer("d", 9, 0, 2),
        buffer("small", 5, 1, 2),
    ])
    .unwrap();
    let offsets = |name| {
        let plan = Algorithms::builtin().get(name).unwrap().plan(&problem);
        plan.offsets().to_vec()
    };
    assert_eq!(offsets("best-fit"), [0, 30, 55, 65, 55]);
    assert_eq!(offsets("greedy-by-size"), [0, 30, 55, 65, 0]);
}

#[test]
fn conflicts_are_counted_as_defined() {
    let runner = ProptestConfig::with_cases(200);
    proptest!(runner, |(buffers in buffers(20, 3, 0, 9))| {
        let problem = Problem::new(buffers).unwrap();
        let count = problem.buffers().len();
        let expected: Vec<usize> = (0..count)
            .map(|a| (0..count).filter(|&b| a != b && problem.conflict(a, b)).count())
            .collect();
        prop_assert_eq!(usmp::greedy_by_conflicts::conflicts(&problem), expected);
        prop_assert_eq!(check(&problem, &GreedyByConflicts.plan(&problem)), []);
    });
}

fn shared_problem(root: &std::path::Path, path: &str, alignment: u64) -> Problem {
    let text = fs::read_to_string(root.join(path)).unwrap_or_else(|e| panic!("{path}: {e}"));
    let instance = csv::read(&text, alignment).unwrap_or_else(|e| panic!("{path}: {e}"));
    instance.problem
}

fn network_names(root: &std::path::Path) -> Vec<String> {
    let entries = fs::read_dir(root.join("models")).expect("there are networks");
    let mut names: Vec<String> = entries
        .map(|entry| entry.expect("an entry").file_name())
        .map(|name| name.to_string_lossy().into_owned())
        .collect();
    names.sort();
    assert!(names.len() >= 15, "{names:?}");
    names
}

#[test]
fn networks_reach_the_bound() {
    let Some(root) = prerequisites::shared("exact on all network instances", "planner") else {
        return;
    };
    for name in network_names(&root) {
        for alignment in [1, 4, 16] {
            let problem = shared_problem(&root, &format!("models/{name}"), alignment);
            let outcome = Exact::default().solve(&problem);
            assert_eq!(check(&problem, outcome.plan()), [], "{name}");
            assert_eq!(
                outcome.plan().height(),
                Liveness::of(&problem).bound(),
                "{name}"
            );
            assert!(outcome.is_optimal() && outcome.nodes() < 1_000, "{name}");
        }
    }
}

/// Every operator may run into each operand that dies with it, by a part of its result.
fn in_place(problem: &Problem, part: u64) -> Problem {
    let buffers = problem.buffers();
    let mut stated = problem.clone();
    for (result, made) in buffers.iter().enumerate() {
        let dies = |b: &Buffer| b.start < made.start && b.end == made.start + 1;
        for (operand, _) in buffers.iter().enumerate().filter(|(_, b)| dies(b)) {
            let lead = made.size * part / 4;
            let overlap = Overlap {
                result,
                operand,
                lead,
            };
            stated = stated.with_overlap(overlap).expect("one allowance a pair");
        }
    }
    stated
}

fn assert_proved_in_place(name: &str, problem: &Problem) {
    let whole = Exact::default().solve(problem).plan().height();
    let mut last = 0;
    for part in 0..4 {
        let stated = in_place(problem, part);
        let outcome = Exact::default().solve(&stated);
        assert_eq!(check(&stated, outcome.plan()), [], "{name}");
        assert!(outcome.is_optimal(), "{name}: {outcome:?}");
        assert!(outcome.nodes() < 1_000, "{name}: {} nodes", outcome.nodes());
        // Less leave, more memory.
        let height = outcome.plan().height();
        assert!((last..=whole).contains(&height), "{name}: {height}");
        last = height;
    }
}

#[test]
fn the_built_in_network_in_place_is_proved() {
    let data = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data");
    for name in ["digits_int8.csv", "digits_float.csv"] {
        assert_proved_in_place(name, &shared_problem(&data, name, 4));
    }
}

#[test]
fn networks_in_place_are_proved() {
    let shared = prerequisites::shared("exact on all networks in place", "planner");
    let Some(root) = shared else {
        return;
    };
    for name in network_names(&root) {
        let problem = shared_problem(&root, &format!("models/{name}"), 4);
        assert_proved_in_place(&name, &problem);
    }
}

#[test]
fn hill_climbing_never_ends_above_its_start() {
    let Some(root) = prerequisites::shared("hill climbing on the instances A, D, F", "planner")
    else {
        return;
    };
    for letter in ["A", "D", "F"] {
        let problem = shared_problem(&root, &format!("minimalloc/{letter}.1048576.csv"), 1);
        let greedy = usmp::GreedyBySize.plan(&problem).height();
        let seeds = [1, 2].map(|seed| {
            let climb = HillClimb {
                seed,
                placements: 20_000,
            };
            climb.plan(&problem)
        });
        for plan in &seeds {
            assert_eq!(check(&problem, plan), []);
            assert!(plan.height() < greedy, "{letter}");
        }
        assert_ne!(seeds[0], seeds[1], "{letter}");
    }
}

/// The other instances, and the times: `cargo run --release -p thumbwright-usmp --example instances`.
#[test]
fn hard_instances_meet_their_capacity() {
    let Some(root) = prerequisites::shared("exact on the instances B, C, D, J, K", "planner")
    else {
        return;
    };
    for letter in ["B", "C", "D", "J", "K"] {
        let capacity = 1_048_576;
        let problem = shared_problem(&root, &format!("minimalloc/{letter}.{capacity}.csv"), 1)
            .with_capacity(capacity);
        let FitAnswer::Fits(plan) = Exact::default().fit(&problem, capacity).answer else {
            panic!("{letter} has no plan");
        };
        assert_eq!(check(&problem, &plan), [], "{letter}");
    }
}
