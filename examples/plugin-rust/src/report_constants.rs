//! `acme-report-constants`: reports constants above a limit.

use plugin::sdk::{Op, PassCx, PassDecl, Registrar, Result};

pub fn register(r: &Registrar<'_>) -> Result<()> {
    let pass = PassDecl::new("acme-report-constants", "any", "Report large constants.")
        .option("limit", "N", "1024", "Bytes that a constant may have.")
        .idempotent();
    r.pass_with(pass, run)
}

fn run(cx: &PassCx<'_>, root: Op) -> Result<()> {
    let limit: usize = cx.parsed_option("limit")?;
    for op in cx.walk(root)? {
        if cx.name(op)? != "nn.constant" {
            continue;
        }
        let Some(value) = cx.prop(op, "value")? else {
            continue;
        };
        let (_, bytes) = cx.elements(value)?;
        if bytes.len() > limit {
            let message = format!("{} bytes, above the limit of {limit}", bytes.len());
            cx.remark("acme.large-constant", op, &message)?;
            cx.count("large constants", 1)?;
        }
    }
    Ok(())
}
