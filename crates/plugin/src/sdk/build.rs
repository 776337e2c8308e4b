//! Changing the module.

use super::context::{Cx, get, handles, tell, text};
use super::error::{Error, Result};
use crate::abi::{Attr, Block, Loc, NamedAttr, NamedAttrs, Op, OpState, Region, Type, Value};

/// An operation to create.
#[must_use]
pub struct OpBuilder<'x, 'c> {
    cx: &'x Cx<'c>,
    name: String,
    operands: Vec<Value>,
    results: Vec<Type>,
    props: Vec<(String, Attr)>,
    attrs: Vec<(String, Attr)>,
    regions: u32,
    loc: Loc,
}

impl OpBuilder<'_, '_> {
    /// With more operands.
    pub fn operands(mut self, operands: &[Value]) -> Self {
        self.operands.extend_from_slice(operands);
        self
    }

    /// With more results, of these types.
    pub fn results(mut self, types: &[Type]) -> Self {
        self.results.extend_from_slice(types);
        self
    }

    /// With an inherent attribute.
    pub fn prop(mut self, name: &str, value: Attr) -> Self {
        self.props.push((name.to_owned(), value));
        self
    }

    /// With a discardable attribute.
    pub fn attr(mut self, name: &str, value: Attr) -> Self {
        self.attrs.push((name.to_owned(), value));
        self
    }

    /// With empty regions.
    pub fn regions(mut self, count: u32) -> Self {
        self.regions = count;
        self
    }

    /// With a location; otherwise it gets that of the operation before which it goes.
    pub fn loc(mut self, loc: Loc) -> Self {
        self.loc = loc;
        self
    }

    /// Creates it before an operation.
    ///
    /// # Errors
    /// If a handle is stale, or the place is outside of what the callback may change.
    pub fn before(self, op: Op) -> Result<Op> {
        self.create(op, Block(0))
    }

    /// Creates it at the end of a block.
    ///
    /// # Errors
    /// If a handle is stale, or the place is outside of what the callback may change.
    pub fn at_end(self, block: Block) -> Result<Op> {
        self.create(Op(0), block)
    }

    /// Creates it before an operation; its only result.
    ///
    /// # Errors
    /// As [`before`](Self::before), and if it has another number of results.
    pub fn value_before(self, op: Op) -> Result<Value> {
        if self.results.len() != 1 {
            let n = self.results.len();
            return Err(Error::new(format_args!(
                "`{}` has {n} results, wants one",
                self.name
            )));
        }
        let cx = self.cx;
        let op = self.before(op)?;
        cx.result(op, 0)
    }

    fn create(self, before: Op, block: Block) -> Result<Op> {
        let (props, attrs) = (named(&self.props), named(&self.attrs));
        let state = OpState {
            size: size_of::<OpState>() as u32,
            regions: self.regions,
            name: text(&self.name),
            operands: handles(&self.operands),
            result_types: handles(&self.results),
            props: list(&props),
            attrs: list(&attrs),
            loc: self.loc,
            before,
            block,
        };
        get!(self.cx, op_create(&state))
    }
}

fn named(attrs: &[(String, Attr)]) -> Vec<NamedAttr> {
    let one = |(name, value): &(String, Attr)| NamedAttr {
        name: text(name),
        value: *value,
    };
    attrs.iter().map(one).collect()
}

fn list(attrs: &[NamedAttr]) -> NamedAttrs {
    NamedAttrs {
        data: attrs.as_ptr(),
        len: attrs.len(),
    }
}

/// Methods that change one thing.
macro_rules! changes {
    ($($(#[doc = $doc:literal])+ $name:ident($($arg:ident: $In:ty => $pass:expr),*) = $f:ident;)+) => {
        impl Cx<'_> {
            $(
                $(#[doc = $doc])+
                ///
                /// # Errors
                /// If a handle is stale, the change would break the module, or it is outside of what the callback may change.
                pub fn $name(&self $(, $arg: $In)*) -> Result<()> {
                    tell!(self, $f($($pass),*))
                }
            )+
        }
    };
}

changes! {
    /// Destroys an operation and everything inside; nothing outside may use its results.
    erase(op: Op => op) = op_erase;
    /// Makes every use of an operation's results a use of these values, and destroys it.
    replace(op: Op => op, by: &[Value] => handles(by)) = op_replace;
    /// Replaces all operands.
    set_operands(op: Op => op, values: &[Value] => handles(values)) = op_set_operands;
    /// Replaces an operand.
    set_operand(op: Op => op, i: usize => i as u64, value: Value => value) = op_set_operand;
    /// Replaces all successors by blocks of the region that the operation is in.
    set_successors(op: Op => op, blocks: &[Block] => handles(blocks)) = op_set_successors;
    /// Sets an inherent attribute.
    set_prop(op: Op => op, name: &str => text(name), attr: Attr => attr) = op_set_prop;
    /// Sets a discardable attribute.
    set_attr(op: Op => op, name: &str => text(name), attr: Attr => attr) = op_set_attr;
    /// Removes an inherent attribute.
    remove_prop(op: Op => op, name: &str => text(name)) = op_remove_prop;
    /// Sets an operation's location.
    set_loc(op: Op => op, loc: Loc => loc) = op_set_loc;
    /// Changes a value's type.
    set_type(value: Value => value, ty: Type => ty) = value_set_type;
    /// Makes every use of a value a use of another.
    replace_uses(value: Value => value, by: Value => by) = value_replace_uses;
}

impl<'c> Cx<'c> {
    /// An operation of a name, to be created.
    pub fn op(&self, name: &str) -> OpBuilder<'_, 'c> {
        OpBuilder {
            cx: self,
            name: name.to_owned(),
            operands: Vec::new(),
            results: Vec::new(),
            props: Vec::new(),
            attrs: Vec::new(),
            regions: 0,
            loc: Loc(0),
        }
    }

    /// Moves an operation before another.
    ///
    /// # Errors
    /// If a handle is stale, the operation would get into itself, or it is outside of what the callback may change.
    pub fn move_before(&self, op: Op, before: Op) -> Result<()> {
        tell!(self, op_move(op, Block(0), before))
    }

    /// Moves an operation to the end of a block.
    ///
    /// # Errors
    /// As [`move_before`](Self::move_before).
    pub fn move_to_end(&self, op: Op, block: Block) -> Result<()> {
        tell!(self, op_move(op, block, Op(0)))
    }

    /// Appends a block with arguments of these types to a region.
    ///
    /// # Errors
    /// If a handle is stale, or the region is outside of what the callback may change.
    pub fn add_block(&self, region: Region, arg_types: &[Type]) -> Result<Block> {
        get!(self, region_add_block(region, handles(arg_types)))
    }

    /// Appends an argument to a block.
    ///
    /// # Errors
    /// If a handle is stale, or the block is outside of what the callback may change.
    pub fn add_block_arg(&self, block: Block, ty: Type) -> Result<Value> {
        get!(self, block_add_arg(block, ty))
    }

    /// Makes a constant of a type before an operation: `nn.constant` of a tensor, else `arith.constant`.
    ///
    /// # Errors
    /// If the attribute is no value of the type.
    pub fn constant_before(&self, op: Op, value: Attr, ty: Type) -> Result<Value> {
        get!(self, constant_before(op, value, ty))
    }
}
