//! Error codes of the ONNX front end; a code keeps its meaning for ever. Files that cannot be read are `T001`, as for every format.

macro_rules! codes {
    ($($(#[doc = $doc:literal])+ $name:ident = $code:literal;)*) => {
        $($(#[doc = $doc])+ pub const $name: &str = $code;)*

        /// Every code with its meaning, in order.
        pub const ALL: &[(&str, &str)] = &[$(($code, concat!($($doc),+))),*];
    };
}

codes! {
    /// The file is not an ONNX model, or is damaged.
    NOT_ONNX = "N001";
    /// A limit of the reader is exceeded.
    LIMIT = "N002";
    /// The model's version of the operator set is not one that is read, or is missing.
    OPSET = "N003";
    /// The graph is not one: a name is written twice, or read before it is written.
    GRAPH = "N010";
    /// A constant's shape, type and data do not agree, or it is of a form that is not read.
    CONSTANT = "N011";
    /// A constant's data, which another file has, cannot be read.
    EXTERNAL = "N012";
    /// An input of the graph has no type or shape that can be taken.
    INPUT = "N013";
    /// An input's shape is not static, and no option says what it is.
    DYNAMIC_SHAPE = "N014";
    /// A shape that was asked for does not fit the model.
    SHAPE_OPTION = "N015";
    /// The model has an operator that is not supported.
    UNSUPPORTED_OPERATOR = "N100";
    /// An operator has the wrong number of inputs or outputs.
    OPERAND_COUNT = "N101";
    /// An operator's element types are not supported together.
    ELEMENT_TYPE = "N102";
    /// The shapes of an operator's tensors do not fit.
    OPERAND_SHAPE = "N103";
    /// An operand must be a constant, and is computed.
    NOT_CONSTANT = "N104";
    /// An operator's attribute has a value that is not supported.
    ATTRIBUTE = "N105";
    /// A graph output is a constant.
    CONSTANT_OUTPUT = "N106";
    /// A scale or a zero point is not what its operator takes.
    QUANTIZATION = "N107";
}

#[cfg(test)]
mod tests {
    use super::ALL;

    #[test]
    fn codes_are_distinct_and_in_order() {
        assert!(ALL.windows(2).all(|pair| pair[0].0 < pair[1].0));
    }
}
