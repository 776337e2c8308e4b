//! Error codes of the TFLite front end; a code keeps its meaning for ever. `T000` stands for errors that are counted only.

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal;)*) => {
        $($(#[doc = $doc])+ pub const $name: &str = $code;)*

        /// Every code with its meaning, in order.
        pub const ALL: &[(&str, &str)] = &[$(($code, concat!($($doc),+))),*];
    };
}

codes! {
    /// The file cannot be read: absent, a directory, empty or too large.
    UNREADABLE = "T001";
    /// The file is not a TFLite file.
    NOT_TFLITE = "T002";
    /// The flatbuffer is damaged: an offset, a length or an alignment is wrong.
    DAMAGED = "T003";
    /// The schema version is not 3.
    SCHEMA_VERSION = "T004";
    /// The file has no graph.
    NO_SUBGRAPH = "T005";
    /// A limit of the reader is exceeded.
    LIMIT = "T006";
    /// An operator's code is not in the file's list of operator codes, or is not a code.
    OPERATOR_CODE = "T010";
    /// An operator refers to a tensor that does not exist.
    OPERATOR_TENSOR = "T011";
    /// A graph or signature refers to a tensor that does not exist.
    GRAPH_TENSOR = "T012";
    /// A tensor or a metadata entry refers to a buffer that does not exist.
    BUFFER_INDEX = "T013";
    /// A buffer's data lie outside the file.
    BUFFER_DATA = "T014";
    /// A signature refers to a graph that does not exist.
    SUBGRAPH_INDEX = "T015";
    /// A tensor's element type is not one of the schema's.
    TENSOR_TYPE = "T020";
    /// A tensor's dimension is negative, or its shapes disagree in rank.
    SHAPE = "T021";
    /// A tensor is too large.
    TENSOR_SIZE = "T022";
    /// A constant's data are not as long as its shape says.
    CONSTANT_SIZE = "T023";
    /// A tensor's shape is not static.
    DYNAMIC_SHAPE = "T024";
    /// A tensor is stored sparsely.
    SPARSE = "T025";
    /// A tensor has a quantisation of a kind that the schema leaves to extensions.
    CUSTOM_QUANTIZATION = "T026";
    /// The numbers of scales, zero points and indices of a quantised dimension disagree.
    QUANT_COUNT = "T030";
    /// A scale is not finite and positive.
    QUANT_SCALE = "T031";
    /// A zero point is not a value of the tensor's type.
    QUANT_ZERO_POINT = "T032";
    /// Operators wait for each other in a circle.
    CYCLE = "T040";
    /// An operator reads a tensor before it is written.
    READ_BEFORE_WRITE = "T041";
    /// An operator reads a tensor that nothing writes.
    NEVER_WRITTEN = "T042";
    /// A tensor is written twice, or is written although it is a constant, a variable or an input.
    WRITTEN_TWICE = "T043";
    /// A graph input is a constant, or is listed twice.
    GRAPH_INPUT = "T044";
    /// Nothing writes a graph output.
    GRAPH_OUTPUT = "T045";
    /// An operator's parameters are missing.
    OPTIONS_MISSING = "T050";
    /// An operator carries the parameters of another operator.
    OPTIONS_KIND = "T051";
    /// An operator's parameter has a value that it cannot have.
    OPTIONS_VALUE = "T052";
    /// An operator writes no tensor.
    NO_OUTPUT = "T053";
    /// A custom operator has no name.
    CUSTOM_NAME = "T054";
    /// The model has an operator that is not supported.
    UNSUPPORTED_OPERATOR = "T100";
    /// An operator has the wrong number of inputs or outputs.
    OPERAND_COUNT = "T101";
    /// An operator's element types are not supported together.
    ELEMENT_TYPE = "T102";
    /// The shapes of an operator's tensors do not fit.
    OPERAND_SHAPE = "T103";
    /// A tensor's quantisation is not what its operator takes.
    QUANTIZATION = "T104";
    /// A filter or a bias is not a constant.
    NOT_CONSTANT = "T105";
    /// An operator's parameter is not supported.
    PARAMETER = "T106";
    /// A tensor is state that lasts from run to run.
    VARIABLE = "T107";
    /// A graph output is a constant.
    CONSTANT_OUTPUT = "T108";
    /// An offline memory plan is asked for a model of several graphs.
    OFFLINE_GRAPHS = "T200";
    /// An offline memory plan cannot be put into a file of this form.
    OFFLINE_FORM = "T201";
    /// An offset of an offline memory plan does not fit into its 32 bits.
    OFFLINE_OFFSET = "T202";
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn codes_are_distinct_and_in_order() {
        assert!(ALL.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
