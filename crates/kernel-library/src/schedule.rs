//! An entry of a library as a schedule: the kernel is one `mcu.call_extern`.

use crate::argument::Buffer;
use crate::kernel::{Call, Kernel, buffers};
use crate::quantities::Quantities;
use ir::dialects::mcu::{BufferRole, ExternCall, ExternValue};
use ir::dialects::nn;
use ir::{Builder, Diagnostic, Module, OpId, OpRef, ValueId};
use pass::{Cost, KernelBuilder, Knobs, Schedule};
use target::Target;

/// One entry.
pub(crate) struct ExternSchedule {
    pub kernel: Kernel,
    /// The library's name.
    pub library: String,
    /// What is included.
    pub header: String,
    /// What is linked.
    pub link: String,
}

/// Elements of a tensor at most, as for every schedule.
const MAX_ELEMENTS: u64 = i32::MAX as u64;

impl ExternSchedule {
    fn call(&self, op: OpRef<'_>, target: &Target) -> Result<Call, String> {
        let m = op.module;
        let operands = (0..op.operand_count()).filter_map(|i| op.operand_type(i));
        for ty in operands.chain(op.result_type(0)) {
            if m.num_elements(ty).is_none_or(|n| n > MAX_ELEMENTS) {
                return Err("a tensor has more than 2^31 - 1 elements".to_owned());
            }
        }
        self.kernel.call(&Quantities::of(op, target))
    }

    /// The op of the kernel's body, on the kernel's arguments.
    fn insert(
        &self,
        b: &mut Builder<'_>,
        op: OpId,
        operands: &[(ValueId, BufferRole)],
        values: &[ExternValue],
    ) {
        let call = ExternCall {
            callee: self.kernel.function.clone(),
            header: self.header.clone(),
            library: Some(self.link.clone()),
            returned: self.kernel.returned,
            operands: operands.to_vec(),
            arguments: values.to_vec(),
        };
        call.insert_op(b, op);
    }
}

impl Schedule for ExternSchedule {
    fn name(&self) -> &str {
        &self.kernel.name
    }

    fn op(&self) -> &str {
        &self.kernel.op
    }

    fn library(&self) -> Option<&str> {
        Some(&self.library)
    }

    fn applies(&self, op: OpRef<'_>, target: &Target) -> Result<(), String> {
        self.call(op, target).map(|_| ())
    }

    fn cost(&self, op: OpRef<'_>, _: &Knobs, target: &Target) -> Cost {
        let Ok(call) = self.call(op, target) else {
            return Cost {
                cycles: u64::MAX,
                ..Cost::default()
            };
        };
        let tables = [&call.multipliers, &call.shifts, &call.folded_bias];
        let tables: usize = tables.into_iter().flatten().map(|t| 4 * t.len()).sum();
        let constants = Quantities::of(op, target).constant_bytes();
        Cost {
            cycles: call.cycles,
            flash: call.flash.saturating_add(tables as u64 + constants),
            ram: call.workspace as u64,
        }
    }

    fn lower(
        &self,
        op: OpId,
        _: &Knobs,
        target: &Target,
        k: &mut KernelBuilder<'_>,
    ) -> Result<(), Diagnostic> {
        let m = k.module();
        let refused = |m: &Module, why: &str| {
            let d = Diagnostic::error(
                "L003",
                format!("`{}` cannot be lowered: {why}", m.op_name(op)),
            );
            match m.describe_loc(m.op_loc(op)) {
                Some(l) => d.at(l),
                None => d,
            }
        };
        let call = match self.call(m.op(op), target) {
            Ok(call) => call,
            Err(why) => return Err(refused(m, &why)),
        };
        let Some(info) = m.op_info(op) else {
            return Err(refused(m, "it is not registered"));
        };
        let list = buffers(info, m.operands(op).len(), &call);
        let inputs: Vec<Vec<i64>> = m.operands(op).map(|v| nn::shape(m, v).to_vec()).collect();
        let output = nn::shape(m, m.result(op, 0)).to_vec();
        k.set_name(&format!("call_{}", self.kernel.function));
        let mut operands = Vec::new();
        for (i, buffer) in list.iter().enumerate() {
            operands.push(match buffer {
                Buffer::Tensor(_) => match inputs.get(i) {
                    Some(shape) => (k.input(op, i, shape), BufferRole::Input),
                    None => (k.output(op, 0, &output), BufferRole::Output),
                },
                Buffer::Multipliers => table(k, "multiplier", &call.multipliers),
                Buffer::Shifts => table(k, "shift", &call.shifts),
                Buffer::FoldedBias => table(k, "folded_bias", &call.folded_bias),
                Buffer::Workspace => {
                    let i8 = k.module().i8();
                    (k.scratch(&[call.workspace], i8), BufferRole::Workspace)
                }
            });
        }
        self.insert(&mut k.body(), op, &operands, &call.values);
        Ok(())
    }
}

fn table(
    k: &mut KernelBuilder<'_>,
    role: &str,
    values: &Option<Vec<i32>>,
) -> (ValueId, BufferRole) {
    let values = values.as_deref().unwrap_or(&[]);
    let table = k.table_i32(role, &[values.len() as i64], values);
    (table, BufferRole::Table)
}
