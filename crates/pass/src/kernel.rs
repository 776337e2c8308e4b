//! Building a kernel: a private function of buffers, constant tables and scalars.

use ir::{Attr, BlockId, Builder, Loc, Module, OpId, OpState, Type, ValueId};

/// What the caller passes for one argument of a kernel, in the argument's order.
#[derive(Clone, PartialEq, Debug)]
pub enum KernelArg {
    /// Operand `i` of the op, as a buffer.
    Input(usize),
    /// Result `i` of the op, as a buffer.
    Output(usize),
    /// A constant table: `dense` elements, and what it is (`weights`, `bias` …).
    Table {
        /// Elements; their type is the memref's as a tensor.
        value: Attr,
        /// What it is.
        role: String,
    },
    /// A constant scalar.
    Scalar(Attr),
    /// Working memory that holds nothing before or after the call.
    Scratch,
}

/// A built kernel.
#[derive(Clone, Debug)]
pub struct Kernel {
    /// The `func.func`.
    pub func: OpId,
    /// What to pass; types are those of the function's arguments.
    pub args: Vec<KernelArg>,
    /// The second half, if the kernel has [one](KernelBuilder::wait): it takes the same.
    pub wait: Option<OpId>,
}

/// Builds the function of one kernel. Arguments appear in the order in which they are asked for.
pub struct KernelBuilder<'m> {
    m: &'m mut Module,
    func: OpId,
    entry: BlockId,
    args: Vec<KernelArg>,
    /// Function and body of the second half.
    wait: Option<(OpId, BlockId)>,
    name: String,
    loc: Loc,
}

impl<'m> KernelBuilder<'m> {
    /// Starts a kernel for an op; the function is the last op of the module's body until it is [finished](Self::finish).
    pub fn new(m: &'m mut Module, op: OpId) -> KernelBuilder<'m> {
        let loc = m.op_loc(op);
        let name = m.op_name(op).replace('.', "_");
        let (func, entry) = ir::dialects::func::build_func(m, &name, &[], &[], loc);
        KernelBuilder {
            m,
            func,
            entry,
            args: Vec::new(),
            wait: None,
            name,
            loc,
        }
    }

    /// The module, with the op that is lowered.
    pub fn module(&mut self) -> &mut Module {
        self.m
    }

    /// The function that is built.
    pub fn func(&self) -> OpId {
        self.func
    }

    /// The block of its body.
    pub fn entry(&self) -> BlockId {
        self.entry
    }

    /// A constant scalar, an integer or float, that may differ between layers that share the kernel.
    pub fn scalar(&mut self, ty: Type, value: Attr) -> ValueId {
        self.arg(ty, KernelArg::Scalar(value))
    }

    /// Names the function after what it computes, `conv_2d_3x3`; a number is added where the name is taken.
    pub fn set_name(&mut self, name: &str) {
        name.clone_into(&mut self.name);
    }

    /// A builder at the end of the function's body.
    pub fn body(&mut self) -> Builder<'_> {
        let mut b = Builder::at_end(self.m, self.entry);
        b.set_loc(self.loc);
        b
    }

    /// Begins the kernel's second half, for one that only starts something: a function that takes the same arguments as the kernel has so
    /// far, and is called before anything needs the results, or what the kernel was given, for something else. All of it stays where it
    /// is until then. The result is the block of its body; an argument that the kernel gets later, it gets too.
    pub fn wait(&mut self) -> BlockId {
        if let Some((_, block)) = self.wait {
            return block;
        }
        let types: Vec<Type> = self.types();
        let name = format!("{}_wait", self.name);
        let (func, block) = ir::dialects::func::build_func(self.m, &name, &types, &[], self.loc);
        self.wait = Some((func, block));
        block
    }

    fn types(&self) -> Vec<Type> {
        let arguments = self.m.block_args(self.entry).iter();
        arguments.map(|&v| self.m.value_type(v)).collect()
    }

    fn arg(&mut self, ty: Type, arg: KernelArg) -> ValueId {
        self.args.push(arg);
        if let Some((_, second)) = self.wait {
            self.m.add_block_arg(second, ty);
        }
        self.m.add_block_arg(self.entry, ty)
    }

    /// Operand `i` as a buffer of `shape` (as many elements as the operand has) of the operand's storage type.
    pub fn input(&mut self, op: OpId, i: usize, shape: &[i64]) -> ValueId {
        let ty = self.m.value_type(self.m.operand(op, i));
        let ty = self.buffer_type(ty, shape);
        self.arg(ty, KernelArg::Input(i))
    }

    /// Result `i` as a buffer of `shape`.
    pub fn output(&mut self, op: OpId, i: usize, shape: &[i64]) -> ValueId {
        let ty = self.m.value_type(self.m.result(op, i));
        let ty = self.buffer_type(ty, shape);
        self.arg(ty, KernelArg::Output(i))
    }

    fn buffer_type(&mut self, tensor: Type, shape: &[i64]) -> Type {
        let elem = self
            .m
            .type_data(tensor)
            .elem()
            .expect("invariant: an operand of a verified nn op is a tensor");
        let elem = self.m.storage_type(elem);
        self.m.memref(shape, elem)
    }

    /// A constant table of raw little-endian elements; `role` says what it is, in one word.
    pub fn table(&mut self, role: &str, shape: &[i64], elem: Type, bytes: Vec<u8>) -> ValueId {
        let tensor = self.m.tensor(shape, elem);
        let value = self.m.dense_attr(tensor, bytes);
        let ty = self.m.memref(shape, elem);
        self.arg(
            ty,
            KernelArg::Table {
                value,
                role: role.to_owned(),
            },
        )
    }

    /// A table of i8.
    pub fn table_i8(&mut self, role: &str, shape: &[i64], values: &[i8]) -> ValueId {
        let elem = self.m.i8();
        self.table(role, shape, elem, values.iter().map(|&v| v as u8).collect())
    }

    /// A table of i32.
    pub fn table_i32(&mut self, role: &str, shape: &[i64], values: &[i32]) -> ValueId {
        let elem = self.m.i32();
        self.table(
            role,
            shape,
            elem,
            values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        )
    }

    /// A table of i64.
    pub fn table_i64(&mut self, role: &str, shape: &[i64], values: &[i64]) -> ValueId {
        let elem = self.m.i64();
        self.table(
            role,
            shape,
            elem,
            values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        )
    }

    /// A table of f32.
    pub fn table_f32(&mut self, role: &str, shape: &[i64], values: &[f32]) -> ValueId {
        let elem = self.m.f32();
        self.table(
            role,
            shape,
            elem,
            values.iter().flat_map(|v| v.to_le_bytes()).collect(),
        )
    }

    /// A scalar of i32 that may differ between layers that share the kernel.
    pub fn scalar_i32(&mut self, value: i64) -> ValueId {
        let ty = self.m.i32();
        let attr = self.m.int_attr(value, ty);
        self.arg(ty, KernelArg::Scalar(attr))
    }

    /// A scalar of f32.
    pub fn scalar_f32(&mut self, value: f32) -> ValueId {
        let (ty, attr) = (self.m.f32(), self.m.f32_attr(value));
        self.arg(ty, KernelArg::Scalar(attr))
    }

    /// Working memory.
    pub fn scratch(&mut self, shape: &[i64], elem: Type) -> ValueId {
        let ty = self.m.memref(shape, elem);
        self.arg(ty, KernelArg::Scratch)
    }

    /// Ends the function, and that of the second half.
    pub fn finish(self) -> Kernel {
        let types = self.types();
        let KernelBuilder {
            m,
            func,
            entry,
            args,
            wait,
            name,
            loc,
        } = self;
        end(m, func, entry, &types, &name, loc);
        if let Some((func, entry)) = wait {
            end(m, func, entry, &types, &format!("{name}_wait"), loc);
        }
        Kernel {
            func,
            args,
            wait: wait.map(|w| w.0),
        }
    }

    /// Gives up: removes the function.
    pub fn abandon(self) {
        if let Some((func, _)) = self.wait {
            self.m.erase(func);
        }
        self.m.erase(self.func);
    }
}

/// Ends a function that takes arguments of these types, under a name that no other has.
fn end(m: &mut Module, func: OpId, entry: BlockId, types: &[Type], name: &str, loc: Loc) {
    let ret = m.create(OpState::new("func.return").loc(loc));
    m.append(entry, ret);
    let ty = m.function(types, &[]);
    let ty = m.type_attr(ty);
    m.set_prop(func, "function_type", ty);
    m.remove_prop(func, "sym_name");
    let mut unique = name.to_owned();
    let mut n = 1;
    while m.lookup_symbol(&unique).is_some() {
        unique = format!("{name}_{n}");
        n += 1;
    }
    let (name, private) = (m.str_attr(&unique), m.str_attr("private"));
    m.set_prop(func, "sym_name", name);
    m.set_prop(func, "sym_visibility", private);
}
