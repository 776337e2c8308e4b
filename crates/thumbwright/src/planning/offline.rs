//! A memory plan for TensorFlow Lite Micro, in a copy of the model's file.

use crate::CompileError;
use frontends::ImportErrors;
use frontends::tflite::offline_plan::{ALIGNMENT, ArenaTensor, arena_tensors, with_offsets};
use frontends::tflite::{TfliteModel, read};
use ir::Diagnostic;
use usmp::{Algorithm, Buffer, BufferKind, Outcome, Problem};

/// What TensorFlow Lite Micro keeps in the head of its arena for a model, planned.
#[derive(Clone, Debug)]
pub struct OfflinePlan {
    /// One buffer a tensor, by its lifetime and alignment there. Scratch of kernels is not among them: they ask for it on the
    /// device, and how much depends on the kernels.
    pub problem: Problem,
    /// The plan.
    pub outcome: Outcome,
    /// Bytes that TensorFlow Lite Micro's own planner takes for the same buffers.
    pub own_height: u64,
    /// The model's file with the plan, in the metadata entry `OfflineMemoryAllocation`.
    pub copy: Vec<u8>,
}

impl OfflinePlan {
    /// Plans the model of a TFLite file; `file` is its name for messages. Its operators need not be supported by the compiler.
    ///
    /// # Errors
    /// What is wrong with the file, what keeps a plan out of it, a wrong plan of the algorithm.
    pub fn of(
        file: &str,
        bytes: &[u8],
        algorithm: &dyn Algorithm,
    ) -> Result<OfflinePlan, CompileError> {
        let base = crate::compiler::base_name(file);
        let import = |errors: ImportErrors| CompileError(errors.into());
        let model = read(bytes, base).map_err(import)?;
        let tensors = arena_tensors(&model, base).map_err(import)?;
        let problem = problem(&model, &tensors)?;
        let outcome = algorithm.solve(&problem);
        if let Some(violation) = usmp::check(&problem, outcome.plan()).first() {
            let message = format!(
                "algorithm `{}` made a wrong plan: {violation}",
                algorithm.name()
            );
            return Err(Diagnostic::error("M005", message).into());
        }
        let offsets = outcome.plan().offsets();
        let places: Vec<(usize, u64)> = tensors
            .iter()
            .zip(offsets)
            .map(|(t, &offset)| (t.tensor, offset))
            .collect();
        let copy = with_offsets(bytes, base, &places).map_err(import)?;
        Ok(OfflinePlan {
            own_height: own_height(&problem),
            problem,
            outcome,
            copy,
        })
    }
}

fn problem(model: &TfliteModel, tensors: &[ArenaTensor]) -> Result<Problem, CompileError> {
    let graph = &model.subgraphs[0];
    let buffer = |t: &ArenaTensor| Buffer {
        name: format!("{} #{}", graph.tensors[t.tensor].name, t.tensor),
        size: t.bytes,
        align: ALIGNMENT,
        start: t.start,
        end: t.end,
        kind: match () {
            () if graph.inputs.contains(&t.tensor) => BufferKind::Input,
            () if graph.outputs.contains(&t.tensor) => BufferKind::Output,
            () => BufferKind::Activation,
        },
    };
    Problem::new(tensors.iter().map(buffer).collect())
        .map_err(|e| Diagnostic::error("M001", format!("cannot plan the memory: {e}")).into())
}

/// What `GreedyMemoryPlanner` takes: the larger first, of equal ones the later in the file, each at the lowest place where it
/// fits.
fn own_height(problem: &Problem) -> u64 {
    let buffers = problem.buffers();
    let mut order: Vec<usize> = (0..buffers.len()).rev().collect();
    order.sort_by_key(|&i| std::cmp::Reverse(buffers[i].size));
    usmp::first_fit::place_in_order(problem, &order).height()
}
