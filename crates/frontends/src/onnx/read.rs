//! From bytes to a checked [`Model`].

use std::collections::BTreeSet;
use std::path::Path;

use prost::Message;

use super::external::External;
use super::limits::{MAX_INPUTS, MAX_NAME_BYTES, MAX_RANK, MAX_TENSOR_BYTES};
use super::model::{Attribute, DataType, Dimension, Input, Model, Node, Tensor};
use super::proto::{
    AttributeProto, GraphProto, ModelProto, NodeProto, TensorProto, ValueInfoProto,
};
use super::wire::{self, Fault};
use super::{MAX_OPSET, MIN_OPSET, codes};
use crate::error::{ImportErrors, OperatorRef};
use crate::finding::{CONVERT_AGAIN, Finding, Findings};

/// Reads and checks a file's bytes; `file` is its name for messages. Data in other files are read from `folder`, if there is one.
///
/// # Errors
/// Every defect found, with the codes of [`codes`](super::codes).
pub fn read(bytes: &[u8], file: &str, folder: Option<&Path>) -> Result<Model, ImportErrors> {
    let mut findings = Findings::new(file);
    let proto = match decode(bytes) {
        Ok(proto) => proto,
        Err(finding) => {
            findings.add(None, finding);
            return Err(findings.into_errors());
        }
    };
    let opset = opset(&proto).unwrap_or_else(|finding| {
        findings.add(None, finding);
        0
    });
    let graph = proto.graph.unwrap_or_default();
    let mut reader = Reader {
        findings,
        external: External::new(folder),
        written: BTreeSet::new(),
    };
    let model = reader.graph(graph, opset);
    reader.findings.into_errors().into_result(model)
}

fn decode(bytes: &[u8]) -> Result<ModelProto, Finding> {
    let help = "check that this is the right file, whole; `python -m onnx.checker` says more";
    let damaged = |message: String| Finding::new(codes::NOT_ONNX, message, help);
    let limit = |what: &str| {
        Finding::new(
            codes::LIMIT,
            format!("it has more {what} than any network for a microcontroller"),
            "check that this is the right file; store constants as bytes (raw_data)",
        )
    };
    wire::check(bytes).map_err(|fault| match fault {
        Fault::Damaged(at) => damaged(format!(
            "it is not an ONNX model, or is damaged at byte {at}"
        )),
        Fault::Items => limit("parts"),
        Fault::Numbers => limit("numbers"),
    })?;
    let proto = ModelProto::decode(bytes)
        .map_err(|e| damaged(format!("it is not an ONNX model, or is damaged: {e}")))?;
    if proto.ir_version < 1 || proto.graph.is_none() {
        return Err(damaged(
            "it is not an ONNX model: it has no version or no graph".into(),
        ));
    }
    Ok(proto)
}

fn opset(proto: &ModelProto) -> Result<i64, Finding> {
    let own = |domain: &str| domain.is_empty() || domain == "ai.onnx";
    let version = proto
        .opset_import
        .iter()
        .filter(|o| own(&o.domain))
        .map(|o| o.version)
        .max();
    match version {
        Some(v) if (MIN_OPSET..=MAX_OPSET).contains(&v) => Ok(v),
        Some(v) => Err(Finding::new(
            codes::OPSET,
            format!(
                "its operators are those of version {v} (opset), not {MIN_OPSET} to {MAX_OPSET}"
            ),
            "export the model with an opset in this range, or convert it with `onnx.version_converter`",
        )),
        None => Err(Finding::new(
            codes::OPSET,
            "it does not say which version its operators are of (opset)",
            CONVERT_AGAIN,
        )),
    }
}

struct Reader<'a> {
    findings: Findings<'a>,
    external: External<'a>,
    /// Names that have a value so far.
    written: BTreeSet<String>,
}

impl Reader<'_> {
    fn graph(&mut self, graph: GraphProto, opset: i64) -> Model {
        if !graph.sparse_initializer.is_empty() {
            let message = "it has constants that are stored sparsely";
            let help = "store the constants densely";
            self.findings
                .add(None, Finding::new(codes::CONSTANT, message, help));
        }
        let mut constants = Vec::with_capacity(graph.initializer.len());
        for proto in graph.initializer {
            let name = proto.name.clone();
            match self
                .tensor(proto)
                .and_then(|t| self.written(&name).map(|()| t))
            {
                Ok(tensor) => constants.push((name, tensor)),
                Err(finding) => self.refused(name, finding),
            }
        }
        let mut inputs = Vec::new();
        for proto in graph.input {
            // Old files list constants as inputs with a default.
            if self.written.contains(&proto.name) {
                continue;
            }
            match input(&proto).and_then(|i| self.written(&i.name).map(|()| i)) {
                Ok(input) => inputs.push(input),
                Err(finding) => self.refused(proto.name, finding),
            }
        }
        if inputs.len() > MAX_INPUTS {
            let message = format!("its graph has {} inputs", inputs.len());
            self.findings
                .add(None, Finding::new(codes::LIMIT, message, CONVERT_AGAIN));
        }
        let mut nodes = Vec::with_capacity(graph.node.len());
        for (index, proto) in graph.node.into_iter().enumerate() {
            let reference = reference(&proto, index);
            match self.node(proto, index) {
                Ok(node) => nodes.push(node),
                Err(finding) => self.findings.add(Some(reference), finding),
            }
        }
        if graph.output.is_empty() {
            let finding = Finding::new(codes::GRAPH, "its graph has no output", CONVERT_AGAIN);
            self.findings.add(None, finding);
        }
        let mut outputs = Vec::with_capacity(graph.output.len());
        for output in graph.output {
            if !self.written.contains(&output.name) {
                let message = format!("nothing writes the graph's output \"{}\"", output.name);
                self.findings
                    .add(None, Finding::new(codes::GRAPH, message, CONVERT_AGAIN));
            }
            outputs.push(output.name);
        }
        Model {
            opset,
            inputs,
            outputs,
            constants,
            nodes,
        }
    }

    /// Reports a defect of what has this name; that others read it is none.
    fn refused(&mut self, name: String, finding: Finding) {
        self.findings.add(None, finding);
        self.written.insert(name);
    }

    /// Notes that a name has a value now.
    fn written(&mut self, name: &str) -> Result<(), Finding> {
        if name.len() > MAX_NAME_BYTES {
            let message = format!("a name has {} bytes", name.len());
            return Err(Finding::new(codes::LIMIT, message, CONVERT_AGAIN));
        }
        if !name.is_empty() && self.written.insert(name.to_owned()) {
            return Ok(());
        }
        let message = match name {
            "" => "a tensor of the graph has no name".to_owned(),
            _ => format!("\"{name}\" is written twice"),
        };
        Err(Finding::new(codes::GRAPH, message, CONVERT_AGAIN))
    }

    fn node(&mut self, proto: NodeProto, index: usize) -> Result<Node, Finding> {
        let kind = kind(&proto);
        let inputs: Vec<Option<String>> = proto.input.into_iter().map(not_empty).collect();
        let unknown = inputs
            .iter()
            .flatten()
            .find(|n| !self.written.contains(*n))
            .cloned();
        let outputs: Vec<Option<String>> = proto.output.into_iter().map(not_empty).collect();
        for output in outputs.iter().flatten() {
            self.written(output)?;
        }
        if let Some(name) = unknown {
            let message = format!("it reads \"{name}\", which nothing before it writes");
            return Err(Finding::new(codes::GRAPH, message, CONVERT_AGAIN));
        }
        let mut attributes = Vec::with_capacity(proto.attribute.len());
        for proto in proto.attribute {
            let name = proto.name.clone();
            attributes.push((name, self.attribute(proto)?));
        }
        Ok(Node {
            index,
            kind,
            inputs,
            outputs,
            attributes,
            origin: None,
        })
    }

    fn attribute(&mut self, proto: AttributeProto) -> Result<Attribute, Finding> {
        Ok(match proto.r#type {
            1 => Attribute::Float(proto.f),
            2 => Attribute::Int(proto.i),
            3 => Attribute::Text(String::from_utf8_lossy(&proto.s).into_owned()),
            4 => match proto.t {
                Some(tensor) => Attribute::Tensor(self.tensor(tensor)?),
                None => Attribute::Other,
            },
            6 => Attribute::Floats(proto.floats),
            7 => Attribute::Ints(proto.ints),
            _ => Attribute::Other,
        })
    }

    fn tensor(&mut self, proto: TensorProto) -> Result<Tensor, Finding> {
        let name = proto.name.clone();
        let refused = |code, what: String, help: &str| {
            Finding::new(code, format!("constant \"{name}\": {what}"), help)
        };
        let dtype = DataType(proto.data_type);
        let Some(size) = dtype.bytes() else {
            let help = "export the model with float32 constants, or quantise it to int8";
            let what = format!("its elements are {dtype}");
            return Err(refused(codes::CONSTANT, what, help));
        };
        let bytes = tensor_bytes(&proto.dims, size)
            .map_err(|what| refused(codes::LIMIT, what, CONVERT_AGAIN))?;
        let packed = matches!(dtype, DataType::UINT4 | DataType::INT4);
        let stored = if packed { bytes.div_ceil(2) } else { bytes };
        let data: Vec<u8> = if proto.data_location == 1 {
            let help = "keep the model's files together, in one folder";
            self.external
                .data(&proto.external_data, stored)
                .map_err(|what| refused(codes::EXTERNAL, what, help))?
        } else if !proto.raw_data.is_empty() {
            proto.raw_data
        } else {
            typed(&proto, dtype)
        };
        if data.len() as u64 != stored {
            let what = format!(
                "it has {} bytes of data, but its shape {:?} needs {stored}",
                data.len(),
                proto.dims
            );
            return Err(refused(codes::CONSTANT, what, CONVERT_AGAIN));
        }
        let data = match packed {
            true => unpacked(&data, dtype, bytes),
            false => data,
        };
        Ok(Tensor {
            dtype,
            shape: proto.dims,
            data: data.into(),
        })
    }
}

/// Bytes of a tensor of static shape.
fn tensor_bytes(dims: &[i64], size: usize) -> Result<u64, String> {
    if dims.len() > MAX_RANK {
        return Err(format!("it has {} dimensions", dims.len()));
    }
    // An extent of 0 hides nothing: the others must be sensible too.
    let mut bytes = size as u64;
    for &d in dims {
        let extent = u64::try_from(d)
            .map_err(|_| format!("a dimension of its shape {dims:?} is negative"))?;
        bytes = bytes
            .checked_mul(extent.max(1))
            .filter(|&n| n <= MAX_TENSOR_BYTES)
            .ok_or_else(|| format!("its shape {dims:?} has too many elements"))?;
    }
    Ok(if dims.contains(&0) { 0 } else { bytes })
}

/// The first `count` elements of half a byte, the low half first, one a byte.
fn unpacked(data: &[u8], dtype: DataType, count: u64) -> Vec<u8> {
    let halves = data.iter().flat_map(|&b| [b << 4, b]);
    let element = |b: u8| match dtype {
        // As a signed byte, a shift keeps the sign.
        DataType::INT4 => (i8::from_le_bytes([b]) >> 4).to_le_bytes()[0],
        _ => b >> 4,
    };
    let count = usize::try_from(count).unwrap_or(usize::MAX);
    halves.map(element).take(count).collect()
}

/// The data of a constant that is stored as numbers.
fn typed(proto: &TensorProto, dtype: DataType) -> Vec<u8> {
    match dtype {
        DataType::FLOAT => proto
            .float_data
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect(),
        DataType::INT64 => proto
            .int64_data
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect(),
        DataType::INT32 => proto
            .int32_data
            .iter()
            .flat_map(|x| x.to_le_bytes())
            .collect(),
        _ => proto
            .int32_data
            .iter()
            .map(|x| x.to_le_bytes()[0])
            .collect(),
    }
}

fn input(proto: &ValueInfoProto) -> Result<Input, Finding> {
    let refused = |what: &str| {
        Finding::new(
            codes::INPUT,
            format!("input \"{}\" {what}", proto.name),
            "export the model with inputs that are tensors of a known number of dimensions",
        )
    };
    let tensor = proto.r#type.as_ref().and_then(|t| t.tensor_type.as_ref());
    let tensor = tensor.ok_or_else(|| refused("is not a tensor"))?;
    let shape = tensor.shape.as_ref();
    let shape = shape.ok_or_else(|| refused("has no shape"))?;
    if shape.dim.len() > MAX_RANK {
        return Err(refused("has too many dimensions"));
    }
    let dims = shape.dim.iter().map(|d| match (d.dim_value, &d.dim_param) {
        (Some(n), _) if n > 0 => Dimension::Static(n),
        (_, name) => Dimension::Dynamic(name.clone().unwrap_or_default()),
    });
    Ok(Input {
        name: proto.name.clone(),
        dtype: DataType(tensor.elem_type),
        shape: dims.collect(),
    })
}

fn not_empty(name: String) -> Option<String> {
    (!name.is_empty()).then_some(name)
}

fn kind(proto: &NodeProto) -> String {
    match proto.domain.as_str() {
        "" | "ai.onnx" => proto.op_type.clone(),
        domain => format!("{domain}.{}", proto.op_type),
    }
}

fn reference(proto: &NodeProto, index: usize) -> OperatorRef {
    OperatorRef {
        kind: kind(proto),
        index,
        layer: proto.output.first().cloned().unwrap_or_default(),
        subgraph: 0,
    }
}
