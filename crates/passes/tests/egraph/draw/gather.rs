//! Gathers, with what is behind them.

use super::Instance;
use super::net::{Moves, Net};
use ir::ValueId;
use ir::dialects::nn::Picks;
use pass::Registry;
use testgen::Choices;

/// How many elements are taken.
#[derive(Clone, Copy, PartialEq)]
enum Size {
    /// Fewer than there are, mostly.
    Fewer,
    /// As many, or more, mostly.
    More,
    Any,
}

/// Indices below `n`.
fn indices(c: &mut Choices, n: i64, size: Size) -> Vec<i64> {
    let times = match size {
        Size::Fewer => 1,
        _ => c.between(1, 2),
    };
    match c.below(4) {
        0 if size != Size::More => {
            let first = c.between(0, n - 1);
            (first..c.between(first + 1, n)).collect()
        }
        0 | 1 if size != Size::More => (0..n).step_by(2).collect(),
        0 | 1 => (0..n * times).map(|i| i / times).collect(),
        2 => (0..n).rev().collect(),
        _ => {
            let count = match size {
                Size::More => n * times,
                _ => c.between(1, n * times),
            };
            (0..count).map(|_| c.between(0, n - 1)).collect()
        }
    }
}

/// A value gathered along some dimensions, among the first `most`.
fn gathered(net: &mut Net<'_>, x: ValueId, size: Size, most: usize) -> ValueId {
    let shape = net.shape(x);
    let mut picks = Picks::everything(shape.len());
    for (list, &n) in picks.along.iter_mut().zip(&shape).take(most) {
        if !net.c.once_in(3) {
            *list = Some(indices(net.c, n, size));
        }
    }
    net.gather(x, &picks)
}

/// An input of a few dimensions.
fn input(net: &mut Net<'_>) -> ValueId {
    let rank = net.c.between(1, 4);
    let shape: Vec<i64> = (0..rank).map(|_| net.c.between(1, 4)).collect();
    let elem = net.element();
    net.input(&shape, elem)
}

/// All elements in order, or in another.
pub fn everything(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let x = input(&mut net);
    let shape = net.shape(x);
    let mut picks = Picks::everything(shape.len());
    for (list, &n) in picks.along.iter_mut().zip(&shape) {
        *list = match net.c.below(4) {
            0 => None,
            1 if net.c.once_in(2) => Some((0..n).rev().collect()),
            _ => Some((0..n).collect()),
        };
    }
    let y = net.gather(x, &picks);
    net.returning(&[y])
}

pub fn twice(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let x = input(&mut net);
    let y = gathered(&mut net, x, Size::Any, 4);
    let z = gathered(&mut net, y, Size::Any, 4);
    net.returning(&[z])
}

pub fn of_part(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let elem = net.element();
    let axis = net.c.below(3) as usize;
    let extents: Vec<i64> = (0..net.c.between(1, 3))
        .map(|_| net.c.between(1, 3))
        .collect();
    let mut shape = vec![2, 2, 2];
    shape[axis] = extents.iter().sum();
    let x = net.input(&shape, elem);
    let parts = net.split(x, axis, &extents);
    let which = net.c.below(parts.len() as u32) as usize;
    let y = gathered(&mut net, parts[which], Size::Any, 3);
    net.returning(&[y])
}

/// One dimension, mostly the first that is not one, by a range, mostly.
pub fn range(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let elem = net.element();
    let axis = net.c.below(3) as usize;
    let n = net.c.between(2, 5);
    let mut shape: Vec<i64> = (0..3).map(|_| net.c.between(1, 3)).collect();
    shape[axis] = n;
    if !net.c.once_in(4) {
        shape[..axis].fill(1);
    }
    let x = net.input(&shape, elem);
    let first = net.c.between(0, n - 1);
    let mut list: Vec<i64> = (first..net.c.between(first + 1, n)).collect();
    if net.c.once_in(3) {
        let i = net.c.below(list.len() as u32) as usize;
        list[i] = net.c.between(0, n - 1);
    }
    let mut picks = Picks::everything(3);
    picks.along[axis] = Some(list);
    if net.c.once_in(5) {
        let other = (axis + 1) % 3;
        picks.along[other] = Some((0..shape[other]).rev().collect());
    }
    let y = net.gather(x, &picks);
    net.returning(&[y])
}

pub fn of_transpose(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let x = input(&mut net);
    let mut p: Vec<i64> = (0..net.shape(x).len() as i64).collect();
    for i in (1..p.len()).rev() {
        p.swap(i, net.c.below(i as u32 + 1) as usize);
    }
    let y = net.transpose(x, &p);
    let z = gathered(&mut net, y, Size::Any, 4);
    net.returning(&[z])
}

pub fn before_pointwise(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let x = input(&mut net);
    let y = gathered(&mut net, x, Size::More, 4);
    let z = net.pointwise(y);
    net.returning(&[z])
}

pub fn behind_pointwise(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let x = input(&mut net);
    let y = net.pointwise(x);
    let z = gathered(&mut net, y, Size::Fewer, 4);
    net.returning(&[z])
}

/// A convolution or depthwise convolution, mostly of single pixels.
fn convolution(net: &mut Net<'_>, x: ValueId) -> ValueId {
    let shape = net.shape(x);
    let moves = match net.c.once_in(4) {
        true => Moves::draw(net.c, [shape[1], shape[2]], true),
        false => Moves {
            kernel: [1, 1],
            strides: [1, 1],
            dilations: [1, 1],
            pads: [0; 4],
        },
    };
    let bias = net.c.once_in(2);
    match net.c.once_in(3) {
        true => net.depthwise(x, &moves, bias),
        false => net.convolution(x, &moves, bias),
    }
}

/// Of an image, seldom of its channels.
fn pixels(net: &mut Net<'_>, x: ValueId, size: Size) -> ValueId {
    let most = if net.c.once_in(5) { 4 } else { 3 };
    gathered(net, x, size, most)
}

fn image(net: &mut Net<'_>) -> ValueId {
    let elem = net.element();
    let shape = [1, net.c.between(1, 4), net.c.between(1, 4), 2];
    net.input(&shape, elem)
}

pub fn before_convolution(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let x = image(&mut net);
    let y = pixels(&mut net, x, Size::More);
    let z = convolution(&mut net, y);
    net.returning(&[z])
}

pub fn behind_convolution(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let x = image(&mut net);
    let y = convolution(&mut net, x);
    let z = pixels(&mut net, y, Size::Fewer);
    net.returning(&[z])
}
