//! Operators on quantised tensors as what they mean: DequantizeLinear, the operator on floats, QuantizeLinear.
//!
//! These are QLinearConv and QLinearMatMul of ONNX, and those of onnxruntime's own set, `com.microsoft`. So there is one way from a
//! quantised file to integers, whatever form it has.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::onnx::model::{Attribute, Model, Node, Origin, Tensor};

/// How an operator is written anew; `None` if it lacks an input that it must have.
type Expansion = fn(&mut Expander<'_>, &Node) -> Option<()>;

/// The operators, sorted by name.
const EXPANDED: [(&str, Expansion); 14] = [
    ("QLinearConv", conv),
    ("QLinearMatMul", mat_mul),
    ("com.microsoft.DequantizeLinear", |x, n| {
        x.renamed(n, "DequantizeLinear")
    }),
    ("com.microsoft.QGemm", gemm),
    ("com.microsoft.QLinearAdd", |x, n| binary(x, n, "Add")),
    ("com.microsoft.QLinearAveragePool", |x, n| {
        pool(x, n, "AveragePool")
    }),
    ("com.microsoft.QLinearConcat", concat),
    ("com.microsoft.QLinearGlobalAveragePool", |x, n| {
        pool(x, n, "GlobalAveragePool")
    }),
    ("com.microsoft.QLinearLeakyRelu", |x, n| {
        unary(x, n, "LeakyRelu")
    }),
    ("com.microsoft.QLinearMul", |x, n| binary(x, n, "Mul")),
    ("com.microsoft.QLinearReduceMean", |x, n| {
        unary(x, n, "ReduceMean")
    }),
    ("com.microsoft.QLinearSigmoid", |x, n| {
        unary(x, n, "Sigmoid")
    }),
    ("com.microsoft.QLinearSoftmax", |x, n| {
        unary(x, n, "Softmax")
    }),
    ("com.microsoft.QuantizeLinear", |x, n| {
        x.renamed(n, "QuantizeLinear")
    }),
];

fn expansion(kind: &str) -> Option<Expansion> {
    let found = EXPANDED.binary_search_by(|(name, _)| (*name).cmp(kind));
    found.ok().map(|i| EXPANDED[i].1)
}

/// Whether an operator is written anew.
pub(super) fn is_expanded(kind: &str) -> bool {
    expansion(kind).is_some()
}

/// Their names.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    EXPANDED.iter().map(|(name, _)| *name)
}

/// The model without such operators. One that lacks an input stays, and is refused later.
pub(super) fn expanded(model: &Model) -> Cow<'_, Model> {
    if !model.nodes.iter().any(|n| is_expanded(&n.kind)) {
        return Cow::Borrowed(model);
    }
    let mut expander = Expander::new(model);
    for node in &model.nodes {
        let before = expander.nodes.len();
        let done = expansion(&node.kind).and_then(|expand| expand(&mut expander, node));
        if done.is_none() {
            expander.nodes.truncate(before);
            expander.nodes.push(node.clone());
        }
    }
    let (nodes, more) = (expander.nodes, expander.constants);
    let mut model = model.clone();
    model.nodes = nodes;
    model.constants.extend(more);
    Cow::Owned(model)
}

/// The names of a tensor, its scale and its zero point.
struct Quantised {
    value: String,
    scale: String,
    zero_point: Option<String>,
}

/// What the new nodes are.
struct Expander<'a> {
    /// The file's constants.
    known: BTreeMap<&'a str, &'a Tensor>,
    names: BTreeSet<String>,
    nodes: Vec<Node>,
    constants: Vec<(String, Tensor)>,
}

impl<'a> Expander<'a> {
    fn new(model: &'a Model) -> Self {
        let initial = model.constants.iter().map(|(n, t)| (n.as_str(), t));
        let mut known: BTreeMap<&str, &Tensor> = initial.collect();
        let mut names: BTreeSet<String> = known.keys().map(|&n| n.to_owned()).collect();
        names.extend(model.inputs.iter().map(|i| i.name.clone()));
        for node in &model.nodes {
            names.extend(node.outputs.iter().flatten().cloned());
            let value = node.attributes.iter().find(|(n, _)| n == "value");
            if let (true, Some((_, Attribute::Tensor(tensor)))) = (node.kind == "Constant", value) {
                known.insert(node.layer(), tensor);
            }
        }
        Self {
            known,
            names,
            nodes: Vec::new(),
            constants: Vec::new(),
        }
    }

    /// A name that nothing has yet.
    fn fresh(&mut self, of: &str, what: &str) -> String {
        let mut name = format!("{of}_{what}");
        while !self.names.insert(name.clone()) {
            name.push('_');
        }
        name
    }

    /// Adds a node in the place of another one.
    fn push(
        &mut self,
        of: &Node,
        kind: &str,
        inputs: Vec<Option<String>>,
        output: String,
        attributes: Vec<(String, Attribute)>,
    ) {
        self.nodes.push(Node {
            index: of.index,
            kind: kind.to_owned(),
            inputs,
            outputs: vec![Some(output)],
            attributes,
            origin: Some(Origin {
                kind: of.kind.clone(),
                layer: of.layer().to_owned(),
            }),
        });
    }

    /// The same operator of another set.
    fn renamed(&mut self, of: &Node, kind: &str) -> Option<()> {
        self.nodes.push(Node {
            kind: kind.to_owned(),
            ..of.clone()
        });
        Some(())
    }

    /// A tensor in float.
    fn dequantize(&mut self, of: &Node, x: Quantised, axis: i64) -> String {
        let name = self.fresh(of.layer(), "dequantized");
        let inputs = vec![Some(x.value), Some(x.scale), x.zero_point];
        let axis = vec![("axis".to_owned(), Attribute::Int(axis))];
        self.push(of, "DequantizeLinear", inputs, name.clone(), axis);
        name
    }

    /// An int32 bias, whose scale is that of the sum of products.
    fn bias(
        &mut self,
        of: &Node,
        value: String,
        scales: [&str; 2],
        factor: f32,
        axis: i64,
    ) -> Option<String> {
        let scale = self.product(of, scales, factor)?;
        let bias = Quantised {
            value,
            scale,
            zero_point: None,
        };
        Some(self.dequantize(of, bias, axis))
    }

    /// A constant that is the product of one number and some.
    fn product(&mut self, of: &Node, [one, some]: [&str; 2], factor: f32) -> Option<String> {
        let values = |name: &str| self.known.get(name)?.floats();
        let (one, some) = (values(one)?, values(some)?);
        let &[one] = one.as_slice() else { return None };
        let list: Vec<f32> = some.iter().map(|s| factor * (one * s)).collect();
        // One number has no dimension.
        let shape: Vec<i64> = match list.len() {
            1 => vec![],
            n => vec![n as i64],
        };
        let name = self.fresh(of.layer(), "scale");
        let tensor = Tensor::of_floats(&shape, list);
        self.constants.push((name.clone(), tensor));
        Some(name)
    }

    /// The operator on floats, and its result quantised to the node's output.
    fn compute(
        &mut self,
        of: &Node,
        kind: &str,
        inputs: Vec<String>,
        attributes: Vec<(String, Attribute)>,
        [scale, zero_point]: [Option<String>; 2],
    ) -> Option<()> {
        let float = self.fresh(of.layer(), "float");
        let inputs = inputs.into_iter().map(Some).collect();
        self.push(of, kind, inputs, float.clone(), attributes);
        let inputs = vec![Some(float), Some(scale?), zero_point];
        self.push(of, "QuantizeLinear", inputs, output(of)?, Vec::new());
        Some(())
    }
}

fn input(node: &Node, i: usize) -> Option<String> {
    node.inputs.get(i).cloned().flatten()
}

fn output(node: &Node) -> Option<String> {
    node.outputs.first().cloned().flatten()
}

/// The tensor at an input's position, with the scale and the zero point behind it.
fn quantised(node: &Node, i: usize) -> Option<Quantised> {
    Some(Quantised {
        value: input(node, i)?,
        scale: input(node, i + 1)?,
        zero_point: input(node, i + 2),
    })
}

fn int(node: &Node, name: &str) -> Option<i64> {
    node.attributes.iter().find_map(|(n, a)| match a {
        Attribute::Int(i) if n == name => Some(*i),
        _ => None,
    })
}

/// x, its scale and zero point, w, its scale and zero point, the output's, bias.
fn conv(x: &mut Expander<'_>, node: &Node) -> Option<()> {
    let (value, filter) = (quantised(node, 0)?, quantised(node, 3)?);
    let scales = [value.scale.clone(), filter.scale.clone()];
    let mut inputs = vec![x.dequantize(node, value, 1), x.dequantize(node, filter, 0)];
    if let Some(bias) = input(node, 8) {
        let scales = scales.each_ref().map(String::as_str);
        inputs.push(x.bias(node, bias, scales, 1.0, 0)?);
    }
    let to = [input(node, 6), input(node, 7)];
    x.compute(node, "Conv", inputs, node.attributes.clone(), to)
}

/// As [`conv`], without a bias.
fn mat_mul(x: &mut Expander<'_>, node: &Node) -> Option<()> {
    let (a, b) = (quantised(node, 0)?, quantised(node, 3)?);
    let inputs = vec![x.dequantize(node, a, 0), x.dequantize(node, b, 1)];
    let to = [input(node, 6), input(node, 7)];
    x.compute(node, "MatMul", inputs, Vec::new(), to)
}

/// A, its scale and zero point, B, its scale and zero point, C, the output's; without those it is float.
fn gemm(x: &mut Expander<'_>, node: &Node) -> Option<()> {
    let (a, mut b) = (quantised(node, 0)?, quantised(node, 3)?);
    let alpha = node.attributes.iter().find_map(|(n, v)| match v {
        Attribute::Float(alpha) if n == "alpha" => Some(*alpha),
        _ => None,
    });
    let alpha = alpha.unwrap_or(1.0);
    let scales = [a.scale.clone(), b.scale.clone()];
    let attribute = |name: &str, i: i64| (name.to_owned(), Attribute::Int(i));
    let transposed = int(node, "transB").unwrap_or(0);
    if alpha != 1.0 {
        let scale = *x.known.get(b.scale.as_str())?;
        let values = scale.floats()?.into_iter().map(|s| s * alpha);
        let tensor = Tensor::of_floats(&scale.shape, values);
        b.scale = x.fresh(node.layer(), "scale");
        x.constants.push((b.scale.clone(), tensor));
    }
    let axis = i64::from(transposed == 0);
    let mut inputs = vec![x.dequantize(node, a, 0), x.dequantize(node, b, axis)];
    if let Some(bias) = input(node, 6) {
        let rank = x.known.get(bias.as_str())?.shape.len() as i64;
        let scales = scales.each_ref().map(String::as_str);
        inputs.push(x.bias(node, bias, scales, alpha, (rank - 1).max(0))?);
    }
    let attributes = vec![
        attribute("transA", int(node, "transA").unwrap_or(0)),
        attribute("transB", transposed),
    ];
    if input(node, 7).is_none() {
        let inputs = inputs.into_iter().map(Some).collect();
        x.push(node, "Gemm", inputs, output(node)?, attributes);
        return Some(());
    }
    let to = [input(node, 7), input(node, 8)];
    x.compute(node, "Gemm", inputs, attributes, to)
}

/// A, its scale and zero point, B, its scale and zero point, the output's.
fn binary(x: &mut Expander<'_>, node: &Node, kind: &str) -> Option<()> {
    let (a, b) = (quantised(node, 0)?, quantised(node, 3)?);
    let inputs = vec![x.dequantize(node, a, 0), x.dequantize(node, b, 0)];
    let to = [input(node, 6), input(node, 7)];
    x.compute(node, kind, inputs, Vec::new(), to)
}

/// The tensor, its scale and zero point, the output's.
fn unary(x: &mut Expander<'_>, node: &Node, kind: &str) -> Option<()> {
    let value = quantised(node, 0)?;
    let inputs = vec![x.dequantize(node, value, 0)];
    let to = [input(node, 3), input(node, 4)];
    x.compute(node, kind, inputs, node.attributes.clone(), to)
}

/// As [`unary`]; `channels_last` has N, H, W, C before and after.
fn pool(x: &mut Expander<'_>, node: &Node, kind: &str) -> Option<()> {
    if int(node, "channels_last").unwrap_or(0) == 0 {
        return unary(x, node, kind);
    }
    let order = |list: [i64; 4]| vec![("perm".to_owned(), Attribute::Ints(list.to_vec()))];
    let first = x.fresh(node.layer(), "channels_first");
    let pooled = x.fresh(node.layer(), "pooled");
    let value = input(node, 0)?;
    let to_first = order([0, 3, 1, 2]);
    x.push(
        node,
        "Transpose",
        vec![Some(value)],
        first.clone(),
        to_first,
    );
    let mut inner = node.clone();
    inner.inputs[0] = Some(first);
    inner.outputs = vec![Some(pooled.clone())];
    unary(x, &inner, kind)?;
    let (out, last) = (output(node)?, order([0, 2, 3, 1]));
    x.push(node, "Transpose", vec![Some(pooled)], out, last);
    Some(())
}

/// The output's scale and zero point, then each tensor with its own.
fn concat(x: &mut Expander<'_>, node: &Node) -> Option<()> {
    let mut inputs = Vec::new();
    for i in (2..node.inputs.len()).step_by(3) {
        let part = quantised(node, i)?;
        inputs.push(x.dequantize(node, part, 0));
    }
    let to = [input(node, 0), input(node, 1)];
    x.compute(node, "Concat", inputs, node.attributes.clone(), to)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_table_is_sorted() {
        assert!(EXPANDED.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
