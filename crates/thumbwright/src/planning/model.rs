//! The planning problem that a model poses.

use crate::report::picture::Step;
use crate::report::{Measurements, Report};
use crate::{CompileError, CompileOptions, Compiled, Compiler};
use ir::Diagnostic;
use passes::plan_memory;
use usmp::Problem;

/// The pass that plans, which is left out here with everything behind it.
const PLANNER: &str = "plan-memory";

/// The buffers of a model, as the compiler would plan them.
#[derive(Clone, Debug)]
pub struct ModelMemory {
    /// One buffer for each tensor between layers, each scratch, and inputs and outputs unless they are the caller's; every allowance of a
    /// result to run into an operand, if results are to be in place.
    pub problem: Problem,
    /// Of each buffer, the layer or tensor that it is named after.
    pub names: Vec<String>,
    /// What runs at each time.
    pub steps: Vec<Step>,
}

impl ModelMemory {
    /// Compiles a model up to the planning of its memory. `file` is its name for messages and locations.
    ///
    /// # Errors
    /// As [`Compiler::compile`], but for what planning would report. A pipeline in the options is not looked at.
    pub fn of(
        compiler: &Compiler,
        file: &str,
        bytes: &[u8],
        options: &CompileOptions,
    ) -> Result<ModelMemory, CompileError> {
        let mut pipeline = compiler.default_pipeline(&options.tuning);
        let planner = pipeline
            .steps
            .iter()
            .position(|step| matches!(step, pass::Step::Pass { name, .. } if name == PLANNER));
        pipeline.steps.truncate(planner.unwrap_or(usize::MAX));
        let options = CompileOptions {
            pipeline: Some(pipeline.to_string()),
            ..options.clone()
        };
        let compiled = compiler.compile(file, bytes, &options)?;
        ModelMemory::lowered(&compiled, &options).map_err(CompileError::from)
    }

    fn lowered(compiled: &Compiled, options: &CompileOptions) -> Result<ModelMemory, Diagnostic> {
        let map = compiled.memory();
        let io_in_arena = options.tuning.io == crate::Io::Arena;
        let (mut problem, which) = plan_memory::problem(map, io_in_arena)?;
        if options.tuning.in_place() {
            let allowances = plan_memory::allowances(compiled.module(), map);
            problem = plan_memory::with_allowances(&problem, &which, &allowances);
        }
        let report = Report::of(compiled, &Measurements::default());
        Ok(ModelMemory {
            problem,
            names: which
                .iter()
                .map(|&i| map.buffers[i].layer.clone())
                .collect(),
            steps: crate::report::steps_of(&report),
        })
    }
}
