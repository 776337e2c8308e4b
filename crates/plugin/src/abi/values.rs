//! Handles, status, and the small structs that functions take and give.

use crate::abi::CType;
use std::ffi::c_char;

/// What a function of either side says: 0 is yes, a positive number is no without being wrong, a negative one is an error.
#[repr(transparent)]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[must_use]
pub struct Status(pub i32);

impl Status {
    /// Done.
    pub const OK: Status = Status(0);
    /// A pattern or a fold does not apply; a schedule does not.
    pub const NO_MATCH: Status = Status(1);
    /// An interpretation finds the result undefined.
    pub const POISON: Status = Status(2);
    /// A handle or context is of another kind, of another context, or what it named is gone.
    pub const BAD_HANDLE: Status = Status(-1);
    /// A null pointer, an index out of range, text that is not UTF-8, a value that cannot be.
    pub const BAD_ARGUMENT: Status = Status(-2);
    /// The function cannot be called in this callback, or not on this op.
    pub const NOT_ALLOWED: Status = Status(-3);
    /// Something failed; the message says what.
    pub const FAILED: Status = Status(-4);
    /// A bug: the callee panicked.
    pub const PANIC: Status = Status(-5);

    /// Name, meaning and number of each.
    pub(super) const ALL: [(&'static str, &'static [&'static str], Status); 8] = [
        ("OK", &["Done."], Status::OK),
        (
            "NO_MATCH",
            &["A pattern, fold or schedule does not apply."],
            Status::NO_MATCH,
        ),
        (
            "POISON",
            &["An interpretation finds the result undefined."],
            Status::POISON,
        ),
        (
            "BAD_HANDLE",
            &[
                "A handle or context is of another kind or another context, or what it named is gone.",
            ],
            Status::BAD_HANDLE,
        ),
        (
            "BAD_ARGUMENT",
            &[
                "A null pointer, an index out of range, text that is not UTF-8, a value that cannot be.",
            ],
            Status::BAD_ARGUMENT,
        ),
        (
            "NOT_ALLOWED",
            &["The function cannot be called in this callback, or not on this op."],
            Status::NOT_ALLOWED,
        ),
        (
            "FAILED",
            &["Something failed; the message says what."],
            Status::FAILED,
        ),
        ("PANIC", &["A bug: the callee panicked."], Status::PANIC),
    ];
}

impl CType for Status {
    fn c_name() -> String {
        "tw_status".to_owned()
    }
}

c_handles! {
    /// What a callback was called for: valid until the callback returns, on its thread. Every function of the host takes it first.
    Context = "tw_context";
    /// An operation.
    Op = "tw_op";
    /// A block of operations.
    Block = "tw_block";
    /// A region: a list of blocks that an operation owns.
    Region = "tw_region";
    /// A value: an operation's result or a block's argument.
    Value = "tw_value";
    /// A type.
    Type = "tw_type";
    /// An attribute.
    Attr = "tw_attr";
    /// A location; 0 is the unknown one.
    Loc = "tw_loc";
}

c_structs! {
    /// Text in UTF-8, not terminated by a zero. What the host gives lives until the callback returns.
    pub struct Str = "tw_str" {
        /// The first byte; may be null if `len` is 0.
        pub data: *const c_char,
        /// Bytes.
        pub len: usize,
    }

    /// Bytes. What the host gives lives until the callback returns.
    pub struct Bytes = "tw_bytes" {
        /// The first byte; may be null if `len` is 0.
        pub data: *const u8,
        /// How many.
        pub len: usize,
    }

    /// A list of handles of one kind.
    pub struct Handles = "tw_handles" {
        /// The first; may be null if `len` is 0.
        pub data: *const u64,
        /// How many.
        pub len: usize,
    }

    /// A list of integers.
    pub struct I64s = "tw_i64s" {
        /// The first; may be null if `len` is 0.
        pub data: *const i64,
        /// How many.
        pub len: usize,
    }

    /// A list of floats.
    pub struct F64s = "tw_f64s" {
        /// The first; may be null if `len` is 0.
        pub data: *const f64,
        /// How many.
        pub len: usize,
    }

    /// An attribute and its name.
    pub struct NamedAttr = "tw_named_attr" {
        /// Its name.
        pub name: Str,
        /// The attribute.
        pub value: Attr,
    }

    /// A list of attributes with their names.
    pub struct NamedAttrs = "tw_named_attrs" {
        /// The first; may be null if `len` is 0.
        pub data: *const NamedAttr,
        /// How many.
        pub len: usize,
    }

    /// A runtime value of an interpreted operation.
    pub struct Datum = "tw_datum" {
        /// Which field counts, `TW_DATUM_…`.
        pub kind: u32,
        /// 0.
        pub reserved: u32,
        /// An integer or index, sign-extended from its width; an `i1` is 0 or 1.
        pub integer: i64,
        /// A float of 32 or 64 bits.
        pub real: f64,
        /// Elements of a tensor or vector: little endian, row-major, an `i1` in a byte; a quantised element is its storage.
        pub bytes: Bytes,
    }

    /// A uniform quantisation: real = scale * (stored - zero point).
    pub struct Quant = "tw_quant" {
        /// Bits of the storage integer.
        pub storage_width: u32,
        /// Whether the storage is signed.
        pub is_signed: u32,
        /// The dimension along which scales vary, or -1.
        pub axis: i64,
        /// The smallest stored value.
        pub storage_min: i64,
        /// The largest stored value.
        pub storage_max: i64,
        /// One scale, or one for each slice along the axis.
        pub scales: F64s,
        /// As many zero points.
        pub zero_points: I64s,
    }

    /// What one call of a kernel costs.
    pub struct Cost = "tw_cost" {
        /// Core cycles.
        pub cycles: u64,
        /// Bytes of code and constant tables.
        pub flash: u64,
        /// Bytes of scratch.
        pub ram: u64,
    }
}
