//! The rules, a file a family.

mod activation;
mod bias;
mod depthwise;
mod fully_connected;
mod fuse;
mod gather;
mod joining;
mod layout;
mod lookup_table;
mod one_dimension;
mod pad;
mod parts;
mod pool;
mod reshape;
mod siblings;

use super::rule::Rule;

/// What each family is about, in a sentence.
pub const FAMILIES: &[(&str, &str)] = &[
    (
        "activation",
        "Activations go into the op that computes their operand.",
    ),
    (
        "bias",
        "Constants that are added to what a layer computes go into its bias, and those that it is multiplied by into its weights.",
    ),
    (
        "depthwise",
        "Of one channel, a convolution and a depthwise convolution are the same.",
    ),
    (
        "fully_connected",
        "Fully connected layers are convolutions whose window is one pixel, or the whole image.",
    ),
    (
        "fuse",
        "What follows an int8 layer is done where the layer stores its output: sums with other tensors of its shape, and tables.",
    ),
    (
        "gather",
        "Gathers meet, and stand where there is less to compute: those that enlarge go towards the results, those that leave elements out towards the inputs.",
    ),
    (
        "joining",
        "Concatenations and splits meet, cancel, and change places with what works element by element; what is left of them is a view where parts are contiguous.",
    ),
    (
        "layout",
        "Transposes go towards the results, until one undoes another, or weights take it; what moves nothing is a view.",
    ),
    (
        "lookup_table",
        "What depends on one int8 is a table of 256 values.",
    ),
    (
        "one_dimension",
        "What moves along one dimension only may move along rows or columns.",
    ),
    (
        "pad",
        "Explicit padding goes into the window that reads it, so that no padded copy is made.",
    ),
    (
        "pool",
        "What commutes with a maximum is computed after it; pools of pools are pools.",
    ),
    (
        "reshape",
        "Reshapes, which are views, go towards the results, so that what they stood between meets.",
    ),
    (
        "siblings",
        "Layers that read one tensor, and whose results are put together, are one layer.",
    ),
];

/// Every rule, in the order in which they are tried.
pub fn all() -> Vec<Rule> {
    [
        activation::RULES,
        bias::RULES,
        depthwise::RULES,
        fully_connected::RULES,
        fuse::RULES,
        gather::RULES,
        joining::RULES,
        layout::RULES,
        lookup_table::RULES,
        one_dimension::RULES,
        pad::RULES,
        pool::RULES,
        reshape::RULES,
        siblings::RULES,
    ]
    .concat()
}
