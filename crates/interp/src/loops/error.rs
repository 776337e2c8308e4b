use crate::scalar::Undefined;
use ir::interfaces::EvalError;
use thiserror::Error;

/// What a running kernel did wrong: a bug of the schedule that made it, or of the memory plan.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum Fault {
    /// An access outside of its buffer.
    #[error("{size} bytes at byte {offset} of a buffer of {len}")]
    OutOfBounds {
        /// First byte, from the buffer's start; may be negative.
        offset: i64,
        /// Bytes accessed.
        size: u64,
        /// Bytes of the buffer.
        len: u64,
    },
    /// An access whose address is not a multiple of its proven or natural alignment.
    #[error("address {address} is not aligned to {align} bytes")]
    Misaligned {
        /// The address.
        address: u64,
        /// The alignment.
        align: u64,
    },
    /// A write to a constant.
    #[error("a write to a constant")]
    WriteToConstant,
    /// A copy between buffers that overlap.
    #[error("a copy between buffers that overlap")]
    OverlappingCopy,
    /// An external function writes to a buffer that overlaps another of its buffers.
    #[error("buffers {0} and {1} of an external call overlap, and one of them is written")]
    OverlappingBuffers(usize, usize),
    /// A loop's step is not positive.
    #[error("a loop's step is {0}, not positive")]
    Step(i64),
    /// More memory than the executor gives.
    #[error("buffers need more than {0} bytes")]
    OutOfMemory(usize),
    /// More instructions than the executor was given.
    #[error("more than {0} steps")]
    StepLimit(u64),
    /// Allocations and copies of more bytes than the executor was given.
    #[error("more bytes allocated or copied than the step limit allows")]
    TooMuchTraffic,
    /// A case that `arith` leaves undefined.
    #[error("{0}")]
    Undefined(Undefined),
    /// An op that was called through its interpretation failed.
    #[error("{0}")]
    Eval(EvalError),
}

impl From<Undefined> for Fault {
    fn from(u: Undefined) -> Self {
        Fault::Undefined(u)
    }
}

impl Fault {
    /// Whether the kernel did something that the IR leaves undefined; else the executor gave up.
    pub fn is_undefined(&self) -> bool {
        match self {
            Fault::OutOfMemory(_) | Fault::StepLimit(_) | Fault::TooMuchTraffic => false,
            Fault::Eval(EvalError::Unsupported(_)) => false,
            Fault::OutOfBounds { .. }
            | Fault::Misaligned { .. }
            | Fault::WriteToConstant
            | Fault::OverlappingCopy
            | Fault::OverlappingBuffers(..)
            | Fault::Step(_)
            | Fault::Undefined(_)
            | Fault::Eval(EvalError::Poison(_)) => true,
        }
    }
}

/// Why a module could not be compiled to register code, or did not run.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum LoopError {
    /// An op or type that the executor does not know and that has no interpretation.
    #[error("@{function}: `{op}`{}: {why}", at(.location))]
    Unsupported {
        /// The function that holds the op.
        function: String,
        /// The op's name.
        op: String,
        /// Where it is, as the user knows it.
        location: Option<String>,
        /// What is not supported.
        why: String,
    },
    /// A function that calls itself, or calls too deep.
    #[error("@{0} calls itself, or its calls nest too deep")]
    Recursion(String),
    /// The module has no such function, or it has no body.
    #[error("no function @{0} with a body")]
    NoFunction(String),
    /// Globals do not fit into memory.
    #[error("the module's globals need more than {0} bytes")]
    GlobalsTooLarge(usize),
    /// `@main` does not say its inputs (`mcu.inputs`), or an argument is not a buffer of fixed size.
    #[error("@{function}: {why}")]
    Signature {
        /// The function.
        function: String,
        /// What is wrong.
        why: String,
    },
    /// The number of arguments differs from the function's.
    #[error("{found} arguments were given, @{function} takes {expected}")]
    ArgumentCount {
        /// The function.
        function: String,
        /// What it takes.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// An argument does not fit its type.
    #[error("argument {index} of @{function} does not fit its type: {why}")]
    Argument {
        /// The function.
        function: String,
        /// Position.
        index: usize,
        /// What differs.
        why: String,
    },
    /// A kernel did something undefined.
    #[error("kernel @{kernel}{}: `{op}`: {fault}", at(.layer))]
    Fault {
        /// The function that faulted.
        kernel: String,
        /// The layer on whose behalf it ran: the location of the call, or of the op.
        layer: Option<String>,
        /// The op's name.
        op: String,
        /// What happened.
        fault: Fault,
    },
}

fn at(location: &Option<String>) -> String {
    location
        .as_ref()
        .map_or(String::new(), |l| format!(" in {l}"))
}
