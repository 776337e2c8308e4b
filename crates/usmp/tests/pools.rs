//! Plans over several pools on random problems: the checker against a byte map, the planner against all assignments.

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use usmp::pools::{
    Access, DoesNotFit, Pool, PoolBuffer, PoolPlan, PoolProblem, PoolProblemError, PoolViolation,
    check_pools, plan_pools,
};
use usmp::{Algorithm, Algorithms, Buffer, BufferKind, Exact, GreedyBySize, Overlap, Problem};

/// That many cases; failures are kept in `pools.regressions`.
fn cases(count: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::with_cases(count)
    }
}

fn buffer(name: &str, size: u64, align: u64, start: u32, end: u32) -> Buffer {
    Buffer {
        name: name.to_owned(),
        size,
        align,
        start,
        end,
        kind: BufferKind::Activation,
    }
}

fn pool(name: &str, size: u64, read_cost: u32, write_cost: u32) -> Pool {
    Pool {
        name: name.to_owned(),
        size: Some(size),
        align: 1,
        read_cost,
        write_cost,
    }
}

fn accessed(pools: &[usize], reads: u64, writes: u64) -> PoolBuffer {
    PoolBuffer {
        pools: pools.to_vec(),
        access: Access { reads, writes },
    }
}

/// Up to `count` buffers, two or three pools of up to `size` bytes, of which each buffer may use some.
fn problems(count: usize, size: u64) -> impl Strategy<Value = PoolProblem> {
    let one = (
        (1u64..60, 0u32..4, 0u32..6, 1u32..4),
        (0u64..200, 0u64..50, 1usize..8),
    );
    let memory = (1..=size, 0u32..3, 0u32..5, 0u32..5);
    (
        prop::collection::vec(one, 0..=count),
        prop::collection::vec(memory, 2..=3),
    )
        .prop_map(|(buffers, pools)| {
            let pools: Vec<Pool> = pools
                .into_iter()
                .enumerate()
                .map(|(i, (size, log_align, read_cost, write_cost))| Pool {
                    align: 1 << log_align,
                    ..pool(&i.to_string(), size, read_cost, write_cost)
                })
                .collect();
            let may = |mask: usize| -> Vec<usize> {
                let chosen: Vec<usize> = (0..pools.len()).filter(|p| mask >> p & 1 == 1).collect();
                if chosen.is_empty() { vec![0] } else { chosen }
            };
            let described = buffers
                .iter()
                .map(|&(_, (reads, writes, mask))| accessed(&may(mask), reads, writes))
                .collect();
            let plain = buffers.iter().enumerate();
            let plain = plain.map(|(i, &((size, log_align, start, length), _))| {
                buffer(&i.to_string(), size, 1 << log_align, start, start + length)
            });
            let problem = Problem::new(plain.collect()).expect("the buffers are valid");
            PoolProblem::new(problem, pools, described).expect("the pools are valid")
        })
}

/// Whether a plan is right, from a map of every byte at every time.
fn byte_map_says_right(problem: &PoolProblem, plan: &PoolPlan) -> bool {
    let mut taken = std::collections::BTreeSet::new();
    for (b, buffer) in problem.problem().buffers().iter().enumerate() {
        let (pool, offset) = (plan.pools()[b], plan.offsets()[b]);
        let Some(memory) = problem.pools().get(pool) else {
            return false;
        };
        let allowed = problem.buffers()[b].pools.contains(&pool);
        let aligned = (offset / buffer.align) * buffer.align == offset
            && (offset / memory.align) * memory.align == offset;
        if !allowed || !aligned {
            return false;
        }
        for byte in offset..offset + buffer.size {
            if memory.size.is_some_and(|size| byte >= size) {
                return false;
            }
            for time in buffer.start..buffer.end {
                if !taken.insert((pool, byte, time)) {
                    return false;
                }
            }
        }
    }
    true
}

/// The least cost of any assignment whose parts fit, by trying all of them.
fn brute_force(problem: &PoolProblem) -> Option<u128> {
    let count = problem.buffers().len();
    let pools = problem.pools().len();
    let mut best: Option<u128> = None;
    for code in 0..pools.pow(count as u32) {
        let assigned: Vec<usize> = (0..count)
            .map(|b| code / pools.pow(b as u32) % pools)
            .collect();
        let allowed = |b: usize| problem.buffers()[b].pools.contains(&assigned[b]);
        if !(0..count).all(allowed) {
            continue;
        }
        let fits = (0..pools).all(|p| {
            let memory = &problem.pools()[p];
            let part = (0..count).filter(|&b| assigned[b] == p).map(|b| {
                let buffer = problem.problem().buffers()[b].clone();
                Buffer {
                    align: buffer.align.max(memory.align),
                    ..buffer
                }
            });
            let part = Problem::new(part.collect()).expect("the buffers are valid");
            let outcome = Exact::default().solve(&part);
            assert!(outcome.is_optimal());
            memory
                .size
                .is_none_or(|size| outcome.plan().height() <= size)
        });
        let word = |b: usize| {
            let (access, memory) = (problem.buffers()[b].access, &problem.pools()[assigned[b]]);
            access.reads * u64::from(memory.read_cost)
                + access.writes * u64::from(memory.write_cost)
        };
        let cost = u128::from((0..count).map(word).sum::<u64>());
        if fits && best.is_none_or(|best| cost < best) {
            best = Some(cost);
        }
    }
    best
}

proptest! {
    #![proptest_config(cases(600))]

    #[test]
    fn small_problems_get_the_cheapest_assignment_or_a_proof(problem in problems(6, 150)) {
        let expected = brute_force(&problem);
        match plan_pools(&problem, &Exact::default()) {
            Ok(plan) => {
                prop_assert_eq!(check_pools(&problem, &plan), []);
                prop_assert!(byte_map_says_right(&problem, &plan));
                prop_assert_eq!(Some(plan.cost()), expected);
                prop_assert!(plan.is_optimal());
            }
            Err(e) => {
                prop_assert_eq!(expected, None);
                prop_assert!(e.proved, "{e}");
                prop_assert!(e.missing > 0);
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(60))]

    #[test]
    fn plans_of_every_algorithm_fit(problem in problems(14, 400)) {
        for name in Algorithms::builtin().names() {
            let algorithms = Algorithms::builtin();
            let algorithm = algorithms.get(name).expect("it is built in");
            if let Ok(plan) = plan_pools(&problem, algorithm) {
                prop_assert_eq!(check_pools(&problem, &plan), []);
                prop_assert!(byte_map_says_right(&problem, &plan));
                prop_assert_eq!(plan.clone(), plan_pools(&problem, algorithm).expect("it fitted"));
            }
        }
    }
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn the_checker_agrees_with_a_byte_map(
        problem in problems(6, 150),
        places in prop::collection::vec((0usize..4, 0u64..120), 6),
    ) {
        let count = problem.buffers().len();
        let pools = places.iter().take(count).map(|p| p.0).collect();
        let offsets = places.iter().take(count).map(|p| p.1 & !1).collect();
        let plan = PoolPlan::new(&problem, pools, offsets);
        let right = check_pools(&problem, &plan).is_empty();
        prop_assert_eq!(right, byte_map_says_right(&problem, &plan));
    }
}

#[test]
fn hot_buffers_get_the_fast_memory() {
    let buffers = vec![
        buffer("cold", 80, 4, 0, 3),
        buffer("hot", 80, 4, 0, 3),
        buffer("late", 80, 4, 3, 4),
    ];
    let problem = Problem::new(buffers).unwrap();
    let pools = vec![pool("tcm", 100, 0, 0), pool("sram", 1000, 3, 1)];
    let access = [(10, 10), (1000, 10), (1, 0)];
    let described = access.map(|(r, w)| accessed(&[0, 1], r, w)).to_vec();
    let problem = PoolProblem::new(problem, pools, described).unwrap();
    let plan = plan_pools(&problem, &GreedyBySize).unwrap();
    assert_eq!(plan.pools(), [1, 0, 0]);
    assert_eq!(plan.offsets(), [0, 0, 0]);
    assert_eq!(plan.heights(), [80, 80]);
    assert_eq!(plan.lower_bounds(), [80, 80]);
    assert_eq!(plan.cost(), 40);
    assert!(plan.is_optimal());
}

#[test]
fn one_pool_is_preferred_where_several_save_nothing() {
    let buffers = vec![buffer("a", 80, 4, 0, 2), buffer("b", 80, 4, 1, 3)];
    let problem = Problem::new(buffers).unwrap();
    let pools = vec![pool("sram1", 100, 0, 0), pool("sram2", 200, 0, 0)];
    let described = vec![accessed(&[0, 1], 9, 9); 2];
    let problem = PoolProblem::new(problem, pools, described).unwrap();
    let plan = plan_pools(&problem, &Exact::default()).unwrap();
    assert_eq!((plan.pools(), plan.heights()), (&[1, 1][..], &[0, 160][..]));
}

#[test]
fn does_not_fit_says_where_and_how_much() {
    let buffers = vec![
        buffer("early", 60, 1, 0, 1),
        buffer("wide", 90, 1, 1, 3),
        buffer("long", 50, 1, 0, 3),
    ];
    let problem = Problem::new(buffers).unwrap();
    let pools = vec![pool("a", 64, 0, 0), pool("b", 70, 1, 1)];
    let described = vec![accessed(&[0, 1], 1, 1); 3];
    let problem = PoolProblem::new(problem, pools, described).unwrap();
    let error = plan_pools(&problem, &Exact::default()).unwrap_err();
    let DoesNotFit {
        peak,
        live,
        missing,
        proved,
        pools,
    } = *error;
    assert_eq!((peak, live, proved), (1, vec![1, 2], true));
    // `wide` alone is 20 bytes too many for `b`; `early` fits there before it, and `long` into `a`.
    assert_eq!(missing, 20);
    assert_eq!(
        pools
            .iter()
            .map(|p| (p.name.as_str(), p.height, p.missing()))
            .collect::<Vec<_>>(),
        [("a", 50, 0), ("b", 90, 20)]
    );
}

#[test]
fn a_plan_of_another_length_is_refused() {
    let problem = Problem::new(vec![buffer("a", 4, 1, 0, 1)]).unwrap();
    let described = vec![accessed(&[0], 0, 0)];
    let problem = PoolProblem::new(problem, vec![pool("p", 9, 0, 0)], described).unwrap();
    let violations = check_pools(&problem, &PoolPlan::new(&problem, vec![0], Vec::new()));
    assert!(matches!(
        violations[..],
        [PoolViolation::Count {
            buffers: 1,
            pools: 1,
            offsets: 0
        }]
    ));
}

#[test]
fn what_is_no_problem_is_said() {
    let one = || Problem::new(vec![buffer("a", 4, 1, 0, 1)]).unwrap();
    let fails = |pools: Vec<Pool>, buffers: Vec<PoolBuffer>| {
        PoolProblem::new(one(), pools, buffers)
            .unwrap_err()
            .to_string()
    };
    let memory = || pool("p", 9, 0, 0);
    assert_eq!(
        fails(vec![memory()], vec![]),
        "there are 1 buffers, and pools for 0"
    );
    assert_eq!(
        fails(vec![memory(), memory()], vec![accessed(&[0], 0, 0)]),
        "two pools have the name `p`"
    );
    assert_eq!(
        fails(vec![memory()], vec![accessed(&[], 0, 0)]),
        "no pool may hold buffer `a`"
    );
    assert_eq!(
        fails(vec![memory()], vec![accessed(&[0, 3], 0, 0)]),
        "buffer `a` refers to pool 3, which there is not"
    );
    let odd = Pool {
        align: 12,
        ..memory()
    };
    assert_eq!(
        fails(vec![odd], vec![accessed(&[0], 0, 0)]),
        "pool `p` has the alignment 12, which is not a power of two"
    );
    let huge = Pool {
        align: 1 << 63,
        ..memory()
    };
    assert!(matches!(
        PoolProblem::new(one(), vec![huge], vec![accessed(&[0], 0, 0)]),
        Err(PoolProblemError::Part { .. })
    ));
}

#[test]
fn nothing_to_plan_takes_nothing() {
    let none = Problem::new(Vec::new()).unwrap();
    let problem = PoolProblem::new(none, vec![pool("p", 9, 0, 0)], Vec::new()).unwrap();
    let plan = plan_pools(&problem, &GreedyBySize).unwrap();
    assert_eq!((plan.heights(), plan.cost()), (&[0][..], 0));
}

/// An allowance holds inside a pool, a stated conflict beyond lifetimes too, and a fixed offset.
#[test]
fn what_is_stated_of_buffers_holds_in_a_pool() {
    let buffers = vec![
        buffer("operand", 60, 4, 0, 2),
        buffer("result", 60, 4, 1, 3),
        buffer("apart", 20, 4, 4, 5),
        buffer("fixed", 8, 4, 0, 5),
    ];
    let overlap = Overlap {
        result: 1,
        operand: 0,
        lead: 8,
    };
    let problem = Problem::new(buffers).unwrap();
    let problem = problem.with_overlap(overlap).unwrap();
    let problem = problem.with_conflict(1, 2).unwrap();
    let problem = problem.with_offset(3, 96).unwrap();
    let pools = vec![pool("a", 104, 0, 0), pool("b", 1000, 1, 1)];
    let described = vec![accessed(&[0, 1], 1, 1); 4];
    let problem = PoolProblem::new(problem, pools, described).unwrap();
    let plan = plan_pools(&problem, &Exact::default()).unwrap();
    assert_eq!(check_pools(&problem, &plan), []);
    assert_eq!(plan.cost(), 0, "everything fits into 104 bytes");
    let check = |offsets: [u64; 4]| {
        let plan = PoolPlan::new(&problem, vec![0; 4], offsets.to_vec());
        let texts = check_pools(&problem, &plan)
            .into_iter()
            .map(|v| v.to_string());
        texts.collect::<Vec<_>>()
    };
    assert_eq!(check([8, 0, 60, 96]), [""; 0]);
    assert_eq!(
        check([4, 0, 60, 96]),
        ["buffers `operand` and `result` share bytes of pool `a` that they must not share"]
    );
    assert_eq!(
        check([8, 0, 56, 96]),
        ["buffers `result` and `apart` share bytes of pool `a` that they must not share"]
    );
    assert_eq!(
        check([8, 0, 60, 80]),
        ["buffer `fixed` is at offset 80, its place is fixed at 96"]
    );
}

/// So many buffers are spilled in bunches, and the algorithm's searches are limited.
#[test]
fn hundreds_of_buffers_spill() {
    let mut state = 1u64;
    let mut below = |limit: u64| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1);
        (state >> 33) % limit
    };
    let buffers: Vec<Buffer> = (0..400)
        .map(|i| {
            let start = below(400) as u32;
            let end = start + 1 + below(30) as u32;
            buffer(&i.to_string(), 1 + below(4000), 4, start, end)
        })
        .collect();
    let problem = Problem::new(buffers).unwrap();
    let bound = usmp::Liveness::of(&problem).bound();
    let pools = vec![pool("tcm", bound / 2, 0, 0), pool("sram", bound, 2, 1)];
    let described: Vec<PoolBuffer> = (0..400)
        .map(|_| accessed(&[0, 1], below(9000), below(900)))
        .collect();
    let cost = |b: &PoolBuffer| u128::from(2 * b.access.reads + b.access.writes);
    let all_slow: u128 = described.iter().map(cost).sum();
    let problem = PoolProblem::new(problem, pools, described).unwrap();
    let plan = plan_pools(&problem, &GreedyBySize).unwrap();
    assert_eq!(check_pools(&problem, &plan), []);
    // Half of the memory is fast, and the hotter half of the buffers is in it: less than half of the waiting is left.
    let cost = plan.cost();
    assert!(cost > 0 && cost * 2 < all_slow, "{cost} {all_slow}");
}
