//! What an op is: operands, results, attributes, regions, traits, its own verifier, its documentation.
//!
//! [`define_op!`](crate::define_op) declares an op once; the typed view and the [`OpInfo`] follow from it.

use crate::verify::VerifyCx;
use crate::{Attr, AttrData, Module, OpRef, Type, TypeData};
use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

/// How many values stand in one place of an op's operand or result list.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Arity {
    /// Exactly one.
    One,
    /// One or none. Only the last place of a list may be optional or variadic.
    Opt,
    /// Any number.
    Many,
}

/// What types a value may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum ValueKind {
    /// Any.
    Any,
    /// A ranked tensor.
    Tensor,
    /// A memref.
    MemRef,
    /// `index`.
    Index,
    /// `i1`.
    Bool,
    /// A signless integer or `index`.
    IntOrIndex,
    /// A signless integer.
    Int,
    /// A float.
    Float,
    /// A vector.
    Vector,
    /// An integer, index or float.
    Scalar,
}

impl ValueKind {
    /// Whether a type is of this kind.
    pub fn accepts(self, m: &Module, ty: Type) -> bool {
        let data = m.type_data(ty);
        match self {
            ValueKind::Any => true,
            ValueKind::Tensor => matches!(data, TypeData::Tensor { .. }),
            ValueKind::MemRef => matches!(data, TypeData::MemRef { .. }),
            ValueKind::Index => matches!(data, TypeData::Index),
            ValueKind::Bool => matches!(data, TypeData::Integer(1)),
            ValueKind::IntOrIndex => matches!(data, TypeData::Integer(_) | TypeData::Index),
            ValueKind::Int => matches!(data, TypeData::Integer(_)),
            ValueKind::Float => matches!(data, TypeData::Float(_)),
            ValueKind::Vector => matches!(data, TypeData::Vector { .. }),
            ValueKind::Scalar => matches!(
                data,
                TypeData::Integer(_) | TypeData::Index | TypeData::Float(_)
            ),
        }
    }

    /// The kind in words, for messages and `docs/ops.md`.
    pub fn describe(self) -> &'static str {
        match self {
            ValueKind::Any => "any type",
            ValueKind::Tensor => "a tensor",
            ValueKind::MemRef => "a memref",
            ValueKind::Index => "index",
            ValueKind::Bool => "i1",
            ValueKind::IntOrIndex => "an integer or index",
            ValueKind::Int => "an integer",
            ValueKind::Float => "a float",
            ValueKind::Vector => "a vector",
            ValueKind::Scalar => "an integer, index or float",
        }
    }
}

/// What an attribute may be.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum AttrKind {
    /// Any attribute.
    Any,
    /// An integer attribute of any integer type.
    Int,
    /// A float attribute.
    Float,
    /// An `i1` integer.
    Bool,
    /// A string.
    Str,
    /// A symbol.
    Symbol,
    /// `array<i64: …>`
    I64Array,
    /// A list.
    Array,
    /// A type.
    Type,
    /// `dense` or `dense_resource`.
    Elements,
    /// Present or absent.
    Unit,
}

impl AttrKind {
    /// Whether an attribute is of this kind.
    pub fn accepts(self, m: &Module, attr: Attr) -> bool {
        let data = m.attr_data(attr);
        match self {
            AttrKind::Any => true,
            AttrKind::Int => matches!(data, AttrData::Integer { .. }),
            AttrKind::Float => matches!(data, AttrData::Float { .. }),
            AttrKind::Bool => {
                matches!(data, AttrData::Integer { ty, .. } if *m.type_data(*ty) == TypeData::Integer(1))
            }
            AttrKind::Str => matches!(data, AttrData::String(_)),
            AttrKind::Symbol => matches!(data, AttrData::Symbol(_)),
            AttrKind::I64Array => matches!(data, AttrData::I64Array(_)),
            AttrKind::Array => matches!(data, AttrData::Array(_)),
            AttrKind::Type => matches!(data, AttrData::Type(_)),
            AttrKind::Elements => matches!(data, AttrData::Dense(_) | AttrData::Resource { .. }),
            AttrKind::Unit => matches!(data, AttrData::Unit),
        }
    }

    /// The kind in words.
    pub fn describe(self) -> &'static str {
        match self {
            AttrKind::Any => "any attribute",
            AttrKind::Int => "an integer",
            AttrKind::Float => "a float",
            AttrKind::Bool => "a boolean",
            AttrKind::Str => "a string",
            AttrKind::Symbol => "a symbol",
            AttrKind::I64Array => "an array<i64>",
            AttrKind::Array => "a list",
            AttrKind::Type => "a type",
            AttrKind::Elements => "dense elements",
            AttrKind::Unit => "a unit attribute",
        }
    }
}

/// One place of an operand or result list.
#[derive(Clone, Debug)]
pub struct ValueSpec {
    /// Its name.
    pub name: Cow<'static, str>,
    /// How many values.
    pub arity: Arity,
    /// Of what types.
    pub kind: ValueKind,
}

/// One inherent attribute.
#[derive(Clone, Debug)]
pub struct AttrSpec {
    /// Its name.
    pub name: Cow<'static, str>,
    /// Of what kind.
    pub kind: AttrKind,
    /// Whether it must be there.
    pub required: bool,
}

/// Facts about an op that hold for every instance.
#[derive(Clone, Copy, PartialEq, Eq, Default, Debug)]
pub struct Traits {
    /// No effects: unused, it can go; equal ones can be merged.
    pub pure: bool,
    /// Ends a block.
    pub terminator: bool,
    /// Defines a symbol by `sym_name`.
    pub symbol: bool,
    /// Its regions see no values from outside.
    pub isolated: bool,
    /// All operands and results have one type.
    pub same_type: bool,
    /// Its one result is its attribute `value`.
    pub constant: bool,
    /// Its two operands may change places.
    pub commutative: bool,
}

/// An op's own check: reports into the context, never panics.
pub type VerifyFn = Arc<dyn Fn(OpRef<'_>, &mut VerifyCx<'_>) + Send + Sync>;

/// The declaration of an op.
#[derive(Clone)]
pub struct OpInfo {
    /// Full name, `nn.conv_2d`.
    pub name: Cow<'static, str>,
    /// Documentation, in Markdown.
    pub docs: Cow<'static, str>,
    /// Operands.
    pub operands: Vec<ValueSpec>,
    /// Results.
    pub results: Vec<ValueSpec>,
    /// Inherent attributes; any other inherent attribute is an error.
    pub attrs: Vec<AttrSpec>,
    /// Number of regions.
    pub regions: usize,
    /// Traits.
    pub traits: Traits,
    /// The op's own verifier.
    pub verify: Option<VerifyFn>,
}

impl fmt::Debug for OpInfo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("OpInfo")
            .field("name", &self.name)
            .field("operands", &self.operands)
            .field("results", &self.results)
            .field("attrs", &self.attrs)
            .field("regions", &self.regions)
            .field("traits", &self.traits)
            .finish_non_exhaustive()
    }
}

/// Position of a name in a list of names; the lists are those that [`define_op!`](crate::define_op) wrote.
#[doc(hidden)]
pub const fn position(names: &[&str], name: &str) -> usize {
    let mut i = 0;
    while i < names.len() {
        if const_eq(names[i].as_bytes(), name.as_bytes()) {
            return i;
        }
        i += 1;
    }
    panic!("no such name")
}

const fn const_eq(a: &[u8], b: &[u8]) -> bool {
    if a.len() != b.len() {
        return false;
    }
    let mut i = 0;
    while i < a.len() {
        if a[i] != b[i] {
            return false;
        }
        i += 1;
    }
    true
}

/// Declares an op once: a typed view (`Copy`, over an [`OpId`](crate::OpId)) with named accessors, and its [`OpInfo`].
///
/// Accessors may be called on verified ops only. `one` operands yield a `ValueId`, `opt` an `Option`, `many` a `Vec`;
/// required attributes yield their plain value, optional ones an `Option`.
///
/// ```
/// ir::define_op! {
///     /// `acme.scale`: multiplies by a constant.
///     pub struct ScaleOp = "acme.scale" {
///         traits: { pure },
///         operands: { input: one Tensor },
///         results: { output: one Tensor },
///         attrs: { factor: req Int, mode: opt Str },
///     }
/// }
/// assert_eq!(ScaleOp::info().attrs.len(), 2);
/// ```
#[macro_export]
macro_rules! define_op {
    (
        $(#[doc = $doc:literal])+
        pub struct $View:ident = $name:literal {
            $(traits: { $($tr:ident),* $(,)? },)?
            $(operands: { $($on:ident : $oa:ident $ok:ident),* $(,)? },)?
            $(results: { $($rn:ident : $ra:ident $rk:ident),* $(,)? },)?
            $(attrs: { $($an:ident : $aa:ident $ak:ident),* $(,)? },)?
            $(regions: $regions:literal,)?
            $(verify: $verify:path,)?
        }
    ) => {
        $(#[doc = $doc])+
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub struct $View(pub $crate::OpId);

        #[allow(dead_code, non_snake_case, reason = "an op may have no accessors; attributes keep MLIR's names")]
        impl $View {
            /// The op's full name.
            pub const NAME: &'static str = $name;
            const OPERANDS: &'static [&'static str] = &[$($(stringify!($on)),*)?];
            const RESULTS: &'static [&'static str] = &[$($(stringify!($rn)),*)?];

            /// The view of an op of this name.
            pub fn cast(m: &$crate::Module, op: $crate::OpId) -> Option<Self> {
                (m.op_name(op) == $name).then_some(Self(op))
            }

            $($(
                #[doc = concat!("Operand `", stringify!($on), "`.")]
                pub fn $on(self, m: &$crate::Module) -> $crate::define_op!(@vty $oa) {
                    const AT: usize = $crate::position($View::OPERANDS, stringify!($on));
                    $crate::define_op!(@vget $oa, m.operands(self.0), AT)
                }
            )*)?
            $($(
                #[doc = concat!("Result `", stringify!($rn), "`.")]
                pub fn $rn(self, m: &$crate::Module) -> $crate::define_op!(@vty $ra) {
                    const AT: usize = $crate::position($View::RESULTS, stringify!($rn));
                    $crate::define_op!(@vget $ra, m.results(self.0).iter().copied(), AT)
                }
            )*)?
            $($(
                #[doc = concat!("Attribute `", stringify!($an), "`.")]
                pub fn $an(self, m: &$crate::Module) -> $crate::define_op!(@aty $aa $ak) {
                    $crate::define_op!(@aget $aa $ak, m, m.prop(self.0, stringify!($an)))
                }
            )*)?

            /// The declaration.
            pub fn info() -> $crate::OpInfo {
                #[allow(unused_mut, reason = "an op may have no traits")]
                let mut traits = $crate::Traits::default();
                $($(traits.$tr = true;)*)?
                #[allow(unused_mut, unused_assignments, reason = "an op may have no verifier")]
                let mut verify: Option<$crate::VerifyFn> = None;
                $(verify = Some(std::sync::Arc::new($verify));)?
                #[allow(unused_mut, unused_assignments, reason = "an op may have no regions")]
                let mut regions = 0usize;
                $(regions = $regions;)?
                $crate::OpInfo {
                    name: std::borrow::Cow::Borrowed($name),
                    docs: std::borrow::Cow::Borrowed(concat!($($doc, "\n"),+)),
                    operands: vec![$($($crate::define_op!(@value $on $oa $ok)),*)?],
                    results: vec![$($($crate::define_op!(@value $rn $ra $rk)),*)?],
                    attrs: vec![$($($crate::AttrSpec {
                        name: std::borrow::Cow::Borrowed(stringify!($an)),
                        kind: $crate::AttrKind::$ak,
                        required: $crate::define_op!(@required $aa),
                    }),*)?],
                    regions,
                    traits,
                    verify,
                }
            }
        }
    };
    (@value $n:ident $a:ident $k:ident) => {
        $crate::ValueSpec {
            name: std::borrow::Cow::Borrowed(stringify!($n)),
            arity: $crate::define_op!(@arity $a),
            kind: $crate::ValueKind::$k,
        }
    };
    (@arity one) => { $crate::Arity::One };
    (@arity opt) => { $crate::Arity::Opt };
    (@arity many) => { $crate::Arity::Many };
    (@required req) => { true };
    (@required opt) => { false };
    (@vty one) => { $crate::ValueId };
    (@vty opt) => { Option<$crate::ValueId> };
    (@vty many) => { Vec<$crate::ValueId> };
    (@vget one, $it:expr, $at:expr) => { $it.nth($at).expect("invariant: a verified op has this value") };
    (@vget opt, $it:expr, $at:expr) => { $it.nth($at) };
    (@vget many, $it:expr, $at:expr) => { $it.skip($at).collect() };
    (@aty req Int) => { i64 };
    (@aty req Bool) => { bool };
    (@aty req Float) => { f64 };
    (@aty req Str) => { String };
    (@aty req Symbol) => { String };
    (@aty req I64Array) => { Vec<i64> };
    (@aty req Type) => { $crate::Type };
    (@aty req $k:ident) => { $crate::Attr };
    (@aty opt Unit) => { bool };
    (@aty opt $k:ident) => { Option<$crate::define_op!(@aty req $k)> };
    (@aget req $k:ident, $m:expr, $a:expr) => {
        $crate::define_op!(@conv $k, $m, $a.expect("invariant: a verified op has this attribute"))
    };
    (@aget opt Unit, $m:expr, $a:expr) => { $a.is_some() };
    (@aget opt $k:ident, $m:expr, $a:expr) => { $a.map(|a| $crate::define_op!(@conv $k, $m, a)) };
    (@conv Int, $m:expr, $a:expr) => { $m.attr_int($a).expect("invariant: verified kind") };
    (@conv Bool, $m:expr, $a:expr) => { $m.attr_int($a).expect("invariant: verified kind") != 0 };
    (@conv Float, $m:expr, $a:expr) => { $m.attr_float($a).expect("invariant: verified kind") };
    (@conv Str, $m:expr, $a:expr) => { $m.attr_str($a).expect("invariant: verified kind").to_owned() };
    (@conv Symbol, $m:expr, $a:expr) => { $m.attr_symbol($a).expect("invariant: verified kind").to_owned() };
    (@conv I64Array, $m:expr, $a:expr) => { $m.attr_i64s($a).expect("invariant: verified kind").to_vec() };
    (@conv Type, $m:expr, $a:expr) => { $m.attr_type($a).expect("invariant: verified kind") };
    (@conv $k:ident, $m:expr, $a:expr) => { $a };
}
