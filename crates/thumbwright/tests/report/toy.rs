//! A compiler whose every schedule is ours: kernels that write one byte, with scratch and tables of known sizes. The report then does
//! not depend on how the real schedules lower a model.

use ir::{Diagnostic, OpId, OpRef};
use pass::{Cost, KernelBuilder, Knobs, Schedule};
use target::Target;
use thumbwright::report::{CodeSize, Measurements, StackNeed, StackSource};
use thumbwright::{CompileOptions, Compiled, Compiler};

/// Bytes of scratch of each convolution.
pub const SCRATCH: u64 = 640;
/// Bytes of constants of each kernel.
pub const TABLE: u64 = 24;

struct Toy {
    op: &'static str,
    name: String,
}

impl Schedule for Toy {
    fn name(&self) -> &str {
        &self.name
    }

    fn op(&self) -> &str {
        self.op
    }

    fn applies(&self, _: OpRef<'_>, _: &Target) -> Result<(), String> {
        Ok(())
    }

    /// Free, so that it wins over every real schedule.
    fn cost(&self, _: OpRef<'_>, _: &Knobs, _: &Target) -> Cost {
        Cost::default()
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        _: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let m = k.module();
        let constant = |v| {
            m.defining_op(v)
                .is_some_and(|d| m.op_name(d) == "nn.constant")
        };
        let inputs: Vec<usize> = (0..)
            .zip(m.operands(op))
            .filter(|&(_, v)| !constant(v))
            .map(|(i, _)| i)
            .collect();
        let shape = |v| m.type_data(m.value_type(v)).shape().unwrap().to_vec();
        let shapes: Vec<Vec<i64>> = inputs.iter().map(|&i| shape(m.operand(op, i))).collect();
        let result = shape(m.result(op, 0));
        let i8 = m.i8();
        k.set_name(&format!("toy_{}", self.op.trim_start_matches("nn.")));
        for (&i, shape) in inputs.iter().zip(&shapes) {
            k.input(op, i, shape);
        }
        let bytes: i64 = result.iter().product();
        let output = k.output(op, 0, &[bytes]);
        // The bytes differ by layer, as weights do.
        let seed = result.iter().sum::<i64>();
        k.table_i8("weights", &[TABLE as i64], &[seed as i8; TABLE as usize]);
        if self.op == "nn.conv_2d" {
            k.scratch(&[SCRATCH as i64], i8);
        }
        let mut body = k.body();
        let (zero, first) = (body.const_int(0, i8), body.const_index(0));
        body.store(zero, output, &[first]);
        Ok(())
    }
}

fn compiler() -> Compiler {
    let toys = [
        "conv_2d",
        "depthwise_conv_2d",
        "fully_connected",
        "add",
        "max_pool_2d",
        "average_pool_2d",
        "softmax",
    ];
    let register = |r: &mut pass::RegistryBuilder| {
        for op in toys {
            let name = format!("toy-{}", op.replace('_', "-"));
            let op = Box::leak(format!("nn.{op}").into_boxed_str());
            r.schedule(Toy { op, name })?;
        }
        Ok(())
    };
    Compiler::builder()
        .unwrap()
        .register(register)
        .unwrap()
        .build()
}

/// The digits model as it comes with the project.
pub fn digits() -> Vec<u8> {
    std::fs::read("../../models/digits_int8.tflite").unwrap()
}

pub fn compile(file: &str, model: &[u8]) -> Compiled {
    compile_with(file, model, &CompileOptions::for_target("cortex-m4"))
}

/// With bytes of its own for every buffer while it lives.
pub fn compile_apart(file: &str, model: &[u8]) -> Compiled {
    let mut options = CompileOptions::for_target("cortex-m4");
    options.tuning.in_place = Some(false);
    compile_with(file, model, &options)
}

pub fn compile_with(file: &str, model: &[u8], options: &CompileOptions) -> Compiled {
    compiler().compile(file, model, options).unwrap()
}

/// Everything measured, with a profile of which each call of a kernel has different counts.
pub fn measurements(compiled: &Compiled) -> Measurements {
    let m = compiled.module();
    let mut profile = emulate::Profile::default();
    for &event in &compiled.memory().events {
        let Some(call) = ir::dialects::func::CallOp::cast(m, event) else {
            continue;
        };
        let n = profile.calls.len() as u64 + 1;
        profile.calls.push(emulate::CallCount {
            function: format!("{}_{}", compiled.name(), call.callee(m)),
            instructions: 100_000 * n,
            cycles: 130_000 * n * n,
        });
    }
    profile.instructions = profile.calls.iter().map(|c| c.instructions).sum::<u64>() + 10;
    profile.cycles = profile.calls.iter().map(|c| c.cycles).sum::<u64>() + 20;
    Measurements {
        profile: Some(profile),
        code: Some(CodeSize {
            text_bytes: 7_012,
            rodata_bytes: 96,
            data_bytes: 13_004,
        }),
        stack: Some(StackNeed {
            bytes: 312,
            source: StackSource::Measured,
        }),
    }
}
