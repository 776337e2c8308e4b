//! `arm.mve`: one op an instruction of Helium, Arm's M-profile vector extension, in the dialect `arm`.
//!
//! A vector has 16 bytes: `vector<16xi8>`, `vector<8xi16>` or `vector<4xi32>`; elements are signed where it matters, and sums wrap. Lane 0 is
//! the first. A predicate is an `i16`, the bits of VPR.P0: one a byte of the vector, from the lowest on, and a lane is active if the bits of
//! its bytes are 1. Bits that differ within a lane of the op that reads the predicate are undefined.
//!
//! Source of the semantics: the Armv8-M Architecture Reference Manual (DDI 0553), C2.4.

use super::arith::const_int_of;
use crate::interfaces::{Access, Effects};
use crate::verify::VerifyCx;
use crate::{
    DialectRegistryBuilder, Module, OpId, OpRef, RegistryError, Type, TypeData, ValueId, define_op,
};

/// What an operand or the result of an instruction is, by the width of the instruction's elements.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shape {
    /// A vector of the elements.
    Vector,
    /// A vector of elements of half the width.
    Narrow,
    /// A vector of elements of twice the width.
    Wide,
    /// A vector of the elements, or an `i32` whose low bits are the element of every lane.
    VectorOrWord,
    /// An `i32`.
    Word,
    /// A predicate, `i16`.
    Predicate,
}

/// Which values the attribute `shift` of an instruction may have.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Shift {
    /// 0 to the width less 1.
    Left,
    /// 1 to the width.
    Right,
    /// 1 to half the width.
    Narrowing,
}

impl Shift {
    /// The least and the greatest shift of elements of a width in bits.
    pub fn bounds(self, width: u32) -> (i64, i64) {
        let width = i64::from(width);
        match self {
            Shift::Left => (0, width - 1),
            Shift::Right => (1, width),
            Shift::Narrowing => (1, width / 2),
        }
    }
}

/// An instruction on registers.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Instruction {
    /// The op's name.
    pub name: &'static str,
    /// What the operands are.
    pub operands: &'static [Shape],
    /// What the result is.
    pub result: Shape,
    /// Widths in bits that the elements may have.
    pub widths: &'static [u32],
    /// The attribute `shift`, if there is one.
    pub shift: Option<Shift>,
}

macro_rules! instructions {
    ($($(#[doc = $doc:literal])+ $View:ident $name:literal ($($operand:ident: $shape:ident/$kind:ident),+) -> $result:ident/$result_kind:ident
        [$($width:literal),+] $({ $shift:ident: $bounds:ident })?;)*) => {
        $(define_op! {
            $(#[doc = $doc])+
            pub struct $View = $name {
                traits: { pure },
                operands: { $($operand: one $kind),+ },
                results: { result: one $result_kind },
                $(attrs: { $shift: req Int },)?
                verify: verify_instruction,
            }
        })*

        /// Every instruction on registers.
        pub const INSTRUCTIONS: &[Instruction] = &[$(Instruction {
            name: $name,
            operands: &[$(Shape::$shape),+],
            result: Shape::$result,
            widths: &[$($width),+],
            shift: instructions!(@bounds $($bounds)?),
        }),*];

        fn register_instructions(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
            $(r.op($View::info())?;)*
            Ok(())
        }
    };
    (@bounds) => { None };
    (@bounds $bounds:ident) => { Some(Shift::$bounds) };
}

instructions! {
    /// `arm.mve.vdup`: the low bits of a word in every lane.
    VdupOp "arm.mve.vdup" (x: Word/Int) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.vadd`: `a + b`.
    VaddOp "arm.mve.vadd" (a: Vector/Vector, b: VectorOrWord/Any) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.vsub`: `a − b`.
    VsubOp "arm.mve.vsub" (a: Vector/Vector, b: VectorOrWord/Any) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.vmul`: the low half of the product.
    VmulOp "arm.mve.vmul" (a: Vector/Vector, b: VectorOrWord/Any) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.vmla`: `acc + a·x`, the low bits of `x` for every lane.
    VmlaOp "arm.mve.vmla" (acc: Vector/Vector, a: Vector/Vector, x: Word/Int) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.vmax`: the greater.
    VmaxOp "arm.mve.vmax" (a: Vector/Vector, b: Vector/Vector) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.vmin`: the less.
    VminOp "arm.mve.vmin" (a: Vector/Vector, b: Vector/Vector) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.vqadd`: the nearest to `a + b`.
    VqaddOp "arm.mve.vqadd" (a: Vector/Vector, b: VectorOrWord/Any) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.vqsub`: the nearest to `a − b`.
    VqsubOp "arm.mve.vqsub" (a: Vector/Vector, b: VectorOrWord/Any) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.vneg`: `−a`.
    VnegOp "arm.mve.vneg" (a: Vector/Vector) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.vabs`: the absolute value, wrapping.
    VabsOp "arm.mve.vabs" (a: Vector/Vector) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.vand`: bitwise and.
    VandOp "arm.mve.vand" (a: Vector/Vector, b: Vector/Vector) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.vorr`: bitwise or.
    VorrOp "arm.mve.vorr" (a: Vector/Vector, b: Vector/Vector) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.veor`: bitwise exclusive or.
    VeorOp "arm.mve.veor" (a: Vector/Vector, b: Vector/Vector) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.vmulh`: the high half of the product.
    VmulhOp "arm.mve.vmulh" (a: Vector/Vector, b: Vector/Vector) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.vrmulh`: the high half of the product, rounded: half of the lane's range is added first.
    VrmulhOp "arm.mve.vrmulh" (a: Vector/Vector, b: Vector/Vector) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.vqdmulh`: the high half of twice the product, saturating.
    VqdmulhOp "arm.mve.vqdmulh" (a: Vector/Vector, b: VectorOrWord/Any) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.vqrdmulh`: the high half of twice the product, rounded, saturating.
    VqrdmulhOp "arm.mve.vqrdmulh" (a: Vector/Vector, b: VectorOrWord/Any) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.vshl`: shifted left by the signed low byte of the lane of `by`, or of the word; a negative one shifts right, rounding down.
    VshlOp "arm.mve.vshl" (a: Vector/Vector, by: VectorOrWord/Any) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.vrshl`: as `arm.mve.vshl`; a shift to the right adds half of its divisor first.
    VrshlOp "arm.mve.vrshl" (a: Vector/Vector, by: VectorOrWord/Any) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.vshl_n`: shifted left by `shift`.
    VshlNOp "arm.mve.vshl_n" (a: Vector/Vector) -> Vector/Vector [8, 16, 32] { shift: Left };
    /// `arm.mve.vshr_n`: shifted right by `shift`, rounded down.
    VshrNOp "arm.mve.vshr_n" (a: Vector/Vector) -> Vector/Vector [8, 16, 32] { shift: Right };
    /// `arm.mve.vrshr_n`: half of 2^`shift` is added, without wrapping, and the sum shifted right by `shift`.
    VrshrNOp "arm.mve.vrshr_n" (a: Vector/Vector) -> Vector/Vector [8, 16, 32] { shift: Right };
    /// `arm.mve.vmovlb`: the even lanes of the narrower vector, sign-extended.
    VmovlbOp "arm.mve.vmovlb" (a: Narrow/Vector) -> Vector/Vector [16, 32];
    /// `arm.mve.vmovlt`: the odd lanes of the narrower vector, sign-extended.
    VmovltOp "arm.mve.vmovlt" (a: Narrow/Vector) -> Vector/Vector [16, 32];
    /// `arm.mve.vmovnb`: the low halves of the lanes of `b` in the even lanes, `a` in the odd ones.
    VmovnbOp "arm.mve.vmovnb" (a: Narrow/Vector, b: Vector/Vector) -> Narrow/Vector [16, 32];
    /// `arm.mve.vmovnt`: the low halves of the lanes of `b` in the odd lanes, `a` in the even ones.
    VmovntOp "arm.mve.vmovnt" (a: Narrow/Vector, b: Vector/Vector) -> Narrow/Vector [16, 32];
    /// `arm.mve.vqmovnb`: as `arm.mve.vmovnb`, but the nearest numbers that fit.
    VqmovnbOp "arm.mve.vqmovnb" (a: Narrow/Vector, b: Vector/Vector) -> Narrow/Vector [16, 32];
    /// `arm.mve.vqmovnt`: as `arm.mve.vmovnt`, but the nearest numbers that fit.
    VqmovntOp "arm.mve.vqmovnt" (a: Narrow/Vector, b: Vector/Vector) -> Narrow/Vector [16, 32];
    /// `arm.mve.vmullb`: the products of the even lanes.
    VmullbOp "arm.mve.vmullb" (a: Vector/Vector, b: Vector/Vector) -> Wide/Vector [8, 16];
    /// `arm.mve.vmullt`: the products of the odd lanes.
    VmulltOp "arm.mve.vmullt" (a: Vector/Vector, b: Vector/Vector) -> Wide/Vector [8, 16];
    /// `arm.mve.vmladava`: the products of the lanes, added to a word.
    VmladavaOp "arm.mve.vmladava" (acc: Word/Int, a: Vector/Vector, b: Vector/Vector) -> Word/Int [8, 16, 32];
    /// `arm.mve.vmladava_p`: the products of the active lanes, added to a word.
    VmladavaPOp "arm.mve.vmladava_p" (acc: Word/Int, a: Vector/Vector, b: Vector/Vector, predicate: Predicate/Int) -> Word/Int [8, 16, 32];
    /// `arm.mve.vaddva`: the lanes, added to a word.
    VaddvaOp "arm.mve.vaddva" (acc: Word/Int, a: Vector/Vector) -> Word/Int [8, 16, 32];
    /// `arm.mve.vaddva_p`: the active lanes, added to a word.
    VaddvaPOp "arm.mve.vaddva_p" (acc: Word/Int, a: Vector/Vector, predicate: Predicate/Int) -> Word/Int [8, 16, 32];
    /// `arm.mve.vpsel`: `a` where the lane is active, else `b`.
    VpselOp "arm.mve.vpsel" (a: Vector/Vector, b: Vector/Vector, predicate: Predicate/Int) -> Vector/Vector [8, 16, 32];
    /// `arm.mve.vcmpeq`: where `a = b`.
    VcmpeqOp "arm.mve.vcmpeq" (a: Vector/Vector, b: VectorOrWord/Any) -> Predicate/Int [8, 16, 32];
    /// `arm.mve.vcmpne`: where `a ≠ b`.
    VcmpneOp "arm.mve.vcmpne" (a: Vector/Vector, b: VectorOrWord/Any) -> Predicate/Int [8, 16, 32];
    /// `arm.mve.vcmplt`: where `a < b`.
    VcmpltOp "arm.mve.vcmplt" (a: Vector/Vector, b: VectorOrWord/Any) -> Predicate/Int [8, 16, 32];
    /// `arm.mve.vcmple`: where `a ≤ b`.
    VcmpleOp "arm.mve.vcmple" (a: Vector/Vector, b: VectorOrWord/Any) -> Predicate/Int [8, 16, 32];
    /// `arm.mve.vcmpgt`: where `a > b`.
    VcmpgtOp "arm.mve.vcmpgt" (a: Vector/Vector, b: VectorOrWord/Any) -> Predicate/Int [8, 16, 32];
    /// `arm.mve.vcmpge`: where `a ≥ b`.
    VcmpgeOp "arm.mve.vcmpge" (a: Vector/Vector, b: VectorOrWord/Any) -> Predicate/Int [8, 16, 32];
    /// `arm.mve.vctp8`: the first so many of 16 lanes, unsigned; all if there are more.
    Vctp8Op "arm.mve.vctp8" (lanes: Word/Int) -> Predicate/Int [8];
    /// `arm.mve.vctp16`: the first so many of 8 lanes, unsigned; all if there are more.
    Vctp16Op "arm.mve.vctp16" (lanes: Word/Int) -> Predicate/Int [16];
    /// `arm.mve.vctp32`: the first so many of 4 lanes, unsigned; all if there are more.
    Vctp32Op "arm.mve.vctp32" (lanes: Word/Int) -> Predicate/Int [32];
    /// `arm.mve.vpnot`: active where the predicate is not.
    VpnotOp "arm.mve.vpnot" (predicate: Predicate/Int) -> Predicate/Int [8];
}

/// An instruction that reads or writes a buffer: the elements from the one at the subscripts on, one a lane.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Transfer {
    /// The op's name.
    pub name: &'static str,
    /// Width in bits of an element of the buffer.
    pub element: u32,
    /// Widths in bits that the vector's elements may have: wider ones are sign-extended by a load, and wrap in a store.
    pub widths: &'static [u32],
    /// Whether it is a store.
    pub store: bool,
    /// Whether the first operand is a predicate: lanes that are not active are not accessed, and a load gives 0.
    pub predicated: bool,
    /// Whether a vector of offsets comes before the buffer: lane `i` is the element that many behind, unsigned, and not the `i`th.
    pub offsets: bool,
}

macro_rules! transfers {
    ($($(#[doc = $doc:literal])+ $View:ident $name:literal ($($operand:ident: $kind:ident),+) $(-> $result:ident)?
        $element:literal [$($width:literal),+] $($flag:ident)*;)*) => {
        $(define_op! {
            $(#[doc = $doc])+
            pub struct $View = $name {
                operands: { $($operand: one $kind),+, indices: many Index },
                $(results: { $result: one Vector },)?
                verify: verify_transfer,
            }
        })*

        /// Every instruction that reads or writes a buffer.
        pub const TRANSFERS: &[Transfer] = &[$({
            #[allow(unused_mut, reason = "a plain load has no flags")]
            let mut t = Transfer {
                name: $name,
                element: $element,
                widths: &[$($width),+],
                store: false,
                predicated: false,
                offsets: false,
            };
            $(t.$flag = true;)*
            t
        }),*];

        fn register_transfers(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
            $(r.op($View::info())?;)*
            Ok(())
        }
    };
}

transfers! {
    /// `arm.mve.vldrb`: bytes from the element at the subscripts on, sign-extended.
    VldrbOp "arm.mve.vldrb" (base: MemRef) -> result 8 [8, 16, 32];
    /// `arm.mve.vldrh`: half-words from the element at the subscripts on, sign-extended.
    VldrhOp "arm.mve.vldrh" (base: MemRef) -> result 16 [16, 32];
    /// `arm.mve.vldrw`: words from the element at the subscripts on.
    VldrwOp "arm.mve.vldrw" (base: MemRef) -> result 32 [32];
    /// `arm.mve.vldrb_z`: as `arm.mve.vldrb` in the active lanes; the others are not read, and 0.
    VldrbZOp "arm.mve.vldrb_z" (predicate: Int, base: MemRef) -> result 8 [8, 16, 32] predicated;
    /// `arm.mve.vldrh_z`: as `arm.mve.vldrh` in the active lanes; the others are not read, and 0.
    VldrhZOp "arm.mve.vldrh_z" (predicate: Int, base: MemRef) -> result 16 [16, 32] predicated;
    /// `arm.mve.vldrw_z`: as `arm.mve.vldrw` in the active lanes; the others are not read, and 0.
    VldrwZOp "arm.mve.vldrw_z" (predicate: Int, base: MemRef) -> result 32 [32] predicated;
    /// `arm.mve.vldrb_gather`: the byte that many behind the element at the subscripts, sign-extended; offsets are unsigned.
    VldrbGatherOp "arm.mve.vldrb_gather" (offsets: Vector, base: MemRef) -> result 8 [8, 16, 32] offsets;
    /// `arm.mve.vldrw_gather`: the word that many words behind the element at the subscripts; offsets are unsigned.
    VldrwGatherOp "arm.mve.vldrw_gather" (offsets: Vector, base: MemRef) -> result 32 [32] offsets;
    /// `arm.mve.vstrb`: the low bytes of the lanes from the element at the subscripts on.
    VstrbOp "arm.mve.vstrb" (value: Vector, base: MemRef) 8 [8, 16, 32] store;
    /// `arm.mve.vstrh`: the low half-words of the lanes from the element at the subscripts on.
    VstrhOp "arm.mve.vstrh" (value: Vector, base: MemRef) 16 [16, 32] store;
    /// `arm.mve.vstrw`: the lanes from the element at the subscripts on.
    VstrwOp "arm.mve.vstrw" (value: Vector, base: MemRef) 32 [32] store;
    /// `arm.mve.vstrb_p`: as `arm.mve.vstrb` in the active lanes; the others are not written.
    VstrbPOp "arm.mve.vstrb_p" (predicate: Int, value: Vector, base: MemRef) 8 [8, 16, 32] store predicated;
    /// `arm.mve.vstrh_p`: as `arm.mve.vstrh` in the active lanes; the others are not written.
    VstrhPOp "arm.mve.vstrh_p" (predicate: Int, value: Vector, base: MemRef) 16 [16, 32] store predicated;
    /// `arm.mve.vstrw_p`: as `arm.mve.vstrw` in the active lanes; the others are not written.
    VstrwPOp "arm.mve.vstrw_p" (predicate: Int, value: Vector, base: MemRef) 32 [32] store predicated;
}

impl Transfer {
    /// Which operand is the buffer; the subscripts come behind it.
    pub fn buffer(&self) -> usize {
        usize::from(self.predicated) + usize::from(self.offsets) + usize::from(self.store)
    }

    /// The vector that is loaded or stored.
    pub fn vector(&self, m: &Module, op: OpId) -> ValueId {
        match self.store {
            true => m.operand(op, self.buffer() - 1),
            false => m.result(op, 0),
        }
    }
}

/// The instruction on registers of that name.
pub fn instruction(name: &str) -> Option<&'static Instruction> {
    INSTRUCTIONS.iter().find(|i| i.name == name)
}

/// The load or store of that name.
pub fn transfer(name: &str) -> Option<&'static Transfer> {
    TRANSFERS.iter().find(|t| t.name == name)
}

/// Whether an op is an instruction of Helium.
pub fn is_helium(m: &Module, op: OpId) -> bool {
    m.op_name(op).starts_with("arm.mve.")
}

/// Width in bits of the elements of one of the three types of vectors; `None` of any other type.
pub fn lane_width(m: &Module, ty: Type) -> Option<u32> {
    let TypeData::Vector { shape, elem } = m.type_data(ty) else {
        return None;
    };
    match (&shape[..], m.type_data(*elem)) {
        ([16], TypeData::Integer(8)) => Some(8),
        ([8], TypeData::Integer(16)) => Some(16),
        ([4], TypeData::Integer(32)) => Some(32),
        _ => None,
    }
}

/// Width in bits of the elements that an instruction on registers works on.
pub fn op_width(m: &Module, op: OpId) -> Option<u32> {
    let i = instruction(m.op_name(op))?;
    let results = m.results(op).iter().copied();
    let values = m.operands(op).chain(results);
    width_of(m, i, values.map(|v| m.value_type(v)))
}

/// The same by the types of the operands, and of the result if it is known.
fn width_of(m: &Module, i: &Instruction, types: impl Iterator<Item = Type>) -> Option<u32> {
    let shapes = i.operands.iter().copied().chain([i.result]);
    let found = types.zip(shapes).find_map(|(ty, shape)| {
        let width = lane_width(m, ty);
        match shape {
            Shape::Vector => width,
            Shape::Narrow => width.map(|w| w * 2),
            Shape::Wide => width.map(|w| w / 2),
            Shape::VectorOrWord | Shape::Word | Shape::Predicate => None,
        }
    });
    match (found, i.widths) {
        (Some(width), _) => Some(width),
        (None, &[width]) => Some(width),
        (None, _) => None,
    }
}

/// The type of vectors of elements of a width in bits.
pub fn vector_type(m: &mut Module, width: u32) -> Type {
    let elem = m.int(width);
    m.vector(&[i64::from(128 / width)], elem)
}

/// The result's type by those of the operands; `None` where they do not tell, as of `arm.mve.vdup`.
pub fn result_type(m: &mut Module, i: &Instruction, operands: &[Type]) -> Option<Type> {
    let width = width_of(m, i, operands.iter().copied())?;
    Some(match i.result {
        Shape::Vector | Shape::VectorOrWord => vector_type(m, width),
        Shape::Narrow => vector_type(m, width / 2),
        Shape::Wide => vector_type(m, width * 2),
        Shape::Word => m.i32(),
        Shape::Predicate => m.int(16),
    })
}

/// The value of an instruction's attribute `shift`; 0 if it has none.
pub fn shift(op: OpRef<'_>) -> i64 {
    op.prop("shift")
        .and_then(|a| op.module.attr_int(a))
        .unwrap_or(0)
}

fn is_int(m: &Module, ty: Type, width: u32) -> bool {
    *m.type_data(ty) == TypeData::Integer(width)
}

fn fits(m: &Module, ty: Type, shape: Shape, width: u32) -> bool {
    let lanes = lane_width(m, ty);
    match shape {
        Shape::Vector => lanes == Some(width),
        Shape::Narrow => lanes == Some(width / 2),
        Shape::Wide => lanes == Some(width * 2),
        Shape::VectorOrWord => lanes == Some(width) || is_int(m, ty, 32),
        Shape::Word => is_int(m, ty, 32),
        Shape::Predicate => is_int(m, ty, 16),
    }
}

/// What a value of a shape is, in words.
fn describe(shape: Shape, width: u32) -> String {
    let vector = |w: u32| format!("vector<{}xi{w}>", 128 / w);
    match shape {
        Shape::Vector => vector(width),
        Shape::Narrow => vector(width / 2),
        Shape::Wide => vector(width * 2),
        Shape::VectorOrWord => format!("{} or i32", vector(width)),
        Shape::Word => "i32".to_owned(),
        Shape::Predicate => "i16".to_owned(),
    }
}

fn verify_instruction(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let Some(i) = instruction(op.name()) else {
        return;
    };
    let Some(width) = op_width(m, op.id).filter(|w| i.widths.contains(w)) else {
        cx.error(op, "V024", "has no vector that the instruction works on");
        return;
    };
    let operands = i.operands.iter().enumerate();
    let mut fit = operands.map(|(n, &s)| op.operand_type(n).is_some_and(|t| fits(m, t, s, width)));
    let fit = fit.all(|f| f)
        && op
            .result_type(0)
            .is_some_and(|t| fits(m, t, i.result, width));
    cx.check(fit, op, "V017", || {
        let list: Vec<String> = i.operands.iter().map(|&s| describe(s, width)).collect();
        let result = describe(i.result, width);
        format!("takes ({}) and gives {result}", list.join(", "))
    });
    if let Some(bounds) = i.shift {
        let (least, greatest) = bounds.bounds(width);
        let by = shift(op);
        cx.check((least..=greatest).contains(&by), op, "V025", || {
            format!("`shift` is {by}, wants {least} to {greatest}")
        });
    }
}

fn verify_transfer(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let Some(t) = transfer(op.name()) else {
        return;
    };
    let vector = match t.store {
        true => op.operand_type(t.buffer() - 1),
        false => op.result_type(0),
    };
    let width = vector.and_then(|v| lane_width(m, v));
    let Some(width) = width.filter(|w| t.widths.contains(w)) else {
        let list: Vec<String> = t.widths.iter().map(|w| format!("i{w}")).collect();
        let text = format!("wants a vector of 16 bytes of {}", list.join(", "));
        cx.error(op, "V024", text);
        return;
    };
    if t.predicated {
        let fits = op.operand_type(0).is_some_and(|p| is_int(m, p, 16));
        cx.check(fits, op, "V017", || "a predicate is i16".to_owned());
    }
    if t.offsets {
        let fits = op.operand_type(0).and_then(|o| lane_width(m, o)) == Some(width);
        cx.check(fits, op, "V017", || {
            "offsets are a vector of the result's type".to_owned()
        });
    }
    let buffer = op.operand_type(t.buffer());
    let elem = buffer.and_then(|b| m.type_data(b).elem());
    cx.check(
        elem.is_some_and(|e| is_int(m, e, t.element)),
        op,
        "V024",
        || format!("wants a buffer of i{}", t.element),
    );
    let rank = buffer
        .and_then(|b| m.type_data(b).shape())
        .map_or(0, <[i64]>::len);
    let n = op.operand_count() - t.buffer() - 1;
    cx.check(n == rank, op, "V026", || {
        format!("{n} subscripts for a memref of rank {rank}")
    });
}

/// How many bytes of a vector a predicate leaves active, from the first on; `None` if it is no `vctp` of a constant.
fn active_bytes(m: &Module, predicate: ValueId) -> Option<u64> {
    let op = m.defining_op(predicate)?;
    let bytes = match m.op_name(op) {
        Vctp8Op::NAME => 1,
        Vctp16Op::NAME => 2,
        Vctp32Op::NAME => 4,
        _ => return None,
    };
    let lanes = const_int_of(m, m.operand(op, 0))?;
    Some((u64::from(lanes as u32) * bytes).min(16))
}

fn access(op: OpRef<'_>) -> Option<Access> {
    let t = transfer(op.name())?;
    let m = op.module;
    let width = lane_width(m, m.value_type(t.vector(m, op.id)))?;
    let active = match t.predicated {
        true => active_bytes(m, m.operand(op.id, 0)).unwrap_or(16),
        false => 16,
    };
    Some(Access {
        buffer: t.buffer(),
        // A lane of which a byte is active is accessed as a whole.
        bytes: (!t.offsets)
            .then(|| active.div_ceil(u64::from(width / 8)) * u64::from(t.element / 8)),
        writes: t.store,
    })
}

/// Registers these ops of the dialect `arm`.
///
/// # Errors
/// If a name is taken.
pub fn register(r: &mut DialectRegistryBuilder) -> Result<(), RegistryError> {
    register_instructions(r)?;
    register_transfers(r)?;
    for i in INSTRUCTIONS {
        r.infer_types(
            i.name,
            move |m: &mut Module, operands: &[Type], _: &[(&str, crate::Attr)]| {
                result_type(m, i, operands).map(|t| vec![t])
            },
        )?;
    }
    for t in TRANSFERS {
        let effects = match t.store {
            true => Effects::Write,
            false => Effects::Read,
        };
        r.effects(t.name, move |_: OpRef<'_>| effects)?;
        r.access(t.name, access)?;
    }
    Ok(())
}
