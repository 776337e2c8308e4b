//! A writer of TFLite files, sound or broken: each value of the file is what the specification says.
#![allow(dead_code)]

use flatbuffers::{FlatBufferBuilder, TableFinishedWIPOffset, VOffsetT, WIPOffset};

type Table = WIPOffset<TableFinishedWIPOffset>;
type Builder = FlatBufferBuilder<'static>;

fn slot(id: VOffsetT) -> VOffsetT {
    4 + 2 * id
}

/// A file.
#[derive(Clone)]
pub struct Model {
    pub identifier: &'static str,
    pub version: u32,
    pub codes: Vec<Code>,
    pub graphs: Vec<Graph>,
    pub buffers: Vec<Buffer>,
    /// Further references to the table of the last buffer.
    pub repeated_buffer: usize,
    pub metadata: Vec<(String, u32)>,
    pub signatures: Vec<Signature>,
    /// Whether the model has a field that the schema of version 3 does not know.
    pub newer_field: bool,
}

/// An operator code, in its narrow and its wide field.
#[derive(Clone)]
pub struct Code {
    pub narrow: i8,
    pub wide: i32,
    pub custom: Option<String>,
    pub version: i32,
}

impl Code {
    pub fn builtin(number: i32) -> Self {
        let narrow = i8::try_from(number.min(127)).unwrap();
        Self {
            narrow,
            wide: number,
            custom: None,
            version: 1,
        }
    }
}

/// A buffer, in the flatbuffer or elsewhere.
#[derive(Clone)]
pub enum Buffer {
    Inside(Vec<u8>),
    At { offset: u64, size: u64 },
}

#[derive(Clone)]
pub struct Graph {
    pub name: String,
    pub tensors: Vec<Tensor>,
    pub inputs: Vec<i32>,
    pub outputs: Vec<i32>,
    pub operators: Vec<Operator>,
}

#[derive(Clone, Default)]
pub struct Tensor {
    pub name: String,
    pub shape: Vec<i32>,
    pub dtype: i8,
    pub buffer: u32,
    pub quant: Option<Quant>,
    pub is_variable: bool,
    pub sparse: bool,
    pub signature: Vec<i32>,
}

#[derive(Clone, Default)]
pub struct Quant {
    pub scales: Vec<f32>,
    pub zero_points: Vec<i64>,
    pub axis: i32,
    pub details_type: u8,
}

#[derive(Clone)]
pub struct Operator {
    pub code: u32,
    pub inputs: Vec<i32>,
    pub outputs: Vec<i32>,
    /// Number in the options union and the fields; 0 for none.
    pub options: (u8, Vec<Field>),
    pub custom_options: Option<Vec<u8>>,
}

/// A field of an options table: its id and its value.
#[derive(Clone)]
pub enum Field {
    I8(VOffsetT, i8),
    U8(VOffsetT, u8),
    I32(VOffsetT, i32),
    F32(VOffsetT, f32),
    I32s(VOffsetT, Vec<i32>),
}

#[derive(Clone)]
pub struct Signature {
    pub key: String,
    pub graph: u32,
    pub inputs: Vec<(String, u32)>,
    pub outputs: Vec<(String, u32)>,
}

impl Model {
    /// The file's bytes.
    pub fn bytes(&self) -> Vec<u8> {
        let mut b = Builder::new();
        let codes: Vec<Table> = self.codes.iter().map(|c| c.write(&mut b)).collect();
        let graphs: Vec<Table> = self.graphs.iter().map(|g| g.write(&mut b)).collect();
        let mut buffers: Vec<Table> = self.buffers.iter().map(|x| x.write(&mut b)).collect();
        let last = buffers.last().copied();
        buffers.extend(last.iter().cycle().take(self.repeated_buffer));
        let metadata: Vec<Table> = self
            .metadata
            .iter()
            .map(|(name, buffer)| named(&mut b, name, *buffer))
            .collect();
        let signatures: Vec<Table> = self.signatures.iter().map(|s| s.write(&mut b)).collect();
        let codes = b.create_vector(&codes);
        let graphs = b.create_vector(&graphs);
        let buffers = b.create_vector(&buffers);
        let metadata = b.create_vector(&metadata);
        let signatures = b.create_vector(&signatures);
        let description = b.create_string("made by a test");
        let start = b.start_table();
        b.push_slot_always(slot(0), self.version);
        b.push_slot_always(slot(1), codes);
        b.push_slot_always(slot(2), graphs);
        b.push_slot_always(slot(3), description);
        b.push_slot_always(slot(4), buffers);
        b.push_slot_always(slot(6), metadata);
        b.push_slot_always(slot(7), signatures);
        if self.newer_field {
            b.push_slot_always(slot(9), 7u32);
        }
        let root = b.end_table(start);
        b.finish(root, Some(self.identifier));
        b.finished_data().to_vec()
    }

    /// The file's bytes with `data` behind the flatbuffer as the contents of buffer `index`.
    pub fn bytes_with_appended(&self, index: usize, data: &[u8]) -> Vec<u8> {
        let mut model = self.clone();
        let size = u64::try_from(data.len()).unwrap();
        // The flatbuffer's length does not depend on the value of the offset.
        model.buffers[index] = Buffer::At { offset: 2, size };
        let offset = u64::try_from(model.bytes().len()).unwrap();
        model.buffers[index] = Buffer::At { offset, size };
        let mut bytes = model.bytes();
        bytes.extend_from_slice(data);
        bytes
    }
}

fn named(b: &mut Builder, name: &str, number: u32) -> Table {
    let name = b.create_string(name);
    let start = b.start_table();
    b.push_slot_always(slot(0), name);
    b.push_slot_always(slot(1), number);
    b.end_table(start)
}

impl Code {
    fn write(&self, b: &mut Builder) -> Table {
        let custom = self.custom.as_ref().map(|name| b.create_string(name));
        let start = b.start_table();
        b.push_slot_always(slot(0), self.narrow);
        if let Some(custom) = custom {
            b.push_slot_always(slot(1), custom);
        }
        b.push_slot_always(slot(2), self.version);
        b.push_slot_always(slot(3), self.wide);
        b.end_table(start)
    }
}

impl Buffer {
    fn write(&self, b: &mut Builder) -> Table {
        match self {
            Self::Inside(data) => {
                let data = (!data.is_empty()).then(|| b.create_vector(data));
                let start = b.start_table();
                if let Some(data) = data {
                    b.push_slot_always(slot(0), data);
                }
                b.end_table(start)
            }
            Self::At { offset, size } => {
                let start = b.start_table();
                b.push_slot_always(slot(1), *offset);
                b.push_slot_always(slot(2), *size);
                b.end_table(start)
            }
        }
    }
}

impl Graph {
    fn write(&self, b: &mut Builder) -> Table {
        let tensors: Vec<Table> = self.tensors.iter().map(|t| t.write(b)).collect();
        let operators: Vec<Table> = self.operators.iter().map(|o| o.write(b)).collect();
        let tensors = b.create_vector(&tensors);
        let operators = b.create_vector(&operators);
        let inputs = b.create_vector(&self.inputs);
        let outputs = b.create_vector(&self.outputs);
        let name = b.create_string(&self.name);
        let start = b.start_table();
        b.push_slot_always(slot(0), tensors);
        b.push_slot_always(slot(1), inputs);
        b.push_slot_always(slot(2), outputs);
        b.push_slot_always(slot(3), operators);
        b.push_slot_always(slot(4), name);
        b.end_table(start)
    }
}

impl Tensor {
    fn write(&self, b: &mut Builder) -> Table {
        let name = b.create_string(&self.name);
        let shape = b.create_vector(&self.shape);
        let signature = (!self.signature.is_empty()).then(|| b.create_vector(&self.signature));
        let quant = self.quant.as_ref().map(|q| q.write(b));
        let sparse = self.sparse.then(|| {
            let start = b.start_table();
            b.end_table(start)
        });
        let start = b.start_table();
        b.push_slot_always(slot(0), shape);
        b.push_slot_always(slot(1), self.dtype);
        b.push_slot_always(slot(2), self.buffer);
        b.push_slot_always(slot(3), name);
        if let Some(quant) = quant {
            b.push_slot_always(slot(4), quant);
        }
        b.push_slot(slot(5), self.is_variable, false);
        if let Some(sparse) = sparse {
            b.push_slot_always(slot(6), sparse);
        }
        if let Some(signature) = signature {
            b.push_slot_always(slot(7), signature);
        }
        b.end_table(start)
    }
}

impl Quant {
    fn write(&self, b: &mut Builder) -> Table {
        let scales = b.create_vector(&self.scales);
        let zero_points = b.create_vector(&self.zero_points);
        let start = b.start_table();
        b.push_slot_always(slot(2), scales);
        b.push_slot_always(slot(3), zero_points);
        b.push_slot(slot(4), self.details_type, 0);
        b.push_slot_always(slot(6), self.axis);
        b.end_table(start)
    }
}

impl Operator {
    fn write(&self, b: &mut Builder) -> Table {
        let inputs = b.create_vector(&self.inputs);
        let outputs = b.create_vector(&self.outputs);
        let custom = self.custom_options.as_ref().map(|c| b.create_vector(c));
        let options = (self.options.0 != 0).then(|| write_fields(b, &self.options.1));
        let start = b.start_table();
        b.push_slot_always(slot(0), self.code);
        b.push_slot_always(slot(1), inputs);
        b.push_slot_always(slot(2), outputs);
        if let Some(options) = options {
            b.push_slot_always(slot(3), self.options.0);
            b.push_slot_always(slot(4), options);
        }
        if let Some(custom) = custom {
            b.push_slot_always(slot(5), custom);
        }
        b.end_table(start)
    }
}

fn write_fields(b: &mut Builder, fields: &[Field]) -> Table {
    let vectors: Vec<_> = fields
        .iter()
        .filter_map(|field| match field {
            Field::I32s(id, values) => Some((*id, b.create_vector(values))),
            _ => None,
        })
        .collect();
    let start = b.start_table();
    for field in fields {
        match field {
            Field::I8(id, value) => b.push_slot_always(slot(*id), *value),
            Field::U8(id, value) => b.push_slot_always(slot(*id), *value),
            Field::I32(id, value) => b.push_slot_always(slot(*id), *value),
            Field::F32(id, value) => b.push_slot_always(slot(*id), *value),
            Field::I32s(..) => {}
        }
    }
    for (id, vector) in vectors {
        b.push_slot_always(slot(id), vector);
    }
    b.end_table(start)
}

impl Signature {
    fn write(&self, b: &mut Builder) -> Table {
        let key = b.create_string(&self.key);
        let inputs: Vec<Table> = self.inputs.iter().map(|(n, t)| named(b, n, *t)).collect();
        let outputs: Vec<Table> = self.outputs.iter().map(|(n, t)| named(b, n, *t)).collect();
        let inputs = b.create_vector(&inputs);
        let outputs = b.create_vector(&outputs);
        let start = b.start_table();
        b.push_slot_always(slot(0), inputs);
        b.push_slot_always(slot(1), outputs);
        b.push_slot_always(slot(2), key);
        b.push_slot_always(slot(4), self.graph);
        b.end_table(start)
    }
}

pub const INT8: i8 = 9;
pub const UINT8: i8 = 3;
pub const INT4: i8 = 17;
pub const INT32: i8 = 2;
pub const FLOAT32: i8 = 0;

/// An int8 activation of scale 0.5 and zero point −3.
pub fn activation(name: &str, shape: &[i32]) -> Tensor {
    Tensor {
        name: name.into(),
        shape: shape.into(),
        dtype: INT8,
        quant: Some(Quant {
            scales: vec![0.5],
            zero_points: vec![-3],
            ..Quant::default()
        }),
        ..Tensor::default()
    }
}

/// A sound int8 model: `image` → CONV_2D `conv` → ADD `sum` → RESHAPE `flat`.
pub fn small() -> Model {
    let weights = Tensor {
        name: "conv_weights".into(),
        shape: vec![2, 3, 3, 1],
        dtype: INT8,
        buffer: 1,
        quant: Some(Quant {
            scales: vec![0.25, 0.125],
            zero_points: vec![0, 0],
            ..Quant::default()
        }),
        ..Tensor::default()
    };
    let bias = Tensor {
        name: "conv_bias".into(),
        shape: vec![2],
        dtype: INT32,
        buffer: 2,
        quant: Some(Quant {
            scales: vec![0.125, 0.0625],
            zero_points: vec![0, 0],
            ..Quant::default()
        }),
        ..Tensor::default()
    };
    let shape = Tensor {
        name: "new_shape".into(),
        shape: vec![2],
        dtype: INT32,
        buffer: 3,
        ..Tensor::default()
    };
    let operator = |code, inputs: &[i32], output, options| Operator {
        code,
        inputs: inputs.into(),
        outputs: vec![output],
        options,
        custom_options: None,
    };
    let conv = vec![
        Field::I8(0, 0),
        Field::I32(1, 1),
        Field::I32(2, 1),
        Field::I8(3, 1),
    ];
    let graph = Graph {
        name: "main".into(),
        tensors: vec![
            activation("image", &[1, 4, 4, 1]),
            weights,
            bias,
            activation("conv", &[1, 4, 4, 2]),
            activation("sum", &[1, 4, 4, 2]),
            activation("flat", &[1, 32]),
            shape,
        ],
        inputs: vec![0],
        outputs: vec![5],
        operators: vec![
            operator(0, &[0, 1, 2], 3, (1, conv)),
            operator(1, &[3, 3], 4, (11, vec![])),
            operator(2, &[4, 6], 5, (17, vec![Field::I32s(0, vec![1, 32])])),
        ],
    };
    Model {
        identifier: "TFL3",
        version: 3,
        codes: vec![Code::builtin(3), Code::builtin(0), Code::builtin(22)],
        graphs: vec![graph],
        buffers: vec![
            Buffer::Inside(vec![]),
            Buffer::Inside((0..18).collect()),
            Buffer::Inside(vec![1; 8]),
            Buffer::Inside(vec![1, 0, 0, 0, 32, 0, 0, 0]),
        ],
        repeated_buffer: 0,
        metadata: vec![("min_runtime_version".into(), 3)],
        signatures: vec![Signature {
            key: "serving_default".into(),
            graph: 0,
            inputs: vec![("x".into(), 0)],
            outputs: vec![("y".into(), 5)],
        }],
        newer_field: false,
    }
}

/// A sound int8 model: `image` → SPLIT `left`, `right` along its columns; SPLIT_V of `right` into `first`, `rest`; CONCATENATION of `rest`,
/// `left` and `first` along its columns, counted from behind.
pub fn joints() -> Model {
    let number = |name: &str, values: usize, buffer| Tensor {
        name: name.into(),
        shape: if values == 1 {
            vec![]
        } else {
            vec![values as i32]
        },
        dtype: INT32,
        buffer,
        ..Tensor::default()
    };
    let operator = |code, inputs: &[i32], outputs: &[i32], options| Operator {
        code,
        inputs: inputs.into(),
        outputs: outputs.into(),
        options,
        custom_options: None,
    };
    let graph = Graph {
        name: "main".into(),
        tensors: vec![
            activation("image", &[2, 8, 3]),
            number("columns", 1, 1),
            activation("left", &[2, 4, 3]),
            activation("right", &[2, 4, 3]),
            number("extents", 2, 2),
            activation("first", &[2, 1, 3]),
            activation("rest", &[2, 3, 3]),
            activation("joined", &[2, 8, 3]),
        ],
        inputs: vec![0],
        outputs: vec![7],
        operators: vec![
            operator(0, &[1, 0], &[2, 3], (35, vec![Field::I32(0, 2)])),
            operator(1, &[3, 4, 1], &[5, 6], (79, vec![Field::I32(0, 2)])),
            operator(2, &[6, 2, 5], &[7], (10, vec![Field::I32(0, -2)])),
        ],
    };
    Model {
        codes: vec![Code::builtin(49), Code::builtin(102), Code::builtin(2)],
        graphs: vec![graph],
        buffers: vec![
            Buffer::Inside(vec![]),
            Buffer::Inside(vec![1, 0, 0, 0]),
            Buffer::Inside(vec![1, 0, 0, 0, 3, 0, 0, 0]),
        ],
        signatures: vec![],
        metadata: vec![],
        ..small()
    }
}

/// A sound int8 model: `image` → TRANSPOSE `turned` → PAD `framed` → PADV2 `bordered`, which states the number.
pub fn layouts() -> Model {
    let numbers = |name: &str, shape: &[i32], buffer| Tensor {
        name: name.into(),
        shape: shape.into(),
        dtype: INT32,
        buffer,
        ..Tensor::default()
    };
    let operator = |code, inputs: &[i32], output| Operator {
        code,
        inputs: inputs.into(),
        outputs: vec![output],
        options: (0, vec![]),
        custom_options: None,
    };
    let bytes = |numbers: &[i32]| numbers.iter().flat_map(|n| n.to_le_bytes()).collect();
    let graph = Graph {
        name: "main".into(),
        tensors: vec![
            activation("image", &[2, 3, 5]),
            numbers("order", &[3], 1),
            activation("turned", &[5, 2, 3]),
            numbers("frame", &[3, 2], 2),
            activation("framed", &[5, 3, 6]),
            numbers("border", &[3, 2], 3),
            Tensor {
                buffer: 4,
                ..activation("number", &[1])
            },
            activation("bordered", &[6, 3, 6]),
        ],
        inputs: vec![0],
        outputs: vec![7],
        operators: vec![
            operator(0, &[0, 1], 2),
            operator(1, &[2, 3], 4),
            operator(2, &[4, 5, 6], 7),
        ],
    };
    Model {
        codes: vec![Code::builtin(39), Code::builtin(34), Code::builtin(60)],
        graphs: vec![graph],
        buffers: vec![
            Buffer::Inside(vec![]),
            Buffer::Inside(bytes(&[2, -3, 1])),
            Buffer::Inside(bytes(&[0, 0, 0, 1, 2, 1])),
            Buffer::Inside(bytes(&[1, 0, 0, 0, 0, 0])),
            Buffer::Inside(vec![0xfb]),
        ],
        signatures: vec![],
        metadata: vec![],
        ..small()
    }
}

/// A sound int8 model of one chain: SLICE, STRIDED_SLICE, RESIZE_NEAREST_NEIGHBOR, SPACE_TO_DEPTH, DEPTH_TO_SPACE, GATHER, MIRROR_PAD, UNPACK
/// into two, PACK of both, TILE, SPACE_TO_BATCH_ND, BATCH_TO_SPACE_ND.
pub fn moves() -> Model {
    let mut buffers = vec![Buffer::Inside(vec![])];
    let mut numbers = |name: &str, shape: &[i32], values: &[i32]| {
        let bytes = values.iter().flat_map(|n| n.to_le_bytes()).collect();
        buffers.push(Buffer::Inside(bytes));
        Tensor {
            name: name.into(),
            shape: shape.into(),
            dtype: INT32,
            buffer: buffers.len() as u32 - 1,
            ..Tensor::default()
        }
    };
    let tensors = vec![
        activation("image", &[1, 4, 6, 2]),
        numbers("begin", &[4], &[0, 1, 0, 0]),
        numbers("size", &[4], &[1, -1, 6, 2]),
        activation("sliced", &[1, 3, 6, 2]),
        numbers("first", &[4], &[0, 0, -1, 0]),
        numbers("end", &[4], &[0, 0, -7, 0]),
        numbers("steps", &[4], &[1, 2, -2, 1]),
        activation("strided", &[1, 2, 3, 2]),
        numbers("rows_columns", &[2], &[4, 6]),
        activation("resized", &[1, 4, 6, 2]),
        activation("deep", &[1, 2, 3, 8]),
        activation("flat", &[1, 4, 6, 2]),
        numbers("indices", &[2], &[1, 0]),
        activation("picked", &[1, 4, 6, 2]),
        numbers("border", &[4, 2], &[0, 0, 1, 0, 0, 2, 0, 0]),
        activation("mirrored", &[1, 5, 8, 2]),
        activation("left", &[1, 5, 8]),
        activation("right", &[1, 5, 8]),
        activation("packed", &[1, 2, 5, 8]),
        numbers("times", &[4], &[1, 1, 2, 1]),
        activation("tiled", &[1, 2, 10, 8]),
        numbers("block", &[2], &[2, 2]),
        numbers("padding", &[2, 2], &[0, 0, 1, 1]),
        activation("batched", &[4, 1, 6, 8]),
        numbers("crops", &[2, 2], &[0, 0, 1, 1]),
        activation("back", &[1, 2, 10, 8]),
    ];
    let two = || vec![Field::I32(0, 2)];
    let axis = |n| vec![Field::I32(0, 2), Field::I32(1, n)];
    let masks = vec![Field::I32(0, 0b1011), Field::I32(1, 0b1011)];
    type Step<'a> = (i32, &'a [i32], &'a [i32], (u8, Vec<Field>));
    let steps: [Step<'_>; 12] = [
        (65, &[0, 1, 2], &[3], (0, vec![])),
        (45, &[3, 4, 5, 6], &[7], (32, masks)),
        (97, &[7, 8], &[9], (0, vec![])),
        (26, &[9], &[10], (19, two())),
        (5, &[10], &[11], (94, two())),
        (36, &[11, 12], &[13], (23, vec![Field::I32(0, -1)])),
        (100, &[13, 14], &[15], (77, vec![Field::I8(0, 1)])),
        (88, &[15], &[16, 17], (64, axis(-1))),
        (83, &[17, 16], &[18], (59, axis(1))),
        (69, &[18, 19], &[20], (0, vec![])),
        (38, &[20, 21, 22], &[23], (0, vec![])),
        (37, &[23, 21, 24], &[25], (0, vec![])),
    ];
    let codes = steps.iter().map(|s| Code::builtin(s.0)).collect();
    let operators = steps
        .into_iter()
        .enumerate()
        .map(|(i, (_, inputs, outputs, options))| Operator {
            code: i as u32,
            inputs: inputs.into(),
            outputs: outputs.into(),
            options,
            custom_options: None,
        });
    let graph = Graph {
        name: "main".into(),
        tensors,
        inputs: vec![0],
        outputs: vec![25],
        operators: operators.collect(),
    };
    Model {
        codes,
        graphs: vec![graph],
        buffers,
        signatures: vec![],
        metadata: vec![],
        ..small()
    }
}
