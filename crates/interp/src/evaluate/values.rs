//! Functions on values: no buffers, so every op is its interpretation, a loop, a conditional or a call.

use super::{Outcome, Output, Settings, Slot, Unknown, unknown};
use ir::dialects::func::{CallOp, FuncOp, ReturnOp};
use ir::dialects::scf::{ForOp, IfOp, YieldOp};
use ir::interfaces::{Datum, EvalError};
use ir::{BlockId, Module, OpId, ValueId};
use rustc_hash::FxHashMap;
use std::sync::Arc;

/// Calls and regions inside of each other, at most.
const MAX_DEPTH: usize = 128;

/// Steps of one op, beside its bytes.
const OP_STEPS: u64 = 16;

/// Why a run ended before its function returned.
enum Stop {
    Undefined(String),
    NotExecutable(String),
}

type Env = FxHashMap<ValueId, Datum>;

struct Walker<'m> {
    m: &'m Module,
    left: u64,
    depth: usize,
    unknown: Unknown,
    /// What unknown ops did.
    effects: Vec<Output>,
}

/// Runs a function of which nothing touches memory; one outcome a sample.
pub fn run(
    m: &Module,
    func: OpId,
    name: &str,
    inputs: &[Slot],
    settings: &Settings,
) -> Vec<Outcome> {
    let one = |sample: usize| {
        let args = inputs.iter().enumerate();
        let args = args.map(|(i, slot)| datum(slot, &slot.fill(settings, name, i, sample)));
        let Some(args) = args.collect::<Option<Vec<Datum>>>() else {
            return Outcome::NotExecutable("an argument's type has no values here".to_owned());
        };
        let mut walker = Walker {
            m,
            left: settings.steps,
            depth: 0,
            unknown: settings.unknown,
            effects: Vec::new(),
        };
        match walker.call(func, args) {
            Ok(results) => outputs(m, func, &results, walker.effects),
            Err(Stop::Undefined(why)) => Outcome::Undefined(why),
            Err(Stop::NotExecutable(why)) => Outcome::NotExecutable(why),
        }
    };
    (0..settings.samples).map(one).collect()
}

/// The value that some bytes in memory are.
pub fn datum(slot: &Slot, bytes: &[u8]) -> Option<Datum> {
    use super::Element;
    if !slot.scalar {
        return Some(Datum::Bytes(Arc::from(bytes)));
    }
    let mut word = [0; 8];
    word[..bytes.len()].copy_from_slice(bytes);
    let bits = u64::from_le_bytes(word);
    let int = |width: u32| Datum::Int(crate::scalar::wrap(bits as i64, width));
    match slot.element {
        Element::Int(width) => Some(int(width)),
        Element::Index => Some(int(32)),
        Element::F32 => Some(Datum::F32(f32::from_bits(bits as u32))),
        Element::F64 => Some(Datum::F64(f64::from_bits(bits))),
        Element::Half => None,
    }
}

/// The bytes in memory of a value; `None` if it does not fit.
pub fn bytes(slot: &Slot, value: &Datum) -> Option<Vec<u8>> {
    let mut out = Vec::new();
    match value {
        Datum::Bytes(b) if !slot.scalar => {
            (slot.bytes() == Some(b.len())).then(|| out.extend_from_slice(b))?;
        }
        scalar if slot.scalar => slot.element.store(scalar, &mut out)?,
        _ => return None,
    }
    Some(out)
}

fn outputs(m: &Module, func: OpId, results: &[Datum], effects: Vec<Output>) -> Outcome {
    let values = ir::dialects::func::return_values(m, func);
    let mut outputs = Vec::with_capacity(results.len());
    for (i, (&v, value)) in values.iter().zip(results).enumerate() {
        let slot = Slot::of(m, m.value_type(v));
        match slot.and_then(|s| Some((s.element, bytes(&s, value)?))) {
            Some((element, bytes)) => outputs.push(Output {
                name: format!("result {i}"),
                element,
                bytes,
                effect: false,
            }),
            None => return Outcome::NotExecutable(format!("result {i} has no known bytes")),
        }
    }
    outputs.extend(effects);
    Outcome::Defined(outputs)
}

impl Walker<'_> {
    fn call(&mut self, func: OpId, args: Vec<Datum>) -> Result<Vec<Datum>, Stop> {
        let m = self.m;
        let Some(body) = m.entry_block(func) else {
            let name = m.symbol_name(func).unwrap_or_default();
            return Err(Stop::NotExecutable(format!("@{name} is external")));
        };
        let mut env = Env::default();
        self.enter(&mut env, body, args)
    }

    /// Runs a block on its arguments; what its terminator hands on.
    fn enter(
        &mut self,
        env: &mut Env,
        block: BlockId,
        args: Vec<Datum>,
    ) -> Result<Vec<Datum>, Stop> {
        if self.depth >= MAX_DEPTH {
            return Err(Stop::NotExecutable(
                "calls or regions nest too deep".to_owned(),
            ));
        }
        self.depth += 1;
        env.extend(self.m.block_args(block).iter().copied().zip(args));
        let result = self.block(env, block);
        self.depth -= 1;
        result
    }

    fn block(&mut self, env: &mut Env, block: BlockId) -> Result<Vec<Datum>, Stop> {
        let m = self.m;
        for op in m.ops(block) {
            let args = m.operands(op).map(|v| env.get(&v).cloned());
            let args: Vec<Datum> = args
                .collect::<Option<_>>()
                .ok_or_else(|| self.cannot(op, "an operand has no value"))?;
            let results = match m.op_name(op) {
                ReturnOp::NAME | YieldOp::NAME => return Ok(args),
                ForOp::NAME => self.for_op(env, op, &args)?,
                IfOp::NAME => self.if_op(env, op, &args)?,
                CallOp::NAME => self.call_op(op, args)?,
                _ => self.pure(op, &args)?,
            };
            self.spend(op, &results)?;
            env.extend(m.results(op).iter().copied().zip(results));
        }
        Err(Stop::NotExecutable(
            "a block does not end with a known terminator".to_owned(),
        ))
    }

    fn cannot(&self, op: OpId, why: &str) -> Stop {
        Stop::NotExecutable(format!("`{}`: {why}", self.m.op_name(op)))
    }

    fn undefined(&self, op: OpId, why: &str) -> Stop {
        Stop::Undefined(format!("`{}`: {why}", self.m.op_name(op)))
    }

    /// Accounts for an op, whose results must be of its types.
    fn spend(&mut self, op: OpId, results: &[Datum]) -> Result<(), Stop> {
        let m = self.m;
        let mut steps = OP_STEPS;
        if results.len() != m.results(op).len() {
            return Err(self.cannot(op, "its interpretation yields another number of results"));
        }
        for (&v, value) in m.results(op).iter().zip(results) {
            let fits = match (Slot::of(m, m.value_type(v)), value) {
                (Some(slot), Datum::Bytes(b)) => !slot.scalar && slot.bytes() == Some(b.len()),
                (Some(slot), scalar) => slot.scalar && bytes(&slot, scalar).is_some(),
                (None, _) => false,
            };
            if !fits {
                return Err(self.cannot(op, "its interpretation yields another type"));
            }
            if let Datum::Bytes(b) = value {
                steps += b.len() as u64;
            }
        }
        match self.left.checked_sub(steps) {
            Some(left) => self.left = left,
            None => return Err(Stop::NotExecutable("the step limit is reached".to_owned())),
        }
        Ok(())
    }

    fn pure(&mut self, op: OpId, args: &[Datum]) -> Result<Vec<Datum>, Stop> {
        let m = self.m;
        let Some(interpret) = m.registry().interpret(m.op_name(op)) else {
            if self.unknown == Unknown::MakeUp && m.regions(op).is_empty() {
                let made_up = unknown::make_up(m, op, args, &mut self.effects);
                return made_up.ok_or_else(|| self.cannot(op, "a value of no known type"));
            }
            return Err(self.cannot(op, "the op has no interpretation"));
        };
        match interpret.interpret(m.op(op), args) {
            Ok(results) => Ok(results.into_vec()),
            Err(EvalError::Poison(why)) => Err(self.undefined(op, &why)),
            Err(EvalError::Unsupported(why)) => Err(self.cannot(op, &why)),
        }
    }

    fn for_op(&mut self, env: &mut Env, op: OpId, args: &[Datum]) -> Result<Vec<Datum>, Stop> {
        let [
            Datum::Int(lower),
            Datum::Int(upper),
            Datum::Int(step),
            inits @ ..,
        ] = args
        else {
            return Err(self.cannot(op, "bounds are not integers"));
        };
        let Some(body) = self.m.entry_block(op) else {
            return Err(self.cannot(op, "a loop without a body"));
        };
        if *step <= 0 {
            return Err(self.undefined(op, &format!("a loop's step is {step}, not positive")));
        }
        let mut iv = *lower;
        let mut carried = inits.to_vec();
        while iv < *upper {
            let mut next = vec![Datum::Int(iv)];
            next.append(&mut carried);
            carried = self.enter(env, body, next)?;
            self.spend(op, &carried)?;
            iv = iv.saturating_add(*step);
        }
        Ok(carried)
    }

    fn if_op(&mut self, env: &mut Env, op: OpId, args: &[Datum]) -> Result<Vec<Datum>, Stop> {
        let m = self.m;
        let [Datum::Int(condition)] = args else {
            return Err(self.cannot(op, "the condition is not an integer"));
        };
        let region = m.regions(op).get(usize::from(*condition == 0));
        match region.and_then(|&r| m.blocks(r).first()) {
            Some(&block) => self.enter(env, block, Vec::new()),
            None => Ok(Vec::new()),
        }
    }

    fn call_op(&mut self, op: OpId, args: Vec<Datum>) -> Result<Vec<Datum>, Stop> {
        let m = self.m;
        let name = m.prop(op, "callee").and_then(|a| m.attr_symbol(a));
        let callee = name.and_then(|n| m.lookup_symbol(n));
        match callee.filter(|&f| m.op_name(f) == FuncOp::NAME) {
            Some(func) => self.call(func, args),
            None => Err(self.cannot(op, "no such function")),
        }
    }
}
