//! Branchy networks, whose order of execution decides how much memory they take: cells of networks that were found by search or drawn at
//! random, stacked; and networks of splits and concatenations.
//!
//! The cells are int8, all activations of one quantisation so that they can be concatenated, with random weights. They have the shape of
//! their models, not their accuracy.

use crate::choices::{Choices, Random};
use crate::network::{Network, Node};
use crate::nn::{Bias, Element, Filter, Op, Quantization, Tensor, Window};
use crate::values::Spread;

/// How the ops of a cell are wired.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Family {
    /// Ten nodes of a Watts–Strogatz graph of degree 4, each edge rewired with probability 3/4, as in randomly wired networks (Xie et
    /// al., arXiv 1904.01569): a node sums what it reads and applies a separable convolution.
    WattsStrogatz,
    /// Ten nodes, an edge with probability 1/5 (Erdős–Rényi), the nodes as above.
    ErdosRenyi,
    /// The normal cell of DARTS, second order (Liu et al., arXiv 1806.09055).
    Darts,
    /// Six nodes that concatenate up to three earlier ones, in the manner of SwiftNet's cells (Cheng et al., arXiv 1906.08305).
    Aggregation,
    /// The normal cell of NASNet-A (Zoph et al., arXiv 1707.07012).
    NasnetA,
    /// Four branches, concatenated (Szegedy et al., arXiv 1409.4842).
    Inception,
}

impl Family {
    /// All of them.
    pub const ALL: [Family; 6] = [
        Family::WattsStrogatz,
        Family::ErdosRenyi,
        Family::Darts,
        Family::Aggregation,
        Family::NasnetA,
        Family::Inception,
    ];

    /// In words.
    pub fn name(self) -> &'static str {
        match self {
            Family::WattsStrogatz => "Watts–Strogatz",
            Family::ErdosRenyi => "Erdős–Rényi",
            Family::Darts => "DARTS",
            Family::Aggregation => "SwiftNet-like",
            Family::NasnetA => "NASNet-A",
            Family::Inception => "Inception",
        }
    }
}

/// The one quantisation of the cells' activations.
const QUANTIZATION: Quantization = Quantization {
    scale: 1.0 / 32.0,
    zero_point: -4,
};

/// `cells` cells behind a convolution of an image of `edge` × `edge` × 3, of `channels` channels, then a mean and a classifier; random
/// wiring follows from the seed.
pub fn stacked(family: Family, cells: usize, edge: i64, channels: i64, seed: u64) -> Network {
    let mut n = Building::new(vec![1, edge, edge, 3], seed);
    let mut c = Choices::from_seed(seed);
    let mut before = 0;
    let mut last = n.convolution(0, 3, channels);
    for _ in 0..cells {
        let made = n.cell(family, before, last, channels, &mut c);
        (before, last) = (last, made);
    }
    let mean = n.pool(last, edge, 0, true);
    let scores = n.fully_connected(mean, 10);
    n.network.outputs.push(scores);
    n.network
}

/// The same network with its ops by levels: each op as early as its operands allow, the order in which Kahn's algorithm takes them.
pub fn by_levels(network: &Network) -> Network {
    let inputs = network.inputs.len();
    let mut level = vec![0usize; network.value_count()];
    let mut first = inputs;
    let mut nodes: Vec<(usize, usize, usize)> = Vec::new();
    for (i, node) in network.nodes.iter().enumerate() {
        let own = 1 + node.operands.iter().map(|&v| level[v]).max().unwrap_or(0);
        level[first..first + node.outputs.len()].fill(own);
        nodes.push((own, i, first));
        first += node.outputs.len();
    }
    nodes.sort_unstable();
    let mut renamed: Vec<usize> = (0..network.value_count()).collect();
    let mut next = inputs;
    for &(_, i, first) in &nodes {
        for at in 0..network.nodes[i].outputs.len() {
            renamed[first + at] = next;
            next += 1;
        }
    }
    let rename = |values: &[usize]| values.iter().map(|&v| renamed[v]).collect::<Vec<_>>();
    let renamed_node = |&(_, i, _): &(usize, usize, usize)| Node {
        operands: rename(&network.nodes[i].operands),
        ..network.nodes[i].clone()
    };
    Network {
        nodes: nodes.iter().map(renamed_node).collect(),
        outputs: rename(&network.outputs),
        ..network.clone()
    }
}

/// A network of splits, concatenations and reshapes of vectors, with ops that compute between them: parts at any offset, used twice,
/// returned, of an input, of parts.
pub fn joints(c: &mut Choices) -> Network {
    let float = c.once_in(3);
    let width = |c: &mut Choices| 4 * c.between(1, 6) + if c.once_in(4) { 1 } else { 0 };
    let shape = vec![1, width(c)];
    let mut n = Building::new(shape, c.seed());
    if float {
        n.network.inputs[0].element = Element::F32;
    }
    if c.once_in(2) {
        let second = Tensor {
            shape: vec![1, width(c)],
            element: n.network.inputs[0].element,
        };
        n.network.inputs.push(second);
    }
    for _ in 0..c.between(2, 14) {
        let count = n.network.value_count() as u32;
        let recent = |c: &mut Choices| (count - 1 - c.below(count.min(5))) as usize;
        let x = recent(c);
        let len = n.tensor(x).len() as i64;
        match c.below(8) {
            0..3 if len < 200 => {
                let parts = c.between(2, 4);
                let rank = n.tensor(x).shape.len();
                let all: Vec<usize> = (0..parts)
                    .map(|i| if i == 0 { x } else { recent(c) })
                    .filter(|&v| n.tensor(v).shape.len() == rank)
                    .collect();
                n.concatenation(&all, rank - 1);
            }
            3 | 4 if len >= 8 => {
                let first = 4 * c.between(1, len / 4 - 1) - i64::from(c.once_in(6));
                n.split(x, &[first, len - first]);
            }
            5 => {
                let shape = if n.tensor(x).shape.len() == 2 {
                    vec![1, 1, 1, len]
                } else {
                    vec![1, len]
                };
                let element = n.tensor(x).element;
                n.node(Op::Reshape, vec![x], Tensor { shape, element });
            }
            6 => {
                let output = n.tensor(x).clone();
                n.node(Op::Relu, vec![x], output);
            }
            _ => {
                let units = width(c);
                n.fully_connected(x, units);
            }
        }
    }
    let count = n.network.value_count();
    for v in n.network.inputs.len()..count {
        if v + 1 == count || c.once_in(6) {
            n.network.outputs.push(v);
        }
    }
    n.network
}

struct Building {
    network: Network,
}

impl Building {
    fn new(shape: Vec<i64>, seed: u64) -> Building {
        let input = Tensor {
            shape,
            element: Element::I8(QUANTIZATION),
        };
        Building {
            network: Network {
                inputs: vec![input],
                nodes: Vec::new(),
                outputs: Vec::new(),
                seed: Random::new(seed).next_u64(),
                constants: Spread::Uniform,
                values: Spread::Uniform,
            },
        }
    }

    fn tensor(&self, value: usize) -> &Tensor {
        self.network.tensor(value)
    }

    /// An op of one result.
    fn node(&mut self, op: Op, operands: Vec<usize>, output: Tensor) -> usize {
        let value = self.network.value_count();
        let outputs = vec![output];
        self.network.nodes.push(Node {
            op,
            operands,
            outputs,
        });
        value
    }

    /// Weights whose products neither vanish nor saturate.
    fn filter(&self, x: usize, shape: Vec<i64>, terms: i64) -> Filter {
        let scales = match self.tensor(x).element {
            Element::I8(_) => vec![1.0 / (74.0 * (terms as f32).sqrt())],
            Element::F32 | Element::I32 => vec![],
        };
        Filter {
            shape,
            scales,
            zero_point: 0,
            per_axis: false,
            bias: Bias::Plain,
            bias_spread: Spread::Uniform,
        }
    }

    /// Extents of a tensor of rank 4.
    fn image(&self, x: usize) -> [i64; 4] {
        <[i64; 4]>::try_from(self.tensor(x).shape.as_slice())
            .expect("invariant: cells are made of images")
    }

    /// A convolution that keeps rows and columns.
    fn convolution(&mut self, x: usize, kernel: i64, channels: i64) -> usize {
        let [_, rows, columns, depth] = self.image(x);
        let shape = vec![channels, kernel, kernel, depth];
        let op = Op::Conv2d {
            filter: self.filter(x, shape, kernel * kernel * depth),
            window: same(kernel),
            activation: "relu",
        };
        let element = self.tensor(x).element;
        let shape = vec![1, rows, columns, channels];
        self.node(op, vec![x], Tensor { shape, element })
    }

    /// Depthwise, then pointwise.
    fn separable(&mut self, x: usize, kernel: i64, channels: i64) -> usize {
        let [.., depth] = self.image(x);
        let op = Op::DepthwiseConv2d {
            filter: self.filter(x, vec![1, kernel, kernel, depth], kernel * kernel),
            window: same(kernel),
            activation: "none",
        };
        let output = self.tensor(x).clone();
        let deep = self.node(op, vec![x], output);
        self.convolution(deep, 1, channels)
    }

    /// A pool with this padding on all sides: mean or maximum.
    fn pool(&mut self, x: usize, kernel: i64, pad: i64, mean: bool) -> usize {
        let [_, rows, columns, depth] = self.image(x);
        let window = Window {
            strides: [1, 1],
            dilations: [1, 1],
            pads: [pad; 4],
        };
        let (kernel, activation) = ([kernel; 2], "none");
        let op = match mean {
            true => Op::AveragePool2d {
                kernel,
                window,
                activation,
                half_up: false,
            },
            false => Op::MaxPool2d {
                kernel,
                window,
                activation,
            },
        };
        let extent = |n: i64| n + 2 * pad - kernel[0] + 1;
        let element = self.tensor(x).element;
        let shape = vec![1, extent(rows), extent(columns), depth];
        self.node(op, vec![x], Tensor { shape, element })
    }

    fn fully_connected(&mut self, x: usize, units: i64) -> usize {
        let depth = self.tensor(x).len() as i64;
        let op = Op::FullyConnected {
            filter: self.filter(x, vec![units, depth], depth),
            activation: "none",
        };
        let element = self.tensor(x).element;
        let shape = vec![1, units];
        self.node(op, vec![x], Tensor { shape, element })
    }

    /// The sum of several values, in their order.
    fn sum(&mut self, values: &[usize]) -> usize {
        let mut sum = values[0];
        for &v in &values[1..] {
            let op = Op::Add {
                constant: None,
                constant_first: false,
                activation: "none",
            };
            let output = self.tensor(sum).clone();
            sum = self.node(op, vec![sum, v], output);
        }
        sum
    }

    fn concatenation(&mut self, values: &[usize], axis: usize) -> usize {
        let mut output = self.tensor(values[0]).clone();
        output.shape[axis] = values.iter().map(|&v| self.tensor(v).shape[axis]).sum();
        self.node(Op::Concatenation { axis }, values.to_vec(), output)
    }

    /// In parts along the last dimension.
    fn split(&mut self, x: usize, extents: &[i64]) {
        let whole = self.tensor(x).clone();
        let axis = whole.shape.len() - 1;
        let part = |&n: &i64| {
            let mut part = whole.clone();
            part.shape[axis] = n;
            part
        };
        self.network.nodes.push(Node {
            op: Op::Split { axis },
            operands: vec![x],
            outputs: extents.iter().map(part).collect(),
        });
    }

    /// A cell on the results of the two cells before it.
    fn cell(
        &mut self,
        family: Family,
        before: usize,
        last: usize,
        channels: i64,
        c: &mut Choices,
    ) -> usize {
        match family {
            Family::WattsStrogatz => {
                let edges = watts_strogatz(10, 4, c);
                self.wired(last, 10, &edges, channels)
            }
            Family::ErdosRenyi => {
                let pairs = (0..10).flat_map(|j| (0..j).map(move |i| (i, j)));
                let edges: Vec<(usize, usize)> = pairs.filter(|_| c.once_in(5)).collect();
                self.wired(last, 10, &edges, channels)
            }
            Family::Darts => {
                let (p, q) = (
                    self.convolution(before, 1, channels),
                    self.convolution(last, 1, channels),
                );
                let (x, y) = (self.twice(p, 3, channels), self.twice(q, 3, channels));
                let first = self.sum(&[x, y]);
                let (x, y) = (self.twice(p, 3, channels), self.twice(q, 3, channels));
                let second = self.sum(&[x, y]);
                let x = self.twice(q, 3, channels);
                let third = self.sum(&[x, p]);
                let x = self.separable(first, 3, channels);
                let fourth = self.sum(&[p, x]);
                self.concatenation(&[first, second, third, fourth], 3)
            }
            Family::Aggregation => {
                let mut values = vec![self.convolution(last, 1, channels)];
                for _ in 0..6 {
                    let mut read: Vec<usize> = (0..c.between(1, 3))
                        .map(|_| values[c.below(values.len() as u32) as usize])
                        .collect();
                    read.sort_unstable();
                    read.dedup();
                    let whole = match read.as_slice() {
                        &[one] => one,
                        several => self.concatenation(several, 3),
                    };
                    values.push(self.separable(whole, 3, channels));
                }
                let unread: Vec<usize> = values
                    .iter()
                    .copied()
                    .filter(|v| !self.network.nodes.iter().any(|n| n.operands.contains(v)))
                    .collect();
                self.concatenation(&unread, 3)
            }
            Family::NasnetA => {
                let (p, h) = (
                    self.convolution(before, 1, channels),
                    self.convolution(last, 1, channels),
                );
                let x = self.twice(h, 3, channels);
                let first = self.sum(&[x, h]);
                let (x, y) = (self.twice(p, 3, channels), self.twice(h, 5, channels));
                let second = self.sum(&[x, y]);
                let x = self.pool(h, 3, 1, true);
                let third = self.sum(&[x, p]);
                let (x, y) = (self.pool(p, 3, 1, true), self.pool(p, 3, 1, true));
                let fourth = self.sum(&[x, y]);
                let (x, y) = (self.twice(p, 5, channels), self.twice(p, 3, channels));
                let fifth = self.sum(&[x, y]);
                self.concatenation(&[p, first, second, third, fourth, fifth], 3)
            }
            Family::Inception => {
                let one = self.convolution(last, 1, channels);
                let three = self.convolution(last, 1, channels / 2);
                let three = self.convolution(three, 3, channels);
                let five = self.convolution(last, 1, channels / 4);
                let five = self.convolution(five, 5, channels / 2);
                let pooled = self.pool(last, 3, 1, false);
                let pooled = self.convolution(pooled, 1, channels / 2);
                self.concatenation(&[one, three, five, pooled], 3)
            }
        }
    }

    /// The separable convolution of searched cells, which they apply twice.
    fn twice(&mut self, x: usize, kernel: i64, channels: i64) -> usize {
        let once = self.separable(x, kernel, channels);
        self.separable(once, kernel, channels)
    }

    /// Nodes that sum what they read; those that read nothing read the cell's input, and what nobody reads is summed.
    fn wired(
        &mut self,
        input: usize,
        nodes: usize,
        edges: &[(usize, usize)],
        channels: i64,
    ) -> usize {
        let mut values = Vec::with_capacity(nodes);
        for j in 0..nodes {
            let read = edges.iter().filter(|e| e.1 == j).map(|e| values[e.0]);
            let mut read: Vec<usize> = read.collect();
            if read.is_empty() {
                read.push(input);
            }
            let sum = self.sum(&read);
            values.push(self.separable(sum, 3, channels));
        }
        let open: Vec<usize> = (0..nodes)
            .filter(|&i| edges.iter().all(|e| e.0 != i))
            .map(|i| values[i])
            .collect();
        self.sum(&open)
    }
}

/// A window that keeps rows and columns.
fn same(kernel: i64) -> Window {
    Window {
        strides: [1, 1],
        dilations: [1, 1],
        pads: [kernel / 2; 4],
    }
}

/// Edges from lower to higher nodes of a ring in which each node is joined to its `degree` nearest, each edge's far end moved to another
/// node with probability 3/4.
fn watts_strogatz(nodes: usize, degree: usize, c: &mut Choices) -> Vec<(usize, usize)> {
    let mut edges: Vec<(usize, usize)> = Vec::new();
    for i in 0..nodes {
        for step in 1..=degree / 2 {
            let mut j = (i + step) % nodes;
            if !c.once_in(4) {
                j = c.below(nodes as u32) as usize;
            }
            let edge = (i.min(j), i.max(j));
            if i != j && !edges.contains(&edge) {
                edges.push(edge);
            }
        }
    }
    edges.sort_unstable();
    edges
}
