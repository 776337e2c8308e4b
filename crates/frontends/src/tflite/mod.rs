//! TensorFlow Lite files.
//!
//! [`read_file`] brings the bytes into memory, [`read`] turns them into a validated [`TfliteModel`]: first the
//! flatbuffers verifier walks the file, then every table is read with checks of its own, then the values are
//! validated: indices, shapes, constants, quantisation, the order of the graph. All defects of a file are reported
//! at once, with the codes of [`codes`].
//!
//! [`offline_plan`] is the way back: a copy of a file that tells TensorFlow Lite Micro where to put the tensors.
//!
//! Numbers of the format are those of the public schema, `tensorflow/compiler/mlir/lite/schema/schema.fbs`.

pub mod builtin;
pub mod codes;
pub mod import;
pub mod limits;
pub mod model;
pub mod offline_plan;
pub mod options;

mod file;
mod graph;
mod read;
mod schema;
mod structure;
mod table;
mod tensor;
mod verify;

pub use file::read_file;
pub use import::import;
pub use model::{
    Metadata, Operator, OperatorKind, Quant, Signature, Subgraph, Tensor, TensorType, TfliteModel,
};
pub use options::Options;
pub use read::read;
