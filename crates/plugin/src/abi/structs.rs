//! What a plug-in declares, and the functions that it gives for it.

use crate::abi::{Context, Cost, Datum, Handles, Loc, NamedAttrs, Op, Status, Str};
use std::ffi::c_void;

c_callbacks! {
    /// Runs a pass, tries a pattern or a fold, verifies, asks a schedule: whatever it was registered for. `user` is what was
    /// registered with it. May be called on any thread, on several at once.
    pub type OpFn = "tw_op_fn" fn(user: *mut c_void, cx: Context, op: Op) -> Status;

    /// Evaluates an operation on `count` arguments; gives the results by `set_result`.
    pub type InterpretFn = "tw_interpret_fn" fn(user: *mut c_void, cx: Context, op: Op, args: *const Datum, count: usize) -> Status;

    /// Says the types of an operation's results, in order, by `add_type`.
    pub type InferFn = "tw_infer_fn" fn(user: *mut c_void, cx: Context, operand_types: Handles, props: NamedAttrs) -> Status;

    /// Says what an operation does to memory: `TW_EFFECTS_...`, into `effects`.
    pub type EffectsFn = "tw_effects_fn" fn(user: *mut c_void, cx: Context, op: Op, effects: *mut u32) -> Status;

    /// Says what a kernel costs; `knob` tells the choice.
    pub type CostFn = "tw_cost_fn" fn(user: *mut c_void, cx: Context, op: Op, cost: *mut Cost) -> Status;

    /// Registers everything that a plug-in has, by the `register_` functions.
    pub type RegisterFn = "tw_register_fn" fn(user: *mut c_void, cx: Context) -> Status;
}

c_structs! {
    /// The head of a plug-in: what `tw_plugin_query` returns. It lives as long as the library is loaded.
    pub struct Plugin = "tw_plugin" {
        /// The version that the plug-in serves, at most the one that it was asked for.
        pub version: u32,
        /// sizeof(tw_plugin)
        pub size: u32,
        /// Its name; what it registers begins with it by custom.
        pub name: Str,
        /// What it is, in one sentence.
        pub summary: Str,
        /// Registers what it has.
        pub register_all: Option<RegisterFn>,
        /// Passed to `register_all`.
        pub user: *mut c_void,
    }

    /// An operation to create.
    pub struct OpState = "tw_op_state" {
        /// sizeof(tw_op_state)
        pub size: u32,
        /// How many empty regions it has.
        pub regions: u32,
        /// Its full name, `acme.scale`.
        pub name: Str,
        /// Operands: values.
        pub operands: Handles,
        /// The types of its results.
        pub result_types: Handles,
        /// Inherent attributes.
        pub props: NamedAttrs,
        /// Discardable attributes.
        pub attrs: NamedAttrs,
        /// Its location; 0 for that of `before`, or unknown.
        pub loc: Loc,
        /// The operation before which it goes; 0 for the end of `block`.
        pub before: Op,
        /// The block at whose end it goes; ignored if `before` is not 0.
        pub block: crate::abi::Block,
    }

    /// A declared operand or result.
    pub struct ValueSpec = "tw_value_spec" {
        /// Its name.
        pub name: Str,
        /// Of what types, `TW_VALUE_...`.
        pub kind: u32,
        /// How many, `TW_ARITY_...`.
        pub arity: u32,
    }

    /// A declared inherent attribute.
    pub struct AttrSpec = "tw_attr_spec" {
        /// Its name.
        pub name: Str,
        /// Of what kind, `TW_ATTR_SPEC_...`.
        pub kind: u32,
        /// Whether it must be there.
        pub required: u32,
    }

    /// The declaration of an operation.
    pub struct OpInfo = "tw_op_info" {
        /// sizeof(tw_op_info)
        pub size: u32,
        /// `TW_TRAIT_...`, added up.
        pub traits: u32,
        /// Its full name, `acme.scale`.
        pub name: Str,
        /// Documentation, in Markdown.
        pub docs: Str,
        /// Operands.
        pub operands: *const ValueSpec,
        /// How many.
        pub operand_count: usize,
        /// Results.
        pub results: *const ValueSpec,
        /// How many.
        pub result_count: usize,
        /// Inherent attributes.
        pub attrs: *const AttrSpec,
        /// How many.
        pub attr_count: usize,
        /// How many regions.
        pub regions: u64,
        /// Its own check, which reports by `emit`; may be null.
        pub verify: Option<OpFn>,
        /// Passed to `verify`.
        pub user: *mut c_void,
    }

    /// What an operation means; a null function says that nothing is known.
    pub struct Interfaces = "tw_interfaces" {
        /// sizeof(tw_interfaces)
        pub size: u32,
        /// 0.
        pub reserved: u32,
        /// Evaluates a pure operation without regions.
        pub interpret: Option<InterpretFn>,
        /// Simplifies it, by `fold_to_value` and `fold_to_constant`; `TW_NO_MATCH` if nothing is known.
        pub fold: Option<OpFn>,
        /// Infers its result types; `TW_NO_MATCH` if such an operation cannot be.
        pub infer_types: Option<InferFn>,
        /// Says what it does to memory.
        pub effects: Option<EffectsFn>,
        /// Passed to all of them.
        pub user: *mut c_void,
    }

    /// A declared option of a pass.
    pub struct OptionInfo = "tw_option_info" {
        /// Its name, in kebab-case.
        pub name: Str,
        /// The values, as in a synopsis.
        pub values: Str,
        /// The value that stands for a missing one.
        pub default_value: Str,
        /// What it does, in one sentence.
        pub summary: Str,
    }

    /// A pass.
    pub struct PassInfo = "tw_pass_info" {
        /// sizeof(tw_pass_info)
        pub size: u32,
        /// `TW_PASS_...`, added up.
        pub flags: u32,
        /// Its name, in kebab-case.
        pub name: Str,
        /// The operation that it runs on: `builtin.module`, `func.func`, `any`.
        pub anchor: Str,
        /// What it does, in one sentence.
        pub summary: Str,
        /// Its options.
        pub options: *const OptionInfo,
        /// How many.
        pub option_count: usize,
        /// Runs it.
        pub run: Option<OpFn>,
        /// Passed to `run`.
        pub user: *mut c_void,
    }

    /// A rewrite pattern.
    pub struct PatternInfo = "tw_pattern_info" {
        /// sizeof(tw_pattern_info)
        pub size: u32,
        /// Of several patterns that match, that of the greatest benefit is tried first; 1 by custom.
        pub benefit: u32,
        /// Its name, `acme.what-it-does`.
        pub name: Str,
        /// The name of the operations that it looks at; empty for any.
        pub root: Str,
        /// The equation in one line, with its side condition.
        pub equation: Str,
        /// Rewrites an operation, or says `TW_NO_MATCH` and changes nothing.
        pub apply: Option<OpFn>,
        /// Passed to `apply`.
        pub user: *mut c_void,
    }

    /// A schedule: lowers one kind of operation to a kernel.
    pub struct ScheduleInfo = "tw_schedule_info" {
        /// sizeof(tw_schedule_info)
        pub size: u32,
        /// 0.
        pub reserved: u32,
        /// Its name, in kebab-case.
        pub name: Str,
        /// The full name of the operation that it lowers.
        pub op: Str,
        /// The names of its knobs.
        pub knobs: *const Str,
        /// How many.
        pub knob_count: usize,
        /// Whether it can lower an operation; else `TW_NO_MATCH`, and the reason by `set_error`.
        pub applies: Option<OpFn>,
        /// The choices of knobs, by `add_choice`; null if it has no knobs.
        pub space: Option<OpFn>,
        /// What a choice costs.
        pub cost: Option<CostFn>,
        /// Builds the kernel, by the `kernel_` functions and `op_create`.
        pub lower: Option<OpFn>,
        /// Passed to all of them.
        pub user: *mut c_void,
    }
}

/// The one function that a plug-in exports, under the name [`ENTRY`](super::ENTRY): the plug-in's head, or null if it cannot serve any
/// version up to `max_version`. `host` outlives the plug-in.
pub type QueryFn =
    unsafe extern "C" fn(max_version: u32, host: *const super::Host) -> *const Plugin;
