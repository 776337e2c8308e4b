//! `mcu.call_extern` and the terminator of its region.

use super::extern_value::{ExternValue, is_identifier};
use crate::verify::VerifyCx;
use crate::{AttrData, Module, OpRef, ValueId, define_op};

define_op! {
    /// `mcu.call_extern`: calls a C function that is not part of the module.
    ///
    /// Operands are buffers; `roles` says what each is: `input` (only read), `output` (only written, every byte), `table` (constant data
    /// that only the C function understands), `workspace` (holds nothing before or after). No output and no workspace may overlap another
    /// operand.
    ///
    /// The region is what the function computes: one block whose arguments are the inputs in order, as tensors, and which ends
    /// with `mcu.yield` of the outputs in order. It holds pure ops on tensors and sees nothing from outside. A tensor and its
    /// buffer have the same bytes; shapes and quantised types are the tensor's alone.
    ///
    /// `arguments` are the C function's, in its order, each a dictionary:
    /// `{buffer = 0 : i64}` (a pointer to operand 0, cast to `type` if that is given), `{type = "int32_t", value = 5 : i64}` (a scalar),
    /// `{null}`, `{type = "int32_t", values = array<i64: …>}` (a pointer to constants), `{fields = […], type = "struct dims"}` (a pointer to a
    /// struct; each field is such a dictionary with a `name`, and an array or struct inside a struct is a member by value; with `complete` the
    /// fields are all members in their order, so that the layout is known without the header).
    ///
    /// `callee` is the function's name, `header` what has to be included to call it, `library` what has to be linked.
    /// `returns` is `void`, or `status`: an `int` that is 0 if the function succeeded; any other value ends the run of the network.
    pub struct CallExternOp = "mcu.call_extern" {
        traits: { isolated },
        operands: { buffers: many MemRef },
        attrs: {
            callee: req Str, header: req Str, library: opt Str, roles: req Array, arguments: req Array, returns: req Str,
        },
        regions: 1,
        verify: verify_call_extern,
    }
}

define_op! {
    /// `mcu.yield`: ends the region of `mcu.call_extern` with the tensors that its outputs hold afterwards.
    pub struct YieldOp = "mcu.yield" {
        traits: { terminator },
        operands: { values: many Tensor },
        verify: verify_yield,
    }
}

/// What an operand of `mcu.call_extern` is to the function.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum BufferRole {
    /// Read; an argument of the region.
    Input,
    /// Written as a whole; yielded by the region.
    Output,
    /// Constant data for the C function alone.
    Table,
    /// Holds nothing before or after the call.
    Workspace,
}

impl BufferRole {
    const ALL: [BufferRole; 4] = [
        BufferRole::Input,
        BufferRole::Output,
        BufferRole::Table,
        BufferRole::Workspace,
    ];

    /// As `roles` has it.
    pub fn name(self) -> &'static str {
        match self {
            BufferRole::Input => "input",
            BufferRole::Output => "output",
            BufferRole::Table => "table",
            BufferRole::Workspace => "workspace",
        }
    }

    /// Whether the function writes to it.
    pub fn is_written(self) -> bool {
        matches!(self, BufferRole::Output | BufferRole::Workspace)
    }
}

/// What the function returns.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub enum Returned {
    /// Nothing.
    Void,
    /// An `int` that is 0 if it succeeded.
    Status,
}

impl Returned {
    /// As `returns` has it.
    pub fn name(self) -> &'static str {
        match self {
            Returned::Void => "void",
            Returned::Status => "status",
        }
    }

    /// From its name.
    pub fn of_name(name: &str) -> Option<Returned> {
        [Returned::Void, Returned::Status]
            .into_iter()
            .find(|r| r.name() == name)
    }
}

impl CallExternOp {
    /// Each operand with its role; shorter than the operands only where the op does not verify.
    pub fn operand_roles(self, m: &Module) -> Vec<(ValueId, BufferRole)> {
        let roles = list(m, m.prop(self.0, "roles"));
        let roles = roles.iter().map_while(|&a| role(m, a));
        m.operands(self.0).zip(roles).collect()
    }

    /// The operands of one role, in order.
    pub fn operands_as(self, m: &Module, role: BufferRole) -> Vec<ValueId> {
        let all = self.operand_roles(m).into_iter();
        all.filter(|o| o.1 == role).map(|o| o.0).collect()
    }

    /// The C function's arguments.
    ///
    /// # Errors
    /// What is malformed, in words; a verified op has none.
    pub fn values(self, m: &Module) -> Result<Vec<ExternValue>, String> {
        let all = list(m, m.prop(self.0, "arguments"));
        all.iter().map(|&a| ExternValue::of_attr(m, a)).collect()
    }

    /// What the function returns; a verified op says something known.
    pub fn returned(self, m: &Module) -> Option<Returned> {
        m.prop(self.0, "returns")
            .and_then(|a| m.attr_str(a))
            .and_then(Returned::of_name)
    }
}

fn list(m: &Module, attr: Option<crate::Attr>) -> &[crate::Attr] {
    match attr.map(|a| m.attr_data(a)) {
        Some(AttrData::Array(list)) => list,
        _ => &[],
    }
}

fn role(m: &Module, attr: crate::Attr) -> Option<BufferRole> {
    let name = m.attr_str(attr)?;
    BufferRole::ALL.into_iter().find(|r| r.name() == name)
}

/// Whether a text can be a call's `header`, as `acme/kernels.h`: no absolute path, no way up, nothing that ends the directive.
pub fn is_header(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-+/".contains(c);
    name.chars().all(plain) && name.split('/').all(|part| !matches!(part, "" | "." | ".."))
}

/// Whether a text can be a call's `library`: a name that a linker takes.
pub fn is_library(name: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "_.-+".contains(c);
    name.starts_with(|c: char| c.is_ascii_alphanumeric()) && name.chars().all(plain)
}

fn verify_call_extern(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let call = CallExternOp(op.id);
    names(op, call, cx);
    let roles = call.operand_roles(m);
    let complete =
        roles.len() == op.operand_count() && list(m, op.prop("roles")).len() == roles.len();
    if !cx.check(complete, op, "V031", || {
        let known: Vec<&str> = BufferRole::ALL.iter().map(|r| r.name()).collect();
        format!(
            "`roles` must have one of {} for each operand",
            known.join(", ")
        )
    }) {
        return;
    }
    match call.values(m) {
        Err(why) => cx.error(op, "V031", why),
        Ok(values) => {
            for (i, value) in values.iter().enumerate() {
                if let Err(why) = value.check(roles.len()) {
                    cx.error(op, "V031", format!("argument {i}: {why}"));
                }
            }
        }
    }
    region(op, call, cx);
}

fn names(op: OpRef<'_>, call: CallExternOp, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let (callee, header) = (call.callee(m), call.header(m));
    cx.check(is_identifier(&callee), op, "V031", || {
        format!("the callee {callee:?} is no C identifier")
    });
    cx.check(is_header(&header), op, "V031", || {
        format!("{header:?} is no header: a relative path of letters, digits and \"_.-+/\"")
    });
    if let Some(library) = call.library(m) {
        cx.check(is_library(&library), op, "V031", || {
            format!("{library:?} is no library that a linker finds")
        });
    }
    cx.check(call.returned(m).is_some(), op, "V031", || {
        format!(
            "`returns` is {:?}, not \"void\" or \"status\"",
            call.returns(m)
        )
    });
}

/// The region computes the outputs from the inputs.
fn region(op: OpRef<'_>, call: CallExternOp, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let blocks = m.blocks(m.regions(op.id)[0]);
    let [body] = blocks else {
        cx.error(
            op,
            "V009",
            format!("has {} blocks, wants one", blocks.len()),
        );
        return;
    };
    let bytes = |v: &ValueId| m.size_bytes(m.value_type(*v));
    let same = |buffers: &[ValueId], tensors: &[ValueId]| {
        buffers.len() == tensors.len()
            && buffers
                .iter()
                .zip(tensors)
                .all(|(b, t)| bytes(b).is_some() && bytes(b) == bytes(t))
    };
    let arguments = m.block_args(*body);
    let tensors = arguments
        .iter()
        .all(|&v| crate::ValueKind::Tensor.accepts(m, m.value_type(v)));
    let inputs = call.operands_as(m, BufferRole::Input);
    cx.check(tensors && same(&inputs, arguments), op, "V020", || {
        "the region must take a tensor for each input, of as many bytes".to_owned()
    });
    if let Some(end) = m.last_op(*body).and_then(|o| YieldOp::cast(m, o)) {
        let yielded = end.values(m);
        let outputs = call.operands_as(m, BufferRole::Output);
        cx.check(same(&outputs, &yielded), m.op(end.0), "V021", || {
            "the region must yield a tensor for each output, of as many bytes".to_owned()
        });
    }
    for o in m.ops(*body) {
        let pure = m.is_pure(o) && m.regions(o).is_empty();
        cx.check(pure, m.op(o), "V031", || {
            "the region of `mcu.call_extern` holds pure ops without regions".to_owned()
        });
    }
}

fn verify_yield(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let parent = op.module.parent_op(op.id);
    let inside = parent.is_some_and(|p| op.module.op_name(p) == CallExternOp::NAME);
    cx.check(inside, op, "V021", || {
        "must stand directly in `mcu.call_extern`".to_owned()
    });
}
