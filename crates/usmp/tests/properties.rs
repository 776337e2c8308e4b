//! Properties of plans, bounds and the checker on random problems, against the obvious way of computing each.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use usmp::{
    Algorithm, Buffer, BufferKind, GreedyBySize, Liveness, Plan, Problem, Violation, check,
};

/// That many cases; failures are kept in `properties.regressions`.
fn cases(count: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::with_cases(count)
    }
}

/// Buffers with sizes up to `size` bytes, alignments up to 2 to the power `log_align`, and times up to `time`.
fn buffers(
    count: usize,
    size: u64,
    log_align: u32,
    time: u32,
) -> impl Strategy<Value = Vec<Buffer>> {
    let buffer = (1..=size, 0..=log_align, 0..time, 1..=time);
    prop::collection::vec(buffer, 0..=count).prop_map(|list| {
        let named = |(index, (size, log_align, start, length))| Buffer {
            name: format!("b{index}"),
            size,
            align: 1u64 << log_align,
            start,
            end: start + length,
            kind: BufferKind::Activation,
        };
        list.into_iter().enumerate().map(named).collect()
    })
}

fn problem(count: usize, size: u64, log_align: u32, time: u32) -> impl Strategy<Value = Problem> {
    buffers(count, size, log_align, time)
        .prop_map(|buffers| Problem::new(buffers).expect("the buffers are valid"))
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
    overlaps: BTreeSet<(String, String)>,
}

/// Paints every buffer into a map of time × byte.
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
    let name = |index: usize| problem.buffers()[index].name.clone();
    for owners in map.iter().flatten() {
        for (position, &second) in owners.iter().enumerate() {
            for &first in &owners[..position] {
                faults.overlaps.insert((name(first), name(second)));
            }
        }
    }
    faults
}

fn checker_faults(problem: &Problem, offsets: &[u64]) -> Faults {
    let mut faults = Faults::default();
    for violation in check(problem, &Plan::new(problem, offsets.to_vec())) {
        match violation {
            Violation::Missing { name } => assert!(faults.missing.insert(name)),
            Violation::Extra { .. } => faults.extra = true,
            Violation::Misaligned { name, .. } => assert!(faults.misaligned.insert(name)),
            Violation::OverCapacity { name, .. } => assert!(faults.over.insert(name)),
            Violation::Overlap { first, second, .. } => {
                assert!(faults.overlaps.insert((first, second)))
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
        (buffers, permuted) in buffers(20, 50, 4, 12).prop_flat_map(|b| (Just(b.clone()), Just(b).prop_shuffle())),
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
