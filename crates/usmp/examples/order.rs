//! Searches orders of random graphs and prints what it took, so that changes of the search can be measured:
//! `cargo run --release -p thumbwright-usmp --example order`.

use std::time::Instant;
use usmp::order::{GraphBuffer, Operator, OperatorGraph, Search, check_order, greedy};

/// A randomly wired cell: each of `count` operators reads up to three of the last `reach` values; the last reads what nobody has read.
fn random(count: usize, reach: usize, seed: u64) -> OperatorGraph {
    let mut state = seed;
    let mut below = |limit: usize| {
        state = state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        ((state >> 33) as usize) % limit
    };
    let mut buffers = vec![GraphBuffer {
        size: 64,
        is_input: true,
        is_output: false,
    }];
    let mut operators = Vec::new();
    let mut read = vec![false; count + 1];
    for i in 0..count {
        let near = (i + 1).min(reach);
        let operands: Vec<usize> = (0..1 + below(3)).map(|_| i - below(near)).collect();
        operands.iter().for_each(|&b| read[b] = true);
        operators.push(Operator::new(&operands, &[i + 1]));
        buffers.push(GraphBuffer {
            size: [16, 32, 64, 64, 128][below(5)],
            ..GraphBuffer::default()
        });
    }
    let open: Vec<usize> = (0..=count).filter(|&b| !read[b]).collect();
    operators.push(Operator::new(&open, &[count + 1]));
    buffers.push(GraphBuffer {
        size: 16,
        is_input: false,
        is_output: true,
    });
    OperatorGraph::new(buffers, operators).expect("invariant: operands come first")
}

fn main() {
    println!("operators reach |   given  listed  search   bound |   nodes  milliseconds");
    for (count, reach) in [
        (16, 8),
        (32, 8),
        (32, 16),
        (64, 8),
        (64, 16),
        (100, 10),
        (200, 10),
        (200, 20),
        (1000, 10),
    ] {
        for seed in 0..3 {
            let graph = random(count, reach, seed);
            let start = Instant::now();
            let found = Search::default().solve(&graph);
            let time = start.elapsed().as_secs_f64() * 1e3;
            let given: Vec<usize> = (0..=count).collect();
            let peak = |order: &[usize]| check_order(&graph, order).expect("invariant: an order");
            println!(
                "{count:9} {reach:5} | {:7} {:7} {:7} {:7} | {:7} {time:8.1}",
                peak(&given),
                peak(&greedy(&graph)),
                peak(found.order()),
                found.lower_bound(),
                found.nodes(),
            );
        }
    }
}
