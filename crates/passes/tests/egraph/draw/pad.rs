//! Pads, with what reads them.

use super::Instance;
use super::net::{Moves, Net};
use ir::{Attr, ValueId};
use pass::Registry;
use testgen::Choices;

/// A padded image, and rows and columns of it; `value` are the numbers that int8 pads may state, floats in eighths.
fn padded(net: &mut Net<'_>, values: &[Option<i64>]) -> (ValueId, [i64; 2]) {
    let elem = net.element();
    let shape = [
        1,
        net.c.between(1, 5),
        net.c.between(1, 5),
        net.c.between(1, 3),
    ];
    let x = net.input(&shape, elem);
    let x = match net.c.once_in(3) {
        true => net.op("relu", &[x], &[], &shape, elem),
        false => x,
    };
    let channels = i64::from(net.c.once_in(8));
    let mut border = || net.c.between(0, 2);
    let padding = [0, 0, border(), border(), border(), border(), 0, channels];
    let value = net.c.of(values);
    let value = value.map(|v| stated(net, x, v));
    let y = net.pad(x, &padding, value);
    let shape = net.shape(y);
    (y, [shape[1], shape[2]])
}

/// A number for a pad: of floats, −128 stands for what is below everything.
fn stated(net: &mut Net<'_>, x: ValueId, value: i64) -> Attr {
    let elem = net.elem(x);
    match net.is_float(elem) {
        true if value == -128 => net.m.f32_attr(f32::NEG_INFINITY),
        true => net.m.f32_attr(value as f32 / 8.0),
        false => {
            let i8 = net.m.i8();
            net.m.int_attr(value, i8)
        }
    }
}

pub fn before_convolution(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let (x, image) = padded(&mut net, &[None, None, Some(0), Some(7)]);
    let moves = Moves::draw(net.c, image, true);
    let bias = net.c.once_in(2);
    let y = match net.c.once_in(2) {
        true => net.convolution(x, &moves, bias),
        false => net.depthwise(x, &moves, bias),
    };
    net.returning(&[y])
}

pub fn before_max_pool(registry: &Registry, c: &mut Choices) -> Instance {
    before_pool(
        registry,
        c,
        "max_pool_2d",
        &[Some(-128), Some(-128), Some(-128), None, Some(9)],
    )
}

pub fn before_average_pool(registry: &Registry, c: &mut Choices) -> Instance {
    before_pool(registry, c, "average_pool_2d", &[None, Some(-3)])
}

fn before_pool(
    registry: &Registry,
    c: &mut Choices,
    name: &str,
    values: &[Option<i64>],
) -> Instance {
    let mut net = Net::new(registry, c);
    let (x, image) = padded(&mut net, values);
    let mut moves = Moves::draw(net.c, image, false);
    if net.c.once_in(2) {
        moves.pads = [0; 4];
        moves.kernel = [image[0].min(3), image[1].min(3)];
    }
    let y = net.pool(name, x, &moves);
    net.returning(&[y])
}

/// Padding behind rows and columns that a window steps over, and padding of any kind.
pub fn stepped_over(registry: &Registry, c: &mut Choices) -> Instance {
    if c.once_in(4) {
        return before_average_pool(registry, c);
    }
    let mut net = Net::new(registry, c);
    let elem = net.element();
    let (stride, n) = (net.c.between(2, 3), net.c.between(1, 3));
    let kernel = net.c.between(1, stride);
    let rows = (n - 1) * stride + kernel;
    let x = net.input(&[1, rows, rows, 2], elem);
    let mut behind = || net.c.between(0, stride - 1);
    let padding = [0, 0, 0, behind(), 0, behind(), 0, 0];
    let y = net.pad(x, &padding, None);
    let moves = Moves {
        kernel: [kernel; 2],
        strides: [stride; 2],
        dilations: [1, 1],
        pads: [0; 4],
    };
    let z = net.pool("average_pool_2d", y, &moves);
    net.returning(&[z])
}

/// Two pads, mostly of one number.
pub fn twice(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let elem = net.element();
    let rank = net.c.between(1, 4) as usize;
    let shape: Vec<i64> = (0..rank).map(|_| net.c.between(1, 4)).collect();
    let mut x = net.input(&shape, elem);
    for _ in 0..2 {
        let padding: Vec<i64> = (0..2 * rank).map(|_| net.c.between(0, 2)).collect();
        let value = net.c.of(&[None, Some(0), Some(5)]);
        let value = value.map(|v| stated(&mut net, x, v));
        x = net.pad(x, &padding, value);
    }
    net.returning(&[x])
}

pub fn before_pointwise(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let (x, _) = padded(&mut net, &[None, Some(0), Some(7), Some(-100)]);
    let y = net.pointwise(x);
    net.returning(&[y])
}

/// A reshape that adds or drops dimensions of extent 1, mostly, and a pad.
pub fn behind_reshape(registry: &Registry, c: &mut Choices) -> Instance {
    let mut net = Net::new(registry, c);
    let elem = net.element();
    let (a, b) = (net.c.between(2, 4), net.c.between(2, 4));
    let (from, to) = match net.c.below(6) {
        0 => (vec![a, b], vec![a, 1, b]),
        1 => (vec![1, a, b], vec![a, b, 1]),
        2 => (vec![1, a, 1, b], vec![a, b]),
        3 => (vec![a, b], vec![1, 1, a, b]),
        4 => (vec![a, b], vec![b, a]),
        _ => (vec![a * b, 1], vec![a, b]),
    };
    let x = net.input(&from, elem);
    let x = net.reshape(x, &to);
    let odd = net.c.once_in(4);
    let mut padding = Vec::new();
    for &d in &to {
        for _ in 0..2 {
            padding.push(if d > 1 || odd { net.c.between(0, 2) } else { 0 });
        }
    }
    let value = net.c.of(&[None, Some(3)]);
    let value = value.map(|v| stated(&mut net, x, v));
    let y = net.pad(x, &padding, value);
    net.returning(&[y])
}
