//! `memref`: buffers. All are contiguous, row-major, without a memory space; `?` may stand for a one-dimensional length.

use crate::interfaces::{Access, Effects};
use crate::verify::{VerifyCx, elements};
use crate::{
    AttrData, AttrKind, AttrSpec, DialectRegistryBuilder, OpInfo, OpRef, RegistryError, TypeData,
    define_op,
};
use std::borrow::Cow;

define_op! {
    /// `memref.global`: a buffer by name. `initial_value` is a `dense` constant, or unit for an arena. Discardable: `mcu.pool`,
    /// `mcu.section`.
    pub struct GlobalOp = "memref.global" {
        traits: { symbol },
        attrs: {
            sym_name: req Str, sym_visibility: opt Str, initial_value: opt Any, constant: opt Unit, alignment: opt Int,
        },
        verify: verify_global,
    }
}

define_op! {
    /// `memref.get_global`: a global buffer.
    pub struct GetGlobalOp = "memref.get_global" {
        traits: { pure },
        results: { result: one MemRef },
        attrs: { name: req Symbol },
        verify: verify_get_global,
    }
}

define_op! {
    /// `memref.alloc`: an activation or scratch buffer that the planner will place; `mcu.kind` says which.
    pub struct AllocOp = "memref.alloc" {
        results: { result: one MemRef },
        attrs: { alignment: opt Int, operandSegmentSizes: req Any },
    }
}

define_op! {
    /// `memref.load`: one element.
    pub struct LoadOp = "memref.load" {
        operands: { memref: one MemRef, indices: many Index },
        results: { result: one Any },
        verify: verify_load,
    }
}

define_op! {
    /// `memref.store`: one element.
    pub struct StoreOp = "memref.store" {
        operands: { value: one Any, memref: one MemRef, indices: many Index },
        verify: verify_store,
    }
}

define_op! {
    /// `memref.view`: a buffer inside a byte buffer, at an offset in bytes.
    pub struct ViewOp = "memref.view" {
        traits: { pure },
        operands: { source: one MemRef, byte_shift: one Index },
        results: { result: one MemRef },
        verify: verify_view,
    }
}

define_op! {
    /// `memref.reinterpret_cast`: the same elements under another static shape, offset 0, row-major strides.
    pub struct ReinterpretCastOp = "memref.reinterpret_cast" {
        traits: { pure },
        operands: { source: one MemRef },
        results: { result: one MemRef },
        attrs: {
            operandSegmentSizes: req Any, static_offsets: req I64Array, static_sizes: req I64Array, static_strides: req I64Array,
        },
        verify: verify_reinterpret_cast,
    }
}

define_op! {
    /// `memref.copy`: all elements of one buffer into another that does not overlap it.
    pub struct CopyOp = "memref.copy" {
        operands: { source: one MemRef, target: one MemRef },
        verify: verify_copy,
    }
}

/// The declaration of `memref.global`, with the attribute `type`.
fn global_info() -> OpInfo {
    let mut info = GlobalOp::info();
    info.attrs.push(AttrSpec {
        name: Cow::Borrowed("type"),
        kind: AttrKind::Type,
        required: true,
    });
    info
}

impl GlobalOp {
    /// The buffer's memref type.
    pub fn memref_type(self, m: &crate::Module) -> crate::Type {
        m.prop(self.0, "type")
            .and_then(|a| m.attr_type(a))
            .expect("invariant: a verified global has a type")
    }
}

fn verify_global(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let ty = GlobalOp(op.id).memref_type(m);
    let TypeData::MemRef { shape, elem } = m.type_data(ty) else {
        cx.error(op, "V007", "`type` must be a memref type");
        return;
    };
    cx.check(m.size_bytes(ty).is_some(), op, "V022", || {
        "a global's type has no static size".to_owned()
    });
    let Some(init) = m.prop(op.id, "initial_value") else {
        return;
    };
    match m.attr_data(init) {
        AttrData::Unit => {}
        AttrData::Dense(_) | AttrData::Resource { .. } => {
            elements(cx, op, init);
            if let Some((t, _)) = m.attr_elements(init) {
                let t = m.type_data(t);
                cx.check(
                    t.shape() == Some(shape.as_slice()) && t.elem() == Some(*elem),
                    op,
                    "V018",
                    || "the initial value has another shape or element type".to_owned(),
                );
            }
        }
        _ => cx.error(op, "V007", "`initial_value` must be dense elements or unit"),
    }
}

fn verify_get_global(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let name = GetGlobalOp(op.id).name(m);
    match cx
        .lookup_symbol(op, &name)
        .and_then(|g| GlobalOp::cast(m, g))
    {
        None => cx.error(op, "V014", format!("no global @{name}")),
        Some(g) => {
            let ty = m.prop(g.0, "type").and_then(|a| m.attr_type(a));
            cx.check(ty == op.result_type(0), op, "V017", || {
                format!("the type of @{name} differs")
            });
        }
    }
}

fn access(op: OpRef<'_>, cx: &mut VerifyCx<'_>, memref: usize, value: Option<crate::Type>) {
    let m = op.module;
    let Some(TypeData::MemRef { shape, elem }) = op.operand_type(memref).map(|t| m.type_data(t))
    else {
        return;
    };
    let n = op.operand_count() - memref - 1;
    cx.check(n == shape.len(), op, "V026", || {
        format!("{n} subscripts for a memref of rank {}", shape.len())
    });
    cx.check(Some(*elem) == value, op, "V017", || {
        "value and memref element must have one type".to_owned()
    });
}

fn verify_load(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    access(op, cx, 0, op.result_type(0));
}

fn verify_store(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    access(op, cx, 1, op.operand_type(0));
}

fn verify_view(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let v = ViewOp(op.id);
    let source = m.value_type(v.source(m));
    let bytes = m
        .type_data(source)
        .elem()
        .is_some_and(|e| *m.type_data(e) == TypeData::Integer(8));
    if !cx.check(
        bytes && m.type_data(source).shape().is_some_and(|s| s.len() == 1),
        op,
        "V027",
        || "the source must be a one-dimensional buffer of i8".to_owned(),
    ) {
        return;
    }
    let offset = m
        .defining_op(v.byte_shift(m))
        .and_then(|c| m.prop(c, "value"))
        .and_then(|a| m.attr_int(a));
    let room = m.size_bytes(source);
    let need = op.result_type(0).and_then(|t| m.size_bytes(t));
    if let (Some(offset), Some(room)) = (offset, room) {
        let end = need
            .zip(u64::try_from(offset).ok())
            .and_then(|(n, o)| n.checked_add(o));
        cx.check(end.is_some_and(|e| e <= room), op, "V027", || {
            format!("a view at byte {offset} does not fit into {room} bytes")
        });
    }
}

fn verify_reinterpret_cast(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let c = ReinterpretCastOp(op.id);
    let (from, to) = (m.value_type(c.source(m)), m.value_type(c.result(m)));
    let shape = m.type_data(to).shape().unwrap_or(&[]);
    let sizes = c.static_sizes(m) == shape
        && c.static_offsets(m) == [0]
        && c.static_strides(m) == row_major_strides(shape)
        && m.num_elements(from).is_some()
        && m.num_elements(from) == m.num_elements(to);
    cx.check(sizes, op, "V023", || {
        "must keep the number of elements and have row-major strides".to_owned()
    });
    cx.check(
        m.type_data(from).elem() == m.type_data(to).elem(),
        op,
        "V017",
        || "source and result must have the same element type".to_owned(),
    );
}

/// Row-major strides of a static shape, in elements.
pub fn row_major_strides(shape: &[i64]) -> Vec<i64> {
    let mut strides = vec![1i64; shape.len()];
    for i in (0..shape.len().saturating_sub(1)).rev() {
        strides[i] = strides[i + 1].saturating_mul(shape[i + 1]);
    }
    strides
}

fn verify_copy(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    cx.check(op.operand_type(0) == op.operand_type(1), op, "V017", || {
        "source and target must have one type".to_owned()
    });
}

/// Of a load or store: its value's bytes.
fn buffer_access(op: OpRef<'_>) -> Option<Access> {
    let m = op.module;
    let writes = op.name() == StoreOp::NAME;
    let ty = match writes {
        true => op.operand_type(0)?,
        false => op.result_type(0)?,
    };
    Some(Access {
        buffer: usize::from(writes),
        bytes: Some(m.elem_bytes(ty)?),
        writes,
    })
}

/// Registers the dialect.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    r.op(global_info())?
        .op(GetGlobalOp::info())?
        .op(AllocOp::info())?
        .op(LoadOp::info())?
        .op(StoreOp::info())?;
    r.op(ViewOp::info())?
        .op(ReinterpretCastOp::info())?
        .op(CopyOp::info())?;
    r.effects(AllocOp::NAME, |_: OpRef<'_>| Effects::Write)?;
    r.effects(LoadOp::NAME, |_: OpRef<'_>| Effects::Read)?;
    r.effects(StoreOp::NAME, |_: OpRef<'_>| Effects::Write)?;
    r.effects(CopyOp::NAME, |_: OpRef<'_>| Effects::Write)?;
    r.access(LoadOp::NAME, buffer_access)?;
    r.access(StoreOp::NAME, buffer_access)?;
    Ok(())
}
