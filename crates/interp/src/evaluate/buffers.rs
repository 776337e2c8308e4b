//! Functions on buffers, run as register code.

use super::values::{bytes, datum};
use super::{Outcome, Output, Settings, Slot, compile};
use crate::loops::{Argument, LoopError, Program};
use ir::dialects::mcu::Arguments;
use ir::{Module, OpId, TypeData};

/// What a function takes and yields.
pub struct Interface {
    /// Its inputs: all arguments, or those that `mcu.inputs` counts, and states behind them.
    pub inputs: Vec<Slot>,
    /// Whether each input is a buffer.
    buffers: Vec<bool>,
    /// The outputs behind the inputs, and states behind them, if `mcu.inputs` counts the inputs.
    outputs: Option<Vec<Slot>>,
    /// How many of the last inputs and outputs are states.
    states: usize,
    /// Its results.
    results: Vec<Slot>,
}

impl Interface {
    /// The interface of a function with a body; why not, if a type has no known values.
    pub fn of(m: &Module, func: OpId) -> Result<Interface, String> {
        let slot = |v: &ir::ValueId| {
            let ty = m.value_type(*v);
            Slot::of(m, ty)
                .ok_or_else(|| format!("{} has no known values", ir::text::type_text(m, ty)))
        };
        let args = m.entry_block(func).map_or(&[][..], |b| m.block_args(b));
        let mut inputs = args.iter().map(slot).collect::<Result<Vec<_>, _>>()?;
        let is_buffer =
            |v: &ir::ValueId| matches!(m.type_data(m.value_type(*v)), TypeData::MemRef { .. });
        let counted = m.discardable(func, "mcu.inputs").is_some();
        let arguments = Arguments::of(m, func).filter(|_| counted);
        let (mut outputs, mut states) = (None, 0);
        if let Some(a) = arguments {
            // Old states are inputs too, and new ones outputs, as of a network on tensors.
            let kept = inputs[a.state_range()].to_vec();
            let mut written = inputs[a.output_range()].to_vec();
            inputs.truncate(a.inputs);
            inputs.extend(kept.iter().copied());
            written.extend(kept);
            (outputs, states) = (Some(written), a.states);
        } else if counted {
            return Err(
                "`mcu.inputs` and `mcu.states` count more arguments than there are".to_owned(),
            );
        }
        let results = ir::dialects::func::return_values(m, func);
        Ok(Interface {
            buffers: args.iter().map(is_buffer).collect(),
            inputs,
            outputs,
            states,
            results: results.iter().map(slot).collect::<Result<_, _>>()?,
        })
    }
}

/// As [`run`], of a module that verifies.
pub fn run_alone(
    m: &Module,
    name: &str,
    interface: &Interface,
    settings: &Settings,
) -> Vec<Outcome> {
    let cannot = |why: String| vec![Outcome::NotExecutable(why); settings.samples];
    match ir::verify::verify(m) {
        Ok(verified) => match compile(verified, settings) {
            Ok(program) => run(&program, name, interface, settings),
            Err(e) => cannot(e.to_string()),
        },
        Err(e) => cannot(e.to_string()),
    }
}

/// Runs a function; one outcome a sample.
pub fn run(
    program: &Program<'_>,
    name: &str,
    interface: &Interface,
    settings: &Settings,
) -> Vec<Outcome> {
    let total = interface
        .inputs
        .iter()
        .chain(interface.outputs.iter().flatten());
    let total = total
        .map(Slot::bytes)
        .try_fold(0usize, |sum, n| sum.checked_add(n?));
    if total.is_none_or(|n| n > settings.bytes) {
        let why = format!("the arguments need more than {} bytes", settings.bytes);
        return vec![Outcome::NotExecutable(why); settings.samples];
    }
    let one = |sample: usize| {
        let inputs = interface.inputs.iter().enumerate();
        let inputs = inputs.map(|(i, slot)| slot.fill(settings, name, i, sample));
        let inputs: Vec<Vec<u8>> = inputs.collect();
        let result = match &interface.outputs {
            Some(outputs) => network(program, name, (&inputs, outputs), interface.states),
            None => call(program, name, interface, inputs),
        };
        match result {
            Ok(outputs) => Outcome::Defined(outputs),
            Err(LoopError::Fault {
                kernel, op, fault, ..
            }) if fault.is_undefined() => Outcome::Undefined(format!("@{kernel}: `{op}`: {fault}")),
            Err(e) => Outcome::NotExecutable(e.to_string()),
        }
    };
    (0..settings.samples).map(one).collect()
}

/// Inputs are buffers, and so are outputs.
fn network(
    program: &Program<'_>,
    name: &str,
    (inputs, outputs): (&[Vec<u8>], &[Slot]),
    states: usize,
) -> Result<Vec<Output>, LoopError> {
    let (inputs, old) = inputs.split_at(inputs.len() - states);
    let slices: Vec<&[u8]> = inputs.iter().map(Vec::as_slice).collect();
    let mut states = old.to_vec();
    let run = program.step(name, &slices, &mut states)?;
    let written = run.outputs.into_iter().chain(states);
    let named = written.zip(outputs).enumerate();
    let named = named.map(|(i, (bytes, slot))| Output {
        name: format!("output {i}"),
        element: slot.element,
        bytes,
        effect: false,
    });
    Ok(named.collect())
}

/// Any function: its results, then all its buffers.
fn call(
    program: &Program<'_>,
    name: &str,
    interface: &Interface,
    inputs: Vec<Vec<u8>>,
) -> Result<Vec<Output>, LoopError> {
    let no_values = |index: usize| LoopError::Argument {
        function: name.to_owned(),
        index,
        why: "its type has no values here".to_owned(),
    };
    let mut args = Vec::with_capacity(inputs.len());
    for (i, (bytes, slot)) in inputs.into_iter().zip(&interface.inputs).enumerate() {
        args.push(if interface.buffers[i] {
            Argument::Buffer(bytes)
        } else {
            Argument::Value(datum(slot, &bytes).ok_or_else(|| no_values(i))?)
        });
    }
    let values = program.call(name, &mut args)?;
    let mut outputs = Vec::new();
    for (i, (value, slot)) in values.iter().zip(&interface.results).enumerate() {
        outputs.push(Output {
            name: format!("result {i}"),
            element: slot.element,
            bytes: bytes(slot, value).ok_or_else(|| no_values(i))?,
            effect: false,
        });
    }
    for (i, (arg, slot)) in args.into_iter().zip(&interface.inputs).enumerate() {
        if let Argument::Buffer(bytes) = arg {
            outputs.push(Output {
                name: format!("argument {i}"),
                element: slot.element,
                bytes,
                effect: false,
            });
        }
    }
    Ok(outputs)
}
