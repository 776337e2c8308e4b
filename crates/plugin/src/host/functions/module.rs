//! The module as a whole.

use super::{Entity, handle};
use crate::abi;
use crate::host::incoming::Out;
use crate::host::refusal::{Outcome, Refusal, not_allowed};
use crate::host::session::{Access, Session};
use ir::text::ParseOptions;

pub fn module_root(s: &mut Session<'_>, op: Out<'_, abi::Op>) -> Outcome {
    let root = s.access.read()?.root();
    op.set(abi::Op(s.handles.of(Entity::Op(root))))
}

pub fn module_symbol(s: &mut Session<'_>, name: &str, op: Out<'_, abi::Op>) -> Outcome {
    let found = s.access.read()?.lookup_symbol(name);
    op.set(abi::Op(handle(s, found.map(Entity::Op))))
}

pub fn module_print(s: &mut Session<'_>, text: Out<'_, abi::Str>) -> Outcome {
    let printed = ir::text::print_module(s.access.read()?);
    text.set(s.lent.text(&printed))
}

pub fn module_replace(s: &mut Session<'_>, text: &str) -> Outcome {
    let (Access::Change(m), Some(_)) = (&mut s.access, &s.pass) else {
        return not_allowed("only a pass replaces the module");
    };
    if s.scope != Some(m.root()) {
        return not_allowed("only a pass on `builtin.module` replaces the module");
    }
    let options = ParseOptions {
        allow_unregistered: true,
    };
    let new = ir::text::parse(text, "plug-in", m.registry().clone(), &options)
        .map_err(|e| Refusal::failed(e.to_string()))?;
    m.exchange(new);
    let root = m.root();
    s.begin_anew(root);
    Ok(())
}

pub fn module_verify(s: &mut Session<'_>) -> Outcome {
    match ir::verify::verify(s.access.read()?) {
        Ok(_) => Ok(()),
        Err(errors) => Err(Refusal::failed(errors.to_string())),
    }
}
