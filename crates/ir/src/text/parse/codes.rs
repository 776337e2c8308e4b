//! The parser's errors.

/// Every error of the parser: code and what it means.
pub const CODES: &[(&str, &str)] = &[
    ("S001", "a character begins no token"),
    (
        "S002",
        "the grammar wants something else, or the text ends too early",
    ),
    ("S003", "a string has no end, a bad escape or is not UTF-8"),
    ("S004", "a number does not fit"),
    ("S005", "something is nested too deeply"),
    ("S006", "aliases or splats stand for too much"),
    ("S007", "an alias is not defined"),
    ("S008", "an alias is defined twice"),
    (
        "S009",
        "a type is unknown, malformed or not one of this IR's",
    ),
    (
        "S010",
        "an attribute is unknown, malformed or not one of this IR's",
    ),
    (
        "S011",
        "an op is not registered and unregistered ops are not allowed",
    ),
    (
        "S012",
        "a type or an attribute is of an unknown dialect and those are not allowed",
    ),
    ("S013", "an op is not in the generic form"),
    ("S014", "a value is not defined"),
    ("S015", "a value is defined twice"),
    (
        "S016",
        "a value is used with another type or number than its definition's",
    ),
    (
        "S017",
        "an op names another number of results than its type has",
    ),
    (
        "S018",
        "an op has another number of operands than its type has",
    ),
    ("S019", "a block's label is defined twice"),
    (
        "S020",
        "a successor names a block that its region does not define",
    ),
    ("S021", "a key is given twice"),
    ("S022", "a constant's elements do not fit its type's shape"),
    ("S023", "a literal does not fit its type"),
    ("S024", "a hexadecimal string is malformed"),
    ("S025", "a resource is defined twice or malformed"),
    (
        "S026",
        "the module is not one `builtin.module` with one block",
    ),
    ("S027", "a location is malformed or not one of this IR's"),
];
