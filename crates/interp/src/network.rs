//! Evaluation of a function on tensors, op by op, through the registered [`Interpret`](ir::interfaces::Interpret) of each op.
//!
//! A network that has states takes the old ones as its last inputs and gives the new ones as its last outputs; [`Network::step`] hands
//! them on from one run to the next.

use ir::dialects::mcu::{initial_state, network_states};
use ir::interfaces::{Datum, EvalError, Results};
use ir::{BlockId, Module, OpId, ValueId};
use rustc_hash::FxHashMap;
use std::sync::Arc;
use thiserror::Error;

/// Why a network could not be evaluated.
#[derive(Clone, PartialEq, Eq, Debug, Error)]
pub enum NetworkError {
    /// The module has no such function, or it has no body.
    #[error("no function @{0} with a body")]
    NoFunction(String),
    /// The number of inputs differs from the function's.
    #[error("{found} inputs were given, the network takes {expected}")]
    InputCount {
        /// What the function takes.
        expected: usize,
        /// What was given.
        found: usize,
    },
    /// An input's length differs from its type.
    #[error("input {index} has {found} bytes, the network takes {expected}")]
    InputSize {
        /// Position of the input.
        index: usize,
        /// Bytes of its type.
        expected: u64,
        /// Bytes given.
        found: usize,
    },
    /// An op could not be evaluated.
    #[error("`{op}`{}: {error}", place(.location))]
    Op {
        /// The op's name.
        op: String,
        /// Where it is, as the user knows it.
        location: Option<String>,
        /// What went wrong.
        error: EvalError,
    },
    /// A result of the function is not a tensor.
    #[error("result {0} is not a tensor")]
    Result(usize),
}

fn place(location: &Option<String>) -> String {
    location
        .as_ref()
        .map_or(String::new(), |l| format!(" in {l}"))
}

/// Evaluates `@main` on the bytes of its inputs; the outputs in order.
///
/// # Errors
/// [`NetworkError`].
pub fn run_nn(m: &Module, inputs: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, NetworkError> {
    let network = Network::new(m, "main")?;
    network.run(inputs)
}

/// A function on tensors, ready to be evaluated; its ops without operands are evaluated once.
#[derive(Debug)]
pub struct Network<'m> {
    module: &'m Module,
    arguments: Vec<ValueId>,
    /// The states before the first run, if it is a function that has any.
    initial_states: Vec<Vec<u8>>,
    /// The ops to evaluate on each run, in order.
    ops: Vec<OpId>,
    results: Vec<ValueId>,
    constants: FxHashMap<ValueId, Datum>,
    /// For each op, the values that nothing uses after it.
    last_uses: Vec<Vec<ValueId>>,
}

impl<'m> Network<'m> {
    /// Prepares a function whose body is straight-line code of pure ops.
    ///
    /// # Errors
    /// [`NetworkError::NoFunction`]; [`NetworkError::Op`] when a constant cannot be evaluated.
    pub fn new(m: &'m Module, function: &str) -> Result<Self, NetworkError> {
        let missing = || NetworkError::NoFunction(function.to_owned());
        let func = m.lookup_symbol(function).ok_or_else(missing)?;
        let block = m.entry_block(func).ok_or_else(missing)?;
        let mut network = Self::of_block(m, block)?;
        let inputs = network.arguments.len() - network_states(m, func);
        let states = inputs..network.arguments.len();
        network.initial_states = states
            .map(|i| initial_state(m, func, i).unwrap_or_default())
            .collect();
        Ok(network)
    }

    /// Prepares a block of straight-line code of pure ops; its terminator's operands are the results.
    ///
    /// # Errors
    /// [`NetworkError::Op`] when a constant cannot be evaluated.
    pub fn of_block(m: &'m Module, block: BlockId) -> Result<Self, NetworkError> {
        let end = m.last_op(block);
        let results: Vec<ValueId> = end.map(|o| m.operands(o).collect()).unwrap_or_default();
        let mut ops = Vec::new();
        let mut constants = FxHashMap::default();
        for op in m.ops(block) {
            if m.op_info(op).is_some_and(|i| i.traits.terminator) {
                continue;
            }
            if m.operands(op).len() == 0 {
                let values = evaluate(m, op, &[])?;
                constants.extend(m.results(op).iter().copied().zip(values));
            } else {
                ops.push(op);
            }
        }
        let last_uses = last_uses(m, &ops, &results, &constants);
        Ok(Self {
            module: m,
            arguments: m.block_args(block).to_vec(),
            initial_states: Vec::new(),
            ops,
            results,
            constants,
            last_uses,
        })
    }

    /// The states before the first run, in order; none if the network remembers nothing.
    pub fn initial_states(&self) -> &[Vec<u8>] {
        &self.initial_states
    }

    /// Runs the network on its inputs and on `states`, which then hold the new ones; the outputs, states left out.
    ///
    /// # Errors
    /// [`NetworkError`]; `states` are then as they were.
    pub fn step(
        &self,
        inputs: &[Vec<u8>],
        states: &mut Vec<Vec<u8>>,
    ) -> Result<Vec<Vec<u8>>, NetworkError> {
        let expected = self.arguments.len() - self.initial_states.len();
        if inputs.len() != expected {
            return Err(NetworkError::InputCount {
                expected,
                found: inputs.len(),
            });
        }
        let all: Vec<Vec<u8>> = inputs.iter().chain(states.iter()).cloned().collect();
        let mut outputs = self.run(&all)?;
        let kept = outputs.len().saturating_sub(self.initial_states.len());
        *states = outputs.split_off(kept);
        Ok(outputs)
    }

    /// Evaluates the function on the bytes of its arguments, old states included; its results, new states included.
    ///
    /// # Errors
    /// [`NetworkError`].
    pub fn run(&self, inputs: &[Vec<u8>]) -> Result<Vec<Vec<u8>>, NetworkError> {
        self.run_with(inputs, |_, _| {})
    }

    /// As [`run`](Self::run); `observe` gets each op with its results, in order, constants left out.
    ///
    /// # Errors
    /// [`NetworkError`].
    pub fn run_with(
        &self,
        inputs: &[Vec<u8>],
        mut observe: impl FnMut(OpId, &[Datum]),
    ) -> Result<Vec<Vec<u8>>, NetworkError> {
        let m = self.module;
        if inputs.len() != self.arguments.len() {
            return Err(NetworkError::InputCount {
                expected: self.arguments.len(),
                found: inputs.len(),
            });
        }
        let mut values: FxHashMap<ValueId, Datum> = FxHashMap::default();
        for (index, (&argument, bytes)) in self.arguments.iter().zip(inputs).enumerate() {
            let expected = m.size_bytes(m.value_type(argument)).unwrap_or(0);
            if expected != bytes.len() as u64 {
                return Err(NetworkError::InputSize {
                    index,
                    expected,
                    found: bytes.len(),
                });
            }
            values.insert(argument, Datum::Bytes(Arc::from(bytes.as_slice())));
        }
        for (&op, dead) in self.ops.iter().zip(&self.last_uses) {
            let args: Vec<Datum> = m
                .operands(op)
                .map(|v| self.value(&values, v))
                .collect::<Option<_>>()
                .ok_or_else(|| {
                    failure(
                        m,
                        op,
                        EvalError::Unsupported("an operand has no value".to_owned()),
                    )
                })?;
            let results = evaluate(m, op, &args)?;
            observe(op, &results);
            values.extend(m.results(op).iter().copied().zip(results));
            for v in dead {
                values.remove(v);
            }
        }
        let outputs = self
            .results
            .iter()
            .enumerate()
            .map(|(i, &v)| match self.value(&values, v) {
                Some(Datum::Bytes(bytes)) => Ok(bytes.to_vec()),
                _ => Err(NetworkError::Result(i)),
            });
        outputs.collect()
    }

    fn value(&self, values: &FxHashMap<ValueId, Datum>, v: ValueId) -> Option<Datum> {
        values.get(&v).or_else(|| self.constants.get(&v)).cloned()
    }
}

/// For each op, the operands and results that no later op uses and that are no results of the function.
fn last_uses(
    m: &Module,
    ops: &[OpId],
    results: &[ValueId],
    constants: &FxHashMap<ValueId, Datum>,
) -> Vec<Vec<ValueId>> {
    let mut seen: FxHashMap<ValueId, ()> = results.iter().map(|&v| (v, ())).collect();
    seen.extend(constants.keys().map(|&v| (v, ())));
    let mut dead: Vec<Vec<ValueId>> = ops
        .iter()
        .rev()
        .map(|&op| {
            let values = m.operands(op).chain(m.results(op).iter().copied());
            values.filter(|&v| seen.insert(v, ()).is_none()).collect()
        })
        .collect();
    dead.reverse();
    dead
}

fn failure(m: &Module, op: OpId, error: EvalError) -> NetworkError {
    NetworkError::Op {
        op: m.op_name(op).to_owned(),
        location: m.describe_loc(m.op_loc(op)),
        error,
    }
}

fn evaluate(m: &Module, op: OpId, args: &[Datum]) -> Result<Results, NetworkError> {
    let name = m.op_name(op);
    let Some(interpret) = m.registry().interpret(name) else {
        let error = EvalError::Unsupported("no interpretation is registered".to_owned());
        return Err(failure(m, op, error));
    };
    let results = interpret
        .interpret(m.op(op), args)
        .map_err(|e| failure(m, op, e))?;
    if results.len() == m.results(op).len() {
        Ok(results)
    } else {
        let error = EvalError::Unsupported("the number of results differs".to_owned());
        Err(failure(m, op, error))
    }
}
