//! The search for an order against brute force on small graphs, and against heuristics on larger ones.

use proptest::prelude::*;
use proptest::test_runner::FileFailurePersistence;
use usmp::order::{
    GraphBuffer, InPlaceCredit, Operator, OperatorGraph, OrderViolation, Search, check_order,
    greedy, planning_problem,
};
use usmp::{Liveness, Problem};

/// That many cases; failures are kept in `order.regressions`.
fn cases(count: u32) -> ProptestConfig {
    ProptestConfig {
        failure_persistence: Some(Box::new(FileFailurePersistence::WithSource("regressions"))),
        ..ProptestConfig::with_cases(count)
    }
}

/// What an operator is drawn of: where its operands are found, the size of its result, whether it joins the last result's buffer,
/// whether its result is an output, working memory, and bytes of an in-place credit.
type Drawn = (Vec<usize>, u64, bool, bool, u64, Option<u64>);

/// Up to `count` operators; operands are among the last `reach` values.
fn graphs(count: usize, reach: usize) -> impl Strategy<Value = OperatorGraph> {
    let operator = (
        prop::collection::vec(0..reach, 0..=3),
        0u64..=20,
        prop::bool::weighted(0.15),
        prop::bool::weighted(0.1),
        prop_oneof![4 => Just(0u64), 1 => 1u64..=10],
        prop::option::weighted(0.3, 0u64..=20),
    );
    let inputs = prop::collection::vec((0u64..=20, any::<bool>()), 1..=3);
    (inputs, prop::collection::vec(operator, 1..=count))
        .prop_map(|(inputs, operators)| graph(&inputs, &operators))
}

fn graph(inputs: &[(u64, bool)], drawn: &[Drawn]) -> OperatorGraph {
    let input = |&(size, is_output): &(u64, bool)| GraphBuffer {
        size,
        is_input: true,
        is_output,
    };
    let mut buffers: Vec<GraphBuffer> = inputs.iter().map(input).collect();
    // The buffer of each value, and the operator that makes it.
    let mut values: Vec<(usize, Option<usize>)> = (0..buffers.len()).map(|b| (b, None)).collect();
    let mut operators: Vec<Operator> = Vec::new();
    for (operands, size, joins, is_output, working, credit) in drawn {
        let mut op = Operator::default();
        for &back in operands {
            let (buffer, maker) = values[values.len() - 1 - back % values.len()];
            op.reads.push(buffer);
            op.after.extend(maker);
        }
        let last = values.last().filter(|v| v.1.is_some() && *joins);
        let made = match last {
            // A second part of the last result's buffer.
            Some(&(buffer, _)) => buffer,
            None => {
                buffers.push(GraphBuffer {
                    size: *size,
                    is_input: false,
                    is_output: *is_output,
                });
                buffers.len() - 1
            }
        };
        op.writes.push(made);
        if *working > 0 {
            op.writes.push(buffers.len());
            buffers.push(GraphBuffer {
                size: *working,
                ..GraphBuffer::default()
            });
        }
        if let (Some(bytes), Some(&operand)) = (*credit, op.reads.first()) {
            op.in_place.push(InPlaceCredit { operand, bytes });
        }
        // Who reads a part may read all of it: it runs after everybody who wrote a part so far.
        let writes_operand =
            |o: &(usize, &Operator)| o.1.writes.iter().any(|b| op.reads.contains(b));
        let writers = operators.iter().enumerate().filter(writes_operand);
        op.after.extend(writers.map(|o| o.0));
        values.push((made, Some(operators.len())));
        operators.push(op);
    }
    OperatorGraph::new(buffers, operators).expect("operands come first")
}

/// Bytes live while `op` runs after the operators of `done`, from the definition of a live buffer.
fn live(graph: &OperatorGraph, done: &[usize], op: usize) -> u64 {
    let touches = |o: usize, b: usize| {
        let o = &graph.operators()[o];
        o.reads.contains(&b) || o.writes.contains(&b)
    };
    let all = 0..graph.operators().len();
    let later = |b: usize| {
        all.clone()
            .any(|o| o != op && !done.contains(&o) && touches(o, b))
    };
    let earlier = |b: usize| {
        done.iter()
            .any(|&o| graph.operators()[o].writes.contains(&b))
    };
    let current = &graph.operators()[op];
    let (mut sum, mut new) = (0, 0);
    for (b, buffer) in graph.buffers().iter().enumerate() {
        let is_there = buffer.is_input || earlier(b);
        let is_used = buffer.is_output || touches(op, b) || later(b);
        // An input that nobody reads is there when the network starts.
        let unread = buffer.is_input && done.is_empty();
        if (is_there && is_used) || current.writes.contains(&b) || unread {
            sum += buffer.size;
        }
        if current.writes.contains(&b) && !is_there {
            new += buffer.size;
        }
    }
    let dies = |c: &&InPlaceCredit| !graph.buffers()[c.operand].is_output && !later(c.operand);
    let credit = current.in_place.iter().filter(dies);
    sum - credit.map(|c| c.bytes.min(new)).max().unwrap_or(0)
}

fn can_run(graph: &OperatorGraph, done: &[usize], op: usize) -> bool {
    let current = &graph.operators()[op];
    let writers = |b: usize| {
        let all = 0..graph.operators().len();
        all.filter(move |&o| graph.operators()[o].writes.contains(&b))
    };
    let computed = current
        .reads
        .iter()
        .filter(|&&b| !graph.buffers()[b].is_input);
    let sole = computed
        .filter(|&&b| writers(b).count() == 1)
        .flat_map(|&b| writers(b));
    let mut needed = current
        .after
        .iter()
        .copied()
        .chain(sole.filter(|&o| o != op));
    needed.all(|o| done.contains(&o))
}

/// The least peak over every order, all of them tried.
fn least_peak(graph: &OperatorGraph) -> u64 {
    fn extend(graph: &OperatorGraph, done: &mut Vec<usize>, peak: u64, least: &mut u64) {
        if done.len() == graph.operators().len() {
            *least = peak.min(*least);
            return;
        }
        for op in 0..graph.operators().len() {
            if !done.contains(&op) && can_run(graph, done, op) {
                let during = live(graph, done, op);
                done.push(op);
                extend(graph, done, peak.max(during), least);
                done.pop();
            }
        }
    }
    let mut least = u64::MAX;
    extend(graph, &mut Vec::new(), 0, &mut least);
    least
}

fn peak_of(graph: &OperatorGraph, order: &[usize]) -> u64 {
    let at = |i: usize| live(graph, &order[..i], order[i]);
    (0..order.len()).map(at).max().unwrap_or(0)
}

fn given(graph: &OperatorGraph) -> Vec<usize> {
    (0..graph.operators().len()).collect()
}

proptest! {
    #![proptest_config(cases(10_000))]

    #[test]
    fn the_search_finds_what_brute_force_finds(graph in graphs(8, 6)) {
        let found = Search::default().solve(&graph);
        let least = least_peak(&graph);
        prop_assert_eq!((found.peak(), found.lower_bound()), (least, least));
        prop_assert_eq!(check_order(&graph, found.order()), Ok(least));
        prop_assert_eq!(peak_of(&graph, found.order()), least);
        // An order is changed only for a smaller peak.
        if peak_of(&graph, &given(&graph)) == least {
            prop_assert_eq!(found.order(), given(&graph));
        }
        for other in Search::default().alternatives(&graph, least, 4) {
            prop_assert_eq!(check_order(&graph, &other), Ok(least));
        }
    }
}

proptest! {
    #![proptest_config(cases(300))]

    #[test]
    fn on_larger_graphs_the_search_is_no_worse_than_the_heuristics(
        graph in graphs(60, 12),
        budget in prop_oneof![Just(0u64), 1u64..2000, Just(200_000u64)],
    ) {
        let search = Search { node_budget: budget, beam_width: 8 };
        let found = search.solve(&graph);
        let peak = |order: &[usize]| check_order(&graph, order);
        let (file, listed) = (peak(&given(&graph)).unwrap(), peak(&greedy(&graph)).unwrap());
        prop_assert_eq!(peak(found.order()), Ok(found.peak()));
        prop_assert_eq!(peak_of(&graph, found.order()), found.peak());
        prop_assert!(found.peak() <= listed && listed <= file);
        prop_assert!(found.lower_bound() <= found.peak());
        prop_assert!(found.nodes() <= budget);
        if found.peak() == file {
            prop_assert_eq!(found.order(), given(&graph));
        }
        prop_assert_eq!(search.solve(&graph), found.clone());
        // Whatever ended first, what one search proved holds for what the other found.
        let other = Search { node_budget: 50_000, beam_width: 2 }.solve(&graph);
        prop_assert!(found.lower_bound() <= other.peak() && other.lower_bound() <= found.peak());
    }

    #[test]
    fn the_planning_problem_of_an_order_has_its_peak(graph in graphs(12, 6)) {
        // Credits are not lifetimes.
        let without = graph.operators().iter().map(|op| Operator { in_place: Vec::new(), ..op.clone() });
        let graph = OperatorGraph::new(graph.buffers().to_vec(), without.collect()).unwrap();
        let found = Search::default().solve(&graph);
        let problem: Problem = planning_problem(&graph, found.order(), 1).unwrap();
        prop_assert_eq!(Liveness::of(&problem).bound(), found.peak());
    }
}

/// `count` branches from one input to one output: each widens to `wide` bytes and narrows to one.
fn branches(count: usize, wide: u64) -> OperatorGraph {
    let buffer = |size| GraphBuffer {
        size,
        ..GraphBuffer::default()
    };
    let end = |is_input| GraphBuffer {
        size: 1,
        is_input,
        is_output: !is_input,
    };
    let mut buffers = vec![end(true)];
    let mut operators = Vec::new();
    for i in 0..count {
        buffers.push(buffer(wide + i as u64));
        operators.push(Operator::new(&[0], &[1 + i]));
    }
    for i in 0..count {
        buffers.push(buffer(1));
        operators.push(Operator::new(&[1 + i], &[1 + count + i]));
    }
    let narrow: Vec<usize> = (1 + count..=2 * count).collect();
    buffers.push(end(false));
    operators.push(Operator::new(&narrow, &[1 + 2 * count]));
    OperatorGraph::new(buffers, operators).expect("operands come first")
}

/// Two hundred branches have more orders than can be counted; free moves leave next to nothing of them.
#[test]
fn many_branches_are_proved_within_few_nodes() {
    let graph = branches(200, 1000);
    let found = Search::default().solve(&graph);
    assert!(found.is_optimal());
    // The widest first, while no narrow result is there: the input, 1,199 bytes, one for its narrow result; then never more.
    assert_eq!(found.peak(), 1 + 1199 + 1);
    assert_eq!(check_order(&graph, found.order()), Ok(found.peak()));
}

#[test]
fn a_long_chain_of_cells_is_solved_cell_by_cell() {
    let cell = branches(6, 100);
    let (mut buffers, mut operators) = (vec![cell.buffers()[0]], Vec::new());
    for _ in 0..300 {
        let base = buffers.len() - 1;
        let shift = |list: &[usize]| list.iter().map(|b| b + base).collect::<Vec<_>>();
        for op in cell.operators() {
            operators.push(Operator::new(&shift(&op.reads), &shift(&op.writes)));
        }
        let inner = cell.buffers()[1..].iter();
        buffers.extend(inner.map(|b| GraphBuffer {
            is_output: false,
            ..*b
        }));
    }
    let graph = OperatorGraph::new(buffers, operators).unwrap();
    let found = Search::default().solve(&graph);
    assert!(found.is_optimal());
    assert_eq!(found.peak(), Search::default().solve(&cell).peak());
    assert!(found.nodes() < 500_000, "{} nodes", found.nodes());
}

#[test]
fn the_checker_refuses_what_is_no_order() {
    let graph = branches(2, 10);
    let not_once = |operator, times| Err(OrderViolation::NotOnce { operator, times });
    assert_eq!(check_order(&graph, &[0, 1, 2, 3]), not_once(4, 0));
    assert_eq!(check_order(&graph, &[0, 1, 2, 3, 3]), not_once(3, 2));
    assert_eq!(check_order(&graph, &[0, 1, 2, 3, 9]), not_once(5, 1));
    let early = OrderViolation::TooEarly {
        operator: 3,
        needs: 1,
    };
    assert_eq!(check_order(&graph, &[0, 2, 3, 1, 4]), Err(early));
    assert_eq!(check_order(&graph, &[0, 1, 2, 3, 4]), Ok(1 + 10 + 11));
    assert_eq!(check_order(&graph, &[1, 3, 0, 2, 4]), Ok(1 + 11 + 1));
}

#[test]
fn a_graph_without_operators_has_no_peak() {
    let graph = OperatorGraph::new(vec![GraphBuffer::default()], Vec::new()).unwrap();
    let found = Search::default().solve(&graph);
    assert_eq!((found.peak(), found.order()), (0, &[][..]));
    assert!(found.is_optimal() && greedy(&graph).is_empty());
}
