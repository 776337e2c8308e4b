//! Concatenations and splits.

use super::Instance;
use super::net::{Moves, Net};
use ir::ValueId;
use pass::Registry;
use testgen::Choices;

/// Inputs of one shape but for a dimension, whose extents these are.
fn inputs(net: &mut Net<'_>, extents: &[i64], axis: usize, elem: ir::Type) -> Vec<ValueId> {
    let mut shape = vec![net.c.between(1, 3), net.c.between(1, 3), 2];
    let mut parts = Vec::new();
    for &n in extents {
        shape[axis] = n;
        parts.push(net.input(&shape, elem));
    }
    parts
}

fn extents(net: &mut Net<'_>) -> Vec<i64> {
    (0..net.c.between(1, 3))
        .map(|_| net.c.between(1, 3))
        .collect()
}

pub fn concatenated_twice(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let elem = net.element();
    let first = net.c.below(2) as usize;
    let extents = vec![2; net.c.between(2, 3) as usize];
    let parts = inputs(&mut net, &extents, first, elem);
    let x = net.concatenation(&parts, first);
    let shape = net.shape(x);
    let y = net.input(&shape, elem);
    let second = match net.c.once_in(3) {
        true => 1 - first,
        false => first,
    };
    let parts = if net.c.once_in(2) { [x, y] } else { [y, x] };
    let z = net.concatenation(&parts, second);
    net.returning(&[z])
}

/// All parts of a split in order, or in any.
pub fn concatenation_of_split(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let elem = net.element();
    let axis = net.c.below(3) as usize;
    let extents = match net.c.once_in(2) {
        true => vec![2; net.c.between(2, 3) as usize],
        false => extents(&mut net),
    };
    let mut shape = vec![2, 2, 2];
    shape[axis] = extents.iter().sum();
    let x = net.input(&shape, elem);
    let mut parts = net.split(x, axis, &extents);
    if net.c.once_in(3) && parts.len() > 1 {
        parts.rotate_left(1);
    }
    let y = net.concatenation(&parts, axis);
    net.returning(&[y])
}

pub fn split_of_concatenation(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let elem = net.element();
    let axis = net.c.below(2) as usize;
    let (before, mut after) = match net.c.below(4) {
        0 => (vec![2, 3, 3], vec![3, 3, 2]),
        1 => (vec![1, 2, 1, 2], vec![3, 3]),
        2 => (vec![2, 2], vec![1, 1, 2]),
        _ => {
            let extents = extents(&mut net);
            (extents.clone(), extents)
        }
    };
    if net.c.once_in(4) {
        after.rotate_left(1);
    }
    let parts = inputs(&mut net, &before, axis, elem);
    let x = net.concatenation(&parts, axis);
    let parts = net.split(x, axis, &after);
    net.returning(&parts)
}

pub fn pointwise_of_concatenation(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let (elem, axis) = (net.element(), net.c.below(3) as usize);
    let extents = extents(&mut net);
    let parts = inputs(&mut net, &extents, axis, elem);
    let x = net.concatenation(&parts, axis);
    let y = net.pointwise(x);
    net.returning(&[y])
}

/// The same op on all parts, or one of another operand, table or name.
pub fn concatenation_of_pointwise(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let axis = net.c.below(3) as usize;
    let name = net
        .c
        .of(&["quantize", "dequantize", "relu6", "lookup_table"]);
    let (from, to) = (net.i8(), net.i8());
    let to = match name {
        "dequantize" => net.f32(),
        "relu6" => from,
        _ => to,
    };
    let table = net.constant(&[256], to);
    let mut parts = Vec::new();
    for _ in 0..net.c.between(2, 3) {
        let odd = net.c.once_in(6);
        let elem = if odd && name != "relu6" {
            net.i8()
        } else {
            from
        };
        let mut shape = [2, 2, 2];
        shape[axis] = net.c.between(1, 3);
        let x = net.input(&shape, elem);
        let mut operands = vec![x];
        if name == "lookup_table" {
            operands.push(if odd { net.constant(&[256], to) } else { table });
        }
        let name = if odd && name == "relu6" { "relu" } else { name };
        parts.push(net.op(name, &operands, &[], &shape, to));
    }
    let y = net.concatenation(&parts, axis);
    net.returning(&[y])
}

/// Layers on one tensor, mostly, with one window, mostly, whose channels are put together, mostly.
pub fn side_by_side(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let (elem, to) = (net.element(), net.element());
    let to = match net.is_float(elem) {
        true => elem,
        false if net.is_float(to) => net.i8(),
        false => to,
    };
    let (size, depth) = ([net.c.between(1, 4), net.c.between(1, 4)], 2);
    let shape = [1, size[0], size[1], depth];
    let x = net.input(&shape, elem);
    let moves = Moves::draw(net.c, size, true);
    let (dense, activation) = (net.c.once_in(3), net.c.of(&["none", "relu"]));
    let mut parts = Vec::new();
    for _ in 0..net.c.between(2, 3) {
        let x = if net.c.once_in(6) {
            net.input(&shape, elem)
        } else {
            x
        };
        let bias = net.c.once_in(2);
        let y = match dense {
            true => net.fully_connected(x, depth, bias),
            false => net.convolution(x, &moves, bias),
        };
        let activation = if net.c.once_in(6) {
            "relu6"
        } else {
            activation
        };
        net.alter(y, activation, to);
        parts.push(y);
    }
    let rank = net.shape(parts[0]).len();
    let like = |net: &Net<'_>, v: &ValueId| net.shape(*v) == net.shape(parts[0]);
    let axis = match net.c.once_in(4) && parts.iter().all(|v| like(&net, v)) {
        true => rank - 2,
        false => rank - 1,
    };
    let y = net.concatenation(&parts, axis);
    net.returning(&[y])
}
