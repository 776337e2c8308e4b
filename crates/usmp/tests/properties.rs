//! Properties of plans, bounds and the checker on random problems, against the obvious way of computing each.

mod problems;

use std::cmp::Reverse;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use usmp::{
    Algorithm, Algorithms, BestFit, Buffer, BufferKind, Exact, GreedyByConflicts, GreedyBySize,
    HillClimb, Liveness, Overlap, Plan, Problem, Violation, check,
};

/// That many cases; failures are kept in `properties.regressions`.
fn cases(count: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::with_cases(count)
    }
}

/// Buffers of at least a byte and up to `size` bytes.
fn problem(count: usize, size: u64, log_align: u32, time: u32) -> impl Strategy<Value = Problem> {
    problems::plain(problems::buffers(count, 1..=size, log_align, time))
}

/// First-gap greedy by size as its definition reads: sort what is in the way, walk up.
fn obvious_greedy(problem: &Problem) -> Vec<u64> {
    let buffers = problem.buffers();
    let mut order: Vec<usize> = (0..buffers.len()).collect();
    order.sort_by_key(|&i| (Reverse(buffers[i].size), buffers[i].start, i));
    let mut offsets: Vec<Option<u64>> = vec![None; buffers.len()];
    for i in order {
        let mut in_the_way: Vec<(u64, u64)> = (0..buffers.len())
            .filter(|&j| buffers[j].start < buffers[i].end && buffers[i].start < buffers[j].end)
            .filter_map(|j| offsets[j].map(|offset| (offset, offset + buffers[j].size)))
            .collect();
        in_the_way.sort_unstable();
        let mut at = 0;
        for (from, to) in in_the_way {
            if at + buffers[i].size <= from {
                break;
            }
            at = at.max(to.div_ceil(buffers[i].align) * buffers[i].align);
        }
        offsets[i] = Some(at);
    }
    offsets
        .into_iter()
        .map(|offset| offset.expect("every buffer is placed"))
        .collect()
}

/// What is wrong with a plan, by names.
#[derive(Debug, Default, PartialEq, Eq)]
struct Faults {
    missing: BTreeSet<String>,
    extra: bool,
    misaligned: BTreeSet<String>,
    over: BTreeSet<String>,
    moved: BTreeSet<String>,
    /// Of two names the one with the lower index first.
    overlaps: BTreeSet<(String, String)>,
}

/// Paints every buffer into a map of time × byte, and runs the operators of allowances byte by byte.
fn byte_map_faults(problem: &Problem, offsets: &[u64]) -> Faults {
    let mut faults = Faults {
        extra: offsets.len() > problem.buffers().len(),
        ..Faults::default()
    };
    let mut map: Vec<Vec<Vec<usize>>> = vec![vec![Vec::new(); 256]; 32];
    for (index, buffer) in problem.buffers().iter().enumerate() {
        let Some(&offset) = offsets.get(index) else {
            faults.missing.insert(buffer.name.clone());
            continue;
        };
        if (0..)
            .map(|k| k * buffer.align)
            .find(|&multiple| multiple >= offset)
            != Some(offset)
        {
            faults.misaligned.insert(buffer.name.clone());
        }
        for byte in offset..offset + buffer.size {
            if problem.capacity().is_some_and(|capacity| byte >= capacity) {
                faults.over.insert(buffer.name.clone());
            }
            for time in buffer.start..buffer.end {
                map[time as usize][byte as usize].push(index);
            }
        }
    }
    for (index, fixed) in problem.fixed_offsets() {
        if offsets.get(index).is_some_and(|&offset| offset != fixed) {
            faults.moved.insert(problem.buffers()[index].name.clone());
        }
    }
    let mut sharing: BTreeSet<(usize, usize)> = BTreeSet::new();
    for owners in map.iter().flatten() {
        for (position, &second) in owners.iter().enumerate() {
            sharing.extend(owners[..position].iter().map(|&first| (first, second)));
        }
    }
    sharing.retain(|&(first, second)| {
        let of_pair =
            |o: &&Overlap| [(first, second), (second, first)].contains(&(o.result, o.operand));
        problem
            .overlaps()
            .find(of_pair)
            .is_none_or(|o| destroys(problem, offsets, o))
    });
    for (first, second) in problem.stated_conflicts() {
        let bytes = |index: usize| -> BTreeSet<u64> {
            let size = problem.buffers()[index].size;
            offsets
                .get(index)
                .map_or_else(BTreeSet::new, |&at| (at..at + size).collect())
        };
        if !bytes(first).is_disjoint(&bytes(second)) {
            sharing.insert((first, second));
        }
    }
    let name = |index: usize| problem.buffers()[index].name.clone();
    faults.overlaps = sharing
        .into_iter()
        .map(|(a, b)| (name(a), name(b)))
        .collect();
    faults
}

/// Runs the operator that an allowance is about on a memory whose bytes remember what was last written there: just before
/// byte `i` of the result is written, the operand's byte `i - lead` is read for the last time, and what is left of the
/// operand in the end as well. Whether a byte of the operand, or of the result in the end, is not there any more.
fn destroys(problem: &Problem, offsets: &[u64], overlap: &Overlap) -> bool {
    let size = |index: usize| problem.buffers()[index].size;
    let mut memory: Vec<Option<(usize, u64)>> = vec![None; 256];
    let read = |memory: &[Option<(usize, u64)>], index: usize, byte: u64| {
        memory[(offsets[index] + byte) as usize] == Some((index, byte))
    };
    let write = |memory: &mut [Option<(usize, u64)>], index: usize, byte: u64| {
        memory[(offsets[index] + byte) as usize] = Some((index, byte));
    };
    for byte in 0..size(overlap.operand) {
        write(&mut memory, overlap.operand, byte);
    }
    let mut unread = 0..size(overlap.operand);
    let mut whole = true;
    for byte in 0..size(overlap.result) {
        while unread.start + overlap.lead <= byte && !unread.is_empty() {
            whole &= read(&memory, overlap.operand, unread.start);
            unread.start += 1;
        }
        write(&mut memory, overlap.result, byte);
    }
    whole &= unread
        .into_iter()
        .all(|byte| read(&memory, overlap.operand, byte));
    whole &= (0..size(overlap.result)).all(|byte| read(&memory, overlap.result, byte));
    !whole
}

fn checker_faults(problem: &Problem, offsets: &[u64]) -> Faults {
    let mut faults = Faults::default();
    for violation in check(problem, &Plan::new(problem, offsets.to_vec())) {
        match violation {
            Violation::Missing { name } => assert!(faults.missing.insert(name)),
            Violation::Extra { .. } => faults.extra = true,
            Violation::Misaligned { name, .. } => assert!(faults.misaligned.insert(name)),
            Violation::OverCapacity { name, .. } => assert!(faults.over.insert(name)),
            Violation::Moved { name, .. } => assert!(faults.moved.insert(name)),
            Violation::Overlap { first, second, .. }
            | Violation::Conflict { first, second, .. } => {
                assert!(faults.overlaps.insert((first, second)))
            }
            Violation::Lead {
                result, operand, ..
            } => {
                let index = |name: &String| problem.buffers().iter().position(|b| b.name == *name);
                let pair = match index(&result) < index(&operand) {
                    true => (result, operand),
                    false => (operand, result),
                };
                assert!(faults.overlaps.insert(pair))
            }
            Violation::Height { .. } => panic!("the plan's height is that of its offsets"),
        }
    }
    faults
}

/// One change to a plan's offsets.
#[derive(Clone, Debug)]
enum Mutation {
    Move(prop::sample::Index, u64),
    Swap(prop::sample::Index, prop::sample::Index),
    Drop,
    Add(u64),
}

fn mutation() -> impl Strategy<Value = Mutation> {
    prop_oneof![
        6 => (any::<prop::sample::Index>(), 0u64..60).prop_map(|(at, offset)| Mutation::Move(at, offset)),
        3 => any::<(prop::sample::Index, prop::sample::Index)>().prop_map(|(a, b)| Mutation::Swap(a, b)),
        1 => Just(Mutation::Drop),
        1 => (0u64..60).prop_map(Mutation::Add),
    ]
}

fn mutate(offsets: &mut Vec<u64>, mutation: &Mutation) {
    match mutation {
        Mutation::Add(offset) => offsets.push(*offset),
        _ if offsets.is_empty() => {}
        Mutation::Move(at, offset) => {
            let at = at.index(offsets.len());
            offsets[at] = *offset;
        }
        Mutation::Swap(a, b) => {
            let (a, b) = (a.index(offsets.len()), b.index(offsets.len()));
            offsets.swap(a, b);
        }
        Mutation::Drop => {
            offsets.pop();
        }
    }
}

/// Least height over all orders of placing the buffers first-fit: reaches the optimum, for any optimal plan, read from
/// its lowest offset to its highest, is not raised by placing in that order.
fn least_height(problem: &Problem) -> u64 {
    fn extend(problem: &Problem, order: &mut Vec<usize>, least: &mut u64) {
        let count = problem.buffers().len();
        if order.len() == count {
            *least = (*least).min(usmp::first_fit::place_in_order(problem, order).height());
        }
        for index in 0..count {
            if !order.contains(&index) {
                order.push(index);
                extend(problem, order, least);
                order.pop();
            }
        }
    }
    let mut least = u64::MAX;
    extend(problem, &mut Vec::new(), &mut least);
    least
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn checker_agrees_with_a_byte_map(
        problem in problem(7, 12, 4, 6),
        slack in prop::option::of(-8i64..4),
        mutations in prop::collection::vec(mutation(), 0..4),
    ) {
        let plan = GreedyBySize.plan(&problem);
        let problem = match slack {
            Some(slack) => problem.with_capacity(plan.height().saturating_add_signed(slack)),
            None => problem,
        };
        let mut offsets = plan.offsets().to_vec();
        mutations.iter().for_each(|mutation| mutate(&mut offsets, mutation));
        prop_assert_eq!(checker_faults(&problem, &offsets), byte_map_faults(&problem, &offsets));
    }

    #[test]
    fn checker_agrees_with_a_byte_map_on_what_is_stated(
        problem in problems::stated(problem(7, 12, 2, 6), 8, 6),
        mutations in prop::collection::vec(mutation(), 0..4),
    ) {
        let plan = GreedyBySize.plan(&problem);
        prop_assert_eq!(byte_map_faults(&problem, plan.offsets()), Faults::default());
        let mut offsets = plan.offsets().to_vec();
        mutations.iter().for_each(|mutation| mutate(&mut offsets, mutation));
        prop_assert_eq!(checker_faults(&problem, &offsets), byte_map_faults(&problem, &offsets));
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn every_algorithm_keeps_to_what_is_stated(problem in problems::stated(problem(12, 20, 3, 6), 12, 12)) {
        for name in Algorithms::builtin().names() {
            let outcome = match name {
                "hill-climb" => HillClimb { seed: 1, placements: 200 }.solve(&problem),
                "exact" => Exact { node_budget: 200 }.solve(&problem),
                _ => Algorithms::builtin().get(name).unwrap().solve(&problem),
            };
            prop_assert_eq!(check(&problem, outcome.plan()), [], "{}", name);
            prop_assert!(outcome.lower_bound() <= outcome.plan().height(), "{}", name);
            prop_assert!(Liveness::of(&problem).bound() <= outcome.lower_bound(), "{}", name);
        }
    }

    /// A statement that says nothing sends a plain problem down the other way of placing.
    #[test]
    fn placing_pair_by_pair_is_placing(problem in problem(30, 40, 3, 12)) {
        let mut buffers = problem.buffers().to_vec();
        let life = |start| Buffer { name: format!("at {start}"), size: 1, align: 1, start, end: start + 1, kind: BufferKind::Scratch };
        buffers.extend([life(1000), life(1001)]);
        let plain = Problem::new(buffers).unwrap();
        let count = plain.buffers().len();
        let stated = plain.clone().with_overlap(Overlap { result: count - 1, operand: count - 2, lead: 0 }).unwrap();
        prop_assert!(!stated.is_plain());
        for algorithm in [&GreedyBySize as &dyn Algorithm, &BestFit, &GreedyByConflicts] {
            prop_assert_eq!(algorithm.plan(&stated), algorithm.plan(&plain), "{}", algorithm.name());
        }
    }
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn greedy_is_its_definition(problem in problem(40, 100, 5, 20)) {
        let plan = GreedyBySize.plan(&problem);
        prop_assert_eq!(plan.offsets(), obvious_greedy(&problem));
        prop_assert_eq!(check(&problem, &plan), []);
        prop_assert!(plan.height() >= Liveness::of(&problem).bound());
    }

    #[test]
    fn greedy_is_its_definition_at_one_alignment(problem in problem(60, 6, 0, 40)) {
        let plan = GreedyBySize.plan(&problem);
        prop_assert_eq!(plan.offsets(), obvious_greedy(&problem));
    }

    #[test]
    fn permutation_and_time_shift_leave_a_valid_plan(
        (buffers, permuted) in problems::buffers(20, 1..=50, 4, 12).prop_flat_map(|b| (Just(b.clone()), Just(b).prop_shuffle())),
        shift in 0u32..1_000_000,
    ) {
        let original = Problem::new(buffers.clone()).unwrap();
        let permuted = Problem::new(permuted).unwrap();
        let plan = GreedyBySize.plan(&permuted);
        prop_assert_eq!(check(&permuted, &plan), []);
        prop_assert_eq!(Liveness::of(&permuted).bound(), Liveness::of(&original).bound());

        let shifted = buffers.into_iter().map(|b| Buffer { start: b.start + shift, end: b.end + shift, ..b });
        let shifted = Problem::new(shifted.collect()).unwrap();
        prop_assert_eq!(GreedyBySize.plan(&shifted), GreedyBySize.plan(&original));
    }

    #[test]
    fn profile_agrees_with_counting_at_every_time(problem in problem(12, 50, 4, 10)) {
        let liveness = Liveness::of(&problem);
        for time in 0..25 {
            let live = problem.buffers().iter().filter(|b| (b.start..b.end).contains(&time));
            let expected: u64 = live.map(|b| b.size).sum();
            let moment = liveness.profile().iter().find(|m| (m.start..m.end).contains(&time));
            prop_assert_eq!(moment.map_or(0, |m| m.live_bytes), expected);
            prop_assert!(moment.is_none_or(|m| m.live_bytes <= m.bound && m.bound <= liveness.bound()));
        }
    }
}

proptest! {
    #![proptest_config(cases(500))]

    #[test]
    fn the_bound_is_below_the_optimum(problem in problem(5, 20, 4, 4)) {
        let optimum = if problem.buffers().is_empty() { 0 } else { least_height(&problem) };
        prop_assert!(Liveness::of(&problem).bound() <= optimum);
    }

    /// All live at once with one alignment: the bound is reached by putting the buffer with the most rounding on top.
    #[test]
    fn the_bound_is_the_optimum_of_a_stack(sizes in prop::collection::vec(1u64..40, 1..6), log_align in 0u32..5) {
        let buffer = |(index, &size): (usize, &u64)| Buffer {
            name: index.to_string(), size, align: 1u64 << log_align, start: 3, end: 4, kind: BufferKind::Scratch,
        };
        let problem = Problem::new(sizes.iter().enumerate().map(buffer).collect()).unwrap();
        prop_assert_eq!(Liveness::of(&problem).bound(), least_height(&problem));
    }
}
