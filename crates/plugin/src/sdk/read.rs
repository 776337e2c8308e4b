//! Looking at the module.

use super::context::{Cx, get, handles, integers, lent, tell, text};
use super::error::{Error, Result};
use crate::abi::{
    self, Attr, Block, Bytes, Handles, I64s, Loc, NamedAttr, NamedAttrs, Op, Quant, Region, Status,
    Type, Value,
};

/// Where a value comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Definition {
    /// The result of an operation, at a position.
    Result(Op, usize),
    /// The argument of a block, at a position.
    Argument(Block, usize),
}

/// A uniform quantisation: real = scale · (stored − zero point).
#[derive(Clone, PartialEq, Debug)]
pub struct Quantisation {
    /// Bits of the storage integer.
    pub storage_width: u32,
    /// Whether the storage is signed.
    pub signed: bool,
    /// The dimension along which scales vary.
    pub axis: Option<usize>,
    /// Smallest and largest stored value.
    pub range: (i64, i64),
    /// One scale, or one for each slice along the axis.
    pub scales: Vec<f64>,
    /// As many zero points.
    pub zero_points: Vec<i64>,
}

/// Methods that read one thing: name, host function, what the handle is of, and how the answer is converted.
macro_rules! readers {
    ($($(#[doc = $doc:literal])+ $name:ident($($arg:ident: $In:ty => $pass:expr),*) = $f:ident -> $Out:ty, $Raw:ty, $convert:expr;)+) => {
        impl<'c> Cx<'c> {
            $(
                $(#[doc = $doc])+
                ///
                /// # Errors
                /// If a handle is stale, or of something that has no such property; where the callback has no module.
                pub fn $name(&self $(, $arg: $In)*) -> Result<$Out> {
                    get!(self, $f($($pass),*)).map(|raw: $Raw| ($convert)(self, raw))
                }
            )+
        }
    };
}

fn same<T>(_: &Cx<'_>, x: T) -> T {
    x
}

fn some_op(_: &Cx<'_>, op: Op) -> Option<Op> {
    (op.0 != 0).then_some(op)
}

fn some_attr(_: &Cx<'_>, attr: Attr) -> Option<Attr> {
    (attr.0 != 0).then_some(attr)
}

fn some_block(_: &Cx<'_>, block: Block) -> Option<Block> {
    (block.0 != 0).then_some(block)
}

readers! {
    /// The `builtin.module` operation.
    module() = module_root -> Op, Op, same;
    /// The top-level operation that defines a symbol.
    symbol(name: &str => text(name)) = module_symbol -> Option<Op>, Op, some_op;
    /// The module as text.
    module_text() = module_print -> &'c str, abi::Str, Cx::str;
    /// Whether an operation still exists.
    exists(op: Op => op) = op_exists -> bool, u32, |_: &Cx<'_>, x| x != 0;
    /// An operation's full name.
    name(op: Op => op) = op_name -> &'c str, abi::Str, Cx::str;
    /// The operation around an operation.
    parent(op: Op => op) = op_parent -> Option<Op>, Op, some_op;
    /// The block that an operation is in.
    block_of(op: Op => op) = op_block -> Option<Block>, Block, some_block;
    /// The operation behind it in its block.
    next(op: Op => op) = op_next -> Option<Op>, Op, some_op;
    /// The operation before it in its block.
    previous(op: Op => op) = op_prev -> Option<Op>, Op, some_op;
    /// An operation's operands.
    operands(op: Op => op) = op_operands -> Vec<Value>, Handles, Cx::list;
    /// An operation's results.
    results(op: Op => op) = op_results -> Vec<Value>, Handles, Cx::list;
    /// An operation's regions.
    regions(op: Op => op) = op_regions -> Vec<Region>, Handles, Cx::list;
    /// The blocks that control may go to behind an operation.
    successors(op: Op => op) = op_successors -> Vec<Block>, Handles, Cx::list;
    /// An inherent attribute.
    prop(op: Op => op, name: &str => text(name)) = op_prop -> Option<Attr>, Attr, some_attr;
    /// A discardable attribute.
    attr(op: Op => op, name: &str => text(name)) = op_attr -> Option<Attr>, Attr, some_attr;
    /// All inherent attributes, by name.
    props(op: Op => op) = op_props -> Vec<(&'c str, Attr)>, NamedAttrs, Cx::named;
    /// All discardable attributes, by name.
    attrs(op: Op => op) = op_attrs -> Vec<(&'c str, Attr)>, NamedAttrs, Cx::named;
    /// Where an operation comes from.
    loc(op: Op => op) = op_loc -> Loc, Loc, same;
    /// Whether an operation and everything inside has no effects.
    is_pure(op: Op => op) = op_effects -> bool, u32, |_: &Cx<'_>, x| x == abi::effects::NONE;
    /// The blocks of a region.
    blocks(region: Region => region) = region_blocks -> Vec<Block>, Handles, Cx::list;
    /// The operations of a block, in order.
    ops(block: Block => block) = block_ops -> Vec<Op>, Handles, Cx::list;
    /// The arguments of a block.
    block_args(block: Block => block) = block_args -> Vec<Value>, Handles, Cx::list;
    /// A value's type.
    type_of(value: Value => value) = value_type -> Type, Type, same;
    /// The operations that use a value, once for each use.
    users(value: Value => value) = value_users -> Vec<Op>, Handles, Cx::list;
    /// The attribute that a value is, if a constant defines it.
    constant(value: Value => value) = value_constant -> Option<Attr>, Attr, some_attr;
    /// A signless integer type.
    integer_type(width: u32 => width) = type_integer -> Type, Type, same;
    /// `index`
    index_type() = type_index -> Type, Type, same;
    /// A float type of 32 or 64 bits.
    float_type(width: u32 => width) = type_float -> Type, Type, same;
    /// A tensor type.
    tensor_type(shape: &[i64] => integers(shape), elem: Type => elem) = type_tensor -> Type, Type, same;
    /// A memref type.
    memref_type(shape: &[i64] => integers(shape), elem: Type => elem) = type_memref -> Type, Type, same;
    /// A vector type.
    vector_type(shape: &[i64] => integers(shape), elem: Type => elem) = type_vector -> Type, Type, same;
    /// A function type.
    function_type(inputs: &[Type] => handles(inputs), results: &[Type] => handles(results)) = type_function -> Type, Type, same;
    /// The type that a text says.
    parse_type(source: &str => text(source)) = type_parse -> Type, Type, same;
    /// A type as text.
    type_text(ty: Type => ty) = type_text -> &'c str, abi::Str, Cx::str;
    /// What a type is, one of [`type_kind`](crate::abi::type_kind).
    type_kind(ty: Type => ty) = type_kind -> u32, u32, same;
    /// Bits of an integer, float or quantised storage.
    width(ty: Type => ty) = type_width -> u32, u32, same;
    /// The shape of a tensor, memref or vector.
    shape(ty: Type => ty) = type_shape -> &'c [i64], I64s, Cx::integers;
    /// The element type of a tensor, memref or vector.
    elem(ty: Type => ty) = type_elem -> Type, Type, same;
    /// A unit attribute.
    unit_attr() = attr_unit -> Attr, Attr, same;
    /// An integer attribute.
    int_attr(value: i64 => value, ty: Type => ty) = attr_integer -> Attr, Attr, same;
    /// A float attribute.
    float_attr(value: f64 => value, ty: Type => ty) = attr_float -> Attr, Attr, same;
    /// A string attribute.
    string_attr(value: &str => text(value)) = attr_string -> Attr, Attr, same;
    /// A symbol attribute.
    symbol_attr(name: &str => text(name)) = attr_symbol -> Attr, Attr, same;
    /// A type attribute.
    type_attr(ty: Type => ty) = attr_type -> Attr, Attr, same;
    /// `array<i64: …>`
    i64s_attr(values: &[i64] => integers(values)) = attr_i64s -> Attr, Attr, same;
    /// A list of attributes.
    array_attr(attrs: &[Attr] => handles(attrs)) = attr_array -> Attr, Attr, same;
    /// `dense` elements, little endian, row-major.
    dense_attr(ty: Type => ty, elements: &[u8] => Bytes { data: elements.as_ptr(), len: elements.len() }) = attr_dense -> Attr, Attr, same;
    /// The attribute that a text says.
    parse_attr(source: &str => text(source)) = attr_parse -> Attr, Attr, same;
    /// An attribute as text.
    attr_text(attr: Attr => attr) = attr_text -> &'c str, abi::Str, Cx::str;
    /// What an attribute is, one of [`attr_kind`](crate::abi::attr_kind).
    attr_kind(attr: Attr => attr) = attr_kind -> u32, u32, same;
    /// The value of an integer or boolean.
    int(attr: Attr => attr) = attr_as_integer -> i64, i64, same;
    /// The value of a float.
    float(attr: Attr => attr) = attr_as_float -> f64, f64, same;
    /// The text of a string or symbol.
    string(attr: Attr => attr) = attr_as_string -> &'c str, abi::Str, Cx::str;
    /// The type that an attribute is.
    type_value(attr: Attr => attr) = attr_as_type -> Type, Type, same;
    /// The values of an `array<i64>`.
    i64s(attr: Attr => attr) = attr_as_i64s -> &'c [i64], I64s, Cx::integers;
    /// The elements of a list.
    array(attr: Attr => attr) = attr_as_array -> Vec<Attr>, Handles, Cx::list;
    /// The entries of a dictionary.
    dict(attr: Attr => attr) = attr_as_dict -> Vec<(&'c str, Attr)>, NamedAttrs, Cx::named;
    /// A place in a file.
    file_loc(file: &str => text(file), line: u32 => line, column: u32 => column) = loc_file -> Loc, Loc, same;
    /// A name, and where that is.
    named_loc(name: &str => text(name), child: Loc => child) = loc_name -> Loc, Loc, same;
    /// A location as a person reads it; empty if it is unknown.
    loc_text(loc: Loc => loc) = loc_text -> &'c str, abi::Str, Cx::str;
}

impl<'c> Cx<'c> {
    fn integers(&self, list: I64s) -> &'c [i64] {
        // SAFETY: the host lends as many as it says until the callback returns.
        unsafe { lent(list.data, list.len) }
    }

    pub(super) fn named(&self, list: NamedAttrs) -> Vec<(&'c str, Attr)> {
        // SAFETY: the host lends as many as it says until the callback returns.
        let all: &[NamedAttr] = unsafe { lent(list.data, list.len) };
        all.iter().map(|a| (self.str(a.name), a.value)).collect()
    }

    /// An operation and everything inside, an operation before those in its regions.
    ///
    /// # Errors
    /// If the handle is stale.
    pub fn walk(&self, op: Op) -> Result<Vec<Op>> {
        get!(self, op_walk(op, abi::walk::PRE)).map(|ops| self.list(ops))
    }

    /// An operation and everything inside, an operation after those in its regions.
    ///
    /// # Errors
    /// If the handle is stale.
    pub fn walk_post(&self, op: Op) -> Result<Vec<Op>> {
        get!(self, op_walk(op, abi::walk::POST)).map(|ops| self.list(ops))
    }

    /// An operand.
    ///
    /// # Errors
    /// If there is none at the position.
    pub fn operand(&self, op: Op, i: usize) -> Result<Value> {
        let all = self.operands(op)?;
        let missing = || Error::new(format_args!("no operand {i}"));
        all.get(i).copied().ok_or_else(missing)
    }

    /// A result.
    ///
    /// # Errors
    /// If there is none at the position.
    pub fn result(&self, op: Op, i: usize) -> Result<Value> {
        let all = self.results(op)?;
        let missing = || Error::new(format_args!("no result {i}"));
        all.get(i).copied().ok_or_else(missing)
    }

    /// Where a value comes from.
    ///
    /// # Errors
    /// If the handle is stale.
    pub fn definition(&self, value: Value) -> Result<Definition> {
        let (mut op, mut block, mut index) = (Op(0), Block(0), 0);
        tell!(self, value_def(value, &mut op, &mut block, &mut index))?;
        let index = index as usize;
        Ok(match op.0 {
            0 => Definition::Argument(block, index),
            _ => Definition::Result(op, index),
        })
    }

    /// The operation that defines a value, if one does.
    ///
    /// # Errors
    /// If the handle is stale.
    pub fn defining_op(&self, value: Value) -> Result<Option<Op>> {
        Ok(match self.definition(value)? {
            Definition::Result(op, _) => Some(op),
            Definition::Argument(..) => None,
        })
    }

    /// Type and bytes of `dense` or `dense_resource` elements.
    ///
    /// # Errors
    /// If the attribute is something else.
    pub fn elements(&self, attr: Attr) -> Result<(Type, &'c [u8])> {
        let (mut ty, mut bytes) = (Type(0), Bytes::default());
        tell!(self, attr_as_dense(attr, &mut ty, &mut bytes))?;
        // SAFETY: the host lends as many as it says until the callback returns.
        Ok((ty, unsafe { lent(bytes.data, bytes.len) }))
    }

    /// The quantisation of a quantised type, or of a tensor of it.
    ///
    /// # Errors
    /// If the handle is stale.
    pub fn quantisation(&self, ty: Type) -> Result<Option<Quantisation>> {
        let q: Quant = match get!(self, type_quant(ty)) {
            Err(e) if e.status() == Status::NO_MATCH => return Ok(None),
            q => q?,
        };
        // SAFETY: the host lends as many as it says until the callback returns.
        let scales = unsafe { lent(q.scales.data, q.scales.len) };
        Ok(Some(Quantisation {
            storage_width: q.storage_width,
            signed: q.is_signed != 0,
            axis: usize::try_from(q.axis).ok(),
            range: (q.storage_min, q.storage_max),
            scales: scales.to_vec(),
            zero_points: self.integers(q.zero_points).to_vec(),
        }))
    }

    /// Verifies the module.
    ///
    /// # Errors
    /// If it does not verify.
    pub fn verify(&self) -> Result<()> {
        tell!(self, module_verify())
    }
}
