//! Where every order passes through one set of operators.

use super::graph::OperatorGraph;
use std::ops::Range;

/// The parts between the sets that every order passes through, in order; each is a range of the order given.
///
/// Every order passes through the set of the first `k` operators if each of them must run before each of the others. It is enough to
/// look at those of the first that none of the first must follow (*last* ones), and at those of the others that need none of the
/// others (*next* ones): a way from a last one to a next one has no operator in between, so there must be an edge from each to each.
/// What is live behind a cut depends on the cut alone, so that the peak of an order is the largest of its parts' peaks.
pub(super) fn segments(graph: &OperatorGraph) -> Vec<Range<usize>> {
    let count = graph.operators().len();
    let mut waiting: Vec<usize> = (0..count).map(|i| graph.before(i).len()).collect();
    let mut has_follower = vec![false; count];
    // How many operators of the first are last ones, and which of the others are next ones.
    let mut last = 0;
    let mut next: Vec<usize> = (0..count).filter(|&i| waiting[i] == 0).collect();
    let (mut segments, mut start) = (Vec::new(), 0);
    for k in 0..count {
        last += 1;
        for &b in graph.before(k) {
            if !has_follower[b] {
                has_follower[b] = true;
                last -= 1;
            }
        }
        next.retain(|&i| i != k);
        for &b in graph.behind(k) {
            waiting[b] -= 1;
            if waiting[b] == 0 {
                next.push(b);
            }
        }
        let follows_all = |&i: &usize| {
            let of_last = |&&b: &&usize| b <= k && !has_follower[b];
            graph.before(i).iter().filter(of_last).count() == last
        };
        if next.iter().all(follows_all) {
            segments.push(start..k + 1);
            start = k + 1;
        }
    }
    segments
}

#[cfg(test)]
mod tests {
    use super::super::graph::{GraphBuffer, Operator};
    use super::*;

    /// The cuts of a graph of these edges.
    fn cuts(edges: &[&[usize]]) -> Vec<(usize, usize)> {
        let operator = |after: &&[usize]| Operator {
            after: after.to_vec(),
            ..Operator::default()
        };
        let operators = edges.iter().map(operator).collect();
        let graph = OperatorGraph::new(vec![GraphBuffer::default()], operators).unwrap();
        segments(&graph).iter().map(|s| (s.start, s.end)).collect()
    }

    #[test]
    fn a_chain_is_cut_everywhere_and_a_diamond_at_its_ends() {
        assert_eq!(cuts(&[&[], &[0], &[1]]), [(0, 1), (1, 2), (2, 3)]);
        assert_eq!(
            cuts(&[&[], &[0], &[0], &[1, 2], &[3]]),
            [(0, 1), (1, 3), (3, 4), (4, 5)]
        );
        assert_eq!(cuts(&[&[], &[], &[]]), [(0, 3)]);
        // Both of two follow both of two: a cut without an operator of its own.
        assert_eq!(cuts(&[&[], &[], &[0, 1], &[0, 1]]), [(0, 2), (2, 4)]);
        // One more edge around the cut, none across.
        assert_eq!(cuts(&[&[], &[], &[0, 1], &[0]]), [(0, 4)]);
        assert!(cuts(&[]).is_empty());
    }
}
