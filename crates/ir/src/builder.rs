//! Building ops at a place in a block, with a short method for each loop-level op.

use crate::dialects::arm_mve;
use crate::{
    Attr, AttrData, BlockId, FloatKind, Loc, Module, OpId, OpState, Type, TypeData, ValueId,
};

/// Appends ops to a block, or puts them before an op. Derefs to nothing: reach the module through [`m`](Self::m).
pub struct Builder<'m> {
    /// The module.
    pub m: &'m mut Module,
    block: BlockId,
    before: Option<OpId>,
    loc: Loc,
}

impl<'m> Builder<'m> {
    /// At the end of a block.
    pub fn at_end(m: &'m mut Module, block: BlockId) -> Builder<'m> {
        Builder {
            m,
            block,
            before: None,
            loc: Loc::UNKNOWN,
        }
    }

    /// Before an op.
    pub fn before(m: &'m mut Module, op: OpId) -> Builder<'m> {
        let block = m.op_block(op).expect("invariant: the anchor is in a block");
        let loc = m.op_loc(op);
        Builder {
            m,
            block,
            before: Some(op),
            loc,
        }
    }

    /// Gives the following ops a location.
    pub fn set_loc(&mut self, loc: Loc) {
        self.loc = loc;
    }

    /// The block that ops go to.
    pub fn block(&self) -> BlockId {
        self.block
    }

    /// Makes an op here; a location in `state` wins over the builder's.
    pub fn insert(&mut self, state: OpState) -> OpId {
        let op = self.m.create(state);
        if self.m.op_loc(op) == Loc::UNKNOWN {
            self.m.set_loc(op, self.loc);
        }
        match self.before {
            Some(anchor) => self.m.insert_before(anchor, op),
            None => self.m.append(self.block, op),
        }
        op
    }

    /// Makes an op without attributes here.
    pub fn op(&mut self, name: &str, operands: &[ValueId], results: &[Type]) -> OpId {
        self.insert(OpState::new(name).operands(operands).results(results))
    }

    fn one(&mut self, state: OpState) -> ValueId {
        let op = self.insert(state);
        self.m.result(op, 0)
    }

    // ---- arith ----

    /// `arith.constant` of an integer or index type.
    pub fn const_int(&mut self, value: i64, ty: Type) -> ValueId {
        let value = self.m.int_attr(value, ty);
        self.one(
            OpState::new("arith.constant")
                .prop("value", value)
                .results(&[ty]),
        )
    }
    /// `arith.constant` of index type.
    pub fn const_index(&mut self, value: i64) -> ValueId {
        let ty = self.m.index();
        self.const_int(value, ty)
    }
    /// `arith.constant : i32`
    pub fn const_i32(&mut self, value: i64) -> ValueId {
        let ty = self.m.i32();
        self.const_int(value, ty)
    }
    /// `arith.constant : i64`
    pub fn const_i64(&mut self, value: i64) -> ValueId {
        let ty = self.m.i64();
        self.const_int(value, ty)
    }
    /// `arith.constant : f32`
    pub fn const_f32(&mut self, value: f32) -> ValueId {
        let (attr, ty) = (self.m.f32_attr(value), self.m.f32());
        self.one(
            OpState::new("arith.constant")
                .prop("value", attr)
                .results(&[ty]),
        )
    }

    fn overflow(&mut self, nsw: bool) -> Attr {
        self.m.attr(AttrData::Opaque(
            if nsw {
                "#arith.overflow<nsw>"
            } else {
                "#arith.overflow<none>"
            }
            .to_owned(),
        ))
    }

    fn fastmath(&mut self) -> Attr {
        self.m
            .attr(AttrData::Opaque("#arith.fastmath<none>".to_owned()))
    }

    fn int_binary(&mut self, name: &str, a: ValueId, b: ValueId, nsw: Option<bool>) -> ValueId {
        let ty = self.m.value_type(a);
        let mut state = OpState::new(name).operands(&[a, b]).results(&[ty]);
        if let Some(nsw) = nsw {
            let flags = self.overflow(nsw);
            state = state.prop("overflowFlags", flags);
        }
        self.one(state)
    }

    fn float_op(&mut self, name: &str, args: &[ValueId]) -> ValueId {
        let (ty, fastmath) = (self.m.value_type(args[0]), self.fastmath());
        self.one(
            OpState::new(name)
                .operands(args)
                .results(&[ty])
                .prop("fastmath", fastmath),
        )
    }

    /// Wrapping sum.
    pub fn addi(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.int_binary("arith.addi", a, b, Some(false))
    }
    /// Sum that is proven not to overflow.
    pub fn addi_nsw(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.int_binary("arith.addi", a, b, Some(true))
    }
    /// Wrapping difference.
    pub fn subi(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.int_binary("arith.subi", a, b, Some(false))
    }
    /// Difference that is proven not to overflow.
    pub fn subi_nsw(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.int_binary("arith.subi", a, b, Some(true))
    }
    /// Wrapping product.
    pub fn muli(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.int_binary("arith.muli", a, b, Some(false))
    }
    /// Product that is proven not to overflow.
    pub fn muli_nsw(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.int_binary("arith.muli", a, b, Some(true))
    }
    /// Left shift.
    pub fn shli(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.int_binary("arith.shli", a, b, Some(false))
    }
    /// Arithmetic right shift.
    pub fn shrsi(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.int_binary("arith.shrsi", a, b, None)
    }
    /// Logical right shift.
    pub fn shrui(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.int_binary("arith.shrui", a, b, None)
    }
    /// Quotient toward zero.
    pub fn divsi(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.int_binary("arith.divsi", a, b, None)
    }
    /// Remainder.
    pub fn remsi(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.int_binary("arith.remsi", a, b, None)
    }
    /// Bitwise and.
    pub fn andi(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.int_binary("arith.andi", a, b, None)
    }
    /// Bitwise or.
    pub fn ori(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.int_binary("arith.ori", a, b, None)
    }
    /// Bitwise exclusive or.
    pub fn xori(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.int_binary("arith.xori", a, b, None)
    }
    /// The smaller, signed.
    pub fn minsi(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.int_binary("arith.minsi", a, b, None)
    }
    /// The larger, signed.
    pub fn maxsi(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.int_binary("arith.maxsi", a, b, None)
    }
    /// Float sum.
    pub fn addf(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.float_op("arith.addf", &[a, b])
    }
    /// Float difference.
    pub fn subf(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.float_op("arith.subf", &[a, b])
    }
    /// Float product.
    pub fn mulf(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.float_op("arith.mulf", &[a, b])
    }
    /// Float quotient.
    pub fn divf(&mut self, a: ValueId, b: ValueId) -> ValueId {
        self.float_op("arith.divf", &[a, b])
    }
    /// Float negation.
    pub fn negf(&mut self, a: ValueId) -> ValueId {
        self.float_op("arith.negf", &[a])
    }
    /// `math.exp`
    pub fn exp(&mut self, a: ValueId) -> ValueId {
        self.float_op("math.exp", &[a])
    }

    /// A conversion op of one operand and no attributes: `arith.extsi`, `arith.sitofp`, `arith.index_cast`, `vector.bitcast` …
    pub fn cast(&mut self, name: &str, a: ValueId, to: Type) -> ValueId {
        self.one(OpState::new(name).operands(&[a]).results(&[to]))
    }
    /// Sign extension; the value itself if it has the type already.
    pub fn extsi(&mut self, a: ValueId, to: Type) -> ValueId {
        if self.m.value_type(a) == to {
            a
        } else {
            self.cast("arith.extsi", a, to)
        }
    }
    /// The low bits.
    pub fn trunci(&mut self, a: ValueId, to: Type) -> ValueId {
        self.cast("arith.trunci", a, to)
    }

    /// Integer comparison by predicate name: `eq ne slt sle sgt sge ult ule ugt uge`.
    pub fn cmpi(&mut self, predicate: &str, a: ValueId, b: ValueId) -> ValueId {
        const NAMES: [&str; 10] = [
            "eq", "ne", "slt", "sle", "sgt", "sge", "ult", "ule", "ugt", "uge",
        ];
        let p = NAMES
            .iter()
            .position(|&n| n == predicate)
            .expect("invariant: a known predicate");
        let (p, ty) = (self.m.i64_attr(p as i64), self.m.i1());
        self.one(
            OpState::new("arith.cmpi")
                .operands(&[a, b])
                .results(&[ty])
                .prop("predicate", p),
        )
    }
    /// Float comparison by predicate name: `oeq ogt oge olt ole one ord ueq ugt uge ult ule une uno`.
    pub fn cmpf(&mut self, predicate: &str, a: ValueId, b: ValueId) -> ValueId {
        const NAMES: [&str; 14] = [
            "oeq", "ogt", "oge", "olt", "ole", "one", "ord", "ueq", "ugt", "uge", "ult", "ule",
            "une", "uno",
        ];
        let p = NAMES
            .iter()
            .position(|&n| n == predicate)
            .expect("invariant: a known predicate");
        let (p, ty, fastmath) = (self.m.i64_attr(p as i64 + 1), self.m.i1(), self.fastmath());
        let state = OpState::new("arith.cmpf").operands(&[a, b]).results(&[ty]);
        self.one(state.prop("predicate", p).prop("fastmath", fastmath))
    }
    /// One of two values.
    pub fn select(&mut self, condition: ValueId, a: ValueId, b: ValueId) -> ValueId {
        let ty = self.m.value_type(a);
        self.one(
            OpState::new("arith.select")
                .operands(&[condition, a, b])
                .results(&[ty]),
        )
    }

    // ---- memref and vector ----

    /// One element of a buffer.
    pub fn load(&mut self, memref: ValueId, indices: &[ValueId]) -> ValueId {
        let ty = self
            .m
            .type_data(self.m.value_type(memref))
            .elem()
            .expect("invariant: a memref");
        let state = OpState::new("memref.load")
            .operands(&[memref])
            .operands(indices)
            .results(&[ty]);
        self.one(state)
    }
    /// Writes one element of a buffer.
    pub fn store(&mut self, value: ValueId, memref: ValueId, indices: &[ValueId]) {
        self.insert(
            OpState::new("memref.store")
                .operands(&[value, memref])
                .operands(indices),
        );
    }
    /// `lanes` contiguous elements; `align` in bytes if more than an element's is proven.
    pub fn vload(
        &mut self,
        memref: ValueId,
        indices: &[ValueId],
        lanes: i64,
        align: Option<i64>,
    ) -> ValueId {
        let elem = self
            .m
            .type_data(self.m.value_type(memref))
            .elem()
            .expect("invariant: a memref");
        let ty = self.m.vector(&[lanes], elem);
        let mut state = OpState::new("vector.load")
            .operands(&[memref])
            .operands(indices)
            .results(&[ty]);
        if let Some(a) = align {
            state = state.attr("mcu.align", self.m.i64_attr(a));
        }
        self.one(state)
    }
    /// Writes contiguous elements; `align` as for [`vload`](Self::vload).
    pub fn vstore(
        &mut self,
        value: ValueId,
        memref: ValueId,
        indices: &[ValueId],
        align: Option<i64>,
    ) {
        let mut state = OpState::new("vector.store")
            .operands(&[value, memref])
            .operands(indices);
        if let Some(a) = align {
            state = state.attr("mcu.align", self.m.i64_attr(a));
        }
        self.insert(state);
    }
    /// An element of a one-dimensional vector.
    pub fn extract(&mut self, vector: ValueId, i: i64) -> ValueId {
        let ty = self
            .m
            .type_data(self.m.value_type(vector))
            .elem()
            .expect("invariant: a vector");
        let at = self.m.i64s_attr(&[i]);
        self.one(
            OpState::new("vector.extract")
                .operands(&[vector])
                .results(&[ty])
                .prop("static_position", at),
        )
    }
    /// A buffer for the planner to place; `kind` is `activation` or `scratch`.
    pub fn alloc(&mut self, ty: Type, kind: &str) -> ValueId {
        let segments = self.m.attr(AttrData::I32Array(vec![0, 0]));
        let kind = self.m.str_attr(kind);
        let state = OpState::new("memref.alloc")
            .results(&[ty])
            .prop("operandSegmentSizes", segments);
        self.one(state.attr("mcu.kind", kind))
    }
    /// A global buffer.
    pub fn get_global(&mut self, name: &str, ty: Type) -> ValueId {
        let name = self.m.symbol_attr(name);
        self.one(
            OpState::new("memref.get_global")
                .results(&[ty])
                .prop("name", name),
        )
    }
    /// The same elements under another static shape; the value itself if it has the shape already.
    pub fn reshape(&mut self, memref: ValueId, shape: &[i64]) -> ValueId {
        let from = self.m.value_type(memref);
        let elem = self.m.type_data(from).elem().expect("invariant: a memref");
        let to = self.m.memref(shape, elem);
        if from == to {
            return memref;
        }
        let segments = self.m.attr(AttrData::I32Array(vec![1, 0, 0, 0]));
        let (offsets, sizes) = (self.m.i64s_attr(&[0]), self.m.i64s_attr(shape));
        let strides = self
            .m
            .i64s_attr(&crate::dialects::memref::row_major_strides(shape));
        let state = OpState::new("memref.reinterpret_cast")
            .operands(&[memref])
            .results(&[to]);
        let state = state
            .prop("operandSegmentSizes", segments)
            .prop("static_offsets", offsets);
        self.one(
            state
                .prop("static_sizes", sizes)
                .prop("static_strides", strides),
        )
    }

    // ---- arm ----

    /// An instruction of the DSP extension by its name without the prefix, `smlad`; words in, a word out.
    pub fn dsp(&mut self, name: &str, operands: &[ValueId]) -> ValueId {
        let i32t = self.m.i32();
        let state = OpState::new(format!("arm.{name}"));
        self.one(state.operands(operands).results(&[i32t]))
    }
    /// [`dsp`](Self::dsp) with the op's attribute: rotation, shift or bits.
    pub fn dsp_by(&mut self, name: &str, operands: &[ValueId], by: i64) -> ValueId {
        let i32t = self.m.i32();
        let name = format!("arm.{name}");
        let immediate = crate::dialects::arm::dsp(&name).and_then(|row| row.3);
        let immediate = immediate.expect("invariant: an op with an attribute");
        let by = self.m.i64_attr(by);
        let state = OpState::new(&name).prop(immediate.name, by);
        self.one(state.operands(operands).results(&[i32t]))
    }
    /// `arm.block`: what `body` builds, in its order; it returns the results, words.
    pub fn arm_block(
        &mut self,
        results: usize,
        body: impl FnOnce(&mut Builder<'_>) -> Vec<ValueId>,
    ) -> Vec<ValueId> {
        let i32t = self.m.i32();
        let op = self.insert(
            OpState::new("arm.block")
                .results(&vec![i32t; results])
                .regions(1),
        );
        let region = self.m.regions(op)[0];
        let block = self.m.add_block(region, &[]);
        let mut b = Builder {
            m: &mut *self.m,
            block,
            before: None,
            loc: self.loc,
        };
        let values = body(&mut b);
        b.op("arm.yield", &values, &[]);
        self.m.results(op).to_vec()
    }

    // ---- arm.mve ----

    fn on_vectors(&mut self, name: &str, operands: &[ValueId], shift: Option<i64>) -> ValueId {
        let name = format!("arm.mve.{name}");
        let types: Vec<Type> = operands.iter().map(|&v| self.m.value_type(v)).collect();
        let instruction = arm_mve::instruction(&name);
        let result = instruction.and_then(|i| arm_mve::result_type(self.m, i, &types));
        let result = result.expect("invariant: an instruction of Helium on such operands");
        let mut state = OpState::new(&name).operands(operands).results(&[result]);
        if let Some(by) = shift {
            state = state.prop("shift", self.m.i64_attr(by));
        }
        self.one(state)
    }
    /// An instruction of Helium on registers by its name without the prefix: `vmladava`.
    pub fn mve(&mut self, name: &str, operands: &[ValueId]) -> ValueId {
        self.on_vectors(name, operands, None)
    }
    /// [`mve`](Self::mve) with the attribute `shift`.
    pub fn mve_by(&mut self, name: &str, operands: &[ValueId], shift: i64) -> ValueId {
        self.on_vectors(name, operands, Some(shift))
    }
    /// `arm.mve.vdup`: the low bits of a word in lanes of `width` bits.
    pub fn vdup(&mut self, x: ValueId, width: u32) -> ValueId {
        let ty = arm_mve::vector_type(self.m, width);
        self.op_of("arm.mve.vdup", &[x], ty)
    }
    fn op_of(&mut self, name: &str, operands: &[ValueId], ty: Type) -> ValueId {
        self.one(OpState::new(name).operands(operands).results(&[ty]))
    }
    /// `b`, `h` or `w`, by the elements of a buffer.
    fn transfer_letter(&self, memref: ValueId) -> char {
        let elem = self.m.type_data(self.m.value_type(memref)).elem();
        match elem.map(|e| self.m.type_data(e)) {
            Some(TypeData::Integer(8)) => 'b',
            Some(TypeData::Integer(16)) => 'h',
            _ => 'w',
        }
    }
    /// `arm.mve.vldrb`, `vldrh` or `vldrw` by the buffer's elements: lanes of `width` bits, sign-extended.
    pub fn vldr(&mut self, memref: ValueId, indices: &[ValueId], width: u32) -> ValueId {
        let name = format!("arm.mve.vldr{}", self.transfer_letter(memref));
        let ty = arm_mve::vector_type(self.m, width);
        self.op_of(&name, &[&[memref], indices].concat(), ty)
    }
    /// The same where the predicate is active, 0 elsewhere.
    pub fn vldr_z(
        &mut self,
        predicate: ValueId,
        memref: ValueId,
        indices: &[ValueId],
        width: u32,
    ) -> ValueId {
        let name = format!("arm.mve.vldr{}_z", self.transfer_letter(memref));
        let ty = arm_mve::vector_type(self.m, width);
        self.op_of(&name, &[&[predicate, memref], indices].concat(), ty)
    }
    /// `arm.mve.vldrb_gather` or `vldrw_gather`: lanes from elements `offsets` behind the one at the subscripts.
    pub fn vldr_gather(
        &mut self,
        offsets: ValueId,
        memref: ValueId,
        indices: &[ValueId],
    ) -> ValueId {
        let name = format!("arm.mve.vldr{}_gather", self.transfer_letter(memref));
        let ty = self.m.value_type(offsets);
        self.op_of(&name, &[&[offsets, memref], indices].concat(), ty)
    }
    /// `arm.mve.vstrb`, `vstrh` or `vstrw` by the buffer's elements: the low bits of each lane.
    pub fn vstr(&mut self, value: ValueId, memref: ValueId, indices: &[ValueId]) {
        let name = format!("arm.mve.vstr{}", self.transfer_letter(memref));
        self.op(&name, &[&[value, memref], indices].concat(), &[]);
    }
    /// The same where the predicate is active.
    pub fn vstr_p(
        &mut self,
        predicate: ValueId,
        value: ValueId,
        memref: ValueId,
        indices: &[ValueId],
    ) {
        let name = format!("arm.mve.vstr{}_p", self.transfer_letter(memref));
        self.op(&name, &[&[predicate, value, memref], indices].concat(), &[]);
    }

    // ---- scf and func ----

    /// `scf.for` over `lower..upper` by `step` (indices), carrying values; `body` gets the induction variable and the carried values
    /// and returns the next ones.
    pub fn for_loop(
        &mut self,
        lower: ValueId,
        upper: ValueId,
        step: ValueId,
        inits: &[ValueId],
        body: impl FnOnce(&mut Builder<'_>, ValueId, &[ValueId]) -> Vec<ValueId>,
    ) -> Vec<ValueId> {
        let types: Vec<Type> = inits.iter().map(|&v| self.m.value_type(v)).collect();
        let iv = self.m.value_type(lower);
        let state = OpState::new("scf.for")
            .operands(&[lower, upper, step])
            .operands(inits)
            .results(&types)
            .regions(1);
        let op = self.insert(state);
        let region = self.m.regions(op)[0];
        let mut args = vec![iv];
        args.extend(&types);
        let block = self.m.add_block(region, &args);
        let args = self.m.block_args(block).to_vec();
        let mut inner = Builder {
            m: &mut *self.m,
            block,
            before: None,
            loc: self.loc,
        };
        let next = body(&mut inner, args[0], &args[1..]);
        inner.op("scf.yield", &next, &[]);
        self.m.results(op).to_vec()
    }

    /// [`for_loop`](Self::for_loop) with constant bounds; a loop of one iteration is not made, its body stands alone.
    pub fn for_range(
        &mut self,
        lower: i64,
        upper: i64,
        step: i64,
        inits: &[ValueId],
        body: impl FnOnce(&mut Builder<'_>, ValueId, &[ValueId]) -> Vec<ValueId>,
    ) -> Vec<ValueId> {
        if upper <= lower {
            return inits.to_vec();
        }
        let lo = self.const_index(lower);
        if upper - lower <= step {
            return body(self, lo, inits);
        }
        let (hi, st) = (self.const_index(upper), self.const_index(step));
        self.for_loop(lo, hi, st, inits, body)
    }

    /// `scf.if` with both regions; each returns the values of the results.
    pub fn if_else(
        &mut self,
        condition: ValueId,
        results: &[Type],
        then: impl FnOnce(&mut Builder<'_>) -> Vec<ValueId>,
        otherwise: impl FnOnce(&mut Builder<'_>) -> Vec<ValueId>,
    ) -> Vec<ValueId> {
        let op = self.insert(
            OpState::new("scf.if")
                .operands(&[condition])
                .results(results)
                .regions(2),
        );
        let regions = self.m.regions(op).to_vec();
        let block = self.m.add_block(regions[0], &[]);
        let mut b = Builder {
            m: &mut *self.m,
            block,
            before: None,
            loc: self.loc,
        };
        let values = then(&mut b);
        b.op("scf.yield", &values, &[]);
        let block = self.m.add_block(regions[1], &[]);
        let mut b = Builder {
            m: &mut *self.m,
            block,
            before: None,
            loc: self.loc,
        };
        let values = otherwise(&mut b);
        b.op("scf.yield", &values, &[]);
        self.m.results(op).to_vec()
    }

    /// `scf.if` without results or an else region.
    pub fn if_then(&mut self, condition: ValueId, then: impl FnOnce(&mut Builder<'_>)) {
        let op = self.insert(OpState::new("scf.if").operands(&[condition]).regions(2));
        let region = self.m.regions(op)[0];
        let block = self.m.add_block(region, &[]);
        let mut b = Builder {
            m: &mut *self.m,
            block,
            before: None,
            loc: self.loc,
        };
        then(&mut b);
        b.op("scf.yield", &[], &[]);
    }

    /// `func.call`
    pub fn call(&mut self, callee: &str, args: &[ValueId], results: &[Type]) -> OpId {
        let callee = self.m.symbol_attr(callee);
        self.insert(
            OpState::new("func.call")
                .operands(args)
                .results(results)
                .prop("callee", callee),
        )
    }

    /// Whether a value is of an f32 type.
    pub fn is_f32(&self, v: ValueId) -> bool {
        *self.m.type_data(self.m.value_type(v)) == TypeData::Float(FloatKind::F32)
    }
}
