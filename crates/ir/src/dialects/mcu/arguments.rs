//! What the arguments of a network's function are: inputs, outputs, states.
//!
//! A *state* is what a network remembers from one run to the next. On tensors it is an argument (the old value) and a result (the new
//! one): the last `k` of both, in the same order, marked `mcu.state`. On buffers it is one argument that is read and written: the last
//! `k`, after inputs and outputs, counted by `mcu.states`. `mcu.init` of the argument is the value before the first run; without it all
//! bytes are zero.

use crate::dialects::func::{FuncOp, arg_attr, result_attr};
use crate::verify::{VerifyCx, elements};
use crate::{Attr, AttrData, Module, OpId, OpRef, Type, TypeData};
use std::ops::Range;

/// How many arguments of a function on buffers are what. Inputs come first, then outputs, then states.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arguments {
    /// Read.
    pub inputs: usize,
    /// Written.
    pub outputs: usize,
    /// Read and written; they keep their contents from one run to the next.
    pub states: usize,
}

impl Arguments {
    /// Of a function with `mcu.inputs`; `None` if it has none, or counts more arguments than there are.
    pub fn of(m: &Module, func: OpId) -> Option<Arguments> {
        let count = |name: &str| {
            let attr = m.discardable(func, name)?;
            m.attr_int(attr).and_then(|n| usize::try_from(n).ok())
        };
        let all = m.entry_block(func).map_or(0, |b| m.block_args(b).len());
        let inputs = count("mcu.inputs")?;
        let states = match m.discardable(func, "mcu.states") {
            Some(_) => count("mcu.states")?,
            None => 0,
        };
        let outputs = all.checked_sub(inputs)?.checked_sub(states)?;
        Some(Arguments {
            inputs,
            outputs,
            states,
        })
    }

    /// Positions of the outputs.
    pub fn output_range(&self) -> Range<usize> {
        self.inputs..self.inputs + self.outputs
    }

    /// Positions of the states.
    pub fn state_range(&self) -> Range<usize> {
        let start = self.inputs + self.outputs;
        start..start + self.states
    }
}

/// How many states a function on tensors has: its arguments with `mcu.state`.
pub fn network_states(m: &Module, func: OpId) -> usize {
    let all = m.entry_block(func).map_or(0, |b| m.block_args(b).len());
    let is_state = |i: &usize| arg_attr(m, func, *i, "mcu.state").is_some();
    (0..all).filter(is_state).count()
}

/// The bytes of a state before the first run; `None` if the argument has no static size.
pub fn initial_state(m: &Module, func: OpId, arg: usize) -> Option<Vec<u8>> {
    let &value = m.block_args(m.entry_block(func)?).get(arg)?;
    let size = usize::try_from(m.size_bytes(m.value_type(value))?).ok()?;
    let init = arg_attr(m, func, arg, "mcu.init").and_then(|a| m.attr_elements(a));
    Some(match init {
        Some((_, bytes)) if bytes.len() == size => bytes.to_vec(),
        _ => vec![0; size],
    })
}

/// Reports what is wrong with the states of a function.
pub(crate) fn verify_states(op: OpRef<'_>, cx: &mut VerifyCx<'_>) {
    let m = op.module;
    let Some((inputs, results)) = FuncOp::signature(m, op.id) else {
        return;
    };
    let marked = |i: usize, attr: fn(&Module, OpId, usize, &str) -> Option<Attr>| {
        attr(m, op.id, i, "mcu.state")
    };
    let counted = m.discardable(op.id, "mcu.states");
    let on_buffers = m.discardable(op.id, "mcu.inputs").is_some();
    cx.check(counted.is_none() || on_buffers, op, "V033", || {
        "`mcu.states` counts arguments of a function that has `mcu.inputs`".to_owned()
    });
    let arguments: Vec<usize> = (0..inputs.len())
        .filter(|&i| marked(i, arg_attr).is_some())
        .collect();
    let returned: Vec<usize> = (0..results.len())
        .filter(|&i| marked(i, result_attr).is_some())
        .collect();
    let unit = |a: Option<Attr>| a.is_none_or(|a| *m.attr_data(a) == AttrData::Unit);
    let units = arguments.iter().all(|&i| unit(marked(i, arg_attr)))
        && returned.iter().all(|&i| unit(marked(i, result_attr)));
    cx.check(units, op, "V033", || {
        "`mcu.state` marks a state and has no value".to_owned()
    });
    let last = |list: &[usize], of: usize| list.first().is_none_or(|&i| i + list.len() == of);
    let are_last = last(&arguments, inputs.len()) && last(&returned, results.len());
    cx.check(are_last, op, "V033", || {
        "states are the last arguments and the last results".to_owned()
    });
    if on_buffers || counted.is_some() {
        let number = match counted {
            Some(a) => m.attr_int(a),
            None => Some(0),
        };
        let fits = number == i64::try_from(arguments.len()).ok() && returned.is_empty();
        cx.check(fits, op, "V033", || {
            format!(
                "`mcu.states` must count the arguments with `mcu.state`, which are {}, and no result may be a state",
                arguments.len()
            )
        });
        let enough = m
            .discardable(op.id, "mcu.inputs")
            .and_then(|a| m.attr_int(a));
        let enough = enough.is_none_or(|n| n <= (inputs.len() - arguments.len()) as i64);
        cx.check(arguments.is_empty() || enough, op, "V033", || {
            "a state is counted as an input too".to_owned()
        });
    } else {
        pairs(op, cx, (inputs, &arguments), (results, &returned));
    }
    for (i, &ty) in inputs.iter().enumerate() {
        if let Some(init) = arg_attr(m, op.id, i, "mcu.init") {
            initial_value(op, cx, i, ty, init, arguments.contains(&i));
        }
    }
}

/// On tensors a state is an argument and a result of one type.
fn pairs(
    op: OpRef<'_>,
    cx: &mut VerifyCx<'_>,
    (inputs, arguments): (&[Type], &[usize]),
    (results, returned): (&[Type], &[usize]),
) {
    let same_number = arguments.len() == returned.len();
    cx.check(same_number, op, "V033", || {
        format!(
            "{} arguments are states, and {} results",
            arguments.len(),
            returned.len()
        )
    });
    for (k, (&a, &r)) in arguments.iter().zip(returned).enumerate() {
        cx.check(inputs[a] == results[r], op, "V033", || {
            format!("state {k} has one type as an argument and another as a result")
        });
    }
}

fn initial_value(
    op: OpRef<'_>,
    cx: &mut VerifyCx<'_>,
    i: usize,
    ty: Type,
    init: Attr,
    is_state: bool,
) {
    let m = op.module;
    cx.check(is_state, op, "V033", || {
        format!("argument {i} has `mcu.init` and is no state")
    });
    let Some((value, _)) = m.attr_elements(init) else {
        cx.error(
            op,
            "V033",
            format!("`mcu.init` of argument {i} must be dense elements"),
        );
        return;
    };
    elements(cx, op, init);
    let storage = |ty: Type| {
        let data = m.type_data(ty);
        let elem = data.elem().map(|e| match m.type_data(e) {
            TypeData::Quant(q) => TypeData::Integer(q.storage_width),
            other => other.clone(),
        });
        (data.shape().map(<[i64]>::to_vec), elem)
    };
    cx.check(storage(value) == storage(ty), op, "V033", || {
        format!("`mcu.init` of argument {i} has another shape or element type than the state")
    });
}
