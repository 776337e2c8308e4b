//! Transposes and reshapes, with what is behind them.

use super::net::{Moves, Net};
use super::{Instance, window};
use ir::ValueId;
use pass::Registry;
use testgen::Choices;

/// A shape of exactly `n` elements.
fn factors(c: &mut Choices, mut n: i64, most: i64) -> Vec<i64> {
    let mut shape = Vec::new();
    for _ in 1..c.between(1, most) {
        let divisors: Vec<i64> = (1..=n).filter(|d| n % d == 0).collect();
        let d = c.of(&divisors);
        shape.push(d);
        n /= d;
    }
    shape.push(n);
    shape
}

fn shape(net: &mut Net<'_>, rank: i64) -> Vec<i64> {
    (0..rank).map(|_| net.c.of(&[1, 2, 3, 4])).collect()
}

fn permutation(net: &mut Net<'_>, rank: usize) -> Vec<i64> {
    let mut p: Vec<i64> = (0..rank as i64).collect();
    for i in (1..rank).rev() {
        p.swap(i, net.c.below(i as u32 + 1) as usize);
    }
    p
}

/// An input of a few dimensions, transposed.
fn transposed(net: &mut Net<'_>) -> ValueId {
    let rank = net.c.between(2, 4);
    let (shape, elem) = (shape(net, rank), net.element());
    let x = net.input(&shape, elem);
    let p = permutation(net, rank as usize);
    net.transpose(x, &p)
}

pub fn transpose(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let y = transposed(&mut net);
    net.returning(&[y])
}

pub fn transposed_twice(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let x = transposed(&mut net);
    let rank = net.shape(x).len();
    let p = permutation(&mut net, rank);
    let y = net.transpose(x, &p);
    net.returning(&[y])
}

pub fn pointwise_of_transpose(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let x = transposed(&mut net);
    let y = net.pointwise(x);
    net.returning(&[y])
}

pub fn softmax_of_transpose(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let elem = net.f32();
    let rank = net.c.between(2, 4) as usize;
    let shape: Vec<i64> = vec![net.c.between(2, 3); rank];
    let x = net.input(&shape, elem);
    let mut p = permutation(&mut net, rank);
    if net.c.once_in(2) {
        p = permutation(&mut net, rank - 1);
        p.push(rank as i64 - 1);
    }
    let x = net.transpose(x, &p);
    let y = softmax(&mut net, x);
    net.returning(&[y])
}

fn softmax(net: &mut Net<'_>, x: ValueId) -> ValueId {
    let beta = net.m.f32_attr(1.0);
    let (shape, elem) = (net.shape(x), net.elem(x));
    net.op("softmax", &[x], &[("beta", beta)], &shape, elem)
}

pub fn pad_of_transpose(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let x = transposed(&mut net);
    let padding: Vec<i64> = (0..2 * net.shape(x).len())
        .map(|_| net.c.between(0, 2))
        .collect();
    let y = net.pad(x, &padding, None);
    net.returning(&[y])
}

/// Ops of two transposes of one permutation, or of two, and of constants.
pub fn binary_of_transposes(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let rank = net.c.between(2, 4) as usize;
    // Mostly one extent throughout, so that any permutation fits.
    let shape = match net.c.once_in(2) {
        true => vec![net.c.between(2, 3); rank],
        false => shape(&mut net, rank as i64),
    };
    let (a, b) = match net.c.once_in(3) {
        true => (net.f32(), net.f32()),
        false => (net.i8(), net.i8()),
    };
    let b = if net.c.once_in(2) { a } else { b };
    let p = permutation(&mut net, rank);
    let x = net.input(&shape, a);
    let x = net.transpose(x, &p);
    let y = match net.c.below(4) {
        0 | 1 => {
            let y = net.input(&shape, b);
            net.transpose(y, &p)
        }
        2 => {
            let mut like = net.shape(x);
            like.drain(..net.c.below(rank as u32) as usize);
            for d in &mut like {
                *d = if net.c.once_in(3) { 1 } else { *d };
            }
            net.constant(&like, b)
        }
        _ => {
            // One that makes the same shape if it can.
            let want = net.shape(x);
            let y = net.input(&shape, b);
            let other = permutation(&mut net, rank);
            let fits = ir::dialects::nn::permuted(&shape, &other) == Some(want.clone());
            match fits {
                true => net.transpose(y, &other),
                false => net.input(&want, b),
            }
        }
    };
    let sides = if net.c.once_in(2) { [x, y] } else { [y, x] };
    let z = net.binary(sides[0], sides[1]);
    net.returning(&[z])
}

pub fn concatenation_of_transposes(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let rank = net.c.between(2, 4) as usize;
    let elem = net.element();
    let shape = vec![net.c.between(2, 3); rank];
    let p = permutation(&mut net, rank);
    let mut parts = Vec::new();
    for _ in 0..net.c.between(1, 3) {
        let x = net.input(&shape, elem);
        let p = match net.c.once_in(5) {
            true => permutation(&mut net, rank),
            false => p.clone(),
        };
        parts.push(net.transpose(x, &p));
    }
    let axis = net.c.below(rank as u32) as usize;
    let y = net.concatenation(&parts, axis);
    net.returning(&[y])
}

/// A window over an image that is transposed, mostly rows to columns.
pub fn window_of_transpose(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let elem = match net.c.once_in(5) {
        true => net.f32(),
        false => net.i8(),
    };
    let shape = [2, 6, 6, 3].map(|most| net.c.between(1, most));
    let x = net.input(&shape, elem);
    let p = match net.c.once_in(4) {
        true => permutation(&mut net, 4),
        false => vec![0, 2, 1, 3],
    };
    let x = net.transpose(x, &p);
    let shape = net.shape(x);
    let kind = net.c.below(4);
    let moves = Moves::draw(net.c, [shape[1], shape[2]], kind < 2);
    let y = window::any(&mut net, kind, x, &moves);
    net.returning(&[y])
}

pub fn into_fully_connected(registry: &Registry, c: &mut Choices) -> Instance {
    flattened(registry, c, 4)
}

pub fn into_float_fully_connected(registry: &Registry, c: &mut Choices) -> Instance {
    flattened(registry, c, 1)
}

/// A fully connected layer behind a transpose, mostly of each row's elements; of int8 `i8` times out of 5.
fn flattened(registry: &Registry, c: &mut Choices, i8: u32) -> Instance {
    let mut net = Net::new(registry, c);
    let elem = match net.c.below(5) < i8 {
        true => net.i8(),
        false => net.f32(),
    };
    let rank = net.c.between(3, 4) as usize;
    let mut shape = shape(&mut net, rank as i64);
    let kept = net.c.between(0, 2) as usize;
    let mut p: Vec<i64> = (0..kept as i64).collect();
    p.extend(
        permutation(&mut net, rank - kept)
            .iter()
            .map(|d| d + kept as i64),
    );
    if net.c.once_in(4) {
        // Rows that are mixed.
        shape = vec![2; rank];
        p = permutation(&mut net, rank);
    }
    // Floats near each other, so that sums in another order are near each other, too.
    let x = net.input(&shape, elem);
    let mut y = net.transpose(x, &p);
    let depth: i64 = net.shape(y)[kept..].iter().product();
    if net.c.once_in(2) {
        let rows: i64 = net.shape(y)[..kept].iter().product();
        y = net.reshape(y, &[rows, depth]);
    }
    let bias = net.c.once_in(2);
    let z = net.fully_connected(y, depth, bias);
    net.returning(&[z])
}

/// An input under another shape.
fn reshaped(net: &mut Net<'_>) -> ValueId {
    let (shape, elem) = (shape(net, 4), net.element());
    let x = net.input(&shape, elem);
    let to = factors(net.c, shape.iter().product(), 4);
    net.reshape(x, &to)
}

pub fn pointwise_of_reshape(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let x = reshaped(&mut net);
    let y = net.pointwise(x);
    net.returning(&[y])
}

pub fn softmax_of_reshape(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let elem = net.f32();
    let last = net.c.between(2, 5);
    let shape = [net.c.between(1, 3), net.c.between(1, 2), last];
    let x = net.input(&shape, elem);
    let rows = net.shape(x)[..2].iter().product();
    let to = match net.c.once_in(3) {
        true => vec![rows * last],
        false => vec![rows, last],
    };
    let x = net.reshape(x, &to);
    let y = softmax(&mut net, x);
    net.returning(&[y])
}

pub fn binary_of_reshapes(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let (a, b) = match net.c.once_in(3) {
        true => (net.f32(), net.f32()),
        false => (net.i8(), net.i8()),
    };
    let b = if net.c.once_in(2) { a } else { b };
    let from = shape(&mut net, 3);
    let count = from.iter().product();
    let to = factors(net.c, count, 3);
    let x = net.input(&from, a);
    let x = net.reshape(x, &to);
    let y = match net.c.below(6) {
        0 | 1 => {
            let y = net.input(&from, b);
            net.reshape(y, &to)
        }
        2 => net.constant(&to, b),
        3 => net.constant(&[1], b),
        4 => net.constant(&to[to.len() - 1..], b),
        _ => net.input(&to, b),
    };
    let sides = if net.c.once_in(2) { [x, y] } else { [y, x] };
    let z = net.binary(sides[0], sides[1]);
    net.returning(&[z])
}

/// Parts that were under another shape: with more dimensions of extent 1, with some merged, or anything.
pub fn concatenation_of_reshapes(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let elem = net.element();
    let (a, d) = (net.c.between(1, 3), net.c.between(1, 3));
    let kind = net.c.below(4);
    let mut parts = Vec::new();
    for _ in 0..net.c.between(2, 3) {
        let n = net.c.between(1, 3);
        let (from, to) = match kind {
            0 => (vec![1, a, 1, n, d], vec![a, n * d]),
            1 => (vec![a, n * d], vec![a, n, d]),
            2 => (vec![a, 2, d], vec![2, a, d]),
            _ => (vec![a, 2, 2], vec![2 * a, 2]),
        };
        let x = net.input(&from, elem);
        parts.push(net.reshape(x, &to));
    }
    let axis = match kind {
        2 | 3 => net.c.below(2) as usize,
        _ => 1,
    };
    let y = net.concatenation(&parts, axis);
    net.returning(&[y])
}
