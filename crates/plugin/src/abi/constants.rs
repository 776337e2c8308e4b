//! The integer constants of the interface.

c_constants! {
    /// How bad a diagnostic is.
    severity: "TW_SEVERITY_" {
        /// Something that an optimiser did or did not do.
        REMARK = 0,
        /// Probably not what the user wants.
        WARNING = 1,
        /// Nothing comes out.
        ERROR = 2,
    }

    /// The order in which operations are visited.
    walk: "TW_WALK_" {
        /// An operation before those in its regions.
        PRE = 0,
        /// An operation after those in its regions.
        POST = 1,
    }

    /// What a type is.
    type_kind: "TW_TYPE_" {
        /// A signless integer.
        INTEGER = 0,
        /// `index`
        INDEX = 1,
        /// A float.
        FLOAT = 2,
        /// `none`
        NONE = 3,
        /// A tensor.
        TENSOR = 4,
        /// A memref.
        MEMREF = 5,
        /// A vector.
        VECTOR = 6,
        /// A function type.
        FUNCTION = 7,
        /// A quantised element type.
        QUANT = 8,
        /// A type of another dialect, known by its text only.
        OPAQUE = 9,
    }

    /// What an attribute is.
    attr_kind: "TW_ATTR_" {
        /// Present without a value.
        UNIT = 0,
        /// An integer or boolean.
        INTEGER = 1,
        /// A float.
        FLOAT = 2,
        /// A string.
        STRING = 3,
        /// A symbol.
        SYMBOL = 4,
        /// A list of attributes.
        ARRAY = 5,
        /// `array<i64: ...>`
        I64_ARRAY = 6,
        /// `array<i32: ...>`
        I32_ARRAY = 7,
        /// A dictionary.
        DICT = 8,
        /// A type.
        TYPE = 9,
        /// `dense` elements.
        DENSE = 10,
        /// `dense_resource` elements.
        RESOURCE = 11,
        /// Any other, known by its text only.
        OPAQUE = 12,
    }

    /// Which field of a `tw_datum` counts.
    datum: "TW_DATUM_" {
        /// `integer`
        INTEGER = 0,
        /// `real`, of 32 bits
        F32 = 1,
        /// `real`, of 64 bits
        F64 = 2,
        /// `bytes`
        BYTES = 3,
    }

    /// What types a declared operand or result may have.
    value_kind: "TW_VALUE_" {
        /// Any.
        ANY = 0,
        /// A tensor.
        TENSOR = 1,
        /// A memref.
        MEMREF = 2,
        /// `index`
        INDEX = 3,
        /// `i1`
        BOOL = 4,
        /// A signless integer or `index`.
        INT_OR_INDEX = 5,
        /// A signless integer.
        INT = 6,
        /// A float.
        FLOAT = 7,
        /// A vector.
        VECTOR = 8,
        /// An integer, index or float.
        SCALAR = 9,
    }

    /// How many values a declared operand or result stands for. Only the last of a list may be optional or any number.
    arity: "TW_ARITY_" {
        /// Exactly one.
        ONE = 0,
        /// One or none.
        OPTIONAL = 1,
        /// Any number.
        MANY = 2,
    }

    /// What a declared attribute may be.
    attr_spec: "TW_ATTR_SPEC_" {
        /// Any.
        ANY = 0,
        /// An integer.
        INT = 1,
        /// A float.
        FLOAT = 2,
        /// A boolean.
        BOOL = 3,
        /// A string.
        STRING = 4,
        /// A symbol.
        SYMBOL = 5,
        /// `array<i64: ...>`
        I64_ARRAY = 6,
        /// A list.
        ARRAY = 7,
        /// A type.
        TYPE = 8,
        /// `dense` or `dense_resource`.
        ELEMENTS = 9,
        /// Present or absent.
        UNIT = 10,
    }

    /// Facts about a declared operation; bits, added up.
    traits: "TW_TRAIT_" {
        /// No effects: unused, it can go; equal ones can be merged.
        PURE = 1,
        /// Ends a block.
        TERMINATOR = 2,
        /// Defines a symbol by `sym_name`.
        SYMBOL = 4,
        /// Its regions see no values from outside.
        ISOLATED = 8,
        /// All operands and results have one type.
        SAME_TYPE = 16,
        /// Its one result is its attribute `value`.
        CONSTANT = 32,
        /// Its two operands may change places.
        COMMUTATIVE = 64,
    }

    /// What an operation does to memory.
    effects: "TW_EFFECTS_" {
        /// Nothing.
        NONE = 0,
        /// Reads, writes nothing.
        READ = 1,
        /// Writes, may read.
        WRITE = 2,
        /// Not known: anything.
        UNKNOWN = 3,
    }

    /// Facts about a pass; bits, added up.
    pass_flags: "TW_PASS_" {
        /// It changes nothing when it runs a second time.
        IDEMPOTENT = 1,
    }
}
