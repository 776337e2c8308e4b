//! Windows: pools of what may commute with them, windows of one row, convolutions of one channel.

use super::Instance;
use super::net::{Moves, Net};
use ir::ValueId;
use pass::Registry;
use testgen::Choices;

fn image(net: &mut Net<'_>, elem: ir::Type) -> (ValueId, [i64; 2]) {
    let shape = [
        net.c.between(1, 2),
        net.c.between(2, 6),
        net.c.between(2, 6),
        net.c.between(1, 3),
    ];
    (net.input(&shape, elem), [shape[1], shape[2]])
}

/// A table that rises, or any.
fn table(net: &mut Net<'_>, to: ir::Type) -> ValueId {
    if net.c.once_in(2) {
        return net.constant(&[256], to);
    }
    let mut values: Vec<i8> = (0..256).map(|_| net.c.between(-128, 127) as i8).collect();
    values.sort_unstable();
    // Entries of what is not negative come first.
    values.rotate_left(128);
    let bytes = values.into_iter().map(|v| v as u8).collect();
    net.constant_of(&[256], to, bytes)
}

pub fn max_pool_of_pointwise(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let elem = match net.c.once_in(6) {
        true => net.f32(),
        false => net.i8(),
    };
    let (x, size) = image(&mut net, elem);
    let y = match net.c.once_in(3) && !net.is_float(elem) {
        true => {
            let to = net.i8();
            let (table, shape) = (table(&mut net, to), net.shape(x));
            net.op("lookup_table", &[x, table], &[], &shape, to)
        }
        false => net.pointwise(x),
    };
    let moves = Moves::draw(net.c, size, false);
    let z = net.pool("max_pool_2d", y, &moves);
    net.returning(&[z])
}

pub fn max_pool_twice(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let elem = match net.c.once_in(8) {
        true => net.f32(),
        false => net.i8(),
    };
    let shape = [
        1,
        net.c.between(4, 9),
        net.c.between(4, 9),
        net.c.between(1, 2),
    ];
    let mut x = net.input(&shape, elem);
    for _ in 0..2 {
        let shape = net.shape(x);
        let mut moves = Moves::draw(net.c, [shape[1], shape[2]], false);
        if !net.c.once_in(4) {
            moves.pads = [0; 4];
            moves.kernel = [shape[1].min(moves.kernel[0]), shape[2].min(moves.kernel[1])];
        }
        x = net.pool("max_pool_2d", x, &moves);
    }
    net.returning(&[x])
}

/// A pool of the whole image, mostly.
pub fn pool_of_image(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let elem = net.element();
    let (x, size) = image(&mut net, elem);
    let mut moves = Moves {
        kernel: size,
        strides: [net.c.between(1, 3), net.c.between(1, 3)],
        dilations: [1, 1],
        pads: [0; 4],
    };
    if net.c.once_in(3) {
        moves = Moves::draw(net.c, size, false);
    }
    let name = net.c.of(&["average_pool_2d", "max_pool_2d"]);
    let y = net.pool(name, x, &moves);
    net.returning(&[y])
}

/// One row or column, mostly, and a window of one row or column, mostly.
pub fn thin(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let elem = net.element();
    let size = match net.c.once_in(6) {
        true => [3, 3],
        false if net.c.once_in(2) => [1, net.c.between(2, 8)],
        false => [net.c.between(2, 8), 1],
    };
    let shape = [net.c.between(1, 2), size[0], size[1], net.c.between(1, 3)];
    let x = net.input(&shape, elem);
    let mut moves = Moves::draw(net.c, size, false);
    let kind = net.c.below(4);
    if kind < 2 {
        moves.dilations = [net.c.between(1, 2), net.c.between(1, 2)];
        let fits = moves.output(size).is_some();
        moves.dilations = if fits { moves.dilations } else { [1, 1] };
    }
    if net.c.once_in(2) {
        // No padding across.
        for (d, _) in size.iter().enumerate().filter(|(_, n)| **n == 1) {
            (moves.kernel[d], moves.pads[2 * d], moves.pads[2 * d + 1]) = (1, 0, 0);
        }
    }
    let y = any(&mut net, kind, x, &moves);
    net.returning(&[y])
}

/// A convolution, a depthwise one, or a pool, by a number below 4.
pub fn any(net: &mut Net<'_>, kind: u32, x: ValueId, moves: &Moves) -> ValueId {
    let bias = net.c.once_in(2);
    match kind {
        0 => net.convolution(x, moves, bias),
        1 => net.depthwise(x, moves, bias),
        2 => net.pool("average_pool_2d", x, moves),
        _ => net.pool("max_pool_2d", x, moves),
    }
}

pub fn convolution(registry: &Registry, c: &mut Choices) -> Instance {
    one_channel(registry, c, |net, x, moves, bias| {
        net.convolution(x, moves, bias)
    })
}

pub fn depthwise(registry: &Registry, c: &mut Choices) -> Instance {
    one_channel(registry, c, |net, x, moves, bias| {
        net.depthwise(x, moves, bias)
    })
}

/// Of one channel, mostly.
fn one_channel(
    registry: &Registry,
    c: &mut Choices,
    op: fn(&mut Net<'_>, ValueId, &Moves, bool) -> ValueId,
) -> Instance {
    let mut net = Net::new(registry, c);
    let elem = net.element();
    let size = [net.c.between(1, 5), net.c.between(1, 5)];
    let channels = if net.c.once_in(3) { 2 } else { 1 };
    let x = net.input(&[1, size[0], size[1], channels], elem);
    let moves = Moves::draw(net.c, size, true);
    let bias = net.c.once_in(2);
    let y = op(&mut net, x, &moves, bias);
    net.returning(&[y])
}

/// A layer, and a constant that is added to it, taken from it, or multiplied by it.
fn after_layer(registry: &Registry, c: &mut Choices, name: &str, bias: bool) -> Instance {
    let mut net = Net::new(registry, c);
    let elem = match net.c.once_in(8) {
        true => net.i8(),
        false => net.f32(),
    };
    let size = [net.c.between(1, 4), net.c.between(1, 4)];
    let x = net.input(&[1, size[0], size[1], 2], elem);
    let moves = Moves::draw(net.c, size, true);
    let y = match net.c.below(3) {
        0 => net.convolution(x, &moves, bias),
        1 => net.depthwise(x, &moves, bias),
        _ => net.fully_connected(x, 2, bias),
    };
    let shape = net.shape(y);
    let channels = shape[shape.len() - 1];
    let like = match net.c.below(4) {
        0 | 1 => vec![channels],
        2 => vec![1, 1, channels],
        _ => shape,
    };
    let elem = if net.is_float(elem) { elem } else { net.i8() };
    let c = net.constant(&like, elem);
    let last = name == "sub" && !net.c.once_in(4);
    let sides = match last || net.c.once_in(2) {
        true => [y, c],
        false => [c, y],
    };
    let shape = ir::dialects::nn::broadcast(&net.shape(y), &net.shape(c)).unwrap();
    let to = if net.is_float(elem) { elem } else { net.i8() };
    let activation = net.activation();
    let z = net.op(name, &sides, &[activation], &shape, to);
    net.returning(&[z])
}

pub fn sum_as_bias(registry: &Registry, c: &mut Choices) -> Instance {
    let bias = c.once_in(8);
    after_layer(registry, c, "add", bias)
}

pub fn sum_into_bias(registry: &Registry, c: &mut Choices) -> Instance {
    let bias = !c.once_in(8);
    after_layer(registry, c, "add", bias)
}

pub fn difference_into_bias(registry: &Registry, c: &mut Choices) -> Instance {
    let bias = !c.once_in(8);
    after_layer(registry, c, "sub", bias)
}

pub fn scale_into_weights(registry: &Registry, c: &mut Choices) -> Instance {
    let bias = c.once_in(2);
    after_layer(registry, c, "mul", bias)
}
