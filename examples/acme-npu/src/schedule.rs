//! When the NPU can do what a claim asks for, what that costs, and which C is called.

use crate::program::{BUFFERS, Program, WORDS};
use ir::dialects::mcu::{BufferRole, ExternCall, ExternValue, Returned};
use ir::dialects::nn::{self, OffloadOp};
use ir::{Builder, Diagnostic, OpId, OpRef, Type, ValueId};
use pass::{Cost, KernelBuilder, Knobs, Schedule};
use target::Target;

/// What is linked.
pub const LIBRARY: &str = "acme_npu";

/// The schedule of claims.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Npu {
    /// Cycles of starting a program and of waiting for it.
    pub start: u64,
    /// Cycles of setting up a layer.
    pub layer: u64,
}

impl Default for Npu {
    fn default() -> Npu {
        Npu {
            start: 250,
            layer: 30,
        }
    }
}

impl Schedule for Npu {
    fn name(&self) -> &str {
        "acme-npu"
    }

    fn op(&self) -> &str {
        OffloadOp::NAME
    }

    fn applies(&self, claim: OpRef<'_>, _: &Target) -> Result<(), String> {
        Program::of(claim.module, claim.id).map(|_| ())
    }

    fn cost(&self, claim: OpRef<'_>, _: &Knobs, _: &Target) -> Cost {
        match Program::of(claim.module, claim.id) {
            Ok(program) => Cost {
                cycles: self.start
                    + self.layer * program.layers.len() as u64
                    + program.cycles(claim.module, claim.id),
                flash: program.bytes(),
                ram: 0,
            },
            Err(_) => Cost {
                cycles: u64::MAX,
                ..Cost::default()
            },
        }
    }

    fn lower(
        &self,
        claim: OpId,
        _: &Knobs,
        _: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let m = k.module();
        let refused = |why: String| Diagnostic::error("acme.N001", why);
        let program = Program::of(m, claim).map_err(refused)?;
        let block = OffloadOp(claim).block(m);
        let block = block.ok_or_else(|| refused("the claim is empty".to_owned()))?;
        let shape = |m: &ir::Module, v: ValueId| nn::shape(m, v).to_vec();
        let inputs: Vec<Vec<i64>> = m.operands(claim).map(|v| shape(m, v)).collect();
        let outputs: Vec<Vec<i64>> = m.results(claim).iter().map(|&v| shape(m, v)).collect();
        let types: Vec<Type> = m.operands(claim).map(|v| m.value_type(v)).collect();

        k.set_name(&format!("acme_npu_{}", program.layers.len()));
        let mut buffers: Vec<(ValueId, BufferRole)> = Vec::new();
        for (i, shape) in inputs.iter().enumerate() {
            buffers.push((k.input(claim, i, shape), BufferRole::Input));
        }
        for (i, shape) in outputs.iter().enumerate() {
            buffers.push((k.output(claim, i, shape), BufferRole::Output));
        }
        let tensors = buffers.len();
        let layers = program.layers.len();
        let words = [layers as i64, WORDS as i64];
        let tables = [
            k.table_i32("program", &words, &program.words),
            k.table_i8("weights", &[program.weights.len() as i64], &program.weights),
            k.table_i32(
                "parameters",
                &[program.parameters.len() as i64],
                &program.parameters,
            ),
        ];
        buffers.extend(tables.map(|t| (t, BufferRole::Table)));

        let call = |callee: &str, returned, operands: Vec<_>, arguments| ExternCall {
            callee: callee.to_owned(),
            header: "acme_npu.h".to_owned(),
            library: Some(LIBRARY.to_owned()),
            returned,
            operands,
            arguments,
        };
        // Until the NPU is waited for, nobody knows what is in the outputs.
        let started = buffers.iter().map(|&(v, role)| match role {
            BufferRole::Output => (v, BufferRole::Workspace),
            _ => (v, role),
        });
        let job = vec![job(tensors, layers)];
        let start = call("acme_npu_start", Returned::Void, started.collect(), job);
        start.insert_start(&mut k.body(), &types);

        let second = k.wait();
        let m = k.module();
        let arguments = m.block_args(second).to_vec();
        let all = arguments.into_iter().zip(buffers.iter().map(|b| b.1));
        let wait = call("acme_npu_wait", Returned::Status, all.collect(), Vec::new());
        let loc = m.op_loc(claim);
        let mut b = Builder::at_end(m, second);
        b.set_loc(loc);
        wait.insert_block(&mut b, block);
        Ok(())
    }
}

/// The struct of `acme_npu.h`: `tensors` buffers come first, the three tables behind them.
fn job(tensors: usize, layers: usize) -> ExternValue {
    let buffer = |name: String, operand| {
        (
            name,
            ExternValue::Buffer {
                operand,
                cast: None,
            },
        )
    };
    let mut fields = vec![(
        "layers".to_owned(),
        ExternValue::Scalar {
            ty: "int32_t".to_owned(),
            value: layers as i64,
        },
    )];
    for (i, name) in ["program", "weights", "parameters"].into_iter().enumerate() {
        fields.push(buffer(name.to_owned(), tensors + i));
    }
    for i in 0..BUFFERS {
        let name = format!("tensor{i}");
        fields.push(match i < tensors {
            true => buffer(name, i),
            false => (name, ExternValue::Null),
        });
    }
    ExternValue::Struct {
        ty: "struct acme_npu_job".to_owned(),
        fields,
        complete: true,
    }
}
