//! `acme-report-channels`: reports layers whose last dimension is no multiple of what Acme's array takes at once.

use ir::{Diagnostic, Module, OpId, WalkOrder};
use pass::{ANY, Failed, PassCx, PassInfo};

/// Channels that the array takes at once.
const LANES: i64 = 4;

fn report(m: &mut Module, root: OpId, cx: &mut PassCx<'_>) -> Result<(), Failed> {
    for op in m.walk(root, WalkOrder::Pre) {
        let ty = m.op(op).result_type(0).map(|ty| m.type_data(ty));
        let Some(&channels) = ty.and_then(|t| t.shape()).and_then(|s| s.last()) else {
            continue;
        };
        if channels % LANES != 0 {
            let message = format!("{channels} channels leave lanes of the array idle");
            let mut remark = Diagnostic::remark("acme.channels", message);
            remark.location = m.describe_loc(m.op_loc(op));
            cx.diagnostics.push(remark);
            cx.count("layers with idle lanes", 1);
        }
    }
    Ok(())
}

/// The pass.
pub fn info() -> PassInfo {
    let summary = "Report layers that leave lanes of Acme's array idle.";
    PassInfo::new("acme-report-channels", ANY, summary, report).idempotent()
}
