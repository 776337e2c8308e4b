//! The host's functions.

use crate::abi::*;

/// The list of functions, for whoever does something with each of them: the type of the table, the table, the fuzzer.
macro_rules! host_functions {
    ($with:ident) => {
        $with! {
            // ---- what the callback says ----
            /// Says why the callback is going to fail, or why a schedule does not apply.
            fn set_error(message: Str);
            /// Reports a diagnostic; `code` begins with the plug-in's name, `op` says where and may be 0. After an error the pass fails.
            fn emit(severity: u32, code: Str, op: Op, message: Str);
            /// Adds to a count of the running pass.
            fn count(what: Str, n: u64);
            /// Takes a unit of fuel, before a change that need not be; `taken` says whether there was one.
            fn fuel_take(taken: *mut u32);
            /// The value of an option of the running pass, or its default.
            fn option(name: Str, value: *mut Str);
            /// The name of the target that is compiled for.
            fn target_name(name: *mut Str);
            /// Whether the target has a feature, `dsp` or `mve` say.
            fn target_has_feature(feature: Str, has: *mut u32);

            // ---- the module ----
            /// The `builtin.module` operation.
            fn module_root(op: *mut Op);
            /// The operation that defines a symbol at the top level; 0 if none does.
            fn module_symbol(name: Str, op: *mut Op);
            /// The module as text.
            fn module_print(text: *mut Str);
            /// Replaces the whole module by a text, in a pass on `builtin.module`. All handles are stale then.
            fn module_replace(text: Str);
            /// Verifies the module; the error says what is wrong.
            fn module_verify();

            // ---- operations ----
            /// Whether the operation still exists: 1 or 0.
            fn op_exists(op: Op, exists: *mut u32);
            /// Its full name.
            fn op_name(op: Op, name: *mut Str);
            /// The operation around it; 0 if there is none.
            fn op_parent(op: Op, parent: *mut Op);
            /// The block that it is in; 0 if there is none.
            fn op_block(op: Op, block: *mut Block);
            /// The operation behind it in its block; 0 if there is none.
            fn op_next(op: Op, next: *mut Op);
            /// The operation before it in its block; 0 if there is none.
            fn op_prev(op: Op, prev: *mut Op);
            /// It and everything inside: operations, in the order `TW_WALK_...`.
            fn op_walk(op: Op, order: u32, ops: *mut Handles);
            /// Its operands: values.
            fn op_operands(op: Op, values: *mut Handles);
            /// Its results: values.
            fn op_results(op: Op, values: *mut Handles);
            /// Its regions.
            fn op_regions(op: Op, regions: *mut Handles);
            /// The blocks that control may go to behind it.
            fn op_successors(op: Op, blocks: *mut Handles);
            /// An inherent attribute; 0 if it has none of the name.
            fn op_prop(op: Op, name: Str, attr: *mut Attr);
            /// A discardable attribute; 0 if it has none of the name.
            fn op_attr(op: Op, name: Str, attr: *mut Attr);
            /// All inherent attributes, by name.
            fn op_props(op: Op, attrs: *mut NamedAttrs);
            /// All discardable attributes, by name.
            fn op_attrs(op: Op, attrs: *mut NamedAttrs);
            /// Where it comes from.
            fn op_loc(op: Op, loc: *mut Loc);
            /// What it and everything inside does to memory, `TW_EFFECTS_...`.
            fn op_effects(op: Op, effects: *mut u32);

            // ---- regions, blocks and values ----
            /// The blocks of a region.
            fn region_blocks(region: Region, blocks: *mut Handles);
            /// The operation that owns a region.
            fn region_op(region: Region, op: *mut Op);
            /// The operations of a block, in order.
            fn block_ops(block: Block, ops: *mut Handles);
            /// The arguments of a block: values.
            fn block_args(block: Block, values: *mut Handles);
            /// The region that holds a block.
            fn block_region(block: Block, region: *mut Region);
            /// A value's type.
            fn value_type(value: Value, type_: *mut Type);
            /// Where a value comes from: result `index` of `op`, or, if `op` is 0, argument `index` of `block`.
            fn value_def(value: Value, op: *mut Op, block: *mut Block, index: *mut u64);
            /// The operations that use a value, once for each use.
            fn value_users(value: Value, ops: *mut Handles);
            /// The attribute that a value is, if a constant operation defines it; else 0.
            fn value_constant(value: Value, attr: *mut Attr);

            // ---- types ----
            /// A signless integer of 1 to 64 bits.
            fn type_integer(width: u32, type_: *mut Type);
            /// `index`
            fn type_index(type_: *mut Type);
            /// A float of 32 or 64 bits.
            fn type_float(width: u32, type_: *mut Type);
            /// A tensor.
            fn type_tensor(shape: I64s, elem: Type, type_: *mut Type);
            /// A memref.
            fn type_memref(shape: I64s, elem: Type, type_: *mut Type);
            /// A vector.
            fn type_vector(shape: I64s, elem: Type, type_: *mut Type);
            /// A function type, of lists of types.
            fn type_function(inputs: Handles, results: Handles, type_: *mut Type);
            /// The type that a text says.
            fn type_parse(text: Str, type_: *mut Type);
            /// A type as text.
            fn type_text(type_: Type, text: *mut Str);
            /// What a type is, `TW_TYPE_...`.
            fn type_kind(type_: Type, kind: *mut u32);
            /// Bits of an integer, float or quantised storage.
            fn type_width(type_: Type, width: *mut u32);
            /// The shape of a tensor, memref or vector.
            fn type_shape(type_: Type, shape: *mut I64s);
            /// The element type of a tensor, memref or vector.
            fn type_elem(type_: Type, elem: *mut Type);
            /// The quantisation of a quantised type, or of a tensor of it; `TW_NO_MATCH` if it has none.
            fn type_quant(type_: Type, quant: *mut Quant);

            // ---- attributes ----
            /// A unit attribute.
            fn attr_unit(attr: *mut Attr);
            /// An integer of an integer type or `index`.
            fn attr_integer(value: i64, type_: Type, attr: *mut Attr);
            /// A float of 32 or 64 bits.
            fn attr_float(value: f64, type_: Type, attr: *mut Attr);
            /// A string.
            fn attr_string(text: Str, attr: *mut Attr);
            /// A symbol.
            fn attr_symbol(name: Str, attr: *mut Attr);
            /// A type as an attribute.
            fn attr_type(type_: Type, attr: *mut Attr);
            /// `array<i64: ...>`
            fn attr_i64s(values: I64s, attr: *mut Attr);
            /// A list of attributes.
            fn attr_array(attrs: Handles, attr: *mut Attr);
            /// A dictionary.
            fn attr_dict(entries: NamedAttrs, attr: *mut Attr);
            /// `dense` elements of a tensor or vector type: little endian, row-major; an `i1` takes a byte, an `index` eight.
            fn attr_dense(type_: Type, bytes: Bytes, attr: *mut Attr);
            /// The attribute that a text says.
            fn attr_parse(text: Str, attr: *mut Attr);
            /// An attribute as text.
            fn attr_text(attr: Attr, text: *mut Str);
            /// What an attribute is, `TW_ATTR_...`.
            fn attr_kind(attr: Attr, kind: *mut u32);
            /// The value of an integer or boolean.
            fn attr_as_integer(attr: Attr, value: *mut i64);
            /// The value of a float of 32 or 64 bits.
            fn attr_as_float(attr: Attr, value: *mut f64);
            /// The text of a string or symbol.
            fn attr_as_string(attr: Attr, text: *mut Str);
            /// The type that the attribute is.
            fn attr_as_type(attr: Attr, type_: *mut Type);
            /// The values of an `array<i64>`.
            fn attr_as_i64s(attr: Attr, values: *mut I64s);
            /// The elements of a list: attributes.
            fn attr_as_array(attr: Attr, attrs: *mut Handles);
            /// The entries of a dictionary.
            fn attr_as_dict(attr: Attr, entries: *mut NamedAttrs);
            /// Type and bytes of `dense` or `dense_resource` elements.
            fn attr_as_dense(attr: Attr, type_: *mut Type, bytes: *mut Bytes);

            // ---- locations ----
            /// A place in a file.
            fn loc_file(file: Str, line: u32, column: u32, loc: *mut Loc);
            /// A name, and where that is.
            fn loc_name(name: Str, child: Loc, loc: *mut Loc);
            /// A location as a person reads it; empty if it is unknown.
            fn loc_text(loc: Loc, text: *mut Str);

            // ---- changes ----
            /// Creates an operation in its place.
            fn op_create(state: *const OpState, op: *mut Op);
            /// Destroys an operation and everything inside; nothing outside may use its results.
            fn op_erase(op: Op);
            /// Makes every use of an operation's results a use of these values, and destroys the operation.
            fn op_replace(op: Op, values: Handles);
            /// Moves an operation before another, or, if that is 0, to the end of a block.
            fn op_move(op: Op, block: Block, before: Op);
            /// Replaces an operand.
            fn op_set_operand(op: Op, index: u64, value: Value);
            /// Replaces all operands.
            fn op_set_operands(op: Op, values: Handles);
            /// Replaces all successors by blocks of the region that it is in.
            fn op_set_successors(op: Op, blocks: Handles);
            /// Sets an inherent attribute.
            fn op_set_prop(op: Op, name: Str, attr: Attr);
            /// Sets a discardable attribute.
            fn op_set_attr(op: Op, name: Str, attr: Attr);
            /// Removes an inherent attribute.
            fn op_remove_prop(op: Op, name: Str);
            /// Sets an operation's location.
            fn op_set_loc(op: Op, loc: Loc);
            /// Changes a value's type.
            fn value_set_type(value: Value, type_: Type);
            /// Makes every use of a value a use of another.
            fn value_replace_uses(value: Value, by: Value);
            /// Appends a block with arguments of these types to a region.
            fn region_add_block(region: Region, arg_types: Handles, block: *mut Block);
            /// Appends an argument to a block.
            fn block_add_arg(block: Block, type_: Type, value: *mut Value);
            /// Makes a constant of a type before an operation: `nn.constant` of a tensor, else `arith.constant`.
            fn constant_before(op: Op, attr: Attr, type_: Type, value: *mut Value);

            // ---- results of interfaces ----
            /// In `interpret`: result `index`.
            fn set_result(index: u64, datum: *const Datum);
            /// In `fold`: result `index` is this value.
            fn fold_to_value(index: u64, value: Value);
            /// In `fold`: result `index` is this constant.
            fn fold_to_constant(index: u64, attr: Attr);
            /// In `infer_types`: the type of the next result.
            fn add_type(type_: Type);

            // ---- schedules ----
            /// In `space`: one more choice, a value for each knob, in the order of their declaration.
            fn add_choice(values: I64s);
            /// In `cost` and `lower`: the value of a knob in the choice.
            fn knob(name: Str, value: *mut i64);
            /// In `lower`: names the kernel after what it computes.
            fn kernel_name(name: Str);
            /// In `lower`: the block of the kernel's body; it gets its terminator at the end of `lower`.
            fn kernel_block(block: *mut Block);
            /// In `lower`: operand `index` as a buffer of a shape.
            fn kernel_input(index: u64, shape: I64s, value: *mut Value);
            /// In `lower`: result `index` as a buffer of a shape.
            fn kernel_output(index: u64, shape: I64s, value: *mut Value);
            /// In `lower`: a constant table; `role` says in one word what it is.
            fn kernel_table(role: Str, shape: I64s, elem: Type, bytes: Bytes, value: *mut Value);
            /// In `lower`: a scalar that may differ between layers that share the kernel: an integer or float attribute.
            fn kernel_scalar(attr: Attr, value: *mut Value);
            /// In `lower`: working memory.
            fn kernel_scratch(shape: I64s, elem: Type, value: *mut Value);

            // ---- registration, in `register_all` ----
            /// Declares an operation.
            fn register_op(info: *const OpInfo);
            /// Says what an operation means, somebody else's too.
            fn register_interfaces(op: Str, interfaces: *const Interfaces);
            /// Registers a pass.
            fn register_pass(info: *const PassInfo);
            /// Registers a rewrite pattern.
            fn register_pattern(info: *const PatternInfo);
            /// Registers a schedule.
            fn register_schedule(info: *const ScheduleInfo);
            /// Registers a target that a text in TOML describes; `file` names it in errors.
            fn register_target(file: Str, toml: Str);
            /// Adds passes to the default pipeline at a named point, `before-lowering` say.
            fn register_extension(point: Str, steps: Str);

            // ---- since version 2 ----
            /// In `lower`: the block of the kernel's second half, which is called before anything needs the results; its arguments are the
            /// kernel's, in order. All arguments are made before.
            fn kernel_wait(block: *mut Block);
            /// In `register_all`: registers the rewrite rules of a text; `file` names it in errors.
            fn register_rules(file: Str, rules: Str);
            /// In `register_all`: registers a rewrite rule of networks. Where the term `left` fits, `info` is applied to the operation at the top, in a
            /// block that holds what fits and nothing else.
            fn register_rule(left: Str, info: *const PatternInfo);
            /// In `register_all`: registers an accelerator, which may claim what the terms of a text fit. `info` is of `nn.offload` and lowers
            /// claims; its name is the accelerator's.
            fn register_accelerator(summary: Str, claims: Str, info: *const ScheduleInfo);
        }
    };
}
#[cfg(feature = "host")]
pub(crate) use host_functions;

host_functions!(c_host);
