/* Plug-ins of Thumbwright: the interface between the compiler and a library that extends it.
 *
 * Generated from the crate thumbwright-plugin; docs/plugin-c-abi.md explains it.
 *
 * A plug-in is a shared library that exports one function, tw_plugin_query. It gets a table of the host's functions and returns
 * its head, whose register_all registers operations, passes, patterns, schedules and targets. Handles and contexts are numbers;
 * the host checks each one at each call, so a wrong one is an error and never undefined behaviour. Pointers must be valid.
 *
 * Threads: the host may call a plug-in's functions on several threads at once. A context belongs to the thread of its callback.
 * A callback must return: it must not longjmp or throw across the host, and what it kills it kills with the host.
 *
 * SPDX-License-Identifier: MIT OR Apache-2.0
 */
#ifndef THUMBWRIGHT_PLUGIN_H
#define THUMBWRIGHT_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* The version of the interface that this header describes. Versions only add: to the ends of structs and of tw_host. */
#define TW_ABI_VERSION 2

typedef int32_t tw_status;

/* What a function of either side says: 0 is yes, a positive number is no without being wrong, a
   negative one is an error. */
enum {
  /* Done. */
  TW_OK = 0,
  /* A pattern, fold or schedule does not apply. */
  TW_NO_MATCH = 1,
  /* An interpretation finds the result undefined. */
  TW_POISON = 2,
  /* A handle or context is of another kind or another context, or what it named is gone. */
  TW_BAD_HANDLE = -1,
  /* A null pointer, an index out of range, text that is not UTF-8, a value that cannot be. */
  TW_BAD_ARGUMENT = -2,
  /* The function cannot be called in this callback, or not on this op. */
  TW_NOT_ALLOWED = -3,
  /* Something failed; the message says what. */
  TW_FAILED = -4,
  /* A bug: the callee panicked. */
  TW_PANIC = -5
};

/* How bad a diagnostic is. */
enum {
  /* Something that an optimiser did or did not do. */
  TW_SEVERITY_REMARK = 0,
  /* Probably not what the user wants. */
  TW_SEVERITY_WARNING = 1,
  /* Nothing comes out. */
  TW_SEVERITY_ERROR = 2
};

/* The order in which operations are visited. */
enum {
  /* An operation before those in its regions. */
  TW_WALK_PRE = 0,
  /* An operation after those in its regions. */
  TW_WALK_POST = 1
};

/* What a type is. */
enum {
  /* A signless integer. */
  TW_TYPE_INTEGER = 0,
  /* `index` */
  TW_TYPE_INDEX = 1,
  /* A float. */
  TW_TYPE_FLOAT = 2,
  /* `none` */
  TW_TYPE_NONE = 3,
  /* A tensor. */
  TW_TYPE_TENSOR = 4,
  /* A memref. */
  TW_TYPE_MEMREF = 5,
  /* A vector. */
  TW_TYPE_VECTOR = 6,
  /* A function type. */
  TW_TYPE_FUNCTION = 7,
  /* A quantised element type. */
  TW_TYPE_QUANT = 8,
  /* A type of another dialect, known by its text only. */
  TW_TYPE_OPAQUE = 9
};

/* What an attribute is. */
enum {
  /* Present without a value. */
  TW_ATTR_UNIT = 0,
  /* An integer or boolean. */
  TW_ATTR_INTEGER = 1,
  /* A float. */
  TW_ATTR_FLOAT = 2,
  /* A string. */
  TW_ATTR_STRING = 3,
  /* A symbol. */
  TW_ATTR_SYMBOL = 4,
  /* A list of attributes. */
  TW_ATTR_ARRAY = 5,
  /* `array<i64: ...>` */
  TW_ATTR_I64_ARRAY = 6,
  /* `array<i32: ...>` */
  TW_ATTR_I32_ARRAY = 7,
  /* A dictionary. */
  TW_ATTR_DICT = 8,
  /* A type. */
  TW_ATTR_TYPE = 9,
  /* `dense` elements. */
  TW_ATTR_DENSE = 10,
  /* `dense_resource` elements. */
  TW_ATTR_RESOURCE = 11,
  /* Any other, known by its text only. */
  TW_ATTR_OPAQUE = 12
};

/* Which field of a `tw_datum` counts. */
enum {
  /* `integer` */
  TW_DATUM_INTEGER = 0,
  /* `real`, of 32 bits */
  TW_DATUM_F32 = 1,
  /* `real`, of 64 bits */
  TW_DATUM_F64 = 2,
  /* `bytes` */
  TW_DATUM_BYTES = 3
};

/* What types a declared operand or result may have. */
enum {
  /* Any. */
  TW_VALUE_ANY = 0,
  /* A tensor. */
  TW_VALUE_TENSOR = 1,
  /* A memref. */
  TW_VALUE_MEMREF = 2,
  /* `index` */
  TW_VALUE_INDEX = 3,
  /* `i1` */
  TW_VALUE_BOOL = 4,
  /* A signless integer or `index`. */
  TW_VALUE_INT_OR_INDEX = 5,
  /* A signless integer. */
  TW_VALUE_INT = 6,
  /* A float. */
  TW_VALUE_FLOAT = 7,
  /* A vector. */
  TW_VALUE_VECTOR = 8,
  /* An integer, index or float. */
  TW_VALUE_SCALAR = 9
};

/* How many values a declared operand or result stands for. Only the last of a list may be
   optional or any number. */
enum {
  /* Exactly one. */
  TW_ARITY_ONE = 0,
  /* One or none. */
  TW_ARITY_OPTIONAL = 1,
  /* Any number. */
  TW_ARITY_MANY = 2
};

/* What a declared attribute may be. */
enum {
  /* Any. */
  TW_ATTR_SPEC_ANY = 0,
  /* An integer. */
  TW_ATTR_SPEC_INT = 1,
  /* A float. */
  TW_ATTR_SPEC_FLOAT = 2,
  /* A boolean. */
  TW_ATTR_SPEC_BOOL = 3,
  /* A string. */
  TW_ATTR_SPEC_STRING = 4,
  /* A symbol. */
  TW_ATTR_SPEC_SYMBOL = 5,
  /* `array<i64: ...>` */
  TW_ATTR_SPEC_I64_ARRAY = 6,
  /* A list. */
  TW_ATTR_SPEC_ARRAY = 7,
  /* A type. */
  TW_ATTR_SPEC_TYPE = 8,
  /* `dense` or `dense_resource`. */
  TW_ATTR_SPEC_ELEMENTS = 9,
  /* Present or absent. */
  TW_ATTR_SPEC_UNIT = 10
};

/* Facts about a declared operation; bits, added up. */
enum {
  /* No effects: unused, it can go; equal ones can be merged. */
  TW_TRAIT_PURE = 1,
  /* Ends a block. */
  TW_TRAIT_TERMINATOR = 2,
  /* Defines a symbol by `sym_name`. */
  TW_TRAIT_SYMBOL = 4,
  /* Its regions see no values from outside. */
  TW_TRAIT_ISOLATED = 8,
  /* All operands and results have one type. */
  TW_TRAIT_SAME_TYPE = 16,
  /* Its one result is its attribute `value`. */
  TW_TRAIT_CONSTANT = 32,
  /* Its two operands may change places. */
  TW_TRAIT_COMMUTATIVE = 64
};

/* What an operation does to memory. */
enum {
  /* Nothing. */
  TW_EFFECTS_NONE = 0,
  /* Reads, writes nothing. */
  TW_EFFECTS_READ = 1,
  /* Writes, may read. */
  TW_EFFECTS_WRITE = 2,
  /* Not known: anything. */
  TW_EFFECTS_UNKNOWN = 3
};

/* Facts about a pass; bits, added up. */
enum {
  /* It changes nothing when it runs a second time. */
  TW_PASS_IDEMPOTENT = 1
};

/* What a callback was called for: valid until the callback returns, on its thread. Every
   function of the host takes it first. */
typedef uint64_t tw_context;
/* An operation. */
typedef uint64_t tw_op;
/* A block of operations. */
typedef uint64_t tw_block;
/* A region: a list of blocks that an operation owns. */
typedef uint64_t tw_region;
/* A value: an operation's result or a block's argument. */
typedef uint64_t tw_value;
/* A type. */
typedef uint64_t tw_type;
/* An attribute. */
typedef uint64_t tw_attr;
/* A location; 0 is the unknown one. */
typedef uint64_t tw_loc;

/* Text in UTF-8, not terminated by a zero. What the host gives lives until the callback returns. */
typedef struct tw_str {
  /* The first byte; may be null if `len` is 0. */
  const char *data;
  /* Bytes. */
  size_t len;
} tw_str;

/* Bytes. What the host gives lives until the callback returns. */
typedef struct tw_bytes {
  /* The first byte; may be null if `len` is 0. */
  const uint8_t *data;
  /* How many. */
  size_t len;
} tw_bytes;

/* A list of handles of one kind. */
typedef struct tw_handles {
  /* The first; may be null if `len` is 0. */
  const uint64_t *data;
  /* How many. */
  size_t len;
} tw_handles;

/* A list of integers. */
typedef struct tw_i64s {
  /* The first; may be null if `len` is 0. */
  const int64_t *data;
  /* How many. */
  size_t len;
} tw_i64s;

/* A list of floats. */
typedef struct tw_f64s {
  /* The first; may be null if `len` is 0. */
  const double *data;
  /* How many. */
  size_t len;
} tw_f64s;

/* An attribute and its name. */
typedef struct tw_named_attr {
  /* Its name. */
  tw_str name;
  /* The attribute. */
  tw_attr value;
} tw_named_attr;

/* A list of attributes with their names. */
typedef struct tw_named_attrs {
  /* The first; may be null if `len` is 0. */
  const tw_named_attr *data;
  /* How many. */
  size_t len;
} tw_named_attrs;

/* A runtime value of an interpreted operation. */
typedef struct tw_datum {
  /* Which field counts, `TW_DATUM_…`. */
  uint32_t kind;
  /* 0. */
  uint32_t reserved;
  /* An integer or index, sign-extended from its width; an `i1` is 0 or 1. */
  int64_t integer;
  /* A float of 32 or 64 bits. */
  double real;
  /* Elements of a tensor or vector: little endian, row-major, an `i1` in a byte; a quantised
     element is its storage. */
  tw_bytes bytes;
} tw_datum;

/* A uniform quantisation: real = scale * (stored - zero point). */
typedef struct tw_quant {
  /* Bits of the storage integer. */
  uint32_t storage_width;
  /* Whether the storage is signed. */
  uint32_t is_signed;
  /* The dimension along which scales vary, or -1. */
  int64_t axis;
  /* The smallest stored value. */
  int64_t storage_min;
  /* The largest stored value. */
  int64_t storage_max;
  /* One scale, or one for each slice along the axis. */
  tw_f64s scales;
  /* As many zero points. */
  tw_i64s zero_points;
} tw_quant;

/* What one call of a kernel costs. */
typedef struct tw_cost {
  /* Core cycles. */
  uint64_t cycles;
  /* Bytes of code and constant tables. */
  uint64_t flash;
  /* Bytes of scratch. */
  uint64_t ram;
} tw_cost;

/* Runs a pass, tries a pattern or a fold, verifies, asks a schedule: whatever it was registered
   for. `user` is what was registered with it. May be called on any thread, on several at once. */
typedef tw_status (*tw_op_fn)(void *user, tw_context cx, tw_op op);

/* Evaluates an operation on `count` arguments; gives the results by `set_result`. */
typedef tw_status (*tw_interpret_fn)(void *user, tw_context cx, tw_op op, const tw_datum *args, size_t count);

/* Says the types of an operation's results, in order, by `add_type`. */
typedef tw_status (*tw_infer_fn)(void *user, tw_context cx, tw_handles operand_types, tw_named_attrs props);

/* Says what an operation does to memory: `TW_EFFECTS_...`, into `effects`. */
typedef tw_status (*tw_effects_fn)(void *user, tw_context cx, tw_op op, uint32_t *effects);

/* Says what a kernel costs; `knob` tells the choice. */
typedef tw_status (*tw_cost_fn)(void *user, tw_context cx, tw_op op, tw_cost *cost);

/* Registers everything that a plug-in has, by the `register_` functions. */
typedef tw_status (*tw_register_fn)(void *user, tw_context cx);

/* The head of a plug-in: what `tw_plugin_query` returns. It lives as long as the library is
   loaded. */
typedef struct tw_plugin {
  /* The version that the plug-in serves, at most the one that it was asked for. */
  uint32_t version;
  /* sizeof(tw_plugin) */
  uint32_t size;
  /* Its name; what it registers begins with it by custom. */
  tw_str name;
  /* What it is, in one sentence. */
  tw_str summary;
  /* Registers what it has. */
  tw_register_fn register_all;
  /* Passed to `register_all`. */
  void *user;
} tw_plugin;

/* An operation to create. */
typedef struct tw_op_state {
  /* sizeof(tw_op_state) */
  uint32_t size;
  /* How many empty regions it has. */
  uint32_t regions;
  /* Its full name, `acme.scale`. */
  tw_str name;
  /* Operands: values. */
  tw_handles operands;
  /* The types of its results. */
  tw_handles result_types;
  /* Inherent attributes. */
  tw_named_attrs props;
  /* Discardable attributes. */
  tw_named_attrs attrs;
  /* Its location; 0 for that of `before`, or unknown. */
  tw_loc loc;
  /* The operation before which it goes; 0 for the end of `block`. */
  tw_op before;
  /* The block at whose end it goes; ignored if `before` is not 0. */
  tw_block block;
} tw_op_state;

/* A declared operand or result. */
typedef struct tw_value_spec {
  /* Its name. */
  tw_str name;
  /* Of what types, `TW_VALUE_...`. */
  uint32_t kind;
  /* How many, `TW_ARITY_...`. */
  uint32_t arity;
} tw_value_spec;

/* A declared inherent attribute. */
typedef struct tw_attr_spec {
  /* Its name. */
  tw_str name;
  /* Of what kind, `TW_ATTR_SPEC_...`. */
  uint32_t kind;
  /* Whether it must be there. */
  uint32_t required;
} tw_attr_spec;

/* The declaration of an operation. */
typedef struct tw_op_info {
  /* sizeof(tw_op_info) */
  uint32_t size;
  /* `TW_TRAIT_...`, added up. */
  uint32_t traits;
  /* Its full name, `acme.scale`. */
  tw_str name;
  /* Documentation, in Markdown. */
  tw_str docs;
  /* Operands. */
  const tw_value_spec *operands;
  /* How many. */
  size_t operand_count;
  /* Results. */
  const tw_value_spec *results;
  /* How many. */
  size_t result_count;
  /* Inherent attributes. */
  const tw_attr_spec *attrs;
  /* How many. */
  size_t attr_count;
  /* How many regions. */
  uint64_t regions;
  /* Its own check, which reports by `emit`; may be null. */
  tw_op_fn verify;
  /* Passed to `verify`. */
  void *user;
} tw_op_info;

/* What an operation means; a null function says that nothing is known. */
typedef struct tw_interfaces {
  /* sizeof(tw_interfaces) */
  uint32_t size;
  /* 0. */
  uint32_t reserved;
  /* Evaluates a pure operation without regions. */
  tw_interpret_fn interpret;
  /* Simplifies it, by `fold_to_value` and `fold_to_constant`; `TW_NO_MATCH` if nothing is known. */
  tw_op_fn fold;
  /* Infers its result types; `TW_NO_MATCH` if such an operation cannot be. */
  tw_infer_fn infer_types;
  /* Says what it does to memory. */
  tw_effects_fn effects;
  /* Passed to all of them. */
  void *user;
} tw_interfaces;

/* A declared option of a pass. */
typedef struct tw_option_info {
  /* Its name, in kebab-case. */
  tw_str name;
  /* The values, as in a synopsis. */
  tw_str values;
  /* The value that stands for a missing one. */
  tw_str default_value;
  /* What it does, in one sentence. */
  tw_str summary;
} tw_option_info;

/* A pass. */
typedef struct tw_pass_info {
  /* sizeof(tw_pass_info) */
  uint32_t size;
  /* `TW_PASS_...`, added up. */
  uint32_t flags;
  /* Its name, in kebab-case. */
  tw_str name;
  /* The operation that it runs on: `builtin.module`, `func.func`, `any`. */
  tw_str anchor;
  /* What it does, in one sentence. */
  tw_str summary;
  /* Its options. */
  const tw_option_info *options;
  /* How many. */
  size_t option_count;
  /* Runs it. */
  tw_op_fn run;
  /* Passed to `run`. */
  void *user;
} tw_pass_info;

/* A rewrite pattern. */
typedef struct tw_pattern_info {
  /* sizeof(tw_pattern_info) */
  uint32_t size;
  /* Of several patterns that match, that of the greatest benefit is tried first; 1 by custom. */
  uint32_t benefit;
  /* Its name, `acme.what-it-does`. */
  tw_str name;
  /* The name of the operations that it looks at; empty for any. */
  tw_str root;
  /* The equation in one line, with its side condition. */
  tw_str equation;
  /* Rewrites an operation, or says `TW_NO_MATCH` and changes nothing. */
  tw_op_fn apply;
  /* Passed to `apply`. */
  void *user;
} tw_pattern_info;

/* A schedule: lowers one kind of operation to a kernel. */
typedef struct tw_schedule_info {
  /* sizeof(tw_schedule_info) */
  uint32_t size;
  /* 0. */
  uint32_t reserved;
  /* Its name, in kebab-case. */
  tw_str name;
  /* The full name of the operation that it lowers. */
  tw_str op;
  /* The names of its knobs. */
  const tw_str *knobs;
  /* How many. */
  size_t knob_count;
  /* Whether it can lower an operation; else `TW_NO_MATCH`, and the reason by `set_error`. */
  tw_op_fn applies;
  /* The choices of knobs, by `add_choice`; null if it has no knobs. */
  tw_op_fn space;
  /* What a choice costs. */
  tw_cost_fn cost;
  /* Builds the kernel, by the `kernel_` functions and `op_create`. */
  tw_op_fn lower;
  /* Passed to all of them. */
  void *user;
} tw_schedule_info;

/* What the host offers. The table lives as long as the process. */
typedef struct tw_host {
  /* The host's version of the interface. */
  uint32_t version;
  /* Bytes of this struct: a function beyond them is not there. */
  uint32_t size;
  /* Says why the callback is going to fail, or why a schedule does not apply. */
  tw_status (*set_error)(tw_context cx, tw_str message);
  /* Reports a diagnostic; `code` begins with the plug-in's name, `op` says where and may be 0.
     After an error the pass fails. */
  tw_status (*emit)(tw_context cx, uint32_t severity, tw_str code, tw_op op, tw_str message);
  /* Adds to a count of the running pass. */
  tw_status (*count)(tw_context cx, tw_str what, uint64_t n);
  /* Takes a unit of fuel, before a change that need not be; `taken` says whether there was one. */
  tw_status (*fuel_take)(tw_context cx, uint32_t *taken);
  /* The value of an option of the running pass, or its default. */
  tw_status (*option)(tw_context cx, tw_str name, tw_str *value);
  /* The name of the target that is compiled for. */
  tw_status (*target_name)(tw_context cx, tw_str *name);
  /* Whether the target has a feature, `dsp` or `mve` say. */
  tw_status (*target_has_feature)(tw_context cx, tw_str feature, uint32_t *has);
  /* The `builtin.module` operation. */
  tw_status (*module_root)(tw_context cx, tw_op *op);
  /* The operation that defines a symbol at the top level; 0 if none does. */
  tw_status (*module_symbol)(tw_context cx, tw_str name, tw_op *op);
  /* The module as text. */
  tw_status (*module_print)(tw_context cx, tw_str *text);
  /* Replaces the whole module by a text, in a pass on `builtin.module`. All handles are stale
     then. */
  tw_status (*module_replace)(tw_context cx, tw_str text);
  /* Verifies the module; the error says what is wrong. */
  tw_status (*module_verify)(tw_context cx);
  /* Whether the operation still exists: 1 or 0. */
  tw_status (*op_exists)(tw_context cx, tw_op op, uint32_t *exists);
  /* Its full name. */
  tw_status (*op_name)(tw_context cx, tw_op op, tw_str *name);
  /* The operation around it; 0 if there is none. */
  tw_status (*op_parent)(tw_context cx, tw_op op, tw_op *parent);
  /* The block that it is in; 0 if there is none. */
  tw_status (*op_block)(tw_context cx, tw_op op, tw_block *block);
  /* The operation behind it in its block; 0 if there is none. */
  tw_status (*op_next)(tw_context cx, tw_op op, tw_op *next);
  /* The operation before it in its block; 0 if there is none. */
  tw_status (*op_prev)(tw_context cx, tw_op op, tw_op *prev);
  /* It and everything inside: operations, in the order `TW_WALK_...`. */
  tw_status (*op_walk)(tw_context cx, tw_op op, uint32_t order, tw_handles *ops);
  /* Its operands: values. */
  tw_status (*op_operands)(tw_context cx, tw_op op, tw_handles *values);
  /* Its results: values. */
  tw_status (*op_results)(tw_context cx, tw_op op, tw_handles *values);
  /* Its regions. */
  tw_status (*op_regions)(tw_context cx, tw_op op, tw_handles *regions);
  /* The blocks that control may go to behind it. */
  tw_status (*op_successors)(tw_context cx, tw_op op, tw_handles *blocks);
  /* An inherent attribute; 0 if it has none of the name. */
  tw_status (*op_prop)(tw_context cx, tw_op op, tw_str name, tw_attr *attr);
  /* A discardable attribute; 0 if it has none of the name. */
  tw_status (*op_attr)(tw_context cx, tw_op op, tw_str name, tw_attr *attr);
  /* All inherent attributes, by name. */
  tw_status (*op_props)(tw_context cx, tw_op op, tw_named_attrs *attrs);
  /* All discardable attributes, by name. */
  tw_status (*op_attrs)(tw_context cx, tw_op op, tw_named_attrs *attrs);
  /* Where it comes from. */
  tw_status (*op_loc)(tw_context cx, tw_op op, tw_loc *loc);
  /* What it and everything inside does to memory, `TW_EFFECTS_...`. */
  tw_status (*op_effects)(tw_context cx, tw_op op, uint32_t *effects);
  /* The blocks of a region. */
  tw_status (*region_blocks)(tw_context cx, tw_region region, tw_handles *blocks);
  /* The operation that owns a region. */
  tw_status (*region_op)(tw_context cx, tw_region region, tw_op *op);
  /* The operations of a block, in order. */
  tw_status (*block_ops)(tw_context cx, tw_block block, tw_handles *ops);
  /* The arguments of a block: values. */
  tw_status (*block_args)(tw_context cx, tw_block block, tw_handles *values);
  /* The region that holds a block. */
  tw_status (*block_region)(tw_context cx, tw_block block, tw_region *region);
  /* A value's type. */
  tw_status (*value_type)(tw_context cx, tw_value value, tw_type *type);
  /* Where a value comes from: result `index` of `op`, or, if `op` is 0, argument `index` of
     `block`. */
  tw_status (*value_def)(tw_context cx, tw_value value, tw_op *op, tw_block *block, uint64_t *index);
  /* The operations that use a value, once for each use. */
  tw_status (*value_users)(tw_context cx, tw_value value, tw_handles *ops);
  /* The attribute that a value is, if a constant operation defines it; else 0. */
  tw_status (*value_constant)(tw_context cx, tw_value value, tw_attr *attr);
  /* A signless integer of 1 to 64 bits. */
  tw_status (*type_integer)(tw_context cx, uint32_t width, tw_type *type);
  /* `index` */
  tw_status (*type_index)(tw_context cx, tw_type *type);
  /* A float of 32 or 64 bits. */
  tw_status (*type_float)(tw_context cx, uint32_t width, tw_type *type);
  /* A tensor. */
  tw_status (*type_tensor)(tw_context cx, tw_i64s shape, tw_type elem, tw_type *type);
  /* A memref. */
  tw_status (*type_memref)(tw_context cx, tw_i64s shape, tw_type elem, tw_type *type);
  /* A vector. */
  tw_status (*type_vector)(tw_context cx, tw_i64s shape, tw_type elem, tw_type *type);
  /* A function type, of lists of types. */
  tw_status (*type_function)(tw_context cx, tw_handles inputs, tw_handles results, tw_type *type);
  /* The type that a text says. */
  tw_status (*type_parse)(tw_context cx, tw_str text, tw_type *type);
  /* A type as text. */
  tw_status (*type_text)(tw_context cx, tw_type type, tw_str *text);
  /* What a type is, `TW_TYPE_...`. */
  tw_status (*type_kind)(tw_context cx, tw_type type, uint32_t *kind);
  /* Bits of an integer, float or quantised storage. */
  tw_status (*type_width)(tw_context cx, tw_type type, uint32_t *width);
  /* The shape of a tensor, memref or vector. */
  tw_status (*type_shape)(tw_context cx, tw_type type, tw_i64s *shape);
  /* The element type of a tensor, memref or vector. */
  tw_status (*type_elem)(tw_context cx, tw_type type, tw_type *elem);
  /* The quantisation of a quantised type, or of a tensor of it; `TW_NO_MATCH` if it has none. */
  tw_status (*type_quant)(tw_context cx, tw_type type, tw_quant *quant);
  /* A unit attribute. */
  tw_status (*attr_unit)(tw_context cx, tw_attr *attr);
  /* An integer of an integer type or `index`. */
  tw_status (*attr_integer)(tw_context cx, int64_t value, tw_type type, tw_attr *attr);
  /* A float of 32 or 64 bits. */
  tw_status (*attr_float)(tw_context cx, double value, tw_type type, tw_attr *attr);
  /* A string. */
  tw_status (*attr_string)(tw_context cx, tw_str text, tw_attr *attr);
  /* A symbol. */
  tw_status (*attr_symbol)(tw_context cx, tw_str name, tw_attr *attr);
  /* A type as an attribute. */
  tw_status (*attr_type)(tw_context cx, tw_type type, tw_attr *attr);
  /* `array<i64: ...>` */
  tw_status (*attr_i64s)(tw_context cx, tw_i64s values, tw_attr *attr);
  /* A list of attributes. */
  tw_status (*attr_array)(tw_context cx, tw_handles attrs, tw_attr *attr);
  /* A dictionary. */
  tw_status (*attr_dict)(tw_context cx, tw_named_attrs entries, tw_attr *attr);
  /* `dense` elements of a tensor or vector type: little endian, row-major; an `i1` takes a byte,
     an `index` eight. */
  tw_status (*attr_dense)(tw_context cx, tw_type type, tw_bytes bytes, tw_attr *attr);
  /* The attribute that a text says. */
  tw_status (*attr_parse)(tw_context cx, tw_str text, tw_attr *attr);
  /* An attribute as text. */
  tw_status (*attr_text)(tw_context cx, tw_attr attr, tw_str *text);
  /* What an attribute is, `TW_ATTR_...`. */
  tw_status (*attr_kind)(tw_context cx, tw_attr attr, uint32_t *kind);
  /* The value of an integer or boolean. */
  tw_status (*attr_as_integer)(tw_context cx, tw_attr attr, int64_t *value);
  /* The value of a float of 32 or 64 bits. */
  tw_status (*attr_as_float)(tw_context cx, tw_attr attr, double *value);
  /* The text of a string or symbol. */
  tw_status (*attr_as_string)(tw_context cx, tw_attr attr, tw_str *text);
  /* The type that the attribute is. */
  tw_status (*attr_as_type)(tw_context cx, tw_attr attr, tw_type *type);
  /* The values of an `array<i64>`. */
  tw_status (*attr_as_i64s)(tw_context cx, tw_attr attr, tw_i64s *values);
  /* The elements of a list: attributes. */
  tw_status (*attr_as_array)(tw_context cx, tw_attr attr, tw_handles *attrs);
  /* The entries of a dictionary. */
  tw_status (*attr_as_dict)(tw_context cx, tw_attr attr, tw_named_attrs *entries);
  /* Type and bytes of `dense` or `dense_resource` elements. */
  tw_status (*attr_as_dense)(tw_context cx, tw_attr attr, tw_type *type, tw_bytes *bytes);
  /* A place in a file. */
  tw_status (*loc_file)(tw_context cx, tw_str file, uint32_t line, uint32_t column, tw_loc *loc);
  /* A name, and where that is. */
  tw_status (*loc_name)(tw_context cx, tw_str name, tw_loc child, tw_loc *loc);
  /* A location as a person reads it; empty if it is unknown. */
  tw_status (*loc_text)(tw_context cx, tw_loc loc, tw_str *text);
  /* Creates an operation in its place. */
  tw_status (*op_create)(tw_context cx, const tw_op_state *state, tw_op *op);
  /* Destroys an operation and everything inside; nothing outside may use its results. */
  tw_status (*op_erase)(tw_context cx, tw_op op);
  /* Makes every use of an operation's results a use of these values, and destroys the operation. */
  tw_status (*op_replace)(tw_context cx, tw_op op, tw_handles values);
  /* Moves an operation before another, or, if that is 0, to the end of a block. */
  tw_status (*op_move)(tw_context cx, tw_op op, tw_block block, tw_op before);
  /* Replaces an operand. */
  tw_status (*op_set_operand)(tw_context cx, tw_op op, uint64_t index, tw_value value);
  /* Replaces all operands. */
  tw_status (*op_set_operands)(tw_context cx, tw_op op, tw_handles values);
  /* Replaces all successors by blocks of the region that it is in. */
  tw_status (*op_set_successors)(tw_context cx, tw_op op, tw_handles blocks);
  /* Sets an inherent attribute. */
  tw_status (*op_set_prop)(tw_context cx, tw_op op, tw_str name, tw_attr attr);
  /* Sets a discardable attribute. */
  tw_status (*op_set_attr)(tw_context cx, tw_op op, tw_str name, tw_attr attr);
  /* Removes an inherent attribute. */
  tw_status (*op_remove_prop)(tw_context cx, tw_op op, tw_str name);
  /* Sets an operation's location. */
  tw_status (*op_set_loc)(tw_context cx, tw_op op, tw_loc loc);
  /* Changes a value's type. */
  tw_status (*value_set_type)(tw_context cx, tw_value value, tw_type type);
  /* Makes every use of a value a use of another. */
  tw_status (*value_replace_uses)(tw_context cx, tw_value value, tw_value by);
  /* Appends a block with arguments of these types to a region. */
  tw_status (*region_add_block)(tw_context cx, tw_region region, tw_handles arg_types, tw_block *block);
  /* Appends an argument to a block. */
  tw_status (*block_add_arg)(tw_context cx, tw_block block, tw_type type, tw_value *value);
  /* Makes a constant of a type before an operation: `nn.constant` of a tensor, else
     `arith.constant`. */
  tw_status (*constant_before)(tw_context cx, tw_op op, tw_attr attr, tw_type type, tw_value *value);
  /* In `interpret`: result `index`. */
  tw_status (*set_result)(tw_context cx, uint64_t index, const tw_datum *datum);
  /* In `fold`: result `index` is this value. */
  tw_status (*fold_to_value)(tw_context cx, uint64_t index, tw_value value);
  /* In `fold`: result `index` is this constant. */
  tw_status (*fold_to_constant)(tw_context cx, uint64_t index, tw_attr attr);
  /* In `infer_types`: the type of the next result. */
  tw_status (*add_type)(tw_context cx, tw_type type);
  /* In `space`: one more choice, a value for each knob, in the order of their declaration. */
  tw_status (*add_choice)(tw_context cx, tw_i64s values);
  /* In `cost` and `lower`: the value of a knob in the choice. */
  tw_status (*knob)(tw_context cx, tw_str name, int64_t *value);
  /* In `lower`: names the kernel after what it computes. */
  tw_status (*kernel_name)(tw_context cx, tw_str name);
  /* In `lower`: the block of the kernel's body; it gets its terminator at the end of `lower`. */
  tw_status (*kernel_block)(tw_context cx, tw_block *block);
  /* In `lower`: operand `index` as a buffer of a shape. */
  tw_status (*kernel_input)(tw_context cx, uint64_t index, tw_i64s shape, tw_value *value);
  /* In `lower`: result `index` as a buffer of a shape. */
  tw_status (*kernel_output)(tw_context cx, uint64_t index, tw_i64s shape, tw_value *value);
  /* In `lower`: a constant table; `role` says in one word what it is. */
  tw_status (*kernel_table)(tw_context cx, tw_str role, tw_i64s shape, tw_type elem, tw_bytes bytes, tw_value *value);
  /* In `lower`: a scalar that may differ between layers that share the kernel: an integer or
     float attribute. */
  tw_status (*kernel_scalar)(tw_context cx, tw_attr attr, tw_value *value);
  /* In `lower`: working memory. */
  tw_status (*kernel_scratch)(tw_context cx, tw_i64s shape, tw_type elem, tw_value *value);
  /* Declares an operation. */
  tw_status (*register_op)(tw_context cx, const tw_op_info *info);
  /* Says what an operation means, somebody else's too. */
  tw_status (*register_interfaces)(tw_context cx, tw_str op, const tw_interfaces *interfaces);
  /* Registers a pass. */
  tw_status (*register_pass)(tw_context cx, const tw_pass_info *info);
  /* Registers a rewrite pattern. */
  tw_status (*register_pattern)(tw_context cx, const tw_pattern_info *info);
  /* Registers a schedule. */
  tw_status (*register_schedule)(tw_context cx, const tw_schedule_info *info);
  /* Registers a target that a text in TOML describes; `file` names it in errors. */
  tw_status (*register_target)(tw_context cx, tw_str file, tw_str toml);
  /* Adds passes to the default pipeline at a named point, `before-lowering` say. */
  tw_status (*register_extension)(tw_context cx, tw_str point, tw_str steps);
  /* In `lower`: the block of the kernel's second half, which is called before anything needs the
     results; its arguments are the kernel's, in order. All arguments are made before. */
  tw_status (*kernel_wait)(tw_context cx, tw_block *block);
  /* In `register_all`: registers the rewrite rules of a text; `file` names it in errors. */
  tw_status (*register_rules)(tw_context cx, tw_str file, tw_str rules);
  /* In `register_all`: registers a rewrite rule of networks. Where the term `left` fits, `info`
     is applied to the operation at the top, in a block that holds what fits and nothing else. */
  tw_status (*register_rule)(tw_context cx, tw_str left, const tw_pattern_info *info);
  /* In `register_all`: registers an accelerator, which may claim what the terms of a text fit.
     `info` is of `nn.offload` and lowers claims; its name is the accelerator's. */
  tw_status (*register_accelerator)(tw_context cx, tw_str summary, tw_str claims, const tw_schedule_info *info);
} tw_host;

#if defined(_WIN32)
#define TW_EXPORT __declspec(dllexport)
#elif defined(__GNUC__)
#define TW_EXPORT __attribute__((visibility("default")))
#else
#define TW_EXPORT
#endif

/* The one function that a plug-in exports: its head, or NULL if it cannot serve any version up to max_version. The host's table
 * outlives the plug-in, which keeps the pointer for its callbacks. */
TW_EXPORT const tw_plugin *tw_plugin_query(uint32_t max_version, const tw_host *host);

#ifdef __cplusplus
}
#endif

#endif
