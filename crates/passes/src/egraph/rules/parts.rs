//! What rules of several families read and make.

use crate::egraph::graph::{Graph, Node};
use egg::Id;
use ir::Type;
use ir::dialects::nn::{self, Element, element};
use ir::interfaces::Datum;
use ir::rewrite::fold;

/// Operators whose result elements depend on one element each of operand 0, and on nothing else that varies.
pub(super) const POINTWISE: &[&str] = &[
    nn::QuantizeOp::NAME,
    nn::DequantizeOp::NAME,
    nn::ReluOp::NAME,
    nn::Relu6Op::NAME,
    nn::LookupTableOp::NAME,
    nn::LogisticOp::NAME,
    nn::TanhOp::NAME,
    nn::HardSwishOp::NAME,
    nn::LeakyReluOp::NAME,
];

/// Operators on two tensors, element by element, whose shapes broadcast.
pub(super) const BINARY: &[&str] = &[
    nn::AddOp::NAME,
    nn::SubOp::NAME,
    nn::MulOp::NAME,
    nn::MaximumOp::NAME,
    nn::MinimumOp::NAME,
];

/// Whether a class is of int8, of one scale and zero point.
pub(super) fn is_int8(g: &Graph, class: Id) -> bool {
    element(g.module(), g.ty(class)) == Element::QuantI8 && !has_axis(g, class)
}

/// Whether a class is of floats.
pub(super) fn is_float(g: &Graph, class: Id) -> bool {
    element(g.module(), g.ty(class)) == Element::F32
}

/// Whether scales vary along a dimension, so that it matters where an element is.
pub(super) fn has_axis(g: &Graph, class: Id) -> bool {
    let q = g.module().quant_of(g.ty(class));
    q.is_some_and(|q| q.axis.is_some())
}

/// Whether a pointwise op does the same to every element.
pub(super) fn is_uniform(g: &Graph, node: &Node) -> bool {
    !has_axis(g, node.class) && !has_axis(g, node.operands[0])
}

/// A tensor type with another shape.
pub(super) fn shaped(g: &mut Graph, ty: Type, shape: &[i64]) -> Option<Type> {
    let elem = g.module().type_data(ty).elem()?;
    Some(g.module_mut().tensor(shape, elem))
}

/// A tensor type with another shape, whose scales vary along another dimension if they do.
pub(super) fn shaped_along(g: &mut Graph, ty: Type, shape: &[i64], axis: u32) -> Option<Type> {
    match g.module().quant_of(ty).filter(|q| q.axis.is_some()) {
        None => shaped(g, ty, shape),
        Some(q) => {
            let mut q = q.clone();
            q.axis = Some(axis);
            let elem = g.module_mut().quant(q);
            Some(g.module_mut().tensor(shape, elem))
        }
    }
}

/// A node's attribute as one number.
pub(super) fn int(g: &Graph, node: &Node, name: &str) -> Option<i64> {
    g.module().attr_int(g.prop(node, name)?)
}

/// Whether a node's fused activation is this one.
pub(super) fn has_activation(g: &Graph, node: &Node, name: &str) -> bool {
    let activation = g.prop(node, "activation");
    activation.and_then(|a| g.module().attr_str(a)) == Some(name)
}

/// The bytes of a constant, if it is one whose elements can be known.
pub(super) fn bytes(g: &mut Graph, class: Id) -> Option<std::sync::Arc<[u8]>> {
    let value = g.value(class)?;
    match fold::datum(g.module(), value)? {
        Datum::Bytes(bytes) => Some(bytes),
        _ => None,
    }
}

/// Adds a constant of these bytes.
pub(super) fn constant(g: &mut Graph, ty: Type, bytes: Vec<u8>) -> Option<Id> {
    let m = g.module_mut();
    let data = m.type_data(ty).clone();
    let storage = m.storage_type(data.elem()?);
    let of_bytes = m.tensor(data.shape()?, storage);
    let value = m.dense_attr(of_bytes, bytes);
    Some(g.add_constant(ty, value))
}

/// A constant, seen as a tensor of shape `view`, with its dimensions in another order, as a constant of a type.
pub(super) fn permuted_constant(
    g: &mut Graph,
    class: Id,
    view: &[i64],
    permutation: &[i64],
    ty: Type,
) -> Option<Id> {
    let old = bytes(g, class)?;
    let extents = nn::permuted(view, permutation)?;
    let count: i64 = view.iter().product();
    let elements = g.module().num_elements(ty)?;
    if count <= 0 || elements != count as u64 || old.len() % count as usize != 0 {
        return None;
    }
    let width = old.len() / count as usize;
    let strides: Vec<usize> = permutation
        .iter()
        .map(|&p| view[p as usize + 1..].iter().product::<i64>() as usize * width)
        .collect();
    let mut new = Vec::with_capacity(old.len());
    let mut index = vec![0i64; extents.len()];
    for _ in 0..count {
        let at: usize = index
            .iter()
            .zip(&strides)
            .map(|(&i, &s)| i as usize * s)
            .sum();
        new.extend_from_slice(&old[at..at + width]);
        for d in (0..index.len()).rev() {
            index[d] += 1;
            if index[d] < extents[d] {
                break;
            }
            index[d] = 0;
        }
    }
    constant(g, ty, new)
}

/// The permutation that undoes one.
pub(super) fn inverse(permutation: &[i64]) -> Vec<i64> {
    let mut inverse = vec![0; permutation.len()];
    for (i, &p) in permutation.iter().enumerate() {
        if let Some(at) = usize::try_from(p).ok().and_then(|p| inverse.get_mut(p)) {
            *at = i as i64;
        }
    }
    inverse
}

/// Whether a permutation leaves every dimension where it is.
pub(super) fn is_identity(permutation: &[i64]) -> bool {
    permutation.iter().zip(0..).all(|(&p, i)| p == i)
}

/// A class with its dimensions in another order. Transposes of transposes are not made, so that rules that move to and fro come to an end.
pub(super) fn transpose(g: &mut Graph, class: Id, permutation: &[i64]) -> Option<Id> {
    let (mut source, mut order) = (class, permutation.to_vec());
    if let Some(inner) = g.find(class, nn::TransposeOp::NAME) {
        let first = g.list(&inner, "permutation");
        let both = permutation.iter().map(|&p| first.get(p as usize).copied());
        (source, order) = (inner.operands[0], both.collect::<Option<_>>()?);
    }
    if is_identity(&order) {
        return Some(source);
    }
    let shape = nn::permuted(&g.shape(source), &order)?;
    let ty = g.ty(source);
    let ty = shaped(g, ty, &shape)?;
    let order = g.module_mut().i64s_attr(&order);
    Some(g.add(
        nn::TransposeOp::NAME,
        &[source],
        &[("permutation", order)],
        ty,
    ))
}

/// The permutation that exchanges rows and columns of an image.
pub(super) const EXCHANGE: [i64; 4] = [0, 2, 1, 3];

/// A node with a window as it is with rows and columns exchanged, on operands in which they are.
pub(super) fn exchanged(g: &mut Graph, node: &Node, operands: &[Id]) -> Option<Id> {
    let mut changed = Vec::new();
    for name in ["kernel", "strides", "dilations"] {
        if let &[a, b] = g.list(node, name).as_slice() {
            changed.push((name, g.module_mut().i64s_attr(&[b, a])));
        }
    }
    let &[top, bottom, left, right] = g.list(node, "pads").as_slice() else {
        return None;
    };
    let pads = g.module_mut().i64s_attr(&[left, right, top, bottom]);
    changed.push(("pads", pads));
    let shape = nn::permuted(&g.shape(node.class), &EXCHANGE)?;
    let ty = g.ty(node.class);
    let ty = shaped(g, ty, &shape)?;
    Some(g.add_like(node, operands, &changed, ty))
}

/// What a node with a window does along rows and columns.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Window {
    /// Rows and columns of the input.
    pub(super) input: [i64; 2],
    /// Rows and columns of the result.
    pub(super) output: [i64; 2],
    /// Taps along each.
    pub(super) kernel: [i64; 2],
    pub(super) strides: [i64; 2],
    pub(super) dilations: [i64; 2],
    /// Before and behind rows, before and behind columns.
    pub(super) pads: [i64; 4],
}

impl Window {
    /// Of a convolution, depthwise convolution or pool.
    pub(super) fn of(g: &Graph, node: &Node) -> Option<Window> {
        let image = |class: Id| <[i64; 4]>::try_from(g.shape(class)).ok();
        let pair = |name: &str| <[i64; 2]>::try_from(g.list(node, name)).ok();
        let ([_, h, w, _], [_, oh, ow, _]) = (image(node.operands[0])?, image(node.class)?);
        let kernel = match node.operands.get(1) {
            Some(&filter) => {
                let [_, kh, kw, _] = image(filter)?;
                [kh, kw]
            }
            None => pair("kernel")?,
        };
        Some(Window {
            input: [h, w],
            output: [oh, ow],
            kernel,
            strides: pair("strides")?,
            dilations: match g.prop(node, "dilations") {
                Some(_) => pair("dilations")?,
                None => [1, 1],
            },
            pads: <[i64; 4]>::try_from(g.list(node, "pads")).ok()?,
        })
    }

    /// Whether no window has a tap in what lies around an image inside of the input.
    pub(super) fn none_touches_border(&self, image: [i64; 2], border: [i64; 4]) -> bool {
        (0..2).all(|d| {
            let inside = border[2 * d]..border[2 * d] + image[d];
            let mut all = self.taps(d).flatten().map(|at| at - self.pads[2 * d]);
            all.all(|at| !(0..self.input[d]).contains(&at) || inside.contains(&at))
        })
    }

    /// For each output along a dimension the places of its taps, from the first row or column of the padded input on.
    fn taps(&self, d: usize) -> impl Iterator<Item = Vec<i64>> {
        let (taps, step, stride) = (self.kernel[d], self.dilations[d], self.strides[d]);
        (0..self.output[d]).map(move |i| (0..taps).map(|k| i * stride + k * step).collect())
    }
}
