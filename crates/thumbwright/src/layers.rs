//! What the layers of a network are: for `inspect` and the report.

use ir::dialects::nn;
use ir::{Module, OpId, ValueId};
use serde::Serialize;

/// A tensor of the network.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct TensorInfo {
    /// Its name in the model.
    pub name: String,
    /// Dimensions, outermost first.
    pub shape: Vec<i64>,
    /// `int8`, `int32` or `float32`.
    pub dtype: String,
    /// Bytes.
    pub bytes: u64,
    /// `real = scale · (stored − zero_point)`; one per tensor or one per slice of the axis; empty for float.
    pub scales: Vec<f64>,
    /// Zero points, as many as scales.
    pub zero_points: Vec<i64>,
}

/// A layer: one operator of the model.
#[derive(Clone, PartialEq, Debug, Serialize)]
pub struct Layer {
    /// Index of the operator in the model file.
    pub index: u32,
    /// The op, `nn.conv_2d`.
    pub op: String,
    /// The layer's name in the model.
    pub name: String,
    /// Activations that it reads.
    pub inputs: Vec<TensorInfo>,
    /// What it makes.
    pub outputs: Vec<TensorInfo>,
    /// Shape of the weights, if it has any.
    pub filter: Option<Vec<i64>>,
    /// Multiply–accumulates.
    pub macs: u64,
    /// Bytes of constants that it reads, as in the model file.
    pub weight_bytes: u64,
    /// Bytes of what it makes.
    pub activation_bytes: u64,
}

/// A description of a tensor value.
pub fn tensor_info(m: &Module, v: ValueId, name: String) -> TensorInfo {
    let ty = m.value_type(v);
    let q = m.quant_of(ty);
    let dtype = match nn::element(m, ty) {
        nn::Element::F32 => "float32",
        nn::Element::QuantI8 => "int8",
        nn::Element::I32 => "int32",
        nn::Element::Other => "other",
    };
    TensorInfo {
        name,
        shape: nn::shape(m, v).to_vec(),
        dtype: dtype.to_owned(),
        bytes: m.size_bytes(ty).unwrap_or(0),
        scales: q.map(|q| q.scales().collect()).unwrap_or_default(),
        zero_points: q.map(|q| q.zero_points.clone()).unwrap_or_default(),
    }
}

fn is_constant(m: &Module, v: ValueId) -> bool {
    m.defining_op(v)
        .is_some_and(|d| m.op_name(d) == nn::ConstantOp::NAME)
}

fn value_name(m: &Module, main: OpId, v: ValueId) -> String {
    match m.value_def(v) {
        ir::ValueDef::Argument(_, i) => ir::dialects::func::arg_attr(m, main, i, "mcu.name")
            .and_then(|a| m.attr_str(a))
            .map_or_else(|| format!("input {i}"), str::to_owned),
        ir::ValueDef::Result(op, _) => m.layer_name(m.op_loc(op)).unwrap_or_default(),
    }
}

/// The layers of an imported module, in order.
pub fn layers(m: &Module) -> Vec<Layer> {
    let Some(main) = m.lookup_symbol("main") else {
        return Vec::new();
    };
    let Some(entry) = m.entry_block(main) else {
        return Vec::new();
    };
    let is_layer =
        |op: &OpId| m.op_name(*op).starts_with("nn.") && m.op_name(*op) != nn::ConstantOp::NAME;
    m.ops(entry)
        .filter(is_layer)
        .map(|op| {
            let (constants, activations): (Vec<ValueId>, Vec<ValueId>) =
                m.operands(op).partition(|&v| is_constant(m, v));
            let info = |&v: &ValueId| tensor_info(m, v, value_name(m, main, v));
            let outputs: Vec<TensorInfo> = m.results(op).iter().map(info).collect();
            let weighted = matches!(
                m.op_name(op),
                nn::Conv2dOp::NAME | nn::DepthwiseConv2dOp::NAME | nn::FullyConnectedOp::NAME
            );
            Layer {
                index: m.operator_index(m.op_loc(op)).unwrap_or(0),
                op: m.op_name(op).to_owned(),
                name: m.layer_name(m.op_loc(op)).unwrap_or_default(),
                inputs: activations.iter().map(info).collect(),
                filter: m
                    .operands(op)
                    .nth(1)
                    .filter(|_| weighted)
                    .map(|v| nn::shape(m, v).to_vec()),
                macs: nn::macs(m, op),
                weight_bytes: constants
                    .iter()
                    .filter_map(|&v| m.size_bytes(m.value_type(v)))
                    .sum(),
                activation_bytes: outputs.iter().map(|t| t.bytes).sum(),
                outputs,
            }
        })
        .collect()
}
